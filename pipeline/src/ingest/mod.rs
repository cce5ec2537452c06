//! `ingest`: raw claims and enrollment into the lake, as files. What a row means is decided in `acoledger-ingest`; this
//! module finds, reads, spills and writes.
//!
//! Two passes. The first reads every raw file in chunks, types and checks each row and cuts the rows by life into parts
//! that fit memory; the second takes one part at a time, sorts it, joins base and line files, drops repetitions and writes
//! the lake's files. The new lake takes the old one's place at the end; until then nothing of the old one is touched.
//!
//! Where an earlier lake stands, only files that changed are read again, and those that share years or claims with them
//! ([`again`]); the bytes are those of a lake made from all files.

mod account;
mod again;
pub mod cluster;
pub(crate) mod doors;
mod feed;
mod find;
mod groups;
mod kept;
mod look;
mod pass;
mod read;
mod record;
mod rejects;
mod report;
mod shards;
mod spill;
mod staging;
#[cfg(test)]
mod tests;
mod write;

#[cfg(any(feature = "object-store", test))]
pub(crate) use find::glob_matches;
pub(crate) use record::{Earlier, Record};
pub use report::{FileAccount, IngestReport, LakeFile, Note, Tally};
pub(crate) use staging::{INPUTS, MANIFEST, REJECTS, SOURCES};
pub use write::{ShardWriter, write_shard};

use crate::trouble::Outcome;
use acoledger_schemas::raw::RawLayout;
use acoledger_schemas::study::{Layout, Raw};
use acoledger_schemas::table::Problems;
use again::Again;
use pass::{Inputs, Pass};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

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

/// What an ingest did, and what it left as it was.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) report: IngestReport,
    /// Rows that were read now; the report counts those of earlier ingests as well.
    pub(crate) rows_read: u64,
    /// Which files were read again and which years were made anew; none when everything was.
    pub(crate) reread: Option<String>,
}

/// What the caller keeps beside a lake.
pub(crate) trait Beside {
    /// The lake as it stands, where a new one may keep parts of it.
    fn earlier(&self) -> Outcome<Option<Earlier>>;
    /// Writes what it keeps into the new lake, which is whole and not yet in its place.
    fn seal(&self, report: &IngestReport, new_lake: &Path) -> Outcome<()>;
}

/// Keeps nothing.
struct Nothing;
impl Beside for Nothing {
    fn earlier(&self) -> Outcome<Option<Earlier>> {
        Ok(None)
    }
    fn seal(&self, _report: &IngestReport, _new_lake: &Path) -> Outcome<()> {
        Ok(())
    }
}

/// Reads the raw files and replaces the lake.
///
/// # Errors
/// What stops a run before any work (no files, an unknown layout, a missing column, a file that cannot be read) or during
/// it (disk, a damaged file). An earlier lake stays as it was.
pub fn run(plan: &IngestPlan, progress: &dyn Progress) -> Result<IngestReport, Problems> {
    Ok(run_beside(plan, progress, &Nothing)?.report)
}

/// The same, with what of the earlier lake still stands.
///
/// # Errors
/// Those of [`run`].
pub(crate) fn run_beside(plan: &IngestPlan, progress: &dyn Progress, beside: &dyn Beside) -> Outcome<Done> {
    let inputs = inputs(plan)?;
    let staging = staging::Staging::begin(&plan.lake)?;
    // Lives, identities and final action of a feed reach over all its deliveries, so a feed is read whole.
    let may_keep = plan.layout == Layout::Rif && plan.years.is_none();
    let earlier = if may_keep { beside.earlier()? } else { None };
    let again = earlier.as_ref().and_then(|earlier| Again::of(earlier, &inputs.found, &inputs.layout));
    let pass = Pass { plan, inputs: &inputs, staging: &staging, progress };
    let mut done = again.map(|again| pass.make(again)).transpose()?.flatten();
    if done.is_none() {
        if earlier.is_some() {
            tracing::info!(stage = "ingest", "the change reaches all files: everything is read again");
        }
        staging.clear()?;
        done = pass.make(Again::everything(inputs.found.len()))?;
    }
    let done = done.expect("only what was left alone can be touched");
    beside.seal(&done.report, &staging.new_lake())?;
    staging.swap()?;
    Ok(done)
}

fn inputs(plan: &IngestPlan) -> Outcome<Inputs> {
    match plan.layout {
        Layout::Rif => {
            let layout = RawLayout::rif();
            let (found, ignored) = find::files(plan, &layout)?;
            Ok(Inputs { layout, found, ignored, feed: None })
        }
        Layout::Cclf => {
            let layout = RawLayout::cclf();
            let (sources, ignored, feed) = feed::look(plan, &layout)?;
            let found = sources.iter().map(|source| source.file.clone()).collect();
            Ok(Inputs { layout, found, ignored, feed: Some((feed, sources)) })
        }
    }
}
