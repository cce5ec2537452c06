//! The small worlds with known answers, from raw files through `acoledger cells`: every row, every cent.

use crate::command::{Folder, oracle};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const TABLES: [(&str, &str, &[&str]); 7] = [
    ("assignment", "assignment", &["performance_year", "calendar_year", "bene_id"]),
    ("person_year", "person_year", &["bene_id", "calendar_year", "enrollment_type"]),
    ("threshold", "cells/threshold", &["performance_year", "calendar_year", "population", "enrollment_type"]),
    (
        "population_county",
        "cells/population_county",
        &["performance_year", "calendar_year", "population", "window", "county", "enrollment_type"],
    ),
    (
        "assigned_county",
        "cells/assigned_county",
        &["performance_year", "period", "aco_id", "calendar_year", "cohort", "county", "enrollment_type"],
    ),
    ("aco_heads", "cells/aco_heads", &["performance_year", "period", "aco_id", "calendar_year"]),
    ("revenue", "cells/revenue", &["performance_year", "aco_id", "calendar_year"]),
];

type Rows = BTreeMap<Vec<String>, BTreeMap<String, String>>;

fn rows(path: &Path, key: &[&str]) -> Rows {
    let mut rows = Rows::new();
    for row in csv::Reader::from_path(path).unwrap().deserialize::<BTreeMap<String, String>>() {
        let row = row.unwrap();
        let key = key.iter().map(|column| row[*column].clone()).collect();
        assert!(rows.insert(key, row).is_none(), "{}: a key twice", path.display());
    }
    rows
}

/// Rows of the expected table that differ in a column that it has, rows that are missing, rows too many.
fn differences(table: &str, got: &Rows, want: &Rows) -> Vec<String> {
    let mut found = Vec::new();
    for key in got.keys().chain(want.keys()).collect::<BTreeSet<_>>() {
        match (got.get(key), want.get(key)) {
            (None, _) => found.push(format!("{table} {key:?}: missing")),
            (_, None) => found.push(format!("{table} {key:?}: not expected")),
            (Some(got), Some(want)) => {
                let differ: Vec<String> = want
                    .iter()
                    .filter(|(column, value)| got.get(*column) != Some(value))
                    .map(|(column, value)| format!("{column} {:?}, expected {value:?}", got.get(column)))
                    .collect();
                if !differ.is_empty() {
                    found.push(format!("{table} {key:?}: {}", differ.join("; ")));
                }
            }
        }
    }
    found
}

fn check(world: &str) {
    let Some(folder) = oracle(&format!("data/worlds/{world}")) else { return };
    let folder = Folder::copy_of(&folder);
    folder.run("cells study.toml --csv").expect(0);
    let mut found = Vec::new();
    for (table, file, key) in TABLES {
        let got = rows(&folder.file(&format!("run/{file}.csv")), key);
        let want = rows(&folder.file(&format!("expected/{table}.csv")), key);
        found.extend(differences(table, &got, &want));
    }
    let first = found.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(found.is_empty(), "{world}: {} rows differ\n{first}", found.len());
    folder.run("check study.toml").expect(0);
}

#[test]
fn w1() {
    check("w1");
}

#[test]
fn w2() {
    check("w2");
}

#[test]
fn w3() {
    check("w3");
}

#[test]
fn rejected_rows_beyond_the_limit_are_exit_status_one() {
    let Some(world) = oracle("data/worlds/w1") else { return };
    let folder = Folder::copy_of(&world);
    // Every fiftieth carrier line gets a payment that is none.
    let text = folder.read("raw/carrier.csv");
    let header: Vec<&str> = text.lines().next().unwrap().split('|').collect();
    let paid = header.iter().position(|name| *name == "LINE_NCH_PMT_AMT").unwrap();
    let spoil = |line: &str| {
        let mut cells: Vec<&str> = line.split('|').collect();
        cells[paid] = "12,3O";
        cells.join("|")
    };
    let lines: Vec<String> = text
        .lines()
        .enumerate()
        .map(|(at, line)| if at > 0 && at % 50 == 0 { spoil(line) } else { line.to_owned() })
        .collect();
    folder.write("raw/carrier.csv", &(lines.join("\n") + "\n"));
    let done = folder.run("cells study.toml").expect(1);
    assert!(done.stdout.contains("BEYOND THE LIMIT: rows rejected"), "{}", done.stdout);
    assert!(done.stderr.contains("beyond the limits: rows rejected"), "{}", done.stderr);
    let rejects = folder.read("run/rejects/rejects.csv");
    assert_eq!(rejects.lines().count() - 1, (text.lines().count() - 1) / 50);
    assert!(rejects.lines().nth(1).unwrap().starts_with("carrier,raw/carrier.csv,50,"), "{rejects}");
    folder.run("check study.toml").expect(0);
    let again = folder.run("cells study.toml").expect(1);
    assert!(again.stdout.contains("already done"), "the finding stays: {}", again.stdout);

    let study = folder.read("study.toml");
    folder.write("study.toml", &format!("{study}\n[limits]\nrejected_rows = 0.1\nrejected_cents_share = 0.1\n"));
    folder.run("cells study.toml").expect(0);
}

#[test]
fn a_benchmark_without_scores_is_refused_before_any_work() {
    let Some(world) = oracle("data/worlds/w1") else { return };
    let folder = Folder::copy_of(&world);
    let study = folder.read("study.toml");
    folder.write("study.toml", &format!("{study}\n[rules]\n\"risk.source\" = \"given\"\n"));
    let done = folder.run("run study.toml").expect(2);
    assert!(
        done.stderr.starts_with("error: program/risk_score: no such table\nhint: benchmarks need"),
        "{}",
        done.stderr
    );
    assert!(!folder.file("lake").exists() && !folder.file("run").exists());
    let needs = folder.run("run --dry-run study.toml --format csv").expect(1).stdout;
    assert!(needs.contains("file,program/risk_score,missing"), "{needs}");
}
