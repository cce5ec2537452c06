//! One life out of a lake: of its shard's files only the row groups, and in these only the pages, that can hold its key.
//!
//! Files are sorted by life and carry page indexes, so that what is read depends on the size of a page, not of the lake.

use super::Lake;
use crate::ingest::LakeFile;
use crate::parquet_door;
use crate::trouble::{Io, Outcome};
use acoledger_person::{Batches, Needs, ShardStreams, TableNeed};
use acoledger_schemas::keys::shard_of;
use arrow_array::BooleanArray;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowPredicateFn, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowFilter, RowSelection, RowSelector,
};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::statistics::Statistics;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Rows per batch: a life has far fewer in a year.
const BATCH_ROWS: usize = 1024;
/// Column that the rows are sorted by.
const KEY: &str = "bene_key";

impl Lake {
    /// The rows of one life as the streams of its shard. `read` counts the bytes that are read.
    ///
    /// # Errors
    /// A lake file that cannot be read.
    pub(crate) fn life(&self, key: u64, needs: &Needs, read: &Arc<AtomicU64>) -> Outcome<ShardStreams<'static>> {
        let shard = shard_of(key, self.report.shards);
        let mut streams = ShardStreams::new();
        for need in &needs.tables {
            let year = |year: i32| need.years.contains(&year) || need.optional_years.contains(&year);
            let wanted = |file: &&LakeFile| {
                file.shard == shard && file.table == need.table.name && file.rows > 0 && file.year.is_none_or(year)
            };
            for file in self.report.files.iter().filter(wanted) {
                streams.add(&file.table, file.year, rows_of(&self.folder.join(&file.file), key, need, read)?);
            }
        }
        Ok(streams)
    }
}

/// The rows of a life in one file.
fn rows_of(path: &Path, key: u64, need: &TableNeed, read: &Arc<AtomicU64>) -> Outcome<Batches<'static>> {
    const WHAT: &str = parquet_door::UNREADABLE;
    parquet_door::look(path)?;
    let file = Counted { file: File::open(path).doing("cannot be read", path)?, read: read.clone() };
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
    let open = || ParquetRecordBatchReaderBuilder::try_new_with_options(file, options);
    let builder = parquet_door::guarded(open).and_then(|opened| opened).doing(WHAT, path)?;
    let (groups, selection) = places(builder.metadata(), key);
    let schema = builder.parquet_schema();
    let columns = ProjectionMask::columns(schema, need.columns.iter().copied());
    let is_life = ArrowPredicateFn::new(ProjectionMask::columns(schema, [KEY]), move |batch| {
        let keys = batch.column(0).as_primitive::<UInt64Type>();
        Ok(keys.values().iter().map(|found| Some(*found == key)).collect::<BooleanArray>())
    });
    let builder = builder
        .with_projection(columns)
        .with_row_groups(groups)
        .with_row_selection(selection)
        .with_row_filter(RowFilter::new(vec![Box::new(is_life)]))
        .with_batch_size(BATCH_ROWS);
    let reader = parquet_door::batches(builder).doing(WHAT, path)?;
    let name = path.display().to_string();
    Ok(Box::new(reader.map(move |batch| batch.map_err(|error| format!("{name}: {error}")))))
}

/// Row groups that can hold a key, and of their rows those of pages that can. Where a lake says nothing about pages, all.
fn places(metadata: &ParquetMetaData, key: u64) -> (Vec<usize>, RowSelection) {
    let mut groups = Vec::new();
    let mut selectors = Vec::new();
    let holds = |least: i64, most: i64| least as u64 <= key && key <= most as u64;
    for (at, group) in metadata.row_groups().iter().enumerate() {
        let Some(column) = group.columns().iter().position(|chunk| chunk.column_path().string() == KEY) else {
            continue;
        };
        if let Some(Statistics::Int64(span)) = group.column(column).statistics()
            && let (Some(least), Some(most)) = (span.min_opt(), span.max_opt())
            && !holds(*least, *most)
        {
            continue;
        }
        groups.push(at);
        let rows = group.num_rows() as usize;
        let pages = metadata.column_index().and_then(|index| match &index[at][column] {
            ColumnIndexMetaData::INT64(pages) => Some(pages),
            _ => None,
        });
        let starts = metadata.offset_index().map(|index| index[at][column].page_locations());
        let (Some(pages), Some(starts)) = (pages, starts) else {
            selectors.push(RowSelector::select(rows));
            continue;
        };
        for (page, start) in starts.iter().enumerate() {
            let first = start.first_row_index as usize;
            let end = starts.get(page + 1).map_or(rows, |next| next.first_row_index as usize);
            let holds = match (pages.min_value(page), pages.max_value(page)) {
                (Some(least), Some(most)) => holds(*least, *most),
                _ => true,
            };
            selectors.push(if holds { RowSelector::select(end - first) } else { RowSelector::skip(end - first) });
        }
    }
    (groups, RowSelection::from(selectors))
}

/// A file that counts what is read of it.
struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Length for Counted {
    fn len(&self) -> u64 {
        self.file.len()
    }
}

impl ChunkReader for Counted {
    type T = BufReader<CountedRead>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        let reader = self.file.get_read(start)?;
        // A page's header is some dozen bytes: a small buffer reads little beyond it.
        Ok(BufReader::with_capacity(1 << 9, CountedRead { file: reader.into_inner(), read: self.read.clone() }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        self.read.fetch_add(length as u64, Ordering::Relaxed);
        self.file.get_bytes(start, length)
    }
}

/// A place in such a file.
struct CountedRead {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for CountedRead {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.read.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}
