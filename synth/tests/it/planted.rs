//! The planted cases against the list of cases that are asked for: each is planted, or a test or a later feed is named.

use crate::held;
use crate::nation::{nation, tables};
use acoledger_synth::{AnswerRow, Nation, Options};
use std::collections::BTreeSet;

/// What is asked for, the cases that plant it, tests that hold what no planted person can, and why.
pub(crate) struct Asked {
    pub(crate) what: &'static str,
    pub(crate) cases: &'static [&'static str],
    pub(crate) tests: &'static [&'static str],
    pub(crate) note: &'static str,
}

const fn planted(what: &'static str, cases: &'static [&'static str]) -> Asked {
    Asked { what, cases, tests: &[], note: "" }
}

const fn shared(
    what: &'static str,
    cases: &'static [&'static str],
    tests: &'static [&'static str],
    note: &'static str,
) -> Asked {
    Asked { what, cases, tests, note }
}

const THRESHOLD: &str =
    "Where the nation's threshold lies follows from its lives: a cent decides in a world of 300 made for it.";
const ACO_LEVEL: &str = "An ACO's sums, not a person's: at the door of rates.";

/// The list of `data/calibration/README.md` (Planted cases with known answers), in its order and words.
pub(crate) const ASKED: &[Asked] = &[
    planted(
        "exact tie ACO and outside TIN, equal cents",
        &["tie_primary_outside", "tie_primary_aco", "tie_specialist", "tie_random"],
    ),
    planted("tie between two ACOs; three-way tie", &["tie_between_acos", "tie_three_ways"]),
    planted("two TINs of one ACO together above an outside TIN, each below it", &["pooled_tins"]),
    planted("two outside TINs together above the ACO, each below it", &["single_comparison"]),
    planted("ACO ahead on visits, behind on allowed dollars", &["visits_against_dollars"]),
    shared(
        "TIN on two participant lists",
        &["tin_on_two_lists", "tin_on_two_lists_prospective"],
        &["bad_input::shared_tins_beyond_the_limit"],
        "Left out in both windows; an error where the study allows none.",
    ),
    planted(
        "person plural at ACO X but already prospectively assigned to ACO Y, or aligned to another shared-savings model",
        &["prospective_before_retrospective", "other_initiative"],
    ),
    planted("one A-only month; one B-only month", &["part_a_month", "part_b_month"]),
    planted(
        "one health-plan month at start, middle or end",
        &["plan_month_first", "plan_month_middle", "plan_month_last", "demonstration_month"],
    ),
    planted("no A-and-B month", &["no_month_with_both_parts", "months_before_entitlement"]),
    planted(
        "died before 1 January; on 1 January; in the year; on the last day",
        &["died_before", "died_on_first_day", "died_in_year", "died_on_last_day"],
    ),
    shared(
        "claims dated after death; negative months",
        &["claim_after_death"],
        &[],
        "Spending after death goes to no month and is counted as such. Research files say months one by one: none can be negative.",
    ),
    planted(
        "abroad at the last month of the window; abroad earlier only; Puerto Rico, Guam",
        &["abroad_at_end", "abroad_earlier", "puerto_rico", "guam"],
    ),
    planted(
        "moved county or state inside the year",
        &["moved_county", "moved_state", "moved_in_december", "moved_after_the_last_eligible_month"],
    ),
    planted("specialist-only, listed specialty", &["specialist_only_listed"]),
    planted("specialist-only, unlisted specialty", &["specialist_only_unlisted"]),
    planted(
        "one NPP service anywhere and large listed-specialist charges",
        &["practitioner_closes_step_two", "practitioner_and_specialist"],
    ),
    planted(
        "NP/PA/CNS only",
        &[
            "practitioner_only",
            "physician_assistant_only",
            "clinical_nurse_specialist_only",
            "step_three_physician_the_year_before",
            "step_three_first_day",
            "step_three_day_before",
            "step_three_lost",
            "step_three_behind_in_the_year",
            "step_three_practitioner_elsewhere",
        ],
    ),
    planted("NPP majority at ACO plus one physician visit there", &["practitioner_majority"]),
    planted("FQHC only; RHC only (77X, 71X)", &["health_center_only", "health_center_unattested", "rural_clinic_only"]),
    planted("FQHC claim without any listed code, before and after PY2019", &["health_center_without_listed_code"]),
    planted(
        "method II CAH 85X with 096X-098X; 85X without",
        &["critical_access_professional", "critical_access_without_professional"],
    ),
    planted(
        "ETA hospital 13X with listed code; G0463 at a hospital not on the list",
        &["electing_hospital_clinic_visit", "other_hospital_clinic_visit"],
    ),
    planted(
        "nursing facility visit POS 31, POS 32; POS 32 dated inside a SNF stay",
        &[
            "nursing_facility_visit",
            "nursing_facility_place_without_stay",
            "nursing_facility_visit_in_stay",
            "nursing_facility_visit_last_day",
            "nursing_facility_visit_day_after",
        ],
    ),
    planted(
        "advance care planning as inpatient (PY2021+); home visit not in POS 12 (PY2019-22)",
        &[
            "advance_care_planning_inpatient",
            "advance_care_planning_office",
            "home_visit_elsewhere",
            "home_visit_at_home",
        ],
    ),
    planted(
        "telephone visits inside and outside the emergency windows",
        &["telephone_visit", "telephone_visit_in_the_first_benchmark_year"],
    ),
    planted(
        "service on the first, last and next day of the window; prospective window",
        &[
            "window_edges",
            "prospective_window_edges",
            "prospective_list_known_in_time",
            "prospective_list_known_too_late",
        ],
    ),
    planted(
        "specialty changes within the year; NPI in several TINs; TIN with 0 charges",
        &[
            "specialty_changes_on_the_line",
            "specialty_before_it_changes",
            "specialty_after_it_changed",
            "clinician_in_two_practices",
            "zero_charges",
            "practice_with_zero_charges",
        ],
    ),
    shared(
        "negative inpatient payment (deductible above the payment)",
        &["negative_payment", "below_minus_the_threshold"],
        &["seldom::a_cent_decides_at_the_threshold"],
        "",
    ),
    planted("denied line, denied claim, non-payment code", &["denied_services", "denied_stay"]),
    shared(
        "original, cancel and adjusted claim; cancel without original; adjustment in a later delivery; duplicate",
        &["line_adjusted_later", "service_twice", "line_twice"],
        &["delivery::a_later_processing_date_replaces_and_the_same_row_counts_once"],
        "Research files hold final action: a later version of a claim or line replaces the earlier. Cancels belong to an ACO's own feed (CCLF).",
    ),
    planted(
        "paid after the run-out; incurred and paid at the year ends",
        &[
            "paid_on_the_last_day_of_run_out",
            "paid_after_the_run_out",
            "incurred_and_paid_in_different_years",
            "stay_over_new_year",
        ],
    ),
    planted(
        "IME, DSH, uncompensated care on an inpatient claim; Maryland hospital; sequestration",
        &[
            "teaching_and_uncompensated_care",
            "maryland_hospital",
            "sequestration_begins",
            "sequestration_suspended",
            "sequestration_returns",
        ],
    ),
    shared(
        "spend at the threshold, one cent above and below; 1 month x 30,000; 12 months x the same; minus threshold",
        &[
            "above_the_threshold",
            "below_minus_the_threshold",
            "one_month_of_thirty_thousand",
            "twelve_months_of_thirty_thousand",
        ],
        &["seldom::a_cent_decides_at_the_threshold", "derived::thresholds_are_exact_order_statistics"],
        THRESHOLD,
    ),
    planted("person with months in two types, one above its threshold", &["two_types_one_above"]),
    planted("transplant: months 1-3 after, 4th month", &["transplant", "transplant_under_65"]),
    planted(
        "turns 65 on the 1st and inside a month; dual codes 01,02,03,04,05,06,08",
        &[
            "turns_65_on_the_first",
            "turns_65_inside_a_month",
            "dual_01",
            "dual_02",
            "dual_03",
            "dual_04",
            "dual_05",
            "dual_06",
            "dual_08",
            "dual_half_a_year",
        ],
    ),
    shared(
        "type with zero persons, one person, zero spend in an ACO or county",
        &["guam", "county_without_spending", "designation_without_service"],
        &[
            "rates_cases::results_are_those_expected",
            "by_type::means_leave_out_types_without_value_or_weight",
            "region::a_county_without_figures_leaves_its_weight_to_the_rest",
        ],
        "Counties of one planted life; empty types of an ACO at the door of rates.",
    ),
    planted(
        "voluntary alignment to the ACO without any service; to an outside clinician with plurality at the ACO; both; revoked; after the cut-off date",
        &[
            "designation_without_service",
            "designation_outside",
            "designation_and_plurality",
            "designation_ended",
            "designation_too_late",
            "designation_on_the_last_day",
            "designation_of_another_aco",
        ],
    ),
    shared(
        "identifier change in the year; merged identifiers; twin with the same birth date and county",
        &["twin_one", "twin_two"],
        &[],
        "Research files carry one identifier per person; changes and merges belong to an ACO's own feed (CCLF).",
    ),
    shared(
        "ACO below 5,000; MSR exactly met; loss exactly at the limit; share cap exactly met",
        &[],
        &[
            "boundaries::an_aco_below_five_thousand",
            "boundaries::the_minimum_savings_rate_exactly_met",
            "boundaries::savings_exactly_at_the_payment_limit",
            "boundaries::losses_exactly_at_the_limit",
        ],
        ACO_LEVEL,
    ),
];

/// Nations that together have every case: some hold in some years only.
const NATIONS: [&[i32]; 8] = [&[2016], &[2018, 2019], &[2019], &[2020], &[2022], &[2023, 2024], &[2024], &[2025, 2026]];

/// The answer keys of [`NATIONS`].
pub(crate) fn keys() -> Vec<AnswerRow> {
    let key = |years: &&[i32]| {
        let options = Options { lives: 500, performance_years: years.to_vec(), aco_share: None, seed: 1 };
        Nation::new(&options).expect("the options are in range").answer_key()
    };
    NATIONS.iter().flat_map(key).collect()
}

#[test]
fn every_case_that_is_asked_for_is_planted_or_held_elsewhere() {
    let key = keys();
    let known: BTreeSet<&str> = key.iter().map(|row| row.case.as_str()).collect();
    let mut wrong = Vec::new();
    for asked in ASKED {
        wrong.extend(
            asked.cases.iter().filter(|case| !known.contains(*case)).map(|case| format!("not planted: {case}")),
        );
        wrong.extend(asked.tests.iter().filter_map(|test| held::trouble(test)));
        if asked.cases.is_empty() && asked.tests.is_empty() {
            wrong.push(format!("neither planted nor held: {}", asked.what));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The list itself, when it is at hand: nothing of it is left out here.
#[test]
fn the_list_is_whole() {
    let root = std::env::var("ACOLEDGER_ORACLES").unwrap_or(format!("{}/../../shared", env!("CARGO_MANIFEST_DIR")));
    let Ok(text) = std::fs::read_to_string(format!("{root}/data/calibration/README.md")) else {
        println!("oracles absent: the list of planted cases");
        return;
    };
    let from = text.find("## Planted cases with known answers").expect("the list has its heading");
    let rows = text[from..].lines().skip(1).take_while(|line| !line.starts_with("## "));
    let asked: Vec<&str> = rows
        .filter_map(|line| line.strip_prefix("| ").and_then(|line| line.split(" | ").next()))
        .filter(|cell| *cell != "case")
        .collect();
    let ours: Vec<&str> = ASKED.iter().map(|row| row.what).collect();
    assert_eq!(ours, asked);
}

#[test]
fn a_case_is_one_person_with_rows() {
    let nation = nation(500);
    let key = nation.answer_key();
    let cases: BTreeSet<&str> = key.iter().map(|row| row.case.as_str()).collect();
    let people: BTreeSet<String> = key.iter().map(|row| row.bene_id.as_str().to_owned()).collect();
    assert_eq!(people.len(), cases.len(), "one person per case");
    let tables = tables(&nation, 0..nation.people());
    let enrolled: BTreeSet<String> =
        tables.iter().flat_map(|year| year.enrollment.bene.iter().map(u64::to_string)).collect();
    assert!(people.is_subset(&enrolled), "planted people are enrolled");
}

#[test]
fn agreements_before_2020_end_after_three_years() {
    let nation = |years: &[i32]| {
        Nation::new(&Options { lives: 500, performance_years: years.to_vec(), aco_share: None, seed: 1 })
    };
    assert!(nation(&[2018, 2020]).is_ok());
    let refused = nation(&[2018, 2021]).expect_err("the fourth year of an agreement");
    assert!(refused.contains("last 3 years, to 2020"), "{refused}");
}
