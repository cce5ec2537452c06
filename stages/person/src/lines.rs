//! Carrier and DME lines, and the services among them (M.B.1, M.A.4).

use crate::columns::NO_DAY;
use crate::context::{Context, Reductions, Visited, kind, mark};
use crate::ledger::{Fate, Ledger};
use crate::life::{Life, PaidLine, Source, Visit, late};
use crate::views::{LineView, NO_CLINICIAN};
use acoledger_hcc::Record;
use std::ops::Range;

impl Life {
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
            let service = *view.service.at(row);
            if service.admits != 0
                && kind == kind::CARRIER
                && let (Some(professional), Some(month)) = (&view.professional, month)
                && let Some(codes) = &professional.diagnoses
                && service.admits >> (month / 12) & 1 == 1
                && Record::of(claim_type, "") == Record::WithService
            {
                self.diagnoses.count(usize::from(month / 12), codes.at(row));
            }
            if service.suspect != 0 && suspect(context, service.suspect, claim_type, month) {
                ledger.add(Some(kind), Fate::Suspect, paid);
                continue;
            }
            let practice = *view.tin.at(row);
            ledger.note(context, kind, month, processed, paid);
            let late = late(context, day, processed);
            if late {
                ledger.add(Some(kind), Fate::AfterRunOut, paid);
            } else if law.counts(claim_type) {
                let (claim, line) = (view.claim[row], view.line[row]);
                let reduced = of_line(&context.reductions, &mut self.reduced_claim, claim, line);
                let gross = paid + reduced + view.carried.reduction(row);
                let spend = gross + view.carried.sequestration(row).unwrap_or_else(|| law.withheld(paid, day));
                let is_ambulance = service.marks & mark::AMBULANCE != 0;
                let (is_dme, participant) = (kind == kind::DME, practice.participant);
                let line_paid = PaidLine { is_dme, is_ambulance, participant, paid, gross, spend };
                self.pay_line(context, ledger, month, &line_paid);
                if practice.improper != 0 {
                    let tied = of_line(&context.improper.tied, &mut self.improper_claim, claim, line);
                    self.note_improper(month, practice.improper, spend, tied);
                }
            } else {
                ledger.add(Some(kind), Fate::LeftOut, paid);
            }
            if service.marks & !mark::AMBULANCE != 0 && !late && kind == kind::CARRIER {
                let visited = view.professional.as_ref().map_or(Visited::Nobody, |of| of.specialty.at(row).visited);
                self.usage.line(service.marks, visited, day, month);
            }
            if service.code != 0
                && let (Some(professional), Some(month)) = (&view.professional, month)
            {
                let first = professional.first_date.at(row);
                let first_day = if first == NO_DAY { day } else { first.min(day) };
                self.visits.push(Visit {
                    month,
                    code: service.code,
                    specialty: professional.specialty.at(row).number,
                    place: *professional.place.at(row),
                    source: Source::Line,
                    facility: false,
                    in_snf: None,
                    in_hospital: None,
                    first_day,
                    day,
                    processed,
                    clinician: NO_CLINICIAN,
                    claim: view.claim[row],
                    biller: view.biller(row),
                    allowed: professional.allowed[row],
                });
            }
        }
    }
}

/// Amounts of a line; those of the claim as a whole go to its first line that counts, which `seen` remembers.
fn of_line(amounts: &Reductions, seen: &mut Option<i64>, claim: i64, line: i32) -> i64 {
    let rows = amounts.of(claim);
    if rows.is_empty() {
        return 0;
    }
    let whole = *seen != Some(claim);
    *seen = Some(claim);
    rows.iter().filter(|row| row.1 == line || (row.1 == i32::MIN && whole)).map(|row| row.2).sum()
}

/// Whether the billing of a service is suspect in its year, on claims of this type (M.B.4.2).
pub(crate) fn suspect(context: &Context, years: u32, claim_type: i32, month: Option<u16>) -> bool {
    month.is_some_and(|month| {
        let year = usize::from(month / 12);
        years >> year & 1 == 1 && context.spend.suspect[year].claim_types.contains(&claim_type)
    })
}
