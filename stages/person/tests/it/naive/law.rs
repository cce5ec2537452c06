//! Lists and dates of M.A and M.B, typed from the methodology a second time.

use super::rows::{Day, Enrolled, World};

/// PY2012–2015 count any physician; the codes of the Medicare Claims Processing Manual, chapter 26, 10.8.2.
const PHYSICIANS: &str = "01 02 03 04 05 06 07 08 09 10 11 12 13 14 16 17 18 20 21 22 23 24 25 26 27 28 29 30 33 34 36 \
    37 38 39 40 44 46 66 70 72 76 77 78 79 81 82 83 84 85 86 90 91 92 93 94 98 99 C0";

const LISTED: &str = "06 12 13 16 23 25 26 27 29 39 46 70 79 82 83 84 86 90 98";

fn is_in(codes: &str, code: &str) -> bool {
    codes.split_whitespace().any(|one| one == code)
}

/// Whether a code lies in one of the ranges, written as in the tables of the methodology.
fn is_among(ranges: &str, code: &str) -> bool {
    ranges.split_whitespace().any(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        code.len() == 5 && first <= code && code <= last
    })
}

pub(super) fn is_primary_care_physician(py: i32, specialty: &str) -> bool {
    is_in("01 08 11 38", specialty) || py >= 2016 && specialty == "37"
}

pub(super) fn is_listed_specialist(py: i32, specialty: &str) -> bool {
    py >= 2016 && is_in(LISTED, specialty)
}

pub(super) fn is_practitioner(specialty: &str) -> bool {
    is_in("50 89 97", specialty)
}

/// Any physician at all, asked until 2015.
pub(super) fn is_any_physician(specialty: &str) -> bool {
    is_in(PHYSICIANS, specialty)
}

/// The list of M.A.5 without conditions: a code that joined and has not left.
pub(super) fn is_listed(py: i32, code: &str) -> bool {
    let since = [
        (2012, "99201-99215 99304-99340 99341-99350 G0402 G0438 G0439"),
        (2016, "99490 99495 99496 G0463"),
        (2019, "96160 96161 99354 99355 99484 99487 99489 99492-99494 99497 99498 G0442 G0443 G0444 G0506"),
        (2021, "99421-99423 99439 99483 99491 G2010 G2012 G2058 G2064 G2065 G2214"),
        (2022, "99424-99427 99437 G2212 G2252"),
        (2023, "G0317 G0318 G3002 G3003"),
        (2024, "96202 96203 97550-97552 99406 99407 G0019 G0022 G0023 G0024 G0101 G0136 G2086-G2088 G2211"),
        (2025, "98016 99452 G0537 G0538 G0539 G0540 G0541-G0543 G0544 G0556-G0558 G0560"),
        (2026, "G0568-G0570"),
    ];
    let joined = since.iter().any(|(year, codes)| *year <= py && is_among(codes, code));
    joined && !(py >= 2026 && code == "G0136")
}

pub(super) fn is_nursing_facility_visit(code: &str) -> bool {
    is_among("99304-99318", code)
}

pub(super) fn is_home_visit(code: &str) -> bool {
    is_among("99341-99350", code)
}

pub(super) fn is_emergency_code(code: &str) -> bool {
    is_among("99421-99423 99441-99443 G2010 G2012", code)
}

pub(super) fn is_telephone_visit(code: &str) -> bool {
    is_among("99441-99443", code)
}

/// First and last day of the claims window of a calendar year (M.A.2).
pub(super) fn window(year: i32, prospective: bool) -> (Day, Day) {
    if prospective { ((year - 2, 10, 1), (year - 1, 9, 30)) } else { ((year, 1, 1), (year, 12, 31)) }
}

/// Whether any month of the emergency lies between two days: January 2020 to May 2023.
pub(super) fn touches_emergency(first: Day, last: Day) -> bool {
    (first.0, first.1) <= (2023, 5) && (last.0, last.1) >= (2020, 1)
}

/// The last day on which a designation counts for a calendar year (M.A.3.4); April 2019 for a first performance year only.
pub(super) fn cutoff(py: i32, year: i32, start: Day) -> Day {
    match year {
        2019 if py == 2019 && start == (2019, 7, 1) => (2019, 4, 30),
        ..2020 => (year - 1, 10, 31),
        _ => (year - 1, 9, 30),
    }
}

pub(super) fn is_residence(county: &str) -> bool {
    let state: i32 = county[..2].parse().expect("a state");
    let other = [60, 66, 69, 72, 78];
    (1..=56).contains(&state) && ![3, 7, 14, 43, 52].contains(&state) || other.contains(&state)
}

/// Share of a payment that sequestration withholds on a day, in percent (M.B.1.3).
pub(super) fn sequestration(day: Day) -> i64 {
    match day {
        _ if day < (2013, 4, 1) => 0,
        _ if day <= (2020, 4, 30) => 2,
        _ if day <= (2022, 3, 31) => 0,
        _ if day <= (2022, 6, 30) => 1,
        _ => 2,
    }
}

/// Whose a biller's services are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    /// An ACO, or a practice or facility of none.
    Entity(String),
    /// In more than one ACO: left out.
    Shared,
}

impl World {
    /// ACOs that have the TIN on their list.
    pub(super) fn acos_of_tin(&self, tin: &str) -> Vec<&'static str> {
        self.acos.iter().map(|aco| aco.id).filter(|aco| self.participants.contains(&(aco, tin))).collect()
    }

    /// ACOs that have the facility: those of its enrollment, and of the practice that it is enrolled under (M.A.7.3).
    pub(super) fn acos_of_ccn(&self, ccn: &str) -> Vec<&'static str> {
        let rows = self.enrollments(ccn);
        names(rows.iter().flat_map(|row| self.acos_of_tin(row.tin).into_iter().chain([row.aco])))
    }

    /// The enrollments that decide.
    fn enrollments(&self, ccn: &str) -> Vec<&Enrolled> {
        let new_year = (self.py, 1, 1);
        let rows: Vec<_> = self.enrolled.iter().filter(|row| row.ccn == ccn).collect();
        let before = rows.iter().filter(|row| {
            let over = self.py < 2023 && row.ended.is_some_and(|day| day < new_year);
            row.on.is_none_or(|day| day < new_year) && !over
        });
        let before: Vec<_> = before.collect();
        if let Some(latest) = before.iter().map(|row| row.on).max() {
            return before.iter().filter(|row| row.on == latest).map(|row| **row).collect();
        }
        let within = rows.iter().filter(|row| row.on.is_some_and(|day| day >= new_year && day.0 == self.py));
        let within: Vec<_> = within.collect();
        let first = within.iter().map(|row| row.on).min();
        let first = within.iter().filter(|row| Some(row.on) == first).map(|row| **row);
        first.filter(|row| self.acos.iter().any(|aco| aco.id == row.aco && !aco.prospective)).collect()
    }

    pub(super) fn owner(&self, biller: &str, acos: &[&'static str]) -> Owner {
        match acos {
            [] => Owner::Entity(biller.to_owned()),
            [aco] => Owner::Entity((*aco).to_owned()),
            _ => Owner::Shared,
        }
    }

    /// The specialty of a clinician on a day; blank: none known.
    pub(super) fn specialty(&self, npi: &str, day: Day) -> &'static str {
        let rows = self.clinicians.iter().filter(|row| row.npi == npi);
        let mut in_force = rows.filter(|row| row.begins.is_none_or(|d| d <= day) && row.ends.is_none_or(|d| day <= d));
        in_force.next().map_or("", |row| row.specialty)
    }
}

fn names(acos: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut acos: Vec<_> = acos.collect();
    acos.sort_unstable();
    acos.dedup();
    acos
}

/// Computed tomography, magnetic resonance imaging.
pub(super) fn image(code: &str) -> Option<&'static str> {
    let ct = "70450-70498 71250-71275 72125-72133 72191-72194 73200-73206 73700-73706 74150-74178 74261-74263 75571-75574 \
        75635 76380 76497 G0297";
    let mri = "70336 70540-70559 71550-71555 72141-72159 72195-72198 73218-73225 73718-73725 74181-74185 75557-75565 76390 \
        76498 77046-77049 77058-77059";
    if is_among(ct, code) {
        Some("P_CT_VIS")
    } else if is_among(mri, code) {
        Some("P_MRI_VIS")
    } else {
        None
    }
}

/// Whose visit a line is.
pub(super) fn visit(code: &str, specialty: &str) -> Option<&'static str> {
    if !is_among("99201-99215 99304-99350 G0402 G0438 G0439", code) {
        None
    } else if is_in("01 08 11 37 38", specialty) {
        Some("P_EM_PCP_Vis")
    } else if is_practitioner(specialty) {
        Some("P_Nurse_Vis")
    } else if is_any_physician(specialty) {
        Some("P_EM_SP_Vis")
    } else {
        None
    }
}
