//! Planted cases of services: what counts by year, place and stay, in which window, denied or not.

use super::build::{Case, PlantedLine, VISIT, VISIT_PAID, Winner, aged, day};
use super::competition::aco;
use super::providers::bill;
use super::sites::{Site, Sites};
use acoledger_schemas::values::Date;

pub(super) fn plant(sites: &Sites, year: i32, cases: &mut Vec<Case>) {
    places(sites, year, cases);
    windows(sites, year, cases);
}

fn places(s: &Sites, y: i32, cases: &mut Vec<Case>) {
    let x = &s.x[0];
    let nursing = |from: Date, thru: Date| bill(s, "snf", ["2", "1"], s.nursing, from, thru, 600_000);
    // By place of service in 2017 and 2018, by stay from 2019 on; before 2017 every such visit counts.
    let counts = |place_excluded: bool, in_stay: bool| match y {
        ..2017 => true,
        2017..2019 => !place_excluded,
        _ => !in_stay,
    };
    for (name, place, at, in_stay, rule) in [
        ("nursing_facility_visit", "32", 10, false, "M.A.5.1: no skilled nursing stay on that day"),
        ("nursing_facility_place_without_stay", "31", 10, false, "M.A.5.1: the place decides in 2017 and 2018 only"),
        ("nursing_facility_visit_in_stay", "31", 10, true, "M.A.5.1: inside a skilled nursing stay"),
        ("nursing_facility_visit_last_day", "32", 20, true, "M.A.5.1: first and last day of the stay are inside"),
        ("nursing_facility_visit_day_after", "32", 21, false, "M.A.5.1: the day after the stay is outside"),
    ] {
        let visit = Case::new(name).service(day(y, 6, at), x.practice, x.physician, "11", "99309", place, VISIT);
        let with_stay = in_stay || at == 21;
        let case = if with_stay { visit.bill(nursing(day(y, 6, 1), day(y, 6, 20))) } else { visit };
        let (step, winner) = if counts(place == "31", in_stay) { (1, aco(&s.aco_x)) } else { (0, Winner::Nobody) };
        let cents = VISIT_PAID + if with_stay { 600_000 } else { 0 };
        case.expect(y, true, step, winner, aged(12, cents), rule).plant(cases);
    }
    listed_in_some_years(s, y, cases);
}

/// Services that count in some performance years, or in some places, only.
fn listed_in_some_years(s: &Sites, y: i32, cases: &mut Vec<Case>) {
    let x = &s.x[0];
    let visit = |name: &'static str, date: Date, code: &'static str, place: &'static str| {
        Case::new(name).service(date, x.practice, x.physician, "11", code, place, VISIT)
    };
    let outcome = |counts: bool| if counts { (1, aco(&s.aco_x)) } else { (0, Winner::Nobody) };
    let year = aged(12, VISIT_PAID);

    let stay = bill(s, "inpatient", ["1", "1"], s.hospital, day(y, 7, 3), day(y, 7, 8), 900_000);
    let (step, winner) = outcome((2019..2021).contains(&y));
    visit("advance_care_planning_inpatient", day(y, 7, 5), "99497", "21")
        .bill(stay)
        .expect(y, true, step, winner, aged(12, 908_000), "M.A.5.2: from 2021 not during an inpatient stay")
        .plant(cases);
    let (step, winner) = outcome(y >= 2019);
    visit("advance_care_planning_office", day(y, 7, 5), "99497", "11")
        .expect(y, true, step, winner, year, "M.A.5.2: on the list from 2019 on")
        .plant(cases);
    let (step, winner) = outcome(!(2019..2023).contains(&y));
    visit("home_visit_elsewhere", day(y, 7, 5), "99347", "13")
        .expect(y, true, step, winner, year, "M.A.5: from 2019 to 2022 home visits count at home only")
        .plant(cases);
    visit("home_visit_at_home", day(y, 7, 5), "99347", "12")
        .expect(y, true, 1, aco(&s.aco_x), year, "M.A.5: at home in every year")
        .plant(cases);
    // An add-on service that is a claim by itself.
    visit("prolonged_service_without_base", day(y, 7, 5), "99354", "11")
        .expect(y, true, 0, Winner::Nobody, year, "M.A.5.3: an add-on without its base code")
        .plant(cases);
    let (step, winner) = outcome(y >= 2024);
    visit("code_of_2024", day(y, 7, 5), "G2211", "11")
        .expect(y, true, step, winner, year, "M.A.5: on the list from 2024 on")
        .plant(cases);
    let (step, winner) = outcome(y >= 2024);
    visit("code_of_2024_in_a_benchmark_year", day(y - 1, 7, 5), "G2211", "11")
        .expect_in(y, y - 1, true, step, winner, year, "M.A.5.6: the performance year's list in its benchmark years")
        .plant(cases);
    // The window of a year touches the emergency from 2020 to 2023; the code is payable after it until the end of 2024.
    let telephone = |at: i32| match at {
        2020..=2023 => true,
        2024 => y >= 2022,
        _ => false,
    };
    let (step, winner) = outcome(telephone(y));
    visit("telephone_visit", day(y, 11, 8), "99443", "11")
        .expect(
            y,
            true,
            step,
            winner,
            year,
            "M.A.5.4: the window touches the emergency, or the code is payable after it",
        )
        .plant(cases);
    let (step, winner) = outcome(telephone(y - 3));
    visit("telephone_visit_in_the_first_benchmark_year", day(y - 3, 3, 8), "99443", "11")
        .expect_in(y, y - 3, true, step, winner, year, "M.A.5.4: the window of the benchmark year decides")
        .plant(cases);
}

fn windows(s: &Sites, y: i32, cases: &mut Vec<Case>) {
    let (x, outside) = (&s.x[0], &s.outside[0]);
    Case::new("window_edges")
        .visit(day(y - 1, 12, 31), outside, 50_000)
        .visit(day(y, 1, 1), x, 6_000)
        .visit(day(y, 12, 31), x, 6_000)
        .visit(day(y, 6, 1), outside, 11_000)
        .visit(day(y + 1, 1, 1), outside, 50_000)
        .expect(
            y,
            true,
            1,
            aco(&s.aco_x),
            aged(12, 18_400),
            "M.A.2: both ends of the calendar year are inside, the days beside it are not",
        )
        .plant(cases);
    Case::new("denied_services")
        .visit(day(y, 2, 1), x, VISIT)
        .line(denied(outside, day(y, 3, 1), "1", "N"))
        .line(denied(outside, day(y, 4, 1), "D", "A"))
        .line(denied(outside, day(y, 5, 1), "0", "A"))
        .expect(
            y,
            true,
            1,
            aco(&s.aco_x),
            aged(12, VISIT_PAID),
            "M.B.1.7: denied lines and claims count neither in spending nor in assignment",
        )
        .plant(cases);
    // October two years before to September of the year before.
    Case::new("prospective_window_edges")
        .visit(day(y - 2, 9, 30), outside, 50_000)
        .visit(day(y - 2, 10, 1), &s.w, 6_000)
        .visit(day(y - 1, 9, 30), &s.w, 6_000)
        .visit(day(y - 1, 6, 1), outside, 11_000)
        .visit(day(y - 1, 10, 1), outside, 50_000)
        .expect(
            y,
            true,
            1,
            aco(&s.aco_w),
            aged(12, 0),
            "M.A.2: both ends of the prospective window are inside, the days beside it are not",
        )
        .plant(cases);
    // A list of the prospective window is made before the year begins, from what was processed by then.
    for (name, processed, known) in [
        ("prospective_list_known_in_time", day(y - 1, 12, 31), true),
        ("prospective_list_known_too_late", day(y, 1, 1), false),
    ] {
        let (step, winner) = if known { (1, aco(&s.aco_w)) } else { (0, Winner::Nobody) };
        Case::new(name)
            .visit(day(y - 1, 9, 15), &s.w, VISIT)
            .processed(processed)
            .expect(
                y,
                true,
                step,
                winner,
                aged(12, 0),
                "M.A.2.5: the prospective list uses the data at hand before the year",
            )
            .plant(cases);
    }
}

/// A large line that was denied but shows amounts all the same.
fn denied(site: &Site, date: Date, denial: &'static str, processing: &'static str) -> PlantedLine {
    PlantedLine {
        supply: false,
        date,
        practice: site.practice,
        clinician: site.physician,
        specialty: "11",
        code: "99215",
        place: "11",
        allowed: 90_000,
        gross: 72_000,
        denial,
        processing,
        twice: false,
        processed: None,
        earlier: None,
    }
}
