//! What is noted of each claim as it passes: which files share it, whether the lake shows it, and whether new rows belong to a
//! claim of a file or year that was left alone.

use super::again::Again;
use super::kept::Claims;
use super::shards::Made;
use acoledger_ingest::dialect::Unit;
use std::path::Path;

/// The claims of one shard of a unit, one after the other.
pub(super) struct Groups<'a> {
    again: &'a Again<'a>,
    lake: &'a Path,
    unit: Unit,
    shard: u32,
    key: (u64, i64),
    files: Vec<u32>,
    /// Whether a row of the claim is of a new or changed file.
    is_new: bool,
    /// Whether the lake has a row of the claim.
    is_shown: bool,
    /// Claims with new rows, in their order.
    new: Vec<(u64, i64)>,
    /// The claims that stand, once they are needed.
    standing: Option<Vec<Claims>>,
}

impl<'a> Groups<'a> {
    pub(super) fn new(again: &'a Again<'a>, lake: &'a Path, unit: Unit, shard: u32) -> Groups<'a> {
        let (files, new) = (Vec::new(), Vec::new());
        Groups { again, lake, unit, shard, key: (0, 0), files, is_new: false, is_shown: false, new, standing: None }
    }

    /// The next claim.
    pub(super) fn begin(&mut self, key: (u64, i64), files: &[u32], made: &mut Made) {
        self.note_outside(made);
        self.key = key;
        self.files.clear();
        self.files.extend_from_slice(files);
        self.is_shown = false;
        made.links.extend(files.iter().skip(1).map(|file| (files[0], *file)));
        self.is_new = self.again.earlier.is_some() && files.iter().any(|file| self.again.is_changed(*file));
        if self.is_new {
            made.conflict |= self.again.is_outside(self.unit, key.0, key.1);
            self.new.push(key);
        }
    }

    /// A row of the claim at hand for the lake, and whether its year is written.
    pub(super) fn lake(&mut self, is_written: bool, made: &mut Made) {
        self.is_shown = true;
        made.conflict |= self.is_new && !is_written;
    }

    /// The end of a part: whether claims with new rows are among those that stand.
    pub(super) fn end(&mut self, made: &mut Made) {
        self.note_outside(made);
        self.files.clear();
        if self.new.is_empty() {
            return;
        }
        // Claims were held back until their life was known; the order that they were let go in is theirs again.
        self.new.sort_unstable();
        made.conflict |= self.is_standing().unwrap_or(true);
        self.new.clear();
    }

    fn note_outside(&self, made: &mut Made) {
        if !self.is_shown {
            self.files.iter().for_each(|file| made.outside[*file as usize].push(self.key));
        }
    }

    /// Whether one of the claims stands; none when the earlier lake cannot be read.
    fn is_standing(&mut self) -> Option<bool> {
        if self.standing.is_none() {
            self.standing = Some(Claims::of_shard(self.again, self.lake, self.unit, self.shard).ok()?);
        }
        let mut any = false;
        for claims in self.standing.iter_mut().flatten() {
            any |= claims.have(&self.new, self.lake).ok()?;
        }
        Some(any)
    }
}
