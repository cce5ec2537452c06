//! What earned savings gain or lose when one input of the performance year is one percent higher.
//!
//! One-sided finite differences: an input is multiplied by 1.01, everything is settled again, and the earned amount of before
//! is taken from the one of after. Nothing is scaled or smoothed: where a step of the law lies between (a minimum savings rate, a cap, a
//! limit, a quality standard), the difference holds the step, and the two outcomes stand beside it. An ACO's benchmark depends on
//! no other ACO's figures, so each input is raised for all ACOs at once.
//!
//! | input | raised by 1 % |
//! |---|---|
//! | `spending` | the ACO's per capita spending of the performance year, all types |
//! | `hcc_score`, `demographic_score` | the ACO's mean score of one type in the performance year, in every cohort |
//! | `national_per_capita` | national per capita of the performance year, all types: growth from BY3 |
//! | `regional_per_capita` | per capita of every county in the performance year, all types: regional growth |
//! | `acpt` | the prospective trend of every type, as given or as derived |
//! | `quality_score` | the quality score, to 1 at most: `change` says by how much |
//!
//! An input that an ACO's rulebook does not read, or that the ACO does not have, has no row.

use crate::benchmark::{Rulebook, steps};
use crate::tables::SavingsLosses;
use crate::{Detail, Index, Outcome, run, run_with};
use acoledger_schemas::program::{Acpt, Program};
use acoledger_schemas::rates::Rates;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::{AcoId, Cents, EnrollmentType, PerformanceYear, Period};
use std::collections::BTreeMap;

/// By how much an input is raised, a fraction.
const STEP: f64 = 0.01;

acoledger_schemas::table! {
    /// What earned savings gain or lose when one input of the performance year is one percent higher.
    Marginal = "marginal", key [performance_year, period, aco_id, input, enrollment_type] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// `full`, or `h1`, `h2` for the half-years of 2019.
        period: Period ["code"],
        /// ACO.
        aco_id: AcoId ["id"],
        /// `spending`, `hcc_score`, `demographic_score`, `national_per_capita`, `regional_per_capita`, `acpt`, `quality_score`.
        input: String ["code"],
        /// Enrollment type whose score was raised; blank: all types.
        enrollment_type: Option<EnrollmentType> ["code"],
        /// By how much the input was raised; below 0.01 for a quality score that reaches 1.
        change: f64 ["fraction"],
        /// Paid (positive) or owed (negative), as it stands.
        earned_cents: Cents ["cents"],
        /// The same with the input raised.
        raised_earned_cents: Cents ["cents"],
        /// The second minus the first.
        marginal_cents: Cents ["cents"],
        /// `savings`, `losses`, `one_sided_losses`, `inside` or `neither`, as it stands.
        outcome: String ["code"],
        /// The same with the input raised.
        raised_outcome: String ["code"],
    }
}

/// An input that is raised.
#[derive(Clone, Copy, PartialEq)]
enum Input {
    Spending,
    Hcc(EnrollmentType),
    Demographic(EnrollmentType),
    National,
    Regional,
    Acpt,
    Quality,
}

/// The marginal effects of every ACO of the performance years, in the order of the results, inputs in the order above.
///
/// # Errors
/// As [`run`]; a raised input that is outside its range.
pub fn marginal(
    rates: &Rates,
    program: &Program,
    rules: &Rules,
    performance_years: &[i32],
) -> Result<Vec<Marginal>, Problems> {
    let base = run(rates, program, rules, performance_years)?;
    let present = Present::new(rates, program, &base);
    let mut by_aco: Vec<Vec<Marginal>> = vec![Vec::new(); base.savings_losses.len()];
    for input in inputs() {
        let (mut rates, mut program) = (rates.clone(), program.clone());
        raise(input, &mut rates, &mut program, &base);
        let raised = run_with(&Index::new(&rates, &program), &program, rules, performance_years, Detail::Results)?;
        for ((before, after), rows) in base.savings_losses.iter().zip(&raised.savings_losses).zip(&mut by_aco) {
            rows.extend(present.change(input, before).map(|change| row(input, change, before, after)));
        }
    }
    Ok(by_aco.into_iter().flatten().collect())
}

fn inputs() -> impl Iterator<Item = Input> {
    let scores = EnrollmentType::ALL.map(Input::Hcc).into_iter().chain(EnrollmentType::ALL.map(Input::Demographic));
    let others = [Input::National, Input::Regional, Input::Acpt, Input::Quality];
    [Input::Spending].into_iter().chain(scores).chain(others)
}

impl Input {
    fn code(self) -> &'static str {
        match self {
            Input::Spending => "spending",
            Input::Hcc(_) => "hcc_score",
            Input::Demographic(_) => "demographic_score",
            Input::National => "national_per_capita",
            Input::Regional => "regional_per_capita",
            Input::Acpt => "acpt",
            Input::Quality => "quality_score",
        }
    }

    fn enrollment_type(self) -> Option<EnrollmentType> {
        match self {
            Input::Hcc(kind) | Input::Demographic(kind) => Some(kind),
            _ => None,
        }
    }
}

fn row(input: Input, change: f64, before: &SavingsLosses, after: &SavingsLosses) -> Marginal {
    assert_eq!(
        (before.performance_year, before.period, &before.aco_id),
        (after.performance_year, after.period, &after.aco_id),
        "both runs settle the same ACOs in the same order"
    );
    Marginal {
        performance_year: before.performance_year,
        period: before.period,
        aco_id: before.aco_id.clone(),
        input: input.code().into(),
        enrollment_type: input.enrollment_type(),
        change,
        earned_cents: before.earned_cents,
        raised_earned_cents: after.earned_cents,
        marginal_cents: Cents(after.earned_cents.0 - before.earned_cents.0),
        outcome: before.outcome.clone(),
        raised_outcome: after.outcome.clone(),
    }
}

/// Raises an input for every ACO.
fn raise(input: Input, rates: &mut Rates, program: &mut Program, base: &Outcome) {
    let up = |value: &mut Option<f64>| *value = value.map(|value| value * (1.0 + STEP));
    let own = rates.aco_year.iter_mut().filter(|row| row.calendar_year.0 == row.performance_year.0);
    match input {
        Input::Spending => own.for_each(|row| up(&mut row.per_capita)),
        Input::Hcc(kind) => own.filter(|row| row.enrollment_type == kind).for_each(|row| up(&mut row.hcc_score)),
        Input::Demographic(kind) => {
            own.filter(|row| row.enrollment_type == kind).for_each(|row| up(&mut row.demographic_score));
        }
        Input::National => {
            let rows = rates.national.iter_mut().filter(|row| row.calendar_year.0 == row.performance_year.0);
            rows.for_each(|row| up(&mut row.per_capita));
        }
        Input::Regional => {
            let rows = rates.county.iter_mut().filter(|row| row.calendar_year.0 == row.performance_year.0);
            rows.for_each(|row| up(&mut row.per_capita));
        }
        Input::Acpt => program.acpt = Some(raised_acpt(program, base)),
        Input::Quality => {
            program.aco.iter_mut().for_each(|aco| aco.quality_score = aco.quality_score.map(raised_quality));
        }
    }
}

fn raised_quality(score: f64) -> f64 {
    (score * (1.0 + STEP)).min(1.0)
}

/// One row for each ACO and type with the trend that was used, derived ones too, raised.
fn raised_acpt(program: &Program, base: &Outcome) -> Vec<Acpt> {
    let starts: BTreeMap<_, _> =
        program.aco.iter().map(|aco| ((aco.performance_year, aco.period, &aco.aco_id), aco.agreement_start)).collect();
    let used = base.benchmark.iter().filter(|step| step.rule == steps::ACPT.rule && step.step == steps::ACPT.name);
    used.filter_map(|step| {
        let agreement_start = *starts.get(&(step.performance_year, step.period, &step.aco_id))?;
        Some(Acpt {
            performance_year: step.performance_year,
            agreement_start,
            aco_id: Some(step.aco_id.clone()),
            enrollment_type: step.enrollment_type?,
            factor: step.value * (1.0 + STEP),
        })
    })
    .collect()
}

/// What an ACO has of the inputs.
struct Present<'p> {
    /// Types with a score in the performance year: HCC, demographic.
    scores: BTreeMap<(PerformanceYear, Period, &'p AcoId, EnrollmentType), (bool, bool)>,
    quality: BTreeMap<(PerformanceYear, Period, &'p AcoId), f64>,
    acpt: Vec<(PerformanceYear, Period, &'p AcoId)>,
}

impl<'p> Present<'p> {
    fn new(rates: &'p Rates, program: &'p Program, base: &'p Outcome) -> Present<'p> {
        let mut scores: BTreeMap<_, (bool, bool)> = BTreeMap::new();
        for row in rates.aco_year.iter().filter(|row| row.calendar_year.0 == row.performance_year.0) {
            if row.person_years.is_some_and(|years| years > 0.0) {
                let key = (row.performance_year, row.period, &row.aco_id, row.enrollment_type);
                let (hcc, demographic) = scores.entry(key).or_default();
                *hcc |= row.hcc_score.is_some();
                *demographic |= row.demographic_score.is_some();
            }
        }
        let quality = program
            .aco
            .iter()
            .filter_map(|aco| Some(((aco.performance_year, aco.period, &aco.aco_id), aco.quality_score?)));
        let acpt = base.benchmark.iter().filter(|step| step.rule == steps::ACPT.rule && step.step == steps::ACPT.name);
        let acpt = acpt.map(|step| (step.performance_year, step.period, &step.aco_id)).collect();
        Present { scores, quality: quality.collect(), acpt }
    }

    /// By how much an input of an ACO is raised; `None` where it has none or its rulebook reads none.
    fn change(&self, input: Input, of: &SavingsLosses) -> Option<f64> {
        let key = (of.performance_year, of.period, &of.aco_id);
        let score = |kind| self.scores.get(&(key.0, key.1, key.2, kind)).copied().unwrap_or_default();
        let is = |rulebook: Rulebook| of.rulebook == rulebook.code();
        let has = match input {
            Input::Spending => true,
            Input::Hcc(kind) => score(kind).0,
            Input::Demographic(kind) => score(kind).1 && !is(Rulebook::S601),
            Input::National => !is(Rulebook::S603c),
            Input::Regional => !is(Rulebook::S602) && !is(Rulebook::S603b),
            Input::Acpt => self.acpt.contains(&key),
            Input::Quality => {
                let score = *self.quality.get(&key)?;
                let whole = raised_quality(score) < 1.0;
                return (score > 0.0).then(|| if whole { STEP } else { 1.0 / score - 1.0 });
            }
        };
        has.then_some(STEP)
    }
}
