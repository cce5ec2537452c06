//! Carrier and DME lines, and the services among them (M.B.1, M.A.4).

use crate::columns::NO_DAY;
use crate::context::{Context, Reductions, Visited, kind, mark};
use crate::ledger::{Fate, Ledger};
use crate::life::{Life, PaidLine, Source, Visit, late};
use crate::runout::Triangle;
use crate::views::{LineView, NO_CLINICIAN};
use acoledger_hcc::Record;
use std::ops::Range;

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    OtherClaimType,
    Denied,
    Suspect,
    Late,
    LeftOut,
    Counts,
}

/// No month of the timeline.
const NO_MONTH: u16 = u16::MAX;

/// What follows from a row alone, whatever else its life has: half a line of cache. A batch is looked at column by column once, so that
/// lives, whose rows are few in each of many streams, find theirs together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    paid: i64,
    /// Sequestration: as the record carries it, else computed (M.B.1.3).
    withheld: i64,
    /// Place in the run-out triangle.
    triangle: u32,
    participant: u32,
    /// Month of the last day, or [`NO_MONTH`].
    month: u16,
    code: u16,
    improper: u16,
    marks: u8,
    verdict: Verdict,
    is_dme: bool,
    /// Whether it admits its claim's diagnoses to risk scores.
    admits: bool,
}

impl Line {
    fn month(&self) -> Option<u16> {
        (self.month != NO_MONTH).then_some(self.month)
    }
}

impl LineView {
    /// Looks at every row of the batch.
    pub(crate) fn look(&self, context: &Context, lines: &mut Vec<Line>) {
        lines.clear();
        lines.extend((0..self.paid.len()).map(|row| self.line(context, row)));
    }

    #[inline]
    fn line(&self, context: &Context, row: usize) -> Line {
        let law = &context.spend;
        let (paid, claim_type) = (self.paid[row], self.claim_type[row]);
        let (day, processed) = (self.last_date.at(row), self.processed.at(row));
        let month = context.time.month(day);
        let service = *self.service.at(row);
        let practice = *self.tin.at(row);
        let kind = law.kind(claim_type).filter(|kind| matches!(*kind, kind::CARRIER | kind::DME));
        let verdict = if kind.is_none() {
            Verdict::OtherClaimType
        } else if *self.denied.at(row) || !*self.accepted.at(row) {
            Verdict::Denied
        } else if service.suspect != 0 && suspect(context, service.suspect, claim_type, month) {
            Verdict::Suspect
        } else if late(context, day, processed) {
            Verdict::Late
        } else if law.counts(claim_type) {
            Verdict::Counts
        } else {
            Verdict::LeftOut
        };
        let counts = verdict == Verdict::Counts;
        let withheld = || self.carried.sequestration(row).unwrap_or_else(|| law.withheld(paid, day));
        let admits = service.admits != 0
            && kind == Some(kind::CARRIER)
            && month.is_some_and(|month| service.admits >> (month / 12) & 1 == 1)
            && Record::of(claim_type, "") == Record::WithService;
        Line {
            paid,
            withheld: if counts { withheld() } else { 0 },
            triangle: kind.map_or(u32::MAX, |kind| Triangle::place(&context.time, kind, month, processed) as u32),
            participant: practice.participant,
            month: month.unwrap_or(NO_MONTH),
            code: service.code,
            improper: practice.improper,
            marks: service.marks,
            verdict,
            is_dme: kind == Some(kind::DME),
            admits: admits && !matches!(verdict, Verdict::OtherClaimType | Verdict::Denied),
        }
    }
}

impl Life {
    /// Carrier and DME lines (M.B.1, M.A.4).
    pub(crate) fn lines(&mut self, context: &Context, ledger: &mut Ledger, view: &LineView, rows: Range<usize>) {
        for (row, line) in rows.clone().zip(&view.lines[rows]) {
            let Line { paid, is_dme, .. } = *line;
            let kind = if is_dme { kind::DME } else { kind::CARRIER };
            if line.verdict == Verdict::OtherClaimType {
                ledger.add(None, Fate::Read, paid);
                ledger.add(None, Fate::OtherClaimType, paid);
                continue;
            }
            ledger.add(Some(kind), Fate::Read, paid);
            if line.verdict == Verdict::Denied {
                ledger.add(Some(kind), Fate::Denied, paid);
                continue;
            }
            let month = line.month();
            if line.admits
                && let (Some(professional), Some(month)) = (&view.professional, month)
                && let Some(codes) = &professional.diagnoses
            {
                self.diagnoses.count(usize::from(month / 12), codes.at(row));
            }
            if line.verdict == Verdict::Suspect {
                ledger.add(Some(kind), Fate::Suspect, paid);
                continue;
            }
            ledger.note_at(line.triangle, paid);
            match line.verdict {
                Verdict::Counts => self.pay_for(context, ledger, view, row),
                Verdict::Late => ledger.add(Some(kind), Fate::AfterRunOut, paid),
                _ => ledger.add(Some(kind), Fate::LeftOut, paid),
            }
            if line.marks & !mark::AMBULANCE != 0 && line.verdict != Verdict::Late && !is_dme {
                let visited = view.professional.as_ref().map_or(Visited::Nobody, |of| of.specialty.at(row).visited);
                self.usage.line(line.marks, visited, view.last_date.at(row), month);
            }
            if line.code != 0
                && let (Some(professional), Some(month)) = (&view.professional, month)
            {
                let (first, day) = (professional.first_date.at(row), view.last_date.at(row));
                self.visits.push(Visit {
                    month,
                    code: line.code,
                    specialty: professional.specialty.at(row).number,
                    place: *professional.place.at(row),
                    source: Source::Line,
                    facility: false,
                    in_snf: None,
                    in_hospital: None,
                    first_day: if first == NO_DAY { day } else { first.min(day) },
                    day,
                    processed: view.processed.at(row),
                    clinician: NO_CLINICIAN,
                    claim: view.claim[row],
                    biller: view.biller(row),
                    allowed: professional.allowed[row],
                });
            }
        }
    }

    /// A line that spending counts.
    #[inline]
    fn pay_for(&mut self, context: &Context, ledger: &mut Ledger, view: &LineView, row: usize) {
        let Line { paid, withheld, participant, improper, is_dme, .. } = view.lines[row];
        let (claim, number) = (view.claim[row], view.line[row]);
        let month = view.lines[row].month();
        let reduced = of_line(&context.reductions, &mut self.reduced_claim, claim, number);
        let gross = paid + reduced + view.carried.reduction(row);
        let is_ambulance = view.lines[row].marks & mark::AMBULANCE != 0;
        let spend = gross + withheld;
        self.pay_line(context, ledger, month, &PaidLine { is_dme, is_ambulance, participant, paid, gross, spend });
        if improper != 0 {
            let tied = of_line(&context.improper.tied, &mut self.improper_claim, claim, number);
            self.note_improper(month, improper, spend, tied);
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
