//! `acoledger tieout`: ours against a published results file, column by column, and the first line upstream that differs.

use super::{Exit, place::run_folder, print};
use crate::grid::{Format, Grid, Head, PAGE, Value, thousands, wrap};
use crate::tables::{read_parquet, write_both};
use crate::trouble::{self, Io, Outcome};
use acoledger_aco::replay::{LINES, TieOut, TiedOut, tie_out};
use acoledger_aco::tables::SavingsLosses;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::values::PerformanceYear;
use clap::Args;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct TieoutArgs {
    /// Study file of a run, or its folder
    #[arg(value_name = "STUDY.toml|RUN")]
    place: PathBuf,
    /// Results file: CMS's published results of a performance year, or savings_losses.csv of another run
    #[arg(value_name = "RESULTS.csv")]
    results: PathBuf,
    /// Performance year, where the file does not say
    #[arg(long, value_name = "Y")]
    year: Option<i32>,
    /// Only this ACO: every column of it is printed
    #[arg(long, value_name = "ID")]
    aco: Option<String>,
    /// Folder for tieout.csv and tieout.parquet, in place of the run folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// What is printed to standard output: counts by column (table), or every column of every ACO (json, csv)
    #[arg(long, default_value = "table")]
    format: Format,
}

pub(crate) fn run(args: &TieoutArgs) -> Outcome<Exit> {
    let run = run_folder(&args.place)?;
    let rules = Rules::built_in().map_err(|error| trouble::of_rule(&error))?;
    let ours = read_parquet::<SavingsLosses>(&run)?.unwrap_or_default();
    let file = File::open(&args.results).doing("cannot be read", &args.results)?;
    let mut found = tie_out(&ours, file, &args.results.display().to_string(), args.year, &rules)?;
    if found.rows.is_empty() {
        let hint = "the run and the file have no ACO of one performance year in common";
        return Err(trouble::of_file_with_hint(&args.results, "nothing to compare", hint).into());
    }
    let folder = args.out.as_ref().unwrap_or(&run);
    fs::create_dir_all(folder).doing("cannot be created", folder)?;
    write_both(folder, &found.rows)?;
    let differs = found.rows.iter().any(|row| row.outcome == "differs");
    if let Some(aco) = &args.aco {
        found.rows.retain(|row| row.aco_id.as_str() == aco);
        if found.rows.is_empty() {
            let what = format!("no ACO {aco} in both the run and the file");
            return Err(trouble::of_file_with_hint(&args.results, &what, "tieout.csv lists those that are").into());
        }
    }
    print(
        &match (args.format, &args.aco) {
            (Format::Table, None) => page(args, &found),
            (Format::Table, Some(_)) => columns(&found.rows).render(Format::Table),
            (format, _) => Grid::of_table(&found.rows).render(format),
        },
        args.format,
    )?;
    Ok(if differs { Exit::Findings } else { Exit::Done })
}

/// Every column of one ACO.
fn columns(rows: &[TieOut]) -> Grid {
    let mut grid = Grid::new(&[
        Head::Left("year"),
        Head::Left("line"),
        Head::Left("column"),
        Head::Right("ours"),
        Head::Right("published"),
        Head::Right("difference"),
        Head::Left("outcome"),
    ]);
    let text = |text: &Option<String>| text.as_deref().map_or(Value::Blank, Value::from);
    for row in rows {
        let first = row.first_difference.as_ref() == Some(&row.column);
        grid.push(vec![
            row.performance_year.to_string().into(),
            row.line.as_str().into(),
            row.column.as_str().into(),
            text(&row.ours),
            text(&row.published),
            row.difference.map_or(Value::Blank, |difference| Value::Decimal(difference, 3)),
            if first { "differs, first".into() } else { row.outcome.as_str().into() },
        ]);
    }
    grid
}

/// What a column of all ACOs comes to.
#[derive(Default)]
struct Counts {
    equal: u64,
    differs: u64,
    withheld: u64,
    one_sided: u64,
    differences: Vec<f64>,
    /// ACOs whose first difference this is.
    first: u64,
    example: Option<String>,
}

/// Counts by column, upstream first; where the ACOs first differ.
fn page(args: &TieoutArgs, found: &TiedOut) -> String {
    let mut by_column: BTreeMap<(usize, usize, &str), Counts> = BTreeMap::new();
    let mut order: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &found.rows {
        let next = order.len();
        let at = *order.entry(&row.column).or_insert(next);
        let line = LINES.iter().position(|line| *line == row.line).unwrap_or(LINES.len());
        let counts = by_column.entry((line, at, &row.column)).or_default();
        match row.outcome.as_str() {
            "equal" => counts.equal += 1,
            "differs" => counts.differs += 1,
            "withheld" => counts.withheld += 1,
            _ => counts.one_sided += 1,
        }
        counts.differences.extend(row.difference.filter(|_| row.outcome == "differs").map(f64::abs));
        if row.first_difference.as_ref() == Some(&row.column) {
            counts.first += 1;
            counts.example.get_or_insert_with(|| format!("{} {}", row.aco_id, row.performance_year));
        }
    }
    let acos: BTreeSet<_> = found.rows.iter().map(|row| (row.performance_year, row.period, &row.aco_id)).collect();
    let apart: BTreeSet<_> = found
        .rows
        .iter()
        .filter(|row| row.first_difference.is_some())
        .map(|r| (r.performance_year, r.period, &r.aco_id))
        .collect();
    let mut out = format!(
        "{} against {}\n{} ACOs in both, {} equal in all columns, {} not\n\n",
        args.place.display(),
        args.results.display(),
        thousands(&acos.len().to_string()),
        thousands(&(acos.len() - apart.len()).to_string()),
        thousands(&apart.len().to_string()),
    );
    let mut grid = Grid::new(&[
        Head::Left("line"),
        Head::Left("column"),
        Head::Right("equal"),
        Head::Right("differ"),
        Head::Right("withheld"),
        Head::Right("one only"),
        Head::Right("median gap"),
        Head::Right("largest gap"),
        Head::Right("first here"),
        Head::Left("such as"),
    ]);
    for ((line, _, column), mut counts) in by_column {
        counts.differences.sort_by(f64::total_cmp);
        let gap = |at: Option<&f64>| at.map_or(Value::Blank, |gap| Value::Decimal(*gap, 3));
        grid.push(vec![
            LINES.get(line).copied().unwrap_or_default().into(),
            column.into(),
            counts.equal.into(),
            counts.differs.into(),
            counts.withheld.into(),
            counts.one_sided.into(),
            gap(counts.differences.get(counts.differences.len() / 2)),
            gap(counts.differences.last()),
            counts.first.into(),
            counts.example.map_or(Value::Blank, Value::from),
        ]);
    }
    out.push_str(&grid.render(Format::Table));
    out.push('\n');
    let list = |acos: &BTreeSet<(PerformanceYear, String)>| {
        let shown: Vec<String> = acos.iter().take(10).map(|(year, aco)| format!("{aco} {year}")).collect();
        let more = acos.len().saturating_sub(10);
        if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
    };
    let mut tell = |what: String| {
        for line in wrap(&what, PAGE) {
            out.push_str(&line);
            out.push('\n');
        }
    };
    if !found.ours_only.is_empty() {
        tell(format!("Ours alone: {}", list(&found.ours_only)));
    }
    if !found.published_only.is_empty() {
        tell(format!("In the file alone: {}", list(&found.published_only)));
    }
    if !found.absent.is_empty() {
        tell(format!("Columns that the file does not have: {}", found.absent.join(", ")));
    }
    out
}
