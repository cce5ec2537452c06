//! The amounts of a Shared Savings Program row that are paid, owed, forgiven or taken back.

use super::YearRules;
use super::compare::{Reason, RowReplay, Value, Verdict};
use super::derive::Derived;
use super::printed::Printed;
use super::row::Row;
use super::sheet::Sheet;
use crate::settle::{Outcome, recoup};
use acoledger_schemas::values::Period;

/// Earned savings and owed losses (M.F.5.7–8, M.F.7–8).
pub(super) fn payments(out: &mut RowReplay, row: &Row, derived: &Derived, rules: &YearRules, own: bool) {
    let zero = Printed::exact(0.0);
    // Some files flag a termination, others print the amount that it took.
    let flagged = row.termination.is_some_and(|impact| impact.value == 1.0);
    let taken = row.termination.filter(|_| !flagged).map_or(zero, Printed::magnitude);
    if derived.settlement.outcome == Outcome::Losses {
        // Unmarked half-years print what is forgiven for the whole year.
        let half_year = out.period != Period::Full && row.period.is_none();
        let share = if half_year { rules.settle.half_year_share() } else { 1.0 };
        let forgiven = row.disaster_adjustment.map_or(zero, |forgiven| forgiven.magnitude().scaled(share));
        // What the row says was owed before termination and disasters.
        let theirs = forgiven.plus(taken).minus(row.earned);
        let (limited, reason) = limited_losses(row, derived, theirs, flagged, rules, own);
        let reason = reason.or((half_year && forgiven.value > 0.0).then_some(Reason::HalfYear2019));
        out.number("owed_losses", forgiven.plus(taken).minus(limited), row.earned, reason);
        let losses = theirs.minus(taken).scaled(1.0 / share);
        disaster_adjustment(out, row, losses, rules.disaster_share, own);
        return;
    }
    let payment = derived.printed(|settled| settled.earned).minus(taken);
    let lost = flagged && payment.value > 0.0 && row.earned.value == 0.0;
    let (payment, reason) = match derived.settlement.outcome {
        _ if lost => (row.earned, Some(Reason::TerminationNotPublished)),
        Outcome::Savings => (payment, derived.quality_reason),
        _ => (payment, None),
    };
    out.number("earned_savings", payment, row.earned, reason);
    if let Some(theirs) = row.disaster_adjustment {
        out.number("disaster_adjustment", zero, theirs, None);
    }
}

/// Losses after the limit, positive: by the benchmark, or as the row says they are where a limit by revenue or months of
/// participation that are not published can have led there.
fn limited_losses(
    row: &Row,
    derived: &Derived,
    theirs: Printed,
    flagged: bool,
    rules: &YearRules,
    own: bool,
) -> (Printed, Option<Reason>) {
    let ours = derived.limited_losses();
    let near = |share: f64| {
        let part = ours.scaled(share);
        (part.value - theirs.value).abs() <= part.half + theirs.half
    };
    if near(1.0) {
        return (ours, None);
    }
    if flagged && (0..12).any(|months| near(f64::from(months) / 12.0)) {
        return (theirs, Some(Reason::TerminationNotPublished));
    }
    if theirs.value < ours.value && derived.revenue_may_limit(row, theirs, rules, own) {
        return (theirs, Some(Reason::RevenueNotPublished));
    }
    (ours, None)
}

/// Losses forgiven (M.F.7): the share of the year that counted for every county, which is matched, or more for counties that
/// are not published. All of them only where the whole year counted everywhere: no other event reaches every beneficiary from
/// January to December.
fn disaster_adjustment(out: &mut RowReplay, row: &Row, losses: Printed, everywhere: f64, own: bool) {
    let everywhere = if own { 0.0 } else { everywhere };
    let Some(theirs) = row.disaster_adjustment else { return };
    let least = losses.scaled(everywhere);
    let ours = Printed { value: -least.value.max(0.0), half: losses.half };
    let all = row.earned.value >= 0.0 && everywhere < 1.0 && !own;
    if all || (ours.value - theirs.value).abs() <= ours.half + theirs.half {
        out.number("disaster_adjustment", ours, theirs, None);
        return;
    }
    let value = theirs.value.clamp(-losses.value.max(0.0), ours.value);
    let reason = Some(Reason::DisasterCountiesNotPublished);
    out.number("disaster_adjustment", Printed { value, ..ours }, theirs, reason);
}

/// Advances taken out of the payment, and what is left of them (M.F.9).
pub(super) fn advances(out: &mut RowReplay, sheet: &Sheet<'_>, at: usize, row: &Row) {
    for (balance, taken, left) in [("AIPBalance", "AIPRecoup", Some("AIPOwe")), ("Adv_Pay_Amt", "Adv_Pay_Recoup", None)]
    {
        let (balance, theirs) = match (sheet.number(balance, at), sheet.number(taken, at)) {
            // The first file has what was advanced and not what was taken back.
            _ if !sheet.has(taken) => continue,
            (None, None) => continue,
            (Some(balance), Some(theirs)) => (balance, theirs),
            (balance, theirs) => {
                let shown = |cell: Option<Printed>| cell.map_or(Value::None, |cell| Value::Number(cell.value));
                out.category("advances", shown(balance), shown(theirs), Verdict::Unexplained);
                continue;
            }
        };
        let (ours, remains) = recoup(row.earned.value, Some(balance.value));
        let half = row.earned.half.max(balance.half);
        out.number("advances", Printed { value: ours, half }, theirs, None);
        let (Some(left), Some(remains)) = (left.filter(|left| sheet.has(left)), remains) else { continue };
        match sheet.number(left, at) {
            Some(left) => {
                out.number("advances_left", Printed { value: remains, half: half + balance.half }, left, None)
            }
            None => out.category("advances_left", Value::Number(remains), Value::None, Verdict::Unexplained),
        }
    }
}
