//! What an ingest notes of each source file beside the manifest, so that a later one can leave it unread: `sources.json`.
//!
//! Everything here follows from the content of the raw files alone, not from the order or the runs that they were read in.

use super::report::IngestReport;
use acoledger_ingest::merge::Finding;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Rows of a file outside the lake that are remembered one by one. A file with more is read again whenever anything changes.
const MOST_OUTSIDE: u64 = 10_000;

/// The notes of an ingest. They belong to one manifest, which they name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// SHA-256 of the lake's `manifest.json`.
    pub(crate) manifest_sha256: String,
    /// SHA-256 of the lake's `rejects.csv`; none without rejects.
    pub(crate) rejects_sha256: Option<String>,
    /// By source file, as the manifest lists them.
    pub(crate) sources: Vec<SourceRecord>,
}

/// What is noted of one source file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SourceRecord {
    /// Years that its good rows are of, where rows say it: lines of split facility files stand in their claim's year.
    pub(crate) years: Vec<i32>,
    /// The first source file that it shares claims with, directly or by others in between; itself where there is none.
    pub(crate) linked: usize,
    /// Whether a row of it is of a claim that cancels another.
    pub(crate) cancels: bool,
    /// Whether it begins with a byte-order mark.
    pub(crate) marked: bool,
    /// Uses of normalisers, by name.
    pub(crate) uses: BTreeMap<String, u64>,
    /// How often each finding was met, in the order of all findings.
    pub(crate) findings: [u64; Finding::ALL.len()],
    /// Where its rows begin in `rejects.csv`, and how many bytes they take.
    pub(crate) rejects: (u64, u64),
    /// What of it the lake does not show; none: too much to remember.
    pub(crate) outside: Option<Outside>,
}

/// Lives and claims of a file that may have no row in the lake.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Outside {
    /// Lives of rows that were refused at once.
    pub(crate) lives: Vec<u64>,
    /// Claims, by life and claim, none of whose rows came to the lake.
    pub(crate) claims: Vec<(u64, i64)>,
}

/// An earlier lake that a new ingest may keep parts of.
#[derive(Clone, Debug)]
pub(crate) struct Earlier {
    /// Its manifest.
    pub(crate) report: IngestReport,
    /// Its notes.
    pub(crate) record: Record,
    /// Names of the source files whose content is still the same.
    pub(crate) unchanged: BTreeSet<String>,
    /// Files of the lake that are missing or have another size, as the manifest names them.
    pub(crate) damaged: BTreeSet<String>,
}

/// Items of one file, remembered as long as they are few. What is left does not depend on the order that they come in.
#[derive(Clone, Debug)]
pub(super) struct Few<T> {
    count: u64,
    items: Vec<T>,
}

impl<T> Default for Few<T> {
    fn default() -> Few<T> {
        Few { count: 0, items: Vec::new() }
    }
}

impl<T: Ord> Few<T> {
    pub(super) fn push(&mut self, item: T) {
        self.count += 1;
        self.items.push(item);
        self.forget();
    }

    pub(super) fn add(&mut self, other: Few<T>) {
        self.count += other.count;
        self.items.extend(other.items);
        self.forget();
    }

    fn forget(&mut self) {
        if self.count > MOST_OUTSIDE {
            self.items = Vec::new();
        }
    }

    /// Sorted, each once; none when there were too many.
    pub(super) fn finish(mut self) -> Option<Vec<T>> {
        self.items.sort_unstable();
        self.items.dedup();
        (self.count <= MOST_OUTSIDE).then_some(self.items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_items_are_remembered_and_many_are_not() {
        let mut few = Few::default();
        [3, 1, 3].into_iter().for_each(|item| few.push(item));
        assert_eq!(few.clone().finish(), Some(vec![1, 3]));
        let mut many = Few::default();
        (0..MOST_OUTSIDE - 2).for_each(|item| many.push(item));
        many.add(few);
        assert_eq!(many.finish(), None);
    }
}
