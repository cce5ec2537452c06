//! The four worked examples: their inputs as rates and program rows, one run, and every number that they print, at its
//! decimals. The panel of beneficiaries at the head of the first goes through the program: pipeline/tests/it/worked_panel.rs.

use crate::oracles;
use crate::worked_inputs::{acos, number};
use acoledger_aco::settle::{self, Disaster, Facts, Quality, SettleRules, Settlement, Termination};
use acoledger_aco::tables::SavingsLosses;
use acoledger_aco::{Outcome, run};
use acoledger_schemas::program::{Acpt, Program};
use acoledger_schemas::rates::Rates;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::values::*;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a case printed, or what we have in its place.
#[derive(Debug, PartialEq)]
enum Said {
    Number(f64),
    Text(String),
}

#[test]
fn every_printed_number_is_met() {
    let Some(text) = oracles::text("spec/worked_example.json") else { return };
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let cases = document["cases"].as_array().expect("cases");
    let (rates, program, rules) = acos(cases);
    let years = [2016, 2022, 2023, 2025];
    let outcome = run(&rates, &program, &rules, &years).unwrap_or_else(|problems| panic!("{problems}"));
    crate::expected::terms_sum(&outcome);
    let (mut equal, mut left_out) = (0, 0);
    let mut different = String::new();
    for case in cases {
        let worked = Worked::new(case, &outcome, &rates, &program, &rules);
        for step in case["steps"].as_array().expect("steps") {
            if step["rule"] == "B.3" {
                left_out += 1; // beneficiaries: pipeline/tests/it/worked_panel.rs, from raw claims
                continue;
            }
            let name = step["name"].as_str().expect("a name");
            let kind: Option<EnrollmentType> = step["type"].as_str().map(|kind| kind.parse().expect("a type"));
            let got = worked.said(step["rule"].as_str().expect("a rule"), name, kind);
            let want = step["value"].as_str().expect("a value");
            if matches(&got, want, step["decimals"].as_i64()) {
                equal += 1;
            } else {
                different.push_str(&format!("{} {name} {kind:?}: {got:?} against {want}\n", worked.id));
            }
        }
    }
    println!("worked examples: {equal} equal, {} different, {left_out} of the panel apart", different.lines().count());
    assert!(different.is_empty(), "{different}");
    assert_eq!(equal + left_out, 725);
}

fn matches(got: &Said, want: &str, decimals: Option<i64>) -> bool {
    match (got, decimals) {
        (Said::Text(got), None) => got == want,
        (Said::Number(got), Some(decimals)) => {
            let want: f64 = want.parse().expect("a number");
            // The printed value is rounded half-up; ours may sit on the other side of a half by the last bits of a float.
            (got - want).abs() <= 0.5 * 10f64.powi(-(decimals as i32)) + 1e-9 * want.abs().max(1.0)
        }
        _ => false,
    }
}

/// One case after the run.
struct Worked<'w> {
    id: String,
    inputs: &'w Value,
    years: BTreeMap<&'static str, i32>,
    row: &'w SavingsLosses,
    walk: BTreeMap<(Option<EnrollmentType>, String), f64>,
    rates: &'w Rates,
    program: &'w Program,
    rules: &'w Rules,
}

impl<'w> Worked<'w> {
    fn new(case: &'w Value, outcome: &'w Outcome, rates: &'w Rates, program: &'w Program, rules: &'w Rules) -> Self {
        let id = case["id"].as_str().expect("an id").to_owned();
        let row = outcome.savings_losses.iter().find(|row| row.aco_id.as_str() == id).expect("a row");
        let aco = program.aco.iter().find(|aco| aco.aco_id == row.aco_id).expect("an ACO");
        let walk = outcome.benchmark.iter().filter(|step| step.aco_id == row.aco_id);
        let walk =
            walk.map(|step| ((step.enrollment_type, format!("{} {}", step.rule, step.step)), step.value)).collect();
        let start = aco.agreement_start.year();
        let years = [("BY1", start - 3), ("BY2", start - 2), ("BY3", start - 1), ("PY", aco.performance_year.0)].into();
        Worked { id, inputs: &case["inputs"], years, row, walk, rates, program, rules }
    }

    fn walk(&self, kind: Option<EnrollmentType>, step: &str) -> f64 {
        let found = self.walk.get(&(kind, step.to_owned()));
        *found.unwrap_or_else(|| panic!("{}: no step `{step}` {kind:?}", self.id))
    }

    /// What we say to a printed step.
    fn said(&self, rule: &str, name: &str, kind: Option<EnrollmentType>) -> Said {
        if rule == "branches" || rule == "E.5" {
            return self.branch(name);
        }
        if let Some(step) = self.step_of(rule, name) {
            return Said::Number(self.walk(kind, &step));
        }
        self.beside_the_walk(name, kind)
    }

    /// The step of the walk that a printed name stands for.
    fn step_of(&self, rule: &str, name: &str) -> Option<String> {
        let name = name.split(" (").next().expect("a name");
        let year = |prefix: &str| name.strip_prefix(prefix).map(|rest| rest.trim_end_matches("->BY3"));
        if let Some(year) = year("regional per capita ") {
            return Some(format!("D.1.4 regional_per_capita_{}", self.years[year]));
        }
        for (prefix, step) in [
            ("trend ", "D.1.8 trend_factor"),
            ("risk ratio BY", "C.2 risk_ratio_BY"),
            ("trended risk-adjusted ", "D.1.9 trended"),
            ("national growth BY", "D.1.8 national_trend_BY"),
            ("regional growth BY", "D.1.8 regional_trend_BY"),
        ] {
            if let Some(year) = year(prefix).filter(|_| rule.starts_with("D.")) {
                let dash = if step.ends_with("BY") { "" } else { "_" };
                return Some(format!("{step}{dash}{year}"));
            }
        }
        let step = match (rule, name) {
            (_, "national weight BY3") => "D.1.7 market_share_BY3",
            (_, "national weight PY") => "E.1.1 market_share_PY",
            (_, "benchmark before adjustment HB0") => "D.1.10 benchmark_before_adjustment",
            (_, "regional difference") => "D.2.1 regional_difference",
            (_, "net difference") => "D.2.2 net",
            (_, "weight applied") => "D.2.3 regional_weight",
            (_, "5% cap") => "D.2.4 regional_limit_up",
            (_, "dual share BY3") => "D.2.5 dual_share",
            (_, "weighted mean HCC BY3") => "D.2.5 H",
            (_, "offset factor") => "D.2.5 offset_factor",
            (_, "regional adjustment") => "D.2.4 regional_adjustment",
            (_, "regional adjustment, single value") => "D.2.6 regional_adjustment_single",
            (_, "mean prior per capita savings") => "D.3.1 prior_savings_average",
            (_, "proration factor") => "D.3.3 proration",
            (_, "national per capita BY3, single value at the ACO's mix") => "D.3.4 national_single",
            (_, "prior savings adjustment") => "D.3.2 prior_savings_adjustment",
            (_, "population adjustment scaler") => "D.3.5 scaler",
            (_, "population adjustment") => "D.3.5 population_adjustment",
            (_, "benchmark after adjustment HB" | "historical benchmark HB") => "D.1.11 historical_benchmark",
            (_, "HistBnchmk") => "D.1.12 historical_benchmark",
            (_, "newly assigned: HCC ratio") => "C.5 ratio_newly",
            (_, "continuously assigned: HCC ratio") => "C.5 hcc_ratio_continuously",
            (_, "continuously assigned: demographic ratio") => "C.5 demographic_ratio_continuously",
            (_, "continuously assigned: ratio used") => "C.5 ratio_continuously",
            ("C.5", "risk ratio applied") => "C.5 risk_ratio_PY",
            ("C.3", "risk ratio applied") => "C.3 risk_ratio_PY",
            ("C.4", "risk ratio applied") => "C.4.4 risk_ratio_PY",
            ("C.3", "HCC ratio before cap") => "C.3 hcc_ratio",
            ("C.4", "HCC ratio before cap") => "C.4.2 hcc_ratio",
            (_, "demographic ratio") => "C.4.2 demographic_ratio",
            (_, "RR_weight") => "C.4.1 RR_weight",
            (_, "aggregate HCC growth") => "C.4.2 G_hcc",
            (_, "aggregate demographic growth") => "C.4.2 G_dem",
            (_, "cap") => "C.4.3 risk_cap",
            (_, "risk-adjusted benchmark") => "E.1 risk_adjusted_benchmark",
            (_, "regional HCC growth") => "E.3.2 regional_hcc_growth",
            (_, "regional demographic growth") => "E.3.2 regional_demographic_growth",
            (_, "aggregate regional HCC growth") => "E.3.2 G",
            (_, "aggregate regional demographic growth") => "E.3.2 D",
            (_, "aggregate market share") => "E.3.3 MS",
            (_, "regional risk score growth cap") => "E.3.3 regional_cap",
            (_, "regional cap factor") => "E.3.4 regional_risk_cap_factor",
            ("E.1", "national growth" | "national growth BY3->PY") => "E.1 national_growth_PY",
            ("E.1", "regional growth x factor" | "regional growth BY3->PY") => "E.1 regional_growth_PY",
            (_, "national growth in dollars BY3->PY") => "E.1 flat_dollar_growth",
            (_, "two-way blend") => "E.1 two_way_blend",
            (_, "ACPT, relative") => "E.4 acpt",
            (_, "three-way blend") => "E.1 three_way_blend",
            (_, "updated benchmark") => "E.1 updated_benchmark",
            ("E.2", "person years PY") => "E.2.1 person_years",
            (_, "UpdatedBnchmk") => "E.2.1 updated_benchmark",
            (_, "Per_Capita_Exp_TOTAL_PY") => "B.3.6 per_capita_expenditure",
            (_, "ABtotBnchmk") => "E.2.1 total_benchmark",
            (_, "ABtotExp") => "F.5.2 total_expenditures",
            (_, "BnchmkMinExp") => "F.5.3 gross_savings",
            (_, "final rate" | "loss rate") => "F.5.6 final_rate",
            (_, "payment limit") => "F.2 payment_limit",
            (_, "loss limit") => "F.2 loss_limit",
            (_, "shared losses before limit") => "F.5.8 shared_losses_before_limit",
            (_, "share of months affected M") => "F.7.2 M",
            (_, "share of beneficiaries affected B") => "F.7.2 B",
            (_, "EarnSaveLoss") => "F.5.9 earned",
            _ => return None,
        };
        Some(step.into())
    }

    /// Printed steps that are a product of two of ours, an input, or a word.
    fn beside_the_walk(&self, name: &str, kind: Option<EnrollmentType>) -> Said {
        let whole = |step| self.walk(None, step);
        let words: Vec<&str> = name.split(' ').collect();
        let number = match words[..] {
            ["person", "years", year] => self.person_years(year, kind.expect("a type")),
            ["county", "weight", year, county] => self.county_weight(year, county, kind.expect("a type")),
            ["Sav_rate"] => 100.0 * whole("F.5.3 gross_savings") / whole("E.2.1 total_benchmark"),
            ["MSR", "percent"] => 100.0 * whole("F.1 msr"),
            ["MSR" | "MLR", "dollars"] => whole("F.1 msr") * whole("E.2.1 total_benchmark"),
            ["before", "sequestration"] => whole("F.5.3 gross_savings") * whole("F.5.6 final_rate"),
            ["shared", "losses", "after", ..] => self.settle(|facts| facts.disaster = None).earned,
            ["DisAdj", ..] => self.settle(|_| ()).disaster_adjustment,
            _ => return self.word(name),
        };
        Said::Number(number)
    }

    fn word(&self, name: &str) -> Said {
        let row = self.row;
        Said::Text(match name {
            "adjustment applied" => row.final_adj_cat.trim_end_matches(" Adjustment").to_lowercase(),
            "guardrail used" => if row.guardrail == Some(Flag(true)) { "True" } else { "False" }.into(),
            "outcome" => row.outcome.clone(),
            "low revenue (test on ABtotExp, illustration)" => {
                if row.rev_exp_cat.as_deref() == Some("Low Revenue") { "True" } else { "False" }.into()
            }
            _ => panic!("{}: a step that nothing stands for: {name}", self.id),
        })
    }

    fn person_years(&self, year: &str, kind: EnrollmentType) -> f64 {
        let year = CalendarYear(self.years[year]);
        let row = self.rates.aco_year.iter().find(|row| {
            row.aco_id == self.row.aco_id
                && row.calendar_year == year
                && row.enrollment_type == kind
                && row.cohort == Cohort::All
        });
        row.and_then(|row| row.person_years).expect("person years")
    }

    fn county_weight(&self, year: &str, county: &str, kind: EnrollmentType) -> f64 {
        let year = CalendarYear(self.years[year]);
        let rows =
            self.rates.aco_county.iter().filter(|row| {
                row.aco_id == self.row.aco_id && row.calendar_year == year && row.enrollment_type == kind
            });
        let rows: Vec<_> = rows.collect();
        let known =
            acoledger_aco::benchmark::CountyFigures { per_capita: 1.0, person_years: 1.0, hcc: 1.0, demographic: None };
        let cells: Vec<_> = rows
            .iter()
            .map(|row| acoledger_aco::benchmark::CountyCell {
                assigned: row.person_years,
                known: Some(known),
                own: None,
            })
            .collect();
        let weights = acoledger_aco::benchmark::region::county_weights(&cells);
        let found = rows.iter().zip(weights).find(|(row, _)| row.county.as_str() == county);
        found.and_then(|(_, weight)| weight).unwrap_or(0.0)
    }

    /// The facts of the run, for "same benchmark, other facts".
    fn facts(&self) -> Facts {
        let aco = self.program.aco.iter().find(|aco| aco.aco_id == self.row.aco_id).expect("an ACO");
        let disaster = self.inputs.get("euc").filter(|euc| !euc.is_null()).map(|_| Disaster {
            share_of_year: self.walk(None, "F.7.2 M"),
            share_of_beneficiaries: self.walk(None, "F.7.2 B"),
        });
        Facts {
            performance_year: aco.performance_year,
            period: aco.period,
            track: aco.track,
            agreement_start: aco.agreement_start,
            track_year: aco.track_year,
            updated_benchmark: self.walk(None, "E.2.1 updated_benchmark"),
            two_way_benchmark: self.row.two_way_benchmark,
            expenditures: self.walk(None, "B.3.6 per_capita_expenditure"),
            person_years: self.row.person_years,
            head_count: self.row.n_ab,
            msr_choice: aco.msr_choice,
            quality: Quality {
                score: aco.quality_score,
                met_standard: aco.met_quality_standard.map(|flag| flag.0),
                met_alternative: aco.met_alternative_standard.map(|flag| flag.0),
                first_year_complete_reporting: aco.first_year_complete_reporting.map(|flag| flag.0),
            },
            revenue: aco.participant_revenue.map(|revenue| revenue.0.dollars()),
            revenue_category: aco.revenue_category,
            paid_amounts: None,
            revenue_loss_limit: None,
            disaster,
            termination: None,
            advance_balance: None,
        }
    }

    fn settle(&self, change: impl FnOnce(&mut Facts)) -> Settlement {
        let mut facts = self.facts();
        change(&mut facts);
        let rules = SettleRules::load(self.rules, facts.performance_year).expect("rules of the year");
        settle::settle(&facts, &rules).unwrap_or_else(|error| panic!("{}: {error}", self.id))
    }

    /// Settles with expenditures of a multiple of the benchmark, less some dollars in total.
    fn at(&self, multiple: f64, more: f64, change: impl FnOnce(&mut Facts)) -> Settlement {
        self.settle(|facts| {
            facts.expenditures = facts.updated_benchmark * multiple + more / facts.person_years;
            change(facts);
        })
    }

    /// "Same benchmark, other facts", and the guardrail illustrated.
    fn branch(&self, name: &str) -> Said {
        let msr = self.walk(None, "F.1 msr");
        let quality = |met, alternative| {
            move |facts: &mut Facts| {
                facts.quality.met_standard = Some(met);
                facts.quality.met_alternative = Some(alternative);
            }
        };
        let settled = match name {
            "standard missed, alternative met: payment" => self.settle(quality(false, true)),
            "savings at half the MSR, low revenue: rate" | "savings at half the MSR, low revenue: payment" => {
                self.at(1.0 - msr / 2.0, 0.0, |facts| facts.revenue_category = Some(RevenueCategory::Low))
            }
            "expenditures 6% above benchmark, Level E: owed" => self.without_guardrail(1.06, |_| ()),
            "same in ENHANCED: rate" | "same in ENHANCED: owed" => {
                self.without_guardrail(1.06, |facts| facts.track = Track::En)
            }
            "Level E loss, 2 months of disaster over 55% of beneficiaries: owed" => {
                let disaster = Disaster { share_of_year: 2.0 / 12.0, share_of_beneficiaries: 0.55 };
                self.without_guardrail(1.06, |facts| facts.disaster = Some(disaster))
            }
            "total benchmark, three-way" => self.settle(|_| ()),
            "total benchmark, two-way only" => {
                self.settle(|facts| facts.updated_benchmark = facts.two_way_benchmark.expect("a two-way benchmark"))
            }
            "total benchmark, three-way with ACPT = 1" => self.with_acpt_of_one(1.0, None),
            "expenditures 5% above, variable MLR" | "expenditures 5% above, variable MLR: settlement" => {
                self.with_acpt_of_one(1.05, None)
            }
            "expenditures 3% above, variable MLR" | "expenditures 3% above, variable MLR: settlement" => {
                self.with_acpt_of_one(1.03, None)
            }
            "expenditures 0.5% above, MLR 0" | "expenditures 0.5% above, MLR 0: settlement" => {
                self.with_acpt_of_one(1.005, Some(0.0))
            }
            _ if name.starts_with("savings exactly at the MSR") => self.at(1.0 - msr, 0.0, |_| ()),
            _ if name.starts_with("one cent short of the MSR") => self.at(1.0 - msr, 0.01, |_| ()),
            _ if name.starts_with("one cent short of the MLR") => self.at(1.0 + msr, -0.01, |_| ()),
            _ if name.starts_with("quality standard missed (PY2022") => self.settle(quality(false, false)),
            _ if name.starts_with("minimum attainment missed") => self.settle(quality(false, false)),
            _ if name.starts_with("no quality reported") => self.settle(quality(false, false)),
            _ if name.starts_with("quality 0.95") => self.settle(|facts| facts.quality.score = Some(0.95)),
            _ if name.starts_with("terminated by CMS in September") => {
                let on = Date::new(2023, 9, 30).expect("a day");
                self.settle(|facts| facts.termination = Some(Termination { on, kind: TerminationKind::Cms }))
            }
            _ if name.starts_with("savings of 2%") => self.at(0.98, 0.0, |_| ()),
            _ if name.starts_with("savings of 30%, quality 100%") => {
                self.at(0.70, 0.0, |facts| facts.quality.score = Some(1.0))
            }
            _ if name.starts_with("expenditures 8% above") => self.at(1.08, 0.0, |_| ()),
            _ if name.starts_with("expenditures 35% above") => self.at(1.35, 0.0, |_| ()),
            _ if name.starts_with("expenditures 30% below") => self.at(0.70, 0.0, |_| ()),
            _ if name.starts_with("expenditures 4% below") => self.at(0.96, 0.0, quality(false, true)),
            _ => panic!("{}: a branch that nothing stands for: {name}", self.id),
        };
        said_of(name, &settled)
    }

    /// The examples settle these losses on the three-way benchmark as it stands.
    fn without_guardrail(&self, multiple: f64, change: impl FnOnce(&mut Facts)) -> Settlement {
        self.at(multiple, 0.0, |facts| {
            facts.two_way_benchmark = Some(0.0); // a recomputed benchmark that is no better changes nothing (M.E.5.5)
            change(facts);
        })
    }

    /// The ACO run again with a prospective trend of 1, then settled at a multiple of that benchmark.
    fn with_acpt_of_one(&self, multiple: f64, msr: Option<f64>) -> Settlement {
        let mut program = self.program.clone();
        let aco = program.aco.iter().find(|aco| aco.aco_id == self.row.aco_id).expect("an ACO").clone();
        program.acpt = Some(
            EnrollmentType::ALL
                .map(|enrollment_type| Acpt {
                    performance_year: aco.performance_year,
                    agreement_start: aco.agreement_start,
                    aco_id: None,
                    enrollment_type,
                    factor: 1.0,
                })
                .into(),
        );
        let outcome = run(self.rates, &program, self.rules, &[aco.performance_year.0]);
        let outcome = outcome.unwrap_or_else(|problems| panic!("{problems}"));
        let step = outcome.benchmark.iter().find(|step| step.rule == "E.2.1" && step.step == "updated_benchmark");
        let benchmark = step.expect("an updated benchmark").value;
        self.settle(|facts| {
            facts.updated_benchmark = benchmark;
            facts.expenditures = benchmark * multiple;
            if let Some(rate) = msr {
                facts.msr_choice = MsrChoice::Fixed(rate);
            }
        })
    }
}

/// What a settlement says to a printed name, by the name's last word.
fn said_of(name: &str, settled: &Settlement) -> Said {
    let last = name.rsplit(": ").next().expect("a name");
    if name.starts_with("total benchmark") {
        return Said::Number(settled.total_benchmark);
    }
    if name.starts_with("expenditures") && last.contains("MLR") {
        let words = match (settled.outcome, settled.guardrail) {
            (settle::Outcome::Neither, _) => "neither",
            (_, Some(true)) => "two-way benchmark used",
            _ => "three-way stands",
        };
        return Said::Text(words.into());
    }
    match last.split(' ').next().expect("a word") {
        "outcome" => Said::Text(outcome_in_words(name, settled).into()),
        "rate" if settled.earned < 0.0 => Said::Number(settled.final_loss_rate.expect("a two-sided ACO")),
        "rate" => Said::Number(settled.final_sharing_rate),
        "payment" | "owed" | "settlement" => Said::Number(settled.earned),
        _ => panic!("a printed name that ends with no known word: {name}"),
    }
}

fn outcome_in_words(name: &str, settled: &Settlement) -> &'static str {
    match settled.outcome {
        settle::Outcome::Savings => "savings",
        settle::Outcome::Losses => "losses",
        settle::Outcome::OneSidedLosses => "no settlement",
        settle::Outcome::Inside if name.contains("MLR") => "inside MLR",
        settle::Outcome::Inside => "inside MSR",
        settle::Outcome::Neither => "guardrail: neither",
    }
}

#[test]
fn the_reader_of_numbers_reads_text() {
    assert_eq!(number(&Value::from("12.50")), 12.5);
}
