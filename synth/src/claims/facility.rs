//! Facility claims of ambulatory care: outpatient departments, dialysis, centers and clinics, home health, hospice.

use super::{Maker, YearPlan, cents, claim_type, reduced};
use crate::market::PracticeKind;
use crate::people::LifeYear;
use crate::random::hash;
use crate::tables::{Claims, Code, HeaderRow, NO_DATE, NONE, RevenueRow};

/// A facility claim before its lines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bill {
    pub(crate) table: Table,
    pub(crate) claim_type: usize,
    pub(crate) facility: u32,
    /// First and second digit of the bill type.
    pub(crate) bill: [usize; 2],
    pub(crate) from: i32,
    pub(crate) thru: i32,
    pub(crate) clinicians: [u32; 3],
}

/// The table of a facility claim.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Table {
    Inpatient,
    Nursing,
    Outpatient,
    HomeHealth,
    Hospice,
}

/// A revenue line before its amounts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) center: Code,
    pub(crate) hcpcs: Code,
    pub(crate) date: i32,
    pub(crate) rendering: u32,
    /// Payment before sequestration, cents.
    pub(crate) gross: i64,
}

/// Outpatient claims per person year at the usual amount, dollars of 2018.
const OUTPATIENT_CLAIMS: f64 = 7.0;
const OUTPATIENT_DOLLARS: f64 = 1_800.0;
const OUTPATIENT_LINES: f64 = 7.1;
/// Share of the outpatient budget of kidney patients that dialysis takes; sessions a month.
const DIALYSIS_SHARE: f64 = 0.85;
const SESSIONS: usize = 13;
const DENIED: f64 = 0.01;
/// Payment of a center's or clinic's visit, dollars of 2018, before coinsurance.
const CLINIC_DOLLARS: f64 = 135.0;
const LINES_HOME_HEALTH: usize = 11;
const LINES_HOSPICE: usize = 21;

impl Maker<'_, '_> {
    /// Outpatient claims adding up to `budget` dollars.
    pub(super) fn outpatient(&mut self, year: &LifeYear, plan: &YearPlan, budget: f64, months: &[f64]) {
        let mut budget = budget;
        if plan.kind == 0 {
            self.dialysis(year, plan, DIALYSIS_SHARE * budget);
            budget *= 1.0 - DIALYSIS_SHARE;
        }
        let usual = OUTPATIENT_DOLLARS * plan.level * plan.months() / 12.0;
        let mean = (OUTPATIENT_CLAIMS * plan.months() / 12.0 * (budget / usual).sqrt()).min(60.0);
        let count = self.random.poisson(mean);
        let count = if budget > 50.0 { count.max(1) } else { count };
        let mut weights = std::mem::take(&mut self.scratch.weights);
        weights.clear();
        weights.extend((0..count).map(|_| self.random.lognormal(1.0, 1.1)));
        let total: f64 = weights.iter().sum();
        for &weight in &weights {
            let month = self.random.pick(months);
            let date = self.day_in(year, month);
            self.department(year, date, budget * weight / total);
        }
        self.scratch.weights = weights;
    }

    /// One claim of a hospital's outpatient department.
    fn department(&mut self, year: &LifeYear, date: i32, dollars: f64) {
        let nation = self.nation;
        let county = nation.market.practices[year.home as usize].county;
        let local = &nation.market.local[county];
        let critical = local.critical_access.filter(|_| self.random.chance(0.5));
        let facility = critical.unwrap_or(local.hospital);
        let clinics = nation.calibration.hospital_clinics;
        let patient = hash(nation.seed, self.life.index, 15) % 1000 < (clinics.people * 1e3) as u64;
        let method_two = patient && critical.is_some() && self.random.chance(clinics.method_two);
        let electing = patient && nation.electing_hospitals.contains(&facility);
        let bill = if critical.is_some() { [8, 5] } else { [1, 3] };
        let staff = nation.hospital_staff(facility);
        let clinician = staff + self.random.below(4) as u32;
        let clinicians = if electing || method_two { [clinician, NONE, NONE] } else { [NONE; 3] };
        let bill = Bill {
            table: Table::Outpatient,
            claim_type: claim_type::OUTPATIENT,
            facility,
            bill,
            from: date,
            thru: date,
            clinicians,
        };
        let number = 1 + self.random.poisson(OUTPATIENT_LINES - 1.0) as usize;
        let gross = cents(dollars);
        let mut lines = Vec::with_capacity(number + 1);
        for k in 0..number {
            let (center, hcpcs) = nation.revenue_lines[self.random.below(nation.revenue_lines.len())];
            let gross = share_of(gross, k, number);
            lines.push(Line { center, hcpcs, date, rendering: NONE, gross });
        }
        if method_two || (electing && self.random.chance(clinics.electing)) {
            let center = if method_two { nation.professional_center } else { nation.clinic_center };
            let class = [0, 0, 1, 2][(clinician - staff) as usize];
            if let Some((code, _, _)) = nation.services.draw(year.year, class, false, &mut self.random) {
                lines[0] =
                    Line { center, hcpcs: code, rendering: if method_two { clinician } else { NONE }, ..lines[0] };
            }
        }
        self.bill(bill, &lines, [0; 5], true);
    }

    /// Monthly dialysis claims, one line a session.
    fn dialysis(&mut self, year: &LifeYear, plan: &YearPlan, budget: f64) {
        let nation = self.nation;
        let county = nation.market.practices[year.home as usize].county;
        let facility = nation.market.local[county].dialysis;
        let months: Vec<usize> =
            (0..12).filter(|&m| plan.at_risk[m] && year.esrd[m] && plan.ambulatory[m] > 0.0).collect();
        for &month in &months {
            let start = nation.month_start(year.year, month);
            let end = (nation.month_start(year.year, month + 1) - 1).min(self.death);
            if end < start {
                continue;
            }
            let gross = cents(budget / months.len() as f64);
            let lines: Vec<Line> = (0..SESSIONS)
                .map(|k| Line {
                    center: nation.dialysis_center,
                    hcpcs: nation.named.dialysis,
                    date: (start + 2 * k as i32).min(end),
                    rendering: NONE,
                    gross: share_of(gross, k, SESSIONS),
                })
                .collect();
            let bill = Bill {
                table: Table::Outpatient,
                claim_type: claim_type::OUTPATIENT,
                facility,
                bill: [7, 2],
                from: start,
                thru: end,
                clinicians: [NONE; 3],
            };
            self.bill(bill, &lines, [0; 5], true);
        }
    }

    /// A visit at a center or clinic: one claim; returns what Medicare pays, dollars.
    pub(super) fn clinic_visit(&mut self, date: i32, practice: u32) -> f64 {
        let nation = self.nation;
        let office = &nation.market.practices[practice as usize];
        let Some(facility) = office.facility else { return 0.0 };
        let center = office.kind == PracticeKind::HealthCenter;
        let level = nation.calibration.level(nation.year_of(date).unwrap_or(2018), 3);
        let gross = cents(CLINIC_DOLLARS * office.fee * level * (0.9 + 0.3 * self.random.unit()) * 0.8);
        let clinician = office.clinicians + self.random.below(office.physicians.max(1) as usize) as u32;
        let bill = Bill {
            table: Table::Outpatient,
            claim_type: claim_type::OUTPATIENT,
            facility,
            bill: [7, if center { 7 } else { 1 }],
            from: date,
            thru: date,
            clinicians: [clinician, NONE, NONE],
        };
        let hcpcs = if center { nation.named.clinic_code } else { nation.rural_code };
        let line = Line { center: nation.clinic_revenue, hcpcs, date, rendering: clinician, gross };
        self.bill(bill, &[line], [0; 5], true);
        gross as f64 / 100.0
    }

    /// Home health periods of thirty days adding up to `dollars`.
    pub(super) fn home_health(&mut self, year: &LifeYear, dollars: f64, months: &[f64]) {
        if dollars < 100.0 {
            return;
        }
        let periods = ((dollars / 2_000.0) as usize).clamp(1, 12);
        for _ in 0..periods {
            let month = self.random.pick(months);
            let from = self.day_in(year, month);
            self.home_health_period(year, from, dollars / periods as f64);
        }
    }

    /// One home health claim.
    pub(super) fn home_health_period(&mut self, year: &LifeYear, from: i32, dollars: f64) {
        let nation = self.nation;
        let county = nation.market.practices[year.home as usize].county;
        let thru = (from + 29).min(self.death);
        let bill = Bill {
            table: Table::HomeHealth,
            claim_type: claim_type::HOME_HEALTH,
            facility: nation.market.local[county].home_health,
            bill: [3, 2],
            from,
            thru,
            clinicians: [NONE; 3],
        };
        self.spread(bill, LINES_HOME_HEALTH, cents(dollars), nation.home_health_center);
    }

    /// One hospice claim for a month.
    pub(super) fn hospice(&mut self, year: &LifeYear, month: usize, dollars: f64) {
        let nation = self.nation;
        let county = nation.market.practices[year.home as usize].county;
        let start = nation.month_start(year.year, month);
        let thru = (nation.month_start(year.year, month + 1) - 1).min(self.death);
        let bill = Bill {
            table: Table::Hospice,
            claim_type: claim_type::HOSPICE,
            facility: nation.market.local[county].hospice,
            bill: [8, 1],
            from: start,
            thru,
            clinicians: [NONE; 3],
        };
        self.spread(bill, LINES_HOSPICE, cents(dollars), nation.hospice_center);
    }

    /// A bill whose lines share its payment evenly over its days.
    pub(super) fn spread(&mut self, bill: Bill, number: usize, gross: i64, center: Code) {
        let days = (bill.thru - bill.from).max(0);
        let lines: Vec<Line> = (0..number)
            .map(|k| Line {
                center,
                hcpcs: 0,
                date: bill.from + days * k as i32 / number as i32,
                rendering: NONE,
                gross: share_of(gross, k, number),
            })
            .collect();
        self.bill(bill, &lines, [0; 5], false);
    }

    /// Writes a claim with its lines; now and then a denied twin besides. `part_b`: coinsurance stands on it.
    pub(crate) fn bill(&mut self, bill: Bill, lines: &[Line], extras: [i64; 5], part_b: bool) {
        let Some(processed) = self.processed(bill.thru) else { return };
        let claim = self.next_claim();
        let percent = self.nation.reduction(bill.thru);
        let gross: i64 = lines.iter().map(|line| line.gross).sum();
        let paid = reduced(gross + extras.iter().sum::<i64>(), percent);
        self.write(bill, lines, extras, part_b, Facts { processed, claim, paid, nonpayment: 0 });
        if self.random.chance(DENIED) {
            let claim = self.next_claim();
            let paid = if self.random.chance(0.3) { paid } else { 0 };
            let nonpayment = self.nation.named.nonpayment[usize::from(self.random.chance(0.5))];
            self.write(bill, lines, [0; 5], part_b, Facts { processed, claim, paid, nonpayment });
        }
    }

    fn write(&mut self, bill: Bill, lines: &[Line], extras: [i64; 5], part_b: bool, facts: Facts) {
        let named = &self.nation.named;
        let coinsurance = |gross: i64| if part_b { gross.max(0) / 4 } else { 0 };
        let inside = !matches!(bill.table, Table::Outpatient);
        let row = HeaderRow {
            bene: self.bene,
            claim: facts.claim,
            claim_type: named.types[bill.claim_type],
            from: bill.from,
            thru: bill.thru,
            processed: facts.processed,
            facility: bill.facility,
            facility_type: named.digits[bill.bill[0]],
            service_class: named.digits[bill.bill[1]],
            frequency: named.digits[1],
            nonpayment: facts.nonpayment,
            paid: facts.paid,
            admission: if inside { bill.from } else { NO_DATE },
            discharge: if inside { bill.thru } else { NO_DATE },
            status: if bill.thru >= self.death { named.status[1] } else { named.status[0] },
            drg: 0,
            diagnoses: self.diagnoses,
            clinicians: bill.clinicians,
            deductible: 0,
            coinsurance: lines.iter().map(|line| coinsurance(line.gross)).sum(),
            extras,
        };
        let percent = self.nation.reduction(bill.thru);
        let Some(claims) = self.claims_of(bill) else { return };
        let header = claims.headers.bene.len() as u32;
        claims.headers.push(row);
        for (k, line) in lines.iter().enumerate() {
            claims.lines.push(RevenueRow {
                header,
                line: k as i32 + 1,
                center: line.center,
                date: line.date,
                hcpcs: line.hcpcs,
                units: 1,
                paid: reduced(line.gross, percent),
                deductible: 0,
                coinsurance: coinsurance(line.gross),
                rendering: line.rendering,
            });
        }
    }

    fn claims_of(&mut self, bill: Bill) -> Option<&mut Claims> {
        let tables = self.tables_of(bill.thru)?;
        Some(match bill.table {
            Table::Inpatient => &mut tables.inpatient,
            Table::Nursing => &mut tables.snf,
            Table::Outpatient => &mut tables.outpatient,
            Table::HomeHealth => &mut tables.hha,
            Table::Hospice => &mut tables.hospice,
        })
    }

    /// Changes this life's claims after `claim`: the one written last, and its denied twin, if they were written.
    pub(super) fn amend(&mut self, bill: Bill, claim: i64, change: impl Fn(&mut Claims, usize)) {
        let bene = self.bene;
        let Some(claims) = self.claims_of(bill) else { return };
        for at in (claims.headers.claim.len().saturating_sub(2)..claims.headers.claim.len()).rev() {
            if claims.headers.bene[at] == bene && claims.headers.claim[at] > claim {
                change(claims, at);
            }
        }
    }
}

struct Facts {
    processed: i32,
    claim: i64,
    paid: i64,
    nonpayment: Code,
}

/// The `k`-th of `number` nearly equal shares; they add up to the whole.
pub(crate) fn share_of(whole: i64, k: usize, number: usize) -> i64 {
    let (k, number) = (k as i64, number as i64);
    whole * (k + 1) / number - whole * k / number
}
