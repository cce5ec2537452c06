//! The person grain of a run over the processes of an engine, such as Apache Spark: nothing is scheduled, shuffled or retried here.
//!
//! The driver, which runs the study, asks the engine for one result for each shard; a task makes it from the shard's address alone: it reads
//! the lake's files, writes the shard's tables into the run that is in the making, and gives back integers. So study, lake and run folder
//! lie under the same paths wherever tasks run. A task may be done twice, even at once: its files get their names when they are whole, and
//! are the same bytes.
//!
//! ```text
//! driver: Job (walk) ──▶ engine ──▶ task(job, shard) ──▶ Answer: ShardA     ──▶ merged: histograms say where thresholds lie
//!         Job (look)      …          …                    values in a bucket ──▶ thresholds
//!         Job (sum)       …          …                    CellSums           ──▶ cells; from here on as on one machine
//! ```

use crate::files::{hash_bytes, hash_texts, readable_by, remove_unnamed_shards};
use crate::lake::{self, Lake};
use crate::manifest::{VERSION, hash_rules};
use crate::person::{self, LakeShards, PassA};
use crate::progress::Progress;
use crate::study::{Freshness, LoadedStudy, Overrides};
use crate::trouble::{self, Io, Outcome};
use acoledger_person::{CellSums, Context, Selection, ShardA, Thresholds};
use acoledger_schemas::cells::{Cells, Threshold};
use acoledger_schemas::table::Problem;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf, absolute};
use std::sync::{Arc, Mutex, PoisonError};

/// What runs tasks somewhere.
pub trait Engine: Sync {
    /// Has [`task`] done with this job for each of these shards, and hands on what it returned: of each shard once, in any order.
    ///
    /// # Errors
    /// A task that fails for good, an answer that is not taken.
    fn each(&self, job: &[u8], shards: &[u32], take: &mut dyn FnMut(&[u8]) -> Outcome<()>) -> Outcome<()>;
}

/// An engine, and what its tasks are told beside the study file.
pub struct Cluster<'e> {
    /// The engine.
    pub engine: &'e dyn Engine,
    /// Rules file that the driver started from: [`Overrides::rules`].
    pub rules: Option<PathBuf>,
}

/// What is to be done with a shard.
#[derive(Debug, Serialize, Deserialize)]
struct Job {
    site: Site,
    /// The run in the making.
    folder: PathBuf,
    work: Work,
}

/// What a process must have at hand for any work on a study.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Site {
    version: String,
    study: PathBuf,
    rules: Option<PathBuf>,
    /// Whether the run goes on to benchmarks.
    benchmarks: bool,
    /// Hash of program files, rates and rules: a process that sees other ones must not answer.
    inputs: String,
    /// The lake's key and shards.
    lake: (String, u32),
}

#[derive(Debug, Serialize, Deserialize)]
enum Work {
    /// Pass A.
    Walk,
    /// What pass B needs of pass A, from the person years.
    Count,
    /// Values among which thresholds lie.
    Look(Vec<u8>),
    /// Pass B.
    Sum(Vec<u8>),
}

/// What a task gives back.
#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    /// Hash of the job: an answer to another one must not be taken.
    job: String,
    shard: u32,
    rows_read: u64,
    rows_written: [u64; 3],
    part: Vec<u8>,
}

/// What a run has at hand to ask an engine.
pub(crate) struct Asking<'r> {
    cluster: &'r Cluster<'r>,
    context: &'r Context,
    site: Site,
    folder: PathBuf,
}

impl<'r> Asking<'r> {
    /// # Errors
    /// A working folder that is gone: paths are sent whole.
    pub(crate) fn new(
        cluster: &'r Cluster<'r>,
        context: &'r Context,
        loaded: &LoadedStudy,
        lake: &Lake,
        (folder, benchmarks): (&Path, bool),
    ) -> Outcome<Asking<'r>> {
        let whole = |path: &Path| absolute(path).doing("has no whole path", path);
        let site = Site {
            version: VERSION.into(),
            study: whole(&loaded.file)?,
            rules: cluster.rules.as_deref().map(whole).transpose()?,
            benchmarks,
            inputs: inputs_of(loaded),
            lake: (lake.key(), lake.report.shards),
        };
        Ok(Asking { cluster, context, site, folder: whole(folder)? })
    }

    /// As [`person::run_pass_a`].
    pub(crate) fn pass_a(&self) -> Outcome<PassA> {
        person::make_folders(self.context, &self.folder)?;
        let (mut all, mut rows_read, mut rows_written) = (ShardA::default(), 0, [0; 3]);
        self.ask("persons", Work::Walk, |answer| {
            all.merge(&understood(ShardA::from_bytes(&answer.part))?);
            rows_read += answer.rows_read;
            rows_written.iter_mut().zip(answer.rows_written).for_each(|(sum, rows)| *sum += rows);
            Ok(())
        })?;
        remove_unnamed_shards(&self.folder)?;
        Ok(PassA { all, rows_read, rows_written })
    }

    /// As [`person::count_again`].
    pub(crate) fn count_again(&self) -> Outcome<(ShardA, u64)> {
        let (mut all, mut rows) = (ShardA::default(), 0);
        self.ask("persons", Work::Count, |answer| {
            all.merge(&understood(ShardA::from_bytes(&answer.part))?);
            rows += answer.rows_read;
            Ok(())
        })?;
        Ok((all, rows))
    }

    /// As [`person::run_pass_b`].
    pub(crate) fn pass_b(&self, all: &ShardA, given: Option<&[Threshold]>) -> Outcome<Cells> {
        let thresholds = match given {
            Some(rows) => Thresholds::from_rows(self.context, rows),
            None => {
                let mut selection = Selection::new(self.context, all);
                let targets = selection.targets_to_bytes();
                self.ask("thresholds", Work::Look(targets), |answer| understood(selection.merge_bytes(&answer.part)))?;
                selection.finish()?
            }
        };
        let mut sums = CellSums::default();
        self.ask("cells", Work::Sum(thresholds.to_bytes()), |answer| {
            sums.merge(understood(CellSums::from_bytes(&answer.part))?);
            Ok(())
        })?;
        // A walk that was given up may have gone on for a while.
        remove_unnamed_shards(&self.folder)?;
        Ok(sums.finish(self.context, all, &thresholds))
    }

    /// Has one piece of work done for every shard; each must be answered once.
    fn ask(&self, stage: &str, work: Work, mut take: impl FnMut(Answer) -> Outcome<()>) -> Outcome<()> {
        let shards: Vec<u32> = (0..self.site.lake.1).collect();
        let job = Job { site: self.site.clone(), folder: self.folder.clone(), work };
        let progress = Progress::begin(stage, shards.len() as u64, "shards");
        let mut answered = vec![false; shards.len()];
        let job = packed(&job);
        let of_job = hash_bytes(&job);
        self.cluster.engine.each(&job, &shards, &mut |bytes| {
            let answer: Answer = unpacked(bytes, "an answer")?;
            if answer.job != of_job {
                return Err(of_engine(format!("the answer for shard {} is of another job", answer.shard)));
            }
            match answered.get_mut(answer.shard as usize) {
                Some(done) if !*done => *done = true,
                Some(_) => return Err(of_engine(format!("shard {} was answered twice", answer.shard))),
                None => return Err(of_engine(format!("shard {} was not asked for", answer.shard))),
            }
            progress.step(answer.rows_read);
            take(answer)
        })?;
        let missing: Vec<String> =
            answered.iter().enumerate().filter(|(_, done)| !**done).map(|(shard, _)| shard.to_string()).collect();
        if !missing.is_empty() {
            return Err(of_engine(format!("no answer for shard {}", missing.join(", "))));
        }
        Ok(())
    }
}

/// Does a job's work with one shard.
///
/// Keeps the study, its rules and program files at hand for the next task of the same run.
///
/// # Errors
/// Bytes that are no job, a job of another version, a study, program files or lake that are not those of the driver, the disk.
pub fn task(job: &[u8], shard: u32) -> Outcome<Vec<u8>> {
    let of_job = hash_bytes(job);
    let job: Job = unpacked(job, "a job")?;
    if job.site.version != VERSION {
        let what = format!("the driver is version {}, this process {VERSION}", job.site.version);
        return Err(of_engine(what));
    }
    let standing = Standing::of(&job.site)?;
    let Standing { loaded, lake, context, .. } = &*standing;
    let _rights = readable_by(loaded.study.run.readable_by);
    if shard >= lake.report.shards {
        return Err(of_engine(format!("shard {shard} of {}", lake.report.shards)));
    }
    let mut answer = Answer { job: of_job, shard, rows_read: 0, rows_written: [0; 3], part: Vec::new() };
    match &job.work {
        Work::Walk => {
            let shards = LakeShards { lives: &loaded.lives, lake };
            let (one, read, written) = person::walk(context, &shards, &job.folder, shard)?;
            answer = Answer { rows_read: read, rows_written: written, part: one.to_bytes(), ..answer };
        }
        Work::Count => {
            let (one, rows) = person::count_shard(context, &job.folder, shard)?;
            answer = Answer { rows_read: rows, part: one.to_bytes(), ..answer };
        }
        Work::Look(targets) => {
            let mut selection = understood(Selection::from_targets(context, targets))?;
            answer.rows_read = person::look(context, &job.folder, shard, &mut selection)?;
            answer.part = selection.found_to_bytes();
        }
        Work::Sum(thresholds) => {
            let thresholds = understood(Thresholds::from_bytes(thresholds))?;
            let mut sums = CellSums::default();
            person::sum(context, &job.folder, shard, &thresholds, &mut sums)?;
            answer.part = sums.to_bytes();
        }
    }
    Ok(packed(&answer))
}

/// A study as a process of the engine has it at hand.
struct Standing {
    site: Site,
    loaded: LoadedStudy,
    lake: Lake,
    context: Context,
}

/// The study of the task before.
static STANDING: Mutex<Option<Arc<Standing>>> = Mutex::new(None);

impl Standing {
    fn of(site: &Site) -> Outcome<Arc<Standing>> {
        // Held while a study is loaded: tasks at once in one process load it once.
        let mut kept = STANDING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(standing) = kept.as_ref().filter(|standing| standing.site == *site) {
            return Ok(standing.clone());
        }
        *kept = None;
        let overrides = Overrides {
            // Rows about single lives that do not fit into memory wait on the process's own disk.
            out: Some(std::env::temp_dir().join("acoledger-task")),
            threads: Some(1),
            rules: site.rules.clone(),
            freshness: Freshness::Standing,
            ..Overrides::default()
        };
        let loaded = LoadedStudy::load(&site.study, &overrides)?;
        let lake = lake::standing(&loaded.lake())?;
        let other = |what: &str| {
            let hint = "study, program files, lake and run folder lie under the same paths for the driver and all its processes";
            trouble::of_file_with_hint(&site.study, format!("{what} here than for the driver"), hint)
        };
        if inputs_of(&loaded) != site.inputs {
            return Err(other("other program files, rates or rules").into());
        }
        if (lake.key(), lake.report.shards) != site.lake {
            return Err(other("another lake").into());
        }
        let context = person::context(&loaded, site.benchmarks)?;
        let standing = Arc::new(Standing { site: site.clone(), loaded, lake, context });
        *kept = Some(standing.clone());
        Ok(standing)
    }
}

/// Program files, rates and rules of a study as one hash.
fn inputs_of(loaded: &LoadedStudy) -> String {
    let rules = hash_rules(&loaded.rules, |_| true);
    let files = loaded.inputs.iter().flat_map(|input| [input.file.as_str(), input.sha256.as_str()]);
    hash_texts(files.chain([rules.as_str()]))
}

fn packed(value: &impl Serialize) -> Vec<u8> {
    postcard::to_stdvec(value).expect("memory takes every value")
}

fn unpacked<'b, T: Deserialize<'b>>(bytes: &'b [u8], what: &str) -> Outcome<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok(_) => Err(of_engine(format!("not {what}: bytes are left"))),
        Err(error) => Err(of_engine(format!("not {what}: {error}"))),
    }
}

fn understood<T>(part: Result<T, String>) -> Outcome<T> {
    part.map_err(of_engine)
}

/// A problem of what an engine hands on.
fn of_engine(what: String) -> acoledger_schemas::table::Problems {
    Problem { file: "engine".into(), line: 0, column: String::new(), what, value: None, hint: None }.into()
}
