//! Planted cases of competition: ties, pluralities, practices of two lists, lists that go first.

use super::build::{Case, VISIT, VISIT_PAID, Winner, aged, day};
use super::sites::{Site, Sites};
use sha2::{Digest, Sha256};

pub(super) fn plant(sites: &Sites, year: i32, tie_seed: u64, cases: &mut Vec<Case>) {
    ties(sites, year, tie_seed, cases);
    pluralities(sites, year, cases);
}

/// The ACO wins.
pub(super) fn aco(id: &str) -> Winner {
    Winner::Aco(id.to_owned())
}

/// A practice of no ACO wins.
pub(super) fn tin(site: &Site) -> Winner {
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
        .tie("primary")
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
        .tie("specialist")
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
        .tie("random")
        .plant(cases);
    Case::new("tie_between_acos")
        .visit(day(y, 2, 2), x, VISIT)
        .visit(day(y, 11, 3), &s.z, VISIT)
        .expect(y, true, 1, aco(&s.aco_z), two, "M.A.6.6: two ACOs equal in cents, the latest service decides")
        .tie("primary")
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
        .tie("random")
        .plant(cases);
}

fn pluralities(s: &Sites, y: i32, cases: &mut Vec<Case>) {
    let (x, outside) = (&s.x[0], &s.outside);
    // 60 + 60 against 100.
    Case::new("pooled_tins")
        .visit(day(y, 3, 1), &s.x[0], 6_000)
        .visit(day(y, 4, 1), &s.x[1], 6_000)
        .visit(day(y, 5, 1), &outside[0], 10_000)
        .expect(y, true, 1, aco(&s.aco_x), aged(12, 17_600), "M.A.6.2: the ACO's practices are one entity")
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
        .expect(y, true, 1, tin(&outside[0]), aged(12, 28_000), "M.A.6.2: allowed charges decide, not visits")
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
    Case::new("tin_on_two_lists_prospective")
        .visit(day(y - 1, 3, 15), &s.shared, 50_000)
        .visit(day(y - 1, 4, 15), &s.w, 5_000)
        .expect(y, true, 1, aco(&s.aco_w), aged(12, 0), "M.A.6.7: left out in the prospective window too")
        .plant(cases);
    // The clinician of X bills more through a practice outside: the practice on the line decides.
    Case::new("clinician_in_two_practices")
        .visit(day(y, 3, 1), x, VISIT)
        .service(day(y, 4, 1), outside[0].practice, x.physician, "11", "99214", "11", 2 * VISIT)
        .expect(
            y,
            true,
            1,
            tin(&outside[0]),
            aged(12, 24_000),
            "M.A.6: the billing practice decides, not the clinician",
        )
        .plant(cases);
    // The same clinician as an internist, then as an orthopedic surgeon, who is not listed.
    Case::new("specialty_changes_on_the_line")
        .visit(day(y, 3, 1), x, VISIT)
        .service(day(y, 9, 1), outside[0].practice, x.physician, "20", "99214", "11", 5 * VISIT)
        .expect(y, true, 1, aco(&s.aco_x), aged(12, 48_000), "M.A.4: the specialty on the line decides")
        .plant(cases);
    // Charges of 0 beside a small sum.
    Case::new("practice_with_zero_charges")
        .visit(day(y, 3, 1), x, 0)
        .visit(day(y, 9, 1), &outside[0], 100)
        .expect(y, true, 1, tin(&outside[0]), aged(12, 80), "M.A.6.2: 0 never wins")
        .plant(cases);
}
