//! The forms in which results files come: line ends, marks, separators, dates; and years whose files are not at hand, made
//! from a neighbour's with the headers and rules of their own year.

use crate::replay::{Grid, MSSP, REACH, SETTLED, number, published, run, trouble};
use acoledger_aco::replay::Replay;

/// Writes the cells by hand: every one quoted, so that separators inside numbers stay.
fn quoted(grid: &Grid, line_end: &str) -> String {
    let line = |cells: &Vec<String>| {
        let cells: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
        cells.join(",") + line_end
    };
    std::iter::once(&grid.header).chain(&grid.rows).map(line).collect()
}

/// `1234567.8` as `1,234,567.8`; other cells as they are.
fn separated(cell: &str) -> String {
    let (sign, digits) = cell.strip_prefix('-').map_or(("", cell), |digits| ("-", digits));
    let (whole, decimals) = digits.split_once('.').map_or((digits, None), |(whole, decimals)| (whole, Some(decimals)));
    if whole.len() < 4 || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return cell.to_owned();
    }
    let groups: Vec<&str> =
        whole.as_bytes().rchunks(3).rev().map(|three| str::from_utf8(three).expect("digits")).collect();
    let decimals = decimals.map_or(String::new(), |decimals| format!(".{decimals}"));
    format!("{sign}{}{decimals}", groups.join(","))
}

/// Columns whose numbers are no amounts.
fn is_plain(header: &str) -> bool {
    ["year", "perf_year", "first_part_year", "performance_year"].contains(&header.to_ascii_lowercase().as_str())
}

/// Windows line ends, a byte-order mark, blank lines, separators between thousands: the same result, line by line.
#[test]
fn the_form_of_the_text_changes_nothing() {
    for file in MSSP.into_iter().chain(REACH) {
        let Some(grid) = published(file) else { return };
        let mut changed = grid.clone();
        let plain: Vec<bool> = grid.header.iter().map(|header| is_plain(header)).collect();
        for row in &mut changed.rows {
            for (cell, _) in row.iter_mut().zip(&plain).filter(|(_, plain)| !**plain) {
                *cell = separated(cell);
            }
        }
        let commas = ",".repeat(grid.header.len() - 1);
        let text = format!("\u{feff}{}\r\n{commas}\r\n\r\n", quoted(&changed, "\r\n"));
        let year = grid.replay().summary().performance_year[0];
        let replay = run(&text, None).unwrap_or_else(|problems| panic!("{file}: {problems}"));
        let plain = grid.replay();
        for (ours, theirs) in replay.rows.iter().zip(&plain.rows) {
            assert_eq!(ours, theirs, "{file}");
        }
        assert!(replay == plain, "{file}");
        let given = run(&text, Some(year)).unwrap_or_else(|problems| panic!("{file}: {problems}"));
        assert!(given == replay, "{file}");
    }
}

/// Every settled column of every file: renamed, or with text in a cell, the error names it.
#[test]
fn a_settled_column_is_named_in_every_file() {
    for file in MSSP {
        let Some(grid) = published(file) else { return };
        for column in SETTLED.iter().filter_map(|names| grid.find(names)) {
            let name = grid.header[column].clone();
            let mut spoiled = grid.clone();
            spoiled.rows[4][column] = "about 5".into();
            let said = run(&spoiled.text(), None).expect_err(&name).to_string();
            assert!(said.contains(&format!("`{name}`: not a number: `about 5`")), "{file}: {said}");
            let mut renamed = grid.clone();
            renamed.header[column] = format!("new {name}");
            let said = run(&renamed.text(), None).expect_err(&name).to_string();
            assert!(said.contains("column is missing") && said.contains(&format!("`new {name}`")), "{file}: {said}");
        }
    }
}

#[test]
fn dates_are_read_either_way() {
    let Some(grid) = published("mssp_results_py2024.csv") else { return };
    let mut changed = grid.clone();
    let at = grid.at("Current_Start_Date");
    for row in &mut changed.rows {
        let parts: Vec<u32> = row[at].split('/').map(|part| part.parse().expect("a number")).collect();
        row[at] = format!("{}-{:02}-{:02}", parts[2], parts[0], parts[1]);
    }
    assert!(changed.replay() == grid.replay());
}

fn value(text: &str) -> f64 {
    number(text).map_or(0.0, |(value, _)| value)
}

fn replays_as(grid: &Grid, year: i32, least_rows: usize) -> Replay {
    let replay = grid.replay();
    assert_eq!((replay.summary().performance_year, trouble(&replay)), (vec![year], String::new()));
    assert!(replay.rows.len() >= least_rows, "{year}: {} rows", replay.rows.len());
    replay
}

/// 2016: tracks 1 to 3 under short names, no disaster adjustment, the year in a column or in the agreements.
#[test]
fn a_file_like_that_of_2016() {
    let Some(mut grid) = published("mssp_results_py2017.csv") else { return };
    let (dis, start, year) = (grid.at("DisAdj"), grid.at("Current_Start_Date"), grid.at("year"));
    grid.rows.retain(|row| value(&row[dis]) == 0.0 && !row[start].contains("17"));
    grid.rows.iter_mut().for_each(|row| row[year] = "2016".into());
    grid.remove("DisAdj");
    for (from, to) in [("Current_Track_1", "Track1"), ("Current_Track_2", "Track2"), ("Current_Track_3", "Track3")] {
        grid.rename(from, to);
    }
    let with_year = replays_as(&grid, 2016, 250);
    grid.remove("year");
    let share = grid.at("Sav_rate");
    for row in &mut grid.rows {
        row[share] = format!("{:.2}%", 100.0 * value(&row[share]));
    }
    assert_eq!(replays_as(&grid, 2016, 250).rows.len(), with_year.rows.len());
}

/// 2020: tracks and levels as flags, quality by score, nothing sequestered, all losses forgiven.
#[test]
fn a_file_like_that_of_2020() {
    let Some(mut grid) = published("mssp_results_py2021.csv") else { return };
    for name in ["Report_WI", "Report_eCQM", "Report_CQM", "Report_Inc", "Assign_Type"] {
        grid.remove(name);
    }
    let [earned, generated, rate, score, start] =
        ["EarnSaveLoss", "GenSaveLoss", "FinalShareRate", "QualScore", "Current_Start_Date"].map(|name| grid.at(name));
    let most = grid.at("MaxShareRate");
    grid.rows.retain(|row| !row[start].ends_with("2021") && !row[start].ends_with("21"));
    grid.rows.retain(|row| value(&row[generated]) >= 0.0 && value(&row[rate]) == value(&row[most]));
    grid.rows.retain(|row| {
        let paid = value(&row[generated]) * value(&row[rate]) / 100.0 * 0.98;
        (paid - value(&row[earned])).abs() < 2.0
    });
    for row in &mut grid.rows {
        row[score] = "100.00%".into();
        row[earned] = format!("{:.0}", value(&row[generated]) * value(&row[rate]) / 100.0);
    }
    replays_as(&grid, 2020, 300);
}

/// 2022: one column of tracks, prorated losses under their first name, no loss rate; and 2021's in the new form.
#[test]
fn a_file_like_that_of_2022() {
    let Some(mut grid) = published("mssp_results_py2021.csv") else { return };
    let flags: Vec<(usize, &str)> = [
        ("Current_BASIC_A", "A"),
        ("Current_BASIC_B", "B"),
        ("Current_BASIC_C", "C"),
        ("Current_BASIC_D", "D"),
        ("Current_BASIC_E", "E"),
        ("Current_ENHANCED", "EN"),
    ]
    .into_iter()
    .map(|(name, code)| (grid.at(name), code))
    .collect();
    let tracks: Vec<Option<&str>> =
        grid.rows.iter().map(|row| flags.iter().find(|(at, _)| row[*at] == "1").map(|(_, code)| *code)).collect();
    let mut codes = tracks.iter();
    grid.rows.retain(|_| codes.next().is_some_and(Option::is_some));
    grid.header.extend(["Current_Track".into(), "Prorate_Shared_Losses".into()]);
    for (row, code) in grid.rows.iter_mut().zip(tracks.into_iter().flatten()) {
        row.extend([code.to_owned(), "0".to_owned()]);
    }
    let names: Vec<String> = grid.header.iter().filter(|name| name.starts_with("Current_")).cloned().collect();
    for name in names.iter().filter(|name| !["Current_Start_Date", "Current_Track"].contains(&name.as_str())) {
        grid.remove(name);
    }
    for name in ["RevLossLimit", "Adv_Pay_Amt", "Adv_Pay_Recoup"] {
        grid.remove(name);
    }
    replays_as(&grid, 2022, 300);
}

/// REACH 2022: other names for the same columns, words and flags, percents as fractions.
#[test]
fn a_file_like_that_of_reach_2022() {
    let Some(mut grid) = published("reach_results_py2021.csv") else { return };
    for (name, text) in [("perf_year", "2022"), ("first_part_year", "2022.0")] {
        let at = grid.at(name);
        grid.rows.iter_mut().for_each(|row| row[at] = text.into());
    }
    let stop_loss = grid.at("stop_loss");
    for row in &mut grid.rows {
        row[stop_loss] = if row[stop_loss] == "Yes" { "Y".into() } else { "N".into() };
    }
    for (from, to) in
        [("perf_year", "Performance Year"), ("qual_scr", "Quality_Score"), ("heba_down_amt", "HEBA_DN_AMT")]
    {
        grid.rename(from, to);
    }
    grid.header.iter_mut().for_each(|name| *name = name.to_uppercase());
    replays_as(&grid, 2022, 53);
}
