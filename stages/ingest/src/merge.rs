//! The second pass over the rows of some lives: sorted, base joined to lines, repetitions dropped, bad claims refused as a
//! whole. What comes out is in the lake's order.
//!
//! The unit of rejection is the claim for facilities and the line for carrier and DME. A facility claim falls with any of
//! its rows: a header that disagrees with another of the same processing date, a revenue center line that cannot be read, a
//! line that is repeated with other values. Of rows that a later delivery repeats, those of the latest processing date
//! stand (M.B.1.8). Lives with a cancel among their claims go through final action ([`crate::final_action`]).

mod beside;
mod facility;
mod final_claims;
mod lines;
mod months;

use crate::dialect::{TableShapes, Unit, lake_of};
use crate::extract::Reject;
use crate::record::{AMOUNT_UNKNOWN, CANCELS, COUNTED, HEAD, Head, Kind, Place, Shape, Texts, length};
use acoledger_schemas::lake::{self, LakeTable};
use final_claims::Held;
use std::ops::RangeInclusive;

/// Where a row went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
    /// Into the lake.
    Used,
    /// It repeats another.
    Repeated,
    /// Refused.
    Rejected,
    /// Of a year that was not asked for.
    Outside,
    /// Of a claim that another one cancels, or of the cancel.
    Cancelled,
}

/// A row of the lake.
#[derive(Clone, Copy, Debug)]
pub struct LakeRow<'a> {
    /// Table.
    pub table: &'static LakeTable,
    /// Year; 0 for `bene`.
    pub year: i32,
    /// Life.
    pub bene_key: u64,
    /// Claim.
    pub claim_key: i64,
    /// Line.
    pub line: i32,
    /// Which columns the payload holds.
    pub shape: &'a Shape,
    /// Their values.
    pub payload: &'a [u8],
}

/// What is worth knowing and no rejection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// A base row without any line.
    ClaimWithoutLines,
    /// A row that a later processing date or delivery replaced.
    Superseded,
    /// A cancel that took a claim away.
    Cancels,
    /// A cancel of a claim that is not in the files.
    CancelsNothing,
    /// Reductions of one claim or line that disagree in one delivery.
    ReductionsDisagree,
    /// A life of the demographics without a month of enrollment.
    LifeWithoutMonths,
    /// A life with months of enrollment that no demographics have.
    MonthsWithoutLife,
    /// A life and year that two lists of months tell differently.
    MonthsDisagree,
}
impl Finding {
    /// All findings.
    pub const ALL: [Finding; 8] = [
        Finding::ClaimWithoutLines,
        Finding::Superseded,
        Finding::Cancels,
        Finding::CancelsNothing,
        Finding::ReductionsDisagree,
        Finding::LifeWithoutMonths,
        Finding::MonthsWithoutLife,
        Finding::MonthsDisagree,
    ];
    /// A short sentence.
    pub fn text(self) -> &'static str {
        match self {
            Finding::ClaimWithoutLines => "claims of base files without any line",
            Finding::Superseded => "rows that a later processing date or delivery of the same claim or line replaced",
            Finding::Cancels => "cancels that took away a claim of the same natural key",
            Finding::CancelsNothing => "cancels of claims that are not in the files: they take nothing away",
            Finding::ReductionsDisagree => {
                "reductions of one claim or line that disagree in one delivery: the largest counts"
            }
            Finding::LifeWithoutMonths => "lives of the demographics without a month of enrollment",
            Finding::MonthsWithoutLife => "lives with months of enrollment that no demographics have",
            Finding::MonthsDisagree => {
                "lives and years whose months two rows tell differently: the latest list counts, of one day the first file and row"
            }
        }
    }
}

/// Where the second pass puts what it makes. Rows arrive in the lake's order, each table for itself.
pub trait Output {
    /// The next claim (or life and year) and the files that its rows are of, each once: what follows up to the next call is its.
    fn group(&mut self, bene_key: u64, claim_key: i64, files: &[u32]);
    /// Files whose claims were resolved with each other: none of them can be understood without the others.
    fn related(&mut self, files: &[u32]);
    /// A row of the lake.
    fn lake(&mut self, row: LakeRow<'_>);
    /// Where a row of a file went, and where its cents went.
    fn account(&mut self, file: u32, row: Bucket, cents_to: Bucket, cents: i64);
    /// A row refused; it is accounted for as well.
    fn reject(&mut self, reject: Reject<'_>);
    /// Something worth knowing of a row of a file.
    fn finding(&mut self, file: u32, finding: Finding);
    /// Two lives have one key: the lake cannot be made.
    fn collision(&mut self);
}

/// What the second pass needs to know.
#[derive(Clone, Copy, Debug)]
pub struct Merge<'a> {
    /// Payloads of the raw tables.
    pub shapes: &'a [TableShapes],
    /// Years to keep; none: all.
    pub years: Option<&'a RangeInclusive<i32>>,
    /// Whether the rows are those of a feed: of several deliveries the last one counts, enrollment is made of months.
    pub feed: bool,
}

/// One packed row.
#[derive(Clone, Copy, Debug)]
struct Packed<'a> {
    head: Head,
    payload: &'a [u8],
}

impl Packed<'_> {
    fn counted(&self) -> bool {
        self.head.flags & COUNTED != 0
    }
    fn amount_known(&self) -> bool {
        self.head.flags & AMOUNT_UNKNOWN == 0
    }
}

/// Claim keys from here on are hashes of identifiers that are no plain numbers.
const HASHED: i64 = 1 << 62;

/// A row's place in the order: life, claim, kind and line, then where it stands.
type Entry = (u64, i64, u64, usize);

impl Merge<'_> {
    /// Merges all rows of some lives of a unit. `rows` are packed rows in any order.
    pub fn run(&self, unit: Unit, rows: &[u8], out: &mut impl Output) {
        let (order, with_cancels) = sorted(rows);
        let mut group: Vec<Packed<'_>> = Vec::new();
        if unit == Unit::Enrollment && self.feed {
            for life in order.chunk_by(|a, b| a.0 == b.0) {
                group.clear();
                group.extend(life.iter().map(|entry| packed(rows, entry.3)));
                self.months(&mut group, out);
            }
            return;
        }
        let mut rest = order.as_slice();
        for life in with_cancels {
            let (before, from) = rest.split_at(rest.partition_point(|entry| entry.0 < life));
            let (of_life, after) = from.split_at(from.partition_point(|entry| entry.0 == life));
            self.claims(unit, rows, before, &mut group, out);
            let mut held = Held::new(out);
            for same in of_life.chunk_by(|a, b| a.1 == b.1) {
                let first = packed(rows, same[0].3);
                let flags = same.iter().fold(0, |flags, entry| flags | packed(rows, entry.3).head.flags);
                held.begin(first.head.table, flags);
                self.claims(unit, rows, same, &mut group, &mut held);
            }
            held.release(self.shapes);
            rest = after;
        }
        self.claims(unit, rows, rest, &mut group, out);
    }

    /// Merges claims one by one.
    fn claims<'r>(
        &self,
        unit: Unit,
        rows: &'r [u8],
        order: &[Entry],
        group: &mut Vec<Packed<'r>>,
        out: &mut impl Output,
    ) {
        let mut files = Vec::new();
        for same in order.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            group.clear();
            group.extend(same.iter().map(|entry| packed(rows, entry.3)));
            if unit != Unit::Bene {
                distinct_files(group, &mut files);
                out.group(same[0].0, same[0].1, &files);
            }
            match unit {
                Unit::Bene => self.life(group, out),
                Unit::Enrollment => self.enrollment(group, out),
                Unit::Carrier | Unit::Dme => self.lines(unit, group, out),
                Unit::Facility => self.claim(group, out),
            }
        }
    }

    fn wanted(&self, year: i32) -> bool {
        self.years.is_none_or(|years| years.contains(&year))
    }

    fn life(&self, group: &[Packed<'_>], out: &mut impl Output) {
        let first = group[0];
        if group.iter().any(|row| row.payload != first.payload) {
            out.collision();
        }
        // The identifier is the table's only column beside the key.
        let shape = Shape { columns: vec![(1, Place::Text)], fixed: 0 };
        out.lake(LakeRow {
            table: &lake::BENE,
            year: 0,
            bene_key: first.head.bene_key,
            claim_key: 0,
            line: 0,
            shape: &shape,
            payload: first.payload,
        });
    }

    /// One row per life and year: repetitions must agree.
    fn enrollment(&self, group: &mut [Packed<'_>], out: &mut impl Output) {
        group.sort_unstable_by_key(|row| (row.head.file, row.head.row));
        let shape = &self.shapes[usize::from(group[0].head.table)].full;
        let first = group[0];
        let year = first.head.claim_key as i32;
        if let Some(column) = disagreement(&lake::ENROLLMENT, shape, group) {
            let why = Why { claim_id: "", column, reason: "rows of one life and year disagree" };
            group.iter().for_each(|row| refuse(row, why, Bucket::Rejected, out));
            return;
        }
        let bucket = if self.wanted(year) { Bucket::Used } else { Bucket::Outside };
        for (at, row) in group.iter().enumerate() {
            let bucket = if at == 0 { bucket } else { Bucket::Repeated };
            out.account(row.head.file, bucket, bucket, 0);
        }
        if bucket == Bucket::Used {
            out.lake(LakeRow {
                table: &lake::ENROLLMENT,
                year,
                bene_key: first.head.bene_key,
                claim_key: 0,
                line: 0,
                shape,
                payload: first.payload,
            });
        }
    }
}

/// The rows in their order, and the lives with a cancel among their claims.
fn sorted(rows: &[u8]) -> (Vec<Entry>, Vec<u64>) {
    let mut with_cancels = Vec::new();
    let mut order = Vec::with_capacity(rows.len() / 160);
    let mut at = 0;
    while at < rows.len() {
        let head = Head::read(&rows[at..]);
        // Lines are not negative where they order anything; rows without one come first.
        let rank = u64::from(head.kind as u8) << 40 | u64::from(head.line.max(0) as u32);
        order.push((head.bene_key, head.claim_key, rank, at));
        if head.flags & CANCELS != 0 {
            with_cancels.push(head.bene_key);
        }
        at += length(&rows[at..]);
    }
    // Raw files hold the rows of a life together and in order: a sort that merges what is sorted already.
    order.sort();
    with_cancels.sort_unstable();
    with_cancels.dedup();
    (order, with_cancels)
}

fn distinct_files(group: &[Packed<'_>], files: &mut Vec<u32>) {
    files.clear();
    for row in group {
        if !files.contains(&row.head.file) {
            files.push(row.head.file);
        }
    }
}

fn packed(rows: &[u8], at: usize) -> Packed<'_> {
    let row = &rows[at..at + length(&rows[at..])];
    Packed { head: Head::read(row), payload: &row[HEAD..] }
}

/// The first column in which rows differ; blank when only the claim's identifier does.
fn disagreement(table: &'static LakeTable, shape: &Shape, rows: &[Packed<'_>]) -> Option<&'static str> {
    let (first, rest) = rows.split_first()?;
    let other = rest.iter().find(|row| row.payload != first.payload)?;
    Some(first_difference(table, shape, first.payload, other.payload))
}

fn first_difference(table: &'static LakeTable, shape: &Shape, one: &[u8], other: &[u8]) -> &'static str {
    let mut texts = (Texts(&one[shape.fixed..]), Texts(&other[shape.fixed..]));
    for (position, place) in &shape.columns {
        let differs = match *place {
            Place::Eight(at) => one[at..at + 8] != other[at..at + 8],
            Place::Four(at) => one[at..at + 4] != other[at..at + 4],
            Place::Text => texts.0.take() != texts.1.take(),
        };
        if differs {
            return table.columns[*position].name;
        }
    }
    ""
}

/// Identifier of the claim that rows belong to, as text; `shapes` are those of the first row's table.
fn claim_id(shapes: &TableShapes, group: &[Packed<'_>]) -> String {
    let key = group[0].head.claim_key;
    if key < HASHED {
        return key.to_string();
    }
    let of_table = group.iter().filter(|row| row.head.table == group[0].head.table);
    let known = of_table.map(|row| claim_text(shapes, row)).find(|text| !text.is_empty());
    known.unwrap_or_default().to_owned()
}

/// The claim's identifier where it is no plain number: a column of headers and full rows, the last text of others.
fn claim_text<'a>(shapes: &TableShapes, row: &Packed<'a>) -> &'a str {
    let last_of = |shape: &Shape| {
        let mut texts = Texts(&row.payload[shape.fixed..]);
        shape.columns.iter().filter(|(_, place)| *place == Place::Text).for_each(|_| _ = texts.take());
        texts.take()
    };
    let first_of = |shape: &Shape| {
        let claim_id = lake_of(shapes.unit).position("claim_id").expect("claims have an identifier");
        let before = shape.columns.iter().take_while(|(position, _)| *position < claim_id);
        let mut texts = Texts(&row.payload[shape.fixed..]);
        before.filter(|(_, place)| *place == Place::Text).for_each(|_| _ = texts.take());
        texts.take()
    };
    let text = match row.head.kind {
        Kind::Bad => bad(row).2,
        Kind::Line => last_of(&shapes.line),
        Kind::Header => first_of(&shapes.header),
        Kind::Full => first_of(&shapes.full),
        Kind::Diagnosis | Kind::Reduction | Kind::Snapshot | Kind::Flags | Kind::MemberMonth => b"",
    };
    std::str::from_utf8(text).unwrap_or_default()
}

/// Column, reason and claim of a bad row.
fn bad<'a>(row: &Packed<'a>) -> (&'a str, &'a str, &'a [u8]) {
    let mut texts = Texts(row.payload);
    let column = std::str::from_utf8(texts.take()).unwrap_or_default();
    let reason = std::str::from_utf8(texts.take()).unwrap_or_default();
    (column, reason, texts.take())
}

/// Why a row is refused.
#[derive(Clone, Copy, Debug)]
struct Why<'a> {
    claim_id: &'a str,
    column: &'a str,
    reason: &'a str,
}

/// Refuses one row; its cents count as rejected, or as repeating those of another row of the claim.
fn refuse(row: &Packed<'_>, why: Why<'_>, cents_to: Bucket, out: &mut impl Output) {
    out.account(row.head.file, Bucket::Rejected, cents_to, row.head.cents);
    let is_line = matches!(row.head.kind, Kind::Line | Kind::Full) && !why.claim_id.is_empty();
    let is_line = is_line || (row.head.kind == Kind::Bad && row.head.line >= 0);
    out.reject(Reject {
        file: row.head.file,
        row: row.head.row,
        life: Some(row.head.bene_key),
        claim_id: why.claim_id,
        line: is_line.then_some(row.head.line),
        column: why.column,
        reason: why.reason,
        cents: if cents_to == Bucket::Rejected { row.head.cents } else { 0 },
        amount_known: row.amount_known(),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lives::life;
    use acoledger_schemas::raw::RawLayout;

    #[derive(Default)]
    struct Counted {
        rows: usize,
        collisions: usize,
    }
    impl Output for Counted {
        fn group(&mut self, _: u64, _: i64, _: &[u32]) {}
        fn related(&mut self, _: &[u32]) {}
        fn lake(&mut self, _: LakeRow<'_>) {
            self.rows += 1;
        }
        fn account(&mut self, _: u32, _: Bucket, _: Bucket, _: i64) {}
        fn reject(&mut self, _: Reject<'_>) {}
        fn finding(&mut self, _: u32, _: Finding) {}
        fn collision(&mut self) {
            self.collisions += 1;
        }
    }

    #[test]
    fn two_lives_with_one_key_are_noticed() {
        let shapes = TableShapes::all(&RawLayout::rif());
        let merge = Merge { shapes: &shapes, years: None, feed: false };
        let mut out = Counted::default();
        merge.run(Unit::Bene, &[life(1, b"A"), life(2, b"B"), life(1, b"A")].concat(), &mut out);
        assert_eq!((out.rows, out.collisions), (2, 0));
        merge.run(Unit::Bene, &[life(1, b"A"), life(1, b"B")].concat(), &mut out);
        assert_eq!(out.collisions, 1);
    }
}
