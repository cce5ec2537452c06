//! Planted cases of enrollment: parts, plans, deaths, residence, enrollment types.

use super::build::{Case, Change, Figures, PlantedLine, VISIT, VISIT_PAID, Winner, aged, day};
use super::sites::{Site, Sites};
use acoledger_schemas::values::{Date, EnrollmentType};

pub(super) fn plant(sites: &Sites, year: i32, cases: &mut Vec<Case>) {
    parts(sites, year, cases);
    after_prospective_assignment(sites, year, cases);
    deaths(sites, year, cases);
    after_death(sites, year, cases);
    twins(sites, year, cases);
    residence(sites, year, cases);
    moves(sites, year, cases);
    types(sites, year, cases);
}

fn parts(s: &Sites, y: i32, cases: &mut Vec<Case>) {
    let x = &s.x[0];
    let seen = |name: &'static str| Case::new(name).visit(day(y, 3, 10), x, 13_750);
    // 110.00 over 11 months: 120.00 a year.
    let eleven = aged(11, 12_000);
    seen("part_a_month")
        .months(y, 6..=6, Change::Buyin(b'1'))
        .expect(y, false, 0, Winner::Nobody, eleven, "M.A.1.1: one month with Part A only")
        .plant(cases);
    seen("part_b_month")
        .months(y, 6..=6, Change::Buyin(b'2'))
        .expect(y, false, 0, Winner::Nobody, eleven, "M.A.1.1: one month with Part B only")
        .plant(cases);
    for (name, month) in [("plan_month_first", 1), ("plan_month_middle", 6), ("plan_month_last", 12)] {
        seen(name)
            .months(y, month..=month, Change::Plan(b'1'))
            .expect(y, false, 0, Winner::Nobody, eleven, "M.A.1.2: one month in a health plan")
            .plant(cases);
    }
    seen("demonstration_month")
        .months(y, 6..=6, Change::Plan(b'4'))
        .expect(
            y,
            true,
            1,
            Winner::Aco(s.aco_x.clone()),
            aged(12, 11_000),
            "M.A.1.2: plan indicator 4 is fee-for-service",
        )
        .plant(cases);
    seen("no_month_with_both_parts")
        .months(y, 1..=12, Change::Buyin(b'1'))
        .expect(y, false, 0, Winner::Nobody, None, "M.A.1.1: no month with both parts")
        .plant(cases);
    seen("months_before_entitlement")
        .months(y, 1..=1, Change::Buyin(b'0'))
        .expect(y, true, 1, Winner::Aco(s.aco_x.clone()), eleven, "M.A.1.1: a month with neither part is no breach")
        .plant(cases);
}

/// What takes a life off a prospective list within the year.
fn after_prospective_assignment(s: &Sites, y: i32, cases: &mut Vec<Case>) {
    let listed = |name: &'static str| Case::new(name).visit(day(y - 1, 3, 15), &s.w, VISIT);
    listed("prospective_then_a_plan_month")
        .months(y, 12..=12, Change::Plan(b'1'))
        .expect(y, false, 0, Winner::Nobody, aged(11, 0), "M.A.1.6: a plan month in the year, after the window")
        .plant(cases);
    listed("prospective_then_a_part_b_month")
        .months(y, 11..=11, Change::Buyin(b'2'))
        .expect(y, false, 0, Winner::Nobody, aged(11, 0), "M.A.1.6: a month of one part in the year, after the window")
        .plant(cases);
    listed("prospective_then_abroad")
        .months(y, 12..=12, Change::Outside(0))
        .expect(y, false, 0, Winner::Nobody, aged(12, 0), "M.A.1.6: abroad at the end of the year")
        .plant(cases);
}

fn deaths(s: &Sites, y: i32, cases: &mut Vec<Case>) {
    let x = &s.x[0];
    let aco = || Winner::Aco(s.aco_x.clone());
    Case::new("died_before")
        .died(day(y - 1, 12, 15))
        .visit(day(y - 1, 11, 2), x, VISIT)
        .expect(y, false, 0, Winner::Nobody, None, "M.A.1.7: died before the year began")
        .plant(cases);
    Case::new("died_on_first_day")
        .died(day(y, 1, 1))
        .visit(day(y, 1, 1), x, VISIT)
        .expect(y, true, 1, aco(), aged(1, 12 * VISIT_PAID), "M.B.2.1: alive on the 1st, January counts; 80.00 × 12")
        .plant(cases);
    // 100.00 over 5 months: 240.00 a year.
    Case::new("died_in_year")
        .died(day(y, 5, 20))
        .visit(day(y, 3, 10), x, 12_500)
        .expect(y, true, 1, aco(), aged(5, 24_000), "M.A.1.7: deaths in the year stay in, months end with May")
        .plant(cases);
    Case::new("died_on_last_day")
        .died(day(y, 12, 31))
        .visit(day(y, 3, 10), x, VISIT)
        .expect(y, true, 1, aco(), aged(12, VISIT_PAID), "M.B.2.1: all months")
        .plant(cases);
}

fn after_death(s: &Sites, y: i32, cases: &mut Vec<Case>) {
    let x = &s.x[0];
    // 100.00 over 5 months; what is dated in August goes nowhere.
    Case::new("claim_after_death")
        .died(day(y, 5, 20))
        .visit(day(y, 3, 10), x, 12_500)
        .visit(day(y, 8, 5), x, 50_000)
        .expect(
            y,
            true,
            1,
            Winner::Aco(s.aco_x.clone()),
            aged(5, 24_000),
            "M.B.2.4: spending dated in a month after death goes nowhere",
        )
        .plant(cases);
}

/// Two people of one birthday and county.
fn twins(s: &Sites, y: i32, cases: &mut Vec<Case>) {
    let born = day(1946, 2, 11);
    let rule = "M.A.6: one identifier is one person, whatever else is equal";
    Case::new("twin_one")
        .born(born)
        .visit(day(y, 3, 10), &s.x[0], VISIT)
        .expect(y, true, 1, Winner::Aco(s.aco_x.clone()), aged(12, VISIT_PAID), rule)
        .plant(cases);
    Case::new("twin_two")
        .born(born)
        .visit(day(y, 3, 10), &s.z, 2 * VISIT)
        .expect(y, true, 1, Winner::Aco(s.aco_z.clone()), aged(12, 2 * VISIT_PAID), rule)
        .plant(cases);
}

/// The county of a year is that of its last eligible month.
fn moves(s: &Sites, y: i32, cases: &mut Vec<Case>) {
    let [home, near, far] = &s.counties;
    let seen = |name: &'static str| Case::new(name).visit(day(y, 3, 10), &s.x[0], VISIT);
    let aco = || Winner::Aco(s.aco_x.clone());
    let year = aged(12, VISIT_PAID);
    for (name, county) in [("moved_county", near), ("moved_state", far)] {
        seen(name)
            .months(y, 7..=12, Change::County(county.0))
            .expect(y, true, 1, aco(), year, "M.D.1.2: the county of the last eligible month")
            .lives_in(&county.1)
            .plant(cases);
    }
    seen("moved_in_december")
        .months(y, 12..=12, Change::County(far.0))
        .expect(y, true, 1, aco(), year, "M.D.1.2: the county of the last eligible month")
        .lives_in(&far.1)
        .plant(cases);
    // Parts A and B end with September: 90.00 over 9 months.
    Case::new("moved_after_the_last_eligible_month")
        .visit(day(y, 3, 10), &s.x[0], 11_250)
        .months(y, 10..=12, Change::Buyin(b'0'))
        .months(y, 10..=12, Change::County(far.0))
        .expect(y, true, 1, aco(), aged(9, 12_000), "M.D.1.2: the last eligible month is September")
        .lives_in(&home.1)
        .plant(cases);
}

fn residence(s: &Sites, y: i32, cases: &mut Vec<Case>) {
    let x = &s.x[0];
    let seen = |name: &'static str| Case::new(name).visit(day(y, 2, 10), x, VISIT);
    let year = aged(12, VISIT_PAID);
    let aco = || Winner::Aco(s.aco_x.clone());
    seen("abroad_at_end")
        .months(y, 9..=12, Change::Outside(0))
        .expect(
            y,
            false,
            0,
            Winner::Nobody,
            year,
            "M.A.1.4: abroad in the last month of the window; its months carry money all the same",
        )
        .plant(cases);
    seen("abroad_earlier")
        .months(y, 3..=5, Change::Outside(0))
        .expect(y, true, 1, aco(), year, "M.A.1.4: the last month of the window decides")
        .plant(cases);
    seen("puerto_rico")
        .months(y, 1..=12, Change::Outside(1))
        .expect(y, true, 1, aco(), year, "M.A.1.4: Puerto Rico is inside")
        .lives_in(crate::nation::OUTSIDE[1])
        .plant(cases);
    seen("guam")
        .months(y, 1..=12, Change::Outside(2))
        .expect(y, true, 1, aco(), year, "M.A.1.4: Guam is inside")
        .lives_in(crate::nation::OUTSIDE[2])
        .plant(cases);
    // The only life of its county, and nothing was paid for it.
    Case::new("county_without_spending")
        .line(PlantedLine { gross: 0, ..plain_line(x, day(y, 2, 10)) })
        .months(y, 1..=12, Change::Outside(3))
        .expect(y, true, 1, aco(), aged(12, 0), "M.C.6: no spending is 0, not unknown")
        .lives_in(crate::nation::OUTSIDE[3])
        .plant(cases);
}

/// An office visit with a physician of the practice.
fn plain_line(site: &Site, date: Date) -> PlantedLine {
    PlantedLine {
        supply: false,
        date,
        practice: site.practice,
        clinician: site.physician,
        specialty: "11",
        code: "99214",
        place: "11",
        allowed: VISIT,
        gross: VISIT_PAID,
        denial: "1",
        processing: "A",
        twice: false,
        processed: None,
        earlier: None,
    }
}

fn types(s: &Sites, y: i32, cases: &mut Vec<Case>) {
    let x = &s.x[0];
    let of = |kind, months, annualised| Figures { kind, months, annualised, large: false };
    let (kidney, disabled, dual, other) =
        (EnrollmentType::Esrd, EnrollmentType::Dis, EnrollmentType::Agdu, EnrollmentType::Agnd);
    // One visit of 80.00 in each half: 160.00 a year over 6 months.
    Case::new("turns_65_inside_a_month")
        .born(day(y - 65, 7, 15))
        .months(y, 1..=6, Change::Status("20"))
        .visit(day(y, 3, 10), x, VISIT)
        .visit(day(y, 9, 10), x, VISIT)
        .spends(y, y, of(disabled, 6, 16_000), "M.B.2.2: January to June under 65")
        .spends(y, y, of(other, 6, 16_000), "M.B.2.2: aged from the month of the birthday")
        .plant(cases);
    // 100.00 over 5 months: 240.00; 70.00 over 7 months: 120.00.
    Case::new("turns_65_on_the_first")
        .born(day(y - 65, 7, 1))
        .months(y, 1..=5, Change::Status("20"))
        .visit(day(y, 3, 10), x, 12_500)
        .visit(day(y, 6, 10), x, 8_750)
        .spends(y, y, of(disabled, 5, 24_000), "M.B.2.2: born on the 1st, June is already aged")
        .spends(y, y, of(other, 7, 12_000), "M.B.2.2: born on the 1st, June is already aged")
        .plant(cases);
    for (name, code, kind) in [
        ("dual_01", "01", dual),
        ("dual_02", "02", dual),
        ("dual_03", "03", other),
        ("dual_04", "04", dual),
        ("dual_05", "05", other),
        ("dual_06", "06", other),
        ("dual_08", "08", dual),
    ] {
        Case::new(name)
            .months(y, 1..=12, Change::Dual(code))
            .visit(day(y, 3, 10), x, VISIT)
            .spends(y, y, of(kind, 12, VISIT_PAID), "M.B.2.2: dual are the codes 01, 02, 04 and 08")
            .plant(cases);
    }
    Case::new("dual_half_a_year")
        .months(y, 1..=6, Change::Dual("02"))
        .months(y, 7..=12, Change::Dual("06"))
        .visit(day(y, 3, 10), x, VISIT)
        .visit(day(y, 9, 10), x, 2 * VISIT)
        .spends(y, y, of(dual, 6, 16_000), "M.B.2.2: by month")
        .spends(y, y, of(other, 6, 32_000), "M.B.2.2: by month")
        .plant(cases);
    // The graft in January: kidney months to April. 100.00 over 4 months: 300.00; 80.00 over 8 months: 120.00.
    Case::new("transplant")
        .months(y, 1..=12, Change::Status("11"))
        .kidney(y, 0b1111)
        .visit(day(y, 2, 10), x, 12_500)
        .visit(day(y, 9, 10), x, VISIT)
        .spends(y, y, of(kidney, 4, 30_000), "M.B.2.2: the program's months override the entitlement status")
        .spends(y, y, of(other, 8, 12_000), "M.B.2.2: later months after a graft are not ESRD")
        .plant(cases);
    Case::new("transplant_under_65")
        .born(day(y - 50, 3, 3))
        .months(y, 1..=12, Change::Status("21"))
        .kidney(y, 0b1111)
        .visit(day(y, 2, 10), x, 12_500)
        .visit(day(y, 9, 10), x, VISIT)
        .spends(y, y, of(kidney, 4, 30_000), "M.B.2.2: the program's months override the entitlement status")
        .spends(y, y, of(disabled, 8, 12_000), "M.B.2.2: from the fourth month after the graft on under 65")
        .plant(cases);
}
