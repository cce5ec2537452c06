//! Whole ingests, from files to files.

mod again;
mod changing;
mod delivery;
mod feed;
mod invented;
mod worlds;

use super::*;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::{self, File};
use std::path::Path;

/// A plan that reads all files of `raw` into `lake`.
fn plan(raw: &Path, lake: &Path) -> IngestPlan {
    IngestPlan {
        raw: Raw::Folder(raw.file_name().expect("a folder").to_string_lossy().into_owned()),
        layout: Layout::Rif,
        base: raw.parent().expect("a folder").to_owned(),
        lake: lake.to_owned(),
        shards: 4,
        memory_bytes: 1 << 30,
        years: None,
        sas_day_numbers: false,
    }
}

fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool")
}

/// Batches of a table, shard by shard, year by year, in the files' own types.
fn batches(lake: &Path, report: &IngestReport, table: &str) -> Vec<RecordBatch> {
    let mut files: Vec<&LakeFile> = report.files.iter().filter(|file| file.table == table).collect();
    files.sort_by_key(|file| (file.year, file.shard));
    let read = |file: &&LakeFile| {
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(lake.join(&file.file)).expect("a file"));
        reader.expect("Parquet").build().expect("Parquet").map(|batch| batch.expect("a batch")).collect::<Vec<_>>()
    };
    files.iter().flat_map(read).collect()
}

fn rows(batches: &[RecordBatch]) -> usize {
    batches.iter().map(RecordBatch::num_rows).sum()
}

fn sum(batches: &[RecordBatch], column: &str) -> i64 {
    let sum = |batch: &RecordBatch| -> i64 {
        let column = batch.column_by_name(column).expect("a column").as_primitive::<Int64Type>();
        column.iter().flatten().sum()
    };
    batches.iter().map(sum).sum()
}

/// Rows of a table as text, `column=value` for the columns asked for.
fn lines(batches: &[RecordBatch], columns: &[&str]) -> Vec<String> {
    let mut all = Vec::new();
    for batch in batches {
        let formats: Vec<_> = columns
            .iter()
            .map(|name| {
                let column = batch.column_by_name(name).expect("a column");
                arrow_cast::cast(column, &arrow_schema::DataType::Utf8).expect("text")
            })
            .collect();
        for row in 0..batch.num_rows() {
            let cell = |texts: &arrow_array::ArrayRef| match texts.is_null(row) {
                true => "-".to_owned(),
                false => texts.as_string::<i32>().value(row).to_owned(),
            };
            all.push(formats.iter().map(cell).collect::<Vec<_>>().join("|"));
        }
    }
    all
}

/// Files of a folder below it, with their bytes; hidden ones left out.
fn bytes_of(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let files = crate::files::files_below(folder).expect("a folder");
    let name = |path: &Path| path.strip_prefix(folder).expect("below").to_string_lossy().into_owned();
    files.iter().map(|path| (name(path), fs::read(path).expect("a file"))).collect()
}
