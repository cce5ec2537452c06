//! Counties, region and market share (M.D.1.2–D.1.7, M.E.3.1).

use super::inputs::{CountyCell, CountyFigures, Own};

/// A type's regional figures in one year.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    /// Risk-adjusted regional spending per person year (M.D.1.4).
    pub per_capita: f64,
    /// The ACO's share of the market: the weight of national trends (M.D.1.7).
    pub market_share: f64,
    /// Regional HCC score (M.E.3.1).
    pub hcc: f64,
    /// Regional demographic score; `None` where a county's is not known.
    pub demographic: Option<f64>,
    /// Counties that entered.
    pub counties: usize,
    /// Share of the ACO's person years in counties without known figures (M.D.1.5); 1: no county was left, and the nation
    /// stands in.
    pub dropped_share: f64,
}

/// A county's spending per person year at a score of 1: `CE / CH` (M.D.1.2).
pub fn county_risk_adjusted(per_capita: f64, hcc: f64) -> f64 {
    per_capita / hcc
}

/// Weights of counties: shares of the ACO's person years over counties with known figures, blank for the others
/// (M.D.1.3, M.D.1.5).
pub fn county_weights(cells: &[CountyCell]) -> Vec<Option<f64>> {
    let kept: f64 = cells.iter().filter(|cell| cell.known.is_some()).map(|cell| cell.assigned).sum();
    cells.iter().map(|cell| cell.known.map(|_| cell.assigned / kept)).collect()
}

/// Regional figures of one type and year from its counties; where none is known the nation stands in: national spending,
/// market share 0, scores 1 (M.D.1.5).
///
/// `national` may be `None` where a county is known. `share_limit` bounds each county's share in the market share.
pub fn region(cells: &[CountyCell], national: Option<f64>, share_limit: f64) -> Region {
    let mut region = Region {
        per_capita: 0.0,
        market_share: 0.0,
        hcc: 0.0,
        demographic: Some(0.0),
        counties: 0,
        dropped_share: 0.0,
    };
    let all: f64 = cells.iter().map(|cell| cell.assigned).sum();
    let dropped: f64 = cells.iter().filter(|cell| cell.known.is_none()).map(|cell| cell.assigned).sum();
    for (cell, weight) in cells.iter().zip(county_weights(cells)) {
        let Some((county, weight)) = cell.known.zip(weight) else { continue };
        region.per_capita += weight * county_risk_adjusted(county.per_capita, county.hcc);
        region.market_share += weight * (cell.assigned / county.person_years).min(share_limit);
        region.hcc += weight * county.hcc;
        region.demographic = region.demographic.zip(county.demographic).map(|(sum, score)| sum + weight * score);
        region.counties += 1;
    }
    if region.counties == 0 {
        let per_capita = national.expect("inputs are complete: the nation is known where no county is");
        return Region { per_capita, hcc: 1.0, demographic: Some(1.0), dropped_share: 1.0, ..region };
    }
    region.dropped_share = if all > 0.0 { dropped / all } else { 0.0 };
    region
}

/// Counties without the ACO's own beneficiaries: dollars without theirs, scores by person years likewise. For reforms
/// (`county.exclude_assigned`); the person years that market shares are made of stay.
///
/// Where the ACO's part of a county is known (`CountyCell::own`) it is taken out exactly, and the rest is whatever it is. Else each
/// county has the ACO's mean spending and scores over its assigned person years; where the ACO has most of a county, that mean is no
/// measure of what is left, which may come out as nothing or less: a county of whose person years, spending or scores less than
/// `least` is left, or whose spending or scores grow beyond the inverse, is unknown. So is, either way, a county of nobody else,
/// or whose rest has no spending or score above 0.
pub fn without_assigned(cells: &[CountyCell], own: &Own, least: f64) -> Vec<CountyCell> {
    let rest = |cell: &CountyCell| {
        let county = cell.known?;
        let (part, least) = match cell.own {
            Some(part) => (part, 0.0),
            None => {
                let Own { per_capita, hcc, demographic, .. } = *own;
                (CountyFigures { per_capita, person_years: cell.assigned, hcc: hcc?, demographic }, least)
            }
        };
        if part.person_years == 0.0 {
            return Some(county);
        }
        let left = county.person_years - part.person_years;
        // Half a person month: sums of the same months, made in another order, are that near.
        if left < 1.0 / 24.0 || left < least * county.person_years {
            return None;
        }
        let without = |all: f64, own: f64| {
            let rest = (all * county.person_years - own * part.person_years) / left;
            (rest > 0.0 && rest >= least * all && rest * least <= all).then_some(rest)
        };
        let demographic = match county.demographic.zip(part.demographic) {
            Some((all, own)) => Some(without(all, own)?),
            None => None,
        };
        let (per_capita, hcc) = (without(county.per_capita, part.per_capita)?, without(county.hcc, part.hcc)?);
        Some(CountyFigures { per_capita, hcc, demographic, ..county })
    };
    cells.iter().map(|cell| CountyCell { known: rest(cell), ..*cell }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::inputs::CountyFigures;
    use super::*;

    fn cell(assigned: f64, person_years: f64, per_capita: f64, hcc: f64) -> CountyCell {
        let known = Some(CountyFigures { per_capita, person_years, hcc, demographic: Some(1.0) });
        CountyCell { assigned, known, own: None }
    }

    #[test]
    fn market_share_is_weighted_by_the_acos_own_person_years() {
        let cells = [cell(9000.0, 10_000.0, 10_000.0, 1.0), cell(2000.0, 12_000.0, 21_000.0, 1.05)];
        let region = region(&cells, None, 1.0);
        // 9/11 × 0.9 + 2/11 × 1/6 = 0.766667: the specifications' example, p. 36
        assert!((region.market_share - 0.766_666_666_7).abs() < 1e-9);
        // 9/11 × 10,000 + 2/11 × 21,000/1.05 = 11,818.18
        assert!((region.per_capita - 130_000.0 / 11.0).abs() < 1e-9);
        assert_eq!(region.counties, 2);
    }

    #[test]
    fn a_county_without_figures_leaves_its_weight_to_the_rest() {
        let cells = [cell(30.0, 20.0, 9000.0, 0.9), CountyCell { assigned: 10.0, known: None, own: None }];
        let region = region(&cells, None, 1.0);
        assert_eq!((region.per_capita, region.dropped_share), (10_000.0, 0.25));
        assert_eq!(region.market_share, 1.0); // 30 / 20, at most 1
        assert_eq!(county_weights(&cells), [Some(1.0), None]);
    }

    #[test]
    fn the_rest_of_a_county_is_what_the_aco_leaves() {
        let own = Own { person_years: 30.0, per_capita: 8000.0, hcc: Some(0.8), demographic: Some(1.0) };
        // 100 × 10,000 − 30 × 8,000 = 760,000 over 70; 100 × 0.94 − 30 × 0.8 = 70 over 70
        let rest = without_assigned(&[cell(30.0, 100.0, 10_000.0, 0.94), cell(30.0, 30.0, 9000.0, 1.0)], &own, 0.1);
        let first = rest[0].known.expect("there are others");
        assert!((first.per_capita - 76_000.0 / 7.0).abs() < 1e-9 && (first.hcc - 1.0).abs() < 1e-12, "{first:?}");
        assert_eq!((first.person_years, rest[1].known), (100.0, None));
    }

    #[test]
    fn a_part_that_is_known_is_taken_out_exactly() {
        let mean = Own { person_years: 30.0, per_capita: 8000.0, hcc: Some(0.8), demographic: Some(1.0) };
        let part = |person_years, per_capita, hcc| {
            let own = Some(CountyFigures { per_capita, person_years, hcc, demographic: Some(1.0) });
            without_assigned(&[CountyCell { own, ..cell(30.0, 100.0, 10_000.0, 0.94) }], &mean, 0.1)[0].known
        };
        // 28 of its 30 person years are assignable, at 12,000: 100 × 10,000 − 28 × 12,000 = 664,000 over 72.
        let rest = part(28.0, 12_000.0, 1.2).expect("others are left");
        assert!((rest.per_capita - 664_000.0 / 72.0).abs() < 1e-9, "{rest:?}");
        assert!((rest.hcc - (94.0 - 28.0 * 1.2) / 72.0).abs() < 1e-12, "{rest:?}");
        // 99 of 100: what is left is small and exact, no guess that might be nothing.
        assert!((part(99.0, 10_050.0, 0.94).expect("one is left").per_capita - 5050.0).abs() < 1e-6);
        // Nobody of the ACO's is of the population; nobody else is.
        assert_eq!(part(0.0, 0.0, 1.0).map(|of| of.per_capita), Some(10_000.0));
        assert_eq!(part(100.0, 10_000.0, 0.94), None);
    }

    #[test]
    fn a_county_that_an_aco_nearly_fills_is_unknown_without_it() {
        let own = Own { person_years: 90.0, per_capita: 12_000.0, hcc: Some(1.0), demographic: Some(1.0) };
        let left = |cell: CountyCell, least: f64| without_assigned(&[cell], &own, least)[0].known;
        // 100 × 10,500 − 90 × 12,000 = −30,000 over 10
        assert_eq!(left(cell(90.0, 100.0, 10_500.0, 1.0), 0.0), None);
        // 100 × 10,810 − 90 × 12,000 = 1,000 over 10: 100 a person year is no spending
        assert_eq!(left(cell(90.0, 100.0, 10_810.0, 1.0), 0.1), None);
        // scores: 100 × 0.905 − 90 × 1 = 0.5 over 10
        assert_eq!(left(cell(90.0, 100.0, 12_000.0, 0.905), 0.1), None);
        // 100 × 24,000 − 90 × 12,000 = 1,320,000 over 10: 5.5 times the county's; below a twentieth nothing is too much
        assert!(left(cell(90.0, 100.0, 24_000.0, 1.0), 0.05).is_some());
        assert_eq!(left(cell(90.0, 100.0, 24_000.0, 1.0), 0.2), None);
        // 5 of 100 left
        assert_eq!(left(cell(95.0, 100.0, 12_000.0, 1.0), 0.1), None);
        assert!(left(cell(90.0, 100.0, 12_000.0, 1.0), 0.1).is_some());
    }

    #[test]
    fn without_any_county_the_nation_stands_in() {
        let region = region(&[CountyCell { assigned: 10.0, known: None, own: None }], Some(12_345.0), 1.0);
        assert_eq!((region.per_capita, region.market_share, region.hcc), (12_345.0, 0.0, 1.0));
        assert_eq!((region.demographic, region.dropped_share), (Some(1.0), 1.0));
    }
}
