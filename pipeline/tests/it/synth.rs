//! Synthetic nations as files: the same bytes whatever the threads and parts, the same rows in both forms, and every
//! planted case as its answer key says.

use crate::command::Folder;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int32Type, Int64Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

#[test]
fn threads_and_parts_change_no_byte() {
    let folder = Folder::new();
    folder.run("synth --lives 600 --out one --raw csv --parts 4 --threads 1").expect(0);
    folder.run("synth --lives 600 --out two --raw csv --parts 4 --threads 2").expect(0);
    assert!(folder.bytes("one") == folder.bytes("two"), "one and two threads");
    folder.run("synth --lives 600 --out part --raw csv --parts 4 --part 3 --threads 1").expect(0);
    let part = folder.bytes("part");
    let whole: BTreeMap<String, Vec<u8>> = folder.bytes("one").into_iter().collect();
    assert!(part.iter().any(|(name, _)| name.contains("_003_of_004")));
    for (name, bytes) in &part {
        assert!(whole.get(name) == Some(bytes), "{name}: a part alone holds what it holds in the whole");
    }
    folder.run("synth --lives 600 --out single --raw csv --parts 1").expect(0);
    for table in ["carrier_2023", "beneficiary_2020", "outpatient_2021"] {
        let joined: Vec<String> = (1..=4)
            .flat_map(|part| {
                let text = folder.read(&format!("one/raw/{table}_{part:03}_of_004.csv"));
                text.lines().skip(usize::from(part > 1)).map(str::to_owned).collect::<Vec<_>>()
            })
            .collect();
        let single: Vec<String> = folder.read(&format!("single/raw/{table}.csv")).lines().map(str::to_owned).collect();
        assert!(joined == single, "{table}: the parts together are the whole");
    }
}

#[test]
fn text_and_parquet_hold_the_same_rows() {
    let folder = Folder::new();
    folder.run("synth --lives 500 --out text --raw csv --parts 1").expect(0);
    folder.run("synth --lives 500 --out typed --raw parquet --parts 1").expect(0);
    let mut rows = 0;
    for entry in fs::read_dir(folder.file("text/raw")).unwrap() {
        let text = entry.unwrap().path();
        let name = text.file_stem().unwrap().to_str().unwrap();
        let typed = parquet_lines(&folder.file(&format!("typed/raw/{name}.parquet")));
        let text: Vec<String> = fs::read_to_string(&text).unwrap().lines().map(str::to_owned).collect();
        assert_eq!(typed.len(), text.len(), "{name}");
        assert!(typed == text, "{name}: {:?}", typed.iter().zip(&text).find(|(a, b)| a != b));
        rows += typed.len();
    }
    assert!(rows > 200_000, "{rows}");
}

fn parquet_lines(path: &Path) -> Vec<String> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let names: Vec<String> = reader.schema().fields().iter().map(|field| field.name().clone()).collect();
    let mut lines = vec![names.join("|")];
    for batch in reader.build().unwrap() {
        let batch = batch.unwrap();
        lines.extend((0..batch.num_rows()).map(|row| line(&batch, row)));
    }
    lines
}

fn line(batch: &RecordBatch, row: usize) -> String {
    let cells: Vec<String> = batch.columns().iter().map(|column| cell(column, row)).collect();
    cells.join("|")
}

/// A cell as the text form writes it.
fn cell(column: &dyn Array, row: usize) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    if column.is_null(row) {
        return String::new();
    }
    match column.data_type() {
        DataType::UInt64 => column.as_primitive::<UInt64Type>().value(row).to_string(),
        DataType::Int32 => column.as_primitive::<Int32Type>().value(row).to_string(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float64 => format!("{:.2}", column.as_primitive::<Float64Type>().value(row)),
        DataType::Date32 => {
            let day = acoledger_schemas::values::Date(column.as_primitive::<Date32Type>().value(row));
            let (year, month, day) = day.ymd();
            format!("{day:02}-{}-{year}", MONTHS[month as usize - 1])
        }
        DataType::Utf8 => column.as_string::<i32>().value(row).to_owned(),
        DataType::Dictionary(..) => {
            let dictionary = column.as_dictionary::<Int32Type>();
            dictionary.values().as_string::<i32>().value(dictionary.keys().value(row) as usize).to_owned()
        }
        other => panic!("unexpected type {other}"),
    }
}

/// The lake that is made without raw files is the one that ingest makes of the same nation's raw files.
#[test]
fn a_lake_made_directly_is_the_lake_of_the_raw_files() {
    let folder = Folder::new();
    folder.run("synth --lives 500 --out raw --raw csv").expect(0);
    folder.run("ingest raw/study.toml").expect(0);
    folder.run("synth --lives 500 --out direct --raw lake").expect(0);
    let files = |below: &str| -> BTreeMap<String, Vec<u8>> {
        folder.bytes(below).into_iter().filter(|(name, _)| name.ends_with(".parquet")).collect()
    };
    let (raw, direct) = (files("raw/lake"), files("direct/lake"));
    assert!(direct.len() > 500, "{}", direct.len());
    assert_eq!(raw.keys().collect::<Vec<_>>(), direct.keys().collect::<Vec<_>>());
    let mut differ = Vec::new();
    for (name, _) in raw.iter().filter(|(name, bytes)| direct[*name] != **bytes) {
        let lines = |below: &str| parquet_lines(&folder.file(&format!("{below}/lake/{name}")));
        let (raw, direct) = (lines("raw"), lines("direct"));
        let first = raw.iter().zip(&direct).find(|(a, b)| a != b);
        differ.push(format!("{name}: {}\n{first:?}", raw[0]));
    }
    assert!(differ.is_empty(), "{} files\n{}", differ.len(), differ[..differ.len().min(3)].join("\n"));
    folder.run("assign direct/study.toml").expect(0);
}

#[test]
fn a_folder_of_something_else_is_left_alone() {
    let folder = Folder::new();
    folder.write("mine/notes.txt", "keep");
    let done = folder.run("synth --lives 500 --out mine --raw csv");
    assert_eq!(done.exit, 2, "{}", done.stderr);
    assert_eq!(folder.read("mine/notes.txt"), "keep");
    for options in ["--lives 3", "--years 2012", "--parts 0", "--parts 4 --part 5", "--aco-share 0", "--aco-share 1.1"]
    {
        assert_eq!(folder.run(&format!("synth {options} --out other --raw csv")).exit, 2, "{options}");
    }
    assert!(!folder.file("other").exists());
}

type Row = BTreeMap<String, String>;

fn table(path: &Path) -> Vec<Row> {
    csv::Reader::from_path(path).unwrap().deserialize::<Row>().map(Result::unwrap).collect()
}

/// Every row of the answer key against what the person grain made of the raw files, for years of each set of rules.
#[test]
fn planted_cases_come_out_as_the_answer_key_says() {
    for years in ["2023,2024", "2025", "2022", "2020", "2018,2019", "2016"] {
        let folder = Folder::new();
        // So many that no planted life is itself the one at the 99th percentile.
        folder.run(&format!("synth --lives 800 --years {years} --out nation --raw csv")).expect(0);
        folder.run("cells nation/study.toml --csv").expect(0);
        let run = Run::read(&folder);
        let key = table(&folder.file("nation/answer_key.csv"));
        let wrong: Vec<String> = key.iter().flat_map(|row| run.differs(row)).collect();
        assert!(wrong.is_empty(), "{years}: {} of {} rows\n{}", wrong.len(), key.len(), wrong.join("\n"));
        assert!(key.len() >= 110, "{years}: {}", key.len());
    }
}

/// What a run says about lives, to be looked up.
struct Run {
    assignment: Vec<Row>,
    person_year: Vec<Row>,
    threshold: Vec<Row>,
}

impl Run {
    fn read(folder: &Folder) -> Run {
        let table = |name: &str| table(&folder.file(&format!("nation/run/{name}.csv")));
        Run { assignment: table("assignment"), person_year: table("person_year"), threshold: table("cells/threshold") }
    }

    /// How a row of the answer key differs from the run.
    fn differs(&self, row: &Row) -> Vec<String> {
        let at = |name: &str| row[name].as_str();
        let same = |other: &Row, names: &[&str]| names.iter().all(|name| other[*name] == row[*name]);
        let said = |what: String| format!("{} in {}: {what}", at("case"), at("calendar_year"));
        let mut wrong = Vec::new();
        let given = self.assignment.iter().find(|given| same(given, &["performance_year", "calendar_year", "bene_id"]));
        let place = |given: &Row| ["aco_id", "step", "basis", "tie"].map(|name| given[name].clone());
        let got = given.map(place);
        let expected = ["entity", "step", "basis", "tie"].map(|name| at(name).to_owned());
        let well = match at("entity_kind") {
            "aco" => got.as_ref() == Some(&expected),
            "" => true,
            _ => got.is_none(),
        };
        if !well {
            wrong.push(said(format!("assigned {got:?}, expected {} {expected:?}", at("entity_kind"))));
        }
        let years: Vec<&Row> =
            self.person_year.iter().filter(|year| same(year, &["bene_id", "calendar_year"])).collect();
        let counties = || years.iter().copied().chain(given).map(|row| row["county"].as_str());
        if !at("county").is_empty() && (years.is_empty() || counties().any(|county| county != at("county"))) {
            let counties: Vec<&str> = counties().collect();
            wrong.push(said(format!("county {counties:?}, expected {}", at("county"))));
        }
        let kind = at("enrollment_type");
        if kind.is_empty() {
            if !years.is_empty() {
                wrong.push(said("has months, expected none".to_owned()));
            }
            return wrong;
        }
        let Some(spent) = years.iter().find(|year| year["enrollment_type"] == kind) else {
            wrong.push(said(format!("has no months of {kind}")));
            return wrong;
        };
        let months = i64::from(spent["months_mask"].parse::<u16>().unwrap().count_ones());
        let cents: i64 = spent["spend_cents"].parse().unwrap();
        let expected = (at("months").parse::<i64>().unwrap(), at("annualised_cents").parse::<i64>().unwrap());
        if (months, cents * 12) != (expected.0, expected.1 * months) {
            wrong.push(said(format!("{months} months, {cents} cents, expected {expected:?}")));
        }
        let limit =
            self.threshold.iter().find(|limit| same(limit, &["performance_year", "calendar_year", "enrollment_type"]));
        let limit: i64 = limit.map_or(i64::MAX, |row| row["threshold_cents"].parse().unwrap());
        if at("truncated_cents").is_empty() != (expected.1.abs() > limit) {
            wrong.push(said(format!("{} against the threshold {limit}", expected.1)));
        }
        wrong
    }
}
