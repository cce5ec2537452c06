//! Exact order statistics of annualised spending (M.B.3.3).
//!
//! The threshold is the nearest rank: the smallest annualised value with at least 99 % of the lives of the type at or below
//! it, rounded half-up to the cent. Histograms say in which bucket it lies; a second look collects that bucket alone.

use crate::context::Context;
use crate::histogram::{BUCKETS, annual, bucket};
use crate::pass_a::ShardA;
use crate::rows::Spent;
use acoledger_schemas::cells::Threshold;
use acoledger_schemas::table::{Problem, Problems};
use acoledger_schemas::values::{CalendarYear, Cents, EnrollmentType, PerformanceYear, Population};
use arrow_array::RecordBatch;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// The bucket in which a percentile lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Target {
    bucket: u16,
    /// Rank inside the bucket, 0 for the smallest.
    rank: usize,
    /// Lives in the bucket.
    lives: usize,
}

impl Target {
    /// Whether an amount is in the bucket.
    pub(crate) fn holds(&self, spend_cents: i64, months: u8) -> bool {
        self.bucket == bucket(annual(spend_cents, months))
    }

    /// Whether the rank is that of a life in the bucket, and the bucket one of a histogram.
    pub(crate) fn is_sound(&self) -> bool {
        self.rank < self.lives && usize::from(self.bucket) < BUCKETS
    }
}

/// The values of the buckets in which the percentiles lie; filled by a second look at `person_year`.
///
/// One per shard (`clone` of an empty one), then merged in any order; an empty one is neutral.
#[derive(Clone)]
pub struct Selection<'c> {
    pub(crate) context: &'c Context,
    pub(crate) targets: Vec<Option<Target>>,
    pub(crate) found: Vec<Vec<(i64, u8)>>,
}

impl<'c> Selection<'c> {
    /// From the merged histograms: which bucket of each population to look into, and for which rank.
    pub fn new(context: &'c Context, all: &ShardA) -> Selection<'c> {
        let percentiles = context
            .performances
            .iter()
            .flat_map(|performance| std::iter::repeat_n(performance.percentile, performance.field.lists.len() * 4));
        let histograms = all.histograms.chunks_exact(BUCKETS);
        let targets: Vec<Option<Target>> =
            histograms.zip(percentiles).map(|(counts, share)| target(counts, share)).collect();
        let found = vec![Vec::new(); targets.len()];
        Selection { context, targets, found }
    }

    /// Takes rows of `person_year`.
    ///
    /// # Errors
    /// A column that is absent or of another type.
    pub fn look(&mut self, batch: &RecordBatch) -> Result<(), Problems> {
        Spent::new(self.context, batch)?.places(self.context, |at, spend, months| {
            if let Some(Some(target)) = self.targets.get(at)
                && target.holds(spend, months)
            {
                self.found[at].push((spend, months));
            }
        });
        Ok(())
    }

    /// Adds what another shard found.
    pub fn merge(&mut self, other: &Selection<'_>) {
        self.found.iter_mut().zip(&other.found).for_each(|(own, others)| own.extend(others));
    }

    /// The thresholds.
    ///
    /// # Errors
    /// When what was seen does not agree with the histograms: a shard is missing or double.
    pub fn finish(mut self) -> Result<Thresholds, Problems> {
        let mut cents = Vec::new();
        for (target, found) in self.targets.iter().zip(&mut self.found) {
            let Some(target) = target else {
                cents.push(None);
                continue;
            };
            if found.len() != target.lives {
                return Err(Problems::from(Problem {
                    file: "person_year".into(),
                    line: 0,
                    column: String::new(),
                    what: "rows do not agree with the pass that wrote them: a shard is missing or double".into(),
                    value: None,
                    hint: Some("remove `run/person_year` and run again".into()),
                }));
            }
            let (_, (spend, months), _) = found.select_nth_unstable_by(target.rank, by_annual);
            cents.push(Some(half_up(*spend, *months)));
        }
        Ok(Thresholds { cents })
    }
}

/// The bucket that holds the life of rank ⌈share × lives⌉.
fn target(counts: &[u64], share: u64) -> Option<Target> {
    let lives: u64 = counts.iter().sum();
    let rank = (u128::from(lives) * u128::from(share)).div_ceil(10_000).max(1) as u64;
    let mut below = 0;
    for (bucket, count) in counts.iter().enumerate() {
        if below + count >= rank && *count > 0 {
            let rank = (rank - below - 1) as usize;
            return Some(Target { bucket: bucket as u16, rank, lives: *count as usize });
        }
        below += count;
    }
    None
}

/// Order of annualised spending: fractions compare by cross-multiplying.
fn by_annual(a: &(i64, u8), b: &(i64, u8)) -> Ordering {
    (i128::from(a.0) * i128::from(b.1)).cmp(&(i128::from(b.0) * i128::from(a.1)))
}

/// `spend × 12 / months`, half-up to the cent.
fn half_up(spend_cents: i64, months: u8) -> i64 {
    let months = i128::from(months.max(1));
    (i128::from(spend_cents) * 24 + months).div_euclid(2 * months) as i64
}

/// Truncation thresholds by performance year, calendar year, population and type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thresholds {
    /// By list and type, in the order of the histograms.
    cents: Vec<Option<i64>>,
}

impl Thresholds {
    /// The threshold of a list's type, where the population has lives of it.
    pub(crate) fn of(&self, place: usize, kind: usize) -> Option<i64> {
        self.cents.get(place * 4 + kind).copied().flatten()
    }

    /// As rows, sorted by key.
    pub fn rows(&self, context: &Context) -> Vec<Threshold> {
        let mut rows = Vec::new();
        let mut place = 0;
        for performance in &context.performances {
            let population = if performance.truncated_by_ffs { Population::Ffs } else { Population::Assignable };
            for list in &performance.field.lists {
                for enrollment_type in EnrollmentType::ALL {
                    if let Some(cents) = self.of(place, enrollment_type.index()) {
                        rows.push(Threshold {
                            performance_year: PerformanceYear(performance.year),
                            calendar_year: CalendarYear(list.year),
                            population,
                            enrollment_type,
                            threshold_cents: Cents(cents),
                        });
                    }
                }
                place += 1;
            }
        }
        rows
    }

    /// From rows, as [`Thresholds::rows`] gives them; rows of other years are passed over.
    pub fn from_rows(context: &Context, rows: &[Threshold]) -> Thresholds {
        let mut cents = vec![None; context.histograms() * 4];
        let mut first = 0;
        for performance in &context.performances {
            let lists = &performance.field.lists;
            for row in rows.iter().filter(|row| row.performance_year.0 == performance.year) {
                if let Ok(at) = lists.binary_search_by_key(&row.calendar_year.0, |list| list.year) {
                    cents[(first + at) * 4 + row.enrollment_type.index()] = Some(row.threshold_cents.0);
                }
            }
            first += lists.len();
        }
        Thresholds { cents }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rank_is_the_smallest_with_the_share_at_or_below() {
        let mut counts = vec![0; BUCKETS];
        counts[3] = 98;
        counts[7] = 2;
        assert_eq!(target(&counts, 9_900), Some(Target { bucket: 7, rank: 0, lives: 2 }));
        counts[3] = 99;
        counts[7] = 1;
        assert_eq!(target(&counts, 9_900), Some(Target { bucket: 3, rank: 98, lives: 99 }));
        assert_eq!(target(&vec![0; BUCKETS], 9_900), None);
        counts[3] = 0;
        assert_eq!(target(&counts, 9_900), Some(Target { bucket: 7, rank: 0, lives: 1 }));
    }

    #[test]
    fn annualised_spending_rounds_half_up() {
        assert_eq!(half_up(100, 12), 100);
        assert_eq!(half_up(10, 7), 17); // 17.142857
        assert_eq!(half_up(1, 8), 2); // 1.5
        assert_eq!(half_up(-1, 8), -1); // -1.5
    }
}
