//! Shards of a synthetic nation that stand nowhere: made in memory as the kernels ask for them, a few people at a time. What is in memory does
//! not depend on the number of lives.

use super::lake::{PEOPLE_PER_GROUP, keyed, keys, lives};
use super::lake_columns::{Form, Lists, dme, enrollment, facility, lines, revenue};
use crate::person::Shards;
use crate::trouble::Outcome;
use acoledger_person::{Context, People, Pieces, ShardStreams, TableNeed};
use acoledger_schemas::lake::LakeTable;
use acoledger_schemas::program::Program;
use acoledger_synth::Nation;
use acoledger_synth::tables::YearTables;
use arrow_array::RecordBatch;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// People of a shard.
const PEOPLE_PER_SHARD: u64 = 20_000;

/// The shards: people by ranges of their numbers, in a shard by their keys. Results do not depend on how lives are cut.
pub(crate) struct MemoryShards<'n> {
    nation: &'n Nation,
    lists: Lists,
    /// The first year that streams have.
    from: i32,
    /// Claim lines made so far; where kernels walk them, rows of the lake's claim tables and of the years that they need.
    pub(crate) claim_rows: AtomicU64,
    /// People made so far.
    pub(crate) people: AtomicU64,
}

impl<'n> MemoryShards<'n> {
    pub(crate) fn new(nation: &'n Nation, from: Option<i32>) -> MemoryShards<'n> {
        let lists = Lists::new(nation, Form::Dictionary);
        MemoryShards {
            nation,
            lists,
            from: from.unwrap_or(i32::MIN),
            claim_rows: AtomicU64::new(0),
            people: AtomicU64::new(0),
        }
    }

    /// Numbers of a shard's people.
    pub(crate) fn people_of(&self, shard: u32) -> Range<u64> {
        let first = u64::from(shard) * PEOPLE_PER_SHARD;
        first..(first + PEOPLE_PER_SHARD).min(self.nation.people())
    }

    /// (key, number) of a shard's people, by key.
    fn by_key(&self, shard: u32) -> Vec<(u64, u64)> {
        let mut people: Vec<(u64, u64)> = self.people_of(shard).map(|index| keyed(self.nation, index)).collect();
        people.sort_unstable();
        people
    }

    /// Makes the rows of a shard, as synth's columns, and leaves them.
    pub(crate) fn generate(&self, shard: u32) {
        let mut tables = vec![YearTables::default(); self.nation.years().count()];
        for (_, index) in self.by_key(shard) {
            self.nation.generate(index..index + 1, &mut tables);
            self.count(1, tables.iter().map(YearTables::line_count).sum());
            tables.iter_mut().for_each(YearTables::clear);
        }
    }

    fn count(&self, people: u64, rows: usize) {
        self.claim_rows.fetch_add(rows as u64, Ordering::Relaxed);
        self.people.fetch_add(people, Ordering::Relaxed);
    }
}

impl Shards for MemoryShards<'_> {
    fn count(&self) -> u32 {
        self.nation.people().div_ceil(PEOPLE_PER_SHARD) as u32
    }

    fn pieces<'s>(&'s self, context: &'s Context, shard: u32) -> Pieces<'s> {
        let mut program = Program::default();
        self.nation.people_program(self.people_of(shard), &mut program);
        People::new(context, &program, u64::MAX).alone()
    }

    fn streams<'s>(&'s self, context: &'s Context, shard: u32, rows: &'s AtomicU64) -> Outcome<ShardStreams<'s>> {
        let mut wanted: Vec<(&TableNeed, Option<i32>)> = Vec::new();
        for need in &context.needs().tables {
            let known = |year: &&i32| self.nation.years().contains(year) && **year >= self.from;
            let years = need.years.iter().chain(&need.optional_years).filter(known);
            if need.table.by_year {
                wanted.extend(years.map(|year| (need, Some(*year))));
            } else {
                wanted.push((need, None));
            }
        }
        let source = Source {
            of: self,
            people: self.by_key(shard),
            next: 0,
            tables: vec![YearTables::default(); self.nation.years().count()],
            wanted: wanted.iter().map(|(need, year)| (need.table, *year)).collect(),
            queues: vec![VecDeque::new(); wanted.len()],
        };
        let source = Arc::new(Mutex::new(source));
        let mut streams = ShardStreams::new();
        for (at, (need, year)) in wanted.into_iter().enumerate() {
            let source = source.clone();
            let batches = std::iter::from_fn(move || {
                // A poisoned lock means that this walk has panicked already.
                let next = source.lock().unwrap_or_else(PoisonError::into_inner).next(at)?;
                Some(next.inspect(|batch| _ = rows.fetch_add(batch.num_rows() as u64, Ordering::Relaxed)))
            });
            streams.add(need.table.name, year, Box::new(batches));
        }
        Ok(streams)
    }
}

/// One shard on its way to its streams: rows are made for all of them when one has none left.
struct Source<'s> {
    of: &'s MemoryShards<'s>,
    people: Vec<(u64, u64)>,
    next: usize,
    tables: Vec<YearTables>,
    wanted: Vec<(&'static LakeTable, Option<i32>)>,
    queues: Vec<VecDeque<RecordBatch>>,
}

impl Source<'_> {
    fn next(&mut self, at: usize) -> Option<Result<RecordBatch, String>> {
        while self.queues[at].is_empty() && self.next < self.people.len() {
            if let Err(problems) = self.make() {
                return Some(Err(problems.to_string()));
            }
        }
        self.queues[at].pop_front().map(Ok)
    }

    fn make(&mut self) -> Outcome<()> {
        let group = self.next..(self.next + PEOPLE_PER_GROUP).min(self.people.len());
        self.next = group.end;
        let (nation, lists) = (self.of.nation, &self.of.lists);
        let group = &self.people[group];
        for (_, index) in group {
            nation.generate(*index..*index + 1, &mut self.tables);
        }
        let key = keys();
        let first = *nation.years().start();
        let mut claim_rows = 0;
        for ((table, year), queue) in self.wanted.iter().zip(&mut self.queues) {
            let rows = &self.tables[year.map_or(0, |year| (year - first) as usize)];
            let batch = match table.name {
                "bene" => lives(nation, group)?,
                "enrollment" => enrollment(lists, &rows.enrollment, &key)?,
                "carrier" => lines(lists, &rows.carrier, &key)?,
                "dme" => dme(lists, &rows.dme, &key)?,
                "facility" => facility(lists, rows, &key)?,
                _ => revenue(lists, &rows.outpatient, &key)?,
            };
            if table.holds_claims() {
                claim_rows += batch.num_rows();
            }
            queue.push_back(batch);
        }
        self.of.count(group.len() as u64, claim_rows);
        self.tables.iter_mut().for_each(YearTables::clear);
        Ok(())
    }
}
