//! Sums of a performance year: the nation, by track, by size, by side of the risk.

use acoledger_aco::scenario::size_band;
use acoledger_aco::tables::SavingsLosses;
use acoledger_schemas::values::{PerformanceYear, Period, Track};

/// ACO results together.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) acos: i64,
    pub(super) assigned: i64,
    /// Dollars.
    pub(super) benchmark: i64,
    /// Dollars.
    pub(super) spending: i64,
    /// Benchmarks minus spending.
    pub(super) gross_cents: i64,
    /// Paid to ACOs.
    pub(super) earned_cents: i64,
    /// Owed by ACOs, positive.
    pub(super) owed_cents: i64,
    /// ACOs that are paid.
    pub(super) paid: i64,
    /// ACOs that owe.
    pub(super) owe: i64,
}

impl Group {
    fn of<'r>(name: &str, rows: impl Iterator<Item = &'r SavingsLosses>) -> Group {
        let mut sum = Group { name: name.into(), ..Group::default() };
        for row in rows {
            sum.acos += 1;
            sum.assigned += row.n_ab;
            sum.benchmark += row.ab_tot_bnchmk;
            sum.spending += row.ab_tot_exp;
            sum.gross_cents += row.gross_savings_cents.0;
            sum.earned_cents += row.earned_cents.0.max(0);
            sum.owed_cents += (-row.earned_cents.0).max(0);
            sum.paid += i64::from(row.earned_cents.0 > 0);
            sum.owe += i64::from(row.earned_cents.0 < 0);
        }
        sum
    }

    /// Benchmark minus spending as a fraction of the benchmark.
    pub(super) fn rate(&self) -> Option<f64> {
        (self.benchmark != 0).then(|| self.gross_cents as f64 / 100.0 / self.benchmark as f64)
    }
}

/// The sums of one performance year and period.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct YearSums {
    pub(super) nation: Group,
    pub(super) tracks: Vec<Group>,
    pub(super) sizes: Vec<Group>,
}

/// Sums the results of a performance year and period.
pub(super) fn sums(results: &[SavingsLosses], (year, period): (PerformanceYear, Period)) -> YearSums {
    let rows: Vec<&SavingsLosses> =
        results.iter().filter(|row| (row.performance_year, row.period) == (year, period)).collect();
    let group = |name: &str, holds: &dyn Fn(&SavingsLosses) -> bool| {
        Group::of(name, rows.iter().copied().filter(|row| holds(row)))
    };
    let tracks = Track::ALL.iter().map(|track| group(track_name(track.code()), &|row| row.current_track == *track));
    let mut bands: Vec<(i64, &str)> = rows.iter().map(|row| size_band(row.n_ab)).collect();
    bands.sort_unstable();
    bands.dedup();
    YearSums {
        nation: group("All ACOs", &|_| true),
        tracks: tracks.filter(|of| of.acos > 0).collect(),
        sizes: bands.iter().map(|band| group(band.1, &|row| size_band(row.n_ab) == *band)).collect(),
    }
}

/// A track's name for readers.
pub(super) fn track_name(code: &str) -> &'static str {
    match code {
        "T1" => "Track 1",
        "T1P" => "Track 1+",
        "T2" => "Track 2",
        "T3" => "Track 3",
        "A" => "BASIC A",
        "B" => "BASIC B",
        "C" => "BASIC C",
        "D" => "BASIC D",
        "E" => "BASIC E",
        "EN" => "ENHANCED",
        _ => "other",
    }
}

/// Where a result stands to the ACO's own minimum savings and loss rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// At or beyond the minimum loss rate; of a one-sided ACO, beyond the mirror of its minimum savings rate.
    Losses,
    /// Between the two.
    Inside,
    /// At or beyond the minimum savings rate.
    Savings,
}

impl Standing {
    pub(super) const ALL: [Standing; 3] = [Standing::Losses, Standing::Inside, Standing::Savings];

    pub(super) fn of(row: &SavingsLosses) -> Standing {
        match row.outcome.as_str() {
            "savings" => Standing::Savings,
            "losses" | "one_sided_losses" => Standing::Losses,
            _ => Standing::Inside,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Standing::Losses => "losses",
            Standing::Inside => "within",
            Standing::Savings => "savings",
        }
    }

    /// For the legend of a drawing.
    pub(super) fn label(self) -> &'static str {
        match self {
            Standing::Losses => "losses beyond the minimum rate",
            Standing::Inside => "within the minimum rates",
            Standing::Savings => "savings beyond the minimum rate",
        }
    }
}

/// Benchmark minus spending as a fraction of the benchmark, not rounded.
pub(super) fn savings_rate(row: &SavingsLosses) -> f64 {
    if row.ab_tot_bnchmk == 0 { 0.0 } else { row.gross_savings_cents.0 as f64 / 100.0 / row.ab_tot_bnchmk as f64 }
}
