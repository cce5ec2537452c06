//! One ACO's Claim and Claim Line Feed of a synthetic nation, beside the research files of the same nation.
//!
//! What it has of a feed's troubles is decided by the numbers of lives and claims, so the same nation gives the same bytes:
//! claims that were replaced (original, cancel, adjustment), claims that were sent twice and cancelled once, claims that a later
//! delivery repeats, lives whose identifier changed once or twice, lives that opted out. What stands in the end is what the research
//! files hold of the lives in it. Planted cases stay out: their claim numbers are longer than the feed's.

mod deliveries;
mod rows;

use super::raw::Counts;
use super::{SynthProgress, problem};
use crate::synth::place::Place;
use crate::trouble::Io;
use acoledger_schemas::table::Problems;
use acoledger_synth::Nation;
use acoledger_synth::tables::YearTables;
use deliveries::Deliveries;
use rows::Lists;
use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::Path;

/// People made at once.
const PEOPLE_PER_GROUP: u64 = 64;
/// Longest claim number of a feed.
const LONGEST_CLAIM: i64 = 9_999_999_999_999;

/// Writes the feed of the first ACO of the last performance year: `cclf/`, `program_cclf/`, `study_cclf.toml`.
pub(super) fn write(
    nation: &Nation,
    place: &Place,
    progress: &(dyn Fn(SynthProgress) + Sync),
) -> Result<Counts, Problems> {
    let program = nation.program();
    let last_year = nation.performance_years().iter().max().copied().unwrap_or_default();
    let aco = program.aco.iter().find(|aco| aco.performance_year.0 == last_year);
    let aco = aco.ok_or_else(|| problem(&place.out, "the nation has no ACO"))?.aco_id.as_str().to_owned();
    let own: BTreeSet<String> = program
        .participant
        .iter()
        .flatten()
        .filter(|row| row.aco_id.as_str() == aco)
        .map(|row| row.tin.as_str().to_owned())
        .collect();
    let lists = Lists::new(nation);
    let practices: HashSet<u32> =
        (0..).zip(&lists.tins).filter(|(_, tin)| own.contains(*tin)).map(|(at, _)| at).collect();
    let folder = place.out.join("cclf.new");
    if folder.exists() {
        fs::remove_dir_all(&folder).doing("cannot be removed", &folder)?;
    }
    fs::create_dir_all(&folder).doing("cannot be created", &folder)?;
    let mut deliveries = Deliveries::create(&folder, &aco, *nation.years().end(), nation.years())?;
    let mut tables: Vec<YearTables> = nation.years().map(|_| YearTables::default()).collect();
    let mut at = 0;
    while at < nation.people() {
        let end = (at + PEOPLE_PER_GROUP).min(nation.people());
        nation.generate(at..end, &mut tables);
        let lives = lives_of(&tables, &practices);
        rows::snapshots(&tables, &lists, &lives, &mut deliveries)?;
        for year in &tables {
            rows::write(year, &lists, &lives, &mut deliveries)?;
        }
        tables.iter_mut().for_each(clear);
        at = end;
        progress(SynthProgress { lives_done: at, lives: nation.people(), rows: 0 });
    }
    let counts = deliveries.finish()?;
    let new = place.out.join("cclf");
    if new.exists() {
        fs::remove_dir_all(&new).doing("cannot be removed", &new)?;
    }
    fs::rename(&folder, &new).doing("cannot be renamed", &folder)?;
    Ok(counts)
}

/// Lives that a practice of the ACO saw and that share their claims with it.
fn lives_of(tables: &[YearTables], practices: &HashSet<u32>) -> BTreeSet<u64> {
    let mut seen = BTreeSet::new();
    let mut too_long = BTreeSet::new();
    for year in tables {
        for lines in [&year.carrier, &year.dme] {
            for at in 0..lines.bene.len() {
                if practices.contains(&lines.practice[at]) {
                    seen.insert(lines.bene[at]);
                }
                if lines.claim[at] > LONGEST_CLAIM {
                    too_long.insert(lines.bene[at]);
                }
            }
        }
        for claims in facilities(year) {
            let long = (0..claims.headers.bene.len()).filter(|at| claims.headers.claim[*at] > LONGEST_CLAIM);
            too_long.extend(long.map(|at| claims.headers.bene[at]));
        }
    }
    seen.into_iter().filter(|bene| !too_long.contains(bene) && !rows::opted_out(*bene)).collect()
}

/// The tables of facility claims of a year.
fn facilities(year: &YearTables) -> [&acoledger_synth::tables::Claims; 5] {
    [&year.inpatient, &year.snf, &year.outpatient, &year.hha, &year.hospice]
}

fn clear(year: &mut YearTables) {
    year.enrollment.clear();
    year.carrier.clear();
    year.dme.clear();
    for claims in [&mut year.inpatient, &mut year.snf, &mut year.outpatient, &mut year.hha, &mut year.hospice] {
        claims.clear();
    }
}

/// The ACO's own program files, and the study of its feed. Reads what `program/` holds: rows of other ACOs stay out.
pub(super) fn write_study(nation: &Nation, place: &Place) -> Result<(), Problems> {
    let last_year = nation.performance_years().iter().max().copied().unwrap_or_default();
    let program = nation.program();
    let own =
        program.aco.iter().find(|aco| aco.performance_year.0 == last_year).map(|aco| aco.aco_id.as_str().to_owned());
    let folder = place.out.join("program_cclf");
    fs::create_dir_all(&folder).doing("cannot be created", &folder)?;
    for path in crate::files::files_below(&place.out.join("program"))? {
        let name = path.file_name().unwrap_or_default();
        let text = of_aco(&path, own.as_deref().unwrap_or_default())?;
        super::place::write_whole(&folder.join(name), &text)?;
    }
    let study = fs::read_to_string(place.out.join("study.toml")).doing("cannot be read", &place.out)?;
    let study = study
        .replace("\"synthetic nation\"", "\"one ACO of a synthetic nation\"")
        .replace("raw = \"raw\"", "raw = \"cclf\"")
        .replace("layout = \"rif\"", "layout = \"cclf\"")
        .replace("program = \"program\"", "program = \"program_cclf\"")
        .replace("path = \"lake\"", "path = \"lake_cclf\"")
        .replace("out = \"run\"", "out = \"run_cclf\"");
    place.write("study_cclf.toml", study.as_bytes())
}

/// A program file without the rows of other ACOs.
fn of_aco(path: &Path, aco: &str) -> Result<Vec<u8>, Problems> {
    let mut reader = csv::Reader::from_path(path).doing("cannot be read", path)?;
    let header = reader.byte_headers().doing("cannot be read", path)?.clone();
    let column = header.iter().position(|name| name == b"aco_id");
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_byte_record(&header).doing("cannot be read", path)?;
    for row in reader.byte_records() {
        let row = row.doing("cannot be read", path)?;
        let of = column.and_then(|column| row.get(column)).unwrap_or_default();
        if of.is_empty() || of == aco.as_bytes() {
            writer.write_byte_record(&row).doing("cannot be read", path)?;
        }
    }
    writer.into_inner().doing("cannot be read", path)
}
