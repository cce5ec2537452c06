//! Planted cases of the steps: who passes the pre-step, who is compared in which step.

use super::STEP_THREE_FROM;
use super::build::{Case, VISIT, VISIT_PAID, Winner, aged, day};
use super::competition::{aco, tin};
use super::sites::Sites;

pub(super) fn plant(sites: &Sites, years: &[i32], cases: &mut Vec<Case>) {
    two_steps(sites, years[0], cases);
    // In the first year that has the step, where the nation knows one.
    step_three(sites, years.iter().copied().find(|year| *year >= STEP_THREE_FROM).unwrap_or(years[0]), cases);
}

fn two_steps(s: &Sites, y: i32, cases: &mut Vec<Case>) {
    let (x, outside) = (&s.x[0], &s.outside[0]);
    Case::new("specialist_only_listed")
        .specialist_visit(day(y, 3, 1), x, VISIT)
        .expect(
            y,
            true,
            2,
            aco(&s.aco_x),
            aged(12, VISIT_PAID),
            "M.A.6.3: no primary care physician or practitioner anywhere, listed specialists compare",
        )
        .plant(cases);
    Case::new("specialist_only_unlisted")
        .service(day(y, 3, 1), x.practice, x.surgeon, "20", "99214", "11", VISIT)
        .expect(
            y,
            true,
            0,
            Winner::Nobody,
            aged(12, VISIT_PAID),
            "M.A.4: the specialty is not listed, the life is not assignable",
        )
        .plant(cases);
    Case::new("practitioner_closes_step_two")
        .practitioner_visit(day(y, 3, 1), outside, 5_000)
        .specialist_visit(day(y, 4, 1), x, 40_000)
        .expect(
            y,
            true,
            1,
            tin(outside),
            aged(12, 36_000),
            "M.A.6.3: one practitioner's service anywhere closes step 2",
        )
        .plant(cases);
    Case::new("practitioner_and_specialist")
        .practitioner_visit(day(y, 3, 1), x, 5_000)
        .specialist_visit(day(y, 4, 1), x, 40_000)
        .expect(
            y,
            true,
            1,
            aco(&s.aco_x),
            aged(12, 36_000),
            "M.A.6.1: the specialist passes the pre-step, the practitioner wins step 1",
        )
        .plant(cases);
    for (name, specialty) in
        [("practitioner_only", "50"), ("physician_assistant_only", "97"), ("clinical_nurse_specialist_only", "89")]
    {
        Case::new(name)
            .service(day(y, 3, 1), x.practice, x.practitioner, specialty, "99214", "11", VISIT)
            .expect(
                y,
                true,
                0,
                Winner::Nobody,
                aged(12, VISIT_PAID),
                "M.A.6.1: practitioners alone never pass the pre-step",
            )
            .plant(cases);
    }
    Case::new("practitioner_majority")
        .practitioner_visit(day(y, 3, 1), x, 30_000)
        .visit(day(y, 4, 1), x, VISIT)
        .visit(day(y, 5, 1), outside, 20_000)
        .expect(
            y,
            true,
            1,
            aco(&s.aco_x),
            aged(12, 48_000),
            "M.A.6.1: one physician's service passes, practitioners' charges count",
        )
        .plant(cases);
}

/// A practitioner of the ACO in the year, and who else matters in the 24 months that end with it. Before there is a step 3,
/// the same claims lead nowhere.
fn step_three(s: &Sites, y: i32, cases: &mut Vec<Case>) {
    let (x, outside) = (&s.x[0], &s.outside[0]);
    let exists = y >= STEP_THREE_FROM;
    let (step, x_wins) = if exists { (3, aco(&s.aco_x)) } else { (0, Winner::Nobody) };
    let seen = |name: &'static str| Case::new(name).practitioner_visit(day(y, 3, 1), x, VISIT);
    seen("step_three_physician_the_year_before")
        .visit(day(y - 1, 6, 1), x, 5_000)
        .expect(
            y,
            true,
            step,
            x_wins.clone(),
            aged(12, VISIT_PAID),
            "M.A.6.4: from 2025 the physician of the year before opens step 3",
        )
        .plant(cases);
    seen("step_three_first_day")
        .specialist_visit(day(y - 1, 1, 1), x, 5_000)
        .expect(
            y,
            true,
            step,
            x_wins.clone(),
            aged(12, VISIT_PAID),
            "M.A.6.4: the expanded window begins 24 months before the year ends; a listed specialist is enough",
        )
        .plant(cases);
    seen("step_three_day_before")
        .visit(day(y - 2, 12, 31), x, 5_000)
        .expect(
            y,
            true,
            0,
            Winner::Nobody,
            aged(12, VISIT_PAID),
            "M.A.6.4: the physician's service lies before the expanded window",
        )
        .plant(cases);
    // 100 + 50 against 160 outside.
    seen("step_three_lost")
        .visit(day(y - 1, 6, 1), x, 5_000)
        .visit(day(y - 1, 7, 1), outside, 16_000)
        .expect(
            y,
            true,
            0,
            if exists { tin(outside) } else { Winner::Nobody },
            aged(12, VISIT_PAID),
            "M.A.6.4: the plurality is found over the expanded window, among all",
        )
        .plant(cases);
    // 100 + 150 against 160 outside, all of it in the year.
    seen("step_three_behind_in_the_year")
        .visit(day(y - 1, 6, 1), x, 15_000)
        .visit(day(y, 7, 1), outside, 16_000)
        .expect(
            y,
            true,
            step,
            x_wins,
            aged(12, VISIT_PAID + 12_800),
            "M.A.6.8: whoever meets no ACO's pre-step goes on to step 3, though another leads in the year",
        )
        .plant(cases);
    Case::new("step_three_practitioner_elsewhere")
        .practitioner_visit(day(y, 3, 1), outside, 5_000)
        .visit(day(y - 1, 6, 1), x, 20_000)
        .expect(
            y,
            true,
            0,
            Winner::Nobody,
            aged(12, 4_000),
            "M.A.6.4: the ACO needs a practitioner's service in the twelve months",
        )
        .plant(cases);
}
