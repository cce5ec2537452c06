//! `acoledger rules`: every rule in force, with unit and citation.

use crate::command::{Folder, oracle};
use std::collections::BTreeMap;

#[test]
fn every_rule_in_force_has_unit_and_citation() {
    let text = Folder::new().run("rules --year 2023 --format json").expect(0).stdout;
    let rules: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    assert!(rules.len() > 100, "{}", rules.len());
    for rule in &rules {
        for field in ["key", "unit", "citation", "text", "from"] {
            assert!(rule[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {rule}");
        }
    }
}

#[test]
fn a_value_that_changes_within_the_year_is_listed_with_each_value() {
    let text = Folder::new().run("rules --year 2022 --format csv").expect(0).stdout;
    // 0 to 31 March, 1 % to 30 June, 2 % from July (M.B.1.3).
    let rates: Vec<&str> = text.lines().filter(|line| line.starts_with("spend.sequestration.rate,")).collect();
    let values: Vec<&str> = rates.iter().filter_map(|line| line.split(',').nth(1)).collect();
    assert_eq!(values, ["0.0", "0.01", "0.02"], "{rates:?}");
}

#[test]
fn a_track_narrows_tables_by_track() {
    let text = Folder::new().run("rules --year 2023 --track E --format csv").expect(0).stdout;
    let line = text.lines().find(|line| line.starts_with("settle.sharing_rate.maximum,")).unwrap();
    assert_eq!(line.split(',').nth(1), Some("0.5"));
    let done = Folder::new().run("rules --year 2023 --track F").expect(2);
    assert!(done.stderr.starts_with("error: --track: not a track: `F`\nhint: one of T1"), "{}", done.stderr);
}

#[test]
fn overrides_of_a_study_are_marked() {
    let folder = Folder::new();
    folder.write(
        "study.toml",
        "[study]\nname='x'\nperformance_years=[2023]\n[input]\nrates='r'\nprogram='p'\n[rules]\n'settle.msr.low_head_count' = 1\n",
    );
    // Only the study file and the rules matter here: inputs need not be there.
    let text = folder.run("rules --year 2023 --study study.toml").expect(0).stdout;
    assert!(text.contains("settle.msr.low_head_count = 1  [overridden]"), "{text}");
}

/// The rows of a list of rules by key, as (from, value).
fn values(text: &str, keep: impl Fn(&serde_json::Value) -> bool) -> BTreeMap<String, Vec<(String, String)>> {
    let rows: Vec<serde_json::Value> = serde_json::from_str(text).unwrap();
    let mut by_key: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for row in rows.iter().filter(|row| keep(row)) {
        let field = |name: &str| row[name].as_str().unwrap().to_owned();
        by_key.entry(field("key")).or_default().push((field("from"), field("value")));
    }
    by_key
}

/// Walks from 2012 to 2030: the rules of a year, without what a difference calls old and with what it calls new, are those of
/// the next. Returns how many rules changed on the way.
fn years_and_their_changes(folder: &Folder, track: &str) -> usize {
    let rules = |year: i32| folder.run(&format!("rules --year {year}{track} --format json")).expect(0).stdout;
    let mut changed = 0;
    let mut before = values(&rules(2012), |_| true);
    for year in 2013..=2030 {
        let diff = folder.run(&format!("rules --diff {} {year}{track} --format json", year - 1)).expect(0).stdout;
        let (old, new) = (values(&diff, |row| row["side"] == "old"), values(&diff, |row| row["side"] == "new"));
        for (key, values) in &old {
            assert_eq!(before.remove(key).as_ref(), Some(values), "{year}{track} {key}");
        }
        assert!(new.keys().all(|key| !before.contains_key(key)), "{year}{track}: a change without its old values");
        changed += new.len();
        before.extend(new);
        assert_eq!(before, values(&rules(year), |_| true), "{year}{track}");
    }
    changed
}

#[test]
fn the_rules_of_a_year_and_the_changes_of_the_next_are_the_rules_of_the_next() {
    let folder = Folder::new();
    let changed = years_and_their_changes(&folder, "");
    assert!(changed > 50, "{changed}");
    for track in ["T1", "T1P", "T2", "T3", "A", "B", "C", "D", "E", "EN"] {
        assert!(years_and_their_changes(&folder, &format!(" --track {track}")) > 30, "{track}");
    }
    assert!(values(&folder.run("rules --diff 2023 2023 --format json").expect(0).stdout, |_| true).is_empty());
}

#[test]
fn a_dump_of_any_year_is_the_rules_of_that_year() {
    let folder = Folder::new();
    for year in 2012..=2026 {
        let dump = folder.run(&format!("rules --year {year} --format toml")).expect(0).stdout;
        folder.write("dump.toml", &dump);
        let again = folder.run(&format!("rules --rules dump.toml --year {year} --format toml")).expect(0).stdout;
        assert_eq!(dump, again, "{year}");
        let json = |from: &str| folder.run(&format!("rules --year {year}{from} --format json")).expect(0).stdout;
        assert_eq!(json(""), json(" --rules dump.toml"), "{year}");
    }
}

#[test]
fn a_difference_shows_old_and_new() {
    let page = Folder::new().run("rules --diff 2021 2022 --track E").expect(0).stdout;
    assert!(page.contains("rules change from 2021 to 2022\n"), "{page}");
    let at = page.find("\nspend.sequestration.rate\n").unwrap();
    assert!(page[at..].contains("  2022  0.01  (from 2022-04-01)\n  2022  0.02  (from 2022-07-01)\n"), "{page}");
    assert!(page.lines().all(|line| line.chars().count() <= 260), "{page}");
    // Track E's own rate did not change when the older tracks closed.
    assert!(!page.contains("settle.sharing_rate.maximum"), "{page}");
    let done = Folder::new().run("rules --diff 2021").expect(2);
    assert!(done.stderr.contains("--diff"), "{}", done.stderr);
    Folder::new().run("rules --diff 2021 2022 --year 2021").expect(2);
    Folder::new().run("rules").expect(2);
}

#[test]
fn a_track_that_a_list_leaves_out_does_not_read_it() {
    let csv =
        |track: &str| Folder::new().run(&format!("rules --year 2023 --track {track} --format csv")).expect(0).stdout;
    let keys =
        |text: &str| text.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect::<Vec<_>>();
    let (a, e) = (keys(&csv("A")), keys(&csv("E")));
    // One-sided tracks have no loss rate; both have a sharing rate.
    assert!(!a.contains(&"settle.loss_rate".to_owned()) && e.contains(&"settle.loss_rate".to_owned()));
    assert!(a.contains(&"settle.sharing_rate.maximum".to_owned()));
    let page = Folder::new().run("rules --year 2023 --track E").expect(0).stdout;
    assert!(page.contains("in force in 2023 for track E: "), "{page}");
    assert!(page.contains("settle.sharing_rate.maximum = 0.5  [track E]"), "{page}");
}

/// One ACO of the first rulebook with one enrollment type: a whole run in a few rows.
fn small() -> Folder {
    let folder = Folder::new();
    let own = |year: i32, cohort: &str, per_capita: &str, years: i32, score: &str| {
        format!("2018,full,A1,{year},{cohort},AGND,{per_capita},{years},{score},{score}\n")
    };
    let mut rates = String::from(
        "performance_year,period,aco_id,calendar_year,cohort,enrollment_type,per_capita,person_years,hcc_score,demographic_score\n",
    );
    for (year, per_capita) in [(2013, "9000"), (2014, "9200"), (2015, "9400"), (2018, "9600")] {
        rates += &own(year, "all", per_capita, 10_000, "1");
    }
    for (year, score) in [(2015, "1"), (2018, "1.02")] {
        rates += &(own(year, "newly", "", 3_000, score) + &own(year, "continuously", "", 7_000, score));
    }
    folder.write("rates/aco_year.csv", &rates);
    folder.write(
        "rates/national.csv",
        "performance_year,calendar_year,enrollment_type,per_capita,person_years\n\
         2018,2013,AGND,9500,1000\n2018,2014,AGND,9700,1000\n2018,2015,AGND,9900,1000\n2018,2018,AGND,10800,1000\n",
    );
    folder.write(
        "rates/aco_heads.csv",
        "performance_year,period,aco_id,calendar_year,head_count\n2018,full,A1,2018,10100\n",
    );
    folder.write(
        "program/aco.csv",
        "performance_year,period,aco_id,agreement_start,agreement_number,agreement_type,track,assignment_method,msr_choice,\
         quality_score,met_quality_standard\n2018,full,A1,2016-01-01,1,initial,T1,retrospective,variable,0.9,1\n",
    );
    folder.write(
        "study.toml",
        "[study]\nname = 'small'\nperformance_years = [2018]\n[input]\nrates = 'rates'\nprogram = 'program'\n",
    );
    folder
}

/// Two runs, one from the rules inside the program and one from their dump, as file and as `[rules]` of the study.
fn dump_gives_the_same_bytes(folder: &Folder) {
    folder.run("run study.toml --out plain").expect(0);
    let dump = folder.run("rules --format toml").expect(0).stdout;
    folder.write("dump.toml", &dump);
    folder.run("run study.toml --rules dump.toml --out from_file").expect(0);
    let plain = folder.bytes("plain");
    assert!(plain.len() > 10, "{}", plain.len());
    assert_eq!(plain, folder.bytes("from_file"));
    folder.write("study_with_rules.toml", &format!("{}\n{dump}", folder.read("study.toml")));
    folder.run("run study_with_rules.toml --out from_study").expect(0);
    assert_eq!(plain, folder.bytes("from_study"));
    let of_year = folder.run("rules --year 2024 --format toml").expect(0).stdout;
    folder.write("of_year.toml", &of_year);
    folder.run("run study.toml --rules of_year.toml --out from_year").expect(0);
    assert_eq!(plain, folder.bytes("from_year"));
    // A dump of a dump is the dump, and a changed value in it is an override.
    assert_eq!(dump, folder.run("rules --rules dump.toml --format toml").expect(0).stdout);
}

#[test]
fn a_dump_fed_back_gives_the_same_bytes() {
    let folder = small();
    dump_gives_the_same_bytes(&folder);
    let dump = folder.read("dump.toml");
    let (before, after) = (
        "\"settle.msr.low_head_count\" = [{",
        "\"settle.msr.low_head_count\" = [{ from = \"2012-01-01\", value = 1 }]\n#",
    );
    assert!(dump.contains(before), "{dump}");
    folder.write("changed.toml", &dump.replacen(before, after, 1));
    folder.run("run study.toml --rules changed.toml --out changed").expect(0);
    assert!(folder.read("changed/manifest.json").contains("settle.msr.low_head_count"));
    assert!(!folder.read("plain/manifest.json").contains("settle.msr.low_head_count"));
}

#[test]
fn a_dump_fed_back_gives_the_same_bytes_for_every_case() {
    let Some(cases) = oracle("data/rates_cases") else { return };
    dump_gives_the_same_bytes(&Folder::copy_of(&cases));
}

#[test]
fn a_rules_file_with_an_unknown_rule() {
    let folder = small();
    folder.write("mine.toml", "[rules]\n'settle.msr.low_heads' = 1\n");
    let done = folder.run("run study.toml --rules mine.toml").expect(2);
    assert!(done.stderr.contains("mine.toml, rule `settle.msr.low_heads`: no such rule"), "{}", done.stderr);
    let done = folder.run("rules --format toml --track E").expect(2);
    assert!(done.stderr.starts_with("error: --format: "), "{}", done.stderr);
}
