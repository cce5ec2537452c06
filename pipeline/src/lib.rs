//! Replays Medicare ACO reconciliations from claims: raw claims in, savings and losses out.
//!
//! This crate is the `acoledger` program and, for tests and bindings, the same as a library: load a study with
//! [`study::LoadedStudy::load`], run it with [`run::run_study`]. It is the only crate that opens files, starts threads and
//! reads clocks; what numbers mean is decided in the stages, what tables and rules say in `acoledger-schemas`.
//!
//! ```text
//! study ─▶ ingest ─▶ lake ─▶ persons (pass A, thresholds, pass B) ─▶ cells ─▶ rates ─▶ benchmark, settle ─▶ run/
//! ```

mod aco;
pub mod api;
mod assignment_list;
mod check;
pub mod cli;
pub mod cluster;
mod commands;
mod compare;
#[doc(hidden)]
pub mod doors;
mod explain;
mod files;
mod grid;
pub mod ingest;
pub mod kernels;
mod lake;
mod lives;
mod logs;
pub mod manifest;
mod measure;
mod output;
mod parquet_door;
mod person;
mod plot;
mod program;
pub mod progress;
mod public;
mod rates_door;
#[cfg(test)]
mod reference_tests;
mod remote;
mod report;
pub mod run;
mod run_log;
mod scenario;
mod score;
pub mod study;
mod study_file;
mod summary;
pub mod synth;
mod tables;
mod trouble;
mod workbook;

pub use trouble::Outcome;
