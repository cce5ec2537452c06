//! Why a score is what it is: what became of each diagnosis, what a hierarchy dropped, the terms of the sum.

use crate::code::{Icd10, Parsed};
use crate::model::Segment;
use crate::person::Person;
use crate::score::{NoSegment, Score, Scorer};

/// What became of a diagnosis field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It gave these condition categories.
    Categories(Vec<u16>),
    /// An edit of age or sex put these in place of its own: none means that it does not count.
    Edited(Vec<u16>),
    /// The model's map of the year does not have it.
    Unmapped,
    /// It is no ICD-10 code.
    Malformed,
}

/// A term of the sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Variable, without the segment's prefix.
    pub variable: String,
    /// What it is, where the tables have a label.
    pub label: String,
    /// Coefficient in thousandths.
    pub milli: i32,
}

/// A score and its reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The score.
    pub score: Score,
    /// Each field that was not blank, in order, as it stood.
    pub diagnoses: Vec<(String, Fate)>,
    /// Categories that count only beside others, and stood without them.
    pub alone: Vec<u16>,
    /// What each parent dropped: parent, child.
    pub dropped: Vec<(u16, u16)>,
    /// Terms; their sum is the score, divided where the score is.
    pub terms: Vec<Term>,
}

impl Scorer {
    /// Scores as [`Scorer::score_in`] does, and says why.
    ///
    /// # Errors
    /// The segment has no cell for such a person.
    pub fn explain<'a>(
        &self,
        segment: Segment,
        person: &Person,
        fields: impl IntoIterator<Item = &'a str>,
    ) -> Result<Explanation, NoSegment> {
        let (mut diagnoses, mut present) = (Vec::new(), 0u128);
        let (mut mapped, mut unmapped) = (0u16, 0u16);
        for field in fields {
            let fate = match Icd10::parse(field.as_bytes()) {
                Parsed::Blank => continue,
                Parsed::Malformed => Fate::Malformed,
                Parsed::Code(code) => match self.map.categories(code, person) {
                    None => {
                        unmapped = unmapped.saturating_add(1);
                        Fate::Unmapped
                    }
                    Some(bits) => {
                        mapped = mapped.saturating_add(1);
                        present |= bits;
                        let numbers = self.rules.numbers_of(bits).collect();
                        if self.map.edit(code, person).is_some() {
                            Fate::Edited(numbers)
                        } else {
                            Fate::Categories(numbers)
                        }
                    }
                },
            };
            diagnoses.push((field.trim().to_owned(), fate));
        }
        let score = Score { mapped, unmapped, ..self.score_categories(segment, person, present)? };
        let counted = self.rules.counted(present);
        let alone = self.rules.numbers_of(present & !counted).collect();
        Ok(Explanation { score, diagnoses, alone, dropped: self.dropped(counted), terms: self.terms(&score) })
    }

    /// Pairs of parent and child, in the order in which the hierarchies drop.
    fn dropped(&self, mut hccs: u128) -> Vec<(u16, u16)> {
        let number = |bit: usize| self.rules.numbers_of(1 << bit).next().unwrap_or(0);
        let mut pairs = Vec::new();
        for parent in 0..128 {
            if hccs >> parent & 1 == 1 {
                let lost = hccs & self.rules.children[parent];
                pairs.extend(self.rules.numbers_of(lost).map(|child| (number(parent), child)));
                hccs &= !lost;
            }
        }
        pairs
    }

    fn terms(&self, score: &Score) -> Vec<Term> {
        let rules = &self.rules;
        let plain = |variable: &str, milli: i32| Term { variable: variable.to_owned(), label: String::new(), milli };
        let demographic = &rules.demographic[usize::from(score.demographic)];
        let mut terms: Vec<Term> = demographic.terms.iter().map(|(name, milli)| plain(name, *milli)).collect();
        let Some(table) = rules.segment(score.segment).filter(|_| !score.segment.is_demographic_only()) else {
            return terms;
        };
        for (bit, label) in rules.labels.iter().enumerate().filter(|(bit, _)| score.hccs >> bit & 1 == 1) {
            let number = rules.numbers_of(1 << bit).next().unwrap_or(0);
            terms.push(Term { variable: format!("HCC{number}"), label: label.clone(), milli: table.hccs[bit] });
        }
        for interaction in table.interactions.iter().filter(|of| score.interactions >> of.variable & 1 == 1) {
            terms.push(plain(&rules.interactions[usize::from(interaction.variable)], interaction.milli));
        }
        if let (Some(counts), true) = (&table.counts, score.count > 0) {
            terms.push(plain(self.count_variable(score), counts[usize::from(score.count) - 1]));
        }
        terms
    }
}
