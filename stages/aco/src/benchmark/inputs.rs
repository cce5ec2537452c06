//! What a benchmark is made from: one ACO's own figures, its counties' and the nation's, complete for its rulebook.

use crate::by_type::ByType;
use acoledger_schemas::values::EnrollmentType;

/// A benchmark year or the performance year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Year {
    /// The first benchmark year.
    By1 = 0,
    /// The second.
    By2 = 1,
    /// The third, the last before the agreement period.
    By3 = 2,
    /// The performance year.
    Py = 3,
}

impl Year {
    /// The benchmark years, in their order.
    pub const BASE: [Year; 3] = [Year::By1, Year::By2, Year::By3];
    /// All four, in their order.
    pub const ALL: [Year; 4] = [Year::By1, Year::By2, Year::By3, Year::Py];

    /// `BY1`, `BY2`, `BY3` or `PY`.
    pub fn code(self) -> &'static str {
        ["BY1", "BY2", "BY3", "PY"][self as usize]
    }
}

/// An ACO's assigned beneficiaries of one type in one year; person years are above 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Own {
    /// Person years.
    pub person_years: f64,
    /// Spending per person year (M.B.3.5).
    pub per_capita: f64,
    /// Mean HCC score, renormalised; known wherever the rulebook reads it.
    pub hcc: Option<f64>,
    /// Mean demographic score, renormalised; likewise.
    pub demographic: Option<f64>,
}

/// A county where the ACO has assigned person years of a type in a year.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CountyCell {
    /// The ACO's assigned person years, above 0.
    pub assigned: f64,
    /// The county's own figures; `None`: unknown (M.D.1.5).
    pub known: Option<CountyFigures>,
    /// Of these the part of the ACO's assigned beneficiaries, in their own window and year; `None`: not known.
    pub own: Option<CountyFigures>,
}

/// Figures of the assignable beneficiaries of a county, type and year.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CountyFigures {
    /// Spending per person year, not risk adjusted.
    pub per_capita: f64,
    /// Assignable person years, above 0.
    pub person_years: f64,
    /// Mean HCC score, renormalised.
    pub hcc: f64,
    /// Mean demographic score; known wherever the rulebook reads it.
    pub demographic: Option<f64>,
}

/// Newly or continuously assigned beneficiaries of one type in BY3 or the performance year (M.C.5).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CohortScores {
    /// Person years, above 0.
    pub person_years: f64,
    /// Mean HCC score.
    pub hcc: f64,
    /// Mean demographic score; known for the continuously assigned.
    pub demographic: Option<f64>,
}

/// Both cohorts in BY3 and in the performance year.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cohorts {
    /// Newly assigned, BY3 and performance year.
    pub newly: [ByType<Option<CohortScores>>; 2],
    /// Continuously assigned, BY3 and performance year.
    pub continuously: [ByType<Option<CohortScores>>; 2],
}

/// A settled result of a benchmark year, under an earlier agreement (M.D.3.1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reconciled {
    /// Gross savings or losses per capita.
    pub per_capita_savings: f64,
    /// Person years when reconciled.
    pub person_years: f64,
    /// Whether savings were forfeited.
    pub forfeited: bool,
    /// Paid per capita; known wherever the rulebook reads it.
    pub shared_per_capita: Option<f64>,
}

/// Everything that the benchmark of one ACO and performance year is made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Inputs {
    /// Calendar years of BY1, BY2, BY3 and the performance year.
    pub calendar_years: [i32; 4],
    /// The ACO's own figures by year; `None`: no person years of the type.
    pub own: [ByType<Option<Own>>; 4],
    /// Cohorts, for agreements before July 2019.
    pub cohorts: Option<Cohorts>,
    /// National per capita by year; known for every type and year that the rulebook reads.
    pub national: [ByType<Option<f64>>; 4],
    /// Counties with assigned person years by year. For a type empty in BY3 those of BY3 hold the performance year's person
    /// years and BY3's figures (M.C.6).
    pub counties: [ByType<Vec<CountyCell>>; 4],
    /// n-th time of a regional adjustment, from 1.
    pub regional_count: Option<u8>,
    /// Dual person years of BY3.
    pub dual_person_years: Option<f64>,
    /// Share of performance-year heads with low-income subsidy or dual status.
    pub lis_or_dual_share: Option<f64>,
    /// Results of the calendar years BY1, BY2, BY3 under an earlier agreement.
    pub reconciled: [Option<Reconciled>; 3],
    /// The accountable care prospective trend, where given (M.E.4).
    pub acpt: ByType<Option<f64>>,
}

/// A value whose presence was checked when the inputs were gathered.
pub(crate) fn known<T>(value: Option<T>) -> T {
    value.expect("inputs are complete for their rulebook: gathering them checks it")
}

impl Inputs {
    /// The ACO's own figures of a type in a year.
    pub fn own(&self, year: Year, kind: EnrollmentType) -> Option<&Own> {
        self.own[year as usize][kind].as_ref()
    }

    /// Person years by type.
    pub fn person_years(&self, year: Year) -> ByType<Option<f64>> {
        ByType::of(|kind| self.own(year, kind).map(|own| own.person_years))
    }

    /// Types that enter: those with person years in BY3 or in the performance year (M.C.6).
    pub fn types(&self) -> impl Iterator<Item = EnrollmentType> + use<'_> {
        EnrollmentType::ALL
            .into_iter()
            .filter(|&kind| self.own(Year::By3, kind).is_some() || self.own(Year::Py, kind).is_some())
    }

    /// Types with person years in the performance year.
    pub fn types_in_py(&self) -> impl Iterator<Item = EnrollmentType> + use<'_> {
        EnrollmentType::ALL.into_iter().filter(|&kind| self.own(Year::Py, kind).is_some())
    }

    /// National per capita.
    pub fn national(&self, year: Year, kind: EnrollmentType) -> f64 {
        known(self.national[year as usize][kind])
    }

    /// HCC score of a year; for a type empty in BY3 that of the performance year stands for BY3 (M.C.6).
    pub fn hcc(&self, year: Year, kind: EnrollmentType) -> f64 {
        let own = self.own(year, kind).or_else(|| self.own(Year::Py, kind).filter(|_| year == Year::By3));
        known(own.and_then(|own| own.hcc))
    }

    /// Demographic score of a year, with the same stand-in.
    pub fn demographic(&self, year: Year, kind: EnrollmentType) -> f64 {
        let own = self.own(year, kind).or_else(|| self.own(Year::Py, kind).filter(|_| year == Year::By3));
        known(own.and_then(|own| own.demographic))
    }
}
