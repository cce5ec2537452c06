//! Typed views of a batch's columns. Codes are looked at once per dictionary, not once per row.

use acoledger_schemas::table::{Problem, Problems};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int32Type, Int64Type, UInt64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_buffer::{NullBuffer, ScalarBuffer};

/// A day that the record does not have.
pub(crate) const NO_DAY: i32 = i32::MIN;

/// A problem of a lake file.
pub(crate) fn trouble(table: &str, year: Option<i32>, column: &str, what: impl Into<String>) -> Problems {
    let file = match year {
        Some(year) => format!("lake/{table}/year={year}"),
        None => format!("lake/{table}"),
    };
    let hint = Some("`acoledger ingest` makes the lake again".into());
    Problem { file, line: 0, column: column.into(), what: what.into(), value: None, hint }.into()
}

/// Finds and types the columns of one batch.
pub(crate) struct Reader<'b> {
    pub(crate) table: &'static str,
    pub(crate) year: Option<i32>,
    pub(crate) batch: &'b RecordBatch,
}

impl Reader<'_> {
    fn column(&self, name: &str) -> Result<&ArrayRef, Problems> {
        self.batch.column_by_name(name).ok_or_else(|| trouble(self.table, self.year, name, "column is missing"))
    }

    fn wrong(&self, name: &str, expected: &str) -> Problems {
        trouble(self.table, self.year, name, format!("column has another type: expected {expected}"))
    }

    /// A column that is absent or of another type.
    pub(crate) fn unfit(&self, name: &str) -> Problems {
        self.wrong(name, "what pass A wrote")
    }

    fn without_nulls(&self, name: &str, array: &dyn Array) -> Result<(), Problems> {
        if array.null_count() == 0 {
            Ok(())
        } else {
            Err(trouble(self.table, self.year, name, "null in a column that allows none"))
        }
    }

    pub(crate) fn keys(&self, name: &str) -> Result<ScalarBuffer<u64>, Problems> {
        let array = self.column(name)?.as_primitive_opt::<UInt64Type>().ok_or_else(|| self.wrong(name, "UInt64"))?;
        self.without_nulls(name, array)?;
        Ok(array.values().clone())
    }

    pub(crate) fn longs(&self, name: &str) -> Result<ScalarBuffer<i64>, Problems> {
        let array = self.column(name)?.as_primitive_opt::<Int64Type>().ok_or_else(|| self.wrong(name, "Int64"))?;
        self.without_nulls(name, array)?;
        Ok(array.values().clone())
    }

    /// Amounts that records of some feeds carry; `None` where none of the batch does.
    pub(crate) fn carried(&self, name: &str) -> Result<Option<ScalarBuffer<i64>>, Problems> {
        let Some(column) = self.batch.column_by_name(name) else { return Ok(None) };
        let cents = column.as_primitive_opt::<Int64Type>().ok_or_else(|| self.wrong(name, "Int64"))?;
        if cents.null_count() == cents.len() {
            return Ok(None);
        }
        Ok(Some(cents.iter().map(Option::unwrap_or_default).collect()))
    }

    pub(crate) fn ints(&self, name: &str) -> Result<ScalarBuffer<i32>, Problems> {
        let array = self.column(name)?.as_primitive_opt::<Int32Type>().ok_or_else(|| self.wrong(name, "Int32"))?;
        self.without_nulls(name, array)?;
        Ok(array.values().clone())
    }

    pub(crate) fn days(&self, name: &str) -> Result<Days, Problems> {
        let array = self.column(name)?.as_primitive_opt::<Date32Type>().ok_or_else(|| self.wrong(name, "Date32"))?;
        Ok(Days { days: array.values().clone(), nulls: array.nulls().filter(|n| n.null_count() > 0).cloned() })
    }

    /// A dictionary column; `look` turns each distinct text into what the kernel works with.
    ///
    /// `kept` is the column of the batch before: batches of one file mostly share their dictionary, and then its meanings
    /// are taken over.
    pub(crate) fn codes<T: Clone>(
        &self,
        name: &str,
        kept: Option<Codes<T>>,
        mut look: impl FnMut(&str) -> Result<T, String>,
    ) -> Result<Codes<T>, Problems> {
        let wrong = || self.wrong(name, "a dictionary of text with Int32 keys");
        let array = self.column(name)?.as_dictionary_opt::<Int32Type>().ok_or_else(wrong)?;
        self.without_nulls(name, array.keys())?;
        let keys = array.keys().values().clone();
        if let Some(kept) = kept
            && same_buffer(&kept.dictionary, array.values())
        {
            return Ok(Codes { keys, ..kept });
        }
        let texts = array.values().as_string_opt::<i32>().ok_or_else(wrong)?;
        let mut meanings = Vec::with_capacity(texts.len());
        for at in 0..texts.len() {
            let text = if texts.is_null(at) { "" } else { texts.value(at) };
            meanings.push(look(text).map_err(|what| trouble(self.table, self.year, name, what))?);
        }
        Ok(Codes { keys, meanings, dictionary: array.values().clone() })
    }
}

/// Whether two dictionaries are one: the same array, or arrays over the same buffers.
fn same_buffer(a: &ArrayRef, b: &ArrayRef) -> bool {
    std::sync::Arc::ptr_eq(a, b) || a.to_data().ptr_eq(&b.to_data())
}

/// A column of days.
pub(crate) struct Days {
    days: ScalarBuffer<i32>,
    nulls: Option<NullBuffer>,
}

impl Days {
    /// The day of a row, or [`NO_DAY`].
    #[inline]
    pub(crate) fn at(&self, row: usize) -> i32 {
        match &self.nulls {
            Some(nulls) if nulls.is_null(row) => NO_DAY,
            _ => self.days[row],
        }
    }
}

/// A dictionary column with the meaning of each entry.
pub(crate) struct Codes<T> {
    keys: ScalarBuffer<i32>,
    meanings: Vec<T>,
    dictionary: ArrayRef,
}

impl<T> Codes<T> {
    /// The meaning of a row's code.
    #[inline]
    pub(crate) fn at(&self, row: usize) -> &T {
        &self.meanings[self.keys[row] as usize]
    }

    /// The code of a row itself, for those who show it.
    pub(crate) fn text(&self, row: usize) -> &str {
        let (texts, at) = (self.dictionary.as_string::<i32>(), self.keys[row] as usize);
        if texts.is_null(at) { "" } else { texts.value(at) }
    }
}
