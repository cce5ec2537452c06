//! Writes declared tables: CSV, and Parquet with dictionaries, compression and the columns' units and meanings.

use crate::files::write_atomically;
use crate::trouble::{Io, Outcome};
use acoledger_schemas::table::{Cell, Kind, Table, arrow_schema, write_csv};
use arrow_array::builder::{Date32Builder, Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use std::fs::File;
use std::io::{BufWriter, Write};
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

/// Rows as columns of Arrow, typed as in the table's Parquet file.
pub(crate) fn batch<T: Table>(rows: &[T]) -> RecordBatch {
    let columns = (0..T::SPEC.columns.len()).map(|at| column(rows, at)).collect();
    RecordBatch::try_new(Arc::new(arrow_schema(&T::SPEC)), columns).expect("columns are made as they are declared")
}

fn write_parquet<T: Table>(rows: &[T], writer: impl Write + Send) -> parquet::errors::Result<()> {
    let schema = Arc::new(arrow_schema(&T::SPEC));
    let mut writer = ArrowWriter::try_new(writer, schema, Some(properties::<T>()?))?;
    for rows in rows.chunks(BATCH_ROWS) {
        writer.write(&batch(rows))?;
    }
    writer.close()?;
    Ok(())
}

/// Writes `<folder>/<name>.csv` and `<folder>/<name>.parquet` row by row: for tables that grow with the lives.
///
/// # Errors
/// Those of the disk and of `fill`; then neither file carries its name.
pub(crate) fn stream_both<T: Table, R>(
    folder: &Path,
    fill: impl FnOnce(&mut RowWriter<'_, T>) -> Outcome<R>,
) -> Outcome<R> {
    let [csv, parquet] = ["csv", "parquet"].map(|form| folder.join(format!("{}.{form}", T::SPEC.name)));
    let mut filled = None;
    let done = write_atomically(&csv, |text| {
        let both = write_atomically(&parquet, |columns| {
            let mut rows = RowWriter::<T>::new(folder, text, columns).map_err(|problems| problems.to_string())?;
            let result = match fill(&mut rows) {
                Ok(result) => rows.finish().map(|()| result),
                Err(problems) => Err(problems),
            };
            let failed = result.is_err();
            filled = Some(result);
            if failed { Err("stopped".into()) } else { Ok(()) }
        });
        both.map_err(|problems| problems.to_string())
    });
    match filled {
        Some(Ok(result)) => done.map(|()| result),
        Some(Err(problems)) => Err(problems),
        None => Err(done.expect_err("files that could not be begun")),
    }
}

/// Both forms of a table in the making.
pub(crate) struct RowWriter<'w, T> {
    folder: &'w Path,
    text: csv::Writer<&'w mut BufWriter<File>>,
    columns: ArrowWriter<&'w mut BufWriter<File>>,
    rows: Vec<T>,
}

impl<'w, T: Table> RowWriter<'w, T> {
    fn new(folder: &'w Path, text: &'w mut BufWriter<File>, columns: &'w mut BufWriter<File>) -> Outcome<Self> {
        let mut text = csv::Writer::from_writer(text);
        text.write_record(T::SPEC.columns.iter().map(|column| column.name)).doing(FAILED, folder)?;
        let schema = Arc::new(arrow_schema(&T::SPEC));
        let properties = properties::<T>().doing(FAILED, folder)?;
        let columns = ArrowWriter::try_new(columns, schema, Some(properties)).doing(FAILED, folder)?;
        Ok(RowWriter { folder, text, columns, rows: Vec::new() })
    }

    /// Takes a row.
    ///
    /// # Errors
    /// Those of the disk.
    pub(crate) fn push(&mut self, row: T) -> Outcome<()> {
        self.rows.push(row);
        if self.rows.len() < BATCH_ROWS { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Outcome<()> {
        for row in &self.rows {
            let cells = (0..T::SPEC.columns.len()).map(|at| row.cell(at).for_csv());
            self.text.write_record(cells).doing(FAILED, self.folder)?;
        }
        self.columns.write(&batch(&self.rows)).doing(FAILED, self.folder)?;
        self.rows.clear();
        Ok(())
    }

    fn finish(mut self) -> Outcome<()> {
        self.flush()?;
        self.text.flush().doing(FAILED, self.folder)?;
        self.columns.close().map(|_| ()).doing(FAILED, self.folder)
    }
}

const FAILED: &str = "cannot be written";

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
