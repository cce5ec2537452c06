//! The files of `data/reference/hcc`, and how their rows are read.

use crate::model::Model;
use std::collections::HashMap;

/// Why tables cannot be used: file, line (0: the file as a whole), what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// File.
    pub file: String,
    /// Line, the header is the first; 0: none in particular.
    pub line: u64,
    /// What is wrong.
    pub what: String,
}

impl std::fmt::Display for Load {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Load { file, line, what } = self;
        if *line > 0 { write!(f, "{file}, line {line}: {what}") } else { write!(f, "{file}: {what}") }
    }
}

impl std::error::Error for Load {}

pub(crate) fn fault(file: &str, line: u64, what: impl Into<String>) -> Load {
    Load { file: file.into(), line, what: what.into() }
}

macro_rules! reference {
    ($($name:literal),+) => {
        /// The tables as they stand in the repository: name, text.
        pub(crate) const FILES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../data/reference/hcc/", $name)))),+];
    };
}
reference!(
    "hcc_model.csv",
    "hcc_dx.csv",
    "hcc_dx_year.csv",
    "hcc_coef.csv",
    "hcc_coef_set.csv",
    "hcc_hierarchy.csv",
    "hcc_zeroed.csv",
    "hcc_group.csv",
    "hcc_interaction.csv",
    "hcc_edit.csv",
    "hcc_label.csv",
    "hcc_hcpcs.csv",
    "hcc_policy.csv"
);

/// Rows of a table that belong to one model, each with its line; fields by position, the model's column left out.
pub(crate) type Fields = Vec<(u64, Vec<String>)>;

/// A table: its rows by the first field.
pub(crate) struct Table {
    file: &'static str,
    pub(crate) rows: HashMap<String, Fields>,
}

impl Table {
    pub(crate) fn read(files: &[(&'static str, &str)], file: &'static str, header: &str) -> Result<Table, Load> {
        let text = files.iter().find(|(name, _)| *name == file).map(|(_, text)| *text);
        let text = text.ok_or_else(|| fault(file, 0, "the table is missing"))?;
        let mut rows: HashMap<String, Fields> = HashMap::new();
        each_row(file, text, header, |line, record| {
            let rest = (1..record.len()).map(|at| record[at].to_owned()).collect();
            rows.entry(record[0].to_owned()).or_default().push((line, rest));
            Ok(())
        })?;
        Ok(Table { file, rows })
    }

    pub(crate) fn of(&self, model: Model) -> Result<&Fields, Load> {
        let rows = self.rows.get(model.name());
        rows.ok_or_else(|| fault(self.file, 0, format!("no rows of model `{}`", model.name())))
    }

    pub(crate) fn fault(&self, line: u64, what: impl Into<String>) -> Load {
        fault(self.file, line, what)
    }

    pub(crate) fn number<T: std::str::FromStr>(&self, line: u64, text: &str) -> Result<T, Load> {
        text.parse().map_err(|_| self.fault(line, format!("not a number, or not one of this column: `{text}`")))
    }
}

pub(crate) fn each_row(
    file: &str,
    text: &str,
    header: &str,
    mut row: impl FnMut(u64, &csv::StringRecord) -> Result<(), Load>,
) -> Result<(), Load> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let found = reader.headers().map_err(|error| fault(file, 1, error.to_string()))?;
    if found.iter().ne(header.split(',')) {
        return Err(fault(file, 1, format!("the header must be `{header}`")));
    }
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| fault(file, 0, error.to_string()))? {
        row(record.position().map_or(0, csv::Position::line), &record)?;
    }
    Ok(())
}
