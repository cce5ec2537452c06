//! An ACO's own claims beside published factors: its rates from its claims, nation and counties from elsewhere.

use acoledger_schemas::rates::{AcoYear, National, Rates};
use acoledger_schemas::table::{Problem, Problems};
use acoledger_schemas::values::{CalendarYear, EnrollmentType, PerformanceYear, ScoreKind};
use std::collections::BTreeMap;

type Key = (PerformanceYear, CalendarYear, EnrollmentType);

/// Rates of an ACO from its own claims, `own`, beside the nation and the counties of `published`.
///
/// The means by which scores are divided (M.C.1.3) are the nation's, not those of the ACO's own lives. Per capita spending and
/// paid amounts are divided by the share of payments that the claims carry, where that is declared.
///
/// # Errors
/// A year and type of the ACO for which the nation has no mean score.
pub fn beside_published(own: Rates, published: &Rates, completeness: Option<f64>) -> Result<Rates, Problems> {
    let share = completeness.unwrap_or(1.0);
    let (ours, theirs) = (by_key(&own.national), by_key(&published.national));
    let mut problems = Problems::default();
    let mut rates = own.clone();
    for row in &mut rates.aco_year {
        row.per_capita = row.per_capita.map(|dollars| dollars / share);
        let key = (row.performance_year, row.calendar_year, row.enrollment_type);
        let (ours, theirs) = (ours.get(&key).copied(), theirs.get(&key).copied());
        for (kind, column) in [(ScoreKind::Hcc, "hcc_mean"), (ScoreKind::Demographic, "demographic_mean")] {
            let Some(value) = score(kind, row).as_mut() else { continue };
            match (ours.and_then(|of| mean(kind, of)), theirs.and_then(|of| mean(kind, of))) {
                (Some(ours), Some(theirs)) if theirs > 0.0 => *value = *value * ours / theirs,
                _ => problems.push(lacking(key, column)),
            }
        }
    }
    for row in &mut rates.aco_heads {
        row.paid_amounts = row.paid_amounts.map(|dollars| dollars / share);
    }
    rates.national = published.national.clone();
    rates.county = published.county.clone();
    problems.or(rates)
}

fn by_key(rows: &[National]) -> BTreeMap<Key, &National> {
    rows.iter().map(|row| ((row.performance_year, row.calendar_year, row.enrollment_type), row)).collect()
}

/// An ACO's score.
fn score(kind: ScoreKind, row: &mut AcoYear) -> &mut Option<f64> {
    match kind {
        ScoreKind::Hcc => &mut row.hcc_score,
        ScoreKind::Demographic => &mut row.demographic_score,
    }
}

/// The nation's mean.
fn mean(kind: ScoreKind, row: &National) -> Option<f64> {
    match kind {
        ScoreKind::Hcc => row.hcc_mean,
        ScoreKind::Demographic => row.demographic_mean,
    }
}

fn lacking((performance_year, calendar_year, kind): Key, column: &str) -> Problem {
    Problem {
        file: "rates/national".into(),
        line: 0,
        column: column.into(),
        what: format!(
            "no national mean score of {kind} lives in {calendar_year} for performance year {performance_year}"
        ),
        value: None,
        hint: Some("write 1 where the scores of `risk_score` are divided by it already".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use acoledger_schemas::values::{AcoId, Cohort, Period};

    fn national(hcc_mean: Option<f64>, per_capita: f64) -> National {
        National {
            performance_year: PerformanceYear(2024),
            calendar_year: CalendarYear(2023),
            enrollment_type: EnrollmentType::Agnd,
            per_capita: Some(per_capita),
            person_years: Some(10.0),
            truncation_threshold: Some(100_000.0),
            hcc_mean,
            demographic_mean: hcc_mean,
        }
    }

    fn own() -> Rates {
        let row = AcoYear {
            performance_year: PerformanceYear(2024),
            period: Period::Full,
            aco_id: AcoId::new("A1").expect("an ACO"),
            calendar_year: CalendarYear(2023),
            cohort: Cohort::All,
            enrollment_type: EnrollmentType::Agnd,
            per_capita: Some(9_500.0),
            person_years: Some(5.0),
            hcc_score: Some(1.25),
            demographic_score: None,
        };
        Rates { national: vec![national(Some(0.8), 9_000.0)], aco_year: vec![row], ..Rates::default() }
    }

    #[test]
    fn scores_are_divided_by_the_nations_mean_and_spending_by_what_the_claims_carry() {
        let published = Rates { national: vec![national(Some(1.0), 11_000.0)], ..Rates::default() };
        let rates = beside_published(own(), &published, Some(0.95)).expect("means are there");
        assert_eq!(rates.national, published.national);
        assert!((rates.aco_year[0].hcc_score.expect("a score") - 1.0).abs() < 1e-12); // 1.25 × 0.8 / 1.0
        assert!((rates.aco_year[0].per_capita.expect("spending") - 10_000.0).abs() < 1e-9); // 9,500 / 0.95
    }

    #[test]
    fn a_nation_without_a_mean_is_no_nation_of_one() {
        let published = Rates { national: vec![national(None, 11_000.0)], ..Rates::default() };
        let error = beside_published(own(), &published, None).expect_err("no mean");
        assert!(
            error.first[0].to_string().contains("no national mean score of AGND lives in 2023"),
            "{}",
            error.first[0]
        );
    }
}
