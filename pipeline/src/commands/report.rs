//! `acoledger report`: a run as a page, a workbook, and plots.

use super::{Exit, place::run_folder};
use crate::trouble::Outcome;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Study file, run folder, or scenario folder
    #[arg(value_name = "STUDY.toml|RUN")]
    place: PathBuf,
    /// Page to write; report.html in the run folder without it
    #[arg(long, value_name = "FILE.html")]
    out: Option<PathBuf>,
    /// Another run: differences from it everywhere
    #[arg(long, value_name = "RUN")]
    compare: Option<PathBuf>,
    /// Write a workbook in place of the page; report.xlsx in the run folder without a file
    #[arg(long, value_name = "FILE.xlsx", num_args = 0..=1)]
    xlsx: Option<Option<PathBuf>>,
    /// Folder for the plots as SVG, each beside its data as CSV, in place of the page
    #[arg(long, value_name = "FOLDER")]
    plots: Option<PathBuf>,
}

pub(crate) fn run(args: &ReportArgs) -> Outcome<Exit> {
    let folder = run_folder(&args.place)?;
    if let Some(file) = &args.xlsx {
        let file = file.clone().unwrap_or_else(|| folder.join("report.xlsx"));
        crate::workbook::write(&folder, &file)?;
    }
    Ok(Exit::Done)
}
