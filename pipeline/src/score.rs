//! Risk scores of a table of people: rows in, rows out, in the same order.
//!
//! Rows are read in batches on one thread and scored on all; a bad cell stops the command with its place.

mod people;
mod read;
mod write;

use crate::files::{read_text, write_atomically};
use crate::grid::Format;
use crate::trouble::{self, Io, Outcome};
use acoledger_hcc::{MapStatus, Model, Options, Scorer, Tables};
use acoledger_schemas::limits::RESULTS_BYTES;
use arrow_array::RecordBatch;
use arrow_schema::Schema;
use people::Ask;
use rayon::prelude::*;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use write::{Rows, Writer};

/// What is to be scored, and how.
#[derive(Debug)]
pub(crate) struct Question<'a> {
    pub(crate) people: &'a Path,
    pub(crate) model: Option<Model>,
    pub(crate) payment_year: Option<i32>,
    pub(crate) explain: bool,
    /// Diagnosis maps in place of our own.
    pub(crate) map: Option<&'a Path>,
    pub(crate) options: Options,
    pub(crate) format: Format,
    /// File for the scores; Parquet where its name says so. `None`: standard output.
    pub(crate) out: Option<&'a Path>,
}

/// How many of what there was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) people: u64,
    /// Diagnoses that the person's model knows, repeated ones each time.
    pub(crate) mapped: u64,
    /// Diagnoses of valid form that it does not know: most of ICD-10 is in no payment model.
    pub(crate) unmapped: u64,
    /// Fields that are no ICD-10 code.
    pub(crate) malformed: u64,
}

impl Counts {
    fn add(&mut self, other: Counts) {
        self.people += other.people;
        self.mapped += other.mapped;
        self.unmapped += other.unmapped;
        self.malformed += other.malformed;
    }
}

/// Payment years that a row may name.
const YEARS: std::ops::RangeInclusive<i32> = 2014..=2045;

/// Scorers, made when a row first asks for them.
struct Scorers {
    tables: Tables,
    options: Options,
    made: Vec<OnceLock<Result<Scorer, String>>>,
}

impl Scorers {
    fn new(tables: Tables, options: Options) -> Scorers {
        let places = YEARS.count() * Model::ALL.len();
        Scorers { tables, options, made: (0..places).map(|_| OnceLock::new()).collect() }
    }

    /// The scorer of a model and payment year; what is wrong where there is no map for it.
    fn of(&self, model: Model, year: i32) -> Result<&Scorer, &str> {
        if !YEARS.contains(&year) {
            return Err("no payment year of these models");
        }
        let place = (year - YEARS.start()) as usize * Model::ALL.len() + model as usize;
        self.made[place].get_or_init(|| self.make(model, year)).as_ref().map_err(String::as_str)
    }

    fn make(&self, model: Model, year: i32) -> Result<Scorer, String> {
        let scorer = self.tables.scorer(model, year, self.options).map_err(|error| error.to_string())?;
        match scorer.status() {
            MapStatus::Published => {}
            MapStatus::Between(before, after) => tracing::warn!(
                "{} {year}: this program has no diagnosis map of the year; scored with those of {before} and {after} together; \
                 --map FILE takes one",
                model.name()
            ),
            MapStatus::Nearest(nearest) => {
                return Err(format!("no diagnosis map of {} for the year; the nearest is of {nearest}", model.name()));
            }
        }
        Ok(scorer)
    }
}

/// Scores a table.
///
/// # Errors
/// An unreadable file, missing columns, bad cells, a year without a map, the disk.
pub(crate) fn score(question: &Question<'_>) -> Outcome<Counts> {
    let scorers = scorers(question)?;
    let is_parquet = |path: &Path| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"));
    match question.out {
        None => {
            let mut out = std::io::BufWriter::new(std::io::stdout().lock());
            let people = read::People::open(question.people)?;
            let counts = run(question, people, &scorers, Writer::text(&mut out, question.format, question.explain))?;
            finish(&mut out)?;
            Ok(counts)
        }
        Some(path) => {
            let mut counts = Ok(Counts::default());
            let written = write_atomically(path, |out| {
                let writer = if is_parquet(path) {
                    Writer::parquet(out, question.explain)?
                } else {
                    Writer::text(out, question.format, question.explain)
                };
                counts = read::People::open(question.people).and_then(|people| run(question, people, &scorers, writer));
                match &counts {
                    Ok(_) => Ok(()),
                    Err(_) => Err("nothing was written".into()),
                }
            });
            let counts = counts?;
            written?;
            Ok(counts)
        }
    }
}

/// Scores columns in memory; `question.people` is what messages call them. The batches' columns are those of the Parquet file.
///
/// # Errors
/// As [`score`].
pub(crate) fn score_columns(
    question: &Question<'_>,
    schema: &Schema,
    batches: impl Iterator<Item = Result<RecordBatch, String>> + 'static,
) -> Outcome<(Vec<RecordBatch>, Counts)> {
    let scorers = scorers(question)?;
    let people = read::People::of_columns(question.people, schema, batches)?;
    let mut out = Vec::new();
    let counts = run(question, people, &scorers, Writer::memory(&mut out, question.explain))?;
    Ok((out, counts))
}

fn scorers(question: &Question<'_>) -> Outcome<Scorers> {
    let mut tables = Tables::built_in().map_err(|error| of_tables(&error))?;
    if let Some(path) = question.map {
        let text = read_text(path, RESULTS_BYTES)?;
        tables = tables.with_maps(&path.display().to_string(), &text).map_err(|error| of_tables(&error))?;
    }
    Ok(Scorers::new(tables, question.options))
}

/// A reader that has gone away (`| head`) is no failure.
fn finish(out: &mut impl Write) -> Outcome<()> {
    match out.flush() {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(error).doing("cannot be written", Path::new("standard output"))
        }
        _ => Ok(()),
    }
}

fn run(
    question: &Question<'_>,
    mut reader: read::People,
    scorers: &Scorers,
    mut writer: Writer<'_>,
) -> Outcome<Counts> {
    let ask = Ask::new(reader.header(), question, &question.people.display().to_string())?;
    writer.begin(ask.id_name())?;
    let mut counts = Counts::default();
    while let Some(batch) = reader.next_batch()? {
        const PIECE: usize = 2048;
        let pieces: Vec<std::ops::Range<usize>> =
            (0..batch.len()).step_by(PIECE).map(|from| from..(from + PIECE).min(batch.len())).collect();
        let scored: Vec<Outcome<(Rows, Counts)>> =
            pieces.into_par_iter().map(|piece| ask.score(&batch, piece, scorers)).collect();
        let mut problems = acoledger_schemas::table::Problems::default();
        let mut rows = Vec::new();
        for piece in scored {
            match piece {
                Ok((piece, of_piece)) => {
                    counts.add(of_piece);
                    rows.push(piece);
                }
                Err(found) => problems.extend(found),
            }
        }
        problems.or(())?;
        if !writer.write(rows)? {
            return Ok(counts);
        }
    }
    writer.end()?;
    Ok(counts)
}

/// The door of people and diagnosis maps, for those who throw bytes at it.
#[derive(Debug)]
pub(crate) struct Door(Tables);

impl Door {
    pub(crate) fn new() -> Outcome<Door> {
        Tables::built_in().map(Door).map_err(|error| of_tables(&error))
    }

    /// Scores a table of people, once into CSV with reasons, once into an aligned table.
    pub(crate) fn people(&self, people: &Path) -> Outcome<()> {
        let scorers = Scorers::new(self.0.clone(), Options::default());
        for (format, explain) in [(Format::Csv, true), (Format::Table, false)] {
            let mut out = Vec::new();
            let (model, payment_year, map) = (None, None, None);
            let options = Options::default();
            let question = Question { people, model, payment_year, explain, map, options, format, out: None };
            run(&question, read::People::open(people)?, &scorers, Writer::text(&mut out, format, explain))?;
        }
        Ok(())
    }

    /// Reads a diagnosis map.
    pub(crate) fn map(&self, path: &Path) -> Outcome<()> {
        let text = read_text(path, RESULTS_BYTES)?;
        self.0.with_maps("map", &text).map(drop).map_err(|error| of_tables(&error))
    }
}

fn of_tables(error: &acoledger_hcc::Load) -> acoledger_schemas::table::Problems {
    acoledger_schemas::table::Problem {
        file: error.file.clone(),
        line: error.line,
        column: String::new(),
        what: error.what.clone(),
        value: None,
        hint: Some("the form is that of data/reference/hcc/hcc_dx.csv".into()),
    }
    .into()
}

/// Names a file as the user did.
pub(crate) fn cannot_write(error: impl std::fmt::Display) -> acoledger_schemas::table::Problems {
    trouble::of_file(&PathBuf::from("standard output"), "cannot be written", error).into()
}
