//! The lake of a nation without raw files: shard by shard, lives in the order of their keys, straight into its files.

use super::{SynthProgress, place::Place};
use crate::ingest::{FileAccount, IngestReport, LakeFile, ShardWriter, Tally};
use crate::trouble::{Io, Outcome};
use acoledger_schemas::keys::{bene_key, shard_of};
use acoledger_schemas::lake::{BENE, CARRIER, DME, ENROLLMENT, FACILITY, LakeTable, REVENUE};
use acoledger_synth::Nation;
use acoledger_synth::tables::YearTables;
use arrow_array::{RecordBatch, StringArray, UInt64Array};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::lake_columns::{Form, Lists, dme, enrollment, facility, lines, revenue};
use super::raw::Counts;

/// Shards of a nation's lake; its study says the same.
pub(super) const SHARDS: u32 = 64;
/// People made at once: few enough for their rows to stay near.
pub(super) const PEOPLE_PER_GROUP: usize = 64;

/// What one shard came to: its files, and rows and cents by raw table.
type Shard = (Vec<LakeFile>, BTreeMap<&'static str, Tally>);

/// Writes the lake and its manifest.
pub(super) fn write(nation: &Nation, place: &Place, progress: &(dyn Fn(SynthProgress) + Sync)) -> Outcome<Counts> {
    let folder = &place.new_lake();
    std::fs::create_dir_all(folder).doing("cannot be created", folder)?;
    let lists = Lists::new(nation, Form::Text);
    let mut people: Vec<(u64, u64)> = (0..nation.people()).into_par_iter().map(|index| keyed(nation, index)).collect();
    people.par_sort_unstable();
    let of = |shard: u32| {
        let start = people.partition_point(|(key, _)| shard_of(*key, SHARDS) < shard);
        let end = people.partition_point(|(key, _)| shard_of(*key, SHARDS) <= shard);
        &people[start..end]
    };
    let (done, rows) = (AtomicU64::new(0), AtomicU64::new(0));
    let step = |people: u64, lines: u64| {
        let lives_done = done.fetch_add(people, Ordering::Relaxed) + people;
        let rows = rows.fetch_add(lines, Ordering::Relaxed) + lines;
        progress(SynthProgress { lives_done, lives: nation.people(), rows });
    };
    let shards: Vec<Shard> = (0..SHARDS)
        .into_par_iter()
        .with_max_len(1)
        .map(|shard| write_shard(nation, &lists, folder, shard, of(shard), &step))
        .collect::<Result<_, _>>()?;
    finish(nation, place, folder, shards)
}

fn write_shard(
    nation: &Nation,
    lists: &Lists,
    folder: &Path,
    shard: u32,
    people: &[(u64, u64)],
    step: &(dyn Fn(u64, u64) + Sync),
) -> Outcome<Shard> {
    let mut files = Files { folder, shard, open: BTreeMap::new() };
    let mut sums: BTreeMap<&'static str, Tally> = BTreeMap::new();
    let mut tables: Vec<YearTables> = nation.years().map(|_| YearTables::default()).collect();
    for group in people.chunks(PEOPLE_PER_GROUP) {
        files.add(&BENE, None, lives(nation, group)?)?;
        for &(_, index) in group {
            nation.generate(index..index + 1, &mut tables);
        }
        let key = keys();
        let mut rows = 0;
        for (year, tables) in nation.years().zip(&mut tables) {
            rows += tables.line_count();
            tally(tables, &mut sums);
            files.add(&ENROLLMENT, Some(year), enrollment(lists, &tables.enrollment, &key)?)?;
            files.add(&CARRIER, Some(year), lines(lists, &tables.carrier, &key)?)?;
            files.add(&DME, Some(year), dme(lists, &tables.dme, &key)?)?;
            files.add(&FACILITY, Some(year), facility(lists, tables, &key)?)?;
            files.add(&REVENUE, Some(year), revenue(lists, &tables.outpatient, &key)?)?;
            tables.clear();
        }
        step(group.len() as u64, rows as u64);
    }
    Ok((files.finish()?, sums))
}

/// A person's key and number.
pub(super) fn keyed(nation: &Nation, index: u64) -> (u64, u64) {
    (bene_key(&nation.beneficiary(index).to_string()), index)
}

/// Keys of beneficiary numbers. Rows of one life come together: its key is made once.
pub(super) fn keys() -> impl Fn(u64) -> u64 {
    let last = std::cell::Cell::new((0, bene_key("0")));
    move |bene| {
        if last.get().0 != bene {
            last.set((bene, bene_key(&bene.to_string())));
        }
        last.get().1
    }
}

pub(super) fn lives(nation: &Nation, group: &[(u64, u64)]) -> Outcome<RecordBatch> {
    let keys = UInt64Array::from_iter_values(group.iter().map(|(key, _)| *key));
    let texts = StringArray::from_iter_values(group.iter().map(|(_, index)| nation.beneficiary(*index).to_string()));
    RecordBatch::try_new(acoledger_ingest::rows::plain_schema(&BENE), vec![Arc::new(keys), Arc::new(texts)])
        .doing("cannot be made", Path::new(BENE.name))
}

/// The files of a shard that have rows.
struct Files<'f> {
    folder: &'f Path,
    shard: u32,
    open: BTreeMap<(&'static str, Option<i32>), ShardWriter>,
}

impl Files<'_> {
    fn add(&mut self, table: &'static LakeTable, year: Option<i32>, batch: RecordBatch) -> Outcome<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let writer = match self.open.entry((table.name, year)) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(ShardWriter::create(self.folder, table, year, self.shard)?)
            }
        };
        writer.write(&batch)
    }

    fn finish(self) -> Outcome<Vec<LakeFile>> {
        self.open.into_values().map(ShardWriter::finish).collect()
    }
}

/// Rows and cents that a reader of raw files would have counted.
fn tally(tables: &YearTables, sums: &mut BTreeMap<&'static str, Tally>) {
    let mut add = |table: &'static str, rows: usize, cents: i64| {
        let sum = sums.entry(table).or_default();
        sum.rows += rows as u64;
        sum.cents += cents;
    };
    add("enrollment", tables.enrollment.bene.len(), 0);
    add("carrier", tables.carrier.bene.len(), tables.carrier.paid.iter().sum());
    add("dme", tables.dme.bene.len(), tables.dme.paid.iter().sum());
    for (name, claims) in super::lake_columns::claims_of(tables) {
        add(name, claims.lines.header.len(), claims.headers.paid.iter().sum());
    }
}

/// Writes the manifest: the nation's options stand where raw files would.
fn finish(nation: &Nation, place: &Place, folder: &Path, shards: Vec<Shard>) -> Outcome<Counts> {
    let mut files: Vec<LakeFile> = Vec::new();
    let mut sums: BTreeMap<&'static str, Tally> = BTreeMap::new();
    for (made, tallies) in shards {
        files.extend(made);
        for (table, tally) in tallies {
            *sums.entry(table).or_default() += tally;
        }
    }
    files.sort_by(|a, b| a.file.cmp(&b.file));
    let bytes = files.iter().map(|file| file.bytes).sum();
    let source = |(table, tally): (&&'static str, &Tally)| FileAccount {
        table: (*table).to_owned(),
        file: format!("nation/{table}"),
        sha256: crate::files::hash_texts([place.mark.as_str(), table]),
        shape: if *table == "enrollment" { "year" } else { "lines" }.to_owned(),
        read: *tally,
        used: *tally,
        ..FileAccount::default()
    };
    let report = IngestReport {
        key_hash: "siphash-2-4 of the beneficiary identifier; shard: its top bits".into(),
        sort_key: "bene_key, claim_key, line".into(),
        shards: SHARDS,
        lives: nation.people(),
        sources: sums.iter().map(source).collect(),
        files,
        ..IngestReport::default()
    };
    crate::manifest::write_json(&folder.join("manifest.json"), &report)?;
    Ok(Counts { rows: sums.iter().map(|(table, tally)| (*table, tally.rows)).collect(), bytes })
}
