//! Enrollment of a life from a feed: what it is from the demographics, when it was enrolled from the months.
//!
//! Demographics are snapshots, one per delivery (CCLF8): of a month the snapshot says most that was taken first after it began;
//! months after the last one take the last. Months come from the enrollment flags of the Assignment List Report, whose types
//! are the program's own, or one by one, where the snapshot's status and dual code say the type (M.B.2).

use super::{Bucket, Finding, LakeRow, Merge, Output, Packed};
use crate::record::{Kind, NO_DAY, Texts, four, push_text};
use acoledger_schemas::lake;
use acoledger_schemas::values::Date;
use std::collections::{BTreeMap, BTreeSet};

/// A life on the day of a delivery, borrowed from its row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Snapshot<'a> {
    /// Month of the delivery, counted from year 0.
    month: i32,
    birth: i32,
    death: i32,
    sex: &'a [u8],
    original_reason: &'a [u8],
    state: &'a [u8],
    county: &'a [u8],
    status: &'a [u8],
    dual: &'a [u8],
}

/// What is known of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Month {
    /// Not enrolled.
    None,
    /// Enrolled, of the type that the snapshot says.
    Enrolled,
    /// Enrolled, of the type of this flag.
    Flag(u8),
}

impl Merge<'_> {
    /// All rows of one life: its snapshots and its months.
    pub(super) fn months(&self, rows: &mut [Packed<'_>], out: &mut impl Output) {
        // Kind, then the latest delivery first; files and rows order what is equal.
        rows.sort_unstable_by_key(|row| {
            let head = &row.head;
            (head.kind, head.claim_key, std::cmp::Reverse(head.proc_date), head.file, head.row)
        });
        let snapshots: Vec<Snapshot<'_>> =
            rows.iter().filter(|row| row.head.kind == Kind::Snapshot).map(|row| self.snapshot(row)).collect();
        let mut years: BTreeMap<i32, [Month; 12]> = BTreeMap::new();
        // Lists come before months one by one.
        let mut listed: BTreeSet<i32> = BTreeSet::new();
        for row in rows.iter() {
            let shape = &self.shapes[usize::from(row.head.table)].beside;
            match row.head.kind {
                Kind::Flags => {
                    let year = row.head.claim_key as i32;
                    listed.insert(year);
                    let flags = Texts(&row.payload[shape.fixed..]).take();
                    let mut months = [Month::None; 12];
                    for (month, flag) in months.iter_mut().zip(flags) {
                        *month = if (b'1'..=b'4').contains(flag) { Month::Flag(*flag) } else { Month::None };
                    }
                    // The latest list of a year comes first.
                    let stands = *years.entry(year).or_insert(months);
                    if stands != months {
                        out.finding(row.head.file, Finding::MonthsDisagree);
                    }
                }
                Kind::MemberMonth => {
                    let (year, month, _) = Date(four(row.payload, 0)).ymd();
                    let months = years.entry(year).or_insert([Month::None; 12]);
                    let month = &mut months[month as usize - 1];
                    // A list without the month, and the month for itself.
                    if *month == Month::None && listed.contains(&year) {
                        out.finding(row.head.file, Finding::MonthsDisagree);
                    }
                    *month = if *month == Month::None { Month::Enrolled } else { *month };
                }
                _ => {}
            }
        }
        years.retain(|_, months| months.iter().any(|month| *month != Month::None));
        self.account_months(rows, out);
        let file = rows.first().map_or(0, |row| row.head.file);
        match (snapshots.is_empty(), years.is_empty()) {
            (true, false) => out.finding(file, Finding::MonthsWithoutLife),
            (false, true) => out.finding(file, Finding::LifeWithoutMonths),
            _ => {}
        }
        let table = rows.first().map_or(0, |row| row.head.table);
        let shape = &self.shapes[usize::from(table)].full;
        for (year, months) in years.into_iter().filter(|(year, _)| self.wanted(*year)) {
            let payload = enrollment(year, &months, &snapshots);
            let bene_key = rows[0].head.bene_key;
            let row =
                LakeRow { table: &lake::ENROLLMENT, year, bene_key, claim_key: 0, line: 0, shape, payload: &payload };
            out.lake(row);
        }
    }

    fn snapshot<'a>(&self, row: &Packed<'a>) -> Snapshot<'a> {
        let shape = &self.shapes[usize::from(row.head.table)].beside;
        let mut texts = Texts(&row.payload[shape.fixed..]);
        Snapshot {
            month: Date(row.head.proc_date).month_index(),
            birth: four(row.payload, 0),
            death: four(row.payload, 4),
            sex: texts.take(),
            original_reason: texts.take(),
            state: texts.take(),
            county: texts.take(),
            status: texts.take(),
            dual: texts.take(),
        }
    }

    /// Rows of one delivery that say the same of a life are repetitions, and so are earlier lists of a year.
    fn account_months(&self, rows: &[Packed<'_>], out: &mut impl Output) {
        let mut last: Option<&Packed<'_>> = None;
        for row in rows {
            let same = last.is_some_and(|last| {
                let keys = |row: &Packed<'_>| (row.head.kind, row.head.claim_key);
                let of_delivery = last.payload == row.payload && last.head.proc_date == row.head.proc_date;
                keys(last) == keys(row) && (of_delivery || row.head.kind == Kind::Flags)
            });
            let outside = match row.head.kind {
                Kind::Flags => !self.wanted(row.head.claim_key as i32),
                Kind::MemberMonth => !self.wanted(Date(four(row.payload, 0)).year()),
                _ => false,
            };
            let bucket = match (same, outside) {
                (true, _) => Bucket::Repeated,
                (false, true) => Bucket::Outside,
                (false, false) => Bucket::Used,
            };
            out.account(row.head.file, bucket, bucket, 0);
            last = Some(row);
        }
    }
}

/// The row of one year.
fn enrollment(year: i32, months: &[Month; 12], snapshots: &[Snapshot<'_>]) -> Vec<u8> {
    let known = |value: fn(&Snapshot<'_>) -> i32| snapshots.iter().map(value).find(|day| *day != NO_DAY);
    let (birth, death) = (known(|of| of.birth), known(|of| of.death));
    let last = snapshots.first().copied().unwrap_or_default();
    let mut fixed = Vec::with_capacity(128);
    fixed.extend_from_slice(&birth.unwrap_or(NO_DAY).to_le_bytes());
    fixed.extend_from_slice(&death.unwrap_or(NO_DAY).to_le_bytes());
    let mut texts: [Vec<u8>; 6] = Default::default();
    let [counties, ssa, status, buyin, plan, dual] = &mut texts;
    ssa.resize(60, b' ');
    for (at, month) in months.iter().enumerate() {
        // Latest first: the last one that is not before the month was taken first after it began.
        let index = year * 12 + at as i32;
        let of = snapshots.iter().rev().find(|of| of.month >= index).copied().unwrap_or(last);
        let (of_status, of_dual): (&[u8], &[u8]) = match month {
            Month::None => (b"", b""),
            Month::Enrolled => (of.status, if of.dual == b"NA" { b"" } else { of.dual }),
            Month::Flag(b'1') => (b"31", b""),
            Month::Flag(b'2') => (b"20", b""),
            Month::Flag(b'3') => (b"10", b"02"),
            Month::Flag(_) => (b"10", b""),
        };
        let place = [of.state, of.county].concat();
        padded(counties, if place.len() == 5 { &place } else { b"" }, 5);
        padded(status, of_status, 2);
        padded(dual, of_dual, 2);
        buyin.push(if *month == Month::None { b'0' } else { b'3' });
        plan.push(if *month == Month::None { b' ' } else { b'0' });
    }
    let mut payload = fixed;
    // Columns of the table in their order; the state code of the record is another system's.
    let [counties, ssa, status, buyin, plan, dual] = &texts;
    for text in [last.sex, last.original_reason, b"", b"", counties, ssa, status, buyin, plan, dual] {
        push_text(&mut payload, text);
    }
    payload
}

fn padded(out: &mut Vec<u8>, text: &[u8], width: usize) {
    let end = out.len() + width;
    out.extend_from_slice(&text[..text.len().min(width)]);
    out.resize(end, b' ');
}
