//! Who is scored: what the models ask about a person (HCC.md 2.2).

/// Sex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
}

/// Original reason for entitlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orec {
    /// 0, age.
    Aged,
    /// 1, disability.
    Disabled,
    /// 2, end-stage renal disease.
    Esrd,
    /// 3, disability and end-stage renal disease.
    DisabledAndEsrd,
}

/// Medicaid benefits in the month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dual {
    /// Dual status codes 00, NA, 99 or blank.
    None,
    /// 01, 03, 05, 06.
    Partial,
    /// 02, 04, 08.
    Full,
}

impl Dual {
    /// Reads a dual status code. `None`: no such code.
    pub fn parse(code: &str) -> Option<Dual> {
        match code {
            "" | "00" | "NA" | "99" | "0" => Some(Dual::None),
            "01" | "03" | "05" | "06" | "1" | "3" | "5" | "6" => Some(Dual::Partial),
            "02" | "04" | "08" | "2" | "4" | "8" => Some(Dual::Full),
            _ => None,
        }
    }
}

impl Orec {
    /// Reads an original reason for entitlement. `None`: no such code.
    pub fn parse(code: &str) -> Option<Orec> {
        match code {
            "0" => Some(Orec::Aged),
            "1" => Some(Orec::Disabled),
            "2" => Some(Orec::Esrd),
            "3" => Some(Orec::DisabledAndEsrd),
            _ => None,
        }
    }
}

/// End-stage renal disease in the month, from enrollment data, never from diagnoses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Esrd {
    /// None.
    #[default]
    None,
    /// Dialysis.
    Dialysis,
    /// A kidney transplant's month 1, 2 or 3.
    Transplant(u8),
    /// A functioning graft, months since the transplant, 4 or more.
    Graft(u16),
}

/// A person in a month, as the models see them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// Completed years on 1 February of the payment year.
    pub age: u8,
    /// Age for the edits of diagnoses; the same unless the caller knows better.
    pub edit_age: u8,
    /// Sex.
    pub sex: Sex,
    /// Original reason for entitlement.
    pub orec: Orec,
    /// Medicaid benefits.
    pub dual: Dual,
    /// Long-term institutional: more than 90 days in an institution.
    pub lti: bool,
    /// Fewer than twelve months of Part B in the year of the diagnoses.
    pub new_enrollee: bool,
    /// Enrolled in a special needs plan for chronic conditions; matters to new enrollees only.
    pub snp: bool,
    /// End-stage renal disease.
    pub esrd: Esrd,
}

/// Completed years on 1 February of a payment year, of somebody born on a day; not below 0. Born on 1 February is a birthday had.
pub fn age_on_february_first(payment_year: i32, born_year: i32, born_month: u8, born_day: u8) -> u8 {
    let months = (payment_year - born_year) * 12 + 2 - i32::from(born_month) - i32::from(born_day > 1);
    u8::try_from(months.max(0) / 12).unwrap_or(u8::MAX)
}
