//! From the benchmark, program rows and heads to what a settlement needs (M.F).

use crate::Finding;
use crate::benchmark::Benchmark;
use crate::gather::problem;
use crate::index::{AcoKey, Index};
use crate::settle::{Disaster, Facts, Quality, Termination};
use acoledger_schemas::program::Aco;
use acoledger_schemas::rates::AcoHeads;
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::Flag;

/// What a settlement needs beside program rows and benchmark, with findings on the way.
#[derive(Clone, Debug)]
pub(crate) struct Gathered<'r> {
    pub(crate) heads: &'r AcoHeads,
    head_count: i64,
    revenue: Option<f64>,
    disaster: Option<Disaster>,
    /// Whether it is known which of the ACO's counties were affected; losses need it (M.F.7).
    pub(crate) disasters_known: bool,
    pub(crate) findings: Vec<Finding>,
}

/// Gathers what the facts of one ACO are made from.
///
/// # Errors
/// A head count that is not given.
pub(crate) fn gather<'r>(index: &Index<'r>, aco: &Aco, disaster_relief: bool) -> Result<Gathered<'r>, Problems> {
    let key = (aco.performance_year, aco.period, aco.aco_id.as_str());
    let heads = index.heads(key, aco.performance_year.0);
    let Some((heads, head_count)) = heads.and_then(|heads| Some((heads, heads.head_count?))) else {
        let what = format!("not given for {}", aco.performance_year);
        return Err(problem(aco, "rates/aco_heads", "head_count", &what, "F.1").into());
    };
    let mut findings = Vec::new();
    let has_heads = index.county_heads(key, aco.performance_year.0).is_some();
    Ok(Gathered {
        heads,
        head_count,
        revenue: revenue(aco, heads, &mut findings),
        disaster: disaster(index, aco, key, head_count).filter(|_| disaster_relief),
        disasters_known: !disaster_relief || (index.has_disasters() && has_heads),
        findings,
    })
}

impl Gathered<'_> {
    /// The facts of one ACO under a benchmark.
    pub(crate) fn facts(&self, aco: &Aco, benchmark: &Benchmark) -> Facts {
        let flag = |flag: Option<Flag>| flag.map(|flag| flag.0);
        Facts {
            performance_year: aco.performance_year,
            period: aco.period,
            track: aco.track,
            agreement_start: aco.agreement_start,
            track_year: aco.track_year,
            updated_benchmark: benchmark.updated,
            // Before 2024 there is no prospective trend to leave out: a guardrail that a reform gives all finds nothing to do.
            two_way_benchmark: benchmark.two_way.or(Some(benchmark.updated)),
            expenditures: benchmark.expenditures,
            person_years: benchmark.person_years,
            head_count: self.head_count,
            msr_choice: aco.msr_choice,
            quality: Quality {
                score: aco.quality_score,
                met_standard: flag(aco.met_quality_standard),
                met_alternative: flag(aco.met_alternative_standard),
                first_year_complete_reporting: flag(aco.first_year_complete_reporting),
            },
            revenue: self.revenue,
            revenue_category: aco.revenue_category,
            paid_amounts: self.heads.paid_amounts,
            revenue_loss_limit: flag(aco.revenue_loss_limit),
            disaster: self.disaster,
            termination: termination(aco),
            advance_balance: aco.advance_balance.map(|balance| balance.0.dollars()),
        }
    }
}

/// Participants' revenue: the program's before that of the claims (M.B.5), with a finding when the two differ.
fn revenue(aco: &Aco, heads: &AcoHeads, findings: &mut Vec<Finding>) -> Option<f64> {
    let given = aco.participant_revenue.map(|revenue| revenue.0.dollars());
    let computed = heads.participant_revenue;
    if let (Some(given), Some(computed)) = (given, computed)
        && (given - computed).abs() >= 0.005
    {
        let what =
            format!("participants' revenue given as {given:.2}, computed as {computed:.2}: the given one was used");
        findings.push(Finding::of(aco, "B.5", what));
    }
    given.or(computed)
}

/// M and B from the ACO's heads in affected counties (M.F.7.2).
fn disaster(index: &Index<'_>, aco: &Aco, key: AcoKey<'_>, head_count: i64) -> Option<Disaster> {
    let rows = index.county_heads(key, aco.performance_year.0)?;
    let affected = rows.iter().filter_map(|row| {
        let months = index.disaster_months(aco.performance_year, row.county.as_str())?;
        (months > 0).then_some((row.head_count, months))
    });
    Disaster::from_counties(affected, head_count)
}

/// A termination inside the performance year; one that takes effect later does not touch it (M.F.8). One of the year has a
/// kind, or the row was refused.
fn termination(aco: &Aco) -> Option<Termination> {
    let on = aco.terminated_on.filter(|on| on.year() == aco.performance_year.0)?;
    aco.termination_kind.map(|kind| Termination { on, kind })
}
