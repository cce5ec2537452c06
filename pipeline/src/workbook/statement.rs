//! One ACO and performance year, as a statement: pick it from the list, and the sheet shows its settlement and its benchmark.

use super::block::{COLUMNS, Figure, Line, Unit, WHOLE};
use super::ledger::{Ledger, Placed};
use super::look::{self, Look, letters, number_format};
use super::{Report, sheets};
use rust_xlsxwriter::{
    ConditionalFormatFormula, DataValidation, Format, FormatAlign, Formula, Worksheet, XlsxError,
};

/// Cell of the choice: `C3`.
const PICK: (u32, u16) = (2, 2);
/// First row of the settlement.
const FIRST_ROW: u32 = 6;
/// Columns: number of the line, name, year, five values, check, law, unit.
const NUMBER: u16 = 0;
const LABEL: u16 = 1;
const YEAR: u16 = 2;
const VALUES: u16 = 3;
const CHECK: u16 = 8;
const LAW: u16 = 9;
const UNIT: u16 = 10;

/// Where the blocks of the ACO-year that is picked stand.
const PLACES: [&str; 4] = ["settlement_first", "settlement_lines", "benchmark_first", "benchmark_lines"];

/// Names of the choice and of what follows from it.
pub(super) fn names() -> Vec<(String, String)> {
    let cell = |row: u32, column: u16| format!("'{}'!${}${}", sheets::STATEMENT, letters(column), row + 1);
    let mut all = vec![("pick".to_owned(), cell(PICK.0, PICK.1))];
    all.extend((0..).zip(PLACES).map(|(at, name)| (format!("pick_{name}"), cell(at, UNIT + 2))));
    all
}

/// Writes the sheet, with the first ACO-year picked.
pub(super) fn write(
    sheet: &mut Worksheet,
    look: &Look,
    reports: &[Report<'_>],
    (settlement, benchmark): (&Ledger, &Ledger),
) -> Result<(), XlsxError> {
    sheet.set_name(sheets::STATEMENT)?;
    look::text(sheet, 0, 0, "Statement of one ACO and performance year", &look.title)?;
    let note = "Pick an ACO-year in the yellow cell. Its lines are those of the sheets Settlement and Benchmark, where the formulas stand.";
    look::text(sheet, 1, 0, note, &look.note)?;
    look::text(sheet, PICK.0, LABEL, "ACO and performance year", &look.text)?;
    let first = &reports[0];
    look::text(sheet, PICK.0, PICK.1, &first.story.key(), &look.pick)?;
    sheet.merge_range(PICK.0, PICK.1, PICK.0, PICK.1 + 1, &first.story.key(), &look.pick)?;
    let list = DataValidation::new().allow_list_formula(Formula::new("=aco_years"));
    sheet.add_data_validation(PICK.0, PICK.1, PICK.0, PICK.1, &list)?;
    for (at, name) in (0..).zip(PLACES) {
        look::text(sheet, at, UNIT + 1, &format!("pick_{name}"), &look.small)?;
        let of = if name.starts_with("settlement") { &first.settlement } else { &first.benchmark };
        let figure = if name.ends_with("first") { f64::from(of.first - Ledger::FIRST_ROW + 1) } else { of.block.lines.len() as f64 };
        let formula = format!("INDEX({name},MATCH(pick,aco_years,0))");
        look::formula(sheet, (at, UNIT + 2), &formula, &Figure::Number(figure), &look.small)?;
    }
    for (column, width) in [(NUMBER, 4.0), (LABEL, 52.0), (YEAR, 7.0), (CHECK, 9.0), (LAW, 44.0), (UNIT, 11.0)] {
        sheet.set_column_width(column, width)?;
    }
    sheet.set_column_range_width(VALUES, VALUES + 4, 14)?;
    sheet.set_column_range_width(UNIT + 1, UNIT + 2, 20)?;
    let heads = ["#", "Settlement", "", "", "", "", "As computed", "Amount", "Check", "Law", "Unit"];
    headers(sheet, look, FIRST_ROW - 1, &heads)?;
    lines(sheet, look, FIRST_ROW, (settlement, &first.settlement), "settlement")?;
    let second = FIRST_ROW + settlement.most_lines + 1;
    let heads = ["#", "Benchmark, per person year", "Year", "ESRD", "DIS", "AGDU", "AGND", "ACO", "Check", "Law", "Unit"];
    headers(sheet, look, second, &heads)?;
    lines(sheet, look, second + 1, (benchmark, &first.benchmark), "benchmark")?;
    let last = second + benchmark.most_lines;
    conditions(sheet, look, last)?;
    sheet.set_freeze_panes(3, 2)?;
    sheet.set_repeat_rows(0, 2)?;
    sheet.set_print_area(0, 0, last, LAW)?;
    sheet.set_print_fit_to_pages(1, 0);
    sheet.set_page_breaks(&[second])?;
    look::print(sheet, true);
    Ok(())
}

fn headers(sheet: &mut Worksheet, look: &Look, row: u32, heads: &[&str]) -> Result<(), XlsxError> {
    let right = look.header.clone().set_align(FormatAlign::Right);
    (0..).zip(heads).try_for_each(|(column, head)| {
        let format = if (VALUES..CHECK).contains(&column) { &right } else { &look.header };
        look::text(sheet, row, column, head, format)
    })
}

/// The lines of one block, looked up by their number.
fn lines(
    sheet: &mut Worksheet,
    look: &Look,
    first_row: u32,
    (ledger, placed): (&Ledger, &Placed),
    name: &str,
) -> Result<(), XlsxError> {
    let mut shown: Vec<(u16, u16, &Format)> =
        vec![(LABEL, Ledger::LABEL, &look.text), (LAW, ledger.citation(), &look.small), (UNIT, ledger.unit(), &look.small)];
    let right = look.text.clone().set_align(FormatAlign::Right);
    match ledger.year() {
        Some(year) => {
            shown.push((YEAR, year, &look.small));
            shown.extend((0..COLUMNS as u16).map(|at| (VALUES + at, ledger.values() + at, &right)));
        }
        None => {
            shown.push((VALUES + 3, ledger.figures(), &right));
            shown.push((VALUES + 4, ledger.values(), &right));
        }
    }
    shown.push((CHECK, ledger.check(), &look.check));
    for number in 0..ledger.most_lines {
        let row = first_row + number;
        let line = placed.block.lines.get(number as usize);
        sheet.write_number_with_format(row, NUMBER, f64::from(number + 1), &look.small)?;
        for (column, source, format) in &shown {
            let range = look::range(ledger.name, *source, Ledger::FIRST_ROW, ledger.last_row);
            let cell = format!("INDEX({range},pick_{name}_first+${}${}-1)", letters(NUMBER), row + 1);
            let formula = format!("IF(${}${}>pick_{name}_lines,\"\",IF({cell}=\"\",\"\",{cell}))", letters(NUMBER), row + 1);
            let result = line.and_then(|line| result(line, *column, ledger)).unwrap_or(Figure::Text(String::new()));
            look::formula(sheet, (row, *column), &formula, &result, format)?;
        }
    }
    Ok(())
}

/// What a cell of the statement shows of a line.
fn result(line: &Line, column: u16, ledger: &Ledger) -> Option<Figure> {
    let value = |at: usize| line.figures[at].clone();
    match column {
        LABEL => Some(line.label.as_str().into()),
        YEAR => line.year.map(|year| f64::from(year).into()),
        LAW => Some(line.citation.as_str().into()),
        UNIT => Some(line.unit.code().into()),
        CHECK => line.has_formula().then(|| "ok".into()),
        _ if ledger.year().is_some() => value(usize::from(column - VALUES)),
        _ => value(WHOLE),
    }
}

/// Number formats by the unit of the line, since which line stands in a row depends on the choice.
fn conditions(sheet: &mut Worksheet, look: &Look, last: u32) -> Result<(), XlsxError> {
    let row = FIRST_ROW + 1;
    let unit = letters(UNIT);
    for of in Unit::ALL.into_iter().filter(|of| !matches!(of, Unit::Heading | Unit::Text)) {
        let rule = ConditionalFormatFormula::new()
            .set_rule(format!("=${unit}{row}=\"{}\"", of.code()).as_str())
            .set_format(Format::new().set_num_format(number_format(of)));
        sheet.add_conditional_format(FIRST_ROW, VALUES, last, VALUES + 4, &rule)?;
    }
    let heading = ConditionalFormatFormula::new()
        .set_rule(format!("=AND(${0}{row}<>\"\",${unit}{row}=\"\")", letters(LABEL)).as_str())
        .set_format(look.heading.clone());
    sheet.add_conditional_format(FIRST_ROW, NUMBER, last, LAW, &heading)?;
    let differs = ConditionalFormatFormula::new()
        .set_rule(format!("=${}{row}=\"DIFFERS\"", letters(CHECK)).as_str())
        .set_format(look.bad.clone());
    sheet.add_conditional_format(FIRST_ROW, CHECK, last, CHECK, &differs)?;
    Ok(())
}
