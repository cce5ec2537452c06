//! From a file's header to what is done with each row: which raw table's dialect it speaks, whether its rows are claims,
//! lines or both, and which of its columns fill which column of the lake.

use crate::normalise::Padding;
use crate::record::{Place, Shape};
use acoledger_schemas::cclf;
use acoledger_schemas::lake::{self, LakeTable, Store};
use acoledger_schemas::raw::{Blank, Level, RawLayout, RawTable, Read, RowsOf};

mod matcher;
use matcher::Matcher;

/// What goes through the passes together: one life's rows of a unit are sorted and joined with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Unit {
    /// Identifiers of lives.
    Bene = 0,
    /// Enrollment years.
    Enrollment = 1,
    /// Carrier lines.
    Carrier = 2,
    /// DME lines.
    Dme = 3,
    /// Facility claims and their revenue center lines.
    Facility = 4,
}

impl Unit {
    /// All units.
    pub const ALL: [Unit; 5] = [Unit::Bene, Unit::Enrollment, Unit::Carrier, Unit::Dme, Unit::Facility];

    fn of_lake(lake: &str) -> Unit {
        match lake {
            "enrollment" => Unit::Enrollment,
            "carrier" => Unit::Carrier,
            "dme" => Unit::Dme,
            _ => Unit::Facility,
        }
    }
}

/// What a row of a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileShape {
    /// Enrollment of a life in a year.
    Year,
    /// A line with its claim's header repeated.
    Lines,
    /// A claim's header; its lines are in other files.
    Base,
    /// A line; its claim's header is in another file.
    Line,
    /// What stands beside claims and lives in files of its own.
    Beside(RowsOf),
    /// Nothing that goes to the lake: rows are counted.
    Counted,
}

impl FileShape {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            FileShape::Year => "year",
            FileShape::Lines => "lines",
            FileShape::Base => "base",
            FileShape::Line => "line",
            FileShape::Beside(_) => "beside",
            FileShape::Counted => "counted",
        }
    }
}

/// The payloads of a raw table's rows.
#[derive(Clone, Debug)]
pub struct TableShapes {
    /// Position in the layout.
    pub table: u16,
    /// What its rows are sorted with.
    pub unit: Unit,
    /// A row that needs no other: enrollment years, carrier and DME lines with their header.
    pub full: Shape,
    /// A claim's header.
    pub header: Shape,
    /// A line without it.
    pub line: Shape,
    /// A row that stands beside claims or lives.
    pub beside: Shape,
    /// Whether the lake keeps revenue center lines of this table.
    pub keeps_lines: bool,
}

impl TableShapes {
    /// The payloads of each table of the layout, in its order.
    pub fn all(layout: &RawLayout) -> Vec<TableShapes> {
        layout.tables.iter().enumerate().map(|(at, table)| TableShapes::of(layout, at, table)).collect()
    }

    fn of(layout: &RawLayout, at: usize, table: &RawTable) -> TableShapes {
        let unit = Unit::of_lake(&table.lake);
        // Reductions come in files of their own or not at all.
        let reduced = layout.tables.iter().any(|of| of.rows == RowsOf::Reductions);
        let is_key = |name: &str| {
            matches!(name, "bene_key" | "claim_key" | "line") || (!reduced && lake::CARRIED.contains(&name))
        };
        let is_line = |name: &str| {
            lake::CARRIED.contains(&name)
                || layout.columns_of(&table.name).any(|column| column.lake == name && column.level == Level::Line)
        };
        let keeps_lines = unit == Unit::Facility && layout.columns_of(&table.name).any(|c| c.lake == "center");
        let nothing = Shape { columns: Vec::new(), fixed: 0 };
        let beside = beside_of(table.rows).map_or(nothing.clone(), |rows| Shape::of(rows, |_| true));
        let (full, header, line) = match unit {
            Unit::Bene | Unit::Enrollment => (Shape::of(&lake::ENROLLMENT, |n| !is_key(n)), nothing.clone(), nothing),
            Unit::Carrier | Unit::Dme => (
                Shape::of(lake_of(unit), |name| !is_key(name)),
                Shape::of(lake_of(unit), |name| !is_key(name) && !is_line(name)),
                Shape::of(lake_of(unit), |name| !is_key(name) && is_line(name)),
            ),
            Unit::Facility => (
                nothing.clone(),
                Shape::of(&lake::FACILITY, |name| !is_key(name)),
                if keeps_lines { Shape::of(&lake::REVENUE, |name| !is_key(name)) } else { nothing },
            ),
        };
        TableShapes { table: at as u16, unit, full, header, line, beside, keeps_lines }
    }
}

/// The lake table of a unit's claims or lines.
pub fn lake_of(unit: Unit) -> &'static LakeTable {
    match unit {
        Unit::Bene => &lake::BENE,
        Unit::Enrollment => &lake::ENROLLMENT,
        Unit::Carrier => &lake::CARRIER,
        Unit::Dme => &lake::DME,
        Unit::Facility => &lake::FACILITY,
    }
}

/// The columns of rows that stand beside claims or lives.
pub fn beside_of(rows: RowsOf) -> Option<&'static LakeTable> {
    match rows {
        RowsOf::Diagnoses => Some(&cclf::DIAGNOSIS),
        RowsOf::Reductions => Some(&cclf::REDUCTION),
        RowsOf::Snapshots => Some(&cclf::SNAPSHOT),
        RowsOf::Flags => Some(&cclf::FLAGS),
        RowsOf::MemberMonths => Some(&cclf::MEMBER_MONTH),
        RowsOf::Claims | RowsOf::Identities | RowsOf::Nothing => None,
    }
}

/// How one column of a payload is filled.
#[derive(Clone, Debug)]
pub struct Fill {
    /// Where it stands in the payload.
    pub place: Place,
    /// How it is read.
    pub read: Read,
    /// Cells that it is made of, as positions in [`FileLayout::needed`]; none: not available.
    pub sources: Vec<usize>,
    /// Leading zeros.
    pub padding: Padding,
    /// What a blank means.
    pub blank: Blank,
    /// Column of the file, for messages.
    pub name: String,
    /// What the lake keeps.
    pub store: Store,
    /// What the column means to the row as a whole.
    pub role: Role,
    /// Codes that mean something to the row as a whole.
    pub codes: Option<Box<Codes>>,
}

/// Codes of adjustments, and codes that there are.
#[derive(Clone, Debug)]
pub struct Codes {
    /// Of claims that cancel another.
    pub cancels: Vec<String>,
    /// Of claims that replace another.
    pub adjusts: Vec<String>,
    /// All codes that there are; empty: any.
    pub known: Vec<String>,
}

impl Codes {
    /// Whether there is such a code.
    pub(crate) fn has(&self, code: &[u8]) -> bool {
        self.known.is_empty() || self.known.iter().any(|known| known.as_bytes() == code)
    }
}

/// What a column means to its row as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Nothing but its value.
    Plain,
    /// The date whose year is the row's year in the lake.
    Year,
    /// The weekly processing date.
    Processed,
    /// The payment that the row is accounted with.
    Amount,
}

/// What is done with the rows of a file.
#[derive(Clone, Debug)]
pub struct FileLayout {
    /// Payloads of the raw table.
    pub shapes: TableShapes,
    /// What a row is.
    pub shape: FileShape,
    /// Positions of the file's columns that are read, ascending.
    pub needed: Vec<usize>,
    /// Columns of the file in all.
    pub width: usize,
    /// The life.
    pub bene: Fill,
    /// The claim, or the year of enrollment.
    pub claim: Fill,
    /// The line number, where rows are lines.
    pub line: Option<Fill>,
    /// Columns of the `full` or `header` payload.
    pub first: Vec<Fill>,
    /// Columns of the `line` payload.
    pub second: Vec<Fill>,
    /// The fill of `first` or `second` that holds the row's amount.
    pub amount: Option<Fill>,
    /// Lake columns that the file cannot fill.
    pub not_available: Vec<String>,
}

/// Something wrong with a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderProblem {
    /// Column.
    pub column: String,
    /// What is wrong.
    pub what: String,
    /// One action.
    pub hint: String,
}

impl FileLayout {
    /// Matches a header to a raw table's dialects.
    ///
    /// # Errors
    /// Every required column that is absent, every name that occurs twice, or that the rows are neither claims nor lines.
    pub fn of(layout: &RawLayout, table: &str, header: &[&str]) -> Result<FileLayout, Vec<HeaderProblem>> {
        Matcher::new(layout, table, header)?.file_layout()
    }

    /// Bytes before the texts of the payload that `first` fills.
    pub fn first_fixed(&self) -> usize {
        match (self.shapes.unit, self.shape) {
            (_, FileShape::Beside(_) | FileShape::Counted) => self.shapes.beside.fixed,
            (Unit::Facility, _) | (_, FileShape::Base) => self.shapes.header.fixed,
            _ => self.shapes.full.fixed,
        }
    }
}
