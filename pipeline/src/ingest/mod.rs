//! `ingest`: raw claims and enrollment into the lake, as files. What a row means is decided in `acoledger-ingest`; this
//! module finds, reads, spills and writes.
//!
//! Two passes. The first reads every raw file in chunks, types and checks each row and cuts the rows by life into parts
//! that fit memory; the second takes one part at a time, sorts it, joins base and line files, drops repetitions and writes
//! the lake's files. The new lake takes the old one's place at the end; until then nothing of the old one is touched.

pub(crate) mod doors;
mod feed;
mod find;
mod look;
mod read;
mod rejects;
mod report;
mod shards;
mod spill;
mod staging;
#[cfg(test)]
mod tests;
mod write;

pub use report::{FileAccount, IngestReport, LakeFile, Note, Tally};
pub use write::{ShardWriter, write_shard};

use crate::trouble::{Io, of_file_with_hint};
use acoledger_ingest::dialect::TableShapes;
use acoledger_ingest::merge::Finding;
use acoledger_ingest::normalise::{Use, Uses};
use acoledger_schemas::raw::{RawLayout, RowsOf};
use acoledger_schemas::study::{Layout, Raw};
use acoledger_schemas::table::Problems;
use look::Source;
use read::FileFacts;
use shards::Account;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// What to read and where to put it. Threads are those of the rayon pool that `run` is called in.
#[derive(Clone, Debug)]
pub struct IngestPlan {
    /// Raw files: a folder or globs, relative to `base`.
    pub raw: Raw,
    /// Layout of the raw files.
    pub layout: Layout,
    /// Folder that `raw` is relative to; file names in reports are relative to it too.
    pub base: PathBuf,
    /// The lake's folder.
    pub lake: PathBuf,
    /// Shards, a power of two.
    pub shards: u32,
    /// Bound on memory, bytes.
    pub memory_bytes: u64,
    /// Calendar years to keep; `None`: all. Rows of other years are counted as `outside`.
    pub years: Option<RangeInclusive<i32>>,
    /// Whether a plain number in a date column is a SAS day number (days since 1960-01-01).
    pub sas_day_numbers: bool,
}

/// Where a run tells how far it is. Called from many threads.
pub trait Progress: Sync {
    /// A pass begins: its name and how many bytes (first pass) or parts (second pass) it has.
    fn stage_total(&self, stage: &'static str, total: u64);
    /// Rows and bytes (or parts) done since the last call.
    fn advance(&self, rows: u64, bytes: u64);
}

/// Says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;
impl Progress for Quiet {
    fn stage_total(&self, _stage: &'static str, _total: u64) {}
    fn advance(&self, _rows: u64, _bytes: u64) {}
}

/// Reads the raw files and replaces the lake.
///
/// # Errors
/// What stops a run before any work (no files, an unknown layout, a missing column, a file that cannot be read) or during
/// it (disk, a damaged file). An earlier lake stays as it was.
pub fn run(plan: &IngestPlan, progress: &dyn Progress) -> Result<IngestReport, Problems> {
    let layout = match plan.layout {
        Layout::Rif => RawLayout::rif(),
        Layout::Cclf => RawLayout::cclf(),
    };
    let (sources, ignored, feed) = match plan.layout {
        Layout::Rif => {
            let (files, ignored) = find::files(plan, &layout)?;
            (look::at_all(files, &layout)?, ignored, None)
        }
        Layout::Cclf => {
            let (sources, ignored, feed) = feed::look(plan, &layout)?;
            (sources, ignored, Some(feed))
        }
    };
    let staging = staging::Staging::begin(&plan.lake)?;
    let rejects = rejects::Rejects::new(&staging.temporary());
    let parts = parts(plan, &sources);
    progress.stage_total("read", sources.iter().map(|source| source.bytes).sum());
    let read = read::all(plan, (&sources, feed.as_ref()), parts, &rejects, &staging.temporary(), progress)?;
    if let Some(feed) = &feed {
        feed.check(&sources, &read.facts)?;
    }
    let units = look::units(&sources);
    progress.stage_total("write", units.len() as u64 * u64::from(plan.shards));
    let new_lake = staging.new_lake();
    let job = shards::Job {
        units,
        shards: plan.shards,
        parts,
        shapes: &TableShapes::all(&layout),
        years: plan.years.as_ref(),
        feed: feed.is_some(),
        sources: &sources,
        rejects: &rejects,
        lake: &new_lake,
    };
    let made = job.run(&read, progress)?;
    let any_rejects = rejects.write(&new_lake.join(staging::REJECTS), &sources, &layout)?;
    let report = IngestReport {
        key_hash: "siphash-2-4 of the beneficiary identifier; shard: its top bits".into(),
        sort_key: "bene_key, claim_key, line".into(),
        shards: plan.shards,
        lives: made.files.iter().filter(|file| file.table == "bene").map(|file| file.rows).sum(),
        sources: accounts(&sources, &layout, &read.facts, &made.accounts)?,
        ignored,
        normalised: normalised(&sources, &read.uses),
        findings: [
            feed.map(|feed| feed.notes).unwrap_or_default(),
            findings(&sources, &layout, &read.uses, &made.findings),
        ]
        .concat(),
        files: made.files,
        rejects: any_rejects.then(|| staging::REJECTS.to_owned()),
    };
    let manifest = new_lake.join(staging::MANIFEST);
    let text = serde_json::to_string_pretty(&report).doing("cannot be written", &manifest)?;
    std::fs::write(&manifest, text + "\n").doing("cannot be written", &manifest)?;
    staging.swap()?;
    Ok(report)
}

/// How many ranges of lives the rows are cut into: at least one per shard, and so many that the parts which all threads
/// sort at a time fit a quarter of the memory.
fn parts(plan: &IngestPlan, sources: &[Source]) -> u32 {
    const MOST_PARTS: u64 = 1 << 16;
    let bytes: u64 = sources.iter().map(look::packed_bytes).sum();
    let part_bytes = (plan.memory_bytes / 4 / rayon::current_num_threads() as u64).max(1 << 16);
    let parts = bytes.div_ceil(part_bytes).next_power_of_two().min(MOST_PARTS) as u32;
    parts.max(plan.shards)
}

/// Every row and cent of every file; they must add up.
fn accounts(
    sources: &[Source],
    layout: &RawLayout,
    facts: &[FileFacts],
    accounts: &[Account],
) -> Result<Vec<FileAccount>, Problems> {
    let mut problems = Problems::default();
    let mut all = Vec::with_capacity(sources.len());
    for ((source, facts), account) in sources.iter().zip(facts).zip(accounts) {
        let rejected = Tally {
            rows: account.rejected.rows + facts.rejected,
            cents: account.rejected.cents + facts.rejected_cents,
        };
        let read = Tally { rows: facts.rows, cents: facts.cents };
        let counted = Tally { rows: facts.rows, cents: 0 };
        let rows_of = layout.tables[source.file.table].rows;
        let used = if rows_of == RowsOf::Identities { counted } else { account.used };
        let unread = if rows_of == RowsOf::Nothing { counted } else { Tally::default() };
        let went = [used, account.repeated, rejected, account.outside, account.cancelled, unread];
        let rows: u64 = went.iter().map(|tally| tally.rows).sum();
        let cents: i64 = went.iter().map(|tally| tally.cents).sum();
        if (rows, cents) != (read.rows, read.cents) {
            let what = format!(
                "rows and cents do not add up: {} rows and {} cents came in, {rows} and {cents} went out",
                read.rows, read.cents
            );
            problems.push(of_file_with_hint(
                &source.file.path,
                what,
                "this is a fault of the program: please report it",
            ));
        }
        all.push(FileAccount {
            table: layout.tables[source.file.table].name.clone(),
            file: source.file.name.clone(),
            sha256: facts.sha256.clone(),
            bytes: source.bytes,
            shape: source.layout.shape.name().to_owned(),
            read,
            used,
            repeated: account.repeated,
            rejected,
            outside: account.outside,
            cancelled: account.cancelled,
            unread,
            amount_unknown_rows: account.amount_unknown + facts.amount_unknown,
            not_available: source.layout.not_available.clone(),
        });
    }
    problems.or(all)
}

/// Uses of each normaliser; byte-order marks are counted by file.
fn normalised(sources: &[Source], uses: &Uses) -> BTreeMap<String, u64> {
    let is_marked = |source: &&Source| matches!(source.form, look::Form::Text { marked: true, .. });
    let marks = sources.iter().filter(is_marked).count() as u64;
    let marks = (marks > 0).then(|| ("byte_order_mark".to_owned(), marks));
    uses.counts().map(|(used, count)| (used.name().to_owned(), count)).chain(marks).collect()
}

/// What a reader of the results should know.
fn findings(sources: &[Source], layout: &RawLayout, uses: &Uses, found: &[u64]) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut note = |what: String, count: u64| {
        if count > 0 {
            notes.push(Note { what, count });
        }
    };
    for (used, count) in uses.counts() {
        match used {
            Use::AmountRounded => {
                note("amounts that rounding to the cent changed by more than 1e-6 dollars".into(), count)
            }
            Use::CountRounded => note("counts with decimals, rounded".into(), count),
            Use::CountyUnknown => {
                note("yearly state and county codes that were not understood, kept blank".into(), count)
            }
            _ => {}
        }
    }
    for (finding, count) in Finding::ALL.into_iter().zip(found) {
        note(finding.text().into(), *count);
    }
    for (at, table) in layout.tables.iter().enumerate() {
        let of_table = || sources.iter().filter(|source| source.file.table == at);
        let lacking: BTreeSet<&str> =
            of_table().flat_map(|source| &source.layout.not_available).map(String::as_str).collect();
        for column in lacking {
            let files =
                of_table().filter(|source| source.layout.not_available.iter().any(|name| name == column)).count();
            note(format!("files of `{}` without `{column}`: not available there", table.name), files as u64);
        }
    }
    notes
}
