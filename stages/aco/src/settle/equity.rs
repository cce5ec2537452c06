//! Health-equity-adjusted quality score, performance years 2023–2025 (M.F.3.7; 42 CFR 425.512(b); specifications v11,
//! appendix G).
//!
//! Reports carry the finished score, which is what a settlement reads (`aco.quality_score`). These functions make it from what it
//! is made of.

use acoledger_schemas::rules::{RuleError, Rules};
use acoledger_schemas::values::PerformanceYear;
use serde::Deserialize;

/// The third in which a measure stands among ACOs of the same collection type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Third {
    /// The best third.
    Top,
    /// The one between.
    Middle,
    /// The last third.
    Bottom,
}

/// Points of a measure by the third that it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThirdPoints {
    /// In the top third.
    pub top: f64,
    /// In the middle third.
    pub middle: f64,
    /// In the bottom third.
    pub bottom: f64,
}

/// The rules of the adjustment in one performance year.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EquityRules {
    /// Points by third.
    pub points: ThirdPoints,
    /// Least multiplier that earns a bonus.
    pub least_multiplier: f64,
    /// Largest bonus, points; 0: there is no bonus.
    pub largest_bonus: f64,
    /// Largest score with it.
    pub largest_score: f64,
}

impl EquityRules {
    /// Takes the rules of a performance year.
    ///
    /// # Errors
    /// A rule that is absent in the year, or whose value has the wrong shape.
    pub fn load(rules: &Rules, performance_year: PerformanceYear) -> Result<EquityRules, RuleError> {
        rules.at("settle.quality.equity", performance_year)
    }
}

/// Sum of the measures' points; `None` stands for a measure that was not evaluated and brings nothing (M.F.3.7.2).
pub fn performance_scaler(thirds: &[Option<Third>], points: &ThirdPoints) -> f64 {
    let of = |third: &Third| match third {
        Third::Top => points.top,
        Third::Middle => points.middle,
        Third::Bottom => points.bottom,
    };
    thirds.iter().flatten().map(of).sum()
}

/// Share of assigned beneficiaries in block groups of high deprivation, of those with a numeric rank (M.F.3.7.3).
///
/// 0 when nobody has one.
pub fn deprived_share(deprived: i64, ranked: i64) -> f64 {
    if ranked > 0 { deprived as f64 / ranked as f64 } else { 0.0 }
}

/// Person years of a life with a low-income subsidy or a dual code, as the measure of 2023 counts them (M.F.3.7.3).
///
/// Sets of months: bit 0 is January. A month with both counts once, one that is not eligible not at all.
pub fn lis_or_dual_person_years(eligible: u16, low_income: u16, dual: u16) -> f64 {
    f64::from((eligible & (low_income | dual)).count_ones()) / 12.0
}

/// The underserved multiplier: the larger of the two shares (M.F.3.7.3).
pub fn underserved_multiplier(deprived_share: f64, lis_or_dual_share: f64) -> f64 {
    deprived_share.max(lis_or_dual_share)
}

/// Bonus points; `None`: the multiplier is too small for any (M.F.3.7.4).
pub fn bonus_points(scaler: f64, multiplier: f64, rules: &EquityRules) -> Option<f64> {
    (multiplier >= rules.least_multiplier).then(|| (scaler * multiplier).min(rules.largest_bonus))
}

/// The quality score with its bonus, in points (M.F.3.7.4).
pub fn adjusted_score(score: f64, bonus: Option<f64>, rules: &EquityRules) -> f64 {
    (score + bonus.unwrap_or(0.0)).min(rules.largest_score)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_that_was_not_evaluated_brings_nothing() {
        let points = ThirdPoints { top: 4.0, middle: 2.0, bottom: 0.0 };
        assert_eq!(
            performance_scaler(&[Some(Third::Top), None, Some(Third::Middle), Some(Third::Bottom)], &points),
            6.0
        );
    }

    #[test]
    fn no_bonus_after_2025() {
        let rules = Rules::built_in().expect("the shipped rules are sound");
        let of = |year| EquityRules::load(&rules, PerformanceYear(year)).expect("rules of the year");
        assert_eq!(adjusted_score(60.0, bonus_points(24.0, 0.5, &of(2025)), &of(2025)), 70.0);
        assert_eq!(adjusted_score(60.0, bonus_points(24.0, 0.5, &of(2026)), &of(2026)), 60.0);
    }
}
