//! Inputs of bad intent, through the program: limits are said, formulas are text, terminals are not steered, no crate may be unsafe.

use crate::command::{Done, Folder};
use std::fs;
use std::path::Path;

const PEOPLE: &str = "id,model,mapping_year,age,sex,orec,dual_code,dx\n";

/// Runs a command that must refuse its input and say so.
#[track_caller]
fn refused(folder: &Folder, args: &str, says: &str) {
    let done = folder.run(args).expect(2);
    assert!(done.stderr.contains(says), "{}", done.stderr);
}

#[test]
fn every_crate_forbids_unsafe_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |name: &str| fs::read_to_string(root.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let workspace: toml::Table = read("Cargo.toml").parse().unwrap();
    assert_eq!(workspace["workspace"]["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
    for member in workspace["workspace"]["members"].as_array().unwrap() {
        let member = member.as_str().unwrap();
        let manifest: toml::Table = read(&format!("{member}/Cargo.toml")).parse().unwrap();
        if member == "pipeline/python" {
            // What PyO3's macros write is unsafe and says so; none is written here.
            assert_eq!(manifest["lints"]["rust"]["unsafe_code"].as_str(), Some("deny"));
            for entry in fs::read_dir(root.join(member).join("src")).unwrap() {
                let text = fs::read_to_string(entry.unwrap().path()).unwrap();
                assert!(!text.contains("unsafe ") && !text.contains("allow(unsafe_code)"), "{text}");
            }
            continue;
        }
        let held = manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool);
        assert_eq!(held, Some(true), "{member}/Cargo.toml needs `[lints] workspace = true`");
    }
}

#[test]
fn a_score_of_a_formula_is_text_in_a_spreadsheet_and_itself_elsewhere() {
    let folder = Folder::new();
    folder.write("people.csv", &format!("{PEOPLE}=1+1,v28,2026,72,F,0,00,E119\n-7,v28,2026,72,F,0,00,E119\n"));
    let scored = folder.run("score people.csv").expect(0).stdout;
    let ids: Vec<&str> = scored.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(ids, ["'=1+1", "-7"]);
    assert!(folder.run("score people.csv --format json").expect(0).stdout.contains("\"id\": \"=1+1\""));
    // What we wrote is read as what it was.
    folder.write("again.csv", &format!("{PEOPLE}'=1+1,v28,2026,72,F,0,00,E119\n-7,v28,2026,72,F,0,00,E119\n"));
    assert_eq!(folder.run("score again.csv").expect(0).stdout, scored);
}

#[test]
fn names_do_not_steer_the_terminal() {
    let folder = Folder::new();
    folder.write("people.csv", &format!("{PEOPLE}\u{1b}[2Jx\u{202e},v28,2026,72,F,0,00,E119\n"));
    let table = folder.run("score people.csv --format table").expect(0).stdout;
    assert!(table.contains("\\u{1b}[2Jx\\u{202e}"), "{table:?}");
    let steers = |done: &Done| done.stderr.contains('\u{1b}') || done.stderr.contains('\u{202e}');
    folder.write("people.csv", &PEOPLE.replace(",age,", ",\u{1b}]0;t\u{7},"));
    let done = folder.run("score people.csv").expect(2);
    assert!(!steers(&done), "{:?}", done.stderr);
    let done = folder.run("score \u{1b}[31m\u{202e}.csv").expect(2);
    assert!(!steers(&done) && done.stderr.contains("\\u{1b}[31m\\u{202e}.csv"), "{:?}", done.stderr);
}

#[test]
fn a_table_has_so_many_columns_and_a_record_so_many_bytes() {
    let folder = Folder::new();
    folder.write("wide.csv", &format!("{}\n", "a,".repeat(200_000)));
    refused(&folder, "score wide.csv", "200001 columns: more than the 4096 that are read");
    folder.write("long.csv", &format!("{PEOPLE}{}\n", "x".repeat(50 << 20)));
    refused(&folder, "score long.csv", "a record of more than 1048576 bytes");
    folder.write("open.csv", &format!("{PEOPLE}\"{}", "1,v28,2026,72,F,0,00,E119\n".repeat(100_000)));
    refused(&folder, "score open.csv", "a record of more than 1048576 bytes");
    folder.write("study.toml", &"# nothing\n".repeat(500_000));
    refused(&folder, "run study.toml", "a file of more than 4194304 bytes");
    folder.write("results.csv", &"ACO_ID,x\n".repeat(8 << 20));
    refused(&folder, "replay results.csv", "a file of more than 67108864 bytes");
}

const STUDY: &str = "[study]\nname = 'x'\nperformance_years = [2023]\n[input]\nraw = 'raw'\nprogram = 'program'\n";

/// A study whose raw files are headers, but for the carrier's.
fn raw(carrier: &str) -> Folder {
    let folder = Folder::copy_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/program"));
    let moved = Folder::new();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        moved.write(&format!("program/{name}"), &fs::read_to_string(path).unwrap());
    }
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/delimited");
    for table in ["enrollment", "dme", "outpatient", "inpatient", "snf", "hha", "hospice"] {
        moved.write(&format!("raw/{table}.csv"), &fs::read_to_string(seeds.join(format!("{table}.csv"))).unwrap());
    }
    moved.write("study.toml", STUDY).write("raw/carrier.csv", carrier);
    moved
}

#[test]
fn raw_text_has_limits_too() {
    let carrier = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/delimited/carrier.csv");
    let carrier = fs::read_to_string(carrier).unwrap();
    raw(&carrier).run("ingest study.toml").expect(0);
    let endless = format!("{carrier}{}", "x".repeat(100 << 20));
    refused(&raw(&endless), "ingest study.toml", "a record of more than 16777216 bytes");
    let header = carrier.lines().next().unwrap();
    let wide = format!("{header}{}\n", (0..5000).map(|at| format!("|C{at}")).collect::<String>());
    refused(&raw(&wide), "ingest study.toml", "more than the 4096 that are read");
    refused(&raw(&"x|".repeat(1 << 20)), "ingest study.toml", "a header line of more than 1048576 bytes");
}

#[test]
fn what_an_amount_can_be_is_bounded_and_sums_stay_whole() {
    let carrier = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/delimited/carrier.csv");
    let carrier = fs::read_to_string(carrier).unwrap();
    let (header, row) = (carrier.lines().next().unwrap(), carrier.lines().nth(1).unwrap());
    let at = header.split('|').position(|name| name == "LINE_NCH_PMT_AMT").unwrap();
    let rows: String = (0..200)
        .map(|line| {
            let mut cells: Vec<String> = row.split('|').map(str::to_owned).collect();
            cells[at] = "999999999999999".into();
            cells[1] = format!("9{line}");
            cells.join("|") + "\n"
        })
        .collect();
    let folder = raw(&format!("{header}\n{rows}"));
    let done = folder.run("ingest study.toml");
    assert!(!done.stderr.contains("panicked"), "{}", done.stderr);
    assert!(folder.read("lake/rejects.csv").contains("an amount beyond a hundred million dollars"));
}
