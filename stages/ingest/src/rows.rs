//! Rows of the lake as Arrow columns.

use crate::merge::LakeRow;
use crate::record::{NO_DAY, Place, Texts, eight, four};
use acoledger_schemas::lake::{CARRIED, LakeTable, Store};
use arrow_array::{ArrayRef, Date32Array, Int32Array, Int64Array, RecordBatch, StringArray, UInt64Array};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use std::sync::Arc;

/// The columns of a lake table with codes as plain text: what batches on their way to a file hold. The file's own schema is
/// [`LakeTable::schema`].
pub fn plain_schema(table: &LakeTable) -> Arc<Schema> {
    let field = |column: &acoledger_schemas::lake::LakeColumn| {
        let kind = match column.store {
            Store::Key => DataType::UInt64,
            Store::Long | Store::Cents => DataType::Int64,
            Store::Int => DataType::Int32,
            Store::Day => DataType::Date32,
            Store::Code | Store::Text => DataType::Utf8,
        };
        Field::new(column.name, kind, column.nullable)
    };
    Arc::new(Schema::new(table.columns.iter().map(field).collect::<Vec<_>>()))
}

#[derive(Debug)]
enum Values {
    Key(Vec<u64>),
    Long(Vec<i64>),
    Int(Vec<i32>),
    Day(Vec<i32>),
    Text { ends: Vec<i32>, bytes: Vec<u8> },
}

/// Rows of one table and year on their way to a batch.
#[derive(Debug)]
pub struct Rows {
    table: &'static LakeTable,
    values: Vec<Values>,
    rows: usize,
}

impl Rows {
    /// No rows yet.
    pub fn new(table: &'static LakeTable) -> Rows {
        let values = table.columns.iter().map(|column| match column.store {
            Store::Key => Values::Key(Vec::new()),
            Store::Long | Store::Cents => Values::Long(Vec::new()),
            Store::Int => Values::Int(Vec::new()),
            Store::Day => Values::Day(Vec::new()),
            Store::Code | Store::Text => Values::Text { ends: vec![0], bytes: Vec::new() },
        });
        Rows { table, values: values.collect(), rows: 0 }
    }

    /// Rows so far.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Adds a row of the table.
    pub fn push(&mut self, row: &LakeRow<'_>) {
        self.rows += 1;
        let mut columns = row.shape.columns.iter().peekable();
        let mut texts = Texts(&row.payload[row.shape.fixed..]);
        for (position, values) in self.values.iter_mut().enumerate() {
            let Some((_, place)) = columns.next_if(|(at, _)| *at == position) else {
                match (values, self.table.columns[position].name) {
                    (Values::Key(keys), _) => keys.push(row.bene_key),
                    // Of a layout that has none: the batch gets a column of nulls.
                    (Values::Long(_), name) if CARRIED.contains(&name) => {}
                    (Values::Long(keys), _) => keys.push(row.claim_key),
                    (Values::Int(lines), _) => lines.push(row.line),
                    (_, name) => unreachable!("{name} is no key, so the payload holds it"),
                }
                continue;
            };
            match (values, *place) {
                (Values::Long(longs), Place::Eight(at)) => longs.push(eight(row.payload, at)),
                (Values::Int(ints) | Values::Day(ints), Place::Four(at)) => ints.push(four(row.payload, at)),
                (Values::Text { ends, bytes }, Place::Text) => {
                    bytes.extend_from_slice(texts.take());
                    ends.push(bytes.len() as i32);
                }
                _ => unreachable!("{} is stored one way", self.table.columns[position].name),
            }
        }
    }

    /// The rows as a batch; none are left.
    ///
    /// # Errors
    /// When a text is no UTF-8, which the first pass excludes.
    pub fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        /// Leaves room for as many values again.
        fn take<T>(values: &mut Vec<T>) -> Vec<T> {
            let room = Vec::with_capacity(values.len());
            std::mem::replace(values, room)
        }
        let rows = std::mem::take(&mut self.rows);
        let columns = self.values.iter_mut().zip(self.table.columns).map(|(values, column)| {
            Ok(match values {
                Values::Key(keys) => Arc::new(UInt64Array::from(take(keys))) as ArrayRef,
                Values::Long(longs) if column.nullable && longs.is_empty() => Arc::new(Int64Array::new_null(rows)),
                Values::Long(longs) => {
                    let longs = take(longs);
                    let known = column.nullable.then(|| NullBuffer::from_iter(longs.iter().map(|cents| *cents != 0)));
                    Arc::new(Int64Array::try_new(ScalarBuffer::from(longs), known)?)
                }
                Values::Int(ints) => Arc::new(Int32Array::from(take(ints))),
                Values::Day(days) => {
                    let days = take(days);
                    let known = column.nullable.then(|| NullBuffer::from_iter(days.iter().map(|day| *day != NO_DAY)));
                    Arc::new(Date32Array::try_new(ScalarBuffer::from(days), known)?)
                }
                Values::Text { ends, bytes } => {
                    let given = take(ends);
                    ends.push(0);
                    let ends = given;
                    // Blank codes are empty text; blank identifiers are null.
                    let known =
                        column.nullable.then(|| NullBuffer::from_iter(ends.windows(2).map(|two| two[0] < two[1])));
                    let ends = OffsetBuffer::new(ScalarBuffer::from(ends));
                    Arc::new(StringArray::try_new(ends, Buffer::from_vec(take(bytes)), known)?)
                }
            })
        });
        let columns: Result<Vec<ArrayRef>, ArrowError> = columns.collect();
        RecordBatch::try_new(plain_schema(self.table), columns?)
    }
}
