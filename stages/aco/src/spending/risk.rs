//! What scores are made of: shares and means of the parts that the cells count.

use acoledger_schemas::cells::{Cells, RiskDetailCell};
use acoledger_schemas::values::*;
use std::collections::BTreeMap;

acoledger_schemas::table! {
    /// What scores are made of: of an ACO's lives in its own years, of the nation's assignable lives.
    RiskDetail = "risk_detail", key [performance_year, period, aco_id, calendar_year, enrollment_type, model, part, item] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// Period, of an ACO.
        period: Option<Period> ["code"],
        /// ACO; blank: the nation.
        aco_id: Option<AcoId> ["id"],
        /// Calendar year.
        calendar_year: CalendarYear ["year"],
        /// Enrollment type; blank: all.
        enrollment_type: Option<EnrollmentType> ["code"],
        /// Year whose model made the scores (M.C.1.5).
        model: CalendarYear ["year"],
        /// `all`; `stayed`, `joined`, `left` between BY3 and the performance year; and, of scores made from diagnoses, `segment`,
        /// `hcc`, `new_enrollee`.
        part: RiskPart ["code"],
        /// The other year; the segment; model and number of the HCC. Blank: all.
        item: Option<String> ["code"],
        /// Lives with a scored month, of `all`, `stayed`, `joined`, `left`: by type and year, so that whoever changes the type is in two.
        lives: Option<i64> ["lives"],
        /// Person years with a score.
        person_years: f64 ["person-years"],
        /// Of the person years of `all`.
        share: f64 ["fraction"],
        /// Mean HCC score, as scored.
        hcc_score: Option<f64> ["score"],
        /// Mean demographic score, as scored.
        demographic_score: Option<f64> ["score"],
        /// Mean HCC score over that of the nation's assignable lives of the year, type and model (M.C.1.3); of one type.
        hcc_renormalised: Option<f64> ["score"],
    }
}

/// Segments of new enrollees.
const NEW_ENROLLEES: [&str; 4] = ["NE", "SNPNE", "DNE", "GNE"];

/// Lives, months, and sums of thousandths, where they are known.
#[derive(Clone, Copy, Default)]
struct Sum {
    lives: Option<i64>,
    months: i64,
    hcc: Option<i64>,
    demographic: Option<i64>,
}

impl Sum {
    fn of(cell: &RiskDetailCell) -> Sum {
        let (hcc, demographic) = (cell.hcc_milli_months, cell.demographic_milli_months);
        Sum { lives: cell.lives, months: cell.score_months, hcc, demographic }
    }

    fn add(&mut self, other: Sum) {
        let add = |own: &mut Option<i64>, other: Option<i64>| {
            if let Some(other) = other {
                *own = Some(own.unwrap_or(0) + other);
            }
        };
        self.months += other.months;
        add(&mut self.lives, other.lives);
        add(&mut self.hcc, other.hcc);
        add(&mut self.demographic, other.demographic);
    }
}

/// Performance year, period and ACO, calendar year, model.
type Whose = (PerformanceYear, Option<Period>, Option<AcoId>, CalendarYear, CalendarYear);
/// Type (blank: all), part, item.
type What = (Option<EnrollmentType>, RiskPart, Option<String>);

/// The rows of `risk_detail`, in the order of their keys.
pub fn risk_detail(cells: &Cells) -> Vec<RiskDetail> {
    let mut sums: BTreeMap<Whose, BTreeMap<What, Sum>> = BTreeMap::new();
    for cell in &cells.risk_detail {
        let whose = (cell.performance_year, cell.period, cell.aco_id.clone(), cell.calendar_year, cell.model);
        let of = sums.entry(whose).or_default();
        let mut add = |part, item: Option<&String>| {
            for kind in [None, Some(cell.enrollment_type)] {
                of.entry((kind, part, item.cloned())).or_default().add(Sum::of(cell));
            }
        };
        add(cell.part, cell.item.as_ref());
        if cell.part == RiskPart::Segment && cell.item.as_deref().is_some_and(|of| NEW_ENROLLEES.contains(&of)) {
            add(RiskPart::NewEnrollee, None);
        }
    }
    let nation = national_means(cells);
    let mut rows = Vec::new();
    for (whose, of) in sums {
        let all = |kind| of.get(&(kind, RiskPart::All, None)).map_or(0, |sum| sum.months);
        for ((kind, part, item), sum) in &of {
            let mean = |milli: Option<i64>| {
                milli.filter(|_| sum.months > 0).map(|milli| milli as f64 / sum.months as f64 / 1e3)
            };
            let hcc = mean(sum.hcc);
            let nation = kind.and_then(|kind| nation.get(&(whose.0, whose.3, kind, whose.4)));
            rows.push(RiskDetail {
                performance_year: whose.0,
                period: whose.1,
                aco_id: whose.2.clone(),
                calendar_year: whose.3,
                enrollment_type: *kind,
                model: whose.4,
                part: *part,
                item: item.clone(),
                lives: sum.lives,
                person_years: sum.months as f64 / 12.0,
                share: sum.months as f64 / all(*kind).max(1) as f64,
                hcc_score: hcc,
                demographic_score: mean(sum.demographic),
                hcc_renormalised: hcc.zip(nation).map(|(score, nation)| score / nation),
            });
        }
    }
    rows
}

/// Mean scores of the nation's assignable lives by performance year, year, type and model (M.C.1.3).
fn national_means(cells: &Cells) -> BTreeMap<(PerformanceYear, CalendarYear, EnrollmentType, CalendarYear), f64> {
    let mut sums: BTreeMap<_, (i64, i64)> = BTreeMap::new();
    let nation = cells.risk.iter().filter(|cell| {
        cell.aco_id.is_none()
            && cell.population == Some(Population::Assignable)
            && cell.window == Some(Window::Retrospective)
            && cell.kind == ScoreKind::Hcc
    });
    for cell in nation {
        let key = (cell.performance_year, cell.calendar_year, cell.enrollment_type, cell.model);
        let sum = sums.entry(key).or_default();
        sum.0 += cell.score_months;
        sum.1 += cell.score_milli_months;
    }
    let mean = |(months, milli): (i64, i64)| milli as f64 / months as f64 / 1e3;
    sums.into_iter().filter(|(_, sum)| sum.0 > 0 && sum.1 > 0).map(|(key, sum)| (key, mean(sum))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use acoledger_schemas::cells::RiskCell;

    #[test]
    fn parts_become_shares_and_means() {
        let mut cells = Cells::default();
        let aco_id = AcoId::new("A1").ok();
        let mut add = |kind, part, item: Option<&str>, lives, months, hcc: Option<i64>| {
            cells.risk_detail.push(RiskDetailCell {
                performance_year: PerformanceYear(2024),
                period: Some(Period::Full),
                aco_id: aco_id.clone(),
                calendar_year: CalendarYear(2024),
                enrollment_type: kind,
                model: CalendarYear(2024),
                part,
                item: item.map(str::to_owned),
                lives,
                score_months: months,
                hcc_milli_months: hcc,
                demographic_milli_months: hcc.map(|hcc| hcc / 2),
            });
        };
        add(EnrollmentType::Dis, RiskPart::All, None, Some(1), 12, Some(12_000));
        add(EnrollmentType::Agnd, RiskPart::All, None, Some(3), 36, Some(43_200));
        add(EnrollmentType::Agnd, RiskPart::Stayed, Some("2023"), Some(2), 24, Some(24_000));
        add(EnrollmentType::Agnd, RiskPart::Segment, Some("NE"), None, 6, Some(3_000));
        add(EnrollmentType::Agnd, RiskPart::Hcc, Some("v28 37"), None, 9, None);
        cells.risk.push(RiskCell {
            performance_year: PerformanceYear(2024),
            period: None,
            aco_id: None,
            calendar_year: CalendarYear(2024),
            cohort: None,
            population: Some(Population::Assignable),
            window: Some(Window::Retrospective),
            county: County::new("01001").expect("a county"),
            enrollment_type: EnrollmentType::Agnd,
            model: CalendarYear(2024),
            kind: ScoreKind::Hcc,
            score_months: 100,
            score_milli_months: 80_000,
        });
        let rows = risk_detail(&cells);
        let of = |kind: Option<EnrollmentType>, part| {
            let row = rows.iter().find(|row| row.enrollment_type == kind && row.part == part).expect("a row");
            (
                row.lives,
                row.person_years,
                row.share,
                row.hcc_score,
                row.hcc_renormalised.map(|of| (of * 1e6).round() / 1e6),
            )
        };
        let agnd = Some(EnrollmentType::Agnd);
        assert_eq!(of(None, RiskPart::All), (Some(4), 4.0, 1.0, Some(1.15), None));
        assert_eq!(of(agnd, RiskPart::All), (Some(3), 3.0, 1.0, Some(1.2), Some(1.5)));
        assert_eq!(of(agnd, RiskPart::Stayed), (Some(2), 2.0, 2.0 / 3.0, Some(1.0), Some(1.25)));
        assert_eq!(of(agnd, RiskPart::NewEnrollee), (None, 0.5, 6.0 / 36.0, Some(0.5), Some(0.625)));
        assert_eq!(of(agnd, RiskPart::Hcc), (None, 0.75, 0.25, None, None));
        assert_eq!(of(None, RiskPart::Hcc), (None, 0.75, 9.0 / 48.0, None, None));
    }
}
