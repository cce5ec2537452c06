//! People over the years: birth, county, entitlement, plans, dual status, kidney failure, severity, death, home practice.

use crate::Nation;
use crate::random::{Random, normal_quantile, pick_at};
use acoledger_schemas::values::{Date, days_in_month};

/// What a month is for a life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Month {
    /// Not entitled, or after death.
    Out,
    /// Parts A and B, fee-for-service.
    FeeForService,
    /// Parts A and B, in a health plan.
    Plan,
    /// Part A only.
    PartA,
}

/// One year of a life.
#[derive(Clone, Debug)]
pub(crate) struct LifeYear {
    pub(crate) year: i32,
    pub(crate) months: [Month; 12],
    pub(crate) county: [u32; 12],
    /// Dual code by month: a position in [`DUAL_CODES`].
    pub(crate) dual: [u8; 12],
    /// Program ESRD months, and months of entitlement because of it.
    pub(crate) esrd: [bool; 12],
    pub(crate) esrd_entitled: [bool; 12],
    /// Enrollment type by month, 0 to 3, whether or not the month counts.
    pub(crate) kind: [u8; 12],
    pub(crate) severity: f64,
    /// Severity of the year before, which the risk score sees.
    pub(crate) severity_before: f64,
    pub(crate) home: u32,
}

/// A life.
#[derive(Clone, Debug)]
pub(crate) struct Life {
    pub(crate) index: u64,
    pub(crate) birth: Date,
    pub(crate) death: Option<Date>,
    pub(crate) sex: u8,
    pub(crate) disabled_origin: bool,
    /// Persistent effect in ambulatory use.
    pub(crate) use_effect: f64,
    /// Share of services at the home practice.
    pub(crate) loyalty: f64,
    /// One to three other practices.
    pub(crate) alternatives: Vec<u32>,
    pub(crate) years: Vec<LifeYear>,
}

/// Dual status codes; the first is no dual.
pub(crate) const DUAL_CODES: [&str; 7] = ["NA", "01", "02", "03", "04", "06", "08"];
/// Shares of the codes among duals (`population.dual_codes`): those that the program counts, then the others.
const COUNTED_DUAL: [(u8, f64); 4] = [(1, 0.15), (2, 0.52), (4, 0.03), (6, 0.14)];
const OTHER_DUAL: [(u8, f64); 2] = [(3, 0.10), (5, 0.06)];

/// Yearly rates (`dynamics` of the calibration; plan switching lowered so that the nation keeps its size).
pub(crate) const TO_PLAN: f64 = 0.04;
const TO_PLAN_DUAL_FACTOR: f64 = 1.8;
const FROM_PLAN: f64 = 0.03;
const SWITCH_IN_JANUARY: f64 = 0.75;
const TO_DUAL: f64 = 0.008;
const FROM_DUAL: f64 = 0.035;
const MOVE: f64 = 0.016;
const MOVE_ABROAD: f64 = 0.0008;
const MOVE_FAR: f64 = 0.4;
const PART_A_MONTHS: f64 = 0.006;
const LATE_PART_B: f64 = 0.08;
const HOME_SWITCH: f64 = 0.075;
const TRANSPLANT: f64 = 0.035;
/// Months after a transplant that are still ESRD months, and months of entitlement.
const AFTER_TRANSPLANT: (i32, i32) = (4, 36);
/// Lives in plans at the start, relative to fee-for-service lives; and entrants a year, likewise.
pub(crate) const PLAN_SHARE: f64 = 0.15;
pub(crate) const ENTRANTS: f64 = 0.09;

/// State that is carried from month to month.
struct Carried {
    county: u32,
    dual: u8,
    plan: bool,
    kidney: bool,
    transplant: Option<i32>,
    part_a_until: i32,
    home: u32,
    home_draw: f64,
    severity: f64,
}

impl Nation {
    /// The life with this index, from the nation's first enrollment year to its last.
    pub(crate) fn life(&self, index: u64) -> Life {
        let mut random = Random::new(self.seed, index, 1);
        let entry = self.entry_year(index);
        let mix = if entry.is_some() { &self.calibration.entrant_mix } else { &self.calibration.mix };
        let kind = pick_at(&crate::random::running(mix.iter().copied()), random.unit());
        let enters = match entry {
            Some(year) => year * 12 + random.below(12) as i32,
            None => i32::MIN,
        };
        let birth = birth_date(kind, enters, self.first_year, &mut random);
        let county = random.pick(&self.counties_running) as u32;
        let home_draw = random.unit();
        let home = self.home_in(county, home_draw);
        let mut life = Life {
            index,
            birth,
            death: None,
            sex: if random.chance(0.57) { 2 } else { 1 },
            disabled_origin: kind == 1 || (kind != 3 && random.chance(0.3)),
            use_effect: random.normal(),
            loyalty: random.beta(9.0, 1.3),
            alternatives: Vec::new(),
            years: Vec::with_capacity((self.last_year - self.first_year + 1) as usize),
        };
        let mut now = Carried {
            county,
            dual: first_dual(kind, &mut random),
            plan: entry.is_none() && random.chance(PLAN_SHARE / (1.0 + PLAN_SHARE))
                || entry.is_some() && random.chance(0.1),
            kidney: kind == 0,
            transplant: None,
            part_a_until: if entry.is_some() && random.chance(LATE_PART_B) {
                enters + 1 + random.below(6) as i32
            } else {
                i32::MIN
            },
            home,
            home_draw,
            severity: random.normal(),
        };
        life.alternatives = self.alternatives(county, home, &mut random);
        let first = entry.unwrap_or(self.first_year).max(self.first_year);
        for year in first..=self.last_year {
            self.live(&mut life, &mut now, year, enters, &mut random);
            if life.death.is_some() {
                break;
            }
        }
        life
    }

    /// `None`: alive and entitled when the nation begins.
    fn entry_year(&self, index: u64) -> Option<i32> {
        let spread = (u128::from(index) * u128::from(self.stride) % u128::from(self.ordinary)) as u64;
        spread.checked_sub(self.stock).map(|after| self.first_year + 1 + (after / self.entrants.max(1)) as i32)
    }

    /// Lives one year: draws its events, then walks the months.
    fn live(&self, life: &mut Life, now: &mut Carried, year: i32, enters: i32, random: &mut Random) {
        let kind_now = type_of(now, life.birth, year * 12);
        let model = &self.calibration.models[kind_now as usize];
        let before = now.severity;
        // Deaths take the sick: without this the severity of those who live would sink from year to year.
        let ageing = model.phi * model.q * model.bD;
        now.severity = model.phi * before + ageing + (1.0 - model.phi * model.phi).sqrt() * random.normal();
        let risk =
            self.death_scale[kind_now as usize] * model.q * (model.bD * now.severity - model.bD * model.bD / 2.0).exp();
        let death_draw = random.unit();
        let dies = death_draw < 1.0 - (-risk).exp();
        let death_month = random.below(12);
        let death_day = random.unit();
        let mut events = self.events(now, kind_now, year, random);
        if random.chance(HOME_SWITCH) {
            now.home_draw = random.unit();
            now.home = self.home_in(now.county, now.home_draw);
        }
        let home = now.home;
        let mut out = LifeYear {
            year,
            months: [Month::Out; 12],
            county: [crate::tables::NONE; 12],
            dual: [0; 12],
            esrd: [false; 12],
            esrd_entitled: [false; 12],
            kind: [3; 12],
            severity: now.severity,
            severity_before: before,
            home,
        };
        for month in 0..12 {
            let at = year * 12 + month as i32;
            events.happen(month, now);
            out.county[month] = now.county;
            if at < enters {
                continue;
            }
            self.month(&mut out, month, at, now, life.birth);
            if dies && month == death_month {
                let days = days_in_month(year, month as u32 + 1);
                let day = 1 + (death_day * f64::from(days)) as u32;
                life.death = Date::new(year, month as u32 + 1, day.min(days));
                out.county[month + 1..].fill(crate::tables::NONE);
                break;
            }
        }
        life.years.push(out);
    }

    fn month(&self, out: &mut LifeYear, month: usize, at: i32, now: &Carried, birth: Date) {
        out.months[month] = match () {
            () if at < now.part_a_until => Month::PartA,
            () if now.plan => Month::Plan,
            () => Month::FeeForService,
        };
        out.dual[month] = now.dual;
        let since = now.transplant.map(|transplant| at - transplant);
        out.esrd[month] = now.kidney && since.is_none_or(|since| since < AFTER_TRANSPLANT.0);
        out.esrd_entitled[month] = now.kidney && since.is_none_or(|since| since < AFTER_TRANSPLANT.1);
        out.kind[month] = if out.esrd[month] { 0 } else { type_of_aged(now, birth, at) };
    }

    /// What may happen in a year, each with its month.
    fn events(&self, now: &Carried, kind: u8, year: i32, random: &mut Random) -> Events {
        let counted = COUNTED_DUAL.iter().any(|(code, _)| *code == now.dual);
        let mut events = Events::default();
        let switch = if now.plan { FROM_PLAN } else { TO_PLAN * if counted { TO_PLAN_DUAL_FACTOR } else { 1.0 } };
        if random.chance(switch) {
            let month = if random.chance(SWITCH_IN_JANUARY) { 0 } else { random.below(12) };
            events.plan = Some((month, !now.plan));
        }
        if random.chance(if counted { FROM_DUAL } else { TO_DUAL * (0.5 * now.severity).exp() }) {
            events.dual = Some((random.below(12), if counted { 0 } else { dual_code(&COUNTED_DUAL, random) }));
        }
        if random.chance(MOVE_ABROAD) {
            events.moved = Some((random.below(12), crate::tables::ABROAD, now.home));
        } else if random.chance(MOVE) {
            let county = if random.chance(MOVE_FAR) {
                random.pick(&self.counties_running)
            } else {
                (now.county.min(self.counties.len() as u32 - 1) as usize + 1) % self.counties.len()
            } as u32;
            events.moved = Some((random.below(12), county, self.home_in(county, random.unit())));
        }
        let kidney = self.calibration.kidney_failure[kind as usize];
        if !now.kidney && random.chance(kidney * (0.6 * now.severity - 0.18).exp()) {
            events.kidney = Some(random.below(12));
        }
        if now.kidney && now.transplant.is_none() && random.chance(TRANSPLANT) {
            let month = random.below(12);
            events.transplant = Some((month, year * 12 + month as i32));
        }
        if random.chance(PART_A_MONTHS) {
            let month = random.below(10);
            events.part_a = Some((month, year * 12 + month as i32 + 1 + random.below(3) as i32));
        }
        events
    }

    /// The home practice at `draw` (0 to 1) of a county.
    pub(crate) fn home_in(&self, county: u32, draw: f64) -> u32 {
        let Some(local) = self.market.local.get(county as usize) else { return 0 };
        local.homes[pick_at(&local.homes_running, draw)]
    }

    /// One to three other practices: of the same ACO, of another, or of none (`attribution.home_practice`).
    fn alternatives(&self, county: u32, home: u32, random: &mut Random) -> Vec<u32> {
        let count = 1 + random.pick(&[0.65, 0.90, 1.0]);
        let aco = self.market.practices[home as usize].aco;
        let local = &self.market.local[county as usize];
        (0..count)
            .map(|_| {
                let same = aco.is_some() && random.chance(0.45);
                for _ in 0..8 {
                    let other = local.homes[random.pick(&local.homes_running)];
                    if other != home && (!same || self.market.practices[other as usize].aco == aco) {
                        return other;
                    }
                }
                local.homes[random.below(local.homes.len())]
            })
            .collect()
    }
}

#[derive(Default)]
struct Events {
    plan: Option<(usize, bool)>,
    dual: Option<(usize, u8)>,
    moved: Option<(usize, u32, u32)>,
    kidney: Option<usize>,
    transplant: Option<(usize, i32)>,
    part_a: Option<(usize, i32)>,
}

impl Events {
    fn happen(&mut self, month: usize, now: &mut Carried) {
        if let Some((_, plan)) = self.plan.take_if(|event| event.0 == month) {
            now.plan = plan;
        }
        if let Some((_, dual)) = self.dual.take_if(|event| event.0 == month) {
            now.dual = dual;
        }
        if let Some((_, county, home)) = self.moved.take_if(|event| event.0 == month) {
            now.county = county;
            now.home = home;
        }
        if self.kidney.take_if(|at| *at == month).is_some() {
            now.kidney = true;
        }
        if let Some((_, at)) = self.transplant.take_if(|event| event.0 == month) {
            now.transplant = Some(at);
        }
        if let Some((_, until)) = self.part_a.take_if(|event| event.0 == month) {
            now.part_a_until = until;
        }
    }
}

/// The first month at 65: that of the day before the birthday (METHODOLOGY B.2.2).
pub(crate) fn aged_from(birth: Date) -> i32 {
    let (year, month, day) = birth.ymd();
    (year + 65) * 12 + month as i32 - 1 - i32::from(day == 1)
}

fn type_of_aged(now: &Carried, birth: Date, at: i32) -> u8 {
    let counted = COUNTED_DUAL.iter().any(|(code, _)| *code == now.dual);
    match () {
        () if at < aged_from(birth) => 1,
        () if counted => 2,
        () => 3,
    }
}

fn type_of(now: &Carried, birth: Date, at: i32) -> u8 {
    let since = now.transplant.map_or(i32::MIN, |transplant| at - transplant);
    if now.kidney && since < AFTER_TRANSPLANT.0 { 0 } else { type_of_aged(now, birth, at) }
}

fn dual_code(shares: &[(u8, f64)], random: &mut Random) -> u8 {
    shares[random.pick(&crate::random::running(shares.iter().map(|(_, share)| *share)))].0
}

/// Dual status at the beginning: by definition for aged types, with recalled shares for the others.
fn first_dual(kind: usize, random: &mut Random) -> u8 {
    let (counted, other) = [(0.45, 0.05), (0.40, 0.06), (1.0, 0.0), (0.0, 0.024)][kind];
    match random.unit() {
        x if x < counted => dual_code(&COUNTED_DUAL, random),
        x if x < counted + other => dual_code(&OTHER_DUAL, random),
        _ => 0,
    }
}

/// A birth date that fits the type: disabled lives below 65, entrants of aged types 65 in their first month.
fn birth_date(kind: usize, enters: i32, first_year: i32, random: &mut Random) -> Date {
    let day = 1 + random.below(28) as u32;
    let disabled = kind == 1 || (kind == 0 && random.chance(0.45));
    let reference = if enters == i32::MIN { first_year * 12 } else { enters };
    let months = if disabled {
        // About 7.5 % of the disabled reach 65 within a year.
        780 - 1 - (336.0 * random.unit().powf(1.3)) as i32
    } else if enters != i32::MIN && random.chance(0.9) {
        780
    } else {
        let years = match random.unit() {
            x if x < 0.54 => 10.0 * random.unit(),
            x if x < 0.86 => 10.0 + 10.0 * random.unit(),
            _ => 20.0 + (6.0 * normal_quantile(0.5 + random.unit() / 2.0)).min(24.0),
        };
        780 + (12.0 * years) as i32
    };
    let at = reference - months;
    Date::new(at.div_euclid(12), at.rem_euclid(12) as u32 + 1, day).expect("days to 28 are in every month")
}
