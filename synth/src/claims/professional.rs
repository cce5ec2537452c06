//! Carrier and DME claims: visits at the practices that people choose, and the many lines around them.

use super::{Maker, YearPlan, cents, claim_type, reduced};
use crate::market::PracticeKind;
use crate::people::LifeYear;
use crate::random::{hash, pick_at};
use crate::tables::{Code, LineRow};

/// Room that is used again from year to year.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    lines: Vec<Planned>,
    pub(crate) weights: Vec<f64>,
}

/// A line before its amount is known.
#[derive(Clone, Copy, Debug)]
struct Planned {
    bundle: u16,
    code: Code,
    weight: f64,
    date: i32,
    first: bool,
}

/// A claim under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open {
    pub(crate) supply: bool,
    pub(crate) claim_type: usize,
    pub(crate) date: i32,
    pub(crate) processed: i32,
    pub(crate) claim: i64,
    pub(crate) line: i32,
    pub(crate) practice: u32,
    pub(crate) clinician: u32,
    pub(crate) specialty: Code,
    pub(crate) denied: bool,
    start: usize,
}

/// Step-1 services per assignable person year in 2018, and of specialists (`attribution`, `services`).
const STEP_ONE: f64 = 5.6;
const SPECIALIST: f64 = 4.7;
const USE_SHAPE: f64 = 2.2;
const SEVERITY_LOADING: f64 = 0.35;
/// Share of step-1 visits with practitioners: in 2018, and what a year adds.
const PRACTITIONERS: (f64, f64) = (0.28, 0.02);
/// Payment that a visit is reckoned with when visits are cut to what a year can pay.
const VISIT_DOLLARS: f64 = 85.0;
const DENIED_CLAIMS: f64 = 0.01;
const DENIED_LINES: f64 = 0.06;
/// Of the denied lines, those that keep an allowed charge in the file.
const DENIED_WITH_CHARGE: f64 = 0.3;
const SUPPLY_USERS: f64 = 0.28;
const SUPPLY_CLAIMS: f64 = 8.0;
/// Part B pays this share of the allowed charge.
const MEDICARE_SHARE: f64 = 0.8;

impl Maker<'_, '_> {
    /// All ambulatory claims of the year.
    pub(super) fn ambulatory(&mut self, year: &LifeYear, plan: &YearPlan) {
        let budget: f64 = plan.ambulatory.iter().sum();
        let months = crate::random::running(plan.ambulatory.iter().copied());
        let shares = if plan.kind == 0 { self.nation.calibration.esrd_shares } else { self.nation.calibration.shares };
        let visits = self.visits(year, plan, budget, &months);
        if budget <= 0.0 {
            return;
        }
        let mut carrier = (shares.carrier * budget - visits).max(0.0);
        let mut outpatient = shares.outpatient * budget - (visits - shares.carrier * budget).max(0.0);
        let user = hash(self.nation.seed, self.life.index, 11) % 1000 < (SUPPLY_USERS * 1e3) as u64;
        if user {
            self.supplies(year, plan, shares.dme * budget / SUPPLY_USERS, &months);
            carrier -= (1.0 / SUPPLY_USERS - 1.0) * shares.dme * budget;
        } else {
            carrier += shares.dme * budget;
        }
        if year.severity > 1.0 {
            self.home_health(year, shares.hha * budget * 3.0, &months);
            outpatient -= 2.0 * shares.hha * budget;
        } else {
            outpatient += shares.hha * budget;
        }
        self.bundles(year, plan, carrier.max(0.0), &months);
        self.outpatient(year, plan, outpatient.max(0.0), &months);
    }

    /// Primary care services and specialists' visits; returns what they pay, dollars.
    fn visits(&mut self, year: &LifeYear, plan: &YearPlan, budget: f64, months: &[f64]) -> f64 {
        let nation = self.nation;
        let since = f64::from(year.year - 2018);
        let dip = if year.year == 2020 { 0.93 } else { 1.0 };
        let share = plan.months() / 12.0;
        let loading =
            (SEVERITY_LOADING * year.severity - SEVERITY_LOADING * SEVERITY_LOADING / 2.0).exp() * share * dip;
        let practitioner = (PRACTITIONERS.0 + PRACTITIONERS.1 * since).clamp(0.1, 0.5) * STEP_ONE / (STEP_ONE - 1.0);
        if !plan.seeks_care {
            // Some see a practitioner only; the others nobody.
            return if self.random.chance(0.1) && budget > 2.0 * VISIT_DOLLARS {
                let practice = self.chosen(year);
                self.visit(year, months, practice, 1, 1.0)
            } else {
                0.0
            };
        }
        // How often one goes is a habit of the life, and chance in a year: together the variance of the gamma distribution.
        let (spread, lasting) = (1.0 / USE_SHAPE, nation.calibration.visit_habit / USE_SHAPE);
        let sigma = (1.0 + lasting).ln().sqrt();
        let habit = (sigma * self.life.use_effect - sigma * sigma / 2.0).exp();
        let shape = (1.0 + lasting) / (spread - lasting);
        let use_one = habit * self.random.gamma(shape);
        let use_two = habit * self.random.gamma(shape);
        let mut one = self.random.poisson(STEP_ONE * (1.0 + 0.03 * since) * use_one * loading);
        let mut two = self.random.poisson(SPECIALIST * (1.0 + 0.012 * since) * use_two * loading);
        let room = (0.85 * budget / (VISIT_DOLLARS * plan.level)).max(1.0);
        let wanted = f64::from(one + two);
        if wanted > room {
            one = (f64::from(one) * room / wanted).round() as u32;
            two = (f64::from(two) * room / wanted) as u32;
        }
        // Some people have specialists only, year after year; who seeks care otherwise sees a primary care physician.
        let draw = hash(nation.seed, self.life.index, 14) % 1000;
        (one, two) = match draw < (nation.calibration.specialists_only * 1e3) as u64 {
            true => (0, (one + two).max(1)),
            false => (one.max(1), two),
        };
        let mut paid = 0.0;
        // Who seeks care sees the physician at home first; practitioners have their share of all visits by the others.
        for nth in 0..one {
            let (practice, chance) = if nth == 0 { (year.home, 0.0) } else { (self.chosen(year), practitioner) };
            paid += self.visit(year, months, practice, 0, chance);
        }
        for _ in 0..two {
            let practice = self.specialist(year);
            paid += self.visit(year, months, practice, 2, 0.0);
        }
        paid
    }

    /// One visit of class 0 (primary care; a practitioner with the given chance) or 2 (specialist) at a practice.
    fn visit(&mut self, year: &LifeYear, months: &[f64], practice: u32, class: usize, practitioner: f64) -> f64 {
        let nation = self.nation;
        let month = self.random.pick(months);
        let date = self.day_in(year, month);
        let office = &nation.market.practices[practice as usize];
        if matches!(office.kind, PracticeKind::HealthCenter | PracticeKind::RuralClinic) {
            return self.clinic_visit(date, practice);
        }
        let class = if class < 2 && self.random.chance(practitioner) { 1 } else { class };
        let clinician = office.clinicians
            + match class {
                0 => self.random.below(office.physicians.max(1) as usize) as u32,
                1 => office.physicians + self.random.below(office.practitioners.max(1) as usize) as u32,
                _ => office.physicians + office.practitioners + self.random.pick(&nation.specialty_running) as u32,
            };
        let frail = year.severity > 1.3;
        let Some((code, place, fee)) = nation.services.draw(year.year, class, frail, &mut self.random) else {
            return 0.0;
        };
        let allowed = cents(fee * office.fee);
        let Some(mut open) = self.open(false, claim_type::CARRIER, date, practice, clinician) else { return 0.0 };
        let paid = self.line(&mut open, code, place, allowed, true);
        self.close(&open);
        paid as f64 / 100.0
    }

    /// The practice of a further primary care visit: home with the life's loyalty, else an alternative.
    fn chosen(&mut self, year: &LifeYear) -> u32 {
        const ZIPF: [f64; 3] = [0.65, 0.90, 1.0];
        if self.life.alternatives.is_empty() || self.random.chance(self.life.loyalty) {
            return year.home;
        }
        self.life.alternatives[pick_at(&ZIPF[..self.life.alternatives.len()], self.random.unit())]
    }

    /// A specialist's practice: the home's own if it has any, else one of the county that the life keeps to.
    fn specialist(&mut self, year: &LifeYear) -> u32 {
        let nation = self.nation;
        let home = &nation.market.practices[year.home as usize];
        if home.specialists && self.random.chance(0.5) {
            return year.home;
        }
        let local = &nation.market.local[home.county].specialists;
        let habit = hash(nation.seed, self.life.index, 12) as usize + usize::from(self.random.chance(0.3));
        local[habit % local.len()]
    }

    /// Everything else that carriers pay: laboratory, imaging, procedures, drugs, …, adding up to `budget`.
    fn bundles(&mut self, year: &LifeYear, plan: &YearPlan, budget: f64, months: &[f64]) {
        let nation = self.nation;
        let in_use = nation.calibration.bundle_use;
        let usual = in_use.dollars * plan.level * plan.months() / 12.0;
        let mean = (in_use.per_year * plan.months() / 12.0 * (budget / usual).sqrt()).min(in_use.most);
        let count = if budget < 1.0 { 0 } else { self.random.poisson(mean).max(1) };
        let mut lines = std::mem::take(&mut self.scratch.lines);
        lines.clear();
        let mut total = 0.0;
        for _ in 0..count {
            let at = self.random.pick(&nation.bundle_running);
            let bundle = &nation.bundles[at];
            let month = self.random.pick(months);
            let date = self.day_in(year, month);
            let number = 1 + self.random.poisson(bundle.lines - 1.0);
            for k in 0..number {
                let (code, price) = bundle.codes[self.random.below(bundle.codes.len())];
                let weight = price * (0.6 + 0.8 * self.random.unit()) + 0.5;
                total += weight;
                lines.push(Planned { bundle: at as u16, code, weight, date, first: k == 0 });
            }
        }
        let factor = if total > 0.0 { budget / total } else { 0.0 };
        let county = nation.market.practices[year.home as usize].county;
        let mut open: Option<Open> = None;
        for line in &lines {
            if line.first {
                if let Some(done) = open.take() {
                    self.close(&done);
                }
                let practice = nation.market.local[county].suppliers[usize::from(line.bundle)];
                let clinician = nation.market.practices[practice as usize].clinicians;
                open = self.open(false, claim_type::CARRIER, line.date, practice, clinician);
            }
            if let Some(open) = &mut open {
                let bundle = &nation.bundles[usize::from(line.bundle)];
                let full = line.bundle == 0;
                let gross = cents(line.weight * factor);
                let allowed = if full { gross } else { (gross as f64 / MEDICARE_SHARE).round() as i64 };
                self.line(open, line.code, bundle.place, allowed, !full);
            }
        }
        if let Some(done) = open.take() {
            self.close(&done);
        }
        self.scratch.lines = lines;
    }

    /// DME claims adding up to `budget`.
    fn supplies(&mut self, year: &LifeYear, plan: &YearPlan, budget: f64, months: &[f64]) {
        let nation = self.nation;
        let claims = self.random.poisson(SUPPLY_CLAIMS * plan.months() / 12.0).max(1);
        let lines: Vec<u32> = (0..claims).map(|_| 1 + self.random.poisson(0.78)).collect();
        let each = budget / f64::from(lines.iter().sum::<u32>());
        let county = nation.market.practices[year.home as usize].county;
        let practice = nation.market.local[county].equipment;
        for number in lines {
            let month = self.random.pick(months);
            let date = self.day_in(year, month);
            let kind = if self.random.chance(0.03) { claim_type::SUPPLY_BY_CARRIER } else { claim_type::SUPPLY };
            let supply = kind == claim_type::SUPPLY;
            let Some(mut open) = self.open(supply, kind, date, practice, crate::tables::NONE) else { continue };
            open.specialty = nation.supply_specialty;
            for _ in 0..number {
                let (code, _) = nation.dme[self.random.below(nation.dme.len())];
                let allowed = cents(each * (0.5 + self.random.unit()) / MEDICARE_SHARE);
                self.line(&mut open, code, nation.home_place, allowed, true);
            }
            self.close(&open);
        }
    }

    /// The catheter billing of 2023 (M.B.4.2): large, monthly, on top of everything.
    pub(super) fn catheters(&mut self, year: &LifeYear, plan: &YearPlan) {
        let practice = self.nation.market.local[0].equipment;
        for month in (0..12).filter(|&month| plan.at_risk[month]) {
            if !self.random.chance(0.5) {
                continue;
            }
            let date = self.day_in(year, month);
            let by_carrier = self.random.chance(0.1);
            let kind = if by_carrier { claim_type::SUPPLY_BY_CARRIER } else { claim_type::SUPPLY };
            let Some(mut open) = self.open(!by_carrier, kind, date, practice, crate::tables::NONE) else { continue };
            open.specialty = self.nation.supply_specialty;
            let code = self.nation.named.catheters[usize::from(self.random.chance(0.7))];
            let allowed = cents(1_500.0 + 600.0 * self.random.unit());
            self.line(&mut open, code, self.nation.home_place, allowed, true);
            self.close(&open);
        }
    }

    /// Opens a carrier or DME claim; `None`: nobody will see it.
    pub(crate) fn open(&mut self, supply: bool, kind: usize, date: i32, practice: u32, clinician: u32) -> Option<Open> {
        let processed = self.processed(date)?;
        let claim = self.next_claim();
        let denied = self.random.chance(DENIED_CLAIMS);
        let specialty =
            if clinician == crate::tables::NONE { 0 } else { self.nation.clinician_specialty[clinician as usize] };
        let tables = self.tables_of(date)?;
        let start = if supply { tables.dme.bene.len() } else { tables.carrier.bene.len() };
        Some(Open {
            supply,
            claim_type: kind,
            date,
            processed,
            claim,
            line: 0,
            practice,
            clinician,
            specialty,
            denied,
            start,
        })
    }

    /// Adds a line and returns its payment before sequestration, cents. Now and then a denied line goes before it.
    pub(crate) fn line(&mut self, open: &mut Open, code: Code, place: Code, allowed: i64, coinsurance: bool) -> i64 {
        let named = &self.nation.named;
        let draw = self.random.unit();
        if draw < DENIED_LINES {
            let kept = if draw < DENIED_LINES * DENIED_WITH_CHARGE { allowed } else { 0 };
            self.push(open, code, place, 0, kept, named.denied_line);
        }
        if open.denied {
            self.push(open, code, place, 0, 0, named.denied_line);
            return 0;
        }
        let processing = match draw {
            d if d > 0.99 => named.other_allowed[0],
            d if d > 0.98 => named.other_allowed[1],
            _ => named.allowed,
        };
        let gross = if coinsurance {
            let deductible = self.deductible.min(allowed);
            self.deductible -= deductible;
            ((allowed - deductible) as f64 * MEDICARE_SHARE).round() as i64
        } else {
            allowed
        };
        let paid = reduced(gross, self.nation.reduction(open.date));
        self.push(open, code, place, paid, allowed, processing);
        gross
    }

    fn push(&mut self, open: &mut Open, code: Code, place: Code, paid: i64, allowed: i64, processing: Code) {
        open.line += 1;
        let named = &self.nation.named;
        let row = LineRow {
            bene: self.bene,
            claim: open.claim,
            line: open.line,
            claim_type: named.types[open.claim_type],
            from: open.date,
            thru: open.date,
            processed: open.processed,
            denial: if open.denied { named.denied_claim } else { named.paid_claim },
            claim_paid: 0,
            principal: self.diagnoses[0],
            second: self.diagnoses[1],
            diagnosis: self.diagnoses[(open.claim & 3) as usize],
            hcpcs: code,
            modifier: 0,
            specialty: open.specialty,
            place,
            practice: open.practice,
            clinician: open.clinician,
            first: open.date,
            last: open.date,
            paid,
            allowed,
            processing,
        };
        let supply = open.supply;
        if let Some(tables) = self.tables_of(open.date) {
            if supply { tables.dme.push(row) } else { tables.carrier.push(row) }
        }
    }

    /// Writes the claim's payment, the sum of its lines', on each of them.
    pub(crate) fn close(&mut self, open: &Open) {
        let Some(tables) = self.tables_of(open.date) else { return };
        let lines = if open.supply { &mut tables.dme } else { &mut tables.carrier };
        let sum: i64 = lines.paid[open.start..].iter().sum();
        lines.claim_paid[open.start..].fill(sum);
    }
}
