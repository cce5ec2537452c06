//! Tables around assignment: where lists lead, and how close they are.

use crate::small::{Small, aligned};
use crate::walk::table_rows;
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
        2023                   2023              A1   died              1      7       404
        2023                   2023              A1   ineligible        1      12      303
        2023                   2023              A1   none              1      12      505
        2023                   2023              A1   other_aco         1      12      101
        2023                   2023              A1   plan              1      12      202
        2023                   2023              A1   retained          1      12      707
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
