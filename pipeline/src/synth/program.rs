//! Program files, study file and answer key of a nation.

use super::place::{Place, beside};
use crate::trouble::Io;
use acoledger_schemas::program::Program;
use acoledger_schemas::table::{Problems, Table, write_csv};
use acoledger_synth::Nation;
use rayon::prelude::*;
use std::fs::{self, File};
use std::io::Write;

/// People whose program rows are made at once, and groups in flight.
const PEOPLE_PER_GROUP: u64 = 2_048;
const GROUPS: u64 = 16;

/// Writes `program/`, `study.toml` and `answer_key.csv`.
pub(super) fn write(nation: &Nation, place: &Place) -> Result<(), Problems> {
    let program = nation.program();
    table(place, Some(&program.aco))?;
    table(place, program.aco_history.as_deref())?;
    table(place, program.participant.as_deref())?;
    table(place, program.participant_ccn.as_deref())?;
    table(place, program.aco_provider.as_deref())?;
    table(place, program.provider_specialty.as_deref())?;
    table(place, program.claim_reduction.as_deref())?;
    table(place, program.eta_hospital.as_deref())?;
    table(place, program.eta_fee.as_deref())?;
    table(place, program.acpt.as_deref())?;
    table(place, program.disaster.as_deref())?;
    people(nation, place)?;
    place.write("answer_key.csv", &csv(&nation.answer_key()))?;
    place.write("study.toml", study(nation, place).as_bytes())
}

fn csv<T: Table>(rows: &[T]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_csv(rows, &mut bytes).expect("memory can be written");
    bytes
}

fn table<T: Table>(place: &Place, rows: Option<&[T]>) -> Result<(), Problems> {
    let Some(rows) = rows else { return Ok(()) };
    place.write(&format!("program/{}.csv", T::SPEC.name), &csv(rows))
}

/// The tables that name persons, made group by group so that memory does not grow with the nation.
fn people(nation: &Nation, place: &Place) -> Result<(), Problems> {
    let mut voluntary = Growing::create(place)?;
    let mut other = Growing::create(place)?;
    let mut score = Growing::create(place)?;
    let mut kidney = Growing::create(place)?;
    let mut subsidy = Growing::create(place)?;
    let mut payment = Growing::create(place)?;
    let groups = nation.people().div_ceil(PEOPLE_PER_GROUP);
    for first in (0..groups).step_by(GROUPS as usize) {
        let made: Vec<Program> = (first..(first + GROUPS).min(groups))
            .into_par_iter()
            .map(|group| {
                let mut program = Program::default();
                let end = ((group + 1) * PEOPLE_PER_GROUP).min(nation.people());
                nation.people_program(group * PEOPLE_PER_GROUP..end, &mut program);
                program
            })
            .collect();
        for program in &made {
            voluntary.add(program.voluntary_alignment.as_deref())?;
            other.add(program.other_initiative.as_deref())?;
            score.add(program.risk_score.as_deref())?;
            kidney.add(program.esrd_month.as_deref())?;
            subsidy.add(program.lis_adi.as_deref())?;
            payment.add(program.non_claims_payment.as_deref())?;
        }
    }
    voluntary.finish()?;
    other.finish()?;
    score.finish()?;
    kidney.finish()?;
    subsidy.finish()?;
    payment.finish()
}

/// A table that is written group by group.
struct Growing<T> {
    path: std::path::PathBuf,
    file: File,
    kind: std::marker::PhantomData<T>,
}

impl<T: Table> Growing<T> {
    fn create(place: &Place) -> Result<Self, Problems> {
        let path = place.out.join(format!("program/{}.csv", T::SPEC.name));
        let unfinished = beside(&path);
        let mut file = File::create(&unfinished).doing("cannot be created", &unfinished)?;
        file.write_all(&csv::<T>(&[])).doing("cannot be written", &unfinished)?;
        Ok(Growing { path, file, kind: std::marker::PhantomData })
    }

    fn add(&mut self, rows: Option<&[T]>) -> Result<(), Problems> {
        let bytes = csv(rows.unwrap_or_default());
        let header = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1);
        self.file.write_all(&bytes[header..]).doing("cannot be written", &self.path)
    }

    fn finish(self) -> Result<(), Problems> {
        let unfinished = beside(&self.path);
        fs::rename(&unfinished, &self.path).doing("cannot be renamed", &unfinished)
    }
}

/// The study of all the nation's ACOs.
fn study(nation: &Nation, place: &Place) -> String {
    let years: Vec<String> = nation.performance_years().iter().map(i32::to_string).collect();
    format!(
        r#"{mark}
[study]
name = "synthetic nation"
performance_years = [{years}]
seed = {seed}

[input]
raw = "raw"
layout = "rif"
program = "program"
county_codes = "fips"
maturity = "3-months"

[lake]
path = "lake"
shards = 64

[run]
out = "run"
"#,
        mark = place.mark,
        years = years.join(", "),
        seed = nation.tie_seed(),
    )
}
