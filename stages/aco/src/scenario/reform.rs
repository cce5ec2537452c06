//! A reform as its file says it.

use crate::benchmark::Rulebook;
use acoledger_schemas::program::Aco;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::values::{EnrollmentType, Track};
use serde::Deserialize;

/// One reform file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reform {
    /// File that says it, for messages.
    #[serde(skip)]
    pub file: String,
    /// What is asked.
    pub title: String,
    /// Who asks.
    #[serde(default)]
    pub author: Option<String>,
    /// Rule overrides for all ACOs: by key, or by key and entry.
    #[serde(default)]
    pub rules: toml::Table,
    /// Rule overrides for some ACOs.
    #[serde(default)]
    pub when: Vec<When>,
    /// Changes of inputs, in their order.
    #[serde(default)]
    pub input: Vec<Change>,
    /// Keys and the values that they are to run through.
    #[serde(default)]
    pub sweep: toml::Table,
}

/// Rule overrides that hold for ACOs that meet every condition given.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// Tracks.
    #[serde(default)]
    pub track: Option<Vec<String>>,
    /// ACOs.
    #[serde(default)]
    pub aco: Option<Vec<String>>,
    /// Performance years.
    #[serde(default)]
    pub years: Option<Vec<i32>>,
    /// Rulebooks, by section: `425.601`.
    #[serde(default)]
    pub rulebook: Option<Vec<String>>,
    /// The overrides.
    pub rules: toml::Table,
}

/// A change of inputs: one of `factor`, `value`, `drop`, `merge`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// File that says it, for messages.
    #[serde(skip)]
    pub file: String,
    /// Rates or program table.
    #[serde(default)]
    pub table: Option<String>,
    /// Column of it.
    #[serde(default)]
    pub column: Option<String>,
    /// Multiplies the column.
    #[serde(default)]
    pub factor: Option<f64>,
    /// Stands in place of the column's values.
    #[serde(default)]
    pub value: Option<toml::Value>,
    /// Takes the ACOs out.
    #[serde(default)]
    pub drop: bool,
    /// Makes one ACO of several.
    #[serde(default)]
    pub merge: Option<Vec<String>>,
    /// The one whose row in `aco`, and whose name, the merged ACO has: the first of `merge` without it.
    #[serde(default)]
    pub into: Option<String>,
    /// Only these ACOs.
    #[serde(default)]
    pub aco: Option<Vec<String>>,
    /// Only ACOs of these tracks.
    #[serde(default)]
    pub track: Option<Vec<String>>,
    /// Only ACOs of these rulebooks.
    #[serde(default)]
    pub rulebook: Option<Vec<String>>,
    /// Only ACOs with fewer assigned beneficiaries in the performance year.
    #[serde(default)]
    pub fewer_than: Option<i64>,
    /// Only these enrollment types.
    #[serde(default)]
    pub types: Option<Vec<String>>,
    /// Only these calendar years; `"PY"`: the performance year.
    #[serde(default)]
    pub years: Option<Vec<YearName>>,
    /// Only these performance years.
    #[serde(default)]
    pub performance_years: Option<Vec<i32>>,
    /// Only these counties.
    #[serde(default)]
    pub county: Option<Vec<String>>,
}

/// A calendar year, or the performance year.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum YearName {
    /// A calendar year.
    Year(i32),
    /// `PY`.
    Name(String),
}

impl Reform {
    /// Its file, as messages name it.
    pub(super) fn name(&self) -> &str {
        if self.file.is_empty() { "reform" } else { &self.file }
    }

    /// Parses a reform file's text.
    ///
    /// # Errors
    /// What is wrong, with line and column as TOML gives them.
    pub fn parse(text: &str) -> Result<Reform, String> {
        let reform: Reform = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        reform.when.iter().try_for_each(When::check)?;
        reform.input.iter().try_for_each(Change::check)?;
        Ok(reform)
    }
}

impl When {
    fn check(&self) -> Result<(), String> {
        check_tracks("when.track", self.track.as_deref())?;
        check_rulebooks("when.rulebook", self.rulebook.as_deref())
    }

    /// Whether an ACO meets the conditions.
    pub(super) fn holds(&self, aco: &Aco, rules: &Rules) -> bool {
        let among =
            |list: &Option<Vec<String>>, text: &str| list.as_ref().is_none_or(|list| list.iter().any(|of| of == text));
        among(&self.track, aco.track.code())
            && among(&self.aco, aco.aco_id.as_str())
            && self.years.as_ref().is_none_or(|years| years.contains(&aco.performance_year.0))
            && in_rulebook(&self.rulebook, aco, rules)
    }
}

/// Whether the rulebook of an ACO is among those listed.
pub(super) fn in_rulebook(list: &Option<Vec<String>>, aco: &Aco, rules: &Rules) -> bool {
    list.as_ref().is_none_or(|list| {
        Rulebook::choose(rules, aco.agreement_start, aco.agreement_number)
            .is_ok_and(|book| list.iter().any(|of| of == book.code()))
    })
}

impl Change {
    fn check(&self) -> Result<(), String> {
        let actions = [self.factor.is_some(), self.value.is_some(), self.drop, self.merge.is_some()];
        if actions.into_iter().filter(|given| *given).count() != 1 {
            return Err("`input`: needs one of `factor`, `value`, `drop`, `merge`".into());
        }
        let columns = self.factor.is_some() || self.value.is_some();
        if columns != self.table.is_some() || columns != self.column.is_some() {
            return Err(
                "`input`: `factor` and `value` need `table` and `column`, `drop` and `merge` have neither".into()
            );
        }
        if self.factor.is_some_and(|factor| !factor.is_finite() || factor < 0.0) {
            return Err("`input.factor`: expected a number, 0 or more".into());
        }
        if self.into.is_some() && self.merge.is_none() {
            return Err("`input.into`: belongs to `merge`".into());
        }
        self.check_conditions()?;
        check_tracks("input.track", self.track.as_deref())?;
        check_rulebooks("input.rulebook", self.rulebook.as_deref())?;
        for kind in self.types.iter().flatten() {
            kind.parse::<EnrollmentType>().map_err(|what| format!("`input.types`: {what}: `{kind}`"))?;
        }
        for year in self.years.iter().flatten() {
            if let YearName::Name(name) = year
                && name != "PY"
            {
                return Err(format!("`input.years`: neither a year nor `PY`: `{name}`"));
            }
        }
        Ok(())
    }
}

impl Change {
    /// Conditions that mean nothing for what is done are refused: they would be read as met.
    fn check_conditions(&self) -> Result<(), String> {
        let of_rows =
            [("years", self.years.is_some()), ("types", self.types.is_some()), ("county", self.county.is_some())];
        let of_acos = [
            ("aco", self.aco.is_some()),
            ("track", self.track.is_some()),
            ("rulebook", self.rulebook.is_some()),
            ("fewer_than", self.fewer_than.is_some()),
        ];
        let given =
            |conditions: &[(&'static str, bool)]| conditions.iter().find(|(_, given)| *given).map(|(name, _)| *name);
        if let Some(name) = given(&of_rows).filter(|_| self.drop) {
            return Err(format!("`input.{name}`: `drop` has no such condition: it takes out whole ACOs"));
        }
        if self.merge.is_some()
            && let Some(name) = given(&of_rows).or(given(&of_acos))
        {
            let what =
                "`merge` has no such condition: it names its ACOs, and of conditions takes `performance_years` alone";
            return Err(format!("`input.{name}`: {what}"));
        }
        let members = self.merge.as_deref().unwrap_or_default();
        match members.iter().enumerate().find(|(at, member)| members[..*at].contains(member)) {
            Some((_, twice)) => Err(format!("`input.merge`: names an ACO twice: `{twice}`")),
            None => Ok(()),
        }
    }
}

fn check_tracks(place: &str, tracks: Option<&[String]>) -> Result<(), String> {
    match tracks.unwrap_or_default().iter().find(|code| Track::from_code(code).is_none()) {
        Some(code) => Err(format!("`{place}`: not a track: `{code}`")),
        None => Ok(()),
    }
}

fn check_rulebooks(place: &str, sections: Option<&[String]>) -> Result<(), String> {
    let books = [Rulebook::S602, Rulebook::S603b, Rulebook::S603c, Rulebook::S601, Rulebook::S652];
    match sections.unwrap_or_default().iter().find(|section| books.iter().all(|book| book.code() != section.as_str())) {
        Some(section) => Err(format!("`{place}`: not a rulebook: `{section}`")),
        None => Ok(()),
    }
}
