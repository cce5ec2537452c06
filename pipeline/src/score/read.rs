//! People from CSV or Parquet, batch by batch, every cell as text.

use crate::trouble::{self, Io, Outcome};
use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch, StringArray};
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use std::fs::File;
use std::path::{Path, PathBuf};

const BATCH: usize = 1 << 16;

/// Rows of people; cells are asked for by row and place of the column.
pub(super) enum Batch {
    /// Records, and the line of each.
    Records(Vec<csv::StringRecord>),
    /// Columns, and the number of the first row, from 1.
    Columns(Vec<StringArray>, u64),
}

impl Batch {
    pub(super) fn len(&self) -> usize {
        match self {
            Batch::Records(records) => records.len(),
            Batch::Columns(columns, _) => columns.first().map_or(0, |column| column.len()),
        }
    }

    /// The cell, without outer blanks; unknown is blank.
    pub(super) fn cell(&self, row: usize, column: usize) -> &str {
        match self {
            Batch::Records(records) => records[row].get(column).unwrap_or("").trim_ascii(),
            Batch::Columns(columns, _) if columns[column].is_null(row) => "",
            Batch::Columns(columns, _) => columns[column].value(row).trim_ascii(),
        }
    }

    /// The line of a row: of a CSV file with the header as line 1; of a Parquet file its number, as in other messages.
    pub(super) fn line(&self, row: usize) -> u64 {
        match self {
            Batch::Records(records) => records[row].position().map_or(0, csv::Position::line),
            Batch::Columns(_, first) => first + row as u64,
        }
    }
}

/// A table of people being read.
pub(super) struct People {
    path: PathBuf,
    header: Vec<String>,
    source: Source,
    read: u64,
}

enum Source {
    Csv(Box<csv::Reader<File>>),
    Parquet(Box<ParquetRecordBatchReader>),
}

const WHAT: &str = "not readable as Parquet";

impl People {
    /// Opens a file; Parquet where its name ends so.
    pub(super) fn open(path: &Path) -> Outcome<People> {
        let file = File::open(path).doing("cannot be read", path)?;
        let is_parquet = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"));
        let (header, source) = if is_parquet {
            let builder = ParquetRecordBatchReaderBuilder::try_new(file).doing(WHAT, path)?;
            let header = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
            (header, Source::Parquet(Box::new(builder.with_batch_size(BATCH).build().doing(WHAT, path)?)))
        } else {
            let mut reader = csv::ReaderBuilder::new().buffer_capacity(1 << 20).from_reader(file);
            let header = reader.headers().doing("not readable as CSV", path)?.iter().map(str::to_owned).collect();
            (header, Source::Csv(Box::new(reader)))
        };
        Ok(People { path: path.to_owned(), header, source, read: 0 })
    }

    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    pub(super) fn next_batch(&mut self) -> Outcome<Option<Batch>> {
        let batch = match &mut self.source {
            Source::Csv(reader) => {
                let records: Result<Vec<_>, _> = reader.records().take(BATCH).collect();
                Batch::Records(records.map_err(|error| unreadable(&self.path, &error))?)
            }
            Source::Parquet(reader) => match reader.next().transpose().doing(WHAT, &self.path)? {
                None => return Ok(None),
                Some(batch) => Batch::Columns(texts(&batch, &self.path)?, self.read + 1),
            },
        };
        self.read += batch.len() as u64;
        Ok((batch.len() > 0).then_some(batch))
    }
}

fn unreadable(path: &Path, error: &csv::Error) -> acoledger_schemas::table::Problem {
    let mut problem = trouble::of_file_with_hint(path, "not readable as CSV", "each row has the fields of the header");
    problem.line = error.position().map_or(0, csv::Position::line);
    if let csv::ErrorKind::UnequalLengths { expected_len, len, .. } = error.kind() {
        problem.what = format!("{len} fields where the header has {expected_len}");
    }
    problem
}

fn texts(batch: &RecordBatch, path: &Path) -> Outcome<Vec<StringArray>> {
    let text = |array| arrow_cast::cast(array, &DataType::Utf8).map(|array| array.as_string::<i32>().clone());
    batch.columns().iter().map(|array| text(array).doing("a column cannot be read as text", path)).collect()
}
