//! Planted people as rows: codes, program files, enrollment, claims, and the answer key.

use super::AnswerRow;
use super::build::{Case, Change, PlantedBill, PlantedLine, Winner, day};
use crate::Nation;
use crate::claims::{friday_from, reduced};
use crate::enrollment::STATUS_CODES;
use crate::tables::{Codes, EnrollmentRow, HeaderRow, LineRow, NO_DATE, NONE, RevenueRow, YearTables};
use acoledger_schemas::program::{EsrdMonth, OtherInitiative, Program, RiskScore, VoluntaryAlignment};
use acoledger_schemas::values::*;

impl Case {
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
                basis: answer.basis,
                tie: answer.tie.map(str::to_owned),
                county: answer.county.as_deref().map(|fips| County::new(fips).expect("county codes are five digits")),
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
            // The version that stands comes first: a lake made without raw files keeps the first of equal lines.
            if let Some(allowed) = line.earlier {
                let processed = Some(Date(processed(line).0 - 7));
                let version = PlantedLine { allowed, gross: allowed * 8 / 10, processed, ..line.clone() };
                write_line(nation, &version, bene, claim, tables);
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
                    Change::County(at) => row.county[month] = *at,
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

fn table_of<'t>(
    nation: &Nation,
    thru: Date,
    processed: Option<Date>,
    tables: &'t mut [YearTables],
) -> Option<&'t mut YearTables> {
    // A day of processing that a case states is its point, also after what the ordinary nation knows.
    let in_time = processed.is_some() || friday_from(thru.0 + LAG_DAYS) <= nation.claims_known_until;
    let known = thru.0 >= nation.first_claim_day && in_time;
    tables.get_mut(usize::try_from(nation.year_of(thru.0).filter(|_| known)? - nation.first_year).ok()?)
}

fn processed(line: &PlantedLine) -> Date {
    line.processed.unwrap_or(Date(friday_from(line.date.0 + LAG_DAYS)))
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
        processed: processed(line).0,
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
    if let Some(tables) = table_of(nation, line.date, line.processed, tables) {
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
    let Some(tables) = table_of(nation, bill.thru, None, tables) else { return };
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
