//! How cells look, and cells of every kind.

use super::block::{Figure, Unit};
use acoledger_schemas::table::{Cell, Kind, Table};
use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, Formula, Worksheet, XlsxError};
use std::collections::HashMap;

/// The result of a formula that shows nothing.
const BLANK: &str = " ";
/// Ground of headings.
pub(super) const HEADING_COLOR: Color = Color::RGB(0xED_ED_ED);
/// Height of a row with a title.
pub(super) const TITLE_HEIGHT: f64 = 21.0;
/// Longest text of a cell.
const MOST_CHARACTERS: usize = 32_767;

/// What a number is, as its colour says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// Read from a table or a rule.
    Input,
    /// Made by a formula.
    Formula,
    /// The figure of the run beside it.
    Figure,
}

/// The formats of a workbook.
pub(super) struct Look {
    pub(super) title: Format,
    pub(super) note: Format,
    pub(super) header: Format,
    pub(super) number_header: Format,
    pub(super) heading: Format,
    pub(super) text: Format,
    pub(super) indented: Format,
    pub(super) wrapped: Format,
    pub(super) small: Format,
    pub(super) link: Format,
    pub(super) check: Format,
    pub(super) bad: Format,
    pub(super) good: Format,
    pub(super) pick: Format,
    pub(super) plain: Format,
    numbers: HashMap<(Unit, Role), Format>,
}

impl Look {
    pub(super) fn new() -> Look {
        let base = Format::new().set_font_name("Calibri").set_font_size(10);
        let grey = Color::RGB(0x59_59_59);
        let mut numbers = HashMap::new();
        for unit in Unit::ALL {
            for (role, color) in
                [(Role::Input, Color::RGB(0x00_00_C0)), (Role::Formula, Color::Black), (Role::Figure, grey)]
            {
                let format = base.clone().set_num_format(number_format(unit)).set_font_color(color);
                numbers.insert((unit, role), format);
            }
        }
        let header = base
            .clone()
            .set_bold()
            .set_text_wrap()
            .set_background_color(Color::RGB(0xD9_E2_F3))
            .set_border_bottom(FormatBorder::Thin);
        Look {
            title: base.clone().set_font_size(14).set_bold(),
            note: base.clone().set_font_color(grey),
            number_header: header.clone().set_align(FormatAlign::Right),
            header,
            heading: base.clone().set_bold().set_background_color(HEADING_COLOR),
            text: base.clone(),
            indented: base.clone().set_align(FormatAlign::Left).set_indent(1),
            wrapped: base.clone().set_text_wrap().set_align(FormatAlign::Top),
            small: base.clone().set_font_size(8).set_font_color(grey).set_align(FormatAlign::Left).set_indent(1),
            link: base.clone().set_font_color(Color::RGB(0x05_63_C1)),
            check: base.clone().set_align(FormatAlign::Center),
            bad: Format::new().set_background_color(Color::RGB(0xFF_C7_CE)).set_font_color(Color::RGB(0x9C_00_06)),
            good: Format::new().set_font_color(Color::RGB(0x37_86_37)),
            pick: base
                .clone()
                .set_bold()
                .set_font_size(12)
                .set_background_color(Color::RGB(0xFF_F2_CC))
                .set_border(FormatBorder::Thin),
            plain: base,
            numbers,
        }
    }

    /// The format of a number.
    pub(super) fn number(&self, unit: Unit, role: Role) -> &Format {
        &self.numbers[&(unit, role)]
    }
}

/// The number format of a unit.
pub(super) fn number_format(unit: Unit) -> &'static str {
    match unit {
        Unit::Heading | Unit::Text | Unit::Weight => "General",
        Unit::Dollars => "#,##0.00;[Red]-#,##0.00",
        Unit::WholeDollars => "#,##0;[Red]-#,##0",
        Unit::Ratio => "0.000000",
        Unit::Score => "0.0000",
        Unit::Fraction => "0.0000%",
        Unit::Percent => "0.00",
        Unit::PersonYears => "#,##0.00",
        Unit::Count => "#,##0",
    }
}

/// Letters of a column.
pub(super) fn letters(column: u16) -> String {
    let (mut number, mut text) = (u32::from(column) + 1, String::new());
    while number > 0 {
        let letter = u8::try_from((number - 1) % 26).unwrap_or_default();
        text.insert(0, char::from(b'A' + letter));
        number = (number - 1) / 26;
    }
    text
}

/// A column from one row to another, with its sheet: `Settlement!$E$5:$E$99`. Rows count from 0.
pub(super) fn range(sheet: &str, column: u16, first: u32, last: u32) -> String {
    let column = letters(column);
    format!("'{sheet}'!${column}${}:${column}${}", first + 1, last + 1)
}

/// Text, cut where a cell holds no more, and saying so.
pub(super) fn fit(text: &str) -> std::borrow::Cow<'_, str> {
    let characters = text.chars().count();
    // Excel counts units of UTF-16, of which a character has at most two.
    if text.encode_utf16().count() <= MOST_CHARACTERS {
        return text.into();
    }
    let kept = MOST_CHARACTERS / 2 - 50;
    let head: String = text.chars().take(kept).collect();
    format!("{head} [{} characters left out]", characters - kept).into()
}

/// Writes text, whatever it begins with.
pub(super) fn text(sheet: &mut Worksheet, row: u32, column: u16, text: &str, format: &Format) -> Result<(), XlsxError> {
    if text.is_empty() {
        return sheet.write_blank(row, column, format).map(|_| ());
    }
    sheet.write_string_with_format(row, column, fit(text), format).map(|_| ())
}

/// Writes a figure.
pub(super) fn figure(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    figure: &Figure,
    format: &Format,
) -> Result<(), XlsxError> {
    match figure {
        Figure::Number(number) => sheet.write_number_with_format(row, column, *number, format).map(|_| ()),
        Figure::Text(words) => text(sheet, row, column, words, format),
    }
}

/// Writes a formula with the result that the run has for it.
pub(super) fn formula(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    formula: &str,
    result: &Figure,
    format: &Format,
) -> Result<(), XlsxError> {
    let result = match result {
        // Adding 0 turns a negative zero into zero.
        Figure::Number(number) => (number + 0.0).to_string(),
        // The writer would take what reads as a number, a truth or an error for one; and readers take an empty result for 0.
        Figure::Text(text) if is_no_text(text) => BLANK.into(),
        Figure::Text(text) => fit(text).into_owned(),
    };
    let formula = Formula::new(format!("={formula}")).set_result(result);
    sheet.write_formula_with_format(row, column, formula, format).map(|_| ())
}

/// Whether a result that is text would be written as something else, or holds what XML cannot.
fn is_no_text(text: &str) -> bool {
    let is_no_xml = |character: char| character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}');
    text.is_empty()
        || text.contains(is_no_xml)
        || text.parse::<f64>().is_ok()
        || matches!(text, "TRUE" | "FALSE")
        || text.starts_with('#')
}

/// Where a table stands on its sheet.
pub(super) struct Page<'p> {
    pub(super) name: &'p str,
    pub(super) title: &'p str,
    pub(super) note: &'p str,
    /// Rows above the headers.
    pub(super) header_row: u32,
    pub(super) last_row: u32,
    pub(super) columns: u16,
    /// Columns that stay when one scrolls sideways.
    pub(super) frozen: u16,
    /// Whether a printed page holds all columns.
    pub(super) fit: bool,
}

/// Title, frozen headers, filter and print setup of a sheet with one table.
pub(super) fn page(sheet: &mut Worksheet, look: &Look, page: &Page<'_>) -> Result<(), XlsxError> {
    sheet.set_name(page.name)?;
    sheet.set_row_height(0, TITLE_HEIGHT)?;
    text(sheet, 0, 0, page.title, &look.title)?;
    text(sheet, 1, 0, page.note, &look.note)?;
    sheet.set_freeze_panes(page.header_row + 1, page.frozen)?;
    if page.last_row > page.header_row {
        sheet.autofilter(page.header_row, 0, page.last_row, page.columns - 1)?;
    }
    sheet.set_repeat_rows(page.header_row, page.header_row)?;
    print(sheet, page.fit);
    Ok(())
}

/// Landscape, narrow margins, page numbers; all columns on a page's width where they fit.
pub(super) fn print(sheet: &mut Worksheet, fit: bool) {
    sheet.set_landscape().set_margins(0.4, 0.4, 0.6, 0.6, 0.3, 0.3);
    sheet.set_footer("&L&8&F, &A&R&8Page &P of &N");
    if fit {
        sheet.set_print_fit_to_pages(1, 0);
    }
}

/// Writes a declared table as it is: units, headers, rows. Texts stay texts.
pub(super) fn table<T: Table>(sheet: &mut Worksheet, look: &Look, first_row: u32, rows: &[T]) -> Result<(), XlsxError> {
    for (at, column) in (0..).zip(0..T::SPEC.columns.len()) {
        let spec = &T::SPEC.columns[column];
        text(sheet, first_row, at, spec.unit, &look.small)?;
        let is_number = matches!(spec.kind, Kind::Integer | Kind::Decimal);
        text(sheet, first_row + 1, at, spec.name, if is_number { &look.number_header } else { &look.header })?;
        let format = look.plain.clone().set_num_format(match spec.unit {
            "dollars" if spec.kind == Kind::Decimal => "#,##0.00##;[Red]-#,##0.00##",
            "dollars" | "lives" | "cents" => "#,##0;[Red]-#,##0",
            "person-years" => "#,##0.00",
            "score" => "0.000##",
            _ => "General",
        });
        let mut width = spec.name.len();
        for (row, record) in (first_row + 2..).zip(rows) {
            let cell = record.cell(column);
            width = width.max(shown_width(&cell));
            match cell {
                Cell::Blank => {}
                Cell::Text(words) => text(sheet, row, at, &words, &look.indented)?,
                Cell::Integer(number) => number_cell(sheet, (row, at), number as f64, &format)?,
                Cell::Decimal(number) => number_cell(sheet, (row, at), number, &format)?,
                Cell::Date(day) => text(sheet, row, at, &day.to_string(), &look.indented)?,
            }
        }
        sheet.set_column_width(at, (width as f64 + 3.0).clamp(8.0, 36.0))?;
    }
    Ok(())
}

/// Characters that a cell takes, about: of a number its whole part with separators, and some decimals.
fn shown_width(cell: &Cell<'_>) -> usize {
    match cell {
        Cell::Blank => 0,
        Cell::Text(words) => words.chars().count(),
        Cell::Integer(number) => number.to_string().len() * 4 / 3,
        Cell::Decimal(number) => format!("{:.0}", number.trunc()).len() * 4 / 3 + 5,
        Cell::Date(_) => 10,
    }
}

fn number_cell(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    number: f64,
    format: &Format,
) -> Result<(), XlsxError> {
    sheet.write_number_with_format(row, column, number, format).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_letters() {
        assert_eq!([0, 25, 26, 701, 702].map(letters), ["A", "Z", "AA", "ZZ", "AAA"]);
        assert_eq!(range("A b", 4, 4, 98), "'A b'!$E$5:$E$99");
    }

    #[test]
    fn long_text_says_what_is_left_out() {
        assert_eq!(fit("short"), "short");
        let long = "x".repeat(40_000);
        assert!(fit(&long).ends_with("[23667 characters left out]"), "{}", &fit(&long)[16_000..]);
    }
}
