//! The first pass over one row: from cells to packed rows, or to the rejects.

use crate::dialect::{FileLayout, FileShape, Unit};
use crate::field::Field;
use crate::identity::Identities;
use crate::normalise::{self, Use, Uses};
use crate::record::{AMOUNT_UNKNOWN, CANCELS, COUNTED, HEAD, Head, Kind, NO_DAY, push_text};
use crate::years::{YEARS, YearSet};
use acoledger_schemas::keys;
use acoledger_schemas::raw::RowsOf;

mod header;
mod values;

use header::LastHeader;

/// Cells of a row by their position among the needed ones.
pub trait Cells {
    /// A cell.
    fn cell(&self, source: usize) -> Field<'_>;
    /// Whether the row before is at hand and has the same cells there. A row may say no where it is yes.
    fn repeats(&self, _sources: &[usize]) -> bool {
        false
    }
}

/// Where rows of the first pass go.
pub trait Sink {
    /// A packed row of a life.
    fn row(&mut self, unit: Unit, bene_key: u64, row: &[u8]);
    /// A life's identifier, as often as it occurs.
    fn life(&mut self, bene_key: u64, bene_id: &[u8]);
    /// A row that cannot be used and belongs to no claim that could be.
    fn reject(&mut self, reject: Reject<'_>);
}

/// A row refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reject<'a> {
    /// File, its position in the delivery.
    pub file: u32,
    /// Row of the file.
    pub row: u64,
    /// Key of the life, where known.
    pub life: Option<u64>,
    /// Claim, blank when unknown.
    pub claim_id: &'a str,
    /// Line, where known.
    pub line: Option<i32>,
    /// Column at fault, blank when it is the row as a whole.
    pub column: &'a str,
    /// Why.
    pub reason: &'a str,
    /// The row's amount; a claim's amount stands on one of its rows only.
    pub cents: i64,
    /// Whether the amount could be read.
    pub amount_known: bool,
}

/// Longest identifiers of lives and claims.
pub(crate) const LONGEST_BENE_ID: usize = 32;
const LONGEST_CLAIM_ID: usize = 40;
/// Whole numbers below it are keys of claims as they are (18 digits, [`keys::claim_key`]).
const LARGEST_NUMBER: u64 = 1_000_000_000_000_000_000;
/// NCH claim types: home health, skilled nursing, outpatient, hospice, inpatient with their encounters, carrier, DME.
const CLAIM_TYPES: [i64; 17] = [10, 20, 30, 40, 41, 42, 50, 60, 61, 62, 63, 64, 71, 72, 73, 81, 82];

/// What a file of a feed says beside its rows.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'l> {
    /// Day of the delivery.
    pub day: i32,
    /// Calendar year of flags by month.
    pub year: Option<i32>,
    /// Which identifier a life goes by.
    pub identities: &'l Identities,
}

/// What is wrong with a row: column and reason.
type Wrong<'l> = (&'l str, &'static str);

/// Turns the rows of one file into packed rows.
#[derive(Debug)]
pub struct Extractor<'l> {
    file: &'l FileLayout,
    number: u32,
    sas_day_numbers: bool,
    delivery: Option<Delivery<'l>>,
    /// Uses of normalisers.
    pub uses: Uses,
    /// Rows read.
    pub rows: u64,
    /// Sum of the amounts that could be read.
    pub cents: i64,
    /// Years that good rows are of, where rows say it.
    pub years: YearSet,
    /// Whether a good row is of a claim that cancels another.
    pub cancels: bool,
    year: i32,
    life_known: bool,
    bene_id: Vec<u8>,
    bene_key: u64,
    claim_id: Vec<u8>,
    claim_key: i64,
    claim_known: bool,
    first: Vec<u8>,
    second: Vec<u8>,
    last_header: Vec<u8>,
    scratch: Vec<u8>,
    amount: Option<i64>,
    proc_date: i32,
    adjustment: u8,
    /// The text read last as a date of the form `17-Jan-1942`, and its day: the dates of a row are mostly the same.
    last_date: ([u8; 11], i32),
    header: LastHeader,
}

impl<'l> Extractor<'l> {
    /// For file `number` of the delivery.
    pub fn new(file: &'l FileLayout, number: u32, sas_day_numbers: bool) -> Extractor<'l> {
        Extractor {
            file,
            number,
            sas_day_numbers,
            delivery: None,
            uses: Uses::default(),
            rows: 0,
            cents: 0,
            years: YearSet::default(),
            cancels: false,
            year: 0,
            life_known: false,
            bene_id: Vec::new(),
            bene_key: 0,
            claim_id: Vec::new(),
            claim_key: 0,
            claim_known: false,
            first: Vec::new(),
            second: Vec::new(),
            last_header: Vec::new(),
            scratch: Vec::new(),
            amount: None,
            proc_date: NO_DAY,
            adjustment: 0,
            last_date: ([0; 11], NO_DAY),
            header: LastHeader::of(file),
        }
    }

    /// The same for a file of a feed.
    pub fn of_delivery(mut self, delivery: Delivery<'l>) -> Extractor<'l> {
        self.delivery = Some(delivery);
        self
    }

    /// A record whose cells cannot be told apart: `found` cells where the header has others.
    pub fn ragged(&mut self, found: usize, row: u64, sink: &mut impl Sink) {
        self.rows += 1;
        self.header.stands = false;
        let reason = format!("the row has {found} cells, the header {}", self.file.width);
        sink.reject(Reject {
            file: self.number,
            row,
            life: None,
            claim_id: "",
            line: None,
            column: "",
            reason: &reason,
            cents: 0,
            amount_known: self.file.amount.is_none(),
        });
    }

    /// Takes one row.
    pub fn row(&mut self, cells: &impl Cells, row: u64, sink: &mut impl Sink) {
        self.rows += 1;
        let stood = std::mem::take(&mut self.header.stands);
        if let Err(wrong) = self.keys(cells, sink) {
            let (cents, known) = self.amount_alone(cells);
            return self.reject(row, None, wrong, cents, known, sink);
        }
        self.amount = None;
        self.proc_date = NO_DAY;
        self.adjustment = 0;
        self.year = if self.file.shapes.unit == Unit::Enrollment { self.claim_key as i32 } else { 0 };
        let line = match &self.file.line {
            None => Ok(0),
            Some(fill) => self.line_number(fill, cells),
        };
        let done = line.and_then(|line| {
            self.header.repeated = stood && cells.repeats(&self.header.cells);
            self.fill_first(cells)?;
            self.fill_all(&self.file.second, self.file.shapes.line.fixed, false, cells)?;
            Ok(line)
        });
        match done {
            Ok(line) => {
                self.header.stands = !self.header.cells.is_empty();
                self.emit(line, row, sink);
            }
            Err(wrong) => self.refuse(cells, line.ok(), row, wrong, sink),
        }
    }

    /// Life and claim, or life and year.
    fn keys(&mut self, cells: &impl Cells, sink: &mut impl Sink) -> Result<(), Wrong<'l>> {
        let file = self.file;
        self.claim_id.clear();
        self.claim_known = false;
        self.life_known = false;
        let id = cells.cell(file.bene.sources[0]);
        let id = id.text(&mut self.scratch);
        if !is_identifier(id, LONGEST_BENE_ID) {
            return Err((&file.bene.name, if id.is_empty() { "blank" } else { "not an identifier" }));
        }
        let id = match &self.delivery {
            None => id,
            Some(delivery) => {
                let current = delivery.identities.current(id);
                if current != id {
                    self.uses.count(Use::IdentityReplaced);
                }
                current
            }
        };
        if id != self.bene_id.as_slice() {
            self.bene_id.clear();
            self.bene_id.extend_from_slice(id);
            let text = std::str::from_utf8(id).map_err(|_| (file.bene.name.as_str(), "not an identifier"))?;
            self.bene_key = keys::bene_key(text);
            sink.life(self.bene_key, id);
        }
        self.life_known = true;
        if let FileShape::Beside(RowsOf::Snapshots | RowsOf::Flags | RowsOf::MemberMonths) = file.shape {
            self.claim_key = self.delivery.and_then(|delivery| delivery.year).map_or(0, i64::from);
            return Ok(());
        }
        let claim = cells.cell(file.claim.sources[0]);
        if let (Field::Integer(number), None, false) = (claim, &self.delivery, file.shapes.unit == Unit::Enrollment)
            && number.unsigned_abs() < LARGEST_NUMBER
        {
            // What its digits as text would come to.
            (self.claim_key, self.claim_known) = (number, true);
            return Ok(());
        }
        let mut id = claim.text(&mut self.scratch);
        if id.is_empty() {
            return Err((&file.claim.name, "blank"));
        }
        if self.delivery.is_some() {
            // Numbers of fixed width; without their zeros they are whole numbers as research files write them.
            let zeros = id.iter().take_while(|byte| **byte == b'0').count();
            id = &id[zeros.min(id.len() - 1)..];
        }
        if file.shapes.unit == Unit::Enrollment {
            let year = normalise::count(claim, &mut Uses::default());
            self.claim_key = year
                .ok()
                .filter(|year| YEARS.contains(&(*year as i32)))
                .ok_or((file.claim.name.as_str(), "not a year"))?;
            return Ok(());
        }
        if !is_identifier(id, LONGEST_CLAIM_ID) {
            return Err((&file.claim.name, "not an identifier"));
        }
        let text = std::str::from_utf8(id).map_err(|_| (file.claim.name.as_str(), "not an identifier"))?;
        let (key, is_the_id) = keys::claim_key(text);
        self.claim_key = key;
        self.claim_known = true;
        if !is_the_id {
            self.claim_id.extend_from_slice(id);
        }
        Ok(())
    }

    /// Sends a good row on its way.
    fn emit(&mut self, line: i32, row: u64, sink: &mut impl Sink) {
        let unit = self.file.shapes.unit;
        let cents = self.amount.unwrap_or(0);
        self.cents += cents;
        self.years.insert(self.year);
        self.cancels |= self.adjustment & CANCELS != 0;
        let mut head = Head {
            kind: Kind::Full,
            flags: COUNTED | self.adjustment,
            table: self.file.shapes.table,
            bene_key: self.bene_key,
            claim_key: self.claim_key,
            line,
            proc_date: self.delivery.map_or(self.proc_date, |delivery| delivery.day),
            file: self.number,
            row,
            cents,
        };
        match (self.file.shape, unit) {
            (FileShape::Beside(rows), _) => head.kind = kind_beside(rows),
            (FileShape::Base, _) => head.kind = Kind::Header,
            (FileShape::Line, _) => head.kind = Kind::Line,
            (FileShape::Lines, Unit::Facility) => {
                if !self.header.repeated {
                    self.emit_header(head, sink);
                }
                head.kind = Kind::Line;
            }
            _ => {}
        }
        let packed = if head.kind == Kind::Line {
            push_text(&mut self.second, &self.claim_id);
            &mut self.second
        } else {
            &mut self.first
        };
        head.write(packed);
        sink.row(unit, head.bene_key, packed);
    }

    /// The header that a line carries: once as long as it stays the same.
    fn emit_header(&mut self, head: Head, sink: &mut impl Sink) {
        let header = Head { kind: Kind::Header, flags: head.flags & !COUNTED, line: 0, ..head };
        header.write(&mut self.first);
        let keys = 8..24;
        let same = self.last_header.len() == self.first.len()
            && self.last_header[keys.clone()] == self.first[keys]
            && self.last_header[HEAD..] == self.first[HEAD..];
        if !same {
            sink.row(self.file.shapes.unit, head.bene_key, &self.first);
            self.last_header.clone_from(&self.first);
        }
    }

    /// A bad row: where its claim hangs on it, a packed row that says so; else a reject.
    fn refuse(&mut self, cells: &impl Cells, line: Option<i32>, row: u64, wrong: Wrong<'l>, sink: &mut impl Sink) {
        let (cents, known) = self.amount_alone(cells);
        let unit = self.file.shapes.unit;
        let alone = unit != Unit::Facility && self.file.shape != FileShape::Base;
        if alone || matches!(self.file.shape, FileShape::Beside(_)) {
            return self.reject(row, line, wrong, cents, known, sink);
        }
        let mut packed = vec![0; HEAD];
        push_text(&mut packed, wrong.0.as_bytes());
        push_text(&mut packed, wrong.1.as_bytes());
        push_text(&mut packed, &self.claim_id);
        let head = Head {
            kind: Kind::Bad,
            flags: COUNTED | if known { 0 } else { AMOUNT_UNKNOWN },
            table: self.file.shapes.table,
            bene_key: self.bene_key,
            claim_key: self.claim_key,
            line: line.unwrap_or(-1),
            proc_date: self.delivery.map_or(NO_DAY, |delivery| delivery.day),
            file: self.number,
            row,
            cents,
        };
        head.write(&mut packed);
        sink.row(unit, head.bene_key, &packed);
    }

    fn reject(
        &mut self,
        row: u64,
        line: Option<i32>,
        (column, reason): Wrong<'l>,
        cents: i64,
        amount_known: bool,
        sink: &mut impl Sink,
    ) {
        let number = self.claim_key.to_string();
        let claim_id = match std::str::from_utf8(&self.claim_id) {
            Ok("") if self.claim_known => &number,
            Ok(text) => text,
            Err(_) => "",
        };
        let life = self.life_known.then_some(self.bene_key);
        sink.reject(Reject { file: self.number, row, life, claim_id, line, column, reason, cents, amount_known });
    }

    /// The amount of a row that is otherwise not read, and whether it is known. Adds it to what the file holds.
    fn amount_alone(&mut self, cells: &impl Cells) -> (i64, bool) {
        let Some(fill) = &self.file.amount else { return (0, true) };
        let cents = normalise::amount(cells.cell(fill.sources[0]), &mut Uses::default());
        let known = cents.ok().flatten();
        self.cents += known.unwrap_or(0);
        (known.unwrap_or(0), known.is_some())
    }
}

fn kind_beside(rows: RowsOf) -> Kind {
    match rows {
        RowsOf::Diagnoses => Kind::Diagnosis,
        RowsOf::Reductions => Kind::Reduction,
        RowsOf::Snapshots => Kind::Snapshot,
        RowsOf::Flags => Kind::Flags,
        RowsOf::MemberMonths => Kind::MemberMonth,
        RowsOf::Claims | RowsOf::Identities | RowsOf::Nothing => unreachable!("these stand beside nothing"),
    }
}

#[inline]
fn is_identifier(text: &[u8], longest: usize) -> bool {
    (1..=longest).contains(&text.len()) && text.iter().all(u8::is_ascii_graphic)
}
