//! Random numbers that depend only on (seed, life, purpose), so that any life can be made alone, in any order.

use std::sync::LazyLock;

/// A stream of random numbers: SplitMix64, started at a hash of its keys.
#[derive(Clone, Debug)]
pub(crate) struct Random {
    state: u64,
}

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number that depends on all three keys.
pub(crate) fn hash(seed: u64, life: u64, purpose: u64) -> u64 {
    mix(mix(mix(seed.wrapping_add(STEP)) ^ life.wrapping_mul(STEP)) ^ purpose.wrapping_mul(0xd6e8_feb8_6659_fd93))
}

impl Random {
    /// The stream of these keys.
    pub(crate) fn new(seed: u64, life: u64, purpose: u64) -> Random {
        Random { state: hash(seed, life, purpose) }
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mix(self.state)
    }

    /// Uniform in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform in 0..`n`; `n` above 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Standard normal.
    pub(crate) fn normal(&mut self) -> f64 {
        normal_quantile(self.unit())
    }

    /// Log-normal with this mean and log standard deviation.
    pub(crate) fn lognormal(&mut self, mean: f64, sigma: f64) -> f64 {
        mean * (sigma * self.normal() - sigma * sigma / 2.0).exp()
    }

    /// Poisson; a rounded normal beyond a mean of 30.
    pub(crate) fn poisson(&mut self, mean: f64) -> u32 {
        if mean <= 0.0 {
            return 0;
        }
        if mean > 30.0 {
            return (mean + mean.sqrt() * self.normal() + 0.5).max(0.0) as u32;
        }
        let floor = (-mean).exp();
        let mut product = self.unit();
        let mut count = 0;
        while product > floor {
            product *= self.unit();
            count += 1;
        }
        count
    }

    /// Gamma with this shape (at least 1) and mean 1 (Marsaglia and Tsang).
    pub(crate) fn gamma(&mut self, shape: f64) -> f64 {
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && (self.unit() + 1e-300).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v / shape;
            }
        }
    }

    /// Beta; both shapes at least 1.
    pub(crate) fn beta(&mut self, a: f64, b: f64) -> f64 {
        let x = self.gamma(a) * a;
        let y = self.gamma(b) * b;
        x / (x + y)
    }

    /// An index drawn by weights given as running sums.
    pub(crate) fn pick(&mut self, running: &[f64]) -> usize {
        pick_at(running, self.unit())
    }
}

/// The index at `unit` (0 to 1) of weights given as running sums.
pub(crate) fn pick_at(running: &[f64], unit: f64) -> usize {
    let total = running.last().copied().unwrap_or(0.0);
    running.partition_point(|&sum| sum <= unit * total).min(running.len().saturating_sub(1))
}

/// Running sums of weights.
pub(crate) fn running(weights: impl IntoIterator<Item = f64>) -> Vec<f64> {
    weights
        .into_iter()
        .scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        })
        .collect()
}

const CELLS: usize = 4096;
static QUANTILES: LazyLock<Vec<f64>> = LazyLock::new(|| (0..=CELLS).map(|i| acklam(i as f64 / CELLS as f64)).collect());

/// The standard normal's quantile: interpolated inside, computed in the tails.
pub(crate) fn normal_quantile(unit: f64) -> f64 {
    let at = unit * CELLS as f64;
    let cell = at as usize;
    if !(8..CELLS - 8).contains(&cell) {
        return acklam(unit.clamp(1e-12, 1.0 - 1e-12));
    }
    let low = QUANTILES[cell];
    low + (at - cell as f64) * (QUANTILES[cell + 1] - low)
}

/// Acklam's approximation of the normal quantile, relative error below 1.2e-9.
fn acklam(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969683028665376e1,
        2.209460984245205e2,
        -2.759285104469687e2,
        1.38357751867269e2,
        -3.066479806614716e1,
        2.506628277459239,
    ];
    const B: [f64; 5] =
        [-5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1];
    const C: [f64; 6] = [
        -7.784894002430293e-3,
        -3.223964580411365e-1,
        -2.400758277161838,
        -2.549732539343734,
        4.374664141464968,
        2.938163982698783,
    ];
    const D: [f64; 4] = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416];
    let poly = |coefficients: &[f64], x: f64| coefficients.iter().fold(0.0, |sum, c| sum * x + c);
    if p < 0.02425 {
        let q = (-2.0 * p.max(1e-300).ln()).sqrt();
        poly(&C, q) / (poly(&D, q) * q + 1.0)
    } else if p > 1.0 - 0.02425 {
        -acklam(1.0 - p)
    } else {
        let q = p - 0.5;
        let r = q * q;
        poly(&A, r) * q / (poly(&B, r) * r + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_right() {
        let mut random = Random::new(1, 2, 3);
        let n = 200_000;
        let mean = |draw: &mut dyn FnMut() -> f64| (0..n).map(|_| draw()).sum::<f64>() / f64::from(n);
        assert!(mean(&mut || random.normal()).abs() < 0.01);
        assert!((mean(&mut || random.normal().powi(2)) - 1.0).abs() < 0.02);
        assert!((mean(&mut || f64::from(random.poisson(5.6))) - 5.6).abs() < 0.05);
        assert!((mean(&mut || f64::from(random.poisson(80.0))) - 80.0).abs() < 0.2);
        assert!((mean(&mut || random.gamma(2.2)) - 1.0).abs() < 0.01);
        assert!((mean(&mut || random.beta(9.0, 1.3)) - 9.0 / 10.3).abs() < 0.005);
        assert!((mean(&mut || random.lognormal(100.0, 1.0)) - 100.0).abs() < 2.0);
        assert!((mean(&mut || random.below(10) as f64) - 4.5).abs() < 0.03);
    }

    #[test]
    fn streams_differ_by_every_key() {
        let first = Random::new(1, 1, 1).next();
        assert_eq!(first, Random::new(1, 1, 1).next());
        for other in [(2, 1, 1), (1, 2, 1), (1, 1, 2)] {
            assert_ne!(first, Random::new(other.0, other.1, other.2).next());
        }
    }
}
