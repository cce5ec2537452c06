//! Parquet batches as cells.

use crate::extract::Cells;
use crate::field::Field;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Decimal128Type, Float64Type, Int32Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{ArrowError, DataType};

/// How a column of a type is read, or `None` when it is not.
fn read_as(kind: &DataType) -> Option<DataType> {
    Some(match kind {
        DataType::Utf8 | DataType::Float64 | DataType::Date32 | DataType::Int64 | DataType::Null => kind.clone(),
        DataType::LargeUtf8 | DataType::Utf8View | DataType::Binary | DataType::LargeBinary => DataType::Utf8,
        DataType::Dictionary(keys, values) if **keys == DataType::Int32 && **values == DataType::Utf8 => kind.clone(),
        DataType::Dictionary(_, values) => read_as(values)?,
        DataType::Float16 | DataType::Float32 => DataType::Float64,
        DataType::Date64 | DataType::Timestamp(_, _) => DataType::Date32,
        DataType::Decimal128(_, scale) if *scale >= 0 => kind.clone(),
        DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) if *scale >= 0 => {
            DataType::Decimal128(38, *scale)
        }
        DataType::Boolean => DataType::Int64,
        kind if kind.is_integer() => DataType::Int64,
        _ => return None,
    })
}

/// Whether cells of this type can be read.
pub fn is_readable(kind: &DataType) -> bool {
    read_as(kind).is_some()
}

#[derive(Debug)]
enum Column {
    Nothing,
    Text(StringArray),
    Codes(Int32Array, StringArray),
    Integer(Int64Array),
    Float(Float64Array),
    Day(Date32Array),
    Decimal(Decimal128Array, u8),
}

impl Column {
    fn of(array: &ArrayRef) -> Result<Column, ArrowError> {
        let unreadable = || ArrowError::CastError(format!("cells of type {} are not read", array.data_type()));
        let kind = read_as(array.data_type()).ok_or_else(unreadable)?;
        // Not safe: a value that does not fit is an error, never a blank.
        let options = CastOptions { safe: false, ..CastOptions::default() };
        let array = if &kind == array.data_type() { array.clone() } else { cast_with_options(array, &kind, &options)? };
        Ok(match &kind {
            DataType::Utf8 => Column::Text(array.as_string::<i32>().clone()),
            DataType::Dictionary(_, _) => {
                let codes = array.as_dictionary::<Int32Type>();
                Column::Codes(codes.keys().clone(), codes.values().as_string::<i32>().clone())
            }
            DataType::Int64 => Column::Integer(array.as_primitive::<Int64Type>().clone()),
            DataType::Float64 => Column::Float(array.as_primitive::<Float64Type>().clone()),
            DataType::Date32 => Column::Day(array.as_primitive::<Date32Type>().clone()),
            DataType::Decimal128(_, scale) => {
                Column::Decimal(array.as_primitive::<Decimal128Type>().clone(), scale.unsigned_abs())
            }
            _ => Column::Nothing,
        })
    }

    /// Whether two rows have the same cell. A text that a dictionary has twice may count as two.
    #[inline]
    fn same(&self, one: usize, other: usize) -> bool {
        match self {
            Column::Codes(keys, _) if keys.null_count() == 0 => keys.value(one) == keys.value(other),
            _ => self.cell(one) == self.cell(other),
        }
    }

    #[inline]
    fn cell(&self, row: usize) -> Field<'_> {
        match self {
            Column::Text(texts) if texts.is_valid(row) => Field::Text(texts.value(row).as_bytes()),
            Column::Codes(keys, texts) if keys.is_valid(row) => {
                let at = keys.value(row) as usize;
                if texts.is_valid(at) { Field::Text(texts.value(at).as_bytes()) } else { Field::Null }
            }
            Column::Integer(numbers) if numbers.is_valid(row) => Field::Integer(numbers.value(row)),
            Column::Float(numbers) if numbers.is_valid(row) => Field::Float(numbers.value(row)),
            Column::Day(days) if days.is_valid(row) => Field::Day(days.value(row)),
            Column::Decimal(numbers, scale) if numbers.is_valid(row) => {
                Field::Decimal { unscaled: numbers.value(row), scale: *scale }
            }
            _ => Field::Null,
        }
    }
}

/// The columns of a batch.
#[derive(Debug)]
pub struct BatchColumns(Vec<Column>);

impl BatchColumns {
    /// The columns of `batch`, which holds exactly the needed ones in order.
    ///
    /// # Errors
    /// When a column's type is not read, or a value does not fit.
    pub fn of(batch: &RecordBatch) -> Result<BatchColumns, ArrowError> {
        batch.columns().iter().map(Column::of).collect::<Result<_, _>>().map(BatchColumns)
    }

    /// The cells of a row.
    pub fn row(&self, row: usize) -> BatchCells<'_> {
        BatchCells { columns: &self.0, row }
    }
}

/// The cells of a row of a batch.
#[derive(Clone, Copy, Debug)]
pub struct BatchCells<'a> {
    columns: &'a [Column],
    row: usize,
}
impl Cells for BatchCells<'_> {
    #[inline]
    fn cell(&self, source: usize) -> Field<'_> {
        self.columns[source].cell(self.row)
    }
    #[inline]
    fn repeats(&self, sources: &[usize]) -> bool {
        self.row > 0 && sources.iter().all(|source| self.columns[*source].same(self.row - 1, self.row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{DictionaryArray, Float32Array, LargeStringArray, TimestampMillisecondArray, UInt8Array};
    use std::sync::Arc;

    #[test]
    fn cells_of_many_types() {
        let day = 86_400_000;
        let arrays: Vec<(ArrayRef, Field<'_>)> = vec![
            (Arc::new(StringArray::from(vec!["01"])), Field::Text(b"01")),
            (Arc::new(LargeStringArray::from(vec!["x"])), Field::Text(b"x")),
            (Arc::new(vec!["11"].into_iter().collect::<DictionaryArray<Int32Type>>()), Field::Text(b"11")),
            (Arc::new(UInt8Array::from(vec![7])), Field::Integer(7)),
            (Arc::new(Float32Array::from(vec![0.5])), Field::Float(0.5)),
            (Arc::new(TimestampMillisecondArray::from(vec![19_000 * day])), Field::Day(19_000)),
            (
                Arc::new(Decimal128Array::from(vec![1234]).with_precision_and_scale(9, 2).expect("fits")),
                Field::Decimal { unscaled: 1234, scale: 2 },
            ),
            (Arc::new(StringArray::from(vec![None::<&str>])), Field::Null),
        ];
        for (array, expected) in arrays {
            assert!(is_readable(array.data_type()));
            assert_eq!(Column::of(&array).expect("read").cell(0), expected);
        }
        assert!(!is_readable(&DataType::Struct(Vec::<arrow_schema::Field>::new().into())));
    }
}
