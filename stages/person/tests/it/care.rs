//! Classes of service, what truncation cuts, what lives use, who bills it, and when it is processed.

use crate::small::{Small, aligned};
use crate::walk::{Rows, table_rows};
use expect_test::{Expect, expect};

/// Nothing is withheld in 2021.
const YEAR: i32 = 2021;
const ACO: &str = "
    [aco]
    aco_id  agreement_start
    A1      2021-01-01
    [participant]
    aco_id  tin
    A1      T1
    [participant_ccn]
    aco_id  tin  ccn     enrolled_on
    A1      T1   010001  2010-01-01
";

fn check(mut rows: Rows, aco: &str, columns: &[&str], expected: &Expect) {
    rows.retain(|row| row.get("calendar_year").is_none_or(|year| year == "2021"));
    rows.retain(|row| row.get("aco_id").is_none_or(|id| id == aco));
    rows.retain(|row| row.get("spend_cents").is_none_or(|cents| cents != "0"));
    expected.assert_eq(&aligned(&rows, columns));
}

#[test]
fn what_is_left_of_a_truncated_life_is_divided_among_its_classes() {
    let text = "
        [enrollment]
        bene  year  died
        B2    2021  2021-12-31
        [carrier]
        bene  date        tin  hcpcs  paid
        B1    2021-05-01  T1   99213  120.00
        B2    2021-05-01  T1   99213  0.00
        B2    2021-05-02  T9   A0429  50.00
        B3    2021-05-01  T1   99213  -7.00
        [facility]
        bene  type  thru        ccn     paid
        B2    60    2021-06-01  010001  300.00
        B2    60    2021-07-01  01T001  150.01
    ";
    let small = Small::new(YEAR, &format!("{ACO}{text}")).under("\"cells.truncation.percentile\" = 0.5");
    let cells = small.run().cells;
    check(
        table_rows(&cells.service_category),
        "A1",
        &["enrollment_type", "category", "spend_cents", "truncated_twelfths"],
        // Half of three lives spend 120.00 or less: B2 keeps 144,000 twelfths of its 500.01: 86,398.27, 43,202.02, 14,399.71.
        // B1 and B3 keep all: 12 × 113.00.
        &expect![[r#"
            enrollment_type  category                  spend  truncated_twelfths
            AGND             ambulance                 5000   14400
            AGND             inpatient_other           30000  86398
            AGND             inpatient_rehabilitation  15001  43202
            AGND             physician                 11300  135600
        "#]],
    );
    check(
        table_rows(&cells.truncation),
        "A1",
        &["died", "lives", "months", "lives_over", "lives_under", "spend_cents", "cut_twelfths"],
        &expect![[r#"
            died  lives  months  lives_over  lives_under  spend  cut_twelfths
            0     2      24      0           0            11300  0
            1     1      12      1           0            50001  456012
        "#]],
    );
    let person = small.run().person_year;
    check(
        person,
        "",
        &["bene_id", "inpatient_cents", "inpatient_rehabilitation_cents", "inpatient_other_cents", "carrier_cents"],
        &expect![[r#"
            bene  inpatient  inpatient_rehabilitation  inpatient_other  carrier
            B1    0          0                         0                12000
            B2    45001      15001                     30000            5000
            B3    0          0                         0                -700
        "#]],
    );
}

#[test]
fn uses_are_counted_once() {
    let text = "
        [enrollment]
        bene  year  plan
        B1    2021  0/0/0/0/0/0/0/0/0/0/0/1        # no money in December
        [carrier]
        bene  date        tin  hcpcs  specialty  denial
        B1    2021-05-01  T1   99213  11         1
        B1    2021-05-01  T1   99213  06         1
        B1    2021-05-01  T1   99213  50         1
        B1    2021-05-01  T1   99213  65         1      # a therapist
        B1    2021-05-02  T1   99213  11         0      # denied
        B1    2021-12-02  T1   99213  11         1
        B1    2021-05-03  T1   70450  30         1
        B1    2021-05-03  T9   74177  30         1      # the same day
        B1    2021-05-04  T9   72148  30         1
        [facility]
        bene  claim  type  bill  from        admitted    thru        ccn     paid    status
        B1    51     40    13    2021-05-03  -           2021-05-03  010001  0.00    01
        B1    52     40    77    2021-06-03  -           2021-06-03  011801  0.00    01
        B1    61     60    11    2021-03-30  2021-03-30  2021-03-31  010001  9.00    30      # one stay of two claims
        B1    62     60    11    2021-04-01  2021-03-30  2021-04-02  010001  9.00    01
        B1    63     60    11    2021-04-02  2021-04-02  2021-04-09  012001  9.00    01
        B1    64     60    11    2021-08-02  2021-08-02  2021-08-09  010001  9.00    30      # goes on
        B1    21     20    21    2021-09-01  2021-09-01  2021-09-30  015001  100.00  30
        B1    22     20    21    2021-10-01  2021-09-01  2021-10-05  015001  20.00   01
        B1    23     20    21    2021-12-01  2021-12-01  2021-12-05  015001  20.00   01      # in the plan
        [revenue]
        bene  claim  thru        center  date        hcpcs
        B1    51     2021-05-03  0450    2021-05-03  99283
        B1    51     2021-05-03  0981    2021-05-03  99283
        B1    51     2021-05-03  0352    2021-05-03  70450
        B1    51     2021-05-03  0610    2021-05-05  72148
        B1    52     2021-06-03  0521    -           G0467
    ";
    let cells = Small::new(YEAR, &format!("{ACO}{text}")).run().cells;
    check(
        table_rows(&cells.utilisation_count),
        "", // the nation: who has a month in a plan is in no list
        &["measure", "count"],
        &expect![[r#"
            measure               count
            ADM_L_Trm             1
            ADM_S_Trm             1
            P_CT_VIS              1
            P_EDV_Vis_outpatient  1
            P_EM_PCP_Vis          1
            P_EM_SP_Vis           1
            P_FQHC_RHC_Vis        1
            P_MRI_VIS             2
            P_Nurse_Vis           1
            P_SNF_ADM             1
            SNF_cents             12000
            SNF_days              34
        "#]],
    );
}

#[test]
fn inside_is_what_participants_bill() {
    let text = "
        [enrollment]
        bene  year  plan
        B2    2021  0/0/0/0/0/0/0/0/0/0/0/1        # in nobody's list
        [carrier]
        bene  date        tin  hcpcs  paid   allowed  processed
        B1    2021-05-01  T1   99213  8.00   10.00    2021-05-20
        B1    2021-05-01  T1   71046  4.00   5.00     2021-07-01
        B1    2021-05-01  T9   99213  1.00   2.00     -
        B2    2021-05-01  T1   99213  8.00   10.00    2021-04-30
        [facility]
        bene  type  thru        ccn     paid
        B1    60    2021-06-01  010001  300.00
        B1    60    2021-07-01  010002  100.00
    ";
    let cells = Small::new(YEAR, &format!("{ACO}{text}")).run().cells;
    check(
        table_rows(&cells.leakage),
        "A1",
        &["category", "inside_cents", "total_cents", "inside_services", "total_services"],
        &expect![[r#"
            category      inside  total  inside_services  total_services
            carrier       1200    1300   2                3
            inpatient     30000   40000  1                2
            primary_care  1000    1200   1                2
        "#]],
    );
    check(
        table_rows(&cells.runout_triangle),
        "",
        &["incurred_year", "incurred_month", "kind", "lag_months", "rows", "paid_cents"],
        &expect![[r#"
            incurred_year  incurred_month  kind       lag_months  rows  paid
            2021           5               carrier    -           1     100
            2021           5               carrier    -1          1     800
            2021           5               carrier    0           1     800
            2021           5               carrier    2           1     400
            2021           6               inpatient  -           1     30000
            2021           7               inpatient  -           1     10000
        "#]],
    );
}
