//! Every settled cell of every row of published files, changed in seven ways. What is not found is written down, by file,
//! column and way: `replay_unfound/`, explained in docs/src/replay.md.

use crate::replay::{Grid, MSSP, REACH, SETTLED, number, published, run, unexplained};
use expect_test::expect_file;
use std::collections::BTreeSet;
use std::fmt::Write;

/// A way to change a printed number.
#[derive(Clone, Copy, Debug)]
enum Way {
    AHundredthMore,
    AHundredthLess,
    Twice,
    OtherSign,
    Zero,
    /// 0.5 percent for a minimum rate, 50 percent for another one, a million dollars in place of 0.
    AnotherValue,
    Blank,
}

const WAYS: [Way; 7] =
    [Way::AHundredthMore, Way::AHundredthLess, Way::Twice, Way::OtherSign, Way::Zero, Way::AnotherValue, Way::Blank];

/// Columns of ACO REACH that a settlement determines.
const SETTLED_REACH: [&[&str]; 12] = [
    &["discount"],
    &["retention_withhold"],
    &["sav_rate"],
    &["final_benchmark"],
    &["tot_cost_care"],
    &["tot_cost_care_net"],
    &["gross_savings"],
    &["shared_savings"],
    &["shared_savings_seq"],
    &["heba_up_amt"],
    &["heba_down_amt"],
    &["unadj_benchmark"],
];

impl Way {
    /// The changed cell; `None` where the way does not change this one.
    fn change(self, text: &str, column: &str) -> Option<String> {
        let (value, decimals) = number(text)?;
        // `.0` is how programs print whole numbers.
        let decimals = if text.ends_with(".0") { 0 } else { decimals };
        let column = column.to_ascii_lowercase();
        let to = match self {
            Way::AHundredthMore => value * 1.01,
            Way::AHundredthLess => value * 0.99,
            Way::Twice => value * 2.0,
            Way::OtherSign => -value,
            Way::Zero => 0.0,
            Way::AnotherValue if column.starts_with("min") => {
                if decimals > 2 && value < 0.3 {
                    0.005
                } else {
                    0.5
                }
            }
            Way::AnotherValue if column.contains("rate") || column.contains("share") => {
                if value <= 1.0 && !text.contains('%') { 0.5 } else { 50.0 }
            }
            Way::AnotherValue if value == 0.0 => 1e6,
            Way::AnotherValue => return None,
            Way::Blank => return Some(String::new()),
        };
        let printed = format!("{to:.decimals$}");
        let same = number(&printed).is_none_or(|(to, _)| to == value);
        (!same).then_some(printed)
    }
}

/// Changes some rows and replays: how many were changed, and how many of them did not become unexplained; `None` where the
/// change is refused.
///
/// # Panics
/// When another row becomes unexplained.
fn changed_rows(grid: &Grid, column: usize, way: Way, first: usize, stride: usize) -> (usize, Option<usize>) {
    let id = grid.find(&["ACO_ID", "ACO_Num", "ACO Identifier"]).expect("an identifier");
    let mut changed = grid.clone();
    let mut expected = BTreeSet::new();
    for row in changed.rows.iter_mut().skip(first).step_by(stride) {
        if let Some(text) = way.change(&row[column], &grid.header[column]) {
            row[column] = text;
            expected.insert(row[id].clone());
        }
    }
    if expected.is_empty() {
        return (0, Some(0));
    }
    let Ok(replay) = run(&changed.text(), None) else { return (expected.len(), None) };
    let found = unexplained(&replay);
    let others: Vec<_> = found.difference(&expected).collect();
    assert!(others.is_empty(), "{} {way:?}: {others:?} not changed", grid.header[column]);
    (expected.len(), Some(expected.difference(&found).count()))
}

/// Counts of what is not found in one file, compared with what is written down.
fn sweep(file: &str) {
    const STRIDE: usize = 4;
    let Some(grid) = published(file) else { return };
    let columns: &[&[&str]] = if file.starts_with("reach") { &SETTLED_REACH } else { &SETTLED };
    let mut text = String::new();
    for column in columns.iter().filter_map(|names| grid.find(names)) {
        for way in WAYS {
            let parts: Vec<_> = (0..STRIDE).map(|first| changed_rows(&grid, column, way, first, STRIDE)).collect();
            let rows: usize = parts.iter().map(|(rows, _)| rows).sum();
            let unfound: Option<usize> = parts.iter().map(|(_, unfound)| *unfound).sum();
            let name = &grid.header[column];
            match unfound {
                Some(0) => {}
                Some(unfound) => writeln!(text, "{name} {way:?}: {unfound} of {rows} not found").expect("text"),
                None => writeln!(text, "{name} {way:?}: refused").expect("text"),
            }
        }
    }
    let name = file.strip_suffix(".csv").expect("a table");
    expect_file![format!("{}/tests/it/replay_unfound/{name}.txt", env!("CARGO_MANIFEST_DIR"))].assert_eq(&text);
}

#[test]
fn what_is_not_found_in_2023() {
    sweep("mssp_results_py2023.csv");
}

#[test]
fn what_is_not_found_in_2024() {
    sweep("mssp_results_py2024.csv");
}

#[test]
fn what_is_not_found_in_reach() {
    REACH.into_iter().for_each(sweep);
}

#[test]
#[ignore = "minutes: `make replay-sweep`"]
fn what_is_not_found_in_every_year() {
    MSSP.into_iter().for_each(sweep);
}
