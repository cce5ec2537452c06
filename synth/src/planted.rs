//! Planted cases.
use crate::Nation;
use crate::acos::AcoPlan;
use crate::geography::County;
use crate::market::Market;
use crate::tables::{Codes, YearTables};
use acoledger_schemas::program::Program;
#[derive(Clone, Debug)]
pub(crate) struct Planted;
use acoledger_schemas::values::*;
acoledger_schemas::table! {
    /// What a planted case must come to.
    AnswerRow = "answer_key", key [] {
        /// Case.
        case: String ["text"],
        /// Beneficiary.
        bene_id: BeneId ["id"],
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// Calendar year.
        calendar_year: CalendarYear ["year"],
        /// 1 when eligible.
        eligible: Option<Flag> ["flag"],
        /// Step.
        step: Option<u8> ["count"],
        /// Kind.
        entity_kind: Option<String> ["code"],
        /// Entity.
        entity: Option<String> ["id"],
        /// Type.
        enrollment_type: Option<EnrollmentType> ["code"],
        /// Months.
        months: Option<u8> ["months"],
        /// Annualised.
        annualised_cents: Option<i64> ["cents"],
        /// Truncated.
        truncated_cents: Option<i64> ["cents"],
        /// Rule.
        rule: String ["text"],
    }
}
impl Planted {
    pub(crate) fn build(_: &[i32], _: &[County], _: &[AcoPlan], _: &mut Market, _: &mut Codes) -> Planted {
        Planted
    }
    pub(crate) fn answer_key(&self) -> Vec<AnswerRow> {
        Vec::new()
    }
    pub(crate) fn people(&self) -> usize {
        0
    }
    pub(crate) fn write(&self, _: &Nation, _: usize, _: &mut [YearTables]) {}
    pub(crate) fn program(&self, _: &Nation, _: &mut Program) {}
    pub(crate) fn people_program(&self, _: &Nation, _: usize, _: &mut Program) {}
}
