//! Worlds with known answers: every row and every cent.

use crate::walk::{Rows, Run, run, table_rows};
use crate::world::{World, folder};
use std::collections::{BTreeMap, BTreeSet};

const KEYS: [(&str, &str); 7] = [
    ("person_year", "bene_id calendar_year enrollment_type"),
    ("assignment", "performance_year calendar_year bene_id"),
    ("threshold", "performance_year calendar_year population enrollment_type"),
    ("population_county", "performance_year calendar_year population window county enrollment_type"),
    ("assigned_county", "performance_year period aco_id calendar_year cohort county enrollment_type"),
    ("aco_heads", "performance_year period aco_id calendar_year"),
    ("revenue", "performance_year aco_id calendar_year"),
];

/// Own years of the ACOs: rows of other years move no cell and are not compared.
fn own_years(world: &World) -> BTreeSet<(String, String, String)> {
    let years = world.program.aco.iter().flat_map(|row| {
        let start = row.agreement_start.year();
        [row.performance_year.0, start - 1, start - 2, start - 3]
            .map(|year| (row.performance_year.to_string(), row.aco_id.to_string(), year.to_string()))
    });
    years.collect()
}

/// Prints how a table compares, and gives the number of differences.
fn compare(world: &World, name: &str, keys: &str, got: Rows) -> usize {
    let own = own_years(world);
    let keys: Vec<&str> = keys.split(' ').collect();
    let key = |row: &BTreeMap<String, String>| keys.iter().map(|k| row[*k].clone()).collect::<Vec<_>>();
    let mine = |row: &BTreeMap<String, String>| {
        name != "assignment"
            || own.contains(&(row["performance_year"].clone(), row["aco_id"].clone(), row["calendar_year"].clone()))
    };
    let table = |rows: Rows| -> BTreeMap<Vec<String>, BTreeMap<String, String>> {
        let count = rows.len();
        let table: BTreeMap<_, _> = rows.into_iter().map(|row| (key(&row), row)).collect();
        assert_eq!(table.len(), count, "{name}: keys occur more than once");
        table
    };
    let (want, have) = (table(world.expected(name)), table(got));
    let columns: Vec<String> = want.values().next().map_or(Vec::new(), |row| row.keys().cloned().collect());
    let (mut equal, mut bad) = (0, Vec::new());
    for (key, row) in &want {
        match have.get(key) {
            None if mine(row) => bad.push(format!("missing    {key:?} {row:?}")),
            None => {}
            Some(other) => {
                let differing: Vec<String> = columns
                    .iter()
                    .filter(|column| row[*column] != other[*column])
                    .map(|column| format!("{column}: expected {:?}, got {:?}", row[column], other[column]))
                    .collect();
                if differing.is_empty() {
                    equal += 1;
                } else if mine(row) || mine(other) {
                    bad.push(format!("differs    {key:?} {}", differing.join("; ")));
                }
            }
        }
    }
    for (key, row) in have.iter().filter(|(key, row)| !want.contains_key(*key) && mine(row)) {
        bad.push(format!("unexpected {key:?} {row:?}"));
    }
    println!("{name:18} expected {:6}  equal {equal:6}  differing, missing, unexpected {:5}", want.len(), bad.len());
    bad.iter().take(12).for_each(|line| println!("    {line}"));
    bad.len()
}

fn tables(run: &Run) -> BTreeMap<&'static str, Rows> {
    let cells = &run.cells;
    BTreeMap::from([
        ("person_year", run.person_year.clone()),
        ("assignment", run.assignment.clone()),
        ("threshold", table_rows(&cells.threshold)),
        ("population_county", table_rows(&cells.population_county)),
        ("assigned_county", table_rows(&cells.assigned_county)),
        ("aco_heads", table_rows(&cells.aco_heads)),
        ("revenue", table_rows(&cells.revenue)),
    ])
}

fn check_world(name: &str) {
    let Some(folder) = folder(name) else { return };
    let world = World::read(folder);
    let context = world.context();
    let run = run(&context, &world.program, &world.lake, 4, 1000);
    let tables = tables(&run);
    let differences: usize = KEYS.iter().map(|(name, keys)| compare(&world, name, keys, tables[name].clone())).sum();
    println!("findings: {:?}, lives {}", run.shard.findings(), world.lake.lives());
    assert_eq!(differences, 0, "{name} differs");
}

#[test]
fn w1_is_equal() {
    check_world("w1");
}

#[test]
fn w2_is_equal() {
    check_world("w2");
}

#[test]
fn w3_is_equal() {
    check_world("w3");
}
