//! Rules about enrollment and spending, in the form the kernels use.

use super::Faults;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::study::{CountyCodes, Maturity};
use acoledger_schemas::values::Date;
use serde::Deserialize;
use std::ops::Range;

/// Kinds of claims, in the order of the `person_year` columns and the ledger.
pub(crate) const KINDS: [&str; 8] =
    ["inpatient", "snf", "outpatient", "home_health", "hospice", "carrier", "dme", "non_claims"];
/// Positions in [`KINDS`].
pub(crate) mod kind {
    pub(crate) const INPATIENT: u8 = 0;
    pub(crate) const SNF: u8 = 1;
    pub(crate) const OUTPATIENT: u8 = 2;
    pub(crate) const HOME_HEALTH: u8 = 3;
    pub(crate) const HOSPICE: u8 = 4;
    pub(crate) const CARRIER: u8 = 5;
    pub(crate) const DME: u8 = 6;
    pub(crate) const NON_CLAIMS: u8 = 7;
}

/// Which month's residence is a year's county (M.D.1.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum CountyMonth {
    #[default]
    LastEligible,
    Last,
    MostEligible,
}

impl CountyMonth {
    fn of(text: &str, faults: &mut Faults) -> CountyMonth {
        match text {
            "last eligible" => CountyMonth::LastEligible,
            "last" => CountyMonth::Last,
            "most eligible" => CountyMonth::MostEligible,
            other => {
                if !other.is_empty() {
                    faults.rule("county.month", format!("not one of last eligible, last, most eligible: `{other}`"));
                }
                CountyMonth::default()
            }
        }
    }
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
    pub(crate) county_month: CountyMonth,
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
            county_month: CountyMonth::of(&faults.take::<String>(rules.at("county.month", when)), faults),
            residence,
            county_column,
        }
    }
}

/// Parts of an inpatient payment that have columns of their own, in the order of these columns.
pub(crate) const PARTS: [&str; 5] = ["ime", "ime", "dsh", "dsh", "uncompensated_care"];

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
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

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct HospitalNumbers {
    long_term: Vec<String>,
    rehabilitation: Vec<String>,
    psychiatric: Vec<String>,
    rehabilitation_units: Vec<String>,
    psychiatric_units: Vec<String>,
}

/// What hospitals' numbers say (`spend.category.hospitals`): ranges of the last four digits, third characters of units.
pub(crate) struct Hospitals {
    pub(crate) long_term: Vec<(String, String)>,
    pub(crate) rehabilitation: Vec<(String, String)>,
    pub(crate) psychiatric: Vec<(String, String)>,
    pub(crate) rehabilitation_units: Vec<String>,
    pub(crate) psychiatric_units: Vec<String>,
}

impl Hospitals {
    fn new(numbers: HospitalNumbers, faults: &mut Faults) -> Hospitals {
        Hospitals {
            long_term: faults.ranges(Ok(numbers.long_term)),
            rehabilitation: faults.ranges(Ok(numbers.rehabilitation)),
            psychiatric: faults.ranges(Ok(numbers.psychiatric)),
            rehabilitation_units: numbers.rehabilitation_units,
            psychiatric_units: numbers.psychiatric_units,
        }
    }
}

/// Claim rules (M.B.1, M.B.4).
pub(crate) struct SpendLaw {
    /// Kind of claim by claim type; 255: a type outside Parts A and B spending.
    kind_of_type: [u8; 128],
    /// Whether the payments of a claim type are left out, and those of demonstrations.
    left_out: [bool; 128],
    pub(crate) demonstrations_left_out: bool,
    /// Which of [`PARTS`] are taken off inpatient payments.
    pub(crate) removed: [bool; 5],
    pub(crate) denied_facility_types: Vec<String>,
    pub(crate) denied_carrier: Vec<String>,
    pub(crate) accepted_processing: Vec<String>,
    sequestration: Sequestration,
    pub(crate) whole_inpatient: Vec<String>,
    pub(crate) covid_diagnoses: Vec<(i32, Vec<String>)>,
    pub(crate) covid_first_day: i32,
    pub(crate) covid_last_day: i32,
    pub(crate) covid_prospective: Vec<(String, String)>,
    pub(crate) covid_other: Vec<(String, String)>,
    pub(crate) covid_months_after: i32,
    pub(crate) hospitals: Hospitals,
    /// Services of ambulances.
    pub(crate) ambulance: Vec<(String, String)>,
    /// Removed services by calendar year of the timeline.
    pub(crate) suspect: Vec<Suspect>,
    /// Last day of processing that is known, by calendar year of the timeline.
    pub(crate) known_through: Vec<i32>,
    /// The same of the years before and after it, whose stays reach into it.
    pub(crate) known_beside: [i32; 2],
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
        let kind_of_type = kinds(types, faults);
        let left_out: Vec<String> = faults.take(rules.at("spend.left_out", last_year));
        let (left_out, demonstrations_left_out) = left_out_types(&left_out, &kind_of_type, faults);
        let rates: Vec<(Date, f64)> = faults.take(rules.timeline("spend.sequestration.rate"));
        let rates = rates.iter().map(|(day, rate)| {
            if !(0.0..1.0).contains(rate) {
                faults.rule("spend.sequestration.rate", format!("not a share from 0 to less than 1: `{rate}`"));
            }
            (day.0, faults.ten_thousandths("spend.sequestration.rate", *rate))
        });
        let days = [first_year, last_year + 1].map(|year| Date::first_of_month(year * 12).0);
        let sequestration = Sequestration::new(rates.collect(), days[0]..days[1]);
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
            left_out,
            demonstrations_left_out,
            removed: removed(&faults.take::<Vec<String>>(rules.at("spend.inpatient.removed", last_year)), faults),
            denied_facility_types: faults.take(rules.at("spend.denied.facility_types", last_year)),
            denied_carrier: faults.take(rules.at("spend.denied.carrier", last_year)),
            accepted_processing: faults.take(rules.at("spend.accepted.processing", last_year)),
            sequestration,
            whole_inpatient: faults.take(rules.at("spend.inpatient.whole", last_year)),
            covid_diagnoses: diagnoses.into_iter().map(|(day, codes)| (day.0, codes)).collect(),
            covid_first_day: emergency.0,
            covid_last_day: emergency.1,
            covid_prospective: faults.ranges(rules.at("spend.covid.prospective_payment", last_year)),
            covid_other: faults.ranges(rules.at("spend.covid.other_acute", last_year)),
            covid_months_after: faults.take(rules.at("spend.covid.months_after", last_year)),
            hospitals: Hospitals::new(faults.take(rules.at("spend.category.hospitals", last_year)), faults),
            ambulance: faults.ranges(rules.at("spend.category.ambulance", last_year)),
            suspect: (first_year..=last_year).map(|year| faults.take(rules.at("spend.suspect", year))).collect(),
            known_through: (first_year..=last_year).map(known).collect(),
            known_beside: [known(first_year - 1), known(last_year + 1)],
        }
    }

    /// Kind of a claim type, where it is Parts A and B spending.
    #[inline]
    pub(crate) fn kind(&self, claim_type: i32) -> Option<u8> {
        let kind = *self.kind_of_type.get(claim_type as usize)?;
        (kind != u8::MAX).then_some(kind)
    }

    /// Whether the payments of a claim type are expenditures and revenue.
    #[inline]
    pub(crate) fn counts(&self, claim_type: i32) -> bool {
        !self.left_out.get(claim_type as usize).copied().unwrap_or(true)
    }

    /// What sequestration took off a payment of this day: `paid × q / (1 − q)`, half-up to the cent (M.B.1.3).
    #[inline]
    pub(crate) fn withheld(&self, paid_cents: i64, day: i32) -> i64 {
        self.sequestration.on(day).add_back(paid_cents)
    }
}

/// Rates of sequestration from days on.
pub(crate) struct Sequestration {
    /// First days, ascending.
    from: Vec<i32>,
    /// None before the first of these days; then one for each.
    rates: Vec<Rate>,
    /// Place among the rates by day of the timeline, whose first day this is: every payment asks.
    first_day: i32,
    of_day: Vec<u32>,
}

impl Sequestration {
    /// Rates in ten thousandths by first day, and the days of the timeline.
    fn new(steps: Vec<(i32, i64)>, days: Range<i32>) -> Sequestration {
        let from: Vec<i32> = steps.iter().map(|(day, _)| *day).collect();
        let rates = std::iter::once(0).chain(steps.iter().map(|(_, rate)| *rate)).map(Rate::new).collect();
        let of_day = days.clone().map(|day| place(&from, day) as u32).collect();
        Sequestration { from, rates, first_day: days.start, of_day }
    }

    #[inline]
    fn on(&self, day: i32) -> Rate {
        let of_day = self.of_day.get((i64::from(day) - i64::from(self.first_day)) as usize);
        self.rates[of_day.map_or_else(|| place(&self.from, day), |at| *at as usize)]
    }
}

/// How many of these first days have come.
fn place(from: &[i32], day: i32) -> usize {
    from.partition_point(|first| *first <= day)
}

/// A rate of sequestration in ten thousandths, ready to divide by what it leaves.
#[derive(Clone, Copy, Debug)]
struct Rate {
    rate: i64,
    /// 2⁶⁴ / (2 × (10,000 − rate)), rounded up.
    reciprocal: u64,
}

/// Below it a product with the reciprocal is exact: the reciprocal is too large by less than `divisor` / 2⁶⁴, and the divisor is below 2¹⁵.
const EXACT_BELOW: u64 = 1 << 49;

impl Rate {
    fn new(rate: i64) -> Rate {
        let divisor = 2 * (10_000 - rate) as u64;
        Rate { rate, reciprocal: u64::MAX / divisor + 1 }
    }

    /// As [`add_back`], by a multiplication where the payment is of a usual size.
    #[inline]
    fn add_back(self, paid_cents: i64) -> i64 {
        if self.rate == 0 || paid_cents == 0 {
            return 0;
        }
        let twice = paid_cents.wrapping_mul(2 * self.rate).wrapping_add(10_000 - self.rate);
        if (0..1 << 34).contains(&paid_cents) && (twice as u64) < EXACT_BELOW {
            return ((u128::from(twice as u64) * u128::from(self.reciprocal)) >> 64) as i64;
        }
        add_back(paid_cents, self.rate)
    }
}

/// Kind of claim by claim type. Every kind keeps a type: without one, its claims would not be seen as services either.
fn kinds(types: ClaimTypes, faults: &mut Faults) -> [u8; 128] {
    let mut kinds = [u8::MAX; 128];
    let lists =
        [types.inpatient, types.snf, types.outpatient, types.home_health, types.hospice, types.carrier, types.dme];
    let mut fault = |what: String| faults.rule("spend.claim_types", what);
    for (kind, list) in lists.iter().enumerate() {
        if list.is_empty() {
            let name = KINDS[kind];
            fault(format!("`{name}` has no claim type: `spend.left_out` = [\"{name}\"] leaves its payments out"));
        }
        for code in list {
            match usize::try_from(*code).ok().and_then(|at| kinds.get_mut(at)) {
                Some(slot) if *slot == u8::MAX => *slot = kind as u8,
                Some(_) => fault(format!("claim type {code} stands twice")),
                None => fault(format!("not a claim type from 0 to 127: {code}")),
            }
        }
    }
    kinds
}

/// Claim types whose payments are left out, and whether those of demonstrations are.
fn left_out_types(names: &[String], kinds: &[u8; 128], faults: &mut Faults) -> ([bool; 128], bool) {
    let (mut types, mut demonstrations) = ([false; 128], false);
    for name in names {
        let before = types;
        let code = name.parse::<usize>().ok().filter(|code| kinds.get(*code).is_some_and(|kind| *kind != u8::MAX));
        match (KINDS.iter().position(|kind| kind == name), code) {
            (Some(kind), _) if kind == usize::from(kind::NON_CLAIMS) => demonstrations = true,
            (Some(kind), _) => types = std::array::from_fn(|at| before[at] || usize::from(kinds[at]) == kind),
            (None, Some(code)) => types[code] = true,
            (None, None) => {
                let known = KINDS.join(", ");
                faults.rule("spend.left_out", format!("neither a claim type nor one of {known}: `{name}`"));
            }
        }
    }
    (types, demonstrations)
}

/// Which parts of inpatient payments are taken off.
fn removed(names: &[String], faults: &mut Faults) -> [bool; 5] {
    for name in names.iter().filter(|name| !PARTS.contains(&name.as_str())) {
        faults.rule("spend.inpatient.removed", format!("not one of ime, dsh, uncompensated_care: `{name}`"));
    }
    PARTS.map(|part| names.iter().any(|name| name == part))
}

/// `paid × rate / (10,000 − rate)`, half-up to the cent.
#[inline]
pub(crate) fn add_back(paid_cents: i64, rate: i64) -> i64 {
    if rate == 0 || paid_cents == 0 {
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
    use super::{Rate, add_back};

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

    #[test]
    fn a_reciprocal_divides_as_division_does() {
        for rate in [0, 1, 100, 200, 400, 4_999, 5_000, 9_998, 9_999] {
            let by = Rate::new(rate);
            let around = |paid: i64| [paid - 1, paid, paid + 1];
            let sizes = (0..62).map(|bits| 1i64 << bits).flat_map(around).chain((0..30_000).map(|step| step * 7_919));
            for paid in sizes.flat_map(|paid| [paid, -paid]) {
                assert_eq!(by.add_back(paid), add_back(paid, rate), "{paid} at {rate}");
            }
        }
    }
}
