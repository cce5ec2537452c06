//! The small builder of planted people: months by exception, claims one by one, expected values beside them.

use super::AnswerRow;
use crate::Nation;
use crate::claims::{friday_from, reduced};
use crate::enrollment::STATUS_CODES;
use crate::tables::{Codes, EnrollmentRow, HeaderRow, LineRow, NO_DATE, NONE, RevenueRow, YearTables};
use acoledger_schemas::program::{
    EsrdMonth, OtherInitiative, Program, ProviderSpecialty, RiskScore, VoluntaryAlignment,
};
use acoledger_schemas::values::*;

/// A planted practice and its clinicians.
#[derive(Clone, Debug)]
pub(super) struct Site {
    pub(super) practice: u32,
    pub(super) tin: String,
    /// Internal medicine.
    pub(super) physician: u32,
    /// Nurse practitioner.
    pub(super) practitioner: u32,
    /// Cardiology, a listed specialty.
    pub(super) specialist: u32,
    /// Orthopedic surgery, not listed.
    pub(super) surgeon: u32,
}

/// Where planted people go.
#[derive(Clone, Debug)]
pub(super) struct Sites {
    /// Retrospective ACOs X and Z, prospective ACO W.
    pub(super) aco_x: String,
    pub(super) aco_z: String,
    pub(super) aco_w: String,
    pub(super) x: [Site; 2],
    pub(super) z: Site,
    pub(super) w: Site,
    pub(super) outside: [Site; 2],
    /// On the lists of X and Z both.
    pub(super) shared: Site,
    /// Facilities of X: center, critical access hospital, electing hospital.
    pub(super) center: u32,
    pub(super) critical: u32,
    pub(super) electing: u32,
    /// Nobody's.
    pub(super) clinic: u32,
    pub(super) clinic_ccn: String,
    pub(super) hospital: u32,
    pub(super) maryland: u32,
    pub(super) nursing: u32,
}

impl Sites {
    /// Specialties of the clinicians who appear on facility claims.
    pub(super) fn specialties(&self, nation: &Nation) -> Vec<ProviderSpecialty> {
        let row = |clinician: u32| ProviderSpecialty {
            npi: nation.npi(clinician),
            specialty: nation.market.clinicians[clinician as usize].clone(),
            begins_on: None,
            ends_on: None,
        };
        [self.x[0].physician, self.x[0].practitioner, self.x[0].specialist].map(row).to_vec()
    }
}

/// A carrier or DME line; each is a claim of its own.
#[derive(Clone, Debug)]
pub(super) struct PlantedLine {
    pub(super) supply: bool,
    pub(super) date: Date,
    pub(super) practice: u32,
    pub(super) clinician: u32,
    pub(super) specialty: &'static str,
    pub(super) code: &'static str,
    pub(super) place: &'static str,
    pub(super) allowed: i64,
    /// Payment before sequestration, cents.
    pub(super) gross: i64,
    pub(super) denial: &'static str,
    pub(super) processing: &'static str,
    pub(super) twice: bool,
}

/// A facility claim with one line.
#[derive(Clone, Debug)]
pub(super) struct PlantedBill {
    pub(super) table: &'static str,
    pub(super) claim_type: &'static str,
    pub(super) facility: u32,
    pub(super) bill: [&'static str; 2],
    pub(super) from: Date,
    pub(super) thru: Date,
    /// Payment before sequestration and without the extras, cents.
    pub(super) gross: i64,
    pub(super) extras: [i64; 5],
    pub(super) nonpayment: &'static str,
    pub(super) diagnosis: &'static str,
    pub(super) attending: u32,
    pub(super) center: &'static str,
    pub(super) code: &'static str,
    pub(super) rendering: u32,
}

/// A planted person.
#[derive(Clone, Debug)]
pub(super) struct Case {
    name: &'static str,
    birth: Date,
    death: Option<Date>,
    changes: Vec<(i32, std::ops::RangeInclusive<usize>, Change)>,
    lines: Vec<PlantedLine>,
    bills: Vec<PlantedBill>,
    designations: Vec<(Date, Option<Date>, Site)>,
    initiatives: Vec<i32>,
    kidney: Vec<(i32, u16)>,
    /// `(nth claim, cents)`: population-based reductions.
    pub(super) reductions: Vec<(i64, i64)>,
    answers: Vec<Answer>,
}

/// How months differ from Parts A and B in fee-for-service, non-dual, at home.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    Buyin(u8),
    Plan(u8),
    Dual(&'static str),
    /// A position in [`crate::nation::OUTSIDE`].
    Outside(usize),
    Status(&'static str),
}

/// Who wins.
#[derive(Clone, Debug)]
pub(super) enum Winner {
    Aco(String),
    Tin(String),
    Ccn(String),
    Nobody,
    /// Not the point of the case.
    Open,
}

/// Figures of one enrollment type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Figures {
    pub(super) kind: EnrollmentType,
    pub(super) months: u8,
    pub(super) annualised: i64,
    /// Whether it may lie above the national threshold.
    pub(super) large: bool,
}

#[derive(Clone, Debug)]
struct Answer {
    performance_year: i32,
    calendar_year: i32,
    eligible: Option<bool>,
    step: Option<u8>,
    winner: Winner,
    figures: Option<Figures>,
    rule: &'static str,
}

/// Allowed charge and payment of a plain planted visit: 100.00 and 80.00.
pub(super) const VISIT: i64 = 10_000;
pub(super) const VISIT_PAID: i64 = 8_000;

pub(super) fn day(year: i32, month: u32, day: u32) -> Date {
    crate::program::date(year, month, day)
}

/// Figures of an aged non-dual life.
pub(super) fn aged(months: u8, annualised: i64) -> Option<Figures> {
    Some(Figures { kind: EnrollmentType::Agnd, months, annualised, large: false })
}

impl Case {
    /// A life aged about 75, at home in the nation's first county.
    pub(super) fn new(name: &'static str) -> Case {
        Case {
            name,
            birth: day(1947, 5, 17),
            death: None,
            changes: Vec::new(),
            lines: Vec::new(),
            bills: Vec::new(),
            designations: Vec::new(),
            initiatives: Vec::new(),
            kidney: Vec::new(),
            reductions: Vec::new(),
            answers: Vec::new(),
        }
    }

    pub(super) fn born(mut self, birth: Date) -> Case {
        self.birth = birth;
        self
    }

    pub(super) fn died(mut self, death: Date) -> Case {
        self.death = Some(death);
        self
    }

    /// Changes months (1 to 12) of a year.
    pub(super) fn months(mut self, year: i32, months: std::ops::RangeInclusive<usize>, change: Change) -> Case {
        self.changes.push((year, months, change));
        self
    }

    pub(super) fn designates(mut self, on: Date, ended: Option<Date>, site: &Site) -> Case {
        self.designations.push((on, ended, site.clone()));
        self
    }

    pub(super) fn elsewhere(mut self, year: i32) -> Case {
        self.initiatives.push(year);
        self
    }

    pub(super) fn kidney(mut self, year: i32, mask: u16) -> Case {
        self.kidney.push((year, mask));
        self
    }

    /// An office visit of an established patient with a physician; payment 80 % of the allowed charge.
    pub(super) fn visit(self, date: Date, site: &Site, allowed: i64) -> Case {
        self.service(date, site.practice, site.physician, "11", "99214", "11", allowed)
    }

    /// The same with a nurse practitioner.
    pub(super) fn practitioner_visit(self, date: Date, site: &Site, allowed: i64) -> Case {
        self.service(date, site.practice, site.practitioner, "50", "99214", "11", allowed)
    }

    /// The same with a cardiologist.
    pub(super) fn specialist_visit(self, date: Date, site: &Site, allowed: i64) -> Case {
        self.service(date, site.practice, site.specialist, "06", "99214", "11", allowed)
    }

    #[expect(clippy::too_many_arguments, reason = "a line is what it is made of")]
    pub(super) fn service(
        self,
        date: Date,
        practice: u32,
        clinician: u32,
        specialty: &'static str,
        code: &'static str,
        place: &'static str,
        allowed: i64,
    ) -> Case {
        self.line(PlantedLine {
            supply: false,
            date,
            practice,
            clinician,
            specialty,
            code,
            place,
            allowed,
            gross: allowed * 8 / 10,
            denial: "1",
            processing: "A",
            twice: false,
        })
    }

    pub(super) fn line(mut self, line: PlantedLine) -> Case {
        self.lines.push(line);
        self
    }

    pub(super) fn bill(mut self, bill: PlantedBill) -> Case {
        self.bills.push(bill);
        self
    }

    /// Takes a population-based reduction off the `nth` claim, counted from 1, lines before bills.
    pub(super) fn reduction(mut self, nth: i64, cents: i64) -> Case {
        self.reductions.push((nth, cents));
        self
    }

    /// What the year must come to, for the performance year `year` itself.
    pub(super) fn expect(
        self,
        year: i32,
        eligible: bool,
        step: u8,
        winner: Winner,
        figures: Option<Figures>,
        rule: &'static str,
    ) -> Case {
        let step = if step == 0 { None } else { Some(step) };
        self.answer(Answer {
            performance_year: year,
            calendar_year: year,
            eligible: Some(eligible),
            step,
            winner,
            figures,
            rule,
        })
    }

    /// Spending of a calendar year, for a case that is not about assignment.
    pub(super) fn spends(
        self,
        performance_year: i32,
        calendar_year: i32,
        figures: Figures,
        rule: &'static str,
    ) -> Case {
        let figures = Some(figures);
        self.answer(Answer {
            performance_year,
            calendar_year,
            eligible: None,
            step: None,
            winner: Winner::Open,
            figures,
            rule,
        })
    }

    fn answer(mut self, answer: Answer) -> Case {
        self.answers.push(answer);
        self
    }

    pub(super) fn plant(self, cases: &mut Vec<Case>) {
        cases.push(self);
    }

    pub(super) fn enter_codes(&self, codes: &mut Codes) {
        for line in &self.lines {
            for code in [line.specialty, line.code, line.place, line.denial, line.processing] {
                codes.enter(code);
            }
        }
        for bill in &self.bills {
            for code in
                [bill.claim_type, bill.bill[0], bill.bill[1], bill.nonpayment, bill.diagnosis, bill.center, bill.code]
            {
                codes.enter(code);
            }
        }
        for code in STATUS_CODES.into_iter().chain(["NA", "71", "82", "1", "291"]) {
            codes.enter(code);
        }
        for (_, _, change) in &self.changes {
            if let Change::Dual(code) | Change::Status(code) = change {
                codes.enter(code);
            }
        }
    }

    pub(super) fn answers(&self, bene: u64) -> impl Iterator<Item = AnswerRow> {
        self.answers.iter().map(move |answer| {
            let (kind, entity) = match &answer.winner {
                Winner::Aco(id) => (Some("aco"), Some(id.clone())),
                Winner::Tin(tin) => (Some("tin"), Some(tin.clone())),
                Winner::Ccn(ccn) => (Some("ccn"), Some(ccn.clone())),
                Winner::Nobody => (Some("none"), None),
                Winner::Open => (None, None),
            };
            AnswerRow {
                case: self.name.to_owned(),
                bene_id: crate::program::bene_id(bene),
                performance_year: PerformanceYear(answer.performance_year),
                calendar_year: CalendarYear(answer.calendar_year),
                eligible: answer.eligible.map(Flag),
                step: answer.step,
                entity_kind: kind.map(str::to_owned),
                entity,
                enrollment_type: answer.figures.map(|figures| figures.kind),
                months: Some(answer.figures.map_or(0, |figures| figures.months)),
                annualised_cents: answer.figures.map(|figures| figures.annualised),
                truncated_cents: answer.figures.filter(|figures| !figures.large).map(|figures| figures.annualised),
                rule: answer.rule.to_owned(),
            }
        })
    }

    pub(super) fn program(&self, nation: &Nation, bene: u64, program: &mut Program) {
        let bene_id = crate::program::bene_id(bene);
        for (on, ended, site) in &self.designations {
            program.voluntary_alignment.get_or_insert_default().push(VoluntaryAlignment {
                bene_id: bene_id.clone(),
                designated_on: *on,
                ended_on: *ended,
                designee_npi: Some(nation.npi(site.physician)),
                designee_tin: nation.tin(site.practice),
                designee_specialty: Some("11".to_owned()),
            });
        }
        for &year in &self.initiatives {
            program.other_initiative.get_or_insert_default().push(OtherInitiative {
                bene_id: bene_id.clone(),
                calendar_year: CalendarYear(year),
                initiative: Some("REACH".to_owned()),
                begins_on: Some(day(year, 1, 1)),
                ends_on: Some(day(year, 12, 31)),
                decided_on: Some(day(year - 1, 12, 15)),
            });
        }
        for &(year, mask) in &self.kidney {
            program.esrd_month.get_or_insert_default().push(EsrdMonth {
                bene_id: bene_id.clone(),
                calendar_year: CalendarYear(year),
                months_mask: MonthsMask(mask),
            });
        }
        for year in nation.years().filter(|year| self.death.is_none_or(|death| death.year() >= *year)) {
            for model in nation.score_models(year) {
                for enrollment_type in EnrollmentType::ALL {
                    program.risk_score.get_or_insert_default().push(average_score(
                        &bene_id,
                        year,
                        model,
                        enrollment_type,
                    ));
                }
            }
        }
    }

    pub(super) fn write(&self, nation: &Nation, bene: u64, claim: i64, tables: &mut [YearTables]) {
        for year in nation.years() {
            if self.death.is_none_or(|death| death.year() >= year) {
                let row = self.enrollment(nation, bene, year);
                tables[(year - nation.first_year) as usize].enrollment.push(row);
            }
        }
        let mut claim = claim;
        for line in &self.lines {
            claim += 1;
            for _ in 0..1 + usize::from(line.twice) {
                write_line(nation, line, bene, claim, tables);
            }
        }
        for bill in &self.bills {
            claim += 1;
            write_bill(nation, bill, bene, claim, tables);
        }
    }

    fn enrollment(&self, nation: &Nation, bene: u64, year: i32) -> EnrollmentRow {
        let code = |text: &str| nation.codes.of(text);
        let dead = |month: usize| self.death.is_some_and(|death| nation.month_start(year, month) > death.0);
        let mut row = EnrollmentRow {
            bene,
            birth: self.birth.0,
            death: self.death.filter(|death| death.year() == year).map_or(NO_DATE, |death| death.0),
            sex: b'2',
            year,
            original_reason: b'0',
            current_reason: b'0',
            county: [0; 12],
            status: [code("10"); 12],
            buyin: [b'3'; 12],
            plan: [b'0'; 12],
            dual: [code("NA"); 12],
        };
        for (_, months, change) in self.changes.iter().filter(|change| change.0 == year) {
            for month in months.clone().map(|month| month - 1) {
                match change {
                    Change::Buyin(letter) => row.buyin[month] = *letter,
                    Change::Plan(letter) => row.plan[month] = *letter,
                    Change::Dual(text) => row.dual[month] = code(text),
                    Change::Status(text) => row.status[month] = code(text),
                    Change::Outside(at) => row.county[month] = nation.outside(*at),
                }
            }
        }
        for month in (0..12).filter(|&month| dead(month)) {
            (row.county[month], row.status[month], row.dual[month], row.buyin[month]) = (NONE, 0, 0, b'0');
        }
        row
    }
}

/// Days between a planted service and its processing.
const LAG_DAYS: i32 = 14;

fn table_of<'t>(nation: &Nation, thru: Date, tables: &'t mut [YearTables]) -> Option<&'t mut YearTables> {
    let known = thru.0 >= nation.first_claim_day && friday_from(thru.0 + LAG_DAYS) <= nation.claims_known_until;
    tables.get_mut(usize::try_from(nation.year_of(thru.0).filter(|_| known)? - nation.first_year).ok()?)
}

fn write_line(nation: &Nation, line: &PlantedLine, bene: u64, claim: i64, tables: &mut [YearTables]) {
    let code = |text: &str| nation.codes.of(text);
    let paid = reduced(line.gross, nation.reduction(line.date.0));
    let row = LineRow {
        bene,
        claim,
        line: 1,
        claim_type: code(if line.supply { "82" } else { "71" }),
        from: line.date.0,
        thru: line.date.0,
        processed: friday_from(line.date.0 + LAG_DAYS),
        denial: code(line.denial),
        claim_paid: paid,
        principal: code("I10"),
        second: 0,
        diagnosis: code("I10"),
        hcpcs: code(line.code),
        modifier: 0,
        specialty: code(line.specialty),
        place: code(line.place),
        practice: line.practice,
        clinician: line.clinician,
        first: line.date.0,
        last: line.date.0,
        paid,
        allowed: line.allowed,
        processing: code(line.processing),
    };
    if let Some(tables) = table_of(nation, line.date, tables) {
        if line.supply { tables.dme.push(row) } else { tables.carrier.push(row) }
    }
}

fn write_bill(nation: &Nation, bill: &PlantedBill, bene: u64, claim: i64, tables: &mut [YearTables]) {
    let code = |text: &str| nation.codes.of(text);
    let percent = nation.reduction(bill.thru.0);
    let stay = bill.table != "outpatient";
    let row = HeaderRow {
        bene,
        claim,
        claim_type: code(bill.claim_type),
        from: bill.from.0,
        thru: bill.thru.0,
        processed: friday_from(bill.thru.0 + LAG_DAYS),
        facility: bill.facility,
        facility_type: code(bill.bill[0]),
        service_class: code(bill.bill[1]),
        frequency: code("1"),
        nonpayment: code(bill.nonpayment),
        paid: reduced(bill.gross + bill.extras.iter().sum::<i64>(), percent),
        admission: if stay { bill.from.0 } else { NO_DATE },
        discharge: if stay { bill.thru.0 } else { NO_DATE },
        status: 0,
        drg: if bill.table == "inpatient" { code("291") } else { 0 },
        diagnoses: [code(bill.diagnosis), 0, 0, 0],
        clinicians: [bill.attending, NONE, NONE],
        deductible: 0,
        coinsurance: 0,
        extras: bill.extras,
    };
    let Some(tables) = table_of(nation, bill.thru, tables) else { return };
    let claims = match bill.table {
        "inpatient" => &mut tables.inpatient,
        "snf" => &mut tables.snf,
        _ => &mut tables.outpatient,
    };
    let header = claims.headers.bene.len() as u32;
    claims.headers.push(row);
    claims.lines.push(RevenueRow {
        header,
        line: 1,
        center: code(bill.center),
        date: bill.thru.0,
        hcpcs: code(bill.code),
        units: 1,
        paid: reduced(bill.gross, percent),
        deductible: 0,
        coinsurance: 0,
        rendering: bill.rendering,
    });
}

/// A score of 1 in every type: a planted person's risk is never the point, but a county of theirs needs one.
fn average_score(bene_id: &BeneId, year: i32, model: i32, enrollment_type: EnrollmentType) -> RiskScore {
    RiskScore {
        bene_id: bene_id.clone(),
        calendar_year: CalendarYear(year),
        month: None,
        score_year: CalendarYear(model),
        enrollment_type,
        hcc_score: 1.0,
        demographic_score: Some(1.0),
    }
}
