//! `acoledger replay`: every settlement of a results file, derived again.

use super::Exit;
use crate::grid::Format;
use crate::trouble::{self, Outcome};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// Results file: CMS's published results of a performance year, or savings_losses.csv of a run
    #[arg(value_name = "RESULTS.csv")]
    file: PathBuf,
    /// Performance year, where neither the file nor its name says
    #[arg(long, value_name = "Y")]
    year: Option<i32>,
    /// Folder for replay.csv and replay.parquet, one row per ACO
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How the comparison is printed to standard output
    #[arg(long, default_value = "table")]
    format: Format,
}

pub(crate) fn run(args: &ReplayArgs) -> Outcome<Exit> {
    Err(trouble::of_file_with_hint(&args.file, "replay is not part of this build", "").into())
}
