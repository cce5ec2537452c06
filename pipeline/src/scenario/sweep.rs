//! The tidy table of a sweep: key values, then an ACO or the nation, then what comes of it.
//!
//! Points are settled in blocks, in parallel, and a block is written while the next one is settled; so rows stand in the order
//! of the points and memory does not grow with their number.

use crate::progress::Progress;
use crate::trouble::{Io, Outcome};
use acoledger_aco::Index;
use acoledger_aco::scenario::{Scenario, Sweep, Swept};
use acoledger_schemas::program::Program;
use acoledger_schemas::spreadsheet::neutral;
use acoledger_schemas::values::PerformanceYear;
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use rayon::prelude::*;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows of a block, about: what is in memory at a time, twice.
const BLOCK_ROWS: usize = 1 << 16;

/// The rows of one point.
struct Rows<'r> {
    values: Vec<f64>,
    rows: Vec<Row<'r>>,
}

/// One row: of an ACO, or of the nation in a performance year.
#[derive(Clone, Copy, Default)]
struct Row<'r> {
    level: &'static str,
    performance_year: i64,
    period: Option<&'static str>,
    aco_id: Option<&'r str>,
    track: Option<&'static str>,
    outcome: Option<&'static str>,
    assigned: i64,
    updated_benchmark: Option<i64>,
    total_benchmark: i64,
    gross_savings_cents: i64,
    earned_cents: i64,
    paid_cents: i64,
    owed_cents: i64,
}

/// Settles every point and writes `sweep.csv` and `sweep.parquet`; the number of points.
pub(super) fn write(
    folder: &Path,
    scenario: &Scenario,
    index: &Index<'_>,
    program: &Program,
    years: &[i32],
) -> Outcome<usize> {
    let sweep = Sweep::new(scenario, index, program, years)?;
    let points = scenario.point_count();
    tracing::info!(points, "the sweep is settled and written point by point");
    let progress = Progress::begin("sweep", points as u64, "points");
    let keys: Vec<&str> = scenario.axes().iter().map(|axis| axis.key.as_str()).collect();
    let mut table = TidyTable::begin(folder, &keys)?;
    let of_point = |at: usize| -> Outcome<Rows<'_>> {
        let point = scenario.point(at);
        let rows = rows(&sweep.at(&point)?);
        progress.step(rows.len() as u64);
        Ok(Rows { values: point.values, rows })
    };
    let settle = |from: usize, to: usize| -> Vec<Outcome<Rows<'_>>> {
        (from..to.min(points)).into_par_iter().map(of_point).collect()
    };
    let mut settled = settle(0, 1);
    let block = settled.iter().flatten().next().map_or(1, |first| (BLOCK_ROWS / first.rows.len().max(1)).max(1));
    let mut done = 1;
    while !settled.is_empty() {
        let (written, next) = rayon::join(|| table.write(settled), || settle(done, done + block));
        written?;
        settled = next;
        done += block;
    }
    table.finish()?;
    Ok(points)
}

/// The ACOs of a point, then the nation by performance year.
fn rows<'r>(results: &[Swept<'r>]) -> Vec<Row<'r>> {
    let of_aco = |swept: &Swept<'r>| Row {
        level: "aco",
        performance_year: i64::from(swept.aco.performance_year.0),
        period: Some(swept.aco.period.code()),
        aco_id: Some(swept.aco.aco_id.as_str()),
        track: Some(swept.aco.track.code()),
        outcome: Some(swept.outcome),
        assigned: swept.assigned,
        updated_benchmark: Some(swept.updated_benchmark),
        total_benchmark: swept.total_benchmark,
        gross_savings_cents: swept.gross_savings.0,
        earned_cents: swept.earned.0,
        paid_cents: swept.earned.0.max(0),
        owed_cents: swept.earned.0.min(0),
    };
    let mut rows: Vec<Row<'r>> = results.iter().map(of_aco).collect();
    let mut years: Vec<PerformanceYear> = results.iter().map(|swept| swept.aco.performance_year).collect();
    years.dedup();
    for year in years {
        let mut nation = Row { level: "nation", performance_year: i64::from(year.0), ..Row::default() };
        for row in rows.iter().filter(|row| row.level == "aco" && row.performance_year == nation.performance_year) {
            nation.assigned += row.assigned;
            nation.total_benchmark += row.total_benchmark;
            nation.gross_savings_cents += row.gross_savings_cents;
            nation.earned_cents += row.earned_cents;
            nation.paid_cents += row.paid_cents;
            nation.owed_cents += row.owed_cents;
        }
        rows.push(nation);
    }
    rows
}

/// A column after the swept keys.
enum Column {
    Text(fn(&Row<'_>) -> Option<&'static str>),
    Aco,
    Number(fn(&Row<'_>) -> Option<i64>),
}

/// Columns after the swept keys, with whether they may be blank: those that a nation does not have are.
const COLUMNS: [(&str, bool, Column); 13] = [
    ("level", false, Column::Text(|row| Some(row.level))),
    ("performance_year", false, Column::Number(|row| Some(row.performance_year))),
    ("period", true, Column::Text(|row| row.period)),
    ("aco_id", true, Column::Aco),
    ("track", true, Column::Text(|row| row.track)),
    ("outcome", true, Column::Text(|row| row.outcome)),
    ("assigned", false, Column::Number(|row| Some(row.assigned))),
    ("updated_benchmark", true, Column::Number(|row| row.updated_benchmark)),
    ("total_benchmark", false, Column::Number(|row| Some(row.total_benchmark))),
    ("gross_savings_cents", false, Column::Number(|row| Some(row.gross_savings_cents))),
    ("earned_cents", false, Column::Number(|row| Some(row.earned_cents))),
    ("paid_cents", false, Column::Number(|row| Some(row.paid_cents))),
    ("owed_cents", false, Column::Number(|row| Some(row.owed_cents))),
];

/// Both files of the table, open.
struct TidyTable {
    paths: [PathBuf; 2],
    csv: csv::Writer<BufWriter<File>>,
    parquet: ArrowWriter<BufWriter<File>>,
    schema: Arc<Schema>,
}

impl TidyTable {
    fn begin(folder: &Path, keys: &[&str]) -> Outcome<TidyTable> {
        let paths = ["sweep.csv", "sweep.parquet"].map(|name| folder.join(name));
        let open = |path: &Path| File::create(path).map(BufWriter::new).doing("cannot be written", path);
        let mut csv = csv::Writer::from_writer(open(&paths[0])?);
        csv.write_record(keys.iter().copied().chain(COLUMNS.iter().map(|(name, ..)| *name)))
            .doing("cannot be written", &paths[0])?;
        let of_keys = keys.iter().map(|key| Field::new(*key, DataType::Float64, false));
        let after = COLUMNS.iter().map(|(name, blank, column)| {
            let kind = if matches!(column, Column::Number(_)) { DataType::Int64 } else { DataType::Utf8 };
            Field::new(*name, kind, *blank)
        });
        let schema = Arc::new(Schema::new(of_keys.chain(after).collect::<Vec<_>>()));
        let level = ZstdLevel::try_new(3).doing("cannot be written", &paths[1])?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_created_by(concat!("acoledger ", env!("CARGO_PKG_VERSION")).into())
            .build();
        let parquet = ArrowWriter::try_new(open(&paths[1])?, schema.clone(), Some(properties));
        let parquet = parquet.doing("cannot be written", &paths[1])?;
        Ok(TidyTable { paths, csv, parquet, schema })
    }

    /// Writes points in their order; the first one that does not settle ends the table.
    fn write(&mut self, settled: Vec<Outcome<Rows<'_>>>) -> Outcome<()> {
        let points = settled.into_iter().collect::<Outcome<Vec<Rows<'_>>>>()?;
        for point in &points {
            self.write_csv(point).doing("cannot be written", &self.paths[0])?;
        }
        let batch = RecordBatch::try_new(self.schema.clone(), arrays(&points));
        let batch = batch.doing("cannot be written", &self.paths[1])?;
        self.parquet.write(&batch).doing("cannot be written", &self.paths[1])
    }

    fn write_csv(&mut self, point: &Rows<'_>) -> Result<(), csv::Error> {
        let values: Vec<String> = point.values.iter().map(f64::to_string).collect();
        for row in &point.rows {
            for value in &values {
                self.csv.write_field(value)?;
            }
            for (_, _, column) in &COLUMNS {
                match column {
                    Column::Text(read) => self.csv.write_field(&*neutral(read(row).unwrap_or_default()))?,
                    Column::Aco => self.csv.write_field(&*neutral(row.aco_id.unwrap_or_default()))?,
                    Column::Number(read) => {
                        self.csv.write_field(read(row).map(|number| number.to_string()).unwrap_or_default())?;
                    }
                }
            }
            self.csv.write_record(None::<&[u8]>)?;
        }
        Ok(())
    }

    fn finish(self) -> Outcome<()> {
        let [csv, parquet] = self.paths;
        let written = self.csv.into_inner().map_err(|error| error.to_string());
        close(written.doing("cannot be written", &csv)?, &csv)?;
        close(self.parquet.into_inner().doing("cannot be written", &parquet)?, &parquet)
    }
}

fn close(mut file: BufWriter<File>, path: &Path) -> Outcome<()> {
    file.flush().and_then(|()| file.get_ref().sync_all()).doing("cannot be written", path)
}

/// Points as columns: the keys, then the others.
fn arrays(points: &[Rows<'_>]) -> Vec<ArrayRef> {
    let rows = || points.iter().flat_map(|point| &point.rows);
    let keys = points.first().map_or(0, |point| point.values.len());
    let of_keys = (0..keys).map(|at| -> ArrayRef {
        let values = points.iter().flat_map(|point| std::iter::repeat_n(point.values[at], point.rows.len()));
        Arc::new(values.collect::<Float64Array>())
    });
    let after = COLUMNS.iter().map(|(_, _, column)| -> ArrayRef {
        match column {
            Column::Text(read) => Arc::new(rows().map(read).collect::<StringArray>()),
            Column::Aco => Arc::new(rows().map(|row| row.aco_id).collect::<StringArray>()),
            Column::Number(read) => Arc::new(rows().map(read).collect::<Int64Array>()),
        }
    });
    of_keys.chain(after).collect()
}
