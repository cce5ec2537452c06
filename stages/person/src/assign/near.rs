//! Who is second: the ACO that would take a life if its sum were a little higher, for the margins of a list.

use super::{Case, Designated, Place, Weighed};
use crate::context::OWN;
use crate::plurality::{Rival, Step};
use acoledger_schemas::values::Basis;

/// An ACO that is second in a window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Near {
    pub(crate) aco: u32,
    /// Its sum, and the winner's, in cents or visits.
    pub(crate) sum: i64,
    pub(crate) winner_sum: i64,
}

/// Whether a sum that were this share higher, in ten thousandths, would be more than the winner's.
pub(crate) fn overtakes(sum: i64, winner_sum: i64, share: i64) -> bool {
    i128::from(sum) * i128::from(10_000 + share) > i128::from(winner_sum) * 10_000
}

impl Case<'_> {
    /// The second of a window's comparison, where it is an ACO that may win and within the widest margin. `expanded` are the
    /// rivals of step 3, where that decided.
    pub(super) fn second(&self, weighed: &Weighed, rivals: &[Rival], expanded: &[Rival]) -> Option<Near> {
        let comparison = weighed.comparison.as_ref()?;
        let (at, sum) = (comparison.second?, comparison.runner_up.as_ref()?.1);
        let widest = *self.context.margins.last()?;
        if !overtakes(sum, comparison.winner_sum, widest) {
            return None;
        }
        let third = comparison.step == Step::Third;
        let rival = if third { &expanded[at] } else { &rivals[at] };
        let served = |near: &Rival| near.aco == rival.aco && near.practitioner;
        let may_win = rival.aco != OWN && rival.physician && (!third || rivals.iter().any(served));
        may_win.then_some(Near { aco: rival.aco, sum, winner_sum: comparison.winner_sum })
    }

    /// Of the seconds those whose lists would be open to the life, given where it stands (M.A.2.4).
    pub(super) fn within_reach(
        &self,
        seconds: [Option<Near>; 2],
        eligible: [bool; 3],
        place: Option<&Place>,
    ) -> [Option<Near>; 2] {
        let claims = place.is_none_or(|place| place.basis == Basis::Claims);
        let taken = place.and_then(|place| self.aco(place.aco)).is_some_and(|terms| terms.prospective);
        let mut out = seconds;
        for (method, near) in out.iter_mut().enumerate() {
            *near = near.filter(|near| {
                let open = |terms: &&super::AcoYear| {
                    usize::from(terms.prospective) == method
                        && self.designated(near.aco, terms) != Designated::Outside
                        && !self.excluded(terms)
                };
                // A prospective list goes before a retrospective one, a designation before both.
                claims && eligible[method] && !(method == 0 && taken) && self.aco(near.aco).filter(open).is_some()
            });
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::overtakes;

    #[test]
    fn more_is_more_than_equal() {
        assert!(overtakes(100, 100, 1), "a tie falls to who gains anything");
        assert!(!overtakes(10_000, 10_100, 100), "equal: no change");
        assert!(overtakes(10_000, 10_099, 100));
        assert!(!overtakes(0, 1, 10_000));
        assert!(!overtakes(-5, 1, 10_000));
    }
}
