//! Columns of the lake as Parquet pages. A column arrives batch by batch and leaves as the bytes of one column chunk.
//!
//! The pages are plain Parquet that any reader takes. They are written here and not by the Parquet library's own writer for two
//! reasons. A claim's lines say the same in most columns, so that a look at the value before spares the look into the
//! dictionary. And places in a dictionary of more than sixteen values are written in whole bytes: what repeats is found by the
//! compressor, which looks for bytes, and unpacking them is no work.

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int32Type, Int64Type, UInt64Type};
use arrow_array::{Array, ArrowPrimitiveType};
use arrow_schema::DataType;
use parquet::basic::{BoundaryOrder, Compression, Encoding, Type, ZstdLevel};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, ColumnIndexBuilder, OffsetIndexBuilder};
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

mod words;
use words::{Words, hybrid};

/// How the values of a column are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Places in a dictionary, in whole bytes, in which the compressor finds what repeats; runs of eight and more once.
    Codes,
    /// Places in a dictionary; every run once, however short: fewer bytes, more work to read.
    Runs,
    /// Places in a dictionary in as few bits as will do, runs of eight and more once: where nothing repeats.
    Packed,
    /// One value after the other.
    Plain,
    /// The first bytes of all values, then the second ones: numbers of which the upper bytes hardly differ.
    Split,
}

/// How a column is written, and how long the compressor looks for what repeats: its level. Reading costs the same at any level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// How the values are laid out.
    pub how: How,
    /// Level of zstd.
    pub level: i32,
}

/// The bytes of a column chunk and what is to be said of it.
pub struct Chunk {
    /// The pages, a dictionary first.
    pub bytes: Vec<u8>,
    /// For [`parquet::file::writer::SerializedRowGroupWriter::append_column`].
    pub close: ColumnCloseResult,
}

/// Values of a dictionary whose places are packed in bits in any case.
const FEW_WORDS: usize = 16;

/// Level at which those are compressed: a longer look gains nothing.
const FEW_WORDS_LEVEL: i32 = 3;

/// Rows of a page: few enough that one life is read without most of its neighbours.
const PAGE_ROWS: usize = 1 << 16;

/// Rows of a page of [`How::Split`]: each place of bytes fills a block of the compressor, which counts bytes block by block.
const SPLIT_PAGE_ROWS: usize = 1 << 17;

/// The column of a row group that is being written.
#[derive(Debug)]
pub struct ChunkWriter {
    descr: ColumnDescPtr,
    form: Form,
    rows: usize,
    /// Which rows have a value, where some may have none.
    known: Option<Vec<bool>>,
    values: Values,
    /// Least and greatest number, in the order of the column.
    span: Option<(i64, i64)>,
}

#[derive(Debug)]
enum Values {
    Fixed { width: usize, bytes: Vec<u8> },
    Texts { ends: Vec<usize>, bytes: Vec<u8> },
    Words { words: Words, places: Vec<u32> },
}

impl ChunkWriter {
    /// No rows yet.
    pub fn new(descr: ColumnDescPtr, form: Form) -> ChunkWriter {
        let width = match descr.physical_type() {
            Type::INT64 => Some(8),
            Type::INT32 => Some(4),
            _ => None,
        };
        let values = match (form.how, width) {
            (How::Codes | How::Runs | How::Packed, width) => {
                Values::Words { words: Words::new(width.is_none()), places: Vec::new() }
            }
            (How::Plain | How::Split, Some(width)) => Values::Fixed { width, bytes: Vec::new() },
            (How::Plain | How::Split, None) => Values::Texts { ends: vec![0], bytes: Vec::new() },
        };
        let known = (descr.max_def_level() > 0).then(Vec::new);
        ChunkWriter { descr, form, rows: 0, known, values, span: None }
    }

    /// Adds rows.
    ///
    /// # Errors
    /// An array of another type than the lake has.
    pub fn push(&mut self, array: &dyn Array) -> Result<()> {
        self.rows += array.len();
        match &mut self.known {
            Some(known) => known.extend((0..array.len()).map(|row| array.is_valid(row))),
            None if array.null_count() > 0 => {
                return Err(ParquetError::General(format!("{}: a row without a value", self.descr.name())));
            }
            None => {}
        }
        match array.data_type() {
            DataType::UInt64 => {
                self.numbers::<UInt64Type, 8>(array, |number| number as i64, |a, b| (a as u64) < b as u64)
            }
            DataType::Int64 => self.numbers::<Int64Type, 8>(array, |number| number, |a, b| a < b),
            DataType::Int32 => self.numbers::<Int32Type, 4>(array, i64::from, |a, b| a < b),
            DataType::Date32 => self.numbers::<Date32Type, 4>(array, i64::from, |a, b| a < b),
            DataType::Utf8 => self.texts(array),
            other => return Err(ParquetError::General(format!("{}: a column of type {other}", self.descr.name()))),
        }
        Ok(())
    }

    fn numbers<T: ArrowPrimitiveType, const WIDTH: usize>(
        &mut self,
        array: &dyn Array,
        wide: impl Fn(T::Native) -> i64,
        below: impl Fn(i64, i64) -> bool,
    ) {
        let array = array.as_primitive::<T>();
        let (mut last, mut last_place) = (None, 0);
        let mut each = |number: T::Native| {
            let number = wide(number);
            let is_new = last != Some(number);
            if is_new {
                last = Some(number);
                let (least, most) = self.span.get_or_insert((number, number));
                *least = if below(number, *least) { number } else { *least };
                *most = if below(*most, number) { number } else { *most };
            }
            let number: [u8; WIDTH] = std::array::from_fn(|at| number.to_le_bytes()[at]);
            match &mut self.values {
                Values::Fixed { bytes, .. } => bytes.extend_from_slice(&number),
                Values::Words { words, places } => {
                    last_place = if is_new { words.place(&number) } else { last_place };
                    places.push(last_place);
                }
                Values::Texts { .. } => unreachable!("numbers have a width"),
            }
        };
        match array.null_count() {
            0 => array.values().iter().for_each(|number| each(*number)),
            _ => array.iter().flatten().for_each(each),
        }
    }

    fn texts(&mut self, array: &dyn Array) {
        let array = array.as_string::<i32>();
        let each = |text: &str| match &mut self.values {
            Values::Texts { ends, bytes } => {
                bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
                bytes.extend_from_slice(text.as_bytes());
                ends.push(bytes.len());
            }
            Values::Words { words, places } => places.push(words.place(text.as_bytes())),
            Values::Fixed { .. } => unreachable!("texts have no width"),
        };
        array.iter().flatten().for_each(each);
    }

    /// The chunk.
    ///
    /// # Errors
    /// When memory is short.
    pub fn finish(self, packer: &mut Compressor) -> Result<Chunk> {
        let mut sink = TrackedWrite::new(Vec::new());
        let (mut unpacked, mut offsets) = (0, OffsetIndexBuilder::new());
        let mut pages = SerializedPageWriter::new(&mut sink);
        let mut dictionary = None;
        if let Values::Words { words, .. } = &self.values {
            let num_values = words.len() as u32;
            let buf = packer.of(DICTIONARY_LEVEL)?.compress(words.page())?.into();
            let page = Page::DictionaryPage { buf, num_values, encoding: Encoding::PLAIN, is_sorted: false };
            let written = pages.write_page(CompressedPage::new(page, words.page().len()))?;
            unpacked += written.uncompressed_size as i64;
            dictionary = Some(0);
        }
        let (mut first_page, mut value, mut index) = (None, 0, ColumnIndexBuilder::new(self.descr.physical_type()));
        let codec = packer.of(match &self.values {
            Values::Words { words, .. } if words.len() <= FEW_WORDS => FEW_WORDS_LEVEL,
            _ => self.form.level,
        })?;
        let page_rows = if self.form.how == How::Split { SPLIT_PAGE_ROWS } else { PAGE_ROWS };
        let mut body = Vec::new();
        for start in (0..self.rows).step_by(page_rows) {
            let rows = start..self.rows.min(start + page_rows);
            body.clear();
            let values = match &self.known {
                None => rows.len(),
                Some(known) => levels(&known[rows.clone()], &mut body),
            };
            self.page(value..value + values, &mut body);
            let page = Page::DataPage {
                buf: codec.compress(&body)?.into(),
                num_values: rows.len() as u32,
                encoding: self.encoding(),
                def_level_encoding: Encoding::RLE,
                rep_level_encoding: Encoding::RLE,
                statistics: None,
            };
            let written = pages.write_page(CompressedPage::new(page, body.len()))?;
            unpacked += written.uncompressed_size as i64;
            first_page.get_or_insert(written.offset);
            offsets.append_row_count(rows.len() as i64);
            offsets.append_offset_and_size(written.offset as i64, written.compressed_size as i32);
            if let Some((least, most)) = self.ends(value..value + values) {
                index.append(false, least, most, 0);
            }
            value += values;
        }
        pages.close()?;
        let bytes = sink.into_inner()?;
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: self.rows as u64,
            metadata: self.about(bytes.len(), unpacked, dictionary, first_page.unwrap_or_default() as i64)?,
            bloom_filter: None,
            column_index: match self.is_key() {
                true => {
                    index.set_boundary_order(BoundaryOrder::ASCENDING);
                    Some(index.build()?)
                }
                false => None,
            },
            offset_index: Some(offsets.build()),
        };
        Ok(Chunk { bytes, close })
    }

    fn about(
        &self,
        packed: usize,
        unpacked: i64,
        dictionary: Option<i64>,
        first_page: i64,
    ) -> Result<ColumnChunkMetaData> {
        let about = ColumnChunkMetaData::builder(self.descr.clone())
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(self.form.level)?))
            .set_encodings(match dictionary {
                Some(_) => vec![Encoding::PLAIN, Encoding::RLE, Encoding::RLE_DICTIONARY],
                None => vec![Encoding::RLE, self.encoding()],
            })
            .set_total_compressed_size(packed as i64)
            .set_total_uncompressed_size(unpacked)
            .set_num_values(self.rows as i64)
            .set_dictionary_page_offset(dictionary)
            .set_data_page_offset(first_page);
        let nulls = self.known.as_ref().map_or(0, |known| known.iter().filter(|known| !**known).count() as u64);
        match (self.descr.physical_type(), self.span) {
            (Type::INT64, Some((least, most))) => about.set_statistics(Statistics::Int64(ValueStatistics::new(
                Some(least),
                Some(most),
                None,
                Some(nulls),
                false,
            ))),
            (Type::INT32, Some((least, most))) => about.set_statistics(Statistics::Int32(ValueStatistics::new(
                Some(least as i32),
                Some(most as i32),
                None,
                Some(nulls),
                false,
            ))),
            _ => about,
        }
        .build()
    }

    /// Whether the rows are sorted by this column before all others, so that its pages say whose they are.
    fn is_key(&self) -> bool {
        self.descr.name() == "bene_key"
    }

    /// First and last value of a page of the key, as the index has them.
    fn ends(&self, values: std::ops::Range<usize>) -> Option<(Vec<u8>, Vec<u8>)> {
        match &self.values {
            Values::Fixed { width, bytes } if self.is_key() => {
                let at = |value: usize| bytes[value * width..(value + 1) * width].to_vec();
                Some((at(values.start), at(values.end - 1)))
            }
            _ => None,
        }
    }

    fn encoding(&self) -> Encoding {
        match self.form.how {
            How::Codes | How::Runs | How::Packed => Encoding::RLE_DICTIONARY,
            How::Split if matches!(self.values, Values::Fixed { .. }) => Encoding::BYTE_STREAM_SPLIT,
            How::Plain | How::Split => Encoding::PLAIN,
        }
    }

    /// Appends the values of a page.
    fn page(&self, values: std::ops::Range<usize>, out: &mut Vec<u8>) {
        match &self.values {
            Values::Words { words, places } => {
                let in_bits = self.form.how != How::Codes || words.len() <= FEW_WORDS;
                let width = if in_bits { words.bits() } else { words.bytes() * 8 };
                out.push(width);
                hybrid(&places[values], width, self.form.how == How::Runs, out);
            }
            Values::Texts { ends, bytes } => out.extend_from_slice(&bytes[ends[values.start]..ends[values.end]]),
            Values::Fixed { width, bytes } => {
                let bytes = &bytes[values.start * width..values.end * width];
                match self.form.how {
                    How::Split => {
                        (0..*width).for_each(|at| out.extend(bytes.chunks_exact(*width).map(|value| value[at])))
                    }
                    _ => out.extend_from_slice(bytes),
                }
            }
        }
    }
}

/// Appends which rows have a value, behind the number of bytes that it takes; how many have one.
fn levels(known: &[bool], out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    let levels: Vec<u32> = known.iter().map(|known| u32::from(*known)).collect();
    hybrid(&levels, 1, false, out);
    let length = (out.len() - start - 4) as u32;
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
    levels.iter().sum::<u32>() as usize
}

/// Level at which dictionaries are compressed.
const DICTIONARY_LEVEL: i32 = 3;

/// Compresses pages: one compressor for each level that is asked for.
#[derive(Default)]
pub struct Compressor(Vec<(i32, zstd::bulk::Compressor<'static>)>);

impl Compressor {
    fn of(&mut self, level: i32) -> std::io::Result<&mut zstd::bulk::Compressor<'static>> {
        let at = match self.0.iter().position(|(of, _)| *of == level) {
            Some(at) => at,
            None => {
                self.0.push((level, zstd::bulk::Compressor::new(level)?));
                self.0.len() - 1
            }
        };
        Ok(&mut self.0[at].1)
    }
}

#[cfg(test)]
mod tests;
