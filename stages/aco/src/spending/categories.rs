//! Per capita spending by class of service (M.B.3, M.G): one set that adds up to the per capita of the rates, and the same
//! classes neither truncated nor completed, which CMS's results file comes nearest to.

use super::{Whose, months};
use crate::completion::Completion;
use acoledger_schemas::cells::Cells;
use acoledger_schemas::program::Program;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::study::Maturity;
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::*;
use std::collections::BTreeMap;

acoledger_schemas::table! {
    /// Spending per person year by class of service, of an ACO's lives in its own years or of the nation's.
    ServiceCategories = "service_categories",
    key [performance_year, period, aco_id, calendar_year, enrollment_type, category] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// Period, of an ACO.
        period: Option<Period> ["code"],
        /// ACO; blank: the nation.
        aco_id: Option<AcoId> ["id"],
        /// Calendar year.
        calendar_year: CalendarYear ["year"],
        /// Enrollment type; blank: all, each with its share of the performance year's person years (M.B.3.6).
        enrollment_type: Option<EnrollmentType> ["code"],
        /// Class of service, or a sum of classes: `inpatient`, `carrier`, `total`.
        category: String ["code"],
        /// Column of CMS's results file that names the class; blank: none does.
        published: Option<String> ["text"],
        /// 1: one of the classes that add up to `total`; 0: a sum of some.
        additive: Flag ["flag"],
        /// Truncated and completed, dollars per person year (M.B.3.5).
        per_capita: Option<f64> ["dollars"],
        /// Share of `total`.
        share: Option<f64> ["fraction"],
        /// Neither truncated nor completed, dollars per person year: what the results file's classes come nearest to.
        untruncated_per_capita: Option<f64> ["dollars"],
    }
}

/// A row's class or sum of classes, in the order of the rows.
struct Line {
    category: &'static str,
    published: Option<&'static str>,
    of: &'static [ServiceCategory],
}

const fn line(category: &'static str, published: Option<&'static str>, of: &'static [ServiceCategory]) -> Line {
    Line { category, published, of }
}

use ServiceCategory as C;
/// All lines: a sum before its classes, the total last.
const LINES: [Line; 15] = [
    line(
        "inpatient",
        Some("CapAnn_INP_All"),
        &[C::InpatientOther, C::InpatientLongTerm, C::InpatientRehabilitation, C::InpatientPsychiatric],
    ),
    line("inpatient_other", Some("CapAnn_INP_S_trm"), &[C::InpatientOther]),
    line("inpatient_long_term", Some("CapAnn_INP_L_trm"), &[C::InpatientLongTerm]),
    line("inpatient_rehabilitation", Some("CapAnn_INP_Rehab"), &[C::InpatientRehabilitation]),
    line("inpatient_psychiatric", Some("CapAnn_INP_Psych"), &[C::InpatientPsychiatric]),
    line("snf", Some("CapAnn_SNF"), &[C::Snf]),
    line("outpatient", Some("CapAnn_OPD"), &[C::Outpatient]),
    line("home_health", Some("CapAnn_HHA"), &[C::HomeHealth]),
    line("hospice", Some("CapAnn_HSP"), &[C::Hospice]),
    line("carrier", Some("CapAnn_PB"), &[C::Physician, C::Ambulance]),
    line("physician", None, &[C::Physician]),
    line("ambulance", Some("CapAnn_AmbPay"), &[C::Ambulance]),
    line("dme", Some("CapAnn_DME"), &[C::Dme]),
    line("non_claims", None, &[C::NonClaims]),
    line("total", None, C::ALL),
];

/// Sums of one type by class: twelfths of cents truncated, cents untruncated.
type Sums = [(i128, i128); ServiceCategory::ALL.len()];

/// Dollars per person year of one type: truncated and completed, neither.
type PerCapita = [(f64, f64); LINES.len()];

/// The rows of `service_categories`, in the order of their keys.
///
/// # Errors
/// As [`super::spending_tables`].
pub fn service_categories(
    cells: &Cells,
    program: &Program,
    rules: &Rules,
    maturity: Maturity,
) -> Result<Vec<ServiceCategories>, Problems> {
    let completion = Completion::new(program, rules, maturity);
    let months = months(cells);
    let mut sums: BTreeMap<Whose, BTreeMap<EnrollmentType, Sums>> = BTreeMap::new();
    for row in &cells.service_category {
        let whose = (row.performance_year, row.period, row.aco_id.clone(), row.calendar_year);
        let of = sums.entry(whose).or_default().entry(row.enrollment_type).or_default();
        let (truncated, all) = &mut of[row.category as usize];
        *truncated += i128::from(row.truncated_twelfths);
        *all += i128::from(row.spend_cents.0);
    }
    let mut rows = Vec::new();
    for (whose, by_type) in &sums {
        let factor = completion.of(whose.3.0)?;
        let of_months = months.get(whose);
        let mut rates: BTreeMap<EnrollmentType, PerCapita> = BTreeMap::new();
        for (kind, sums) in by_type {
            if let Some(months) = of_months.and_then(|of| of.get(kind)).filter(|months| **months > 0) {
                rates.insert(*kind, per_capita(sums, *months, factor));
            }
        }
        // The mix of the performance year, of the types that both years have.
        let own = (whose.0, whose.1, whose.2.clone(), CalendarYear(whose.0.0));
        let mix = months.get(&own).or(of_months);
        let weights = rates.keys().filter_map(|kind| Some((*kind, *mix?.get(kind)? as f64)));
        let weights: BTreeMap<EnrollmentType, f64> = weights.collect();
        let all: f64 = weights.values().sum();
        for (kind, values) in &rates {
            push(&mut rows, whose, Some(*kind), values);
        }
        if all > 0.0 {
            let mut values: PerCapita = [(0.0, 0.0); LINES.len()];
            for (kind, weight) in &weights {
                for (value, of_type) in values.iter_mut().zip(&rates[kind]) {
                    value.0 += weight / all * of_type.0;
                    value.1 += weight / all * of_type.1;
                }
            }
            push(&mut rows, whose, None, &values);
        }
    }
    Ok(rows)
}

/// `twelfths / 12 cents` over `months / 12`; truncated spending completed (M.B.3.4, M.B.3.5).
fn per_capita(sums: &Sums, months: i64, factor: f64) -> PerCapita {
    let mut values: PerCapita = [(0.0, 0.0); LINES.len()];
    for (value, line) in values.iter_mut().zip(&LINES) {
        let truncated: i128 = line.of.iter().map(|category| sums[*category as usize].0).sum();
        let all: i128 = line.of.iter().map(|category| sums[*category as usize].1).sum();
        value.0 = truncated as f64 / (months as f64 * 100.0) * factor;
        value.1 = (all * 12) as f64 / (months as f64 * 100.0);
    }
    values
}

fn push(rows: &mut Vec<ServiceCategories>, whose: &Whose, kind: Option<EnrollmentType>, values: &PerCapita) {
    let total = values[LINES.len() - 1].0;
    for (line, (truncated, all)) in LINES.iter().zip(values) {
        rows.push(ServiceCategories {
            performance_year: whose.0,
            period: whose.1,
            aco_id: whose.2.clone(),
            calendar_year: whose.3,
            enrollment_type: kind,
            category: line.category.to_owned(),
            published: line.published.map(str::to_owned),
            additive: Flag(line.of.len() == 1),
            per_capita: Some(*truncated),
            share: (total != 0.0).then(|| truncated / total),
            untruncated_per_capita: Some(*all),
        });
    }
}
