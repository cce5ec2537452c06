//! Tables as comma-separated text, and rows from any source of text cells: headers, records, keys, and what is wrong where.

use super::{Kind, Problem, Problems, Table, TableSpec, is_private};
use crate::limits::{MOST_COLUMNS, Metered, RECORD_BYTES};
use crate::spreadsheet::original;
use std::io::{Read, Write};

/// Matches a header to a table: for each declared column, its position in the file.
///
/// # Errors
/// Every required column that is absent, every name that occurs twice, every unknown name.
pub fn match_header(spec: &TableSpec, header: &[&str], file: &str) -> Result<Vec<Option<usize>>, Problems> {
    let mut problems = Problems::default();
    if header.len() > MOST_COLUMNS {
        return Err(too_many_columns(file, header.len()).into());
    }
    let trouble = |column: &str, what: &str, hint: String| Problem {
        file: file.into(),
        line: 1,
        column: column.into(),
        what: what.into(),
        value: None,
        hint: Some(hint),
    };
    let names: Vec<String> = header.iter().map(|name| name.trim().trim_start_matches('\u{feff}').to_owned()).collect();
    for (i, name) in names.iter().enumerate() {
        if names[..i].contains(name) {
            problems.push(trouble(name, "column occurs twice", "rename or remove one of them".into()));
        }
        if !spec.columns.iter().any(|column| column.name == name) {
            let known: Vec<&str> = spec.columns.iter().map(|column| column.name).collect();
            problems.push(trouble(name, "unknown column", format!("table `{}` has: {}", spec.name, known.join(", "))));
        }
    }
    let places =
        spec.columns.iter().map(|column| names.iter().position(|name| name == column.name)).collect::<Vec<_>>();
    for (column, place) in spec.columns.iter().zip(&places) {
        if place.is_none() && !column.optional {
            problems.push(trouble(
                column.name,
                "column is missing",
                format!("{} ({})", column.meaning.trim(), column.unit),
            ));
        }
    }
    problems.or(places)
}

/// A table with more columns than any has.
pub fn too_many_columns(file: &str, columns: usize) -> Problem {
    Problem {
        file: file.into(),
        line: 1,
        column: String::new(),
        what: format!("{columns} columns: more than the {MOST_COLUMNS} that are read"),
        value: None,
        hint: Some("the file is damaged, or no table of this kind".into()),
    }
}

/// Reads a table of comma-separated text; `file` names it in messages. A byte-order mark is skipped.
///
/// # Errors
/// Bad headers, bad cells and repeated keys, the first ten and a count.
pub fn read_csv<T: Table>(source: impl Read, file: &str) -> Result<Vec<T>, Problems> {
    let mut records = Records::new(source, file)?;
    let places = match_header(&T::SPEC, &records.header().iter().collect::<Vec<_>>(), file)?;
    let mut rows = RowReader::<T>::new(file);
    loop {
        match records.next() {
            Ok(None) => break,
            Ok(Some((line, record))) => rows.push(line, &|i| cell_of(&T::SPEC, &places, record, i)),
            Err(problems) => {
                rows.problems.extend(problems);
                break;
            }
        }
    }
    rows.finish()
}

/// The text of a declared column in a record of comma-separated text; blank where the file lacks it.
pub fn cell_of<'r>(
    spec: &TableSpec,
    places: &[Option<usize>],
    record: &'r csv::StringRecord,
    column: usize,
) -> &'r str {
    let text = places[column].and_then(|place| record.get(place)).unwrap_or("").trim();
    if spec.columns[column].kind == Kind::Text { original(text) } else { text }
}

/// Records of comma-separated text, one by one, none longer than may be.
pub struct Records<'f, R> {
    reader: csv::Reader<Metered<R>>,
    file: &'f str,
    header: csv::StringRecord,
    record: csv::StringRecord,
}

impl<'f, R: Read> Records<'f, R> {
    /// Reads the header; `file` names the source in messages.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn new(source: R, file: &'f str) -> Result<Self, Problems> {
        let source = Metered::new(source, "a record", RECORD_BYTES);
        let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(source);
        let header = reader.headers().map_err(|error| unreadable(file, &error))?.clone();
        Ok(Records { reader, file, header, record: csv::StringRecord::new() })
    }

    /// The header.
    pub fn header(&self) -> &csv::StringRecord {
        &self.header
    }

    /// The next record and its line; `None` at the end.
    ///
    /// # Errors
    /// One that cannot be read; nothing can be read after it.
    #[expect(clippy::should_implement_trait, reason = "what it gives is its own, and it fails")]
    pub fn next(&mut self) -> Result<Option<(u64, &csv::StringRecord)>, Problems> {
        self.reader.get_mut().begin();
        match self.reader.read_record(&mut self.record) {
            Ok(false) => Ok(None),
            Ok(true) => Ok(Some((self.record.position().map_or(0, csv::Position::line), &self.record))),
            Err(error) => Err(unreadable(self.file, &error).into()),
        }
    }
}

fn unreadable(file: &str, error: &csv::Error) -> Problem {
    Problem {
        file: file.into(),
        line: error.position().map_or(0, csv::Position::line),
        column: String::new(),
        what: "not readable as comma-separated text".into(),
        value: Some(error.to_string()),
        hint: None,
    }
}

/// A cell that is not what its column holds.
pub fn bad_cell(spec: &TableSpec, (file, line): (&str, u64), (at, expected): (usize, String), text: &str) -> Problem {
    let column = &spec.columns[at];
    Problem {
        file: file.into(),
        line,
        column: column.name.into(),
        what: expected,
        value: (!is_private(column.name)).then(|| text.to_owned()),
        hint: None,
    }
}

/// A row with the key of an earlier one.
pub fn same_key(spec: &TableSpec, (file, line): (&str, u64), first: u64) -> Problem {
    Problem {
        file: file.into(),
        line,
        column: String::new(),
        what: format!("same key ({}) as line {first}", spec.key.join(", ")),
        value: None,
        hint: Some("keep one of the two rows".into()),
    }
}

/// Collects rows of a table from any source of text cells, checks keys, and keeps the problems.
pub struct RowReader<'f, T> {
    file: &'f str,
    rows: Vec<T>,
    keys: std::collections::HashMap<String, u64>,
    /// What went wrong so far.
    pub problems: Problems,
}

impl<'f, T: Table> RowReader<'f, T> {
    /// An empty reader; `file` names the source in messages.
    pub fn new(file: &'f str) -> Self {
        RowReader { file, rows: Vec::new(), keys: Default::default(), problems: Problems::default() }
    }

    /// Takes one row.
    pub fn push<'a>(&mut self, line: u64, text: &dyn Fn(usize) -> &'a str) {
        match T::from_text(text) {
            Err((at, expected)) => {
                self.problems.push(bad_cell(&T::SPEC, (self.file, line), (at, expected), text(at)));
            }
            Ok(row) => {
                if !T::SPEC.key.is_empty() {
                    let mut key = String::new();
                    for name in T::SPEC.key {
                        let at = T::SPEC.columns.iter().position(|c| c.name == *name).expect("keys name columns");
                        key.push_str(text(at));
                        key.push('\u{1f}');
                    }
                    if let Some(first) = self.keys.insert(key, line) {
                        self.problems.push(same_key(&T::SPEC, (self.file, line), first));
                    }
                }
                self.rows.push(row);
            }
        }
    }

    /// The rows, or what was wrong.
    ///
    /// # Errors
    /// The problems, when there are any.
    pub fn finish(self) -> Result<Vec<T>, Problems> {
        self.problems.or(self.rows)
    }
}

/// Writes rows as comma-separated text with a header.
///
/// # Errors
/// Those of the writer.
pub fn write_csv<T: Table>(rows: &[T], target: impl Write) -> std::io::Result<()> {
    let mut writer = csv::Writer::from_writer(target);
    writer.write_record(T::SPEC.columns.iter().map(|column| column.name))?;
    for row in rows {
        writer.write_record((0..T::SPEC.columns.len()).map(|i| row.cell(i).for_csv()))?;
    }
    writer.flush()
}
