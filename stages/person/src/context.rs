//! Everything a kernel must know, compiled once from rules, program files and the study's facts.

mod care;
mod clinicians;
mod faults;
mod given;
mod improper;
mod law;
mod lists;
mod people;
mod performance;
mod pieces;
mod scoring;
mod uses;

pub(crate) use care::{Care, Names, class, flag};
pub(crate) use clinicians::Clinicians;
pub(crate) use faults::Faults;
pub use given::Lists;
pub(crate) use given::{Given, GivenPlace};
pub(crate) use improper::Improper;
pub(crate) use law::{CountyMonth, EnrollLaw, Hospitals, KINDS, PARTS, SpendLaw, kind};
pub(crate) use lists::{AcoYear, Entities, Field, List, NOBODY, OWN, SHARED, Span};
pub use people::People;
pub(crate) use people::{Designation, Elsewhere, Esrd, Payment, Reductions, Score, Status};
pub(crate) use performance::{Performance, Timeline, Window};
pub(crate) use pieces::Ahead;
pub use pieces::Pieces;
pub(crate) use scoring::{Scoring, Sources};
pub(crate) use uses::{UseLaw, Visited, mark, within};

use crate::needs::{Needs, needs};
use crate::output;
use acoledger_schemas::program::{AssignmentGiven, Program};
use acoledger_schemas::rules::Rules;
use acoledger_schemas::study::{AssignmentSource, CountyCodes, Maturity, Study};
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::Date;
use arrow_schema::SchemaRef;
use std::collections::{BTreeSet, HashMap};

/// The facts of a study that person grain needs.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Performance years.
    pub performance_years: Vec<i32>,
    /// Seed of random ties.
    pub seed: u64,
    /// System of the county key.
    pub county_codes: CountyCodes,
    /// How complete the claims are.
    pub maturity: Maturity,
    /// Whose assignment counts.
    pub assignment: AssignmentSource,
    /// Whether benchmarks follow, which need scores: where none are given, they are made (`risk.source`).
    pub benchmarks: bool,
}

impl Facts {
    /// The facts of a study file, of a run that goes on to benchmarks or does not.
    ///
    /// # Errors
    /// When its maturity does not read.
    pub fn of(study: &Study, benchmarks: bool) -> Result<Facts, String> {
        Ok(Facts {
            benchmarks,
            performance_years: study.study.performance_years.clone(),
            seed: study.study.seed,
            county_codes: study.input.county_codes,
            maturity: study.maturity()?,
            assignment: study.input.assignment,
        })
    }
}

/// What is asked of program tables about single lives as a whole, where the [`Program`] at hand is without them: they grow with
/// the lives, and come to the kernels in pieces.
#[derive(Default)]
pub struct Beside<'b> {
    /// Rows of `risk_score`; `None`: no such table.
    pub scores: Option<u64>,
    /// Whether there is a table `risk_status`.
    pub status: bool,
    /// `assignment_given`; `None`: no such table.
    pub lists: Option<Lists<'b>>,
}

/// Everything that the kernels read beside claims and rows of single lives: shared by all shards, never changed.
pub struct Context {
    pub(crate) seed: u64,
    pub(crate) time: Timeline,
    pub(crate) enroll: EnrollLaw,
    pub(crate) spend: SpendLaw,
    pub(crate) uses: UseLaw,
    pub(crate) names: Names,
    pub(crate) acos: Vec<String>,
    /// The same as sixteen bytes.
    pub(crate) aco_texts: Vec<u128>,
    pub(crate) entities: Entities,
    pub(crate) performances: Vec<Performance>,
    /// Specialties of clinicians: (specialty, first day, last day).
    pub(crate) clinicians: Clinicians,
    /// Fees by calendar year and code, in cents.
    pub(crate) fees: HashMap<(i32, u16), i64>,
    pub(crate) clinic_bills: Vec<(i32, Vec<String>)>,
    pub(crate) cah_bills: Vec<String>,
    pub(crate) cah_centers: Vec<String>,
    pub(crate) eta_bills: Vec<String>,
    /// Claim types that are a nursing facility stay and an inpatient stay, for services.
    pub(crate) snf_types: Vec<i32>,
    pub(crate) hospital_types: Vec<i32>,
    /// Bill types whose revenue centers make a primary care service; before the day, those of all clinics do.
    pub(crate) rural_bills: Vec<String>,
    pub(crate) centers_everywhere_before: i32,
    /// Codes that are not on the list of teaching-amendment hospitals, from a day on.
    pub(crate) eta_unlisted: Vec<(i32, BTreeSet<u16>)>,
    /// Of claims and lines (M.B.1.3).
    pub(crate) reductions: Reductions,
    /// Whether lives have scores that are given.
    scores_given: bool,
    pub(crate) sources: Sources,
    /// How diagnoses become scores, where they do.
    pub(crate) scoring: Option<Scoring>,
    pub(crate) improper: Improper,
    /// CMS's own lists, where there are any.
    pub(crate) given: Option<Given>,
    /// How much higher the runner-up's sum is supposed, in ten thousandths (`assignment_margin`).
    pub(crate) margins: Vec<i64>,
    /// Last day of the emergency, for services.
    pub(crate) emergency_last_day: i32,
    /// Calendar years whose spending is summed.
    pub(crate) calendar_years: Vec<i32>,
    /// By month of the timeline: position among the calendar years, and among the performance years; 255: none.
    pub(crate) slot_of_month: Vec<u8>,
    pub(crate) performance_of_month: Vec<u8>,
    needs: Needs,
    assignment: SchemaRef,
    person_year: SchemaRef,
    findings: Vec<(&'static str, u64)>,
}

impl Context {
    /// Compiles rules and program files for a study; the program has all its tables.
    ///
    /// # Errors
    /// A rule without a value, a program file that a rule in force needs and that is absent, a performance year without ACOs.
    pub fn new(rules: &Rules, program: &Program, facts: &Facts) -> Result<Context, Problems> {
        let numbered = |rows: &Vec<AssignmentGiven>| (1..).zip(rows.iter().cloned()).collect();
        let lists: Option<Vec<_>> = program.assignment_given.as_ref().map(numbered);
        let beside = Beside {
            scores: program.risk_score.as_ref().map(|rows| rows.len() as u64),
            status: program.risk_status.is_some(),
            lists: lists.map(|rows| -> Lists<'_> { Box::new(std::iter::once(Ok(rows))) }),
        };
        Context::beside(rules, program, facts, beside)
    }

    /// The same, of a program whose tables about single lives stand beside it.
    ///
    /// # Errors
    /// As [`Context::new`]; lists that cannot be read.
    pub fn beside(rules: &Rules, program: &Program, facts: &Facts, beside: Beside<'_>) -> Result<Context, Problems> {
        let mut faults = Faults::default();
        let mut years = facts.performance_years.clone();
        years.sort_unstable();
        years.dedup();
        needed_files(program, &mut faults);
        let acos: BTreeSet<&str> = program
            .aco
            .iter()
            .filter(|row| years.contains(&row.performance_year.0))
            .map(|r| r.aco_id.as_str())
            .collect();
        let acos: Vec<String> = acos.into_iter().map(str::to_owned).collect();
        let entities = lists::entities(program, &years);
        let (names, cares) = care::compile(rules, &years, &mut faults);
        let mut performances: Vec<Performance> = years
            .iter()
            .zip(cares)
            .map(|(year, care)| {
                let field = lists::field(rules, program, &acos, &entities, *year, &mut faults);
                Performance::new(rules, *year, care, field, &mut faults)
            })
            .collect();
        let latest = years.last().copied().unwrap_or(2012);
        let enroll = EnrollLaw::new(rules, facts.county_codes, latest, &mut faults);
        let lists = performances.iter().flat_map(|of| &of.field.lists).filter(|list| !list.only_before);
        let model_years: BTreeSet<i32> = lists.map(|list| list.year).chain(years.iter().copied()).collect();
        let sources =
            Sources::new(rules, (beside.scores.is_some(), facts.benchmarks), &model_years, latest, &mut faults);
        let needs = needs(&performances, &enroll, sources.reads_diagnoses());
        let touched = needs.tables.iter().flat_map(|need| &need.years);
        let (first, last) = touched.fold((i32::MAX, i32::MIN), |(a, b), year| (a.min(*year), b.max(*year)));
        if first > last {
            return Err(faults.problems);
        }
        let time = Timeline::new(first, last);
        let spend = SpendLaw::new(rules, first, last, facts.maturity, &mut faults);
        let improper = Improper::new(program, &mut faults);
        let emergency = faults.days(rules.at("primary_care.emergency.period", latest));
        let until: String = faults.take(rules.at("primary_care.clinic.centers_everywhere_before", latest));
        let centers_everywhere_before = faults.day(&until);
        let month = |day: i32| Date(day).month_index() - first * 12;
        let touched = Span { first: month(emergency.0), last: month(emergency.1) };
        performances.iter_mut().for_each(|performance| performance.set_windows(&time, touched));
        let calendar_years = needs.expenditure_years.clone();
        let shared = |count: fn(&Performance) -> usize| performances.iter().map(|p| count(p) as u64).sum();
        let given = Given::new(beside.lists, facts.assignment, &acos, &performances, &mut faults);
        let mut findings = vec![
            ("participant: TINs in more than one ACO of a performance year", shared(|p| p.field.tins.shared.len())),
            (
                "participant_ccn: facilities of more than one ACO of a performance year",
                shared(|p| p.field.ccns.shared.len()),
            ),
        ];
        findings.extend(given.iter().flat_map(|given| given.findings));
        findings.push(("risk: nothing compared: no program file `risk_score` (`risk.compare`)", sources.alone.into()));
        let scoring = if sources.reads_diagnoses() {
            Scoring::new(rules, &performances, &calendar_years, &time, beside.status, &mut faults, &mut findings)
        } else {
            None
        };
        let by_month = |years: &[i32]| -> Vec<u8> {
            let months = 0..time.years as i32 * 12;
            let at = |month: i32| years.iter().position(|year| *year == first + month / 12);
            months.map(|month| at(month).map_or(u8::MAX, |at| at as u8)).collect()
        };
        let scores_given = beside.scores.is_some_and(|rows| rows > 0);
        let context = Context {
            seed: facts.seed,
            clinicians: Clinicians::new(program, &names, &acos, &years),
            fees: fees(program, &names),
            clinic_bills: dated(faults.take(rules.timeline("assign.clinic.bill_types"))),
            cah_bills: faults.take(rules.at("assign.cah.bill_types", latest)),
            cah_centers: faults.take(rules.at("assign.cah.centers", latest)),
            eta_bills: faults.take(rules.at("assign.eta.bill_types", latest)),
            snf_types: stay_types(rules, "primary_care.snf.claim_types", latest, &spend, &mut faults),
            hospital_types: stay_types(rules, "primary_care.inpatient.claim_types", latest, &spend, &mut faults),
            rural_bills: faults.take(rules.at("primary_care.clinic.rural", latest)),
            centers_everywhere_before,
            eta_unlisted: dated(faults.take(rules.timeline::<Vec<String>>("primary_care.eta.not_listed")))
                .into_iter()
                .map(|(day, texts)| (day, faults.expand(&texts).iter().map(|code| names.code(code)).collect()))
                .collect(),
            margins: margins(rules, latest, &mut faults),
            assignment: output::assignment_schema(),
            person_year: output::person_year_schema(&years, sources.made || scores_given),
            emergency_last_day: emergency.1,
            slot_of_month: by_month(&calendar_years),
            performance_of_month: by_month(&years),
            time,
            enroll,
            uses: UseLaw::new(rules, latest, &mut faults),
            spend,
            names,
            aco_texts: acos.iter().map(|aco| crate::views::pack(aco).unwrap_or(0)).collect(),
            acos,
            entities,
            performances,
            reductions: Reductions::of_claims(program),
            scores_given,
            sources,
            scoring,
            improper,
            given,
            calendar_years,
            needs,
            findings,
        };
        faults.problems.or(context)
    }

    /// Whether scores are made from diagnoses, those of the study or others to compare with them.
    pub fn reads_diagnoses(&self) -> bool {
        self.scoring.is_some()
    }

    /// Whether lives have scores, given or made.
    pub fn has_scores(&self) -> bool {
        self.sources.made || self.scores_given
    }

    /// Histograms of annualised spending, one for each list and type: the number of lists.
    pub(crate) fn histograms(&self) -> usize {
        self.performances.iter().map(|performance| performance.field.lists.len()).sum()
    }

    /// A list's place among all of them.
    pub(crate) fn place(&self, performance: usize, list: usize) -> usize {
        self.performances[..performance].iter().map(|before| before.field.lists.len()).sum::<usize>() + list
    }

    /// The lists whose threshold a row of `person_year` helps to decide, and whether interim payments count there.
    pub(crate) fn histogram_places(&self, year: i32, members: &[u32], mut place: impl FnMut(usize, bool)) {
        let mut first = 0;
        for (performance, bits) in self.performances.iter().zip(members) {
            let lists = &performance.field.lists;
            if let Ok(at) = lists.binary_search_by_key(&year, |list| list.year)
                && !lists[at].only_before
                && (performance.truncated_by_ffs || bits & output::member::RETROSPECTIVE != 0)
            {
                place(first + at, performance.interim);
            }
            first += lists.len();
        }
    }

    /// What the study needs of the lake.
    pub fn needs(&self) -> &Needs {
        &self.needs
    }

    /// Things worth telling the user about the program files, with counts.
    pub fn findings(&self) -> &[(&'static str, u64)] {
        &self.findings
    }

    /// Schema of the `assignment` batches: the table's columns.
    pub fn assignment_schema(&self) -> SchemaRef {
        self.assignment.clone()
    }

    /// Schema of the `assignment_differences` batches; `None` where no list was given.
    pub fn differences_schema(&self) -> Option<SchemaRef> {
        self.given.as_ref().map(|_| crate::output::differences_schema())
    }

    /// Schema of the `person_year` batches: the table's columns, then internal ones that pass B reads.
    pub fn person_year_schema(&self) -> SchemaRef {
        self.person_year.clone()
    }
}

fn needed_files(program: &Program, faults: &mut Faults) {
    if program.participant.is_none() {
        faults.file(
            "participant",
            "",
            "file is missing: rule `assign.steps` needs it",
            "give every ACO's participant TINs",
        );
    }
    if program.eta_hospital.is_some() && program.eta_fee.is_none() {
        faults.file(
            "eta_fee",
            "",
            "file is missing: rule `assign.eta.bill_types` needs it",
            "give the fee of each service",
        );
    }
    if program.eta_hospital.is_some() && program.provider_specialty.is_none() {
        faults.file(
            "provider_specialty",
            "",
            "file is missing: rule `assign.eta.bill_types` needs it",
            "give the specialties of clinicians at teaching-amendment hospitals; a file with a header says that there are none",
        );
    }
}

/// Claim types that are stays: of a kind that is read, or nobody would see them.
fn stay_types(rules: &Rules, key: &str, year: i32, spend: &SpendLaw, faults: &mut Faults) -> Vec<i32> {
    let types: Vec<i32> = faults.take(rules.at(key, year));
    for code in types.iter().filter(|code| spend.kind(**code).is_none()) {
        faults.rule(
            key,
            format!("claim type {code} is in no kind of `spend.claim_types`: `spend.left_out` leaves payments out"),
        );
    }
    types
}

fn margins(rules: &Rules, year: i32, faults: &mut Faults) -> Vec<i64> {
    const KEY: &str = "assign.margin.shares";
    let shares: Vec<f64> = faults.take(rules.at(KEY, year));
    if !shares.is_sorted_by(|a, b| a < b) || shares.iter().any(|share| !(*share > 0.0 && *share <= 1.0)) {
        faults.rule(KEY, format!("not ascending shares above 0, to 1: `{shares:?}`"));
    }
    shares.iter().map(|share| faults.ten_thousandths(KEY, *share)).collect()
}

fn dated<T>(values: Vec<(Date, T)>) -> Vec<(i32, T)> {
    values.into_iter().map(|(day, value)| (day.0, value)).collect()
}

fn fees(program: &Program, names: &Names) -> HashMap<(i32, u16), i64> {
    let rows = program.eta_fee.iter().flatten();
    rows.map(|row| ((row.calendar_year.0, names.code(row.hcpcs.as_str())), row.amount.0.0)).collect()
}
