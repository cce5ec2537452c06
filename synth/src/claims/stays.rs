//! Acute episodes: the stay, the physicians at the bedside, and the skilled nursing or home health care after it.

use super::facility::{Bill, Line, Table, share_of};
use super::{Episode, Maker, YearPlan, cents, claim_type, reduced};
use crate::people::LifeYear;
use crate::tables::NONE;
use acoledger_schemas::values::{Date, days_in_month};

/// Dollars of 2018 that a day of a stay stands for.
const DOLLARS_PER_DAY: f64 = 3_500.0;
const DAYS_MAX: f64 = 45.0;
const NURSING_CHANCE: f64 = 0.27;
const NURSING_SHARE: f64 = 0.42;
const HOME_HEALTH_CHANCE: f64 = 0.4;
const HOME_HEALTH_SHARE: f64 = 0.13;
const PHYSICIAN_SHARE: f64 = 0.13;
const REHABILITATION_CHANCE: f64 = 0.04;
const NEGATIVE_PAYMENTS: f64 = 0.002;
const SWING_BEDS: f64 = 0.08;
const STAY_LINES: f64 = 17.2;
const NURSING_LINES: usize = 8;
/// Of the teaching and disproportionate-share payments, the capital part.
const CAPITAL_PART: f64 = 0.1;

impl Maker<'_, '_> {
    /// All claims of an episode.
    pub(super) fn episode(&mut self, year: &LifeYear, plan: &YearPlan, episode: Episode) {
        let nation = self.nation;
        let county = nation.market.practices[year.home as usize].county;
        let usual = nation.calibration.models[plan.kind].c * plan.level;
        let admission = self.day_in(year, episode.month);
        let days = self.random.poisson((episode.cost / plan.level / DOLLARS_PER_DAY).min(DAYS_MAX)) as i32 + 1;
        let discharge = (admission + days).min(self.death);
        let lives_on = discharge < self.death;
        let tilt = (episode.cost / usual).sqrt();
        let nursing = lives_on && self.random.chance((NURSING_CHANCE * tilt).min(0.8));
        let home = lives_on && self.random.chance(HOME_HEALTH_CHANCE);
        let mut stay = episode.cost * (1.0 - PHYSICIAN_SHARE);
        if nursing {
            stay -= NURSING_SHARE * episode.cost;
            self.nursing(county, discharge, NURSING_SHARE * episode.cost);
        }
        if home {
            stay -= HOME_HEALTH_SHARE * episode.cost;
            self.home_health_period(year, discharge + 2, HOME_HEALTH_SHARE * episode.cost);
        }
        self.stay(county, admission, discharge, stay);
        self.bedside(county, admission, discharge, PHYSICIAN_SHARE * episode.cost);
    }

    /// Skilled nursing care from a day on: one claim per calendar month.
    fn nursing(&mut self, county: usize, from: i32, dollars: f64) {
        let nation = self.nation;
        let until = (from + 8 + self.random.below(34) as i32).min(self.death);
        let swing = self.random.chance(SWING_BEDS);
        let days = (until - from + 1).max(1);
        let mut start = from;
        while start <= until {
            let (year, month, _) = Date(start).ymd();
            let end = until.min(start + days_in_month(year, month) as i32 - Date(start).ymd().2 as i32);
            let bill = Bill {
                table: Table::Nursing,
                claim_type: if swing { claim_type::SWING_BED } else { claim_type::NURSING },
                facility: nation.market.local[county].nursing,
                bill: if swing { [1, 8] } else { [2, 1] },
                from: start,
                thru: end,
                clinicians: [NONE; 3],
            };
            let share = f64::from(end - start + 1) / f64::from(days);
            self.spread(bill, NURSING_LINES, cents(dollars * share), nation.nursing_center);
            start = end + 1;
        }
    }

    /// The inpatient claim: operating payment, and on top what teaching and poor hospitals get.
    fn stay(&mut self, county: usize, admission: i32, discharge: i32, dollars: f64) {
        let nation = self.nation;
        let local = &nation.market.local[county];
        let facility = match () {
            () if self.random.chance(REHABILITATION_CHANCE) => local.rehabilitation.unwrap_or(local.hospital),
            () if self.random.chance(0.15) => local.critical_access.unwrap_or(local.hospital),
            () => local.hospital,
        };
        let covid = self.covid(admission);
        let [teaching, poor, uncompensated] = nation.market.facilities[facility as usize].extras;
        let part = |share: f64, capital: bool| {
            cents(dollars * share * if capital { CAPITAL_PART } else { 1.0 - CAPITAL_PART })
        };
        let extras = [
            part(teaching, false),
            part(teaching, true),
            part(poor, false),
            part(poor, true),
            cents(dollars * uncompensated),
        ];
        let number = 2 + self.random.poisson(STAY_LINES - 2.0) as usize;
        let gross = cents(dollars);
        let lines: Vec<Line> = (0..number)
            .map(|k| Line {
                center: nation.inpatient_centers[self.random.below(nation.inpatient_centers.len())],
                hcpcs: 0,
                date: admission,
                rendering: NONE,
                gross: share_of(gross, k, number),
            })
            .collect();
        let bill = Bill {
            table: Table::Inpatient,
            claim_type: claim_type::INPATIENT,
            facility,
            bill: [1, 1],
            from: admission,
            thru: discharge,
            clinicians: [NONE; 3],
        };
        let before = self.claim;
        self.bill(bill, &lines, extras, false);
        let drg = nation.drgs[self.random.below(nation.drgs.len())];
        let negative = self.random.chance(NEGATIVE_PAYMENTS).then(|| -cents(300.0 + 900.0 * self.random.unit()));
        let percent = nation.reduction(discharge);
        self.amend(bill, before, |claims, at| {
            claims.headers.drg[at] = drg;
            if let Some(code) = covid {
                claims.headers.diagnoses[at][0] = code;
            }
            if let Some(negative) = negative {
                claims.headers.paid[at] = reduced(negative, percent);
                claims.headers.extras[at] = [0; 5];
            }
        });
    }

    /// The diagnosis of a COVID-19 stay, when this one is one.
    fn covid(&mut self, admission: i32) -> Option<crate::tables::Code> {
        let nation = self.nation;
        let month = nation.month_of(admission)? - (2020 * 12);
        let share = nation.calibration.covid.get(usize::try_from(month).ok()?)?;
        // B97.29 stood for it until March 2020 (M.B.4.1).
        self.random.chance(*share).then(|| nation.named.covid[usize::from(month >= 3)])
    }

    /// Physicians' lines during a stay.
    fn bedside(&mut self, county: usize, admission: i32, discharge: i32, dollars: f64) {
        let nation = self.nation;
        let days = (discharge - admission).max(1);
        let number = (days as usize * 3 / 2).clamp(1, 40);
        let practice = nation.market.local[county].suppliers[nation.bedside_bundle];
        let clinician = nation.hospital_staff(nation.market.local[county].hospital);
        let each = dollars / number as f64 / 0.8;
        for k in 0..number {
            let date = (admission + days * k as i32 / number as i32).min(self.death);
            let Some(mut open) = self.open(false, claim_type::CARRIER, date, practice, clinician) else { continue };
            let (code, _) = nation.hospital_visits[self.random.below(nation.hospital_visits.len())];
            let allowed = cents(each * (0.8 + 0.4 * self.random.unit()));
            self.line(&mut open, code, nation.hospital_place, allowed, true);
            self.close(&open);
        }
    }
}
