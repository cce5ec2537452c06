//! Raw claims to lake columns: delimited text and Parquet, typed, validated, sorted by life. Opens no file.
//!
//! ```text
//! header ─dialect─▶ FileLayout          what each column of this file fills, by `schemas/raw/rif.toml`
//! text, batches ─▶ cells ─extract─▶ packed rows, rejects      first pass: each row for itself, normalised
//! packed rows of some lives ─merge─▶ lake rows, rejects       second pass: sorted, joined, repetitions dropped
//! lake rows ─rows─▶ Arrow batches ─chunk─▶ pages of a Parquet file
//! ```
//!
//! Between the passes rows are bytes ([`record`]), cut by life into parts that fit memory; who keeps them, and where, is the
//! pipeline's business.

pub mod chunk;
pub mod columns;
pub mod dialect;
pub mod extract;
pub mod field;
pub mod final_action;
pub mod fixed;
pub mod identity;
pub mod lives;
pub mod merge;
pub mod normalise;
pub mod pack;
pub mod record;
pub mod rows;
pub mod text;
pub mod years;
