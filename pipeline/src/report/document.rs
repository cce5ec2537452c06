//! What the page's script reads: one JSON document.

use super::Subject;
use super::aco::{self, Aco, Source};
use super::places::Places;
use super::read::RunTables;
use super::states::{GRID, STATES};
use super::walk::{self, Kind, Kinds, rounded};
use acoledger_schemas::values::{EnrollmentType, PerformanceYear, Period};
use serde::Serialize;

/// The whole document.
#[derive(Debug, Serialize)]
pub(super) struct Document {
    years: Vec<Year>,
    types: Vec<&'static str>,
    terms: Vec<&'static str>,
    sections: Vec<&'static str>,
    kinds: Vec<Kind>,
    services: Vec<Service>,
    measures: Vec<String>,
    grid: (u8, u8),
    states: Vec<StateName>,
    has_lists: bool,
    acos: Vec<Aco>,
    /// The other run, where there is one.
    other: Option<Other>,
}

/// A performance year or half-year.
#[derive(Debug, Serialize)]
struct Year {
    key: String,
    name: String,
    year: i32,
    /// The nation's spending by class of service, by calendar year.
    services: Vec<(i32, Vec<Option<f64>>)>,
    /// The nation's measures.
    utilisation: Vec<Option<f64>>,
    /// Number of the state, person years, spending per person year, heads, ACOs.
    states: Vec<PlaceRow>,
    /// County code, then the same.
    counties: Vec<(String, PlaceRow)>,
    county_codes: &'static str,
    codes_assumed: bool,
    /// Window of the population: `calendar`, `retrospective`, `prospective`.
    window: Option<&'static str>,
}

type PlaceRow = (i64, f64, Option<f64>, i64, usize);

#[derive(Debug, Serialize)]
struct Service {
    name: String,
    /// One of the classes that add up to the total.
    additive: bool,
}

#[derive(Debug, Serialize)]
struct StateName {
    code: &'static str,
    name: &'static str,
    tile: (u8, u8),
}

#[derive(Debug, Serialize)]
struct Other {
    label: String,
    acos: Vec<Aco>,
}

/// `2019-h1`.
pub(super) fn year_key((year, period): (PerformanceYear, Period)) -> String {
    if period == Period::Full { year.to_string() } else { format!("{year}-{}", period.code()) }
}

/// `2019, first half`.
pub(super) fn year_name((year, period): (PerformanceYear, Period)) -> String {
    match period {
        Period::Full => year.to_string(),
        Period::H1 => format!("{year}, first half"),
        Period::H2 => format!("{year}, second half"),
    }
}

impl Document {
    /// The document of a report.
    pub(super) fn of(subject: &Subject) -> Document {
        let tables = &subject.run;
        let lists = names(tables);
        let mut kinds = Kinds::default();
        let acos = Source::new(tables).acos(&lists, &mut kinds);
        let other = subject.other.as_ref().map(|other| Other {
            label: subject.other_label.clone(),
            acos: Source::new(other).acos(&lists, &mut kinds),
        });
        let mut additive: Vec<&str> =
            tables.categories.iter().filter(|row| row.additive.0).map(|row| row.category.as_str()).collect();
        additive.sort_unstable();
        additive.dedup();
        Document {
            years: tables.years().into_iter().map(|year| self::year(subject, year, &lists)).collect(),
            types: EnrollmentType::ALL.iter().map(|of| of.code()).collect(),
            terms: acoledger_aco::expected::TERMS.iter().copied().chain(["expected", "actual", "difference"]).collect(),
            sections: walk::sections(),
            kinds: kinds.all(),
            services: lists
                .services
                .iter()
                .map(|name| Service { name: name.clone(), additive: additive.contains(&name.as_str()) })
                .collect(),
            measures: lists.measures,
            grid: GRID,
            states: STATES.iter().map(|of| StateName { code: of.code, name: of.name, tile: of.tile }).collect(),
            has_lists: tables.lists.is_some(),
            acos,
            other,
        }
    }

    /// The document as text that may stand in a script element: in JSON a `<` can only stand in a string.
    pub(super) fn json(&self) -> String {
        let text = serde_json::to_string(self).expect("plain values serialise");
        text.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
    }
}

fn names(tables: &RunTables) -> aco::Lists {
    let mut lists = aco::Lists {
        years: tables.years().into_iter().map(|(year, period)| (year.0, period.code().to_owned())).collect(),
        ..aco::Lists::default()
    };
    for row in &tables.categories {
        if !lists.services.contains(&row.category) {
            lists.services.push(row.category.clone());
        }
    }
    for row in &tables.utilisation {
        if !lists.measures.contains(&row.measure) {
            lists.measures.push(row.measure.clone());
        }
    }
    lists
}

fn year(subject: &Subject, year: (PerformanceYear, Period), lists: &aco::Lists) -> Year {
    let tables = &subject.run;
    let nation: Vec<_> =
        tables.categories.iter().filter(|row| row.aco_id.is_none() && row.performance_year == year.0).collect();
    let used: Vec<_> =
        tables.utilisation.iter().filter(|row| row.aco_id.is_none() && row.performance_year == year.0).collect();
    let places = Places::of(tables, year, subject.county_codes);
    let row = |number: i64, place: &super::places::Place| {
        (
            number,
            rounded(place.person_years, 1),
            place.per_capita().map(|value| rounded(value, 0)),
            place.heads,
            place.acos(),
        )
    };
    let number = |code: &str| STATES.iter().position(|of| of.code == code).map_or(-1, |at| at as i64);
    let state = |county: &str| super::states::state_of(county, places.ssa).map_or(-1, |of| number(of.code));
    Year {
        key: year_key(year),
        name: year_name(year),
        year: year.0.0,
        services: aco::services(&nation, &lists.services),
        utilisation: aco::utilisation(&used, year.0.0, &lists.measures),
        states: places.states().iter().map(|(state, place)| row(number(state.code), place)).collect(),
        counties: places.counties.iter().map(|(code, place)| (code.clone(), row(state(code), place))).collect(),
        county_codes: if places.ssa { "SSA" } else { "FIPS" },
        codes_assumed: places.assumed && !places.counties.is_empty(),
        window: places.window.map(|window| window.code()),
    }
}
