//! Cells: sums of integers by small keys, the waist between person grain and ACO grain.
//!
//! Sums of integers do not depend on order, so neither do the results. A truncated sum is
//! `below_cents + threshold_cents × (months_over − months_under) / 12`.

use crate::values::*;

table! {
    /// Assignable lives by county (M.A.8, M.D.1.2).
    PopulationCounty = "population_county",
    key [performance_year, calendar_year, population, window, county, enrollment_type] {
        /// Performance year whose code list decides who is assignable.
        performance_year: PerformanceYear ["year"],
        /// Calendar year.
        calendar_year: CalendarYear ["year"],
        /// `assignable`, or `ffs` for thresholds before 2017.
        population: Population ["code"],
        /// `retrospective` (the calendar year) or `prospective`.
        window: Window ["code"],
        /// County.
        county: County ["code"],
        /// Enrollment type.
        enrollment_type: EnrollmentType ["code"],
        /// Lives with at least one month in the cell.
        lives: i64 ["lives"],
        /// Months that carry money.
        months: i64 ["months"],
        /// Spending of lives that are not truncated.
        below_cents: Cents ["cents"],
        /// Months of lives above the threshold.
        months_over: i64 ["months"],
        /// Months of lives below minus the threshold.
        months_under: i64 ["months"],
        /// Spending of all lives, untruncated.
        spend_cents: Cents ["cents"],
    }
}
table! {
    /// An ACO's assigned lives by county, in the ACO's own years.
    AssignedCounty = "assigned_county",
    key [performance_year, period, aco_id, calendar_year, cohort, county, enrollment_type] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// Period.
        period: Period ["code"],
        /// ACO.
        aco_id: AcoId ["id"],
        /// Calendar year.
        calendar_year: CalendarYear ["year"],
        /// `all`, or `newly` and `continuously` for agreements before July 2019.
        cohort: Cohort ["code"],
        /// County.
        county: County ["code"],
        /// Enrollment type.
        enrollment_type: EnrollmentType ["code"],
        /// Lives with at least one month in the cell.
        lives: i64 ["lives"],
        /// Months that carry money.
        months: i64 ["months"],
        /// Of these, months with a dual code, in any type.
        dual_months: i64 ["months"],
        /// Spending of lives that are not truncated.
        below_cents: Cents ["cents"],
        /// Months of lives above the threshold.
        months_over: i64 ["months"],
        /// Months of lives below minus the threshold.
        months_under: i64 ["months"],
        /// Spending of all lives, untruncated.
        spend_cents: Cents ["cents"],
        /// Paid amounts of the same months (M.B.5.3).
        gross_cents: Cents ["cents"],
    }
}
table! {
    /// An ACO's assigned lives that are assignable too, by county: what the ACO's own part of a county's population is. In the ACO's
    /// own years.
    AssignedAssignable = "assigned_assignable",
    key [performance_year, aco_id, calendar_year, window, county, enrollment_type] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// ACO.
        aco_id: AcoId ["id"],
        /// Calendar year.
        calendar_year: CalendarYear ["year"],
        /// Window in which they are assignable: `retrospective` (the calendar year) or `prospective`.
        window: Window ["code"],
        /// County.
        county: County ["code"],
        /// Enrollment type.
        enrollment_type: EnrollmentType ["code"],
        /// Lives with at least one month in the cell.
        lives: i64 ["lives"],
        /// Months that carry money.
        months: i64 ["months"],
        /// Spending of lives that are not truncated.
        below_cents: Cents ["cents"],
        /// Months of lives above the threshold.
        months_over: i64 ["months"],
        /// Months of lives below minus the threshold.
        months_under: i64 ["months"],
        /// Spending of all lives, untruncated.
        spend_cents: Cents ["cents"],
        /// Year whose model made the scores (M.C.1.5).
        model: CalendarYear ["year"],
        /// Months with an HCC score.
        hcc_months: i64 ["months"],
        /// Sum over those months of the HCC score in thousandths.
        hcc_milli_months: i64 ["milli-score months"],
        /// Months with a demographic score.
        demographic_months: i64 ["months"],
        /// Sum over those months of the demographic score in thousandths.
        demographic_milli_months: i64 ["milli-score months"],
    }
}
table! {
    /// Heads of an ACO in one of its years.
    AcoHeadsCell = "aco_heads", key [performance_year, period, aco_id, calendar_year] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// Period.
        period: Period ["code"],
        /// ACO.
        aco_id: AcoId ["id"],
        /// Calendar year.
        calendar_year: CalendarYear ["year"],
        /// Assigned lives.
        head_count: i64 ["lives"],
        /// Of these, with a dual code in an eligible month.
        dual_heads: i64 ["lives"],
        /// Of these, dual or with a low-income subsidy in the year.
        lis_or_dual_heads: i64 ["lives"],
        /// Assigned by voluntary alignment alone.
        voluntary_only: i64 ["lives"],
        /// Assigned by claims alone.
        claims_only: i64 ["lives"],
        /// Aligned, and the claims would have led there too.
        both: i64 ["lives"],
    }
}
table! {
    /// Heads of an ACO by county.
    AcoCountyHeadsCell = "aco_county_heads", key [performance_year, period, aco_id, calendar_year, county] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// Period.
        period: Period ["code"],
        /// ACO.
        aco_id: AcoId ["id"],
        /// Calendar year.
        calendar_year: CalendarYear ["year"],
        /// County of the life.
        county: County ["code"],
        /// Assigned lives.
        head_count: i64 ["lives"],
    }
}
table! {
    /// Score sums of a population cell or of an ACO cell (M.C.1): blank `aco_id` for populations, blank `window` for ACOs.
    RiskCell = "risk",
    key [performance_year, period, aco_id, calendar_year, cohort, population, window, county, enrollment_type, model, kind] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// Period, of an ACO.
        period: Option<Period> ["code"],
        /// ACO.
        aco_id: Option<AcoId> ["id"],
        /// Calendar year.
        calendar_year: CalendarYear ["year"],
        /// Cohort, of an ACO.
        cohort: Option<Cohort> ["code"],
        /// Population.
        population: Option<Population> ["code"],
        /// Window of a population: `retrospective` or `prospective`.
        window: Option<Window> ["code"],
        /// County.
        county: County ["code"],
        /// Enrollment type.
        enrollment_type: EnrollmentType ["code"],
        /// Year whose model made the scores (M.C.1.5).
        model: CalendarYear ["year"],
        /// `hcc` or `demographic`.
        kind: ScoreKind ["code"],
        /// Months with a score.
        score_months: i64 ["months"],
        /// Sum over those months of the score in thousandths.
        score_milli_months: i64 ["milli-score months"],
    }
}
table! {
    /// What scores are made of: of an ACO's lives in its own years, of the nation's assignable lives. Segments and HCCs where
    /// scores are made from diagnoses.
    RiskDetailCell = "risk_detail",
    key [performance_year, period, aco_id, calendar_year, enrollment_type, model, part, item] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// Period, of an ACO.
        period: Option<Period> ["code"],
        /// ACO; blank: the nation.
        aco_id: Option<AcoId> ["id"],
        /// Calendar year.
        calendar_year: CalendarYear ["year"],
        /// Enrollment type.
        enrollment_type: EnrollmentType ["code"],
        /// Year whose model made the scores (M.C.1.5).
        model: CalendarYear ["year"],
        /// `all`; `stayed`, `joined`, `left` between BY3 and the performance year; `segment`, `hcc`.
        part: RiskPart ["code"],
        /// The other year; the segment; model and number of the HCC. Blank: all.
        item: Option<String> ["code"],
        /// Lives with a scored month, of `all`, `stayed`, `joined`, `left`.
        lives: Option<i64> ["lives"],
        /// Months with a score; of `hcc` those with the HCC.
        score_months: i64 ["months"],
        /// Sum over those months of the HCC score in thousandths; blank for `hcc`.
        hcc_milli_months: Option<i64> ["milli-score months"],
        /// The same of the demographic score.
        demographic_milli_months: Option<i64> ["milli-score months"],
    }
}
table! {
    /// Scores that were given beside those made from diagnoses (`risk.compare`), months of all fee-for-service lives.
    RiskCompared = "risk_compared", key [calendar_year, model, enrollment_type, kind] {
        /// Calendar year.
        calendar_year: CalendarYear ["year"],
        /// Year whose model made the scores (M.C.1.5).
        model: CalendarYear ["year"],
        /// Enrollment type.
        enrollment_type: EnrollmentType ["code"],
        /// `hcc` or `demographic`.
        kind: ScoreKind ["code"],
        /// Months with a given score.
        given_months: i64 ["months"],
        /// Months with a score made from diagnoses.
        made_months: i64 ["months"],
        /// Months with both.
        both_months: i64 ["months"],
        /// Of these, months in which both are equal.
        equal_months: i64 ["months"],
        /// Of these, months in which they are a tenth or more apart.
        far_months: i64 ["months"],
        /// Sum of the given scores in thousandths over the months with both.
        given_milli_months: i64 ["milli-score months"],
        /// Sum of the others.
        made_milli_months: i64 ["milli-score months"],
        /// Sum of the distances between the two.
        apart_milli_months: i64 ["milli-score months"],
    }
}
table! {
    /// Paid amounts of an ACO's participants over all lives (M.B.5), the performance year only.
    Revenue = "revenue", key [performance_year, aco_id, calendar_year] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// ACO.
        aco_id: AcoId ["id"],
        /// Calendar year.
        calendar_year: CalendarYear ["year"],
        /// Paid, not completed.
        paid_cents: Cents ["cents"],
    }
}
table! {
    /// National 99th percentile of annualised spending (M.B.3.3).
    Threshold = "threshold", key [performance_year, calendar_year, population, enrollment_type] {
        /// Performance year whose code list decides who is assignable.
        performance_year: PerformanceYear ["year"],
        /// Calendar year.
        calendar_year: CalendarYear ["year"],
        /// `assignable`, or `ffs` before 2017.
        population: Population ["code"],
        /// Enrollment type.
        enrollment_type: EnrollmentType ["code"],
        /// Threshold, rounded half-up to the cent.
        threshold_cents: Cents ["cents"],
    }
}
table! {
    /// Where lives of an ACO's list are found on the list that follows: of the same performance year (each year of its lists
    /// and the next), and of one performance year of the study and the next (each by its own participants and rules).
    AssignmentStability = "assignment_stability",
    key [performance_year, from_performance_year, from_year, to_year, aco_id, destination] {
        /// Performance year of the later list.
        performance_year: PerformanceYear ["year"],
        /// Performance year of the earlier list: the same, or the year before.
        from_performance_year: PerformanceYear ["year"],
        /// Calendar year of the earlier list.
        from_year: CalendarYear ["year"],
        /// Calendar year of the later list.
        to_year: CalendarYear ["year"],
        /// ACO of the earlier list; blank: all ACOs.
        aco_id: Option<AcoId> ["id"],
        /// `retained`; `other_aco`; or not on any list: `died` before the year, `plan` (months in a health plan), `ineligible`
        /// (Parts A and B, residence), `other_initiative`, `unserved` (eligible, not assignable), `none` (assignable, and no
        /// ACO has it); the first that holds.
        destination: String ["code"],
        /// Lives.
        lives: i64 ["lives"],
        /// Their months that carry money, of the earlier year.
        months: i64 ["months"],
        /// Their spending of the earlier year (M.B.1), neither truncated nor completed.
        spend_cents: Cents ["cents"],
    }
}
table! {
    /// How close an ACO's list is: lives that it would lose, and win, if the second's sum were higher by a share
    /// (`assign.margin.shares`), everything else equal. Higher to just the same decides nothing.
    AssignmentMargin = "assignment_margin", key [performance_year, calendar_year, aco_id, share] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// Calendar year of the list.
        calendar_year: CalendarYear ["year"],
        /// ACO.
        aco_id: AcoId ["id"],
        /// How much higher the second's sum is supposed.
        share: f64 ["fraction"],
        /// Lives on the list.
        lives: i64 ["lives"],
        /// Of these, assigned by claims that would lead elsewhere if the second had so much more.
        lives_lost: i64 ["lives"],
        /// Their spending of the calendar year (M.B.1), neither truncated nor completed.
        lost_spend_cents: Cents ["cents"],
        /// Lives of others, of ACOs or of none, that the list would take if this ACO had so much more.
        lives_won: i64 ["lives"],
        /// Their spending, likewise.
        won_spend_cents: Cents ["cents"],
    }
}
table! {
    /// Our assignment beside a list that was given (`assignment_given`): each life of either, once; empty without a list.
    AssignmentComparison = "assignment_comparison",
    key [performance_year, calendar_year, aco_id, outcome, own_aco_id, step, reason] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// Calendar year of the list.
        calendar_year: CalendarYear ["year"],
        /// ACO that has the life on the list given; of `ours_only`, by our rules.
        aco_id: AcoId ["id"],
        /// `both`, `ours_only`, `theirs_only`, or `other_aco`: on both lists, of different ACOs.
        outcome: String ["code"],
        /// ACO that has the life by our rules, where it is another.
        own_aco_id: Option<AcoId> ["id"],
        /// Step that decided by our rules: 1, 2 or 3; blank where no claims did.
        step: Option<u8> ["count"],
        /// Of `ours_only` the basis; else why the life is not on this ACO's list by our rules: `died`, `plan`, `one_part`,
        /// `no_month`, `residence`, `other_initiative`, `designation` (to others), `no_designation`, `earlier_list`,
        /// `no_physician` (pre-step), `other_entity` (has more), `shared_tin`, `no_primary_care`, `not_served`, `not_in_lake`.
        reason: Option<String> ["code"],
        /// Lives.
        lives: i64 ["lives"],
        /// Their spending of the calendar year (M.B.1), neither truncated nor completed.
        spend_cents: Cents ["cents"],
    }
}
table! {
    /// Spending by class of service: of an ACO's lives in its own years, or of the nation's (blank `aco_id`), those assignable by
    /// the calendar year (M.A.8.2). Classes add up to the other cells of the same lives, exactly.
    ServiceCategoryCell = "service_category",
    key [performance_year, period, aco_id, calendar_year, enrollment_type, category] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// Period, of an ACO.
        period: Option<Period> ["code"],
        /// ACO; blank: the nation.
        aco_id: Option<AcoId> ["id"],
        /// Calendar year.
        calendar_year: CalendarYear ["year"],
        /// Enrollment type.
        enrollment_type: EnrollmentType ["code"],
        /// Class of service.
        category: ServiceCategory ["code"],
        /// Spending of all lives, untruncated.
        spend_cents: Cents ["cents"],
        /// Truncated spending: of each life its own divided among its classes in proportion, in twelfths of a cent.
        truncated_twelfths: i64 ["twelfths of a cent"],
    }
}
table! {
    /// What truncation cuts (M.B.3.3), apart for those who died in the year; of the lives of `service_category`.
    Truncation = "truncation", key [performance_year, period, aco_id, calendar_year, enrollment_type, died] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// Period, of an ACO.
        period: Option<Period> ["code"],
        /// ACO; blank: the nation.
        aco_id: Option<AcoId> ["id"],
        /// Calendar year.
        calendar_year: CalendarYear ["year"],
        /// Enrollment type.
        enrollment_type: EnrollmentType ["code"],
        /// 1: died in the calendar year.
        died: Flag ["flag"],
        /// Lives with months that carry money.
        lives: i64 ["lives"],
        /// Their months.
        months: i64 ["months"],
        /// Lives whose annualised spending is above the threshold.
        lives_over: i64 ["lives"],
        /// Lives whose annualised spending is below minus the threshold.
        lives_under: i64 ["lives"],
        /// Spending, untruncated.
        spend_cents: Cents ["cents"],
        /// Spending less truncated spending, in twelfths of a cent: less than 0 where lives are lifted from below.
        cut_twelfths: i64 ["twelfths of a cent"],
    }
}
table! {
    /// How much of an ACO's lives' care is billed inside: by its participants of the performance year (TINs of lines, CCNs of
    /// facilities; those of several ACOs are inside each). The ACO's own years.
    Leakage = "leakage", key [performance_year, aco_id, calendar_year, category] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// ACO.
        aco_id: AcoId ["id"],
        /// Calendar year of the list.
        calendar_year: CalendarYear ["year"],
        /// `primary_care`: primary care services in the window of the list (M.A.5), allowed charges; else a kind of claim, paid
        /// amounts in months that carry money (M.B.5.3).
        category: String ["code"],
        /// Cents billed by participants.
        inside_cents: Cents ["cents"],
        /// Cents billed by anyone.
        total_cents: Cents ["cents"],
        /// Services, claims or lines billed by participants.
        inside_services: i64 ["count"],
        /// Services, claims or lines billed by anyone.
        total_services: i64 ["count"],
    }
}
table! {
    /// What lives used (`utilisation.*`), in months that carry money; of the lives of `service_category`.
    UtilisationCount = "utilisation_count",
    key [performance_year, period, aco_id, calendar_year, enrollment_type, measure] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// Period, of an ACO.
        period: Option<Period> ["code"],
        /// ACO; blank: the nation.
        aco_id: Option<AcoId> ["id"],
        /// Calendar year.
        calendar_year: CalendarYear ["year"],
        /// Enrollment type.
        enrollment_type: EnrollmentType ["code"],
        /// What is counted.
        measure: UseMeasure ["code"],
        /// How many; of `SNF_days` days, of `SNF_cents` cents.
        count: i64 ["count"],
    }
}
table! {
    /// Paid claims and lines of all lives by month of service and by how much later they were processed, whatever the run-out
    /// takes: not denied, of the claim types of spending (M.B.1), not of suspect billing.
    RunoutTriangle = "runout_triangle", key [incurred_year, incurred_month, kind, lag_months] {
        /// Year of service; blank: before the first or after the last year whose claims the study needs.
        incurred_year: Option<CalendarYear> ["year"],
        /// Month of service, blank likewise.
        incurred_month: Option<u8> ["month"],
        /// Kind of claim.
        kind: String ["code"],
        /// Months from that of service to that of processing, -1: before it, 48: that many or more; blank: processing unknown.
        lag_months: Option<i64> ["months"],
        /// Claims of facilities, lines of the others.
        rows: i64 ["count"],
        /// Medicare payment, as read.
        paid_cents: Cents ["cents"],
    }
}

table! {
    /// What providers with improper payments were paid in a population or ACO cell, and what of it was improper (M.B.4.3): either key, as
    /// in `risk`; both where the cell is of `assigned_assignable`. Empty without `improper_payment`.
    ImproperCell = "improper",
    key [performance_year, period, aco_id, calendar_year, cohort, population, window, county, enrollment_type, tin, ccn] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// Period, of an ACO.
        period: Option<Period> ["code"],
        /// ACO.
        aco_id: Option<AcoId> ["id"],
        /// Calendar year.
        calendar_year: CalendarYear ["year"],
        /// Cohort, of an ACO.
        cohort: Option<Cohort> ["code"],
        /// Population.
        population: Option<Population> ["code"],
        /// Window of a population: `retrospective` or `prospective`.
        window: Option<Window> ["code"],
        /// County.
        county: County ["code"],
        /// Enrollment type.
        enrollment_type: EnrollmentType ["code"],
        /// Practice; blank: a facility.
        tin: Option<Tin> ["id"],
        /// Facility; blank: a practice.
        ccn: Option<Ccn> ["id"],
        /// Payments to the provider for the cell's months (M.B.1), untruncated.
        paid_cents: Cents ["cents"],
        /// Improper payments tied to claims among them.
        tied_cents: Cents ["cents"],
        /// Payments to the provider in the calendar year for all fee-for-service lives, by which the next is spread.
        provider_paid_cents: Cents ["cents"],
        /// Improper payments of the provider's calendar year that are tied to no claim.
        untied_cents: Cents ["cents"],
    }
}

/// All cells of a study.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "each field is the table of its row type")]
pub struct Cells {
    pub population_county: Vec<PopulationCounty>,
    pub assigned_county: Vec<AssignedCounty>,
    pub assigned_assignable: Vec<AssignedAssignable>,
    pub aco_heads: Vec<AcoHeadsCell>,
    pub aco_county_heads: Vec<AcoCountyHeadsCell>,
    pub risk: Vec<RiskCell>,
    pub revenue: Vec<Revenue>,
    pub threshold: Vec<Threshold>,
    pub assignment_stability: Vec<AssignmentStability>,
    pub assignment_margin: Vec<AssignmentMargin>,
    pub assignment_comparison: Vec<AssignmentComparison>,
    pub improper: Vec<ImproperCell>,
    pub service_category: Vec<ServiceCategoryCell>,
    pub truncation: Vec<Truncation>,
    pub leakage: Vec<Leakage>,
    pub utilisation_count: Vec<UtilisationCount>,
    pub runout_triangle: Vec<RunoutTriangle>,
    pub risk_detail: Vec<RiskDetailCell>,
    pub risk_compared: Vec<RiskCompared>,
}
