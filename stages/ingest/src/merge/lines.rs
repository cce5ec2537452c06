//! Carrier and DME lines.

use super::beside::Beside;
use super::{Bucket, Finding, LakeRow, Merge, Output, Packed, Why, bad, claim_id, disagreement, refuse};
use crate::dialect::{TableShapes, Unit, lake_of};
use crate::record::{Head, Kind, Place, Shape, Texts, four, push_text};
use acoledger_schemas::lake::LakeTable;
use acoledger_schemas::values::Date;

impl Merge<'_> {
    /// Takes all rows of one claim: base rows, bad base rows, line parts, whole lines, in that order.
    pub(super) fn lines(&self, unit: Unit, group: &mut [Packed<'_>], out: &mut impl Output) {
        let (group, beside_rows) = group.split_at_mut(group.partition_point(|row| row.head.kind < Kind::Diagnosis));
        let beside = &self.beside(beside_rows, out);
        let (bucket, why) = match group.is_empty() {
            true => (Bucket::Rejected, "no record of CCLF5 has the claim of this one"),
            false => (Bucket::Used, ""),
        };
        self.account_beside(beside_rows, bucket, why, out);
        if group.is_empty() {
            return;
        }
        let shapes = &self.shapes[usize::from(group[0].head.table)];
        let lake = lake_of(unit);
        if group[0].head.kind == Kind::Full {
            return self.whole_lines(lake, shapes, group, beside, out);
        }
        let (bases, rest) = group.split_at_mut(group.partition_point(|row| row.head.kind <= Kind::Bad));
        let (parts, whole) = rest.split_at(rest.partition_point(|row| row.head.kind == Kind::Line));
        let base = base(lake, shapes, bases, parts, out);
        let join = |base: &Packed<'_>| parts.iter().map(|part| join(lake, shapes, base, part)).collect();
        let joined: Vec<(Head, Vec<u8>)> = base.as_ref().map(join).unwrap_or_default();
        let mut lines: Vec<Packed<'_>> = joined.iter().map(|(head, payload)| Packed { head: *head, payload }).collect();
        lines.extend(whole);
        if let (true, Some(base)) = (lines.is_empty(), &base) {
            out.finding(base.head.file, Finding::ClaimWithoutLines);
        }
        lines.sort_unstable_by_key(|row| row.head.line);
        self.whole_lines(lake, shapes, &mut lines, beside, out);
    }

    /// Lines with their header, by line number.
    fn whole_lines(
        &self,
        lake: &'static LakeTable,
        shapes: &TableShapes,
        lines: &mut [Packed<'_>],
        beside: &Beside<'_>,
        out: &mut impl Output,
    ) {
        for same in lines.chunk_by_mut(|a, b| a.head.line == b.head.line) {
            // The latest processing date first; files and rows order what is equal.
            same.sort_unstable_by_key(|row| (std::cmp::Reverse(row.head.proc_date), row.head.file, row.head.row));
            let newest = same[0].head.proc_date;
            let (current, old) = same.split_at(same.partition_point(|row| row.head.proc_date == newest));
            match disagreement(lake, &shapes.full, current) {
                Some(column) => {
                    let claim_id = &claim_id(shapes, current);
                    let why = Why { claim_id, column, reason: "the line is repeated with other values" };
                    current.iter().for_each(|row| refuse(row, why, Bucket::Rejected, out));
                }
                None => self.line(lake, shapes, current, beside, out),
            }
            for row in old {
                out.finding(row.head.file, Finding::Superseded);
                out.account(row.head.file, Bucket::Repeated, Bucket::Repeated, row.head.cents);
            }
        }
    }

    /// One line, which may occur several times.
    fn line(
        &self,
        lake: &'static LakeTable,
        shapes: &TableShapes,
        same: &[Packed<'_>],
        beside: &Beside<'_>,
        out: &mut impl Output,
    ) {
        let first = same[0];
        let year = year_of(lake, &shapes.full, first.payload);
        let bucket = if self.wanted(year) { Bucket::Used } else { Bucket::Outside };
        for (at, row) in same.iter().enumerate() {
            let bucket = if at == 0 { bucket } else { Bucket::Repeated };
            out.account(row.head.file, bucket, bucket, row.head.cents);
        }
        let joined = (!beside.is_empty()).then(|| beside.join(lake, &shapes.full, first.payload, first.head.line));
        if bucket == Bucket::Used {
            out.lake(LakeRow {
                table: lake,
                year,
                bene_key: first.head.bene_key,
                claim_key: first.head.claim_key,
                line: first.head.line,
                shape: &shapes.full,
                payload: joined.as_deref().unwrap_or(first.payload),
            });
        }
    }
}

/// The base row of a split claim; accounts for all base rows, and refuses the lines when there is none that can be used.
fn base<'a>(
    lake: &'static LakeTable,
    shapes: &TableShapes,
    bases: &mut [Packed<'a>],
    parts: &[Packed<'_>],
    out: &mut impl Output,
) -> Option<Packed<'a>> {
    bases.sort_unstable_by_key(|row| {
        (row.head.kind, std::cmp::Reverse(row.head.proc_date), row.head.file, row.head.row)
    });
    let (headers, bads) = bases.split_at(bases.partition_point(|row| row.head.kind == Kind::Header));
    let newest = headers.first().map(|row| row.head.proc_date);
    let current = headers.partition_point(|row| Some(row.head.proc_date) == newest);
    let (current, old) = headers.split_at(current);
    let disagree =
        disagreement(lake, &shapes.header, current).map(|column| (column, "base rows of the claim disagree"));
    let fall = match (bads.first(), current.first()) {
        (Some(row), _) => Some((bad(row).0, "the base row of the claim was refused")),
        (None, None) => Some(("", "no row of a base file has the claim of this line")),
        _ => disagree,
    };
    for row in old {
        out.finding(row.head.file, Finding::Superseded);
        out.account(row.head.file, Bucket::Repeated, Bucket::Repeated, 0);
    }
    let Some((column, reason)) = fall else {
        for (at, row) in current.iter().enumerate() {
            let bucket = if at == 0 { Bucket::Used } else { Bucket::Repeated };
            out.account(row.head.file, bucket, bucket, 0);
        }
        return Some(current[0]);
    };
    let any = if bases.is_empty() { parts } else { &*bases };
    let claim_id = &claim_id(shapes, any);
    for row in bads {
        refuse(row, Why { claim_id, column: bad(row).0, reason: bad(row).1 }, Bucket::Rejected, out);
    }
    for row in current.iter().chain(parts) {
        refuse(row, Why { claim_id, column, reason }, Bucket::Rejected, out);
    }
    None
}

/// A whole line from its base row and its line part.
fn join(lake: &LakeTable, shapes: &TableShapes, base: &Packed<'_>, part: &Packed<'_>) -> (Head, Vec<u8>) {
    let mut sides = [(&shapes.header, base.payload), (&shapes.line, part.payload)]
        .map(|(shape, payload)| (shape.columns.iter(), payload, Texts(&payload[shape.fixed..])));
    let mut whole = vec![0; shapes.full.fixed];
    for &(position, place) in &shapes.full.columns {
        let side = sides.iter_mut().find(|side| side.0.as_slice().first().is_some_and(|(at, _)| *at == position));
        let (columns, payload, texts) = side.expect("a line is its header and its line part");
        let from = columns.next().expect("it was there when looked at").1;
        match (place, from) {
            (Place::Eight(to), Place::Eight(at)) => whole[to..to + 8].copy_from_slice(&payload[at..at + 8]),
            (Place::Four(to), Place::Four(at)) => whole[to..to + 4].copy_from_slice(&payload[at..at + 4]),
            (Place::Text, Place::Text) => push_text(&mut whole, texts.take()),
            _ => unreachable!("{} is stored one way", lake.columns[position].name),
        }
    }
    (Head { kind: Kind::Full, proc_date: base.head.proc_date, ..part.head }, whole)
}

/// The year of the line's last expense date.
fn year_of(lake: &LakeTable, full: &Shape, payload: &[u8]) -> i32 {
    let at = lake.position("last_date").expect("a column of the table");
    match full.columns.iter().find(|(position, _)| *position == at) {
        Some((_, Place::Four(offset))) => Date(four(payload, *offset)).year(),
        _ => unreachable!("a line holds its last date in four bytes"),
    }
}
