//! Sheets that list what the run has: its results as published, expected against spent, findings, rules, inputs.

use super::gather::Sources;
use super::look::{self, Look, Page};
use super::sheets;
use acoledger_schemas::rules::Rule;
use acoledger_schemas::table::Table;
use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};

/// Height of a line of text, and the greatest of a row.
const LINE_HEIGHT: f64 = 13.5;
/// See [`LINE_HEIGHT`].
const MOST_HEIGHT: f64 = 400.0;
/// Row of the headers of these sheets.
const HEADER_ROW: u32 = 3;

/// Writes the sheets.
pub(super) fn write(book: &mut Workbook, look: &Look, sources: &Sources) -> Result<(), XlsxError> {
    let title = "Results: the table savings_losses, with the columns of CMS's results file";
    table(book.add_worksheet(), look, (sheets::RESULTS, title, 2, false), &sources.results)?;
    let title = "From the historical benchmark to what was expected, and what was spent";
    table(book.add_worksheet(), look, (sheets::EXPECTED, title, 3, true), &sources.expected)?;
    findings(book.add_worksheet(), look, sources)?;
    rules(book.add_worksheet(), look, sources)?;
    bands(book.add_worksheet(), look, sources)?;
    inputs(book.add_worksheet(), look, sources)
}

/// A table of the run as it is.
fn table<T: Table>(
    sheet: &mut Worksheet,
    look: &Look,
    (name, title, frozen, fit): (&str, &str, u16, bool),
    rows: &[T],
) -> Result<(), XlsxError> {
    let page = Page {
        name,
        title,
        note: T::SPEC.meaning.trim(),
        header_row: HEADER_ROW,
        last_row: HEADER_ROW + rows.len() as u32,
        columns: T::SPEC.columns.len() as u16,
        frozen,
        fit,
    };
    look::page(sheet, look, &page)?;
    if !fit {
        sheet.set_repeat_columns(0, frozen - 1)?;
    }
    look::table(sheet, look, HEADER_ROW - 1, rows)
}

/// A list of texts under headers with widths.
fn list(
    sheet: &mut Worksheet,
    look: &Look,
    (name, title, note): (&str, &str, &str),
    heads: &[(&str, f64)],
    rows: &[Vec<String>],
) -> Result<(), XlsxError> {
    let page = Page {
        name,
        title,
        note,
        header_row: HEADER_ROW,
        last_row: HEADER_ROW + rows.len() as u32,
        columns: heads.len() as u16,
        frozen: 1,
        fit: true,
    };
    look::page(sheet, look, &page)?;
    for (column, (head, width)) in (0..).zip(heads) {
        look::text(sheet, HEADER_ROW, column, head, &look.header)?;
        sheet.set_column_width(column, *width)?;
    }
    for (row, cells) in (HEADER_ROW + 1..).zip(rows) {
        for (column, cell) in (0..).zip(cells) {
            look::text(sheet, row, column, cell, &look.wrapped)?;
        }
        // Not every program makes a row as high as its wrapped text.
        let lines =
            heads.iter().zip(cells).map(|((_, width), cell)| (cell.chars().count() as f64 * 0.95 / width).ceil());
        let lines = lines.fold(1.0, f64::max);
        if lines > 1.0 {
            sheet.set_row_height(row, (lines * LINE_HEIGHT).min(MOST_HEIGHT))?;
        }
    }
    Ok(())
}

/// What a reader should know: of single ACOs, and of the run as its manifest counts it.
fn findings(sheet: &mut Worksheet, look: &Look, sources: &Sources) -> Result<(), XlsxError> {
    let mut rows: Vec<Vec<String>> = sources
        .findings
        .iter()
        .map(|row| {
            let of = [row.performance_year.to_string(), row.period.code().into(), row.aco_id.as_str().into()];
            [&of[..], &["settle".into(), row.rule.clone(), row.what.clone(), String::new()]].concat()
        })
        .collect();
    for finding in sources.manifest.iter().flat_map(|manifest| &manifest.findings) {
        let of = [String::new(), String::new(), "(the run)".into(), finding.stage.clone(), String::new()];
        rows.push([&of[..], &[finding.what.clone(), finding.count.to_string()]].concat());
    }
    let note = if rows.is_empty() { "The run has none." } else { "Of ACOs each on its own; of the run counted." };
    let heads = [
        ("PY", 7.0),
        ("Period", 8.0),
        ("ACO", 10.0),
        ("Stage", 12.0),
        ("Section", 10.0),
        ("What", 100.0),
        ("Count", 9.0),
    ];
    list(sheet, look, (sheets::FINDINGS, "Findings", note), &heads, &rows)
}

/// Every rule with its values: those of the run.
fn rules(sheet: &mut Worksheet, look: &Look, sources: &Sources) -> Result<(), XlsxError> {
    let value = |rule: &Rule| {
        rule.values
            .iter()
            .map(|(from, value)| {
                vec![
                    rule.key.clone(),
                    rule.text.clone(),
                    rule.unit.clone(),
                    rule.stage.clone(),
                    from.to_string(),
                    rule.dated_by.clone(),
                    value.to_string(),
                    if rule.overridden { "yes" } else { "" }.into(),
                    rule.citation.clone(),
                ]
            })
            .collect::<Vec<_>>()
    };
    let rows: Vec<Vec<String>> = sources.rules.iter().flat_map(|rules| rules.all().flat_map(value)).collect();
    let note = if sources.rules.is_some() {
        "Every rule of the run, each value from the day on which it takes effect. Overridden: set by the study, not by the law."
    } else {
        "The rules of this run are not those of the program that made the workbook: policy numbers are left out, and lines that need them are values."
    };
    let heads = [
        ("Key", 34.0),
        ("Rule", 60.0),
        ("Unit", 12.0),
        ("Stage", 10.0),
        ("From", 11.0),
        ("Dated by", 16.0),
        ("Value", 50.0),
        ("Overridden", 11.0),
        ("Citation", 50.0),
    ];
    list(sheet, look, (sheets::RULES, "Rules in force", note), &heads, &rows)
}

/// Columns of the bands: from a number of heads to another, the rate at both ends.
const BANDS: [&str; 4] = ["least", "most", "first", "last"];

/// The bands of the variable minimum savings rate, by performance year: what the settlement looks up.
fn bands(sheet: &mut Worksheet, look: &Look, sources: &Sources) -> Result<(), XlsxError> {
    let rows: u32 = sources.settle_rules().values().map(|rules| rules.msr_bands().len() as u32).sum();
    let page = Page {
        name: sheets::BANDS,
        title: "Variable minimum savings rate by assigned beneficiaries",
        note: "Linear between the ends of a band; the last band goes on. Rule settle.msr.variable.",
        header_row: HEADER_ROW,
        last_row: HEADER_ROW + rows,
        columns: 5,
        frozen: 1,
        fit: true,
    };
    look::page(sheet, look, &page)?;
    let heads = ["Performance year", "From assigned beneficiaries", "To", "Rate at the first", "Rate at the last"];
    for (column, head) in (0..).zip(heads) {
        look::text(sheet, HEADER_ROW, column, head, &look.header)?;
        sheet.set_column_width(column, 17)?;
    }
    let mut row = HEADER_ROW + 1;
    let (heads, rate) = (look.plain.clone().set_num_format("#,##0"), look.plain.clone().set_num_format("0.0000%"));
    for (year, rules) in sources.settle_rules() {
        for band in rules.msr_bands() {
            sheet.write_number_with_format(row, 0, f64::from(*year), &look.plain)?;
            for end in 0..2 {
                sheet.write_number_with_format(row, 1 + end as u16, band.heads[end] as f64, &heads)?;
                sheet.write_number_with_format(row, 3 + end as u16, band.rate[end], &rate)?;
            }
            row += 1;
        }
    }
    Ok(())
}

/// Names of the bands' columns, by performance year.
pub(super) fn band_names(sources: &Sources) -> Vec<(String, String)> {
    let mut first = HEADER_ROW + 1;
    let mut all = Vec::new();
    for (year, rules) in sources.settle_rules() {
        let last = first + rules.msr_bands().len() as u32 - 1;
        let range = |column: u16| look::range(sheets::BANDS, column, first, last);
        all.extend((1..).zip(BANDS).map(|(column, name)| (format!("msr_{name}_{year}"), range(column))));
        first = last + 1;
    }
    all
}

/// What the run was made from.
fn inputs(sheet: &mut Worksheet, look: &Look, sources: &Sources) -> Result<(), XlsxError> {
    let mut rows = Vec::new();
    if let Some(manifest) = &sources.manifest {
        let about = [
            ("Study", manifest.study.clone()),
            ("Program", format!("acoledger {}", manifest.version)),
            ("Seed", manifest.seed.to_string()),
            ("Rules, SHA-256", manifest.rules.sha256.clone()),
        ];
        rows.extend(about.map(|(what, value)| vec!["run".into(), what.into(), value]));
        rows.extend(manifest.stages.iter().map(|stage| vec!["stage".into(), stage.stage.clone(), stage.key.clone()]));
        let file =
            |input: &crate::study::InputFile| vec!["input file".into(), input.file.clone(), input.sha256.clone()];
        rows.extend(manifest.inputs.iter().map(file));
    }
    let note = if sources.manifest.is_some() {
        "Files that the run read, with the hash of their content; stages with the hash of everything that went in."
    } else {
        "This half of a scenario has no manifest of its own."
    };
    let heads = [("Kind", 12.0), ("What", 60.0), ("Value", 70.0)];
    list(sheet, look, (sheets::INPUTS, "Inputs", note), &heads, &rows)
}
