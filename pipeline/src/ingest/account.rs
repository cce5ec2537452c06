//! What an ingest says of itself, put together from the files that were read and those that were left alone: the accounts of
//! every file, uses of normalisers, findings, and the notes for the next ingest.

use super::again::Again;
use super::find::Found;
use super::look::{Form, Source};
use super::read::FileFacts;
use super::record::{Outside, Record, SourceRecord};
use super::report::{FileAccount, Note, Tally};
use super::shards::{Account, Made};
use crate::trouble::{Outcome, of_file_with_hint};
use acoledger_ingest::merge::Finding;
use acoledger_ingest::normalise::{Use, Uses};
use acoledger_schemas::raw::{RawLayout, RowsOf};
use acoledger_schemas::table::Problems;
use std::collections::{BTreeMap, BTreeSet};

/// A file that was read.
pub(super) struct Taken {
    pub(super) source: Source,
    pub(super) facts: FileFacts,
}

/// Every row and cent of every file, by number; those of files that were read must add up.
///
/// # Errors
/// Every file whose rows and cents do not.
pub(super) fn accounts(
    found: &[Found],
    layout: &RawLayout,
    taken: &[Taken],
    again: &Again<'_>,
    accounts: &[Account],
) -> Outcome<Vec<FileAccount>> {
    let mut problems = Problems::default();
    let mut taken = taken.iter();
    let mut all = Vec::with_capacity(found.len());
    for number in 0..found.len() as u32 {
        let kept = again.kept(number).zip(again.earlier);
        match (kept, &accounts[number as usize]) {
            (Some((at, earlier)), _) => all.push(earlier.report.sources[at].clone()),
            (None, account) => {
                let of = taken.next().expect("a file is read or left alone");
                match file_account(layout, of, account) {
                    Ok(account) => all.push(account),
                    Err(more) => problems.extend(more),
                }
            }
        }
    }
    problems.or(all)
}

fn file_account(layout: &RawLayout, of: &Taken, account: &Account) -> Outcome<FileAccount> {
    let Taken { source, facts } = of;
    let rejected =
        Tally { rows: account.rejected.rows + facts.rejected, cents: account.rejected.cents + facts.rejected_cents };
    let read = Tally { rows: facts.rows, cents: facts.cents };
    let counted = Tally { rows: facts.rows, cents: 0 };
    let rows_of = layout.tables[source.file.table].rows;
    let used = if rows_of == RowsOf::Identities { counted } else { account.used };
    let unread = if rows_of == RowsOf::Nothing { counted } else { Tally::default() };
    let went = [used, account.repeated, rejected, account.outside, account.cancelled, unread];
    let rows: u64 = went.iter().map(|tally| tally.rows).sum();
    let cents: i64 = went.iter().map(|tally| tally.cents).sum();
    if (rows, cents) != (read.rows, read.cents) {
        let what = format!(
            "rows and cents do not add up: {} rows and {} cents came in, {rows} and {cents} went out",
            read.rows, read.cents
        );
        let hint = "this is a fault of the program: please report it";
        return Err(of_file_with_hint(&source.file.path, what, hint).into());
    }
    Ok(FileAccount {
        table: layout.tables[source.file.table].name.clone(),
        file: source.file.name.clone(),
        sha256: facts.sha256.clone(),
        bytes: source.bytes,
        shape: source.layout.shape.name().to_owned(),
        read,
        used,
        repeated: account.repeated,
        rejected,
        outside: account.outside,
        cancelled: account.cancelled,
        unread,
        amount_unknown_rows: account.amount_unknown + facts.amount_unknown,
        not_available: source.layout.not_available.clone(),
    })
}

/// The notes of every file, by number. `rejects` says where the rows of each stand in the list of rejects.
pub(super) fn records(
    taken: Vec<Taken>,
    again: &Again<'_>,
    made: &mut Made,
    rejects: &[(u64, u64)],
) -> Vec<SourceRecord> {
    let linked = linked(again, &made.links);
    let mut taken = taken.into_iter();
    let mut all = Vec::with_capacity(again.len());
    for number in 0..again.len() {
        let kept = again.kept(number as u32).zip(again.earlier);
        let record = match kept {
            Some((at, earlier)) => earlier.record.sources[at].clone(),
            None => {
                let Taken { source, facts } = taken.next().expect("a file is read or left alone");
                let claims = std::mem::take(&mut made.outside[number]).finish();
                let outside = facts.rejected_lives.finish().zip(claims);
                SourceRecord {
                    years: facts.years.iter().collect(),
                    cancels: facts.cancels,
                    marked: matches!(source.form, Form::Text { marked: true, .. }),
                    uses: facts.uses.counts().map(|(used, count)| (used.name().to_owned(), count)).collect(),
                    findings: made.findings[number],
                    outside: outside.map(|(lives, claims)| Outside { lives, claims }),
                    ..SourceRecord::default()
                }
            }
        };
        all.push(SourceRecord { linked: linked[number], rejects: rejects[number], ..record });
    }
    all
}

/// By number, the first of the files that a file shares claims with, directly or by others.
fn linked(again: &Again<'_>, links: &BTreeSet<(u32, u32)>) -> Vec<usize> {
    let mut first: Vec<usize> = (0..again.len()).collect();
    let root = |first: &[usize], mut at: usize| {
        while first[at] != at {
            at = first[at];
        }
        at
    };
    let mut earlier: BTreeMap<usize, usize> = BTreeMap::new();
    let mut pairs: Vec<(usize, usize)> = links.iter().map(|(one, other)| (*one as usize, *other as usize)).collect();
    for number in 0..again.len() {
        if let Some((at, of)) = again.kept(number as u32).zip(again.earlier) {
            pairs.push((number, *earlier.entry(of.record.sources[at].linked).or_insert(number)));
        }
    }
    for (one, other) in pairs {
        let (one, other) = (root(&first, one), root(&first, other));
        first[one.max(other)] = one.min(other);
    }
    (0..again.len()).map(|at| root(&first, at)).collect()
}

/// Uses of each normaliser; byte-order marks are counted by file.
pub(super) fn normalised(record: &Record) -> BTreeMap<String, u64> {
    let mut uses: BTreeMap<String, u64> = BTreeMap::new();
    for (name, count) in record.sources.iter().flat_map(|of| &of.uses) {
        *uses.entry(name.clone()).or_default() += count;
    }
    let marks = record.sources.iter().filter(|of| of.marked).count() as u64;
    uses.extend((marks > 0).then(|| ("byte_order_mark".to_owned(), marks)));
    uses
}

/// What a reader of the results should know.
pub(super) fn findings(layout: &RawLayout, accounts: &[FileAccount], record: &Record) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut note = |what: String, count: u64| {
        if count > 0 {
            notes.push(Note { what, count });
        }
    };
    let mut uses = Uses::default();
    for (name, count) in record.sources.iter().flat_map(|of| &of.uses) {
        Use::ALL.iter().filter(|used| used.name() == name).for_each(|used| uses.count_more(*used, *count));
    }
    for (used, count) in uses.counts() {
        match used {
            Use::AmountRounded => {
                note("amounts that rounding to the cent changed by more than 1e-6 dollars".into(), count)
            }
            Use::CountRounded => note("counts with decimals, rounded".into(), count),
            Use::CountyUnknown => {
                note("yearly state and county codes that were not understood, kept blank".into(), count)
            }
            _ => {}
        }
    }
    for (at, finding) in Finding::ALL.into_iter().enumerate() {
        note(finding.text().into(), record.sources.iter().map(|of| of.findings[at]).sum());
    }
    for table in &layout.tables {
        let of_table = || accounts.iter().filter(|of| of.table == table.name);
        let lacking: BTreeSet<&String> = of_table().flat_map(|of| &of.not_available).collect();
        for column in lacking {
            let files = of_table().filter(|of| of.not_available.contains(column)).count();
            note(format!("files of `{}` without `{column}`: not available there", table.name), files as u64);
        }
    }
    notes
}
