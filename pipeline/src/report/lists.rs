//! How the lives of each list came to it: counts of `assignment/`, by basis and step. No life is kept.

use crate::parquet_door;
use crate::person::shard_files;
use crate::trouble::{self, Io, Outcome};
use acoledger_schemas::outputs::Assignment;
use acoledger_schemas::table::Table;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

/// Performance year, calendar year of the list, ACO.
type List = (i32, i32, String);

/// Ways to a list, in the order of [`Lists::ways`].
pub(super) const WAYS: usize = 5;

/// Lives of every list by the way they came to it.
#[derive(Debug, Default)]
pub(super) struct Lists {
    counts: BTreeMap<List, [i64; WAYS]>,
}

impl Lists {
    /// Counts the lists of a run; `None`: it has none, since it starts from rates.
    ///
    /// # Errors
    /// Files that cannot be read, or lack a column.
    pub(super) fn read(run: &Path) -> Outcome<Option<Lists>> {
        if !run.join(Assignment::SPEC.name).is_dir() {
            return Ok(None);
        }
        let files = shard_files(run, Assignment::SPEC.name)?;
        let counted: Vec<Lists> = files.par_iter().map(|file| count(file.as_path())).collect::<Outcome<_>>()?;
        let mut all = Lists::default();
        for (list, ways) in counted.into_iter().flat_map(|lists| lists.counts) {
            let sums = all.counts.entry(list).or_default();
            sums.iter_mut().zip(ways).for_each(|(sum, lives)| *sum += lives);
        }
        Ok(Some(all))
    }

    /// Lives of an ACO's lists of a performance year, by calendar year: assigned by claims in step 1, 2 and 3, by voluntary
    /// alignment alone, by both.
    pub(super) fn of(&self, performance_year: i32, aco: &str) -> Vec<(i32, [i64; WAYS])> {
        let rows = self.counts.iter().filter(|((year, _, id), _)| *year == performance_year && id == aco);
        rows.map(|((_, calendar_year, _), ways)| (*calendar_year, *ways)).collect()
    }
}

fn count(file: &Path) -> Outcome<Lists> {
    const COLUMNS: [&str; 5] = ["performance_year", "calendar_year", "aco_id", "basis", "step"];
    let reader = parquet_door::columns(file, &COLUMNS, 16_384, |_| Ok(()))?;
    let mut lists = Lists::default();
    for batch in reader {
        let batch = batch.doing("cannot be read", file)?;
        if add(&mut lists, &batch).is_none() {
            let hint = "make the run again";
            return Err(trouble::of_file_with_hint(file, "not the columns that a run writes", hint).into());
        }
    }
    Ok(lists)
}

/// Counts a batch; `None`: it lacks a column.
fn add(lists: &mut Lists, batch: &RecordBatch) -> Option<()> {
    let column = |name: &str, to: &DataType| arrow_cast::cast(batch.column_by_name(name)?, to).ok();
    let numbers = |name: &str| Some(column(name, &DataType::Int64)?.as_primitive::<Int64Type>().clone());
    let texts = |name: &str| Some(column(name, &DataType::Utf8)?.as_string::<i32>().clone());
    let (performance_year, calendar_year, step) =
        (numbers("performance_year")?, numbers("calendar_year")?, numbers("step")?);
    let (aco, basis) = (texts("aco_id")?, texts("basis")?);
    // Rows of one ACO seldom follow each other; names are copied once for each list, not for each life.
    let mut ways = std::collections::HashMap::<(i64, i64, &str), [i64; WAYS]>::new();
    for row in 0..batch.num_rows() {
        let way = match (basis.value(row), step.is_valid(row).then(|| step.value(row))) {
            ("voluntary", _) => 3,
            ("both", _) => 4,
            (_, Some(nth @ 1..=3)) => nth as usize - 1,
            _ => return None,
        };
        ways.entry((performance_year.value(row), calendar_year.value(row), aco.value(row))).or_default()[way] += 1;
    }
    for ((performance_year, calendar_year, aco), counted) in ways {
        let list = (i32::try_from(performance_year).ok()?, i32::try_from(calendar_year).ok()?, aco.to_owned());
        let sums = lists.counts.entry(list).or_default();
        sums.iter_mut().zip(counted).for_each(|(sum, lives)| *sum += lives);
    }
    Some(())
}
