//! Renormalised risk scores from sums of scores (M.C.1).

use super::acos::AcoNumbers;
use super::sums::ScoreSum;
use super::window_number;
use crate::frames;
use acoledger_schemas::cells::{AssignedAssignable, Cells};
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::*;
use std::collections::{BTreeMap, HashMap};

/// Sums of scores: national, by county, by ACO.
pub(super) struct Scores<'c> {
    /// Performance year, year, type, model, score: all assignable lives of the calendar year.
    national: BTreeMap<[i64; 5], [i64; 2]>,
    /// ACO, year, cohort, type, model, score.
    aco: BTreeMap<[i64; 6], [i64; 2]>,
    /// Performance year, year, window, type, model, score; then the county.
    county: HashMap<[i64; 6], HashMap<&'c str, ScoreSum>>,
}

impl<'c> Scores<'c> {
    pub(super) fn new(cells: &'c Cells, acos: &AcoNumbers<'_>) -> Result<Scores<'c>, Problems> {
        let mut national = Vec::new();
        let mut aco = Vec::new();
        let mut county: HashMap<[i64; 6], HashMap<&str, ScoreSum>> = HashMap::new();
        for cell in &cells.risk {
            let kind = cell.enrollment_type as i64;
            let (model, score) = (i64::from(cell.model.0), cell.kind as i64);
            let (year, py) = (i64::from(cell.calendar_year.0), i64::from(cell.performance_year.0));
            let sum = [cell.score_months, cell.score_milli_months];
            if let (Some(id), Some(period), Some(cohort)) = (&cell.aco_id, cell.period, cell.cohort) {
                let number = acos.number(cell.performance_year, period, id)?;
                aco.push(([number, year, cohort as i64, kind, model, score], sum));
            } else if cell.population == Some(Population::Assignable) {
                let window = cell.window.unwrap_or(Window::Retrospective);
                let key = [py, year, window_number(window), kind, model, score];
                let of_county = ScoreSum { months: sum[0], milli: sum[1] };
                county.entry(key).or_default().insert(cell.county.as_str(), of_county);
                if window == Window::Retrospective {
                    national.push(([py, year, kind, model, score], sum));
                }
            }
        }
        Ok(Scores { national: frames::sums(national.into_iter())?, aco: frames::sums(aco.into_iter())?, county })
    }

    /// The national mean score by which scores are divided (M.C.1.3).
    pub(super) fn national(
        &self,
        py: i32,
        year: i32,
        kind: EnrollmentType,
        model: i32,
        score: ScoreKind,
    ) -> Option<f64> {
        let key = [py, year, kind as i32, model, score as i32].map(i64::from);
        self.national.get(&key).and_then(|[months, milli]| ScoreSum { months: *months, milli: *milli }.mean())
    }

    /// A county's mean score, renormalised.
    pub(super) fn county(
        &self,
        (py, year, window): (i32, i32, Window),
        county: &str,
        (kind, model, score): (EnrollmentType, i32, ScoreKind),
    ) -> Option<f64> {
        let key = [py.into(), year.into(), window_number(window), kind as i64, model.into(), score as i64];
        let mean = self.county.get(&key)?.get(county)?.mean()?;
        Some(mean / self.national(py, year, kind, model, score)?)
    }

    /// The same of an ACO's own assignable lives in a county.
    pub(super) fn assignable(&self, cell: &AssignedAssignable, score: ScoreKind) -> Option<f64> {
        let (months, milli) = match score {
            ScoreKind::Hcc => (cell.hcc_months, cell.hcc_milli_months),
            ScoreKind::Demographic => (cell.demographic_months, cell.demographic_milli_months),
        };
        let (py, year) = (cell.performance_year.0, cell.calendar_year.0);
        Some(ScoreSum { months, milli }.mean()? / self.national(py, year, cell.enrollment_type, cell.model.0, score)?)
    }

    /// The mean score of an ACO's lives of one or more cohorts, renormalised.
    pub(super) fn aco(
        &self,
        (number, py): (i64, i32),
        year: i32,
        cohorts: &[Cohort],
        (kind, model, score): (EnrollmentType, i32, ScoreKind),
    ) -> Option<f64> {
        let mut total = ScoreSum::default();
        for cohort in cohorts {
            let key = [number, year.into(), *cohort as i64, kind as i64, model.into(), score as i64];
            if let Some([months, milli]) = self.aco.get(&key) {
                total.months += months;
                total.milli += milli;
            }
        }
        Some(total.mean()? / self.national(py, year, kind, model, score)?)
    }
}
