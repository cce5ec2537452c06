//! Reads a declared table from `<name>.csv` or `<name>.parquet`; Parquet cells go through text, so one parser judges both.

use crate::trouble::{self, Io, Outcome};
use acoledger_schemas::table::{Column, Kind, Problem, Problems, RowReader, Table, match_header, read_csv};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, StringArray};
use arrow_schema::{DataType, TimeUnit};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Reads table `T` from a folder. `None`: the folder holds no such table.
///
/// # Errors
/// The table in both forms, an unreadable file, bad headers or cells, repeated keys.
pub(crate) fn read_table<T: Table>(folder: &Path) -> Outcome<Option<Vec<T>>> {
    let csv = folder.join(format!("{}.csv", T::SPEC.name));
    let parquet = folder.join(format!("{}.parquet", T::SPEC.name));
    match (csv.exists(), parquet.exists()) {
        (false, false) => Ok(None),
        (true, false) => read_csv_file(&csv).map(Some),
        (false, true) => read_parquet_file(&parquet).map(Some),
        (true, true) => Err(trouble::of_file_with_hint(
            &csv,
            "stands beside a Parquet file of the same table",
            "keep one of the two",
        )
        .into()),
    }
}

/// Reads table `T` of our own output, from its Parquet file. `None`: it is absent.
///
/// # Errors
/// An unreadable file, bad headers or cells, repeated keys.
pub(crate) fn read_parquet<T: Table>(folder: &Path) -> Outcome<Option<Vec<T>>> {
    let path = folder.join(format!("{}.parquet", T::SPEC.name));
    if path.exists() { read_parquet_file(&path).map(Some) } else { Ok(None) }
}

/// CSV and Parquet files of a folder that are none of the tables in `names`: most likely misspelt.
///
/// # Errors
/// When the folder cannot be read.
pub(crate) fn unknown_tables(folder: &Path, names: &[&str]) -> Outcome<Problems> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).doing("cannot be read", folder)? {
        paths.push(entry.doing("cannot be read", folder)?.path());
    }
    paths.sort();
    let mut problems = Problems::default();
    for path in paths {
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        if matches!(extension.as_str(), "csv" | "parquet") && !stem.starts_with('.') && !names.contains(&&*stem) {
            problems.push(trouble::of_file_with_hint(
                &path,
                "not a table of this folder",
                format!("rename or move it; the tables are {}", names.join(", ")),
            ));
        }
    }
    Ok(problems)
}

fn read_csv_file<T: Table>(path: &Path) -> Outcome<Vec<T>> {
    let file = File::open(path).doing("cannot be read", path)?;
    read_csv(file, &path.display().to_string())
}

pub(crate) fn read_parquet_file<T: Table>(path: &Path) -> Outcome<Vec<T>> {
    const WHAT: &str = "not readable as Parquet";
    let name = path.display().to_string();
    let file = File::open(path).doing("cannot be read", path)?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).doing(WHAT, path)?;
    let schema = builder.schema().clone();
    let header: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let places = match_header(&T::SPEC, &header, &name)?;
    let mut rows = RowReader::<T>::new(&name);
    let mut line = 0;
    for batch in builder.with_batch_size(8192).build().doing(WHAT, path)? {
        let batch = batch.doing(WHAT, path)?;
        let mut columns = Vec::with_capacity(places.len());
        for (column, place) in T::SPEC.columns.iter().zip(&places) {
            columns.push(match place {
                Some(place) => Some(text_of(batch.column(*place), column, &name)?),
                None => None,
            });
        }
        for row in 0..batch.num_rows() {
            line += 1;
            let text = |i: usize| match &columns[i] {
                Some(column) if column.is_valid(row) => column.value(row).trim(),
                _ => "",
            };
            rows.push(line, &text);
        }
    }
    rows.finish()
}

/// A Parquet column as the text a CSV file would hold.
fn text_of(array: &ArrayRef, column: &Column, file: &str) -> Outcome<StringArray> {
    let problem = |what: String, hint: Option<String>| Problem {
        file: file.into(),
        line: 0,
        column: column.name.into(),
        what,
        value: None,
        hint,
    };
    let from = match array.data_type() {
        DataType::Dictionary(_, values) => values.as_ref().clone(),
        other => other.clone(),
    };
    if column.kind == Kind::Text && column.unit != "fraction" && (from.is_integer() || from.is_floating()) {
        let hint = "store identifiers and codes as text, with their leading zeros";
        return Err(problem(format!("holds numbers ({from}) where text is expected"), Some(hint.into())).into());
    }
    let cast = |array: &ArrayRef, to: &DataType| {
        arrow_cast::cast(array, to).map_err(|error| problem(format!("cannot be read as text: {error}"), None))
    };
    let mut array = array.clone();
    if matches!(column.kind, Kind::Integer | Kind::Flag) {
        array = match from {
            DataType::Boolean => cast(&array, &DataType::Int64)?,
            // Frames with blanks hold whole numbers as floating point; 2023.5 stays and is refused by the parser.
            DataType::Float32 | DataType::Float64 => return Ok(whole_numbers(&cast(&array, &DataType::Float64)?)),
            _ => array,
        };
    }
    if column.kind == Kind::Date && matches!(from, DataType::Timestamp(_, _) | DataType::Date64) {
        array = cast(&array, &DataType::Timestamp(TimeUnit::Second, None))?;
        array = cast(&array, &DataType::Date32)?;
    }
    Ok(cast(&array, &DataType::Utf8)?.as_string::<i32>().clone())
}

fn whole_numbers(array: &ArrayRef) -> StringArray {
    let numbers = array.as_primitive::<arrow_array::types::Float64Type>();
    numbers.iter().map(|number| number.filter(|number| !number.is_nan()).map(|number| number.to_string())).collect()
}
