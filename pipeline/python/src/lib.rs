//! `acoledger._native`: the functions of [`acoledger::api`] for Python.
//!
//! Thin on purpose: arguments in, tables out through the Arrow PyCapsule interface, errors as exceptions with their parts. What the package
//! offers its users is in `python/acoledger`. The interpreter's lock is released while anything is computed.

mod engine;
mod errors;
mod tables;

use acoledger::api::{self, RunOptions, ScoreOptions};
use acoledger::cluster::{self, Engine};
use acoledger::ingest::cluster as ingest;
use acoledger::progress::{Listener, Step};
use acoledger::study::{Freshness, Overrides};
use acoledger::synth::{RawKind, SynthOptions};
use arrow_array::cast::AsArray;
use arrow_schema::DataType;
use engine::Callback;
use errors::{Error, or_raise, raised};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use pyo3_arrow::PyArray;
use pyo3_arrow::input::AnyRecordBatch;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tables::{Stream, Table};

/// The first exception that a callback of the user raised.
type Raised = Arc<Mutex<Option<PyErr>>>;

/// A Python callable as a listener. After its first exception it is called no more; the exception is raised at the end.
fn listener(callable: Option<Py<PyAny>>, raised: &Raised) -> Option<Listener> {
    let (callable, raised) = (callable?, raised.clone());
    Some(Arc::new(move |step: &Step| {
        Python::attach(|py| {
            let mut raised = raised.lock().unwrap_or_else(PoisonError::into_inner);
            if raised.is_none()
                && let Err(error) = callable.call1(py, (&step.stage, step.done, step.total, step.rows))
            {
                *raised = Some(error);
            }
        });
    }))
}

/// The exception of a callback goes before what came of it.
fn first<T>(raised: &Raised, result: PyResult<T>) -> PyResult<T> {
    match raised.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(error) => Err(error),
        None => result,
    }
}

/// Runs a study; a dict of what came of it.
#[pyfunction]
#[pyo3(signature = (study, *, out=None, threads=None, memory=None, shards=None, rules=None, until="settle", public=false, progress=None, engine=None))]
#[expect(clippy::too_many_arguments, reason = "they are keywords")]
fn run(
    py: Python<'_>,
    study: PathBuf,
    out: Option<PathBuf>,
    threads: Option<usize>,
    memory: Option<String>,
    shards: Option<u32>,
    rules: Option<PathBuf>,
    until: &str,
    public: bool,
    progress: Option<Py<PyAny>>,
    engine: Option<Py<PyAny>>,
) -> PyResult<Py<PyDict>> {
    let overrides = Overrides { out, threads, memory, shards, csv: false, rules, freshness: Freshness::default() };
    let raised = Raised::default();
    let engine = engine.map(|callable| Callback { callable, raised: raised.clone() });
    let options = RunOptions {
        overrides,
        until: until.to_owned(),
        public,
        progress: listener(progress, &raised),
        engine: engine.as_ref().map(|engine| engine as &dyn Engine),
    };
    let report = py.detach(|| api::run(&study, options));
    let report = first(&raised, or_raise(py, report))?;
    let dict = PyDict::new(py);
    dict.set_item("folder", &report.folder)?;
    dict.set_item("already_done", report.already_done)?;
    dict.set_item("beyond_limits", report.beyond_limits())?;
    let manifest = serde_json::to_string(&report.manifest).map_err(|error| PyValueError::new_err(error.to_string()))?;
    dict.set_item("manifest", manifest)?;
    dict.set_item("published", &report.published)?;
    Ok(dict.unbind())
}

/// Does a job's work with one shard, for the engine of a run.
#[pyfunction]
fn task<'py>(py: Python<'py>, job: &[u8], shard: u32) -> PyResult<Bound<'py, PyBytes>> {
    let answer = py.detach(|| cluster::task(job, shard));
    Ok(PyBytes::new(py, &or_raise(py, answer)?))
}

/// Names and rows of a folder's tables.
#[pyfunction]
#[pyo3(name = "tables")]
fn tables_of(py: Python<'_>, folder: PathBuf) -> PyResult<Vec<(String, Option<u64>)>> {
    let tables = py.detach(|| api::tables(&folder));
    or_raise(py, tables)
}

/// A table of a folder, in memory.
#[pyfunction]
fn read_table(py: Python<'_>, folder: PathBuf, name: String) -> PyResult<Table> {
    let reader = or_raise(py, api::read(&folder, &name))?;
    let schema = reader.schema();
    let batches = py.detach(|| reader.collect::<Result<Vec<_>, _>>());
    let batches = batches.map_err(|error| PyValueError::new_err(error.to_string()))?;
    Ok(Table { schema, batches })
}

/// A table of a folder, batch by batch as it is read.
#[pyfunction]
fn read_sharded(py: Python<'_>, folder: PathBuf, name: &str) -> PyResult<Stream> {
    Ok(Stream::new(or_raise(py, api::read(&folder, name))?))
}

/// Every settlement of a results file derived again: a table, and counts as JSON.
#[pyfunction]
#[pyo3(signature = (file, year=None))]
fn replay(py: Python<'_>, file: PathBuf, year: Option<i32>) -> PyResult<(Table, String)> {
    let replayed = py.detach(|| api::replay(&file, year));
    let (batches, summary) = or_raise(py, replayed)?;
    Ok((batches.into(), summary))
}

/// The benchmark of an ACO: a page, and its steps.
#[pyfunction]
#[pyo3(signature = (place, aco, year=None, arithmetic=false))]
fn explain_aco(
    py: Python<'_>,
    place: PathBuf,
    aco: &str,
    year: Option<i32>,
    arithmetic: bool,
) -> PyResult<(String, Table)> {
    let explained = py.detach(|| api::explain_aco(&place, aco, year, arithmetic));
    let (page, steps) = or_raise(py, explained)?;
    Ok((page, steps.into()))
}

/// Why a life is on the list it is on: a page.
#[pyfunction]
#[pyo3(signature = (study, bene, year, performance_year=None))]
fn explain_bene(
    py: Python<'_>,
    study: PathBuf,
    bene: &str,
    year: i32,
    performance_year: Option<i32>,
) -> PyResult<String> {
    let page = py.detach(|| api::explain_bene(&study, bene, year, performance_year));
    or_raise(py, page)
}

/// Runs a scenario; a dict of what came of it.
#[pyfunction]
#[pyo3(signature = (study, reforms, *, out=None, threads=None, memory=None, progress=None))]
fn scenario(
    py: Python<'_>,
    study: PathBuf,
    reforms: Vec<PathBuf>,
    out: Option<PathBuf>,
    threads: Option<usize>,
    memory: Option<String>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Py<PyDict>> {
    let raised = Raised::default();
    let overrides = Overrides { threads, memory, ..Overrides::default() };
    let progress = listener(progress, &raised);
    let report = py.detach(|| api::scenario(&study, &reforms, out, &overrides, progress));
    let report = first(&raised, or_raise(py, report))?;
    let dict = PyDict::new(py);
    dict.set_item("folder", &report.folder)?;
    dict.set_item("titles", &report.titles)?;
    dict.set_item("findings", &report.findings)?;
    dict.set_item("first_stage", &report.first_stage)?;
    dict.set_item("summary", Table::from(report.summary).into_pyobject(py)?)?;
    dict.set_item("differences", Table::from(report.differences).into_pyobject(py)?)?;
    Ok(dict.unbind())
}

/// Risk scores of people: a row for each row.
#[pyfunction]
#[pyo3(signature = (people, *, model=None, year=None, explain=false, mce_edits=true, aged_at_64=false, map=None))]
#[expect(clippy::too_many_arguments, reason = "they are keywords")]
fn score(
    py: Python<'_>,
    people: AnyRecordBatch,
    model: Option<String>,
    year: Option<i32>,
    explain: bool,
    mce_edits: bool,
    aged_at_64: bool,
    map: Option<PathBuf>,
) -> PyResult<Table> {
    let options = ScoreOptions { model, year, explain, map, no_mce_edits: !mce_edits, aged_at_64 };
    let reader = people.into_reader()?;
    let scored = py.detach(|| api::score(reader, &options));
    Ok(or_raise(py, scored)?.into())
}

/// The rules in force in a performance year.
#[pyfunction]
#[pyo3(signature = (year, *, track=None, study=None, rules=None))]
fn rules(
    py: Python<'_>,
    year: i32,
    track: Option<&str>,
    study: Option<PathBuf>,
    rules: Option<PathBuf>,
) -> PyResult<Table> {
    Ok(or_raise(py, api::rules(year, track, study.as_deref(), rules.as_deref()))?.into())
}

/// Makes a synthetic nation; its study file.
#[pyfunction]
#[pyo3(signature = (out, *, lives=50_000, years=None, aco_share=None, raw="parquet", seed=1, threads=0, progress=None))]
#[expect(clippy::too_many_arguments, reason = "they are keywords")]
fn synth(
    py: Python<'_>,
    out: PathBuf,
    lives: u32,
    years: Option<Vec<i32>>,
    aco_share: Option<f64>,
    raw: &str,
    seed: u64,
    threads: usize,
    progress: Option<Py<PyAny>>,
) -> PyResult<PathBuf> {
    let raw = match raw {
        "csv" => RawKind::Csv,
        "parquet" => RawKind::Parquet,
        "lake" => RawKind::Lake,
        "cclf" => RawKind::Cclf,
        other => return Err(PyValueError::new_err(format!("raw={other:?}: one of csv, parquet, lake, cclf"))),
    };
    let mut options = SynthOptions { raw, aco_share, seed, ..SynthOptions::new(lives, out) };
    if let Some(years) = years {
        options.performance_years = years;
    }
    let raised = Raised::default();
    let progress = listener(progress, &raised);
    let report = py.detach(|| api::synth(&options, threads, progress));
    Ok(first(&raised, or_raise(py, report))?.study)
}

/// The key and the shard of each identifier of a life.
#[pyfunction]
fn life_shards(py: Python<'_>, ids: PyArray, shards: u32) -> PyResult<Table> {
    let text = arrow_cast::cast(ids.array(), &DataType::Utf8)
        .map_err(|error| PyValueError::new_err(format!("identifiers cannot be read as text: {error}")))?;
    if !shards.is_power_of_two() {
        return Err(PyValueError::new_err(format!("{shards} shards: not a power of two")));
    }
    let batch = py.detach(|| ingest::life_shards(text.as_string::<i32>(), shards));
    Ok(Table { schema: batch.schema(), batches: vec![batch] })
}

/// The column of a raw table that holds the identifier of the life.
#[pyfunction]
fn id_column(py: Python<'_>, table: &str, columns: Vec<String>) -> PyResult<String> {
    or_raise(py, ingest::id_column(table, &columns))
}

/// The column of a raw table that holds the payment of each row; `None` in enrollment.
#[pyfunction]
fn payment_column(py: Python<'_>, table: &str, columns: Vec<String>) -> PyResult<Option<String>> {
    or_raise(py, ingest::payment_column(table, &columns))
}

/// Shards of a study's lake.
#[pyfunction]
fn lake_shards(py: Python<'_>, study: PathBuf) -> PyResult<u32> {
    or_raise(py, ingest::lake_shards(&study))
}

/// Raw tables that a study reads.
#[pyfunction]
fn raw_tables(py: Python<'_>, study: PathBuf) -> PyResult<Vec<String>> {
    or_raise(py, ingest::raw_tables(&study))
}

/// Ingests the rows of one shard.
#[pyfunction]
fn ingest_part<'py>(
    py: Python<'py>,
    study: PathBuf,
    raw: PathBuf,
    folder: PathBuf,
    shard: u32,
) -> PyResult<Bound<'py, PyBytes>> {
    let part = py.detach(|| ingest::ingest_part(&study, &raw, &folder, shard));
    Ok(PyBytes::new(py, &or_raise(py, part)?))
}

/// A lake that tasks fill shard by shard.
#[pyclass(module = "acoledger._native")]
struct ClusterIngest(Option<ingest::ClusterIngest>);

impl ClusterIngest {
    fn open(&self) -> PyResult<&ingest::ClusterIngest> {
        self.0.as_ref().ok_or_else(|| raised("the ingest has come to its end"))
    }
}

#[pymethods]
impl ClusterIngest {
    /// Folder that tasks put files into.
    #[getter]
    fn folder(&self) -> PyResult<PathBuf> {
        whole(&self.open()?.folder())
    }
    /// Shards of the lake.
    #[getter]
    fn shards(&self) -> PyResult<u32> {
        Ok(self.open()?.shards())
    }
    /// Folder of the lake.
    #[getter]
    fn lake(&self) -> PyResult<PathBuf> {
        whole(self.open()?.lake())
    }
    /// Puts the new lake in its place; its report as JSON.
    fn finish(&mut self, py: Python<'_>, parts: Vec<Vec<u8>>, sources: &str) -> PyResult<String> {
        let sources: Vec<ingest::Source> =
            serde_json::from_str(sources).map_err(|error| PyValueError::new_err(format!("sources: {error}")))?;
        let ingest = self.0.take().ok_or_else(|| raised("the ingest has come to its end"))?;
        let report = py.detach(|| ingest.finish(&parts, &sources));
        let report = or_raise(py, report)?;
        serde_json::to_string(&report).map_err(|error| PyValueError::new_err(error.to_string()))
    }
    /// Removes what was made; the earlier lake stands.
    fn abort(&mut self) {
        self.0 = None;
    }
}

fn whole(path: &Path) -> PyResult<PathBuf> {
    Ok(std::path::absolute(path)?)
}

/// Takes the lake of a study, to fill it shard by shard.
#[pyfunction]
fn ingest_begin(py: Python<'_>, study: PathBuf) -> PyResult<ClusterIngest> {
    Ok(ClusterIngest(Some(or_raise(py, ingest::ClusterIngest::begin(&study))?)))
}

/// The version.
#[pyfunction]
fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// The extension of the package `acoledger`.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    api::begin();
    module.add("Error", module.py().get_type::<Error>())?;
    module.add_class::<Table>()?;
    module.add_class::<Stream>()?;
    module.add_class::<ClusterIngest>()?;
    module.add_function(wrap_pyfunction!(run, module)?)?;
    module.add_function(wrap_pyfunction!(task, module)?)?;
    module.add_function(wrap_pyfunction!(tables_of, module)?)?;
    module.add_function(wrap_pyfunction!(read_table, module)?)?;
    module.add_function(wrap_pyfunction!(read_sharded, module)?)?;
    module.add_function(wrap_pyfunction!(replay, module)?)?;
    module.add_function(wrap_pyfunction!(explain_aco, module)?)?;
    module.add_function(wrap_pyfunction!(explain_bene, module)?)?;
    module.add_function(wrap_pyfunction!(scenario, module)?)?;
    module.add_function(wrap_pyfunction!(score, module)?)?;
    module.add_function(wrap_pyfunction!(rules, module)?)?;
    module.add_function(wrap_pyfunction!(synth, module)?)?;
    module.add_function(wrap_pyfunction!(life_shards, module)?)?;
    module.add_function(wrap_pyfunction!(id_column, module)?)?;
    module.add_function(wrap_pyfunction!(payment_column, module)?)?;
    module.add_function(wrap_pyfunction!(lake_shards, module)?)?;
    module.add_function(wrap_pyfunction!(raw_tables, module)?)?;
    module.add_function(wrap_pyfunction!(ingest_begin, module)?)?;
    module.add_function(wrap_pyfunction!(ingest_part, module)?)?;
    module.add_function(wrap_pyfunction!(version, module)?)?;
    Ok(())
}
