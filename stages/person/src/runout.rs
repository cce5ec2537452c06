//! The run-out triangle: what was paid, by month of service and by how much later it was processed.

use crate::columns::NO_DAY;
use crate::context::{KINDS, Timeline};
use acoledger_schemas::cells::RunoutTriangle;
use acoledger_schemas::values::{CalendarYear, Cents};
use serde::{Deserialize, Serialize};

/// Kinds of claims: all but payments outside claims.
const CLAIM_KINDS: usize = KINDS.len() - 1;
/// Months of lag that stand apart; the last holds that many or more.
const LAST_LAG: i32 = 48;
/// Places of a lag: unknown, before the month of service, 0 to the last.
const LAGS: usize = LAST_LAG as usize + 3;

/// Rows and cents in a dense array: kind, month of the timeline (then one for all others), lag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Triangle {
    months: usize,
    cells: Vec<(u64, i64)>,
}

impl Triangle {
    pub(crate) fn new(time: &Timeline) -> Triangle {
        let months = time.years * 12;
        Triangle { months, cells: vec![(0, 0); CLAIM_KINDS * (months + 1) * LAGS] }
    }

    /// Where a claim or line of the timeline is counted.
    #[inline]
    pub(crate) fn place(time: &Timeline, kind: u8, month: Option<u16>, processed: i32) -> usize {
        let lag = match month {
            Some(month) if processed != NO_DAY => {
                (time.any_month(processed) - i32::from(month)).clamp(-1, LAST_LAG) + 2
            }
            _ => 0,
        };
        let months = time.years * 12;
        let month = month.map_or(months, usize::from);
        (usize::from(kind) * (months + 1) + month) * LAGS + lag as usize
    }

    #[inline]
    pub(crate) fn add(&mut self, at: usize, cents: i64) {
        // A ledger of a single life has no triangle.
        if let Some(cell) = self.cells.get_mut(at) {
            cell.0 += 1;
            cell.1 += cents;
        }
    }

    pub(crate) fn merge(&mut self, other: &Triangle) {
        if self.cells.is_empty() {
            self.clone_from(other);
        } else {
            for (own, others) in self.cells.iter_mut().zip(&other.cells) {
                own.0 += others.0;
                own.1 += others.1;
            }
        }
    }

    /// The rows of `runout_triangle`, in the order of their key.
    pub(crate) fn rows(&self, time: &Timeline) -> Vec<RunoutTriangle> {
        let mut kinds: Vec<usize> = (0..CLAIM_KINDS).collect();
        kinds.sort_by_key(|kind| KINDS[*kind]);
        let mut rows = Vec::new();
        // Blanks before values: all other months first.
        for month in std::iter::once(self.months).chain(0..self.months) {
            for kind in &kinds {
                let first = (kind * (self.months + 1) + month) * LAGS;
                for (lag, (count, cents)) in self.cells.iter().skip(first).take(LAGS).enumerate() {
                    if *count == 0 {
                        continue;
                    }
                    let known = (month < self.months).then_some(month as i32);
                    rows.push(RunoutTriangle {
                        incurred_year: known.map(|month| CalendarYear(time.first_year + month / 12)),
                        incurred_month: known.map(|month| (month % 12 + 1) as u8),
                        kind: KINDS[*kind].to_owned(),
                        lag_months: (lag > 0).then_some(lag as i64 - 2),
                        rows: *count as i64,
                        paid_cents: Cents(*cents),
                    });
                }
            }
        }
        rows
    }
}
