//! The rules of assignment (M.A), in our words: the rule keys that hold their numbers, and the tests that hold them.

/// A rule of M.A.
pub(crate) struct Rule {
    /// Number after `M.A.`; a letter is that of a table before the numbered rules.
    pub(crate) number: &'static str,
    pub(crate) says: &'static str,
    pub(crate) keys: &'static [&'static str],
    pub(crate) tests: &'static [&'static str],
}

const fn rule(
    number: &'static str,
    says: &'static str,
    keys: &'static [&'static str],
    tests: &'static [&'static str],
) -> Rule {
    Rule { number, says, keys, tests }
}

const WINDOW: &str = "assignment::eligibility_looks_at_the_whole_window";
const STEPS: &str = "assignment::steps_follow_the_pre_step";
const CHARGES: &str = "assignment::allowed_charges_decide_not_visits";
const PROSPECTIVE: &str = "assignment::prospective_lists_come_first";
const DESIGNATIONS: &str = "assignment::designations_go_before_claims";
const EARLY: &str = "assignment::early_years_have_their_own_rules";
const FACILITIES: &str = "assignment::facilities_count_by_their_bill";
const STAYS: &str = "assignment::services_in_stays_are_left_out";
const EMERGENCY: &str = "assignment::emergency_services_count_in_windows_that_touch_it";
const ASSIGNABLE: &str = "seldom::whoever_a_physician_of_primary_care_serves_is_assignable";
const POPULATIONS: &str = "seldom::county_populations_follow_the_window_from_2024";

/// All rules, in the order of the methodology.
pub(crate) const RULES: &[Rule] = &[
    rule(
        "1.1",
        "At least a month of the window with Parts A and B; none with one part only.",
        &["enroll.parts.both", "enroll.parts.one"],
        &[WINDOW, "enroll::masks_of_months"],
    ),
    rule("1.2", "No month of the window in a health plan.", &["enroll.plan.codes"], &[WINDOW]),
    rule(
        "1.3",
        "Not aligned to another shared savings initiative; in a benchmark year, none decided before the agreement.",
        &[],
        &["assignment::other_initiatives_exclude_by_the_day_of_decision"],
    ),
    rule(
        "1.4",
        "Residence in the states, DC or the territories, by the last month of the window that is known.",
        &["enroll.residence.fips", "enroll.residence.ssa"],
        &[WINDOW],
    ),
    rule("1.5", "Claims lead only to the ACO that passes the pre-step and wins its step.", &[], &[STEPS]),
    rule(
        "1.6",
        "Prospective and voluntary lists are looked at again over the year itself: parts, plans, residence.",
        &[],
        &[PROSPECTIVE],
    ),
    rule("1.7", "Dead before the year: dropped. Dead within it: kept.", &[], &[WINDOW]),
    rule(
        "2",
        "Services of the calendar year, or of October two years before to September, by the ACO's method.",
        &["assign.window.prospective", "assign.window.last_month", "assign.window.months"],
        &[PROSPECTIVE, "reforms::the_list_of_a_quarter", "reforms::windows_of_twenty_four_months"],
    ),
    rule(
        "2.1",
        "Spending is that of the calendar year whatever the window.",
        &["assign.benchmark_years"],
        &["derived::needs_name_months_and_years"],
    ),
    rule(
        "2.2",
        "The method is that of the ACO's row for the performance year, its base years included.",
        &[],
        &[PROSPECTIVE],
    ),
    rule(
        "2.3",
        "A half-year of 2019 has the windows of the whole year.",
        &[],
        &["seldom::half_years_have_whole_windows"],
    ),
    rule(
        "2.4",
        "In order: other initiatives, designations, prospective lists, retrospective lists; everybody competes in each window.",
        &[],
        &[PROSPECTIVE, DESIGNATIONS, "properties::a_second_performance_year_changes_nothing_in_the_first"],
    ),
    rule(
        "2.5",
        "What was processed after the run-out is not known; a prospective list knows what was processed before its year.",
        &["spend.run_out.months"],
        &["derived::lists_know_what_was_processed_in_time"],
    ),
    rule(
        "3.1",
        "From 2018 a designation leads to the ACO of the clinician, before any claims.",
        &["assign.voluntary.first_year"],
        &[DESIGNATIONS, "derived::designations_of_2018_ask_for_a_service"],
    ),
    rule(
        "3.2",
        "In 2018 the designee is of primary care and the ACO has served the life; later neither is asked.",
        &["assign.voluntary.designees"],
        &["derived::designations_of_2018_ask_for_a_service", DESIGNATIONS],
    ),
    rule("3.3", "A designation elsewhere keeps claims from leading here.", &[], &[DESIGNATIONS]),
    rule(
        "3.4",
        "The last day of a year's designations: 31 October, from 2020 on 30 September, of the year before; 30 April for July 2019.",
        &["assign.voluntary.cutoff", "assign.voluntary.cutoff_of_first_year"],
        &["derived::designations_for_july_2019_have_their_own_day", DESIGNATIONS],
    ),
    rule(
        "3.5",
        "The latest designation made by that day is in force unless it had ended; the list of the year says whose clinician it names.",
        &[],
        &[DESIGNATIONS],
    ),
    rule(
        "4",
        "Specialty codes, by year: primary care physicians, listed specialists, practitioners; taken from the line.",
        &[
            "assign.specialty.primary_care",
            "assign.specialty.listed",
            "assign.specialty.practitioner",
            "assign.specialty.physician",
        ],
        &[CHARGES, STEPS, EARLY],
    ),
    rule(
        "5",
        "Codes of primary care services, by performance year; home visits at home only from 2019 to 2022; revenue centers to 2018.",
        &[
            "primary_care.codes.added",
            "primary_care.codes.removed",
            "primary_care.home.codes",
            "primary_care.home.places",
            "primary_care.eta.codes",
            "primary_care.clinic.centers",
            "primary_care.clinic.rural",
            "primary_care.clinic.centers_everywhere_before",
        ],
        &[CHARGES, EARLY, "seldom::home_visits_count_at_home_in_four_years"],
    ),
    rule(
        "5.1",
        "Nursing facility visits: not at place 31 in 2017 and 2018, later not on a day of a skilled nursing stay.",
        &[
            "primary_care.snf.codes",
            "primary_care.snf.found_by",
            "primary_care.snf.places",
            "primary_care.snf.claim_types",
            "primary_care.snf.clinics",
        ],
        &[STAYS, EARLY],
    ),
    rule(
        "5.2",
        "Advance care planning does not count on a day of an inpatient stay, from 2021 on.",
        &["primary_care.inpatient.codes", "primary_care.inpatient.claim_types"],
        &[STAYS],
    ),
    rule(
        "5.3",
        "A prolonged service counts beside a listed code of its claim and day.",
        &["primary_care.prolonged.codes"],
        &["assignment::prolonged_services_need_their_base"],
    ),
    rule(
        "5.4",
        "Telephone and online services count in windows that touch the emergency; telephone visits until the end of 2024.",
        &["primary_care.emergency.period", "primary_care.emergency.codes", "primary_care.emergency.after"],
        &[EMERGENCY],
    ),
    rule(
        "5.5",
        "A code that replaces a listed one counts where the window reaches its first day.",
        &["primary_care.codes.replacing"],
        &["seldom::replacing_codes_count_where_the_window_reaches_their_day"],
    ),
    rule("5.6", "The list of the performance year holds in its benchmark years.", &[], &[EMERGENCY]),
    rule("5.7", "A range holds every code between its ends.", &[], &["codes::ranges_are_ranges"]),
    rule(
        "6",
        "ACOs with all their practices and facilities, other practices, other facilities compete by allowed charges.",
        &["assign.measure"],
        &[CHARGES, "reforms::visits_in_place_of_charges"],
    ),
    rule(
        "6.1",
        "Pre-step: a primary care or listed physician of the ACO has served the life; practitioners alone do not pass.",
        &["assign.steps", "assign.left_out"],
        &[STEPS, "reforms::without_step_two_and_without_the_pre_step"],
    ),
    rule(
        "6.2",
        "Step 1: primary care physicians and practitioners; more than every other single entity; 0 wins nothing.",
        &["assign.winner"],
        &[CHARGES, "reforms::a_majority_in_place_of_the_plurality"],
    ),
    rule("6.3", "Step 2: listed specialists, where nobody of step 1 has served the life.", &[], &[STEPS]),
    rule(
        "6.4",
        "Step 3, from 2025: a practitioner in the window, a physician in 24 months; all compare over the 24 months.",
        &["assign.window.expanded"],
        &["assignment::step_3_looks_back_24_months"],
    ),
    rule(
        "6.5",
        "To 2015: any physician passes; step 1 is primary care physicians, step 2 all professionals.",
        &[],
        &[EARLY],
    ),
    rule(
        "6.6",
        "Equal sums: the latest primary care visit, then the latest of a listed specialist, then the seeded hash.",
        &[],
        &["assignment::ties_go_to_the_latest_visit"],
    ),
    rule(
        "6.7",
        "Services of a practice of several ACOs are left out of assignment.",
        &[],
        &["assignment::shared_practices_are_left_out", "bad_input::shared_tins_beyond_the_limit"],
    ),
    rule(
        "6.8",
        "Who loses step 1 does not come to later steps; who meets no pre-step comes to step 3.",
        &[],
        &[STEPS, "assignment::step_3_looks_back_24_months"],
    ),
    rule(
        "7",
        "Critical access hospitals, electing hospitals, centers and clinics: how found, who served, at what amount.",
        &["assign.cah.bill_types", "assign.cah.centers", "assign.eta.bill_types", "assign.clinic.bill_types"],
        &[FACILITIES],
    ),
    rule(
        "7.1",
        "To 2018 centers and clinics count by listed service and attestation; from 2019 all their claims.",
        &["assign.clinic.services"],
        &[EARLY, FACILITIES],
    ),
    rule(
        "7.2",
        "Wellness visits of 2009 and 2010 are not on the electing hospitals' list.",
        &["primary_care.eta.not_listed"],
        &["seldom::wellness_visits_of_2010_are_not_on_the_hospitals_list"],
    ),
    rule(
        "7.3",
        "A facility is that of its latest enrollment before the year; from 2023 also when that has ended.",
        &["assign.ccn.ended"],
        &[FACILITIES],
    ),
    rule("7.4", "Amounts of facility lines; the specialty in force on the day of service.", &[], &[FACILITIES]),
    rule(
        "8.1",
        "Newly assigned: the year before neither assigned to the ACO nor served by its participants.",
        &["cells.cohorts"],
        &["derived::cohorts_look_at_the_year_before"],
    ),
    rule(
        "8.2",
        "Assignable: served by a physician of primary care or a listed specialty; from 2025 by the expanded window too.",
        &["assign.clinic.assignable"],
        &[ASSIGNABLE, POPULATIONS],
    ),
    rule(
        "8.3",
        "An assignable life need not be eligible; its months count, and residence is not asked.",
        &[],
        &[ASSIGNABLE],
    ),
    rule(
        "8.4",
        "Counties: by calendar year, for agreements from 2024 on by the window of the ACO's method.",
        &["cells.population.window"],
        &[POPULATIONS],
    ),
];
