//! What a run leaves behind at ACO grain: savings and losses, and the walk to every benchmark.
//!
//! The first columns of `savings_losses` carry the names, units and rounding of CMS's results file of 2024 (M.G), as far as
//! they can be filled; ours follow in lower case. Rounding happens here and nowhere before (M.F.10).

use acoledger_schemas::table;
use acoledger_schemas::values::*;

table! {
    /// Savings or losses of one ACO in one performance year or half-year.
    SavingsLosses = "savings_losses", key [performance_year, period, ACO_ID] {
        /// ACO.
        aco_id as "ACO_ID": AcoId ["id"],
        /// Name.
        aco_name as "ACO_Name": Option<String> ["text"],
        /// `Initial`, `Renewal` or `Re-entering`.
        agree_type as "Agree_Type": String ["code"],
        /// n-th agreement period.
        agreement_period_num as "Agreement_Period_Num": u8 ["count"],
        /// First day of the agreement period, as `7/1/2019`.
        current_start_date as "Current_Start_Date": String ["text"],
        /// Track or BASIC level.
        current_track as "Current_Track": Track ["code"],
        /// `One-Sided` or `Two-Sided`.
        risk_model as "Risk_Model": String ["code"],
        /// `Retrospective` or `Prospective`.
        assign_type as "Assign_Type": String ["code"],
        /// Assigned beneficiaries.
        n_ab as "N_AB": i64 ["lives"],
        /// Benchmark minus expenditures, percent of the benchmark.
        sav_rate as "Sav_rate": f64 ["percent"],
        /// Minimum savings rate, percent.
        min_sav_perc as "MinSavPerc": f64 ["percent"],
        /// Total benchmark minus total expenditures.
        bnchmk_min_exp as "BnchmkMinExp": i64 ["dollars"],
        /// Generated savings or losses; 0 inside the corridor (M.G).
        gen_save_loss as "GenSaveLoss": i64 ["dollars"],
        /// Losses forgiven for disasters, not above 0; blank for one-sided ACOs.
        dis_adj as "DisAdj": Option<i64> ["dollars"],
        /// What a termination took away.
        impact_mid_year_termination as "Impact_Mid_Year_Termination": i64 ["dollars"],
        /// Paid (positive) before recoupment, or owed (negative).
        earn_save_loss as "EarnSaveLoss": i64 ["dollars"],
        /// 1 when the quality performance standard is met.
        met_qps as "Met_QPS": Option<Flag> ["flag"],
        /// 1 when only the alternative quality performance standard is met; blank when the standard is.
        met_alt_qps as "Met_AltQPS": Option<Flag> ["flag"],
        /// 1 when complete reporting in the first year counts.
        met_first_year as "Met_FirstYear": Option<Flag> ["flag"],
        /// Quality score, percent.
        qual_score as "QualScore": Option<f64> ["percent"],
        /// 1 when there are advances to recoup.
        aip as "AIP": Flag ["flag"],
        /// Advances to recoup.
        aip_balance as "AIPBalance": Option<i64> ["dollars"],
        /// Advances taken out of the payment.
        aip_recoup as "AIPRecoup": Option<i64> ["dollars"],
        /// Advances that are left.
        aip_owe as "AIPOwe": Option<i64> ["dollars"],
        /// Regional adjustment, single value, also when negative and not applied (M.D.2.6).
        reg_adj as "RegAdj": Option<i64> ["dollars"],
        /// Prior savings adjustment (M.D.3.2); agreements from 2024.
        prior_sav_adj as "PriorSavAdj": Option<i64> ["dollars"],
        /// `Regional Adjustment`, `Prior Savings Adjustment`, `Population Adjustment` or `No Adjustment`.
        final_adj_cat as "FinalAdjCat": String ["code"],
        /// Updated benchmark per person year.
        updated_bnchmk as "UpdatedBnchmk": i64 ["dollars"],
        /// 1 when the two-way benchmark was used, 0 when not; blank for agreements before 2024.
        guardrail as "Guardrail": Option<Flag> ["flag"],
        /// Historical benchmark per person year at the mix of BY3.
        hist_bnchmk as "HistBnchmk": i64 ["dollars"],
        /// Updated benchmark × person years.
        ab_tot_bnchmk as "ABtotBnchmk": i64 ["dollars"],
        /// Expenditures × person years.
        ab_tot_exp as "ABtotExp": i64 ["dollars"],
        /// Sharing rate that quality allows, percent.
        final_share_rate as "FinalShareRate": f64 ["percent"],
        /// 1 when the half rate for small savings applies; agreements from 2024.
        reduced_ss as "ReducedSS": Option<Flag> ["flag"],
        /// Loss rate, percent; blank for one-sided ACOs.
        final_loss_rate as "FinalLossRate": Option<f64> ["percent"],
        /// `High Revenue` or `Low Revenue`.
        rev_exp_cat as "Rev_Exp_Cat": Option<String> ["code"],
        /// Spending per person year, ESRD, BY1, not trended.
        per_capita_exp_all_esrd_by1 as "Per_Capita_Exp_ALL_ESRD_BY1": Option<i64> ["dollars"],
        /// Spending per person year, disabled, BY1, not trended.
        per_capita_exp_all_dis_by1 as "Per_Capita_Exp_ALL_DIS_BY1": Option<i64> ["dollars"],
        /// Spending per person year, aged dual, BY1, not trended.
        per_capita_exp_all_agdu_by1 as "Per_Capita_Exp_ALL_AGDU_BY1": Option<i64> ["dollars"],
        /// Spending per person year, aged non-dual, BY1, not trended.
        per_capita_exp_all_agnd_by1 as "Per_Capita_Exp_ALL_AGND_BY1": Option<i64> ["dollars"],
        /// Spending per person year, ESRD, BY2, not trended.
        per_capita_exp_all_esrd_by2 as "Per_Capita_Exp_ALL_ESRD_BY2": Option<i64> ["dollars"],
        /// Spending per person year, disabled, BY2, not trended.
        per_capita_exp_all_dis_by2 as "Per_Capita_Exp_ALL_DIS_BY2": Option<i64> ["dollars"],
        /// Spending per person year, aged dual, BY2, not trended.
        per_capita_exp_all_agdu_by2 as "Per_Capita_Exp_ALL_AGDU_BY2": Option<i64> ["dollars"],
        /// Spending per person year, aged non-dual, BY2, not trended.
        per_capita_exp_all_agnd_by2 as "Per_Capita_Exp_ALL_AGND_BY2": Option<i64> ["dollars"],
        /// Spending per person year, ESRD, BY3, not trended.
        per_capita_exp_all_esrd_by3 as "Per_Capita_Exp_ALL_ESRD_BY3": Option<i64> ["dollars"],
        /// Spending per person year, disabled, BY3, not trended.
        per_capita_exp_all_dis_by3 as "Per_Capita_Exp_ALL_DIS_BY3": Option<i64> ["dollars"],
        /// Spending per person year, aged dual, BY3, not trended.
        per_capita_exp_all_agdu_by3 as "Per_Capita_Exp_ALL_AGDU_BY3": Option<i64> ["dollars"],
        /// Spending per person year, aged non-dual, BY3, not trended.
        per_capita_exp_all_agnd_by3 as "Per_Capita_Exp_ALL_AGND_BY3": Option<i64> ["dollars"],
        /// Spending per person year, ESRD, PY, not trended.
        per_capita_exp_all_esrd_py as "Per_Capita_Exp_ALL_ESRD_PY": Option<i64> ["dollars"],
        /// Spending per person year, disabled, PY, not trended.
        per_capita_exp_all_dis_py as "Per_Capita_Exp_ALL_DIS_PY": Option<i64> ["dollars"],
        /// Spending per person year, aged dual, PY, not trended.
        per_capita_exp_all_agdu_py as "Per_Capita_Exp_ALL_AGDU_PY": Option<i64> ["dollars"],
        /// Spending per person year, aged non-dual, PY, not trended.
        per_capita_exp_all_agnd_py as "Per_Capita_Exp_ALL_AGND_PY": Option<i64> ["dollars"],
        /// Spending per person year, all types, PY.
        per_capita_exp_total_py as "Per_Capita_Exp_TOTAL_PY": i64 ["dollars"],
        /// HCC score, ESRD, BY1, renormalised.
        cms_hcc_riskscore_esrd_by1 as "CMS_HCC_RiskScore_ESRD_BY1": Option<f64> ["score"],
        /// HCC score, disabled, BY1, renormalised.
        cms_hcc_riskscore_dis_by1 as "CMS_HCC_RiskScore_DIS_BY1": Option<f64> ["score"],
        /// HCC score, aged dual, BY1, renormalised.
        cms_hcc_riskscore_agdu_by1 as "CMS_HCC_RiskScore_AGDU_BY1": Option<f64> ["score"],
        /// HCC score, aged non-dual, BY1, renormalised.
        cms_hcc_riskscore_agnd_by1 as "CMS_HCC_RiskScore_AGND_BY1": Option<f64> ["score"],
        /// HCC score, ESRD, BY2, renormalised.
        cms_hcc_riskscore_esrd_by2 as "CMS_HCC_RiskScore_ESRD_BY2": Option<f64> ["score"],
        /// HCC score, disabled, BY2, renormalised.
        cms_hcc_riskscore_dis_by2 as "CMS_HCC_RiskScore_DIS_BY2": Option<f64> ["score"],
        /// HCC score, aged dual, BY2, renormalised.
        cms_hcc_riskscore_agdu_by2 as "CMS_HCC_RiskScore_AGDU_BY2": Option<f64> ["score"],
        /// HCC score, aged non-dual, BY2, renormalised.
        cms_hcc_riskscore_agnd_by2 as "CMS_HCC_RiskScore_AGND_BY2": Option<f64> ["score"],
        /// HCC score, ESRD, BY3, renormalised.
        cms_hcc_riskscore_esrd_by3 as "CMS_HCC_RiskScore_ESRD_BY3": Option<f64> ["score"],
        /// HCC score, disabled, BY3, renormalised.
        cms_hcc_riskscore_dis_by3 as "CMS_HCC_RiskScore_DIS_BY3": Option<f64> ["score"],
        /// HCC score, aged dual, BY3, renormalised.
        cms_hcc_riskscore_agdu_by3 as "CMS_HCC_RiskScore_AGDU_BY3": Option<f64> ["score"],
        /// HCC score, aged non-dual, BY3, renormalised.
        cms_hcc_riskscore_agnd_by3 as "CMS_HCC_RiskScore_AGND_BY3": Option<f64> ["score"],
        /// HCC score, ESRD, PY, renormalised.
        cms_hcc_riskscore_esrd_py as "CMS_HCC_RiskScore_ESRD_PY": Option<f64> ["score"],
        /// HCC score, disabled, PY, renormalised.
        cms_hcc_riskscore_dis_py as "CMS_HCC_RiskScore_DIS_PY": Option<f64> ["score"],
        /// HCC score, aged dual, PY, renormalised.
        cms_hcc_riskscore_agdu_py as "CMS_HCC_RiskScore_AGDU_PY": Option<f64> ["score"],
        /// HCC score, aged non-dual, PY, renormalised.
        cms_hcc_riskscore_agnd_py as "CMS_HCC_RiskScore_AGND_PY": Option<f64> ["score"],
        /// Demographic score, ESRD, PY, renormalised.
        demog_riskscore_esrd_py as "Demog_RiskScore_ESRD_PY": Option<f64> ["score"],
        /// Demographic score, disabled, PY, renormalised.
        demog_riskscore_dis_py as "Demog_RiskScore_DIS_PY": Option<f64> ["score"],
        /// Demographic score, aged dual, PY, renormalised.
        demog_riskscore_agdu_py as "Demog_RiskScore_AGDU_PY": Option<f64> ["score"],
        /// Demographic score, aged non-dual, PY, renormalised.
        demog_riskscore_agnd_py as "Demog_RiskScore_AGND_PY": Option<f64> ["score"],
        /// Demographic score, ESRD, BY3, renormalised.
        demog_riskscore_esrd_by3 as "Demog_RiskScore_ESRD_BY3": Option<f64> ["score"],
        /// Demographic score, disabled, BY3, renormalised.
        demog_riskscore_dis_by3 as "Demog_RiskScore_DIS_BY3": Option<f64> ["score"],
        /// Demographic score, aged dual, BY3, renormalised.
        demog_riskscore_agdu_by3 as "Demog_RiskScore_AGDU_BY3": Option<f64> ["score"],
        /// Demographic score, aged non-dual, BY3, renormalised.
        demog_riskscore_agnd_by3 as "Demog_RiskScore_AGND_BY3": Option<f64> ["score"],
        /// Weight of the type in the risk cap, ESRD (M.C.4.5).
        rr_weight_esrd_py as "RR_weight_ESRD_PY": Option<f64> ["fraction"],
        /// Weight of the type in the risk cap, disabled (M.C.4.5).
        rr_weight_dis_py as "RR_weight_DIS_PY": Option<f64> ["fraction"],
        /// Weight of the type in the risk cap, aged dual (M.C.4.5).
        rr_weight_agdu_py as "RR_weight_AGDU_PY": Option<f64> ["fraction"],
        /// Weight of the type in the risk cap, aged non-dual (M.C.4.5).
        rr_weight_agnd_py as "RR_weight_AGND_PY": Option<f64> ["fraction"],
        /// Person years, ESRD, BY3.
        n_ab_year_esrd_by3 as "N_AB_Year_ESRD_BY3": i64 ["person-years"],
        /// Person years, disabled, BY3.
        n_ab_year_dis_by3 as "N_AB_Year_DIS_BY3": i64 ["person-years"],
        /// Person years, aged dual, BY3.
        n_ab_year_aged_dual_by3 as "N_AB_Year_AGED_Dual_BY3": i64 ["person-years"],
        /// Person years, aged non-dual, BY3.
        n_ab_year_aged_nondual_by3 as "N_AB_Year_AGED_NonDual_BY3": i64 ["person-years"],
        /// Person years, PY.
        n_ab_year_py as "N_AB_Year_PY": i64 ["person-years"],
        /// Person years, ESRD, PY.
        n_ab_year_esrd_py as "N_AB_Year_ESRD_PY": i64 ["person-years"],
        /// Person years, disabled, PY.
        n_ab_year_dis_py as "N_AB_Year_DIS_PY": i64 ["person-years"],
        /// Person years, aged dual, PY.
        n_ab_year_aged_dual_py as "N_AB_Year_AGED_Dual_PY": i64 ["person-years"],
        /// Person years, aged non-dual, PY.
        n_ab_year_aged_nondual_py as "N_AB_Year_AGED_NonDual_PY": i64 ["person-years"],
        /// Person years with a dual code, any type, PY.
        n_ab_year_dual_py as "N_AB_Year_Dual_PY": Option<i64> ["person-years"],
        /// The other person years, PY.
        n_ab_year_nondual_py as "N_AB_Year_NonDual_PY": Option<i64> ["person-years"],
        /// Assigned by voluntary alignment alone.
        n_ben_va_only as "N_Ben_VA_Only": Option<i64> ["lives"],
        /// Assigned by claims alone.
        n_ben_cba_only as "N_Ben_CBA_Only": Option<i64> ["lives"],
        /// Assigned by both.
        n_ben_cba_and_va as "N_Ben_CBA_and_VA": Option<i64> ["lives"],
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// `full`, or `h1`, `h2` for the half-years of 2019.
        period: Period ["code"],
        /// Rulebook of the benchmark (M.0.4).
        rulebook: String ["code"],
        /// Minimum savings rate.
        msr: f64 ["fraction"],
        /// Minimum loss rate, positive; blank for one-sided ACOs.
        mlr: Option<f64> ["fraction"],
        /// Rate at which savings or losses are shared; 0 when neither is.
        final_rate: f64 ["fraction"],
        /// Total benchmark minus total expenditures.
        gross_savings_cents: Cents ["cents"],
        /// Paid (positive) before recoupment, or owed (negative).
        earned_cents: Cents ["cents"],
        /// What was imputed, and by which rule; blank: nothing.
        imputed: Option<String> ["text"],
        /// `savings`, `losses`, `one_sided_losses`, `inside` or `neither`.
        outcome: String ["code"],
        /// Person years of the performance year, not rounded.
        person_years: f64 ["person-years"],
        /// Population adjustment (M.D.3.5); agreements from 2025.
        population_adjustment: Option<f64> ["dollars"],
        /// Updated benchmark without the prospective trend, per person year (M.E.5.2); agreements from 2024.
        two_way_benchmark: Option<f64> ["dollars"],
    }
}
table! {
    /// One step of the way from base years to dollars.
    BenchmarkStep = "benchmark", key [performance_year, period, aco_id, step_no] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// `full`, or `h1`, `h2` for the half-years of 2019.
        period: Period ["code"],
        /// ACO.
        aco_id: AcoId ["id"],
        /// Enrollment type; blank: of the ACO as a whole.
        enrollment_type: Option<EnrollmentType> ["code"],
        /// Calendar year that the value belongs to; blank: none in particular.
        calendar_year: Option<CalendarYear> ["year"],
        /// Place in the ACO's walk, from 1.
        step_no: i64 ["count"],
        /// Name of the value, such as `trend_factor_BY1`.
        step: String ["code"],
        /// Name for readers.
        label: String ["text"],
        /// Value, not rounded.
        value: f64 ["see unit"],
        /// Unit of the value.
        unit: String ["code"],
        /// The arithmetic that led to the value.
        inputs: String ["text"],
        /// Section of the methodology.
        rule: String ["code"],
        /// Where the section stands in the law.
        citation: String ["text"],
        /// Keys of the rules that were read, separated by blanks.
        rule_keys: Option<String> ["text"],
    }
}
