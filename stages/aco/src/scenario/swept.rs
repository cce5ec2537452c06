//! The points of a sweep, settled. What a point's values cannot reach is kept from the first point.
//!
//! Rules that no swept key is among are taken once. Of an ACO four things are kept, each made from the one before and from some of
//! the rules: inputs, regional figures, benchmark, and the facts of settlement. At each point those rules are compared with
//! the rules that each was made under; where they differ, that thing and those after it are made anew, by the functions
//! that a run calls. So the results of a point are those of a reform with the same values, to the last bit; and no list says which
//! key reaches what.

use super::{Point, Scenario};
use crate::benchmark::{Benchmark, BenchmarkRules, Inputs, RegionRules, Regions, benchmark, of_regions, regions};
use crate::facts::{self, Gathered};
use crate::gather::GatherRules;
use crate::settle::Settlement;
use crate::settled::{self, YearRules};
use crate::validate::AgreementRules;
use crate::walk::Walk;
use crate::{Index, extend_new, rows, rule_problem, rule_refused};
use acoledger_schemas::program::{Aco, Program};
use acoledger_schemas::rules::{RuleError, Rules};
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::{Cents, Date, PerformanceYear};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A sweep over the ACOs of some performance years, ready to be settled point by point, by as many threads as there are.
#[derive(Debug)]
pub struct Sweep<'r> {
    scenario: &'r Scenario,
    index: &'r Index<'r>,
    groups: Vec<Group>,
    members: Vec<Member<'r>>,
}

/// What a point says of one ACO: columns of the `savings_losses` that a reform would have.
#[derive(Clone, Debug, PartialEq)]
pub struct Swept<'r> {
    /// The ACO, after the changes of inputs.
    pub aco: &'r Aco,
    /// Assigned beneficiaries.
    pub assigned: i64,
    /// Updated benchmark that was settled, whole dollars per person year.
    pub updated_benchmark: i64,
    /// Updated benchmark × person years, whole dollars.
    pub total_benchmark: i64,
    /// Benchmark minus expenditures.
    pub gross_savings: Cents,
    /// Paid (positive) or owed (negative).
    pub earned: Cents,
    /// `savings`, `losses`, `one_sided_losses`, `inside` or `neither`.
    pub outcome: &'static str,
}

/// ACOs for which the same blocks of the reforms hold.
#[derive(Debug)]
struct Group {
    /// Places of the blocks.
    held: Vec<usize>,
    agreements: Part<(), AgreementRules>,
    benchmark: Vec<Part<(Date, u8, PerformanceYear), BenchmarkRules>>,
    years: Vec<Part<PerformanceYear, YearRules>>,
}

/// Rules of one kind, as they are at the first point.
#[derive(Debug)]
struct Part<K, T> {
    key: K,
    /// Whether a swept key is among them.
    swept: bool,
    rules: Loaded<T>,
}

type Loaded<T> = Arc<Result<T, RuleError>>;

/// One ACO and what is kept of it.
#[derive(Debug)]
struct Member<'r> {
    aco: &'r Aco,
    /// Places of its group, and of its rules there.
    group: usize,
    benchmark: usize,
    year: usize,
    /// `None`: there was something wrong with it at the first point.
    kept: Option<Kept<'r>>,
}

#[derive(Debug)]
struct Kept<'r> {
    inputs: Inputs,
    regions: Regions,
    benchmark: Benchmark,
    facts: Gathered<'r>,
}

/// How far what is kept of ACOs with some rules holds at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Holds {
    Nothing,
    Inputs,
    Regions,
    Benchmark,
}

/// The rules of a group at a point.
struct AtPoint {
    /// `None`: the agreements were checked when the sweep was made, by the same rules.
    agreements: Option<Loaded<AgreementRules>>,
    benchmark: Vec<(Loaded<BenchmarkRules>, Holds)>,
    /// With whether the gathered facts hold.
    years: Vec<(Loaded<YearRules>, bool)>,
}

impl<'r> Sweep<'r> {
    /// Makes a sweep ready, over what an index was made from.
    ///
    /// # Errors
    /// As [`run_with`](crate::run_with), at the first point.
    pub fn new(
        scenario: &'r Scenario,
        index: &'r Index<'r>,
        program: &'r Program,
        performance_years: &[i32],
    ) -> Result<Sweep<'r>, Problems> {
        let mut acos: Vec<&Aco> =
            program.aco.iter().filter(|aco| performance_years.contains(&aco.performance_year.0)).collect();
        acos.sort_by(|a, b| (a.performance_year, &a.aco_id, a.period).cmp(&(b.performance_year, &b.aco_id, b.period)));
        let mut sweep = Sweep { scenario, index, groups: Vec::new(), members: Vec::new() };
        let first = scenario.point(0);
        let mut makers: Vec<Maker> = Vec::new();
        let mut places: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
        for aco in acos {
            let held = scenario.blocks_of(aco);
            let group = match places.get(&held) {
                Some(place) => *place,
                None => {
                    let maker = Maker::new(scenario, &held, &first)?;
                    let group = maker.group(held.clone());
                    readable(&group.agreements.rules)?;
                    makers.push(maker);
                    sweep.groups.push(group);
                    places.insert(held, sweep.groups.len() - 1);
                    sweep.groups.len() - 1
                }
            };
            let (benchmark, year) = makers[group].place(&mut sweep.groups[group], aco);
            sweep.members.push(Member { aco, group, benchmark, year, kept: None });
        }
        let mut problems = index.problems().clone();
        for member in &mut sweep.members {
            match Kept::new(index, member, &sweep.groups[member.group]) {
                Ok(kept) => member.kept = Some(kept),
                Err(found) => extend_new(&mut problems, found),
            }
        }
        problems.or(sweep)
    }

    /// Settles a point, in the order of a run: performance year, ACO, period.
    ///
    /// # Errors
    /// As [`run_with`](crate::run_with); a value that a rule cannot have.
    pub fn at(&self, point: &Point) -> Result<Vec<Swept<'r>>, Problems> {
        let rules = self.groups.iter().map(|group| group.at(self.scenario, point));
        let rules = rules.collect::<Result<Vec<AtPoint>, Problems>>()?;
        let mut problems = Problems::default();
        let mut settled = Vec::with_capacity(self.members.len());
        for member in &self.members {
            match member.settle(self.index, &rules[member.group]) {
                Ok(row) => settled.push(row),
                Err(found) => extend_new(&mut problems, found),
            }
        }
        problems.or(settled)
    }
}

/// Takes the rules of a group at the first point, and finds out which of them are swept.
struct Maker {
    rules: Rules,
    /// The same without those that are swept.
    not_swept: Rules,
}

impl Maker {
    fn new(scenario: &Scenario, held: &[usize], first: &Point) -> Result<Maker, Problems> {
        let rules = scenario.rules_of(held, &first.settings)?;
        let not_swept = rules.without(first.settings.iter().map(|(_, setting)| setting.key.as_str()));
        Ok(Maker { rules, not_swept })
    }

    fn part<K, T>(&self, key: K, load: impl Fn(&Rules, &K) -> Result<T, RuleError>) -> Part<K, T> {
        let rules = Arc::new(load(&self.rules, &key));
        // A rule that is asked for and absent is an error: what can be taken without the swept rules reads none of them.
        let swept = load(&self.not_swept, &key).is_err();
        Part { key, swept, rules }
    }

    fn group(&self, held: Vec<usize>) -> Group {
        let agreements = self.part((), |rules, ()| AgreementRules::load(rules));
        Group { held, agreements, benchmark: Vec::new(), years: Vec::new() }
    }

    /// Places of an ACO's rules among those of its group, where they are put when they are not there.
    fn place(&self, group: &mut Group, aco: &Aco) -> (usize, usize) {
        let key = (aco.agreement_start, aco.agreement_number, aco.performance_year);
        let benchmark = place(&mut group.benchmark, key, |key| self.part(key, load_benchmark));
        (benchmark, place(&mut group.years, aco.performance_year, |year| self.part(year, load_year)))
    }
}

fn place<K: Copy + PartialEq, T>(parts: &mut Vec<Part<K, T>>, key: K, make: impl Fn(K) -> Part<K, T>) -> usize {
    parts.iter().position(|part| part.key == key).unwrap_or_else(|| {
        parts.push(make(key));
        parts.len() - 1
    })
}

fn load_benchmark(rules: &Rules, key: &(Date, u8, PerformanceYear)) -> Result<BenchmarkRules, RuleError> {
    BenchmarkRules::load(rules, key.0, key.1, key.2)
}

fn load_year(rules: &Rules, year: &PerformanceYear) -> Result<YearRules, RuleError> {
    YearRules::load(rules, *year)
}

impl<K, T> Part<K, T> {
    fn at(&self, rules: &Rules, load: impl Fn(&Rules, &K) -> Result<T, RuleError>) -> Loaded<T> {
        if self.swept { Arc::new(load(rules, &self.key)) } else { self.rules.clone() }
    }
}

impl Group {
    /// The group's rules at a point, and how far what is kept under the first point's holds.
    fn at(&self, scenario: &Scenario, point: &Point) -> Result<AtPoint, Problems> {
        let rules = scenario.rules_of(&self.held, &point.settings)?;
        let benchmark = self.benchmark.iter().map(|part| {
            let loaded = part.at(&rules, load_benchmark);
            let holds = match (&*part.rules, &*loaded) {
                (Ok(first), Ok(now)) if part.swept => holds(first, now),
                _ => Holds::Benchmark,
            };
            (loaded, holds)
        });
        let years = self.years.iter().map(|part| {
            let loaded = part.at(&rules, load_year);
            let relief = |rules: &Loaded<YearRules>| rules.as_ref().as_ref().is_ok_and(|rules| rules.disaster_relief);
            let holds = relief(&part.rules) == relief(&loaded);
            (loaded, holds)
        });
        let (benchmark, years) = (benchmark.collect(), years.collect());
        let agreements =
            self.agreements.swept.then(|| self.agreements.at(&rules, |rules, ()| AgreementRules::load(rules)));
        agreements.as_ref().map_or(Ok(()), readable)?;
        Ok(AtPoint { agreements, benchmark, years })
    }
}

fn region_rules(rules: &BenchmarkRules) -> Option<&RegionRules> {
    rules.regional.as_ref().map(|regional| &regional.region)
}

fn holds(first: &BenchmarkRules, now: &BenchmarkRules) -> Holds {
    if first == now {
        Holds::Benchmark
    } else if GatherRules::from(first) != GatherRules::from(now) {
        Holds::Nothing
    } else if region_rules(first) != region_rules(now) {
        Holds::Inputs
    } else {
        Holds::Regions
    }
}

/// Rules that were taken, or what is wrong with them for one ACO.
fn taken<'l, T>(loaded: &'l Loaded<T>, aco: &Aco) -> Result<&'l T, Problems> {
    loaded.as_ref().as_ref().map_err(|error| rule_refused(aco, error).into())
}

/// What is wrong with the rules of agreements, said once for all ACOs.
fn readable(agreements: &Loaded<AgreementRules>) -> Result<(), Problems> {
    agreements.as_ref().as_ref().map(|_| ()).map_err(|error| rule_problem(error.clone()).into())
}

fn check(agreements: &Loaded<AgreementRules>, aco: &Aco) -> Result<(), Problems> {
    taken(agreements, aco)?.check(aco).map(|_| ())
}

impl<'r> Kept<'r> {
    fn new(index: &Index<'r>, member: &Member<'r>, group: &Group) -> Result<Kept<'r>, Problems> {
        let aco = member.aco;
        check(&group.agreements.rules, aco)?;
        let rules = taken(&group.benchmark[member.benchmark].rules, aco)?;
        let of_year = taken(&group.years[member.year].rules, aco)?;
        let (inputs, _) = settled::inputs(index, aco, rules.into())?;
        let (regions, notes) = regions(&inputs, region_rules(rules));
        let benchmark = of_regions(&inputs, rules, &regions, notes, &mut Walk::new(false));
        let benchmark = settled::finite(aco, benchmark)?;
        let facts = facts::gather(index, aco, of_year.disaster_relief)?;
        Ok(Kept { inputs, regions, benchmark, facts })
    }
}

impl<'r> Member<'r> {
    fn settle(&self, index: &Index<'r>, rules: &AtPoint) -> Result<Swept<'r>, Problems> {
        let aco = self.aco;
        if let Some(agreements) = &rules.agreements {
            check(agreements, aco)?;
        }
        let (of_benchmark, holds) = &rules.benchmark[self.benchmark];
        let (of_year, facts_hold) = &rules.years[self.year];
        let (of_benchmark, of_year) = (taken(of_benchmark, aco)?, taken(of_year, aco)?);
        let kept = self.kept.as_ref().expect("a sweep is made of ACOs that settle at its first point");
        let walk = &mut Walk::new(false);
        let benchmark = match holds {
            Holds::Benchmark => Cow::Borrowed(&kept.benchmark),
            Holds::Regions => Cow::Owned(of_regions(&kept.inputs, of_benchmark, &kept.regions, Vec::new(), walk)),
            Holds::Inputs => Cow::Owned(benchmark(&kept.inputs, of_benchmark, walk)),
            Holds::Nothing => {
                let (inputs, _) = settled::inputs(index, aco, of_benchmark.into())?;
                Cow::Owned(benchmark(&inputs, of_benchmark, walk))
            }
        };
        let benchmark = settled::finite(aco, benchmark)?;
        let facts = match facts_hold {
            true => Cow::Borrowed(&kept.facts),
            false => Cow::Owned(facts::gather(index, aco, of_year.disaster_relief)?),
        };
        let (facts, settlement) = settled::settlement(aco, &facts, &benchmark, of_year)?;
        Ok(swept(aco, facts.head_count, &settlement))
    }
}

fn swept<'r>(aco: &'r Aco, assigned: i64, settlement: &Settlement) -> Swept<'r> {
    Swept {
        aco,
        assigned,
        updated_benchmark: rows::whole(settlement.updated_benchmark),
        total_benchmark: rows::whole(settlement.total_benchmark),
        gross_savings: rows::cents(settlement.difference),
        earned: rows::cents(settlement.earned),
        outcome: settlement.outcome.code(),
    }
}
