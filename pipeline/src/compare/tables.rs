//! The tables of a comparison of two runs.

use acoledger_schemas::table;
use acoledger_schemas::values::*;

table! {
    /// Lives of the lists of two runs, by what the two make of them. A life on a list of either is counted once for each
    /// performance year and calendar year.
    RunComparison = "assignment_comparison",
    key [performance_year, calendar_year, outcome, aco_a, aco_b, basis_a, basis_b, step_a, step_b] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// Calendar year of the list.
        calendar_year: CalendarYear ["year"],
        /// `both` (on the list of the same ACO), `only_a`, `only_b`, or `moved`: on lists of different ACOs.
        outcome: String ["code"],
        /// ACO in run A; blank: none.
        aco_a: Option<AcoId> ["id"],
        /// ACO in run B; blank: none.
        aco_b: Option<AcoId> ["id"],
        /// Basis in run A: `claims`, `voluntary` or `both`.
        basis_a: Option<String> ["code"],
        /// Basis in run B.
        basis_b: Option<String> ["code"],
        /// Step that decided in run A; blank where no claims did.
        step_a: Option<u8> ["count"],
        /// Step that decided in run B.
        step_b: Option<u8> ["count"],
        /// Lives.
        lives: i64 ["lives"],
        /// Their spending of the calendar year by `person_year` of run A (M.B.1), neither truncated nor completed; blank
        /// where run A has them on no list.
        spend_a_cents: Option<Cents> ["cents"],
        /// The same by `person_year` of run B.
        spend_b_cents: Option<Cents> ["cents"],
    }
}
table! {
    /// A life whose place differs between two runs: another ACO, none, or another basis or step.
    RunDifference = "assignment_differences", key [performance_year, calendar_year, bene_id] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// Calendar year of the list.
        calendar_year: CalendarYear ["year"],
        /// Beneficiary.
        bene_id: BeneId ["id"],
        /// `both` (the same ACO, by another basis or step), `only_a`, `only_b` or `moved`.
        outcome: String ["code"],
        /// ACO in run A; blank: none.
        aco_a: Option<AcoId> ["id"],
        /// ACO in run B; blank: none.
        aco_b: Option<AcoId> ["id"],
        /// Basis in run A.
        basis_a: Option<String> ["code"],
        /// Basis in run B.
        basis_b: Option<String> ["code"],
        /// Step that decided in run A.
        step_a: Option<u8> ["count"],
        /// Step that decided in run B.
        step_b: Option<u8> ["count"],
        /// Spending of the calendar year by `person_year` of run A; blank where run A has the life on no list.
        spend_a_cents: Option<Cents> ["cents"],
        /// The same by `person_year` of run B.
        spend_b_cents: Option<Cents> ["cents"],
    }
}
table! {
    /// Savings and losses of one ACO in two runs; blank: it is not there.
    SavingsComparison = "savings_losses_comparison", key [performance_year, period, aco_id] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// `full`, or `h1`, `h2` for the half-years of 2019.
        period: Period ["code"],
        /// ACO.
        aco_id: AcoId ["id"],
        /// Outcome in run A.
        outcome_a: Option<String> ["code"],
        /// Outcome in run B.
        outcome_b: Option<String> ["code"],
        /// Benchmark minus expenditures in run A.
        gross_savings_a_cents: Option<Cents> ["cents"],
        /// Benchmark minus expenditures in run B.
        gross_savings_b_cents: Option<Cents> ["cents"],
        /// Paid (positive) or owed (negative) in run A.
        earned_a_cents: Option<Cents> ["cents"],
        /// Paid (positive) or owed (negative) in run B.
        earned_b_cents: Option<Cents> ["cents"],
        /// B minus A; blank where the ACO is in one only.
        earned_difference_cents: Option<Cents> ["cents"],
    }
}
table! {
    /// A rule that two runs read with different values.
    RuleComparison = "rules_comparison", key [key] {
        /// Key of the rule.
        key: String ["code"],
        /// Values of run A with the days from which they hold; blank: those of the law, as this program has them.
        values_a: Option<String> ["text"],
        /// Values of run B, likewise.
        values_b: Option<String> ["text"],
    }
}

impl SavingsComparison {
    /// Whether the two runs settle the ACO alike, in what is compared.
    pub(crate) fn is_equal(&self) -> bool {
        self.outcome_a == self.outcome_b
            && self.gross_savings_a_cents == self.gross_savings_b_cents
            && self.earned_a_cents == self.earned_b_cents
    }
}
