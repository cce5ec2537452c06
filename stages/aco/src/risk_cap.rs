//! What the cap on the growth of risk scores takes from benchmarks and payments, in dollars (M.C.3, M.C.4).
//!
//! Everything is settled a second time with scores in full (rule `risk_cap.form` = `none`); the difference is what the cap did.
//! Agreements before July 2019 have no such cap and no row (M.C.5).

use crate::benchmark::Rulebook;
use crate::tables::SavingsLosses;
use crate::{Detail, Index, run_with};
use acoledger_schemas::program::Program;
use acoledger_schemas::rates::Rates;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::*;

acoledger_schemas::table! {
    /// What the cap on the growth of risk scores takes, ACO by ACO.
    RiskCap = "risk_cap", key [performance_year, period, aco_id] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// `full`, or `h1`, `h2` for the half-years of 2019.
        period: Period ["code"],
        /// ACO.
        aco_id: AcoId ["id"],
        /// Whether the cap changes the benchmark.
        binds: Flag ["flag"],
        /// Total benchmark minus total expenditures, as settled.
        gross_savings_cents: Cents ["cents"],
        /// The same with scores in full.
        uncapped_gross_savings_cents: Cents ["cents"],
        /// The first minus the second: what the cap did to the total benchmark.
        benchmark_effect_cents: Cents ["cents"],
        /// Paid (positive) or owed (negative) as settled.
        earned_cents: Cents ["cents"],
        /// The same with scores in full.
        uncapped_earned_cents: Cents ["cents"],
        /// The first minus the second: what the cap did to the payment.
        earned_effect_cents: Cents ["cents"],
    }
}

/// The effects for every settled ACO whose agreement has the cap, in the order of the results.
///
/// # Errors
/// As [`run`](crate::run).
pub fn risk_cap(
    rates: &Rates,
    program: &Program,
    rules: &Rules,
    performance_years: &[i32],
    settled: &[SavingsLosses],
) -> Result<Vec<RiskCap>, Problems> {
    let mut form = toml::Table::new();
    form.insert("risk_cap.form".into(), toml::Value::String("none".into()));
    let rules = rules.clone().with_overrides(&form).map_err(|error| error.problem(""))?;
    let index = Index::new(rates, program);
    let uncapped = run_with(&index, program, &rules, performance_years, Detail::Results)?;
    let capped = |row: &&(&SavingsLosses, &SavingsLosses)| {
        [Rulebook::S601, Rulebook::S652].iter().any(|rulebook| row.0.rulebook == rulebook.code())
    };
    let pairs: Vec<(&SavingsLosses, &SavingsLosses)> = settled.iter().zip(&uncapped.savings_losses).collect();
    Ok(pairs.iter().filter(capped).map(|(own, other)| row(own, other)).collect())
}

fn row(own: &SavingsLosses, uncapped: &SavingsLosses) -> RiskCap {
    let effect = |of: fn(&SavingsLosses) -> Cents| Cents(of(own).0 - of(uncapped).0);
    let benchmark = effect(|of| of.gross_savings_cents);
    RiskCap {
        performance_year: own.performance_year,
        period: own.period,
        aco_id: own.aco_id.clone(),
        binds: Flag(benchmark.0 != 0),
        gross_savings_cents: own.gross_savings_cents,
        uncapped_gross_savings_cents: uncapped.gross_savings_cents,
        benchmark_effect_cents: benchmark,
        earned_cents: own.earned_cents,
        uncapped_earned_cents: uncapped.earned_cents,
        earned_effect_cents: effect(|of| of.earned_cents),
    }
}
