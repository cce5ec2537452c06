//! The arithmetic between cells and rates: exact in integers until the one division.

use acoledger_schemas::values::Cents;

/// Spending of a cell on its way to a rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spending {
    /// Months that carry money.
    pub(super) months: i64,
    /// Spending of lives that are not truncated, cents.
    pub(super) below_cents: i64,
    /// Months of lives above the threshold, less those below its negative.
    pub(super) months_at_threshold: i64,
}

impl Spending {
    /// The truncated sum in twelfths of a cent: `12 × below + threshold × (over − under)` (M.B.3.3).
    pub(super) fn twelfths(self, threshold: Cents) -> i128 {
        12 * i128::from(self.below_cents) + i128::from(threshold.0) * i128::from(self.months_at_threshold)
    }

    /// Dollars per person year, truncated and completed (M.B.3.4, M.B.3.5): `twelfths / 12 cents` over `months / 12`.
    /// `None` without months, or when lives are truncated and the threshold is not known.
    pub(super) fn per_capita(self, threshold: Option<Cents>, completion: f64) -> Option<f64> {
        let threshold = threshold.or((self.months_at_threshold == 0).then_some(Cents(0)))?;
        (self.months > 0).then(|| self.twelfths(threshold) as f64 / (self.months as f64 * 100.0) * completion)
    }

    /// Person years (M.B.2.3).
    pub(super) fn person_years(self) -> f64 {
        person_years(self.months)
    }
}

/// Months as years.
pub(super) fn person_years(months: i64) -> f64 {
    months as f64 / 12.0
}

/// A sum of scores by month, in thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ScoreSum {
    pub(super) months: i64,
    pub(super) milli: i64,
}

impl ScoreSum {
    /// The mean score (M.C.1.2, M.C.1.4); `None` without months.
    pub(super) fn mean(self) -> Option<f64> {
        (self.months > 0).then(|| self.milli as f64 / (self.months as f64 * 1000.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_specifications() {
        // p. 25, 27: 10,000 dollars in 6 months are 20,000 a year, 20,260 completed
        let small = Spending { months: 6, below_cents: 1_000_000, months_at_threshold: 0 };
        assert_eq!((small.person_years(), small.per_capita(None, 1.0)), (0.5, Some(20_000.0)));
        assert!((small.per_capita(None, 1.013).expect("months") - 20_260.0).abs() < 1e-9);
        // p. 26, 27: 300,000 is held to 208,929.14, completed 211,645.21882
        let large = Spending { months: 12, below_cents: 0, months_at_threshold: 12 };
        let completed = large.per_capita(Some(Cents(20_892_914)), 1.013).expect("months");
        assert!((completed - 211_645.218_82).abs() < 1e-9);
        assert_eq!(large.per_capita(None, 1.0), None);
    }

    #[test]
    fn twelfths_are_exact_where_floats_are_not() {
        let sum = Spending { months: 1, below_cents: 9_007_199_254_740_993, months_at_threshold: 7 };
        assert_eq!(sum.twelfths(Cents(5)), 12 * 9_007_199_254_740_993 + 35);
    }

    #[test]
    fn scores_are_means_over_months() {
        assert_eq!(ScoreSum { months: 24, milli: 12 * 1_100 + 12 * 900 }.mean(), Some(1.0));
        assert_eq!(ScoreSum::default().mean(), None);
    }
}
