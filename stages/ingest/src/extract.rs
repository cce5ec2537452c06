//! The first pass over one row: from cells to packed rows, or to the rejects.

use crate::dialect::{FileLayout, FileShape, Fill, Role, Unit};
use crate::field::Field;
use crate::identity::Identities;
use crate::normalise::{self, Use, Uses};
use crate::record::{ADJUSTS, AMOUNT_UNKNOWN, CANCELS, COUNTED, HEAD, Head, Kind, NO_DAY, Place, end_text, push_text};
use crate::years::{YEARS, YearSet};
use acoledger_schemas::keys;
use acoledger_schemas::lake::Store;
use acoledger_schemas::raw::{Blank, Read, RowsOf};
use acoledger_schemas::values::Date;

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

/// The header of the row before, where rows repeat the header of their claim: as long as its cells stay the same it is not read again.
#[derive(Debug, Default)]
struct LastHeader {
    /// The cells that it is made of, life and claim with them; none where rows are not such.
    cells: Vec<usize>,
    /// Whether the row before had one that could be used.
    stands: bool,
    /// Whether the row at hand repeats it.
    repeated: bool,
    uses: Uses,
    amount: Option<i64>,
    proc_date: i32,
    adjustment: u8,
    year: i32,
}

impl LastHeader {
    fn of(file: &FileLayout) -> LastHeader {
        let mut cells = Vec::new();
        if file.shape == FileShape::Lines && file.shapes.unit == Unit::Facility {
            let fills = [&file.bene, &file.claim].into_iter().chain(&file.first);
            cells.extend(fills.flat_map(|fill| fill.sources.iter().copied()));
            cells.sort_unstable();
            cells.dedup();
        }
        LastHeader { cells, ..LastHeader::default() }
    }
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

    fn line_number(&mut self, fill: &'l Fill, cells: &impl Cells) -> Result<i32, Wrong<'l>> {
        let field = cells.cell(fill.sources[0]);
        if field.is_blank() {
            return Err((&fill.name, "blank"));
        }
        let mut uses = Uses::default();
        let number = normalise::count(field, &mut uses);
        let exact = number.ok().filter(|_| uses.counts().next().is_none());
        let number = exact.and_then(|number| i32::try_from(number).ok()).filter(|number| *number >= 0);
        number.ok_or((&fill.name, "not a line number"))
    }

    /// Fills the first payload; a header that the row before had as well is the same again.
    fn fill_first(&mut self, cells: &impl Cells) -> Result<(), Wrong<'l>> {
        let fixed = self.file.first_fixed();
        if self.header.cells.is_empty() {
            return self.fill_all(&self.file.first, fixed, true, cells);
        }
        if !self.header.repeated {
            let uses = std::mem::take(&mut self.uses);
            let done = self.fill_all(&self.file.first, fixed, true, cells);
            self.header.uses = std::mem::replace(&mut self.uses, uses);
            self.header.amount = self.amount;
            self.header.proc_date = self.proc_date;
            self.header.adjustment = self.adjustment;
            self.header.year = self.year;
            self.uses.add(&self.header.uses);
            return done;
        }
        self.uses.add(&self.header.uses);
        self.amount = self.header.amount;
        self.proc_date = self.header.proc_date;
        self.adjustment = self.header.adjustment;
        self.year = self.header.year;
        Ok(())
    }

    /// Fills a payload: numbers first, texts behind them.
    fn fill_all(&mut self, fills: &'l [Fill], fixed: usize, first: bool, cells: &impl Cells) -> Result<(), Wrong<'l>> {
        let mut row = std::mem::take(if first { &mut self.first } else { &mut self.second });
        row.clear();
        row.resize(HEAD + fixed, 0);
        let done = fills.iter().try_for_each(|fill| self.fill(fill, &mut row, cells).map_err(|why| (&*fill.name, why)));
        *(if first { &mut self.first } else { &mut self.second }) = row;
        done
    }

    #[inline]
    fn fill(&mut self, fill: &Fill, row: &mut Vec<u8>, cells: &impl Cells) -> Result<(), &'static str> {
        match fill.place {
            Place::Eight(at) => {
                let value = self.eight(fill, cells)?;
                row[HEAD + at..HEAD + at + 8].copy_from_slice(&value.to_le_bytes());
            }
            Place::Four(at) => {
                let value = self.four(fill, cells)?;
                row[HEAD + at..HEAD + at + 4].copy_from_slice(&value.to_le_bytes());
            }
            Place::Text => {
                let start = row.len();
                row.push(0);
                self.text(fill, start + 1, row, cells)?;
                end_text(row, start)?;
            }
        }
        Ok(())
    }

    #[inline]
    fn eight(&mut self, fill: &Fill, cells: &impl Cells) -> Result<i64, &'static str> {
        let Some(&source) = fill.sources.first() else { return Ok(0) };
        let field = cells.cell(source);
        if fill.read == Read::Count {
            return normalise::count(field, &mut self.uses);
        }
        let cents = match (normalise::amount(field, &mut self.uses)?, fill.blank) {
            (Some(cents), _) => cents,
            (None, Blank::Refuse) => return Err("blank"),
            (None, _) => {
                self.uses.count(Use::AmountBlankZero);
                0
            }
        };
        if fill.role == Role::Amount {
            self.amount = Some(cents);
        }
        Ok(cents)
    }

    #[inline]
    fn four(&mut self, fill: &Fill, cells: &impl Cells) -> Result<i32, &'static str> {
        let Some(&source) = fill.sources.first() else {
            return Ok(if fill.store == Store::Day { NO_DAY } else { 0 });
        };
        let field = cells.cell(source);
        if fill.read == Read::ClaimType {
            let number = normalise::whole(field.text(&mut self.scratch));
            let number = number.filter(|number| CLAIM_TYPES.contains(number));
            return number.map(|number| number as i32).ok_or("not a claim type");
        }
        let day = match (self.date(field)?, fill.blank) {
            (Some(day), _) => day,
            (None, Blank::Refuse) => return Err("blank"),
            (None, _) => NO_DAY,
        };
        match fill.role {
            Role::Year => {
                self.year = Date(day).year();
                if !YEARS.contains(&self.year) {
                    return Err("not a date of Medicare's records");
                }
            }
            Role::Processed => self.proc_date = day,
            _ => {}
        }
        Ok(day)
    }

    #[inline]
    fn date(&mut self, field: Field<'_>) -> Result<Option<i32>, &'static str> {
        let Field::Text(text @ [_, _, b'-', _, _, _, b'-', ..]) = field else {
            return normalise::date(field, self.sas_day_numbers, &mut self.uses);
        };
        if *text == self.last_date.0 {
            self.uses.count(Use::DateDayMonYear);
            return Ok(Some(self.last_date.1));
        }
        let day = normalise::date(field, self.sas_day_numbers, &mut self.uses)?;
        // Eleven characters without a blank before or behind are of this form and no other.
        if let (Ok(text), Some(day)) = (<[u8; 11]>::try_from(text), day)
            && text[0] > b' '
            && text[10] > b' '
        {
            self.last_date = (text, day);
        }
        Ok(day)
    }

    #[inline]
    fn text(&mut self, fill: &Fill, start: usize, row: &mut Vec<u8>, cells: &impl Cells) -> Result<(), &'static str> {
        match fill.read {
            Read::Claim => row.extend_from_slice(&self.claim_id),
            Read::Months | Read::County if fill.sources.is_empty() => {
                row.resize(row.len() + 12 * fill.padding.width, b' ');
            }
            Read::Months => {
                for &source in &fill.sources {
                    let from = row.len();
                    normalise::month_code(cells.cell(source), fill.padding.width, row, &mut self.uses)?;
                    let code = row[from..].trim_ascii();
                    if fill.codes.as_ref().is_some_and(|codes| !code.is_empty() && !codes.has(code)) {
                        return Err("no code of this column");
                    }
                }
            }
            Read::County => {
                let state = fill.sources.get(1).map_or(Field::Null, |source| cells.cell(*source));
                normalise::county_year(state, cells.cell(fill.sources[0]), row, &mut self.uses);
            }
            Read::Diagnoses => {
                for &source in &fill.sources {
                    normalise::diagnosis(cells.cell(source), start, row, &mut self.uses)?;
                }
            }
            _ => {
                let Some(&first) = fill.sources.first() else { return Ok(()) };
                let known = |source: &&usize| !cells.cell(**source).is_blank();
                let source = match fill.sources.len() {
                    1 => first,
                    _ => fill.sources.iter().find(known).copied().unwrap_or(first),
                };
                normalise::code(cells.cell(source), fill.padding, row, &mut self.uses)?;
                if let Some(codes) = &fill.codes {
                    let code = &row[start..];
                    if !codes.has(code) {
                        return Err("no code of this column");
                    }
                    let is = |known: &String| known.as_bytes() == code;
                    self.adjustment |= if codes.cancels.iter().any(is) { CANCELS } else { 0 };
                    self.adjustment |= if codes.adjusts.iter().any(is) { ADJUSTS } else { 0 };
                }
            }
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
