//! What a run does not take silently: numbers that cannot be, agreements that could not be, totals that contradict.

use crate::rates_cases::cases;
use acoledger_aco::{Finding, Outcome, run};
use acoledger_schemas::program::{Aco, Disaster, Program};
use acoledger_schemas::rates::{AcoCountyHeads, AcoHeads, AcoYear, Rates};
use acoledger_schemas::rules::Rules;
use acoledger_schemas::table::{Dollars, Problems};
use acoledger_schemas::values::*;
use std::sync::LazyLock;

type Change = fn(&mut Rates, &mut Program);

fn settle(year: i32, change: impl FnOnce(&mut Rates, &mut Program)) -> Option<Result<Outcome, Problems>> {
    let (mut rates, mut program) = cases()?;
    change(&mut rates, &mut program);
    static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::built_in().expect("the shipped rules are sound"));
    Some(run(&rates, &program, &RULES, &[year]))
}

/// Each change must be refused, once for each row that it touches, in these words.
fn all_refused(changes: &[(i32, Change, &[&str])]) {
    for (year, change, words) in changes {
        let Some(result) = settle(*year, change) else { return };
        let text = result.expect_err(words[0]).to_string();
        for word in *words {
            assert!(text.contains(word), "no `{word}` in:\n{text}");
        }
        assert!(!text.contains("M.M."), "{text}");
    }
}

fn findings(year: i32, change: Change) -> Option<Vec<Finding>> {
    settle(year, change).map(|result| result.unwrap_or_else(|problems| panic!("{problems}")).findings)
}

/// The change leads to a finding in these words, which is not there without it.
fn all_found(changes: &[(i32, Change, &str, &str)]) {
    for (year, change, id, words) in changes {
        let Some(found) = findings(*year, *change) else { return };
        let has = |findings: &[Finding]| {
            findings.iter().any(|finding| finding.aco_id.as_str() == *id && finding.to_string().contains(words))
        };
        assert!(has(&found), "no `{words}` in {found:#?}");
        assert!(!has(&findings(*year, |_, _| ()).expect("cases")), "{words}");
    }
}

fn aco<'p>(program: &'p mut Program, id: &str) -> &'p mut Aco {
    program.aco.iter_mut().rfind(|aco| aco.aco_id.as_str() == id).expect("an ACO of the cases")
}

/// The heads of an ACO in its performance year.
fn heads<'r>(rates: &'r mut Rates, id: &str) -> &'r mut AcoHeads {
    let of_aco = |row: &&mut AcoHeads| row.aco_id.as_str() == id && row.calendar_year.0 == row.performance_year.0;
    rates.aco_heads.iter_mut().find(of_aco).expect("heads of the ACO")
}

fn own<'r>(rates: &'r mut Rates, id: &str, year: i32, cohort: Cohort) -> &'r mut AcoYear {
    let of_aco = |row: &&mut AcoYear| {
        row.aco_id.as_str() == id
            && row.calendar_year.0 == year
            && row.cohort == cohort
            && row.enrollment_type == EnrollmentType::Agnd
    };
    rates.aco_year.iter_mut().find(of_aco).expect("a row of the ACO")
}

fn day(text: &str) -> Date {
    Date::parse_iso(text).expect("a day")
}

fn dollars(cents: i64) -> Option<Dollars> {
    Some(Dollars(Cents(cents)))
}

#[test]
fn numbers_outside_their_range_are_refused() {
    all_refused(&[
        (
            2023,
            |_, program| aco(program, "A1717").quality_score = Some(85.0),
            &["program/aco, column `quality_score`", "A1717", "from 0 to 1: `85`", "not a percent: 0.85", "M.F.3"],
        ),
        (2023, |_, program| aco(program, "A1717").quality_score = Some(-0.1), &["`quality_score`", "`-0.1`"]),
        (
            2023,
            |_, program| aco(program, "A1717").participant_revenue = dollars(-1),
            &["`participant_revenue`", "performance_year 2023, period full, aco_id A1717: expected 0 or more: `-0.01`"],
        ),
        (2023, |_, program| aco(program, "A1717").advance_balance = dollars(-500), &["`advance_balance`", "`-5`"]),
        (2023, |_, program| aco(program, "A1717").agreement_number = 0, &["`agreement_number`", "expected 1 or more"]),
        (2023, |rates, _| heads(rates, "A1717").lis_or_dual_share = Some(15.0), &["`lis_or_dual_share`", "0.15"]),
        (2023, |rates, _| heads(rates, "A1717").dual_person_years = Some(-1.0), &["`dual_person_years`", "`-1`"]),
        (2023, |rates, _| heads(rates, "A1717").head_count = Some(-1), &["rates/aco_heads", "`head_count`", "`-1`"]),
        (2023, |rates, _| rates.aco_county_heads[0].head_count = -1, &["rates/aco_county_heads", "`head_count`"]),
        (2023, |rates, _| rates.national[0].per_capita = Some(-1.0), &["rates/national", "`per_capita`", "M.D.1.6"]),
        (2023, |rates, _| rates.national[0].person_years = Some(-1.0), &["rates/national", "`person_years`"]),
        (2023, |rates, _| rates.county[0].person_years = Some(-1.0), &["rates/county", "`person_years`"]),
        (2023, |rates, _| rates.aco_county[0].person_years = -1.0, &["rates/aco_county", "`person_years`"]),
        (2023, |rates, _| rates.aco_year[0].person_years = Some(-1.0), &["rates/aco_year", "`person_years`"]),
        (
            2024,
            |_, program| program.aco_history.as_mut().expect("there")[0].person_years = -1.0,
            &["program/aco_history", "`person_years`"],
        ),
        (
            2024,
            |_, program| program.acpt.as_mut().expect("there")[0].factor = 0.0,
            &["program/acpt", "`factor`", "above 0: `0`", "M.E.4"],
        ),
        (
            2023,
            |_, program| program.disaster.as_mut().expect("there")[0].months = 13,
            &["program/disaster", "`months`", "from 0 to 12: `13`"],
        ),
        (
            2023,
            |_, program| program.disaster.as_mut().expect("there")[0].county = County::new("1001").expect("text"),
            &["program/disaster", "`county`", "5 digits: `1001`", "leading zeros"],
        ),
        (
            2023,
            |rates, _| rates.aco_county_heads[0].county = County::new("1001").expect("text"),
            &["rates/aco_county_heads", "`county`", "leading zeros"],
        ),
    ]);
}

#[test]
fn several_problems_are_told_together() {
    let change = |rates: &mut Rates, program: &mut Program| {
        aco(program, "A1717").quality_score = Some(85.0);
        aco(program, "A1732").track = Track::T1;
        heads(rates, "A1732").head_count = Some(0);
        rates.national[0].person_years = Some(-1.0);
    };
    let Some(result) = settle(2023, change) else { return };
    let problems = result.expect_err("four problems");
    assert!(problems.count >= 3, "{problems}");
    let text = problems.to_string();
    for word in ["`quality_score`", "`track`", "rates/national"] {
        assert!(text.contains(word), "no `{word}` in:\n{text}");
    }
}

#[test]
fn agreements_that_could_not_be_are_refused() {
    all_refused(&[
        (
            2019,
            |_, program| aco(program, "A1439").period = Period::Full,
            &["`period`", "A1439 2019 full: an agreement from 2019-07-01 has period `h2`", "M.D.4.5"],
        ),
        (
            2019,
            |_, program| aco(program, "A1393").period = Period::H2,
            &["`period`", "`h2` is of agreements that start on 2019-07-01, this one starts on 2017-01-01"],
        ),
        (
            2019,
            |_, program| {
                let row = program.aco.iter_mut().find(|row| row.aco_id.as_str() == "A1439").expect("the first half");
                row.agreement_start = day("2019-07-01");
            },
            &["`period`", "`h1` is of agreements that started before 2019-07-01"],
        ),
        (
            2023,
            |_, program| aco(program, "A1732").period = Period::H1,
            &["`period`", "performance year 2023 has no half-years: `h1`"],
        ),
        (
            2023,
            |_, program| aco(program, "A1732").termination_kind = Some(TerminationKind::Cms),
            &["`termination_kind`", "given without `terminated_on`: `cms`", "M.F.8"],
        ),
        (
            2023,
            |_, program| aco(program, "A1914").termination_kind = None,
            &["`termination_kind`", "not given for the termination on: `2023-06-30`"],
        ),
        (
            2023,
            |_, program| aco(program, "A1914").terminated_on = Some(day("2022-12-31")),
            &["`terminated_on`", "lies before performance year 2023: `2022-12-31`"],
        ),
        (
            2023,
            |_, program| aco(program, "A1732").agreement_start = day("2022-03-01"),
            &["`agreement_start`", "no agreement period started on: `2022-03-01`", "started on: 2022-01-01"],
        ),
        (
            2023,
            |_, program| aco(program, "A1732").agreement_start = day("2024-01-01"),
            &["`agreement_start`", "the agreement starts after performance year 2023: `2024-01-01`"],
        ),
        (
            2012,
            |_, program| aco(program, "A1003").performance_year = PerformanceYear(2012),
            &["`performance_year`", "lies before the first performance year, 2013: `2012`"],
        ),
        (2023, |_, program| aco(program, "A1732").track = Track::T1p, &["`track`", "`T1P`", "A, B, C, D, E, EN"]),
        (2018, |_, program| aco(program, "A1249").track = Track::En, &["`track`", "`EN`", "T1, T1P, T2, T3"]),
        (
            2023,
            |_, program| {
                let row = aco(program, "A1732");
                (row.agreement_start, row.agreement_number, row.track) = (day("2017-01-01"), 2, Track::T3);
            },
            &["`track`", "the track is not open in 2023: `T3`", "settle.sharing_rate.maximum"],
        ),
        (
            2023,
            |_, program| aco(program, "A1732").agreement_type = AgreementType::Initial,
            &["`agreement_type`", "agreement period 2 cannot be the first: `initial`", "M.D.1.10"],
        ),
        (
            2023,
            |_, program| aco(program, "A1914").first_year_complete_reporting = Some(Flag(true)),
            &["`first_year_complete_reporting`", "2023 is not the first performance year", "M.F.3.1"],
        ),
        (
            2024,
            |_, program| aco(program, "A1921").first_year_complete_reporting = Some(Flag(true)),
            &["2024 is not the first performance year of a first agreement period"],
        ),
    ]);
}

#[test]
fn the_first_performance_year_of_2012_starts_is_2013() {
    let change = |_: &mut Rates, program: &mut Program| {
        let row = aco(program, "A1003");
        (row.performance_year, row.first_year_complete_reporting) = (PerformanceYear(2013), Some(Flag(true)));
    };
    let Some(result) = settle(2013, change) else { return };
    let text = result.expect_err("there are no rates of 2013").to_string();
    assert!(!text.contains("first_year_complete_reporting"), "{text}");
}

#[test]
fn totals_that_contradict_are_refused() {
    all_refused(&[
        (
            2023,
            |rates, _| heads(rates, "A1717").head_count = Some(0),
            &["`head_count`", "A1717 2023 full: nobody is assigned in 2023", "M.F.1"],
        ),
        (
            2024,
            |rates, _| {
                let row = rates
                    .aco_heads
                    .iter_mut()
                    .find(|row| row.aco_id.as_str() == "A1921" && row.calendar_year.0 == 2023);
                row.expect("BY3").dual_person_years = Some(1e6);
            },
            &["`dual_person_years`", "A1921", "more dual person years in 2023 than person years", "M.D.2.5"],
        ),
        (
            2023,
            |rates, _| {
                let of_year = |row: &&mut AcoCountyHeads| row.performance_year.0 == 2023;
                rates.aco_county_heads.iter_mut().find(of_year).expect("a row").head_count += 1;
            },
            &["rates/aco_county_heads", "heads by county come to more than the ACO's", "M.F.7.2"],
        ),
        (
            2018,
            |rates, _| own(rates, "A1249", 2018, Cohort::Newly).person_years = Some(1e5),
            &["`person_years`", "A1249", "AGND lives in 2018: newly and continuously assigned do not make up", "M.C.5"],
        ),
        (
            2018,
            |rates, _| {
                rates.aco_year.retain(|row| row.aco_id.as_str() != "A1249" || row.cohort != Cohort::Newly);
            },
            &["A1249", "lives in 2015: newly and continuously", "lives in 2018: newly and continuously"],
        ),
        (
            2023,
            |rates, _| own(rates, "A1717", 2023, Cohort::All).per_capita = Some(-9000.0),
            &["rates/aco_year", "`per_capita`", "below 0 in 2023 (PY), AGND", "M.B.3.3"],
        ),
        (
            2023,
            |rates, _| rates.county.iter_mut().for_each(|row| row.per_capita = row.per_capita.map(|value| -value)),
            &["rates/county", "`per_capita`", "below 0 in county", "M.D.1.2"],
        ),
    ]);
}

#[test]
fn what_is_odd_and_possible_is_found() {
    all_found(&[
        (2023, |_, program| aco(program, "A1717").agreement_type = AgreementType::Renewal, "A1717", "(D.1.10)"),
        (2023, |_, program| aco(program, "A1717").agreement_type = AgreementType::Reentering, "A1717", "`reentering`"),
        (
            2024,
            |_, program| program.acpt.iter_mut().flatten().for_each(|row| row.factor = 4.96),
            "A1921",
            "no likely factor: 4.96, expected 0.8 to 1.5 (E.4.4)",
        ),
        (
            2018,
            |rates, _| own(rates, "A1249", 2015, Cohort::Newly).person_years = Some(1e5),
            "A1249",
            "AGND: cohorts of BY3 do not make up the ACO",
        ),
        (
            2024,
            |rates, _| {
                let row = own(rates, "A1921", 2024, Cohort::All);
                (row.person_years, row.per_capita) = (Some(2.0), Some(-40.0));
            },
            "A1921",
            "spending below 0 in a small cell: -40 in rates/aco_year",
        ),
    ]);
}

#[test]
fn counties_that_are_not_the_acos_are_found() {
    let Some((rates, _)) = cases() else { return };
    let row = rates.aco_county_heads.iter().find(|row| row.performance_year.0 == 2023).expect("heads of 2023");
    let id = row.aco_id.as_str();
    let change = |rates: &mut Rates, program: &mut Program| {
        let mine = |row: &&mut AcoCountyHeads| row.aco_id.as_str() == id && row.performance_year.0 == 2023;
        rates.aco_county_heads.iter_mut().find(mine).expect("heads").head_count -= 1;
        program.disaster.as_mut().expect("there").retain(|row| row.performance_year.0 != 2023);
        let county = County::new("99999").expect("a code");
        program.disaster.as_mut().expect("there").push(Disaster {
            performance_year: PerformanceYear(2023),
            county,
            months: 3,
        });
    };
    let outcome = settle(2023, change).expect("cases").unwrap_or_else(|problems| panic!("{problems}"));
    let text: Vec<String> = outcome.findings.iter().map(ToString::to_string).collect();
    assert!(text.iter().any(|text| text.contains("heads by county come to fewer than the ACO's")), "{text:#?}");
    let elsewhere = "affected counties in which no ACO has a beneficiary: 1 of 1: 99999";
    assert!(text.iter().any(|text| text.contains(elsewhere)), "{text:#?}");
}

#[test]
fn track_2_agreements_to_2015_have_no_choice() {
    let Some(plain) = settle(2016, |_, _| ()) else { return };
    let plain = plain.unwrap_or_else(|problems| panic!("{problems}"));
    for choice in [MsrChoice::Variable, MsrChoice::Fixed(0.03)] {
        let changed = settle(2016, |_, program| aco(program, "A1123").msr_choice = choice).expect("cases");
        let changed = changed.unwrap_or_else(|problems| panic!("{problems}"));
        assert!(changed.savings_losses == plain.savings_losses, "{choice:?}");
        let found = changed.findings.iter().filter(|finding| finding.rule == "F.1.3");
        assert_eq!(found.map(|finding| finding.aco_id.as_str()).collect::<Vec<_>>(), ["A1123"]);
    }
    // Track 3 chooses, whenever its agreement started.
    let change = |_: &mut Rates, program: &mut Program| {
        let row = aco(program, "A1123");
        (row.track, row.track_year, row.msr_choice) = (Track::T3, None, MsrChoice::Fixed(0.01));
    };
    let changed = settle(2016, change).expect("cases").unwrap_or_else(|problems| panic!("{problems}"));
    let row = changed.savings_losses.iter().find(|row| row.aco_id.as_str() == "A1123").expect("a row");
    assert_eq!((row.msr, row.mlr), (0.01, Some(0.01)));
    assert!(!changed.findings.iter().any(|finding| finding.rule == "F.1.3"));
}

#[test]
fn before_relief_began_the_walk_has_no_disaster() {
    let change = |rates: &mut Rates, program: &mut Program| {
        let head_count = heads(rates, "A1123").head_count.expect("a count");
        let county = County::new("17031").expect("a code");
        let (performance_year, calendar_year) = (PerformanceYear(2016), CalendarYear(2016));
        let aco_id = AcoId::new("A1123").expect("an id");
        let period = Period::Full;
        let row =
            AcoCountyHeads { performance_year, period, aco_id, calendar_year, county: county.clone(), head_count };
        rates.aco_county_heads.push(row);
        program.disaster.get_or_insert_default().push(Disaster { performance_year, county, months: 12 });
    };
    let Some(result) = settle(2016, change) else { return };
    let outcome = result.unwrap_or_else(|problems| panic!("{problems}"));
    let row = outcome.savings_losses.iter().find(|row| row.aco_id.as_str() == "A1123").expect("a row");
    assert_eq!((row.outcome.as_str(), row.dis_adj), ("losses", Some(0)));
    assert!(outcome.benchmark.iter().all(|step| !step.rule.starts_with("F.7")), "a step of disaster relief");
}
