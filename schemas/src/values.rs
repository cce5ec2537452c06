//! Typed values. Each parses and validates once, at the edge; past it nobody checks again.

use arrayvec::ArrayString;
use std::fmt;

/// Money in whole cents. Sums are checked by the build (`overflow-checks` in every profile).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cents(pub i64);

impl Cents {
    /// Dollars as a 64-bit float, for the ACO grain.
    pub fn dollars(self) -> f64 {
        self.0 as f64 / 100.0
    }

    /// Rounds dollars half away from zero to the cent (M.F.10.2). `None` when not finite or beyond `i64`.
    pub fn from_dollars(dollars: f64) -> Option<Cents> {
        let cents = (dollars * 100.0).round();
        (cents.is_finite() && cents.abs() < 9.0e18).then_some(Cents(cents as i64))
    }

    /// Parses a decimal dollar amount exactly: `12`, `-3.5`, `1234.56`, `.07`, `1e3` is not one.
    ///
    /// More than two decimals are rounded half away from zero; the flag says whether that changed the value by more than
    /// 1e-6 dollars, which the caller reports as a finding.
    pub fn parse(text: &str) -> Option<(Cents, bool)> {
        let bytes = text.as_bytes();
        let (negative, digits) = match bytes.first()? {
            b'-' => (true, &bytes[1..]),
            b'+' => (false, &bytes[1..]),
            _ => (false, bytes),
        };
        let point = digits.iter().position(|&b| b == b'.');
        let (whole, decimals) = match point {
            Some(at) => (&digits[..at], &digits[at + 1..]),
            None => (digits, &digits[..0]),
        };
        if whole.is_empty() && decimals.is_empty() {
            return None;
        }
        // Fixed-width files fill amounts with zeros in front.
        let whole = &whole[whole.iter().take_while(|b| **b == b'0').count()..];
        if whole.len() > 15 {
            return None;
        }
        if !whole.iter().chain(decimals).all(u8::is_ascii_digit) {
            return None;
        }
        let dollars = whole.iter().fold(0i64, |sum, b| sum * 10 + i64::from(b - b'0'));
        let digit = |at: usize| decimals.get(at).map_or(0, |b| i64::from(b - b'0'));
        let mut cents = dollars * 100 + digit(0) * 10 + digit(1);
        let mut rest = 0i64; // the decimals after the cent, in 1e-8 dollars
        for at in 2..8 {
            rest = rest * 10 + digit(at);
        }
        if digit(2) >= 5 {
            cents += 1;
        }
        let off = if digit(2) >= 5 { 1_000_000 - rest } else { rest };
        Some((Cents(if negative { -cents } else { cents }), off > 100))
    }
}

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let cents = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", cents / 100, cents % 100)
    }
}

/// A day, as days since 1970-01-01 (proleptic Gregorian).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(pub i32);

impl Date {
    /// The day `year`-`month`-`day`, or `None` when no such day exists.
    pub fn new(year: i32, month: u32, day: u32) -> Option<Date> {
        if !(1..=12).contains(&month) || day == 0 || day > days_in_month(year, month) || !(1..=9999).contains(&year) {
            return None;
        }
        let y = if month <= 2 { year - 1 } else { year };
        let era = y.div_euclid(400);
        let year_of_era = y.rem_euclid(400);
        let shifted = (month as i32 + 9) % 12;
        let day_of_year = (153 * shifted + 2) / 5 + day as i32 - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Some(Date(era * 146_097 + day_of_era - 719_468))
    }

    /// Year, month (1–12), day (1–31).
    pub fn ymd(self) -> (i32, u32, u32) {
        let z = self.0 + 719_468;
        let era = z.div_euclid(146_097);
        let day_of_era = z.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let day = (day_of_year - (153 * shifted + 2) / 5 + 1) as u32;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 } as u32;
        let year = year_of_era + era * 400 + i32::from(month <= 2);
        (year, month, day)
    }

    /// The calendar year.
    pub fn year(self) -> i32 {
        self.ymd().0
    }

    /// Months since January of year 0; consecutive months are consecutive numbers.
    pub fn month_index(self) -> i32 {
        let (year, month, _) = self.ymd();
        year * 12 + month as i32 - 1
    }

    /// The first day of the month `index` (see [`Date::month_index`]).
    pub fn first_of_month(index: i32) -> Date {
        Date::new(index.div_euclid(12), index.rem_euclid(12) as u32 + 1, 1).expect("the first of a month exists")
    }

    /// Parses `2024-01-31`.
    pub fn parse_iso(text: &str) -> Option<Date> {
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return None;
        }
        let number = |range: std::ops::Range<usize>| {
            bytes[range].iter().try_fold(0u32, |sum, b| b.is_ascii_digit().then(|| sum * 10 + u32::from(b - b'0')))
        };
        Date::new(number(0..4)? as i32, number(5..7)?, number(8..10)?)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// Days in `month` (1–12) of `year`.
pub fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

macro_rules! year {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(pub i32);
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}
year!(
    /// The year whose savings or losses are settled.
    PerformanceYear
);
year!(
    /// A calendar year: a performance year or one of the benchmark years behind it.
    CalendarYear
);

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $longest:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(ArrayString<$longest>);
        impl $name {
            /// Takes an identifier as it is written: printable, no blanks inside, leading zeros kept.
            ///
            /// # Errors
            /// Says what is wrong with the text.
            pub fn new(text: &str) -> Result<Self, String> {
                if text.is_empty() || text.len() > $longest {
                    return Err(format!("expected 1 to {} characters", $longest));
                }
                if !text.bytes().all(|b| b.is_ascii_graphic()) {
                    return Err("expected printable characters without blanks".into());
                }
                Ok(Self(ArrayString::from(text).expect("the length was looked at")))
            }
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
identifier!(
    /// An ACO's permanent identifier (`A1234`).
    AcoId, 16
);
identifier!(
    /// A taxpayer identification number, of a practice or provider.
    Tin, 16
);
identifier!(
    /// A CMS certification number, of a facility.
    Ccn, 16
);
identifier!(
    /// A national provider identifier, of a clinician or organisation.
    Npi, 16
);
identifier!(
    /// A HCPCS or CPT code.
    Hcpcs, 8
);
identifier!(
    /// A beneficiary's identifier as the claims carry it. Never in a log or an error.
    BeneId, 32
);
identifier!(
    /// A claim's identifier as the files carry it.
    ClaimId, 40
);
identifier!(
    /// A county: state and county code in the study's system (FIPS or SSA).
    County, 8
);

/// A Medicare enrollment type (M.B.2.2), in the program's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum EnrollmentType {
    /// End-stage renal disease.
    Esrd = 0,
    /// Disabled: under 65.
    Dis = 1,
    /// Aged, dually eligible for Medicare and Medicaid.
    Agdu = 2,
    /// Aged, not dually eligible.
    Agnd = 3,
}

impl EnrollmentType {
    /// All four, in the order of the program's tables.
    pub const ALL: [EnrollmentType; 4] =
        [EnrollmentType::Esrd, EnrollmentType::Dis, EnrollmentType::Agdu, EnrollmentType::Agnd];

    /// `ESRD`, `DIS`, `AGDU` or `AGND`.
    pub fn code(self) -> &'static str {
        ["ESRD", "DIS", "AGDU", "AGND"][self as usize]
    }

    /// The type's position in [`EnrollmentType::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }
}

/// A value with one spelling per variant.
macro_rules! code {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }
        impl $name {
            /// Every variant.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            /// The code as the files spell it.
            pub fn code(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }
            /// The variant with this spelling.
            pub fn from_code(text: &str) -> Option<Self> {
                match text { $($text => Some($name::$variant),)+ _ => None }
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.code()) }
        }
    };
}
code!(
    /// A track or BASIC level (M.F.2).
    Track {
        /// Track 1.
        T1 = "T1",
        /// Track 1+, an Innovation Center model.
        T1p = "T1P",
        /// Track 2.
        T2 = "T2",
        /// Track 3.
        T3 = "T3",
        /// BASIC level A.
        A = "A",
        /// BASIC level B.
        B = "B",
        /// BASIC level C.
        C = "C",
        /// BASIC level D.
        D = "D",
        /// BASIC level E.
        E = "E",
        /// ENHANCED.
        En = "EN",
    }
);
code!(
    /// What of a performance year is settled: all of it, or a half of 2019 (M.D.4.5).
    Period {
        /// The whole year.
        Full = "full",
        /// January to June 2019.
        H1 = "h1",
        /// July to December 2019.
        H2 = "h2",
    }
);
code!(
    /// How an ACO's list is made (M.A.2).
    AssignmentMethod {
        /// Preliminary prospective with retrospective reconciliation.
        Retrospective = "retrospective",
        /// Prospective.
        Prospective = "prospective",
    }
);
code!(
    /// An agreement's place in the ACO's history (M.D.1.10, M.D.2.8).
    AgreementType {
        /// First agreement period.
        Initial = "initial",
        /// A second or later one that follows on.
        Renewal = "renewal",
        /// A second or later one after a break, or of a successor.
        Reentering = "reentering",
    }
);
code!(
    /// Low or high revenue (M.B.5.3).
    RevenueCategory {
        /// Participants' revenue at or above 35 % of assigned spending.
        High = "high",
        /// Below 35 %.
        Low = "low",
    }
);
code!(
    /// Who ended an agreement (M.F.8).
    TerminationKind {
        /// The ACO.
        Voluntary = "voluntary",
        /// CMS.
        Cms = "cms",
    }
);
code!(
    /// Newly and continuously assigned apart (M.A.8.1), or together.
    Cohort {
        /// Agreements from July 2019 on.
        All = "all",
        /// Newly assigned.
        Newly = "newly",
        /// Continuously assigned.
        Continuously = "continuously",
    }
);
code!(
    /// The window behind a population or a rate (M.A.8.4).
    Window {
        /// The calendar year, for agreements that start before 2024.
        Calendar = "calendar",
        /// The calendar year, as the window of a retrospective ACO.
        Retrospective = "retrospective",
        /// October to September, of a prospective ACO.
        Prospective = "prospective",
    }
);
code!(
    /// A population that national and county figures are made of.
    Population {
        /// Assignable beneficiaries (M.A.8.2).
        Assignable = "assignable",
        /// All fee-for-service beneficiaries.
        Ffs = "ffs",
    }
);
code!(
    /// The way by which a life came to an ACO.
    Basis {
        /// Claims-based.
        Claims = "claims",
        /// Voluntary alignment.
        Voluntary = "voluntary",
        /// Aligned, and the claims would have led there too.
        Both = "both",
    }
);
code!(
    /// A class of services; together they are all Parts A and B spending (M.B.1).
    ServiceCategory {
        /// Inpatient, short-term hospitals, critical access among them, and what no other class takes.
        InpatientOther = "inpatient_other",
        /// Inpatient, long-term care hospitals.
        InpatientLongTerm = "inpatient_long_term",
        /// Inpatient, rehabilitation hospitals and units.
        InpatientRehabilitation = "inpatient_rehabilitation",
        /// Inpatient, psychiatric hospitals and units.
        InpatientPsychiatric = "inpatient_psychiatric",
        /// Skilled nursing facility.
        Snf = "snf",
        /// Outpatient.
        Outpatient = "outpatient",
        /// Home health.
        HomeHealth = "home_health",
        /// Hospice.
        Hospice = "hospice",
        /// Carrier lines without those of ambulances.
        Physician = "physician",
        /// Carrier lines of ambulances.
        Ambulance = "ambulance",
        /// Durable medical equipment.
        Dme = "dme",
        /// Demonstration payments outside claims.
        NonClaims = "non_claims",
    }
);
code!(
    /// Which of a life's scores (M.C.1).
    ScoreKind {
        /// By age, sex, Medicaid and original entitlement.
        Demographic = "demographic",
        /// By these and by hierarchical condition categories.
        Hcc = "hcc",
    }
);
code!(
    /// A part of `risk_detail`.
    RiskPart {
        /// All lives.
        All = "all",
        /// Lives that are the ACO's in the other year too.
        Stayed = "stayed",
        /// Lives that were not the ACO's in the earlier year.
        Joined = "joined",
        /// Lives that are not the ACO's in the later year.
        Left = "left",
        /// Months by segment.
        Segment = "segment",
        /// Months with a payment HCC.
        Hcc = "hcc",
        /// Months of new enrollees: the segments of new enrollees together.
        NewEnrollee = "new_enrollee",
    }
);
code!(
    /// What of utilisation is counted (`utilisation.*`), in the names of CMS's results file where it has one.
    UseMeasure {
        /// Discharges of short-term hospitals, and of those that no other measure takes.
        ShortTermDischarges = "ADM_S_Trm",
        /// Discharges of long-term care hospitals.
        LongTermDischarges = "ADM_L_Trm",
        /// Discharges of rehabilitation hospitals and units.
        RehabilitationDischarges = "ADM_Rehab",
        /// Discharges of psychiatric hospitals and units.
        PsychiatricDischarges = "ADM_Psych",
        /// Emergency visits that outpatient claims show: those that ended in an admission are not among them.
        EmergencyVisits = "P_EDV_Vis_outpatient",
        /// Days with computed tomography.
        CtDays = "P_CT_VIS",
        /// Days with magnetic resonance imaging.
        MriDays = "P_MRI_VIS",
        /// Visits with primary care physicians.
        PrimaryCareVisits = "P_EM_PCP_Vis",
        /// Visits with other physicians.
        SpecialistVisits = "P_EM_SP_Vis",
        /// Visits with nurse practitioners, clinical nurse specialists and physician assistants.
        PractitionerVisits = "P_Nurse_Vis",
        /// Claims of federally qualified health centers and rural health clinics.
        ClinicVisits = "P_FQHC_RHC_Vis",
        /// Stays in skilled nursing facilities that have ended.
        SnfStays = "P_SNF_ADM",
        /// Their days, from admission to the end.
        SnfDays = "SNF_days",
        /// Their spending in cents (M.B.1).
        SnfCents = "SNF_cents",
    }
);
impl std::str::FromStr for EnrollmentType {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        EnrollmentType::ALL
            .into_iter()
            .find(|kind| kind.code() == text)
            .ok_or_else(|| "expected one of: ESRD, DIS, AGDU, AGND".into())
    }
}
impl fmt::Display for EnrollmentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A yes or no of a program file: `1` or `0`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flag(pub bool);

/// Months of one calendar year, bit 0 (value 1) for January.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonthsMask(pub u16);

/// The chosen or variable minimum savings rate (M.F.1.3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MsrChoice {
    /// By assigned beneficiaries.
    Variable,
    /// A fixed fraction, symmetric.
    Fixed(f64),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_go_there_and_back() {
        for day in -200_000..200_000 {
            let (year, month, d) = Date(day).ymd();
            assert_eq!(Date::new(year, month, d), Some(Date(day)));
        }
        assert_eq!(Date::new(1970, 1, 1), Some(Date(0)));
        assert_eq!(Date::parse_iso("2024-02-29").map(|d| d.to_string()), Some("2024-02-29".into()));
        assert_eq!(Date::parse_iso("2023-02-29"), None);
    }

    #[test]
    fn amounts_are_exact() {
        let parse = |text: &str| Cents::parse(text).map(|(cents, off)| (cents.0, off));
        assert_eq!(parse("12"), Some((1200, false)));
        assert_eq!(parse("-3.5"), Some((-350, false)));
        assert_eq!(parse(".07"), Some((7, false)));
        assert_eq!(parse("000000000000000012.34"), Some((1234, false)));
        assert_eq!(parse("0"), Some((0, false)));
        assert_eq!(parse("1.005"), Some((101, true)));
        assert_eq!(parse("-1.004"), Some((-100, true)));
        assert_eq!(parse("73.950000001"), Some((7395, false)));
        assert_eq!(parse("73.949999999"), Some((7395, false)));
        for bad in ["", "-", ".", "1e3", "12,30", "12,3O", "1.2.3", "9999999999999999"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert_eq!(Cents(-5).to_string(), "-0.05");
    }
}
