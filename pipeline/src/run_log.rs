//! The log of runs: one line of JSON for each run, appended and never rewritten, beside the output folders.

use crate::files::hash_texts;
use crate::manifest::{Manifest, OutputRecord, RulesRecord, VERSION};
use crate::run::RunReport;
use crate::study::{Finding, InputFile, LoadedStudy};
use crate::trouble::{self, Io, Outcome};
use acoledger_schemas::stages::Stage;
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::{Cents, Date};
use serde::{Deserialize, Serialize};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// File name of the log, in the folder that holds the output folder.
pub(crate) const NAME: &str = "runs.jsonl";

/// One run, as the log keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunRecord {
    /// Start in UTC and a mark of the process: `20261128T192255Z-1a2b3c4d`.
    pub(crate) id: String,
    /// Start, UTC: `2026-11-28T19:22:55Z`.
    pub(crate) started: String,
    /// Seconds that it took.
    pub(crate) seconds: f64,
    /// Version of the program.
    pub(crate) version: String,
    /// Study file, as it was named.
    pub(crate) study: String,
    /// Output folder.
    pub(crate) out: String,
    /// The stage up to which it was to go.
    pub(crate) until: String,
    /// Exit status: 0, 1 or 2.
    pub(crate) exit: u8,
    /// Whether an earlier run had done all of it.
    #[serde(default)]
    pub(crate) already_done: bool,
    /// What stopped it: the first problem, without the values of cells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stopped_by: Option<String>,
    /// Keys of its stages.
    #[serde(default)]
    pub(crate) stages: Vec<(String, String)>,
    /// Its rules.
    pub(crate) rules: RulesRecord,
    /// Its inputs.
    #[serde(default)]
    pub(crate) inputs: Vec<InputFile>,
    /// What it wrote.
    #[serde(default)]
    pub(crate) outputs: Vec<OutputRecord>,
    /// Findings beyond the limits.
    #[serde(default)]
    pub(crate) beyond_limits: Vec<Finding>,
    /// Sum over its ACOs of what was earned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) earned_cents: Option<i64>,
}

/// A run under way, to be logged when it ends.
pub(crate) struct Logged<'s> {
    loaded: &'s LoadedStudy,
    until: &'s Stage,
    at: Instant,
    started: u64,
}

impl<'s> Logged<'s> {
    /// A run that starts now.
    pub(crate) fn start(loaded: &'s LoadedStudy, until: &'s Stage) -> Logged<'s> {
        let started = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Logged { loaded, until, at: Instant::now(), started }
    }

    /// Appends the run to its log.
    ///
    /// # Errors
    /// Those of the disk.
    pub(crate) fn end(self, outcome: &Outcome<RunReport>, exit: u8) -> Outcome<()> {
        let manifest = outcome.as_ref().ok().map(|report| report.manifest.clone());
        let manifest = manifest.unwrap_or_else(|| Manifest::new(self.loaded));
        let mark = hash_texts([std::process::id().to_string().as_str(), &format!("{:?}", SystemTime::now())]);
        let time = time(self.started);
        let out = std::path::absolute(self.loaded.out()).unwrap_or_else(|_| self.loaded.out());
        let settled = outcome.as_ref().ok().filter(|_| self.until.name == "settle");
        let earned = settled.map(|report| report.savings_losses.iter().map(|row| row.earned_cents.0).sum());
        let record = RunRecord {
            id: format!("{}-{}", time.replace(['-', ':'], ""), mark.get(..8).unwrap_or_default()),
            started: time,
            seconds: (self.at.elapsed().as_secs_f64() * 1e3).round() / 1e3,
            version: VERSION.into(),
            study: self.loaded.file.display().to_string(),
            out: out.display().to_string(),
            until: self.until.name.into(),
            exit,
            already_done: outcome.as_ref().is_ok_and(|report| report.already_done),
            stopped_by: outcome.as_ref().err().and_then(stopped_by),
            stages: manifest.stages.iter().map(|stage| (stage.stage.clone(), stage.key.clone())).collect(),
            rules: manifest.rules,
            inputs: manifest.inputs,
            outputs: manifest.outputs,
            beyond_limits: manifest.findings.into_iter().filter(|finding| finding.beyond_limits).collect(),
            earned_cents: earned,
        };
        // A folder without a name, as the root: nothing was written there, and nothing is.
        if out.file_name().is_some() { append(&place(&out), &record) } else { Ok(()) }
    }
}

/// The first problem in words; the value of a cell could be somebody's identifier.
fn stopped_by(problems: &Problems) -> Option<String> {
    let first = problems.first.first()?;
    let line = if first.line > 0 { format!(":{}", first.line) } else { String::new() };
    let column = if first.column.is_empty() { String::new() } else { format!(" {}", first.column) };
    let more = if problems.count > 1 { format!("; {} more", problems.count - 1) } else { String::new() };
    Some(format!("{}{line}{column}: {}{more}", first.file, first.what))
}

/// The log of an output folder.
pub(crate) fn place(out: &Path) -> PathBuf {
    out.with_file_name(NAME)
}

/// Appends one line: with others at work, each line stays whole.
fn append(log: &Path, record: &RunRecord) -> Outcome<()> {
    let mut line = serde_json::to_string(record).doing("cannot be written", log)?;
    line.push('\n');
    if let Some(parent) = log.parent() {
        fs::create_dir_all(parent).doing("cannot be created", parent)?;
    }
    let mut file = OpenOptions::new().create(true).append(true).open(log).doing("cannot be written", log)?;
    file.lock().doing("cannot be locked", log)?;
    file.write_all(line.as_bytes()).and_then(|()| file.sync_data()).doing("cannot be written", log)
}

/// The runs of a log, the oldest first; those that cannot be read are counted.
///
/// # Errors
/// No such file.
pub(crate) fn read(log: &Path) -> Outcome<(Vec<RunRecord>, usize)> {
    // A line that was damaged is counted, whatever its bytes are.
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).map_err(|error| {
        let hint = "the log stands beside the output folder from the first run on; name it, its folder or a study file";
        trouble::of_file_with_hint(log, format!("cannot be read: {error}"), hint)
    })?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let (mut records, mut broken) = (Vec::new(), 0);
    for line in lines {
        match serde_json::from_str(line) {
            Ok(record) => records.push(record),
            Err(_) => broken += 1,
        }
    }
    Ok((records, broken))
}

/// The run that a text names: its id, the beginning of one, `last`, `last~1`.
///
/// # Errors
/// None, or several.
pub(crate) fn find<'r>(records: &'r [RunRecord], name: &str, log: &Path) -> Outcome<&'r RunRecord> {
    let back = match name.strip_prefix("last") {
        Some("") => Some(0),
        Some(rest) => rest.strip_prefix('~').and_then(|rest| rest.parse::<usize>().ok()),
        None => None,
    };
    let hint = "`acoledger runs` lists them; `last` is the latest, `last~1` the one before";
    if let Some(back) = back {
        let at = records.len().checked_sub(back + 1);
        return at.map(|at| &records[at]).ok_or_else(|| {
            trouble::of_file_with_hint(log, format!("has {} runs, not `{name}`", records.len()), hint).into()
        });
    }
    let found: Vec<&RunRecord> = records.iter().filter(|record| record.id.starts_with(name)).collect();
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err(trouble::of_file_with_hint(log, format!("no run `{name}`"), hint).into()),
        several => {
            let what = format!("{} runs begin with `{name}`", several.len());
            Err(trouble::of_file_with_hint(log, what, hint).into())
        }
    }
}

/// Cents as dollars for a table.
pub(crate) fn dollars(cents: i64) -> String {
    Cents(cents).to_string()
}

/// Seconds since 1970 as `2026-11-28T19:22:55Z`.
fn time(seconds: u64) -> String {
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    let day = Date(i32::try_from(days).unwrap_or(i32::MAX));
    format!("{day}T{:02}:{:02}:{:02}Z", of_day / 3600, of_day / 60 % 60, of_day % 60)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc() {
        assert_eq!(time(0), "1970-01-01T00:00:00Z");
        assert_eq!(time(1_795_893_775), "2026-11-28T19:22:55Z");
    }

    #[test]
    fn a_line_that_was_cut_loses_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join(NAME);
        let record = RunRecord {
            id: "20261128T192255Z-aaaaaaaa".into(),
            started: "2026-11-28T19:22:55Z".into(),
            seconds: 1.5,
            version: VERSION.into(),
            study: "study.toml".into(),
            out: "run".into(),
            until: "settle".into(),
            exit: 0,
            already_done: false,
            stopped_by: None,
            stages: Vec::new(),
            rules: RulesRecord { sha256: String::new(), overridden: Vec::new() },
            inputs: Vec::new(),
            outputs: Vec::new(),
            beyond_limits: Vec::new(),
            earned_cents: Some(1),
        };
        append(&log, &record).unwrap();
        let mut file = OpenOptions::new().append(true).open(&log).unwrap();
        file.write_all(b"{\"id\": \"2026\n").unwrap();
        append(&log, &RunRecord { id: "20261129T000000Z-bbbbbbbb".into(), ..record.clone() }).unwrap();
        let (records, broken) = read(&log).unwrap();
        assert_eq!((records.len(), broken), (2, 1));
        assert_eq!(records[0], record);
        assert_eq!(find(&records, "last", &log).unwrap().id, "20261129T000000Z-bbbbbbbb");
        assert_eq!(find(&records, "last~1", &log).unwrap(), &record);
        assert_eq!(find(&records, "20261128", &log).unwrap(), &record);
        for name in ["2026", "last~2", "x"] {
            assert!(find(&records, name, &log).is_err(), "{name}");
        }
    }
}
