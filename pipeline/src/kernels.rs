//! The kernels of the person grain one by one, on people of a synthetic nation that are held in memory: for `benches/kernels.rs`.

use crate::measure::{context_of, nation_of};
use crate::person::Shards;
use crate::synth::memory::MemoryShards;
use crate::trouble::{self, Outcome};
use acoledger_person::{
    Batches, CellSums, Context, People, Selection, ShardA, ShardStreams, Sink, Thresholds, pass_a, pass_b,
};
use acoledger_schemas::program::Program;
use arrow_array::RecordBatch;
use std::path::Path;
use std::sync::atomic::AtomicU64;

/// People of a synthetic nation with all their rows, as the lake's readers would hand them out.
pub struct Held {
    context: Context,
    program: Program,
    streams: Vec<(&'static str, Option<i32>, Vec<RecordBatch>)>,
    all: ShardA,
    person_years: Vec<RecordBatch>,
    thresholds: Thresholds,
}

impl Held {
    /// The people of a nation of so many lives (at most 10,000 are held) in the claim years that a performance year needs.
    ///
    /// # Errors
    /// Options out of range.
    pub fn new(lives: u32, year: i32) -> Outcome<Held> {
        let at = Path::new("a nation");
        let nation = nation_of(lives, &[year], 1, at)?;
        let context = context_of(&nation, &[year])?;
        let mut program = Program::default();
        let shards = MemoryShards::new(&nation, None);
        nation.people_program(shards.people_of(0), &mut program);
        let rows = AtomicU64::new(0);
        let mut streams = Vec::new();
        for (table, year, batches) in shards.streams(&context, 0, &rows)?.into_parts() {
            let name = context.needs().tables.iter().map(|need| need.table.name).find(|name| *name == table);
            let batches = batches.collect::<Result<Vec<_>, String>>();
            let batches = batches.map_err(|what| trouble::of_file_with_hint(at, what, ""))?;
            streams.push((name.expect("streams are of tables that are needed"), year, batches));
        }
        let thresholds = Thresholds::from_rows(&context, &[]);
        let mut held = Held { context, program, streams, all: ShardA::default(), person_years: Vec::new(), thresholds };
        let mut kept = Kept(Some(Vec::new()));
        held.all = held.walk(|_| true, &mut kept)?;
        held.person_years = kept.0.unwrap_or_default();
        held.thresholds = held.select()?.finish()?;
        Ok(held)
    }

    /// Rows of some tables.
    pub fn rows(&self, wanted: impl Fn(&str) -> bool) -> u64 {
        let streams = self.streams.iter().filter(|(table, ..)| wanted(table));
        streams.flat_map(|(.., batches)| batches).map(|batch| batch.num_rows() as u64).sum()
    }

    /// Rows of `person_year`.
    pub fn person_years(&self) -> u64 {
        self.person_years.iter().map(|batch| batch.num_rows() as u64).sum()
    }

    /// Enrolls, assigns, spends and scores with some of the tables; the others are as if they were empty. What comes out is left.
    ///
    /// # Errors
    /// Rows that no walk takes, which a nation does not have.
    pub fn persons(&self, wanted: impl Fn(&str) -> bool) -> Outcome<u64> {
        self.walk(wanted, &mut Kept::default()).map(|all| all.lives)
    }

    /// Looks for the thresholds among the person years.
    ///
    /// # Errors
    /// As [`Self::persons`].
    pub fn select(&self) -> Outcome<Selection<'_>> {
        let mut selection = Selection::new(&self.context, &self.all);
        self.person_years.iter().try_for_each(|batch| selection.look(batch))?;
        Ok(selection)
    }

    /// Sums the person years.
    ///
    /// # Errors
    /// As [`Self::persons`].
    pub fn sums(&self) -> Outcome<CellSums> {
        let mut sums = CellSums::default();
        pass_b(&self.context, &self.thresholds, self.person_years.iter().cloned().map(Ok), &mut sums)?;
        Ok(sums)
    }

    fn walk(&self, wanted: impl Fn(&str) -> bool, sink: &mut impl Sink) -> Outcome<ShardA> {
        let mut streams = ShardStreams::new();
        for (table, year, batches) in self.streams.iter().filter(|(table, ..)| wanted(table)) {
            let batches: Batches<'_> = Box::new(batches.iter().cloned().map(Ok));
            streams.add(table, *year, batches);
        }
        let pieces = People::new(&self.context, &self.program, u64::MAX).alone();
        pass_a(&self.context, pieces, streams, sink)
    }
}

/// Person years, kept where they are wanted; all else is left.
#[derive(Default)]
struct Kept(Option<Vec<RecordBatch>>);

impl Sink for Kept {
    fn assignment(&mut self, batch: RecordBatch) -> Result<(), String> {
        std::hint::black_box(batch);
        Ok(())
    }
    fn person_year(&mut self, batch: RecordBatch) -> Result<(), String> {
        let batch = std::hint::black_box(batch);
        self.0.iter_mut().for_each(|kept| kept.push(batch.clone()));
        Ok(())
    }
    fn assignment_differences(&mut self, batch: RecordBatch) -> Result<(), String> {
        std::hint::black_box(batch);
        Ok(())
    }
}
