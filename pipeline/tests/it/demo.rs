//! A synthetic nation through the whole program: raw text in, savings and losses out, and what must not matter to the bytes.

use crate::command::Folder;

/// A nation under `demo/`.
fn nation(lives: u32) -> Folder {
    let folder = Folder::new();
    folder.run(&format!("synth --lives {lives} --years 2023,2024 --raw csv --out demo")).expect(0);
    folder
}

#[test]
fn the_loop_closes() {
    let folder = nation(2000);
    let page = folder.run("run demo/study.toml").expect(0).stdout;
    assert!(page.lines().all(|line| line.chars().count() <= 100), "{page}");
    for word in ["Performance year 2023", "Performance year 2024", "Rows and dollars", "Files in demo/run"] {
        assert!(page.contains(word), "no `{word}` in\n{page}");
    }
    let checked = folder.run("check demo/study.toml --format csv").expect(0).stdout;
    // From 2020-05-01 nothing is withheld, from 2022-07-01 two percent: the claims themselves show it.
    for figure in
        ["sequestration from 2020-05-01", "sequestration from 2022-07-01", "claims_after_death", "retention", "ties"]
    {
        let line = checked.lines().find(|line| line.starts_with(&format!("figure,{figure},")));
        let line = line.unwrap_or_else(|| panic!("no {figure}: {checked}"));
        assert!([",ok,", ",too few,"].iter().any(|result| line.contains(result)), "{line}");
    }
    let sequestration = "figure,sequestration from 2022-07-01,ok,warning,1,0,";
    assert!(checked.contains(sequestration), "{checked}");
    // What a run writes can be read again, though it stands there as CSV too.
    assert!(folder.run("marginal demo/study.toml --format csv --out marginal").expect(0).stdout.lines().count() > 1);
    let replayed = folder.run("replay demo/run/savings_losses.csv").expect(0).stdout;
    assert!(replayed.contains(" 0 unexplained"), "{replayed}");
    let manifest: serde_json::Value = serde_json::from_str(&folder.read("demo/run/manifest.json")).unwrap();
    for stage in manifest["stages"].as_array().unwrap() {
        for account in stage["accounts"].as_array().unwrap() {
            for unit in ["rows", "cents"] {
                let number = |what: &str| account[format!("{unit}_{what}")].as_i64().unwrap();
                assert_eq!(number("in"), number("used") + number("left_out") + number("rejected"), "{unit}: {account}");
            }
        }
    }
}

#[test]
fn threads_and_shards_change_no_byte() {
    let folder = nation(600);
    let study = folder.read("demo/study.toml");
    folder.write("demo/other.toml", &study.replace("\"lake\"", "\"other_lake\"").replace("\"run\"", "\"other_run\""));
    folder.run("run demo/study.toml --threads 1 --shards 8 --csv").expect(0);
    folder.run("run demo/other.toml --threads 2 --shards 64 --csv").expect(0);
    // Sharded tables are the same when read in shard order: as the CSV copies are.
    let whole = |run: &str| {
        let mut files = folder.bytes(run);
        files.retain(|(name, _)| !name.contains("shard="));
        files
    };
    let (one, other) = (whole("demo/run"), whole("demo/other_run"));
    let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&one), names(&other));
    for ((name, one), (_, other)) in one.iter().zip(&other) {
        assert!(one == other, "{name} differs");
    }
    assert!(one.iter().any(|(name, bytes)| name == "person_year.csv" && bytes.len() > 10_000));

    // No row of a program table about lives has room in memory: all wait on disk, under no name.
    folder.run("run demo/study.toml --shards 8 --csv --out demo/little --memory 1").expect(0);
    assert!(folder.bytes("demo/little") == folder.bytes("demo/run"), "memory changes bytes");
    let left = std::fs::read_dir(folder.file("demo")).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().contains("lives")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn what_is_done_is_not_done_again() {
    let folder = nation(600);
    folder.run("run demo/study.toml --shards 8").expect(0);
    let first = folder.bytes("demo/run");
    let again = folder.run("run demo/study.toml --shards 8").expect(0);
    assert!(again.stdout.contains("nothing to do") && !again.stderr.contains("stage done"), "{}", again.show());
    assert_eq!(folder.bytes("demo/run"), first);
    let stage = folder.run("cells demo/study.toml --shards 8").expect(0);
    assert!(stage.stdout.contains("already done"), "{}", stage.stdout);
    assert_eq!(folder.bytes("demo/run"), first, "a stage that is done leaves later ones alone");

    // A rule of the settlement: claims and persons are not looked at again.
    let study = folder.read("demo/study.toml");
    folder.write("demo/study.toml", &format!("{study}\n[rules]\n\"settle.msr.low_head_count\" = 100\n"));
    let rule = folder.run("run demo/study.toml --shards 8").expect(0);
    assert!(
        rule.stderr.contains(r#"stage="cells""#) && !rule.stderr.contains(r#"done stage="cells""#),
        "{}",
        rule.stderr
    );
    assert!(rule.stderr.contains(r#"stage done stage="benchmark, settle""#), "{}", rule.stderr);
    folder.run("check demo/study.toml").expect(1); // the lake of 8 shards is not the study's 64
    folder.run("check demo/run").expect(0);
    folder.write("demo/study.toml", &study);
    folder.run("run demo/study.toml --shards 8").expect(0);
    assert_eq!(folder.bytes("demo/run"), first, "back to the first rules, back to the first bytes");
}

#[test]
fn a_failure_late_in_the_run_loses_nothing() {
    let folder = nation(600);
    let acpt = folder.read("demo/program/acpt.csv");
    let without = acpt.lines().next().unwrap().to_owned() + "\n";
    folder.write("demo/program/acpt.csv", &without);
    folder.run("run demo/study.toml --shards 8").expect(2);
    assert!(!folder.file("demo/run").exists(), "nothing half-done carries the final name");
    folder.write("demo/program/acpt.csv", &acpt);
    let resumed = folder.run("run demo/study.toml --shards 8").expect(0);
    assert!(!resumed.stderr.contains("stage done stage=\"enroll"), "persons were done: {}", resumed.stderr);
    assert!(!folder.file("demo/.run.partial").exists());
    let first = folder.bytes("demo/run");
    folder.write("demo/program/acpt.csv", &without);
    folder.run("run demo/study.toml --shards 8").expect(2);
    assert_eq!(folder.bytes("demo/run"), first, "a run that fails leaves the earlier output");
    folder.write("demo/program/acpt.csv", &acpt);
    let back = folder.run("run demo/study.toml --shards 8").expect(0);
    assert!(back.stdout.contains("nothing to do"), "{}", back.stdout);
}

#[test]
fn claim_months_that_are_missing_stop_the_run() {
    let folder = nation(600);
    for entry in std::fs::read_dir(folder.file("demo/raw")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.contains("2021") && !name.starts_with("beneficiary") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let done = folder.run("run demo/study.toml --shards 8").expect(2);
    assert!(done.stderr.contains("claims of 2021-01 to 2021-12 are missing, which the study needs"), "{}", done.stderr);
    assert!(!folder.file("demo/run").exists());
    let needs = folder.run("run --dry-run demo/study.toml --shards 8").expect(1).stdout;
    assert!(needs.contains("no claims of 2021-01 to 2021-12"), "{needs}");
}
