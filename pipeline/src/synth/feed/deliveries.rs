//! The files of several deliveries, written record by record.

use super::super::raw::Counts;
use crate::trouble::{Io, Outcome};
use acoledger_schemas::cclf::{self, Field};
use acoledger_schemas::values::Date;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// Files of a delivery.
pub(super) const FILES: [char; 11] = ['1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B'];
/// Titles that CCLF0 gives them.
const TITLES: [&str; 11] = [
    "Part A Claims Header File",
    "Part A Claims Revenue Center Detail File",
    "Part A Procedure Code File",
    "Part A Diagnosis Code File",
    "Part B Physicians File",
    "Part B DME File",
    "Part D File",
    "Beneficiary Demographics File",
    "BENE XREF File",
    "Part A BE and Demo Codes File",
    "Part B BE and Demo Codes File",
];

/// A record under way.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) file: char,
    bytes: Vec<u8>,
}

/// Where the fields of a file stand.
struct Layout {
    length: usize,
    fields: HashMap<String, Field>,
}

/// One file under way.
struct Open {
    path: PathBuf,
    file: BufWriter<File>,
    records: u64,
}

/// All deliveries under way.
pub(super) struct Deliveries {
    folder: PathBuf,
    aco: String,
    layouts: BTreeMap<char, Layout>,
    /// Day, and the mark of kind and year.
    pub(super) days: Vec<(Date, String)>,
    open: Vec<Vec<Open>>,
    lists: BTreeMap<i32, BufWriter<File>>,
    /// Numbers of versions that research files do not have.
    next_claim: u64,
}

/// Claim numbers from here on are those of versions that do not stand.
const FIRST_OWN_CLAIM: u64 = 9_000_000_000_000;

impl Deliveries {
    /// Opens the files of four deliveries: two of the last year, one of the next, and its run-out.
    pub(super) fn create(folder: &Path, aco: &str, last_year: i32, years: RangeInclusive<i32>) -> Outcome<Deliveries> {
        let day = |year, month, day| Date::new(year, month, day).expect("a day of the calendar");
        let (this, next) = (last_year % 100, (last_year + 1) % 100);
        let days = vec![
            (day(last_year, 6, 10), format!("Y{this:02}")),
            (day(last_year, 12, 10), format!("Y{this:02}")),
            (day(last_year + 1, 2, 10), format!("Y{next:02}")),
            (day(last_year + 1, 4, 14), format!("R{this:02}")),
        ];
        let mut layouts = BTreeMap::new();
        for record in cclf::records() {
            let length = record.length();
            let fields = record.fields.into_iter().map(|field| (field.name.clone(), field)).collect();
            layouts.entry(record.file).or_insert(Layout { length, fields });
        }
        let mut deliveries = Deliveries {
            folder: folder.to_owned(),
            aco: aco.to_owned(),
            layouts,
            days,
            open: Vec::new(),
            lists: BTreeMap::new(),
            next_claim: FIRST_OWN_CLAIM,
        };
        for at in 0..deliveries.days.len() {
            let open = |file: &char| {
                let path = deliveries.path(*file, at);
                let file = BufWriter::new(File::create(&path).doing("cannot be created", &path)?);
                Ok(Open { path, file, records: 0 })
            };
            let open = FILES.iter().map(open).collect::<Outcome<Vec<_>>>()?;
            deliveries.open.push(open);
        }
        for year in years {
            let path = folder.join(format!("assignment_list_{year}.csv"));
            let mut file = BufWriter::new(File::create(&path).doing("cannot be created", &path)?);
            let flags: Vec<String> = (1..=12).map(|month| format!("EnrollFlag{month}")).collect();
            writeln!(file, "BENE_MBI_ID,{}", flags.join(",")).doing("cannot be written", &path)?;
            deliveries.lists.insert(year, file);
        }
        Ok(deliveries)
    }

    fn path(&self, file: char, at: usize) -> PathBuf {
        let (day, kind) = &self.days[at];
        let (year, month, day) = day.ymd();
        self.folder.join(format!("P.{}.ACO.ZC{file}{kind}.D{:02}{month:02}{day:02}.T1200000", self.aco, year % 100))
    }

    /// An empty record of a file.
    pub(super) fn record(&self, file: char) -> Record {
        Record { file, bytes: vec![b' '; self.layouts[&file].length] }
    }

    /// Puts a value into a field.
    pub(super) fn put(&self, record: &mut Record, name: &str, value: &str) {
        let field = &self.layouts[&record.file].fields[name];
        let cell = &mut record.bytes[field.start..field.start + field.length];
        assert!(value.len() <= cell.len(), "{name} holds {} bytes", cell.len());
        match field.format.as_bytes() {
            [b'9', ..] => {
                cell.fill(b'0');
                let start = cell.len() - value.len();
                cell[start..].copy_from_slice(value.as_bytes());
            }
            [b'-', ..] => {
                cell.fill(b' ');
                let start = cell.len() - value.len();
                cell[start..].copy_from_slice(value.as_bytes());
            }
            _ => {
                cell.fill(b' ');
                cell[..value.len()].copy_from_slice(value.as_bytes());
            }
        }
    }

    /// The first delivery on or after a day.
    pub(super) fn of_day(&self, day: i32) -> Option<usize> {
        self.days.iter().position(|(of, _)| of.0 >= day)
    }

    /// A number for a version that does not stand.
    pub(super) fn own_claim(&mut self) -> u64 {
        self.next_claim += 1;
        self.next_claim
    }

    /// Writes a record into a delivery.
    pub(super) fn write(&mut self, at: usize, record: &Record) -> Outcome<()> {
        let file = FILES.iter().position(|file| *file == record.file).expect("a file of the feed");
        let open = &mut self.open[at][file];
        open.records += 1;
        open.file
            .write_all(&record.bytes)
            .and_then(|()| open.file.write_all(b"\n"))
            .doing("cannot be written", &open.path)
    }

    /// Writes a line of a year's assignment list.
    pub(super) fn list(&mut self, year: i32, line: &str) -> Outcome<()> {
        let Some(file) = self.lists.get_mut(&year) else { return Ok(()) };
        writeln!(file, "{line}").doing("cannot be written", &self.folder)
    }

    /// Ends all files and writes the summaries.
    pub(super) fn finish(self) -> Outcome<Counts> {
        let mut counts = Counts::default();
        let summaries: Vec<PathBuf> = (0..self.days.len()).map(|at| self.path('0', at)).collect();
        for (open, summary) in self.open.into_iter().zip(summaries) {
            let mut text = String::from("File Number  |File Description    |Total Records Count |Record Length\n");
            for ((open, file), title) in open.into_iter().zip(FILES).zip(TITLES) {
                let Open { path, file: mut writer, records } = open;
                writer.flush().doing("cannot be written", &path)?;
                let length = self.layouts[&file].length;
                text += &format!("{:<7}|{title:<43}|{records:>11}|{length:>5} \n", format!("CCLF{file}"));
                counts.bytes += records * (length as u64 + 1);
            }
            std::fs::write(&summary, text).doing("cannot be written", &summary)?;
        }
        for mut file in self.lists.into_values() {
            file.flush().doing("cannot be written", &self.folder)?;
        }
        Ok(counts)
    }
}
