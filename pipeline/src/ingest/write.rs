//! A file of the lake: sorted rows in, Parquet with a final name out.

use super::report::LakeFile;
use crate::trouble::{Io, Outcome};
use acoledger_ingest::rows::plain_schema;
use acoledger_schemas::lake::{LakeColumn, LakeTable, Store};
use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_array::{Array, RecordBatch};
use arrow_schema::ArrowError;
use arrow_select::concat::concat_batches;
use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
use parquet::arrow::{ARROW_SCHEMA_META_KEY, encode_arrow_schema};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Rows that are encoded at a time. Fixed, so that the bytes of a file do not depend on how its rows arrived.
pub(super) const BATCH_ROWS: usize = 1 << 16;
/// Rows of a row group: few enough that one life is read out of any lake at the same cost, enough that a whole shard is read as fast.
const GROUP_ROWS: usize = 1 << 17;
/// Codes of a row group that are worth a dictionary, bytes.
const DICTIONARY_BYTES: usize = 4 << 20;
/// Level of compression: beyond it files shrink little and writing slows much.
const ZSTD_LEVEL: i32 = 3;

/// Columns that rows are sorted by, in order.
const SORT_KEY: [&str; 3] = ["bene_key", "claim_key", "line"];

/// Columns whose values are written one by one; all others through a dictionary: the bytes of amounts, claim numbers and days of
/// service compress best one place at a time.
#[rustfmt::skip]
const ENCODINGS: &[(&str, &[&str], Encoding)] = &[
    ("bene_key",          &["bene", "enrollment", "carrier", "dme", "facility", "revenue"], Encoding::PLAIN),
    ("claim_key",         &["carrier", "dme", "revenue"],                                   Encoding::BYTE_STREAM_SPLIT),
    ("claim_key",         &["facility"],                                                    Encoding::DELTA_BINARY_PACKED),
    ("line",              &["revenue"],                                                     Encoding::BYTE_STREAM_SPLIT),
    ("service_date",      &["revenue"],                                                     Encoding::BYTE_STREAM_SPLIT),
    ("paid_cents",        &["carrier", "dme", "facility", "revenue"],                       Encoding::BYTE_STREAM_SPLIT),
    ("allowed_cents",     &["carrier", "dme"],                                              Encoding::BYTE_STREAM_SPLIT),
    ("coinsurance_cents", &["facility", "revenue"],                                         Encoding::BYTE_STREAM_SPLIT),
];

fn encoding(table: &LakeTable, column: &LakeColumn) -> Option<Encoding> {
    let listed = ENCODINGS.iter().find(|(name, tables, _)| *name == column.name && tables.contains(&table.name));
    let plain = (column.store == Store::Text).then_some(Encoding::PLAIN);
    listed.map(|(_, _, encoding)| *encoding).or(plain)
}

/// A file of the lake on its way to the disk.
#[derive(Debug)]
pub struct ShardWriter {
    lake: PathBuf,
    about: LakeFile,
    table: &'static LakeTable,
    writer: ArrowWriter<Hashed>,
    waiting: Vec<RecordBatch>,
    waiting_rows: usize,
    last_life: Option<u64>,
}

impl ShardWriter {
    /// Begins `lake/<table>/year=YYYY/shard=NNN.parquet` under a temporary name; without a year `lake/<table>/shard=NNN.parquet`.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn create(lake: &Path, table: &'static LakeTable, year: Option<i32>, shard: u32) -> Outcome<ShardWriter> {
        let folder = year.map_or_else(|| table.name.to_owned(), |year| format!("{}/year={year}", table.name));
        let file = format!("{folder}/shard={shard:03}.parquet");
        fs::create_dir_all(lake.join(&folder)).doing("cannot be created", &lake.join(&folder))?;
        let path = temporary(&lake.join(&file));
        let sink =
            Hashed { file: File::create(&path).doing("cannot be created", &path)?, hasher: Sha256::new(), bytes: 0 };
        let options = ArrowWriterOptions::new().with_properties(properties(table)).with_skip_arrow_metadata(true);
        let writer =
            ArrowWriter::try_new_with_options(sink, plain_schema(table), options).doing("cannot be written", &path)?;
        let about = LakeFile {
            file,
            table: table.name.to_owned(),
            year,
            shard,
            rows: 0,
            lives: 0,
            bytes: 0,
            sha256: String::new(),
        };
        Ok(ShardWriter {
            lake: lake.to_owned(),
            about,
            table,
            writer,
            waiting: Vec::new(),
            waiting_rows: 0,
            last_life: None,
        })
    }

    /// Adds rows, sorted and behind those before. Codes may come as text or as dictionaries.
    ///
    /// # Errors
    /// Those of the disk; rows that are not of the table or out of order.
    pub fn write(&mut self, batch: &RecordBatch) -> Outcome<()> {
        let batch = plain(self.table, batch).and_then(|batch| self.count(&batch).map(|()| batch));
        let batch = batch.doing("cannot be written", &self.path())?;
        self.waiting_rows += batch.num_rows();
        self.waiting.push(batch);
        if self.waiting_rows >= BATCH_ROWS {
            self.encode(false).doing("cannot be written", &self.path())?;
        }
        Ok(())
    }

    /// Ends the file and gives it its name.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn finish(mut self) -> Outcome<LakeFile> {
        let path = self.path();
        self.encode(true).doing("cannot be written", &path)?;
        let sink = self.writer.into_inner().doing("cannot be written", &path)?;
        self.about.bytes = sink.bytes;
        self.about.sha256 = sink.hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        fs::rename(temporary(&path), &path).doing("cannot be given its name", &path)?;
        Ok(self.about)
    }

    fn path(&self) -> PathBuf {
        self.lake.join(&self.about.file)
    }

    /// Counts rows and lives; lives must not fall.
    fn count(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        let lives = batch.column(0).as_primitive::<UInt64Type>();
        for &life in lives.values() {
            match self.last_life {
                Some(last) if last == life => continue,
                Some(last) if last > life => {
                    return Err(ArrowError::InvalidArgumentError("rows are not sorted by life".into()));
                }
                _ => self.about.lives += 1,
            }
            self.last_life = Some(life);
        }
        self.about.rows += batch.num_rows() as u64;
        Ok(())
    }

    /// Encodes what waits in batches of equal size; at the end also what is left.
    fn encode(&mut self, end: bool) -> Result<(), Box<dyn std::error::Error>> {
        let all = match self.waiting.as_slice() {
            [] => return Ok(()),
            [one] => one.clone(),
            many => concat_batches(&plain_schema(self.table), many)?,
        };
        let mut at = 0;
        while all.num_rows() - at >= BATCH_ROWS || (end && at < all.num_rows()) {
            let rows = BATCH_ROWS.min(all.num_rows() - at);
            self.writer.write(&all.slice(at, rows))?;
            at += rows;
        }
        self.waiting_rows = all.num_rows() - at;
        self.waiting = if self.waiting_rows > 0 { vec![all.slice(at, self.waiting_rows)] } else { Vec::new() };
        Ok(())
    }
}

/// Writes a file of the lake from sorted batches.
///
/// # Errors
/// Those of the batches and of [`ShardWriter`].
pub fn write_shard(
    lake: &Path,
    table: &'static LakeTable,
    year: Option<i32>,
    shard: u32,
    batches: impl IntoIterator<Item = Result<RecordBatch, ArrowError>>,
) -> Outcome<LakeFile> {
    let mut writer = ShardWriter::create(lake, table, year, shard)?;
    for batch in batches {
        let path = writer.path();
        writer.write(&batch.doing("cannot be written", &path)?)?;
    }
    writer.finish()
}

fn temporary(path: &Path) -> PathBuf {
    path.with_extension("parquet.partial")
}

/// The batch with codes as text.
fn plain(table: &LakeTable, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = plain_schema(table);
    if batch.schema() == schema {
        return Ok(batch.clone());
    }
    if batch.num_columns() != schema.fields().len() {
        return Err(ArrowError::SchemaError(format!("the batch has not the columns of `{}`", table.name)));
    }
    let cast = |(column, field): (&arrow_array::ArrayRef, &arrow_schema::FieldRef)| {
        if column.data_type() == field.data_type() {
            Ok(column.clone())
        } else {
            arrow_cast::cast(column, field.data_type())
        }
    };
    let columns: Result<Vec<_>, _> = batch.columns().iter().zip(schema.fields()).map(cast).collect();
    RecordBatch::try_new(schema, columns?)
}

fn properties(table: &LakeTable) -> WriterProperties {
    let level = ZstdLevel::try_new(ZSTD_LEVEL).expect("a level that zstd has");
    let sorting = SORT_KEY.iter().filter_map(|name| table.position(name)).map(|at| SortingColumn {
        column_idx: at as i32,
        descending: false,
        nulls_first: false,
    });
    // Batches hold text; readers are told that codes are dictionaries.
    let schema = KeyValue::new(ARROW_SCHEMA_META_KEY.to_owned(), encode_arrow_schema(&table.schema()));
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_dictionary_page_size_limit(DICTIONARY_BYTES)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_sorting_columns(Some(sorting.collect()))
        .set_key_value_metadata(Some(vec![schema]));
    for column in table.columns {
        let path = ColumnPath::from(column.name);
        let statistics = match (column.name, column.store) {
            // Which pages hold a life: with it, one life is read without its neighbours.
            (name, _) if name == SORT_KEY[0] => EnabledStatistics::Page,
            // Least and greatest texts tell nobody anything, and comparing all of them was a fifth of the work of an ingest.
            (_, Store::Code | Store::Text) => EnabledStatistics::None,
            _ => EnabledStatistics::Chunk,
        };
        properties = properties.set_column_statistics_enabled(path.clone(), statistics);
        properties = match encoding(table, column) {
            None => properties,
            Some(encoding) => {
                properties.set_column_dictionary_enabled(path.clone(), false).set_column_encoding(path, encoding)
            }
        };
    }
    properties.build()
}

/// A file that hashes and counts what is written to it.
#[derive(Debug)]
struct Hashed {
    file: File,
    hasher: Sha256,
    bytes: u64,
}
impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = self.file.write(bytes)?;
        self.hasher.update(&bytes[..length]);
        self.bytes += length as u64;
        Ok(length)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
