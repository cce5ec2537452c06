//! The update from BY3 to the performance year (M.E).

use crate::compare::{RATIOS, exceeds};

/// Flat-dollar update: national growth in dollars is added after risk adjustment (M.E.1; 425.602, 425.603(b)).
pub fn flat_dollar(historical: f64, risk_ratio: f64, national_growth_dollars: f64) -> f64 {
    historical * risk_ratio + national_growth_dollars
}

/// Update by a factor: `HB × rr × factor` (M.E.1; the other rulebooks).
pub fn by_factor(historical: f64, risk_ratio: f64, factor: f64) -> f64 {
    historical * risk_ratio * factor
}

/// The three-way blend (M.E.1): weights stand in relation to each other.
pub fn three_way(two_way: f64, acpt: f64, two_way_weight: f64, acpt_weight: f64) -> f64 {
    (two_way_weight * two_way + acpt_weight * acpt) / (two_way_weight + acpt_weight)
}

/// The prospective trend derived from projected growth: a flat dollar amount of the nation at the ACO's risk, as a factor of
/// the benchmark (M.E.4.3; medium confidence).
pub fn derived_acpt(historical: f64, hcc_by3: f64, national_by3: f64, annual_growth: f64, years: i32) -> f64 {
    let flat = national_by3 * ((1.0 + annual_growth).powi(years) - 1.0);
    (historical + hcc_by3 * flat) / historical
}

/// The prospective trend held within points below and above national growth; `None`: no limit on that side (M.E.4.6).
pub fn limited_acpt(acpt: f64, national_growth: f64, below: Option<f64>, above: Option<f64>) -> f64 {
    let least = below.map_or(f64::NEG_INFINITY, |points| national_growth - points);
    let most = above.map_or(f64::INFINITY, |points| national_growth + points);
    acpt.max(least).min(most)
}

/// The cap on regional risk score growth: demographic growth plus points, and of the excess the ACO's market share
/// (M.E.3.3).
pub fn regional_cap(demographic_growth: f64, points: f64, market_share: f64, hcc_growth: f64) -> f64 {
    let base = demographic_growth + points;
    base + market_share * (hcc_growth - base).max(0.0)
}

/// What regional growth is multiplied by: the part of a type's score growth above the cap, when the aggregate exceeds it
/// (M.E.3.4).
pub fn regional_cap_factor(type_growth: f64, aggregate_growth: f64, cap: f64) -> f64 {
    if exceeds(aggregate_growth, cap, RATIOS) && type_growth > cap { type_growth / cap } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_forms() {
        assert_eq!(flat_dollar(10_000.0, 1.02, 300.0), 10_500.0);
        assert_eq!(by_factor(10_000.0, 1.02, 1.5), 15_300.0);
        assert!((three_way(1.09, 1.03, 2.0, 1.0) - 1.07).abs() < 1e-12);
        // (10,000 + 1.1 × 12,000 × (1.05² − 1)) / 10,000 = 1.1353
        assert!((derived_acpt(10_000.0, 1.1, 12_000.0, 0.05, 2) - 1.1353).abs() < 1e-12);
    }

    #[test]
    fn limits_of_the_prospective_trend() {
        assert_eq!(limited_acpt(1.02, 1.05, None, None), 1.02);
        assert_eq!(limited_acpt(1.02, 1.05, Some(0.01), Some(0.015)), 1.05 - 0.01);
        assert_eq!(limited_acpt(1.09, 1.05, Some(0.01), Some(0.015)), 1.05 + 0.015);
        assert_eq!(limited_acpt(1.09, 1.05, Some(0.01), None), 1.09);
        assert_eq!(limited_acpt(1.06, 1.05, Some(0.01), Some(0.015)), 1.06);
    }

    #[test]
    fn the_regional_cap_leaves_the_acos_own_share_of_growth() {
        let cap = regional_cap(1.0, 0.03, 0.25, 1.07);
        assert!((cap - 1.04).abs() < 1e-12); // 1.03 + 0.25 × 0.04
        assert_eq!(regional_cap(1.0, 0.03, 0.25, 1.01), 1.03);
        assert!((regional_cap_factor(1.092, 1.07, cap) - 1.05).abs() < 1e-12);
        assert_eq!(regional_cap_factor(1.02, 1.07, cap), 1.0);
        // With the whole market the cap is the growth itself, which then does not exceed it.
        let (growth, cap) = (1.123_456_7, regional_cap(1.004_73, 0.03, 1.0, 1.123_456_7));
        assert_eq!(regional_cap_factor(1.2, growth, cap), 1.0);
        assert_eq!(regional_cap_factor(1.092, 1.03, cap), 1.0);
    }
}
