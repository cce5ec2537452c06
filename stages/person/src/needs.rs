//! What a study needs of the lake: tables, columns, years, and the months of claims behind them.

use crate::context::{EnrollLaw, Performance};
use acoledger_schemas::lake::{BENE, CARRIER, DME, ENROLLMENT, FACILITY, LakeTable, REVENUE};
use std::collections::BTreeSet;

/// Consecutive months, first and last included, as [`acoledger_schemas::values::Date::month_index`] counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonthSpan {
    /// First month.
    pub first: i32,
    /// Last month.
    pub last: i32,
}

/// One lake table, and what of it is read.
#[derive(Clone, Debug)]
pub struct TableNeed {
    /// The table.
    pub table: &'static LakeTable,
    /// Years that must be there, ascending; empty for a table without years.
    pub years: Vec<i32>,
    /// Years to be read where the lake has them: neighbours whose claims reach into the study.
    pub optional_years: Vec<i32>,
    /// Columns to read.
    pub columns: Vec<&'static str>,
}

/// What a study needs of the lake.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// Tables in the order in which a life is read.
    pub tables: Vec<TableNeed>,
    /// Months of claims that must be there: expenditure years and assignment windows, merged and ascending.
    pub claim_months: Vec<MonthSpan>,
    /// Calendar years whose spending is summed.
    pub expenditure_years: Vec<i32>,
    /// Whether scores are made from diagnoses, which asks for the year before each of those years too.
    pub from_diagnoses: bool,
}

pub(crate) const ENROLLMENT_COLUMNS: [&str; 6] = ["bene_key", "birth_date", "death_date", "status", "buyin", "plan"];
pub(crate) const LINE_COLUMNS: [&str; 17] = [
    "bene_key",
    "claim_key",
    "line",
    "claim_type",
    "first_date",
    "last_date",
    "proc_date",
    "denial",
    "processing",
    "hcpcs",
    "specialty",
    "place",
    "tin",
    "paid_cents",
    "allowed_cents",
    "sequestration_cents",
    "reduction_cents",
];
pub(crate) const DME_COLUMNS: [&str; 10] =
    ["bene_key", "claim_key", "line", "claim_type", "last_date", "proc_date", "denial", "processing", "hcpcs", "tin"];
pub(crate) const FACILITY_COLUMNS: [&str; 27] = [
    "bene_key",
    "claim_key",
    "claim_type",
    "from_date",
    "thru_date",
    "proc_date",
    "admission_date",
    "discharge_date",
    "discharge_status",
    "ccn",
    "facility_type",
    "service_class",
    "nonpayment",
    "paid_cents",
    "deductible_cents",
    "coinsurance_cents",
    "ime_operating_cents",
    "ime_capital_cents",
    "dsh_operating_cents",
    "dsh_capital_cents",
    "uncompensated_cents",
    "attending_npi",
    "other_npi",
    "rendering_npi",
    "diagnoses",
    "sequestration_cents",
    "reduction_cents",
];
pub(crate) const REVENUE_COLUMNS: [&str; 9] = [
    "bene_key",
    "claim_key",
    "center",
    "service_date",
    "hcpcs",
    "paid_cents",
    "deductible_cents",
    "coinsurance_cents",
    "rendering_npi",
];

/// Needs of the compiled performance years; scores from diagnoses want the year before each, and who the lives are.
pub(crate) fn needs(performances: &[Performance], enroll: &EnrollLaw, from_diagnoses: bool) -> Needs {
    let mut spans = Vec::new();
    let mut expenditure = BTreeSet::new();
    for performance in performances {
        for list in &performance.field.lists {
            let year = MonthSpan { first: list.year * 12, last: list.year * 12 + 11 };
            spans.push(performance.deciding_months(list.year, false));
            spans.extend(list.prospective.then(|| performance.deciding_months(list.year, true)));
            if !list.only_before {
                expenditure.insert(list.year);
                spans.push(year);
                spans.extend(from_diagnoses.then_some(MonthSpan { first: year.first - 12, last: year.last - 12 }));
            }
        }
    }
    let claim_months = union(spans);
    let claim_years = years(&claim_months);
    let mut enrollment_years = claim_years.clone();
    enrollment_years.extend(&expenditure);
    let near: BTreeSet<i32> = claim_years.iter().flat_map(|year| [year - 1, year + 1]).collect();
    let near: Vec<i32> = near.difference(&claim_years).copied().collect();
    let after: Vec<i32> = near.iter().copied().filter(|year| claim_years.contains(&(year - 1))).collect();
    let need = |table: &'static LakeTable, years: &BTreeSet<i32>, optional_years: &[i32], columns: &[&'static str]| {
        let years = years.iter().copied().collect();
        TableNeed { table, years, optional_years: optional_years.to_vec(), columns: columns.to_vec() }
    };
    let mut enrollment_columns = ENROLLMENT_COLUMNS.to_vec();
    enrollment_columns.extend(["dual", enroll.county_column]);
    let mut line_columns = LINE_COLUMNS.to_vec();
    if from_diagnoses {
        enrollment_columns.extend(["sex", "original_reason"]);
        line_columns.push("diagnoses");
    }
    let mut dme_columns = DME_COLUMNS.to_vec();
    dme_columns.push("paid_cents");
    Needs {
        tables: vec![
            need(&BENE, &BTreeSet::new(), &[], &["bene_key", "bene_id"]),
            need(&ENROLLMENT, &enrollment_years, &[], &enrollment_columns),
            need(&FACILITY, &claim_years, &near, &FACILITY_COLUMNS),
            need(&REVENUE, &claim_years, &after, &REVENUE_COLUMNS),
            need(&CARRIER, &claim_years, &[], &line_columns),
            need(&DME, &claim_years, &[], &dme_columns),
        ],
        claim_months,
        expenditure_years: expenditure.into_iter().collect(),
        from_diagnoses,
    }
}

fn years(spans: &[MonthSpan]) -> BTreeSet<i32> {
    spans.iter().flat_map(|span| span.first.div_euclid(12)..=span.last.div_euclid(12)).collect()
}

/// Merges spans that touch or overlap.
fn union(mut spans: Vec<MonthSpan>) -> Vec<MonthSpan> {
    spans.sort_unstable();
    let mut out: Vec<MonthSpan> = Vec::new();
    for span in spans {
        match out.last_mut() {
            Some(last) if span.first <= last.last + 1 => last.last = last.last.max(span.last),
            _ => out.push(span),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_merge_where_they_touch() {
        let span = |first, last| MonthSpan { first, last };
        assert_eq!(
            union(vec![span(24, 35), span(0, 11), span(12, 14), span(20, 22)]),
            [span(0, 14), span(20, 22), span(24, 35)]
        );
        assert_eq!(years(&[span(23, 24)]), BTreeSet::from([1, 2]));
    }
}
