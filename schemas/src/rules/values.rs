//! What a value may be: the range of its unit, its shape, its dates. Checked in one place, [`Rule::check`], whenever a study, a
//! reform or a sweep puts a value in the place of the law's; a test holds the law's own values to the same.

use super::{Rule, RuleError};
use crate::values::Date;
use std::collections::BTreeMap;
use toml::Value;

/// A unit and the numbers that it can have. No law: what lies outside is a slip, such as percent for a fraction.
pub(super) struct Unit {
    pub(super) name: &'static str,
    least: f64,
    most: f64,
    whole: bool,
}

const fn unit(name: &'static str, least: f64, most: f64, whole: bool) -> Unit {
    Unit { name, least, most, whole }
}

/// Units that a rule may have. A `table` has numbers of several kinds, and a `choice` or a `flag` none: rules say more in `least`
/// and `most`.
pub(super) const UNITS: &[Unit] = &[
    unit("fraction", 0.0, 1.0, false),
    unit("ratio", 0.0, 10.0, false),
    unit("factor", 0.0, 10.0, false),
    unit("cents", -1e15, 1e15, true),
    unit("dollars", -1e13, 1e13, false),
    unit("months", -120.0, 120.0, true),
    unit("years", 0.0, 9999.0, true),
    unit("lives", 0.0, 1e9, true),
    unit("person years", 0.0, 1e9, false),
    unit("count", 0.0, 1e9, true),
    unit("date", 1.0, 31.0, true),
    unit("dates", 1.0, 31.0, true),
    unit("code", 0.0, 1e9, true),
    unit("codes", 0.0, 1e9, true),
    unit("ranges", 0.0, 1e9, true),
    unit("bands", 0.0, 1e15, false),
    unit("table", -1e15, 1e15, false),
    unit("flag", 0.0, 1.0, true),
    unit("choice", -1e15, 1e15, false),
];

/// A bound that a rule sets itself: for every number in it, or by the name of the entry that the number stands in.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(untagged)]
pub(super) enum Bound {
    All(f64),
    ByEntry(BTreeMap<String, f64>),
}

impl Bound {
    /// The bound of the number at the end of a path: that of its innermost name that has one.
    fn of(&self, path: &[String]) -> Option<f64> {
        match self {
            Bound::All(bound) => Some(*bound),
            Bound::ByEntry(bounds) => path.iter().rev().find_map(|name| bounds.get(name).copied()),
        }
    }
}

impl Rule {
    /// Checks every number in a value, or in an entry of one, against the range of the rule's unit and its own bounds.
    ///
    /// # Errors
    /// The first number that is not finite, not whole where the unit is, or outside the range, with its place in the value.
    pub fn check(&self, entry: &[String], value: &Value) -> Result<(), RuleError> {
        self.check_at(&mut entry.to_vec(), value)
    }

    fn check_at(&self, path: &mut Vec<String>, value: &Value) -> Result<(), RuleError> {
        let mut below = |name: String, value: &Value| {
            path.push(name);
            let checked = self.check_at(path, value);
            path.pop();
            checked
        };
        match value {
            Value::Integer(number) => self.check_number(path, *number as f64),
            Value::Float(number) => self.check_number(path, *number),
            Value::Array(list) => list.iter().enumerate().try_for_each(|(at, item)| below(at.to_string(), item)),
            Value::Table(table) => table.iter().try_for_each(|(name, item)| below(name.clone(), item)),
            _ => Ok(()),
        }
    }

    fn check_number(&self, path: &[String], number: f64) -> Result<(), RuleError> {
        let unit = UNITS.iter().find(|unit| unit.name == self.unit).expect("a rule is read only with a known unit");
        let least = self.least.as_ref().and_then(|bound| bound.of(path)).unwrap_or(unit.least);
        let most = self.most.as_ref().and_then(|bound| bound.of(path)).unwrap_or(unit.most);
        let whole = !unit.whole || number.fract() == 0.0;
        if number.is_finite() && whole && (least..=most).contains(&number) {
            return Ok(());
        }
        let a = if unit.whole { "a whole number" } else { "a number" };
        let upper = if most >= 1e9 { " or more".to_owned() } else { format!(" to {most}") };
        let range = if least <= -1e13 { String::new() } else { format!(", {least}{upper}") };
        let place = if path.is_empty() { String::new() } else { format!("entry `{}`: ", path.join(".")) };
        let of_unit = match self.unit.as_str() {
            "table" | "bands" | "choice" => String::new(),
            unit => format!(" (unit: {unit})"),
        };
        Err(RuleError { key: self.key.clone(), what: format!("{place}expected {a}{range}{of_unit}: {number}") })
    }
}

/// A `from`: a year as a number or text, or a day as text.
pub(super) fn day(from: &Value) -> Result<Date, String> {
    let bad = || format!("`from` is neither a year nor a day: {from}");
    match from {
        Value::Integer(year) => Date::new(i32::try_from(*year).map_err(|_| bad())?, 1, 1).ok_or_else(bad),
        Value::String(text) if text.len() == 4 => {
            text.parse().ok().and_then(|year| Date::new(year, 1, 1)).ok_or_else(bad)
        }
        Value::String(text) => Date::parse_iso(text).ok_or_else(bad),
        _ => Err(bad()),
    }
}

/// The values of a list of `{from, value}` with the day each takes effect, in order; `None` for a value for all time.
///
/// # Errors
/// An entry that is something else, names something else, or does not come after the one before.
pub fn dated(value: &Value) -> Result<Option<Vec<(Date, Value)>>, String> {
    let has_from = |item: &Value| item.as_table().is_some_and(|table| table.contains_key("from"));
    let Some(list) = value.as_array().filter(|list| list.iter().any(has_from)) else { return Ok(None) };
    let mut values: Vec<(Date, Value)> = Vec::new();
    for item in list {
        let table = item.as_table().ok_or_else(|| format!("expected `{{ from, value }}` like the others: {item}"))?;
        if let Some(name) = table.keys().find(|name| !matches!(name.as_str(), "from" | "value")) {
            let how = "each value holds until the next one begins; end a change by a second `{ from, value }`";
            return Err(format!("unknown field `{name}` beside `from` and `value`: {how}"));
        }
        let (Some(from), Some(value)) = (table.get("from"), table.get("value")) else {
            return Err(format!("expected both `from` and `value`: {item}"));
        };
        let day = day(from)?;
        if values.last().is_some_and(|(earlier, _)| *earlier >= day) {
            return Err("values are not in the order of their dates".into());
        }
        values.push((day, value.clone()));
    }
    Ok(Some(values))
}

/// Whether a value can stand in the place of another: numbers for numbers, lists for lists of the like.
pub(super) fn same_shape(a: &Value, b: &Value) -> bool {
    use Value::{Array, Boolean, Float, Integer, String, Table};
    match (a, b) {
        (Float(_) | Integer(_), Float(_) | Integer(_)) | (String(_), String(_)) | (Boolean(_), Boolean(_)) => true,
        (Array(a), Array(b)) => {
            a.is_empty() || b.is_empty() || b.iter().all(|item| a.iter().any(|own| same_shape(own, item)))
        }
        (Table(_), Table(_)) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Rules;
    use super::*;

    fn rules() -> Rules {
        Rules::built_in().expect("the shipped rules are sound")
    }

    #[test]
    fn the_laws_own_values_are_within_their_ranges() {
        let mut numbers = 0;
        for rule in rules().all() {
            for (from, value) in &rule.values {
                assert_eq!(rule.check(&[], value), Ok(()), "{} from {from}", rule.key);
                numbers += usize::from(value.is_float() || value.is_integer());
            }
        }
        assert!(numbers > 50, "{numbers}");
    }

    #[test]
    fn values_outside_the_range_of_their_unit_are_refused() {
        for (text, says) in [
            ("'settle.sequestration' = nan", "expected a number, 0 to 1 (unit: fraction): NaN"),
            ("'settle.sequestration' = inf", "(unit: fraction): inf"),
            ("'settle.sequestration' = 1.5", "0 to 1 (unit: fraction): 1.5"),
            ("'settle.sequestration' = [{ from = 2024, value = 2 }]", "(unit: fraction): 2"),
            ("'settle.sharing_rate.maximum' = { EN = nan }", "entry `EN`: expected a number, 0 to 1"),
            ("'settle.sharing_rate.maximum' = { EN = 50 }", "entry `EN`: expected a number, 0 to 1"),
            ("'settle.payment_limit' = { EN = -1 }", "entry `EN`: expected a number, 0 to 1"),
            ("'settle.loss_limit.benchmark' = { EN = [-0.1] }", "entry `EN.0`: expected a number, 0 to 1"),
            ("'settle.loss_rate' = { EN = { floor = 0.4, ceiling = 75 } }", "entry `EN.ceiling`"),
            (
                "'settle.msr.variable' = [{ heads = [500, 999], rate = [12.2, 8.7] }]",
                "entry `0.rate.0`: expected a number, 0 to 1: 12.2",
            ),
            ("'settle.msr.low_head_count' = 5000.5", "expected a whole number, 0 or more (unit: lives): 5000.5"),
            ("'risk_cap.by_type' = 0.03", "expected a number, 1 to 10 (unit: ratio): 0.03"),
            (
                "'benchmark.year_weights' = { first = [-1, 1, 1], later = [1, 1, 1] }",
                "entry `first.0`: expected a number, 0 or more: -1",
            ),
            ("'benchmark.year_weights' = { first = [1, nan, 1], later = [1, 1, 1] }", "entry `first.1`"),
            (
                "'benchmark.regional_limit' = { up = -0.05, down = 0.05 }",
                "entry `up`: expected a number, 0 to 1: -0.05",
            ),
            ("'benchmark.regional_weight' = { lower = [35], higher = [0.1] }", "entry `lower.0`"),
            ("'update.blend_weights' = { two_way = -2, acpt = 1 }", "entry `two_way`"),
            ("'update.acpt.projected_growth' = { esrd = 4.9, aged_or_disabled = 0.049 }", "entry `esrd`"),
            (
                "'update.acpt.limits' = { below = 1.5, first_performance_year = 2027 }",
                "entry `below`: expected a number, 0 to 1",
            ),
            ("'benchmark.first_year_before' = 0", "3 to"),
            ("'assign.window.months' = 0", "1 to 120"),
        ] {
            let error = rules().with_overrides(&toml::from_str(text).expect("TOML")).expect_err(text);
            let key = text.split('\'').nth(1).expect("a key");
            assert!(error.key == key && error.what.contains(says), "{text}: {error}");
        }
        for text in [
            "'settle.sequestration' = 1",
            "'settle.msr.low_head_count' = 5000.0",
            "'benchmark.regional_limit' = { up = 'none', down = 0 }",
            "'rates.negative_spending_limit' = 2.5",
            "'update.acpt.limits' = { below = 0.01, first_performance_year = 2027 }",
        ] {
            rules()
                .with_overrides(&toml::from_str(text).expect("TOML"))
                .unwrap_or_else(|error| panic!("{text}: {error}"));
        }
        let whole = rules().with_overrides(&toml::from_str("'settle.msr.low_head_count' = 5000.0").expect("TOML"));
        assert_eq!(whole.and_then(|rules| rules.at::<i64>("settle.msr.low_head_count", 2024)), Ok(5000));
    }

    #[test]
    fn dated_values_have_two_fields_and_an_order() {
        let read = |text: &str| {
            let table: toml::Table = toml::from_str(&format!("v = {text}")).expect("TOML");
            dated(&table["v"]).map(|values| values.map_or(0, |values| values.len()))
        };
        assert_eq!(read("[{ from = 2024, value = 0.0 }, { from = '2025-07-01', value = 1.0 }]"), Ok(2));
        assert_eq!(read("[0.1, 0.2]"), Ok(0));
        assert_eq!(read("[{ heads = [1, 2], rate = [0.1, 0.2] }]"), Ok(0));
        for (text, says) in [
            (
                "[{ from = 2024, to = 2024, value = 0.0 }]",
                "unknown field `to` beside `from` and `value`: each value holds until",
            ),
            ("[{ from = 2024, value = 0.0, foo = 1 }]", "unknown field `foo`"),
            ("[{ from = 2024 }]", "expected both `from` and `value`"),
            ("[{ from = 2024, value = 0.0 }, 3]", "like the others: 3"),
            ("[{ from = 2024, value = 0.0 }, { from = 2023, value = 0.1 }]", "order of their dates"),
            ("[{ from = 'soon', value = 0.0 }]", "neither a year nor a day"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
