//! Payments and losses: sequestration, limits, termination, disasters, advances (M.F.2, M.F.6–9).

use super::facts::missing;
use super::rules::{HalfYearMonths, LossTerms, SettleRules};
use super::thresholds::period_start;
use super::{Disaster, Facts, Imputed, SettleError};
use acoledger_schemas::values::{Period, TerminationKind};

/// The loss limit in dollars (M.F.2).
pub(super) fn loss_limit(
    facts: &Facts,
    loss: &LossTerms,
    total_benchmark: f64,
    imputed: &mut Vec<Imputed>,
) -> Result<f64, SettleError> {
    let steps = &loss.limit_of_benchmark;
    let at = if steps.len() > 1 { track_year(facts, imputed)?.min(steps.len()) - 1 } else { 0 };
    let of_benchmark = steps[at] * total_benchmark;
    let Some(share) = loss.limit_of_revenue else { return Ok(of_benchmark) };
    if loss.revenue_needs_flag {
        let flag = facts.revenue_loss_limit;
        let flag =
            flag.ok_or_else(|| missing("revenue_loss_limit", "settle.loss_limit.revenue_when_flagged", "M.F.2"))?;
        if !flag {
            return Ok(of_benchmark);
        }
    }
    let revenue = facts.revenue.ok_or_else(|| missing("participant_revenue", "settle.loss_limit.revenue", "M.F.2"))?;
    Ok(of_benchmark.min(share * revenue))
}

/// The year in Track 2, from 1: given, or counted from the agreement start, 2013 being the first year of 2012 starts.
fn track_year(facts: &Facts, imputed: &mut Vec<Imputed>) -> Result<usize, SettleError> {
    let year = match facts.track_year {
        Some(year) => i32::from(year),
        None => {
            imputed.push(Imputed::TrackYear);
            facts.performance_year.0 - facts.agreement_start.year().max(2013) + 1
        }
    };
    usize::try_from(year).ok().filter(|year| *year > 0).ok_or_else(|| SettleError {
        fact: "track_year",
        what: format!("is {year}, not a year from 1"),
        rule: "settle.loss_limit.benchmark",
        section: "M.F.2",
    })
}

/// What a termination leaves of a settlement (M.F.8).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Kept {
    /// Whether a payment is made.
    pub(super) payment: bool,
    /// Share of the losses that is owed.
    pub(super) losses: f64,
}

/// Savings only if in force at the end of the year; losses by months of participation, none when the ACO left early.
pub(super) fn kept_after_termination(facts: &Facts, rules: &SettleRules) -> Result<Kept, SettleError> {
    let whole = Kept { payment: true, losses: 1.0 };
    let Some(termination) = facts.termination else { return Ok(whole) };
    let (year, month, day) = termination.on.ymd();
    if year > facts.performance_year.0 {
        return Ok(whole);
    }
    let start = period_start(facts);
    if termination.on < start {
        return Err(SettleError {
            fact: "terminated_on",
            what: format!("is {}, before the period", termination.on),
            rule: "settle.termination.savings_in_force_on",
            section: "M.F.8",
        });
    }
    let (first, months) = match (facts.period, rules.half_year_months) {
        (Period::Full, _) | (_, HalfYearMonths::CalendarYear) => (year * 12, 12),
        (_, HalfYearMonths::HalfYear) => (start.month_index(), 6),
    };
    let took_part = (termination.on.month_index() - first + 1).min(months);
    let voluntary = termination.kind == TerminationKind::Voluntary;
    let free = voluntary && [month, day] <= rules.voluntary_free_until;
    Ok(Kept {
        payment: voluntary && [month, day] >= rules.savings_in_force_on,
        losses: if free { 0.0 } else { f64::from(took_part) / f64::from(months) },
    })
}

/// The share of losses that disasters forgive (M.F.7.1).
pub(super) fn forgiven_share(disaster: Option<Disaster>, rules: &SettleRules) -> f64 {
    disaster.filter(|_| rules.disaster_relief).map_or(0.0, Disaster::factor)
}

/// Advances taken out of `earned`, and what is left of them (M.F.9.2). Dollars; nothing is left where there is no balance.
pub fn recoup(earned: f64, balance: Option<f64>) -> (f64, Option<f64>) {
    let taken = earned.max(0.0).min(balance.unwrap_or(0.0));
    (taken, balance.map(|balance| balance - taken))
}
