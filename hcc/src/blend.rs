//! From raw scores of models to one score (HCC.md 8): each model's score is divided by its own factor before the weights apply.

use crate::model::Model;

/// A model's part of a payment year's score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Model.
    pub model: Model,
    /// Weight in thousandths.
    pub weight_milli: i64,
    /// Normalisation factor in thousandths: what the model's scores are divided by.
    pub factor_milli: i64,
}

/// The parts of a payment year's score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blend {
    parts: Vec<Part>,
}

/// Parts that make no blend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlendError {
    /// The weights do not sum to one; what they sum to, in thousandths.
    Weights(i64),
    /// A factor that is not above 0.
    Factor(Model),
}

impl std::fmt::Display for BlendError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BlendError::Weights(sum) => write!(f, "weights sum to {sum} thousandths, expected 1000"),
            BlendError::Factor(model) => write!(f, "the normalisation factor of {} must be above 0", model.name()),
        }
    }
}

impl Blend {
    /// A blend of parts. No adjustment for coding patterns: the Shared Savings Program has none (HCC.md 8.1).
    ///
    /// # Errors
    /// Weights that do not sum to one, factors that are not above 0.
    pub fn new(parts: Vec<Part>) -> Result<Blend, BlendError> {
        let sum = parts.iter().map(|part| part.weight_milli).sum();
        if sum != 1000 {
            return Err(BlendError::Weights(sum));
        }
        match parts.iter().find(|part| part.factor_milli <= 0) {
            Some(part) => Err(BlendError::Factor(part.model)),
            None => Ok(Blend { parts }),
        }
    }

    /// The parts.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The score in thousandths of raw sums in thousandths, one for each part: exact until one rounding, halves up.
    ///
    /// # Panics
    /// Another number of sums than of parts.
    pub fn score_milli(&self, raw_milli: &[i64]) -> i64 {
        assert_eq!(raw_milli.len(), self.parts.len(), "each part has its sum");
        let common: i128 = self.parts.iter().map(|part| i128::from(part.factor_milli)).product();
        let sum: i128 = self
            .parts
            .iter()
            .zip(raw_milli)
            .map(|(part, raw)| {
                i128::from(*raw) * i128::from(part.weight_milli) * (common / i128::from(part.factor_milli))
            })
            .sum();
        // Weights and factors are both in thousandths: the two cancel.
        let rounded = (sum * 2 + common).div_euclid(common * 2);
        i64::try_from(rounded).expect("scores are small")
    }
}
