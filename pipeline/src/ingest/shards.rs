//! The second pass: part by part into the files of the lake. Rows of years that stand are accounted for and not written.

use super::Progress;
use super::again::Again;
use super::groups::Groups;
use super::kept;
use super::record::Few;
use super::rejects::Rejects;
use super::report::{LakeFile, Tally};
use super::spill::{self, Run};
use super::write::{BATCH_ROWS, ShardWriter};
use crate::trouble::{Io, Outcome, of_file_with_hint};
use acoledger_ingest::dialect::{TableShapes, Unit};
use acoledger_ingest::extract::Reject;
use acoledger_ingest::lives;
use acoledger_ingest::merge::{Bucket, Finding, LakeRow, Merge, Output};
use acoledger_ingest::record::{Head, length};
use acoledger_ingest::rows::Rows;
use acoledger_schemas::keys::shard_of;
use acoledger_schemas::table::Problems;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};

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

/// What the second pass made. Accounts and what follows them are by number of the raw file.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub(super) files: Vec<LakeFile>,
    pub(super) accounts: Vec<Account>,
    pub(super) findings: Vec<[u64; Finding::ALL.len()]>,
    /// Claims without a row in the lake.
    pub(super) outside: Vec<Few<(u64, i64)>>,
    /// Pairs of files that share claims.
    pub(super) links: BTreeSet<(u32, u32)>,
    /// New rows belong to claims of files or years that were left alone: nothing of this can be used.
    pub(super) conflict: bool,
}

impl Made {
    pub(super) fn of_files(files: usize) -> Made {
        Made {
            accounts: vec![Account::default(); files],
            findings: vec![Default::default(); files],
            outside: vec![Few::default(); files],
            ..Made::default()
        }
    }

    fn add(&mut self, other: Made) {
        self.files.extend(other.files);
        self.accounts.iter_mut().zip(&other.accounts).for_each(|(sum, more)| sum.add(more));
        self.outside.iter_mut().zip(other.outside).for_each(|(sum, more)| sum.add(more));
        let findings = self.findings.iter_mut().flatten().zip(other.findings.into_iter().flatten());
        findings.for_each(|(sum, more)| *sum += more);
        self.links.extend(other.links);
        self.conflict |= other.conflict;
    }
}

/// Row groups that fill at a time: a dozen files of a unit, by year, each of [`super::write`]'s rows of a group.
const MOST_OPEN_BYTES: u64 = 320 << 20;

/// Memory that shards may take together. One that needs more than there is goes alone.
struct Room {
    bytes: u64,
    /// Shards at work, and bytes that they take.
    taken: Mutex<(u32, u64)>,
    given_back: Condvar,
}

impl Room {
    fn with<T>(&self, bytes: u64, work: impl FnOnce() -> T) -> T {
        let full = |taken: &mut (u32, u64)| taken.0 > 0 && taken.1 + bytes > self.bytes;
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = self.given_back.wait_while(taken, full).unwrap_or_else(PoisonError::into_inner);
        *taken = (taken.0 + 1, taken.1 + bytes);
        drop(taken);
        // Given back however the work ends: nobody waits for a shard that has panicked.
        let _taken = Taken { room: self, bytes };
        work()
    }
}

/// Memory that one shard takes.
struct Taken<'r> {
    room: &'r Room,
    bytes: u64,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut taken = self.room.taken.lock().unwrap_or_else(PoisonError::into_inner);
        *taken = (taken.0 - 1, taken.1 - self.bytes);
        drop(taken);
        self.room.given_back.notify_all();
    }
}

/// How the parts make shards, and what goes where.
pub(super) struct Job<'a> {
    pub(super) units: Vec<Unit>,
    pub(super) shards: u32,
    pub(super) parts: u32,
    /// Memory for sorting and writing, all threads together.
    pub(super) memory_bytes: u64,
    pub(super) shapes: &'a [TableShapes],
    pub(super) years: Option<&'a RangeInclusive<i32>>,
    /// Whether the rows are those of a feed.
    pub(super) feed: bool,
    pub(super) again: &'a Again<'a>,
    pub(super) rejects: &'a Rejects,
    /// The earlier lake.
    pub(super) earlier: &'a Path,
    /// Folder of the new lake.
    pub(super) lake: &'a Path,
}

impl Job<'_> {
    /// Writes all shards of all units, in parallel.
    ///
    /// # Errors
    /// Those of the disk; two lives with one key.
    pub(super) fn run(&self, runs: &[Run], progress: &dyn Progress) -> Outcome<Made> {
        // Units with most rows first, so that no thread is left alone with one at the end.
        let tasks: Vec<(Unit, u32)> =
            self.units.iter().rev().flat_map(|unit| (0..self.shards).map(|shard| (*unit, shard))).collect();
        let room = Room { bytes: self.memory_bytes, taken: Mutex::default(), given_back: Condvar::new() };
        let made: Vec<Outcome<Made>> = tasks
            .into_par_iter()
            .with_max_len(1)
            .map(|(unit, shard)| room.with(self.needs(unit, shard, runs), || self.shard(unit, shard, runs, progress)))
            .collect();
        let mut all = Made::of_files(self.again.len());
        for made in made {
            all.add(made?);
        }
        Ok(all)
    }

    /// Memory that a shard takes: the rows of its largest part with their order, and the row groups of the files that they go to.
    fn needs(&self, unit: Unit, shard: u32, runs: &[Run]) -> u64 {
        let per_shard = self.parts / self.shards;
        let part = |part: u32| runs.iter().map(|run| run.length(spill::Bucket { unit, part }) as u64).sum::<u64>();
        let parts: Vec<u64> = (shard * per_shard..(shard + 1) * per_shard).map(part).collect();
        parts.iter().max().map_or(0, |most| most * 5 / 4) + parts.iter().sum::<u64>().min(MOST_OPEN_BYTES)
    }

    /// One shard of a unit: its parts in order, each sorted and merged on its own.
    fn shard(&self, unit: Unit, shard: u32, runs: &[Run], progress: &dyn Progress) -> Outcome<Made> {
        let mut out = ShardOutput {
            job: self,
            unit,
            shard,
            open: Vec::new(),
            made: Made::of_files(self.again.len()),
            groups: Groups::new(self.again, self.earlier, unit, shard),
            problems: Problems::default(),
        };
        let kept = if unit == Unit::Bene { self.kept_lives(shard, runs)? } else { Some(Vec::new()) };
        let Some(kept) = kept else {
            return Ok(Made { conflict: true, ..out.made });
        };
        let merge = Merge { shapes: self.shapes, years: self.years, feed: self.feed };
        let per_shard = self.parts / self.shards;
        let mut rows = Vec::new();
        for part in shard * per_shard..(shard + 1) * per_shard {
            rows.clear();
            let bucket = spill::Bucket { unit, part };
            rows.reserve_exact(runs.iter().map(|run| run.length(bucket)).sum());
            for run in runs {
                run.read(bucket, &mut rows).doing("cannot be read", run.path())?;
            }
            let of_part = kept.iter().filter(|(life, _)| shard_of(*life, self.parts) == part);
            of_part.for_each(|(_, row)| rows.extend_from_slice(row));
            merge.run(unit, &rows, &mut out);
            out.groups.end(&mut out.made);
            match (out.made.conflict, out.problems.count) {
                (true, _) => return Ok(out.made),
                (false, 0) => {}
                _ => return Err(out.problems),
            }
        }
        let made = out.finish()?;
        progress.advance(made.files.iter().map(|file| file.rows).sum(), 1);
        Ok(made)
    }

    /// Lives of a shard that files left alone have, as packed rows; none when the earlier lake cannot be read.
    fn kept_lives(&self, shard: u32, runs: &[Run]) -> Outcome<Option<Vec<LifeRow>>> {
        if self.again.earlier.is_none() {
            return Ok(Some(Vec::new()));
        }
        let (per_shard, mut read) = (self.parts / self.shards, BTreeSet::new());
        let mut rows = Vec::new();
        for part in shard * per_shard..(shard + 1) * per_shard {
            rows.clear();
            for run in runs {
                run.read(spill::Bucket { unit: Unit::Bene, part }, &mut rows).doing("cannot be read", run.path())?;
            }
            let mut at = 0;
            while at < rows.len() {
                read.insert(Head::read(&rows[at..]).bene_key);
                at += length(&rows[at..]);
            }
        }
        let lives = kept::lives(self.again, self.earlier, shard, &read).ok();
        let packed = |(life, id): (u64, String)| (life, lives::life(life, id.as_bytes()));
        Ok(lives.map(|lives| lives.into_iter().map(packed).collect()))
    }
}

/// A life and the packed row that says it.
type LifeRow = (u64, Vec<u8>);

/// The files of one shard of a unit.
struct ShardOutput<'a> {
    job: &'a Job<'a>,
    unit: Unit,
    shard: u32,
    open: Vec<Open>,
    made: Made,
    groups: Groups<'a>,
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
    fn group(&mut self, bene_key: u64, claim_key: i64, files: &[u32]) {
        self.groups.begin((bene_key, claim_key), files, &mut self.made);
    }

    fn related(&mut self, files: &[u32]) {
        self.made.links.extend(files.iter().filter(|file| **file != files[0]).map(|file| (files[0], *file)));
    }

    fn lake(&mut self, row: LakeRow<'_>) {
        let is_written = self.job.again.writes(self.unit, row.year);
        self.groups.lake(is_written, &mut self.made);
        if !is_written {
            return;
        }
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

    fn finding(&mut self, file: u32, finding: Finding) {
        self.made.findings[file as usize][finding as usize] += 1;
    }

    fn collision(&mut self) {
        if self.job.again.earlier.is_some() {
            // One of the two may be a life that is no more: reading everything tells.
            self.made.conflict = true;
            return;
        }
        let what = "two beneficiary identifiers have one key: their rows would be mixed";
        let hint = "give one of the two another identifier, in the raw and the program files alike";
        self.problems.push(of_file_with_hint(self.job.lake, what, hint));
    }
}
