//! `acoledger report`: the page holds everything and asks for nothing, texts stay texts, figures are those of the tables.

use crate::command::{Folder, oracle};
use serde_json::Value;
use std::collections::BTreeMap;

/// A small nation and its run.
fn nation() -> Folder {
    let folder = Folder::new();
    folder.run("synth --lives 700 --years 2022,2023 --raw csv --out demo").expect(0);
    let study = folder.read("demo/study.toml").replace("shards = 64", "shards = 4");
    folder.write("demo/study.toml", &study);
    folder
}

/// The document that the page's script reads.
fn document(page: &str) -> Value {
    let begin = "<script type=\"application/json\" id=\"document\">";
    let text = page.split(begin).nth(1).unwrap().split("</script>").next().unwrap();
    serde_json::from_str(text).unwrap()
}

fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(Result::unwrap).collect()
}

/// What would make a browser ask for something: addresses of elements and of styles, and scripts or styles from elsewhere.
fn loads(page: &str) -> Vec<&str> {
    const NAMES: [&str; 8] = [" src=", " srcset=", "url(", "@import", "fetch(", "XMLHttpRequest", "import(", "<iframe"];
    let mut found: Vec<&str> = NAMES.into_iter().filter(|name| page.contains(name)).collect();
    // Links inside the page, and the icon that keeps browsers from looking for one.
    let outside = |rest: &&str| !rest.starts_with("\"#") && !rest.starts_with("\"data:,\"");
    found.extend(page.split(" href=").skip(1).filter(outside).map(|rest| &rest[..rest.len().min(40)]));
    found
}

#[test]
fn the_page_holds_everything_and_asks_for_nothing() {
    let folder = nation();
    // A name that would be markup, a formula, and the end of a script.
    const NAME: &str = "=1+1</script><script>alert(1)</script> & \"Sons\" <img onerror=alert(2)>";
    let acos = folder.read("demo/program/aco.csv");
    let (head, body) = acos.split_once('\n').unwrap();
    let first = body.split(',').nth(3).unwrap();
    let quoted = format!("\"{}\"", NAME.replace('"', "\"\""));
    folder.write("demo/program/aco.csv", &format!("{head}\n{}", body.replacen(first, &quoted, 1)));
    folder.run("run demo/study.toml").expect(0);

    let done = folder.run("report demo/study.toml").expect(0);
    assert_eq!(done.stdout, "demo/run/report.html\n");
    let page = folder.read("demo/run/report.html");
    assert_eq!(loads(&page), Vec::<&str>::new());
    assert!(page.contains("default-src 'none'; style-src 'sha256-"), "no policy");
    assert!(!page.contains("alert(1)</script>") && !page.contains("<img"), "markup of a name");

    let document = document(&page);
    let acos = document["acos"].as_array().unwrap();
    assert!(acos.iter().any(|aco| aco["name"] == NAME), "the name as it is");
    let results = rows(&folder.read("demo/run/savings_losses.csv"));
    assert_eq!(acos.len(), results.len());
    for (aco, row) in acos.iter().zip(&results) {
        assert_eq!(aco["id"], row["ACO_ID"]);
        for (field, column) in
            [("earned", "earned_cents"), ("gross", "gross_savings_cents"), ("benchmark", "ABtotBnchmk")]
        {
            assert_eq!(aco[field].to_string(), row[column], "{field}");
        }
    }
    // Every list, by the way its lives came to it.
    let lists: i64 = acos.iter().flat_map(|aco| aco["lists"].as_array().unwrap()).map(lives).sum();
    let heads: i64 = rows(&folder.read("demo/run/rates/aco_heads.csv"))
        .iter()
        .filter(|row| acos.iter().any(|aco| aco["id"] == row["aco_id"]))
        .map(|row| row["head_count"].parse::<i64>().unwrap())
        .sum();
    assert!(lists >= heads && heads > 0, "{lists} lives on lists, {heads} heads");
    assert!(document["years"][0]["counties"].as_array().is_some_and(|counties| !counties.is_empty()));

    // No identifier of a life, and the same bytes again, by way of the folder too.
    let lives = folder.read("demo/answer_key.csv");
    let lives: Vec<&str> = lives.lines().skip(1).filter_map(|line| line.split(',').nth(1)).collect();
    assert!(!lives.is_empty() && lives.iter().all(|life| life.is_empty() || !page.contains(life)));
    folder.run("report demo/run --out again.html").expect(0);
    let elsewhere = folder.read("again.html");
    assert_eq!(elsewhere.len(), page.len());
    folder.run("report demo/study.toml --out again.html").expect(0);
    assert_eq!(folder.read("again.html"), page);
    folder.run("check demo/study.toml").expect(0);
    readable_by_its_owner_alone(&folder, "demo/run/report.html");
}

fn lives(list: &Value) -> i64 {
    list[1].as_array().unwrap().iter().map(|lives| lives.as_i64().unwrap()).sum()
}

#[cfg(unix)]
fn readable_by_its_owner_alone(folder: &Folder, file: &str) {
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(folder.file(file)).unwrap().permissions().mode() & 0o777, 0o600);
}

#[cfg(not(unix))]
fn readable_by_its_owner_alone(_folder: &Folder, _file: &str) {}

#[test]
fn a_run_from_rates_says_what_it_does_not_know() {
    let Some(cases) = oracle("data/rates_cases") else { return };
    let folder = Folder::copy_of(&cases);
    folder.run("run study.toml").expect(0);
    folder.run("report study.toml").expect(0);
    let page = folder.read("run/report.html");
    assert_eq!(loads(&page), Vec::<&str>::new());
    let document = document(&page);
    assert_eq!(document["has_lists"], false);
    assert!(page.contains("The run starts from rates: who is assigned, and how, is not known to it."));
    let years: Vec<&str> =
        document["years"].as_array().unwrap().iter().map(|year| year["key"].as_str().unwrap()).collect();
    assert_eq!(years, ["2014", "2016", "2018", "2019", "2019-h1", "2019-h2", "2021", "2022", "2023", "2024", "2025"]);
    // Each walk whole: as many values as the table has rows.
    let values = |aco: &Value| -> usize {
        let lines = aco["walk"].as_array().unwrap();
        lines.iter().map(|line| line[2].as_array().unwrap().iter().filter(|value| !value.is_null()).count()).sum()
    };
    let shown: usize = document["acos"].as_array().unwrap().iter().map(values).sum();
    assert_eq!(shown, rows(&folder.read("run/benchmark.csv")).len());
    // A run in its place takes the page away: it would show the old one.
    folder.write("run/notes.txt", "mine");
    let study = folder.read("study.toml").replace("seed = 1", "seed = 2");
    folder.write("study.toml", &study).run("run study.toml").expect(0);
    assert!(!folder.file("run/report.html").exists() && folder.file("run/notes.txt").exists());
}

#[test]
fn another_run_and_a_scenario_stand_beside_it() {
    let Some(cases) = oracle("data/rates_cases") else { return };
    let folder = Folder::copy_of(&cases);
    folder.run("run study.toml").expect(0);
    folder.write("reform.toml", "title = 'halves <b>'\nauthor = 'us'\n[rules]\n'settle.sequestration' = 0.5\n");
    folder.run("scenario study.toml --reform reform.toml").expect(0);
    folder.run("report run-scenario").expect(0);
    let page = folder.read("run-scenario/report.html");
    assert_eq!(loads(&page), Vec::<&str>::new());
    assert!(page.contains("Winners and losers") && page.contains("halves &lt;b&gt;"), "the reform by name");
    let document_of_scenario = document(&page);
    let baseline = rows(&folder.read("run-scenario/baseline/savings_losses.csv"));
    let reform = rows(&folder.read("run-scenario/reform/savings_losses.csv"));
    let earned = |acos: &Value| -> Vec<String> {
        acos.as_array().unwrap().iter().map(|aco| aco["earned"].to_string()).collect()
    };
    let column = |rows: &[BTreeMap<String, String>]| -> Vec<String> {
        rows.iter().map(|row| row["earned_cents"].clone()).collect()
    };
    assert_eq!(earned(&document_of_scenario["acos"]), column(&reform));
    assert_eq!(earned(&document_of_scenario["other"]["acos"]), column(&baseline));

    folder.run("report run-scenario/reform --compare run --out beside.html").expect(0);
    let beside = document(&folder.read("beside.html"));
    assert_eq!(beside["other"]["label"], "run");
    assert_eq!(earned(&beside["other"]["acos"]), column(&baseline));
    let done = folder.run("report run-scenario --compare run").expect(2);
    assert!(done.stderr.contains("a scenario is compared with its own baseline"), "{}", done.stderr);
    assert!(done.stderr.contains("hint: name one of its two"), "{}", done.stderr);
}

#[test]
fn plots_stand_beside_their_figures() {
    let Some(cases) = oracle("data/rates_cases") else { return };
    let folder = Folder::copy_of(&cases);
    folder.run("run study.toml").expect(0);
    let done = folder.run("report study.toml --plots plots").expect(0);
    assert!(done.stdout.contains("plots/savings_rates_2024.svg plots/savings_rates_2024.csv\n"), "{}", done.stdout);
    assert!(!folder.file("run/report.html").exists(), "plots in place of the page");
    let results = rows(&folder.read("run/savings_losses.csv"));
    let results: Vec<_> = results.iter().filter(|row| row["performance_year"] == "2024").collect();
    let sum = |column: &str, sign: i64| -> i64 {
        results.iter().map(|row| (sign * row[column].parse::<i64>().unwrap()).max(0)).sum()
    };
    for name in ["paid_owed_by_track_2024", "paid_owed_by_size_2024"] {
        let groups = rows(&folder.read(&format!("plots/{name}.csv")));
        let (nation, groups) = groups.split_last().unwrap();
        for (column, expected) in [("paid_cents", sum("earned_cents", 1)), ("owed_cents", sum("earned_cents", -1))] {
            assert_eq!(nation[column], expected.to_string(), "{name} {column}");
            assert_eq!(groups.iter().map(|row| row[column].parse::<i64>().unwrap()).sum::<i64>(), expected, "{name}");
        }
    }
    let bins = rows(&folder.read("plots/savings_rates_2024.csv"));
    let of = |row: &BTreeMap<String, String>| -> i64 {
        ["losses", "within", "savings"].iter().map(|column| row[*column].parse::<i64>().unwrap()).sum()
    };
    assert_eq!(bins.iter().map(of).sum::<i64>(), results.len() as i64);
    let dots = rows(&folder.read("plots/savings_rates_by_size_2024.csv"));
    for (dot, row) in dots.iter().zip(&results) {
        let rate: f64 = dot["savings_rate"].parse().unwrap();
        assert!((rate * 100.0 - row["Sav_rate"].parse::<f64>().unwrap()).abs() < 0.0051, "{dot:?}");
        assert_eq!((&dot["aco_id"], &dot["assigned"]), (&row["ACO_ID"], &row["N_AB"]));
    }
    assert_eq!(dots.len(), results.len());
    for file in std::fs::read_dir(folder.file("plots")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let text = folder.read(&format!("plots/{name}"));
        assert!(!text.contains("NaN") && !text.contains("inf"), "{name}");
        assert!(name.ends_with(".csv") || text.trim_end().ends_with("</svg>"), "{name}");
    }
}

#[test]
fn what_cannot_be_reported_is_said() {
    let folder = nation();
    folder.run("cells demo/study.toml").expect(0);
    let done = folder.run("report demo/study.toml").expect(2);
    assert!(done.stderr.contains("no savings and losses here: nothing to report"), "{}", done.stderr);
    assert!(done.stderr.contains("hint: run the study to its end"), "{}", done.stderr);
    let done = folder.run("report nowhere").expect(2);
    assert!(done.stderr.starts_with("error: nowhere"), "{}", done.stderr);
}
