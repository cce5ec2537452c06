//! ACO grain: rates, benchmarks, settlement, replay of published results.

pub mod benchmark;
pub mod by_type;
pub mod settle;
pub mod tables;
pub mod walk;

use acoledger_schemas::program::Program;
use acoledger_schemas::rates::Rates;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::table::{Problem, Problems};
use acoledger_schemas::values::{AcoId, PerformanceYear, Period};
use std::fmt;
use tables::{BenchmarkStep, SavingsLosses};

/// What a run of the ACO grain says, in the order of performance year, period and ACO.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// One row for each ACO and period.
    pub savings_losses: Vec<SavingsLosses>,
    /// The walk from base years to dollars, every step.
    pub benchmark: Vec<BenchmarkStep>,
    /// What a reader should know before using the numbers.
    pub findings: Vec<Finding>,
}

/// Something that a reader should know about one ACO's result: a default was taken, two inputs disagree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Performance year.
    pub performance_year: PerformanceYear,
    /// Period.
    pub period: Period,
    /// ACO.
    pub aco_id: AcoId,
    /// Section of the methodology.
    pub rule: &'static str,
    /// What was found.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { performance_year, period, aco_id, rule, what } = self;
        write!(f, "{performance_year} {period} {aco_id}: {what} ({rule})")
    }
}

/// Settles every ACO of `program.aco` in the performance years asked for.
///
/// # Errors
/// Every input that a rule in force needs and that is absent, with rule, table, column and ACO.
pub fn run(rates: &Rates, program: &Program, rules: &Rules, performance_years: &[i32]) -> Result<Outcome, Problems> {
    let _ = (rates, program, rules, performance_years);
    Err(Problem {
        file: "aco".into(),
        line: 0,
        column: String::new(),
        what: "settlement from rates is not part of this build".into(),
        value: None,
        hint: None,
    }
    .into())
}
