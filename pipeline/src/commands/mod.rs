//! The commands, one file each: they print, and decide the exit status; the work is elsewhere.

pub(crate) mod assignment_list;
pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod dry_run;
pub(crate) mod explain;
pub(crate) mod marginal;
pub(crate) mod measure;
pub(crate) mod place;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod rules;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod scenario;
pub(crate) mod score;
pub(crate) mod shell;
pub(crate) mod synth;
pub(crate) mod tieout;

use crate::grid::Format;
use crate::trouble::{Io, Outcome};
use acoledger_schemas::shown::shown_page;
use std::io::{IsTerminal, Write};
use std::path::Path;

/// How a command ended that could do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Nothing to complain of.
    Done,
    /// Findings beyond the limits, rows that do not replay.
    Findings,
}

/// Prints results to standard output. A reader that has gone away (`| head`) is no failure.
///
/// Pages for people, and whatever goes to a terminal, are shown without what would steer it; programs get text as it is.
pub(crate) fn print(text: &str, format: Format) -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    let for_people = format == Format::Table || out.is_terminal();
    let text = if for_people { shown_page(text) } else { text.into() };
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(error).doing("cannot be written", Path::new("standard output"))
        }
        _ => Ok(()),
    }
}
