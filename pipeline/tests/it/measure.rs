//! What a machine can do: a lake decoded, a nation that stands nowhere.

use crate::command::Folder;
use serde_json::Value;

fn parts(text: &str) -> Vec<(String, u64)> {
    let rows: Vec<Value> = serde_json::from_str(text).unwrap();
    rows.iter().map(|row| (row["measure"].as_str().unwrap().to_owned(), row["claim_rows"].as_u64().unwrap())).collect()
}

#[test]
fn a_nation_in_memory_has_the_claims_of_its_lake() {
    let folder = Folder::new();
    folder.run("synth --lives 700 --years 2024 --seed 5 --raw lake --out nation").expect(0);
    let decoded = parts(&folder.run("measure decode nation/study.toml --format json").expect(0).stdout);
    let made =
        folder.run("measure memory --lives 700 --years 2024 --seed 5 --generate --out scratch --format json").expect(0);
    let made = parts(&made.stdout);
    let names: Vec<&str> = made.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["generate", "generate and walk", "cells"]);
    assert_eq!(made[1].1, decoded[0].1, "rows of the lake's claim tables in the years that the study needs");
    assert!(made[1].1 > 100_000, "{made:?}");
    assert!(!std::path::Path::new(&folder.file("scratch")).exists(), "the folder is removed");
    // Fewer years, fewer claims.
    let late = folder
        .run("measure memory --lives 700 --years 2024 --seed 5 --from 2024 --out scratch --format json")
        .expect(0);
    assert!(parts(&late.stdout)[0].1 < made[1].1 / 2);
}

#[test]
fn what_cannot_be_measured_is_said() {
    let folder = Folder::new();
    folder.run("synth --lives 500 --years 2024 --raw csv --out nation").expect(0);
    let none = folder.run("measure decode nation/study.toml").expect(2);
    assert!(none.stderr.contains("no lake here"), "{}", none.stderr);
    std::fs::create_dir(folder.file("there")).unwrap();
    let there = folder.run("measure memory --lives 500 --out there").expect(2);
    assert!(there.stderr.contains("it must not be there"), "{}", there.stderr);
    let few = folder.run("measure memory --lives 1 --out scratch").expect(2);
    assert!(few.stderr.contains("lives"), "{}", few.stderr);
}
