//! Planted cases of facilities: centers and clinics, critical access and electing hospitals.

use super::CENTERS_COUNT_FROM;
use super::build::{Case, PlantedBill, Winner, aged, day};
use super::competition::aco;
use super::sites::{CHANGE_OF_SPECIALTY, Sites};
use crate::tables::NONE;
use acoledger_schemas::values::Date;

pub(super) fn plant(sites: &Sites, year: i32, cases: &mut Vec<Case>) {
    facilities(sites, year, cases);
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
    // To 2018 a listed service of an attested clinician counts; from 2019 everything on a center's claim.
    let everything = y >= CENTERS_COUNT_FROM;
    let center = |center: &'static str, code: &'static str, attending: u32| PlantedBill {
        attending,
        ..outpatient(["7", "7"], s.center, center, code, 12_000)
    };
    for (name, claim, before, rule) in [
        (
            "health_center_only",
            center("0521", "99213", x.physician),
            true,
            "M.A.7: a center's claim is an entity's own",
        ),
        (
            "health_center_without_listed_code",
            center("0900", "", x.physician),
            false,
            "M.A.7.1: no code is asked for from 2019 on",
        ),
        (
            "health_center_unattested",
            center("0521", "99213", x.practitioner),
            false,
            "M.A.7.1: to 2018 not attested is a practitioner, who passes no pre-step",
        ),
    ] {
        let (step, winner) = if everything || before { (1, aco(&s.aco_x)) } else { (0, Winner::Nobody) };
        Case::new(name).bill(claim).expect(y, true, step, winner, aged(12, 12_000), rule).plant(cases);
    }
    let (step, winner) = if everything { (1, Winner::Ccn(s.clinic_ccn.clone())) } else { (0, Winner::Nobody) };
    Case::new("rural_clinic_only")
        .bill(outpatient(["7", "1"], s.clinic, "0521", "", 12_000))
        .expect(y, true, step, winner, aged(12, 12_000), "M.A.6: a facility of no ACO is an entity of its own")
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
    let [june, july] = CHANGE_OF_SPECIALTY.map(|(month, at)| day(y, month, at));
    for (name, date, step, winner) in [
        ("specialty_before_it_changes", june, 1, aco(&s.aco_x)),
        ("specialty_after_it_changed", july, 0, Winner::Nobody),
    ] {
        let claim = outpatient(["8", "5"], s.critical, "0960", "99214", 9_000);
        Case::new(name)
            .bill(PlantedBill { rendering: s.x[1].surgeon, from: date, thru: date, ..claim })
            .expect(y, true, step, winner, aged(12, 9_000), "M.A.7.4: the specialty in force on the day of service")
            .plant(cases);
    }
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
