//! Pass B: `person_year` rows into cells; never reads claims.

use crate::classes::{ClassKey, ClassSum};
use crate::context::{Context, Performance};
use crate::counties;
use crate::output::member;
use crate::quick::{QuickMap, by_key};
use crate::rows::{self, PersonYears};
use crate::thresholds::Thresholds;
use acoledger_schemas::table::Problems;
use arrow_array::RecordBatch;
use serde::{Deserialize, Serialize};

/// Whose sums a cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Of {
    /// Assignable lives by the calendar year.
    Retrospective,
    /// Assignable lives by the prospective window.
    Prospective,
    /// All fee-for-service lives.
    Ffs,
    /// Lives of an ACO (its number), by cohort bits.
    Aco(u16, u8),
    /// Of them, those assignable by the calendar year, or by the prospective window.
    AcoAssignable(u16, bool),
}

/// Key of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) performance: u8,
    pub(crate) list: u8,
    pub(crate) of: Of,
    pub(crate) county: u64,
    pub(crate) kind: u8,
}

/// Sums of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sum {
    pub(crate) lives: i64,
    pub(crate) months: i64,
    pub(crate) dual_months: i64,
    pub(crate) below: i64,
    pub(crate) over: i64,
    pub(crate) under: i64,
    pub(crate) spend: i64,
    pub(crate) gross: i64,
    /// Score months and thousandths, HCC and demographic: of the year's own model, then of the performance year's.
    pub(crate) scores: [i64; 8],
}

impl Sum {
    pub(crate) fn add(&mut self, other: &Sum) {
        self.lives += other.lives;
        self.months += other.months;
        self.dual_months += other.dual_months;
        self.below += other.below;
        self.over += other.over;
        self.under += other.under;
        self.spend += other.spend;
        self.gross += other.gross;
        self.scores.iter_mut().zip(other.scores).for_each(|(a, b)| *a += b);
    }
}

/// Partial sums of cells: integers, merged in any order.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CellSums {
    #[serde(serialize_with = "by_key")]
    pub(crate) sums: QuickMap<Key, Sum>,
    #[serde(serialize_with = "by_key")]
    pub(crate) classes: QuickMap<ClassKey, ClassSum>,
}

impl CellSums {
    /// Adds another shard's. Associative and commutative; `CellSums::default()` is neutral.
    pub fn merge(&mut self, other: CellSums) {
        for (key, sum) in other.sums {
            self.sums.entry(key).or_default().add(&sum);
        }
        for (key, sum) in other.classes {
            self.classes.entry(key).or_default().add(&sum);
        }
    }

    fn add(&mut self, context: &Context, thresholds: &Thresholds, rows: &PersonYears) {
        let spent = &rows.spent;
        for row in 0..spent.rows {
            let year = spent.year[row] as i32;
            let mut first = 0;
            for (at, performance) in context.performances.iter().enumerate() {
                let lists = &performance.field.lists;
                if let Ok(list) = lists.binary_search_by_key(&year, |list| list.year)
                    && !lists[list].only_before
                {
                    let interim = if performance.interim { spent.interim[row] } else { 0 };
                    let kind = spent.kind[row] & 3;
                    let threshold = thresholds.of(first + list, usize::from(kind));
                    let sum = sum(rows, row, at, interim, threshold);
                    let bits = spent.members[at][row];
                    places(performance, list, bits, |of| {
                        let key = Key { performance: at as u8, list: list as u8, of, county: rows.county[row], kind };
                        self.sums.entry(key).or_default().add(&sum);
                    });
                    let nation = bits & member::RETROSPECTIVE != 0;
                    let aco = (bits & member::ACO).checked_sub(1);
                    if nation || aco.is_some() {
                        let sum = ClassSum::of(rows, row, interim, threshold);
                        let whose = nation.then_some(None).into_iter().chain(aco.map(|aco| Some(aco as u16)));
                        for aco in whose {
                            let key = ClassKey { performance: at as u8, list: list as u8, aco, kind };
                            self.classes.entry(key).or_default().add(&sum);
                        }
                    }
                }
                first += lists.len();
            }
        }
    }
}

/// The sums that a life on a list counts in, by its membership bits.
#[inline]
pub(crate) fn places(performance: &Performance, list: usize, bits: u32, mut put: impl FnMut(Of)) {
    let (by_year, by_window) = (bits & member::RETROSPECTIVE != 0, bits & member::PROSPECTIVE != 0);
    let by_window = by_window && performance.field.lists[list].prospective_counties;
    if by_year {
        put(Of::Retrospective);
    }
    if by_window {
        put(Of::Prospective);
    }
    if performance.truncated_by_ffs {
        put(Of::Ffs);
    }
    if let Some(aco) = (bits & member::ACO).checked_sub(1) {
        put(Of::Aco(aco as u16, (bits >> 18 & 3) as u8));
        if by_year {
            put(Of::AcoAssignable(aco as u16, false));
        }
        if by_window {
            put(Of::AcoAssignable(aco as u16, true));
        }
    }
}

/// A row as sums: below the threshold it brings its spending, above or below it its months.
fn sum(rows: &PersonYears, row: usize, performance: usize, interim: i64, threshold: Option<i64>) -> Sum {
    let months = i64::from(rows.spent.months[row]);
    let spend = rows.spent.spend[row] + interim;
    let mut sum = Sum {
        lives: 1,
        months,
        dual_months: i64::from(rows.dual_months[row]),
        spend,
        gross: rows.gross[row] + interim,
        ..Sum::default()
    };
    let annual = i128::from(spend) * 12;
    let limit = threshold.map(|cents| i128::from(cents) * i128::from(months));
    match limit {
        Some(limit) if annual > limit => sum.over = months,
        Some(limit) if annual < -limit => sum.under = months,
        _ => sum.below = spend,
    }
    if !rows.scores.is_empty() {
        for at in 0..4 {
            sum.scores[at] = rows.scores[at][row];
            sum.scores[4 + at] = rows.scores[4 * (1 + performance) + at][row];
        }
    }
    sum
}

/// Adds one shard's `person_year` rows to sums.
///
/// # Errors
/// A batch that cannot be read, a column that is absent or of another type. The sums then hold a part of the shard.
pub fn pass_b(
    context: &Context,
    thresholds: &Thresholds,
    batches: impl Iterator<Item = Result<RecordBatch, String>>,
    sums: &mut CellSums,
) -> Result<(), Problems> {
    for batch in batches {
        let batch = batch.map_err(|what| crate::columns::trouble("person_year", None, "", what))?;
        sums.add(context, thresholds, &PersonYears::new(context, &batch)?);
    }
    Ok(())
}

impl Context {
    /// Columns of `person_year` that pass B reads.
    pub fn pass_b_columns(&self) -> Vec<String> {
        rows::names(self)
    }

    /// Columns of `person_year` that the look for thresholds reads, and counting it again.
    pub fn threshold_columns(&self) -> Vec<String> {
        rows::spent_names(self)
    }
}

/// A packed county as text; lives without any residence on record stand under `unknown`.
pub(crate) fn county_text(packed: u64) -> String {
    if packed == 0 { "unknown".into() } else { counties::unpack(packed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_is_adding() {
        let key = |kind| Key { performance: 0, list: 0, of: Of::Aco(1, 0), county: 7, kind };
        let mut a = CellSums::default();
        a.sums.insert(key(0), Sum { lives: 1, months: 12, ..Sum::default() });
        let mut b = CellSums::default();
        b.sums.insert(key(0), Sum { lives: 2, months: 20, ..Sum::default() });
        b.sums.insert(key(1), Sum { lives: 3, ..Sum::default() });
        let (mut ab, mut ba) = (a.clone(), b.clone());
        ab.merge(b);
        ba.merge(a);
        assert_eq!(ab.sums, ba.sums);
        assert_eq!(ab.sums[&key(0)], Sum { lives: 3, months: 32, ..Sum::default() });
    }
}
