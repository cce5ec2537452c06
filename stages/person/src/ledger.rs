//! The conservation ledger: every row and cent that was read is counted, or left out by a named rule.

use crate::context::{Context, KINDS, Timeline};
use crate::runout::Triangle;
use serde::{Deserialize, Serialize};

/// Kinds of the ledger: those of spending, and claims of other types.
const OTHER: usize = KINDS.len();

/// What became of a claim, line or payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Fate {
    Read,
    Counted,
    OtherClaimType,
    LeftOut,
    Denied,
    Suspect,
    AfterRunOut,
    OtherYear,
    NotEligible,
    Episode,
    Interim,
}

const FATES: [&str; 11] = [
    "read",
    "counted",
    "claim type outside Parts A and B spending (spend.claim_types)",
    "left out of expenditures (spend.left_out)",
    "denied (spend.denied)",
    "suspect billing (spend.suspect)",
    "processed after the run-out (spend.run_out.months)",
    "outside the calendar years of the study",
    "month not eligible (M.B.2.1)",
    "COVID-19 episode (spend.covid)",
    "interim payment (spend.demonstration.interim)",
];

/// One line of the conservation ledger: what became of rows and cents of one kind of claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerRow {
    /// Kind: `inpatient`, `carrier`, …
    pub kind: &'static str,
    /// `read`, `counted`, or the rule that left them out.
    pub outcome: &'static str,
    /// Claims of facilities, lines of the others, payments.
    pub rows: u64,
    /// Medicare payment, as read.
    pub cents: i64,
}

/// Rows and cents by kind and fate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ledger {
    rows: [[u64; FATES.len()]; OTHER + 1],
    cents: [[i64; FATES.len()]; OTHER + 1],
    /// Of what is neither denied nor suspect, when it was processed.
    pub(crate) triangle: Triangle,
}

impl Ledger {
    /// One that keeps the run-out triangle too.
    pub(crate) fn with_triangle(time: &Timeline) -> Ledger {
        Ledger { triangle: Triangle::new(time), ..Ledger::default() }
    }

    /// Notes when a claim or line was processed.
    #[inline]
    pub(crate) fn note(&mut self, context: &Context, kind: u8, month: Option<u16>, processed: i32, cents: i64) {
        self.triangle.add(Triangle::place(&context.time, kind, month, processed), cents);
    }

    /// The same, at a place of the triangle.
    #[inline]
    pub(crate) fn note_at(&mut self, place: u32, cents: i64) {
        self.triangle.add(place as usize, cents);
    }

    #[inline]
    pub(crate) fn add(&mut self, kind: Option<u8>, fate: Fate, cents: i64) {
        let kind = kind.map_or(OTHER, usize::from);
        self.rows[kind][fate as usize] += 1;
        self.cents[kind][fate as usize] += cents;
    }

    /// Adds rows of one kind and fate that were added up before.
    #[inline]
    pub(crate) fn add_rows(&mut self, kind: u8, fate: Fate, rows: u64, cents: i64) {
        self.rows[usize::from(kind)][fate as usize] += rows;
        self.cents[usize::from(kind)][fate as usize] += cents;
    }

    pub(crate) fn merge(&mut self, other: &Ledger) {
        self.triangle.merge(&other.triangle);
        for kind in 0..=OTHER {
            for fate in 0..FATES.len() {
                self.rows[kind][fate] += other.rows[kind][fate];
                self.cents[kind][fate] += other.cents[kind][fate];
            }
        }
    }

    /// All lines that hold rows.
    pub(crate) fn lines(&self) -> Vec<LedgerRow> {
        let mut lines = Vec::new();
        for kind in 0..=OTHER {
            for (fate, outcome) in FATES.iter().enumerate().filter(|(fate, _)| self.rows[kind][*fate] > 0) {
                let (rows, cents) = (self.rows[kind][fate], self.cents[kind][fate]);
                let kind = KINDS.get(kind).copied().unwrap_or("other");
                lines.push(LedgerRow { kind, outcome, rows, cents });
            }
        }
        lines
    }
}
