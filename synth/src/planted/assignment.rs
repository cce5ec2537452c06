//! Planted cases of assignment: pluralities, ties, steps, places, windows, facilities, designations.

use super::build::{Case, PlantedBill, Site, Sites, VISIT, VISIT_PAID, Winner, aged, day};
use crate::tables::NONE;
use acoledger_schemas::values::Date;
use sha2::{Digest, Sha256};

pub(super) fn plant(sites: &Sites, year: i32, tie_seed: u64, cases: &mut Vec<Case>) {
    ties(sites, year, tie_seed, cases);
    pluralities(sites, year, cases);
    steps(sites, year, cases);
    places(sites, year, cases);
    windows(sites, year, cases);
    facilities(sites, year, cases);
    designations(sites, year, cases);
}

fn aco(id: &str) -> Winner {
    Winner::Aco(id.to_owned())
}
fn tin(site: &Site) -> Winner {
    Winner::Tin(site.tin.clone())
}

/// The entity with the smallest number: the first eight bytes of SHA-256 of the key that the contracts state.
fn drawn<'e>(tie_seed: u64, year: i32, bene: u64, entities: &[&'e str]) -> &'e str {
    let number = |entity: &str| {
        let digest = Sha256::digest(format!("{tie_seed}|{year}|{year}|{bene}|{entity}").as_bytes());
        let mut first = [0u8; 8];
        first.copy_from_slice(&digest[..8]);
        u64::from_be_bytes(first)
    };
    entities.iter().copied().min_by_key(|entity| number(entity)).expect("a tie has entities")
}

fn ties(s: &Sites, y: i32, tie_seed: u64, cases: &mut Vec<Case>) {
    let (x, outside) = (&s.x[0], &s.outside[0]);
    let two = aged(12, 2 * VISIT_PAID);
    Case::new("tie_primary_outside")
        .visit(day(y, 3, 10), x, VISIT)
        .visit(day(y, 9, 20), outside, VISIT)
        .expect(
            y,
            true,
            1,
            tin(outside),
            two,
            "M.A.6.6: equal cents, the outside practice furnished the latest primary care service",
        )
        .plant(cases);
    Case::new("tie_primary_aco")
        .visit(day(y, 9, 20), x, VISIT)
        .visit(day(y, 3, 10), outside, VISIT)
        .expect(
            y,
            true,
            1,
            aco(&s.aco_x),
            two,
            "M.A.6.6: equal cents, the ACO furnished the latest primary care service",
        )
        .plant(cases);
    Case::new("tie_specialist")
        .visit(day(y, 5, 5), x, VISIT)
        .visit(day(y, 5, 5), outside, VISIT)
        .specialist_visit(day(y, 6, 1), x, VISIT)
        .expect(
            y,
            true,
            1,
            aco(&s.aco_x),
            aged(12, 3 * VISIT_PAID),
            "M.A.6.6: equal cents and days, then the latest service of a listed specialist",
        )
        .plant(cases);
    let bene = super::next_bene(cases);
    let won = drawn(tie_seed, y, bene, &[&s.aco_x, &outside.tin]);
    Case::new("tie_random")
        .visit(day(y, 5, 5), x, VISIT)
        .visit(day(y, 5, 5), outside, VISIT)
        .expect(
            y,
            true,
            1,
            if won == s.aco_x { aco(won) } else { tin(outside) },
            two,
            "M.A.6.6: nothing but chance decides: the smallest hash",
        )
        .plant(cases);
    Case::new("tie_between_acos")
        .visit(day(y, 2, 2), x, VISIT)
        .visit(day(y, 11, 3), &s.z, VISIT)
        .expect(y, true, 1, aco(&s.aco_z), two, "M.A.6.6: two ACOs equal in cents, the latest service decides")
        .plant(cases);
    let bene = super::next_bene(cases);
    let won = drawn(tie_seed, y, bene, &[&s.aco_x, &s.aco_z, &outside.tin]);
    let winner = if won == outside.tin { tin(outside) } else { aco(won) };
    Case::new("tie_three_ways")
        .visit(day(y, 4, 4), x, VISIT)
        .visit(day(y, 4, 4), &s.z, VISIT)
        .visit(day(y, 4, 4), outside, VISIT)
        .expect(
            y,
            true,
            1,
            winner,
            aged(12, 3 * VISIT_PAID),
            "M.A.6.6: three equal in cents and days: the smallest hash",
        )
        .plant(cases);
}

fn pluralities(s: &Sites, y: i32, cases: &mut Vec<Case>) {
    let outside = &s.outside;
    // 60 + 60 against 100.
    Case::new("pooled_tins")
        .visit(day(y, 3, 1), &s.x[0], 6_000)
        .visit(day(y, 4, 1), &s.x[1], 6_000)
        .visit(day(y, 5, 1), &outside[0], 10_000)
        .expect(y, true, 1, aco(&s.aco_x), aged(12, 17_600), "M.A.6: the ACO's practices are one entity")
        .plant(cases);
    // 100 against 80 and 80.
    Case::new("single_comparison")
        .visit(day(y, 3, 1), &s.x[0], 10_000)
        .visit(day(y, 4, 1), &outside[0], 8_000)
        .visit(day(y, 5, 1), &outside[1], 8_000)
        .expect(
            y,
            true,
            1,
            aco(&s.aco_x),
            aged(12, 20_800),
            "M.A.6.2: more than every other single entity, not than the rest together",
        )
        .plant(cases);
    // Three visits of 50 against one of 200.
    Case::new("visits_against_dollars")
        .visit(day(y, 3, 1), &s.x[0], 5_000)
        .visit(day(y, 4, 1), &s.x[0], 5_000)
        .visit(day(y, 5, 1), &s.x[0], 5_000)
        .visit(day(y, 2, 1), &outside[0], 20_000)
        .expect(y, true, 1, tin(&outside[0]), aged(12, 28_000), "M.A.6: allowed charges decide, not visits")
        .plant(cases);
    Case::new("zero_charges")
        .visit(day(y, 3, 1), &s.x[0], 0)
        .expect(y, true, 0, Winner::Nobody, aged(12, 0), "M.A.6.2: a sum of 0 wins nothing")
        .plant(cases);
    // 500 through the shared TIN do not count, 50 outside do.
    Case::new("tin_on_two_lists")
        .visit(day(y, 3, 1), &s.shared, 50_000)
        .visit(day(y, 4, 1), &outside[0], 5_000)
        .expect(y, true, 1, tin(&outside[0]), aged(12, 44_000), "M.A.6.7: services of a TIN of two ACOs are left out")
        .plant(cases);
    Case::new("prospective_before_retrospective")
        .visit(day(y - 1, 3, 15), &s.w, VISIT)
        .visit(day(y, 3, 15), &s.x[0], VISIT)
        .expect(
            y,
            true,
            1,
            aco(&s.aco_w),
            aged(12, VISIT_PAID),
            "M.A.2.4: assigned prospectively, the calendar year cannot take the life away",
        )
        .plant(cases);
}

fn steps(s: &Sites, y: i32, cases: &mut Vec<Case>) {
    let (x, outside) = (&s.x[0], &s.outside[0]);
    Case::new("specialist_only_listed")
        .specialist_visit(day(y, 3, 1), x, VISIT)
        .expect(
            y,
            true,
            2,
            aco(&s.aco_x),
            aged(12, VISIT_PAID),
            "M.A.6.3: no primary care physician or practitioner anywhere, listed specialists compare",
        )
        .plant(cases);
    Case::new("specialist_only_unlisted")
        .service(day(y, 3, 1), x.practice, x.surgeon, "20", "99214", "11", VISIT)
        .expect(
            y,
            true,
            0,
            Winner::Nobody,
            aged(12, VISIT_PAID),
            "M.A.4: the specialty is not listed, the life is not assignable",
        )
        .plant(cases);
    Case::new("practitioner_closes_step_two")
        .practitioner_visit(day(y, 3, 1), outside, 5_000)
        .specialist_visit(day(y, 4, 1), x, 40_000)
        .expect(
            y,
            true,
            1,
            tin(outside),
            aged(12, 36_000),
            "M.A.6.3: one practitioner's service anywhere closes step 2",
        )
        .plant(cases);
    Case::new("practitioner_and_specialist")
        .practitioner_visit(day(y, 3, 1), x, 5_000)
        .specialist_visit(day(y, 4, 1), x, 40_000)
        .expect(
            y,
            true,
            1,
            aco(&s.aco_x),
            aged(12, 36_000),
            "M.A.6.1: the specialist passes the pre-step, the practitioner wins step 1",
        )
        .plant(cases);
    Case::new("practitioner_only")
        .practitioner_visit(day(y, 3, 1), x, VISIT)
        .expect(
            y,
            true,
            0,
            Winner::Nobody,
            aged(12, VISIT_PAID),
            "M.A.6.1: practitioners alone never pass the pre-step",
        )
        .plant(cases);
    Case::new("practitioner_majority")
        .practitioner_visit(day(y, 3, 1), x, 30_000)
        .visit(day(y, 4, 1), x, VISIT)
        .visit(day(y, 5, 1), outside, 20_000)
        .expect(
            y,
            true,
            1,
            aco(&s.aco_x),
            aged(12, 48_000),
            "M.A.6.1: one physician's service passes, practitioners' charges count",
        )
        .plant(cases);
}

fn places(s: &Sites, y: i32, cases: &mut Vec<Case>) {
    let x = &s.x[0];
    let nursing = |from: Date, thru: Date| bill(s, "snf", ["2", "1"], s.nursing, from, thru, 600_000);
    Case::new("nursing_facility_visit")
        .service(day(y, 6, 10), x.practice, x.physician, "11", "99309", "32", VISIT)
        .expect(y, true, 1, aco(&s.aco_x), aged(12, VISIT_PAID), "M.A.5.1: no skilled nursing stay on that day")
        .plant(cases);
    Case::new("nursing_facility_visit_in_stay")
        .service(day(y, 6, 10), x.practice, x.physician, "11", "99309", "31", VISIT)
        .bill(nursing(day(y, 6, 1), day(y, 6, 20)))
        .expect(
            y,
            true,
            0,
            Winner::Nobody,
            aged(12, 608_000),
            "M.A.5.1: the day lies inside a skilled nursing stay, whatever the place code",
        )
        .plant(cases);
    Case::new("nursing_facility_visit_last_day")
        .service(day(y, 6, 20), x.practice, x.physician, "11", "99309", "32", VISIT)
        .bill(nursing(day(y, 6, 1), day(y, 6, 20)))
        .expect(y, true, 0, Winner::Nobody, aged(12, 608_000), "M.A.5.1: first and last day of the stay are inside")
        .plant(cases);
    let stay = bill(s, "inpatient", ["1", "1"], s.hospital, day(y, 7, 3), day(y, 7, 8), 900_000);
    Case::new("advance_care_planning_inpatient")
        .service(day(y, 7, 5), x.practice, x.physician, "11", "99497", "21", VISIT)
        .bill(stay)
        .expect(
            y,
            true,
            0,
            Winner::Nobody,
            aged(12, 908_000),
            "M.A.5.2: not a primary care service during an inpatient stay",
        )
        .plant(cases);
    if y <= 2024 {
        Case::new("telephone_visit")
            .service(day(y, 11, 8), x.practice, x.physician, "11", "99443", "11", VISIT)
            .expect(
                y,
                true,
                1,
                aco(&s.aco_x),
                aged(12, VISIT_PAID),
                "M.A.5.4: the window touches the emergency, or the code is payable until the end of 2024",
            )
            .plant(cases);
    }
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
}

/// A large line that was denied but shows amounts all the same.
fn denied(site: &Site, date: Date, denial: &'static str, processing: &'static str) -> super::build::PlantedLine {
    super::build::PlantedLine {
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
    }
}

/// A plain facility claim.
pub(super) fn bill(
    s: &Sites,
    table: &'static str,
    bill: [&'static str; 2],
    facility: u32,
    from: Date,
    thru: Date,
    gross: i64,
) -> PlantedBill {
    let claim_type = match table {
        "snf" => "20",
        "inpatient" => "60",
        _ => "40",
    };
    debug_assert!(facility == s.hospital || table != "inpatient" || facility == s.maryland);
    PlantedBill {
        table,
        claim_type,
        facility,
        bill,
        from,
        thru,
        gross,
        extras: [0; 5],
        nonpayment: "",
        diagnosis: "I509",
        attending: NONE,
        center: "0120",
        code: "",
        rendering: NONE,
    }
}

fn facilities(s: &Sites, y: i32, cases: &mut Vec<Case>) {
    let x = &s.x[0];
    let outpatient =
        |kind: [&'static str; 2], facility: u32, center: &'static str, code: &'static str, gross: i64| PlantedBill {
            center,
            code,
            attending: x.physician,
            ..bill(s, "outpatient", kind, facility, day(y, 5, 9), day(y, 5, 9), gross)
        };
    Case::new("health_center_only")
        .bill(outpatient(["7", "7"], s.center, "0521", "G0467", 12_000))
        .expect(
            y,
            true,
            1,
            aco(&s.aco_x),
            aged(12, 12_000),
            "M.A.7: everything on a center's claim is a primary care physician's service",
        )
        .plant(cases);
    Case::new("health_center_without_listed_code")
        .bill(outpatient(["7", "7"], s.center, "0900", "", 12_000))
        .expect(y, true, 1, aco(&s.aco_x), aged(12, 12_000), "M.A.7: no code is asked for")
        .plant(cases);
    Case::new("rural_clinic_only")
        .bill(outpatient(["7", "1"], s.clinic, "0521", "", 12_000))
        .expect(
            y,
            true,
            1,
            Winner::Ccn(s.clinic_ccn.clone()),
            aged(12, 12_000),
            "M.A.6: a facility of no ACO is an entity of its own",
        )
        .plant(cases);
    Case::new("critical_access_professional")
        .bill(PlantedBill { rendering: x.physician, ..outpatient(["8", "5"], s.critical, "0960", "99214", 9_000) })
        .expect(
            y,
            true,
            1,
            aco(&s.aco_x),
            aged(12, 9_000),
            "M.A.7: Method II, the specialty of the rendering clinician",
        )
        .plant(cases);
    Case::new("critical_access_without_professional")
        .bill(PlantedBill { rendering: x.physician, ..outpatient(["8", "5"], s.critical, "0510", "99214", 9_000) })
        .expect(y, true, 0, Winner::Nobody, aged(12, 9_000), "M.A.7: no revenue center 096X, 097X or 098X")
        .plant(cases);
    Case::new("electing_hospital_clinic_visit")
        .bill(outpatient(["1", "3"], s.electing, "0510", "G0463", 9_000))
        .expect(
            y,
            true,
            1,
            aco(&s.aco_x),
            aged(12, 9_000),
            "M.A.7: on the list of electing hospitals, at the imputed fee",
        )
        .plant(cases);
    Case::new("other_hospital_clinic_visit")
        .bill(outpatient(["1", "3"], s.hospital, "0510", "G0463", 9_000))
        .expect(y, true, 0, Winner::Nobody, aged(12, 9_000), "M.A.7: not on the list of electing hospitals")
        .plant(cases);
}

fn designations(s: &Sites, y: i32, cases: &mut Vec<Case>) {
    let (x, outside) = (&s.x[0], &s.outside[0]);
    let plural = |case: Case| case.visit(day(y, 3, 1), x, 30_000);
    Case::new("designation_without_service")
        .designates(day(y - 1, 6, 1), None, x)
        .expect(y, true, 0, aco(&s.aco_x), aged(12, 0), "M.A.3.1: a designation needs no service")
        .plant(cases);
    plural(Case::new("designation_and_plurality"))
        .designates(day(y - 1, 6, 1), None, x)
        .expect(y, true, 1, aco(&s.aco_x), aged(12, 24_000), "M.A.3.1: both ways lead to the same ACO")
        .plant(cases);
    plural(Case::new("designation_outside"))
        .designates(day(y - 1, 6, 1), None, outside)
        .expect(
            y,
            true,
            0,
            Winner::Nobody,
            aged(12, 24_000),
            "M.A.3.3: a designation outside blocks claims-based assignment",
        )
        .plant(cases);
    plural(Case::new("designation_too_late"))
        .designates(day(y - 1, 10, 1), None, outside)
        .expect(y, true, 1, aco(&s.aco_x), aged(12, 24_000), "M.A.3.4: made after 30 September of the year before")
        .plant(cases);
    plural(Case::new("designation_ended"))
        .designates(day(y - 1, 2, 1), Some(day(y - 1, 9, 1)), outside)
        .expect(y, true, 1, aco(&s.aco_x), aged(12, 24_000), "M.A.3.5: it ended before the cut-off day")
        .plant(cases);
    plural(Case::new("other_initiative"))
        .elsewhere(y)
        .expect(
            y,
            false,
            0,
            Winner::Nobody,
            aged(12, 24_000),
            "M.A.1.3: aligned to another shared savings initiative in the year",
        )
        .plant(cases);
}
