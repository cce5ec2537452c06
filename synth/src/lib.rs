//! A synthetic Medicare nation: people, practices, claims, and the answer key of planted cases.
//!
//! [`Nation::new`] draws counties, practices and ACOs; [`Nation::generate`] makes any range of people with all their
//! rows, into columns in memory; [`Nation::program`] gives the program files, [`Nation::answer_key`] what the planted
//! cases must come to. Every random number depends on the seed and on the person alone, so ranges can be made in any
//! order, on any number of threads. Nothing here opens a file; the figures behind it are compiled in from
//! `data/calibration`.

mod acos;
mod calibration;
mod claims;
mod enrollment;
mod geography;
mod market;
mod nation;
mod people;
mod planted;
mod program;
mod random;
mod services;
pub mod tables;

pub use nation::{Nation, Options};
pub use planted::AnswerRow;
