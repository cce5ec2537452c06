//! Facility claims and their revenue center lines.

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
        let shapes = &self.shapes[usize::from(group[0].head.table)];
        let newest = group.iter().filter(|row| row.head.kind == Kind::Header).map(|row| row.head.proc_date).max();
        let is_old =
            |row: &Packed<'_>| row.head.proc_date != NO_DAY && newest.is_some_and(|newest| row.head.proc_date < newest);
        // Old rows go to the end, each kind keeps its order; files and rows order what is equal.
        group.sort_unstable_by_key(|row| (is_old(row), row.head.kind, row.head.line, row.head.file, row.head.row));
        let current = group.partition_point(|row| !is_old(row));
        let (current, old) = group.split_at(current);
        match self.fall(shapes, current) {
            Some(fall) => fell(shapes, current, old, fall, out),
            None => self.stand(shapes, current, old, out),
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
        if headers.iter().chain(lines).any(|row| row.head.table != headers[0].head.table) {
            return Some(("", "one claim identifier stands in two tables"));
        }
        if let Some(column) = disagreement(&lake::FACILITY, &shapes.header, headers) {
            return Some((column, "rows of the claim disagree"));
        }
        let repeated = |same: &[Packed<'_>]| disagreement(&lake::REVENUE, &shapes.line, same);
        let column = lines.chunk_by(|a, b| a.head.line == b.head.line).find_map(repeated)?;
        Some((column, "a line of the claim is repeated with other values"))
    }

    /// Emits the claim and its lines.
    fn stand(&self, shapes: &TableShapes, current: &[Packed<'_>], old: &[Packed<'_>], out: &mut impl Output) {
        let header = current[0];
        let year = year_of(&shapes.header, header.payload);
        let bucket = if self.wanted(year) { Bucket::Used } else { Bucket::Outside };
        let keys = (header.head.bene_key, header.head.claim_key);
        if bucket == Bucket::Used {
            out.lake(row(&lake::FACILITY, year, keys, 0, &shapes.header, header.payload));
        }
        let mut money_to = bucket;
        let mut last = None;
        for packed in current.iter().filter(|row| row.counted()) {
            let this = (packed.head.kind, packed.head.line);
            let first = last != Some(this);
            last = Some(this);
            out.account(packed.head.file, if first { bucket } else { Bucket::Repeated }, money_to, packed.head.cents);
            money_to = Bucket::Repeated;
            if first && packed.head.kind == Kind::Line && shapes.keeps_lines && bucket == Bucket::Used {
                out.lake(row(&lake::REVENUE, year, keys, packed.head.line, &shapes.line, packed.payload));
            }
        }
        for packed in old.iter().filter(|row| row.counted()) {
            out.finding(Finding::Superseded);
            out.account(packed.head.file, Bucket::Repeated, Bucket::Repeated, packed.head.cents);
        }
    }
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
        out.finding(Finding::Superseded);
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
    let at = lake::FACILITY.position("thru_date").expect("a column of the table");
    let place = header.columns.iter().find(|(position, _)| *position == at);
    match place {
        Some((_, crate::record::Place::Four(offset))) => Date(four(payload, *offset)).year(),
        _ => unreachable!("a header holds its through date in four bytes"),
    }
}
