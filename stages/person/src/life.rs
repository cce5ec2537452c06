//! One open life: what its rows say, kept in buffers that the next life uses again.

use crate::columns::NO_DAY;
use crate::context::{Context, NOBODY, kind};
use crate::counties::Residence;
use crate::enroll::Enrollment;
use crate::ledger::{Fate, Ledger};
use crate::views::{Acute, Biller, EnrollView, FacilityView, LineView, NO_CLINICIAN, RevenueView};
use acoledger_schemas::table::Problem;
use acoledger_schemas::values::Date;
use std::ops::Range;

/// A payment on its way into months.
#[derive(Clone, Copy)]
pub(crate) struct Payment {
    pub(crate) month: u16,
    pub(crate) kind: u8,
    /// As read, for the ledger.
    pub(crate) paid: i64,
    /// M.B.5.3: with reductions added back.
    pub(crate) gross: i64,
    /// M.B.1.
    pub(crate) spend: i64,
}

/// A participant's payment (M.B.5).
#[derive(Clone, Copy)]
pub(crate) struct Earning {
    pub(crate) month: u16,
    pub(crate) facility: bool,
    pub(crate) participant: u32,
    pub(crate) cents: i64,
}

/// Where a service was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A carrier line.
    Line,
    /// A professional line of a Method II critical access hospital.
    Hospital,
    /// A line of a hospital that elected the teaching amendment, in these performance years.
    Teaching(u32),
    /// A whole claim of a health center or clinic.
    Clinic,
}

/// A service that may be primary care.
#[derive(Clone, Copy)]
pub(crate) struct Visit {
    pub(crate) month: u16,
    pub(crate) code: u16,
    pub(crate) specialty: u8,
    pub(crate) place: u8,
    pub(crate) source: Source,
    /// Whether the biller is a facility rather than a practice.
    pub(crate) facility: bool,
    /// In a nursing facility or inpatient stay, for the codes that ask.
    pub(crate) in_snf: bool,
    pub(crate) in_hospital: bool,
    pub(crate) first_day: i32,
    pub(crate) day: i32,
    pub(crate) processed: i32,
    pub(crate) clinician: u32,
    pub(crate) claim: i64,
    pub(crate) biller: Biller,
    pub(crate) allowed: i64,
}

/// An outpatient claim whose lines are asked for.
struct Claim {
    claim: i64,
    source: Source,
    thru: i32,
    processed: i32,
    biller: Biller,
    /// For critical access hospitals the claim's rendering clinician, then other, then attending.
    clinicians: [u32; 3],
    visit: u32,
}

/// The open life.
pub(crate) struct Life {
    pub(crate) key: u64,
    pub(crate) bene_id: String,
    pub(crate) enrollment: Enrollment,
    pub(crate) payments: Vec<Payment>,
    pub(crate) earnings: Vec<Earning>,
    pub(crate) visits: Vec<Visit>,
    /// Codes and clinic centers of clinic claims: (visit, code, performance years whose centers hold it).
    pub(crate) clinic_lines: Vec<(u32, u16, u32)>,
    claims: Vec<Claim>,
    claims_sorted: bool,
    snf_stays: Vec<(i32, i32)>,
    hospital_stays: Vec<(i32, i32)>,
    /// Months of COVID-19 episodes, first and last.
    pub(crate) episodes: Vec<(i32, i32)>,
    reduced_claim: Option<i64>,
    pub(crate) missing_fees: u64,
    /// Rows of program files about this life.
    pub(crate) elsewhere: Range<usize>,
    pub(crate) designations: Range<usize>,
}

impl Life {
    pub(crate) fn new(context: &Context) -> Life {
        Life {
            key: 0,
            bene_id: String::new(),
            enrollment: Enrollment::new(context),
            payments: Vec::new(),
            earnings: Vec::new(),
            visits: Vec::new(),
            clinic_lines: Vec::new(),
            claims: Vec::new(),
            claims_sorted: false,
            snf_stays: Vec::new(),
            hospital_stays: Vec::new(),
            episodes: Vec::new(),
            reduced_claim: None,
            missing_fees: 0,
            elsewhere: 0..0,
            designations: 0..0,
        }
    }

    pub(crate) fn open(&mut self, key: u64) {
        self.key = key;
        self.bene_id.clear();
        self.enrollment.clear();
        self.payments.clear();
        self.earnings.clear();
        self.visits.clear();
        self.clinic_lines.clear();
        self.claims.clear();
        self.claims_sorted = false;
        self.snf_stays.clear();
        self.hospital_stays.clear();
        self.episodes.clear();
        self.reduced_claim = None;
    }

    pub(crate) fn enroll(
        &mut self,
        context: &Context,
        view: &EnrollView,
        year: Option<i32>,
        rows: Range<usize>,
    ) -> Result<(), Problem> {
        let at = year.and_then(|year| context.time.at(year));
        for row in rows {
            let residence: &Residence = view.residence.at(row);
            let (status, buyin) = (*view.status.at(row), *view.buyin.at(row));
            let Some(at) = at else { continue };
            let months = self.enrollment.take(at, view.birth.at(row), view.death.at(row)).ok_or_else(|| {
                crate::columns::trouble("enrollment", year, "bene_key", "two rows of one life in a year")
            })?;
            months.both = buyin.0;
            months.one = buyin.1;
            months.esrd = status.0;
            months.disabled = status.1;
            months.plan = *view.plan.at(row);
            months.dual = *view.dual.at(row);
            months.residence = *residence;
        }
        Ok(())
    }

    /// Claims of facilities (M.B.1, M.A.7).
    pub(crate) fn facilities(
        &mut self,
        context: &Context,
        ledger: &mut Ledger,
        view: &FacilityView,
        rows: Range<usize>,
    ) {
        let law = &context.spend;
        for row in rows {
            let paid = view.paid[row];
            let kind = law.kind(view.claim_type[row]);
            ledger.add(kind, Fate::Read, paid);
            let Some(kind) = kind else {
                ledger.add(None, Fate::OtherClaimType, paid);
                continue;
            };
            let (facility_type, denies) = *view.facility_type.at(row);
            let by_type = denies && matches!(kind, kind::OUTPATIENT | kind::HOME_HEALTH);
            if *view.unpaid.at(row) || by_type {
                ledger.add(Some(kind), Fate::Denied, paid);
                continue;
            }
            let (thru, processed) = (view.thru.at(row), view.processed.at(row));
            let month = context.time.month(thru);
            if late(context, thru, processed) {
                ledger.add(Some(kind), Fate::AfterRunOut, paid);
                continue;
            }
            let facility = view.ccn.at(row);
            let reduced: i64 = law_reductions(context, view.claim[row]).iter().map(|row| row.2).sum();
            let gross = paid + reduced;
            let mut spend = gross + law.withheld(paid, thru);
            if kind == kind::INPATIENT && !facility.whole {
                spend -= view.additions.iter().map(|column| column[row]).sum::<i64>();
            }
            self.pay(context, ledger, month, kind, paid, gross, spend);
            self.earn(context, month, true, facility.biller, gross);
            self.stay(context, view, row, kind, facility.acute);
            if kind == kind::OUTPATIENT {
                let bill = [facility_type, *view.service_class.at(row)];
                self.outpatient(context, view, row, bill, month);
            }
        }
    }

    /// Stays that other rules look at.
    fn stay(&mut self, context: &Context, view: &FacilityView, row: usize, kind: u8, acute: Acute) {
        let thru = view.thru.at(row);
        let admission = view.admission.at(row);
        let from = if view.from.at(row) != NO_DAY {
            view.from.at(row)
        } else if admission != NO_DAY {
            admission
        } else {
            thru
        };
        match kind {
            kind::SNF => self.snf_stays.push((from, thru)),
            kind::INPATIENT => {
                self.hospital_stays.push((from, thru));
                let bits = *view.covid.at(row);
                if bits != 0 && acute != Acute::No {
                    let discharge = view.discharge.at(row);
                    let discharge = if discharge == NO_DAY { thru } else { discharge };
                    let admission = if admission == NO_DAY { from } else { admission };
                    self.episode(context, bits, acute, admission, discharge);
                }
            }
            _ => {}
        }
    }

    /// A COVID-19 episode, if the stay triggers one (M.B.4.1).
    fn episode(&mut self, context: &Context, bits: u8, acute: Acute, admission: i32, discharge: i32) {
        let law = &context.spend;
        let at = law.covid_diagnoses.partition_point(|(from, _)| *from <= discharge);
        let named = at > 0 && bits >> (at - 1) & 1 == 1;
        let deciding = if acute == Acute::Prospective { discharge } else { admission };
        if named && (law.covid_first_day..=law.covid_last_day).contains(&deciding) {
            let month = |day: i32| Date(day).month_index() - context.time.first_year * 12;
            self.episodes.push((month(admission), month(discharge) + law.covid_months_after));
        }
    }

    /// Claims of clinics, and those whose lines may be services (M.A.7).
    fn outpatient(&mut self, context: &Context, view: &FacilityView, row: usize, bill: [u8; 2], month: Option<u16>) {
        let facility = view.ccn.at(row);
        let (thru, processed) = (view.thru.at(row), view.processed.at(row));
        let is = |bills: &[String]| bills.iter().any(|known| known.as_bytes() == bill);
        let at = context.clinic_bills.partition_point(|(from, _)| *from <= thru);
        let clinic = at > 0 && is(&context.clinic_bills[at - 1].1);
        let attending = *view.attending.at(row);
        let source = if clinic {
            Source::Clinic
        } else if is(&context.cah_bills) {
            Source::Hospital
        } else if facility.eta != 0 && is(&context.eta_bills) {
            Source::Teaching(facility.eta)
        } else {
            return;
        };
        let visit = self.visits.len() as u32;
        if clinic {
            let Some(month) = month else { return };
            let allowed = view.paid[row] + view.deductible[row] + view.coinsurance[row];
            self.visits.push(Visit {
                month,
                code: 0,
                specialty: 0,
                place: 0,
                source,
                facility: true,
                in_snf: false,
                in_hospital: false,
                first_day: thru,
                day: thru,
                processed,
                clinician: attending,
                claim: view.claim[row],
                biller: facility.biller,
                allowed,
            });
        }
        let clinicians = [*view.rendering.at(row), *view.other.at(row), attending];
        self.claims.push(Claim {
            claim: view.claim[row],
            source,
            thru,
            processed,
            biller: facility.biller,
            clinicians,
            visit,
        });
    }

    /// Revenue center lines of outpatient claims (M.A.7).
    pub(crate) fn revenue(&mut self, context: &Context, view: &RevenueView, rows: Range<usize>) {
        if self.claims.is_empty() {
            return;
        }
        if !self.claims_sorted {
            self.claims.sort_unstable_by_key(|claim| claim.claim);
            self.claims_sorted = true;
        }
        for row in rows {
            let number = view.claim[row];
            let Ok(at) = self.claims.binary_search_by_key(&number, |claim| claim.claim) else { continue };
            let claim = &self.claims[at];
            let code = view.service.at(row).code;
            let (professional, clinics) = *view.center.at(row);
            if claim.source == Source::Clinic {
                if code != 0 || clinics != 0 {
                    self.clinic_lines.push((claim.visit, code, clinics));
                }
                continue;
            }
            if code == 0 {
                continue;
            }
            let day = if view.date.at(row) == NO_DAY { claim.thru } else { view.date.at(row) };
            let Some(month) = context.time.month(day) else { continue };
            let mut clinicians = claim.clinicians;
            let allowed = match claim.source {
                Source::Teaching(_) => {
                    clinicians[0] = NO_CLINICIAN; // other, else attending
                    self.missing_fees += u64::from(!context.fees.contains_key(&(Date(day).year(), code)));
                    context.fees.get(&(Date(day).year(), code)).copied().unwrap_or(0)
                }
                _ => {
                    let rendering = *view.rendering.at(row);
                    clinicians[0] = if rendering == NO_CLINICIAN { clinicians[0] } else { rendering };
                    view.paid[row] + view.deductible[row] + view.coinsurance[row]
                }
            };
            let clinician = clinicians.into_iter().find(|c| *c != NO_CLINICIAN).unwrap_or(NO_CLINICIAN);
            let counts = professional || claim.source != Source::Hospital;
            let specialty = if counts { context.clinicians.specialty(clinician, day) } else { 0 };
            self.visits.push(Visit {
                month,
                code,
                specialty,
                place: 0,
                source: claim.source,
                facility: true,
                in_snf: false,
                in_hospital: false,
                first_day: day,
                day,
                processed: claim.processed,
                clinician,
                claim: number,
                biller: claim.biller,
                allowed,
            });
        }
    }

    /// Carrier and DME lines (M.B.1, M.A.4).
    pub(crate) fn lines(&mut self, context: &Context, ledger: &mut Ledger, view: &LineView, rows: Range<usize>) {
        let law = &context.spend;
        for row in rows {
            let paid = view.paid[row];
            let claim_type = view.claim_type[row];
            let kind = law.kind(claim_type).filter(|kind| matches!(*kind, kind::CARRIER | kind::DME));
            ledger.add(kind, Fate::Read, paid);
            let Some(kind) = kind else {
                ledger.add(None, Fate::OtherClaimType, paid);
                continue;
            };
            if *view.denied.at(row) || !*view.accepted.at(row) {
                ledger.add(Some(kind), Fate::Denied, paid);
                continue;
            }
            let (day, processed) = (view.last_date.at(row), view.processed.at(row));
            let month = context.time.month(day);
            if late(context, day, processed) {
                ledger.add(Some(kind), Fate::AfterRunOut, paid);
                continue;
            }
            let service = *view.service.at(row);
            if service.suspect != 0 && suspect(context, service.suspect, claim_type, month) {
                ledger.add(Some(kind), Fate::Suspect, paid);
                continue;
            }
            let biller = *view.tin.at(row);
            let gross = paid + self.line_reduction(context, view.claim[row], view.line[row]);
            self.pay(context, ledger, month, kind, paid, gross, gross + law.withheld(paid, day));
            self.earn(context, month, false, biller, gross);
            if service.code != 0
                && let (Some(professional), Some(month)) = (&view.professional, month)
            {
                let first = professional.first_date.at(row);
                let first_day = if first == NO_DAY { day } else { first.min(day) };
                self.visits.push(Visit {
                    month,
                    code: service.code,
                    specialty: *professional.specialty.at(row),
                    place: *professional.place.at(row),
                    source: Source::Line,
                    facility: false,
                    in_snf: false,
                    in_hospital: false,
                    first_day,
                    day,
                    processed,
                    clinician: NO_CLINICIAN,
                    claim: view.claim[row],
                    biller,
                    allowed: professional.allowed[row],
                });
            }
        }
    }

    /// Reductions of a line; those of the claim as a whole go to its first line that counts.
    fn line_reduction(&mut self, context: &Context, claim: i64, line: i32) -> i64 {
        let rows = law_reductions(context, claim);
        if rows.is_empty() {
            return 0;
        }
        let whole = self.reduced_claim != Some(claim);
        self.reduced_claim = Some(claim);
        rows.iter().filter(|row| row.1 == line || (row.1 == i32::MIN && whole)).map(|row| row.2).sum()
    }

    #[expect(clippy::too_many_arguments, reason = "three amounts of one payment")]
    #[inline]
    fn pay(
        &mut self,
        context: &Context,
        ledger: &mut Ledger,
        month: Option<u16>,
        kind: u8,
        paid: i64,
        gross: i64,
        spend: i64,
    ) {
        match month {
            Some(month) if context.slot_of_month[usize::from(month)] != u8::MAX => {
                self.payments.push(Payment { month, kind, paid, gross, spend });
            }
            _ => ledger.add(Some(kind), Fate::OtherYear, paid),
        }
    }

    #[inline]
    fn earn(&mut self, context: &Context, month: Option<u16>, facility: bool, biller: Biller, cents: i64) {
        if biller.participant != NOBODY
            && let Some(month) = month
            && context.performance_of_month[usize::from(month)] != u8::MAX
        {
            self.earnings.push(Earning { month, facility, participant: biller.participant, cents });
        }
    }

    /// Marks the visits that fall into stays; all claims of the life have been read.
    pub(crate) fn place_visits(&mut self, context: &Context) {
        if self.snf_stays.is_empty() && self.hospital_stays.is_empty() {
            return;
        }
        for visit in &mut self.visits {
            if visit.source != Source::Clinic && context.names.stay_codes[usize::from(visit.code)] {
                visit.in_snf = overlaps(&self.snf_stays, visit.first_day, visit.day);
                visit.in_hospital = overlaps(&self.hospital_stays, visit.first_day, visit.day);
            } else if visit.source == Source::Clinic {
                visit.in_snf = overlaps(&self.snf_stays, visit.first_day, visit.day);
            }
        }
    }
}

fn law_reductions(context: &Context, claim: i64) -> &[(i64, i32, i64)] {
    context.people.reductions.of(claim)
}

/// Whether a claim was processed after what the study's claims are to know.
#[inline]
fn late(context: &Context, day: i32, processed: i32) -> bool {
    processed != NO_DAY
        && context.time.month(day).is_some_and(|month| processed > context.spend.known_through[usize::from(month / 12)])
}

fn suspect(context: &Context, years: u32, claim_type: i32, month: Option<u16>) -> bool {
    month.is_some_and(|month| {
        let year = usize::from(month / 12);
        years >> year & 1 == 1 && context.spend.suspect[year].claim_types.contains(&claim_type)
    })
}

/// Whether a stay shares a day with a service, first and last days included.
fn overlaps(stays: &[(i32, i32)], first: i32, last: i32) -> bool {
    stays.iter().any(|(from, thru)| *from <= last && *thru >= first)
}
