//! From rates and program rows to the complete inputs of one ACO. What a rule in force needs and nobody gave is an error
//! that names rule, table, column and ACO; nothing is taken for zero.

use crate::Finding;
use crate::benchmark::{
    BenchmarkRules, CohortScores, Cohorts, CountyCell, CountyFigures, Inputs, Own, Reconciled, Rulebook, Year,
};
use crate::by_type::ByType;
use crate::index::{AcoKey, Index};
use crate::validate::{Negative, negative};
use acoledger_schemas::program::Aco;
use acoledger_schemas::rates::{AcoCounty, AcoYear};
use acoledger_schemas::table::{Problem, Problems};
use acoledger_schemas::values::{AssignmentMethod, Cohort, EnrollmentType, Window};

/// What of an agreement's rules decides which inputs there must be: nothing else of them reaches what is gathered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct GatherRules {
    pub(crate) rulebook: Rulebook,
    first_year_before: i32,
    regional: bool,
    exclude_assigned: bool,
    reads_nation: bool,
    reads_demographic_scores: bool,
    negative_spending_limit: f64,
    pub(crate) of_652: Option<Gather652>,
}

/// The same of 425.652 alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Gather652 {
    population_in_force: bool,
    /// Types whose prospective trend can be derived.
    acpt_derived: ByType<bool>,
    pub(crate) acpt_plausible: [f64; 2],
}

impl From<&BenchmarkRules> for GatherRules {
    fn from(rules: &BenchmarkRules) -> GatherRules {
        GatherRules {
            rulebook: rules.rulebook,
            first_year_before: rules.first_year_before,
            regional: rules.regional.is_some(),
            exclude_assigned: rules.regional.as_ref().is_some_and(|regional| regional.region.exclude_assigned),
            reads_nation: rules.reads_nation(),
            reads_demographic_scores: rules.reads_demographic_scores(),
            negative_spending_limit: rules.negative_spending_limit,
            of_652: rules.of_652.as_ref().map(|rules| Gather652 {
                population_in_force: rules.population_in_force,
                acpt_derived: ByType::of(|kind| rules.projected_growth.of(kind).is_some()),
                acpt_plausible: rules.acpt_plausible,
            }),
        }
    }
}

/// Gathers the inputs of one ACO, and keeps what is missing.
pub(crate) struct Gather<'g, 'r> {
    pub(crate) index: &'g Index<'r>,
    pub(crate) aco: &'g Aco,
    pub(crate) rules: GatherRules,
    pub(crate) years: [i32; 4],
    pub(crate) problems: Problems,
    pub(crate) findings: Vec<Finding>,
}

/// A problem with an input of one ACO.
pub(crate) fn problem(aco: &Aco, table: &str, column: &str, what: &str, section: &str) -> Problem {
    Problem {
        file: table.into(),
        line: 0,
        column: column.into(),
        what: format!("{} {} {}: {what}", aco.aco_id, aco.performance_year, aco.period),
        value: None,
        hint: Some(format!("M.{section} needs it, under the rulebook of an agreement from {}", aco.agreement_start)),
    }
}

impl<'g, 'r> Gather<'g, 'r> {
    pub(crate) fn new(index: &'g Index<'r>, aco: &'g Aco, rules: GatherRules) -> Gather<'g, 'r> {
        let first = aco.agreement_start.year() - rules.first_year_before;
        let years = [first, first + 1, first + 2, aco.performance_year.0];
        Gather { index, aco, rules, years, problems: Problems::default(), findings: Vec::new() }
    }

    /// The key of the ACO's rates.
    pub(crate) fn key(&self) -> AcoKey<'g> {
        (self.aco.performance_year, self.aco.period, self.aco.aco_id.as_str())
    }

    /// Everything that the benchmark reads, with findings on the way, or what is missing.
    pub(crate) fn inputs(mut self) -> Result<(Inputs, Vec<Finding>), Problems> {
        let own = Year::ALL.map(|year| ByType::of(|kind| self.own(year, kind)));
        for (year, column) in [(Year::By3, "calendar year BY3"), (Year::Py, "the performance year")] {
            if own[year as usize].0.iter().all(Option::is_none) {
                self.lacks("rates/aco_year", "person_years", &format!("no person years in {column}"), "D.1.1");
            }
        }
        let types: Vec<EnrollmentType> = EnrollmentType::ALL
            .into_iter()
            .filter(|&kind| own[Year::By3 as usize][kind].is_some() || own[Year::Py as usize][kind].is_some())
            .collect();
        self.check_scores(&own, &types);
        let counties = Year::ALL.map(|year| ByType::of(|kind| self.counties(&own, &types, year, kind)));
        let national = Year::ALL.map(|year| ByType::of(|kind| self.national(&own, &types, &counties, year, kind)));
        let regional_count = self.regional_count();
        let dual_person_years = self.dual_person_years();
        let lis_or_dual_share = self.lis_or_dual_share();
        let reconciled = self.reconciled();
        let acpt = ByType::of(|kind| self.acpt(&own, kind));
        let cohorts = self.rules.rulebook.by_cohort().then(|| self.cohorts());
        let inputs = Inputs {
            calendar_years: self.years,
            own,
            cohorts,
            national,
            counties,
            regional_count,
            dual_person_years,
            lis_or_dual_share,
            reconciled,
            acpt,
        };
        self.problems.or((inputs, self.findings))
    }

    fn lacks(&mut self, table: &str, column: &str, what: &str, section: &str) {
        self.problems.push(problem(self.aco, table, column, what, section));
    }

    /// A number that must be given and above 0.
    fn positive(&mut self, value: Option<f64>, table: &str, column: &str, at: &str, section: &str) -> Option<f64> {
        let what = match value {
            Some(value) if value > 0.0 => return Some(value),
            Some(_) => format!("not above 0 in {at}"),
            None => format!("not given for {at}"),
        };
        self.lacks(table, column, &what, section);
        None
    }

    /// Spending below 0 is refused, or in a cell of few lives found.
    fn not_impossible(&mut self, (per_capita, person_years): (f64, f64), table: &str, at: &str, section: &'static str) {
        match negative(per_capita, person_years, self.rules.negative_spending_limit) {
            Negative::No => {}
            Negative::Possible => {
                let what = format!("spending below 0 in a small cell: {per_capita} in {table}, {at}");
                self.findings.push(Finding::of(self.aco, section, what));
            }
            Negative::Impossible => {
                let what = format!("below 0 in {at} ({per_capita}, {person_years} person years)");
                self.lacks(table, "per_capita", &what, section);
            }
        }
    }

    fn at(&self, year: Year, kind: EnrollmentType) -> String {
        format!("{} ({}), {kind}", self.years[year as usize], year.code())
    }

    /// The ACO's own figures; `None` without person years (M.C.6).
    fn own(&mut self, year: Year, kind: EnrollmentType) -> Option<Own> {
        let row = self.index.own(self.key(), self.years[year as usize], Cohort::All)[kind]?;
        let at = self.at(year, kind);
        let person_years = self.person_years(row, &at)?;
        let per_capita = row.per_capita.unwrap_or_else(|| {
            self.lacks("rates/aco_year", "per_capita", &format!("not given for {at}"), "D.1.1");
            0.0
        });
        self.not_impossible((per_capita, person_years), "rates/aco_year", &at, "B.3.3");
        Some(Own { person_years, per_capita, hcc: row.hcc_score, demographic: row.demographic_score })
    }

    /// Person years above 0; a row with other figures and no person years is unknown, not empty.
    fn person_years(&mut self, row: &AcoYear, at: &str) -> Option<f64> {
        match row.person_years {
            Some(years) if years > 0.0 => Some(years),
            None if row.per_capita.is_some() || row.hcc_score.is_some() => {
                self.lacks("rates/aco_year", "person_years", &format!("not given for {at}"), "B.2.3");
                None
            }
            _ => None,
        }
    }

    /// Scores where the rulebook reads them: HCC in the base years and, but for the cohort rulebooks, in the performance
    /// year; demographic under 425.652 (M.C.2–C.4).
    fn check_scores(&mut self, own: &[ByType<Option<Own>>; 4], types: &[EnrollmentType]) {
        for &kind in types {
            let empty_by3 = own[Year::By3 as usize][kind].is_none();
            for year in Year::ALL {
                let Some(figures) = own[year as usize][kind] else { continue };
                let at = self.at(year, kind);
                let hcc =
                    year != Year::Py || empty_by3 || self.rules.exclude_assigned || !self.rules.rulebook.by_cohort();
                if hcc {
                    let section = if year == Year::Py { "C.3" } else { "C.2" };
                    self.positive(figures.hcc, "rates/aco_year", "hcc_score", &at, section);
                }
                if self.rules.reads_demographic_scores && matches!(year, Year::By3 | Year::Py) {
                    self.positive(figures.demographic, "rates/aco_year", "demographic_score", &at, "C.4.2");
                }
            }
        }
    }

    /// `calendar` for agreements before 2024, else the window of the ACO's own method (M.A.8.4).
    pub(crate) fn window(&self) -> Window {
        match (self.rules.rulebook, self.aco.assignment_method) {
            (Rulebook::S652, AssignmentMethod::Retrospective) => Window::Retrospective,
            (Rulebook::S652, AssignmentMethod::Prospective) => Window::Prospective,
            _ => Window::Calendar,
        }
    }

    /// Counties of a type and year with the ACO's person years; for a type empty in BY3 the performance year's stand in
    /// (M.D.1.3, M.C.6).
    fn counties(
        &mut self,
        own: &[ByType<Option<Own>>; 4],
        types: &[EnrollmentType],
        year: Year,
        kind: EnrollmentType,
    ) -> Vec<CountyCell> {
        if !self.rules.regional || !types.contains(&kind) {
            return Vec::new();
        }
        let weights_of = match own[year as usize][kind] {
            Some(_) => year,
            None if year == Year::By3 => Year::Py,
            None => return Vec::new(),
        };
        let rows = self.index.own_counties(self.key(), self.years[weights_of as usize], kind);
        let mut cells = Vec::with_capacity(rows.len());
        for &(county, row) in rows {
            if row.person_years > 0.0 {
                let own = (weights_of == year).then(|| self.part(row)).flatten();
                cells.push(CountyCell { assigned: row.person_years, known: self.county(county, year, kind), own });
            }
        }
        if cells.is_empty() {
            let what = format!("no county for {}", self.at(weights_of, kind));
            self.lacks("rates/aco_county", "person_years", &what, "D.1.3");
        }
        cells
    }

    /// The ACO's part of a county's population, where it is known whole.
    fn part(&self, row: &AcoCounty) -> Option<CountyFigures> {
        let person_years = row.assignable_person_years?;
        if person_years == 0.0 {
            return Some(CountyFigures { per_capita: 0.0, person_years, hcc: 1.0, demographic: None });
        }
        let (per_capita, hcc) = row.assignable_per_capita.zip(row.assignable_hcc_score)?;
        Some(CountyFigures { per_capita, person_years, hcc, demographic: row.assignable_demographic_score })
    }

    /// A county's figures; absent, blank or without person years: unknown (M.D.1.5).
    fn county(&mut self, county: u32, year: Year, kind: EnrollmentType) -> Option<CountyFigures> {
        let calendar_year = self.years[year as usize];
        let row = self.index.county(self.aco.performance_year, calendar_year, self.window(), county, kind)?;
        let (per_capita, person_years) = row.per_capita.zip(row.person_years.filter(|years| *years > 0.0))?;
        let scored = self.rules.rulebook == Rulebook::S652 && matches!(year, Year::By3 | Year::Py);
        let above_0 = |score: Option<f64>| score.filter(|score| *score > 0.0);
        // Most cells are sound, and there are many: only for the others is it said where they stand.
        if let Some(hcc) = above_0(row.hcc_score)
            && per_capita >= 0.0
            && (!scored || above_0(row.demographic_score).is_some())
        {
            return Some(CountyFigures { per_capita, person_years, hcc, demographic: row.demographic_score });
        }
        let at = format!("county {}, {}", row.county, self.at(year, kind));
        self.not_impossible((per_capita, person_years), "rates/county", &at, "D.1.2");
        let hcc = self.positive(row.hcc_score, "rates/county", "hcc_score", &at, "D.1.2")?;
        if scored {
            self.positive(row.demographic_score, "rates/county", "demographic_score", &at, "E.3.1")?;
        }
        Some(CountyFigures { per_capita, person_years, hcc, demographic: row.demographic_score })
    }

    /// National per capita, required wherever the rulebook reads it: everywhere but under 425.603(c), and there where no
    /// county is left (M.D.1.5, M.D.1.6).
    fn national(
        &mut self,
        own: &[ByType<Option<Own>>; 4],
        types: &[EnrollmentType],
        counties: &[ByType<Vec<CountyCell>>; 4],
        year: Year,
        kind: EnrollmentType,
    ) -> Option<f64> {
        let value = self.index.national(self.aco.performance_year, self.years[year as usize])[kind];
        let value = value.and_then(|row| row.per_capita);
        let read = types.contains(&kind) && (year == Year::By3 || own[year as usize][kind].is_some());
        let stands_in = counties[year as usize][kind].iter().all(|cell| cell.known.is_none());
        if !read || (!self.rules.reads_nation && !stands_in) {
            return value;
        }
        if value.is_some_and(|value| value > 0.0) {
            return value;
        }
        let at = self.at(year, kind);
        self.positive(value, "rates/national", "per_capita", &at, "D.1.6")
    }

    fn regional_count(&mut self) -> Option<u8> {
        let count = self.aco.regional_adjustment_count;
        if self.rules.regional && count.is_none_or(|count| count == 0) {
            self.lacks("program/aco", "regional_adjustment_count", "not given, or 0: it counts from 1", "D.2.3");
        }
        count
    }

    fn dual_person_years(&mut self) -> Option<f64> {
        let year = self.years[Year::By3 as usize];
        let value = self.index.heads(self.key(), year).and_then(|heads| heads.dual_person_years);
        if self.rules.rulebook == Rulebook::S652 && value.is_none() {
            self.lacks("rates/aco_heads", "dual_person_years", &format!("not given for {year} (BY3)"), "D.2.5");
        }
        value
    }

    fn lis_or_dual_share(&mut self) -> Option<f64> {
        let year = self.aco.performance_year.0;
        let value = self.index.heads(self.key(), year).and_then(|heads| heads.lis_or_dual_share);
        if self.rules.of_652.is_some_and(|rules| rules.population_in_force) && value.is_none() {
            self.lacks("rates/aco_heads", "lis_or_dual_share", &format!("not given for {year}"), "D.3.5");
        }
        value
    }

    /// Results of BY1 to BY3 under an earlier agreement. A year without a row was not reconciled (M.D.3.1); for a later
    /// agreement the file itself must be there.
    fn reconciled(&mut self) -> [Option<Reconciled>; 3] {
        let section = match self.rules.rulebook {
            Rulebook::S652 => "D.3.1",
            Rulebook::S603b => "D.4.2",
            _ => return [None; 3],
        };
        if !self.index.has_history() && self.aco.agreement_number > 1 {
            self.lacks("program/aco_history", "", "the file is absent", section);
        }
        let aco = self.aco.aco_id.as_str();
        let years = Year::BASE.map(|year| self.index.history(aco, self.years[year as usize]));
        for (reconciled, year) in years.iter().zip(self.years) {
            let unknown =
                reconciled.is_some_and(|r| !r.forfeited && r.per_capita_savings > 0.0 && r.shared_per_capita.is_none());
            if self.rules.rulebook == Rulebook::S603b && unknown {
                let what = format!("not given for {year}");
                self.lacks("program/aco_history", "shared_savings_per_capita", &what, section);
            }
        }
        years
    }

    fn acpt(&mut self, own: &[ByType<Option<Own>>; 4], kind: EnrollmentType) -> Option<f64> {
        let rules = self.rules.of_652?;
        let (year, start) = (self.aco.performance_year, self.aco.agreement_start);
        let given = self.index.acpt(year, start, self.aco.aco_id.as_str(), kind);
        let read = own[Year::Py as usize][kind].is_some();
        if read && given.is_none() && !rules.acpt_derived[kind] {
            let what = format!("no row for {kind}, agreements from {start}");
            self.lacks("program/acpt", "factor", &what, "E.4 (or rule `update.acpt.projected_growth`)");
        }
        given
    }

    /// Scores of the cohorts in BY3 and the performance year (M.C.5). A type may lack a cohort, an ACO may not lack both.
    fn cohorts(&mut self) -> Cohorts {
        let mut cohorts = Cohorts::default();
        for (place, year) in [(0, Year::By3), (1, Year::Py)] {
            let rows = |cohort| self.index.own(self.key(), self.years[year as usize], cohort);
            let (newly, continuously) = (rows(Cohort::Newly), rows(Cohort::Continuously));
            if newly.0.iter().chain(&continuously.0).all(Option::is_none) {
                let what =
                    format!("no row `newly` or `continuously` in {} ({})", self.years[year as usize], year.code());
                self.lacks("rates/aco_year", "cohort", &what, "C.5");
            }
            cohorts.newly[place] = ByType::of(|kind| self.cohort(newly[kind], year, kind));
            cohorts.continuously[place] = ByType::of(|kind| self.cohort(continuously[kind], year, kind));
        }
        cohorts
    }

    fn cohort(&mut self, row: Option<&AcoYear>, year: Year, kind: EnrollmentType) -> Option<CohortScores> {
        let row = row?;
        let at = format!("{}, cohort `{}`", self.at(year, kind), row.cohort);
        let person_years = self.person_years(row, &at)?;
        let hcc = self.positive(row.hcc_score, "rates/aco_year", "hcc_score", &at, "C.5")?;
        if row.cohort == Cohort::Continuously {
            self.positive(row.demographic_score, "rates/aco_year", "demographic_score", &at, "C.5")?;
        }
        Some(CohortScores { person_years, hcc, demographic: row.demographic_score })
    }
}
