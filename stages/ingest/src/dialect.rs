//! From a file's header to what is done with each row: which raw table's dialect it speaks, whether its rows are claims,
//! lines or both, and which of its columns fill which column of the lake.

use crate::normalise::Padding;
use crate::record::{Place, Shape};
use acoledger_schemas::lake::{self, LakeTable, Store};
use acoledger_schemas::raw::{Blank, Level, RawColumn, RawLayout, RawTable, Read};
use std::collections::HashMap;

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
}

impl FileShape {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            FileShape::Year => "year",
            FileShape::Lines => "lines",
            FileShape::Base => "base",
            FileShape::Line => "line",
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
        let is_key = |name: &str| matches!(name, "bene_key" | "claim_key" | "line");
        let is_line = |name: &str| {
            layout.columns_of(&table.name).any(|column| column.lake == name && column.level == Level::Line)
        };
        let keeps_lines = unit == Unit::Facility && layout.columns_of(&table.name).any(|c| c.lake == "center");
        let nothing = Shape { columns: Vec::new(), fixed: 0 };
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
        TableShapes { table: at as u16, unit, full, header, line, keeps_lines }
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
            (Unit::Facility, _) | (_, FileShape::Base) => self.shapes.header.fixed,
            _ => self.shapes.full.fixed,
        }
    }
}

/// A header on its way to a [`FileLayout`].
struct Matcher<'a> {
    layout: &'a RawLayout,
    table: &'a RawTable,
    at: HashMap<String, usize>,
    width: usize,
    needed: Vec<usize>,
    problems: Vec<HeaderProblem>,
    not_available: Vec<String>,
}

impl<'a> Matcher<'a> {
    fn new(layout: &'a RawLayout, table: &'a str, header: &[&str]) -> Result<Matcher<'a>, Vec<HeaderProblem>> {
        let table = layout.table(table).expect("callers take tables from the layout");
        let mut at = HashMap::new();
        let mut problems = Vec::new();
        for (position, name) in header.iter().enumerate() {
            let name = name.trim().to_ascii_uppercase();
            if at.insert(name.clone(), position).is_some() && !name.is_empty() {
                let hint = "rename or remove one of them".to_owned();
                problems.push(HeaderProblem { column: name, what: "column occurs twice".into(), hint });
            }
        }
        let (needed, not_available) = (Vec::new(), Vec::new());
        Ok(Matcher { layout, table, at, width: header.len(), needed, problems, not_available })
    }

    fn file_layout(mut self) -> Result<FileLayout, Vec<HeaderProblem>> {
        let at = self.layout.tables.iter().position(|table| table.name == self.table.name);
        let shapes = TableShapes::of(self.layout, at.expect("the table is the layout's"), self.table);
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        let shape = self.shape(shapes.unit)?;
        let bene = self.fill_of("bene_id", &[Level::Key], Place::Text);
        let claim = match shapes.unit {
            Unit::Enrollment => self.fill_of("year", &[Level::Year], Place::Text),
            _ => self.fill_of("claim_key", &[Level::Key], Place::Text),
        };
        let with_lines = matches!(shape, FileShape::Lines | FileShape::Line);
        let line = with_lines.then(|| self.fill_of("line", &[Level::Line], Place::Text));
        let lake = lake_of(shapes.unit);
        let (first, second) = match (shapes.unit, shape) {
            (Unit::Facility, FileShape::Lines) => (
                self.fills(lake, &shapes.header, &[Level::Header], shape),
                self.fills(&lake::REVENUE, &shapes.line, &[Level::Line], shape),
            ),
            (Unit::Facility, FileShape::Line) => {
                (Vec::new(), self.fills(&lake::REVENUE, &shapes.line, &[Level::Line], shape))
            }
            (_, FileShape::Base) => (self.fills(lake, &shapes.header, &[Level::Header], shape), Vec::new()),
            (_, FileShape::Line) => (Vec::new(), self.fills(lake, &shapes.line, &[Level::Line], shape)),
            (_, FileShape::Year) => (self.fills(lake, &shapes.full, &[Level::Year], shape), Vec::new()),
            (_, FileShape::Lines) => (self.fills(lake, &shapes.full, &[Level::Header, Level::Line], shape), Vec::new()),
        };
        let amount = first.iter().chain(&second).find(|fill| fill.role == Role::Amount).cloned();
        self.finish(FileLayout {
            shapes,
            shape,
            needed: Vec::new(),
            width: 0,
            bene,
            claim,
            line,
            first,
            second,
            amount,
            not_available: Vec::new(),
        })
    }

    /// The county of a life in one of the two systems.
    fn check_county(&mut self) {
        let lacks = |lake: &str| self.not_available.iter().any(|name| name == lake);
        if lacks("county_fips") && lacks("county_ssa") {
            self.problems.push(HeaderProblem {
                column: "STATE_CNTY_FIPS_CD_01".into(),
                what: "column missing, and no county in SSA codes either, needed by assign: the county of a life"
                    .into(),
                hint: "add the twelve monthly FIPS codes, or STATE_CODE and COUNTY_CD".into(),
            });
        }
    }

    /// Sorts the needed columns and renumbers the sources accordingly.
    fn finish(mut self, mut file: FileLayout) -> Result<FileLayout, Vec<HeaderProblem>> {
        self.check_county();
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        let mut sorted = self.needed.clone();
        sorted.sort_unstable();
        sorted.dedup();
        let keys = [&mut file.bene, &mut file.claim].into_iter();
        let fills = keys.chain(file.line.iter_mut()).chain(&mut file.first).chain(&mut file.second);
        for source in fills.chain(file.amount.iter_mut()).flat_map(|fill| &mut fill.sources) {
            *source = sorted.binary_search(source).expect("each source is needed");
        }
        file.needed = sorted;
        file.width = self.width;
        self.not_available.sort_unstable();
        self.not_available.dedup();
        file.not_available = self.not_available;
        Ok(file)
    }

    /// Whether rows are lines, claims or both: by the columns that only one of them has.
    fn shape(&self, unit: Unit) -> Result<FileShape, Vec<HeaderProblem>> {
        if unit == Unit::Enrollment {
            return Ok(FileShape::Year);
        }
        let has = |column: &RawColumn| column.names.iter().any(|name| self.position(name).is_some());
        let columns = || self.layout.columns_of(&self.table.name);
        let header = columns().any(|column| {
            self.table.header_mark.contains(&column.lake) && column.level == Level::Header && has(column)
        });
        let line = columns().any(|column| column.level == Level::Line && column.required.is_some() && has(column));
        match (header, line) {
            (true, true) => Ok(FileShape::Lines),
            (true, false) => Ok(FileShape::Base),
            (false, true) => Ok(FileShape::Line),
            (false, false) => Err(vec![HeaderProblem {
                column: String::new(),
                what: format!("neither claims nor lines of `{}`: no column of either is there", self.table.name),
                hint: "check the delimiter and the header, or give the file a name that begins with its own table"
                    .into(),
            }]),
        }
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.at.get(name).copied()
    }

    fn fills(&mut self, lake: &LakeTable, shape: &Shape, levels: &[Level], file: FileShape) -> Vec<Fill> {
        let mut fills = Vec::with_capacity(shape.columns.len());
        for &(position, place) in &shape.columns {
            let lake_column = &lake.columns[position];
            let mut fill = match lake_column.name {
                "claim_id" => self.fill_of("claim_key", &[Level::Key], place),
                name => self.fill_at_level(name, levels, place, file),
            };
            fill.store = lake_column.store;
            fill.role = match (lake.name, lake_column.name) {
                ("facility", "thru_date") | ("carrier" | "dme", "last_date") => Role::Year,
                (_, "proc_date") => Role::Processed,
                ("facility" | "carrier" | "dme", "paid_cents") => Role::Amount,
                _ => Role::Plain,
            };
            fills.push(fill);
        }
        fills
    }

    fn fill_of(&mut self, lake: &str, levels: &[Level], place: Place) -> Fill {
        self.fill_at_level(lake, levels, place, FileShape::Lines)
    }

    /// The fill of a lake column from the first of the column's names that the file has.
    fn fill_at_level(&mut self, lake: &str, levels: &[Level], place: Place, shape: FileShape) -> Fill {
        let columns = self.layout.columns_of(&self.table.name);
        let of_level = |column: &&RawColumn| column.lake == lake && levels.contains(&column.level);
        let Some(column) = columns.into_iter().find(of_level) else {
            return nothing(lake, place);
        };
        let sources = if column.base_only && shape != FileShape::Base { Vec::new() } else { self.sources(column) };
        let name = match column.read {
            Read::Months | Read::Diagnoses => RawColumn::spelled(&column.names[0])[0][0].clone(),
            _ => column.names.iter().find(|name| self.position(name).is_some()).unwrap_or(&column.names[0]).clone(),
        };
        match (&column.required, sources.is_empty()) {
            (Some(why), true) => {
                let what = format!("column missing, needed by {why}");
                let hint = match column.names.len() {
                    1 => "add the column".to_owned(),
                    _ => format!("it may also be called {}", column.names[1..].join(", ")),
                };
                self.problems.push(HeaderProblem { column: name.clone(), what, hint });
            }
            (None, true) if !column.base_only => self.not_available.push(lake.to_owned()),
            _ => {}
        }
        self.needed.extend(&sources);
        let padding = Padding { width: column.width.unwrap_or(0), numbers: column.numbers.unwrap_or(0) };
        Fill {
            place,
            read: column.read,
            sources,
            padding,
            blank: column.blank,
            name,
            store: Store::Text,
            role: Role::Plain,
        }
    }

    /// Positions in the file of the cells of a column.
    fn sources(&mut self, column: &RawColumn) -> Vec<usize> {
        let spelled = |pattern: &String| -> Vec<Option<usize>> {
            let of_names = |names: &Vec<String>| names.iter().find_map(|name| self.position(name));
            RawColumn::spelled(pattern).iter().map(of_names).collect()
        };
        let found: Vec<Vec<Option<usize>>> = column.names.iter().map(spelled).collect();
        match column.read {
            Read::Diagnoses => found.into_iter().flatten().flatten().collect(),
            Read::Months => self.months(column, found),
            Read::County => {
                let Some(county) = found.into_iter().flatten().flatten().next() else { return Vec::new() };
                let state = ["STATE_CODE", "BENE_STATE_CD"].iter().find_map(|name| self.position(name));
                std::iter::once(county).chain(state).collect()
            }
            _ => found.into_iter().flatten().flatten().take(1).collect(),
        }
    }

    fn months(&mut self, column: &RawColumn, found: Vec<Vec<Option<usize>>>) -> Vec<usize> {
        let complete = found.iter().find(|months| months.iter().all(Option::is_some));
        if let Some(months) = complete {
            return months.iter().flatten().copied().collect();
        }
        for (pattern, months) in column.names.iter().zip(&found) {
            let Some(gap) = months.iter().position(Option::is_none).filter(|_| months.iter().any(Option::is_some))
            else {
                continue;
            };
            let what = "column missing: the other months are there".to_owned();
            let column = RawColumn::spelled(pattern)[gap][0].clone();
            self.problems.push(HeaderProblem { column, what, hint: "add the column".into() });
        }
        Vec::new()
    }
}

/// A lake column that this raw table does not have at all.
fn nothing(lake: &str, place: Place) -> Fill {
    Fill {
        place,
        read: Read::Code,
        sources: Vec::new(),
        padding: Padding::default(),
        blank: Blank::Keep,
        name: lake.to_owned(),
        store: Store::Text,
        role: Role::Plain,
    }
}
