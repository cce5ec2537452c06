//! Risk ratios (M.C.2–C.5).

use super::inputs::CohortScores;
use crate::by_type::ByType;
use crate::compare::{RATIOS, exceeds};
use acoledger_schemas::values::EnrollmentType;

/// From a benchmark year to BY3, uncapped: `HCC(BY3) / HCC(BYi)` (M.C.2).
pub fn within_benchmark(hcc_by3: f64, hcc: f64) -> f64 {
    hcc_by3 / hcc
}

/// From BY3 to the performance year under 425.601: at most `cap`, no floor (M.C.3).
pub fn capped_by_type(ratio: f64, cap: f64) -> f64 {
    ratio.min(cap)
}

/// As [`capped_by_type`], and not below the cap's mirror image: 0.97 for 1.03. For reforms.
pub fn within_by_type(ratio: f64, cap: f64) -> f64 {
    ratio.min(cap).max(2.0 - cap)
}

/// Aggregate growth of scores by type, weighted by benchmark dollars: `Σ w × ratio / Σ w` (M.C.4.2, M.E.3.2).
///
/// 1 when no type carries weight.
pub fn aggregate_growth(ratios: &ByType<Option<f64>>, weights: &ByType<Option<f64>>) -> f64 {
    ratios.mean(weights).unwrap_or(1.0)
}

/// From BY3 to the performance year under 425.652 (M.C.4.4): all ratios stand when their aggregate is within the cap; else
/// each is held to it.
pub fn capped_in_aggregate(ratio: f64, aggregate: f64, cap: f64) -> f64 {
    if exceeds(aggregate, cap, RATIOS) { ratio.min(cap) } else { ratio }
}

/// As [`capped_in_aggregate`], and held up to a floor when the aggregate falls below it. For reforms.
pub fn within_in_aggregate(ratio: f64, aggregate: f64, [floor, cap]: [f64; 2]) -> f64 {
    if exceeds(floor, aggregate, RATIOS) { ratio.max(floor) } else { capped_in_aggregate(ratio, aggregate, cap) }
}

/// Ratios of one type by cohort, before July 2019 (M.C.5).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CohortRatios {
    /// Newly assigned: ratio of HCC scores.
    pub newly: Option<f64>,
    /// Continuously assigned: ratio of HCC scores.
    pub continuously_hcc: Option<f64>,
    /// Continuously assigned: ratio of demographic scores.
    pub continuously_demographic: Option<f64>,
    /// Continuously assigned: the HCC ratio when scores fell, else the demographic ratio.
    pub continuously: Option<f64>,
    /// Mean of the two by person years of the performance year; 1 when neither cohort has person years in both years.
    pub applied: f64,
}

/// Risk ratios of one type by cohort: scores of BY3 and the performance year each (M.C.5).
pub fn by_cohort(newly: [Option<CohortScores>; 2], continuously: [Option<CohortScores>; 2]) -> CohortRatios {
    let mut ratios = CohortRatios { applied: 1.0, ..CohortRatios::default() };
    let (mut sum, mut person_years) = (0.0, 0.0);
    if let [Some(by3), Some(py)] = newly {
        let ratio = py.hcc / by3.hcc;
        ratios.newly = Some(ratio);
        sum += py.person_years * ratio;
        person_years += py.person_years;
    }
    if let [Some(by3), Some(py)] = continuously {
        let hcc = py.hcc / by3.hcc;
        let demographic = py.demographic.zip(by3.demographic).map(|(py, by3)| py / by3);
        let ratio = if py.hcc < by3.hcc { hcc } else { super::inputs::known(demographic) };
        ratios.continuously_hcc = Some(hcc);
        ratios.continuously_demographic = demographic;
        ratios.continuously = Some(ratio);
        sum += py.person_years * ratio;
        person_years += py.person_years;
    }
    if person_years > 0.0 {
        ratios.applied = sum / person_years;
    }
    ratios
}

/// Weights of types in aggregate growth: `HB × person years of the performance year` (M.C.4.1).
pub fn weights(historical: &ByType<Option<f64>>, person_years: &ByType<Option<f64>>) -> ByType<Option<f64>> {
    ByType::of(|kind: EnrollmentType| {
        historical[kind].zip(person_years[kind]).map(|(benchmark, years)| benchmark * years)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_percent_by_type() {
        // Specifications v11, Table 3
        for (by3, py, expected) in
            [(1.031, 1.054, 1.022), (1.123, 1.074, 0.956), (0.987, 1.046, 1.030), (1.025, 1.001, 0.977)]
        {
            let applied: f64 = capped_by_type(py / by3, 1.03);
            assert_eq!((applied * 1000.0).round() / 1000.0, expected);
        }
    }

    #[test]
    fn the_cap_of_2024_binds_only_in_aggregate() {
        assert_eq!(capped_in_aggregate(1.09, 1.02, 1.03), 1.09); // one type may exceed it
        assert_eq!(capped_in_aggregate(1.09, 1.03 + 1e-15, 1.03), 1.09); // at the cap but for noise
        assert_eq!(capped_in_aggregate(1.09, 1.04, 1.03), 1.03);
        assert_eq!(capped_in_aggregate(0.90, 1.04, 1.03), 0.90);
    }

    #[test]
    fn cohorts_without_a_pair_of_years_drop_out() {
        let scores =
            |person_years, hcc, demographic| Some(CohortScores { person_years, hcc, demographic: Some(demographic) });
        let both = by_cohort(
            [scores(9.0, 1.0, 1.0), scores(100.0, 1.1, 1.0)],
            [scores(9.0, 1.0, 1.0), scores(300.0, 1.2, 1.02)],
        );
        assert!((both.applied - 1.04).abs() < 1e-12); // (100 × 1.1 + 300 × 1.02) / 400: HCC rose, so demographic
        let fell = by_cohort([None, scores(100.0, 1.1, 1.0)], [scores(9.0, 1.0, 1.0), scores(300.0, 0.9, 1.02)]);
        assert_eq!((fell.newly, fell.applied), (None, 0.9));
        assert_eq!(by_cohort([None, None], [None, None]).applied, 1.0);
    }
}
