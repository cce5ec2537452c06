//! `acoledger replay`: every settlement of a results file, derived again.

use super::{Exit, print};
use crate::files::write_atomically;
use crate::grid::{Format, Grid, Head, PAGE, Value, thousands, wrap};
use crate::plot;
use crate::trouble::{self, Io, Outcome};
use acoledger_aco::replay::{Replay, Summary, replay};
use acoledger_schemas::rules::Rules;
use acoledger_schemas::spreadsheet::neutral;
use clap::Args;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// Results file: CMS's published results of a performance year, or savings_losses.csv of a run; several with --totals
    #[arg(value_name = "RESULTS.csv", required = true)]
    files: Vec<PathBuf>,
    /// Performance year, where the file does not say
    #[arg(long, value_name = "Y")]
    year: Option<i32>,
    /// Folder for replay.csv: for each row and identity our value, theirs, difference, tolerance, outcome
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print what the files sum to, by performance year: ACOs, lives, benchmark, spending, earned, owed
    #[arg(long, conflicts_with = "out")]
    totals: bool,
    /// Draw the totals into this file
    #[arg(long, value_name = "FILE.svg", requires = "totals")]
    plot: Option<PathBuf>,
    /// What is printed to standard output: counts (table, json) or every row (csv)
    #[arg(long, default_value = "table")]
    format: Format,
}

pub(crate) fn run(args: &ReplayArgs) -> Outcome<Exit> {
    let rules = Rules::built_in().map_err(|error| trouble::of_rule(&error))?;
    if args.totals {
        return totals(args, &rules);
    }
    let [file] = &args.files[..] else {
        let what = "several files are read with --totals only";
        return Err(trouble::of_file_with_hint(&args.files[1], what, "replay one file at a time").into());
    };
    let replayed = replay_file(file, args, &rules)?;
    let summary = replayed.summary();
    if let Some(folder) = &args.out {
        let text = csv_text(&replayed.table());
        write_atomically(&folder.join("replay.csv"), |writer| {
            writer.write_all(text.as_bytes()).map_err(|error| error.to_string())
        })?;
    }
    print(
        &match args.format {
            Format::Table => page(file, &replayed, &summary),
            Format::Json => serde_json::to_string_pretty(&summary).expect("plain values serialise") + "\n",
            Format::Csv => csv_text(&replayed.table()),
        },
        args.format,
    )?;
    Ok(if summary.unexplained > 0 { Exit::Findings } else { Exit::Done })
}

/// Everything that is shown of a file, made and forgotten: for those who throw bytes at it.
pub(crate) fn look(file: &Path, replayed: &Replay) {
    let _ = (page(file, replayed, &replayed.summary()), csv_text(&replayed.table()), plot::totals(&replayed.totals()));
}

fn replay_file(path: &Path, args: &ReplayArgs, rules: &Rules) -> Outcome<Replay> {
    let file = File::open(path).doing("cannot be read", path)?;
    replay(file, &path.display().to_string(), args.year, rules)
}

/// Totals of the files by program and performance year, printed and drawn.
fn totals(args: &ReplayArgs, rules: &Rules) -> Outcome<Exit> {
    let (mut totals, mut unexplained) = (Vec::new(), 0);
    for path in &args.files {
        let replayed = replay_file(path, args, rules)?;
        unexplained += replayed.summary().unexplained;
        totals.extend(replayed.totals());
    }
    totals.sort_by_key(|year| (year.program.code(), year.performance_year));
    if let Some(path) = &args.plot {
        let svg = plot::totals(&totals);
        write_atomically(path, |writer| writer.write_all(svg.as_bytes()).map_err(|error| error.to_string()))?;
    }
    let mut grid = Grid::new(&[
        Head::Left("program"),
        Head::Left("year"),
        Head::Right("acos"),
        Head::Right("lives"),
        Head::Right("benchmark"),
        Head::Right("spending"),
        Head::Right("earned"),
        Head::Right("owed"),
    ]);
    let dollars = |amount: f64| Value::from(amount.round() as i64);
    for year in &totals {
        grid.push(vec![
            year.program.code().into(),
            year.performance_year.to_string().into(),
            year.acos.into(),
            year.lives.map_or(Value::Blank, dollars),
            dollars(year.benchmark),
            dollars(year.spending),
            dollars(year.earned),
            dollars(year.owed),
        ]);
    }
    print(&grid.render(args.format), args.format)?;
    Ok(if unexplained > 0 { Exit::Findings } else { Exit::Done })
}

fn csv_text(rows: &[Vec<String>]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.iter().map(|cell| neutral(cell).into_owned())).expect("memory takes every row");
    }
    String::from_utf8(writer.into_inner().expect("memory takes every row")).expect("text in, text out")
}

/// Counts by identity, the reasons behind what is explained, and the rows that are not.
fn page(file: &Path, replayed: &Replay, summary: &Summary) -> String {
    let years: Vec<String> = summary.performance_year.iter().map(ToString::to_string).collect();
    let mut out = format!(
        "{}: {} results of {}\n{} rows: {} match, {} explained, {} unexplained\n\n",
        file.display(),
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
