//! All ACOs and performance years on one sheet, a row each; totals of the rows that a filter leaves.

use super::block::{Figure, Unit, WHOLE};
use super::ledger::{Ledger, Placed};
use super::look::{self, Look, Page, Role};
use super::{Report, sheets};
use rust_xlsxwriter::{ConditionalFormatCell, ConditionalFormatCellRule, Url, Worksheet, XlsxError};

/// Row of the headers.
const HEADER_ROW: u32 = 4;
/// Row of the totals.
const TOTAL_ROW: u32 = 2;

/// Rows with links: a sheet holds 65,530 of them, and a row has two.
const LINKED_ROWS: u32 = 32_000;

/// What a column shows.
enum Shown {
    /// Way to the lines of the benchmark.
    Link,
    /// Text of the results.
    Text(fn(&Report<'_>) -> String),
    /// A number of the results.
    Number(fn(&Report<'_>) -> f64, Unit),
    /// A line of the settlement.
    Line(&'static str, Unit),
    /// The same, with a total above.
    Total(&'static str, Unit),
    /// A line of the benchmark, of the ACO as a whole.
    Benchmark(&'static str, Unit),
    /// Lines with a formula, or those of them that differ.
    Checked,
    Differing,
    /// Where blocks stand: first line and number of lines.
    First(for<'r> fn(&'r Report<'_>) -> &'r Placed),
    Lines(for<'r> fn(&'r Report<'_>) -> &'r Placed),
}

/// The columns after the first, which is the ACO-year.
const COLUMNS: [(&str, f64, Shown); 27] = [
    ("Lines", 10.0, Shown::Link),
    ("Name", 30.0, Shown::Text(|of| of.story.result.aco_name.clone().unwrap_or_default())),
    ("PY", 6.0, Shown::Number(|of| f64::from(of.story.result.performance_year.0), Unit::Weight)),
    ("Period", 7.0, Shown::Text(|of| of.story.result.period.code().into())),
    ("Track", 6.5, Shown::Text(|of| of.story.result.current_track.code().into())),
    ("Risk model", 10.0, Shown::Text(|of| of.story.result.risk_model.clone())),
    ("Agreement from", 11.0, Shown::Text(|of| of.story.result.current_start_date.clone())),
    ("Rulebook", 9.5, Shown::Text(|of| of.story.result.rulebook.clone())),
    ("Assigned", 9.5, Shown::Number(|of| of.story.result.n_ab as f64, Unit::Count)),
    ("Person years", 12.0, Shown::Total("person_years", Unit::PersonYears)),
    ("Historical benchmark", 12.0, Shown::Benchmark("historical_benchmark", Unit::Dollars)),
    ("Benchmark, per person year", 12.0, Shown::Line("benchmark_used", Unit::Dollars)),
    ("Spending, per person year", 12.0, Shown::Line("per_capita_expenditure", Unit::Dollars)),
    ("Total benchmark", 17.0, Shown::Total("total_benchmark", Unit::Dollars)),
    ("Total expenditures", 17.0, Shown::Total("total_expenditures", Unit::Dollars)),
    ("Savings (losses)", 16.0, Shown::Total("gross_savings", Unit::Dollars)),
    ("Savings rate", 10.0, Shown::Line("savings_rate", Unit::Fraction)),
    ("MSR", 9.0, Shown::Line("msr", Unit::Fraction)),
    ("Outcome", 14.0, Shown::Line("outcome", Unit::Text)),
    ("Rate shared", 9.5, Shown::Line("final_rate", Unit::Fraction)),
    ("Earned (owed)", 16.0, Shown::Total("earned_cents", Unit::Dollars)),
    ("Lines checked", 8.0, Shown::Checked),
    ("Lines that differ", 8.0, Shown::Differing),
    ("Settlement: first line", 10.0, Shown::First(|of| &of.settlement)),
    ("lines", 6.0, Shown::Lines(|of| &of.settlement)),
    ("Benchmark: first line", 10.0, Shown::First(|of| &of.benchmark)),
    ("lines", 6.0, Shown::Lines(|of| &of.benchmark)),
];

/// Names of the columns that other sheets look into.
pub(super) fn names(reports: usize) -> Vec<(String, String)> {
    let last = HEADER_ROW + reports as u32;
    let places = (1..).zip(&COLUMNS).filter(|(_, (_, _, shown))| matches!(shown, Shown::First(_) | Shown::Lines(_)));
    let mut all = vec![("aco_years".to_owned(), look::range(sheets::SUMMARY, 0, HEADER_ROW + 1, last))];
    let names = ["settlement_first", "settlement_lines", "benchmark_first", "benchmark_lines"];
    all.extend(
        names
            .into_iter()
            .zip(places)
            .map(|(name, (column, _))| (name.to_owned(), look::range(sheets::SUMMARY, column, HEADER_ROW + 1, last))),
    );
    all
}

/// Writes the sheet.
pub(super) fn write(
    sheet: &mut Worksheet,
    look: &Look,
    reports: &[Report<'_>],
    ledgers: (&Ledger, &Ledger),
) -> Result<(), XlsxError> {
    let last_row = HEADER_ROW + reports.len() as u32;
    let page = Page {
        name: sheets::SUMMARY,
        title: "All ACOs and performance years",
        note: "Amounts are those of the sheets Settlement and Benchmark; the first two columns lead there. Totals are of the rows that a filter leaves.",
        header_row: HEADER_ROW,
        last_row,
        columns: COLUMNS.len() as u16 + 1,
        frozen: 3,
        fit: true,
    };
    look::page(sheet, look, &page)?;
    sheet.set_print_area(0, 0, last_row, (COLUMNS.len() - 4) as u16)?;
    sheet.set_column_width(0, 13)?;
    sheet.set_row_height(HEADER_ROW, 40)?;
    look::text(sheet, HEADER_ROW, 0, "ACO-year", &look.header)?;
    look::text(sheet, TOTAL_ROW, 0, "Total", &look.heading)?;
    for (column, (head, width, shown)) in (1..).zip(&COLUMNS) {
        let is_text = matches!(shown, Shown::Link | Shown::Text(_) | Shown::Line(_, Unit::Text));
        look::text(sheet, HEADER_ROW, column, head, if is_text { &look.header } else { &look.number_header })?;
        sheet.set_column_width(column, *width)?;
        sheet.write_blank(TOTAL_ROW, column, &look.heading)?;
        total(sheet, look, column, shown, reports)?;
    }
    for (row, report) in (HEADER_ROW + 1..).zip(reports) {
        link(sheet, look, (row, 0), (sheets::SETTLEMENT, &report.settlement), &report.story.key())?;
        for (column, (_, _, shown)) in (1..).zip(&COLUMNS) {
            cell(sheet, look, (row, column), (shown, report), ledgers)?;
        }
    }
    let differing = (1..).zip(&COLUMNS).find(|(_, (_, _, shown))| matches!(shown, Shown::Differing));
    let bad =
        ConditionalFormatCell::new().set_rule(ConditionalFormatCellRule::GreaterThan(0)).set_format(look.bad.clone());
    let column = differing.map_or(0, |(column, _)| column);
    sheet.add_conditional_format(HEADER_ROW + 1, column, last_row, column, &bad)?;
    Ok(())
}

/// A way to a block.
fn link(
    sheet: &mut Worksheet,
    look: &Look,
    (row, column): (u32, u16),
    (name, placed): (&str, &Placed),
    text: &str,
) -> Result<(), XlsxError> {
    if row >= LINKED_ROWS {
        return look::text(sheet, row, column, text, &look.text);
    }
    let url = Url::new(format!("internal:'{name}'!A{}", placed.first + 1)).set_text(text);
    sheet.write_url_with_format(row, column, url, &look.link).map(|_| ())
}

/// The total of a column, over the rows that a filter leaves.
fn total(
    sheet: &mut Worksheet,
    look: &Look,
    column: u16,
    shown: &Shown,
    reports: &[Report<'_>],
) -> Result<(), XlsxError> {
    let (sum, unit) = match shown {
        Shown::Total(code, unit) => {
            (reports.iter().filter_map(|report| report.settlement.block.figure(code, WHOLE)).sum(), *unit)
        }
        Shown::Checked => (reports.iter().map(checked).sum(), Unit::Count),
        Shown::Differing => (0.0, Unit::Count),
        _ => return Ok(()),
    };
    let range = look::range(sheets::SUMMARY, column, HEADER_ROW + 1, HEADER_ROW + reports.len() as u32);
    let format = look.number(unit, Role::Formula).clone().set_bold();
    look::formula(sheet, (TOTAL_ROW, column), &format!("SUBTOTAL(109,{range})"), &Figure::Number(sum), &format)
}

/// Lines of an ACO-year that have a formula.
pub(super) fn checked(report: &Report<'_>) -> f64 {
    let lines = report.settlement.block.lines.iter().chain(&report.benchmark.block.lines);
    lines.filter(|line| line.has_formula()).count() as f64
}

fn cell(
    sheet: &mut Worksheet,
    look: &Look,
    at: (u32, u16),
    (shown, report): (&Shown, &Report<'_>),
    (settlement, benchmark): (&Ledger, &Ledger),
) -> Result<(), XlsxError> {
    let line = |sheet: &mut Worksheet, (ledger, placed): (&Ledger, &Placed), code: &str, unit: Unit| {
        let Some(place) = placed.block.place(code) else { return Ok(()) };
        let Some(figure) = &placed.block.lines[place].figures[WHOLE] else { return Ok(()) };
        let cell = ledger.cell(placed, code, WHOLE).unwrap_or_default();
        let format = if unit == Unit::Text { &look.indented } else { look.number(unit, Role::Formula) };
        look::formula(sheet, at, &cell, figure, format)
    };
    let checks = || {
        [(settlement, &report.settlement), (benchmark, &report.benchmark)]
            .map(|(ledger, placed)| look::range(ledger.name, ledger.check(), placed.first, placed.last()))
    };
    match shown {
        Shown::Link => link(sheet, look, at, (sheets::BENCHMARK, &report.benchmark), "benchmark"),
        Shown::Text(of) => look::text(sheet, at.0, at.1, &of(report), &look.indented),
        Shown::Number(of, unit) => {
            look::figure(sheet, at, &Figure::Number(of(report)), look.number(*unit, Role::Input))
        }
        Shown::Line(code, unit) | Shown::Total(code, unit) => {
            line(sheet, (settlement, &report.settlement), code, *unit)
        }
        Shown::Benchmark(code, unit) => line(sheet, (benchmark, &report.benchmark), code, *unit),
        Shown::Checked => {
            let [a, b] = checks();
            let formula = format!("COUNTA({a})+COUNTA({b})");
            look::formula(
                sheet,
                at,
                &formula,
                &Figure::Number(checked(report)),
                look.number(Unit::Count, Role::Formula),
            )
        }
        Shown::Differing => {
            let [a, b] = checks();
            let formula = format!("COUNTA({a})+COUNTA({b})-COUNTIF({a},\"ok\")-COUNTIF({b},\"ok\")");
            look::formula(sheet, at, &formula, &Figure::Number(0.0), look.number(Unit::Count, Role::Formula))
        }
        Shown::First(of) => {
            let first = of(report).first - Ledger::FIRST_ROW + 1;
            look::figure(sheet, at, &Figure::Number(f64::from(first)), look.number(Unit::Count, Role::Figure))
        }
        Shown::Lines(of) => {
            let lines = of(report).block.lines.len() as f64;
            look::figure(sheet, at, &Figure::Number(lines), look.number(Unit::Count, Role::Figure))
        }
    }
}
