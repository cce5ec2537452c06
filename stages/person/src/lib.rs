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

mod assign;
mod categories;
mod classes;
mod columns;
mod context;
mod counties;
mod diagnoses;
mod enroll;
pub mod explain;
mod facilities;
mod finish;
mod histogram;
mod improper;
mod inside;
mod ledger;
mod life;
mod lines;
mod merge;
mod needs;
mod output;
mod partial;
mod pass_a;
mod pass_b;
mod plurality;
mod quick;
mod risk;
mod roster;
mod rows;
mod runout;
mod spend;
mod streams;
mod tally;
mod thresholds;
mod usage;
mod views;

pub use context::{Beside, Context, Facts, Lists, People, Pieces};
pub use ledger::LedgerRow;
pub use needs::{MonthSpan, Needs, TableNeed};
pub use pass_a::{ShardA, Sink, pass_a};
pub use pass_b::{CellSums, pass_b};
pub use roster::{LifeYear, Roster, life_years};
pub use streams::{Batches, ShardStreams};
pub use thresholds::{Selection, Thresholds};
