//! Final sharing and loss rates by quality, and the half rate for small savings (M.F.3, M.F.4).

use super::facts::missing;
use super::rules::{FirstYear, QualityEra, SettleRules, Terms, on};
use super::thresholds::cents;
use super::{Facts, Imputed, SettleError};
use acoledger_schemas::values::RevenueCategory;

/// What quality allows an ACO.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rates {
    pub(super) sharing: f64,
    /// `None`: one-sided.
    pub(super) loss: Option<f64>,
}

/// The rates of M.F.3.
pub(super) fn rates(facts: &Facts, rules: &SettleRules, terms: &Terms) -> Result<Rates, SettleError> {
    let standing = standing(facts, rules)?;
    let score = || facts.quality.score.ok_or_else(|| missing("quality_score", "settle.quality.era", "M.F.3"));
    let maximum = terms.maximum_sharing_rate;
    let score_counts = rules.quality == QualityEra::Score;
    let sharing = match standing {
        Standing::Nothing => 0.0,
        Standing::FirstYearScore => maximum,
        Standing::Standard if !score_counts => maximum,
        Standing::Standard | Standing::Alternative => maximum * score()?,
    };
    let loss = match &terms.loss {
        None => None,
        Some(loss) if loss.rate.floor == loss.rate.ceiling => Some(loss.rate.floor),
        Some(loss) => Some(match standing {
            Standing::Nothing => loss.rate.ceiling,
            Standing::FirstYearScore => (1.0 - maximum).clamp(loss.rate.floor, loss.rate.ceiling),
            _ => (1.0 - maximum * score()?).clamp(loss.rate.floor, loss.rate.ceiling),
        }),
    };
    Ok(Rates { sharing, loss })
}

/// How an ACO stands in quality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// The standard is met.
    Standard,
    /// Complete reporting in the first year stands for a score of 1 (to 2020).
    FirstYearScore,
    /// Only the alternative standard is met.
    Alternative,
    /// Neither.
    Nothing,
}

/// The standing of an ACO (M.F.3.1–2). A flag is asked for only where it decides.
fn standing(facts: &Facts, rules: &SettleRules) -> Result<Standing, SettleError> {
    let quality = &facts.quality;
    if rules.first_year == FirstYear::ScoreOfOne && first_year_complete(facts)? {
        return Ok(Standing::FirstYearScore);
    }
    if quality.met_standard.ok_or_else(|| missing("met_quality_standard", "settle.quality.era", "M.F.3"))? {
        return Ok(Standing::Standard);
    }
    if rules.first_year == FirstYear::MeetsStandard && first_year_complete(facts)? {
        return Ok(Standing::Standard);
    }
    let alternative_counts = rules.quality == QualityEra::StandardOrAlternative;
    let met_alternative =
        || quality.met_alternative.ok_or_else(|| missing("met_alternative_standard", "settle.quality.era", "M.F.3.2"));
    Ok(if alternative_counts && met_alternative()? { Standing::Alternative } else { Standing::Nothing })
}

/// Complete reporting in the first performance year. Later years of an agreement cannot have it, so only the first needs the
/// flag; agreements of 2012 had their first performance year in 2013 (M.D.4.4).
fn first_year_complete(facts: &Facts) -> Result<bool, SettleError> {
    match facts.quality.first_year_complete_reporting {
        Some(flag) => Ok(flag),
        None if facts.performance_year.0 > facts.agreement_start.year().max(2013) => Ok(false),
        None => Err(missing("first_year_complete_reporting", "settle.quality.first_year", "M.F.3.1")),
    }
}

/// The factor of the half rate when savings miss the minimum savings rate and M.F.4 applies; `None` when it does not.
pub(super) fn half_rate(
    facts: &Facts,
    rules: &SettleRules,
    difference: f64,
    sharing: f64,
    imputed: &mut Vec<Imputed>,
) -> Result<Option<f64>, SettleError> {
    let Some(factor) = on(&rules.half_rate, facts.agreement_start).filter(|factor| *factor > 0.0) else {
        return Ok(None);
    };
    let open = rules.half_rate_tracks.iter().any(|code| code == facts.track.code())
        && facts.head_count >= rules.half_rate_head_count
        && cents(difference) > 0.0
        && sharing > 0.0;
    Ok((open && low_revenue(facts, rules, imputed)?).then_some(factor))
}

/// Whether the ACO is a low-revenue ACO (M.B.5.3).
fn low_revenue(facts: &Facts, rules: &SettleRules, imputed: &mut Vec<Imputed>) -> Result<bool, SettleError> {
    if let Some(category) = facts.revenue_category {
        return Ok(category == RevenueCategory::Low);
    }
    let need = |fact| missing(fact, "settle.low_revenue_share", "M.B.5.3");
    let revenue = facts.revenue.ok_or_else(|| need("participant_revenue"))?;
    let paid = facts.paid_amounts.ok_or_else(|| need("revenue_category"))?;
    imputed.push(Imputed::RevenueCategory);
    Ok(revenue < rules.low_revenue * paid)
}
