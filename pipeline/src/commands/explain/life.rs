//! `acoledger explain --bene`: why one life is on the list it is on.

use super::ExplainArgs;
use crate::commands::{Exit, print};
use crate::explain::{Question, life, page};
use crate::grid::Format;
use crate::manifest::Metrics;
use crate::trouble::{self, Outcome};

pub(super) fn run(args: &ExplainArgs, bene_id: &str) -> Outcome<Exit> {
    let Some(calendar_year) = args.year else {
        let hint = "`--year Y`: the calendar year whose list is explained, a performance year or a benchmark year";
        return Err(trouble::of_file_with_hint(&args.place, "no year given for `--bene`", hint).into());
    };
    if args.place.is_dir() {
        let hint = "give the study file: its lake holds the claims";
        return Err(trouble::of_file_with_hint(&args.place, "a run folder holds no claims", hint).into());
    }
    if let Some(file) = &args.metrics
        && let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir())
    {
        return Err(
            trouble::of_file_with_hint(folder, "no such folder", "`--metrics` creates none: make it first").into()
        );
    }
    let performance_year = args.performance_year;
    let answer = life(&Question { study: &args.place, bene_id, calendar_year, performance_year })?;
    if answer.other_rules {
        tracing::warn!("the run in {} was made under other rules than these", answer.run.display());
    }
    print(
        &match args.format {
            Format::Json => {
                let text = serde_json::to_string_pretty(&answer.story);
                text.map_err(|error| trouble::of_file(&args.place, "cannot be written as JSON", error))? + "\n"
            }
            Format::Table => page(&answer),
            Format::Csv => {
                let hint = "a story is no table: `--format table` or `--format json`";
                return Err(trouble::of_file_with_hint(&args.place, "no CSV of a life", hint).into());
            }
        },
        args.format,
    )?;
    let took = &answer.metrics;
    tracing::debug!(lake_bytes = took.lake_bytes, lives = took.lives, seconds = took.seconds, "life explained");
    match &args.metrics {
        Some(file) => crate::manifest::write_json(file, &answer.metrics)?,
        None => Metrics::note_explain(&answer.run, answer.metrics)?,
    }
    Ok(Exit::Done)
}
