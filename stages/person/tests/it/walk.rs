//! Both passes over a lake in memory, shard by shard, and their tables as rows of text.

use crate::lake::Lake;
use acoledger_person::{CellSums, Context, People, Pieces, Selection, ShardA, Sink, Thresholds, pass_a, pass_b};
use acoledger_schemas::cells::Cells;
use acoledger_schemas::keys::{bene_key, shard_of};
use acoledger_schemas::program::Program;
use acoledger_schemas::table::Table;
use acoledger_schemas::values::BeneId;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt8Type, UInt32Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use std::collections::BTreeMap;

/// Rows of a table: text by column.
pub(crate) type Rows = Vec<BTreeMap<String, String>>;

/// The rows of a shard.
#[derive(Default)]
pub(crate) struct Kept {
    assignment: Vec<RecordBatch>,
    pub(crate) person_year: Vec<RecordBatch>,
    differences: Vec<RecordBatch>,
}

impl Sink for Kept {
    fn assignment(&mut self, batch: RecordBatch) -> Result<(), String> {
        self.assignment.push(batch);
        Ok(())
    }
    fn person_year(&mut self, batch: RecordBatch) -> Result<(), String> {
        self.person_year.push(batch);
        Ok(())
    }
    fn assignment_differences(&mut self, batch: RecordBatch) -> Result<(), String> {
        self.differences.push(batch);
        Ok(())
    }
}

/// What a run leaves.
pub(crate) struct Run {
    pub(crate) assignment: Rows,
    pub(crate) person_year: Rows,
    pub(crate) differences: Rows,
    pub(crate) cells: Cells,
    pub(crate) shard: ShardA,
    pub(crate) thresholds: Thresholds,
}

/// How partial results of shards come together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// As bytes, as they do where other processes walk the shards.
    Bytes,
    /// As they are.
    Memory,
}

/// What the program says of lives, in eight pieces.
fn pieces<'p>(context: &'p Context, program: &'p Program) -> Pieces<'p> {
    const PIECES: u32 = 8;
    Box::new((0..PIECES).map(move |piece| {
        let mut part = Program::default();
        macro_rules! take {
            ($($table:ident),+) => {$(
                let of_piece = |id: &BeneId| shard_of(bene_key(id.as_str()), PIECES) == piece;
                let rows = program.$table.iter().flatten().filter(|row| of_piece(&row.bene_id));
                part.$table = Some(rows.cloned().collect());
            )+};
        }
        take!(voluntary_alignment, other_initiative, assignment_given, risk_score);
        take!(esrd_month, risk_status, lis_adi, non_claims_payment);
        Ok(People::new(context, &part, u64::MAX >> 3 | u64::from(piece) << 61))
    }))
}

/// Pass A over `shards` shards in batches of `batch_rows`.
pub(crate) fn walked(
    context: &Context,
    program: &Program,
    lake: &Lake,
    shards: u32,
    batch_rows: usize,
) -> Vec<(ShardA, Kept)> {
    let one = |shard| {
        let mut sink = Kept::default();
        let streams = lake.shard(context, shard, shards, batch_rows);
        let part =
            pass_a(context, pieces(context, program), streams, &mut sink).unwrap_or_else(|problem| panic!("{problem}"));
        (part, sink)
    };
    (0..shards).map(one).collect()
}

/// What a shard's rows bring to a selection.
pub(crate) fn looked<'c>(empty: &Selection<'c>, kept: &Kept) -> Selection<'c> {
    let mut part = empty.clone();
    for batch in &kept.person_year {
        part.look(batch).unwrap_or_else(|problem| panic!("{problem}"));
    }
    part
}

/// Pass B over a shard's rows.
pub(crate) fn summed(context: &Context, thresholds: &Thresholds, kept: &Kept) -> CellSums {
    let mut part = CellSums::default();
    let batches = kept.person_year.iter().cloned().map(Ok);
    pass_b(context, thresholds, batches, &mut part).unwrap_or_else(|problem| panic!("{problem}"));
    part
}

/// Runs both passes over `shards` shards in batches of `batch_rows`.
pub(crate) fn run(context: &Context, program: &Program, lake: &Lake, shards: u32, batch_rows: usize) -> Run {
    run_by(Way::Bytes, context, program, lake, (shards, batch_rows))
}

/// The same, with partial results one way or the other.
pub(crate) fn run_by(
    way: Way,
    context: &Context,
    program: &Program,
    lake: &Lake,
    (shards, batch_rows): (u32, usize),
) -> Run {
    let mut all = ShardA::default();
    let mut kept = Vec::new();
    for (part, sink) in walked(context, program, lake, shards, batch_rows) {
        match way {
            Way::Memory => all.merge(&part),
            Way::Bytes => {
                let sent = ShardA::from_bytes(&part.to_bytes()).expect("own bytes");
                assert_eq!(sent, part);
                all.merge(&sent);
            }
        }
        kept.push(sink);
    }
    let mut selection = Selection::new(context, &all);
    let empty = match way {
        Way::Memory => selection.clone(),
        Way::Bytes => Selection::from_targets(context, &selection.targets_to_bytes()).expect("own bytes"),
    };
    for sink in &kept {
        let part = looked(&empty, sink);
        match way {
            Way::Memory => selection.merge(&part),
            Way::Bytes => selection.merge_bytes(&part.found_to_bytes()).expect("own bytes"),
        }
    }
    let mut thresholds = selection.finish().unwrap_or_else(|problem| panic!("{problem}"));
    if way == Way::Bytes {
        thresholds = Thresholds::from_bytes(&thresholds.to_bytes()).expect("own bytes");
    }
    let mut sums = CellSums::default();
    for sink in &kept {
        let part = summed(context, &thresholds, sink);
        sums.merge(match way {
            Way::Memory => part,
            Way::Bytes => CellSums::from_bytes(&part.to_bytes()).expect("own bytes"),
        });
    }
    Run {
        assignment: kept.iter().flat_map(|sink| &sink.assignment).flat_map(rows).collect(),
        person_year: kept.iter().flat_map(|sink| &sink.person_year).flat_map(rows).collect(),
        differences: kept.iter().flat_map(|sink| &sink.differences).flat_map(rows).collect(),
        cells: sums.finish(context, &all, &thresholds),
        shard: all,
        thresholds,
    }
}

fn rows(batch: &RecordBatch) -> Rows {
    (0..batch.num_rows())
        .map(|row| {
            let schema = batch.schema();
            let cells = schema.fields().iter().zip(batch.columns());
            cells.map(|(field, column)| (field.name().clone(), cell(column.as_ref(), row))).collect()
        })
        .collect()
}

fn cell(column: &dyn Array, row: usize) -> String {
    if column.is_null(row) {
        return String::new();
    }
    if let Some(texts) = column.as_string_opt::<i32>() {
        return texts.value(row).to_owned();
    }
    if let Some(numbers) = column.as_primitive_opt::<Int64Type>() {
        return numbers.value(row).to_string();
    }
    if let Some(numbers) = column.as_primitive_opt::<UInt32Type>() {
        return numbers.value(row).to_string();
    }
    if let Some(numbers) = column.as_primitive_opt::<UInt64Type>() {
        return numbers.value(row).to_string();
    }
    column.as_primitive::<UInt8Type>().value(row).to_string()
}

/// Rows of a declared table as text.
pub(crate) fn table_rows<T: Table>(rows: &[T]) -> Rows {
    let columns = T::SPEC.columns.iter().enumerate();
    let one =
        |row: &T| columns.clone().map(|(at, column)| (column.name.to_owned(), row.cell(at).to_string())).collect();
    rows.iter().map(one).collect()
}
