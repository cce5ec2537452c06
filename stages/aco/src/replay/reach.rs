//! The identities of an ACO REACH row, and of Global and Professional Direct Contracting before it (M.H.3).

use super::compare::{Reason, RowReplay, Value, Verdict};
use super::printed::{Printed, median};
use super::sheet::Sheet;
use super::totals::RowAmounts;
use acoledger_schemas::rules::{RuleError, Rules};
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::{PerformanceYear, Period};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Names of the identities, in the order in which they are shown.
pub(super) const IDENTITIES: &[&str] = &[
    "discount",
    "retention_withhold",
    "discount_and_withhold",
    "health_equity_up",
    "health_equity_down",
    "total_cost_of_care",
    "stop_loss",
    "gross_savings",
    "savings_rate",
    "risk_corridors",
    "sequestration",
];

/// A band of a risk corridor: up to a fraction of the benchmark, the ACO's share.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Band {
    to: f64,
    share: f64,
}

/// The rules of one performance year.
#[derive(Clone, Debug)]
pub(super) struct ReachRules {
    performance_year: PerformanceYear,
    discount: BTreeMap<String, f64>,
    corridors: BTreeMap<String, Vec<Band>>,
    quality_withhold: f64,
    /// Bounds of final ÷ unadjusted benchmark, before discount and withhold.
    unpublished_adjustments: [f64; 2],
    retention_withhold: f64,
    /// Dollars a beneficiary month; 0: none in the year.
    health_equity: [f64; 2],
    sequestration: f64,
    /// Rounded amounts that a printed payment sums: months and populations.
    summed_amounts: f64,
}

impl ReachRules {
    pub(super) fn load(rules: &Rules, year: PerformanceYear) -> Result<ReachRules, RuleError> {
        Ok(ReachRules {
            performance_year: year,
            discount: rules.at("replay.reach.discount", year)?,
            corridors: rules.at("replay.reach.corridors", year)?,
            quality_withhold: rules.at("replay.reach.quality_withhold", year)?,
            unpublished_adjustments: rules.at("replay.reach.unpublished_adjustments", year)?,
            retention_withhold: rules.at("replay.reach.retention_withhold", year)?,
            health_equity: rules.at("replay.reach.health_equity", year)?,
            sequestration: rules.at("replay.reach.sequestration", year)?,
            summed_amounts: rules.at("replay.reach.summed_amounts", year)?,
        })
    }
}

/// Makes fractions of percents, which editions print either way.
pub(super) fn normalise_shares(sheet: &mut Sheet<'_>) {
    for (column, least) in [("discount", 0.2), ("retention_withhold", 0.2), ("qual_scr", 1.5)] {
        if median(sheet.values(column).into_iter().filter(|value| *value > 0.0)) > Some(least) {
            sheet.rescale(column, 0.01);
        }
    }
    let ratio = (0..sheet.len()).filter_map(|row| {
        let value = |column| sheet.number(column, row).map(|number| number.value);
        let computed = value("gross_savings")? / value("final_benchmark")?;
        Some((value("sav_rate")? / computed).abs()).filter(|ratio| ratio.is_finite())
    });
    if median(ratio) > Some(10.0) {
        sheet.rescale("sav_rate", 0.01);
    }
}

/// Re-derives one row.
///
/// # Errors
/// A cell that cannot be read.
pub(super) fn replay_row(sheet: &Sheet<'_>, at: usize, rules: &ReachRules) -> Result<RowReplay, Problems> {
    let aco_id = sheet.text("aco_id", at);
    if aco_id.is_empty() {
        return Err(sheet.problem(at + 1, "aco_id", "needs an identifier", None, None));
    }
    let mut out = RowReplay {
        performance_year: rules.performance_year,
        period: Period::Full,
        aco_id: aco_id.to_owned(),
        line: sheet.line(at),
        amounts: RowAmounts {
            lives: sheet.number("bene_cnt", at).map(|count| count.value),
            benchmark: sheet.needed("final_benchmark", at)?.value,
            spending: sheet.needed("tot_cost_care_net", at)?.value,
            earned: sheet.needed("shared_savings_seq", at)?.value,
        },
        comparisons: Vec::new(),
    };
    let arrangement = sheet.text("risk_arrangement", at);
    let Some((discount, bands)) = rules.discount.get(arrangement).zip(rules.corridors.get(arrangement)) else {
        let what = "expected `Global` or `Professional`";
        return Err(sheet.problem(at + 1, "risk_arrangement", what, Some(arrangement), None));
    };
    benchmark(&mut out, sheet, at, rules, *discount)?;
    let equity = health_equity(&mut out, sheet, at, rules);
    costs(&mut out, sheet, at, rules)?;
    savings(&mut out, sheet, at, rules, equity, bands)?;
    Ok(out)
}

/// Discount, withholds, and the way from the unadjusted to the final benchmark.
fn benchmark(
    out: &mut RowReplay,
    sheet: &Sheet<'_>,
    at: usize,
    rules: &ReachRules,
    discount: f64,
) -> Result<(), Problems> {
    // Whole percents print as `2.0`, which says no more than that they are printed to a tenth.
    let tenths = |column| {
        let printed = sheet.needed(column, at)?;
        Ok::<_, Problems>(Printed { half: printed.half.min(0.0005), ..printed })
    };
    out.number("discount", Printed::exact(discount), tenths("discount")?, None);
    let retained = tenths("retention_withhold")?;
    // Some first-year ACOs give a retention withhold; who did is not published.
    let first_year = sheet.number("first_part_year", at);
    let may_retain = first_year.is_some_and(|year| year.value as i32 == rules.performance_year.0);
    let ours = if may_retain && retained.value > 0.0 { rules.retention_withhold } else { 0.0 };
    out.number("retention_withhold", Printed::exact(ours), retained, None);
    let (unadjusted, theirs) = (sheet.needed("unadj_benchmark", at)?, sheet.needed("final_benchmark", at)?);
    let Some(quality) = sheet.number("qual_scr", at) else { return Ok(()) };
    let lost = quality.scaled(-rules.quality_withhold).plus(Printed::exact(rules.quality_withhold));
    let kept = Printed::exact(1.0 - discount).minus(lost).minus(retained);
    let [low, high] = rules.unpublished_adjustments;
    let ours = unadjusted.times(kept).times(Printed { value: (low + high) / 2.0, half: (high - low) / 2.0 });
    out.number("discount_and_withhold", ours, theirs, Some(Reason::BenchmarkAdjustmentsNotPublished));
    Ok(())
}

/// Health equity adjustments: dollars a month up for the highest tenth, down for the lowest half. Their sum.
fn health_equity(out: &mut RowReplay, sheet: &Sheet<'_>, at: usize, rules: &ReachRules) -> Printed {
    let mut sum = Printed::exact(0.0);
    let columns = [("heba_up_amt", "heba_up_mnths"), ("heba_down_amt", "heba_dn_mnths")];
    let names = ["health_equity_up", "health_equity_down"];
    for ((name, (amount, months)), dollars) in names.into_iter().zip(columns).zip(rules.health_equity) {
        let Some(theirs) = sheet.number(amount, at) else { continue };
        sum = sum.plus(theirs);
        if let Some(months) = sheet.number(months, at) {
            out.number(name, Printed::exact(months.value * dollars), theirs, None);
        }
    }
    sum
}

/// Total cost of care from its payments, and net of stop-loss.
fn costs(out: &mut RowReplay, sheet: &Sheet<'_>, at: usize, rules: &ReachRules) -> Result<(), Problems> {
    let (gross, net) = (sheet.needed("tot_cost_care", at)?, sheet.needed("tot_cost_care_net", at)?);
    let paid = sheet.needed("cap_pmt", at)?.plus(sheet.needed("clm_pmt", at)?);
    // Each payment is a sum of amounts that are themselves rounded.
    let summed = Printed { half: rules.summed_amounts * paid.half, ..paid };
    out.number("total_cost_of_care", summed, gross, None);
    match sheet.text("stop_loss", at) {
        "No" | "N" | "0" => out.number("stop_loss", gross, net, None),
        "Yes" | "Y" | "1" => {
            let verdict = Verdict::Explained(Reason::StopLossNotPublished);
            out.category("stop_loss", Value::Number(gross.value), Value::Number(net.value), verdict);
        }
        other => return Err(sheet.problem(at + 1, "stop_loss", "expected `Yes` or `No`", Some(other), None)),
    }
    Ok(())
}

/// Gross savings, their rate, the ACO's share by risk corridor, and sequestration of savings.
fn savings(
    out: &mut RowReplay,
    sheet: &Sheet<'_>,
    at: usize,
    rules: &ReachRules,
    equity: Printed,
    bands: &[Band],
) -> Result<(), Problems> {
    let needed = |column| sheet.needed(column, at);
    let (benchmark, gross) = (needed("final_benchmark")?, needed("gross_savings")?);
    let settled = benchmark.plus(equity);
    out.number("gross_savings", settled.minus(needed("tot_cost_care_net")?), gross, None);
    if let Some(rate) = gross.over(benchmark) {
        out.number("savings_rate", rate, needed("sav_rate")?, None);
    }
    let shared = needed("shared_savings")?;
    let value = share_by_corridor(gross.value, settled.value, bands);
    out.number("risk_corridors", Printed { value, half: gross.half + settled.half }, shared, None);
    let paid = needed("shared_savings_seq")?;
    // No health data reported all year, as by an ACO that left, is what the row shows of it.
    let reported = sheet.number("hdr_adjust", at).is_none_or(|points| points.value > 0.0);
    if shared.value > 0.0 && paid.value == 0.0 && !reported {
        out.number("sequestration", paid, paid, Some(Reason::SavingsNotPaid));
    } else {
        let kept = if shared.value > 0.0 { 1.0 - rules.sequestration } else { 1.0 };
        out.number("sequestration", shared.scaled(kept), paid, None);
    }
    Ok(())
}

/// The ACO's share of savings or losses, band by band of the benchmark.
fn share_by_corridor(gross: f64, benchmark: f64, bands: &[Band]) -> f64 {
    let (mut from, mut shared) = (0.0, 0.0);
    for band in bands {
        let to = band.to * benchmark;
        shared += (gross.abs().min(to) - from).max(0.0) * band.share;
        from = to;
    }
    shared.copysign(gross)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corridors_share_band_by_band() {
        let band = |to, share| Band { to, share };
        let professional = [band(0.05, 0.5), band(0.10, 0.35), band(0.15, 0.15), band(f64::MAX, 0.05)];
        let share = |gross| share_by_corridor(gross, 1000.0, &professional);
        assert_eq!(share(40.0), 20.0); // 40 × 0.50
        assert_eq!(share(-80.0), -35.5); // 50 × 0.50 + 30 × 0.35
        assert!((share(200.0) - 52.5).abs() < 1e-9); // 25 + 17.5 + 7.5 + 50 × 0.05
    }
}
