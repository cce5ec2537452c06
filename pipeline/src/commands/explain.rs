//! `acoledger explain`: how one ACO's benchmark came about, section by section, and what was expected against what was spent;
//! or why one life is on the list it is on.

mod life;
mod page;
pub(crate) mod section;

use super::{Exit, place::run_folder, print};
use crate::grid::{Format, Grid, Head, Value};
use crate::tables::read_parquet;
use crate::trouble::{self, Outcome};
use acoledger_aco::expected::Expected;
use acoledger_aco::tables::{BenchmarkStep, SavingsLosses};
use acoledger_schemas::rates::AcoYear;
use acoledger_schemas::table::Problem;
use acoledger_schemas::values::{AcoId, PerformanceYear, Period};
use clap::Args;
use section::Section;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// Study file, or run folder
    #[arg(value_name = "STUDY.toml|RUN")]
    place: PathBuf,
    /// ACO to explain
    #[arg(long, value_name = "ID", required_unless_present = "bene", conflicts_with = "bene")]
    aco: Option<String>,
    /// Life to explain, by the identifier of the raw files: why it is on an ACO's list of `--year`, or on none
    #[arg(long, value_name = "ID", allow_hyphen_values = true, conflicts_with = "arithmetic")]
    bene: Option<String>,
    /// With --aco: performance year; all of the run without it. With --bene: calendar year of the list
    #[arg(long, value_name = "Y")]
    year: Option<i32>,
    /// With --bene: the performance year alone whose rules and participants decide; all of the study without it
    #[arg(long, value_name = "P", requires = "bene")]
    performance_year: Option<i32>,
    /// With --bene: file for what it took (bytes, seconds), in place of the run's metrics.json
    #[arg(long, value_name = "FILE", requires = "bene")]
    metrics: Option<PathBuf>,
    /// Show the arithmetic of each value below it
    #[arg(long)]
    arithmetic: bool,
    /// How the walk is printed to standard output; json and csv hold every step with its arithmetic and citation.
    /// With --bene table or json: a life is no table, csv is refused
    #[arg(long, default_value = "table")]
    format: Format,
}

/// Everything that is told about one ACO, performance year and period.
struct Story<'s> {
    steps: &'s [BenchmarkStep],
    result: Option<&'s SavingsLosses>,
    expected: Vec<&'s Expected>,
    own: Vec<&'s AcoYear>,
}

pub(crate) fn run(args: &ExplainArgs) -> Outcome<Exit> {
    match (&args.bene, &args.aco) {
        (Some(bene_id), _) => life::run(args, bene_id),
        (None, aco) => benchmark(args, aco.as_deref().unwrap_or_default()),
    }
}

fn benchmark(args: &ExplainArgs, id: &str) -> Outcome<Exit> {
    let (page, grid) = walk_of(&args.place, id, args.year, args.arithmetic)?;
    print(
        &match args.format {
            Format::Table => page,
            format => grid.render(format),
        },
        args.format,
    )?;
    Ok(Exit::Done)
}

/// The benchmark of an ACO in a run, as a page and as a table of its steps.
///
/// # Errors
/// No run there, an ACO or a year that it does not have.
pub(crate) fn walk_of(place: &Path, id: &str, year: Option<i32>, arithmetic: bool) -> Outcome<(String, Grid)> {
    let folder = run_folder(place)?;
    let wanted = |aco: &AcoId, of: PerformanceYear| aco.as_str() == id && year.is_none_or(|wanted| wanted == of.0);
    let mut steps: Vec<BenchmarkStep> = read_parquet(&folder)?.unwrap_or_default();
    steps.retain(|row| row.aco_id.as_str() == id);
    let years: BTreeSet<i32> = steps.iter().map(|row| row.performance_year.0).collect();
    steps.retain(|row| wanted(&row.aco_id, row.performance_year));
    if steps.is_empty() {
        return Err(no_benchmark(&folder, id, year, &years).into());
    }
    let results: Vec<SavingsLosses> = read_parquet(&folder)?.unwrap_or_default();
    let expected: Vec<Expected> = read_parquet(&folder)?.unwrap_or_default();
    let own: Vec<AcoYear> = read_parquet(&folder.join("rates"))?.unwrap_or_default();
    let same = |a: (PerformanceYear, Period, &AcoId), b: &BenchmarkStep| a == (b.performance_year, b.period, &b.aco_id);
    let stories: Vec<Story<'_>> = steps
        .chunk_by(|a, b| (a.performance_year, a.period) == (b.performance_year, b.period))
        .map(|steps| Story {
            steps,
            result: results.iter().find(|row| same((row.performance_year, row.period, &row.aco_id), &steps[0])),
            expected: expected
                .iter()
                .filter(|row| same((row.performance_year, row.period, &row.aco_id), &steps[0]))
                .collect(),
            own: own.iter().filter(|row| same((row.performance_year, row.period, &row.aco_id), &steps[0])).collect(),
        })
        .collect();
    Ok((page::page(&stories, arithmetic), grid(&stories)))
}

/// An ACO that the run does not have, or has in other years.
fn no_benchmark(folder: &Path, id: &str, year: Option<i32>, years: &BTreeSet<i32>) -> Problem {
    match (year, years.is_empty()) {
        (Some(year), false) => {
            let years: Vec<String> = years.iter().map(i32::to_string).collect();
            let what = format!("no benchmark of {id} in {year}");
            trouble::of_file_with_hint(folder, what, format!("this run has it in {}", years.join(", ")))
        }
        _ => {
            let what = format!("no benchmark of {id} in this run");
            trouble::of_file_with_hint(folder, what, "benchmark.csv lists every ACO of the run")
        }
    }
}

/// Every step, then the terms from the historical benchmark to the expected, section `expected`.
fn grid(stories: &[Story<'_>]) -> Grid {
    let heads =
        ["performance_year", "period", "aco_id", "step_no", "step", "label", "enrollment_type", "calendar_year"];
    let mut heads: Vec<Head> = heads.into_iter().map(Head::Left).collect();
    heads.extend(["value", "unit", "inputs", "rule", "citation", "section", "dollars"].map(Head::Left));
    let mut grid = Grid::new(&heads);
    for story in stories {
        for row in story.steps {
            grid.push(vec![
                row.performance_year.to_string().into(),
                row.period.code().into(),
                row.aco_id.as_str().into(),
                Value::Integer(row.step_no),
                row.step.as_str().into(),
                row.label.as_str().into(),
                row.enrollment_type.map_or(Value::Blank, |kind| kind.code().into()),
                row.calendar_year.map_or(Value::Blank, |year| Value::Integer(i64::from(year.0))),
                Value::Decimal(row.value, 6),
                row.unit.as_str().into(),
                row.inputs.as_str().into(),
                row.rule.as_str().into(),
                row.citation.as_str().into(),
                Section::of(row).code().into(),
                Value::Blank,
            ]);
        }
        for (row, step_no) in story.expected.iter().zip(story.steps.len() as i64 + 1..) {
            grid.push(vec![
                row.performance_year.to_string().into(),
                row.period.code().into(),
                row.aco_id.as_str().into(),
                Value::Integer(step_no),
                row.term.as_str().into(),
                page::term_label(&row.term).into(),
                Value::Blank,
                Value::Blank,
                Value::Decimal(row.per_capita, 4),
                "dollars".into(),
                Value::Blank,
                Value::Blank,
                Value::Blank,
                "expected".into(),
                Value::Decimal(row.dollars, 2),
            ]);
        }
    }
    grid
}
