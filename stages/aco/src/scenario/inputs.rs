//! Changes of inputs: columns scaled or replaced, ACOs taken out or made one.

use super::merge::merge;
use super::reform::{Change, YearName, in_rulebook};
use acoledger_schemas::program::{Aco, AcoHistory, Acpt, Disaster, Program};
use acoledger_schemas::rates::{AcoCounty, AcoCountyHeads, AcoHeads, AcoYear, CountyRate, National, Rates};
use acoledger_schemas::rules::Rules;
use acoledger_schemas::table::{Cell, Kind, Problem, Problems, Table};
use acoledger_schemas::values::{AcoId, PerformanceYear, Period};
use std::collections::BTreeSet;

/// Columns of `aco` that decide who is assigned and in which years: the person grain reads them.
const OF_PERSONS: &[&str] = &["assignment_method", "agreement_start"];

/// Whether a change asks for the person grain anew.
pub(super) fn touches_persons(change: &Change) -> bool {
    change.table.as_deref() == Some(Aco::SPEC.name)
        && change.column.as_deref().is_some_and(|column| OF_PERSONS.contains(&column))
}

/// Whether a change cannot be answered from rates: another list of beneficiaries.
pub(super) fn needs_persons(change: &Change) -> bool {
    touches_persons(change) && change.column.as_deref() == Some("assignment_method")
}

/// The ACO rows that a change is about.
type Chosen = BTreeSet<(PerformanceYear, Period, AcoId)>;

/// Makes a change.
///
/// # Errors
/// A table or column that there is not, a condition that the table cannot meet, a value that the column cannot hold, a
/// change that meets no row.
pub(super) fn apply(change: &Change, rates: &mut Rates, program: &mut Program, rules: &Rules) -> Result<(), Problems> {
    let chosen = chosen(change, rates, program, rules);
    if let Some(members) = &change.merge {
        return merge(change, members, rates, program);
    }
    if change.drop {
        let before = program.aco.len();
        program.aco.retain(|aco| !chosen.contains(&(aco.performance_year, aco.period, aco.aco_id.clone())));
        return if program.aco.len() < before {
            Ok(())
        } else {
            Err(refused(change, "no ACO meets the conditions", None))
        };
    }
    let table = change.table.as_deref().unwrap_or_default();
    let known = [
        Aco::SPEC.name,
        AcoHistory::SPEC.name,
        Acpt::SPEC.name,
        Disaster::SPEC.name,
        National::SPEC.name,
        CountyRate::SPEC.name,
        AcoYear::SPEC.name,
        AcoCounty::SPEC.name,
        AcoHeads::SPEC.name,
        AcoCountyHeads::SPEC.name,
    ];
    let edit = Edit { change, chosen };
    match table {
        "aco" => edit.table(&mut program.aco),
        "aco_history" => edit.table(program.aco_history.get_or_insert_default()),
        "acpt" => edit.table(program.acpt.get_or_insert_default()),
        "disaster" => edit.table(program.disaster.get_or_insert_default()),
        "national" => edit.table(&mut rates.national),
        "county" => edit.table(&mut rates.county),
        "aco_year" => edit.table(&mut rates.aco_year),
        "aco_county" => edit.table(&mut rates.aco_county),
        "aco_heads" => edit.table(&mut rates.aco_heads),
        "aco_county_heads" => edit.table(&mut rates.aco_county_heads),
        _ => Err(refused(
            change,
            &format!("no table that a reform can change: one of {}", known.join(", ")),
            Some(table),
        )),
    }
}

/// Rows of `aco` that meet the conditions on ACOs.
fn chosen(change: &Change, rates: &Rates, program: &Program, rules: &Rules) -> Chosen {
    let few: Option<BTreeSet<_>> = change.fewer_than.map(|limit| {
        let own = rates.aco_heads.iter().filter(|row| row.calendar_year.0 == row.performance_year.0);
        let few = own.filter(|row| row.head_count.is_some_and(|heads| heads < limit));
        few.map(|row| (row.performance_year, row.period, row.aco_id.clone())).collect()
    });
    let among =
        |list: &Option<Vec<String>>, text: &str| list.as_ref().is_none_or(|list| list.iter().any(|of| of == text));
    let meets = |aco: &&Aco| {
        among(&change.aco, aco.aco_id.as_str())
            && among(&change.track, aco.track.code())
            && in_rulebook(&change.rulebook, aco, rules)
            && change.performance_years.as_ref().is_none_or(|years| years.contains(&aco.performance_year.0))
            && few.as_ref().is_none_or(|few| few.contains(&(aco.performance_year, aco.period, aco.aco_id.clone())))
    };
    program.aco.iter().filter(meets).map(|aco| (aco.performance_year, aco.period, aco.aco_id.clone())).collect()
}

/// A problem with a change.
pub(super) fn refused(change: &Change, what: &str, value: Option<&str>) -> Problems {
    Problem {
        file: "reform, `input`".into(),
        line: 0,
        column: match (&change.table, &change.column) {
            (Some(table), Some(column)) => format!("{table}.{column}"),
            _ => String::new(),
        },
        what: what.into(),
        value: value.map(str::to_owned),
        hint: None,
    }
    .into()
}

/// A change of one column.
struct Edit<'c> {
    change: &'c Change,
    chosen: Chosen,
}

impl Edit<'_> {
    fn table<T: Table>(&self, rows: &mut [T]) -> Result<(), Problems> {
        let change = self.change;
        let place = |name: &str| T::SPEC.columns.iter().position(|column| column.name == name);
        let name = change.column.as_deref().unwrap_or_default();
        let at = place(name).ok_or_else(|| {
            let names: Vec<&str> = T::SPEC.columns.iter().map(|column| column.name).collect();
            refused(change, &format!("no such column: `{}` has {}", T::SPEC.name, names.join(", ")), Some(name))
        })?;
        if T::SPEC.key.contains(&name) {
            return Err(refused(change, "is part of the table's key: rows would become others", Some(name)));
        }
        if change.factor.is_some() && T::SPEC.columns[at].kind != Kind::Decimal {
            return Err(refused(change, "a factor needs a column of decimal numbers", Some(name)));
        }
        let on_acos =
            change.aco.is_some() || change.track.is_some() || change.fewer_than.is_some() || change.rulebook.is_some();
        for (given, column, condition) in [
            (on_acos, "aco_id", "aco, track, rulebook, fewer_than"),
            (change.types.is_some(), "enrollment_type", "types"),
            (change.county.is_some(), "county", "county"),
            (change.performance_years.is_some(), "performance_year", "performance_years"),
            (change.years.is_some(), "calendar_year", "years"),
        ] {
            // Prospective trends have no calendar year: they are of the performance year.
            if given && place(column).is_none() {
                let what = format!("the table has no `{column}`, which the condition is about");
                return Err(refused(change, &what, Some(condition)));
            }
        }
        let mut met = false;
        for row in rows.iter_mut() {
            if !self.meets(row, on_acos) {
                continue;
            }
            met = true;
            if let Some(text) = self.text(&row.cell(at))? {
                let texts: Vec<String> = (0..T::SPEC.columns.len()).map(|i| row.cell(i).to_string()).collect();
                let new = T::from_text(&|i| if i == at { text.as_str() } else { texts[i].as_str() });
                *row = new.map_err(|(_, expected)| refused(change, &expected, Some(&text)))?;
            }
        }
        if met { Ok(()) } else { Err(refused(change, "no row meets the conditions", None)) }
    }

    fn meets<T: Table>(&self, row: &T, on_acos: bool) -> bool {
        let change = self.change;
        let cell = |name: &str| {
            let at = T::SPEC.columns.iter().position(|column| column.name == name)?;
            Some(row.cell(at))
        };
        let text = |name: &str| cell(name).map(|cell| cell.to_string()).unwrap_or_default();
        let year = |name: &str| match cell(name) {
            Some(Cell::Integer(year)) => i32::try_from(year).ok(),
            _ => None,
        };
        let among =
            |list: &Option<Vec<String>>, name: &str| list.as_ref().is_none_or(|list| list.contains(&text(name)));
        let performance_year = year("performance_year");
        let of_chosen = || {
            let (aco, period) = (text("aco_id"), text("period"));
            self.chosen.iter().any(|(of_year, of_period, id)| {
                id.as_str() == aco
                    && performance_year.is_none_or(|year| year == of_year.0)
                    && (period.is_empty() || period == of_period.code())
            })
        };
        among(&change.types, "enrollment_type")
            && among(&change.county, "county")
            && change
                .performance_years
                .as_ref()
                .is_none_or(|years| performance_year.is_some_and(|year| years.contains(&year)))
            && change.years.as_ref().is_none_or(|years| {
                let calendar = year("calendar_year");
                years.iter().any(|name| match name {
                    YearName::Year(wanted) => calendar == Some(*wanted),
                    YearName::Name(_) => calendar.is_some() && calendar == performance_year,
                })
            })
            && (!on_acos || of_chosen())
    }

    /// The cell's new text; `None`: it stays, because unknown values cannot be scaled.
    fn text(&self, cell: &Cell<'_>) -> Result<Option<String>, Problems> {
        if let Some(factor) = self.change.factor {
            return Ok(match cell {
                Cell::Decimal(value) => Some((value * factor).to_string()),
                _ => None,
            });
        }
        Ok(Some(match self.change.value.as_ref() {
            Some(toml::Value::String(text)) => text.clone(),
            Some(toml::Value::Boolean(flag)) => i32::from(*flag).to_string(),
            Some(toml::Value::Integer(number)) => number.to_string(),
            Some(toml::Value::Float(number)) => number.to_string(),
            other => {
                let text = other.map(ToString::to_string).unwrap_or_default();
                return Err(refused(self.change, "expected a text, a number or a flag", Some(&text)));
            }
        }))
    }
}
