//! A table is declared once; reading, writing, schemas and reference pages follow from the declaration.

mod text;

pub use text::{Records, RowReader, bad_cell, cell_of, match_header, read_csv, same_key, too_many_columns, write_csv};

use crate::shown::shown;
use crate::spreadsheet::neutral;
use crate::values::*;
use std::fmt;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text: an identifier, a code, a name.
    Text,
    /// A whole number.
    Integer,
    /// A decimal number.
    Decimal,
    /// A day, ISO.
    Date,
    /// `1` or `0`.
    Flag,
}

/// One column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Canonical name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Unit, from a short list: `code`, `id`, `year`, `month`, `months`, `lives`, `cents`, `dollars`, `fraction`, …
    pub unit: &'static str,
    /// Meaning, a sentence or two.
    pub meaning: &'static str,
    /// Whether the column may be absent or its cells blank. Blank means unknown, never zero.
    pub optional: bool,
}

/// One table.
#[derive(Clone, Copy, Debug)]
pub struct TableSpec {
    /// File stem.
    pub name: &'static str,
    /// What a row is.
    pub meaning: &'static str,
    /// Columns that identify a row; empty when rows need no key.
    pub key: &'static [&'static str],
    /// All columns, in order.
    pub columns: &'static [Column],
}

/// One cell on its way out.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Unknown.
    Blank,
    /// Text.
    Text(std::borrow::Cow<'a, str>),
    /// A whole number (flags too).
    Integer(i64),
    /// A decimal number.
    Decimal(f64),
    /// A day.
    Date(Date),
}

impl Cell<'_> {
    /// The cell in comma-separated text: what a spreadsheet would run is marked as text ([`crate::spreadsheet`]).
    pub fn for_csv(&self) -> String {
        match self {
            Cell::Text(text) => neutral(text).into_owned(),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Blank => Ok(()),
            Cell::Text(text) => f.write_str(text),
            Cell::Integer(number) => write!(f, "{number}"),
            Cell::Decimal(number) => write!(f, "{number}"),
            Cell::Date(date) => write!(f, "{date}"),
        }
    }
}

/// A type that a cell can hold.
pub trait Value: Sized {
    /// What the column holds.
    const KIND: Kind;
    /// Whether a blank cell is a value.
    const OPTIONAL: bool = false;
    /// Parses text, already trimmed; blank only where [`Value::OPTIONAL`].
    ///
    /// # Errors
    /// Says what was expected.
    fn parse(text: &str) -> Result<Self, String>;
    /// The cell that stands for the value.
    fn cell(&self) -> Cell<'_>;
}

impl<T: Value> Value for Option<T> {
    const KIND: Kind = T::KIND;
    const OPTIONAL: bool = true;
    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() { Ok(None) } else { T::parse(text).map(Some) }
    }
    fn cell(&self) -> Cell<'_> {
        self.as_ref().map_or(Cell::Blank, T::cell)
    }
}

macro_rules! text_value {
    ($($ty:ty),+) => {$(
        impl Value for $ty {
            const KIND: Kind = Kind::Text;
            fn parse(text: &str) -> Result<Self, String> { <$ty>::new(text) }
            fn cell(&self) -> Cell<'_> { Cell::Text(self.as_str().into()) }
        }
    )+};
}
text_value!(AcoId, Tin, Ccn, Npi, Hcpcs, BeneId, ClaimId, County);

macro_rules! code_value {
    ($($ty:ty),+) => {$(
        impl Value for $ty {
            const KIND: Kind = Kind::Text;
            fn parse(text: &str) -> Result<Self, String> {
                <$ty>::from_code(text).ok_or_else(|| {
                    let codes: Vec<&str> = <$ty>::ALL.iter().map(|v| v.code()).collect();
                    format!("expected one of: {}", codes.join(", "))
                })
            }
            fn cell(&self) -> Cell<'_> { Cell::Text(self.code().into()) }
        }
    )+};
}
code_value!(
    Track,
    Period,
    AssignmentMethod,
    AgreementType,
    RevenueCategory,
    TerminationKind,
    Cohort,
    Window,
    Population,
    Basis,
    ServiceCategory,
    UseMeasure,
    RiskPart,
    ScoreKind
);

impl Value for EnrollmentType {
    const KIND: Kind = Kind::Text;
    fn parse(text: &str) -> Result<Self, String> {
        text.parse()
    }
    fn cell(&self) -> Cell<'_> {
        Cell::Text(self.code().into())
    }
}

impl Value for String {
    const KIND: Kind = Kind::Text;
    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
    fn cell(&self) -> Cell<'_> {
        Cell::Text(self.as_str().into())
    }
}

macro_rules! integer_value {
    ($($ty:ty),+) => {$(
        impl Value for $ty {
            const KIND: Kind = Kind::Integer;
            fn parse(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| whole_number(i128::from(<$ty>::MIN), i128::from(<$ty>::MAX)))
            }
            fn cell(&self) -> Cell<'_> { Cell::Integer(i64::from(*self)) }
        }
    )+};
}
integer_value!(i64, i32, u32, u16, u8);

/// What a whole number may be, with the bounds that mean something to a reader.
fn whole_number(least: i128, most: i128) -> String {
    match (least, most) {
        (0, 0..=65_535) => format!("expected a whole number from 0 to {most}"),
        (0, _) => "expected a whole number, 0 or more".into(),
        _ => "expected a whole number".into(),
    }
}

impl Value for f64 {
    const KIND: Kind = Kind::Decimal;
    fn parse(text: &str) -> Result<Self, String> {
        let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E'));
        match text.parse::<f64>() {
            Ok(number) if plain && number.is_finite() => Ok(number),
            _ => Err("expected a decimal number".into()),
        }
    }
    fn cell(&self) -> Cell<'_> {
        Cell::Decimal(*self)
    }
}

macro_rules! year_value {
    ($($ty:ident),+) => {$(
        impl Value for $ty {
            const KIND: Kind = Kind::Integer;
            fn parse(text: &str) -> Result<Self, String> {
                match text.parse() {
                    Ok(year @ 1990..=2100) => Ok($ty(year)),
                    _ => Err("expected a year from 1990 to 2100".into()),
                }
            }
            fn cell(&self) -> Cell<'_> { Cell::Integer(i64::from(self.0)) }
        }
    )+};
}
year_value!(PerformanceYear, CalendarYear);

impl Value for Date {
    const KIND: Kind = Kind::Date;
    fn parse(text: &str) -> Result<Self, String> {
        Date::parse_iso(text).ok_or_else(|| "expected a date like 2024-01-31".into())
    }
    fn cell(&self) -> Cell<'_> {
        Cell::Date(*self)
    }
}

impl Value for Flag {
    const KIND: Kind = Kind::Flag;
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "1" => Ok(Flag(true)),
            "0" => Ok(Flag(false)),
            _ => Err("expected 1 or 0".into()),
        }
    }
    fn cell(&self) -> Cell<'_> {
        Cell::Integer(i64::from(self.0))
    }
}

impl Value for MonthsMask {
    const KIND: Kind = Kind::Integer;
    fn parse(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(mask @ 0..=4095) => Ok(MonthsMask(mask)),
            _ => Err("expected a months mask from 0 to 4095".into()),
        }
    }
    fn cell(&self) -> Cell<'_> {
        Cell::Integer(i64::from(self.0))
    }
}

/// Our own cents columns hold whole cents; program files hold decimal dollars and use [`Dollars`].
impl Value for Cents {
    const KIND: Kind = Kind::Integer;
    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map(Cents).map_err(|_| "expected whole cents".into())
    }
    fn cell(&self) -> Cell<'_> {
        Cell::Integer(self.0)
    }
}

/// An amount of a program file: decimal dollars in the file, cents in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dollars(pub Cents);

impl Value for Dollars {
    const KIND: Kind = Kind::Decimal;
    fn parse(text: &str) -> Result<Self, String> {
        match Cents::parse(text) {
            Some((cents, false)) => Ok(Dollars(cents)),
            Some((_, true)) => Err("expected dollars with at most two decimals".into()),
            None => Err("expected an amount like 1234.56".into()),
        }
    }
    fn cell(&self) -> Cell<'_> {
        Cell::Decimal(self.0.dollars())
    }
}

impl Value for MsrChoice {
    const KIND: Kind = Kind::Text;
    fn parse(text: &str) -> Result<Self, String> {
        if text == "variable" {
            return Ok(MsrChoice::Variable);
        }
        match f64::parse(text) {
            Ok(rate @ 0.0..=0.5) => Ok(MsrChoice::Fixed(rate)),
            _ => Err("expected `variable` or a fraction such as 0.01".into()),
        }
    }
    fn cell(&self) -> Cell<'_> {
        match self {
            MsrChoice::Variable => Cell::Text("variable".into()),
            MsrChoice::Fixed(rate) => Cell::Text(rate.to_string().into()),
        }
    }
}

/// A row type of a declared table.
pub trait Table: Sized {
    /// The declaration.
    const SPEC: TableSpec;
    /// Builds a row; `text(i)` gives the trimmed text of column `i`, blank where the file lacks the column.
    ///
    /// # Errors
    /// The column's position and what was expected there.
    fn from_text<'a>(text: &dyn Fn(usize) -> &'a str) -> Result<Self, (usize, String)>;
    /// The cell of column `i`.
    fn cell(&self, i: usize) -> Cell<'_>;
}

/// Declares tables: the row struct and its [`TableSpec`](crate::table::TableSpec).
///
/// `/// meaning` comments become the reference; `field: Type [unit]` the columns, `field as "NAME": Type [unit]` those whose
/// name in the file is somebody else's. Keys are named as in the file.
#[macro_export]
macro_rules! table {
    (@name $field:ident) => { $crate::table::column_name(stringify!($field)) };
    (@name $field:ident $column:literal) => { $column };
    ($(#[doc = $tdoc:literal])+ $row:ident = $name:literal, key [$($key:ident),*] {
        $($(#[doc = $doc:literal])+ $field:ident $(as $column:literal)? : $ty:ty [$unit:literal],)+
    }) => {
        $(#[doc = $tdoc])+
        #[derive(Clone, Debug, PartialEq)]
        pub struct $row { $($(#[doc = $doc])+ pub $field: $ty,)+ }

        impl $crate::table::Table for $row {
            const SPEC: $crate::table::TableSpec = $crate::table::TableSpec {
                name: $name,
                meaning: concat!($($tdoc),+),
                key: &[$(stringify!($key)),*],
                columns: &[$($crate::table::Column {
                    name: $crate::table!(@name $field $($column)?),
                    kind: <$ty as $crate::table::Value>::KIND,
                    unit: $unit,
                    meaning: concat!($($doc),+),
                    optional: <$ty as $crate::table::Value>::OPTIONAL,
                },)+],
            };
            #[allow(unused_assignments, reason = "the counter's last step is not read")]
            fn from_text<'a>(text: &dyn Fn(usize) -> &'a str) -> Result<Self, (usize, String)> {
                let mut at = 0usize;
                Ok(Self { $($field: {
                    let parsed = $crate::table::parse_cell::<$ty>(text(at)).map_err(|expected| (at, expected))?;
                    at += 1;
                    parsed
                },)+ })
            }
            #[allow(unused_assignments, reason = "the counter's last step is not read")]
            fn cell(&self, i: usize) -> $crate::table::Cell<'_> {
                let mut at = 0usize;
                $(if i == at { return <$ty as $crate::table::Value>::cell(&self.$field); } at += 1;)+
                unreachable!("column {i} of {}: the caller counts columns by the spec", $name)
            }
        }
    };
}

/// A column's name: the field's, without the underscore that keeps Rust's own words apart (`final_`).
pub const fn column_name(field: &'static str) -> &'static str {
    let bytes = field.as_bytes();
    if bytes[bytes.len() - 1] == b'_' { field.split_at(bytes.len() - 1).0 } else { field }
}

/// Parses one cell: blank is an error where the column is not optional.
///
/// # Errors
/// Says what was expected.
pub fn parse_cell<T: Value>(text: &str) -> Result<T, String> {
    if text.is_empty() && !T::OPTIONAL {
        return Err("expected a value, found a blank".into());
    }
    T::parse(text)
}

/// One thing wrong with an input, in the order *where, what, value*, and a hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// File as the user named it.
    pub file: String,
    /// Line, 1 for the header; 0 when the problem is the file's.
    pub line: u64,
    /// Column, blank when the problem is the line's.
    pub column: String,
    /// What is wrong.
    pub what: String,
    /// The offending text, if it may be shown.
    pub value: Option<String>,
    /// One action, if there is one.
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.file))?;
        if self.line > 0 {
            write!(f, ", line {}", self.line)?;
        }
        if !self.column.is_empty() {
            write!(f, ", column `{}`", shown(&shortened(&self.column)))?;
        }
        write!(f, ": {}", shown(&self.what))?;
        if let Some(value) = &self.value {
            write!(f, ": `{}`", shortened(value).escape_debug())?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {}", shown(hint))?;
        }
        Ok(())
    }
}

/// The beginning of a text that is only to be known again.
fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

/// Whether a column holds identifiers of people or of their claims, in program files, research files or a feed: what stands there is never shown.
pub fn is_private(column: &str) -> bool {
    let name = column.to_ascii_lowercase();
    ["bene_id", "bene_mbi", "_mbi", "mbi_", "hic", "clm_id", "claim_id", "clm_uniq_id", "clm_cntl_num"]
        .iter()
        .any(|part| name.contains(part))
        || matches!(name.as_str(), "mbi" | "id")
}

/// The problems of an input: the first ten and how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    /// The first ten.
    pub first: Vec<Problem>,
    /// How many in all.
    pub count: u64,
}

impl Problems {
    /// Adds one.
    pub fn push(&mut self, problem: Problem) {
        self.count += 1;
        if self.first.len() < 10 {
            self.first.push(problem);
        }
    }
    /// Adds all of another.
    pub fn extend(&mut self, other: Problems) {
        let hidden = other.count - other.first.len() as u64;
        other.first.into_iter().for_each(|problem| self.push(problem));
        self.count += hidden;
    }
    /// The value when there is no problem, else the problems.
    ///
    /// # Errors
    /// These problems, when there are any.
    pub fn or<T>(self, value: T) -> Result<T, Problems> {
        if self.count == 0 { Ok(value) } else { Err(self) }
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Problems {
        Problems { first: vec![problem], count: 1 }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.first.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        if self.count > self.first.len() as u64 {
            write!(f, "\nand {} more", self.count - self.first.len() as u64)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// The Arrow schema of a table: text as `Utf8`, whole numbers as `Int64`, decimals as `Float64`, days as `Date32`.
pub fn arrow_schema(spec: &TableSpec) -> arrow_schema::Schema {
    use arrow_schema::{DataType, Field};
    arrow_schema::Schema::new(
        spec.columns
            .iter()
            .map(|column| {
                let kind = match column.kind {
                    Kind::Text => DataType::Utf8,
                    Kind::Integer | Kind::Flag => DataType::Int64,
                    Kind::Decimal => DataType::Float64,
                    Kind::Date => DataType::Date32,
                };
                Field::new(column.name, kind, column.optional)
            })
            .collect::<Vec<_>>(),
    )
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
