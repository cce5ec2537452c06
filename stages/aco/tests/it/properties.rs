//! Properties of benchmark and settlement that hold for whatever numbers come in: types sum to totals, terms of the way to the
//! expected sum, and spending moves results one way.

use crate::expected::terms_sum;
use crate::rates_cases::{YEARS, cases};
use acoledger_aco::tables::{BenchmarkStep, SavingsLosses};
use acoledger_aco::{Outcome, run};
use acoledger_schemas::program::Program;
use acoledger_schemas::rates::Rates;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::values::*;
use std::collections::BTreeMap;

fn settle(rates: &Rates, program: &Program) -> Outcome {
    let rules = Rules::built_in().expect("the shipped rules are sound");
    run(rates, program, &rules, &YEARS).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Factors from 0.75 to 1.25, always the same row of them for a seed.
fn factors(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        0.75 + (state >> 33) as f64 / 2f64.powi(31) / 2.0
    }
}

/// The cases with every per capita amount and score moved at random; person years and counts stay what they were.
fn moved(seed: u64) -> Option<(Rates, Program)> {
    let (mut rates, program) = cases()?;
    let mut factor = factors(seed);
    let mut scale = |value: &mut Option<f64>| *value = value.map(|value| value * factor());
    for row in &mut rates.aco_year {
        scale(&mut row.per_capita);
        scale(&mut row.hcc_score);
        scale(&mut row.demographic_score);
    }
    for row in &mut rates.county {
        scale(&mut row.per_capita);
        scale(&mut row.hcc_score);
        scale(&mut row.demographic_score);
    }
    rates.national.iter_mut().for_each(|row| scale(&mut row.per_capita));
    Some((rates, program))
}

/// Terms from the historical benchmark to the expected sum to the cent for every ACO-year, whatever the inputs.
#[test]
fn terms_sum_for_random_inputs() {
    for seed in 0..12 {
        let Some((rates, program)) = moved(seed) else { return };
        terms_sum(&settle(&rates, &program));
    }
}

type Of = (PerformanceYear, Period, AcoId);

fn by_aco(outcome: &Outcome) -> BTreeMap<Of, Vec<&BenchmarkStep>> {
    let mut walks: BTreeMap<Of, Vec<&BenchmarkStep>> = BTreeMap::new();
    for step in &outcome.benchmark {
        walks.entry((step.performance_year, step.period, step.aco_id.clone())).or_default().push(step);
    }
    walks
}

/// Benchmark and spending of the types, times their person years, are the totals; so are adjustments and the historical benchmark
/// at the mix of BY3 (M.D.1.12, M.D.2.6, M.E.2).
#[test]
fn types_sum_to_totals() {
    for seed in [None, Some(1), Some(2)] {
        let Some((rates, program)) = seed.map_or_else(cases, moved) else { return };
        let outcome = settle(&rates, &program);
        let walks = by_aco(&outcome);
        for result in &outcome.savings_losses {
            let key = (result.performance_year, result.period, result.aco_id.clone());
            let years = |year: i32, kind: EnrollmentType| {
                let own = rates.aco_year.iter().find(|row| {
                    (row.performance_year, row.period, &row.aco_id) == (key.0, key.1, &key.2)
                        && (row.calendar_year.0, row.enrollment_type, row.cohort) == (year, kind, Cohort::All)
                });
                own.and_then(|row| row.person_years).unwrap_or(0.0)
            };
            let start = result.current_start_date.rsplit('/').next().expect("a year").parse::<i32>().expect("a year");
            let walk = &walks[&key];
            let at = |kind: Option<EnrollmentType>, step: &str| {
                walk.iter().find(|row| row.enrollment_type == kind && row.step == step).map(|row| row.value)
            };
            let sum = |year: i32, step: &str| -> f64 {
                EnrollmentType::ALL.into_iter().filter_map(|k| Some(years(year, k) * at(Some(k), step)?)).sum()
            };
            let total = |year: i32| -> f64 { EnrollmentType::ALL.into_iter().map(|kind| years(year, kind)).sum() };
            let half = if result.period == Period::Full { 1.0 } else { 0.5 };
            let near = |a: f64, b: f64, what: &str| assert!((a - b).abs() <= 1e-9 * b.abs(), "{key:?} {what}: {a} {b}");
            if result.guardrail != Some(Flag(true)) {
                let updated = sum(key.0.0, "updated_benchmark");
                near(half * updated, at(None, "total_benchmark").expect("a total"), "benchmark");
            }
            near(
                sum(start - 1, "historical_benchmark") / total(start - 1),
                at(None, "historical_benchmark").expect("one"),
                "HB",
            );
            if let Some(single) = at(None, "regional_adjustment_single") {
                let by_type = sum(start - 1, "regional_adjustment") / total(start - 1);
                assert!((by_type - single).abs() < 1e-6, "{key:?}: {by_type} {single}");
            }
            let spending: f64 = rates
                .aco_year
                .iter()
                .filter(|row| (row.performance_year, row.period, &row.aco_id) == (key.0, key.1, &key.2))
                .filter(|row| row.calendar_year.0 == key.0.0 && row.cohort == Cohort::All)
                .filter_map(|row| Some(row.person_years? * row.per_capita?))
                .sum();
            near(half * spending, at(None, "total_expenditures").expect("a total"), "spending");
        }
    }
}

/// The benchmark of every ACO when spending of its base years is multiplied.
fn benchmarks(factor: f64) -> Option<Vec<(SavingsLosses, f64)>> {
    let (mut rates, program) = cases()?;
    for row in rates.aco_year.iter_mut().filter(|row| row.calendar_year.0 < row.performance_year.0) {
        row.per_capita = row.per_capita.map(|value| value * factor);
    }
    let outcome = settle(&rates, &program);
    let walks = by_aco(&outcome);
    let before = |row: &SavingsLosses| {
        let walk = &walks[&(row.performance_year, row.period, row.aco_id.clone())];
        let of_types = walk.iter().filter(|step| step.step == "benchmark_before_adjustment").map(|step| step.value);
        of_types.sum::<f64>()
    };
    Some(outcome.savings_losses.iter().map(|row| (row.clone(), before(row))).collect())
}

/// More spending in base years never makes the benchmark before adjustment lower, nor, where no region enters, the historical
/// one. Where a region enters, the adjustment runs against it, at a weight of at most 70 percent: it slows the rise, and only
/// where the sign of the whole difference changes does the weight fall from one table to the other (M.D.2.3).
#[test]
fn benchmarks_rise_with_spending_of_base_years() {
    let mut before: Option<Vec<(SavingsLosses, f64)>> = None;
    let mut compared = 0;
    for factor in [0.8, 0.9, 0.95, 0.99, 1.0, 1.01, 1.05, 1.1, 1.25] {
        let Some(after) = benchmarks(factor) else { return };
        for ((less, less_before), (more, more_before)) in before.iter().flatten().zip(&after) {
            let who = (less.performance_year, less.period, &less.aco_id, factor);
            assert!(less_before <= more_before, "{who:?}: {less_before} {more_before}");
            if less.rulebook == "425.602" || less.rulebook == "425.603(b)" {
                assert!(less.hist_bnchmk <= more.hist_bnchmk, "{who:?}");
                compared += 1;
            }
        }
        before = Some(after);
    }
    assert!(compared > 100, "{compared}");
}

/// Limits of the prospective trend, proposed and not law: off as shipped; where a study sets them the trend of each type stays
/// within them, from the performance year that they say (M.E.4.6).
#[test]
fn the_prospective_trend_stays_within_limits_that_a_study_sets() {
    let Some((rates, program)) = cases() else { return };
    let shipped = Rules::built_in().expect("the shipped rules are sound");
    let with = |limits: &str| {
        let overrides: toml::Table = format!("'update.acpt.limits' = {limits}").parse().expect("TOML");
        let rules = shipped.clone().with_overrides(&overrides).expect("limits");
        run(&rates, &program, &rules, &[2024, 2025]).unwrap_or_else(|problems| panic!("{problems}"))
    };
    let values = |outcome: &Outcome, step: &str| -> BTreeMap<(Of, EnrollmentType), f64> {
        let rows = outcome.benchmark.iter().filter(|row| row.step == step);
        rows.filter_map(|row| {
            Some((((row.performance_year, row.period, row.aco_id.clone()), row.enrollment_type?), row.value))
        })
        .collect()
    };
    let plain = run(&rates, &program, &shipped, &[2024, 2025]).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(with("{}"), plain);
    let limited = with("{ below = 0.01, above = 0.0, first_performance_year = 2025 }");
    let (before, after, nation) =
        (values(&plain, "acpt"), values(&limited, "acpt"), values(&plain, "national_growth_PY"));
    let mut held = [0, 0];
    for (key, given) in &before {
        let (applied, national) = (after[key], nation[key]);
        if key.0.0.0 == 2024 {
            assert_eq!(applied, *given, "{key:?}");
            continue;
        }
        assert_eq!(applied, given.clamp(national - 0.01, national), "{key:?}");
        held[0] += usize::from(applied > *given);
        held[1] += usize::from(applied < *given);
    }
    assert!(held[0] > 0 && held[1] > 0, "{held:?}");
    let below = values(&with("{ below = 0.01 }"), "acpt");
    assert!(before.iter().all(|(key, given)| below[key] == given.max(nation[key] - 0.01)));
    let unknown: toml::Table = "'update.acpt.limits' = { under = 0.01 }".parse().expect("TOML");
    let unknown = shipped.clone().with_overrides(&unknown).map(|rules| run(&rates, &program, &rules, &[2025]).is_err());
    assert!(unknown.unwrap_or(true), "a limit that nothing reads");
}
