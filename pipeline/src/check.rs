//! Checks of a study, its lake and its run: each says what it looked at and what is wrong there.
//!
//! What must hold (files, sums, keys) is an error where it does not. Figures are judged by bounds that are data.

mod columns;
mod figures;
mod judge;
mod lake_figures;
mod limits;
mod lists;
mod quality;

use crate::files::hash_file;
use crate::lake;
use crate::manifest::Manifest;
use crate::scenario::{half_of, is_scenario};
use crate::study::{InputFile, LoadedStudy, Overrides};
use crate::trouble::{self, Io, Outcome};
use acoledger_schemas::limits::MANIFEST_BYTES;
use acoledger_schemas::outputs::Reject;
use acoledger_schemas::study::Study;
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::Cents;
pub(crate) use limits::Severity;
use limits::{Figures, Limits};
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::fs::File;
use std::path::{Path, PathBuf};

/// The outcome of one check.
#[derive(Clone, Debug, Default)]
pub(crate) struct Check {
    /// What was checked.
    pub(crate) check: &'static str,
    /// Of what: a file, a table, a stage, a figure.
    pub(crate) of: String,
    /// What it means when it is wrong.
    pub(crate) severity: Severity,
    /// Things looked at.
    pub(crate) looked_at: u64,
    /// Things that are wrong.
    pub(crate) wrong: u64,
    /// Why nothing could be looked at: `too few`, `not available`.
    pub(crate) unjudged: Option<&'static str>,
    /// Of figures.
    pub(crate) judged: Judged,
    /// What is wrong, where; or why nothing was judged.
    pub(crate) what: String,
    /// Whether so many wrong ones are borne.
    pub(crate) tolerated: bool,
    /// Dollars of what is wrong, where rows have some.
    pub(crate) cents: Option<i64>,
    /// Lives that it touches.
    pub(crate) lives: Option<u64>,
    /// Some of what is wrong, where examples were asked for.
    pub(crate) examples: Vec<String>,
}

/// A figure beside its bounds, as text. Blank for other checks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Judged {
    /// The figure, or the least and the most of them.
    pub(crate) value: String,
    /// Bounds; of several, those of the figure that is farthest out.
    pub(crate) bounds: String,
    /// Where the bounds are from.
    pub(crate) source: String,
}

impl Check {
    fn new(check: &'static str, of: impl Into<String>) -> Check {
        Check { check, of: of.into(), ..Check::default() }
    }

    /// Whether something is wrong that must not be.
    pub(crate) fn is_error(&self) -> bool {
        self.wrong > 0 && !self.tolerated && self.severity == Severity::Error
    }

    /// Counts one thing; a wrong one is described, the first three in words.
    fn look(&mut self, wrong: Option<String>) {
        self.looked_at += 1;
        if let Some(wrong) = wrong {
            self.wrong += 1;
            match self.wrong {
                1 => self.what = wrong,
                2 | 3 => self.what.extend(["; ", &wrong]),
                4 => self.what.push_str("; …"),
                _ => {}
            }
        }
    }
}

/// Checks a study file: its inputs, then the lake and the run where they have been made.
///
/// # Errors
/// A study file that cannot be opened.
pub(crate) fn check_study(file: &Path, examples: usize) -> Outcome<Vec<Check>> {
    File::open(file).doing("cannot be read", file)?;
    let loaded = match LoadedStudy::load(file, &Overrides::default()) {
        Ok(loaded) => loaded,
        Err(problems) => {
            let mut check = Check::new("inputs", file.display().to_string());
            problems.first.iter().for_each(|problem| check.look(Some(problem.to_string().replace('\n', "; "))));
            (check.looked_at, check.wrong) = (problems.count, problems.count);
            return Ok(vec![check]);
        }
    };
    let mut inputs = Check::new("inputs", file.display().to_string());
    inputs.looked_at = loaded.inputs.len() as u64;
    let mut checks = vec![inputs];
    if let Some(raw) = &loaded.study.input.raw {
        checks.extend(check_lake(&loaded, &lake::plan(&loaded, raw)?, examples)?);
    }
    if loaded.out().join("manifest.json").is_file() {
        checks.extend(check_run(&loaded.out())?);
    }
    Ok(checks)
}

/// Whether the lake is that of the raw files, whole, and covers what the study needs.
fn check_lake(loaded: &LoadedStudy, plan: &crate::ingest::IngestPlan, examples: usize) -> Outcome<Vec<Check>> {
    let mut current = Check::new("lake is current", loaded.name(&plan.lake));
    let Some(lake) = lake::open(plan)? else {
        if plan.lake.is_dir() {
            current.look(Some(
                "raw files, settings or version changed since it was made, or a file of it is missing".into(),
            ));
        }
        return Ok(vec![current]);
    };
    current.look(None);
    let mut files = Check::new("lake files", loaded.name(&plan.lake));
    for file in &lake.report.files {
        let path = lake.folder.join(&file.file);
        files.look(if hash_file(&path)? == file.sha256 {
            None
        } else {
            Some(format!("{}: content changed", file.file))
        });
    }
    let mut needs = Check::new("needs", "claim months, enrollment years");
    let missing = lake.missing(crate::person::context(loaded, false)?.needs())?;
    needs.look(None);
    for problem in &missing.first {
        needs.look(Some(problem.what.clone()));
    }
    let limits = Limits::built_in();
    let figures: Figures = lake_figures::of_lake(loaded, &lake, limits.part_b_share)?;
    let mut checks = vec![current, files, needs];
    checks.extend(quality_of(loaded, &lake, &limits, examples)?);
    checks.extend(judge::judge(&limits, &figures));
    Ok(checks)
}

/// Quality of the lake's rows, by the limits of the program and of the study.
fn quality_of(loaded: &LoadedStudy, lake: &lake::Lake, limits: &Limits, examples: usize) -> Outcome<Vec<Check>> {
    let own = &loaded.study.limits.quality;
    quality::of_lake(lake, &limits.quality, own, examples)
}

/// Refuses limits of a study for checks that do not exist.
///
/// # Errors
/// The first of them.
pub(crate) fn known_quality(file: &Path, study: &Study) -> Outcome<()> {
    let limits = Limits::built_in();
    let unknown = study.limits.quality.keys().find(|key| limits.quality.iter().all(|limit| limit.key != **key));
    let Some(unknown) = unknown else { return Ok(()) };
    let known: Vec<&str> = limits.quality.iter().map(|limit| limit.key.as_str()).collect();
    let hint = format!("the checks are {}", known.join(", "));
    Err(trouble::of_file_with_hint(file, format!("`limits.quality`: no check `{unknown}`"), hint).into())
}

/// Stops a run whose lake has more wrong rows than its study bears, as `[limits.quality]` says; without it no row is looked at.
///
/// # Errors
/// Each check that goes beyond.
pub(crate) fn stop_by_quality(loaded: &LoadedStudy, lake: &lake::Lake) -> Outcome<()> {
    let own = &loaded.study.limits.quality;
    if own.is_empty() {
        return Ok(());
    }
    let mut problems = Problems::default();
    for check in quality_of(loaded, lake, &Limits::built_in(), 0)? {
        if own.contains_key(check.of.as_str()) && check.is_error() {
            let Check { of, wrong, looked_at, judged, .. } = &check;
            let cents = Cents(check.cents.unwrap_or_default());
            let lives = check.lives.unwrap_or_default();
            let what = format!(
                "`{of}`: {wrong} of {looked_at} ({lives} lives, {cents} dollars), {} where the study bears {}",
                judged.value, judged.bounds
            );
            let hint = "`acoledger check STUDY.toml --examples 5` names some; `[limits.quality]` of the study says how many it bears";
            problems.push(trouble::of_file_with_hint(&lake.folder, what, hint));
        }
    }
    problems.or(())
}

/// Whether the files of a scenario, or of one of its halves, are as they were written.
fn check_scenario(scenario: &Path, half: Option<&Path>) -> Outcome<Vec<Check>> {
    #[derive(serde::Deserialize)]
    struct Outputs {
        outputs: Vec<InputFile>,
    }
    let path = scenario.join("manifest.json");
    let text = crate::files::read_text(&path, MANIFEST_BYTES)?;
    let Outputs { outputs } = serde_json::from_str(&text).doing("not a manifest", &path)?;
    let below = half.and_then(Path::file_name).map(|name| format!("{}/", name.to_string_lossy())).unwrap_or_default();
    let mut check = Check::new("scenario files", "manifest.json");
    for output in outputs.iter().filter(|output| output.file.starts_with(&below)) {
        if !crate::files::is_below(&output.file) {
            return Err(trouble::of_file(&path, "names a file outside its folder", &output.file).into());
        }
        let path = scenario.join(&output.file);
        let wrong = match path.is_file() {
            false => Some("missing"),
            true => (hash_file(&path)? != output.sha256).then_some("content changed"),
        };
        check.look(wrong.map(|wrong| format!("{}: {wrong}", output.file)));
    }
    Ok(vec![check])
}

/// Checks a run folder, or that of a scenario.
///
/// # Errors
/// A folder without manifest, files that cannot be read.
pub(crate) fn check_run(run: &Path) -> Outcome<Vec<Check>> {
    if is_scenario(run)? {
        return check_scenario(run, None);
    }
    if let Some(scenario) = half_of(run)? {
        return check_scenario(&scenario, Some(run));
    }
    let Some(manifest) = Manifest::read(run)? else {
        let hint = "make the run with `acoledger run STUDY.toml`";
        return Err(trouble::of_file_with_hint(run, "no run here: it has no manifest.json", hint).into());
    };
    let mut checks = vec![outputs(run, &manifest)?];
    checks.extend(conservation(&manifest));
    checks.extend(rejects(run, &manifest)?);
    let lists = lists::check_lists(run)?;
    checks.extend(lists.checks);
    let mut figures = figures::of_run(run)?;
    figures.insert("ties", lists.ties);
    checks.extend(judge::judge(&Limits::built_in(), &figures));
    Ok(checks)
}

/// Files are as they were written; sharded tables have the rows that were written.
fn outputs(run: &Path, manifest: &Manifest) -> Outcome<Check> {
    let mut check = Check::new("run files", "manifest.json");
    for output in &manifest.outputs {
        let path = run.join(&output.file);
        let wrong = match (&output.sha256, output.rows) {
            _ if !path.exists() => Some("missing".to_owned()),
            (Some(hash), _) => (hash_file(&path)? != *hash).then(|| "content changed".to_owned()),
            (None, Some(rows)) => {
                let found = shards(&path)?.iter().map(|path| rows_of(path)).sum::<Outcome<u64>>()?;
                (found != rows).then(|| format!("{found} rows where {rows} were written"))
            }
            (None, None) => None,
        };
        check.look(wrong.map(|wrong| format!("{}: {wrong}", output.file)));
    }
    Ok(check)
}

/// Rows and cents in = used + left out + rejected, for each stage that has an account.
fn conservation(manifest: &Manifest) -> Vec<Check> {
    let mut checks = Vec::new();
    for stage in manifest.stages.iter().filter(|stage| !stage.accounts.is_empty()) {
        let mut check = Check::new("conservation", stage.stage.clone());
        for account in &stage.accounts {
            check.look((!account.balances()).then(|| {
                format!(
                    "{}: {} rows and {} cents in, {} and {} used, {} and {} left out, {} and {} rejected",
                    account.table,
                    account.rows_in,
                    account.cents_in,
                    account.rows_used,
                    account.cents_used,
                    account.rows_left_out,
                    account.cents_left_out,
                    account.rows_rejected,
                    account.cents_rejected
                )
            }));
        }
        checks.push(check);
    }
    checks
}

/// Every rejected row stands in the rejects with its cents.
fn rejects(run: &Path, manifest: &Manifest) -> Outcome<Option<Check>> {
    let (Some(ingest), folder) = (manifest.stage("ingest"), run.join("rejects")) else { return Ok(None) };
    let Some(rows) = crate::tables::read_table::<Reject>(&folder)? else { return Ok(None) };
    let mut check = Check::new("rejects", "rejects/rejects.csv");
    for account in &ingest.accounts {
        let own = || rows.iter().filter(|row| row.table == account.table);
        let (count, cents) = (own().count() as u64, own().map(|row| row.amount_cents.0).sum::<i64>());
        let same = (count, cents) == (account.rows_rejected, account.cents_rejected);
        check.look((!same).then(|| {
            let (rows, rejected_cents) = (account.rows_rejected, account.cents_rejected);
            format!("{}: {count} rows and {cents} cents where {rows} and {rejected_cents} were rejected", account.table)
        }));
    }
    Ok(Some(check))
}

fn shards(folder: &Path) -> Outcome<Vec<PathBuf>> {
    crate::files::files_below(folder)
}

fn rows_of(path: &Path) -> Outcome<u64> {
    let file = File::open(path).doing("cannot be read", path)?;
    let reader = SerializedFileReader::new(file).doing(crate::parquet_door::UNREADABLE, path)?;
    Ok(u64::try_from(reader.metadata().file_metadata().num_rows()).unwrap_or_default())
}
