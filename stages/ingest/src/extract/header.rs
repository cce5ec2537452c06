//! A header that the rows of a claim repeat.

use super::{Cells, Extractor, Wrong};
use crate::dialect::{FileLayout, FileShape, Unit};
use crate::normalise::Uses;

/// The header of the row before, where rows repeat the header of their claim: as long as its cells stay the same it is not read again.
#[derive(Debug, Default)]
pub(super) struct LastHeader {
    /// The cells that it is made of, life and claim with them; none where rows are not such.
    pub(super) cells: Vec<usize>,
    /// Whether the row before had one that could be used.
    pub(super) stands: bool,
    /// Whether the row at hand repeats it.
    pub(super) repeated: bool,
    uses: Uses,
    amount: Option<i64>,
    proc_date: i32,
    adjustment: u8,
    year: i32,
}

impl LastHeader {
    pub(super) fn of(file: &FileLayout) -> LastHeader {
        let mut cells = Vec::new();
        if file.shape == FileShape::Lines && file.shapes.unit == Unit::Facility {
            let fills = [&file.bene, &file.claim].into_iter().chain(&file.first);
            cells.extend(fills.flat_map(|fill| fill.sources.iter().copied()));
            cells.sort_unstable();
            cells.dedup();
        }
        LastHeader { cells, ..LastHeader::default() }
    }
}

impl<'l> Extractor<'l> {
    /// Fills the first payload; a header that the row before had as well is the same again.
    pub(super) fn fill_first(&mut self, cells: &impl Cells) -> Result<(), Wrong<'l>> {
        let fixed = self.file.first_fixed();
        if self.header.cells.is_empty() {
            return self.fill_all(&self.file.first, fixed, true, cells);
        }
        if !self.header.repeated {
            let uses = std::mem::take(&mut self.uses);
            let done = self.fill_all(&self.file.first, fixed, true, cells);
            self.header.uses = std::mem::replace(&mut self.uses, uses);
            self.header.amount = self.amount;
            self.header.proc_date = self.proc_date;
            self.header.adjustment = self.adjustment;
            self.header.year = self.year;
            self.uses.add(&self.header.uses);
            return done;
        }
        self.uses.add(&self.header.uses);
        self.amount = self.header.amount;
        self.proc_date = self.header.proc_date;
        self.adjustment = self.header.adjustment;
        self.year = self.header.year;
        Ok(())
    }
}
