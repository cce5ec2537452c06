//! Assignment rule by rule (M.A), as tables that a lawyer could check.

use crate::small::assigned;
use expect_test::{Expect, expect};

/// One retrospective ACO with two practices, one prospective ACO, one practice of both; agreements of 2023.
const TWO_ACOS: &str = "
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
    A1      T8
    A2      T8
";

fn check(performance_year: i32, calendar_year: i32, text: &str, expected: Expect) {
    expected.assert_eq(&assigned(performance_year, calendar_year, &format!("{TWO_ACOS}{text}")));
}

#[test]
fn allowed_charges_decide_not_visits() {
    check(
        2023,
        2023,
        "
        [carrier]
        bene  date        tin  specialty  hcpcs  allowed
        B1    2023-01-31  T1   11         99213  100.00
        B1    2023-02-01  T2   50         99213  100.00    # practices of one ACO are pooled, nurse practitioners count
        B1    2023-03-01  T9   08         99213  199.99    # more than each practice, less than the ACO
        B2    2023-01-01  T1   11         99213  10.00
        B2    2023-01-02  T1   11         99213  10.00
        B2    2023-12-31  T9   11         99214  20.01     # fewer visits, more money: nobody's
        B3    2023-05-01  T1   11         99213  0.00      # a sum of 0 wins nothing
        B4    2022-12-31  T1   11         99213  50.00     # outside the calendar year
        B5    2023-05-01  T1   11         71046  50.00     # not on the list
        B6    2023-05-01  T1   93         99213  50.00     # an emergency physician is no clinician of primary care
        ",
        expect![[r#"
            bene  aco  basis   step  winner  runner_up  runner_up  tie
            B1    A1   claims  1     20000   T9         19999      -
        "#]],
    );
}

#[test]
fn steps_follow_the_pre_step() {
    check(
        2023,
        2023,
        "
        [carrier]
        bene  date        tin  specialty  allowed
        B1    2023-01-31  T1   50         90.00     # a nurse practitioner alone does not pass the pre-step
        B2    2023-01-31  T1   50         90.00
        B2    2023-02-01  T1   06         1.00      # a cardiologist of the ACO does; step 1 leaves his charge out
        B3    2023-02-01  T1   06         30.00     # no primary care anywhere: step 2
        B3    2023-02-01  T9   29         20.00
        B4    2023-02-01  T1   06         30.00
        B4    2023-02-01  T9   97         0.00      # a service without a charge is a service: step 1, and nobody wins it
        B5    2023-02-01  T1   11         30.00
        B5    2023-02-01  T9   50         40.00     # the winner has not passed, and nobody inherits
        ",
        expect![[r#"
            bene  aco  basis   step  winner  runner_up  runner_up  tie
            B2    A1   claims  1     9000    -          -          -
            B3    A1   claims  2     3000    T9         2000       -
        "#]],
    );
}

#[test]
fn ties_go_to_the_latest_visit() {
    check(
        2023,
        2023,
        "
        [carrier]
        bene  date        tin  specialty  hcpcs  allowed
        B1    2023-01-31  T1   11         99213  50.00
        B1    2023-02-01  T9   11         99213  50.00
        B1    2023-03-01  T1   97         99213  0.00     # also a visit without a charge
        B2    2023-02-01  T1   11         99213  50.00
        B2    2023-02-01  T9   11         99213  50.00
        B2    2023-01-15  T1   06         99213  70.00    # a specialist's charge counts for recency only
        B3    2023-02-01  T1   11         99213  50.00
        B3    2023-02-01  T5   11         99213  50.00    # SHA-256 of 1|2023|2023|B3|A1 and …|A3
        B4    2023-02-01  T1   11         99213  50.00
        B4    2023-02-02  T9   11         99213  50.00    # the tie is another's
        ",
        expect![[r#"
            bene  aco  basis   step  winner  runner_up  runner_up  tie
            B1    A1   claims  1     5000    T9         5000       primary
            B2    A1   claims  1     5000    T9         5000       specialist
            B3    A1   claims  1     5000    A3         5000       random
        "#]],
    );
}

#[test]
fn prospective_lists_come_first() {
    check(
        2023,
        2023,
        "
        [carrier]
        bene  date        tin  allowed
        B1    2021-10-01  T3   10.00     # first day of October 2021 to September 2022
        B1    2023-02-01  T1   99.00     # prospectively assigned already
        B2    2022-09-30  T3   10.00
        B3    2022-10-01  T3   10.00     # a day late
        B3    2023-02-01  T1   99.00
        B4    2022-01-01  T1   10.00     # a retrospective ACO takes no winner of the prospective window
        B5    2023-01-01  T3   10.00     # nor a prospective one of the calendar year
        B6    2022-01-01  T3   10.00
        B6    2023-02-01  T1   99.00
        B7    2022-01-01  T3   10.00
        B7    2023-02-01  T1   99.00
        [enrollment]
        bene  year       plan                     county
        B6    2023       0/0/0/0/0/0/0/0/0/0/0/1  01001    # a plan month in the year: off both lists (A.1.6)
        B7    2021-2022  1                        01001    # ineligible in its window; the calendar year holds
        ",
        expect![[r#"
            bene  aco  basis   step  winner  runner_up  runner_up  tie
            B1    A2   claims  1     1000    -          -          -
            B2    A2   claims  1     1000    -          -          -
            B3    A1   claims  1     9900    -          -          -
            B7    A1   claims  1     9900    -          -          -
        "#]],
    );
}

#[test]
fn eligibility_looks_at_the_whole_window() {
    let visit = |bene: &str| format!("{bene}  2023-01-15  T1  100.00\n");
    let visits: String = (1..=9).map(|at| visit(&format!("B{at}"))).collect();
    check(
        2023,
        2023,
        &format!(
            "
            [carrier]
            bene  date  tin  allowed
            {visits}
            [enrollment]
            bene  year  buyin                    plan                     county                               died
            B1    2023  3/3/3/3/3/3/3/3/3/3/3/1  0                        01001                                -           # a month of one part
            B2    2023  3/3/3/3/3/3/3/3/3/3/3/0  0                        01001                                -           # neither part is no breach
            B3    2023  3                        0/0/0/0/0/0/0/0/0/0/0/C  01001                                -           # a plan month
            B4    2023  3                        4                        01001                                -           # a demonstration is fee-for-service
            B5    2023  3                        0                        01001/01001/01001/01001/01001/99999  -           # abroad in the last month
            B6    2023  3                        0                        66010                                -           # Guam
            B7    2023  3/3/1                    0                        01001                                2023-02-01  # months after death count for nothing
            B8    2023  3                        0                        01001                                2022-12-31  # dead before the year
            B9    2023  0                        0                        01001                                -           # never enrolled in both
            "
        ),
        expect![[r#"
            bene  aco  basis   step  winner  runner_up  runner_up  tie
            B2    A1   claims  1     10000   -          -          -
            B4    A1   claims  1     10000   -          -          -
            B6    A1   claims  1     10000   -          -          -
            B7    A1   claims  1     10000   -          -          -
        "#]],
    );
}

#[test]
fn shared_practices_are_left_out() {
    check(
        2023,
        2023,
        "
        [carrier]
        bene  date        tin  specialty  allowed
        B1    2023-01-31  T8   11         90.00     # a practice of A1 and A2
        B1    2023-01-31  T1   11         10.00
        B2    2023-01-31  T8   11         90.00     # not even the test of step 2 sees it
        B2    2023-01-31  T1   06         10.00
        B3    2023-01-31  T8   11         90.00
        ",
        expect![[r#"
            bene  aco  basis   step  winner  runner_up  runner_up  tie
            B1    A1   claims  1     1000    -          -          -
            B2    A1   claims  2     1000    -          -          -
        "#]],
    );
}

#[test]
fn designations_go_before_claims() {
    check(
        2023,
        2023,
        "
        [carrier]
        bene  date        tin  allowed
        B1    2023-01-15  T9   50.00
        B2    2023-01-15  T1   50.00
        B3    2023-01-15  T1   50.00
        B4    2023-01-15  T1   50.00
        B5    2023-01-15  T1   50.00
        B6    2023-01-15  T1   50.00
        B7    2023-01-15  T1   50.00
        [voluntary_alignment]
        bene  designated_on  ended_on    designee_tin  designee_specialty
        B1    2022-09-30     -           T1            18    # through 30 September; any professional
        B2    2022-09-30     -           T2            11    # the claims lead there too
        B3    2020-01-01     -           T1            11
        B3    2022-09-01     -           T9            11    # outside: no claims lead to an ACO
        B4    2022-10-01     -           T9            11    # a day late: not in force
        B5    2022-01-01     2022-09-29  T9            11    # ended, and nothing comes back
        B6    2022-01-01     -           T3            11    # another ACO's: blocked, though not eligible there
        B7    2022-01-01     -           T8            11    # a practice of A1 and A2 says nothing
        [enrollment]
        bene  year       plan
        B6    2021-2022  1
        ",
        expect![[r#"
            bene  aco  basis      step  winner  runner_up  runner_up  tie
            B1    A1   voluntary  -     -       -          -          -
            B2    A1   both       1     5000    -          -          -
            B4    A1   claims     1     5000    -          -          -
            B5    A1   claims     1     5000    -          -          -
            B7    A1   claims     1     5000    -          -          -
        "#]],
    );
}

#[test]
fn other_initiatives_exclude_by_the_day_of_decision() {
    let text = "
        [carrier]
        bene  date        tin  allowed
        B1    2022-01-15  T1   50.00
        B2    2022-01-15  T1   50.00
        B3    2022-01-15  T1   50.00
        B4    2022-01-15  T1   50.00
        B1    2023-01-15  T1   50.00
        [other_initiative]
        bene_id  calendar_year  initiative  decided_on
        B1       2023           REACH       2023-07-01    # in the performance year any day excludes
        B2       2022           REACH       2022-12-31    # before the agreement start
        B3       2022           REACH       2023-01-01    # not before it
        B4       2022           REACH       -             # undated: before everything
    ";
    check(
        2023,
        2022,
        text,
        expect![[r#"
            bene  aco  basis   step  winner  runner_up  runner_up  tie
            B1    A1   claims  1     5000    -          -          -
            B3    A1   claims  1     5000    -          -          -
        "#]],
    );
    check(
        2023,
        2023,
        text,
        expect![[r#"
            bene  aco  basis  step  winner  runner_up  runner_up  tie
        "#]],
    );
}

#[test]
fn services_in_stays_are_left_out() {
    check(
        2023,
        2023,
        "
        [carrier]
        bene  date        first       tin  hcpcs  allowed
        B1    2023-03-10  2023-03-10  T1   99308  50.00    # the last day of a nursing facility stay
        B2    2023-03-11  2023-03-11  T1   99308  50.00    # the day after
        B3    2023-03-12  2023-03-10  T1   99308  50.00    # begins inside
        B4    2023-03-10  2023-03-10  T1   99308  50.00    # the stay was denied
        B5    2023-03-10  2023-03-10  T1   99213  50.00    # another visit
        B6    2023-03-10  2023-03-10  T1   99497  50.00    # advance care planning in hospital
        B7    2023-03-10  2023-03-10  T1   99497  50.00    # in a nursing facility
        [facility]
        bene  type  from        thru        nonpayment
        B1    20    2023-03-01  2023-03-10  -
        B2    30    2023-03-01  2023-03-10  -
        B3    30    2023-03-01  2023-03-10  -
        B4    20    2023-03-01  2023-03-10  N
        B5    20    2023-03-01  2023-03-10  -
        B6    60    2023-03-01  2023-03-10  -
        B7    20    2023-03-01  2023-03-10  -
        ",
        expect![[r#"
            bene  aco  basis   step  winner  runner_up  runner_up  tie
            B2    A1   claims  1     5000    -          -          -
            B4    A1   claims  1     5000    -          -          -
            B5    A1   claims  1     5000    -          -          -
            B7    A1   claims  1     5000    -          -          -
        "#]],
    );
}

#[test]
fn prolonged_services_need_their_base() {
    check(
        2023,
        2023,
        "
        [carrier]
        bene  claim  line  date        tin  specialty  hcpcs  allowed  denial
        B1    1      1     2023-03-10  T1   11         99354  50.00    1
        B1    1      2     2023-03-10  T1   93         99213  60.00    1    # base of the same claim and day, whoever gave it
        B2    2      1     2023-03-10  T1   11         99354  50.00    1
        B2    2      2     2023-03-11  T1   93         99213  60.00    1    # another day
        B3    3      1     2023-03-10  T1   11         99354  50.00    1
        B3    4      1     2023-03-10  T1   93         99213  60.00    1    # another claim
        B4    5      1     2023-03-10  T1   11         99354  50.00    1
        B4    5      2     2023-03-10  T1   11         99355  50.00    1    # an add-on is no base
        B5    6      1     2023-03-10  T1   11         99354  50.00    1
        B5    6      2     2023-03-10  T1   11         71046  50.00    1    # not on the list
        ",
        expect![[r#"
            bene  aco  basis   step  winner  runner_up  runner_up  tie
            B1    A1   claims  1     5000    -          -          -
        "#]],
    );
}

#[test]
fn emergency_services_count_in_windows_that_touch_it() {
    let text = "
        [carrier]
        bene  date        tin  hcpcs  allowed
        B1    2023-12-31  T1   99441  50.00    # 2023 holds months of the emergency
        B2    2024-12-31  T1   99441  50.00    # payable after it
        B3    2019-06-01  T1   99441  50.00    # 2019 does not touch it
        B4    2019-06-01  T1   99213  50.00
    ";
    let acos = TWO_ACOS.replace("2023-01-01", "2022-01-01");
    let run = |performance_year, year| assigned(performance_year, year, &format!("{acos}{text}"));
    expect![[r#"
        bene  aco  basis   step  winner  runner_up  runner_up  tie
        B1    A1   claims  1     5000    -          -          -
    "#]]
    .assert_eq(&run(2023, 2023));
    expect![[r#"
        bene  aco  basis   step  winner  runner_up  runner_up  tie
        B2    A1   claims  1     5000    -          -          -
    "#]]
    .assert_eq(&run(2024, 2024));
    expect![[r#"
        bene  aco  basis   step  winner  runner_up  runner_up  tie
        B4    A1   claims  1     5000    -          -          -
    "#]]
    .assert_eq(&run(2023, 2019));
}

#[test]
fn step_3_looks_back_24_months() {
    let text = "
        [carrier]
        bene  date        tin  specialty  allowed
        B1    2025-05-01  T1   50         40.00     # nurse practitioner in the year, physician the year before
        B1    2024-01-01  T1   06         10.00
        B1    2024-06-01  T9   11         49.99
        B2    2025-05-01  T1   50         40.00
        B2    2023-12-31  T1   11         10.00     # 25 months back
        B3    2025-05-01  T1   50         40.00
        B3    2024-06-01  T9   11         10.00     # the physician is another's
        B4    2025-05-01  T1   50         40.00
        B4    2024-06-01  T1   11         10.00
        B4    2025-06-01  T5   11         10.00     # an ACO's physician in the year: step 1, and nobody passes
    ";
    let acos = TWO_ACOS.replace("2023-01-01", "2025-01-01");
    expect![[r#"
        bene  aco  basis   step  winner  runner_up  runner_up  tie
        B1    A1   claims  3     5000    T9         4999       -
    "#]]
    .assert_eq(&assigned(2025, 2025, &format!("{acos}{text}")));
    let acos = TWO_ACOS.replace("2023-01-01", "2024-01-01");
    let text = text.replace("2024-", "2023-").replace("2025-", "2024-");
    expect![[r#"
        bene  aco  basis  step  winner  runner_up  runner_up  tie
    "#]]
    .assert_eq(&assigned(2024, 2024, &format!("{acos}{text}")));
}

#[test]
fn facilities_count_by_their_bill() {
    check(
        2023,
        2023,
        "
        [participant_ccn]
        aco_id  tin  ccn     enrolled_on  ended_on
        A1      T1   011801  2010-01-01   -
        A1      T1   011301  2010-01-01   -
        A1      T1   010077  2010-01-01   -
        A1      T2   011802  2010-01-01   2020-12-31    # ended enrollments count from 2023
        A3      T5   011803  2010-01-01   2023-06-30    # moves in the year: stays with the first
        A1      T1   011803  2023-07-01   -
        A1      T1   011804  2023-03-01   -             # new in the year: retrospective ACOs only
        A2      T3   011805  2023-03-01   -
        [eta_hospital]
        ccn
        010077
        [eta_fee]
        calendar_year  hcpcs  amount
        2023           G0463  80.00
        [provider_specialty]
        npi  specialty  begins_on   ends_on
        N1   11         2000-01-01  -
        N2   18         2000-01-01  2023-05-31
        N2   08         2023-06-01  -
        [facility]
        bene  claim  type  bill  thru        ccn     paid   deductible  coinsurance  attending  other
        B1    101    40    77    2023-05-01  011801  80.00  5.00        15.00        -          -
        B2    102    40    85    2023-05-01  011301  10.00  0           0            N1         -
        B3    103    40    85    2023-05-01  011301  10.00  0           0            N2         -
        B4    104    40    85    2023-06-01  011301  10.00  0           0            N2         -
        B5    105    40    13    2023-05-01  010077  10.00  0           0            N1         -
        B6    106    40    13    2023-05-01  010077  10.00  0           0            N1         N2
        B7    107    40    71    2023-05-01  011802  70.00  0           0            -          -
        B8    108    40    71    2023-08-01  011803  70.00  0           0            -          -
        B9    109    40    77    2023-08-01  011804  70.00  0           0            -          -
        BA    110    40    77    2023-08-01  011805  70.00  0           0            -          -
        [revenue]
        bene  claim  thru        center  hcpcs  paid   rendering
        B2    102    2023-05-01  0960    99213  60.00  -            # attending N1 is an internist
        B2    102    2023-05-01  0510    99213  99.00  -            # not a professional center
        B3    103    2023-05-01  0960    99213  60.00  -            # N2 is no clinician of primary care yet
        B4    104    2023-06-01  0981    99213  60.00  -
        B5    105    2023-05-01  0510    G0463  99.00  -            # the fee, not the payment
        B6    106    2023-05-01  0510    G0463  99.00  -            # other N2 goes before attending N1
        ",
        expect![[r#"
            bene  aco  basis   step  winner  runner_up  runner_up  tie
            B1    A1   claims  1     10000   -          -          -
            B2    A1   claims  1     6000    -          -          -
            B4    A1   claims  1     6000    -          -          -
            B5    A1   claims  1     8000    -          -          -
            B7    A1   claims  1     7000    -          -          -
            B8    A3   claims  1     7000    -          -          -
            B9    A1   claims  1     7000    -          -          -
        "#]],
    );
}

#[test]
fn early_years_have_their_own_rules() {
    let acos = |start: &str| TWO_ACOS.replace("2023-01-01", start);
    let text = "
        [aco_provider]
        aco_id  npi  attested
        A1      N1   1
        A1      N2   0
        [participant_ccn]
        aco_id  tin  ccn     enrolled_on  ended_on
        A1      T1   011801  2010-01-01   -
        [facility]
        bene  claim  type  bill  thru        ccn     paid   attending
        C1    201    40    77    2015-05-01  011801  80.00  N1
        C2    202    40    77    2015-05-01  011801  80.00  N2
        C3    203    40    77    2015-05-01  011801  80.00  N3
        [revenue]
        bene  claim  thru        center  hcpcs
        C1    201    2015-05-01  0521    99213    # attested: a primary care physician's
        C2    202    2015-05-01  0521    99213    # not attested: a practitioner's, who passes no pre-step
        C3    203    2015-05-01  0521    99213    # not the ACO's
        [carrier]
        bene  date        tin  specialty  hcpcs  allowed  place
        B1    2015-05-01  T1   11         99213  50.00    11
        B1    2015-05-01  T9   50         99213  60.00    11    # practitioners do not count in step 1 of 2015
        B2    2015-05-01  T1   93         99213  50.00    11    # any physician passes, and counts in step 2
        B2    2015-05-01  T9   50         99213  40.00    11
        B3    2017-05-01  T1   11         99308  50.00    31    # from 2017 not in a skilled nursing facility
        B4    2017-05-01  T1   11         99308  50.00    32
        B5    2015-05-01  T1   11         99308  50.00    31
    ";
    expect![[r#"
        bene  aco  basis   step  winner  runner_up  runner_up  tie
        B1    A1   claims  1     5000    -          -          -
        B2    A1   claims  2     5000    T9         4000       -
        B5    A1   claims  1     5000    -          -          -
        C1    A1   claims  1     8000    -          -          -
    "#]]
    .assert_eq(&assigned(2015, 2015, &format!("{}{text}", acos("2015-01-01"))));
    expect![[r#"
        bene  aco  basis   step  winner  runner_up  runner_up  tie
        B4    A1   claims  1     5000    -          -          -
    "#]]
    .assert_eq(&assigned(2017, 2017, &format!("{}{text}", acos("2017-01-01"))));
}
