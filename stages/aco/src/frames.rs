//! Sums of integers by small integer keys, with Polars.

use acoledger_schemas::table::{Problem, Problems};
use polars::prelude::*;
use std::collections::BTreeMap;

/// Sums `V` integers by `K` keys. Exact: refuses columns whose absolute values together exceed an `i64`, so that no sum can
/// overflow on the way.
///
/// # Errors
/// Sums beyond an `i64`.
pub(crate) fn sums<const K: usize, const V: usize>(
    rows: impl Iterator<Item = ([i64; K], [i64; V])>,
) -> Result<BTreeMap<[i64; K], [i64; V]>, Problems> {
    let mut keys: [Vec<i64>; K] = std::array::from_fn(|_| Vec::new());
    let mut values: [Vec<i64>; V] = std::array::from_fn(|_| Vec::new());
    for (key, value) in rows {
        keys.iter_mut().zip(key).for_each(|(column, cell)| column.push(cell));
        values.iter_mut().zip(value).for_each(|(column, cell)| column.push(cell));
    }
    for column in &values {
        let total: u128 = column.iter().map(|cell| u128::from(cell.unsigned_abs())).sum();
        if total > i64::MAX as u128 {
            return Err(trouble("sums of cells exceed 64-bit integers"));
        }
    }
    grouped(&keys, &values).map_err(|error| trouble(&error.to_string()))
}

fn trouble(what: &str) -> Problems {
    Problem { file: "cells".into(), line: 0, column: String::new(), what: what.into(), value: None, hint: None }.into()
}

fn grouped<const K: usize, const V: usize>(
    keys: &[Vec<i64>; K],
    values: &[Vec<i64>; V],
) -> PolarsResult<BTreeMap<[i64; K], [i64; V]>> {
    let named = |letter: &str, i: usize| PlSmallStr::from_string(format!("{letter}{i}"));
    let columns = |letter: &'static str, columns: &[Vec<i64>]| -> Vec<Column> {
        columns.iter().enumerate().map(|(i, cells)| Column::new(named(letter, i), cells.as_slice())).collect()
    };
    let mut all = columns("k", keys);
    all.extend(columns("v", values));
    let by: Vec<Expr> = (0..K).map(|i| col(named("k", i))).collect();
    let totals: Vec<Expr> = (0..V).map(|i| col(named("v", i)).sum()).collect();
    let frame = DataFrame::new(keys[0].len(), all)?.lazy().group_by(by).agg(totals).collect()?;
    let cells = |letter: &str, i: usize| -> PolarsResult<Vec<i64>> {
        let column = frame.column(&named(letter, i))?;
        Ok(column.i64()?.iter().map(|cell| cell.unwrap_or(0)).collect())
    };
    let keys = (0..K).map(|i| cells("k", i)).collect::<PolarsResult<Vec<_>>>()?;
    let values = (0..V).map(|i| cells("v", i)).collect::<PolarsResult<Vec<_>>>()?;
    let row = |columns: &[Vec<i64>], at: usize, i: usize| columns[i][at];
    Ok((0..frame.height())
        .map(|at| (std::array::from_fn(|i| row(&keys, at, i)), std::array::from_fn(|i| row(&values, at, i))))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_by_key_in_the_order_of_keys() {
        let rows = [([2, 1], [5, -1]), ([1, 1], [7, 1]), ([2, 1], [6, -2]), ([2, 0], [1, 0])];
        let sums = sums(rows.into_iter()).expect("small numbers");
        let expected = [([1, 1], [7, 1]), ([2, 0], [1, 0]), ([2, 1], [11, -3])];
        assert_eq!(sums.into_iter().collect::<Vec<_>>(), expected);
        let none: Result<BTreeMap<[i64; 1], [i64; 1]>, _> = super::sums(std::iter::empty());
        assert_eq!(none.expect("nothing"), BTreeMap::new());
    }

    #[test]
    fn sums_that_could_overflow_are_refused() {
        assert!(sums([([1], [i64::MAX]), ([2], [1])].into_iter()).is_err());
    }
}
