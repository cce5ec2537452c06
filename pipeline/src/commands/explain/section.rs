//! Sections of the page, and which step stands in which.

use acoledger_aco::tables::BenchmarkStep;

/// A section of the page, in the order of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Base,
    Regional,
    Prior,
    Historical,
    Risk,
    Update,
    Spending,
    Dollars,
}

impl Section {
    pub(crate) const ALL: [Section; 8] = [
        Section::Base,
        Section::Regional,
        Section::Prior,
        Section::Historical,
        Section::Risk,
        Section::Update,
        Section::Spending,
        Section::Dollars,
    ];

    /// Where a step stands, by its section of the methodology.
    pub(crate) fn of(step: &BenchmarkStep) -> Section {
        let rule = step.rule.as_str();
        let of_performance_year = step.calendar_year.is_some_and(|year| year.0 == step.performance_year.0);
        match rule {
            "D.1.11" | "D.1.12" | "D.3.6" => Section::Historical,
            "C.2" => Section::Base,
            "B.3.6" => Section::Spending,
            "E.1" if step.step == "risk_adjusted_benchmark" => Section::Risk,
            "E.2.1" if step.step == "updated_benchmark" => Section::Update,
            "E.5.2" => Section::Dollars,
            _ if rule.starts_with("D.1.") && of_performance_year => Section::Update,
            _ if rule.starts_with("D.1.") => Section::Base,
            _ if rule.starts_with("D.2.") => Section::Regional,
            _ if rule.starts_with("D.") => Section::Prior,
            _ if rule.starts_with("C.") => Section::Risk,
            _ if rule.starts_with("E.2.") || rule.starts_with("F.") => Section::Dollars,
            _ => Section::Update,
        }
    }

    pub(crate) fn code(self) -> &'static str {
        match self {
            Section::Base => "base_years",
            Section::Regional => "regional_adjustment",
            Section::Prior => "other_adjustments",
            Section::Historical => "historical_benchmark",
            Section::Risk => "risk",
            Section::Update => "update",
            Section::Spending => "spending",
            Section::Dollars => "dollars",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Section::Base => "Base years, trended to BY3",
            Section::Regional => "Regional adjustment",
            Section::Prior => "Prior savings, population",
            Section::Historical => "Historical benchmark",
            Section::Risk => "Risk, from BY3 to the performance year",
            Section::Update => "Update",
            Section::Spending => "Spending of the performance year",
            Section::Dollars => "Dollars",
        }
    }
}
