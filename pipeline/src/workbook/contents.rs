//! The first sheet: what run this is, what the sheets hold, whether formulas and figures agree, and how to read them.

use super::block::{Figure, Unit};
use super::gather::Sources;
use super::ledger::Ledger;
use super::look::{self, Look, Role};
use super::summary::checked;
use super::{Report, sheets};
use rust_xlsxwriter::{ConditionalFormatCell, ConditionalFormatCellRule, Url, Worksheet, XlsxError};

/// Rows of the cells that have names.
const NAMED: [(&str, u32, f64, &str); 4] = [
    ("tolerance_dollars", 24, 0.005, "A formula in dollars agrees when it differs by less: half a cent."),
    ("tolerance_ratio", 25, 1e-9, "Any other formula agrees when it differs by less."),
    (
        "noise_dollars",
        26,
        1e-7,
        "Where the law compares dollars per person year, this much counts as equal: the last bits of a computer's numbers.",
    ),
    ("noise_ratio", 27, 1e-12, "Where it compares ratios, likewise."),
];

/// What the sheets hold.
const SHEETS: [(&str, &str); 10] = [
    (sheets::STATEMENT, "One ACO and performance year, picked from a list: settlement lines and benchmark tables"),
    (sheets::SUMMARY, "All ACOs and performance years, a row each, with totals"),
    (sheets::SETTLEMENT, "Every settlement, line by line: formula, figure of the run, check, law"),
    (
        sheets::BENCHMARK,
        "Every benchmark by enrollment type: base years, trended, weighted, adjusted, capped, updated; formulas likewise",
    ),
    (sheets::RESULTS, "The results with the columns of CMS's results file, as the run wrote them"),
    (sheets::EXPECTED, "From the historical benchmark to what was expected, and what was spent, term by term"),
    (sheets::FINDINGS, "What a reader should know: defaults that were taken, inputs that disagree"),
    (sheets::RULES, "Every rule with its values, their dates and where they stand in the law"),
    (sheets::BANDS, "The bands of the variable minimum savings rate, which the settlement looks up"),
    (sheets::INPUTS, "The files that the run read, with their hashes"),
];

/// Names of the cells of this sheet.
pub(super) fn names() -> Vec<(String, String)> {
    NAMED
        .iter()
        .map(|(name, row, _, _)| ((*name).to_owned(), format!("'{}'!$B${}", sheets::CONTENTS, row + 1)))
        .collect()
}

/// Writes the sheet.
pub(super) fn write(
    sheet: &mut Worksheet,
    look: &Look,
    sources: &Sources,
    reports: &[Report<'_>],
    ledgers: (&Ledger, &Ledger),
    left_out: usize,
) -> Result<(), XlsxError> {
    sheet.set_name(sheets::CONTENTS)?;
    sheet.set_column_width(0, 30)?;
    sheet.set_column_width(1, 18)?;
    sheet.set_column_width(2, 112)?;
    sheet.set_row_height(0, look::TITLE_HEIGHT)?;
    look::text(sheet, 0, 0, "Medicare ACO settlement", &look.title)?;
    let acos: std::collections::BTreeSet<&str> =
        reports.iter().map(|report| report.story.result.aco_id.as_str()).collect();
    let version = sources.manifest.as_ref().map_or("", |manifest| &manifest.version);
    let about = [
        ("Study", sources.study().to_owned()),
        ("Performance years", sources.years()),
        ("ACOs", acos.len().to_string()),
        ("Run made by", format!("acoledger {version}")),
    ];
    for (row, (what, value)) in (1..).zip(about) {
        look::text(sheet, row, 0, what, &look.text)?;
        look::text(sheet, row, 1, &value, &look.text)?;
    }
    sheets_listed(sheet, look)?;
    checks(sheet, look, reports, ledgers)?;
    how_to_read(sheet, look, left_out)?;
    sheet.set_print_area(0, 0, 38, 2)?;
    look::print(sheet, true);
    Ok(())
}

/// The sheets, each a link.
fn sheets_listed(sheet: &mut Worksheet, look: &Look) -> Result<(), XlsxError> {
    look::text(sheet, 6, 0, "Sheets", &look.heading)?;
    sheet.write_blank(6, 1, &look.heading)?.write_blank(6, 2, &look.heading)?;
    for (row, (name, what)) in (7..).zip(SHEETS) {
        let url = Url::new(format!("internal:'{name}'!A1")).set_text(name);
        sheet.write_url_with_format(row, 0, url, &look.link)?;
        look::text(sheet, row, 2, what, &look.text)?;
    }
    Ok(())
}

/// How many lines were made anew by formulas, and how many of them are not what the run has.
fn checks(
    sheet: &mut Worksheet,
    look: &Look,
    reports: &[Report<'_>],
    (settlement, benchmark): (&Ledger, &Ledger),
) -> Result<(), XlsxError> {
    look::text(sheet, 18, 0, "Formulas against the run", &look.heading)?;
    sheet.write_blank(18, 1, &look.heading)?.write_blank(18, 2, &look.heading)?;
    let (a, b) = (settlement.check_range(), benchmark.check_range());
    let all: f64 = reports.iter().map(checked).sum();
    let rows = [
        ("Lines with a formula", format!("COUNTA({a})+COUNTA({b})"), all),
        ("of which agree", format!("COUNTIF({a},\"ok\")+COUNTIF({b},\"ok\")"), all),
        ("of which differ", "B20-B21".to_owned(), 0.0),
    ];
    for (row, (what, formula, value)) in (19..).zip(rows) {
        look::text(sheet, row, 0, what, &look.text)?;
        look::formula(sheet, (row, 1), &formula, &Figure::Number(value), look.number(Unit::Count, Role::Formula))?;
    }
    let some =
        ConditionalFormatCell::new().set_rule(ConditionalFormatCellRule::NotEqualTo(0)).set_format(look.bad.clone());
    let none =
        ConditionalFormatCell::new().set_rule(ConditionalFormatCellRule::EqualTo(0)).set_format(look.good.clone());
    sheet.add_conditional_format(21, 1, 21, 1, &some)?;
    sheet.add_conditional_format(21, 1, 21, 1, &none)?;
    Ok(())
}

/// Tolerances, colours, and what is not in the workbook.
fn how_to_read(sheet: &mut Worksheet, look: &Look, left_out: usize) -> Result<(), XlsxError> {
    look::text(sheet, 23, 0, "How to read it", &look.heading)?;
    sheet.write_blank(23, 1, &look.heading)?.write_blank(23, 2, &look.heading)?;
    for (name, row, value, what) in NAMED {
        look::text(sheet, row, 0, name, &look.text)?;
        sheet.write_number_with_format(row, 1, value, &look.plain)?;
        look::text(sheet, row, 2, what, &look.text)?;
    }
    let mut lines = vec![
        (
            "Blue, black, grey",
            "Blue: read from a table or rule of the run. Black: a formula over such numbers. Grey: what the run itself computed.",
        ),
        (
            "Change a cell",
            "Change a blue number and see what follows from it; the checks then say where the run had another number.",
        ),
        (
            "Amounts",
            "Dollars. Nothing is rounded before it is published (M.F.10): only lines to the cent and as published are.",
        ),
        (
            "Types",
            "ESRD: end-stage renal disease. DIS: disabled. AGDU: aged, dually eligible. AGND: aged, not dually eligible.",
        ),
        (
            "Sections",
            "F.5.7 and the like are sections of the methodology; `acoledger explain` shows the same steps with their arithmetic.",
        ),
        (
            "Not in here",
            "Counties: regional spending and market shares stand as values. Lives: nothing in this workbook is about one person.",
        ),
    ];
    let more = format!(
        "{left_out} ACO-years: a sheet of this form holds 1,048,576 rows. The run's tables hold all; make a study of fewer performance years."
    );
    if left_out > 0 {
        lines.push(("LEFT OUT", &more));
    }
    for (row, (what, text)) in (29..).zip(lines) {
        look::text(sheet, row, 0, what, &look.text)?;
        look::text(sheet, row, 2, text, &look.text)?;
    }
    Ok(())
}
