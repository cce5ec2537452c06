//! Properties of a run: what it refuses, what it does not depend on, what its tables promise.

use crate::oracles;
use crate::rates_cases::{YEARS, cases};
use acoledger_aco::tables::SavingsLosses;
use acoledger_aco::{Detail, Index, Outcome, run, run_with};
use acoledger_schemas::program::Program;
use acoledger_schemas::rates::Rates;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::table::Table;
use acoledger_schemas::values::*;
use std::collections::BTreeSet;

fn rules() -> Rules {
    Rules::built_in().expect("the shipped rules are sound")
}

fn settle(rates: &Rates, program: &Program) -> Outcome {
    run(rates, program, &rules(), &YEARS).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Runs the cases after a change that must be refused, and looks for the words in the first message.
fn refused(change: impl FnOnce(&mut Rates, &mut Program), years: &[i32], words: &[&str]) {
    let Some((mut rates, mut program)) = cases() else { return };
    change(&mut rates, &mut program);
    let problems = run(&rates, &program, &rules(), years).expect_err("an input is missing");
    let text = problems.to_string();
    for word in words {
        assert!(text.contains(word), "no `{word}` in:\n{text}");
    }
}

#[test]
fn what_a_rule_in_force_needs_is_asked_for_by_name() {
    let of_aco = |id: &str| AcoId::new(id).expect("an id");
    refused(|_, program| program.acpt = None, &[2024], &["program/acpt", "`factor`", "A1921 2024 full", "M.E.4"]);
    refused(|_, program| program.aco_history = None, &[2016], &["program/aco_history", "absent", "M.D.4.2"]);
    refused(|_, program| program.aco_history = None, &[2024], &["program/aco_history", "absent", "M.D.3.1"]);
    refused(|_, program| program.disaster = None, &[2021], &["program/disaster", "M.F.7"]);
    refused(
        |rates, _| rates.aco_county.clear(),
        &[2023],
        &["rates/aco_county", "no county for 2016 (BY1), ESRD", "M.D.1.3"],
    );
    refused(|rates, _| rates.aco_heads.clear(), &[2014], &["rates/aco_heads", "`head_count`", "M.F.1"]);
    refused(
        |rates, _| rates.aco_heads.iter_mut().for_each(|row| row.dual_person_years = None),
        &[2024],
        &["`dual_person_years`", "2023 (BY3)", "M.D.2.5"],
    );
    refused(
        |rates, _| rates.aco_heads.iter_mut().for_each(|row| row.lis_or_dual_share = None),
        &[2025],
        &["`lis_or_dual_share`", "A2182", "M.D.3.5"],
    );
    refused(
        |rates, _| rates.aco_year.retain(|row| row.cohort == Cohort::All),
        &[2018],
        &["`cohort`", "`newly` or `continuously`", "M.C.5"],
    );
    refused(
        |rates, _| {
            rates
                .aco_year
                .iter_mut()
                .for_each(|row| row.hcc_score = row.hcc_score.filter(|_| row.aco_id != of_aco("A1717")))
        },
        &[2023],
        &["rates/aco_year", "`hcc_score`", "A1717 2023 full", "M.C.2"],
    );
    refused(
        |rates, _| rates.county.iter_mut().for_each(|row| row.demographic_score = None),
        &[2024],
        &["rates/county", "`demographic_score`", "M.E.3.1"],
    );
    refused(|rates, _| rates.national.clear(), &[2022], &["rates/national", "`per_capita`", "M.D.1.6"]);
    refused(
        |_, program| program.aco.iter_mut().for_each(|aco| aco.regional_adjustment_count = None),
        &[2023],
        &["`regional_adjustment_count`", "M.D.2.3"],
    );
    refused(|_, _| (), &[2017, 2023], &["no ACO in performance year 2017"]);
    refused(
        |_, program| program.aco.iter_mut().for_each(|aco| aco.agreement_start = Date::new(2011, 1, 1).expect("a day")),
        &[2023],
        &["`agreement_start`", "no agreement period started on: `2011-01-01`", "settle.agreement.starts"],
    );
}

#[test]
fn a_row_with_spending_and_no_person_years_is_unknown_and_not_empty() {
    let blank = |rates: &mut Rates, _: &mut Program| {
        rates.aco_year.iter_mut().filter(|row| row.aco_id.as_str() == "A1717").for_each(|row| row.person_years = None);
    };
    refused(blank, &[2023], &["rates/aco_year", "`person_years`", "A1717 2023 full: not given for 2016 (BY1), ESRD"]);
}

#[test]
fn the_order_of_rows_does_not_matter() {
    let Some((mut rates, mut program)) = cases() else { return };
    let forward = settle(&rates, &program);
    rates.national.reverse();
    rates.county.reverse();
    rates.aco_year.reverse();
    rates.aco_county.reverse();
    rates.aco_heads.reverse();
    rates.aco_county_heads.reverse();
    program.aco.reverse();
    let backward = settle(&rates, &program);
    assert!(forward == backward);
}

#[test]
fn results_are_the_same_without_the_walk_and_year_by_year() {
    let Some((rates, program)) = cases() else { return };
    let all = settle(&rates, &program);
    let index = Index::new(&rates, &program);
    let mut one_by_one = Outcome::default();
    for year in YEARS {
        let outcome = run_with(&index, &program, &rules(), &[year], Detail::Results);
        let outcome = outcome.unwrap_or_else(|problems| panic!("{problems}"));
        assert!(outcome.benchmark.is_empty());
        one_by_one.savings_losses.extend(outcome.savings_losses);
        one_by_one.findings.extend(outcome.findings);
    }
    assert!(all.savings_losses == one_by_one.savings_losses);
    assert_eq!(all.findings, one_by_one.findings);
}

#[test]
fn every_step_is_named_once_and_says_where_it_stands() {
    let Some((rates, program)) = cases() else { return };
    let outcome = settle(&rates, &program);
    let rules = rules();
    let mut seen = BTreeSet::new();
    for step in &outcome.benchmark {
        let key = (step.performance_year, step.period, &step.aco_id, step.enrollment_type, &step.rule, &step.step);
        assert!(seen.insert(key), "twice: {key:?}");
        assert!(!step.inputs.is_empty() && step.citation.contains("42 CFR"), "{step:?}");
        for rule in step.rule_keys.iter().flat_map(|keys| keys.split(' ')) {
            assert!(rules.rule(rule).is_ok(), "a step names a rule that is none: {rule}");
        }
    }
}

#[test]
fn imputations_are_flagged() {
    let Some((rates, program)) = cases() else { return };
    let outcome = settle(&rates, &program);
    let imputed = |id: &str| {
        let row = outcome.savings_losses.iter().find(|row| row.aco_id.as_str() == id).expect("a row");
        row.imputed.clone().unwrap_or_default()
    };
    // No ESRD person years in BY3; in any base year; regional figures from the nation.
    assert!(imputed("A1599").contains("M.C.6 ESRD: no person years in BY3"), "{}", imputed("A1599"));
    assert!(imputed("A2317").contains("ESRD: no person years in any benchmark year: regional"), "{}", imputed("A2317"));
    assert!(imputed("A1006").contains("ESRD: no person years in any benchmark year: national"), "{}", imputed("A1006"));
    assert!(imputed("A2328").contains("M.D.1.5") && imputed("A2328").contains("ESRD BY3 all"), "{}", imputed("A2328"));
    assert_eq!(imputed("A1003"), "");
}

#[test]
fn published_columns_are_spelled_and_ordered_as_published() {
    let Some(text) = oracles::text("data/published/mssp_results_py2024.csv") else { return };
    let header = text.lines().next().expect("a header").trim_start_matches('\u{feff}');
    let header: Vec<&str> = header.split(',').map(|name| name.trim_matches('"')).collect();
    let ours = SavingsLosses::SPEC.columns.iter().map(|column| column.name);
    let mut places = Vec::new();
    for name in ours.filter(|name| name.chars().any(char::is_uppercase)) {
        let place = header.iter().position(|published| *published == name);
        places.push(place.unwrap_or_else(|| panic!("not a published column: {name}")));
    }
    assert!(places.is_sorted() && places.len() > 90, "{places:?}");
}
