//! `acoledger runs`, `acoledger diff`: the log of runs, and where two of them part.

use super::{Exit, print};
use crate::grid::{Format, Grid, Head, Value};
use crate::run_log::{self, RunRecord, dollars, find, read};
use crate::study::study_in;
use crate::trouble::Outcome;
use clap::Args;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(crate) struct RunsArgs {
    /// Study file, output folder, the folder around it, or a log
    #[arg(value_name = "WHERE", default_value = ".")]
    place: PathBuf,
    /// Show the last so many
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    last: usize,
    /// How the runs are printed to standard output
    #[arg(long, default_value = "table")]
    format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// First run: its id or how it begins, `last`, `last~1`
    #[arg(value_name = "RUN_A")]
    a: String,
    /// Second run
    #[arg(value_name = "RUN_B")]
    b: String,
    /// Study file, output folder, the folder around it, or a log
    #[arg(long = "in", value_name = "WHERE", default_value = ".")]
    place: PathBuf,
    /// How the differences are printed to standard output
    #[arg(long, default_value = "table")]
    format: Format,
}

pub(crate) fn runs(args: &RunsArgs) -> Outcome<Exit> {
    let log = log_of(&args.place)?;
    let (records, broken) = read(&log)?;
    let mut grid = Grid::new(&[
        Head::Left("run"),
        Head::Left("until"),
        Head::Right("exit"),
        Head::Right("seconds"),
        Head::Right("earned_dollars"),
        Head::Left("study"),
        Head::Left("out"),
        Head::Left("remark"),
    ]);
    let first = records.len().saturating_sub(args.last);
    for record in &records[first..] {
        let out = Path::new(&record.out).file_name().map_or(record.out.clone(), |name| name.to_string_lossy().into());
        grid.push(vec![
            record.id.as_str().into(),
            record.until.as_str().into(),
            i64::from(record.exit).into(),
            Value::Decimal(record.seconds, 1),
            record.earned_cents.map_or(Value::Blank, |cents| Value::Text(dollars(cents))),
            record.study.as_str().into(),
            out.into(),
            remark(record).into(),
        ]);
    }
    print(&grid.render(args.format), args.format)?;
    if broken > 0 {
        tracing::warn!(lines = broken, log = %log.display(), "lines of the log that are no run: written by another version, or cut");
    }
    Ok(Exit::Done)
}

fn remark(record: &RunRecord) -> String {
    match (&record.stopped_by, record.beyond_limits.first()) {
        (Some(what), _) => what.clone(),
        (None, Some(finding)) => format!("beyond the limits: {}", finding.what),
        (None, None) if record.already_done => "already done".into(),
        (None, None) => String::new(),
    }
}

/// The log that a path means.
fn log_of(place: &Path) -> Outcome<PathBuf> {
    if place.is_dir() {
        let inside = place.join(run_log::NAME);
        return Ok(if inside.is_file() { inside } else { run_log::place(&absolute(place)) });
    }
    if place.extension().is_some_and(|extension| extension == "toml") {
        let out = study_in(place)?.run.out;
        return Ok(run_log::place(&place.parent().unwrap_or(Path::new("")).join(out)));
    }
    Ok(place.to_owned())
}

fn absolute(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

pub(crate) fn diff(args: &DiffArgs) -> Outcome<Exit> {
    let log = log_of(&args.place)?;
    let (records, _) = read(&log)?;
    let (a, b) = (find(&records, &args.a, &log)?, find(&records, &args.b, &log)?);
    let (of_a, of_b) = (facts(a), facts(b));
    let mut grid = Grid::new(&[Head::Left("what"), Head::Left("item"), Head::Left("a"), Head::Left("b")]);
    let keys: BTreeSet<&Fact<'_>> = of_a.keys().chain(of_b.keys()).collect();
    let mut differing = keys.into_iter().filter(|key| of_a.get(*key) != of_b.get(*key)).peekable();
    let equal = differing.peek().is_none();
    let mut parted = false;
    for key in differing {
        // A stage's key holds those before it: the first that differs is where the two part.
        if matches!(key.0, What::Stage(_)) && std::mem::replace(&mut parted, true) {
            continue;
        }
        let value = |of: &Facts<'_>| of.get(key).map_or(Value::Blank, |text| Value::Text(text.clone()));
        grid.push(vec![key.0.name().into(), key.1.into(), value(&of_a), value(&of_b)]);
    }
    if equal && args.format == Format::Table {
        print(&format!("{} and {}: nothing differs\n", a.id, b.id), args.format)?;
    } else {
        print(&grid.render(args.format), args.format)?;
    }
    Ok(if equal { Exit::Done } else { Exit::Findings })
}

/// What a fact of a run is about, in the order in which one follows from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Version,
    Study,
    Rule,
    Input,
    /// By its place.
    Stage(usize),
    Exit,
    Output,
    Earned,
}

impl What {
    fn name(self) -> &'static str {
        match self {
            What::Version => "version",
            What::Study => "study",
            What::Rule => "rule",
            What::Input => "input",
            What::Stage(_) => "first stage",
            What::Exit => "exit",
            What::Output => "output",
            What::Earned => "earned",
        }
    }
}

type Fact<'r> = (What, &'r str);
type Facts<'r> = BTreeMap<Fact<'r>, String>;

fn facts(record: &RunRecord) -> Facts<'_> {
    let mut facts = Facts::new();
    facts.insert((What::Version, "acoledger"), record.version.clone());
    facts.insert((What::Study, "file"), record.study.clone());
    facts.insert((What::Study, "until"), record.until.clone());
    facts.insert((What::Exit, "status"), record.exit.to_string());
    facts.insert((What::Rule, "all"), short(&record.rules.sha256));
    for rule in &record.rules.overridden {
        let values: Vec<String> = rule.values.iter().map(|(from, value)| format!("{from}: {value}")).collect();
        facts.insert((What::Rule, &rule.key), values.join("; "));
    }
    facts.extend(record.inputs.iter().map(|input| ((What::Input, input.file.as_str()), short(&input.sha256))));
    let stages = record.stages.iter().enumerate();
    facts.extend(stages.map(|(at, (stage, key))| ((What::Stage(at), stage.as_str()), short(key))));
    for output in &record.outputs {
        let content = match (&output.sha256, output.rows) {
            (Some(hash), _) => short(hash),
            (None, rows) => rows.map_or(String::new(), |rows| format!("{rows} rows")),
        };
        facts.insert((What::Output, &output.file), content);
    }
    facts.extend(record.earned_cents.map(|cents| ((What::Earned, "dollars"), dollars(cents))));
    facts
}

/// Enough of a hash for the eye.
fn short(hash: &str) -> String {
    hash.chars().take(12).collect()
}
