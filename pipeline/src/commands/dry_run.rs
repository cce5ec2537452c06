//! `acoledger run --dry-run`: what a study needs, what is there, what is missing. No work is done.

use super::{Exit, print};
use crate::cli::StudyArgs;
use crate::grid::{Grid, Head, Value};
use crate::study::{Freshness, LoadedStudy, Overrides};
use crate::trouble::Outcome;
use crate::{lake, person};
use acoledger_person::Needs;
use acoledger_schemas::rates::Rates;
use std::path::PathBuf;

pub(crate) fn run(args: &StudyArgs) -> Outcome<Exit> {
    let overrides = Overrides { freshness: Freshness::List, ..args.overrides() };
    let loaded = LoadedStudy::load(&args.study, &overrides)?;
    let mut needs = List { grid: Grid::new(&HEADS), missing: 0 };
    let years: Vec<String> = loaded.study.study.performance_years.iter().map(ToString::to_string).collect();
    needs.add("performance years", &years.join(", "), "found", "in `aco`, with the ACOs' starts and methods");
    for input in &loaded.inputs {
        needs.add("file", &input.file, "found", "");
    }
    match (&loaded.rates, &loaded.study.input.raw) {
        (_, Some(raw)) => {
            let plan = lake::plan(&loaded, raw)?;
            raw_door(&mut needs, &loaded, &plan)?;
        }
        (Some(rates), None) => rates_door(&mut needs, rates),
        (None, None) => {}
    }
    print(&needs.grid.render(args.format), args.format)?;
    Ok(if needs.missing > 0 { Exit::Findings } else { Exit::Done })
}

const HEADS: [Head; 4] = [Head::Left("need"), Head::Left("what"), Head::Left("state"), Head::Left("remark")];

struct List {
    grid: Grid,
    missing: u64,
}

impl List {
    fn add(&mut self, need: &str, what: &str, state: &str, remark: &str) {
        self.missing += u64::from(state == "missing");
        self.grid.push([need, what, state, remark].map(Value::from).to_vec());
    }
}

fn rates_door(list: &mut List, rates: &Rates) {
    for (table, rows) in [
        ("national", rates.national.len()),
        ("county", rates.county.len()),
        ("aco_year", rates.aco_year.len()),
        ("aco_county", rates.aco_county.len()),
        ("aco_heads", rates.aco_heads.len()),
        ("aco_county_heads", rates.aco_county_heads.len()),
    ] {
        let optional = "absent: only where no regional figure or disaster enters";
        list.add("rates", table, if rows > 0 { "found" } else { "empty" }, if rows > 0 { "" } else { optional });
    }
}

fn raw_door(list: &mut List, loaded: &LoadedStudy, plan: &crate::ingest::IngestPlan) -> Outcome<()> {
    let context = person::context(loaded, true)?;
    if !loaded.lives.has_scores() {
        let (state, remark) = match context.has_scores() {
            true => {
                ("absent", "scores are made from diagnoses, and need the year before each benchmark year; cells do not")
            }
            false => ("missing", "benchmarks need scores (M.C.1, M.C.2); cells do not"),
        };
        list.add("file", "program/risk_score", state, remark);
    }
    let needs = context.needs();
    // Raw files that only a store has are not fetched here: then the lake is taken as it stands.
    let (files, lake, where_) = match &loaded.remote.listed_raw {
        None => (lake::raw_files(plan)?, lake::open(plan)?, ""),
        Some(files) => (files.clone(), lake::standing(&plan.lake).ok(), "in the store"),
    };
    let months = lake.as_ref().map(lake::Lake::claim_months).transpose()?;
    for span in &needs.claim_months {
        let lacking: Option<Vec<i32>> =
            months.as_ref().map(|months| (span.first..=span.last).filter(|month| !months.contains(month)).collect());
        let (state, remark) = match lacking {
            None => ("unknown", "until `acoledger ingest` has read the raw files".to_owned()),
            Some(lacking) if lacking.is_empty() => ("found", String::new()),
            Some(lacking) => ("missing", format!("no claims of {}", lake::spans(&lacking))),
        };
        list.add("claim months", &lake::span(*span), state, &remark);
    }
    for year in enrollment_years(needs) {
        let state = match &lake {
            Some(lake) if lake.years("enrollment").contains(&year) => ("found", "in the lake"),
            Some(_) => ("missing", "not in the lake"),
            None => by_name(&files, year),
        };
        list.add("enrollment year", &year.to_string(), state.0, state.1);
    }
    for path in files {
        list.add("raw file", &loaded.name(&path), "found", where_);
    }
    Ok(())
}

fn enrollment_years(needs: &Needs) -> Vec<i32> {
    let enrollment = needs.tables.iter().find(|need| need.table.name == "enrollment");
    enrollment.map_or(Vec::new(), |need| need.years.clone())
}

/// Enrollment files carry their year in the name as a rule; where none does, only reading them tells.
fn by_name(files: &[PathBuf], year: i32) -> (&'static str, &'static str) {
    let names = || files.iter().filter_map(|path| path.file_name()).map(|name| name.to_string_lossy().to_lowercase());
    let enrollment = |name: &String| ["beneficiary", "enrollment", "mbsf"].iter().any(|stem| name.contains(stem));
    let dated = |name: &String| (1990..2100).any(|year| name.contains(&year.to_string()));
    if names().filter(enrollment).filter(dated).any(|name| name.contains(&year.to_string())) {
        ("found", "by the name of a raw file")
    } else if names().filter(enrollment).any(|name| dated(&name)) {
        ("missing", "no raw file of enrollment has this year in its name")
    } else {
        ("unknown", "until `acoledger ingest` has read the raw files")
    }
}
