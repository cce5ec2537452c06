//! One window as it was judged: eligibility, entities, the rows behind them. The judgement is [`Case::window`]'s.

use super::rows::day;
use super::story::{Candidate, Condition, ThirdStory, Verdict, WindowLine, WindowStory};
use crate::assign::{Case, Weighed};
use crate::context::{OWN, SHARED, Span, Window, class, flag};
use crate::life::{Source, Visit};
use crate::plurality::{Rival, Scope, Step, classes, clinic_serves, has_base, is_listed, members};
use crate::views::unpack;

/// A window with what the kernel made of it.
pub(super) struct Judged {
    pub(super) story: WindowStory,
    pub(super) weighed: Weighed,
    /// Entities of the window's own months.
    pub(super) rivals: Vec<Rival>,
}

/// Judges a window with the kernel, and tells what it saw.
pub(super) fn judge(case: &Case<'_>, method: usize, window: Window, of_visit: &[usize]) -> Judged {
    let (mut rivals, mut expanded) = (Vec::new(), Vec::new());
    let weighed = case.window(method, window, &mut rivals, &mut expanded);
    let passed = rivals.iter().any(|rival| rival.aco != OWN && rival.physician);
    let wide = window.expanded.filter(|_| !passed);
    let step = match (&weighed.comparison, wide) {
        (Some(comparison), _) => Some(comparison.step),
        (None, Some(_)) => Some(Step::Third),
        (None, None) if !passed => None,
        (None, None) if rivals.iter().any(|rival| rival.served(Step::First)) => Some(Step::First),
        (None, None) => Some(Step::Second),
    };
    let known_through = case.known_through(case.list.year, method == 1);
    let first = case.context.time.first_year * 12;
    let months = |span: Span| (first + span.first, first + span.last);
    let winner = weighed.comparison.as_ref().map(|comparison| comparison.winner);
    let block = |field: &[Rival], step, (span, touches), winner: Option<usize>| {
        let order = order(field, step);
        let told = order.iter().map(|at| {
            let near = rivals.iter().find(|rival| rival.is(field[*at].aco, field[*at].text, field[*at].facility));
            candidate(&field[*at], near, winner == Some(*at))
        });
        let mut candidates: Vec<Candidate> = told.collect();
        let scope = Scope { span, touches, known_through };
        let lines = lines(case, scope, field, &order, of_visit, &mut candidates);
        (candidates, lines)
    };
    let own = (window.span, window.touches);
    let (candidates, lines) = match wide {
        None => block(&rivals, step, own, winner),
        Some(_) => block(&rivals, None, own, None),
    };
    let third = wide.map(|wide| {
        let (mut candidates, mut lines) = block(&expanded, Some(Step::Third), wide, winner);
        candidates.iter_mut().for_each(|candidate| candidate.sums[..2].fill(None));
        lines.iter_mut().for_each(|line| line.steps.retain(|step| *step == Step::Third as u8 + 1));
        ThirdStory { months: months(wide.0), candidates, lines }
    });
    let story = WindowStory {
        window: if method == 1 { "prospective" } else { "retrospective" },
        months: months(window.span),
        judged: months(window.judged),
        expanded: window.expanded.map(|(span, _)| months(span)),
        known_through: (known_through != i32::MAX).then(|| day(known_through)).flatten(),
        conditions: conditions(case, window.judged),
        assignable: weighed.assignable,
        step: step.map(|step| step as u8 + 1),
        candidates,
        tie: weighed.comparison.as_ref().and_then(|comparison| comparison.tie),
        leads_to: weighed.leads_to.map(|aco| case.context.acos[aco as usize].clone()),
        lines,
        third,
    };
    Judged { story, weighed, rivals }
}

/// Entities by the sum of the compared step, the largest first; equal sums by name.
fn order(field: &[Rival], step: Option<Step>) -> Vec<usize> {
    let sum = |rival: &Rival| match step {
        Some(step) if rival.served(step) => rival.sums[step as usize],
        Some(_) => i64::MIN,
        None => rival.sums.iter().copied().max().unwrap_or(0),
    };
    let mut order: Vec<usize> = (0..field.len()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(sum(&field[*at])), field[*at].text));
    order
}

fn candidate(rival: &Rival, near: Option<&Rival>, wins: bool) -> Candidate {
    let sum = |at: usize| rival.served[at].then_some(rival.sums[at]);
    Candidate {
        entity: unpack(rival.text),
        kind: match (rival.aco, rival.facility) {
            (OWN, false) => "practice",
            (OWN, true) => "facility",
            _ => "aco",
        },
        billers: Vec::new(),
        sums: [sum(0), sum(1), sum(2)],
        passes: near.is_some_and(|near| near.physician),
        physician: rival.physician,
        practitioner: near.is_some_and(|near| near.practitioner),
        last_primary: day(rival.last_primary),
        last_listed: day(rival.last_listed),
        wins,
    }
}

/// Rows that may be services and lie in the window, each with what it counts as.
fn lines(
    case: &Case<'_>,
    scope: Scope,
    field: &[Rival],
    order: &[usize],
    of_visit: &[usize],
    candidates: &mut [Candidate],
) -> Vec<WindowLine> {
    let performance = &case.context.performances[case.at];
    let mut lines = Vec::new();
    for (index, visit) in case.life.visits.iter().enumerate() {
        if !(scope.span.first..=scope.span.last).contains(&i32::from(visit.month)) {
            continue;
        }
        let classes = classes(case.context, case.at, case.life, index, scope);
        let member = if visit.facility { &performance.field.ccns } else { &performance.field.tins };
        let aco = member.of(visit.biller.participant);
        let verdict = match classes {
            0 => why_not(case, scope, index),
            _ if visit.processed > scope.known_through => Verdict::ProcessedLater,
            _ if aco == SHARED => Verdict::SharedBiller,
            _ => verdict(classes),
        };
        let mut line = WindowLine { row: of_visit[index], candidate: None, steps: Vec::new(), verdict };
        if verdict.counts() {
            let is_its = |at: &usize| field[*at].is(aco, visit.biller.text, visit.facility);
            line.candidate = order.iter().position(is_its);
            let steps = members(&performance.care).into_iter().zip(1..);
            line.steps = steps.filter(|(members, _)| classes & members != 0).map(|(_, step)| step).collect();
            if let Some(at) = line.candidate {
                let (billers, biller) = (&mut candidates[at].billers, unpack(visit.biller.text));
                if !billers.contains(&biller) {
                    billers.push(biller);
                }
            }
        }
        lines.push(line);
    }
    lines.sort_by_key(|line| line.row);
    lines
}

fn verdict(classes: u8) -> Verdict {
    match classes {
        bits if bits & class::PRIMARY != 0 => Verdict::Primary,
        bits if bits & class::LISTED != 0 => Verdict::Specialist,
        bits if bits & class::PRACTITIONER != 0 => Verdict::Practitioner,
        _ => Verdict::Physician,
    }
}

/// Why a row that the kernel does not count is none: the first condition, in the order of the law, that fails.
fn why_not(case: &Case<'_>, scope: Scope, index: usize) -> Verdict {
    let (context, life) = (case.context, case.life);
    let care = &context.performances[case.at].care;
    let visit: &Visit = &life.visits[index];
    let flags = care.flags[usize::from(visit.code)];
    let is_base = |at: &Visit| is_listed(context, care, at, scope);
    if visit.source == Source::Clinic {
        return match (clinic_serves(context, case.at, life, index, scope), care.clinics_whole) {
            (true, _) => Verdict::ClinicNotAttested,
            (false, true) => Verdict::NursingFacility,
            (false, false) => Verdict::ClinicNotListed,
        };
    }
    let in_snf = if care.snf_by_stay { scope.knows(visit.in_snf) } else { visit.place & care.snf_places != 0 };
    match visit.source {
        _ if !is_base(visit) => Verdict::NotListed,
        Source::Teaching(years) if years >> case.at & 1 == 0 => Verdict::NotAtTeaching,
        Source::Line | Source::Hospital if flags & flag::ETA_ONLY != 0 => Verdict::TeachingOnly,
        _ if flags & flag::SNF != 0 && in_snf => Verdict::NursingFacility,
        _ if flags & flag::INPATIENT != 0 && scope.knows(visit.in_hospital) => Verdict::Inpatient,
        _ if flags & flag::HOME != 0 && care.home_places != 0 && visit.place & care.home_places == 0 => {
            Verdict::NotAtHome
        }
        _ if flags & flag::PROLONGED != 0 && !has_base(context, care, life, index, scope) => Verdict::WithoutBase,
        _ if care.classes[usize::from(visit.specialty)] == 0 => Verdict::OtherClinician,
        // What is left of the kernel's own list of conditions: the codes that teaching hospitals may not bill.
        _ => Verdict::NotAtTeaching,
    }
}

/// Rules A.1.1, A.1.2 and A.1.4 over a span, each with the months in which it fails. Of a life that is dead in all of it
/// they ask nothing: that it died is the reason.
pub(super) fn conditions(case: &Case<'_>, span: Span) -> Vec<Condition> {
    let enrollment = &case.life.enrollment;
    let standing = enrollment.standing(span);
    let first = case.context.time.first_year * 12;
    let months = |bits: &dyn Fn(usize) -> u16| -> Vec<i32> {
        let of_life = (span.first.max(0)..=span.last).filter(|month| {
            let at = (month / 12) as usize;
            at < enrollment.state.len() && (bits(at) & enrollment.state[at].alive) >> (month % 12) & 1 == 1
        });
        of_life.map(|month| first + month).collect()
    };
    if months(&|_| u16::MAX).is_empty() {
        return vec![Condition { section: "M.A.1.7", what: "a month alive", holds: false, fails_in: Vec::new() }];
    }
    let without = |holds: bool, months: Vec<i32>| if holds { Vec::new() } else { months };
    let outside = months(&|at| enrollment.record[at].residence.known);
    vec![
        Condition {
            section: "M.A.1.1",
            what: "a month in Parts A and B",
            holds: standing.both,
            fails_in: without(standing.both, months(&|at| !enrollment.record[at].both)),
        },
        Condition {
            section: "M.A.1.1",
            what: "no month in one part only",
            holds: !standing.one,
            fails_in: months(&|at| enrollment.record[at].one),
        },
        Condition {
            section: "M.A.1.2",
            what: "no month in a health plan",
            holds: !standing.plan,
            fails_in: months(&|at| enrollment.record[at].plan),
        },
        Condition {
            section: "M.A.1.4",
            what: "last known residence in the United States",
            holds: standing.inside,
            fails_in: without(standing.inside, outside.last().copied().into_iter().collect()),
        },
    ]
}
