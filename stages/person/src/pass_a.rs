//! Pass A: one walk over a shard's lives and claims answers every (performance year, calendar year, window).

use crate::context::Context;
use crate::streams::ShardStreams;
use acoledger_schemas::table::Problem;
use arrow_array::RecordBatch;

/// Where pass A puts its rows.
pub trait Sink {
    /// Takes rows of `assignment`, in the order of lives.
    ///
    /// # Errors
    /// Says what went wrong; pass A stops.
    fn assignment(&mut self, batch: RecordBatch) -> Result<(), String>;
    /// Takes rows of `person_year`, in the order of lives.
    ///
    /// # Errors
    /// Says what went wrong; pass A stops.
    fn person_year(&mut self, batch: RecordBatch) -> Result<(), String>;
}

/// One line of the conservation ledger: what became of rows and cents of one kind of claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerRow {
    /// Kind: `inpatient`, `carrier`, …
    pub kind: &'static str,
    /// `read`, `counted`, or the rule that left them out.
    pub outcome: &'static str,
    /// Claims of facilities, lines of the others, payments.
    pub rows: u64,
    /// Medicare payment, as read.
    pub cents: i64,
}

/// What pass A leaves of a shard beside its rows: integers, merged in any order.
#[derive(Clone, Debug, Default)]
pub struct ShardA {
    /// Lives seen.
    pub lives: u64,
}

impl ShardA {
    /// Adds another shard's. Associative and commutative; `ShardA::default()` is neutral.
    pub fn merge(&mut self, other: &ShardA) {
        self.lives += other.lives;
    }

    /// The conservation ledger; for each kind, `read` equals the sum of the others.
    pub fn ledger(&self) -> Vec<LedgerRow> {
        Vec::new()
    }

    /// Things worth telling the user, with counts; never a beneficiary's identifier.
    pub fn findings(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }
}

/// Walks one shard.
///
/// # Errors
/// A stream that fails or is out of order, a column that is absent or of another type, a sink that fails.
pub fn pass_a(_context: &Context, _streams: ShardStreams<'_>, _sink: &mut dyn Sink) -> Result<ShardA, Problem> {
    Ok(ShardA::default())
}
