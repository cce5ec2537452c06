//! Calendar years that the rows of a file are of.

/// Years that a claim or an enrollment row can be of; Medicare's electronic records begin with them.
pub(crate) const YEARS: std::ops::RangeInclusive<i32> = 1990..=2100;

/// A set of years from 1990 to 2100.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct YearSet(u128);

impl YearSet {
    /// Adds a year; others than those of Medicare's records are left out.
    #[inline]
    pub fn insert(&mut self, year: i32) {
        if YEARS.contains(&year) {
            self.0 |= 1 << (year - YEARS.start());
        }
    }

    /// Adds the years of another set.
    pub fn add(&mut self, other: YearSet) {
        self.0 |= other.0;
    }

    /// The years, ascending.
    pub fn iter(self) -> impl Iterator<Item = i32> {
        YEARS.filter(move |year| self.0 >> (year - YEARS.start()) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_come_back_in_order() {
        let mut years = YearSet::default();
        [2024, 1990, 2100, 2024, 0, 1989, 2101].into_iter().for_each(|year| years.insert(year));
        let mut more = YearSet::default();
        more.insert(2001);
        years.add(more);
        assert_eq!(years.iter().collect::<Vec<_>>(), [1990, 2001, 2024, 2100]);
    }
}
