//! Whether reforms can be settled: what each says by itself, what they say together, and whom they say it of. Everything is
//! checked before anything runs, and said once, under the file and the key.

use super::reform::When;
use super::settings::{self, Block, Setting};
use super::{Scenario, first_of_acos};
use crate::benchmark::BenchmarkRules;
use crate::extend_new;
use crate::settled::YearRules;
use crate::validate::AgreementRules;
use acoledger_schemas::program::{Aco, Program};
use acoledger_schemas::rules::{RuleError, Rules};
use acoledger_schemas::table::{Problem, Problems};
use acoledger_schemas::values::{Date, PerformanceYear};
use std::collections::{BTreeMap, BTreeSet};

impl Scenario {
    /// Each block by itself: what an entry or a shape lacks is said whether or not an ACO meets its condition.
    pub(super) fn check_settings(&self) -> Result<(), Problems> {
        let mut problems = Problems::default();
        for block in &self.blocks {
            let mut push = |error: RuleError| problems.extend(error.problem(&block.file).into());
            if let Err(error) = settings::apply(&self.rules, &block.settings) {
                push(error);
            }
            for setting in &block.settings {
                let what = match self.stage_of(setting) {
                    Err(error) => error.what,
                    Ok(None) => "no stage of a run reads it, so a reform of it changes nothing".into(),
                    Ok(Some(at)) if block.when.is_some() && at < first_of_acos() => {
                        "rules of the person grain hold for all ACOs: they compete for the same beneficiaries".into()
                    }
                    Ok(Some(_)) => continue,
                };
                push(RuleError { key: setting.name(), what });
            }
        }
        problems.or(())
    }

    /// What is swept is read by the ACO grain, swept once, and set by nobody who would count over it.
    pub(super) fn check_axes(&self) -> Result<(), Problems> {
        let mut problems = Problems::default();
        for (at, axis) in self.axes.iter().enumerate() {
            let mut push = |what: String| {
                problems.extend(RuleError { key: axis.key.clone(), what }.problem(&axis.file).into());
            };
            let of_persons =
                |setting: &Setting| self.stage_of(setting).is_ok_and(|at| at.is_none_or(|at| at < first_of_acos()));
            if axis.settings.iter().any(of_persons) {
                push("only rules from `benchmark` on can be swept: each point would be a run of its own".into());
            }
            let overlaps = |other: &[Setting]| axis.settings.iter().any(|a| other.iter().any(|b| a.overlaps(b)));
            if let Some(other) = self.axes[..at].iter().find(|other| overlaps(&other.settings)) {
                push(format!("is swept twice: as `{}` too", other.key));
            }
            let over =
                |block: &&Block| block.when.is_none() && block.reform >= axis.reform && overlaps(&block.settings);
            if let Some(block) = self.blocks.iter().find(over) {
                push(format!("is swept, and set by \"{}\": one of the two has no effect", block.title));
            }
        }
        if let Err(error) = super::sweep::check_count(&self.axes) {
            problems.extend(error.problem(self.axes.last().map_or("", |axis| &axis.file)).into());
        }
        problems.or(())
    }

    /// Takes the rules of every agreement and performance year of a program as the reforms leave them, and at the ends of each
    /// swept range.
    ///
    /// # Errors
    /// Every rule that the reforms leave without a sound value, once, under the file that sets it.
    pub fn check_rules(&self, program: &Program, performance_years: &[i32]) -> Result<(), Problems> {
        let mut agreements = BTreeSet::new();
        for aco in acos(program, performance_years) {
            agreements.insert((self.blocks_of(aco), aco.agreement_start, aco.agreement_number, aco.performance_year));
        }
        let mut problems = Problems::default();
        let mut made: BTreeMap<(usize, &[usize]), Rules> = BTreeMap::new();
        for (at, point) in self.ends().iter().enumerate() {
            for (held, start, number, year) in &agreements {
                let rules = match made.get(&(at, held.as_slice())) {
                    Some(rules) => rules,
                    None => made.entry((at, held)).or_insert(self.rules_of(held, point)?),
                };
                // What the study's own rules lack is not the reform's: a run says it of each ACO.
                let load = |rules: &Rules| take(rules, *start, *number, *year);
                for (reform, own) in load(rules).into_iter().zip(load(&self.rules)) {
                    if let (Err(error), Ok(())) = (reform, own) {
                        extend_new(&mut problems, self.blamed(held, &error).into());
                    }
                }
            }
        }
        problems.or(())
    }

    /// No values of a sweep; then, where there is one, the least and greatest value of each axis, the others at their first.
    fn ends(&self) -> Vec<Vec<(usize, Setting)>> {
        let mut ends = vec![Vec::new()];
        for (at, axis) in self.axes.iter().enumerate() {
            for end in [f64::min, f64::max] {
                let value = axis.values.iter().copied().reduce(end).expect("an axis has values");
                let mut axes = self.axes.clone();
                axes.iter_mut().for_each(|axis| axis.values.truncate(1));
                axes[at].values = vec![value];
                ends.push(super::sweep::point(&axes, 0, &self.rules).settings);
            }
        }
        ends
    }

    /// That every condition is met by an ACO, and names none that there is not. `program` is that after the changes of inputs.
    ///
    /// # Errors
    /// Each condition that would hold for nobody.
    pub fn check_conditions(&self, program: &Program, performance_years: &[i32]) -> Result<(), Problems> {
        let mut problems = Problems::default();
        for block in &self.blocks {
            let Some(when) = &block.when else { continue };
            let absent: Vec<&String> = when.aco.iter().flatten().filter(|name| !is_there(program, name)).collect();
            for name in &absent {
                problems.push(unmet(block, "aco", "no such ACO", Some(name)));
            }
            if absent.is_empty() && !acos(program, performance_years).any(|aco| when.holds(aco, &self.rules)) {
                problems.push(unmet(block, "", "no ACO of the study meets the conditions", Some(&in_words(when))));
            }
        }
        problems.or(())
    }

    /// A rule's problem under the file that sets it last.
    pub(super) fn blamed(&self, held: &[usize], error: &RuleError) -> Problem {
        let sets = |settings: &[Setting]| settings.iter().any(|setting| setting.key == error.key);
        let of_blocks = held.iter().rev().map(|at| &self.blocks[*at]).find(|block| sets(&block.settings));
        let of_axes = || self.axes.iter().find(|axis| sets(&axis.settings)).map(|axis| axis.file.as_str());
        let file = of_blocks.map(|block| block.file.as_str()).or_else(of_axes);
        error.problem(file.unwrap_or("reform"))
    }
}

/// Takes every rule that the ACOs of an agreement read in a performance year.
fn take(rules: &Rules, start: Date, number: u8, year: PerformanceYear) -> [Result<(), RuleError>; 3] {
    [
        AgreementRules::load(rules).map(|_| ()),
        BenchmarkRules::load(rules, start, number, year).map(|_| ()),
        YearRules::load(rules, year).map(|_| ()),
    ]
}

fn acos<'p>(program: &'p Program, performance_years: &[i32]) -> impl Iterator<Item = &'p Aco> {
    program.aco.iter().filter(|aco| performance_years.contains(&aco.performance_year.0))
}

/// Whether an ACO of this name is in the program, in any year.
pub(super) fn is_there(program: &Program, name: &str) -> bool {
    program.aco.iter().any(|aco| aco.aco_id.as_str() == name)
}

fn unmet(block: &Block, column: &str, what: &str, value: Option<&str>) -> Problem {
    Problem {
        file: format!("{}, `when`", block.file),
        line: 0,
        column: column.into(),
        what: what.into(),
        value: value.map(str::to_owned),
        hint: Some("leave it out, or run it with a study that has such ACOs".into()),
    }
}

/// Conditions as a reader would say them.
fn in_words(when: &When) -> String {
    let list = |name: &str, values: Option<Vec<String>>| values.map(|values| format!("{name} {}", values.join(", ")));
    let years = when.years.as_ref().map(|years| years.iter().map(i32::to_string).collect());
    let all = [
        list("track", when.track.clone()),
        list("aco", when.aco.clone()),
        list("years", years),
        list("rulebook", when.rulebook.clone()),
    ];
    all.into_iter().flatten().collect::<Vec<_>>().join("; ")
}
