//! One ACO and performance year, as a statement: pick it from the list, and the sheet shows its settlement and its benchmark.

use super::block::{COLUMNS, Figure, Line, Unit, WHOLE};
use super::ledger::{Ledger, Placed};
use super::look::{self, Look, letters, number_format};
use super::{Report, sheets};
use rust_xlsxwriter::{ConditionalFormatFormula, DataValidation, Format, FormatAlign, Formula, Worksheet, XlsxError};

/// Row of the choice, and of the links below it.
const PICK_ROW: u32 = 2;
/// Row of the first headers.
const HEADER_ROW: u32 = 5;
/// Columns: name of the line, year, five values, check, law; beyond the printed page unit, number of the line, places of blocks.
const LABEL: u16 = 0;
const YEAR: u16 = 1;
const VALUES: u16 = 2;
const CHECK: u16 = 7;
const LAW: u16 = 8;
const UNIT: u16 = 9;
const NUMBER: u16 = 10;
const PLACE: u16 = 12;

/// Where the blocks of the ACO-year that is picked stand.
const PLACES: [&str; 4] = ["settlement_first", "settlement_lines", "benchmark_first", "benchmark_lines"];

/// Names of the choice and of what follows from it.
pub(super) fn names() -> Vec<(String, String)> {
    let cell = |row: u32, column: u16| format!("'{}'!${}${}", sheets::STATEMENT, letters(column), row + 1);
    let mut all = vec![("pick".to_owned(), cell(PICK_ROW, VALUES))];
    all.extend((0..).zip(PLACES).map(|(at, name)| (format!("pick_{name}"), cell(at, PLACE))));
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
    sheet.set_row_height(0, look::TITLE_HEIGHT)?;
    look::text(sheet, 0, 0, "Statement of one ACO and performance year", &look.title)?;
    let note = "Pick an ACO-year in the yellow cell. Its lines are those of the sheets Settlement and Benchmark, where the formulas stand.";
    look::text(sheet, 1, 0, note, &look.note)?;
    let first = &reports[0];
    choice(sheet, look, first)?;
    for (column, width) in
        [(LABEL, 54.0), (YEAR, 6.0), (CHECK, 8.0), (LAW, 52.0), (UNIT, 11.0), (NUMBER, 6.0), (PLACE - 1, 22.0)]
    {
        sheet.set_column_width(column, width)?;
    }
    sheet.set_column_range_width(VALUES, VALUES + 4, 14.5)?;
    let heads = ["Settlement", "", "Amount", "As computed", "  How", "", "", "Check", "Law", "Unit", "Line"];
    headers(sheet, look, HEADER_ROW, (&heads, 2))?;
    lines(sheet, look, HEADER_ROW + 1, (settlement, &first.settlement), "settlement")?;
    let second = HEADER_ROW + settlement.most_lines + 2;
    let types = ["ESRD", "DIS", "AGDU", "AGND", "ACO"];
    let heads = [&["Benchmark, per person year", "Year"][..], &types, &["Check", "Law", "Unit", "Line"]].concat();
    headers(sheet, look, second, (&heads, 5))?;
    lines(sheet, look, second + 1, (benchmark, &first.benchmark), "benchmark")?;
    let last = second + benchmark.most_lines;
    conditions(sheet, look, last)?;
    sheet.set_freeze_panes(PICK_ROW + 1, 1)?;
    sheet.set_repeat_rows(0, PICK_ROW)?;
    sheet.set_print_area(0, 0, last, LAW)?;
    sheet.set_page_breaks(&[second])?;
    look::print(sheet, true);
    Ok(())
}

/// The choice, the ACO's name, where its blocks stand, and ways to them.
fn choice(sheet: &mut Worksheet, look: &Look, first: &Report<'_>) -> Result<(), XlsxError> {
    let key = first.story.key();
    look::text(sheet, PICK_ROW, LABEL, "ACO and performance year", &look.text)?;
    sheet.set_row_height(PICK_ROW, 18)?;
    sheet.merge_range(PICK_ROW, VALUES, PICK_ROW, VALUES + 1, &key, &look.pick)?;
    let list = DataValidation::new().allow_list_formula(Formula::new("=aco_years"));
    sheet.add_data_validation(PICK_ROW, VALUES, PICK_ROW, VALUES, &list)?;
    for (row, name) in (0..).zip(PLACES) {
        look::text(sheet, row, PLACE - 1, &format!("pick_{name}"), &look.small)?;
        let of = if name.starts_with("settlement") { &first.settlement } else { &first.benchmark };
        let lines = of.block.lines.len() as f64;
        let figure = if name.ends_with("first") { f64::from(of.first - Ledger::FIRST_ROW + 1) } else { lines };
        let formula = format!("INDEX({name},MATCH(pick,aco_years,0))");
        look::formula(sheet, (row, PLACE), &formula, &Figure::Number(figure), &look.small)?;
    }
    for (column, name, place) in
        [(VALUES, sheets::SETTLEMENT, "pick_settlement_first"), (VALUES + 2, sheets::BENCHMARK, "pick_benchmark_first")]
    {
        let text = format!("Formulas: {name}");
        let formula = format!("HYPERLINK(\"#'{name}'!A\"&({place}+{}),\"{text}\")", Ledger::FIRST_ROW);
        look::formula(sheet, (PICK_ROW + 1, column), &formula, &Figure::Text(text), &look.link)?;
    }
    Ok(())
}

/// Headers, `numbers` of them over columns of numbers.
fn headers(sheet: &mut Worksheet, look: &Look, row: u32, (heads, numbers): (&[&str], u16)) -> Result<(), XlsxError> {
    (0..).zip(heads).try_for_each(|(column, head)| {
        let is_number = (VALUES..VALUES + numbers).contains(&column);
        look::text(sheet, row, column, head, if is_number { &look.number_header } else { &look.header })
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
    let value = look.text.clone().set_align(FormatAlign::Right).set_shrink();
    let mut shown: Vec<(u16, u16, &Format)> = vec![
        (LABEL, Ledger::LABEL, &look.text),
        (CHECK, ledger.check(), &look.check),
        (LAW, ledger.citation(), &look.small),
        (UNIT, ledger.unit(), &look.small),
    ];
    match (ledger.year(), ledger.how()) {
        (Some(year), _) => {
            shown.push((YEAR, year, &look.small));
            shown.extend((0..COLUMNS as u16).map(|at| (VALUES + at, ledger.values() + at, &value)));
        }
        (None, how) => {
            shown.push((VALUES, ledger.values(), &value));
            shown.push((VALUES + 1, ledger.figures(), &value));
            shown.extend(how.map(|how| (VALUES + 2, how, &look.small)));
        }
    }
    for number in 0..ledger.most_lines {
        let row = first_row + number;
        let line = placed.block.lines.get(number as usize);
        sheet.write_number_with_format(row, NUMBER, f64::from(number + 1), &look.small)?;
        for (column, source, format) in &shown {
            let range = look::range(ledger.name, *source, Ledger::FIRST_ROW, ledger.last_row);
            let at = format!("${}${}", letters(NUMBER), row + 1);
            let cell = format!("INDEX({range},pick_{name}_first+{at}-1)");
            let formula = format!("IF({at}>pick_{name}_lines,\"\",IF({cell}=\"\",\"\",{cell}))");
            let result = line.and_then(|line| result(line, *column, ledger)).unwrap_or(Figure::Text(String::new()));
            look::formula(sheet, (row, *column), &formula, &result, format)?;
        }
    }
    Ok(())
}

/// What a cell of the statement shows of a line.
fn result(line: &Line, column: u16, ledger: &Ledger) -> Option<Figure> {
    let by_type = ledger.year().is_some();
    match column {
        LABEL => Some(line.label.as_str().into()),
        YEAR => line.year.map(|year| f64::from(year).into()),
        LAW => Some(line.citation.as_str().into()),
        UNIT => Some(line.unit.code().into()),
        CHECK => line.has_formula().then(|| "ok".into()),
        _ if by_type => line.figures[usize::from(column - VALUES)].clone(),
        VALUES => line.figures[WHOLE].clone(),
        _ if column == VALUES + 1 => line.figures[WHOLE].clone().filter(|_| ledger.shows_figure(line)),
        _ => Some(line.how.as_str().into()),
    }
}

/// Number formats by the unit of the line, since which line stands in a row depends on the choice.
fn conditions(sheet: &mut Worksheet, look: &Look, last: u32) -> Result<(), XlsxError> {
    let (first, row) = (HEADER_ROW + 1, HEADER_ROW + 2);
    let (unit, label) = (letters(UNIT), letters(LABEL));
    for of in Unit::ALL.into_iter().filter(|of| number_format(*of) != "General") {
        let rule = ConditionalFormatFormula::new()
            .set_rule(format!("=${unit}{row}=\"{}\"", of.code()).as_str())
            .set_format(Format::new().set_num_format(number_format(of)));
        sheet.add_conditional_format(first, VALUES, last, VALUES + 4, &rule)?;
    }
    let heading = ConditionalFormatFormula::new()
        .set_rule(format!("=AND(TRIM(${label}{row})<>\"\",TRIM(${unit}{row})=\"\")").as_str())
        .set_format(Format::new().set_bold().set_background_color(look::HEADING_COLOR));
    sheet.add_conditional_format(first, LABEL, last, LAW, &heading)?;
    let differs = ConditionalFormatFormula::new()
        .set_rule(format!("=${}{row}=\"DIFFERS\"", letters(CHECK)).as_str())
        .set_format(look.bad.clone());
    sheet.add_conditional_format(first, CHECK, last, CHECK, &differs)?;
    Ok(())
}
