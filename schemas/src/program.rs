//! Program files: what CMS, the ACO or the researcher must give, because claims do not say it (M.J).
//!
//! Amounts are decimal dollars, rates fractions, flags `1` and `0`. Every `begins_on`, `ends_on`, `enrolled_on` and
//! `ended_on` is itself a day in force; blank is open.

use crate::table::Dollars;
use crate::values::*;

table! {
    /// One ACO in one performance year or half-year.
    Aco = "aco", key [performance_year, period, aco_id] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// `full`, or `h1`, `h2` for the half-years of 2019.
        period: Period ["code"],
        /// ACO.
        aco_id: AcoId ["id"],
        /// Name.
        aco_name: Option<String> ["text"],
        /// First day of the agreement period; selects the rulebook (M.0.4).
        agreement_start: Date ["date"],
        /// n-th agreement period.
        agreement_number: u8 ["count"],
        /// `initial`, `renewal` or `reentering`.
        agreement_type: AgreementType ["code"],
        /// Track or BASIC level in this year.
        track: Track ["code"],
        /// n-th performance year in Track 2 (M.F.2); blank: counted from the agreement start.
        track_year: Option<u8> ["count"],
        /// How the list is made (M.A.2).
        assignment_method: AssignmentMethod ["code"],
        /// `variable`, or the chosen minimum savings rate as a fraction (M.F.1.3).
        msr_choice: MsrChoice ["fraction"],
        /// How often the benchmark has been regionally adjusted, this time included (M.D.2.8).
        regional_adjustment_count: Option<u8> ["count"],
        /// `high` or `low`; blank: judged from revenue (M.B.5.3).
        revenue_category: Option<RevenueCategory> ["code"],
        /// 1 where a Track 1+ loss limit is revenue-based (M.F.2).
        revenue_loss_limit: Option<Flag> ["flag"],
        /// Participants' revenue; blank: computed from claims (M.B.5).
        participant_revenue: Option<Dollars> ["dollars"],
        /// Quality score (M.F.3).
        quality_score: Option<f64> ["fraction"],
        /// 1 when the quality performance standard is met.
        met_quality_standard: Option<Flag> ["flag"],
        /// 1 when the alternative quality performance standard is met.
        met_alternative_standard: Option<Flag> ["flag"],
        /// 1 when complete reporting in the first year stands for the standard.
        first_year_complete_reporting: Option<Flag> ["flag"],
        /// Day of termination inside the performance year (M.F.8).
        terminated_on: Option<Date> ["date"],
        /// Who terminated.
        termination_kind: Option<TerminationKind> ["code"],
        /// Advance payments still to be recouped (M.F.9).
        advance_balance: Option<Dollars> ["dollars"],
    }
}
table! {
    /// Settled results of an ACO's earlier years, for prior savings (M.D.3.1) and the add-back (M.D.4.2).
    AcoHistory = "aco_history", key [aco_id, calendar_year] {
        /// ACO.
        aco_id: AcoId ["id"],
        /// Calendar year that was reconciled.
        calendar_year: CalendarYear ["year"],
        /// Gross savings (positive) or losses per capita.
        per_capita_savings: f64 ["dollars"],
        /// Person years when reconciled.
        person_years: f64 ["person-years"],
        /// 1 when savings were forfeited.
        forfeited: Flag ["flag"],
        /// Part of the savings that was paid, per capita.
        shared_savings_per_capita: Option<f64> ["dollars"],
    }
}
table! {
    /// A participant TIN of an ACO.
    Participant = "participant", key [performance_year, aco_id, tin] {
        /// Performance year of the list.
        performance_year: PerformanceYear ["year"],
        /// ACO.
        aco_id: AcoId ["id"],
        /// Participant.
        tin: Tin ["id"],
    }
}
table! {
    /// A facility enrolled under a participant TIN (M.A.7.3).
    ParticipantCcn = "participant_ccn", key [] {
        /// Performance year of the list.
        performance_year: PerformanceYear ["year"],
        /// ACO.
        aco_id: AcoId ["id"],
        /// Participant.
        tin: Tin ["id"],
        /// Facility.
        ccn: Ccn ["id"],
        /// Kind of facility, for the reader only.
        ccn_type: Option<String> ["code"],
        /// First day of enrollment under the TIN.
        enrolled_on: Option<Date> ["date"],
        /// Last day of enrollment under the TIN.
        ended_on: Option<Date> ["date"],
    }
}
table! {
    /// A clinician on an ACO's list (performance years to 2018).
    AcoProvider = "aco_provider", key [] {
        /// Performance year of the list.
        performance_year: PerformanceYear ["year"],
        /// ACO.
        aco_id: AcoId ["id"],
        /// Participant.
        tin: Option<Tin> ["id"],
        /// Clinician.
        npi: Npi ["id"],
        /// 1 when attested as an FQHC or RHC primary care physician (M.A.7.1).
        attested: Option<Flag> ["flag"],
    }
}
table! {
    /// Specialty of a clinician, for Method II CAH and ETA claims (M.A.7).
    ProviderSpecialty = "provider_specialty", key [] {
        /// Clinician.
        npi: Npi ["id"],
        /// Specialty code.
        specialty: String ["code"],
        /// First day in force.
        begins_on: Option<Date> ["date"],
        /// Last day in force.
        ends_on: Option<Date> ["date"],
    }
}
table! {
    /// A beneficiary's designation of a clinician (M.A.3).
    VoluntaryAlignment = "voluntary_alignment", key [] {
        /// Beneficiary.
        bene_id: BeneId ["id"],
        /// Day of the designation.
        designated_on: Date ["date"],
        /// Its last day.
        ended_on: Option<Date> ["date"],
        /// Designated clinician.
        designee_npi: Option<Npi> ["id"],
        /// Practice of the clinician; decides whose professional it is.
        designee_tin: Tin ["id"],
        /// Specialty of the clinician.
        designee_specialty: Option<String> ["code"],
    }
}
table! {
    /// Alignment to another Medicare shared savings initiative (M.A.1.3).
    OtherInitiative = "other_initiative", key [] {
        /// Beneficiary.
        bene_id: BeneId ["id"],
        /// Calendar year of the alignment.
        calendar_year: CalendarYear ["year"],
        /// Initiative.
        initiative: Option<String> ["code"],
        /// First day.
        begins_on: Option<Date> ["date"],
        /// Last day.
        ends_on: Option<Date> ["date"],
        /// Day on which the alignment was decided; blank: before everything.
        decided_on: Option<Date> ["date"],
    }
}
table! {
    /// CMS's own assignment list: to use, or to compare with.
    AssignmentGiven = "assignment_given", key [performance_year, calendar_year, aco_id, bene_id] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// Calendar year of the list.
        calendar_year: CalendarYear ["year"],
        /// ACO.
        aco_id: AcoId ["id"],
        /// Beneficiary.
        bene_id: BeneId ["id"],
        /// `claims`, `voluntary` or `both`.
        basis: Option<Basis> ["code"],
        /// Months on the list.
        months_mask: Option<MonthsMask> ["months"],
    }
}
table! {
    /// A finished risk score (M.C.1).
    RiskScore = "risk_score", key [bene_id, calendar_year, month, score_year, enrollment_type] {
        /// Beneficiary.
        bene_id: BeneId ["id"],
        /// Calendar year of the score.
        calendar_year: CalendarYear ["year"],
        /// Month, 1 to 12; blank: all months.
        month: Option<u8> ["month"],
        /// Year whose model made it (M.C.1.5).
        score_year: CalendarYear ["year"],
        /// Enrollment type it belongs to.
        enrollment_type: EnrollmentType ["code"],
        /// HCC score, not renormalised, with at most three decimals.
        hcc_score: f64 ["score"],
        /// Demographic score, likewise.
        demographic_score: Option<f64> ["score"],
    }
}
table! {
    /// Program ESRD months (M.B.2.2); overrides the entitlement status for the life and year of its rows.
    EsrdMonth = "esrd_month", key [bene_id, calendar_year] {
        /// Beneficiary.
        bene_id: BeneId ["id"],
        /// Calendar year.
        calendar_year: CalendarYear ["year"],
        /// ESRD months; 0: none.
        months_mask: MonthsMask ["months"],
    }
}
table! {
    /// What scores from diagnoses ask for and claims do not say: stays in institutions, transplants (HCC.md 2.2).
    RiskStatus = "risk_status", key [bene_id, calendar_year] {
        /// Beneficiary.
        bene_id: BeneId ["id"],
        /// Calendar year of the months.
        calendar_year: CalendarYear ["year"],
        /// Months of long-term residence in an institution: more than 90 days, by the MDS.
        lti_months: Option<MonthsMask> ["months"],
        /// Day of the kidney transplant whose graft works in the year, at least until months on dialysis follow.
        transplanted_on: Option<Date> ["date"],
    }
}
table! {
    /// Low-income subsidy and area deprivation of a beneficiary.
    LisAdi = "lis_adi", key [bene_id, calendar_year] {
        /// Beneficiary.
        bene_id: BeneId ["id"],
        /// Calendar year.
        calendar_year: CalendarYear ["year"],
        /// Months with a low-income subsidy.
        lis_months: Option<u8> ["months"],
        /// National rank of the area deprivation index.
        adi_rank: Option<u8> ["rank"],
    }
}
table! {
    /// An individually identifiable demonstration payment (M.B.1.4).
    NonClaimsPayment = "non_claims_payment", key [] {
        /// Beneficiary.
        bene_id: BeneId ["id"],
        /// Calendar year.
        calendar_year: CalendarYear ["year"],
        /// Month, 1 to 12.
        month: u8 ["month"],
        /// Demonstration.
        program: Option<String> ["code"],
        /// `A` or `B`.
        part: Option<String> ["code"],
        /// 1 when final; interim payments count only before 2018.
        final_: Flag ["flag"],
        /// Amount.
        amount: Dollars ["dollars"],
    }
}
table! {
    /// A population-based-payment reduction of a claim or line, to be added back (M.B.1.3).
    ClaimReduction = "claim_reduction", key [] {
        /// Claim.
        claim_id: ClaimId ["id"],
        /// Line; blank: the claim as a whole.
        line: Option<i32> ["count"],
        /// Amount taken off the payment.
        amount: Dollars ["dollars"],
    }
}
table! {
    /// An improper payment found on a reopening (42 CFR 425.674, M.B.4.3): of a claim or line, or of a provider's year as a whole.
    ImproperPayment = "improper_payment", key [] {
        /// Calendar year of the services.
        calendar_year: CalendarYear ["year"],
        /// Practice that was paid; either this or `ccn`.
        tin: Option<Tin> ["id"],
        /// Facility that was paid; either this or `tin`.
        ccn: Option<Ccn> ["id"],
        /// Claim, where the amount is tied to one; blank: it is spread by the provider's payments.
        claim_id: Option<ClaimId> ["id"],
        /// Line; blank: the claim as a whole.
        line: Option<i32> ["count"],
        /// Amount that was improper.
        amount: Dollars ["dollars"],
    }
}
table! {
    /// A hospital that elected the teaching amendment (ETA, M.A.7).
    EtaHospital = "eta_hospital", key [performance_year, ccn] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// Hospital.
        ccn: Ccn ["id"],
    }
}
table! {
    /// Imputed fee of a service at an ETA hospital (M.A.7.4).
    EtaFee = "eta_fee", key [calendar_year, hcpcs] {
        /// Calendar year of the service.
        calendar_year: CalendarYear ["year"],
        /// Service.
        hcpcs: Hcpcs ["code"],
        /// Fee.
        amount: Dollars ["dollars"],
    }
}
table! {
    /// Accountable care prospective trend of an agreement period (M.E.4).
    Acpt = "acpt", key [performance_year, agreement_start, aco_id, enrollment_type] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// First day of the agreement period.
        agreement_start: Date ["date"],
        /// ACO; blank: all with this start.
        aco_id: Option<AcoId> ["id"],
        /// Enrollment type.
        enrollment_type: EnrollmentType ["code"],
        /// Update factor.
        factor: f64 ["ratio"],
    }
}
table! {
    /// Completion factor of a report (M.B.3).
    CompletionFactor = "completion_factor", key [calendar_year, report] {
        /// Calendar year of the claims.
        calendar_year: CalendarYear ["year"],
        /// Report: `annual`, `preliminary`, …
        report: String ["code"],
        /// Factor.
        factor: f64 ["ratio"],
    }
}
table! {
    /// A county affected by an extreme and uncontrollable circumstance (M.F.7).
    Disaster = "disaster", key [performance_year, county] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// County.
        county: County ["code"],
        /// Months of the year in which any event affected it, each counted once.
        months: u8 ["months"],
    }
}
table! {
    /// Counties in both systems.
    CountyCrosswalk = "county_crosswalk", key [] {
        /// SSA state and county code.
        ssa: County ["code"],
        /// FIPS state and county code.
        fips: County ["code"],
        /// First day in force.
        begins_on: Option<Date> ["date"],
        /// Last day in force.
        ends_on: Option<Date> ["date"],
    }
}

/// The program files of a study. `None`: the file is absent, which is an error only for a rule that needs it.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "each field is the table of its row type")]
pub struct Program {
    pub aco: Vec<Aco>,
    pub aco_history: Option<Vec<AcoHistory>>,
    pub participant: Option<Vec<Participant>>,
    pub participant_ccn: Option<Vec<ParticipantCcn>>,
    pub aco_provider: Option<Vec<AcoProvider>>,
    pub provider_specialty: Option<Vec<ProviderSpecialty>>,
    pub voluntary_alignment: Option<Vec<VoluntaryAlignment>>,
    pub other_initiative: Option<Vec<OtherInitiative>>,
    pub assignment_given: Option<Vec<AssignmentGiven>>,
    pub risk_score: Option<Vec<RiskScore>>,
    pub esrd_month: Option<Vec<EsrdMonth>>,
    pub risk_status: Option<Vec<RiskStatus>>,
    pub lis_adi: Option<Vec<LisAdi>>,
    pub non_claims_payment: Option<Vec<NonClaimsPayment>>,
    pub claim_reduction: Option<Vec<ClaimReduction>>,
    pub improper_payment: Option<Vec<ImproperPayment>>,
    pub eta_hospital: Option<Vec<EtaHospital>>,
    pub eta_fee: Option<Vec<EtaFee>>,
    pub acpt: Option<Vec<Acpt>>,
    pub completion_factor: Option<Vec<CompletionFactor>>,
    pub disaster: Option<Vec<Disaster>>,
    pub county_crosswalk: Option<Vec<CountyCrosswalk>>,
}
