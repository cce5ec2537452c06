//! `acoledger synth`: the options of a synthetic nation, and what was written.

use super::{Exit, print};
use crate::grid::{Format, thousands};
use crate::synth::{RawKind, SynthOptions};
use crate::trouble::Outcome;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct SynthArgs {
    /// Fee-for-service lives at a time; people in health plans come on top
    #[arg(long, value_name = "N", default_value = "50000")]
    lives: u32,
    /// Performance years of the study, separated by commas
    #[arg(long, value_name = "Y,Y", value_delimiter = ',', default_value = "2023,2024")]
    years: Vec<i32>,
    /// Folder to write
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Form of the raw files
    #[arg(long, value_name = "FORM", default_value = "parquet")]
    raw: RawForm,
    /// Share of lives whose home practice takes part in an ACO; left out: that of 2018, 0.39. ACOs stay real in size, so
    /// a small nation has few of them: with 50,000 lives take 0.95 for seven above 5,000
    #[arg(long, value_name = "F")]
    aco_share: Option<f64>,
    /// Seed: the same seed gives the same bytes
    #[arg(long, value_name = "N", default_value = "1")]
    seed: u64,
    /// Parts that the raw files are cut into, 1 to 1000
    #[arg(long, value_name = "N")]
    parts: Option<u32>,
    /// Write the raw files of this part only, from 1
    #[arg(long, value_name = "I", requires = "parts")]
    part: Option<u32>,
    /// Threads; 0: all
    #[arg(long, value_name = "N", default_value = "0")]
    threads: usize,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum RawForm {
    /// Text with `|` between the cells
    Csv,
    /// Parquet
    Parquet,
    /// The lake itself, without raw files
    Lake,
    /// Text, and beside it one ACO's Claim and Claim Line Feed
    Cclf,
}

pub(crate) fn run(args: &SynthArgs) -> Outcome<Exit> {
    let options = SynthOptions {
        lives: args.lives,
        out: args.out.clone(),
        raw: match args.raw {
            RawForm::Csv => RawKind::Csv,
            RawForm::Parquet => RawKind::Parquet,
            RawForm::Lake => RawKind::Lake,
            RawForm::Cclf => RawKind::Cclf,
        },
        performance_years: args.years.clone(),
        aco_share: args.aco_share,
        seed: args.seed,
        parts: args.parts,
        part: args.part,
    };
    let report = crate::api::synth(&options, args.threads, None)?;
    let rows: u64 = report.rows.iter().map(|(_, rows)| rows).sum();
    let number = |number: u64| thousands(&number.to_string());
    let mut out =
        format!("{} lives, {} rows in {} MB\n", number(report.lives), number(rows), number(report.raw_bytes >> 20));
    for (table, rows) in &report.rows {
        out.push_str(&format!("  {table:<12} {:>14}\n", number(*rows)));
    }
    out.push_str(&format!("study       {}\nanswer key  {}\n", report.study.display(), report.answer_key.display()));
    print(&out, Format::Table)?;
    Ok(Exit::Done)
}
