//! The regional adjustment, prior savings, the population adjustment, and the choice among them (M.D.2, M.D.3, M.D.4.2).

use super::inputs::Reconciled;
use super::rulebook::{Limit, RegionalLimits, RegionalWeights};
use crate::by_type::ByType;
use crate::compare::{DOLLARS, exceeds};

/// How far the region's risk-adjusted spending lies above the benchmark: `Reg(BY3) × HCC(BY3) − HB0` (M.D.2.1).
pub fn regional_difference(regional: f64, hcc: f64, before_adjustment: f64) -> f64 {
    regional * hcc - before_adjustment
}

/// Weight of the regional adjustment: `net` above 0 is lower spending than the region's; 0 counts as higher
/// (M.D.2.2, M.D.2.3). `time` counts from 1.
pub fn regional_weight(net: f64, time: u8, weights: &RegionalWeights) -> f64 {
    let row = if exceeds(net, 0.0, DOLLARS) { &weights.lower } else { &weights.higher };
    let at = usize::from(time.max(1)) - 1;
    row[at.min(row.len() - 1)]
}

/// The regional adjustment of a type within its limits; negative ones then shrink by the offset (M.D.2.4).
pub fn regional_adjustment(unlimited: f64, national: Option<f64>, limits: &RegionalLimits, offset: f64) -> f64 {
    let of_national = |fraction: f64| fraction * super::inputs::known(national);
    if unlimited >= 0.0 {
        return match limits.up {
            Limit::None => unlimited,
            Limit::Of(fraction) => unlimited.min(of_national(fraction)),
        };
    }
    let limited = match limits.down {
        Limit::None => unlimited,
        Limit::Of(fraction) => unlimited.max(-of_national(fraction)),
    };
    limited * (1.0 - offset)
}

/// The offset factor of negative adjustments: dual share plus excess risk, within 0 and 1 (M.D.2.5).
pub fn offset_factor(dual_share: f64, mean_hcc: f64) -> f64 {
    (dual_share + (mean_hcc - 1.0)).clamp(0.0, 1.0)
}

/// Mean gross savings per capita of the three years before the agreement; years not reconciled or forfeited count 0
/// (M.D.3.1).
pub fn prior_savings_average(years: &[Option<Reconciled>; 3]) -> f64 {
    let counted = years.iter().flatten().filter(|year| !year.forfeited);
    counted.map(|year| year.per_capita_savings).sum::<f64>() / years.len() as f64
}

/// Proration of prior savings for growth: person years when reconciled ÷ as assigned now, over reconciled years, at most 1
/// (M.D.3.3). 1 when nobody is assigned now.
pub fn proration(years: &[Option<Reconciled>; 3], person_years_now: [f64; 3]) -> f64 {
    let matched =
        years.iter().zip(person_years_now).filter_map(|(year, now)| year.map(|year| (year.person_years, now)));
    let (then, now) = matched.fold((0.0, 0.0), |(then, now), (a, b)| (then + a, now + b));
    if now > 0.0 { (then / now).min(1.0) } else { 1.0 }
}

/// The prior savings adjustment (M.D.3.2): nothing where savings were not positive on average.
pub fn prior_savings_adjustment(average: f64, share: f64, proration: f64, limit: f64) -> f64 {
    if exceeds(average, 0.0, DOLLARS) { (share * average * proration).min(limit) } else { 0.0 }
}

/// What the population adjustment is scaled from: what is left of the limit after the other adjustments (M.D.3.5).
pub fn population_scaler(limit: f64, regional: f64, prior_savings: f64) -> f64 {
    (limit - regional.max(prior_savings).max(0.0)).max(0.0)
}

/// The population adjustment: nothing below the least share (M.D.3.5).
pub fn population_adjustment(scaler: f64, share: f64, least_share: f64) -> f64 {
    if share >= least_share { scaler * share } else { 0.0 }
}

/// The add-back of 425.603(b): mean shared savings per capita of the first agreement, limited to its size (M.D.4.2).
/// Years without a payment count 0, losses do not enter.
pub fn add_back(years: &[Option<Reconciled>; 3], person_years_now: [f64; 3]) -> f64 {
    let paid = years.iter().flatten().filter(|year| !year.forfeited);
    let paid: f64 = paid.filter_map(|year| year.shared_per_capita).map(|amount| amount.max(0.0)).sum();
    paid / years.len() as f64 * proration(years, person_years_now)
}

/// What was applied to the benchmark (M.D.3.6).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Adjustment {
    /// The regional adjustment, type by type.
    Regional(ByType<Option<f64>>),
    /// The prior savings adjustment, the same in every type.
    PriorSavings(f64),
    /// The population adjustment, the same in every type.
    Population(f64),
    /// The add-back of 425.603(b), the same in every type.
    AddBack(f64),
    /// Nothing.
    None,
}

impl Adjustment {
    /// The amount for a type.
    pub fn of(&self, kind: acoledger_schemas::values::EnrollmentType) -> f64 {
        match self {
            Adjustment::Regional(amounts) => amounts[kind].unwrap_or(0.0),
            Adjustment::PriorSavings(amount) | Adjustment::Population(amount) | Adjustment::AddBack(amount) => *amount,
            Adjustment::None => 0.0,
        }
    }

    /// The words of the published column `FinalAdjCat`, continued for what it does not know.
    pub fn category(&self) -> &'static str {
        match self {
            Adjustment::Regional(_) => "Regional Adjustment",
            Adjustment::PriorSavings(_) | Adjustment::AddBack(_) => "Prior Savings Adjustment",
            Adjustment::Population(_) => "Population Adjustment",
            Adjustment::None => "No Adjustment",
        }
    }
}

/// The largest of the three single values, if above 0; of equal ones the earlier (M.D.3.6).
pub fn highest(
    by_type: &ByType<Option<f64>>,
    regional: f64,
    prior_savings: f64,
    population: Option<f64>,
) -> Adjustment {
    let population = population.unwrap_or(0.0);
    let positive = |amount: f64| exceeds(amount, 0.0, DOLLARS);
    let reaches = |amount: f64, other: f64| !exceeds(other, amount, DOLLARS);
    if positive(regional) && reaches(regional, prior_savings) && reaches(regional, population) {
        Adjustment::Regional(*by_type)
    } else if positive(prior_savings) && reaches(prior_savings, population) {
        Adjustment::PriorSavings(prior_savings)
    } else if positive(population) {
        Adjustment::Population(population)
    } else {
        Adjustment::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn year(per_capita_savings: f64, person_years: f64, forfeited: bool) -> Option<Reconciled> {
        Some(Reconciled {
            per_capita_savings,
            person_years,
            forfeited,
            shared_per_capita: Some(per_capita_savings / 2.0),
        })
    }

    #[test]
    fn weights_of_the_specifications_go_on_after_the_fourth_time() {
        let weights = RegionalWeights { lower: vec![0.35, 0.5, 0.5, 0.5], higher: vec![0.15, 0.25, 0.35, 0.5] };
        let rows = (1..=5).map(|time| (regional_weight(1.0, time, &weights), regional_weight(1e-12, time, &weights)));
        assert_eq!(rows.collect::<Vec<_>>(), [(0.35, 0.15), (0.5, 0.25), (0.5, 0.35), (0.5, 0.5), (0.5, 0.5)]);
    }

    #[test]
    fn limits_and_offset_of_the_regional_adjustment() {
        let limits = RegionalLimits { up: Limit::Of(0.05), down: Limit::Of(0.015) };
        assert_eq!(regional_adjustment(700.0, Some(10_000.0), &limits, 0.2), 500.0);
        assert_eq!(regional_adjustment(-700.0, Some(10_000.0), &limits, 0.2), -120.0); // −150 × 0.8
        assert_eq!(regional_adjustment(-700.0, Some(10_000.0), &limits, 0.0), -150.0);
        let none = RegionalLimits { up: Limit::None, down: Limit::None };
        assert_eq!(regional_adjustment(-70_000.0, None, &none, 0.0), -70_000.0);
    }

    #[test]
    fn offset_stays_within_nothing_and_all() {
        assert_eq!(offset_factor(0.2, 0.7), 0.0);
        assert_eq!(offset_factor(0.4, 1.8), 1.0);
        assert!((offset_factor(0.25, 1.05) - 0.30).abs() < 1e-12);
    }

    #[test]
    fn prior_savings_count_every_year_and_shrink_with_growth() {
        let years = [year(300.0, 9000.0, false), None, year(600.0, 9000.0, true)];
        assert_eq!(prior_savings_average(&years), 100.0); // (300 + 0 + 0) / 3: none, forfeited
        assert_eq!(proration(&years, [10_000.0, 7.0, 10_000.0]), 0.9); // the forfeited year is matched
        assert_eq!(prior_savings_adjustment(100.0, 0.5, 0.9, 600.0), 45.0);
        assert_eq!(prior_savings_adjustment(100.0, 0.5, 0.9, 40.0), 40.0);
        assert_eq!(prior_savings_adjustment(-100.0, 0.5, 0.9, 40.0), 0.0);
        let losses = [year(300.0, 9000.0, false), year(-90.0, 9000.0, false), None];
        assert_eq!(add_back(&losses, [9000.0, 9000.0, 0.0]), 50.0); // (150 + 0 + 0) / 3 × min(1, 18,000/18,000)
    }

    #[test]
    fn population_adjustment_fills_what_is_left() {
        assert_eq!(population_scaler(600.0, 200.0, 250.0), 350.0);
        assert_eq!(population_scaler(600.0, -200.0, 0.0), 600.0);
        assert_eq!(population_scaler(600.0, 900.0, 0.0), 0.0);
        assert_eq!(population_adjustment(600.0, 0.15, 0.15), 90.0);
        assert_eq!(population_adjustment(600.0, 0.1499, 0.15), 0.0);
    }

    #[test]
    fn the_highest_wins_and_ties_go_to_the_earlier() {
        let by_type = ByType::default();
        assert_eq!(highest(&by_type, 10.0, 10.0, Some(10.0)), Adjustment::Regional(by_type));
        assert_eq!(highest(&by_type, 10.0, 10.0 + 1e-12, None), Adjustment::Regional(by_type)); // equal but for noise
        assert_eq!(highest(&by_type, 9.0, 10.0, Some(10.0)), Adjustment::PriorSavings(10.0));
        assert_eq!(highest(&by_type, -9.0, 0.0, Some(1.0)), Adjustment::Population(1.0));
        assert_eq!(highest(&by_type, -9.0, 0.0, None), Adjustment::None);
    }
}
