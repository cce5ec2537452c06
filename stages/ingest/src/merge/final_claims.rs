//! Final action over the claims of one life: all versions meet here, and what is cancelled does not reach the lake.

use super::{Bucket, Finding, LakeRow, Output};
use crate::dialect::TableShapes;
use crate::extract::Reject;
use crate::final_action::{self, Action, Fate, Version};
use crate::record::{ADJUSTS, CANCELS, NO_DAY, Place, Shape, Texts, eight, four};
use acoledger_schemas::lake::LakeTable;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hasher};

/// Columns in which versions of a claim differ though they say the same.
const OF_THE_VERSION: [&str; 6] =
    ["claim_id", "proc_date", "frequency", "disposition", "control_number", "original_control_number"];

/// The claims of one life, held back until all of them are known.
pub(super) struct Held<'o, O> {
    out: &'o mut O,
    claims: Vec<Claim>,
}

/// One claim of the life.
#[derive(Default)]
struct Claim {
    bene_key: u64,
    claim_key: i64,
    files: Vec<u32>,
    table: u16,
    flags: u8,
    rows: Vec<Row>,
    accounts: Vec<Counted>,
}

/// What a row is counted as.
struct Counted {
    file: u32,
    row: Bucket,
    cents_to: Bucket,
    cents: i64,
    /// Place among the claim's rows: of a line, that which was counted just before it was given.
    at: usize,
}

/// A row of the lake.
struct Row {
    table: &'static LakeTable,
    year: i32,
    bene_key: u64,
    claim_key: i64,
    line: i32,
    payload: Vec<u8>,
}

impl<O: Output> Output for Held<'_, O> {
    fn group(&mut self, bene_key: u64, claim_key: i64, files: &[u32]) {
        let claim = self.claims.last_mut().expect("a claim was begun");
        (claim.bene_key, claim.claim_key, claim.files) = (bene_key, claim_key, files.to_vec());
    }

    fn related(&mut self, files: &[u32]) {
        self.out.related(files);
    }

    fn lake(&mut self, row: LakeRow<'_>) {
        let LakeRow { table, year, bene_key, claim_key, line, payload, .. } = row;
        let claim = self.claims.last_mut().expect("a claim was begun");
        claim.rows.push(Row { table, year, bene_key, claim_key, line, payload: payload.to_vec() });
    }

    fn account(&mut self, file: u32, row: Bucket, cents_to: Bucket, cents: i64) {
        let claim = self.claims.last_mut().expect("a claim was begun");
        claim.accounts.push(Counted { file, row, cents_to, cents, at: claim.rows.len() });
    }

    fn reject(&mut self, reject: Reject<'_>) {
        self.out.reject(reject);
    }

    fn finding(&mut self, file: u32, finding: Finding) {
        self.out.finding(file, finding);
    }

    fn collision(&mut self) {
        self.out.collision();
    }
}

impl<'o, O: Output> Held<'o, O> {
    pub(super) fn new(out: &'o mut O) -> Held<'o, O> {
        Held { out, claims: Vec::new() }
    }

    /// The next claim, of a raw table, with the flags of its rows.
    pub(super) fn begin(&mut self, table: u16, flags: u8) {
        self.claims.push(Claim { table, flags, ..Claim::default() });
    }

    /// Resolves all claims and lets go of those that stand.
    pub(super) fn release(self, shapes: &[TableShapes]) {
        let Held { out, claims } = self;
        let facts: Vec<Option<Facts>> = claims.iter().map(|claim| facts(claim, shapes)).collect();
        for cancel in facts.iter().flatten().filter(|of| of.action == Some(Action::Cancel) && !of.key.is_empty()) {
            let same = |of: &Option<Facts>| of.as_ref().is_some_and(|of| of.key == cancel.key);
            let related = claims.iter().zip(&facts).filter(|(_, facts)| same(facts));
            out.related(&related.flat_map(|(claim, _)| &claim.files).copied().collect::<Vec<_>>());
        }
        let versions: Vec<Version<'_>> = facts.iter().flatten().map(Facts::version).collect();
        let mut fates = final_action::resolve(&versions).into_iter();
        let mut fate = |facts: &Option<Facts>| facts.as_ref().and_then(|_| fates.next()).unwrap_or(Fate::Final);
        let mut fates: Vec<Fate> = facts.iter().map(&mut fate).collect();
        let gone = lines_gone(&claims, &facts, &mut fates, shapes);
        for (at, (claim, fate)) in claims.iter().zip(&fates).enumerate() {
            out.group(claim.bene_key, claim.claim_key, &claim.files);
            let file = claim.files.first().copied().unwrap_or(0);
            match fate {
                Fate::Cancels(_) => out.finding(file, Finding::Cancels),
                Fate::CancelsNothing => out.finding(file, Finding::CancelsNothing),
                Fate::Final | Fate::Cancelled(_) => {}
            }
            let stands = |row: usize| *fate == Fate::Final && !gone.contains(&(at, row));
            for counted in &claim.accounts {
                let stands = stands(counted.at);
                let bucket = |of: Bucket| if of == Bucket::Used && !stands { Bucket::Cancelled } else { of };
                out.account(counted.file, bucket(counted.row), bucket(counted.cents_to), counted.cents);
            }
            for (_, row) in claim.rows.iter().enumerate().filter(|(row, _)| stands(*row)) {
                let Row { table, year, bene_key, claim_key, line, payload } = row;
                let shape = shape_of(&shapes[usize::from(claim.table)], table);
                let (year, bene_key, claim_key, line) = (*year, *bene_key, *claim_key, *line);
                out.lake(LakeRow { table, year, bene_key, claim_key, line, shape, payload });
            }
        }
    }
}

/// Lines that a cancel takes away without the rest of their claim: place of the claim, place of the line.
///
/// Part B and DME cancels are told line by line (packet 5.3.1): one that is identical to no claim as a whole may repeat some of its lines.
/// Each looks for the line of its number, service and amount.
fn lines_gone(
    claims: &[Claim],
    facts: &[Option<Facts>],
    fates: &mut [Fate],
    shapes: &[TableShapes],
) -> HashSet<(usize, usize)> {
    let mut gone = HashSet::new();
    let known = |at: usize| facts[at].as_ref().filter(|facts| facts.by_line && !facts.key.is_empty());
    if !fates.iter().enumerate().any(|(at, fate)| *fate == Fate::CancelsNothing && known(at).is_some()) {
        return gone;
    }
    let mut places = Vec::new();
    let mut lines = Vec::new();
    for (at, claim) in claims.iter().enumerate() {
        let Some(facts) = known(at).filter(|_| matches!(fates[at], Fate::Final | Fate::CancelsNothing)) else {
            continue;
        };
        for (row_at, row) in claim.rows.iter().enumerate() {
            let (cents, service) = line_of(row, shape_of(&shapes[usize::from(claim.table)], row.table));
            let key = [facts.key.as_slice(), b"/", &row.line.to_le_bytes(), service].concat();
            places.push((at, row_at));
            // Like an adjustment, a line must be older than its cancel: one of the same day replaced what was cancelled.
            let action = facts.action.map(|of| if of == Action::Cancel { of } else { Action::Adjustment });
            let (control, original_control) = Default::default();
            lines.push(Facts { key, cents, action, content: 0, control, original_control, ..*facts });
        }
    }
    let versions: Vec<Version<'_>> = lines.iter().map(Facts::version).collect();
    for (fate, (claim, row)) in final_action::resolve(&versions).into_iter().zip(&places) {
        match fate {
            Fate::Cancelled(_) => _ = gone.insert((*claim, *row)),
            Fate::Cancels(of) => fates[*claim] = Fate::Cancels(places[of].0),
            Fate::Final | Fate::CancelsNothing => {}
        }
    }
    gone
}

/// Payment and service of a line.
fn line_of<'r>(row: &'r Row, shape: &Shape) -> (i64, &'r [u8]) {
    let (mut cents, mut service): (i64, &[u8]) = (0, b"");
    let mut texts = Texts(&row.payload[shape.fixed..]);
    for &(position, place) in &shape.columns {
        let name = row.table.columns[position].name;
        match place {
            Place::Eight(at) if name == "paid_cents" => cents = eight(&row.payload, at),
            Place::Text => {
                let text = texts.take();
                if name == "hcpcs" {
                    service = text;
                }
            }
            _ => {}
        }
    }
    (cents, service)
}

fn shape_of<'s>(shapes: &'s TableShapes, table: &LakeTable) -> &'s Shape {
    match table.name {
        "facility" => &shapes.header,
        "revenue" => &shapes.line,
        _ => &shapes.full,
    }
}

/// What a claim, or one of its lines, says to final action.
#[derive(Clone, Default)]
struct Facts {
    /// Whether its lines are paid one by one.
    by_line: bool,
    key: Vec<u8>,
    action: Option<Action>,
    processed: i32,
    cents: i64,
    content: u64,
    control: Vec<u8>,
    original_control: Vec<u8>,
    claim_key: i64,
}

impl Facts {
    fn version(&self) -> Version<'_> {
        Version {
            key: &self.key,
            action: self.action.unwrap_or(Action::Original),
            processed: self.processed,
            cents: self.cents,
            content: self.content,
            control: &self.control,
            original_control: &self.original_control,
            claim_key: self.claim_key,
        }
    }
}

/// The facts of a claim that has rows for the lake.
///
/// Natural keys (packet 5.1.2): provider, first and last day of a Part A claim; control number of a Part B claim.
fn facts(claim: &Claim, shapes: &[TableShapes]) -> Option<Facts> {
    let first = claim.rows.first()?;
    let shapes = &shapes[usize::from(claim.table)];
    let mut facts = Facts { processed: NO_DAY, claim_key: first.claim_key, ..Facts::default() };
    facts.action = Some(match claim.flags {
        flags if flags & CANCELS != 0 => Action::Cancel,
        flags if flags & ADJUSTS != 0 => Action::Adjustment,
        _ => Action::Original,
    });
    let mut content = DefaultHasher::new();
    let facility = first.table.name == "facility";
    facts.by_line = !facility;
    let (mut ccn, mut from, mut thru): (&[u8], i32, i32) = (b"", NO_DAY, NO_DAY);
    for row in claim.rows.iter().filter(|row| row.table.name != "revenue") {
        content.write_i32(row.line);
        let shape = shape_of(shapes, row.table);
        let mut texts = Texts(&row.payload[shape.fixed..]);
        for &(position, place) in &shape.columns {
            let name = row.table.columns[position].name;
            let counts = !OF_THE_VERSION.contains(&name);
            match place {
                Place::Eight(at) => {
                    let value = eight(&row.payload, at);
                    if name == "paid_cents" {
                        facts.cents += value;
                    }
                    if counts {
                        content.write_i64(value);
                    }
                }
                Place::Four(at) => {
                    let value = four(&row.payload, at);
                    match name {
                        "proc_date" => facts.processed = facts.processed.max(value),
                        "from_date" => from = value,
                        "thru_date" => thru = value,
                        _ => {}
                    }
                    if counts {
                        content.write_i32(value);
                    }
                }
                Place::Text => {
                    let text = texts.take();
                    match name {
                        "control_number" => facts.control = text.to_vec(),
                        "original_control_number" => facts.original_control = text.to_vec(),
                        "ccn" => ccn = text,
                        _ => {}
                    }
                    if counts {
                        content.write(text);
                        content.write_u8(0xff);
                    }
                }
            }
        }
    }
    facts.content = content.finish();
    if facility && !ccn.is_empty() {
        facts.key = [ccn, b"/", &from.to_le_bytes()[..], &thru.to_le_bytes()].concat();
    } else if !facility {
        facts.key = std::mem::take(&mut facts.control);
    }
    Some(facts)
}
