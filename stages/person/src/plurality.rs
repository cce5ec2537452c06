//! Who serves a life most: sums of allowed charges (or of visits) by entity, and the comparison of a step (M.A.6).

use crate::columns::NO_DAY;
use crate::context::{Care, Context, OWN, SHARED, Span, class, flag};
use crate::life::{Life, Source, Visit};
use crate::views::{NO_CLINICIAN, unpack};
use sha2::{Digest, Sha256};

/// Sums that are compared: those of step 1, step 2 and step 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    First = 0,
    Second = 1,
    Third = 2,
}

/// An entity that competes for a life, with what it did in a window.
#[derive(Clone, Debug)]
pub(crate) struct Rival {
    /// ACO of the study, or [`OWN`].
    pub(crate) aco: u32,
    pub(crate) facility: bool,
    pub(crate) text: u128,
    pub(crate) sums: [i64; 3],
    /// Steps in which it has a service.
    pub(crate) served: [bool; 3],
    /// Whether a service passes the pre-step.
    pub(crate) physician: bool,
    pub(crate) practitioner: bool,
    pub(crate) last_primary: i32,
    pub(crate) last_listed: i32,
}

impl Rival {
    /// Whether it is this ACO or, of [`OWN`], this practice or facility.
    #[inline]
    pub(crate) fn is(&self, aco: u32, text: u128, facility: bool) -> bool {
        self.aco == aco && (aco != OWN || (self.text == text && self.facility == facility))
    }

    /// Whether it has a service of a step.
    pub(crate) fn served(&self, step: Step) -> bool {
        self.served[step as usize]
    }
}

/// What a window's services say before anyone is compared.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reach {
    /// Served by a physician of A.4 (M.A.8.2), shared practices included.
    pub(crate) physician: bool,
    pub(crate) practitioner: bool,
}

/// The outcome of a comparison.
#[derive(Clone, Debug)]
pub(crate) struct Comparison {
    pub(crate) winner: usize,
    pub(crate) step: Step,
    /// Cents, or visits where these are counted.
    pub(crate) winner_sum: i64,
    pub(crate) runner_up: Option<(String, i64)>,
    /// Where the runner-up stands among the rivals.
    pub(crate) second: Option<usize>,
    pub(crate) tie: Option<&'static str>,
}

/// Part of a window in which services count, and what is known of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    pub(crate) span: Span,
    /// Whether the window touches the emergency.
    pub(crate) touches: bool,
    /// Last day of processing that the list could know (M.A.2.5).
    pub(crate) known_through: i32,
}

impl Scope {
    /// Whether a stay, if there is one, was known when the list was made.
    pub(crate) fn knows(&self, processed: Option<i32>) -> bool {
        processed.is_some_and(|day| day <= self.known_through)
    }
}

/// Adds up a window's services by entity.
pub(crate) fn gather(context: &Context, at: usize, life: &Life, scope: Scope, rivals: &mut Vec<Rival>) -> Reach {
    rivals.clear();
    let performance = &context.performances[at];
    let mut reach = Reach::default();
    let mut days = Vec::new();
    for (index, visit) in life.visits.iter().enumerate() {
        let month = i32::from(visit.month);
        if month < scope.span.first || month > scope.span.last || visit.processed > scope.known_through {
            continue;
        }
        let classes = classes(context, at, life, index, scope);
        if classes == 0 {
            continue;
        }
        let clinic = visit.source == Source::Clinic;
        if !clinic || performance.care.clinics_assignable {
            reach.physician |= classes & (class::PRIMARY | class::LISTED) != 0;
            reach.practitioner |= classes & class::PRACTITIONER != 0;
        }
        let member = if visit.facility { &performance.field.ccns } else { &performance.field.tins };
        let aco = member.of(visit.biller.participant);
        if aco != SHARED {
            add(rivals, context, &performance.care, aco, visit, classes, performance.care.visits.then_some(&mut days));
        }
    }
    reach
}

/// A day on which a practice or facility saw the life, and the steps in which it already counts.
struct Seen {
    biller: u128,
    facility: bool,
    day: i32,
    steps: u8,
}

/// 1 for a biller's first service of a day in a step, then 0: what is done at one place on one day is one visit.
fn visits(days: &mut Vec<Seen>, visit: &Visit, step: usize) -> i64 {
    let same =
        |seen: &&mut Seen| seen.biller == visit.biller.text && seen.facility == visit.facility && seen.day == visit.day;
    let bit = 1 << step;
    match days.iter_mut().find(same) {
        Some(seen) => {
            let first = seen.steps & bit == 0;
            seen.steps |= bit;
            i64::from(first)
        }
        None => {
            let (biller, facility) = (visit.biller.text, visit.facility);
            days.push(Seen { biller, facility, day: visit.day, steps: bit });
            1
        }
    }
}

/// Adds a service to its entity; `days` where visits are counted rather than charges added.
fn add(
    rivals: &mut Vec<Rival>,
    context: &Context,
    care: &Care,
    aco: u32,
    visit: &Visit,
    classes: u8,
    mut days: Option<&mut Vec<Seen>>,
) {
    let same = |rival: &Rival| rival.is(aco, visit.biller.text, visit.facility);
    let at = rivals.iter().position(same).unwrap_or_else(|| {
        let text = if aco == OWN { visit.biller.text } else { context.aco_texts[aco as usize] };
        let facility = aco == OWN && visit.facility;
        rivals.push(Rival {
            aco,
            facility,
            text,
            sums: [0; 3],
            served: [false; 3],
            physician: false,
            practitioner: false,
            last_primary: NO_DAY,
            last_listed: NO_DAY,
        });
        rivals.len() - 1
    });
    let rival = &mut rivals[at];
    for (step, members) in members(care).into_iter().enumerate() {
        if classes & members != 0 {
            rival.served[step] = true;
            rival.sums[step] += match &mut days {
                None => visit.allowed,
                Some(days) => visits(days, visit, step),
            };
        }
    }
    rival.physician |= classes & care.pre_step != 0;
    rival.practitioner |= classes & class::PRACTITIONER != 0;
    if classes & (class::PRIMARY | class::PRACTITIONER) != 0 {
        rival.last_primary = rival.last_primary.max(visit.day);
    }
    if classes & class::LISTED != 0 && visit.source != Source::Clinic {
        rival.last_listed = rival.last_listed.max(visit.day);
    }
}

/// The classes of clinicians whose services each step adds up (M.A.6).
#[inline]
pub(crate) fn members(care: &Care) -> [u8; 3] {
    [care.step_1, care.step_2, class::PRIMARY | class::LISTED | class::PRACTITIONER]
}

/// Classes of the clinician of a primary care service; 0 where it is none.
pub(crate) fn classes(context: &Context, at: usize, life: &Life, index: usize, scope: Scope) -> u8 {
    let performance = &context.performances[at];
    let visit = &life.visits[index];
    if visit.source == Source::Clinic {
        return clinic(context, at, life, index, scope);
    }
    let classes = performance.care.classes[usize::from(visit.specialty)];
    if classes == 0 || !is_primary_care(context, at, life, index, scope) {
        return 0;
    }
    classes
}

/// Whether a visit is a primary care service of the window, whoever gave it (M.A.5).
pub(crate) fn is_service(context: &Context, at: usize, life: &Life, index: usize, scope: Scope) -> bool {
    match life.visits[index].source {
        Source::Clinic => clinic_serves(context, at, life, index, scope),
        _ => is_primary_care(context, at, life, index, scope),
    }
}

/// Whether a line is a primary care service of the window (M.A.5).
fn is_primary_care(context: &Context, at: usize, life: &Life, index: usize, scope: Scope) -> bool {
    let care = &context.performances[at].care;
    let visit = &life.visits[index];
    let flags = care.flags[usize::from(visit.code)];
    if !is_listed(context, care, visit, scope) {
        return false;
    }
    match visit.source {
        Source::Teaching(years) => {
            let day = context.eta_unlisted.partition_point(|(from, _)| *from <= visit.day);
            let unlisted = day > 0 && context.eta_unlisted[day - 1].1.contains(&visit.code);
            if years >> at & 1 == 0 || unlisted {
                return false;
            }
        }
        _ if flags & flag::ETA_ONLY != 0 => return false,
        _ => {}
    }
    let in_snf = if care.snf_by_stay { scope.knows(visit.in_snf) } else { visit.place & care.snf_places != 0 };
    let excluded = (flags & flag::SNF != 0 && in_snf)
        || (flags & flag::INPATIENT != 0 && scope.knows(visit.in_hospital))
        || (flags & flag::HOME != 0 && care.home_places != 0 && visit.place & care.home_places == 0);
    !excluded && (flags & flag::PROLONGED == 0 || has_base(context, care, life, index, scope))
}

/// Whether a code is on the list for a service of this day in this window.
pub(crate) fn is_listed(context: &Context, care: &Care, visit: &Visit, scope: Scope) -> bool {
    let code = usize::from(visit.code);
    let flags = care.flags[code];
    let last_day = || context.time.day_of(scope.span.last + 1) - 1;
    (flags & flag::LISTED != 0 && (care.effective[code] == i32::MIN || care.effective[code] <= last_day()))
        || (flags & flag::EMERGENCY != 0 && scope.touches)
        || (flags & flag::AFTER_EMERGENCY != 0
            && visit.day > context.emergency_last_day
            && visit.day <= care.after_through)
}

/// Whether another line of the same claim and day carries a listed code that is no add-on itself (M.A.5.3).
pub(crate) fn has_base(context: &Context, care: &Care, life: &Life, index: usize, scope: Scope) -> bool {
    let visit = &life.visits[index];
    let same = |other: &Visit| other.claim == visit.claim && other.source == visit.source;
    let is_base = |other: &Visit| {
        other.day == visit.day
            && care.flags[usize::from(other.code)] & flag::PROLONGED == 0
            && is_listed(context, care, other, scope)
    };
    let before = life.visits[..index].iter().rev().take_while(|other| same(other));
    let after = life.visits[index + 1..].iter().take_while(|other| same(other));
    before.chain(after).any(is_base)
}

/// Whether a clinic's claim is a primary care service (M.A.5, M.A.7): from 2019 as a whole, before by a listed line.
pub(crate) fn clinic_serves(context: &Context, at: usize, life: &Life, index: usize, scope: Scope) -> bool {
    let care = &context.performances[at].care;
    let visit = &life.visits[index];
    let mut lines = life.clinic_lines.iter().filter(|line| line.0 as usize == index);
    let flags = |code: u16| care.flags[usize::from(code)];
    if care.clinics_whole {
        let in_snf = care.snf_clinics && scope.knows(visit.in_snf);
        return !(in_snf && lines.any(|line| flags(line.1) & flag::SNF != 0));
    }
    let listed = |code: u16| flags(code) & flag::LISTED != 0 && flags(code) & flag::ETA_ONLY == 0;
    lines.any(|line| listed(line.1) || line.2 >> at & 1 == 1)
}

/// Class of a clinic's claim (M.A.7): from 2019 a primary care physician's, before by attestation.
fn clinic(context: &Context, at: usize, life: &Life, index: usize, scope: Scope) -> u8 {
    let performance = &context.performances[at];
    let visit = &life.visits[index];
    if !clinic_serves(context, at, life, index, scope) {
        return 0;
    }
    if performance.care.clinics_whole {
        return class::PRIMARY;
    }
    let aco = performance.field.ccns.of(visit.biller.participant);
    if visit.clinician == NO_CLINICIAN || aco == OWN || aco == SHARED {
        return 0;
    }
    let clinician = (visit.clinician, aco);
    if context.clinicians.attested[at].contains(&clinician) {
        class::PRIMARY
    } else if context.clinicians.professionals[at].contains(&clinician) {
        performance.care.practitioner
    } else {
        0
    }
}

/// Compares the sums of a step; `None` where nobody has a positive sum or, if that is asked for, more than half of all.
pub(crate) fn compare(rivals: &[Rival], step: Step, majority: bool, draw: impl Fn(&str) -> u64) -> Option<Comparison> {
    let at = step as usize;
    let running = || rivals.iter().enumerate().filter(|(_, rival)| rival.served[at]);
    let most = running().map(|(_, rival)| rival.sums[at]).max().filter(|sum| *sum > 0)?;
    if majority && 2 * i128::from(most) <= running().map(|(_, rival)| i128::from(rival.sums[at])).sum() {
        return None;
    }
    // Each criterion leaves fewer; nothing is drawn, or allocated, unless it must be.
    let first = || running().filter(|(_, rival)| rival.sums[at] == most);
    let primary = first().map(|(_, rival)| rival.last_primary).max()?;
    let second = || first().filter(|(_, rival)| rival.last_primary == primary);
    let listed = second().map(|(_, rival)| rival.last_listed).max()?;
    let third = || second().filter(|(_, rival)| rival.last_listed == listed);
    let (tie, winner) = match (first().count(), second().count(), third().count()) {
        (1, _, _) => (None, first().next()),
        (_, 1, _) => (Some("primary"), second().next()),
        (_, _, 1) => (Some("specialist"), third().next()),
        _ => (Some("random"), third().min_by_key(|(_, rival)| (draw(&unpack(rival.text)), rival.text))),
    };
    let winner = winner?.0;
    let second = running()
        .filter(|(index, _)| *index != winner)
        .max_by(|(_, a), (_, b)| a.sums[at].cmp(&b.sums[at]).then(b.text.cmp(&a.text)));
    let runner_up = second.map(|(_, rival)| (unpack(rival.text), rival.sums[at]));
    Some(Comparison { winner, step, winner_sum: most, runner_up, second: second.map(|(index, _)| index), tie })
}

/// The draw of a random tie: the first eight bytes of SHA-256 of `seed|performance_year|calendar_year|bene_id|entity`.
pub(crate) fn draw(seed: u64, performance_year: i32, calendar_year: i32, bene_id: &str, entity: &str) -> u64 {
    let digest = Sha256::digest(format!("{seed}|{performance_year}|{calendar_year}|{bene_id}|{entity}"));
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}
