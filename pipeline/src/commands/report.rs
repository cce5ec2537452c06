//! `acoledger report`: a run as a page, a workbook, and plots.

use super::{Exit, place::run_folder, print};
use crate::grid::Format;
use crate::report::{self, Subject};
use crate::trouble::Outcome;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Study file, run folder, or scenario folder
    #[arg(value_name = "STUDY.toml|RUN")]
    place: PathBuf,
    /// Page to write, in place of report.html in the run folder
    #[arg(long, value_name = "FILE.html")]
    out: Option<PathBuf>,
    /// Another run, or its study file: differences from it everywhere
    #[arg(long, value_name = "RUN")]
    compare: Option<PathBuf>,
    /// Write a workbook in place of the page; report.xlsx in the run folder without a file
    #[arg(long, value_name = "FILE.xlsx", num_args = 0..=1)]
    xlsx: Option<Option<PathBuf>>,
    /// Folder for the plots as SVG, each beside its data as CSV, in place of the page
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["compare", "out"])]
    plots: Option<PathBuf>,
}

pub(crate) fn run(args: &ReportArgs) -> Outcome<Exit> {
    if let Some(file) = &args.xlsx {
        let folder = run_folder(&args.place)?;
        let file = file.clone().unwrap_or_else(|| folder.join("report.xlsx"));
        crate::workbook::write(&folder, &file)?;
    }
    if args.xlsx.is_some() && args.plots.is_none() {
        return Ok(Exit::Done);
    }
    let subject = Subject::read(&args.place, args.compare.as_deref())?;
    if let Some(folder) = &args.plots {
        let names = report::write_plots(&subject, folder)?;
        let lines = names.iter().map(|name| format!("{0}.svg {0}.csv\n", folder.join(name).display()));
        print(&lines.collect::<String>(), Format::Table)?;
        return Ok(Exit::Done);
    }
    let file = args.out.clone().unwrap_or_else(|| subject.folder.join("report.html"));
    report::write_page(&subject, &file)?;
    print(&format!("{}\n", file.display()), Format::Table)?;
    Ok(Exit::Done)
}
