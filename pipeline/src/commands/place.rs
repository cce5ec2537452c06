//! Commands that look at a finished run take a study file or a run folder.

use crate::scenario::{half_of, is_scenario};
use crate::study::{LoadedStudy, Overrides};
use crate::trouble::{self, Outcome};
use std::path::{Path, PathBuf};

/// The run folder that `path` names: itself, or the output folder of the study file. The `baseline` and `reform` of a scenario
/// hold tables as a run writes them.
///
/// # Errors
/// Neither a run folder nor a study file; a run that has not been made; a scenario, which is two.
pub(crate) fn run_folder(path: &Path) -> Outcome<PathBuf> {
    let folder = if path.is_dir() { path.to_owned() } else { LoadedStudy::load(path, &Overrides::default())?.out() };
    if is_scenario(&folder)? {
        let hint = format!("name one of its two: {0}/baseline or {0}/reform", folder.display());
        return Err(trouble::of_file_with_hint(&folder, "holds a scenario, which is two runs", hint).into());
    }
    if folder.join("manifest.json").is_file() || half_of(&folder)?.is_some() {
        return Ok(folder);
    }
    let hint = "make the run with `acoledger run STUDY.toml`";
    Err(trouble::of_file_with_hint(&folder, "no run here: it has no manifest.json", hint).into())
}
