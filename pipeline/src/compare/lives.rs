//! The lives of a run's lists in the order of their keys, each with what it cost: two sharded tables, read side by side. Shards
//! concatenate to the same order whatever their number, so that runs with other shards can be merged.

use crate::parquet_door;
use crate::person::{TABLES, shard_files};
use crate::trouble::{self, Io, Outcome};
use acoledger_schemas::keys::bene_key;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, Int64Array, RecordBatch, StringArray};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Rows that are held of a table at a time.
const BATCH_ROWS: usize = 8192;

/// Where a life stands on one list. Texts are numbers of [`Names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) aco: u32,
    pub(super) basis: u32,
    pub(super) step: Option<u8>,
}

/// Texts by number: a place on a list of millions is then three numbers.
#[derive(Debug, Default)]
pub(super) struct Names {
    numbers: HashMap<String, u32>,
    texts: Vec<String>,
}

impl Names {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.texts.len() as u32;
        self.numbers.insert(text.to_owned(), number);
        self.texts.push(text.to_owned());
        number
    }

    pub(super) fn text(&self, number: u32) -> &str {
        &self.texts[number as usize]
    }
}

/// A life on at least one list.
#[derive(Debug)]
pub(super) struct Life {
    /// Key and identifier: lives stand in this order.
    pub(super) id: (u64, String),
    /// By performance year and calendar year, in order.
    pub(super) places: Vec<((i32, i32), Place)>,
    /// Spending by calendar year, in cents.
    spend: Vec<(i32, i64)>,
}

impl Life {
    /// Spending of a calendar year; without months that carry money there is none.
    pub(super) fn spend_cents(&self, calendar_year: i32) -> i64 {
        self.spend.iter().filter(|(year, _)| *year == calendar_year).map(|(_, cents)| cents).sum()
    }
}

/// The lives of a run's lists, one after the other.
pub(super) struct Lives {
    lists: Rows,
    person_years: Rows,
}

impl Lives {
    /// Begins to read a run; `None` when it has no assignment, since it starts from rates.
    ///
    /// # Errors
    /// One of the two tables alone, files that cannot be read.
    pub(super) fn open(run: &Path) -> Outcome<Option<Lives>> {
        if !run.join(TABLES[0]).is_dir() {
            return Ok(None);
        }
        let lists = ["bene_id", "performance_year", "calendar_year", "aco_id", "basis", "step"];
        let lists = Rows::open(run, TABLES[0], &lists)?;
        let person_years = Rows::open(run, TABLES[1], &["bene_id", "calendar_year", "spend_cents"])?;
        Ok(Some(Lives { lists, person_years }))
    }

    /// The next life.
    ///
    /// # Errors
    /// A file that cannot be read, a column that is absent, lives out of order.
    pub(super) fn next(&mut self, names: &mut Names) -> Outcome<Option<Life>> {
        let Some(id) = self.lists.life.clone() else { return Ok(None) };
        let mut life = Life { id, places: Vec::new(), spend: Vec::new() };
        while self.lists.life.as_ref() == Some(&life.id) {
            let rows = &self.lists;
            let years = (rows.year(1)?, rows.year(2)?);
            let (aco, basis) = (rows.text(3), rows.text(4));
            let (Some(aco), Some(basis)) = (aco, basis) else { return Err(rows.blank("aco_id")) };
            let place = Place {
                aco: names.number(aco),
                basis: names.number(basis),
                step: rows.number(5).and_then(|step| u8::try_from(step).ok()),
            };
            life.places.push((years, place));
            self.lists.advance()?;
        }
        life.places.sort_unstable_by_key(|(years, _)| *years);
        while self.person_years.life.as_ref().is_some_and(|next| *next < life.id) {
            self.person_years.advance()?;
        }
        while self.person_years.life.as_ref() == Some(&life.id) {
            let rows = &self.person_years;
            let cents = rows.number(2).ok_or_else(|| rows.blank("spend_cents"))?;
            life.spend.push((rows.year(1)?, cents));
            self.person_years.advance()?;
        }
        Ok(Some(life))
    }
}

/// A column of the batch at hand.
enum Values {
    Text(StringArray),
    Numbers(Int64Array),
}

/// Rows of a sharded table, a batch at a time; the first column is the life's identifier.
struct Rows {
    columns: Vec<&'static str>,
    /// Files that are still to be read, the next one last.
    files: Vec<PathBuf>,
    file: PathBuf,
    reader: Option<parquet_door::Batches>,
    batch: Vec<Values>,
    rows: usize,
    row: usize,
    /// The life of the row at hand; `None` at the end.
    life: Option<(u64, String)>,
}

impl Rows {
    fn open(run: &Path, table: &str, columns: &[&'static str]) -> Outcome<Rows> {
        let folder = run.join(table);
        // The last is the next to be read.
        let files = shard_files(run, table)?.into_iter().rev().collect();
        let columns = columns.to_vec();
        let mut rows =
            Rows { columns, files, file: folder, reader: None, batch: Vec::new(), rows: 0, row: 0, life: None };
        rows.read()?;
        rows.name_life()?;
        Ok(rows)
    }

    /// Goes to the next row.
    fn advance(&mut self) -> Outcome<()> {
        self.row += 1;
        if self.row >= self.rows {
            self.read()?;
        }
        self.name_life()
    }

    /// Reads the next batch that has rows; at the end there is none.
    fn read(&mut self) -> Outcome<()> {
        (self.rows, self.row) = (0, 0);
        loop {
            if let Some(reader) = &mut self.reader {
                match reader.next() {
                    Some(batch) => {
                        let batch = batch.doing("cannot be read", &self.file)?;
                        if batch.num_rows() > 0 {
                            self.rows = batch.num_rows();
                            return self.take(&batch);
                        }
                    }
                    None => self.reader = None,
                }
            } else if let Some(file) = self.files.pop() {
                self.file = file;
                self.reader = Some(parquet_door::columns(&self.file, &self.columns, BATCH_ROWS, |_| Ok(()))?);
            } else {
                return Ok(());
            }
        }
    }

    fn take(&mut self, batch: &RecordBatch) -> Outcome<()> {
        self.batch.clear();
        for name in &self.columns {
            let column = batch.column_by_name(name);
            let text = column.and_then(|column| column.as_string_opt::<i32>()).cloned().map(Values::Text);
            let numbers = || column.and_then(|column| column.as_primitive_opt::<Int64Type>()).cloned();
            let Some(values) = text.or_else(|| numbers().map(Values::Numbers)) else {
                let what = format!("no column `{name}` as a run writes it");
                return Err(trouble::of_file_with_hint(&self.file, what, "make the run again").into());
            };
            self.batch.push(values);
        }
        Ok(())
    }

    /// Notes the life of the row at hand, and that it does not stand before the one that was there.
    fn name_life(&mut self) -> Outcome<()> {
        let Some(id) = (if self.rows == 0 { None } else { Some(self.text(0).ok_or_else(|| self.blank("bene_id"))?) })
        else {
            self.life = None;
            return Ok(());
        };
        if self.life.as_ref().is_some_and(|(_, same)| same == id) {
            return Ok(());
        }
        let life = (bene_key(id), id.to_owned());
        if self.life.as_ref().is_some_and(|before| *before >= life) {
            let hint = "make the run again: its shards do not follow each other";
            return Err(trouble::of_file_with_hint(&self.file, "lives out of order", hint).into());
        }
        self.life = Some(life);
        Ok(())
    }

    fn text(&self, column: usize) -> Option<&str> {
        match &self.batch[column] {
            Values::Text(texts) => texts.is_valid(self.row).then(|| texts.value(self.row)),
            Values::Numbers(_) => None,
        }
    }

    fn number(&self, column: usize) -> Option<i64> {
        match &self.batch[column] {
            Values::Numbers(numbers) => numbers.is_valid(self.row).then(|| numbers.value(self.row)),
            Values::Text(_) => None,
        }
    }

    fn year(&self, column: usize) -> Outcome<i32> {
        let year = self.number(column).and_then(|year| i32::try_from(year).ok());
        year.ok_or_else(|| self.blank(self.columns[column]))
    }

    fn blank(&self, column: &str) -> acoledger_schemas::table::Problems {
        let what = format!("a row without `{column}`");
        trouble::of_file_with_hint(&self.file, what, "make the run again").into()
    }
}
