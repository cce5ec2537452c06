//! Utilisation per 1,000 person years, in the terms of CMS's results file.

use super::{Whose, months};
use acoledger_schemas::cells::Cells;
use acoledger_schemas::values::*;
use std::collections::BTreeMap;

acoledger_schemas::table! {
    /// What lives use, of an ACO's lives in its own years or of the nation's (`utilisation.*`).
    Utilisation = "utilisation", key [performance_year, period, aco_id, calendar_year, enrollment_type, measure] {
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
        /// Measure, in the names of CMS's results file where it has one.
        measure: String ["code"],
        /// How many were counted; of `SNF_LOS` days, of `SNF_PayperStay` cents. Not completed.
        count: i64 ["count"],
        /// Per 1,000 person years; of `SNF_LOS` days by stay, of `SNF_PayperStay` dollars by stay, blank without stays.
        value: Option<f64> ["per 1,000 person years"],
    }
}

/// What a measure is divided by.
#[derive(Clone, Copy)]
enum Per {
    ThousandYears,
    Stay,
    /// Cents, told in dollars.
    StayInDollars,
}

use UseMeasure as M;
const DISCHARGES: &[UseMeasure] =
    &[M::ShortTermDischarges, M::LongTermDischarges, M::RehabilitationDischarges, M::PsychiatricDischarges];
const VISITS: &[UseMeasure] = &[M::PrimaryCareVisits, M::SpecialistVisits, M::PractitionerVisits, M::ClinicVisits];
/// All measures of the table, in the order of CMS's columns, with what they count.
const MEASURES: [(&str, &[UseMeasure], Per); 16] = [
    ("ADM", DISCHARGES, Per::ThousandYears),
    ("ADM_S_Trm", &[M::ShortTermDischarges], Per::ThousandYears),
    ("ADM_L_Trm", &[M::LongTermDischarges], Per::ThousandYears),
    ("ADM_Rehab", &[M::RehabilitationDischarges], Per::ThousandYears),
    ("ADM_Psych", &[M::PsychiatricDischarges], Per::ThousandYears),
    ("P_EDV_Vis_outpatient", &[M::EmergencyVisits], Per::ThousandYears),
    ("P_CT_VIS", &[M::CtDays], Per::ThousandYears),
    ("P_MRI_VIS", &[M::MriDays], Per::ThousandYears),
    ("P_EM_Total", VISITS, Per::ThousandYears),
    ("P_EM_PCP_Vis", &[M::PrimaryCareVisits], Per::ThousandYears),
    ("P_EM_SP_Vis", &[M::SpecialistVisits], Per::ThousandYears),
    ("P_Nurse_Vis", &[M::PractitionerVisits], Per::ThousandYears),
    ("P_FQHC_RHC_Vis", &[M::ClinicVisits], Per::ThousandYears),
    ("P_SNF_ADM", &[M::SnfStays], Per::ThousandYears),
    ("SNF_LOS", &[M::SnfDays], Per::Stay),
    ("SNF_PayperStay", &[M::SnfCents], Per::StayInDollars),
];

type Counts = BTreeMap<UseMeasure, i64>;

/// The rows of `utilisation`, in the order of their keys.
pub fn utilisation(cells: &Cells) -> Vec<Utilisation> {
    let mut counts: BTreeMap<(Whose, EnrollmentType), Counts> = BTreeMap::new();
    for row in &cells.utilisation_count {
        let whose = (row.performance_year, row.period, row.aco_id.clone(), row.calendar_year);
        counts.entry((whose, row.enrollment_type)).or_default().insert(row.measure, row.count);
    }
    let mut rows = Vec::new();
    for (whose, by_type) in months(cells) {
        let (mut all, mut all_months) = (Counts::new(), 0);
        for (kind, months) in by_type {
            let counts = counts.remove(&(whose.clone(), kind)).unwrap_or_default();
            push(&mut rows, &whose, Some(kind), &counts, months);
            counts.iter().for_each(|(measure, count)| *all.entry(*measure).or_default() += count);
            all_months += months;
        }
        push(&mut rows, &whose, None, &all, all_months);
    }
    rows
}

fn push(rows: &mut Vec<Utilisation>, whose: &Whose, kind: Option<EnrollmentType>, counts: &Counts, months: i64) {
    let count = |measures: &[UseMeasure]| -> i64 { measures.iter().filter_map(|measure| counts.get(measure)).sum() };
    let stays = count(&[M::SnfStays]);
    for (measure, of, per) in MEASURES {
        let count = count(of);
        let value = match per {
            Per::ThousandYears => (months > 0).then(|| count as f64 * 12_000.0 / months as f64),
            Per::Stay => (stays > 0).then(|| count as f64 / stays as f64),
            Per::StayInDollars => (stays > 0).then(|| count as f64 / (stays as f64 * 100.0)),
        };
        rows.push(Utilisation {
            performance_year: whose.0,
            period: whose.1,
            aco_id: whose.2.clone(),
            calendar_year: whose.3,
            enrollment_type: kind,
            measure: measure.to_owned(),
            count,
            value,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use acoledger_schemas::cells::{Truncation, UtilisationCount};

    #[test]
    fn counts_become_rates() {
        let mut cells = Cells::default();
        let (performance_year, calendar_year) = (PerformanceYear(2024), CalendarYear(2024));
        for (enrollment_type, months) in [(EnrollmentType::Dis, 600), (EnrollmentType::Agnd, 2_400)] {
            cells.truncation.push(Truncation {
                performance_year,
                period: None,
                aco_id: None,
                calendar_year,
                enrollment_type,
                died: Flag(false),
                lives: 1,
                months,
                lives_over: 0,
                lives_under: 0,
                spend_cents: Cents(0),
                cut_twelfths: 0,
            });
        }
        let mut count = |enrollment_type, measure, count| {
            let (period, aco_id) = (None, None);
            let row =
                UtilisationCount { performance_year, period, aco_id, calendar_year, enrollment_type, measure, count };
            cells.utilisation_count.push(row);
        };
        count(EnrollmentType::Dis, M::ShortTermDischarges, 10);
        count(EnrollmentType::Dis, M::PsychiatricDischarges, 5);
        count(EnrollmentType::Agnd, M::SnfStays, 4);
        count(EnrollmentType::Agnd, M::SnfDays, 90);
        count(EnrollmentType::Agnd, M::SnfCents, 5_000_000);
        let rows = utilisation(&cells);
        let value = |kind: Option<EnrollmentType>, measure: &str| {
            let row = rows.iter().find(|row| row.enrollment_type == kind && row.measure == measure);
            row.map(|row| (row.count, row.value)).expect("a row")
        };
        assert_eq!(value(Some(EnrollmentType::Dis), "ADM"), (15, Some(300.0))); // 15 in 50 years
        assert_eq!(value(Some(EnrollmentType::Dis), "ADM_S_Trm"), (10, Some(200.0)));
        assert_eq!(value(None, "ADM"), (15, Some(60.0))); // in 250 years
        assert_eq!(value(Some(EnrollmentType::Dis), "SNF_LOS"), (0, None));
        assert_eq!(value(None, "SNF_LOS"), (90, Some(22.5)));
        assert_eq!(value(None, "SNF_PayperStay"), (5_000_000, Some(12_500.0)));
        assert_eq!(value(Some(EnrollmentType::Agnd), "ADM"), (0, Some(0.0))); // nothing was counted, and months there are
    }
}
