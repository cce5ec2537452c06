//! Which parts of a sum to hide so that none of the small ones can be worked out.

use super::sheet::Sheet;

/// The fewest lives that a published number may stand for.
const LEAST: f64 = 11.0;

/// A number of lives that must not be told: more than none, fewer than eleven.
pub(super) fn is_small(value: f64) -> bool {
    value > 0.0 && value < LEAST
}

/// Rows that add up to something published: those that agree in all keys but one.
pub(super) struct Parts<'a> {
    /// The keys in which they differ.
    pub(super) across: &'a [&'a str],
    /// Whether a row is a part; a row of the sum itself is none.
    pub(super) member: &'a dyn Fn(&Sheet, usize) -> bool,
}

/// Hides more parts until each group that hides any hides two or more, and eleven or more in all, or has nothing left to hide. Nothing of
/// none: everybody knows it. The smallest goes first, of equal ones the first.
pub(super) fn cover(values: &[f64], hidden: &mut [bool], groups: &[Vec<usize>]) {
    loop {
        let mut changed = false;
        for group in groups {
            loop {
                let of_hidden: Vec<f64> =
                    group.iter().filter(|at| hidden[**at] && values[**at] > 0.0).map(|at| values[*at]).collect();
                let safe = of_hidden.is_empty() || of_hidden.len() > 1 && of_hidden.iter().sum::<f64>() >= LEAST;
                let open = group.iter().copied().filter(|at| !hidden[*at] && values[*at] > 0.0);
                let next = open.min_by(|a, b| values[*a].total_cmp(&values[*b]).then(a.cmp(b)));
                match next.filter(|_| !safe) {
                    Some(at) => hidden[at] = true,
                    None => break,
                }
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hide(values: &[f64], groups: &[Vec<usize>]) -> Vec<bool> {
        let mut hidden: Vec<bool> = values.iter().map(|value| is_small(*value)).collect();
        cover(values, &mut hidden, groups);
        hidden
    }

    #[test]
    fn one_part_is_never_hidden_alone() {
        let all = |count: usize| vec![(0..count).collect::<Vec<_>>()];
        assert_eq!(hide(&[3.0, 50.0, 20.0, 0.0], &all(4)), [true, false, true, false]);
        assert_eq!(hide(&[1.0, 1.0, 225.0], &all(3)), [true, true, true], "two that add up to 2 are known to be ones");
        assert_eq!(hide(&[6.0, 7.0, 225.0], &all(3)), [true, true, false]);
        assert_eq!(hide(&[11.0, 50.0, 0.0], &all(3)), [false; 3]);
        assert_eq!(hide(&[3.0, 0.0], &all(2)), [true, false], "the sum is as small as its part");
    }

    proptest! {
        /// Rows and columns with published sums: no line of the table has one unknown.
        #[test]
        fn no_line_gives_a_part_away(width in 2usize..6, numbers in prop::collection::vec(0u32..40, 4..36)) {
            let height = numbers.len() / width;
            let values: Vec<f64> = numbers[..height * width].iter().map(|number| f64::from(*number)).collect();
            let rows = (0..height).map(|row| (0..width).map(|column| row * width + column).collect::<Vec<_>>());
            let columns = (0..width).map(|column| (0..height).map(|row| row * width + column).collect());
            let groups: Vec<Vec<usize>> = rows.chain(columns).collect();
            let hidden = hide(&values, &groups);
            for (value, hidden) in values.iter().zip(&hidden) {
                prop_assert!(*hidden || !is_small(*value));
                prop_assert!(!*hidden || *value > 0.0);
            }
            for group in &groups {
                let unknown: Vec<f64> = group.iter().filter(|at| hidden[**at]).map(|at| values[*at]).collect();
                let open = group.iter().filter(|at| !hidden[**at] && values[**at] > 0.0).count();
                prop_assert!(unknown.is_empty() || open == 0 || unknown.len() > 1 && unknown.iter().sum::<f64>() >= LEAST);
            }
        }
    }
}
