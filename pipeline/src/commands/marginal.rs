//! `acoledger marginal`: what earned savings gain or lose by one percent more of each input, per ACO.

use super::{Exit, print};
use crate::grid::{Format, Grid, Head, Value};
use crate::run::read_rates;
use crate::scenario::{half_of, is_scenario};
use crate::study::{LoadedStudy, Overrides};
use crate::tables::write_both;
use crate::trouble::{self, Io, Outcome};
use acoledger_aco::marginal::{Marginal, marginal};
use clap::Args;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(crate) struct MarginalArgs {
    /// Study file, or a run folder with its study file beside it
    #[arg(value_name = "STUDY.toml|RUN")]
    place: PathBuf,
    /// Only this ACO
    #[arg(long, value_name = "ID")]
    aco: Option<String>,
    /// Performance year; all of the study without it
    #[arg(long, value_name = "Y")]
    year: Option<i32>,
    /// Folder for marginal.csv and marginal.parquet, in place of the run folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How the table is printed to standard output
    #[arg(long, default_value = "table")]
    format: Format,
}

pub(crate) fn run(args: &MarginalArgs) -> Outcome<Exit> {
    let study = if args.place.is_dir() { study_of_run(&args.place)? } else { args.place.clone() };
    let mut loaded = LoadedStudy::load(&study, &Overrides::default())?;
    loaded.needs_whole_rates()?;
    let made = loaded.out();
    let rates = match loaded.rates.take() {
        Some(rates) => rates,
        None if made.join("rates").is_dir() => read_rates(&made.join("rates"))?,
        None => {
            let hint = "make the rates with `acoledger run STUDY.toml`";
            return Err(trouble::of_file_with_hint(&made, "no rates here, and the study names none", hint).into());
        }
    };
    let rows = marginal(&rates, &loaded.program, &loaded.rules, &loaded.study.study.performance_years)?;
    let folder = args.out.clone().or_else(|| made.join("manifest.json").is_file().then_some(made));
    if let Some(folder) = folder {
        fs::create_dir_all(&folder).doing("cannot be created", &folder)?;
        write_both(&folder, &rows)?;
    }
    let wanted = |row: &&Marginal| {
        args.aco.as_ref().is_none_or(|aco| row.aco_id.as_str() == aco)
            && args.year.is_none_or(|year| row.performance_year.0 == year)
    };
    let rows: Vec<&Marginal> = rows.iter().filter(wanted).collect();
    if rows.is_empty() {
        let hint = "run/savings_losses.csv lists them";
        return Err(trouble::of_file_with_hint(&study, "no such ACO or performance year in the study", hint).into());
    }
    print(&grid(&rows).render(args.format), args.format)?;
    Ok(Exit::Done)
}

/// The one study file beside a run folder whose output folder it is.
fn study_of_run(run: &Path) -> Outcome<PathBuf> {
    if half_of(run)?.is_some() || is_scenario(run)? {
        let hint = "name the study file; under other rules put them into its `[rules]`";
        return Err(
            trouble::of_file_with_hint(run, "is of a scenario: marginal effects are those of a study", hint).into()
        );
    }
    let hint = "name the study file of the run";
    let place = fs::canonicalize(run).doing("cannot be read", run)?;
    let beside = place.parent().unwrap_or(&place);
    let mut found = Vec::new();
    for entry in fs::read_dir(beside).doing("cannot be read", beside)? {
        let path = entry.doing("cannot be read", beside)?.path();
        let is_toml = path.extension().is_some_and(|extension| extension == "toml");
        let loaded = is_toml.then(|| LoadedStudy::load(&path, &Overrides::default()).ok()).flatten();
        if loaded.and_then(|study| fs::canonicalize(study.out()).ok()).is_some_and(|out| out == place) {
            found.push(path);
        }
    }
    match found.pop() {
        Some(path) if found.is_empty() => Ok(path),
        _ => Err(trouble::of_file_with_hint(run, "not one study file beside it whose output this is", hint).into()),
    }
}

fn grid(rows: &[&Marginal]) -> Grid {
    let mut grid = Grid::new(&[
        Head::Left("performance_year"),
        Head::Left("period"),
        Head::Left("aco_id"),
        Head::Left("input"),
        Head::Left("enrollment_type"),
        Head::Right("change"),
        Head::Right("earned_cents"),
        Head::Right("marginal_cents"),
        Head::Left("outcome"),
        Head::Left("raised_outcome"),
    ]);
    for row in rows {
        grid.push(vec![
            row.performance_year.to_string().into(),
            row.period.code().into(),
            row.aco_id.as_str().into(),
            row.input.as_str().into(),
            row.enrollment_type.map_or(Value::Blank, |kind| kind.code().into()),
            Value::Decimal(row.change, 4),
            Value::Integer(row.earned_cents.0),
            Value::Integer(row.marginal_cents.0),
            row.outcome.as_str().into(),
            row.raised_outcome.as_str().into(),
        ]);
    }
    grid
}
