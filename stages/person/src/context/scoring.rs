//! Scores from diagnoses, compiled: which services admit them, which codes any model knows, the models of each year (HCC.md).

use super::{Faults, Performance, Timeline};
use acoledger_hcc::{
    DemographicScore, Eligible, Icd10, Known, Load, MapStatus, Model, Options, Policy, Population, Tables, YearScorer,
};
use acoledger_schemas::rules::Rules;
use acoledger_schemas::table::Problem;
use std::collections::{BTreeSet, HashSet};

/// Where scores come from, and whether those of the other source are compared with them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sources {
    /// Scores are made from diagnoses, not taken from the program file.
    pub(crate) made: bool,
    /// Both are there, and compared.
    pub(crate) compared: bool,
    /// A comparison was asked for, and no scores are given.
    pub(crate) alone: bool,
}

impl Sources {
    /// Reads the rules. `given`: there is a program file; `wanted`: benchmarks follow; `years`: those whose models would be asked.
    pub(super) fn new(
        rules: &Rules,
        (given, wanted): (bool, bool),
        years: &BTreeSet<i32>,
        latest: i32,
        faults: &mut Faults,
    ) -> Sources {
        let source: String = faults.take(rules.at("risk.source", latest));
        let made = match source.as_str() {
            "given" | "" => false,
            "diagnoses" => true,
            // Before there were models that the program knows, scores can only be given.
            "given, else diagnoses" => !given && wanted && has_models(years),
            other => {
                let what = format!("not one of `given`, `diagnoses`, `given, else diagnoses`: `{other}`");
                faults.rule("risk.source", what);
                false
            }
        };
        let asked = faults.choice("risk.compare", rules, latest, "yes", "no");
        Sources { made, compared: asked && given, alone: asked && !given }
    }

    /// Whether diagnoses are read.
    pub(crate) fn reads_diagnoses(self) -> bool {
        self.made || self.compared
    }
}

/// Whether models are known for all of these years.
fn has_models(years: &BTreeSet<i32>) -> bool {
    let policy = Policy::built_in();
    policy.is_ok_and(|policy| years.iter().all(|year| policy.blend(*year, Population::NonEsrd).is_some()))
}

/// What scoring needs beside a life.
pub(crate) struct Scoring {
    /// Codes of a month with Part B.
    pub(crate) part_b: Vec<String>,
    /// Scorers of a calendar year, one for each year of models.
    scorers: Vec<Vec<YearScorer>>,
    /// By calendar year, then model (its own year's, then each performance year's): the scorer; `None`: not asked for.
    places: Vec<Vec<Option<usize>>>,
    eligible: Eligible,
    known: HashSet<Icd10>,
    first_year: i32,
    years: usize,
}

impl Scoring {
    /// Compiles the models; what is not known well is told in `findings`.
    pub(super) fn new(
        rules: &Rules,
        performances: &[Performance],
        calendar_years: &[i32],
        time: &Timeline,
        has_status: bool,
        faults: &mut Faults,
        findings: &mut Vec<(&'static str, u64)>,
    ) -> Option<Scoring> {
        let latest = performances.last().map_or(2012, |performance| performance.year);
        let segment = faults.choice("risk.demographic", rules, latest, "segment", "new enrollee");
        let demographic = if segment { DemographicScore::OfSegment } else { DemographicScore::NewEnrollee };
        let part_b = faults.take(rules.at("risk.part_b.codes", latest));
        match Scoring::compile(performances, calendar_years, time, demographic, part_b) {
            Ok(scoring) => {
                findings.extend(scoring.findings(has_status));
                Some(scoring)
            }
            Err(error) => {
                faults.problems.push(Problem {
                    file: error.file,
                    line: error.line,
                    column: String::new(),
                    what: error.what,
                    value: None,
                    hint: Some("rule risk.source = \"given\" takes scores from program file risk_score".into()),
                });
                None
            }
        }
    }

    fn compile(
        performances: &[Performance],
        calendar_years: &[i32],
        time: &Timeline,
        demographic: DemographicScore,
        part_b: Vec<String>,
    ) -> Result<Scoring, Load> {
        let (tables, policy) = (Tables::built_in()?, Policy::built_in()?);
        let (mut scorers, mut places) = (Vec::new(), Vec::new());
        for year in calendar_years {
            let (mut made, mut by_model): (Vec<(i32, YearScorer)>, Vec<Option<usize>>) = (Vec::new(), Vec::new());
            let listed = |of: &Performance| of.field.lists.iter().any(|list| list.year == *year);
            let asked = performances.iter().map(|of| listed(of).then_some(of.year));
            for model in std::iter::once(Some(*year)).chain(asked) {
                let Some(model) = model else {
                    by_model.push(None);
                    continue;
                };
                let at = match made.iter().position(|(known, _)| *known == model) {
                    Some(at) => at,
                    None => {
                        let options = Options::default();
                        made.push((model, YearScorer::new(&tables, &policy, model, *year, options, demographic)?));
                        made.len() - 1
                    }
                };
                by_model.push(Some(at));
            }
            scorers.push(made.into_iter().map(|(_, scorer)| scorer).collect());
            places.push(by_model);
        }
        let known = Model::ALL.into_iter().flat_map(|model| tables.codes(model)).collect();
        let eligible = Eligible::built_in()?;
        Ok(Scoring { part_b, scorers, places, eligible, known, first_year: time.first_year, years: time.years })
    }

    fn findings(&self, has_status: bool) -> impl Iterator<Item = (&'static str, u64)> {
        let all = || self.scorers.iter().flatten();
        let borrowed = |of: &&YearScorer| of.scorers().iter().any(|of| of.status() != MapStatus::Published);
        let count = |of: usize| of as u64;
        [
            (
                "risk: calendar years scored as if nobody lived in an institution or had a graft: no `risk_status` (HCC.md 2.2)",
                count(if has_status { 0 } else { self.scorers.len() }),
            ),
            (
                "risk: calendar years and models scored with diagnosis maps of other years (HCC.md 9)",
                count(all().filter(borrowed).count()),
            ),
            (
                "risk: calendar years and models with a normalisation factor recalled or not known (HCC.md 8.2)",
                count(all().filter(|of| of.known() != Known::Published).count()),
            ),
        ]
        .into_iter()
        .filter(|(_, count)| *count > 0)
    }

    /// Scorers of a calendar year, and by model which of them.
    pub(crate) fn of_year(&self, slot: usize) -> (&[YearScorer], &[Option<usize>]) {
        (&self.scorers[slot], &self.places[slot])
    }

    /// The scorer of a calendar year by one of its models.
    pub(crate) fn scorer(&self, slot: usize, model: usize) -> Option<&YearScorer> {
        self.places[slot][model].map(|at| &self.scorers[slot][at])
    }

    /// Models of a calendar year: its own and one for each performance year.
    pub(crate) fn models(&self) -> usize {
        self.places.first().map_or(0, Vec::len)
    }

    /// Years of the timeline in which a service admits the diagnoses of its claim, as bits.
    pub(crate) fn admits(&self, hcpcs: &str) -> u32 {
        let years = (0..self.years.min(32)).filter(|at| self.eligible.admits(self.first_year + *at as i32, hcpcs));
        years.fold(0, |bits, at| bits | 1 << at)
    }

    /// Diagnoses of a claim that any model knows: the others change no score.
    pub(crate) fn diagnoses(&self, text: &str) -> Box<[Icd10]> {
        let code = |text: &str| match Icd10::parse(text.as_bytes()) {
            acoledger_hcc::Parsed::Code(code) if self.known.contains(&code) => Some(code),
            _ => None,
        };
        text.split_ascii_whitespace().filter_map(code).collect()
    }
}
