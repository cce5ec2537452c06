//! Raw claims to lake columns: delimited text and Parquet, typed, validated, sorted by life.

pub mod columns;
pub mod dialect;
pub mod extract;
pub mod field;
pub mod merge;
pub mod normalise;
pub mod pack;
pub mod record;
pub mod rows;
pub mod text;
