//! Logarithmic histograms of annualised spending: they say in which narrow band an order statistic lies.

/// Buckets for one power of two.
const FINE: u32 = 32;
/// Buckets in all: one for everything below a dollar or so, then `FINE` for each power of two.
pub(crate) const BUCKETS: usize = 1 + (64 - 5) * FINE as usize;

/// The whole part of annualised spending in cents: `spend × 12 / months`, rounded down.
pub(crate) fn annual(spend_cents: i64, months: u8) -> i64 {
    let twelve = i128::from(spend_cents) * 12;
    let annual = twelve.div_euclid(i128::from(months.max(1)));
    annual.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

/// The bucket of an amount; larger amounts never fall into smaller buckets.
pub(crate) fn bucket(annual: i64) -> u16 {
    if annual < i64::from(FINE) {
        return 0;
    }
    let power = 63 - annual.leading_zeros(); // at least 5
    let fine = ((annual >> (power - 5)) as u32) & (FINE - 1);
    (1 + (power - 5) * FINE + fine) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_in_order() {
        let mut amounts: Vec<i64> =
            vec![i64::MIN, -5, 0, 31, 32, 33, 63, 64, 65, 66, 100, 1_000, i64::MAX - 1, i64::MAX];
        amounts.extend((0..1_000_000).step_by(997));
        amounts.sort_unstable();
        for pair in amounts.windows(2) {
            assert!(bucket(pair[0]) <= bucket(pair[1]), "{pair:?}");
        }
        assert!(usize::from(bucket(i64::MAX)) < BUCKETS);
        assert_ne!(bucket(100_000), bucket(104_000));
    }
}
