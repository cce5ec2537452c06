//! Blocks of lines: what one ACO and performance year comes to, line by line, with figures and formulas.

use acoledger_aco::benchmark::BenchmarkRules;
use acoledger_aco::settle::SettleRules;
use acoledger_aco::tables::{BenchmarkStep, SavingsLosses};
use acoledger_schemas::rates::{AcoHeads, AcoYear};
use acoledger_schemas::rules::Rules;
use acoledger_schemas::values::{EnrollmentType, Period};
use std::collections::HashMap;

/// Columns of a line: one for each enrollment type, then the ACO as a whole.
pub(super) const COLUMNS: usize = 5;
/// The column of the ACO as a whole.
pub(super) const WHOLE: usize = 4;
/// The columns of the types.
pub(super) const TYPES: std::ops::Range<usize> = 0..4;
/// Names of the years, as codes of lines end.
pub(super) const YEARS: [&str; 4] = ["BY1", "BY2", "BY3", "PY"];
/// Place of the third benchmark year and of the performance year among them.
pub(super) const BY3: usize = 2;
/// See [`BY3`].
pub(super) const PY: usize = 3;

/// What is known of one ACO and performance year.
pub(super) struct Story<'s> {
    pub(super) result: &'s SavingsLosses,
    pub(super) steps: &'s [BenchmarkStep],
    /// Calendar years of BY1, BY2, BY3 and the performance year.
    pub(super) years: [i32; 4],
    /// The ACO's own figures by year and type, `None` without person years.
    pub(super) own: [[Option<&'s AcoYear>; 4]; 4],
    /// Of agreements before July 2019: newly and continuously assigned of the performance year, by type.
    pub(super) cohorts: [[Option<&'s AcoYear>; 4]; 2],
    /// National spending per person year, by year and type.
    pub(super) national: [[Option<f64>; 4]; 4],
    /// Heads and shares of BY3 and of the performance year.
    pub(super) heads: [Option<&'s AcoHeads>; 2],
    /// The rules of the run, where this program's are the same.
    pub(super) law: Option<Law<'s>>,
}

/// The rules that one ACO is under.
pub(super) struct Law<'s> {
    pub(super) rules: &'s Rules,
    pub(super) benchmark: BenchmarkRules,
    pub(super) settle: &'s SettleRules,
}

impl Story<'_> {
    /// The ACO and the year, as lists show them: `2024 A5001`, `2019 h1 A5001`.
    pub(super) fn key(&self) -> String {
        let SavingsLosses { performance_year, period, aco_id, .. } = self.result;
        match period {
            Period::Full => format!("{performance_year} {aco_id}"),
            half => format!("{performance_year} {half} {aco_id}"),
        }
    }

    /// The step of a name, of a type or of the whole.
    pub(super) fn step(&self, name: &str, column: usize) -> Option<&BenchmarkStep> {
        let kind = EnrollmentType::ALL.get(column).copied();
        self.steps.iter().find(|step| step.step == name && step.enrollment_type == kind)
    }

    /// Its value.
    pub(super) fn value(&self, name: &str, column: usize) -> Option<f64> {
        self.step(name, column).map(|step| step.value)
    }

    /// Share of the year's dollars that the period carries, where it is not the whole year.
    pub(super) fn period_share(&self) -> Option<f64> {
        let law = self.law.as_ref()?;
        (self.result.period != Period::Full).then(|| law.settle.half_year_share())
    }
}

/// What a line's numbers are, and how they are shown and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Unit {
    /// A heading: no numbers.
    Heading,
    /// Dollars and cents.
    Dollars,
    /// Whole dollars, as published.
    WholeDollars,
    /// A ratio or factor.
    Ratio,
    /// A risk score.
    Score,
    /// A fraction, shown as a percentage.
    Fraction,
    /// A percentage with two decimals, as published.
    Percent,
    /// A weight in relation to others.
    Weight,
    /// Person years.
    PersonYears,
    /// A whole number.
    Count,
    /// Text.
    Text,
}

impl Unit {
    /// Every unit.
    pub(super) const ALL: [Unit; 11] = [
        Unit::Heading,
        Unit::Dollars,
        Unit::WholeDollars,
        Unit::Ratio,
        Unit::Score,
        Unit::Fraction,
        Unit::Percent,
        Unit::Weight,
        Unit::PersonYears,
        Unit::Count,
        Unit::Text,
    ];

    /// The unit of a step of the walk.
    pub(super) fn of(unit: &str) -> Unit {
        match unit {
            "dollars" => Unit::Dollars,
            "fraction" => Unit::Fraction,
            "score" => Unit::Score,
            "person-years" => Unit::PersonYears,
            _ => Unit::Ratio,
        }
    }

    /// As sheets spell it.
    pub(super) fn code(self) -> &'static str {
        match self {
            Unit::Heading => "",
            Unit::Dollars => "dollars",
            Unit::WholeDollars => "whole dollars",
            Unit::Ratio => "ratio",
            Unit::Score => "score",
            Unit::Fraction => "fraction",
            Unit::Percent => "percent",
            Unit::Weight => "weight",
            Unit::PersonYears => "person years",
            Unit::Count => "count",
            Unit::Text => "text",
        }
    }

    /// Name of the cell with the difference that counts as none.
    pub(super) fn tolerance(self) -> &'static str {
        match self {
            Unit::Dollars | Unit::WholeDollars | Unit::Percent => "tolerance_dollars",
            _ => "tolerance_ratio",
        }
    }
}

/// A figure of the run.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Figure {
    Number(f64),
    Text(String),
}

impl From<f64> for Figure {
    fn from(number: f64) -> Figure {
        Figure::Number(number)
    }
}

impl From<&str> for Figure {
    fn from(text: &str) -> Figure {
        Figure::Text(text.into())
    }
}

impl Figure {
    /// The number; none of a text.
    pub(super) fn number(&self) -> Option<f64> {
        if let Figure::Number(number) = self { Some(*number) } else { None }
    }
}

/// One line of a block.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// Name that formulas and the table `benchmark` call it by.
    pub(super) code: String,
    pub(super) label: String,
    /// Calendar year that it belongs to.
    pub(super) year: Option<i32>,
    pub(super) unit: Unit,
    /// Section of the methodology, or the table that it was read from.
    pub(super) section: String,
    pub(super) citation: String,
    /// The arithmetic in words.
    pub(super) how: String,
    pub(super) figures: [Option<Figure>; COLUMNS],
    /// Formulas, references in braces: `{code}` in the same column, `{code@ACO}` of the whole, `{code@types}` of the types.
    pub(super) formulas: [Option<String>; COLUMNS],
}

impl Line {
    /// A line without figures.
    pub(super) fn new(code: &str, label: &str, unit: Unit) -> Line {
        Line {
            code: code.into(),
            label: label.into(),
            year: None,
            unit,
            section: String::new(),
            citation: String::new(),
            how: String::new(),
            figures: Default::default(),
            formulas: Default::default(),
        }
    }

    /// With the calendar year that it belongs to.
    pub(super) fn of_year(self, year: i32) -> Line {
        Line { year: Some(year), ..self }
    }

    /// With where it comes from.
    pub(super) fn from(self, section: &str, citation: &str) -> Line {
        Line { section: section.into(), citation: citation.into(), ..self }
    }

    /// With the arithmetic in words.
    pub(super) fn how(self, how: &str) -> Line {
        Line { how: how.into(), ..self }
    }

    /// With the figure of a column.
    pub(super) fn figure(mut self, column: usize, figure: impl Into<Figure>) -> Line {
        self.figures[column] = Some(figure.into());
        self
    }

    /// With a column's formula, where its figure is known.
    pub(super) fn formula(mut self, column: usize, formula: impl Into<String>) -> Line {
        if self.figures[column].is_some() {
            self.formulas[column] = Some(formula.into());
        }
        self
    }

    /// Whether a formula stands in it.
    pub(super) fn has_formula(&self) -> bool {
        self.formulas.iter().any(Option::is_some)
    }
}

/// The lines of one ACO and performance year on one sheet.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) lines: Vec<Line>,
    places: HashMap<String, usize>,
}

impl Block {
    /// Takes a line; one without any figure, which is no heading, is left out.
    pub(super) fn push(&mut self, line: Line) {
        if line.unit != Unit::Heading && line.figures.iter().all(Option::is_none) {
            return;
        }
        self.places.insert(line.code.clone(), self.lines.len());
        self.lines.push(line);
    }

    /// Begins a part; the heading of a part without lines goes.
    pub(super) fn heading(&mut self, title: &str) {
        self.end_heading();
        self.push(Line::new("", title, Unit::Heading));
    }

    /// Takes a heading away that nothing follows.
    pub(super) fn end_heading(&mut self) {
        if self.lines.last().is_some_and(|line| line.unit == Unit::Heading) {
            self.lines.pop();
        }
    }

    /// Lets formulas go that name a line which is not there, of this block or of the benchmark: their values stay.
    pub(super) fn keep_known(&mut self, benchmark: Option<&Block>) {
        let is_known = |formula: &String| {
            references(formula).all(|name| {
                let code = name.split_once('@').map_or(name, |(code, _)| code);
                match code.strip_prefix("benchmark:") {
                    Some(code) => benchmark.is_some_and(|block| block.places.contains_key(code)),
                    None => self.places.contains_key(code),
                }
            })
        };
        for line in &mut self.lines {
            for formula in &mut line.formulas {
                *formula = formula.take().filter(is_known);
            }
        }
    }

    /// Place of a line.
    pub(super) fn place(&self, code: &str) -> Option<usize> {
        self.places.get(code).copied()
    }

    /// A figure of a line.
    pub(super) fn figure(&self, code: &str, column: usize) -> Option<f64> {
        self.lines[self.place(code)?].figures[column].as_ref()?.number()
    }

    /// Whether a line has a figure in a column.
    pub(super) fn has(&self, code: &str, column: usize) -> bool {
        self.place(code).is_some_and(|at| self.lines[at].figures[column].is_some())
    }

    /// The formula of `Σ weight × value / Σ weight` over the types that have both.
    pub(super) fn mean(&self, values: &str, weights: &str) -> Option<String> {
        let weighted: Vec<usize> = TYPES.filter(|kind| self.has(weights, *kind)).collect();
        let both: Vec<usize> = weighted.iter().copied().filter(|kind| self.has(values, *kind)).collect();
        if both.is_empty() {
            return None;
        }
        if both == weighted {
            return Some(format!("SUMPRODUCT({{{values}@types}},{{{weights}@types}})/SUM({{{weights}@types}})"));
        }
        let name = |kind: usize| EnrollmentType::ALL[kind].code();
        let terms: Vec<String> =
            both.iter().map(|kind| format!("{{{values}@{0}}}*{{{weights}@{0}}}", name(*kind))).collect();
        let sum: Vec<String> = both.iter().map(|kind| format!("{{{weights}@{}}}", name(*kind))).collect();
        Some(format!("({})/({})", terms.join("+"), sum.join("+")))
    }
}

/// What stands in braces in a formula.
fn references(formula: &str) -> impl Iterator<Item = &str> {
    formula.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}

/// The code of a type or of the whole, as formulas name columns.
pub(super) fn column_named(name: &str) -> Option<usize> {
    if name == "ACO" { Some(WHOLE) } else { EnrollmentType::ALL.iter().position(|kind| kind.code() == name) }
}
