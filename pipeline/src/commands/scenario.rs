//! `acoledger scenario`: what a reform would change.

use super::{Exit, print};
use crate::grid::{Format, Grid, Head, Value, thousands, wrap};
use crate::scenario::{self, Report};
use crate::study::{LoadedStudy, Overrides, pool};
use crate::trouble::{self, Outcome};
use acoledger_aco::scenario::{Difference, Summary};
use acoledger_schemas::values::Cents;
use clap::Args;
use std::path::PathBuf;

/// Winners, and losers, that the page names.
const LONGEST_LIST: usize = 5;

#[derive(Debug, Args)]
pub(crate) struct ScenarioArgs {
    /// Study file (TOML)
    #[arg(value_name = "STUDY.toml")]
    study: PathBuf,
    /// Reform file (TOML); several compose in their order, the later one counts
    #[arg(long, value_name = "FILE", required = true, num_args = 1.., action = clap::ArgAction::Append)]
    reform: Vec<PathBuf>,
    /// Output folder; without it `<run>-scenario` beside the study's `[run] out`
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Threads, in place of `[run] threads`; 0: all
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Bound on memory, in place of `[run] memory`: 4GiB, 512MiB
    #[arg(long, value_name = "SIZE")]
    memory: Option<String>,
    /// How the summary is printed to standard output
    #[arg(long, default_value = "table")]
    format: Format,
}

pub(crate) fn run(args: &ScenarioArgs) -> Outcome<Exit> {
    let overrides = Overrides { threads: args.threads, memory: args.memory.clone(), ..Overrides::default() };
    let loaded = LoadedStudy::load(&args.study, &overrides)?;
    let out = place(&loaded, args.out.clone())?;
    let report = pool(loaded.threads(), &loaded.file)?.install(|| scenario::run(&loaded, &args.reform, &out))?;
    for finding in &report.findings {
        tracing::warn!("{finding}");
    }
    print(
        &match args.format {
            Format::Table => page(&report),
            format => Grid::of_table(&report.summaries).render(format),
        },
        args.format,
    )?;
    Ok(Exit::Done)
}

/// The folder of a study's scenario: the one given, or `<run>-scenario` beside its run.
///
/// # Errors
/// None given, and a run that is in an object store.
pub(crate) fn place(loaded: &LoadedStudy, given: Option<PathBuf>) -> Outcome<PathBuf> {
    if given.is_none() && loaded.remote.published.is_some() {
        let hint = "name a folder with --out: a scenario stays on this machine";
        return Err(trouble::of_file_with_hint(&loaded.file, "the study's run is in an object store", hint).into());
    }
    Ok(given.unwrap_or_else(|| {
        let run = loaded.out();
        let name = run.file_name().unwrap_or_default().to_string_lossy();
        run.with_file_name(format!("{name}-scenario"))
    }))
}

fn page(report: &Report) -> String {
    let mut out = String::new();
    for line in wrap(&report.titles.join("; then "), 98) {
        out.push_str(&format!("{line}\n"));
    }
    out.push_str(&match report.first_stage {
        None => "changes nothing: every number is the study's\n".to_owned(),
        Some(stage) => format!("run from stage `{}` on\n", stage.name),
    });
    let years: Vec<_> = report.summaries.iter().map(|row| row.performance_year).collect();
    let of_all = |row: &&Summary| row.performance_year.is_none();
    out.push_str("\nAll performance years\n");
    out.push_str(&indent(&summary(report.summaries.iter().filter(of_all))));
    if years.iter().any(Option::is_some) {
        out.push_str("\nNation by performance year\n");
        let of_year = |row: &&Summary| row.performance_year.is_some() && row.group_by == "nation";
        out.push_str(&indent(&summary(report.summaries.iter().filter(of_year))));
    }
    out.push_str(&extremes("Largest winners", &report.differences, 1));
    out.push_str(&extremes("Largest losers", &report.differences, -1));
    for finding in &report.findings {
        out.push_str(&format!("\nFinding: {finding}\n"));
    }
    out.push_str(&format!("\nFiles in {}\n  baseline/ reform/ difference summary", report.folder.display()));
    if report.points > 0 {
        out.push_str(&format!(" sweep ({} points)", thousands(&report.points.to_string())));
    }
    out + "\n"
}

fn summary<'a>(rows: impl Iterator<Item = &'a Summary>) -> String {
    let mut grid = Grid::new(&[
        Head::Left("of"),
        Head::Right("ACOs"),
        Head::Right("winners"),
        Head::Right("losers"),
        Head::Right("earned, baseline $"),
        Head::Right("earned, reform $"),
        Head::Right("difference $"),
    ]);
    for row in rows {
        let name = match (row.performance_year, row.group_by.as_str()) {
            (Some(year), _) => year.to_string(),
            (None, "track") => format!("track {}", row.group),
            (None, "nation") => "nation".into(),
            (None, _) => row.group.clone(),
        };
        grid.push(vec![
            name.into(),
            row.acos_reform.into(),
            row.winners.into(),
            row.losers.into(),
            Value::Integer(dollars(row.earned_baseline_cents)),
            Value::Integer(dollars(row.earned_reform_cents)),
            Value::Integer(dollars(row.earned_difference_cents)),
        ]);
    }
    grid.render(Format::Table)
}

/// ACOs that win most, or lose most.
fn extremes(title: &str, rows: &[Difference], sign: i64) -> String {
    let change = |row: &Difference| row.earned_difference_cents.map_or(0, |cents| cents.0);
    let mut chosen: Vec<&Difference> = rows.iter().filter(|row| change(row).signum() == sign).collect();
    chosen.sort_by_key(|row| (-sign * change(row), row.performance_year, &row.aco_id, row.period));
    if chosen.is_empty() {
        return format!("\n{title}: none\n");
    }
    let mut grid = Grid::new(&[
        Head::Left("year"),
        Head::Left("ACO"),
        Head::Left("track"),
        Head::Right("lives"),
        Head::Right("earned, baseline $"),
        Head::Right("earned, reform $"),
        Head::Right("difference $"),
    ]);
    for row in chosen.into_iter().take(LONGEST_LIST) {
        let of = |cents: Option<Cents>| cents.map_or(Value::Blank, |cents| Value::Integer(dollars(cents)));
        grid.push(vec![
            row.performance_year.to_string().into(),
            row.aco_id.as_str().into(),
            row.track.code().into(),
            row.assigned.into(),
            of(row.earned_baseline_cents),
            of(row.earned_reform_cents),
            of(row.earned_difference_cents),
        ]);
    }
    format!("\n{title}\n{}", indent(&grid.render(Format::Table)))
}

/// Whole dollars, half away from zero (M.F.10).
fn dollars(cents: Cents) -> i64 {
    (cents.0.abs() + 50) / 100 * cents.0.signum()
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}
