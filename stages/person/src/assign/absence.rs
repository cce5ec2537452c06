//! Why a life is not on a list (M.A.1).

use super::Case;
use crate::context::{Context, Window};
use crate::enroll::Standing;
use crate::life::Life;
use serde::{Deserialize, Serialize};

/// Why a life is not on a list that it might be on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Why {
    /// Died before the year (A.1.7).
    Died,
    /// In a health plan (A.1.2).
    Plan,
    /// Months with one part alone (A.1.1).
    OnePart,
    /// No month with both parts (A.1.1).
    NoMonth,
    /// Residence (A.1.4).
    Residence,
    /// Aligned elsewhere (A.1.3).
    OtherInitiative,
    /// Eligible, and no ACO has it.
    Nobody,
}

/// Why a life that no ACO has is not on a list, as the ACO that may have expected it sees it: over the months that this
/// ACO's method asks for. An ACO that is not in the list's performance year counts as retrospective.
pub(crate) fn why_not(context: &Context, at: usize, list_at: usize, life: &Life, aco: u32) -> Why {
    let case = Case::new(context, at, list_at, life);
    if context.time.at(case.list.year).is_none_or(|year| !life.enrollment.alive_in(year)) {
        return Why::Died;
    }
    let standings = case.standings(list_at, aco);
    let any = |broken: fn(&Standing) -> bool| standings.iter().any(broken);
    if any(|standing| standing.plan) {
        Why::Plan
    } else if any(|standing| standing.one) {
        Why::OnePart
    } else if any(|standing| !standing.both) {
        Why::NoMonth
    } else if any(|standing| !standing.inside) {
        Why::Residence
    } else if case.aligned_elsewhere(aco) {
        Why::OtherInitiative
    } else {
        Why::Nobody
    }
}

impl Case<'_> {
    /// What is judged about an ACO's list: the window, for prospective ACOs the year too (A.1.6), which is the window of the
    /// others.
    fn standings(&self, list_at: usize, aco: u32) -> Vec<Standing> {
        let [year, window] = self.context.performances[self.at].windows[list_at];
        let window = window.filter(|_| self.aco(aco).is_some_and(|terms| terms.prospective));
        let of = |window: Window| self.life.enrollment.standing(window.judged);
        window.into_iter().chain(year).map(of).collect()
    }

    /// Whether an alignment elsewhere takes the life off an ACO's list.
    fn aligned_elsewhere(&self, aco: u32) -> bool {
        match self.aco(aco) {
            Some(terms) => self.excluded(terms),
            None => self.elsewhere.iter().any(|row| row.year == self.list.year),
        }
    }
}
