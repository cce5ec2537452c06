//! Raw files: each part's people are made in small groups, and every table of every year has a file open for them.

use super::columns::{Column, Layout, Rows, TABLES, counts};
use super::parquet::Batches;
use super::place::beside;
use super::{Parts, RawKind, SynthProgress, text};
use crate::trouble::Io;
use ::parquet::arrow::ArrowWriter;
use acoledger_schemas::table::Problems;
use acoledger_synth::Nation;
use acoledger_synth::tables::YearTables;
use rayon::prelude::*;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// People made before the full tables are written.
const PEOPLE_PER_GROUP: u64 = 64;
/// Rows of a table that are written at once.
const ROWS_PER_WRITE: usize = 16 * 1024;

/// What was written.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) rows: Vec<(&'static str, u64)>,
    pub(super) bytes: u64,
}

/// Writes the raw files of all wanted parts.
pub(super) fn write(
    nation: &Nation,
    kind: RawKind,
    parts: &Parts,
    folder: &Path,
    progress: &(dyn Fn(SynthProgress) + Sync),
) -> Result<Counts, Problems> {
    let layout = Layout::new(nation);
    let wanted = parts.wanted();
    let lives = wanted.iter().map(|&part| parts.range(part)).map(|range| range.end - range.start).sum();
    let (done, lines) = (AtomicU64::new(0), AtomicU64::new(0));
    let step = |people: u64, rows: u64| {
        let lives_done = done.fetch_add(people, Ordering::Relaxed) + people;
        let rows = lines.fetch_add(rows, Ordering::Relaxed) + rows;
        progress(SynthProgress { lives_done, lives, rows });
    };
    let written: Vec<([u64; 8], u64)> = wanted
        .par_iter()
        .with_max_len(1)
        .map(|&part| write_part(nation, kind, &layout, parts, part, folder, &step))
        .collect::<Result<_, _>>()?;
    let rows = TABLES.iter().enumerate().map(|(at, table)| (*table, written.iter().map(|(rows, _)| rows[at]).sum()));
    Ok(Counts { rows: rows.collect(), bytes: written.iter().map(|(_, bytes)| bytes).sum() })
}

/// Writes one part: rows by table, and bytes.
fn write_part(
    nation: &Nation,
    kind: RawKind,
    layout: &Layout,
    parts: &Parts,
    part: u32,
    folder: &Path,
    step: &(dyn Fn(u64, u64) + Sync),
) -> Result<([u64; 8], u64), Problems> {
    let mut tables: Vec<YearTables> = nation.years().map(|_| YearTables::default()).collect();
    let mut files = Vec::new();
    for year in nation.years() {
        let path = |table: &str| folder.join(format!("{table}_{year}{}.{}", parts.suffix(part), extension(kind)));
        files.push(YearFiles::create(kind, layout, &path)?);
    }
    let mut rows = [0u64; 8];
    let people = parts.range(part);
    let mut at = people.start;
    while at < people.end {
        let end = (at + PEOPLE_PER_GROUP).min(people.end);
        let before: usize = tables.iter().map(YearTables::line_count).sum();
        nation.generate(at..end, &mut tables);
        let after: usize = tables.iter().map(YearTables::line_count).sum();
        for (year, files) in tables.iter_mut().zip(&mut files) {
            files.write(year, ROWS_PER_WRITE, &mut rows)?;
        }
        step(end - at, (after - before) as u64);
        at = end;
    }
    let mut bytes = 0;
    for (year, mut files) in tables.iter_mut().zip(files) {
        files.write(year, 0, &mut rows)?;
        bytes += files.finish()?;
    }
    Ok((rows, bytes))
}

fn extension(kind: RawKind) -> &'static str {
    if kind == RawKind::Parquet { "parquet" } else { "csv" }
}

/// The eight files of a year.
struct YearFiles<'l> {
    enrollment: TableFile<'l, acoledger_synth::tables::Enrollment>,
    lines: [TableFile<'l, acoledger_synth::tables::Lines>; 2],
    claims: [TableFile<'l, acoledger_synth::tables::Claims>; 5],
}

impl<'l> YearFiles<'l> {
    fn create(kind: RawKind, layout: &'l Layout, path: &dyn Fn(&str) -> PathBuf) -> Result<Self, Problems> {
        Ok(YearFiles {
            enrollment: TableFile::create(kind, &layout.enrollment, path(TABLES[0]))?,
            lines: [
                TableFile::create(kind, &layout.carrier, path(TABLES[1]))?,
                TableFile::create(kind, &layout.dme, path(TABLES[2]))?,
            ],
            claims: [
                TableFile::create(kind, &layout.inpatient, path(TABLES[3]))?,
                TableFile::create(kind, &layout.snf, path(TABLES[4]))?,
                TableFile::create(kind, &layout.outpatient, path(TABLES[5]))?,
                TableFile::create(kind, &layout.hha, path(TABLES[6]))?,
                TableFile::create(kind, &layout.hospice, path(TABLES[7]))?,
            ],
        })
    }

    /// Writes and forgets the rows of every table that holds more than `most`.
    fn write(&mut self, year: &mut YearTables, most: usize, rows: &mut [u64; 8]) -> Result<(), Problems> {
        let here = counts(year);
        for (at, count) in here.into_iter().enumerate().filter(|(_, count)| *count > most) {
            rows[at] += count as u64;
            match at {
                0 => self.enrollment.write(&year.enrollment)?,
                1 => self.lines[0].write(&year.carrier)?,
                2 => self.lines[1].write(&year.dme)?,
                3 => self.claims[0].write(&year.inpatient)?,
                4 => self.claims[1].write(&year.snf)?,
                5 => self.claims[2].write(&year.outpatient)?,
                6 => self.claims[3].write(&year.hha)?,
                _ => self.claims[4].write(&year.hospice)?,
            }
            match at {
                0 => year.enrollment.clear(),
                1 => year.carrier.clear(),
                2 => year.dme.clear(),
                3 => year.inpatient.clear(),
                4 => year.snf.clear(),
                5 => year.outpatient.clear(),
                6 => year.hha.clear(),
                _ => year.hospice.clear(),
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<u64, Problems> {
        let mut bytes = self.enrollment.finish()?;
        for file in self.lines {
            bytes += file.finish()?;
        }
        for file in self.claims {
            bytes += file.finish()?;
        }
        Ok(bytes)
    }
}

/// One file under way.
struct TableFile<'l, T> {
    path: PathBuf,
    form: Form<'l, T>,
}

enum Form<'l, T> {
    Text(&'l [Column<T>], File, Vec<u8>),
    Parquet(Box<(Batches<'l, T>, ArrowWriter<File>)>),
}

impl<'l, T: Rows> TableFile<'l, T> {
    fn create(kind: RawKind, columns: &'l [Column<T>], path: PathBuf) -> Result<Self, Problems> {
        let unfinished = beside(&path);
        let mut file = File::create(&unfinished).doing("cannot be created", &unfinished)?;
        let form = if kind != RawKind::Parquet {
            file.write_all(text::header(columns).as_bytes()).doing("cannot be written", &unfinished)?;
            Form::Text(columns, file, Vec::new())
        } else {
            let batches = Batches::new(columns);
            let writer = batches.writer(file).doing("cannot be written", &unfinished)?;
            Form::Parquet(Box::new((batches, writer)))
        };
        Ok(TableFile { path, form })
    }

    fn write(&mut self, table: &T) -> Result<(), Problems> {
        match &mut self.form {
            Form::Text(columns, file, buffer) => {
                buffer.clear();
                text::rows(columns, table, buffer);
                file.write_all(buffer).doing("cannot be written", &self.path)
            }
            Form::Parquet(both) => {
                let batch = both.0.batch(table);
                both.1.write(&batch).doing("cannot be written", &self.path)
            }
        }
    }

    fn finish(self) -> Result<u64, Problems> {
        if let Form::Parquet(both) = self.form {
            both.1.close().doing("cannot be written", &self.path)?;
        }
        let unfinished = beside(&self.path);
        fs::rename(&unfinished, &self.path).doing("cannot be renamed", &unfinished)?;
        Ok(fs::metadata(&self.path).doing("cannot be read", &self.path)?.len())
    }
}
