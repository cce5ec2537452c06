//! Where the program meets the ACO grain.

use crate::study::{Finding, LoadedStudy};
use crate::trouble::{self, Outcome};
use acoledger_aco::spending::SpendingTables;
use acoledger_schemas::cells::Cells;
use acoledger_schemas::rates::Rates;
use acoledger_schemas::values::{AcoId, EnrollmentType, PerformanceYear, Period};
use std::collections::BTreeMap;

/// Cells divided once.
///
/// # Errors
/// Inputs that a rule in force needs and that are absent.
pub(crate) fn rates_of(cells: &Cells, loaded: &LoadedStudy) -> Outcome<Rates> {
    let maturity = loaded.study.maturity().map_err(|what| trouble::of_study(&loaded.file, &what))?;
    let rates = acoledger_aco::rates::rates_from_cells(cells, &loaded.program, &loaded.rules, maturity)?;
    match &loaded.rates {
        Some(published) => acoledger_aco::rates::beside_published(rates, published, loaded.study.input.completeness),
        None => Ok(rates),
    }
}

/// The tables beside the rates: classes of service, utilisation, run-out, what scores are made of.
///
/// # Errors
/// As [`rates_of`].
pub(crate) fn spending_of(cells: &Cells, loaded: &LoadedStudy) -> Outcome<SpendingTables> {
    let maturity = loaded.study.maturity().map_err(|what| trouble::of_study(&loaded.file, &what))?;
    acoledger_aco::spending::spending_tables(cells, &loaded.program, &loaded.rules, maturity)
}

acoledger_schemas::table! {
    /// Something that a reader should know about one ACO's result: a default was taken, two inputs disagree.
    FindingRow = "findings", key [] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// `full`, or `h1`, `h2` for the half-years of 2019.
        period: Period ["code"],
        /// ACO.
        aco_id: AcoId ["id"],
        /// Section of the methodology.
        rule: String ["code"],
        /// What was found.
        what: String ["text"],
    }
}

/// Findings of the ACO grain as rows, each on its own.
pub(crate) fn finding_rows(found: &[acoledger_aco::Finding]) -> Vec<FindingRow> {
    found
        .iter()
        .map(|of| FindingRow {
            performance_year: of.performance_year,
            period: of.period,
            aco_id: of.aco_id.clone(),
            rule: of.rule.into(),
            what: of.what.clone(),
        })
        .collect()
}

/// Findings of the ACO grain for the page and the manifest: those of one kind counted, the first as example.
pub(crate) fn findings(found: &[acoledger_aco::Finding]) -> Vec<Finding> {
    let mut kinds: BTreeMap<(&str, &str), (u64, &acoledger_aco::Finding)> = BTreeMap::new();
    for finding in found {
        kinds.entry((finding.rule, kind(&finding.what))).or_insert((0, finding)).0 += 1;
    }
    let text = |((rule, kind), (count, first)): ((&str, &str), (u64, &acoledger_aco::Finding))| {
        let acoledger_aco::Finding { performance_year, period, aco_id, .. } = first;
        let period = if period.code() == "full" { String::new() } else { format!(" {period}") };
        Finding {
            stage: "settle".into(),
            what: format!("{kind} ({rule}), first {performance_year}{period} {aco_id}; findings.csv lists each"),
            count,
            beyond_limits: false,
        }
    };
    kinds.into_iter().map(text).collect()
}

/// The part of a finding's text that is the same for all of its kind: without enrollment type in front and figures behind.
fn kind(what: &str) -> &str {
    let types = EnrollmentType::ALL.map(EnrollmentType::code);
    let rest = match what.split_once(": ") {
        Some((first, rest)) if types.contains(&first) => rest,
        _ => what,
    };
    rest.split(": ").next().unwrap_or(rest)
}
