//! What reforms may ask of the person grain, key by key: small worlds in which the answer flips.

use crate::small::{Small, assigned_of, spending_of};
use expect_test::{Expect, expect};

/// A retrospective ACO with two practices, a prospective and another retrospective one; agreements of 2023.
const ACOS: &str = "
    [aco]
    aco_id  agreement_start  assignment_method
    A1      2023-01-01       retrospective
    A2      2023-01-01       prospective
    A3      2023-01-01       retrospective
    [participant]
    aco_id  tin
    A1      T1
    A1      T2
    A2      T3
    A3      T5
";

/// Who belongs where in 2023: by the law, then under the reform.
fn attribution(text: &str, reform: &str, law: Expect, then: Expect) {
    let small = || Small::new(2023, &format!("{ACOS}{text}"));
    law.assert_eq(&assigned_of(&small(), 2023));
    then.assert_eq(&assigned_of(&small().under(reform), 2023));
}

/// Dollars of 2023: by the law, then under the reform.
fn dollars(text: &str, reform: &str, law: Expect, then: Expect) {
    let small = || Small::new(2023, &format!("{ACOS}{text}"));
    law.assert_eq(&spending_of(&small(), 2023));
    then.assert_eq(&spending_of(&small().under(reform), 2023));
}

#[test]
fn visits_in_place_of_charges() {
    attribution(
        "
        [carrier]
        bene  date        tin  specialty  hcpcs  allowed
        B1    2023-01-31  T1   11         99213  10.00
        B1    2023-02-28  T1   11         99213  10.00
        B1    2023-03-31  T9   11         99215  50.00    # one visit against two
        B2    2023-01-31  T1   11         99213  90.00
        B2    2023-01-31  T1   11         99490  9.00
        B2    2023-01-31  T1   50         99213  9.00     # three services of one day at one practice: one visit
        B2    2023-02-28  T5   11         99213  10.00
        B2    2023-03-31  T5   11         99213  10.00
        B3    2023-01-31  T1   11         99213  10.00
        B3    2023-01-31  T2   11         99213  10.00    # two practices on one day: two visits to their ACO
        B3    2023-02-28  T5   11         99213  90.00
        B4    2023-01-31  T1   11         99213  0.00     # a visit without a charge is a visit
        B5    2023-01-31  T1   06         99213  10.00
        B5    2023-02-28  T1   06         99213  10.00    # days of a specialist are none of step 1
        B5    2023-01-31  T5   11         99213  5.00
        B6    2023-01-31  T1   11         99213  10.00
        B6    2023-01-31  T5   11         99213  90.00    # one each: the latest visit decides as ever
        B6    2023-05-31  T1   06         99213  1.00
        ",
        "'assign.measure' = 'visits'",
        expect![[r#"
            bene  aco  basis   step  winner  runner_up  runner_up  tie
            B2    A1   claims  1     10800   A3         2000       -
            B3    A3   claims  1     9000    A1         2000       -
            B5    A3   claims  1     500     -          -          -
            B6    A3   claims  1     9000    A1         1000       -
        "#]],
        // Visits are no cents: the columns of cents are blank.
        expect![[r#"
            bene  aco  basis   step  winner  runner_up  runner_up  tie
            B1    A1   claims  1     -       T9         -          -
            B2    A3   claims  1     -       A1         -          -
            B3    A1   claims  1     -       A3         -          -
            B4    A1   claims  1     -       -          -          -
            B5    A3   claims  1     -       -          -          -
            B6    A1   claims  1     -       A3         -          specialist
        "#]],
    );
}

#[test]
fn a_majority_in_place_of_the_plurality() {
    attribution(
        "
        [carrier]
        bene  date        tin  specialty  allowed
        B1    2023-01-31  T1   11         50.00
        B1    2023-01-31  T2   11         1.00
        B1    2023-01-31  T9   11         30.00
        B1    2023-01-31  T5   11         20.00    # 51 of 101: more than half
        B2    2023-01-31  T1   11         50.00
        B2    2023-01-31  T9   11         30.00
        B2    2023-01-31  T5   11         20.00    # 50 of 100: half is not more
        B3    2023-01-31  T1   11         40.00
        B3    2023-01-31  T9   11         39.00
        B3    2023-01-31  T8   11         21.00
        B4    2023-01-31  T1   06         51.00    # step 2 alike
        B4    2023-01-31  T9   06         50.00
        B5    2023-01-31  T1   06         40.00
        B5    2023-01-31  T8   06         39.00
        B5    2023-01-31  T9   06         38.00
        ",
        "'assign.winner' = 'majority'",
        expect![[r#"
            bene  aco  basis   step  winner  runner_up  runner_up  tie
            B1    A1   claims  1     5100    T9         3000       -
            B2    A1   claims  1     5000    T9         3000       -
            B3    A1   claims  1     4000    T9         3900       -
            B4    A1   claims  2     5100    T9         5000       -
            B5    A1   claims  2     4000    T8         3900       -
        "#]],
        expect![[r#"
            bene  aco  basis   step  winner  runner_up  runner_up  tie
            B1    A1   claims  1     5100    T9         3000       -
            B4    A1   claims  2     5100    T9         5000       -
        "#]],
    );
}

#[test]
fn windows_of_twenty_four_months() {
    attribution(
        "
        [carrier]
        bene  date        tin  allowed
        B1    2022-01-01  T1   10.00    # first day of 2022 and 2023
        B2    2021-12-31  T1   10.00    # a day too early
        B3    2020-10-01  T3   10.00    # October 2020 to September 2022, a prospective ACO
        B4    2020-09-30  T3   10.00
        B5    2023-05-01  T1   10.00
        B5    2022-05-01  T9   11.00    # more in two years
        B6    2022-05-01  T1   10.00
        B7    2022-05-01  T1   10.00
        [enrollment]
        bene  year  plan
        B6    2022  1    # the year before is no part of eligibility
        B7    2023  1
        ",
        "'assign.window.months' = 24",
        expect![[r#"
            bene  aco  basis   step  winner  runner_up  runner_up  tie
            B5    A1   claims  1     1000    -          -          -
        "#]],
        expect![[r#"
            bene  aco  basis   step  winner  runner_up  runner_up  tie
            B1    A1   claims  1     1000    -          -          -
            B3    A2   claims  1     1000    -          -          -
            B6    A1   claims  1     1000    -          -          -
        "#]],
    );
    let needs = |rules: &str| Small::new(2023, ACOS).under(rules).context().needs().claim_months[0].first;
    assert_eq!(needs("") - needs("'assign.window.months' = 24"), 12, "the study needs a year more of claims");
}

#[test]
fn the_list_of_a_quarter() {
    attribution(
        "
        [carrier]
        bene  date        tin  allowed
        B1    2022-07-01  T1   10.00    # first day of the twelve months to June
        B2    2022-06-30  T1   10.00    # a day too early
        B3    2023-06-30  T1   10.00
        B4    2023-07-01  T1   10.00    # after the quarter
        B5    2021-10-01  T3   10.00    # a prospective list stays
        B6    2023-01-31  T1   10.00
        B7    2023-01-31  T1   10.00
        [enrollment]
        bene  year  plan
        B6    2022  0/0/0/0/0/0/0/0/1/0/0/0    # September: within the twelve months
        B7    2023  0/0/0/0/0/0/0/0/1/0/0/0    # after them
        ",
        "'assign.window.last_month' = 6",
        expect![[r#"
            bene  aco  basis   step  winner  runner_up  runner_up  tie
            B3    A1   claims  1     1000    -          -          -
            B4    A1   claims  1     1000    -          -          -
            B5    A2   claims  1     1000    -          -          -
            B6    A1   claims  1     1000    -          -          -
        "#]],
        expect![[r#"
            bene  aco  basis   step  winner  runner_up  runner_up  tie
            B1    A1   claims  1     1000    -          -          -
            B3    A1   claims  1     1000    -          -          -
            B5    A2   claims  1     1000    -          -          -
            B7    A1   claims  1     1000    -          -          -
        "#]],
    );
}

#[test]
fn without_practitioners() {
    attribution(
        "
        [carrier]
        bene  date        tin  specialty  allowed
        B1    2023-01-31  T1   11         10.00
        B1    2023-01-31  T9   50         20.00    # a nurse practitioner outside
        B2    2023-01-31  T1   50         20.00    # a nurse practitioner of the ACO
        B2    2023-01-31  T1   11         1.00
        B2    2023-01-31  T9   11         10.00
        B3    2023-01-31  T1   06         10.00
        B3    2023-01-31  T9   97         1.00     # no primary care but a physician assistant's: on to step 2
        ",
        "'assign.left_out' = ['practitioners']",
        expect![[r#"
            bene  aco  basis   step  winner  runner_up  runner_up  tie
            B2    A1   claims  1     2100    T9         1000       -
        "#]],
        expect![[r#"
            bene  aco  basis   step  winner  runner_up  runner_up  tie
            B1    A1   claims  1     1000    -          -          -
            B3    A1   claims  2     1000    -          -          -
        "#]],
    );
}

#[test]
fn without_step_two_and_without_the_pre_step() {
    let text = "
        [carrier]
        bene  date        tin  specialty  allowed
        B1    2023-01-31  T1   06         10.00    # step 2
        B2    2023-01-31  T1   11         10.00
        B3    2023-01-31  T1   06         1.00     # the specialist still passes the pre-step
        B3    2023-01-31  T1   50         9.00
        B4    2023-01-31  T1   50         9.00
    ";
    let law = || {
        expect![[r#"
        bene  aco  basis   step  winner  runner_up  runner_up  tie
        B1    A1   claims  2     1000    -          -          -
        B2    A1   claims  1     1000    -          -          -
        B3    A1   claims  1     900     -          -          -
    "#]]
    };
    attribution(
        text,
        "'assign.left_out' = ['step 2']",
        law(),
        expect![[r#"
            bene  aco  basis   step  winner  runner_up  runner_up  tie
            B2    A1   claims  1     1000    -          -          -
            B3    A1   claims  1     900     -          -          -
        "#]],
    );
    attribution(
        text,
        "'assign.left_out' = ['pre-step', 'step 2']",
        law(),
        expect![[r#"
            bene  aco  basis   step  winner  runner_up  runner_up  tie
            B2    A1   claims  1     1000    -          -          -
            B3    A1   claims  1     900     -          -          -
            B4    A1   claims  1     900     -          -          -
        "#]],
    );
}

#[test]
fn parts_of_inpatient_payments() {
    let text = "
        [facility]
        bene  type  thru        bill  ccn     paid     ime    dsh    uncompensated
        B1    60    2023-05-10  11    010001  9800.00  30.00  20.00  5.00    # 9,800 + 200 of sequestration
        B2    60    2023-05-10  11    210001  9800.00  30.00  20.00  5.00    # Maryland keeps everything
    ";
    let law = || {
        expect![[r#"
            bene  enrollment_type  in_months     county  spend    gross
            B1    AGND             xxxxxxxxxxxx  01001   994500   980000
            B2    AGND             xxxxxxxxxxxx  01001   1000000  980000
        "#]]
    };
    for (removed, cents) in [
        ("'ime', 'dsh'", 995_000),
        ("'uncompensated_care'", 999_500),
        ("'ime'", 997_000),
        ("'dsh'", 998_000),
        ("", 1_000_000),
    ] {
        let small = Small::new(2023, &format!("{ACOS}{text}"));
        let small = small.under(&format!("'spend.inpatient.removed' = [{removed}]"));
        let rows = small.run().person_year;
        let spend = rows.iter().find(|row| row["bene_id"] == "B1" && row["calendar_year"] == "2023");
        assert_eq!(spend.map(|row| row["spend_cents"].as_str()), Some(cents.to_string().as_str()), "{removed}");
    }
    let own = "'spend.inpatient.removed' = ['uncompensated_care', 'dsh', 'ime']";
    dollars(text, own, law(), law());
}

#[test]
fn claims_left_out_of_spending() {
    let text = "
        [facility]
        bene  type  thru        bill  paid
        B1    50    2023-05-10  81    98.00
        B1    20    2023-05-10  21    98.00
        B1    30    2023-05-10  18    98.00
        [carrier]
        bene  date        tin  paid
        B1    2023-05-10  T1   98.00
        [non_claims_payment]
        bene_id  calendar_year  month  final  amount
        B1       2023           6      1      5.00
    ";
    let row = |spend: &str, gross: &str| {
        format!(
            "bene  enrollment_type  in_months     county  spend  gross\n\
             B1    AGND             xxxxxxxxxxxx  01001   {spend}  {gross}\n"
        )
    };
    let small = || Small::new(2023, &format!("{ACOS}{text}"));
    assert_eq!(spending_of(&small(), 2023), row("40500", "39700"));
    for (left_out, spend, gross) in [
        ("'hospice'", "30500", "29900"),
        ("'50'", "30500", "29900"),
        ("'snf'", "20500", "20100"),
        ("'30'", "30500", "29900"),
        ("'non_claims'", "40000", "39200"),
        ("'hospice', '20', 'carrier'", "10500", "10300"),
    ] {
        let reform = small().under(&format!("'spend.left_out' = [{left_out}]"));
        assert_eq!(spending_of(&reform, 2023), row(spend, gross), "{left_out}");
        // Who serves whom is told by the claims all the same.
        assert_eq!(assigned_of(&reform, 2023), assigned_of(&small(), 2023));
        let ledger = reform.run().shard.ledger();
        let sum = |read: bool| -> i64 {
            ledger.iter().filter(|line| (line.outcome == "read") == read).map(|line| line.cents).sum()
        };
        assert_eq!(sum(true), sum(false), "every cent has its place");
        assert!(ledger.iter().any(|line| line.outcome.contains("spend.left_out")), "{ledger:?}");
    }
    let revenue = |small: &Small| small.run().cells.revenue[0].paid_cents.0;
    assert_eq!(revenue(&small()), 9_800);
    assert_eq!(revenue(&small().under("'spend.left_out' = ['carrier']")), 0, "nor is it revenue");
}

#[test]
fn nursing_facility_stays_are_seen_when_their_payments_are_left_out() {
    let text = "
        [facility]
        bene  type  from        thru        bill  paid
        B1    20    2023-05-01  2023-05-31  21    98.00
        [carrier]
        bene  date        tin  hcpcs
        B1    2023-05-10  T1   99309    # in a stay: no primary care
    ";
    let none = || expect![["bene  aco  basis  step  winner  runner_up  runner_up  tie\n"]];
    attribution(text, "'spend.left_out' = ['snf']", none(), none());
}

#[test]
fn sequestration_is_not_added_back() {
    dollars(
        "
        [carrier]
        bene  date        paid
        B1    2023-05-10  98.00
        ",
        "'spend.sequestration.rate' = 0",
        expect![[r#"
            bene  enrollment_type  in_months     county  spend  gross
            B1    AGND             xxxxxxxxxxxx  01001   10000  9800
        "#]],
        expect![[r#"
            bene  enrollment_type  in_months     county  spend  gross
            B1    AGND             xxxxxxxxxxxx  01001   9800   9800
        "#]],
    );
}

#[test]
fn the_percentile_that_truncates() {
    let lives: String = (1..=10).map(|at| format!("B{at:02}  2023-05-10  T9  {at}.00\n")).collect();
    let small = || Small::new(2023, &format!("{ACOS}\n[carrier]\nbene  date  tin  paid\n{lives}"));
    let threshold = |small: Small| {
        let of_year = |row: &&acoledger_schemas::cells::Threshold| row.calendar_year.0 == 2023;
        let cells = small.under("'spend.sequestration.rate' = 0").run().cells;
        cells.threshold.iter().find(of_year).map(|row| row.threshold_cents.0)
    };
    assert_eq!(threshold(small()), Some(1_000)); // ⌈0.99 × 10⌉ = the tenth
    assert_eq!(threshold(small().under("'cells.truncation.percentile' = 0.9")), Some(900)); // the ninth
    assert_eq!(threshold(small().under("'cells.truncation.percentile' = 1")), Some(1_000)); // nobody above
}

#[test]
fn what_is_not_supported_is_refused_by_its_key() {
    for (rules, key, what) in [
        ("'assign.measure' = 'hours'", "assign.measure", "not one of visits, charges: `hours`"),
        ("'assign.winner' = 'all'", "assign.winner", "not one of majority, plurality: `all`"),
        ("'assign.left_out' = ['step 1']", "assign.left_out", "not one of pre-step, practitioners, step 2: `step 1`"),
        ("'assign.window.months' = 61", "assign.window.months", "not a number of months from 1 to 60: `61`"),
        ("'assign.window.expanded' = 61", "assign.window.expanded", "not a number of months from 0 to 60: `61`"),
        ("'assign.window.prospective' = [-27, -4]", "assign.window.prospective", "twelve months"),
        ("'assign.steps' = 'nurses'", "assign.steps", "not one of practitioners, professionals: `nurses`"),
        (
            "'spend.inpatient.removed' = ['gme']",
            "spend.inpatient.removed",
            "not one of ime, dsh, uncompensated_care: `gme`",
        ),
        ("'spend.left_out' = ['pharmacy']", "spend.left_out", "neither a claim type nor one of inpatient, snf,"),
        ("'spend.left_out' = ['61']", "spend.left_out", "neither a claim type"),
        ("'spend.sequestration.rate' = 0.02001", "spend.sequestration.rate", "more than four decimals"),
        ("'cells.truncation.percentile' = 0", "cells.truncation.percentile", "not a share above 0, to 1: `0`"),
        ("'cells.truncation.percentile' = 0.99999", "cells.truncation.percentile", "more than four decimals"),
    ] {
        let refusal = Small::new(2023, ACOS).under(rules).refusal();
        assert!(refusal.contains(key) && refusal.contains(what), "{rules}: {refusal}");
    }
    // A kind without claim types would be no service either.
    let types = "inpatient=[60], snf=[20, 30], outpatient=[40], home_health=[10], hospice=[], carrier=[71], dme=[81]";
    let refusal = Small::new(2023, ACOS).under(&format!("'spend.claim_types' = {{{types}}}")).refusal();
    assert!(refusal.contains("`spend.left_out` = [\"hospice\"] leaves its payments out"), "{refusal}");
    let types = types.replace("hospice=[]", "hospice=[50]").replace("[20, 30]", "[20]");
    let refusal = Small::new(2023, ACOS).under(&format!("'spend.claim_types' = {{{types}}}")).refusal();
    assert!(refusal.contains("claim type 30 is in no kind of `spend.claim_types`"), "{refusal}");
}
