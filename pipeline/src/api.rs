//! What bindings to other languages call: the commands as functions whose results are tables of Arrow instead of text.
//!
//! The same code as behind the command line; a result is what the command of the same name prints or writes.

use crate::cluster::{Cluster, Engine};
use crate::commands;
use crate::explain::{self, Question};
use crate::files::{files_below, is_below, readable_by};
use crate::parquet_door::{self, UNREADABLE};
use crate::progress::{Listener, Listening, Progress};
use crate::run::{RunReport, stage_named};
use crate::score;
use crate::study::{LoadedStudy, Overrides, pool};
use crate::synth::{SynthOptions, SynthProgress, SynthReport};
use crate::tables::{batch, read_table};
use crate::trouble::{self, Io, Outcome};
use acoledger_aco::scenario::{Difference, Summary};
use acoledger_hcc::Options;
use acoledger_schemas::outputs::Reject;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::study::ReadableBy;
use acoledger_schemas::table::{Problem, Problems};
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, RecordBatchReader, StringArray};
use arrow_schema::{ArrowError, SchemaRef};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a process does once, before anything else here: neither faults of damaged files nor progress leave a trace on standard error.
pub fn begin() {
    crate::progress::hide_bars();
    parquet_door::keep_quiet();
}

/// A table in memory: its columns, and its rows in batches.
pub type Batches = (SchemaRef, Vec<RecordBatch>);

fn one(batch: RecordBatch) -> Batches {
    (batch.schema(), vec![batch])
}

/// How a run is done.
#[derive(Default)]
pub struct RunOptions<'e> {
    /// In place of what the study says.
    pub overrides: Overrides,
    /// Last stage; blank: `settle`.
    pub until: String,
    /// Whether tables for publication are written too.
    pub public: bool,
    /// Who hears of progress.
    pub progress: Option<Listener>,
    /// What walks the shards of lives; none: this process.
    pub engine: Option<&'e dyn Engine>,
}

/// `acoledger run`.
///
/// # Errors
/// What stops the run.
pub fn run(study: &Path, options: RunOptions<'_>) -> Outcome<RunReport> {
    let _rights = readable_by(ReadableBy::Owner);
    let _listening = options.progress.map(Listening::to);
    let until = stage_named(if options.until.is_empty() { "settle" } else { &options.until })?;
    let mut loaded = LoadedStudy::load(study, &options.overrides)?;
    loaded.public = options.public;
    let cluster = options.engine.map(|engine| Cluster { engine, rules: options.overrides.rules.clone() });
    commands::run::logged_run(&loaded, until, cluster.as_ref())
}

/// Tables of a run, scenario or other folder of ours: names (`savings_losses`, `cells/risk`, `person_year`) and rows, sorted; of
/// rejects, which are text alone, without a count.
///
/// # Errors
/// A folder or a file that cannot be read.
pub fn tables(folder: &Path) -> Outcome<Vec<(String, Option<u64>)>> {
    let mut tables: Vec<(String, Option<u64>)> = Vec::new();
    for path in files_below(folder)? {
        let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        if name == REJECTS_FILE {
            tables.push((REJECTS.into(), None));
        }
        let Some(name) = name.strip_suffix(".parquet") else { continue };
        let rows = parquet_door::metadata(&path)?.metadata().file_metadata().num_rows().unsigned_abs();
        let name = name.split_once("/shard=").map_or(name, |(table, _)| table);
        match tables.last_mut() {
            Some((last, Some(sum))) if last == name => *sum += rows,
            _ => tables.push((name.to_owned(), Some(rows))),
        }
    }
    tables.sort();
    Ok(tables)
}

const REJECTS: &str = "rejects/rejects";
const REJECTS_FILE: &str = "rejects/rejects.csv";

/// A table of a folder; sharded ones shard after shard, as they are read. Columns are those of the files.
///
/// # Errors
/// No such table, a file that cannot be read.
pub fn read(folder: &Path, name: &str) -> Outcome<Box<dyn RecordBatchReader + Send>> {
    if !is_below(name) {
        return Err(no_table(folder, name));
    }
    if name == REJECTS && folder.join(REJECTS_FILE).is_file() {
        let rows: Vec<Reject> = read_table(&folder.join("rejects"))?.unwrap_or_default();
        let batch = batch(&rows);
        let schema = batch.schema();
        return Ok(Box::new(Stream {
            schema,
            files: Vec::new().into_iter(),
            open: Some(Box::new([Ok(batch)].into_iter())),
        }));
    }
    let alone = folder.join(format!("{name}.parquet"));
    let files = if alone.is_file() {
        vec![alone]
    } else if folder.join(name).is_dir() {
        crate::person::shard_files(folder, name)?
    } else {
        Vec::new()
    };
    let Some(first) = files.first() else { return Err(no_table(folder, name)) };
    let schema = parquet_door::builder(first)?.schema().clone();
    Ok(Box::new(Stream { schema, files: files.into_iter(), open: None }))
}

fn no_table(folder: &Path, name: &str) -> Problems {
    let names = tables(folder).unwrap_or_default();
    let names: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
    let hint = if names.is_empty() { "there are no tables".into() } else { format!("there are: {}", names.join(", ")) };
    let mut problem = trouble::of_file_with_hint(folder, "no such table", hint);
    problem.value = Some(name.into());
    problem.into()
}

type Opened = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

/// Files one after the other, each opened when the one before is at its end.
struct Stream {
    schema: SchemaRef,
    files: std::vec::IntoIter<PathBuf>,
    open: Option<Opened>,
}

impl Stream {
    fn open(path: &Path) -> Outcome<Opened> {
        let batches = parquet_door::batches(parquet_door::builder(path)?).doing(UNREADABLE, path)?;
        Ok(Box::new(batches.map(|batch| batch.map_err(|error| ArrowError::ParquetError(error.to_string())))))
    }
}

impl Iterator for Stream {
    type Item = Result<RecordBatch, ArrowError>;
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(batch) = self.open.as_mut().and_then(Iterator::next) {
                return Some(batch);
            }
            let path = self.files.next()?;
            match Stream::open(&path) {
                Ok(opened) => self.open = Some(opened),
                Err(problems) => return Some(Err(ArrowError::ParquetError(problems.to_string()))),
            }
        }
    }
}

impl RecordBatchReader for Stream {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}

/// `acoledger replay`: one row for each row of the file, and the counts as JSON.
///
/// # Errors
/// A file that cannot be read or is no results file.
pub fn replay(file: &Path, year: Option<i32>) -> Outcome<(Batches, String)> {
    let rules = Rules::built_in().map_err(|error| trouble::of_rule(&error))?;
    let opened = File::open(file).doing("cannot be read", file)?;
    let replayed = acoledger_aco::replay::replay(opened, &file.display().to_string(), year, &rules)?;
    let summary = serde_json::to_string(&replayed.summary()).expect("plain values serialise");
    let table = replayed.table();
    let (heads, rows) = table.split_first().expect("a table begins with its heads");
    let columns = heads.iter().enumerate().map(|(at, head)| {
        let cells = || rows.iter().map(move |row| Some(row[at].as_str()).filter(|cell| !cell.is_empty()));
        let array: ArrayRef = if head == "performance_year" {
            Arc::new(cells().map(|cell| cell?.parse().ok()).collect::<Int64Array>())
        } else if head.ends_with("_difference") || head.ends_with("_tolerance") {
            Arc::new(cells().map(|cell| cell?.parse().ok()).collect::<Float64Array>())
        } else {
            Arc::new(cells().collect::<StringArray>())
        };
        (head, array, true)
    });
    let batch = RecordBatch::try_from_iter_with_nullable(columns).expect("a cell for each head");
    Ok((one(batch), summary))
}

/// `acoledger explain --aco`: the page, and its steps as a table. `place` is a run folder or a study file.
///
/// # Errors
/// No run there, an ACO or a year that it does not have.
pub fn explain_aco(place: &Path, aco: &str, year: Option<i32>, arithmetic: bool) -> Outcome<(String, Batches)> {
    let (page, grid) = commands::explain::walk_of(place, aco, year, arithmetic)?;
    Ok((page, one(grid.batch())))
}

/// `acoledger explain --bene`: the page.
///
/// # Errors
/// A study or lake that cannot be read, a life or year that they do not have.
pub fn explain_bene(study: &Path, bene_id: &str, year: i32, performance_year: Option<i32>) -> Outcome<String> {
    let _rights = readable_by(ReadableBy::Owner);
    let answer = explain::life(&Question { study, bene_id, calendar_year: year, performance_year })?;
    Ok(explain::page(&answer))
}

/// What a scenario found.
pub struct ScenarioReport {
    /// Its folder.
    pub folder: PathBuf,
    /// Titles of the reforms.
    pub titles: Vec<String>,
    /// What a reader should know.
    pub findings: Vec<String>,
    /// The first stage whose results differ; none: the reform changes nothing.
    pub first_stage: Option<String>,
    /// By performance year and track: sums under both.
    pub summary: Batches,
    /// By ACO.
    pub differences: Batches,
}

/// `acoledger scenario`.
///
/// # Errors
/// What stops it.
pub fn scenario(
    study: &Path,
    reforms: &[PathBuf],
    out: Option<PathBuf>,
    overrides: &Overrides,
    progress: Option<Listener>,
) -> Outcome<ScenarioReport> {
    let _rights = readable_by(ReadableBy::Owner);
    let _listening = progress.map(Listening::to);
    let loaded = LoadedStudy::load(study, overrides)?;
    let out = commands::scenario::place(&loaded, out)?;
    let report = pool(loaded.threads(), &loaded.file)?.install(|| crate::scenario::run(&loaded, reforms, &out))?;
    Ok(ScenarioReport {
        folder: report.folder,
        titles: report.titles,
        findings: report.findings,
        first_stage: report.first_stage.map(|stage| stage.name.to_owned()),
        summary: one(batch::<Summary>(&report.summaries)),
        differences: one(batch::<Difference>(&report.differences)),
    })
}

/// How people are scored.
#[derive(Clone, Debug, Default)]
pub struct ScoreOptions {
    /// Model of all rows, in place of the column `model`.
    pub model: Option<String>,
    /// Payment year of the diagnosis map of all rows, in place of the column `mapping_year`.
    pub year: Option<i32>,
    /// Whether columns say why.
    pub explain: bool,
    /// Diagnosis maps in place of our own.
    pub map: Option<PathBuf>,
    /// Whether the ages of the Medicare code editor are not applied.
    pub no_mce_edits: bool,
    /// Whether 64-year-olds entitled by age count as 65 in every model.
    pub aged_at_64: bool,
}

/// `acoledger score`: a row for each row, in the same order. Columns as in its Parquet.
///
/// # Errors
/// Missing columns, bad cells, a model or year without a map.
pub fn score(people: Box<dyn RecordBatchReader + Send>, options: &ScoreOptions) -> Outcome<Batches> {
    let name = Path::new("people");
    let question = score::Question {
        people: name,
        model: options.model.as_deref().map(|model| commands::score::model_named(name, model)).transpose()?,
        payment_year: options.year,
        explain: options.explain,
        map: options.map.as_deref(),
        options: Options { mce_edits: !options.no_mce_edits, aged_at_64: options.aged_at_64 },
        format: Default::default(),
        out: None,
    };
    let schema = people.schema();
    let batches = people.map(|batch| batch.map_err(|error| error.to_string()));
    let (batches, _) = pool(0, name)?.install(|| score::score_columns(&question, &schema, batches))?;
    let first = batches.first().expect("scores begin with their columns");
    Ok((first.schema(), batches))
}

/// `acoledger rules --year`: the rules in force.
///
/// # Errors
/// A year or track that there is not, a study or rules file that cannot be read.
pub fn rules(year: i32, track: Option<&str>, study: Option<&Path>, file: Option<&Path>) -> Outcome<Batches> {
    let (first, last) = commands::rules::YEARS;
    if !(first..=last).contains(&i64::from(year)) {
        let what = format!("{year} is not in {first}..={last}");
        return Err(trouble::of_file_with_hint(Path::new("year"), what, "a performance year of the program").into());
    }
    Ok(one(commands::rules::table_of(year, track, study, file)?.batch()))
}

/// `acoledger synth`.
///
/// # Errors
/// Options out of range, a folder that is taken, the disk.
pub fn synth(options: &SynthOptions, threads: usize, progress: Option<Listener>) -> Outcome<SynthReport> {
    let _rights = readable_by(ReadableBy::Owner);
    let _listening = progress.map(Listening::to);
    let bar = Progress::begin("synth", u64::from(options.lives), "lives");
    let rows = AtomicU64::new(0);
    let show = |now: SynthProgress| {
        let before = rows.fetch_max(now.rows, Ordering::Relaxed);
        bar.set(now.lives, now.lives_done, now.rows.saturating_sub(before));
    };
    pool(threads, &options.out)?.install(|| crate::synth::run(options, &show))
}

/// The problems that a command would print, without the identifiers of lives.
pub fn shown(problems: &Problems) -> Vec<Problem> {
    trouble::shown(problems)
}
