//! ACOs by number, so that cells can be summed by integers, and what the start of an agreement decides about rates.

use super::{of_rule, trouble};
use acoledger_schemas::program::Aco;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::*;
use std::collections::HashMap;

/// ACOs by number, with what the start of their agreement decides.
pub(super) struct AcoNumbers<'p> {
    pub(super) acos: Vec<Listed<'p>>,
    numbers: HashMap<(PerformanceYear, Period, &'p str), i64>,
}

/// One ACO of a performance year and period.
pub(super) struct Listed<'p> {
    pub(super) aco: &'p Aco,
    /// Window of its counties (M.A.8.4).
    pub(super) window: Window,
    /// Whether scores of benchmark years come from the performance year's model (M.C.1.5).
    pub(super) one_model: bool,
}

impl<'p> AcoNumbers<'p> {
    pub(super) fn new(rows: &'p [Aco], rules: &Rules) -> Result<AcoNumbers<'p>, Problems> {
        let choice = |key: &str, aco: &Aco| -> Result<String, Problems> {
            rules.at(key, aco.agreement_start).map_err(|error| of_rule(&error))
        };
        let mut acos = Vec::with_capacity(rows.len());
        let mut numbers = HashMap::with_capacity(rows.len());
        for (number, aco) in (0i64..).zip(rows) {
            let window = match (choice("cells.population.window", aco)?.as_str(), aco.assignment_method) {
                ("calendar", _) => Window::Calendar,
                (_, AssignmentMethod::Retrospective) => Window::Retrospective,
                (_, AssignmentMethod::Prospective) => Window::Prospective,
            };
            let one_model = choice("risk.model", aco)? == "performance year";
            acos.push(Listed { aco, window, one_model });
            numbers.insert((aco.performance_year, aco.period, aco.aco_id.as_str()), number);
        }
        Ok(AcoNumbers { acos, numbers })
    }

    pub(super) fn number(&self, year: PerformanceYear, period: Period, aco_id: &AcoId) -> Result<i64, Problems> {
        let number = self.numbers.get(&(year, period, aco_id.as_str())).copied();
        number.ok_or_else(|| trouble("cells", "aco_id", format!("not in program/aco: {aco_id} {year} {period}")))
    }

    pub(super) fn listed(&self, number: i64) -> &Listed<'p> {
        &self.acos[number as usize]
    }
}

impl Listed<'_> {
    /// The year whose model makes the ACO's scores of a year.
    pub(super) fn model(&self, year: i32) -> i32 {
        if self.one_model { self.aco.performance_year.0 } else { year }
    }
}
