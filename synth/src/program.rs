//! Program files of the nation: lists, agreements and factors once; scores, designations and the like person by person.

use crate::Nation;
use crate::acos::AcoPlan;
use crate::nation::{npi, tin};
use crate::people::{Life, LifeYear, Month, aged_from};
use crate::random::{Random, hash};
use acoledger_schemas::program::*;
use acoledger_schemas::table::Dollars;
use acoledger_schemas::values::*;
use std::ops::Range;

/// Day since which the facilities of the ordinary nation are enrolled.
const ENROLLED_ON: (i32, u32, u32) = (2012, 3, 1);
/// Months that a disaster lasts.
const DISASTER_MONTHS: u8 = 4;
/// Growth of the prospective trend a year, by type; assumed.
const TREND: [f64; 4] = [1.045, 1.050, 1.055, 1.052];
/// First agreement start with a prospective trend and prior savings (METHODOLOGY 0.4).
const TREND_FROM: i32 = 2024;
/// Shares of lives with a designation, with another initiative, with a demonstration payment.
const DESIGNATIONS: f64 = 0.007;
const DESIGNATIONS_ELSEWHERE: f64 = 0.3;
const INITIATIVES: f64 = 0.012;
const DEMONSTRATIONS: f64 = 0.004;
const SUBSIDY_NON_DUAL: f64 = 0.04;

impl Nation {
    /// The program files that name no person.
    pub fn program(&self) -> Program {
        let mut program = Program {
            aco: self.aco_rows(),
            aco_history: Some(self.history_rows()),
            participant: Some(self.participant_rows()),
            participant_ccn: Some(self.facility_rows()),
            aco_provider: self.attested_rows(),
            provider_specialty: Some(self.specialty_rows()),
            acpt: Some(self.trend_rows()),
            disaster: Some(self.disaster_rows()),
            ..Program::default()
        };
        let hospitals = |year: &i32| {
            let performance_year = PerformanceYear(*year);
            let row = move |&at: &u32| EtaHospital { performance_year, ccn: self.ccn(at) };
            self.electing_hospitals.iter().map(row).collect::<Vec<_>>()
        };
        program.eta_hospital = Some(self.performance_years.iter().flat_map(hospitals).collect());
        program.eta_fee = Some(self.fee_rows());
        self.planted.program(self, &mut program);
        program
    }

    /// Appends the program rows of a range of people to the tables that name persons.
    pub fn people_program(&self, people: Range<u64>, program: &mut Program) {
        for index in people {
            if index >= self.ordinary {
                self.planted.people_program(self, (index - self.ordinary) as usize, program);
                continue;
            }
            let life = self.life(index);
            let mut random = Random::new(self.seed, index, 3);
            let bene_id = bene_id(self.bene(index));
            self.designations(&life, &bene_id, &mut random, program.voluntary_alignment.get_or_insert_default());
            self.initiatives(&bene_id, &mut random, program.other_initiative.get_or_insert_default());
            self.demonstrations(&life, &bene_id, &mut random, program.non_claims_payment.get_or_insert_default());
            for year in life.years.iter().filter(|year| year.months.iter().any(|month| *month != Month::Out)) {
                kidney(year, &bene_id, program.esrd_month.get_or_insert_default());
                self.subsidy(&life, year, &bene_id, program.lis_adi.get_or_insert_default());
                self.scores(&life, year, &bene_id, program.risk_score.get_or_insert_default());
            }
        }
    }

    fn active(&self, plan: &AcoPlan, year: i32) -> bool {
        plan.start <= year
    }

    fn aco_rows(&self) -> Vec<Aco> {
        let last = self.last_year;
        let row = |plan: &AcoPlan, year: i32| {
            let ended = plan.terminated.filter(|_| year == last);
            Aco {
                performance_year: PerformanceYear(year),
                period: Period::Full,
                aco_id: aco_id(plan),
                aco_name: Some(format!("Synthetic ACO {}", &plan.id[1..])),
                agreement_start: date(plan.start, 1, 1),
                agreement_number: if plan.kind == AgreementType::Initial { 1 } else { 2 },
                agreement_type: plan.kind,
                track: plan.track(year),
                track_year: None,
                assignment_method: plan.method,
                msr_choice: plan.msr,
                regional_adjustment_count: Some(if plan.kind == AgreementType::Initial { 1 } else { 2 }),
                revenue_category: Some(plan.revenue),
                revenue_loss_limit: None,
                participant_revenue: None,
                quality_score: Some((plan.quality * 1e4).round() / 1e4),
                met_quality_standard: Some(Flag(plan.met_standard)),
                met_alternative_standard: Some(Flag(plan.met_alternative)),
                first_year_complete_reporting: Some(Flag(
                    plan.kind == AgreementType::Initial && year == plan.start && plan.met_standard,
                )),
                terminated_on: ended.map(|(month, _)| date(year, month, days_in_month(year, month))),
                termination_kind: ended.map(|(_, kind)| kind),
                advance_balance: plan.advance_balance_dollars.map(|dollars| Dollars(Cents(dollars * 100))),
            }
        };
        let years = self.performance_years.iter();
        years
            .flat_map(|&year| {
                self.acos.iter().filter(move |plan| self.active(plan, year)).map(move |plan| row(plan, year))
            })
            .collect()
    }

    /// Settled years before an agreement from 2024 on, of those that were in the program then.
    fn history_rows(&self) -> Vec<AcoHistory> {
        let mut random = Random::new(self.seed, 0, 400);
        let mut rows = Vec::new();
        for plan in self.acos.iter().filter(|plan| plan.start >= TREND_FROM && plan.kind != AgreementType::Initial) {
            let skipped = i32::from(plan.kind == AgreementType::Reentering);
            for year in plan.start - 3..plan.start - skipped {
                rows.push(AcoHistory {
                    aco_id: aco_id(plan),
                    calendar_year: CalendarYear(year),
                    per_capita_savings: (100.0 * (220.0 + 150.0 * random.normal())).round() / 100.0,
                    person_years: (1_000.0 * 5_500.0 * plan.size * (0.95 + 0.1 * random.unit())).round() / 1_000.0,
                    forfeited: Flag(false),
                    shared_savings_per_capita: None,
                });
            }
        }
        rows
    }

    fn listed(&self, practice: u32, year: i32) -> Option<&AcoPlan> {
        let practice = &self.market.practices[practice as usize];
        let plan = &self.acos[usize::from(practice.aco?)];
        let listed = practice.listed_years == u8::MAX || year - plan.start < i32::from(practice.listed_years);
        (self.active(plan, year) && listed).then_some(plan)
    }

    fn participant_rows(&self) -> Vec<Participant> {
        let mut rows = Vec::new();
        for &year in &self.performance_years {
            for at in 0..self.market.practices.len() as u32 {
                if let Some(plan) = self.listed(at, year) {
                    rows.push(Participant {
                        performance_year: PerformanceYear(year),
                        aco_id: aco_id(plan),
                        tin: self.tin(at),
                    });
                }
            }
        }
        rows.sort_by(|a, b| (a.performance_year, &a.aco_id, &a.tin).cmp(&(b.performance_year, &b.aco_id, &b.tin)));
        rows
    }

    fn facility_rows(&self) -> Vec<ParticipantCcn> {
        let mut rows = Vec::new();
        for &year in &self.performance_years {
            for facility in &self.market.facilities {
                let Some(practice) = facility.practice else { continue };
                let Some(plan) = self.listed(practice, year) else { continue };
                rows.push(ParticipantCcn {
                    performance_year: PerformanceYear(year),
                    aco_id: aco_id(plan),
                    tin: self.tin(practice),
                    ccn: Ccn::new(&facility.ccn).expect("numbers are six digits"),
                    ccn_type: Some(facility.kind.to_owned()),
                    enrolled_on: Some(date(ENROLLED_ON.0, ENROLLED_ON.1, ENROLLED_ON.2)),
                    ended_on: None,
                });
            }
        }
        rows
    }

    /// Clinicians of centers and clinics, attested, for the years that ask for it (M.A.7.1).
    fn attested_rows(&self) -> Option<Vec<AcoProvider>> {
        let years = self.performance_years.iter().filter(|year| **year < crate::planted::CENTERS_COUNT_FROM);
        let mut rows = Vec::new();
        for &year in years {
            for (at, practice) in self.market.practices.iter().enumerate() {
                let Some(plan) = self.listed(at as u32, year).filter(|_| practice.facility.is_some()) else { continue };
                let clinicians =
                    practice.clinicians..practice.clinicians + practice.physicians + practice.practitioners;
                rows.extend(clinicians.enumerate().map(|(nth, clinician)| AcoProvider {
                    performance_year: PerformanceYear(year),
                    aco_id: aco_id(plan),
                    tin: Some(self.tin(at as u32)),
                    npi: self.npi(clinician),
                    attested: Some(Flag(nth < practice.physicians as usize)),
                }));
            }
        }
        Some(rows).filter(|rows| !rows.is_empty())
    }

    fn specialty_rows(&self) -> Vec<ProviderSpecialty> {
        let hospitals = self.market.facilities.iter().filter(|facility| matches!(facility.kind, "HOSPITAL" | "CAH"));
        hospitals
            .flat_map(|facility| facility.staff..facility.staff + crate::market::HOSPITAL_STAFF.len() as u32)
            .map(|clinician| ProviderSpecialty {
                npi: self.npi(clinician),
                specialty: self.market.clinicians[clinician as usize].clone(),
                begins_on: Some(date(2000, 1, 1)),
                ends_on: None,
            })
            .collect()
    }

    fn fee_rows(&self) -> Vec<EtaFee> {
        let mut rows = Vec::new();
        for year in self.first_year..=self.last_year {
            let mut seen = std::collections::BTreeSet::new();
            let clinic = (self.named.clinic_visit, 110.0);
            for (code, fee) in self.services.fees(year).chain([clinic]) {
                if seen.insert(code) {
                    rows.push(EtaFee {
                        calendar_year: CalendarYear(year),
                        hcpcs: Hcpcs::new(&self.codes.texts()[usize::from(code)]).expect("codes have five characters"),
                        amount: Dollars(Cents((fee * 100.0).round() as i64)),
                    });
                }
            }
        }
        rows
    }

    fn trend_rows(&self) -> Vec<Acpt> {
        let mut rows = Vec::new();
        for &year in &self.performance_years {
            let starts: std::collections::BTreeSet<i32> =
                self.acos.iter().map(|plan| plan.start).filter(|start| (TREND_FROM..=year).contains(start)).collect();
            for start in starts {
                for kind in EnrollmentType::ALL {
                    let factor = TREND[kind.index()].powi(year - start + 1);
                    rows.push(Acpt {
                        performance_year: PerformanceYear(year),
                        agreement_start: date(start, 1, 1),
                        aco_id: None,
                        enrollment_type: kind,
                        factor: (factor * 1e6).round() / 1e6,
                    });
                }
            }
        }
        rows
    }

    fn disaster_rows(&self) -> Vec<Disaster> {
        let mut hit = std::collections::BTreeSet::new();
        for (at, _) in self.acos.iter().enumerate().filter(|(_, plan)| plan.disaster) {
            let county =
                self.market.practices.iter().find(|practice| practice.aco == Some(at as u16)).map(|p| p.county);
            hit.extend(county);
        }
        let county = |at: usize| County::new(&self.counties[at].fips).expect("county codes are five digits");
        hit.into_iter()
            .map(|at| Disaster {
                performance_year: PerformanceYear(self.last_year),
                county: county(at),
                months: DISASTER_MONTHS,
            })
            .collect()
    }

    fn designations(&self, life: &Life, bene_id: &BeneId, random: &mut Random, rows: &mut Vec<VoluntaryAlignment>) {
        if !random.chance(DESIGNATIONS) {
            return;
        }
        let Some(year) = life.years.get(random.below(life.years.len())) else { return };
        let elsewhere = random.chance(DESIGNATIONS_ELSEWHERE);
        let draw = random.unit();
        let practice = match year.county.iter().find(|county| **county < crate::tables::ABROAD) {
            Some(&county) if elsewhere => self.home_in(county, draw),
            _ => year.home,
        };
        let office = &self.market.practices[practice as usize];
        let clinician = office.clinicians + random.below(office.physicians.max(1) as usize) as u32;
        let month = 1 + random.below(12) as u32;
        rows.push(VoluntaryAlignment {
            bene_id: bene_id.clone(),
            designated_on: date(year.year, month, 1 + random.below(28) as u32),
            ended_on: random.chance(0.1).then(|| date(year.year + 1, month, 1)),
            designee_npi: Some(self.npi(clinician)),
            designee_tin: self.tin(practice),
            designee_specialty: Some(self.market.clinicians[clinician as usize].clone()),
        });
    }

    fn initiatives(&self, bene_id: &BeneId, random: &mut Random, rows: &mut Vec<OtherInitiative>) {
        if !random.chance(INITIATIVES) {
            return;
        }
        let years = (self.last_year - self.first_year) as usize;
        let first = self.first_year + 1 + random.below(years) as i32;
        for year in first..=(first + random.below(2) as i32).min(self.last_year) {
            rows.push(OtherInitiative {
                bene_id: bene_id.clone(),
                calendar_year: CalendarYear(year),
                initiative: Some("REACH".to_owned()),
                begins_on: Some(date(year, 1, 1)),
                ends_on: Some(date(year, 12, 31)),
                decided_on: (!random.chance(0.1)).then(|| date(year - 1, 12, 15)),
            });
        }
    }

    fn demonstrations(&self, life: &Life, bene_id: &BeneId, random: &mut Random, rows: &mut Vec<NonClaimsPayment>) {
        if !random.chance(DEMONSTRATIONS) {
            return;
        }
        for year in life.years.iter().filter(|year| year.months.contains(&Month::FeeForService)) {
            rows.push(NonClaimsPayment {
                bene_id: bene_id.clone(),
                calendar_year: CalendarYear(year.year),
                month: 1 + random.below(12) as u8,
                program: Some("PCF".to_owned()),
                part: Some("B".to_owned()),
                final_: Flag(random.chance(0.9)),
                amount: Dollars(Cents(1_200 + random.below(5_000) as i64)),
            });
        }
    }

    fn subsidy(&self, life: &Life, year: &LifeYear, bene_id: &BeneId, rows: &mut Vec<LisAdi>) {
        if !self.performance_years.contains(&year.year) {
            return;
        }
        let dual = year.dual.iter().filter(|code| **code != 0).count();
        let draw = hash(self.seed, life.index, 13);
        let poor = draw % 1000 < (SUBSIDY_NON_DUAL * 1e3) as u64;
        rows.push(LisAdi {
            bene_id: bene_id.clone(),
            calendar_year: CalendarYear(year.year),
            lis_months: Some(if poor { 12 } else { dual as u8 }),
            adi_rank: Some((1 + (draw >> 32) % 100) as u8),
        });
    }

    /// Scores of a year: by the model of the year, and by a performance year's where an agreement from 2024 needs it
    /// (M.C.1.5).
    fn scores(&self, life: &Life, year: &LifeYear, bene_id: &BeneId, rows: &mut Vec<RiskScore>) {
        let models = self.score_models(year.year);
        let kinds: std::collections::BTreeSet<u8> =
            (0..12).filter(|&month| year.months[month] == Month::FeeForService).map(|month| year.kind[month]).collect();
        for kind in kinds {
            for &model in &models {
                rows.push(self.score(life, year, usize::from(kind), model, bene_id));
            }
        }
    }

    /// Years whose models score a calendar year: its own, and those of performance years that rescore it (M.C.1.5); none
    /// before the first benchmark year.
    pub(crate) fn score_models(&self, year: i32) -> Vec<i32> {
        if year < self.performance_years[0] - 3 {
            return Vec::new();
        }
        let rescored = |performance: &i32| {
            let reaches =
                |plan: &AcoPlan| plan.start >= TREND_FROM && plan.start <= *performance && plan.start - 3 <= year;
            *performance > year && self.acos.iter().any(reaches)
        };
        std::iter::once(year).chain(self.performance_years.iter().copied().filter(rescored)).collect()
    }

    fn score(&self, life: &Life, year: &LifeYear, kind: usize, model: i32, bene_id: &BeneId) -> RiskScore {
        let [b, g, s] = self.calibration.risk[kind];
        let mut random = Random::new(self.seed, life.index, 500 + year.year as u64);
        let (coding, own) = (random.normal(), Random::new(self.seed, life.index, 900 + model as u64).normal());
        let noise = s * (0.9 * coding + 0.19f64.sqrt() * own);
        let norm = (b * year.severity_before + g * life.use_effect + noise - (b * b + g * g + s * s) / 2.0).exp();
        let drift = 1.0 + 0.004 * f64::from(year.year - self.first_year);
        // The model phased in from 2024 scores lower; renormalisation takes that out again.
        let level = if model >= 2024 { 0.93 } else { 1.0 };
        let age = f64::from(year.year * 12 + 6 - aged_from(life.birth)) / 12.0 + 65.0;
        let demographic = match kind {
            0 => 0.82,
            1 => 0.36 + 0.002 * (age - 50.0),
            _ => 0.33 + 0.016 * (age - 65.0).max(0.0),
        } * [1.0, 1.0, 1.4, 1.0][kind]
            * if life.sex == 2 { 0.97 } else { 1.03 };
        RiskScore {
            bene_id: bene_id.clone(),
            calendar_year: CalendarYear(year.year),
            month: None,
            score_year: CalendarYear(model),
            enrollment_type: EnrollmentType::ALL[kind],
            hcc_score: thousandths(norm * drift * level),
            demographic_score: Some(thousandths(demographic)),
        }
    }

    pub(crate) fn tin(&self, practice: u32) -> Tin {
        Tin::new(&tin(self.market.practices[practice as usize].tin)).expect("tax numbers are nine digits")
    }
    pub(crate) fn npi(&self, clinician: u32) -> Npi {
        Npi::new(&npi(clinician)).expect("identifiers are ten digits")
    }
    pub(crate) fn ccn(&self, facility: u32) -> Ccn {
        Ccn::new(&self.market.facilities[facility as usize].ccn).expect("numbers are six digits")
    }
}

fn kidney(year: &LifeYear, bene_id: &BeneId, rows: &mut Vec<EsrdMonth>) {
    if year.esrd_entitled.contains(&true) {
        let mask = (0..12).filter(|&month| year.esrd[month]).fold(0u16, |mask, month| mask | 1 << month);
        rows.push(EsrdMonth {
            bene_id: bene_id.clone(),
            calendar_year: CalendarYear(year.year),
            months_mask: MonthsMask(mask),
        });
    }
}

fn thousandths(score: f64) -> f64 {
    (score * 1e3).round().max(1.0) / 1e3
}

fn aco_id(plan: &AcoPlan) -> AcoId {
    AcoId::new(&plan.id).expect("identifiers of planned ACOs are plain")
}

pub(crate) fn bene_id(number: u64) -> BeneId {
    BeneId::new(&number.to_string()).expect("numbers are identifiers")
}

pub(crate) fn date(year: i32, month: u32, day: u32) -> Date {
    Date::new(year, month, day).expect("a day of the calendar")
}
