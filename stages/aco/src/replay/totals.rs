//! What a results file sums to, by performance year, as it is printed.

use super::{Program, Replay};
use std::collections::BTreeMap;

/// What one row adds to the totals of its year: as printed, dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RowAmounts {
    /// Assigned or aligned beneficiaries; `None` where the file does not say.
    pub lives: Option<f64>,
    /// Total benchmark.
    pub benchmark: f64,
    /// Total spending; of ACO REACH net of stop-loss.
    pub spending: f64,
    /// Paid to the ACO, or owed by it where negative; before advances are taken out.
    pub earned: f64,
}

/// Totals of one performance year of a program: sums of what the rows print, dollars.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct YearTotals {
    /// Program.
    pub program: Program,
    /// Performance year.
    pub performance_year: i32,
    /// ACOs, a half-year counting as one row.
    pub acos: usize,
    /// Assigned or aligned beneficiaries; `None` where a row does not say.
    pub lives: Option<f64>,
    /// Benchmarks.
    pub benchmark: f64,
    /// Spending.
    pub spending: f64,
    /// Paid to ACOs.
    pub earned: f64,
    /// Owed by ACOs, positive.
    pub owed: f64,
}

impl Replay {
    /// Totals by performance year, in the order of the years.
    pub fn totals(&self) -> Vec<YearTotals> {
        let mut years: BTreeMap<i32, YearTotals> = BTreeMap::new();
        for row in &self.rows {
            let year = row.performance_year.0;
            let totals = years.entry(year).or_insert(YearTotals {
                program: self.program,
                performance_year: year,
                acos: 0,
                lives: Some(0.0),
                benchmark: 0.0,
                spending: 0.0,
                earned: 0.0,
                owed: 0.0,
            });
            let RowAmounts { lives, benchmark, spending, earned } = row.amounts;
            totals.acos += 1;
            totals.lives = totals.lives.zip(lives).map(|(sum, lives)| sum + lives);
            totals.benchmark += benchmark;
            totals.spending += spending;
            totals.earned += earned.max(0.0);
            totals.owed += (-earned).max(0.0);
        }
        years.into_values().collect()
    }
}
