//! Columns that are read from their first page to their last, as the lake's are. Pages are taken out of the file and unpacked here, one
//! context of zstd for each thread: the Parquet library makes two, to read and to write, for each column of each row group, which
//! was a fourteenth of the person grain's work. What a page says of itself is judged as everywhere at the door; its values are
//! decoded by the library.

use super::thrift::PageHeader;
use super::{AHEAD_BYTES, Guarded, described};
use acoledger_ingest::pack::Unpacker;
use bytes::Bytes;
use parquet::arrow::arrow_reader::RowGroups;
use parquet::basic::{Compression, Encoding, Type};
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::ChunkReader;
use parquet::schema::types::ColumnDescriptor;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs::File;
use std::num::NonZeroU64;
use std::sync::Arc;

thread_local! {
    static UNPACKER: RefCell<Option<Unpacker>> = const { RefCell::new(None) };
    /// A page whose values are put in order.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// All row groups of a file.
pub(super) struct Whole {
    pub(super) file: Guarded,
    pub(super) metadata: Arc<ParquetMetaData>,
}

/// Whether all pages of a file are read here: zstd is what we write.
pub(super) fn reads(metadata: &ParquetMetaData) -> bool {
    let mut chunks = metadata.row_groups().iter().flat_map(|group| group.columns());
    chunks.all(|chunk| matches!(chunk.compression(), Compression::ZSTD(_)) && chunk.column_descr().max_rep_level() == 0)
}

impl RowGroups for Whole {
    fn num_rows(&self) -> usize {
        self.metadata.row_groups().iter().map(|group| group.num_rows() as usize).sum()
    }

    fn column_chunks(&self, column: usize) -> Result<Box<dyn PageIterator>> {
        let chunks = self.metadata.row_groups().iter().map(|group| group.column(column).byte_range());
        let chunks = Chunks {
            file: self.file.file.clone(),
            file_bytes: self.file.bytes,
            layout: Layout::of(&self.metadata.file_metadata().schema_descr().column(column)),
            chunks: chunks.collect(),
        };
        chunks.fetch_next();
        Ok(Box::new(chunks))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(self.metadata.row_groups().iter())
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }
}

/// What it takes to know of a column to find its values in a page.
#[derive(Clone, Copy)]
struct Layout {
    /// Bytes of a number; 0 for others.
    width: usize,
    /// Whether pages begin with which values are null.
    levels: bool,
}

impl Layout {
    fn of(column: &ColumnDescriptor) -> Layout {
        let width = match column.physical_type() {
            Type::INT64 => 8,
            Type::INT32 => 4,
            _ => 0,
        };
        Layout { width, levels: column.max_def_level() > 0 }
    }
}

/// One column, row group by row group.
struct Chunks {
    file: Arc<File>,
    file_bytes: u64,
    layout: Layout,
    /// First byte and number of bytes.
    chunks: VecDeque<(u64, u64)>,
}

impl Chunks {
    /// Has the system fetch the beginning of the next chunk.
    fn fetch_next(&self) {
        if let Some((at, length)) = self.chunks.front() {
            will_need(&self.file, *at, *length);
        }
    }
}

/// Has the system fetch what will be read soon, at most [`AHEAD_BYTES`], while something else is worked on: a lake that does not fit
/// memory is waited for otherwise.
fn will_need(file: &File, at: u64, length: u64) {
    // Without a length the rest of the file would be meant. Advice that cannot be followed changes no answer.
    let Some(length) = NonZeroU64::new(length.min(AHEAD_BYTES)) else { return };
    #[cfg(target_os = "linux")]
    let _ = rustix::fs::fadvise(file, at, Some(length), rustix::fs::Advice::WillNeed);
    #[cfg(not(target_os = "linux"))]
    let _ = (file, at, length);
}

impl Iterator for Chunks {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        let (at, length) = self.chunks.pop_front()?;
        self.fetch_next();
        let (file, file_bytes, layout) = (self.file.clone(), self.file_bytes, self.layout);
        let pages = Pages { file, file_bytes, layout, at, end: at + length, ahead: Bytes::new(), ended: false };
        Some(Ok(Box::new(pages)))
    }
}

impl PageIterator for Chunks {}

/// The pages of a column chunk.
struct Pages {
    file: Arc<File>,
    file_bytes: u64,
    layout: Layout,
    /// Where the next page begins, and where the last one ends.
    at: u64,
    end: u64,
    /// What has been read from `at` on.
    ahead: Bytes,
    ended: bool,
}

impl Pages {
    /// Bytes from `at` on: `wanted` of them or more, fewer where the chunk ends.
    fn look(&mut self, wanted: u64) -> Result<&Bytes> {
        let wanted = wanted.min(self.end - self.at);
        if (self.ahead.len() as u64) < wanted {
            let length = wanted.max(AHEAD_BYTES).min(self.end - self.at);
            self.ahead = self.file.get_bytes(self.at, length as usize)?;
            let read_to = self.at + length;
            will_need(&self.file, read_to, self.end - read_to);
        }
        Ok(&self.ahead)
    }

    fn header(&mut self) -> Result<PageHeader> {
        let (at, file_bytes) = (self.at, self.file_bytes);
        described(at, file_bytes, |wanted| self.look(wanted).cloned(), damaged).map(|(header, _)| header)
    }

    fn page(&mut self) -> Result<Page> {
        let header = self.header()?;
        let (length, packed) = (header.length as u64, header.packed as u64);
        if self.at + length + packed > self.end {
            return Err(damaged(format!("the page at byte {} is longer than its column", self.at)));
        }
        let body = self.look(length + packed)?.slice(header.length..header.length + header.packed as usize);
        self.at += length + packed;
        self.ahead = self.ahead.slice((length + packed) as usize..);
        let bytes = header.bytes as usize;
        let encoding = |number: i64| encoding(number).ok_or_else(|| damaged(format!("an encoding {number}")));
        let (buf, values) = match encoding(header.encoding)? {
            Encoding::BYTE_STREAM_SPLIT if self.layout.width > 0 => {
                (unpacked(&body, bytes, |page| join(page, self.layout))?, Encoding::PLAIN)
            }
            other => (unpack(&body, bytes)?, other),
        };
        match header.kind {
            0 => Ok(Page::DataPage {
                buf,
                num_values: u32::try_from(header.values)
                    .map_err(|_| damaged("a page of less than no values".into()))?,
                encoding: values,
                def_level_encoding: encoding(header.levels)?,
                rep_level_encoding: Encoding::RLE,
                statistics: None,
            }),
            2 => Ok(Page::DictionaryPage {
                buf,
                num_values: header.dictionary_values as u32,
                encoding: values,
                is_sorted: false,
            }),
            kind => Err(damaged(format!("a page of kind {kind}, which we do not write"))),
        }
    }
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended || self.at >= self.end {
            return None;
        }
        let page = self.page();
        self.ended = page.is_err();
        Some(page)
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        self.next().transpose()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        if self.at >= self.end {
            return Ok(None);
        }
        let header = self.header()?;
        let num_levels = (header.kind == 0).then_some(header.values.max(0) as usize);
        Ok(Some(PageMetadata { num_rows: num_levels, num_levels, is_dict: header.kind == 2 }))
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.get_next_page().map(drop)
    }
}

fn damaged(what: String) -> ParquetError {
    ParquetError::General(what)
}

/// The bytes of a page, which are as many as it says.
fn unpack(packed: &[u8], bytes: usize) -> Result<Bytes> {
    let mut out = Vec::new();
    unpack_into(packed, bytes, &mut out)?;
    Ok(out.into())
}

/// What is made of the bytes of a page, which stand where those of the page before stood.
fn unpacked<T>(packed: &[u8], bytes: usize, make: impl FnOnce(&[u8]) -> Result<T>) -> Result<T> {
    SCRATCH.with_borrow_mut(|scratch| {
        scratch.clear();
        unpack_into(packed, bytes, scratch)?;
        make(scratch)
    })
}

fn unpack_into(packed: &[u8], bytes: usize, out: &mut Vec<u8>) -> Result<()> {
    if bytes == 0 {
        return Ok(());
    }
    UNPACKER.with_borrow_mut(|unpacker| {
        let unpacker = match unpacker {
            Some(unpacker) => unpacker,
            none => none.insert(Unpacker::new()?),
        };
        Ok(unpacker.unpack(packed, bytes, out)?)
    })
}

/// Numbers whose first bytes stand together, then the second ones, one after the other.
fn join(page: &[u8], layout: Layout) -> Result<Bytes> {
    let levels = match page.first_chunk() {
        Some(length) if layout.levels => 4 + u32::from_le_bytes(*length) as usize,
        _ => 0,
    };
    let streams = page.get(levels..).filter(|streams| streams.len().is_multiple_of(layout.width));
    let streams = streams.ok_or_else(|| damaged("a page of split numbers is cut short".into()))?;
    let mut out = vec![0; page.len()];
    let (before, numbers) = out.split_at_mut(levels);
    before.copy_from_slice(&page[..levels]);
    match layout.width {
        8 => join_numbers::<8>(streams, numbers),
        _ => join_numbers::<4>(streams, numbers),
    }
    Ok(out.into())
}

/// Of most columns the upper bytes only repeat the sign: they are not looked at number by number.
fn join_numbers<const WIDTH: usize>(streams: &[u8], out: &mut [u8]) {
    let count = streams.len() / WIDTH;
    let stream = |place: usize| &streams[place * count..(place + 1) * count];
    // Piece by piece without a way out between, so that the compiler compares many at once.
    let pieces = |place: usize| stream(place).chunks(1024).zip(stream(place - 1).chunks(1024));
    let repeats_sign = |place: usize| {
        pieces(place).all(|(upper, lower)| upper.iter().zip(lower).fold(0, |other, (u, l)| other | (u ^ sign(*l))) == 0)
    };
    let mut low = WIDTH;
    while low > 1 && repeats_sign(low - 1) {
        low -= 1;
    }
    match low {
        1 => join_low::<WIDTH, 1>(streams, out),
        2 => join_low::<WIDTH, 2>(streams, out),
        3 => join_low::<WIDTH, 3>(streams, out),
        4 => join_low::<WIDTH, 4>(streams, out),
        5 => join_low::<WIDTH, 5>(streams, out),
        6 => join_low::<WIDTH, 6>(streams, out),
        7 => join_low::<WIDTH, 7>(streams, out),
        _ => join_low::<WIDTH, 8>(streams, out),
    }
}

/// The byte that the bytes above repeat.
fn sign(byte: u8) -> u8 {
    (byte as i8 >> 7) as u8
}

/// Numbers from their lowest `LOW` bytes.
fn join_low<const WIDTH: usize, const LOW: usize>(streams: &[u8], out: &mut [u8]) {
    /// Rows at a time, so that the compiler puts them side by side.
    const BLOCK: usize = 16;
    let count = streams.len() / WIDTH;
    let streams: [&[u8]; LOW] = std::array::from_fn(|place| &streams[place * count..][..count]);
    let above = 64 - 8 * LOW as u32;
    let whole = |low: u64| ((low << above) as i64 >> above).to_le_bytes();
    let (numbers, _) = out.as_chunks_mut::<WIDTH>();
    let (blocks, rest) = numbers.as_chunks_mut::<BLOCK>();
    let done = blocks.len() * BLOCK;
    for (at, block) in blocks.iter_mut().enumerate() {
        let mut low = [0u64; BLOCK];
        for (place, stream) in streams.iter().enumerate() {
            let bytes = stream[at * BLOCK..].first_chunk::<BLOCK>().expect("as many bytes as numbers");
            for (low, byte) in low.iter_mut().zip(bytes) {
                *low |= u64::from(*byte) << (8 * place);
            }
        }
        for (number, low) in block.iter_mut().zip(low) {
            number.copy_from_slice(&whole(low)[..WIDTH]);
        }
    }
    for (row, number) in (done..).zip(rest) {
        let low =
            streams.iter().enumerate().fold(0, |low, (place, stream)| low | u64::from(stream[row]) << (8 * place));
        number.copy_from_slice(&whole(low)[..WIDTH]);
    }
}

/// Encodings by their number in the format, but for those of text in pieces, which the door refuses.
fn encoding(number: i64) -> Option<Encoding> {
    Some(match number {
        0 => Encoding::PLAIN,
        2 => Encoding::PLAIN_DICTIONARY,
        3 => Encoding::RLE,
        5 => Encoding::DELTA_BINARY_PACKED,
        8 => Encoding::RLE_DICTIONARY,
        9 => Encoding::BYTE_STREAM_SPLIT,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split<const WIDTH: usize>(numbers: &[[u8; WIDTH]]) -> Vec<u8> {
        (0..WIDTH).flat_map(|place| numbers.iter().map(move |number| number[place])).collect()
    }

    proptest! {
        #[test]
        fn split_numbers_are_joined(numbers in prop::collection::vec((any::<i64>(), 0u32..64), 0..50), levels: bool) {
            let before = if levels { vec![3, 0, 0, 0, 7, 8, 9] } else { Vec::new() };
            let numbers: Vec<i64> = numbers.iter().map(|(number, shift)| number >> shift).collect();
            let long: Vec<[u8; 8]> = numbers.iter().map(|number| number.to_le_bytes()).collect();
            let joined = join(&[before.clone(), split(&long)].concat(), Layout { width: 8, levels }).expect("whole");
            prop_assert_eq!(joined.to_vec(), [before.clone(), long.concat()].concat());
            let short: Vec<[u8; 4]> = numbers.iter().map(|number| (*number as i32).to_le_bytes()).collect();
            let joined = join(&[before.clone(), split(&short)].concat(), Layout { width: 4, levels }).expect("whole");
            prop_assert_eq!(joined.to_vec(), [before, short.concat()].concat());
        }

        #[test]
        fn any_bytes_are_joined_or_refused(page in prop::collection::vec(any::<u8>(), 0..40), levels: bool) {
            let _ = join(&page, Layout { width: 8, levels });
        }
    }

    #[test]
    fn split_numbers_cut_short_are_refused() {
        assert!(join(&[1; 9], Layout { width: 8, levels: false }).is_err());
        assert!(join(&[255; 8], Layout { width: 8, levels: true }).is_err());
    }
}
