//! A run as one page that opens from a disk, and its plots as files.
//!
//! ```text
//! tables of the run ─┬─ sums of the nation ─▶ template, drawings ─┐
//!                    └─ each ACO, each county ─▶ JSON ────────────┴─▶ report.html
//! ```
//!
//! The page is made from templates that escape by themselves; what is drawn for each ACO is drawn in the browser from the JSON, by
//! our own script, which sets texts and never markup. Its security policy forbids it every request. It holds figures of ACOs and
//! counties as the run's own tables do, and of single lives nothing.

mod aco;
mod document;
mod lists;
mod made;
mod national;
mod page;
mod places;
mod plots;
mod read;
mod shown;
mod states;
mod walk;

use crate::commands::place::run_folder;
use crate::files::write_atomically;
use crate::scenario::is_scenario;
use crate::study::study_in;
use crate::trouble::{self, Outcome};
use acoledger_schemas::study::CountyCodes;
use made::ScenarioRecord;
use read::RunTables;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What a report is about: a run, and another that it is compared with.
pub(crate) struct Subject {
    /// Where the page goes without `--out`.
    pub(crate) folder: PathBuf,
    run: RunTables,
    other: Option<RunTables>,
    /// What the page calls the other run.
    other_label: String,
    /// The scenario that the two are halves of.
    scenario: Option<ScenarioRecord>,
    /// System of the county codes, where the study file says it.
    county_codes: Option<CountyCodes>,
}

impl Subject {
    /// Reads a run, or the reform of a scenario beside its baseline.
    ///
    /// # Errors
    /// No run, a run that was not settled, a scenario that is to be compared with a third run, files that cannot be read.
    pub(crate) fn read(place: &Path, compare: Option<&Path>) -> Outcome<Subject> {
        if place.is_dir() && is_scenario(place)? {
            if compare.is_some() {
                let hint = format!("name one of its two: {0}/baseline or {0}/reform", place.display());
                let what = "a scenario is compared with its own baseline";
                return Err(trouble::of_file_with_hint(place, what, hint).into());
            }
            return Ok(Subject {
                folder: place.to_owned(),
                run: RunTables::read(&place.join("reform"))?,
                other: Some(RunTables::read(&place.join("baseline"))?),
                other_label: "the baseline".into(),
                scenario: Some(ScenarioRecord::read(place)?),
                county_codes: None,
            });
        }
        let folder = run_folder(place)?;
        let county_codes = if place.is_dir() { None } else { Some(study_in(place)?.input.county_codes) };
        let other = compare.map(|other| run_folder(other).and_then(|folder| RunTables::read(&folder))).transpose()?;
        let run = RunTables::read(&folder)?;
        let other_label = other.as_ref().map_or_else(String::new, |other| other.name.clone());
        Ok(Subject { folder, run, other, other_label, scenario: None, county_codes })
    }
}

/// Writes the page.
///
/// # Errors
/// Those of the disk.
pub(crate) fn write_page(subject: &Subject, file: &Path) -> Outcome<()> {
    write_text(file, &page::page(subject))
}

/// Writes the plots into `folder`, each as SVG beside its data as CSV; gives their names.
///
/// # Errors
/// Those of the disk.
pub(crate) fn write_plots(subject: &Subject, folder: &Path) -> Outcome<Vec<String>> {
    let mut names = Vec::new();
    for plot in plots::all(subject) {
        write_text(&folder.join(format!("{}.svg", plot.name)), &plot.svg)?;
        write_text(&folder.join(format!("{}.csv", plot.name)), &plot.csv)?;
        names.push(plot.name);
    }
    Ok(names)
}

fn write_text(file: &Path, text: &str) -> Outcome<()> {
    write_atomically(file, |writer| writer.write_all(text.as_bytes()).map_err(|error| error.to_string()))
}
