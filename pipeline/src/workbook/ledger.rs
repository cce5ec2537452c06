//! A sheet of blocks: the lines of every ACO and performance year below each other, formulas left, the run's figures right.

use super::block::{Block, Figure, Line, Unit, WHOLE, column_named};
use super::look::{self, Look, Page, Role, letters};
use super::{Report, sheets};
use acoledger_schemas::values::EnrollmentType;
use rust_xlsxwriter::{ConditionalFormatCell, ConditionalFormatCellRule, FormatAlign, Worksheet, XlsxError};

/// Rows that a sheet has.
const MOST_ROWS: u32 = 1_048_576;

/// Page breaks that a sheet has.
const MOST_BREAKS: usize = 1023;

/// A block with its place.
pub(super) struct Placed {
    /// Its first row, from 0.
    pub(super) first: u32,
    pub(super) block: Block,
}

impl Placed {
    /// Puts a block at `row`, which moves on; `None` where the sheet ends before.
    pub(super) fn at(row: &mut u32, block: Block) -> Option<Placed> {
        let lines = u32::try_from(block.lines.len()).ok()?;
        let end = row.checked_add(lines).filter(|end| *end <= MOST_ROWS)?;
        let first = std::mem::replace(row, end);
        Some(Placed { first, block })
    }

    /// Row of a line.
    pub(super) fn row(&self, code: &str) -> Option<u32> {
        self.block.place(code).map(|at| self.first + at as u32)
    }

    /// Its last row.
    pub(super) fn last(&self) -> u32 {
        self.first + self.block.lines.len() as u32 - 1
    }
}

/// One of the two sheets of blocks.
pub(super) struct Ledger {
    pub(super) name: &'static str,
    title: &'static str,
    /// Columns of a line that it shows.
    columns: &'static [usize],
    pub(super) last_row: u32,
    /// Lines of the longest block.
    pub(super) most_lines: u32,
}

impl Ledger {
    /// First row of the first block.
    pub(super) const FIRST_ROW: u32 = 4;
    /// Column with the name of a line.
    pub(super) const LABEL: u16 = 3;

    fn new<'p>(
        name: &'static str,
        title: &'static str,
        columns: &'static [usize],
        blocks: impl Iterator<Item = &'p Placed>,
    ) -> Ledger {
        let (mut last_row, mut most_lines) = (Ledger::FIRST_ROW, 0);
        for placed in blocks {
            last_row = last_row.max(placed.last());
            most_lines = most_lines.max(placed.block.lines.len() as u32);
        }
        Ledger { name, title, columns, last_row, most_lines }
    }

    /// The settlements.
    pub(super) fn settlement<'p>(blocks: impl Iterator<Item = &'p Placed>) -> Ledger {
        let title = "Settlement, line by line: every ACO and performance year";
        Ledger::new(sheets::SETTLEMENT, title, &[WHOLE], blocks)
    }

    /// The benchmarks.
    pub(super) fn benchmark<'p>(blocks: impl Iterator<Item = &'p Placed>) -> Ledger {
        let title = "Benchmark by enrollment type, line by line: every ACO and performance year";
        Ledger::new(sheets::BENCHMARK, title, &[0, 1, 2, 3, WHOLE], blocks)
    }

    /// Whether there is a column for each type.
    fn by_type(&self) -> bool {
        self.columns.len() > 1
    }

    /// Column with the calendar year, where there is one.
    pub(super) fn year(&self) -> Option<u16> {
        self.by_type().then_some(Ledger::LABEL + 1)
    }

    /// First column with values.
    pub(super) fn values(&self) -> u16 {
        Ledger::LABEL + 1 + u16::from(self.by_type())
    }

    fn width(&self) -> u16 {
        self.columns.len() as u16
    }

    /// Column that says whether a line agrees.
    pub(super) fn check(&self) -> u16 {
        self.values() + self.width()
    }

    /// First column with the run's figures.
    pub(super) fn figures(&self) -> u16 {
        self.check() + 1
    }

    pub(super) fn unit(&self) -> u16 {
        self.figures() + self.width()
    }

    /// Column with the arithmetic in words.
    pub(super) fn how(&self) -> Option<u16> {
        (!self.by_type()).then_some(self.unit() + 1)
    }

    pub(super) fn section(&self) -> u16 {
        self.unit() + 1 + u16::from(!self.by_type())
    }

    pub(super) fn citation(&self) -> u16 {
        self.section() + 1
    }

    fn code(&self) -> u16 {
        self.section() + 2
    }

    /// The column of the checks, of all blocks.
    pub(super) fn check_range(&self) -> String {
        look::range(self.name, self.check(), Ledger::FIRST_ROW, self.last_row)
    }

    /// A cell of a line, as formulas of other sheets name it.
    pub(super) fn cell(&self, placed: &Placed, code: &str, column: usize) -> Option<String> {
        let at = self.columns.iter().position(|shown| *shown == column)? as u16;
        Some(format!("'{}'!${}${}", self.name, letters(self.values() + at), placed.row(code)? + 1))
    }

    /// Writes the sheet.
    pub(super) fn write(
        &self,
        sheet: &mut Worksheet,
        look: &Look,
        reports: &[Report<'_>],
        of: impl for<'r> Fn(&'r Report<'_>) -> &'r Placed,
        benchmark: &Ledger,
    ) -> Result<(), XlsxError> {
        let note = "Blue: read from a table or rule. Black: formula. Grey: as the run computed it. Filter the first column for one ACO.";
        let page = Page {
            name: self.name,
            title: self.title,
            note,
            header_row: Ledger::FIRST_ROW - 1,
            last_row: self.last_row,
            columns: self.code() + 1,
            frozen: Ledger::LABEL + 1,
            fit: true,
        };
        look::page(sheet, look, &page)?;
        self.headers(sheet, look)?;
        for report in reports {
            let (key, placed) = (report.story.key(), of(report));
            for (row, line) in (placed.first..).zip(&placed.block.lines) {
                look::text(sheet, row, 0, &key, &look.small)?;
                sheet.write_number_with_format(
                    row,
                    1,
                    f64::from(report.story.result.performance_year.0),
                    &look.small,
                )?;
                look::text(sheet, row, 2, report.story.result.aco_id.as_str(), &look.small)?;
                self.line(sheet, look, (row, line), |template, column| {
                    resolve(template, column, (self, placed), (benchmark, &report.benchmark))
                })?;
            }
        }
        sheet.set_print_area(0, 0, self.last_row, self.citation())?;
        let breaks: Vec<u32> = reports.iter().skip(1).map(|report| of(report).first).collect();
        if breaks.len() <= MOST_BREAKS {
            sheet.set_page_breaks(&breaks)?;
        }
        let differs = ConditionalFormatCell::new()
            .set_rule(ConditionalFormatCellRule::EqualTo("DIFFERS"))
            .set_format(look.bad.clone());
        sheet.add_conditional_format(Ledger::FIRST_ROW, self.check(), self.last_row, self.check(), &differs)?;
        Ok(())
    }

    fn headers(&self, sheet: &mut Worksheet, look: &Look) -> Result<(), XlsxError> {
        let row = Ledger::FIRST_ROW - 1;
        let (values, figures) = (self.values(), self.figures());
        let mut heads: Vec<(u16, String, f64)> = vec![
            (0, "ACO-year".into(), 11.0),
            (1, "PY".into(), 5.5),
            (2, "ACO".into(), 8.0),
            (Ledger::LABEL, "Line".into(), 50.0),
            (self.check(), "Check".into(), 8.5),
            (self.unit(), "Unit".into(), 11.0),
            (self.section(), "Section or source".into(), 26.0),
            (self.citation(), "Law".into(), 40.0),
            (self.code(), "Code".into(), 26.0),
        ];
        heads.extend(self.year().map(|column| (column, "Year".into(), 6.0)));
        heads.extend(self.how().map(|column| (column, "How".into(), 44.0)));
        for (at, column) in (0..).zip(self.columns) {
            let (head, width) = match EnrollmentType::ALL.get(*column) {
                Some(kind) => (kind.code().to_owned(), 13.0),
                None if self.by_type() => ("ACO".to_owned(), 13.0),
                None => ("Amount".to_owned(), 20.0),
            };
            heads.push((values + at, head.clone(), width));
            let head = if self.by_type() { head } else { "As computed".into() };
            heads.push((figures + at, head, width));
        }
        let centered = look.header.clone().set_align(FormatAlign::Center);
        for (column, head, width) in heads {
            let is_number = (values..self.unit()).contains(&column) && column != self.check();
            let format = if is_number { &look.number_header } else { &look.header };
            look::text(sheet, row, column, &head, if column == self.check() { &centered } else { format })?;
            sheet.set_column_width(column, width)?;
        }
        look::text(sheet, row - 1, values, "Inputs and formulas", &look.note)?;
        look::text(sheet, row - 1, figures, "As computed by the run", &look.note)
    }

    fn line(
        &self,
        sheet: &mut Worksheet,
        look: &Look,
        (row, line): (u32, &Line),
        resolve: impl Fn(&str, usize) -> Option<String>,
    ) -> Result<(), XlsxError> {
        if line.unit == Unit::Heading {
            (Ledger::LABEL..=self.citation())
                .try_for_each(|column| sheet.write_blank(row, column, &look.heading).map(|_| ()))?;
            return look::text(sheet, row, Ledger::LABEL, &line.label, &look.heading);
        }
        look::text(sheet, row, Ledger::LABEL, &line.label, &look.text)?;
        if let (Some(column), Some(year)) = (self.year(), line.year) {
            sheet.write_number_with_format(row, column, f64::from(year), &look.small)?;
        }
        let mut has_formula = false;
        for (at, column) in (0..).zip(self.columns) {
            let Some(figure) = &line.figures[*column] else { continue };
            let cell = (row, self.values() + at);
            let formula = line.formulas[*column].as_deref().map(|template| (template, resolve(template, *column)));
            match formula {
                Some((_, Some(formula))) => {
                    has_formula = true;
                    look::formula(sheet, cell, &formula, figure, look.number(line.unit, Role::Formula))?;
                }
                other => {
                    debug_assert!(other.is_none(), "a formula names lines that are there: {}: {other:?}", line.code);
                    look::figure(sheet, cell, figure, look.number(line.unit, Role::Input))?;
                }
            }
            if self.shows_figure(line) {
                look::figure(sheet, (row, self.figures() + at), figure, look.number(line.unit, Role::Figure))?;
            }
        }
        if has_formula {
            let check = self.check_formula(row, line.unit);
            look::formula(sheet, (row, self.check()), &check, &Figure::from("ok"), &look.check)?;
        }
        look::text(sheet, row, self.unit(), line.unit.code(), &look.small)?;
        if let Some(column) = self.how() {
            look::text(sheet, row, column, &line.how, &look.small)?;
        }
        look::text(sheet, row, self.section(), &line.section, &look.small)?;
        look::text(sheet, row, self.citation(), &line.citation, &look.small)?;
        look::text(sheet, row, self.code(), &line.code, &look.small)
    }

    /// Whether the run's figure stands beside a line's value: a text that was read, which may be long, stands once.
    pub(super) fn shows_figure(&self, line: &Line) -> bool {
        line.unit != Unit::Text || line.has_formula()
    }

    /// Whether the line's values are the run's figures.
    fn check_formula(&self, row: u32, unit: Unit) -> String {
        let at = |column: u16| format!("{}{}", letters(column), row + 1);
        let last = self.width() - 1;
        let (value, figure) = (at(self.values() + last), at(self.figures() + last));
        if unit == Unit::Text {
            return format!("IF({value}={figure},\"ok\",\"DIFFERS\")");
        }
        let tolerance = unit.tolerance();
        if !self.by_type() {
            return format!("IF(ABS({value}-{figure})<={tolerance},\"ok\",\"DIFFERS\")");
        }
        let (values, figures) = (at(self.values()), at(self.figures()));
        format!("IF(SUMPRODUCT(--(ABS({values}:{value}-{figures}:{figure})>{tolerance}))=0,\"ok\",\"DIFFERS\")")
    }
}

/// A formula with cells in place of names; `None` where it names a line that is not there.
fn resolve(template: &str, column: usize, own: (&Ledger, &Placed), benchmark: (&Ledger, &Placed)) -> Option<String> {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (name, behind) = after.split_once('}')?;
        rest = behind;
        let (code, place) = name.split_once('@').map_or((name, None), |(code, place)| (code, Some(place)));
        let (sheet, code, (ledger, placed)) = match code.strip_prefix("benchmark:") {
            Some(code) => (format!("'{}'!", benchmark.0.name), code, benchmark),
            None => (String::new(), code, own),
        };
        let row = placed.row(code)? + 1;
        let cell = |shown: usize| {
            let at = ledger.columns.iter().position(|column| *column == shown)? as u16;
            Some(format!("${}${row}", letters(ledger.values() + at)))
        };
        out.push_str(&sheet);
        out.push_str(&match place {
            Some("types") => format!("{}:{}", cell(0)?, cell(3)?),
            Some(name) => cell(column_named(name)?)?,
            None => cell(column)?,
        });
    }
    out.push_str(rest);
    Some(out)
}
