//! Cells divided once: national, county and ACO rates (M.B.3, M.C.1, M.D.1).
//!
//! Sums stay integers (cents, months, thousandths of scores) until the one division that makes a rate; Polars sums the cells,
//! plain arithmetic divides them.

mod acos;
mod improper;
mod own;
mod scores;
mod sums;

use crate::completion::Completion;
use crate::frames;
use crate::trend::population_window;
use acoledger_schemas::cells::{AssignedAssignable, AssignedCounty, Cells, PopulationCounty, Threshold};
use acoledger_schemas::program::Program;
use acoledger_schemas::rates::*;
use acoledger_schemas::rules::{RuleError, Rules};
use acoledger_schemas::study::Maturity;
use acoledger_schemas::table::{Problem, Problems};
use acoledger_schemas::values::*;
use acos::AcoNumbers;
use improper::Improper;
pub use own::beside_published;
use scores::Scores;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use sums::{Spending, person_years};

/// Makes the rates of a study from its cells.
///
/// # Errors
/// Cells of an ACO that `program.aco` does not list; truncated spending without its threshold; claims too young to be
/// completed; sums beyond 64 bits.
pub fn rates_from_cells(
    cells: &Cells,
    program: &Program,
    rules: &Rules,
    maturity: Maturity,
) -> Result<Rates, Problems> {
    let acos = AcoNumbers::new(&program.aco, rules)?;
    let scores = Scores::new(cells, &acos)?;
    let truncation = Truncation::new(cells, rules)?;
    let improper = Improper::new(cells, &acos, rules)?;
    let mut maker =
        Maker { cells, acos, scores, truncation, improper, factors: BTreeMap::new(), problems: Problems::default() };
    maker.complete(&Completion::new(program, rules, maturity));
    let rates = Rates {
        national: maker.national()?,
        county: maker.county()?,
        aco_year: maker.aco_year()?,
        aco_county: maker.aco_county()?,
        aco_heads: maker.aco_heads()?,
        aco_county_heads: maker.aco_county_heads(),
    };
    maker.problems.or(rates)
}

fn trouble(table: &str, column: &str, what: String) -> Problems {
    Problem { file: table.into(), line: 0, column: column.into(), what, value: None, hint: None }.into()
}

fn of_rule(error: &RuleError) -> Problems {
    trouble("rules", "", error.to_string())
}

/// A window as a key of integers.
fn window_number(window: Window) -> i64 {
    window as i64
}

fn kind_of(number: i64) -> EnrollmentType {
    EnrollmentType::ALL[number as usize]
}

/// Whose percentile truncates, and whose spending is the nation's: all fee-for-service lives, later assignable ones (M.B.3,
/// M.D.4.1).
struct Truncation {
    /// By performance year.
    populations: BTreeMap<i32, Population>,
    /// By performance year, year and type, of that population.
    thresholds: HashMap<(i32, i32, EnrollmentType), Cents>,
}

impl Truncation {
    fn new(cells: &Cells, rules: &Rules) -> Result<Truncation, Problems> {
        let of_thresholds = cells.threshold.iter().map(|row| row.performance_year.0);
        let of_population = cells.population_county.iter().map(|cell| cell.performance_year.0);
        let years: BTreeSet<i32> = of_thresholds.chain(of_population).collect();
        let mut populations = BTreeMap::new();
        for py in years {
            let code: String = rules.at("cells.truncation.population", py).map_err(|error| of_rule(&error))?;
            let unknown = || trouble("rules", "", format!("`cells.truncation.population`: no population `{code}`"));
            populations.insert(py, Population::from_code(&code).ok_or_else(unknown)?);
        }
        let rows = cells.threshold.iter().filter(|row| populations[&row.performance_year.0] == row.population);
        let key = |row: &Threshold| (row.performance_year.0, row.calendar_year.0, row.enrollment_type);
        let thresholds = rows.map(|row| (key(row), row.threshold_cents)).collect();
        Ok(Truncation { populations, thresholds })
    }
}

/// What rates are made with.
struct Maker<'c> {
    cells: &'c Cells,
    acos: AcoNumbers<'c>,
    scores: Scores<'c>,
    truncation: Truncation,
    improper: Improper<'c>,
    /// Completion factors by calendar year.
    factors: BTreeMap<i32, f64>,
    problems: Problems,
}

impl<'c> Maker<'c> {
    /// Takes the completion factor of every year that has cells.
    fn complete(&mut self, completion: &Completion<'_>) {
        let population = self.cells.population_county.iter().map(|cell| cell.calendar_year.0);
        let years: BTreeSet<i32> =
            population.chain(self.cells.assigned_county.iter().map(|c| c.calendar_year.0)).collect();
        for year in years {
            match completion.of(year) {
                Ok(factor) => drop(self.factors.insert(year, factor)),
                Err(problems) => self.problems.extend(problems),
            }
        }
    }

    /// Spending per person year of a sum of cells, less improper payments (M.B.4.3); a threshold that is needed and absent is a problem.
    fn per_capita(
        &mut self,
        spending: Spending,
        (py, year): (i32, i32),
        kind: EnrollmentType,
        improper: f64,
    ) -> Option<f64> {
        let factor = *self.factors.get(&year)?;
        let value = spending.per_capita(self.truncation.thresholds.get(&(py, year, kind)).copied(), factor);
        if value.is_none() && spending.months > 0 {
            let what =
                format!("no threshold of {kind} lives in {year} for performance year {py}, and lives are truncated");
            self.problems.extend(trouble("cells/threshold", "threshold_cents", what));
        }
        // Taking off nothing leaves the number as it is, to the last bit.
        if improper == 0.0 { value } else { value.map(|value| value - improper / spending.person_years()) }
    }

    /// The nation by year and type: all counties of the calendar year's population (M.D.1.6).
    fn national(&mut self) -> Result<Vec<National>, Problems> {
        let populations = &self.truncation.populations;
        let of_nation = self.cells.population_county.iter().filter(|cell| {
            cell.window == Window::Retrospective && populations.get(&cell.performance_year.0) == Some(&cell.population)
        });
        let sums = frames::sums(of_nation.map(|cell| {
            let key = [cell.performance_year.0, cell.calendar_year.0, cell.enrollment_type as i32].map(i64::from);
            (key, [cell.months, cell.below_cents.0, cell.months_over - cell.months_under])
        }))?;
        let mut rows = Vec::with_capacity(sums.len());
        for ([py, year, kind], sum) in sums {
            let (py, year, kind) = (py as i32, year as i32, kind_of(kind));
            let spending = spending(sum);
            let model = self.model_of_nation(py, year);
            let improper = self.improper.nation(py, year, self.truncation.populations[&py], kind);
            rows.push(National {
                performance_year: PerformanceYear(py),
                calendar_year: CalendarYear(year),
                enrollment_type: kind,
                per_capita: self.per_capita(spending, (py, year), kind, improper),
                person_years: Some(spending.person_years()),
                truncation_threshold: self.truncation.thresholds.get(&(py, year, kind)).map(|cents| cents.dollars()),
                hcc_mean: self.scores.national(py, year, kind, model, ScoreKind::Hcc),
                demographic_mean: self.scores.national(py, year, kind, model, ScoreKind::Demographic),
            });
        }
        Ok(rows)
    }

    /// Model of the mean that the national table shows: the year's own, unless every ACO of the performance year is scored by
    /// that year's model.
    fn model_of_nation(&self, py: i32, year: i32) -> i32 {
        let mut listed = self.acos.acos.iter().filter(|listed| listed.aco.performance_year.0 == py);
        if listed.all(|listed| listed.one_model) { py } else { year }
    }

    /// Counties, for every window that an ACO of the performance year asks for (M.A.8.4, M.C.1.5, M.D.1.2).
    fn county(&mut self) -> Result<Vec<CountyRate>, Problems> {
        let asked: BTreeSet<(PerformanceYear, Window, bool)> =
            self.acos.acos.iter().map(|l| (l.aco.performance_year, l.window, l.one_model)).collect();
        let cells = self.cells.population_county.iter().filter(|cell| cell.population == Population::Assignable);
        let mut rows = Vec::new();
        for cell in cells {
            for &(py, window, one_model) in &asked {
                if py == cell.performance_year && population_window(window) == cell.window {
                    rows.push(self.county_row(cell, window, one_model));
                }
            }
        }
        rows.sort_by(|a, b| county_key(a).cmp(&county_key(b)));
        Ok(rows)
    }

    fn county_row(&mut self, cell: &PopulationCounty, window: Window, one_model: bool) -> CountyRate {
        let (py, year, kind) = (cell.performance_year.0, cell.calendar_year.0, cell.enrollment_type);
        let spending = spending([cell.months, cell.below_cents.0, cell.months_over - cell.months_under]);
        let model = if one_model { py } else { year };
        let score = |score| self.scores.county((py, year, cell.window), cell.county.as_str(), (kind, model, score));
        let (hcc_score, demographic_score) = (score(ScoreKind::Hcc), score(ScoreKind::Demographic));
        let improper = self.improper.county((py, year, cell.window), cell.county.as_str(), kind);
        CountyRate {
            performance_year: cell.performance_year,
            calendar_year: cell.calendar_year,
            window,
            county: cell.county.clone(),
            enrollment_type: kind,
            per_capita: self.per_capita(spending, (py, year), kind, improper),
            person_years: Some(spending.person_years()),
            hcc_score,
            demographic_score,
        }
    }

    /// Cells that make up an ACO's total: those of cohort `all`, or of both cohorts where they are kept apart.
    fn totals(&self) -> Result<Vec<(i64, &'c AssignedCounty)>, Problems> {
        let mut numbered = Vec::with_capacity(self.cells.assigned_county.len());
        let mut together = BTreeSet::new();
        for cell in &self.cells.assigned_county {
            let number = self.acos.number(cell.performance_year, cell.period, &cell.aco_id)?;
            if cell.cohort == Cohort::All {
                together.insert((number, cell.calendar_year));
            }
            numbered.push((number, cell));
        }
        numbered
            .retain(|(number, cell)| cell.cohort == Cohort::All || !together.contains(&(*number, cell.calendar_year)));
        Ok(numbered)
    }

    /// ACOs by year and type, and by cohort where cohorts are kept apart (M.B.3, M.C.5).
    fn aco_year(&mut self) -> Result<Vec<AcoYear>, Problems> {
        let sum_of = |cell: &AssignedCounty| [cell.months, cell.below_cents.0, cell.months_over - cell.months_under];
        let totals = self.totals()?;
        let all = frames::sums(totals.iter().map(|(number, cell)| {
            ([*number, i64::from(cell.calendar_year.0), cell.enrollment_type as i64], sum_of(cell))
        }))?;
        let apart: BTreeSet<(i64, i64)> = totals
            .iter()
            .filter(|(_, cell)| cell.cohort != Cohort::All)
            .map(|(number, cell)| (*number, i64::from(cell.calendar_year.0)))
            .collect();
        let mut cohorts = Vec::new();
        for cell in self.cells.assigned_county.iter().filter(|cell| cell.cohort != Cohort::All) {
            let number = self.acos.number(cell.performance_year, cell.period, &cell.aco_id)?;
            let key = [number, i64::from(cell.calendar_year.0), cell.cohort as i64, cell.enrollment_type as i64];
            cohorts.push((key, sum_of(cell)));
        }
        let cohorts = frames::sums(cohorts.into_iter())?;
        let mut rows = Vec::with_capacity(all.len() + cohorts.len());
        for ([number, year, kind], sum) in all {
            let of: &[Cohort] =
                if apart.contains(&(number, year)) { &[Cohort::Newly, Cohort::Continuously] } else { &[Cohort::All] };
            rows.push(self.aco_year_row((number, year as i32), (Cohort::All, of), kind_of(kind), spending(sum)));
        }
        for ([number, year, cohort, kind], sum) in cohorts {
            let cohort = Cohort::ALL[cohort as usize];
            rows.push(self.aco_year_row((number, year as i32), (cohort, &[cohort]), kind_of(kind), spending(sum)));
        }
        Ok(rows)
    }

    fn aco_year_row(
        &mut self,
        (number, year): (i64, i32),
        (cohort, scored): (Cohort, &[Cohort]),
        kind: EnrollmentType,
        spending: Spending,
    ) -> AcoYear {
        let listed = self.acos.listed(number);
        let (aco, model) = (listed.aco, listed.model(year));
        let py = aco.performance_year.0;
        let score = |score| self.scores.aco((number, py), year, scored, (kind, model, score));
        let (hcc_score, demographic_score) = (score(ScoreKind::Hcc), score(ScoreKind::Demographic));
        let improper = self.improper.aco(number, year, scored, kind);
        AcoYear {
            performance_year: aco.performance_year,
            period: aco.period,
            aco_id: aco.aco_id.clone(),
            calendar_year: CalendarYear(year),
            cohort,
            enrollment_type: kind,
            per_capita: self.per_capita(spending, (py, year), kind, improper),
            person_years: Some(spending.person_years()),
            hcc_score,
            demographic_score,
        }
    }

    /// Person years of ACOs by county (M.D.1.3), and what of a county's population is theirs.
    fn aco_county(&mut self) -> Result<Vec<AcoCounty>, Problems> {
        let totals = self.totals()?;
        let names: BTreeSet<&County> = totals.iter().map(|(_, cell)| &cell.county).collect();
        let names: Vec<&County> = names.into_iter().collect();
        let numbers: HashMap<&County, i64> = names.iter().copied().zip(0..).collect();
        let sums = frames::sums(totals.iter().map(|(number, cell)| {
            let (year, kind) = (i64::from(cell.calendar_year.0), cell.enrollment_type as i64);
            ([*number, year, kind, numbers[&cell.county]], [cell.months])
        }))?;
        let mut own: HashMap<_, &AssignedAssignable> = HashMap::with_capacity(self.cells.assigned_assignable.len());
        for cell in &self.cells.assigned_assignable {
            let place = (cell.aco_id.as_str(), cell.county.as_str());
            own.insert((cell.performance_year, cell.calendar_year.0, cell.window, place, cell.enrollment_type), cell);
        }
        let mut rows = Vec::with_capacity(sums.len());
        for ([number, year, kind, county], [months]) in sums {
            let listed = self.acos.listed(number);
            let (aco, kind, year) = (listed.aco, kind_of(kind), year as i32);
            let py = aco.performance_year;
            let window = population_window(listed.window);
            let place = (aco.aco_id.as_str(), names[county as usize].as_str());
            let cell = own.get(&(py, year, window, place, kind)).copied();
            // Where the table is there, an ACO without a cell has nobody of the county's population.
            let spending = match cell {
                Some(cell) => Some(spending([cell.months, cell.below_cents.0, cell.months_over - cell.months_under])),
                None => (!own.is_empty()).then(Spending::default),
            };
            let score = |score| cell.and_then(|cell| self.scores.assignable(cell, score));
            let (hcc, demographic) = (score(ScoreKind::Hcc), score(ScoreKind::Demographic));
            let improper = self.improper.assignable((py.0, year, window), place, kind);
            rows.push(AcoCounty {
                performance_year: py,
                period: aco.period,
                aco_id: aco.aco_id.clone(),
                calendar_year: CalendarYear(year),
                enrollment_type: kind,
                county: names[county as usize].clone(),
                person_years: person_years(months),
                assignable_person_years: spending.map(Spending::person_years),
                assignable_per_capita: spending
                    .and_then(|spending| self.per_capita(spending, (py.0, year), kind, improper)),
                assignable_hcc_score: hcc,
                assignable_demographic_score: demographic,
            });
        }
        Ok(rows)
    }

    /// Heads, dual person years, shares, and revenue with what it is compared with (M.B.5, M.D.2.5, M.D.3.5, M.F.1).
    fn aco_heads(&self) -> Result<Vec<AcoHeads>, Problems> {
        let totals = self.totals()?;
        let sums = frames::sums(totals.iter().map(|(number, cell)| {
            ([*number, i64::from(cell.calendar_year.0)], [cell.dual_months, cell.gross_cents.0])
        }))?;
        let mut rows = Vec::with_capacity(self.cells.aco_heads.len());
        for cell in &self.cells.aco_heads {
            let number = self.acos.number(cell.performance_year, cell.period, &cell.aco_id)?;
            let year = cell.calendar_year.0;
            let [dual_months, gross_cents] = sums.get(&[number, i64::from(year)]).copied().unwrap_or_default();
            let of_py = |value: Option<f64>| value.filter(|_| year == cell.performance_year.0);
            let completed = |cents: i64| self.factors.get(&year).map(|factor| Cents(cents).dollars() * factor);
            let revenue = self.cells.revenue.iter().find(|row| {
                row.performance_year == cell.performance_year
                    && row.aco_id == cell.aco_id
                    && row.calendar_year.0 == year
            });
            let share = (cell.head_count > 0).then(|| cell.lis_or_dual_heads as f64 / cell.head_count as f64);
            rows.push(AcoHeads {
                performance_year: cell.performance_year,
                period: cell.period,
                aco_id: cell.aco_id.clone(),
                calendar_year: cell.calendar_year,
                head_count: Some(cell.head_count),
                dual_person_years: Some(person_years(dual_months)),
                lis_or_dual_share: share,
                participant_revenue: of_py(revenue.and_then(|row| completed(row.paid_cents.0))),
                paid_amounts: of_py(completed(gross_cents)),
                voluntary_only: Some(cell.voluntary_only),
                claims_only: Some(cell.claims_only),
                both: Some(cell.both),
            });
        }
        Ok(rows)
    }

    fn aco_county_heads(&self) -> Vec<AcoCountyHeads> {
        let row = |cell: &acoledger_schemas::cells::AcoCountyHeadsCell| AcoCountyHeads {
            performance_year: cell.performance_year,
            period: cell.period,
            aco_id: cell.aco_id.clone(),
            calendar_year: cell.calendar_year,
            county: cell.county.clone(),
            head_count: cell.head_count,
        };
        self.cells.aco_county_heads.iter().map(row).collect()
    }
}

fn spending([months, below_cents, months_at_threshold]: [i64; 3]) -> Spending {
    Spending { months, below_cents, months_at_threshold }
}

type CountyKey<'r> = (PerformanceYear, CalendarYear, Window, &'r County, EnrollmentType);

fn county_key(row: &CountyRate) -> CountyKey<'_> {
    (row.performance_year, row.calendar_year, row.window, &row.county, row.enrollment_type)
}
