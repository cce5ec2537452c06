//! The kernel: a person and their diagnoses to a score.

use crate::code::Icd10;
use crate::dx::{DxMap, MapStatus};
use crate::model::{Model, Segment};
use crate::person::{Esrd, Person};
use crate::rules::Rules;
use crate::variables::{Duration, Kind, age_key, possible, segment_of};
use std::sync::Arc;

/// Where others do otherwise and the specification leaves a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Ages of the Medicare code editor, where the tables have them (V28). CMS's software leaves the choice to its user.
    pub mce_edits: bool,
    /// Those entitled by age count as 65 at 64 in models whose macro does not say so too (HCC.md 2.2).
    pub aged_at_64: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { mce_edits: true, aged_at_64: false }
    }
}

/// The model has no segment for the person, or not the segment that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSegment {
    /// The model.
    pub model: Model,
    /// The segment that was asked for.
    pub segment: Option<Segment>,
}

impl std::fmt::Display for NoSegment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let model = self.model.name();
        match self.segment {
            Some(segment) => {
                write!(f, "segment {} of {model} has no cell for a person of this age and status", segment.name())
            }
            None if self.model.is_esrd() => {
                write!(f, "{model} scores months on dialysis, transplant months 1 to 3, graft months from 4 on")
            }
            None => write!(f, "{model} does not score months on dialysis or with a transplanted kidney"),
        }
    }
}

/// A score before normalisation, and what it is made of. Names are asked of the [`Scorer`] that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Score {
    /// The segment whose coefficients applied.
    pub segment: Segment,
    /// Sum of the coefficients, in thousandths.
    pub milli: i32,
    /// What the sum is divided by, in thousandths: 1000, but for new enrollees with a graft in ESRD V24 (HCC.md 7.4).
    pub divisor_milli: i32,
    /// Sum of the terms that come from no disease, in thousandths, divided likewise (HCC.md 7.5).
    pub demographic_milli: i32,
    /// Payment HCCs after edits and hierarchies. New enrollees have them too; their score does not.
    pub payment_hccs: u8,
    /// The count that has a coefficient in this segment: 1 to 9, 10 for ten or more, 0 for none.
    pub count: u8,
    /// Codes that the model knows.
    pub mapped: u16,
    /// Codes of valid form that the model's map of the year does not have.
    pub unmapped: u16,
    pub(crate) hccs: u128,
    pub(crate) interactions: u64,
    pub(crate) demographic: u16,
}

impl Score {
    /// The score in thousandths; a quotient is rounded, halves up.
    pub fn thousandths(&self) -> i64 {
        quotient(self.milli, self.divisor_milli, 1000)
    }

    /// The part of no disease, in thousandths, rounded likewise.
    pub fn demographic_thousandths(&self) -> i64 {
        quotient(self.demographic_milli, self.divisor_milli, 1000)
    }

    /// The score as text: three decimals, exact; six where the sum is divided.
    pub fn text(&self) -> String {
        decimal(self.milli, self.divisor_milli)
    }

    /// The part of no disease as text.
    pub fn demographic_text(&self) -> String {
        decimal(self.demographic_milli, self.divisor_milli)
    }
}

/// `sum / divisor` in units of one part in `parts`, halves rounded up.
fn quotient(sum: i32, divisor: i32, parts: i64) -> i64 {
    (i64::from(sum) * parts * 2 + i64::from(divisor)).div_euclid(i64::from(divisor) * 2)
}

fn decimal(sum: i32, divisor: i32) -> String {
    let (parts, digits) = if divisor == 1000 { (1000, 3) } else { (1_000_000, 6) };
    let value = quotient(sum, divisor, parts);
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{}.{:0digits$}", value.abs() / parts, value.abs() % parts)
}

/// One model and payment year, ready to score.
#[derive(Clone, Debug)]
pub struct Scorer {
    pub(crate) rules: Arc<Rules>,
    pub(crate) map: DxMap,
    pub(crate) status: MapStatus,
    pub(crate) options: Options,
}

impl Scorer {
    /// The model.
    pub fn model(&self) -> Model {
        self.rules.model
    }

    /// Where its map comes from.
    pub fn status(&self) -> MapStatus {
        self.status
    }

    /// The segment of a person's month.
    ///
    /// # Errors
    /// The model has none: somebody on dialysis asked of V28, somebody without ESRD of an ESRD model.
    pub fn segment(&self, person: &Person) -> Result<Segment, NoSegment> {
        segment_of(self.model(), self.kind(person), person.new_enrollee, person.snp, person.esrd)
            .ok_or(NoSegment { model: self.model(), segment: None })
    }

    /// Scores a person in the segment of their month.
    ///
    /// # Errors
    /// The model has no segment for the person.
    pub fn score(&self, person: &Person, codes: impl IntoIterator<Item = Icd10>) -> Result<Score, NoSegment> {
        self.score_in(self.segment(person)?, person, codes)
    }

    /// Scores a person in a segment that the caller knows.
    ///
    /// # Errors
    /// The segment has no cell for such a person.
    pub fn score_in(
        &self,
        segment: Segment,
        person: &Person,
        codes: impl IntoIterator<Item = Icd10>,
    ) -> Result<Score, NoSegment> {
        let (mut present, mut mapped, mut unmapped) = (0u128, 0u16, 0u16);
        for code in codes {
            match self.map.categories(code, person) {
                Some(categories) => {
                    present |= categories;
                    mapped = mapped.saturating_add(1);
                }
                None => unmapped = unmapped.saturating_add(1),
            }
        }
        let score = self.score_categories(segment, person, present)?;
        Ok(Score { mapped, unmapped, ..score })
    }

    /// Categories of a code for a person, to be joined by `|` and scored with [`Scorer::score_categories`]: for callers who score the same
    /// diagnoses in several months. `None`: the model does not know the code.
    pub fn categories(&self, code: Icd10, person: &Person) -> Option<u128> {
        self.map.categories(code, person)
    }

    /// Scores joined categories in a segment.
    ///
    /// # Errors
    /// The segment has no cell for such a person.
    pub fn score_categories(&self, segment: Segment, person: &Person, present: u128) -> Result<Score, NoSegment> {
        let no_segment = NoSegment { model: self.model(), segment: Some(segment) };
        let kind = self.kind(person);
        // Who is asked for in an institution is taken to be there.
        let kind = Kind { lti: kind.lti || matches!(segment, Segment::Ins | Segment::Gi), ..kind };
        let table = self.rules.segment(segment).filter(|_| possible(self.model(), segment, kind)).ok_or(no_segment)?;
        let demographic = table.rows[kind.index()];
        let row = self.rules.demographic.get(usize::from(demographic)).ok_or(no_segment)?;
        let hccs = self.rules.hierarchy(present);
        let payment_hccs = hccs.count_ones() as u8;
        let mut score = Score {
            segment,
            milli: row.milli,
            divisor_milli: row.divisor_milli,
            demographic_milli: row.milli,
            payment_hccs,
            count: 0,
            mapped: 0,
            unmapped: 0,
            hccs,
            interactions: 0,
            demographic,
        };
        if hccs == 0 || segment.is_demographic_only() {
            return Ok(score);
        }
        let mut rest = hccs;
        while rest != 0 {
            score.milli += table.hccs[rest.trailing_zeros() as usize];
            rest &= rest - 1;
        }
        for interaction in &table.interactions {
            if interaction.applies(hccs, kind) {
                score.milli += interaction.milli;
                score.interactions |= 1 << interaction.variable;
            }
        }
        if let Some(counts) = &table.counts {
            score.count = payment_hccs.min(10);
            score.milli += counts[usize::from(score.count) - 1];
        }
        Ok(score)
    }

    pub(crate) fn kind(&self, person: &Person) -> Kind {
        let duration = match person.esrd {
            Esrd::Graft(4..=9) => Duration::Months4To9,
            Esrd::Graft(10..) => Duration::Months10Plus,
            _ => Duration::None,
        };
        let Person { sex, orec, dual, lti, .. } = *person;
        let kind = Kind { age: age_key(person.age), sex, orec, dual, lti, duration };
        kind.raised(self.rules.aged_at_64 || self.options.aged_at_64)
    }

    pub(crate) fn number(&self, bit: usize) -> Option<u16> {
        self.rules.numbers.get(bit).copied()
    }

    /// Numbers of the payment HCCs of a score, ascending.
    pub fn hccs(&self, score: &Score) -> impl Iterator<Item = u16> + '_ {
        self.rules.numbers_of(score.hccs)
    }

    /// Names of the interactions that entered a score, those of 0 too.
    pub fn interactions(&self, score: &Score) -> impl Iterator<Item = &str> + '_ {
        let bits = score.interactions;
        let names = self.rules.interactions.iter().enumerate();
        names.filter(move |(at, _)| bits >> at & 1 == 1).map(|(_, name)| name.as_str())
    }

    /// Names of the demographic variables that entered a score.
    pub fn demographic_variables(&self, score: &Score) -> impl Iterator<Item = &str> + '_ {
        self.rules.demographic[usize::from(score.demographic)].terms.iter().map(|(name, _)| name.as_str())
    }

    /// Name of the variable that counts payment HCCs: `D1` to `D9`, `D10P`; empty where none entered.
    pub fn count_variable(&self, score: &Score) -> &'static str {
        COUNTS[usize::from(score.count)]
    }
}

/// Names of the counts by number of payment HCCs.
pub(crate) const COUNTS: [&str; 11] = ["", "D1", "D2", "D3", "D4", "D5", "D6", "D7", "D8", "D9", "D10P"];
