//! Counts of a replay, and its rows as a table.

use super::compare::{Comparison, Reason, Value, Verdict};
use super::{Program, Replay, mssp, reach};
use serde::ser::{Serialize, SerializeSeq, Serializer};
use std::collections::BTreeMap;

/// Counts of a replay: of rows, and of rows by identity. Serialises as one object.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// `MSSP` or `REACH`.
    pub program: &'static str,
    /// Performance year, or a list where a file holds several.
    #[serde(serialize_with = "one_or_all")]
    pub performance_year: Vec<i32>,
    /// Rows of the file: matched + explained + unexplained.
    pub rows: usize,
    /// Rows that match on every identity.
    pub matched: usize,
    /// Rows with an explained identity and no unexplained one.
    pub explained: usize,
    /// Rows with an unexplained identity.
    pub unexplained: usize,
    /// Identities that could be tested, in the order of the settlement.
    pub identities: Vec<IdentityCounts>,
}

/// Rows by outcome of one identity. A row on which it cannot be tested is in none.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct IdentityCounts {
    /// Name.
    pub name: &'static str,
    /// Rows that match.
    pub matched: usize,
    /// Rows with a reason.
    pub explained: usize,
    /// Rows without one.
    pub unexplained: usize,
    /// Explained rows by reason.
    pub reasons: BTreeMap<&'static str, usize>,
}

fn one_or_all<S: Serializer>(years: &[i32], to: S) -> Result<S::Ok, S::Error> {
    if let [year] = years {
        return year.serialize(to);
    }
    let mut list = to.serialize_seq(Some(years.len()))?;
    for year in years {
        list.serialize_element(year)?;
    }
    list.end()
}

impl Replay {
    /// Names of the program's identities, in the order of the settlement.
    pub fn identities(&self) -> &'static [&'static str] {
        match self.program {
            Program::Mssp => mssp::IDENTITIES,
            Program::Reach => reach::IDENTITIES,
        }
    }

    /// Counts rows and identities.
    pub fn summary(&self) -> Summary {
        let mut performance_year: Vec<i32> = self.rows.iter().map(|row| row.performance_year.0).collect();
        performance_year.sort_unstable();
        performance_year.dedup();
        let rows_with = |kind: fn(&Verdict) -> bool| self.rows.iter().filter(|row| kind(&row.verdict())).count();
        Summary {
            program: self.program.code(),
            performance_year,
            rows: self.rows.len(),
            matched: rows_with(|verdict| matches!(verdict, Verdict::Matched)),
            explained: rows_with(|verdict| matches!(verdict, Verdict::Explained(_))),
            unexplained: rows_with(|verdict| matches!(verdict, Verdict::Unexplained)),
            identities: self.identities().iter().filter_map(|name| self.count(name)).collect(),
        }
    }

    fn count(&self, name: &'static str) -> Option<IdentityCounts> {
        let mut counts = IdentityCounts { name, ..IdentityCounts::default() };
        for row in &self.rows {
            let of_row = row.comparisons.iter().filter(|comparison| comparison.identity == name);
            match of_row.map(|comparison| comparison.verdict).max() {
                None => {}
                Some(Verdict::Matched) => counts.matched += 1,
                Some(Verdict::Unexplained) => counts.unexplained += 1,
                Some(Verdict::Explained(reason)) => {
                    counts.explained += 1;
                    *counts.reasons.entry(reason.code()).or_default() += 1;
                }
            }
        }
        (counts.matched + counts.explained + counts.unexplained > 0).then_some(counts)
    }

    /// One row for each row of the file: who, the verdict, the reasons, and for each identity our value, theirs, the
    /// difference, the tolerance and the outcome. The first row names the columns; what does not apply is blank.
    pub fn table(&self) -> Vec<Vec<String>> {
        let tested: Vec<&'static str> = self.summary().identities.iter().map(|identity| identity.name).collect();
        let mut header: Vec<String> =
            ["performance_year", "period", "aco_id", "verdict", "reasons"].map(String::from).into();
        for identity in &tested {
            for part in ["ours", "theirs", "difference", "tolerance", "reason"] {
                header.push(format!("{identity}_{part}"));
            }
        }
        let mut table = vec![header];
        for row in &self.rows {
            let reasons: std::collections::BTreeSet<&str> =
                row.comparisons.iter().filter_map(|comparison| reason(comparison.verdict)).map(Reason::code).collect();
            let mut cells = vec![
                row.performance_year.to_string(),
                row.period.code().to_owned(),
                row.aco_id.clone(),
                verdict_word(row.verdict()).to_owned(),
                reasons.into_iter().collect::<Vec<_>>().join(" "),
            ];
            for identity in &tested {
                let of_row = row.comparisons.iter().filter(|comparison| comparison.identity == *identity);
                cells.extend(comparison_cells(of_row.max_by_key(|comparison| comparison.verdict)));
            }
            table.push(cells);
        }
        table
    }
}

fn comparison_cells(comparison: Option<&Comparison>) -> [String; 5] {
    let Some(comparison) = comparison else { return Default::default() };
    let number = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
    let outcome = reason(comparison.verdict).map_or(verdict_word(comparison.verdict), Reason::code);
    [
        shown(&comparison.ours),
        shown(&comparison.theirs),
        number(comparison.difference()),
        number(comparison.tolerance),
        outcome.to_owned(),
    ]
}

fn shown(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::None => String::new(),
    }
}

fn reason(verdict: Verdict) -> Option<Reason> {
    if let Verdict::Explained(reason) = verdict { Some(reason) } else { None }
}

fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Matched => "matched",
        Verdict::Explained(_) => "explained",
        Verdict::Unexplained => "unexplained",
    }
}
