//! Finding a raw table's columns in a header.

use super::{Codes, FileLayout, FileShape, Fill, HeaderProblem, Role, TableShapes, Unit, beside_of, lake_of};
use crate::normalise::Padding;
use crate::record::{Place, Shape};
use acoledger_schemas::lake::{self, LakeTable, Store};
use acoledger_schemas::raw::{Blank, Level, RawColumn, RawLayout, RawTable, Read, RowsOf};
use std::collections::HashMap;

/// A header on its way to a [`FileLayout`].
pub(super) struct Matcher<'a> {
    layout: &'a RawLayout,
    table: &'a RawTable,
    at: HashMap<String, usize>,
    width: usize,
    needed: Vec<usize>,
    problems: Vec<HeaderProblem>,
    not_available: Vec<String>,
}

impl<'a> Matcher<'a> {
    pub(super) fn new(
        layout: &'a RawLayout,
        table: &'a str,
        header: &[&str],
    ) -> Result<Matcher<'a>, Vec<HeaderProblem>> {
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

    pub(super) fn file_layout(mut self) -> Result<FileLayout, Vec<HeaderProblem>> {
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
        let with_lines = match shape {
            FileShape::Lines | FileShape::Line => true,
            FileShape::Beside(_) => self.layout.columns_of(&self.table.name).any(|column| column.lake == "line"),
            _ => false,
        };
        let line = with_lines.then(|| self.fill_of("line", &[Level::Line], Place::Text));
        let lake = lake_of(shapes.unit);
        let (first, second) = match (shapes.unit, shape) {
            (_, FileShape::Counted) => (Vec::new(), Vec::new()),
            (_, FileShape::Beside(rows)) => {
                let columns = beside_of(rows).expect("rows beside claims have columns");
                (self.fills(columns, &shapes.beside, &[Level::Line, Level::Year], shape), Vec::new())
            }
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
        match self.table.rows {
            RowsOf::Claims if unit == Unit::Enrollment => return Ok(FileShape::Year),
            RowsOf::Claims => {}
            RowsOf::Identities | RowsOf::Nothing => return Ok(FileShape::Counted),
            rows => return Ok(FileShape::Beside(rows)),
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
                // Joined from files of their own.
                name if lake::CARRIED.contains(&name) && lake_of_claims(lake) => nothing(name, place),
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
        let (cancels, adjusts, known) = (column.cancels.clone(), column.adjusts.clone(), column.known.clone());
        let any = !cancels.is_empty() || !adjusts.is_empty() || !known.is_empty();
        let codes = any.then(|| Box::new(Codes { cancels, adjusts, known }));
        Fill {
            place,
            read: column.read,
            sources,
            padding,
            blank: column.blank,
            name,
            store: Store::Text,
            role: Role::Plain,
            codes,
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
            _ if column.first_known => found.into_iter().flatten().flatten().collect(),
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
        codes: None,
    }
}

/// Whether a table holds claims or lines of the lake.
fn lake_of_claims(table: &LakeTable) -> bool {
    matches!(table.name, "facility" | "carrier" | "dme")
}
