//! An ingest whose shards are made by the processes of an engine: the driver holds the new lake, tasks fill it shard by shard.

use super::report::{FileAccount, IngestReport, LakeFile, Note};
use super::staging::{MANIFEST, REJECTS, Staging};
use super::{IngestPlan, Quiet, run};
use crate::files::{hash_file, hash_texts, readable_by, remove_unnamed_shards, write_atomically};
use crate::lake;
use crate::manifest::write_json;
use crate::study_file;
use crate::trouble::{self, Io, Outcome};
use acoledger_schemas::keys::{bene_key, shard_of};
use acoledger_schemas::raw::{RawLayout, RawTable};
use acoledger_schemas::study::{Globs, Layout, Raw, ReadableBy, Study};
use acoledger_schemas::table::Problems;
use arrow_array::{ArrayRef, Int32Array, RecordBatch, StringArray, UInt64Array};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Folder of the new lake in which tasks leave the rows that they refuse.
const REJECTS_OF_SHARDS: &str = ".rejects";

/// What a task returns: what an ingest did with one shard.
#[derive(Debug, Serialize, Deserialize)]
struct Part {
    shard: u32,
    report: IngestReport,
}

/// Where a raw table came from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Raw table.
    pub table: String,
    /// What the user calls it: `delta:/claims/carrier`.
    pub name: String,
    /// Version or snapshot, where the source has such.
    #[serde(default)]
    pub version: Option<String>,
}

/// A lake in the making. One at a time for each lake. Dropped before [`Self::finish`], it leaves the earlier lake as it was.
#[derive(Debug)]
pub struct ClusterIngest {
    plan: IngestPlan,
    staging: Staging,
    readable_by: ReadableBy,
}

impl ClusterIngest {
    /// Takes the lake of a study.
    ///
    /// # Errors
    /// A study file that cannot be read, a feed, which is no table of lives by shard; another ingest into the lake; the disk.
    pub fn begin(file: &Path) -> Outcome<ClusterIngest> {
        let study = study_of(file)?;
        let _rights = readable_by(study.run.readable_by);
        let plan = plan_of(file, &study, study.lake.path.as_ref())?;
        let staging = Staging::begin(&plan.lake)?;
        staging.clear()?;
        let rejects = staging.new_lake().join(REJECTS_OF_SHARDS);
        fs::create_dir_all(&rejects).doing("cannot be created", &rejects)?;
        Ok(ClusterIngest { plan, staging, readable_by: study.run.readable_by })
    }

    /// Where tasks put files.
    pub fn folder(&self) -> PathBuf {
        self.staging.new_lake()
    }

    /// Shards of the lake.
    pub fn shards(&self) -> u32 {
        self.plan.shards
    }

    /// The lake's folder.
    pub fn lake(&self) -> &Path {
        &self.plan.lake
    }

    /// Makes one lake of the parts and puts it in its place.
    ///
    /// # Errors
    /// A shard that is missing or double, a file that is not what its task said, a table without a source; the disk.
    pub fn finish(self, parts: &[impl AsRef<[u8]>], sources: &[Source]) -> Outcome<IngestReport> {
        let _rights = readable_by(self.readable_by);
        let parts = parts.iter().map(|part| serde_json::from_slice(part.as_ref()));
        let mut parts: Vec<Part> =
            parts.collect::<Result<_, _>>().map_err(|error| self.wrong(format!("not what a task returns: {error}")))?;
        parts.sort_by_key(|part| part.shard);
        let mut counts = vec![0_u32; self.plan.shards as usize];
        for part in &parts {
            match counts.get_mut(part.shard as usize) {
                Some(count) => *count += 1,
                None => return Err(self.wrong(format!("shard {} of {}", part.shard, self.plan.shards))),
            }
        }
        let shards_with = |wanted: fn(u32) -> bool| -> Vec<String> {
            counts.iter().enumerate().filter(|(_, count)| wanted(**count)).map(|(shard, _)| shard.to_string()).collect()
        };
        let (missing, double) = (shards_with(|count| count == 0), shards_with(|count| count > 1));
        if !missing.is_empty() {
            return Err(self.wrong(format!("shards without a part: {}", missing.join(", "))));
        }
        if !double.is_empty() {
            return Err(self.wrong(format!("shards with several parts: {}", double.join(", "))));
        }
        let mut report = self.merged(parts, sources)?;
        let new = self.folder();
        for file in &report.files {
            let path = new.join(&file.file);
            if hash_file(&path)? != file.sha256 {
                return Err(trouble::of_file_with_hint(&path, "not what its task wrote", "run the ingest again").into());
            }
        }
        if self.gather_rejects(&report.sources)? {
            report.rejects = Some(REJECTS.into());
        }
        remove_unnamed_shards(&new)?;
        write_json(&new.join(MANIFEST), &report)?;
        lake::note_engine(&self.plan, &new)?;
        self.staging.swap()?;
        Ok(report)
    }

    fn wrong(&self, what: String) -> Problems {
        trouble::of_file_with_hint(&self.plan.lake, what, "nothing was put in the lake's place").into()
    }

    fn merged(&self, parts: Vec<Part>, sources: &[Source]) -> Outcome<IngestReport> {
        let mut whole = IngestReport { shards: self.plan.shards, ..IngestReport::default() };
        let mut accounts: BTreeMap<String, FileAccount> = BTreeMap::new();
        let mut findings: BTreeMap<String, u64> = BTreeMap::new();
        for Part { report, .. } in parts {
            whole.key_hash = report.key_hash;
            whole.sort_key = report.sort_key;
            whole.lives += report.lives;
            whole.files.extend(report.files);
            for (name, count) in report.normalised {
                *whole.normalised.entry(name).or_default() += count;
            }
            for Note { what, count } in report.findings {
                // Columns that a table lacks are lacking in every part of it.
                let of_files = what.starts_with("files of ");
                let sum = findings.entry(what).or_default();
                *sum = if of_files { (*sum).max(count) } else { *sum + count };
            }
            for of in report.sources {
                add(accounts.entry(of.table.clone()).or_default(), of);
            }
        }
        findings.insert(lake::OF_ENGINE.into(), 1);
        whole.findings = findings.into_iter().map(|(what, count)| Note { what, count }).collect();
        whole.files.sort_by(|a, b| a.file.cmp(&b.file));
        let twice = whole.files.windows(2).find(|pair| pair[0].file == pair[1].file);
        if let Some([file, _]) = twice {
            return Err(self.wrong(format!("two parts have the file {}", file.file)));
        }
        // What a table of a source is by its content: the lake that was made of it.
        let made: Vec<&str> = whole.files.iter().map(|of: &LakeFile| of.sha256.as_str()).collect();
        for (table, mut account) in accounts {
            let source = sources.iter().find(|source| source.table == table);
            let Some(source) = source else { return Err(self.wrong(format!("no source of `{table}` is named"))) };
            let version = source.version.as_deref();
            account.file = version.map_or_else(|| source.name.clone(), |of| format!("{}@{of}", source.name));
            account.bytes = 0;
            account.sha256 =
                hash_texts([table.as_str(), account.file.as_str()].into_iter().chain(made.iter().copied()));
            whole.sources.push(account);
        }
        Ok(whole)
    }

    /// Rejected rows of all shards as one file, under the names of their sources. Whether there are any.
    fn gather_rejects(&self, sources: &[FileAccount]) -> Outcome<bool> {
        let folder = self.folder().join(REJECTS_OF_SHARDS);
        let names: BTreeMap<&str, &str> = sources.iter().map(|of| (of.table.as_str(), of.file.as_str())).collect();
        let place = self.folder().join(REJECTS);
        let mut writer: Option<csv::Writer<File>> = None;
        for shard in 0..self.plan.shards {
            let path = folder.join(rejects_name(shard));
            if !path.is_file() {
                continue;
            }
            let mut reader = csv::Reader::from_path(&path).doing("cannot be read", &path)?;
            let header = reader.headers().doing("cannot be read", &path)?.clone();
            let at = |name: &str| header.iter().position(|column| column == name);
            let (table, file) = (at("table"), at("file"));
            let writer = match &mut writer {
                Some(writer) => writer,
                None => {
                    let mut made = csv::Writer::from_path(&place).doing("cannot be written", &place)?;
                    made.write_record(&header).doing("cannot be written", &place)?;
                    writer.insert(made)
                }
            };
            for record in reader.records() {
                let record = record.doing("cannot be read", &path)?;
                let name = table.and_then(|at| names.get(&record[at]).copied());
                let cells = record.iter().enumerate();
                let renamed = cells.map(|(at, cell)| if Some(at) == file { name.unwrap_or(cell) } else { cell });
                writer.write_record(renamed).doing("cannot be written", &place)?;
            }
        }
        fs::remove_dir_all(&folder).doing("cannot be removed", &folder)?;
        let Some(writer) = writer else { return Ok(false) };
        let file = writer.into_inner().map_err(|error| error.to_string()).doing("cannot be written", &place)?;
        file.sync_all().doing("cannot be written", &place)?;
        Ok(true)
    }
}

/// Raw tables of a study's layout.
///
/// # Errors
/// A study file that cannot be read, a feed.
pub fn raw_tables(file: &Path) -> Outcome<Vec<String>> {
    study_of(file)?;
    Ok(RawLayout::rif().tables.into_iter().map(|table| table.name).collect())
}

/// Shards of a study's lake.
///
/// # Errors
/// A study file that cannot be read, a feed.
pub fn lake_shards(file: &Path) -> Outcome<u32> {
    Ok(study_of(file)?.lake.shards)
}

/// The column of a raw table that holds the life's identifier, among these.
///
/// # Errors
/// No such table, or none of its names of the column is there.
pub fn id_column(table: &str, columns: &[String]) -> Outcome<String> {
    let found = column_of(table, columns, "bene_id", "no column of beneficiary identifiers")?;
    Ok(found.expect("every raw table has such a column"))
}

/// The column among these that fills a column of the lake; none where the table has no such.
fn column_of(table: &str, columns: &[String], fills: &str, absent: &str) -> Outcome<Option<String>> {
    let layout = RawLayout::rif();
    let place = Path::new(table);
    let Some(of) = layout.table(table) else {
        let names: Vec<&str> = layout.tables.iter().map(|of| of.name.as_str()).collect();
        return Err(
            trouble::of_file_with_hint(place, "not a raw table", format!("one of: {}", names.join(", "))).into()
        );
    };
    let filling = layout.columns_of(&of.name).filter(|column| column.lake == fills);
    let names: Vec<&str> = filling.flat_map(|column| &column.names).map(String::as_str).collect();
    if names.is_empty() {
        return Ok(None);
    }
    // The first name that is there, as in reading files.
    let found = names.iter().find_map(|name| columns.iter().find(|column| name.eq_ignore_ascii_case(column.trim())));
    found.map(|name| Some(name.clone())).ok_or_else(|| {
        let hint = format!("the column has one of these names: {}", names.join(", "));
        trouble::of_file_with_hint(place, absent, hint).into()
    })
}

/// The column of a raw table that holds the payment of each row, which the counts in cents are of; none in enrollment.
///
/// # Errors
/// No such table, or none of its names of the column is there.
pub fn payment_column(table: &str, columns: &[String]) -> Outcome<Option<String>> {
    column_of(table, columns, "paid_cents", "no column of payments")
}

/// The key and the shard of each identifier; unknown identifiers go to shard 0, where the ingest refuses their rows.
pub fn life_shards(ids: &StringArray, shards: u32) -> RecordBatch {
    let keys: UInt64Array = ids.iter().map(|id| Some(bene_key(id.unwrap_or("").trim()))).collect();
    let of_shard: Int32Array = keys.values().iter().map(|key| Some(shard_of(*key, shards) as i32)).collect();
    let columns: [(&str, ArrayRef); 2] = [("bene_key", Arc::new(keys)), ("shard", Arc::new(of_shard))];
    RecordBatch::try_from_iter(columns).expect("a key and a shard for each identifier")
}

/// Ingests the rows of one shard, which are all in files below `raw`, and puts its files into the new lake's folder.
///
/// # Errors
/// As [`run`]; lives of other shards.
pub fn ingest_part(file: &Path, raw: &Path, folder: &Path, shard: u32) -> Outcome<Vec<u8>> {
    let study = study_of(file)?;
    let _rights = readable_by(study.run.readable_by);
    let made = raw.join(".lake");
    let mut plan = plan_of(file, &study, &made)?;
    plan.base = raw.to_owned();
    let glob = |table: RawTable| (table.name.clone(), Globs::One(format!("{}.parquet", table.name)));
    plan.raw = Raw::Globs(RawLayout::rif().tables.into_iter().map(glob).collect());
    let mut report = run(&plan, &Quiet)?;
    let others: BTreeSet<u32> = report.files.iter().map(|of| of.shard).filter(|of| *of != shard).collect();
    if !others.is_empty() {
        let others: Vec<String> = others.iter().map(u32::to_string).collect();
        let what = format!("rows of lives of shard {} among those of shard {shard}", others.join(", "));
        return Err(trouble::of_file_with_hint(raw, what, "rows are partitioned by `life_shards`").into());
    }
    for of in &report.files {
        put(&made.join(&of.file), &folder.join(&of.file))?;
    }
    if let Some(rejects) = report.rejects.take() {
        put(&made.join(rejects), &folder.join(REJECTS_OF_SHARDS).join(rejects_name(shard)))?;
    }
    fs::remove_dir_all(&made).doing("cannot be removed", &made)?;
    Ok(serde_json::to_vec(&Part { shard, report }).expect("plain values serialise"))
}

/// Copies a file under its name, whole or not at all.
fn put(from: &Path, to: &Path) -> Outcome<()> {
    let mut source = File::open(from).doing("cannot be read", from)?;
    write_atomically(to, |file| io::copy(&mut source, file).map(drop).map_err(|error| error.to_string()))
}

fn rejects_name(shard: u32) -> String {
    format!("shard={shard:03}.csv")
}

fn add(sum: &mut FileAccount, of: FileAccount) {
    sum.read += of.read;
    sum.used += of.used;
    sum.repeated += of.repeated;
    sum.rejected += of.rejected;
    sum.outside += of.outside;
    sum.cancelled += of.cancelled;
    sum.unread += of.unread;
    sum.amount_unknown_rows += of.amount_unknown_rows;
    sum.table = of.table;
    sum.shape = of.shape;
    sum.not_available = of.not_available;
}

fn study_of(file: &Path) -> Outcome<Study> {
    let study = study_file::read(file)?;
    if study.input.layout == Layout::Cclf {
        let hint = "a Claim and Claim Line Feed is of one ACO: `acoledger ingest` reads it";
        return Err(trouble::of_file_with_hint(file, "`layout = \"cclf\"`", hint).into());
    }
    Ok(study)
}

fn plan_of(file: &Path, study: &Study, lake: &Path) -> Outcome<IngestPlan> {
    let base = file.parent().map(Path::to_owned).unwrap_or_default();
    let raw = study.input.raw.clone();
    let Some(raw) = raw else {
        return Err(trouble::of_study(file, "the study starts from rates: `[input] raw` says that it has claims"));
    };
    Ok(IngestPlan {
        raw,
        layout: study.input.layout,
        lake: base.join(lake),
        base,
        shards: study.lake.shards,
        memory_bytes: study.memory_bytes().map_err(|what| trouble::of_study(file, &what))?,
        years: None,
        sas_day_numbers: study.input.sas_day_numbers,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_column_of_identifiers_is_found_under_any_of_its_names() {
        let columns = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(id_column("carrier", &columns(&["CLM_ID", "bene_id"])).ok().as_deref(), Some("bene_id"));
        let problems = id_column("carrier", &columns(&["CLM_ID"])).expect_err("no identifier");
        assert!(problems.to_string().contains("no column of beneficiary identifiers"), "{problems}");
        assert_eq!(payment_column("enrollment", &[]).ok(), Some(None));
        let named = payment_column("snf", &columns(&["CLM_PMT_AMT"])).ok().flatten();
        assert_eq!(named.as_deref(), Some("CLM_PMT_AMT"));
        assert!(id_column("letters", &columns(&["BENE_ID"])).expect_err("no table").to_string().contains("enrollment"));
    }
}
