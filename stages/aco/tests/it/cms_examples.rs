//! CMS's printed examples of benchmark and rates: inputs and expected values from the file, at the decimals it gives.

use crate::oracles;
use acoledger_aco::benchmark::{CountyCell, CountyFigures, RegionalWeights, adjust, region, risk, trend};
use acoledger_schemas::rules::Rules;
use acoledger_schemas::values::Date;
use serde_json::Value;

fn examples() -> Option<Value> {
    let text = oracles::text("spec/cms_examples.json")?;
    Some(serde_json::from_str(&text).expect("JSON"))
}

fn example<'d>(document: &'d Value, id: &str) -> &'d Value {
    let all = document["examples"].as_array().expect("examples");
    all.iter().find(|example| example["id"] == id).unwrap_or_else(|| panic!("no example {id}"))
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
            CountyCell { assigned: number(&county["assigned"]), known: Some(known) }
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
