//! CMS's Claim and Claim Line Feed (CCLF) as data: the fixed-width fields of its files, and the rows beside claims that it
//! brings. Which field fills which column of the lake is in `schemas/raw/cclf.toml`.
//!
//! Source of the fields: CCLF Information Packet, version 38.0 of 02/02/2024, appendix B; the longer CCLF7 that came after it as
//! two public readers of it declare it, since its packet was not seen.

use crate::lake::{LakeColumn, LakeTable, Store, columns};

/// The fields of all files, one per line.
const FIELDS: &str = include_str!("../raw/cclf_fields.csv");
/// The file that says how many records the others hold; it is no fixed-width file of rows.
pub const SUMMARY: char = '0';

/// A field of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name in the packet.
    pub name: String,
    /// Its first byte, counted from 0.
    pub start: usize,
    /// Bytes.
    pub length: usize,
    /// COBOL picture of the packet: `X(11)`, `-9(13).99`, `YYYY-MM-DD`.
    pub format: String,
}

/// One version of a file's records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// File: `1` to `9`, `A`, `B`.
    pub file: char,
    /// Version of the packet that describes it.
    pub version: String,
    /// Fields in order, without gaps.
    pub fields: Vec<Field>,
}

impl Record {
    /// Bytes of a record without its line end.
    pub fn length(&self) -> usize {
        self.fields.last().map_or(0, |field| field.start + field.length)
    }
}

/// Every known version of every file, in the order of the files.
pub fn records() -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    for line in FIELDS.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [version, file, name, start, length, format] = cells[..] else {
            unreachable!("a test reads the built-in fields")
        };
        let number = |text: &str| text.parse::<usize>().expect("a test reads the built-in fields");
        let file = file.chars().next().expect("a test reads the built-in fields");
        if records.last().is_none_or(|record| record.file != file || record.version != version) {
            records.push(Record { file, version: version.to_owned(), fields: Vec::new() });
        }
        let fields = &mut records.last_mut().expect("one was just put there").fields;
        fields.push(Field {
            name: name.to_owned(),
            start: number(start) - 1,
            length: number(length),
            format: format.to_owned(),
        });
    }
    records
}

/// Rows that stand beside claims on their way to the lake. They are no tables of it.
pub const DIAGNOSIS: LakeTable = LakeTable {
    name: "diagnosis",
    meaning: "a diagnosis of a claim (CCLF4)",
    by_year: false,
    columns: columns! {
        diagnoses Code "diagnosis of the claim";
    },
};

/// What was taken off a payment.
pub const REDUCTION: LakeTable = LakeTable {
    name: "reduction",
    meaning: "what was taken off the payment of a claim or line (CCLFA, CCLFB)",
    by_year: false,
    columns: columns! {
        sequestration_cents Cents "taken off by sequestration; 0: the record carries none";
        reduction_cents Cents "taken off by population-based payments";
    },
};

/// A life as a delivery's demographics have it.
pub const SNAPSHOT: LakeTable = LakeTable {
    name: "snapshot",
    meaning: "a life on the day of a delivery (CCLF8)",
    by_year: false,
    columns: columns! {
        birth_date Day null "date of birth";
        death_date Day null "date of death";
        sex Code "1 male, 2 female";
        original_reason Code "original reason for entitlement";
        state Code "FIPS state code";
        county Code "FIPS county code, without the state";
        status Code "Medicare status code";
        dual Code "dual status code";
    },
};

/// Months of a life by enrollment type.
pub const FLAGS: LakeTable = LakeTable {
    name: "flags",
    meaning: "twelve enrollment flags of a life in a calendar year (Assignment List Report, table 1-1)",
    by_year: false,
    columns: columns! {
        flags Code "0 not enrolled, 1 ESRD, 2 disabled, 3 aged dual, 4 aged non-dual; twelve of one character";
    },
};

/// A month of enrollment.
pub const MEMBER_MONTH: LakeTable = LakeTable {
    name: "member_month",
    meaning: "a month in which a life is enrolled in Parts A and B and in no plan",
    by_year: false,
    columns: columns! {
        month Day "first day of the month";
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_follow_each_other_without_gaps() {
        let records = records();
        let lengths: Vec<(char, usize)> = records.iter().map(|record| (record.file, record.length())).collect();
        assert_eq!(
            lengths,
            [
                ('1', 437),
                ('2', 199),
                ('3', 114),
                ('4', 112),
                ('5', 388),
                ('6', 247),
                ('7', 195),
                ('8', 549),
                ('9', 55),
                ('A', 324),
                ('B', 128),
                ('7', 230)
            ]
        );
        for record in records {
            let mut end = 0;
            for field in &record.fields {
                assert_eq!(field.start, end, "{} of CCLF{}", field.name, record.file);
                end += field.length;
            }
        }
    }
}
