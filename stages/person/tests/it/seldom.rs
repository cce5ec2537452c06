//! Rules that few years or few lives meet, one by one (M.A, M.B.3.3).

use crate::small::{Small, assigned, assigned_of};
use expect_test::{Expect, expect};

const ACOS: &str = "
    [aco]
    aco_id  agreement_start  assignment_method
    A1      2023-01-01       retrospective
    A2      2023-01-01       prospective
    [participant]
    aco_id  tin
    A1      T1
    A2      T2
";

/// The same agreements, begun in another year.
fn begun(year: i32, text: &str) -> String {
    format!("{}{text}", ACOS.replace("2023-01-01", &format!("{year}-01-01")))
}

#[test]
fn home_visits_count_at_home_in_four_years() {
    let text = "
        [carrier]
        bene  date        tin  hcpcs  place
        B1    2018-05-01  T1   99347  13    # assisted living
        B2    2019-05-01  T1   99347  13
        B3    2019-05-01  T1   99347  12
        B4    2022-05-01  T1   99350  13
        B5    2023-05-01  T1   99347  13
    ";
    let seen =
        |year: i32| assigned(year, year, &begun(year, text)).lines().skip(1).map(|row| row[..2].into()).collect();
    let years: Vec<Vec<String>> = [2018, 2019, 2022, 2023].into_iter().map(seen).collect();
    assert_eq!(years, [vec!["B1"], vec!["B3"], vec![], vec!["B5"]]);
}

#[test]
fn replacing_codes_count_where_the_window_reaches_their_day() {
    let text = begun(
        2023,
        "
        [carrier]
        bene  date        tin  hcpcs
        B1    2023-05-01  T1   98000    # before its day, in a window that reaches it
        B2    2023-12-31  T1   98000
        B3    2022-12-31  T1   98000    # the window of 2022 ends before the day
        B4    2023-05-01  T1   98001    # no such code
        B5    2022-08-01  T2   98000    # nor does the prospective window of 2023 reach it
        ",
    );
    let of = |year: i32| {
        let small = Small::new(2023, &text);
        let rule =
            "'primary_care.codes.replacing' = [{ from = 2012, value = [{ code = '98000', from = '2023-12-31' }] }]";
        assigned_of(&small.under(rule), year)
    };
    expect![[r#"
        bene  aco  basis   step  winner  runner_up  runner_up  tie
        B1    A1   claims  1     10000   -          -          -
        B2    A1   claims  1     10000   -          -          -
    "#]]
    .assert_eq(&of(2023));
    expect![[r#"
        bene  aco  basis  step  winner  runner_up  runner_up  tie
    "#]]
    .assert_eq(&of(2022));
}

#[test]
fn wellness_visits_of_2010_are_not_on_the_hospitals_list() {
    let text = "
        [aco]
        aco_id  agreement_start
        A1      2012-04-01
        [participant]
        aco_id  tin
        A1      T1
        [participant_ccn]
        aco_id  tin  ccn     enrolled_on
        A1      T1   010077  2005-01-01
        [eta_hospital]
        ccn
        010077
        [eta_fee]
        calendar_year  hcpcs  amount
        2010           G0438  80.00
        2011           G0438  80.00
        [provider_specialty]
        npi  specialty
        N1   11
        [facility]
        bene  claim  bill  thru        ccn     attending
        B1    101    13    2010-12-31  010077  N1
        B2    102    13    2011-01-01  010077  N1
        [revenue]
        bene  claim  thru        center  hcpcs
        B1    101    2010-12-31  0510    G0438
        B2    102    2011-01-01  0510    G0438
    ";
    let rows = |year: i32| assigned(2013, year, text).lines().count() - 1;
    assert_eq!((rows(2010), rows(2011)), (0, 1));
}

#[test]
fn half_years_have_whole_windows() {
    let text = "
        [aco]
        aco_id  agreement_start  period  assignment_method
        A1      2019-07-01       h2      retrospective
        A2      2019-07-01       h2      prospective
        [participant]
        aco_id  tin
        A1      T1
        A2      T2
        [carrier]
        bene  date        tin
        B1    2019-01-01  T1    # before the agreement starts
        B2    2019-12-31  T1
        B3    2017-10-01  T2    # October 2017 to September 2018
        B4    2018-09-30  T2
        B5    2018-10-01  T2
    ";
    expect![[r#"
        bene  aco  basis   step  winner  runner_up  runner_up  tie
        B1    A1   claims  1     10000   -          -          -
        B2    A1   claims  1     10000   -          -          -
        B3    A2   claims  1     10000   -          -          -
        B4    A2   claims  1     10000   -          -          -
    "#]]
    .assert_eq(&assigned(2019, 2019, text));
}

/// Counties of the assignable lives of the performance year, by window; each life is the only one of its county.
fn assignable(year: i32, text: &str, expected: Expect) {
    let cells = Small::new(year, text).run().cells.population_county;
    let rows = cells.iter().filter(|row| row.population.code() == "assignable" && row.calendar_year.0 == year);
    let mut rows: Vec<String> = rows
        .map(|row| format!("{} {} lives {} months {}\n", row.window.code(), row.county, row.lives, row.months))
        .collect();
    rows.sort();
    expected.assert_eq(&rows.concat());
}

#[test]
fn whoever_a_physician_of_primary_care_serves_is_assignable() {
    let text = "
        [carrier]
        bene  date        tin  specialty
        B1    2023-05-01  T9   11
        B2    2023-05-01  T9   06    # a listed specialist
        B3    2023-05-01  T9   50    # a practitioner alone
        B4    2023-05-01  T9   93    # not listed
        B6    2023-05-01  T9   11
        B7    2023-05-01  T9   11
        [facility]
        bene  bill  thru        ccn
        B5    77    2023-05-01  011801
        [enrollment]
        bene  year       plan                     county
        B1    2008-2026  0                        01001
        B2    2008-2026  0                        01003
        B3    2008-2026  0                        01005
        B4    2008-2026  0                        01007
        B5    2008-2026  0                        01009
        B6    2008-2026  0/0/0/0/0/0/0/0/0/0/0/C  01011    # not eligible for assignment; eleven months count
        B7    2008-2026  0                        99999    # residence is not asked
    ";
    assignable(
        2023,
        &begun(2023, text),
        expect![[r#"
            retrospective 01001 lives 1 months 12
            retrospective 01003 lives 1 months 12
            retrospective 01009 lives 1 months 12
            retrospective 01011 lives 1 months 11
            retrospective 99999 lives 1 months 12
        "#]],
    );
    // Centers' services make nobody assignable before 2019.
    assignable(
        2018,
        &begun(2018, &text.replace("2023-", "2018-")),
        expect![[r#"
            retrospective 01001 lives 1 months 12
            retrospective 01003 lives 1 months 12
            retrospective 01011 lives 1 months 11
            retrospective 99999 lives 1 months 12
        "#]],
    );
}

#[test]
fn county_populations_follow_the_window_from_2024() {
    let text = "
        [carrier]
        bene  date        tin  specialty
        B1    2024-05-01  T9   11
        B2    2023-05-01  T9   11    # in the prospective window of 2024
        B3    2024-05-01  T9   50    # a practitioner in the year, a physician the year before: from 2025
        B3    2023-11-01  T9   11
        [enrollment]
        bene  year       county
        B1    2008-2026  01001
        B2    2008-2026  01003
        B3    2008-2026  01005
    ";
    assignable(
        2024,
        &begun(2024, text),
        expect![[r#"
            prospective 01003 lives 1 months 12
            retrospective 01001 lives 1 months 12
        "#]],
    );
    assignable(
        2024,
        &begun(2023, text),
        expect![[r#"
            retrospective 01001 lives 1 months 12
        "#]],
    );
    assignable(
        2025,
        &begun(2025, &text.replace("2024-", "2025-").replace("2023-", "2024-")),
        expect![[r#"
            prospective 01003 lives 1 months 12
            retrospective 01001 lives 1 months 12
            retrospective 01005 lives 1 months 12
        "#]],
    );
}

/// 300 lives: the threshold is the 297th, of those at, above and below it a cent decides.
#[test]
fn a_cent_decides_at_the_threshold() {
    let mut claims = "[carrier]\nbene date tin paid\n".to_owned();
    let mut life = |bene: String, paid: &str| claims += &format!("{bene} 2023-01-01 T9 {paid}\n");
    for plain in 0..293 {
        life(format!("B{plain}"), "98.00");
    }
    // Two percent was withheld: 980.00 is 1,000.00.
    life("under".into(), "-980.01");
    life("lowest".into(), "-980.00");
    life("below".into(), "979.99");
    life("at".into(), "980.00");
    life("above".into(), "980.01");
    life("large".into(), "98000.00");
    life("larger".into(), "98000.00");
    let cells = Small::new(2023, &begun(2023, &claims)).run().cells;
    let threshold = cells.threshold.iter().find(|row| row.calendar_year.0 == 2023).expect("a threshold");
    assert_eq!(threshold.threshold_cents.0, 100_000);
    let rows: Vec<_> = cells.population_county.iter().filter(|row| row.calendar_year.0 == 2023).collect();
    assert_eq!(rows.len(), 1);
    // Above: `above`, `large`, `larger`; under: `under`; the others as they are: 293 × 100.00 − 1,000.00 + 999.99 + 1,000.00.
    assert_eq!((rows[0].months_over, rows[0].months_under), (36, 12));
    assert_eq!(rows[0].below_cents.0, 293 * 10_000 - 100_000 + 99_999 + 100_000);
}
