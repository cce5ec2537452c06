//! The identities of a Shared Savings Program row.

use super::YearRules;
use super::compare::{Reason, RowReplay, Value, Verdict};
use super::derive::Derived;
use super::payments::{advances, payments};
use super::printed::Printed;
use super::row::{Amount, Row};
use super::sheet::Sheet;
use super::totals::RowAmounts;
use crate::settle::Outcome;
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::Period;

/// Names of the identities, in the order in which they are shown.
pub(super) const IDENTITIES: &[&str] = &[
    "person_years",
    "per_capita_total",
    "total_benchmark",
    "total_expenditures",
    "benchmark_minus_expenditures",
    "savings_rate",
    "minimum_savings_rate",
    "minimum_loss_rate",
    "gate",
    "maximum_sharing_rate",
    "final_sharing_rate",
    "final_loss_rate",
    "reduced_rate",
    "guardrail",
    "earned_savings",
    "owed_losses",
    "disaster_adjustment",
    "advances",
    "advances_left",
    "adjustment_category",
    "risk_weights",
    "exact_columns",
];

/// Re-derives one row.
///
/// # Errors
/// A cell that cannot be read, or a row that no settlement fits.
pub(super) fn replay_row(sheet: &Sheet<'_>, at: usize, rules: &YearRules, own: bool) -> Result<RowReplay, Problems> {
    let row = Row::read(sheet, at, rules.settle.performance_year())?;
    let period = row.period.unwrap_or_else(|| half_or_whole(&row, rules));
    let mut out = RowReplay {
        performance_year: row.year,
        period,
        aco_id: row.aco_id.clone(),
        line: sheet.line(at),
        amounts: RowAmounts {
            lives: Some(row.head_count as f64),
            benchmark: row.total_benchmark.value,
            spending: row.total_expenditures.value,
            earned: row.earned.value,
        },
        comparisons: Vec::new(),
    };
    populations(&mut out, &row, rules);
    totals(&mut out, &row, rules);
    let derived = Derived::new(&row, period, rules)
        .map_err(|error| sheet.problem(at + 1, "", &format!("cannot be settled: {error}"), Some(&row.aco_id), None))?;
    thresholds(&mut out, &row, &derived);
    blanks(&mut out, sheet, &row, &derived);
    rates(&mut out, &row, &derived);
    flags(&mut out, &row, &derived);
    payments(&mut out, &row, &derived, rules, own);
    advances(&mut out, sheet, at, &row);
    adjustment(&mut out, sheet, at, &row, rules);
    risk_weights(&mut out, sheet, at);
    exact_columns(&mut out, sheet, at, &row, &derived);
    Ok(out)
}

/// The period of a row whose file does not say: totals of half-years are halves (M.D.4.5).
pub(super) fn half_or_whole(row: &Row, rules: &YearRules) -> Period {
    let Some(per_capita) = row.updated_benchmark.filter(|_| rules.half_years) else { return Period::Full };
    let whole = per_capita.times(row.person_years);
    let half = whole.scaled(rules.settle.half_year_share());
    let near = |ours: Printed| (ours.value - row.total_benchmark.value).abs() <= ours.half + row.total_benchmark.half;
    if near(half) && !near(whole) { Period::H1 } else { Period::Full }
}

/// Person years and spending of the four enrollment types (M.B.3.6).
fn populations(out: &mut RowReplay, row: &Row, rules: &YearRules) {
    let masked = row.type_person_years.iter().filter(|amount| **amount == Amount::Masked).count();
    let reason = (masked > 0).then_some(Reason::MaskedPersonYears);
    let mut years = [Printed::exact(0.0); 4];
    for (slot, amount) in years.iter_mut().zip(row.type_person_years) {
        *slot = match amount {
            Amount::Known(known) => known,
            Amount::Masked => {
                let half = (rules.largest_masked + 0.5) / 2.0;
                Printed { value: half, half }
            }
            Amount::Unknown => return,
        };
    }
    let sum = years.into_iter().fold(Printed::exact(0.0), Printed::plus);
    if masked > 1 {
        // One of them is a small count, the others are withheld so that it cannot be found: they take up the rest.
        let value = sum.value.max(row.person_years.value);
        out.number("person_years", Printed { value, half: sum.half }, row.person_years, reason);
        return;
    }
    out.number("person_years", sum, row.person_years, reason);
    per_capita_total(out, row, &years, reason);
}

/// Spending per person year from its four types.
fn per_capita_total(out: &mut RowReplay, row: &Row, years: &[Printed; 4], reason: Option<Reason>) {
    let Some(theirs) = row.per_capita else { return };
    let mut spent = [Printed::exact(0.0); 4];
    for (at, slot) in spent.iter_mut().enumerate() {
        *slot = match row.type_per_capita[at] {
            Amount::Known(known) => known,
            // A type without person years has no spending.
            Amount::Masked | Amount::Unknown if years[at].value == 0.0 => Printed::exact(0.0),
            Amount::Masked | Amount::Unknown => return,
        };
    }
    let total = years.iter().map(|years| years.value).sum::<f64>();
    if total <= 0.0 {
        return;
    }
    let value = (0..4).map(|at| years[at].value * spent[at].value).sum::<f64>() / total;
    // Person years of a type move the mean only by how far the type lies from it.
    let moved = |at: usize| (spent[at].value - value).abs() * years[at].half + years[at].value * spent[at].half;
    let half = (0..4).map(moved).sum::<f64>() / total;
    out.number("per_capita_total", Printed { value, half }, theirs, reason);
}

/// Per capita × person years, the difference and the savings rate (M.F.5.2–3).
fn totals(out: &mut RowReplay, row: &Row, rules: &YearRules) {
    let (share, half_year) = match out.period {
        Period::Full => (1.0, None),
        // The file does not say that a row is of a half-year, ours do.
        Period::H1 | Period::H2 => {
            (rules.settle.half_year_share(), row.period.is_none().then_some(Reason::HalfYear2019))
        }
    };
    if let Some(per_capita) = row.updated_benchmark {
        let ours = per_capita.times(row.person_years).scaled(share);
        out.number("total_benchmark", ours, row.total_benchmark, half_year);
    }
    if let Some(per_capita) = row.per_capita {
        let ours = per_capita.times(row.person_years).scaled(share);
        out.number("total_expenditures", ours, row.total_expenditures, half_year);
    } else {
        expenditures_by_type(out, row, rules);
    }
    let difference = row.total_benchmark.minus(row.total_expenditures);
    out.number("benchmark_minus_expenditures", difference, row.difference, None);
    if let Some((theirs, ours)) = row.savings_rate.zip(row.difference.over(row.total_benchmark)) {
        out.number("savings_rate", ours, theirs, None);
    }
}

/// Total spending from its types, where no total per capita is printed (2013). The first performance year of 2012 starters
/// has 18 or 21 months, while per capita values and person years are of twelve: the total is larger by about as much.
fn expenditures_by_type(out: &mut RowReplay, row: &Row, rules: &YearRules) {
    let mut ours = Printed::exact(0.0);
    for (years, spent) in row.type_person_years.iter().zip(row.type_per_capita) {
        let (Amount::Known(years), Amount::Known(spent)) = (years, spent) else { return };
        // Cut at the cent, not rounded: the true amount lies above the printed one.
        let spent = if rules.per_capita_cut { Printed { value: spent.value + spent.half, ..spent } } else { spent };
        ours = ours.plus(years.times(spent));
    }
    let months = 12 * (row.year.0 + 1) - row.agreement_start.month_index();
    if rules.long_first_year_spread > 0.0 && months > 12 {
        let long = ours.scaled(f64::from(months) / 12.0);
        let half = long.half + long.value * rules.long_first_year_spread;
        let ours = Printed { value: long.value, half };
        out.number("total_expenditures", ours, row.total_expenditures, Some(Reason::LongFirstYear));
    } else {
        out.number("total_expenditures", ours, row.total_expenditures, None);
    }
}

/// Minimum savings and loss rates, and the gate (M.F.1).
fn thresholds(out: &mut RowReplay, row: &Row, derived: &Derived) {
    let settlement = &derived.settlement;
    out.number("minimum_savings_rate", Printed::exact(settlement.msr), row.msr, derived.msr_reason);
    match (settlement.mlr, row.mlr) {
        (Some(ours), Some(theirs)) => {
            out.number("minimum_loss_rate", Printed::exact(ours), theirs.magnitude(), derived.msr_reason);
        }
        (None, Some(theirs)) => {
            out.category("minimum_loss_rate", Value::None, Value::Number(theirs.value), Verdict::Unexplained);
        }
        (_, None) => {}
    }
    if let Some(theirs) = row.generated {
        let reason = derived.msr_reason.or_else(|| guardrail_reason(row));
        out.number("gate", derived.printed(|settled| settled.generated), theirs, reason);
    }
}

fn guardrail_reason(row: &Row) -> Option<Reason> {
    (row.guardrail == Some(true)).then_some(Reason::GuardrailBenchmarkNotPublished)
}

/// Sharing and loss rates (M.F.2–4).
fn rates(out: &mut RowReplay, row: &Row, derived: &Derived) {
    if let Some(theirs) = row.maximum_rate {
        let ours = derived.maximum_rate(row);
        out.number("maximum_sharing_rate", Printed::exact(ours), theirs, None);
    }
    let sharing = derived.printed(|settled| settled.final_sharing_rate);
    out.number("final_sharing_rate", sharing, row.sharing_rate, derived.quality_reason);
    match (derived.settlement.final_loss_rate, row.loss_rate) {
        (Some(_), Some(theirs)) => {
            let ours = derived.printed(|settled| settled.final_loss_rate.unwrap_or(0.0));
            out.number("final_loss_rate", ours, theirs, None);
        }
        (None, Some(theirs)) => {
            out.category("final_loss_rate", Value::None, Value::Number(theirs.value), Verdict::Unexplained);
        }
        (_, None) => {}
    }
}

/// The half rate and the guardrail, each shown exactly for the agreements that can have it (M.F.4, M.E.5).
fn flags(out: &mut RowReplay, row: &Row, derived: &Derived) {
    let settlement = &derived.settlement;
    let shown = |flag: Option<bool>| flag.map_or(Value::None, |flag| Value::Number(f64::from(u8::from(flag))));
    if let Some(theirs) = row.reduced {
        let ours = settlement.reduced.unwrap_or(false);
        let verdict = if ours == theirs { Verdict::Matched } else { Verdict::Unexplained };
        out.category("reduced_rate", shown(Some(ours)), shown(Some(theirs)), verdict);
    }
    if row.guardrail.is_some() || settlement.guardrail.is_some() {
        let verdict = match guardrail_reason(row) {
            _ if settlement.guardrail != row.guardrail => Verdict::Unexplained,
            Some(reason) => Verdict::Explained(reason),
            None => Verdict::Matched,
        };
        out.category("guardrail", shown(settlement.guardrail), shown(row.guardrail), verdict);
    }
}

/// Cells that must hold a number and do not: of columns that every row fills, and of those that two-sided rows fill.
fn blanks(out: &mut RowReplay, sheet: &Sheet<'_>, row: &Row, derived: &Derived) {
    let settlement = &derived.settlement;
    let two_sided = settlement.mlr.is_some();
    let losses = settlement.outcome == Outcome::Losses;
    let shows_terms = sheet.has("FinalLossRate");
    let cells = [
        ("savings_rate", "Sav_rate", true, row.savings_rate, settlement.savings_rate),
        ("gate", "GenSaveLoss", true, row.generated, settlement.generated),
        ("total_benchmark", "UpdatedBnchmk", true, row.updated_benchmark, row.total_benchmark.value),
        ("per_capita_total", "Per_Capita_Exp_TOTAL_PY", true, row.per_capita, row.total_expenditures.value),
        ("maximum_sharing_rate", "MaxShareRate", true, row.maximum_rate, derived.maximum_rate(row)),
        ("final_loss_rate", "FinalLossRate", two_sided, row.loss_rate, settlement.final_loss_rate.unwrap_or(0.0)),
        ("disaster_adjustment", "DisAdj", losses || (two_sided && shows_terms), row.disaster_adjustment, 0.0),
    ];
    for (identity, column, applies, printed, ours) in cells {
        if applies && sheet.has(column) && printed.is_none() {
            out.category(identity, Value::Number(ours), Value::None, Verdict::Unexplained);
        }
    }
}

/// Which adjustment of the benchmark applies (M.D.3.6): the largest that is positive, for agreements from 2024; before, the
/// regional one whatever its sign. Earlier rulebooks have no such choice.
fn adjustment(out: &mut RowReplay, sheet: &Sheet<'_>, at: usize, row: &Row, rules: &YearRules) {
    let theirs = sheet.text("FinalAdjCat", at);
    if theirs.is_empty() || theirs == "-" || row.agreement_start < rules.regional_from {
        return;
    }
    let printed = |column| sheet.number(column, at);
    let mut candidates = vec![("No Adjustment", Printed::exact(0.0))];
    for (name, column) in [
        ("Population Adjustment", "population_adjustment"),
        ("Prior Savings Adjustment", "PriorSavAdj"),
        ("Regional Adjustment", "RegAdj"),
    ] {
        candidates.extend(printed(column).map(|amount| (name, amount)));
    }
    let possible: Vec<&str> = if row.agreement_start < rules.choice_from {
        vec!["Regional Adjustment"]
    } else {
        let ends = |amount: Printed| (amount.value - amount.half, amount.value + amount.half);
        let floor = candidates.iter().map(|(_, amount)| ends(*amount).0).fold(0.0, f64::max);
        candidates.iter().rev().filter(|(_, amount)| ends(*amount).1 >= floor).map(|(name, _)| *name).collect()
    };
    let matches = possible.contains(&theirs);
    let ours = if matches { theirs } else { possible.first().copied().unwrap_or("No Adjustment") };
    let verdict = if matches { Verdict::Matched } else { Verdict::Unexplained };
    out.category("adjustment_category", Value::Text(ours.into()), Value::Text(theirs.into()), verdict);
}

/// Weights of the enrollment types in aggregate risk growth are shares (M.C.4.5); with a masked one there is nothing to sum.
fn risk_weights(out: &mut RowReplay, sheet: &Sheet<'_>, at: usize) {
    let mut sum = Printed::exact(0.0);
    for column in ["RR_weight_ESRD_PY", "RR_weight_DIS_PY", "RR_weight_AGDU_PY", "RR_weight_AGND_PY"] {
        let Some(weight) = sheet.number(column, at) else { return };
        sum = sum.plus(weight);
    }
    out.number("risk_weights", Printed::exact(1.0), sum, None);
}

/// Our own files repeat some amounts to the cent and rates unrounded.
fn exact_columns(out: &mut RowReplay, sheet: &Sheet<'_>, at: usize, row: &Row, derived: &Derived) {
    let settlement = &derived.settlement;
    for (column, ours) in [("msr", Some(settlement.msr)), ("mlr", settlement.mlr)] {
        if let (Some(theirs), Some(ours)) = (sheet.number(column, at), ours) {
            out.number("exact_columns", Printed { value: ours, half: 1e-9 }, theirs, None);
        }
    }
    for (column, dollars) in [("gross_savings_cents", row.difference), ("earned_cents", row.earned)] {
        if let Some(theirs) = sheet.number(column, at) {
            out.number("exact_columns", dollars.scaled(100.0), theirs, None);
        }
    }
}
