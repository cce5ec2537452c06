//! Savings or losses of one ACO for one performance year (M.F; 42 CFR 425.604–425.606, 425.605, 425.610).
//!
//! [`settle`] is the only way to a settlement: `run`, `replay` and scenarios call it. Numbers of the law come from
//! [`SettleRules`], loaded once per performance year.

mod equity;
mod facts;
mod limits;
mod rates;
mod rules;
mod thresholds;

pub use equity::{
    EquityRules, Third, ThirdPoints, adjusted_score, bonus_points, deprived_share, lis_or_dual_person_years,
    performance_scaler, underserved_multiplier,
};
pub use facts::{Disaster, Facts, Imputed, Outcome, Quality, SettleError, Settlement, Termination};
pub use limits::recoup;
pub use rules::{FirstYear, HalfYearMonths, LossRate, MsrBand, QualityEra, SettleRules};
pub use thresholds::variable_msr;

use acoledger_schemas::values::Period;
use limits::{forgiven_share, kept_after_termination, loss_limit};
use rates::{Rates, half_rate, rates};
use rules::{Terms, on};
use thresholds::{Thresholds, cents, meets, thresholds};

/// Settles one ACO: the steps of M.F.5, in their order.
///
/// A half-year of 2019 is settled as the whole year, and its dollars are halved at the end (M.D.4.5).
///
/// # Errors
/// A fact that a step needs and that is not given, or that the rule does not allow; the rule is named.
pub fn settle(facts: &Facts, rules: &SettleRules) -> Result<Settlement, SettleError> {
    let terms = terms(facts, rules)?;
    let mut imputed = Vec::new();
    let thresholds = thresholds(facts, rules, terms.loss.is_some(), &mut imputed)?;
    let mut rates = rates(facts, rules, terms)?;
    let (totals, guardrail) = guard(facts, rules, &thresholds)?;
    let mut outcome = if guardrail.neither { Outcome::Neither } else { gate(&totals, &thresholds) };
    let mut reduced = false;
    if outcome == Outcome::Inside
        && let Some(factor) = half_rate(facts, rules, totals.difference(), rates.sharing, &mut imputed)?
    {
        (outcome, reduced) = (Outcome::Savings, true);
        rates.sharing *= factor;
    }
    let mut settlement = Settlement {
        msr: thresholds.msr,
        mlr: thresholds.mlr,
        updated_benchmark: totals.updated_benchmark,
        total_benchmark: totals.benchmark,
        total_expenditures: totals.expenditures,
        difference: totals.difference(),
        savings_rate: totals.difference() / totals.benchmark,
        outcome,
        generated: generated(outcome, totals.difference(), rules),
        final_sharing_rate: rates.sharing,
        reduced: guardrail.applies.then_some(reduced),
        final_loss_rate: rates.loss,
        payment_limit: None,
        shared_savings_before_limit: None,
        loss_limit: None,
        shared_losses_before_limit: None,
        termination_impact: 0.0,
        disaster_adjustment: 0.0,
        earned: 0.0,
        recoupment: 0.0,
        advance_owed: None,
        guardrail: guardrail.applies.then_some(guardrail.replaced),
        imputed,
    };
    match outcome {
        Outcome::Savings => share_savings(&mut settlement, facts, rules, terms)?,
        Outcome::Losses => share_losses(&mut settlement, facts, rules, terms, &rates)?,
        Outcome::OneSidedLosses | Outcome::Inside | Outcome::Neither => {}
    }
    if facts.period != Period::Full {
        settlement.scale(rules.period_share);
    }
    (settlement.recoupment, settlement.advance_owed) = recoup(settlement.earned, facts.advance_balance);
    Ok(settlement)
}

/// The terms of the ACO's track in the performance year (M.F.2).
fn terms<'r>(facts: &Facts, rules: &'r SettleRules) -> Result<&'r Terms, SettleError> {
    let refused = |fact, what| SettleError { fact, what, rule: "settle.sharing_rate.maximum", section: "M.F.2" };
    if facts.performance_year != rules.performance_year {
        let what = format!("is {}, but the rules are of {}", facts.performance_year, rules.performance_year);
        return Err(refused("performance_year", what));
    }
    let track = rules.tracks.get(&facts.track);
    track.ok_or_else(|| refused("track", format!("is `{}`, not open in {}", facts.track, facts.performance_year)))
}

/// Per capita amounts × person years (M.F.5.2), unrounded.
#[derive(Clone, Copy, Debug)]
struct Totals {
    updated_benchmark: f64,
    benchmark: f64,
    expenditures: f64,
}

impl Totals {
    fn new(updated_benchmark: f64, facts: &Facts) -> Totals {
        Totals {
            updated_benchmark,
            benchmark: updated_benchmark * facts.person_years,
            expenditures: facts.expenditures * facts.person_years,
        }
    }

    /// M.F.5.3.
    fn difference(&self) -> f64 {
        self.benchmark - self.expenditures
    }
}

/// What the guardrail did.
#[derive(Clone, Copy, Debug, Default)]
struct Guardrail {
    /// The agreement has one.
    applies: bool,
    /// The two-way benchmark replaced the three-way one.
    replaced: bool,
    /// Neither losses nor savings.
    neither: bool,
}

/// The guardrail on losses (M.E.5): totals of the benchmark that counts.
fn guard(facts: &Facts, rules: &SettleRules, thresholds: &Thresholds) -> Result<(Totals, Guardrail), SettleError> {
    let totals = Totals::new(facts.updated_benchmark, facts);
    if on(&rules.guardrail, facts.agreement_start) != Some(true) {
        return Ok((totals, Guardrail::default()));
    }
    let stands = Guardrail { applies: true, ..Guardrail::default() };
    let loss = -totals.difference();
    if cents(loss) <= 0.0 || !meets(loss, thresholds.mlr.unwrap_or(thresholds.msr), totals.benchmark) {
        return Ok((totals, stands));
    }
    let two_way = facts.two_way_benchmark;
    let two_way = two_way.ok_or_else(|| facts::missing("two_way_benchmark", "settle.guardrail", "M.E.5.2"))?;
    let recomputed = Totals::new(two_way, facts);
    let recomputed_loss = -recomputed.difference();
    Ok(if cents(recomputed_loss) <= 0.0 {
        (recomputed, Guardrail { replaced: true, neither: true, ..stands })
    } else if cents(recomputed_loss) < cents(loss) {
        (recomputed, Guardrail { replaced: true, ..stands })
    } else {
        (totals, stands)
    })
}

/// The test against the minimum savings and loss rates (M.F.1.6).
fn gate(totals: &Totals, thresholds: &Thresholds) -> Outcome {
    let difference = totals.difference();
    if difference >= 0.0 {
        return if meets(difference, thresholds.msr, totals.benchmark) { Outcome::Savings } else { Outcome::Inside };
    }
    let beyond = meets(-difference, thresholds.mlr.unwrap_or(thresholds.msr), totals.benchmark);
    match (beyond, thresholds.mlr) {
        (false, _) => Outcome::Inside,
        (true, Some(_)) => Outcome::Losses,
        (true, None) => Outcome::OneSidedLosses,
    }
}

/// Generated savings or losses as the published files define them (M.G).
fn generated(outcome: Outcome, difference: f64, rules: &SettleRules) -> f64 {
    match outcome {
        Outcome::Savings | Outcome::Losses => difference,
        Outcome::OneSidedLosses if rules.one_sided_losses_shown => difference,
        Outcome::OneSidedLosses | Outcome::Inside | Outcome::Neither => 0.0,
    }
}

/// Shared savings: rate, sequestration, then the limit (M.F.5.7); nothing for an ACO that left before the end (M.F.8.1).
fn share_savings(
    settlement: &mut Settlement,
    facts: &Facts,
    rules: &SettleRules,
    terms: &Terms,
) -> Result<(), SettleError> {
    let shared = settlement.difference * settlement.final_sharing_rate * (1.0 - rules.sequestration);
    let limit = terms.payment_limit_rate * settlement.total_benchmark;
    let payment = shared.min(limit);
    let kept = kept_after_termination(facts, rules)?;
    settlement.shared_savings_before_limit = Some(shared);
    settlement.payment_limit = Some(limit);
    settlement.earned = if kept.payment { payment } else { 0.0 };
    settlement.termination_impact = payment - settlement.earned;
    Ok(())
}

/// Shared losses: rate, limit, months of participation, disasters (M.F.5.8).
fn share_losses(
    settlement: &mut Settlement,
    facts: &Facts,
    rules: &SettleRules,
    terms: &Terms,
    rates: &Rates,
) -> Result<(), SettleError> {
    let loss = terms.loss.as_ref().zip(rates.loss);
    let (loss, rate) = loss.expect("only two-sided ACOs come out with losses");
    let shared = -settlement.difference * rate;
    let limit = loss_limit(facts, loss, settlement.total_benchmark, &mut settlement.imputed)?;
    let limited = shared.min(limit);
    let owed = limited * kept_after_termination(facts, rules)?.losses;
    let forgiven = owed * forgiven_share(facts.disaster, rules);
    settlement.shared_losses_before_limit = Some(shared);
    settlement.loss_limit = Some(limit);
    settlement.termination_impact = limited - owed;
    settlement.disaster_adjustment = -forgiven;
    settlement.earned = forgiven - owed;
    Ok(())
}

impl Settlement {
    /// Scales what is in dollars and of the period: the half-years of 2019 (M.D.4.5).
    fn scale(&mut self, share: f64) {
        for amount in [
            &mut self.total_benchmark,
            &mut self.total_expenditures,
            &mut self.difference,
            &mut self.generated,
            &mut self.termination_impact,
            &mut self.disaster_adjustment,
            &mut self.earned,
        ] {
            *amount *= share;
        }
    }
}
