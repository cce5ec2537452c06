//! A small world as plain rows, and the same as a program and a lake for the kernels.

use crate::lake::{Lake, Row};
use acoledger_person::Facts;
use acoledger_schemas::program::Program;
use acoledger_schemas::study::{AssignmentSource, CountyCodes, Maturity};
use acoledger_schemas::table::{Table, read_csv};
use acoledger_schemas::values::Date;

/// Year, month, day: sorts as dates do.
pub(crate) type Day = (i32, i32, i32);

#[derive(Clone, Debug)]
pub(crate) struct Aco {
    pub(crate) id: &'static str,
    pub(crate) start: Day,
    pub(crate) prospective: bool,
    pub(crate) period: &'static str,
    pub(crate) track: &'static str,
}

#[derive(Clone, Debug)]
pub(crate) struct Enrolled {
    pub(crate) aco: &'static str,
    pub(crate) tin: &'static str,
    pub(crate) ccn: &'static str,
    pub(crate) on: Option<Day>,
    pub(crate) ended: Option<Day>,
}

#[derive(Clone, Debug)]
pub(crate) struct Clinician {
    pub(crate) npi: &'static str,
    pub(crate) specialty: &'static str,
    pub(crate) begins: Option<Day>,
    pub(crate) ends: Option<Day>,
}

/// A year of enrollment; codes by month.
#[derive(Clone, Debug)]
pub(crate) struct Year {
    pub(crate) year: i32,
    pub(crate) county: [&'static str; 12],
    pub(crate) status: [&'static str; 12],
    pub(crate) buyin: [&'static str; 12],
    pub(crate) plan: [&'static str; 12],
    pub(crate) dual: [&'static str; 12],
}

/// A carrier or DME line.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) claim: i32,
    pub(crate) line: i32,
    pub(crate) claim_type: i32,
    pub(crate) first: Option<Day>,
    pub(crate) last: Day,
    pub(crate) processed: Option<Day>,
    pub(crate) denial: &'static str,
    pub(crate) processing: &'static str,
    pub(crate) hcpcs: &'static str,
    pub(crate) specialty: &'static str,
    pub(crate) place: &'static str,
    pub(crate) tin: &'static str,
    pub(crate) paid: i64,
    pub(crate) allowed: i64,
    pub(crate) reduction: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct Center {
    pub(crate) line: i32,
    pub(crate) center: &'static str,
    pub(crate) date: Option<Day>,
    pub(crate) hcpcs: &'static str,
    pub(crate) rendering: &'static str,
    pub(crate) paid: i64,
    pub(crate) deductible: i64,
    pub(crate) coinsurance: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) claim: i32,
    pub(crate) claim_type: i32,
    pub(crate) bill: &'static str,
    pub(crate) from: Day,
    pub(crate) thru: Day,
    /// Admission, where it is before the claim's first day.
    pub(crate) admitted: Option<Day>,
    pub(crate) discharge: Option<Day>,
    /// Patient discharge status.
    pub(crate) status: &'static str,
    pub(crate) processed: Option<Day>,
    pub(crate) nonpayment: &'static str,
    pub(crate) ccn: &'static str,
    pub(crate) attending: &'static str,
    pub(crate) other: &'static str,
    pub(crate) rendering: &'static str,
    pub(crate) diagnoses: &'static str,
    pub(crate) paid: i64,
    pub(crate) deductible: i64,
    pub(crate) coinsurance: i64,
    /// IME operating and capital, DSH operating and capital, uncompensated care.
    pub(crate) extras: [i64; 5],
    pub(crate) reduction: i64,
    pub(crate) centers: Vec<Center>,
}

#[derive(Clone, Debug)]
pub(crate) struct Designation {
    pub(crate) on: Day,
    pub(crate) ended: Option<Day>,
    pub(crate) tin: &'static str,
    pub(crate) specialty: &'static str,
}

#[derive(Clone, Debug)]
pub(crate) struct Payment {
    pub(crate) year: i32,
    pub(crate) month: i32,
    pub(crate) is_final: bool,
    pub(crate) cents: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct Life {
    pub(crate) id: String,
    pub(crate) born: Day,
    pub(crate) died: Option<Day>,
    pub(crate) years: Vec<Year>,
    pub(crate) lines: Vec<Line>,
    pub(crate) claims: Vec<Claim>,
    pub(crate) designations: Vec<Designation>,
    /// Other initiatives: calendar year, day of decision.
    pub(crate) elsewhere: Vec<(i32, Option<Day>)>,
    /// ESRD months: calendar year, mask.
    pub(crate) esrd: Vec<(i32, i32)>,
    /// Low-income subsidy: calendar year, months.
    pub(crate) subsidy: Vec<(i32, i32)>,
    pub(crate) payments: Vec<Payment>,
}

/// How complete the claims are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Complete {
    Mature,
    ThreeMonths,
    Through(Day),
}

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) py: i32,
    pub(crate) seed: u64,
    pub(crate) complete: Complete,
    pub(crate) acos: Vec<Aco>,
    pub(crate) participants: Vec<(&'static str, &'static str)>,
    pub(crate) enrolled: Vec<Enrolled>,
    /// ACO, clinician, attested.
    pub(crate) providers: Vec<(&'static str, &'static str, bool)>,
    pub(crate) clinicians: Vec<Clinician>,
    pub(crate) eta_hospitals: Vec<&'static str>,
    /// Calendar year, code, cents.
    pub(crate) eta_fees: Vec<(i32, &'static str, i64)>,
    /// Codes that replace listed ones, with their day.
    pub(crate) replacing: Vec<(&'static str, Day)>,
    pub(crate) lives: Vec<Life>,
}

pub(crate) fn iso(day: Day) -> String {
    format!("{}-{:02}-{:02}", day.0, day.1, day.2)
}

fn blank(day: Option<Day>) -> String {
    day.map_or(String::new(), iso)
}

fn dollars(cents: i64) -> String {
    format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100)
}

fn table<T: Table>(columns: &str, rows: impl Iterator<Item = String>) -> Vec<T> {
    let csv = rows.fold(format!("{columns}\n"), |csv, row| csv + &row + "\n");
    read_csv(csv.as_bytes(), T::SPEC.name).unwrap_or_else(|problems| panic!("{problems}\n{csv}"))
}

impl World {
    /// This world with one of its lives.
    pub(crate) fn alone(&self, life: &Life) -> World {
        World { lives: vec![life.clone()], ..self.clone() }
    }

    pub(crate) fn facts(&self) -> Facts {
        let maturity = match self.complete {
            Complete::Mature => Maturity::Mature,
            Complete::ThreeMonths => Maturity::ThreeMonths,
            Complete::Through(day) => Maturity::Through(Date::parse_iso(&iso(day)).expect("a day")),
        };
        Facts {
            performance_years: vec![self.py],
            seed: self.seed,
            county_codes: CountyCodes::Fips,
            maturity,
            assignment: AssignmentSource::Own,
            benchmarks: true,
        }
    }

    pub(crate) fn program(&self) -> Program {
        let py = self.py;
        let aco = |aco: &Aco| {
            let method = if aco.prospective { "prospective" } else { "retrospective" };
            format!("{py},{},{},{},1,initial,{},{method},0.01", aco.period, aco.id, iso(aco.start), aco.track)
        };
        let enrolled =
            |row: &Enrolled| format!("{py},{},{},{},{},{}", row.aco, row.tin, row.ccn, blank(row.on), blank(row.ended));
        let clinician =
            |row: &Clinician| format!("{},{},{},{}", row.npi, row.specialty, blank(row.begins), blank(row.ends));
        let lives = || self.lives.iter();
        let designations = lives().flat_map(|life| {
            let row =
                |d: &Designation| format!("{},{},{},{},{}", life.id, iso(d.on), blank(d.ended), d.tin, d.specialty);
            life.designations.iter().map(row).collect::<Vec<_>>()
        });
        let elsewhere =
            lives().flat_map(|life| life.elsewhere.iter().map(|(y, d)| format!("{},{y},X,{}", life.id, blank(*d))));
        let esrd = lives().flat_map(|life| life.esrd.iter().map(|(y, mask)| format!("{},{y},{mask}", life.id)));
        let subsidy =
            lives().flat_map(|life| life.subsidy.iter().map(|(y, months)| format!("{},{y},{months}", life.id)));
        let payments = lives().flat_map(|life| {
            let row = |p: &Payment| {
                format!("{},{},{},X,B,{},{}", life.id, p.year, p.month, u8::from(p.is_final), dollars(p.cents))
            };
            life.payments.iter().map(row).collect::<Vec<_>>()
        });
        let of_lines = lives().flat_map(|life| life.lines.iter()).map(|l| (l.claim, l.line.to_string(), l.reduction));
        let of_claims = lives().flat_map(|life| life.claims.iter()).map(|c| (c.claim, String::new(), c.reduction));
        let mut reductions: Vec<_> = of_lines.chain(of_claims).filter(|row| row.2 != 0).collect();
        reductions.sort();
        reductions.dedup();
        let reductions = reductions.iter().map(|(claim, line, cents)| format!("{claim},{line},{}", dollars(*cents)));
        let aco_columns = "performance_year,period,aco_id,agreement_start,agreement_number,agreement_type,track,assignment_method,msr_choice";
        let ccn_columns = "performance_year,aco_id,tin,ccn,enrolled_on,ended_on";
        let voluntary = "bene_id,designated_on,ended_on,designee_tin,designee_specialty";
        Program {
            aco: table(aco_columns, self.acos.iter().map(aco)),
            participant: Some(table(
                "performance_year,aco_id,tin",
                self.participants.iter().map(|(aco, tin)| format!("{py},{aco},{tin}")),
            )),
            participant_ccn: Some(table(ccn_columns, self.enrolled.iter().map(enrolled))),
            aco_provider: Some(table(
                "performance_year,aco_id,npi,attested",
                self.providers.iter().map(|(aco, npi, attested)| format!("{py},{aco},{npi},{}", u8::from(*attested))),
            )),
            provider_specialty: Some(table("npi,specialty,begins_on,ends_on", self.clinicians.iter().map(clinician))),
            voluntary_alignment: Some(table(voluntary, designations)),
            other_initiative: Some(table("bene_id,calendar_year,initiative,decided_on", elsewhere)),
            esrd_month: Some(table("bene_id,calendar_year,months_mask", esrd)),
            lis_adi: Some(table("bene_id,calendar_year,lis_months", subsidy)),
            non_claims_payment: Some(table("bene_id,calendar_year,month,program,part,final,amount", payments)),
            claim_reduction: Some(table("claim_id,line,amount", reductions)),
            eta_hospital: Some(table(
                "performance_year,ccn",
                self.eta_hospitals.iter().map(|ccn| format!("{py},{ccn}")),
            )),
            eta_fee: Some(table(
                "calendar_year,hcpcs,amount",
                self.eta_fees.iter().map(|(year, code, cents)| format!("{year},{code},{}", dollars(*cents))),
            )),
            ..Program::default()
        }
    }

    pub(crate) fn lake(&self) -> Lake {
        let mut lake = Lake::default();
        for life in &self.lives {
            lake.push("bene", None, Row::from([("bene_id", life.id.clone())]));
            life.years.iter().for_each(|year| lake.push("enrollment", Some(year.year), life.enrollment(year)));
            for line in &life.lines {
                let table = if line.claim_type > 80 { "dme" } else { "carrier" };
                lake.push(table, Some(line.last.0), life.line(line));
            }
            for claim in &life.claims {
                lake.push("facility", Some(claim.thru.0), life.facility(claim));
                for center in &claim.centers {
                    lake.push("revenue", Some(claim.thru.0), life.center(claim, center));
                }
            }
        }
        lake
    }
}

impl Life {
    fn enrollment(&self, year: &Year) -> Row {
        let months = |codes: &[&'static str; 12], width: usize| -> String {
            codes.iter().map(|code| format!("{code:<width$}")).collect()
        };
        Row::from([
            ("bene_id", self.id.clone()),
            ("birth_date", iso(self.born)),
            ("death_date", blank(self.died)),
            ("county_fips", months(&year.county, 5)),
            ("status", months(&year.status, 2)),
            ("buyin", months(&year.buyin, 1)),
            ("plan", months(&year.plan, 1)),
            ("dual", months(&year.dual, 2)),
        ])
    }

    fn line(&self, line: &Line) -> Row {
        Row::from([
            ("bene_id", self.id.clone()),
            ("claim_id", line.claim.to_string()),
            ("line", line.line.to_string()),
            ("claim_type", line.claim_type.to_string()),
            ("first_date", blank(line.first)),
            ("last_date", iso(line.last)),
            ("proc_date", blank(line.processed)),
            ("denial", line.denial.to_owned()),
            ("processing", line.processing.to_owned()),
            ("hcpcs", line.hcpcs.to_owned()),
            ("specialty", line.specialty.to_owned()),
            ("place", line.place.to_owned()),
            ("tin", line.tin.to_owned()),
            ("paid_cents", dollars(line.paid)),
            ("allowed_cents", dollars(line.allowed)),
        ])
    }

    fn facility(&self, claim: &Claim) -> Row {
        Row::from([
            ("bene_id", self.id.clone()),
            ("claim_id", claim.claim.to_string()),
            ("claim_type", claim.claim_type.to_string()),
            ("from_date", iso(claim.from)),
            ("admission_date", iso(claim.admitted.unwrap_or(claim.from))),
            ("thru_date", iso(claim.thru)),
            ("discharge_date", blank(claim.discharge)),
            ("discharge_status", claim.status.to_owned()),
            ("proc_date", blank(claim.processed)),
            ("ccn", claim.ccn.to_owned()),
            ("facility_type", claim.bill[..1].to_owned()),
            ("service_class", claim.bill[1..].to_owned()),
            ("nonpayment", claim.nonpayment.to_owned()),
            ("attending_npi", claim.attending.to_owned()),
            ("other_npi", claim.other.to_owned()),
            ("rendering_npi", claim.rendering.to_owned()),
            ("diagnoses", claim.diagnoses.to_owned()),
            ("paid_cents", dollars(claim.paid)),
            ("deductible_cents", dollars(claim.deductible)),
            ("coinsurance_cents", dollars(claim.coinsurance)),
            ("ime_operating_cents", dollars(claim.extras[0])),
            ("ime_capital_cents", dollars(claim.extras[1])),
            ("dsh_operating_cents", dollars(claim.extras[2])),
            ("dsh_capital_cents", dollars(claim.extras[3])),
            ("uncompensated_cents", dollars(claim.extras[4])),
        ])
    }

    fn center(&self, claim: &Claim, center: &Center) -> Row {
        Row::from([
            ("bene_id", self.id.clone()),
            ("claim_id", claim.claim.to_string()),
            ("line", center.line.to_string()),
            ("center", center.center.to_owned()),
            ("service_date", blank(center.date)),
            ("hcpcs", center.hcpcs.to_owned()),
            ("rendering_npi", center.rendering.to_owned()),
            ("paid_cents", dollars(center.paid)),
            ("deductible_cents", dollars(center.deductible)),
            ("coinsurance_cents", dollars(center.coinsurance)),
        ])
    }
}
