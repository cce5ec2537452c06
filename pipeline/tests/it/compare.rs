//! Two runs side by side, through the program: equal runs, a reform of assignment, other shards, what cannot be compared.

use crate::command::{Folder, oracle};
use serde_json::Value;
use std::collections::BTreeMap;

/// A nation and its run; further studies of it are runs of their own from the same files.
fn nation() -> Folder {
    let folder = Folder::new();
    folder.run("synth --lives 700 --years 2022,2023 --raw csv --out demo").expect(0);
    let study = folder.read("demo/study.toml").replace("[2022, 2023]", "[2023]").replace("shards = 64", "shards = 8");
    assert!(study.contains("performance_years = [2023]") && study.contains("shards = 8"), "{study}");
    folder.write("demo/study.toml", &study);
    folder.run("run demo/study.toml --csv").expect(0);
    folder
}

fn other(folder: &Folder, name: &str, change: &dyn Fn(String) -> String) {
    let study = folder.read("demo/study.toml").replace("\"run\"", &format!("\"{name}\""));
    folder.write(&format!("demo/{name}.toml"), &change(study));
    folder.run(&format!("run demo/{name}.toml --csv")).expect(0);
}

fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

/// The lists of a run: ACO, basis and step by performance year, calendar year and life.
fn lists(folder: &Folder, run: &str) -> BTreeMap<[String; 3], [String; 3]> {
    let rows = rows(&folder.read(&format!("demo/{run}/assignment.csv")));
    let of = |row: &BTreeMap<String, String>, names: [&str; 3]| names.map(|name| row[name].clone());
    let rows = rows.iter();
    rows.map(|row| (of(row, ["performance_year", "calendar_year", "bene_id"]), of(row, ["aco_id", "basis", "step"])))
        .collect()
}

/// Cents by calendar year and life.
fn spending(folder: &Folder, run: &str) -> BTreeMap<[String; 2], i64> {
    let mut cents = BTreeMap::new();
    for row in rows(&folder.read(&format!("demo/{run}/person_year.csv"))) {
        let key = [row["calendar_year"].clone(), row["bene_id"].clone()];
        *cents.entry(key).or_default() += row["spend_cents"].parse::<i64>().unwrap();
    }
    cents
}

#[test]
fn a_run_is_equal_to_itself_and_to_its_twin_of_other_shards() {
    let folder = nation();
    let done = folder.run("compare demo/run demo/study.toml").expect(0);
    assert!(done.stdout.contains("The runs are equal."), "{}", done.stdout);
    assert!(done.stdout.contains("Rules: the same overrides"), "{}", done.stdout);
    other(&folder, "twin", &|study| study.replace("shards = 8", "shards = 2").replace("\"lake\"", "\"lake-2\""));
    assert!(folder.file("demo/run/assignment/shard=007.parquet").is_file());
    assert!(!folder.file("demo/twin/assignment/shard=002.parquet").exists());
    folder.run("compare demo/run demo/twin --out equal").expect(0);
    assert_eq!(rows(&folder.read("equal/assignment_differences.csv")).len(), 0);
    let counted = rows(&folder.read("equal/assignment_comparison.csv"));
    assert!(counted.iter().all(|row| row["outcome"] == "both" && row["spend_a_cents"] == row["spend_b_cents"]));
    let lives: usize = counted.iter().map(|row| row["lives"].parse::<usize>().unwrap()).sum();
    assert_eq!(lives, lists(&folder, "run").len());
}

#[test]
fn a_reform_of_assignment_is_told_life_by_life() {
    let folder = nation();
    other(&folder, "visits", &|study| format!("{study}\n[rules]\n'assign.measure' = 'visits'\n"));
    let done = folder.run("compare demo/run demo/visits --out out --format json").expect(1);
    let told: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(told["equal"], false);
    assert_eq!(told["rules"][0]["key"], "assign.measure");
    assert_eq!(told["rules"][0]["values_a"], Value::Null);
    assert!(told["rules"][0]["values_b"].as_str().unwrap().contains("visits"));
    assert_eq!(told["rules"].as_array().unwrap().len(), 1);

    // The same by looking every life up.
    let (a, b) = (lists(&folder, "run"), lists(&folder, "visits"));
    let spend = [spending(&folder, "run"), spending(&folder, "visits")];
    let cents = |side: usize, of: &[String; 3], listed: bool| match listed {
        false => String::new(),
        true => spend[side].get(&[of[1].clone(), of[2].clone()]).copied().unwrap_or_default().to_string(),
    };
    let mut expected = Vec::new();
    let mut lives: BTreeMap<&str, i64> = BTreeMap::new();
    for of in a.keys().chain(b.keys().filter(|of| !a.contains_key(*of))) {
        let (in_a, in_b) = (a.get(of), b.get(of));
        let outcome = match (in_a, in_b) {
            (Some(a), Some(b)) if a[0] == b[0] => "both",
            (Some(_), Some(_)) => "moved",
            (Some(_), None) => "only_a",
            _ => "only_b",
        };
        *lives.entry(outcome).or_default() += 1;
        if in_a != in_b {
            let aco = |place: Option<&[String; 3]>| place.map_or(String::new(), |place| place[0].clone());
            let money = [cents(0, of, in_a.is_some()), cents(1, of, in_b.is_some())];
            expected.push((of.clone(), outcome.to_owned(), aco(in_a), aco(in_b), money));
        }
    }
    let mut found: Vec<_> = rows(&folder.read("out/assignment_differences.csv"))
        .iter()
        .map(|row| {
            let of = ["performance_year", "calendar_year", "bene_id"].map(|name| row[name].clone());
            let money = ["spend_a_cents", "spend_b_cents"].map(|name| row[name].clone());
            (of, row["outcome"].clone(), row["aco_a"].clone(), row["aco_b"].clone(), money)
        })
        .collect();
    expected.sort();
    found.sort();
    assert!(lives.len() == 4 && expected.len() > 20, "{lives:?}");
    assert_eq!(found, expected);
    let mut counted: BTreeMap<&str, i64> = BTreeMap::new();
    for row in told["assignment"].as_array().unwrap() {
        *counted.entry(row["outcome"].as_str().unwrap()).or_default() += row["lives"].as_i64().unwrap();
    }
    assert_eq!(counted, lives);
    for table in ["assignment_comparison", "assignment_differences", "savings_losses_comparison", "rules_comparison"] {
        assert!(folder.file(&format!("out/{table}.parquet")).is_file(), "{table}");
    }

    // Savings stand side by side, as the two runs have them.
    let [of_a, of_b] = ["run", "visits"].map(|run| {
        let rows = rows(&folder.read(&format!("demo/{run}/savings_losses.csv")));
        rows.into_iter().map(|row| (row["ACO_ID"].clone(), row["earned_cents"].clone())).collect::<BTreeMap<_, _>>()
    });
    let settled = rows(&folder.read("out/savings_losses_comparison.csv"));
    assert_eq!(settled.len(), of_a.len());
    for row in &settled {
        assert_eq!([&row["earned_a_cents"], &row["earned_b_cents"]], [&of_a[&row["aco_id"]], &of_b[&row["aco_id"]]]);
    }

    // The page names the same numbers; turned round, A and B change places.
    let page = folder.run("compare demo/visits demo/run").expect(1).stdout;
    assert!(page.contains("The runs differ.") && page.contains("assign.measure  A    \"visits\""), "{page}");
    assert!(page.lines().all(|line| line.chars().count() <= 120), "{page}");
}

#[test]
fn lists_that_are_given_name_the_lives_that_differ() {
    let folder = nation();
    // The run's own lists of the performance year, but one life left out and one sent elsewhere.
    let lists = lists(&folder, "run");
    let of_year: Vec<_> = lists.iter().filter(|([_, year, _], _)| year == "2023").collect();
    let (first, last) = (of_year[0], of_year[of_year.len() - 1]);
    let elsewhere = &of_year.iter().find(|(_, place)| place[0] != last.1[0]).unwrap().1[0];
    let mut given = "performance_year,calendar_year,aco_id,bene_id,basis\n".to_owned();
    for (key, place) in &of_year[1..] {
        let aco = if *key == last.0 { elsewhere } else { &place[0] };
        given += &format!("{},{},{aco},{},{}\n", key[0], key[1], key[2], place[1]);
    }
    folder.write("demo/program/assignment_given.csv", &given);
    other(&folder, "beside", &|study| study);
    let mut found: Vec<Vec<String>> = rows(&folder.read("demo/beside/assignment_differences.csv"))
        .iter()
        .map(|row| ["bene_id", "own_aco_id", "given_aco_id", "outcome"].map(|name| row[name].clone()).to_vec())
        .collect();
    let mut expected = vec![
        vec![first.0[2].clone(), first.1[0].clone(), String::new(), "ours_only".into()],
        vec![last.0[2].clone(), last.1[0].clone(), elsewhere.clone(), "other_aco".into()],
    ];
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    assert!(folder.read("demo/beside/manifest.json").contains("\"assignment_differences\""));
    // A list beside ours changes nothing; what is done is not done again; shards do not show.
    folder.run("compare demo/run demo/beside").expect(0);
    assert!(folder.run("run demo/beside.toml --csv").expect(0).stdout.contains("nothing to do"));
    other(&folder, "cut", &|study| study.replace("shards = 8", "shards = 2").replace("\"lake\"", "\"lake-2\""));
    // Nor does memory: without room for it the list waits on disk.
    other(&folder, "little", &|study| study.replace("[run]", "[run]\nmemory = \"1\""));
    assert!(folder.bytes("demo/little") == folder.bytes("demo/beside"));
    let copies = ["beside", "cut"].map(|run| folder.read(&format!("demo/{run}/assignment_differences.csv")));
    assert_eq!(copies[0], copies[1]);
    assert!(!folder.file("demo/run/assignment_differences").exists());
}

#[test]
fn what_cannot_be_compared_is_said() {
    let Some(cases) = oracle("data/rates_cases") else { return };
    let folder = Folder::copy_of(&cases);
    folder.run("run study.toml").expect(0);
    let done = folder.run("compare run run").expect(0);
    assert!(done.stdout.contains("120 ACO results, 0 differ"), "{}", done.stdout);
    folder.write("reform.toml", "title = 'less'\n[rules]\n'settle.sequestration' = 0.5\n");
    folder.run("scenario study.toml --reform reform.toml").expect(0);
    let done = folder.run("compare run-scenario/baseline run-scenario/reform").expect(1);
    assert!(done.stdout.contains("a run without a manifest of its own"), "{}", done.stdout);
    assert!(folder.run("compare run-scenario run").expect(2).stderr.contains("which is two runs"));
    assert!(folder.run("compare run run --out run").expect(2).stderr.contains("holds a run"));
    assert!(folder.run("compare run nowhere").expect(2).stderr.contains("error: nowhere"));
    std::fs::create_dir(folder.file("bare")).unwrap();
    std::fs::copy(folder.file("run/manifest.json"), folder.file("bare/manifest.json")).unwrap();
    let done = folder.run("compare run bare").expect(2);
    assert!(done.stderr.contains("neither assignment nor savings and losses"), "{}", done.stderr);
}
