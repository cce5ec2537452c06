//! Quality of the data: keys, codes, dates, amounts of every row of the lake, and what changes from year to year.
//!
//! One pass over the lake. Each check counts rows, dollars and lives; how many it bears stands in `data/checks.toml`, and a study can say it
//! in `[limits.quality]`. Tallies add up whatever the order of shards.

mod rows;
mod years;

use super::{Check, Severity};
use crate::lake::Lake;
use crate::trouble::Outcome;
use rayon::prelude::*;
use rows::{Life, Shard};
use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};
use years::Years;

/// One check, as `data/checks.toml` has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QualityLimit {
    pub(super) key: String,
    pub(super) text: String,
    pub(super) severity: Severity,
    /// Share of the rows looked at that may be wrong.
    pub(super) share: f64,
    pub(super) source: String,
}

/// Checks of single rows, in the order in which they are shown. Each has its entry in `data/checks.toml`.
const KEYS: [&str; 16] = [
    "life_twice_in_a_year",
    "enrollment_code",
    "birth_and_death",
    "facility_code",
    "facility_dates",
    "facility_negative",
    "facility_large",
    "facility_before_birth",
    "revenue_without_claim",
    "line_code",
    "line_dates",
    "line_negative",
    "line_above_allowed",
    "line_large",
    "line_before_birth",
    "processed_before_service",
];

/// What one check found.
#[derive(Clone, Debug, Default)]
struct Found {
    looked_at: u64,
    wrong: u64,
    cents: i64,
    lives: HashSet<u64>,
    examples: Vec<String>,
}

impl Found {
    fn wrong(&mut self, life: u64, cents: i64, most: usize, example: impl FnOnce() -> String) {
        self.wrong += 1;
        self.cents += cents;
        self.lives.insert(life);
        if self.examples.len() < most {
            self.examples.push(example());
        }
    }

    fn plus(&mut self, other: Found, most: usize) {
        self.looked_at += other.looked_at;
        self.wrong += other.wrong;
        self.cents += other.cents;
        self.lives.extend(other.lives);
        self.examples.extend(other.examples);
        self.examples.truncate(most);
    }
}

/// What a shard, or all of them, hold.
#[derive(Default)]
struct Tally {
    found: BTreeMap<&'static str, Found>,
    years: Years,
}

/// Looks at every row of a lake. `limits` are those of the program, `own` of the study; of each check up to `examples` rows are named.
///
/// # Errors
/// Lake files that cannot be read; a limit of the study for a check that does not exist.
pub(super) fn of_lake(
    lake: &Lake,
    limits: &[QualityLimit],
    own: &BTreeMap<String, f64>,
    examples: usize,
) -> Outcome<Vec<Check>> {
    let mut shards: BTreeMap<u32, Vec<_>> = BTreeMap::new();
    for file in lake.report.files.iter().filter(|file| file.rows > 0) {
        shards.entry(file.shard).or_default().push(file);
    }
    let scan = |(_, files): (u32, Vec<_>)| Shard { folder: &lake.folder, files: &files, examples }.scan();
    let tallies = shards.into_par_iter().map(scan).collect::<Outcome<Vec<Tally>>>()?;
    let mut all = Tally::default();
    for tally in tallies {
        for (key, found) in tally.found {
            all.found.entry(key).or_default().plus(found, examples);
        }
        all.years.plus(tally.years);
    }
    all.found.extend(all.years.found(examples));
    let mut checks: Vec<Check> = Vec::new();
    for limit in limits {
        let Some((key, found)) = all.found.remove_entry(limit.key.as_str()) else { continue };
        checks.push(judged(key, found, limit, own.get(key).copied()));
    }
    Ok(checks)
}

/// A check beside what it bears: the study's word makes it an error.
fn judged(key: &'static str, found: Found, limit: &QualityLimit, own: Option<f64>) -> Check {
    let mut check = Check::new("quality", key);
    check.severity = if own.is_some() { Severity::Error } else { limit.severity };
    let bears = own.unwrap_or(limit.share);
    (check.looked_at, check.wrong) = (found.looked_at, found.wrong);
    check.tolerated = found.wrong as f64 <= bears * found.looked_at as f64;
    (check.cents, check.lives) = (Some(found.cents), Some(found.lives.len() as u64));
    check.examples = found.examples;
    check.judged.value = super::judge::short(found.wrong as f64 / found.looked_at.max(1) as f64);
    check.judged.bounds = format!("0 to {}", super::judge::short(bears));
    check.judged.source = if own.is_some() { "the study's `[limits.quality]`".into() } else { limit.source.clone() };
    check.what = limit.text.clone();
    check
}

/// The years that a life is enrolled in, for those who look across them.
type Lives = std::collections::HashMap<u64, Life>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_its_limit_and_every_limit_its_check() {
        let limits = super::super::limits::Limits::built_in();
        let of_file: Vec<&str> = limits.quality.iter().map(|limit| limit.key.as_str()).collect();
        let of_code: Vec<&str> = KEYS.into_iter().chain(years::KEYS).collect();
        assert_eq!(of_file, of_code);
        assert!(limits.quality.iter().all(|limit| (0.0..1.0).contains(&limit.share) && !limit.source.is_empty()));
    }

    #[test]
    fn a_study_says_what_it_bears() {
        let limits = super::super::limits::Limits::built_in();
        let limit = limits.quality.iter().find(|limit| limit.severity == Severity::Warning).expect("a warning");
        let found = Found { looked_at: 1000, wrong: 30, cents: 5, lives: HashSet::from([1]), ..Found::default() };
        let limit = QualityLimit { share: 0.01, ..limit.clone() };
        let check = |own| judged("line_dates", found.clone(), &limit, own);
        assert!(!check(None).tolerated && !check(None).is_error(), "a warning is said");
        assert!(check(Some(0.02)).is_error(), "the study stops at 0.02");
        assert!(check(Some(0.03)).tolerated && !check(Some(0.03)).is_error());
        assert_eq!((check(None).cents, check(None).lives), (Some(5), Some(1)));
    }
}
