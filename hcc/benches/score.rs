//! People scored per second on one thread, from the text of their diagnoses to a score: `cargo bench -p acoledger-hcc --bench score FILE...`.
//!
//! Takes files of vectors (columns as `acoledger score` reads them, one model each). Prints a line of JSON for each file and input: people per
//! second, nanoseconds for each person, and the sum of all scores in thousandths, by which a peer shows that it scored the same people.

use acoledger_hcc::{Dual, Esrd, Icd10, Model, Options, Orec, Parsed, Person, Scorer, Sex, Tables};
use std::collections::HashMap;
use std::hint::black_box;
use std::time::Instant;

struct Row {
    scorer: usize,
    person: Person,
    dx: String,
}

fn main() {
    let files: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if files.is_empty() {
        println!("no files given: cargo bench -p acoledger-hcc --bench score -- vectors_v28.csv");
        return;
    }
    let tables = Tables::built_in().expect("the tables are whole");
    for file in files {
        let (rows, scorers) = read(&file, &tables);
        for (input, limit) in [("as they are", usize::MAX), ("first 5 codes", 5), ("no codes", 0)] {
            measure(&file, input, &cut(&rows, limit), &scorers);
        }
    }
}

fn cut(rows: &[Row], limit: usize) -> Vec<Row> {
    let first = |dx: &str| dx.split('|').take(limit).collect::<Vec<_>>().join("|");
    rows.iter().map(|row| Row { dx: first(&row.dx), ..*row }).collect()
}

fn read(file: &str, tables: &Tables) -> (Vec<Row>, Vec<Scorer>) {
    let mut reader = csv::Reader::from_path(file).expect("the file is readable");
    let (mut made, mut scorers, mut rows) = (HashMap::new(), Vec::new(), Vec::new());
    for row in reader.deserialize::<HashMap<String, String>>() {
        let row = row.expect("a row");
        let model = Model::named(&row["model"]).expect("a model");
        let year: i32 = row["mapping_year"].parse().expect("a year");
        let scorer = *made.entry((model, year)).or_insert_with(|| {
            scorers.push(tables.scorer(model, year, Options::default()).expect("a map"));
            scorers.len() - 1
        });
        let age = row["age"].parse().expect("an age");
        let months = || row["graft_months"].parse().expect("months");
        let person = Person {
            age,
            edit_age: age,
            sex: if row["sex"] == "F" { Sex::Female } else { Sex::Male },
            orec: Orec::parse(&row["orec"]).expect("an OREC"),
            dual: Dual::parse(&row["dual_code"]).expect("a dual code"),
            lti: row["lti"] == "1",
            new_enrollee: row["new_enrollee"] == "1",
            snp: row["snp"] == "1",
            esrd: match row["esrd_status"].as_str() {
                "dialysis" => Esrd::Dialysis,
                "graft" => Esrd::Graft(months()),
                "transplant" => Esrd::Transplant(months() as u8),
                _ => Esrd::None,
            },
        };
        rows.push(Row { scorer, person, dx: row["dx"].clone() });
    }
    (rows, scorers)
}

/// Median of eleven passes, each of at least a fifth of a second.
fn measure(file: &str, input: &str, rows: &[Row], scorers: &[Scorer]) {
    let mut passes = Vec::new();
    let mut sum = 0;
    for _ in 0..11 {
        let (start, mut people) = (Instant::now(), 0u64);
        while start.elapsed().as_millis() < 200 {
            sum = pass(rows, scorers);
            people += rows.len() as u64;
        }
        passes.push(people as f64 / start.elapsed().as_secs_f64());
    }
    passes.sort_by(f64::total_cmp);
    let rate = passes[passes.len() / 2];
    let name = file.rsplit('/').next().unwrap_or(file);
    println!(
        r#"{{"file": "{name}", "input": "{input}", "people": {}, "people_per_second": {rate:.0}, "nanoseconds": {:.0}, "sum_milli": {sum}}}"#,
        rows.len(),
        1e9 / rate
    );
}

fn pass(rows: &[Row], scorers: &[Scorer]) -> i64 {
    let score = |row: &Row| {
        let codes = row.dx.as_bytes().split(|byte| *byte == b'|').filter_map(|field| match Icd10::parse(field) {
            Parsed::Code(code) => Some(code),
            _ => None,
        });
        let score = scorers[row.scorer].score(&row.person, codes).expect("the model scores them");
        black_box(score).thousandths()
    };
    rows.iter().map(score).sum()
}
