//! ACOs, their participants, and the years and windows in which they compete (M.A.2, M.A.7.3).

use super::Faults;
use acoledger_schemas::program::{Aco, ParticipantCcn, Program};
use acoledger_schemas::rules::Rules;
use acoledger_schemas::values::{AssignmentMethod, Date, Period};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Not a participant of any performance year.
pub(crate) const NOBODY: u32 = u32::MAX;
/// In a performance year: an entity of its own.
pub(crate) const OWN: u32 = u32::MAX;
/// In a performance year: a participant of several ACOs (M.A.6.7).
pub(crate) const SHARED: u32 = u32::MAX - 1;

/// The practices and facilities that are participants in any performance year.
#[derive(Default)]
pub(crate) struct Entities {
    pub(crate) tins: HashMap<String, u32>,
    pub(crate) ccns: HashMap<String, u32>,
}

/// Whose participants they are in one performance year.
#[derive(Default)]
pub(crate) struct Membership {
    /// By participant: the ACO, [`OWN`] or [`SHARED`].
    pub(crate) aco: Vec<u32>,
    /// The ACOs of shared ones.
    pub(crate) shared: HashMap<u32, Vec<u32>>,
}

impl Membership {
    fn new(lists: &[BTreeSet<u32>]) -> Membership {
        let mut shared = HashMap::new();
        let aco = lists.iter().enumerate().map(|(at, acos)| match acos.len() {
            0 => OWN,
            1 => *acos.first().expect("a list of one has a first"),
            _ => {
                shared.insert(at as u32, acos.iter().copied().collect());
                SHARED
            }
        });
        Membership { aco: aco.collect(), shared }
    }

    /// The ACO of a participant, [`OWN`] or [`SHARED`].
    #[inline]
    pub(crate) fn of(&self, participant: u32) -> u32 {
        self.aco.get(participant as usize).copied().unwrap_or(OWN)
    }

    /// All ACOs of a participant.
    pub(crate) fn acos(&self, participant: u32) -> impl Iterator<Item = u32> + '_ {
        let aco = self.of(participant);
        let several = self.shared.get(&participant).filter(|_| aco == SHARED).into_iter().flatten().copied();
        (aco != OWN && aco != SHARED).then_some(aco).into_iter().chain(several)
    }

    /// Whether a participant is this ACO's, alone or with others.
    pub(crate) fn holds(&self, participant: u32, aco: u32) -> bool {
        match self.of(participant) {
            SHARED => self.shared[&participant].contains(&aco),
            own => own == aco,
        }
    }
}

/// One ACO in one calendar year of one performance year.
#[derive(Clone)]
pub(crate) struct AcoYear {
    pub(crate) prospective: bool,
    /// Last day of designations that count (M.A.3.4).
    pub(crate) cutoff: i32,
    /// An alignment elsewhere excludes when it was decided before this day (M.A.1.3).
    pub(crate) decided_before: i32,
    /// Periods of which it is a benchmark or performance year, as bits by [`Period`].
    pub(crate) own: u8,
    /// Whether newly and continuously assigned lives are kept apart.
    pub(crate) cohorts: bool,
}

/// Months from the first of the timeline, first and last included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) first: i32,
    pub(crate) last: i32,
}

/// One calendar year of one performance year.
pub(crate) struct List {
    pub(crate) year: i32,
    /// By ACO of the study; `None`: not an ACO of the performance year.
    pub(crate) acos: Vec<Option<AcoYear>>,
    /// Whether any of them is prospective.
    pub(crate) prospective: bool,
    /// Whether county populations by the prospective window are asked for (M.A.8.4).
    pub(crate) prospective_counties: bool,
    /// Distinct cut-off days, with the latest first.
    pub(crate) cutoffs: Vec<i32>,
    /// Kept only to tell who is newly assigned in the year after.
    pub(crate) only_before: bool,
}

/// One row of `aco` as cells need it.
pub(crate) struct Row {
    pub(crate) aco: u32,
    pub(crate) period: Period,
    pub(crate) years: BTreeSet<i32>,
    pub(crate) cohorts: bool,
    /// Whether scores of benchmark years are from the performance year's model.
    pub(crate) model_of_performance_year: bool,
}

/// The ACOs of one performance year.
pub(crate) struct Field {
    pub(crate) tins: Membership,
    pub(crate) ccns: Membership,
    /// Whether a facility elected the teaching amendment, by its text.
    pub(crate) eta: BTreeSet<String>,
    pub(crate) lists: Vec<List>,
    pub(crate) rows: Vec<Row>,
}

#[derive(Default, Deserialize)]
struct MonthDay {
    month: u32,
    day: u32,
}

/// Numbers all participants of the study.
pub(super) fn entities(program: &Program, years: &[i32]) -> Entities {
    let mut entities = Entities::default();
    for row in program.participant.iter().flatten().filter(|row| years.contains(&row.performance_year.0)) {
        let next = entities.tins.len() as u32;
        entities.tins.entry(row.tin.as_str().to_owned()).or_insert(next);
    }
    for row in program.participant_ccn.iter().flatten().filter(|row| years.contains(&row.performance_year.0)) {
        let next = entities.ccns.len() as u32;
        entities.ccns.entry(row.ccn.as_str().to_owned()).or_insert(next);
    }
    entities
}

/// Compiles the ACOs of one performance year. `acos` are those of the study, sorted by identifier.
pub(super) fn field(
    rules: &Rules,
    program: &Program,
    acos: &[String],
    entities: &Entities,
    year: i32,
    faults: &mut Faults,
) -> Field {
    let own: Vec<&Aco> = program.aco.iter().filter(|row| row.performance_year.0 == year).collect();
    if own.is_empty() {
        faults.file("aco", "performance_year", format!("no ACO in performance year {year}"), "add its rows");
    }
    let number = |id: &str| acos.binary_search_by(|known| known.as_str().cmp(id)).ok().map(|at| at as u32);
    let mut tins = vec![BTreeSet::new(); entities.tins.len()];
    for row in program.participant.iter().flatten().filter(|row| row.performance_year.0 == year) {
        match number(row.aco_id.as_str()) {
            Some(aco) if own.iter().any(|o| o.aco_id == row.aco_id) => {
                tins[entities.tins[row.tin.as_str()] as usize].insert(aco);
            }
            _ => faults.file(
                "participant",
                "aco_id",
                format!("not an ACO of performance year {year}: `{}`", row.aco_id),
                "add it to `aco`, or remove its participants",
            ),
        }
    }
    let ccns = facilities(rules, program, entities, &own, &tins, year, &number, faults);
    let eta = program.eta_hospital.iter().flatten().filter(|row| row.performance_year.0 == year);
    let rows: Vec<Row> = own.iter().map(|row| settled_row(rules, row, year, &number, faults)).collect();
    let lists = lists(rules, &own, &rows, acos.len(), year, faults);
    Field {
        tins: Membership::new(&tins),
        ccns: Membership::new(&ccns),
        eta: eta.map(|row| row.ccn.as_str().to_owned()).collect(),
        lists,
        rows,
    }
}

/// Which ACOs a facility belongs to (M.A.7.3): its latest enrollment dated before the year; failing that, for a
/// retrospective ACO, the first within the year.
#[expect(clippy::too_many_arguments, reason = "one call; a struct of these would only repeat their names")]
fn facilities(
    rules: &Rules,
    program: &Program,
    entities: &Entities,
    own: &[&Aco],
    tins: &[BTreeSet<u32>],
    year: i32,
    number: &dyn Fn(&str) -> Option<u32>,
    faults: &mut Faults,
) -> Vec<BTreeSet<u32>> {
    let ended_too: bool = faults.take(rules.at("assign.ccn.ended", year));
    let (begin, end) = (first_day(year), first_day(year + 1));
    let enrolled = |row: &ParticipantCcn| row.enrolled_on.map_or(i32::MIN, |day| day.0);
    let mut by_ccn: BTreeMap<&str, Vec<&ParticipantCcn>> = BTreeMap::new();
    for row in program.participant_ccn.iter().flatten().filter(|row| row.performance_year.0 == year) {
        by_ccn.entry(row.ccn.as_str()).or_default().push(row);
    }
    let mut out = vec![BTreeSet::new(); entities.ccns.len()];
    for (ccn, rows) in by_ccn {
        let before = rows
            .iter()
            .copied()
            .filter(|row| enrolled(row) < begin && (ended_too || row.ended_on.is_none_or(|day| day.0 >= begin)));
        let latest = before.clone().map(enrolled).max();
        let chosen: Vec<&ParticipantCcn> = match latest {
            Some(day) => before.filter(|row| enrolled(row) == day).collect(),
            None => {
                let retrospective = |row: &&ParticipantCcn| {
                    own.iter()
                        .filter(|aco| aco.aco_id == row.aco_id)
                        .any(|aco| aco.assignment_method == AssignmentMethod::Retrospective)
                };
                let within = rows.iter().copied().filter(|row| (begin..end).contains(&enrolled(row)));
                let first = within.clone().map(enrolled).min();
                within.filter(|row| Some(enrolled(row)) == first).filter(retrospective).collect()
            }
        };
        let acos = &mut out[entities.ccns[ccn] as usize];
        for row in chosen {
            acos.extend(number(row.aco_id.as_str()));
            if let Some(tin) = entities.tins.get(row.tin.as_str()) {
                acos.extend(&tins[*tin as usize]);
            }
        }
    }
    out
}

fn first_day(year: i32) -> i32 {
    Date::first_of_month(year * 12).0
}

fn settled_row(rules: &Rules, row: &Aco, year: i32, number: &dyn Fn(&str) -> Option<u32>, faults: &mut Faults) -> Row {
    let start = row.agreement_start;
    let before: i32 = faults.take(rules.at("assign.benchmark_years", start));
    let mut years: BTreeSet<i32> = (start.year() - before..start.year()).collect();
    years.insert(year);
    Row {
        aco: number(row.aco_id.as_str()).unwrap_or(NOBODY),
        period: row.period,
        years,
        cohorts: faults.take::<String>(rules.at("cells.cohorts", start)) == "apart",
        model_of_performance_year: faults.take::<String>(rules.at("risk.model", start)) == "performance year",
    }
}

fn lists(rules: &Rules, own: &[&Aco], rows: &[Row], acos: usize, year: i32, faults: &mut Faults) -> Vec<List> {
    let mut years: BTreeMap<i32, bool> = rows.iter().flat_map(|row| &row.years).map(|y| (*y, false)).collect();
    // Who is newly assigned is told from the year before (M.A.8.1).
    for before in rows.iter().filter(|row| row.cohorts).flat_map(|row| &row.years) {
        years.entry(before - 1).or_insert(true);
    }
    years
        .into_iter()
        .map(|(calendar, only_before)| {
            let mut list = List {
                year: calendar,
                acos: vec![None; acos],
                prospective: false,
                prospective_counties: false,
                cutoffs: Vec::new(),
                only_before,
            };
            let general = general_cutoff(rules, calendar, faults);
            for (aco, row) in own.iter().zip(rows) {
                add(&mut list, rules, aco, row, general, year, faults);
            }
            list.prospective = list.acos.iter().flatten().any(|aco| aco.prospective);
            list.cutoffs = list.acos.iter().flatten().map(|aco| aco.cutoff).collect();
            list.cutoffs.sort_unstable_by(|a, b| b.cmp(a));
            list.cutoffs.dedup();
            list
        })
        .collect()
}

/// The general cut-off of a calendar year, or a day before all days where designations are not yet used.
fn general_cutoff(rules: &Rules, calendar: i32, faults: &mut Faults) -> i32 {
    let first: i32 = faults.take(rules.at("assign.voluntary.first_year", calendar.max(2012)));
    if calendar < first {
        return i32::MIN;
    }
    let day: MonthDay = faults.take(rules.at("assign.voluntary.cutoff", calendar));
    Date::new(calendar - 1, day.month, day.day).map_or(i32::MIN, |day| day.0)
}

/// Adds a row of `aco` to a calendar year. Of two half-years the one whose own year it is decides; in the performance year
/// itself they must agree, since they share one list.
fn add(list: &mut List, rules: &Rules, aco: &Aco, row: &Row, general: i32, year: i32, faults: &mut Faults) {
    let prospective = aco.assignment_method == AssignmentMethod::Prospective;
    let owns = row.years.contains(&list.year);
    let first_year: String = faults.take(rules.at("assign.voluntary.cutoff_of_first_year", aco.agreement_start));
    let is_first = list.year == year && aco.agreement_start.year() == year && !first_year.is_empty();
    let cutoff = if is_first { faults.day(&first_year) } else { general };
    let counties = faults.take::<String>(rules.at("cells.population.window", aco.agreement_start)) == "method";
    list.prospective_counties |= prospective && owns && counties;
    let Some(slot) = list.acos.get_mut(row.aco as usize) else { return };
    let mine = AcoYear {
        prospective,
        cutoff,
        decided_before: if list.year == year { i32::MAX } else { aco.agreement_start.0 },
        own: if owns { 1 << row.period as u8 } else { 0 },
        cohorts: row.cohorts && owns,
    };
    match slot {
        None => *slot = Some(mine),
        Some(other) if owns && other.own != 0 => {
            if other.prospective != prospective {
                faults.file(
                    "aco",
                    "assignment_method",
                    format!("`{}`: the half-years of {year} have different methods, and one list", aco.aco_id),
                    "settle the half-years in two studies",
                );
            }
            *other = AcoYear { own: other.own | mine.own, cohorts: other.cohorts || mine.cohorts, ..mine };
        }
        Some(other) if owns => *other = mine,
        Some(_) => {}
    }
}
