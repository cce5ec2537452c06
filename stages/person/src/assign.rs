//! Assignment of one life in one calendar year of one performance year (M.A).

mod absence;
mod given;
mod near;

pub(crate) use absence::{Why, why_not};
pub(crate) use given::{take_given, why_not_there};
pub(crate) use near::{Near, overtakes};

use crate::context::{AcoYear, Context, Designation, Elsewhere, List, NOBODY, OWN, SHARED, Span, Window, class};
use crate::life::Life;
use crate::plurality::{Comparison, Reach, Rival, Scope, Step, compare, draw, gather, is_service};
use acoledger_schemas::values::Basis;

/// A life's place on an ACO's list.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) aco: u32,
    pub(crate) basis: Basis,
    /// Why the claims led there; `None` when they did not.
    pub(crate) comparison: Option<Comparison>,
    /// Where the agreement keeps cohorts apart: whether newly assigned.
    pub(crate) newly: Option<bool>,
}

/// What a calendar year of a performance year says about a life.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// Assignable by the calendar year, and by the prospective window (M.A.8.2).
    pub(crate) assignable: [bool; 2],
    pub(crate) place: Option<Place>,
    /// By method: the ACO that is second and would take the life if it were first.
    pub(crate) near: [Option<Near>; 2],
}

/// Buffers that every call uses again.
#[derive(Default)]
pub(crate) struct Scratch {
    rivals: [Vec<Rival>; 2],
    expanded: Vec<Rival>,
}

/// One question: which performance year, which calendar year, which life.
pub(crate) struct Case<'c> {
    pub(crate) context: &'c Context,
    pub(crate) at: usize,
    pub(crate) list: &'c List,
    pub(crate) life: &'c Life,
    pub(crate) elsewhere: &'c [Elsewhere],
    pub(crate) designations: &'c [Designation],
}

/// A designation's effect on an ACO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Designated {
    No,
    /// To this ACO.
    Here,
    /// To somebody else: no claims lead here (M.A.3.3).
    Outside,
}

/// The claims-based winner of a window: an ACO, and the comparison that it won.
pub(crate) type Winner = Option<(u32, Comparison)>;

/// What the services of a window came to.
pub(crate) struct Weighed {
    /// Whether its services make the life assignable.
    pub(crate) assignable: bool,
    /// The comparison that was made, whoever won it; `None` where nobody could.
    pub(crate) comparison: Option<Comparison>,
    /// The ACO that the comparison leads to.
    pub(crate) leads_to: Option<u32>,
}

impl Weighed {
    pub(crate) fn winner(self) -> Winner {
        self.leads_to.zip(self.comparison)
    }
}

/// Decides one list. `before` is the life's place in the year before, where cohorts need it.
pub(crate) fn assign(
    context: &Context,
    at: usize,
    list_at: usize,
    life: &Life,
    scratch: &mut Scratch,
    before: Option<&Place>,
) -> Outcome {
    let performance = &context.performances[at];
    let list = &performance.field.lists[list_at];
    let windows = &performance.windows[list_at];
    let case = Case::new(context, at, list_at, life);
    let mut outcome = Outcome::default();
    let mut winners: [Winner; 2] = [None, None];
    let mut seconds: [Option<Near>; 2] = [None, None];
    for (method, window) in windows.iter().enumerate() {
        if let Some(window) = window {
            let weighed = case.window(method, *window, &mut scratch.rivals[method], &mut scratch.expanded);
            outcome.assignable[method] = weighed.assignable;
            seconds[method] = case.second(&weighed, &scratch.rivals[method], &scratch.expanded);
            winners[method] = weighed.winner();
        }
    }
    let Some(slot) = context.time.at(list.year) else { return outcome };
    if !life.enrollment.alive_in(slot) {
        return outcome;
    }
    let eligible = case.eligible(windows);
    let voluntary = case.voluntary(eligible, &scratch.rivals);
    let mut place = match voluntary {
        Some(aco) => {
            // The claims lead there when the ACO wins its own window, whatever other lists would take first.
            let method = case.aco(aco).map_or(0, |terms| usize::from(terms.prospective));
            let led = winners[method].take().filter(|(led, _)| *led == aco);
            let basis = if led.is_some() { Basis::Both } else { Basis::Voluntary };
            Some(Place { aco, basis, comparison: led.map(|(_, comparison)| comparison), newly: None })
        }
        None => case.claims(&winners, eligible).map(|(aco, comparison)| Place {
            aco,
            basis: Basis::Claims,
            comparison: Some(comparison),
            newly: None,
        }),
    };
    if let Some(place) = &mut place
        && let Some(aco) = &list.acos[place.aco as usize]
        && aco.cohorts
    {
        let here_before = before.is_some_and(|before| before.aco == place.aco);
        place.newly = Some(!here_before && !case.served_before(place.aco, aco.prospective));
    }
    outcome.near = case.within_reach(seconds, eligible, place.as_ref());
    outcome.place = place;
    outcome
}

impl<'c> Case<'c> {
    /// The question of a list, by its position among those of the performance year.
    pub(crate) fn new(context: &'c Context, at: usize, list_at: usize, life: &'c Life) -> Case<'c> {
        let list = &context.performances[at].field.lists[list_at];
        Case { context, at, list, life, elsewhere: &life.elsewhere, designations: &life.designations }
    }

    pub(crate) fn aco(&self, aco: u32) -> Option<&AcoYear> {
        self.list.acos.get(aco as usize).and_then(Option::as_ref)
    }

    /// Who wins a window, and whether its services make the life assignable.
    pub(crate) fn window(
        &self,
        method: usize,
        window: Window,
        rivals: &mut Vec<Rival>,
        expanded: &mut Vec<Rival>,
    ) -> Weighed {
        let known_through = self.known_through(self.list.year, method == 1);
        let scope = Scope { span: window.span, touches: window.touches, known_through };
        let reach = gather(self.context, self.at, self.life, scope, rivals);
        let draw = |entity: &str| {
            let year = self.context.performances[self.at].year;
            draw(self.context.seed, year, self.list.year, &self.life.bene_id, entity)
        };
        let majority = self.context.performances[self.at].care.majority;
        let passed = |rival: &Rival| rival.aco != OWN && rival.physician;
        if rivals.iter().any(passed) {
            let first = compare(rivals, Step::First, majority, draw);
            let anybody = rivals.iter().any(|rival| rival.served(Step::First));
            let comparison = if anybody { first } else { compare(rivals, Step::Second, majority, draw) };
            let winner = comparison.as_ref().map(|comparison| &rivals[comparison.winner]);
            let leads_to = winner.filter(|rival| passed(rival)).map(|rival| rival.aco);
            let assignable = reach.physician || self.widely(window, reach, known_through, expanded);
            return Weighed { assignable, comparison, leads_to };
        }
        let Some((span, touches)) = window.expanded else {
            return Weighed { assignable: reach.physician, comparison: None, leads_to: None };
        };
        let wide = gather(self.context, self.at, self.life, Scope { span, touches, known_through }, expanded);
        let assignable = reach.physician || (reach.practitioner && wide.physician);
        let comparison = compare(expanded, Step::Third, majority, draw);
        let winner = comparison.as_ref().map(|comparison| &expanded[comparison.winner]);
        let leads_to = winner.map(|rival| rival.aco).filter(|aco| {
            let practitioner = rivals.iter().any(|near| near.aco == *aco && near.practitioner);
            *aco != OWN && winner.is_some_and(|rival| rival.physician) && practitioner
        });
        Weighed { assignable, comparison, leads_to }
    }

    /// Last day of processing that the list of a year could know: its run-out, for a prospective list the eve of its year
    /// (M.A.2.5). All claims of the window up to that day, also those too late for the payments of their own year.
    pub(crate) fn known_through(&self, year: i32, prospective: bool) -> i32 {
        let (time, law) = (&self.context.time, &self.context.spend);
        let eve = || time.day_of((year - time.first_year) * 12) - 1;
        let run_out = time.at(year).map_or(i32::MAX, |at| law.known_through[at]);
        if prospective { run_out.min(eve()) } else { run_out }
    }

    /// Whether the expanded window makes assignable whom the twelve months do not (M.A.8.2).
    fn widely(&self, window: Window, reach: Reach, known_through: i32, expanded: &mut Vec<Rival>) -> bool {
        match window.expanded {
            Some((span, touches)) if reach.practitioner => {
                gather(self.context, self.at, self.life, Scope { span, touches, known_through }, expanded).physician
            }
            _ => false,
        }
    }

    /// Eligibility (M.A.1) by method: over the window, and for prospective lists over the year too (M.A.1.6). The third
    /// value is the year's alone.
    pub(crate) fn eligible(&self, windows: &[Option<Window>; 2]) -> [bool; 3] {
        let first = (self.list.year - self.context.time.first_year) * 12;
        let year = Span { first, last: first + 11 };
        let in_year = self.life.enrollment.eligible(year);
        let over = |window: &Option<Window>| window.is_some_and(|w| self.life.enrollment.eligible(w.judged));
        [over(&windows[0]), in_year && over(&windows[1]), in_year]
    }

    /// Whether an alignment elsewhere excludes the life from an ACO's list (M.A.1.3).
    pub(crate) fn excluded(&self, aco: &AcoYear) -> bool {
        self.elsewhere.iter().any(|row| row.year == self.list.year && row.decided < aco.decided_before)
    }

    /// The designation in force at a cut-off (M.A.3.5).
    pub(crate) fn in_force(&self, cutoff: i32) -> Option<&Designation> {
        let latest = self.designations.iter().filter(|row| row.on <= cutoff).max_by_key(|row| row.on)?;
        (latest.ended >= cutoff).then_some(latest)
    }

    pub(crate) fn designated(&self, aco: u32, terms: &AcoYear) -> Designated {
        let Some(designation) = self.in_force(terms.cutoff) else { return Designated::No };
        let performance = &self.context.performances[self.at];
        if !performance.any_designee && !self.is_kind(designation.specialty) {
            return Designated::No;
        }
        if performance.field.tins.holds(designation.tin, aco) { Designated::Here } else { Designated::Outside }
    }

    /// Whether a designee is of the kinds that performance year 2018 asks for (M.A.3.2).
    pub(crate) fn is_kind(&self, specialty: u8) -> bool {
        let classes = self.context.performances[self.at].care.classes[usize::from(specialty)];
        classes & (class::PRIMARY | class::LISTED | class::PRACTITIONER) != 0
    }

    /// The ACO that a designation leads to (M.A.3).
    pub(crate) fn voluntary(&self, eligible: [bool; 3], rivals: &[Vec<Rival>; 2]) -> Option<u32> {
        let performance = &self.context.performances[self.at];
        for cutoff in &self.list.cutoffs {
            let Some(designation) = self.in_force(*cutoff) else { continue };
            let aco = match performance.field.tins.of(designation.tin) {
                // A practice of several ACOs says nothing about which of them.
                _ if designation.tin == NOBODY => continue,
                SHARED => continue,
                aco => aco,
            };
            let Some(terms) = self.aco(aco).filter(|terms| terms.cutoff == *cutoff) else { continue };
            let method = usize::from(terms.prospective);
            let served = |rival: &Rival| rival.aco == aco && rival.physician;
            let accepted = performance.any_designee || rivals[method].iter().any(served);
            let here = self.designated(aco, terms) == Designated::Here;
            if here && accepted && eligible[method] && eligible[2] && !self.excluded(terms) {
                return Some(aco);
            }
        }
        None
    }

    /// The ACO that the claims lead to: prospective lists first, then retrospective ones (M.A.2.4).
    pub(crate) fn claims(&self, winners: &[Winner; 2], eligible: [bool; 3]) -> Winner {
        for method in [1, 0] {
            let Some((aco, comparison)) = &winners[method] else { continue };
            let Some(terms) = self.aco(*aco) else { continue };
            let open = self.designated(*aco, terms) != Designated::Outside;
            if usize::from(terms.prospective) == method && eligible[method] && open && !self.excluded(terms) {
                return Some((*aco, comparison.clone()));
            }
        }
        None
    }

    /// Whether any participant of an ACO gave the life a primary care service in the window of the year before (M.A.8.1).
    fn served_before(&self, aco: u32, prospective: bool) -> bool {
        let performance = &self.context.performances[self.at];
        let before = performance.field.lists.iter().position(|list| list.year == self.list.year - 1);
        let Some(window) = before.and_then(|at| performance.windows[at][usize::from(prospective)]) else {
            return false;
        };
        let known_through = self.known_through(self.list.year - 1, prospective);
        let scope = Scope { span: window.span, touches: window.touches, known_through };
        self.life.visits.iter().enumerate().any(|(index, visit)| {
            let month = i32::from(visit.month);
            let member = if visit.facility { &performance.field.ccns } else { &performance.field.tins };
            (window.span.first..=window.span.last).contains(&month)
                && visit.processed <= known_through
                && member.holds(visit.biller.participant, aco)
                && is_service(self.context, self.at, self.life, index, scope)
        })
    }
}
