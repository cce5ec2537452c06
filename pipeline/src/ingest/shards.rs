//! The second pass: part by part into the files of the lake.

use super::Progress;
use super::look::Source;
use super::read::Read1;
use super::rejects::Rejects;
use super::report::{LakeFile, Tally};
use super::spill;
use super::write::{BATCH_ROWS, ShardWriter};
use crate::trouble::{Io, Outcome, of_file_with_hint};
use acoledger_ingest::dialect::{TableShapes, Unit};
use acoledger_ingest::extract::Reject;
use acoledger_ingest::merge::{Bucket, Finding, LakeRow, Merge, Output};
use acoledger_ingest::rows::Rows;
use acoledger_schemas::table::Problems;
use rayon::prelude::*;
use std::ops::RangeInclusive;
use std::path::Path;

/// Where the rows of a file went.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Account {
    pub(super) used: Tally,
    pub(super) repeated: Tally,
    pub(super) rejected: Tally,
    pub(super) outside: Tally,
    pub(super) cancelled: Tally,
    pub(super) amount_unknown: u64,
}

impl Account {
    fn bucket(&mut self, bucket: Bucket) -> &mut Tally {
        match bucket {
            Bucket::Used => &mut self.used,
            Bucket::Repeated => &mut self.repeated,
            Bucket::Rejected => &mut self.rejected,
            Bucket::Outside => &mut self.outside,
            Bucket::Cancelled => &mut self.cancelled,
        }
    }

    fn add(&mut self, other: &Account) {
        for bucket in [Bucket::Used, Bucket::Repeated, Bucket::Rejected, Bucket::Outside, Bucket::Cancelled] {
            let more = *other.clone().bucket(bucket);
            let sum = self.bucket(bucket);
            (sum.rows, sum.cents) = (sum.rows + more.rows, sum.cents + more.cents);
        }
        self.amount_unknown += other.amount_unknown;
    }
}

/// What the second pass made.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub(super) files: Vec<LakeFile>,
    pub(super) accounts: Vec<Account>,
    pub(super) findings: [u64; Finding::ALL.len()],
}

/// How the parts make shards, and what goes where.
pub(super) struct Job<'a> {
    pub(super) units: Vec<Unit>,
    pub(super) shards: u32,
    pub(super) parts: u32,
    pub(super) shapes: &'a [TableShapes],
    pub(super) years: Option<&'a RangeInclusive<i32>>,
    /// Whether the rows are those of a feed.
    pub(super) feed: bool,
    pub(super) sources: &'a [Source],
    pub(super) rejects: &'a Rejects,
    /// Folder of the new lake.
    pub(super) lake: &'a Path,
}

impl Job<'_> {
    /// Writes all shards of all units, in parallel.
    ///
    /// # Errors
    /// Those of the disk; two lives with one key.
    pub(super) fn run(&self, read: &Read1, progress: &dyn Progress) -> Outcome<Made> {
        // Units with most rows first, so that no thread is left alone with one at the end.
        let tasks: Vec<(Unit, u32)> =
            self.units.iter().rev().flat_map(|unit| (0..self.shards).map(|shard| (*unit, shard))).collect();
        let made: Vec<Outcome<Made>> = tasks
            .into_par_iter()
            .with_max_len(1)
            .map(|(unit, shard)| self.shard(unit, shard, read, progress))
            .collect();
        let mut all = Made { accounts: vec![Account::default(); self.sources.len()], ..Made::default() };
        for made in made {
            let made = made?;
            all.files.extend(made.files);
            all.accounts.iter_mut().zip(&made.accounts).for_each(|(sum, more)| sum.add(more));
            all.findings.iter_mut().zip(made.findings).for_each(|(sum, more)| *sum += more);
        }
        all.files.sort_by(|a, b| a.file.cmp(&b.file));
        Ok(all)
    }

    /// One shard of a unit: its parts in order, each sorted and merged on its own.
    fn shard(&self, unit: Unit, shard: u32, read: &Read1, progress: &dyn Progress) -> Outcome<Made> {
        let mut out = ShardOutput {
            job: self,
            shard,
            open: Vec::new(),
            made: Made { accounts: vec![Account::default(); self.sources.len()], ..Made::default() },
            problems: Problems::default(),
        };
        let merge = Merge { shapes: self.shapes, years: self.years, feed: self.feed };
        let per_shard = self.parts / self.shards;
        let mut rows = Vec::new();
        for part in shard * per_shard..(shard + 1) * per_shard {
            rows.clear();
            for run in &read.runs {
                run.read(spill::Bucket { unit, part }, &mut rows).doing("cannot be read", run.path())?;
            }
            merge.run(unit, &rows, &mut out);
            if out.problems.count > 0 {
                return Err(out.problems);
            }
        }
        let made = out.finish()?;
        progress.advance(made.files.iter().map(|file| file.rows).sum(), 1);
        Ok(made)
    }
}

/// The files of one shard of a unit.
struct ShardOutput<'a> {
    job: &'a Job<'a>,
    shard: u32,
    open: Vec<Open>,
    made: Made,
    problems: Problems,
}

/// A file that rows still go to.
struct Open {
    table: &'static str,
    year: i32,
    rows: Rows,
    writer: ShardWriter,
}

impl ShardOutput<'_> {
    fn open(&mut self, row: &LakeRow<'_>) -> Outcome<usize> {
        let is = |open: &Open| open.year == row.year && open.table == row.table.name;
        if let Some(at) = self.open.iter().position(is) {
            return Ok(at);
        }
        let year = row.table.by_year.then_some(row.year);
        let writer = ShardWriter::create(self.job.lake, row.table, year, self.shard)?;
        self.open.push(Open { table: row.table.name, year: row.year, rows: Rows::new(row.table), writer });
        Ok(self.open.len() - 1)
    }

    fn push(&mut self, row: &LakeRow<'_>) -> Outcome<()> {
        let at = self.open(row)?;
        let open = &mut self.open[at];
        open.rows.push(row);
        if open.rows.len() == BATCH_ROWS {
            open.flush(self.job.lake)?;
        }
        Ok(())
    }

    fn finish(mut self) -> Outcome<Made> {
        for mut open in self.open {
            open.flush(self.job.lake)?;
            self.made.files.push(open.writer.finish()?);
        }
        Ok(self.made)
    }
}

impl Open {
    fn flush(&mut self, lake: &Path) -> Outcome<()> {
        let batch = self.rows.take().doing("cannot be written", lake)?;
        self.writer.write(&batch)
    }
}

impl Output for ShardOutput<'_> {
    fn lake(&mut self, row: LakeRow<'_>) {
        if self.problems.count == 0
            && let Err(problems) = self.push(&row)
        {
            self.problems = problems;
        }
    }

    fn account(&mut self, file: u32, row: Bucket, cents_to: Bucket, cents: i64) {
        let account = &mut self.made.accounts[file as usize];
        account.bucket(row).rows += 1;
        account.bucket(cents_to).cents += cents;
    }

    fn reject(&mut self, reject: Reject<'_>) {
        let account = &mut self.made.accounts[reject.file as usize];
        account.amount_unknown += u64::from(!reject.amount_known);
        self.job.rejects.push(&reject);
    }

    fn finding(&mut self, finding: Finding) {
        self.made.findings[finding as usize] += 1;
    }

    fn collision(&mut self) {
        let what = "two beneficiary identifiers have one key: their rows would be mixed";
        let hint = "give one of the two another identifier, in the raw and the program files alike";
        self.problems.push(of_file_with_hint(self.job.lake, what, hint));
    }
}
