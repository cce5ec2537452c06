//! Every door through which bytes of others come in, one by one: for the tests and the fuzzer that throw bytes at them. No
//! command goes this way.
//!
//! Each door takes bytes as a file that a user names or that lies in a folder of inputs, and goes as far with them as the
//! program would. What it writes, it writes below its own folder. It answers whether the bytes were taken or refused.

mod lake;

use crate::files::is_below;
use crate::lives::Lives;
use crate::manifest::{Manifest, Metrics};
use crate::program::read_program;
use crate::rates_door::{read_county_file, read_rates_of};
use crate::study::{rules_from, study_in};
use crate::tables::read_parquet_file;
use crate::trouble::{Io, Outcome, of_file_with_hint, of_rule};
use acoledger_aco::replay::{replay, tie_out};
use acoledger_aco::scenario::{Reform, Scenario, settle};
use acoledger_aco::tables::SavingsLosses;
use acoledger_aco::{Detail, Index};
use acoledger_person::Facts;
use acoledger_schemas::program::{self, Program};
use acoledger_schemas::rates::{self, Rates};
use acoledger_schemas::rules::Rules;
use acoledger_schemas::study::Study;
use acoledger_schemas::table::{Problems, Table, match_header, read_csv};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The doors, by the names of their folders of seeds.
pub const NAMES: [&str; 20] = [
    "delimited",
    "packed",
    "raw_parquet",
    "cclf",
    "zip",
    "months",
    "list",
    "study",
    "rules",
    "reform",
    "results",
    "county",
    "program",
    "rates",
    "tables_parquet",
    "lake",
    "score",
    "score_parquet",
    "diagnosis_map",
    "manifest",
];

/// The doors, ready to be knocked at.
pub struct Doors {
    /// Folder of what was made ready.
    base: PathBuf,
    /// Folder of the case at hand.
    case: PathBuf,
    rules: Rules,
    study: Study,
    program: Program,
    lives: Arc<Lives>,
    rates: Rates,
    ours: Vec<SavingsLosses>,
    lake: lake::Base,
    scorers: crate::score::Door,
}

impl Doors {
    /// Makes ready what inputs stand beside each other, of seeds: `corpus` has a folder of them for each door. Works below
    /// `scratch`, in `base` and in `case`.
    ///
    /// # Errors
    /// Seeds that are absent or refused, the disk.
    pub fn prepare(scratch: &Path, corpus: &Path) -> Outcome<Doors> {
        let (base, case) = (scratch.join("base"), scratch.join("case"));
        for (door, folder) in [("delimited", "raw"), ("months", "cclf"), ("program", "program"), ("rates", "rates")] {
            copy(&corpus.join(door), &base.join(folder))?;
        }
        fs::copy(corpus.join("study/raw.toml"), base.join("study.toml")).doing("cannot be copied", corpus)?;
        crate::ingest::doors::base_feed(&base.join("cclf"))?;
        let rules = Rules::built_in().map_err(|error| of_rule(&error))?;
        let study = study_in(&base.join("study.toml"))?;
        let (program, lives, _) = read_program(&base.join("program"), &study, &base)?;
        let lives = Arc::new(lives);
        let mut of_rates = study.clone();
        of_rates.input.raw = None;
        let (rates, _) = read_rates_of(&of_rates, Some(&program), &base.join("rates"))?;
        let results = corpus.join("results/savings_losses.csv");
        let ours = read_csv(fs::File::open(&results).doing("cannot be read", &results)?, "savings_losses.csv")?;
        let lake = lake::Base::make(&base, &rules, (&program, &lives), &study)?;
        Ok(Doors { base, case, rules, study, program, lives, rates, ours, lake, scorers: crate::score::Door::new()? })
    }

    /// Throws bytes at a door: whether it took them.
    ///
    /// # Errors
    /// What the program says of bytes that it refuses.
    pub fn knock(&self, door: &str, bytes: &[u8]) -> Outcome<()> {
        let io = |error: std::io::Error| -> Problems { of_file_with_hint(&self.case, error.to_string(), "").into() };
        if self.case.exists() {
            fs::remove_dir_all(&self.case).map_err(io)?;
        }
        fs::create_dir_all(&self.case).map_err(io)?;
        let input = self.case.join(if door.ends_with("parquet") { "input.parquet" } else { "input" });
        fs::write(&input, bytes).map_err(io)?;
        match door {
            "delimited" | "packed" | "raw_parquet" => crate::ingest::doors::research(&self.base, &self.case, &input),
            "cclf" | "zip" | "months" | "list" => crate::ingest::doors::feed(&self.base, &self.case, door, bytes),
            "study" => self.study(&input),
            "rules" => rules_from(Some(&input)).map(drop),
            "reform" => self.reform(&input),
            "results" => self.results(bytes),
            "county" => read_county_file(bytes, &self.program),
            "program" => self.program(bytes),
            "rates" => self.rates(bytes),
            "tables_parquet" => tables_parquet(&input),
            "lake" => self.lake.knock(&self.case, &input),
            "score" | "score_parquet" => self.scorers.people(&input),
            "diagnosis_map" => self.scorers.map(&input),
            "manifest" => manifest(&self.case, bytes),
            _ => unreachable!("doors are named in a list"),
        }
    }

    fn study(&self, input: &Path) -> Outcome<()> {
        let study = study_in(input)?;
        let rules = crate::study::rules_in(input)?;
        let facts = Facts::of(&study, true).map_err(|what| crate::trouble::of_study(input, &what))?;
        self.lives.context(&rules, &self.program, &facts).map(drop)
    }

    fn reform(&self, input: &Path) -> Outcome<()> {
        let reform = crate::scenario::read_reform(input)?;
        let reforms: [Reform; 1] = [reform];
        let years = &self.study.study.performance_years;
        let scenario = Scenario::new(&reforms, &self.rules)?;
        scenario.first_stage()?;
        scenario.check_rules(&self.program, years)?;
        let (mut rates, mut program) = (self.rates.clone(), self.program.clone());
        scenario.change_inputs(&mut rates, &mut program)?;
        let (groups, _) = scenario.groups(&program, years)?;
        let index = Index::new(&rates, &program);
        settle(&index, &groups, Detail::Walk)?;
        for point in 0..scenario.point_count().min(3) {
            scenario.groups_at(&scenario.point(point), &program, years)?;
        }
        Ok(())
    }

    fn results(&self, bytes: &[u8]) -> Outcome<()> {
        let tied = tie_out(&self.ours, bytes, "results.csv", None, &self.rules);
        let replayed = replay(bytes, "results.csv", None, &self.rules);
        let replayed = match replayed {
            Ok(replayed) => replayed,
            Err(_) => replay(bytes, "results.csv", Some(2023), &self.rules)?,
        };
        crate::commands::replay::look(Path::new("results.csv"), &replayed);
        tied.map(drop)
    }

    fn program(&self, bytes: &[u8]) -> Outcome<()> {
        let folder = self.case.join("program");
        copy(&self.base.join("program"), &folder)?;
        put(&folder, bytes, &PROGRAM)?;
        let (program, lives, _) = read_program(&folder, &self.study, &folder)?;
        let facts = Facts::of(&self.study, false).map_err(|what| crate::trouble::of_study(&folder, &what))?;
        lives.context(&self.rules, &program, &facts).map(drop)
    }

    fn rates(&self, bytes: &[u8]) -> Outcome<()> {
        let folder = self.case.join("rates");
        copy(&self.base.join("rates"), &folder)?;
        put(&folder, bytes, &RATES)?;
        let mut study = self.study.clone();
        study.input.raw = None;
        let (rates, _) = read_rates_of(&study, Some(&self.program), &folder)?;
        let index = Index::new(&rates, &self.program);
        let years = &study.study.performance_years;
        acoledger_aco::run_with(&index, &self.program, &self.rules, years, Detail::Walk).map(drop)
    }
}

/// A table by its name: whether a header is its own, and how it is read from Parquet.
type Known = (&'static str, fn(&[&str]) -> bool, fn(&Path) -> Outcome<()>);

macro_rules! known {
    ($($table:ty),+ $(,)?) => {
        [$((<$table as Table>::SPEC.name, |header| match_header(&<$table as Table>::SPEC, header, "").is_ok(), |path| {
            read_parquet_file::<$table>(path).map(drop)
        })),+]
    };
}

const PROGRAM: [Known; 22] = known![
    program::Aco,
    program::AcoHistory,
    program::Participant,
    program::ParticipantCcn,
    program::AcoProvider,
    program::ProviderSpecialty,
    program::VoluntaryAlignment,
    program::OtherInitiative,
    program::AssignmentGiven,
    program::RiskScore,
    program::EsrdMonth,
    program::RiskStatus,
    program::LisAdi,
    program::NonClaimsPayment,
    program::ClaimReduction,
    program::ImproperPayment,
    program::EtaHospital,
    program::EtaFee,
    program::Acpt,
    program::CompletionFactor,
    program::Disaster,
    program::CountyCrosswalk,
];
const RATES: [Known; 6] = known![
    rates::National,
    rates::CountyRate,
    rates::AcoYear,
    rates::AcoCounty,
    rates::AcoHeads,
    rates::AcoCountyHeads,
];

/// Writes bytes as the table whose header they have, the first where they have none.
fn put(folder: &Path, bytes: &[u8], tables: &[Known]) -> Outcome<()> {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let header = String::from_utf8_lossy(first).into_owned();
    let names: Vec<&str> = header.split(',').collect();
    let known = if names.len() < 100 { tables.iter().find(|(_, is_own, _)| is_own(&names)) } else { None };
    let path = folder.join(format!("{}.csv", known.unwrap_or(&tables[0]).0));
    // What stands there is a seed's own file, linked: it must not be written to.
    let _ = fs::remove_file(&path);
    fs::write(&path, bytes).doing("cannot be written", &path)
}

/// Reads a Parquet file as every table; the answer is that of the first that takes it.
fn tables_parquet(input: &Path) -> Outcome<()> {
    let mut answers: Vec<Outcome<()>> = PROGRAM.iter().chain(&RATES).map(|(.., read)| read(input)).collect();
    let taken = answers.iter().position(Result::is_ok).unwrap_or(0);
    answers.swap_remove(taken)
}

/// Reads JSON as every manifest that is read back; the answer is that of the first that takes it.
fn manifest(case: &Path, bytes: &[u8]) -> Outcome<()> {
    for name in ["manifest.json", "metrics.json", "inputs.json"] {
        fs::write(case.join(name), bytes).doing("cannot be written", case)?;
    }
    let run = Manifest::read(case).map(drop);
    let lake = crate::lake::standing(case).map(|lake| {
        assert!(lake.report.files.iter().all(|file| is_below(&file.file)), "files of a lake lie in it");
    });
    let metrics: Result<Metrics, _> = serde_json::from_slice(bytes);
    let _ = crate::scenario::is_scenario(case);
    crate::lake::look_at_earlier(case);
    if metrics.is_ok() { Ok(()) } else { run.or(lake) }
}

/// Copies the files of a folder, or links them where the disk can.
fn copy(from: &Path, to: &Path) -> Outcome<()> {
    fs::create_dir_all(to).doing("cannot be created", to)?;
    for path in crate::files::files_below(from)? {
        let target = to.join(path.strip_prefix(from).unwrap_or(&path));
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).doing("cannot be created", folder)?;
        }
        let linked = fs::hard_link(&path, &target).or_else(|_| fs::copy(&path, &target).map(drop));
        linked.doing("cannot be copied", &path)?;
    }
    Ok(())
}
