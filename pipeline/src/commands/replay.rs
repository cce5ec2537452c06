//! `acoledger replay`: every settlement of a results file, derived again.

use super::{Exit, print};
use crate::files::write_atomically;
use crate::grid::{Format, Grid, Head, PAGE, thousands, wrap};
use crate::trouble::{self, Io, Outcome};
use acoledger_aco::replay::{Replay, Summary, replay};
use acoledger_schemas::rules::Rules;
use clap::Args;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// Results file: CMS's published results of a performance year, or savings_losses.csv of a run
    #[arg(value_name = "RESULTS.csv")]
    file: PathBuf,
    /// Performance year, where the file does not say
    #[arg(long, value_name = "Y")]
    year: Option<i32>,
    /// Folder for replay.csv: for each row and identity our value, theirs, difference, tolerance, outcome
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// What is printed to standard output: counts (table, json) or every row (csv)
    #[arg(long, default_value = "table")]
    format: Format,
}

pub(crate) fn run(args: &ReplayArgs) -> Outcome<Exit> {
    let rules = Rules::built_in().map_err(|error| trouble::of_rule(&error))?;
    let file = File::open(&args.file).doing("cannot be read", &args.file)?;
    let replayed = replay(file, &args.file.display().to_string(), args.year, &rules)?;
    let summary = replayed.summary();
    if let Some(folder) = &args.out {
        let text = csv_text(&replayed.table());
        write_atomically(&folder.join("replay.csv"), |writer| {
            writer.write_all(text.as_bytes()).map_err(|error| error.to_string())
        })?;
    }
    print(&match args.format {
        Format::Table => page(args, &replayed, &summary),
        Format::Json => serde_json::to_string_pretty(&summary).expect("plain values serialise") + "\n",
        Format::Csv => csv_text(&replayed.table()),
    })?;
    Ok(if summary.unexplained > 0 { Exit::Findings } else { Exit::Done })
}

fn csv_text(rows: &[Vec<String>]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).expect("memory takes every row");
    }
    String::from_utf8(writer.into_inner().expect("memory takes every row")).expect("text in, text out")
}

/// Counts by identity, the reasons behind what is explained, and the rows that are not.
fn page(args: &ReplayArgs, replayed: &Replay, summary: &Summary) -> String {
    let years: Vec<String> = summary.performance_year.iter().map(ToString::to_string).collect();
    let mut out = format!(
        "{}: {} results of {}\n{} rows: {} match, {} explained, {} unexplained\n\n",
        args.file.display(),
        summary.program,
        years.join(", "),
        thousands(&summary.rows.to_string()),
        thousands(&summary.matched.to_string()),
        thousands(&summary.explained.to_string()),
        thousands(&summary.unexplained.to_string()),
    );
    let mut grid = Grid::new(&[
        Head::Left("identity"),
        Head::Right("match"),
        Head::Right("explained"),
        Head::Right("unexplained"),
        Head::Left("reasons"),
    ]);
    for counts in &summary.identities {
        let reasons: Vec<String> = counts.reasons.iter().map(|(reason, rows)| format!("{reason} {rows}")).collect();
        grid.push(vec![
            counts.name.into(),
            counts.matched.into(),
            counts.explained.into(),
            counts.unexplained.into(),
            reasons.join(", ").into(),
        ]);
    }
    out.push_str(&grid.render(Format::Table));
    if summary.unexplained > 0 {
        out.push_str(&unexplained(replayed));
    }
    out
}

/// The rows without a reason, with the identities that differ.
fn unexplained(replayed: &Replay) -> String {
    use acoledger_aco::replay::{Value, Verdict};
    const LONGEST_LIST: usize = 20;
    let shown = |value: &Value| match value {
        Value::Number(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::None => "nothing".into(),
    };
    let rows: Vec<_> = replayed.rows.iter().filter(|row| row.verdict() == Verdict::Unexplained).collect();
    let mut out = String::from("\nUnexplained\n");
    for row in rows.iter().take(LONGEST_LIST) {
        let differ = row.comparisons.iter().filter(|comparison| comparison.verdict == Verdict::Unexplained);
        let differ: Vec<String> = differ
            .map(|of| format!("{}: ours {}, theirs {}", of.identity, shown(&of.ours), shown(&of.theirs)))
            .collect();
        let text = format!("line {}, {} {}: {}", row.line, row.aco_id, row.performance_year, differ.join("; "));
        for (at, line) in wrap(&text, PAGE - 6).iter().enumerate() {
            out.push_str(&format!("  {}{line}\n", if at > 0 { "    " } else { "" }));
        }
    }
    if rows.len() > LONGEST_LIST {
        out.push_str(&format!("  and {} more: --format csv lists every row\n", rows.len() - LONGEST_LIST));
    }
    out
}
