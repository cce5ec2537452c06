//! The range of every number of rates and program rows, each declared once.

use acoledger_schemas::program::{Aco, AcoHistory, Acpt, Disaster, Program};
use acoledger_schemas::rates::{AcoCounty, AcoCountyHeads, AcoHeads, AcoYear, CountyRate, National, Rates};
use acoledger_schemas::table::{Cell, Problem, Problems, Table};

/// A column's range, both ends in it, with the section that the column serves.
struct Range {
    table: &'static str,
    column: &'static str,
    least: f64,
    most: f64,
    section: &'static str,
}

const fn range(table: &'static str, column: &'static str, [least, most]: [f64; 2], section: &'static str) -> Range {
    Range { table, column, least, most, section }
}

const NOT_NEGATIVE: [f64; 2] = [0.0, f64::MAX];
const ABOVE_0: [f64; 2] = [f64::MIN_POSITIVE, f64::MAX];
const FROM_1: [f64; 2] = [1.0, f64::MAX];
const FRACTION: [f64; 2] = [0.0, 1.0];
const MONTHS: [f64; 2] = [0.0, 12.0];

/// Spending of ACOs and counties is not here: that of a few lives may be negative (M.B.3.3).
const RANGES: &[Range] = &[
    range("aco", "agreement_number", FROM_1, "D.1.10"),
    range("aco", "quality_score", FRACTION, "F.3"),
    range("aco", "participant_revenue", NOT_NEGATIVE, "B.5"),
    range("aco", "advance_balance", NOT_NEGATIVE, "F.9"),
    range("aco_history", "person_years", NOT_NEGATIVE, "D.3.3"),
    range("acpt", "factor", ABOVE_0, "E.4"),
    range("disaster", "months", MONTHS, "F.7.2"),
    range("national", "per_capita", NOT_NEGATIVE, "D.1.6"),
    range("national", "person_years", NOT_NEGATIVE, "B.2.3"),
    range("national", "truncation_threshold", NOT_NEGATIVE, "B.3.3"),
    range("national", "hcc_mean", NOT_NEGATIVE, "C.1.3"),
    range("national", "demographic_mean", NOT_NEGATIVE, "C.1.7"),
    range("county", "person_years", NOT_NEGATIVE, "B.2.3"),
    range("county", "hcc_score", NOT_NEGATIVE, "D.1.2"),
    range("county", "demographic_score", NOT_NEGATIVE, "E.3.1"),
    range("aco_year", "person_years", NOT_NEGATIVE, "B.2.3"),
    range("aco_year", "hcc_score", NOT_NEGATIVE, "C.1.4"),
    range("aco_year", "demographic_score", NOT_NEGATIVE, "C.1.7"),
    range("aco_county", "person_years", NOT_NEGATIVE, "D.1.3"),
    range("aco_county", "assignable_person_years", NOT_NEGATIVE, "D.1.3"),
    range("aco_county", "assignable_hcc_score", NOT_NEGATIVE, "C.1.4"),
    range("aco_county", "assignable_demographic_score", NOT_NEGATIVE, "C.1.7"),
    range("aco_heads", "head_count", NOT_NEGATIVE, "F.1"),
    range("aco_heads", "dual_person_years", NOT_NEGATIVE, "D.2.5"),
    range("aco_heads", "lis_or_dual_share", FRACTION, "D.3.5"),
    range("aco_heads", "participant_revenue", NOT_NEGATIVE, "B.5"),
    range("aco_heads", "paid_amounts", NOT_NEGATIVE, "B.5.3"),
    range("aco_heads", "voluntary_only", NOT_NEGATIVE, "A.3"),
    range("aco_heads", "claims_only", NOT_NEGATIVE, "A.3"),
    range("aco_heads", "both", NOT_NEGATIVE, "A.3"),
    range("aco_county_heads", "head_count", NOT_NEGATIVE, "F.7.2"),
];

/// Digits of a state and county code, FIPS or SSA.
const COUNTY_LENGTH: usize = 5;

/// Checks every row of rates and program tables that the ACO grain reads.
pub(crate) fn ranges(rates: &Rates, program: &Program) -> Problems {
    let mut problems = Problems::default();
    check::<Aco>("program", &program.aco, &mut problems);
    check::<AcoHistory>("program", program.aco_history.as_deref().unwrap_or_default(), &mut problems);
    check::<Acpt>("program", program.acpt.as_deref().unwrap_or_default(), &mut problems);
    check::<Disaster>("program", program.disaster.as_deref().unwrap_or_default(), &mut problems);
    check::<National>("rates", &rates.national, &mut problems);
    check::<CountyRate>("rates", &rates.county, &mut problems);
    check::<AcoYear>("rates", &rates.aco_year, &mut problems);
    check::<AcoCounty>("rates", &rates.aco_county, &mut problems);
    check::<AcoHeads>("rates", &rates.aco_heads, &mut problems);
    check::<AcoCountyHeads>("rates", &rates.aco_county_heads, &mut problems);
    problems
}

fn check<T: Table>(folder: &str, rows: &[T], problems: &mut Problems) {
    let place = |column: &str| T::SPEC.columns.iter().position(|known| known.name == column);
    let ranges: Vec<(usize, &Range)> = RANGES
        .iter()
        .filter(|range| range.table == T::SPEC.name)
        .map(|range| (place(range.column).expect("ranges name columns of their table"), range))
        .collect();
    // Codes that are not numbers stand for themselves: `unknown` where no residence is on record, invented counties.
    let county = place("county");
    let mut refuse = |row: &T, i: usize, what: String, hint: String| {
        problems.push(Problem {
            file: format!("{folder}/{}", T::SPEC.name),
            line: 0,
            column: T::SPEC.columns[i].name.into(),
            what: format!("{}: {what}", key_of(row)),
            value: Some(row.cell(i).to_string()),
            hint: Some(hint),
        });
    };
    for row in rows {
        for &(i, range) in &ranges {
            let value = match row.cell(i) {
                Cell::Integer(value) => value as f64,
                Cell::Decimal(value) => value,
                _ => continue,
            };
            if !(range.least..=range.most).contains(&value) {
                refuse(row, i, range.expected(), range.hint(value, T::SPEC.columns[i].optional));
            }
        }
        if let Some(i) = county
            && let Cell::Text(code) = row.cell(i)
            && code.len() != COUNTY_LENGTH
            && code.bytes().all(|b| b.is_ascii_digit())
        {
            let hint = "state and county codes keep their leading zeros: 01001, not 1001".into();
            refuse(row, i, format!("expected a code of {COUNTY_LENGTH} digits"), hint);
        }
    }
}

/// The row by its key: `performance_year 2023, period full, aco_id A1234`.
fn key_of<T: Table>(row: &T) -> String {
    let columns = T::SPEC.columns.iter().enumerate();
    let keys = columns.filter(|(_, column)| T::SPEC.key.contains(&column.name));
    let cells = keys.filter(|(i, _)| row.cell(*i) != Cell::Blank);
    let texts: Vec<String> = cells.map(|(i, column)| format!("{} {}", column.name, row.cell(i))).collect();
    texts.join(", ")
}

impl Range {
    fn expected(&self) -> String {
        let Range { least, most, .. } = self;
        match (*most == f64::MAX, *least == f64::MIN_POSITIVE) {
            (true, true) => "expected a number above 0".into(),
            (true, false) => format!("expected {least} or more"),
            _ => format!("expected a number from {least} to {most}"),
        }
    }

    fn hint(&self, value: f64, optional: bool) -> String {
        if self.most == 1.0 && value > 1.0 && value <= 100.0 {
            format!("a fraction, not a percent: {} for {value} % (M.{})", value / 100.0, self.section)
        } else {
            let blank = if optional { "; blank where it is unknown" } else { "" };
            format!("M.{} reads it{blank}", self.section)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns<T: Table>() -> Vec<(&'static str, &'static str)> {
        T::SPEC.columns.iter().map(|column| (T::SPEC.name, column.name)).collect()
    }

    #[test]
    fn every_range_is_of_a_column_that_is_checked() {
        let mut known = columns::<Aco>();
        for more in [
            columns::<AcoHistory>(),
            columns::<Acpt>(),
            columns::<Disaster>(),
            columns::<National>(),
            columns::<CountyRate>(),
            columns::<AcoYear>(),
            columns::<AcoCounty>(),
            columns::<AcoHeads>(),
            columns::<AcoCountyHeads>(),
        ] {
            known.extend(more);
        }
        for range in RANGES {
            assert!(known.contains(&(range.table, range.column)), "{}.{}", range.table, range.column);
        }
    }
}
