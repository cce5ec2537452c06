//! Sweeps: rules that run through values, each combination a point.

use super::reform::Reform;
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
    /// At the first value.
    pub(super) settings: Vec<Setting>,
    /// Place of the reform that sweeps it, and its file.
    pub(super) reform: usize,
    pub(super) file: String,
}

/// One combination of values.
#[derive(Clone, Debug)]
pub struct Point {
    /// Values, in the order of the axes.
    pub values: Vec<f64>,
    /// What they set, each with the place of the reform that sweeps it: they stand where its `[rules]` stand.
    pub(super) settings: Vec<(usize, Setting)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Steps {
    from: f64,
    to: f64,
    step: f64,
}

/// The axes of a reform's `[sweep]` table: `{from, to, step}`, both ends in it, or a list of numbers.
pub(super) fn axes(reform: &Reform, place: usize, rules: &Rules) -> Result<Vec<Axis>, RuleError> {
    let mut found = Vec::new();
    walk("", &reform.sweep, &mut found);
    found
        .into_iter()
        .map(|(key, value)| Ok(Axis { reform: place, file: reform.name().into(), ..axis(key, value, rules)? }))
        .collect()
}

/// That all axes together have no more points than there may be.
pub(super) fn check_count(axes: &[Axis]) -> Result<(), RuleError> {
    let points = axes.iter().try_fold(1usize, |points, axis| points.checked_mul(axis.values.len()));
    match points {
        Some(points) if points <= MOST_POINTS => Ok(()),
        _ => Err(too_many("sweep")),
    }
}

fn too_many(key: &str) -> RuleError {
    RuleError { key: key.into(), what: format!("has too many points: at most {MOST_POINTS}") }
}

/// Keys may stand quoted or as nested tables.
fn walk<'t>(prefix: &str, table: &'t toml::Table, out: &mut Vec<(String, &'t Value)>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            Value::Table(inner) if !inner.contains_key("from") => walk(&key, inner, out),
            _ => out.push((key, value)),
        }
    }
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
            if steps.count().is_some_and(|count| count >= MOST_POINTS as f64) {
                return Err(too_many(&key));
            }
            steps.values().ok_or_else(|| error("`step` does not lead from `from` to `to`"))?
        }
    };
    if values.is_empty() {
        return Err(error("expected at least one value to sweep through"));
    }
    if values.len() > MOST_POINTS {
        return Err(too_many(&key));
    }
    check_values(&key, &values, rules)?;
    // A name is resolved alike for every value, and numbers have one shape: what holds for the first holds for all.
    let settings = settings_of(&key, &Value::Float(values[0]), rules)?;
    settings.iter().try_for_each(|setting| super::settings::apply(rules, [setting]).map(|_| ()))?;
    Ok(Axis { key, values, settings, reform: 0, file: String::new() })
}

/// Every value is one that the rule can have, and there once: a point is known by its values.
fn check_values(key: &str, values: &[f64], rules: &Rules) -> Result<(), RuleError> {
    for value in values {
        for setting in settings_of(key, &Value::Float(*value), rules)? {
            rules.rule(&setting.key)?.check(&setting.entry, &setting.value)?;
        }
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => {
            Err(RuleError { key: key.into(), what: format!("is swept through one value twice: {}", pair[0]) })
        }
        None => Ok(()),
    }
}

impl Steps {
    /// Steps from `from` to `to`; `None`: none leads there.
    fn count(&self) -> Option<f64> {
        let Steps { from, to, step } = *self;
        let sound = [from, to, step].into_iter().all(f64::is_finite) && step > 0.0 && to >= from;
        sound.then(|| ((to - from) / step + 1e-9).floor())
    }

    fn values(&self) -> Option<Vec<f64>> {
        let Steps { from, step, .. } = *self;
        let count = self.count()?;
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
        let settings = settings.expect("the axis resolved its name when it was made");
        point.settings.extend(settings.into_iter().map(|setting| (axis.reform, setting)));
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
