//! Pages of raw layouts: research files, and the Claim and Claim Line Feed.

use super::current;
use acoledger_schemas::cclf;
use acoledger_schemas::raw::{Blank, Level, RawColumn, RawLayout, RawTable, Read};
use acoledger_schemas::reference::{MADE, cell, code, row};
use std::fmt::Write;

fn read(column: &RawColumn) -> &'static str {
    match column.read {
        Read::Id => "identifier",
        Read::Claim => "claim number",
        Read::Line => "line number",
        Read::Year => "year",
        Read::Date => "day",
        Read::ClaimType => "claim type",
        Read::Amount => "dollars",
        Read::Count => "count",
        Read::Code => "code",
        Read::Months => "twelve codes",
        Read::County => "county",
        Read::Diagnoses => "diagnoses",
    }
}

fn section(layout: &RawLayout, table: &RawTable) -> String {
    let files: Vec<&str> = table.files.iter().map(String::as_str).collect();
    let mut text =
        format!("\n## `{}`\n\nFiles: {}. Goes to the lake table `{}`.\n", table.name, code(&files), table.lake);
    let columns: Vec<&RawColumn> = layout.columns_of(&table.name).collect();
    if columns.is_empty() {
        return text + "\nNo column is read; rows are counted.\n";
    }
    text += "\n| fills | names it goes by | of each | read as | a blank | needed by |\n|---|---|---|---|---|---|\n";
    for column in columns {
        let names: Vec<&str> = column.names.iter().map(String::as_str).collect();
        let of = match column.level {
            Level::Key => "row",
            Level::Header => "claim",
            Level::Line => "line",
            Level::Year => "life and year",
        };
        let blank = match column.blank {
            Blank::Keep => "unknown",
            Blank::Refuse => "refuses the row",
            Blank::Zero => "0",
        };
        let needed = column.required.as_deref().map(cell).unwrap_or_default();
        row(&mut text, &[&format!("`{}`", column.lake), &code(&names), of, read(column), blank, &needed]);
    }
    text
}

#[test]
fn research_files() {
    let layout = RawLayout::rif();
    let mut page = format!(
        "{MADE}# Raw files: research files (RIF)\n\nWith `layout = \"rif\"`. Delimited text (`|`, `,` or tab; plain, gzip or zstd) or Parquet. A \
         file belongs to the table whose name its own name begins with. Two shapes are read: one row for each line with the fields of the \
         claim repeated, and split files (base, line, revenue center) joined on beneficiary and claim. A column may go by any of its names, \
         in any case. In names `{{MM}}` stands for 01 to 12, `{{M}}` for 1 to 12, `{{MON}}` for JAN to DEC (SEP or SEPT), `{{N}}` for 1 to 25. A \
         file that lacks a needed column is an error; another column that is absent is not available, and noted.\n\n\
         What each column fills is on the page of [the lake](lake.md).\n"
    );
    for table in &layout.tables {
        page += &section(&layout, table);
    }
    page += "\n## Files that are not read\n\n| file | why |\n|---|---|\n";
    for other in &layout.others {
        row(&mut page, &[&format!("`{}`", other.file), &cell(&other.why)]);
    }
    for satellite in &layout.satellites {
        let words: Vec<&str> = satellite.words.iter().map(String::as_str).collect();
        row(&mut page, &[&format!("beside split claims: {}", code(&words)), &cell(&satellite.why)]);
    }
    current("raw-rif.md", &page);
}

#[test]
fn claim_and_claim_line_feed() {
    let layout = RawLayout::cclf();
    let mut page = format!(
        "{MADE}# Raw files: Claim and Claim Line Feed (CCLF)\n\nWith `layout = \"cclf\"`: [how a feed is read](../cclf.md). The files of a table \
         are known by the digit or letter after `ZC`. What each column fills is on the page of [the lake](lake.md).\n"
    );
    for table in &layout.tables {
        page += &section(&layout, table);
    }
    page += "\n## Records\n\nThe length of a file's first record says the version. Where each field stands: `schemas/raw/cclf_fields.csv`.\n\n\
        | file | version | bytes | fields |\n|---|---|--:|--:|\n";
    for record in cclf::records() {
        writeln!(
            page,
            "| `CCLF{}` | {} | {} | {} |",
            record.file,
            record.version,
            record.length(),
            record.fields.len()
        )
        .expect("text grows");
    }
    current("raw-cclf.md", &page);
}
