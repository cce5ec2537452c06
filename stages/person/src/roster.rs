//! Enrollment of a calendar year, life by life, for those who write lists of lives. Reads no claims.

use crate::assign::Case;
use crate::columns::NO_DAY;
use crate::context::{Ahead, Context, Pieces};
use crate::life::Life;
use crate::merge::Merge;
use crate::streams::ShardStreams;
use crate::views::View;
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::{Date, EnrollmentType};

/// A list: an ACO's of a calendar year, by the rules and participants of a performance year.
#[derive(Clone, Copy, Debug)]
pub struct Roster<'r> {
    /// Performance year.
    pub performance_year: i32,
    /// Calendar year.
    pub calendar_year: i32,
    /// ACO.
    pub aco_id: &'r str,
}

/// What enrollment and designations say of one life on a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifeYear {
    /// The life's key in the lake.
    pub bene_key: u64,
    /// Identifier, as the claims carry it.
    pub bene_id: String,
    /// Date of birth; the latest record decides.
    pub birth_date: Option<Date>,
    /// Date of death; the latest record decides.
    pub death_date: Option<Date>,
    /// January to December: the type of months alive, in Parts A and B and in no plan (M.B.2). COVID-19 episodes, which need
    /// claims, are not left out.
    pub months: [Option<EnrollmentType>; 12],
    /// Day of the designation in force when the ACO's list was made (M.A.3), whoever it names.
    pub designated_on: Option<Date>,
}

/// The lives of a shard that `wanted` asks for, in the order of the lake. The pieces reach over the shard's lives; the streams need hold `bene` and `enrollment` alone,
/// all years of [`Needs`](crate::Needs). A list that the study does not have: none.
///
/// # Errors
/// A stream that fails or is out of order, a column that is absent or of another type.
pub fn life_years(
    context: &Context,
    pieces: Pieces<'_>,
    streams: ShardStreams<'_>,
    roster: Roster<'_>,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<LifeYear>, Problems> {
    let performance = context.performances.iter().position(|one| one.year == roster.performance_year);
    let list = performance.and_then(|at| {
        let lists = &context.performances[at].field.lists;
        lists.iter().position(|list| list.year == roster.calendar_year)
    });
    let aco = context.acos.iter().position(|id| id == roster.aco_id);
    let year = context.time.at(roster.calendar_year);
    let (Some(performance), Some(list), Some(aco), Some(year)) = (performance, list, aco, year) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    let mut merge = Merge::new(context, streams)?;
    let mut life = Life::new(context);
    let mut people = Ahead::new(pieces);
    while let Some(key) = merge.next_life() {
        life.open(key);
        merge.read_life(key, context, |rows| {
            match rows.view {
                View::Bene(view) => rows.rows.for_each(|row| {
                    life.bene_id.clear();
                    life.bene_id.push_str(view.ids.value(row));
                }),
                View::Enroll(view) => life.enroll(context, view, rows.year, rows.rows)?,
                View::Facility(_) | View::Revenue(_) | View::Lines(_) => {}
            }
            Ok(())
        })?;
        if life.bene_id.is_empty() || !wanted(&life.bene_id) {
            continue;
        }
        let (people, _) = people.reach(key)?;
        life.enrollment.settle(context, people.esrd.find(key), &[]);
        life.tell(people.designations.find(key), &[]);
        let case = Case::new(context, performance, list, &life);
        let designation = case.aco(aco as u32).and_then(|terms| case.in_force(terms.cutoff));
        found.push(life_year(&life, year, designation.map(|designation| Date(designation.on))));
    }
    Ok(found)
}

fn life_year(life: &Life, year: usize, designated_on: Option<Date>) -> LifeYear {
    let day = |day: i32| (day != NO_DAY).then_some(Date(day));
    let (birth, death) = life.enrollment.birth_and_death();
    let types = life.enrollment.state[year].types;
    let kind = |month: usize| {
        EnrollmentType::ALL.into_iter().zip(types).find(|(_, months)| months >> month & 1 == 1).map(|(kind, _)| kind)
    };
    LifeYear {
        bene_key: life.key,
        bene_id: life.bene_id.clone(),
        birth_date: day(birth),
        death_date: day(death),
        months: std::array::from_fn(kind),
        designated_on,
    }
}
