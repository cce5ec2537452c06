//! What is told of one life on the list, beside its row of `assignment`.

use super::Row;
use acoledger_person::{Batches, LifeYear, Needs, TableNeed};
use acoledger_schemas::lake::ENROLLMENT;
use acoledger_schemas::program::VoluntaryAlignment;
use acoledger_schemas::values::{Date, EnrollmentType};
use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_array::{Array, StringArray};
use arrow_schema::DataType;
use std::collections::HashMap;

/// A life on the list.
pub(crate) struct Member {
    pub(crate) life: LifeYear,
    pub(crate) row: Row,
    /// Whether it was on the list before; `None`: unknown.
    pub(crate) before: Option<bool>,
    /// Practice and clinician of a designation that led here; the clinician where the file names one.
    pub(crate) designee: Option<(String, Option<String>)>,
    pub(crate) residence: Residence,
}

/// Sex and place of a life in the year.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Residence {
    /// As the record has it: 1 male, 2 female.
    pub(crate) sex: String,
    /// SSA state and county, of the last month that carries an enrollment type; else of the last that has one.
    pub(crate) county: String,
    /// SSA state: of the county, else of the record.
    pub(crate) state: String,
}

/// Tables that the enrollment of a list needs, and the one table of the year itself.
pub(super) fn sources(needs: &Needs, year: i32) -> (Vec<TableNeed>, TableNeed) {
    let tables = needs.tables.iter().filter(|need| ["bene", "enrollment"].contains(&need.table.name));
    let columns = vec!["bene_key", "sex", "state", "county_ssa"];
    let of_year = TableNeed { table: &ENROLLMENT, years: vec![year], optional_years: Vec::new(), columns };
    (tables.cloned().collect(), of_year)
}

/// Designations of a shard's lives by life and day: of several of a day the last row.
pub(super) struct Designations {
    of: HashMap<(String, Date), VoluntaryAlignment>,
}

impl Designations {
    pub(super) fn new(rows: Vec<VoluntaryAlignment>) -> Designations {
        Designations { of: rows.into_iter().map(|row| ((row.bene_id.to_string(), row.designated_on), row)).collect() }
    }

    /// Who a life designated, where that is what put it on the list.
    pub(super) fn place_of(&self, life: &LifeYear, row: &Row) -> Option<(String, Option<String>)> {
        let day = life.designated_on.filter(|_| row.basis != "claims")?;
        let row = self.of.get(&(life.bene_id.clone(), day))?;
        Some((row.designee_tin.as_str().to_owned(), row.designee_npi.as_ref().map(|npi| npi.as_str().to_owned())))
    }
}

/// Residences of a shard's lives.
#[derive(Default)]
pub(super) struct Residences {
    of: HashMap<u64, Residence>,
}

/// Enrollment types by month.
type Months = [Option<EnrollmentType>; 12];

impl Residences {
    pub(super) fn of(&self, key: u64) -> Residence {
        self.of.get(&key).cloned().unwrap_or_default()
    }

    /// Reads those of the lives in `wanted`.
    pub(super) fn read(&mut self, batches: Batches<'_>, wanted: &HashMap<u64, &Months>) -> Result<(), String> {
        for batch in batches {
            let batch = batch?;
            let text = |name: &str| -> Result<Option<StringArray>, String> {
                let Some(column) = batch.column_by_name(name) else { return Ok(None) };
                let column = arrow_cast::cast(column, &DataType::Utf8).map_err(|error| error.to_string())?;
                Ok(Some(column.as_string().clone()))
            };
            let (sex, state, county) = (text("sex")?, text("state")?, text("county_ssa")?);
            let keys = batch.column_by_name("bene_key").ok_or("enrollment: no column `bene_key`")?;
            for (at, key) in keys.as_primitive::<UInt64Type>().values().iter().enumerate() {
                let Some(months) = wanted.get(key) else { continue };
                let cell = |column: &Option<StringArray>| {
                    let column = column.as_ref().filter(|column| column.is_valid(at));
                    column.map(|column| column.value(at).to_owned()).unwrap_or_default()
                };
                let county = last_county(&cell(&county), months);
                let state =
                    if county.is_empty() { cell(&state).trim().to_owned() } else { county.chars().take(2).collect() };
                self.of.insert(*key, Residence { sex: cell(&sex), county, state });
            }
        }
        Ok(())
    }
}

/// Of twelve codes of five characters the one of the last month that carries an enrollment type, else the last.
fn last_county(codes: &str, months: &Months) -> String {
    let month = |at: usize| codes.get(at * 5..at * 5 + 5).map(str::trim).filter(|code| code.len() == 5);
    let last = |counts: &dyn Fn(usize) -> bool| (0..12).rev().filter(|at| counts(*at)).find_map(month);
    last(&|at| months[at].is_some()).or_else(|| last(&|_| true)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_county_is_that_of_the_last_month_of_a_type() {
        let codes = "05010".repeat(5) + &"33020".repeat(2) + &" ".repeat(5) + &"10000".repeat(4);
        let until = |last: usize| std::array::from_fn(|at| (at <= last).then_some(EnrollmentType::Agnd));
        assert_eq!(last_county(&codes, &until(4)), "05010");
        assert_eq!(last_county(&codes, &until(7)), "33020", "a month without a code says nothing");
        assert_eq!(last_county(&codes, &until(11)), "10000");
        assert_eq!(last_county(&codes, &[None; 12]), "10000");
        assert_eq!(last_county("", &until(3)), "");
    }
}
