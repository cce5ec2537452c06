//! Planted cases of spending: signs, parts that are left out, dates, large amounts.

use super::build::{Case, Change, Figures, PlantedBill, PlantedLine, VISIT, VISIT_PAID, Winner, aged, day};
use super::providers::bill;
use super::sites::Sites;
use acoledger_schemas::values::{Date, EnrollmentType};

pub(super) fn plant(sites: &Sites, year: i32, cases: &mut Vec<Case>) {
    amounts(sites, year, cases);
    versions(sites, year, cases);
    left_out(sites, year, cases);
    dated(sites, year, cases);
    large(sites, year, cases);
}

fn aged_year(months: u8, annualised: i64) -> Figures {
    Figures { kind: EnrollmentType::Agnd, months, annualised, large: false }
}

/// A stay of five days in a month of the year.
fn stay(s: &Sites, facility: u32, from: Date, gross: i64) -> PlantedBill {
    bill(s, "inpatient", ["1", "1"], facility, from, Date(from.0 + 5), gross)
}

fn amounts(s: &Sites, y: i32, cases: &mut Vec<Case>) {
    let x = &s.x[0];
    let aco = || Winner::Aco(s.aco_x.clone());
    // 80.00 − 500.00.
    Case::new("negative_payment")
        .visit(day(y, 3, 1), x, VISIT)
        .bill(stay(s, s.hospital, day(y, 4, 1), -50_000))
        .expect(y, true, 1, aco(), aged(12, -42_000), "M.B.1: a negative payment stays negative")
        .plant(cases);
    let extras = [50_000, 5_000, 30_000, 3_000, 20_000];
    Case::new("teaching_and_uncompensated_care")
        .visit(day(y, 3, 1), x, VISIT)
        .bill(PlantedBill { extras, ..stay(s, s.hospital, day(y, 4, 1), 1_000_000) })
        .expect(
            y,
            true,
            1,
            aco(),
            aged(12, 1_008_000),
            "M.B.1.3: sequestration added back first, then IME, DSH and uncompensated care removed",
        )
        .plant(cases);
    // 10,000.00 + 1,080.00 of extras that stay in, + 80.00.
    Case::new("maryland_hospital")
        .visit(day(y, 3, 1), x, VISIT)
        .bill(PlantedBill { extras, ..stay(s, s.maryland, day(y, 4, 1), 1_000_000) })
        .expect(y, true, 1, aco(), aged(12, 1_116_000), "M.B.1.2: nothing is removed at a Maryland hospital")
        .plant(cases);
    // 80.00, and 12.34 that a population-based payment took off.
    Case::new("population_based_reduction")
        .visit(day(y, 3, 1), x, VISIT)
        .reduction(1, 1_234)
        .expect(y, true, 1, aco(), aged(12, 9_234), "M.B.1.3: reductions for population-based payments are added back")
        .plant(cases);
    Case::new("line_twice")
        .line(PlantedLine { twice: true, ..supply(s, day(y, 3, 1), "E0601", 5_000) })
        .visit(day(y, 4, 1), x, VISIT)
        .expect(y, true, 1, aco(), aged(12, 12_000), "M.B.1.8: a line that occurs twice counts once")
        .plant(cases);
}

/// Versions of a line, and when they were processed.
fn versions(s: &Sites, y: i32, cases: &mut Vec<Case>) {
    let (x, outside) = (&s.x[0], &s.outside[0]);
    let aco = || Winner::Aco(s.aco_x.clone());
    // 60 twice would beat 100.
    Case::new("service_twice")
        .visit(day(y, 3, 1), x, VISIT)
        .visit(day(y, 4, 1), outside, 6_000)
        .twice()
        .expect(y, true, 1, aco(), aged(12, 12_800), "M.B.1.8: a line that occurs twice counts once, in assignment too")
        .plant(cases);
    // 500 when first processed, 50 in the version that stands.
    Case::new("line_adjusted_later")
        .visit(day(y, 3, 1), x, VISIT)
        .visit(day(y, 4, 1), outside, 5_000)
        .replaces(50_000)
        .expect(y, true, 1, aco(), aged(12, 12_000), "M.B.1.8: of versions of a line the one processed last stands")
        .plant(cases);
    Case::new("paid_on_the_last_day_of_run_out")
        .visit(day(y, 12, 20), x, VISIT)
        .processed(day(y + 1, 3, 31))
        .expect(y, true, 1, aco(), aged(12, VISIT_PAID), "M.A.2.5: three months of run-out, the last day included")
        .plant(cases);
    Case::new("paid_after_the_run_out")
        .visit(day(y, 3, 1), x, VISIT)
        .visit(day(y, 12, 20), outside, 90_000)
        .processed(day(y + 1, 4, 1))
        .expect(y, true, 1, aco(), aged(12, VISIT_PAID), "M.A.2.5: processed after three months, it is not known")
        .plant(cases);
    // The year of a line is that of its service, not of its payment.
    Case::new("incurred_and_paid_in_different_years")
        .visit(day(y - 1, 12, 31), outside, 50_000)
        .processed(day(y, 1, 5))
        .visit(day(y, 12, 31), x, VISIT)
        .processed(day(y + 1, 1, 5))
        .expect(y, true, 1, aco(), aged(12, VISIT_PAID), "M.B.1: the month is that of the service, not of the payment")
        .plant(cases);
}

fn supply(s: &Sites, date: Date, code: &'static str, allowed: i64) -> PlantedLine {
    PlantedLine {
        supply: true,
        date,
        practice: s.outside[1].practice,
        clinician: crate::tables::NONE,
        specialty: "54",
        code,
        place: "12",
        allowed,
        gross: allowed * 8 / 10,
        denial: "1",
        processing: "A",
        twice: false,
        processed: None,
        earlier: None,
    }
}

fn left_out(s: &Sites, y: i32, cases: &mut Vec<Case>) {
    let x = &s.x[0];
    let aco = || Winner::Aco(s.aco_x.clone());
    Case::new("denied_stay")
        .visit(day(y, 3, 1), x, VISIT)
        .bill(PlantedBill { nonpayment: "N", ..stay(s, s.hospital, day(y, 4, 1), 1_000_000) })
        .expect(y, true, 1, aco(), aged(12, VISIT_PAID), "M.B.1: a claim with a non-payment reason is dropped")
        .plant(cases);
    Case::new("outpatient_facility_type_four")
        .visit(day(y, 3, 1), x, VISIT)
        .bill(bill(s, "outpatient", ["4", "3"], s.hospital, day(y, 4, 1), day(y, 4, 1), 100_000))
        .expect(
            y,
            true,
            1,
            aco(),
            aged(12, VISIT_PAID),
            "M.B.1: facility types 4 and 5 are dropped from outpatient claims",
        )
        .plant(cases);
    let catheters = Case::new("catheters_of_2023")
        .line(supply(s, day(2023, 3, 1), "A4352", 200_000))
        .line(supply(s, day(2023, 4, 1), "A4353", 200_000))
        .line(supply(s, day(2023, 5, 1), "A4351", 10_000));
    if (y - 3..=y).contains(&2023) {
        catheters
            .spends(y, 2023, aged_year(12, 8_000), "M.B.4.2: A4352 and A4353 of 2023 are removed, A4351 is not")
            .plant(cases);
    }
    let covid = PlantedBill { diagnosis: "U071", ..stay(s, s.hospital, day(2022, 1, 10), 2_000_000) };
    if (y - 3..=y).contains(&2022) {
        // 100.00 in March over the ten months outside the episode: 120.00 a year.
        Case::new("covid_episode")
            .bill(covid)
            .visit(day(2022, 2, 10), x, VISIT)
            .visit(day(2022, 3, 10), x, 12_500)
            .spends(
                y,
                2022,
                aged_year(10, 12_000),
                "M.B.4.1: the month of admission through the month after discharge carries nothing",
            )
            .plant(cases);
    }
}

fn dated(s: &Sites, y: i32, cases: &mut Vec<Case>) {
    let x = &s.x[0];
    // Each date lies at an edge of a reduction; adding it back gives 80.00 each time.
    let edges = |case: Case, dates: &[Date]| dates.iter().fold(case, |case, date| case.visit(*date, x, VISIT));
    if (y - 3..=y).contains(&2013) {
        edges(Case::new("sequestration_begins"), &[day(2013, 3, 31), day(2013, 4, 1)])
            .spends(y, 2013, aged_year(12, 2 * VISIT_PAID), "M.B.1.3: nothing before 1 April 2013, then 2 %")
            .plant(cases);
    }
    if (y - 3..=y).contains(&2020) {
        edges(Case::new("sequestration_suspended"), &[day(2020, 4, 30), day(2020, 5, 1)])
            .spends(y, 2020, aged_year(12, 2 * VISIT_PAID), "M.B.1.3: 2 % to 30 April 2020, then nothing")
            .plant(cases);
    }
    if (y - 3..=y).contains(&2022) {
        let dates = [day(2022, 3, 31), day(2022, 4, 1), day(2022, 6, 30), day(2022, 7, 1)];
        edges(Case::new("sequestration_returns"), &dates)
            .spends(y, 2022, aged_year(12, 4 * VISIT_PAID), "M.B.1.3: 1 % from 1 April, 2 % from 1 July 2022")
            .plant(cases);
    }
    // From December into January: the through date decides.
    Case::new("stay_over_new_year")
        .visit(day(y, 3, 1), x, VISIT)
        .bill(stay(s, s.hospital, day(y - 1, 12, 29), 500_000))
        .expect(
            y,
            true,
            1,
            Winner::Aco(s.aco_x.clone()),
            aged(12, 508_000),
            "M.B.1: the month is that of the through date",
        )
        .plant(cases);
}

fn large(s: &Sites, y: i32, cases: &mut Vec<Case>) {
    let x = &s.x[0];
    let aco = || Winner::Aco(s.aco_x.clone());
    let large = |months, annualised| Some(Figures { kind: EnrollmentType::Agnd, months, annualised, large: true });
    Case::new("above_the_threshold")
        .visit(day(y, 3, 1), x, VISIT)
        .bill(stay(s, s.hospital, day(y, 4, 1), 200_000_000))
        .expect(y, true, 1, aco(), large(12, 200_008_000), "M.B.3.3: truncated to the national threshold")
        .plant(cases);
    Case::new("below_minus_the_threshold")
        .visit(day(y, 3, 1), x, VISIT)
        .bill(stay(s, s.hospital, day(y, 4, 1), -200_000_000))
        .expect(y, true, 1, aco(), large(12, -199_992_000), "M.B.3.3: truncated to minus the national threshold")
        .plant(cases);
    // 30,000.00 in the one month, and in twelve.
    Case::new("one_month_of_thirty_thousand")
        .died(day(y, 1, 28))
        .visit(day(y, 1, 4), x, VISIT)
        .bill(stay(s, s.hospital, day(y, 1, 10), 2_992_000))
        .expect(y, true, 1, aco(), large(1, 36_000_000), "M.B.3.2: annualised before truncation")
        .plant(cases);
    Case::new("twelve_months_of_thirty_thousand")
        .visit(day(y, 1, 4), x, VISIT)
        .bill(stay(s, s.hospital, day(y, 1, 10), 2_992_000))
        .expect(y, true, 1, aco(), aged(12, 3_000_000), "M.B.3.2: the same dollars over twelve months")
        .plant(cases);
    // Two types: 80.00 over 6 months, and 2,000,000.00 over 6.
    let of = |kind, annualised, large| Figures { kind, months: 6, annualised, large };
    Case::new("two_types_one_above")
        .months(y, 1..=6, Change::Dual("02"))
        .visit(day(y, 3, 1), x, VISIT)
        .bill(stay(s, s.hospital, day(y, 9, 1), 200_000_000))
        .spends(y, y, of(EnrollmentType::Agdu, 2 * VISIT_PAID, false), "M.B.3.3: each type by itself")
        .spends(y, y, of(EnrollmentType::Agnd, 400_000_000, true), "M.B.3.3: each type by itself")
        .plant(cases);
}
