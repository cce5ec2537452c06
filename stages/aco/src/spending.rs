//! What ACOs' lives cost by class of service, what they use, how claims complete, what scores are made of: cells divided once.

mod categories;
mod risk;
mod run_out;
mod utilisation;

pub use categories::{ServiceCategories, service_categories};
pub use risk::{RiskDetail, risk_detail};
pub use run_out::{RunOut, run_out};
pub use utilisation::{Utilisation, utilisation};

use acoledger_schemas::cells::Cells;
use acoledger_schemas::program::Program;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::study::Maturity;
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::*;
use std::collections::BTreeMap;

/// The tables of a run that stand beside its rates.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpendingTables {
    /// Per capita spending by class of service.
    pub service_categories: Vec<ServiceCategories>,
    /// Utilisation per 1,000 person years.
    pub utilisation: Vec<Utilisation>,
    /// Completion by months of run-out.
    pub run_out: Vec<RunOut>,
    /// What scores are made of.
    pub risk_detail: Vec<RiskDetail>,
}

/// Makes the tables from the cells of a study.
///
/// # Errors
/// Claims too young to be completed; a year before the first completion factor (M.B.3).
pub fn spending_tables(
    cells: &Cells,
    program: &Program,
    rules: &Rules,
    maturity: Maturity,
) -> Result<SpendingTables, Problems> {
    Ok(SpendingTables {
        service_categories: service_categories(cells, program, rules, maturity)?,
        utilisation: utilisation(cells),
        run_out: run_out(&cells.runout_triangle),
        risk_detail: risk_detail(cells),
    })
}

/// Whose row: performance year, period and ACO (blank: the nation), calendar year.
type Whose = (PerformanceYear, Option<Period>, Option<AcoId>, CalendarYear);

/// Months that carry money, by type, of those whose classes and utilisation the cells have.
fn months(cells: &Cells) -> BTreeMap<Whose, BTreeMap<EnrollmentType, i64>> {
    let mut months: BTreeMap<Whose, BTreeMap<EnrollmentType, i64>> = BTreeMap::new();
    for row in &cells.truncation {
        let whose = (row.performance_year, row.period, row.aco_id.clone(), row.calendar_year);
        *months.entry(whose).or_default().entry(row.enrollment_type).or_default() += row.months;
    }
    months
}
