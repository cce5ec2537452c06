//! `acoledger synth`: writes a synthetic nation: raw files, program files, a study file and the answer key.
//!
//! What is written is decided by [`acoledger_synth`]; this module only turns its columns into files. Files are cut by
//! table, year and part; a part is a contiguous range of lives, so any part alone holds the same bytes as in a whole run.

mod columns;
mod feed;
mod lake;
mod lake_columns;
pub(crate) mod memory;
mod parquet;
mod place;
mod program;
mod raw;
mod text;

use acoledger_schemas::table::{Problem, Problems};
use acoledger_synth::Nation;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The form of the raw files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RawKind {
    /// Text with `|` between the cells.
    Csv,
    /// Parquet: typed columns with RIF names.
    #[default]
    Parquet,
    /// The lake itself, without raw files.
    Lake,
    /// Research files as text, and beside them the Claim and Claim Line Feed of one ACO.
    Cclf,
}

/// What nation to write, and where.
#[derive(Clone, Debug)]
pub struct SynthOptions {
    /// Fee-for-service lives at a time; people in health plans come on top.
    pub lives: u32,
    /// Folder that receives `raw/`, `program/`, `study.toml` and `answer_key.csv`; made when absent.
    pub out: PathBuf,
    /// Form of the raw files.
    pub raw: RawKind,
    /// Performance years of the study; claims begin with the first window that they need.
    pub performance_years: Vec<i32>,
    /// Share of lives whose home practice takes part in an ACO; `None`: that of 2018.
    pub aco_share: Option<f64>,
    /// Seed: the same seed gives the same bytes for any number of threads.
    pub seed: u64,
    /// Number of parts, 1 to 1,000; `None`: by the number of lives.
    pub parts: Option<u32>,
    /// Write the raw files of this part only, counted from 1; program files are complete all the same.
    pub part: Option<u32>,
}

impl SynthOptions {
    /// A nation of `lives` under `out`: Parquet, performance years 2023 and 2024, the ACO share of 2018, seed 1, all parts.
    pub fn new(lives: u32, out: impl Into<PathBuf>) -> SynthOptions {
        SynthOptions {
            lives,
            out: out.into(),
            raw: RawKind::default(),
            performance_years: vec![2023, 2024],
            aco_share: None,
            seed: 1,
            parts: None,
            part: None,
        }
    }
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SynthProgress {
    /// Lives written so far.
    pub lives_done: u64,
    /// Lives to write.
    pub lives: u64,
    /// Claim lines written so far.
    pub rows: u64,
}

/// What a run wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SynthReport {
    /// People written, those in health plans, entrants over the years and planted ones included.
    pub lives: u64,
    /// Rows by raw table.
    pub rows: Vec<(&'static str, u64)>,
    /// Bytes of the raw files.
    pub raw_bytes: u64,
    /// The study file.
    pub study: PathBuf,
    /// The answer key of the planted cases.
    pub answer_key: PathBuf,
}

/// Writes the nation. Runs on the caller's rayon pool; `progress` is called from its threads, some times a second.
///
/// # Errors
/// Options out of range, a folder that holds something else, and files that cannot be written.
pub fn run(options: &SynthOptions, progress: &(dyn Fn(SynthProgress) + Sync)) -> Result<SynthReport, Problems> {
    let nation = Nation::new(&acoledger_synth::Options {
        lives: options.lives,
        performance_years: options.performance_years.clone(),
        aco_share: options.aco_share,
        seed: options.seed,
    })
    .map_err(|what| problem(&options.out, what))?;
    let parts = Parts::new(options, nation.people())?;
    let place = place::Place::prepare(options, &parts)?;
    let counts = match options.raw {
        RawKind::Lake if parts.only.is_some() => {
            return Err(problem(&options.out, "a lake is made whole: leave out --part"));
        }
        RawKind::Lake => lake::write(&nation, &place, progress)?,
        RawKind::Cclf if parts.only.is_some() => {
            return Err(problem(&options.out, "a feed is made whole: leave out --part"));
        }
        RawKind::Csv | RawKind::Parquet | RawKind::Cclf => {
            raw::write(&nation, options.raw, &parts, &place.raw, progress)?
        }
    };
    program::write(&nation, &place)?;
    if options.raw == RawKind::Cclf {
        feed::write(&nation, &place, progress)?;
        feed::write_study(&nation, &place)?;
    }
    let report = SynthReport {
        lives: nation.people(),
        rows: counts.rows,
        raw_bytes: counts.bytes,
        study: options.out.join("study.toml"),
        answer_key: options.out.join("answer_key.csv"),
    };
    place.finish(options.raw == RawKind::Lake)?;
    Ok(report)
}

/// How the people are cut: contiguous ranges, the same whatever is written of them.
pub(crate) struct Parts {
    people: u64,
    count: u32,
    only: Option<u32>,
}

/// People of a part when nobody says how many parts there are, and the most parts.
const PEOPLE_PER_PART: u64 = 10_000;
const PARTS_MAX: u32 = 1_000;

impl Parts {
    fn new(options: &SynthOptions, people: u64) -> Result<Parts, Problems> {
        let usual = people.div_ceil(PEOPLE_PER_PART).clamp(1, u64::from(PARTS_MAX)) as u32;
        let count = options.parts.unwrap_or(usual);
        if !(1..=PARTS_MAX).contains(&count) {
            return Err(problem(&options.out, format!("parts: expected 1 to {PARTS_MAX}")));
        }
        if options.part.is_some_and(|part| !(1..=count).contains(&part)) {
            return Err(problem(&options.out, format!("part: expected 1 to {count}")));
        }
        Ok(Parts { people, count, only: options.part })
    }

    /// The parts to write, from 1.
    fn wanted(&self) -> Vec<u32> {
        self.only.map_or_else(|| (1..=self.count).collect(), |part| vec![part])
    }

    /// The people of a part.
    fn range(&self, part: u32) -> Range<u64> {
        let cut = |part: u32| self.people * u64::from(part) / u64::from(self.count);
        cut(part - 1)..cut(part)
    }

    /// What a part's files carry after their year; nothing where there is one part only.
    fn suffix(&self, part: u32) -> String {
        if self.count == 1 { String::new() } else { format!("_{part:03}_of_{:03}", self.count) }
    }
}

fn problem(path: &Path, what: impl Into<String>) -> Problems {
    Problem {
        file: path.display().to_string(),
        line: 0,
        column: String::new(),
        what: what.into(),
        value: None,
        hint: None,
    }
    .into()
}
