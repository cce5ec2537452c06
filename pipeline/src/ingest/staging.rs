//! The new lake beside the old one: written under `.tmp`, put in place at the end, table by table, the manifest last.
//!
//! A lake without a manifest is none. When a run dies while tables change places, the next one puts the old ones back.

use crate::trouble::{Io, Outcome, of_file_with_hint};
use acoledger_schemas::lake;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// What a lake says of itself.
pub(crate) const MANIFEST: &str = "manifest.json";
/// Rejected rows.
pub(crate) const REJECTS: &str = "rejects.csv";
/// What the pipeline keeps beside the manifest; it is of the old lake too.
pub(crate) const INPUTS: &str = "inputs.json";
/// What an ingest notes of each source file.
pub(crate) const SOURCES: &str = "sources.json";
/// Says that the old lake is wholly out of its place.
const MOVED: &str = "moved";

/// A lake that is being made.
#[derive(Debug)]
pub(super) struct Staging {
    lake: PathBuf,
    _lock: File,
}

impl Staging {
    /// Takes the lake's folder for this run.
    ///
    /// # Errors
    /// Those of the disk; another ingest into the same lake.
    pub(super) fn begin(lake: &Path) -> Outcome<Staging> {
        fs::create_dir_all(lake).doing("cannot be created", lake)?;
        let lock_path = lake.join(".lock");
        let lock = File::create(&lock_path).doing("cannot be created", &lock_path)?;
        if lock.try_lock().is_err() {
            let hint = "wait for it, or give the study another `lake.path`";
            return Err(of_file_with_hint(lake, "another ingest is writing this lake", hint).into());
        }
        let staging = Staging { lake: lake.to_owned(), _lock: lock };
        staging.recover()?;
        fs::create_dir_all(staging.new_lake()).doing("cannot be created", &staging.new_lake())?;
        Ok(staging)
    }

    /// Folder of the new lake.
    pub(super) fn new_lake(&self) -> PathBuf {
        self.temporary().join("new")
    }

    /// Folder for rows that wait.
    pub(super) fn temporary(&self) -> PathBuf {
        self.lake.join(".tmp")
    }

    fn old_lake(&self) -> PathBuf {
        self.temporary().join("old")
    }

    /// Begins the new lake again.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn clear(&self) -> Outcome<()> {
        remove(&self.temporary())?;
        fs::create_dir_all(self.new_lake()).doing("cannot be created", &self.new_lake())
    }

    /// Puts the new lake in the old one's place.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn swap(self) -> Outcome<()> {
        let (old, new) = (self.old_lake(), self.new_lake());
        crate::files::sync_below(&new)?;
        fs::create_dir_all(&old).doing("cannot be created", &old)?;
        for name in names() {
            rename_if_there(&self.lake.join(name), &old.join(name))?;
        }
        let moved = self.temporary().join(MOVED);
        File::create(&moved).doing("cannot be created", &moved)?;
        for name in names().collect::<Vec<_>>().into_iter().rev() {
            rename_if_there(&new.join(name), &self.lake.join(name))?;
        }
        Ok(())
    }

    /// Puts back what a run that died had taken away, and clears what it left.
    fn recover(&self) -> Outcome<()> {
        let old = self.old_lake();
        if old.join(MANIFEST).exists() && !self.lake.join(MANIFEST).exists() {
            self.clear_strays()?;
            for name in names().collect::<Vec<_>>().into_iter().rev() {
                if old.join(name).exists() {
                    remove(&self.lake.join(name))?;
                    rename_if_there(&old.join(name), &self.lake.join(name))?;
                }
            }
        }
        remove(&self.temporary())
    }

    /// Once the old lake was out of its place, whatever stood there was of the new one. The mark goes before anything is put
    /// back, so that a run that dies here is undone as well.
    fn clear_strays(&self) -> Outcome<()> {
        let moved = self.temporary().join(MOVED);
        if moved.exists() {
            for name in names().filter(|name| !self.old_lake().join(name).exists()) {
                remove(&self.lake.join(name))?;
            }
            remove(&moved)?;
        }
        Ok(())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // Best effort: what is left over is cleared by the next run.
        let _ = fs::remove_dir_all(self.temporary());
    }
}

/// Everything of a lake, the manifest first: it goes first and comes last.
fn names() -> impl Iterator<Item = &'static str> {
    [MANIFEST, INPUTS, SOURCES, REJECTS].into_iter().chain(lake::TABLES.iter().map(|table| table.name))
}

fn rename_if_there(from: &Path, to: &Path) -> Outcome<()> {
    if from.exists() { fs::rename(from, to).doing("cannot be given its name", to) } else { Ok(()) }
}

fn remove(path: &Path) -> Outcome<()> {
    match path.symlink_metadata() {
        Err(_) => Ok(()),
        Ok(about) if about.is_dir() => fs::remove_dir_all(path).doing("cannot be removed", path),
        Ok(_) => fs::remove_file(path).doing("cannot be removed", path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lake_with(folder: &Path, text: &str) {
        fs::create_dir_all(folder.join("carrier")).expect("disk");
        fs::write(folder.join("carrier/shard"), text).expect("disk");
        fs::write(folder.join(MANIFEST), text).expect("disk");
    }
    fn read(folder: &Path) -> (String, String) {
        let text = |name| fs::read_to_string(folder.join(name)).unwrap_or_default();
        (text(MANIFEST), text("carrier/shard"))
    }

    #[test]
    fn the_old_lake_stands_until_the_new_one_is_whole() {
        let folder = tempfile::tempdir().expect("disk");
        let lake = folder.path().join("lake");
        lake_with(&lake, "old");
        let staging = Staging::begin(&lake).expect("free");
        lake_with(&staging.new_lake(), "half");
        assert!(Staging::begin(&lake).is_err(), "one run at a time");
        drop(staging);
        assert_eq!(read(&lake), ("old".into(), "old".into()));
        let staging = Staging::begin(&lake).expect("free");
        lake_with(&staging.new_lake(), "new");
        staging.swap().expect("disk");
        assert_eq!(read(&lake), ("new".into(), "new".into()));
        assert!(!lake.join(".tmp").exists());
    }

    #[test]
    fn a_run_that_died_in_the_swap_is_undone() {
        let folder = tempfile::tempdir().expect("disk");
        let lake = folder.path().join("lake");
        lake_with(&lake.join(".tmp/old"), "old");
        fs::create_dir_all(lake.join("carrier")).expect("disk");
        fs::write(lake.join("carrier/shard"), "new").expect("disk");
        drop(Staging::begin(&lake).expect("free"));
        assert_eq!(read(&lake), ("old".into(), "old".into()));
    }
}
