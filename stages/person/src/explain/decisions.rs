//! The decisions of a list in the order of precedence (M.A.2.4), told with the predicates that the kernel decides by.

use super::story::Decision;
use super::windows::Judged;
use crate::assign::{Case, Designated, Outcome};
use crate::context::{AcoYear, NOBODY, OWN, SHARED};
use crate::plurality::{Rival, Step};
use acoledger_schemas::values::{Basis, Date};

/// A ground that many decisions share: section, rule key, citation.
type Ground = (&'static str, Option<&'static str>, &'static str);

const DEATH: Ground = ("M.A.1.7", None, "42 CFR 425.401(a); CMS specifications v11, p. 15, 19");
const ELSEWHERE: Ground = ("M.A.1.3", None, "42 CFR 425.401(a)(1)(iv); CMS specifications v11, Table 1");
const NOT_ELIGIBLE: Ground = ("M.A.1", None, "42 CFR 425.401(a); CMS specifications v11, Table 1");
const DROPPED: Ground = ("M.A.1.6", None, "42 CFR 425.401(b); CMS specifications v11, p. 18-19");
const ORDER: Ground =
    ("M.A.2.4", Some("assign.window.prospective"), "42 CFR 425.400(a); CMS specifications v11, p. 18");
const DESIGNEE: Ground = ("M.A.3", Some("assign.voluntary.designees"), "42 CFR 425.402(e)");
const CUTOFF: Ground = ("M.A.3.4", Some("assign.voluntary.cutoff"), "42 CFR 425.402(e); CMS specifications v11, p. 15");
const UNUSED: Ground = ("M.A.3.5", Some("assign.voluntary.first_year"), "42 CFR 425.402(e)");
const CLOSED: Ground = ("M.A.3.3", Some("assign.voluntary.designees"), "42 CFR 425.402(e)(2)");
const SEVERAL: Ground = ("M.A.6.7", None, "42 CFR 425.400(a)(2)(iii)");
const PRE_STEP: Ground = ("M.A.6.1", Some("assign.steps"), "42 CFR 425.402(b)(1)");
const THIRD: Ground = ("M.A.6.4", Some("assign.window.expanded"), "42 CFR 425.402(b)(5)");
const OPENED: Ground = ("M.A.6.8", Some("assign.window.expanded"), "42 CFR 425.402(b)(5)");
const GIVEN: Ground = ("M.A", None, "study file, `[input] assignment = \"given\"`; program file `assignment_given`");
const COHORT: Ground = ("M.A.8.1", Some("cells.cohorts"), "42 CFR 425.20");

/// Tells the decisions of a list.
pub(super) fn decisions(
    case: &Case<'_>,
    windows: &[Option<Judged>; 2],
    eligible: [bool; 3],
    own: &Outcome,
    given: Option<&Outcome>,
) -> Vec<Decision> {
    let mut told = Telling { case, eligible, decisions: Vec::new() };
    let alive = case.context.time.at(case.list.year).is_some_and(|year| case.life.enrollment.alive_in(year));
    if !alive {
        told.say(format!("not alive when {} began: on no list", case.list.year), DEATH);
    } else {
        told.ours(windows, own);
    }
    if let Some(given) = given {
        told.replaced(own, given);
    }
    told.cohort(given.unwrap_or(own));
    told.decisions
}

struct Telling<'t> {
    case: &'t Case<'t>,
    eligible: [bool; 3],
    decisions: Vec<Decision>,
}

impl Telling<'_> {
    /// What our own rules decide about a life that is alive.
    fn ours(&mut self, windows: &[Option<Judged>; 2], outcome: &Outcome) {
        let told = self;
        told.elsewhere();
        let voluntary = told.voluntary(windows);
        for method in [1, 0] {
            match &windows[method] {
                None => told.say("no ACO of the performance year has a prospective list", ORDER),
                Some(judged) => {
                    let taken = voluntary || told.decisions.iter().any(|decision| decision.aco_id.is_some());
                    told.claims(method, judged, taken);
                }
            }
        }
        told.ending(outcome);
    }

    /// A list of the program file in place of ours: what ours decided is told as what would have been.
    fn replaced(&mut self, own: &Outcome, given: &Outcome) {
        for decision in &mut self.decisions {
            decision.what = format!("by our own rules: {}", decision.what);
            decision.aco_id = None;
        }
        let name = |outcome: &Outcome| outcome.place.as_ref().map(|place| self.name(place.aco));
        let (ours, theirs) = (name(own), name(given));
        let text = |aco: &Option<String>| aco.clone().unwrap_or_else(|| "no ACO".to_owned());
        let differs = if ours == theirs { "ours would be the same" } else { "ours would be " };
        let ours = if ours == theirs { String::new() } else { text(&ours) };
        let what = format!("CMS's list says {}; {differs}{ours}: the list that is given is used", text(&theirs));
        match &given.place {
            Some(place) => self.put(place.aco, what, GIVEN),
            None => self.say(what, GIVEN),
        }
    }

    fn say(&mut self, what: impl Into<String>, (section, rule, citation): Ground) {
        self.decisions.push(Decision { what: what.into(), aco_id: None, section, rule, citation });
    }

    fn put(&mut self, aco: u32, what: String, ground: Ground) {
        let (section, rule, citation) = ground;
        self.decisions.push(Decision { what, aco_id: Some(self.name(aco)), section, rule, citation });
    }

    fn name(&self, aco: u32) -> String {
        self.case.context.acos[aco as usize].clone()
    }

    fn elsewhere(&mut self) {
        let year = self.case.list.year;
        let rows: Vec<i32> = self.case.elsewhere.iter().filter(|row| row.year == year).map(|row| row.decided).collect();
        for decided in rows {
            let when = if decided == i32::MIN { "undated".to_owned() } else { format!("decided on {}", Date(decided)) };
            let what = "closes the lists of ACOs that it precedes";
            self.say(format!("aligned to another initiative in {year}, {when}: {what}"), ELSEWHERE);
        }
    }

    /// What each designation in force leads to; whether one puts the life on a list.
    fn voluntary(&mut self, windows: &[Option<Judged>; 2]) -> bool {
        let case = self.case;
        if case.designations.is_empty() {
            return false;
        }
        let performance = &case.context.performances[case.at];
        for cutoff in &case.list.cutoffs {
            if *cutoff == i32::MIN {
                self.say(format!("designations are not used for {}", case.list.year), UNUSED);
                continue;
            }
            let by = Date(*cutoff);
            let Some(designation) = case.in_force(*cutoff) else {
                self.say(format!("no designation is in force on {by}"), CUTOFF);
                continue;
            };
            let made = format!("the designation of {}, in force on {by},", Date(designation.on));
            let aco = match performance.field.tins.of(designation.tin) {
                _ if designation.tin == NOBODY => {
                    self.say(format!("{made} names a practice of no ACO"), DESIGNEE);
                    continue;
                }
                OWN => {
                    self.say(format!("{made} names a practice of no ACO of the performance year"), DESIGNEE);
                    continue;
                }
                SHARED => {
                    self.say(format!("{made} names a practice of several ACOs: it says nothing about which"), SEVERAL);
                    continue;
                }
                aco => aco,
            };
            let name = self.name(aco);
            let Some(terms) = case.aco(aco) else { continue };
            if terms.cutoff != *cutoff {
                self.say(format!("{made} names {name}, whose own cut-off is {}", Date(terms.cutoff)), CUTOFF);
                continue;
            }
            let method = usize::from(terms.prospective);
            let served = |rival: &Rival| rival.aco == aco && rival.physician;
            let accepted = performance.any_designee
                || windows[method].as_ref().is_some_and(|judged| judged.rivals.iter().any(served));
            let obstacle = if case.designated(aco, terms) != Designated::Here {
                Some(("but the designee is of no kind that counts", DESIGNEE))
            } else if !accepted {
                Some(("but no physician of it served the life in the window", DESIGNEE))
            } else if !self.eligible[method] {
                Some(("but the life is not eligible over its window", NOT_ELIGIBLE))
            } else if !self.eligible[2] {
                Some(("but the life is not eligible over the year", DROPPED))
            } else if case.excluded(terms) {
                Some(("but another initiative has the life", ELSEWHERE))
            } else {
                None
            };
            match obstacle {
                Some((obstacle, ground)) => self.say(format!("{made} names a practice of {name}, {obstacle}"), ground),
                None => {
                    let what = format!("{made} names a practice of {name}: on its list, before any claims");
                    self.put(aco, what, DESIGNEE);
                    return true;
                }
            }
        }
        false
    }

    /// What the claims of one window lead to (M.A.2.4, M.A.6).
    fn claims(&mut self, method: usize, judged: &Judged, taken: bool) {
        let window = judged.story.window;
        if judged.story.third.is_some() && !judged.story.compared().is_empty() {
            let why = "no ACO meets the pre-step in its own months: step 3 is opened, over the expanded window";
            self.say(format!("{window} window: {why}"), OPENED);
        }
        let Some(aco) = judged.weighed.leads_to else {
            let (what, ground) = nobody(self.case, judged);
            self.say(format!("{window} window: {what}"), ground);
            return;
        };
        let name = self.name(aco);
        let won = format!("{window} window: {name} wins step {}", judged.story.step.unwrap_or(0));
        let Some(terms) = self.case.aco(aco) else { return };
        let obstacle =
            if taken { Some(("the life is on a list already", ORDER)) } else { self.obstacle(method, aco, terms) };
        match obstacle {
            Some((obstacle, ground)) => self.say(format!("{won}, but {obstacle}"), ground),
            None => self.put(aco, format!("{won}: on its list"), step_ground(judged)),
        }
    }

    fn obstacle(&self, method: usize, aco: u32, terms: &AcoYear) -> Option<(&'static str, Ground)> {
        if usize::from(terms.prospective) != method {
            let what = if method == 1 {
                "its list is retrospective: it takes winners of the calendar year only"
            } else {
                "its list is prospective: it takes winners of the earlier window only"
            };
            return Some((what, ORDER));
        }
        if !self.eligible[method] {
            let (year_only, window) = (method == 1 && !self.eligible[2], "the life is not eligible over the window");
            return Some(if year_only {
                ("the life is not eligible over the year", DROPPED)
            } else {
                (window, NOT_ELIGIBLE)
            });
        }
        if self.case.designated(aco, terms) == Designated::Outside {
            return Some(("a designation of somebody outside it closes its list", CLOSED));
        }
        self.case.excluded(terms).then_some(("another initiative has the life", ELSEWHERE))
    }

    fn ending(&mut self, outcome: &Outcome) {
        let Some(place) = &outcome.place else {
            self.say("on no ACO's list", ORDER);
            return;
        };
        if place.basis == Basis::Both {
            self.say("the claims lead to the same ACO: basis `both`", DESIGNEE);
        }
    }

    fn cohort(&mut self, outcome: &Outcome) {
        match outcome.place.as_ref().and_then(|place| place.newly) {
            Some(true) => self.say("newly assigned: neither assigned nor served by it in the year before", COHORT),
            Some(false) => self.say("continuously assigned: assigned or served by it in the year before", COHORT),
            None => {}
        }
    }
}

fn step_ground(judged: &Judged) -> Ground {
    match judged.story.step {
        Some(3) => THIRD,
        Some(2) => ("M.A.6.3", Some("assign.steps"), "42 CFR 425.402(b)(4)"),
        _ => ("M.A.6.2", Some("assign.steps"), "42 CFR 425.402(b)(3)"),
    }
}

/// Why a window's services lead to no ACO.
fn nobody(case: &Case<'_>, judged: &Judged) -> (String, Ground) {
    let story = &judged.story;
    let majority = case.context.performances[case.at].care.majority;
    let compared = story.compared();
    if compared.is_empty() {
        return (
            "no primary care service that counts".into(),
            ("M.A.5", Some("primary_care.codes.added"), "42 CFR 425.400(c)(1)"),
        );
    }
    let Some(step) = story.step else {
        return ("no ACO's physician served the life: none passes the pre-step".into(), PRE_STEP);
    };
    let Some(winner) = compared.iter().find(|candidate| candidate.wins) else {
        let lacks = if majority { "nobody has more than half" } else { "nobody has a sum above 0" };
        return (format!("{lacks} in step {step}"), step_ground(judged));
    };
    let name = &winner.entity;
    if winner.kind != "aco" {
        let what = format!("{name}, a {} of its own, has the most in step {step}: no ACO", winner.kind);
        return (what, step_ground(judged));
    }
    if step == Step::Third as u8 + 1 {
        let lacks =
            if winner.physician { "no practitioner in the window" } else { "no physician in the expanded window" };
        return (format!("{name} has the most in step 3, but {lacks}"), THIRD);
    }
    (format!("{name} has the most in step {step}, but no physician of it served the life: nobody inherits"), PRE_STEP)
}
