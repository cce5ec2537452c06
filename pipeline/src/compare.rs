//! Two finished runs side by side: who is assigned where, what it settles to, and under which rules.
//!
//! Lives come from both runs in the order of their keys and are merged; memory holds one life of each, a batch of each table and
//! the sums.

mod lives;
mod rules;
pub(crate) mod tables;

use crate::manifest::Manifest;
use crate::tables::{read_parquet, stream_both, write_both};
use crate::trouble::{self, Outcome};
use acoledger_aco::scenario::{Difference, differences};
use acoledger_aco::tables::SavingsLosses;
use acoledger_schemas::values::{AcoId, BeneId, CalendarYear, Cents, PerformanceYear};
use lives::{Life, Lives, Names, Place};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
pub(crate) use tables::{RuleComparison, RunComparison, RunDifference, SavingsComparison};

/// What a comparison found.
#[derive(Debug)]
pub(crate) struct Comparison {
    /// Folders of run A and run B.
    pub(crate) folders: [PathBuf; 2],
    /// Their manifests; `None` for a half of a scenario, which has none of its own.
    pub(crate) manifests: [Option<Manifest>; 2],
    /// Lives by list, ACO, basis and step; `None` when neither run, or one alone, has assignment.
    pub(crate) assignment: Option<Vec<RunComparison>>,
    /// ACO results; `None` when neither run, or one alone, has been settled.
    pub(crate) savings_losses: Option<Vec<SavingsComparison>>,
    pub(crate) rules: Vec<RuleComparison>,
    /// What the reader should know: what was not compared, inputs and versions that differ.
    pub(crate) notes: Vec<String>,
    /// Whether lists, steps, spending of the lives on them, and settlements are the same.
    pub(crate) is_equal: bool,
}

/// Compares two run folders; with `out`, writes the tables there.
///
/// # Errors
/// Runs that have nothing in common to compare, files that cannot be read or written.
pub(crate) fn compare(folders: [PathBuf; 2], out: Option<&Path>) -> Outcome<Comparison> {
    let [a, b] = &folders;
    if let Some(place) = out.filter(|out| out.join("manifest.json").exists() || folders.iter().any(|run| run == out)) {
        let hint = "choose another folder with --out: tables of a run could be lost";
        return Err(trouble::of_file_with_hint(place, "holds a run", hint).into());
    }
    let manifests = [Manifest::read(a)?, Manifest::read(b)?];
    let (rules, mut notes) = rules::compare(&manifests);
    let mut is_equal = true;

    let assignment = match (Lives::open(a)?, Lives::open(b)?) {
        (Some(a), Some(b)) => {
            let sums = match out {
                None => merge(a, b, &mut |_| Ok(()))?,
                Some(folder) => stream_both(folder, |rows| merge(a, b, &mut |row| rows.push(row)))?,
            };
            is_equal &= sums.lives_that_differ == 0;
            Some(sums.rows()?)
        }
        (None, None) => None,
        (of_a, _) => {
            is_equal = false;
            notes.push(alone(of_a.is_some(), "assignment"));
            None
        }
    };
    let savings_losses = match (read_parquet::<SavingsLosses>(a)?, read_parquet::<SavingsLosses>(b)?) {
        (Some(a), Some(b)) => {
            let rows: Vec<SavingsComparison> = differences(&a, &b).into_iter().map(savings).collect();
            is_equal &= rows.iter().all(SavingsComparison::is_equal);
            Some(rows)
        }
        (None, None) => None,
        (of_a, _) => {
            is_equal = false;
            notes.push(alone(of_a.is_some(), "savings_losses"));
            None
        }
    };
    if assignment.is_none() && savings_losses.is_none() {
        let what = format!("neither assignment nor savings and losses are both here and in {}", a.display());
        return Err(trouble::of_file_with_hint(b, what, "run both studies up to the same stage").into());
    }
    if let Some(folder) = out {
        assignment.iter().try_for_each(|rows| write_both(folder, rows))?;
        savings_losses.iter().try_for_each(|rows| write_both(folder, rows))?;
        write_both(folder, &rules)?;
    }
    Ok(Comparison { folders, manifests, assignment, savings_losses, rules, notes, is_equal })
}

/// What two manifests say about how the runs were made, beyond the rules that were replaced: A is the first.
pub(crate) fn notes_on(manifests: &[Option<Manifest>; 2]) -> Vec<String> {
    rules::compare(manifests).1
}

fn alone(a_has_it: bool, table: &str) -> String {
    let [has, lacks] = if a_has_it { ["A", "B"] } else { ["B", "A"] };
    format!("run {has} has {table}, run {lacks} has none: not compared")
}

fn savings(of: Difference) -> SavingsComparison {
    SavingsComparison {
        performance_year: of.performance_year,
        period: of.period,
        aco_id: of.aco_id,
        outcome_a: of.outcome_baseline,
        outcome_b: of.outcome_reform,
        gross_savings_a_cents: of.gross_savings_baseline_cents,
        gross_savings_b_cents: of.gross_savings_reform_cents,
        earned_a_cents: of.earned_baseline_cents,
        earned_b_cents: of.earned_reform_cents,
        earned_difference_cents: of.earned_difference_cents,
    }
}

/// Performance year and calendar year of a list, and where the two runs have the life.
type Group = ((i32, i32), Option<Place>, Option<Place>);

/// Lives with their spending by either run.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    lives: i64,
    cents: [i64; 2],
}

/// What the merge adds up.
#[derive(Debug, Default)]
struct Sums {
    groups: BTreeMap<Group, Sum>,
    names: Names,
    /// Lives on some list of a year whose place or spending differs.
    lives_that_differ: u64,
}

/// Walks the lives of both runs; `each` gets those whose places differ, in the order of lives.
fn merge(mut a: Lives, mut b: Lives, each: &mut dyn FnMut(RunDifference) -> Outcome<()>) -> Outcome<Sums> {
    let mut sums = Sums::default();
    let mut heads = [a.next(&mut sums.names)?, b.next(&mut sums.names)?];
    loop {
        let order = match &heads {
            [None, None] => return Ok(sums),
            [Some(_), None] => Ordering::Less,
            [None, Some(_)] => Ordering::Greater,
            [Some(a), Some(b)] => a.id.cmp(&b.id),
        };
        let of_a = if order.is_le() { std::mem::replace(&mut heads[0], a.next(&mut sums.names)?) } else { None };
        let of_b = if order.is_ge() { std::mem::replace(&mut heads[1], b.next(&mut sums.names)?) } else { None };
        sums.life(of_a.as_ref(), of_b.as_ref(), each)?;
    }
}

impl Sums {
    fn life(
        &mut self,
        a: Option<&Life>,
        b: Option<&Life>,
        each: &mut dyn FnMut(RunDifference) -> Outcome<()>,
    ) -> Outcome<()> {
        let mut lists: BTreeMap<(i32, i32), [Option<Place>; 2]> = BTreeMap::new();
        for (side, life) in [a, b].into_iter().enumerate() {
            for (list, place) in life.iter().flat_map(|life| &life.places) {
                lists.entry(*list).or_default()[side] = Some(*place);
            }
        }
        for (list, places) in lists {
            let cents = [a, b].map(|life| life.map_or(0, |life| life.spend_cents(list.1)));
            let cents = [0, 1].map(|side| if places[side].is_some() { cents[side] } else { 0 });
            let sum = self.groups.entry((list, places[0], places[1])).or_default();
            sum.lives += 1;
            sum.cents = [sum.cents[0] + cents[0], sum.cents[1] + cents[1]];
            let moved = places[0] != places[1];
            self.lives_that_differ += u64::from(moved || cents[0] != cents[1]);
            if let Some(life) = a.or(b).filter(|_| moved) {
                let row = self.row((list, places[0], places[1]), Sum { lives: 1, cents })?;
                let bene_id = BeneId::new(&life.id.1).map_err(|what| unsound(&what))?;
                each(difference(row, bene_id))?;
            }
        }
        Ok(())
    }

    fn row(&self, ((performance_year, calendar_year), a, b): Group, sum: Sum) -> Outcome<RunComparison> {
        let outcome = match (a, b) {
            (Some(a), Some(b)) if a.aco == b.aco => "both",
            (Some(_), Some(_)) => "moved",
            (Some(_), None) => "only_a",
            (None, _) => "only_b",
        };
        let aco = |place: Option<Place>| match place {
            None => Ok(None),
            Some(place) => AcoId::new(self.names.text(place.aco)).map(Some).map_err(|what| unsound(&what)),
        };
        let basis = |place: Option<Place>| place.map(|place| self.names.text(place.basis).to_owned());
        Ok(RunComparison {
            performance_year: PerformanceYear(performance_year),
            calendar_year: CalendarYear(calendar_year),
            outcome: outcome.to_owned(),
            aco_a: aco(a)?,
            aco_b: aco(b)?,
            basis_a: basis(a),
            basis_b: basis(b),
            step_a: a.and_then(|place| place.step),
            step_b: b.and_then(|place| place.step),
            lives: sum.lives,
            spend_a_cents: a.map(|_| Cents(sum.cents[0])),
            spend_b_cents: b.map(|_| Cents(sum.cents[1])),
        })
    }

    /// The sums as rows, in the order of years, outcomes and ACOs: numbers of names follow the lives.
    fn rows(&self) -> Outcome<Vec<RunComparison>> {
        let rows = self.groups.iter().map(|(group, sum)| self.row(*group, *sum));
        let mut rows = rows.collect::<Outcome<Vec<_>>>()?;
        rows.sort_by_cached_key(|row| {
            let acos = (row.outcome.clone(), row.aco_a.clone(), row.aco_b.clone());
            let ways = (row.basis_a.clone(), row.basis_b.clone(), row.step_a, row.step_b);
            (row.performance_year, row.calendar_year, acos, ways)
        });
        Ok(rows)
    }
}

fn difference(row: RunComparison, bene_id: BeneId) -> RunDifference {
    RunDifference {
        performance_year: row.performance_year,
        calendar_year: row.calendar_year,
        bene_id,
        outcome: row.outcome,
        aco_a: row.aco_a,
        aco_b: row.aco_b,
        basis_a: row.basis_a,
        basis_b: row.basis_b,
        step_a: row.step_a,
        step_b: row.step_b,
        spend_a_cents: row.spend_a_cents,
        spend_b_cents: row.spend_b_cents,
    }
}

/// An identifier in a table of a run that is none. The identifier itself stays out of the message.
fn unsound(what: &str) -> acoledger_schemas::table::Problems {
    trouble::of_file_with_hint(Path::new("assignment"), format!("an identifier: {what}"), "make the run again").into()
}
