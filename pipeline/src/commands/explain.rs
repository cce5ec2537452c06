//! `acoledger explain`: how one ACO's benchmark came about, step by step.

use super::{Exit, place::run_folder, print};
use crate::grid::{Format, Grid, Head, PAGE, Value, thousands, wrap};
use crate::tables::read_parquet;
use crate::trouble::{self, Outcome};
use acoledger_aco::tables::{BenchmarkStep, SavingsLosses};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// Study file, or run folder
    #[arg(value_name = "STUDY.toml|RUN")]
    place: PathBuf,
    /// ACO to explain
    #[arg(long, value_name = "ID")]
    aco: String,
    /// Performance year; all of the run without it
    #[arg(long, value_name = "Y")]
    year: Option<i32>,
    /// How the walk is printed to standard output
    #[arg(long, default_value = "table")]
    format: Format,
}

pub(crate) fn run(args: &ExplainArgs) -> Outcome<Exit> {
    let folder = run_folder(&args.place)?;
    let wanted = |aco: &str, year: i32| aco == args.aco && args.year.is_none_or(|wanted| wanted == year);
    let steps: Vec<BenchmarkStep> = read_parquet(&folder)?.unwrap_or_default();
    let steps: Vec<_> = steps.into_iter().filter(|row| wanted(row.aco_id.as_str(), row.performance_year.0)).collect();
    if steps.is_empty() {
        let what = format!("no benchmark of {} in this run", args.aco);
        return Err(trouble::of_file_with_hint(&folder, what, "benchmark.csv lists every ACO of the run").into());
    }
    let results: Vec<SavingsLosses> = read_parquet(&folder)?.unwrap_or_default();
    print(&match args.format {
        Format::Table => page(&steps, &results),
        format => grid(&steps).render(format),
    })?;
    Ok(Exit::Done)
}

fn grid(steps: &[BenchmarkStep]) -> Grid {
    let heads =
        ["performance_year", "period", "aco_id", "step_no", "step", "label", "enrollment_type", "calendar_year"];
    let mut heads: Vec<Head> = heads.into_iter().map(Head::Left).collect();
    heads.extend(["value", "unit", "inputs", "rule", "citation"].map(Head::Left));
    let mut grid = Grid::new(&heads);
    for row in steps {
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
        ]);
    }
    grid
}

fn page(steps: &[BenchmarkStep], results: &[SavingsLosses]) -> String {
    let mut out = String::new();
    for walk in steps.chunk_by(|a, b| (a.performance_year, a.period) == (b.performance_year, b.period)) {
        let first = &walk[0];
        let result = results.iter().find(|row| {
            (row.performance_year, row.period, &row.aco_id) == (first.performance_year, first.period, &first.aco_id)
        });
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&heading(first, result));
        for step in walk {
            out.push_str(&line(step));
        }
        if let Some(result) = result {
            out.push_str(&ending(result));
        }
    }
    out
}

fn heading(step: &BenchmarkStep, result: Option<&SavingsLosses>) -> String {
    let mut out = format!("{}, performance year {}", step.aco_id, step.performance_year);
    if step.period.code() != "full" {
        out.push_str(&format!(", {}", step.period));
    }
    if let Some(result) = result {
        let name = result.aco_name.as_deref().map(|name| format!(" ({name})")).unwrap_or_default();
        out.push_str(&format!(
            "{name}\ntrack {}, agreement from {}, {}, rulebook {}, {} assigned beneficiaries",
            result.current_track,
            result.current_start_date,
            result.assign_type.to_lowercase(),
            result.rulebook,
            thousands(&result.n_ab.to_string()),
        ));
    }
    out + "\n\n"
}

/// A step: label, of which type and year, value on the right, then the arithmetic and the section it follows.
fn line(step: &BenchmarkStep) -> String {
    let of: Vec<String> =
        [step.enrollment_type.map(|kind| kind.to_string()), step.calendar_year.map(|year| year.to_string())]
            .into_iter()
            .flatten()
            .collect();
    let of = if of.is_empty() { String::new() } else { format!(" ({})", of.join(" ")) };
    let value = amount(step.value, &step.unit);
    let label = format!("{:>4}  {}{of}", step.step_no, step.label);
    let gap = PAGE.saturating_sub(label.chars().count() + value.chars().count()).max(2);
    let mut out = format!("{label}{}{value}\n", " ".repeat(gap));
    for text in wrap(&format!("{}  [{}]", step.inputs, step.rule), PAGE - 10) {
        out.push_str(&format!("          {text}\n"));
    }
    out
}

fn amount(value: f64, unit: &str) -> String {
    match unit {
        "dollars" => format!("$ {}", thousands(&format!("{value:.2}"))),
        "flag" | "lives" | "count" | "months" => thousands(&format!("{value:.0}")),
        "person-years" => thousands(&format!("{value:.2}")),
        _ => thousands(&format!("{value:.6}")),
    }
}

fn ending(result: &SavingsLosses) -> String {
    let dollars = |number: i64| thousands(&number.to_string());
    format!(
        "\n      benchmark $ {} - expenditures $ {} = $ {} ({:.2} %, MSR {:.2} %): {}\n      earned (owed when negative) $ {}\n",
        dollars(result.ab_tot_bnchmk),
        dollars(result.ab_tot_exp),
        dollars(result.bnchmk_min_exp),
        result.sav_rate,
        result.min_sav_perc,
        result.outcome.replace('_', " "),
        dollars(result.earn_save_loss),
    )
}
