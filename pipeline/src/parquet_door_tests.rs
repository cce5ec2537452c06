#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use arrow_array::{Array, ArrayRef, Int64Array, StringArray, StructArray};
use arrow_schema::{DataType, Field};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;
use std::sync::Arc;

/// A file of one column.
fn file(column: ArrayRef, properties: WriterProperties) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter([("x", column)]).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn plain() -> WriterProperties {
    WriterProperties::builder().set_dictionary_enabled(false).set_compression(Compression::UNCOMPRESSED).build()
}

/// Rows of a file, or what is said of it.
fn read(bytes: &[u8]) -> Result<usize, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    std::fs::write(&path, bytes).unwrap();
    let batches = batches(builder(&path).map_err(|error| error.to_string())?).map_err(|error| error.to_string())?;
    batches.map(|batch| batch.map(|batch| batch.num_rows()).map_err(|error| error.to_string())).sum()
}

#[track_caller]
fn refused(bytes: &[u8], says: &str) {
    let said = read(bytes).unwrap_err();
    assert!(said.contains(says), "{said}");
}

fn numbers() -> Vec<u8> {
    file(Arc::new(Int64Array::from_iter_values(0..100)), plain())
}

fn texts(properties: WriterProperties) -> Vec<u8> {
    file(Arc::new(StringArray::from_iter_values((0..100).map(|at| format!("text {at}")))), properties)
}

#[test]
fn files_as_they_are_written_are_read() {
    assert_eq!(read(&numbers()), Ok(100));
    assert_eq!(read(&texts(WriterProperties::default())), Ok(100));
}

/// The first page begins behind the mark: its type, its bytes, its packed bytes.
#[test]
fn a_page_that_declares_gigabytes_is_not_made_room_for() {
    let bytes = numbers();
    assert_eq!((bytes[4], bytes[6]), (0x15, 0x15), "the fields of a page as they are written");
    let end = 7 + bytes[7..].iter().position(|byte| *byte < 0x80).unwrap() + 1;
    let most = [0xfe, 0xff, 0xff, 0xff, 0x0f];
    refused(
        &[&bytes[..7], &most, &bytes[end..]].concat(),
        "a page of 2147483647 bytes, where 268435456 are read at most",
    );
}

#[test]
fn a_dictionary_that_declares_more_values_than_bytes_is_refused() {
    let properties = WriterProperties::builder().set_compression(Compression::UNCOMPRESSED).build();
    let bytes = texts(properties);
    // 4c: the description of a dictionary, its first field the number of values.
    let at = bytes.windows(2).position(|pair| pair == [0x4c, 0x15]).unwrap() + 2;
    let end = at + bytes[at..].iter().position(|byte| *byte < 0x80).unwrap() + 1;
    refused(
        &[&bytes[..at], &[0xfe, 0xff, 0xff, 0xff, 0x0f], &bytes[end..]].concat(),
        "a dictionary of 2147483647 values",
    );
}

#[test]
fn text_whose_lengths_cannot_be_looked_at_is_refused() {
    for encoding in [Encoding::DELTA_LENGTH_BYTE_ARRAY, Encoding::DELTA_BYTE_ARRAY] {
        let properties = WriterProperties::builder().set_dictionary_enabled(false).set_encoding(encoding).build();
        refused(&texts(properties), "delta-encoded text is not read: write the file with dictionary or plain encoding");
    }
}

#[test]
fn columns_in_columns_are_bounded() {
    let mut column: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    for _ in 0..20 {
        let field = Arc::new(Field::new("item", column.data_type().clone(), true));
        column = Arc::new(StructArray::from(vec![(field, column)]));
    }
    assert!(matches!(column.data_type(), DataType::Struct(_)));
    refused(&file(column, plain()), "columns in columns");
}

#[test]
fn a_description_has_its_place_and_bounds() {
    let bytes = numbers();
    let end = bytes.len() - 8;
    let with = |length: u32| [&bytes[..end], &length.to_le_bytes(), b"PAR1"].concat();
    refused(&with(u32::MAX), UNREADABLE);
    refused(&with(3), UNREADABLE);
    let long = [vec![0; (DESCRIPTION_BYTES + 9) as usize], bytes].concat();
    let end = long.len() - 8;
    let declared = (DESCRIPTION_BYTES + 1) as u32;
    refused(&[&long[..end], &declared.to_le_bytes(), b"PAR1"].concat(), "a description of 67108865 bytes");
    for short in [&b""[..], b"PAR1", b"PAR1PAR1", b"PAR1\0\0\0\0PAR1"] {
        refused(short, UNREADABLE);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_file_with_other_bytes_is_read_or_refused(at in 0usize..1 << 16, byte in any::<u8>(), packed in any::<bool>()) {
        let mut bytes = if packed { texts(WriterProperties::default()) } else { numbers() };
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = read(&bytes);
    }
}
