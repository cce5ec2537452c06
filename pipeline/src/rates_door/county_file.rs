//! CMS's published county file, read as it is: one row per county, per capita, score and person years of four types (M.G.4).
//!
//! `*` stands for fewer than 11 lives: unknown. `.` stands for no person years. Counties are in SSA codes. The figures are
//! those of the calendar year's assignable lives, so they become the `calendar` window of `rates/county` and no other.

use crate::trouble::{Io, Outcome};
use acoledger_schemas::limits::{MOST_COLUMNS, Metered, RECORD_BYTES};
use acoledger_schemas::program::CountyCrosswalk;
use acoledger_schemas::table::{Problem, Problems, parse_cell, too_many_columns};
use acoledger_schemas::values::{CalendarYear, County, Date, EnrollmentType};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Columns by which the file is known, in its own words; letter case and spaces around do not matter.
const PLACE: [&str; 5] = ["year", "state name", "county name", "state id", "county id"];
/// How the file calls the enrollment types.
const TYPES: [(EnrollmentType, &str); 4] = [
    (EnrollmentType::Esrd, "esrd"),
    (EnrollmentType::Dis, "disabled"),
    (EnrollmentType::Agdu, "aged/dual"),
    (EnrollmentType::Agnd, "aged/non-dual"),
];

/// What the file says of one type in one county and year.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Published {
    /// Figures.
    Known {
        /// Truncated, completed dollars per person year.
        per_capita: f64,
        /// Mean HCC score, renormalised.
        hcc_score: f64,
        /// Person years.
        person_years: f64,
    },
    /// `*`: fewer than 11 lives.
    Suppressed,
    /// `.`: no person years.
    Empty,
}

/// A published county file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct CountyFile {
    /// Rows, one per county and year.
    pub(super) rows: u64,
    /// By year, county and type.
    pub(super) cells: BTreeMap<(CalendarYear, County, EnrollmentType), Published>,
}

/// Whether a CSV file has the header of a county file.
///
/// # Errors
/// When it cannot be read.
pub(super) fn is_county_file(path: &Path) -> Outcome<bool> {
    let mut header = Vec::new();
    let file = File::open(path).doing("cannot be read", path)?;
    // A header is short; what has no line end for so long is something else.
    BufReader::new(file).take(1 << 16).read_until(b'\n', &mut header).doing("cannot be read", path)?;
    let header = String::from_utf8_lossy(&header);
    Ok(header.split(',').zip(PLACE).filter(|(found, wanted)| plain(found) == *wanted).count() == PLACE.len())
}

/// Reads a county file.
///
/// # Errors
/// All problems: columns that are absent, cells that are no number, a county that stands twice.
pub(super) fn read(from: impl Read, file: &str) -> Outcome<CountyFile> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(Metered::new(
        from,
        "a record",
        RECORD_BYTES,
    ));
    let problem = |line, column: &str, what: String, value: Option<&str>| Problem {
        file: file.into(),
        line,
        column: column.into(),
        what,
        value: value.map(str::to_owned),
        hint: None,
    };
    let header = reader.byte_headers().map_err(|error| problem(1, "", error.to_string(), None))?.clone();
    if header.len() > MOST_COLUMNS {
        return Err(too_many_columns(file, header.len()).into());
    }
    let columns = Columns::of(&header).map_err(|absent| {
        let what = format!("a county file without `{absent}`");
        problem(1, "", what, None)
    })?;
    let (mut found, mut problems) = (CountyFile::default(), Problems::default());
    let mut seen = BTreeSet::new();
    let mut record = csv::ByteRecord::new();
    loop {
        reader.get_mut().begin();
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                problems.push(problem(0, "", error.to_string(), None));
                break;
            }
        }
        let line = record.position().map_or(0, csv::Position::line);
        found.rows += 1;
        match columns.row(&record) {
            Ok((year, county, published)) => {
                if !seen.insert((year, county.clone())) {
                    problems.push(problem(line, "County ID", "a county of this year for the second time".into(), None));
                }
                found.cells.extend(published.map(|(kind, published)| ((year, county.clone(), kind), published)));
            }
            Err(Wrong { column, what, value }) => problems.push(problem(line, &column, what, Some(&value))),
        }
    }
    problems.or(found)
}

impl CountyFile {
    /// Cells of each type, in the order of the types, for which `wanted` holds.
    pub(super) fn count(&self, wanted: impl Fn(&Published) -> bool) -> [u64; 4] {
        EnrollmentType::ALL.map(|kind| {
            let of_kind = |(key, published): &(&(_, _, EnrollmentType), &Published)| key.2 == kind && wanted(published);
            self.cells.iter().filter(of_kind).count() as u64
        })
    }

    /// Person-year-weighted means over all known counties of a year and type: dollars and person years; `None` without any.
    /// A stand-in for the national figure, which it meets but for suppressed cells (M.D.1.6).
    pub(super) fn national(&self, year: CalendarYear, kind: EnrollmentType) -> Option<(f64, f64)> {
        let (mut dollars, mut total) = (0.0, 0.0);
        for (key, published) in &self.cells {
            if let (true, Published::Known { per_capita, person_years, .. }) =
                (key.0 == year && key.2 == kind, published)
            {
                dollars += per_capita * person_years;
                total += person_years;
            }
        }
        (total > 0.0).then(|| (dollars / total, total))
    }

    /// The same counties in FIPS codes, and the SSA counties that the crosswalk lacks, which are left out. Counties that are
    /// one in FIPS become one: what is known of them, weighted by person years.
    ///
    /// # Errors
    /// The code of a county that the crosswalk gives two FIPS codes on one day.
    pub(super) fn in_fips(self, crosswalk: &[CountyCrosswalk]) -> Result<(CountyFile, BTreeSet<County>), County> {
        let mut of_county: BTreeMap<&County, Vec<&CountyCrosswalk>> = BTreeMap::new();
        for row in crosswalk {
            of_county.entry(&row.ssa).or_default().push(row);
        }
        let mut found = CountyFile { rows: self.rows, cells: BTreeMap::new() };
        let mut absent = BTreeSet::new();
        for ((year, ssa, kind), published) in self.cells {
            let last_day = Date::new(year.0, 12, 31).expect("every year has a last day");
            let in_force = |row: &&&CountyCrosswalk| {
                row.begins_on.is_none_or(|day| day <= last_day) && row.ends_on.is_none_or(|day| day >= last_day)
            };
            let rows = of_county.get(&ssa).map_or(&[][..], Vec::as_slice);
            let fips: BTreeSet<&County> = rows.iter().filter(in_force).map(|row| &row.fips).collect();
            match (fips.first(), fips.len()) {
                (Some(&fips), 1) => {
                    let cell = found.cells.entry((year, fips.clone(), kind)).or_insert(Published::Empty);
                    *cell = cell.and(published);
                }
                (None, _) => drop(absent.insert(ssa)),
                _ => return Err(ssa),
            }
        }
        Ok((found, absent))
    }
}

impl Published {
    /// Two counties that are one.
    fn and(self, other: Published) -> Published {
        use Published::{Empty, Known, Suppressed};
        match (self, other) {
            (
                Known { per_capita: a, hcc_score: a_score, person_years: a_years },
                Known { per_capita: b, hcc_score: b_score, person_years: b_years },
            ) => {
                let person_years = a_years + b_years;
                let mean = |a: f64, b: f64| (a * a_years + b * b_years) / person_years;
                Known { per_capita: mean(a, b), hcc_score: mean(a_score, b_score), person_years }
            }
            (known @ Known { .. }, _) | (_, known @ Known { .. }) => known,
            (Suppressed, _) | (_, Suppressed) => Suppressed,
            (Empty, Empty) => Empty,
        }
    }
}

/// Where the columns stand.
struct Columns {
    year: usize,
    state: usize,
    county: usize,
    /// Per capita, score, person years.
    types: [(EnrollmentType, [(usize, String); 3]); 4],
}

/// A cell that cannot be understood.
struct Wrong {
    column: String,
    what: String,
    value: String,
}

impl Columns {
    /// The columns of a header, or the name of the first that is absent.
    fn of(header: &csv::ByteRecord) -> Result<Columns, String> {
        let names: Vec<String> = header.iter().map(|name| plain(&String::from_utf8_lossy(name))).collect();
        let place = |wanted: &str| names.iter().position(|name| name == wanted).ok_or_else(|| wanted.to_owned());
        let of_type = |kind: &str| -> Result<[(usize, String); 3], String> {
            let named = |name: String| place(&name).map(|at| (at, name));
            Ok([
                named(format!("per capita {kind} expenditures"))?,
                named(format!("average {kind} hcc risk score"))?,
                named(format!("{kind} person-years"))?,
            ])
        };
        let [a, b, c, d] = TYPES;
        Ok(Columns {
            year: place("year")?,
            state: place("state id")?,
            county: place("county id")?,
            types: [(a.0, of_type(a.1)?), (b.0, of_type(b.1)?), (c.0, of_type(c.1)?), (d.0, of_type(d.1)?)],
        })
    }

    /// One row.
    #[expect(clippy::type_complexity, reason = "a row: its key and four types")]
    fn row(&self, record: &csv::ByteRecord) -> Result<(CalendarYear, County, [(EnrollmentType, Published); 4]), Wrong> {
        let text = |at: usize| String::from_utf8_lossy(record.get(at).unwrap_or_default());
        let wrong = |column: &str, value: &str| {
            let (column, value) = (column.to_owned(), value.to_owned());
            move |what: String| Wrong { column, what, value }
        };
        let number = |column: &str, at: usize, most: u32| {
            let value = text(at);
            let number = parse_cell::<u32>(&value).map_err(wrong(column, &value))?;
            match number <= most {
                true => Ok(number),
                false => Err(wrong(column, &value)(format!("expected a whole number from 0 to {most}"))),
            }
        };
        let year = parse_cell::<CalendarYear>(&text(self.year)).map_err(wrong("Year", &text(self.year)))?;
        let code = format!("{:02}{:03}", number("State ID", self.state, 99)?, number("County ID", self.county, 999)?);
        let county = County::new(&code).map_err(wrong("County ID", &code))?;
        let mut types = [(EnrollmentType::Esrd, Published::Empty); 4];
        for ((kind, columns), into) in self.types.iter().zip(&mut types) {
            *into = (*kind, published(columns, &text)?);
        }
        Ok((year, county, types))
    }
}

/// What three cells say. One that is suppressed makes the three unknown: a mean without its weight is of no use.
fn published<'a>(
    columns: &[(usize, String); 3],
    text: &impl Fn(usize) -> std::borrow::Cow<'a, str>,
) -> Result<Published, Wrong> {
    let cells = columns.each_ref().map(|(at, _)| text(*at));
    if cells.iter().any(|cell| cell == "*") {
        return Ok(Published::Suppressed);
    }
    if cells.iter().all(|cell| cell == ".") {
        return Ok(Published::Empty);
    }
    let mut numbers = [0.0; 3];
    for ((cell, (_, column)), number) in cells.iter().zip(columns).zip(&mut numbers) {
        let wrong = |what: String| Wrong { column: column.clone(), what, value: cell.to_string() };
        *number = parse_cell::<f64>(cell).map_err(|what| wrong(format!("{what}, `*` or `.` in all three columns")))?;
    }
    let [per_capita, hcc_score, person_years] = numbers;
    match person_years {
        0.0 => Ok(Published::Empty),
        years if years > 0.0 => Ok(Published::Known { per_capita, hcc_score, person_years }),
        _ => Err(Wrong {
            column: columns[2].1.clone(),
            what: "expected person years, 0 or more".into(),
            value: cells[2].to_string(),
        }),
    }
}

/// A name without byte-order mark, quotes and spaces around, in small letters.
fn plain(name: &str) -> String {
    name.trim_start_matches('\u{feff}').trim().trim_matches('"').trim().to_lowercase()
}

#[cfg(test)]
#[path = "county_file_tests.rs"]
mod tests;
