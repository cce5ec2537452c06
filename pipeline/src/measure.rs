//! What a machine can do at best with a study's lake: the same columns as pass A reads, decoded and left alone. The plain reader of the
//! `parquet` crate, none of our code: the limit against which the person grain is measured.

use crate::lake::{self, Lake};
use crate::person;
use crate::study::LoadedStudy;
use crate::trouble::{self, Io, Outcome};
use acoledger_person::TableNeed;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rayon::prelude::*;
use std::fs::File;
use std::ops::Add;
use std::path::Path;
use std::time::{Duration, Instant};

/// Rows and bytes that were decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decoded {
    /// Rows of all tables.
    pub(crate) rows: u64,
    /// Of these, rows of claims and their lines.
    pub(crate) claim_rows: u64,
    /// Bytes of the columns in the files.
    pub(crate) bytes: u64,
}

impl Add for Decoded {
    type Output = Decoded;
    fn add(self, other: Decoded) -> Decoded {
        Decoded {
            rows: self.rows + other.rows,
            claim_rows: self.claim_rows + other.claim_rows,
            bytes: self.bytes + other.bytes,
        }
    }
}

/// Decodes what pass A of a study reads, shard by shard, and counts it.
///
/// # Errors
/// A study without a lake, a file that cannot be read.
pub(crate) fn decode(loaded: &LoadedStudy) -> Outcome<(Decoded, Duration)> {
    let context = person::context(loaded, false)?;
    let lake = lake::standing(&loaded.lake())?;
    let started = Instant::now();
    let shards = 0..lake.report.shards;
    let sum = shards.into_par_iter().with_max_len(1).map(|shard| {
        context.needs().tables.iter().try_fold(Decoded::default(), |sum, need| Ok(sum + table(&lake, shard, need)?))
    });
    let decoded = sum.try_reduce(Decoded::default, |a, b| Outcome::Ok(a + b))?;
    Ok((decoded, started.elapsed()))
}

fn table(lake: &Lake, shard: u32, need: &TableNeed) -> Outcome<Decoded> {
    let files = lake.files(shard, need);
    files.map(|about| file(&lake.folder.join(&about.file), need)).try_fold(Decoded::default(), |sum, one| Ok(sum + one?))
}

fn file(path: &Path, need: &TableNeed) -> Outcome<Decoded> {
    let bytes = File::open(path).doing("cannot be read", path)?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).doing("not readable as Parquet", path)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), need.columns.iter().copied());
    let groups = builder.metadata().row_groups().iter();
    let columns = groups.flat_map(|group| group.columns().iter().enumerate());
    let bytes = columns.filter(|(at, _)| mask.leaf_included(*at)).map(|(_, chunk)| chunk.compressed_size() as u64).sum();
    let reader = builder.with_projection(mask).with_batch_size(lake::BATCH_ROWS).build();
    let mut decoded = Decoded { bytes, ..Decoded::default() };
    for batch in reader.doing("not readable as Parquet", path)? {
        decoded.rows += std::hint::black_box(batch.doing("not readable as Parquet", path)?).num_rows() as u64;
    }
    if !matches!(need.table.name, "bene" | "enrollment") {
        decoded.claim_rows = decoded.rows;
    }
    Ok(decoded)
}

/// The lake that a study's numbers are measured on.
///
/// # Errors
/// A study that starts from rates.
pub(crate) fn wants_claims(loaded: &LoadedStudy) -> Outcome<()> {
    match loaded.study.input.raw {
        Some(_) => Ok(()),
        None => Err(trouble::of_study(&loaded.file, "the study has no claims: nothing to decode").into()),
    }
}
