//! Writes declared tables: CSV, and Parquet with dictionaries, compression and the columns' units and meanings.

use crate::files::write_atomically;
use crate::trouble::Outcome;
use acoledger_schemas::table::{Cell, Kind, Table, arrow_schema, write_csv};
use arrow_array::builder::{Date32Builder, Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// Rows per record batch on the way out: bounds the memory that text columns take.
const BATCH_ROWS: usize = 16_384;

/// Writes `<folder>/<name>.csv` and `<folder>/<name>.parquet`.
///
/// # Errors
/// Those of the disk.
pub(crate) fn write_both<T: Table>(folder: &Path, rows: &[T]) -> Outcome<()> {
    write_csv_file(&folder.join(format!("{}.csv", T::SPEC.name)), rows)?;
    write_parquet_file(&folder.join(format!("{}.parquet", T::SPEC.name)), rows)
}

/// Writes rows as CSV.
///
/// # Errors
/// Those of the disk.
pub(crate) fn write_csv_file<T: Table>(path: &Path, rows: &[T]) -> Outcome<()> {
    write_atomically(path, |writer| write_csv(rows, writer).map_err(|error| error.to_string()))
}

/// Writes rows as Parquet.
///
/// # Errors
/// Those of the disk.
fn write_parquet_file<T: Table>(path: &Path, rows: &[T]) -> Outcome<()> {
    write_atomically(path, |writer| write_parquet(rows, writer).map_err(|error| error.to_string()))
}

fn write_parquet<T: Table>(rows: &[T], writer: impl Write + Send) -> parquet::errors::Result<()> {
    let schema = Arc::new(arrow_schema(&T::SPEC));
    let mut writer = ArrowWriter::try_new(writer, schema.clone(), Some(properties::<T>()?))?;
    for rows in rows.chunks(BATCH_ROWS) {
        let columns = (0..T::SPEC.columns.len()).map(|at| column(rows, at)).collect();
        writer.write(&RecordBatch::try_new(schema.clone(), columns)?)?;
    }
    writer.close()?;
    Ok(())
}

/// Settings of every table: the same bytes for the same rows, and a data dictionary inside the file.
fn properties<T: Table>() -> parquet::errors::Result<WriterProperties> {
    let columns: Vec<serde_json::Value> = T::SPEC
        .columns
        .iter()
        .map(|column| serde_json::json!({"name": column.name, "unit": column.unit, "meaning": column.meaning.trim()}))
        .collect();
    let metadata = vec![
        KeyValue::new("acoledger.table".into(), T::SPEC.meaning.trim().to_owned()),
        KeyValue::new("acoledger.columns".into(), serde_json::Value::from(columns).to_string()),
    ];
    Ok(WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_dictionary_enabled(true)
        .set_created_by(concat!("acoledger ", env!("CARGO_PKG_VERSION")).into())
        .set_key_value_metadata(Some(metadata))
        .build())
}

fn column<T: Table>(rows: &[T], at: usize) -> ArrayRef {
    match T::SPEC.columns[at].kind {
        Kind::Text => {
            let mut builder = StringBuilder::with_capacity(rows.len(), rows.len() * 8);
            for row in rows {
                match row.cell(at) {
                    Cell::Text(text) => builder.append_value(text),
                    _ => builder.append_null(),
                }
            }
            Arc::new(builder.finish())
        }
        Kind::Integer | Kind::Flag => {
            let mut builder = Int64Builder::with_capacity(rows.len());
            rows.iter().for_each(|row| {
                builder.append_option(if let Cell::Integer(number) = row.cell(at) { Some(number) } else { None });
            });
            Arc::new(builder.finish())
        }
        Kind::Decimal => {
            let mut builder = Float64Builder::with_capacity(rows.len());
            rows.iter().for_each(|row| {
                builder.append_option(if let Cell::Decimal(number) = row.cell(at) { Some(number) } else { None });
            });
            Arc::new(builder.finish())
        }
        Kind::Date => {
            let mut builder = Date32Builder::with_capacity(rows.len());
            rows.iter().for_each(|row| {
                builder.append_option(if let Cell::Date(day) = row.cell(at) { Some(day.0) } else { None });
            });
            Arc::new(builder.finish())
        }
    }
}
