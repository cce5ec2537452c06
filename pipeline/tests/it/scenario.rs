//! `acoledger scenario`: reforms from file to tables.

mod persons;
mod refused;

use crate::command::{Folder, oracle};
use std::path::Path;

fn study() -> Option<Folder> {
    oracle("data/rates_cases").map(|cases| Folder::copy_of(&cases))
}

#[test]
fn an_empty_reform_is_the_baseline_and_the_run_byte_for_byte() {
    let Some(folder) = study() else { return };
    folder.write("empty.toml", "title = 'nothing'\n");
    let done = folder.run("scenario study.toml --reform empty.toml").expect(0);
    assert!(done.stdout.contains("changes nothing: every number is the study's"), "{}", done.stdout);
    let baseline = folder.bytes("run-scenario/baseline");
    assert!(baseline.len() >= 20, "{}", baseline.len());
    assert_eq!(baseline, folder.bytes("run-scenario/reform"));
    folder.run("run study.toml").expect(0);
    let run = folder.bytes("run");
    for (file, bytes) in baseline {
        let same = run.iter().any(|(name, of_run)| *name == file && *of_run == bytes);
        assert!(same, "{file} differs from the run's");
    }
}

/// Every TOML block of the page is a reform that runs.
#[test]
fn the_examples_of_the_page_run() {
    let Some(folder) = study() else { return };
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/reforms.md");
    let page = std::fs::read_to_string(page).unwrap();
    let examples: Vec<&str> = page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(examples.len(), 2);
    for (at, example) in examples.iter().enumerate() {
        folder.write("example.toml", example);
        let done = folder.run(&format!("scenario study.toml --reform example.toml --out example-{at}")).expect(0);
        assert!(done.stderr.contains("the reform runs from this stage on stage=\"benchmark\""), "{}", done.stderr);
        assert!(done.stdout.lines().all(|line| line.chars().count() <= 100), "{}", done.stdout);
    }
    // 21 values of the cap by 2 of the share, 120 ACO results, and the nation in each of 9 years.
    let sweep = folder.read("example-1/sweep.csv");
    assert_eq!(sweep.lines().count(), 1 + 21 * 2 * (120 + 9));
    assert!(sweep.starts_with("risk.cap,update.blend_weights.acpt,level,performance_year,"), "{}", &sweep[..90]);
    assert!(folder.file("example-1/sweep.parquet").is_file());
}

#[test]
fn a_sweep_passes_through_the_baseline() {
    let Some(folder) = study() else { return };
    folder.write(
        "sweep.toml",
        "title = 'shares'\n[sweep]\n'settle.sequestration' = {from = 0, to = 0.04, step = 0.02}\n",
    );
    folder.write("same.toml", "title = 'one'\n[rules]\n'settle.sequestration' = 0.02\n");
    folder.run("scenario study.toml --reform sweep.toml").expect(0);
    folder.run("scenario study.toml --reform same.toml --out one").expect(0);
    let earned = |text: &str, columns: [&str; 3], keep: &dyn Fn(&csv::StringRecord) -> bool| -> Vec<Vec<String>> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let heads = reader.headers().unwrap().clone();
        let at = columns.map(|column| heads.iter().position(|head| head == column).unwrap());
        let rows = reader.records().map(Result::unwrap).filter(keep);
        rows.map(|row| at.map(|at| row[at].to_owned()).to_vec()).collect()
    };
    let middle =
        earned(&folder.read("run-scenario/sweep.csv"), ["performance_year", "aco_id", "earned_cents"], &|row| {
            &row[0] == "0.02" && &row[1] == "aco"
        });
    let one =
        earned(&folder.read("one/reform/savings_losses.csv"), ["performance_year", "ACO_ID", "earned_cents"], &|_| {
            true
        });
    assert_eq!(middle.len(), 120);
    assert_eq!(middle, one);
}

#[test]
fn a_second_scenario_takes_the_place_of_the_first() {
    let Some(folder) = study() else { return };
    folder.write("a.toml", "title = 'a'\n[rules]\n'settle.sequestration' = 0.5\n[sweep]\n'risk.cap' = [0.01]\n");
    folder.write("b.toml", "title = 'b'\n[rules]\n'settle.sequestration' = 0.0\n");
    folder.run("scenario study.toml --reform a.toml").expect(0);
    assert!(folder.file("run-scenario/sweep.csv").is_file());
    let done = folder.run("scenario study.toml --reform a.toml --reform b.toml --format json").expect(0);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((rows[0]["group_by"].as_str(), rows[0]["acos_reform"].as_i64()), (Some("nation"), Some(120)));
    assert!(done.stderr.contains("is set by \"a\" and by \"b\": the later counts"), "{}", done.stderr);
    folder.run("scenario study.toml --reform b.toml").expect(0);
    assert!(!folder.file("run-scenario/sweep.csv").exists(), "the sweep of the first is gone");
}

#[test]
fn persons_are_not_guessed_from_rates() {
    let Some(folder) = study() else { return };
    for (text, stage) in [
        ("[rules]\n'cells.truncation.percentile' = 0.95\n", "cells"),
        ("[[input]]\ntable = 'aco'\ncolumn = 'assignment_method'\nvalue = 'prospective'\n", "assign"),
    ] {
        folder.write("persons.toml", &format!("title = 'persons'\n{text}"));
        let done = folder.run("scenario study.toml --reform persons.toml").expect(2);
        let says = format!("the reform changes results from stage `{stage}` on, and the study starts from rates");
        assert!(done.stderr.contains(&says), "{}", done.stderr);
        assert!(!folder.file("run-scenario").exists());
    }
    folder.write("bad.toml", "title = 'bad'\n[rule]\n");
    let done = folder.run("scenario study.toml --reform bad.toml").expect(2);
    assert!(done.stderr.starts_with("error: bad.toml, line 2: unknown field `rule`"), "{}", done.stderr);
}
