//! A first look at every raw file, before any work: its form, its header, what is done with its rows.

use super::feed::{Member, Said};
use super::find::Found;
use crate::parquet_door;
use crate::trouble::{self, Io, Outcome};
use acoledger_ingest::columns::is_readable;
use acoledger_ingest::dialect::{FileLayout, FileShape, HeaderProblem};
use acoledger_ingest::pack::decompressed;
use acoledger_ingest::text;
use acoledger_schemas::limits::MOST_COLUMNS;
use acoledger_schemas::raw::RawLayout;
use acoledger_schemas::table::{Problem, Problems, too_many_columns};
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Longest header line.
const LONGEST_HEADER_BYTES: u64 = 1 << 20;
/// How the files of this form begin.
const PARQUET_MARK: &[u8] = b"PAR1";

/// What raw files can be.
const FORMS: &str = "raw files are text with `|`, `,` or tab between the cells (plain, gzip, zstd) or Parquet";

/// The form of a raw file.
#[derive(Clone, Debug)]
pub(super) enum Form {
    /// Delimited text, compressed or not.
    Text {
        /// Delimiter.
        delimiter: u8,
        /// Whether a byte-order mark stands first.
        marked: bool,
    },
    /// Parquet.
    Parquet(ArrowReaderMetadata),
    /// Records of fixed width.
    Fixed {
        /// Bytes of a record.
        length: usize,
        /// Where the needed fields begin and end.
        spans: Vec<(usize, usize)>,
        /// The file's place in its archive.
        member: Option<Member>,
    },
}

/// A raw file that can be read.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Its number among all raw files.
    pub(super) number: u32,
    /// Where it is, and of which table.
    pub(super) file: Found,
    /// Size on disk, bytes.
    pub(super) bytes: u64,
    /// Its form.
    pub(super) form: Form,
    /// What is done with its rows.
    pub(super) layout: FileLayout,
    /// What it says beside its rows, where it is one of a feed.
    pub(super) said: Option<Said>,
}

/// Looks at the files of these numbers.
///
/// # Errors
/// Every file that cannot be read, is of no known form, lacks a required column.
pub(super) fn at_all(found: &[Found], numbers: &[u32], layout: &RawLayout) -> Outcome<Vec<Source>> {
    let mut problems = Problems::default();
    let mut sources = Vec::with_capacity(numbers.len());
    for &number in numbers {
        match at(found[number as usize].clone(), layout) {
            Ok(source) => sources.push(Source { number, ..source }),
            Err(more) => problems.extend(more),
        }
    }
    problems.or(sources)
}

/// Checks that base and line files of a table come together. `shapes` says of each file what its rows are.
///
/// # Errors
/// Lines without a base file or the reverse.
pub(super) fn check_shapes(found: &[Found], shapes: &[&str], layout: &RawLayout) -> Outcome<()> {
    let mut problems = Problems::default();
    for (table, raw) in layout.tables.iter().enumerate() {
        let first = |wanted: FileShape| {
            let is = |(file, shape): &(&Found, &&str)| file.table == table && **shape == wanted.name();
            found.iter().zip(shapes).find(is).map(|(file, _)| &file.name)
        };
        let lines_wanted = raw.lake != "facility" || raw.name == "outpatient";
        match (first(FileShape::Base), first(FileShape::Line)) {
            (None, Some(name)) => {
                let what = format!("lines of `{}` without their claims: no file holds the headers", raw.name);
                problems.push(alone(name, what));
            }
            (Some(name), None) if lines_wanted => {
                let what = format!("claims of `{}` without their lines: no file holds them", raw.name);
                problems.push(alone(name, what));
            }
            _ => {}
        }
    }
    problems.or(())
}

fn alone(name: &str, what: String) -> Problem {
    let hint =
        Some("split research files come as a base file and a line or revenue center file: add the other one".into());
    Problem { file: name.into(), line: 0, column: String::new(), what, value: None, hint }
}

/// Looks at one file.
pub(super) fn at(file: Found, layout: &RawLayout) -> Outcome<Source> {
    let mut handle = File::open(&file.path).doing("cannot be read", &file.path)?;
    let bytes = handle.metadata().doing("cannot be read", &file.path)?.len();
    let mut start = Vec::new();
    handle.by_ref().take(PARQUET_MARK.len() as u64).read_to_end(&mut start).doing("cannot be read", &file.path)?;
    let (form, names) = if start == PARQUET_MARK { parquet(&file)? } else { delimited(&file)? };
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let table = &layout.tables[file.table].name;
    let matched = FileLayout::of(layout, table, &names).map_err(|problems| header_problems(&file, problems))?;
    let source = Source { number: 0, file, bytes, form, layout: matched, said: None };
    check_types(&source)?;
    Ok(source)
}

pub(super) fn header_problems(file: &Found, problems: Vec<HeaderProblem>) -> Problems {
    let mut all = Problems::default();
    for HeaderProblem { column, what, hint } in problems {
        all.push(Problem { file: file.name.clone(), line: 1, column, what, value: None, hint: Some(hint) });
    }
    all
}

fn delimited(file: &Found) -> Outcome<(Form, Vec<String>)> {
    let handle = File::open(&file.path).doing("cannot be read", &file.path)?;
    let text = decompressed(handle).doing("cannot be read", &file.path)?;
    let mut line = Vec::new();
    let mut reader = BufReader::new(text.take(LONGEST_HEADER_BYTES + 1));
    reader.read_until(b'\n', &mut line).doing("cannot be read", &file.path)?;
    if line.len() as u64 > LONGEST_HEADER_BYTES {
        let what = format!("a header line of more than {LONGEST_HEADER_BYTES} bytes");
        return Err(trouble::of_file_with_hint(&file.path, what, FORMS).into());
    }
    let Some(header) = text::header(&line) else {
        let what =
            if line.is_empty() { "the file is empty" } else { "neither delimited text with a header nor Parquet" };
        return Err(trouble::of_file_with_hint(&file.path, what, FORMS).into());
    };
    if header.names.len() > MOST_COLUMNS {
        return Err(too_many_columns(&file.name, header.names.len()).into());
    }
    Ok((Form::Text { delimiter: header.delimiter, marked: header.marked }, header.names))
}

fn parquet(file: &Found) -> Outcome<(Form, Vec<String>)> {
    let metadata = parquet_door::metadata(&file.path)?;
    let names = metadata.schema().fields().iter().map(|field| field.name().clone()).collect();
    Ok((Form::Parquet(metadata), names))
}

/// Whether the cells of all needed columns can be read.
fn check_types(source: &Source) -> Outcome<()> {
    let Form::Parquet(metadata) = &source.form else { return Ok(()) };
    let mut problems = Problems::default();
    for &column in &source.layout.needed {
        let field = metadata.schema().field(column);
        if !is_readable(field.data_type()) {
            problems.push(Problem {
                file: source.file.name.clone(),
                line: 0,
                column: field.name().clone(),
                what: "cells of this type are not read".into(),
                value: Some(field.data_type().to_string()),
                hint: Some("write the column as text, number or date".into()),
            });
        }
    }
    problems.or(())
}

/// Bytes that the rows of a file take when packed, roughly: what the cut into parts goes by.
pub(super) fn packed_bytes(source: &Source) -> u64 {
    match &source.form {
        Form::Parquet(_) => source.bytes * GROWTH_OF_COMPRESSED,
        Form::Fixed { .. } => source.bytes,
        Form::Text { .. } => packed_bytes_by_name(&source.file.path, source.bytes),
    }
}

/// Text and Parquet against packed rows; generous, since a part that is too large costs memory.
const GROWTH_OF_COMPRESSED: u64 = 10;

/// The same of a file that was not looked at.
pub(super) fn packed_bytes_by_name(path: &Path, bytes: u64) -> u64 {
    let compressed = matches!(path.extension(), Some(ending) if ending != "csv" && ending != "txt");
    bytes * if compressed { GROWTH_OF_COMPRESSED } else { 1 }
}
