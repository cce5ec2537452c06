//! The door for every Parquet file. What a file declares of itself is looked at before memory is taken for it: the length of its
//! description, its columns, rows and depth, the place of each column, the size of each page.
//!
//! The Parquet reader panics at some of what contradicts itself in a damaged file. Its code is not ours to mend: such a panic
//! becomes an error of the file here.

mod pages;
mod thrift;

use crate::trouble::{Io, Outcome, of_file_with_hint};
use acoledger_schemas::limits::MOST_COLUMNS;
use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use bytes::Bytes;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::reader::{ChunkReader, Length};
use std::cell::Cell;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use thrift::PageHeader;

/// What an error says of a file that is not understood.
pub(crate) const UNREADABLE: &str = "not readable as Parquet";
/// Bytes of the description at the end of a file.
const DESCRIPTION_BYTES: u64 = 64 << 20;
/// Groups in groups of columns. Columns that we read have none.
const DEEPEST: usize = 16;
/// Rows of a row group: what writers make has a million or less.
const GROUP_ROWS: i64 = 100_000_000;
/// Bytes of a page's own description, with the least and greatest of its values.
const PAGE_HEADER_BYTES: usize = 4 << 20;

/// A file whose pages are looked at before they are read.
#[derive(Debug)]
pub(crate) struct Guarded {
    file: Arc<File>,
    bytes: u64,
    ahead: Arc<Ahead>,
}

/// Bytes that are read at once of a column that is read from its beginning to its end: pages and their descriptions are pieces of them.
const AHEAD_BYTES: u64 = 128 << 10;

/// What has been read of each column and not been asked for.
#[derive(Debug, Default)]
struct Ahead {
    /// First and last byte of each column of each row group, ascending; none where a file is read here and there.
    chunks: Vec<(u64, u64)>,
    /// By chunk: where its bytes begin, and the bytes.
    read: Mutex<HashMap<usize, (u64, Bytes)>>,
}

impl Ahead {
    fn of(metadata: &ParquetMetaData) -> Ahead {
        let chunks = metadata.row_groups().iter().flat_map(|group| group.columns());
        let mut chunks: Vec<(u64, u64)> = chunks
            .map(|chunk| chunk.byte_range())
            .filter(|(_, length)| *length > 0)
            .map(|(start, length)| (start, start + length))
            .collect();
        chunks.sort_unstable();
        Ahead { chunks, read: Mutex::default() }
    }

    /// Bytes from `start` on: `length` of them or more, fewer where their column ends before. `None`: not in a column.
    fn at(&self, file: &File, start: u64, length: u64) -> io::Result<Option<Bytes>> {
        let chunk = self.chunks.partition_point(|(first, _)| *first <= start).wrapping_sub(1);
        let Some((_, end)) = self.chunks.get(chunk).filter(|(_, end)| start < *end) else { return Ok(None) };
        let wanted = length.min(end - start);
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((from, bytes)) = read.get(&chunk)
            && let Some(skip) = start.checked_sub(*from)
            && skip + wanted <= bytes.len() as u64
        {
            let bytes = bytes.slice(skip as usize..);
            if skip + wanted == bytes.len() as u64 && start + wanted == *end {
                read.remove(&chunk);
            }
            return Ok(Some(bytes));
        }
        let bytes = file.get_bytes(start, wanted.max(AHEAD_BYTES).min(end - start) as usize)?;
        if bytes.len() as u64 > wanted {
            read.insert(chunk, (start, bytes.clone()));
        } else {
            read.remove(&chunk);
        }
        Ok(Some(bytes))
    }
}

/// A reader of a file's batches.
pub(crate) type Builder = ParquetRecordBatchReaderBuilder<Guarded>;

/// Opens a file for reading.
///
/// # Errors
/// A file that cannot be read, is no Parquet, or is beyond the limits.
pub(crate) fn builder(path: &Path) -> Outcome<Builder> {
    let (mut file, metadata) = open(path)?;
    file.ahead = Arc::new(Ahead::of(metadata.metadata()));
    Ok(ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata))
}

/// What a file says of itself.
///
/// # Errors
/// As [`builder`].
pub(crate) fn metadata(path: &Path) -> Outcome<ArrowReaderMetadata> {
    open(path).map(|(_, metadata)| metadata)
}

/// Opens a file of which is known what it says of itself.
///
/// # Errors
/// A file that cannot be read.
pub(crate) fn with_metadata(path: &Path, metadata: ArrowReaderMetadata) -> Outcome<Builder> {
    Ok(ParquetRecordBatchReaderBuilder::new_with_metadata(Guarded::open(path)?, metadata))
}

fn open(path: &Path) -> Outcome<(Guarded, ArrowReaderMetadata)> {
    let file = Guarded::open(path)?;
    let beyond = |what: String| of_file_with_hint(path, format!("{UNREADABLE}: {what}"), HINT);
    file.check_description().map_err(beyond)?;
    let load = || ArrowReaderMetadata::load(&*file.file, ArrowReaderOptions::new());
    let metadata = guarded(load).and_then(|loaded| loaded).doing(UNREADABLE, path)?;
    check(metadata.metadata(), file.bytes).map_err(beyond)?;
    Ok((file, metadata))
}

/// The batches of a file.
pub(crate) struct Batches {
    /// None after an error: what a reader is after a panic is not known.
    reader: Option<ParquetRecordBatchReader>,
}

/// Begins to read.
///
/// # Errors
/// Columns or row groups that the file does not have.
pub(crate) fn batches<T: ChunkReader + 'static>(
    builder: ParquetRecordBatchReaderBuilder<T>,
) -> Result<Batches, ParquetError> {
    guarded(|| builder.build()).and_then(|built| built).map(|reader| Batches { reader: Some(reader) })
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let reader = self.reader.as_mut()?;
        let next = guarded(|| reader.next()).unwrap_or_else(|error| Some(Err(error.into())));
        if !matches!(next, Some(Ok(_))) {
            self.reader = None;
        }
        next
    }
}

/// Reads some columns of a file from its first row to its last. What the file says of itself goes to `look` first.
///
/// # Errors
/// As [`builder`]; those of `look`.
pub(crate) fn columns(
    path: &Path,
    names: &[&str],
    batch_rows: usize,
    look: impl FnOnce(&ArrowReaderMetadata) -> Outcome<()>,
) -> Outcome<Batches> {
    let (mut file, metadata) = open(path)?;
    look(&metadata)?;
    let mask = ProjectionMask::columns(metadata.parquet_schema(), names.iter().copied());
    if !pages::reads(metadata.metadata()) {
        file.ahead = Arc::new(Ahead::of(metadata.metadata()));
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
        return batches(builder.with_projection(mask).with_batch_size(batch_rows)).doing(UNREADABLE, path);
    }
    let build = || {
        let levels = parquet_to_arrow_field_levels(metadata.parquet_schema(), mask, Some(metadata.schema().fields()))?;
        let groups = pages::Whole { file, metadata: metadata.metadata().clone() };
        ParquetRecordBatchReader::try_new_with_row_groups(&levels, &groups, batch_rows, None)
    };
    let reader = guarded(build).and_then(|built| built).doing(UNREADABLE, path)?;
    Ok(Batches { reader: Some(reader) })
}

thread_local! {
    /// Whether this thread is inside the Parquet reader.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Does it; a panic becomes an error.
///
/// # Errors
/// It panicked.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, ParquetError> {
    let before = INSIDE.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    INSIDE.set(before);
    done.map_err(|_| ParquetError::General("what it says of itself contradicts itself".into()))
}

/// Lets nothing be printed of panics that become errors here.
pub(crate) fn keep_quiet() {
    let others = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !INSIDE.get() {
            others(panic);
        }
    }));
}

/// A file that was opened past this door, for those who count what they read.
///
/// # Errors
/// As [`builder`].
pub(crate) fn look(path: &Path) -> Outcome<()> {
    open(path).map(drop)
}

const HINT: &str = "the file is damaged: get it again, or write it anew";

/// Whether rows, columns and their places can be those of the file.
fn check(metadata: &ParquetMetaData, bytes: u64) -> Result<(), String> {
    let columns = metadata.file_metadata().schema_descr().num_columns();
    if columns > MOST_COLUMNS {
        return Err(format!("{columns} columns: more than the {MOST_COLUMNS} that are read"));
    }
    for group in metadata.row_groups() {
        if !(0..=GROUP_ROWS).contains(&group.num_rows()) {
            return Err(format!("a row group of {} rows", group.num_rows()));
        }
        if group.columns().len() != columns {
            return Err(format!("a row group of {} columns where the file has {columns}", group.columns().len()));
        }
        if let Some(chunk) = group.columns().iter().find(|chunk| !is_inside(chunk, bytes)) {
            return Err(format!("column `{}` lies outside the file", chunk.column_path().string()));
        }
    }
    Ok(())
}

fn is_inside(chunk: &ColumnChunkMetaData, bytes: u64) -> bool {
    let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
    let numbers = [start, chunk.data_page_offset(), chunk.compressed_size(), chunk.num_values()];
    numbers.iter().all(|number| *number >= 0)
        && start.checked_add(chunk.compressed_size()).is_some_and(|end| end as u64 <= bytes)
}

impl Guarded {
    fn open(path: &Path) -> Outcome<Guarded> {
        let file = File::open(path).doing("cannot be read", path)?;
        let bytes = file.metadata().doing("cannot be read", path)?.len();
        Ok(Guarded { file: Arc::new(file), bytes, ahead: Arc::default() })
    }

    /// Looks at the description at the end, where there is one.
    fn check_description(&self) -> Result<(), String> {
        const END: u64 = 8;
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let Some(end) = self.bytes.checked_sub(END) else { return Ok(()) };
        let last = self.get_bytes(end, END as usize).map_err(|error| text(&error))?;
        let length = u64::from(u32::from_le_bytes([last[0], last[1], last[2], last[3]]));
        if last[4..] != *b"PAR1" || length > end {
            // The reader says what is wrong.
            return Ok(());
        }
        if length > DESCRIPTION_BYTES {
            return Err(format!("a description of {length} bytes: more than the {DESCRIPTION_BYTES} that are read"));
        }
        let description = self.get_bytes(end - length, length as usize).map_err(|error| text(&error))?;
        match thrift::depth(&description) {
            None => Err("its description is damaged".into()),
            Some(depth) if depth > DEEPEST => Err(format!("columns in columns, {depth} deep")),
            Some(_) => Ok(()),
        }
    }
}

impl Length for Guarded {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for Guarded {
    type T = PageStart;

    /// The reader asks here for the description of a page, and with [`ChunkReader::get_bytes`] for what follows it.
    fn get_read(&self, start: u64) -> parquet::errors::Result<PageStart> {
        let (file, ahead) = (self.file.clone(), self.ahead.clone());
        Ok(PageStart { file, ahead, file_bytes: self.bytes, start, header: None })
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.bytes) {
            let what = format!("{length} bytes from {start} on, of a file of {}", self.bytes);
            return Err(ParquetError::EOF(what));
        }
        match self.ahead.at(&self.file, start, length as u64)? {
            Some(bytes) if bytes.len() >= length => Ok(bytes.slice(..length)),
            _ => self.file.get_bytes(start, length),
        }
    }
}

/// The description of a page, which is looked at as soon as somebody reads it.
#[derive(Debug)]
pub(crate) struct PageStart {
    file: Arc<File>,
    ahead: Arc<Ahead>,
    file_bytes: u64,
    start: u64,
    header: Option<Cursor<Bytes>>,
}

impl Read for PageStart {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.header {
            Some(header) => header.read(buffer),
            None => {
                let header = self.look()?;
                self.header.insert(Cursor::new(header)).read(buffer)
            }
        }
    }
}

impl PageStart {
    /// Bytes that begin with the whole description of a page.
    fn look(&mut self) -> io::Result<Bytes> {
        let damaged = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
        let look = |wanted| match self.ahead.at(&self.file, self.start, wanted)? {
            Some(bytes) => Ok(bytes),
            None => self.beside(wanted),
        };
        described(self.start, self.file_bytes, look, damaged).map(|(_, bytes)| bytes)
    }

    /// Bytes of a file that is not read column by column.
    fn beside(&self, wanted: u64) -> io::Result<Bytes> {
        let mut bytes = Vec::new();
        let mut file = &*self.file;
        file.seek(SeekFrom::Start(self.start))?;
        file.take(wanted).read_to_end(&mut bytes)?;
        Ok(bytes.into())
    }
}

/// What the page at byte `at` says of itself, judged, and the bytes that it begins with. `look` gives bytes from there on: as many as
/// it is asked for, or fewer where there are no more.
fn described<E>(
    at: u64,
    file_bytes: u64,
    mut look: impl FnMut(u64) -> Result<Bytes, E>,
    damaged: impl Fn(String) -> E,
) -> Result<(PageHeader, Bytes), E> {
    let mut wanted = 512;
    loop {
        let bytes = look(wanted)?;
        if let Some(header) = PageHeader::read(&bytes[..bytes.len().min(PAGE_HEADER_BYTES)]) {
            return header.judge(file_bytes).map(|()| (header, bytes)).map_err(damaged);
        }
        if (bytes.len() as u64) < wanted || bytes.len() >= PAGE_HEADER_BYTES {
            return Err(damaged(format!("the description of the page at byte {at} is damaged")));
        }
        wanted = bytes.len() as u64 * 8;
    }
}

#[cfg(test)]
#[path = "parquet_door_tests.rs"]
mod tests;
