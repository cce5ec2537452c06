//! Counties: drawn inside states, with the dispersion of spending that the calibration gives.

use crate::calibration::Calibration;
use crate::random::{Random, running};

/// A county of the nation.
#[derive(Clone, Debug)]
pub(crate) struct County {
    /// FIPS state and county code.
    pub(crate) fips: String,
    /// SSA state code: the first two digits of the facilities' numbers.
    pub(crate) ssa_state: String,
    /// Share of the nation's lives.
    pub(crate) share: f64,
    /// Spending relative to the nation, by type.
    pub(crate) relative: [f64; 4],
    /// Fees relative to the nation.
    pub(crate) fee: f64,
    /// Whether it is small enough for a critical access hospital and a rural health clinic.
    pub(crate) rural: bool,
}

const LIVES_PER_COUNTY: f64 = 2_500.0;
const COUNTIES_MIN: usize = 4;
const COUNTIES_MAX: usize = 3_141;
const COUNTIES_PER_STATE: usize = 5;

/// The counties of a nation of `lives`, neighbours side by side.
pub(crate) fn counties(calibration: &Calibration, lives: u32, seed: u64) -> Vec<County> {
    let mut random = Random::new(seed, 0, 100);
    let count = ((f64::from(lives) / LIVES_PER_COUNTY) as usize).clamp(COUNTIES_MIN, COUNTIES_MAX);
    let states = draw_states(calibration, count, &mut random);
    let weights: f64 = states.iter().map(|&state| calibration.states[state].person_years).sum();
    let mut counties = Vec::new();
    for state in states {
        let state = &calibration.states[state];
        let wanted = (count as f64 * state.person_years / weights).round().max(1.0) as usize;
        let here = wanted.min(state.counties);
        let sizes: Vec<f64> = (0..here).map(|_| random.lognormal(1.0, 0.6)).collect();
        let total: f64 = sizes.iter().sum();
        for (k, size) in sizes.iter().enumerate() {
            counties.push(County {
                fips: format!("{}{:03}", state.fips, 2 * k + 1),
                ssa_state: state.ssa.clone(),
                share: size / total * state.person_years,
                relative: relative(calibration, &state.relative, &mut random),
                fee: random.lognormal(1.0, 0.05).clamp(0.85, 1.2),
                rural: *size < 0.8,
            });
        }
    }
    renormalise(&mut counties);
    counties
}

/// States without replacement, by person years; all of them when there is room.
fn draw_states(calibration: &Calibration, counties: usize, random: &mut Random) -> Vec<usize> {
    let all = calibration.states.len();
    let wanted = (counties / COUNTIES_PER_STATE).clamp(2, all);
    let mut left: Vec<usize> = (0..all).collect();
    let mut drawn = Vec::new();
    while drawn.len() < wanted {
        let at = random.pick(&running(left.iter().map(|&state| calibration.states[state].person_years)));
        drawn.push(left.remove(at));
    }
    drawn.sort_unstable();
    drawn
}

/// A county's level by type: the state's, times a factor that the types share in part.
fn relative(calibration: &Calibration, state: &[f64; 4], random: &mut Random) -> [f64; 4] {
    const SHARED: f64 = 0.6;
    let common = random.normal();
    std::array::from_fn(|kind| {
        let deviation = SHARED.sqrt() * common + (1.0 - SHARED).sqrt() * random.normal();
        (state[kind] * (1.0 + calibration.county_sd[kind] * deviation)).clamp(0.5, 1.8)
    })
}

fn renormalise(counties: &mut [County]) {
    let total: f64 = counties.iter().map(|county| county.share).sum();
    counties.iter_mut().for_each(|county| county.share /= total);
    for kind in 0..4 {
        let mean: f64 = counties.iter().map(|county| county.share * county.relative[kind]).sum();
        counties.iter_mut().for_each(|county| county.relative[kind] /= mean);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counties_are_distinct_and_centred() {
        let calibration = Calibration::load();
        for lives in [2_000, 50_000, 5_000_000] {
            let counties = counties(&calibration, lives, 1);
            let mut codes: Vec<&str> = counties.iter().map(|county| county.fips.as_str()).collect();
            codes.sort_unstable();
            codes.dedup();
            assert_eq!(codes.len(), counties.len());
            assert!((counties.iter().map(|county| county.share).sum::<f64>() - 1.0).abs() < 1e-9);
            let mean: f64 = counties.iter().map(|county| county.share * county.relative[3]).sum();
            assert!((mean - 1.0).abs() < 1e-9);
        }
    }
}
