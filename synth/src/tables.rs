//! Columns of generated rows: numbers that point into the nation's lists, so that making a row costs no allocation.

use std::collections::HashMap;

/// A code (service, diagnosis, revenue center, specialty, place, …): a position in [`Codes`]; 0 is blank.
pub type Code = u16;

/// Every code that occurs, once.
#[derive(Clone, Debug)]
pub struct Codes {
    texts: Vec<String>,
    index: HashMap<String, Code>,
}

impl Default for Codes {
    fn default() -> Codes {
        Codes { texts: vec![String::new()], index: HashMap::from([(String::new(), 0)]) }
    }
}

impl Codes {
    /// The codes; position 0 is blank.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// The code of a text that is known.
    pub(crate) fn of(&self, text: &str) -> Code {
        *self.index.get(text).expect("every code is entered when the nation is built")
    }

    /// The code of a text, entered when new.
    pub(crate) fn enter(&mut self, text: &str) -> Code {
        if let Some(&code) = self.index.get(text) {
            return code;
        }
        let code = Code::try_from(self.texts.len()).expect("a nation has a few hundred codes");
        self.texts.push(text.to_owned());
        self.index.insert(text.to_owned(), code);
        code
    }
}

/// No practice, clinician, facility or county.
pub const NONE: u32 = u32::MAX;
/// A county outside the country, while people live; rows hold its place in `Nation::counties`.
pub(crate) const ABROAD: u32 = u32::MAX - 1;
/// No date.
pub const NO_DATE: i32 = i32::MIN;

macro_rules! columns {
    ($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $fdoc:literal])+ $field:ident : $ty:ty,)+ } row $row:ident) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name { $($(#[doc = $fdoc])+ pub $field: Vec<$ty>,)+ }
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $row { $(pub(crate) $field: $ty,)+ }
        impl $name {
            pub(crate) fn push(&mut self, row: $row) { $(self.$field.push(row.$field);)+ }
            /// Forgets the rows and keeps the room.
            pub fn clear(&mut self) { $(self.$field.clear();)+ }
        }
    };
}

columns! {
    /// Carrier or DME lines, the claim's header repeated.
    Lines {
        /// Beneficiary number.
        bene: u64,
        /// Claim number.
        claim: i64,
        /// Line number.
        line: i32,
        /// NCH claim type.
        claim_type: Code,
        /// Claim from date, days since 1970.
        from: i32,
        /// Claim through date.
        thru: i32,
        /// Weekly processing date.
        processed: i32,
        /// Payment denial code of the claim.
        denial: Code,
        /// Payment of the claim, cents.
        claim_paid: i64,
        /// Principal diagnosis of the claim.
        principal: Code,
        /// Second diagnosis of the claim.
        second: Code,
        /// Diagnosis of the line.
        diagnosis: Code,
        /// Service.
        hcpcs: Code,
        /// First modifier.
        modifier: Code,
        /// Specialty on the line.
        specialty: Code,
        /// Place of service.
        place: Code,
        /// Billing practice.
        practice: u32,
        /// Performing clinician.
        clinician: u32,
        /// First expense date.
        first: i32,
        /// Last expense date.
        last: i32,
        /// Line payment, cents, sequestration taken off.
        paid: i64,
        /// Allowed charge, cents.
        allowed: i64,
        /// Processing indicator.
        processing: Code,
    } row LineRow
}

columns! {
    /// Facility claims, one row per claim.
    Headers {
        /// Beneficiary number.
        bene: u64,
        /// Claim number.
        claim: i64,
        /// NCH claim type.
        claim_type: Code,
        /// Claim from date.
        from: i32,
        /// Claim through date.
        thru: i32,
        /// Weekly processing date.
        processed: i32,
        /// Facility.
        facility: u32,
        /// First digit of the bill type.
        facility_type: Code,
        /// Second digit of the bill type.
        service_class: Code,
        /// Third digit of the bill type.
        frequency: Code,
        /// Non-payment reason.
        nonpayment: Code,
        /// Claim payment, cents, sequestration taken off.
        paid: i64,
        /// Admission date.
        admission: i32,
        /// Discharge date.
        discharge: i32,
        /// Discharge status.
        status: Code,
        /// Diagnosis related group.
        drg: Code,
        /// Diagnoses, principal first.
        diagnoses: [Code; 4],
        /// Attending, operating, other clinician.
        clinicians: [u32; 3],
        /// Part B deductible of the claim, cents.
        deductible: i64,
        /// Part B coinsurance of the claim, cents.
        coinsurance: i64,
        /// Teaching (operating, capital), disproportionate share (operating, capital), uncompensated care; cents.
        extras: [i64; 5],
    } row HeaderRow
}

columns! {
    /// Revenue center lines of facility claims.
    Revenue {
        /// Row of the claim in [`Claims::headers`].
        header: u32,
        /// Line number.
        line: i32,
        /// Revenue center.
        center: Code,
        /// Revenue center date.
        date: i32,
        /// Service.
        hcpcs: Code,
        /// Units.
        units: i32,
        /// Payment of the line, cents.
        paid: i64,
        /// Deductible of the line, cents.
        deductible: i64,
        /// Coinsurance of the line, cents.
        coinsurance: i64,
        /// Rendering clinician.
        rendering: u32,
    } row RevenueRow
}

columns! {
    /// Enrollment, one row per life and year.
    Enrollment {
        /// Beneficiary number.
        bene: u64,
        /// Birth date.
        birth: i32,
        /// Death date.
        death: i32,
        /// `1` or `2`.
        sex: u8,
        /// Calendar year.
        year: i32,
        /// Original reason for entitlement.
        original_reason: u8,
        /// Current reason for entitlement.
        current_reason: u8,
        /// County by month.
        county: [u32; 12],
        /// Medicare status by month.
        status: [Code; 12],
        /// Entitlement and buy-in by month, ASCII.
        buyin: [u8; 12],
        /// Plan indicator by month, ASCII; 0: blank.
        plan: [u8; 12],
        /// Dual status by month.
        dual: [Code; 12],
    } row EnrollmentRow
}

/// Facility claims of one table: headers and their lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claims {
    /// One row per claim.
    pub headers: Headers,
    /// One row per line, in the order of the claims.
    pub lines: Revenue,
}

impl Claims {
    /// Forgets the rows and keeps the room.
    pub fn clear(&mut self) {
        self.headers.clear();
        self.lines.clear();
    }
}

/// All rows of one year.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct YearTables {
    /// Enrollment.
    pub enrollment: Enrollment,
    /// Carrier lines.
    pub carrier: Lines,
    /// DME lines.
    pub dme: Lines,
    /// Inpatient claims.
    pub inpatient: Claims,
    /// Skilled nursing claims.
    pub snf: Claims,
    /// Outpatient claims.
    pub outpatient: Claims,
    /// Home health claims.
    pub hha: Claims,
    /// Hospice claims.
    pub hospice: Claims,
}

impl YearTables {
    /// Forgets the rows and keeps the room.
    pub fn clear(&mut self) {
        self.enrollment.clear();
        self.carrier.clear();
        self.dme.clear();
        for claims in [&mut self.inpatient, &mut self.snf, &mut self.outpatient, &mut self.hha, &mut self.hospice] {
            claims.clear();
        }
    }

    /// Claim lines in all tables; enrollment does not count.
    pub fn line_count(&self) -> usize {
        let facility = [&self.inpatient, &self.snf, &self.outpatient, &self.hha, &self.hospice];
        self.carrier.bene.len() + self.dme.bene.len() + facility.iter().map(|t| t.lines.header.len()).sum::<usize>()
    }
}
