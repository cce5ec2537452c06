//! Settlement against the rates cases, CMS's printed examples and the worked examples.

use crate::oracles;
use acoledger_aco::settle::*;
use acoledger_schemas::program::{Aco, Disaster as AffectedCounty};
use acoledger_schemas::rates::{AcoCountyHeads, AcoHeads};
use acoledger_schemas::rules::Rules;
use acoledger_schemas::table::{Table, read_csv};
use acoledger_schemas::values::*;
use expect_test::{Expect, expect};
use std::collections::BTreeMap;
use std::fmt::Write;

pub(crate) fn rules_of(year: i32) -> SettleRules {
    SettleRules::load(&Rules::built_in().expect("rules"), PerformanceYear(year)).expect("rules of the year")
}

/// A BASIC E ACO with 10,000 lives, its standard met, at 10,000 dollars by 10,000 person years.
pub(crate) fn facts(year: i32, track: Track) -> Facts {
    Facts {
        performance_year: PerformanceYear(year),
        period: Period::Full,
        track,
        agreement_start: Date::new(year.min(2022) - 1, 1, 1).expect("a day"),
        track_year: None,
        updated_benchmark: 10_000.0,
        two_way_benchmark: None,
        expenditures: 9_500.0,
        person_years: 10_000.0,
        head_count: 10_000,
        msr_choice: MsrChoice::Variable,
        quality: Quality {
            score: Some(0.8),
            met_standard: Some(true),
            met_alternative: Some(false),
            first_year_complete_reporting: Some(false),
        },
        revenue: Some(20_000_000.0),
        revenue_category: Some(RevenueCategory::High),
        paid_amounts: None,
        revenue_loss_limit: Some(false),
        disaster: None,
        termination: None,
        advance_balance: None,
    }
}

#[test]
fn msr_is_linear_inside_a_band() {
    let rules = rules_of(2023);
    let mut table = String::from("heads   msr\n");
    for heads in [1, 499, 500, 999, 1000, 2999, 3000, 4999, 5000, 5333, 5500, 5999, 60_000, 250_000] {
        let settled = settle(&Facts { head_count: heads, ..facts(2023, Track::A) }, &rules).expect("settles");
        let marked = if settled.imputed.is_empty() { "" } else { "  imputed" };
        writeln!(table, "{heads:<7} {:.6}{marked}", settled.msr).expect("text");
    }
    expect![[r#"
        heads   msr
        1       0.122000  imputed
        499     0.122000  imputed
        500     0.122000
        999     0.087000
        1000    0.087000
        2999    0.050000
        3000    0.050000
        4999    0.039000
        5000    0.039000
        5333    0.038000
        5500    0.037498
        5999    0.036000
        60000   0.020000
        250000  0.020000
    "#]]
    .assert_eq(&table);
}

/// Rates of every track by year at quality 0.8: sharing and loss rate with the standard met, then with the alternative only,
/// then with nothing, then with complete reporting in the first year.
#[test]
fn rates_follow_quality_and_era() {
    let mut table = String::new();
    for year in [2013, 2018, 2021, 2022, 2023] {
        let rules = rules_of(year);
        for &track in Track::ALL {
            if rules.two_sided(track).is_none() {
                continue;
            }
            write!(table, "{year} {:<3}", track.code()).expect("text");
            for (met, alternative, first) in
                [(true, false, false), (false, true, false), (false, false, false), (false, false, true)]
            {
                let mut facts = facts(year, track);
                facts.quality.met_standard = Some(met);
                facts.quality.met_alternative = Some(alternative);
                facts.quality.first_year_complete_reporting = Some(first);
                let settled = settle(&facts, &rules).expect("settles");
                let loss = settled.final_loss_rate.map_or("-".into(), |rate| format!("{rate:.3}"));
                write!(table, " | {:.3} {loss:>5}", settled.final_sharing_rate).expect("text");
            }
            table.push('\n');
        }
    }
    RATES.assert_eq(&table);
}

const RATES: Expect = expect![[r#"
    2013 T1  | 0.400     - | 0.000     - | 0.000     - | 0.500     -
    2013 T2  | 0.480 0.520 | 0.000 0.600 | 0.000 0.600 | 0.600 0.400
    2018 T1  | 0.400     - | 0.000     - | 0.000     - | 0.500     -
    2018 T1P | 0.400 0.300 | 0.000 0.300 | 0.000 0.300 | 0.500 0.300
    2018 T2  | 0.480 0.520 | 0.000 0.600 | 0.000 0.600 | 0.600 0.400
    2018 T3  | 0.600 0.400 | 0.000 0.750 | 0.000 0.750 | 0.750 0.400
    2021 T1  | 0.500     - | 0.000     - | 0.000     - | 0.000     -
    2021 T1P | 0.500 0.300 | 0.000 0.300 | 0.000 0.300 | 0.000 0.300
    2021 T2  | 0.600 0.520 | 0.000 0.600 | 0.000 0.600 | 0.000 0.600
    2021 T3  | 0.750 0.400 | 0.000 0.750 | 0.000 0.750 | 0.000 0.750
    2021 A   | 0.400     - | 0.000     - | 0.000     - | 0.000     -
    2021 B   | 0.400     - | 0.000     - | 0.000     - | 0.000     -
    2021 C   | 0.500 0.300 | 0.000 0.300 | 0.000 0.300 | 0.000 0.300
    2021 D   | 0.500 0.300 | 0.000 0.300 | 0.000 0.300 | 0.000 0.300
    2021 E   | 0.500 0.300 | 0.000 0.300 | 0.000 0.300 | 0.000 0.300
    2021 EN  | 0.750 0.400 | 0.000 0.750 | 0.000 0.750 | 0.000 0.750
    2022 A   | 0.400     - | 0.000     - | 0.000     - | 0.400     -
    2022 B   | 0.400     - | 0.000     - | 0.000     - | 0.400     -
    2022 C   | 0.500 0.300 | 0.000 0.300 | 0.000 0.300 | 0.500 0.300
    2022 D   | 0.500 0.300 | 0.000 0.300 | 0.000 0.300 | 0.500 0.300
    2022 E   | 0.500 0.300 | 0.000 0.300 | 0.000 0.300 | 0.500 0.300
    2022 EN  | 0.750 0.400 | 0.000 0.750 | 0.000 0.750 | 0.750 0.400
    2023 A   | 0.400     - | 0.320     - | 0.000     - | 0.400     -
    2023 B   | 0.400     - | 0.320     - | 0.000     - | 0.400     -
    2023 C   | 0.500 0.300 | 0.400 0.300 | 0.000 0.300 | 0.500 0.300
    2023 D   | 0.500 0.300 | 0.400 0.300 | 0.000 0.300 | 0.500 0.300
    2023 E   | 0.500 0.300 | 0.400 0.300 | 0.000 0.300 | 0.500 0.300
    2023 EN  | 0.750 0.400 | 0.600 0.400 | 0.000 0.750 | 0.750 0.400
"#]];

#[test]
fn a_missing_fact_names_its_rule() {
    let rules = rules_of(2023);
    let loss = Facts { expenditures: 11_000.0, ..facts(2023, Track::E) };
    let shown = |facts: Facts| settle(&facts, &rules).expect_err("refused").to_string();
    let mut no_quality = loss.clone();
    no_quality.quality.met_standard = None;
    let mut no_two_way = loss.clone();
    no_two_way.agreement_start = Date::new(2024, 1, 1).expect("a day");
    let rows = [
        shown(Facts { revenue: None, ..loss.clone() }),
        shown(no_quality),
        shown(no_two_way),
        shown(Facts { msr_choice: MsrChoice::Fixed(0.012), ..loss.clone() }),
        shown(Facts { msr_choice: MsrChoice::Fixed(0.01), track: Track::A, ..loss.clone() }),
        settle(&Facts { track: Track::T3, ..facts(2014, Track::A) }, &rules_of(2014)).expect_err("refused").to_string(),
        settle(&loss, &rules_of(2024)).expect_err("refused").to_string(),
    ];
    expect![[r#"
        `participant_revenue` is not given: rule `settle.loss_limit.revenue` (M.F.2) needs it
        `met_quality_standard` is not given: rule `settle.quality.era` (M.F.3) needs it
        `two_way_benchmark` is not given: rule `settle.guardrail` (M.E.5.2) needs it
        `msr_choice` is 0.012, which is none of [0.0, 0.005, 0.01, 0.015, 0.02]: rule `settle.msr.choices` (M.F.1.3) needs it
        `msr_choice` is 0.01, but track `A` has the variable rate only: rule `settle.msr.choices` (M.F.1.3) needs it
        `track` is `T3`, not open in 2014: rule `settle.sharing_rate.maximum` (M.F.2) needs it
        `performance_year` is 2023, but the rules are of 2024: rule `settle.sharing_rate.maximum` (M.F.2) needs it"#]].assert_eq(&rows.join("\n"));
}

/// M.F.1.6: equality meets the threshold, one cent less does not.
#[test]
fn the_corridor_ends_at_equality() {
    let rules = rules_of(2023);
    let outcome = |expenditures: f64, track: Track| {
        let facts = Facts { expenditures, ..facts(2023, track) };
        settle(&facts, &rules).expect("settles").outcome
    };
    // 10,000 heads: 3 percent of 100,000,000.00; one cent of the total is a ten-thousandth of a cent per person year.
    assert_eq!(outcome(9_700.0, Track::A), Outcome::Savings);
    assert_eq!(outcome(9_700.000_001, Track::A), Outcome::Inside);
    assert_eq!(outcome(10_300.0, Track::E), Outcome::Losses);
    assert_eq!(outcome(10_299.999_999, Track::E), Outcome::Inside);
    assert_eq!(outcome(10_300.0, Track::A), Outcome::OneSidedLosses);
}

#[test]
fn terminations() {
    let rules = rules_of(2023);
    let settled = |month, day, kind, expenditures| {
        let on = Date::new(2023, month, day).expect("a day");
        let facts = Facts { expenditures, termination: Some(Termination { on, kind }), ..facts(2023, Track::E) };
        settle(&facts, &rules).expect("settles")
    };
    use TerminationKind::{Cms, Voluntary};
    let mut table = String::from("day         kind       earned     taken_away   owed       not_owed\n");
    for (month, day, kind) in [(6, 30, Voluntary), (7, 1, Voluntary), (12, 31, Voluntary), (3, 15, Cms), (12, 31, Cms)]
    {
        let (savings, losses) = (settled(month, day, kind, 9_500.0), settled(month, day, kind, 10_500.0));
        writeln!(
            table,
            "2023-{month:02}-{day:02}  {:<9}  {:<9}  {:<11}  {:<9}  {}",
            kind.code(),
            savings.earned,
            savings.termination_impact,
            losses.earned,
            losses.termination_impact
        )
        .expect("text");
    }
    expect![[r#"
        day         kind       earned     taken_away   owed       not_owed
        2023-06-30  voluntary  0          2450000      0          1500000
        2023-07-01  voluntary  0          2450000      -875000    625000
        2023-12-31  voluntary  2450000    0            -1500000   0
        2023-03-15  cms        0          2450000      -375000    1125000
        2023-12-31  cms        0          2450000      -1500000   0
    "#]]
    .assert_eq(&table);
}

/// Of a half-year the months of the calendar year count, and the result is halved (M.F.8.2, M.F.5.8–9).
#[test]
fn terminations_in_half_years() {
    let owed = |rules: &SettleRules, period, start: [u32; 2], (month, day)| {
        let on = Date::new(2019, month, day).expect("a day");
        let facts = Facts {
            period,
            agreement_start: Date::new(2019, start[0], start[1]).expect("a day"),
            expenditures: 10_500.0,
            termination: Some(Termination { on, kind: TerminationKind::Cms }),
            ..facts(2019, Track::E)
        };
        settle(&facts, rules).expect("settles").earned
    };
    let rules = rules_of(2019);
    assert_eq!(owed(&rules, Period::H1, [1, 1], (3, 31)), -1_500_000.0 * 3.0 / 12.0 / 2.0);
    assert_eq!(owed(&rules, Period::H2, [7, 1], (9, 30)), -1_500_000.0 * 9.0 / 12.0 / 2.0);
    assert_eq!(owed(&rules, Period::H2, [7, 1], (12, 31)), -1_500_000.0 / 2.0); // as without a termination
    let mut of_the_half = toml::Table::new();
    of_the_half.insert("settle.termination.half_year_months".into(), "half_year".into());
    let rules = Rules::built_in().expect("rules").with_overrides(&of_the_half).expect("a choice");
    let rules = SettleRules::load(&rules, PerformanceYear(2019)).expect("rules of the year");
    assert_eq!(owed(&rules, Period::H1, [1, 1], (3, 31)), -1_500_000.0 * 3.0 / 6.0 / 2.0);
    assert_eq!(owed(&rules, Period::H2, [7, 1], (9, 30)), -1_500_000.0 * 3.0 / 6.0 / 2.0);
}

#[test]
fn cms_examples() {
    let Some(text) = oracles::text("spec/cms_examples.json") else { return };
    let document: serde_json::Value = serde_json::from_str(&text).expect("json");
    let mut seen = Vec::new();
    for example in document["examples"].as_array().expect("examples") {
        let (given, want) = (&example["inputs"], &example["expected"]);
        let number = |value: &serde_json::Value| value.as_f64().expect("a number");
        let id = example["id"].as_str().expect("an id");
        let total = |key: &str| number(&given[key]) / 10_000.0;
        match id {
            "msr_interpolation" => {
                let heads = given["head_count"].as_i64().expect("a count");
                let settled =
                    settle(&Facts { head_count: heads, ..facts(2022, Track::A) }, &rules_of(2022)).expect("settles");
                assert!((settled.msr - number(&want["msr"])).abs() < 1e-12);
            }
            "msr_table" => {
                let heads = given["head_counts"].as_array().expect("a list");
                for (heads, percent) in heads.iter().zip(want["msr_percent"].as_array().expect("a list")) {
                    let head_count = heads.as_i64().expect("a count");
                    let settled = settle(&Facts { head_count, ..facts(2022, Track::A) }, &rules_of(2022));
                    assert!((settled.expect("settles").msr * 100.0 - number(percent)).abs() < 1e-9, "{head_count}");
                }
            }
            "loss_limit_level_E" => {
                let updated_benchmark = total("total_updated_benchmark");
                let facts = Facts {
                    updated_benchmark,
                    expenditures: updated_benchmark * 1.5,
                    revenue: Some(number(&given["participants_revenue"])),
                    ..facts(2022, Track::E)
                };
                let limit = settle(&facts, &rules_of(2022)).expect("settles").loss_limit.expect("losses");
                assert_eq!(limit.round(), number(&want["applied"]));
                assert_eq!(limit.round(), number(&want["revenue_based"]));
                let rich = Facts { revenue: Some(1e12), ..facts };
                let of_benchmark = settle(&rich, &rules_of(2022)).expect("settles").loss_limit.expect("losses");
                assert_eq!(of_benchmark.round(), number(&want["benchmark_based"]));
            }
            "level_B_standard_met" | "level_B_alternative_only" => {
                let mut facts = Facts {
                    head_count: given["head_count"].as_i64().expect("a count"),
                    updated_benchmark: total("total_updated_benchmark"),
                    expenditures: total("total_expenditures"),
                    ..facts(2023, Track::B)
                };
                facts.quality = quality(given);
                let settled = settle(&facts, &rules_of(2023)).expect("settles");
                check(settled.earned, &want["earned"], id);
                check(settled.difference, &want["savings"], id);
                check(settled.msr * settled.total_benchmark, &want["msr_dollars"], id);
                check(settled.payment_limit.expect("savings"), &want["payment_limit"], id);
                check(settled.shared_savings_before_limit.expect("savings"), &want["after_sequestration"], id);
                assert!((settled.final_sharing_rate - number(&want["final_rate"])).abs() < 1e-12, "{id}");
            }
            "enhanced_loss_no_standard" | "enhanced_loss_alternative_only" => {
                let mut facts = Facts {
                    head_count: given["head_count"].as_i64().expect("a count"),
                    msr_choice: MsrChoice::Fixed(number(&given["mlr"])),
                    updated_benchmark: total("total_updated_benchmark"),
                    expenditures: total("total_expenditures"),
                    disaster: Some(Disaster {
                        share_of_year: number(&given["share_of_year_affected"]),
                        share_of_beneficiaries: number(&given["share_of_beneficiaries_affected"]),
                    }),
                    ..facts(2023, Track::En)
                };
                facts.quality = quality(given);
                let settled = settle(&facts, &rules_of(2023)).expect("settles");
                check(settled.difference, &want["losses"], id);
                check(settled.shared_losses_before_limit.expect("losses"), &want["shared_losses"], id);
                check(settled.loss_limit.expect("losses"), &want["loss_limit"], id);
                check(-settled.disaster_adjustment, &want["disaster_reduction"], id);
                check(-settled.earned, &want["owed"], id);
                assert!(
                    (settled.final_loss_rate.expect("two-sided") - number(&want["loss_rate"])).abs() < 1e-12,
                    "{id}"
                );
            }
            _ => continue,
        }
        seen.push(id.to_owned());
    }
    assert_eq!(seen.len(), 7, "all settlement examples were found: {seen:?}");

    fn quality(given: &serde_json::Value) -> Quality {
        Quality {
            score: given["health_equity_adjusted_score"].as_f64().map(|percent| percent / 100.0),
            met_standard: given["quality_standard_met"].as_bool(),
            met_alternative: given["alternative_met"].as_bool(),
            first_year_complete_reporting: Some(false),
        }
    }
    fn check(got: f64, want: &serde_json::Value, id: &str) {
        let want = want.as_f64().expect("an amount");
        assert_eq!(Cents::from_dollars(got), Cents::from_dollars(want), "{id}: {got} against {want}");
    }
}

/// Every settlement of the rates cases, from the benchmark that they expect.
#[test]
fn rates_cases() {
    let Some(expected) = oracles::text("data/rates_cases/expected.csv") else { return };
    let steps = oracles::rows("data/rates_cases/expected_steps.csv");
    let step: BTreeMap<(String, String), f64> = steps
        .iter()
        .filter(|row| matches!(row["name"].as_str(), "two_way_updated_benchmark" | "updated_benchmark"))
        .filter(|row| row["enrollment_type"].is_empty())
        .map(|row| ((key(row), row["name"].clone()), row["value"].parse().expect("a number")))
        .collect();
    let acos: Vec<Aco> = table("data/rates_cases/program/aco.csv");
    let heads: Vec<AcoHeads> = table("data/rates_cases/rates/aco_heads.csv");
    let county_heads: Vec<AcoCountyHeads> = table("data/rates_cases/rates/aco_county_heads.csv");
    let disasters: Vec<AffectedCounty> = table("data/rates_cases/program/disaster.csv");
    let rows = oracles::parse(&expected);
    assert_eq!(rows.len(), acos.len());
    let mut different = String::new();
    for row in &rows {
        let key = key(row);
        let number = |column: &str| row[column].parse::<f64>().ok();
        let aco =
            acos.iter().find(|aco| text_key(aco.performance_year, aco.period, &aco.aco_id) == key).expect("an ACO");
        let at_py = |year: PerformanceYear, period: Period, id: &AcoId, calendar: CalendarYear| {
            text_key(year, period, id) == key && calendar.0 == year.0
        };
        let heads =
            heads.iter().find(|h| at_py(h.performance_year, h.period, &h.aco_id, h.calendar_year)).expect("heads");
        let head_count = heads.head_count.expect("a head count");
        let affected = county_heads
            .iter()
            .filter(|h| at_py(h.performance_year, h.period, &h.aco_id, h.calendar_year))
            .filter_map(|h| {
                let hit =
                    disasters.iter().find(|d| d.performance_year == h.performance_year && d.county == h.county)?;
                Some((h.head_count, hit.months))
            });
        let guardrail = row["guardrail"] == "1";
        let named = |name: &str| step.get(&(key.clone(), name.to_owned())).copied();
        let used = number("updated_benchmark").expect("a number");
        let half = if aco.period == Period::Full { 1.0 } else { 2.0 };
        let person_years = half * number("total_benchmark").expect("a number") / used;
        let facts = Facts {
            performance_year: aco.performance_year,
            period: aco.period,
            track: aco.track,
            agreement_start: aco.agreement_start,
            track_year: aco.track_year,
            updated_benchmark: if guardrail { named("updated_benchmark").expect("a step") } else { used },
            two_way_benchmark: if guardrail { Some(used) } else { named("two_way_updated_benchmark") },
            expenditures: half * number("total_expenditure").expect("a number") / person_years,
            person_years,
            head_count,
            msr_choice: aco.msr_choice,
            quality: Quality {
                score: aco.quality_score,
                met_standard: aco.met_quality_standard.map(|flag| flag.0),
                met_alternative: aco.met_alternative_standard.map(|flag| flag.0),
                first_year_complete_reporting: aco.first_year_complete_reporting.map(|flag| flag.0),
            },
            revenue: aco.participant_revenue.map(|d| d.0.dollars()).or(heads.participant_revenue),
            revenue_category: aco.revenue_category,
            paid_amounts: None,
            revenue_loss_limit: aco.revenue_loss_limit.map(|flag| flag.0),
            disaster: Disaster::from_counties(affected, head_count),
            termination: aco.terminated_on.zip(aco.termination_kind).map(|(on, kind)| Termination { on, kind }),
            advance_balance: aco.advance_balance.map(|d| d.0.dollars()),
        };
        let settled = match settle(&facts, &rules_of(aco.performance_year.0)) {
            Ok(settled) => settled,
            Err(error) => {
                writeln!(different, "{key}: {error}").expect("text");
                continue;
            }
        };
        let flag = |flag: Option<bool>| flag.map(|flag| f64::from(u8::from(flag)));
        for (column, got, tolerance) in [
            ("msr", Some(settled.msr), 1e-11),
            ("mlr", settled.mlr, 1e-11),
            ("final_sharing_rate", Some(settled.final_sharing_rate), 1e-11),
            ("final_loss_rate", settled.final_loss_rate, 1e-11),
            ("savings_rate", Some(settled.savings_rate), 1e-10),
            ("total_benchmark", Some(settled.total_benchmark), 1e-4),
            ("generated", Some(settled.generated), 1e-3),
            ("earned", Some(settled.earned), 1e-3),
            ("disaster_adjustment", Some(settled.disaster_adjustment), 1e-3),
            ("recoupment", Some(settled.recoupment), 1e-3),
            ("guardrail", flag(settled.guardrail), 0.0),
        ] {
            let want = number(column);
            let equal = match (got, want) {
                (Some(got), Some(want)) => (got - want).abs() <= tolerance,
                (None, None) => true,
                _ => false,
            };
            if !equal {
                writeln!(different, "{key}: {column}: {got:?} against {want:?}").expect("text");
            }
        }
        for (column, got) in [("gross_savings_cents", settled.difference), ("earned_cents", settled.earned)] {
            let got = Cents::from_dollars(got).expect("finite").0;
            if row[column] != got.to_string() {
                writeln!(different, "{key}: {column}: {got} against {}", row[column]).expect("text");
            }
        }
    }
    assert_eq!(different, "");

    fn key(row: &BTreeMap<String, String>) -> String {
        format!("{} {} {}", row["performance_year"], row["period"], row["aco_id"])
    }
    fn text_key(year: PerformanceYear, period: Period, id: &AcoId) -> String {
        format!("{year} {period} {id}")
    }
    fn table<T: Table>(path: &str) -> Vec<T> {
        read_csv(oracles::text(path).expect("the cases are there").as_bytes(), path).expect("reads")
    }
}
