//! Bounds on what is read, so that no file can make the program take memory without end. They lie far above anything that a
//! real file has (`docs/src/hostile-input.md`); what is beyond them is an error that says so.

use std::io::{self, Read, Seek, SeekFrom};

/// Columns of a table.
pub const MOST_COLUMNS: usize = 4096;
/// Bytes of a record of comma-separated text, quotes and line ends inside it counted.
pub const RECORD_BYTES: u64 = 1 << 20;
/// Bytes of a file of settings: study, rules, reform.
pub const SETTINGS_BYTES: u64 = 4 << 20;
/// Bytes of a published results file, which is held as text.
pub const RESULTS_BYTES: u64 = 64 << 20;
/// Bytes of a manifest.
pub const MANIFEST_BYTES: u64 = 256 << 20;
/// Cents of one amount in a raw file: a hundred million dollars. No claim comes near it, and sums of a billion rows stay whole.
pub const AMOUNT_CENTS: i64 = 10_000_000_000;

/// A source of bytes that may give so many until it is told to begin again: what one record, or one file, may have.
#[derive(Clone, Debug)]
pub struct Metered<R> {
    inner: R,
    what: &'static str,
    limit: u64,
    taken: u64,
}

impl<R> Metered<R> {
    /// `what` is named in the error: `a record`, `a file`.
    pub fn new(inner: R, what: &'static str, limit: u64) -> Metered<R> {
        Metered { inner, what, limit, taken: 0 }
    }

    /// Counts anew.
    pub fn begin(&mut self) {
        self.taken = 0;
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.taken += length as u64;
        if self.taken <= self.limit {
            return Ok(length);
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, format!("{} of more than {} bytes", self.what, self.limit)))
    }
}

impl<R: Seek> Seek for Metered<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

/// The text of a small file.
///
/// # Errors
/// A file of more than `limit` bytes, or that is no UTF-8.
pub fn read_text(source: impl Read, limit: u64) -> io::Result<String> {
    let mut text = String::new();
    Metered::new(source, "a file", limit).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_gives_so_much_and_no_more() {
        assert_eq!(read_text(&b"four"[..], 4).expect("it fits"), "four");
        let error = read_text(io::repeat(b'x'), 1000).expect_err("it has no end");
        assert_eq!(error.to_string(), "a file of more than 1000 bytes");
    }
}
