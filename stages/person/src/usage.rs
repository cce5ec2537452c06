//! What a life uses: stays, visits, images (`utilisation.*`), counted in months that carry money.

use crate::context::{Context, Visited, mark};
use crate::enroll::Enrollment;
use crate::spend::{Month, month};
use acoledger_schemas::values::{ServiceCategory, UseMeasure};

/// Number of measures.
pub(crate) const MEASURES: usize = UseMeasure::ALL.len();
/// Counts by measure.
pub(crate) type Counts = [i64; MEASURES];

/// Something that counts once for a day, whoever else shows it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    measure: UseMeasure,
    day: i32,
    /// Facility, where each counts for itself; else 0.
    facility: u128,
    month: u16,
}

/// A claim of a stay.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StayClaim {
    /// What its end is counted as.
    pub(crate) measure: UseMeasure,
    pub(crate) facility: u128,
    pub(crate) admitted: i32,
    pub(crate) thru: i32,
    /// Whether the claim ends the stay.
    pub(crate) ended: bool,
    /// Month of the through date; `None`: outside the timeline.
    pub(crate) month: Option<u16>,
    pub(crate) spend: i64,
}

/// An outpatient claim whose lines may show something.
#[derive(Clone, Copy)]
struct OutpatientClaim {
    claim: i64,
    facility: u128,
    thru: i32,
    month: u16,
}

/// What the rows of the open life show; buffers that the next life uses again.
#[derive(Default)]
pub(crate) struct Usage {
    events: Vec<Event>,
    /// What counts each time.
    visits: Vec<(UseMeasure, u16)>,
    stays: Vec<StayClaim>,
    claims: Vec<OutpatientClaim>,
    claims_sorted: bool,
}

/// What the discharge of a hospital counts as.
pub(crate) fn discharge(hospital: ServiceCategory) -> UseMeasure {
    match hospital {
        ServiceCategory::InpatientLongTerm => UseMeasure::LongTermDischarges,
        ServiceCategory::InpatientRehabilitation => UseMeasure::RehabilitationDischarges,
        ServiceCategory::InpatientPsychiatric => UseMeasure::PsychiatricDischarges,
        _ => UseMeasure::ShortTermDischarges,
    }
}

impl Usage {
    pub(crate) fn clear(&mut self) {
        self.events.clear();
        self.visits.clear();
        self.stays.clear();
        self.claims.clear();
        self.claims_sorted = false;
    }

    pub(crate) fn stay(&mut self, claim: StayClaim) {
        self.stays.push(claim);
    }

    /// A line of a clinician.
    #[inline]
    pub(crate) fn line(&mut self, marks: u8, visited: Visited, day: i32, month: Option<u16>) {
        let Some(month) = month else { return };
        self.images(marks, day, month);
        if marks & mark::VISIT != 0 {
            let measure = match visited {
                Visited::PrimaryCare => UseMeasure::PrimaryCareVisits,
                Visited::Specialist => UseMeasure::SpecialistVisits,
                Visited::Practitioner => UseMeasure::PractitionerVisits,
                Visited::Nobody => return,
            };
            self.visits.push((measure, month));
        }
    }

    fn images(&mut self, marks: u8, day: i32, month: u16) {
        for (bit, measure) in [(mark::CT, UseMeasure::CtDays), (mark::MRI, UseMeasure::MriDays)] {
            if marks & bit != 0 {
                self.events.push(Event { measure, day, facility: 0, month });
            }
        }
    }

    /// An outpatient claim; `clinic`: of a health center or rural clinic, a visit as a whole.
    pub(crate) fn outpatient(&mut self, claim: i64, facility: u128, thru: i32, month: u16, clinic: bool) {
        if clinic {
            self.visits.push((UseMeasure::ClinicVisits, month));
        }
        self.claims.push(OutpatientClaim { claim, facility, thru, month });
    }

    /// A line of an outpatient claim that shows an image or an emergency visit; `day` as on the line, where it has one.
    pub(crate) fn center(&mut self, claim: i64, marks: u8, emergency: bool, day: Option<i32>) {
        if !std::mem::replace(&mut self.claims_sorted, true) {
            self.claims.sort_unstable_by_key(|known| known.claim);
        }
        let Ok(at) = self.claims.binary_search_by_key(&claim, |known| known.claim) else { return };
        let OutpatientClaim { facility, thru, month, .. } = self.claims[at];
        let day = day.unwrap_or(thru);
        self.images(marks, day, month);
        if emergency {
            self.events.push(Event { measure: UseMeasure::EmergencyVisits, day, facility, month });
        }
    }

    /// Counts by calendar year and type. All rows of the life have been read.
    pub(crate) fn count(&mut self, context: &Context, enrollment: &Enrollment, counts: &mut [[Counts; 4]]) {
        let mut add = |at: u16, measure: UseMeasure, count: i64| {
            if context.slot_of_month[usize::from(at)] != u8::MAX
                && let Month::Of(slot, kind) = month(context, enrollment, usize::from(at))
            {
                counts[slot][kind][measure as usize] += count;
            }
        };
        for (measure, month) in &self.visits {
            add(*month, *measure, 1);
        }
        self.events.sort_unstable();
        for of_day in self.events.chunk_by(|a, b| (a.measure, a.day, a.facility) == (b.measure, b.day, b.facility)) {
            add(of_day[0].month, of_day[0].measure, 1);
        }
        self.stays.sort_unstable();
        let same =
            |a: &StayClaim, b: &StayClaim| (a.measure, a.facility, a.admitted) == (b.measure, b.facility, b.admitted);
        for stay in self.stays.chunk_by(same) {
            let Some(end) = stay.iter().rev().find(|claim| claim.ended) else { continue };
            let Some(month) = end.month else { continue };
            add(month, end.measure, 1);
            if end.measure == UseMeasure::SnfStays {
                add(month, UseMeasure::SnfDays, i64::from((end.thru - end.admitted).max(1)));
                add(month, UseMeasure::SnfCents, stay.iter().map(|claim| claim.spend).sum());
            }
        }
    }
}
