//! Which models make the score of a payment year, with which weights and factors (HCC.md 8.2), and the score of a life's months.

use crate::blend::{Blend, Part};
use crate::code::Icd10;
use crate::files::{FILES, Load, Table, fault};
use crate::model::{Model, Segment};
use crate::person::{Esrd, Person};
use crate::score::{NoSegment, Options, Scorer};
use crate::tables::Tables;
use std::collections::BTreeMap;

/// People whose scores are normalised together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Population {
    /// Without end-stage renal disease.
    NonEsrd,
    /// On dialysis, and in the three months of a transplant.
    Dialysis,
    /// With a functioning graft: scored by the ESRD model, though not of the ESRD enrollment type in the Shared Savings Program.
    Graft,
}

impl Population {
    /// The population of a month.
    pub fn of(esrd: Esrd) -> Population {
        match esrd {
            Esrd::None => Population::NonEsrd,
            Esrd::Dialysis | Esrd::Transplant(_) => Population::Dialysis,
            Esrd::Graft(_) => Population::Graft,
        }
    }

    fn named(name: &str) -> Option<Population> {
        match name {
            "non_esrd" => Some(Population::NonEsrd),
            "dialysis" => Some(Population::Dialysis),
            "graft" => Some(Population::Graft),
            _ => None,
        }
    }
}

/// How well weights and factors are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Known {
    /// Read in a source.
    Published,
    /// From memory, no source at hand.
    Recalled,
    /// Factor not known and taken as 1: it cancels where one model alone makes the scores of a type (HCC.md 8.1).
    Unknown,
}

/// Blends by payment year and population.
#[derive(Clone, Debug)]
pub struct Policy {
    blends: BTreeMap<(i32, Population), (Blend, Known)>,
}

impl Policy {
    /// The policy of the Shared Savings Program inside the program.
    ///
    /// # Errors
    /// A table that is not whole: weights of a year and population that do not sum to one, an adjustment for coding patterns.
    pub fn built_in() -> Result<Policy, Load> {
        Policy::read(FILES)
    }

    fn read(files: &[(&'static str, &str)]) -> Result<Policy, Load> {
        const HEADER: &str =
            "program,payment_year,population,model,weight_milli,norm_milli,coding_adj_bp,status,source_id";
        let table = Table::read(files, "hcc_policy.csv", HEADER)?;
        let mut parts: BTreeMap<(i32, Population), (Vec<Part>, Known)> = BTreeMap::new();
        for (line, fields) in table.rows.get("mssp").into_iter().flatten() {
            let wrong = |what: &str, text: &str| table.fault(*line, format!("{what}: `{text}`"));
            let population = Population::named(&fields[1]).ok_or_else(|| wrong("no such population", &fields[1]))?;
            let model = Model::named(&fields[2]).ok_or_else(|| wrong("no such model", &fields[2]))?;
            let known = match fields[6].as_str() {
                "published" => Known::Published,
                "recalled" => Known::Recalled,
                "unknown" => Known::Unknown,
                other => return Err(wrong("no such status", other)),
            };
            if (known == Known::Unknown) != fields[4].is_empty() {
                return Err(wrong("a factor is blank where, and only where, it is unknown", &fields[4]));
            }
            if fields[5] != "0" {
                return Err(wrong("the program has no adjustment for coding patterns", &fields[5]));
            }
            let factor_milli = if fields[4].is_empty() { 1000 } else { table.number(*line, &fields[4])? };
            let part = Part { model, weight_milli: table.number(*line, &fields[3])?, factor_milli };
            let entry = parts.entry((table.number(*line, &fields[0])?, population)).or_insert((Vec::new(), known));
            entry.0.push(part);
            entry.1 = entry.1.max(known);
        }
        let blends = parts.into_iter().map(|((year, population), (parts, known))| {
            let blend = Blend::new(parts).map_err(|error| table.fault(0, format!("{year} {population:?}: {error}")))?;
            Ok(((year, population), (blend, known)))
        });
        Ok(Policy { blends: blends.collect::<Result<_, Load>>()? })
    }

    /// The blend of a year's models, and how well it is known. `None`: no model of the program made that year's scores.
    pub fn blend(&self, model_year: i32, population: Population) -> Option<(&Blend, Known)> {
        self.blends.get(&(model_year, population)).map(|(blend, known)| (blend, *known))
    }
}

/// What a demographic score is made of (HCC.md 8.3): not settled by what CMS has published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DemographicScore {
    /// The terms of no disease of the month's segment.
    #[default]
    OfSegment,
    /// The table of new enrollees, applied to everyone.
    NewEnrollee,
}

/// Most models that any year blends.
pub const BLENDED: usize = 2;

/// A month's scores, blended and normalised by model, in thousandths, and what they were made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthScore {
    /// Risk score.
    pub hcc_milli: i64,
    /// Demographic score.
    pub demographic_milli: i64,
    /// Population: whose blend it is.
    pub population: Population,
    /// Segment, the same in all models of a blend.
    pub segment: Segment,
    /// Payment HCCs by model of the blend, as bits; [`YearScorer::category`] has their numbers. Those of new enrollees enter no score.
    pub hccs: [u128; BLENDED],
}

/// Scores months of a calendar year by the models of a year: its own, or that of the performance year (HCC.md 8.1).
#[derive(Clone, Debug)]
pub struct YearScorer {
    /// By population: the blend, and the place of each part's scorer.
    blends: [(Blend, Vec<usize>); 3],
    scorers: Vec<Scorer>,
    known: Known,
    demographic: DemographicScore,
}

impl YearScorer {
    /// The models of `model_year`, with the diagnosis maps of `calendar_year`: codes of the year before it.
    ///
    /// # Errors
    /// A year of which no model is known, tables that are not whole.
    pub fn new(
        tables: &Tables,
        policy: &Policy,
        model_year: i32,
        calendar_year: i32,
        options: Options,
        demographic: DemographicScore,
    ) -> Result<YearScorer, Load> {
        let (mut scorers, mut known): (Vec<Scorer>, _) = (Vec::new(), Known::Published);
        let mut blends = Vec::new();
        for population in [Population::NonEsrd, Population::Dialysis, Population::Graft] {
            let what = || fault("hcc_policy.csv", 0, format!("no models of payment year {model_year}"));
            let (blend, how) = policy.blend(model_year, population).ok_or_else(what)?;
            known = known.max(how);
            let mut places = Vec::new();
            if blend.parts().len() > BLENDED {
                let what = format!("{model_year} {population:?}: more than {BLENDED} models");
                return Err(fault("hcc_policy.csv", 0, what));
            }
            for part in blend.parts() {
                let made = scorers.iter().position(|scorer| scorer.model() == part.model);
                places.push(match made {
                    Some(place) => place,
                    None => {
                        scorers.push(tables.scorer(part.model, calendar_year, options)?);
                        scorers.len() - 1
                    }
                });
            }
            blends.push((blend.clone(), places));
        }
        let blends = blends.try_into().map_err(|_| fault("hcc_policy.csv", 0, "three populations"))?;
        Ok(YearScorer { blends, scorers, known, demographic })
    }

    /// How well weights and factors are known: the least known of them.
    pub fn known(&self) -> Known {
        self.known
    }

    /// The scorers behind it, for what they say of their maps.
    pub fn scorers(&self) -> &[Scorer] {
        &self.scorers
    }

    /// Scores a calendar year's months, January first. `months` says who the person is in a month; `None`: not scored. Codes are those of the
    /// year before, new enrollees' too.
    ///
    /// # Errors
    /// A month whose status no model has: a graft of fewer than four months.
    pub fn year(&self, months: &[Option<Person>; 12], codes: &[Icd10]) -> Result<[Option<MonthScore>; 12], NoSegment> {
        let mut scores = [None; 12];
        let mut last: Option<(Person, MonthScore)> = None;
        for (score, person) in scores.iter_mut().zip(months) {
            let Some(person) = person else { continue };
            // Most lives are the same in all months.
            let of_month = match last {
                Some((same, score)) if same == *person => score,
                _ => self.month(person, codes)?,
            };
            last = Some((*person, of_month));
            *score = Some(of_month);
        }
        Ok(scores)
    }

    /// Scores one month.
    ///
    /// # Errors
    /// A status that no model has.
    pub fn month(&self, person: &Person, codes: &[Icd10]) -> Result<MonthScore, NoSegment> {
        let population = Population::of(person.esrd);
        let (blend, places) = &self.blends[population as usize];
        let (mut hcc, mut demographic, mut hccs) = ([0i64; BLENDED], [0i64; BLENDED], [0u128; BLENDED]);
        let mut segment = Segment::Cna;
        for (at, place) in places.iter().enumerate() {
            let scorer = &self.scorers[*place];
            let score = scorer.score(person, codes.iter().copied())?;
            segment = score.segment;
            hccs[at] = score.hccs;
            hcc[at] = score.thousandths();
            demographic[at] = match self.demographic {
                DemographicScore::OfSegment => score.demographic_thousandths(),
                DemographicScore::NewEnrollee => {
                    scorer.score_in(new_enrollee_of(score.segment, population), person, [])?.thousandths()
                }
            };
        }
        let parts = places.len();
        Ok(MonthScore {
            hcc_milli: blend.score_milli(&hcc[..parts]),
            demographic_milli: blend.score_milli(&demographic[..parts]),
            population,
            segment,
            hccs,
        })
    }

    /// Model and number of a payment HCC of [`MonthScore::hccs`]: of a population's blend, the part and its bit.
    pub fn category(&self, population: Population, part: usize, bit: usize) -> Option<(Model, u16)> {
        let scorer = &self.scorers[*self.blends[population as usize].1.get(part)?];
        scorer.number(bit).map(|number| (scorer.model(), number))
    }
}

/// The segment of new enrollees beside a segment; transplant months keep their constant.
fn new_enrollee_of(segment: Segment, population: Population) -> Segment {
    match (segment, population) {
        (Segment::Transplant1 | Segment::Transplant2 | Segment::Transplant3, _) => segment,
        (_, Population::NonEsrd) => Segment::Ne,
        (_, Population::Dialysis) => Segment::Dne,
        (_, Population::Graft) => Segment::Gne,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(from: &str, to: &str) -> String {
        let text = FILES.iter().find(|(name, _)| *name == "hcc_policy.csv").map_or("", |(_, text)| *text);
        assert!(text.contains(from), "{from}");
        Policy::read(&[("hcc_policy.csv", &text.replacen(from, to, 1))])
            .map_or_else(|error| error.to_string(), |_| "nothing".into())
    }

    #[test]
    fn policies_that_are_not_whole_are_refused() {
        for (from, to, expected) in [
            ("v24,670,", "v24,660,", "2024 NonEsrd: weights sum to 990 thousandths, expected 1000"),
            ("1146,0,", "1146,590,", "the program has no adjustment for coding patterns: `590`"),
            ("1146,0,published", ",0,published", "a factor is blank where, and only where, it is unknown"),
            ("v24,670,", "v25,670,", "no such model: `v25`"),
        ] {
            let found = refused(from, to);
            assert!(found.contains(expected), "{found}");
        }
    }
}
