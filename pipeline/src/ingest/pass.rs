//! One ingest from found files to a new lake, of all files or of those that a change makes it read again.

use super::account::{self, Taken};
use super::again::Again;
use super::feed::Feed;
use super::find::Found;
use super::look::{self, Source};
use super::read::{self, FileFacts, Read1};
use super::record::Record;
use super::rejects::{self, Rejects};
use super::report::{IngestReport, Note};
use super::shards::{Job, Made};
use super::spill::Run;
use super::staging::{self, Staging};
use super::{Done, IngestPlan, Progress, kept};
use crate::files::hash_file;
use crate::trouble::{Io, Outcome};
use acoledger_ingest::dialect::{TableShapes, Unit};
use acoledger_schemas::raw::RawLayout;
use serde::Serialize;
use std::fs;
use std::path::Path;

/// The raw files that are there.
pub(super) struct Inputs {
    pub(super) layout: RawLayout,
    /// Sorted by table and name: a file's number is its place here.
    pub(super) found: Vec<Found>,
    /// Files that are there and not read.
    pub(super) ignored: Vec<Note>,
    /// What a feed says beside its files, and the files as they were looked at.
    pub(super) feed: Option<(Feed, Vec<Source>)>,
}

/// An ingest at work.
pub(super) struct Pass<'a> {
    pub(super) plan: &'a IngestPlan,
    pub(super) inputs: &'a Inputs,
    pub(super) staging: &'a Staging,
    pub(super) progress: &'a dyn Progress,
}

/// What the first pass over some files left.
struct FirstPass {
    taken: Vec<Taken>,
    runs: Vec<Run>,
}

impl Pass<'_> {
    /// Makes the new lake, not yet in its place. `None`: what was to be left alone is touched after all.
    ///
    /// # Errors
    /// Raw files that cannot be read, the disk.
    pub(super) fn make(&self, mut again: Again<'_>) -> Outcome<Option<Done>> {
        let rejects = Rejects::new(&self.staging.temporary());
        let (parts, first) = self.read_all(&mut again, &rejects)?;
        let new_lake = self.staging.new_lake();
        let mut units: Vec<Unit> = first.taken.iter().map(|of| of.source.layout.shapes.unit).collect();
        units.push(Unit::Bene);
        units.sort_unstable();
        units.dedup();
        self.progress.stage_total("write", units.len() as u64 * u64::from(self.plan.shards));
        let job = Job {
            units,
            shards: self.plan.shards,
            parts,
            memory_bytes: self.plan.memory_bytes / 2,
            shapes: &TableShapes::all(&self.inputs.layout),
            years: self.plan.years.as_ref(),
            feed: self.inputs.feed.is_some(),
            again: &again,
            rejects: &rejects,
            earlier: &self.plan.lake,
            lake: &new_lake,
        };
        let made = job.run(&first.runs, self.progress);
        // What waited need not reach the disk, which it would when the new lake does.
        first.runs.iter().for_each(|run| _ = fs::remove_file(run.path()));
        let mut made = made?;
        if made.conflict {
            return Ok(None);
        }
        kept::link_equal(&made.files, &self.plan.lake, &new_lake)?;
        made.files.extend(kept::link(&again, &self.plan.lake, &new_lake)?);
        made.files.sort_by(|a, b| a.file.cmp(&b.file));
        self.finish(first.taken, &again, made, rejects).map(Some)
    }

    /// The first pass: over changed files, and over those that share years or claims with them. The number of parts with it.
    fn read_all(&self, again: &mut Again<'_>, rejects: &Rejects) -> Outcome<(u32, FirstPass)> {
        let Inputs { found, layout, feed, .. } = self.inputs;
        let changed = match feed {
            Some((_, sources)) => sources.clone(),
            None => look::at_all(found, &again.changed(), layout)?,
        };
        if again.earlier.is_none() {
            if feed.is_none() {
                look::check_shapes(found, &self.shapes(again, changed.iter()), layout)?;
            }
            let parts = parts(self.plan, changed.iter().map(look::packed_bytes).sum());
            let first = self.read(self.plan, changed, parts, rejects)?;
            if let Some((feed, sources)) = feed {
                let facts: Vec<&FileFacts> = first.taken.iter().map(|of| &of.facts).collect();
                feed.check(sources, &facts)?;
            }
            return Ok((parts, first));
        }
        let packed = |of: &Found| -> Outcome<u64> {
            let about = fs::metadata(&of.path).doing("cannot be read", &of.path)?;
            Ok(look::packed_bytes_by_name(&of.path, about.len()))
        };
        let parts = parts(self.plan, found.iter().map(packed).sum::<Outcome<u64>>()?);
        // What the first of two passes leaves in memory stays there during the second.
        let plan = IngestPlan { memory_bytes: self.plan.memory_bytes / 2, ..self.plan.clone() };
        let mut all = self.read(&plan, changed, parts, rejects)?;
        let known: Vec<(u32, Unit, &FileFacts)> =
            all.taken.iter().map(|of| (of.source.number, of.source.layout.shapes.unit, &of.facts)).collect();
        let rest = look::at_all(found, &again.close(&known), layout)?;
        tracing::info!(stage = "ingest", "{}", again.sentence());
        let read = all.taken.iter().map(|of| &of.source).chain(&rest);
        look::check_shapes(found, &self.shapes(again, read), layout)?;
        let more = self.read(&plan, rest, parts, rejects)?;
        all.runs.extend(more.runs);
        all.taken.extend(more.taken);
        all.taken.sort_by_key(|of| of.source.number);
        Ok((parts, all))
    }

    fn read(&self, plan: &IngestPlan, sources: Vec<Source>, parts: u32, rejects: &Rejects) -> Outcome<FirstPass> {
        let folder = self.staging.temporary().join(format!("rows-{}", sources.first().map_or(0, |of| of.number)));
        fs::create_dir_all(&folder).doing("cannot be created", &folder)?;
        self.progress.stage_total("read", sources.iter().map(|source| source.bytes).sum());
        let feed = self.inputs.feed.as_ref().map(|(feed, _)| feed);
        let Read1 { runs, facts } = read::all(plan, (&sources, feed), parts, rejects, &folder, self.progress)?;
        let taken = sources.into_iter().zip(facts).map(|(source, facts)| Taken { source, facts });
        Ok(FirstPass { taken: taken.collect(), runs })
    }

    /// What the rows of each file are, by number.
    fn shapes<'s>(&self, again: &'s Again<'_>, read: impl Iterator<Item = &'s Source>) -> Vec<&'s str> {
        let kept = |number: u32| {
            let kept = again.kept(number).zip(again.earlier);
            kept.map_or("", |(at, earlier)| earlier.report.sources[at].shape.as_str())
        };
        let mut shapes: Vec<&str> = (0..again.len() as u32).map(kept).collect();
        read.for_each(|of| shapes[of.number as usize] = of.layout.shape.name());
        shapes
    }

    /// Writes what the new lake says of itself.
    fn finish(&self, taken: Vec<Taken>, again: &Again<'_>, mut made: Made, rejects: Rejects) -> Outcome<Done> {
        let Inputs { found, layout, ignored, feed } = self.inputs;
        let new_lake = self.staging.new_lake();
        let place = |number: u32| {
            let kept = again.kept(number).zip(again.earlier);
            kept.map(|(at, earlier)| earlier.record.sources[at].rejects)
        };
        let rows = (0..again.len() as u32).map(place).collect();
        let kept_rejects = rejects::Kept { path: self.plan.lake.join(staging::REJECTS), rows };
        let list = new_lake.join(staging::REJECTS);
        let places = rejects.write(&list, found, layout, &kept_rejects)?;
        let any_rejects = places.iter().any(|(_, bytes)| *bytes > 0);
        let rows_read = taken.iter().map(|of| of.facts.rows).sum();
        let sources = account::accounts(found, layout, &taken, again, &made.accounts)?;
        let sources_record = account::records(taken, again, &mut made, &places);
        let mut record = Record { sources: sources_record, ..Record::default() };
        let notes = feed.as_ref().map(|(feed, _)| feed.notes.clone()).unwrap_or_default();
        let report = IngestReport {
            key_hash: "siphash-2-4 of the beneficiary identifier; shard: its top bits".into(),
            sort_key: "bene_key, claim_key, line".into(),
            shards: self.plan.shards,
            lives: made.files.iter().filter(|file| file.table == "bene").map(|file| file.rows).sum(),
            ignored: ignored.clone(),
            normalised: account::normalised(&record),
            findings: [notes, account::findings(layout, &sources, &record)].concat(),
            sources,
            files: made.files,
            rejects: any_rejects.then(|| staging::REJECTS.to_owned()),
        };
        let manifest = new_lake.join(staging::MANIFEST);
        write(&manifest, &report)?;
        record.manifest_sha256 = hash_file(&manifest)?;
        record.rejects_sha256 = any_rejects.then(|| hash_file(&list)).transpose()?;
        write(&new_lake.join(staging::SOURCES), &record)?;
        let reread = again.earlier.is_some().then(|| again.sentence());
        Ok(Done { report, rows_read, reread })
    }
}

fn write(path: &Path, value: &impl Serialize) -> Outcome<()> {
    let text = serde_json::to_string_pretty(value).doing("cannot be written", path)?;
    fs::write(path, text + "\n").doing("cannot be written", path)
}

/// How many ranges of lives the rows are cut into: at least one per shard, and so many that the parts which all threads
/// sort at a time fit an eighth of the memory.
fn parts(plan: &IngestPlan, packed_bytes: u64) -> u32 {
    const MOST_PARTS: u64 = 1 << 16;
    let part_bytes = (plan.memory_bytes / 8 / rayon::current_num_threads() as u64).max(1 << 16);
    let parts = packed_bytes.div_ceil(part_bytes).next_power_of_two().min(MOST_PARTS) as u32;
    parts.max(plan.shards)
}
