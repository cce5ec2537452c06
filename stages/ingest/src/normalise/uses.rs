//! The list of normalisers, and how often each was used.

macro_rules! uses {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal,)+) => {
        /// A normaliser at work on one cell.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Use { $($(#[doc = $doc])+ $name,)+ }
        impl Use {
            /// All, in order.
            pub const ALL: &'static [Use] = &[$(Use::$name),+];
            /// The name in reports.
            pub fn name(self) -> &'static str {
                match self { $(Use::$name => $text),+ }
            }
        }
    };
}
uses! {
    /// `17-Jan-1942`.
    DateDayMonYear = "date_dd_mon_yyyy",
    /// `31JAN2024`.
    DateDayMonYearTight = "date_ddmonyyyy",
    /// `20240131`, as text or number.
    DateCompact = "date_yyyymmdd",
    /// `2024-01-31`, also with a midnight behind it.
    DateIso = "date_iso",
    /// A date of the file format.
    DateNative = "date_native",
    /// Days since 1960-01-01, where declared.
    DateSas = "date_sas_day_number",
    /// Decimal text.
    AmountText = "amount_text",
    /// Floating point, in text with an exponent or natively.
    AmountFloat = "amount_float",
    /// A whole number or decimal of the file format.
    AmountNative = "amount_native",
    /// Rounding to the cent changed an amount by more than 1e-6 dollars: a finding.
    AmountRounded = "amount_rounded_to_cent",
    /// Blank where a blank means that the claim has nothing of the kind.
    AmountBlankZero = "amount_blank_is_none",
    /// A blank count taken as 0.
    CountBlankZero = "count_blank_is_none",
    /// A count with decimals, rounded: a finding.
    CountRounded = "count_rounded",
    /// A code that got its leading zeros back.
    CodePadded = "code_zero_padded",
    /// A code that the file holds as a number.
    CodeFromNumber = "code_from_number",
    /// `NA` in a monthly code: unknown.
    MonthNotAvailable = "month_na_is_blank",
    /// A point in a diagnosis code, taken out.
    DiagnosisPoint = "diagnosis_point_removed",
    /// State and county joined to one code.
    CountyJoined = "county_state_and_county_joined",
    /// A county once a year, said of twelve months.
    CountyRepeated = "county_year_said_of_months",
    /// `~` where a feed has no value.
    Tilde = "tilde_is_blank",
    /// `1000-01-01` or `9999-12-31` where a feed has no date.
    DateSentinel = "date_sentinel_is_blank",
    /// An identifier that was replaced by the life's current one.
    IdentityReplaced = "identity_replaced_by_current",
    /// State and county that make no code: unknown, a finding.
    CountyUnknown = "county_state_and_county_not_understood",
}

/// How often each normaliser was used.
#[derive(Clone, Debug)]
pub struct Uses([u64; Use::ALL.len()]);
impl Default for Uses {
    fn default() -> Self {
        Uses([0; Use::ALL.len()])
    }
}
impl Uses {
    /// Counts one use.
    #[inline]
    pub fn count(&mut self, used: Use) {
        self.0[used as usize] += 1;
    }
    /// Counts several uses.
    pub fn count_more(&mut self, used: Use, times: u64) {
        self.0[used as usize] += times;
    }
    /// Adds another's counts.
    pub fn add(&mut self, other: &Uses) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, more)| *sum += more);
    }
    /// Names and counts, those that occurred.
    pub fn counts(&self) -> impl Iterator<Item = (Use, u64)> + '_ {
        Use::ALL.iter().copied().zip(self.0).filter(|(_, count)| *count > 0)
    }
}
