//! The tidy table of a sweep: key values, then an ACO or the nation, then what comes of it.

use crate::files::write_atomically;
use crate::trouble::Outcome;
use acoledger_aco::scenario::{Point, Scenario, settle};
use acoledger_aco::tables::SavingsLosses;
use acoledger_aco::{Detail, Index};
use acoledger_schemas::program::Program;
use acoledger_schemas::values::PerformanceYear;
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use rayon::prelude::*;
use std::path::Path;
use std::sync::Arc;

/// One row: of an ACO, or of the nation in a performance year.
struct Row {
    values: Arc<[f64]>,
    level: &'static str,
    performance_year: i64,
    period: Option<&'static str>,
    aco_id: Option<String>,
    track: Option<&'static str>,
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
    let points = scenario.points();
    let settled: Vec<Outcome<Vec<Row>>> = points
        .par_iter()
        .map(|point| {
            let groups = scenario.groups_at(point, program, years)?;
            Ok(rows(point, &settle(index, &groups, Detail::Results)?.savings_losses))
        })
        .collect();
    let mut rows = Vec::new();
    for of_point in settled {
        rows.extend(of_point?);
    }
    let keys: Vec<&str> = scenario.axes().iter().map(|axis| axis.key.as_str()).collect();
    write_csv(&folder.join("sweep.csv"), &keys, &rows)?;
    write_parquet(&folder.join("sweep.parquet"), &keys, &rows)?;
    Ok(points.len())
}

/// The ACOs of a point, then the nation by performance year.
fn rows(point: &Point, results: &[SavingsLosses]) -> Vec<Row> {
    let values: Arc<[f64]> = point.values.clone().into();
    let of_aco = |row: &SavingsLosses| Row {
        values: values.clone(),
        level: "aco",
        performance_year: i64::from(row.performance_year.0),
        period: Some(row.period.code()),
        aco_id: Some(row.aco_id.as_str().to_owned()),
        track: Some(row.current_track.code()),
        assigned: row.n_ab,
        updated_benchmark: Some(row.updated_bnchmk),
        total_benchmark: row.ab_tot_bnchmk,
        gross_savings_cents: row.gross_savings_cents.0,
        earned_cents: row.earned_cents.0,
        paid_cents: row.earned_cents.0.max(0),
        owed_cents: row.earned_cents.0.min(0),
    };
    let mut rows: Vec<Row> = results.iter().map(of_aco).collect();
    let mut years: Vec<PerformanceYear> = results.iter().map(|row| row.performance_year).collect();
    years.dedup();
    for year in years {
        let of_year = || results.iter().filter(|row| row.performance_year == year);
        rows.push(Row {
            values: values.clone(),
            level: "nation",
            performance_year: i64::from(year.0),
            period: None,
            aco_id: None,
            track: None,
            assigned: of_year().map(|row| row.n_ab).sum(),
            updated_benchmark: None,
            total_benchmark: of_year().map(|row| row.ab_tot_bnchmk).sum(),
            gross_savings_cents: of_year().map(|row| row.gross_savings_cents.0).sum(),
            earned_cents: of_year().map(|row| row.earned_cents.0).sum(),
            paid_cents: of_year().map(|row| row.earned_cents.0.max(0)).sum(),
            owed_cents: of_year().map(|row| row.earned_cents.0.min(0)).sum(),
        });
    }
    rows
}

/// Columns after the swept keys.
const COLUMNS: [&str; 12] = [
    "level",
    "performance_year",
    "period",
    "aco_id",
    "track",
    "assigned",
    "updated_benchmark",
    "total_benchmark",
    "gross_savings_cents",
    "earned_cents",
    "paid_cents",
    "owed_cents",
];

fn write_csv(path: &Path, keys: &[&str], rows: &[Row]) -> Outcome<()> {
    let text = |error: csv::Error| error.to_string();
    write_atomically(path, |file| {
        let mut writer = csv::Writer::from_writer(file);
        writer.write_record(keys.iter().chain(&COLUMNS)).map_err(text)?;
        for row in rows {
            let whole = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
            let mut cells: Vec<String> = row.values.iter().map(f64::to_string).collect();
            cells.extend([
                row.level.to_owned(),
                row.performance_year.to_string(),
                row.period.unwrap_or_default().to_owned(),
                row.aco_id.clone().unwrap_or_default(),
                row.track.unwrap_or_default().to_owned(),
                row.assigned.to_string(),
                whole(row.updated_benchmark),
                row.total_benchmark.to_string(),
                row.gross_savings_cents.to_string(),
                row.earned_cents.to_string(),
                row.paid_cents.to_string(),
                row.owed_cents.to_string(),
            ]);
            writer.write_record(cells).map_err(text)?;
        }
        writer.flush().map_err(|error| error.to_string())
    })
}

fn write_parquet(path: &Path, keys: &[&str], rows: &[Row]) -> Outcome<()> {
    let texts =
        |read: fn(&Row) -> Option<&str>| -> ArrayRef { Arc::new(rows.iter().map(read).collect::<StringArray>()) };
    let numbers =
        |read: fn(&Row) -> Option<i64>| -> ArrayRef { Arc::new(rows.iter().map(read).collect::<Int64Array>()) };
    let mut columns: Vec<(String, ArrayRef, bool)> = Vec::new();
    for (at, key) in keys.iter().enumerate() {
        let values: Float64Array = rows.iter().map(|row| Some(row.values[at])).collect();
        columns.push(((*key).to_owned(), Arc::new(values), false));
    }
    let after: [(ArrayRef, bool); 12] = [
        (texts(|row| Some(row.level)), false),
        (numbers(|row| Some(row.performance_year)), false),
        (texts(|row| row.period), true),
        (texts(|row| row.aco_id.as_deref()), true),
        (texts(|row| row.track), true),
        (numbers(|row| Some(row.assigned)), false),
        (numbers(|row| row.updated_benchmark), true),
        (numbers(|row| Some(row.total_benchmark)), false),
        (numbers(|row| Some(row.gross_savings_cents)), false),
        (numbers(|row| Some(row.earned_cents)), false),
        (numbers(|row| Some(row.paid_cents)), false),
        (numbers(|row| Some(row.owed_cents)), false),
    ];
    columns.extend(COLUMNS.iter().zip(after).map(|(name, (values, blank))| ((*name).to_owned(), values, blank)));
    write_atomically(path, |file| {
        let batch = RecordBatch::try_from_iter_with_nullable(columns).map_err(|error| error.to_string())?;
        let level = ZstdLevel::try_new(3).map_err(|error| error.to_string())?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_created_by(concat!("acoledger ", env!("CARGO_PKG_VERSION")).into())
            .build();
        let written = ArrowWriter::try_new(file, batch.schema(), Some(properties)).and_then(|mut writer| {
            writer.write(&batch)?;
            writer.close()
        });
        written.map(|_| ()).map_err(|error| error.to_string())
    })
}
