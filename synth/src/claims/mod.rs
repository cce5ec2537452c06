//! The claims of a life: the annual person model of the calibration sets what a year costs, the claims come from that.
//!
//! Order: months at risk, ambulatory amount, acute episodes, last year of life, visits and who furnishes them, then every
//! other line, scaled so that the claims add up to the year's amount.

mod facility;
mod professional;
mod stays;

use crate::Nation;
use crate::people::{Life, LifeYear, Month};
use crate::random::Random;
use crate::tables::{Code, YearTables};

/// Codes that the claims use by name, looked up once.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) types: [Code; 10],
    pub(crate) digits: [Code; 10],
    pub(crate) allowed: Code,
    pub(crate) other_allowed: [Code; 2],
    pub(crate) denied_line: Code,
    pub(crate) denied_claim: Code,
    pub(crate) paid_claim: Code,
    pub(crate) nonpayment: [Code; 2],
    pub(crate) covid: [Code; 2],
    pub(crate) catheters: [Code; 2],
    pub(crate) clinic_visit: Code,
    pub(crate) dialysis: Code,
    pub(crate) clinic_code: Code,
    pub(crate) status: [Code; 3],
}

/// NCH claim types by their use here.
pub(crate) mod claim_type {
    pub(crate) const HOME_HEALTH: usize = 0;
    pub(crate) const NURSING: usize = 1;
    pub(crate) const SWING_BED: usize = 2;
    pub(crate) const OUTPATIENT: usize = 3;
    pub(crate) const HOSPICE: usize = 4;
    pub(crate) const INPATIENT: usize = 5;
    pub(crate) const CARRIER: usize = 6;
    pub(crate) const SUPPLY_BY_CARRIER: usize = 7;
    pub(crate) const SUPPLY: usize = 8;
    pub(crate) const CODES: [&str; 10] = ["10", "20", "30", "40", "50", "60", "71", "72", "82", "81"];
}

/// An acute episode: the month of admission and what it costs in all, dollars.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Episode {
    pub(crate) month: usize,
    pub(crate) cost: f64,
}

/// What a year will cost, before there are claims. Dollars.
#[derive(Clone, Debug, Default)]
pub(crate) struct YearPlan {
    /// Ambulatory dollars by month.
    pub(crate) ambulatory: [f64; 12],
    pub(crate) episodes: Vec<Episode>,
    pub(crate) hospice: [f64; 12],
    /// Months at risk: fee-for-service, inside the claims' time.
    pub(crate) at_risk: [bool; 12],
    /// Whether the life sees a physician for primary care at all.
    pub(crate) seeks_care: bool,
    /// Level of payments against the nation of 2018.
    pub(crate) level: f64,
    pub(crate) kind: usize,
}

impl YearPlan {
    pub(crate) fn months(&self) -> f64 {
        self.at_risk.iter().filter(|month| **month).count() as f64
    }
}

/// Makes the claims of one life.
pub(crate) struct Maker<'n, 't> {
    pub(crate) nation: &'n Nation,
    pub(crate) tables: &'t mut [YearTables],
    pub(crate) life: &'n Life,
    pub(crate) random: Random,
    pub(crate) bene: u64,
    /// Number of the next claim.
    pub(crate) claim: i64,
    /// Part B deductible not yet met this year, cents.
    pub(crate) deductible: i64,
    pub(crate) death: i32,
    pub(crate) diagnoses: [Code; 4],
    pub(crate) scratch: professional::Scratch,
}

impl Nation {
    /// Writes the claims of a life.
    pub(crate) fn claims(&self, life: &Life, tables: &mut [YearTables]) {
        let bene = self.bene(life.index);
        let mut random = Random::new(self.seed, life.index, 2);
        let diagnoses = std::array::from_fn(|_| self.diagnoses[random.below(self.diagnoses.len())]);
        let mut maker = Maker {
            nation: self,
            tables,
            life,
            random,
            bene,
            claim: (life.index as i64 + 1) * CLAIMS_PER_LIFE,
            deductible: 0,
            death: life.death.map_or(i32::MAX, |death| death.0),
            diagnoses,
            scratch: professional::Scratch::default(),
        };
        for year in &life.years {
            maker.year(year);
        }
    }
}

/// Claim numbers that a life can use.
pub(crate) const CLAIMS_PER_LIFE: i64 = 100_000;
/// Chances of a stay in the last months of life, from the month of death backwards.
const LAST_STAYS: [f64; 12] = [0.5, 0.36, 0.26, 0.17, 0.15, 0.12, 0.1, 0.08, 0.07, 0.06, 0.06, 0.05];
/// Of a last-year month with a stay, the part that the stay costs.
const LAST_STAY_SHARE: f64 = 0.8;
const HOSPICE_USERS: f64 = 0.6;
/// Most months of hospice care.
const HOSPICE_MONTHS: usize = 9;
const HOSPICE_SHARE: f64 = 0.45;
/// Dollars of 2018 that a hospice month can cost at most.
const HOSPICE_MONTH_MAX: f64 = 5_500.0;
/// Share of lives drawn into the catheter billing of 2023 (M.B.4.2).
const CATHETER_LIVES: f64 = 0.012;

impl Maker<'_, '_> {
    fn year(&mut self, year: &LifeYear) {
        let plan = self.plan(year);
        if plan.at_risk.iter().all(|month| !month) {
            return;
        }
        self.deductible = (self.nation.calibration.models[plan.kind].ded * 100.0 * plan.level.sqrt()) as i64;
        self.ambulatory(year, &plan);
        for episode in &plan.episodes {
            self.episode(year, &plan, *episode);
        }
        for month in 0..12 {
            if plan.hospice[month] > 0.0 {
                self.hospice(year, month, plan.hospice[month]);
            }
        }
        if year.year == 2023
            && crate::random::hash(self.nation.seed, self.life.index, 9) % 10_000 < (CATHETER_LIVES * 1e4) as u64
        {
            self.catheters(year, &plan);
        }
    }

    /// Draws the year's amounts (`model.description` of the calibration).
    fn plan(&mut self, year: &LifeYear) -> YearPlan {
        let nation = self.nation;
        let mut plan = YearPlan::default();
        let first = nation.first_claim_month;
        for month in 0..12 {
            plan.at_risk[month] = year.months[month] == Month::FeeForService && year.year * 12 + month as i32 >= first;
        }
        let Some(start) = plan.at_risk.iter().position(|month| *month) else { return plan };
        plan.kind = usize::from(year.kind[start]);
        plan.level = nation.level(year, plan.kind, start);
        let model = &nation.calibration.models[plan.kind];
        let last_month = self.life.death.map_or(i32::MAX, |death| death.month_index());
        let before_death = |month: usize| last_month.saturating_sub(year.year * 12 + month as i32);
        let usual: Vec<usize> = (0..12).filter(|&m| plan.at_risk[m] && before_death(m) >= 12).collect();
        let severity = year.severity;
        let random = &mut self.random;

        let effect = model.rA.sqrt() * self.life.use_effect + (1.0 - model.rA).sqrt() * random.normal();
        let nonuser = random.chance(model.p0 * (-0.9 * severity - 0.405).exp());
        let relative =
            (model.bA * severity - model.bA * model.bA / 2.0 + model.sA * effect - model.sA * model.sA / 2.0).exp();
        let amount = if nonuser { 0.0 } else { model.A * relative * plan.level };
        for &month in &usual {
            plan.ambulatory[month] = amount / 12.0;
        }
        let mean = model.lam * (model.bH * severity - model.bH * model.bH / 2.0).exp() * usual.len() as f64 / 12.0;
        for _ in 0..random.poisson(mean.min(12.0)) {
            let month = usual[random.below(usual.len())];
            plan.episodes.push(Episode { month, cost: random.lognormal(model.c, model.sc) * plan.level });
        }
        let stays = plan.episodes.len();
        let dying = (0..12).any(|month| plan.at_risk[month] && before_death(month) < 12);
        if dying {
            self.last_year(&mut plan, year, &before_death);
        }
        let odds = model.c0
            + nation.calibration.care_odds
            + 1.1 * (if nonuser { 1e-6f64 } else { relative }).ln()
            + 0.35 * stays.min(2) as f64
            + if dying { 0.8 } else { 0.0 };
        let months = plan.months();
        let part = months / 12.0;
        let partial = if dying { 0.35 + 0.65 * part } else { part.powf(nation.calibration.partial_care) };
        plan.seeks_care = self.random.chance(partial / (1.0 + (-odds).exp()));
        plan
    }

    /// The last twelve months: one total, split by the end-of-life profile; it replaces the usual amounts.
    fn last_year(&mut self, plan: &mut YearPlan, year: &LifeYear, before_death: &dyn Fn(usize) -> i32) {
        let nation = self.nation;
        let model = &nation.calibration.models[plan.kind];
        // Both calendar years of the last twelve months see the same total.
        let mut random = Random::new(nation.seed, self.life.index, 7);
        let spread = (model.sLY * random.normal() - model.sLY * model.sLY / 2.0).exp();
        let total = model.LY * (model.bLY * year.severity - model.bLY * model.bLY / 2.0).exp() * spread * plan.level;
        let hospice_months = if random.chance(HOSPICE_USERS) { 1 + random.below(HOSPICE_MONTHS) as i32 } else { 0 };
        for month in (0..12).filter(|&month| plan.at_risk[month] && before_death(month) < 12) {
            let before = before_death(month);
            let mut amount = total * nation.calibration.end_of_life[before as usize];
            if before < hospice_months {
                plan.hospice[month] = (HOSPICE_SHARE * amount).min(HOSPICE_MONTH_MAX * plan.level);
                amount -= plan.hospice[month];
            }
            if self.random.chance(LAST_STAYS[before as usize]) && amount > 2_000.0 {
                plan.episodes.push(Episode { month, cost: LAST_STAY_SHARE * amount });
                amount *= 1.0 - LAST_STAY_SHARE;
            }
            plan.ambulatory[month] += amount;
        }
    }

    /// A day of a month, not after death.
    pub(crate) fn day_in(&mut self, year: &LifeYear, month: usize) -> i32 {
        let start = self.nation.month_start(year.year, month);
        let next = self.nation.month_start(year.year, month + 1);
        (start + self.random.below((next - start) as usize) as i32).min(self.death)
    }

    /// Number of the next claim.
    pub(crate) fn next_claim(&mut self) -> i64 {
        self.claim += 1;
        self.claim
    }

    /// The Friday on which a claim is processed; `None`: after the claims were drawn for the study.
    pub(crate) fn processed(&mut self, thru: i32) -> Option<i32> {
        let lag = match self.random.unit() {
            x if x < 0.87 => 10 + (x * 100.0) as i32 % 15,
            x if x < 0.987 => 25 + self.random.below(60) as i32,
            _ => 95 + self.random.below(300) as i32,
        };
        let friday = friday_from(thru + lag);
        (friday <= self.nation.claims_known_until && thru >= self.nation.first_claim_day).then_some(friday)
    }

    /// The tables of the year of a date.
    pub(crate) fn tables_of(&mut self, thru: i32) -> Option<&mut YearTables> {
        let at = self.nation.year_of(thru)? - self.nation.first_year;
        self.tables.get_mut(usize::try_from(at).ok()?)
    }
}

/// The first Friday on or after a day; 1970-01-02 was one.
pub(crate) fn friday_from(day: i32) -> i32 {
    day + (1 - day).rem_euclid(7)
}

/// What is left of a payment after `percent` is taken off, rounded half-up to the cent.
pub(crate) fn reduced(gross: i64, percent: i64) -> i64 {
    gross - (gross * percent + 50).div_euclid(100)
}

/// Dollars to cents.
pub(crate) fn cents(dollars: f64) -> i64 {
    (dollars * 100.0).round() as i64
}
