//! Reads a declared table from `<name>.csv` or `<name>.parquet`; Parquet cells go through text, so one parser judges both.

use crate::parquet_door::{self, UNREADABLE};
use crate::trouble::{self, Io, Outcome};
use acoledger_schemas::table::{Column, Kind, Problem, Problems, RowReader, Table, TableSpec, match_header, read_csv};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, TimeUnit};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Reads table `T` from a folder. `None`: the folder holds no such table.
///
/// # Errors
/// The table in both forms, an unreadable file, bad headers or cells, repeated keys.
pub(crate) fn read_table<T: Table>(folder: &Path) -> Outcome<Option<Vec<T>>> {
    match place_of(folder, T::SPEC.name)? {
        None => Ok(None),
        Some((path, Form::Csv)) => read_csv_file(&path).map(Some),
        Some((path, Form::Parquet)) => read_parquet_file(&path).map(Some),
    }
}

/// The form of a table's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Csv,
    Parquet,
}

/// The file of a table. `None`: the folder holds no such table.
///
/// # Errors
/// The table in both forms.
pub(super) fn place_of(folder: &Path, table: &str) -> Outcome<Option<(PathBuf, Form)>> {
    let csv = folder.join(format!("{table}.csv"));
    let parquet = folder.join(format!("{table}.parquet"));
    match (csv.exists(), parquet.exists()) {
        (false, false) => Ok(None),
        (true, false) => Ok(Some((csv, Form::Csv))),
        (false, true) => Ok(Some((parquet, Form::Parquet))),
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
    const WHAT: &str = UNREADABLE;
    let name = path.display().to_string();
    let builder = parquet_door::builder(path)?;
    let schema = builder.schema().clone();
    let header: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let places = match_header(&T::SPEC, &header, &name)?;
    let mut rows = RowReader::<T>::new(&name);
    let mut line = 0;
    for batch in parquet_door::batches(builder.with_batch_size(8192)).doing(WHAT, path)? {
        let batch = batch.doing(WHAT, path)?;
        let columns = texts_of(&batch, &T::SPEC, &places, &name)?;
        for row in 0..batch.num_rows() {
            line += 1;
            rows.push(line, &|i| cell_of(&columns, i, row));
        }
    }
    rows.finish()
}

/// The declared columns of a batch as text; none for those that the file lacks.
///
/// # Errors
/// A column of another type.
pub(super) fn texts_of(
    batch: &RecordBatch,
    spec: &TableSpec,
    places: &[Option<usize>],
    file: &str,
) -> Outcome<Vec<Option<StringArray>>> {
    let columns = spec.columns.iter().zip(places);
    columns.map(|(column, place)| place.map(|place| text_of(batch.column(place), column, file)).transpose()).collect()
}

/// The text of a cell; blank where there is none.
pub(super) fn cell_of(columns: &[Option<StringArray>], column: usize, row: usize) -> &str {
    match &columns[column] {
        Some(column) if column.is_valid(row) => column.value(row).trim(),
        _ => "",
    }
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
        let text = |error| Problems::from(problem(format!("cannot be read as text: {error}"), None));
        arrow_cast::cast(array, to).map_err(text)
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::tables::write_both;
    use acoledger_schemas::program::{EtaHospital, LisAdi, OtherInitiative};
    use acoledger_schemas::values::{BeneId, CalendarYear, Date};
    use arrow_array::{Float64Array, Int64Array, TimestampSecondArray};
    use parquet::arrow::ArrowWriter;
    use std::sync::Arc;

    fn write(folder: &Path, name: &str, columns: Vec<(&str, ArrayRef)>) {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let file = File::create(folder.join(name)).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }

    #[test]
    fn both_forms_of_a_table_hold_the_same_rows() {
        let folder = tempfile::tempdir().unwrap();
        let row = |id: &str, initiative: Option<&str>, begins_on| OtherInitiative {
            bene_id: BeneId::new(id).unwrap(),
            calendar_year: CalendarYear(2023),
            initiative: initiative.map(str::to_owned),
            begins_on,
            ends_on: None,
            decided_on: Date::new(2022, 12, 31),
        };
        let rows = vec![row("-1", Some("REACH, a \"model\""), Date::new(2023, 1, 1)), row("002", None, None)];
        write_both(folder.path(), &rows).unwrap();
        assert_eq!(read_parquet(folder.path()).unwrap(), Some(rows.clone()));
        let error = read_table::<OtherInitiative>(folder.path()).unwrap_err();
        assert!(error.to_string().contains("stands beside a Parquet file of the same table"), "{error}");
        fs::remove_file(folder.path().join("other_initiative.parquet")).unwrap();
        assert_eq!(read_table(folder.path()).unwrap(), Some(rows));
        assert_eq!(read_table::<LisAdi>(folder.path()).unwrap(), None);
    }

    #[test]
    fn frames_hold_whole_numbers_as_floats_and_days_as_times() {
        let folder = tempfile::tempdir().unwrap();
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("bene_id", Arc::new(StringArray::from(vec!["007"]))),
            ("calendar_year", Arc::new(Float64Array::from(vec![2023.0]))),
            ("begins_on", Arc::new(TimestampSecondArray::from(vec![Some(86_400 * 19_358)]))),
            ("ends_on", Arc::new(TimestampSecondArray::from(vec![None::<i64>]))),
        ];
        write(folder.path(), "other_initiative.parquet", columns);
        let rows: Vec<OtherInitiative> = read_table(folder.path()).unwrap().unwrap();
        assert_eq!(rows[0].bene_id.as_str(), "007");
        assert_eq!((rows[0].calendar_year.0, rows[0].ends_on), (2023, None));
        assert_eq!(rows[0].begins_on, Date::new(2023, 1, 1));
    }

    #[test]
    fn half_a_year_is_no_whole_number() {
        let folder = tempfile::tempdir().unwrap();
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("bene_id", Arc::new(StringArray::from(vec!["007"]))),
            ("calendar_year", Arc::new(Float64Array::from(vec![2023.5]))),
        ];
        write(folder.path(), "lis_adi.parquet", columns);
        let error = read_table::<LisAdi>(folder.path()).unwrap_err().to_string();
        assert!(
            error.ends_with("line 1, column `calendar_year`: expected a year from 1990 to 2100: `2023.5`"),
            "{error}"
        );
    }

    #[test]
    fn identifiers_stored_as_numbers_have_lost_their_zeros() {
        let folder = tempfile::tempdir().unwrap();
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("performance_year", Arc::new(Int64Array::from(vec![2023]))),
            ("ccn", Arc::new(Int64Array::from(vec![10001]))),
        ];
        write(folder.path(), "eta_hospital.parquet", columns);
        let error = read_table::<EtaHospital>(folder.path()).unwrap_err().to_string();
        assert!(error.contains("column `ccn`: holds numbers (Int64) where text is expected"), "{error}");
    }

    #[test]
    fn misspelt_tables_are_found_and_notes_are_not() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["lis_adi.csv", "lis_adj.csv", "README.md"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let problems = unknown_tables(folder.path(), &["lis_adi"]).unwrap();
        assert_eq!(problems.count, 1);
        assert!(problems.first[0].file.ends_with("lis_adj.csv"));
    }
}
