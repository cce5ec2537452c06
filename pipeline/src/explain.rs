//! Why one life is where it is, from the files of a study: its program files as far as assignment needs them, and the life's
//! own rows of the lake. Nothing is run, and no more than a note in `metrics.json` is written.

mod page;

pub(crate) use page::page;

use crate::lake::{self, Lake};
use crate::lives::Lives;
use crate::manifest::{ExplainMetrics, Manifest, RulesRecord};
use crate::study::{rules_in, study_in};
use crate::tables::read_table;
use crate::trouble::{self, Outcome};
use acoledger_person::explain::{LifeStory, explain, lists};
use acoledger_person::{Context, Facts, People};
use acoledger_schemas::keys::bene_key;
use acoledger_schemas::program::{AssignmentGiven, EsrdMonth, OtherInitiative, Program, VoluntaryAlignment};
use acoledger_schemas::rules::Rules;
use acoledger_schemas::study::{AssignmentSource, Study};
use acoledger_schemas::table::{Problems, Table};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// What is asked.
pub(crate) struct Question<'q> {
    pub(crate) study: &'q Path,
    /// Identifier as the claims carry it.
    pub(crate) bene_id: &'q str,
    pub(crate) calendar_year: i32,
    pub(crate) performance_year: Option<i32>,
}

/// The answer, and what it took.
pub(crate) struct Answer {
    pub(crate) story: LifeStory,
    pub(crate) rules: Rules,
    pub(crate) metrics: ExplainMetrics,
    /// The study's output folder.
    pub(crate) run: PathBuf,
    /// Whether the run in that folder was made under other rules.
    pub(crate) other_rules: bool,
}

/// Answers from the lake of a study, run or not.
///
/// # Errors
/// A study without a lake, a year that it does not have, a life that the lake does not have.
pub(crate) fn life(question: &Question<'_>) -> Outcome<Answer> {
    let started = Instant::now();
    let file = question.study;
    let study = study_in(file)?;
    let rules = rules_in(file)?;
    let folder = file.parent().map(Path::to_owned).unwrap_or_default();
    if study.input.raw.is_none() {
        let hint = "`explain --bene` reads claims: it needs `input.raw` and the lake made of it";
        return Err(trouble::of_file_with_hint(file, "a study that starts from rates has no lives", hint).into());
    }
    let mut program_bytes = 0;
    // Which lists the file has, and whether it has all that it must, is asked of every row of it.
    let with_lists = study.input.assignment == AssignmentSource::Given;
    let (program, lives) = deciding_program(&study, &folder, with_lists, &mut program_bytes)?;
    let facts = Facts::of(&study, false).map_err(|what| trouble::of_study(file, &what))?;
    let context = lives.context(&rules, &program, &facts)?;
    years_are_there(question, &context)?;
    let lake = lake::standing(&folder.join(&study.lake.path))?;
    let missing: BTreeSet<i32> = lake.enrollment_missing(context.needs()).into_iter().collect();
    if !missing.is_empty() {
        let what = format!("enrollment of {} is missing, which the study needs", join(&missing));
        return Err(
            trouble::of_file_with_hint(&lake.folder, what, "make the lake with `acoledger ingest STUDY.toml`").into()
        );
    }
    let read = Arc::new(AtomicU64::new(0));
    let key = bene_key(question.bene_id);
    let streams = lake.life(key, context.needs(), &read)?;
    let of_life = lives.of_life(key, question.bene_id)?;
    let people = People::new(&context, &of_life, u64::MAX);
    let story = explain(&context, &people, streams, key, question.calendar_year, question.performance_year)?;
    // Two identifiers of one key are refused at ingest; one that is not in the lake may still meet a key that is.
    let Some(mut story) = story.filter(|story| story.bene_id == question.bene_id) else {
        return Err(unknown(&lake));
    };
    name(&mut story, &of_life);
    let run = folder.join(&study.run.out);
    let manifest = Manifest::read(&run).unwrap_or_default();
    let metrics = ExplainMetrics {
        seconds: started.elapsed().as_secs_f64(),
        lake_bytes: read.load(Ordering::Relaxed),
        manifest_bytes: lake.folder.join("manifest.json").metadata().map_or(0, |about| about.len()),
        program_bytes,
        lives: lake.report.lives,
        lake_size_bytes: lake.report.files.iter().map(|file| file.bytes).sum(),
    };
    let other_rules = manifest.is_some_and(|manifest| manifest.rules.sha256 != RulesRecord::of(&rules).sha256);
    Ok(Answer { story, rules, metrics, run, other_rules })
}

fn unknown(lake: &Lake) -> Problems {
    // Not the identifier: errors go to logs.
    let what = format!("no life of this identifier among the {} of this lake", lake.report.lives);
    let hint = "give the identifier as the raw files have it, with its sign and leading zeros";
    trouble::of_file_with_hint(&lake.folder, what, hint).into()
}

/// Names what decides nothing and is therefore not kept with the lives: designees outside the study, and initiatives.
fn name(story: &mut LifeStory, program: &Program) {
    for (told, row) in story.designations.iter_mut().zip(program.voluntary_alignment.iter().flatten()) {
        if told.tin.is_none() && told.designated_on == Some(row.designated_on) {
            told.outside_tin = Some(row.designee_tin.to_string());
        }
    }
    for (told, row) in story.elsewhere.iter_mut().zip(program.other_initiative.iter().flatten()) {
        if told.calendar_year == row.calendar_year.0 {
            told.initiative.clone_from(&row.initiative);
        }
    }
}

fn size(folder: &Path, table: &str) -> u64 {
    let of = |extension| folder.join(table).with_extension(extension).metadata().map_or(0, |about| about.len());
    of("csv") + of("parquet")
}

fn read_counted<T: Table>(folder: &Path, bytes: &mut u64) -> Outcome<Option<Vec<T>>> {
    *bytes += size(folder, T::SPEC.name);
    read_table(folder)
}

/// Program files that decide assignment, and of tables about single lives those that do, and the lists where they are asked for:
/// scores, payments and subsidies move no life from one list to another and are not read. `bytes` counts what is.
///
/// # Errors
/// A file that cannot be read; `aco` is missing.
pub(crate) fn deciding_program(
    study: &Study,
    base: &Path,
    with_lists: bool,
    bytes: &mut u64,
) -> Outcome<(Program, Lives)> {
    const OF_LIVES: [&str; 4] =
        [VoluntaryAlignment::SPEC.name, OtherInitiative::SPEC.name, EsrdMonth::SPEC.name, AssignmentGiven::SPEC.name];
    let folder = &base.join(&study.input.program);
    let mut program = Program {
        aco: read_counted(folder, bytes)?.ok_or_else(|| {
            let hint = "the program folder needs a table `aco`, as CSV or Parquet";
            trouble::of_file_with_hint(&folder.join("aco.csv"), "no such file", hint)
        })?,
        participant: read_counted(folder, bytes)?,
        participant_ccn: read_counted(folder, bytes)?,
        aco_provider: read_counted(folder, bytes)?,
        provider_specialty: read_counted(folder, bytes)?,
        ..Program::default()
    };
    let wanted = if with_lists { &OF_LIVES[..] } else { &OF_LIVES[..3] };
    *bytes += wanted.iter().map(|table| size(folder, table)).sum::<u64>();
    let memory = study.memory_bytes().map_err(|what| trouble::of_study(folder, &what))?;
    let (lives, mut wrong) = Lives::read(folder, wanted, memory, &base.join(&study.run.out));
    if let Some(wrong) = wanted.iter().find_map(|table| wrong.remove(table)) {
        return Err(wrong);
    }
    program.eta_hospital = read_counted(folder, bytes)?;
    program.eta_fee = read_counted(folder, bytes)?;
    Ok((program, lives))
}

/// The study must have a list of the year that is asked for.
fn years_are_there(question: &Question<'_>, context: &Context) -> Outcome<()> {
    let lists = lists(context);
    let asked = |list: &&(i32, i32)| {
        list.1 == question.calendar_year && question.performance_year.is_none_or(|year| year == list.0)
    };
    if lists.iter().any(|list| asked(&list)) {
        return Ok(());
    }
    let years: BTreeSet<i32> = match question.performance_year {
        Some(year) if lists.iter().all(|list| list.0 != year) => {
            let years: BTreeSet<i32> = lists.iter().map(|list| list.0).collect();
            let what = format!("not a performance year of the study: {year}");
            let hint = format!("its performance years are {}", join(&years));
            return Err(trouble::of_file_with_hint(question.study, what, hint).into());
        }
        Some(year) => lists.iter().filter(|list| list.0 == year).map(|list| list.1).collect(),
        None => lists.iter().map(|list| list.1).collect(),
    };
    let what = format!("no list of calendar year {} in the study", question.calendar_year);
    let hint = format!("`--year` takes a performance year or a benchmark year: {}", join(&years));
    Err(trouble::of_file_with_hint(question.study, what, hint).into())
}

fn join(years: &BTreeSet<i32>) -> String {
    years.iter().map(i32::to_string).collect::<Vec<_>>().join(", ")
}
