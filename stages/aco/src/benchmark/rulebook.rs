//! Which rulebook governs an agreement period (M.0.4), and its rules, taken from the rule files once.

use acoledger_schemas::rules::{RuleError, Rules};
use acoledger_schemas::values::{Date, EnrollmentType, PerformanceYear};
use serde::Deserialize;
use std::fmt;

/// The section that a benchmark is made by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub enum Rulebook {
    /// First agreements that start in 2012–2018: national trend, flat-dollar update.
    #[serde(rename = "425.602")]
    S602 = 0,
    /// Second agreements that start in 2016: as 425.602, with equal weights and an add-back of savings.
    #[serde(rename = "425.603(b)")]
    S603b = 1,
    /// Later agreements that start from 2017 to January 2019: regional trend, adjustment and update.
    #[serde(rename = "425.603(c)")]
    S603c = 2,
    /// Agreements that start from July 2019 to 2023: two-way blend.
    #[serde(rename = "425.601")]
    S601 = 3,
    /// Agreements that start in 2024 or later: three-way blend.
    #[serde(rename = "425.652")]
    S652 = 4,
}

impl Rulebook {
    /// The section, as tables spell it.
    pub fn code(self) -> &'static str {
        match self {
            Rulebook::S602 => "425.602",
            Rulebook::S603b => "425.603(b)",
            Rulebook::S603c => "425.603(c)",
            Rulebook::S601 => "425.601",
            Rulebook::S652 => "425.652",
        }
    }

    /// Whether regional spending enters.
    pub fn regional(self) -> bool {
        matches!(self, Rulebook::S603c | Rulebook::S601 | Rulebook::S652)
    }

    /// Whether newly and continuously assigned beneficiaries are risk-adjusted apart (M.C.5).
    pub fn by_cohort(self) -> bool {
        matches!(self, Rulebook::S602 | Rulebook::S603b | Rulebook::S603c)
    }

    /// The rulebook of an agreement (M.0.4).
    ///
    /// # Errors
    /// A start that no rulebook covers, or a later agreement where only a first one is covered.
    pub fn choose(rules: &Rules, start: Date, agreement_number: u8) -> Result<Rulebook, RuleError> {
        #[derive(Deserialize)]
        struct Choice {
            first: Option<Rulebook>,
            later: Option<Rulebook>,
        }
        let choice: Choice = rules.at("benchmark.rulebook", start)?;
        let chosen = if agreement_number <= 1 { choice.first } else { choice.later };
        chosen.ok_or_else(|| RuleError {
            key: "benchmark.rulebook".into(),
            what: format!("has no rulebook for agreement period {agreement_number} that starts on {start}"),
        })
    }
}

impl fmt::Display for Rulebook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A limit that may be absent in so many words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// `none`: there is no limit.
    None,
    /// A fraction.
    Of(f64),
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Limit, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Spelling {
            Number(f64),
            Word(String),
        }
        match Spelling::deserialize(deserializer)? {
            Spelling::Number(fraction) => Ok(Limit::Of(fraction)),
            Spelling::Word(word) if word == "none" => Ok(Limit::None),
            Spelling::Word(word) => Err(serde::de::Error::custom(format!("neither a fraction nor `none`: `{word}`"))),
        }
    }
}

/// Which growth a trend follows (M.D.1.8, M.E.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    /// What the section says.
    Rulebook,
    /// National growth alone.
    National,
    /// Regional growth alone.
    Regional,
}

/// How scores count from BY3 to the performance year, for agreements from July 2019 (M.C.3, M.C.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskForm {
    /// Up to the cap.
    Cap,
    /// Up to the cap, and down to its mirror image.
    Symmetric,
    /// In full.
    None,
    /// Demographic scores in their place.
    Demographic,
}

/// Weights of the regional adjustment by how often it has been made; the last one goes on (M.D.2.3).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionalWeights {
    /// For ACOs that spend less than their region.
    pub lower: Vec<f64>,
    /// For ACOs that spend more.
    pub higher: Vec<f64>,
}

/// Limits of the regional adjustment of a type, fractions of the national per capita (M.D.2.4).
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionalLimits {
    /// Of a positive one.
    pub up: Limit,
    /// Of a negative one.
    pub down: Limit,
}

/// The rules of regional figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RegionRules {
    /// Whether the ACO's own beneficiaries are taken out of its region.
    pub exclude_assigned: bool,
    /// Least part of a county that its others must then be.
    pub least_rest: f64,
    /// Largest share of a county in the market share (M.D.1.7).
    pub county_share_limit: f64,
    /// Share of person years in unknown counties above which a result is flagged (M.D.1.5).
    pub dropped_share_flag: f64,
}

/// The rules of regional figures and of the regional adjustment.
#[derive(Clone, Debug, PartialEq)]
pub struct RegionalRules {
    /// Regional figures.
    pub region: RegionRules,
    /// Weights.
    pub weights: RegionalWeights,
    /// Limits.
    pub limits: RegionalLimits,
}

/// The rules of 425.652 that no other rulebook has.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules652 {
    /// Share of mean savings that is given back (M.D.3.2).
    pub prior_savings_share: f64,
    /// Limit of that, of the national per capita.
    pub prior_savings_limit: f64,
    /// Whether there is a population adjustment (M.D.3.5).
    pub population_in_force: bool,
    /// Fraction of the national per capita that it is scaled from.
    pub population_limit: f64,
    /// Least share of beneficiaries.
    pub population_least_share: f64,
    /// Cap on aggregate HCC growth over demographic growth (M.C.4.3).
    pub risk_points: f64,
    /// Cap on regional HCC growth over demographic growth (M.E.3.3).
    pub regional_risk_points: f64,
    /// Weights in the three-way blend (M.E.1).
    pub blend: BlendWeights,
    /// Growth from which the prospective trend is derived when it is not given (M.E.4.3).
    pub projected_growth: ProjectedGrowth,
    /// Limits of the prospective trend around national growth (M.E.4.6).
    pub acpt_limits: AcptLimits,
    /// Least and greatest prospective trend that needs no remark (M.E.4.4).
    pub acpt_plausible: [f64; 2],
}

/// Weights of the three-way blend, in relation to each other.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlendWeights {
    /// Of the two-way blend.
    pub two_way: f64,
    /// Of the prospective trend.
    pub acpt: f64,
}

/// Annualised growth projected by the actuaries; `None`: no derivation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectedGrowth {
    /// Of ESRD beneficiaries.
    pub esrd: Option<f64>,
    /// Of aged and disabled beneficiaries.
    pub aged_or_disabled: Option<f64>,
}

/// Points by which the prospective trend may differ from national growth; `None`: by any (M.E.4.6).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AcptLimits {
    /// Below it.
    pub below: Option<f64>,
    /// Above it.
    pub above: Option<f64>,
}

impl AcptLimits {
    fn load(rules: &Rules, start: Date, performance_year: PerformanceYear) -> Result<AcptLimits, RuleError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Value {
            below: Option<f64>,
            above: Option<f64>,
            first_performance_year: Option<i32>,
        }
        let value: Value = rules.at("update.acpt.limits", start)?;
        let in_force = value.first_performance_year.is_none_or(|first| performance_year.0 >= first);
        Ok(if in_force { AcptLimits { below: value.below, above: value.above } } else { AcptLimits::default() })
    }
}

impl ProjectedGrowth {
    /// The growth of a type.
    pub fn of(&self, kind: EnrollmentType) -> Option<f64> {
        if kind == EnrollmentType::Esrd { self.esrd } else { self.aged_or_disabled }
    }
}

/// The rules of one agreement start and performance year.
#[derive(Clone, Debug, PartialEq)]
pub struct BenchmarkRules {
    /// The rulebook.
    pub rulebook: Rulebook,
    /// Weights of the benchmark years, in relation to each other (M.D.1.10).
    pub year_weights: [f64; 3],
    /// Calendar years from BY1 to the agreement's start (M.0.7).
    pub first_year_before: i32,
    /// Trends to BY3 (M.D.1.8).
    pub trend: Trend,
    /// Trend to the performance year (M.E.1).
    pub update_trend: Trend,
    /// How scores count from BY3 to the performance year; `Cap` where there is no cap.
    pub risk_form: RiskForm,
    /// Where regional spending enters.
    pub regional: Option<RegionalRules>,
    /// Largest ratio of scores by type, under 425.601 (M.C.3).
    pub risk_cap_by_type: Option<f64>,
    /// What only 425.652 has.
    pub of_652: Option<Rules652>,
    /// Person years up to which the spending of a cell may be negative.
    pub negative_spending_limit: f64,
}

impl BenchmarkRules {
    /// Takes the rules of an agreement and performance year.
    ///
    /// # Errors
    /// A rule that is absent at the time or has the wrong shape; an agreement without rulebook.
    pub fn load(
        rules: &Rules,
        start: Date,
        agreement_number: u8,
        performance_year: PerformanceYear,
    ) -> Result<BenchmarkRules, RuleError> {
        #[derive(Deserialize)]
        struct Weights {
            first: [f64; 3],
            later: [f64; 3],
        }
        let rulebook = Rulebook::choose(rules, start, agreement_number)?;
        let weights: Weights = rules.at("benchmark.year_weights", start)?;
        let year_weights = if agreement_number <= 1 { weights.first } else { weights.later };
        has_weight("benchmark.year_weights", &year_weights)?;
        let regional = rulebook.regional().then(|| RegionalRules::load(rules, start)).transpose()?;
        let by_type = (rulebook == Rulebook::S601).then(|| rules.at("risk_cap.by_type", start)).transpose()?;
        let of_652 =
            (rulebook == Rulebook::S652).then(|| Rules652::load(rules, start, performance_year)).transpose()?;
        let capped = matches!(rulebook, Rulebook::S601 | Rulebook::S652);
        Ok(BenchmarkRules {
            rulebook,
            first_year_before: rules.at("benchmark.first_year_before", start)?,
            trend: trend(rulebook, "benchmark.trend", rules.at("benchmark.trend", start)?)?,
            update_trend: trend(rulebook, "update.trend", rules.at("update.trend", start)?)?,
            risk_form: if capped { rules.at("risk_cap.form", start)? } else { RiskForm::Cap },
            year_weights,
            regional,
            risk_cap_by_type: by_type,
            of_652,
            negative_spending_limit: rules.at("rates.negative_spending_limit", performance_year)?,
        })
    }
}

/// Weights in relation to each other need one above 0.
fn has_weight(key: &str, weights: &[f64]) -> Result<(), RuleError> {
    if weights.iter().sum::<f64>() > 0.0 {
        return Ok(());
    }
    Err(RuleError { key: key.into(), what: "has no weight above 0".into() })
}

/// A trend that the rulebook can follow.
fn trend(rulebook: Rulebook, key: &str, trend: Trend) -> Result<Trend, RuleError> {
    if trend == Trend::Regional && !rulebook.regional() {
        let what = format!("is `regional`, and {rulebook} reads no regional spending");
        return Err(RuleError { key: key.into(), what });
    }
    Ok(trend)
}

impl BenchmarkRules {
    /// Whether national spending is read wherever the ACO has person years: everywhere but under 425.603(c) as it stands.
    pub fn reads_nation(&self) -> bool {
        let without_own = self.regional.as_ref().is_some_and(|regional| regional.region.exclude_assigned);
        let limits = self.regional.as_ref().map(|regional| [regional.limits.up, regional.limits.down]);
        self.rulebook != Rulebook::S603c
            || self.trend == Trend::National
            || self.update_trend == Trend::National
            // A region may have nobody else in it: then the nation stands in.
            || without_own
            // Limits are fractions of national spending; under 425.603(c) only a reform sets them.
            || limits.is_some_and(|limits| limits != [Limit::None; 2])
    }

    /// Whether demographic scores of BY3 and the performance year are read.
    pub fn reads_demographic_scores(&self) -> bool {
        self.rulebook == Rulebook::S652 || self.risk_form == RiskForm::Demographic
    }
}

impl RegionalRules {
    fn load(rules: &Rules, start: Date) -> Result<RegionalRules, RuleError> {
        let weights: RegionalWeights = rules.at("benchmark.regional_weight", start)?;
        if weights.lower.is_empty() || weights.higher.is_empty() {
            return Err(RuleError { key: "benchmark.regional_weight".into(), what: "has no weights".into() });
        }
        Ok(RegionalRules {
            region: RegionRules {
                exclude_assigned: rules.at("county.exclude_assigned", start)?,
                least_rest: rules.at("benchmark.region.least_rest", start)?,
                county_share_limit: rules.at("benchmark.region.county_share_limit", start)?,
                dropped_share_flag: rules.at("benchmark.region.dropped_share_flag", start)?,
            },
            weights,
            limits: rules.at("benchmark.regional_limit", start)?,
        })
    }
}

impl Rules652 {
    fn load(rules: &Rules, start: Date, performance_year: PerformanceYear) -> Result<Rules652, RuleError> {
        let blend: BlendWeights = rules.at("update.blend_weights", performance_year)?;
        has_weight("update.blend_weights", &[blend.two_way, blend.acpt])?;
        let acpt_plausible: [f64; 2] = rules.at("update.acpt.plausible", start)?;
        if acpt_plausible[0] > acpt_plausible[1] {
            return Err(RuleError {
                key: "update.acpt.plausible".into(),
                what: "has a least above its greatest".into(),
            });
        }
        Ok(Rules652 {
            prior_savings_share: rules.at("benchmark.prior_savings.share", start)?,
            prior_savings_limit: rules.at("benchmark.prior_savings.limit", start)?,
            population_in_force: rules.at("benchmark.population.in_force", start)?,
            population_limit: rules.at("benchmark.population.limit", start)?,
            population_least_share: rules.at("benchmark.population.least_share", start)?,
            risk_points: rules.at("risk_cap.aggregate_points", start)?,
            regional_risk_points: rules.at("risk_cap.regional_points", start)?,
            blend,
            projected_growth: rules.at("update.acpt.projected_growth", start)?,
            acpt_limits: AcptLimits::load(rules, start, performance_year)?,
            acpt_plausible,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(start: &str, number: u8, expected: &str) {
        let rules = Rules::built_in().expect("the shipped rules are sound");
        let start = Date::parse_iso(start).expect("a date");
        let got =
            Rulebook::choose(&rules, start, number).map_or_else(|error| error.to_string(), |book| book.to_string());
        assert!(got.contains(expected), "{start} {number}: {got}");
    }

    #[test]
    fn the_start_and_number_of_the_agreement_choose_the_rulebook() {
        check("2012-04-01", 1, "425.602");
        check("2018-01-01", 1, "425.602");
        check("2016-01-01", 2, "425.603(b)");
        check("2017-01-01", 2, "425.603(c)");
        check("2019-01-01", 2, "425.603(c)");
        check("2019-07-01", 1, "425.601");
        check("2023-01-01", 3, "425.601");
        check("2024-01-01", 1, "425.652");
        check("2014-01-01", 2, "no rulebook");
        check("2019-01-01", 1, "no rulebook");
        check("2011-01-01", 1, "no value at 2011-01-01");
    }

    #[test]
    fn limits_are_numbers_or_none() {
        let parse = |text: &str| toml_limit(text).map_err(|error| error.what);
        assert_eq!(parse("none"), Ok(Limit::None));
        assert!(parse("nothing").is_err_and(|error| error.contains("nothing")));
    }

    fn toml_limit(word: &str) -> Result<Limit, RuleError> {
        let rules = Rules::built_in().expect("the shipped rules are sound");
        let mut values = toml::Table::new();
        let mut limits = toml::Table::new();
        limits.insert("up".into(), word.into());
        limits.insert("down".into(), word.into());
        values.insert("benchmark.regional_limit".into(), limits.into());
        rules.with_overrides(&values)?.at::<RegionalLimits>("benchmark.regional_limit", 2024).map(|limits| limits.up)
    }
}
