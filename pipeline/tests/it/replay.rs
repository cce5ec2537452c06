//! `acoledger replay`: published results and our own, derived again.

use crate::command::{Folder, oracle};

#[test]
fn the_published_results_of_2023_replay() {
    let Some(file) = oracle("data/published/mssp_results_py2023.csv") else { return };
    let folder = Folder::new();
    let done = folder.run(&format!("replay {} --format json --out rows", file.display())).expect(0);
    let counts: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(counts["performance_year"], 2023);
    assert_eq!(counts["rows"], 453);
    assert_eq!(counts["unexplained"], 0);
    assert_eq!(folder.read("rows/replay.csv").lines().count(), 454);
    let page = folder.run(&format!("replay {}", file.display())).expect(0).stdout;
    assert!(page.contains("453 rows: ") && page.contains(" 0 unexplained"), "{page}");
}

#[test]
fn our_own_results_replay() {
    let Some(cases) = oracle("data/rates_cases") else { return };
    let folder = Folder::copy_of(&cases);
    folder.run("run study.toml").expect(0);
    let done = folder.run("replay run/savings_losses.csv").expect(0);
    assert!(done.stdout.contains("120 rows: "), "{}", done.stdout);
}

#[test]
fn a_changed_payment_is_found() {
    let Some(cases) = oracle("data/rates_cases") else { return };
    let folder = Folder::copy_of(&cases);
    folder.run("run study.toml").expect(0);
    let text = folder.read("run/savings_losses.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let earned = header.iter().position(|name| name == "EarnSaveLoss").unwrap();
    let mut rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let paid = rows.iter().position(|row| row[earned].parse::<f64>().unwrap() > 1000.0).unwrap();
    let changed = (&rows[paid][earned]).parse::<i64>().unwrap() + 5;
    rows[paid] = rows[paid]
        .iter()
        .enumerate()
        .map(|(i, cell)| if i == earned { changed.to_string() } else { cell.into() })
        .collect();
    let mut writer = csv::Writer::from_path(folder.file("changed.csv")).unwrap();
    writer.write_record(&header).unwrap();
    rows.iter().for_each(|row| writer.write_record(row).unwrap());
    writer.flush().unwrap();
    let done = folder.run("replay changed.csv").expect(1);
    assert!(done.stdout.contains("1 unexplained") && done.stdout.contains("Unexplained\n"), "{}", done.stdout);
}

#[test]
fn a_file_that_is_no_results_file() {
    let folder = Folder::new();
    folder.write("notes.csv", "a,b\n1,2\n");
    let done = folder.run("replay notes.csv").expect(2);
    assert!(done.stderr.starts_with("error: notes.csv"), "{}", done.stderr);
}
