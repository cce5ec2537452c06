//! Compression: of raw text on its way in, and of rows that wait on disk.

use std::io::{self, BufReader, Cursor, Read};

/// The text in `file`, which may be plain, gzip or zstd: the first bytes tell.
///
/// # Errors
/// When the file cannot be read.
pub fn decompressed<R: Read + Send + 'static>(mut file: R) -> io::Result<Box<dyn Read + Send>> {
    let mut start = [0u8; 4];
    let mut length = 0;
    while length < start.len() {
        match file.read(&mut start[length..])? {
            0 => break,
            more => length += more,
        }
    }
    let whole = Cursor::new(start[..length].to_vec()).chain(file);
    Ok(match start[..length] {
        [0x1f, 0x8b, ..] => Box::new(flate2::read::MultiGzDecoder::new(BufReader::with_capacity(1 << 18, whole))),
        [0x28, 0xb5, 0x2f, 0xfd] => Box::new(zstd::stream::read::Decoder::new(whole)?),
        _ => Box::new(whole),
    })
}

/// Level of rows that wait on disk: read once, soon.
const LEVEL: i32 = 1;

/// Rows made small.
///
/// # Errors
/// When memory is short.
pub fn pack(rows: &[u8]) -> io::Result<Vec<u8>> {
    zstd::bulk::compress(rows, LEVEL)
}

/// Appends the `length` bytes that `packed` was made of.
///
/// # Errors
/// When the bytes are damaged.
pub fn unpack(packed: &[u8], length: usize, rows: &mut Vec<u8>) -> io::Result<()> {
    let start = rows.len();
    rows.resize(start + length, 0);
    let written = zstd::bulk::decompress_to_buffer(packed, &mut rows[start..])?;
    if written == length {
        Ok(())
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidData, "rows on disk are cut short"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn text_is_found_under_each_compression() {
        let text = b"BENE_ID|CLM_ID\n1|2\n".repeat(1000);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&text).expect("memory");
        let zstd = pack(&text).expect("memory");
        for bytes in [text.clone(), gzip.finish().expect("memory"), zstd, Vec::new()] {
            let expected: &[u8] = if bytes.is_empty() { b"" } else { &text };
            let mut found = Vec::new();
            decompressed(Cursor::new(bytes)).expect("opens").read_to_end(&mut found).expect("reads");
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn rows_come_back() {
        let rows = b"some rows".repeat(100);
        let mut back = b"before".to_vec();
        unpack(&pack(&rows).expect("memory"), rows.len(), &mut back).expect("whole");
        assert_eq!(&back[6..], &rows[..]);
        assert!(unpack(&pack(&rows).expect("memory"), rows.len() + 1, &mut Vec::new()).is_err());
    }
}
