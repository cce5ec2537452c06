//! A run against a results file: equal to itself; of several changes the first upstream is named; what is no such file.

use crate::command::{Folder, oracle};
use std::collections::BTreeMap;

type Row = BTreeMap<String, String>;

fn rows(text: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

/// `savings_losses.csv` with some cells of the n-th ACO changed.
fn changed(text: &str, changes: &[(usize, &str, &str)]) -> String {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&header).unwrap();
    for (at, record) in reader.records().enumerate() {
        let mut cells: Vec<String> = record.unwrap().iter().map(str::to_owned).collect();
        for (_, column, value) in changes.iter().filter(|change| change.0 == at) {
            cells[header.iter().position(|name| name == *column).unwrap()] = (*value).to_owned();
        }
        writer.write_record(&cells).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

fn cases() -> Option<Folder> {
    let folder = Folder::copy_of(&oracle("data/rates_cases")?);
    folder.run("run study.toml").expect(0);
    Some(folder)
}

#[test]
fn a_run_ties_out_with_itself() {
    let Some(folder) = cases() else { return };
    let done = folder.run("tieout study.toml run/savings_losses.csv --out tie").expect(0);
    assert!(done.stdout.contains("120 ACOs in both, 120 equal in all columns, 0 not"), "{}", done.stdout);
    let rows = rows(&folder.read("tie/tieout.csv"));
    // Half-years of 2019 find their own rows.
    assert!(rows.iter().all(|row| row["outcome"] == "equal" && row["first_difference"].is_empty()));
    assert!(rows.len() > 120 * 80, "{}", rows.len());
}

#[test]
fn the_first_difference_is_the_one_furthest_up() {
    let Some(folder) = cases() else { return };
    let own = folder.read("run/savings_losses.csv");
    let changes = [
        // Payment, benchmark and person years of one ACO: the person years come first.
        (0, "EarnSaveLoss", "1"),
        (0, "HistBnchmk", "1"),
        (0, "N_AB_Year_DIS_PY", "999999"),
        // A payment alone.
        (1, "EarnSaveLoss", "1"),
        // Half a dollar of rounding is none of ours: the same number printed with decimals.
        (2, "Per_Capita_Exp_TOTAL_PY", "*"),
        (3, "N_AB", "7"),
    ];
    folder.write("theirs.csv", &changed(&own, &changes));
    let done = folder.run("tieout run theirs.csv").expect(1);
    assert!(done.stdout.contains("120 ACOs in both, 117 equal in all columns, 3 not"), "{}", done.stdout);
    let ours = rows(&own);
    let tied = rows(&folder.read("run/tieout.csv"));
    let of = |at: usize, column: &str| {
        let mine = &ours[at];
        let same = |row: &&Row| {
            row["aco_id"] == mine["ACO_ID"]
                && row["performance_year"] == mine["performance_year"]
                && row["period"] == mine["period"]
                && row["column"] == column
        };
        tied.iter().find(same).unwrap()
    };
    assert_eq!(of(0, "EarnSaveLoss")["first_difference"], "N_AB_Year_DIS_PY");
    assert_eq!(of(0, "EarnSaveLoss")["outcome"], "differs");
    assert_eq!(of(0, "N_AB")["outcome"], "equal");
    assert_eq!(of(1, "HistBnchmk")["first_difference"], "EarnSaveLoss");
    let by = ours[1]["EarnSaveLoss"].parse::<f64>().unwrap() - 1.0;
    assert_eq!(of(1, "EarnSaveLoss")["difference"].parse::<f64>().unwrap(), by);
    assert_eq!(of(2, "Per_Capita_Exp_TOTAL_PY")["outcome"], "withheld");
    assert_eq!((of(3, "N_AB")["outcome"].as_str(), of(3, "N_AB")["tolerance"].as_str()), ("differs", "0"));
    let one = folder.run(&format!("tieout run theirs.csv --aco {}", ours[3]["ACO_ID"])).expect(1);
    assert!(one.stdout.contains("differs, first"), "{}", one.stdout);
}

#[test]
fn other_acos_absent_columns_and_other_files_are_told() {
    let Some(folder) = cases() else { return };
    let own = folder.read("run/savings_losses.csv");
    // One ACO under another name, one column gone.
    folder.write("theirs.csv", &changed(&own, &[(5, "ACO_ID", "A0000")]).replacen("HistBnchmk", "Other", 1));
    let done = folder.run("tieout run theirs.csv --out tie").expect(0);
    assert!(done.stdout.contains("119 ACOs in both, 119 equal"), "{}", done.stdout);
    assert!(done.stdout.contains("In the file alone: A0000"), "{}", done.stdout);
    assert!(done.stdout.contains("Columns that the file does not have: HistBnchmk"), "{}", done.stdout);
    folder.write("no.csv", "a,b\n1,2\n");
    let failed = folder.run("tieout run no.csv").expect(2);
    assert!(failed.stderr.contains("has no column `ACO_ID`"), "{}", failed.stderr);
    folder.write("text.csv", &changed(&own, &[(0, "N_AB", "many")]));
    let failed = folder.run("tieout run text.csv").expect(2);
    assert!(failed.stderr.contains("not a number") && failed.stderr.contains("many"), "{}", failed.stderr);
}

#[test]
fn every_published_file_is_read() {
    let Some(published) = oracle("data/published") else { return };
    let Some(folder) = cases() else { return };
    let mut files = 0;
    for entry in std::fs::read_dir(published).unwrap() {
        let path = entry.unwrap().path();
        if !path.file_name().unwrap().to_str().unwrap().starts_with("mssp_results") {
            continue;
        }
        files += 1;
        // Hardly an invented ACO has the number of a real one: the file is read to its end, then there is little to compare.
        let done = folder.run(&format!("tieout run {} --out tie", path.display()));
        let read = done.exit == 1 || (done.exit == 2 && done.stderr.contains("nothing to compare"));
        assert!(read, "{}: {}", path.display(), done.show());
    }
    assert!(files >= 9, "{files}");
}
