//! How much of the care of an ACO's lives its participants bill, and what its lives use.

use crate::assign::{Case, Place};
use crate::context::{Context, KINDS, Span, kind};
use crate::life::Life;
use crate::plurality::{Scope, classes};
use crate::spend::{Month, month};
use crate::usage::{Counts, MEASURES};
use acoledger_schemas::cells::Leakage;
use acoledger_schemas::values::{AcoId, CalendarYear, Cents, PerformanceYear};
use serde::{Deserialize, Serialize};

/// Categories of `leakage`: primary care, then the kinds of claims.
const CATEGORIES: usize = KINDS.len();
const PRIMARY_CARE: usize = CATEGORIES - 1;

/// Cents and services, inside and of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Billed {
    inside_cents: i64,
    total_cents: i64,
    inside_services: i64,
    total_services: i64,
}

impl Billed {
    #[inline]
    fn add(&mut self, cents: i64, inside: bool) {
        self.total_cents += cents;
        self.total_services += 1;
        if inside {
            self.add_inside(cents);
        }
    }

    /// Of what is in the totals already.
    fn add_inside(&mut self, cents: i64) {
        self.inside_cents += cents;
        self.inside_services += 1;
    }
}

/// What is counted of an ACO's lives in one of its years.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cared {
    billed: [Billed; CATEGORIES],
    pub(crate) uses: [Counts; 4],
}

impl Cared {
    pub(crate) fn merge(&mut self, other: &Cared) {
        for (own, others) in self.billed.iter_mut().zip(&other.billed) {
            own.inside_cents += others.inside_cents;
            own.total_cents += others.total_cents;
            own.inside_services += others.inside_services;
            own.total_services += others.total_services;
        }
        add_uses(&mut self.uses, &other.uses);
    }

    /// Adds what a life on the list was billed: primary care in the window of the list, payments of the calendar year.
    pub(crate) fn add_billed(&mut self, context: &Context, (at, list_at): (usize, usize), life: &Life, place: &Place) {
        let performance = &context.performances[at];
        let list = &performance.field.lists[list_at];
        let case = Case::new(context, at, list_at, life);
        let prospective = case.aco(place.aco).is_some_and(|aco| aco.prospective);
        let inside = |facility: bool, participant: u32| {
            let member = if facility { &performance.field.ccns } else { &performance.field.tins };
            member.holds(participant, place.aco)
        };
        if let Some(window) = performance.windows[list_at][usize::from(prospective)] {
            let known_through = case.known_through(list.year, prospective);
            let scope = Scope { span: window.span, touches: window.touches, known_through };
            let Span { first, last } = window.span;
            for (index, visit) in life.visits.iter().enumerate() {
                let known = (first..=last).contains(&i32::from(visit.month)) && visit.processed <= known_through;
                if known && classes(context, at, life, index, scope) != 0 {
                    let inside = inside(visit.facility, visit.biller.participant);
                    self.billed[PRIMARY_CARE].add(visit.allowed, inside);
                }
            }
        }
        let Some(year) = context.time.at(list.year) else { return };
        for payment in life.payments.iter().filter(|payment| usize::from(payment.month) / 12 == year) {
            if let Month::Of(..) = month(context, &life.enrollment, usize::from(payment.month)) {
                let facility = !matches!(payment.kind, kind::CARRIER | kind::DME);
                self.billed[usize::from(payment.kind)].add(payment.gross, inside(facility, payment.participant));
            }
        }
        for (at, lines) in life.lines_of_year(year) {
            if matches!(month(context, &life.enrollment, at), Month::Of(..)) {
                for (of, kind) in [kind::CARRIER, kind::DME].into_iter().enumerate() {
                    let billed = &mut self.billed[usize::from(kind)];
                    billed.total_cents += lines.gross[of];
                    billed.total_services += i64::from(lines.rows[of]);
                }
            }
        }
        for line in life.participant_lines.iter().filter(|line| usize::from(line.month) / 12 == year) {
            let counts = matches!(month(context, &life.enrollment, usize::from(line.month)), Month::Of(..));
            if counts && inside(false, line.participant) {
                self.billed[usize::from(line.kind)].add_inside(line.gross);
            }
        }
    }

    /// The rows of `leakage` of one ACO and year.
    pub(crate) fn leakage(&self, performance_year: i32, aco_id: &AcoId, calendar_year: i32) -> Vec<Leakage> {
        let mut rows: Vec<Leakage> = (0..CATEGORIES)
            .filter(|at| self.billed[*at].total_services > 0)
            .map(|at| {
                let Billed { inside_cents, total_cents, inside_services, total_services } = self.billed[at];
                Leakage {
                    performance_year: PerformanceYear(performance_year),
                    aco_id: aco_id.clone(),
                    calendar_year: CalendarYear(calendar_year),
                    category: if at == PRIMARY_CARE { "primary_care" } else { KINDS[at] }.to_owned(),
                    inside_cents: Cents(inside_cents),
                    total_cents: Cents(total_cents),
                    inside_services,
                    total_services,
                }
            })
            .collect();
        rows.sort_by(|a, b| a.category.cmp(&b.category));
        rows
    }
}

/// Adds counts by type.
pub(crate) fn add_uses(own: &mut [Counts; 4], others: &[Counts; 4]) {
    for (own, others) in own.iter_mut().zip(others) {
        for at in 0..MEASURES {
            own[at] += others[at];
        }
    }
}
