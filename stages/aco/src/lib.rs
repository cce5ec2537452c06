//! ACO grain: rates, benchmarks, settlement, replay of published results.

pub mod benchmark;
pub mod by_type;
mod compare;
mod completion;
pub mod expected;
mod facts;
#[cfg(feature = "frames")]
mod frames;
mod gather;
mod index;
pub mod marginal;
#[cfg(feature = "frames")]
pub mod rates;
pub mod replay;
pub mod risk_cap;
mod rows;
pub mod scenario;
pub mod settle;
mod settled;
pub mod spending;
pub mod tables;
pub mod trend;
mod validate;
pub mod walk;

pub use index::Index;
pub(crate) use settled::Settled;

use acoledger_schemas::program::{Aco, Program};
use acoledger_schemas::rates::Rates;
use acoledger_schemas::rules::{RuleError, Rules};
use acoledger_schemas::table::{Problem, Problems};
use acoledger_schemas::values::{AcoId, Date, PerformanceYear, Period};
use benchmark::BenchmarkRules;
use settled::YearRules;
use std::collections::BTreeMap;
use std::fmt;
use tables::{BenchmarkStep, SavingsLosses};
use validate::AgreementRules;

/// What a run of the ACO grain says, in the order of performance year, ACO and period.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// One row for each ACO and period.
    pub savings_losses: Vec<SavingsLosses>,
    /// The walk from base years to dollars, every step.
    pub benchmark: Vec<BenchmarkStep>,
    /// From the historical benchmark to the expected spending, against the actual; with the walk.
    pub expected: Vec<expected::Expected>,
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

impl Finding {
    pub(crate) fn of(aco: &Aco, rule: &'static str, what: String) -> Finding {
        let Aco { performance_year, period, aco_id, .. } = aco;
        Finding { performance_year: *performance_year, period: *period, aco_id: aco_id.clone(), rule, what }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { performance_year, period, aco_id, rule, what } = self;
        write!(f, "{performance_year} {period} {aco_id}: {what} ({rule})")
    }
}

/// Whether the steps that lead to a result are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Results only: what a scenario compares.
    Results,
    /// Results and the walk.
    Walk,
}

/// Settles every ACO of `program.aco` in the performance years asked for.
///
/// # Errors
/// Every input that a rule in force needs and that is absent, with rule, table, column and ACO; every number outside its
/// range and every agreement or total that contradicts another; a performance year without an ACO; rules that are absent
/// in the year.
pub fn run(rates: &Rates, program: &Program, rules: &Rules, performance_years: &[i32]) -> Result<Outcome, Problems> {
    run_with(&Index::new(rates, program), program, rules, performance_years, Detail::Walk)
}

/// As [`run`], from rates and program rows that were indexed before: what changes a rule runs this again.
///
/// # Errors
/// As [`run`].
pub fn run_with(
    index: &Index<'_>,
    program: &Program,
    rules: &Rules,
    performance_years: &[i32],
    detail: Detail,
) -> Result<Outcome, Problems> {
    let mut acos: Vec<&Aco> =
        program.aco.iter().filter(|aco| performance_years.contains(&aco.performance_year.0)).collect();
    acos.sort_by(|a, b| (a.performance_year, &a.aco_id, a.period).cmp(&(b.performance_year, &b.aco_id, b.period)));
    let mut problems = index.problems().clone();
    for year in performance_years {
        if !acos.iter().any(|aco| aco.performance_year.0 == *year) {
            problems.push(no_aco(*year));
        }
    }
    let agreements = AgreementRules::load(rules).map_err(rule_problem)?;
    let mut loaded = LoadedRules { rules, benchmark: BTreeMap::new(), years: BTreeMap::new() };
    let mut outcome = Outcome::default();
    for aco in acos {
        let settled = agreements.check(aco).and_then(|findings| {
            let (benchmark_rules, year_rules) = loaded.of(aco)?;
            let blend = benchmark_rules.of_652.as_ref().map(|rules| rules.blend);
            let keep = detail == Detail::Walk;
            Ok((settled::settle_aco(index, aco, benchmark_rules, year_rules, keep, findings)?, blend))
        });
        match settled {
            Ok((settled, blend)) => {
                outcome.savings_losses.push(rows::savings_losses(&settled));
                outcome.benchmark.extend(rows::benchmark_steps(&settled));
                if detail == Detail::Walk {
                    outcome.expected.extend(expected::expected(&settled, blend));
                }
                outcome.findings.extend(settled.findings);
            }
            Err(found) => extend_new(&mut problems, found),
        }
    }
    problems.or(outcome)
}

fn rule_problem(error: RuleError) -> Problem {
    error.problem("")
}

/// What is wrong with the rules of one ACO: no rulebook for its agreement, or a rule that is wrong for all who read it.
fn rule_refused(aco: &Aco, error: &RuleError) -> Problem {
    match error.key.as_str() {
        "benchmark.rulebook" => gather::problem(aco, "program/aco", "agreement_start", &error.to_string(), "0.4"),
        _ => error.problem(""),
    }
}

/// Adds problems; what is wrong with a rule is said once, not for each ACO.
fn extend_new(problems: &mut Problems, found: Problems) {
    if found.first.iter().any(|problem| !problems.first.contains(problem)) {
        problems.extend(found);
    }
}

fn no_aco(year: i32) -> Problem {
    Problem {
        file: "program/aco".into(),
        line: 0,
        column: "performance_year".into(),
        what: format!("no ACO in performance year {year}"),
        value: None,
        hint: Some("list its ACOs, or leave the year out of the study".into()),
    }
}

/// Rules by agreement and by performance year, taken once each.
struct LoadedRules<'r> {
    rules: &'r Rules,
    benchmark: BTreeMap<(Date, u8, PerformanceYear), BenchmarkRules>,
    years: BTreeMap<PerformanceYear, YearRules>,
}

impl LoadedRules<'_> {
    fn of(&mut self, aco: &Aco) -> Result<(&BenchmarkRules, &YearRules), Problems> {
        let refused = |error: RuleError| rule_refused(aco, &error);
        let year = aco.performance_year;
        let key = (aco.agreement_start, aco.agreement_number, year);
        if !self.benchmark.contains_key(&key) {
            let rules = BenchmarkRules::load(self.rules, aco.agreement_start, aco.agreement_number, year);
            self.benchmark.insert(key, rules.map_err(refused)?);
        }
        if !self.years.contains_key(&year) {
            self.years.insert(year, YearRules::load(self.rules, year).map_err(refused)?);
        }
        Ok((&self.benchmark[&key], &self.years[&year]))
    }
}
