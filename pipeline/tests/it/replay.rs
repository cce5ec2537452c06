//! `acoledger replay`: published results and our own, derived again.

use crate::command::{Folder, oracle};
use expect_test::{expect, expect_file};

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
    let changed = rows[paid][earned].parse::<i64>().unwrap() + 5;
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

/// Every published file, in the order of the years.
const PUBLISHED: [&str; 11] = [
    "mssp_results_py2013.csv",
    "mssp_results_py2014.csv",
    "mssp_results_py2015.csv",
    "mssp_results_py2017.csv",
    "mssp_results_py2018.csv",
    "mssp_results_py2019.csv",
    "mssp_results_py2021.csv",
    "mssp_results_py2023.csv",
    "mssp_results_py2024.csv",
    "reach_results_py2021.csv",
    "reach_results_py2023.csv",
];

/// The table and the drawing on docs/src/replay.md are what the program prints.
#[test]
fn the_totals_on_the_page_are_current() {
    let Some(published) = oracle("data/published") else { return };
    let files: Vec<String> = PUBLISHED.iter().map(|file| published.join(file).display().to_string()).collect();
    let folder = Folder::new();
    let done = folder.run(&format!("replay --totals --plot totals.svg {}", files.join(" "))).expect(0);
    expect_file!["../../../docs/src/replay_totals.txt"].assert_eq(&done.stdout);
    expect_file!["../../../docs/src/replay_totals.svg"].assert_eq(&folder.read("totals.svg"));
}

#[test]
fn totals_are_sums_of_what_is_printed() {
    let folder = Folder::new();
    folder.write("2021.csv", REACH);
    let done = folder.run("replay 2021.csv --totals --format csv").expect(1);
    // 931,000 + 950,000; 837,900 + 855,000; 91,238.00 + 39,567.60 paid, nothing owed. One payment is wrong by ten cents.
    expect![[r"
        program,year,acos,lives,benchmark,spending,earned,owed
        REACH,2021,2,,1881000,1692900,130806,0
    "]]
    .assert_eq(&done.stdout);
    let done = folder.run("replay 2021.csv 2021.csv").expect(2);
    assert!(done.stderr.contains("several files are read with --totals only"), "{}", done.stderr);
}

const REACH: &str = "aco_id,perf_year,first_part_year,risk_arrangement,stop_loss,discount,retention_withhold,sav_rate,\
    final_benchmark,unadj_benchmark,tot_cost_care,tot_cost_care_net,gross_savings,shared_savings,shared_savings_seq,\
    cap_pmt,clm_pmt,qual_scr\n\
    D1,2021,2021,Global,No,2.0,0.0,10.0,931000.00,1000000.00,837900.00,837900.00,93100.00,93100.00,91238.00,0.00,\
    837900.00,100\n\
    D2,2021,2021,Professional,No,0.0,0.0,10.0,950000.00,1000000.00,855000.00,855000.00,95000.00,40375.10,39567.60,0.00,\
    855000.00,100\n";
