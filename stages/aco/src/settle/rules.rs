//! The rules of settlement for one performance year, taken from the rule files once.

use acoledger_schemas::rules::{RuleError, Rules};
use acoledger_schemas::values::{Date, PerformanceYear, Track};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A band of the variable minimum savings rate: linear between its printed ends (M.F.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MsrBand {
    /// Lowest and highest number of assigned beneficiaries.
    pub heads: [i64; 2],
    /// Rates at the two ends, fractions.
    pub rate: [f64; 2],
}

/// How a track shares losses (M.F.2, M.F.3).
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossRate {
    /// Lowest rate.
    pub floor: f64,
    /// Highest rate; equal to the floor where the rate is fixed.
    pub ceiling: f64,
}

/// What quality does to the sharing rate (M.F.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QualityEra {
    /// Maximum × score, if minimum attainment is met.
    Score,
    /// Maximum if the standard is met, else 0.
    Standard,
    /// Maximum if the standard is met; maximum × score if only the alternative is met; else 0.
    StandardOrAlternative,
}

/// What complete reporting in the first year of a first agreement does (M.F.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstYear {
    /// It stands for a score of 1, in the loss rate too.
    ScoreOfOne,
    /// Nothing.
    None,
    /// It stands for the standard; the score stays the ACO's own.
    MeetsStandard,
}

/// Which months of a half-year of 2019 count when a termination prorates its losses (M.F.8.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HalfYearMonths {
    /// Those of the calendar year that is settled, of twelve.
    CalendarYear,
    /// Those of the half, of six.
    HalfYear,
}

/// The terms of one track in the performance year (M.F.2).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Terms {
    pub(super) maximum_sharing_rate: f64,
    pub(super) payment_limit_rate: f64,
    /// `None`: one-sided.
    pub(super) loss: Option<LossTerms>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct LossTerms {
    pub(super) rate: LossRate,
    /// Fractions of the benchmark by year in the track; the last one goes on.
    pub(super) limit_of_benchmark: Vec<f64>,
    pub(super) limit_of_revenue: Option<f64>,
    /// The limit of revenue holds only for ACOs that are flagged.
    pub(super) revenue_needs_flag: bool,
}

/// Rates of the tracks that do not choose, by agreement start.
pub(super) type PrescribedRates = Vec<(Date, BTreeMap<Track, f64>)>;

/// The rules of settlement in one performance year, for all tracks and agreement starts.
#[derive(Clone, Debug, PartialEq)]
pub struct SettleRules {
    pub(super) performance_year: PerformanceYear,
    pub(super) bands: Vec<MsrBand>,
    pub(super) below_bands: f64,
    pub(super) low_head_count: Vec<(Date, i64)>,
    pub(super) choices: Vec<f64>,
    pub(super) prescribed: PrescribedRates,
    pub(super) tracks: BTreeMap<Track, Terms>,
    pub(super) quality: QualityEra,
    pub(super) first_year: FirstYear,
    pub(super) sequestration: f64,
    pub(super) disaster_relief: bool,
    pub(super) one_sided_losses_shown: bool,
    pub(super) guardrail: Vec<(Date, bool)>,
    pub(super) half_rate: Vec<(Date, f64)>,
    pub(super) half_rate_tracks: Vec<String>,
    pub(super) half_rate_head_count: i64,
    pub(super) low_revenue: f64,
    pub(super) period_share: f64,
    pub(super) savings_in_force_on: [u32; 2],
    pub(super) voluntary_free_until: [u32; 2],
    pub(super) half_year_months: HalfYearMonths,
}

impl SettleRules {
    /// Takes the rules of a performance year.
    ///
    /// # Errors
    /// A rule that is absent in the year, or whose value has the wrong shape or names no track.
    pub fn load(rules: &Rules, performance_year: PerformanceYear) -> Result<SettleRules, RuleError> {
        let year = performance_year;
        Ok(SettleRules {
            performance_year,
            bands: bands(rules, year)?,
            below_bands: rules.at("settle.msr.below_bands", year)?,
            low_head_count: rules.timeline("settle.msr.low_head_count")?,
            choices: rules.at("settle.msr.choices", year)?,
            prescribed: prescribed(rules)?,
            tracks: tracks(rules, year)?,
            quality: rules.at("settle.quality.era", year)?,
            first_year: rules.at("settle.quality.first_year", year)?,
            sequestration: rules.at("settle.sequestration", year)?,
            disaster_relief: rules.at("settle.disaster.relief", year)?,
            one_sided_losses_shown: rules.at("settle.generated.one_sided_losses", year)?,
            guardrail: rules.timeline("settle.guardrail")?,
            half_rate: rules.timeline("settle.half_rate.factor")?,
            half_rate_tracks: rules.at("settle.half_rate.tracks", year)?,
            half_rate_head_count: rules.at("settle.half_rate.head_count", year)?,
            low_revenue: rules.at("settle.low_revenue_share", year)?,
            period_share: rules.at("settle.half_year_share", year)?,
            savings_in_force_on: day_of_year(rules, "settle.termination.savings_in_force_on", year)?,
            voluntary_free_until: day_of_year(rules, "settle.termination.voluntary_free_until", year)?,
            half_year_months: rules.at("settle.termination.half_year_months", year)?,
        })
    }

    /// The performance year.
    pub fn performance_year(&self) -> PerformanceYear {
        self.performance_year
    }

    /// Highest sharing rate of a track (M.F.2); `None` where the track is not open in the year.
    pub fn maximum_sharing_rate(&self, track: Track) -> Option<f64> {
        self.tracks.get(&track).map(|terms| terms.maximum_sharing_rate)
    }

    /// Whether a track shares losses; `None` where the track is not open in the year.
    pub fn two_sided(&self, track: Track) -> Option<bool> {
        self.tracks.get(&track).map(|terms| terms.loss.is_some())
    }

    /// Loss limit of a track as a fraction of participants' revenue (M.F.2); `None` where there is none.
    pub fn loss_limit_of_revenue(&self, track: Track) -> Option<f64> {
        self.tracks.get(&track)?.loss.as_ref()?.limit_of_revenue
    }

    /// Below this share of paid amounts an ACO's revenue is low (M.B.5.3).
    pub fn low_revenue_share(&self) -> f64 {
        self.low_revenue
    }

    /// Whether the limit by revenue of a track holds only for flagged ACOs.
    pub fn revenue_limit_needs_flag(&self, track: Track) -> bool {
        let loss = self.tracks.get(&track).and_then(|terms| terms.loss.as_ref());
        loss.is_some_and(|loss| loss.revenue_needs_flag)
    }

    /// These rules with CMS's own minimum savings rate for an ACO below the printed bands (M.F.1.2).
    pub fn with_msr_below_bands(mut self, rate: f64) -> SettleRules {
        self.below_bands = rate;
        self
    }

    /// Whether `heads` assigned beneficiaries are fewer than the printed bands reach.
    pub fn is_below_bands(&self, heads: i64) -> bool {
        self.bands.first().is_none_or(|band| heads < band.heads[0])
    }

    /// Bands of the variable minimum savings rate.
    pub fn msr_bands(&self) -> &[MsrBand] {
        &self.bands
    }

    /// Share of a whole year's dollars that a half-year of 2019 carries (M.D.4.5).
    pub fn half_year_share(&self) -> f64 {
        self.period_share
    }

    /// The minimum savings and loss rate that agreements of a track have without a choice (M.F.1.3); `None`: they choose.
    pub fn prescribed_msr(&self, track: Track, agreement_start: Date) -> Option<f64> {
        let by_track = self.prescribed.iter().take_while(|(from, _)| *from <= agreement_start).last();
        by_track.and_then(|(_, rates)| rates.get(&track).copied())
    }

    /// Fixed minimum savings rates that an ACO may choose (M.F.1.3).
    pub fn msr_choices(&self) -> &[f64] {
        &self.choices
    }

    /// Fraction of a payment that sequestration takes (M.F.6).
    pub fn sequestration(&self) -> f64 {
        self.sequestration
    }
}

/// The bands of the variable minimum savings rate: ascending, each from its lower to its higher end.
fn bands(rules: &Rules, year: PerformanceYear) -> Result<Vec<MsrBand>, RuleError> {
    let key = "settle.msr.variable";
    let bands: Vec<MsrBand> = rules.at(key, year)?;
    let error = |what: String| Err(RuleError { key: key.into(), what });
    if bands.is_empty() {
        return error("has no bands".into());
    }
    if let Some(MsrBand { heads: [low, high], .. }) = bands.iter().find(|band| band.heads[0] >= band.heads[1]) {
        return error(format!("has a band that does not lead from fewer to more heads: [{low}, {high}]"));
    }
    match bands.windows(2).find(|pair| pair[1].heads[0] != pair[0].heads[1] + 1) {
        Some(pair) => error(format!("has a gap or an overlap of bands after {} heads", pair[0].heads[1])),
        None => Ok(bands),
    }
}

/// A month and a day of it.
fn day_of_year(rules: &Rules, key: &str, year: PerformanceYear) -> Result<[u32; 2], RuleError> {
    let [month, day]: [u32; 2] = rules.at(key, year)?;
    if Date::new(year.0, month, day).is_none() {
        return Err(RuleError { key: key.into(), what: format!("no such day: [{month}, {day}]") });
    }
    Ok([month, day])
}

/// The value of a timeline on a day.
pub(super) fn on<T: Copy>(timeline: &[(Date, T)], day: Date) -> Option<T> {
    timeline.iter().take_while(|(from, _)| *from <= day).last().map(|(_, value)| *value)
}

/// Rates that agreements of a track have without a choice, by agreement start.
fn prescribed(rules: &Rules) -> Result<PrescribedRates, RuleError> {
    let key = "settle.msr.fixed";
    let timeline: Vec<(Date, BTreeMap<String, f64>)> = rules.timeline(key)?;
    timeline.into_iter().map(|(from, table)| Ok((from, of_tracks(key, table)?))).collect()
}

fn tracks(rules: &Rules, year: PerformanceYear) -> Result<BTreeMap<Track, Terms>, RuleError> {
    let maximum: BTreeMap<Track, f64> = by_track(rules, "settle.sharing_rate.maximum", year)?;
    let payment: BTreeMap<Track, f64> = by_track(rules, "settle.payment_limit", year)?;
    let loss_rate: BTreeMap<Track, LossRate> = by_track(rules, "settle.loss_rate", year)?;
    if loss_rate.values().any(|rate| rate.floor > rate.ceiling) {
        return Err(RuleError { key: "settle.loss_rate".into(), what: "has a floor above its ceiling".into() });
    }
    let of_benchmark: BTreeMap<Track, Vec<f64>> = by_track(rules, "settle.loss_limit.benchmark", year)?;
    let of_revenue: BTreeMap<Track, f64> = by_track(rules, "settle.loss_limit.revenue", year)?;
    let flagged: Vec<String> = rules.at("settle.loss_limit.revenue_when_flagged", year)?;
    let absent =
        |key: &str, track: Track| RuleError { key: key.into(), what: format!("says nothing of track `{track}`") };
    let mut terms = BTreeMap::new();
    for (&track, &maximum_sharing_rate) in &maximum {
        let payment_limit_rate = *payment.get(&track).ok_or_else(|| absent("settle.payment_limit", track))?;
        let loss = match loss_rate.get(&track) {
            None => None,
            Some(&rate) => {
                let limit_of_benchmark = of_benchmark.get(&track).filter(|limits| !limits.is_empty());
                Some(LossTerms {
                    rate,
                    limit_of_benchmark: limit_of_benchmark
                        .ok_or_else(|| absent("settle.loss_limit.benchmark", track))?
                        .clone(),
                    limit_of_revenue: of_revenue.get(&track).copied(),
                    revenue_needs_flag: flagged.iter().any(|code| code == track.code()),
                })
            }
        };
        terms.insert(track, Terms { maximum_sharing_rate, payment_limit_rate, loss });
    }
    Ok(terms)
}

fn by_track<T: serde::de::DeserializeOwned>(
    rules: &Rules,
    key: &str,
    year: PerformanceYear,
) -> Result<BTreeMap<Track, T>, RuleError> {
    of_tracks(key, rules.at(key, year)?)
}

fn of_tracks<T>(key: &str, table: BTreeMap<String, T>) -> Result<BTreeMap<Track, T>, RuleError> {
    table
        .into_iter()
        .map(|(code, value)| match Track::from_code(&code) {
            Some(track) => Ok((track, value)),
            None => Err(RuleError { key: key.into(), what: format!("no such track: `{code}`") }),
        })
        .collect()
}
