//! What a study needs of the lake: tables, columns, years, and the months of claims behind them.

use acoledger_schemas::lake::LakeTable;

/// Consecutive months, first and last included, as [`acoledger_schemas::values::Date::month_index`] counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonthSpan {
    /// First month.
    pub first: i32,
    /// Last month.
    pub last: i32,
}

/// One lake table, and what of it is read.
#[derive(Clone, Debug)]
pub struct TableNeed {
    /// The table.
    pub table: &'static LakeTable,
    /// Years that must be there, ascending; empty for a table without years.
    pub years: Vec<i32>,
    /// Years to be read where the lake has them: neighbours whose claims reach into the study.
    pub optional_years: Vec<i32>,
    /// Columns to read.
    pub columns: Vec<&'static str>,
}

/// What a study needs of the lake.
#[derive(Clone, Debug)]
pub struct Needs {
    /// Tables in the order in which a life is read.
    pub tables: Vec<TableNeed>,
    /// Months of claims that must be there: expenditure years and assignment windows, merged and ascending.
    pub claim_months: Vec<MonthSpan>,
    /// Calendar years whose spending is summed.
    pub expenditure_years: Vec<i32>,
}
