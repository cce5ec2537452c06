//! Scores of a study from the diagnoses of its claims, through the program.

use crate::command::Folder;
use std::collections::BTreeMap;

type Row = BTreeMap<String, String>;

fn rows(folder: &Folder, file: &str) -> Vec<Row> {
    let text = folder.read(file);
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(Result::unwrap).collect()
}

fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column}: {row:?}"))
}

/// A nation without `risk_score`.
fn nation() -> Folder {
    let folder = Folder::new();
    folder.run("synth --lives 1000 --years 2024 --raw csv --out demo").expect(0);
    let study = folder.read("demo/study.toml").replace("shards = 64", "shards = 8");
    folder.write("demo/study.toml", &study);
    for table in ["csv", "parquet"] {
        let _ = std::fs::remove_file(folder.file(&format!("demo/program/risk_score.{table}")));
    }
    folder
}

#[test]
fn a_nation_is_settled_from_its_diagnoses() {
    let folder = nation();
    let done = folder.run("run demo/study.toml").expect(0);
    assert!(
        done.stdout.contains("risk: calendar years scored as if nobody lived in an institution"),
        "{}",
        done.stdout
    );

    // Renormalised (M.C.1.3): over the counties the mean is 1, in every year and type.
    let mut means: BTreeMap<(String, String), (f64, f64)> = BTreeMap::new();
    for row in rows(&folder, "demo/run/rates/county.csv") {
        if row["window"] == "retrospective" && !row["hcc_score"].is_empty() {
            let mean = means.entry((row["calendar_year"].clone(), row["enrollment_type"].clone())).or_default();
            mean.0 += number(&row, "person_years") * number(&row, "hcc_score");
            mean.1 += number(&row, "person_years");
        }
    }
    assert_eq!(means.len(), 4 * 4, "{means:?}");
    for (key, (sum, years)) in &means {
        assert!((sum / years - 1.0).abs() < 1e-9, "{key:?}: {}", sum / years);
    }

    let detail = rows(&folder, "demo/run/risk_detail.csv");
    let of = |row: &Row| ["performance_year", "aco_id", "calendar_year", "enrollment_type"].map(|key| row[key].clone());
    let mut parts: BTreeMap<_, BTreeMap<&str, (f64, f64)>> = BTreeMap::new();
    for row in &detail {
        let sums = parts.entry(of(row)).or_default().entry(row["part"].as_str()).or_default();
        sums.0 += number(row, "person_years");
        sums.1 += number(row, "person_years") * row["hcc_score"].parse().unwrap_or(0.0);
    }
    let near = |a: (f64, f64), b: (f64, f64)| (a.0 - b.0).abs() < 1e-6 && (a.1 - b.1).abs() < 1e-6;
    let (mut turned, mut prevalent) = (0, 0);
    for (key, parts) in &parts {
        assert!(near(parts["all"], parts["segment"]), "{key:?}: {parts:?}");
        if let Some(stayed) = parts.get("stayed") {
            let others = parts.get("joined").or(parts.get("left")).copied().unwrap_or_default();
            assert!(near(parts["all"], (stayed.0 + others.0, stayed.1 + others.1)), "{key:?}: {parts:?}");
            turned += 1;
        }
        prevalent += usize::from(parts.contains_key("hcc"));
    }
    assert!(turned > 20 && prevalent > 40, "{turned} {prevalent}");
    let nation =
        detail.iter().find(|row| row["aco_id"].is_empty() && row["part"] == "all" && row["enrollment_type"] == "AGND");
    assert_eq!(nation.map(|row| row["hcc_renormalised"].as_str()), Some("1"));

    // An ACO's mean is that of its rates.
    let mut compared = 0;
    for rate in rows(&folder, "demo/run/rates/aco_year.csv").iter().filter(|row| !row["hcc_score"].is_empty()) {
        let row = detail.iter().find(|row| row["part"] == "all" && of(row) == of(rate));
        let own = number(row.expect("every ACO with scores has its detail"), "hcc_renormalised");
        assert!((own - number(rate, "hcc_score")).abs() < 1e-9, "{rate:?}");
        compared += 1;
    }
    assert!(compared > 20, "{compared}");

    // The cap binds where it is reached, and takes.
    let caps = rows(&folder, "demo/run/risk_cap.csv");
    assert_eq!(caps.len(), rows(&folder, "demo/run/savings_losses.csv").len());
    for row in &caps {
        let effect = number(row, "gross_savings_cents") - number(row, "uncapped_gross_savings_cents");
        assert_eq!(effect, number(row, "benchmark_effect_cents"));
        assert_eq!(row["binds"] == "1", effect != 0.0);
        assert!(effect <= 0.0, "{row:?}");
    }

    // A run up to the cells makes none, and says no year that it does not need.
    let run = folder.bytes("demo/run");
    folder.run("cells demo/study.toml --out demo/cells").expect(0);
    assert_eq!(folder.read("demo/cells/cells/risk.csv").lines().count(), 1);
    folder.run("run demo/study.toml").expect(0);
    assert_eq!(folder.bytes("demo/run"), run, "nothing was to be done again");
}

#[test]
fn scores_from_diagnoses_need_the_year_before() {
    let folder = nation();
    let first = std::fs::read_dir(folder.file("demo/raw"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let first = first.filter(|name| name.starts_with("beneficiary_")).min().expect("enrollment");
    std::fs::remove_file(folder.file(&format!("demo/raw/{first}"))).unwrap();
    let done = folder.run("run demo/study.toml").expect(2);
    let year = &first["beneficiary_".len()..][..4];
    assert!(done.stderr.contains(&format!("enrollment of {year} is missing")), "{}", done.stderr);
    assert!(done.stderr.contains("program file risk_score or rule risk.source"), "{}", done.stderr);
    assert!(!folder.file("demo/run").exists());
    let needs = folder.run("run --dry-run demo/study.toml --format csv").expect(1).stdout;
    assert!(needs.contains("file,program/risk_score,absent"), "{needs}");
}

#[test]
fn given_scores_are_compared_with_those_of_diagnoses() {
    let folder = Folder::new();
    folder.run("synth --lives 500 --years 2024 --raw csv --out demo").expect(0);
    let study = folder.read("demo/study.toml").replace("shards = 64", "shards = 8");
    folder.write("demo/study.toml", &study);
    folder.run("run demo/study.toml").expect(0);
    let settled = folder.read("demo/run/savings_losses.csv");
    assert_eq!(folder.read("demo/run/cells/risk_compared.csv").lines().count(), 1);
    folder.write("demo/study.toml", &format!("{study}\n[rules]\n\"risk.compare\" = \"yes\"\n"));
    folder.run("run demo/study.toml").expect(0);
    assert_eq!(folder.read("demo/run/savings_losses.csv"), settled, "the given ones stay the study's");
    let rows = rows(&folder, "demo/run/cells/risk_compared.csv");
    assert!(rows.len() > 16, "{}", rows.len());
    for row in &rows {
        let months = |column: &str| number(row, column);
        assert!(months("both_months") <= months("given_months") && months("equal_months") <= months("both_months"));
        assert!(months("apart_milli_months") >= (months("given_milli_months") - months("made_milli_months")).abs());
    }
}
