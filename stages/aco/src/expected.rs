//! From the historical benchmark to what was expected of the performance year, against what was spent: terms that sum
//! exactly.
//!
//! The terms telescope, in this order, each the change of one per capita figure from the one before:
//!
//! | term | to | at the mix of |
//! |---|---|---|
//! | `historical_benchmark` | `Σ share × HB_k` | BY3 |
//! | `risk` | `Σ share × HB_k × rr_k` | BY3 |
//! | `national_trend` | + `Σ share × HB_k × rr_k × a × W'_k × (national growth − 1)`, or flat dollars | BY3 |
//! | `regional_trend` | + what the two-way blend adds: `a × (1 − W'_k) × (regional growth − 1)` | BY3 |
//! | `acpt` | + `(1 − a) × (ACPT_k − 1)`: now `Σ share × UB_k` | BY3 |
//! | `mix` | `Σ share × UB_k`, the updated benchmark | performance year |
//! | `guardrail` | the two-way benchmark, where it replaced the three-way one (M.E.5) | performance year |
//! | `expected` | the sum of these: the benchmark that was settled | |
//! | `actual`, `difference` | spending, and `expected` minus it | |
//!
//! `a` is the share of the two-way blend, 1 before 2024. Under 425.602 and 425.603(b) the national trend is the flat dollar
//! amount; under 425.603(c) the trend is all regional, so `W'` is 0. A trend enters with its weight, so the order of the three
//! does not matter. A type without person years in the performance year has no ratio and no growth: it stays at its
//! historical benchmark until the mix drops it; a type without any in BY3 comes in by the mix.
//!
//! Rounding: the running sums are rounded, to 1/10,000 dollar per capita and to the cent, and a term is the difference of two of
//! them; so printed terms add up to what is printed below them, each within one unit of its own rounding. In dollars
//! `difference` is the `gross_savings_cents` of the results, and `actual` is what is left of `expected`.

use crate::Settled;
use crate::benchmark::{BlendWeights, Rulebook, Year, steps};
use crate::by_type::ByType;
use crate::rows::cents;
use crate::walk::{Kind, Walk};
use acoledger_schemas::values::{AcoId, PerformanceYear, Period};

acoledger_schemas::table! {
    /// From the historical benchmark to the expected spending of the performance year, against the actual: terms that sum.
    Expected = "expected", key [performance_year, period, aco_id, term] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// `full`, or `h1`, `h2` for the half-years of 2019.
        period: Period ["code"],
        /// ACO.
        aco_id: AcoId ["id"],
        /// `historical_benchmark`, `risk`, `national_trend`, `regional_trend`, `acpt`, `mix`, `guardrail`: they sum to `expected`;
        /// `actual`, `difference`.
        term: String ["code"],
        /// Dollars per person year, to 1/10,000.
        per_capita: f64 ["dollars"],
        /// Dollars of all person years, to the cent.
        dollars: f64 ["dollars"],
    }
}

/// Terms that sum to `expected`, in their order.
pub const TERMS: [&str; 7] =
    ["historical_benchmark", "risk", "national_trend", "regional_trend", "acpt", "mix", "guardrail"];

/// Units of a dollar in which per capita figures are printed.
const PER_CAPITA_UNITS: f64 = 10_000.0;
/// Units of a dollar in which dollars are printed.
const CENTS: f64 = 100.0;

/// The rows of one ACO whose walk was kept; `blend` are the weights of the three-way blend, from 2024.
pub(crate) fn expected(settled: &Settled<'_>, blend: Option<BlendWeights>) -> Vec<Expected> {
    let Settled { aco, settlement, benchmark, .. } = settled;
    let sums = running_sums(settled, blend);
    // Half-years are halves of the year's dollars (M.D.4.5): the factor is that of the settlement.
    let years = if settlement.updated_benchmark == 0.0 {
        benchmark.person_years
    } else {
        settlement.total_benchmark / settlement.updated_benchmark
    };
    let per_capita = sums.map(|sum| (sum * PER_CAPITA_UNITS).round() as i64);
    let mut dollars = sums.map(|sum| cents(sum * years).0);
    let (expected, expected_cents) = (per_capita[TERMS.len() - 1], cents(settlement.total_benchmark).0);
    dollars[TERMS.len() - 1] = expected_cents;
    let actual = (benchmark.expenditures * PER_CAPITA_UNITS).round() as i64;
    let difference_cents = cents(settlement.difference).0;
    let step = |sums: &[i64; 7], at: usize| sums[at] - at.checked_sub(1).map_or(0, |before| sums[before]);
    let terms = TERMS.iter().enumerate().map(|(at, term)| (*term, step(&per_capita, at), step(&dollars, at)));
    terms
        .chain([
            ("expected", expected, expected_cents),
            ("actual", actual, expected_cents - difference_cents),
            ("difference", expected - actual, difference_cents),
        ])
        .map(|(term, per_capita, dollars)| Expected {
            performance_year: aco.performance_year,
            period: aco.period,
            aco_id: aco.aco_id.clone(),
            term: term.into(),
            per_capita: per_capita as f64 / PER_CAPITA_UNITS,
            dollars: dollars as f64 / CENTS,
        })
        .collect()
}

/// Dollars per capita after each term.
fn running_sums(settled: &Settled<'_>, blend: Option<BlendWeights>) -> [f64; 7] {
    let Settled { inputs, benchmark, settlement, walk, .. } = settled;
    let by3 = inputs.person_years(Year::By3);
    let historical = by_type(walk, &steps::HISTORICAL_BY_TYPE);
    let at_by3 = |values: ByType<Option<f64>>| {
        let all = ByType::of(|kind| values[kind].or(historical[kind]));
        all.mean(&by3).unwrap_or(benchmark.historical)
    };
    let part_at_by3 =
        |values: ByType<Option<f64>>| ByType::of(|kind| values[kind].or(Some(0.0))).mean(&by3).unwrap_or(0.0);
    let adjusted = by_type(walk, &steps::RISK_ADJUSTED);
    let risk = at_by3(adjusted);
    let trended = at_by3(by_type(walk, &steps::UPDATED_BY_TYPE));
    let two_way_share = blend.map_or(1.0, |blend| blend.two_way / (blend.two_way + blend.acpt));
    let national = match benchmark.rulebook {
        Rulebook::S602 | Rulebook::S603b => trended,
        // Under 425.603(c) there is no weight of national growth, but where a reform sets it.
        Rulebook::S603c | Rulebook::S601 | Rulebook::S652 => {
            let (weight, growth) = (by_type(walk, &steps::MARKET_SHARE_PY), by_type(walk, &steps::NATIONAL_GROWTH));
            let part = ByType::of(|kind| Some(adjusted[kind]? * two_way_share * weight[kind]? * (growth[kind]? - 1.0)));
            risk + part_at_by3(part)
        }
    };
    let acpt = by_type(walk, &steps::ACPT);
    let acpt = ByType::of(|kind| Some(adjusted[kind]? * (1.0 - two_way_share) * (acpt[kind]? - 1.0)));
    let regional = trended - part_at_by3(acpt);
    [benchmark.historical, risk, national, regional, trended, benchmark.updated, settlement.updated_benchmark]
}

/// The values of a kind of step by type.
fn by_type(walk: &Walk, kind: &'static Kind) -> ByType<Option<f64>> {
    let mut values = ByType::default();
    for step in walk.steps.iter().filter(|step| step.kind == kind) {
        if let Some(enrollment_type) = step.enrollment_type {
            values[enrollment_type] = Some(step.value);
        }
    }
    values
}
