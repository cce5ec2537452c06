//! Improper payments taken off spending (M.B.4.3).

use super::acos::AcoNumbers;
use super::of_rule;
use acoledger_schemas::cells::{Cells, ImproperCell};
use acoledger_schemas::rules::Rules;
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::*;
use std::collections::{BTreeMap, HashMap};

/// What is attributable to a sum of cells, and what the providers were paid there; in cents.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Attributed {
    improper: f64,
    paid: f64,
}

impl Attributed {
    /// A provider's part: what is tied, and of the rest its share by payments.
    fn of(cell: &ImproperCell) -> Attributed {
        let (paid, all) = (cell.paid_cents.0 as f64, cell.provider_paid_cents.0 as f64);
        let share = if all > 0.0 { (paid / all).clamp(0.0, 1.0) } else { 0.0 };
        Attributed { improper: cell.tied_cents.0 as f64 + cell.untied_cents.0 as f64 * share, paid }
    }

    fn add(&mut self, other: Attributed) {
        self.improper += other.improper;
        self.paid += other.paid;
    }

    /// Dollars to take off: `min(attributable, paid)`, not below 0.
    fn dollars(self) -> f64 {
        self.improper.min(self.paid).max(0.0) / 100.0
    }
}

type CountyKey<'c> = (i32, i32, Window, &'c str, EnrollmentType);

/// Improper payments by population and ACO.
#[derive(Default)]
pub(super) struct Improper<'c> {
    nation: BTreeMap<(i32, i32, Population, EnrollmentType), Attributed>,
    county: HashMap<CountyKey<'c>, Attributed>,
    aco: BTreeMap<(i64, i32, Cohort, EnrollmentType), Attributed>,
    assignable: HashMap<(CountyKey<'c>, &'c str), Attributed>,
}

impl<'c> Improper<'c> {
    pub(super) fn new(cells: &'c Cells, acos: &AcoNumbers<'_>, rules: &Rules) -> Result<Improper<'c>, Problems> {
        let mut improper = Improper::default();
        for cell in &cells.improper {
            let (py, year, kind) = (cell.performance_year.0, cell.calendar_year.0, cell.enrollment_type);
            if !rules.at::<bool>("rates.improper_payments", year).map_err(|error| of_rule(&error))? {
                continue;
            }
            let part = Attributed::of(cell);
            let window = cell.window.unwrap_or(Window::Retrospective);
            let county = (py, year, window, cell.county.as_str(), kind);
            match (&cell.aco_id, cell.period, cell.cohort, cell.population) {
                (Some(id), Some(period), Some(cohort), _) => {
                    let number = acos.number(cell.performance_year, period, id)?;
                    improper.aco.entry((number, year, cohort, kind)).or_default().add(part);
                }
                (Some(id), ..) => improper.assignable.entry((county, id.as_str())).or_default().add(part),
                (None, .., population) => {
                    let population = population.unwrap_or(Population::Assignable);
                    if population == Population::Assignable {
                        improper.county.entry(county).or_default().add(part);
                    }
                    if window == Window::Retrospective {
                        improper.nation.entry((py, year, population, kind)).or_default().add(part);
                    }
                }
            }
        }
        Ok(improper)
    }

    /// Dollars to take off the nation's spending.
    pub(super) fn nation(&self, py: i32, year: i32, population: Population, kind: EnrollmentType) -> f64 {
        self.nation.get(&(py, year, population, kind)).map_or(0.0, |of| of.dollars())
    }

    /// Dollars to take off a county's.
    pub(super) fn county(&self, (py, year, window): (i32, i32, Window), county: &str, kind: EnrollmentType) -> f64 {
        self.county.get(&(py, year, window, county, kind)).map_or(0.0, |of| of.dollars())
    }

    /// Dollars to take off an ACO's, of these cohorts together.
    pub(super) fn aco(&self, number: i64, year: i32, cohorts: &[Cohort], kind: EnrollmentType) -> f64 {
        let mut all = Attributed::default();
        for cohort in cohorts {
            all.add(self.aco.get(&(number, year, *cohort, kind)).copied().unwrap_or_default());
        }
        all.dollars()
    }

    /// Dollars to take off the ACO's part of a county.
    pub(super) fn assignable(
        &self,
        (py, year, window): (i32, i32, Window),
        (aco, county): (&str, &str),
        kind: EnrollmentType,
    ) -> f64 {
        self.assignable.get(&((py, year, window, county, kind), aco)).map_or(0.0, |of| of.dollars())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(paid: i64, tied: i64, provider_paid: i64, untied: i64) -> ImproperCell {
        ImproperCell {
            performance_year: PerformanceYear(2024),
            period: None,
            aco_id: None,
            calendar_year: CalendarYear(2024),
            cohort: None,
            population: Some(Population::Assignable),
            window: Some(Window::Retrospective),
            county: County::new("01001").expect("a county"),
            enrollment_type: EnrollmentType::Agnd,
            tin: Tin::new("123456789").ok(),
            ccn: None,
            paid_cents: Cents(paid),
            tied_cents: Cents(tied),
            provider_paid_cents: Cents(provider_paid),
            untied_cents: Cents(untied),
        }
    }

    #[test]
    fn what_is_tied_and_a_share_of_the_rest_but_no_more_than_was_paid() {
        // 100.00 tied; 1,000.00 untied, of which the cell has 500 of 2,000 paid.
        assert_eq!(Attributed::of(&cell(50_000, 10_000, 200_000, 100_000)).dollars(), 350.0);
        // More than was paid: what was paid.
        assert_eq!(Attributed::of(&cell(50_000, 60_000, 200_000, 0)).dollars(), 500.0);
        // Nothing was paid: nothing to share.
        assert_eq!(Attributed::of(&cell(0, 0, 0, 100_000)).dollars(), 0.0);
        // Over two providers the sums are compared, not each.
        let mut both = Attributed::of(&cell(50_000, 60_000, 50_000, 0));
        both.add(Attributed::of(&cell(50_000, 0, 50_000, 0)));
        assert_eq!(both.dollars(), 600.0);
    }
}
