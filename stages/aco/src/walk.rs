//! The walk: every step from base years to dollars, in the order in which it was taken.

use crate::benchmark::{Rulebook, Year};
use acoledger_schemas::values::EnrollmentType;

/// What a step's name ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suffix {
    /// Nothing.
    None,
    /// The benchmark year: `trend_factor_BY1`.
    Period,
    /// The calendar year: `regional_per_capita_2021`.
    Calendar,
}

/// A kind of step: what is the same about it for every ACO.
#[derive(Debug, PartialEq)]
pub struct Kind {
    /// Section of the methodology.
    pub rule: &'static str,
    /// Name, without suffix.
    pub name: &'static str,
    /// What the name ends with.
    pub suffix: Suffix,
    /// Name for readers.
    pub label: &'static str,
    /// Unit of the value.
    pub unit: &'static str,
    /// Where the section stands in the law.
    pub citation: Citation,
    /// Keys of the rules that are read, separated by blanks.
    pub rule_keys: &'static str,
}

/// Where a step stands in the law: the same in every rulebook, or in each its own place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Citation {
    /// The same everywhere.
    All(&'static str),
    /// 425.602, 425.603(b), 425.603(c), 425.601, 425.652.
    By([&'static str; 5]),
}

impl Citation {
    /// The citation in a rulebook.
    pub fn under(self, rulebook: Rulebook) -> &'static str {
        match self {
            Citation::All(text) => text,
            Citation::By(texts) => texts[rulebook as usize],
        }
    }
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its kind.
    pub kind: &'static Kind,
    /// Enrollment type; `None`: of the ACO as a whole.
    pub enrollment_type: Option<EnrollmentType>,
    /// Benchmark or performance year that the value belongs to.
    pub year: Option<Year>,
    /// Value, not rounded.
    pub value: f64,
    /// The arithmetic that led to it.
    pub inputs: String,
}

/// Where a step belongs: to a type, to a year, to both, to neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct At {
    /// Enrollment type.
    pub enrollment_type: Option<EnrollmentType>,
    /// Year.
    pub year: Option<Year>,
}

/// The ACO as a whole.
pub const WHOLE: At = At { enrollment_type: None, year: None };

/// One enrollment type.
pub fn of(kind: EnrollmentType) -> At {
    At { enrollment_type: Some(kind), year: None }
}

impl At {
    /// The same, in a year.
    pub fn in_year(self, year: Year) -> At {
        At { year: Some(year), ..self }
    }
}

/// The steps of one ACO.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Walk {
    /// Steps so far; empty when they are not kept.
    pub steps: Vec<Step>,
    keep: bool,
}

impl Walk {
    /// A walk whose steps are kept, or one that only computes.
    pub fn new(keep: bool) -> Walk {
        Walk { steps: Vec::new(), keep }
    }

    /// Takes one step and gives its value back; the arithmetic is written down only when steps are kept.
    pub fn step(&mut self, kind: &'static Kind, at: At, value: f64, inputs: impl FnOnce() -> String) -> f64 {
        if self.keep {
            let At { enrollment_type, year } = at;
            self.steps.push(Step { kind, enrollment_type, year, value, inputs: inputs() });
        }
        value
    }
}

/// An amount or factor as the arithmetic shows it: dollars with two decimals, smaller numbers with six.
pub(crate) fn n(value: f64) -> String {
    if value.abs() >= 100.0 { format!("{value:.2}") } else { format!("{value:.6}") }
}
