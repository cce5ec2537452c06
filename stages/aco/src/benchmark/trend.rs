//! Trends and the benchmark before adjustment (M.D.1.8–D.1.10, M.E.1).

/// Growth from one year to another.
pub fn growth(later: f64, earlier: f64) -> f64 {
    later / earlier
}

/// The two-way blend of national and regional growth: `W × national + (1 − W) × regional` (M.D.1.8, M.E.1).
pub fn blend(market_share: f64, national: f64, regional: f64) -> f64 {
    market_share * national + (1.0 - market_share) * regional
}

/// A benchmark year's spending carried to BY3: `X × rr × t` (M.D.1.9).
pub fn trended(per_capita: f64, risk_ratio: f64, trend: f64) -> f64 {
    per_capita * risk_ratio * trend
}

/// The benchmark before adjustment: the mean of the years at hand by their weights (M.D.1.10, M.C.6). `None` without any.
pub fn before_adjustment(trended: [Option<f64>; 3], weights: [f64; 3]) -> Option<f64> {
    let (mut sum, mut weight_sum) = (0.0, 0.0);
    for (value, weight) in trended.into_iter().zip(weights) {
        if let Some(value) = value {
            sum += weight * value;
            weight_sum += weight;
        }
    }
    (weight_sum > 0.0).then(|| sum / weight_sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trend_example_of_the_specifications() {
        // p. 36: 0.766667 × 19,229/18,354 + 0.233333 × 13,000/12,000 = 0.803216 + 0.252778
        let trend = blend(23.0 / 30.0, growth(19_229.0, 18_354.0), growth(13_000.0, 12_000.0));
        assert!((trend - 1.055_994).abs() < 5e-7, "{trend}");
    }

    #[test]
    fn a_missing_year_leaves_its_weight_to_the_others() {
        assert_eq!(before_adjustment([Some(100.0), Some(200.0), Some(300.0)], [10.0, 30.0, 60.0]), Some(250.0));
        assert_eq!(before_adjustment([None, Some(200.0), Some(300.0)], [10.0, 30.0, 60.0]), Some(24_000.0 / 90.0));
        assert_eq!(before_adjustment([None, None, None], [1.0, 1.0, 1.0]), None);
    }
}
