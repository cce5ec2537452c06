//! The law as data: each rule with text, unit, citation and values by effective date. No policy number stands in code.
//!
//! A rule file holds `[[rule]]` tables: `key`, `text`, `unit`, `stage`, `dated_by`, `citation`, and `[[rule.values]]` with
//! `from` (a year or a day) and `value` (anything TOML can say). A value holds from its `from` until the next one. An
//! unknown key, a time before the first value, a value of the wrong shape: errors, never a default.
//!
//! What a study, a reform or a sweep may put in a value's place is bounded by the unit; a rule narrows or widens that by `least`
//! and `most`, a number for all numbers in it or a table by entry.

mod values;

pub use values::dated;

use crate::table::Problem;
use crate::values::Date;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The rule files, by name.
const FILES: &[(&str, &str)] = &[
    ("assign.toml", include_str!("../rules/assign.toml")),
    ("primary_care.toml", include_str!("../rules/primary_care.toml")),
    ("expenditure.toml", include_str!("../rules/expenditure.toml")),
    ("utilisation.toml", include_str!("../rules/utilisation.toml")),
    ("population.toml", include_str!("../rules/population.toml")),
    ("risk.toml", include_str!("../rules/risk.toml")),
    ("benchmark.toml", include_str!("../rules/benchmark.toml")),
    ("update.toml", include_str!("../rules/update.toml")),
    ("settle.toml", include_str!("../rules/settle.toml")),
    ("replay.toml", include_str!("../rules/replay.toml")),
];

/// What the values of a rule are dated by.
const DATED_BY: &[&str] =
    &["performance year", "calendar year", "service date", "agreement start", "payment year", "always"];

/// One rule: what it says, where it stands in the law, and its values by date.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Key: family, then words, dots between.
    pub key: String,
    /// What it says, a sentence.
    pub text: String,
    /// Unit, from a closed list.
    pub unit: String,
    /// Stage that reads it.
    pub stage: String,
    /// What its values are dated by.
    pub dated_by: String,
    /// Where it stands in the law.
    pub citation: String,
    /// Values from the day they take effect, in order.
    pub values: Vec<(Date, toml::Value)>,
    /// File that declares it.
    pub file: &'static str,
    /// Whether a study or reform replaced its values.
    pub overridden: bool,
    /// Least and greatest numbers that may stand in its values, where they are not those of its unit.
    least: Option<values::Bound>,
    most: Option<values::Bound>,
}

impl Rule {
    /// The values in force at some time of a year: that of its first day and those that take effect in it; none before the
    /// first.
    pub fn in_force(&self, year: i32) -> &[(Date, toml::Value)] {
        let first_day = When::from(year).0;
        let from = self.values.partition_point(|(from, _)| *from <= first_day).saturating_sub(1);
        let to = self.values.partition_point(|(from, _)| from.year() <= year);
        self.values.get(from..to).unwrap_or_default()
    }
}

/// What is wrong with a rule or with the way it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// The key asked for.
    pub key: String,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule `{}`: {}", self.key, self.what)
    }
}
impl std::error::Error for RuleError {}

impl RuleError {
    /// The error as a problem of an input, such as a study or reform file; blank where the rules themselves are meant.
    pub fn problem(&self, input: &str) -> Problem {
        let separator = if input.is_empty() { "" } else { ", " };
        Problem {
            file: format!("{input}{separator}rule `{}`", self.key),
            line: 0,
            column: String::new(),
            what: self.what.clone(),
            value: None,
            hint: Some("`acoledger rules` lists every rule with its unit and values".into()),
        }
    }
}

/// A time at which a rule is asked for: a year stands for its first day.
#[derive(Clone, Copy, Debug)]
pub struct When(pub Date);
impl From<Date> for When {
    fn from(date: Date) -> When {
        When(date)
    }
}
impl From<i32> for When {
    fn from(year: i32) -> When {
        When(Date::new(year.clamp(1, 9999), 1, 1).expect("the first of January exists"))
    }
}
impl From<crate::values::PerformanceYear> for When {
    fn from(year: crate::values::PerformanceYear) -> When {
        year.0.into()
    }
}
impl From<crate::values::CalendarYear> for When {
    fn from(year: crate::values::CalendarYear) -> When {
        year.0.into()
    }
}

/// All rules in force, overrides applied. Clones share the rules that do not differ.
#[derive(Clone, Debug)]
pub struct Rules {
    rules: BTreeMap<String, Arc<Rule>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct FileShape {
    #[serde(default)]
    rule: Vec<RuleShape>,
}
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleShape {
    key: String,
    text: String,
    unit: String,
    stage: String,
    dated_by: String,
    citation: String,
    #[serde(default)]
    least: Option<values::Bound>,
    #[serde(default)]
    most: Option<values::Bound>,
    values: Vec<ValueShape>,
}
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ValueShape {
    from: toml::Value,
    value: toml::Value,
}

impl Rules {
    /// The rules as this version ships them.
    ///
    /// # Errors
    /// A rule file that does not parse, a repeated key, an unknown unit, a rule without citation or values, values out of
    /// order. The tests load this, so a release never fails here.
    pub fn built_in() -> Result<Rules, RuleError> {
        let mut rules = BTreeMap::new();
        for (file, text) in FILES {
            let shape: FileShape =
                toml::from_str(text).map_err(|error| RuleError { key: (*file).into(), what: error.to_string() })?;
            for rule in shape.rule {
                let rule = check(rule, file)?;
                if let Some(twice) = rules.insert(rule.key.clone(), Arc::new(rule)) {
                    return Err(RuleError {
                        key: twice.key.clone(),
                        what: format!("declared twice, once in {}", twice.file),
                    });
                }
            }
        }
        Ok(Rules { rules })
    }

    /// These rules with values replaced: by a value for all time, or by a list of `{from, value}`.
    ///
    /// # Errors
    /// A key that no rule has, with the nearest one as hint; a value whose shape is not that of the rule's own; a number
    /// outside the range of the rule's unit ([`Rule::check`]).
    pub fn with_overrides(mut self, overrides: &toml::Table) -> Result<Rules, RuleError> {
        let mut flat = Vec::new();
        flatten("", overrides, &self, &mut flat);
        for (key, value) in flat {
            if !self.rules.contains_key(&key) {
                return Err(self.unknown(&key));
            }
            let rule = Arc::make_mut(self.rules.get_mut(&key).expect("it was just seen"));
            let error = |what: String| RuleError { key: key.clone(), what };
            let values = dated(&value).map_err(error)?.unwrap_or_else(|| vec![(When::from(1).0, value)]);
            for (_, value) in &values {
                if !rule.values.iter().any(|(_, own)| values::same_shape(own, value)) {
                    return Err(error(format!("has the wrong shape: expected something like {}", rule.values[0].1)));
                }
                rule.check(&[], value)?;
            }
            // What says nothing else than the rule's own values overrides nothing: a dump of the rules changes no run.
            rule.overridden |= rule.values != values;
            rule.values = values;
        }
        Ok(self)
    }

    /// The rule with this key.
    ///
    /// # Errors
    /// When there is none.
    pub fn rule(&self, key: &str) -> Result<&Rule, RuleError> {
        self.find(key).ok_or_else(|| self.unknown(key))
    }

    /// The rule with this key, for those to whom its absence is no error.
    pub fn find(&self, key: &str) -> Option<&Rule> {
        self.rules.get(key).map(Arc::as_ref)
    }

    /// These rules without some: since a rule that is asked for and absent is an error, what can be taken from these reads none
    /// of them.
    pub fn without<'k>(&self, keys: impl IntoIterator<Item = &'k str>) -> Rules {
        let mut rules = self.clone();
        for key in keys {
            rules.rules.remove(key);
        }
        rules
    }

    /// The value in force at a time.
    ///
    /// # Errors
    /// Unknown key, a time before the first value, a value that is not a `T`.
    pub fn at<T: DeserializeOwned>(&self, key: &str, when: impl Into<When>) -> Result<T, RuleError> {
        let rule = self.rule(key)?;
        let day = when.into().0;
        let at = rule.values.partition_point(|(from, _)| *from <= day);
        let Some((_, value)) = at.checked_sub(1).map(|i| &rule.values[i]) else {
            return Err(RuleError {
                key: key.into(),
                what: format!("has no value at {day}: the first is from {}", rule.values[0].0),
            });
        };
        decode(key, value)
    }

    /// All values with the day each takes effect, for rules dated by the service.
    ///
    /// # Errors
    /// Unknown key, a value that is not a `T`.
    pub fn timeline<T: DeserializeOwned>(&self, key: &str) -> Result<Vec<(Date, T)>, RuleError> {
        self.rule(key)?.values.iter().map(|(from, value)| Ok((*from, decode(key, value)?))).collect()
    }

    /// All rules by key.
    pub fn all(&self) -> impl Iterator<Item = &Rule> {
        self.rules.values().map(Arc::as_ref)
    }

    fn unknown(&self, key: &str) -> RuleError {
        let nearest = self.rules.keys().min_by_key(|known| distance(known, key)).map_or("", String::as_str);
        RuleError { key: key.into(), what: format!("no such rule; nearest is `{nearest}`") }
    }
}

fn check(rule: RuleShape, file: &'static str) -> Result<Rule, RuleError> {
    let error = |what: &str| RuleError { key: rule.key.clone(), what: format!("{what} ({file})") };
    if rule.text.trim().is_empty() || rule.citation.trim().is_empty() {
        return Err(error("needs text and citation"));
    }
    let units: Vec<&str> = values::UNITS.iter().map(|unit| unit.name).collect();
    if !units.contains(&rule.unit.as_str()) {
        return Err(error(&format!("unknown unit `{}`: one of {}", rule.unit, units.join(", "))));
    }
    if !DATED_BY.contains(&rule.dated_by.as_str()) {
        return Err(error(&format!("unknown dated_by `{}`: one of {}", rule.dated_by, DATED_BY.join(", "))));
    }
    let mut values = Vec::new();
    for value in &rule.values {
        values.push((values::day(&value.from).map_err(|what| error(&what))?, value.value.clone()));
    }
    if values.is_empty() || !values.is_sorted_by(|a, b| a.0 < b.0) {
        return Err(error("needs values in the order of their dates"));
    }
    let RuleShape { key, text, unit, stage, dated_by, citation, least, most, .. } = rule;
    Ok(Rule { key, text, unit, stage, dated_by, citation, values, file, overridden: false, least, most })
}

/// Dotted keys may stand quoted (`"settle.msr.fixed" = …`) or as nested tables; a table that is itself a value stays whole.
fn flatten(prefix: &str, table: &toml::Table, rules: &Rules, out: &mut Vec<(String, toml::Value)>) {
    for (key, value) in table {
        let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            toml::Value::Table(inner) if !rules.rules.contains_key(&key) => flatten(&key, inner, rules, out),
            _ => out.push((key, value.clone())),
        }
    }
}

fn decode<T: DeserializeOwned>(key: &str, value: &toml::Value) -> Result<T, RuleError> {
    // TOML tells 0 from 0.0; a law book does not.
    let first = match value.clone().try_into() {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let decimal = numbers(value, &|number| number);
    let whole = || numbers(value, &whole);
    decimal.try_into().or_else(|_| whole().try_into()).map_err(|_: toml::de::Error| RuleError {
        key: key.into(),
        what: first.to_string().trim_end().replace('\n', "; "),
    })
}

/// A value with every number written by `write`, as decimals first.
fn numbers(value: &toml::Value, write: &dyn Fn(toml::Value) -> toml::Value) -> toml::Value {
    match value {
        toml::Value::Integer(number) => write(toml::Value::Float(*number as f64)),
        toml::Value::Float(_) => write(value.clone()),
        toml::Value::Array(items) => toml::Value::Array(items.iter().map(|item| numbers(item, write)).collect()),
        toml::Value::Table(table) => {
            toml::Value::Table(table.iter().map(|(key, value)| (key.clone(), numbers(value, write))).collect())
        }
        other => other.clone(),
    }
}

/// A decimal without a fraction as a whole number: every whole number below 2⁵³ is one.
fn whole(number: toml::Value) -> toml::Value {
    match number {
        toml::Value::Float(value) if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 => {
            toml::Value::Integer(value as i64)
        }
        other => other,
    }
}

/// Edit distance, for hints.
pub fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let next = (corner + usize::from(x != *y)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = row[j + 1];
            row[j + 1] = next;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_rules_load() {
        let rules = Rules::built_in().expect("the shipped rules are sound");
        assert!(rules.all().count() > 0);
    }

    #[test]
    fn values_in_force_are_those_of_the_first_day_and_of_the_year() {
        let text = "rule = [{ key = 'a.b', text = 't', unit = 'count', stage = 's', dated_by = 'service date', citation = 'c',
            values = [{ from = 2013, value = 1 }, { from = '2022-04-01', value = 2 }, { from = '2022-07-01', value = 3 }] }]";
        let shape: FileShape = toml::from_str(text).expect("TOML");
        let rule = check(shape.rule.into_iter().next().expect("a rule"), "test").expect("a sound rule");
        let in_force =
            |year| rule.in_force(year).iter().map(|(_, value)| value.as_integer().unwrap_or(0)).collect::<Vec<_>>();
        assert_eq!((in_force(2012), in_force(2013), in_force(2021)), (vec![], vec![1], vec![1]));
        assert_eq!((in_force(2022), in_force(2023)), (vec![1, 2, 3], vec![3]));
    }

    #[test]
    fn own_values_given_back_override_nothing() {
        let rules = Rules::built_in().expect("the shipped rules are sound");
        let dated = |(from, value): &(Date, toml::Value)| {
            toml::Table::from_iter([("from".to_owned(), from.to_string().into()), ("value".to_owned(), value.clone())])
        };
        let all = rules.all().map(|rule| {
            let values: Vec<toml::Value> = rule.values.iter().map(|value| dated(value).into()).collect();
            (rule.key.clone(), values.into())
        });
        let again = rules.clone().with_overrides(&toml::Table::from_iter(all)).expect("its own values fit");
        assert!(again.all().all(|rule| !rule.overridden));
        assert!(again.all().zip(rules.all()).all(|(a, b)| a.values == b.values));
    }

    #[test]
    fn unknown_keys_name_the_nearest() {
        let rules = Rules::built_in().expect("the shipped rules are sound");
        let known = rules.all().next().expect("there is a rule").key.clone();
        let asked = format!("{known}x");
        let error = rules
            .with_overrides(&toml::Table::from_iter([(asked, toml::Value::Integer(1))]))
            .expect_err("no such rule");
        assert!(error.what.contains(&known), "{error}");
    }
}
