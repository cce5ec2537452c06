//! Rules about enrollment and spending, in the form the kernels use.

use super::Faults;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::study::{CountyCodes, Maturity};
use acoledger_schemas::values::Date;
use serde::Deserialize;

/// Kinds of claims, in the order of the `person_year` columns and the ledger.
pub(crate) const KINDS: [&str; 8] =
    ["inpatient", "snf", "outpatient", "home_health", "hospice", "carrier", "dme", "non_claims"];
/// Positions in [`KINDS`].
pub(crate) mod kind {
    pub(crate) const INPATIENT: u8 = 0;
    pub(crate) const OUTPATIENT: u8 = 2;
    pub(crate) const HOME_HEALTH: u8 = 3;
    pub(crate) const CARRIER: u8 = 5;
    pub(crate) const DME: u8 = 6;
    pub(crate) const NON_CLAIMS: u8 = 7;
}

/// Enrollment codes (M.A.1, M.B.2).
pub(crate) struct EnrollLaw {
    pub(crate) both: Vec<String>,
    pub(crate) one: Vec<String>,
    pub(crate) plan: Vec<String>,
    pub(crate) esrd: Vec<String>,
    pub(crate) disabled: Vec<String>,
    pub(crate) dual: Vec<String>,
    pub(crate) aged_months: i32,
    /// Beginnings of the county codes of places in the program.
    pub(crate) residence: Vec<String>,
    /// Lake column that holds the county key.
    pub(crate) county_column: &'static str,
}

impl EnrollLaw {
    pub(super) fn new(rules: &Rules, counties: CountyCodes, when: i32, faults: &mut Faults) -> EnrollLaw {
        let years: i32 = faults.take(rules.at("enroll.aged.years", when));
        let (residence, county_column) = match counties {
            CountyCodes::Fips => (faults.take(rules.at("enroll.residence.fips", when)), "county_fips"),
            CountyCodes::Ssa => (faults.take(rules.at("enroll.residence.ssa", when)), "county_ssa"),
        };
        EnrollLaw {
            both: faults.take(rules.at("enroll.parts.both", when)),
            one: faults.take(rules.at("enroll.parts.one", when)),
            plan: faults.take(rules.at("enroll.plan.codes", when)),
            esrd: faults.take(rules.at("enroll.esrd.status", when)),
            disabled: faults.take(rules.at("enroll.disabled.status", when)),
            dual: faults.take(rules.at("enroll.dual.codes", when)),
            aged_months: years * 12,
            residence,
            county_column,
        }
    }
}

#[derive(Default, Deserialize)]
struct ClaimTypes {
    inpatient: Vec<i32>,
    snf: Vec<i32>,
    outpatient: Vec<i32>,
    home_health: Vec<i32>,
    hospice: Vec<i32>,
    carrier: Vec<i32>,
    dme: Vec<i32>,
}

/// Services removed from every calculation of a calendar year (M.B.4.2).
#[derive(Clone, Default, Deserialize)]
pub(crate) struct Suspect {
    pub(crate) codes: Vec<String>,
    pub(crate) claim_types: Vec<i32>,
}

/// Claim rules (M.B.1, M.B.4).
pub(crate) struct SpendLaw {
    /// Kind of claim by claim type; 255: a type outside Parts A and B spending.
    kind_of_type: [u8; 128],
    pub(crate) denied_facility_types: Vec<String>,
    pub(crate) denied_carrier: Vec<String>,
    pub(crate) accepted_processing: Vec<String>,
    /// Sequestration from a day on, in ten thousandths.
    sequestration: Vec<(i32, i64)>,
    pub(crate) whole_inpatient: Vec<String>,
    pub(crate) covid_diagnoses: Vec<(i32, Vec<String>)>,
    pub(crate) covid_first_day: i32,
    pub(crate) covid_last_day: i32,
    pub(crate) covid_prospective: Vec<(String, String)>,
    pub(crate) covid_other: Vec<(String, String)>,
    pub(crate) covid_months_after: i32,
    /// Removed services by calendar year of the timeline.
    pub(crate) suspect: Vec<Suspect>,
    /// Last day of processing that is known, by calendar year of the timeline.
    pub(crate) known_through: Vec<i32>,
}

impl SpendLaw {
    pub(super) fn new(
        rules: &Rules,
        first_year: i32,
        last_year: i32,
        maturity: Maturity,
        faults: &mut Faults,
    ) -> SpendLaw {
        let types: ClaimTypes = faults.take(rules.at("spend.claim_types", last_year));
        let mut kind_of_type = [u8::MAX; 128];
        let lists =
            [types.inpatient, types.snf, types.outpatient, types.home_health, types.hospice, types.carrier, types.dme];
        for (kind, list) in lists.iter().enumerate() {
            for code in list {
                if let Some(slot) = usize::try_from(*code).ok().and_then(|at| kind_of_type.get_mut(at)) {
                    *slot = kind as u8;
                }
            }
        }
        let rates: Vec<(Date, f64)> = faults.take(rules.timeline("spend.sequestration.rate"));
        let diagnoses: Vec<(Date, Vec<String>)> = faults.take(rules.timeline("spend.covid.diagnoses"));
        if diagnoses.len() > 8 {
            faults.rule("spend.covid.diagnoses", "more than eight values by date");
        }
        let emergency = faults.days(rules.at("spend.covid.emergency", last_year));
        let run_out: i32 = faults.take(rules.at("spend.run_out.months", last_year));
        let known = |year: i32| match maturity {
            Maturity::Mature => i32::MAX,
            Maturity::Through(day) => day.0,
            Maturity::ThreeMonths => Date::first_of_month((year + 1) * 12 + run_out).0 - 1,
        };
        SpendLaw {
            kind_of_type,
            denied_facility_types: faults.take(rules.at("spend.denied.facility_types", last_year)),
            denied_carrier: faults.take(rules.at("spend.denied.carrier", last_year)),
            accepted_processing: faults.take(rules.at("spend.accepted.processing", last_year)),
            sequestration: rates.iter().map(|(day, rate)| (day.0, (rate * 10_000.0).round() as i64)).collect(),
            whole_inpatient: faults.take(rules.at("spend.inpatient.whole", last_year)),
            covid_diagnoses: diagnoses.into_iter().map(|(day, codes)| (day.0, codes)).collect(),
            covid_first_day: emergency.0,
            covid_last_day: emergency.1,
            covid_prospective: faults.ranges(rules.at("spend.covid.prospective_payment", last_year)),
            covid_other: faults.ranges(rules.at("spend.covid.other_acute", last_year)),
            covid_months_after: faults.take(rules.at("spend.covid.months_after", last_year)),
            suspect: (first_year..=last_year).map(|year| faults.take(rules.at("spend.suspect", year))).collect(),
            known_through: (first_year..=last_year).map(known).collect(),
        }
    }

    /// Kind of a claim type, where it is Parts A and B spending.
    #[inline]
    pub(crate) fn kind(&self, claim_type: i32) -> Option<u8> {
        let kind = *self.kind_of_type.get(claim_type as usize)?;
        (kind != u8::MAX).then_some(kind)
    }

    /// What sequestration took off a payment of this day: `paid × q / (1 − q)`, half-up to the cent (M.B.1.3).
    #[inline]
    pub(crate) fn withheld(&self, paid_cents: i64, day: i32) -> i64 {
        let at = self.sequestration.partition_point(|(from, _)| *from <= day);
        let rate = if at == 0 { 0 } else { self.sequestration[at - 1].1 };
        add_back(paid_cents, rate)
    }
}

/// `paid × rate / (10,000 − rate)`, half-up to the cent.
pub(crate) fn add_back(paid_cents: i64, rate: i64) -> i64 {
    if rate == 0 {
        return 0;
    }
    let rest = 10_000 - rate;
    if let Some(twice) = paid_cents.checked_mul(2 * rate).and_then(|twice| twice.checked_add(rest)) {
        return twice.div_euclid(2 * rest);
    }
    let twice = 2 * i128::from(paid_cents) * i128::from(rate) + i128::from(rest);
    twice.div_euclid(2 * i128::from(rest)) as i64
}

#[cfg(test)]
mod tests {
    use super::add_back;

    #[test]
    fn sequestration_is_added_back_half_up() {
        assert_eq!(add_back(9800, 200), 200); // 98.00 was paid of 100.00
        assert_eq!(add_back(24, 200), 0); // 0.4898 cents
        assert_eq!(add_back(25, 200), 1); // 0.5102 cents
        assert_eq!(add_back(-25, 200), -1);
        assert_eq!(add_back(-24, 200), 0);
        assert_eq!(add_back(99, 100), 1);
        assert_eq!(add_back(12_345, 0), 0);
    }
}
