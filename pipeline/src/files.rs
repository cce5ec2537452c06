//! Files that are complete or absent: written under a temporary name, synced, renamed. Content hashes.

use crate::trouble::{Io, Outcome, of_file_with_hint};
use acoledger_schemas::limits;
use acoledger_schemas::study::ReadableBy;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{BufWriter, Read, Write};
use std::path::{Component, Path, PathBuf};

/// Writes a file under a temporary name beside it, syncs it and gives it its name.
///
/// # Errors
/// Those of the disk and of `fill`; the temporary file is removed, a file of the final name stays as it was.
pub(crate) fn write_atomically(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> Result<(), String>,
) -> Outcome<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).doing("cannot be created", folder)?;
    }
    // What is no file, a pipe or a device, is written to, not replaced; a link's file takes the place of what it leads to.
    if fs::metadata(path).is_ok_and(|about| !about.is_file() && !about.is_dir()) {
        return write_and_sync(path, fill).doing("cannot be written", path);
    }
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let temporary = temporary_name(path);
    let written = write_and_sync(&temporary, fill);
    let done = written
        .doing("cannot be written", path)
        .and_then(|()| fs::rename(&temporary, path).doing("cannot be given its name", path));
    if done.is_err() {
        // Best effort: the error that matters is the first one.
        let _ = fs::remove_file(&temporary);
    }
    done
}

fn write_and_sync(path: &Path, fill: impl FnOnce(&mut BufWriter<File>) -> Result<(), String>) -> Result<(), String> {
    let text = |error: std::io::Error| error.to_string();
    let mut writer = BufWriter::with_capacity(1 << 18, File::create(path).map_err(text)?);
    fill(&mut writer)?;
    writer.flush().map_err(text)?;
    match writer.get_ref().metadata().is_ok_and(|about| about.is_file()) {
        true => writer.get_ref().sync_all().map_err(text),
        false => Ok(()),
    }
}

/// A name beside a file in the making that no other attempt has, on whatever machine: an engine may make a file twice at once.
pub(crate) fn temporary_name(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mark = RandomState::new().build_hasher().finish();
    path.with_file_name(format!(".{name}.partial-{mark:016x}"))
}

/// Removes the files of shards below a folder that never got their names: those who made them did not come to their end.
///
/// # Errors
/// The disk.
pub(crate) fn remove_unnamed_shards(folder: &Path) -> Outcome<()> {
    for entry in fs::read_dir(folder).doing("cannot be read", folder)? {
        let path = entry.doing("cannot be read", folder)?.path();
        if path.is_dir() {
            remove_unnamed_shards(&path)?;
        } else if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".shard=")) {
            match fs::remove_file(&path) {
                // It has got its name just now.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                removed => removed.doing("cannot be removed", &path)?,
            }
        }
    }
    Ok(())
}

/// Who may read what this process writes from now on: lists of lives are nobody else's business.
pub(crate) fn readable_by(who: ReadableBy) -> Rights {
    #[cfg(unix)]
    let rights = Rights(rustix::process::umask(rustix::fs::Mode::from_raw_mode(match who {
        ReadableBy::Owner => 0o077,
        ReadableBy::Group => 0o027,
    })));
    // Elsewhere files take the rights of their folder.
    #[cfg(not(unix))]
    let rights = {
        let _ = who;
        Rights()
    };
    rights
}

/// Rights of new files as long as this lives; then they are what they were, since a process may have other things to do.
#[must_use]
pub(crate) struct Rights(#[cfg(unix)] rustix::fs::Mode);

impl Drop for Rights {
    fn drop(&mut self) {
        #[cfg(unix)]
        rustix::process::umask(self.0);
    }
}

/// Waits until everything below a folder is on the disk, not in its cache: what is named after it must find it there after a power failure.
///
/// # Errors
/// Those of the disk.
pub(crate) fn sync_below(folder: &Path) -> Outcome<()> {
    // One call where the system has it: a lake has thousands of files.
    #[cfg(target_os = "linux")]
    {
        let handle = File::open(folder).doing("cannot be read", folder)?;
        rustix::fs::syncfs(&handle).doing("cannot be written", folder)
    }
    #[cfg(not(target_os = "linux"))]
    files_below(folder)?
        .iter()
        .try_for_each(|path| File::open(path).and_then(|file| file.sync_all()).doing("cannot be written", path))
}

/// The text of a small file.
///
/// # Errors
/// A file that cannot be read, is no text, or has more than `limit` bytes.
pub(crate) fn read_text(path: &Path, limit: u64) -> Outcome<String> {
    let file = File::open(path).doing("cannot be read", path)?;
    limits::read_text(file, limit).doing("cannot be read", path)
}

/// Whether a path that a file names stays below the folder that it is relative to.
pub(crate) fn is_below(path: &str) -> bool {
    let parts = Path::new(path).components();
    !path.is_empty() && parts.into_iter().all(|part| matches!(part, Component::Normal(_)))
}

/// SHA-256 of a file's content, in hexadecimal.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn hash_file(path: &Path) -> Outcome<String> {
    let mut file = File::open(path).doing("cannot be read", path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0u8; 1 << 18];
    loop {
        match file.read(&mut buffer).doing("cannot be read", path)? {
            0 => return Ok(hex(&hasher.finalize())),
            length => hasher.update(&buffer[..length]),
        }
    }
}

/// SHA-256 of texts, each closed by a separator so that no two lists of texts run together.
pub(crate) fn hash_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hasher = Sha256::new();
    for text in texts {
        hasher.update(text.as_bytes());
        hasher.update([0x1f]);
    }
    hex(&hasher.finalize())
}

/// SHA-256 of bytes.
pub(crate) fn hash_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The files below a folder, sorted by path, hidden ones left out.
///
/// # Errors
/// When a folder cannot be read.
pub(crate) fn files_below(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).doing("cannot be read", &folder)? {
            let path = entry.doing("cannot be read", &folder)?.path();
            let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if hidden {
                continue;
            }
            let about = fs::metadata(&path).doing("cannot be read", &path)?;
            match (about.is_dir(), about.is_file()) {
                (true, _) => open.push(path),
                (_, true) => found.push(path),
                // A pipe would be waited for without end.
                _ => {
                    let hint = "move it out of the folder";
                    return Err(of_file_with_hint(&path, "neither a file nor a folder", hint).into());
                }
            }
        }
    }
    found.sort();
    Ok(found)
}
