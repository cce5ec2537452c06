//! The workbook of a run, read back: its sheets hold the run's tables, its formulas the run's figures, its texts stay texts.

use crate::command::{Folder, oracle};
use calamine::{Data, Range, Reader, Xlsx, open_workbook};
use expect_test::expect;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::BufReader;

const SHEETS: [&str; 11] = [
    "Contents",
    "Statement",
    "Summary",
    "Settlement",
    "Benchmark",
    "Results",
    "Expected",
    "Findings",
    "Rules",
    "MSR bands",
    "Inputs",
];
/// Names that a spreadsheet would run, take for markup, a number, a truth or an error.
const NAMES: [&str; 6] = ["=1+1", "<b>bold</b> & \"more\"", "@cmd", "1e5", "TRUE", "#N/A"];

/// A workbook that was read back.
struct Book(Xlsx<BufReader<File>>);

impl Book {
    fn of(folder: &Folder, name: &str) -> Book {
        Book(open_workbook(folder.file(name)).unwrap())
    }

    fn values(&mut self, sheet: &str) -> Range<Data> {
        self.0.worksheet_range(sheet).unwrap()
    }

    fn formulas(&mut self, sheet: &str) -> Range<String> {
        self.0.worksheet_formula(sheet).unwrap()
    }
}

fn text(range: &Range<Data>, row: u32, column: u32) -> String {
    range.get_value((row, column)).map(ToString::to_string).unwrap_or_default()
}

/// A table of the run as CSV: headers and rows.
fn table(folder: &Folder, name: &str) -> (Vec<String>, Vec<BTreeMap<String, String>>) {
    let csv = folder.read(name);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let heads = reader.headers().unwrap().iter().map(str::to_owned).collect();
    (heads, reader.deserialize().map(Result::unwrap).collect())
}

/// Places of the lines of a sheet of blocks: by ACO-year and code.
fn lines(range: &Range<Data>) -> BTreeMap<(String, String), u32> {
    let (last, code) = (range.end().unwrap().0, range.end().unwrap().1);
    let place = |row: u32| ((text(range, row, 0), text(range, row, code)), row);
    (4..=last).map(place).filter(|((_, code), _)| !code.is_empty()).collect()
}

/// Every step of the walk stands on a sheet with the figure of the run: in the cell with the formula or input, and beside it.
/// Returns the names of steps that are no formula.
fn holds_every_step(folder: &Folder, book: &mut Book) -> BTreeSet<String> {
    let sheets = ["Settlement", "Benchmark"].map(|name| (book.values(name), book.formulas(name)));
    let places = sheets.each_ref().map(|(values, _)| lines(values));
    let mut values_only = BTreeSet::new();
    for step in table(folder, "run/benchmark.csv").1 {
        let period = if step["period"] == "full" { String::new() } else { format!("{} ", step["period"]) };
        let key = (format!("{} {period}{}", step["performance_year"], step["aco_id"]), step["step"].clone());
        let kinds = ["ESRD", "DIS", "AGDU", "AGND"];
        let kind = kinds.iter().position(|kind| *kind == step["enrollment_type"]);
        // The settlement has one column of amounts at E and the figure at G; the benchmark five at F and the figures at L.
        let cells = [(kind.is_none().then_some(4), 2), (Some(5 + kind.unwrap_or(4) as u32), 6)];
        let mut found = false;
        for (((values, formulas), places), (column, beside)) in sheets.iter().zip(&places).zip(cells) {
            let (Some(row), Some(column)) = (places.get(&key), column) else { continue };
            let want: f64 = step["value"].parse().unwrap();
            let Some(Data::Float(got)) = values.get_value((*row, column)) else { continue };
            assert_eq!(*got, want, "{key:?}");
            assert_eq!(values.get_value((*row, column + beside)), Some(&Data::Float(want)), "{key:?}");
            found = true;
            if formulas.get_value((*row, column)).is_none_or(String::is_empty) {
                values_only.insert(key.1.trim_end_matches(char::is_numeric).trim_end_matches("_BY").to_owned());
            }
        }
        assert!(found, "no line for {key:?}");
    }
    values_only
}

/// No line says that it differs, and lines that are checked are many.
fn agrees(book: &mut Book, checked: usize) {
    let mut checks = 0;
    for (sheet, column) in [("Settlement", 5), ("Benchmark", 10)] {
        let range = book.values(sheet);
        for row in 4..=range.end().unwrap().0 {
            let check = text(&range, row, column);
            assert!(check.is_empty() || check == "ok", "{sheet}, row {row}: {check}");
            checks += usize::from(check == "ok");
        }
    }
    assert!(checks > checked, "{checks} lines checked");
}

/// A small nation whose ACOs have names that no spreadsheet may run.
fn nation() -> Folder {
    let folder = Folder::new();
    folder.run("synth --lives 2000 --years 2023,2024 --raw lake --out nation").expect(0);
    let program = folder.read("nation/program/aco.csv");
    let mut reader = csv::Reader::from_reader(program.as_bytes());
    let heads = reader.headers().unwrap().clone();
    let name = heads.iter().position(|head| head == "aco_name").unwrap();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&heads).unwrap();
    for (row, at) in reader.records().map(Result::unwrap).zip(0..) {
        let cells = row
            .iter()
            .enumerate()
            .map(|(column, cell)| if column == name { NAMES[at % NAMES.len()].to_owned() } else { cell.to_owned() });
        writer.write_record(cells).unwrap();
    }
    folder.write("nation/program/aco.csv", &String::from_utf8(writer.into_inner().unwrap()).unwrap());
    folder.run("run nation/study.toml").expect(0);
    fs::rename(folder.file("nation/run"), folder.file("run")).unwrap();
    folder
}

#[test]
fn sheets_hold_the_tables_of_the_run() {
    let folder = nation();
    folder.run("report run --xlsx").expect(0);
    let mut book = Book::of(&folder, "run/report.xlsx");
    assert_eq!(book.0.sheet_names(), SHEETS);
    let (heads, rows) = table(&folder, "run/savings_losses.csv");
    let results = book.values("Results");
    assert_eq!(results.end().unwrap(), (3 + rows.len() as u32, heads.len() as u32 - 1));
    let mut names = BTreeSet::new();
    for (row, at) in rows.iter().zip(4..) {
        for (head, column) in heads.iter().zip(0..) {
            assert_eq!(text(&results, 3, column), *head);
            // CSV marks what a spreadsheet would run with an apostrophe; cells of a workbook are texts as they are.
            let want = row[head].strip_prefix('\'').unwrap_or(&row[head]);
            let got = results.get_value((at, column));
            let same = match got {
                Some(Data::Float(number)) => want.parse() == Ok(*number),
                _ => text(&results, at, column) == want,
            };
            assert!(same, "{head} of {}: {got:?}, not {want}", row["ACO_ID"]);
            if head == "ACO_Name" {
                assert!(matches!(got, Some(Data::String(_))), "{got:?}");
                names.insert(want.to_owned());
            }
        }
    }
    assert!(names.contains("=1+1") && names.contains("@cmd"), "{names:?}");
    let formulas = book.formulas("Results");
    assert!(formulas.is_empty() || formulas.used_cells().count() == 0, "results are values");
    let summary = book.values("Summary");
    let named: BTreeSet<String> = (5..=summary.end().unwrap().0).map(|row| text(&summary, row, 2)).collect();
    assert_eq!(named, names);
    holds_every_step(&folder, &mut book);
    agrees(&mut book, rows.len() * 40);
    let (inputs, rules) = (book.values("Inputs"), book.values("Rules"));
    assert!((4..=inputs.end().unwrap().0).any(|row| text(&inputs, row, 1) == "program/aco.csv"));
    assert!((4..=rules.end().unwrap().0).any(|row| text(&rules, row, 0) == "settle.sequestration"));
}

#[test]
fn the_same_run_makes_the_same_bytes() {
    let folder = nation();
    for name in ["a.xlsx", "b.xlsx"] {
        folder.run(&format!("report run --xlsx {name}")).expect(0);
    }
    assert!(fs::read(folder.file("a.xlsx")).unwrap() == fs::read(folder.file("b.xlsx")).unwrap());
    assert!(!folder.file("run/report.xlsx").exists());
}

/// Every rulebook, track and outcome; `make workbook-check` has LibreOffice calculate them.
#[test]
fn what_can_be_made_of_other_cells_is_a_formula() {
    let Some(cases) = oracle("data/rates_cases") else { return };
    let folder = Folder::copy_of(&cases);
    folder.run("run study.toml").expect(0);
    folder.run("report run --xlsx cases.xlsx").expect(0);
    let mut book = Book::of(&folder, "cases.xlsx");
    let values_only = holds_every_step(&folder, &mut book);
    agrees(&mut book, 5000);
    expect![[r#"
        B
        M
        acpt
        add_back
        adjustment
        demographic_ratio_continuously
        hcc_ratio_continuously
        market_share
        market_share_PY
        msr
        prior_savings_adjustment
        prior_savings_average
        proration
        ratio_newly
        recoupment
        regional_demographic_growth
        regional_hcc_growth
        regional_per_capita_
        regional_weight
        risk_ratio_PY
        termination_impact
    "#]]
    .assert_eq(&(values_only.into_iter().collect::<Vec<_>>().join("\n") + "\n"));
}

#[test]
fn rules_that_are_not_known_leave_values() {
    let folder = nation();
    let manifest = folder.read("run/manifest.json");
    let at = manifest.find("\"rules\"").unwrap();
    let other = manifest[at..].replacen("\"sha256\": \"", "\"sha256\": \"0", 1);
    folder.write("run/manifest.json", &(manifest[..at].to_owned() + &other));
    folder.run("report run --xlsx other.xlsx").expect(0);
    let mut book = Book::of(&folder, "other.xlsx");
    let values_only = holds_every_step(&folder, &mut book);
    assert!(values_only.contains("benchmark_before_adjustment") && !values_only.contains("gross_savings"));
    assert!(text(&book.values("Rules"), 1, 0).contains("are not those of the program"));
}

#[test]
fn a_run_without_results_is_refused() {
    let folder = Folder::new();
    folder.write("run/manifest.json", "{}");
    let said = folder.run("report run --xlsx").expect(2).stderr;
    assert!(said.starts_with("error: run: no ACO was settled\nhint: "), "{said}");
}
