//! Why one life is where it is: its months, the entities that competed, the rows behind them, each decision with its ground.
//!
//! The life is opened row by row by the functions of pass A, and every list is decided by its [`assign`]; what is told beside
//! the result is asked of the same predicates. Nothing is written, nothing is kept.

mod decisions;
mod rows;
mod story;
mod windows;

pub use story::{
    Candidate, ClaimRow, Condition, Decision, DesignationRow, ElsewhereRow, LifeStory, ListStory, MonthOfLife,
    PlaceStory, Role, ThirdStory, Verdict, WindowLine, WindowStory, YearOfLife,
};

use crate::assign::{Case, Outcome, Scratch, assign, take_given};
use crate::context::{Context, People, Performance, Span};
use crate::counties::Counties;
use crate::life::Life;
use crate::merge::Merge;
use crate::output::AssignmentRow;
use crate::streams::ShardStreams;
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::{Date, EnrollmentType};
use rows::{Record, day};

/// Tells the story of one life in a calendar year: every performance year's list of it, or those of one performance year.
///
/// `people` has the life's rows of the program files. The streams are those of its shard; they may hold other lives, or that one alone. `None`: it is not among them.
///
/// # Errors
/// A stream that fails or is out of order, a column that is absent or of another type.
pub fn explain(
    context: &Context,
    people: &People,
    streams: ShardStreams<'_>,
    bene_key: u64,
    calendar_year: i32,
    performance_year: Option<i32>,
) -> Result<Option<LifeStory>, Problems> {
    let mut merge = Merge::new(context, streams)?;
    while let Some(key) = merge.next_life() {
        if key == bene_key {
            return tell(context, people, &mut merge, key, calendar_year, performance_year);
        }
        if key > bene_key {
            break;
        }
        merge.read_life(key, context, |_| Ok(()))?;
    }
    Ok(None)
}

/// The lists that a study has: (performance year, calendar year), ascending, those kept only for the year after among them.
pub fn lists(context: &Context) -> Vec<(i32, i32)> {
    let of = |performance: &Performance| {
        performance.field.lists.iter().map(|list| (performance.year, list.year)).collect::<Vec<_>>()
    };
    context.performances.iter().flat_map(of).collect()
}

fn tell(
    context: &Context,
    people: &People,
    merge: &mut Merge<'_>,
    key: u64,
    calendar_year: i32,
    performance_year: Option<i32>,
) -> Result<Option<LifeStory>, Problems> {
    let mut life = Life::new(context);
    let mut record = Record::default();
    life.open(key);
    merge.read_life(key, context, |rows| record.read(context, &mut life, rows))?;
    if life.bene_id.is_empty() {
        return Err(crate::columns::trouble("bene", None, "bene_key", "a life of other tables is missing here"));
    }
    close(context, people, &mut life);
    record.name_specialties(context, &life);
    let given = context.given.as_ref().filter(|given| given.used);
    let places = people.given.find(key);
    let mut stories = Vec::new();
    for (at, performance) in context.performances.iter().enumerate() {
        if performance_year.is_some_and(|year| year != performance.year) {
            continue;
        }
        let mut scratch = Scratch::default();
        let mut before: Option<(i32, Outcome)> = None;
        for (list_at, list) in performance.field.lists.iter().enumerate() {
            let previous = before.as_ref().filter(|(year, _)| *year == list.year - 1);
            let previous = previous.and_then(|(_, outcome)| outcome.place.as_ref());
            let own = assign(context, at, list_at, &life, &mut scratch, previous);
            let this = (at as u8, list_at as u8);
            let theirs = given.filter(|given| given.has(this)).map(|_| {
                let mut outcome = own.clone();
                let theirs = places.iter().find(|place| place.list == this);
                take_given(context, &life, (at, list_at), &mut outcome, theirs, previous);
                outcome
            });
            if list.year == calendar_year {
                stories.push(list_story(context, merge, (at, list_at), &life, &record, (&own, theirs.as_ref())));
            }
            before = Some((list.year, theirs.unwrap_or(own)));
        }
    }
    Ok(Some(story(context, &merge.counties, &life, record, stories)))
}

/// Settles what follows from the rows, as pass A does when it leaves a life.
fn close(context: &Context, people: &People, life: &mut Life) {
    let key = life.key;
    life.tell(people.designations.find(key), people.elsewhere.find(key));
    let episodes = std::mem::take(&mut life.episodes);
    life.enrollment.settle(context, people.esrd.find(key), &episodes);
    life.episodes = episodes;
    life.place_visits(context);
}

fn list_story(
    context: &Context,
    merge: &Merge<'_>,
    (at, list_at): (usize, usize),
    life: &Life,
    record: &Record,
    (own, given): (&Outcome, Option<&Outcome>),
) -> ListStory {
    let performance = &context.performances[at];
    let case = Case::new(context, at, list_at, life);
    let spans = &performance.windows[list_at];
    let judged = [0, 1].map(|method| spans[method].map(|w| windows::judge(&case, method, w, &record.of_visit)));
    let decisions = decisions::decisions(&case, &judged, case.eligible(spans), own, given);
    let first = (case.list.year - context.time.first_year) * 12;
    ListStory {
        performance_year: performance.year,
        calendar_year: case.list.year,
        only_before: case.list.only_before,
        measure: if performance.care.visits { "visits" } else { "cents" },
        year: windows::conditions(&case, Span { first, last: first + 11 }),
        decisions,
        place: place(context, merge, (at, list_at), life, given.unwrap_or(own)),
        given: given.is_some(),
        own_place: place(context, merge, (at, list_at), life, own),
        windows: judged.into_iter().flatten().map(|judged| judged.story).collect(),
    }
}

/// The row of `assignment`.
fn place(
    context: &Context,
    merge: &Merge<'_>,
    list: (usize, usize),
    life: &Life,
    outcome: &Outcome,
) -> Option<PlaceStory> {
    let row = AssignmentRow::of(context, &merge.counties, list, life, outcome.place.as_ref()?);
    Some(PlaceStory {
        aco_id: row.aco_id.to_owned(),
        basis: row.basis,
        window: row.window,
        step: row.step.map(|step| step as u8),
        county: row.county.map(str::to_owned),
        winner_cents: row.winner_cents,
        runner_up: row.runner_up.map(str::to_owned),
        runner_up_cents: row.runner_up_cents,
        tie: row.tie,
        cohort: row.cohort,
    })
}

fn story(context: &Context, counties: &Counties, life: &Life, record: Record, lists: Vec<ListStory>) -> LifeStory {
    let (birth, death) = life.enrollment.birth_and_death();
    let designations = life.designations.iter().map(|row| DesignationRow {
        designated_on: day(row.on),
        ended_on: (row.ended != i32::MAX).then_some(Date(row.ended)),
        tin: context.entities.tins.iter().find(|(_, at)| **at == row.tin).map(|(text, _)| text.clone()),
        outside_tin: None,
    });
    let elsewhere = life.elsewhere.iter();
    LifeStory {
        bene_id: life.bene_id.clone(),
        birth_date: day(birth),
        death_date: day(death),
        enrollment: (0..context.time.years).map(|at| year_of_life(context, counties, life, at)).collect(),
        designations: designations.collect(),
        elsewhere: elsewhere
            .map(|row| ElsewhereRow { calendar_year: row.year, decided_on: day(row.decided), initiative: None })
            .collect(),
        rows: record.rows,
        lists,
    }
}

fn year_of_life(context: &Context, counties: &Counties, life: &Life, at: usize) -> YearOfLife {
    let (record, state) = (&life.enrollment.record[at], &life.enrollment.state[at]);
    let month = |month: usize| {
        let bit = |months: u16| months >> month & 1 == 1;
        let kind = EnrollmentType::ALL.into_iter().zip(state.types).find(|(_, months)| bit(*months));
        MonthOfLife {
            alive: bit(state.alive),
            parts: match (bit(record.both), bit(record.one)) {
                (true, _) => "both",
                (_, true) => "one",
                _ => "none",
            },
            plan: bit(record.plan),
            county: counties.text(record.residence.counties[month]).map(str::to_owned),
            inside: bit(record.residence.inside),
            enrollment_type: kind.map(|(kind, _)| kind.code()),
            episode: bit(state.episode),
        }
    };
    YearOfLife {
        calendar_year: context.time.first_year + at as i32,
        on_record: life.enrollment.has_record(at),
        months: (0..12).map(month).collect(),
    }
}
