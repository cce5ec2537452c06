//! Baseline and reform side by side: by ACO, and summed by track, size and nation.

use crate::tables::SavingsLosses;
use acoledger_schemas::table;
use acoledger_schemas::values::*;
use std::collections::BTreeMap;

table! {
    /// What a reform changes for one ACO in one performance year or half-year; blank: it is not there.
    Difference = "difference", key [performance_year, period, aco_id] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// `full`, or `h1`, `h2` for the half-years of 2019.
        period: Period ["code"],
        /// ACO.
        aco_id: AcoId ["id"],
        /// Track of the baseline; of the reform where the baseline has not the ACO.
        track: Track ["code"],
        /// Assigned beneficiaries, likewise.
        assigned: i64 ["lives"],
        /// Updated benchmark per person year, baseline.
        updated_benchmark_baseline: Option<i64> ["dollars"],
        /// Updated benchmark per person year, reform.
        updated_benchmark_reform: Option<i64> ["dollars"],
        /// Total benchmark, baseline.
        total_benchmark_baseline: Option<i64> ["dollars"],
        /// Total benchmark, reform.
        total_benchmark_reform: Option<i64> ["dollars"],
        /// Benchmark minus expenditures, baseline.
        gross_savings_baseline_cents: Option<Cents> ["cents"],
        /// Benchmark minus expenditures, reform.
        gross_savings_reform_cents: Option<Cents> ["cents"],
        /// Outcome, baseline.
        outcome_baseline: Option<String> ["code"],
        /// Outcome, reform.
        outcome_reform: Option<String> ["code"],
        /// Paid (positive) or owed (negative), baseline.
        earned_baseline_cents: Option<Cents> ["cents"],
        /// Paid (positive) or owed (negative), reform.
        earned_reform_cents: Option<Cents> ["cents"],
        /// Reform minus baseline; blank where the ACO is only in one.
        earned_difference_cents: Option<Cents> ["cents"],
        /// `winner`, `loser`, `unchanged`; `left`, `joined`: only in the baseline, only in the reform.
        effect: String ["code"],
    }
}
table! {
    /// What a reform changes for ACOs together.
    Summary = "summary", key [performance_year, group_by, group] {
        /// Performance year; blank: all of the study.
        performance_year: Option<PerformanceYear> ["year"],
        /// `nation`, `track` or `size`.
        group_by: String ["code"],
        /// Track, band of assigned beneficiaries, or `all`.
        group: String ["code"],
        /// ACO results, baseline.
        acos_baseline: i64 ["count"],
        /// ACO results, reform.
        acos_reform: i64 ["count"],
        /// ACOs that earn more, or owe less.
        winners: i64 ["count"],
        /// ACOs that earn less, or owe more.
        losers: i64 ["count"],
        /// ACOs for which nothing changes.
        unchanged: i64 ["count"],
        /// Total benchmarks, baseline.
        benchmark_baseline: i64 ["dollars"],
        /// Total benchmarks, reform.
        benchmark_reform: i64 ["dollars"],
        /// Benchmarks minus expenditures, baseline.
        gross_savings_baseline_cents: Cents ["cents"],
        /// Benchmarks minus expenditures, reform.
        gross_savings_reform_cents: Cents ["cents"],
        /// Paid minus owed, baseline.
        earned_baseline_cents: Cents ["cents"],
        /// Paid minus owed, reform.
        earned_reform_cents: Cents ["cents"],
        /// Reform minus baseline, ACOs that are only in one included.
        earned_difference_cents: Cents ["cents"],
        /// Sum of what winners win.
        won_cents: Cents ["cents"],
        /// Sum of what losers lose, negative.
        lost_cents: Cents ["cents"],
    }
}

/// Least heads of the bands of size that a reader compares, and their names.
const SIZES: [(i64, &str); 5] = [
    (i64::MIN, "under 5,000"),
    (5_000, "5,000 to 9,999"),
    (10_000, "10,000 to 19,999"),
    (20_000, "20,000 to 49,999"),
    (50_000, "50,000 and more"),
];

/// The band of size that an ACO of so many assigned beneficiaries stands in: its least heads, and its name.
pub fn size_band(assigned: i64) -> (i64, &'static str) {
    *SIZES.iter().rev().find(|(least, _)| *least <= assigned).unwrap_or(&SIZES[0])
}

/// Sets results side by side, in the order of a run.
pub fn differences(baseline: &[SavingsLosses], reform: &[SavingsLosses]) -> Vec<Difference> {
    let mut pairs: BTreeMap<_, [Option<&SavingsLosses>; 2]> = BTreeMap::new();
    for (place, rows) in [baseline, reform].into_iter().enumerate() {
        for row in rows {
            pairs.entry((row.performance_year, &row.aco_id, row.period)).or_default()[place] = Some(row);
        }
    }
    pairs.into_values().filter_map(difference).collect()
}

fn difference([baseline, reform]: [Option<&SavingsLosses>; 2]) -> Option<Difference> {
    let one = baseline.or(reform)?;
    let earned = baseline.zip(reform).map(|(a, b)| Cents(b.earned_cents.0 - a.earned_cents.0));
    let effect = match (earned, baseline) {
        (Some(Cents(1..)), _) => "winner",
        (Some(Cents(..=-1)), _) => "loser",
        (Some(_), _) => "unchanged",
        (None, Some(_)) => "left",
        (None, None) => "joined",
    };
    Some(Difference {
        performance_year: one.performance_year,
        period: one.period,
        aco_id: one.aco_id.clone(),
        track: one.current_track,
        assigned: one.n_ab,
        updated_benchmark_baseline: baseline.map(|row| row.updated_bnchmk),
        updated_benchmark_reform: reform.map(|row| row.updated_bnchmk),
        total_benchmark_baseline: baseline.map(|row| row.ab_tot_bnchmk),
        total_benchmark_reform: reform.map(|row| row.ab_tot_bnchmk),
        gross_savings_baseline_cents: baseline.map(|row| row.gross_savings_cents),
        gross_savings_reform_cents: reform.map(|row| row.gross_savings_cents),
        outcome_baseline: baseline.map(|row| row.outcome.clone()),
        outcome_reform: reform.map(|row| row.outcome.clone()),
        earned_baseline_cents: baseline.map(|row| row.earned_cents),
        earned_reform_cents: reform.map(|row| row.earned_cents),
        earned_difference_cents: earned,
        effect: effect.into(),
    })
}

/// Sums by nation, track and size: over all years first, then by year where there are several.
pub fn summaries(rows: &[Difference]) -> Vec<Summary> {
    let mut years: Vec<PerformanceYear> = rows.iter().map(|row| row.performance_year).collect();
    years.sort_unstable();
    years.dedup();
    let several = if years.len() > 1 { years } else { Vec::new() };
    let mut out = Vec::new();
    for year in std::iter::once(None).chain(several.into_iter().map(Some)) {
        let of_year: Vec<&Difference> =
            rows.iter().filter(|row| year.is_none_or(|year| row.performance_year == year)).collect();
        let mut group = |group_by: &str, group: &str, holds: &dyn Fn(&Difference) -> bool| {
            let rows: Vec<&Difference> = of_year.iter().copied().filter(|row| holds(row)).collect();
            if !rows.is_empty() || group_by == "nation" {
                out.push(summary(year, group_by, group, &rows));
            }
        };
        group("nation", "all", &|_| true);
        for track in Track::ALL {
            group("track", track.code(), &|row| row.track == *track);
        }
        for (at, (least, name)) in SIZES.iter().enumerate() {
            let below = SIZES.get(at + 1).map_or(i64::MAX, |next| next.0);
            group("size", name, &|row| (*least..below).contains(&row.assigned));
        }
    }
    out
}

fn summary(year: Option<PerformanceYear>, group_by: &str, group: &str, rows: &[&Difference]) -> Summary {
    let count = |effect: &str| rows.iter().filter(|row| row.effect == effect).count() as i64;
    let dollars = |read: fn(&Difference) -> Option<i64>| rows.iter().filter_map(|row| read(row)).sum::<i64>();
    let cents = |read: fn(&Difference) -> Option<Cents>| {
        Cents(rows.iter().filter_map(|row| read(row)).map(|cents| cents.0).sum())
    };
    let (earned_baseline, earned_reform) =
        (cents(|row| row.earned_baseline_cents), cents(|row| row.earned_reform_cents));
    let changes = || rows.iter().filter_map(|row| row.earned_difference_cents).map(|cents| cents.0);
    Summary {
        performance_year: year,
        group_by: group_by.into(),
        group: group.into(),
        acos_baseline: rows.iter().filter(|row| row.earned_baseline_cents.is_some()).count() as i64,
        acos_reform: rows.iter().filter(|row| row.earned_reform_cents.is_some()).count() as i64,
        winners: count("winner"),
        losers: count("loser"),
        unchanged: count("unchanged"),
        benchmark_baseline: dollars(|row| row.total_benchmark_baseline),
        benchmark_reform: dollars(|row| row.total_benchmark_reform),
        gross_savings_baseline_cents: cents(|row| row.gross_savings_baseline_cents),
        gross_savings_reform_cents: cents(|row| row.gross_savings_reform_cents),
        earned_baseline_cents: earned_baseline,
        earned_reform_cents: earned_reform,
        earned_difference_cents: Cents(earned_reform.0 - earned_baseline.0),
        won_cents: Cents(changes().filter(|cents| *cents > 0).sum()),
        lost_cents: Cents(changes().filter(|cents| *cents < 0).sum()),
    }
}
