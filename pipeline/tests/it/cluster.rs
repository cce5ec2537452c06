//! Shards walked, and lakes filled, by an engine: the bytes of one process, whatever order and however often tasks are done; and nothing is
//! made of answers that are missing, double or of another run.

use crate::command::Folder;
use acoledger::Outcome;
use acoledger::api::{self, RunOptions};
use acoledger::cluster::{Engine, task};
use acoledger::ingest::cluster::{ClusterIngest, Source, id_column, ingest_part, life_shards, raw_tables};
use acoledger::study::Overrides;
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{BooleanArray, RecordBatch, StringArray};
use arrow_schema::DataType;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// A study with eight shards, under `demo/`.
fn nation(lives: u32) -> Folder {
    let folder = Folder::new();
    folder.run(&format!("synth --lives {lives} --years 2023 --raw parquet --out demo")).expect(0);
    let study = folder.read("demo/study.toml").replace("shards = 64", "shards = 8");
    folder.write("demo/study.toml", &study);
    folder
}

type Answers = Vec<Vec<u8>>;

/// Does tasks here, and hands on what `change` makes of their answers.
struct Here<F>(F);

impl<F: Fn(Answers) -> Answers + Sync> Engine for Here<F> {
    fn each(&self, job: &[u8], shards: &[u32], take: &mut dyn FnMut(&[u8]) -> Outcome<()>) -> Outcome<()> {
        let answers = shards.iter().map(|shard| task(job, *shard)).collect::<Outcome<_>>()?;
        (self.0)(answers).iter().try_for_each(|answer| take(answer))
    }
}

fn run_on(folder: &Folder, out: &str, change: impl Fn(Answers) -> Answers + Sync) -> Outcome<()> {
    let engine = Here(change);
    let overrides = Overrides { out: Some(folder.file(out)), ..Overrides::default() };
    let options = RunOptions { overrides, engine: Some(&engine), ..RunOptions::default() };
    api::run(&folder.file("demo/study.toml"), options).map(|_| ())
}

#[test]
fn an_engine_gives_the_bytes_of_one_process() {
    let folder = nation(500);
    folder.run("run demo/study.toml").expect(0);
    run_on(&folder, "other", |mut answers| {
        answers.reverse();
        answers
    })
    .unwrap();
    assert!(folder.bytes("demo/run") == folder.bytes("other"));

    // A task that is done once more leaves the same files, and parts of dead ones are swept away.
    struct Twice(PathBuf);
    impl Engine for Twice {
        fn each(&self, job: &[u8], shards: &[u32], take: &mut dyn FnMut(&[u8]) -> Outcome<()>) -> Outcome<()> {
            let stray = self.0.join("person_year/.shard=003.parquet.0123456789abcdef");
            if stray.parent().is_some_and(Path::is_dir) {
                fs::write(stray, "half of a file").unwrap();
            }
            for shard in shards {
                let first = task(job, *shard)?;
                assert!(first == task(job, *shard)?, "shard {shard}");
                take(&first)?;
            }
            Ok(())
        }
    }
    let engine = Twice(folder.file(".third.new"));
    let overrides = Overrides { out: Some(folder.file("third")), ..Overrides::default() };
    let options = RunOptions { overrides, engine: Some(&engine), ..RunOptions::default() };
    api::run(&folder.file("demo/study.toml"), options).unwrap();
    assert!(folder.bytes("demo/run") == folder.bytes("third"));

    // Other rules of the cells alone: person years are looked through again, by tasks too.
    let study = folder.read("demo/study.toml").replace("[rules]\n", "");
    folder.write("demo/study.toml", &format!("{study}\n[rules]\n\"cells.truncation.percentile\" = 0.98\n"));
    folder.run("run demo/study.toml").expect(0);
    run_on(&folder, "other", |answers| answers).unwrap();
    assert!(folder.bytes("demo/run") == folder.bytes("other"));
}

#[test]
fn answers_that_are_not_one_a_shard_end_the_run() {
    let folder = nation(500);
    folder.run("ingest demo/study.toml").expect(0);
    let said = |change: &(dyn Fn(Answers) -> Answers + Sync)| {
        let problems = run_on(&folder, "out", change).unwrap_err().to_string();
        assert!(!folder.file("out").exists(), "{problems}");
        problems
    };
    assert!(said(&|answers| answers[..7].to_vec()).contains("no answer for shard 7"));
    assert!(said(&|answers| answers[1..].to_vec()).contains("no answer for shard 0"));
    let double = |mut answers: Answers| {
        answers[5] = answers[4].clone();
        answers
    };
    assert!(said(&double).contains("shard 4 was answered twice"));
    assert!(said(&|_| vec![b"hello".to_vec()]).contains("not an answer"));
    let cut = |mut answers: Answers| {
        let length = answers[0].len();
        answers[0].truncate(length - 1);
        answers
    };
    assert!(said(&cut).contains("not an answer"));
    // An answer to an earlier question: that of pass A, once more, where values are looked for.
    let first = std::sync::Mutex::new(None);
    let stale = |mut answers: Answers| {
        let mut first = first.lock().unwrap();
        match &*first {
            None => *first = Some(answers[0].clone()),
            Some(first) => answers[0] = first.clone(),
        }
        answers
    };
    assert!(said(&stale).contains("the answer for shard 0 is of another job"));
    assert!(task(b"hello", 0).unwrap_err().to_string().contains("not a job"));
}

#[test]
fn a_process_with_other_files_does_not_answer() {
    let folder = nation(500);
    folder.run("ingest demo/study.toml").expect(0);
    struct Changes(PathBuf);
    impl Engine for Changes {
        fn each(&self, job: &[u8], _: &[u32], take: &mut dyn FnMut(&[u8]) -> Outcome<()>) -> Outcome<()> {
            let text = fs::read_to_string(&self.0).unwrap();
            fs::write(&self.0, text + "\n[rules]\n\"cells.truncation.percentile\" = 0.98\n").unwrap();
            take(&task(job, 0)?)
        }
    }
    let engine = Changes(folder.file("demo/study.toml"));
    let options = RunOptions { engine: Some(&engine), ..RunOptions::default() };
    let problems = api::run(&folder.file("demo/study.toml"), options).unwrap_err().to_string();
    assert!(problems.contains("other program files, rates or rules here than for the driver"), "{problems}");
}

/// The rows of each raw table with the shard of each.
fn raw_rows(folder: &Folder, shards: u32) -> BTreeMap<String, Vec<(RecordBatch, Vec<i32>)>> {
    let mut tables: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for entry in fs::read_dir(folder.file("demo/raw")).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_name().unwrap().to_string_lossy().into_owned();
        let table = stem.split('_').next().unwrap().replace("beneficiary", "enrollment");
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
        for batch in reader.build().unwrap().map(Result::unwrap) {
            let columns: Vec<String> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
            let ids = batch.column_by_name(&id_column(&table, &columns).unwrap()).unwrap();
            let ids: StringArray = arrow_cast::cast(ids, &DataType::Utf8).unwrap().as_string::<i32>().clone();
            let keys = life_shards(&ids, shards);
            let of = keys.column_by_name("shard").unwrap().as_primitive::<Int32Type>().values().to_vec();
            tables.entry(table.clone()).or_default().push((batch, of));
        }
    }
    tables
}

/// Writes the rows of some shard, a file for each raw table.
fn write_part(rows: &BTreeMap<String, Vec<(RecordBatch, Vec<i32>)>>, folder: &Path, wanted: impl Fn(i32) -> bool) {
    fs::create_dir_all(folder).unwrap();
    for (table, batches) in rows {
        let file = File::create(folder.join(format!("{table}.parquet"))).unwrap();
        let mut writer = ArrowWriter::try_new(file, batches[0].0.schema(), None).unwrap();
        for (batch, of) in batches {
            let here: BooleanArray = of.iter().map(|shard| Some(wanted(*shard))).collect();
            writer.write(&arrow_select::filter::filter_record_batch(batch, &here).unwrap()).unwrap();
        }
        writer.close().unwrap();
    }
}

fn sources(folder: &Folder) -> Vec<Source> {
    let tables = raw_tables(&folder.file("demo/study.toml")).unwrap();
    let source = |table: String| Source { name: format!("view:{table}"), version: Some("12".into()), table };
    tables.into_iter().map(source).collect()
}

#[test]
fn a_lake_of_parts_is_the_lake_of_the_files() {
    let folder = nation(500);
    folder.run("run demo/study.toml").expect(0);
    let (lake, run) = (folder.bytes("demo/lake"), folder.bytes("demo/run"));
    let study = folder.file("demo/study.toml");
    let rows = raw_rows(&folder, 8);
    let ingest = ClusterIngest::begin(&study).unwrap();
    assert_eq!(ingest.shards(), 8);
    assert!(ClusterIngest::begin(&study).unwrap_err().to_string().contains("another ingest is writing this lake"));
    let parts: Vec<Vec<u8>> = (0..8)
        .rev()
        .map(|shard| {
            let part = folder.file(&format!("parts/{shard}"));
            write_part(&rows, &part, |of| of == shard);
            // Done twice, as an engine may.
            ingest_part(&study, &part, &ingest.folder(), shard as u32).unwrap();
            ingest_part(&study, &part, &ingest.folder(), shard as u32).unwrap()
        })
        .collect();
    // What a dead task left of a copy does not get into the lake.
    fs::write(ingest.folder().join("bene/.shard=003.parquet.0123456789abcdef"), "half of a file").unwrap();
    let report = ingest.finish(&parts, &sources(&folder)).unwrap();
    let files =
        |of: Vec<(String, Vec<u8>)>| of.into_iter().filter(|(name, _)| name.contains("shard=")).collect::<Vec<_>>();
    assert!(files(lake) == files(folder.bytes("demo/lake")), "every file of the lake is the same");
    assert!(report.sources.iter().all(|of| of.file == format!("view:{}@12", of.table)));
    let total = |of: fn(&acoledger::ingest::FileAccount) -> acoledger::ingest::Tally| report.total(of);
    assert_eq!(total(|of| of.read).rows, total(|of| of.used).rows + total(|of| of.repeated).rows);

    // The run that follows takes the lake as it is: with the raw files, and without.
    fs::remove_dir_all(folder.file("demo/raw")).unwrap();
    let page = folder.run("run demo/study.toml").expect(0).stdout;
    assert!(page.contains("raw files were not looked at"), "{page}");
    let but_manifest = |of: Vec<(String, Vec<u8>)>| {
        of.into_iter().filter(|(name, _)| !matches!(name.as_str(), "manifest.json")).collect::<Vec<_>>()
    };
    assert!(but_manifest(run) == but_manifest(folder.bytes("demo/run")), "every table of the run is the same");
    assert!(folder.read("demo/run/manifest.json").contains("view:carrier@12"));
}

#[test]
fn parts_that_do_not_make_a_lake_are_refused() {
    let folder = nation(500);
    let study = folder.file("demo/study.toml");
    let rows = raw_rows(&folder, 8);
    // A life in another shard's part.
    let ingest = ClusterIngest::begin(&study).unwrap();
    let part = folder.file("part");
    write_part(&rows, &part, |of| of < 2);
    let problems = ingest_part(&study, &part, &ingest.folder(), 0).unwrap_err().to_string();
    assert!(problems.contains("rows of lives of shard 1 among those of shard 0"), "{problems}");
    // A table that is not there.
    write_part(&rows, &part, |of| of == 0);
    fs::remove_file(part.join("snf.parquet")).unwrap();
    assert!(ingest_part(&study, &part, &ingest.folder(), 0).unwrap_err().to_string().contains("snf"));
    write_part(&rows, &part, |of| of == 0);
    let one = ingest_part(&study, &part, &ingest.folder(), 0).unwrap();
    // A shard missing, a shard twice: each ends its ingest, and no lake is there.
    let problems = ingest.finish(std::slice::from_ref(&one), &sources(&folder)).unwrap_err().to_string();
    assert!(problems.contains("shards without a part: 1, 2, 3, 4, 5, 6, 7"), "{problems}");
    let lake = folder.file("demo/lake");
    assert!(!lake.join("manifest.json").exists() && !lake.join(".tmp").exists());
    let ingest = ClusterIngest::begin(&study).unwrap();
    let mut parts = Vec::new();
    for shard in 0..8 {
        write_part(&rows, &part, |of| of == shard);
        parts.push(ingest_part(&study, &part, &ingest.folder(), shard as u32).unwrap());
    }
    parts.push(one);
    let problems = ingest.finish(&parts, &sources(&folder)).unwrap_err().to_string();
    assert!(problems.contains("shards with several parts: 0"), "{problems}");
    assert!(!lake.join("manifest.json").exists());
}
