//! Caps of the benchmark in the published file of 2024: which of them bind, and what the file's own columns say about it.
//!
//! The file has scores, weights and the benchmark before and after, not the regional trend. So an update factor is left over:
//! published updated benchmark ÷ (historical benchmark × our risk ratios). Where the cap that we compute binds and we apply it,
//! what is left over is like that of ACOs at which no cap binds; where we do not, it is not. See docs/src/replay.md.

use crate::replay::{Grid, number, published};
use acoledger_aco::benchmark::risk;
use acoledger_aco::by_type::ByType;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::values::EnrollmentType;
use expect_test::expect;
use std::fmt::Write;

/// One ACO of the file: agreement of 2024, every type known.
struct Published {
    ratios: ByType<Option<f64>>,
    demographic: ByType<Option<f64>>,
    weights: ByType<Option<f64>>,
    /// Historical benchmark by type, and the mix of the performance year.
    historical: ByType<Option<f64>>,
    person_years: ByType<Option<f64>>,
    updated: f64,
}

impl Published {
    /// `None` where a cell is masked.
    fn new(grid: &Grid, row: &[String]) -> Option<Published> {
        let at = |column: &str| number(&row[grid.at(column)]).map(|(value, _)| value);
        let years = |year: &str| {
            by_type(|kind| {
                let kind = match kind {
                    EnrollmentType::Agdu => "AGED_Dual",
                    EnrollmentType::Agnd => "AGED_NonDual",
                    other => other.code(),
                };
                at(&format!("N_AB_Year_{kind}_{year}"))
            })
        };
        let ratio = |score: &str| {
            by_type(|kind| {
                let of = |year: &str| at(&format!("{score}_{}_{year}", kind.code()));
                Some(of("PY")? / of("BY3")?)
            })
        };
        let (by3, person_years) = (years("BY3")?, years("PY")?);
        let weights = by_type(|kind| at(&format!("RR_weight_{}_PY", kind.code())))?;
        // Weights are benchmark dollars by type; the published benchmark at the mix of BY3 gives their unit (M.C.4.1).
        let relative = by_type(|kind| Some(weights[kind]? / person_years[kind]?))?;
        let unit = at("HistBnchmk")? / relative.mean(&by3)?;
        let historical = by_type(|kind| Some(unit * relative[kind]?))?;
        Some(Published {
            ratios: ratio("CMS_HCC_RiskScore")?,
            demographic: ratio("Demog_RiskScore")?,
            weights,
            historical,
            person_years,
            updated: at("UpdatedBnchmk")?,
        })
    }

    fn growth(&self) -> (f64, f64) {
        let of = |ratios| risk::aggregate_growth(ratios, &self.weights);
        (of(&self.ratios), of(&self.demographic))
    }

    /// What is left of the published update when scores are capped at demographic growth plus points; `None`: uncapped.
    fn left_over(&self, points: Option<f64>) -> f64 {
        let (hcc, demographic) = self.growth();
        let adjusted = by_type(|kind| {
            let ratio = self.ratios[kind]?;
            let applied = points.map_or(ratio, |points| risk::capped_in_aggregate(ratio, hcc, demographic + points));
            Some(self.historical[kind]? * applied)
        });
        self.updated / adjusted.and_then(|adjusted| adjusted.mean(&self.person_years)).expect("every type is known")
    }
}

/// A value for every type, or nothing.
fn by_type(value: impl FnMut(EnrollmentType) -> Option<f64>) -> Option<ByType<Option<f64>>> {
    let values = ByType::of(value);
    (values.present().count() == 4).then_some(values)
}

fn acos() -> Option<Vec<Published>> {
    let grid = published("mssp_results_py2024.csv")?;
    let start = grid.at("Current_Start_Date");
    let of_2024 = grid.rows.iter().filter(|row| row[start] == "1/1/2024");
    Some(of_2024.filter_map(|row| Published::new(&grid, row)).collect())
}

fn points() -> f64 {
    Rules::built_in().expect("rules").at("risk_cap.aggregate_points", 2024).expect("points")
}

/// Where the cap on growth of scores binds, what it takes off, and what is left over with and without it (M.C.4).
#[test]
fn the_cap_on_scores_binds_where_the_published_benchmark_says_so() {
    let Some(acos) = acos() else { return };
    let points = points();
    let (mut bound, free): (Vec<_>, Vec<_>) = acos.iter().partition(|aco| {
        let (hcc, demographic) = aco.growth();
        hcc > demographic + points
    });
    let left: Vec<f64> = free.iter().map(|aco| aco.left_over(Some(points))).collect();
    let (least, most) = (left.iter().copied().fold(f64::MAX, f64::min), left.iter().copied().fold(0.0, f64::max));
    bound.sort_by(|a, b| (a.growth().0 - a.growth().1).total_cmp(&(b.growth().0 - b.growth().1)));
    let mut text = format!("{} free, left over {least:.4} to {most:.4}\n", free.len());
    text.push_str("HCC growth  demographic  left over capped  uncapped\n");
    for aco in &bound {
        let (hcc, demographic) = aco.growth();
        let [capped, uncapped] = [Some(points), None].map(|points| {
            let left = aco.left_over(points);
            format!("{left:.4}{}", if (least..=most).contains(&left) { "" } else { " out" })
        });
        writeln!(text, "{hcc:<11.4} {demographic:<12.4} {capped:<17} {uncapped}").expect("text");
    }
    expect![[r#"
        119 free, left over 1.0550 to 1.1185
        HCC growth  demographic  left over capped  uncapped
        1.0282      0.9934       1.1499 out        1.1328 out
        1.0376      0.9994       1.0705            1.0543 out
        1.0411      0.9980       1.0835            1.0693
        1.0552      0.9969       1.0700            1.0408 out
        1.0695      0.9966       1.0677            1.0248 out
        1.0960      1.0019       1.0747            1.0118 out
    "#]]
    .assert_eq(&text);
}

/// How well a cap fits: the spread of what is left over. No cap fits worse than the law's.
#[test]
fn no_cap_at_all_fits_worse() {
    let Some(acos) = acos() else { return };
    let spread = |points: Option<f64>| {
        let left: Vec<f64> = acos.iter().map(|aco| aco.left_over(points).ln()).collect();
        let mean = left.iter().sum::<f64>() / left.len() as f64;
        (left.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (left.len() - 1) as f64).sqrt()
    };
    let law = spread(Some(points()));
    for other in [None, Some(0.0), Some(0.01), Some(0.06)] {
        assert!(law < spread(other), "{other:?}: {law} against {}", spread(other));
    }
}
