//! A table as text, some of whose cells are hidden.

use super::cover::{Parts, cover, is_small};
use crate::files::write_atomically;
use crate::trouble::{Io, Outcome};
use std::collections::BTreeMap;
use std::path::Path;

/// What stands for a hidden number, as in CMS's own public files.
const MARK: &str = "*";

/// A CSV table with a mask over its cells.
pub(super) struct Sheet {
    names: Vec<String>,
    cells: Vec<Vec<String>>,
    hidden: Vec<Vec<bool>>,
}

impl Sheet {
    /// Reads a CSV file; `None`: the run has none.
    pub(super) fn read(path: &Path) -> Outcome<Option<Sheet>> {
        if !path.is_file() {
            return Ok(None);
        }
        let mut reader = csv::Reader::from_path(path).doing("cannot be read", path)?;
        let texts = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
        let names = texts(reader.headers().doing("cannot be read", path)?);
        let cells: Result<Vec<_>, _> = reader.records().map(|record| record.map(|record| texts(&record))).collect();
        let cells = cells.doing("cannot be read", path)?;
        let hidden = vec![vec![false; names.len()]; cells.len()];
        Ok(Some(Sheet { names, cells, hidden }))
    }

    pub(super) fn write(&self, path: &Path) -> Outcome<()> {
        write_atomically(path, |writer| {
            let text = |error: csv::Error| error.to_string();
            let mut writer = csv::Writer::from_writer(writer);
            writer.write_record(&self.names).map_err(text)?;
            for (cells, hidden) in self.cells.iter().zip(&self.hidden) {
                let shown = cells.iter().zip(hidden).map(|(cell, hidden)| if *hidden { MARK } else { cell.as_str() });
                writer.write_record(shown).map_err(text)?;
            }
            writer.flush().map_err(|error| error.to_string())
        })
    }

    pub(super) fn rows(&self) -> usize {
        self.cells.len()
    }

    /// Cells that hold something.
    pub(super) fn filled(&self) -> usize {
        self.cells.iter().flatten().filter(|cell| !cell.is_empty()).count()
    }

    /// Of these, the hidden ones.
    pub(super) fn hidden(&self) -> usize {
        let cells = self.cells.iter().flatten().zip(self.hidden.iter().flatten());
        cells.filter(|(cell, hidden)| **hidden && !cell.is_empty()).count()
    }

    /// Names of the columns that are wanted.
    pub(super) fn names(&self, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        self.names.iter().filter(|name| wanted(name)).cloned().collect()
    }

    fn at(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|of| of == name)
    }

    /// A cell's text; blank where the table has no such column.
    pub(super) fn text(&self, row: usize, name: &str) -> &str {
        self.at(name).map_or("", |at| &self.cells[row][at])
    }

    pub(super) fn number(&self, row: usize, name: &str) -> Option<f64> {
        self.text(row, name).parse().ok()
    }

    pub(super) fn is_hidden(&self, row: usize, name: &str) -> bool {
        self.at(name).is_some_and(|at| self.hidden[row][at])
    }

    /// Hides a cell; a blank one has nothing to hide.
    pub(super) fn hide(&mut self, row: usize, name: &str) {
        if let Some(at) = self.at(name).filter(|at| !self.cells[row][*at].is_empty()) {
            self.hidden[row][at] = true;
        }
    }

    /// Hides all of a row but its keys; blank cells too, which could tell that there is nothing.
    pub(super) fn hide_row(&mut self, row: usize, keys: &[&str]) {
        for (name, hidden) in self.names.iter().zip(&mut self.hidden[row]) {
            *hidden |= !keys.contains(&name.as_str());
        }
    }

    /// Leaves only the rows that are wanted.
    pub(super) fn retain(&mut self, wanted: impl Fn(&Sheet, usize) -> bool) {
        let keep: Vec<bool> = (0..self.rows()).map(|row| wanted(self, row)).collect();
        let mut of = keep.iter();
        self.cells.retain(|_| *of.next().unwrap_or(&true));
        let mut of = keep.iter();
        self.hidden.retain(|_| *of.next().unwrap_or(&true));
    }

    fn row_is_hidden(&self, row: usize) -> bool {
        self.hidden[row].iter().any(|hidden| *hidden)
    }

    /// Hides small numbers among cells of one row that add up to something published, and what covers them.
    pub(super) fn cover_columns(&mut self, row: usize, names: &[&str]) {
        let values: Vec<f64> = names.iter().map(|name| self.number(row, name).unwrap_or(0.0)).collect();
        let mut hidden: Vec<bool> =
            names.iter().zip(&values).map(|(name, value)| self.is_hidden(row, name) || is_small(*value)).collect();
        cover(&values, &mut hidden, &[(0..names.len()).collect()]);
        for (name, _) in names.iter().zip(hidden).filter(|(_, hidden)| *hidden) {
            self.hide(row, name);
        }
    }

    /// Hides rows whose number of lives is small, in the first of these columns that says one, and those that cover them.
    pub(super) fn cover_rows(&mut self, lives: &[&str], keys: &[&str], parts: &[Parts<'_>]) {
        let number = |row: usize| lives.iter().find_map(|name| self.number(row, name)).unwrap_or(0.0);
        for row in (0..self.rows()).filter(|row| is_small(number(*row))).collect::<Vec<_>>() {
            self.hide_row(row, keys);
        }
        self.cover_hidden(lives, keys, parts);
    }

    /// Hides rows that cover those which are hidden; the smallest first by the first of these columns that says a number.
    pub(super) fn cover_hidden(&mut self, by: &[&str], keys: &[&str], parts: &[Parts<'_>]) {
        let number = |row: usize| by.iter().find_map(|name| self.number(row, name)).unwrap_or(0.0);
        let values: Vec<f64> = (0..self.rows()).map(number).collect();
        let mut hidden: Vec<bool> = (0..self.rows()).map(|row| self.row_is_hidden(row)).collect();
        let keys_here: Vec<&str> = keys.iter().copied().filter(|key| self.at(key).is_some()).collect();
        let mut groups = Vec::new();
        for part in parts {
            let mut by_key: BTreeMap<Vec<&str>, Vec<usize>> = BTreeMap::new();
            for row in (0..self.rows()).filter(|row| (part.member)(self, *row)) {
                let key =
                    keys_here.iter().filter(|key| !part.across.contains(key)).map(|key| self.text(row, key)).collect();
                by_key.entry(key).or_default().push(row);
            }
            groups.extend(by_key.into_values());
        }
        cover(&values, &mut hidden, &groups);
        for (row, _) in hidden.into_iter().enumerate().filter(|(_, hidden)| *hidden) {
            self.hide_row(row, keys);
        }
    }
}
