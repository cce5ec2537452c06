//! Improper payments by population and ACO (M.B.4.3).

use crate::small::Small;
use expect_test::expect;

const TEXT: &str = "
    [aco]
    aco_id  agreement_start
    A1      2023-01-01
    [participant]
    aco_id  tin
    A1      T1
    [enrollment]
    bene  year  plan  county
    B1    2023  0     01001
    B2    2023  0     01003
    B3    2023  1     01001
    [carrier]
    bene  claim  line  date        tin  paid
    B1    6      1     2023-04-01  T1   98.00
    B1    6      2     2023-04-02  T1   98.00
    B1    6      3     2023-04-03  T1   98.00
    B1    7      1     2023-05-01  T9   49.00
    B1    7      2     2023-05-01  T9   49.00
    B2    8      1     2023-05-01  T9   98.00
    B2    9      1     2023-06-01  T9   98.00    # of which one dollar
    B3    10     1     2023-05-01  T9   98.00    # in a plan: nobody's spending
    B3    11     1     2022-05-01  T9   98.00    # another year, in which B3 is enrolled
    [facility]
    bene  claim  type  from        thru        ccn     paid
    B2    12     60    2023-07-01  2023-07-02  010001  980.00
    [improper_payment]
    calendar_year  tin  ccn     claim_id  line  amount
    2023           T9   -       7         -     40.00    # of the claim as a whole: once
    2023           T9   -       9         1     1.00
    2023           T9   -       9         2     5.00     # no such line
    2023           T9   -       99        -     7.00     # no such claim
    2023           T9   -       -         -     30.00
    2023           -    010001  12        -     100.00
    2023           T8   -       -         -     9.00     # paid nothing
";

#[test]
fn each_cell_has_its_part() {
    let small = Small::new(2023, TEXT);
    let run = small.run();
    let mut text = String::new();
    for row in run.cells.improper.iter().filter(|row| row.calendar_year.0 == 2023) {
        let of = row.aco_id.as_ref().map_or("all", |aco| aco.as_str());
        let whose = if row.population.is_some() { "population" } else { "list" };
        let provider = row.tin.as_ref().map(|id| id.as_str()).or(row.ccn.as_ref().map(|id| id.as_str()));
        let sums = [row.paid_cents.0, row.tied_cents.0, row.provider_paid_cents.0, row.untied_cents.0];
        text += &format!("{of} {whose} {} {} {sums:?}\n", row.county, provider.expect("one of the two"));
    }
    // B1 has 100.00 with T9, B2 200.00, sequestration added back.
    expect![[r#"
        all population 01001 T9 [10000, 4000, 30000, 3000]
        all population 01003 010001 [100000, 10000, 100000, 0]
        all population 01003 T9 [20000, 100, 30000, 3000]
        A1 population 01001 T9 [10000, 4000, 30000, 3000]
        A1 list 01001 T9 [10000, 4000, 30000, 3000]
    "#]]
    .assert_eq(&text);
    let unmet = run.shard.unmet_improper(&small.context()).map(|(_, count)| count);
    assert_eq!(unmet, [1, 12], "T8's year; 5.00 and 7.00");
}

#[test]
fn rows_that_say_nothing_are_refused() {
    let refusal = |row: &str| {
        let at = TEXT.find("    2023           T9   -       7").expect("the first row");
        Small::new(2023, &format!("{}    {row}\n{}", &TEXT[..at], &TEXT[at..])).refusal()
    };
    assert!(refusal("2023 T9 010001 7 - 1.00").contains("both or neither"));
    assert!(refusal("2023 - - 7 - 1.00").contains("both or neither"));
    assert!(refusal("2023 T9 - 7 - -1.00").contains("below 0"));
    assert!(refusal("2023 T9 - - 1 1.00").contains("a line and no claim"));
}
