//! Rates and program rows by key, made once; what a run looks up is then a few steps away.

use crate::benchmark::Reconciled;
use crate::by_type::ByType;
use crate::validate;
use acoledger_schemas::program::{AcoHistory, Program};
use acoledger_schemas::rates::{AcoCounty, AcoCountyHeads, AcoHeads, AcoYear, CountyRate, National, Rates};
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::{AcoId, Cohort, Date, EnrollmentType, PerformanceYear, Period, Window};
use std::collections::{HashMap, HashSet};

/// Performance year, period and ACO.
pub(crate) type AcoKey<'r> = (PerformanceYear, Period, &'r str);

/// A county's number and the ACO's row of it.
pub(crate) type OwnCounty<'r> = (u32, &'r AcoCounty);

/// A county's figures of the four types in one year.
type CountyRow<'r> = ByType<Option<&'r CountyRate>>;

/// Rates and program rows by key.
#[derive(Debug)]
pub struct Index<'r> {
    national: HashMap<(PerformanceYear, i32), ByType<Option<&'r National>>>,
    county: HashMap<(PerformanceYear, i32, Window), Vec<CountyRow<'r>>>,
    own: HashMap<(AcoKey<'r>, i32, Cohort), ByType<Option<&'r AcoYear>>>,
    own_counties: HashMap<(AcoKey<'r>, i32), ByType<Vec<OwnCounty<'r>>>>,
    heads: HashMap<(AcoKey<'r>, i32), &'r AcoHeads>,
    county_heads: HashMap<(AcoKey<'r>, i32), Vec<&'r AcoCountyHeads>>,
    history: Option<HashMap<(&'r str, i32), &'r AcoHistory>>,
    acpt: HashMap<(PerformanceYear, Date, Option<&'r str>, EnrollmentType), f64>,
    disaster: Option<HashMap<(PerformanceYear, &'r str), u8>>,
    affected_elsewhere: HashMap<PerformanceYear, (Vec<&'r str>, usize)>,
    problems: Problems,
}

impl<'r> Index<'r> {
    /// Takes all rows; a run refuses those with numbers outside their range. Later rows of a key would replace earlier ones; readers refuse repeated keys.
    pub fn new(rates: &'r Rates, program: &'r Program) -> Index<'r> {
        let counties = number_counties(rates);
        let mut index = Index {
            national: HashMap::new(),
            county: HashMap::new(),
            own: HashMap::new(),
            own_counties: HashMap::new(),
            heads: HashMap::new(),
            county_heads: HashMap::new(),
            history: None,
            acpt: HashMap::new(),
            disaster: None,
            affected_elsewhere: HashMap::new(),
            problems: validate::ranges(rates, program),
        };
        for row in &rates.national {
            let key = (row.performance_year, row.calendar_year.0);
            index.national.entry(key).or_default()[row.enrollment_type] = Some(row);
        }
        for row in &rates.county {
            let key = (row.performance_year, row.calendar_year.0, row.window);
            let rows = index.county.entry(key).or_insert_with(|| vec![CountyRow::default(); counties.len()]);
            rows[counties[row.county.as_str()] as usize][row.enrollment_type] = Some(row);
        }
        for row in &rates.aco_year {
            let key = ((row.performance_year, row.period, row.aco_id.as_str()), row.calendar_year.0, row.cohort);
            index.own.entry(key).or_default()[row.enrollment_type] = Some(row);
        }
        for row in &rates.aco_county {
            let key = ((row.performance_year, row.period, row.aco_id.as_str()), row.calendar_year.0);
            let number = counties[row.county.as_str()];
            index.own_counties.entry(key).or_default()[row.enrollment_type].push((number, row));
        }
        // Sums of decimals depend on their order; that of the rows must not matter.
        for by_type in index.own_counties.values_mut() {
            by_type.0.iter_mut().for_each(|rows| rows.sort_by_key(|(number, _)| *number));
        }
        for row in &rates.aco_heads {
            let key = ((row.performance_year, row.period, row.aco_id.as_str()), row.calendar_year.0);
            index.heads.insert(key, row);
        }
        for row in &rates.aco_county_heads {
            let key = ((row.performance_year, row.period, row.aco_id.as_str()), row.calendar_year.0);
            index.county_heads.entry(key).or_default().push(row);
        }
        index.take_program(program);
        index
    }

    fn take_program(&mut self, program: &'r Program) {
        self.history = program
            .aco_history
            .as_ref()
            .map(|rows| rows.iter().map(|row| ((row.aco_id.as_str(), row.calendar_year.0), row)).collect());
        for row in program.acpt.iter().flatten() {
            let aco = row.aco_id.as_ref().map(AcoId::as_str);
            self.acpt.insert((row.performance_year, row.agreement_start, aco, row.enrollment_type), row.factor);
        }
        self.disaster = program
            .disaster
            .as_ref()
            .map(|rows| rows.iter().map(|row| ((row.performance_year, row.county.as_str()), row.months)).collect());
        let homes: HashSet<(PerformanceYear, &str)> = self
            .county_heads
            .iter()
            .flat_map(|((key, _), rows)| rows.iter().map(|row| (key.0, row.county.as_str())))
            .collect();
        for row in program.disaster.iter().flatten() {
            let (elsewhere, all) = self.affected_elsewhere.entry(row.performance_year).or_default();
            *all += 1;
            if !homes.contains(&(row.performance_year, row.county.as_str())) {
                elsewhere.push(row.county.as_str());
            }
        }
        self.affected_elsewhere.values_mut().for_each(|(elsewhere, _)| elsewhere.sort_unstable());
    }

    /// Numbers outside their range, in any row.
    pub(crate) fn problems(&self) -> &Problems {
        &self.problems
    }

    /// Affected counties of a year in which no ACO has a beneficiary, in the order of their codes, and the number of all
    /// affected ones; `None` when none is affected.
    pub(crate) fn affected_elsewhere(&self, year: PerformanceYear) -> Option<(&[&'r str], usize)> {
        self.affected_elsewhere.get(&year).map(|(elsewhere, all)| (elsewhere.as_slice(), *all))
    }

    pub(crate) fn national(&self, performance_year: PerformanceYear, year: i32) -> ByType<Option<&'r National>> {
        self.national.get(&(performance_year, year)).copied().unwrap_or_default()
    }

    pub(crate) fn own(&self, key: AcoKey<'_>, year: i32, cohort: Cohort) -> ByType<Option<&'r AcoYear>> {
        self.own.get(&(key, year, cohort)).copied().unwrap_or_default()
    }

    /// The ACO's rows of a type by county, in the order of the counties.
    pub(crate) fn own_counties<'k>(&'k self, key: AcoKey<'k>, year: i32, kind: EnrollmentType) -> &'k [OwnCounty<'r>] {
        self.own_counties.get(&(key, year)).map_or(&[], |by_type| &by_type[kind])
    }

    /// A county's row of a type in a year and window.
    pub(crate) fn county(
        &self,
        performance_year: PerformanceYear,
        year: i32,
        window: Window,
        county: u32,
        kind: EnrollmentType,
    ) -> Option<&'r CountyRate> {
        self.county.get(&(performance_year, year, window))?[county as usize][kind]
    }

    pub(crate) fn heads(&self, key: AcoKey<'_>, year: i32) -> Option<&'r AcoHeads> {
        self.heads.get(&(key, year)).copied()
    }

    /// The ACO's heads by county; `None` when no row is given.
    pub(crate) fn county_heads<'k>(&'k self, key: AcoKey<'k>, year: i32) -> Option<&'k [&'r AcoCountyHeads]> {
        self.county_heads.get(&(key, year)).map(Vec::as_slice)
    }

    /// Whether the file of earlier results is there.
    pub(crate) fn has_history(&self) -> bool {
        self.history.is_some()
    }

    pub(crate) fn history(&self, aco: &str, year: i32) -> Option<Reconciled> {
        let row = self.history.as_ref()?.get(&(aco, year))?;
        Some(Reconciled {
            per_capita_savings: row.per_capita_savings,
            person_years: row.person_years,
            forfeited: row.forfeited.0,
            shared_per_capita: row.shared_savings_per_capita,
        })
    }

    /// The prospective trend given for an ACO, else for all with its start (M.E.4.4).
    pub(crate) fn acpt(&self, year: PerformanceYear, start: Date, aco: &str, kind: EnrollmentType) -> Option<f64> {
        let of = |aco| self.acpt.get(&(year, start, aco, kind)).copied();
        of(Some(aco)).or_else(|| of(None))
    }

    /// Whether the file of disasters is there.
    pub(crate) fn has_disasters(&self) -> bool {
        self.disaster.is_some()
    }

    /// Months in which a county was affected.
    pub(crate) fn disaster_months(&self, year: PerformanceYear, county: &str) -> Option<u8> {
        self.disaster.as_ref()?.get(&(year, county)).copied()
    }
}

/// Counties by number, in the order of their codes.
fn number_counties(rates: &Rates) -> HashMap<&str, u32> {
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    let of_rates = rates.county.iter().map(|row| row.county.as_str());
    for county in of_rates.chain(rates.aco_county.iter().map(|row| row.county.as_str())) {
        numbers.entry(county).or_insert(0);
    }
    let mut codes: Vec<&str> = numbers.keys().copied().collect();
    codes.sort_unstable();
    codes.into_iter().zip(0..).collect()
}
