//! Published results files, replayed.

use crate::oracles;
use acoledger_aco::replay::*;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::table::{Problems, write_csv};
use expect_test::{expect, expect_file};
use std::collections::BTreeSet;
use std::fmt::Write;

pub(crate) const MSSP: [&str; 9] = [
    "mssp_results_py2013.csv",
    "mssp_results_py2014.csv",
    "mssp_results_py2015.csv",
    "mssp_results_py2017.csv",
    "mssp_results_py2018.csv",
    "mssp_results_py2019.csv",
    "mssp_results_py2021.csv",
    "mssp_results_py2023.csv",
    "mssp_results_py2024.csv",
];
pub(crate) const REACH: [&str; 2] = ["reach_results_py2021.csv", "reach_results_py2023.csv"];

pub(crate) fn published(file: &str) -> Option<Grid> {
    oracles::text(&format!("data/published/{file}")).map(|text| Grid::parse(&text))
}

pub(crate) fn run(text: &str, year: Option<i32>) -> Result<Replay, Problems> {
    replay(text.as_bytes(), "results.csv", year, &Rules::built_in().expect("rules"))
}

/// A results file as cells, to be changed and written again.
#[derive(Clone)]
pub(crate) struct Grid {
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Grid {
    pub(crate) fn parse(text: &str) -> Grid {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        let mut rows: Vec<Vec<String>> =
            reader.records().map(|row| row.expect("a row").iter().map(String::from).collect()).collect();
        let header = rows.remove(0);
        Grid { header, rows }
    }

    pub(crate) fn text(&self) -> String {
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        writer.write_record(&self.header).expect("text");
        for row in &self.rows {
            writer.write_record(row).expect("text");
        }
        String::from_utf8(writer.into_inner().expect("text")).expect("text")
    }

    pub(crate) fn replay(&self) -> Replay {
        run(&self.text(), None).unwrap_or_else(|problems| panic!("{problems}"))
    }

    /// Position of the first column with one of these names, whatever its case.
    pub(crate) fn find(&self, names: &[&str]) -> Option<usize> {
        self.header.iter().position(|header| names.iter().any(|name| header.eq_ignore_ascii_case(name)))
    }

    pub(crate) fn at(&self, name: &str) -> usize {
        self.find(&[name]).unwrap_or_else(|| panic!("no column {name}"))
    }

    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        let at = self.at(from);
        self.header[at] = to.into();
    }

    pub(crate) fn remove(&mut self, name: &str) {
        let at = self.at(name);
        self.header.remove(at);
        self.rows.iter_mut().for_each(|row| {
            row.remove(at);
        });
    }

    /// Keeps the rows for which a column's number passes.
    pub(crate) fn keep(&mut self, name: &str, passes: impl Fn(f64) -> bool) {
        let at = self.at(name);
        self.rows.retain(|row| passes(number(&row[at]).map_or(0.0, |(value, _)| value)));
    }
}

/// A printed number and its decimals.
pub(crate) fn number(text: &str) -> Option<(f64, usize)> {
    let plain = text.replace(['$', ',', '%'], "");
    let decimals = plain.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    plain.parse().ok().map(|value| (value, decimals))
}

pub(crate) fn unexplained(replay: &Replay) -> BTreeSet<String> {
    let bad = replay.rows.iter().filter(|row| row.verdict() == Verdict::Unexplained);
    bad.map(|row| row.aco_id.clone()).collect()
}

/// What does not replay, in words.
pub(crate) fn trouble(replay: &Replay) -> String {
    let mut text = String::new();
    for row in &replay.rows {
        for comparison in row.comparisons.iter().filter(|comparison| comparison.verdict == Verdict::Unexplained) {
            let Comparison { identity, ours, theirs, tolerance, .. } = comparison;
            let year = row.performance_year;
            writeln!(text, "{year} {} {identity}: {ours:?} {theirs:?} {tolerance:?}", row.aco_id).expect("text");
        }
    }
    text
}

/// Counts by file and identity, as they were when this version was made.
#[test]
fn counts_of_the_published_files() {
    let mut table = String::new();
    for file in MSSP.into_iter().chain(REACH) {
        let Some(grid) = published(file) else { return };
        let replay = grid.replay();
        assert_eq!(trouble(&replay), "", "{file}");
        let summary = replay.summary();
        let Summary { program, performance_year, rows, matched, explained, unexplained, .. } = &summary;
        assert_eq!(*rows, matched + explained + unexplained);
        let year = performance_year[0];
        writeln!(
            table,
            "{program} {year}: {rows} rows, {matched} matched, {explained} explained, {unexplained} unexplained"
        )
        .expect("text");
        for identity in &summary.identities {
            let IdentityCounts { name, matched, explained, unexplained, reasons } = identity;
            let reasons: Vec<String> = reasons.iter().map(|(reason, count)| format!("  {reason} {count}")).collect();
            writeln!(table, "  {name:<29} {matched:>4} {explained:>4} {unexplained:>4}{}", reasons.concat())
                .expect("text");
        }
    }
    expect_file!["replay_counts.txt"].assert_eq(&table);
}

#[test]
fn a_summary_is_one_object() {
    let text = "aco_id,perf_year,first_part_year,risk_arrangement,stop_loss,discount,retention_withhold,sav_rate,\
        final_benchmark,unadj_benchmark,tot_cost_care,tot_cost_care_net,gross_savings,shared_savings,\
        shared_savings_seq,cap_pmt,clm_pmt,qual_scr\n\
        D1,2021,2021,Global,No,2.0,0.0,10.0,931000.00,1000000.00,837900.00,837900.00,93100.00,93100.00,91238.00,0.00,\
        837900.00,100\n\
        D2,2021,2021,Professional,No,0.0,0.0,10.0,950000.00,1000000.00,855000.00,855000.00,95000.00,40375.10,39567.60,\
        0.00,855000.00,100\n";
    let json = serde_json::to_string(&run(text, None).expect("replays").summary()).expect("json");
    // Professional: 47,500.00 × 0.50 + 47,500.00 × 0.35 = 40,375.00, which the second row misses by ten cents.
    expect![[r#"{"program":"REACH","performance_year":2021,"rows":2,"matched":0,"explained":1,"unexplained":1,"identities":[{"name":"discount","matched":2,"explained":0,"unexplained":0,"reasons":{}},{"name":"retention_withhold","matched":2,"explained":0,"unexplained":0,"reasons":{}},{"name":"discount_and_withhold","matched":0,"explained":2,"unexplained":0,"reasons":{"benchmark_adjustments_not_published":2}},{"name":"total_cost_of_care","matched":2,"explained":0,"unexplained":0,"reasons":{}},{"name":"stop_loss","matched":2,"explained":0,"unexplained":0,"reasons":{}},{"name":"gross_savings","matched":2,"explained":0,"unexplained":0,"reasons":{}},{"name":"savings_rate","matched":2,"explained":0,"unexplained":0,"reasons":{}},{"name":"risk_corridors","matched":1,"explained":0,"unexplained":1,"reasons":{}},{"name":"sequestration","matched":2,"explained":0,"unexplained":0,"reasons":{}}]}"#]].assert_eq(&json);
}

/// Cells that a settlement determines, by the names that they have had.
pub(crate) const SETTLED: [&[&str]; 16] = [
    &["Sav_rate"],
    &["MinSavPerc", "Minimum Savings Rate (%)"],
    &["BnchmkMinExp", "Total savings/losses ($)"],
    &["GenSaveLoss"],
    &["DisAdj"],
    &["EarnSaveLoss", "Shared Savings ($)"],
    &["QualPerfShare", "MaxShareRate", "Quality Performance Sharing Rate"],
    &["FinalShareRate", "Final sharing rate"],
    &["FinalLossRate"],
    &["UpdatedBnchmk"],
    &["ABtotBnchmk", "Total benchmark expenditures ($)"],
    &["ABtotExp", "Total expenditures ($) [header missing in file]"],
    &["Per_Capita_Exp_TOTAL_PY"],
    &["Adv_Pay_Recoup"],
    &["AIPRecoup"],
    &["AIPOwe"],
];

/// A number moved away from 0 by a tenth, and by enough to be seen whatever its unit; `None` where the cell has none.
fn moved(text: &str, column: &str) -> Option<String> {
    let (value, decimals) = number(text)?;
    // `.0` is how programs print whole numbers.
    let decimals = if text.ends_with(".0") { 0 } else { decimals };
    let name = column.to_ascii_lowercase();
    let unit = if value.abs() < 1.0 && decimals > 1 { 0.01 } else { 1.0 };
    let least: f64 = match () {
        // Beyond every rate that some number of beneficiaries or some choice has.
        () if name.starts_with("min") => 31.7 * unit,
        () if name.contains("rate") || name.contains("qualperf") => 1.37 * unit,
        () => 5_000.0,
    };
    let step = least.max(value.abs() / 10.0);
    let moved = if value < 0.0 || (value == 0.0 && column == "DisAdj") { value - step } else { value + step };
    Some(format!("{moved:.*}", decimals))
}

/// Moves one column of every `stride`-th row and replays: exactly those rows must become unexplained, apart from losses
/// that stop at a limit by revenue, where nothing in the file says what the amount should be.
fn mutate(grid: &Grid, column: usize, first: usize, stride: usize) -> Vec<String> {
    let id = grid.find(&["ACO_ID", "ACO_Num", "ACO Identifier"]).expect("an identifier");
    let name = grid.header[column].clone();
    let mut changed = grid.clone();
    let mut expected = BTreeSet::new();
    for row in changed.rows.iter_mut().skip(first).step_by(stride) {
        let Some(text) = moved(&row[column], &name) else { continue };
        row[column] = text;
        expected.insert(row[id].clone());
    }
    if expected.is_empty() {
        return Vec::new();
    }
    let replay = changed.replay();
    let found = unexplained(&replay);
    let mut wrong: Vec<String> = found.difference(&expected).map(|id| format!("{name}: {id} not changed")).collect();
    for id in expected.difference(&found) {
        let row = replay.rows.iter().find(|row| row.aco_id == *id).expect("a row");
        let losses = row.comparisons.iter().any(|comparison| {
            comparison.identity == "owed_losses"
                && comparison.verdict == Verdict::Explained(Reason::RevenueNotPublished)
        });
        if !(losses && matches!(name.as_str(), "EarnSaveLoss" | "earnsaveloss" | "DisAdj" | "disadj")) {
            wrong.push(format!("{name}: {id} not noticed"));
        }
    }
    wrong
}

/// Every settled cell of every row of one file.
#[test]
fn any_changed_cell_of_2023_is_found() {
    let Some(grid) = published("mssp_results_py2023.csv") else { return };
    let stride = 6;
    let mut wrong = Vec::new();
    for column in SETTLED.iter().filter_map(|names| grid.find(names)) {
        for first in 0..stride {
            wrong.extend(mutate(&grid, column, first, stride));
        }
    }
    assert!(wrong.is_empty(), "{} {:#?}", wrong.len(), &wrong[..wrong.len().min(20)]);
}

/// Some rows of every other file, one at a time and many at once.
#[test]
fn changed_cells_of_every_year_are_found() {
    let mut wrong = Vec::new();
    for file in MSSP {
        let Some(grid) = published(file) else { return };
        for (at, column) in SETTLED.iter().filter_map(|names| grid.find(names)).enumerate() {
            wrong.extend(mutate(&grid, column, at, 17).into_iter().map(|what| format!("{file} {what}")));
            if at % 3 == 0 {
                wrong.extend(mutate(&grid, column, 31 * at % grid.rows.len(), 10_000));
            }
        }
    }
    assert!(wrong.is_empty(), "{} {:#?}", wrong.len(), &wrong[..wrong.len().min(40)]);
}

#[test]
fn changed_cells_of_reach_are_found() {
    for file in REACH {
        let Some(grid) = published(file) else { return };
        for name in [
            "discount",
            "sav_rate",
            "final_benchmark",
            "tot_cost_care",
            "tot_cost_care_net",
            "gross_savings",
            "shared_savings",
            "shared_savings_seq",
            "heba_up_amt",
            "heba_down_amt",
        ] {
            let (column, id) = (grid.at(name), grid.at("aco_id"));
            for at in (0..grid.rows.len()).step_by(13) {
                let mut changed = grid.clone();
                let Some((value, decimals)) = number(&changed.rows[at][column]) else { continue };
                let step = if name == "sav_rate" || name == "discount" { 0.5 } else { 500.0 };
                changed.rows[at][column] = format!("{:.*}", decimals, value + step);
                let found = unexplained(&changed.replay());
                assert_eq!(found, BTreeSet::from([grid.rows[at][id].clone()]), "{file} {name}");
            }
        }
    }
}

#[test]
fn a_missed_standard_is_found_in_the_rate() {
    let Some(mut grid) = published("mssp_results_py2023.csv") else { return };
    let (met, id) = (grid.at("Met_QPS"), grid.at("ACO_ID"));
    grid.rows[5][met] = "0".into();
    assert_eq!(unexplained(&grid.replay()), BTreeSet::from([grid.rows[5][id].clone()]));
}

/// Flags and categories of 2024: the wrong one is found where the row says which is right.
#[test]
fn changed_flags_are_found() {
    let Some(grid) = published("mssp_results_py2024.csv") else { return };
    let flip = |column: &str, from: &str, to: &str, also: (&str, &str)| {
        let (at, other, id) = (grid.at(column), grid.at(also.0), grid.at("ACO_ID"));
        let mut changed = grid.clone();
        let row = changed.rows.iter_mut().find(|row| row[at] == from && row[other] == also.1).expect("such a row");
        row[at] = to.into();
        let expected = BTreeSet::from([row[id].clone()]);
        assert_eq!(unexplained(&changed.replay()), expected, "{column} {from} {to}");
    };
    flip("ReducedSS", "1", "0", ("Current_Track", "A"));
    flip("ReducedSS", "0", "1", ("Current_Track", "EN"));
    flip("Guardrail", "-", "0", ("Current_Track", "EN"));
    flip("Guardrail", "0", "-", ("Current_Track", "EN"));
    flip("FinalAdjCat", "No Adjustment", "Regional Adjustment", ("Agree_Type", "Initial"));
    flip("FinalAdjCat", "Prior Savings Adjustment", "Regional Adjustment", ("Current_Track", "EN"));
    flip("FinalAdjCat", "Regional Adjustment", "No Adjustment", ("Current_Start_Date", "7/1/2019"));
    flip("Met_AltQPS", "1", "0", ("Current_Track", "EN"));
    flip("Current_Track", "E", "EN", ("Risk_Model", "Two-Sided"));
}

/// Columns that each file must have: renamed, the error names them.
#[test]
fn a_renamed_column_is_named() {
    for (file, columns) in [
        ("mssp_results_py2013.csv", &["Total benchmark expenditures ($)", "Shared Savings ($)", "Start Date"][..]),
        ("mssp_results_py2018.csv", &["Current_Track_1_Plus", "RevLossLimit", "QualPerfShare", "Adv_Pay_Recoup"]),
        ("mssp_results_py2019.csv", &["earnsaveloss", "current_basic_e", "qualscore"]),
        ("mssp_results_py2023.csv", &["ACO_ID", "Current_Track", "EarnSaveLoss", "N_AB_Year_ESRD_PY", "FinalLossRate"]),
        ("mssp_results_py2024.csv", &["Guardrail", "AIPOwe", "FinalAdjCat", "MinSavPerc"]),
        ("reach_results_py2023.csv", &["gross_savings", "heba_dn_mnths", "stop_loss"]),
    ] {
        let Some(grid) = published(file) else { return };
        for column in columns {
            let mut changed = grid.clone();
            changed.rename(column, &format!("{column} (revised)"));
            let problems = run(&changed.text(), None).expect_err(column).to_string();
            assert!(problems.contains("column is missing"), "{file} {column}: {problems}");
            assert!(problems.contains(&format!("`{column} (revised)`")), "{file} {column}: {problems}");
        }
    }
}

#[test]
fn bad_cells_and_rows_are_named() {
    let Some(grid) = published("mssp_results_py2023.csv") else { return };
    let spoil = |column: &str, text: &str| {
        let mut changed = grid.clone();
        let at = changed.at(column);
        changed.rows[2][at] = text.into();
        run(&changed.text(), None).expect_err(column).to_string()
    };
    let twice = {
        let mut changed = grid.clone();
        let row = changed.rows[7].clone();
        changed.rows.push(row);
        run(&changed.text(), None).expect_err("refused").to_string().replace(&grid.rows[7][0], "A0000")
    };
    let rows = [
        spoil("EarnSaveLoss", "12,3O"),
        spoil("ABtotExp", ""),
        spoil("Current_Track", "Z"),
        spoil("Current_Start_Date", "2023"),
        spoil("Met_QPS", "2"),
        spoil("Rev_Exp_Cat", "Middle"),
        twice,
        run("a,b\n1,2\n", None).expect_err("refused").to_string(),
        run("", None).expect_err("refused").to_string(),
        run(&grid.text().replacen(",EN,", ",EN", 1), None).expect_err("refused").to_string(),
    ];
    expect![[r#"
        results.csv, line 4, column `EarnSaveLoss`: not a number: `12,3O`
        results.csv, line 4, column `ABtotExp`: needs a number: ``
        results.csv, line 4, column `Current_Track`: expected a track: A, B, C, D, E, EN, T1, T1P, T2 or T3: `Z`
        results.csv, line 4, column `Current_Start_Date`: expected a date like 7/1/2019 or 2019-07-01: `2023`
        results.csv, line 4, column `Met_QPS`: expected 1 or 0: `2`
        results.csv, line 4, column `Rev_Exp_Cat`: expected `High Revenue` or `Low Revenue`: `Middle`
        results.csv, line 455, column `ACO_ID`: same ACO as line 9: `A0000`
        hint: keep one of the two rows
        results.csv: is not a results file that replay knows
        hint: expected a Shared Savings Program or ACO REACH results file, or savings_losses.csv of a run
        results.csv: is not a results file that replay knows
        hint: expected a Shared Savings Program or ACO REACH results file, or savings_losses.csv of a run
        results.csv, line 2: has 167 cells, the header 168"#]]
    .assert_eq(&rows.join("\n"));
}

#[test]
fn a_byte_order_mark_and_another_case_change_nothing() {
    let Some(grid) = published("mssp_results_py2023.csv") else { return };
    let mut changed = grid.clone();
    changed.header.iter_mut().for_each(|name| *name = name.to_uppercase());
    let marked = format!("\u{feff}{}", changed.text());
    assert_eq!(run(&marked, None).expect("replays"), grid.replay());
}

/// The file of 2013 as it circulates: without the name of total expenditures, which puts 22 names one column off.
#[test]
fn the_header_of_2013_is_put_right() {
    let Some(grid) = published("mssp_results_py2013.csv") else { return };
    let mut shorter = grid.clone();
    let lacking = shorter.header.iter().position(|name| name.contains("[header missing in file]")).expect("a name");
    shorter.header.remove(lacking);
    assert_eq!(shorter.replay(), grid.replay());
    let mut padded = shorter;
    padded.header.insert(lacking + 22, String::new());
    assert_eq!(padded.replay(), grid.replay());
}

/// Percents become fractions, whole file: the same result.
#[test]
fn fractions_and_percents_are_told_apart() {
    let Some(grid) = published("mssp_results_py2024.csv") else { return };
    let mut changed = grid.clone();
    for name in ["Sav_rate", "MinSavPerc", "FinalShareRate", "FinalLossRate", "QualScore"] {
        let at = changed.at(name);
        for row in &mut changed.rows {
            if let Some((value, _)) = number(&row[at]) {
                row[at] = format!("{:.4}", value / 100.0);
            }
        }
    }
    assert_eq!(trouble(&changed.replay()), "");
    let mut reach = published("reach_results_py2023.csv").expect("the others are there");
    for name in ["discount", "retention_withhold", "sav_rate", "qual_scr"] {
        let at = reach.at(name);
        for row in &mut reach.rows {
            row[at] = format!("{:.6}", number(&row[at]).expect("a number").0 / 100.0);
        }
    }
    assert_eq!(trouble(&reach.replay()), "");
}

/// Years that are not at hand, from a neighbour's rows that their rules settle alike.
#[test]
fn years_between_look_like_their_neighbours() {
    let Some(mut like_2016) = published("mssp_results_py2015.csv") else { return };
    let year = like_2016.at("year");
    like_2016.rows.iter_mut().for_each(|row| row[year] = "2016".into());
    let replay = like_2016.replay();
    assert_eq!((replay.summary().performance_year, trouble(&replay)), (vec![2016], String::new()));

    // 2020: no half-years, no one-sided losses shown, all losses forgiven.
    let mut like_2020 = published("mssp_results_py2019.csv").expect("the others are there");
    like_2020.remove("performance_year");
    like_2020.keep("gensaveloss", |generated| generated >= 0.0);
    let (total, per_capita, years) =
        (like_2020.at("abtotbnchmk"), like_2020.at("updatedbnchmk"), like_2020.at("n_ab_year_py"));
    let value = |text: &str| number(text).expect("a number").0;
    like_2020.rows.retain(|row| value(&row[total]) > 0.8 * value(&row[per_capita]) * value(&row[years]));
    assert!(like_2020.rows.len() > 200);
    let replay = run(&like_2020.text(), Some(2020)).expect("replays");
    assert_eq!((replay.summary().performance_year, trouble(&replay)), (vec![2020], String::new()));

    // 2022: one track column, prorated losses under another name, no loss rate, all losses forgiven.
    let mut like_2022 = published("mssp_results_py2023.csv").expect("the others are there");
    like_2022.rename("Impact_Mid_Year_Termination", "Prorate_Shared_Losses");
    for name in ["FinalLossRate", "Met_AltQPS", "Met_FirstYear"] {
        like_2022.remove(name);
    }
    like_2022.keep("GenSaveLoss", |generated| generated >= 0.0);
    let start = like_2022.at("Current_Start_Date");
    like_2022.rows.retain(|row| !row[start].ends_with("2023"));
    let replay = like_2022.replay();
    assert_eq!((replay.summary().performance_year, trouble(&replay)), (vec![2022], String::new()));

    let mut reach = published("reach_results_py2021.csv").expect("the others are there");
    for (name, text) in [("perf_year", "2022"), ("first_part_year", "2022")] {
        let at = reach.at(name);
        reach.rows.iter_mut().for_each(|row| row[at] = text.into());
    }
    assert_eq!(trouble(&reach.replay()), "");
}

#[test]
fn a_given_year_decides_only_where_the_file_is_silent() {
    let Some(grid) = published("mssp_results_py2024.csv") else { return };
    assert_eq!(run(&grid.text(), Some(2024)).expect("replays"), grid.replay());
    let with_year = published("mssp_results_py2017.csv").expect("the others are there");
    let refused = run(&with_year.text(), Some(2018)).expect_err("refused").to_string();
    assert!(refused.contains("is not the year given"), "{refused}");
}

/// What a run writes replays too: several years, half-years, every rulebook.
#[test]
fn our_own_results_replay() {
    let Some((rates, program)) = crate::rates_cases::cases() else { return };
    let rules = Rules::built_in().expect("rules");
    let years = crate::rates_cases::YEARS;
    let outcome = acoledger_aco::run(&rates, &program, &rules, &years).unwrap_or_else(|problems| panic!("{problems}"));
    let mut text = Vec::new();
    write_csv(&outcome.savings_losses, &mut text).expect("text");
    let replay =
        replay(text.as_slice(), "savings_losses.csv", None, &rules).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(trouble(&replay), "");
    assert_eq!(replay.summary().performance_year, years);
    assert_eq!(replay.table().len(), outcome.savings_losses.len() + 1);
}

/// The page on replay names every reason and every identity.
#[test]
fn the_page_names_every_reason() {
    let page = include_str!("../../../../docs/src/replay.md");
    for reason in Reason::ALL {
        let row = format!("| `{}` | {} |", reason.code(), reason.section());
        assert!(page.contains(&row), "{row}");
    }
    let empty = Replay { program: Program::Mssp, rows: Vec::new() };
    for identity in empty.identities() {
        assert!(page.contains(&format!("`{identity}`")), "{identity}");
    }
}
