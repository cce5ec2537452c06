//! `acoledger assignment-list`: an ACO's assigned lives in the columns of CMS's Assignment List Report, table 1-1.

use super::{Exit, print};
use crate::assignment_list::{Question, list, table};
use crate::files::write_atomically;
use crate::grid::Format;
use crate::trouble::Outcome;
use clap::Args;
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct AssignmentListArgs {
    /// Study file of a finished run
    #[arg(value_name = "STUDY.toml")]
    study: PathBuf,
    /// ACO whose list it is
    #[arg(long, value_name = "ID")]
    aco: String,
    /// Performance year; may be left out where the study has one
    #[arg(long, value_name = "Y")]
    year: Option<i32>,
    /// How the list is written; a table shows only columns that have values
    #[arg(long, default_value = "csv")]
    format: Format,
    /// File for the list, in place of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &AssignmentListArgs) -> Outcome<Exit> {
    let list = list(&Question { study: &args.study, aco_id: &args.aco, performance_year: args.year })?;
    let grid = table(&list);
    let text = match args.format {
        Format::Table if list.members.is_empty() => "no assigned lives\n".to_owned(),
        Format::Table => grid.without_blank_columns().render(Format::Table),
        format => grid.render(format),
    };
    match &args.out {
        Some(file) => write_atomically(file, |out| out.write_all(text.as_bytes()).map_err(|error| error.to_string()))?,
        None => print(&text, args.format)?,
    }
    Ok(Exit::Done)
}
