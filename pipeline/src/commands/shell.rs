//! `acoledger completions`, `acoledger man`: what shells and `man` know of the command line.

use super::{Exit, print};
use crate::grid::Format;
use crate::trouble::{Io, Outcome};
use clap::{Args, Command};
use clap_complete::Shell;
use std::fs;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// Shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Folder to write the pages to
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

pub(crate) fn completions(args: &CompletionsArgs, mut command: Command) -> Outcome<Exit> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut command, "acoledger", &mut text);
    print(&String::from_utf8_lossy(&text), Format::Csv)?;
    Ok(Exit::Done)
}

pub(crate) fn man(args: &ManArgs, command: Command) -> Outcome<Exit> {
    fs::create_dir_all(&args.folder).doing("cannot be created", &args.folder)?;
    clap_mangen::generate_to(command, &args.folder).doing("cannot be written", &args.folder)?;
    Ok(Exit::Done)
}
