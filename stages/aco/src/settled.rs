//! One ACO from gathered inputs to its settlement, with the settlement's steps at the end of the walk.

use crate::benchmark::{Benchmark, BenchmarkRules, Inputs, benchmark, steps};
use crate::facts::{self, Gathered};
use crate::gather::{Gather, GatherRules, problem};
use crate::index::Index;
use crate::settle::{Facts, Outcome, SettleError, SettleRules, Settlement, settle};
use crate::validate;
use crate::walk::{WHOLE, Walk, n};
use crate::{Finding, rows};
use acoledger_schemas::program::Aco;
use acoledger_schemas::rates::AcoHeads;
use acoledger_schemas::rules::{RuleError, Rules};
use acoledger_schemas::table::{Problem, Problems};
use acoledger_schemas::values::{Cents, MsrChoice, PerformanceYear, Period, RevenueCategory};
use std::borrow::Borrow;

/// What the rules of a performance year say beside the benchmark.
#[derive(Debug)]
pub(crate) struct YearRules {
    settle: SettleRules,
    pub(crate) disaster_relief: bool,
    low_revenue_share: f64,
}

impl YearRules {
    pub(crate) fn load(rules: &Rules, year: PerformanceYear) -> Result<YearRules, RuleError> {
        Ok(YearRules {
            settle: SettleRules::load(rules, year)?,
            disaster_relief: rules.at("settle.disaster.relief", year)?,
            low_revenue_share: rules.at("settle.low_revenue_share", year)?,
        })
    }
}

/// One ACO, settled.
pub(crate) struct Settled<'r> {
    pub(crate) aco: &'r Aco,
    pub(crate) heads: &'r AcoHeads,
    pub(crate) inputs: Inputs,
    pub(crate) benchmark: Benchmark,
    pub(crate) facts: Facts,
    pub(crate) settlement: Settlement,
    pub(crate) walk: Walk,
    pub(crate) findings: Vec<Finding>,
    low_revenue_share: f64,
}

/// Benchmark and settlement of one ACO.
///
/// # Errors
/// Inputs that a rule in force needs and that are absent, or that lead to no number.
pub(crate) fn settle_aco<'r>(
    index: &Index<'r>,
    aco: &'r Aco,
    benchmark_rules: &BenchmarkRules,
    year_rules: &YearRules,
    keep_walk: bool,
    mut findings: Vec<Finding>,
) -> Result<Settled<'r>, Problems> {
    let (inputs, found) = inputs(index, aco, benchmark_rules.into())?;
    findings.extend(found);
    let mut walk = Walk::new(keep_walk);
    let benchmark = finite(aco, benchmark(&inputs, benchmark_rules, &mut walk))?;
    let gathered = facts::gather(index, aco, year_rules.disaster_relief)?;
    let (facts, settlement) = settlement(aco, &gathered, &benchmark, year_rules)?;
    let Gathered { heads, findings: found, .. } = gathered;
    findings.extend(found);
    findings.extend(prescribed_msr(aco, &year_rules.settle));
    if settlement.outcome == Outcome::Losses && year_rules.disaster_relief {
        findings.extend(validate::affected_elsewhere(index, aco));
    }
    findings.extend(benchmark.notes.iter().map(|note| Finding::of(aco, note.rule, note.what.clone())));
    let low_revenue_share = year_rules.low_revenue_share;
    let mut settled = Settled { aco, heads, inputs, benchmark, facts, settlement, walk, findings, low_revenue_share };
    settled.settlement_steps();
    Ok(settled)
}

/// The inputs of one ACO's benchmark, with findings; its totals are then checked too.
///
/// # Errors
/// Inputs that a rule in force needs and that are absent; totals that contradict each other.
pub(crate) fn inputs(index: &Index<'_>, aco: &Aco, rules: GatherRules) -> Result<(Inputs, Vec<Finding>), Problems> {
    let gather = Gather::new(index, aco, rules);
    let totals = validate::totals(index, aco, rules, gather.years);
    both(totals, gather.inputs()).map(|(mut findings, (inputs, found))| {
        findings.extend(found);
        (inputs, findings)
    })
}

/// A benchmark that is a number above 0.
///
/// # Errors
/// It is none.
pub(crate) fn finite<B: Borrow<Benchmark>>(aco: &Aco, made: B) -> Result<B, Problems> {
    let benchmark = made.borrow();
    let finite = [benchmark.updated, benchmark.historical, benchmark.expenditures].into_iter().all(f64::is_finite);
    if !finite {
        let what = "the benchmark is not a number: a growth rate divides by zero";
        return Err(problem(aco, "rates", "per_capita", what, "E.1").into());
    }
    for (name, value) in [("historical", benchmark.historical), ("updated", benchmark.updated)] {
        if value <= 0.0 {
            let what = format!("the {name} benchmark is not above 0: {value:.2} dollars per person year");
            return Err(problem(aco, "rates", "per_capita", &what, "E.1").into());
        }
    }
    Ok(made)
}

/// The settlement of one ACO under a benchmark, and the facts that it was made from.
///
/// # Errors
/// A fact that a rule in force needs and that is absent; a settlement that is no number.
pub(crate) fn settlement(
    aco: &Aco,
    gathered: &Gathered<'_>,
    benchmark: &Benchmark,
    rules: &YearRules,
) -> Result<(Facts, Settlement), Problems> {
    let facts = gathered.facts(aco, benchmark);
    let settlement = settle(&facts, &rules.settle).map_err(|error| refused(aco, &error))?;
    if [settlement.difference, settlement.earned].into_iter().any(|amount| Cents::from_dollars(amount).is_none()) {
        return Err(problem(aco, "rates", "per_capita", "the settlement is not a number", "F.5").into());
    }
    if settlement.outcome == Outcome::Losses && !gathered.disasters_known {
        let what =
            "losses are owed, and it is not given which counties were affected, or how the heads spread over them";
        return Err(problem(aco, "program/disaster, rates/aco_county_heads", "", what, "F.7").into());
    }
    Ok((facts, settlement))
}

/// Two results, or the problems of both.
fn both<A, B>(a: Result<A, Problems>, b: Result<B, Problems>) -> Result<(A, B), Problems> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(mut a), Err(b)) => {
            a.extend(b);
            Err(a)
        }
        (Err(problems), _) | (_, Err(problems)) => Err(problems),
    }
}

/// A fact that the settlement asks for, under the name of the rule that does.
fn refused(aco: &Aco, error: &SettleError) -> Problem {
    let hint = format!("{}, rule `{}`", error.section, error.rule);
    Problem { hint: Some(hint), ..problem(aco, "program/aco", error.fact, &error.what, error.section) }
}

/// A finding where the file names another minimum savings rate than the one that the agreement has without a choice.
fn prescribed_msr(aco: &Aco, rules: &SettleRules) -> Option<Finding> {
    let rate = rules.prescribed_msr(aco.track, aco.agreement_start)?;
    let named = match aco.msr_choice {
        MsrChoice::Fixed(chosen) if (chosen - rate).abs() < 1e-9 => return None,
        MsrChoice::Fixed(chosen) => chosen.to_string(),
        MsrChoice::Variable => "variable".into(),
    };
    let what = format!("the minimum savings rate of the agreement is no choice: given {named}, used {rate}");
    Some(Finding::of(aco, "F.1.3", what))
}

impl Settled<'_> {
    /// The revenue category: as given, else judged where revenue and paid amounts are known (M.B.5.3).
    pub(crate) fn revenue_category(&self) -> Option<RevenueCategory> {
        let judged = || {
            let (revenue, paid) = self.facts.revenue.zip(self.facts.paid_amounts)?;
            let low = revenue < self.low_revenue_share * paid;
            Some(if low { RevenueCategory::Low } else { RevenueCategory::High })
        };
        self.facts.revenue_category.or_else(judged)
    }

    /// The steps of the settlement, after those of the benchmark.
    fn settlement_steps(&mut self) {
        let Settled { walk, benchmark, facts, settlement, .. } = self;
        let years = benchmark.person_years;
        walk.step(&steps::PERSON_YEARS, WHOLE, years, || "months / 12, all types".into());
        walk.step(&steps::MSR, WHOLE, settlement.msr, || format!("{} assigned beneficiaries", facts.head_count));
        let losses = matches!(settlement.outcome, Outcome::Losses | Outcome::OneSidedLosses | Outcome::Neither);
        if let Some(two_way) = benchmark.two_way.filter(|_| losses || settlement.guardrail == Some(true)) {
            walk.step(&steps::TWO_WAY_UPDATED, WHOLE, two_way, || {
                let used = if settlement.guardrail == Some(true) { "used" } else { "not used" };
                format!("expenditures {} against three-way {}: {used}", n(facts.expenditures), n(benchmark.updated))
            });
        }
        let (total, spent) = (settlement.total_benchmark, settlement.total_expenditures);
        // A half-year carries a share of the year's dollars (M.D.4.5).
        let share = total / (settlement.updated_benchmark * years);
        let half = if facts.period == Period::Full { String::new() } else { format!(" × {}", n(share)) };
        let of_years = |per_capita: f64| format!("{} × {}{half}", n(per_capita), n(years));
        walk.step(&steps::TOTAL_BENCHMARK, WHOLE, total, || of_years(settlement.updated_benchmark));
        walk.step(&steps::TOTAL_EXPENDITURES, WHOLE, spent, || of_years(facts.expenditures));
        walk.step(&steps::DIFFERENCE, WHOLE, settlement.difference, || format!("{} − {}", n(total), n(spent)));
        let rate = self.settlement_rate();
        let Settled { walk, facts, settlement, .. } = self;
        walk.step(&steps::FINAL_RATE, WHOLE, rate, || format!("track {}: {}", facts.track, settlement.outcome.code()));
        let difference = settlement.difference;
        for (kind, value) in
            [(&steps::PAYMENT_LIMIT, settlement.payment_limit), (&steps::LOSS_LIMIT, settlement.loss_limit)]
        {
            if let Some(value) = value {
                walk.step(kind, WHOLE, value, || format!("{} of {}", n(value / total), n(total)));
            }
        }
        if let Some(shared) = settlement.shared_savings_before_limit {
            walk.step(&steps::SAVINGS_BEFORE_LIMIT, WHOLE, shared, || {
                let kept = if difference * rate == 0.0 { 1.0 } else { shared / (difference * rate) };
                format!("{} × {} × {}, what sequestration leaves", n(difference), n(rate), n(kept))
            });
        }
        if let Some(shared) = settlement.shared_losses_before_limit {
            walk.step(&steps::LOSSES_BEFORE_LIMIT, WHOLE, shared, || format!("{} × {}", n(-difference), n(rate)));
        }
        if let Some(ended) =
            facts.termination.filter(|_| matches!(settlement.outcome, Outcome::Savings | Outcome::Losses))
        {
            walk.step(&steps::TERMINATION, WHOLE, settlement.termination_impact, || {
                format!("ended on {} ({})", ended.on, ended.kind.code())
            });
        }
        if let Some(disaster) = facts.disaster.filter(|_| settlement.outcome == Outcome::Losses) {
            let (of_year, of_lives) = (disaster.share_of_year, disaster.share_of_beneficiaries);
            walk.step(&steps::SHARE_OF_YEAR, WHOLE, of_year, || {
                "mean of months / 12 over affected counties by heads".into()
            });
            walk.step(&steps::SHARE_OF_LIVES, WHOLE, of_lives, || "heads in affected counties / all heads".into());
            walk.step(&steps::DISASTER_FACTOR, WHOLE, disaster.factor(), || {
                format!("{} × {}", n(of_year), n(of_lives))
            });
        }
        walk.step(&steps::EARNED, WHOLE, settlement.earned, || earned_in_words(settlement));
        if facts.advance_balance.is_some() {
            walk.step(&steps::RECOUPMENT, WHOLE, settlement.recoupment, || "at most the balance".into());
        }
    }

    fn settlement_rate(&self) -> f64 {
        rows::final_rate(self)
    }
}

/// How what is paid or owed came about: the smaller of amount and limit, less what a termination takes and disasters forgive.
fn earned_in_words(settlement: &Settlement) -> String {
    let less = |amount: f64| if amount == 0.0 { String::new() } else { format!(" − {}", n(amount)) };
    match (settlement.shared_savings_before_limit, settlement.shared_losses_before_limit) {
        (Some(shared), _) => {
            let limit = settlement.payment_limit.map_or(shared, |limit| shared.min(limit));
            format!("{}{}", n(limit), less(settlement.termination_impact))
        }
        (_, Some(shared)) => {
            let limit = settlement.loss_limit.map_or(shared, |limit| shared.min(limit));
            let (ended, forgiven) = (less(settlement.termination_impact), less(-settlement.disaster_adjustment));
            format!("−({}{ended}{forgiven})", n(limit))
        }
        _ => settlement.outcome.code().into(),
    }
}
