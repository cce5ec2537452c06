//! The study file: what is asked, of which inputs, with which rules and limits. An unknown key is an error.

use serde::Deserialize;
use std::collections::BTreeMap;

/// Shards that a lake may have.
pub const MOST_SHARDS: u32 = 4096;

/// A study, as its TOML file says. Paths are relative to the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Study {
    /// What is asked.
    pub study: Question,
    /// Where the inputs are.
    pub input: Input,
    /// The lake.
    #[serde(default)]
    pub lake: Lake,
    /// How to run.
    #[serde(default)]
    pub run: Run,
    /// Rule overrides by key.
    #[serde(default)]
    pub rules: toml::Table,
    /// Beyond these: exit status 1.
    #[serde(default)]
    pub limits: Limits,
}

/// What is asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Name of the study.
    pub name: String,
    /// Performance years.
    pub performance_years: Vec<i32>,
    /// Seed, only for what the law leaves to chance (ties).
    #[serde(default = "one")]
    pub seed: u64,
}
fn one() -> u64 {
    1
}

/// Where the inputs are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Raw files: a folder, or globs by raw table.
    pub raw: Option<Raw>,
    /// Layout of the raw files.
    #[serde(default)]
    pub layout: Layout,
    /// Folder of program files.
    pub program: String,
    /// System of the county key.
    #[serde(default)]
    pub county_codes: CountyCodes,
    /// How complete the claims are: `3-months`, `mature`, or the day through which claims are known.
    #[serde(default = "three_months")]
    pub maturity: String,
    /// Folder of rates, in place of raw files. CMS's published county files may lie there as they are. Beside a feed
    /// (`layout = "cclf"`): the nation and the counties, which one ACO's claims cannot tell.
    pub rates: Option<String>,
    /// Share of the payments that CMS counts which a feed carries; per capita spending is divided by it.
    pub completeness: Option<f64>,
    /// Whether national spending that no table gives is the mean of a published county file, weighted by person years.
    #[serde(default)]
    pub national_from_county: bool,
    /// Whose assignment counts: our own, or the list of the program file `assignment_given`.
    #[serde(default)]
    pub assignment: AssignmentSource,
    /// Whether a plain number in a date column of a raw file is a SAS day number, days since 1960-01-01.
    #[serde(default)]
    pub sas_day_numbers: bool,
}
fn three_months() -> String {
    "3-months".into()
}

/// Raw files: a folder, or globs by raw table.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Raw {
    /// A folder whose file names begin with the raw table's name.
    Folder(String),
    /// Globs by raw table.
    Globs(BTreeMap<String, Globs>),
}
/// One glob or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Globs {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// Layout of raw files.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// Research files: delimited text or Parquet.
    #[default]
    Rif,
    /// Claim and Claim Line Feed.
    Cclf,
}

/// System of the county key.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum CountyCodes {
    /// FIPS.
    #[default]
    Fips,
    /// SSA.
    Ssa,
}

/// Whose assignment counts. With `own`, a list that is there is compared with.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum AssignmentSource {
    /// Our own, by the rules.
    #[default]
    Own,
    /// The list of `assignment_given`.
    Given,
}

/// The lake.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lake {
    /// Folder.
    pub path: String,
    /// Shards, a power of two.
    pub shards: u32,
}
impl Default for Lake {
    fn default() -> Self {
        Lake { path: "lake".into(), shards: 64 }
    }
}

/// Threads that a run may ask for: far more than machines have.
pub const MOST_THREADS: usize = 1024;

/// How to run.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Run {
    /// Output folder.
    pub out: String,
    /// Threads; 0: all.
    pub threads: usize,
    /// Bound on memory: `4GiB`.
    pub memory: String,
    /// Who may read the lake and the output.
    pub readable_by: ReadableBy,
}
impl Default for Run {
    fn default() -> Self {
        Run { out: "run".into(), threads: 0, memory: "4GiB".into(), readable_by: ReadableBy::Owner }
    }
}

/// Who may read what a run writes, where the system knows owners and groups.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum ReadableBy {
    /// Its owner alone.
    #[default]
    Owner,
    /// Its group too.
    Group,
}

/// Beyond these: exit status 1.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Share of raw rows that may be rejected.
    pub rejected_rows: f64,
    /// Share of cents that may be rejected.
    pub rejected_cents_share: f64,
    /// TINs in two ACOs that may occur; absent: any number, as a finding.
    pub shared_tins: Option<u64>,
    /// Share of the rows looked at that may be wrong, by check of the data's quality; what goes beyond stops a run.
    pub quality: BTreeMap<String, f64>,
}
impl Default for Limits {
    fn default() -> Self {
        Limits { rejected_rows: 0.001, rejected_cents_share: 0.001, shared_tins: None, quality: BTreeMap::new() }
    }
}

impl Study {
    /// Parses and checks a study file's text.
    ///
    /// # Errors
    /// What is wrong, with line and column as TOML gives them.
    pub fn parse(text: &str) -> Result<Study, String> {
        let study: Study = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        if study.study.performance_years.is_empty() {
            return Err("`study.performance_years` names no year".into());
        }
        for (i, year) in study.study.performance_years.iter().enumerate() {
            if !(2012..=2030).contains(year) {
                return Err(format!("`study.performance_years`: not a program year: {year}"));
            }
            if study.study.performance_years[..i].contains(year) {
                return Err(format!("`study.performance_years`: twice: {year}"));
            }
        }
        if !study.lake.shards.is_power_of_two() || study.lake.shards > MOST_SHARDS {
            return Err(format!("`lake.shards`: not a power of two up to 4096: {}", study.lake.shards));
        }
        if study.run.threads > MOST_THREADS {
            return Err(format!("`run.threads`: more than {MOST_THREADS}: {}", study.run.threads));
        }
        study.memory_bytes()?;
        study.maturity()?;
        if study.input.raw.is_none() && study.input.rates.is_none() {
            return Err("`input` names neither `raw` nor `rates`".into());
        }
        if let Some((key, share)) = study.limits.quality.iter().find(|(_, share)| !(0.0..=1.0).contains(*share)) {
            return Err(format!("`limits.quality.{key}`: not a share from 0 to 1: {share}"));
        }
        let feed = study.input.layout == Layout::Cclf;
        if study.input.raw.is_some() && study.input.rates.is_some() && !feed {
            return Err("`input` names both `raw` and `rates`: a study has one door".into());
        }
        if feed && study.input.county_codes == CountyCodes::Ssa {
            return Err("`input.county_codes`: a feed has counties in FIPS codes only".into());
        }
        match study.input.completeness {
            Some(_) if !feed => {
                return Err("`input.completeness`: research files hold all claims; it is for a feed alone".into());
            }
            Some(share) if !(share > 0.0 && share <= 1.0) => {
                return Err(format!("`input.completeness`: not a share above 0 and up to 1: {share}"));
            }
            _ => {}
        }
        Ok(study)
    }

    /// The memory bound in bytes.
    ///
    /// # Errors
    /// When it does not read like `4GiB`, `512MiB`.
    pub fn memory_bytes(&self) -> Result<u64, String> {
        let text = self.run.memory.trim();
        let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
        let scale = match unit.trim() {
            "GiB" => 1u64 << 30,
            "MiB" => 1 << 20,
            "KiB" => 1 << 10,
            "" => 1,
            _ => return Err(format!("`run.memory`: not a size like 4GiB: `{text}`")),
        };
        number
            .parse::<u64>()
            .ok()
            .and_then(|n| n.checked_mul(scale))
            .ok_or_else(|| format!("`run.memory`: not a size like 4GiB: `{text}`"))
    }

    /// How complete the claims are.
    ///
    /// # Errors
    /// When it is none of `3-months`, `mature`, a day.
    pub fn maturity(&self) -> Result<Maturity, String> {
        match self.input.maturity.as_str() {
            "3-months" => Ok(Maturity::ThreeMonths),
            "mature" => Ok(Maturity::Mature),
            text => crate::values::Date::parse_iso(text)
                .map(Maturity::Through)
                .ok_or_else(|| format!("`input.maturity`: none of `3-months`, `mature`, a day: `{text}`")),
        }
    }
}

/// How complete the claims are; decides the completion factor and what lists could know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maturity {
    /// Three months of run-out after each year.
    ThreeMonths,
    /// A year or more: nothing to complete.
    Mature,
    /// Claims processed through this day.
    Through(crate::values::Date),
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOOD: &str = "[study]\nname='x'\nperformance_years=[2023]\n[input]\nraw='raw'\nprogram='program'\n";

    #[test]
    fn a_small_study_parses_with_defaults() {
        let study = Study::parse(GOOD).expect("good");
        assert_eq!((study.lake.shards, study.run.threads, study.memory_bytes()), (64, 0, Ok(4 << 30)));
    }

    #[test]
    fn unknown_keys_and_bad_values_are_errors() {
        for (bad, says) in [
            (GOOD.replace("raw='raw'", "raw='raw'\nraww=1"), "unknown field `raww`"),
            (GOOD.replace("2023", "1999"), "not a program year: 1999"),
            (GOOD.replace("2023", "2023,2023"), "twice: 2023"),
            (format!("{GOOD}[lake]\nshards=12\n"), "not a power of two"),
            (format!("{GOOD}[run]\nmemory='4GB'\n"), "not a size like 4GiB"),
            (GOOD.replace("raw='raw'\n", ""), "neither"),
            (GOOD.replace("raw='raw'", "raw='raw'\nrates='r'"), "both"),
            (GOOD.replace("raw='raw'", "raw='raw'\ncompleteness=0.9"), "for a feed alone"),
            (
                GOOD.replace("raw='raw'", "raw='raw'\nlayout='cclf'\ncompleteness=1.1"),
                "not a share above 0 and up to 1: 1.1",
            ),
            (GOOD.replace("raw='raw'", "raw='raw'\nlayout='cclf'\ncounty_codes='ssa'"), "in FIPS codes only"),
        ] {
            let error = Study::parse(&bad).expect_err(says);
            assert!(error.contains(says), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_study_or_refused(at in 0usize..120, cut in 0usize..20, text in "[\\PC\n]{0,12}") {
            let mut study = GOOD.to_owned();
            let at = at.min(study.len());
            let end = (at + cut).min(study.len());
            study.replace_range(at..end, &text);
            let _ = Study::parse(&study);
        }

        #[test]
        fn any_size_is_one_or_refused(memory in "[0-9]{0,22} ?(GiB|MiB|KiB|GB|é)?") {
            let _ = Study::parse(&format!("{GOOD}[run]\nmemory = '{memory}'\n"));
        }
    }

    #[test]
    fn nothing_lies_in_itself_without_end() {
        assert!(Study::parse(&format!("x = {}", "[".repeat(100_000))).is_err());
        assert!(Study::parse(&"[a".repeat(50_000)).is_err());
        assert!(Study::parse(&format!("{}{}", GOOD, "a.".repeat(50_000))).is_err());
    }
}
