//! Pass B: `person_year` rows into cells; never reads claims.

use crate::context::Context;
use crate::pass_a::ShardA;
use crate::thresholds::Thresholds;
use acoledger_schemas::cells::Cells;
use acoledger_schemas::table::Problem;
use arrow_array::RecordBatch;

/// Partial sums of cells: integers, merged in any order.
#[derive(Clone, Debug, Default)]
pub struct CellSums {}

impl CellSums {
    /// Adds another shard's. Associative and commutative; `CellSums::default()` is neutral.
    pub fn merge(&mut self, _other: &CellSums) {}

    /// The cells of the study, each table sorted by its key. `all` are the merged results of pass A.
    pub fn finish(self, _context: &Context, _all: &ShardA, _thresholds: &Thresholds) -> Cells {
        Cells::default()
    }
}

/// Sums one shard's `person_year` rows.
///
/// # Errors
/// A batch that cannot be read, a column that is absent or of another type.
pub fn pass_b(
    _context: &Context,
    _thresholds: &Thresholds,
    _batches: impl Iterator<Item = Result<RecordBatch, String>>,
) -> Result<CellSums, Problem> {
    Ok(CellSums::default())
}
