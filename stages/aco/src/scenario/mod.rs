//! Reforms: other rules, other inputs, and what they would change.
//!
//! A reform is read by [`Reform::parse`]; several are composed in order by [`Scenario::new`], which says from which stage on
//! results change ([`Scenario::first_stage`]). [`Scenario::change_inputs`] and [`Scenario::settle`] make the reform's results
//! by the same [`run_with`](crate::run_with) as the baseline's; [`differences`] sets the two side by side. [`Sweep`] settles the
//! points of a sweep by the same steps, and does again only those that a point's values reach.

mod compare;
mod inputs;
mod merge;
mod reform;
mod settings;
mod sound;
mod sweep;
mod swept;

pub use compare::{Difference, Summary, differences, size_band, summaries};
pub use reform::{Change, Reform, When, YearName};
pub use sweep::{Axis, Point};
pub use swept::{Sweep, Swept};

use crate::{Detail, Index, Outcome, run_with};
use acoledger_schemas::program::{Aco, Program};
use acoledger_schemas::rates::Rates;
use acoledger_schemas::rules::{RuleError, Rules};
use acoledger_schemas::stages::{STAGES, Stage};
use acoledger_schemas::table::Problems;
use settings::{Block, Setting};
use std::collections::BTreeMap;

/// Reforms composed, on the rules of a study.
#[derive(Clone, Debug)]
pub struct Scenario {
    rules: Rules,
    blocks: Vec<Block>,
    changes: Vec<Placed>,
    axes: Vec<Axis>,
}

/// A change of inputs, with the place and title of its reform.
#[derive(Clone, Debug)]
struct Placed {
    reform: usize,
    title: String,
    change: Change,
}

/// ACOs with the same rules.
#[derive(Clone, Debug)]
pub struct Group {
    /// The rules.
    pub rules: Rules,
    /// The ACOs, in a program without other tables.
    pub program: Program,
    /// Performance years of these ACOs.
    pub performance_years: Vec<i32>,
}

impl Scenario {
    /// Composes reforms in their order: what a later one says about a rule counts.
    ///
    /// # Errors
    /// A name that is neither a rule nor an entry of one, a value of another shape or outside its range, a rule that no stage of
    /// a run reads, a condition on a rule of the person grain, a rule that is set twice in one table or swept and set.
    pub fn new(reforms: &[Reform], rules: &Rules) -> Result<Scenario, Problems> {
        let blocks = settings::blocks(reforms, rules)?;
        let mut axes: Vec<Axis> = Vec::new();
        for (place, reform) in reforms.iter().enumerate() {
            axes.extend(sweep::axes(reform, place, rules).map_err(|error| error.problem(reform.name()))?);
        }
        let mut changes = Vec::new();
        for (place, reform) in reforms.iter().enumerate() {
            changes.extend(reform.input.iter().map(|change| Placed {
                reform: place,
                title: reform.title.clone(),
                change: Change { file: reform.name().to_owned(), ..change.clone() },
            }));
        }
        let scenario = Scenario { rules: rules.clone(), blocks, changes, axes };
        scenario.check_settings()?;
        scenario.check_axes()?;
        Ok(scenario)
    }

    /// The stage that reads a rule, by its place in the list of stages.
    fn stage_of(&self, setting: &Setting) -> Result<Option<usize>, RuleError> {
        let name = &self.rules.rule(&setting.key)?.stage;
        Ok(STAGES.iter().position(|stage| stage.name == name))
    }

    /// The first stage whose rules or inputs differ from the study's; `None`: nothing does.
    ///
    /// # Errors
    /// None that [`Scenario::new`] has not found.
    pub fn first_stage(&self) -> Result<Option<&'static Stage>, Problems> {
        let mut first: Option<usize> = None;
        let mut touch = |at: usize| first = Some(first.map_or(at, |first| first.min(at)));
        for block in &self.blocks {
            for setting in &block.settings {
                let new = settings::apply(&self.rules, [setting]).map_err(|error| of_rule(&error))?;
                let values = |rules: &Rules| rules.rule(&setting.key).map(|rule| rule.values.clone());
                // A value that is the law's own changes nothing.
                if values(&new) != values(&self.rules)
                    && !same_in_force(&new, &self.rules, &setting.key)
                    && let Some(at) = self.stage_of(setting).map_err(|error| of_rule(&error))?
                {
                    touch(at);
                }
            }
        }
        for Placed { change, .. } in &self.changes {
            touch(if inputs::touches_persons(change) { place("assign") } else { first_of_acos() });
        }
        if !self.axes.is_empty() {
            touch(first_of_acos());
        }
        Ok(first.map(|at| &STAGES[at]))
    }

    /// Whether a change asks for another list of beneficiaries, which rates alone cannot answer.
    pub fn needs_persons(&self) -> bool {
        self.changes.iter().any(|placed| inputs::needs_persons(&placed.change))
    }

    /// Whether a rule of the person grain differs from the study's.
    ///
    /// # Errors
    /// None that [`Scenario::new`] has not found.
    pub fn changes_person_rules(&self) -> Result<bool, Problems> {
        let rules = Scenario { changes: Vec::new(), axes: Vec::new(), ..self.clone() };
        Ok(rules.first_stage()?.is_some_and(|stage| place(stage.name) < first_of_acos()))
    }

    /// Whether rates or program rows are changed.
    pub fn changes_inputs(&self) -> bool {
        !self.changes.is_empty()
    }

    /// Whether there is a sweep.
    pub fn has_sweep(&self) -> bool {
        !self.axes.is_empty()
    }

    /// The axes of the sweep.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// Rules of the person grain, for a run up to `rates`: the overrides that hold for all ACOs.
    ///
    /// # Errors
    /// None that [`Scenario::new`] has not found.
    pub fn rules_of_persons(&self) -> Result<Rules, Problems> {
        let of_all = self.blocks.iter().filter(|block| block.when.is_none());
        settings::apply(&self.rules, of_all.flat_map(|block| &block.settings)).map_err(|error| of_rule(&error))
    }

    /// Program rows for the person grain: the columns of `aco` that it reads, changed.
    ///
    /// # Errors
    /// A change that cannot be made, with table and column.
    pub fn program_of_persons(&self, rates: &Rates, program: &Program) -> Result<Program, Problems> {
        let (mut rates, mut program) = (rates.clone(), program.clone());
        let of_persons = self.changes.iter().filter(|placed| inputs::touches_persons(&placed.change));
        for Placed { change, .. } in of_persons {
            inputs::apply(change, &mut rates, &mut program, &self.rules)?;
        }
        Ok(program)
    }

    /// Makes the changes of inputs, in their order.
    ///
    /// # Errors
    /// A change that cannot be made, with table and column.
    pub fn change_inputs(&self, rates: &mut Rates, program: &mut Program) -> Result<(), Problems> {
        for Placed { change, .. } in &self.changes {
            inputs::apply(change, rates, program, &self.rules)?;
        }
        Ok(())
    }

    /// ACOs by the rules that hold for them, and conflicts among the reforms in words.
    ///
    /// # Errors
    /// Overrides that are sound alone and not together.
    pub fn groups(&self, program: &Program, performance_years: &[i32]) -> Result<(Vec<Group>, Vec<String>), Problems> {
        self.groups_with(program, performance_years, &[])
    }

    fn groups_with(
        &self,
        program: &Program,
        performance_years: &[i32],
        point: &[(usize, Setting)],
    ) -> Result<(Vec<Group>, Vec<String>), Problems> {
        let mut acos: BTreeMap<Vec<usize>, Vec<Aco>> = BTreeMap::new();
        for aco in program.aco.iter().filter(|aco| performance_years.contains(&aco.performance_year.0)) {
            acos.entry(self.blocks_of(aco)).or_default().push(aco.clone());
        }
        let mut conflicts = inputs::conflicts(&self.changes);
        let mut groups = Vec::new();
        for (held, acos) in acos {
            let blocks: Vec<&Block> = held.iter().map(|at| &self.blocks[*at]).collect();
            conflicts.extend(settings::conflicts(&blocks));
            let rules = self.rules_of(&held, point)?;
            let years = performance_years.iter().copied();
            let performance_years =
                years.filter(|year| acos.iter().any(|aco| aco.performance_year.0 == *year)).collect();
            groups.push(Group { rules, program: Program { aco: acos, ..Program::default() }, performance_years });
        }
        Ok((groups, conflicts.into_iter().collect()))
    }

    /// Places of the blocks that hold for an ACO.
    fn blocks_of(&self, aco: &Aco) -> Vec<usize> {
        let holds = |block: &Block| block.when.as_ref().is_none_or(|when| when.holds(aco, &self.rules));
        (0..self.blocks.len()).filter(|at| holds(&self.blocks[*at])).collect()
    }

    /// The rules where some blocks hold. A point's values stand with the `[rules]` of the reform that sweeps them: its conditions
    /// and later reforms count over both.
    fn rules_of(&self, held: &[usize], point: &[(usize, Setting)]) -> Result<Rules, Problems> {
        let mut all = Vec::new();
        for block in held.iter().map(|at| &self.blocks[*at]) {
            all.extend(&block.settings);
            let swept = point.iter().filter(|(reform, _)| block.when.is_none() && *reform == block.reform);
            all.extend(swept.map(|(_, setting)| setting));
        }
        settings::apply(&self.rules, all).map_err(|error| self.blamed(held, &error).into())
    }

    /// How many points the sweep has; 1 where there is no sweep.
    pub fn point_count(&self) -> usize {
        sweep::count(&self.axes)
    }

    /// The point at a place, from 0, the last axis fastest; without values where there is no sweep.
    ///
    /// # Panics
    /// There is no such point.
    pub fn point(&self, at: usize) -> Point {
        sweep::point(&self.axes, at, &self.rules)
    }

    /// Groups at a point of the sweep, for [`settle`]. [`Sweep`] has the same results sooner.
    ///
    /// # Errors
    /// A value that the rule cannot have.
    pub fn groups_at(
        &self,
        point: &Point,
        program: &Program,
        performance_years: &[i32],
    ) -> Result<Vec<Group>, Problems> {
        Ok(self.groups_with(program, performance_years, &point.settings)?.0)
    }
}

/// Settles groups, in the order of a run.
///
/// # Errors
/// As [`run_with`].
pub fn settle(index: &Index<'_>, groups: &[Group], detail: Detail) -> Result<Outcome, Problems> {
    let mut problems = Problems::default();
    let mut all = Outcome::default();
    for group in groups {
        match run_with(index, &group.program, &group.rules, &group.performance_years, detail) {
            Ok(outcome) => {
                all.savings_losses.extend(outcome.savings_losses);
                all.benchmark.extend(outcome.benchmark);
                all.expected.extend(outcome.expected);
                all.findings.extend(outcome.findings);
            }
            Err(found) => problems.extend(found),
        }
    }
    if groups.len() > 1 {
        // A stable sort: the steps of one ACO keep their order.
        macro_rules! sort {
            ($($rows:ident),+) => {$(
                all.$rows.sort_by(|a, b| {
                    (a.performance_year, &a.aco_id, a.period).cmp(&(b.performance_year, &b.aco_id, b.period))
                });
            )+};
        }
        sort!(savings_losses, benchmark, expected, findings);
    }
    problems.or(all)
}

fn place(name: &str) -> usize {
    STAGES.iter().position(|stage| stage.name == name).expect("a stage of the list")
}

/// The first stage that reads no persons.
fn first_of_acos() -> usize {
    place("benchmark")
}

/// Whether two rules have the same values wherever either changes: one value for all time is the law's own where the law
/// never had another.
fn same_in_force(a: &Rules, b: &Rules, key: &str) -> bool {
    let (Ok(a), Ok(b)) = (a.rule(key), b.rule(key)) else { return false };
    let first = b.values.first().map(|(from, _)| *from);
    let at = |rule: &acoledger_schemas::rules::Rule, day| {
        rule.values.iter().take_while(|(from, _)| *from <= day).last().map(|(_, value)| value.clone())
    };
    let times = a.values.iter().chain(&b.values).map(|(from, _)| *from).filter(|day| Some(*day) >= first);
    times.into_iter().all(|day| at(a, day) == at(b, day))
}

fn of_rule(error: &RuleError) -> Problems {
    error.problem("reform").into()
}
