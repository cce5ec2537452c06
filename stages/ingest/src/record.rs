//! Packed rows: what the first pass writes and the second one sorts. A head of fixed size, then the kept columns of the
//! lake table, numbers first, texts after them.
//!
//! Rows are bytes so that spilling, sorting and comparing them costs no more than moving memory. Two rows hold the same
//! values exactly when their payloads are the same bytes.

use acoledger_schemas::lake::{LakeTable, Store};

/// Size of the head.
pub const HEAD: usize = 52;
/// A day that is not known.
pub const NO_DAY: i32 = i32::MIN;

/// What a packed row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// The header of a claim.
    Header = 0,
    /// A row that could not be used, so that its claim cannot either; the payload is column, reason.
    Bad = 1,
    /// The line part of a split claim, or a revenue center line.
    Line = 2,
    /// A row that needs no other: a carrier or DME line with its header, an enrollment year, a life's identifier.
    Full = 3,
    /// A diagnosis of a claim.
    Diagnosis = 4,
    /// What was taken off the payment of a claim or line.
    Reduction = 5,
    /// A life on the day of a delivery.
    Snapshot = 6,
    /// Twelve enrollment flags of a life.
    Flags = 7,
    /// A month of enrollment.
    MemberMonth = 8,
}
impl Kind {
    const ALL: [Kind; 9] = [
        Kind::Header,
        Kind::Bad,
        Kind::Line,
        Kind::Full,
        Kind::Diagnosis,
        Kind::Reduction,
        Kind::Snapshot,
        Kind::Flags,
        Kind::MemberMonth,
    ];
}

/// The row is a row of a file, to be accounted for. Headers taken off a line's row are not.
pub const COUNTED: u8 = 1;
/// The amount of the row could not be read.
pub const AMOUNT_UNKNOWN: u8 = 2;
/// The row is of a claim that cancels another.
pub const CANCELS: u8 = 4;
/// The row is of a claim that replaces another.
pub const ADJUSTS: u8 = 8;

/// The head of a packed row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// What the row is.
    pub kind: Kind,
    /// [`COUNTED`], [`AMOUNT_UNKNOWN`], [`CANCELS`], [`ADJUSTS`].
    pub flags: u8,
    /// Raw table, its position in the layout.
    pub table: u16,
    /// Life.
    pub bene_key: u64,
    /// Claim; the year for enrollment.
    pub claim_key: i64,
    /// Line, 0 where there is none.
    pub line: i32,
    /// Which of two rows with the same keys is the later one: the day of their delivery where files say it, else the weekly
    /// processing date; [`NO_DAY`] where unknown.
    pub proc_date: i32,
    /// File, its position in the delivery.
    pub file: u32,
    /// Row of the file, 1 for the first after the header.
    pub row: u64,
    /// The row's amount: line payment, or claim payment as it stands on the row.
    pub cents: i64,
}

impl Head {
    /// Writes the head over the first bytes of `row`, whose length it records.
    pub fn write(&self, row: &mut [u8]) {
        let length = row.len() as u32;
        row[0..4].copy_from_slice(&length.to_le_bytes());
        row[4] = self.kind as u8;
        row[5] = self.flags;
        row[6..8].copy_from_slice(&self.table.to_le_bytes());
        row[8..16].copy_from_slice(&self.bene_key.to_le_bytes());
        row[16..24].copy_from_slice(&self.claim_key.to_le_bytes());
        row[24..28].copy_from_slice(&self.line.to_le_bytes());
        row[28..32].copy_from_slice(&self.proc_date.to_le_bytes());
        row[32..36].copy_from_slice(&self.file.to_le_bytes());
        row[36..44].copy_from_slice(&self.row.to_le_bytes());
        row[44..52].copy_from_slice(&self.cents.to_le_bytes());
    }

    /// Reads the head of `row`.
    #[inline]
    pub fn read(row: &[u8]) -> Head {
        let head: &[u8; HEAD] = row.first_chunk().expect("a packed row is longer than its head");
        let four = |at: usize| [head[at], head[at + 1], head[at + 2], head[at + 3]];
        let eight = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| head[at + i]));
        let kind = Kind::ALL[usize::from(head[4]).min(Kind::ALL.len() - 1)];
        Head {
            kind,
            flags: head[5],
            table: u16::from_le_bytes([head[6], head[7]]),
            bene_key: eight(8),
            claim_key: eight(16) as i64,
            line: i32::from_le_bytes(four(24)),
            proc_date: i32::from_le_bytes(four(28)),
            file: u32::from_le_bytes(four(32)),
            row: eight(36),
            cents: eight(44) as i64,
        }
    }
}

/// Length of the packed row at the start of `rows`.
#[inline]
pub fn length(rows: &[u8]) -> usize {
    u32::from_le_bytes([rows[0], rows[1], rows[2], rows[3]]) as usize
}

/// Where a column stands in a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Eight bytes at this offset.
    Eight(usize),
    /// Four bytes at this offset.
    Four(usize),
    /// The next text.
    Text,
}

/// Which lake columns a payload holds, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Positions in the lake table, ascending, each with its place.
    pub columns: Vec<(usize, Place)>,
    /// Bytes before the texts.
    pub fixed: usize,
}

impl Shape {
    /// The payload of those columns of `table` that `keep` wants.
    pub fn of(table: &LakeTable, keep: impl Fn(&str) -> bool) -> Shape {
        let mut fixed = 0;
        let mut columns = Vec::new();
        let mut take = |width| {
            fixed += width;
            fixed - width
        };
        for (position, column) in table.columns.iter().enumerate() {
            if !keep(column.name) {
                continue;
            }
            let place = match column.store {
                Store::Key | Store::Long | Store::Cents => Place::Eight(take(8)),
                Store::Int | Store::Day => Place::Four(take(4)),
                Store::Code | Store::Text => Place::Text,
            };
            columns.push((position, place));
        }
        Shape { columns, fixed }
    }
}

/// Lengths from here on take two more bytes, behind one of this value. Hardly any text is so long.
const LONG: usize = 255;

/// Appends a text to a payload.
#[inline]
pub fn push_text(row: &mut Vec<u8>, text: &[u8]) {
    match text.len() {
        length @ ..LONG => row.push(length as u8),
        length => {
            row.push(LONG as u8);
            row.extend_from_slice(&(length as u16).to_le_bytes());
        }
    }
    row.extend_from_slice(text);
}

/// Ends a text of a payload that begins behind its length at `start`.
///
/// # Errors
/// A text that is longer than any code.
#[inline]
pub(crate) fn end_text(row: &mut Vec<u8>, start: usize) -> Result<(), &'static str> {
    let length = row.len() - start - 1;
    if length < LONG {
        row[start] = length as u8;
        return Ok(());
    }
    let length = u16::try_from(length).map_err(|_| "longer than any code")?;
    row[start] = LONG as u8;
    row.splice(start + 1..start + 1, length.to_le_bytes());
    Ok(())
}

/// The texts of a payload, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Texts<'a>(pub &'a [u8]);
impl<'a> Texts<'a> {
    /// The next text.
    #[inline]
    pub fn take(&mut self) -> &'a [u8] {
        let (at, length) = match usize::from(self.0[0]) {
            LONG => (3, usize::from(u16::from_le_bytes([self.0[1], self.0[2]]))),
            length => (1, length),
        };
        let text = &self.0[at..at + length];
        self.0 = &self.0[at + length..];
        text
    }
}

/// Eight bytes of a payload.
#[inline]
pub fn eight(payload: &[u8], at: usize) -> i64 {
    i64::from_le_bytes(std::array::from_fn(|i| payload[at + i]))
}
/// Four bytes of a payload.
#[inline]
pub fn four(payload: &[u8], at: usize) -> i32 {
    i32::from_le_bytes(std::array::from_fn(|i| payload[at + i]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use acoledger_schemas::lake::REVENUE;

    #[test]
    fn heads_go_there_and_back() {
        let head = Head {
            kind: Kind::Line,
            flags: COUNTED,
            table: 3,
            bene_key: u64::MAX - 1,
            claim_key: -10_000_930_037_831,
            line: 7,
            proc_date: NO_DAY,
            file: 12,
            row: 1 << 40,
            cents: -5,
        };
        let mut row = vec![0; HEAD + 3];
        head.write(&mut row);
        assert_eq!(Head::read(&row), head);
        assert_eq!(length(&row), HEAD + 3);
    }

    #[test]
    fn texts_of_any_length_come_back() {
        let lengths = [0, 1, 254, 255, 256, 65_535];
        let (mut pushed, mut ended) = (Vec::new(), Vec::new());
        for length in lengths {
            push_text(&mut pushed, &vec![b'x'; length]);
            let start = ended.len();
            ended.resize(start + 1 + length, b'x');
            end_text(&mut ended, start).expect("not too long");
        }
        assert_eq!(pushed, ended, "one payload, one row of bytes");
        let mut texts = Texts(&pushed);
        assert_eq!(lengths.map(|_| texts.take().len()), lengths);
        assert!(end_text(&mut vec![b'x'; 65_537], 0).is_err());
    }

    #[test]
    fn a_shape_puts_numbers_before_texts() {
        let shape = Shape::of(&REVENUE, |name| matches!(name, "center" | "service_date" | "hcpcs" | "units"));
        let places: Vec<Place> = shape.columns.iter().map(|(_, place)| *place).collect();
        assert_eq!(places, [Place::Text, Place::Four(0), Place::Text, Place::Eight(4)]);
        assert_eq!(shape.fixed, 12);
    }
}
