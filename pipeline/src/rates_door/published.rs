//! Published county files become rows of `rates/county`, and of `rates/national` where a study asks for it.

use super::county_file::{self, CountyFile, Published};
use crate::study::Finding;
use crate::trouble::{self, Io, Outcome};
use acoledger_schemas::program::Program;
use acoledger_schemas::rates::{CountyRate, National, Rates};
use acoledger_schemas::study::{CountyCodes, Study};
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::{CalendarYear, EnrollmentType, PerformanceYear, Window};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The published county files of a folder: CSV files that are no table of ours and have their header.
///
/// # Errors
/// When the folder or a file cannot be read.
pub(super) fn county_files(folder: &Path, tables: &[&str]) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !folder.is_dir() {
        return Ok(found);
    }
    for entry in fs::read_dir(folder).doing("cannot be read", folder)? {
        let path = entry.doing("cannot be read", folder)?.path();
        let is_csv = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
        let is_table = path.file_stem().is_some_and(|stem| tables.contains(&&*stem.to_string_lossy()));
        if is_csv && !is_table && path.is_file() && county_file::is_county_file(&path)? {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Adds what county files say: the same for every performance year of the study that is not before it.
///
/// # Errors
/// All problems of all files.
pub(super) fn add_county_files(
    rates: &mut Rates,
    files: &[PathBuf],
    study: &Study,
    program: &Program,
) -> Outcome<Vec<Finding>> {
    let (mut problems, mut findings) = (Problems::default(), Vec::new());
    let mut taken: BTreeSet<_> = rates.county.iter().map(key).collect();
    for path in files {
        let file = match read(path, study, program, &mut findings) {
            Ok(file) => file,
            Err(error) => {
                problems.extend(error);
                continue;
            }
        };
        for year in study.study.performance_years.iter().map(|year| PerformanceYear(*year)) {
            let rows = file.cells.iter().filter(|((calendar_year, ..), _)| calendar_year.0 <= year.0);
            for ((calendar_year, county, kind), published) in rows {
                let row = county_rate(year, *calendar_year, county.clone(), *kind, *published);
                if !taken.insert(key(&row)) {
                    let what = format!("{county} of {calendar_year} stands in another file of the folder too");
                    let hint = "keep one of the two: the table `county` or the published file";
                    problems.push(trouble::of_file_with_hint(path, what, hint));
                    break;
                }
                rates.county.push(row);
            }
            if study.input.national_from_county {
                let added = add_national(rates, &file, year);
                findings.extend((added > 0).then(|| derived(path, year, added)));
            }
        }
    }
    problems.or(findings)
}

type Key = (PerformanceYear, CalendarYear, Window, String, EnrollmentType);

fn key(row: &CountyRate) -> Key {
    let county = row.county.as_str().to_owned();
    (row.performance_year, row.calendar_year, row.window, county, row.enrollment_type)
}

/// One file in the study's county codes, and what is to be said of it.
fn read(path: &Path, study: &Study, program: &Program, findings: &mut Vec<Finding>) -> Outcome<CountyFile> {
    let from = File::open(path).doing("cannot be read", path)?;
    let file = county_file::read(from, &path.display().to_string())?;
    findings.extend([
        unknown(path, &file, Published::Suppressed, "suppressed (`*`), unknown"),
        unknown(path, &file, Published::Empty, "without person years (`.`)"),
    ]);
    if study.input.county_codes == CountyCodes::Ssa {
        return Ok(file);
    }
    let Some(crosswalk) = &program.county_crosswalk else {
        let hint = "add the program file `county_crosswalk`, or say `county_codes = \"ssa\"` where all other files do";
        return Err(trouble::of_file_with_hint(path, "in SSA county codes, the study in FIPS", hint).into());
    };
    let (file, absent) = file.in_fips(crosswalk).map_err(|county| {
        let what = format!("`county_crosswalk` has two FIPS codes for {county} at the end of the file's year");
        trouble::of_file_with_hint(path, what, "say with `begins_on` and `ends_on` when each is in force")
    })?;
    if let Some(first) = absent.first() {
        let what =
            format!("{}: SSA counties that `county_crosswalk` lacks, left out; the first is {first}", name(path));
        findings.push(finding(what, absent.len() as u64));
    }
    Ok(file)
}

fn county_rate(
    performance_year: PerformanceYear,
    calendar_year: CalendarYear,
    county: acoledger_schemas::values::County,
    enrollment_type: EnrollmentType,
    published: Published,
) -> CountyRate {
    let (per_capita, hcc_score, person_years) = match published {
        Published::Known { per_capita, hcc_score, person_years } => {
            (Some(per_capita), Some(hcc_score), Some(person_years))
        }
        Published::Suppressed => (None, None, None),
        Published::Empty => (None, None, Some(0.0)),
    };
    CountyRate {
        performance_year,
        calendar_year,
        window: Window::Calendar,
        county,
        enrollment_type,
        per_capita,
        person_years,
        hcc_score,
        demographic_score: None,
    }
}

/// National rows for types and years that no table gives; how many.
fn add_national(rates: &mut Rates, file: &CountyFile, performance_year: PerformanceYear) -> u64 {
    let years: BTreeSet<CalendarYear> = file.cells.keys().map(|(year, ..)| *year).collect();
    let mut added = 0;
    for calendar_year in years.into_iter().filter(|year| year.0 <= performance_year.0) {
        for enrollment_type in EnrollmentType::ALL {
            let given = rates.national.iter().any(|row| {
                (row.performance_year, row.calendar_year, row.enrollment_type)
                    == (performance_year, calendar_year, enrollment_type)
            });
            let Some((per_capita, person_years)) = file.national(calendar_year, enrollment_type).filter(|_| !given)
            else {
                continue;
            };
            added += 1;
            rates.national.push(National {
                performance_year,
                calendar_year,
                enrollment_type,
                per_capita: Some(per_capita),
                person_years: Some(person_years),
                truncation_threshold: None,
                hcc_mean: Some(1.0),
                demographic_mean: None,
            });
        }
    }
    added
}

fn derived(path: &Path, year: PerformanceYear, added: u64) -> Finding {
    let what = "national spending by type is the weighted mean of the county file, suppressed counties apart (M.D.1.6)";
    finding(format!("{}: performance year {year}: {what}", name(path)), added)
}

fn unknown(path: &Path, file: &CountyFile, wanted: Published, what: &str) -> Finding {
    let counts = file.count(|cell| *cell == wanted);
    let by_type: Vec<String> =
        EnrollmentType::ALL.iter().zip(counts).map(|(kind, count)| format!("{} {count}", kind.code())).collect();
    finding(
        format!("{}: {} counties; cells {what}: {}", name(path), file.rows, by_type.join(", ")),
        counts.iter().sum(),
    )
}

fn finding(what: String, count: u64) -> Finding {
    Finding { stage: "rates".into(), what, count, beyond_limits: false }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
