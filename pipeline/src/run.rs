//! The run: stages in their order, what is already done skipped, outputs swapped in at the end.

mod ingested;
mod persons;
mod tables;

use crate::cluster::Cluster;
use crate::files::{hash_file, hash_texts};
use crate::lake::{self, Lake};
use crate::manifest::{Manifest, Metrics, OutputRecord, StageRecord, VERSION, hash_rules};
use crate::output::Output;
use crate::person;
use crate::remote;
use crate::study::{Finding, LoadedStudy, pool};
use crate::tables::{read_parquet, write_both};
use crate::trouble::{self, Outcome};
use acoledger_aco::expected::Expected;
use acoledger_aco::risk_cap::{RiskCap, risk_cap};
use acoledger_aco::tables::{BenchmarkStep, SavingsLosses};
use acoledger_aco::trend::{TrendDecomposition, trend_decomposition};
use acoledger_person::Context;
use acoledger_schemas::cells::Cells;
use acoledger_schemas::rates::Rates;
use acoledger_schemas::stages::{STAGES, Stage, stage};
use acoledger_schemas::study::Layout;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tables::sharded;
pub(crate) use tables::{read_rates, write_rates};

/// What a run did, for those who print or test it.
#[derive(Debug)]
pub struct RunReport {
    /// Output folder.
    pub folder: PathBuf,
    /// URL of the prefix that the folder was uploaded to.
    pub published: Option<String>,
    /// What stands in `manifest.json`.
    pub manifest: Manifest,
    /// What stands in `metrics.json`.
    pub metrics: Metrics,
    /// Savings and losses; empty when the run stopped before `settle`.
    pub savings_losses: Vec<SavingsLosses>,
    /// Whether nothing had to be done.
    pub already_done: bool,
}

impl RunReport {
    /// Whether a finding is beyond the study's limits.
    pub fn beyond_limits(&self) -> bool {
        self.manifest.findings.iter().any(|finding| finding.beyond_limits)
    }
}

/// Runs a study up to a stage. Threads and memory are bounded as the study says.
///
/// # Errors
/// What stops the run; the output of an earlier run is then as it was.
pub fn run_study(loaded: &LoadedStudy, until: &Stage) -> Outcome<RunReport> {
    run_study_on(loaded, until, None)
}

/// The same; with a cluster, shards of lives are walked there.
///
/// # Errors
/// As [`run_study`], and what the engine fails with.
pub fn run_study_on(loaded: &LoadedStudy, until: &Stage, cluster: Option<&Cluster<'_>>) -> Outcome<RunReport> {
    let pool = pool(loaded.threads(), &loaded.file)?;
    let run = || pool.install(|| Run::new(loaded, until, cluster).run());
    let Some(location) = loaded.remote.published.as_ref().filter(|_| until.name != "ingest") else { return run() };
    let _lock = remote::reserve(location, &loaded.out())?;
    let report = run()?;
    remote::publish(location, &loaded.out())?;
    Ok(report)
}

/// One run on its way.
struct Run<'a> {
    loaded: &'a LoadedStudy,
    until: &'a Stage,
    cluster: Option<&'a Cluster<'a>>,
    started: Instant,
    manifest: Manifest,
    metrics: Metrics,
    /// Whether scores are made from diagnoses: where none are given, only on the way to benchmarks.
    makes_scores: bool,
}

impl<'a> Run<'a> {
    fn new(loaded: &'a LoadedStudy, until: &'a Stage, cluster: Option<&'a Cluster<'a>>) -> Self {
        let manifest = Manifest::new(loaded);
        let metrics = Metrics { fetched: loaded.remote.fetched.clone(), ..Metrics::start(loaded.threads()) };
        Run { loaded, until, cluster, started: Instant::now(), manifest, metrics, makes_scores: false }
    }

    fn run(mut self) -> Outcome<RunReport> {
        let lake = match &self.loaded.study.input.raw {
            None => None,
            Some(_) => Some(self.ingest()?),
        };
        if self.until.name == "ingest" {
            return self.report(Vec::new(), true);
        }
        self.write_keys(lake.as_ref());
        let place = self.loaded.out();
        // A manifest that cannot be read is none: what it described is made again.
        let earlier = Manifest::read(&place).unwrap_or_default();
        if let Some(earlier) = earlier.as_ref().filter(|earlier| self.is_done(earlier, &place)) {
            return self.nothing_to_do(earlier);
        }
        if let Some(lake) = &lake {
            crate::check::stop_by_quality(self.loaded, lake)?;
        }
        let output = Output::begin(&place)?;
        let rates = match (&self.loaded.rates, lake) {
            // Beside published rates the cells are those of one ACO's lives: no nation to decompose its growth with.
            (Some(_), Some(lake)) => self.person_grain(&lake, &output)?.map(|(rates, _)| (rates, None)),
            (None, Some(lake)) => self.person_grain(&lake, &output)?.map(|(rates, cells)| (rates, Some(cells))),
            (Some(rates), None) => Some((rates.clone(), None)),
            (None, None) => None,
        };
        let mut savings_losses = Vec::new();
        if let Some((rates, cells)) = rates.filter(|_| self.reaches("rates")) {
            write_rates(&output.folder().join("rates"), &rates)?;
            savings_losses = self.aco_grain(&rates, cells.as_ref(), &output)?;
        }
        self.finish(output, savings_losses)
    }

    /// What the run asks of its lives.
    fn context(&self) -> Outcome<Context> {
        person::context(self.loaded, self.reaches("benchmark"))
    }

    /// Whether the run has a person grain: it started from raw claims.
    fn has_persons(&self) -> bool {
        self.loaded.study.input.raw.is_some()
    }

    /// Whether lists of assignment are given.
    fn has_lists(&self) -> bool {
        self.loaded.lives.has_lists()
    }

    fn reaches(&self, name: &str) -> bool {
        let place = |name: &str| STAGES.iter().position(|stage| stage.name == name);
        place(name) <= place(self.until.name)
    }

    /// The lake, made anew only when its inputs changed.
    fn ingest(&mut self) -> Outcome<Lake> {
        let raw = self.loaded.study.input.raw.as_ref().expect("asked only at the raw door");
        // Rules and program files are compiled first: what they lack is said before any work.
        let context = self.context()?;
        self.makes_scores = context.reads_diagnoses();
        if self.reaches("benchmark") {
            let loaded = self.loaded;
            person::check_benchmark_years(&loaded.file, &loaded.rules, &loaded.rules, &loaded.program.aco)?;
        }
        if self.reaches("benchmark") && !self.loaded.lives.has_scores() && !context.has_scores() {
            let hint = "benchmarks need a score for each life and year (M.C.1, M.C.2): this table, as CSV or Parquet, or, where no calendar year is \
                        before 2017, rule risk.source = \"diagnoses\"";
            let file = self.loaded.resolve(&self.loaded.study.input.program).join("risk_score");
            return Err(trouble::of_file_with_hint(&file, "no such table", hint).into());
        }
        if self.loaded.study.input.layout == Layout::Cclf {
            self.note_feed()?;
        }
        let plan = lake::plan(self.loaded, raw)?;
        let started = Instant::now();
        let lake = match lake::open(&plan)? {
            Some(lake) => {
                self.metrics.skipped("ingest");
                lake
            }
            None => {
                let lake = lake::make(&plan, &crate::progress::IngestProgress::default())?;
                self.metrics.stage("ingest", started, lake.rows_read);
                self.metrics.note_reread(lake.reread.clone());
                lake
            }
        };
        self.manifest.inputs.extend(lake.inputs.iter().cloned());
        self.manifest.inputs.sort_by(|a, b| a.file.cmp(&b.file));
        self.manifest.stages.push(StageRecord {
            stage: "ingest".into(),
            key: lake.key(),
            accounts: ingested::accounts(&lake),
        });
        self.manifest.findings.extend(ingested::findings(&lake, self.loaded));
        if self.until.name != "ingest" {
            lake.missing(context.needs())?.or(())?;
            let months = lake.months_without_claims(context.needs())?;
            if !months.is_empty() {
                let what = format!("months that the study needs hold no claim at all: {}", lake::spans(&months));
                let count = months.len() as u64;
                self.manifest.findings.push(Finding { stage: "ingest".into(), what, count, beyond_limits: false });
            }
        }
        Ok(lake)
    }

    /// What one ACO's feed cannot know, said with every result of it; without nation and counties there is no benchmark.
    fn note_feed(&mut self) -> Outcome<()> {
        if self.reaches("benchmark") && self.loaded.rates.is_none() {
            let what = "a feed holds one ACO's lives: the nation and the counties are not in it";
            let hint = "name a folder with the tables `national` and `county` under `input.rates`, beside `raw`";
            return Err(trouble::of_file_with_hint(&self.loaded.file, what, hint).into());
        }
        let completeness = match self.loaded.study.input.completeness {
            Some(share) => format!("per capita spending is divided by the declared completeness, {share}"),
            None => "no `input.completeness` is declared: per capita spending stays below CMS's own".into(),
        };
        let notes = [
            "one ACO's feed: claims for substance use and lives that opted out of sharing are not in it",
            "one ACO's feed: other practices' claims are those of the lives in it, so plurality among all of an area's \
             lives, county and national rates cannot be made from it",
            &completeness,
        ];
        for what in notes {
            let what = what.to_owned();
            self.manifest.findings.push(Finding { stage: "study".into(), what, count: 1, beyond_limits: false });
        }
        Ok(())
    }

    /// Keys of the stages up to the last one asked for. Each includes the one before it.
    fn write_keys(&mut self, lake: Option<&Lake>) {
        let loaded = self.loaded;
        let question = &loaded.study.study;
        let facts = format!(
            "{:?} {} {:?} {} {:?} {} {:?}",
            question.performance_years,
            question.seed,
            loaded.study.input.county_codes,
            loaded.study.input.maturity,
            loaded.study.input.assignment,
            loaded.study.input.national_from_county,
            loaded.study.input.completeness,
        );
        // Thresholds of rates beside claims enter the cells.
        let beside = loaded.rates.as_ref().filter(|_| lake.is_some()).map(|rates| format!("{:?}", rates.national));
        let facts = facts + &beside.unwrap_or_default();
        let lake_key = lake.map(Lake::key).unwrap_or_default();
        let mut key = hash_texts([VERSION, facts.as_str(), lake_key.as_str()]);
        let place = |name: &str| STAGES.iter().position(|stage| stage.name == name).expect("a stage of the list");
        let first = place(if lake.is_some() { "enroll" } else { "benchmark" });
        for (at, stage) in STAGES.iter().enumerate().skip(first) {
            let rules = hash_rules(&loaded.rules, |rule| rule.stage == stage.name);
            let read_here = loaded.inputs.iter().filter(|input| first_reader(&input.file).max(first) == at);
            let files = hash_texts(read_here.flat_map(|input| [input.file.as_str(), input.sha256.as_str()]));
            let made = if stage.name == "risk" && self.makes_scores { "made" } else { "" };
            key = hash_texts([key.as_str(), stage.name, rules.as_str(), files.as_str(), made]);
            self.manifest.stages.push(StageRecord { stage: stage.name.into(), key: key.clone(), accounts: Vec::new() });
            if stage.name == self.until.name {
                break;
            }
        }
    }

    /// Whether an earlier run had done all stages asked for, with its files still there and as they were.
    fn is_done(&self, earlier: &Manifest, place: &Path) -> bool {
        let same = |stage: &StageRecord| earlier.stage(&stage.stage).is_some_and(|of| of.key == stage.key);
        let intact = |output: &OutputRecord| {
            let path = place.join(&output.file);
            match &output.sha256 {
                Some(hash) => hash_file(&path).is_ok_and(|found| found == *hash),
                None => path.is_dir(),
            }
        };
        let copies = !self.loaded.csv
            || !self.has_persons()
            || sharded(self.has_lists()).all(|of| place.join(format!("{}.csv", of.name)).is_file());
        let published = !self.loaded.public || place.join(crate::public::FOLDER).is_dir();
        // What this run found as it read its inputs, limits applied: it must be what the manifest says.
        let of_inputs = |of: &&Finding| matches!(of.stage.as_str(), "study" | "ingest");
        let findings = self.manifest.findings.iter().eq(earlier.findings.iter().filter(of_inputs));
        self.manifest.stages.iter().all(same)
            && earlier.outputs.iter().all(intact)
            && copies
            && published
            && findings
            && earlier.quality == self.manifest.quality
    }

    fn nothing_to_do(mut self, earlier: &Manifest) -> Outcome<RunReport> {
        for stage in &self.manifest.stages {
            if stage.stage != "ingest" {
                self.metrics.skipped(&stage.stage);
            }
        }
        self.manifest = earlier.clone();
        let rows = if self.reaches("settle") { read_parquet(&self.loaded.out())? } else { None };
        self.report(rows.unwrap_or_default(), true)
    }

    /// Benchmark and settlement; `cells` where the rates were made from them.
    fn aco_grain(&mut self, rates: &Rates, cells: Option<&Cells>, output: &Output) -> Outcome<Vec<SavingsLosses>> {
        if !self.reaches("benchmark") {
            return Ok(Vec::new());
        }
        let started = Instant::now();
        let years = &self.loaded.study.study.performance_years;
        let outcome = acoledger_aco::run(rates, &self.loaded.program, &self.loaded.rules, years)?;
        self.metrics.stage("benchmark, settle", started, outcome.savings_losses.len() as u64);
        self.manifest.findings.extend(crate::aco::findings(&outcome.findings));
        write_both(output.folder(), &crate::aco::finding_rows(&outcome.findings))?;
        write_both::<BenchmarkStep>(output.folder(), &outcome.benchmark)?;
        let trends = trend_decomposition(rates, &self.loaded.program, &self.loaded.rules, years, cells)?;
        write_both::<TrendDecomposition>(output.folder(), &trends)?;
        if !self.reaches("settle") {
            return Ok(Vec::new());
        }
        write_both::<SavingsLosses>(output.folder(), &outcome.savings_losses)?;
        let settled = &outcome.savings_losses;
        let caps = risk_cap(rates, &self.loaded.program, &self.loaded.rules, years, settled)?;
        write_both::<RiskCap>(output.folder(), &caps)?;
        write_both::<Expected>(output.folder(), &outcome.expected)?;
        Ok(outcome.savings_losses)
    }

    /// Hashes what was written, writes manifest and metrics, swaps the output in.
    fn finish(mut self, output: Output, savings_losses: Vec<SavingsLosses>) -> Outcome<RunReport> {
        if self.loaded.csv && self.has_persons() {
            for table in sharded(self.has_lists()) {
                person::write_csv_copy(output.folder(), &table)?;
            }
        }
        if self.loaded.public {
            let hidden = crate::public::write(output.folder())?;
            let (cells, of) = hidden.iter().fold((0, 0), |(all, of), table| (all + table.cells, of + table.hidden));
            tracing::info!(tables = hidden.len(), cells, hidden = of, "tables for publication are in `public`");
        }
        for path in crate::files::files_below(output.folder())? {
            let file = path.strip_prefix(output.folder()).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            let sharded = person::TABLES.iter().any(|table| file.starts_with(&format!("{table}/")));
            if !sharded && !matches!(file.as_str(), "manifest.json" | "metrics.json") {
                self.manifest.outputs.push(OutputRecord { file, rows: None, sha256: Some(hash_file(&path)?) });
            }
        }
        self.manifest.outputs.sort_by(|a, b| a.file.cmp(&b.file));
        self.manifest.write(output.folder())?;
        self.metrics.write(output.folder(), self.started)?;
        output.commit()?;
        self.report(savings_losses, false)
    }

    fn report(self, savings_losses: Vec<SavingsLosses>, already_done: bool) -> Outcome<RunReport> {
        for Finding { stage, what, count, beyond_limits } in &self.manifest.findings {
            match beyond_limits {
                true => tracing::warn!(stage, count, "beyond the limits: {what}"),
                // The page says them too; they are for those who read logs alone.
                false => tracing::debug!(stage, count, "{what}"),
            }
        }
        let Run { manifest, metrics, loaded, .. } = self;
        let published = loaded.remote.published.as_ref().map(ToString::to_string);
        Ok(RunReport { folder: loaded.out(), published, manifest, metrics, savings_losses, already_done })
    }
}

/// The first stage that reads an input file, by the table that it holds; the first of all for tables that no stage names.
fn first_reader(file: &str) -> usize {
    let stem = Path::new(file).file_stem().unwrap_or_default().to_string_lossy();
    STAGES.iter().position(|stage| stage.reads.contains(&&*stem)).unwrap_or(0)
}

/// The stage with this name, for callers that have it as text.
///
/// # Errors
/// When there is none.
pub fn stage_named(name: &str) -> Outcome<&'static Stage> {
    stage(name).ok_or_else(|| {
        let names: Vec<&str> = STAGES.iter().map(|stage| stage.name).collect();
        trouble::of_file_with_hint(Path::new(name), "no such stage", format!("the stages are {}", names.join(", ")))
            .into()
    })
}
