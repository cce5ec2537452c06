//! What a lake was made of, whether it still is that, and making it: whole, or only what has changed.

use super::{Lake, inputs, raw_files};
use crate::files::{hash_file, read_text};
use crate::ingest::{
    Beside, Earlier, INPUTS, IngestPlan, IngestReport, MANIFEST, Progress, REJECTS, Record, SOURCES, run_beside,
};
use crate::manifest::{VERSION, write_json};
use crate::remote::name_below;
use crate::trouble::{Io, Outcome};
use acoledger_schemas::limits::MANIFEST_BYTES;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// What the lake was made of: `inputs.json` in its folder. Sizes and times spare a second reading of unchanged files.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Made {
    version: String,
    settings: String,
    /// Where raw files were looked for: it says which table a file is of.
    #[serde(default)]
    raw: String,
    files: Vec<SourceFile>,
    /// Whether tables of an engine were the source: no raw file tells then whether the lake still stands.
    #[serde(default, skip_serializing_if = "is_false")]
    engine: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

#[derive(Debug, Serialize, Deserialize)]
struct SourceFile {
    file: String,
    bytes: u64,
    modified: u128,
    sha256: String,
}

impl SourceFile {
    /// Whether a file of this size and time has the same content; it is read only where the time alone differs.
    fn is_same(&self, path: &Path, (bytes, modified): (u64, u128)) -> Outcome<bool> {
        Ok(self.bytes == bytes && (self.modified == modified || hash_file(path)? == self.sha256))
    }
}

/// What of the plan the lake's content depends on, beside the raw files.
fn settings(plan: &IngestPlan) -> String {
    format!("{:?} {:?} {} {}", plan.layout, plan.years, plan.shards, plan.sas_day_numbers)
}

/// The lake of an earlier run, when raw files, settings and version are what it was made of. `None`: it must be made.
///
/// # Errors
/// Raw files that cannot be read.
pub(crate) fn open(plan: &IngestPlan) -> Outcome<Option<Lake>> {
    let earlier = earlier(&plan.lake);
    let of_engine = earlier.as_ref().is_some_and(|(made, _)| made.engine);
    let found = if of_engine { Vec::new() } else { raw_files(plan)? };
    let Some((made, report)) = earlier else { return Ok(None) };
    let same = made.version == VERSION
        && made.settings == settings(plan)
        && made.raw == format!("{:?}", plan.raw)
        && made.files.len() == found.len()
        && damaged(&plan.lake, &report).is_empty()
        && report.rejects.iter().all(|file| plan.lake.join(file).is_file());
    if !same {
        return Ok(None);
    }
    for (source, path) in made.files.iter().zip(&found) {
        if source.file != name(plan, path) || !source.is_same(path, size_and_time(path)?)? {
            return Ok(None);
        }
    }
    Ok(Some(Lake { folder: plan.lake.clone(), inputs: inputs(&report), report, rows_read: 0, reread: None }))
}

fn earlier(folder: &Path) -> Option<(Made, IngestReport)> {
    let (made, report) = (read_json(&folder.join(INPUTS))?, read_json(&folder.join(MANIFEST))?);
    super::check(&report).is_ok().then_some((made, report))
}

/// Reads what a lake says of itself as [`open`] does, and forgets it.
pub(crate) fn look_at_earlier(folder: &Path) {
    let _ = earlier(folder);
    let _ = read_json::<Record>(&folder.join(SOURCES));
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_str(&read_text(path, MANIFEST_BYTES).ok()?).ok()
}

/// Files of the lake that are missing or have another size than the manifest says.
fn damaged(lake: &Path, report: &IngestReport) -> BTreeSet<String> {
    let is_whole = |file: &str, bytes: u64| lake.join(file).metadata().is_ok_and(|of| of.len() == bytes);
    report.files.iter().filter(|of| !is_whole(&of.file, of.bytes)).map(|of| of.file.clone()).collect()
}

/// Makes the lake of the raw files as they are now and notes what it was made of. What stands of an earlier lake is kept.
///
/// # Errors
/// Those of the ingest; the earlier lake is then untouched.
pub(crate) fn make(plan: &IngestPlan, progress: &dyn Progress) -> Outcome<Lake> {
    let found = raw_files(plan)?;
    // Taken before the reading: a file that changes meanwhile looks touched the next time.
    let stamp = |path: PathBuf| size_and_time(&path).map(|stamp| (path, stamp));
    let stamps = found.into_iter().map(stamp).collect::<Outcome<Vec<_>>>()?;
    let done = run_beside(plan, progress, &Inputs { plan, stamps })?;
    let (report, rows_read, reread) = (done.report, done.rows_read, done.reread);
    Ok(Lake { folder: plan.lake.clone(), inputs: inputs(&report), report, rows_read, reread })
}

/// The raw files as they were when the ingest began, with sizes and times.
struct Inputs<'a> {
    plan: &'a IngestPlan,
    stamps: Vec<(PathBuf, (u64, u128))>,
}

/// A path as the manifest says it: from the study's folder on, so that it does not matter where the program was started.
fn name(plan: &IngestPlan, path: &Path) -> String {
    name_below(&plan.base, path)
}

impl Beside for Inputs<'_> {
    fn earlier(&self) -> Outcome<Option<Earlier>> {
        let lake = &self.plan.lake;
        let Some((made, report)) = earlier(lake) else { return Ok(None) };
        let Some(record) = read_json::<Record>(&lake.join(SOURCES)) else { return Ok(None) };
        if made.version != VERSION
            || made.settings != settings(self.plan)
            || record.manifest_sha256 != hash_file(&lake.join(MANIFEST))?
            || record.rejects_sha256 != hash_file(&lake.join(REJECTS)).ok()
        {
            return Ok(None);
        }
        let files: BTreeMap<&str, &SourceFile> = made.files.iter().map(|of| (of.file.as_str(), of)).collect();
        let mut unchanged = BTreeSet::new();
        for (path, stamp) in &self.stamps {
            let name = name(self.plan, path);
            let of = files.get(name.as_str());
            if of.map(|of| of.is_same(path, *stamp)).transpose()?.unwrap_or(false) {
                unchanged.insert(name);
            }
        }
        let damaged = damaged(lake, &report);
        Ok(Some(Earlier { report, record, unchanged, damaged }))
    }

    fn seal(&self, report: &IngestReport, new_lake: &Path) -> Outcome<()> {
        let mut hashes: BTreeMap<&str, &str> = BTreeMap::new();
        hashes.extend(report.sources.iter().map(|of| (of.file.as_str(), of.sha256.as_str())));
        // Files that are no source are hashed once.
        let made = read_json::<Made>(&self.plan.lake.join(INPUTS)).unwrap_or_default();
        let mut known: BTreeMap<(&str, (u64, u128)), &str> = BTreeMap::new();
        known.extend(made.files.iter().map(|of| ((of.file.as_str(), (of.bytes, of.modified)), of.sha256.as_str())));
        let mut files = Vec::new();
        for (path, (bytes, modified)) in &self.stamps {
            let file = name(self.plan, path);
            let hash = hashes.get(file.as_str()).or_else(|| known.get(&(file.as_str(), (*bytes, *modified))));
            let sha256 = hash.map_or_else(|| hash_file(path), |hash| Ok((*hash).to_owned()))?;
            files.push(SourceFile { file, bytes: *bytes, modified: *modified, sha256 });
        }
        let raw = format!("{:?}", self.plan.raw);
        let made = Made { version: VERSION.into(), settings: settings(self.plan), raw, files, engine: false };
        write_json(&new_lake.join(INPUTS), &made)
    }
}

/// Notes that no raw file is behind the lake: `synth` made it.
///
/// # Errors
/// Those of the disk.
pub(crate) fn note_without_files(plan: &IngestPlan) -> Outcome<()> {
    note(plan, &plan.lake, false)
}

/// Notes that tables of an engine are behind a new lake: later runs take it as it is, whatever raw files there are.
///
/// # Errors
/// Those of the disk.
pub(crate) fn note_engine(plan: &IngestPlan, new_lake: &Path) -> Outcome<()> {
    note(plan, new_lake, true)
}

fn note(plan: &IngestPlan, lake: &Path, engine: bool) -> Outcome<()> {
    let raw = format!("{:?}", plan.raw);
    let made = Made { version: VERSION.into(), settings: settings(plan), raw, files: Vec::new(), engine };
    write_json(&lake.join(INPUTS), &made)
}

fn size_and_time(path: &Path) -> Outcome<(u64, u128)> {
    let about = fs::metadata(path).doing("cannot be read", path)?;
    let modified = about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Ok((about.len(), modified.map_or(0, |since| since.as_nanos())))
}
