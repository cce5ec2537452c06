//! A study with everything that can be known before any work: its file, rules, program files, rates, findings.

use crate::files::{files_below, hash_file, read_text};
use crate::lives::Lives;
use crate::program::read_program;
use crate::rates_door::read_rates_of;
pub use crate::remote::Freshness;
use crate::remote::{self, Remote};
use crate::study_file;
use crate::trouble::{self, Io, Outcome};
use acoledger_schemas::limits::SETTINGS_BYTES;
use acoledger_schemas::program::Program;
use acoledger_schemas::rates::Rates;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::study::{MOST_THREADS, Raw, Run, Study};
use acoledger_schemas::table::{Problem, Problems};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// What the command line says in place of the study file.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Output folder, relative to the working folder.
    pub out: Option<PathBuf>,
    /// Threads; 0: all.
    pub threads: Option<usize>,
    /// Bound on memory: `4GiB`.
    pub memory: Option<String>,
    /// Shards of the lake, a power of two.
    pub shards: Option<u32>,
    /// Write the sharded tables as CSV too.
    pub csv: bool,
    /// Rules file to start from, as `acoledger rules --format toml` writes it; `[rules]` of the study goes before it.
    pub rules: Option<PathBuf>,
    /// How fresh inputs from object stores must be.
    pub freshness: Freshness,
}

/// Something that a reader of the results should know, and how often it was met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Where it was met: `study`, `ingest`, `persons`, `settle`.
    pub stage: String,
    /// What was met, a short sentence.
    pub what: String,
    /// How often.
    pub count: u64,
    /// Whether it is beyond the study's limits: exit status 1.
    pub beyond_limits: bool,
}

/// One input file and its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// Path relative to the study file's folder; of an object in a store, from the last part of the study's URL on.
    pub file: String,
    /// SHA-256 of the content, in hexadecimal.
    pub sha256: String,
}

/// A study, checked.
#[derive(Debug)]
pub struct LoadedStudy {
    /// Study file as the user named it.
    pub file: PathBuf,
    /// Folder that the study's paths are relative to.
    pub folder: PathBuf,
    /// The study, command line applied.
    pub study: Study,
    /// Rules in force, overrides applied.
    pub rules: Rules,
    /// Program files, without the tables about single lives.
    pub program: Program,
    /// Rates, when the study starts from them.
    pub rates: Option<Rates>,
    /// What the reader should know.
    pub findings: Vec<Finding>,
    /// Program and rates files with their hashes; raw files are hashed where they are read.
    pub inputs: Vec<InputFile>,
    /// Whether the sharded tables are written as CSV too.
    pub csv: bool,
    /// Whether the tables for publication are written too.
    pub public: bool,
    /// Program tables about single lives.
    pub(crate) lives: Arc<Lives>,
    pub(crate) out: Option<PathBuf>,
    /// Another run whose finished stages may be taken over.
    pub(crate) beside: Option<PathBuf>,
    /// What the study has in object stores.
    pub(crate) remote: Remote,
}

impl LoadedStudy {
    /// Reads and checks a study file and all small inputs. Nothing is written.
    ///
    /// # Errors
    /// Every problem of every file, the first ten and a count.
    pub fn load(file: &Path, overrides: &Overrides) -> Outcome<LoadedStudy> {
        let mut study = study_file::read(file)?;
        apply(&mut study, overrides)?;
        // A URL takes the place of the study's; a path of the command line is relative to another folder.
        let (url, out) = match overrides.out.as_ref().and_then(|out| out.to_str()).filter(|out| remote::is_url(out)) {
            Some(url) => (Some(url.to_owned()), None),
            None => (None, overrides.out.clone()),
        };
        match (url, &out) {
            (Some(url), _) => study.run.out = url,
            (None, Some(_)) => study.run.out = Run::default().out,
            (None, None) => {}
        }
        let remote = remote::localise(file, &mut study, overrides.freshness)?;
        crate::check::known_quality(file, &study)?;
        apart(file, &study, out.as_deref())?;
        pool(threads(&study), file)?.install(|| LoadedStudy::read(file, study, overrides, out, remote))
    }

    /// The small inputs of a study, and those that grow with the lives put away.
    fn read(
        file: &Path,
        study: Study,
        overrides: &Overrides,
        out: Option<PathBuf>,
        remote: Remote,
    ) -> Outcome<LoadedStudy> {
        let mut problems = Problems::default();
        let mut note = |error: Problems| problems.extend(error);
        let rules = rules_of(file, &study, overrides.rules.as_deref()).map_err(&mut note).ok();
        let folder = file.parent().map(Path::to_owned).unwrap_or_default();
        let waiting = out.clone().unwrap_or_else(|| folder.join(&study.run.out));
        let program = read_program(&folder.join(&study.input.program), &study, &waiting).map_err(&mut note).ok();
        let read = |rates| read_rates_of(&study, program.as_ref().map(|(program, ..)| program), &folder.join(rates));
        let rates = study.input.rates.as_ref().map(read).transpose().map_err(&mut note).ok();
        let (Some(rules), Some((program, lives, mut findings)), Some(rates)) = (rules, program, rates) else {
            return Err(problems);
        };
        let rates = rates.map(|(rates, of_rates)| {
            findings.extend(of_rates);
            rates
        });
        let mut loaded = LoadedStudy {
            file: file.to_owned(),
            folder,
            study,
            rules,
            program,
            rates,
            findings,
            inputs: Vec::new(),
            lives: Arc::new(lives),
            csv: overrides.csv,
            public: false,
            out,
            beside: None,
            remote,
        };
        loaded.inputs = loaded.hash_inputs()?;
        Ok(loaded)
    }

    /// Refuses a study with its own claims and rates beside them, for commands that begin from whole rates.
    ///
    /// # Errors
    /// It has both.
    pub(crate) fn needs_whole_rates(&self) -> Outcome<()> {
        if self.study.input.raw.is_none() || self.rates.is_none() {
            return Ok(());
        }
        let hint = "begin from the rates of its run: a study with `rates = \"run/rates\"` and without `raw`";
        Err(trouble::of_file_with_hint(&self.file, "a study with claims and rates beside them", hint).into())
    }

    /// A path of the study file, from the working folder.
    pub fn resolve(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// The output folder.
    pub fn out(&self) -> PathBuf {
        self.out.clone().unwrap_or_else(|| self.resolve(&self.study.run.out))
    }

    /// The lake's folder.
    pub fn lake(&self) -> PathBuf {
        self.resolve(&self.study.lake.path)
    }

    /// Threads to use, at least one.
    pub fn threads(&self) -> usize {
        threads(&self.study)
    }

    fn hash_inputs(&self) -> Outcome<Vec<InputFile>> {
        let mut paths = Vec::new();
        for folder in [Some(&self.study.input.program), self.study.input.rates.as_ref()].into_iter().flatten() {
            paths.extend(files_below(&self.resolve(folder))?);
        }
        let input = |path: &PathBuf| Ok(InputFile { sha256: hash_file(path)?, file: self.name(path) });
        let inputs: Vec<Outcome<InputFile>> = paths.par_iter().map(input).collect();
        inputs.into_iter().collect()
    }

    /// A path as the manifest says it: relative to the study's folder where it lies below it, with `/`; of a mirrored object from
    /// the last part of its URL on.
    pub fn name(&self, path: &Path) -> String {
        remote::name_below(&self.folder, path)
    }
}

/// Threads to work with, 0: all; `file` is what an error names.
///
/// # Errors
/// The system has no more.
pub(crate) fn pool(threads: usize, file: &Path) -> Outcome<rayon::ThreadPool> {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().doing("threads cannot be started", file)
}

/// Threads that a study may use, at least one.
fn threads(study: &Study) -> usize {
    match study.run.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    }
}

/// The rules in force in a study, from its file alone.
///
/// # Errors
/// A study file that cannot be read, an override of a rule that does not exist or has another shape.
pub(crate) fn rules_in(file: &Path) -> Outcome<Rules> {
    rules_of(file, &study_file::read(file)?, None)
}

/// A study file alone, without its inputs; those that are in stores stand where the last run put them.
///
/// # Errors
/// A file that cannot be read or has an unknown key, inputs that have not been fetched.
pub(crate) fn study_in(file: &Path) -> Outcome<Study> {
    let mut study = study_file::read(file)?;
    remote::localise(file, &mut study, Freshness::Standing)?;
    Ok(study)
}

/// The rules of this version with those of a rules file in their place.
///
/// # Errors
/// A file that cannot be read, a rule that does not exist or has another shape.
pub(crate) fn rules_from(file: Option<&Path>) -> Outcome<Rules> {
    let rules = Rules::built_in().map_err(|error| trouble::of_rule(&error))?;
    let Some(file) = file else { return Ok(rules) };
    let text = read_text(file, SETTINGS_BYTES)?;
    let mut table: toml::Table = toml::from_str(&text).map_err(|error| of_toml(file, &error.to_string()))?;
    if let (1, Some(toml::Value::Table(below))) = (table.len(), table.get("rules")) {
        table = below.clone();
    }
    rules.with_overrides(&table).map_err(|error| of_override(file, &error))
}

/// Raw files, lake and output are in folders apart: what a run writes must not be read as what was delivered, nor take its place.
fn apart(file: &Path, study: &Study, out: Option<&Path>) -> Outcome<()> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let raw = match &study.input.raw {
        Some(Raw::Folder(raw)) => Some(plain(&folder.join(raw))),
        Some(Raw::Globs(_)) | None => None,
    };
    let lake = plain(&folder.join(&study.lake.path));
    let out = plain(&out.map_or_else(|| folder.join(&study.run.out), Path::to_owned));
    let within = |inner: &Path, outer: &Path| inner.starts_with(outer);
    let met = match raw {
        Some(raw) if within(&lake, &raw) || within(&raw, &lake) => Some(("`lake.path`", "`input.raw`")),
        Some(raw) if within(&out, &raw) || within(&raw, &out) => Some(("`run.out`", "`input.raw`")),
        Some(_) if within(&out, &lake) || within(&lake, &out) => Some(("`run.out`", "`lake.path`")),
        _ => None,
    };
    let Some((one, other)) = met else { return Ok(()) };
    let what = format!("{one} and {other} are one folder, or one is inside the other");
    Err(trouble::of_file_with_hint(file, what, "give each a folder of its own").into())
}

/// A path from the root, `.` and `..` worked out.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).components() {
        match part {
            Component::ParentDir => _ = plain.pop(),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

fn rules_of(file: &Path, study: &Study, from: Option<&Path>) -> Outcome<Rules> {
    let rules = rules_from(from)?;
    rules.with_overrides(&study.rules).map_err(|error| of_override(file, &error))
}

fn apply(study: &mut Study, overrides: &Overrides) -> Outcome<()> {
    if let Some(threads) = overrides.threads {
        if threads > MOST_THREADS {
            return Err(of_command_line("--threads", format!("more than {MOST_THREADS}: {threads}")));
        }
        study.run.threads = threads;
    }
    if let Some(memory) = &overrides.memory {
        study.run.memory = memory.clone();
        study.memory_bytes().map_err(|what| of_command_line("--memory", what))?;
    }
    if let Some(shards) = overrides.shards {
        if !shards.is_power_of_two() || shards > 4096 {
            return Err(of_command_line("--shards", format!("not a power of two up to 4096: {shards}")));
        }
        study.lake.shards = shards;
    }
    Ok(())
}

fn of_command_line(option: &str, what: String) -> Problems {
    Problem { file: option.into(), line: 0, column: String::new(), what, value: None, hint: None }.into()
}

fn of_override(file: &Path, error: &acoledger_schemas::rules::RuleError) -> Problems {
    error.problem(&file.display().to_string()).into()
}

/// Takes line and message out of TOML's picture of an error; messages of the study's own checks stay as they are.
pub(crate) fn of_toml(file: &Path, message: &str) -> Problems {
    let mut lines = message.lines();
    let place = lines.next().and_then(|first| first.strip_prefix("TOML parse error at line "));
    let line = place.and_then(|place| place.split(',').next()).and_then(|line| line.parse().ok());
    let what = match line {
        None => message.replace('\n', "; "),
        Some(_) => {
            let said = lines
                .filter(|line| !line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ').starts_with('|'));
            said.map(str::trim).collect::<Vec<_>>().join("; ")
        }
    };
    Problem {
        file: file.display().to_string(),
        line: line.unwrap_or(0),
        column: String::new(),
        what,
        value: None,
        hint: Some("`acoledger help run` describes the study file".into()),
    }
    .into()
}
