//! Fixed-width records: cutting a stream into chunks of whole records, and the fields of a record.
//!
//! A record ends with a line feed, or a carriage return and a line feed. Records of another length than the layout's are not
//! read: what stands where in them is not known.

use crate::extract::Cells;
use crate::field::Field;
use crate::normalise::{Use, Uses};
use std::cell::Cell;

/// What a feed writes where it has no date (CCLF Information Packet 38.0, 3.6).
const NO_DATES: [&[u8]; 2] = [b"1000-01-01", b"9999-12-31"];

/// A record of another length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongLength {
    /// Which record, 1 for the first.
    pub record: u64,
    /// Its bytes.
    pub bytes: usize,
}

/// Bytes up to the end of the last whole record of `bytes`; all of them at the `last` bytes of a file.
pub fn cut(bytes: &[u8], last: bool) -> usize {
    if last { bytes.len() } else { bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1) }
}

/// How many lines begin in `bytes`, which begin with one. Lines of the right length are not looked at byte by byte.
pub fn lines(bytes: &[u8], length: usize) -> u64 {
    let mut rest = bytes;
    let mut lines = 0;
    while !rest.is_empty() {
        rest = &rest[line(rest, length).1..];
        lines += 1;
    }
    lines
}

/// Length of the first line without its end, and with it.
#[inline]
fn line(bytes: &[u8], length: usize) -> (usize, usize) {
    match bytes.get(length) {
        // The likely case. A line feed inside a record that is too short shows as the next line's length.
        Some(b'\n') if !bytes[..length].contains(&b'\n') => (length, length + 1),
        _ => {
            let whole = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
            let text = bytes[..whole].strip_suffix(b"\n").unwrap_or(&bytes[..whole]);
            (text.strip_suffix(b"\r").unwrap_or(text).len(), whole)
        }
    }
}

/// The records of a chunk, one after the other.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    rest: &'a [u8],
    length: usize,
    row: u64,
}

impl<'a> Records<'a> {
    /// The records of `bytes`, `length` bytes each, of which the first is record `first` of its file.
    pub fn new(bytes: &'a [u8], length: usize, first: u64) -> Records<'a> {
        Records { rest: bytes, length, row: first }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<(u64, &'a [u8]), WrongLength>;

    /// The next record and its number; lines of blanks alone are none.
    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let (text, whole) = line(self.rest, self.length);
            let record = &self.rest[..text];
            let row = self.row;
            (self.rest, self.row) = (&self.rest[whole..], row + 1);
            if text == self.length {
                return Some(Ok((row, record)));
            }
            if !record.iter().all(u8::is_ascii_whitespace) {
                return Some(Err(WrongLength { record: row, bytes: text }));
            }
        }
        None
    }
}

/// Where the needed fields stand in a record, and how often one of them said that it has no value.
#[derive(Debug, Default)]
pub struct Spans {
    spans: Vec<(usize, usize)>,
    tildes: Cell<u64>,
    no_dates: Cell<u64>,
}

impl Spans {
    /// Of fields that begin at a byte and end before another.
    pub fn new(spans: Vec<(usize, usize)>) -> Spans {
        Spans { spans, ..Spans::default() }
    }

    /// The fields of a record.
    pub fn of<'a>(&'a self, record: &'a [u8]) -> FixedCells<'a> {
        FixedCells { record, spans: self }
    }

    /// Adds what was met since the last call.
    pub fn note(&self, uses: &mut Uses) {
        uses.count_more(Use::Tilde, self.tildes.take());
        uses.count_more(Use::DateSentinel, self.no_dates.take());
    }
}

/// The needed fields of one record.
#[derive(Clone, Copy, Debug)]
pub struct FixedCells<'a> {
    record: &'a [u8],
    spans: &'a Spans,
}

impl Cells for FixedCells<'_> {
    #[inline]
    fn cell(&self, source: usize) -> Field<'_> {
        let (start, end) = self.spans.spans[source];
        let text = &self.record[start..end];
        if text.len() == NO_DATES[0].len() && NO_DATES.contains(&text) {
            self.spans.no_dates.set(self.spans.no_dates.get() + 1);
            return Field::Null;
        }
        if text.first() == Some(&b'~') && text.trim_ascii() == b"~" {
            self.spans.tildes.set(self.spans.tildes.get() + 1);
            return Field::Null;
        }
        Field::Text(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn records(bytes: &[u8]) -> Vec<Result<(u64, &[u8]), WrongLength>> {
        Records::new(bytes, 3, 1).collect()
    }

    #[test]
    fn records_end_with_a_line_feed_of_either_kind() {
        assert_eq!(records(b"abc\ndef\r\nghi"), [Ok((1, &b"abc"[..])), Ok((2, b"def")), Ok((3, b"ghi"))]);
        assert_eq!(records(b"abc\n\n  \ndef\n"), [Ok((1, &b"abc"[..])), Ok((4, b"def"))]);
        assert_eq!(lines(b"abc\ndef\r\nghi", 3), 3);
        assert_eq!((cut(b"abc\nde", false), cut(b"abc\nde", true)), (4, 6));
    }

    #[test]
    fn a_record_of_another_length_is_not_read() {
        let wrong = |record, bytes| Err(WrongLength { record, bytes });
        assert_eq!(records(b"abc\nde\nfgh\n"), [Ok((1, &b"abc"[..])), wrong(2, 2), Ok((3, b"fgh"))]);
        assert_eq!(records(b"abcd\nabc\nd"), [wrong(1, 4), Ok((2, b"abc")), wrong(3, 1)]);
        assert_eq!(records(b"a\nb\nabc"), [wrong(1, 1), wrong(2, 1), Ok((3, b"abc"))]);
        assert_eq!(lines(b"a\nb\nabc", 3), 3);
    }

    #[test]
    fn a_tilde_and_dates_beyond_time_are_blank() {
        let spans = Spans::new(vec![(0, 2), (2, 12), (12, 22)]);
        let cells = spans.of(b"~ 1000-01-012024-05-06");
        assert_eq!(cells.cell(0), Field::Null);
        assert_eq!(cells.cell(1), Field::Null);
        assert_eq!(cells.cell(2), Field::Text(b"2024-05-06"));
        let mut uses = Uses::default();
        spans.note(&mut uses);
        assert_eq!(uses.counts().collect::<Vec<_>>(), [(Use::Tilde, 1), (Use::DateSentinel, 1)]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_records_or_of_another_length(
            bytes in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b' '), any::<u8>()], 0..300),
            length in 1usize..40,
        ) {
            let spans = Spans::new(vec![(0, length), (length / 2, length)]);
            for (_, record) in Records::new(&bytes, length, 1).flatten() {
                prop_assert_eq!(record.len(), length);
                let _ = (spans.of(record).cell(0), spans.of(record).cell(1));
            }
            prop_assert!(lines(&bytes, length) <= bytes.len() as u64);
            prop_assert!(cut(&bytes, false) <= cut(&bytes, true));
        }
    }
}
