//! Facility claims and their revenue center lines.

use super::beside::Beside;
use super::{Bucket, Finding, LakeRow, Merge, Output, Packed, Why, bad, claim_id, disagreement, refuse};
use crate::dialect::TableShapes;
use crate::record::{Kind, NO_DAY, Shape, four};
use acoledger_schemas::lake;
use acoledger_schemas::values::Date;

/// Why a claim falls: column, reason.
type Fall<'a> = (&'a str, &'static str);

impl Merge<'_> {
    /// Takes all rows of one claim: headers, bad rows, lines, in that order.
    pub(super) fn claim(&self, group: &mut [Packed<'_>], out: &mut impl Output) {
        let (group, beside_rows) = group.split_at_mut(group.partition_point(|row| row.head.kind < Kind::Diagnosis));
        let beside = &self.beside(beside_rows, out);
        if group.is_empty() {
            let why = "no record of CCLF1 has the claim of this one";
            return self.account_beside(beside_rows, Bucket::Rejected, why, out);
        }
        let shapes = &self.shapes[usize::from(group[0].head.table)];
        if group.iter().any(|row| row.head.table != group[0].head.table) {
            // None of them is the later version of another.
            fell(shapes, group, &[], ("", "one claim identifier stands in two tables"), out);
            return self.account_beside(beside_rows, Bucket::Rejected, "the claim was refused", out);
        }
        let newest = group.iter().filter(|row| row.head.kind == Kind::Header).map(|row| row.head.proc_date).max();
        if self.feed {
            self.latest_lines(group, newest);
        }
        let is_old =
            |row: &Packed<'_>| row.head.proc_date != NO_DAY && newest.is_some_and(|newest| row.head.proc_date < newest);
        // Old rows go to the end, each kind keeps its order; files and rows order what is equal.
        group.sort_unstable_by_key(|row| (is_old(row), row.head.kind, row.head.line, row.head.file, row.head.row));
        let current = group.partition_point(|row| !is_old(row));
        let (current, old) = group.split_at(current);
        match self.fall(shapes, current) {
            Some(fall) => {
                fell(shapes, current, old, fall, out);
                self.account_beside(beside_rows, Bucket::Rejected, "the claim was refused", out);
            }
            None => {
                let bucket = self.stand(shapes, current, old, beside, out);
                self.account_beside(beside_rows, bucket, "", out);
            }
        }
    }

    /// A line that the latest delivery of its claim does not repeat still stands: it is taken for one of that delivery.
    fn latest_lines(&self, group: &mut [Packed<'_>], newest: Option<i32>) {
        let Some(newest) = newest else { return };
        let lines = group.partition_point(|row| row.head.kind < Kind::Line);
        for same in group[lines..].chunk_by_mut(|a, b| a.head.line == b.head.line) {
            let latest = same.iter().map(|row| row.head.proc_date).max().unwrap_or(newest);
            for row in same.iter_mut().filter(|row| row.head.proc_date == latest) {
                row.head.proc_date = newest;
            }
        }
    }

    /// Why the claim cannot be used, if it cannot.
    fn fall<'a>(&self, shapes: &TableShapes, current: &[Packed<'a>]) -> Option<Fall<'a>> {
        let (headers, rest) = current.split_at(current.partition_point(|row| row.head.kind == Kind::Header));
        let (bads, lines) = rest.split_at(rest.partition_point(|row| row.head.kind == Kind::Bad));
        if let Some(row) = bads.first() {
            return Some((bad(row).0, "another row of the claim was refused"));
        }
        if headers.is_empty() {
            return Some(("", "no row of a base file has the claim of this line"));
        }
        if let Some(column) = disagreement(&lake::FACILITY, &shapes.header, headers) {
            return Some((column, "rows of the claim disagree"));
        }
        let repeated = |same: &[Packed<'_>]| disagreement(&lake::REVENUE, &shapes.line, same);
        let column = lines.chunk_by(|a, b| a.head.line == b.head.line).find_map(repeated)?;
        Some((column, "a line of the claim is repeated with other values"))
    }

    /// Emits the claim and its lines.
    fn stand(
        &self,
        shapes: &TableShapes,
        current: &[Packed<'_>],
        old: &[Packed<'_>],
        beside: &Beside<'_>,
        out: &mut impl Output,
    ) -> Bucket {
        let header = current[0];
        let year = year_of(&shapes.header, header.payload);
        let bucket = if self.wanted(year) { Bucket::Used } else { Bucket::Outside };
        let keys = (header.head.bene_key, header.head.claim_key);
        let keeps_lines = shapes.keeps_lines && (!self.feed || is_outpatient(&shapes.header, header.payload));
        if bucket == Bucket::Used {
            let joined = (!beside.is_empty()).then(|| beside.join(&lake::FACILITY, &shapes.header, header.payload, 0));
            let payload = joined.as_deref().unwrap_or(header.payload);
            out.lake(row(&lake::FACILITY, year, keys, 0, &shapes.header, payload));
        }
        let mut money_to = bucket;
        let mut last = None;
        for packed in current.iter().filter(|row| row.counted()) {
            let this = (packed.head.kind, packed.head.line);
            let first = last != Some(this);
            last = Some(this);
            out.account(packed.head.file, if first { bucket } else { Bucket::Repeated }, money_to, packed.head.cents);
            money_to = Bucket::Repeated;
            if first && packed.head.kind == Kind::Line && keeps_lines && bucket == Bucket::Used {
                out.lake(row(&lake::REVENUE, year, keys, packed.head.line, &shapes.line, packed.payload));
            }
        }
        for packed in old.iter().filter(|row| row.counted()) {
            out.finding(packed.head.file, Finding::Superseded);
            out.account(packed.head.file, Bucket::Repeated, Bucket::Repeated, packed.head.cents);
        }
        bucket
    }
}

/// Whether a claim is an outpatient one: the lake keeps the lines of these.
fn is_outpatient(header: &Shape, payload: &[u8]) -> bool {
    const OUTPATIENT: i32 = 40;
    four_of(header, payload, "claim_type") == OUTPATIENT
}

/// Refuses every row of a claim; its payment is counted once, on the first row that has it.
fn fell(shapes: &TableShapes, current: &[Packed<'_>], old: &[Packed<'_>], fall: Fall<'_>, out: &mut impl Output) {
    let claim_id = &claim_id(shapes, current);
    let mut rows: Vec<&Packed<'_>> = current.iter().filter(|row| row.counted()).collect();
    rows.sort_unstable_by_key(|row| (row.head.file, row.head.row));
    let mut money_to = Bucket::Rejected;
    for row in rows {
        let (column, reason) = if row.head.kind == Kind::Bad { (bad(row).0, bad(row).1) } else { fall };
        refuse(row, Why { claim_id, column, reason }, money_to, out);
        if row.head.cents != 0 {
            money_to = Bucket::Repeated;
        }
    }
    for row in old.iter().filter(|row| row.counted()) {
        out.finding(row.head.file, Finding::Superseded);
        out.account(row.head.file, Bucket::Repeated, Bucket::Repeated, row.head.cents);
    }
}

fn row<'a>(
    table: &'static lake::LakeTable,
    year: i32,
    (bene_key, claim_key): (u64, i64),
    line: i32,
    shape: &'a Shape,
    payload: &'a [u8],
) -> LakeRow<'a> {
    LakeRow { table, year, bene_key, claim_key, line, shape, payload }
}

/// The year of the claim's through date.
fn year_of(header: &Shape, payload: &[u8]) -> i32 {
    Date(four_of(header, payload, "thru_date")).year()
}

/// A column of a header that takes four bytes.
fn four_of(header: &Shape, payload: &[u8], name: &str) -> i32 {
    let at = lake::FACILITY.position(name).expect("a column of the table");
    let place = header.columns.iter().find(|(position, _)| *position == at);
    match place {
        Some((_, crate::record::Place::Four(offset))) => four(payload, *offset),
        _ => unreachable!("a header holds its {name} in four bytes"),
    }
}
