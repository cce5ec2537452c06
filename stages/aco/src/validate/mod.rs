//! What no input may say: numbers outside their range, an agreement that could not be, totals that contradict each other.
//!
//! Ranges are checked over all rows when the index is made, agreements and totals ACO by ACO before anything is computed.

mod agreement;
mod ranges;
mod totals;

pub(crate) use agreement::AgreementRules;
pub(crate) use ranges::ranges;
pub(crate) use totals::{affected_elsewhere, totals};

use crate::Finding;
use acoledger_schemas::program::Aco;
use acoledger_schemas::table::{Problem, Problems};

/// What was found wrong with one ACO's inputs, and what only needs saying.
pub(crate) struct Checked<'a> {
    aco: &'a Aco,
    problems: Problems,
    findings: Vec<Finding>,
}

impl<'a> Checked<'a> {
    fn new(aco: &'a Aco) -> Checked<'a> {
        Checked { aco, problems: Problems::default(), findings: Vec::new() }
    }

    /// Refuses `value` in a column of a table; `hint` says what to do, and which rule or section asks.
    fn refuse(&mut self, (table, column): (&str, &str), what: &str, value: String, hint: String) {
        let Aco { aco_id, performance_year, period, .. } = self.aco;
        self.problems.push(Problem {
            file: table.into(),
            line: 0,
            column: column.into(),
            what: format!("{aco_id} {performance_year} {period}: {what}"),
            value: Some(value),
            hint: Some(hint),
        });
    }

    fn find(&mut self, rule: &'static str, what: String) {
        self.findings.push(Finding::of(self.aco, rule, what));
    }

    /// The findings, or the problems when there are any.
    fn finish(self) -> Result<Vec<Finding>, Problems> {
        self.problems.or(self.findings)
    }
}

/// Negative spending per person year, which payments taken back can lead to in a cell of few lives only (M.B.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Negative {
    /// Not negative.
    No,
    /// Negative in a cell that is small enough for it.
    Possible,
    /// Negative in a cell that is too large for it.
    Impossible,
}

/// Whether spending is negative, and whether a cell of `person_years` may have that.
pub(crate) fn negative(per_capita: f64, person_years: f64, limit: f64) -> Negative {
    match per_capita < 0.0 {
        false => Negative::No,
        true if person_years <= limit => Negative::Possible,
        true => Negative::Impossible,
    }
}
