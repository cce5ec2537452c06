//! What changes from one year to the next though it should not: lives that vanish, people who change, rows that thin out.

use super::{Found, Lives};
use std::collections::BTreeMap;

/// Checks across years, behind those of rows.
pub(super) const KEYS: [&str; 4] = ["person_changed", "gone_without_death", "lives_by_year", "rows_by_year"];

/// From one year to the next the number of lives stays within these, and so do rows per life.
const LIVES: (f64, f64) = (0.8, 1.25);
const ROWS: (f64, f64) = (0.7, 1.4);

/// Counts that years are compared by.
#[derive(Default)]
pub(super) struct Years {
    pub(super) lives: BTreeMap<i32, u64>,
    /// Rows by table and month, counted from the year 0.
    pub(super) rows: BTreeMap<(&'static str, i32), u64>,
    pub(super) changed: Found,
    pub(super) gone: Found,
}

impl Years {
    /// Takes in the lives of a shard, whose enrollment has been read. `years` are those of the shard's enrollment.
    pub(super) fn of(&mut self, lives: &Lives, years: &[i32], most: usize) {
        let mut sorted: Vec<_> = lives.iter().collect();
        sorted.sort_unstable_by_key(|(key, _)| **key);
        for (key, life) in sorted {
            self.changed.looked_at += 1;
            if life.changed {
                self.changed
                    .wrong(*key, 0, most, || format!("life {key:016x}: another birth date or sex in a later year"));
            }
            for pair in years.windows(2).filter(|pair| pair[1] == pair[0] + 1) {
                let in_year = |year: i32| life.years.contains(&year);
                let alive = life.death.is_none_or(|death| acoledger_schemas::values::Date(death).year() > pair[0]);
                if in_year(pair[0]) && alive {
                    self.gone.looked_at += 1;
                    if !in_year(pair[1]) {
                        let what = || format!("life {key:016x}: enrolled in {}, not in {}", pair[0], pair[1]);
                        self.gone.wrong(*key, 0, most, what);
                    }
                }
            }
        }
    }

    pub(super) fn plus(&mut self, other: Years) {
        other.lives.into_iter().for_each(|(year, lives)| *self.lives.entry(year).or_default() += lives);
        other.rows.into_iter().for_each(|(key, rows)| *self.rows.entry(key).or_default() += rows);
        self.changed.plus(other.changed, usize::MAX);
        self.gone.plus(other.gone, usize::MAX);
    }

    pub(super) fn found(self, most: usize) -> [(&'static str, Found); 4] {
        let mut of_lives = Found::default();
        for ((year, lives), (next, later)) in self.lives.iter().zip(self.lives.iter().skip(1)) {
            let ratio = *later as f64 / *lives as f64;
            compare(&mut of_lives, (*year, *next), ratio, LIVES, "lives", most);
        }
        let mut of_rows = Found::default();
        // Years of months: the first year of a lake often holds its last months alone.
        let mut years: BTreeMap<(&str, i32), (u64, u64)> = BTreeMap::new();
        for ((table, month), rows) in &self.rows {
            let (all, months) = years.entry((table, month.div_euclid(12))).or_default();
            (*all, *months) = (*all + rows, *months + 1);
        }
        let by_life_and_month = |table, year: i32| {
            let ((rows, months), lives) = (years.get(&(table, year))?, self.lives.get(&year)?);
            Some(*rows as f64 / *months as f64 / *lives as f64)
        };
        for (table, year) in years.keys().copied() {
            if let (Some(before), Some(after)) = (by_life_and_month(table, year), by_life_and_month(table, year + 1)) {
                compare(&mut of_rows, (year, year + 1), after / before, ROWS, table, most);
            }
        }
        let (mut changed, mut gone) = (self.changed, self.gone);
        changed.examples.truncate(most);
        gone.examples.truncate(most);
        [(KEYS[0], changed), (KEYS[1], gone), (KEYS[2], of_lives), (KEYS[3], of_rows)]
    }
}

fn compare(found: &mut Found, years: (i32, i32), ratio: f64, bounds: (f64, f64), of: &str, most: usize) {
    found.looked_at += 1;
    if !(bounds.0..=bounds.1).contains(&ratio) {
        found.wrong += 1;
        if found.examples.len() < most {
            found.examples.push(format!("{of}: {} over {} is {ratio:.3}", years.1, years.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_that_lacks_half_its_rows_stands_out() {
        let years = Years {
            lives: BTreeMap::from([(2021, 1000), (2022, 1010), (2023, 400)]),
            rows: BTreeMap::from([
                (("carrier", 2021 * 12 + 10), 9000),
                (("carrier", 2021 * 12 + 11), 9000),
                (("carrier", 2022 * 12), 4500),
                (("carrier", 2023 * 12), 1800),
            ]),
            ..Years::default()
        };
        let found = BTreeMap::from(years.found(9));
        assert_eq!(found["lives_by_year"].examples, ["lives: 2023 over 2022 is 0.396"]);
        assert_eq!(found["rows_by_year"].examples, ["carrier: 2022 over 2021 is 0.495"]);
        assert_eq!((found["rows_by_year"].looked_at, found["rows_by_year"].wrong), (2, 1));
    }
}
