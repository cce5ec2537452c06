//! What a settlement needs to know, and what it says.

use acoledger_schemas::values::{Date, MsrChoice, PerformanceYear, Period, RevenueCategory, TerminationKind, Track};
use std::fmt;

/// Everything that the settlement of one ACO and performance year needs (M.F). Dollars and fractions, unrounded.
///
/// A field that is `None` is unknown; a step that needs it fails and names its rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Performance year.
    pub performance_year: PerformanceYear,
    /// The whole year, or a half of 2019: per capita values and lives are the full year's all the same (M.D.4.5).
    pub period: Period,
    /// Track or BASIC level in the year.
    pub track: Track,
    /// First day of the agreement period.
    pub agreement_start: Date,
    /// n-th performance year in Track 2, from 1; `None`: counted from the agreement start. Other tracks do not read it.
    pub track_year: Option<u8>,
    /// Updated benchmark, dollars per person year (M.E.2); the three-way blend for agreements from 2024.
    pub updated_benchmark: f64,
    /// The updated benchmark without the prospective trend, for the guardrail (M.E.5); agreements from 2024.
    pub two_way_benchmark: Option<f64>,
    /// Spending of the performance year, dollars per person year (M.B.3.6).
    pub expenditures: f64,
    /// Person years of the performance year, all enrollment types.
    pub person_years: f64,
    /// Assigned beneficiaries (M.F.1.1).
    pub head_count: i64,
    /// Variable minimum savings rate, or the chosen one (M.F.1.3).
    pub msr_choice: MsrChoice,
    /// Quality (M.F.3).
    pub quality: Quality,
    /// Participants' revenue, dollars (M.B.5), for revenue-based loss limits and, without a category, for M.F.4.
    pub revenue: Option<f64>,
    /// Low or high revenue; `None`: judged from `revenue` and `paid_amounts`.
    pub revenue_category: Option<RevenueCategory>,
    /// Paid amounts of the assigned beneficiaries, dollars: what revenue is compared with (M.B.5.3).
    pub paid_amounts: Option<f64>,
    /// Whether a Track 1+ loss limit is revenue-based (M.F.2).
    pub revenue_loss_limit: Option<bool>,
    /// Extreme and uncontrollable circumstances; `None`: no county was affected (M.F.7).
    pub disaster: Option<Disaster>,
    /// Termination inside the performance year (M.F.8); `None`: none.
    pub termination: Option<Termination>,
    /// Advance payments still to be recouped, dollars (M.F.9); `None`: none.
    pub advance_balance: Option<f64>,
}

/// An ACO's quality results in the performance year (M.F.3).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quality {
    /// Score as a fraction, health equity adjustment included.
    pub score: Option<f64>,
    /// The quality performance standard is met; to 2020: minimum attainment.
    pub met_standard: Option<bool>,
    /// The alternative standard is met (from 2023).
    pub met_alternative: Option<bool>,
    /// Complete reporting in the first year of a first agreement stands for the standard.
    pub first_year_complete_reporting: Option<bool>,
}

/// How far extreme and uncontrollable circumstances reached an ACO (M.F.7).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Disaster {
    /// M: share of the year, mean over affected counties by assigned beneficiaries.
    pub share_of_year: f64,
    /// B: share of the assigned beneficiaries who live in affected counties.
    pub share_of_beneficiaries: f64,
}

impl Disaster {
    /// M and B from affected counties: (assigned beneficiaries there, months affected) each, and all assigned (M.F.7.2).
    ///
    /// `None` when nobody lives in an affected county or `head_count` is not positive.
    pub fn from_counties(affected: impl IntoIterator<Item = (i64, u8)>, head_count: i64) -> Option<Disaster> {
        let (mut heads, mut head_months) = (0i64, 0i64);
        for (here, months) in affected {
            heads += here;
            head_months += here * i64::from(months);
        }
        (heads > 0 && head_count > 0).then(|| Disaster {
            share_of_year: head_months as f64 / 12.0 / heads as f64,
            share_of_beneficiaries: heads as f64 / head_count as f64,
        })
    }

    /// M × B, the share of losses that is forgiven.
    pub fn factor(self) -> f64 {
        self.share_of_year * self.share_of_beneficiaries
    }
}

/// The end of an agreement inside the performance year (M.F.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Termination {
    /// Day on which it takes effect.
    pub on: Date,
    /// Who ended it.
    pub kind: TerminationKind,
}

/// How a settlement came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Savings at or above the minimum savings rate, or the reduced rate of M.F.4 applies.
    Savings,
    /// Losses at or above the minimum loss rate of a two-sided ACO.
    Losses,
    /// Losses beyond the minimum savings rate of a one-sided ACO: nothing is owed.
    OneSidedLosses,
    /// Inside the corridor.
    Inside,
    /// The guardrail turned a loss into neither losses nor savings (M.E.5.4).
    Neither,
}

impl Outcome {
    /// One word, as tables spell it.
    pub fn code(self) -> &'static str {
        match self {
            Outcome::Savings => "savings",
            Outcome::Losses => "losses",
            Outcome::OneSidedLosses => "one_sided_losses",
            Outcome::Inside => "inside",
            Outcome::Neither => "neither",
        }
    }
}

/// Something that the law leaves open and a default of the methodology filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Imputed {
    /// The minimum savings rate below the smallest printed band (M.F.1.2).
    MsrBelowBands,
    /// The Track 2 year was counted from the agreement start (M.F.2).
    TrackYear,
    /// Revenue category judged from revenue and paid amounts (M.B.5.3).
    RevenueCategory,
}

impl Imputed {
    /// The word in the `imputed` column.
    pub fn code(self) -> &'static str {
        match self {
            Imputed::MsrBelowBands => "msr_below_bands",
            Imputed::TrackYear => "track_year",
            Imputed::RevenueCategory => "revenue_category",
        }
    }
}

/// Savings or losses of one ACO and performance year. Dollars and fractions, unrounded; of a half-year of 2019 the dollars
/// are halves (M.D.4.5), rates and per capita values the full year's.
#[derive(Clone, Debug, PartialEq)]
pub struct Settlement {
    /// Minimum savings rate, a fraction of the benchmark.
    pub msr: f64,
    /// Minimum loss rate, positive; `None` for one-sided ACOs.
    pub mlr: Option<f64>,
    /// Updated benchmark that was used, per person year: the two-way one when the guardrail is on.
    pub updated_benchmark: f64,
    /// Updated benchmark × person years.
    pub total_benchmark: f64,
    /// Expenditures × person years.
    pub total_expenditures: f64,
    /// Benchmark minus expenditures.
    pub difference: f64,
    /// Difference ÷ total benchmark.
    pub savings_rate: f64,
    /// How it came out.
    pub outcome: Outcome,
    /// Generated savings (positive) or losses (negative), as the published files define them; 0 inside the corridor.
    pub generated: f64,
    /// The sharing rate that quality allows, after the half rate of M.F.4, whether or not there are savings.
    pub final_sharing_rate: f64,
    /// Whether the half rate applies; `None` for agreements before 2024.
    pub reduced: Option<bool>,
    /// The loss rate, whether or not there are losses; `None` for one-sided ACOs.
    pub final_loss_rate: Option<f64>,
    /// Payment limit, where savings are shared.
    pub payment_limit: Option<f64>,
    /// Shared savings after sequestration and before the limit, where savings are shared.
    pub shared_savings_before_limit: Option<f64>,
    /// Loss limit, where losses are shared.
    pub loss_limit: Option<f64>,
    /// Shared losses (positive) before the limit, where losses are shared.
    pub shared_losses_before_limit: Option<f64>,
    /// What a termination took away: from a payment, or from losses owed; not below 0 (M.F.8).
    pub termination_impact: f64,
    /// Losses forgiven for disasters, not above 0 (M.F.7).
    pub disaster_adjustment: f64,
    /// Paid (positive) before recoupment, or owed (negative).
    pub earned: f64,
    /// Advances taken out of `earned` (M.F.9).
    pub recoupment: f64,
    /// Advances that are left to be recouped, or on termination to be paid back; `None` without advances.
    pub advance_owed: Option<f64>,
    /// Whether the two-way benchmark replaced the three-way one; `None` for agreements before 2024.
    pub guardrail: Option<bool>,
    /// Defaults that were taken.
    pub imputed: Vec<Imputed>,
}

/// Why a settlement cannot be made: a fact that a rule needs is missing or outside what the rule allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettleError {
    /// The fact.
    pub fact: &'static str,
    /// What is wrong with it.
    pub what: String,
    /// Key of the rule that needs it.
    pub rule: &'static str,
    /// Section of the methodology.
    pub section: &'static str,
}

impl fmt::Display for SettleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}: rule `{}` ({}) needs it", self.fact, self.what, self.rule, self.section)
    }
}
impl std::error::Error for SettleError {}

/// A missing fact.
pub(super) fn missing(fact: &'static str, rule: &'static str, section: &'static str) -> SettleError {
    SettleError { fact, what: "is not given".into(), rule, section }
}
