//! CMS's printed examples of benchmark and rates: inputs and expected values from the file, at the decimals it gives.

use crate::oracles;
use acoledger_aco::benchmark::{CountyCell, CountyFigures, RegionalWeights, adjust, region, risk, trend};
use acoledger_aco::settle::{
    EquityRules, Third, adjusted_score, bonus_points, deprived_share, lis_or_dual_person_years, performance_scaler,
    underserved_multiplier,
};
use acoledger_schemas::rules::Rules;
use acoledger_schemas::values::{Date, PerformanceYear};
use serde_json::Value;

fn examples() -> Option<Value> {
    let text = oracles::text("spec/cms_examples.json")?;
    Some(serde_json::from_str(&text).expect("JSON"))
}

fn example<'d>(document: &'d Value, id: &str) -> &'d Value {
    let all = document["examples"].as_array().expect("examples");
    all.iter().find(|example| example["id"] == id).unwrap_or_else(|| panic!("no example {id}"))
}

/// Every example of the file, and the test that compares it.
const COMPARED: [(&str, &str); 24] = [
    ("annualise", "rates::annualised_truncated_completed_as_cms_prints"),
    ("truncate", "rates::annualised_truncated_completed_as_cms_prints"),
    ("complete", "rates::annualised_truncated_completed_as_cms_prints"),
    ("weight_by_person_years", "rates::annualised_truncated_completed_as_cms_prints"),
    ("risk_cap_3_percent", "risk_ratios_under_the_three_percent_cap"),
    ("national_weight", "market_share_growth_and_their_blend"),
    ("growth_rates", "market_share_growth_and_their_blend"),
    ("blended_trend_BY1", "market_share_growth_and_their_blend"),
    ("msr_interpolation", "settle::cms_examples"),
    ("msr_table", "settle::cms_examples"),
    ("regional_weights", "weights_of_the_regional_adjustment"),
    ("regional_weight_history", "weights_of_the_regional_adjustment"),
    ("loss_limit_level_E", "settle::cms_examples"),
    ("level_B_standard_met", "settle::cms_examples"),
    ("level_B_alternative_only", "settle::cms_examples"),
    ("enhanced_loss_no_standard", "settle::cms_examples"),
    ("enhanced_loss_alternative_only", "settle::cms_examples"),
    ("measure_performance_scaler", "the_health_equity_adjusted_score"),
    ("adi_share", "shares_of_the_underserved"),
    ("lis_or_dual_person_years", "shares_of_the_underserved"),
    ("underserved_multiplier", "the_health_equity_adjusted_score"),
    ("bonus_points", "the_health_equity_adjusted_score"),
    ("adjusted_quality_score", "the_health_equity_adjusted_score"),
    ("person_years_partial_enrollment", "pipeline/tests/it/worked_panel.rs, from raw claims"),
];

#[test]
fn every_example_is_compared() {
    let Some(document) = examples() else { return };
    let ids = document["examples"].as_array().expect("examples").iter().map(|example| example["id"].as_str());
    let ids: Vec<&str> = ids.map(|id| id.expect("an id")).collect();
    for (id, test) in COMPARED {
        assert!(ids.contains(&id), "no example {id}, which {test} compares");
    }
    for id in &ids {
        assert!(COMPARED.iter().any(|(known, _)| known == id), "nothing compares {id}");
    }
    println!("CMS's printed examples: {} of {} compared", COMPARED.len(), ids.len());
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn check(got: f64, want: &Value, decimals: i32, what: &str) {
    let want = number(want);
    assert!((got - want).abs() <= 0.5 * 10f64.powi(-decimals) + 1e-12, "{what}: {got} against {want}");
}

/// The counties of an example, with assigned and assignable beneficiaries.
fn cells(counties: &Value) -> Vec<CountyCell> {
    let counties = counties.as_object().expect("counties").values();
    counties
        .map(|county| {
            let person_years = number(&county["assignable"]);
            let known = CountyFigures { per_capita: 1.0, person_years, hcc: 1.0, demographic: None };
            CountyCell { assigned: number(&county["assigned"]), known: Some(known), own: None }
        })
        .collect()
}

#[test]
fn risk_ratios_under_the_three_percent_cap() {
    let Some(document) = examples() else { return };
    let table = example(&document, "risk_cap_3_percent");
    let rules = Rules::built_in().expect("the shipped rules are sound");
    let cap: f64 = rules.at("risk_cap.by_type", 2022).expect("a cap");
    for kind in ["ESRD", "DIS", "AGDU", "AGND"] {
        let ratio = number(&table["inputs"]["hcc_py"][kind]) / number(&table["inputs"]["hcc_by3"][kind]);
        check(ratio, &table["expected"]["ratio_before_cap"][kind], 3, kind);
        check(risk::capped_by_type(ratio, cap), &table["expected"]["ratio_applied"][kind], 3, kind);
    }
}

#[test]
fn market_share_growth_and_their_blend() {
    let Some(document) = examples() else { return };
    let weight = example(&document, "national_weight");
    let share = region::region(&cells(&weight["inputs"]["counties"]), None, 1.0).market_share;
    check(share, &weight["expected"]["national_weight"], 3, "national weight");
    check(1.0 - share, &weight["expected"]["regional_weight"], 3, "regional weight");
    let growth = example(&document, "growth_rates");
    for area in ["national", "regional"] {
        let given = &growth["inputs"][area];
        for year in ["BY1", "BY2", "BY3"] {
            let got = trend::growth(number(&given["BY3"]), number(&given[year]));
            check(got, &growth["expected"][area][year], 3, year);
        }
    }
    let blend = example(&document, "blended_trend_BY1");
    let given = |name: &str| number(&blend["inputs"][name]);
    let share = region::region(&cells(&blend["inputs"]["counties"]), None, 1.0).market_share;
    let national = trend::growth(given("national_by3"), given("national_by1"));
    let regional = trend::growth(given("regional_by3"), given("regional_by1"));
    check(trend::blend(share, national, regional), &blend["expected"]["trend"], 3, "trend");
}

#[test]
fn weights_of_the_regional_adjustment() {
    let Some(document) = examples() else { return };
    let rules = Rules::built_in().expect("the shipped rules are sound");
    let start = Date::new(2022, 1, 1).expect("a day");
    let weights: RegionalWeights = rules.at("benchmark.regional_weight", start).expect("weights");
    let table = example(&document, "regional_weights");
    for (place, time) in table["inputs"]["n"].as_array().expect("times").iter().enumerate() {
        let time = number(time) as u8;
        let percent = |net| 100.0 * adjust::regional_weight(net, time, &weights);
        check(percent(1.0), &table["expected"]["lower_spending_percent"][place], 9, "lower");
        check(percent(-1.0), &table["expected"]["higher_spending_percent"][place], 9, "higher");
    }
    // An agreement under 425.603 that was completed counts as the first time, one that was left does not (M.D.2.8).
    let history = &example(&document, "regional_weight_history")["expected"];
    for (name, time) in [("completed_then_next", 2), ("terminated_and_reentered", 1)] {
        let percent = |net| 100.0 * adjust::regional_weight(net, time, &weights);
        check(percent(1.0), &history[name]["lower"], 9, name);
        check(percent(-1.0), &history[name]["higher"], 9, name);
    }
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
}

#[test]
fn the_health_equity_adjusted_score() {
    let Some(document) = examples() else { return };
    let rules = Rules::built_in().expect("the shipped rules are sound");
    let rules = EquityRules::load(&rules, PerformanceYear(2023)).expect("rules of the year");
    let scaler = example(&document, "measure_performance_scaler");
    for (acos, thirds) in scaler["inputs"]["thirds"].as_object().expect("thirds") {
        let third = |word: &Value| match word.as_str() {
            Some("top") => Some(Third::Top),
            Some("middle") => Some(Third::Middle),
            Some("bottom") => Some(Third::Bottom),
            _ => None,
        };
        let thirds: Vec<_> = list(thirds).iter().map(third).collect();
        assert_eq!(performance_scaler(&thirds, &rules.points), number(&scaler["expected"]["scaler"][acos]), "{acos}");
    }
    let multiplier = example(&document, "underserved_multiplier");
    let (given, want) = (&multiplier["inputs"], &multiplier["expected"]);
    for (at, deprived) in list(&given["adi_share"]).iter().enumerate() {
        let got = underserved_multiplier(number(deprived), number(&given["lis_or_dual_share"][at]));
        assert_eq!(got, number(&want["multiplier"][at]), "{at}");
        assert_eq!(bonus_points(24.0, got, &rules).is_some(), want["eligible"][at].as_bool().expect("a flag"), "{at}");
    }
    let points = example(&document, "bonus_points");
    for (at, scaler) in list(&points["inputs"]["scaler"]).iter().enumerate() {
        let got = bonus_points(number(scaler), number(&points["inputs"]["multiplier"][at]), &rules);
        let want = points["expected"]["bonus"][at].as_f64();
        assert!((got.unwrap_or(-1.0) - want.unwrap_or(-1.0)).abs() < 1e-9, "{at}: {got:?} against {want:?}");
    }
    let scores = example(&document, "adjusted_quality_score");
    for (at, score) in list(&scores["inputs"]["mips_quality_score"]).iter().enumerate() {
        let got = adjusted_score(number(score), scores["inputs"]["bonus"][at].as_f64(), &rules);
        check(got, &scores["expected"]["score"][at], 9, "score");
    }
}

#[test]
fn shares_of_the_underserved() {
    let Some(document) = examples() else { return };
    let adi = example(&document, "adi_share");
    let count = |name: &str| adi["inputs"][name].as_i64().expect("a count");
    // Beneficiaries without a numeric rank leave numerator and denominator.
    assert_eq!(count("assigned") - count("adi_missing"), count("adi_85_or_more") + count("adi_1_to_84"));
    let share = deprived_share(count("adi_85_or_more"), count("adi_85_or_more") + count("adi_1_to_84"));
    check(share, &adi["expected"]["share"], 3, "share");
    let life = example(&document, "lis_or_dual_person_years");
    let months = |name: &str| {
        list(&life["inputs"][name]).iter().fold(0u16, |set, month| set | 1 << (month.as_i64().expect("a month") - 1))
    };
    let (eligible, low_income, dual) = (months("eligible_months"), months("lis_months"), months("dual_months"));
    let got = lis_or_dual_person_years(eligible, low_income, dual);
    check(got, &life["expected"]["numerator_person_years"], 9, "person years");
    check(12.0 * got, &life["expected"]["months_with_either"], 9, "months");
    check(f64::from(eligible.count_ones()) / 12.0, &life["expected"]["denominator_person_years"], 9, "of");
}
