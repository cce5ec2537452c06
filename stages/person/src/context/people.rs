//! Program rows of single lives, sorted by life, so that the merge meets them in order.
//!
//! They grow with the lives, so they are no part of the [`Context`]: they come in pieces, each with all rows of the lives up to
//! a key, and a walk holds one piece at a time.

use super::given::GivenPlace;
use super::lists::NOBODY;
use super::{Context, given};
use acoledger_schemas::keys::{bene_key, claim_key};
use acoledger_schemas::program::Program;
use acoledger_schemas::values::Date;
use std::ops::Range;

/// Rows of lives in the order of their keys.
pub(crate) struct PerLife<T> {
    keys: Vec<u64>,
    rows: Vec<T>,
}

impl<T> PerLife<T> {
    /// Sorts by key, keeping the order of equal keys.
    fn new(rows: impl Iterator<Item = (u64, T)>) -> PerLife<T> {
        let mut all: Vec<(u64, T)> = rows.collect();
        all.sort_by_key(|(key, _)| *key);
        let (keys, rows) = all.into_iter().unzip();
        PerLife { keys, rows }
    }

    /// Where a shard's walk begins.
    pub(crate) fn seek(&self, key: u64) -> usize {
        self.keys.partition_point(|k| *k < key)
    }

    /// The rows of a life; `at` only moves forward, as lives do.
    pub(crate) fn of(&self, key: u64, at: &mut usize) -> Range<usize> {
        while *at < self.keys.len() && self.keys[*at] < key {
            *at += 1;
        }
        let first = *at;
        while *at < self.keys.len() && self.keys[*at] == key {
            *at += 1;
        }
        first..*at
    }

    pub(crate) fn rows(&self, range: Range<usize>) -> &[T] {
        &self.rows[range]
    }

    /// The rows of a life, for those who ask for one alone.
    pub(crate) fn find(&self, key: u64) -> &[T] {
        self.rows(self.of(key, &mut self.seek(key)))
    }
}

/// A designation (M.A.3).
#[derive(Clone, Copy)]
pub(crate) struct Designation {
    pub(crate) on: i32,
    /// Last day; `i32::MAX` when open.
    pub(crate) ended: i32,
    /// The designee's practice among the participants, or [`NOBODY`].
    pub(crate) tin: u32,
    pub(crate) specialty: u8,
}

/// An alignment elsewhere (M.A.1.3).
#[derive(Clone, Copy)]
pub(crate) struct Elsewhere {
    pub(crate) year: i32,
    /// Day of the decision; `i32::MIN` when undated.
    pub(crate) decided: i32,
}

/// ESRD months of a year.
pub(crate) struct Esrd {
    pub(crate) year: i32,
    pub(crate) months: u16,
}

/// What claims do not say of somebody to be scored (HCC.md 2.2).
pub(crate) struct Status {
    pub(crate) year: i32,
    /// Months in an institution, January first.
    pub(crate) institutional: u16,
    /// Month of the transplant, from January of year 0.
    pub(crate) transplanted: Option<i32>,
}

/// A demonstration payment (M.B.1.4).
pub(crate) struct Payment {
    pub(crate) year: i32,
    /// 0 for January.
    pub(crate) month: i32,
    pub(crate) is_final: bool,
    pub(crate) cents: i64,
}

/// A finished score, in thousandths.
pub(crate) struct Score {
    pub(crate) year: i32,
    /// 1 to 12; 0: all months.
    pub(crate) month: u8,
    pub(crate) model: i32,
    pub(crate) kind: u8,
    pub(crate) hcc: i64,
    pub(crate) demographic: Option<i64>,
}

/// Amounts of claims and lines: reductions of payments (M.B.1.3), improper payments (M.B.4.3).
#[derive(Default)]
pub(crate) struct Reductions {
    /// Sorted; line `i32::MIN` stands for the claim as a whole.
    rows: Vec<(i64, i32, i64)>,
    /// Bits of hashed claims: most lines are told apart by one look.
    filter: Vec<u64>,
    /// 64 less the bits of a place in the filter.
    shift: u32,
}

/// Places in the filter for each row: one claim in so many that has none looks as if it had.
const FILTER_SPARSE: usize = 64;
/// Bits of a place: 512 bytes at least, 128 KiB at most.
const FILTER_BITS: std::ops::RangeInclusive<u32> = 12..=20;

fn filter_bit(claim: i64, shift: u32) -> usize {
    ((claim as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> shift) as usize
}

impl Reductions {
    pub(super) fn new(mut rows: Vec<(i64, i32, i64)>) -> Reductions {
        rows.sort_unstable();
        let places = (rows.len() * FILTER_SPARSE).next_power_of_two().trailing_zeros();
        let bits = places.clamp(*FILTER_BITS.start(), *FILTER_BITS.end());
        let shift = u64::BITS - bits;
        let mut filter = vec![0u64; if rows.is_empty() { 0 } else { 1 << (bits - 6) }];
        for (claim, ..) in &rows {
            let bit = filter_bit(*claim, shift);
            filter[bit / 64] |= 1 << (bit % 64);
        }
        Reductions { rows, filter, shift }
    }

    /// Those of the program file (M.B.1.3).
    pub(super) fn of_claims(program: &Program) -> Reductions {
        let rows = program.claim_reduction.iter().flatten();
        let rows = rows.map(|row| (claim_key(row.claim_id.as_str()).0, row.line.unwrap_or(i32::MIN), row.amount.0.0));
        Reductions::new(rows.collect())
    }

    /// Reductions of a claim: (line, cents) in the order of lines.
    #[inline]
    pub(crate) fn of(&self, claim: i64) -> &[(i64, i32, i64)] {
        if self.filter.is_empty() {
            return &[];
        }
        let bit = filter_bit(claim, self.shift);
        if self.filter[bit / 64] >> (bit % 64) & 1 == 0 {
            return &[];
        }
        let first = self.rows.partition_point(|row| row.0 < claim);
        let count = self.rows[first..].partition_point(|row| row.0 == claim);
        &self.rows[first..first + count]
    }
}

/// Program rows of the lives up to a key: a piece of what program files say about single lives.
pub struct People {
    /// The last key that the piece is about.
    pub(crate) until: u64,
    pub(crate) designations: PerLife<Designation>,
    pub(crate) elsewhere: PerLife<Elsewhere>,
    pub(crate) esrd: PerLife<Esrd>,
    pub(crate) status: PerLife<Status>,
    /// Years with a low-income subsidy.
    pub(crate) subsidies: PerLife<i32>,
    pub(crate) payments: PerLife<Payment>,
    pub(crate) scores: PerLife<Score>,
    /// Places on CMS's own lists.
    pub(crate) given: PerLife<GivenPlace>,
}

impl People {
    /// A piece, of its rows: the program's tables about single lives, each in the order of its file. The other tables are not
    /// looked at. It must hold all rows of the lives after the piece before, up to `until`.
    pub fn new(context: &Context, program: &Program, until: u64) -> People {
        let designations = program.voluntary_alignment.iter().flatten().map(|row| {
            let designation = Designation {
                on: row.designated_on.0,
                ended: row.ended_on.map_or(i32::MAX, |day| day.0),
                tin: context.entities.tins.get(row.designee_tin.as_str()).copied().unwrap_or(NOBODY),
                specialty: row.designee_specialty.as_deref().map_or(0, |text| context.names.specialty(text)),
            };
            (bene_key(row.bene_id.as_str()), designation)
        });
        let elsewhere = program.other_initiative.iter().flatten().map(|row| {
            let decided = row.decided_on.map_or(i32::MIN, |day| day.0);
            (bene_key(row.bene_id.as_str()), Elsewhere { year: row.calendar_year.0, decided })
        });
        let esrd = program.esrd_month.iter().flatten();
        let esrd = esrd
            .map(|row| (bene_key(row.bene_id.as_str()), Esrd { year: row.calendar_year.0, months: row.months_mask.0 }));
        let status = program.risk_status.iter().flatten().map(|row| {
            let status = Status {
                year: row.calendar_year.0,
                institutional: row.lti_months.map_or(0, |months| months.0),
                transplanted: row.transplanted_on.map(Date::month_index),
            };
            (bene_key(row.bene_id.as_str()), status)
        });
        let subsidies = program.lis_adi.iter().flatten().filter(|row| row.lis_months.is_some_and(|months| months > 0));
        let subsidies = subsidies.map(|row| (bene_key(row.bene_id.as_str()), row.calendar_year.0));
        let payments = program.non_claims_payment.iter().flatten().map(|row| {
            let (year, month) = (row.calendar_year.0, i32::from(row.month) - 1);
            let payment = Payment { year, month, is_final: row.final_.0, cents: row.amount.0.0 };
            (bene_key(row.bene_id.as_str()), payment)
        });
        let scores = program.risk_score.iter().flatten().map(|row| {
            let score = Score {
                year: row.calendar_year.0,
                month: row.month.unwrap_or(0),
                model: row.score_year.0,
                kind: row.enrollment_type as u8,
                hcc: (row.hcc_score * 1000.0).round() as i64,
                demographic: row.demographic_score.map(|score| (score * 1000.0).round() as i64),
            };
            (bene_key(row.bene_id.as_str()), score)
        });
        let given = program.assignment_given.iter().flatten().filter_map(|row| {
            let place = given::place(row, &context.acos, &context.performances).ok()?;
            Some((bene_key(row.bene_id.as_str()), place))
        });
        People {
            until,
            designations: PerLife::new(designations),
            elsewhere: PerLife::new(elsewhere),
            esrd: PerLife::new(esrd),
            status: PerLife::new(status),
            subsidies: PerLife::new(subsidies),
            payments: PerLife::new(payments),
            scores: PerLife::new(scores),
            given: PerLife::new(given),
        }
    }
}
