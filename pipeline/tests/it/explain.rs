//! Why a life is where it is, through the program: the page, the same in JSON, what is read, what is refused.

use crate::command::Folder;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// A planted life, the years of its list, and the ACO whose list it is on.
struct Planted {
    bene: String,
    performance_year: String,
    calendar_year: String,
    aco: String,
}

/// A lake of a small synthetic nation, and the lives of its planted cases that an ACO has.
fn nation(lives: u32, name: &str, folder: &Folder) -> Vec<Planted> {
    folder.run(&format!("synth --lives {lives} --raw lake --out {name}")).expect(0);
    let mut reader = csv::Reader::from_path(folder.file(&format!("{name}/answer_key.csv"))).unwrap();
    let heads = reader.headers().unwrap().clone();
    let cell = |row: &csv::StringRecord, column: &str| {
        let at = heads.iter().position(|head| head == column).unwrap();
        row[at].to_owned()
    };
    let rows = reader.records().map(Result::unwrap).filter(|row| cell(row, "entity_kind") == "aco");
    rows.map(|row| Planted {
        bene: cell(&row, "bene_id"),
        performance_year: cell(&row, "performance_year"),
        calendar_year: cell(&row, "calendar_year"),
        aco: cell(&row, "entity"),
    })
    .collect()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn planted_lives_are_where_the_answer_key_says() {
    let folder = Folder::new();
    let planted = nation(600, "n", &folder);
    assert!(planted.len() > 3, "{} planted lives of an ACO", planted.len());
    for Planted { bene, performance_year, calendar_year, aco } in planted.iter().step_by(planted.len() / 6) {
        let asked =
            format!("explain --bene {bene} --year {calendar_year} --performance-year {performance_year} n/study.toml");
        let story = json(&folder.run(&format!("{asked} --format json --metrics took.json")).expect(0).stdout);
        assert_eq!(story["bene_id"], bene.as_str());
        assert_eq!(story["lists"][0]["place"]["aco_id"], aco.as_str());
        let page = folder.run(&format!("{asked} --metrics took.json")).expect(0).stdout;
        assert!(
            page.starts_with(&format!("Life {bene}\n")) && page.contains(&format!("on the list of {aco},")),
            "{page}"
        );
        for section in ["\nMonths (", "\nRetrospective window", "\nDecisions, ", "\nCitations\n"] {
            assert!(page.contains(section), "{section} of {page}");
        }
        let took = json(&folder.read("took.json"));
        let (read, size) = (took["lake_bytes"].as_u64().unwrap(), took["lake_size_bytes"].as_u64().unwrap());
        assert!(0 < read && read < size / 8, "{read} of {size} bytes");
    }
}

#[test]
fn what_is_not_there_is_said() {
    let folder = Folder::new();
    let planted = nation(500, "n", &folder);
    let life = &planted[0].bene;
    let unknown = folder.run("explain --bene -999 --year 2023 n/study.toml");
    assert_eq!(unknown.exit, 2);
    assert!(unknown.stderr.contains("no life of this identifier among the"), "{}", unknown.stderr);
    let year = folder.run(&format!("explain --bene {life} --year 1999 n/study.toml"));
    assert_eq!(year.exit, 2);
    assert!(year.stderr.contains("no list of calendar year 1999"), "{}", year.stderr);
    assert_eq!(folder.run(&format!("explain --bene {life} n/study.toml")).exit, 2);
    assert_eq!(folder.run("explain --year 2023 n/study.toml").exit, 2);
    fs::remove_file(folder.file("n/lake/manifest.json")).unwrap();
    let lake = folder.run(&format!("explain --bene {life} --year 2023 n/study.toml"));
    assert_eq!(lake.exit, 2);
    assert!(lake.stderr.contains("no lake here"), "{}", lake.stderr);
    assert!(!Path::new(&folder.file("n/run")).exists(), "nothing is written");
}
