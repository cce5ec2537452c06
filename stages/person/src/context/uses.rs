//! Rules about what is counted of utilisation, in the form the kernels use.

use super::Faults;
use acoledger_schemas::rules::Rules;

/// What a service code is to the counts, as bits.
pub(crate) mod mark {
    pub(crate) const AMBULANCE: u8 = 1;
    pub(crate) const CT: u8 = 2;
    pub(crate) const MRI: u8 = 4;
    pub(crate) const VISIT: u8 = 8;
}

/// Whose visit a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visited {
    Nobody,
    PrimaryCare,
    Specialist,
    Practitioner,
}

/// `utilisation.*`.
pub(crate) struct UseLaw {
    /// Discharge statuses with which a stay goes on.
    pub(crate) open: Vec<String>,
    emergency: Vec<(String, String)>,
    ct: Vec<(String, String)>,
    mri: Vec<(String, String)>,
    visits: Vec<(String, String)>,
    primary_care: Vec<String>,
    specialist: Vec<String>,
    practitioner: Vec<String>,
}

/// Whether a text lies in one of these ranges of its length.
pub(crate) fn within(ranges: &[(String, String)], text: &str) -> bool {
    ranges.iter().any(|(from, to)| text.len() == from.len() && from.as_str() <= text && text <= to.as_str())
}

impl UseLaw {
    pub(super) fn new(rules: &Rules, year: i32, faults: &mut Faults) -> UseLaw {
        UseLaw {
            open: faults.take(rules.at("utilisation.stay.open", year)),
            emergency: faults.ranges(rules.at("utilisation.emergency.centers", year)),
            ct: faults.ranges(rules.at("utilisation.imaging.ct", year)),
            mri: faults.ranges(rules.at("utilisation.imaging.mri", year)),
            visits: faults.ranges(rules.at("utilisation.visits.codes", year)),
            primary_care: faults.take(rules.at("utilisation.visits.primary_care", year)),
            specialist: faults.take(rules.at("utilisation.visits.specialist", year)),
            practitioner: faults.take(rules.at("utilisation.visits.practitioner", year)),
        }
    }

    /// Whether a revenue center shows an emergency visit.
    pub(crate) fn is_emergency(&self, center: &str) -> bool {
        within(&self.emergency, center)
    }

    /// Bits of [`mark`] of a service, but for that of ambulances.
    pub(crate) fn marks(&self, service: &str) -> u8 {
        let bit = |ranges: &[(String, String)], bit: u8| if within(ranges, service) { bit } else { 0 };
        bit(&self.ct, mark::CT) | bit(&self.mri, mark::MRI) | bit(&self.visits, mark::VISIT)
    }

    /// Whose visits lines of a specialty are.
    pub(crate) fn visited(&self, specialty: &str) -> Visited {
        let is = |codes: &[String]| codes.iter().any(|code| code == specialty);
        if is(&self.primary_care) {
            Visited::PrimaryCare
        } else if is(&self.practitioner) {
            Visited::Practitioner
        } else if is(&self.specialist) {
            Visited::Specialist
        } else {
            Visited::Nobody
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_compare_texts_of_one_length() {
        let ranges = vec![("70450".to_owned(), "70498".to_owned()), ("A0425".to_owned(), "A0436".to_owned())];
        let inside = ["70450", "70498", "A0430"].map(|text| within(&ranges, text));
        let outside = ["70499", "7045", "704501", "A0424", "A0437", ""].map(|text| within(&ranges, text));
        assert_eq!((inside, outside), ([true; 3], [false; 6]));
    }
}
