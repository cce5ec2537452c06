//! Sweeps: rules that run through values, each combination a point.

use super::settings::{Setting, settings_of};
use acoledger_schemas::rules::{RuleError, Rules};
use serde::Deserialize;
use toml::Value;

/// Points that a sweep has at most: more is a mistake in a step.
const MOST_POINTS: usize = 100_000;

/// A key and the values that it runs through.
#[derive(Clone, Debug)]
pub struct Axis {
    /// Key as the file spells it.
    pub key: String,
    /// Values, in their order.
    pub values: Vec<f64>,
    pub(super) settings: Vec<Setting>,
}

/// One combination of values.
#[derive(Clone, Debug)]
pub struct Point {
    /// Values, in the order of the axes.
    pub values: Vec<f64>,
    pub(super) settings: Vec<Setting>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Steps {
    from: f64,
    to: f64,
    step: f64,
}

/// The axes of a `[sweep]` table: `{from, to, step}`, both ends in it, or a list of numbers.
pub(super) fn axes(table: &toml::Table, rules: &Rules) -> Result<Vec<Axis>, RuleError> {
    let mut axes = Vec::new();
    walk("", table, rules, &mut axes)?;
    let points = axes.iter().try_fold(1usize, |points, axis| points.checked_mul(axis.values.len()));
    match points {
        Some(points) if points <= MOST_POINTS => Ok(axes),
        _ => Err(RuleError { key: "sweep".into(), what: format!("has more than {MOST_POINTS} points") }),
    }
}

/// Keys may stand quoted or as nested tables.
fn walk(prefix: &str, table: &toml::Table, rules: &Rules, axes: &mut Vec<Axis>) -> Result<(), RuleError> {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            Value::Table(inner) if !inner.contains_key("from") => walk(&key, inner, rules, axes)?,
            _ => axes.push(axis(key, value, rules)?),
        }
    }
    Ok(())
}

fn axis(key: String, value: &Value, rules: &Rules) -> Result<Axis, RuleError> {
    let error = |what: &str| RuleError { key: key.clone(), what: what.into() };
    let values = match value {
        Value::Array(list) => list
            .iter()
            .map(|item| item.as_float().or(item.as_integer().map(|whole| whole as f64)))
            .collect::<Option<Vec<f64>>>()
            .ok_or_else(|| error("expected numbers to sweep through"))?,
        other => {
            let steps: Steps =
                other.clone().try_into().map_err(|_| error("expected a list of numbers, or `{from, to, step}`"))?;
            steps.values().ok_or_else(|| error("`step` does not lead from `from` to `to`"))?
        }
    };
    if values.is_empty() || values.len() > MOST_POINTS {
        return Err(error("expected at least one value to sweep through, and not too many"));
    }
    // A name is resolved alike for every value, and numbers have one shape: what holds for the first holds for all.
    let settings = settings_of(&key, &Value::Float(values[0]), rules)?;
    let numeric = |setting: &Setting| super::settings::apply(rules, [setting]);
    settings.iter().try_for_each(|setting| numeric(setting).map(|_| ()))?;
    Ok(Axis { key, values, settings })
}

impl Steps {
    fn values(&self) -> Option<Vec<f64>> {
        let Steps { from, to, step } = *self;
        let sound = [from, to, step].into_iter().all(f64::is_finite) && step > 0.0 && to >= from;
        let count = sound.then(|| ((to - from) / step + 1e-9).floor())?;
        // Decimal steps are no binary fractions; a value is the decimal number that a reader expects.
        let tidy = |value: f64| format!("{value:.12}").parse().unwrap_or(value);
        (count < MOST_POINTS as f64).then(|| (0..=count as usize).map(|at| tidy(from + at as f64 * step)).collect())
    }
}

/// The number of all combinations.
pub(super) fn count(axes: &[Axis]) -> usize {
    axes.iter().map(|axis| axis.values.len()).product()
}

/// The combination at a place, the last axis fastest.
pub(super) fn point(axes: &[Axis], at: usize, rules: &Rules) -> Point {
    let mut rest = at;
    let mut places = vec![0; axes.len()];
    for (place, axis) in places.iter_mut().zip(axes).rev() {
        (rest, *place) = (rest / axis.values.len(), rest % axis.values.len());
    }
    assert!(rest == 0, "asked only for points that there are");
    let mut point = Point { values: Vec::new(), settings: Vec::new() };
    for (axis, place) in axes.iter().zip(places) {
        let value = axis.values[place];
        let settings = settings_of(&axis.key, &Value::Float(value), rules);
        point.settings.extend(settings.expect("the axis resolved its name when it was made"));
        point.values.push(value);
    }
    point
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_end_where_a_reader_expects() {
        let steps = Steps { from: 0.0, to: 0.05, step: 0.0025 };
        let values = steps.values().expect("sound");
        assert_eq!((values.len(), values[3], values[20]), (21, 0.0075, 0.05));
        assert!(Steps { from: 0.0, to: 1.0, step: 0.0 }.values().is_none());
        assert!(Steps { from: 1.0, to: 0.0, step: 0.1 }.values().is_none());
    }
}
