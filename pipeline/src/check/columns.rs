//! Columns of lake files, as checks read them.

use crate::ingest::LakeFile;
use crate::parquet_door;
use crate::trouble::{Io, Outcome};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int64Type, UInt64Type};
use arrow_array::{Array, Date32Array, Int64Array, RecordBatch, UInt64Array};
use parquet::arrow::ProjectionMask;
use std::path::Path;

/// Reads columns of a file of the lake, batch by batch.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn each_batch(
    folder: &Path,
    file: &LakeFile,
    columns: &[&str],
    mut each: impl FnMut(&RecordBatch),
) -> Outcome<()> {
    const WHAT: &str = parquet_door::UNREADABLE;
    let path = folder.join(&file.file);
    let builder = parquet_door::builder(&path)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    for batch in parquet_door::batches(builder.with_projection(mask).with_batch_size(8192)).doing(WHAT, &path)? {
        each(&batch.doing(WHAT, &path)?);
    }
    Ok(())
}

pub(super) fn keys(batch: &RecordBatch) -> &UInt64Array {
    column(batch, "bene_key").as_primitive::<UInt64Type>()
}

/// Claims, cents.
pub(super) fn longs<'a>(batch: &'a RecordBatch, name: &str) -> &'a Int64Array {
    column(batch, name).as_primitive::<Int64Type>()
}

pub(super) fn days<'a>(batch: &'a RecordBatch, name: &str) -> &'a Date32Array {
    column(batch, name).as_primitive::<Date32Type>()
}

pub(super) fn column<'a>(batch: &'a RecordBatch, name: &str) -> &'a dyn Array {
    batch.column_by_name(name).expect("a column of the lake's declaration was projected").as_ref()
}
