//! From the historical benchmark to expected and actual: the terms sum, and each is what the law's formula says it is.

use crate::rates_cases::{YEARS, cases};
use acoledger_aco::expected::{Expected, TERMS};
use acoledger_aco::tables::{BenchmarkStep, SavingsLosses};
use acoledger_aco::{Outcome, run};
use acoledger_schemas::rates::Rates;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::values::*;
use std::collections::BTreeMap;

type Key = (PerformanceYear, Period, AcoId);

/// One ACO's terms, results and walk.
struct Case<'c> {
    key: Key,
    terms: BTreeMap<&'c str, (i64, i64)>,
    result: &'c SavingsLosses,
    walk: BTreeMap<(Option<EnrollmentType>, &'c str), f64>,
}

/// A term's figures in units of their rounding: 1/10,000 dollar per capita, cents.
fn units(row: &Expected) -> (i64, i64) {
    ((row.per_capita * 10_000.0).round() as i64, (row.dollars * 100.0).round() as i64)
}

fn each(check: impl Fn(&Rates, &Case<'_>)) {
    let Some((rates, program)) = cases() else { return };
    let rules = Rules::built_in().expect("the shipped rules are sound");
    let outcome: Outcome = run(&rates, &program, &rules, &YEARS).unwrap_or_else(|problems| panic!("{problems}"));
    each_of(&outcome, |case| check(&rates, case));
}

fn each_of(outcome: &Outcome, check: impl Fn(&Case<'_>)) {
    assert_eq!(outcome.expected.len(), outcome.savings_losses.len() * (TERMS.len() + 3));
    for result in &outcome.savings_losses {
        let key = (result.performance_year, result.period, result.aco_id.clone());
        let terms = outcome
            .expected
            .iter()
            .filter(|row| (row.performance_year, row.period, &row.aco_id) == (key.0, key.1, &key.2));
        let terms = terms.map(|row| (row.term.as_str(), units(row))).collect();
        let mine = |step: &&BenchmarkStep| (step.performance_year, step.period, &step.aco_id) == (key.0, key.1, &key.2);
        let walk = outcome.benchmark.iter().filter(mine);
        let walk = walk.map(|step| ((step.enrollment_type, step.step.as_str()), step.value)).collect();
        check(&Case { key, terms, result, walk });
    }
}

/// Terms sum to the expected, in units of their rounding; the rest is the difference, which is that of the results.
pub(crate) fn terms_sum(outcome: &Outcome) {
    each_of(outcome, |Case { key, terms, result, .. }| {
        let sum = |pick: fn(&(i64, i64)) -> i64| TERMS.iter().map(|term| pick(&terms[term])).sum::<i64>();
        assert_eq!((sum(|of| of.0), sum(|of| of.1)), terms["expected"], "{key:?}");
        let (expected, actual, difference) = (terms["expected"], terms["actual"], terms["difference"]);
        assert_eq!((expected.0 - actual.0, expected.1 - actual.1), difference, "{key:?}");
        assert_eq!(difference.1, result.gross_savings_cents.0, "{key:?}");
        // Both are rounded from the same number: half of the coarser digit, and of the finer ones.
        let near = |got: i64, unit: f64, printed: i64, what: &str| {
            assert!((got as f64 / unit - printed as f64).abs() <= 0.5 + 1.1 / unit, "{key:?} {what}: {got} {printed}");
        };
        near(expected.1, 100.0, result.ab_tot_bnchmk, "benchmark");
        near(actual.1, 100.0, result.ab_tot_exp, "expenditures");
        near(expected.0, 10_000.0, result.updated_bnchmk, "updated benchmark");
        near(terms["historical_benchmark"].0, 10_000.0, result.hist_bnchmk, "historical benchmark");
    });
}

#[test]
fn terms_sum_to_expected_and_the_rest_is_the_difference() {
    let Some((rates, program)) = cases() else { return };
    let rules = Rules::built_in().expect("the shipped rules are sound");
    terms_sum(&run(&rates, &program, &rules, &YEARS).unwrap_or_else(|problems| panic!("{problems}")));
}

/// Each term by its own formula, from the walk and the person years, not from running sums.
#[test]
fn each_term_is_what_its_formula_says() {
    each(|rates, Case { key, terms, result, walk }| {
        let at = |kind, step: &str| walk.get(&(Some(kind), step)).copied();
        let by3 =
            result.current_start_date.rsplit('/').next().and_then(|year| year.parse::<i32>().ok()).expect("a year") - 1;
        let years = |year: i32, kind| {
            let own = rates.aco_year.iter().find(|row| {
                (row.performance_year, row.period, &row.aco_id) == (key.0, key.1, &key.2)
                    && (row.calendar_year.0, row.enrollment_type, row.cohort) == (year, kind, Cohort::All)
            });
            own.and_then(|row| row.person_years).unwrap_or(0.0)
        };
        let total: f64 = EnrollmentType::ALL.into_iter().map(|kind| years(by3, kind)).sum();
        let (mut risk, mut national, mut regional, mut acpt) = (0.0, 0.0, 0.0, 0.0);
        for kind in EnrollmentType::ALL {
            let share = years(by3, kind) / total;
            let Some(ratio) = at(kind, "risk_ratio_PY").filter(|_| share > 0.0) else { continue };
            let benchmark = at(kind, "historical_benchmark").expect("a type of BY3 has a benchmark");
            risk += share * benchmark * (ratio - 1.0);
            if let Some(dollars) = at(kind, "flat_dollar_growth") {
                national += share * dollars;
                continue;
            }
            let (a, b) = if at(kind, "three_way_blend").is_some() { (2.0 / 3.0, 1.0 / 3.0) } else { (1.0, 0.0) };
            let weight = at(kind, "market_share_PY").unwrap_or(0.0);
            let growth =
                at(kind, "regional_growth_PY").or_else(|| at(kind, "regional_growth")).expect("regional growth");
            national += share * benchmark * ratio * a * weight * (at(kind, "national_growth_PY").unwrap_or(1.0) - 1.0);
            regional += share * benchmark * ratio * a * (1.0 - weight) * (growth - 1.0);
            acpt += share * benchmark * ratio * b * (at(kind, "acpt").unwrap_or(1.0) - 1.0);
        }
        for (term, formula) in
            [("risk", risk), ("national_trend", national), ("regional_trend", regional), ("acpt", acpt)]
        {
            let got = terms[term].0 as f64 / 10_000.0;
            assert!((got - formula).abs() <= 1.01e-4, "{key:?} {term}: {got} against {formula}");
        }
        if result.guardrail != Some(Flag(true)) {
            assert_eq!(terms["guardrail"], (0, 0), "{key:?}");
        }
    });
}

#[test]
fn results_alone_have_no_terms() {
    let Some((rates, program)) = cases() else { return };
    let rules = Rules::built_in().expect("the shipped rules are sound");
    let index = acoledger_aco::Index::new(&rates, &program);
    let results = acoledger_aco::run_with(&index, &program, &rules, &[2024], acoledger_aco::Detail::Results);
    assert!(results.is_ok_and(|outcome| outcome.expected.is_empty() && !outcome.savings_losses.is_empty()));
}
