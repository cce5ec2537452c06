//! Raw layouts as data: the tables of a delivery, their columns, the names that these go by, and how each is read.
//!
//! `schemas/raw/rif.toml` says what every field means, `schemas/raw/cclf.toml` speaks the same language. Readers of raw files match headers against it; writers of
//! synthetic files take the first of a column's names.

use serde::Deserialize;

/// A raw layout.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawLayout {
    /// Tables.
    #[serde(rename = "table")]
    pub tables: Vec<RawTable>,
    /// Files of a delivery that hold nothing for us.
    #[serde(rename = "other", default)]
    pub others: Vec<OtherFile>,
    /// Satellite files of split claims.
    #[serde(rename = "satellite", default)]
    pub satellites: Vec<Satellite>,
    /// Columns of all tables.
    #[serde(rename = "column")]
    pub columns: Vec<RawColumn>,
}

/// A raw table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawTable {
    /// Name.
    pub name: String,
    /// What the names of its files begin with.
    pub files: Vec<String>,
    /// Lake table that its claims or lines go to.
    pub lake: String,
    /// Lake columns of which one at least makes a file carry claim headers.
    #[serde(default)]
    pub header_mark: Vec<String>,
    /// What its rows are.
    #[serde(default)]
    pub rows: RowsOf,
}

/// What the rows of a raw table are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowsOf {
    /// Claims, their lines, or enrollment years.
    #[default]
    Claims,
    /// Diagnoses of claims.
    Diagnoses,
    /// What was taken off payments.
    Reductions,
    /// Lives on the day of a delivery.
    Snapshots,
    /// Enrollment flags of calendar years.
    Flags,
    /// Months of enrollment.
    MemberMonths,
    /// Identifiers of lives over time.
    Identities,
    /// Nothing that a rule reads; rows are counted.
    Nothing,
}

/// A file that is known and not read.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherFile {
    /// What its name begins with.
    pub file: String,
    /// Why it is not read.
    pub why: String,
}

/// Files beside split claims that are known and not read.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Satellite {
    /// Words in their names, after the table's.
    pub words: Vec<String>,
    /// Why they are not read.
    pub why: String,
}

/// What a column belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Every row.
    Key,
    /// The claim.
    Header,
    /// The line.
    Line,
    /// The life and year.
    Year,
}

/// How a column is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Read {
    /// A beneficiary's identifier.
    Id,
    /// A claim's identifier.
    Claim,
    /// A line number.
    Line,
    /// A calendar year.
    Year,
    /// A day.
    Date,
    /// The two-digit claim type.
    ClaimType,
    /// Dollars, kept as cents.
    Amount,
    /// A whole count.
    Count,
    /// A code.
    Code,
    /// Twelve monthly codes.
    Months,
    /// State and county once a year, kept as twelve monthly codes.
    County,
    /// Diagnoses, principal first.
    Diagnoses,
}

/// What a blank means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Blank {
    /// Unknown, kept.
    #[default]
    Keep,
    /// The row cannot be used.
    Refuse,
    /// Nothing of the kind on the claim.
    Zero,
}

/// A raw column.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawColumn {
    /// Raw tables that have it.
    pub tables: Vec<String>,
    /// What it belongs to.
    pub level: Level,
    /// Lake column that it fills.
    pub lake: String,
    /// Names, the first being ours.
    pub names: Vec<String>,
    /// How it is read.
    pub read: Read,
    /// What a blank means.
    #[serde(default)]
    pub blank: Blank,
    /// Width of a code: shorter numbers get their leading zeros back.
    pub width: Option<usize>,
    /// The same, only where the file holds the code as a number.
    pub numbers: Option<usize>,
    /// What needs it; none: the column may be absent.
    pub required: Option<String>,
    /// Whether only base files of split claims have it at this level.
    #[serde(default)]
    pub base_only: bool,
    /// Whether the first of the names that is not blank on the row counts, not the first that the file has.
    #[serde(default)]
    pub first_known: bool,
    /// Codes of a claim that cancels another.
    #[serde(default)]
    pub cancels: Vec<String>,
    /// Codes of a claim that replaces another.
    #[serde(default)]
    pub adjusts: Vec<String>,
    /// The codes that there are, beside a blank month; any other rejects its row. Empty: any code is taken as it is.
    #[serde(default)]
    pub known: Vec<String>,
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
/// Most diagnoses that a claim carries.
const DIAGNOSES: usize = 25;

impl RawColumn {
    /// The column names of one pattern, in order: one, twelve months, or numbered ones. Inner lists are alternatives.
    pub fn spelled(pattern: &str) -> Vec<Vec<String>> {
        let with = |mark: &str, text: String| pattern.replace(mark, &text);
        if pattern.contains("{MM}") {
            (1..=12).map(|month| vec![with("{MM}", format!("{month:02}"))]).collect()
        } else if pattern.contains("{M}") {
            (1..=12).map(|month| vec![with("{M}", month.to_string())]).collect()
        } else if pattern.contains("{MON}") {
            let alternatives = |month: &&str| match *month {
                "SEP" => vec![with("{MON}", "SEPT".into()), with("{MON}", "SEP".into())],
                month => vec![with("{MON}", month.into())],
            };
            MONTHS.iter().map(alternatives).collect()
        } else if pattern.contains("{N}") {
            (1..=DIAGNOSES).map(|number| vec![with("{N}", number.to_string())]).collect()
        } else {
            vec![vec![pattern.to_owned()]]
        }
    }
}

impl RawLayout {
    /// The layout of research files.
    pub fn rif() -> RawLayout {
        toml::from_str(include_str!("../raw/rif.toml")).expect("the built-in layout parses, as a test shows")
    }

    /// The layout of the Claim and Claim Line Feed.
    pub fn cclf() -> RawLayout {
        toml::from_str(include_str!("../raw/cclf.toml")).expect("the built-in layout parses, as a test shows")
    }

    /// The table with this name.
    pub fn table(&self, name: &str) -> Option<&RawTable> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// The columns of a table.
    pub fn columns_of<'a>(&'a self, table: &'a str) -> impl Iterator<Item = &'a RawColumn> {
        self.columns.iter().filter(move |column| column.tables.iter().any(|name| name == table))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake;

    #[test]
    fn every_column_fills_a_lake_column() {
        let rif = RawLayout::rif();
        assert_eq!(rif.tables.len(), 8);
        let known = ["bene_id", "claim_key", "year", "claim_payment"];
        for column in &rif.columns {
            for table in &column.tables {
                let table = rif.table(table).expect("a table of the layout");
                let fills = lake::TABLES.iter().any(|lake| {
                    let here = lake.name == table.lake || (table.lake == "facility" && lake.name == "revenue");
                    here && lake.position(&column.lake).is_some()
                });
                assert!(fills || known.contains(&column.lake.as_str()), "{} of {}", column.lake, table.name);
            }
        }
    }

    #[test]
    fn patterns_spell_names() {
        let spelled = RawColumn::spelled("FIPS_STATE_CNTY_{MON}_CD");
        assert_eq!(spelled[8], ["FIPS_STATE_CNTY_SEPT_CD", "FIPS_STATE_CNTY_SEP_CD"]);
        assert_eq!(RawColumn::spelled("HMO_{M}_IND")[11], ["HMO_12_IND"]);
        assert_eq!(RawColumn::spelled("BUYIN{MM}")[0], ["BUYIN01"]);
        assert_eq!(RawColumn::spelled("ICD_DGNS_CD{N}").len(), 25);
        assert_eq!(RawColumn::spelled("BENE_ID"), [["BENE_ID"]]);
    }
}
