//! `acoledger measure`: what this machine can do, in rows a second.

use super::{Exit, print};
use crate::grid::{Format, Grid, Head, Value};
use crate::measure::{self, InMemory};
use crate::study::{Freshness, LoadedStudy, Overrides, pool};
use crate::trouble::Outcome;
use clap::{Args, Subcommand};
use rayon::ThreadPool;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Args)]
pub(crate) struct MeasureArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Decode the columns of the lake that a study's claims stages read, and nothing else
    ///
    /// The limit of what enroll, assign, spend and risk could take on this machine: `run` is measured against it. Reads the lake
    /// as it stands; writes nothing.
    Decode(DecodeArgs),
    /// Make a synthetic nation in memory, shard by shard, and put it through the kernels of a run up to its cells
    ///
    /// For nations that no disk here holds: needs no lake, and memory that does not grow with the lives. Prints what making the people
    /// takes alone (--generate), then together with the kernels. Person years are written to --out, which is removed at the end; about 50
    /// bytes for each life and year.
    Memory(MemoryArgs),
}

pub(crate) fn run(args: &MeasureArgs) -> Outcome<Exit> {
    match &args.what {
        What::Decode(args) => decode(args),
        What::Memory(args) => memory(args),
    }
}

#[derive(Debug, Args)]
struct DecodeArgs {
    /// Study file whose lake is decoded
    #[arg(value_name = "STUDY.toml")]
    study: PathBuf,
    /// Threads, in place of `[run] threads`; 0: all
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// How the result is printed
    #[arg(long, default_value = "table")]
    format: Format,
}

fn decode(args: &DecodeArgs) -> Outcome<Exit> {
    let overrides = Overrides { threads: args.threads, freshness: Freshness::List, ..Overrides::default() };
    let loaded = LoadedStudy::load(&args.study, &overrides)?;
    let pool = pool(loaded.threads(), &args.study)?;
    let (decoded, time) = pool.install(|| measure::decode(&loaded))?;
    let mut grid = Grid::new(&[
        Head::Left("measure"),
        Head::Right("threads"),
        Head::Right("rows"),
        Head::Right("claim_rows"),
        Head::Right("bytes"),
        Head::Right("seconds"),
        Head::Right("rows_per_second"),
    ]);
    let what = [decoded.rows, decoded.claim_rows, decoded.bytes];
    push(&mut grid, "decode", &pool, &what, (decoded.rows, time));
    print(&grid.render(args.format), args.format)?;
    Ok(Exit::Done)
}

/// A row: what was measured, by how many threads, counts, seconds, rows a second.
fn push(grid: &mut Grid, name: &str, pool: &ThreadPool, counts: &[u64], (rows, time): (u64, Duration)) {
    let seconds = time.as_secs_f64();
    let mut row = vec![Value::from(name), pool.current_num_threads().into()];
    row.extend(counts.iter().copied().map(Value::from));
    row.extend([Value::Decimal(seconds, 3), Value::from((rows as f64 / seconds.max(1e-9)) as u64)]);
    grid.push(row);
}

#[derive(Debug, Args)]
struct MemoryArgs {
    /// Fee-for-service lives at a time
    #[arg(long, default_value_t = 50_000)]
    lives: u32,
    /// Performance years, separated by commas
    #[arg(long, value_name = "Y,Y", value_delimiter = ',', default_value = "2024")]
    years: Vec<i32>,
    /// Seed of the nation
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// First year that the lives have enrollment and claims of; left out: all that the performance years and their benchmark years need
    #[arg(long, value_name = "Y")]
    from: Option<i32>,
    /// Make the people once more before, and leave them: what that takes alone
    #[arg(long)]
    generate: bool,
    /// Folder for person years; must not be there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Threads; 0: all
    #[arg(long, value_name = "N", default_value_t = 0)]
    threads: usize,
    /// How the result is printed
    #[arg(long, default_value = "table")]
    format: Format,
}

fn memory(args: &MemoryArgs) -> Outcome<Exit> {
    let pool = pool(args.threads, &args.out)?;
    let of = InMemory {
        lives: args.lives,
        years: &args.years,
        seed: args.seed,
        from: args.from,
        generate: args.generate,
        folder: &args.out,
    };
    let parts = pool.install(|| measure::in_memory(&of))?;
    let mut grid = Grid::new(&[
        Head::Left("measure"),
        Head::Right("threads"),
        Head::Right("lives"),
        Head::Right("claim_rows"),
        Head::Right("seconds"),
        Head::Right("rows_per_second"),
    ]);
    for part in parts {
        push(&mut grid, part.name, &pool, &[part.lives, part.claim_rows], (part.claim_rows, part.time));
    }
    print(&grid.render(args.format), args.format)?;
    Ok(Exit::Done)
}
