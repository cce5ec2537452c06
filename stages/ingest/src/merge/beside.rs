//! Rows of a feed that stand beside a claim in files of their own: its diagnoses, and what was taken off its payment.

use super::{Bucket, Finding, Merge, Output, Packed, Why, claim_id, refuse};
use crate::record::{Kind, Place, Shape, Texts, eight, push_text};
use acoledger_schemas::lake::{self, LakeTable};
use std::cmp::Reverse;

/// What the rows beside one claim say, those of the latest delivery.
#[derive(Debug, Default)]
pub(super) struct Beside<'a> {
    /// In their order.
    diagnoses: Vec<&'a [u8]>,
    /// Line, 0 for the claim as a whole; cents taken off by sequestration and by population-based payments.
    reductions: Vec<(i32, [i64; 2])>,
}

impl Merge<'_> {
    /// Sorts the rows beside a claim; what they say, and a finding where reductions disagree.
    pub(super) fn beside<'a>(&self, rows: &mut [Packed<'a>], out: &mut impl Output) -> Beside<'a> {
        let mut beside = Beside::default();
        rows.sort_unstable_by_key(|row| {
            (row.head.kind, row.head.line, Reverse(row.head.proc_date), row.head.file, row.head.row)
        });
        for same in rows.chunk_by(|a, b| (a.head.kind, a.head.line) == (b.head.kind, b.head.line)) {
            let newest = same[0].head.proc_date;
            let current = &same[..same.partition_point(|row| row.head.proc_date == newest)];
            let shape = &self.shapes[usize::from(same[0].head.table)].beside;
            if same[0].head.kind == Kind::Diagnosis {
                beside.diagnoses.extend(current.iter().map(|row| Texts(&row.payload[shape.fixed..]).take()));
                continue;
            }
            // One row per condition code since 2022, each with the amounts of the claim: they count once.
            let amounts = |row: &Packed<'_>| [eight(row.payload, 0), eight(row.payload, 8)];
            let most = |at: usize| current.iter().map(|row| amounts(row)[at]).max_by_key(|cents| (cents.abs(), *cents));
            let both = [most(0).unwrap_or(0), most(1).unwrap_or(0)];
            if current.iter().any(|row| amounts(row) != both) {
                out.finding(same[0].head.file, Finding::ReductionsDisagree);
            }
            beside.reductions.push((same[0].head.line, both));
        }
        beside
    }

    /// Accounts for the rows beside a claim, which went where the claim went.
    pub(super) fn account_beside(&self, rows: &[Packed<'_>], bucket: Bucket, why: &'static str, out: &mut impl Output) {
        for same in rows.chunk_by(|a, b| (a.head.kind, a.head.line) == (b.head.kind, b.head.line)) {
            for (at, row) in same.iter().enumerate() {
                match bucket {
                    Bucket::Rejected => {
                        let shapes = &self.shapes[usize::from(row.head.table)];
                        let claim_id = &claim_id(shapes, std::slice::from_ref(row));
                        refuse(row, Why { claim_id, column: "", reason: why }, Bucket::Rejected, out);
                    }
                    bucket if at == 0 => out.account(row.head.file, bucket, bucket, 0),
                    _ => out.account(row.head.file, Bucket::Repeated, Bucket::Repeated, 0),
                }
            }
        }
    }
}

impl Beside<'_> {
    /// Whether nothing stands beside the claim.
    pub(super) fn is_empty(&self) -> bool {
        self.diagnoses.is_empty() && self.reductions.is_empty()
    }

    /// The payload of a claim or line with what stands beside it.
    pub(super) fn join(&self, table: &LakeTable, shape: &Shape, payload: &[u8], line: i32) -> Vec<u8> {
        let mut whole = payload[..shape.fixed].to_vec();
        let mut texts = Texts(&payload[shape.fixed..]);
        let reduction = self.reductions.iter().find(|(of, _)| *of == line).map(|(_, cents)| cents);
        for &(position, place) in &shape.columns {
            let name = table.columns[position].name;
            match place {
                Place::Eight(at) => {
                    let carried = lake::CARRIED.iter().position(|carried| *carried == name);
                    if let (Some(which), Some(cents)) = (carried, reduction) {
                        whole[at..at + 8].copy_from_slice(&cents[which].to_le_bytes());
                    }
                }
                Place::Text if name == "diagnoses" && !self.diagnoses.is_empty() => {
                    let mut all: Vec<&[u8]> = Vec::new();
                    let own = texts.take();
                    for code in own.split(|byte| *byte == b' ').chain(self.diagnoses.iter().copied()) {
                        if !code.is_empty() && !all.contains(&code) {
                            all.push(code);
                        }
                    }
                    push_text(&mut whole, &all.join(&b' '));
                }
                Place::Text => push_text(&mut whole, texts.take()),
                Place::Four(_) => {}
            }
        }
        // What stands behind the columns of a line: the identifier of its claim.
        whole.extend_from_slice(texts.0);
        whole
    }
}
