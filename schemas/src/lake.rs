//! The lake: Parquet, `lake/<table>/year=YYYY/shard=NNN.parquet` (`bene` has no year), each file sorted by life.
//!
//! Order inside a file: `bene_key`, then `claim_key`, then `line`. A claim stands in the year of the date that M.B.1 takes
//! its month from: through date of facility claims, last expense date of carrier and DME lines; revenue center lines stand
//! with their claim. A claim or line that a delivery repeats stands once (M.B.1.8).
//!
//! Months of `enrollment` are strings of twelve fixed-width codes, blanks for unknown: most lives share a handful of
//! patterns, so dictionaries make them nearly free, and a kernel looks at each pattern once.

use arrow_schema::{DataType, Field, Schema};
use std::sync::Arc;

/// How a lake column is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// `u64`.
    Key,
    /// `i64`.
    Long,
    /// `i32`.
    Int,
    /// `Date32`.
    Day,
    /// Cents as `i64`.
    Cents,
    /// Text with few distinct values: dictionary of `i32` keys.
    Code,
    /// Text with many distinct values.
    Text,
}

/// One lake column: name, storage, whether it may be null, meaning.
#[derive(Clone, Copy, Debug)]
pub struct LakeColumn {
    /// Name.
    pub name: &'static str,
    /// Storage.
    pub store: Store,
    /// Whether it may be null. Blank codes are empty text, never null.
    pub nullable: bool,
    /// Meaning.
    pub meaning: &'static str,
}

/// One lake table.
#[derive(Clone, Copy, Debug)]
pub struct LakeTable {
    /// Name, the folder's.
    pub name: &'static str,
    /// What a row is.
    pub meaning: &'static str,
    /// Whether it is cut by year.
    pub by_year: bool,
    /// Columns in order.
    pub columns: &'static [LakeColumn],
}

impl LakeTable {
    /// The Arrow schema of the files.
    pub fn schema(&self) -> Arc<Schema> {
        let fields = self.columns.iter().map(|column| {
            let kind = match column.store {
                Store::Key => DataType::UInt64,
                Store::Long | Store::Cents => DataType::Int64,
                Store::Int => DataType::Int32,
                Store::Day => DataType::Date32,
                Store::Code => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
                Store::Text => DataType::Utf8,
            };
            Field::new(column.name, kind, column.nullable)
        });
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }

    /// Whether its rows are claims or lines of claims.
    pub fn holds_claims(&self) -> bool {
        self.position("claim_key").is_some()
    }

    /// A column's position.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

/// What a raw layout without reductions lacks: null in every row. An amount of 0 is none that the record carries.
pub const CARRIED: [&str; 2] = ["sequestration_cents", "reduction_cents"];

macro_rules! columns {
    ($($name:ident $store:ident $($null:ident)? $meaning:literal;)+) => {
        &[$(LakeColumn {
            name: stringify!($name),
            store: Store::$store,
            nullable: columns!(@null $($null)?),
            meaning: $meaning,
        }),+]
    };
    (@null null) => { true };
    (@null) => { false };
}
pub(crate) use columns;

/// Identifiers of lives.
pub const BENE: LakeTable = LakeTable {
    name: "bene",
    meaning: "a life's identifier; its text lives here only",
    by_year: false,
    columns: columns! {
        bene_key Key "keyed hash of the identifier";
        bene_id Text "identifier as the claims carry it";
    },
};

/// Enrollment, one row per life and calendar year.
pub const ENROLLMENT: LakeTable = LakeTable {
    name: "enrollment",
    meaning: "enrollment of a life in a calendar year",
    by_year: true,
    columns: columns! {
        bene_key Key "life";
        birth_date Day null "date of birth";
        death_date Day null "date of death";
        sex Code "1 male, 2 female";
        original_reason Code "original reason for entitlement (OREC)";
        current_reason Code "current reason for entitlement";
        state Code "state code of the record";
        county_fips Code "twelve FIPS county codes of five characters";
        county_ssa Code "twelve SSA county codes of five characters";
        status Code "twelve Medicare status codes of two characters";
        buyin Code "twelve entitlement and buy-in codes of one character";
        plan Code "twelve plan indicators of one character";
        dual Code "twelve dual status codes of two characters";
    },
};

const LINE_COLUMNS: &[LakeColumn] = columns! {
    bene_key Key "life";
    claim_key Long "claim; the identifier itself where that is a number";
    claim_id Text null "identifier of the claim where it is no plain number";
    line Int "line number";
    claim_type Int "NCH claim type: 71, 72, 81, 82";
    from_date Day null "claim from date";
    thru_date Day null "claim through date";
    first_date Day null "first expense date of the line";
    last_date Day "last expense date of the line; decides month and year";
    proc_date Day null "weekly processing date";
    denial Code "carrier payment denial code of the claim";
    processing Code "processing indicator of the line";
    hcpcs Code "service";
    modifier Code "first modifier";
    specialty Code "specialty of the performing provider";
    place Code "place of service";
    tin Code "tax number of the performing provider";
    npi Code "performing provider";
    paid_cents Cents "line payment by Medicare";
    allowed_cents Cents "allowed charge of the line";
    line_diagnosis Code "diagnosis of the line";
    diagnoses Code "diagnoses of the claim, separated by blanks, principal first";
    disposition Code "claim disposition: adjustment, cancel";
    control_number Text null "claim control number, for adjustments";
    sequestration_cents Cents null "sequestration that the record itself carries (CCLFB)";
    reduction_cents Cents null "population-based reduction that the record itself carries (CCLFB)";
};

/// Carrier lines.
pub const CARRIER: LakeTable =
    LakeTable { name: "carrier", meaning: "a physician or supplier line", by_year: true, columns: LINE_COLUMNS };

/// DME lines, in the columns of carrier lines.
pub const DME: LakeTable =
    LakeTable { name: "dme", meaning: "a durable medical equipment line", by_year: true, columns: LINE_COLUMNS };

/// Facility claims, one row per claim.
pub const FACILITY: LakeTable = LakeTable {
    name: "facility",
    meaning: "an institutional claim: inpatient, skilled nursing, outpatient, home health, hospice",
    by_year: true,
    columns: columns! {
        bene_key Key "life";
        claim_key Long "claim; the identifier itself where that is a number";
        claim_id Text null "identifier of the claim where it is no plain number";
        claim_type Int "NCH claim type: 10, 20, 30, 40, 50, 60, 61";
        from_date Day null "claim from date";
        thru_date Day "claim through date; decides month and year";
        proc_date Day null "weekly processing date";
        admission_date Day null "admission";
        discharge_date Day null "discharge";
        discharge_status Code "patient discharge status";
        ccn Code "provider";
        facility_type Code "first digit of the bill type";
        service_class Code "second digit of the bill type";
        frequency Code "third digit of the bill type: original, adjustment, void";
        nonpayment Code "Medicare non-payment reason";
        drg Code "diagnosis related group";
        paid_cents Cents "claim payment by Medicare";
        deductible_cents Cents "Part B deductible of the claim";
        coinsurance_cents Cents "Part B coinsurance of the claim";
        ime_operating_cents Cents "indirect medical education, operating";
        ime_capital_cents Cents "indirect medical education, capital";
        dsh_operating_cents Cents "disproportionate share, operating";
        dsh_capital_cents Cents "disproportionate share, capital";
        uncompensated_cents Cents "uncompensated care payment";
        attending_npi Code "attending clinician";
        operating_npi Code "operating clinician";
        other_npi Code "other clinician";
        rendering_npi Code "rendering clinician of the claim";
        diagnoses Code "diagnoses of the claim, separated by blanks, principal first";
        disposition Code "claim disposition: adjustment, cancel";
        control_number Text null "claim control number";
        original_control_number Text null "control number of the claim that this one adjusts";
        sequestration_cents Cents null "sequestration that the record itself carries (CCLFA)";
        reduction_cents Cents null "population-based reduction that the record itself carries (CCLFA)";
    },
};

/// Revenue center lines of outpatient claims.
pub const REVENUE: LakeTable = LakeTable {
    name: "revenue",
    meaning: "a revenue center line of an outpatient claim",
    by_year: true,
    columns: columns! {
        bene_key Key "life";
        claim_key Long "claim, as in `facility`";
        line Int "line number";
        center Code "revenue center";
        service_date Day null "revenue center date; blank: the claim's through date";
        hcpcs Code "service";
        modifier Code "first modifier";
        units Long "units";
        paid_cents Cents "payment of the line";
        deductible_cents Cents "deductible of the line";
        coinsurance_cents Cents "coinsurance of the line";
        rendering_npi Code "rendering clinician of the line";
    },
};

/// All lake tables, in the order in which a life is read.
pub const TABLES: [&LakeTable; 6] = [&BENE, &ENROLLMENT, &CARRIER, &DME, &FACILITY, &REVENUE];
