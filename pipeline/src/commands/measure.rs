//! `acoledger measure`: what this machine can do, in rows a second.

use super::{Exit, print};
use crate::grid::{Format, Grid, Head, Value};
use crate::measure;
use crate::study::{Freshness, LoadedStudy, Overrides};
use crate::trouble::{Io, Outcome};
use clap::{Args, Subcommand};
use std::path::PathBuf;

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
}

pub(crate) fn run(args: &MeasureArgs) -> Outcome<Exit> {
    match &args.what {
        What::Decode(args) => decode(args),
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
    measure::wants_claims(&loaded)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(loaded.threads()).build();
    let pool = pool.doing("threads cannot be started", &args.study)?;
    let (decoded, time) = pool.install(|| measure::decode(&loaded))?;
    let mut grid = Grid::new(&HEADS);
    let seconds = time.as_secs_f64();
    grid.push(vec![
        "decode".into(),
        pool.current_num_threads().into(),
        decoded.rows.into(),
        decoded.claim_rows.into(),
        decoded.bytes.into(),
        Value::Decimal(seconds, 3),
        Value::from((decoded.rows as f64 / seconds.max(1e-9)) as u64),
    ]);
    print(&grid.render(args.format), args.format)?;
    Ok(Exit::Done)
}

const HEADS: [Head; 7] = [
    Head::Left("measure"),
    Head::Right("threads"),
    Head::Right("rows"),
    Head::Right("claim_rows"),
    Head::Right("bytes"),
    Head::Right("seconds"),
    Head::Right("rows_per_second"),
];
