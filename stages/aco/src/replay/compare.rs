//! Comparisons: our value, theirs, the tolerance, and what follows.

use super::printed::Printed;
use super::totals::RowAmounts;
use acoledger_schemas::values::{PerformanceYear, Period};

/// Why a row cannot be re-derived to the digit although nothing is wrong with it. A closed list: each reason is visible in
/// the row or documented, and the row must still agree once the reason is taken into account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Totals of a half-year of 2019 are halves of per capita values × person years, and no column says so (M.D.4.5).
    HalfYear2019,
    /// The first performance year of 2012 starters has 18 or 21 months, per capita values are of twelve (M.D.4.4, M.G.3).
    LongFirstYear,
    /// Person years of an enrollment type are withheld as a small count (M.G.2).
    MaskedPersonYears,
    /// Below the printed bands CMS sets the minimum savings rate case by case (M.F.1.2).
    MsrSetByCms,
    /// The sharing rate is 0 for missed quality, in a file that has no column for the standard (M.F.3).
    QualityStandardNotPublished,
    /// Losses stop at a limit by participants' revenue, which is not published (M.F.2).
    RevenueNotPublished,
    /// Part of the losses is forgiven for disasters; which counties they reached, and for how long, is not published (M.F.7).
    DisasterCountiesNotPublished,
    /// Losses are prorated for months that are not published, or a payment is lost, after a termination (M.F.8).
    TerminationNotPublished,
    /// The guardrail replaced a benchmark that is not published (M.E.5).
    GuardrailBenchmarkNotPublished,
    /// REACH: between unadjusted and final benchmark lie adjustments that are not published (M.H.3).
    BenchmarkAdjustmentsNotPublished,
    /// REACH: the stop-loss charge or payout itself is not published (M.H.3).
    StopLossNotPublished,
    /// REACH: the row prints shared savings, no points for reported health data and a payment of 0, as after a termination
    /// (M.H.3).
    SavingsNotPaid,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Reason; 12] = [
        Reason::HalfYear2019,
        Reason::LongFirstYear,
        Reason::MaskedPersonYears,
        Reason::MsrSetByCms,
        Reason::QualityStandardNotPublished,
        Reason::RevenueNotPublished,
        Reason::DisasterCountiesNotPublished,
        Reason::TerminationNotPublished,
        Reason::GuardrailBenchmarkNotPublished,
        Reason::BenchmarkAdjustmentsNotPublished,
        Reason::StopLossNotPublished,
        Reason::SavingsNotPaid,
    ];

    /// The word in tables and JSON.
    pub fn code(self) -> &'static str {
        match self {
            Reason::HalfYear2019 => "half_year_2019",
            Reason::LongFirstYear => "first_year_of_18_or_21_months",
            Reason::MaskedPersonYears => "masked_person_years",
            Reason::MsrSetByCms => "msr_set_by_cms",
            Reason::QualityStandardNotPublished => "quality_standard_not_published",
            Reason::RevenueNotPublished => "revenue_not_published",
            Reason::DisasterCountiesNotPublished => "disaster_counties_not_published",
            Reason::TerminationNotPublished => "termination_not_published",
            Reason::GuardrailBenchmarkNotPublished => "guardrail_benchmark_not_published",
            Reason::BenchmarkAdjustmentsNotPublished => "benchmark_adjustments_not_published",
            Reason::StopLossNotPublished => "stop_loss_not_published",
            Reason::SavingsNotPaid => "savings_not_paid",
        }
    }

    /// Where the methodology documents it.
    pub fn section(self) -> &'static str {
        match self {
            Reason::HalfYear2019 => "M.D.4.5",
            Reason::LongFirstYear => "M.D.4.4, M.G.3",
            Reason::MaskedPersonYears => "M.G.2",
            Reason::MsrSetByCms => "M.F.1.2",
            Reason::QualityStandardNotPublished => "M.F.3",
            Reason::RevenueNotPublished => "M.F.2",
            Reason::DisasterCountiesNotPublished => "M.F.7.2",
            Reason::TerminationNotPublished => "M.F.8",
            Reason::GuardrailBenchmarkNotPublished => "M.E.5",
            Reason::BenchmarkAdjustmentsNotPublished | Reason::StopLossNotPublished | Reason::SavingsNotPaid => "M.H.3",
        }
    }
}

/// What a comparison says. The order is that of severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Equal within what the file's rounding allows.
    Matched,
    /// Equal once the reason is taken into account.
    Explained(Reason),
    /// Different.
    Unexplained,
}

/// A value that is compared.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Dollars, a fraction, or person years.
    Number(f64),
    /// A category.
    Text(String),
    /// Nothing: the column does not apply.
    None,
}

/// One identity of one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Name of the identity.
    pub identity: &'static str,
    /// What we derive.
    pub ours: Value,
    /// What the file says.
    pub theirs: Value,
    /// Largest difference that rounding allows; `None` for categories.
    pub tolerance: Option<f64>,
    /// What follows.
    pub verdict: Verdict,
}

impl Comparison {
    /// Ours minus theirs, where both are numbers.
    pub fn difference(&self) -> Option<f64> {
        match (&self.ours, &self.theirs) {
            (Value::Number(ours), Value::Number(theirs)) => Some(ours - theirs),
            _ => None,
        }
    }
}

/// The comparisons of one row of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct RowReplay {
    /// Performance year.
    pub performance_year: PerformanceYear,
    /// The whole year, or a half of 2019.
    pub period: Period,
    /// ACO, as the file names it.
    pub aco_id: String,
    /// Line of the file.
    pub line: u64,
    /// What it adds to the totals of its year.
    pub amounts: RowAmounts,
    /// One for each identity that can be tested on the row.
    pub comparisons: Vec<Comparison>,
}

impl RowReplay {
    /// The most severe verdict of the row.
    pub fn verdict(&self) -> Verdict {
        self.comparisons.iter().map(|comparison| comparison.verdict).max().unwrap_or(Verdict::Matched)
    }

    /// Compares numbers; a reason, if there is one, has already been taken into account in `ours`.
    pub(super) fn number(&mut self, identity: &'static str, ours: Printed, theirs: Printed, reason: Option<Reason>) {
        // Equal to twelve digits is equal: sums in another order differ there.
        let tolerance = ours.half + theirs.half;
        let slack = 1e-12 * ours.value.abs().max(theirs.value.abs());
        let verdict = if (ours.value - theirs.value).abs() > tolerance + slack {
            Verdict::Unexplained
        } else {
            reason.map_or(Verdict::Matched, Verdict::Explained)
        };
        let (ours, theirs) = (Value::Number(ours.value), Value::Number(theirs.value));
        self.comparisons.push(Comparison { identity, ours, theirs, tolerance: Some(tolerance), verdict });
    }

    /// Compares categories, flags and cells that must be empty.
    pub(super) fn category(&mut self, identity: &'static str, ours: Value, theirs: Value, verdict: Verdict) {
        self.comparisons.push(Comparison { identity, ours, theirs, tolerance: None, verdict });
    }
}
