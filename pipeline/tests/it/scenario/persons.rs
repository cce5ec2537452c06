//! Reforms that begin at raw claims, through the program: each says where it starts, and moves what it is about.

use crate::command::{Done, Folder};
use std::collections::BTreeMap;

/// A nation with ACOs of both methods, and its finished run.
fn nation() -> Folder {
    nation_of(700)
}

/// The same of so many lives.
fn nation_of(lives: u32) -> Folder {
    let folder = Folder::new();
    folder.run(&format!("synth --lives {lives} --years 2022,2023 --raw csv --out demo")).expect(0);
    let study = folder.read("demo/study.toml").replace("[2022, 2023]", "[2023]").replace("shards = 64", "shards = 8");
    assert!(study.contains("performance_years = [2023]") && study.contains("shards = 8"), "{study}");
    folder.write("demo/study.toml", &study);
    folder.run("run demo/study.toml").expect(0);
    folder
}

fn scenario(folder: &Folder, reform: &str) -> Done {
    folder.write("reform.toml", &format!("title = 'a question'\n{reform}\n"));
    folder.run("scenario demo/study.toml --reform reform.toml")
}

/// A column of a table of both sides, by all columns before `until`.
fn sides(folder: &Folder, table: &str, until: usize, column: &str) -> [BTreeMap<Vec<String>, f64>; 2] {
    ["baseline", "reform"].map(|side| {
        let text = folder.read(&format!("demo/run-scenario/{side}/rates/{table}.csv"));
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let at = reader.headers().unwrap().iter().position(|head| head == column).unwrap();
        let rows = reader.records().map(Result::unwrap);
        let key = |row: &csv::StringRecord| row.iter().take(until).map(str::to_owned).collect::<Vec<_>>();
        rows.filter(|row| !row[at].is_empty()).map(|row| (key(&row), row[at].parse().unwrap())).collect()
    })
}

/// National spending per capita: how many years and types rise, and how many fall.
fn spending(folder: &Folder) -> (usize, usize) {
    let [before, after] = sides(folder, "national", 3, "per_capita");
    assert!(before.len() > 8 && before.len() == after.len(), "{} and {}", before.len(), after.len());
    let moves: Vec<bool> =
        before.iter().filter(|(key, was)| **was != after[*key]).map(|(k, was)| *was < after[k]).collect();
    (moves.iter().filter(|rises| **rises).count(), moves.iter().filter(|rises| !**rises).count())
}

/// Assigned lives of all ACOs and years, before and after.
fn heads(folder: &Folder) -> [f64; 2] {
    let sides = sides(folder, "aco_heads", 4, "head_count");
    assert_ne!(sides[0], sides[1], "heads move");
    sides.map(|side| side.values().sum())
}

#[test]
fn an_empty_reform_of_raw_claims_is_the_baseline_byte_for_byte() {
    let folder = nation();
    let done = scenario(&folder, "").expect(0);
    assert!(done.stdout.contains("changes nothing: every number is the study's"), "{}", done.stdout);
    let baseline = folder.bytes("demo/run-scenario/baseline");
    assert!(baseline.len() > 15, "{}", baseline.len());
    assert_eq!(baseline, folder.bytes("demo/run-scenario/reform"));
    let run = folder.bytes("demo/run");
    for (file, bytes) in &baseline {
        assert!(run.iter().any(|(name, of_run)| name == file && of_run == bytes), "{file} differs from the run's");
    }

    // The law's own values, said again, make the person grain anew nowhere; a real change makes it anew and comes back.
    let done = scenario(&folder, "rules = {'assign.measure' = 'charges', 'assign.winner' = 'plurality'}").expect(0);
    assert!(done.stdout.contains("changes nothing"), "{}", done.stdout);
    let always = "rules = {'spend.sequestration.rate' = [{from = 1900, value = 0}]}";
    folder.write("back.toml", "title = 'back'\nrules = {'spend.sequestration.rate' = 0.02}\n");
    scenario(&folder, always).expect(0);
    assert_ne!(folder.bytes("demo/run-scenario/baseline"), folder.bytes("demo/run-scenario/reform"));
    assert_eq!(folder.bytes("demo/run"), run, "the study's own run is left alone");
    assert!(!folder.file("demo/run-scenario/reform_persons").exists());
}

#[test]
fn reforms_of_spending_move_dollars() {
    let folder = nation();
    for (rules, stage, up) in [
        ("'spend.inpatient.removed' = ['uncompensated_care']", "spend", true),
        ("'spend.inpatient.removed' = ['ime', 'dsh']", "spend", true),
        ("'spend.left_out' = ['hospice']", "spend", false),
        ("'spend.sequestration.rate' = 0", "spend", false),
        ("'cells.truncation.percentile' = 0.9", "cells", false),
    ] {
        let done = scenario(&folder, &format!("[rules]\n{rules}")).expect(0);
        assert!(done.stdout.contains(&format!("run from stage `{stage}` on\n")), "{rules}: {}", done.stdout);
        let (rises, falls) = spending(&folder);
        assert!(
            if up { rises > 0 && falls == 0 } else { rises == 0 && falls > 0 },
            "{rules}: {rises} up, {falls} down"
        );
        // Dollars do not move anyone.
        let [before, after] = sides(&folder, "aco_heads", 4, "head_count");
        assert_eq!(before, after, "{rules}");
        assert_ne!(
            folder.read("demo/run-scenario/baseline/savings_losses.csv"),
            folder.read("demo/run-scenario/reform/savings_losses.csv"),
            "{rules}"
        );
    }
}

#[test]
fn reforms_of_attribution_move_lives() {
    let folder = nation();
    let of_aco = |method: &str| format!("[[input]]\ntable = 'aco'\ncolumn = 'assignment_method'\nvalue = '{method}'");
    for (reform, rises) in [
        ("[rules]\n'assign.left_out' = ['practitioners']".to_owned(), None),
        ("[rules]\n'assign.left_out' = ['step 2']".to_owned(), Some(false)),
        ("[rules]\n'assign.left_out' = ['pre-step']".to_owned(), Some(true)),
        ("[rules]\n'assign.measure' = 'visits'".to_owned(), None),
        ("[rules]\n'assign.winner' = 'majority'".to_owned(), Some(false)),
        (of_aco("prospective"), None),
        (of_aco("retrospective"), None),
    ] {
        let done = scenario(&folder, &reform).expect(0);
        assert!(done.stdout.contains("run from stage `assign` on\n"), "{reform}: {}", done.stdout);
        let [before, after] = heads(&folder);
        assert!(rises.is_none_or(|rises| before != after && (before < after) == rises), "{reform}: {before}, {after}");
    }
}

#[test]
fn windows_of_twenty_four_months_reach_more_lives() {
    // So many that no ACO's region of a type is without spending.
    let folder = nation_of(1000);
    let reform = "[rules]\n'assign.window.months' = 24";
    let done = scenario(&folder, reform).expect(2);
    assert!(done.stderr.contains("claims of 2016-10 to 2017-09 are missing, which the study needs"), "{}", done.stderr);
    // Calendar years alone, of which the lake holds one more than the law's windows ask for.
    let acos = folder.read("demo/program/aco.csv").replace(",prospective,", ",retrospective,");
    folder.write("demo/program/aco.csv", &acos);
    let done = scenario(&folder, reform).expect(0);
    assert!(done.stdout.contains("run from stage `assign` on\n"), "{}", done.stdout);
    let [before, after] = heads(&folder);
    assert!(before < after, "{before}, {after}");
}

#[test]
fn a_reform_of_the_cells_reads_no_claims() {
    let folder = nation();
    let reform = "[rules]\n'cells.truncation.percentile' = 0.9\n'cells.truncation.population' = 'ffs'";
    let done = scenario(&folder, reform).expect(0);
    assert!(done.stderr.contains("stage done stage=\"cells\""), "{}", done.stderr);
    assert!(!done.stderr.contains("stage done stage=\"enroll"), "{}", done.stderr);
    // The same cells as from raw claims under the same rules.
    let study = folder.read("demo/study.toml").replace("\"run\"", "\"other\"");
    let rules = reform.strip_prefix("[rules]\n").unwrap();
    folder.write("demo/other.toml", &format!("{study}\n[rules]\n{rules}\n"));
    let other = folder.run("run demo/other.toml").expect(0);
    assert!(other.stderr.contains("stage done stage=\"enroll"), "{}", other.stderr);
    let rates = folder.bytes("demo/other/rates");
    assert!(rates.len() >= 10, "{}", rates.len());
    assert_eq!(folder.bytes("demo/run-scenario/reform/rates"), rates);

    // So does a study whose rules of the cells change, in its own folder.
    let before = folder.read("demo/study.toml");
    folder.write("demo/study.toml", &format!("{before}\n[rules]\n{rules}\n"));
    let again = folder.run("run demo/study.toml").expect(0);
    assert!(!again.stderr.contains("stage done stage=\"enroll"), "{}", again.stderr);
    for table in ["rates", "cells", "person_year", "assignment"] {
        assert_eq!(folder.bytes(&format!("demo/run/{table}")), folder.bytes(&format!("demo/other/{table}")), "{table}");
    }
    folder.run("check demo/study.toml").expect(0);

    // Cohorts are told as lives are assigned.
    folder.write("demo/study.toml", &before);
    let done = scenario(&folder, "[rules]\n'cells.cohorts' = 'apart'");
    assert!(done.stderr.contains("the reform runs from this stage on stage=\"assign\""), "{}", done.stderr);
}

#[test]
fn benchmark_years_are_made_or_asked_for_together() {
    let folder = nation();
    let done = scenario(&folder, "[rules]\n'benchmark.first_year_before' = 4").expect(2);
    assert!(
        done.stderr.contains("`benchmark.first_year_before` is 4, and `assign.benchmark_years` makes 3")
            && done.stderr.contains("hint: set `assign.benchmark_years` to 4 too, for all ACOs"),
        "{}",
        done.stderr
    );
    assert!(!folder.file("demo/run-scenario").exists());
    let study = folder.read("demo/study.toml");
    folder.write("demo/short.toml", &format!("{study}\n[rules]\n'assign.benchmark_years' = 2\n"));
    let done = folder.run("run demo/short.toml").expect(2);
    assert!(done.stderr.contains("set `assign.benchmark_years` to 3 too"), "{}", done.stderr);
    // Together they ask for claims, which a longer lake would hold.
    let both = "[rules]\n'benchmark.first_year_before' = 8\n'assign.benchmark_years' = 8";
    let done = scenario(&folder, both).expect(2);
    assert!(done.stderr.contains("are missing, which the study needs"), "{}", done.stderr);
}

#[test]
fn findings_of_persons_stand_in_the_manifest() {
    let folder = nation();
    for table in ["provider_specialty", "eta_hospital", "eta_fee"] {
        std::fs::remove_file(folder.file(&format!("demo/program/{table}.csv"))).unwrap();
    }
    let done = scenario(&folder, "[rules]\n'assign.measure' = 'visits'").expect(0);
    let manifest: serde_json::Value = serde_json::from_str(&folder.read("demo/run-scenario/manifest.json")).unwrap();
    let findings = manifest["findings"].as_array().unwrap();
    let found = |text: &str| findings.iter().any(|finding| finding.as_str().unwrap().starts_with(text));
    assert!(found("under the reform, services of clinicians without a specialty"), "{findings:?}");
    assert!(done.stdout.contains("Finding: under the reform, services of clinicians"), "{}", done.stdout);
    assert_eq!(manifest["first_stage"], "assign");
    // Not one of the baseline's: rates to dollars needs no claims.
    scenario(&folder, "[rules]\n'settle.sequestration' = 0.5").expect(0);
    let manifest = folder.read("demo/run-scenario/manifest.json");
    assert!(!manifest.contains("under the reform"), "{manifest}");
}

#[test]
fn values_without_meaning_are_refused_by_key() {
    let folder = nation();
    for (rules, says) in [
        ("'assign.measure' = 'hours'", "assign.measure"),
        ("'assign.left_out' = ['step 9']", "not one of pre-step, practitioners, step 2: `step 9`"),
        ("'spend.claim_types.hospice' = []", "`spend.left_out` = [\"hospice\"] leaves its payments out"),
        ("'spend.inpatient.removed' = ['gme']", "not one of ime, dsh, uncompensated_care: `gme`"),
        ("'cells.truncation.percentile' = 99", "rule `cells.truncation.percentile`: expected a number, 0 to 1"),
        ("'cells.truncation.percentile' = 0", "not a share above 0, to 1: `0`"),
    ] {
        let done = scenario(&folder, &format!("[rules]\n{rules}")).expect(2);
        assert!(done.stderr.contains(says), "{rules}: {}", done.stderr);
        assert!(!folder.file("demo/run-scenario").exists());
    }
}

#[test]
fn rules_of_persons_are_read_before_anything_runs() {
    let folder = Folder::new();
    folder.run("synth --lives 500 --years 2023 --raw csv --out demo").expect(0);
    for (text, says) in [
        ("[rules]\n'assign.measure' = 'foo'", "reform.toml, rules, column `assign.measure`"),
        (
            "[rules]\n'assign.window.months' = 0",
            "reform.toml, rule `assign.window.months`: expected a whole number, 1 to 120",
        ),
        (
            "[[when]]\naco = ['ZZ']\n[when.rules]\n'risk.cap' = 0",
            "reform.toml, `when`, column `aco`: no such ACO: `ZZ`",
        ),
    ] {
        let done = scenario(&folder, text).expect(2);
        assert!(done.stderr.contains(says), "{text}: {}", done.stderr);
        assert!(!folder.file("demo/run").exists() && !folder.file("demo/lake").exists(), "{text}: nothing has run");
    }
}

/// Rows of a table of a run by some of its columns.
fn table(folder: &Folder, file: &str, key: &[&str]) -> BTreeMap<Vec<String>, BTreeMap<String, String>> {
    let text = folder.read(file);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.deserialize::<BTreeMap<String, String>>().map(Result::unwrap);
    rows.map(|row| (key.iter().map(|name| row[*name].clone()).collect(), row)).collect()
}

#[test]
fn an_aco_leaves_its_region_exactly() {
    let folder = nation();
    scenario(&folder, "rules = {'county.exclude_assigned' = true}").expect(0);
    let cells = ["performance_year", "aco_id", "calendar_year", "window", "county", "enrollment_type"];
    let own = table(&folder, "demo/run/cells/assigned_assignable.csv", &cells);
    let population = ["performance_year", "calendar_year", "population", "window", "county", "enrollment_type"];
    let all = table(&folder, "demo/run/cells/population_county.csv", &population);
    let thresholds = ["performance_year", "calendar_year", "population", "enrollment_type"];
    let limits = table(&folder, "demo/run/cells/threshold.csv", &thresholds);
    let scores = ["calendar_year", "window", "county", "enrollment_type"];
    let mut counties = table(&folder, "demo/run/rates/county.csv", &scores);
    counties.retain(|key, _| key[1] == "calendar");
    let parts = ["aco_id", "calendar_year", "county", "enrollment_type"];
    let parts = table(&folder, "demo/run/rates/aco_county.csv", &parts);
    let number = |row: &BTreeMap<String, String>, column: &str| row[column].parse::<f64>().unwrap();
    // By the cells alone: the truncated sum of the rest of each county, over its months; scores of the rest by rates.
    let mut compared = 0;
    let steps = ["aco_id", "step", "enrollment_type", "calendar_year"];
    let walk = table(&folder, "demo/run-scenario/reform/benchmark.csv", &steps);
    for (key, step) in walk.iter().filter(|(key, _)| key[1].starts_with("regional_per_capita_")) {
        let [aco, _, kind, year] = &key[..] else { unreachable!() };
        let limit = &limits[&["2023".into(), year.clone(), "assignable".into(), kind.clone()].to_vec()];
        let limit = number(limit, "threshold_cents");
        let (mut sum, mut weights) = (0.0, 0.0);
        for (place, part) in parts.iter().filter(|(of, _)| (&of[0], &of[1], &of[3]) == (aco, year, kind)) {
            let county = &place[2];
            let window = "retrospective".to_owned();
            let of =
                vec!["2023".into(), year.clone(), "assignable".into(), window.clone(), county.clone(), kind.clone()];
            let Some(everybody) = all.get(&of) else { continue };
            let mine = own.get(&vec!["2023".into(), aco.clone(), year.clone(), window, county.clone(), kind.clone()]);
            let left = |column: &str| number(everybody, column) - mine.map_or(0.0, |mine| number(mine, column));
            let truncated = left("below_cents") + limit * (left("months_over") - left("months_under")) / 12.0;
            let person_years = left("months") / 12.0;
            if person_years < 0.01 || truncated <= 0.0 {
                continue;
            }
            let rates = &counties[&vec![year.clone(), "calendar".into(), county.clone(), kind.clone()]];
            let scored = number(rates, "hcc_score") * number(everybody, "months") / 12.0;
            let scored =
                scored - mine.map_or(0.0, |mine| number(part, "assignable_hcc_score") * number(mine, "months") / 12.0);
            if scored <= 0.0 {
                continue;
            }
            sum += number(part, "person_years") * (truncated / 100.0 / person_years) / (scored / person_years);
            weights += number(part, "person_years");
        }
        if weights == 0.0 {
            continue; // No county is left: the nation stands in.
        }
        // The completion factor is the same for all; it is what is left between the two.
        let ratio = number(step, "value") / (sum / weights);
        assert!((ratio - 1.0).abs() < 1e-9 || (ratio - 1.013).abs() < 1e-9, "{key:?}: {ratio}");
        compared += 1;
    }
    assert!(compared >= 8, "{compared}");
    let baseline = table(&folder, "demo/run-scenario/baseline/benchmark.csv", &steps);
    let moved = walk.iter().filter(|(key, row)| baseline[*key]["value"] != row["value"]).count();
    assert!(moved > 20, "{moved}");
}
