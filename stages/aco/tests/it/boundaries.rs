//! Settlements exactly at a boundary, and one cent per person year to each side of it (M.F.1, M.F.2).
//!
//! The ACO has 10,000 lives and person years, so a cent of per capita spending is 100.00 of the total.

use crate::settle::{facts, rules_of};
use acoledger_aco::settle::{Facts, Settlement, settle};
use acoledger_schemas::values::{MsrChoice, Track};

fn settled(facts: &Facts) -> Settlement {
    settle(facts, &rules_of(2023)).expect("settles")
}

/// Earned (owed: negative) at each per capita spending, cents.
fn earned_cents(facts: &Facts, expenditures: [f64; 3]) -> [i64; 3] {
    expenditures.map(|expenditures| (settled(&Facts { expenditures, ..facts.clone() }).earned * 100.0).round() as i64)
}

#[test]
fn an_aco_below_five_thousand() {
    let msr = |head_count: i64| {
        settled(&Facts { head_count, msr_choice: MsrChoice::Fixed(0.01), ..facts(2023, Track::E) }).msr
    };
    assert_eq!(msr(5_000), 0.01); // its choice
    assert_eq!(msr(4_999), 0.039); // the variable rate at the end of the band from 3,000 to 4,999
}

#[test]
fn the_minimum_savings_rate_exactly_met() {
    // 3 % of 100,000,000.00 is saved: × 0.40 × 0.98, from the first dollar.
    let earned = earned_cents(&facts(2023, Track::A), [9_699.99, 9_700.0, 9_700.01]);
    assert_eq!(earned, [117_603_920, 117_600_000, 0]);
}

#[test]
fn savings_exactly_at_the_payment_limit() {
    // 25,000,000.00 × 0.40 × 0.98 = 9,800,000.00 = 10 % of 98,000,000.00.
    let at = Facts { updated_benchmark: 9_800.0, ..facts(2023, Track::A) };
    let earned = earned_cents(&at, [7_299.99, 7_300.0, 7_300.01]);
    assert_eq!(earned, [980_000_000, 980_000_000, 979_996_080]);
}

#[test]
fn losses_exactly_at_the_limit() {
    // 5,000,000.00 × 0.30 = 1,500,000.00 = 8 % of 18,750,000.00.
    let at = Facts { revenue: Some(18_750_000.0), ..facts(2023, Track::E) };
    let owed = earned_cents(&at, [10_499.99, 10_500.0, 10_500.01]);
    assert_eq!(owed, [-149_997_000, -150_000_000, -150_000_000]);
}
