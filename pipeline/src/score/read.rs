//! People from CSV or Parquet, batch by batch, every cell as text.

use crate::parquet_door;
use crate::trouble::{self, Io, Outcome};
use acoledger_schemas::limits::{MOST_COLUMNS, Metered, RECORD_BYTES};
use acoledger_schemas::spreadsheet::original;
use acoledger_schemas::table::too_many_columns;
use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Schema};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Rows of a batch, and their bytes.
const BATCH: usize = 1 << 16;
const BATCH_BYTES: usize = 64 << 20;

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

    /// The identifier of a row: its first cell, without the mark that keeps a spreadsheet from running it.
    pub(super) fn id(&self, row: usize) -> &str {
        let id = self.cell(row, 0);
        if matches!(self, Batch::Records(_)) { original(id) } else { id }
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
    Csv(Box<csv::Reader<Metered<File>>>),
    Columns(Box<dyn Iterator<Item = Result<RecordBatch, String>>>),
}

const WHAT: &str = parquet_door::UNREADABLE;

impl People {
    /// Opens a file; Parquet where its name ends so.
    pub(super) fn open(path: &Path) -> Outcome<People> {
        let file = File::open(path).doing("cannot be read", path)?;
        let is_parquet = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"));
        if is_parquet {
            let builder = parquet_door::builder(path)?;
            let schema = builder.schema().clone();
            let batches = parquet_door::batches(builder.with_batch_size(BATCH)).doing(WHAT, path)?;
            return People::of_columns(path, &schema, batches.map(|batch| batch.map_err(|error| error.to_string())));
        }
        let file = Metered::new(file, "a record", RECORD_BYTES);
        let mut reader = csv::ReaderBuilder::new().buffer_capacity(1 << 18).from_reader(file);
        let header = reader.headers().doing("not readable as CSV", path)?.iter().map(str::to_owned).collect();
        People::of(path, header, Source::Csv(Box::new(reader)))
    }

    /// People of columns in memory; `name` is what messages call them.
    pub(super) fn of_columns(
        name: &Path,
        schema: &Schema,
        batches: impl Iterator<Item = Result<RecordBatch, String>> + 'static,
    ) -> Outcome<People> {
        for field in schema.fields() {
            let kind = field.data_type();
            let value = if let DataType::Dictionary(_, value) = kind { value } else { kind };
            if value.is_nested() || matches!(value, DataType::Binary | DataType::LargeBinary | DataType::BinaryView) {
                let what = format!("column `{}` holds {kind}, not text or numbers", field.name());
                let hint = "write diagnoses as one text, separated by |";
                return Err(trouble::of_file_with_hint(name, what, hint).into());
            }
        }
        let header = schema.fields().iter().map(|field| field.name().clone()).collect();
        People::of(name, header, Source::Columns(Box::new(batches)))
    }

    fn of(path: &Path, header: Vec<String>, source: Source) -> Outcome<People> {
        if header.len() > MOST_COLUMNS {
            return Err(too_many_columns(&path.display().to_string(), header.len()).into());
        }
        let twice =
            header.iter().enumerate().find(|(at, name)| header[..*at].iter().any(|of| of.trim() == name.trim()));
        if let Some((_, name)) = twice.filter(|(_, name)| !name.trim().is_empty()) {
            let what = format!("column `{name}` occurs twice");
            return Err(trouble::of_file_with_hint(path, what, "rename or remove one of them").into());
        }
        Ok(People { path: path.to_owned(), header, source, read: 0 })
    }

    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    pub(super) fn next_batch(&mut self) -> Outcome<Option<Batch>> {
        let batch = match &mut self.source {
            Source::Csv(reader) => {
                let records = records(reader).map_err(|error| unreadable(&self.path, &error))?;
                if let Some(open) = records.iter().find(|record| record.as_slice().contains(['\n', '\r'])) {
                    let hint = "a quote was opened and not closed: what follows it would be one cell";
                    let mut problem = trouble::of_file_with_hint(&self.path, "a cell of several lines", hint);
                    problem.line = open.position().map_or(0, csv::Position::line);
                    return Err(problem.into());
                }
                Batch::Records(records)
            }
            Source::Columns(reader) => {
                match reader.find(|batch| batch.as_ref().map_or(true, |rows| rows.num_rows() > 0)) {
                    None => return Ok(None),
                    Some(batch) => {
                        let batch = batch.doing(WHAT, &self.path)?;
                        Batch::Columns(texts(&batch, &self.path)?, self.read + 1)
                    }
                }
            }
        };
        self.read += batch.len() as u64;
        Ok((batch.len() > 0).then_some(batch))
    }
}

/// The next records: so many that they fit memory.
fn records(reader: &mut csv::Reader<Metered<File>>) -> Result<Vec<csv::StringRecord>, csv::Error> {
    let (mut records, mut bytes) = (Vec::new(), 0);
    while records.len() < BATCH && bytes < BATCH_BYTES {
        let mut record = csv::StringRecord::new();
        reader.get_mut().begin();
        if !reader.read_record(&mut record)? {
            break;
        }
        bytes += record.as_slice().len();
        records.push(record);
    }
    Ok(records)
}

fn unreadable(path: &Path, error: &csv::Error) -> acoledger_schemas::table::Problem {
    let mut problem = trouble::of_file_with_hint(path, "not readable as CSV", "each row has the fields of the header");
    problem.line = error.position().map_or(0, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            problem.what = format!("{len} fields where the header has {expected_len}");
        }
        csv::ErrorKind::Io(error) => problem.what = format!("not readable as CSV: {error}"),
        _ => {}
    }
    problem
}

fn texts(batch: &RecordBatch, path: &Path) -> Outcome<Vec<StringArray>> {
    let text = |array| arrow_cast::cast(array, &DataType::Utf8).map(|array| array.as_string::<i32>().clone());
    batch.columns().iter().map(|array| text(array).doing("a column cannot be read as text", path)).collect()
}
