//! Which claims' diagnoses count (HCC.md 2.1).

use crate::files::{FILES, Load};
use std::collections::HashMap;

/// A claim as far as it decides whether its diagnoses count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// Its diagnoses count.
    Always,
    /// They count when one line has a service on the year's list.
    WithService,
    /// They do not count.
    Never,
}

impl Record {
    /// Of a claim by its NCH claim type and, for institutional ones, the first two digits of the type of bill.
    pub fn of(claim_type: i32, bill: &str) -> Record {
        match (claim_type, bill) {
            (60, "11" | "41") => Record::Always,
            (40, "12" | "13" | "43" | "71" | "73" | "76" | "77" | "85" | "87") => Record::WithService,
            (71 | 72, _) => Record::WithService,
            _ => Record::Never,
        }
    }
}

/// Services (CPT, HCPCS) that admit the diagnoses of a claim, by year of service.
#[derive(Clone, Debug)]
pub struct Eligible {
    /// First and last year of service by code.
    codes: HashMap<[u8; 5], (i32, i32)>,
    first: i32,
    last: i32,
}

impl Eligible {
    /// The lists inside the program.
    ///
    /// # Errors
    /// A table that is not whole.
    pub fn built_in() -> Result<Eligible, Load> {
        const FILE: &str = "hcc_hcpcs.csv";
        let wrong = |line: u64, what: String| Load { file: FILE.into(), line, what };
        let text = FILES.iter().find(|(name, _)| *name == FILE).map_or("", |(_, text)| *text);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let mut eligible = Eligible { codes: HashMap::new(), first: i32::MAX, last: i32::MIN };
        for (at, record) in reader.records().enumerate() {
            let line = at as u64 + 2;
            let record = record.map_err(|error| wrong(line, error.to_string()))?;
            let year = |at: usize| {
                record[at].parse::<i32>().map_err(|_| wrong(line, format!("not a year: `{}`", &record[at])))
            };
            let code: [u8; 5] =
                record[0].as_bytes().try_into().map_err(|_| wrong(line, format!("not a service: `{}`", &record[0])))?;
            let (first, last) = (year(1)?, year(2)?);
            let entry = eligible.codes.entry(code).or_insert((first, last));
            *entry = (entry.0.min(first), entry.1.max(last));
            (eligible.first, eligible.last) = (eligible.first.min(first), eligible.last.max(last));
        }
        Ok(eligible)
    }

    /// First and last year of service that have a list.
    pub fn years(&self) -> (i32, i32) {
        (self.first, self.last)
    }

    /// Whether a service admits diagnoses. Years before the first list and after the last take the nearest.
    pub fn admits(&self, service_year: i32, hcpcs: &str) -> bool {
        let year = service_year.clamp(self.first, self.last);
        let code: Result<[u8; 5], _> = hcpcs.as_bytes().try_into();
        code.is_ok_and(|code| self.codes.get(&code).is_some_and(|(first, last)| *first <= year && year <= *last))
    }
}
