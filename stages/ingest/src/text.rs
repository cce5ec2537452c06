//! Delimited text: header, cutting a stream into chunks of whole records, and the cells of a record.

use crate::extract::Cells;
use crate::field::Field;

/// Delimiters that a header may use, most telling first.
const DELIMITERS: [u8; 3] = [b'|', b'\t', b','];
/// The mark that some programs put before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A header line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Delimiter.
    pub delimiter: u8,
    /// Column names.
    pub names: Vec<String>,
    /// Whether a byte-order mark stood before it.
    pub marked: bool,
}

/// Reads a header line; `None` when it has no delimiter or is no text.
pub fn header(line: &[u8]) -> Option<Header> {
    let marked = line.starts_with(BYTE_ORDER_MARK);
    let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
    let count = |delimiter: u8| line.iter().filter(|byte| **byte == delimiter).count();
    let delimiter = DELIMITERS.into_iter().rev().max_by_key(|delimiter| count(*delimiter))?;
    if count(delimiter) == 0 || line.iter().any(|byte| *byte < b' ' && !matches!(byte, b'\t' | b'\r' | b'\n')) {
        return None;
    }
    let mut records = Records::new(line, delimiter, line.contains(&b'"'));
    let record = records.next()?;
    let name = |at: usize| std::str::from_utf8(record.cell(at)).map(|name| name.trim().to_owned());
    let names: Result<Vec<String>, _> = (0..record.len()).map(name).collect();
    Some(Header { delimiter, names: names.ok()?, marked })
}

/// Where a buffer that begins with a record can be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// After the last whole record; 0: none is whole.
    pub end: usize,
    /// Records before it, blank ones too.
    pub records: u64,
    /// Whether quotes occur, so that records must be read with care.
    pub quoted: bool,
}

/// Cuts `bytes`, which begin with a record, after the last whole one. At the `last` bytes of a file no newline is needed.
pub fn cut(bytes: &[u8], delimiter: u8, last: bool) -> Cut {
    let quoted = bytes.contains(&b'"');
    let (mut end, mut records) = if quoted {
        last_record_with_quotes(bytes, delimiter)
    } else {
        let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        (end, newlines(&bytes[..end]))
    };
    if last && end < bytes.len() {
        (end, records) = (bytes.len(), records + 1);
    }
    Cut { end, records, quoted }
}

/// How many newlines there are: bytes are counted in bytes, which many fit a register of.
fn newlines(bytes: &[u8]) -> u64 {
    let of = |some: &[u8]| some.iter().fold(0u8, |count, byte| count.wrapping_add(u8::from(*byte == b'\n')));
    bytes.chunks(255).map(|some| u64::from(of(some))).sum()
}

/// A quote opens only at the start of a cell; inside, two stand for one and newlines are text.
fn last_record_with_quotes(bytes: &[u8], delimiter: u8) -> (usize, u64) {
    let (mut end, mut records) = (0, 0);
    let (mut inside, mut opens) = (false, true);
    for (at, &byte) in bytes.iter().enumerate() {
        if inside {
            // A second quote right behind the closing one opens again: the two stand for one.
            inside = byte != b'"';
            opens = !inside;
            continue;
        }
        inside = opens && byte == b'"';
        if byte == b'\n' {
            (end, records) = (at + 1, records + 1);
        }
        opens = byte == delimiter || byte == b'\n';
    }
    (end, records)
}

/// The records of a chunk, one after the other.
#[derive(Debug)]
pub struct Records<'a> {
    bytes: &'a [u8],
    at: usize,
    delimiter: u8,
    quoted: bool,
    ends: Vec<u32>,
    /// The record before: where it begins, and the ends of its cells.
    before: (u32, Vec<u32>),
    start: u32,
    unquoted: Vec<u8>,
}

/// The cells of one record.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    bytes: &'a [u8],
    start: u32,
    ends: &'a [u32],
    /// The record before, of the same bytes; no cells where it is not at hand.
    before: (u32, &'a [u32]),
}

impl Record<'_> {
    /// Number of cells.
    pub fn len(&self) -> usize {
        self.ends.len()
    }
    /// Whether nothing stands on the line.
    pub fn is_empty(&self) -> bool {
        self.ends.len() == 1 && self.ends[0] == self.start
    }
    /// A cell.
    #[inline]
    pub fn cell(&self, at: usize) -> &[u8] {
        of_record(self.bytes, self.start, self.ends, at)
    }
    /// Whether the record before is at hand and says the same in these cells.
    #[inline]
    fn repeats(&self, mut cells: impl Iterator<Item = usize>) -> bool {
        let (start, ends) = self.before;
        ends.len() == self.ends.len() && cells.all(|at| of_record(self.bytes, start, ends, at) == self.cell(at))
    }
}

#[inline]
fn of_record<'a>(bytes: &'a [u8], start: u32, ends: &[u32], at: usize) -> &'a [u8] {
    let start = if at == 0 { start } else { ends[at - 1] + 1 };
    &bytes[start as usize..ends[at] as usize]
}

impl<'a> Records<'a> {
    /// The records of `bytes`, which begin with one. Chunks are shorter than 4 GiB.
    pub fn new(bytes: &'a [u8], delimiter: u8, quoted: bool) -> Records<'a> {
        let (ends, before) = (Vec::with_capacity(256), (0, Vec::with_capacity(256)));
        Records { bytes, at: 0, delimiter, quoted, ends, before, start: 0, unquoted: Vec::new() }
    }

    /// The next record. Not an iterator, since records share their buffers.
    #[expect(clippy::should_implement_trait, reason = "the records lend from the reader")]
    pub fn next(&mut self) -> Option<Record<'_>> {
        if self.at >= self.bytes.len() {
            return None;
        }
        if self.quoted {
            self.ends.clear();
            return Some(self.next_with_quotes());
        }
        self.before.0 = self.start;
        std::mem::swap(&mut self.before.1, &mut self.ends);
        self.ends.clear();
        let start = self.at;
        self.start = start as u32;
        self.at = self.split();
        let last = self.ends.last_mut().expect("a record has a cell");
        if *last > start as u32 && self.bytes[*last as usize - 1] == b'\r' {
            *last -= 1;
        }
        let before = (self.before.0, self.before.1.as_slice());
        Some(Record { bytes: self.bytes, start: start as u32, ends: &self.ends, before })
    }

    /// Notes the end of each cell of the record, eight bytes at a time; returns where the next record begins.
    fn split(&mut self) -> usize {
        const LOW: u64 = 0x0101_0101_0101_0101;
        let (delimiters, newlines) = (LOW * u64::from(self.delimiter), LOW * u64::from(b'\n'));
        let mut at = self.at;
        while let Some(word) = self.bytes[at..].first_chunk::<8>() {
            let word = u64::from_le_bytes(*word);
            let mut found = zero_bytes(word ^ delimiters) | zero_bytes(word ^ newlines);
            while found != 0 {
                let end = at + (found.trailing_zeros() / 8) as usize;
                self.ends.push(end as u32);
                if self.bytes[end] == b'\n' {
                    return end + 1;
                }
                found &= found - 1;
            }
            at += 8;
        }
        for (offset, &byte) in self.bytes[at..].iter().enumerate() {
            if byte == self.delimiter || byte == b'\n' {
                self.ends.push((at + offset) as u32);
                if byte == b'\n' {
                    return at + offset + 1;
                }
            }
        }
        self.ends.push(self.bytes.len() as u32);
        self.bytes.len()
    }

    /// Copies the record without its quotes; cells are parted by one byte, as they were.
    fn next_with_quotes(&mut self) -> Record<'_> {
        self.unquoted.clear();
        let (mut inside, mut fresh) = (false, true);
        let bytes = self.bytes;
        while self.at < bytes.len() {
            let byte = bytes[self.at];
            self.at += 1;
            if inside {
                if byte != b'"' {
                    self.unquoted.push(byte);
                } else if bytes.get(self.at) == Some(&b'"') {
                    self.unquoted.push(b'"');
                    self.at += 1;
                } else {
                    inside = false;
                }
                continue;
            }
            if byte == b'"' && fresh {
                (inside, fresh) = (true, false);
                continue;
            }
            if byte == b'\n' {
                break;
            }
            fresh = byte == self.delimiter;
            if fresh {
                self.ends.push(self.unquoted.len() as u32);
            }
            self.unquoted.push(byte);
        }
        let start = self.ends.last().map_or(0, |end| *end as usize + 1);
        if self.unquoted.len() > start && self.unquoted.last() == Some(&b'\r') {
            self.unquoted.pop();
        }
        self.ends.push(self.unquoted.len() as u32);
        Record { bytes: &self.unquoted, start: 0, ends: &self.ends, before: (0, &[]) }
    }
}

/// The high bit of each byte that is zero, exactly.
#[inline]
fn zero_bytes(word: u64) -> u64 {
    const SEVEN: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    !(((word & SEVEN) + SEVEN) | word | SEVEN)
}

/// The needed cells of a record.
#[derive(Clone, Copy, Debug)]
pub struct TextCells<'a> {
    /// The record.
    pub record: Record<'a>,
    /// Positions of the needed cells.
    pub needed: &'a [usize],
}
impl Cells for TextCells<'_> {
    #[inline]
    fn cell(&self, source: usize) -> Field<'_> {
        Field::Text(self.record.cell(self.needed[source]))
    }
    #[inline]
    fn repeats(&self, sources: &[usize]) -> bool {
        self.record.repeats(sources.iter().map(|source| self.needed[*source]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(text: &str, delimiter: u8) -> Vec<Vec<String>> {
        let mut records = Records::new(text.as_bytes(), delimiter, text.contains('"'));
        let mut rows = Vec::new();
        while let Some(record) = records.next() {
            let cell = |at| String::from_utf8(record.cell(at).to_vec()).expect("text");
            rows.push((0..record.len()).map(cell).collect());
        }
        rows
    }

    #[test]
    fn records_with_and_without_quotes_agree() {
        let plain = "a,-1,\nlonger cell,,x\r\n\nlast,1,2";
        let expected = [vec!["a", "-1", ""], vec!["longer cell", "", "x"], vec![""], vec!["last", "1", "2"]];
        assert_eq!(rows(plain, b','), expected);
        let mut records = Records::new(plain.as_bytes(), b',', true);
        let mut again = 0;
        while let Some(record) = records.next() {
            assert_eq!(record.len(), expected[again].len());
            again += 1;
        }
        assert_eq!(again, 4);
    }

    #[test]
    fn quotes_hold_delimiters_newlines_and_quotes() {
        let text = "\"a,b\",\"say \"\"no\"\"\",c\n5\" tube,\"two\nlines\",\"\"\r\n";
        assert_eq!(rows(text, b','), [vec!["a,b", "say \"no\"", "c"], vec!["5\" tube", "two\nlines", ""]]);
    }

    #[test]
    fn cuts_fall_between_records() {
        let plain = Cut { end: 4, records: 2, quoted: false };
        assert_eq!(cut(b"a\nb\nc", b',', false), plain);
        assert_eq!(cut(b"a\nb\nc", b',', true), Cut { end: 5, records: 3, quoted: false });
        assert_eq!(cut(b"a\nb\n", b',', true), plain);
        assert_eq!(cut(b"abc", b',', false).end, 0);
        let quoted = b"x,\"a\nb\"\ny,\"c\"\"\nd\"\nz,\"e\nf";
        assert_eq!(cut(quoted, b',', false), Cut { end: 18, records: 2, quoted: true });
        assert_eq!(cut(b"5\" tube\nx", b',', false), Cut { end: 8, records: 1, quoted: true });
        assert_eq!(cut(b"5\"\" tube\nx", b',', false), Cut { end: 9, records: 1, quoted: true });
    }

    #[test]
    fn headers_say_their_delimiter() {
        let names = |line: &str| header(line.as_bytes()).map(|header| (header.delimiter, header.names, header.marked));
        let two = vec!["BENE_ID".to_owned(), "CLM_ID".to_owned()];
        assert_eq!(names("\u{feff}BENE_ID|CLM_ID\r\n"), Some((b'|', two.clone(), true)));
        assert_eq!(names("\"BENE_ID\",\"CLM_ID\"\n"), Some((b',', two.clone(), false)));
        assert_eq!(names("BENE_ID\tCLM_ID"), Some((b'\t', two, false)));
        assert_eq!(names("BENE_ID"), None);
        assert_eq!(names("PAR1\u{0}|\u{1}"), None);
    }

    /// Cells of bytes that are read in chunks, as files are.
    fn cells(bytes: &[u8], delimiter: u8, chunk: usize) -> Vec<Vec<Vec<u8>>> {
        let (mut found, mut rest, mut given) = (Vec::new(), Vec::new(), 0);
        while given < bytes.len() || !rest.is_empty() {
            let more = (given + chunk).min(bytes.len());
            rest.extend_from_slice(&bytes[given..more]);
            let last = more == bytes.len();
            given = more;
            let Cut { end, records, quoted } = cut(&rest, delimiter, last);
            let mut reader = Records::new(&rest[..end], delimiter, quoted);
            let mut count = 0;
            while let Some(record) = reader.next() {
                found.push((0..record.len()).map(|at| record.cell(at).to_vec()).collect());
                count += 1;
            }
            assert_eq!(count, records, "a cut says how many records it holds");
            rest.drain(..end);
        }
        found
    }

    proptest! {
        #[test]
        fn any_bytes_are_records_whatever_the_chunks(
            bytes in prop::collection::vec(prop_oneof![Just(b'"'), Just(b'\n'), Just(b'\r'), Just(b'|'), any::<u8>()], 0..300),
            chunk in 1usize..80,
        ) {
            prop_assert_eq!(cells(&bytes, b'|', chunk), cells(&bytes, b'|', usize::MAX >> 1));
            let _ = header(&bytes);
        }
    }
}
