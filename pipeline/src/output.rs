//! The output folder: written beside its final place and swapped in at the end, so that a failed run changes nothing.
//!
//! Beside `run` stand, for a time: `.run.new`, in the making; `.run.partial`, stages that a failed run had finished, for the
//! next one to take over; `.run.old`, the earlier output during the swap; `.run.lock`.

use crate::trouble::{self, Io, Outcome};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

/// First words of the entries that a run writes; others are a user's own and move along.
const OURS: &[&str] = &[
    "savings_losses.",
    "benchmark.",
    "expected.",
    "marginal.",
    "tieout.",
    "trend_decomposition.",
    "service_categories.",
    "utilisation.",
    "run_out.",
    "risk_detail.",
    "risk_cap.",
    "findings.",
    "report.",
    "public",
    "rejects",
    "rates",
    "cells",
    "assignment",
    "person_year",
    "manifest.json",
    "metrics.json",
    // A scenario's.
    "baseline",
    "reform",
    "difference.",
    "summary.",
    "sweep.",
];

/// An output folder in the making.
#[derive(Debug)]
pub(crate) struct Output {
    place: PathBuf,
    staging: PathBuf,
    _lock: File,
}

impl Output {
    /// Begins a new output for `place`; one run at a time.
    ///
    /// # Errors
    /// Another run at work there, a folder that holds something else than a run, the disk.
    pub(crate) fn begin(place: &Path) -> Outcome<Output> {
        let parent = match place.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        fs::create_dir_all(&parent).doing("cannot be created", &parent)?;
        let lock = lock(&sibling(place, "lock"))?;
        match prepare(place) {
            Ok(staging) => Ok(Output { place: place.to_owned(), staging, _lock: lock }),
            Err(problems) => {
                let _ = fs::remove_file(sibling(place, "lock"));
                Err(problems)
            }
        }
    }

    /// Where files are written until the swap.
    pub(crate) fn folder(&self) -> &Path {
        &self.staging
    }

    /// Takes over an entry of an earlier output, file or folder, without copying its bytes where the disk can link.
    ///
    /// # Errors
    /// Those of the disk.
    pub(crate) fn keep(&self, earlier: &Path, name: &str) -> Outcome<()> {
        let from = earlier.join(name);
        if from.exists() { link(&from, &self.staging.join(name)) } else { Ok(()) }
    }

    /// Puts the new output in its place. The earlier one is removed only after.
    ///
    /// # Errors
    /// Those of the disk; the earlier output is then still there, at its place or beside it.
    pub(crate) fn commit(self) -> Outcome<()> {
        let old = sibling(&self.place, "old");
        remove(&old)?;
        if self.place.exists() {
            for entry in fs::read_dir(&self.place).doing("cannot be read", &self.place)? {
                let name = entry.doing("cannot be read", &self.place)?.file_name();
                let text = name.to_string_lossy();
                if !OURS.iter().any(|ours| text.starts_with(ours)) {
                    link(&self.place.join(&name), &self.staging.join(&name))?;
                }
            }
            fs::rename(&self.place, &old).doing("cannot be moved", &self.place)?;
        }
        fs::rename(&self.staging, &self.place).doing("cannot be given its name", &self.staging)?;
        sync_names_beside(&self.place)?;
        remove(&old)?;
        remove(&sibling(&self.place, "partial"))
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        // After a commit there is nothing left to put away. The lock opens by itself.
        let _ = keep_finished_stages(&self.place);
        let _ = fs::remove_file(sibling(&self.place, "lock"));
    }
}

/// An empty folder to write to, beside a place that may be taken.
fn prepare(place: &Path) -> Outcome<PathBuf> {
    recover(place)?;
    let foreign = place.is_dir() && !place.join("manifest.json").exists() && !is_empty(place)?;
    if foreign || place.is_file() {
        let hint = "choose another folder with `[run] out` or --out";
        return Err(trouble::of_file_with_hint(place, "holds something else than a run", hint).into());
    }
    let staging = sibling(place, "new");
    keep_finished_stages(place)?;
    fs::create_dir_all(&staging).doing("cannot be created", &staging)?;
    Ok(staging)
}

/// Folders that an earlier run may have left finished stages in, the best first: its output, what it had finished as it failed.
pub(crate) fn earlier(place: &Path) -> [PathBuf; 2] {
    [place.to_owned(), sibling(place, "partial")]
}

/// Puts what was staged away: under a name of its own where stages were finished, else for good.
fn keep_finished_stages(place: &Path) -> Outcome<()> {
    let staging = sibling(place, "new");
    if !staging.join("manifest.json").exists() {
        return remove(&staging);
    }
    let partial = sibling(place, "partial");
    remove(&partial)?;
    fs::rename(&staging, &partial).doing("cannot be moved", &staging)
}

/// Puts an earlier output back that a crash left beside its place.
fn recover(place: &Path) -> Outcome<()> {
    let old = sibling(place, "old");
    if old.exists() && !place.exists() {
        tracing::warn!(folder = %place.display(), "an earlier run was interrupted while it was put in its place: restored");
        fs::rename(&old, place).doing("cannot be moved", &old)?;
    }
    Ok(())
}

/// Takes a lock that ends with the process, or with the file that is returned.
///
/// # Errors
/// Another holds it; the disk.
pub(crate) fn lock(path: &Path) -> Outcome<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).doing("cannot be created", folder)?;
    }
    let file = File::create(path).doing("cannot be written", path)?;
    match file.try_lock() {
        // A run that ended meanwhile has removed the file that we opened: then another may hold the new one.
        Ok(()) if !is_at(&file, path) => lock(path),
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let hint = "wait for it, or choose another folder with --out";
            Err(trouble::of_file_with_hint(path, "another run is writing here", hint).into())
        }
        Err(TryLockError::Error(error)) => Err(error).doing("cannot be locked", path),
    }
}

/// Whether the open file is still the one of this name.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    matches!((file.metadata(), fs::metadata(path)), (Ok(open), Ok(named)) if open.ino() == named.ino())
}

/// Elsewhere an open file cannot be removed.
#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> bool {
    true
}

/// Waits until the names of a folder and its neighbours are on the disk.
#[cfg(unix)]
fn sync_names_beside(place: &Path) -> Outcome<()> {
    let parent = place.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent).and_then(|folder| folder.sync_all()).doing("cannot be written", parent)
}

/// Elsewhere a folder is no file that could be synced.
#[cfg(not(unix))]
fn sync_names_beside(_place: &Path) -> Outcome<()> {
    Ok(())
}

/// `run` becomes `.run.<what>` beside it.
fn sibling(place: &Path, what: &str) -> PathBuf {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    place.with_file_name(format!(".{name}.{what}"))
}

fn is_empty(folder: &Path) -> Outcome<bool> {
    Ok(fs::read_dir(folder).doing("cannot be read", folder)?.next().is_none())
}

fn remove(path: &Path) -> Outcome<()> {
    if path.is_dir() { fs::remove_dir_all(path).doing("cannot be removed", path) } else { Ok(()) }
}

fn link(from: &Path, to: &Path) -> Outcome<()> {
    if !from.is_dir() {
        return match fs::hard_link(from, to) {
            Ok(()) => Ok(()),
            Err(_) => fs::copy(from, to).map(|_| ()).doing("cannot be copied", from),
        };
    }
    fs::create_dir_all(to).doing("cannot be created", to)?;
    for entry in fs::read_dir(from).doing("cannot be read", from)? {
        let name = entry.doing("cannot be read", from)?.file_name();
        link(&from.join(&name), &to.join(&name))?;
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_fails_leaves_the_earlier_output() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("run");
        let first = Output::begin(&place).unwrap();
        fs::write(first.folder().join("manifest.json"), "1").unwrap();
        fs::write(first.folder().join("savings_losses.csv"), "1").unwrap();
        first.commit().unwrap();
        fs::write(place.join("notes.txt"), "mine").unwrap();

        let failed = Output::begin(&place).unwrap();
        fs::write(failed.folder().join("savings_losses.csv"), "2").unwrap();
        drop(failed);
        assert_eq!(fs::read_to_string(place.join("savings_losses.csv")).unwrap(), "1");
        let failed_late = Output::begin(&place).unwrap();
        fs::write(failed_late.folder().join("manifest.json"), "cells are done").unwrap();
        drop(failed_late);
        assert_eq!(fs::read_to_string(earlier(&place)[1].join("manifest.json")).unwrap(), "cells are done");

        let second = Output::begin(&place).unwrap();
        fs::write(second.folder().join("manifest.json"), "2").unwrap();
        second.commit().unwrap();
        assert!(!place.join("savings_losses.csv").exists(), "what the second run did not write is gone");
        assert_eq!(fs::read_to_string(place.join("notes.txt")).unwrap(), "mine");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside the run");
    }

    #[test]
    fn two_runs_do_not_meet() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("run");
        let _first = Output::begin(&place).unwrap();
        let error = Output::begin(&place).unwrap_err();
        assert!(error.to_string().contains("another run is writing here"), "{error}");
    }

    #[test]
    fn a_folder_of_something_else_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("work");
        fs::create_dir(&place).unwrap();
        fs::write(place.join("thesis.tex"), "").unwrap();
        let error = Output::begin(&place).unwrap_err();
        assert!(error.to_string().contains("something else than a run"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it, no lock either");
    }
}
