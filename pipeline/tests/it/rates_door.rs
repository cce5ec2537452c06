//! A study at the rates door, end to end: the invented ACO-years of `rates_cases` through the program.

use crate::command::{Folder, oracle};
use std::collections::BTreeMap;

type Rows = BTreeMap<[String; 3], BTreeMap<String, String>>;

fn rows(text: &str, aco: &str) -> Rows {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader
        .deserialize::<BTreeMap<String, String>>()
        .map(|row| {
            let row = row.unwrap();
            (["performance_year", "period", aco].map(|column| row[column].clone()), row)
        })
        .collect()
}

/// Published column, expected column, factor, digits printed: as `rates_cases/check.py` compares them.
const COLUMNS: [(&str, &str, f64, i32); 11] = [
    ("HistBnchmk", "hist_benchmark", 1.0, 0),
    ("UpdatedBnchmk", "updated_benchmark", 1.0, 0),
    ("ABtotBnchmk", "total_benchmark", 1.0, 0),
    ("ABtotExp", "total_expenditure", 1.0, 0),
    ("BnchmkMinExp", "benchmark_minus_expenditure", 1.0, 0),
    ("Sav_rate", "savings_rate", 100.0, 2),
    ("MinSavPerc", "msr", 100.0, 2),
    ("GenSaveLoss", "generated", 1.0, 0),
    ("FinalShareRate", "final_sharing_rate", 100.0, 2),
    ("FinalLossRate", "final_loss_rate", 100.0, 2),
    ("EarnSaveLoss", "earned", 1.0, 0),
];

#[test]
fn every_case_comes_out_as_expected() {
    let Some(cases) = oracle("data/rates_cases") else { return };
    let folder = Folder::copy_of(&cases);
    folder.run("run study.toml").expect(0);
    let got = rows(&folder.read("run/savings_losses.csv"), "ACO_ID");
    let want = rows(&folder.read("expected.csv"), "aco_id");
    assert_eq!(got.keys().collect::<Vec<_>>(), want.keys().collect::<Vec<_>>());
    let mut wrong = Vec::new();
    for (key, want) in &want {
        let got = &got[key];
        for (column, expected, factor, digits) in COLUMNS {
            let (text, want) = (&got[column], &want[expected]);
            let half = 0.5 * 10f64.powi(-digits) + 1e-9;
            let same = match (text.parse::<f64>(), want.parse::<f64>()) {
                (Ok(got), Ok(want)) => (got - want * factor).abs() <= half,
                (Err(_), Err(_)) => text.is_empty() && want.is_empty(),
                _ => false,
            };
            if !same {
                wrong.push(format!("{key:?} {column}: {text}, expected {want} x {factor}"));
            }
        }
        for column in ["gross_savings_cents", "earned_cents"] {
            if got[column] != want[column] {
                wrong.push(format!("{key:?} {column}: {}, expected {}", got[column], want[column]));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn outputs_are_whole_and_check_finds_nothing_wrong() {
    let Some(cases) = oracle("data/rates_cases") else { return };
    let folder = Folder::copy_of(&cases);
    folder.run("run study.toml").expect(0);
    for file in
        ["savings_losses.csv", "savings_losses.parquet", "benchmark.csv", "benchmark.parquet", "rates/county.parquet"]
    {
        assert!(folder.file("run").join(file).is_file(), "{file}");
    }
    let manifest: serde_json::Value = serde_json::from_str(&folder.read("run/manifest.json")).unwrap();
    let inputs = manifest["inputs"].as_array().unwrap();
    assert_eq!(inputs.len(), 10, "{inputs:?}");
    assert!(inputs.iter().all(|input| input["sha256"].as_str().unwrap().len() == 64));
    let checked = folder.run("check study.toml --format csv").expect(0).stdout;
    assert!(checked.contains("figure,type_share AGND,ok,warning,"), "{checked}");
    let given =
        "figure,renormalised_mean,not available,error,0,0,,,,,the run did not start from claims: it has no cells";
    assert!(checked.contains(given), "{checked}");

    let csv = folder.file("run/savings_losses.csv");
    std::fs::write(&csv, folder.read("run/savings_losses.csv").replacen("full", "h1", 1)).unwrap();
    let done = folder.run("check study.toml --format csv").expect(1);
    assert!(done.stdout.contains("savings_losses.csv: content changed"), "{}", done.stdout);
}

#[test]
fn explain_prints_the_walk_of_one_aco() {
    let Some(cases) = oracle("data/rates_cases") else { return };
    let folder = Folder::copy_of(&cases);
    folder.run("run study.toml").expect(0);
    let text = folder.read("run/savings_losses.csv");
    let results = rows(&text, "ACO_ID");
    let [year, _, aco] = results.keys().last().unwrap();
    let page = folder.run(&format!("explain study.toml --aco {aco} --year {year}")).expect(0).stdout;
    assert!(page.starts_with(&format!("{aco}, performance year {year}")), "{page}");
    assert!(page.contains("earned (owed when negative) $"), "{page}");
    assert!(page.lines().all(|line| line.chars().count() <= 110), "{page}");
    for title in
        ["Base years, trended to BY3", "Historical benchmark", "Update", "Dollars", "From the historical benchmark to"]
    {
        assert!(page.contains(title), "no `{title}` in\n{page}");
    }
    assert!(page.contains("42 CFR 425."), "{page}");
    let long = folder.run(&format!("explain study.toml --aco {aco} --year {year} --arithmetic")).expect(0).stdout;
    assert!(long.lines().count() > page.lines().count() && long.contains("      DIS  = "), "{long}");
    let json = folder.run(&format!("explain study.toml --aco {aco} --year {year} --format json")).expect(0).stdout;
    let rows: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    let walk = folder.read("run/benchmark.csv");
    let steps = walk.lines().filter(|line| line.starts_with(&format!("{year},")) && line.contains(&format!(",{aco},")));
    assert_eq!(rows.len(), steps.count() + 10);
    let done = folder.run("explain study.toml --aco NOBODY").expect(2);
    assert!(done.stderr.contains("no benchmark of NOBODY in this run"), "{}", done.stderr);
}

#[test]
fn results_go_to_standard_output_as_asked() {
    let Some(cases) = oracle("data/rates_cases") else { return };
    let folder = Folder::copy_of(&cases);
    let csv = folder.run("run study.toml --format csv").expect(0).stdout;
    assert_eq!(csv, folder.read("run/savings_losses.csv"));
    let json = folder.run("run study.toml --format json").expect(0).stdout;
    let json: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert_eq!(json.len(), csv.lines().count() - 1);
    let page = folder.run("run study.toml").expect(0).stdout;
    assert!(page.lines().all(|line| line.chars().count() <= 100), "{page}");
    for word in ["Performance year 2023", "Largest savings", "Largest losses", "track", "Files in run"] {
        assert!(page.contains(word), "no `{word}` in\n{page}");
    }
}

#[test]
fn marginal_prints_and_writes_every_aco() {
    let Some(cases) = oracle("data/rates_cases") else { return };
    let folder = Folder::copy_of(&cases);
    folder.run("run study.toml").expect(0);
    let text = folder.run("marginal study.toml --format csv").expect(0).stdout;
    assert!(folder.file("run/marginal.parquet").is_file());
    let acos = |text: &str| {
        text.lines()
            .skip(1)
            .map(|line| line.splitn(4, ',').take(3).collect::<Vec<_>>().join(","))
            .collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(acos(&text).len(), rows(&folder.read("run/savings_losses.csv"), "ACO_ID").len());
    assert_eq!(acos(&text), acos(&folder.read("run/marginal.csv")));
    assert_eq!(text, folder.run("marginal run --format csv").expect(0).stdout);
    folder.run("check study.toml").expect(0);
    let done = folder.run("marginal study.toml --aco NOBODY").expect(2);
    assert!(done.stderr.contains("no such ACO or performance year"), "{}", done.stderr);
}

/// The published county file beside our own tables: `calendar` county rates, national ones where asked for.
#[test]
fn the_published_county_file_is_read_as_it_is() {
    let (Some(cases), Some(published)) = (oracle("data/rates_cases"), oracle("data/published/county_ffs_2018.csv"))
    else {
        return;
    };
    let folder = Folder::copy_of(&cases);
    std::fs::copy(published, folder.file("rates/county_ffs_2018.csv")).unwrap();
    let done = folder.run("run study.toml");
    assert_eq!(done.exit, 2, "{}", done.stdout);
    assert!(done.stderr.contains("in SSA county codes, the study in FIPS"), "{}", done.stderr);
    assert!(done.stderr.contains("hint: add the program file `county_crosswalk`"), "{}", done.stderr);

    let study = folder.read("study.toml").replace("county_codes = \"fips\"", "county_codes = \"ssa\"");
    folder.write("study.toml", &study);
    let done = folder.run("run study.toml");
    assert_eq!(done.exit, 2, "{}", done.stdout);
    assert!(done.stderr.contains("stands in another file of the folder too"), "{}", done.stderr);

    // Two sources of one year are one too many; the table keeps the other years.
    let county: Vec<String> = folder.read("rates/county.csv").lines().map(str::to_owned).collect();
    let kept = county.iter().filter(|line| !line.contains(",2018,calendar,"));
    folder.write("rates/county.csv", &kept.fold(String::new(), |text, line| text + line + "\n"));
    let national = folder.read("rates/national.csv");
    let kept = national.lines().filter(|line| !line.starts_with("2021,2018,AGND,"));
    folder.write("rates/national.csv", &kept.fold(String::new(), |text, line| text + line + "\n"));
    folder.write("study.toml", &study.replace("rates = \"rates\"", "rates = \"rates\"\nnational_from_county = true"));
    folder.run("run study.toml").expect(0);

    let rates = folder.read("run/rates/county.csv");
    let of_2021: Vec<&str> = rates.lines().filter(|line| line.starts_with("2021,2018,calendar,")).collect();
    assert_eq!(of_2021.len(), 4 * 3219);
    assert!(of_2021.contains(&"2021,2018,calendar,01000,DIS,8777,680.42,0.88038,"), "Autauga");
    assert_eq!(
        of_2021.iter().filter(|line| line.ends_with(",,,,")).count(),
        675 + 47 + 58 + 3,
        "suppressed is unknown"
    );
    assert_eq!(of_2021.iter().filter(|line| line.ends_with(",,0,,")).count(), 69 + 3 + 6, "empty has no person years");
    assert!(!rates.contains("\n2016,2018,"), "no year after the performance year");
    let national = folder.read("run/rates/national.csv");
    let added = national.lines().find(|line| line.starts_with("2021,2018,AGND,")).unwrap();
    assert!(added.starts_with("2021,2018,AGND,10172.8"), "{added}");
    let manifest = folder.read("run/manifest.json");
    assert!(manifest.contains("cells suppressed (`*`), unknown: ESRD 675, DIS 47, AGDU 58, AGND 3"), "{manifest}");
    assert!(manifest.contains("cells without person years (`.`): ESRD 69, DIS 3, AGDU 6, AGND 0"), "{manifest}");
}
