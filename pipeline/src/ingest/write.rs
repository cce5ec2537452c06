//! A file of the lake: sorted rows in, Parquet with a final name out.

use super::report::LakeFile;
use crate::trouble::{Io, Outcome};
use acoledger_ingest::chunk::{Chunk, ChunkWriter, Compressor, Form, How};
use acoledger_ingest::rows::plain_schema;
use acoledger_schemas::lake::{LakeColumn, LakeTable, Store};
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_schema::ArrowError;
use bytes::Bytes;
use parquet::arrow::{ARROW_SCHEMA_META_KEY, ArrowSchemaConverter, encode_arrow_schema};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows that go to a file at a time.
pub(super) const BATCH_ROWS: usize = 1 << 13;
/// Rows of a row group, so that the bytes of a file do not depend on how its rows arrived: few enough that one life is read out of
/// any lake at the same cost, enough that a whole shard is read as fast.
const GROUP_ROWS: usize = 1 << 17;
/// Columns that rows are sorted by, in order.
const SORT_KEY: [&str; 3] = ["bene_key", "claim_key", "line"];

/// Columns that are not written as codes or, texts, plainly. Chosen by bytes and by time to read, as measured (`benches/README.md`):
/// sorted keys repeat as they are, the bytes of amounts and claim numbers compress best one place at a time, dates of claims of one line
/// do not repeat, and what no kernel reads may cost some time to read. Levels are high where that gains a tenth.
#[rustfmt::skip]
const WRITTEN: &[(&str, &[&str], How, i32)] = &[
    ("bene_key",          &["bene", "enrollment", "carrier", "dme", "facility", "revenue"], How::Plain,  3),
    ("claim_key",         &["carrier", "dme", "facility", "revenue"],                       How::Split,  6),
    ("paid_cents",        &["carrier", "dme", "facility"],                                  How::Split,  3),
    ("allowed_cents",     &["carrier", "dme"],                                              How::Split,  3),
    ("coinsurance_cents", &["facility"],                                                    How::Split,  3),
    ("paid_cents",        &["revenue"],                                                     How::Split,  6),
    ("coinsurance_cents", &["revenue"],                                                     How::Split,  6),
    ("service_date",      &["revenue"],                                                     How::Split,  6),
    ("npi",               &["carrier", "dme"],                                              How::Runs,   5),
    ("from_date",         &["carrier"],                                                     How::Runs,   5),
    ("thru_date",         &["carrier"],                                                     How::Runs,   5),
    ("first_date",        &["carrier"],                                                     How::Codes,  6),
    ("last_date",         &["carrier"],                                                     How::Codes,  6),
    ("tin",               &["carrier"],                                                     How::Codes,  6),
    ("from_date",         &["dme", "facility"],                                             How::Packed, 3),
    ("thru_date",         &["dme", "facility"],                                             How::Packed, 3),
    ("first_date",        &["dme"],                                                         How::Packed, 3),
    ("last_date",         &["dme"],                                                         How::Packed, 3),
    ("birth_date",        &["enrollment"],                                                  How::Packed, 3),
    ("center",            &["revenue"],                                                     How::Codes,  3),
    ("hcpcs",             &["revenue"],                                                     How::Codes,  3),
];

fn form(table: &LakeTable, column: &LakeColumn) -> Form {
    let listed = WRITTEN.iter().find(|(name, tables, ..)| *name == column.name && tables.contains(&table.name));
    match (listed, column.store) {
        (Some((.., how, level)), _) => Form { how: *how, level: *level },
        (None, Store::Text) => Form { how: How::Plain, level: 3 },
        (None, _) => Form { how: How::Codes, level: 5 },
    }
}

/// A file of the lake on its way to the disk.
pub struct ShardWriter {
    lake: PathBuf,
    about: LakeFile,
    table: &'static LakeTable,
    writer: SerializedFileWriter<Hashed>,
    /// The columns of the row group at hand.
    group: Vec<ChunkWriter>,
    group_rows: usize,
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
        let schema = ArrowSchemaConverter::new().convert(&plain_schema(table)).doing("cannot be written", &path)?;
        let writer = SerializedFileWriter::new(sink, schema.root_schema_ptr(), Arc::new(properties(table)))
            .doing("cannot be written", &path)?;
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
            group: Vec::new(),
            group_rows: 0,
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
        let mut at = 0;
        while at < batch.num_rows() {
            let rows = (GROUP_ROWS - self.group_rows).min(batch.num_rows() - at);
            self.push(&batch.slice(at, rows)).doing("cannot be written", &self.path())?;
            at += rows;
        }
        Ok(())
    }

    /// Ends the file and gives it its name.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn finish(mut self) -> Outcome<LakeFile> {
        let path = self.path();
        self.end_group().doing("cannot be written", &path)?;
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

    /// Adds rows to the row group at hand, which has room for them.
    fn push(&mut self, batch: &RecordBatch) -> Result<(), ParquetError> {
        if self.group.is_empty() {
            let columns = self.writer.schema_descr().columns().iter().zip(self.table.columns);
            let columns = columns.map(|(descr, column)| ChunkWriter::new(descr.clone(), form(self.table, column)));
            self.group = columns.collect();
        }
        for (column, array) in self.group.iter_mut().zip(batch.columns()) {
            column.push(array)?;
        }
        self.group_rows += batch.num_rows();
        if self.group_rows == GROUP_ROWS { self.end_group() } else { Ok(()) }
    }

    fn end_group(&mut self) -> Result<(), ParquetError> {
        if self.group.is_empty() {
            return Ok(());
        }
        let mut packer = Compressor::default();
        let mut group = self.writer.next_row_group()?;
        for column in self.group.drain(..) {
            let Chunk { bytes, close } = column.finish(&mut packer)?;
            group.append_column(&Bytes::from(bytes), close)?;
        }
        group.close()?;
        self.group_rows = 0;
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
    let sorting = SORT_KEY.iter().filter_map(|name| table.position(name)).map(|at| SortingColumn {
        column_idx: at as i32,
        descending: false,
        nulls_first: false,
    });
    // Batches hold text; readers are told that codes are dictionaries.
    let schema = KeyValue::new(ARROW_SCHEMA_META_KEY.to_owned(), encode_arrow_schema(&table.schema()));
    WriterProperties::builder()
        .set_sorting_columns(Some(sorting.collect()))
        .set_key_value_metadata(Some(vec![schema]))
        .build()
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
