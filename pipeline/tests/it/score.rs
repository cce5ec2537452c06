//! `acoledger score`: people in, scores out, as independent scorers have them; what is wrong is said with its place.

use crate::command::{Folder, oracle};
use expect_test::expect;

const HEADER: &str = "id,model,mapping_year,age,sex,orec,dual_code,dx\n";

/// The columns that the vectors share with the output.
const SHARED: [&str; 8] = [
    "vector_id",
    "segment",
    "raw_score",
    "demographic_score",
    "hccs",
    "payment_hcc_count",
    "interactions",
    "count_var",
];

fn shared_columns(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let places = SHARED.map(|name| header.iter().position(|column| column == name).unwrap());
    let row = |record: csv::StringRecord| places.iter().map(|at| record[*at].to_owned()).collect();
    reader.records().map(|record| row(record.unwrap())).collect()
}

#[test]
fn vectors_of_every_model_score_as_they_should() {
    let Some(root) = oracle("data/hcc") else { return };
    let folder = Folder::new();
    for model in ["v22", "v23", "v24", "v28", "esrd_v21", "esrd_v24"] {
        for family in ["vectors", "disagreements"] {
            let path = root.join(format!("{family}_{model}.csv"));
            let Ok(text) = std::fs::read_to_string(&path) else {
                println!("no vectors at {}", path.display());
                return;
            };
            let done = folder.run(&format!("score {}", path.display())).expect(0);
            assert_eq!(shared_columns(&done.stdout), shared_columns(&text), "{family} {model}");
        }
    }
}

#[test]
fn a_person_is_explained() {
    let folder = Folder::new();
    folder.write("people.csv", &format!("{HEADER}7,v28,2026,70,F,0,00,T86.40|I8500|E035|D66|Z00.00|X\n"));
    let done = folder.run("score people.csv --explain").expect(0);
    expect![[r#"
        id,segment,raw_score,demographic_score,hccs,payment_hcc_count,interactions,count_var,diagnoses,dropped,terms
        7,CNA,1.764,0.395,62|112|202,3,,D3,T86.40>62|I8500>63|E035>202|D66>112 by edit|Z00.00 not in v28|X malformed,62>63,F70_74=0.395|HCC62=0.376|HCC112=0.450|HCC202=0.543|D3=0.000
    "#]]
    .assert_eq(&done.stdout);
    assert!(done.stderr.contains("1 people; diagnoses: 4 in the person's model, 1 of valid form but not in it"));
    assert!(done.stderr.contains("1 diagnoses are no ICD-10 codes and score nothing"), "{}", done.stderr);
}

#[test]
fn model_and_year_may_be_given_for_all_rows() {
    let folder = Folder::new();
    folder.write("people.csv", "who,age,sex,orec,dual_code,dx\n\"a, b\",72,F,0,,E119\n");
    let done = folder.run("score people.csv --model v28 --year 2026 --format json").expect(0);
    assert!(done.stdout.contains(r#""raw_score": 0.561"#), "{}", done.stdout);
    let done = folder.run("score people.csv --model v28 --year 2026").expect(0);
    assert!(done.stdout.ends_with("\"a, b\",CNA,0.561,0.395,38,1,,D1\n"), "{}", done.stdout);
}

#[test]
fn parquet_goes_in_and_out() {
    let folder = Folder::new();
    folder.write("people.csv", &format!("{HEADER}007,v28,2026,72,F,0,00,E119\n"));
    folder.run("score people.csv --out scores.parquet").expect(0);
    // A scored table holds no age: read again as people it is refused, which shows that it is Parquet and what its columns are.
    let done = folder.run("score scores.parquet --model v28 --year 2026").expect(2);
    assert!(done.stderr.contains("scores.parquet, line 1, column `age`: the column is missing"), "{}", done.stderr);
}

#[test]
fn what_cannot_be_read_is_said_with_its_place() {
    let folder = Folder::new();
    folder.write(
        "people.csv",
        &format!("{HEADER}1,v28,2026,x,F,0,00,\n2,v29,2026,70,F,0,00,\n3,v28,2020,70,F,0,00,\n4,esrd_v24,2026,70,F,0,00,\n5,v28,2026,70,F,0,07,\n"),
    );
    let done = folder.run("score people.csv --out scores.csv").expect(2);
    expect![[r#"
        error: people.csv, line 2, column `age`: not an age from 0 to 130: `x`
        hint: completed years on 1 February of the payment year
        error: people.csv, line 3, column `model`: no such model: `v29`
        hint: v22, v23, v24, v28, esrd_v21, esrd_v24
        error: people.csv, line 4, column `mapping_year`: no diagnosis map of v28 for the year; the nearest is of 2022: `2020`
        hint: --map FILE takes a map in the form of data/reference/hcc/hcc_dx.csv
        error: people.csv, line 5, column `esrd_status`: esrd_v24 scores months on dialysis, transplant months 1 to 3, graft months from 4 on
        error: people.csv, line 6, column `dual_code`: no dual status code: `07`
        hint: 00 to 06, 08; blank: none
    "#]]
    .assert_eq(&done.stderr);
    assert!(!folder.file("scores.csv").exists());
}

#[test]
fn a_year_without_a_map_is_said_to_be_so_and_takes_a_file() {
    let folder = Folder::new();
    folder.write("people.csv", &format!("{HEADER}1,v24,2023,70,F,0,00,E119\n"));
    let done = folder.run("score people.csv").expect(0);
    assert!(done.stderr.contains("v24 2023: this program has no diagnosis map of the year"), "{}", done.stderr);
    folder.write("map.csv", "model,icd10,cc,first_py,last_py,source_id\nv24,E119,18,2023,2023,mine\n");
    let done = folder.run("score people.csv --map map.csv").expect(0);
    assert!(done.stdout.contains(",18,1,"), "{}", done.stdout);
    assert!(!done.stderr.contains("no diagnosis map"), "{}", done.stderr);
}

#[test]
fn a_table_that_says_two_things_is_refused_and_the_people_are_not_written_over() {
    let folder = Folder::new();
    folder.write("twice.csv", "id,model,mapping_year,age,sex,orec,dual_code,dx,age\n1,v28,2026,70,F,0,00,,90\n");
    let done = folder.run("score twice.csv").expect(2);
    assert!(done.stderr.contains("column `age` occurs twice"), "{}", done.stderr);
    folder.write("open.csv", &format!("{HEADER}1,v28,2026,72,F,0,00,\"E119\n2,v28,2026,72,F,0,00,E119\n"));
    let done = folder.run("score open.csv").expect(2);
    assert!(done.stderr.contains("open.csv, line 2: a cell of several lines"), "{}", done.stderr);
    folder.write("people.csv", &format!("{HEADER}1,v28,2026,72,F,0,00,E119\n"));
    let people = folder.read("people.csv");
    let done = folder.run("score people.csv --out ./people.csv").expect(2);
    assert!(done.stderr.contains("would take the place of the people"), "{}", done.stderr);
    assert_eq!(folder.read("people.csv"), people);
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_a_device_a_device() {
    let folder = Folder::new();
    folder.write("people.csv", &format!("{HEADER}1,v28,2026,72,F,0,00,E119\n")).write("scores.csv", "old");
    std::os::unix::fs::symlink("scores.csv", folder.file("link.csv")).unwrap();
    folder.run("score people.csv --out link.csv").expect(0);
    assert!(folder.file("link.csv").symlink_metadata().unwrap().is_symlink());
    assert!(folder.read("scores.csv").contains(",CNA,"), "{}", folder.read("scores.csv"));
}
