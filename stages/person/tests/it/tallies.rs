//! Tables around assignment: where lists lead, and how close they are.

use crate::small::{Small, aligned, assigned_of};
use crate::walk::table_rows;
use acoledger_schemas::study::AssignmentSource;
use expect_test::{Expect, expect};

const ACOS: &str = "
    [aco]
    aco_id  agreement_start  assignment_method
    A1      2023-01-01       retrospective
    A2      2023-01-01       retrospective
    A3      2023-01-01       prospective
    [participant]
    aco_id  tin
    A1      T1
    A2      T2
    A3      T3
";

fn margins(small: &Small, year: &str, expected: &Expect) {
    let mut rows = table_rows(&small.run().cells.assignment_margin);
    rows.retain(|row| row["calendar_year"] == year);
    let columns = ["aco_id", "share", "lives", "lives_lost", "lost_spend_cents", "lives_won", "won_spend_cents"];
    expected.assert_eq(&aligned(&rows, &columns));
}

fn stability(small: &Small, from_year: &str, expected: &Expect) {
    let mut rows = table_rows(&small.run().cells.assignment_stability);
    rows.retain(|row| row["from_year"] == from_year);
    let columns =
        ["from_performance_year", "performance_year", "aco_id", "destination", "lives", "months", "spend_cents"];
    expected.assert_eq(&aligned(&rows, &columns));
}

#[test]
fn margins_count_whom_a_little_more_would_move() {
    let text = "
        [carrier]
        bene  date        tin  allowed  paid
        B1    2023-05-01  T1   101.00   7.00
        B1    2023-05-01  T2   100.00   0.00      # one percent more is just as much: it takes more
        B2    2023-05-01  T1   100.99   3.00
        B2    2023-05-01  T2   100.00   0.00
        B3    2023-05-01  T9   104.99   2.00      # a practice of no ACO, five percent ahead
        B3    2023-05-01  T2   100.00   0.00
        B4    2023-05-01  T1   100.00   1.00      # even: the later visit decides
        B4    2023-05-02  T9   100.00   0.00
        B5    2023-05-01  T1   100.00   1.00      # nobody else
        B6    2023-05-01  T1   100.00   5.00      # a designation, whatever the charges
        B6    2023-05-01  T2   99.99    0.00
        [voluntary_alignment]
        bene  designated_on  designee_tin
        B6    2022-01-01     T1
    ";
    let small = Small::new(2023, &format!("{ACOS}{text}"));
    margins(
        &small,
        "2023",
        &expect![[r#"
            aco  share  lives  lives_lost  lost_spend  lives_won  won_spend
            A1   0.01   4      1           306         1          102
            A1   0.05   4      2           1020        1          102
            A2   0.01   0      0           0           1          306
            A2   0.05   0      0           0           3          1224
        "#]],
    );
}

#[test]
fn a_list_wins_only_whom_it_may_have() {
    let text = "
        [enrollment]
        bene  year       plan
        B2    2023       1
        [carrier]
        bene  date        tin  specialty  allowed
        B1    2022-01-01  T3   11         100.00   # the prospective list has it already
        B1    2023-05-01  T2   11         100.00
        B1    2023-05-01  T1   11         99.99
        B2    2023-05-01  T2   11         100.00   # in a plan
        B2    2023-05-01  T1   11         99.99
        B3    2023-05-01  T9   11         100.00
        B3    2023-05-01  T3   11         99.99    # the year is no window of a prospective ACO
        B4    2023-05-01  T9   11         100.00
        B4    2023-05-01  T1   50         99.99    # no physician of the ACO
        B4    2023-05-01  T2   11         1.00
        B5    2022-01-01  T9   11         100.00
        B5    2022-01-01  T3   11         99.99    # the prospective list goes before the retrospective one
        B5    2023-05-01  T2   11         100.00
    ";
    let small = Small::new(2023, &format!("{ACOS}{text}"));
    margins(
        &small,
        "2023",
        &expect![[r#"
            aco  share  lives  lives_lost  lost_spend  lives_won  won_spend
            A2   0.01   1      0           0           0          0
            A2   0.05   1      0           0           0          0
            A3   0.01   1      0           0           1          0
            A3   0.05   1      0           0           1          0
        "#]],
    );
}

#[test]
fn lists_lead_to_lists() {
    let text = "
        [enrollment]
        bene  year       plan                     buyin                    died
        B3    2023       0/0/0/1/1/1/1/1/1/1/1/1  3                        -
        B4    2023       0                        3/3/3/3/3/3/3/3/3/3/3/1  -
        B5    2022-2023  0                        3                        2022-07-01
        [carrier]
        bene  date        tin  paid
        B1    2022-05-01  T1   7.00
        B1    2023-05-01  T1   100.00
        B2    2022-05-01  T1   1.00
        B2    2023-05-01  T2   1.00
        B3    2022-05-01  T1   2.00
        B3    2023-02-01  T1   2.00
        B4    2022-05-01  T1   3.00
        B5    2022-05-01  T1   4.00
        B6    2022-05-01  T1   5.00
        B6    2023-05-01  T9   5.00
        B7    2022-05-01  T2   6.00
        B8    2023-05-01  T1   6.00
        B9    2022-05-01  T1   8.00
        [other_initiative]
        bene  calendar_year
        B7    2023
    ";
    let small = Small::new(2023, &format!("{ACOS}{text}"));
    stability(
        &small,
        "2022",
        &expect![[r#"
        from_performance_year  performance_year  aco  destination       lives  months  spend
        2023                   2023              -    died              1      7       404
        2023                   2023              -    ineligible        1      12      303
        2023                   2023              -    none              1      12      505
        2023                   2023              -    other_aco         1      12      101
        2023                   2023              -    other_initiative  1      12      606
        2023                   2023              -    plan              1      12      202
        2023                   2023              -    retained          1      12      707
        2023                   2023              -    unserved          1      12      808
        2023                   2023              A1   died              1      7       404
        2023                   2023              A1   ineligible        1      12      303
        2023                   2023              A1   none              1      12      505
        2023                   2023              A1   other_aco         1      12      101
        2023                   2023              A1   plan              1      12      202
        2023                   2023              A1   retained          1      12      707
        2023                   2023              A1   unserved          1      12      808
        2023                   2023              A2   other_initiative  1      12      606
    "#]],
    );
}

#[test]
fn performance_years_lead_to_the_next() {
    let text = "
        [aco]
        performance_year  aco_id  agreement_start
        2023              A1      2023-01-01
        2024              A1      2023-01-01
        2024              A2      2024-01-01
        [participant]
        performance_year  aco_id  tin
        2023              A1      T1
        2023              A1      T2
        2024              A1      T1
        2024              A2      T2       # leaves for an ACO of its own
        [carrier]
        bene  date        tin
        B1    2023-05-01  T1
        B1    2024-05-01  T1
        B2    2023-05-01  T2
        B2    2024-05-01  T2
    ";
    let mut small = Small::new(2023, text);
    small.facts.performance_years = vec![2023, 2024];
    stability(
        &small,
        "2023",
        &expect![[r#"
        from_performance_year  performance_year  aco  destination  lives  months  spend
        2023                   2024              -    other_aco    1      12      0
        2023                   2024              -    retained     1      12      0
        2023                   2024              A1   other_aco    1      12      0
        2023                   2024              A1   retained     1      12      0
        2024                   2024              -    retained     2      24      0
        2024                   2024              A1   retained     1      12      0
        2024                   2024              A2   retained     1      12      0
    "#]],
    );
}

const GIVEN: &str = "
    [participant]
    aco_id  tin
    A1      T7
    A2      T7      # of two ACOs
    [enrollment]
    bene  year       plan                     died
    B3    2023       0/0/0/1/1/1/1/1/1/1/1/1  -
    B4    2022-2023  0                        2022-07-01
    [carrier]
    bene  date        tin  specialty  allowed  paid
    B1    2023-05-01  T1   11         1.00     1.00    # both
    B2    2023-05-01  T1   11         1.00     2.00    # ours only
    B3    2023-02-01  T1   11         1.00     3.00
    B4    2022-02-01  T1   11         1.00     4.00
    B5    2023-05-01  T2   11         2.00     5.00    # the file says A1
    B5    2023-05-01  T1   11         1.00     0.00
    B6    2023-05-01  T7   11         1.00     0.00
    B7    2023-05-01  T1   50         1.00     0.00
    B8    2023-05-01  T9   11         1.00     0.00
    B9    2023-05-01  T9   11         1.00     0.00
    B10   2023-05-01  T9   18         1.00     0.00
    [assignment_given]
    calendar_year  aco_id  bene  basis
    2023           A1      B1    claims
    2023           A1      B3    claims
    2023           A1      B4    claims
    2023           A1      B5    claims
    2023           A1      B6    claims
    2023           A1      B7    claims
    2023           A1      B8    claims
    2023           A1      B9    voluntary
    2023           A1      B10   claims
    2023           A1      B99   claims         # in no table of the lake
    2019           A1      B1    claims         # a year that nobody asks for
";

#[test]
fn a_list_that_is_given_is_compared_with() {
    let small = Small::new(2023, &format!("{ACOS}{GIVEN}"));
    let run = small.run();
    let columns = ["aco_id", "outcome", "own_aco_id", "step", "reason", "lives", "spend_cents"];
    expect![[r#"
        aco  outcome      own_aco  step  reason           lives  spend
        A1   both         -        1     -                1      102
        A1   other_aco    A2       1     other_entity     1      510
        A1   ours_only    -        1     claims           1      204
        A1   theirs_only  -        -     died             1      0
        A1   theirs_only  -        -     no_designation   1      0
        A1   theirs_only  -        -     no_physician     1      0
        A1   theirs_only  -        -     no_primary_care  1      0
        A1   theirs_only  -        -     not_in_lake      1      0
        A1   theirs_only  -        -     not_served       1      0
        A1   theirs_only  -        -     plan             1      306
        A1   theirs_only  -        -     shared_tin       1      0
    "#]]
    .assert_eq(&aligned(&table_rows(&run.cells.assignment_comparison), &columns));
    let lives: i64 = run.cells.assignment_comparison.iter().map(|row| row.lives).sum();
    assert_eq!(lives, 11, "ten of the file and one of ours");
    assert!(small.context().findings().iter().any(|of| of.0.contains("rows of no list") && of.1 == 1));
}

#[test]
fn lives_on_which_the_lists_differ_are_named() {
    let small = Small::new(2023, &format!("{ACOS}{GIVEN}"));
    let run = small.run();
    let columns =
        ["performance_year", "calendar_year", "bene_id", "own_aco_id", "given_aco_id", "outcome", "step", "reason"];
    expect![[r#"
        performance_year  calendar_year  bene  own_aco  given_aco  outcome      step  reason
        2023              2023           B10   -        A1         theirs_only  -     no_primary_care
        2023              2023           B2    A1       -          ours_only    1     claims
        2023              2023           B3    -        A1         theirs_only  -     plan
        2023              2023           B4    -        A1         theirs_only  -     died
        2023              2023           B5    A2       A1         other_aco    1     other_entity
        2023              2023           B6    -        A1         theirs_only  -     shared_tin
        2023              2023           B7    -        A1         theirs_only  -     no_physician
        2023              2023           B8    -        A1         theirs_only  -     not_served
        2023              2023           B9    -        A1         theirs_only  -     no_designation
    "#]]
    .assert_eq(&aligned(&run.differences, &columns));
    // As many lives as the comparison counts, without those on which the lists agree and those that the lake lacks.
    let mut counted = run.cells.assignment_comparison;
    counted.retain(|row| row.outcome != "both" && row.reason.as_deref() != Some("not_in_lake"));
    assert_eq!(counted.iter().map(|row| row.lives).sum::<i64>(), run.differences.len() as i64);
    let context = small.context();
    for (shards, batch_rows) in [(8, 3), (64, 1)] {
        assert_eq!(
            crate::walk::run(&context, &small.program, &small.lake, shards, batch_rows).differences,
            run.differences
        );
    }
    // Where the list counts in place of ours, what we differ in is said all the same.
    assert_eq!(listed("").run().differences.iter().filter(|row| row["own_aco_id"] == "A1").count(), 1);
    assert!(Small::new(2023, ACOS).context().differences_schema().is_none());
}

/// A study whose ACO has lists in all its years.
fn listed(rows: &str) -> Small {
    let text = "
        [aco]
        aco_id  agreement_start
        A1      2023-01-01
        A2      2023-01-01
        [participant]
        aco_id  tin
        A1      T1
        A2      T2
        [carrier]
        bene  date        tin  paid
        B1    2023-05-01  T1   1.00
        B2    2023-05-01  T1   2.00
        B3    2023-05-01  T2   3.00
        [assignment_given]
        calendar_year  aco_id  bene  basis      months_mask
        2020           A1      B1    claims     -
        2021           A1      B1    claims     -
        2022           A1      B1    claims     -
        2023           A1      B1    claims     4095
        2020           A2      B2    claims     -
        2021           A2      B2    claims     -
        2022           A2      B2    claims     -
        2023           A2      B2    voluntary  -
    ";
    let mut small = Small::new(2023, &format!("{text}{rows}"));
    small.facts.assignment = AssignmentSource::Given;
    small
}

#[test]
fn a_list_that_is_given_takes_our_place() {
    let small = listed("        2023           A1      B3    -          0\n");
    expect![[r#"
        bene  aco  basis      step  winner  runner_up  runner_up  tie
        B1    A1   claims     1     10000   -          -          -
        B2    A2   voluntary  -     -       -          -          -
    "#]]
    .assert_eq(&assigned_of(&small, 2023));
    let run = small.run();
    let heads: Vec<String> = run
        .cells
        .aco_heads
        .iter()
        .filter(|row| row.calendar_year.0 == 2023)
        .map(|row| format!("{} {} {} {}", row.aco_id, row.head_count, row.voluntary_only, row.claims_only))
        .collect();
    assert_eq!(heads, ["A1 1 0 1", "A2 1 1 0"]);
    let spend: i64 = run.cells.assigned_county.iter().map(|row| row.spend_cents.0).sum();
    assert_eq!(spend, 306, "B1 and B2; B3 is on nobody's list"); // (1.00 + 2.00) / 0.98
    assert!(run.cells.assignment_margin.is_empty());
    let moved = run.cells.assignment_comparison.iter().filter(|row| row.own_aco_id.is_some()).map(|row| row.lives);
    assert_eq!(moved.collect::<Vec<_>>(), [1], "B2 is A1's by our rules");
}

#[test]
fn lists_that_lack_something_are_refused() {
    let mut small = listed("");
    small.program.assignment_given.as_mut().expect("rows").retain(|row| row.calendar_year.0 != 2021);
    assert!(small.refusal().contains("no life of `A1` in 2021, a year of its own in 2023"), "{}", small.refusal());
    small = listed("        2023           A2      B1    claims     -\n");
    assert!(small.refusal().contains("a life on two lists of 2023"), "{}", small.refusal());
    assert!(!small.refusal().contains("B1"));
    small.program.assignment_given = None;
    assert!(small.refusal().contains("`[input] assignment` is `given`"), "{}", small.refusal());
}
