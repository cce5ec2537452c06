//! Claims of facilities, and the services among them (M.B.1, M.B.4.1, M.A.7).

use crate::categories;
use crate::columns::NO_DAY;
use crate::context::{Context, NOBODY, kind, mark};
use crate::ledger::{Fate, Ledger};
use crate::life::{Claim, Life, Paid, Source, Stay, Visit, late};
use crate::usage::{StayClaim, discharge};
use crate::views::{Acute, Biller, Center, FacilityView, NO_CLINICIAN, RevenueView};
use acoledger_schemas::values::{Date, UseMeasure};
use std::ops::Range;

impl Life {
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
            ledger.note(context, kind, month, processed, paid);
            if let (Some(codes), Some(month)) = (&view.diagnoses, month) {
                let bill = [facility_type, *view.service_class.at(row)];
                let claim = (view.claim_type[row], view.claim[row]);
                self.diagnoses.facility(claim.0, bill, claim.1, usize::from(month / 12), codes.at(row));
            }
            let late = late(context, thru, processed);
            let facility = view.ccn.at(row);
            let reduced: i64 = context.reductions.of(view.claim[row]).iter().map(|row| row.2).sum();
            let gross = paid + reduced + view.carried.reduction(row);
            let withheld = view.carried.sequestration(row).unwrap_or_else(|| law.withheld(paid, thru));
            let mut spend = gross + withheld;
            if kind == kind::INPATIENT && !facility.whole {
                spend -= view.additions.iter().map(|column| column[row]).sum::<i64>();
            }
            if late {
                ledger.add(Some(kind), Fate::AfterRunOut, paid);
            } else if law.counts(view.claim_type[row]) {
                let category = categories::of_claim(kind, facility.category);
                let biller = facility.biller;
                self.pay(context, ledger, month, Paid { kind, category, biller, paid, gross, spend });
                if biller.improper != 0 {
                    let tied = context.improper.tied.of(view.claim[row]).iter().map(|row| row.2).sum();
                    self.note_improper(month, biller.improper, spend, tied);
                }
            } else {
                ledger.add(Some(kind), Fate::LeftOut, paid);
            }
            if !late && matches!(kind, kind::INPATIENT | kind::SNF) {
                let spend = if law.counts(view.claim_type[row]) { spend } else { 0 };
                self.use_of_stay(context, view, row, kind, spend);
            }
            self.stay(context, view, row, kind, if late { Acute::No } else { facility.acute });
            if kind == kind::OUTPATIENT {
                let bill = [facility_type, *view.service_class.at(row)];
                self.outpatient(context, view, row, bill, month, late);
            }
        }
    }

    /// A claim of a stay, for counts of utilisation.
    fn use_of_stay(&mut self, context: &Context, view: &FacilityView, row: usize, kind: u8, spend: i64) {
        let facility = view.ccn.at(row);
        let thru = view.thru.at(row);
        let days = [view.admission.at(row), view.from.at(row), thru];
        self.usage.stay(StayClaim {
            measure: if kind == kind::SNF { UseMeasure::SnfStays } else { discharge(facility.category) },
            facility: facility.biller.text,
            admitted: days.into_iter().find(|day| *day != NO_DAY).unwrap_or(thru),
            thru,
            ended: *view.ended.at(row),
            month: context.time.month(thru),
            spend,
        });
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
        let stay = Stay { first_day: from, last_day: thru, processed: view.processed.at(row) };
        if context.snf_types.contains(&view.claim_type[row]) {
            self.snf_stays.push(stay);
        }
        if context.hospital_types.contains(&view.claim_type[row]) {
            self.hospital_stays.push(stay);
        }
        let bits = *view.covid.at(row);
        if kind == kind::INPATIENT && bits != 0 && acute != Acute::No {
            let discharge = view.discharge.at(row);
            let discharge = if discharge == NO_DAY { thru } else { discharge };
            let admission = if admission == NO_DAY { from } else { admission };
            self.episode(context, bits, acute, admission, discharge);
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
    fn outpatient(
        &mut self,
        context: &Context,
        view: &FacilityView,
        row: usize,
        bill: [u8; 2],
        month: Option<u16>,
        late: bool,
    ) {
        let facility = view.ccn.at(row);
        let (thru, processed) = (view.thru.at(row), view.processed.at(row));
        let is = |bills: &[String]| bills.iter().any(|known| known.as_bytes() == bill);
        let at = context.clinic_bills.partition_point(|(from, _)| *from <= thru);
        let clinic = at > 0 && is(&context.clinic_bills[at - 1].1);
        if let Some(month) = month.filter(|_| !late) {
            self.usage.outpatient(view.claim[row], facility.biller.text, thru, month, clinic);
        }
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
                in_snf: None,
                in_hospital: None,
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
        let centers = is(&context.rural_bills) || thru < context.centers_everywhere_before;
        self.claims.push(Claim {
            centers,
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
        for row in rows.clone() {
            let (marks, emergency) = (view.service.at(row).marks, view.center.at(row).emergency);
            if emergency || marks & (mark::CT | mark::MRI) != 0 {
                let day = Some(view.date.at(row)).filter(|day| *day != NO_DAY);
                self.usage.center(view.claim[row], marks, emergency, day);
            }
        }
        if context.scoring.is_some() {
            rows.clone().for_each(|row| self.diagnoses.line(view.claim[row], view.service.at(row).admits));
        }
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
            let Center { professional, clinics, .. } = *view.center.at(row);
            if claim.source == Source::Clinic {
                let clinics = if claim.centers { clinics } else { 0 };
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
            self.without_specialty += u64::from(counts && context.clinicians.are_unknown());
            self.visits.push(Visit {
                month,
                code,
                specialty,
                place: 0,
                source: claim.source,
                facility: true,
                in_snf: None,
                in_hospital: None,
                first_day: day,
                day,
                processed: claim.processed,
                clinician,
                claim: number,
                // A line that is no professional service is nobody's; it can still be the base of one.
                biller: if counts { claim.biller } else { Biller { participant: NOBODY, ..claim.biller } },
                allowed,
            });
        }
    }
}
