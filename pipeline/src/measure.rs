//! What a machine can do.
//!
//! With a study's lake at best: the same columns as pass A reads, decoded and left alone. The plain reader of the `parquet` crate, none of our
//! code: the limit against which the person grain is measured. And without any lake: a synthetic nation made in memory and put through
//! the kernels of a run, of any number of lives.

use crate::lake::{self, Lake};
use crate::parquet_door::UNREADABLE;
use crate::person::{self, Shards, run_pass_a, run_pass_b};
use crate::study::LoadedStudy;
use crate::synth::memory::MemoryShards;
use crate::trouble::{self, Io, Outcome};
use acoledger_person::{Beside, Context, Facts, TableNeed};
use acoledger_schemas::study::{AssignmentSource, CountyCodes, Maturity};
use acoledger_synth::{Nation, Options};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rayon::prelude::*;
use std::fs::File;
use std::ops::Add;
use std::path::Path;
use std::sync::atomic::Ordering;
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
/// A study without claims or without a lake, a file that cannot be read.
pub(crate) fn decode(loaded: &LoadedStudy) -> Outcome<(Decoded, Duration)> {
    if loaded.study.input.raw.is_none() {
        return Err(trouble::of_study(&loaded.file, "the study has no claims: nothing to decode"));
    }
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
    files
        .map(|about| file(&lake.folder.join(&about.file), need))
        .try_fold(Decoded::default(), |sum, one| Ok(sum + one?))
}

fn file(path: &Path, need: &TableNeed) -> Outcome<Decoded> {
    let bytes = File::open(path).doing("cannot be read", path)?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).doing(UNREADABLE, path)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), need.columns.iter().copied());
    let groups = builder.metadata().row_groups().iter();
    let columns = groups.flat_map(|group| group.columns().iter().enumerate());
    let bytes =
        columns.filter(|(at, _)| mask.leaf_included(*at)).map(|(_, chunk)| chunk.compressed_size() as u64).sum();
    let reader = builder.with_projection(mask).with_batch_size(lake::BATCH_ROWS).build();
    let mut decoded = Decoded { bytes, ..Decoded::default() };
    for batch in reader.doing(UNREADABLE, path)? {
        decoded.rows += std::hint::black_box(batch.doing(UNREADABLE, path)?).num_rows() as u64;
    }
    if need.table.holds_claims() {
        decoded.claim_rows = decoded.rows;
    }
    Ok(decoded)
}

/// What nation to make, and where its persons go.
#[derive(Debug)]
pub(crate) struct InMemory<'m> {
    pub(crate) lives: u32,
    pub(crate) years: &'m [i32],
    pub(crate) seed: u64,
    /// Years before this one have neither enrollment nor claims.
    pub(crate) from: Option<i32>,
    /// Whether people that no kernel sees are made first, to tell what making them takes.
    pub(crate) generate: bool,
    /// A folder that is not there; it is made, and removed at the end.
    pub(crate) folder: &'m Path,
}

/// One part of what was measured.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) name: &'static str,
    pub(crate) lives: u64,
    pub(crate) claim_rows: u64,
    pub(crate) time: Duration,
}

/// Makes a nation in memory, shard by shard, and puts it through pass A and pass B.
///
/// # Errors
/// Options out of range, the disk that holds person years.
pub(crate) fn in_memory(of: &InMemory<'_>) -> Outcome<Vec<Part>> {
    let nation = nation_of(of.lives, of.years, of.seed, of.folder)?;
    let mut parts = Vec::new();
    let shards = MemoryShards::new(&nation, of.from);
    let part = |name, shards: &MemoryShards<'_>, started: Instant| Part {
        name,
        lives: shards.people.load(Ordering::Relaxed),
        claim_rows: shards.claim_rows.load(Ordering::Relaxed),
        time: started.elapsed(),
    };
    if of.generate {
        let started = Instant::now();
        (0..shards.count()).into_par_iter().with_max_len(1).for_each(|shard| shards.generate(shard));
        parts.push(part("generate", &shards, started));
    }
    let shards = MemoryShards::new(&nation, of.from);
    let context = context_of(&nation, of.years)?;
    std::fs::create_dir(of.folder).doing("cannot be created (it must not be there)", of.folder)?;
    let walked = walk(&context, &shards, of.folder, |name, started| parts.push(part(name, &shards, started)));
    std::fs::remove_dir_all(of.folder).doing("cannot be removed", of.folder)?;
    walked.map(|()| parts)
}

/// A synthetic nation; `at` is named where there can be none.
pub(crate) fn nation_of(lives: u32, years: &[i32], seed: u64, at: &Path) -> Outcome<Nation> {
    let options = Options { lives, performance_years: years.to_vec(), aco_share: None, seed };
    Ok(Nation::new(&options).map_err(|what| trouble::of_file_with_hint(at, what, "see `synth --help`"))?)
}

/// What the kernels know of a nation that is made in memory, beside its people.
pub(crate) fn context_of(nation: &Nation, years: &[i32]) -> Outcome<Context> {
    let facts = Facts {
        performance_years: years.to_vec(),
        seed: nation.tie_seed(),
        county_codes: CountyCodes::Fips,
        maturity: Maturity::ThreeMonths,
        assignment: AssignmentSource::Own,
        benchmarks: true,
    };
    let beside = Beside { scores: Some(nation.people()), ..Beside::default() };
    Context::beside(&crate::study::rules_from(None)?, &nation.program(), &facts, beside)
}

fn walk(
    context: &Context,
    shards: &MemoryShards<'_>,
    folder: &Path,
    mut done: impl FnMut(&'static str, Instant),
) -> Outcome<()> {
    let started = Instant::now();
    let a = run_pass_a(context, shards, folder)?;
    done("generate and walk", started);
    let started = Instant::now();
    std::hint::black_box(run_pass_b(context, shards.count(), folder, &a.all, None)?);
    done("cells", started);
    Ok(())
}
