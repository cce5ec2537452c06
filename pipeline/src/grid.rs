//! Rows for people and programs: an aligned table, JSON, or CSV, from one list of cells.
//!
//! Small on purpose: a table crate would bring styles and terminal queries that no command here needs.

use acoledger_schemas::shown::shown;
use acoledger_schemas::spreadsheet::neutral;
use acoledger_schemas::table::{Cell, Table};
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use std::fmt::Write as _;
use std::sync::Arc;

/// How rows are printed to standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns for people.
    #[default]
    Table,
    /// One JSON array of objects.
    Json,
    /// Comma-separated text with a header.
    Csv,
}

/// A column's heading and side.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Head {
    /// Text, aligned left.
    Left(&'static str),
    /// Numbers, aligned right, thousands separated in tables.
    Right(&'static str),
}

impl Head {
    fn name(self) -> &'static str {
        match self {
            Head::Left(name) | Head::Right(name) => name,
        }
    }
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// Unknown: blank in tables and CSV, `null` in JSON.
    Blank,
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A decimal number and the digits that a table shows.
    Decimal(f64, usize),
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.into())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}
impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Integer(number)
    }
}
impl From<u64> for Value {
    fn from(number: u64) -> Value {
        Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}
impl From<usize> for Value {
    fn from(number: usize) -> Value {
        Value::from(number as u64)
    }
}

/// Rows under headings.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    heads: Vec<Head>,
    rows: Vec<Vec<Value>>,
}

impl Grid {
    pub(crate) fn new(heads: &[Head]) -> Grid {
        Grid { heads: heads.to_vec(), rows: Vec::new() }
    }

    /// Every column of a declared table.
    pub(crate) fn of_table<T: Table>(rows: &[T]) -> Grid {
        let heads: Vec<Head> = T::SPEC.columns.iter().map(|column| Head::Left(column.name)).collect();
        let mut grid = Grid::new(&heads);
        for row in rows {
            let value = |at: usize| match row.cell(at) {
                Cell::Blank => Value::Blank,
                Cell::Integer(number) => Value::Integer(number),
                other => Value::Text(other.to_string()),
            };
            grid.push((0..heads.len()).map(value).collect());
        }
        grid
    }

    pub(crate) fn push(&mut self, row: Vec<Value>) {
        assert_eq!(row.len(), self.heads.len(), "a row has a value for each heading");
        self.rows.push(row);
    }

    /// The rows as columns of Arrow: whole numbers where all values of a column are, decimals where all are numbers, else text; blank
    /// is null. A column without any value is text.
    pub(crate) fn batch(&self) -> RecordBatch {
        let columns = self.heads.iter().enumerate().map(|(at, head)| {
            let values = || self.rows.iter().map(move |row| &row[at]);
            let some = values().any(|value| *value != Value::Blank);
            let whole = some && values().all(|value| matches!(value, Value::Blank | Value::Integer(_)));
            let number = some && values().all(|value| !matches!(value, Value::Text(_)));
            let array: ArrayRef = if whole {
                Arc::new(values().map(Value::whole).collect::<Int64Array>())
            } else if number {
                Arc::new(values().map(Value::number).collect::<Float64Array>())
            } else {
                Arc::new(values().map(Value::text).collect::<StringArray>())
            };
            (head.name(), array, true)
        });
        RecordBatch::try_from_iter_with_nullable(columns).expect("all columns have a value for each row")
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The grid without the columns in which no row has a value.
    pub(crate) fn without_blank_columns(&self) -> Grid {
        let kept = |at: &usize| self.rows.iter().any(|row| row[*at] != Value::Blank);
        let kept: Vec<usize> = (0..self.heads.len()).filter(kept).collect();
        let rows = self.rows.iter().map(|row| kept.iter().map(|at| row[*at].clone()).collect());
        Grid { heads: kept.iter().map(|at| self.heads[*at]).collect(), rows: rows.collect() }
    }

    /// The rows as `format` wants them, with a line end.
    pub(crate) fn render(&self, format: Format) -> String {
        match format {
            Format::Table => self.table(),
            Format::Json => self.json(),
            Format::Csv => self.csv(),
        }
    }

    /// Aligned columns, two blanks apart; the last left-aligned column is wrapped at `PAGE` columns.
    fn table(&self) -> String {
        let text: Vec<Vec<String>> = self.rows.iter().map(|row| row.iter().map(Value::for_people).collect()).collect();
        let width = |at: usize| {
            let cells = text.iter().map(|row| row[at].chars().count());
            cells.chain([self.heads[at].name().chars().count()]).max().unwrap_or(0)
        };
        let mut widths: Vec<usize> = (0..self.heads.len()).map(width).collect();
        let last = self.heads.len() - 1;
        let indent: usize = widths[..last].iter().map(|width| width + 2).sum();
        let wraps = matches!(self.heads[last], Head::Left(_));
        if wraps {
            widths[last] = widths[last].min(PAGE.saturating_sub(indent).max(30));
        }
        let mut out = String::new();
        let heads: Vec<String> = self.heads.iter().map(|head| head.name().to_owned()).collect();
        for row in std::iter::once(&heads).chain(&text) {
            let tail = if wraps { wrap(&row[last], widths[last]) } else { vec![row[last].clone()] };
            for (line, tail) in tail.iter().enumerate() {
                let mut printed = String::new();
                for at in 0..last {
                    let cell = if line == 0 { row[at].as_str() } else { "" };
                    self.pad(&mut printed, at, cell, widths[at]);
                    printed.push_str("  ");
                }
                self.pad(&mut printed, last, tail, widths[last]);
                let _ = writeln!(out, "{}", printed.trim_end());
            }
        }
        out
    }

    fn pad(&self, out: &mut String, at: usize, cell: &str, width: usize) {
        let blanks = " ".repeat(width.saturating_sub(cell.chars().count()));
        match self.heads[at] {
            Head::Left(_) => out.extend([cell, &blanks]),
            Head::Right(_) => out.extend([&blanks, cell]),
        }
    }

    /// The rows as objects, for a document of several tables.
    pub(crate) fn objects(&self) -> serde_json::Value {
        let object = |row: &Vec<Value>| {
            let pairs = self.heads.iter().zip(row).map(|(head, value)| (head.name().to_owned(), value.json()));
            serde_json::Value::Object(pairs.collect())
        };
        self.rows.iter().map(object).collect()
    }

    fn json(&self) -> String {
        serde_json::to_string_pretty(&self.objects()).expect("plain values serialise") + "\n"
    }

    fn csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let rows = self.rows.iter().map(|row| row.iter().map(Value::for_programs).collect::<Vec<_>>());
        let heads = self.heads.iter().map(|head| head.name().to_owned()).collect();
        for row in std::iter::once(heads).chain(rows) {
            writer.write_record(&row).expect("memory takes every row");
        }
        String::from_utf8(writer.into_inner().expect("memory takes every row")).expect("text in, text out")
    }
}

/// Columns that a page has.
pub(crate) const PAGE: usize = 100;

impl Value {
    fn for_people(&self) -> String {
        match self {
            Value::Blank => String::new(),
            Value::Text(text) => shown(text).into_owned(),
            Value::Integer(number) => thousands(&number.to_string()),
            Value::Decimal(number, digits) => thousands(&format!("{number:.digits$}")),
        }
    }

    fn for_programs(&self) -> String {
        match self {
            Value::Blank => String::new(),
            Value::Text(text) => neutral(text).into_owned(),
            Value::Integer(number) => number.to_string(),
            Value::Decimal(number, _) => number.to_string(),
        }
    }

    fn whole(&self) -> Option<i64> {
        if let Value::Integer(number) = self { Some(*number) } else { None }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Value::Integer(number) => Some(*number as f64),
            Value::Decimal(number, _) => Some(*number),
            Value::Blank | Value::Text(_) => None,
        }
    }

    fn text(&self) -> Option<String> {
        match self {
            Value::Blank => None,
            Value::Text(text) => Some(text.clone()),
            number => Some(number.for_programs()),
        }
    }

    fn json(&self) -> serde_json::Value {
        match self {
            Value::Blank => serde_json::Value::Null,
            Value::Text(text) => text.as_str().into(),
            Value::Integer(number) => (*number).into(),
            Value::Decimal(number, _) => (*number).into(),
        }
    }
}

/// Separates the thousands of a plain decimal number: `-1234567.5` becomes `-1,234,567.5`.
pub(crate) fn thousands(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("-", digits));
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut out = String::from(sign);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

/// Breaks text at blanks so that no line is longer than `width`, words longer than that left whole.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is always a line");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.extend([" ", word]);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    fn sample() -> Grid {
        let mut grid = Grid::new(&[Head::Left("aco"), Head::Right("dollars"), Head::Left("reason")]);
        grid.push(vec!["A1".into(), Value::Integer(1_234_567), "".into()]);
        grid.push(vec!["A1000".into(), Value::Decimal(-12.345, 1), "a, b".into()]);
        grid.push(vec!["A2".into(), Value::Blank, "none".into()]);
        grid
    }

    #[test]
    fn tables_align() {
        expect![[r"
            aco      dollars  reason
            A1     1,234,567
            A1000      -12.3  a, b
            A2                none
        "]]
        .assert_eq(&sample().render(Format::Table));
    }

    #[test]
    fn programs_get_plain_values() {
        expect![[r#"
            aco,dollars,reason
            A1,1234567,
            A1000,-12.345,"a, b"
            A2,,none
        "#]]
        .assert_eq(&sample().render(Format::Csv));
        assert!(sample().render(Format::Json).contains("\"dollars\": -12.345"));
        assert!(sample().render(Format::Json).contains("\"dollars\": null"));
    }

    #[test]
    fn formulas_and_escapes_are_text() {
        let mut grid = Grid::new(&[Head::Left("name"), Head::Right("dollars")]);
        grid.push(vec!["=1+1\u{1b}[2J".into(), Value::Decimal(-12.5, 1)]);
        assert_eq!(grid.render(Format::Csv), "name,dollars\n'=1+1\u{1b}[2J,-12.5\n");
        assert!(grid.render(Format::Table).contains("=1+1\\u{1b}[2J    -12.5"), "{}", grid.render(Format::Table));
        assert!(grid.render(Format::Json).contains("\"=1+1\\u001b[2J\""), "{}", grid.render(Format::Json));
    }

    #[test]
    fn thousands_are_separated() {
        for (number, expected) in [("0", "0"), ("-999", "-999"), ("-1000", "-1,000"), ("1234567.89", "1,234,567.89")] {
            assert_eq!(thousands(number), expected);
        }
    }
}
