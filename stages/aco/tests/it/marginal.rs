//! One percent more of one input, against what the formulas of a simple case say.

use crate::rates_cases::{YEARS, cases};
use acoledger_aco::marginal::{Marginal, marginal};
use acoledger_aco::run;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::values::*;

fn rows() -> Option<Vec<Marginal>> {
    let (rates, program) = cases()?;
    let rules = Rules::built_in().expect("the shipped rules are sound");
    Some(marginal(&rates, &program, &rules, &YEARS).unwrap_or_else(|problems| panic!("{problems}")))
}

/// More spending never earns more, a higher trend or score never less.
#[test]
fn each_input_has_its_sign() {
    let Some(rows) = rows() else { return };
    for row in &rows {
        let sign = if row.input == "spending" { -1 } else { 1 };
        // Not so under the guardrail, where a falling HCC score turns to the demographic one, and where losses stand at their
        // limit: a higher benchmark then raises what is owed.
        let guarded =
            [&row.outcome, &row.raised_outcome].iter().any(|outcome| matches!(outcome.as_str(), "neither" | "losses"));
        let scores = row.input.ends_with("score") && row.input != "quality_score";
        if !guarded && !scores && row.input != "acpt" {
            assert!(row.marginal_cents.0 * sign >= 0, "{row:?}");
        }
        assert_eq!(row.raised_earned_cents.0 - row.earned_cents.0, row.marginal_cents.0);
        assert!(row.change == 0.01 || (row.input == "quality_score" && (0.0..0.01).contains(&row.change)), "{row:?}");
    }
    for input in ["spending", "hcc_score", "national_per_capita", "regional_per_capita", "acpt", "quality_score"] {
        assert!(rows.iter().any(|row| row.input == input && row.marginal_cents.0 != 0), "{input} moves nothing");
    }
}

/// Where savings are shared before and after, below every limit: what one percent of spending costs is that percent times the rate and
/// what sequestration leaves.
#[test]
fn one_percent_of_spending_costs_its_share() {
    let (Some(rows), Some((rates, program))) = (rows(), cases()) else { return };
    let rules = Rules::built_in().expect("the shipped rules are sound");
    let outcome = run(&rates, &program, &rules, &YEARS).unwrap_or_else(|problems| panic!("{problems}"));
    let mut checked = 0;
    for row in
        rows.iter().filter(|row| row.input == "spending" && row.outcome == "savings" && row.raised_outcome == "savings")
    {
        let of = |step: &acoledger_aco::tables::BenchmarkStep| {
            (step.performance_year, step.period, &step.aco_id) == (row.performance_year, row.period, &row.aco_id)
        };
        let value = |name: &str| {
            let found =
                outcome.benchmark.iter().find(|step| of(step) && step.step == name && step.enrollment_type.is_none());
            found.map(|step| step.value)
        };
        let (Some(before), Some(limit), Some(spent), Some(difference)) = (
            value("shared_savings_before_limit"),
            value("payment_limit"),
            value("total_expenditures"),
            value("gross_savings"),
        ) else {
            continue;
        };
        // Terminations, half rates and quality steps have other slopes; here the earned amount is rate × difference.
        if before > limit || (before * 100.0 - row.earned_cents.0 as f64).abs() > 1.0 {
            continue;
        }
        let expected = -0.01 * spent * before / difference * 100.0;
        let full_rate_after = row.raised_earned_cents.0 as f64 / 100.0 / (difference - 0.01 * spent);
        if (full_rate_after - before / difference).abs() > 1e-6 {
            continue;
        }
        assert!((row.marginal_cents.0 as f64 - expected).abs() < 2.0, "{row:?}: {expected}");
        checked += 1;
    }
    assert!(checked >= 3, "{checked}");
}

/// Inputs that a rulebook does not read have no row.
#[test]
fn what_is_not_read_has_no_row() {
    let (Some(rows), Some((rates, program))) = (rows(), cases()) else { return };
    let rules = Rules::built_in().expect("the shipped rules are sound");
    let outcome = run(&rates, &program, &rules, &YEARS).unwrap_or_else(|problems| panic!("{problems}"));
    for result in &outcome.savings_losses {
        let has = |input: &str| {
            rows.iter().any(|row| {
                (row.performance_year, row.period, &row.aco_id)
                    == (result.performance_year, result.period, &result.aco_id)
                    && row.input == input
            })
        };
        let rulebook = result.rulebook.as_str();
        assert!(has("spending"));
        assert_eq!(has("acpt"), rulebook == "425.652", "{}", result.aco_id);
        assert_eq!(has("national_per_capita"), rulebook != "425.603(c)", "{}", result.aco_id);
        assert_eq!(has("regional_per_capita"), !matches!(rulebook, "425.602" | "425.603(b)"), "{}", result.aco_id);
    }
    assert!(
        rows.iter()
            .all(|row| (row.enrollment_type.is_some())
                == matches!(row.input.as_str(), "hcc_score" | "demographic_score"))
    );
    assert!(rows.iter().all(|row| row.performance_year >= PerformanceYear(2014)));
}
