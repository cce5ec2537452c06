//! Improper payments as program files give them (M.B.4.3).

use super::Faults;
use super::people::Reductions;
use acoledger_schemas::keys::claim_key;
use acoledger_schemas::program::Program;
use std::collections::{BTreeMap, HashMap};

/// A provider with improper payments; either number is blank.
pub(crate) struct ImproperProvider {
    pub(crate) tin: Option<String>,
    pub(crate) ccn: Option<String>,
    /// Amounts tied to no claim, in cents, by calendar year.
    pub(crate) untied: BTreeMap<i32, i64>,
}

/// Improper payments; empty where no file gives any.
#[derive(Default)]
pub(crate) struct Improper {
    pub(crate) providers: Vec<ImproperProvider>,
    /// Position plus one by practice and by facility.
    tins: HashMap<String, u16>,
    ccns: HashMap<String, u16>,
    /// Amounts tied to claims and lines.
    pub(crate) tied: Reductions,
    /// What these come to, in cents, by calendar year.
    pub(crate) tied_cents: BTreeMap<i32, i64>,
}

impl Improper {
    pub(super) fn new(program: &Program, faults: &mut Faults) -> Improper {
        const TABLE: &str = "improper_payment";
        let mut improper = Improper::default();
        let mut tied = Vec::new();
        for row in program.improper_payment.iter().flatten() {
            let (tin, ccn) = (row.tin.as_ref().map(|id| id.as_str()), row.ccn.as_ref().map(|id| id.as_str()));
            let hint = "each row names the practice (`tin`) or the facility (`ccn`) that was paid";
            let numbers = match (tin, ccn) {
                (Some(_), None) => &mut improper.tins,
                (None, Some(_)) => &mut improper.ccns,
                _ => {
                    faults.file(TABLE, "tin, ccn", "a row has both or neither", hint);
                    continue;
                }
            };
            if row.amount.0.0 < 0 {
                faults.file(TABLE, "amount", "a row is below 0", "amounts are what was improper, positive");
            }
            if row.line.is_some() && row.claim_id.is_none() {
                faults.file(TABLE, "line", "a row has a line and no claim", "give the claim, or leave the line blank");
            }
            let id = tin.or(ccn).unwrap_or_default();
            let next = improper.providers.len() as u16 + 1;
            let number = *numbers.entry(id.to_owned()).or_insert(next);
            if number == next {
                let (tin, ccn) = (tin.map(str::to_owned), ccn.map(str::to_owned));
                improper.providers.push(ImproperProvider { tin, ccn, untied: BTreeMap::new() });
            }
            match &row.claim_id {
                Some(claim) => {
                    *improper.tied_cents.entry(row.calendar_year.0).or_default() += row.amount.0.0;
                    tied.push((claim_key(claim.as_str()).0, row.line.unwrap_or(i32::MIN), row.amount.0.0));
                }
                None => {
                    let untied = &mut improper.providers[usize::from(number) - 1].untied;
                    *untied.entry(row.calendar_year.0).or_default() += row.amount.0.0;
                }
            }
            if improper.providers.len() >= usize::from(u16::MAX) {
                faults.file(TABLE, "tin, ccn", "more than 65,534 providers", "leave out those without payments");
                break;
            }
        }
        improper.tied = Reductions::new(tied);
        improper
    }

    /// Number of a practice, from 1; 0: none of the file's.
    pub(crate) fn of_tin(&self, tin: &str) -> u16 {
        self.tins.get(tin).copied().unwrap_or(0)
    }

    /// Number of a facility, from 1; 0: none of the file's.
    pub(crate) fn of_ccn(&self, ccn: &str) -> u16 {
        self.ccns.get(ccn).copied().unwrap_or(0)
    }
}
