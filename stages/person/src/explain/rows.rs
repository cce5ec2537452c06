//! The rows of one life as it is opened: what each is to assignment, beside what the kernels make of it.

use super::story::{ClaimRow, Role};
use crate::columns::NO_DAY;
use crate::context::{Context, kind};
use crate::ledger::Ledger;
use crate::life::{Life, Source};
use crate::lines::suspect;
use crate::merge::{ORDER, Rows};
use crate::views::{FacilityView, LineView, RevenueView, View, unpack};
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::Date;

/// The rows read so far, and the row behind each of the life's possible services.
#[derive(Default)]
pub(super) struct Record {
    pub(super) rows: Vec<ClaimRow>,
    pub(super) of_visit: Vec<usize>,
}

impl Record {
    /// Gives rows to the life as pass A does, one at a time, and notes what came of each.
    pub(super) fn read(&mut self, context: &Context, life: &mut Life, rows: Rows<'_>) -> Result<(), Problems> {
        let mut ledger = Ledger::default();
        match rows.view {
            View::Bene(view) => {
                for row in rows.rows {
                    life.bene_id.clear();
                    life.bene_id.push_str(view.ids.value(row));
                }
            }
            View::Enroll(view) => life.enroll(context, view, rows.year, rows.rows)?,
            View::Facility(view) => {
                for row in rows.rows {
                    let before = (life.visits.len(), life.claims.len(), life.stays());
                    life.facilities(context, &mut ledger, view, row..row + 1);
                    self.facility(context, life, view, row, before);
                }
            }
            View::Revenue(view) => {
                for row in rows.rows {
                    let before = (life.visits.len(), life.clinic_lines.len());
                    life.revenue(context, view, row..row + 1);
                    self.revenue(life, view, row, before);
                }
            }
            View::Lines(view) => {
                for row in rows.rows {
                    let before = life.visits.len();
                    life.lines(context, &mut ledger, view, row..row + 1);
                    self.line(context, life, view, row, before);
                }
            }
        }
        Ok(())
    }

    fn push(&mut self, life: &Life, row: ClaimRow) {
        self.of_visit.resize(life.visits.len(), self.rows.len());
        self.rows.push(row);
    }

    fn line(&mut self, context: &Context, life: &Life, view: &LineView, row: usize, before: usize) {
        let claim_type = view.claim_type[row];
        let kind = context.spend.kind(claim_type).filter(|kind| matches!(*kind, kind::CARRIER | kind::DME));
        let service = *view.service.at(row);
        let month = context.time.month(view.last_date.at(row));
        let role = if life.visits.len() > before {
            Role::Service
        } else if kind.is_none() {
            Role::OtherClaimType
        } else if *view.denied.at(row) || !*view.accepted.at(row) {
            Role::Denied
        } else if service.suspect != 0 && suspect(context, service.suspect, claim_type, month) {
            Role::Suspect
        } else if view.professional.is_none() {
            Role::NotProfessional
        } else if service.code == 0 {
            Role::NotListed
        } else {
            Role::OtherYear
        };
        let professional = view.professional.as_ref();
        self.push(
            life,
            ClaimRow {
                table: if professional.is_some() { ORDER[4] } else { ORDER[5] },
                claim_key: view.claim[row],
                line: Some(view.line[row]),
                first_date: professional.and_then(|view| day(view.first_date.at(row))),
                date: day(view.last_date.at(row)),
                processed: day(view.processed.at(row)),
                claim_type: Some(claim_type),
                code: view.service.text(row).to_owned(),
                specialty: professional.map_or("", |view| view.specialty.text(row)).to_owned(),
                place: professional.map_or("", |view| view.place.text(row)).to_owned(),
                biller: view.tin.text(row).to_owned(),
                allowed_cents: professional.map(|view| view.allowed[row]),
                role,
            },
        );
    }

    fn facility(
        &mut self,
        context: &Context,
        life: &Life,
        view: &FacilityView,
        row: usize,
        before: (usize, usize, usize),
    ) {
        let by_type = view.facility_type.at(row).1
            && matches!(context.spend.kind(view.claim_type[row]), Some(kind::OUTPATIENT | kind::HOME_HEALTH));
        let role = if life.visits.len() > before.0 {
            Role::Service
        } else if context.spend.kind(view.claim_type[row]).is_none() {
            Role::OtherClaimType
        } else if *view.unpaid.at(row) || by_type {
            Role::Denied
        } else if life.stays() > before.2 {
            Role::Stay
        } else {
            Role::NotProfessional
        };
        let allowed_cents = life.visits.get(before.0).map(|visit| visit.allowed);
        self.push(
            life,
            ClaimRow {
                table: ORDER[2],
                claim_key: view.claim[row],
                line: None,
                first_date: day(view.from.at(row)),
                date: day(view.thru.at(row)),
                processed: day(view.processed.at(row)),
                claim_type: Some(view.claim_type[row]),
                code: format!("{}{}X", view.facility_type.text(row).trim(), view.service_class.text(row).trim()),
                specialty: String::new(),
                place: String::new(),
                biller: view.ccn.text(row).to_owned(),
                allowed_cents,
                role,
            },
        );
    }

    fn revenue(&mut self, life: &Life, view: &RevenueView, row: usize, before: (usize, usize)) {
        let claim = life.claims.iter().find(|claim| claim.claim == view.claim[row]);
        let visit = life.visits.get(before.0);
        let role = match (visit, claim) {
            (Some(_), _) => Role::Service,
            (None, None) => Role::NotProfessional,
            _ if life.clinic_lines.len() > before.1 => Role::OfClinicClaim,
            (None, Some(_)) if view.service.at(row).code == 0 => Role::NotListed,
            (None, Some(claim)) if claim.source == Source::Hospital && !view.center.at(row).professional => {
                Role::NotProfessional
            }
            (None, Some(_)) => Role::OtherYear,
        };
        let service = view.service.text(row);
        let date = view.date.at(row);
        self.push(
            life,
            ClaimRow {
                table: ORDER[3],
                claim_key: view.claim[row],
                line: None,
                first_date: None,
                date: day(if date == NO_DAY { claim.map_or(NO_DAY, |claim| claim.thru) } else { date }),
                processed: claim.and_then(|claim| day(claim.processed)),
                claim_type: None,
                code: if service.trim().is_empty() { view.center.text(row) } else { service }.to_owned(),
                specialty: String::new(),
                place: String::new(),
                biller: claim.map(|claim| unpack(claim.biller.text)).unwrap_or_default(),
                allowed_cents: visit.map(|visit| visit.allowed),
                role,
            },
        );
    }

    /// Specialties that program files give to the clinicians of facility lines.
    pub(super) fn name_specialties(&mut self, context: &Context, life: &Life) {
        for (visit, row) in life.visits.iter().zip(&self.of_visit) {
            let row = &mut self.rows[*row];
            if visit.facility && visit.specialty != 0 && row.specialty.is_empty() {
                let known = context.names.specialties.iter().find(|(_, at)| **at == visit.specialty);
                row.specialty = known.map(|(text, _)| text.clone()).unwrap_or_default();
            }
        }
    }
}

pub(super) fn day(day: i32) -> Option<Date> {
    (day != NO_DAY).then_some(Date(day))
}
