//! Person grain: enrollment, assignment, spending, risk and cells, one life at a time.
//!
//! Kernels are pure: Arrow batches of one shard, sorted by life, and a [`Context`] go in; batches and integers come out.
//! Nothing here opens a file, starts a thread or keeps anything between shards.
//!
//! ```text
//! lake shard ──pass_a──▶ assignment, person_year, ShardA (histograms, heads, revenue, ledger)     reads claims
//!                        merge ShardA ──▶ Selection: person_year again, only one bucket ──▶ Thresholds
//! person_year ──pass_b──▶ CellSums ──merge, finish──▶ Cells                                       never reads claims
//! ```

mod context;
mod needs;
mod pass_a;
mod pass_b;
mod streams;
mod thresholds;

pub use context::{Context, Facts};
pub use needs::{MonthSpan, Needs, TableNeed};
pub use pass_a::{LedgerRow, ShardA, Sink, pass_a};
pub use pass_b::{CellSums, pass_b};
pub use streams::{Batches, ShardStreams};
pub use thresholds::{Selection, Thresholds};
