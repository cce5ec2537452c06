//! What a run leaves behind at person grain and beside it. The ACO-grain outputs stand in `acoledger-aco`.

use crate::values::*;

table! {
    /// A life on an ACO's final list.
    Assignment = "assignment", key [performance_year, calendar_year, bene_id] {
        /// Performance year whose lists and rules were used.
        performance_year: PerformanceYear ["year"],
        /// Calendar year of the list.
        calendar_year: CalendarYear ["year"],
        /// Beneficiary.
        bene_id: BeneId ["id"],
        /// ACO.
        aco_id: AcoId ["id"],
        /// `claims`, `voluntary` or `both`.
        basis: Basis ["code"],
        /// The ACO's method, which names its window.
        window: AssignmentMethod ["code"],
        /// Step that decided: 1, 2 or 3; blank when voluntary.
        step: Option<u8> ["count"],
        /// County of the life in the calendar year (M.D.1.2).
        county: Option<County> ["code"],
        /// The winner's allowed charges in the comparison that decided; blank where visits are counted (`assign.measure`).
        winner_cents: Option<Cents> ["cents"],
        /// Entity with the next sum; of equal sums the smallest id; blank: no other.
        runner_up: Option<String> ["id"],
        /// Its allowed charges, blank likewise.
        runner_up_cents: Option<Cents> ["cents"],
        /// Blank, or what broke a tie: `primary`, `specialist`, `random`.
        tie: Option<String> ["code"],
        /// `all`; before July 2019 `newly` or `continuously`.
        cohort: Cohort ["code"],
    }
}
table! {
    /// A life on whose ACO our rules and a list that was given (`assignment_given`) disagree. Lives that no table of the lake
    /// has are left to `assignment_comparison`.
    AssignmentDifference = "assignment_differences", key [performance_year, calendar_year, bene_id] {
        /// Performance year whose lists and rules were used.
        performance_year: PerformanceYear ["year"],
        /// Calendar year of the list.
        calendar_year: CalendarYear ["year"],
        /// Beneficiary.
        bene_id: BeneId ["id"],
        /// ACO by our rules; blank: none.
        own_aco_id: Option<AcoId> ["id"],
        /// ACO by the list given; blank: none.
        given_aco_id: Option<AcoId> ["id"],
        /// `ours_only`, `theirs_only`, or `other_aco`: on both lists, of different ACOs.
        outcome: String ["code"],
        /// Step that decided by our rules: 1, 2 or 3; blank where no claims did.
        step: Option<u8> ["count"],
        /// Of `ours_only` the basis; else why the life is not on the given ACO's list by our rules, as in
        /// `assignment_comparison`.
        reason: String ["code"],
    }
}
table! {
    /// Months and spending of a life, by calendar year and enrollment type.
    PersonYear = "person_year", key [bene_id, calendar_year, enrollment_type] {
        /// Beneficiary.
        bene_id: BeneId ["id"],
        /// Calendar year.
        calendar_year: CalendarYear ["year"],
        /// Enrollment type.
        enrollment_type: EnrollmentType ["code"],
        /// Months that carry money: eligible, of the type, outside COVID-19 episodes. No such month, no row.
        months_mask: MonthsMask ["months"],
        /// County of the life in the calendar year.
        county: Option<County> ["code"],
        /// Spending by M.B.1.
        spend_cents: Cents ["cents"],
        /// Paid amounts of the same months (M.B.5.3).
        gross_cents: Cents ["cents"],
        /// Part of `spend_cents`: inpatient.
        inpatient_cents: Cents ["cents"],
        /// Part of `spend_cents`: skilled nursing facility.
        snf_cents: Cents ["cents"],
        /// Part of `spend_cents`: outpatient.
        outpatient_cents: Cents ["cents"],
        /// Part of `spend_cents`: home health.
        home_health_cents: Cents ["cents"],
        /// Part of `spend_cents`: hospice.
        hospice_cents: Cents ["cents"],
        /// Part of `spend_cents`: physician and supplier lines (carrier).
        carrier_cents: Cents ["cents"],
        /// Part of `spend_cents`: durable medical equipment.
        dme_cents: Cents ["cents"],
        /// Part of `spend_cents`: demonstration payments outside claims.
        non_claims_cents: Cents ["cents"],
        /// Part of `inpatient_cents`: long-term care hospitals (`spend.category.hospitals`).
        inpatient_long_term_cents: Cents ["cents"],
        /// Part of `inpatient_cents`: rehabilitation hospitals and units.
        inpatient_rehabilitation_cents: Cents ["cents"],
        /// Part of `inpatient_cents`: psychiatric hospitals and units.
        inpatient_psychiatric_cents: Cents ["cents"],
        /// Part of `inpatient_cents`: the rest, short-term and critical access hospitals.
        inpatient_other_cents: Cents ["cents"],
        /// Part of `carrier_cents`: ambulances (`spend.category.ambulance`).
        ambulance_cents: Cents ["cents"],
    }
}
table! {
    /// A row of an input that was not used, and why.
    Reject = "rejects", key [] {
        /// Raw table.
        table: String ["text"],
        /// File, relative to the study.
        file: String ["text"],
        /// Row of the file, 1 for the first after the header.
        row: i64 ["count"],
        /// Claim, where known.
        claim_id: Option<String> ["id"],
        /// Line of the claim, where known.
        line: Option<i64> ["count"],
        /// Column that was at fault.
        column: Option<String> ["text"],
        /// Reason.
        reason: String ["text"],
        /// Claim payment once per claim, or line payment.
        amount_cents: Cents ["cents"],
        /// 0 when the amount itself could not be read.
        amount_known: Flag ["flag"],
    }
}
