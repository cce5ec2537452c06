//! The walk of each ACO in few bytes: what its steps have in common is said once for the page, an ACO has the values.

use crate::commands::explain::section::Section;
use acoledger_aco::tables::BenchmarkStep;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// What the steps of one kind have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub(super) struct Kind {
    section: u8,
    label: String,
    unit: String,
    rule: String,
    citation: String,
}

/// The kinds of a page by number.
#[derive(Debug, Default)]
pub(super) struct Kinds {
    numbers: HashMap<Kind, usize>,
    kinds: Vec<Kind>,
}

/// A line: number of its kind, calendar year or 0, then a value for each enrollment type and for the ACO as a whole.
pub(super) type Line = (usize, i32, Vec<Option<f64>>);

impl Kinds {
    fn number(&mut self, kind: Kind) -> usize {
        if let Some(number) = self.numbers.get(&kind) {
            return *number;
        }
        let number = self.kinds.len();
        self.numbers.insert(kind.clone(), number);
        self.kinds.push(kind);
        number
    }

    /// All kinds, in the order of their numbers.
    pub(super) fn all(self) -> Vec<Kind> {
        self.kinds
    }

    /// The lines of one ACO's walk: section by section, steps of one kind together in the order in which kinds first came, then by
    /// year. As `acoledger explain --aco` prints them.
    pub(super) fn lines(&mut self, steps: &[&BenchmarkStep]) -> Vec<Line> {
        let mut order: Vec<usize> = Vec::new();
        let mut lines: BTreeMap<(u8, usize, i32), Line> = BTreeMap::new();
        for step in steps {
            let section = Section::of(step) as u8;
            let number = self.number(Kind {
                section,
                label: step.label.clone(),
                unit: step.unit.clone(),
                rule: step.rule.clone(),
                citation: step.citation.clone(),
            });
            let place = order.iter().position(|known| *known == number).unwrap_or_else(|| {
                order.push(number);
                order.len() - 1
            });
            let year = step.calendar_year.map_or(0, |year| year.0);
            let line = lines.entry((section, place, year)).or_insert_with(|| (number, year, Vec::new()));
            let column = step.enrollment_type.map_or(4, |of| of as usize);
            if line.2.len() <= column {
                line.2.resize(column + 1, None);
            }
            line.2[column] = Some(shown(step.value, &step.unit));
        }
        lines.into_values().collect()
    }
}

/// Titles of the sections, in their order.
pub(super) fn sections() -> Vec<&'static str> {
    Section::ALL.iter().map(|section| section.title()).collect()
}

/// The value to the digits that `acoledger explain` prints.
fn shown(value: f64, unit: &str) -> f64 {
    rounded(
        value,
        match unit {
            "dollars" | "person-years" => 2,
            "flag" | "lives" | "count" | "months" => 0,
            _ => 6,
        },
    )
}

/// Rounded half away from zero, never to a negative zero.
pub(super) fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    (value * scale).round() / scale + 0.0
}
