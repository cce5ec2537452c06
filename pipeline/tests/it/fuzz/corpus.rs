//! Seeds: small files of each kind, all of our own making, from a synthetic nation and by hand.

use super::root;
use crate::command::Folder;
use acoledger::doors::Doors;
use acoledger::synth::{RawKind, SynthOptions};
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use flate2::Compression;
use flate2::write::GzEncoder;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use zip::write::SimpleFileOptions;

/// Lives of the seeds.
const LIVES: usize = 5;
/// Rows of a life in a file.
const ROWS: usize = 3;

fn put(name: &str, bytes: impl AsRef<[u8]>) {
    let path = root().join("corpus").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn head(text: &str, lines: usize) -> String {
    text.lines().take(lines).map(|line| format!("{line}\n")).collect()
}

#[test]
#[ignore = "writes fuzz/corpus anew: make fuzz-corpus"]
fn anew() {
    let nation = Folder::new();
    for (kind, folder) in [(RawKind::Cclf, "text"), (RawKind::Parquet, "parquet")] {
        let mut options = SynthOptions::new(500, nation.file(folder));
        (options.raw, options.performance_years, options.aco_share) = (kind, vec![2023], Some(0.95));
        acoledger::synth::run(&options, &|_| ()).unwrap_or_else(|error| panic!("{error}"));
    }
    nation.run("run text/study.toml").expect(0);
    raw(&nation);
    packed();
    raw_parquet(&nation);
    feed(&nation);
    by_hand();
    tables(&nation);
    people();
    settings(&nation);
    lake();
}

/// Research files as text: some rows of a few lives from each.
fn raw(nation: &Folder) {
    let enrollment = nation.read("text/raw/beneficiary_2023.csv");
    let cell = |line: &str| line.split('|').next().unwrap_or_default().to_owned();
    let claims = nation.read("text/raw/inpatient_2023.csv") + &nation.read("text/raw/snf_2023.csv");
    let sick: BTreeSet<String> = claims.lines().skip(1).map(cell).collect();
    let lives: BTreeSet<String> =
        enrollment.lines().skip(1).map(cell).filter(|life| sick.contains(life)).take(LIVES).collect();
    for (table, file) in [
        ("enrollment", "beneficiary"),
        ("carrier", "carrier"),
        ("dme", "dme"),
        ("outpatient", "outpatient"),
        ("inpatient", "inpatient"),
        ("snf", "snf"),
        ("hha", "hha"),
        ("hospice", "hospice"),
    ] {
        let text = nation.read(&format!("text/raw/{file}_2023.csv"));
        let mut kept = head(&text, 1);
        for life in &lives {
            let rows = text.lines().skip(1).filter(|line| cell(line) == *life);
            kept.extend(rows.take(ROWS).map(|line| format!("{line}\n")));
        }
        put(&format!("delimited/{table}.csv"), &kept);
        if table == "carrier" {
            let quoted = |line: &str| {
                let cells: Vec<String> = line.split('|').map(|cell| format!("\"{cell}\"")).collect();
                cells.join(",") + "\r\n"
            };
            let quoted: String = kept.lines().map(quoted).collect();
            put("delimited/carrier_quoted.csv", format!("\u{feff}{quoted}"));
        }
    }
}

fn packed() {
    let text = fs::read(root().join("corpus/delimited/carrier.csv")).unwrap();
    let gzip = |text: &[u8]| {
        let mut writer = GzEncoder::new(Vec::new(), Compression::default());
        writer.write_all(text).unwrap();
        writer.finish().unwrap()
    };
    put("packed/carrier.csv.gz", gzip(&text));
    let (first, second) = text.split_at(text.len() / 2);
    put("packed/two_members.csv.gz", [gzip(first), gzip(second)].concat());
    put("packed/carrier.csv.zst", acoledger_ingest::pack::pack(&text).unwrap());
}

fn raw_parquet(nation: &Folder) {
    for (from, to) in [("beneficiary_2023", "enrollment"), ("carrier_2023", "carrier"), ("inpatient_2023", "inpatient")]
    {
        let path = nation.file(&format!("parquet/raw/{from}.parquet"));
        slice(&path, &format!("raw_parquet/{to}.parquet"));
    }
}

/// The first rows of a Parquet file.
fn slice(path: &Path, to: &str) {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let batch = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap().next().unwrap().unwrap();
    put(to, parquet(&batch.slice(0, batch.num_rows().min(8))));
}

fn parquet(batch: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    bytes
}

/// A table of text, as Parquet of text.
fn parquet_of(text: &str) -> Vec<u8> {
    let mut rows = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = rows.next().unwrap();
    let rows: Vec<Vec<&str>> = rows.collect();
    let column = |at: usize| -> ArrayRef {
        Arc::new(rows.iter().map(|row| Some(row[at]).filter(|cell| !cell.is_empty())).collect::<StringArray>())
    };
    let columns = header.iter().enumerate().map(|(at, name)| (*name, column(at), true));
    parquet(&RecordBatch::try_from_iter_with_nullable(columns).unwrap())
}

fn feed(nation: &Folder) {
    let folder = nation.file("text/cclf");
    let mut members = Vec::new();
    for file in "123456789AB".chars() {
        let found = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let mut found: Vec<_> = found.filter(|path| path.to_string_lossy().contains(&format!(".ZC{file}Y"))).collect();
        found.sort();
        let text = found.iter().map(|path| fs::read_to_string(path).unwrap()).find(|text| !text.is_empty());
        let Some(text) = text.map(|text| head(&text, ROWS)) else { continue };
        put(&format!("cclf/CCLF{file}"), &text);
        members.push((file, text));
    }
    put("cclf/CCLF0", "File Number|File Description|Total Records Count|Record Length\nCCLF2|Revenue centers|0|199\n");
    let mut summary = "File Number|File Description|Total Records Count|Record Length\n".to_owned();
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (file, text) in members.iter().filter(|(file, _)| matches!(file, '1' | '5' | '8')) {
        let packed = if *file == '1' { zip::CompressionMethod::Stored } else { zip::CompressionMethod::Deflated };
        let name = format!("P.A0000.ACO.ZC{file}Y23.D230510.T1200000");
        archive.start_file(name, SimpleFileOptions::default().compression_method(packed)).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
        let (rows, length) = (text.lines().count(), text.lines().next().map_or(0, str::len));
        summary.push_str(&format!("CCLF{file}|of the delivery|{rows}|{length}\n"));
    }
    archive.start_file("P.A0000.ACO.ZC0Y23.D230510.T1200000", SimpleFileOptions::default()).unwrap();
    archive.write_all(summary.as_bytes()).unwrap();
    put("zip/delivery.zip", archive.finish().unwrap().into_inner());
    put("list/assignment_list.csv", head(&nation.read("text/cclf/assignment_list_2023.csv"), 8));
}

fn by_hand() {
    put(
        "months/enrollment_months.csv",
        "CURRENT_BENE_MBI_ID,BENE_MEMBER_MONTH,ENROLL_TYPE\n1000000000,2023-01-01,4\n1000000001,2023-02-01,2\n",
    );
    let types = ["ESRD", "DISABLED", "AGED/DUAL", "AGED/NON-DUAL"];
    let columns =
        types.map(|of| format!("Per capita {of} expenditures,Average {of} HCC risk score,{of} person-years "));
    put(
        "county/county.csv",
        format!(
            "Year,State Name,County Name,State ID,County ID,{}\n2023,A,North,1,0,60000,0.9,10,9000,1.1,100,.,.,.,8000,1,300\n\
             2023,A,South,1,10,*,*,*,11000,0.9,300,.,.,.,*,*,*\n",
            columns.join(",")
        ),
    );
    put(
        "study/full.toml",
        "[study]\nname = 'by hand'\nperformance_years = [2023]\nseed = 7\n[input]\nprogram = 'program'\n\
         layout = 'cclf'\nmaturity = '2024-03-31'\nrates = 'rates'\ncompleteness = 0.98\nassignment = 'own'\n\
         [input.raw]\ncarrier = 'raw/carrier*.csv'\ndme = ['raw/a/**/dme*.csv', 'raw/b']\n[lake]\npath = 'lake'\nshards = 8\n\
         [run]\nout = 'run'\nthreads = 2\nmemory = '512MiB'\n[limits]\nrejected_rows = 0.01\nshared_tins = 3\n\
         [rules]\n'settle.msr.low_head_count' = 5000\n",
    );
    put(
        "reform/plain.toml",
        "title = 'a higher share'\nauthor = 'nobody'\n[rules]\n'settle.sharing_rate.maximum.EN' = 0.8\n",
    );
    put(
        "reform/changes.toml",
        "title = 'inputs'\n[[input]]\ntable = 'county'\ncolumn = 'per_capita'\nfactor = 1.01\nyears = [2023, 'PY']\n\
         [[when]]\ntrack = ['A', 'B']\n[when.rules]\n'settle.sharing_rate.maximum.A' = 0.45\n",
    );
    put(
        "reform/sweep.toml",
        "title = 'points'\n[sweep]\n'settle.sharing_rate.maximum.EN' = { from = 0.5, to = 0.7, step = 0.1 }\n",
    );
}

fn tables(nation: &Folder) {
    for entry in fs::read_dir(nation.file("text/program")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let rows = if name.starts_with("aco.") || name.starts_with("participant") { 200 } else { 12 };
        put(&format!("program/{name}"), head(&fs::read_to_string(&path).unwrap(), rows));
    }
    for name in ["national", "county", "aco_year", "aco_county", "aco_heads", "aco_county_heads"] {
        put(&format!("rates/{name}.csv"), nation.read(&format!("text/run/rates/{name}.csv")));
        slice(&nation.file(&format!("text/run/rates/{name}.parquet")), &format!("tables_parquet/{name}.parquet"));
    }
    for name in ["aco", "participant", "risk_score", "lis_adi", "non_claims_payment", "eta_fee"] {
        let text = head(&nation.read(&format!("text/program/{name}.csv")), 8);
        put(&format!("tables_parquet/{name}.parquet"), parquet_of(&text));
    }
    put("results/savings_losses.csv", nation.read("text/run/savings_losses.csv"));
}

fn people() {
    let people = "id,model,mapping_year,age,sex,orec,dual_code,dx,lti,esrd_status,graft_months\n\
                  7,v28,2026,70,F,0,00,T86.40|I8500|E035|D66|Z00.00|X,0,none,\n=8,v24,2024,66,M,1,02,E119|I5022,1,,\n\
                  -9,esrd_v24,2025,50,F,2,00,N186,0,graft,7\n10,v22,2020,81,M,0,NA,,,,\n";
    put("score/people.csv", people);
    put("score_parquet/people.parquet", parquet_of(people));
    put(
        "diagnosis_map/map.csv",
        "model,icd10,cc,first_py,last_py,source_id\nv28,E119,37,2024,2027,x\nv22,A0103,115,2017,2027,x\n",
    );
}

fn settings(nation: &Folder) {
    put("study/raw.toml", nation.read("text/study.toml"));
    for year in [2016, 2023] {
        let dump = nation.run(&format!("rules --format toml --year {year}")).expect(0).stdout;
        let end = dump[..12_000.min(dump.len())].rfind("\n\n").unwrap_or(dump.len());
        put(&format!("rules/{year}.toml"), &dump[..=end]);
    }
    put("manifest/run.json", nation.read("text/run/manifest.json"));
    put(
        "manifest/metrics.json",
        "{\"started_at\":0,\"seconds\":1.5,\"stages\":[{\"stage\":\"ingest\",\"skipped\":false,\"seconds\":1.0,\"rows\":2,\"rows_per_second\":2.0}],\"peak_memory_bytes\":null,\"threads\":2,\"host\":\"x\"}",
    );
}

/// Files of the lake that the seeds make, one of each table, and what it says of itself.
fn lake() {
    // The doors want a seed of every kind; the lake's are made by them.
    let scratch = super::scratch();
    let _doors = Doors::prepare(scratch.path(), &root().join("corpus")).unwrap_or_else(|error| panic!("{error}"));
    let lake = scratch.path().join("base/lake");
    put("manifest/lake.json", fs::read(lake.join("manifest.json")).unwrap());
    for (table, file) in [
        ("bene", "bene/shard=000.parquet"),
        ("enrollment", "enrollment/year=2023/shard=000.parquet"),
        ("carrier", "carrier/year=2023/shard=000.parquet"),
        ("dme", "dme/year=2023/shard=000.parquet"),
        ("facility", "facility/year=2023/shard=000.parquet"),
        ("revenue", "revenue/year=2023/shard=000.parquet"),
    ] {
        put(&format!("lake/{table}.parquet"), fs::read(lake.join(file)).unwrap());
    }
}
