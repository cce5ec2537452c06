//! A second program for the same law: plain loops over plain rows, written from the methodology alone, against the kernels on
//! random small worlds full of edges. `ACOLEDGER_WORLDS` asks for more worlds, `ACOLEDGER_WORLD` for one by its number.

mod care;
mod dice;
mod draw;
mod law;
mod lists;
mod money;
mod plants;
mod rows;
mod services;
mod shrink;

use crate::lake::Lake;
use crate::walk::{Rows, Run, run, table_rows};
use acoledger_person::Context;
use acoledger_schemas::program::Program;
use acoledger_schemas::rules::Rules;
use rows::{Life, World};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Worlds of a run where nothing is asked: twenty of each performance year from 2012 to 2026.
const WORLDS: u64 = 300;

/// Failing lives that are told.
const MOST_REPORTS: usize = 6;

fn numbers() -> Vec<u64> {
    let asked = |name: &str| std::env::var(name).ok().map(|text| text.parse().expect("a number"));
    match asked("ACOLEDGER_WORLD") {
        Some(number) => vec![number],
        None => (0..asked("ACOLEDGER_WORLDS").unwrap_or(WORLDS)).collect(),
    }
}

/// Years of claims that a world needs, and those whose facility claims are read beside.
fn claim_years(rules: &Rules, world: &World) -> [BTreeSet<i32>; 2] {
    let context = Context::new(rules, &world.program(), &world.facts()).unwrap_or_else(|problems| panic!("{problems}"));
    let need = context.needs().tables.iter().find(|need| need.table.name == "facility").expect("claims are needed");
    let years = need.years.iter().copied().collect();
    [years, need.years.iter().chain(&need.optional_years).copied().collect()]
}

/// A random world as the kernels take it.
pub(crate) fn study(number: u64) -> (Context, Program, Lake) {
    taken(&crate::small::rules(), &draw::world(number))
}

fn taken(rules: &Rules, world: &World) -> (Context, Program, Lake) {
    let text: Vec<String> = world
        .replacing
        .iter()
        .map(|(code, from)| format!("{{ code = \"{code}\", from = \"{}\" }}", rows::iso(*from)))
        .collect();
    let overrides = format!("\"primary_care.codes.replacing\" = [{{ from = 2012, value = [{}] }}]", text.join(", "));
    let overrides = overrides.parse().expect("rules are TOML");
    let rules = rules.clone().with_overrides(&overrides).unwrap_or_else(|error| panic!("{error}"));
    let context =
        Context::new(&rules, &world.program(), &world.facts()).unwrap_or_else(|problems| panic!("{problems}"));
    (context, world.program(), world.lake())
}

/// Both passes of the kernels.
fn kernels(rules: &Rules, world: &World) -> Run {
    let (context, program, lake) = taken(rules, world);
    run(&context, &program, &lake, 2, 7)
}

/// Columns of some rows, as text.
fn columns(row: &BTreeMap<String, String>, names: &str) -> String {
    names.split(' ').map(|name| row[name].as_str()).collect::<Vec<_>>().join("|")
}

const ASSIGNMENT: &str =
    "calendar_year aco_id basis window step county winner_cents runner_up runner_up_cents tie cohort";
const PERSON_YEAR: &str = "calendar_year enrollment_type months_mask county spend_cents gross_cents inpatient_cents \
    snf_cents outpatient_cents home_health_cents hospice_cents carrier_cents dme_cents non_claims_cents \
    inpatient_long_term_cents inpatient_rehabilitation_cents inpatient_psychiatric_cents inpatient_other_cents \
    ambulance_cents died";

/// Rows of a life by the kernels, as text: `assignment`, then `person_year`.
fn theirs(run: &Run, life: &Life) -> Vec<String> {
    let of = |rows: &Rows, names: &str| {
        let mine = rows.iter().filter(|row| row["bene_id"] == life.id);
        let mut rows: Vec<String> = mine.map(|row| columns(row, names)).collect();
        rows.sort();
        rows
    };
    [of(&run.assignment, ASSIGNMENT), of(&run.person_year, PERSON_YEAR)].concat()
}

/// The same by loops.
fn ours(world: &World, life: &Life) -> Vec<String> {
    let mut rows = Vec::new();
    for year in lists::list_years(world) {
        let Some(assigned) = lists::assigned(world, life, year) else { continue };
        let method = if assigned.aco.prospective { "prospective" } else { "retrospective" };
        let county = lists::county(life, year);
        let cohort = lists::cohort(world, life, year, assigned.aco);
        let mut text = format!("{year}|{}|{}|{method}|", assigned.aco.id, assigned.basis);
        match &assigned.won {
            Some(won) => {
                let (next, cents) =
                    won.next.as_ref().map_or((String::new(), String::new()), |n| (n.0.clone(), n.1.to_string()));
                let _ = write!(text, "{}|{county}|{}|{next}|{cents}|{}|{cohort}", won.step, won.cents, won.tie);
            }
            None => text += &format!("|{county}|||||{cohort}"),
        }
        rows.push(text);
    }
    let mut money: Vec<String> = Vec::new();
    for year in lists::list_years(world) {
        let county = lists::county(life, year);
        for (of, one) in money::years(world, life, year) {
            let of = money::TYPES[of];
            let class = |name: &str| one.classes.get(name).copied().unwrap_or(0);
            let sum = |names: &[&str]| names.iter().map(|name| class(name)).sum::<i64>();
            let mut row = format!("{year}|{of}|{}|{county}|{}|{}", one.mask, one.spend, one.gross);
            let parts = ["inpatient_long_term", "inpatient_rehabilitation", "inpatient_psychiatric", "inpatient_other"];
            let mut cents = vec![sum(&parts)];
            cents.extend(["snf", "outpatient", "home_health", "hospice"].map(class));
            cents.extend([sum(&["physician", "ambulance"]), class("dme"), class("non_claims")]);
            cents.extend(parts.map(class));
            cents.extend([class("ambulance"), i64::from(life.died.is_some_and(|day| day.0 == year))]);
            cents.iter().for_each(|cents| write!(row, "|{cents}").expect("text can be written"));
            money.push(row);
        }
    }
    money.sort();
    rows.extend(money);
    rows
}

/// Cells by the kernels, as text by table.
fn their_cells(run: &Run) -> BTreeMap<&'static str, BTreeSet<String>> {
    let cells = &run.cells;
    let population = "performance_year calendar_year population window county enrollment_type lives months below_cents \
        months_over months_under spend_cents";
    let assigned = "performance_year period aco_id calendar_year cohort county enrollment_type lives months dual_months \
        below_cents months_over months_under spend_cents gross_cents";
    let heads = "performance_year period aco_id calendar_year head_count dual_heads lis_or_dual_heads voluntary_only \
        claims_only both";
    let tables = [
        (
            "threshold",
            table_rows(&cells.threshold),
            "performance_year calendar_year population enrollment_type threshold_cents",
        ),
        ("population_county", table_rows(&cells.population_county), population),
        ("assigned_county", table_rows(&cells.assigned_county), assigned),
        (
            "assigned_assignable",
            table_rows(&cells.assigned_assignable),
            "performance_year aco_id calendar_year window county enrollment_type lives months below_cents months_over \
             months_under spend_cents",
        ),
        ("aco_heads", table_rows(&cells.aco_heads), heads),
        (
            "aco_county_heads",
            table_rows(&cells.aco_county_heads),
            "performance_year period aco_id calendar_year county head_count",
        ),
        ("revenue", table_rows(&cells.revenue), "performance_year aco_id calendar_year paid_cents"),
        (
            "service_category",
            table_rows(&cells.service_category),
            "performance_year period aco_id calendar_year enrollment_type category spend_cents truncated_twelfths",
        ),
        (
            "truncation",
            table_rows(&cells.truncation),
            "performance_year period aco_id calendar_year enrollment_type died lives months lives_over lives_under \
                spend_cents cut_twelfths",
        ),
        (
            "leakage",
            table_rows(&cells.leakage),
            "performance_year aco_id calendar_year category inside_cents total_cents inside_services total_services",
        ),
        (
            "utilisation_count",
            table_rows(&cells.utilisation_count),
            "performance_year period aco_id calendar_year enrollment_type measure count",
        ),
        (
            "runout_triangle",
            table_rows(&cells.runout_triangle),
            "incurred_year incurred_month kind lag_months rows paid_cents",
        ),
    ];
    let text = |(name, rows, names): (&'static str, Rows, &str)| {
        let names = names.split_whitespace().collect::<Vec<_>>().join(" ");
        (name, rows.iter().map(|row| columns(row, &names)).collect())
    };
    tables.into_iter().map(text).collect()
}

#[test]
fn loops_say_what_the_kernels_say() {
    let rules = crate::small::rules();
    let (mut rows, mut lives, mut failures) = (0, 0, Vec::new());
    let mut kinds = BTreeMap::<String, usize>::new();
    for number in numbers() {
        let world = draw::world(number);
        let run = kernels(&rules, &world);
        for life in &world.lives {
            let (ours, theirs) = (ours(&world, life), theirs(&run, life));
            lives += 1;
            rows += ours.len();
            for row in &ours {
                let cells: Vec<&str> = row.split('|').collect();
                if cells.len() != 11 {
                    continue;
                }
                *kinds.entry(format!("{} {} {}", cells[2], cells[4], cells[9])).or_default() += 1;
            }
            if ours != theirs && failures.len() < MOST_REPORTS {
                failures.push(shrink::report(&rules, &world, life));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    println!("{lives} lives, {rows} rows: {kinds:?}");
}

#[test]
fn loops_sum_what_the_kernels_sum() {
    let rules = crate::small::rules();
    let mut counts = BTreeMap::<&str, usize>::new();
    let mut failures = Vec::new();
    for number in numbers() {
        let world = draw::world(number);
        let run = kernels(&rules, &world);
        let theirs = their_cells(&run);
        let mut ours = money::cells(&world);
        let [years, facility_years] = claim_years(&rules, &world);
        ours.insert("runout_triangle", care::triangle(&world, &years, &facility_years));
        for (table, theirs) in &theirs {
            let none = BTreeSet::new();
            let ours = ours.get(table).unwrap_or(&none);
            *counts.entry(table).or_default() += ours.len();
            let more: Vec<_> = ours.difference(theirs).map(|row| format!("loops   {row}")).collect();
            let less: Vec<_> = theirs.difference(ours).map(|row| format!("kernels {row}")).collect();
            if !more.is_empty() || !less.is_empty() {
                let rows = [&more[..more.len().min(3)], &less[..less.len().min(3)]].concat().join("\n");
                failures.push(format!("world {number}: {table}\n{rows}"));
            }
        }
    }
    failures.truncate(MOST_REPORTS);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    println!("rows: {counts:?}");
}
