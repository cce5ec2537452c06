//! The story of a life against pass A: the same place, sums that the rows behind them add up to, decisions that lead there.

use crate::small::Small;
use crate::walk::run;
use crate::world::{World, folder};
use acoledger_person::People;
use acoledger_person::explain::{
    Candidate, LifeStory, ListStory, Role, Verdict, WindowLine, WindowStory, explain, lists,
};
use acoledger_schemas::keys::{bene_key, shard_of};
use acoledger_schemas::study::AssignmentSource;
use expect_test::{Expect, expect};
use std::collections::{BTreeMap, BTreeSet};

/// Every life of a world, in every list: place equal to the row of `assignment`, or none.
fn check_world(name: &str) {
    let Some(folder) = folder(name) else { return };
    let world = World::read(folder);
    let context = world.context();
    let done = run(&context, &world.program, &world.lake, 4, 1000);
    let mut assigned: BTreeMap<(String, i32, i32), &BTreeMap<String, String>> = BTreeMap::new();
    for row in &done.assignment {
        let year = |name: &str| row[name].parse::<i32>().expect("a year");
        assigned.insert((row["bene_id"].clone(), year("performance_year"), year("calendar_year")), row);
    }
    let lives = world.lake.by_life();
    let people = People::new(&context, &world.program, u64::MAX);
    let years: BTreeSet<i32> = lists(&context).into_iter().map(|(_, year)| year).collect();
    let (mut told, mut placed, mut verdicts) = (0, 0, BTreeMap::<Verdict, usize>::new());
    for (bene_id, lake) in &lives {
        for year in &years {
            let key = bene_key(bene_id);
            let streams = lake.shard(&context, shard_of(key, 4), 4, 700);
            let story =
                explain(&context, &people, streams, key, *year, None).unwrap_or_else(|problem| panic!("{problem}"));
            let story = story.unwrap_or_else(|| panic!("{bene_id} is in the lake"));
            assert_eq!(&story.bene_id, bene_id);
            for list in &story.lists {
                told += 1;
                let row = assigned.get(&(story.bene_id.clone(), list.performance_year, list.calendar_year));
                let row = row.filter(|_| !list.only_before);
                placed += usize::from(list.place.is_some() && !list.only_before);
                same_place(list, row.copied());
                leads_there(list);
                for window in &list.windows {
                    adds_up(&story, list, window);
                    window.lines.iter().for_each(|line| *verdicts.entry(line.verdict).or_default() += 1);
                }
            }
        }
    }
    println!(
        "{name}: {} lives, {told} lists told, {placed} places, rows of assignment {}",
        lives.len(),
        assigned.len()
    );
    println!("{verdicts:?}");
    assert_eq!(placed, assigned.len(), "every row of assignment has its story");
}

fn same_place(list: &ListStory, row: Option<&BTreeMap<String, String>>) {
    if list.only_before {
        return;
    }
    let (Some(place), Some(row)) = (&list.place, row) else {
        assert_eq!(list.place.is_some(), row.is_some(), "{list:?}");
        return;
    };
    let cents = |cents: Option<i64>| cents.map(|cents| cents.to_string()).unwrap_or_default();
    let told = [
        ("aco_id", place.aco_id.clone()),
        ("basis", place.basis.to_owned()),
        ("window", place.window.to_owned()),
        ("step", place.step.map(|step| step.to_string()).unwrap_or_default()),
        ("county", place.county.clone().unwrap_or_default()),
        ("winner_cents", cents(place.winner_cents)),
        ("runner_up", place.runner_up.clone().unwrap_or_default()),
        ("runner_up_cents", cents(place.runner_up_cents)),
        ("tie", place.tie.unwrap_or_default().to_owned()),
        ("cohort", place.cohort.to_owned()),
    ];
    for (column, text) in told {
        assert_eq!(text, row[column], "{column} of {row:?}");
    }
}

/// The decisions that put the life on a list name the ACO of its place, and no other.
fn leads_there(list: &ListStory) {
    let led: Vec<&String> = list.decisions.iter().filter_map(|decision| decision.aco_id.as_ref()).collect();
    let place: Vec<&String> = list.place.iter().map(|place| &place.aco_id).collect();
    assert_eq!(led, place, "{:#?}", list.decisions);
}

/// Sums are what the rows behind them add up to; conditions name months when they fail.
fn adds_up(story: &LifeStory, list: &ListStory, window: &WindowStory) {
    block_adds_up(story, list, &window.candidates, &window.lines, &[1, 2]);
    if let Some(third) = &window.third {
        block_adds_up(story, list, &third.candidates, &third.lines, &[3]);
        assert!(window.step == Some(3) && window.expanded == Some(third.months), "{window:?}");
        let passes = |candidate: &Candidate| candidate.kind == "aco" && candidate.passes;
        assert!(
            !window.candidates.iter().chain(&third.candidates).any(passes),
            "step 3 although an ACO passes: {window:?}"
        );
        assert!(!window.candidates.iter().any(|candidate| candidate.wins), "{window:?}");
    }
    let winners = window.compared().iter().filter(|candidate| candidate.wins).count();
    assert!(winners <= 1 && (window.leads_to.is_none() || winners == 1));
    for condition in window.conditions.iter().chain(&list.year) {
        let without_months = condition.holds || condition.what.starts_with("a month") || condition.section == "M.A.1.4";
        assert!(without_months || !condition.fails_in.is_empty(), "{condition:?}");
        assert!(!condition.holds || condition.fails_in.is_empty(), "{condition:?}");
    }
}

/// Entities of one window against the rows that are told beside them.
fn block_adds_up(story: &LifeStory, list: &ListStory, candidates: &[Candidate], lines: &[WindowLine], steps: &[u8]) {
    for (at, candidate) in candidates.iter().enumerate() {
        for &step in steps {
            let lines = lines.iter().filter(|line| line.candidate == Some(at) && line.steps.contains(&step));
            let rows: Vec<usize> = lines.map(|line| line.row).collect();
            let sum: i64 = rows.iter().filter_map(|row| story.rows[*row].allowed_cents).sum();
            let told = candidate.sums[usize::from(step) - 1];
            assert_eq!(told.is_some(), !rows.is_empty(), "{candidate:?}");
            assert!(list.measure != "cents" || told.is_none_or(|told| told == sum), "{candidate:?}: {sum}");
        }
    }
    for line in lines {
        assert_eq!(line.candidate.is_some(), line.verdict.counts(), "{line:?}");
        assert_eq!(story.rows[line.row].role, Role::Service);
    }
}

#[test]
fn every_life_of_w1_is_told() {
    check_world("w1");
}

#[test]
fn every_life_of_w2_is_told() {
    check_world("w2");
}

#[test]
fn every_life_of_w3_is_told() {
    check_world("w3");
}

/// Rows, candidates and decisions of the first list of a life.
fn check(year: i32, life: &str, text: &str, expected: &Expect) {
    let mut small = Small::new(year, text);
    if small.program.assignment_given.is_some() {
        small.facts.assignment = AssignmentSource::Given;
    }
    let context = small.context();
    let people = People::new(&context, &small.program, u64::MAX);
    let story = explain(&context, &people, small.lake.shard(&context, 0, 1, 5), bene_key(life), year, Some(year));
    let story = story.unwrap_or_else(|problem| panic!("{problem}")).expect("the life is there");
    let list = &story.lists[0];
    let mut out = String::new();
    for (at, row) in story.rows.iter().enumerate().filter(|(_, row)| row.role != Role::Service) {
        out += &format!("row {at} {} {:?}\n", row.code, row.role);
    }
    for window in &list.windows {
        out += &format!("{} step {:?}\n", window.window, window.step);
        for candidate in &window.candidates {
            let wins = if candidate.wins { " wins" } else { "" };
            out += &format!("  {} {:?} passes {}{wins}\n", candidate.entity, candidate.sums, candidate.passes);
        }
        for line in &window.lines {
            out += &format!("  row {} {} {:?}\n", line.row, story.rows[line.row].code, line.verdict);
        }
        if let Some(third) = &window.third {
            out += "  expanded\n";
            for candidate in &third.candidates {
                let wins = if candidate.wins { " wins" } else { "" };
                let of = (candidate.passes, candidate.physician, candidate.practitioner);
                out += &format!("    {} {:?} {of:?}{wins}\n", candidate.entity, candidate.sums);
            }
            for line in &third.lines {
                out += &format!("    row {} {:?}\n", line.row, line.verdict);
            }
        }
    }
    for condition in list.windows.iter().flat_map(|window| &window.conditions).filter(|condition| !condition.holds) {
        out += &format!("{} {} fails\n", condition.section, condition.what);
    }
    for decision in &list.decisions {
        out += &format!("{} {}\n", decision.section, decision.what);
    }
    expected.assert_eq(&out);
}

const FIELD: &str = "
    [aco]
    aco_id  agreement_start  assignment_method
    A1      2022-01-01       retrospective
    A2      2022-01-01       prospective
    [participant]
    aco_id  tin
    A1      T1
    A2      T2
";

#[test]
fn rows_that_do_not_count_say_why() {
    let text = format!(
        "{FIELD}
        [carrier]
        bene  date        hcpcs  specialty  tin  place  denial  allowed
        B1    2023-03-01  99213  11         T1   11     1       100
        B1    2023-03-02  99213  11         T9   11     0       900     # denied
        B1    2023-03-03  70450  11         T9   11     1       900     # imaging
        B1    2023-03-04  99213  20         T9   11     1       900     # orthopedic
        B1    2023-03-05  99308  11         T9   31     1       900     # in the nursing facility
        B1    2023-03-06  99354  11         T9   11     1       900     # prolonged without its base code
        B1    2023-03-07  G0463  11         T9   11     1       900     # teaching hospitals only
        [facility]
        bene  thru        from        type  ccn
        B1    2023-03-10  2023-03-01  20    015001
        "
    );
    check(
        2023,
        "B1",
        &text,
        &expect![[r#"
        row 0 11X Stay
        row 2 99213 Denied
        row 3 70450 NotListed
        retrospective step Some(1)
          A1 [Some(10000), None, Some(10000)] passes true wins
          row 1 99213 Primary
          row 4 99213 OtherClinician
          row 5 99308 NursingFacility
          row 6 99354 WithoutBase
          row 7 G0463 TeachingOnly
        prospective step None
        M.A.5 prospective window: no primary care service that counts
        M.A.6.2 retrospective window: A1 wins step 1: on its list
    "#]],
    );
}

#[test]
fn a_prospective_list_goes_before() {
    let text = format!(
        "{FIELD}
        [carrier]
        bene  date        hcpcs  specialty  tin  allowed
        B1    2022-03-01  99213  11         T2   100
        B1    2023-03-02  99213  11         T1   100
        "
    );
    check(
        2023,
        "B1",
        &text,
        &expect![[r#"
        retrospective step Some(1)
          A1 [Some(10000), None, Some(10000)] passes true wins
          row 1 99213 Primary
        prospective step Some(1)
          A2 [Some(10000), None, Some(10000)] passes true wins
          row 0 99213 Primary
        M.A.6.2 prospective window: A2 wins step 1: on its list
        M.A.2.4 retrospective window: A1 wins step 1, but the life is on a list already
    "#]],
    );
}

#[test]
fn a_designation_elsewhere_closes_a_list() {
    let text = format!(
        "{FIELD}
        [voluntary_alignment]
        bene_id  designated_on  designee_npi  designee_tin
        B1       2022-05-01     1             T9
        [carrier]
        bene  date        hcpcs  specialty  tin  allowed
        B1    2023-03-02  99213  11         T1   100
        "
    );
    check(
        2023,
        "B1",
        &text,
        &expect![[r#"
        retrospective step Some(1)
          A1 [Some(10000), None, Some(10000)] passes true wins
          row 0 99213 Primary
        prospective step None
        M.A.3 the designation of 2022-05-01, in force on 2022-09-30, names a practice of no ACO
        M.A.5 prospective window: no primary care service that counts
        M.A.3.3 retrospective window: A1 wins step 1, but a designation of somebody outside it closes its list
        M.A.2.4 on no ACO's list
    "#]],
    );
}

/// Served by a nurse practitioner in the twelve months, by a physician only in the year before.
#[test]
fn step_3_is_told_apart_from_the_twelve_months() {
    let text = "
        [aco]
        aco_id  agreement_start  assignment_method
        A1      2025-01-01       retrospective
        [participant]
        aco_id  tin
        A1      T1
        [carrier]
        bene  date        hcpcs  specialty  tin  allowed
        B1    2024-03-01  99213  11         T1   300
        B1    2025-03-02  99213  50         T1   100
        B1    2025-03-03  99213  50         T9   150
        ";
    check(
        2025,
        "B1",
        text,
        &expect![[r#"
            retrospective step Some(3)
              T9 [Some(15000), None, Some(15000)] passes false
              A1 [Some(10000), None, Some(10000)] passes false
              row 1 99213 Practitioner
              row 2 99213 Practitioner
              expanded
                A1 [None, None, Some(40000)] (false, true, true) wins
                T9 [None, None, Some(15000)] (false, false, true)
                row 0 Primary
                row 1 Practitioner
                row 2 Practitioner
            M.A.2.4 no ACO of the performance year has a prospective list
            M.A.6.8 retrospective window: no ACO meets the pre-step in its own months: step 3 is opened, over the expanded window
            M.A.6.4 retrospective window: A1 wins step 3: on its list
        "#]],
    );
}

#[test]
fn a_list_that_is_given_replaces_ours() {
    let text = format!(
        "{FIELD}
        [carrier]
        bene  date        hcpcs  specialty  tin  allowed
        B1    2023-03-02  99213  11         T1   100
        B2    2023-03-02  99213  11         T1   100
        B3    2023-03-02  99213  11         T1   100
        [assignment_given]
        calendar_year  aco_id  bene  basis
        2023           A2      B1    claims
        2023           A1      B2    claims
        2019           A1      B8    claims     # base years, which the file must have
        2020           A1      B8    claims
        2021           A1      B8    claims
        2019           A2      B9    claims
        2020           A2      B9    claims
        2021           A2      B9    claims
        "
    );
    check(
        2023,
        "B1",
        &text,
        &expect![[r#"
        retrospective step Some(1)
          A1 [Some(10000), None, Some(10000)] passes true wins
          row 0 99213 Primary
        prospective step None
        M.A.5 by our own rules: prospective window: no primary care service that counts
        M.A.6.2 by our own rules: retrospective window: A1 wins step 1: on its list
        M.A CMS's list says A2; ours would be A1: the list that is given is used
    "#]],
    );
    check(
        2023,
        "B2",
        &text,
        &expect![[r#"
        retrospective step Some(1)
          A1 [Some(10000), None, Some(10000)] passes true wins
          row 0 99213 Primary
        prospective step None
        M.A.5 by our own rules: prospective window: no primary care service that counts
        M.A.6.2 by our own rules: retrospective window: A1 wins step 1: on its list
        M.A CMS's list says A1; ours would be the same: the list that is given is used
    "#]],
    );
    check(
        2023,
        "B3",
        &text,
        &expect![[r#"
        retrospective step Some(1)
          A1 [Some(10000), None, Some(10000)] passes true wins
          row 0 99213 Primary
        prospective step None
        M.A.5 by our own rules: prospective window: no primary care service that counts
        M.A.6.2 by our own rules: retrospective window: A1 wins step 1: on its list
        M.A CMS's list says no ACO; ours would be A1: the list that is given is used
    "#]],
    );
}

#[test]
fn a_life_that_died_before_fails_by_its_death_alone() {
    let text = format!(
        "{FIELD}
        [enrollment]
        bene  died
        B1    2021-05-01
        [carrier]
        bene  date        hcpcs  specialty  tin  allowed
        B1    2021-03-02  99213  11         T1   100
        "
    );
    check(
        2023,
        "B1",
        &text,
        &expect![[r#"
            retrospective step None
            prospective step None
            M.A.1.7 a month alive fails
            M.A.1.7 a month alive fails
            M.A.1.7 not alive when 2023 began: on no list
        "#]],
    );
}

#[test]
fn a_life_that_is_not_there_is_none() {
    let small = Small::new(2023, &format!("{FIELD}\n[carrier]\nbene date tin\nB1 2023-03-02 T1\n"));
    let context = small.context();
    let people = People::new(&context, &small.program, u64::MAX);
    let streams = small.lake.shard(&context, 0, 1, 5);
    // A whole shard: lives before it are passed over.
    assert!(explain(&context, &people, streams, bene_key("B2"), 2023, None).is_ok_and(|story| story.is_none()));
    assert_eq!(lists(&context).last(), Some(&(2023, 2023)));
}
