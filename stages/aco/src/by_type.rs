//! One value for each enrollment type, and weighted means over the types that have one (M.0.2).

use acoledger_schemas::values::EnrollmentType;
use std::ops::{Index, IndexMut};

/// One value for each enrollment type. `ByType<Option<f64>>` holds a number for the types that an ACO has.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ByType<T>(pub [T; 4]);

impl<T> ByType<T> {
    /// A value for each type, in the order of the program's tables.
    pub fn of(value: impl FnMut(EnrollmentType) -> T) -> ByType<T> {
        ByType(EnrollmentType::ALL.map(value))
    }
}

impl<T> Index<EnrollmentType> for ByType<T> {
    type Output = T;
    fn index(&self, kind: EnrollmentType) -> &T {
        &self.0[kind.index()]
    }
}

impl<T> IndexMut<EnrollmentType> for ByType<T> {
    fn index_mut(&mut self, kind: EnrollmentType) -> &mut T {
        &mut self.0[kind.index()]
    }
}

impl ByType<Option<f64>> {
    /// The types that have a number, with it.
    pub fn present(&self) -> impl Iterator<Item = (EnrollmentType, f64)> + '_ {
        EnrollmentType::ALL.into_iter().filter_map(|kind| self[kind].map(|value| (kind, value)))
    }

    /// The sum of the numbers.
    pub fn total(&self) -> f64 {
        self.present().map(|(_, value)| value).sum()
    }

    /// `Σ weight × value / Σ weight` over the types that have both; `None` when the weights come to nothing.
    pub fn mean(&self, weights: &ByType<Option<f64>>) -> Option<f64> {
        let (mut sum, mut weight_sum) = (0.0, 0.0);
        for (kind, value) in self.present() {
            if let Some(weight) = weights[kind] {
                sum += weight * value;
                weight_sum += weight;
            }
        }
        (weight_sum != 0.0).then(|| sum / weight_sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_leave_out_types_without_value_or_weight() {
        let values = ByType([Some(10.0), None, Some(40.0), Some(5.0)]);
        let weights = ByType([Some(1.0), Some(9.0), Some(3.0), None]);
        assert_eq!(values.mean(&weights), Some(32.5)); // (1 × 10 + 3 × 40) / 4
        assert_eq!(values.mean(&ByType::default()), None);
        assert_eq!(values.total(), 55.0);
    }
}
