//! `acoledger check`: what is wrong, where, in a study, its inputs, its lake and its run.

use super::{Exit, print};
use crate::check::{Check, check_run, check_study};
use crate::grid::{Format, Grid, Head, Value};
use crate::trouble::Outcome;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Study file: checks inputs, lake and run; or run folder: checks the run
    #[arg(value_name = "STUDY.toml|RUN")]
    place: PathBuf,
    /// How checks are printed to standard output
    #[arg(long, default_value = "table")]
    format: Format,
}

pub(crate) fn run(args: &CheckArgs) -> Outcome<Exit> {
    let checks = if args.place.is_dir() { check_run(&args.place)? } else { check_study(&args.place)? };
    let mut grid = Grid::new(&[
        Head::Left("check"),
        Head::Left("of"),
        Head::Left("result"),
        Head::Right("looked at"),
        Head::Right("wrong"),
        Head::Left("what"),
    ]);
    for Check { check, of, looked_at, wrong, what } in &checks {
        let result = if *wrong > 0 { "WRONG" } else { "ok" };
        grid.push(vec![
            (*check).into(),
            of.as_str().into(),
            result.into(),
            Value::from(*looked_at),
            Value::from(*wrong),
            what.as_str().into(),
        ]);
    }
    print(&grid.render(args.format))?;
    Ok(if checks.iter().any(|check| check.wrong > 0) { Exit::Findings } else { Exit::Done })
}
