//! What a scheduler and its operator meet: the log of runs, study files made of parts, shells and manual pages.

use crate::command::Folder;
use std::fs;

/// A small nation at the raw door.
fn nation(lives: u32) -> Folder {
    let folder = Folder::new();
    folder.run(&format!("synth --lives {lives} --years 2023 --raw csv --out .")).expect(0);
    folder
}

#[test]
fn every_run_is_in_the_log_and_two_can_be_told_apart() {
    let folder = nation(500);
    folder.run("run study.toml").expect(0);
    folder.run("run study.toml").expect(0);
    let study = folder.read("study.toml");
    folder.write("study.toml", &format!("{study}\n[rules]\n'settle.sequestration' = 0.05\n"));
    folder.run("run study.toml").expect(0);
    folder.write("program/aco.csv", &folder.read("program/aco.csv").replace("2023,", "2023x,"));
    // What cannot be read is no run.
    folder.run("run study.toml").expect(2);
    let listed = folder.run("runs study.toml --format csv").expect(0).stdout;
    let rows: Vec<Vec<&str>> = listed.lines().skip(1).map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.iter().map(|row| (row[1], row[2])).collect::<Vec<_>>(), [("settle", "0"); 3], "{listed}");
    assert!(rows[1].last().unwrap().contains("already done"), "{listed}");

    let done = folder.run("diff last~2 last~1 --in run").expect(0);
    assert!(done.stdout.contains("nothing differs"), "{}", done.show());
    let done = folder.run("diff last~1 last --in . --format csv").expect(1);
    for said in ["rule,settle.sequestration,", "first stage,settle,", "output,savings_losses.csv,"] {
        assert!(done.stdout.contains(said), "no `{said}` in {}", done.stdout);
    }
    assert!(!done.stdout.contains("input,"), "{}", done.stdout);
    let error = folder.run("diff last last~9 --in run").expect(2).stderr;
    assert!(error.contains("has 3 runs"), "{error}");
}

#[test]
fn a_run_that_fails_says_in_the_log_what_stopped_it() {
    let folder = nation(500);
    folder.run("run study.toml").expect(0);
    fs::remove_file(folder.file("raw/beneficiary_2022.csv")).unwrap();
    folder.run("run study.toml").expect(2);
    let listed = folder.run("runs").expect(0).stdout;
    assert!(listed.contains("enrollment of 2022 is"), "{listed}");
    assert_eq!(folder.read("runs.jsonl").lines().count(), 2);
}

#[test]
fn a_study_file_of_parts_gives_what_the_whole_one_gives() {
    let folder = nation(500);
    folder.run("run study.toml").expect(0);
    // The manifest names input files as seen from the study file.
    let tables = |run: &str| {
        let mut files = folder.bytes(run);
        files.retain(|(name, _)| name != "manifest.json");
        files
    };
    let whole = tables("run");
    let study = folder.read("study.toml").replace("raw = \"raw\"", "raw = \"${ACOLEDGER_TEST_RAW:-raw}\"");
    folder.write("study.toml", &study);
    folder.write("nightly/study.toml", "include = \"../study.toml\"\n[run]\nout = \"run\"\n");
    folder.run("run nightly/study.toml").expect(0);
    let parted = tables("nightly/run");
    assert_eq!(parted.len(), whole.len());
    for ((name, bytes), (_, expected)) in parted.iter().zip(&whole) {
        assert!(bytes == expected, "{name}");
    }
}

#[test]
fn shells_and_manual_pages_know_every_command() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish"] {
        let text = folder.run(&format!("completions {shell}")).expect(0).stdout;
        assert!(["ingest", "settle", "runs", "score"].iter().all(|command| text.contains(command)), "{shell}: {text}");
    }
    folder.run("man pages").expect(0);
    let names: Vec<String> = fs::read_dir(folder.file("pages"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for command in ["acoledger", "acoledger-run", "acoledger-ingest", "acoledger-diff"] {
        let name = format!("{command}.1");
        assert!(names.contains(&name), "no {name} among {names:?}");
        assert!(folder.read(&format!("pages/{name}")).starts_with(".ie"), "{name}");
    }
}
