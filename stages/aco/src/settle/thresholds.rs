//! Minimum savings and loss rates, and the test against them (M.F.1).

use super::rules::{MsrBand, SettleRules, on};
use super::{Facts, Imputed, SettleError};
use acoledger_schemas::values::{Date, MsrChoice, Period};

/// Minimum savings rate and, for two-sided ACOs, minimum loss rate; both positive fractions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Thresholds {
    pub(super) msr: f64,
    pub(super) mlr: Option<f64>,
}

/// The thresholds of an ACO: its choice, unless its population is small (M.F.1.3–5).
pub(super) fn thresholds(
    facts: &Facts,
    rules: &SettleRules,
    two_sided: bool,
    imputed: &mut Vec<Imputed>,
) -> Result<Thresholds, SettleError> {
    let fixed = fixed_rate(facts, rules, two_sided)?;
    let small = on(&rules.low_head_count, period_start(facts)).is_some_and(|limit| facts.head_count < limit);
    let msr = match fixed {
        Some(rate) if !small => rate,
        _ => {
            let rate = variable_msr(facts.head_count, &rules.bands);
            if rate.is_none() {
                imputed.push(Imputed::MsrBelowBands);
            }
            rate.unwrap_or(rules.below_bands)
        }
    };
    Ok(Thresholds { msr, mlr: two_sided.then_some(msr) })
}

/// The fixed rate of the agreement: the one that it has without a choice, else the one that the ACO chose, if it chose one
/// and may (M.F.1.3).
fn fixed_rate(facts: &Facts, rules: &SettleRules, two_sided: bool) -> Result<Option<f64>, SettleError> {
    if let Some(rate) = rules.prescribed_msr(facts.track, facts.agreement_start) {
        return Ok(Some(rate));
    }
    let MsrChoice::Fixed(chosen) = facts.msr_choice else { return Ok(None) };
    let refused =
        |what: String| SettleError { fact: "msr_choice", what, rule: "settle.msr.choices", section: "M.F.1.3" };
    if !two_sided {
        return Err(refused(format!("is {chosen}, but track `{}` has the variable rate only", facts.track)));
    }
    match rules.choices.iter().find(|choice| (**choice - chosen).abs() < 1e-9) {
        Some(choice) => Ok(Some(*choice)),
        None => Err(refused(format!("is {chosen}, which is none of {:?}", rules.choices))),
    }
}

/// The variable minimum savings rate of `heads` assigned beneficiaries (M.F.1.1): linear between the printed ends of the
/// band that holds them. `None` below the bands.
pub fn variable_msr(heads: i64, bands: &[MsrBand]) -> Option<f64> {
    let band = bands.iter().find(|band| heads <= band.heads[1]).or(bands.last())?;
    let ([low, high], [at_low, at_high]) = (band.heads, band.rate);
    if heads < low {
        return None;
    }
    let heads = heads.min(high);
    Some((at_low * (high - heads) as f64 + at_high * (heads - low) as f64) / (high - low) as f64)
}

/// Whether an amount meets or exceeds `rate` × `benchmark`, both rounded to the cent so that equality is met (M.F.1.6).
pub(super) fn meets(amount: f64, rate: f64, benchmark: f64) -> bool {
    cents(amount) >= cents(rate * benchmark)
}

/// Whole cents, half away from zero.
pub(super) fn cents(dollars: f64) -> f64 {
    (dollars * 100.0).round()
}

/// First day of what is settled: the second half of 2019 starts in July.
pub(super) fn period_start(facts: &Facts) -> Date {
    let month = if facts.period == Period::H2 { 7 } else { 1 };
    Date::new(facts.performance_year.0, month, 1).expect("performance years are calendar years")
}
