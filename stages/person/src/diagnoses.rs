//! Diagnoses that count, gathered from a life's claims, and the scores of its months (HCC.md 2, 8.1).
//!
//! A claim counts whatever day it was processed on: risk scores wait longer than spending does.

use crate::columns::NO_DAY;
use crate::context::{Context, Scoring, Status};
use crate::enroll::Enrollment;
use acoledger_hcc::{Dual, Esrd, Icd10, MonthScore, Orec, Person, Record, Sex, age_on_february_first};
use acoledger_schemas::values::Date;

/// What enrollment says of somebody to be scored; `None`: the record does not say.
#[derive(Clone, Copy, Default)]
pub(crate) struct Insured {
    pub(crate) sex: Option<Sex>,
    pub(crate) orec: Option<Orec>,
    /// Months with Part B.
    pub(crate) part_b: u16,
    /// Months with full and with partial Medicaid benefits.
    pub(crate) full: u16,
    pub(crate) partial: u16,
}

/// Months by Medicaid benefits, of twelve codes of two characters.
pub(crate) fn benefits(text: &str) -> (u16, u16) {
    let mut masks = (0, 0);
    for (month, code) in text.as_bytes().chunks(2).take(12).enumerate() {
        match std::str::from_utf8(code).ok().and_then(|code| Dual::parse(code.trim())) {
            Some(Dual::Full) => masks.0 |= 1 << month,
            Some(Dual::Partial) => masks.1 |= 1 << month,
            _ => {}
        }
    }
    masks
}

/// An outpatient claim whose lines decide.
struct Pending {
    claim: i64,
    year: u8,
    codes: (u32, u32),
}

/// Diagnoses of the open life.
#[derive(Default)]
pub(crate) struct Diagnoses {
    /// Year of the timeline, code; sorted when the life is closed.
    counted: Vec<(u8, Icd10)>,
    pending: Vec<Pending>,
    codes: Vec<Icd10>,
    sorted: bool,
}

impl Diagnoses {
    pub(crate) fn clear(&mut self) {
        self.counted.clear();
        self.pending.clear();
        self.codes.clear();
        self.sorted = false;
    }

    /// A claim whose diagnoses count as they are.
    pub(crate) fn count(&mut self, year: usize, codes: &[Icd10]) {
        self.counted.extend(codes.iter().map(|code| (year as u8, *code)));
    }

    /// A facility claim: counts, waits for its lines, or does not count.
    pub(crate) fn facility(&mut self, claim_type: i32, bill: [u8; 2], claim: i64, year: usize, codes: &[Icd10]) {
        if codes.is_empty() {
            return;
        }
        match Record::of(claim_type, std::str::from_utf8(&bill).unwrap_or("")) {
            Record::Always => self.count(year, codes),
            Record::WithService => {
                let from = self.codes.len() as u32;
                self.codes.extend_from_slice(codes);
                self.pending.push(Pending { claim, year: year as u8, codes: (from, self.codes.len() as u32) });
            }
            Record::Never => {}
        }
    }

    /// A line of an outpatient claim, whose service admits diagnoses in these years; all facility claims have been read.
    pub(crate) fn line(&mut self, claim: i64, admits: u32) {
        if admits == 0 || self.pending.is_empty() {
            return;
        }
        if !self.sorted {
            self.pending.sort_unstable_by_key(|pending| pending.claim);
            self.sorted = true;
        }
        let Ok(at) = self.pending.binary_search_by_key(&claim, |pending| pending.claim) else { return };
        let Pending { year, codes, .. } = &mut self.pending[at];
        if admits >> *year & 1 == 1 {
            let range = codes.0 as usize..codes.1 as usize;
            self.counted.extend(self.codes[range].iter().map(|code| (*year, *code)));
            // Once is enough.
            codes.1 = codes.0;
        }
    }

    /// Codes of a year of the timeline, each once.
    fn of_year(&self, year: usize) -> impl Iterator<Item = Icd10> {
        let from = self.counted.partition_point(|(at, _)| usize::from(*at) < year);
        self.counted[from..].iter().take_while(move |(at, _)| usize::from(*at) == year).map(|(_, code)| *code)
    }

    /// Scores of a life: by calendar year and model, for its eligible months. Years in which sex, original entitlement or birth are not
    /// known stay blank, and are counted in the result.
    pub(crate) fn score(
        &mut self,
        context: &Context,
        scoring: &Scoring,
        enrollment: &Enrollment,
        status: &[Status],
        out: &mut [[Option<MonthScore>; 12]],
    ) -> u64 {
        out.fill([None; 12]);
        self.counted.sort_unstable();
        self.counted.dedup();
        let (mut codes, mut unknown) = (Vec::new(), 0);
        for (slot, year) in context.calendar_years.iter().enumerate() {
            let Some(at) = context.time.at(*year) else { continue };
            if enrollment.state[at].eligible == 0 {
                continue;
            }
            let status = status.iter().find(|status| status.year == *year);
            let Some(months) = months(enrollment, *year, at, status) else {
                unknown += 1;
                continue;
            };
            codes.clear();
            codes.extend(at.checked_sub(1).into_iter().flat_map(|before| self.of_year(before)));
            let (scorers, places) = scoring.of_year(slot);
            let out = &mut out[slot * places.len()..][..places.len()];
            for (at, scorer) in scorers.iter().enumerate() {
                // Every month has a segment: a graft of fewer than four months is a transplant's.
                let scores = scorer.year(&months, &codes).expect("each month has a segment");
                let same = places.iter().enumerate().filter(|(_, place)| **place == Some(at));
                same.for_each(|(model, _)| out[model] = scores);
            }
        }
        unknown
    }
}

/// Who a life is in each eligible month of a year. Without a row of `risk_status` ESRD months count as dialysis, others as the community.
fn months(enrollment: &Enrollment, year: i32, at: usize, status: Option<&Status>) -> Option<[Option<Person>; 12]> {
    let insured = enrollment.record[at].insured;
    let (sex, orec) = (insured.sex?, insured.orec?);
    let born = enrollment.birth();
    if born == NO_DAY {
        return None;
    }
    let (born_year, born_month, born_day) = Date(born).ymd();
    let age = age_on_february_first(year, born_year, born_month as u8, born_day as u8);
    let part_b = at.checked_sub(1).map_or(0, |before| enrollment.record[before].insured.part_b.count_ones());
    let state = &enrollment.state[at];
    let mut months = [None; 12];
    for (month, person) in months.iter_mut().enumerate().filter(|(month, _)| state.eligible >> month & 1 == 1) {
        let within = |mask: u16| mask >> month & 1 == 1;
        let dual = match (within(insured.full), within(insured.partial)) {
            (true, _) => Dual::Full,
            (_, true) => Dual::Partial,
            _ => Dual::None,
        };
        // The month of the transplant is its first; on dialysis after the third, the graft has failed.
        let since = status.and_then(|status| status.transplanted).map(|first| year * 12 + month as i32 - first + 1);
        let esrd = match since {
            Some(since @ 1..=3) => Esrd::Transplant(since as u8),
            _ if within(enrollment.record[at].esrd) => Esrd::Dialysis,
            Some(since @ 4..) => Esrd::Graft(since.min(999) as u16),
            _ => Esrd::None,
        };
        let lti = within(status.map_or(0, |status| status.institutional));
        let new_enrollee = part_b < 12;
        *person = Some(Person { age, edit_age: age, sex, orec, dual, lti, new_enrollee, snp: false, esrd });
    }
    Some(months)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Icd10 {
        match Icd10::parse(text.as_bytes()) {
            acoledger_hcc::Parsed::Code(code) => code,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn outpatient_claims_wait_for_a_service_of_their_year() {
        let mut found = Diagnoses::default();
        found.facility(40, *b"13", 7, 1, &[code("E119")]);
        found.facility(40, *b"13", 3, 1, &[code("I5022")]);
        found.facility(40, *b"72", 4, 1, &[code("N186")]);
        found.facility(60, *b"11", 5, 0, &[code("A419")]);
        found.facility(20, *b"21", 6, 0, &[code("J449")]);
        found.line(7, 0b01);
        found.line(7, 0b10);
        found.line(7, 0b10);
        found.line(4, 0b11);
        found.line(99, 0b11);
        found.counted.sort_unstable();
        assert_eq!(found.counted, [(0, code("A419")), (1, code("E119"))]);
        assert_eq!(found.of_year(1).collect::<Vec<_>>(), [code("E119")]);
        assert_eq!(found.of_year(2).count(), 0);
    }

    #[test]
    fn benefits_of_twelve_months() {
        assert_eq!(benefits("020100NA03  04999905  08"), (0b1000_0100_0001, 0b0010_0001_0010));
    }
}
