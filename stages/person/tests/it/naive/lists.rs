//! Who belongs to whom: eligibility, designations, the plurality (M.A.1, M.A.3, M.A.6, M.A.8).

use super::law::{self, Owner};
use super::rows::{Aco, Day, Designation, Life, World};
use super::services::{Service, Span, services};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// What the comparison that decided says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Won {
    pub(super) entity: String,
    pub(super) step: i64,
    pub(super) cents: i64,
    pub(super) next: Option<(String, i64)>,
    pub(super) tie: &'static str,
}

/// A life's place on a list.
#[derive(Clone, Debug)]
pub(super) struct Assigned<'w> {
    pub(super) aco: &'w Aco,
    pub(super) basis: &'static str,
    pub(super) won: Option<Won>,
}

/// Months from a day's to another's, as (year, month).
pub(super) fn months(first: Day, last: Day) -> impl Iterator<Item = (i32, i32)> {
    (first.0 * 12 + first.1 - 1..=last.0 * 12 + last.1 - 1).map(|month| (month / 12, month % 12 + 1))
}

impl Life {
    pub(super) fn is_alive_on_the_first(&self, (year, month): (i32, i32)) -> bool {
        self.died.is_none_or(|died| died >= (year, month, 1))
    }

    /// A code of a month; blank where there is no record.
    pub(super) fn code(&self, month: (i32, i32), of: fn(&super::rows::Year) -> &[&'static str; 12]) -> &'static str {
        let year = self.years.iter().find(|year| year.year == month.0);
        year.map_or("", |year| of(year)[month.1 as usize - 1])
    }

    /// Rules 1, 2 and 4 of M.A.1 over the months from a day to another.
    fn is_eligible(&self, first: Day, last: Day) -> bool {
        let mut both = false;
        let mut residence = "";
        for month in months(first, last).filter(|month| self.is_alive_on_the_first(*month)) {
            let buyin = self.code(month, |year| &year.buyin);
            if ["1", "A", "2", "B"].contains(&buyin) || is_plan(self.code(month, |year| &year.plan)) {
                return false;
            }
            both |= is_both(buyin);
            let county = self.code(month, |year| &year.county);
            if !county.is_empty() {
                residence = county;
            }
        }
        both && !residence.is_empty() && law::is_residence(residence)
    }

    fn is_elsewhere(&self, world: &World, aco: &Aco, year: i32) -> bool {
        let counts = |day: Option<Day>| year == world.py || day.is_none_or(|day| day < aco.start);
        self.elsewhere.iter().any(|(of, day)| *of == year && counts(*day))
    }

    /// A.1.6 and A.1.7, over the calendar year.
    fn stays_on(&self, year: i32) -> bool {
        let alive = self.died.is_none_or(|died| died >= (year, 1, 1));
        alive && self.is_eligible((year, 1, 1), (year, 12, 31))
    }
}

pub(super) fn is_both(buyin: &str) -> bool {
    buyin == "3" || buyin == "C"
}

pub(super) fn is_plan(plan: &str) -> bool {
    ["1", "2", "A", "B", "C"].contains(&plan)
}

/// The list of a calendar year, for one life.
pub(super) fn assigned<'w>(world: &'w World, life: &Life, year: i32) -> Option<Assigned<'w>> {
    let method =
        |prospective: bool| (Span::of(world, year, prospective, false), plurality(world, life, year, prospective));
    let windows = [method(false), method(true)];
    let eligible = |aco: &Aco| {
        let span = &windows[usize::from(aco.prospective)].0;
        life.is_eligible(span.first, span.last) && !life.is_elsewhere(world, aco, year)
    };
    let won_by = |aco: &Aco| windows[usize::from(aco.prospective)].1.clone().filter(|won| won.entity == aco.id);
    // Voluntary alignment; of two ACOs with different cut-off days the later designation.
    let mut aligned: Option<(Day, &Aco)> = None;
    for aco in &world.acos {
        if let Some(designation) = in_force(world, life, year, aco)
            && world.acos_of_tin(designation.tin) == [aco.id]
            && designee_counts(world, designation)
            && (world.py >= 2019 || is_served(world, life, year, aco))
            && eligible(aco)
            && life.stays_on(year)
            && aligned.is_none_or(|(day, _)| designation.on > day)
        {
            aligned = Some((designation.on, aco));
        }
    }
    if let Some((_, aco)) = aligned {
        let won = won_by(aco);
        return Some(Assigned { aco, basis: if won.is_some() { "both" } else { "voluntary" }, won });
    }
    for prospective in [true, false] {
        for aco in world.acos.iter().filter(|aco| aco.prospective == prospective) {
            let won = won_by(aco);
            let stays = !prospective || life.stays_on(year);
            if won.is_some() && eligible(aco) && stays && !is_blocked(world, life, year, aco) {
                return Some(Assigned { aco, basis: "claims", won });
            }
        }
    }
    None
}

/// The designation in force on an ACO's cut-off day.
fn in_force<'l>(world: &World, life: &'l Life, year: i32, aco: &Aco) -> Option<&'l Designation> {
    let day = law::cutoff(world.py, year, aco.start);
    let made = life.designations.iter().filter(|designation| designation.on <= day);
    let latest = made.max_by_key(|designation| designation.on)?;
    (year >= 2018 && latest.ended.is_none_or(|ended| ended >= day)).then_some(latest)
}

/// In 2018 only some kinds of clinicians.
fn designee_counts(world: &World, designation: &Designation) -> bool {
    let (py, specialty) = (world.py, designation.specialty);
    py >= 2019
        || law::is_primary_care_physician(py, specialty)
        || law::is_listed_specialist(py, specialty)
        || law::is_practitioner(specialty)
}

/// Whether an ACO's physician of M.A.4 gave a primary care service.
fn is_served(world: &World, life: &Life, year: i32, aco: &Aco) -> bool {
    let span = Span::of(world, year, aco.prospective, false);
    services(world, life, span).iter().any(|service| is_of(service, aco.id) && is_physicians(world, service))
}

fn is_blocked(world: &World, life: &Life, year: i32, aco: &Aco) -> bool {
    in_force(world, life, year, aco).is_some_and(|designation| {
        let acos = world.acos_of_tin(designation.tin);
        !acos.contains(&aco.id) && designee_counts(world, designation)
    })
}

fn is_of(service: &Service, entity: &str) -> bool {
    service.owner == Owner::Entity(entity.to_owned())
}

/// Whether a service passes the pre-step.
fn is_physicians(world: &World, service: &Service) -> bool {
    if world.py <= 2015 { service.physician } else { service.primary_care_physician || service.specialist }
}

/// The winner of a window among all entities, if it is an ACO that may win.
fn plurality(world: &World, life: &Life, year: i32, prospective: bool) -> Option<Won> {
    let in_window = services(world, life, Span::of(world, year, prospective, false));
    let in_window: Vec<Service> = in_window.into_iter().filter(|s| s.owner != Owner::Shared).collect();
    let aco_ids: Vec<&str> = world.acos.iter().map(|aco| aco.id).collect();
    let passes = |aco: &str, all: &[Service]| all.iter().any(|s| is_of(s, aco) && is_physicians(world, s));
    if aco_ids.iter().any(|aco| passes(aco, &in_window)) {
        let early = world.py <= 2015;
        let first: fn(&Service) -> bool =
            if early { |s| s.primary_care_physician } else { |s| s.primary_care_physician || s.practitioner };
        let second: fn(&Service) -> bool = if early { |s| s.physician || s.practitioner } else { |s| s.specialist };
        let step = if in_window.iter().any(first) { 1 } else { 2 };
        let won = compare(world, life, year, &in_window, if step == 1 { first } else { second }, step)?;
        let may_win = aco_ids.contains(&won.entity.as_str()) && passes(&won.entity, &in_window);
        return may_win.then_some(won);
    }
    if world.py < 2025 {
        return None;
    }
    let expanded = services(world, life, Span::of(world, year, prospective, true));
    let expanded: Vec<Service> = expanded.into_iter().filter(|s| s.owner != Owner::Shared).collect();
    let won = compare(world, life, year, &expanded, |s| s.primary_care_physician || s.practitioner || s.specialist, 3)?;
    let first = Span::of(world, year, prospective, false).first;
    let practitioner = expanded.iter().any(|s| is_of(s, &won.entity) && s.practitioner && s.day >= first);
    let may_win = aco_ids.contains(&won.entity.as_str()) && practitioner && passes(&won.entity, &expanded);
    may_win.then_some(won)
}

/// Sums by entity and finds the largest; ties by recency, then by chance (M.A.6.2, M.A.6.6).
fn compare(
    world: &World,
    life: &Life,
    year: i32,
    all: &[Service],
    counts: fn(&Service) -> bool,
    step: i64,
) -> Option<Won> {
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for service in all.iter().filter(|service| counts(service)) {
        if let Owner::Entity(entity) = &service.owner {
            *sums.entry(entity.clone()).or_default() += service.cents;
        }
    }
    let most = *sums.values().max()?;
    if most <= 0 {
        return None;
    }
    let mut left: Vec<String> = sums.iter().filter(|(_, cents)| **cents == most).map(|(id, _)| id.clone()).collect();
    let mut tie = "";
    let latest =
        |entity: &str, of: fn(&Service) -> bool| all.iter().filter(|s| is_of(s, entity) && of(s)).map(|s| s.day).max();
    let primary: fn(&Service) -> bool = |s| s.primary_care_physician || s.practitioner;
    let listed: fn(&Service) -> bool = |s| s.specialist && !s.clinic;
    for (name, of) in [("primary", primary), ("specialist", listed)] {
        if left.len() > 1 {
            let best = left.iter().map(|entity| latest(entity, of)).max().flatten();
            left.retain(|entity| latest(entity, of) == best);
            tie = name;
        }
    }
    if left.len() > 1 {
        left.sort_by_key(|entity| {
            let text = format!("{}|{}|{year}|{}|{entity}", world.seed, world.py, life.id);
            Sha256::digest(text.as_bytes())[..8].to_vec()
        });
        tie = "random";
    }
    let entity = left.swap_remove(0);
    let mut others: Vec<(String, i64)> = sums.into_iter().filter(|(id, _)| *id != entity).collect();
    others.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    Some(Won { entity, step, cents: most, next: others.into_iter().next(), tie })
}

/// `all`, or whether the life is new to the ACO (M.A.8.1); asked of the ACO's own years only.
pub(super) fn cohort(world: &World, life: &Life, year: i32, aco: &Aco) -> &'static str {
    if aco.start >= (2019, 7, 1) || !own_years(world, aco).contains(&year) {
        return "all";
    }
    let before = assigned(world, life, year - 1).is_some_and(|before| before.aco.id == aco.id);
    let span = Span::of(world, year - 1, aco.prospective, false);
    let served = services(world, life, span).iter().any(|service| service.acos.contains(&aco.id));
    if before || served { "continuously" } else { "newly" }
}

/// Whether a month is eligible for expenditures (M.B.2.1).
pub(super) fn is_expenditure_month(life: &Life, month: (i32, i32)) -> bool {
    let plan = life.code(month, |year| &year.plan);
    life.is_alive_on_the_first(month) && is_both(life.code(month, |year| &year.buyin)) && !is_plan(plan)
}

/// County of the last eligible month of the year that has one (M.D.1.2), failing that of the last month alive; blank: unknown.
pub(super) fn county(life: &Life, year: i32) -> &'static str {
    let latest = |counts: &dyn Fn((i32, i32)) -> bool| {
        let months = (1..=12).rev().map(|month| (year, month)).filter(|month| counts(*month));
        let mut known = months.map(|month| life.code(month, |year| &year.county)).filter(|county| !county.is_empty());
        known.next()
    };
    let eligible = latest(&|month| is_expenditure_month(life, month));
    eligible.or_else(|| latest(&|month| life.is_alive_on_the_first(month))).unwrap_or("")
}

/// Whether a life is assignable by a window (M.A.8.2).
pub(super) fn is_assignable(world: &World, life: &Life, year: i32, prospective: bool) -> bool {
    let physicians = |s: &Service| (s.primary_care_physician || s.specialist) && (!s.clinic || world.py >= 2019);
    let in_window = services(world, life, Span::of(world, year, prospective, false));
    if in_window.iter().any(physicians) {
        return true;
    }
    let expanded = services(world, life, Span::of(world, year, prospective, true));
    let first = Span::of(world, year, prospective, false).first;
    let practitioner = expanded.iter().any(|s| s.practitioner && s.day >= first);
    world.py >= 2025 && practitioner && expanded.iter().any(physicians)
}

/// An ACO's own years: the performance year and the three before the agreement.
pub(super) fn own_years(world: &World, aco: &Aco) -> BTreeSet<i32> {
    (1..=3).map(|back| aco.start.0 - back).chain([world.py]).collect()
}

/// Calendar years that have a list.
pub(super) fn list_years(world: &World) -> BTreeSet<i32> {
    world.acos.iter().flat_map(|aco| own_years(world, aco)).collect()
}
