//! What a run leaves about itself: `manifest.json`, the same for equal runs, and `metrics.json`, the only file that differs.

use crate::files::{hash_texts, is_below, read_text, write_atomically};
use crate::study::{Finding, InputFile, LoadedStudy};
use crate::trouble::{Io, Outcome, of_file};
use acoledger_schemas::limits::MANIFEST_BYTES;
use acoledger_schemas::rules::{Rule, Rules};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

/// Version of the program, part of every key.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a run read, did and wrote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the program.
    pub version: String,
    /// Name of the study.
    pub study: String,
    /// Performance years.
    pub performance_years: Vec<i32>,
    /// Seed for ties.
    pub seed: u64,
    /// Rules in force.
    pub rules: RulesRecord,
    /// Input files with content hashes.
    pub inputs: Vec<InputFile>,
    /// Stages that were run, in order.
    pub stages: Vec<StageRecord>,
    /// Quality of the data that the study demanded, and that the lake had: share of wrong rows by check.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub quality: BTreeMap<String, f64>,
    /// What the reader should know.
    pub findings: Vec<Finding>,
    /// Files written once, with content hashes, and sharded tables with their rows.
    pub outputs: Vec<OutputRecord>,
}

/// The rules of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RulesRecord {
    /// Hash of every rule with its values.
    pub sha256: String,
    /// Rules whose values the study replaced, with the new ones.
    pub overridden: Vec<OverriddenRule>,
}

/// A rule whose values the study replaced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OverriddenRule {
    /// Key of the rule.
    pub key: String,
    /// New values by the day they take effect.
    pub values: Vec<(String, String)>,
}

/// The day from which a value holds that a study sets for all time.
pub(crate) const ALWAYS: &str = "0001-01-01";

impl OverriddenRule {
    /// The values, with the days from which they hold.
    pub(crate) fn told(&self) -> String {
        let value = |(from, value): &(String, String)| match from.as_str() {
            ALWAYS => value.clone(),
            _ => format!("from {from}: {value}"),
        };
        self.values.iter().map(value).collect::<Vec<_>>().join("; ")
    }
}

/// One stage of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageRecord {
    /// Name of the stage.
    pub stage: String,
    /// Hash of its inputs, the rules that it reads and the version: equal keys, equal outputs.
    pub key: String,
    /// Rows and cents in and out.
    pub accounts: Vec<Account>,
}

/// Rows and cents of one table at one stage: in = used + set aside + rejected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// What is counted.
    pub table: String,
    /// Unit of a row: `claims`, `lines`, `rows`, `lives`.
    pub unit: String,
    /// Rows that came in.
    pub rows_in: u64,
    /// Rows that were used.
    pub rows_used: u64,
    /// Rows that a rule leaves out, by the rule.
    pub rows_left_out: u64,
    /// Rows that could not be read or believed.
    pub rows_rejected: u64,
    /// Cents that came in.
    pub cents_in: i64,
    /// Cents that were used.
    pub cents_used: i64,
    /// Cents that a rule leaves out.
    pub cents_left_out: i64,
    /// Cents of rejected rows.
    pub cents_rejected: i64,
    /// Rows left out or rejected, by reason.
    pub reasons: Vec<Reason>,
}

/// Why rows were left out or rejected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The rule or the defect.
    pub reason: String,
    /// Rows.
    pub rows: u64,
    /// Cents.
    pub cents: i64,
}

impl Account {
    /// Whether nothing disappeared: in = used + left out + rejected, in rows and in cents.
    pub fn balances(&self) -> bool {
        self.rows_in == self.rows_used + self.rows_left_out + self.rows_rejected
            && self.cents_in == self.cents_used + self.cents_left_out + self.cents_rejected
    }
}

/// A file or sharded table of the output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutputRecord {
    /// Path inside the output folder; a folder for sharded tables.
    pub file: String,
    /// Rows, where known.
    pub rows: Option<u64>,
    /// SHA-256 of the content; blank for sharded tables, whose cut is no part of the result.
    pub sha256: Option<String>,
}

impl RulesRecord {
    /// What the manifest says about rules.
    pub fn of(rules: &Rules) -> RulesRecord {
        let overridden = rules.all().filter(|rule| rule.overridden).map(|rule| OverriddenRule {
            key: rule.key.clone(),
            values: rule.values.iter().map(|(from, value)| (from.to_string(), value.to_string())).collect(),
        });
        RulesRecord { sha256: hash_rules(rules, |_| true), overridden: overridden.collect() }
    }
}

/// Hash of the keys and values of the rules that are wanted.
pub fn hash_rules(rules: &Rules, wanted: impl Fn(&Rule) -> bool) -> String {
    let mut texts = Vec::new();
    for rule in rules.all().filter(|rule| wanted(rule)) {
        texts.push(rule.key.clone());
        texts.extend(rule.values.iter().flat_map(|(from, value)| [from.to_string(), value.to_string()]));
    }
    hash_texts(texts.iter().map(String::as_str))
}

impl Manifest {
    /// The manifest of a study before any stage has run.
    pub fn new(loaded: &LoadedStudy) -> Manifest {
        Manifest {
            version: VERSION.into(),
            study: loaded.study.study.name.clone(),
            performance_years: loaded.study.study.performance_years.clone(),
            seed: loaded.study.study.seed,
            rules: RulesRecord::of(&loaded.rules),
            inputs: loaded.inputs.clone(),
            stages: Vec::new(),
            quality: loaded.study.limits.quality.clone(),
            findings: loaded.findings.clone(),
            outputs: Vec::new(),
        }
    }

    /// The manifest of a finished run; `None` when the folder has none.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn read(run: &Path) -> Outcome<Option<Manifest>> {
        let path = run.join("manifest.json");
        if !path.exists() {
            return Ok(None);
        }
        let text = read_text(&path, MANIFEST_BYTES)?;
        let manifest: Manifest = serde_json::from_str(&text).doing("not a manifest", &path)?;
        match manifest.outputs.iter().find(|output| !is_below(&output.file)) {
            Some(output) => Err(of_file(&path, "names a file outside its folder", &output.file).into()),
            None => Ok(Some(manifest)),
        }
    }

    /// This manifest cut after a stage: what holds when a later one fails.
    pub(crate) fn until(&self, name: &str) -> Manifest {
        let last = self.stages.iter().position(|stage| stage.stage == name).map_or(0, |at| at + 1);
        Manifest { stages: self.stages[..last].to_vec(), ..self.clone() }
    }

    /// The record of a stage.
    pub fn stage(&self, name: &str) -> Option<&StageRecord> {
        self.stages.iter().find(|stage| stage.stage == name)
    }

    /// Writes `manifest.json`.
    ///
    /// # Errors
    /// Those of the disk.
    pub(crate) fn write(&self, run: &Path) -> Outcome<()> {
        write_json(&run.join("manifest.json"), self)
    }
}

/// Writes a value as indented JSON.
///
/// # Errors
/// Those of the disk.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Outcome<()> {
    write_atomically(path, |writer| {
        serde_json::to_writer_pretty(&mut *writer, value).map_err(|error| error.to_string())?;
        writer.write_all(b"\n").map_err(|error| error.to_string())
    })
}

/// Times and memory of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Metrics {
    /// Seconds since 1970 at the start.
    pub started_at: u64,
    /// Seconds of the whole run.
    pub seconds: f64,
    /// Stages that were run, or skipped.
    pub stages: Vec<StageMetrics>,
    /// Largest resident size of the process, where the system tells.
    pub peak_memory_bytes: Option<u64>,
    /// Threads used.
    pub threads: usize,
    /// Operating system and architecture.
    pub host: String,
    /// What of the inputs came from object stores.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fetched: Vec<FetchMetrics>,
    /// The last life that was explained from this run's lake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explain: Option<ExplainMetrics>,
}

/// What of one URL was fetched.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FetchMetrics {
    /// URL that the study names, or the part of it before a wildcard.
    pub url: String,
    /// Objects that the study takes.
    pub objects: u64,
    /// Objects that were fetched: new, or changed since the run before.
    pub fetched: u64,
    /// Their bytes.
    pub fetched_bytes: u64,
    /// Files that were removed: their objects are gone.
    pub removed: u64,
    /// Seconds.
    pub seconds: f64,
}

/// What explaining one life took.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ExplainMetrics {
    /// Seconds of the command.
    pub seconds: f64,
    /// Bytes read of the lake's tables: footers, page indexes and pages.
    pub lake_bytes: u64,
    /// Bytes of the lake's manifest, which lists its files.
    pub manifest_bytes: u64,
    /// Bytes of the program files that assignment needs, read whole.
    pub program_bytes: u64,
    /// Lives in the lake.
    pub lives: u64,
    /// Size of the lake's tables, bytes.
    pub lake_size_bytes: u64,
}

/// Time of one stage.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct StageMetrics {
    /// Name of the stage, or of several that run in one pass.
    pub stage: String,
    /// Whether an earlier run had done it.
    pub skipped: bool,
    /// Seconds.
    pub seconds: f64,
    /// Rows read.
    pub rows: u64,
    /// Rows per second.
    pub rows_per_second: f64,
    /// What an ingest read again where the rest of the lake stood: `2 of 14 files re-read: year 2024`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reread: Option<String>,
}

impl Metrics {
    /// Metrics of a run that starts now.
    pub(crate) fn start(threads: usize) -> Metrics {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Metrics {
            started_at: now.map_or(0, |since| since.as_secs()),
            threads,
            host: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            ..Metrics::default()
        }
    }

    /// Adds a stage that began at `started` and read `rows`.
    pub(crate) fn stage(&mut self, stage: &str, started: Instant, rows: u64) {
        let seconds = started.elapsed().as_secs_f64();
        let rows_per_second = if seconds > 0.0 { rows as f64 / seconds } else { 0.0 };
        self.stages.push(StageMetrics {
            stage: stage.into(),
            skipped: false,
            seconds,
            rows,
            rows_per_second,
            reread: None,
        });
        tracing::info!(stage, rows, seconds = format!("{seconds:.2}"), "stage done");
    }

    /// Says of the last stage what it read again.
    pub(crate) fn note_reread(&mut self, reread: Option<String>) {
        if let Some(stage) = self.stages.last_mut() {
            stage.reread = reread;
        }
    }

    /// Adds a stage that an earlier run had done.
    pub(crate) fn skipped(&mut self, stage: &str) {
        self.stages.push(StageMetrics { stage: stage.into(), skipped: true, ..StageMetrics::default() });
        tracing::info!(stage, "already done for the same inputs, rules and version");
    }

    /// Notes in `metrics.json` of a finished run what explaining a life took; nothing where there is no run.
    ///
    /// # Errors
    /// Those of the disk.
    pub(crate) fn note_explain(run: &Path, explain: ExplainMetrics) -> Outcome<()> {
        let path = run.join("metrics.json");
        let text = read_text(&path, MANIFEST_BYTES).ok();
        let Some(metrics) = text.and_then(|text| serde_json::from_str::<Metrics>(&text).ok()) else { return Ok(()) };
        write_json(&path, &Metrics { explain: Some(explain), ..metrics })
    }

    /// Closes the metrics and writes `metrics.json`.
    ///
    /// # Errors
    /// Those of the disk.
    pub(crate) fn write(&mut self, run: &Path, started: Instant) -> Outcome<()> {
        self.seconds = started.elapsed().as_secs_f64();
        self.peak_memory_bytes = peak_memory_bytes();
        write_json(&run.join("metrics.json"), self)
    }
}

/// The process's largest resident size, from the Linux process table.
fn peak_memory_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}
