//! Planted cases of voluntary alignment, and of alignment to other initiatives.

use super::build::{Case, Winner, aged, day};
use super::competition::aco;
use super::sites::Sites;
use acoledger_schemas::values::Date;

pub(super) fn plant(sites: &Sites, years: &[i32], cases: &mut Vec<Case>) {
    if years[0] >= USED_FROM {
        aligned(sites, years, cases);
    }
    elsewhere(sites, years[0], cases);
}

/// First year whose designations are used, and first in which they need no service.
const USED_FROM: i32 = 2018;
const NO_SERVICE_FROM: i32 = 2019;

/// First day on which a designation is too late for a year (M.A.3.4).
fn too_late(year: i32) -> Date {
    if year < 2020 { day(year - 1, 11, 1) } else { day(year - 1, 10, 1) }
}

fn aligned(s: &Sites, years: &[i32], cases: &mut Vec<Case>) {
    let y = years[0];
    let (x, outside) = (&s.x[0], &s.outside[0]);
    let plural = |case: Case| case.visit(day(y, 3, 1), x, 30_000);
    let x_wins = if y >= NO_SERVICE_FROM { aco(&s.aco_x) } else { Winner::Nobody };
    Case::new("designation_without_service")
        .designates(day(y - 1, 6, 1), None, x)
        .expect(y, true, 0, x_wins, aged(12, 0), "M.A.3.2: from 2019 a designation needs no service")
        .plant(cases);
    plural(Case::new("designation_and_plurality"))
        .designates(day(y - 1, 6, 1), None, x)
        .expect(y, true, 1, aco(&s.aco_x), aged(12, 24_000), "M.A.3.1: both ways lead to the same ACO")
        .both_ways()
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
    let late = plural(Case::new("designation_too_late")).designates(too_late(y), None, outside).expect(
        y,
        true,
        1,
        aco(&s.aco_x),
        aged(12, 24_000),
        "M.A.3.4: made after the last day for the year",
    );
    let late = if years.contains(&(y + 1)) {
        late.visit(day(y + 1, 3, 1), x, 30_000).expect(
            y + 1,
            true,
            0,
            Winner::Nobody,
            aged(12, 24_000),
            "M.A.3.4: it holds for the next year",
        )
    } else {
        late
    };
    late.plant(cases);
    plural(Case::new("designation_on_the_last_day"))
        .designates(Date(too_late(y).0 - 1), None, outside)
        .expect(y, true, 0, Winner::Nobody, aged(12, 24_000), "M.A.3.4: the last day is in time")
        .plant(cases);
    // In 2018 the ACO of the designation must have served the life as well; it has not.
    let z_wins = if y >= NO_SERVICE_FROM { aco(&s.aco_z) } else { Winner::Nobody };
    plural(Case::new("designation_of_another_aco"))
        .designates(day(y - 1, 6, 1), None, &s.z)
        .expect(y, true, 0, z_wins, aged(12, 24_000), "M.A.3.1: a designation goes before the claims")
        .plant(cases);
    plural(Case::new("designation_ended"))
        .designates(day(y - 1, 2, 1), Some(day(y - 1, 9, 1)), outside)
        .expect(y, true, 1, aco(&s.aco_x), aged(12, 24_000), "M.A.3.5: it ended before the cut-off day")
        .plant(cases);
}

fn elsewhere(s: &Sites, y: i32, cases: &mut Vec<Case>) {
    let x = &s.x[0];
    let plural = |case: Case| case.visit(day(y, 3, 1), x, 30_000);
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
