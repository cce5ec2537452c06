//! Collects what is wrong with rules and program files, so that all of it is told at once.

use acoledger_schemas::rules::{RuleError, Rules};
use acoledger_schemas::table::{Problem, Problems};
use acoledger_schemas::values::Date;
use std::collections::BTreeSet;

/// Problems found while compiling.
#[derive(Default)]
pub(crate) struct Faults {
    pub(crate) problems: Problems,
}

impl Faults {
    /// The value, or its default with the problem kept: compiling goes on, and fails at the end.
    pub(crate) fn take<T: Default>(&mut self, value: Result<T, RuleError>) -> T {
        value.unwrap_or_else(|error| {
            self.rule(&error.key, error.what);
            T::default()
        })
    }

    pub(crate) fn rule(&mut self, key: &str, what: impl Into<String>) {
        let hint = Some("`acoledger rules` lists every rule with its values".to_owned());
        self.problems.push(Problem {
            file: "rules".into(),
            line: 0,
            column: key.into(),
            what: what.into(),
            value: None,
            hint,
        });
    }

    pub(crate) fn file(&mut self, table: &str, column: &str, what: impl Into<String>, hint: &str) {
        self.problems.push(Problem {
            file: format!("program/{table}"),
            line: 0,
            column: column.into(),
            what: what.into(),
            value: None,
            hint: Some(hint.into()),
        });
    }

    /// Whether a choice is its first word rather than its second.
    pub(crate) fn choice(&mut self, key: &str, rules: &Rules, year: i32, yes: &str, no: &str) -> bool {
        let text: String = self.take(rules.at(key, year));
        if text != yes && text != no && !text.is_empty() {
            self.rule(key, format!("not one of {yes}, {no}: `{text}`"));
        }
        text == yes
    }

    /// A share in ten thousandths.
    pub(crate) fn ten_thousandths(&mut self, key: &str, share: f64) -> i64 {
        let scaled = share * 10_000.0;
        if (scaled - scaled.round()).abs() > 1e-6 {
            self.rule(key, format!("has more than four decimals: `{share}`"));
        }
        scaled.round() as i64
    }

    pub(crate) fn day(&mut self, text: &str) -> i32 {
        match Date::parse_iso(text) {
            Some(day) => day.0,
            None => {
                self.rule("a date", format!("expected a date like 2024-01-31: `{text}`"));
                0
            }
        }
    }

    /// First and last day of a period.
    pub(crate) fn days(&mut self, value: Result<Vec<String>, RuleError>) -> (i32, i32) {
        let texts = self.take(value);
        match texts.as_slice() {
            [first, last] => (self.day(first), self.day(last)),
            _ => (0, -1),
        }
    }

    /// Ranges `0001-0879`, or single texts, as first and last.
    pub(crate) fn ranges(&mut self, value: Result<Vec<String>, RuleError>) -> Vec<(String, String)> {
        let texts = self.take(value);
        texts
            .iter()
            .map(|text| {
                let (first, last) = text.split_once('-').unwrap_or((text, text));
                (first.to_owned(), last.to_owned())
            })
            .collect()
    }

    /// All codes of a list of codes and ranges `99201-99215`, `G0541-G0543`.
    pub(crate) fn expand(&mut self, texts: &[String]) -> BTreeSet<String> {
        let mut codes = BTreeSet::new();
        for text in texts {
            match text.split_once('-') {
                None => {
                    codes.insert(text.clone());
                }
                Some((first, last)) => match range(first, last) {
                    Some(range) => codes.extend(range),
                    None => self.rule("a range of codes", format!("expected a range like 99201-99215: `{text}`")),
                },
            }
        }
        codes
    }
}

/// The codes from `first` to `last`: one letter or none in front, the same number of digits.
fn range(first: &str, last: &str) -> Option<impl Iterator<Item = String> + use<>> {
    let letters = first.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (prefix, from) = first.split_at(letters);
    let to = last.strip_prefix(prefix)?;
    let width = from.len();
    let (from, to): (u32, u32) = (from.parse().ok()?, to.parse().ok()?);
    if to < from || to - from > 10_000 || last.len() != first.len() {
        return None;
    }
    let prefix = prefix.to_owned();
    Some((from..=to).map(move |number| format!("{prefix}{number:0width$}")))
}

#[cfg(test)]
mod tests {
    use super::Faults;

    #[test]
    fn ranges_are_ranges() {
        let mut faults = Faults::default();
        let texts = ["G0541-G0543".to_owned(), "99490".to_owned(), "99201-99203".to_owned()];
        let codes: Vec<String> = faults.expand(&texts).into_iter().collect();
        assert_eq!(codes, ["99201", "99202", "99203", "99490", "G0541", "G0542", "G0543"]);
        faults.expand(&["99215-99201".to_owned()]);
        assert_eq!(faults.problems.count, 1);
    }
}
