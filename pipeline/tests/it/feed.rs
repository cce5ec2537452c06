//! One ACO's feed beside the research files of the same nation: both ways give the same spending for the lives and claims that
//! both contain; and the study of an ACO that knows its own lives and takes nation and counties from elsewhere.

use crate::command::Folder;
use acoledger_schemas::keys::bene_key;
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;

/// Months and cents of a life by year and type.
type PersonYears = BTreeMap<(String, String, String), (String, String, String)>;

fn person_years(folder: &Folder, run: &str) -> PersonYears {
    let text = folder.read(&format!("{run}/person_year.csv"));
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|column| column == name).unwrap();
    let keys = ["bene_id", "calendar_year", "enrollment_type"].map(at);
    let values = ["months_mask", "spend_cents", "gross_cents"].map(at);
    reader
        .records()
        .map(|row| {
            let row = row.unwrap();
            let [bene, year, kind] = keys.map(|at| row[at].to_owned());
            let [months, spend, gross] = values.map(|at| row[at].to_owned());
            ((bene, year, kind), (months, spend, gross))
        })
        .collect()
}

/// Claims and lines of a lake: life, table, claim, line, cents.
fn payments(lake: &Path) -> BTreeSet<(u64, &'static str, i64, i32, i64)> {
    let mut found = BTreeSet::new();
    for table in ["carrier", "dme", "facility"] {
        for year in fs::read_dir(lake.join(table)).unwrap() {
            for shard in fs::read_dir(year.unwrap().path()).unwrap() {
                let file = File::open(shard.unwrap().path()).unwrap();
                for batch in ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap() {
                    let batch = batch.unwrap();
                    let long = |name: &str| batch.column_by_name(name).unwrap().as_primitive::<Int64Type>().clone();
                    let lives = batch
                        .column_by_name("bene_key")
                        .unwrap()
                        .as_primitive::<arrow_array::types::UInt64Type>()
                        .clone();
                    let (claims, cents) = (long("claim_key"), long("paid_cents"));
                    let lines = batch.column_by_name("line").map(|line| line.as_primitive::<Int32Type>().clone());
                    for row in 0..batch.num_rows() {
                        assert!(!cents.is_null(row));
                        let line = lines.as_ref().map_or(0, |lines| lines.value(row));
                        found.insert((lives.value(row), table, claims.value(row), line, cents.value(row)));
                    }
                }
            }
        }
    }
    found
}

#[test]
fn a_feed_and_research_files_of_one_nation_give_the_same_spending() {
    let folder = Folder::new();
    folder.run("synth --lives 1500 --years 2024 --raw cclf --parts 1 --out demo").expect(0);
    folder.run("run demo/study.toml --csv --shards 4").expect(0);
    let page = folder.run("cells demo/study_cclf.toml --csv --shards 4").expect(0);
    assert_eq!(page.exit, 0);

    // Every claim that stands in the feed is in the research files, with the same payment, and the reverse for its lives.
    let (research, feed) = (payments(&folder.file("demo/lake")), payments(&folder.file("demo/lake_cclf")));
    let lives: BTreeSet<u64> = feed.iter().map(|row| row.0).collect();
    let of_lives: BTreeSet<_> = research.iter().filter(|row| lives.contains(&row.0)).copied().collect();
    assert!(lives.len() > 100, "{}", lives.len());
    assert_eq!(
        of_lives.symmetric_difference(&feed).take(3).collect::<Vec<_>>(),
        Vec::<&(u64, &str, i64, i32, i64)>::new()
    );

    let manifest: serde_json::Value = serde_json::from_str(&folder.read("demo/lake_cclf/manifest.json")).unwrap();
    let total = |bucket: &str| -> i64 {
        manifest["sources"].as_array().unwrap().iter().map(|of| of[bucket]["rows"].as_i64().unwrap()).sum()
    };
    assert_eq!(total("rejected"), 0);
    for bucket in ["cancelled", "repeated", "used"] {
        assert!(total(bucket) > 100, "{bucket}: {}", total(bucket));
    }
    let found = |what: &str| {
        let findings = manifest["findings"].as_array().unwrap();
        findings.iter().filter(|of| of["what"].as_str().unwrap().contains(what)).count()
    };
    for what in ["cancels that took away", "identifiers of lives that later ones replaced", "lead to themselves"] {
        assert_eq!(found(what), 1, "{what}");
    }
    assert_eq!(found("cancels of claims that are not in the files"), 0);

    let (research, feed) = (person_years(&folder, "demo/run"), person_years(&folder, "demo/run_cclf"));
    let both = |key: &&(String, String, String)| lives.contains(&bene_key(&key.0)) && research.contains_key(*key);
    let keys: Vec<_> = feed.keys().filter(both).collect();
    assert!(keys.len() > 500, "{}", keys.len());
    for key in keys {
        assert_eq!(feed[key], research[key], "{key:?}");
    }
    let lacking = research.keys().filter(|key| lives.contains(&bene_key(&key.0)) && !feed.contains_key(*key)).count();
    assert_eq!(lacking, 0, "person years that the feed lacks");
}

#[test]
fn an_acos_study_takes_nation_and_counties_from_elsewhere() {
    let folder = Folder::new();
    folder.run("synth --lives 1500 --years 2024 --raw cclf --parts 1 --out demo").expect(0);
    let refused = folder.run("run demo/study_cclf.toml --shards 4").expect(2);
    let said = "a feed holds one ACO's lives: the nation and the counties are not in it";
    assert!(refused.stderr.contains(said), "{}", refused.stderr);

    folder.run("run demo/study.toml --shards 4").expect(0);
    fs::create_dir(folder.file("demo/nation")).unwrap();
    for table in ["national", "county"] {
        fs::copy(folder.file(&format!("demo/run/rates/{table}.csv")), folder.file(&format!("demo/nation/{table}.csv")))
            .unwrap();
    }
    let study = folder.read("demo/study_cclf.toml").replace("raw = \"cclf\"", "raw = \"cclf\"\nrates = \"nation\"");
    folder.write("demo/study_cclf.toml", &study);
    let page = folder.run("run demo/study_cclf.toml --shards 4").expect(0).stdout;
    for said in ["claims for substance use", "no `input.completeness` is declared", "plurality"] {
        assert!(page.contains(said), "{said} is not on\n{page}");
    }
    assert_eq!(folder.read("demo/run_cclf/rates/national.csv"), folder.read("demo/run/rates/national.csv"));
    let per_capita = |run: &str| -> Vec<f64> {
        let text = folder.read(&format!("{run}/rates/aco_year.csv"));
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let at = reader.headers().unwrap().iter().position(|name| name == "per_capita").unwrap();
        reader.records().map(|row| row.unwrap()[at].parse().unwrap_or(0.0)).collect()
    };
    let whole = per_capita("demo/run_cclf");
    assert!(whole.iter().any(|dollars| *dollars > 0.0));
    folder
        .write("demo/study_cclf.toml", &study.replace("rates = \"nation\"", "rates = \"nation\"\ncompleteness = 0.8"));
    folder.run("run demo/study_cclf.toml --shards 4").expect(0);
    for (before, after) in whole.iter().zip(per_capita("demo/run_cclf")) {
        assert!((before / 0.8 - after).abs() < 1e-6 * after.max(1.0), "{before} {after}");
    }
    let settled = folder.read("demo/run_cclf/savings_losses.csv");
    assert_eq!(settled.lines().count(), 2, "one ACO, one year:\n{settled}");
    let refused = folder.run("marginal demo/study_cclf.toml").expect(2);
    assert!(refused.stderr.contains("claims and rates beside them"), "{}", refused.stderr);
}
