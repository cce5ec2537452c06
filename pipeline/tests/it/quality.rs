//! Quality of the data: wrong rows are counted with their dollars and lives, named when asked, and stop a run when the study says so.

use crate::command::Folder;

/// A nation in which some rows of 2023 are wrong: lines that end before they begin, lines paid above what is allowed.
fn nation() -> Folder {
    let folder = Folder::new();
    folder.run("synth --lives 500 --years 2023 --raw csv --out .").expect(0);
    let text = folder.read("raw/carrier_2023.csv");
    let header: Vec<&str> = text.lines().next().unwrap().split('|').collect();
    let at = |name: &str| header.iter().position(|of| *of == name).unwrap_or_else(|| panic!("no {name}"));
    let (first, paid, allowed) = (at("LINE_1ST_EXPNS_DT"), at("LINE_NCH_PMT_AMT"), at("LINE_ALOWD_CHRG_AMT"));
    let rows = text.lines().enumerate().map(|(row, line)| {
        let mut cells: Vec<&str> = line.split('|').collect();
        match row {
            100..140 => cells[first] = "31-Dec-2023",
            200..203 => (cells[paid], cells[allowed]) = ("30.00", "20.00"),
            _ => {}
        }
        cells.join("|") + "\n"
    });
    folder.write("raw/carrier_2023.csv", &rows.collect::<String>());
    folder
}

#[test]
fn wrong_rows_are_counted_and_named_when_asked() {
    let folder = nation();
    folder.run("ingest study.toml").expect(0);
    let done = folder.run("check study.toml --format csv").expect(0);
    let row = |text: &str, key: &str| -> Vec<String> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let found = reader.records().map(|row| row.unwrap()).find(|row| &row[0] == "quality" && &row[1] == key);
        found.unwrap_or_else(|| panic!("no {key} in {text}")).iter().map(str::to_owned).collect()
    };
    let dates = row(&done.stdout, "line_dates");
    assert_eq!((dates[2].as_str(), dates[3].as_str()), ("outside", "warning"), "{dates:?}");
    assert!(matches!(dates[5].parse::<u64>(), Ok(38..=40)), "some may be of 31 December: {dates:?}");
    let above = row(&done.stdout, "line_above_allowed");
    assert_eq!((above[2].as_str(), above[5].as_str(), above[6].as_str()), ("ok", "3", "90.00"), "{above:?}");
    assert!(dates.last().unwrap().is_empty(), "{dates:?}");
    for key in ["life_twice_in_a_year", "revenue_without_claim", "enrollment_code", "line_code", "person_changed"] {
        assert_eq!(row(&done.stdout, key)[5], "0", "{key}");
    }
    let done = folder.run("check study.toml --examples 2").expect(0);
    let named = done
        .stdout
        .lines()
        .filter(|line| line.starts_with("  carrier 2023, claim ") && line.contains("from 2023-12-31 to"));
    assert_eq!(named.count(), 2, "{}", done.stdout);
}

#[test]
fn a_study_says_what_stops_a_run() {
    let folder = nation();
    let study = folder.read("study.toml");
    folder.write("study.toml", &format!("{study}\n[limits.quality]\nline_dates = 0.00001\nline_large = 0.5\n"));
    let done = folder.run("run study.toml").expect(2);
    assert!(
        done.stderr.contains("`line_dates`: ") && done.stderr.contains("where the study bears 0 to"),
        "{}",
        done.stderr
    );
    assert!(!done.stderr.contains("line_large"), "{}", done.stderr);
    assert!(!folder.file("run").exists() && folder.file("lake/manifest.json").exists());
    assert!(folder.run("check study.toml").expect(1).stdout.contains("WRONG"));
    folder.write("study.toml", &format!("{study}\n[limits.quality]\nline_dates = 0.01\n"));
    folder.run("run study.toml").expect(0);
    folder.write("study.toml", &format!("{study}\n[limits.quality]\nline_date = 0.01\n"));
    let error = folder.run("run study.toml").expect(2).stderr;
    assert!(error.contains("no check `line_date`") && error.contains("line_dates"), "{error}");
    folder.write("study.toml", &format!("{study}\n[limits.quality]\nline_dates = 2.0\n"));
    folder.run("run study.toml").expect(2);
}
