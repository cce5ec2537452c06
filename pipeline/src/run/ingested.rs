//! What an ingest did, as accounts and findings of the run.

use crate::ingest::Tally;
use crate::lake::Lake;
use crate::manifest::{Account, Reason};
use crate::study::{Finding, LoadedStudy};

/// Rows and cents of the ingest by raw table. Cents stand once per claim or line: the files print a claim's payment on each
/// of its rows, so what repetitions carry is taken off what came in (the lake's manifest has both).
pub(super) fn accounts(lake: &Lake) -> Vec<Account> {
    let mut accounts: Vec<Account> = Vec::new();
    for source in &lake.report.sources {
        if accounts.last().is_none_or(|account| account.table != source.table) {
            accounts.push(Account { table: source.table.clone(), unit: "rows".into(), ..Account::default() });
        }
        let account = accounts.last_mut().expect("one was just put there");
        account.rows_in += source.read.rows;
        account.cents_in += source.read.cents - source.repeated.cents;
        account.rows_used += source.used.rows;
        account.cents_used += source.used.cents;
        account.rows_rejected += source.rejected.rows;
        account.cents_rejected += source.rejected.cents;
        let repeated = Tally { cents: 0, ..source.repeated };
        let reasons = [
            ("repeated", repeated),
            ("year not asked for", source.outside),
            ("cancelled by a later version, or the cancel", source.cancelled),
            ("no rule reads them", source.unread),
        ];
        for (reason, tally) in reasons {
            account.rows_left_out += tally.rows;
            account.cents_left_out += tally.cents;
            if tally.rows == 0 {
                continue;
            }
            match account.reasons.iter_mut().find(|of| of.reason == reason) {
                Some(of) => (of.rows, of.cents) = (of.rows + tally.rows, of.cents + tally.cents),
                None => account.reasons.push(Reason { reason: reason.into(), rows: tally.rows, cents: tally.cents }),
            }
        }
    }
    accounts
}

/// What the ingest met, and whether the rejected share is beyond the limits.
pub(super) fn findings(lake: &Lake, loaded: &LoadedStudy) -> Vec<Finding> {
    let report = &lake.report;
    let mut findings: Vec<Finding> = Vec::new();
    let mut note = |what: String, count: u64, beyond_limits: bool| {
        findings.push(Finding { stage: "ingest".into(), what, count, beyond_limits });
    };
    let (read, rejected) = (report.total(|of| of.read), report.total(|of| of.rejected));
    let cents_once = read.cents - report.total(|of| of.repeated).cents;
    if rejected.rows > 0 {
        let limits = &loaded.study.limits;
        let rows_share = rejected.rows as f64 / read.rows.max(1) as f64;
        let cents_share = rejected.cents.abs() as f64 / cents_once.abs().max(1) as f64;
        let beyond = rows_share > limits.rejected_rows || cents_share > limits.rejected_cents_share;
        note("rows rejected: see rejects/ for file, line, column and reason".into(), rejected.rows, beyond);
    }
    let unknown: u64 = report.sources.iter().map(|of| of.amount_unknown_rows).sum();
    if unknown > 0 {
        note("rejected rows whose amount could not be read: their cents are not known".into(), unknown, false);
    }
    // Columns that files lack come one by one; a reader wants them by table.
    let mut lacking: Vec<(String, Vec<String>, u64)> = Vec::new();
    for of in &report.findings {
        let column = of.what.strip_suffix(": not available there").and_then(|text| text.split_once(" without "));
        match (column, lacking.last_mut()) {
            (Some((files, column)), Some((of_table, columns, _))) if of_table == files => columns.push(column.into()),
            (Some((files, column)), _) => lacking.push((files.into(), vec![column.into()], of.count)),
            (None, _) => note(of.what.clone(), of.count, false),
        }
    }
    if !lacking.is_empty() {
        let files = lacking.iter().map(|(_, _, count)| count).sum();
        let tables = lacking.iter().map(|(files, columns, _)| {
            format!("{} {}", files.trim_start_matches("files of ").replace('`', ""), columns.join(" ").replace('`', ""))
        });
        let tables = tables.collect::<Vec<_>>().join("; ");
        note(format!("raw files lack optional columns (not available there, not zero): {tables}"), files, false);
    }
    for of in &report.ignored {
        note(format!("files not read: {}", of.what), of.count, false);
    }
    findings
}
