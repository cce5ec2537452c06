//! Assignable spending by county and state in a performance year, and how many of the people are on an ACO's list.

use super::read::RunTables;
use super::states::{State, are_ssa, state_of};
use super::walk::rounded;
use acoledger_schemas::rates::CountyRate;
use acoledger_schemas::study::CountyCodes;
use acoledger_schemas::values::{PerformanceYear, Period, Window};
use std::collections::{BTreeMap, BTreeSet};

/// A county, or a state's counties together.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Place {
    /// Person years of assignable beneficiaries.
    pub(super) person_years: f64,
    /// Their spending, dollars; of person years whose spending is known.
    dollars: f64,
    known_years: f64,
    /// Assigned beneficiaries of all ACOs.
    pub(super) heads: i64,
    /// ACOs with assigned beneficiaries there.
    acos: BTreeSet<String>,
}

impl Place {
    /// Spending per person year; `None` where it is not known.
    pub(super) fn per_capita(&self) -> Option<f64> {
        (self.known_years > 0.0).then(|| rounded(self.dollars / self.known_years, 2))
    }

    pub(super) fn acos(&self) -> usize {
        self.acos.len()
    }

    fn add(&mut self, other: &Place) {
        self.person_years += other.person_years;
        self.dollars += other.dollars;
        self.known_years += other.known_years;
        self.heads += other.heads;
        self.acos.extend(other.acos.iter().cloned());
    }
}

/// The places of one performance year and period.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub(super) counties: BTreeMap<String, Place>,
    /// Window of the population, as `rates/county` names it.
    pub(super) window: Option<Window>,
    pub(super) ssa: bool,
    /// Whether the system of the codes is assumed.
    pub(super) assumed: bool,
}

impl Places {
    /// The places of a performance year; `codes`: the study's system, where it is known.
    pub(super) fn of(
        tables: &RunTables,
        (year, period): (PerformanceYear, Period),
        codes: Option<CountyCodes>,
    ) -> Places {
        let of_year = |row: &&CountyRate| row.performance_year == year && row.calendar_year.0 == year.0;
        let rows: Vec<&CountyRate> = tables.county.iter().filter(of_year).collect();
        let window = Window::ALL.iter().copied().find(|window| rows.iter().any(|row| row.window == *window));
        let mut counties = BTreeMap::<String, Place>::new();
        for row in rows.into_iter().filter(|row| Some(row.window) == window) {
            let place = counties.entry(row.county.to_string()).or_default();
            let years = row.person_years.unwrap_or(0.0);
            place.person_years += years;
            if let Some(dollars) = row.per_capita {
                place.dollars += dollars * years;
                place.known_years += years;
            }
        }
        let of_year = tables.county_heads.iter().filter(|row| {
            (row.performance_year, row.period) == (year, period) && row.calendar_year.0 == year.0 && row.head_count > 0
        });
        for row in of_year {
            let place = counties.entry(row.county.to_string()).or_default();
            place.heads += row.head_count;
            place.acos.insert(row.aco_id.to_string());
        }
        let told = codes.map(|codes| codes == CountyCodes::Ssa);
        let all = || tables.county.iter().map(|row| row.county.as_str());
        let known = told.or_else(|| are_ssa(all()));
        Places { counties, window, ssa: known.unwrap_or(false), assumed: known.is_none() }
    }

    /// States with at least one county, by name; counties of no state are left out.
    pub(super) fn states(&self) -> Vec<(&'static State, Place)> {
        let mut states = BTreeMap::<&str, (&'static State, Place)>::new();
        for (county, place) in &self.counties {
            if let Some(state) = state_of(county, self.ssa) {
                states.entry(state.name).or_insert_with(|| (state, Place::default())).1.add(place);
            }
        }
        states.into_values().collect()
    }
}
