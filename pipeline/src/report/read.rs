//! The tables of a finished run that its report shows. What a run does not have is absent here, and the page says so.

use super::lists::Lists;
use crate::aco::FindingRow;
use crate::manifest::Manifest;
use crate::scenario::half_of;
use crate::tables::read_parquet;
use crate::trouble::{self, Outcome};
use acoledger_aco::expected::Expected;
use acoledger_aco::risk_cap::RiskCap;
use acoledger_aco::spending::{ServiceCategories, Utilisation};
use acoledger_aco::tables::{BenchmarkStep, SavingsLosses};
use acoledger_aco::trend::TrendDecomposition;
use acoledger_schemas::rates::{AcoCountyHeads, AcoYear, CountyRate};
use acoledger_schemas::shown::shown;
use acoledger_schemas::values::{AcoId, PerformanceYear, Period};
use std::collections::BTreeMap;
use std::path::Path;

/// One ACO's result: performance year, period, ACO.
pub(super) type Key<'k> = (PerformanceYear, Period, &'k AcoId);

/// What a run wrote, as far as the report shows it.
pub(crate) struct RunTables {
    /// Name of the folder, without the way to it.
    pub(super) name: String,
    /// `None` for a half of a scenario, which has none of its own.
    pub(super) manifest: Option<Manifest>,
    pub(super) results: Vec<SavingsLosses>,
    pub(super) walk: Vec<BenchmarkStep>,
    pub(super) expected: Vec<Expected>,
    pub(super) trend: Vec<TrendDecomposition>,
    pub(super) categories: Vec<ServiceCategories>,
    pub(super) utilisation: Vec<Utilisation>,
    pub(super) risk_cap: Vec<RiskCap>,
    pub(super) findings: Vec<FindingRow>,
    pub(super) own: Vec<AcoYear>,
    pub(super) county: Vec<CountyRate>,
    pub(super) county_heads: Vec<AcoCountyHeads>,
    /// Lives of each list by the way they came to it; `None` where the run starts from rates.
    pub(super) lists: Option<Lists>,
}

impl RunTables {
    /// Reads the tables of the run in `folder`.
    ///
    /// # Errors
    /// A run that was not settled, files that cannot be read.
    pub(crate) fn read(folder: &Path) -> Outcome<RunTables> {
        let results: Vec<SavingsLosses> = read_parquet(folder)?.unwrap_or_default();
        if results.is_empty() {
            let hint = "run the study to its end: `acoledger run STUDY.toml`";
            return Err(
                trouble::of_file_with_hint(folder, "no savings and losses here: nothing to report", hint).into()
            );
        }
        let manifest = if half_of(folder)?.is_some() { None } else { Manifest::read(folder)? };
        let rates = folder.join("rates");
        Ok(RunTables {
            name: folder.file_name().map_or_else(|| "run".into(), |name| shown(&name.to_string_lossy()).into_owned()),
            manifest,
            results,
            walk: read_parquet(folder)?.unwrap_or_default(),
            expected: read_parquet(folder)?.unwrap_or_default(),
            trend: read_parquet(folder)?.unwrap_or_default(),
            categories: read_parquet(folder)?.unwrap_or_default(),
            utilisation: read_parquet(folder)?.unwrap_or_default(),
            risk_cap: read_parquet(folder)?.unwrap_or_default(),
            findings: read_parquet(folder)?.unwrap_or_default(),
            own: read_parquet(&rates)?.unwrap_or_default(),
            county: read_parquet(&rates)?.unwrap_or_default(),
            county_heads: read_parquet(&rates)?.unwrap_or_default(),
            lists: Lists::read(folder)?,
        })
    }

    /// Performance years and periods of the results, in order.
    pub(super) fn years(&self) -> Vec<(PerformanceYear, Period)> {
        let mut years: Vec<_> = self.results.iter().map(|row| (row.performance_year, row.period)).collect();
        years.sort_unstable();
        years.dedup();
        years
    }
}

/// Rows of a table by ACO result: a table of all ACOs is looked through once.
pub(super) struct ByAco<'t, T> {
    rows: BTreeMap<Key<'t>, Vec<&'t T>>,
}

impl<'t, T> ByAco<'t, T> {
    /// Groups rows by the key that `key` names; rows without one are left out.
    pub(super) fn new(rows: &'t [T], key: impl Fn(&'t T) -> Option<Key<'t>>) -> ByAco<'t, T> {
        let mut grouped = BTreeMap::<Key<'t>, Vec<&'t T>>::new();
        for row in rows {
            if let Some(key) = key(row) {
                grouped.entry(key).or_default().push(row);
            }
        }
        ByAco { rows: grouped }
    }

    /// The rows of one ACO result, in the order of the table.
    pub(super) fn of<'k>(&'k self, key: &Key<'k>) -> &'k [&'k T] {
        let rows: &'k BTreeMap<Key<'k>, Vec<&'k T>> = &self.rows;
        rows.get(key).map_or(&[], Vec::as_slice)
    }
}
