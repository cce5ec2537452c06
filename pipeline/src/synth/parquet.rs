//! Raw tables as Parquet: typed columns with RIF names.

use super::columns::{Column, Fill, Rows, Words};
use acoledger_synth::tables::NO_DATE;
use arrow_array::{
    ArrayRef, Date32Array, DictionaryArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;

/// Rows of a row group.
const ROW_GROUP_ROWS: usize = 512 * 1024;

/// Turns rows of a table into record batches.
pub(super) struct Batches<'c, T> {
    columns: &'c [Column<T>],
    schema: Arc<Schema>,
    /// Values of the dictionaries, one per list of words.
    values: HashMap<usize, ArrayRef>,
    letters: ArrayRef,
}

impl<'c, T: Rows> Batches<'c, T> {
    /// For these columns.
    pub(super) fn new(columns: &'c [Column<T>]) -> Self {
        let text = || DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let field = |column: &Column<T>| {
            let kind = match column.fill {
                Fill::Word(..) | Fill::Letter(_) | Fill::Person(_) => text(),
                Fill::Whole(_) => DataType::Int64,
                Fill::Day(_) => DataType::Date32,
                Fill::Money(_) => DataType::Float64,
            };
            Field::new(&column.name, kind, true)
        };
        let mut values = HashMap::new();
        for column in columns {
            if let Fill::Word(_, words) = &column.fill {
                values.entry(Arc::as_ptr(words) as usize).or_insert_with(|| strings(words));
            }
        }
        let letters: StringArray = (0..128u8).map(|letter| Some((letter as char).to_string())).collect();
        Batches {
            columns,
            schema: Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>())),
            values,
            letters: Arc::new(letters),
        }
    }

    /// A writer of files of this table.
    pub(super) fn writer(&self, file: File) -> parquet::errors::Result<ArrowWriter<File>> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_column_dictionary_enabled(ColumnPath::from("CLM_ID"), false)
            .set_column_encoding(ColumnPath::from("CLM_ID"), Encoding::DELTA_BINARY_PACKED)
            .build();
        ArrowWriter::try_new(file, self.schema.clone(), Some(properties))
    }

    /// All rows of a table.
    pub(super) fn batch(&self, table: &T) -> RecordBatch {
        let arrays = self.columns.iter().map(|column| self.array(&column.fill, table)).collect();
        RecordBatch::try_new(self.schema.clone(), arrays).expect("every column has as many rows as the table")
    }

    fn array(&self, fill: &Fill<T>, table: &T) -> ArrayRef {
        let rows = 0..table.count();
        match fill {
            Fill::Word(read, words) => {
                let keys: Int32Array = rows
                    .map(|row| {
                        let at = read(table, row);
                        words.get(at).map(|_| at as i32)
                    })
                    .collect();
                dictionary(keys, self.values[&(Arc::as_ptr(words) as usize)].clone())
            }
            Fill::Letter(read) => {
                let letter = |row| match read(table, row) {
                    0 => None,
                    letter => Some(i32::from(letter)),
                };
                dictionary(rows.map(letter).collect(), self.letters.clone())
            }
            Fill::Person(read) => persons(rows.map(|row| read(table, row))),
            Fill::Whole(read) => Arc::new(Int64Array::from_iter_values(rows.map(|row| read(table, row)))),
            Fill::Money(read) => {
                Arc::new(Float64Array::from_iter_values(rows.map(|row| read(table, row) as f64 / 100.0)))
            }
            Fill::Day(read) => {
                let day = |row| Some(read(table, row)).filter(|day| *day != NO_DATE);
                Arc::new(rows.map(day).collect::<Date32Array>())
            }
        }
    }
}

fn strings(words: &Words) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(&words.0))
}

fn dictionary(keys: Int32Array, values: ArrayRef) -> ArrayRef {
    Arc::new(DictionaryArray::new(keys, values))
}

/// Numbers as text, each run of equal ones written once.
fn persons(numbers: impl Iterator<Item = u64>) -> ArrayRef {
    let mut last = None;
    let mut values: Vec<String> = Vec::new();
    let keys: Int32Array = numbers
        .map(|number| {
            if last != Some(number) {
                last = Some(number);
                values.push(number.to_string());
            }
            Some(values.len() as i32 - 1)
        })
        .collect();
    dictionary(keys, Arc::new(StringArray::from(values)))
}
