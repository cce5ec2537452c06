//! What is done is not done again; what fails leaves what was there; results do not depend on where or when.

use crate::command::{Folder, oracle};

#[test]
fn a_second_run_does_nothing_and_a_changed_rule_does() {
    let Some(cases) = oracle("data/rates_cases") else { return };
    let folder = Folder::copy_of(&cases);
    folder.run("run study.toml").expect(0);
    let first = folder.bytes("run");
    let again = folder.run("run study.toml").expect(0);
    assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);
    assert_eq!(folder.bytes("run"), first);

    let study = folder.read("study.toml");
    folder
        .write("study.toml", &format!("{study}\n[rules]\n'settle.sharing_rate.maximum' = {{ EN = 0.7, E = 0.45 }}\n"));
    let changed = folder.run("run study.toml");
    assert!(!changed.stdout.contains("nothing to do"), "{}", changed.show());
    folder.write("study.toml", &study);
    folder.run("run study.toml").expect(0);
    assert_eq!(folder.bytes("run"), first, "back to the first rules, back to the first bytes");
}

#[test]
fn a_damaged_output_is_made_again() {
    let Some(cases) = oracle("data/rates_cases") else { return };
    let folder = Folder::copy_of(&cases);
    folder.run("run study.toml").expect(0);
    let first = folder.bytes("run");
    folder.write("run/savings_losses.csv", "half a fi");
    folder.run("run study.toml").expect(0);
    assert_eq!(folder.bytes("run"), first);
}

/// A file of the lake that is another's: of the right size perhaps, but not of the rows that the manifest says.
#[test]
fn a_file_of_the_lake_with_other_rows_stops_the_run() {
    let folder = Folder::new();
    folder.run("synth --lives 500 --years 2023 --raw csv --out .").expect(0);
    folder.run("ingest study.toml --shards 1").expect(0);
    let manifest: serde_json::Value = serde_json::from_str(&folder.read("lake/manifest.json")).unwrap();
    let file = "carrier/year=2022/shard=000.parquet";
    let about = manifest["files"].as_array().unwrap().iter().find(|of| of["file"] == file).expect("a file of 2022");
    let said = folder.read("lake/manifest.json");
    let rows = about["rows"].as_u64().unwrap();
    folder
        .write("lake/manifest.json", &said.replace(&format!("\"rows\": {rows},"), &format!("\"rows\": {},", rows + 1)));
    let done = folder.run("run study.toml --shards 1").expect(2);
    let expected = format!("{file}: the lake is damaged: {rows} rows where its manifest says {}", rows + 1);
    assert!(done.stderr.contains(&expected), "{}", done.stderr);
    // Started elsewhere, the same study has the same lake.
    folder.write("lake/manifest.json", &said);
    let whole = folder.path().canonicalize().unwrap().join("study.toml");
    let done = folder.run(&format!("ingest {} --shards 1", whole.display())).expect(0);
    assert!(done.stderr.contains("already done"), "{}", done.stderr);
}

#[test]
fn a_run_that_fails_leaves_the_earlier_output() {
    let Some(cases) = oracle("data/rates_cases") else { return };
    let folder = Folder::copy_of(&cases);
    folder.run("run study.toml").expect(0);
    let first = folder.bytes("run");
    // National rates gone: found out by the stage, after the output was begun.
    let national = folder.read("rates/national.csv");
    folder.write("rates/national.csv", national.lines().next().unwrap());
    folder.run("run study.toml").expect(2);
    assert_eq!(folder.bytes("run"), first);
    assert!(!folder.file(".run.new").exists(), "what was staged is gone");
}
