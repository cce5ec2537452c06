//! Published results, derived again: every settlement column of a file through the functions that a run uses (M.G).
//!
//! A file is read as it is printed. Each row becomes facts, [`settle`](crate::settle::settle) settles them, and what comes out
//! is compared with what the row says, identity by identity, within the rounding that the file's own precision implies.

mod columns;
mod compare;
mod derive;
mod mssp;
mod payments;
mod printed;
mod reach;
mod row;
mod sheet;
mod summary;
mod tieout;
mod totals;

pub use compare::{Comparison, Reason, RowReplay, Value, Verdict};
pub use summary::{IdentityCounts, Summary};
pub use tieout::{LINES, TieOut, TiedOut, tie_out};
pub use totals::{RowAmounts, YearTotals};

use crate::settle::SettleRules;
use acoledger_schemas::limits::{Metered, RESULTS_BYTES};
use acoledger_schemas::rules::{RuleError, Rules};
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::{Date, PerformanceYear};
use columns::{Column, MSSP, REACH, SINCE};
use sheet::{Sheet, whole_file};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Read;

/// The program that a results file is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Program {
    /// Medicare Shared Savings Program.
    Mssp,
    /// ACO REACH, and Global and Professional Direct Contracting before it.
    Reach,
}

impl Program {
    /// `MSSP` or `REACH`.
    pub fn code(self) -> &'static str {
        match self {
            Program::Mssp => "MSSP",
            Program::Reach => "REACH",
        }
    }
}

/// A results file, derived again.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// Program.
    pub program: Program,
    /// The rows of the file, in its order.
    pub rows: Vec<RowReplay>,
}

/// Re-derives every settlement of a results file.
///
/// `text` is the file as published, or `savings_losses.csv` of a run; `file` names it in messages. `year` is the performance
/// year, for a file that does not show it.
///
/// # Errors
/// A file that is no table, of neither program, or of an unknown year; a column that files of its year have and this one lacks;
/// text in a number column; an ACO that stands twice; a rule that the year needs and that is absent.
pub fn replay(text: impl Read, file: &str, year: Option<i32>, rules: &Rules) -> Result<Replay, Problems> {
    let mut bytes = Vec::new();
    let mut text = Metered::new(text, "a file", RESULTS_BYTES);
    text.read_to_end(&mut bytes).map_err(|error| whole_file(file, &format!("cannot be read: {error}"), None))?;
    let bytes = one_line_end(&bytes);
    match program(&bytes, file)? {
        Program::Mssp => replay_mssp(&bytes, file, year, rules),
        Program::Reach => replay_reach(&bytes, file, year, rules),
    }
}

/// The text without carriage returns before line feeds: the reader would count the lines one too few.
fn one_line_end(text: &[u8]) -> Vec<u8> {
    let extra = |at: usize| text[at] == b'\r' && text.get(at + 1) == Some(&b'\n');
    (0..text.len()).filter(|&at| !extra(at)).map(|at| text[at]).collect()
}

/// The program, by which columns the file has more of.
fn program(bytes: &[u8], file: &str) -> Result<Program, Problems> {
    let first = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let header = String::from_utf8_lossy(first).to_string();
    let names: Vec<String> = header.split(',').map(columns::plain).collect();
    let share = |columns: &[Column]| {
        let known = |column: &&Column| {
            std::iter::once(&column.name).chain(column.aliases).any(|name| names.contains(&columns::plain(name)))
        };
        columns.iter().filter(known).count()
    };
    match (share(MSSP), share(REACH)) {
        (mssp, reach) if mssp < 3 && reach < 3 => {
            let hint = "expected a Shared Savings Program or ACO REACH results file, or savings_losses.csv of a run";
            Err(whole_file(file, "is not a results file that replay knows", Some(hint)))
        }
        (mssp, reach) if reach > mssp => Ok(Program::Reach),
        _ => Ok(Program::Mssp),
    }
}

fn replay_mssp(bytes: &[u8], file: &str, year: Option<i32>, rules: &Rules) -> Result<Replay, Problems> {
    let mut sheet = Sheet::read(bytes, file, MSSP)?;
    let own = sheet.has("rulebook");
    sheet.require(MSSP, |from, to| from <= 2013 && to > 9000)?;
    let years = performance_years(&sheet, file, year, "performance_year")?;
    // A run's file has the columns of 2024 for every year.
    let required = |from: i32, to: i32| {
        if own { from <= 2024 && 2024 <= to } else { years.iter().any(|y| from <= *y && *y <= to) }
    };
    sheet.require(MSSP, required)?;
    row::normalise_shares(&mut sheet);
    let mut by_year = HashMap::new();
    for year in years.iter().copied().collect::<BTreeSet<i32>>() {
        let rules = YearRules::load(rules, PerformanceYear(year))
            .map_err(|error| whole_file(file, &error.to_string(), None))?;
        by_year.insert(year, rules);
    }
    let (mut problems, mut rows) = (Problems::default(), Vec::with_capacity(sheet.len()));
    for (at, year) in years.iter().enumerate() {
        match mssp::replay_row(&sheet, at, &by_year[year], own) {
            Ok(row) => rows.push(row),
            Err(found) => problems.extend(found),
        }
    }
    once_each(&sheet, "ACO_ID", &rows, &mut problems);
    problems.or(Replay { program: Program::Mssp, rows })
}

fn replay_reach(bytes: &[u8], file: &str, year: Option<i32>, rules: &Rules) -> Result<Replay, Problems> {
    let mut sheet = Sheet::read(bytes, file, REACH)?;
    reach::normalise_shares(&mut sheet);
    let years = performance_years(&sheet, file, year, "perf_year")?;
    sheet.require(REACH, |from, to| years.iter().any(|year| from <= *year && *year <= to))?;
    let mut by_year = HashMap::new();
    for year in years.iter().copied().collect::<BTreeSet<i32>>() {
        let rules = reach::ReachRules::load(rules, PerformanceYear(year));
        by_year.insert(year, rules.map_err(|error| whole_file(file, &error.to_string(), None))?);
    }
    let (mut problems, mut rows) = (Problems::default(), Vec::with_capacity(sheet.len()));
    for (at, year) in years.iter().enumerate() {
        match reach::replay_row(&sheet, at, &by_year[year]) {
            Ok(row) => rows.push(row),
            Err(found) => problems.extend(found),
        }
    }
    once_each(&sheet, "aco_id", &rows, &mut problems);
    problems.or(Replay { program: Program::Reach, rows })
}

/// The performance year of each row: as given, as the file says, or as its columns and agreement starts show.
fn performance_years(
    sheet: &Sheet<'_>,
    file: &str,
    given: Option<i32>,
    column: &'static str,
) -> Result<Vec<i32>, Problems> {
    let said: Option<Vec<i32>> =
        (0..sheet.len()).map(|row| sheet.number(column, row).map(|year| year.value as i32)).collect();
    if let Some(said) = said.filter(|said| !said.is_empty()) {
        if let Some(row) = given.and_then(|given| said.iter().position(|year| *year != given)) {
            let hint = "leave `--year` out: the file says its performance years".to_owned();
            let value = sheet.text(column, row).to_owned();
            return Err(sheet.problem(row + 1, column, "is not the year given", Some(&value), Some(hint)));
        }
        return Ok(said);
    }
    let year = match given.or_else(|| shown_year(sheet)) {
        Some(year) => year,
        None => {
            return Err(whole_file(file, "performance year is not recognised", Some("give it with `--year`")));
        }
    };
    Ok(vec![year; sheet.len()])
}

/// The year that a file shows: that of its latest agreements, or of the latest of its columns. One odd date does not decide.
fn shown_year(sheet: &Sheet<'_>) -> Option<i32> {
    let mut starts: Vec<i32> =
        (0..sheet.len()).filter_map(|row| sheet.date("Current_Start_Date", row).ok()).map(Date::year).collect();
    starts.sort_unstable_by(|a, b| b.cmp(a));
    let latest = starts.get(1).or(starts.first()).copied();
    let since = SINCE.iter().filter(|(column, _)| sheet.has(column)).map(|(_, year)| *year).max();
    latest.max(since).filter(|_| latest.is_some())
}

/// Refuses an ACO that stands twice in a year and period.
fn once_each(sheet: &Sheet<'_>, column: &'static str, rows: &[RowReplay], problems: &mut Problems) {
    let mut seen = BTreeMap::new();
    for row in rows {
        let key = (row.performance_year, row.period, row.aco_id.as_str());
        if let Some(first) = seen.insert(key, row.line) {
            let at = (0..sheet.len()).find(|&at| sheet.line(at) == row.line).map_or(0, |at| at + 1);
            let what = format!("same ACO as line {first}");
            let hint = Some("keep one of the two rows".to_owned());
            problems.extend(sheet.problem(at, column, &what, Some(&row.aco_id), hint));
        }
    }
}

/// The rules that rows of one performance year are compared by.
#[derive(Clone, Debug)]
struct YearRules {
    settle: SettleRules,
    /// Half-years are in the file without being marked.
    half_years: bool,
    /// How far the first performance year of 2012 starters may lie from months × yearly spending; 0 in other years.
    long_first_year_spread: f64,
    /// Spending per person year by type is cut at the cent.
    per_capita_cut: bool,
    /// Largest count that `*` stands for.
    largest_masked: f64,
    /// Share of the year in which a disaster counted for every county.
    disaster_share: f64,
    /// Highest quality score that goes with a missed standard, where no column says which ACOs missed it.
    score_without_standard: f64,
    /// Least revenue of participants, as a fraction of the spending of the assigned beneficiaries.
    least_revenue: f64,
    /// How far paid amounts, by which revenue is judged low or high, may lie from published spending.
    paid_amounts_spread: f64,
    /// First agreement start with a regional adjustment by 42 CFR 425.601.
    regional_from: Date,
    /// First agreement start with a choice of adjustments.
    choice_from: Date,
}

impl YearRules {
    fn load(rules: &Rules, year: PerformanceYear) -> Result<YearRules, RuleError> {
        let day = |key: &str, text: String| {
            Date::parse_iso(&text).ok_or_else(|| RuleError { key: key.into(), what: format!("not a day: `{text}`") })
        };
        Ok(YearRules {
            settle: SettleRules::load(rules, year)?,
            half_years: rules.at("replay.unmarked_half_years", year)?,
            long_first_year_spread: rules.at("replay.long_first_year_spread", year)?,
            per_capita_cut: rules.at("replay.per_capita_cut", year)?,
            largest_masked: rules.at("replay.largest_masked_count", year)?,
            disaster_share: rules.at::<f64>("replay.disaster_months_everywhere", year)? / 12.0,
            score_without_standard: rules.at("replay.score_without_standard", year)?,
            least_revenue: rules.at("replay.least_revenue", year)?,
            paid_amounts_spread: rules.at("replay.paid_amounts_spread", year)?,
            regional_from: day("replay.regional_adjustment_from", rules.at("replay.regional_adjustment_from", year)?)?,
            choice_from: day("replay.adjustment_choice_from", rules.at("replay.adjustment_choice_from", year)?)?,
        })
    }
}
