//! Compression: of raw text on its way in, and of rows that wait on disk.

use std::io::{self, BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The text in `file`, which may be plain, gzip or zstd: the first bytes tell.
///
/// # Errors
/// When the file cannot be read.
/// Text that goes on beyond [`EXPANSION`] times what it is packed in is an error as it is read.
pub fn decompressed<R: Read + Send + 'static>(mut file: R) -> io::Result<Box<dyn Read + Send>> {
    let mut start = [0u8; 4];
    let mut length = 0;
    while length < start.len() {
        match file.read(&mut start[length..])? {
            0 => break,
            more => length += more,
        }
    }
    let packed = Arc::new(AtomicU64::new(0));
    let whole = Counted { inner: Cursor::new(start[..length].to_vec()).chain(file), read: packed.clone() };
    let text: Box<dyn Read + Send> = match start[..length] {
        [0x1f, 0x8b, ..] => Box::new(flate2::read::MultiGzDecoder::new(BufReader::with_capacity(1 << 18, whole))),
        [0x28, 0xb5, 0x2f, 0xfd] => Box::new(zstd::stream::read::Decoder::new(whole)?),
        _ => return Ok(Box::new(whole)),
    };
    Ok(Box::new(Bounded { text, packed, given: 0 }))
}

/// Times that packed text may grow, beyond its first [`FREE_BYTES`]: claims grow 5 to 20 times, blanks and zeros 1,000 and more.
pub const EXPANSION: u64 = 500;
/// What packed text may grow to whatever its size.
pub const FREE_BYTES: u64 = 64 << 20;

/// Whether so much text may come out of so many packed bytes.
pub fn may_grow(packed: u64, text: u64) -> bool {
    text <= FREE_BYTES || text / EXPANSION <= packed
}

/// Counts what passes through it.
struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.read.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

/// Text that may not grow without end.
struct Bounded {
    text: Box<dyn Read + Send>,
    packed: Arc<AtomicU64>,
    given: u64,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.text.read(buffer)?;
        self.given += length as u64;
        if may_grow(self.packed.load(Ordering::Relaxed), self.given) {
            return Ok(length);
        }
        let what = format!("packed text that grows more than {EXPANSION} times: unpack it, if it is what it says");
        Err(io::Error::new(io::ErrorKind::InvalidData, what))
    }
}

/// Level of rows that wait on disk, one of the fast ones: they are read once, soon.
const LEVEL: i32 = -12;

/// Rows made small, at once.
///
/// # Errors
/// When memory is short.
pub fn pack(rows: &[u8]) -> io::Result<Vec<u8>> {
    zstd::bulk::compress(rows, LEVEL)
}

/// Makes rows small, one piece after the other.
pub struct Packer {
    packer: zstd::bulk::Compressor<'static>,
    packed: Vec<u8>,
}

impl Packer {
    /// Nothing yet.
    ///
    /// # Errors
    /// When memory is short.
    pub fn new() -> io::Result<Packer> {
        Ok(Packer { packer: zstd::bulk::Compressor::new(LEVEL)?, packed: Vec::new() })
    }

    /// Rows made small.
    ///
    /// # Errors
    /// When memory is short.
    pub fn pack(&mut self, rows: &[u8]) -> io::Result<&[u8]> {
        self.packed.clear();
        self.packed.reserve(zstd::zstd_safe::compress_bound(rows.len()));
        self.packer.compress_to_buffer(rows, &mut self.packed)?;
        Ok(&self.packed)
    }
}

/// Unpacks what [`Packer`] made.
pub struct Unpacker(zstd::bulk::Decompressor<'static>);

impl Unpacker {
    /// Nothing yet.
    ///
    /// # Errors
    /// When memory is short.
    pub fn new() -> io::Result<Unpacker> {
        zstd::bulk::Decompressor::new().map(Unpacker)
    }

    /// Appends the `length` bytes that `packed` was made of.
    ///
    /// # Errors
    /// When the bytes are damaged.
    pub fn unpack(&mut self, packed: &[u8], length: usize, rows: &mut Vec<u8>) -> io::Result<()> {
        let start = rows.len();
        let written = if start == 0 {
            // Nothing to keep, so that no byte need be set before it is written.
            rows.reserve_exact(length);
            self.0.decompress_to_buffer(packed, rows)?
        } else {
            rows.resize(start + length, 0);
            self.0.decompress_to_buffer(packed, &mut rows[start..])?
        };
        if written == length {
            Ok(())
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidData, "packed bytes are not as many as they should be"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(text).expect("memory");
        gzip.finish().expect("memory")
    }

    #[test]
    fn text_is_found_under_each_compression() {
        let text = b"BENE_ID|CLM_ID\n1|2\n".repeat(1000);
        for bytes in [text.clone(), gzip(&text), pack(&text).expect("memory"), Vec::new()] {
            let expected: &[u8] = if bytes.is_empty() { b"" } else { &text };
            let mut found = Vec::new();
            decompressed(Cursor::new(bytes)).expect("opens").read_to_end(&mut found).expect("reads");
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn text_does_not_grow_without_end() {
        for pack in [gzip as fn(&[u8]) -> Vec<u8>, |text| pack(text).expect("memory")] {
            let bomb = pack(&vec![b' '; FREE_BYTES as usize * 2]);
            let error =
                io::copy(&mut decompressed(Cursor::new(bomb)).expect("opens"), &mut io::sink()).expect_err("a bomb");
            assert!(error.to_string().starts_with("packed text that grows more than 500 times"), "{error}");
        }
    }

    #[test]
    fn rows_come_back() {
        let (mut packer, mut unpacker) = (Packer::new().expect("memory"), Unpacker::new().expect("memory"));
        for times in [100, 1, 1000] {
            let rows = b"some rows".repeat(times);
            let packed = packer.pack(&rows).expect("memory").to_vec();
            let mut back = b"before".to_vec();
            unpacker.unpack(&packed, rows.len(), &mut back).expect("whole");
            assert_eq!(&back[6..], &rows[..]);
            assert!(unpacker.unpack(&packed, rows.len() + 1, &mut Vec::new()).is_err());
        }
    }
}
