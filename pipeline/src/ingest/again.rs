//! Which source files a new ingest reads again when some of them have changed, and which years of the lake it makes anew.
//!
//! What a claim comes to depends on all rows of that claim and, where a claim cancels another, on its neighbours; on nothing
//! else. So years are closed over files: a file that was added, changed or removed makes the years of its rows dirty, in its
//! unit, and those of files that share claims with it. All files with rows of a dirty year are read again, and all that share
//! claims with these, so that no claim is seen in part. The other files are left alone, and so are the other years. Whether a
//! new row belongs to a claim of a file or year left alone is checked as claims pass ([`super::kept`]); then all is made anew.

use super::find::Found;
use super::read::FileFacts;
use super::record::Earlier;
use super::report::LakeFile;
use acoledger_ingest::dialect::{TableShapes, Unit};
use acoledger_schemas::raw::RawLayout;
use std::collections::{BTreeMap, BTreeSet};

/// What is read and made anew. Source files go by their number among those that are there now.
#[derive(Debug)]
pub(super) struct Again<'e> {
    /// The earlier lake; none: everything is made anew.
    pub(super) earlier: Option<&'e Earlier>,
    /// By number, the place in the earlier lake's sources, where the content is the same.
    same: Vec<Option<usize>>,
    /// Unit of each source of the earlier lake.
    units: Vec<Unit>,
    /// Sources of the earlier lake that are gone or have changed.
    gone: Vec<usize>,
    /// Whether a number is read.
    read: Vec<bool>,
    dirty: BTreeSet<(Unit, i32)>,
    whole: BTreeSet<Unit>,
    /// Claims outside the lake of files that are left alone.
    outside: BTreeSet<(Unit, u64, i64)>,
}

impl<'e> Again<'e> {
    /// Reads all of so many files and makes everything anew.
    pub(super) fn everything(files: usize) -> Again<'e> {
        Again {
            earlier: None,
            same: vec![None; files],
            units: Vec::new(),
            gone: Vec::new(),
            read: vec![true; files],
            dirty: BTreeSet::new(),
            whole: Unit::ALL.into(),
            outside: BTreeSet::new(),
        }
    }

    /// What of the earlier lake stands, before the changed files are read. `None`: nothing does.
    pub(super) fn of(earlier: &'e Earlier, found: &[Found], layout: &RawLayout) -> Option<Again<'e>> {
        let unit_of: BTreeMap<&str, Unit> = layout
            .tables
            .iter()
            .zip(TableShapes::all(layout))
            .map(|(of, shapes)| (of.name.as_str(), shapes.unit))
            .collect();
        let sources = &earlier.report.sources;
        let units: Vec<Unit> = sources.iter().filter_map(|of| unit_of.get(of.table.as_str()).copied()).collect();
        if units.len() != sources.len() || earlier.record.sources.len() != sources.len() {
            return None;
        }
        let places: BTreeMap<(&str, &str), usize> =
            sources.iter().enumerate().map(|(at, of)| ((of.table.as_str(), of.file.as_str()), at)).collect();
        let place = |of: &Found| {
            let key = (layout.tables[of.table].name.as_str(), of.name.as_str());
            earlier.unchanged.contains(&of.name).then(|| places.get(&key).copied()).flatten()
        };
        let same: Vec<Option<usize>> = found.iter().map(place).collect();
        let here: BTreeSet<usize> = same.iter().flatten().copied().collect();
        let gone = (0..sources.len()).filter(|at| !here.contains(at)).collect();
        let read = same.iter().map(Option::is_none).collect();
        let damaged = |of: &&LakeFile| earlier.damaged.contains(&of.file);
        let mut dirty = BTreeSet::new();
        for file in earlier.report.files.iter().filter(damaged) {
            dirty.insert((unit_of_lake(&file.table), file.year?));
        }
        let (whole, outside) = (BTreeSet::new(), BTreeSet::new());
        let stands = !here.is_empty();
        stands.then_some(Again { earlier: Some(earlier), same, units, gone, read, dirty, whole, outside })
    }

    /// Numbers that are read for what they are, new or changed.
    pub(super) fn changed(&self) -> Vec<u32> {
        (0..self.same.len()).filter(|at| self.same[*at].is_none()).map(|at| at as u32).collect()
    }

    /// Whether a file is new or has changed.
    pub(super) fn is_changed(&self, number: u32) -> bool {
        self.same[number as usize].is_none()
    }

    /// Closes years over files, now that the changed files are read; the numbers that are to be read beside them.
    pub(super) fn close(&mut self, changed: &[(u32, Unit, &FileFacts)]) -> Vec<u32> {
        let Some(earlier) = self.earlier else { return Vec::new() };
        let record = &earlier.record.sources;
        let links_gone: BTreeSet<usize> = self.gone.iter().map(|at| record[*at].linked).collect();
        for (of, unit) in record.iter().zip(&self.units).filter(|(of, _)| links_gone.contains(&of.linked)) {
            self.dirty.extend(of.years.iter().map(|year| (*unit, *year)));
        }
        for (_, unit, facts) in changed {
            self.dirty.extend(facts.years.iter().map(|year| (*unit, year)));
        }
        self.whole = self.whole_units(changed);
        let wanted = |at: usize| {
            let of = &record[at];
            let dirty = |year: &i32| self.dirty.contains(&(self.units[at], *year));
            self.whole.contains(&self.units[at]) || of.outside.is_none() || of.years.iter().any(dirty)
        };
        let mut links = links_gone;
        links.extend(self.same.iter().flatten().filter(|at| wanted(**at)).map(|at| record[*at].linked));
        let mut rest = Vec::new();
        for (number, place) in self.same.iter().enumerate() {
            let Some(at) = *place else { continue };
            if links.contains(&record[at].linked) {
                self.read[number] = true;
                rest.push(number as u32);
            } else {
                let claims = record[at].outside.iter().flat_map(|outside| &outside.claims);
                self.outside.extend(claims.map(|(life, claim)| (self.units[at], *life, *claim)));
            }
        }
        rest
    }

    /// Places of sources that are there and have too much outside the lake to be left alone.
    fn crowded(&self) -> impl Iterator<Item = usize> + '_ {
        let record = self.earlier.iter().flat_map(|earlier| &earlier.record.sources);
        let crowded = record.enumerate().filter(|(_, of)| of.outside.is_none()).map(|(at, _)| at);
        crowded.filter(|at| !self.gone.contains(at))
    }

    /// Units that are made anew whatever the year. Related carrier and DME claims share a control number, which says no year;
    /// related facility claims share their through date.
    fn whole_units(&self, changed: &[(u32, Unit, &FileFacts)]) -> BTreeSet<Unit> {
        let record = self.earlier.iter().flat_map(|earlier| &earlier.record.sources);
        let mut cancels: BTreeSet<Unit> =
            record.zip(&self.units).filter(|(of, _)| of.cancels).map(|(_, unit)| *unit).collect();
        cancels.extend(changed.iter().filter(|(_, _, facts)| facts.cancels).map(|(_, unit, _)| *unit));
        let mut touched: BTreeSet<Unit> = changed.iter().map(|(_, unit, _)| *unit).collect();
        touched.extend(self.gone.iter().map(|at| self.units[*at]));
        touched.extend(self.dirty.iter().map(|(unit, _)| *unit));
        touched.extend(self.crowded().map(|at| self.units[at]));
        touched.retain(|unit| matches!(unit, Unit::Carrier | Unit::Dme) && cancels.contains(unit));
        touched
    }

    /// Files that are there now.
    pub(super) fn len(&self) -> usize {
        self.same.len()
    }

    /// Place in the earlier lake's sources of a file that is left alone.
    pub(super) fn kept(&self, number: u32) -> Option<usize> {
        self.same[number as usize].filter(|_| !self.read[number as usize])
    }

    /// Whether the lake's files of a unit and year are made anew.
    pub(super) fn writes(&self, unit: Unit, year: i32) -> bool {
        unit == Unit::Bene || self.whole.contains(&unit) || self.dirty.contains(&(unit, year))
    }

    /// Whether lives of the earlier lake may be lives no more.
    pub(super) fn may_lose_lives(&self) -> bool {
        !self.gone.is_empty()
    }

    /// Whether a claim has rows in a file that is left alone, and none in the lake.
    pub(super) fn is_outside(&self, unit: Unit, bene_key: u64, claim_key: i64) -> bool {
        self.outside.contains(&(unit, bene_key, claim_key))
    }

    /// Files of the earlier lake that stand.
    pub(super) fn files(&self) -> impl Iterator<Item = &'e LakeFile> + '_ {
        let files = self.earlier.iter().flat_map(|earlier| &earlier.report.files);
        files.filter(|of| of.year.is_some_and(|year| !self.writes(unit_of_lake(&of.table), year)))
    }

    /// Files that are read, of how many, and which years are made anew: `2 of 14 files re-read: year 2024`.
    pub(super) fn sentence(&self) -> String {
        let (read, all) = (self.read.iter().filter(|read| **read).count(), self.read.len());
        let years: BTreeSet<i32> = self.dirty.iter().map(|(_, year)| *year).collect();
        let years: Vec<String> = years.iter().map(ToString::to_string).collect();
        let what = match (self.earlier.is_some() && self.whole.is_empty(), years.as_slice()) {
            (false, _) => "every year".to_owned(),
            (true, []) => "no year".to_owned(),
            (true, [year]) => format!("year {year}"),
            (true, years) => format!("years {}", years.join(", ")),
        };
        format!("{read} of {all} files re-read: {what}")
    }
}

/// Unit whose claims or lives a table of the lake holds.
pub(super) fn unit_of_lake(table: &str) -> Unit {
    match table {
        "bene" => Unit::Bene,
        "enrollment" => Unit::Enrollment,
        "carrier" => Unit::Carrier,
        "dme" => Unit::Dme,
        _ => Unit::Facility,
    }
}
