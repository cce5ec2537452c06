//! A run as a workbook, in the manner of the settlement reports that ACOs get, with formulas where they let a reader check us.
//!
//! Each ACO and performance year is two *blocks* of lines: the benchmark by enrollment type, and the settlement. A line's value
//! is a formula over the lines that it is made from; beside it stands the figure of the run's tables, and whether the two agree.
//! What a formula cannot be made of (county tables, which the workbook leaves out) stands as a value. Every formula carries
//! the run's figure as its last result, so that a viewer that does not calculate shows the run.

mod benchmark;
mod block;
mod contents;
mod gather;
mod ledger;
mod lists;
mod look;
mod outcome;
mod payment;
mod settlement;
mod statement;
mod summary;
mod update;

use crate::files::write_atomically;
use crate::trouble::{Io, Outcome};
use block::{Block, Story};
use gather::Sources;
use ledger::{Ledger, Placed};
use look::Look;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};
use std::io::Write;
use std::path::Path;

/// Names of the sheets, in their order.
mod sheets {
    pub(super) const CONTENTS: &str = "Contents";
    pub(super) const STATEMENT: &str = "Statement";
    pub(super) const SUMMARY: &str = "Summary";
    pub(super) const SETTLEMENT: &str = "Settlement";
    pub(super) const BENCHMARK: &str = "Benchmark";
    pub(super) const EXPECTED: &str = "Expected";
    pub(super) const RESULTS: &str = "Results";
    pub(super) const FINDINGS: &str = "Findings";
    pub(super) const RULES: &str = "Rules";
    pub(super) const BANDS: &str = "MSR bands";
    pub(super) const INPUTS: &str = "Inputs";
}

/// One ACO and performance year, as the workbook shows it.
struct Report<'s> {
    story: Story<'s>,
    settlement: Placed,
    benchmark: Placed,
}

/// Writes the workbook of the run in `folder` to `file`.
///
/// # Errors
/// Tables that cannot be read; the disk's.
pub(crate) fn write(folder: &Path, file: &Path) -> Outcome<()> {
    let sources = gather::read(folder)?;
    let blocks: Vec<(Story<'_>, Block, Block)> = sources
        .stories()
        .into_iter()
        .map(|story| {
            let mut benchmark = benchmark::block(&story);
            benchmark.keep_known(None);
            let mut settlement = settlement::block(&story);
            settlement.keep_known(Some(&benchmark));
            (story, settlement, benchmark)
        })
        .collect();
    let (reports, left_out) = place(blocks);
    let bytes = book(&sources, &reports, left_out).doing("cannot be made a workbook", file)?;
    write_atomically(file, |writer| writer.write_all(&bytes).map_err(|error| error.to_string()))
}

/// Gives every block its rows, as long as both sheets have rows for it; how many ACO-years they have none for.
fn place(blocks: Vec<(Story<'_>, Block, Block)>) -> (Vec<Report<'_>>, usize) {
    let all = blocks.len();
    let (mut settlement_row, mut benchmark_row) = (Ledger::FIRST_ROW, Ledger::FIRST_ROW);
    let mut reports = Vec::with_capacity(all);
    for (story, settlement, benchmark) in blocks {
        let Some(settlement) = Placed::at(&mut settlement_row, settlement) else { break };
        let Some(benchmark) = Placed::at(&mut benchmark_row, benchmark) else { break };
        reports.push(Report { story, settlement, benchmark });
    }
    let left_out = all - reports.len();
    if left_out > 0 {
        tracing::warn!("{left_out} of {all} ACO-years are not in the workbook: a sheet has no more rows");
    }
    (reports, left_out)
}

/// The workbook's bytes: the same for the same run.
fn book(sources: &Sources, reports: &[Report<'_>], left_out: usize) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // No clock: a workbook of the same run has the same bytes.
    let made = ExcelDateTime::from_ymd(2000, 1, 1)?;
    let about = DocProperties::new()
        .set_title(format!("{}: settlement of performance years {}", sources.study(), sources.years()))
        .set_author(concat!("acoledger ", env!("CARGO_PKG_VERSION")))
        .set_creation_datetime(&made);
    book.set_properties(&about);
    let look = Look::new();
    let settlement = Ledger::settlement(reports.iter().map(|report| &report.settlement));
    let benchmark = Ledger::benchmark(reports.iter().map(|report| &report.benchmark));
    contents::write(book.add_worksheet(), &look, sources, reports, (&settlement, &benchmark), left_out)?;
    statement::write(book.add_worksheet(), &look, reports, (&settlement, &benchmark))?;
    summary::write(book.add_worksheet(), &look, reports, (&settlement, &benchmark))?;
    settlement.write(book.add_worksheet(), &look, reports, |report| &report.settlement, &benchmark)?;
    benchmark.write(book.add_worksheet(), &look, reports, |report| &report.benchmark, &benchmark)?;
    lists::write(&mut book, &look, sources)?;
    names(&mut book, sources, reports, (&settlement, &benchmark))?;
    book.save_to_buffer()
}

/// Names for what formulas of several sheets refer to.
fn names(
    book: &mut Workbook,
    sources: &Sources,
    reports: &[Report<'_>],
    (settlement, benchmark): (&Ledger, &Ledger),
) -> Result<(), XlsxError> {
    let mut all = contents::names();
    all.extend(statement::names());
    all.extend(summary::names(reports.len()));
    all.extend(lists::band_names(sources));
    all.push(("settlement_checks".into(), settlement.check_range()));
    all.push(("benchmark_checks".into(), benchmark.check_range()));
    all.into_iter().try_for_each(|(name, range)| book.define_name(name, &format!("={range}")).map(|_| ()))
}
