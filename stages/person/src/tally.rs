//! What is counted about lists beside their heads: where lives go from one list to the next, and how close lists are.
//! Integers by small keys, merged in any order.

use crate::assign::{Near, Outcome, Why, overtakes};
use crate::context::Context;
use crate::partial::Word;
use crate::quick::{QuickMap, by_key};
use acoledger_schemas::cells::{AssignmentComparison, AssignmentMargin, AssignmentStability, Cells};
use acoledger_schemas::values::{AcoId, Basis, CalendarYear, Cents, PerformanceYear};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Outcomes of a comparison that other code looks at.
pub(crate) const OURS_ONLY: &str = "ours_only";
pub(crate) const THEIRS_ONLY: &str = "theirs_only";

/// A list: performance year and calendar year, as positions.
pub(crate) type ListAt = (u8, u8);

/// Lives with what they cost in a calendar year, in months that carry money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Amount {
    pub(crate) lives: i64,
    pub(crate) months: i64,
    pub(crate) cents: i64,
}

impl Amount {
    fn add(&mut self, other: Amount) {
        self.lives += other.lives;
        self.months += other.months;
        self.cents += other.cents;
    }
}

/// Where a life of one list is found on the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Destination {
    Retained,
    OtherAco,
    /// Eligible, without a service that makes it assignable (A.8.2).
    Unserved,
    Absent(Why),
}

impl Destination {
    fn code(self) -> &'static str {
        match self {
            Destination::Retained => "retained",
            Destination::OtherAco => "other_aco",
            Destination::Unserved => "unserved",
            Destination::Absent(Why::Nobody) => "none",
            Destination::Absent(Why::Plan) => "plan",
            Destination::Absent(Why::Died) => "died",
            Destination::Absent(Why::OnePart | Why::NoMonth | Why::Residence) => "ineligible",
            Destination::Absent(Why::OtherInitiative) => "other_initiative",
        }
    }
}

/// How close an ACO's list is: its lives, and by share those that it would lose and win.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Margin {
    lives: i64,
    lost: Vec<Amount>,
    won: Vec<Amount>,
}

/// The counts of a shard.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    #[serde(serialize_with = "by_key")]
    moves: QuickMap<(ListAt, ListAt, u16, Destination), Amount>,
    #[serde(serialize_with = "by_key")]
    margins: QuickMap<(ListAt, u16), Margin>,
    compared: BTreeMap<(ListAt, Compared), Amount>,
}

/// What our list and the one given say about a life of an ACO.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Compared {
    pub(crate) aco: u32,
    #[serde(with = "crate::partial::text")]
    pub(crate) outcome: Word,
    /// The ACO that has the life by our rules, where it is another.
    pub(crate) own: Option<u32>,
    /// Step that decided ours, from 1; 0: none.
    pub(crate) step: u8,
    #[serde(with = "crate::partial::text")]
    pub(crate) reason: Word,
}

/// Lists that follow each other: of one performance year, and of one performance year and the next.
pub(crate) fn following(context: &Context) -> Vec<(ListAt, ListAt)> {
    let mut out = Vec::new();
    let years = &context.performances;
    for (at, performance) in years.iter().enumerate() {
        let lists = &performance.field.lists;
        for (list, pair) in lists.windows(2).enumerate() {
            if !pair[0].only_before && pair[0].year + 1 == pair[1].year {
                out.push(((at as u8, list as u8), (at as u8, list as u8 + 1)));
            }
        }
        let own = |at: usize| {
            let year = years[at].year;
            years[at].field.lists.iter().position(|list| list.year == year).map(|list| (at as u8, list as u8))
        };
        if years.get(at + 1).is_some_and(|next| next.year == performance.year + 1) {
            out.extend(own(at).zip(own(at + 1)));
        }
    }
    out
}

impl Tally {
    pub(crate) fn merge(&mut self, other: &Tally) {
        for (key, amount) in &other.moves {
            self.moves.entry(*key).or_default().add(*amount);
        }
        for (key, amount) in &other.compared {
            self.compared.entry(*key).or_default().add(*amount);
        }
        for (key, margin) in &other.margins {
            let own = self.margins.entry(*key).or_default();
            own.lives += margin.lives;
            for (own, others) in [(&mut own.lost, &margin.lost), (&mut own.won, &margin.won)] {
                own.resize(own.len().max(others.len()), Amount::default());
                own.iter_mut().zip(others).for_each(|(own, other)| own.add(*other));
            }
        }
    }

    pub(crate) fn compared(&mut self, list: ListAt, what: Compared, amount: Amount) {
        self.compared.entry((list, what)).or_default().add(amount);
    }

    pub(crate) fn moved(&mut self, from: ListAt, to: ListAt, aco: u32, destination: Destination, amount: Amount) {
        self.moves.entry((from, to, aco as u16, destination)).or_default().add(amount);
    }

    /// Counts what a list decided about a life; `amount` is asked for only where it is needed.
    pub(crate) fn decided(&mut self, context: &Context, list: ListAt, outcome: &Outcome, amount: impl Fn() -> Amount) {
        let shares = &context.margins;
        // More than half of all is no matter of the second alone.
        let given = context.given.as_ref().is_some_and(|given| given.used);
        if given || shares.is_empty() || context.performances[usize::from(list.0)].care.majority {
            return;
        }
        if let Some(place) = &outcome.place {
            let margin = self.margins.entry((list, place.aco as u16)).or_default();
            margin.lives += 1;
            let comparison = place.comparison.as_ref().filter(|_| place.basis == Basis::Claims);
            if let Some((comparison, (_, sum))) = comparison.and_then(|of| Some((of, of.runner_up.as_ref()?))) {
                note(&mut margin.lost, shares, *sum, comparison.winner_sum, &amount);
            }
        }
        for Near { aco, sum, winner_sum } in outcome.near.iter().flatten() {
            let margin = self.margins.entry((list, *aco as u16)).or_default();
            note(&mut margin.won, shares, *sum, *winner_sum, &amount);
        }
    }

    /// The rows of `assignment_comparison`: what was met, and what of the file is not in the lake.
    fn comparison(&self, context: &Context, cells: &mut Cells) {
        let Some(given) = &context.given else { return };
        let mut compared = self.compared.clone();
        let mut missing = given.totals.clone();
        missing.retain(|(list, _), _| {
            !context.performances[usize::from(list.0)].field.lists[usize::from(list.1)].only_before
        });
        for ((list, what), amount) in &self.compared {
            if what.outcome != OURS_ONLY
                && let Some(lives) = missing.get_mut(&(*list, what.aco as u16))
            {
                *lives -= amount.lives;
            }
        }
        for ((list, aco), lives) in missing.into_iter().filter(|(_, lives)| *lives > 0) {
            let aco = u32::from(aco);
            let what = Compared { aco, outcome: THEIRS_ONLY, own: None, step: 0, reason: "not_in_lake" };
            compared.entry((list, what)).or_default().add(Amount { lives, ..Amount::default() });
        }
        for ((list, what), amount) in compared {
            cells.assignment_comparison.push(AssignmentComparison {
                performance_year: years(context, list).0,
                calendar_year: years(context, list).1,
                aco_id: aco_id(context, what.aco as u16),
                outcome: what.outcome.to_owned(),
                own_aco_id: what.own.map(|aco| aco_id(context, aco as u16)),
                step: (what.step > 0).then_some(what.step),
                reason: (!what.reason.is_empty()).then(|| what.reason.to_owned()),
                lives: amount.lives,
                spend_cents: Cents(amount.cents),
            });
        }
    }

    /// The rows of `assignment_stability`, `assignment_margin` and `assignment_comparison`.
    pub(crate) fn rows(&self, context: &Context, cells: &mut Cells) {
        self.comparison(context, cells);
        let mut moves: BTreeMap<(ListAt, ListAt, Option<u16>, &str), Amount> = BTreeMap::new();
        for ((from, to, aco, destination), amount) in &self.moves {
            for aco in [None, Some(*aco)] {
                moves.entry((*to, *from, aco, destination.code())).or_default().add(*amount);
            }
        }
        for ((to, from, aco, destination), amount) in moves {
            cells.assignment_stability.push(AssignmentStability {
                performance_year: years(context, to).0,
                from_performance_year: years(context, from).0,
                from_year: years(context, from).1,
                to_year: years(context, to).1,
                aco_id: aco.map(|aco| aco_id(context, aco)),
                destination: destination.to_owned(),
                lives: amount.lives,
                months: amount.months,
                spend_cents: Cents(amount.cents),
            });
        }
        for ((list, aco), margin) in self.margins.iter().collect::<BTreeMap<_, _>>() {
            for (at, share) in context.margins.iter().enumerate() {
                let [lost, won] = [&margin.lost, &margin.won].map(|side| side.get(at).copied().unwrap_or_default());
                cells.assignment_margin.push(AssignmentMargin {
                    performance_year: years(context, *list).0,
                    calendar_year: years(context, *list).1,
                    aco_id: aco_id(context, *aco),
                    share: *share as f64 / 10_000.0,
                    lives: margin.lives,
                    lives_lost: lost.lives,
                    lost_spend_cents: Cents(lost.cents),
                    lives_won: won.lives,
                    won_spend_cents: Cents(won.cents),
                });
            }
        }
    }
}

/// Adds a life to every share at which the second overtakes.
fn note(side: &mut Vec<Amount>, shares: &[i64], sum: i64, winner_sum: i64, amount: &impl Fn() -> Amount) {
    let mut known = None;
    for (at, share) in shares.iter().enumerate() {
        if overtakes(sum, winner_sum, *share) {
            side.resize(shares.len(), Amount::default());
            side[at].add(*known.get_or_insert_with(amount));
        }
    }
}

fn years(context: &Context, list: ListAt) -> (PerformanceYear, CalendarYear) {
    let performance = &context.performances[usize::from(list.0)];
    (PerformanceYear(performance.year), CalendarYear(performance.field.lists[usize::from(list.1)].year))
}

fn aco_id(context: &Context, aco: u16) -> AcoId {
    AcoId::new(&context.acos[usize::from(aco)]).expect("the identifier was one when it was read")
}
