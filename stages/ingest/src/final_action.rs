//! Final action: of all versions of a claim the ones that stand (CCLF Information Packet 38.0, 5.1 and 5.2).
//!
//! A feed tells a claim's whole story: originals, cancels, adjustments. Claims that share a natural key are related; each
//! cancel takes away one original or adjustment among them, and itself; what is left is final, which may be more than one
//! claim. Amounts of cancels are not signed, so a cancel looks for what it repeats, not for what it sums to zero with.
//!
//! The packet says that it is not always possible to tell which claim a cancel means. We look in this order, and among equals
//! take the one that was processed first:
//!
//! 1. the claim whose control number the cancel names, of the same amount;
//! 2. a claim of the same amount and content;
//! 3. a claim of the same amount;
//! 4. the claim whose control number the cancel names, whatever its amount;
//! 5. an adjustment of the same amount and content that was processed on the same day, where the key has an original: days are those of weekly
//!    runs, and a claim can be adjusted twice in a week.
//!
//! A cancel is identical to what it cancels (5.2.1): one of another amount means a claim that is not here, and takes nothing.
//!
//! Where no control number leads, a cancel takes an original that was processed by the same day, or an adjustment processed
//! before: an adjustment of the same day is what replaced the cancelled claim.

use crate::record::NO_DAY;

/// What a version of a claim is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// The claim as it came first, or a claim that is not told to be anything else.
    Original,
    /// It takes another away.
    Cancel,
    /// It replaces another.
    Adjustment,
}

/// One version of a claim.
#[derive(Clone, Copy, Debug)]
pub struct Version<'a> {
    /// Natural key: versions of equal keys are related. Blank: related to none.
    pub key: &'a [u8],
    /// What it is.
    pub action: Action,
    /// Day on which it was processed, [`NO_DAY`] where unknown.
    pub processed: i32,
    /// Its payment, of any sign.
    pub cents: i64,
    /// What else it says, as a number: versions that say the same have the same one.
    pub content: u64,
    /// Control number, blank where unknown.
    pub control: &'a [u8],
    /// Control number of the claim that it cancels or adjusts, blank where unknown.
    pub original_control: &'a [u8],
    /// Its identifier.
    pub claim_key: i64,
}

/// What becomes of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stands.
    Final,
    /// The cancel at this position takes it away.
    Cancelled(usize),
    /// A cancel that takes away the version at this position.
    Cancels(usize),
    /// A cancel of a claim that is not here.
    CancelsNothing,
}

/// Whether a cancel may mean a claim.
type Step = fn(&Version<'_>, &Version<'_>) -> bool;

/// The fate of each version, in the order given. The order has no say in it.
pub fn resolve(versions: &[Version<'_>]) -> Vec<Fate> {
    let mut fates = vec![Fate::Final; versions.len()];
    let mut order: Vec<usize> = (0..versions.len()).collect();
    // What was processed first comes first; originals before what follows them.
    order.sort_by_key(|&at| {
        let of = &versions[at];
        (of.key, of.processed, of.action, of.claim_key, of.cents)
    });
    for related in order.chunk_by(|a, b| versions[*a].key == versions[*b].key) {
        let is_cancel = |at: &&usize| versions[**at].action == Action::Cancel;
        let cancels: Vec<usize> = related.iter().filter(is_cancel).copied().collect();
        for &cancel in &cancels {
            fates[cancel] = Fate::CancelsNothing;
        }
        if cancels.is_empty() || versions[related[0]].key.is_empty() {
            continue;
        }
        let has_original = related.iter().any(|at| versions[*at].action == Action::Original);
        let steps: [Step; 5] = [named_of_amount, same, of_amount, named, replaced_in_the_week];
        for step in &steps[..if has_original { 5 } else { 4 }] {
            for &cancel in &cancels {
                if fates[cancel] != Fate::CancelsNothing {
                    continue;
                }
                let open = |at: &&usize| fates[**at] == Fate::Final;
                let fits = |at: &&usize| step(&versions[cancel], &versions[**at]);
                if let Some(&at) = related.iter().filter(open).find(fits) {
                    fates[at] = Fate::Cancelled(cancel);
                    fates[cancel] = Fate::Cancels(at);
                }
            }
        }
    }
    fates
}

fn named(cancel: &Version<'_>, claim: &Version<'_>) -> bool {
    !cancel.original_control.is_empty() && cancel.original_control == claim.control
}

fn named_of_amount(cancel: &Version<'_>, claim: &Version<'_>) -> bool {
    named(cancel, claim) && cancel.cents.unsigned_abs() == claim.cents.unsigned_abs()
}

fn same(cancel: &Version<'_>, claim: &Version<'_>) -> bool {
    of_amount(cancel, claim) && cancel.content == claim.content
}

fn of_amount(cancel: &Version<'_>, claim: &Version<'_>) -> bool {
    cancel.cents.unsigned_abs() == claim.cents.unsigned_abs() && in_time(cancel, claim)
}

fn replaced_in_the_week(cancel: &Version<'_>, claim: &Version<'_>) -> bool {
    let same_week = claim.action == Action::Adjustment && claim.processed == cancel.processed;
    same_week && cancel.cents.unsigned_abs() == claim.cents.unsigned_abs() && cancel.content == claim.content
}

/// Whether the cancel may mean the claim by the days on which both were processed.
fn in_time(cancel: &Version<'_>, claim: &Version<'_>) -> bool {
    if cancel.processed == NO_DAY || claim.processed == NO_DAY {
        return true;
    }
    match claim.action {
        Action::Adjustment => claim.processed < cancel.processed,
        _ => claim.processed <= cancel.processed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use acoledger_schemas::values::Date;

    /// Versions as aligned text: claim, natural key, action code, dollars, day, control numbers; which of them are final.
    fn final_of(text: &str) -> Vec<i64> {
        let mut versions: Vec<Version<'_>> = text.lines().filter_map(version).collect();
        let mut found = None;
        // The order of the rows has no say.
        for _ in 0..versions.len() {
            versions.rotate_left(1);
            let fates = resolve(&versions);
            let standing = versions.iter().zip(fates).filter(|(_, fate)| *fate == Fate::Final);
            let mut standing: Vec<i64> = standing.map(|(version, _)| version.claim_key).collect();
            standing.sort_unstable();
            assert_eq!(found.get_or_insert_with(|| standing.clone()), &standing, "the order of rows has a say");
        }
        found.expect("some rows")
    }

    fn version(line: &str) -> Option<Version<'_>> {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let [claim, key, action, dollars, day, ..] = cells[..] else { return None };
        Some(Version {
            key: key.as_bytes(),
            action: match action {
                "0" => Action::Original,
                "1" => Action::Cancel,
                _ => Action::Adjustment,
            },
            processed: Date::parse_iso(day).expect("a day").0,
            cents: dollars.parse::<i64>().expect("dollars") * 100,
            content: 0,
            control: cells.get(5).map_or(b"", |text| text.as_bytes()),
            original_control: cells.get(6).map_or(b"", |text| text.as_bytes()),
            claim_key: claim.parse().expect("a claim"),
        })
    }

    #[test]
    fn packet_table_3_leaves_the_last_adjustment() {
        let rows = "
            1  k  0  10  2012-07-30
            2  k  1  10  2012-08-01
            3  k  2  10  2012-08-01
            4  k  1  10  2012-08-07
            5  k  2  10  2012-08-07";
        assert_eq!(final_of(rows), [5]);
    }

    #[test]
    fn packet_table_4_leaves_three_claims_of_260_dollars() {
        let rows = "
            1  k  0  200  2012-07-20
            2  k  2  0    2012-09-20
            3  k  1  200  2012-08-07
            4  k  2  210  2012-09-20
            5  k  2  0    2012-08-07
            6  k  1  0    2012-10-07
            7  m  0  50   2012-09-20";
        let standing = final_of(rows);
        assert_eq!(standing, [2, 4, 7], "the packet: 4, 7 and either 2 or 5; we let go the one processed first");
        // 0 + 210 + 50
    }

    #[test]
    fn packet_table_6_leaves_707_dollars() {
        // Lines summed by claim: 380 + 227 + 0, 380 + 227 + 100, 380 + 227 + 0.
        let rows = "
            1  7  1  607  2012-09-02
            2  7  0  707  2012-09-02
            3  7  0  607  2012-08-15";
        assert_eq!(final_of(rows), [2]);
    }

    #[test]
    fn patterns_of_the_packet() {
        assert_eq!(final_of("1 k 0 10 2025-01-01"), [1], "an original alone");
        assert_eq!(final_of("1 k 2 10 2025-01-01"), [1], "an adjustment alone");
        assert_eq!(final_of("1 k 0 10 2025-01-01\n2 k 1 10 2025-02-01"), [0; 0], "original and cancel");
        assert_eq!(final_of("1 k 0 10 2025-01-01\n2 k 0 99 2025-01-08"), [1, 2], "two originals");
        let three = "1 k 0 10 2025-01-01\n2 k 0 10 2025-01-08\n3 k 0 10 2025-01-15\n";
        let cancels = "4 k 1 10 2025-02-01\n5 k 1 10 2025-02-01";
        assert_eq!(final_of(&format!("{three}{cancels}")), [3], "three originals and two cancels");
        assert_eq!(final_of("1 k 1 64 2025-02-14\n2 k 2 66 2025-02-14"), [2], "the original came before the files");
        assert_eq!(final_of("1 k 1 64 2025-02-14\n2 k 2 64 2025-02-14"), [2], "the same with equal amounts");
        assert_eq!(final_of("1 k 1 64 2025-02-14"), [0; 0], "a cancel alone");
    }

    #[test]
    fn a_cancel_long_before_or_after_its_adjustment() {
        let late = "1 k 0 200 2025-07-20\n2 k 2 200 2025-08-07\n3 k 1 200 2025-10-07";
        assert_eq!(final_of(late), [2], "the original goes, though the adjustment has its amount");
        let early = "1 k 0 200 2025-07-20\n2 k 1 200 2025-08-07\n3 k 2 210 2025-10-07";
        assert_eq!(final_of(early), [3]);
    }

    /// Packet table 3 with all days in one weekly run, where no control number tells.
    #[test]
    fn adjusted_twice_in_a_week() {
        let twice = "
            1  k  0  200  2025-07-18
            2  k  1  200  2025-07-18
            3  k  2  210  2025-07-18
            4  k  1  210  2025-07-18
            5  k  2  220  2025-07-18";
        assert_eq!(final_of(twice), [5]);
        let gone = "1 k 0 80 2025-07-04\n2 k 1 80 2025-07-18\n3 k 2 100 2025-07-18\n4 k 1 100 2025-07-18";
        assert_eq!(final_of(gone), [0; 0]);
        let equal = "1 k 0 80 2025-07-04\n2 k 1 80 2025-07-18\n3 k 2 80 2025-07-18";
        assert_eq!(final_of(equal), [3], "the original first");
    }

    #[test]
    fn a_cancel_of_a_claim_from_before_the_files_takes_no_other() {
        // Packet table 6 without claim 3.
        assert_eq!(final_of("1 7 1 607 2012-09-02\n2 7 0 707 2012-09-02"), [2]);
        assert_eq!(final_of("1 k 0 80 2025-01-01\n2 k 0 100 2025-01-01\n3 k 1 70 2025-02-01"), [1, 2]);
    }

    #[test]
    fn control_numbers_say_more_than_amounts() {
        let rows = "
            1  k  0  10  2025-01-01  A
            2  k  0  10  2025-01-08  B
            3  k  1  10  2025-02-01  C  B";
        assert_eq!(final_of(rows), [1], "the second original is the one that the cancel names");
        let absent = "
            1  k  0  10  2025-01-01  A
            2  k  1  64  2025-02-01  C  Z";
        assert_eq!(final_of(absent), [1], "a cancel that names a claim which is not here takes no other");
        let unnamed = "1 k 0 10 2025-01-01 A\n2 k 1 64 2025-02-01 C";
        assert_eq!(final_of(unnamed), [1], "nor does one that names none and has another amount");
        let other = "1 k 0 10 2025-01-01 A\n2 k 1 64 2025-02-01 C A";
        assert_eq!(final_of(other), [0; 0], "its amount does not matter where it names the claim");
    }

    #[test]
    fn a_cancel_in_more_deliveries_than_its_key_allows_takes_one_claim() {
        let rows = "1 k 0 10 2025-01-01\n2 k 0 10 2025-01-08\n3 k 1 10 2025-02-01";
        assert_eq!(final_of(rows), [2]);
        let no_key = Version {
            key: b"",
            action: Action::Cancel,
            processed: NO_DAY,
            cents: 10,
            content: 0,
            control: b"",
            original_control: b"",
            claim_key: 1,
        };
        let fates = resolve(&[no_key, Version { action: Action::Original, claim_key: 2, ..no_key }]);
        assert_eq!(fates, [Fate::CancelsNothing, Fate::Final], "without a key nothing is related");
    }
}
