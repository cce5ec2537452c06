//! A file without a name, for rows that wait: gone with its last user, however that ends.

use crate::trouble::{Io, Outcome};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts those of this process.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// The file.
#[derive(Debug)]
pub(super) struct Hidden {
    file: Mutex<File>,
    /// What it is called in errors; where the disk does not let an open file go, its name to the end.
    path: PathBuf,
    written: u64,
}

impl Hidden {
    /// Makes one in a folder, or in the nearest folder above that there is; where nothing can be written there, where the system
    /// keeps what is passing.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn create(folder: &Path) -> Outcome<Hidden> {
        let folder = folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("."));
        let name = format!(".lives-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let open = |path: &Path| OpenOptions::new().read(true).write(true).create_new(true).open(path);
        let mut path = folder.join(&name);
        let mut file = open(&path);
        if file.is_err() {
            path = std::env::temp_dir().join(&name);
            file = open(&path);
        }
        let file = file.doing("cannot be created", &path)?;
        // Unix keeps the bytes of an open file; elsewhere it is removed in the end.
        let _ = fs::remove_file(&path);
        Ok(Hidden { file: Mutex::new(file), path, written: 0 })
    }

    /// What it is called in errors.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds bytes; where they begin.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn add(&mut self, bytes: &[u8]) -> io::Result<u64> {
        let at = self.written;
        let mut file = self.file.lock().map_err(|_| poisoned())?;
        file.seek(SeekFrom::Start(at))?;
        file.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(at)
    }

    /// Reads bytes that were added.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn read(&self, at: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        let mut file = self.file.lock().map_err(|_| poisoned())?;
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

fn poisoned() -> io::Error {
    io::Error::other("another thread failed in it")
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
