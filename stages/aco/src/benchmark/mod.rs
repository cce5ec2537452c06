//! From base years to the updated benchmark (M.C, M.D, M.E), every step on the walk.
//!
//! The formulas are plain functions, one each, in [`risk`], [`region`], [`trend`], [`adjust`] and [`update`]; this module
//! and its two halves call them in the law's order and hold the branching between rulebooks.

pub mod adjust;
mod historical;
mod inputs;
pub mod region;
pub mod risk;
mod rulebook;
pub mod steps;
pub mod trend;
pub mod update;
mod updated;

pub use adjust::Adjustment;
pub(crate) use inputs::known;
pub use inputs::{CohortScores, Cohorts, CountyCell, CountyFigures, Inputs, Own, Reconciled, Year};
pub use rulebook::{
    AcptLimits, BenchmarkRules, BlendWeights, Limit, ProjectedGrowth, RegionRules, RegionalLimits, RegionalRules,
    RegionalWeights, RiskForm, Rulebook, Rules652, Trend,
};

use crate::by_type::ByType;
use crate::walk::Walk;
use acoledger_schemas::values::EnrollmentType;
use region::Region;

/// The benchmark of one ACO and performance year. Dollars per person year, unrounded.
#[derive(Clone, Debug, PartialEq)]
pub struct Benchmark {
    /// The rulebook.
    pub rulebook: Rulebook,
    /// Historical benchmark at the mix of BY3 (M.D.1.12).
    pub historical: f64,
    /// Regional adjustment as a single value, where the rulebook has one (M.D.2.6).
    pub regional_adjustment: Option<f64>,
    /// Prior savings adjustment, under 425.652 (M.D.3.2).
    pub prior_savings: Option<f64>,
    /// Population adjustment, where it is in force (M.D.3.5).
    pub population: Option<f64>,
    /// What was applied.
    pub adjustment: Adjustment,
    /// Weights of types in aggregate risk growth, under 425.652 (M.C.4.5).
    pub risk_weights: Option<ByType<Option<f64>>>,
    /// Updated benchmark at the mix of the performance year (M.E.2.1).
    pub updated: f64,
    /// The same without the prospective trend, under 425.652 (M.E.5.2).
    pub two_way: Option<f64>,
    /// Spending of the performance year (M.B.3.6).
    pub expenditures: f64,
    /// Person years of the performance year.
    pub person_years: f64,
    /// What a reader should know.
    pub notes: Vec<Note>,
}

/// A default that was taken, or a share of the inputs that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Section of the methodology.
    pub rule: &'static str,
    /// What was done.
    pub what: String,
    /// Whether it belongs in the `imputed` column.
    pub imputed: bool,
}

/// Regional figures by year; `None` where the rulebook has none or the year lacks the type.
pub(crate) type Regions = [ByType<Option<Region>>; 4];

/// Makes the benchmark of one ACO: historical, then updated (M.D.1.1–M.E.2).
pub fn benchmark(inputs: &Inputs, rules: &BenchmarkRules, walk: &mut Walk) -> Benchmark {
    let region_rules = rules.regional.as_ref().map(|regional| &regional.region);
    let (regions, notes) = regions(inputs, region_rules);
    of_regions(inputs, rules, &regions, notes, walk)
}

/// The benchmark from regional figures that were made before; `notes` go before those that are found on the way.
pub(crate) fn of_regions(
    inputs: &Inputs,
    rules: &BenchmarkRules,
    regions: &Regions,
    mut notes: Vec<Note>,
    walk: &mut Walk,
) -> Benchmark {
    let historical = historical::historical(inputs, rules, regions, walk, &mut notes);
    let updated = updated::updated(inputs, rules, regions, &historical, walk, &mut notes);
    Benchmark {
        rulebook: rules.rulebook,
        historical: historical.single,
        regional_adjustment: historical.regional_adjustment,
        prior_savings: historical.prior_savings,
        population: historical.population,
        adjustment: historical.adjustment,
        risk_weights: updated.risk_weights,
        updated: updated.single,
        two_way: updated.two_way,
        expenditures: updated.expenditures,
        person_years: inputs.person_years(Year::Py).total(),
        notes,
    }
}

/// Regional figures of every type and year that the benchmark reads (M.D.1.2–D.1.5).
pub(crate) fn regions(inputs: &Inputs, rules: Option<&RegionRules>) -> (Regions, Vec<Note>) {
    let (mut regions, mut notes) = (Regions::default(), Vec::new());
    let Some(rules) = rules else { return (regions, notes) };
    let mut dropped = Vec::new();
    let mut flagged = false;
    for kind in inputs.types() {
        for year in Year::ALL {
            if year != Year::By3 && inputs.own(year, kind).is_none() {
                continue;
            }
            let cells = &inputs.counties[year as usize][kind];
            check_counties(inputs, year, kind, &mut notes);
            let nation = inputs.national[year as usize][kind];
            let mut found = region::region(cells, nation, rules.county_share_limit);
            if let Some(own) = inputs.own(year, kind).filter(|_| rules.exclude_assigned) {
                // The share of the market is the ACO's: it stays what it is.
                let market_share = found.market_share;
                let rest = region::without_assigned(cells, own, rules.least_rest);
                found = region::region(&rest, nation, rules.county_share_limit);
                found.market_share = market_share;
            }
            if found.counties == 0 {
                flagged = true;
                dropped.push(format!("{kind} {} all", year.code()));
            } else if found.dropped_share > 0.0 {
                flagged |= found.dropped_share > rules.dropped_share_flag;
                dropped.push(format!("{kind} {} {:.1} %", year.code(), found.dropped_share * 100.0));
            }
            regions[year as usize][kind] = Some(found);
        }
    }
    if !dropped.is_empty() {
        let what = format!("person years in counties without known figures left out: {}", dropped.join(", "));
        notes.push(Note { rule: "D.1.5", what, imputed: flagged });
    }
    (regions, notes)
}

/// Notes where person years by county do not come to those of the ACO: the two tables are then of different lists.
fn check_counties(inputs: &Inputs, year: Year, kind: EnrollmentType, notes: &mut Vec<Note>) {
    let Some(own) = inputs.own(year, kind) else { return };
    let of_counties: f64 = inputs.counties[year as usize][kind].iter().map(|cell| cell.assigned).sum();
    // Published person years are whole and small ones masked, so a hundredth is no difference.
    if (of_counties - own.person_years).abs() > 1.0 + own.person_years / 100.0 {
        let what = format!(
            "{kind} {}: person years by county come to {of_counties:.2}, the ACO's are {:.2}",
            year.code(),
            own.person_years
        );
        notes.push(Note { rule: "D.1.3", what, imputed: false });
    }
}
