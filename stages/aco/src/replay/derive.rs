//! From a printed row to facts, and from facts through [`settle`](crate::settle::settle) to what the row should say.

use super::YearRules;
use super::compare::Reason;
use super::printed::Printed;
use super::row::Row;
use crate::settle::*;
use acoledger_schemas::values::{MsrChoice, Period, RevenueCategory};

/// What a row should say, and how sure the printed inputs make it.
pub(super) struct Derived {
    pub(super) settlement: Settlement,
    pub(super) facts: Facts,
    rules: SettleRules,
    /// Settlements of [`variants`], in their order; `None` where a variant comes out on another side.
    moved: Vec<Option<Settlement>>,
    /// The minimum savings rate is CMS's own.
    pub(super) msr_reason: Option<Reason>,
    /// The quality standard was read from the rate, since no column says it.
    pub(super) quality_reason: Option<Reason>,
}

/// Half-widths of the printed inputs that settlements depend on.
#[derive(Clone, Copy)]
struct Halves {
    benchmark: f64,
    expenditures: f64,
    score: f64,
}

impl Derived {
    /// Settles the row by the rules of its year.
    ///
    /// # Errors
    /// Those of [`settle`].
    pub(super) fn new(row: &Row, period: Period, year: &YearRules) -> Result<Derived, SettleError> {
        let mut rules = year.settle.clone();
        let (msr_choice, msr_reason) = msr_choice(row, &rules);
        if msr_reason.is_some() {
            rules = rules.with_msr_below_bands(row.msr.value);
        }
        let (quality, quality_reason) = quality(row, year.score_without_standard);
        // Totals are printed to the dollar, per capita values are not: totals stand for one person year.
        let whole_year = if period == Period::Full { 1.0 } else { 1.0 / rules.half_year_share() };
        let benchmark = row.total_benchmark.scaled(whole_year);
        let expenditures = row.total_expenditures.scaled(whole_year);
        let (updated_benchmark, two_way_benchmark) = guarded(row, benchmark.value, expenditures.value);
        let facts = Facts {
            performance_year: row.year,
            period,
            track: row.track,
            agreement_start: row.agreement_start,
            track_year: None,
            updated_benchmark,
            two_way_benchmark,
            expenditures: expenditures.value,
            person_years: 1.0,
            head_count: row.head_count,
            msr_choice,
            quality,
            // Not published: as if it never limited losses; see `revenue_may_limit`.
            revenue: Some(f64::MAX),
            revenue_category: row.revenue_category,
            paid_amounts: None,
            revenue_loss_limit: Some(row.revenue_loss_limit.unwrap_or(false)),
            disaster: None,
            termination: None,
            advance_balance: None,
        };
        let halves = Halves {
            benchmark: benchmark.half,
            expenditures: expenditures.half,
            score: row.quality_score.map_or(0.0, |score| score.half),
        };
        let (facts, settlement) = on_their_side(row, facts, halves, &rules)?;
        let same_side = |settled: &Settlement| settled.outcome == settlement.outcome;
        let moved = variants(&facts, halves).iter().map(|facts| settle(facts, &rules).ok().filter(same_side)).collect();
        Ok(Derived { settlement, facts, rules, moved, msr_reason, quality_reason })
    }

    /// A value of the settlement with the half-width that the printed inputs give it.
    pub(super) fn printed(&self, pick: impl Fn(&Settlement) -> f64) -> Printed {
        let value = pick(&self.settlement);
        let moved = |at: usize| self.moved[at].as_ref().map_or(0.0, |settled| (pick(settled) - value).abs());
        // Each input on its own; the two that move together are no further input.
        let half = moved(0).max(moved(1)) + moved(2).max(moved(3)) + moved(4).max(moved(5));
        Printed { value, half }
    }
}

/// Settles the facts. Where rounding leaves open on which side of a threshold the row stands, takes the side of the file.
fn on_their_side(
    row: &Row,
    facts: Facts,
    halves: Halves,
    rules: &SettleRules,
) -> Result<(Facts, Settlement), SettleError> {
    let settlement = settle(&facts, rules)?;
    let agrees =
        |settled: &Settlement| row.generated.is_none_or(|theirs| (settled.generated == 0.0) == (theirs.value == 0.0));
    if !agrees(&settlement) {
        for facts in variants(&facts, halves) {
            if let Ok(settled) = settle(&facts, rules)
                && agrees(&settled)
            {
                return Ok((facts, settled));
            }
        }
    }
    Ok((facts, settlement))
}

/// The facts with each printed input moved to the ends of its rounding, then with both totals moved apart and together.
fn variants(facts: &Facts, halves: Halves) -> [Facts; 8] {
    let moves = [
        (1.0, 0.0, 0.0),
        (-1.0, 0.0, 0.0),
        (0.0, 1.0, 0.0),
        (0.0, -1.0, 0.0),
        (0.0, 0.0, 1.0),
        (0.0, 0.0, -1.0),
        (1.0, -1.0, 0.0),
        (-1.0, 1.0, 0.0),
    ];
    moves.map(|(benchmark, expenditures, score)| {
        let mut facts = facts.clone();
        let moved = benchmark * halves.benchmark;
        facts.updated_benchmark += moved;
        facts.two_way_benchmark = facts.two_way_benchmark.map(|value| value + moved);
        facts.expenditures += expenditures * halves.expenditures;
        facts.quality.score = facts.quality.score.map(|value| value + score * halves.score);
        facts
    })
}

/// The choice that the printed rate shows: the variable rate of the head count, or one of the fixed rates. Below the
/// printed bands CMS's own value stands.
fn msr_choice(row: &Row, rules: &SettleRules) -> (MsrChoice, Option<Reason>) {
    let near = |rate: f64| (rate - row.msr.value).abs() <= row.msr.half + 1e-9;
    let variable = variable_msr(row.head_count, rules.msr_bands());
    if variable.is_some_and(near) {
        return (MsrChoice::Variable, None);
    }
    let chosen = rules.msr_choices().iter().find(|choice| near(**choice));
    if let Some(choice) = chosen.filter(|_| rules.two_sided(row.track) == Some(true)) {
        return (MsrChoice::Fixed(*choice), None);
    }
    let highest = rules.msr_bands().first().map_or(0.0, |band| band.rate[0]);
    let set_by_cms = rules.is_below_bands(row.head_count) && row.msr.value > highest - row.msr.half;
    (MsrChoice::Variable, set_by_cms.then_some(Reason::MsrSetByCms))
}

/// Quality as printed. Files to 2016 have no column for the standard: a rate of 0 beside a score says that it was missed.
/// A word or blank in place of the score is the first year's complete reporting.
fn quality(row: &Row, highest_without_standard: f64) -> (Quality, Option<Reason>) {
    let score = row.quality_score.map(|score| score.value);
    let lost = row.sharing_rate.value == 0.0;
    let can_miss = score.is_none_or(|score| score != 0.0 && score <= highest_without_standard);
    let silent = row.met_standard.is_none() && lost && can_miss;
    let quality = Quality {
        score,
        met_standard: Some(row.met_standard.unwrap_or(!silent)),
        met_alternative: Some(row.met_alternative.unwrap_or(false)),
        first_year_complete_reporting: Some(row.first_year.unwrap_or(score.is_none() && !lost)),
    };
    (quality, silent.then_some(Reason::QualityStandardNotPublished))
}

/// Three-way and two-way benchmark. Only the one that was used is published: where the guardrail is off the other gives no
/// smaller loss, where it is on the other gives a larger one.
fn guarded(row: &Row, benchmark: f64, expenditures: f64) -> (f64, Option<f64>) {
    match row.guardrail {
        Some(true) => (expenditures.min(benchmark) / 2.0, Some(benchmark)),
        Some(false) | None => (benchmark, Some(benchmark)),
    }
}

impl Derived {
    /// Losses shared after the limit by benchmark, positive.
    pub(super) fn limited_losses(&self) -> Printed {
        self.printed(|settled| {
            let whole = settled.shared_losses_before_limit.zip(settled.loss_limit);
            let share = if self.facts.period == Period::Full { 1.0 } else { self.rules.half_year_share() };
            whole.map_or(0.0, |(shared, limit)| share * shared.min(limit))
        })
    }

    /// Highest sharing rate of the track.
    pub(super) fn maximum_rate(&self, row: &Row) -> f64 {
        self.rules.maximum_sharing_rate(row.track).expect("a row that settled has an open track")
    }

    /// Whether a limit by revenue may have stopped the losses at this amount, as far as the row shows: the revenue that the
    /// amount implies must fit the row's revenue category (M.B.5.3). Files of a run, which may be of any invented ACO, are
    /// not held to what the published ones have shown.
    pub(super) fn revenue_may_limit(&self, row: &Row, losses: Printed, year: &YearRules, own: bool) -> bool {
        let Some(share) = self.rules.loss_limit_of_revenue(row.track) else { return false };
        // Without the column every ACO of a track with such a limit may have it.
        if !row.revenue_loss_limit.unwrap_or(true) || losses.value <= losses.half {
            return false;
        }
        let implied = losses.value / share / row.total_expenditures.value;
        let (spread, low) = (year.paid_amounts_spread, self.rules.low_revenue_share());
        let (least, most) = match row.revenue_category {
            _ if own => (0.0, f64::INFINITY),
            Some(RevenueCategory::High) => (low * (1.0 - spread), f64::INFINITY),
            Some(RevenueCategory::Low) => (year.least_revenue, low * (1.0 + spread)),
            None => (year.least_revenue, f64::INFINITY),
        };
        (least..=most).contains(&implied)
    }
}
