//! Ours against a published results file, column by column, and where on the way from lists to dollars the two part.
//!
//! A difference far down (the payment) says little; the first line upstream that differs says where to look. Columns
//! stand on lines in the order in which one follows from those before; within a line in the order of `savings_losses`.

use super::columns::{Column, Kind, MSSP, plain};
use super::printed::{Cell as PublishedCell, Printed};
use super::row::{Row, normalise_shares};
use super::sheet::{Sheet, parse_date};
use super::{YearRules, mssp, one_line_end, performance_years, whole_file};
use crate::tables::SavingsLosses;
use acoledger_schemas::limits::{Metered, RESULTS_BYTES};
use acoledger_schemas::rules::Rules;
use acoledger_schemas::table::{self, Cell, Problems, Table};
use acoledger_schemas::values::*;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

acoledger_schemas::table! {
    /// One column of one ACO, ours beside the published one.
    TieOut = "tieout", key [performance_year, period, aco_id, column] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// `full`, or `h1`, `h2` for the half-years of 2019.
        period: Period ["code"],
        /// ACO.
        aco_id: AcoId ["id"],
        /// Line on the way from lists to dollars: `participation` (what is given: agreement, track, quality), `assignment`,
        /// `person_years`, `spending`, `scores`, `benchmark`, `update`, `totals`, `settlement`.
        line: String ["code"],
        /// Column, in the spelling of the results file of 2024.
        column: String ["code"],
        /// Our value, as `savings_losses` has it; blank: none.
        ours: Option<String> ["see column"],
        /// Theirs in our unit; blank: none, or withheld.
        published: Option<String> ["see column"],
        /// Ours minus theirs, of numbers.
        difference: Option<f64> ["see column"],
        /// How far two numbers may be apart and still be one: half of each one's last digit.
        tolerance: Option<f64> ["see column"],
        /// `equal`; `differs`; `withheld` (`*`); `ours_only`, `published_only`: the other is blank.
        outcome: String ["code"],
        /// The ACO's first column, upstream, that differs; blank: none does.
        first_difference: Option<String> ["code"],
    }
}

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TiedOut {
    /// Every column of every ACO that both have, upstream first.
    pub rows: Vec<TieOut>,
    /// ACOs of ours that the file lacks, and of the file that we lack: year and ACO.
    pub ours_only: BTreeSet<(PerformanceYear, String)>,
    /// ACOs of the file that ours lack.
    pub published_only: BTreeSet<(PerformanceYear, String)>,
    /// Columns of ours that the file does not have: they are not compared.
    pub absent: Vec<&'static str>,
}

/// Lines from lists to dollars.
pub const LINES: [&str; 9] = [
    "participation",
    "assignment",
    "person_years",
    "spending",
    "scores",
    "benchmark",
    "update",
    "totals",
    "settlement",
];

/// The line of a column of `savings_losses`; `None`: it is not compared.
fn line(column: &str) -> Option<usize> {
    let line = match column {
        "Agree_Type"
        | "Agreement_Period_Num"
        | "Current_Start_Date"
        | "Current_Track"
        | "Risk_Model"
        | "Assign_Type"
        | "Met_QPS"
        | "Met_AltQPS"
        | "Met_FirstYear"
        | "QualScore"
        | "AIPBalance" => "participation",
        "N_AB" | "N_Ben_VA_Only" | "N_Ben_CBA_Only" | "N_Ben_CBA_and_VA" => "assignment",
        "RegAdj" | "PriorSavAdj" | "FinalAdjCat" | "HistBnchmk" => "benchmark",
        "UpdatedBnchmk" | "Guardrail" => "update",
        "ABtotBnchmk" | "ABtotExp" | "BnchmkMinExp" | "Sav_rate" => "totals",
        "MinSavPerc"
        | "GenSaveLoss"
        | "FinalShareRate"
        | "ReducedSS"
        | "FinalLossRate"
        | "Rev_Exp_Cat"
        | "DisAdj"
        | "Impact_Mid_Year_Termination"
        | "EarnSaveLoss"
        | "AIPRecoup"
        | "AIPOwe" => "settlement",
        _ if column.starts_with("N_AB_Year") => "person_years",
        _ if column.starts_with("Per_Capita_Exp") => "spending",
        _ if column.starts_with("CMS_HCC_RiskScore") || column.starts_with("Demog_RiskScore") => "scores",
        _ if column.starts_with("RR_weight") => "update",
        _ => return None,
    };
    LINES.iter().position(|known| *known == line)
}

/// Columns that are compared: position in `savings_losses`, line; upstream first.
fn compared() -> Vec<(usize, usize)> {
    let columns = SavingsLosses::SPEC.columns.iter().enumerate();
    let mut compared: Vec<(usize, usize)> = columns.filter_map(|(at, of)| Some((at, line(of.name)?))).collect();
    compared.sort_by_key(|(at, line)| (*line, *at));
    compared
}

/// What is read of the file: what replay knows, and every other column that is compared.
fn read_columns() -> Vec<Column> {
    let mut columns = MSSP.to_vec();
    for (at, _) in compared() {
        let of = &SavingsLosses::SPEC.columns[at];
        if MSSP.iter().all(|known| known.name != of.name) {
            let kind = if of.kind == table::Kind::Text { Kind::Text } else { Kind::Number };
            columns.push(Column { name: of.name, aliases: &[], kind, required: &[] });
        }
    }
    columns
}

/// Compares settlements with a results file of the Shared Savings Program, as published, or with `savings_losses.csv` of
/// another run. `file` names it in messages; `year` is the performance year, for a file that does not show it.
///
/// A number is equal when it prints as the other: counts and flags exactly, others within half of each one's last digit.
///
/// # Errors
/// A file that is no table or of an unknown year, text in a number column, an ACO that stands twice.
pub fn tie_out(
    ours: &[SavingsLosses],
    text: impl Read,
    file: &str,
    year: Option<i32>,
    rules: &Rules,
) -> Result<TiedOut, Problems> {
    let mut bytes = Vec::new();
    Metered::new(text, "a file", RESULTS_BYTES)
        .read_to_end(&mut bytes)
        .map_err(|error| whole_file(file, &format!("cannot be read: {error}"), None))?;
    let bytes = one_line_end(&bytes);
    let mut sheet = Sheet::read(&bytes[..], file, &read_columns())?;
    if !sheet.has("ACO_ID") {
        return Err(whole_file(file, "has no column `ACO_ID`", Some("expected a Shared Savings Program results file")));
    }
    let years = performance_years(&sheet, file, year, "performance_year")?;
    normalise_shares(&mut sheet);
    let published = places(&sheet, &years, rules)?;
    let mut out = TiedOut::default();
    let compared = compared();
    let has = |at: usize| sheet.has(SavingsLosses::SPEC.columns[at].name);
    out.absent = compared.iter().map(|(at, _)| SavingsLosses::SPEC.columns[*at].name).collect();
    out.absent.retain(|name| !sheet.has(name));
    let mut met = BTreeSet::new();
    for row in ours {
        let key = (row.performance_year, row.period, row.aco_id.as_str().to_owned());
        let Some(&at) = published.get(&key) else {
            if years.contains(&row.performance_year.0) {
                out.ours_only.insert((key.0, key.2));
            }
            continue;
        };
        let first = out.rows.len();
        for &(column, line) in compared.iter().filter(|(column, _)| has(*column)) {
            out.rows.push(one(row, (column, line), &sheet, at));
        }
        let differs = out.rows[first..].iter().find(|row| row.outcome == "differs").map(|row| row.column.clone());
        out.rows[first..].iter_mut().for_each(|row| row.first_difference.clone_from(&differs));
        met.insert(key);
    }
    let absent = published.into_keys().filter(|key| !met.contains(key));
    out.published_only = absent.map(|(year, _, aco)| (year, aco)).collect();
    Ok(out)
}

/// Where each ACO's row of the file is.
fn places(
    sheet: &Sheet<'_>,
    years: &[i32],
    rules: &Rules,
) -> Result<BTreeMap<(PerformanceYear, Period, String), usize>, Problems> {
    let mut places = BTreeMap::new();
    let mut by_year = BTreeMap::new();
    for (at, year) in years.iter().copied().enumerate() {
        let performance_year = PerformanceYear(year);
        if let std::collections::btree_map::Entry::Vacant(entry) = by_year.entry(year) {
            // A year that no rule of settlement has yet can still be compared.
            entry.insert(YearRules::load(rules, performance_year).ok());
        }
        // Only rows of the split year need their period told from their totals, and only there must they be whole.
        let period = match Period::from_code(sheet.text("period", at)) {
            Some(period) => period,
            None => match by_year[&year].as_ref().filter(|rules| rules.half_years) {
                Some(rules) => mssp::half_or_whole(&Row::read(sheet, at, performance_year)?, rules),
                None => Period::Full,
            },
        };
        let aco = sheet.text("ACO_ID", at).to_owned();
        if let Some(before) = places.insert((performance_year, period, aco.clone()), at) {
            let what = format!("same ACO as line {}", sheet.line(before));
            return Err(sheet.problem(at + 1, "ACO_ID", &what, Some(&aco), Some("keep one of the two rows".into())));
        }
    }
    Ok(places)
}

/// One column of one ACO.
fn one(row: &SavingsLosses, (at, line): (usize, usize), sheet: &Sheet<'_>, published: usize) -> TieOut {
    let column = &SavingsLosses::SPEC.columns[at];
    let ours = row.cell(at);
    let mut out = TieOut {
        performance_year: row.performance_year,
        period: row.period,
        aco_id: row.aco_id.clone(),
        line: LINES[line].into(),
        column: column.name.into(),
        ours: (ours != Cell::Blank).then(|| ours.to_string()),
        published: None,
        difference: None,
        tolerance: None,
        outcome: String::new(),
        first_difference: None,
    };
    let equal = if column.kind == table::Kind::Text {
        let theirs = sheet.text(column.name, published);
        out.published = (!matches!(theirs, "" | "-" | "*")).then(|| theirs.to_owned());
        let same =
            |a: &str, b: &str| plain(a) == plain(b) || parse_date(a).is_some_and(|day| parse_date(b) == Some(day));
        out.ours.as_deref().zip(out.published.as_deref()).map(|(ours, theirs)| same(ours, theirs))
    } else {
        if sheet.cell(column.name, published) == PublishedCell::Masked {
            out.outcome = "withheld".into();
            return out;
        }
        let percent = column.unit == "percent";
        let theirs =
            sheet.number(column.name, published).map(|number| number.scaled(if percent { 100.0 } else { 1.0 }));
        out.published = theirs.map(|theirs| decimal(theirs.value));
        number(&ours).zip(theirs).map(|(ours, theirs)| {
            let tolerance = tolerance(column.unit, theirs);
            let difference = ours - theirs.value;
            (out.difference, out.tolerance) = (Some(trimmed(difference)), Some(trimmed(tolerance)));
            // At the tolerance itself the two print differently.
            difference.abs() < tolerance.max(1e-9) * (1.0 - 1e-6)
        })
    };
    out.outcome = match (equal, &out.ours, &out.published) {
        (Some(true), ..) | (None, None, None) => "equal",
        (Some(false), ..) => "differs",
        (None, Some(_), _) => "ours_only",
        (None, None, Some(_)) => "published_only",
    }
    .into();
    out
}

fn number(cell: &Cell<'_>) -> Option<f64> {
    match cell {
        Cell::Integer(number) => Some(*number as f64),
        Cell::Decimal(number) => Some(*number),
        _ => None,
    }
}

/// How far a number of ours may lie from a printed one: half of each one's last digit (M.F.10); counts and flags are exact.
fn tolerance(unit: &str, theirs: Printed) -> f64 {
    let ours = match unit {
        "lives" | "flag" | "count" => return 0.0,
        "percent" => 0.005,
        "score" | "fraction" => 0.0005,
        _ => 0.5,
    };
    ours + theirs.half
}

/// A number without the noise of its last bits.
fn trimmed(value: f64) -> f64 {
    (value * 1e6).round() / 1e6 + 0.0
}

fn decimal(value: f64) -> String {
    trimmed(value).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_column_of_ours_stands_on_a_line() {
        let names = SavingsLosses::SPEC.columns.iter().map(|column| column.name);
        let left: Vec<&str> =
            names.take_while(|name| *name != "performance_year").filter(|n| line(n).is_none()).collect();
        assert_eq!(left, ["ACO_ID", "ACO_Name", "AIP"]);
    }
}
