//! Declared tables from and to files: CSV and Parquet, whole files or nothing.

mod blocks;
mod read;
mod write;

pub(crate) use blocks::{Gather, read_blocks};
pub(crate) use read::{read_parquet, read_parquet_file, read_table, unknown_tables};
pub(crate) use write::{batch, stream_both, write_both, write_csv_file};
