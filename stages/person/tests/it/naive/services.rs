//! Primary care services of a life in a window (M.A.4, M.A.5, M.A.7), one claim row after the other.

use super::law::{self, Owner};
use super::rows::{Center, Claim, Complete, Day, Life, Line, World};

/// A primary care service.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) owner: Owner,
    /// ACOs whose participant gave it, shared practices too.
    pub(super) acos: Vec<&'static str>,
    pub(super) day: Day,
    pub(super) cents: i64,
    pub(super) primary_care_physician: bool,
    pub(super) specialist: bool,
    pub(super) practitioner: bool,
    /// Any physician, asked until 2015.
    pub(super) physician: bool,
    /// From a clinic claim.
    pub(super) clinic: bool,
}

/// A claims window with what was known of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) first: Day,
    pub(super) last: Day,
    /// Last day of processing.
    known: Option<Day>,
}

impl Span {
    /// The window of a list: twelve months, or with the twelve before them.
    pub(super) fn of(world: &World, year: i32, prospective: bool, expanded: bool) -> Span {
        let (mut first, last) = law::window(year, prospective);
        first.0 -= i32::from(expanded);
        let of_claims = match world.complete {
            Complete::Mature => None,
            Complete::ThreeMonths => Some((year + 1, 3, 31)),
            Complete::Through(day) => Some(day),
        };
        let before_year = prospective.then_some((year - 1, 12, 31));
        let known = [of_claims, before_year].into_iter().flatten().min();
        Span { first, last, known }
    }

    fn knows(&self, processed: Option<Day>) -> bool {
        match (processed, self.known) {
            (Some(processed), Some(known)) => processed <= known,
            _ => true,
        }
    }

    fn holds(&self, day: Day) -> bool {
        self.first <= day && day <= self.last
    }
}

pub(super) fn line_is_denied(line: &Line) -> bool {
    let denial = line.denial.chars().next();
    denial.is_some_and(|c| c == '0' || ('D'..='Y').contains(&c)) || !["A", "R", "S"].contains(&line.processing)
}

pub(super) fn claim_is_denied(claim: &Claim) -> bool {
    let kind = [10, 40].contains(&claim.claim_type) && ["4", "5"].contains(&&claim.bill[..1]);
    !claim.nonpayment.is_empty() || kind
}

/// What is asked of a service beside its clinician.
struct Asked<'a> {
    code: &'a str,
    first: Day,
    last: Day,
    /// Place of service; facility lines have none.
    place: &'a str,
    /// Codes of the other lines of the claim and day that are not denied.
    beside: Vec<&'a str>,
    eta: bool,
}

impl Life {
    /// A line that occurs twice counts once (M.B.1.8).
    pub(super) fn lines_once(&self) -> Vec<&Line> {
        let mut once: Vec<&Line> = Vec::new();
        for line in &self.lines {
            if !once.iter().any(|other| (other.claim, other.line) == (line.claim, line.line)) {
                once.push(line);
            }
        }
        once
    }
}

pub(super) fn services(world: &World, life: &Life, span: Span) -> Vec<Service> {
    let mut out = Vec::new();
    for line in life.lines_once() {
        if line.claim_type > 80 || line_is_denied(line) || !span.holds(line.last) || !span.knows(line.processed) {
            continue;
        }
        let others = life.lines.iter().filter(|other| {
            let same = other.claim == line.claim && other.line != line.line && other.last == line.last;
            same && other.claim_type < 80 && !line_is_denied(other)
        });
        let first = line.first.unwrap_or(line.last);
        let beside = others.map(|other| other.hcpcs).collect();
        let asked = Asked { code: line.hcpcs, first, last: line.last, place: line.place, beside, eta: false };
        if counts(world, life, span, &asked) {
            let acos = world.acos_of_tin(line.tin);
            out.push(service(world, line.tin, acos, line.last, line.allowed, line.specialty));
        }
    }
    for claim in &life.claims {
        if claim.claim_type == 40 && !claim_is_denied(claim) && span.knows(claim.processed) {
            outpatient(world, life, span, claim, &mut out);
        }
    }
    out
}

fn service(world: &World, biller: &str, acos: Vec<&'static str>, day: Day, cents: i64, specialty: &str) -> Service {
    Service {
        owner: world.owner(biller, &acos),
        acos,
        day,
        cents,
        primary_care_physician: law::is_primary_care_physician(world.py, specialty),
        specialist: law::is_listed_specialist(world.py, specialty),
        practitioner: law::is_practitioner(specialty),
        physician: law::is_any_physician(specialty),
        clinic: false,
    }
}

/// Whether a line is a primary care service (M.A.5).
fn counts(world: &World, life: &Life, span: Span, asked: &Asked<'_>) -> bool {
    let py = world.py;
    let code = asked.code;
    if !is_on_list(world, span, code, asked.last) || code == "G0463" && !asked.eta {
        return false;
    }
    if law::is_nursing_facility_visit(code) {
        let by_place = (2017..=2018).contains(&py) && asked.place == "31";
        if by_place || py >= 2019 && has_stay(life, span, &[20, 30], asked.first, asked.last) {
            return false;
        }
    }
    if law::is_home_visit(code) && (2019..=2022).contains(&py) && asked.place != "12" {
        return false;
    }
    if ["99497", "99498"].contains(&code) && py >= 2021 && has_stay(life, span, &[60], asked.first, asked.last) {
        return false;
    }
    let add_on = |code: &str| code == "99354" || code == "99355";
    let is_base = |other: &&str| !add_on(other) && is_on_list(world, span, other, asked.last);
    !add_on(code) || asked.beside.iter().any(is_base)
}

/// The list itself, with the emergency's codes and replacements (M.A.5.4, M.A.5.5).
fn is_on_list(world: &World, span: Span, code: &str, day: Day) -> bool {
    let py = world.py;
    let replaces = |(new, from): &(&str, Day)| *new == code && py >= 2022 && span.last >= *from;
    let in_emergency = law::is_emergency_code(code) && law::touches_emergency(span.first, span.last);
    let after = py >= 2022 && law::is_telephone_visit(code) && ((2023, 5, 12)..=(2024, 12, 31)).contains(&day);
    law::is_listed(py, code) || in_emergency || after || world.replacing.iter().any(replaces)
}

/// Whether a stay shares a day with a service.
fn has_stay(life: &Life, span: Span, types: &[i32], first: Day, last: Day) -> bool {
    life.claims.iter().any(|claim| {
        let known = types.contains(&claim.claim_type) && !claim_is_denied(claim) && span.knows(claim.processed);
        known && claim.from <= last && first <= claim.thru
    })
}

fn outpatient(world: &World, life: &Life, span: Span, claim: &Claim, out: &mut Vec<Service>) {
    let acos = || world.acos_of_ccn(claim.ccn);
    let health_center = claim.bill == if claim.thru < (2010, 4, 1) { "73" } else { "77" };
    if health_center || claim.bill == "71" {
        if span.holds(claim.thru)
            && let Some(service) = clinic(world, life, span, claim, acos())
        {
            out.push(service);
        }
        return;
    }
    let fee_hospital = claim.bill == "13" && world.eta_hospitals.contains(&claim.ccn);
    if claim.bill != "85" && !fee_hospital {
        return;
    }
    for center in &claim.centers {
        let day = center.date.unwrap_or(claim.thru);
        if !span.holds(day) || claim.bill == "85" && !["096", "097", "098"].contains(&&center.center[..3]) {
            continue;
        }
        let same = |other: &&Center| other.line != center.line && other.date.unwrap_or(claim.thru) == day;
        let beside = claim.centers.iter().filter(same).map(|other| other.hcpcs).collect();
        let asked = Asked { code: center.hcpcs, first: day, last: day, place: "", beside, eta: fee_hospital };
        if !counts(world, life, span, &asked) {
            continue;
        }
        if fee_hospital && ["G0438", "G0439"].contains(&center.hcpcs) && (2009..=2010).contains(&day.0) {
            continue;
        }
        let rendering = if fee_hospital { ["", ""] } else { [center.rendering, claim.rendering] };
        let clinicians = [rendering[0], rendering[1], claim.other, claim.attending];
        let npi = clinicians.into_iter().find(|npi| !npi.is_empty()).unwrap_or("");
        let fee = world.eta_fees.iter().find(|(year, code, _)| *year == day.0 && *code == center.hcpcs);
        let paid = center.paid + center.deductible + center.coinsurance;
        let cents = if fee_hospital { fee.map_or(0, |fee| fee.2) } else { paid };
        out.push(service(world, claim.ccn, acos(), day, cents, world.specialty(npi, day)));
    }
}

/// The one service of a claim of a health center or rural clinic.
fn clinic(world: &World, life: &Life, span: Span, claim: &Claim, acos: Vec<&'static str>) -> Option<Service> {
    let py = world.py;
    let mut one = service(world, claim.ccn, acos, claim.thru, claim.paid + claim.deductible + claim.coinsurance, "");
    one.clinic = true;
    if py >= 2019 {
        let visit = claim.centers.iter().any(|center| law::is_nursing_facility_visit(center.hcpcs));
        if py >= 2021 && visit && has_stay(life, span, &[20, 30], claim.thru, claim.thru) {
            return None;
        }
        one.primary_care_physician = true;
        one.physician = true;
        return Some(one);
    }
    let listed = claim.centers.iter().any(|center| {
        let by_center = claim.bill == "71" || claim.thru < (2011, 1, 1);
        let visit = ["0521", "0522", "0524", "0525"].contains(&center.center);
        law::is_listed(py, center.hcpcs) && center.hcpcs != "G0463" || by_center && visit
    });
    if !listed {
        return None;
    }
    let on_list = |attested: bool| {
        let row = |(aco, npi, is): &&(&'static str, &str, bool)| {
            one.acos.contains(aco) && *npi == claim.attending && *is == attested
        };
        world.providers.iter().any(|provider| row(&provider))
    };
    if on_list(true) {
        one.primary_care_physician = true;
        one.physician = true;
    } else {
        one.practitioner = on_list(false);
    }
    Some(one)
}
