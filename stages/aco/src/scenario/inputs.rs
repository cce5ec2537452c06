//! Changes of inputs: columns scaled or replaced, ACOs taken out or made one.

use super::Placed;
use super::merge::merge;
use super::reform::{Change, YearName, in_rulebook};
use super::sound::is_there;
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
    if let Some(name) = change.aco.iter().flatten().find(|name| !is_there(program, name)) {
        return Err(refused(change, "no such ACO", Some(name)));
    }
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
    if table == Acpt::SPEC.name && change.on_acos() {
        name_acos(program, &chosen);
    }
    if table == AcoHistory::SPEC.name {
        check_history(change, &chosen, program)?;
    }
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

/// Gives each of the chosen ACOs rows of its own where it reads one that is for all with its agreement start: a condition on ACOs
/// can then be met.
fn name_acos(program: &mut Program, chosen: &Chosen) {
    let rows = program.acpt.get_or_insert_default();
    let mut own = Vec::new();
    for aco in &program.aco {
        if !chosen.contains(&(aco.performance_year, aco.period, aco.aco_id.clone())) {
            continue;
        }
        let of =
            |row: &&Acpt| (row.performance_year, row.agreement_start) == (aco.performance_year, aco.agreement_start);
        let named = |row: &Acpt| row.aco_id.as_ref() == Some(&aco.aco_id);
        for row in rows.iter().filter(of).filter(|row| row.aco_id.is_none()) {
            if !rows.iter().filter(of).any(|other| named(other) && other.enrollment_type == row.enrollment_type) {
                own.push(Acpt { aco_id: Some(aco.aco_id.clone()), ..row.clone() });
            }
        }
    }
    rows.extend(own);
}

/// Earlier results are of an ACO, whatever performance year reads them: conditions that only some of its years meet cannot be
/// told apart there.
fn check_history(change: &Change, chosen: &Chosen, program: &Program) -> Result<(), Problems> {
    let meets = |aco: &Aco| chosen.contains(&(aco.performance_year, aco.period, aco.aco_id.clone()));
    let in_part =
        |aco: &&Aco| meets(aco) && program.aco.iter().any(|other| other.aco_id == aco.aco_id && !meets(other));
    match program.aco.iter().find(in_part).filter(|_| change.on_acos()) {
        Some(aco) => {
            let what = "meets the conditions in some performance years only, and earlier results are the same in all";
            Err(refused(change, what, Some(aco.aco_id.as_str())))
        }
        None => Ok(()),
    }
}

/// Columns that two reforms change, in words, unless their conditions exclude each other.
pub(super) fn conflicts(changes: &[Placed]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, later) in changes.iter().enumerate() {
        for earlier in changes[..at].iter().filter(|earlier| earlier.reform != later.reform) {
            let (a, b) = (&earlier.change, &later.change);
            if let (Some(table), Some(column)) = (&b.table, &b.column)
                && (&a.table, &a.column) == (&b.table, &b.column)
                && a.may_meet(b)
            {
                let what =
                    if b.factor.is_some() { "the later works on what the earlier leaves" } else { "the later counts" };
                let (first, second) = (&earlier.title, &later.title);
                found.insert(format!("`{table}.{column}` is changed by \"{first}\" and by \"{second}\": {what}"));
            }
        }
    }
    found
}

impl Change {
    /// Whether there is a condition on ACOs.
    fn on_acos(&self) -> bool {
        self.aco.is_some() || self.track.is_some() || self.fewer_than.is_some() || self.rulebook.is_some()
    }

    /// Whether no condition keeps the rows of two changes apart.
    fn may_meet(&self, other: &Change) -> bool {
        fn common<T: PartialEq>(a: Option<&Vec<T>>, b: Option<&Vec<T>>) -> bool {
            a.zip(b).is_none_or(|(a, b)| a.iter().any(|value| b.contains(value)))
        }
        // `PY` is one of the years of any list.
        let py = |change: &Change| change.years.iter().flatten().any(|year| matches!(year, YearName::Name(_)));
        common(self.aco.as_ref(), other.aco.as_ref())
            && common(self.track.as_ref(), other.track.as_ref())
            && common(self.rulebook.as_ref(), other.rulebook.as_ref())
            && common(self.types.as_ref(), other.types.as_ref())
            && common(self.county.as_ref(), other.county.as_ref())
            && common(self.performance_years.as_ref(), other.performance_years.as_ref())
            && (py(self) || py(other) || common(self.years.as_ref(), other.years.as_ref()))
    }
}

/// A problem with a change.
pub(super) fn refused(change: &Change, what: &str, value: Option<&str>) -> Problems {
    Problem {
        file: format!("{}, `input`", if change.file.is_empty() { "reform" } else { &change.file }),
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
        let on_acos = change.on_acos();
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
        if let Some(absent) = change.county.iter().flatten().find(|county| !has_county(rows, county)) {
            return Err(refused(change, "no row of this county", Some(absent)));
        }
        let mut met = false;
        for row in rows.iter_mut() {
            if !self.meets(row, on_acos) {
                continue;
            }
            met = true;
            if let Some(text) = self.text(&row.cell(at))? {
                let texts: Vec<String> = (0..T::SPEC.columns.len()).map(|i| row.cell(i).to_string()).collect();
                let with = |text: &str| T::from_text(&|i| if i == at { text } else { texts[i].as_str() });
                // A column of whole cents takes no more than two decimals.
                let new =
                    with(&text).or_else(|error| self.to_the_cent(&row.cell(at)).map_or(Err(error), |text| with(&text)));
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

    /// A scaled amount in dollars, half up to the cent.
    fn to_the_cent(&self, cell: &Cell<'_>) -> Option<String> {
        let (Some(factor), Cell::Decimal(dollars)) = (self.change.factor, cell) else { return None };
        let cents = ((dollars * 100.0).round() * factor).round();
        Some(format!("{:.2}", cents / 100.0))
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

/// Whether a table has a row of a county.
fn has_county<T: Table>(rows: &[T], county: &str) -> bool {
    let at = T::SPEC.columns.iter().position(|column| column.name == "county");
    at.is_some_and(|at| rows.iter().any(|row| row.cell(at).to_string() == county))
}
