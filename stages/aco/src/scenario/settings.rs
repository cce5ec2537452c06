//! Rule overrides of reforms: names resolved, composed in their order, applied to the rules in force.

use super::reform::{Reform, When};
use acoledger_schemas::rules::{Rule, RuleError, Rules, When as Time, dated};
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::{Date, Track};
use std::collections::{BTreeMap, BTreeSet};
use toml::Value;

/// Decimals up to here have every whole number: 2⁵³.
const MOST_WHOLE: f64 = 9_007_199_254_740_992.0;

/// One override: a rule, an entry of its value or the whole, and what stands there instead.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Setting {
    pub(super) key: String,
    /// Names and places inside the value; empty: the whole.
    pub(super) entry: Vec<String>,
    pub(super) value: Value,
    /// As the file spells it.
    pub(super) spelled: String,
}

/// Overrides that stand together in a file, for all ACOs or for some.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// Place of the reform among those composed.
    pub(super) reform: usize,
    /// Its file.
    pub(super) file: String,
    /// Its title.
    pub(super) title: String,
    pub(super) when: Option<When>,
    pub(super) settings: Vec<Setting>,
}

/// The blocks of reforms in their order.
///
/// # Errors
/// A name that is no rule and no entry of one; a rule that one table sets twice.
pub(super) fn blocks(reforms: &[Reform], rules: &Rules) -> Result<Vec<Block>, Problems> {
    let mut blocks = Vec::new();
    let mut problems = Problems::default();
    for (place, reform) in reforms.iter().enumerate() {
        let tables =
            std::iter::once((None, &reform.rules)).chain(reform.when.iter().map(|when| (Some(when), &when.rules)));
        for (when, table) in tables {
            let mut settings = Vec::new();
            let resolved = resolve("", table, rules, &mut settings).and_then(|()| no_two_set_one(&settings));
            if let Err(error) = resolved {
                problems.extend(error.problem(reform.name()).into());
            }
            let (title, file) = (reform.title.clone(), reform.name().to_owned());
            blocks.push(Block { reform: place, file, title, when: when.cloned(), settings });
        }
    }
    problems.or(blocks)
}

/// Names in one table have no order that a reader sees: none may set what another one sets.
pub(super) fn no_two_set_one(settings: &[Setting]) -> Result<(), RuleError> {
    for (at, later) in settings.iter().enumerate() {
        if let Some(earlier) = settings[..at].iter().find(|earlier| earlier.overlaps(later)) {
            let what = format!("is set twice in one table: by `{}` and by `{}`", earlier.spelled, later.spelled);
            return Err(RuleError { key: later.key.clone(), what });
        }
    }
    Ok(())
}

fn resolve(prefix: &str, table: &toml::Table, rules: &Rules, out: &mut Vec<Setting>) -> Result<(), RuleError> {
    for (name, value) in table {
        let name = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            Value::Table(inner) if place(&name, rules).is_none() && name != RISK_CAP => {
                resolve(&name, inner, rules, out)?;
            }
            _ => out.extend(settings_of(&name, value, rules)?),
        }
    }
    Ok(())
}

/// What a name and a value stand for.
///
/// # Errors
/// A name that is no rule and no entry of one.
pub(super) fn settings_of(name: &str, value: &Value, rules: &Rules) -> Result<Vec<Setting>, RuleError> {
    if name == RISK_CAP {
        return alias(value, rules);
    }
    match place(name, rules) {
        Some((key, entry)) => {
            let value = as_own(value, &entry, rules.rule(&key)?);
            Ok(vec![Setting { key, entry, value, spelled: name.into() }])
        }
        // The rules say which name is nearest.
        None => Err(rules.rule(name).expect_err("a name without place is no rule")),
    }
}

/// A whole number as a whole number where the rule has one: TOML tells 8 from 8.0, a sweep does not.
fn as_own(value: &Value, entry: &[String], rule: &Rule) -> Value {
    let inside = |whole: &Value, word: &String| match whole {
        Value::Table(table) => table.get(word).cloned(),
        Value::Array(list) => list.get(word.parse::<usize>().ok()?).cloned(),
        _ => None,
    };
    let own = |value: &Value| entry.iter().try_fold(value.clone(), |whole, word| inside(&whole, word));
    match value {
        Value::Float(number)
            if number.fract() == 0.0
                && number.abs() < MOST_WHOLE
                && rule.values.iter().any(|(_, value)| matches!(own(value), Some(Value::Integer(_)))) =>
        {
            Value::Integer(*number as i64)
        }
        other => other.clone(),
    }
}

/// Name that stands for two rules.
const RISK_CAP: &str = "risk.cap";

/// `risk.cap`: points by which scores may grow, under both rulebooks that have a cap: over demographic growth (425.652), over 1
/// (425.601).
fn alias(value: &Value, rules: &Rules) -> Result<Vec<Setting>, RuleError> {
    let error = |what: String| RuleError { key: RISK_CAP.into(), what };
    let points = value.as_float().or(value.as_integer().map(|whole| whole as f64)).ok_or_else(|| {
        error(format!("expected points such as 0.03: {value}; `risk_cap.form` = \"none\" leaves growth without a cap"))
    })?;
    // Under its own name: who set it did not write the names of the two.
    let of_points = rules.rule("risk_cap.aggregate_points")?;
    of_points.check(&[], &Value::Float(points)).map_err(|refused| error(refused.what))?;
    let setting = |key: &str, value: f64| Setting {
        key: key.into(),
        entry: Vec::new(),
        value: Value::Float(value),
        spelled: RISK_CAP.into(),
    };
    Ok(vec![setting("risk_cap.aggregate_points", points), setting("risk_cap.by_type", 1.0 + points)])
}

/// The longest beginning of a dotted name that is a rule, and what is left of it.
fn place(name: &str, rules: &Rules) -> Option<(String, Vec<String>)> {
    let words: Vec<&str> = name.split('.').collect();
    (1..=words.len()).rev().find_map(|length| {
        let key = words[..length].join(".");
        rules.find(&key).is_some().then(|| (key, words[length..].iter().map(|word| (*word).to_owned()).collect()))
    })
}

/// Conflicts among blocks that hold together, in words: two files, or two conditions, say different things about the same.
pub(super) fn conflicts(blocks: &[&Block]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, later) in blocks.iter().enumerate() {
        for earlier in &blocks[..at] {
            // A condition is there to differ from what its own file says in general.
            if earlier.reform == later.reform && (earlier.when.is_none() || later.when.is_none()) {
                continue;
            }
            for (a, b) in earlier.settings.iter().flat_map(|a| later.settings.iter().map(move |b| (a, b))) {
                if a.overlaps(b) && (a.value != b.value || a.entry != b.entry) {
                    found.insert(format!(
                        "`{}` is set by \"{}\" and by \"{}\": the later counts",
                        b.name(),
                        earlier.title,
                        later.title
                    ));
                }
            }
        }
    }
    found
}

/// The rules with overrides in place, the later ones last.
///
/// # Errors
/// An entry that no value of the rule has; a value of another shape.
pub(super) fn apply<'s>(rules: &Rules, settings: impl IntoIterator<Item = &'s Setting>) -> Result<Rules, RuleError> {
    let mut changed: BTreeMap<&str, Vec<(Date, Value)>> = BTreeMap::new();
    for setting in settings {
        let values = match changed.remove(setting.key.as_str()) {
            Some(values) => values,
            None => rules.rule(&setting.key)?.values.clone(),
        };
        changed.insert(&setting.key, setting.put(values)?);
    }
    if changed.is_empty() {
        return Ok(rules.clone());
    }
    let mut table = toml::Table::new();
    for (key, values) in changed {
        let list = values.into_iter().map(|(from, value)| {
            Value::Table(
                [("from".to_owned(), Value::String(from.to_string())), ("value".to_owned(), value)]
                    .into_iter()
                    .collect(),
            )
        });
        table.insert(key.to_owned(), Value::Array(list.collect()));
    }
    rules.clone().with_overrides(&table)
}

impl Setting {
    /// The name as a file would spell it.
    pub(super) fn name(&self) -> String {
        std::iter::once(&self.key).chain(&self.entry).map(String::as_str).collect::<Vec<_>>().join(".")
    }

    /// Whether both set the same rule, or one an entry of what the other sets.
    pub(super) fn overlaps(&self, other: &Setting) -> bool {
        self.key == other.key && self.entry.iter().zip(&other.entry).all(|(a, b)| a == b)
    }

    fn error(&self, what: impl Into<String>) -> RuleError {
        RuleError { key: self.name(), what: what.into() }
    }

    /// The rule's values with this one in them. A list of `{from, value}` holds from its first time on, what was in force
    /// before stays.
    fn put(&self, values: Vec<(Date, Value)>) -> Result<Vec<(Date, Value)>, RuleError> {
        let dated = dated(&self.value).map_err(|what| self.error(what))?;
        let changes = dated.unwrap_or_else(|| vec![(Time::from(1).0, self.value.clone())]);
        let first = changes[0].0;
        let mut out: Vec<(Date, Value)> = values.iter().filter(|(from, _)| *from < first).cloned().collect();
        if self.entry.is_empty() {
            out.extend(changes);
            return Ok(out);
        }
        // Every time at which the rule or the entry changes.
        let mut times: BTreeSet<Date> = values.iter().map(|(from, _)| *from).filter(|from| *from > first).collect();
        times.extend(changes.iter().map(|(from, _)| *from));
        let at = |list: &[(Date, Value)], day: Date| list.iter().take_while(|(from, _)| *from <= day).last().cloned();
        let mut anywhere = false;
        for day in times {
            let Some((_, mut whole)) = at(&values, day) else { continue };
            let (_, entry) = at(&changes, day).expect("times start with the first change");
            anywhere |= self.replace(&mut whole, entry);
            out.push((day, whole));
        }
        if anywhere { Ok(out) } else { Err(self.error("the rule has no such entry")) }
    }

    /// Puts an entry in a value; whether there was a place for it. Tables by track take tracks that they do not name yet.
    fn replace(&self, whole: &mut Value, entry: Value) -> bool {
        let mut place = whole;
        for (at, word) in self.entry.iter().enumerate() {
            let last = at + 1 == self.entry.len();
            let next = match place {
                Value::Table(table) => {
                    let by_track = table.keys().all(|name| Track::from_code(name).is_some());
                    if last && by_track && Track::from_code(word).is_some() {
                        table.insert(word.clone(), entry);
                        return true;
                    }
                    table.get_mut(word)
                }
                Value::Array(list) => word.parse::<usize>().ok().and_then(|at| list.get_mut(at)),
                _ => None,
            };
            let Some(next) = next else { return false };
            place = next;
        }
        *place = entry;
        true
    }
}
