//! An ACO's assigned lives in the columns of CMS's Assignment List Report, table 1-1: from the assignment of a finished run and,
//! of its lake, who the lives are and their enrollment. No claims are read.
//!
//! Sources of the columns, and what they hold here: `docs/src/assignment-tables.md`.

mod member;
mod table;

pub(crate) use member::Member;
pub(crate) use table::table;

use crate::explain::deciding_program;
use crate::lake::{self, Lake};
use crate::lives::Lives;
use crate::manifest::{Manifest, RulesRecord};
use crate::parquet_door;
use crate::person::{TABLES, shard_file};
use crate::study::{rules_in, study_in};
use crate::trouble::{self, Io, Outcome};
use acoledger_person::{Context, Facts, Needs, Roster, life_years};
use acoledger_schemas::program::Program;
use acoledger_schemas::study::{AssignmentSource, Study};
use acoledger_schemas::values::PerformanceYear;
use arrow_array::cast::AsArray;
use arrow_array::{Array, StringArray};
use arrow_schema::DataType;
use member::{Designations, Residences, sources};
use parquet::arrow::ProjectionMask;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::AtomicU64;

/// What is asked.
pub(crate) struct Question<'q> {
    pub(crate) study: &'q Path,
    pub(crate) aco_id: &'q str,
    /// Not needed where the study has one.
    pub(crate) performance_year: Option<i32>,
}

/// A list.
pub(crate) struct List {
    /// Whether the ACO is of the prospective method.
    pub(crate) prospective: bool,
    /// By identifier.
    pub(crate) members: Vec<Member>,
}

/// The list of the performance year itself, after exclusions.
///
/// # Errors
/// No finished run of the study as it is, an ACO or year that it does not have, a life that the lake does not have.
pub(crate) fn list(question: &Question<'_>) -> Outcome<List> {
    let file = question.study;
    let mut study = study_in(file)?;
    let rules = rules_in(file)?;
    let folder = file.parent().map(Path::to_owned).unwrap_or_default();
    let run = folder.join(&study.run.out);
    let year = year(question, &study)?;
    let (program, lives) = deciding_program(&study, &folder, false, &mut 0)?;
    let before = list_before(question, &study, &program, year)?;
    let Some(manifest) = Manifest::read(&run)? else {
        let hint = "make the run with `acoledger run STUDY.toml`";
        return Err(trouble::of_file_with_hint(&run, "no run here: it has no manifest.json", hint).into());
    };
    if manifest.rules.sha256 != RulesRecord::of(&rules).sha256 {
        let hint = "run the study again; rules given on the command line belong into its `[rules]`";
        return Err(trouble::of_file_with_hint(&run, "made under other rules than the study's", hint).into());
    }
    if !run.join(TABLES[0]).is_dir() {
        let hint =
            "a study that starts from rates has no lives; one of claims has them after `acoledger cells STUDY.toml`";
        return Err(trouble::of_file_with_hint(&run, "no assignment in this run", hint).into());
    }
    // The lists are in the run already: whose they are does not matter here.
    study.input.assignment = AssignmentSource::Own;
    let facts = Facts::of(&study, false).map_err(|what| trouble::of_study(file, &what))?;
    let context = lives.context(&rules, &program, &facts)?;
    let lake = lake::standing(&folder.join(&study.lake.path))?;
    let asked = Asked { aco_id: question.aco_id, year, before, context: &context, lake: &lake, lives: &lives };
    let shards = (0..lake.report.shards).into_par_iter().map(|shard| asked.shard(&run, shard));
    let mut members = shards.try_reduce(Vec::new, |mut all, one| {
        all.extend(one);
        Outcome::Ok(all)
    })?;
    members.sort_by(|a, b| a.life.bene_id.cmp(&b.life.bene_id));
    let prospective = members.first().is_some_and(|member| member.row.window == "prospective");
    Ok(List { prospective, members })
}

/// The performance year that is asked for.
fn year(question: &Question<'_>, study: &Study) -> Outcome<i32> {
    let years = &study.study.performance_years;
    let (what, hint) = match (question.performance_year, years.as_slice()) {
        (None, [year]) => return Ok(*year),
        (Some(year), _) if years.contains(&year) => return Ok(year),
        (None, _) => ("several performance years in the study".to_owned(), "name one with `--year`".to_owned()),
        (Some(year), _) => {
            let years: Vec<String> = years.iter().map(i32::to_string).collect();
            let hint = format!("its performance years are {}", years.join(", "));
            (format!("not a performance year of the study: {year}"), hint)
        }
    };
    Err(trouble::of_file_with_hint(question.study, what, &hint).into())
}

/// The list that precedes the ACO's, as (performance year, calendar year): that of the performance year before, where the study
/// has it; in the first year of an agreement the last base year's. `None`: the run does not know it.
///
/// # Errors
/// The ACO is not one of the performance year.
fn list_before(question: &Question<'_>, study: &Study, program: &Program, year: i32) -> Outcome<Option<(i32, i32)>> {
    let same = |aco: &&acoledger_schemas::program::Aco| {
        aco.performance_year == PerformanceYear(year) && aco.aco_id.as_str() == question.aco_id
    };
    let Some(aco) = program.aco.iter().find(same) else {
        let what = format!("no ACO `{}` in performance year {year}", question.aco_id);
        let hint = "the program file `aco` lists the ACOs of each performance year";
        return Err(trouble::of_file_with_hint(question.study, what, hint).into());
    };
    Ok(if study.study.performance_years.contains(&(year - 1)) {
        Some((year - 1, year - 1))
    } else {
        (aco.agreement_start.year() == year).then_some((year, year - 1))
    })
}

/// What a shard is asked for.
struct Asked<'q> {
    aco_id: &'q str,
    year: i32,
    before: Option<(i32, i32)>,
    context: &'q Context,
    lake: &'q Lake,
    lives: &'q Lives,
}

/// What `assignment` says of a life.
pub(crate) struct Row {
    pub(crate) basis: String,
    pub(crate) window: String,
    pub(crate) step: String,
    pub(crate) cohort: String,
}

/// Rows of a shard by life, and the lives of the list before.
#[derive(Default)]
struct Rows {
    now: BTreeMap<String, Row>,
    before: BTreeSet<String>,
}

impl Asked<'_> {
    fn shard(&self, run: &Path, shard: u32) -> Outcome<Vec<Member>> {
        let mut rows = self.rows(&shard_file(run, TABLES[0], shard))?;
        if rows.now.is_empty() {
            return Ok(Vec::new());
        }
        let read = AtomicU64::new(0);
        let (needs, of_year) = sources(self.context.needs(), self.year);
        let needs = Needs { tables: needs, ..Needs::default() };
        let roster = Roster { performance_year: self.year, calendar_year: self.year, aco_id: self.aco_id };
        let streams = self.lake.streams(shard, &needs, &read)?;
        let shards = self.lake.report.shards;
        let pieces = self.lives.pieces(self.context, shard, shards);
        let designations = Designations::new(self.lives.designations(shard, shards)?);
        let lives = life_years(self.context, pieces, streams, roster, |id| rows.now.contains_key(id))?;
        let mut residences = Residences::default();
        for (_, batches) in self.lake.table(shard, &of_year, &read)? {
            let wanted = lives.iter().map(|life| (life.bene_key, &life.months)).collect();
            residences.read(batches, &wanted).doing("cannot be read", &self.lake.folder)?;
        }
        let mut members = Vec::with_capacity(lives.len());
        for life in lives {
            let Some(row) = rows.now.remove(&life.bene_id) else { continue };
            members.push(Member {
                before: self.before.map(|_| rows.before.contains(&life.bene_id)),
                designee: designations.place_of(&life, &row),
                residence: residences.of(life.bene_key),
                life,
                row,
            });
        }
        if rows.now.is_empty() {
            return Ok(members);
        }
        let what = format!("{} lives of the run's list are not in the lake", rows.now.len());
        let hint = "run the study again: its lake was made anew since";
        Err(trouble::of_file_with_hint(&self.lake.folder, what, hint).into())
    }

    /// The rows of a shard of `assignment` that the list and the one before it have.
    fn rows(&self, path: &Path) -> Outcome<Rows> {
        const WHAT: &str = parquet_door::UNREADABLE;
        const COLUMNS: [&str; 8] =
            ["performance_year", "calendar_year", "bene_id", "aco_id", "basis", "window", "step", "cohort"];
        let builder = parquet_door::builder(path)?;
        let mask = ProjectionMask::columns(builder.parquet_schema(), COLUMNS);
        let mut rows = Rows::default();
        for batch in parquet_door::batches(builder.with_projection(mask)).doing(WHAT, path)? {
            let batch = batch.doing(WHAT, path)?;
            let mut columns: Vec<StringArray> = Vec::with_capacity(COLUMNS.len());
            for name in COLUMNS {
                let column = batch.column_by_name(name).ok_or_else(|| format!("no column `{name}`"));
                let column = column.doing(WHAT, path)?;
                columns.push(arrow_cast::cast(column, &DataType::Utf8).doing(WHAT, path)?.as_string().clone());
            }
            let cell = |column: usize, row: usize| {
                if columns[column].is_valid(row) { columns[column].value(row) } else { "" }
            };
            for at in (0..batch.num_rows()).filter(|at| cell(3, *at) == self.aco_id) {
                let list = (cell(0, at).parse::<i32>(), cell(1, at).parse::<i32>());
                let (Ok(performance), Ok(calendar)) = list else { continue };
                let (id, text) = (cell(2, at).to_owned(), |column| cell(column, at).to_owned());
                if (performance, calendar) == (self.year, self.year) {
                    rows.now.insert(id, Row { basis: text(4), window: text(5), step: text(6), cohort: text(7) });
                } else if Some((performance, calendar)) == self.before {
                    rows.before.insert(id);
                }
            }
        }
        Ok(rows)
    }
}
