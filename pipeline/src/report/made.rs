//! How the results were made, as the page tells it: version, rules, inputs, stages, findings.

use super::Subject;
use super::shown::{Shown, count, in_full};
use crate::files::read_text;
use crate::manifest::{Account, Manifest};
use crate::study::InputFile;
use crate::trouble::{Io, Outcome};
use acoledger_schemas::limits::MANIFEST_BYTES;
use acoledger_schemas::shown::shown;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// `manifest.json` of a scenario, as far as the page tells it.
#[derive(Debug, Deserialize)]
pub(super) struct ScenarioRecord {
    version: String,
    study: String,
    reforms: Vec<ReformRecord>,
    first_stage: Option<String>,
    inputs: Vec<InputFile>,
    findings: Vec<String>,
}

#[derive(Debug, Deserialize, Serialize)]
struct ReformRecord {
    file: String,
    sha256: String,
    title: String,
    author: Option<String>,
}

impl ScenarioRecord {
    pub(super) fn read(folder: &Path) -> Outcome<ScenarioRecord> {
        let path = folder.join("manifest.json");
        serde_json::from_str(&read_text(&path, MANIFEST_BYTES)?).doing("not a manifest", &path)
    }
}

/// The part of the page below the results.
#[derive(Debug, Default, Serialize)]
pub(super) struct Made {
    pub(super) study: String,
    pub(super) version: String,
    seed: Option<String>,
    rules_sha256: Option<String>,
    overridden: Vec<Rule>,
    reforms: Vec<ReformRecord>,
    first_stage: Option<String>,
    inputs: Vec<InputFile>,
    stages: Vec<Stage>,
    findings: Vec<Found>,
    quality: Vec<(String, String)>,
    /// What sets the other run apart.
    apart: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Rule {
    key: String,
    values: String,
    /// The other run's.
    other: Option<String>,
}

#[derive(Debug, Serialize)]
struct Found {
    stage: String,
    what: String,
    count: Option<Shown>,
    beyond: bool,
}

#[derive(Debug, Serialize)]
struct Stage {
    name: String,
    rows: Vec<AccountRow>,
}

#[derive(Debug, Serialize)]
struct AccountRow {
    table: String,
    unit: String,
    counts: [Shown; 4],
    rejected_dollars: String,
    balances: bool,
    reasons: Vec<(String, Shown)>,
}

impl Made {
    /// What is known of the way the results were made; a half of a scenario alone has no manifest, and says nothing.
    pub(super) fn of(subject: &Subject) -> Made {
        match (&subject.scenario, &subject.run.manifest) {
            (Some(scenario), _) => of_scenario(scenario),
            (None, Some(manifest)) => of_run(manifest, subject),
            (None, None) => Made { study: subject.run.name.clone(), ..Made::default() },
        }
    }
}

fn of_scenario(record: &ScenarioRecord) -> Made {
    let found = |what: &String| Found { stage: "scenario".into(), what: text(what), count: None, beyond: false };
    let reform = |reform: &ReformRecord| ReformRecord {
        file: text(&reform.file),
        sha256: text(&reform.sha256),
        title: text(&reform.title),
        author: reform.author.as_deref().map(text),
    };
    Made {
        study: text(&record.study),
        version: record.version.clone(),
        reforms: record.reforms.iter().map(reform).collect(),
        first_stage: record.first_stage.clone(),
        inputs: record.inputs.iter().map(input).collect(),
        findings: record.findings.iter().map(found).collect(),
        ..Made::default()
    }
}

fn of_run(manifest: &Manifest, subject: &Subject) -> Made {
    let other = subject.other.as_ref().map(|other| other.manifest.as_ref());
    let findings = manifest.findings.iter().map(|found| Found {
        stage: found.stage.clone(),
        what: text(&found.what),
        count: Some(count(i64::try_from(found.count).unwrap_or(i64::MAX))),
        beyond: found.beyond_limits,
    });
    let stages = manifest.stages.iter().filter(|stage| !stage.accounts.is_empty());
    Made {
        study: text(&manifest.study),
        version: manifest.version.clone(),
        seed: Some(manifest.seed.to_string()),
        rules_sha256: Some(manifest.rules.sha256.clone()),
        overridden: rules(manifest, other.flatten()),
        inputs: manifest.inputs.iter().map(input).collect(),
        stages: stages
            .map(|stage| Stage { name: stage.stage.clone(), rows: stage.accounts.iter().map(account).collect() })
            .collect(),
        findings: findings.collect(),
        quality: manifest.quality.iter().map(|(check, share)| (check.clone(), format!("{}%", share * 100.0))).collect(),
        apart: other.map(|other| apart(manifest, other)).unwrap_or_default(),
        ..Made::default()
    }
}

fn input(file: &InputFile) -> InputFile {
    InputFile { file: text(&file.file), sha256: file.sha256.clone() }
}

fn text(text: &str) -> String {
    shown(text).into_owned()
}

fn account(of: &Account) -> AccountRow {
    let rows = |number: u64| count(i64::try_from(number).unwrap_or(i64::MAX));
    AccountRow {
        table: text(&of.table),
        unit: of.unit.clone(),
        counts: [of.rows_in, of.rows_used, of.rows_left_out, of.rows_rejected].map(rows),
        rejected_dollars: in_full(of.cents_rejected),
        balances: of.balances(),
        reasons: of.reasons.iter().map(|reason| (text(&reason.reason), rows(reason.rows))).collect(),
    }
}

/// Rules that the study replaced, or the other run's study.
fn rules(manifest: &Manifest, other: Option<&Manifest>) -> Vec<Rule> {
    let values = |manifest: &Manifest, key: &str| {
        manifest.rules.overridden.iter().find(|rule| rule.key == key).map(|rule| text(&rule.told()))
    };
    let all = [Some(manifest), other].into_iter().flatten().flat_map(|of| &of.rules.overridden);
    let mut keys: Vec<&str> = all.map(|rule| rule.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    let law = || "the law's".to_owned();
    let rule = |key: &&str| Rule {
        key: (*key).to_owned(),
        values: values(manifest, key).unwrap_or_else(law),
        other: other.map(|other| values(other, key).unwrap_or_else(law)),
    };
    keys.iter().map(rule).collect()
}

/// What else than rules differs between two runs.
fn apart(manifest: &Manifest, other: Option<&Manifest>) -> Vec<String> {
    let Some(other) = other else {
        return vec!["The other run has no manifest of its own: rules and inputs are not compared.".into()];
    };
    crate::compare::notes_on(&[Some(manifest.clone()), Some(other.clone())])
}
