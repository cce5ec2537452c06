//! The columns of the report.
//!
//! Names and order: the header of table 1-1 as the readers of it declare it; blank here is what no claims file knows.

use super::{List, Member};
use crate::grid::{Grid, Head, Value};
use acoledger_schemas::values::{Date, EnrollmentType};
use std::collections::BTreeMap;

/// Columns of table 1-1, in order.
const COLUMNS: &str = include_str!("columns.txt");
/// What a prospective ACO's table has behind `PARTD_MONTHS`: why a life was taken off. Those that were are no longer listed.
const EXCLUSIONS: [&str; 7] = [
    "EXCLUDED",
    "DECEASED_EXCLUDED",
    "MISSING_ID_EXCLUDED",
    "PART_A_B_ONLY_EXCLUDED",
    "GHP_EXCLUDED",
    "OUTSIDE_US_EXCLUDED",
    "OTHER_SHARED_SAV_INIT",
];
/// Column that they follow.
const BEFORE_EXCLUSIONS: &str = "PARTD_MONTHS";
/// States by SSA code.
const STATES: &str = include_str!("../../../data/calibration/states.csv");

/// The list in the columns of the report.
pub(crate) fn table(list: &List) -> Grid {
    let mut names: Vec<&'static str> = Vec::new();
    for name in COLUMNS.lines() {
        names.push(name);
        if list.prospective && name == BEFORE_EXCLUSIONS {
            names.extend(EXCLUSIONS);
        }
    }
    let mut grid = Grid::new(&names.iter().copied().map(Head::Left).collect::<Vec<_>>());
    let states: BTreeMap<&str, &str> = STATES.lines().skip(1).filter_map(state).collect();
    for member in &list.members {
        grid.push(names.iter().map(|name| value(member, name, &states)).collect());
    }
    grid
}

/// Code and name of a line of [`STATES`].
fn state(line: &'static str) -> Option<(&'static str, &'static str)> {
    let mut cells = line.split(',');
    Some((cells.next()?, cells.next()?))
}

fn value(member: &Member, name: &str, states: &BTreeMap<&str, &str>) -> Value {
    let Member { life, row, before, designee, residence } = member;
    let flag = |holds: bool| Value::Integer(i64::from(holds));
    let text = |text: &str| if text.is_empty() { Value::Blank } else { Value::from(text) };
    match name {
        "BENE_MBI_ID" => text(&life.bene_id),
        "BENE_SEX_CD" => text(&residence.sex),
        "BENE_BRTH_DT" => day(life.birth_date),
        "BENE_DEATH_DT" => day(life.death_date),
        "GEO_SSA_STATE_NAME" => text(states.get(residence.state.as_str()).copied().unwrap_or_default()),
        "STATE_COUNTY_CD" => text(&residence.county),
        "IN_VA_MAX" => flag(row.basis != "claims"),
        "VA_TIN" => text(designee.as_ref().map_or("", |(tin, _)| tin)),
        "VA_NPI" => text(designee.as_ref().and_then(|(_, npi)| npi.as_deref()).unwrap_or_default()),
        "CBA_FLAG" => flag(row.basis != "voluntary"),
        "ASSIGNMENT_TYPE" => text(&row.step),
        "ASSIGNED_BEFORE" => before.map_or(Value::Blank, flag),
        "ASG_STATUS" => match row.cohort.as_str() {
            "newly" => flag(true),
            "continuously" => flag(false),
            _ => Value::Blank,
        },
        name if EXCLUSIONS.contains(&name) => flag(false),
        name => name
            .strip_prefix("EnrollFlag")
            .and_then(|month| month.parse::<usize>().ok())
            .and_then(|month| life.months.get(month.checked_sub(1)?))
            .map_or(Value::Blank, |kind| Value::Integer(enroll_flag(*kind))),
    }
}

/// `EnrollFlag`: the report's code of an enrollment type.
fn enroll_flag(kind: Option<EnrollmentType>) -> i64 {
    match kind {
        None => 0,
        Some(EnrollmentType::Esrd) => 1,
        Some(EnrollmentType::Dis) => 2,
        Some(EnrollmentType::Agdu) => 3,
        Some(EnrollmentType::Agnd) => 4,
    }
}

/// The report's dates: `MM/DD/YYYY`.
fn day(date: Option<Date>) -> Value {
    date.map_or(Value::Blank, |date| {
        let (year, month, day) = date.ymd();
        Value::Text(format!("{month:02}/{day:02}/{year:04}"))
    })
}
