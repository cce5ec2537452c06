//! Rates: cells divided once, or published factors, prepared examples, an actuary's table. Decimals.
//!
//! A county row that is absent, or blank, or has no person years is an unknown cell (M.D.1.5). A type without person
//! years is absent or has 0 person years and blanks (M.C.6).

use crate::values::*;

table! {
    /// The nation, by calendar year and enrollment type.
    National = "national", key [performance_year, calendar_year, enrollment_type] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// Calendar year.
        calendar_year: CalendarYear ["year"],
        /// Enrollment type.
        enrollment_type: EnrollmentType ["code"],
        /// Truncated, completed spending per person year, not risk adjusted (M.D.1.6).
        per_capita: Option<f64> ["dollars"],
        /// Person years.
        person_years: Option<f64> ["person-years"],
        /// Truncation threshold (M.B.3.3).
        truncation_threshold: Option<f64> ["dollars"],
        /// Mean HCC score by which scores were divided; 1: by nothing more.
        hcc_mean: Option<f64> ["score"],
        /// Mean demographic score, likewise.
        demographic_mean: Option<f64> ["score"],
    }
}
table! {
    /// A county's assignable beneficiaries (M.D.1.2).
    CountyRate = "county", key [performance_year, calendar_year, window, county, enrollment_type] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// Calendar year.
        calendar_year: CalendarYear ["year"],
        /// `calendar` for agreements before 2024, `retrospective` or `prospective` for later ones (M.A.8.4).
        window: Window ["code"],
        /// County.
        county: County ["code"],
        /// Enrollment type.
        enrollment_type: EnrollmentType ["code"],
        /// Truncated, completed spending per person year, not risk adjusted.
        per_capita: Option<f64> ["dollars"],
        /// Person years.
        person_years: Option<f64> ["person-years"],
        /// Mean HCC score, renormalised (M.C.1.3).
        hcc_score: Option<f64> ["score"],
        /// Mean demographic score, renormalised.
        demographic_score: Option<f64> ["score"],
    }
}
table! {
    /// An ACO's assigned beneficiaries in one of its years.
    AcoYear = "aco_year", key [performance_year, period, aco_id, calendar_year, cohort, enrollment_type] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// Period.
        period: Period ["code"],
        /// ACO.
        aco_id: AcoId ["id"],
        /// Calendar year.
        calendar_year: CalendarYear ["year"],
        /// `all`; `newly` and `continuously` for agreements before July 2019 (M.C.5).
        cohort: Cohort ["code"],
        /// Enrollment type.
        enrollment_type: EnrollmentType ["code"],
        /// Truncated, completed spending per person year (M.B.3.5).
        per_capita: Option<f64> ["dollars"],
        /// Person years.
        person_years: Option<f64> ["person-years"],
        /// Mean HCC score, renormalised.
        hcc_score: Option<f64> ["score"],
        /// Mean demographic score, renormalised.
        demographic_score: Option<f64> ["score"],
    }
}
table! {
    /// Person years of an ACO's assigned beneficiaries by county (M.D.1.3).
    AcoCounty = "aco_county", key [performance_year, period, aco_id, calendar_year, enrollment_type, county] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// Period.
        period: Period ["code"],
        /// ACO.
        aco_id: AcoId ["id"],
        /// Calendar year.
        calendar_year: CalendarYear ["year"],
        /// Enrollment type.
        enrollment_type: EnrollmentType ["code"],
        /// County.
        county: County ["code"],
        /// Person years.
        person_years: f64 ["person-years"],
        /// Of these, person years of lives that are assignable by the window of the ACO's counties: the ACO's part of the county's
        /// population (`county.exclude_assigned`); blank: not known.
        assignable_person_years: Option<f64> ["person-years"],
        /// Their truncated, completed spending per person year.
        assignable_per_capita: Option<f64> ["dollars"],
        /// Their mean HCC score, renormalised.
        assignable_hcc_score: Option<f64> ["score"],
        /// Their mean demographic score, renormalised.
        assignable_demographic_score: Option<f64> ["score"],
    }
}
table! {
    /// Heads and shares of an ACO in one of its years.
    AcoHeads = "aco_heads", key [performance_year, period, aco_id, calendar_year] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// Period.
        period: Period ["code"],
        /// ACO.
        aco_id: AcoId ["id"],
        /// Calendar year.
        calendar_year: CalendarYear ["year"],
        /// Assigned beneficiaries (M.F.1); read at the performance year.
        head_count: Option<i64> ["lives"],
        /// Person years with a dual code, any type (M.D.2.5); read at BY3.
        dual_person_years: Option<f64> ["person-years"],
        /// Share of heads with low-income subsidy or dual status (M.D.3.5); read at the performance year.
        lis_or_dual_share: Option<f64> ["fraction"],
        /// Participants' revenue (M.B.5); read at the performance year, after `aco.participant_revenue`.
        participant_revenue: Option<f64> ["dollars"],
        /// Paid amounts of the assigned beneficiaries, completed: what revenue is compared with (M.B.5.3); read at the
        /// performance year.
        paid_amounts: Option<f64> ["dollars"],
        /// Of the heads, assigned by voluntary alignment alone; carried into the results.
        voluntary_only: Option<i64> ["lives"],
        /// Of the heads, assigned by claims alone; likewise.
        claims_only: Option<i64> ["lives"],
        /// Of the heads, aligned where the claims would have led too; likewise.
        both: Option<i64> ["lives"],
    }
}
table! {
    /// Heads of an ACO by county, for disasters (M.F.7).
    AcoCountyHeads = "aco_county_heads", key [performance_year, period, aco_id, calendar_year, county] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// Period.
        period: Period ["code"],
        /// ACO.
        aco_id: AcoId ["id"],
        /// Calendar year.
        calendar_year: CalendarYear ["year"],
        /// County.
        county: County ["code"],
        /// Assigned beneficiaries living there.
        head_count: i64 ["lives"],
    }
}

/// All rates of a study.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "each field is the table of its row type")]
pub struct Rates {
    pub national: Vec<National>,
    pub county: Vec<CountyRate>,
    pub aco_year: Vec<AcoYear>,
    pub aco_county: Vec<AcoCounty>,
    pub aco_heads: Vec<AcoHeads>,
    pub aco_county_heads: Vec<AcoCountyHeads>,
}
