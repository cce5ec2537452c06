//! Months, types and dollars rule by rule (M.B).

use crate::small::{Small, spending};
use expect_test::{Expect, expect};

const ACO: &str = "
    [aco]
    aco_id  agreement_start
    A1      2023-01-01
    [participant]
    aco_id  tin
    A1      T1
    [participant_ccn]
    aco_id  tin  ccn     enrolled_on
    A1      T1   010001  2010-01-01
";

fn check(calendar_year: i32, text: &str, expected: Expect) {
    expected.assert_eq(&spending(2023, calendar_year, &format!("{ACO}{text}")));
}

#[test]
fn a_month_has_one_type() {
    check(
        2023,
        "
        [enrollment]
        bene  year  born        died        status                                buyin                    plan                     dual                                  county
        B1    2023  1958-06-01  -           10                                    3                        0                        NA                                    01001    # 65 on 31 May: May is aged
        B2    2023  1958-06-02  -           10                                    3                        0                        NA                                    01001    # 65 on 1 June
        B3    2023  1940-01-01  2023-03-01  10                                    3                        0                        NA                                    01001    # alive on the first of March
        B4    2023  1940-01-01  -           10/10/11/11                           3                        0                        NA                                    01001
        B5    2023  1940-01-01  -           10                                    3                        0                        02/02/03/NA/08/08/08/08/08/08/08/08   01001
        B6    2023  1940-01-01  -           10                                    3/3/1/0/3/3/3/3/3/3/3/C  0/1/0/0/0/0/0/0/0/0/0/4  NA                                    01001
        B7    2023  1980-01-01  -           20                                    3                        0                        02                                    01001/01003/01005/01007/01009/01011/01013/01015/01017/01019/01021/-
        B8    2023  1980-01-01  -           20                                    3                        0                        NA                                    01001
        [esrd_month]
        bene_id  calendar_year  months_mask
        B4       2023           0       # the file knows better than the status
        B8       2023           3       # January and February
        ",
        expect![[r#"
            bene  enrollment_type  in_months     county  spend  gross
            B1    AGND             ....xxxxxxxx  01001   0      0
            B1    DIS              xxxx........  01001   0      0
            B2    AGND             .....xxxxxxx  01001   0      0
            B2    DIS              xxxxx.......  01001   0      0
            B3    AGND             xxx.........  01001   0      0
            B4    AGND             xxxxxxxxxxxx  01001   0      0
            B5    AGDU             xx..xxxxxxxx  01001   0      0
            B5    AGND             ..xx........  01001   0      0
            B6    AGND             x...xxxxxxxx  01001   0      0
            B7    DIS              xxxxxxxxxxxx  01021   0      0
            B8    DIS              ..xxxxxxxxxx  01001   0      0
            B8    ESRD             xx..........  01001   0      0
        "#]],
    );
}

#[test]
fn payments_by_kind_of_claim() {
    check(
        2022,
        "
        [facility]
        bene  type  thru        bill  ccn     paid     ime     dsh    uncompensated  nonpayment
        B1    60    2022-04-10  11    010001  9900.00  100.00  50.00  25.00          -    # + 1 % sequestration: 100.00; - 175.00
        B2    60    2022-07-10  11    210001  9800.00  100.00  50.00  25.00          -    # Maryland keeps it; + 2 %: 200.00
        B3    60    2022-03-31  11    010001  9900.00  0       0      0              N    # unpaid
        B4    40    2022-03-31  41    010001  10.00    0       0      0              -    # facility type 4
        B5    50    2022-03-31  81    010001  10.00    0       0      0              -
        B6    60    2022-12-31  11    010001  -49.00   0       0      0              -    # - 49.00 - 1.00
        B7    61    2022-12-31  11    010001  10.00    0       0      0              -    # not a claim type of Parts A and B
        [carrier]
        bene  date        paid   denial  processing  type
        C1    2022-03-31  98.00  1       A           71    # no sequestration in March 2022
        C2    2022-06-30  99.00  1       R           72    # 1 %
        C3    2022-07-01  98.00  1       S           71    # 2 %
        C4    2022-07-01  98.00  0       A           71    # denied
        C5    2022-07-01  98.00  D       A           71
        C6    2022-07-01  98.00  1       N           71    # the line is denied
        C7    2022-07-01  0.25   1       A           71    # 25 / 49 = 0.51 cents
        [dme]
        bene  date        hcpcs  paid   type
        D1    2022-07-01  A4352  98.00  82
        ",
        expect![[r#"
            bene  enrollment_type  in_months     county  spend    gross
            B1    AGND             xxxxxxxxxxxx  01001   982500   990000
            B2    AGND             xxxxxxxxxxxx  01001   1000000  980000
            B3    AGND             xxxxxxxxxxxx  01001   0        0
            B4    AGND             xxxxxxxxxxxx  01001   0        0
            B5    AGND             xxxxxxxxxxxx  01001   1000     1000
            B6    AGND             xxxxxxxxxxxx  01001   -5000    -4900
            B7    AGND             xxxxxxxxxxxx  01001   0        0
            C1    AGND             xxxxxxxxxxxx  01001   9800     9800
            C2    AGND             xxxxxxxxxxxx  01001   10000    9900
            C3    AGND             xxxxxxxxxxxx  01001   10000    9800
            C4    AGND             xxxxxxxxxxxx  01001   0        0
            C5    AGND             xxxxxxxxxxxx  01001   0        0
            C6    AGND             xxxxxxxxxxxx  01001   0        0
            C7    AGND             xxxxxxxxxxxx  01001   26       25
            D1    AGND             xxxxxxxxxxxx  01001   10000    9800
        "#]],
    );
}

#[test]
fn suspect_catheters_of_2023_are_removed() {
    check(
        2023,
        "
        [dme]
        bene  date        hcpcs  paid   type
        B1    2023-12-31  A4352  98.00  82
        B2    2023-01-01  A4353  98.00  82
        B3    2023-01-01  A4351  98.00  82
        B4    2023-01-01  A4352  98.00  81
        [carrier]
        bene  date        hcpcs  paid   type
        B5    2023-01-01  A4352  98.00  72
        ",
        expect![[r#"
            bene  enrollment_type  in_months     county  spend  gross
            B1    AGND             xxxxxxxxxxxx  01001   0      0
            B2    AGND             xxxxxxxxxxxx  01001   0      0
            B3    AGND             xxxxxxxxxxxx  01001   10000  9800
            B4    AGND             xxxxxxxxxxxx  01001   10000  9800
            B5    AGND             xxxxxxxxxxxx  01001   0      0
        "#]],
    );
}

#[test]
fn covid_episodes_take_their_months() {
    check(
        2020,
        "
        [facility]
        bene  type  from        thru        ccn     diagnoses  paid
        B1    60    2020-03-20  2020-03-31  010001  I10/B9729  98.00    # B97.29 through March 2020
        B2    60    2020-03-20  2020-04-01  010001  B9729      98.00    # too late for it
        B3    60    2020-03-20  2020-04-01  010001  U07.1      98.00
        B4    60    2020-04-01  2020-05-02  011301  U071       98.00    # critical access: the admission decides
        B5    60    2020-04-01  2020-04-02  013300  U071       98.00    # a children's hospital is not acute care
        B6    20    2020-04-01  2020-04-02  010001  U071       98.00    # a nursing facility triggers nothing
        B7    60    2020-11-20  2020-12-31  010001  U071       98.00
        ",
        expect![[r#"
            bene  enrollment_type  in_months     county  spend  gross
            B1    AGND             xx..xxxxxxxx  01001   0      0
            B2    AGND             xxxxxxxxxxxx  01001   10000  9800
            B3    AGND             xx...xxxxxxx  01001   0      0
            B4    AGND             xxx...xxxxxx  01001   0      0
            B5    AGND             xxxxxxxxxxxx  01001   10000  9800
            B6    AGND             xxxxxxxxxxxx  01001   10000  9800
            B7    AGND             xxxxxxxxxx..  01001   0      0
        "#]],
    );
}

#[test]
fn demonstrations_and_reductions() {
    check(
        2023,
        "
        [enrollment]
        bene  year
        B1    2023
        [carrier]
        bene  claim  line  date        paid
        B1    7      1     2023-05-01  98.00
        B1    7      2     2023-05-01  98.00
        [claim_reduction]
        claim_id  line  amount
        7         2     1.00
        7         -     10.00    # of the claim as a whole: once
        [non_claims_payment]
        bene_id  calendar_year  month  final  amount
        B1       2023           6      1      5.00
        B1       2023           6      0      7.00    # not final: not since 2018
        ",
        expect![[r#"
            bene  enrollment_type  in_months     county  spend  gross
            B1    AGND             xxxxxxxxxxxx  01001   21600  21200
        "#]],
    );
}

#[test]
fn what_the_record_carries_takes_the_place_of_what_is_computed() {
    check(
        2023,
        "
        [enrollment]
        bene  year
        B1    2023
        B2    2023
        [carrier]
        bene  claim  line  date        paid   withheld  reduced
        B1    7      1     2023-05-01  98.00  3.00      10.00    # 98 + 3 + 10, not 98 + 2
        B1    7      2     2023-05-01  98.00  0.00      0.00     # carries none: 98 + 2
        [facility]
        bene  type  from        thru        paid    withheld  reduced
        B2    60    2023-07-01  2023-07-02  980.00  15.00     5.00     # 980 + 15 + 5
        ",
        expect![[r#"
            bene  enrollment_type  in_months     county  spend   gross
            B1    AGND             xxxxxxxxxxxx  01001   21100   20600
            B2    AGND             xxxxxxxxxxxx  01001   100000  98500
        "#]],
    );
}

#[test]
fn revenue_counts_everybody() {
    let text = "
        [enrollment]
        bene  year  plan
        B2    2023  1
        [carrier]
        bene  date        tin  paid
        B1    2023-05-01  T1   98.00    # as paid, sequestration not added back
        B2    2023-05-01  T1   10.00    # not eligible
        B3    2022-12-31  T1   10.00    # not in the performance year
        B4    2023-05-01  T9   10.00    # not a participant
        [facility]
        bene  type  from        thru        ccn     paid     ime    diagnoses
        B1    60    2023-07-01  2023-07-02  010001  1000.00  99.00  I10       # IME stays in
        B5    60    2023-05-01  2023-05-10  010001  1000.00  99.00  U071      # an episode
    ";
    let run = Small::new(2023, &format!("{ACO}{text}")).run();
    let revenue: Vec<i64> = run.cells.revenue.iter().map(|row| row.paid_cents.0).collect();
    assert_eq!(revenue, [9_800 + 1_000 + 100_000]);
}
