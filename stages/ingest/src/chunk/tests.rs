//! What is written here is read back by the Parquet library.

use super::*;
use arrow_array::{ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{Field, Schema};
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use proptest::prelude::*;
use std::fs::File;
use std::sync::Arc;

/// Writes the columns in pieces and reads them back.
fn there_and_back(columns: &[(&str, ArrayRef, How)], piece: usize) -> RecordBatch {
    let field = |(name, array, _): &(&str, ArrayRef, How)| {
        Field::new(*name, array.data_type().clone(), array.null_count() > 0 || *name == "maybe")
    };
    let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
    let descr = ArrowSchemaConverter::new().convert(&schema).expect("types of the lake");
    let file = tempfile::tempfile().expect("disk");
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer =
        SerializedFileWriter::new(file.try_clone().expect("disk"), descr.root_schema_ptr(), properties).expect("disk");
    let mut packer = Compressor::default();
    let mut group = writer.next_row_group().expect("disk");
    for (at, (_, array, how)) in columns.iter().enumerate() {
        let mut chunk = ChunkWriter::new(descr.column(at), Form { how: *how, level: 3 + at as i32 % 3 });
        for start in (0..array.len()).step_by(piece) {
            chunk.push(&array.slice(start, piece.min(array.len() - start))).expect("a type of the lake");
        }
        let Chunk { bytes, close } = chunk.finish(&mut packer).expect("memory");
        let file = in_a_file(&bytes);
        group.append_column(&file, close).expect("disk");
    }
    group.close().expect("disk");
    writer.close().expect("disk");
    let rows = columns[0].1.len();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").with_batch_size(rows.max(1));
    let batches: Vec<RecordBatch> = reader.build().expect("Parquet").collect::<Result<_, _>>().expect("Parquet");
    arrow_select::concat::concat_batches(&schema, &batches).expect("one schema")
}

fn in_a_file(bytes: &[u8]) -> File {
    use std::io::Write;
    let mut file = tempfile::tempfile().expect("disk");
    file.write_all(bytes).expect("disk");
    file
}

fn check(columns: &[(&str, ArrayRef, How)], piece: usize) {
    let back = there_and_back(columns, piece);
    for (at, (name, array, how)) in columns.iter().enumerate() {
        assert_eq!(back.column(at), array, "{name} {how:?}");
    }
}

#[test]
fn columns_of_many_pages_come_back() {
    let rows = SPLIT_PAGE_ROWS as u64 + PAGE_ROWS as u64 + 77;
    let number = |row: u64, of: u64| (row / 3).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20 & (of - 1);
    let days = |of: u64| -> ArrayRef {
        Arc::new(Date32Array::from_iter((0..rows).map(|row| (row % 5 != 0).then_some(number(row, of) as i32))))
    };
    let words = |of: u64| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(
            (0..rows).map(|row| "x".repeat(number(row, of) as usize % 9) + &number(row, of).to_string()),
        ))
    };
    for of in [1, 2, 16, 32, 256, 512, 1 << 17] {
        let keys: ArrayRef = Arc::new(UInt64Array::from_iter_values((0..rows).map(|row| u64::MAX / 2 + row / 7)));
        let cents: ArrayRef = Arc::new(Int64Array::from_iter_values((0..rows).map(|row| number(row, of) as i64 - 50)));
        let all: Vec<(&str, ArrayRef, How)> = vec![
            ("bene_key", keys, How::Plain),
            ("a", days(of), How::Codes),
            ("b", days(of), How::Packed),
            ("c", days(of), How::Split),
            ("d", words(of), How::Codes),
            ("e", words(of), How::Packed),
            ("i", words(of), How::Runs),
            ("f", words(of), How::Plain),
            ("g", cents.clone(), How::Split),
            ("h", cents, How::Codes),
        ];
        check(&all, 8192);
    }
}

#[test]
fn columns_without_a_value_come_back() {
    for rows in [1, 8, 100] {
        let none: ArrayRef = Arc::new(Int64Array::new_null(rows));
        let texts: ArrayRef = Arc::new(StringArray::new_null(rows));
        check(
            &[
                ("a", none.clone(), How::Codes),
                ("b", none, How::Split),
                ("c", texts.clone(), How::Codes),
                ("d", texts, How::Plain),
            ],
            3,
        );
    }
}

proptest! {
    #[test]
    fn any_texts_come_back(texts in prop::collection::vec(prop::option::of("[ab]{0,2}"), 1..200), piece in 1usize..50) {
        let array: ArrayRef = Arc::new(StringArray::from(texts));
        check(&[How::Codes, How::Packed, How::Runs, How::Plain].map(|how| ("maybe", array.clone(), how)), piece);
    }

    #[test]
    fn any_numbers_come_back(numbers in prop::collection::vec(prop::option::of(-3i64..3), 1..200), piece in 1usize..50) {
        let array: ArrayRef = Arc::new(Int64Array::from(numbers));
        check(&[How::Codes, How::Packed, How::Runs, How::Split].map(|how| ("maybe", array.clone(), how)), piece);
    }
}
