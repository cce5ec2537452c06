//! `acoledger rules`: every rule in force, with unit and citation.

use crate::command::Folder;

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
