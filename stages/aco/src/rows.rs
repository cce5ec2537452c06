//! Rows of the two output tables. Numbers are rounded here and nowhere before: dollars and person years to the whole, rates to
//! two decimals, scores to three, half away from zero (M.F.10).

use crate::Settled;
use crate::benchmark::{Inputs, Year};
use crate::settle::Outcome;
use crate::tables::{BenchmarkStep, SavingsLosses};
use crate::walk::{Step, Suffix};
use acoledger_schemas::program::Aco;
use acoledger_schemas::rates::AcoHeads;
use acoledger_schemas::values::*;

/// Rounds to a number of decimals.
fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10f64.powi(decimals);
    // Adding 0 turns a negative zero into zero.
    (value * scale).round() / scale + 0.0
}

/// Dollars and person years to the whole.
pub(crate) fn whole(value: f64) -> i64 {
    value.round() as i64
}

fn percent(fraction: f64) -> f64 {
    rounded(fraction * 100.0, 2)
}

/// Dollars as cents; amounts were checked to be finite when the ACO was settled.
pub(crate) fn cents(dollars: f64) -> Cents {
    Cents::from_dollars(dollars).expect("settled amounts are finite")
}

/// The row of `savings_losses`: as long as the table is wide, and nothing but names and roundings.
pub(crate) fn savings_losses(settled: &Settled<'_>) -> SavingsLosses {
    let Settled { aco, inputs, benchmark, settlement, heads, .. } = settled;
    let own = |year: Year, kind| inputs.own(year, kind);
    let per_capita = |year, kind| own(year, kind).map(|own| whole(own.per_capita));
    let hcc = |year, kind| own(year, kind).and_then(|own| own.hcc).map(|score| rounded(score, 3));
    let demographic = |year, kind| own(year, kind).and_then(|own| own.demographic).map(|score| rounded(score, 3));
    let weight = |kind| benchmark.risk_weights?[kind].map(|weight| rounded(weight, 3));
    let years = |year, kind| own(year, kind).map_or(0, |own| whole(own.person_years));
    let of_heads = |read: fn(&AcoHeads) -> Option<i64>| read(heads);
    let dual = heads.dual_person_years;
    SavingsLosses {
        aco_id: aco.aco_id.clone(),
        aco_name: aco.aco_name.clone(),
        agree_type: agreement_type(aco).into(),
        agreement_period_num: aco.agreement_number,
        current_start_date: start_date(aco.agreement_start),
        current_track: aco.track,
        risk_model: if settlement.mlr.is_some() { "Two-Sided" } else { "One-Sided" }.into(),
        assign_type: assignment_type(aco).into(),
        n_ab: settled.facts.head_count,
        sav_rate: percent(settlement.savings_rate),
        min_sav_perc: percent(settlement.msr),
        bnchmk_min_exp: whole(settlement.difference),
        gen_save_loss: whole(settlement.generated),
        dis_adj: settlement.mlr.map(|_| whole(settlement.disaster_adjustment)),
        impact_mid_year_termination: whole(settlement.termination_impact),
        earn_save_loss: whole(settlement.earned),
        met_qps: aco.met_quality_standard,
        met_alt_qps: aco.met_alternative_standard.filter(|_| aco.met_quality_standard != Some(Flag(true))),
        met_first_year: aco.first_year_complete_reporting,
        qual_score: aco.quality_score.map(percent),
        aip: Flag(aco.advance_balance.is_some()),
        aip_balance: settled.facts.advance_balance.map(whole),
        aip_recoup: settled.facts.advance_balance.map(|_| whole(settlement.recoupment)),
        aip_owe: settlement.advance_owed.map(whole),
        reg_adj: benchmark.regional_adjustment.map(whole),
        prior_sav_adj: benchmark.prior_savings.map(whole),
        final_adj_cat: benchmark.adjustment.category().into(),
        updated_bnchmk: whole(settlement.updated_benchmark),
        guardrail: settlement.guardrail.map(Flag),
        hist_bnchmk: whole(benchmark.historical),
        ab_tot_bnchmk: whole(settlement.total_benchmark),
        ab_tot_exp: whole(settlement.total_expenditures),
        final_share_rate: percent(settlement.final_sharing_rate),
        reduced_ss: settlement.reduced.map(Flag),
        final_loss_rate: settlement.final_loss_rate.map(percent),
        rev_exp_cat: settled.revenue_category().map(|category| revenue_category(category).into()),
        per_capita_exp_all_esrd_by1: per_capita(Year::By1, EnrollmentType::Esrd),
        per_capita_exp_all_dis_by1: per_capita(Year::By1, EnrollmentType::Dis),
        per_capita_exp_all_agdu_by1: per_capita(Year::By1, EnrollmentType::Agdu),
        per_capita_exp_all_agnd_by1: per_capita(Year::By1, EnrollmentType::Agnd),
        per_capita_exp_all_esrd_by2: per_capita(Year::By2, EnrollmentType::Esrd),
        per_capita_exp_all_dis_by2: per_capita(Year::By2, EnrollmentType::Dis),
        per_capita_exp_all_agdu_by2: per_capita(Year::By2, EnrollmentType::Agdu),
        per_capita_exp_all_agnd_by2: per_capita(Year::By2, EnrollmentType::Agnd),
        per_capita_exp_all_esrd_by3: per_capita(Year::By3, EnrollmentType::Esrd),
        per_capita_exp_all_dis_by3: per_capita(Year::By3, EnrollmentType::Dis),
        per_capita_exp_all_agdu_by3: per_capita(Year::By3, EnrollmentType::Agdu),
        per_capita_exp_all_agnd_by3: per_capita(Year::By3, EnrollmentType::Agnd),
        per_capita_exp_all_esrd_py: per_capita(Year::Py, EnrollmentType::Esrd),
        per_capita_exp_all_dis_py: per_capita(Year::Py, EnrollmentType::Dis),
        per_capita_exp_all_agdu_py: per_capita(Year::Py, EnrollmentType::Agdu),
        per_capita_exp_all_agnd_py: per_capita(Year::Py, EnrollmentType::Agnd),
        per_capita_exp_total_py: whole(benchmark.expenditures),
        cms_hcc_riskscore_esrd_by1: hcc(Year::By1, EnrollmentType::Esrd),
        cms_hcc_riskscore_dis_by1: hcc(Year::By1, EnrollmentType::Dis),
        cms_hcc_riskscore_agdu_by1: hcc(Year::By1, EnrollmentType::Agdu),
        cms_hcc_riskscore_agnd_by1: hcc(Year::By1, EnrollmentType::Agnd),
        cms_hcc_riskscore_esrd_by2: hcc(Year::By2, EnrollmentType::Esrd),
        cms_hcc_riskscore_dis_by2: hcc(Year::By2, EnrollmentType::Dis),
        cms_hcc_riskscore_agdu_by2: hcc(Year::By2, EnrollmentType::Agdu),
        cms_hcc_riskscore_agnd_by2: hcc(Year::By2, EnrollmentType::Agnd),
        cms_hcc_riskscore_esrd_by3: hcc(Year::By3, EnrollmentType::Esrd),
        cms_hcc_riskscore_dis_by3: hcc(Year::By3, EnrollmentType::Dis),
        cms_hcc_riskscore_agdu_by3: hcc(Year::By3, EnrollmentType::Agdu),
        cms_hcc_riskscore_agnd_by3: hcc(Year::By3, EnrollmentType::Agnd),
        cms_hcc_riskscore_esrd_py: hcc(Year::Py, EnrollmentType::Esrd),
        cms_hcc_riskscore_dis_py: hcc(Year::Py, EnrollmentType::Dis),
        cms_hcc_riskscore_agdu_py: hcc(Year::Py, EnrollmentType::Agdu),
        cms_hcc_riskscore_agnd_py: hcc(Year::Py, EnrollmentType::Agnd),
        demog_riskscore_esrd_py: demographic(Year::Py, EnrollmentType::Esrd),
        demog_riskscore_dis_py: demographic(Year::Py, EnrollmentType::Dis),
        demog_riskscore_agdu_py: demographic(Year::Py, EnrollmentType::Agdu),
        demog_riskscore_agnd_py: demographic(Year::Py, EnrollmentType::Agnd),
        demog_riskscore_esrd_by3: demographic(Year::By3, EnrollmentType::Esrd),
        demog_riskscore_dis_by3: demographic(Year::By3, EnrollmentType::Dis),
        demog_riskscore_agdu_by3: demographic(Year::By3, EnrollmentType::Agdu),
        demog_riskscore_agnd_by3: demographic(Year::By3, EnrollmentType::Agnd),
        rr_weight_esrd_py: weight(EnrollmentType::Esrd),
        rr_weight_dis_py: weight(EnrollmentType::Dis),
        rr_weight_agdu_py: weight(EnrollmentType::Agdu),
        rr_weight_agnd_py: weight(EnrollmentType::Agnd),
        n_ab_year_esrd_by3: years(Year::By3, EnrollmentType::Esrd),
        n_ab_year_dis_by3: years(Year::By3, EnrollmentType::Dis),
        n_ab_year_aged_dual_by3: years(Year::By3, EnrollmentType::Agdu),
        n_ab_year_aged_nondual_by3: years(Year::By3, EnrollmentType::Agnd),
        n_ab_year_py: whole(benchmark.person_years),
        n_ab_year_esrd_py: years(Year::Py, EnrollmentType::Esrd),
        n_ab_year_dis_py: years(Year::Py, EnrollmentType::Dis),
        n_ab_year_aged_dual_py: years(Year::Py, EnrollmentType::Agdu),
        n_ab_year_aged_nondual_py: years(Year::Py, EnrollmentType::Agnd),
        n_ab_year_dual_py: dual.map(whole),
        n_ab_year_nondual_py: dual.map(|dual| whole(benchmark.person_years - dual)),
        n_ben_va_only: of_heads(|heads| heads.voluntary_only),
        n_ben_cba_only: of_heads(|heads| heads.claims_only),
        n_ben_cba_and_va: of_heads(|heads| heads.both),
        performance_year: aco.performance_year,
        period: aco.period,
        rulebook: benchmark.rulebook.code().into(),
        msr: settlement.msr,
        mlr: settlement.mlr,
        final_rate: final_rate(settled),
        gross_savings_cents: cents(settlement.difference),
        earned_cents: cents(settlement.earned),
        imputed: imputed(settled),
        outcome: settlement.outcome.code().into(),
        person_years: benchmark.person_years,
        population_adjustment: benchmark.population,
        two_way_benchmark: benchmark.two_way,
    }
}

/// The rate at which savings or losses are shared.
pub(crate) fn final_rate(settled: &Settled<'_>) -> f64 {
    match settled.settlement.outcome {
        Outcome::Savings => settled.settlement.final_sharing_rate,
        Outcome::Losses => settled.settlement.final_loss_rate.unwrap_or(0.0),
        Outcome::OneSidedLosses | Outcome::Inside | Outcome::Neither => 0.0,
    }
}

fn imputed(settled: &Settled<'_>) -> Option<String> {
    let notes = settled.benchmark.notes.iter().filter(|note| note.imputed);
    let notes = notes.map(|note| format!("M.{} {}", note.rule, note.what));
    let defaults = settled.settlement.imputed.iter().map(|imputed| imputed.code().to_owned());
    let all: Vec<String> = notes.chain(defaults).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

fn agreement_type(aco: &Aco) -> &'static str {
    match aco.agreement_type {
        AgreementType::Initial => "Initial",
        AgreementType::Renewal => "Renewal",
        AgreementType::Reentering => "Re-entering",
    }
}

fn assignment_type(aco: &Aco) -> &'static str {
    match aco.assignment_method {
        AssignmentMethod::Retrospective => "Retrospective",
        AssignmentMethod::Prospective => "Prospective",
    }
}

fn revenue_category(category: RevenueCategory) -> &'static str {
    match category {
        RevenueCategory::High => "High Revenue",
        RevenueCategory::Low => "Low Revenue",
    }
}

fn start_date(date: Date) -> String {
    let (year, month, day) = date.ymd();
    format!("{month}/{day}/{year}")
}

/// The rows of the walk.
pub(crate) fn benchmark_steps<'s>(settled: &'s Settled<'_>) -> impl Iterator<Item = BenchmarkStep> + use<'s> {
    settled.walk.steps.iter().zip(1..).map(|(step, step_no)| BenchmarkStep {
        performance_year: settled.aco.performance_year,
        period: settled.aco.period,
        aco_id: settled.aco.aco_id.clone(),
        enrollment_type: step.enrollment_type,
        calendar_year: calendar_year(step, &settled.inputs),
        step_no,
        step: name(step, &settled.inputs),
        label: step.kind.label.into(),
        value: step.value + 0.0,
        unit: step.kind.unit.into(),
        inputs: step.inputs.clone(),
        rule: step.kind.rule.into(),
        citation: step.kind.citation.under(settled.benchmark.rulebook).into(),
        rule_keys: (!step.kind.rule_keys.is_empty()).then(|| step.kind.rule_keys.into()),
    })
}

fn calendar_year(step: &Step, inputs: &Inputs) -> Option<CalendarYear> {
    step.year.map(|year| CalendarYear(inputs.calendar_years[year as usize]))
}

/// The step's name with its suffix.
fn name(step: &Step, inputs: &Inputs) -> String {
    let name = step.kind.name;
    match (step.kind.suffix, step.year) {
        (Suffix::Period, Some(year)) => format!("{name}_{}", year.code()),
        (Suffix::Calendar, Some(year)) => format!("{name}_{}", inputs.calendar_years[year as usize]),
        _ => name.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roundings_are_half_away_from_zero() {
        assert_eq!((rounded(1.0625, 3), rounded(-1.0625, 3)), (1.063, -1.063));
        assert_eq!((whole(0.5), whole(-0.5), whole(1234.499)), (1, -1, 1234));
        assert_eq!(rounded(-0.0001, 2).to_string(), "0");
        assert_eq!((percent(0.5), percent(0.031_25)), (50.0, 3.13));
    }

    #[test]
    fn dates_read_as_in_the_published_file() {
        assert_eq!(start_date(Date::new(2019, 7, 1).expect("a day")), "7/1/2019");
    }
}
