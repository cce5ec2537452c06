//! The lists: who is on them, how often, and by what.

use super::limits::Figure;
use super::{Check, shards};
use crate::tables::{read_parquet, read_parquet_file};
use crate::trouble::Outcome;
use acoledger_schemas::cells::AcoHeadsCell;
use acoledger_schemas::outputs::Assignment;
use acoledger_schemas::values::{AcoId, CalendarYear, PerformanceYear};
use std::collections::BTreeMap;
use std::path::Path;

/// What the lists show.
pub(super) struct Lists {
    pub(super) checks: Vec<Check>,
    /// Share of lives whose ACO was decided by a tie, by performance year and calendar year.
    pub(super) ties: Result<Vec<Figure>, &'static str>,
}

/// A life is on one list at most per performance year and calendar year, and heads count the lists.
///
/// # Errors
/// Folders that cannot be read.
pub(super) fn check_lists(run: &Path) -> Outcome<Lists> {
    let folder = run.join("assignment");
    if !folder.is_dir() {
        return Ok(Lists { checks: Vec::new(), ties: Err("the run has no assignment") });
    }
    let mut unique = Check::new("one ACO per life and year", "assignment/");
    let mut lists: BTreeMap<(PerformanceYear, CalendarYear, AcoId), i64> = BTreeMap::new();
    let mut ties: BTreeMap<(PerformanceYear, CalendarYear), (u64, u64)> = BTreeMap::new();
    for path in shards(&folder)? {
        // The reader refuses a second row of one key; a life never stands in two shards.
        match read_parquet_file::<Assignment>(&path) {
            Ok(rows) => {
                unique.looked_at += rows.len() as u64;
                for row in rows {
                    let tied = ties.entry((row.performance_year, row.calendar_year)).or_default();
                    *tied = (tied.0 + u64::from(row.tie.is_some()), tied.1 + 1);
                    *lists.entry((row.performance_year, row.calendar_year, row.aco_id)).or_default() += 1;
                }
            }
            Err(problems) => {
                unique.look(Some(
                    problems.first.first().map_or(String::new(), |problem| problem.to_string().replace('\n', "; ")),
                ));
                unique.wrong += problems.count - 1;
            }
        }
    }
    let mut heads = Check::new("heads count the lists", "cells/aco_heads");
    for row in read_parquet::<AcoHeadsCell>(&run.join("cells"))?.unwrap_or_default() {
        let listed =
            lists.get(&(row.performance_year, row.calendar_year, row.aco_id.clone())).copied().unwrap_or_default();
        heads.look((listed != row.head_count).then(|| {
            let AcoHeadsCell { performance_year, calendar_year, aco_id, head_count, .. } = &row;
            format!("{performance_year} {calendar_year} {aco_id}: {head_count} heads, {listed} on the list")
        }));
    }
    let tied = ties.into_iter().map(|((performance_year, year), (tied, all))| Figure {
        of: String::new(),
        year: year.0,
        place: format!("performance year {performance_year}, {year}"),
        value: tied as f64 / all as f64,
        counted: all as f64,
    });
    Ok(Lists { checks: vec![unique, heads], ties: Ok(tied.collect()) })
}
