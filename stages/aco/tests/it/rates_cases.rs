//! The 120 invented ACO-years at the rates door: results as the cases' own `check.py` compares them, and the walk line by
//! line.

use crate::oracles;
use acoledger_aco::tables::{BenchmarkStep, SavingsLosses};
use acoledger_aco::{Outcome, run};
use acoledger_schemas::program::Program;
use acoledger_schemas::rates::Rates;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::table::{Table, read_csv};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::LazyLock;

pub(crate) const YEARS: [i32; 9] = [2014, 2016, 2018, 2019, 2021, 2022, 2023, 2024, 2025];

/// Rates and program rows of the cases, or `None` where the oracles are absent.
pub(crate) fn cases() -> Option<(Rates, Program)> {
    static CASES: LazyLock<Option<(Rates, Program)>> = LazyLock::new(read);
    CASES.clone()
}

fn read() -> Option<(Rates, Program)> {
    oracles::text("data/rates_cases/expected.csv")?;
    let rates = Rates {
        national: table("rates"),
        county: table("rates"),
        aco_year: table("rates"),
        aco_county: table("rates"),
        aco_heads: table("rates"),
        aco_county_heads: table("rates"),
    };
    let program = Program {
        aco: table("program"),
        aco_history: Some(table("program")),
        acpt: Some(table("program")),
        disaster: Some(table("program")),
        ..Program::default()
    };
    Some((rates, program))
}

fn table<T: Table>(folder: &str) -> Vec<T> {
    let path = format!("data/rates_cases/{folder}/{}.csv", T::SPEC.name);
    let text = oracles::text(&path).expect("the file is there");
    read_csv(text.as_bytes(), &path).unwrap_or_else(|problems| panic!("{problems}"))
}

fn outcome() -> Option<Outcome> {
    let (rates, program) = cases()?;
    let rules = Rules::built_in().expect("the shipped rules are sound");
    Some(run(&rates, &program, &rules, &YEARS).unwrap_or_else(|problems| panic!("{problems}")))
}

/// Column by column: how many were equal, how many different, and the first differences in words.
#[derive(Default)]
struct Comparison {
    equal: BTreeMap<String, usize>,
    different: BTreeMap<String, usize>,
    words: String,
}

impl Comparison {
    fn note(&mut self, column: &str, equal: bool, words: impl FnOnce() -> String) {
        let counts = if equal { &mut self.equal } else { &mut self.different };
        let count = counts.entry(column.into()).or_default();
        *count += 1;
        if !equal && *count <= 5 {
            writeln!(self.words, "{column}: {}", words()).expect("text");
        }
    }

    fn finish(self, what: &str) {
        let equal: usize = self.equal.values().sum();
        let different: usize = self.different.values().sum();
        println!("{what}: {equal} equal, {different} different");
        assert!(equal > 0, "nothing was compared");
        assert_eq!(different, 0, "{:?}\n{}", self.different, self.words);
    }
}

type Key = (String, String, String);

fn key_of(row: &BTreeMap<String, String>) -> Key {
    (row["performance_year"].clone(), row["period"].clone(), row["aco_id"].clone())
}

/// Published column, expected column, factor, decimals printed.
const COLUMNS: [(&str, &str, f64, i32); 13] = [
    ("HistBnchmk", "hist_benchmark", 1.0, 0),
    ("UpdatedBnchmk", "updated_benchmark", 1.0, 0),
    ("ABtotBnchmk", "total_benchmark", 1.0, 0),
    ("ABtotExp", "total_expenditure", 1.0, 0),
    ("BnchmkMinExp", "benchmark_minus_expenditure", 1.0, 0),
    ("Sav_rate", "savings_rate", 100.0, 2),
    ("MinSavPerc", "msr", 100.0, 2),
    ("GenSaveLoss", "generated", 1.0, 0),
    ("FinalShareRate", "final_sharing_rate", 100.0, 2),
    ("FinalLossRate", "final_loss_rate", 100.0, 2),
    ("EarnSaveLoss", "earned", 1.0, 0),
    ("DisAdj", "disaster_adjustment", 1.0, 0),
    ("AIPRecoup", "recoupment", 1.0, 0),
];

#[test]
fn results_are_those_expected() {
    let Some(outcome) = outcome() else { return };
    let columns = SavingsLosses::SPEC.columns;
    let got: BTreeMap<Key, BTreeMap<&str, String>> = outcome
        .savings_losses
        .iter()
        .map(|row| {
            let cells = columns.iter().enumerate().map(|(i, column)| (column.name, row.cell(i).to_string())).collect();
            ((row.performance_year.to_string(), row.period.to_string(), row.aco_id.to_string()), cells)
        })
        .collect();
    let expected = oracles::rows("data/rates_cases/expected.csv");
    assert_eq!(got.len(), expected.len());
    let mut comparison = Comparison::default();
    for want in &expected {
        let key = key_of(want);
        let row = &got[&key];
        for (column, name, factor, decimals) in COLUMNS {
            let (text, want) = (&row[column], &want[name]);
            let blank_for_zero = matches!(column, "DisAdj" | "AIPRecoup");
            let equal = match (text.parse::<f64>(), want.parse::<f64>()) {
                (Ok(got), Ok(want)) => (got - want * factor).abs() <= 0.5 * 10f64.powi(-decimals) + 1e-6,
                (Err(_), Err(_)) => true,
                (Err(_), Ok(want)) => blank_for_zero && want == 0.0,
                (Ok(_), Err(_)) => false,
            };
            comparison.note(column, equal, || format!("{key:?}: {text:?} against {want:?}"));
        }
        for column in ["gross_savings_cents", "earned_cents", "rulebook"] {
            comparison
                .note(column, row[column] == want[column], || format!("{key:?}: {} {}", row[column], want[column]));
        }
        comparison.note("Guardrail", row["Guardrail"] == want["guardrail"], || format!("{key:?}"));
        for column in ["msr", "mlr"] {
            let equal = match (row[column].parse::<f64>(), want[column].parse::<f64>()) {
                (Ok(got), Ok(want)) => (got - want).abs() <= 1e-7,
                (got, want) => got.is_err() && want.is_err(),
            };
            comparison.note(column, equal, || format!("{key:?}: {} against {}", row[column], want[column]));
        }
    }
    comparison.finish("rates cases, results");
}

/// Values of the file carry four decimals from 100 on, eight below.
fn equal_as_printed(got: f64, want: f64) -> bool {
    let digit = if want.abs() >= 100.0 { 1e-4 } else { 1e-8 };
    (got - want).abs() <= 0.5 * digit + 1e-9 * want.abs().max(1.0)
}

#[test]
fn the_walk_is_the_one_expected_line_by_line() {
    let Some(outcome) = outcome() else { return };
    let name = |step: &BenchmarkStep| {
        let kind = step.enrollment_type.map_or(String::new(), |kind| kind.to_string());
        (kind, step.rule.clone(), step.step.clone())
    };
    let mut walks: BTreeMap<Key, Vec<&BenchmarkStep>> = BTreeMap::new();
    for step in &outcome.benchmark {
        let key = (step.performance_year.to_string(), step.period.to_string(), step.aco_id.to_string());
        walks.entry(key).or_default().push(step);
    }
    let expected = oracles::rows("data/rates_cases/expected_steps.csv");
    let mut wanted: BTreeMap<Key, Vec<&BTreeMap<String, String>>> = BTreeMap::new();
    for row in &expected {
        wanted.entry(key_of(row)).or_default().push(row);
    }
    let mut comparison = Comparison::default();
    for (key, wanted) in &wanted {
        // Our walk holds steps between those of the file; what is in the file must come in its order.
        let mut walk = walks[key].iter();
        for want in wanted {
            let named = (want["enrollment_type"].clone(), want["rule"].clone(), want["name"].clone());
            let column = format!("{} {}", named.1, named.2);
            match walk.find(|step| name(step) == named) {
                None => comparison.note(&column, false, || format!("{key:?} {}: absent or out of order", named.0)),
                Some(step) => {
                    let value: f64 = want["value"].parse().expect("a number");
                    let words = || format!("{key:?} {}: {} against {value} ({})", named.0, step.value, step.inputs);
                    comparison.note(&column, equal_as_printed(step.value, value), words);
                }
            }
        }
        // A step of the file's kinds that the file lacks would be one step too many.
        let kinds: Vec<_> = expected.iter().map(|row| (&row["rule"], &row["name"])).collect();
        for step in walks[key].iter().filter(|step| kinds.contains(&(&step.rule, &step.step))) {
            let (kind, rule, step_name) = name(step);
            let listed = wanted
                .iter()
                .any(|want| want["enrollment_type"] == kind && want["rule"] == rule && want["name"] == step_name);
            if !listed {
                comparison.note("(one too many)", false, || format!("{key:?} {kind} {rule} {step_name}"));
            }
        }
    }
    assert_eq!(walks.len(), wanted.len());
    comparison.finish("rates cases, walk");
}
