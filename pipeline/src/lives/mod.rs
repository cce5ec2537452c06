//! Program tables about single lives. They grow with the lives, so no table of them is held as values: each is read once, its
//! rows checked and put away by life, and comes back in pieces as the lives are walked. What is in memory does not depend on the
//! number of lives.

mod hidden;
mod shelf;

use crate::trouble::Outcome;
use acoledger_person::{Beside, Context, Facts, Lists, People, Pieces};
use acoledger_schemas::keys::shard_of;
use acoledger_schemas::program::{AssignmentGiven, EsrdMonth, LisAdi, NonClaimsPayment};
use acoledger_schemas::program::{OtherInitiative, Program, RiskScore, RiskStatus, VoluntaryAlignment};
use acoledger_schemas::rules::Rules;
use acoledger_schemas::study::MOST_SHARDS;
use acoledger_schemas::table::{Problems, Table};
use rayon::prelude::*;
use shelf::{RANGES, Room, Shelf, step};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

/// What of the study's memory the rows may take: this part of it.
const SHARE: u64 = 64;

macro_rules! lives {
    ($($table:ident: $row:ident),+ $(,)?) => {
        /// The tables, put away.
        #[derive(Debug, Default)]
        pub(crate) struct Lives {
            $($table: Option<Shelf>,)+
        }

        impl Lives {
            /// Names of all tables about single lives.
            pub(crate) const TABLES: &[&str] = &[$($row::SPEC.name),+];

            /// Reads those tables of a folder that are `wanted`; what is wrong, by table. At most a part of `memory` is taken; what is
            /// more waits in files without names in the folder `waiting`, or above it.
            pub(crate) fn read(
                folder: &Path,
                wanted: &[&str],
                memory: u64,
                waiting: &Path,
            ) -> (Lives, BTreeMap<&'static str, Problems>) {
                let bytes = usize::try_from(memory / SHARE).unwrap_or(usize::MAX);
                let mut room = Room { bytes, folder: waiting.to_owned() };
                let mut problems = BTreeMap::new();
                let mut lives = Lives::default();
                $(
                    if wanted.contains(&$row::SPEC.name) {
                        match Shelf::read::<$row>(folder, &mut room) {
                            Ok(shelf) => lives.$table = shelf,
                            Err(wrong) => _ = problems.insert($row::SPEC.name, wrong),
                        }
                    }
                )+
                (lives, problems)
            }

            /// The rows of some ranges, as a program that has nothing else.
            fn program(&self, ranges: Range<usize>) -> Outcome<Program> {
                let mut program = Program::default();
                $(
                    let values = self.$table.as_ref().map(|shelf| shelf.values::<$row>(ranges.clone()));
                    program.$table = values.transpose()?;
                )+
                Ok(program)
            }

            fn shelves(&self) -> impl Iterator<Item = &Shelf> {
                [$(&self.$table),+].into_iter().flatten()
            }
        }

        /// Leaves only the rows of one life.
        fn keep_one(program: &mut Program, bene_id: &str) {
            $(program.$table.iter_mut().for_each(|rows| rows.retain(|row| row.bene_id.as_str() == bene_id));)+
        }
    };
}
lives! {
    voluntary_alignment: VoluntaryAlignment,
    other_initiative: OtherInitiative,
    assignment_given: AssignmentGiven,
    risk_score: RiskScore,
    esrd_month: EsrdMonth,
    risk_status: RiskStatus,
    lis_adi: LisAdi,
    non_claims_payment: NonClaimsPayment,
}

impl Lives {
    /// Whether scores are given.
    pub(crate) fn has_scores(&self) -> bool {
        self.risk_score.is_some()
    }

    /// Whether lists of assignment are given.
    pub(crate) fn has_lists(&self) -> bool {
        self.assignment_given.is_some()
    }

    /// The compiled context of a program that these tables stand beside.
    ///
    /// # Errors
    /// As [`Context::beside`].
    pub(crate) fn context(&self, rules: &Rules, program: &Program, facts: &Facts) -> Outcome<Context> {
        let lists = self.assignment_given.as_ref().map(|shelf| -> Lists<'_> {
            let step = shelf.step();
            let together = step * rayon::current_num_threads();
            Box::new((0..RANGES).step_by(together).flat_map(move |first| {
                let ranges = (first..RANGES.min(first + together)).into_par_iter().step_by(step);
                ranges.map(|at| shelf.numbered(at..at + step)).collect::<Vec<_>>()
            }))
        });
        let scores = self.risk_score.as_ref().map(|shelf| shelf.rows);
        Context::beside(rules, program, facts, Beside { scores, status: self.risk_status.is_some(), lists })
    }

    /// What the lives of a shard are told by the tables, piece by piece.
    pub(crate) fn pieces<'l>(&'l self, context: &'l Context, shard: u32, shards: u32) -> Pieces<'l> {
        let ranges = ranges(shard, shards);
        let step = step(self.shelves().map(|shelf| shelf.rows).sum()).min(ranges.len());
        Box::new(ranges.step_by(step).map(move |at| {
            let program = self.program(at..at + step)?;
            Ok(People::new(context, &program, last_key(at + step)))
        }))
    }

    /// The rows of one life, as a program that has nothing else.
    ///
    /// # Errors
    /// Those of the disk.
    pub(crate) fn of_life(&self, key: u64, bene_id: &str) -> Outcome<Program> {
        let range = shard_of(key, MOST_SHARDS) as usize;
        let mut program = self.program(range..range + 1)?;
        keep_one(&mut program, bene_id);
        Ok(program)
    }

    /// Designations of a shard's lives, those of a life in the order of the file.
    ///
    /// # Errors
    /// Those of the disk.
    pub(crate) fn designations(&self, shard: u32, shards: u32) -> Outcome<Vec<VoluntaryAlignment>> {
        let shelf = self.voluntary_alignment.as_ref();
        shelf.map_or_else(|| Ok(Vec::new()), |shelf| shelf.values(ranges(shard, shards)))
    }
}

/// The ranges of a shard.
fn ranges(shard: u32, shards: u32) -> Range<usize> {
    let of_shard = RANGES / shards as usize;
    let first = shard as usize * of_shard;
    first..first + of_shard
}

/// The last key before a range.
fn last_key(range: usize) -> u64 {
    const BITS: u32 = RANGES.trailing_zeros();
    if range == RANGES { u64::MAX } else { ((range as u64) << (64 - BITS)) - 1 }
}

#[cfg(test)]
mod tests;
