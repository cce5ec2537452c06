//! Totals of one ACO that contradict each other: heads by county, dual person years, cohorts.

use super::Checked;
use crate::Finding;
use crate::benchmark::Year;
use crate::by_type::ByType;
use crate::gather::GatherRules;
use crate::index::{AcoKey, Index};
use acoledger_schemas::program::Aco;
use acoledger_schemas::rates::AcoYear;
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::{Cohort, EnrollmentType};

/// What rounding may do to a printed figure: person years are published whole (M.F.10.1).
const HALF: f64 = 0.5;

/// Checks the totals of one ACO against each other.
///
/// # Errors
/// Every total that contradicts another.
pub(crate) fn totals(
    index: &Index<'_>,
    aco: &Aco,
    rules: GatherRules,
    years: [i32; 4],
) -> Result<Vec<Finding>, Problems> {
    let mut checked = Checked::new(aco);
    let key = (aco.performance_year, aco.period, aco.aco_id.as_str());
    heads(&mut checked, index, key, years[Year::Py as usize]);
    dual(&mut checked, index, key, years[Year::By3 as usize]);
    if rules.rulebook.by_cohort() {
        for year in [Year::By3, Year::Py] {
            cohorts(&mut checked, index, key, (year, years[year as usize]));
        }
    }
    acpt(&mut checked, index, rules);
    checked.finish()
}

/// Heads against person years and against heads by county (M.F.1, M.F.7.2).
fn heads(checked: &mut Checked<'_>, index: &Index<'_>, key: AcoKey<'_>, year: i32) {
    let Some(head_count) = index.heads(key, year).and_then(|heads| heads.head_count) else { return };
    let person_years = total(index, key, year);
    if head_count == 0 && person_years > 0.0 {
        let what = format!("nobody is assigned in {year}, and there are {person_years:.2} person years");
        let hint = "blank where the number is unknown (M.F.1)";
        checked.refuse(("rates/aco_heads", "head_count"), &what, "0".into(), hint.into());
    }
    let Some(by_county) = index.county_heads(key, year) else { return };
    let sum: i64 = by_county.iter().map(|row| row.head_count).sum();
    if sum > head_count {
        let what = format!("heads by county come to more than the ACO's {head_count} in {year}");
        let hint = "each assigned beneficiary lives in one county (M.F.7.2)";
        checked.refuse(("rates/aco_county_heads", "head_count"), &what, sum.to_string(), hint.into());
    } else if sum < head_count {
        let what = format!("heads by county come to fewer than the ACO's: {sum} of {head_count}");
        checked.find("F.7.2", what);
    }
}

/// Dual person years are some of all (M.D.2.5).
fn dual(checked: &mut Checked<'_>, index: &Index<'_>, key: AcoKey<'_>, year: i32) {
    let dual = index.heads(key, year).and_then(|heads| heads.dual_person_years);
    let of_types = index.own(key, year, Cohort::All);
    let all = total(index, key, year);
    let figures = of_types.0.iter().flatten().count() + 1;
    if let Some(dual) = dual.filter(|dual| *dual > all + HALF * figures as f64) {
        let what = format!("more dual person years in {year} than person years, {all:.2}");
        let hint = "person years with a dual code, of all enrollment types (M.D.2.5)";
        checked.refuse(("rates/aco_heads", "dual_person_years"), &what, dual.to_string(), hint.into());
    }
}

/// Newly and continuously assigned make up all (M.A.8.1, M.C.5). A year without any cohort is asked for elsewhere.
///
/// The performance year's person years are weights; of BY3 it only counts whether a cohort has any, so there a sum that
/// differs is found and only a cohort that is missing is refused.
fn cohorts(checked: &mut Checked<'_>, index: &Index<'_>, key: AcoKey<'_>, (place, year): (Year, i32)) {
    let [all, newly, continuously] =
        [Cohort::All, Cohort::Newly, Cohort::Continuously].map(|cohort| index.own(key, year, cohort));
    if newly.0.iter().chain(&continuously.0).all(Option::is_none) {
        return;
    }
    let of = |rows: &ByType<Option<&AcoYear>>, kind| match rows[kind] {
        None => Some(0.0),
        Some(row) => row.person_years.or(row.hcc_score.is_none().then_some(0.0)),
    };
    for kind in EnrollmentType::ALL {
        let (Some(all), Some(newly), Some(continuously)) = (of(&all, kind), of(&newly, kind), of(&continuously, kind))
        else {
            continue;
        };
        if (newly + continuously - all).abs() > 3.0 * HALF {
            if place == Year::By3 && newly > 0.0 && continuously > 0.0 {
                let what = format!(
                    "{kind}: cohorts of BY3 do not make up the ACO: {newly:.2} + {continuously:.2} person years of {all:.2}"
                );
                checked.find("C.5", what);
                continue;
            }
            let what = format!("{kind} lives in {year}: newly and continuously assigned do not make up the {all:.2}");
            let hint = "each assigned beneficiary is one or the other (M.A.8.1, M.C.5)";
            let value = format!("{newly:.2} + {continuously:.2}");
            checked.refuse(("rates/aco_year", "person_years"), &what, value, hint.into());
        }
    }
}

/// Prospective trends that are no likely growth (M.E.4.4).
fn acpt(checked: &mut Checked<'_>, index: &Index<'_>, rules: GatherRules) {
    let Some(rules) = rules.of_652 else { return };
    let Aco { performance_year, agreement_start, aco_id, .. } = checked.aco;
    let [least, most] = rules.acpt_plausible;
    for kind in EnrollmentType::ALL {
        let factor = index.acpt(*performance_year, *agreement_start, aco_id.as_str(), kind);
        if let Some(factor) = factor.filter(|factor| !(least..=most).contains(factor)) {
            let what =
                format!("{kind}: the prospective trend is no likely factor: {factor}, expected {least} to {most}");
            checked.find("E.4.4", what);
        }
    }
}

/// Person years of all types.
fn total(index: &Index<'_>, key: AcoKey<'_>, year: i32) -> f64 {
    index.own(key, year, Cohort::All).0.iter().flatten().filter_map(|row| row.person_years).sum()
}

/// A finding where losses are owed and affected counties are those of no ACO: codes of another system, perhaps.
pub(crate) fn affected_elsewhere(index: &Index<'_>, aco: &Aco) -> Option<Finding> {
    let (elsewhere, all) = index.affected_elsewhere(aco.performance_year)?;
    let few = elsewhere.iter().take(3).copied().collect::<Vec<_>>().join(", ");
    let more = if elsewhere.len() > 3 { ", …" } else { "" };
    let what =
        format!("affected counties in which no ACO has a beneficiary: {} of {all}: {few}{more}", elsewhere.len());
    (!elsewhere.is_empty()).then(|| Finding::of(aco, "F.7.2", what))
}
