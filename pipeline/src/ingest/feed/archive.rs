//! Zip archives of a delivery: their directory, and the text of a member without unpacking the others.
//!
//! Nothing is written to disk and no member is held in memory: its bytes are read where they stand in the archive, and its
//! length and checksum are compared at the end.

use crate::trouble::{self, Io, Outcome};
use acoledger_ingest::pack::may_grow;
use acoledger_schemas::limits::Metered;
use acoledger_schemas::table::Problems;
use flate2::Crc;
use flate2::read::DeflateDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use zip::{CompressionMethod, ZipArchive};

/// How zip archives begin.
const MARK: &[u8] = b"PK\x03\x04";
/// How an archive without members begins.
const EMPTY_MARK: &[u8] = b"PK\x05\x06";

/// Files that an archive may hold.
const MOST_MEMBERS: usize = 1024;
/// Bytes that may be read to find them.
const DIRECTORY_BYTES: u64 = 64 << 20;

/// A file in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ingest) struct Member {
    /// Its name.
    pub(super) name: String,
    /// Where its bytes begin.
    start: u64,
    /// Bytes in the archive.
    packed: u64,
    /// Bytes of the file.
    pub(super) bytes: u64,
    /// Whether they are compressed.
    deflated: bool,
    checksum: u32,
}

/// Whether a file is a zip archive, by its first bytes.
pub(super) fn is_archive(path: &Path) -> Outcome<bool> {
    let mut start = Vec::new();
    let file = File::open(path).doing("cannot be read", path)?;
    file.take(MARK.len() as u64).read_to_end(&mut start).doing("cannot be read", path)?;
    Ok(start == MARK || start == EMPTY_MARK)
}

/// The members of an archive.
///
/// # Errors
/// An archive that is damaged or encrypted; a member whose name leads to a folder, or that is packed in another way than
/// deflate; one name twice.
pub(super) fn members(path: &Path) -> Outcome<Vec<Member>> {
    let file = Metered::new(File::open(path).doing("cannot be read", path)?, "a directory", DIRECTORY_BYTES);
    let mut archive = ZipArchive::new(BufReader::new(file)).doing("not readable as a zip archive", path)?;
    if archive.len() > MOST_MEMBERS {
        let what = format!("{} files in the archive: more than the {MOST_MEMBERS} that are read", archive.len());
        return Err(trouble::of_file_with_hint(path, what, "a delivery has twelve: unpack it and look").into());
    }
    // The reader keeps the last of two entries of one name; the archive's own count tells.
    let said = entries(path)?;
    if archive.is_empty() || said.is_some_and(|said| said != archive.len()) {
        let what = match archive.is_empty() {
            true => "an archive without a file".to_owned(),
            false => format!("{} entries in the archive, of {} names", said.unwrap_or(0), archive.len()),
        };
        return Err(trouble::of_file_with_hint(path, what, "get the delivery again, or unpack it and look").into());
    }
    let mut problems = Problems::default();
    let mut members: Vec<Member> = Vec::new();
    for at in 0..archive.len() {
        let entry = archive.by_index_raw(at).doing("not readable as a zip archive", path)?;
        let name = entry.name().doing("not readable as a zip archive", path)?.into_owned();
        let mut refuse = |what: &str, hint: &str| {
            let mut problem = trouble::of_file(path, what, &name);
            problem.hint = Some(hint.to_owned());
            problems.push(problem);
        };
        let method = entry.compression();
        if entry.is_dir() || name.contains(['/', '\\', ':']) || name == ".." {
            refuse(
                "a name in the archive leads to a folder",
                "archives of a delivery hold files only: unpack it and look at what it holds",
            );
        } else if entry.encrypted() {
            refuse("a file in the archive is encrypted", "unpack it with its password and put the files here");
        } else if !matches!(method, CompressionMethod::Stored | CompressionMethod::Deflated) {
            refuse(
                "a file in the archive is packed in a way that is not read",
                "unpack the archive and put the files here",
            );
        } else if !may_grow(entry.compressed_size(), entry.size()) {
            refuse(
                "a file in the archive grows more than 500 times as it is unpacked",
                "unpack the archive, if it is what it says, and put the files here",
            );
        } else if members.iter().any(|member| member.name == name) {
            refuse("a name stands twice in the archive", "unpack it and look at what it holds");
        } else {
            let start =
                entry.data_start().ok_or("its bytes are not found").doing("not readable as a zip archive", path)?;
            members.push(Member {
                name,
                start,
                packed: entry.compressed_size(),
                bytes: entry.size(),
                deflated: method == CompressionMethod::Deflated,
                checksum: entry.crc32(),
            });
        }
    }
    problems.or(members)
}

/// How many entries an archive says that it has, in the record at its end; `None` where it is one of the large kind.
fn entries(path: &Path) -> Outcome<Option<usize>> {
    const END: &[u8] = b"PK\x05\x06";
    /// The record, and the longest comment behind it.
    const LONGEST_END: u64 = 22 + 0xffff;
    let mut file = File::open(path).doing("cannot be read", path)?;
    let bytes = file.metadata().doing("cannot be read", path)?.len();
    file.seek(SeekFrom::Start(bytes.saturating_sub(LONGEST_END))).doing("cannot be read", path)?;
    let mut end = Vec::new();
    file.take(LONGEST_END).read_to_end(&mut end).doing("cannot be read", path)?;
    let at = end.windows(END.len()).rposition(|window| window == END);
    let count = at.and_then(|at| end.get(at + 10..at + 12)).map(|count| u16::from_le_bytes([count[0], count[1]]));
    Ok(count.filter(|count| *count != u16::MAX).map(usize::from))
}

impl Member {
    /// The text of the member.
    ///
    /// # Errors
    /// When the archive cannot be opened.
    pub(in crate::ingest) fn open(&self, archive: &Path) -> io::Result<Box<dyn Read + Send>> {
        let mut file = File::open(archive)?;
        file.seek(SeekFrom::Start(self.start))?;
        let packed = BufReader::with_capacity(1 << 18, file.take(self.packed));
        let text: Box<dyn Read + Send> =
            if self.deflated { Box::new(DeflateDecoder::new(packed)) } else { Box::new(packed) };
        Ok(Box::new(Checked { text, left: self.bytes, sum: Crc::new(), checksum: self.checksum }))
    }
}

/// Text that must have the length and checksum which the archive's directory says.
struct Checked {
    text: Box<dyn Read + Send>,
    left: u64,
    sum: Crc,
    checksum: u32,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let damaged = |what: &str| Err(io::Error::new(io::ErrorKind::InvalidData, what));
        let length = self.text.read(buffer)?;
        self.sum.update(&buffer[..length]);
        match self.left.checked_sub(length as u64) {
            None => return damaged("the archive is damaged: a file in it is longer than its directory says"),
            Some(left) => self.left = left,
        }
        if length == 0 && !buffer.is_empty() {
            if self.left > 0 {
                return damaged("the archive is damaged: a file in it is shorter than its directory says");
            }
            if self.sum.sum() != self.checksum {
                return damaged("the archive is damaged: a file in it has another checksum than its directory says");
            }
        }
        Ok(length)
    }
}
