//! The folder of a nation: raw files appear in it whole, and a folder that holds something else is left alone.

use super::{Parts, RawKind, SynthOptions, problem};
use crate::study::{LoadedStudy, Overrides};
use crate::trouble::Io;
use acoledger_schemas::table::Problems;
use std::fs;
use std::path::{Path, PathBuf};

/// First words of the study file of a nation, with the options that made it.
const MARK: &str = "# acoledger synth";

/// Where a nation is written.
pub(super) struct Place {
    /// The nation's folder.
    pub(super) out: PathBuf,
    /// Where raw files are written: beside `raw` when all parts are, in it when one is.
    pub(super) raw: PathBuf,
    /// The line that says which options made the nation.
    pub(super) mark: String,
    whole: bool,
}

impl Place {
    /// Makes the folder ready.
    ///
    /// # Errors
    /// A folder that holds something else, or another nation when only one part is asked for; the disk.
    pub(super) fn prepare(options: &SynthOptions, parts: &Parts) -> Result<Place, Problems> {
        let out = options.out.clone();
        let years: Vec<String> = options.performance_years.iter().map(i32::to_string).collect();
        let raw = match options.raw {
            RawKind::Csv => "csv",
            RawKind::Parquet => "parquet",
            RawKind::Lake => "lake",
            RawKind::Cclf => "cclf",
        };
        let mark = format!(
            "{MARK} --lives {} --years {} --seed {} --raw {raw} --parts {}",
            options.lives,
            years.join(","),
            options.seed,
            parts.count
        );
        let study = out.join("study.toml");
        let found = fs::read_to_string(&study).unwrap_or_default();
        let empty = fs::read_dir(&out).map_or(true, |mut entries| entries.next().is_none());
        if !empty && !found.starts_with(MARK) {
            return Err(problem(&out, "holds something else than a nation: choose another folder with --out"));
        }
        let whole = parts.only.is_none();
        if !whole && !empty && found.lines().next() != Some(mark.as_str()) {
            return Err(problem(&out, "holds a nation made with other options: choose another folder with --out"));
        }
        let raw = out.join(if whole { "raw.new" } else { "raw" });
        if whole && raw.exists() {
            fs::remove_dir_all(&raw).doing("cannot be removed", &raw)?;
        }
        let lake = out.join("lake.new");
        if lake.exists() {
            fs::remove_dir_all(&lake).doing("cannot be removed", &lake)?;
        }
        for folder in [&raw, &out.join("program")] {
            fs::create_dir_all(folder).doing("cannot be created", folder)?;
        }
        let place = Place { out, raw, mark, whole };
        // A run that stops half-way must find its own folder again.
        if empty {
            place.write("study.toml", format!("{}\n", place.mark).as_bytes())?;
        }
        Ok(place)
    }

    /// Writes a file of the nation, whole or not at all.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Problems> {
        write_whole(&self.out.join(name), bytes)
    }

    /// Where a lake is written before it takes its place.
    pub(super) fn new_lake(&self) -> PathBuf {
        self.out.join("lake.new")
    }

    /// Puts the raw files, and the lake if that was made, in their places.
    pub(super) fn finish(self, lake: bool) -> Result<(), Problems> {
        if !self.whole {
            return Ok(());
        }
        replace(&self.raw, &self.out.join("raw"))?;
        if lake {
            replace(&self.new_lake(), &self.out.join("lake"))?;
            // No raw file is behind this lake; a run takes it as it is.
            let loaded = LoadedStudy::load(&self.out.join("study.toml"), &Overrides::default())?;
            if let Some(raw) = &loaded.study.input.raw {
                crate::lake::note_without_files(&crate::lake::plan(&loaded, raw)?)?;
            }
        }
        Ok(())
    }
}

fn replace(new: &Path, place: &Path) -> Result<(), Problems> {
    if place.exists() {
        fs::remove_dir_all(place).doing("cannot be removed", place)?;
    }
    fs::rename(new, place).doing("cannot be renamed", new)
}

/// Writes a file beside its place and renames it.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Problems> {
    let beside = beside(path);
    fs::write(&beside, bytes).doing("cannot be written", &beside)?;
    fs::rename(&beside, path).doing("cannot be renamed", &beside)
}

/// The name of a file that is not finished.
pub(super) fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".part");
    path.with_file_name(name)
}
