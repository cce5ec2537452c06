//! Classes of services (M.G): an additive division of a life's spending, and of what truncation leaves of it.

use crate::context::{Hospitals, kind};
use acoledger_schemas::values::ServiceCategory;

/// Number of classes.
pub(crate) const CATEGORIES: usize = ServiceCategory::ALL.len();

/// The class of a claim in the facilities' table: of inpatient claims the hospital's.
#[inline]
pub(crate) fn of_claim(kind: u8, hospital: ServiceCategory) -> ServiceCategory {
    match kind {
        kind::INPATIENT => hospital,
        kind::SNF => ServiceCategory::Snf,
        kind::OUTPATIENT => ServiceCategory::Outpatient,
        kind::HOME_HEALTH => ServiceCategory::HomeHealth,
        kind::HOSPICE => ServiceCategory::Hospice,
        kind::CARRIER => ServiceCategory::Physician,
        kind::DME => ServiceCategory::Dme,
        _ => ServiceCategory::NonClaims,
    }
}

/// The class of a hospital's inpatient claims, by its number (`spend.category.hospitals`).
pub(crate) fn of_hospital(ccn: &str, law: &Hospitals) -> ServiceCategory {
    let third = ccn.get(2..3).unwrap_or("");
    let last = ccn.len().checked_sub(4).and_then(|at| ccn.get(at..)).unwrap_or("");
    let digits = last.len() == 4 && last.bytes().all(|byte| byte.is_ascii_digit());
    let within = |ranges: &[(String, String)]| {
        digits && ranges.iter().any(|(from, to)| from.as_str() <= last && last <= to.as_str())
    };
    let unit = |letters: &[String]| letters.iter().any(|letter| letter == third);
    if unit(&law.rehabilitation_units) || within(&law.rehabilitation) {
        ServiceCategory::InpatientRehabilitation
    } else if unit(&law.psychiatric_units) || within(&law.psychiatric) {
        ServiceCategory::InpatientPsychiatric
    } else if within(&law.long_term) {
        ServiceCategory::InpatientLongTerm
    } else {
        ServiceCategory::InpatientOther
    }
}

/// Spending by kind of claim, of spending by class.
pub(crate) fn by_kind(amounts: &[i64; CATEGORIES]) -> [i64; 8] {
    let mut kinds = [0; 8];
    for (category, cents) in ServiceCategory::ALL.iter().zip(amounts) {
        kinds[usize::from(kind_of(*category))] += cents;
    }
    kinds
}

fn kind_of(category: ServiceCategory) -> u8 {
    match category {
        ServiceCategory::InpatientOther
        | ServiceCategory::InpatientLongTerm
        | ServiceCategory::InpatientRehabilitation
        | ServiceCategory::InpatientPsychiatric => kind::INPATIENT,
        ServiceCategory::Snf => kind::SNF,
        ServiceCategory::Outpatient => kind::OUTPATIENT,
        ServiceCategory::HomeHealth => kind::HOME_HEALTH,
        ServiceCategory::Hospice => kind::HOSPICE,
        ServiceCategory::Physician | ServiceCategory::Ambulance => kind::CARRIER,
        ServiceCategory::Dme => kind::DME,
        ServiceCategory::NonClaims => kind::NON_CLAIMS,
    }
}

/// Divides `total` among the classes in proportion to their amounts, in whole numbers that add up to it.
///
/// Each class gets `total × amount / sum of amounts`, rounded down; what is left goes by ones to the largest remainders, of
/// equal ones to the class that comes first. Amounts may have either sign: a class below 0 takes what the others bring too
/// much. Amounts that add up to 0 say nothing of proportions; then all goes to the first class that has one, failing that to
/// the first. (Only a threshold below 0 truncates such a life to anything but 0.)
pub(crate) fn divide(total: i128, amounts: &[i64; CATEGORIES]) -> [i64; CATEGORIES] {
    let sum: i128 = amounts.iter().map(|amount| i128::from(*amount)).sum();
    let mut parts = [0i64; CATEGORIES];
    if sum == 0 {
        let first = amounts.iter().position(|amount| *amount != 0).unwrap_or(0);
        parts[first] = total as i64;
        return parts;
    }
    let (total_up, sum_up) = if sum > 0 { (total, sum) } else { (-total, -sum) };
    let mut remainders = [0i128; CATEGORIES];
    let mut left = total;
    for (at, amount) in amounts.iter().enumerate() {
        let product = total_up * i128::from(*amount);
        let part = product.div_euclid(sum_up);
        remainders[at] = product.rem_euclid(sum_up);
        parts[at] = part as i64;
        left -= part;
    }
    for _ in 0..left {
        // `max_by_key` takes the last of equal ones: from the back, the first class.
        let largest = (0..CATEGORIES).rev().max_by_key(|at| remainders[*at]).unwrap_or(0);
        remainders[largest] = -1;
        parts[largest] += 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts(of: &[i64]) -> [i64; CATEGORIES] {
        std::array::from_fn(|at| of.get(at).copied().unwrap_or(0))
    }

    fn check(total: i128, of: &[i64], expected: &[i64]) {
        let parts = divide(total, &amounts(of));
        assert_eq!(parts, amounts(expected), "{total} among {of:?}");
        assert_eq!(parts.iter().map(|part| i128::from(*part)).sum::<i128>(), total);
    }

    #[test]
    fn largest_remainders_get_what_is_left() {
        check(100, &[1, 1, 1], &[34, 33, 33]); // a third each; the first of equal ones
        check(100, &[1, 2, 3], &[17, 33, 50]); // 16 2/3, 33 1/3, 50
        check(7, &[0, 5, 0, 5], &[0, 4, 0, 3]);
        check(12, &[3], &[12]);
    }

    #[test]
    fn signs_may_differ() {
        check(100, &[300, -100], &[150, -50]);
        check(100, &[301, -100], &[150, -50]); // 149.75, -49.75: the remainders are .75 and .25
        check(-100, &[-300, 100], &[-150, 50]);
        check(-100, &[-1, -1, -1], &[-33, -33, -34]); // -34, -34, -34 and two ones
        check(10, &[-1, -1], &[5, 5]); // a threshold below 0 turns signs
    }

    #[test]
    fn amounts_that_cancel_say_no_proportion() {
        check(0, &[5, -5], &[0]);
        check(-12, &[0, 5, -5], &[0, -12]);
        check(-12, &[], &[-12]);
    }

    #[test]
    fn large_sums_do_not_overflow() {
        let cents = 90_000_000_000_000; // 900 billion dollars
        check(12 * i128::from(cents), &[cents / 2, cents / 2], &[6 * cents, 6 * cents]);
    }

    #[test]
    fn hospitals_are_what_their_numbers_say() {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let law = Hospitals {
            long_term: vec![("2000".into(), "2299".into())],
            rehabilitation: vec![("3025".into(), "3099".into())],
            psychiatric: vec![("4000".into(), "4499".into())],
            rehabilitation_units: texts(&["R", "T"]),
            psychiatric_units: texts(&["M", "S"]),
        };
        let expected = [
            ("010001", "inpatient_other"),
            ("011300", "inpatient_other"), // critical access
            ("011999", "inpatient_other"),
            ("012000", "inpatient_long_term"),
            ("012299", "inpatient_long_term"),
            ("012300", "inpatient_other"),
            ("013024", "inpatient_other"),
            ("013025", "inpatient_rehabilitation"),
            ("01T077", "inpatient_rehabilitation"),
            ("01R302", "inpatient_rehabilitation"),
            ("014499", "inpatient_psychiatric"),
            ("01S077", "inpatient_psychiatric"),
            ("01M302", "inpatient_psychiatric"),
            ("01U077", "inpatient_other"), // swing bed
            ("", "inpatient_other"),
        ];
        for (ccn, category) in expected {
            assert_eq!(of_hospital(ccn, &law).code(), category, "{ccn}");
        }
    }
}
