//! What is paid or owed: sequestration, limits, terminations, disasters, advances (M.F.2, M.F.5-M.F.9).

use super::block::{Line, Unit, WHOLE};
use super::outcome::cents;
use super::settlement::Settling;
use std::collections::BTreeMap;

/// Adds the lines from the rate to what is earned, and to what advances leave of it.
pub(super) fn lines(of: &mut Settling<'_, '_>) {
    let outcome = of.story.result.outcome.as_str();
    of.block.heading("Shared savings");
    let savings = savings(of);
    let mut losses = false;
    if of.story.result.mlr.is_some() {
        of.block.heading("Shared losses");
        losses = self::losses(of);
    }
    of.block.heading("Paid or owed");
    let share = of.share;
    let termination = if of.has("termination_impact") { "-{termination_impact}" } else { "" };
    let paid = match savings {
        true => format!("MIN({{shared_savings_before_limit}},{{payment_limit}}){share}{termination}"),
        false => "NA()".into(),
    };
    let forgiven = if of.has("disaster_factor") { "*(1-{disaster_factor})" } else { "" };
    let owed = format!("-(MIN({{shared_losses_before_limit}},{{loss_limit}}){share}{termination}){forgiven}");
    // Losses need facts that the run holds only where there were any.
    let otherwise = match (of.story.result.mlr.is_some(), losses) {
        (true, true) => format!("IF({{outcome}}=\"losses\",{owed},0)"),
        (true, false) => "IF({outcome}=\"losses\",NA(),0)".into(),
        (false, _) => "0".into(),
    };
    let formula = format!("IF({{outcome}}=\"savings\",{paid},{otherwise})");
    let known = (savings || outcome != "savings") && (outcome != "losses" || losses);
    of.step("earned", known.then_some(formula), "the smaller of amount and limit, less termination and relief");
    let result = of.story.result;
    let line = Line::new("earned_cents", "Paid (positive) or owed (negative), to the cent", Unit::Dollars);
    let earned = result.earned_cents.0 as f64 / 100.0;
    of.line(line, "F.10", Some(earned), Some("ROUND({earned},2)".into()));
    advances(of);
}

/// The payment and its limit; whether they could be given as formulas.
fn savings(of: &mut Settling<'_, '_>) -> bool {
    let story = of.story;
    let result = story.result;
    let Some(law) = &story.law else {
        of.step("payment_limit", None, "rate × benchmark of the year");
        of.step("shared_savings_before_limit", None, "savings × rate × (1 − sequestration)");
        termination(of);
        return of.has("payment_limit");
    };
    let rate = of_track(of, "settle.payment_limit");
    let line = Line::new("sequestration", "Sequestration", Unit::Fraction);
    of.rule(line, "settle.sequestration", Some(law.settle.sequestration()));
    let line = Line::new("payment_limit_rate", "Payment limit, of the benchmark", Unit::Fraction);
    of.rule(line, "settle.payment_limit", rate);
    let (gross, total) = (whole_year(of, "{gross_savings}"), whole_year(of, "{total_benchmark}"));
    let step = |name: &str| story.value(name, WHOLE);
    let shared = step("shared_savings_before_limit").unwrap_or(0.0);
    let line =
        Line::new("shared_savings_before_limit", "Shared savings after sequestration, before the limit", Unit::Dollars);
    let line = line.how("savings × rate × (1 − sequestration)");
    let amount = format!("IF({{outcome}}=\"savings\",{gross}*{{final_rate}}*(1-{{sequestration}}),0)");
    of.line(line, "F.5.7", Some(shared), Some(amount));
    let share = if of.share.is_empty() { Some(1.0) } else { of.value("period_share") };
    let computed =
        rate.zip(of.value("total_benchmark")).zip(share).map(|((rate, total), share)| rate * (total / share));
    let limit = step("payment_limit").or(computed);
    let line = Line::new("payment_limit", "Payment limit", Unit::Dollars).how("rate × benchmark of the year");
    let formula = rate.map(|_| format!("{{payment_limit_rate}}*{total}"));
    of.line(line, "F.2", limit, formula);
    if result.outcome == "savings" {
        termination(of);
    }
    limit.is_some()
}

/// What an agreement's end took away.
fn termination(of: &mut Settling<'_, '_>) {
    let inputs = of.story.step("termination_impact", WHOLE).map(|step| step.inputs.clone());
    of.step("termination_impact", None, inputs.as_deref().unwrap_or_default());
}

/// Losses, their limit, and what is forgiven; whether there were any.
fn losses(of: &mut Settling<'_, '_>) -> bool {
    if of.story.result.outcome != "losses" {
        return false;
    }
    let gross = whole_year(of, "{gross_savings}");
    of.step("shared_losses_before_limit", Some(format!("-{gross}*{{final_rate}}")), "losses × rate");
    loss_limit(of);
    termination(of);
    of.step("M", None, "mean of months / 12 over affected counties by heads");
    of.step("B", None, "heads in affected counties / all heads");
    of.step("disaster_factor", Some("{M}*{B}".into()), "share of the year × share of beneficiaries");
    of.has("loss_limit")
}

/// The loss limit: of the benchmark, or of revenue where that is smaller (M.F.2); a value where revenue is not in the run.
fn loss_limit(of: &mut Settling<'_, '_>) {
    let Some(limit) = of.story.value("loss_limit", WHOLE) else { return };
    let total = whole_year(of, "{total_benchmark}");
    let share = if of.share.is_empty() { Some(1.0) } else { of.value("period_share") };
    let benchmark = of.value("total_benchmark").zip(share).map_or(0.0, |(total, share)| total / share);
    let result = of.story.result;
    let law = of.story.law.as_ref();
    let rates: BTreeMap<String, Vec<f64>> = law
        .and_then(|law| law.rules.at("settle.loss_limit.benchmark", result.performance_year).ok())
        .unwrap_or_default();
    let rates = rates.get(result.current_track.code()).cloned().unwrap_or_default();
    let of_revenue = law.and_then(|law| law.settle.loss_limit_of_revenue(result.current_track));
    let revenue = of.story.heads[1].and_then(|heads| heads.participant_revenue);
    let near = |amount: f64| (amount - limit).abs() < 1e-6 * limit.abs().max(1.0);
    let by_revenue = of_revenue.zip(revenue).filter(|(rate, revenue)| near(rate * revenue));
    let by_benchmark = rates.iter().copied().find(|rate| near(rate * benchmark));
    let rate = by_benchmark.or(by_revenue.and_then(|_| rates.first().copied().filter(|_| rates.len() == 1)));
    let line = Line::new("loss_limit_rate", "Loss limit, of the benchmark", Unit::Fraction);
    of.rule(line, "settle.loss_limit.benchmark", rate);
    let mut formula = rate.map(|_| format!("{{loss_limit_rate}}*{total}"));
    if let Some((rate, revenue)) = by_revenue {
        let line = Line::new("loss_limit_revenue_rate", "Loss limit, of participants' revenue", Unit::Fraction);
        of.rule(line, "settle.loss_limit.revenue", Some(rate));
        let line = Line::new("participant_revenue", "Participants' revenue", Unit::Dollars);
        of.block.push(line.from("table rates/aco_heads", "").figure(WHOLE, revenue));
        formula = formula.map(|text| format!("MIN({text},{{loss_limit_revenue_rate}}*{{participant_revenue}})"));
    }
    let how = if formula.is_some() {
        "rate × benchmark of the year, or of revenue"
    } else {
        "by revenue, from the program files"
    };
    of.step("loss_limit", formula, how);
}

/// Advances and what is left of them (M.F.9).
fn advances(of: &mut Settling<'_, '_>) {
    let result = of.story.result;
    let Some(taken) = of.story.value("recoupment", WHOLE) else { return };
    let Some(balance) = result.aip_balance.map(|balance| balance as f64) else { return };
    of.given(Line::new("advance_balance", "Advances to be recouped, whole dollars", Unit::WholeDollars), Some(balance));
    let earned = of.value("earned").unwrap_or(0.0);
    // The balance is published in whole dollars: a formula over it may be off by its cents.
    let exact = (earned.max(0.0).min(balance) - taken).abs() < 0.005;
    of.step("recoupment", exact.then(|| "MIN(MAX({earned},0),{advance_balance})".into()), "at most the balance");
    let line = Line::new("after_recoupment", "Paid after recoupment, to the cent", Unit::Dollars);
    of.line(line, "F.9.2", Some(cents(earned - taken)), Some("ROUND({earned}-{recoupment},2)".into()));
}

/// The dollars of the whole year that a line scales to its half.
fn whole_year(of: &Settling<'_, '_>, code: &str) -> String {
    if of.share.is_empty() { code.to_owned() } else { format!("({code}/{{period_share}})") }
}

/// A rate by track.
fn of_track(of: &Settling<'_, '_>, key: &str) -> Option<f64> {
    let law = of.story.law.as_ref()?;
    let rates: BTreeMap<String, f64> = law.rules.at(key, of.story.result.performance_year).ok()?;
    rates.get(of.story.result.current_track.code()).copied()
}
