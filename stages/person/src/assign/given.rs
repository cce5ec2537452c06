//! A list of the program file beside ours: taken in its place, or the reason why we differ.

use super::absence::{Why, why_not};
use super::{Case, Designated, Outcome, Place, Scratch};
use crate::context::{Context, GivenPlace, SHARED};
use crate::life::Life;
use acoledger_schemas::values::Basis;

/// Puts a life where the file has it. What our claims say about the same place is kept; cohorts are ours, since the file has
/// none.
pub(crate) fn take_given(
    context: &Context,
    life: &Life,
    (at, list_at): (usize, usize),
    outcome: &mut Outcome,
    theirs: Option<&GivenPlace>,
    before: Option<&Place>,
) {
    let own = outcome.place.take();
    outcome.near = [None, None];
    outcome.place = theirs.map(|theirs| {
        let case = Case::new(context, at, list_at, life);
        let agrees = own.filter(|own| own.aco == theirs.aco && theirs.basis != Basis::Voluntary);
        let newly = case.aco(theirs.aco).filter(|terms| terms.cohorts).map(|terms| {
            let here_before = before.is_some_and(|before| before.aco == theirs.aco);
            !here_before && !case.served_before(theirs.aco, terms.prospective)
        });
        Place { aco: theirs.aco, basis: theirs.basis, comparison: agrees.and_then(|own| own.comparison), newly }
    });
}

/// Why a life that the file has on an ACO's list is not there by our rules.
pub(crate) fn why_not_there(
    context: &Context,
    life: &Life,
    (at, list_at): (usize, usize),
    scratch: &Scratch,
    ours: Option<&Place>,
    theirs: &GivenPlace,
) -> &'static str {
    match why_not(context, at, list_at, life, theirs.aco) {
        Why::Died => "died",
        Why::Plan => "plan",
        Why::OnePart => "one_part",
        Why::NoMonth => "no_month",
        Why::Residence => "residence",
        Why::OtherInitiative => "other_initiative",
        Why::Nobody => Case::new(context, at, list_at, life).beaten(list_at, scratch, ours, theirs),
    }
}

impl Case<'_> {
    /// Why an eligible life is not on an ACO's list.
    fn beaten(&self, list_at: usize, scratch: &Scratch, ours: Option<&Place>, theirs: &GivenPlace) -> &'static str {
        let performance = &self.context.performances[self.at];
        let Some(terms) = self.aco(theirs.aco) else { return "not_served" };
        if theirs.basis == Basis::Voluntary {
            return "no_designation";
        }
        if self.designated(theirs.aco, terms) == Designated::Outside {
            return "designation";
        }
        let taken = ours.and_then(|ours| self.aco(ours.aco)).is_some_and(|ours| ours.prospective);
        if taken && !terms.prospective {
            return "earlier_list";
        }
        let method = usize::from(terms.prospective);
        let rivals = &scratch.rivals[method];
        let rival = rivals.iter().find(|rival| rival.aco == theirs.aco);
        let shared = || {
            let window = performance.windows[list_at][method];
            self.life.visits.iter().any(|visit| {
                let member = if visit.facility { &performance.field.ccns } else { &performance.field.tins };
                let month = i32::from(visit.month);
                window.is_some_and(|window| (window.span.first..=window.span.last).contains(&month))
                    && member.of(visit.biller.participant) == SHARED
                    && member.holds(visit.biller.participant, theirs.aco)
            })
        };
        match rival {
            Some(rival) if !rival.physician => "no_physician",
            Some(_) => "other_entity",
            None if shared() => "shared_tin",
            None if rivals.is_empty() => "no_primary_care",
            None => "not_served",
        }
    }
}
