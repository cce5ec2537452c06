//! What the workbook is made from: the tables of the run, and the rules that it read.

use super::block::{BY3, Law, PY, Story};
use crate::aco::FindingRow;
use crate::manifest::{Manifest, OverriddenRule, hash_rules};
use crate::tables::read_parquet;
use crate::trouble::{self, Outcome};
use acoledger_aco::benchmark::BenchmarkRules;
use acoledger_aco::expected::Expected;
use acoledger_aco::settle::SettleRules;
use acoledger_aco::tables::{BenchmarkStep, SavingsLosses};
use acoledger_schemas::rates::{AcoHeads, AcoYear, National};
use acoledger_schemas::rules::Rules;
use acoledger_schemas::values::{Cohort, Date, EnrollmentType, PerformanceYear, Period};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// The run.
pub(super) struct Sources {
    pub(super) manifest: Option<Manifest>,
    pub(super) results: Vec<SavingsLosses>,
    pub(super) expected: Vec<Expected>,
    pub(super) findings: Vec<FindingRow>,
    /// The rules of the run; `None` where this program's own, with the run's overrides, are others.
    pub(super) rules: Option<Rules>,
    settle: BTreeMap<i32, SettleRules>,
    steps: Vec<BenchmarkStep>,
    own: Vec<AcoYear>,
    national: Vec<National>,
    heads: Vec<AcoHeads>,
}

/// Reads the run in `folder`.
///
/// # Errors
/// Tables that cannot be read; a run without results.
pub(super) fn read(folder: &Path) -> Outcome<Sources> {
    let results: Vec<SavingsLosses> = read_parquet(folder)?.unwrap_or_default();
    if results.is_empty() {
        let hint = "a workbook needs a run that came to its end: `acoledger run STUDY.toml`";
        return Err(trouble::of_file_with_hint(folder, "no ACO was settled", hint).into());
    }
    let manifest = Manifest::read(folder)?;
    let rules = manifest.as_ref().and_then(rules_of);
    let mut settle = BTreeMap::new();
    if let Some(rules) = &rules {
        for year in results.iter().map(|row| row.performance_year) {
            settle.insert(year.0, SettleRules::load(rules, year).map_err(|error| trouble::of_rule(&error))?);
        }
    }
    let rates = folder.join("rates");
    let mut steps: Vec<BenchmarkStep> = read_parquet(folder)?.unwrap_or_default();
    steps.sort_by(|a, b| key(a).cmp(&key(b)).then(a.step_no.cmp(&b.step_no)));
    Ok(Sources {
        manifest,
        results,
        expected: read_parquet(folder)?.unwrap_or_default(),
        findings: read_parquet(folder)?.unwrap_or_default(),
        rules,
        settle,
        steps,
        own: read_parquet(&rates)?.unwrap_or_default(),
        national: read_parquet(&rates)?.unwrap_or_default(),
        heads: read_parquet(&rates)?.unwrap_or_default(),
    })
}

/// What identifies an ACO-year.
type Key<'s> = (PerformanceYear, &'static str, &'s str);

fn key(step: &BenchmarkStep) -> Key<'_> {
    (step.performance_year, step.period.code(), step.aco_id.as_str())
}

/// The rules that a run read: this program's with the run's overrides, if their hash is the run's.
fn rules_of(manifest: &Manifest) -> Option<Rules> {
    let mut overrides = toml::Table::new();
    for OverriddenRule { key, values } in &manifest.rules.overridden {
        let dated = values.iter().map(|(from, value)| {
            let value: toml::Value =
                toml::from_str::<toml::Table>(&format!("value = {value}")).ok()?.remove("value")?;
            let mut entry = toml::Table::new();
            entry.insert("from".into(), toml::Value::String(from.clone()));
            entry.insert("value".into(), value);
            Some(toml::Value::Table(entry))
        });
        overrides.insert(key.clone(), toml::Value::Array(dated.collect::<Option<Vec<_>>>()?));
    }
    let rules = Rules::built_in().ok()?.with_overrides(&overrides).ok()?;
    (hash_rules(&rules, |_| true) == manifest.rules.sha256).then_some(rules)
}

impl Sources {
    /// Name of the study.
    pub(super) fn study(&self) -> &str {
        self.manifest.as_ref().map_or("run", |manifest| &manifest.study)
    }

    /// Performance years, as text.
    pub(super) fn years(&self) -> String {
        self.performance_years().iter().map(i32::to_string).collect::<Vec<_>>().join(", ")
    }

    /// Performance years of the results, ascending.
    pub(super) fn performance_years(&self) -> Vec<i32> {
        let mut years: Vec<i32> = self.results.iter().map(|row| row.performance_year.0).collect();
        years.sort_unstable();
        years.dedup();
        years
    }

    /// The rules of settlement by performance year; none where the run's rules are not known.
    pub(super) fn settle_rules(&self) -> &BTreeMap<i32, SettleRules> {
        &self.settle
    }

    /// Every ACO and performance year, in the order of the results.
    pub(super) fn stories(&self) -> Vec<Story<'_>> {
        let mut steps: HashMap<Key<'_>, &[BenchmarkStep]> = HashMap::new();
        for walk in self.steps.chunk_by(|a, b| key(a) == key(b)) {
            steps.insert(key(&walk[0]), walk);
        }
        let mut own: HashMap<Key<'_>, Vec<&AcoYear>> = HashMap::new();
        for row in &self.own {
            own.entry((row.performance_year, row.period.code(), row.aco_id.as_str())).or_default().push(row);
        }
        let mut heads: HashMap<(Key<'_>, i32), &AcoHeads> = HashMap::new();
        for row in &self.heads {
            let key = (row.performance_year, row.period.code(), row.aco_id.as_str());
            heads.insert((key, row.calendar_year.0), row);
        }
        let national: HashMap<(i32, i32, EnrollmentType), f64> = self
            .national
            .iter()
            .filter_map(|row| {
                Some(((row.performance_year.0, row.calendar_year.0, row.enrollment_type), row.per_capita?))
            })
            .collect();
        let story = |result| {
            let key = key_of(result);
            let steps = steps.get(&key).copied().unwrap_or_default();
            let rows = own.get(&key).map_or(&[][..], Vec::as_slice);
            let law = self.law(result);
            let years = calendar_years(result, steps, law.as_ref());
            let of_kinds = |year: i32, cohort: Cohort| {
                EnrollmentType::ALL.map(|kind| {
                    let is = |row: &&&AcoYear| {
                        row.calendar_year.0 == year && row.enrollment_type == kind && row.cohort == cohort
                    };
                    rows.iter().find(is).copied().filter(|row| row.person_years.is_some_and(|years| years > 0.0))
                })
            };
            let nation = |year: i32| {
                EnrollmentType::ALL.map(|kind| national.get(&(result.performance_year.0, year, kind)).copied())
            };
            Story {
                result,
                steps,
                years,
                own: years.map(|year| of_kinds(year, Cohort::All)),
                cohorts: [Cohort::Newly, Cohort::Continuously].map(|cohort| of_kinds(years[PY], cohort)),
                national: years.map(nation),
                heads: [years[BY3], years[PY]].map(|year| heads.get(&(key, year)).copied()),
                law,
            }
        };
        self.results.iter().map(story).collect()
    }

    /// The rules that an ACO is under.
    fn law(&self, result: &SavingsLosses) -> Option<Law<'_>> {
        let rules = self.rules.as_ref()?;
        let (start, number) = (start_of(result)?, result.agreement_period_num);
        let benchmark = BenchmarkRules::load(rules, start, number, result.performance_year).ok()?;
        Some(Law { rules, benchmark, settle: self.settle.get(&result.performance_year.0)? })
    }
}

fn key_of(result: &SavingsLosses) -> Key<'_> {
    (result.performance_year, result.period.code(), result.aco_id.as_str())
}

/// First day of the agreement, which the published column prints as month, day and year.
pub(super) fn start_of(result: &SavingsLosses) -> Option<Date> {
    let parts: Vec<&str> = result.current_start_date.split('/').collect();
    let [month, day, year] = parts.as_slice() else { return None };
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// Calendar years of BY1, BY2, BY3 and the performance year: by the rules, else as the steps say.
fn calendar_years(result: &SavingsLosses, steps: &[BenchmarkStep], law: Option<&Law<'_>>) -> [i32; 4] {
    let performance_year = result.performance_year.0;
    let by_rule = law.zip(start_of(result)).map(|(law, start)| start.year() - law.benchmark.first_year_before);
    let by_step = || {
        steps.iter().find_map(|step| {
            let number: i32 = step.step.strip_prefix("risk_ratio_BY")?.parse().ok()?;
            Some(step.calendar_year?.0 - (number - 1))
        })
    };
    let first = by_rule.or_else(by_step).unwrap_or(performance_year - 3);
    [first, first + 1, first + 2, performance_year]
}

/// Whether a period is a half-year.
pub(super) fn is_half(result: &SavingsLosses) -> bool {
    result.period != Period::Full
}
