//! `acoledger check`: what is wrong, where, in a study, its inputs, its lake and its run.

use super::{Exit, print};
use crate::check::{Check, check_run, check_study};
use crate::grid::{Format, Grid, Head, Value};
use crate::trouble::Outcome;
use acoledger_schemas::values::Cents;
use clap::Args;
use std::collections::BTreeSet;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Study file: checks inputs, lake and run; or run folder: checks the run
    #[arg(value_name = "STUDY.toml|RUN")]
    place: PathBuf,
    /// How checks are printed to standard output
    #[arg(long, default_value = "table")]
    format: Format,
    /// Name up to so many of the rows that are wrong, by check of the data's quality. They are told by claim and line
    #[arg(long, value_name = "N", default_value_t = 0)]
    examples: usize,
}

pub(crate) fn run(args: &CheckArgs) -> Outcome<Exit> {
    let checks = if args.place.is_dir() { check_run(&args.place)? } else { check_study(&args.place, args.examples)? };
    // On a page sources stand below, each once; programs get them with each row.
    let on_a_page = args.format == Format::Table;
    let mut heads = vec![
        Head::Left("check"),
        Head::Left("of"),
        Head::Left("result"),
        Head::Left("severity"),
        Head::Right("looked at"),
        Head::Right("wrong"),
        Head::Right("dollars"),
        Head::Right("lives"),
        Head::Left("value"),
        Head::Left("bounds"),
        Head::Left("what"),
    ];
    heads.extend((!on_a_page).then_some([Head::Left("source"), Head::Left("examples")]).into_iter().flatten());
    let mut grid = Grid::new(&heads);
    for check in &checks {
        let Check { severity, looked_at, wrong, unjudged, judged, what, .. } = check;
        let result = match unjudged {
            _ if check.is_error() => "WRONG",
            _ if *wrong > 0 && !check.tolerated => "outside",
            Some(why) => why,
            None => "ok",
        };
        let mut row = vec![
            check.check.into(),
            check.of.as_str().into(),
            result.into(),
            severity.word().into(),
            Value::from(*looked_at),
            Value::from(*wrong),
            check.cents.filter(|_| *wrong > 0).map_or(Value::Blank, |cents| Value::Text(Cents(cents).to_string())),
            check.lives.filter(|_| *wrong > 0).map_or(Value::Blank, Value::from),
            judged.value.as_str().into(),
            judged.bounds.as_str().into(),
            what.as_str().into(),
        ];
        if !on_a_page {
            row.extend([judged.source.as_str().into(), check.examples.join("; ").into()]);
        }
        grid.push(row);
    }
    print(&grid.render(args.format), args.format)?;
    if on_a_page {
        print(&examples(&checks), args.format)?;
        print(&sources(&checks), args.format)?;
    }
    Ok(if checks.iter().any(Check::is_error) { Exit::Findings } else { Exit::Done })
}

/// What was asked to be named, check by check.
fn examples(checks: &[Check]) -> String {
    let mut text = String::new();
    for check in checks.iter().filter(|check| !check.examples.is_empty()) {
        text.push_str(&format!("\n{} ({} wrong):\n", check.of, check.wrong));
        check.examples.iter().for_each(|example| text.push_str(&format!("  {example}\n")));
    }
    text
}

/// Where the bounds of figures are from, a line for each check.
fn sources(checks: &[Check]) -> String {
    let mut text = String::new();
    let mut seen = BTreeSet::new();
    for check in checks.iter().filter(|check| !check.judged.source.is_empty()) {
        let name = check.of.split(' ').next().unwrap_or_default();
        if seen.insert(name) {
            let heading = if text.is_empty() { "\nbounds of figures:\n" } else { "" };
            text.push_str(&format!("{heading}  {name}: {}\n", check.judged.source));
        }
    }
    text
}
