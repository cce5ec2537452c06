//! What stands of an earlier lake: its files of years that nothing changed, its lives, and the claims that new rows must not
//! belong to.

use super::again::{Again, unit_of_lake};
use super::report::{IngestReport, LakeFile};
use super::staging::MANIFEST;
use crate::files::{hash_file, read_text};
use crate::parquet_door::{self, Batches};
use crate::trouble::{Io, Outcome};
use acoledger_ingest::dialect::Unit;
use acoledger_schemas::limits::MANIFEST_BYTES;
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt64Type};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Rows that are looked at together.
const BATCH_ROWS: usize = 1 << 14;

/// Batches of some columns of a file of the lake.
fn batches(path: &Path, columns: &[&str]) -> Outcome<Batches> {
    parquet_door::columns(path, columns, BATCH_ROWS, |_| Ok(()))
}

/// The claims of one file of the earlier lake, in their order.
pub(super) struct Claims {
    batches: Batches,
    keys: Vec<(u64, i64)>,
    at: usize,
}

impl Claims {
    /// The claims of every file of a unit and shard that stands.
    ///
    /// # Errors
    /// A file that is damaged.
    pub(super) fn of_shard(again: &Again<'_>, lake: &Path, unit: Unit, shard: u32) -> Outcome<Vec<Claims>> {
        let has_claims = |of: &&LakeFile| {
            of.shard == shard
                && unit_of_lake(&of.table) == unit
                && !matches!(of.table.as_str(), "enrollment" | "revenue")
        };
        let open = |of: &LakeFile| {
            let batches = batches(&lake.join(&of.file), &["bene_key", "claim_key"])?;
            Ok(Claims { batches, keys: Vec::new(), at: 0 })
        };
        again.files().filter(has_claims).map(open).collect()
    }

    /// Whether one of some claims is among those of the file; calls come in the order of claims.
    ///
    /// # Errors
    /// A file that is damaged.
    pub(super) fn have(&mut self, wanted: &[(u64, i64)], lake: &Path) -> Outcome<bool> {
        for claim in wanted {
            while self.keys.last().is_none_or(|last| last < claim) {
                let Some(batch) = self.batches.next() else { return Ok(false) };
                self.keys = keys(&batch.doing("cannot be read", lake)?);
                self.at = 0;
            }
            self.at += self.keys[self.at..].partition_point(|key| key < claim);
            if self.keys.get(self.at) == Some(claim) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn keys(batch: &RecordBatch) -> Vec<(u64, i64)> {
    let (lives, claims) = (batch.column(0).as_primitive::<UInt64Type>(), batch.column(1).as_primitive::<Int64Type>());
    lives.values().iter().copied().zip(claims.values().iter().copied()).collect()
}

/// Lives of the earlier lake in one shard that files left alone have, with their identifiers. `read` are the lives of the
/// files that are read, which need not be looked for.
///
/// # Errors
/// A file that is damaged.
pub(super) fn lives(
    again: &Again<'_>,
    lake: &Path,
    shard: u32,
    read: &BTreeSet<u64>,
) -> Outcome<BTreeMap<u64, String>> {
    let Some(earlier) = again.earlier else { return Ok(BTreeMap::new()) };
    let mut lives = BTreeMap::new();
    for of in earlier.report.files.iter().filter(|of| of.table == "bene" && of.shard == shard) {
        for batch in batches(&lake.join(&of.file), &["bene_key", "bene_id"])? {
            let batch = batch.doing("cannot be read", &lake.join(&of.file))?;
            let keys = batch.column(0).as_primitive::<UInt64Type>();
            let texts =
                arrow_cast::cast(batch.column(1), &arrow_schema::DataType::Utf8).doing("cannot be read", lake)?;
            let texts = texts.as_string::<i32>();
            lives.extend((0..batch.num_rows()).map(|row| (keys.value(row), texts.value(row).to_owned())));
        }
    }
    if !again.may_lose_lives() {
        return Ok(lives);
    }
    let mut sought: BTreeSet<u64> = lives.keys().filter(|life| !read.contains(life)).copied().collect();
    for number in 0..again.len() as u32 {
        if let Some(outside) = again.kept(number).and_then(|at| earlier.record.sources[at].outside.as_ref()) {
            let lives = outside.lives.iter().chain(outside.claims.iter().map(|(life, _)| life));
            lives.for_each(|life| _ = sought.remove(life));
        }
    }
    // Nearly every life has a month of enrollment, and the last year has most of them.
    let mut files: Vec<&LakeFile> = again.files().filter(|of| of.shard == shard && of.table != "revenue").collect();
    files.sort_by_key(|of| (of.table != "enrollment", std::cmp::Reverse(of.year)));
    for of in files {
        if sought.is_empty() {
            break;
        }
        for batch in batches(&lake.join(&of.file), &["bene_key"])? {
            let batch = batch.doing("cannot be read", &lake.join(&of.file))?;
            let keys = batch.column(0).as_primitive::<UInt64Type>().values();
            keys.chunk_by(|a, b| a == b).for_each(|same| _ = sought.remove(&same[0]));
        }
    }
    lives.retain(|life, _| !sought.contains(life));
    Ok(lives)
}

/// Gives the files that stand a second name in the new lake; nothing is taken from the old one.
///
/// # Errors
/// Those of the disk.
pub(super) fn link(again: &Again<'_>, lake: &Path, new_lake: &Path) -> Outcome<Vec<LakeFile>> {
    let mut files = Vec::new();
    for of in again.files() {
        let (from, to) = (lake.join(&of.file), new_lake.join(&of.file));
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).doing("cannot be created", folder)?;
        }
        // Where the disk knows no second names, a copy does.
        fs::hard_link(&from, &to).or_else(|_| fs::copy(&from, &to).map(|_| ())).doing("cannot be kept", &from)?;
        files.push(of.clone());
    }
    Ok(files)
}

/// Puts the earlier file in the place of each one that was made anew and came out as it was, so that a delivery touches the years and
/// shards of its lives and no others, also for those who copy the lake elsewhere.
///
/// # Errors
/// Those of the disk.
pub(super) fn link_equal(made: &[LakeFile], lake: &Path, new_lake: &Path) -> Outcome<()> {
    // An earlier lake that cannot be read is none.
    let earlier = read_text(&lake.join(MANIFEST), MANIFEST_BYTES).ok();
    let Some(earlier) = earlier.and_then(|text| serde_json::from_str::<IngestReport>(&text).ok()) else {
        return Ok(());
    };
    let hashes: BTreeMap<&str, &str> = earlier.files.iter().map(|of| (of.file.as_str(), of.sha256.as_str())).collect();
    for file in made.iter().filter(|of| hashes.get(of.file.as_str()) == Some(&of.sha256.as_str())) {
        let (from, to) = (lake.join(&file.file), new_lake.join(&file.file));
        let beside = to.with_extension("parquet.same");
        // What stands must be what its manifest says; where the disk knows no second names, the new file does as well.
        if hash_file(&from).is_ok_and(|hash| hash == file.sha256) && fs::hard_link(&from, &beside).is_ok() {
            fs::rename(&beside, &to).doing("cannot be given its name", &to)?;
        }
    }
    Ok(())
}
