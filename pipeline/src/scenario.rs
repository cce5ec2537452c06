//! A scenario: the study's results, a reform's, and what lies between them. Only what lies downstream of the reform is made
//! anew.

mod sweep;

use crate::files::{hash_file, hash_texts, read_text, write_atomically};
use crate::manifest::VERSION;
use crate::output::Output;
use crate::run::{run_study, stage_named};
use crate::study::{Finding, InputFile, LoadedStudy};
use crate::tables::write_both;
use crate::trouble::{self, Io, Outcome};
use acoledger_aco::scenario::{Difference, Reform, Scenario, Summary, differences, settle, summaries};
use acoledger_aco::tables::{BenchmarkStep, SavingsLosses};
use acoledger_aco::{Detail, Index, expected};
use acoledger_schemas::limits::{MANIFEST_BYTES, SETTINGS_BYTES};
use acoledger_schemas::program::Program;
use acoledger_schemas::rates::Rates;
use acoledger_schemas::stages::{STAGES, Stage};
use serde::Serialize;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What a scenario found, for the page.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) folder: PathBuf,
    pub(crate) titles: Vec<String>,
    pub(crate) first_stage: Option<&'static Stage>,
    pub(crate) differences: Vec<Difference>,
    pub(crate) summaries: Vec<Summary>,
    pub(crate) findings: Vec<String>,
    /// Points of the sweep, 0 without one.
    pub(crate) points: usize,
}

/// `manifest.json` of a scenario.
#[derive(Debug, Serialize)]
struct Manifest<'a> {
    version: &'a str,
    study: &'a str,
    performance_years: &'a [i32],
    reforms: Vec<ReformRecord<'a>>,
    first_stage: Option<&'a str>,
    inputs: &'a [InputFile],
    findings: &'a [String],
    outputs: Vec<InputFile>,
}

#[derive(Debug, Serialize)]
struct ReformRecord<'a> {
    file: String,
    sha256: &'a str,
    title: &'a str,
    author: Option<&'a str>,
}

/// Reform files, read.
struct Reforms {
    files: Vec<(PathBuf, String)>,
    reforms: Vec<Reform>,
}

/// Runs a scenario and writes its folder.
///
/// # Errors
/// What stops it; the folder of an earlier one is then as it was.
pub(crate) fn run(loaded: &LoadedStudy, files: &[PathBuf], out: &Path) -> Outcome<Report> {
    let reforms = read(files)?;
    loaded.needs_whole_rates()?;
    let scenario = Scenario::new(&reforms.reforms, &loaded.rules)?;
    let first_stage = scenario.first_stage()?;
    let of_persons = check_door(loaded, &scenario, first_stage)?;
    match first_stage {
        None => tracing::info!("the reform changes nothing: the study's results stand"),
        Some(stage) => tracing::info!(stage = stage.name, "the reform runs from this stage on"),
    }
    let years = &loaded.study.study.performance_years;
    scenario.check_rules(&loaded.program, years)?;
    check_benchmark_years(loaded, &scenario, years)?;
    if of_persons {
        check_person_rules(loaded, &scenario, files)?;
    }
    check_place(out)?;
    if let Some(rates) = &loaded.rates {
        // Nothing of this takes long; what would stop the scenario stops it before the baseline is made.
        let (mut rates, mut program) = (rates.clone(), loaded.program.clone());
        change(&scenario, &mut rates, &mut program, years)?;
    } else if !scenario.changes_inputs() {
        scenario.check_conditions(&loaded.program, years)?;
    }
    let output = Output::begin(out)?;
    let rates = baseline_rates(loaded)?;
    let baseline_index = Index::new(&rates, &loaded.program);
    let baseline = acoledger_aco::run_with(&baseline_index, &loaded.program, &loaded.rules, years, Detail::Walk)?;
    write_tables(&output.folder().join("baseline"), &rates, &baseline)?;

    let (mut new_rates, mut new_program) = (rates.clone(), loaded.program.clone());
    let mut findings = Vec::new();
    if of_persons {
        (new_rates, findings) = rates_of_reform(loaded, &scenario, &rates, output.folder())?;
    }
    change(&scenario, &mut new_rates, &mut new_program, years)?;
    let (groups, conflicts) = scenario.groups(&new_program, years)?;
    if groups.is_empty() {
        return Err(no_aco_left(files));
    }
    let index = Index::new(&new_rates, &new_program);
    let reform = settle(&index, &groups, Detail::Walk)?;
    write_tables(&output.folder().join("reform"), &new_rates, &reform)?;

    let differences = differences(&baseline.savings_losses, &reform.savings_losses);
    let summaries = summaries(&differences);
    write_both(output.folder(), &differences)?;
    write_both(output.folder(), &summaries)?;
    let points =
        if scenario.has_sweep() { sweep::write(output.folder(), &scenario, &index, &new_program, years)? } else { 0 };
    findings.extend(conflicts);
    write_manifest(loaded, &reforms, first_stage, &findings, output.folder())?;
    output.commit()?;
    let titles = reforms.reforms.iter().map(|reform| reform.title.clone()).collect();
    Ok(Report { folder: out.to_owned(), titles, first_stage, differences, summaries, findings, points })
}

/// Changes inputs, and holds the reform's rules and conditions to the ACOs that are then there.
fn change(scenario: &Scenario, rates: &mut Rates, program: &mut Program, years: &[i32]) -> Outcome<()> {
    scenario.change_inputs(rates, program)?;
    scenario.check_rules(program, years)?;
    scenario.check_conditions(program, years)
}

/// A scenario takes the place of an earlier one, never of a run.
///
/// # Errors
/// A folder that another command made.
fn check_place(out: &Path) -> Outcome<()> {
    let manifest = out.join("manifest.json");
    if !manifest.is_file() || is_scenario(out)? {
        return Ok(());
    }
    let hint = "choose another folder with --out: a scenario would take the place of what is there";
    Err(trouble::of_file_with_hint(out, "holds a run, and no scenario", hint).into())
}

/// Whether a folder holds a scenario, by its manifest.
///
/// # Errors
/// A manifest that cannot be read.
pub(crate) fn is_scenario(folder: &Path) -> Outcome<bool> {
    let manifest = folder.join("manifest.json");
    if !manifest.is_file() {
        return Ok(false);
    }
    let text = read_text(&manifest, MANIFEST_BYTES)?;
    let value: serde_json::Value = serde_json::from_str(&text).doing("cannot be read", &manifest)?;
    Ok(value.get("reforms").is_some())
}

/// The scenario that a folder is `baseline` or `reform` of.
///
/// # Errors
/// A folder that cannot be read.
pub(crate) fn half_of(folder: &Path) -> Outcome<Option<PathBuf>> {
    let place = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let is_half = place.file_name().is_some_and(|name| name == "baseline" || name == "reform");
    match place.parent() {
        Some(parent) if is_half && is_scenario(parent)? => Ok(Some(parent.to_owned())),
        _ => Ok(None),
    }
}

fn read(files: &[PathBuf]) -> Outcome<Reforms> {
    let mut reforms = Reforms { files: Vec::new(), reforms: Vec::new() };
    for file in files {
        reforms.reforms.push(read_reform(file)?);
        reforms.files.push((file.clone(), hash_file(file)?));
    }
    Ok(reforms)
}

/// One reform file.
///
/// # Errors
/// A file that cannot be read or is no reform.
pub(crate) fn read_reform(file: &Path) -> Outcome<Reform> {
    let text = read_text(file, SETTINGS_BYTES)?;
    let reform = Reform::parse(&text).map_err(|message| of_reform(file, &message))?;
    Ok(Reform { file: file.display().to_string(), ..reform })
}

fn of_reform(file: &Path, message: &str) -> acoledger_schemas::table::Problems {
    let problem = crate::study::of_toml(file, message);
    let with_hint = |mut problem: acoledger_schemas::table::Problem| {
        problem.hint = Some("`acoledger help scenario` describes the reform file".into());
        problem
    };
    let count = problem.count;
    acoledger_schemas::table::Problems { first: problem.first.into_iter().map(with_hint).collect(), count }
}

/// Whether the reform asks for the person grain anew.
///
/// # Errors
/// It does, and the study starts from rates.
fn check_door(loaded: &LoadedStudy, scenario: &Scenario, first: Option<&Stage>) -> Outcome<bool> {
    let place = |name: &str| STAGES.iter().position(|stage| stage.name == name);
    let before = first.filter(|stage| place(stage.name) < place("benchmark"));
    let Some(stage) = before else { return Ok(false) };
    if loaded.rates.is_none() {
        return Ok(true);
    }
    // Another start of the agreement at the rates door: the base years are then looked for in the rates.
    if !scenario.needs_persons() && !scenario.changes_person_rules()? {
        return Ok(false);
    }
    let what = format!("the reform changes results from stage `{}` on, and the study starts from rates", stage.name);
    let hint = "name raw claims in `[input] raw` of the study: rates say nothing about single beneficiaries";
    Err(trouble::of_file_with_hint(&loaded.file, what, hint).into())
}

/// Whether the person grain makes every benchmark year that the benchmark asks for.
///
/// # Errors
/// It does not: one of the two rules was changed without the other.
fn check_benchmark_years(loaded: &LoadedStudy, scenario: &Scenario, years: &[i32]) -> Outcome<()> {
    if loaded.rates.is_some() {
        return Ok(());
    }
    let of_persons = scenario.rules_of_persons()?;
    let (groups, _) = scenario.groups(&loaded.program, years)?;
    for group in groups {
        crate::person::check_benchmark_years(&loaded.file, &of_persons, &group.rules, &group.program.aco)?;
    }
    Ok(())
}

/// Whether the person grain can take its rules as the reform leaves them.
///
/// # Errors
/// A rule without a sound value, under the reform files.
fn check_person_rules(loaded: &LoadedStudy, scenario: &Scenario, files: &[PathBuf]) -> Outcome<()> {
    let changed = loaded.changed(scenario.rules_of_persons()?, loaded.program.clone(), loaded.out());
    let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    crate::person::context(&changed, true).map(|_| ()).map_err(|mut problems| {
        for problem in problems.first.iter_mut().filter(|problem| problem.file.starts_with("rule")) {
            problem.file = format!("{}, {}", names.join(", "), problem.file);
        }
        problems
    })
}

fn no_aco_left(files: &[PathBuf]) -> acoledger_schemas::table::Problems {
    let file = files.last().map(PathBuf::as_path).unwrap_or(Path::new("--reform"));
    trouble::of_file_with_hint(file, "no ACO is left", "drop fewer").into()
}

/// The study's rates: its input, or what its own run makes of raw claims. That run is taken over where it is there.
fn baseline_rates(loaded: &LoadedStudy) -> Outcome<Rates> {
    match &loaded.rates {
        Some(rates) => Ok(rates.clone()),
        None => {
            let report = run_study(loaded, STAGES.last().expect("there are stages"))?;
            crate::run::read_rates(&report.folder.join("rates"))
        }
    }
}

/// Rates under rules and lists of the reform, and what the person grain met on the way: anew from the stage that differs, up
/// to `rates`, in a folder of its own.
fn rates_of_reform(
    loaded: &LoadedStudy,
    scenario: &Scenario,
    rates: &Rates,
    staging: &Path,
) -> Outcome<(Rates, Vec<String>)> {
    let program = scenario.program_of_persons(rates, &loaded.program)?;
    let changed = loaded.changed(scenario.rules_of_persons()?, program, staging.join("reform_persons"));
    let report = run_study(&changed, stage_named("rates")?)?;
    let rates = crate::run::read_rates(&report.folder.join("rates"));
    // Persons of a reform are large, and made again from the same files whenever they are asked for.
    fs::remove_dir_all(&report.folder).doing("cannot be removed", &report.folder)?;
    let of_persons = report.manifest.findings.iter().filter(|finding| finding.stage == "persons");
    let findings = of_persons.map(|finding| format!("under the reform, {}: {}", finding.what, finding.count));
    Ok((rates?, findings.collect()))
}

/// The tables of a run, from rates on.
fn write_tables(folder: &Path, rates: &Rates, outcome: &acoledger_aco::Outcome) -> Outcome<()> {
    crate::run::write_rates(&folder.join("rates"), rates)?;
    write_both(folder, &crate::aco::finding_rows(&outcome.findings))?;
    write_both::<BenchmarkStep>(folder, &outcome.benchmark)?;
    write_both::<SavingsLosses>(folder, &outcome.savings_losses)?;
    write_both::<expected::Expected>(folder, &outcome.expected)
}

fn write_manifest(
    loaded: &LoadedStudy,
    reforms: &Reforms,
    first_stage: Option<&Stage>,
    findings: &[String],
    folder: &Path,
) -> Outcome<()> {
    let mut outputs = Vec::new();
    for path in crate::files::files_below(folder)? {
        let file = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        outputs.push(InputFile { file, sha256: hash_file(&path)? });
    }
    outputs.sort_by(|a, b| a.file.cmp(&b.file));
    let records = reforms.files.iter().zip(&reforms.reforms).map(|((file, sha256), reform)| ReformRecord {
        file: loaded.name(file),
        sha256,
        title: &reform.title,
        author: reform.author.as_deref(),
    });
    let manifest = Manifest {
        version: VERSION,
        study: &loaded.study.study.name,
        performance_years: &loaded.study.study.performance_years,
        reforms: records.collect(),
        first_stage: first_stage.map(|stage| stage.name),
        inputs: &loaded.inputs,
        findings,
        outputs,
    };
    let text = serde_json::to_string_pretty(&manifest).expect("plain values serialise") + "\n";
    write_atomically(&folder.join("manifest.json"), |file| {
        file.write_all(text.as_bytes()).map_err(|error| error.to_string())
    })
}

impl LoadedStudy {
    /// This study under other rules and program rows. What differs is part of the keys of its stages.
    fn changed(&self, rules: acoledger_schemas::rules::Rules, program: Program, out: PathBuf) -> LoadedStudy {
        use acoledger_schemas::table::Table;
        let mut inputs = self.inputs.clone();
        if program.aco != self.program.aco {
            let mut text = Vec::new();
            acoledger_schemas::table::write_csv(&program.aco, &mut text).expect("memory takes every row");
            let sha256 = hash_texts([String::from_utf8_lossy(&text).as_ref()]);
            inputs
                .push(InputFile { file: format!("reform/{}.csv", acoledger_schemas::program::Aco::SPEC.name), sha256 });
        }
        LoadedStudy {
            file: self.file.clone(),
            folder: self.folder.clone(),
            study: self.study.clone(),
            rules,
            program,
            rates: None,
            findings: Vec::<Finding>::new(),
            inputs,
            lives: self.lives.clone(),
            csv: false,
            public: false,
            out: Some(out),
            beside: Some(self.out()),
            remote: Default::default(),
        }
    }
}
