//! The lake as files: whether it is still that of the raw files, what it covers, and one shard as streams of batches.

mod life;
mod made;

pub(crate) use made::{look_at_earlier, make, note_engine, note_without_files, open};

use crate::files::{files_below, hash_texts, is_below, read_text};
use crate::ingest::{IngestPlan, IngestReport, LakeFile};
use crate::manifest::VERSION;
use crate::parquet_door;
use crate::study::{InputFile, LoadedStudy};
use crate::trouble::{self, Io, Outcome};
use acoledger_person::{Batches, MonthSpan, Needs, ShardStreams, TableNeed};
use acoledger_schemas::limits::MANIFEST_BYTES;
use acoledger_schemas::study::{Globs, MOST_SHARDS, Raw};
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::Date;
use parquet::file::statistics::Statistics;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Rows per batch out of the lake: the batches of a shard's two dozen streams stay near, and opening one costs little for each row
/// (benches/README.md, "Rows of a batch").
pub(crate) const BATCH_ROWS: usize = 4096;

/// From this many lives on, a month without any claim is a missing delivery, not chance: a life has about nine claim lines
/// a month. Below it, the lack is a finding.
const LIVES_WITH_CLAIMS_EVERY_MONTH: u64 = 100;

/// The lake of a study, ready to be read.
#[derive(Debug)]
pub(crate) struct Lake {
    pub(crate) folder: PathBuf,
    pub(crate) report: IngestReport,
    /// Raw files with their content hashes.
    pub(crate) inputs: Vec<InputFile>,
    /// Rows that were read for it now: none where it was there already.
    pub(crate) rows_read: u64,
    /// Which files were read again, and for which years, where the rest of the lake stood.
    pub(crate) reread: Option<String>,
}

/// What a reader of results should know of a lake without raw files.
pub(crate) const OF_ENGINE: &str =
    "the lake was made from tables of an engine: raw files were not looked at; remove the lake to go back to them";

/// The plan of an ingest for a study at the raw door.
pub(crate) fn plan(loaded: &LoadedStudy, raw: &Raw) -> Outcome<IngestPlan> {
    Ok(IngestPlan {
        raw: raw.clone(),
        layout: loaded.study.input.layout,
        base: loaded.folder.clone(),
        lake: loaded.lake(),
        shards: loaded.study.lake.shards,
        memory_bytes: loaded.study.memory_bytes().map_err(|what| trouble::of_study(&loaded.file, &what))?,
        years: None,
        sas_day_numbers: loaded.study.input.sas_day_numbers,
    })
}

/// Whether a manifest can be that of a lake: its files lie below it, its shards are as many as a lake may have.
fn check(report: &IngestReport) -> Result<(), String> {
    if !report.shards.is_power_of_two() || report.shards > MOST_SHARDS {
        return Err(format!("{} shards", report.shards));
    }
    match report.files.iter().find(|file| !is_below(&file.file)) {
        Some(file) => Err(format!("a file outside the lake: {}", file.file)),
        None => Ok(()),
    }
}

/// The lake as it stands, whatever the raw files are now: for those who ask about a finished run.
///
/// # Errors
/// There is none, or its manifest cannot be read.
pub(crate) fn standing(folder: &Path) -> Outcome<Lake> {
    let path = folder.join("manifest.json");
    if !path.is_file() {
        let hint = "make it with `acoledger ingest STUDY.toml`";
        return Err(trouble::of_file_with_hint(folder, "no lake here: it has no manifest.json", hint).into());
    }
    let text = read_text(&path, MANIFEST_BYTES)?;
    let report: IngestReport = serde_json::from_str(&text).doing("not a manifest", &path)?;
    check(&report).doing("not the manifest of a lake", &path)?;
    Ok(Lake { folder: folder.to_owned(), inputs: inputs(&report), report, rows_read: 0, reread: None })
}

fn inputs(report: &IngestReport) -> Vec<InputFile> {
    report.sources.iter().map(|of| InputFile { file: of.file.clone(), sha256: of.sha256.clone() }).collect()
}

/// Every file that an ingest could look at: all below the raw folder, or all below the fixed part of each glob.
pub(crate) fn raw_files(plan: &IngestPlan) -> Outcome<Vec<PathBuf>> {
    let folders: BTreeSet<PathBuf> = match &plan.raw {
        Raw::Folder(folder) => BTreeSet::from([plan.base.join(folder)]),
        Raw::Globs(globs) => globs
            .values()
            .flat_map(|globs| match globs {
                Globs::One(glob) => vec![glob.clone()],
                Globs::Many(globs) => globs.clone(),
            })
            .map(|glob| plan.base.join(fixed_part(&glob)))
            .collect(),
    };
    let mut files = BTreeSet::new();
    for folder in folders {
        if !folder.is_dir() {
            let hint = "`input.raw` of the study names the folder of raw files, or globs by raw table";
            return Err(trouble::of_file_with_hint(&folder, "no such folder", hint).into());
        }
        files.extend(files_below(&folder)?);
    }
    Ok(files.into_iter().collect())
}

/// The folders of a glob before its first wildcard.
fn fixed_part(glob: &str) -> PathBuf {
    let parts: Vec<&str> = glob.split('/').collect();
    let fixed = parts.iter().take_while(|part| !part.contains(['*', '?', '[', '{'])).count().min(parts.len() - 1);
    parts[..fixed].join("/").into()
}

impl Lake {
    /// What the person grain depends on: content of the raw files and what was made of it, whatever the number of shards.
    pub(crate) fn key(&self) -> String {
        let mut texts: Vec<&str> = vec![VERSION];
        texts.extend(self.inputs.iter().flat_map(|input| [input.file.as_str(), input.sha256.as_str()]));
        hash_texts(texts)
    }

    /// What the study needs and the lake lacks.
    ///
    /// # Errors
    /// A lake file that cannot be read.
    pub(crate) fn missing(&self, needs: &Needs) -> Outcome<Problems> {
        let mut problems = Problems::default();
        // Who only wants cells, or has scores, does not need the year before.
        let scores = if needs.from_diagnoses {
            "; scores from diagnoses need the year before each benchmark year: program file risk_score or rule \
             risk.source = \"given\" does without"
        } else {
            ""
        };
        let mut lacks = |what: String, hint: &str| {
            problems.push(trouble::of_file_with_hint(&self.folder, what, format!("{hint}{scores}")));
        };
        let missing: Vec<String> = self.enrollment_missing(needs).iter().map(ToString::to_string).collect();
        if !missing.is_empty() {
            let what = format!("enrollment of {} is missing, which the study needs", missing.join(", "));
            lacks(what, "add the enrollment files of these years to the raw files; `run --dry-run` lists all needs");
        }
        let missing = self.months_without_claims(needs)?;
        if !missing.is_empty() && self.report.lives >= LIVES_WITH_CLAIMS_EVERY_MONTH {
            let what = format!("claims of {} are missing, which the study needs", spans(&missing));
            lacks(what, "add the claims files of these months to the raw files; `run --dry-run` lists all needs");
        }
        Ok(problems)
    }

    /// Years of enrollment that the study needs and the lake lacks.
    pub(crate) fn enrollment_missing(&self, needs: &Needs) -> Vec<i32> {
        let years = self.years("enrollment");
        let enrollment = needs.tables.iter().find(|need| need.table.name == "enrollment");
        enrollment.iter().flat_map(|need| &need.years).filter(|year| !years.contains(year)).copied().collect()
    }

    /// Months that the study needs and that hold no claim.
    ///
    /// # Errors
    /// A lake file that cannot be read.
    pub(crate) fn months_without_claims(&self, needs: &Needs) -> Outcome<Vec<i32>> {
        let months = self.claim_months()?;
        let needed = needs.claim_months.iter().flat_map(|span| span.first..=span.last);
        Ok(needed.filter(|month| !months.contains(month)).collect())
    }

    /// The years of a table.
    pub(crate) fn years(&self, table: &str) -> BTreeSet<i32> {
        let files = self.report.files.iter().filter(|file| file.table == table && file.rows > 0);
        files.filter_map(|file| file.year).collect()
    }

    /// Months from the first to the last claim of each year, from the statistics in the files' footers.
    ///
    /// A gap between them does not show here; a delivery that ends early or begins late does.
    pub(crate) fn claim_months(&self) -> Outcome<BTreeSet<i32>> {
        let mut spans: BTreeMap<i32, (i32, i32)> = BTreeMap::new();
        for file in &self.report.files {
            let (Some(year), column) = (file.year, date_column(&file.table)) else { continue };
            if let Some((first, last)) = column.map(|column| self.day_span(file, column)).transpose()?.flatten() {
                let span = spans.entry(year).or_insert((first, last));
                *span = (span.0.min(first), span.1.max(last));
            }
        }
        Ok(spans.values().flat_map(|(first, last)| Date(*first).month_index()..=Date(*last).month_index()).collect())
    }

    fn day_span(&self, file: &LakeFile, column: &str) -> Outcome<Option<(i32, i32)>> {
        let path = self.folder.join(&file.file);
        let metadata = parquet_door::metadata(&path)?;
        let mut span: Option<(i32, i32)> = None;
        for group in metadata.metadata().row_groups() {
            let chunk = group.columns().iter().find(|chunk| chunk.column_path().string() == column);
            if let Some(Statistics::Int32(days)) = chunk.and_then(|chunk| chunk.statistics())
                && let (Some(first), Some(last)) = (days.min_opt(), days.max_opt())
            {
                span = Some(span.map_or((*first, *last), |span| (span.0.min(*first), span.1.max(*last))));
            }
        }
        Ok(span)
    }

    /// One shard as streams of the tables and years that the study needs. `rows` counts what is read.
    ///
    /// # Errors
    /// A lake file that cannot be opened.
    pub(crate) fn streams<'a>(&self, shard: u32, needs: &Needs, rows: &'a AtomicU64) -> Outcome<ShardStreams<'a>> {
        let mut streams = ShardStreams::new();
        for need in &needs.tables {
            for (year, batches) in self.table(shard, need, rows)? {
                streams.add(need.table.name, year, batches);
            }
        }
        Ok(streams)
    }

    /// One table of a shard, year by year. `rows` counts what is read.
    ///
    /// # Errors
    /// A lake file that cannot be opened.
    pub(crate) fn table<'a>(
        &self,
        shard: u32,
        need: &TableNeed,
        rows: &'a AtomicU64,
    ) -> Outcome<Vec<(Option<i32>, Batches<'a>)>> {
        self.files(shard, need).map(|file| Ok((file.year, batches(&self.folder, file, need, rows)?))).collect()
    }

    /// The files of one table and shard.
    pub(crate) fn files<'l>(&'l self, shard: u32, need: &'l TableNeed) -> impl Iterator<Item = &'l LakeFile> {
        let year = |year: i32| need.years.contains(&year) || need.optional_years.contains(&year);
        self.report.files.iter().filter(move |file| {
            file.shard == shard && file.table == need.table.name && file.year.is_none_or(year) && file.rows > 0
        })
    }
}

fn date_column(table: &str) -> Option<&'static str> {
    match table {
        "carrier" | "dme" => Some("last_date"),
        "facility" => Some("thru_date"),
        _ => None,
    }
}

/// The batches of one file, only the columns needed. The file must be what the manifest says: its rows, and all columns that are read.
fn batches<'a>(lake: &Path, about: &LakeFile, need: &TableNeed, rows: &'a AtomicU64) -> Outcome<Batches<'a>> {
    let path = &lake.join(&about.file);
    let reader = parquet_door::columns(path, &need.columns, BATCH_ROWS, |says| {
        let held = says.metadata().file_metadata().num_rows();
        let lacking = need.columns.iter().find(|name| says.schema().field_with_name(name).is_err());
        if held == about.rows as i64 && lacking.is_none() {
            return Ok(());
        }
        let what = match lacking {
            Some(column) => format!("the lake is damaged: no column `{column}`"),
            None => format!("the lake is damaged: {held} rows where its manifest says {}", about.rows),
        };
        Err(trouble::of_file_with_hint(path, what, "remove this file, and the next run makes it again").into())
    })?;
    let name = path.display().to_string();
    Ok(Box::new(reader.map(move |batch| {
        let batch = batch.map_err(|error| format!("{name}: {error}"))?;
        rows.fetch_add(batch.num_rows() as u64, Ordering::Relaxed);
        Ok(batch)
    })))
}

/// Months as spans: `2022-10 to 2022-12, 2023-02`.
pub(crate) fn spans(months: &[i32]) -> String {
    let mut out: Vec<(i32, i32)> = Vec::new();
    for &month in months {
        match out.last_mut() {
            Some((_, last)) if month == *last + 1 => *last = month,
            _ => out.push((month, month)),
        }
    }
    out.iter().map(|&(first, last)| span(MonthSpan { first, last })).collect::<Vec<_>>().join(", ")
}

/// A span of months: `2022-10 to 2022-12`.
pub(crate) fn span(span: MonthSpan) -> String {
    let month = |index: i32| format!("{:04}-{:02}", index.div_euclid(12), index.rem_euclid(12) + 1);
    if span.first == span.last { month(span.first) } else { format!("{} to {}", month(span.first), month(span.last)) }
}
