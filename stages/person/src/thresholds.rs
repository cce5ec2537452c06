//! Exact order statistics of annualised spending (M.B.3.3).

use crate::context::Context;
use crate::pass_a::ShardA;
use acoledger_schemas::cells::Threshold;
use acoledger_schemas::table::Problem;
use arrow_array::RecordBatch;

/// The values of the buckets in which the percentiles lie; filled by a second look at `person_year`.
///
/// One per shard (`clone` of an empty one), then merged in any order.
#[derive(Clone, Debug, Default)]
pub struct Selection {}

impl Selection {
    /// From the merged histograms: which bucket of each population to look into, and for which rank.
    pub fn new(_context: &Context, _all: &ShardA) -> Selection {
        Selection {}
    }

    /// Takes rows of `person_year`.
    ///
    /// # Errors
    /// A column that is absent or of another type.
    pub fn look(&mut self, _batch: &RecordBatch) -> Result<(), Problem> {
        Ok(())
    }

    /// Adds what another shard found.
    pub fn merge(&mut self, _other: &Selection) {}

    /// The thresholds.
    ///
    /// # Errors
    /// When what was seen does not agree with the histograms: a shard is missing or double.
    pub fn finish(self) -> Result<Thresholds, Problem> {
        Ok(Thresholds::default())
    }
}

/// Truncation thresholds by performance year, calendar year, population and type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thresholds {}

impl Thresholds {
    /// As rows, sorted by key.
    pub fn rows(&self, _context: &Context) -> Vec<Threshold> {
        Vec::new()
    }
}
