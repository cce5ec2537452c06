//! The tables as they stand: their counts, their hashes, their sources.

use crate::people::tables;
use acoledger_hcc::{Eligible, MapStatus, Model, Options, Record};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::Path;

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/reference/hcc")
}

fn rows(file: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(folder().join(file)).unwrap();
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn each_file_has_the_rows_and_the_hash_that_stand_in_the_list() {
    for table in rows("tables.csv") {
        let bytes = std::fs::read(folder().join(&table[0])).unwrap();
        let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((rows(&table[0]).len().to_string(), hash), (table[1].clone(), table[2].clone()), "{}", table[0]);
    }
}

#[test]
fn each_row_has_a_source() {
    let sources: BTreeSet<String> = rows("sources.csv").into_iter().map(|row| row[0].clone()).collect();
    for table in rows("tables.csv").iter().filter(|table| table[0] != "sources.csv") {
        for row in rows(&table[0]) {
            assert!(sources.contains(row.last().unwrap()), "{}: {row:?}", table[0]);
        }
    }
}

/// HCC.md 3, as printed there: payment HCCs, pairs of hierarchies, coefficients.
#[test]
fn counts_are_those_of_the_specification() {
    let printed = [
        ("v22", ["79", "57", "930"]),
        ("v23", ["83", "68", "958"]),
        ("v24", ["86", "72", "1039"]),
        ("v28", ["115", "149", "1237"]),
        ("esrd_v21", ["87", "87", "587"]),
        ("esrd_v24", ["86", "72", "902"]),
    ];
    let counted: Vec<(String, [String; 3])> = rows("hcc_model.csv")
        .into_iter()
        .map(|row| (row[0].clone(), [row[1].clone(), row[2].clone(), row[3].clone()]))
        .collect();
    let printed = printed.map(|(model, counts)| (model.to_owned(), counts.map(str::to_owned)));
    assert_eq!(counted, printed);
}

#[test]
fn years_without_a_map_are_said_to_be_so() {
    let status = |model, year| tables().scorer(model, year, Options::default()).unwrap().status();
    assert_eq!(status(Model::V24, 2022), MapStatus::Published);
    assert_eq!(status(Model::V24, 2023), MapStatus::Between(2022, 2025));
    assert_eq!(status(Model::EsrdV24, 2023), MapStatus::Nearest(2025));
    assert_eq!(status(Model::V22, 2016), MapStatus::Nearest(2017));
    assert_eq!(tables().map_years(Model::V23).collect::<Vec<_>>(), [2018, 2019]);
}

#[test]
fn a_given_map_stands_in_place_of_ours() {
    let header = "model,icd10,cc,first_py,last_py,source_id\n";
    let given = tables().with_maps("mine.csv", &format!("{header}v24,Z001,18,2023,2024,mine\n")).unwrap();
    let scorer = given.scorer(Model::V24, 2023, Options::default()).unwrap();
    assert_eq!(scorer.status(), MapStatus::Published);
    let person = crate::people::person(acoledger_hcc::Sex::Female, 70);
    let hccs = |dx: &str| crate::people::hccs(&scorer, &scorer.score(&person, crate::people::codes(dx)).unwrap());
    assert_eq!((hccs("Z001").as_str(), hccs("E119").as_str()), ("18", ""));
    // Other years stay as they were.
    assert_eq!(
        given
            .scorer(Model::V24, 2022, Options::default())
            .unwrap()
            .score(&person, crate::people::codes("E119"))
            .unwrap()
            .mapped,
        1
    );
    for (text, expected) in [
        ("v24,Z001,999,2023,2024,mine\n", "mine.csv, line 2: 999 is no payment HCC of v24"),
        ("v25,Z001,18,2023,2024,mine\n", "mine.csv, line 2: no such model: `v25`"),
        ("v24,Z-1,18,2023,2024,mine\n", "mine.csv, line 2: not an ICD-10 code: `Z-1`"),
        ("v24,Z001,18,2024,2023,mine\n", "mine.csv, line 2: years run backwards: 2024 to 2023"),
    ] {
        assert_eq!(tables().with_maps("mine.csv", &format!("{header}{text}")).unwrap_err().to_string(), expected);
    }
}

#[test]
fn claims_whose_diagnoses_count() {
    for (claim_type, bill, expected) in [
        (60, "11", Record::Always),
        (60, "41", Record::Always),
        (60, "18", Record::Never),
        (40, "13", Record::WithService),
        (40, "72", Record::Never),
        (40, "87", Record::WithService),
        (71, "", Record::WithService),
        (72, "", Record::WithService),
        (10, "32", Record::Never),
        (20, "21", Record::Never),
        (50, "81", Record::Never),
        (61, "11", Record::Never),
        (82, "", Record::Never),
    ] {
        assert_eq!(Record::of(claim_type, bill), expected, "{claim_type} {bill}");
    }
}

/// Counts of the lists, HCC.md 9.
#[test]
fn services_that_admit_diagnoses() {
    let eligible = Eligible::built_in().unwrap();
    assert_eq!(eligible.years(), (2023, 2026));
    let listed = |year| rows("hcc_hcpcs.csv").iter().filter(|row| eligible.admits(year, &row[0])).count();
    assert_eq!([2023, 2024, 2025, 2026, 2018, 2027].map(listed), [6645, 6696, 6724, 6792, 6645, 6792]);
    assert!(eligible.admits(2024, "99213") && !eligible.admits(2024, "A0428") && !eligible.admits(2024, ""));
}
