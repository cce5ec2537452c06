//! A results file as it is: header variants, marks and precision resolved, every known number column read.

use super::columns::{Column, Kind, plain, repair_header};
use super::printed::{Cell, Printed, column_decimals, half_width};
use acoledger_schemas::limits::{MOST_COLUMNS, Metered, RECORD_BYTES};
use acoledger_schemas::rules::distance;
use acoledger_schemas::spreadsheet::original;
use acoledger_schemas::table::{Problem, Problems, too_many_columns};
use acoledger_schemas::values::Date;
use std::collections::{BTreeMap, HashMap};
use std::io::Read;

/// The rows of a results file, by canonical column names.
pub(super) struct Sheet<'f> {
    file: &'f str,
    header: Vec<String>,
    /// Position of each known column that the file has.
    places: BTreeMap<&'static str, usize>,
    /// Lines in the file and their cells.
    records: Vec<(u64, Vec<String>)>,
    numbers: HashMap<&'static str, Numbers>,
}

/// A number column: its cells, the decimals it is printed with, and the factor from what is printed to what is meant.
struct Numbers {
    cells: Vec<Cell>,
    decimals: u32,
    factor: f64,
    exact: bool,
}

impl<'f> Sheet<'f> {
    /// Reads a file; `file` names it in messages.
    ///
    /// # Errors
    /// Text that is no table, rows of another length than the header, two columns of one meaning, text in a number column.
    pub(super) fn read(source: impl Read, file: &'f str, columns: &[Column]) -> Result<Sheet<'f>, Problems> {
        let mut sheet = Sheet::records(source, file)?;
        sheet.place(columns)?;
        let mut problems = Problems::default();
        for column in columns {
            match column.kind {
                Kind::Number => sheet.read_numbers(column, false, &mut problems),
                Kind::NumberOrWord => sheet.read_numbers(column, true, &mut problems),
                Kind::Text | Kind::Date => {}
            }
        }
        problems.or(sheet)
    }

    fn records(source: impl Read, file: &'f str) -> Result<Sheet<'f>, Problems> {
        let source = Metered::new(source, "a record", RECORD_BYTES);
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(source);
        let mut records: Vec<(u64, Vec<String>)> = Vec::new();
        let mut record = csv::ByteRecord::new();
        let unreadable = |error: csv::Error| whole_file(file, &format!("is not comma-separated text: {error}"), None);
        while reader.read_byte_record(&mut record).map_err(unreadable)? {
            reader.get_mut().begin();
            if record.len() > MOST_COLUMNS {
                return Err(too_many_columns(file, record.len()).into());
            }
            let line = record.position().map_or(0, csv::Position::line);
            // Names of ACOs may be in another encoding; nothing that is compared is.
            let cells: Vec<String> =
                record.iter().map(|cell| original(String::from_utf8_lossy(cell).trim()).to_owned()).collect();
            if cells.iter().any(|cell| !cell.is_empty()) {
                records.push((line, cells));
            }
        }
        if records.is_empty() {
            return Err(whole_file(file, "is empty", None));
        }
        let header = records.remove(0).1;
        let mut header: Vec<String> =
            header.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_owned()).collect();
        repair_header(&mut header, records.first().map_or(0, |(_, cells)| cells.len()));
        let sheet = Sheet { file, header, places: BTreeMap::new(), records, numbers: HashMap::new() };
        let mut problems = Problems::default();
        for (row, (_, cells)) in sheet.records.iter().enumerate() {
            if cells.len() != sheet.header.len() {
                let what = format!("has {} cells, the header {}", cells.len(), sheet.header.len());
                problems.extend(sheet.problem(row + 1, "", &what, None, None));
            }
        }
        problems.or(sheet)
    }

    fn place(&mut self, columns: &[Column]) -> Result<(), Problems> {
        let mut problems = Problems::default();
        let plain_header: Vec<String> = self.header.iter().map(|name| plain(name)).collect();
        for column in columns {
            let names: Vec<String> =
                std::iter::once(&column.name).chain(column.aliases).map(|name| plain(name)).collect();
            let mut found = (0..plain_header.len()).filter(|&at| names.contains(&plain_header[at]));
            // A canonical name goes before an alias that means something else in a later file.
            let own = plain_header.iter().position(|name| *name == names[0]);
            let Some(first) = own.or_else(|| found.next()) else { continue };
            if let Some(second) =
                (0..plain_header.len()).find(|&at| at != first && plain_header[at] == plain_header[first])
            {
                problems.extend(self.problem(0, column.name, "occurs twice", Some(&self.header[second]), None));
            }
            self.places.insert(column.name, first);
        }
        problems.or(())
    }

    fn read_numbers(&mut self, column: &Column, words: bool, problems: &mut Problems) {
        let Some(&place) = self.places.get(column.name) else { return };
        let mut cells = Vec::with_capacity(self.records.len());
        for (row, (_, record)) in self.records.iter().enumerate() {
            cells.push(match Cell::parse(&record[place]) {
                Some(cell) => cell,
                None if words && record[place].bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic()) => {
                    Cell::Blank
                }
                None => {
                    problems.extend(self.problem(row + 1, column.name, "not a number", Some(&record[place]), None));
                    Cell::Blank
                }
            });
        }
        let decimals = column_decimals(&cells);
        self.numbers.insert(column.name, Numbers { cells, decimals, factor: 1.0, exact: false });
    }

    /// Number of rows below the header.
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// Line of a row in the file.
    pub(super) fn line(&self, row: usize) -> u64 {
        self.records[row].0
    }

    /// Whether the file has the column.
    pub(super) fn has(&self, column: &str) -> bool {
        self.places.contains_key(column)
    }

    /// A text cell; blank where the file lacks the column.
    pub(super) fn text(&self, column: &str, row: usize) -> &str {
        self.places.get(column).map_or("", |&place| &self.records[row].1[place])
    }

    /// A cell of a number column; blank where the file lacks the column.
    pub(super) fn cell(&self, column: &str, row: usize) -> Cell {
        self.numbers.get(column).map_or(Cell::Blank, |numbers| numbers.cells[row])
    }

    /// A number as it is printed, with the half-width of its column's rounding; `None` where there is none.
    pub(super) fn number(&self, column: &str, row: usize) -> Option<Printed> {
        let numbers = self.numbers.get(column)?;
        match numbers.cells[row] {
            Cell::Number(value, last) => {
                let half = if numbers.exact { 0.0 } else { half_width(value, last, numbers.decimals) };
                Some(Printed { value, half }.scaled(numbers.factor))
            }
            Cell::Masked | Cell::Blank => None,
        }
    }

    /// A number that the row cannot be replayed without.
    ///
    /// # Errors
    /// When the cell holds none.
    pub(super) fn needed(&self, column: &'static str, row: usize) -> Result<Printed, Problems> {
        self.number(column, row)
            .ok_or_else(|| self.problem(row + 1, column, "needs a number", Some(self.text(column, row)), None))
    }

    /// A flag: 1 or 0, blank where there is none.
    ///
    /// # Errors
    /// Another number.
    pub(super) fn flag(&self, column: &'static str, row: usize) -> Result<Option<bool>, Problems> {
        match self.number(column, row).map(|number| number.value) {
            None => Ok(None),
            Some(0.0) => Ok(Some(false)),
            Some(1.0) => Ok(Some(true)),
            Some(_) => Err(self.problem(row + 1, column, "expected 1 or 0", Some(self.text(column, row)), None)),
        }
    }

    /// A date, in any of the ways in which the files write them.
    ///
    /// # Errors
    /// Text that is no date.
    pub(super) fn date(&self, column: &'static str, row: usize) -> Result<Date, Problems> {
        let text = self.text(column, row);
        parse_date(text).ok_or_else(|| {
            self.problem(row + 1, column, "expected a date like 7/1/2019 or 2019-07-01", Some(text), None)
        })
    }

    /// The numbers of a column as printed, for what is judged over the whole file.
    pub(super) fn values(&self, column: &str) -> Vec<f64> {
        let Some(numbers) = self.numbers.get(column) else { return Vec::new() };
        let value = |cell: &Cell| if let Cell::Number(value, _) = cell { Some(*value) } else { None };
        numbers.cells.iter().filter_map(value).collect()
    }

    /// Sets the factor from what a column prints to what it means: percents to fractions.
    pub(super) fn rescale(&mut self, column: &str, factor: f64) {
        if let Some(numbers) = self.numbers.get_mut(column) {
            numbers.factor = factor;
        }
    }

    /// Takes the numbers of a column as they are: they are not rounded.
    pub(super) fn take_as_exact(&mut self, column: &str) {
        if let Some(numbers) = self.numbers.get_mut(column) {
            numbers.exact = true;
        }
    }

    /// Every column that files of these performance years have and this one lacks.
    ///
    /// # Errors
    /// When there is one; the most similar header of the file is the hint.
    pub(super) fn require(&self, columns: &[Column], years: impl Fn(i32, i32) -> bool) -> Result<(), Problems> {
        let mut problems = Problems::default();
        let taken: Vec<usize> = self.places.values().copied().collect();
        let free = || self.header.iter().enumerate().filter(|(at, _)| !taken.contains(at)).map(|(_, header)| header);
        let needed = |column: &Column| column.required.iter().any(|(from, to)| years(*from, *to));
        let lacks = |column: &&Column| needed(column) && !self.has(column.name);
        for column in columns.iter().filter(lacks) {
            let nearest = |name: &str| {
                let pairs = free().map(|header| (unlikeness(name, header), header));
                pairs.min_by(|a, b| a.0.total_cmp(&b.0)).filter(|(unlikeness, _)| *unlikeness < 0.4)
            };
            let similar = nearest(column.name).or_else(|| {
                let pairs = column.aliases.iter().filter_map(|alias| nearest(alias));
                pairs.min_by(|a, b| a.0.total_cmp(&b.0))
            });
            let hint = similar.map(|(_, header)| format!("the most similar column of the file is `{header}`"));
            let also = column.aliases.iter().map(|alias| format!(" or `{alias}`")).collect::<String>();
            let what = format!("column is missing{}", also.replacen(" or", ", also called", 1));
            problems.extend(self.problem(0, column.name, &what, None, hint));
        }
        problems.or(())
    }

    /// A problem of this file; row 0 is the header.
    pub(super) fn problem(
        &self,
        row: usize,
        column: &str,
        what: &str,
        value: Option<&str>,
        hint: Option<String>,
    ) -> Problems {
        Problem {
            file: self.file.into(),
            line: if row == 0 { 1 } else { self.line(row - 1) },
            // The reader knows the file by its own headers.
            column: self.places.get(column).map_or(column, |&place| self.header[place].as_str()).to_owned(),
            what: what.into(),
            value: value.map(str::to_owned),
            hint,
        }
        .into()
    }
}

/// How far two names are apart, from 0 to 1.
fn unlikeness(name: &str, header: &str) -> f64 {
    let (name, header) = (plain(name), plain(header));
    if header.contains(&name) {
        return 0.2 * (1.0 - name.len() as f64 / header.len() as f64);
    }
    distance(&name, &header) as f64 / name.len().max(header.len()).max(1) as f64
}

/// A problem of the file as a whole.
pub(super) fn whole_file(file: &str, what: &str, hint: Option<&str>) -> Problems {
    Problem {
        file: file.into(),
        line: 0,
        column: String::new(),
        what: what.into(),
        value: None,
        hint: hint.map(str::to_owned),
    }
    .into()
}

/// `7/1/2019`, `07/01/12`, `1/1/16 00:00`, `01/01/2018 12:00:00 AM`, `2019-07-01`.
pub(super) fn parse_date(text: &str) -> Option<Date> {
    let day = text.split_whitespace().next()?;
    if let Some(date) = Date::parse_iso(day) {
        return Some(date);
    }
    let mut parts = day.split('/');
    let (month, day_of_month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let century = if year.len() == 2 { 2000 } else { 0 };
    if parts.next().is_some() || !matches!(year.len(), 2 | 4) {
        return None;
    }
    Date::new(century + year.parse::<i32>().ok()?, month.parse().ok()?, day_of_month.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_they_are_printed() {
        for text in ["7/1/2012", "07/01/12", "7/1/12 00:00", "07/01/2012 12:00:00 AM", "2012-07-01"] {
            assert_eq!(parse_date(text), Date::new(2012, 7, 1), "{text}");
        }
        for text in ["", "13/1/2012", "7/2012", "July 2012", "7/1/212", "1/2/3/4"] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }
}
