//! Planted cases: people whose rows are made by hand, and what they must come to by the law.
//!
//! They have identifiers from 9000000001 on, and practices of their own. Each case states its expected values where its
//! rows are made, from the numbers in it; nothing of the program is asked. Most are of the first performance year of the
//! nation; what only holds in some years is planted when the nation has one of them.

mod build;
mod competition;
mod designations;
mod people;
mod providers;
mod services;
mod sites;
mod spending;
mod steps;
mod write;

use crate::Nation;
use crate::acos::AcoPlan;
use crate::geography;
use crate::market::Market;
use crate::tables::{Codes, YearTables};
use acoledger_schemas::program::{ClaimReduction, EtaHospital, Participant, Program};
use acoledger_schemas::values::*;
use build::Case;
use sites::Sites;

acoledger_schemas::table! {
    /// What a planted case must come to.
    AnswerRow = "answer_key", key [] {
        /// Case.
        case: String ["text"],
        /// Beneficiary.
        bene_id: BeneId ["id"],
        /// Performance year whose list and rules are meant.
        performance_year: PerformanceYear ["year"],
        /// Calendar year meant: the performance year or a benchmark year.
        calendar_year: CalendarYear ["year"],
        /// 1 when the life meets M.A.1.1 to M.A.1.4 in the calendar year; blank: not the point of the case.
        eligible: Option<Flag> ["flag"],
        /// Step that decides; blank: none, or voluntary alignment.
        step: Option<u8> ["count"],
        /// `aco`: assigned to it; `tin`, `ccn`: this provider wins, so that nobody is assigned; `none`: nobody wins;
        /// blank: not the point of the case.
        entity_kind: Option<String> ["code"],
        /// The entity.
        entity: Option<String> ["id"],
        /// Enrollment type of the figures; blank: no month counts.
        enrollment_type: Option<EnrollmentType> ["code"],
        /// Months of the type that carry money.
        months: Option<u8> ["months"],
        /// Annualised spending of the type (M.B.3.2).
        annualised_cents: Option<i64> ["cents"],
        /// After truncation; blank where that depends on the nation's threshold.
        truncated_cents: Option<i64> ["cents"],
        /// The rule behind it.
        rule: String ["text"],
        /// How the life came to the ACO; blank: it did not, or not the point of the case.
        basis: Option<Basis> ["code"],
        /// What broke a tie, where the life came to the ACO: `primary`, `specialist`, `random`; blank: there was none.
        tie: Option<String> ["code"],
        /// County of the year; blank: not the point of the case.
        county: Option<County> ["id"],
    }
}

/// All planted people.
#[derive(Clone, Debug)]
pub(crate) struct Planted {
    cases: Vec<Case>,
    sites: Sites,
    performance_years: Vec<i32>,
}

/// Identifier before the first planted person's, and claim number before their claims'.
const FIRST_BENEFICIARY: u64 = 9_000_000_001;
const FIRST_CLAIM: i64 = 900_000_000_000_000;
/// First performance year with step 3 and its expanded window (M.A.6.4).
pub(crate) const STEP_THREE_FROM: i32 = 2025;
/// First performance year in which centers' claims count without attestation (M.A.7.1).
pub(crate) const CENTERS_COUNT_FROM: i32 = 2019;
const CLAIMS_PER_CASE: i64 = 1_000;

impl Planted {
    /// Adds the practices and codes of the cases, and makes the cases.
    pub(crate) fn build(
        years: &[i32],
        counties: &[geography::County],
        acos: &[AcoPlan],
        market: &mut Market,
        codes: &mut Codes,
        tie_seed: u64,
    ) -> Planted {
        let sites = sites::sites(counties, acos, market);
        let year = years[0];
        let mut cases = Vec::new();
        competition::plant(&sites, year, tie_seed, &mut cases);
        steps::plant(&sites, years, &mut cases);
        services::plant(&sites, year, &mut cases);
        providers::plant(&sites, year, &mut cases);
        designations::plant(&sites, years, &mut cases);
        people::plant(&sites, year, &mut cases);
        spending::plant(&sites, year, &mut cases);
        for case in &cases {
            case.enter_codes(codes);
        }
        Planted { cases, sites, performance_years: years.to_vec() }
    }

    pub(crate) fn people(&self) -> usize {
        self.cases.len()
    }

    pub(crate) fn write(&self, nation: &Nation, at: usize, tables: &mut [YearTables]) {
        let claim = FIRST_CLAIM + at as i64 * CLAIMS_PER_CASE;
        self.cases[at].write(nation, bene(at), claim, tables);
    }

    /// Rows that name no person: the TIN on two lists, the electing hospital, reductions of claims.
    pub(crate) fn program(&self, nation: &Nation, program: &mut Program) {
        for &year in &self.performance_years {
            let performance_year = PerformanceYear(year);
            let rows = program.participant.get_or_insert_default();
            for aco in [&self.sites.aco_x, &self.sites.aco_z] {
                rows.push(Participant {
                    performance_year,
                    aco_id: AcoId::new(aco).expect("identifiers of planned ACOs are plain"),
                    tin: nation.tin(self.sites.shared.practice),
                });
            }
            if year < CENTERS_COUNT_FROM {
                let attested = self.sites.attestations(nation, performance_year);
                program.aco_provider.get_or_insert_default().extend(attested);
            }
            let row = EtaHospital { performance_year, ccn: nation.ccn(self.sites.electing) };
            let hospitals = program.eta_hospital.get_or_insert_default();
            if !hospitals.contains(&row) {
                hospitals.push(row);
            }
        }
        let reductions = program.claim_reduction.get_or_insert_default();
        for (at, case) in self.cases.iter().enumerate() {
            let claim = FIRST_CLAIM + at as i64 * CLAIMS_PER_CASE;
            reductions.extend(case.reductions.iter().map(|&(nth, cents)| ClaimReduction {
                claim_id: ClaimId::new(&(claim + nth).to_string()).expect("numbers are identifiers"),
                line: None,
                amount: acoledger_schemas::table::Dollars(Cents(cents)),
            }));
        }
        program
            .provider_specialty
            .get_or_insert_default()
            .extend(self.sites.specialties(nation, self.performance_years[0]));
    }

    pub(crate) fn people_program(&self, nation: &Nation, at: usize, program: &mut Program) {
        self.cases[at].program(nation, bene(at), program);
    }

    pub(crate) fn answer_key(&self) -> Vec<AnswerRow> {
        self.cases.iter().enumerate().flat_map(|(at, case)| case.answers(bene(at))).collect()
    }
}

/// Number of a planted person.
pub(crate) fn bene(at: usize) -> u64 {
    FIRST_BENEFICIARY + at as u64
}

/// Identifier of the person planted next, for ties that a hash of it decides.
fn next_bene(cases: &[Case]) -> u64 {
    bene(cases.len())
}
