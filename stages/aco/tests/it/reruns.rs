//! The benchmark is made anew for each performance year of an agreement (M.D.5): from that year's list, which moves base-year
//! spending and person years, and from that year's risk model, which moves base-year scores. A performance year carries its own
//! base-year rows, so a new list or model is other rows; nothing of one year reaches the next.

use crate::rates_cases::{YEARS, cases};
use acoledger_aco::tables::SavingsLosses;
use acoledger_aco::{Outcome, run};
use acoledger_schemas::program::{Aco, Program};
use acoledger_schemas::rates::Rates;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::values::*;

/// An ACO of the cases under 425.652, settled for 2024, and for 2025 from copies of its rows.
struct Two {
    aco: Aco,
    rates: Rates,
    program: Program,
}

const NOW: PerformanceYear = PerformanceYear(2024);
const NEXT: PerformanceYear = PerformanceYear(2025);

/// Rows of one performance year again for the next; spending of the year itself moves on by a calendar year.
macro_rules! again {
    ($rows:expr) => {
        for row in $rows.clone() {
            if row.performance_year == NOW {
                let calendar_year = if row.calendar_year.0 == NOW.0 { CalendarYear(NEXT.0) } else { row.calendar_year };
                let copy = {
                    let mut copy = row;
                    copy.performance_year = NEXT;
                    copy.calendar_year = calendar_year;
                    copy
                };
                $rows.push(copy);
            }
        }
    };
}

impl Two {
    fn new(wanted: impl Fn(&SavingsLosses) -> bool) -> Option<Two> {
        let (mut rates, mut program) = cases()?;
        let outcome = settle(&rates, &program, &YEARS);
        let found = outcome.savings_losses.iter().find(|row| {
            (row.performance_year, row.rulebook.as_str()) == (NOW, "425.652")
                && row.guardrail != Some(Flag(true))
                && wanted(row)
        });
        let aco_id = found.expect("the cases hold one").aco_id.clone();
        let mine = |aco: &Aco| aco.performance_year == NOW && aco.aco_id == aco_id;
        let aco = program.aco.iter().find(|aco| mine(aco)).expect("an ACO").clone();
        program.aco = vec![aco.clone(), Aco { performance_year: NEXT, ..aco.clone() }];
        rates.aco_year.retain(|row| row.performance_year == NOW && row.aco_id == aco_id);
        rates.aco_county.retain(|row| row.performance_year == NOW && row.aco_id == aco_id);
        rates.aco_heads.retain(|row| row.performance_year == NOW && row.aco_id == aco_id);
        rates.aco_county_heads.retain(|row| row.performance_year == NOW && row.aco_id == aco_id);
        rates.national.retain(|row| row.performance_year == NOW);
        rates.county.retain(|row| row.performance_year == NOW);
        again!(rates.aco_year);
        again!(rates.aco_county);
        again!(rates.aco_heads);
        again!(rates.aco_county_heads);
        again!(rates.national);
        again!(rates.county);
        for acpt in program.acpt.clone().unwrap_or_default() {
            if acpt.performance_year == NOW {
                let mut copy = acpt;
                copy.performance_year = NEXT;
                let rows = program.acpt.get_or_insert_default();
                rows.retain(|row| {
                    (row.performance_year, &row.aco_id, row.enrollment_type, row.agreement_start)
                        != (NEXT, &copy.aco_id, copy.enrollment_type, copy.agreement_start)
                });
                rows.push(copy);
            }
        }
        program.disaster.get_or_insert_default().retain(|row| row.performance_year == NOW);
        Some(Two { aco, rates, program })
    }

    /// Results of 2024 and 2025.
    fn settle(&self) -> (Outcome, [SavingsLosses; 2]) {
        let outcome = settle(&self.rates, &self.program, &[NOW.0, NEXT.0]);
        let [now, next] = outcome.savings_losses.as_slice() else { panic!("two years") };
        let pair = [now.clone(), next.clone()];
        (outcome, pair)
    }

    fn base(&mut self, of: PerformanceYear, change: impl Fn(&mut acoledger_schemas::rates::AcoYear)) {
        let base = self.rates.aco_year.iter_mut();
        base.filter(|row| row.performance_year == of && row.calendar_year.0 < NOW.0).for_each(change);
    }
}

fn settle(rates: &Rates, program: &Program, years: &[i32]) -> Outcome {
    let rules = Rules::built_in().expect("the shipped rules are sound");
    run(rates, program, &rules, years).unwrap_or_else(|problems| panic!("{problems}"))
}

fn value(outcome: &Outcome, year: PerformanceYear, step: &str) -> f64 {
    let found = outcome
        .benchmark
        .iter()
        .find(|row| row.performance_year == year && row.enrollment_type.is_none() && row.step == step);
    found.unwrap_or_else(|| panic!("no step {step}")).value
}

#[test]
fn the_same_list_and_model_make_the_same_benchmark() {
    let Some(two) = Two::new(|_| true) else { return };
    let (outcome, [now, next]) = two.settle();
    assert_eq!(
        (now.hist_bnchmk, now.reg_adj, &now.final_adj_cat),
        (next.hist_bnchmk, next.reg_adj, &next.final_adj_cat)
    );
    for step in
        ["historical_benchmark", "net", "regional_weight", "regional_adjustment_single", "prior_savings_adjustment"]
    {
        assert_eq!(value(&outcome, NOW, step), value(&outcome, NEXT, step), "{step}");
    }
}

/// A list with dearer base years: the historical benchmark of the new year rises, the sign of the regional difference and with it
/// the weight are found anew, the proration follows the rebuilt person years; the year before stays as it was.
#[test]
fn a_changed_list_makes_the_benchmark_anew() {
    let Some(mut two) = Two::new(|row| row.reg_adj.is_some_and(|amount| amount > 0)) else { return };
    let (before, [_, unchanged]) = two.settle();
    two.base(NEXT, |row| {
        row.per_capita = row.per_capita.map(|value| value * 1.5);
        row.person_years = row.person_years.map(|years| years * 1.4);
    });
    for row in two.rates.aco_county.iter_mut().filter(|row| row.performance_year == NEXT && row.calendar_year.0 < NOW.0)
    {
        row.person_years *= 1.4;
    }
    let (after, [_, changed]) = two.settle();
    assert!(value(&before, NEXT, "net") > 0.0 && value(&after, NEXT, "net") < 0.0);
    let times = usize::from(two.aco.regional_adjustment_count.expect("a count")) - 1;
    let weights: acoledger_aco::benchmark::RegionalWeights =
        Rules::built_in().expect("rules").at("benchmark.regional_weight", two.aco.agreement_start).expect("weights");
    assert_eq!(value(&after, NEXT, "regional_weight"), weights.higher[times.min(3)]);
    assert_eq!(value(&before, NEXT, "regional_weight"), weights.lower[times.min(3)]);
    assert!(changed.hist_bnchmk > unchanged.hist_bnchmk);
    assert!(value(&after, NEXT, "proration") <= value(&before, NEXT, "proration"));
    of_the_year_before_as_it_was(&before, &after);
}

/// A new risk model: all base-year scores are of it. Scores that only change their level change nothing; scores that change
/// between the base years do.
#[test]
fn a_changed_model_makes_the_benchmark_anew() {
    let Some(mut two) = Two::new(|_| true) else { return };
    let (before, _) = two.settle();
    two.base(NEXT, |row| {
        let steeper = 1.0 + 0.02 * f64::from(NOW.0 - row.calendar_year.0);
        row.hcc_score = row.hcc_score.map(|score| score / steeper);
    });
    let (after, _) = two.settle();
    // Base years with lower scores than BY3's are lifted to it (M.C.2).
    assert!(value(&after, NEXT, "historical_benchmark") != value(&before, NEXT, "historical_benchmark"));
    let ratio = |outcome: &Outcome| {
        let row = outcome.benchmark.iter().find(|row| {
            row.performance_year == NEXT
                && row.enrollment_type == Some(EnrollmentType::Agnd)
                && row.step == "risk_ratio_BY1"
        });
        row.expect("a ratio").value
    };
    assert!((ratio(&after) / ratio(&before) - 1.06 / 1.02).abs() < 1e-9, "{} {}", ratio(&after), ratio(&before));
    of_the_year_before_as_it_was(&before, &after);
}

fn of_the_year_before_as_it_was(before: &Outcome, after: &Outcome) {
    let steps = |outcome: &Outcome| -> Vec<_> {
        outcome.benchmark.iter().filter(|row| row.performance_year == NOW).cloned().collect()
    };
    assert!(!steps(before).is_empty());
    assert_eq!(steps(before), steps(after));
    assert_eq!(before.savings_losses[0], after.savings_losses[0]);
}
