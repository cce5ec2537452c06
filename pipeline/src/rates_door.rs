//! The rates door: `[input] rates` names a folder of rates tables to start from, in place of raw claims.
//!
//! CMS's published county files may lie beside them, as they are; they are known by their header.

mod county_file;
mod published;

use crate::study::Finding;
use crate::tables::{read_table, unknown_tables};
use crate::trouble::{self, Outcome};
use acoledger_schemas::program::Program;
use acoledger_schemas::rates::{AcoCounty, AcoCountyHeads, AcoHeads, AcoYear, CountyRate, National, Rates};
use acoledger_schemas::study::Study;
use acoledger_schemas::table::{Problems, Table};
use acoledger_schemas::values::EnrollmentType;
use std::path::Path;

const TABLES: &[&str] = &[
    National::SPEC.name,
    CountyRate::SPEC.name,
    AcoYear::SPEC.name,
    AcoCounty::SPEC.name,
    AcoHeads::SPEC.name,
    AcoCountyHeads::SPEC.name,
];

/// Reads the folder of rates that a study starts from, published county files among them, and what the reader should know.
///
/// # Errors
/// All problems of all files; a county file that is not understood, whose counties stand in the table `county` too, or whose codes
/// the study's crosswalk lacks.
pub(crate) fn read_rates_of(study: &Study, program: Option<&Program>, folder: &Path) -> Outcome<(Rates, Vec<Finding>)> {
    let files = published::county_files(folder, TABLES)?;
    let stems = files.iter().map(|path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned());
    let stems: Vec<String> = stems.collect();
    let known: Vec<&str> = TABLES.iter().copied().chain(stems.iter().map(String::as_str)).collect();
    let mut rates = match study.input.raw {
        Some(_) => read_surroundings(folder, &known, study.input.national_from_county)?,
        None => read_tables(folder, &known, study.input.national_from_county)?,
    };
    let findings = match program {
        Some(program) => published::add_county_files(&mut rates, &files, study, program)?,
        None => Vec::new(),
    };
    Ok((rates, findings))
}

/// Reads a county file in FIPS codes, for those who throw bytes at it.
///
/// # Errors
/// As [`read_rates_of`].
pub(crate) fn read_county_file(bytes: &[u8], program: &Program) -> Outcome<()> {
    let file = county_file::read(bytes, "county file")?;
    let crosswalk = program.county_crosswalk.as_deref().unwrap_or_default();
    let (file, _) = file.in_fips(crosswalk).map_err(|county| {
        trouble::of_file_with_hint(Path::new("county file"), format!("two codes for {county}"), "keep one")
    })?;
    let years: std::collections::BTreeSet<_> = file.cells.keys().map(|(year, ..)| *year).collect();
    for (year, kind) in years.into_iter().flat_map(|year| EnrollmentType::ALL.map(|kind| (year, kind))) {
        file.national(year, kind);
    }
    Ok(())
}

/// National rates, ACO years and heads must be there; county tables may be absent where no regional figure enters (M.D.4).
fn read_tables(folder: &Path, known: &[&str], without_national: bool) -> Outcome<Rates> {
    if !folder.is_dir() {
        let hint = "`input.rates` of the study names the folder of rates tables";
        return Err(trouble::of_file_with_hint(folder, "no such folder", hint).into());
    }
    let mut problems = unknown_tables(folder, known)?;
    let national = if without_national { optional } else { needed };
    let rates = Rates {
        national: national(folder, &mut problems),
        county: optional(folder, &mut problems),
        aco_year: needed(folder, &mut problems),
        aco_county: optional(folder, &mut problems),
        aco_heads: needed(folder, &mut problems),
        aco_county_heads: optional(folder, &mut problems),
    };
    problems.or(rates)
}

/// What stands around one ACO's own claims: the nation and the counties. Its own rates are made of its claims.
fn read_surroundings(folder: &Path, known: &[&str], without_national: bool) -> Outcome<Rates> {
    let own = [AcoYear::SPEC.name, AcoCounty::SPEC.name, AcoHeads::SPEC.name, AcoCountyHeads::SPEC.name];
    let known: Vec<&str> = known.iter().copied().filter(|name| !own.contains(name)).collect();
    if !folder.is_dir() {
        let hint = "`input.rates` of the study names the folder of national and county rates";
        return Err(trouble::of_file_with_hint(folder, "no such folder", hint).into());
    }
    let mut problems = unknown_tables(folder, &known)?;
    let national = if without_national { optional } else { needed };
    let rates = Rates {
        national: national(folder, &mut problems),
        county: optional(folder, &mut problems),
        ..Rates::default()
    };
    problems.or(rates)
}

fn optional<T: Table>(folder: &Path, problems: &mut Problems) -> Vec<T> {
    read_table(folder)
        .unwrap_or_else(|error| {
            problems.extend(error);
            None
        })
        .unwrap_or_default()
}

fn needed<T: Table>(folder: &Path, problems: &mut Problems) -> Vec<T> {
    match read_table(folder) {
        Ok(Some(rows)) => rows,
        Ok(None) => {
            let file = folder.join(format!("{}.csv", T::SPEC.name));
            let hint = format!("the rates folder needs a table `{}`, as CSV or Parquet", T::SPEC.name);
            problems.push(trouble::of_file_with_hint(&file, "no such file", hint));
            Vec::new()
        }
        Err(error) => {
            problems.extend(error);
            Vec::new()
        }
    }
}
