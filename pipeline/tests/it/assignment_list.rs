//! An ACO's list in the columns of CMS's report: the lives of the run's assignment, and what their records say.

use crate::command::{Folder, oracle};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

type Row = BTreeMap<String, String>;

fn rows(path: &Path, delimiter: u8) -> Vec<Row> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_path(path).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

/// Codes of the report by enrollment type.
const CODES: [(&str, &str); 4] = [("ESRD", "1"), ("DIS", "2"), ("AGDU", "3"), ("AGND", "4")];

/// Months that carry money, by life: the code of their type.
fn paid_months(person_year: &Path, year: &str) -> BTreeMap<(String, u32), &'static str> {
    let mut months = BTreeMap::new();
    for row in rows(person_year, b',').into_iter().filter(|row| row["calendar_year"] == year) {
        let mask: u32 = row["months_mask"].parse().unwrap();
        let code = CODES.iter().find(|(kind, _)| *kind == row["enrollment_type"]).unwrap().1;
        months.extend((0..12).filter(|at| mask >> at & 1 == 1).map(|at| ((row["bene_id"].clone(), at + 1), code)));
    }
    months
}

/// Every list of a performance year; compared with `assignment` and `person_year`. Returns all rows by ACO.
fn lists(
    folder: &Folder,
    study: &str,
    assignment: &Path,
    person_year: &Path,
    year: &str,
) -> BTreeMap<String, Vec<Row>> {
    let of_year = |row: &Row| row["performance_year"] == year && row["calendar_year"] == year;
    let assigned: Vec<Row> = rows(assignment, b',').into_iter().filter(of_year).collect();
    let months = paid_months(person_year, year);
    let acos: BTreeSet<String> = assigned.iter().map(|row| row["aco_id"].clone()).collect();
    let mut all = BTreeMap::new();
    for aco in acos {
        folder.run(&format!("assignment-list {study} --aco {aco} --year {year} --out list.csv")).expect(0);
        let list = rows(&folder.file("list.csv"), b',');
        let mut own: Vec<&Row> = assigned.iter().filter(|row| row["aco_id"] == aco).collect();
        own.sort_by_key(|row| &row["bene_id"]);
        assert_eq!(list.len(), own.len(), "{aco}");
        for (row, own) in list.iter().zip(own) {
            assert_eq!(row["BENE_MBI_ID"], own["bene_id"]);
            let flags = (row["IN_VA_MAX"].as_str(), row["CBA_FLAG"].as_str());
            let expected = match own["basis"].as_str() {
                "claims" => ("0", "1"),
                "voluntary" => ("1", "0"),
                _ => ("1", "1"),
            };
            assert_eq!(flags, expected, "{own:?}");
            assert_eq!(row["ASSIGNMENT_TYPE"], own["step"]);
            assert_eq!(row.contains_key("GHP_EXCLUDED"), own["window"] == "prospective", "{own:?}");
            for month in 1..=12 {
                let flag = &row[&format!("EnrollFlag{month}")];
                if let Some(code) = months.get(&(own["bene_id"].clone(), month)) {
                    assert_eq!(flag, code, "month {month} of {own:?}");
                }
            }
        }
        all.insert(aco, list);
    }
    all
}

#[test]
fn lists_of_a_world_hold_its_assignment_and_its_records() {
    let Some(world) = oracle("data/worlds/w1") else { return };
    let folder = Folder::copy_of(&world);
    folder.run("cells study.toml").expect(0);
    let (assignment, person_year) = (folder.file("expected/assignment.csv"), folder.file("expected/person_year.csv"));
    let lists = lists(&folder, "study.toml", &assignment, &person_year, "2023");
    let records = rows(&folder.file("raw/beneficiary_2023.csv"), b'|');
    let records: BTreeMap<&str, &Row> = records.iter().map(|row| (row["BENE_ID"].as_str(), row)).collect();
    let designations = rows(&folder.file("program/voluntary_alignment.csv"), b',');
    let mut seen = BTreeSet::new();
    for row in lists.values().flatten() {
        let id = row["BENE_MBI_ID"].as_str();
        let record = records[id];
        assert_eq!(row["BENE_SEX_CD"], record["SEX_IDENT_CD"]);
        assert_eq!(day(&row["BENE_BRTH_DT"]), record["BENE_BIRTH_DT"]);
        assert_eq!(day(&row["BENE_DEATH_DT"]), record["BENE_DEATH_DT"]);
        assert!(row["STATE_COUNTY_CD"].is_empty(), "the world's counties are FIPS, the column is SSA");
        let dies = if row["BENE_DEATH_DT"].is_empty() { 12 } else { row["BENE_DEATH_DT"][..2].parse().unwrap() };
        for month in 1..=12 {
            let code = |name: &str| record[&format!("{name}_{month:02}")].as_str();
            let both = ["3", "C"].contains(&code("MDCR_ENTLMT_BUYIN_IND"));
            let plan = ["1", "2", "A", "B", "C"].contains(&code("HMO_IND"));
            let counts = both && !plan && month <= dies;
            let flag = row[&format!("EnrollFlag{month}")].as_str();
            assert_eq!(flag != "0", counts, "month {month} of {id}");
            seen.insert(flag.to_owned());
        }
        let mut own = designations.iter().filter(|designation| designation["bene_id"] == id);
        match (row["IN_VA_MAX"].as_str(), row["VA_TIN"].as_str()) {
            ("1", tin) => assert!(
                own.any(|one| one["designee_tin"] == tin && one["designee_npi"] == row["VA_NPI"]),
                "{id}: {tin}"
            ),
            (_, tin) => assert_eq!(tin, ""),
        }
    }
    assert_eq!(seen.len(), 5, "a world has months of every kind: {seen:?}");
}

/// `01/16/1948` as the world's raw files write it: `16-Jan-1948`.
fn day(text: &str) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let parts: Vec<&str> = text.split('/').collect();
    let [month, day, year] = parts.as_slice() else { return String::new() };
    format!("{day}-{}-{year}", MONTHS[month.parse::<usize>().unwrap() - 1])
}

#[test]
fn a_list_knows_the_one_before_and_has_the_columns_of_the_report() {
    let folder = Folder::new();
    folder.run("synth --lives 600 --raw lake --out n").expect(0);
    let missing = folder.run("assignment-list n/study.toml --aco A9999").expect(2);
    assert!(missing.stderr.contains("A9999") || missing.stderr.contains("--year"), "{}", missing.stderr);
    folder.run("cells n/study.toml --csv").expect(0);
    let assignment = folder.file("n/run/assignment.csv");
    let all = rows(&assignment, b',');
    let year = all.iter().map(|row| row["performance_year"].clone()).max().unwrap();
    let lists = lists(&folder, "n/study.toml", &assignment, &folder.file("n/run/person_year.csv"), &year);
    let before = (year.parse::<i32>().unwrap() - 1).to_string();
    let mut known = BTreeSet::new();
    for (aco, row) in lists.iter().flat_map(|(aco, list)| list.iter().map(move |row| (aco, row))) {
        let on = |performance_year: &str| {
            all.iter().any(|own| {
                own["performance_year"] == performance_year
                    && own["calendar_year"] == before
                    && own["bene_id"] == row["BENE_MBI_ID"]
                    && own["aco_id"] == *aco
            })
        };
        let earlier = all.iter().any(|own| own["performance_year"] == before);
        match row["ASSIGNED_BEFORE"].as_str() {
            "" => assert!(!earlier, "{aco}: the study has the list of {before}"),
            flag => assert_eq!(flag == "1", on(if earlier { &before } else { &year }), "{aco} {row:?}"),
        }
        known.insert(row["ASSIGNED_BEFORE"].clone());
        assert_eq!((row["BENE_1ST_NAME"].as_str(), row["HCC_COL_120"].as_str()), ("", ""));
    }
    assert!(known.contains("1") && known.contains("0"), "{known:?}");
    let (aco, list) = lists.iter().max_by_key(|(_, list)| list.len()).unwrap();
    let head = folder.run(&format!("assignment-list n/study.toml --aco {aco} --year {year}")).expect(0).stdout;
    assert!(head.starts_with("BENE_MBI_ID,BENE_HIC_NUM,BENE_1ST_NAME,BENE_LAST_NAME,BENE_SEX_CD,"), "{head}");
    assert!(head.lines().next().unwrap().ends_with(",LTI_STATUS,BENE_RACE_CD,BENE_PSNYRS_DUAL"));
    assert_eq!(head.lines().count(), list.len() + 1);
    let page = folder.run(&format!("assignment-list n/study.toml --aco {aco} --year {year} --format table")).expect(0);
    assert!(!page.stdout.contains("HCC_COL_1"), "a page leaves blank columns out");

    // Other rules than those of the run: its lists would be told under conditions that they were not made of.
    let study = folder.read("n/study.toml");
    folder.write("n/study.toml", &(study + "\n[rules]\n\"enroll.dual.codes\" = [\"02\"]\n"));
    let refused = folder.run(&format!("assignment-list n/study.toml --aco {aco} --year {year}")).expect(2);
    assert!(refused.stderr.contains("made under other rules"), "{}", refused.stderr);
}
