//! What must hold whatever the claims say: independence of batches, shards and company; conservation; order.

use crate::walk::{Run, run, table_rows};
use crate::world::{World, folder};
use acoledger_person::{Batches, Context, People, ShardStreams, Sink, pass_a};
use acoledger_schemas::program::Program;
use arrow_array::{RecordBatch, UInt64Array};
use std::collections::BTreeMap;
use std::sync::Arc;

fn text(run: &Run) -> Vec<String> {
    let cells = &run.cells;
    let mut tables = vec![run.assignment.clone(), run.person_year.clone()];
    tables.push(table_rows(&cells.population_county));
    tables.push(table_rows(&cells.assigned_county));
    tables.push(table_rows(&cells.aco_heads));
    tables.push(table_rows(&cells.aco_county_heads));
    tables.push(table_rows(&cells.revenue));
    tables.push(table_rows(&cells.threshold));
    tables.push(table_rows(&cells.assignment_stability));
    tables.push(table_rows(&cells.assignment_margin));
    tables.push(table_rows(&cells.assignment_comparison));
    tables.push(table_rows(&cells.service_category));
    tables.push(table_rows(&cells.truncation));
    tables.push(table_rows(&cells.leakage));
    tables.push(table_rows(&cells.utilisation_count));
    tables.push(table_rows(&cells.runout_triangle));
    tables.iter().flatten().map(|row| format!("{row:?}")).collect()
}

#[test]
fn batches_and_shards_leave_no_trace() {
    let Some(folder) = folder("w3") else { return };
    let world = World::read(folder);
    let context = world.context();
    let first = text(&run(&context, &world.program, &world.lake, 1, 1000));
    for (shards, batch_rows) in [(1, 1), (1, 7), (8, 13), (64, 5)] {
        assert!(
            text(&run(&context, &world.program, &world.lake, shards, batch_rows)) == first,
            "{shards} shards, {batch_rows} rows"
        );
    }
}

#[test]
fn every_row_and_cent_has_a_fate() {
    for name in ["w1", "w2", "w3"] {
        let Some(folder) = folder(name) else { return };
        let world = World::read(folder);
        let run = run(&world.context(), &world.program, &world.lake, 4, 100);
        let mut left: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
        for line in run.shard.ledger() {
            let sign = if line.outcome == "read" { 1 } else { -1 };
            let left = left.entry(line.kind).or_default();
            *left = (left.0 + sign * line.rows as i64, left.1 + sign * line.cents);
        }
        assert!(left.len() >= 8, "{left:?}");
        assert!(left.values().all(|left| *left == (0, 0)), "{name}: {left:?}");
        // The run-out triangle holds all that is neither denied nor suspect nor of another claim type.
        let mut known: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        for row in &run.cells.runout_triangle {
            let sum = known.entry(row.kind.clone()).or_default();
            *sum = (sum.0 + row.rows, sum.1 + row.paid_cents.0);
        }
        for line in run.shard.ledger() {
            let out = ["claim type", "denied", "suspect"].iter().any(|word| line.outcome.starts_with(word));
            let sign = if line.outcome == "read" { 1 } else { -i64::from(out) };
            if let Some(sum) = known.get_mut(line.kind) {
                *sum = (sum.0 - sign * line.rows as i64, sum.1 - sign * line.cents);
            }
        }
        assert!(known.len() >= 6 && known.values().all(|left| *left == (0, 0)), "{name}: {known:?}");
    }
}

#[test]
fn classes_and_cuts_add_up_to_the_cells() {
    for name in ["w1", "w2", "w3"] {
        let Some(folder) = folder(name) else { return };
        let world = World::read(folder);
        let cells = run(&world.context(), &world.program, &world.lake, 4, 100).cells;
        let threshold = |py, year, kind| {
            let row = cells
                .threshold
                .iter()
                .find(|row| (row.performance_year, row.calendar_year, row.enrollment_type) == (py, year, kind));
            row.map_or(0, |row| row.threshold_cents.0)
        };
        // Truncated twelfths, spending and months of an ACO (blank: the nation), a year and a type.
        let mut sums: BTreeMap<_, [i64; 3]> = BTreeMap::new();
        for row in &cells.assigned_county {
            let (py, year, kind) = (row.performance_year, row.calendar_year, row.enrollment_type);
            let limit = threshold(py, year, kind) * (row.months_over - row.months_under);
            let one = [12 * row.below_cents.0 + limit, row.spend_cents.0, row.months];
            let sum = sums.entry((py, Some((row.period, row.aco_id.clone())), year, kind)).or_default();
            sum.iter_mut().zip(one).for_each(|(sum, one)| *sum += one);
        }
        for row in cells.population_county.iter().filter(|row| row.window.code() == "retrospective") {
            let (py, year, kind) = (row.performance_year, row.calendar_year, row.enrollment_type);
            let limit = threshold(py, year, kind) * (row.months_over - row.months_under);
            let one = [12 * row.below_cents.0 + limit, row.spend_cents.0, row.months];
            let sum = sums.entry((py, None, year, kind)).or_default();
            sum.iter_mut().zip(one).for_each(|(sum, one)| *sum += one);
        }
        assert!(sums.len() > 20, "{}", sums.len());
        for row in &cells.service_category {
            let aco = row.period.zip(row.aco_id.clone());
            let sum =
                sums.get_mut(&(row.performance_year, aco, row.calendar_year, row.enrollment_type)).expect("cells");
            sum[0] -= row.truncated_twelfths;
            sum[1] -= row.spend_cents.0;
        }
        for row in &cells.truncation {
            let aco = row.period.zip(row.aco_id.clone());
            let sum =
                sums.get_mut(&(row.performance_year, aco, row.calendar_year, row.enrollment_type)).expect("cells");
            sum[2] -= row.months;
        }
        assert!(sums.values().all(|left| *left == [0; 3]), "{name}: {sums:?}");
        for row in &cells.leakage {
            // Amounts may be below 0, so that cents inside may be above those of all; services may not.
            let none = row.inside_services > 0 || row.inside_cents.0 == 0;
            let all = row.inside_services < row.total_services || row.inside_cents == row.total_cents;
            assert!(row.inside_services <= row.total_services && none && all, "{name}: {row:?}");
        }
    }
}

#[test]
fn a_second_performance_year_changes_nothing_in_the_first() {
    let Some(folder) = folder("w1") else { return };
    let mut world = World::read(folder);
    let alone = run(&world.context(), &world.program, &world.lake, 1, 1000);
    let mut later = world.program.aco.clone();
    later.iter_mut().for_each(|row| row.performance_year.0 = 2022);
    later.retain(|row| row.agreement_start.year() < 2023);
    world.program.aco.extend(later.clone());
    let mut participants = world.program.participant.clone().unwrap_or_default();
    participants.retain(|row| later.iter().any(|aco| aco.aco_id == row.aco_id));
    participants.iter_mut().for_each(|row| row.performance_year.0 = 2022);
    world.program.participant.as_mut().expect("participants").extend(participants);
    world.facts.performance_years = vec![2022, 2023];
    let both = run(&world.context(), &world.program, &world.lake, 1, 1000);
    let of = |run: &Run| -> Vec<String> {
        let mut rows = run.assignment.clone();
        rows.extend(table_rows(&run.cells.population_county));
        rows.extend(table_rows(&run.cells.assigned_county));
        rows.extend(table_rows(&run.cells.threshold));
        rows.extend(table_rows(&run.cells.revenue));
        rows.iter().filter(|row| row["performance_year"] == "2023").map(|row| format!("{row:?}")).collect()
    };
    assert!(of(&alone).len() > 1000);
    assert_eq!(of(&alone), of(&both));
    assert!(both.assignment.iter().any(|row| row["performance_year"] == "2022"));
}

/// A sink that is not asked for anything.
struct Nowhere;
impl Sink for Nowhere {
    fn assignment(&mut self, _: RecordBatch) -> Result<(), String> {
        Ok(())
    }
    fn person_year(&mut self, _: RecordBatch) -> Result<(), String> {
        Ok(())
    }
    fn assignment_differences(&mut self, _: RecordBatch) -> Result<(), String> {
        Ok(())
    }
}

fn context() -> Context {
    let small = crate::small::Small::new(
        2023,
        "[aco]\naco_id agreement_start\nA1 2023-01-01\n[participant]\naco_id tin\nA1 T1\n",
    );
    Context::new(&crate::small::rules(), &small.program, &small.facts).expect("sound")
}

fn keys(keys: &[u64]) -> RecordBatch {
    let column: Arc<UInt64Array> = Arc::new(UInt64Array::from(keys.to_vec()));
    let ids = keys.iter().map(|key| Some(format!("B{key}"))).collect::<arrow_array::StringArray>();
    RecordBatch::try_from_iter([("bene_key", column as _), ("bene_id", Arc::new(ids) as _)]).expect("a batch")
}

#[test]
fn wrong_streams_are_told() {
    let told = |table: &str, batches: Vec<Result<RecordBatch, String>>| {
        let mut streams = ShardStreams::new();
        let batches: Batches<'_> = Box::new(batches.into_iter());
        streams.add(table, (table != "bene").then_some(2023), batches);
        let context = context();
        let nobody = People::new(&context, &Program::default(), u64::MAX).alone();
        pass_a(&context, nobody, streams, &mut Nowhere).map_or_else(|problem| problem.to_string(), |_| "fine".into())
    };
    assert_eq!(told("bene", vec![Ok(keys(&[1, 2])), Ok(keys(&[2, 3]))]), "fine");
    for (table, batches, says) in [
        ("bene", vec![Ok(keys(&[2, 1]))], "not sorted"),
        ("bene", vec![Ok(keys(&[2])), Ok(keys(&[1]))], "not sorted"),
        ("bene", vec![Err("torn".to_owned())], "torn"),
        ("carrier", vec![Ok(keys(&[1]))], "column is missing"),
        ("carriers", vec![Ok(keys(&[1]))], "not a table of the lake"),
    ] {
        let told = told(table, batches);
        assert!(told.contains(says), "{told}");
    }
}
