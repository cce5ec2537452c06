//! How payments complete with the months of run-out: what the triangle shows, and what it implies.

use acoledger_schemas::cells::RunoutTriangle;
use acoledger_schemas::values::*;
use std::collections::{BTreeMap, BTreeSet};

acoledger_schemas::table! {
    /// Payments by months from service to processing, of claims whose processing date is known.
    RunOut = "run_out", key [kind, incurred_year, lag_months] {
        /// Kind of claim; blank: all.
        kind: Option<String> ["code"],
        /// Year of service; blank: all.
        incurred_year: Option<CalendarYear> ["year"],
        /// Months of lag; 0 holds also what was processed before the month of service, 48 what took longer.
        lag_months: i64 ["months"],
        /// Claims and lines.
        rows: i64 ["count"],
        /// Paid with this lag.
        paid_cents: Cents ["cents"],
        /// Share of all that the lake has, paid with this lag or a shorter one.
        cumulative_share: Option<f64> ["fraction"],
        /// Share of all that will be paid, by this lag: from one lag to the next by the months of service old enough to show
        /// both (chain ladder); blank where none is, or nothing was paid.
        completion: Option<f64> ["fraction"],
    }
}

/// Cents by month of service, then by lag.
type Months = BTreeMap<i32, BTreeMap<i64, (i64, i128)>>;

/// The rows of `run_out`, in the order of their keys.
pub fn run_out(triangle: &[RunoutTriangle]) -> Vec<RunOut> {
    let known = || {
        triangle.iter().filter_map(|row| {
            let month = row.incurred_year?.0 * 12 + i32::from(row.incurred_month?) - 1;
            Some((row, month, row.lag_months?.max(0)))
        })
    };
    let Some(last) = known().map(|(_, month, lag)| i64::from(month) + lag).max() else { return Vec::new() };
    let kinds: BTreeSet<&str> = known().map(|(row, ..)| row.kind.as_str()).collect();
    let years: BTreeSet<i32> = known().map(|(_, month, _)| month.div_euclid(12)).collect();
    let mut rows = Vec::new();
    for kind in std::iter::once(None).chain(kinds.into_iter().map(Some)) {
        for year in std::iter::once(None).chain(years.iter().map(|year| Some(*year))) {
            let mut months = Months::new();
            let of = |row: &RunoutTriangle, month: i32| {
                kind.is_none_or(|kind| row.kind == kind) && year.is_none_or(|year| month.div_euclid(12) == year)
            };
            for (row, month, lag) in known().filter(|(row, month, _)| of(row, *month)) {
                let sum = months.entry(month).or_default().entry(lag).or_default();
                *sum = (sum.0 + row.rows, sum.1 + i128::from(row.paid_cents.0));
            }
            push(&mut rows, kind, year, &months, last);
        }
    }
    rows
}

fn push(rows: &mut Vec<RunOut>, kind: Option<&str>, year: Option<i32>, months: &Months, last: i64) {
    let Some(longest) = months.values().filter_map(|lags| lags.keys().last()).max().copied() else { return };
    let completion = completion(months, longest, last);
    let cells = || months.values().flatten();
    let total: i128 = cells().map(|(_, sum)| sum.1).sum();
    let mut cumulative = 0;
    for lag in 0..=longest {
        let (count, cents) = cells()
            .filter(|(of, _)| **of == lag)
            .fold((0, 0i128), |(count, cents), (_, sum)| (count + sum.0, cents + sum.1));
        cumulative += cents;
        rows.push(RunOut {
            kind: kind.map(str::to_owned),
            incurred_year: year.map(CalendarYear),
            lag_months: lag,
            rows: count,
            paid_cents: Cents(cents as i64),
            cumulative_share: (total != 0).then(|| cumulative as f64 / total as f64),
            completion: completion[lag as usize],
        });
    }
}

/// By lag: 1 over the product of the factors from it to the longest. A factor is what the months had been paid by the lag
/// after, over what they had been paid by the lag, of the months for which the lag after has been seen.
fn completion(months: &Months, longest: i64, last: i64) -> Vec<Option<f64>> {
    let by = |lags: &BTreeMap<i64, (i64, i128)>, lag: i64| lags.range(..=lag).map(|(_, sum)| sum.1).sum::<i128>();
    let mut shares = vec![Some(1.0); longest as usize + 1];
    for lag in (0..longest).rev() {
        let seen = || months.iter().filter(|(month, _)| i64::from(**month) + lag < last).map(|(_, lags)| lags);
        let (before, after) =
            (seen().map(|of| by(of, lag)).sum::<i128>(), seen().map(|of| by(of, lag + 1)).sum::<i128>());
        let factor = (before > 0 && after > 0).then(|| before as f64 / after as f64);
        shares[lag as usize] = shares[lag as usize + 1].zip(factor).map(|(share, factor)| share * factor);
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(month: u8, lag: Option<i64>, cents: i64) -> RunoutTriangle {
        RunoutTriangle {
            incurred_year: Some(CalendarYear(2024)),
            incurred_month: Some(month),
            kind: "carrier".into(),
            lag_months: lag,
            rows: 1,
            paid_cents: Cents(cents),
        }
    }

    #[test]
    fn a_young_month_does_not_count_as_complete() {
        // Seen through March: January with lags 0 to 2, February with 0 and 1, March with 0.
        let triangle = [
            row(1, Some(0), 50),
            row(1, Some(1), 30),
            row(1, Some(2), 20),
            row(2, Some(-1), 10),
            row(2, Some(0), 30),
            row(2, Some(1), 20),
            row(3, Some(0), 70),
            row(3, None, 999),
        ];
        let rows = run_out(&triangle);
        let all: Vec<_> = rows.iter().filter(|row| row.kind.is_none() && row.incurred_year.is_none()).collect();
        let cents: Vec<i64> = all.iter().map(|row| row.paid_cents.0).collect();
        assert_eq!(cents, [160, 50, 20]);
        let shares: Vec<f64> = all.iter().filter_map(|row| row.cumulative_share).collect();
        assert!((shares[0] - 160.0 / 230.0).abs() < 1e-12 && shares[2] == 1.0);
        let completion: Vec<f64> = all.iter().filter_map(|row| row.completion).collect();
        assert_eq!(completion[2], 1.0);
        assert!((completion[1] - 0.8).abs() < 1e-12); // January alone: 80 of 100
        assert!((completion[0] - 0.8 * 90.0 / 140.0).abs() < 1e-12); // January and February: 90 of 140
        assert_eq!(rows.len(), 12); // all and carrier, all years and 2024
    }

    #[test]
    fn nothing_known_is_no_row() {
        assert!(run_out(&[row(1, None, 5)]).is_empty());
    }
}
