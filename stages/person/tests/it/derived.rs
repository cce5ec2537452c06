//! What is derived from assignment and spending: cohorts, thresholds, scores, what lists could know.

use crate::small::{Small, assigned};
use crate::walk::{run, table_rows};
use acoledger_schemas::study::Maturity;
use acoledger_schemas::values::Date;
use expect_test::expect;

const ACOS: &str = "
    [aco]
    aco_id  agreement_start  assignment_method  track
    A1      2018-01-01       retrospective      T1
    A2      2018-01-01       prospective        T3
    [participant]
    aco_id  tin
    A1      T1
    A1      T2
    A2      T3
";

#[test]
fn cohorts_look_at_the_year_before() {
    let text = "
        [carrier]
        bene  date        tin  specialty  hcpcs  allowed
        B1    2018-05-01  T1   11         99213  50.00
        B1    2017-05-01  T1   11         99213  50.00    # assigned the year before
        B2    2018-05-01  T1   11         99213  50.00
        B2    2017-05-01  T2   93         99213  50.00    # served by a participant, whoever it was
        B3    2018-05-01  T1   11         99213  50.00
        B3    2017-05-01  T1   11         71046  50.00    # not a primary care service
        B4    2018-05-01  T1   11         99213  50.00
        B4    2016-12-31  T1   11         99213  50.00    # two years before
        B5    2017-01-01  T3   11         99213  50.00    # a prospective ACO's window: October 2016 to September 2017
        B5    2015-10-01  T3   11         99213  50.00
        B6    2017-01-01  T3   11         99213  50.00
        B6    2015-09-30  T3   11         99213  50.00
    ";
    let small = Small::new(2018, &format!("{ACOS}{text}"));
    let rows = small.run().assignment;
    let mut cohorts: Vec<String> = rows
        .iter()
        .filter(|row| row["calendar_year"] == "2018")
        .map(|row| format!("{} {} {}", row["bene_id"], row["aco_id"], row["cohort"]))
        .collect();
    cohorts.sort();
    let expected = ["B1 A1 continuously", "B2 A1 continuously", "B3 A1 newly", "B4 A1 newly"];
    assert_eq!(cohorts, [&expected[..], &["B5 A2 continuously", "B6 A2 newly"]].concat());
    let cells = small.run().cells;
    assert!(cells.assigned_county.iter().any(|row| row.cohort.code() == "newly" && row.calendar_year.0 == 2018));
    assert!(!small.context().needs().expenditure_years.contains(&2014), "only cohorts look at the year before");
}

#[test]
fn designations_of_2018_ask_for_a_service() {
    let text = "
        [carrier]
        bene  date        tin  specialty  allowed
        B1    2018-05-01  T1   06         1.00
        B1    2018-05-01  T9   11         50.00
        B2    2018-05-01  T1   50         1.00      # not a physician
        B2    2018-05-01  T9   11         50.00
        B3    2018-05-01  T1   06         1.00
        B4    2018-05-01  T1   11         5.00
        [voluntary_alignment]
        bene  designated_on  designee_tin  designee_specialty
        B1    2017-10-31     T1            11
        B2    2017-10-31     T1            11
        B3    2017-11-01     T1            11    # a day late: the claims decide
        B4    2017-01-01     T9            18    # an ophthalmologist outside does not block in 2018
    ";
    expect![[r#"
        bene  aco  basis      step  winner  runner_up  runner_up  tie
        B1    A1   voluntary  -     -       -          -          -
        B3    A1   claims     2     100     -          -          -
        B4    A1   claims     1     500     -          -          -
    "#]]
    .assert_eq(&assigned(2018, 2018, &format!("{ACOS}{text}")));
}

#[test]
fn designations_for_july_2019_have_their_own_day() {
    let text = "
        [aco]
        aco_id  agreement_start  period
        A1      2019-07-01       h2
        A2      2019-01-01       full
        [participant]
        aco_id  tin
        A1      T1
        A2      T2
        [carrier]
        bene  date        tin
        B0    2019-05-01  T9
        [voluntary_alignment]
        bene  designated_on  designee_tin
        B1    2019-04-30     T1
        B2    2019-05-01     T1
        B3    2019-04-30     T2
        B4    2018-10-31     T2
    ";
    expect![[r#"
        bene  aco  basis      step  winner  runner_up  runner_up  tie
        B1    A1   voluntary  -     -       -          -          -
        B4    A2   voluntary  -     -       -          -          -
    "#]]
    .assert_eq(&assigned(2019, 2019, text));
}

/// Numbers that look random and are always the same.
fn numbers() -> impl FnMut(u64) -> u64 {
    let mut state = 88_172_645_463_325_252u64;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    }
}

#[test]
fn thresholds_are_exact_order_statistics() {
    let mut next = numbers();
    let mut text = "[aco]\naco_id agreement_start\nA1 2023-01-01\n[participant]\naco_id tin\nA1 T1\n".to_owned();
    let mut claims = "[carrier]\nbene date tin paid\n".to_owned();
    text += "[enrollment]\nbene year born died\n";
    for life in 0..700 {
        let died = if next(4) == 0 { format!("2023-{:02}-15", 1 + next(12)) } else { "-".into() };
        let born = if next(3) == 0 { "1980-01-01" } else { "1940-01-01" };
        text += &format!("B{life} 2023 {born} {died}\n");
        // Heavy tails, close neighbours, some negative, most in January so that the dead have spending too.
        let (low, power) = (next(100), next(24));
        let paid = next(2 << power);
        let sign = if next(9) == 0 { "-" } else { "" };
        claims += &format!("B{life} 2023-01-01 T1 {sign}{}.{low:02}\n", if next(2) == 0 { 5_000 } else { paid });
    }
    let small = Small::new(2023, &format!("{text}{claims}"));
    let run = run(&small.context(), &small.program, &small.lake, 4, 64);
    for kind in ["DIS", "AGND"] {
        let mut values: Vec<(i128, i128)> = run
            .person_year
            .iter()
            .filter(|row| row["enrollment_type"] == kind && row["calendar_year"] == "2023")
            .map(|row| (row["spend_cents"].parse().expect("cents"), row["months"].parse().expect("months")))
            .collect();
        values.sort_by_key(|(spend, months)| spend * 12 * 27_720 / months); // 27,720 = lcm(1..=12): exact
        let rank = (values.len() * 99).div_ceil(100);
        let (spend, months) = values[rank - 1];
        let half_up = (spend * 24 + months).div_euclid(2 * months);
        let threshold = table_rows(&run.cells.threshold)
            .into_iter()
            .find(|row| row["enrollment_type"] == kind && row["calendar_year"] == "2023")
            .expect("a threshold");
        assert_eq!(threshold["threshold_cents"], half_up.to_string(), "{kind}");

        let cells = run.cells.population_county.iter();
        let cells = cells.filter(|row| row.enrollment_type.code() == kind && row.calendar_year.0 == 2023);
        let (mut over, mut under, mut below) = (0, 0, 0);
        cells.for_each(|row| {
            over += i128::from(row.months_over);
            under += i128::from(row.months_under);
            below += i128::from(row.below_cents.0);
        });
        let naive = values.iter().fold((0, 0, 0), |(over, under, below), (spend, months)| {
            if spend * 12 > half_up * months {
                (over + months, under, below)
            } else if spend * 12 < -half_up * months {
                (over, under + months, below)
            } else {
                (over, under, below + spend)
            }
        });
        assert_eq!((over, under, below), naive, "{kind}");
        assert!(over > 0);
    }
}

#[test]
fn scores_are_summed_by_month_and_model() {
    let text = "
        [aco]
        aco_id  agreement_start
        A1      2022-01-01
        [participant]
        aco_id  tin
        A1      T1
        [carrier]
        bene  date        tin
        B1    2021-05-01  T1
        B1    2023-05-01  T1
        [risk_score]
        bene_id  calendar_year  month  score_year  enrollment_type  hcc_score  demographic_score
        B1       2021           -      2021        AGND             1.234      0.5
        B1       2021           3      2021        AGND             2          -      # March has its own
        B1       2021           -      2023        AGND             3          -      # the performance year's model
        B1       2023           -      2023        AGND             0.1        0.2
        B1       2021           -      2021        ESRD             9          9      # another type
    ";
    let cells = Small::new(2023, text).run().cells;
    let rows: Vec<String> = cells
        .risk
        .iter()
        .map(|row| {
            let of = row.aco_id.as_ref().map_or("all", |aco| aco.as_str());
            let (months, sum) = (row.score_months, row.score_milli_months);
            format!("{of} {} {} {} {months} {sum}", row.calendar_year, row.model, row.kind)
        })
        .collect();
    let expected = [
        "all 2021 2021 demographic 11 5500",
        "all 2021 2021 hcc 12 15574", // 11 × 1.234 + 2
        "all 2021 2023 hcc 12 36000",
        "all 2023 2023 demographic 12 2400",
        "all 2023 2023 hcc 12 1200",
        "A1 2021 2021 demographic 11 5500", // agreements before 2024: each year's own model
        "A1 2021 2021 hcc 12 15574",
        "A1 2023 2023 demographic 12 2400",
        "A1 2023 2023 hcc 12 1200",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn lists_know_what_was_processed_in_time() {
    let text = "
        [aco]
        aco_id  agreement_start  assignment_method
        A1      2023-01-01       retrospective
        A2      2023-01-01       prospective
        [participant]
        aco_id  tin
        A1      T1
        A2      T2
        [carrier]
        bene  date        tin  processed   paid
        B1    2022-05-01  T2   2022-12-31  98.00
        B2    2022-05-01  T2   2023-01-01  98.00    # the prospective list of 2023 was made before
        B3    2023-05-01  T1   2024-03-31  98.00
        B4    2023-05-01  T1   2024-04-01  98.00    # after three months of run-out
    ";
    let mut small = Small::new(2023, text);
    small.facts.maturity = Maturity::ThreeMonths;
    let lists = |small: &Small| {
        let mut rows: Vec<String> = small
            .run()
            .assignment
            .iter()
            .filter(|row| row["calendar_year"] == "2023")
            .map(|row| row["bene_id"].clone())
            .collect();
        rows.sort();
        rows.join(" ")
    };
    assert_eq!(lists(&small), "B1 B3");
    let late = small.run().shard.ledger().into_iter().find(|line| line.outcome.starts_with("processed after"));
    assert_eq!(late.map(|line| (line.rows, line.cents)), Some((1, 9_800)));
    small.facts.maturity = Maturity::Mature;
    assert_eq!(lists(&small), "B1 B3 B4");
    small.facts.maturity = Maturity::Through(Date::new(2023, 12, 31).expect("a day"));
    assert_eq!(lists(&small), "B1");
}

#[test]
fn needs_name_months_and_years() {
    let text = "
        [aco]
        aco_id  agreement_start  assignment_method
        A1      2024-01-01       prospective
        A2      2020-01-01       retrospective
        [participant]
        aco_id  tin
        A1      T1
    ";
    let small = Small::new(2025, text);
    let context = small.context();
    let needs = context.needs();
    let day = |month: i32| Date::first_of_month(month).to_string();
    let spans: Vec<String> =
        needs.claim_months.iter().map(|span| format!("{} to {}", day(span.first), day(span.last))).collect();
    // Base years 2017-2019 and 2021-2023; the prospective window of 2017 with its twelve months before begins in October 2014.
    assert_eq!(spans, ["2014-10-01 to 2025-12-01"]);
    assert_eq!(needs.expenditure_years, [2017, 2018, 2019, 2021, 2022, 2023, 2025]);
    let facility = needs.tables.iter().find(|need| need.table.name == "facility").expect("a need");
    assert_eq!(facility.optional_years, [2013, 2026]);
}

#[test]
fn a_list_knows_what_was_processed_before_it_was_made() {
    let text = "
        [aco]
        aco_id  agreement_start  assignment_method
        A1      2023-01-01       retrospective
        A2      2023-01-01       prospective
        [participant]
        aco_id  tin
        A1      T1
        A2      T2
        [carrier]
        bene  date        tin  hcpcs  processed   paid
        B1    2021-11-10  T2   99213  2022-04-01  98.00    # after the run-out of 2021, before the prospective list of 2023
        B2    2023-05-01  T1   99308  2023-05-10  0.00     # in a nursing facility, which the list does not know
        B3    2023-05-01  T1   99308  2023-05-10  0.00
        [facility]
        bene  type  from        thru        processed   paid
        B2    20    2023-04-01  2023-05-01  2024-04-01  0.00
        B3    20    2023-04-01  2023-05-01  2024-03-31  0.00
    ";
    let mut small = Small::new(2023, text);
    small.facts.maturity = Maturity::ThreeMonths;
    let run = small.run();
    let listed = run.assignment.iter().filter(|row| row["calendar_year"] == "2023");
    let mut lives: Vec<&str> = listed.map(|row| row["bene_id"].as_str()).collect();
    lives.sort_unstable();
    assert_eq!(lives, ["B1", "B2"]);
    // The payment of 2021 stays out all the same.
    let late = run.shard.ledger().into_iter().filter(|line| line.outcome.starts_with("processed after"));
    assert_eq!(late.map(|line| (line.rows, line.cents)).collect::<Vec<_>>(), [(1, 0), (1, 9_800)]);
    assert!(run.person_year.iter().all(|row| row["calendar_year"] != "2021" || row["spend_cents"] == "0"));
}
