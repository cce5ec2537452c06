//! Scores as CSV, as an aligned table, as JSON or as Parquet.

use super::cannot_write;
use crate::grid::{Format, Grid, Head, Value};
use crate::trouble::Outcome;
use acoledger_hcc::{Explanation, Fate, Score, Scorer};
use acoledger_schemas::spreadsheet::neutral;
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use std::fmt::Write as _;
use std::io::Write;
use std::sync::Arc;

/// Columns after the identifier.
const COLUMNS: [&str; 10] = [
    "segment",
    "raw_score",
    "demographic_score",
    "hccs",
    "payment_hcc_count",
    "interactions",
    "count_var",
    "diagnoses",
    "dropped",
    "terms",
];
/// Columns, the identifier's among them, without an explanation.
const PLAIN: usize = 8;

/// Scored rows: the cells of a row one after the other, in one text.
pub(super) struct Rows {
    text: String,
    ends: Vec<u32>,
    width: usize,
}

impl Rows {
    pub(super) fn new(explain: bool) -> Rows {
        Rows { text: String::new(), ends: Vec::new(), width: if explain { COLUMNS.len() + 1 } else { PLAIN } }
    }

    fn end(&mut self) {
        self.ends.push(u32::try_from(self.text.len()).expect("a piece of a batch is small"));
    }

    fn joined(&mut self, parts: impl Iterator<Item = impl std::fmt::Display>) {
        let from = self.text.len();
        for part in parts {
            if self.text.len() > from {
                self.text.push('|');
            }
            let _ = write!(self.text, "{part}");
        }
        self.end();
    }

    /// A row without its explanation.
    pub(super) fn push(&mut self, id: &str, scorer: &Scorer, score: &Score) {
        for text in [id, score.segment.name(), &score.text(), &score.demographic_text()] {
            self.text.push_str(text);
            self.end();
        }
        self.joined(scorer.hccs(score));
        let _ = write!(self.text, "{}", score.payment_hccs);
        self.end();
        self.joined(scorer.interactions(score));
        self.text.push_str(scorer.count_variable(score));
        self.end();
    }

    /// The explanation of the row just pushed.
    pub(super) fn explain(&mut self, scorer: &Scorer, explained: &Explanation) {
        let numbers = |list: &[u16]| list.iter().map(u16::to_string).collect::<Vec<_>>().join("+");
        self.joined(explained.diagnoses.iter().map(|(code, fate)| match fate {
            Fate::Categories(list) => format!("{code}>{}", numbers(list)),
            Fate::Edited(list) if list.is_empty() => format!("{code}>none by edit"),
            Fate::Edited(list) => format!("{code}>{} by edit", numbers(list)),
            Fate::Unmapped => format!("{code} not in {}", scorer.model().name()),
            Fate::Malformed => format!("{code} malformed"),
        }));
        let alone = explained.alone.iter().map(|hcc| format!("{hcc} alone"));
        let dropped = explained.dropped.iter().map(|(parent, child)| format!("{parent}>{child}"));
        self.joined(alone.chain(dropped));
        self.joined(explained.terms.iter().map(|term| {
            let (sign, milli) = (if term.milli < 0 { "-" } else { "" }, term.milli.abs());
            format!("{}={sign}{}.{:03}", term.variable, milli / 1000, milli % 1000)
        }));
    }

    fn rows(&self) -> impl Iterator<Item = Vec<&str>> {
        let cell = |at: usize| {
            let from = if at == 0 { 0 } else { self.ends[at - 1] as usize };
            &self.text[from..self.ends[at] as usize]
        };
        (0..self.ends.len()).step_by(self.width).map(move |from| (from..from + self.width).map(cell).collect())
    }
}

/// Where scores go.
pub(super) struct Writer<'w> {
    explain: bool,
    id: String,
    to: To<'w>,
}

enum To<'w> {
    Csv(Box<csv::Writer<&'w mut dyn Write>>),
    /// Everything is kept until the end: columns are as wide as their widest cell.
    Grid(Format, Vec<Rows>, &'w mut dyn Write),
    /// Columns in memory, once a header is known.
    Memory(Option<Arc<Schema>>, &'w mut Vec<RecordBatch>),
    /// The file until a header is known, then its writer and columns.
    Parquet(Option<&'w mut (dyn Write + Send)>, Option<Box<Columns<'w>>>),
}

/// A Parquet file being written.
struct Columns<'w> {
    schema: Arc<Schema>,
    writer: ArrowWriter<&'w mut (dyn Write + Send)>,
}

impl<'w> Writer<'w> {
    pub(super) fn text(out: &'w mut dyn Write, format: Format, explain: bool) -> Writer<'w> {
        let to = match format {
            Format::Csv => To::Csv(Box::new(csv::Writer::from_writer(out))),
            Format::Table | Format::Json => To::Grid(format, Vec::new(), out),
        };
        Writer { explain, id: String::new(), to }
    }

    pub(super) fn parquet(out: &'w mut (dyn Write + Send), explain: bool) -> Result<Writer<'w>, String> {
        Ok(Writer { explain, id: String::new(), to: To::Parquet(Some(out), None) })
    }

    pub(super) fn memory(out: &'w mut Vec<RecordBatch>, explain: bool) -> Writer<'w> {
        Writer { explain, id: String::new(), to: To::Memory(None, out) }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let width = if self.explain { COLUMNS.len() } else { PLAIN - 1 };
        std::iter::once(self.id.as_str()).chain(COLUMNS[..width].iter().copied())
    }

    pub(super) fn begin(&mut self, id: &str) -> Outcome<()> {
        self.id = id.to_owned();
        let names: Vec<String> = self.names().map(str::to_owned).collect();
        match &mut self.to {
            To::Csv(writer) => {
                writer.write_record(names.iter().map(|name| neutral(name).into_owned())).map_err(cannot_write)
            }
            To::Grid(..) => Ok(()),
            To::Memory(schema, out) => {
                let schema = schema.insert(schema_of(&names)).clone();
                // The columns are known where there is no row, too.
                out.push(RecordBatch::new_empty(schema));
                Ok(())
            }
            To::Parquet(out, writer) => {
                let out = out.take().expect("a writer begins once");
                let schema = schema_of(&names);
                let made = ArrowWriter::try_new(out, schema.clone(), None).map_err(cannot_write)?;
                *writer = Some(Box::new(Columns { schema, writer: made }));
                Ok(())
            }
        }
    }

    /// Writes rows. `false`: the reader of standard output has gone away.
    pub(super) fn write(&mut self, pieces: Vec<Rows>) -> Outcome<bool> {
        match &mut self.to {
            To::Csv(writer) => {
                for row in pieces.iter().flat_map(Rows::rows) {
                    if let Err(error) = writer.write_record(row.into_iter().map(|cell| neutral(cell).into_owned())) {
                        let gone = matches!(error.kind(), csv::ErrorKind::Io(io) if io.kind() == std::io::ErrorKind::BrokenPipe);
                        return if gone { Ok(false) } else { Err(cannot_write(error)) };
                    }
                }
            }
            To::Grid(_, kept, _) => kept.extend(pieces),
            To::Memory(schema, out) => {
                let schema = schema.as_ref().expect("a writer begins before it writes");
                for piece in &pieces {
                    out.push(batch(piece, schema).map_err(cannot_write)?);
                }
            }
            To::Parquet(_, writer) => {
                let Columns { schema, writer } = &mut **writer.as_mut().expect("a writer begins before it writes");
                for piece in &pieces {
                    let batch = batch(piece, schema).map_err(cannot_write)?;
                    writer.write(&batch).map_err(cannot_write)?;
                }
            }
        }
        Ok(true)
    }

    pub(super) fn end(self) -> Outcome<()> {
        let names: Vec<String> = self.names().map(str::to_owned).collect();
        match self.to {
            To::Csv(mut writer) => match writer.flush() {
                Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(cannot_write(error)),
                _ => Ok(()),
            },
            To::Grid(format, kept, out) => {
                let text = render(&names, &kept, format);
                match out.write_all(text.as_bytes()) {
                    Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(cannot_write(error)),
                    _ => Ok(()),
                }
            }
            To::Memory(..) => Ok(()),
            To::Parquet(_, writer) => {
                writer.expect("a writer begins before it ends").writer.close().map(drop).map_err(cannot_write)
            }
        }
    }
}

fn schema_of(names: &[String]) -> Arc<Schema> {
    let kind = |name: &str| match name {
        "raw_score" | "demographic_score" => DataType::Float64,
        "payment_hcc_count" => DataType::Int64,
        _ => DataType::Utf8,
    };
    let field =
        |(at, name): (usize, &String)| Field::new(name, if at == 0 { DataType::Utf8 } else { kind(name) }, false);
    Arc::new(Schema::new(names.iter().enumerate().map(field).collect::<Vec<_>>()))
}

/// All rows as a table or as JSON: numbers as numbers there.
fn render(names: &[String], kept: &[Rows], format: Format) -> String {
    let numbers = |name: &str| matches!(name, "raw_score" | "demographic_score" | "payment_hcc_count");
    let heads: Vec<Head> = names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let known = COLUMNS.iter().find(|known| *known == name).copied().unwrap_or("id");
            if at > 0 && numbers(name) { Head::Right(known) } else { Head::Left(if at == 0 { "id" } else { known }) }
        })
        .collect();
    let mut grid = Grid::new(&heads);
    for row in kept.iter().flat_map(Rows::rows) {
        let value = |(at, text): (usize, &str)| match text.parse::<f64>() {
            Ok(_) if at == 5 => Value::Integer(text.parse().unwrap_or_default()),
            Ok(number) if at == 2 || at == 3 => {
                Value::Decimal(number, text.len() - text.find('.').map_or(0, |dot| dot + 1))
            }
            _ => Value::Text(text.to_owned()),
        };
        grid.push(row.into_iter().enumerate().map(value).collect());
    }
    grid.render(format)
}

fn batch(piece: &Rows, schema: &Arc<Schema>) -> Result<RecordBatch, arrow_schema::ArrowError> {
    let rows: Vec<Vec<&str>> = piece.rows().collect();
    let column = |at: usize| rows.iter().map(move |row| row[at]);
    let arrays = schema.fields().iter().enumerate().map(|(at, field)| -> ArrayRef {
        match field.data_type() {
            DataType::Float64 => Arc::new(column(at).map(|text| text.parse::<f64>().ok()).collect::<Float64Array>()),
            DataType::Int64 => Arc::new(column(at).map(|text| text.parse::<i64>().ok()).collect::<Int64Array>()),
            _ => Arc::new(StringArray::from_iter_values(column(at))),
        }
    });
    RecordBatch::try_new(schema.clone(), arrays.collect())
}
