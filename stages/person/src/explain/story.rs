//! What [`explain`](super::explain) tells: plain values, nothing of the kernels.

use acoledger_schemas::values::Date;
use serde::{Serialize, Serializer};

/// One life, as far as its assignment is concerned.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LifeStory {
    /// Identifier, as the claims carry it.
    pub bene_id: String,
    /// Date of birth; the latest record decides.
    #[serde(serialize_with = "iso")]
    pub birth_date: Option<Date>,
    /// Date of death; the latest record decides.
    #[serde(serialize_with = "iso")]
    pub death_date: Option<Date>,
    /// Years of the study with their months, ascending.
    pub enrollment: Vec<YearOfLife>,
    /// Designations, in the order of the program file (M.A.3).
    pub designations: Vec<DesignationRow>,
    /// Alignments to other initiatives (M.A.1.3).
    pub elsewhere: Vec<ElsewhereRow>,
    /// Every claim line and facility claim of the life that the study reads, in the order in which it reads them.
    pub rows: Vec<ClaimRow>,
    /// Lists that were asked for: by performance year, then calendar year.
    pub lists: Vec<ListStory>,
}

/// A calendar year of a life.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct YearOfLife {
    /// Calendar year.
    pub calendar_year: i32,
    /// Whether the year has an enrollment record.
    pub on_record: bool,
    /// January to December.
    pub months: Vec<MonthOfLife>,
}

/// One month of a life (M.A.1, M.B.2).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MonthOfLife {
    /// Alive on its first day.
    pub alive: bool,
    /// `both`, `one` or `none` of Parts A and B.
    pub parts: &'static str,
    /// In a health plan.
    pub plan: bool,
    /// County code of the record.
    pub county: Option<String>,
    /// Whether that is inside the program's area (M.A.1.4).
    pub inside: bool,
    /// Enrollment type, in months that are alive, in both parts and in no plan.
    pub enrollment_type: Option<&'static str>,
    /// Inside a COVID-19 episode (M.B.4.1): it carries no money.
    pub episode: bool,
}

/// A designation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DesignationRow {
    /// Day on which it was made.
    #[serde(serialize_with = "iso")]
    pub designated_on: Option<Date>,
    /// Its last day; none: open.
    #[serde(serialize_with = "iso")]
    pub ended_on: Option<Date>,
    /// The designee's practice, where it is a participant in a performance year of the study.
    pub tin: Option<String>,
    /// The designee's practice where it is none; not told by the stage, whoever has the program file names it.
    pub outside_tin: Option<String>,
}

/// An alignment elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ElsewhereRow {
    /// Calendar year of the alignment.
    pub calendar_year: i32,
    /// Day on which it was decided; none: undated.
    #[serde(serialize_with = "iso")]
    pub decided_on: Option<Date>,
    /// The initiative; not told by the stage, whoever has the program file names it.
    pub initiative: Option<String>,
}

/// A claim line, a revenue center line or a facility claim.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClaimRow {
    /// Lake table.
    pub table: &'static str,
    /// The claim's key: its identifier where that is a plain number.
    pub claim_key: i64,
    /// Line number of the record; none on facility tables.
    pub line: Option<i32>,
    /// First expense date, or from date.
    #[serde(serialize_with = "iso")]
    pub first_date: Option<Date>,
    /// The date that decides the month: last expense date, revenue center date, through date.
    #[serde(serialize_with = "iso")]
    pub date: Option<Date>,
    /// Processing date.
    #[serde(serialize_with = "iso")]
    pub processed: Option<Date>,
    /// Claim type; none on revenue center lines.
    pub claim_type: Option<i32>,
    /// Service code, or the revenue center where there is none.
    pub code: String,
    /// Specialty: of the line, or the clinician's on that day.
    pub specialty: String,
    /// Place of service.
    pub place: String,
    /// Billing practice (TIN) or facility (CCN).
    pub biller: String,
    /// Allowed charge as assignment measures it (M.A.6, M.A.7.4), cents.
    pub allowed_cents: Option<i64>,
    /// What the row is to assignment.
    pub role: Role,
}

/// What a row is to assignment, before any window is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May be a primary care service; each window judges it.
    Service,
    /// Says which services a clinic's claim holds.
    OfClinicClaim,
    /// A nursing facility or inpatient stay, which can exclude services.
    Stay,
    /// Denied (M.B.1).
    Denied,
    /// A claim type that is neither Part A nor Part B spending (M.B.1).
    OtherClaimType,
    /// Removed as suspect billing (M.B.4.2).
    Suspect,
    /// A code that no performance year of the study lists.
    NotListed,
    /// An equipment line or a facility claim, which are no professional services (M.A.5, M.A.7).
    NotProfessional,
    /// Outside the years of the study.
    OtherYear,
}

/// One list: a calendar year, as a performance year's rules and participants see it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListStory {
    /// Performance year.
    pub performance_year: i32,
    /// Calendar year: the performance year, a benchmark year, or the year before one.
    pub calendar_year: i32,
    /// Kept only to tell who is newly assigned in the year after: it has no rows of `assignment`.
    pub only_before: bool,
    /// `cents`, or `visits` where a rule counts these.
    pub measure: &'static str,
    /// The windows that compete for it: the calendar year, and where an ACO is prospective that one's.
    pub windows: Vec<WindowStory>,
    /// Eligibility over the calendar year, for prospective lists and designations (M.A.1.6).
    pub year: Vec<Condition>,
    /// What was decided, in the order of precedence (M.A.2.4).
    pub decisions: Vec<Decision>,
    /// The place on an ACO's list, as `assignment` has it.
    pub place: Option<PlaceStory>,
    /// Whether the place is that of a list of the program file (`[input] assignment`), in place of our own.
    pub given: bool,
    /// Where our own rules put the life; [`place`](Self::place) again, unless that is given.
    pub own_place: Option<PlaceStory>,
}

/// One window of a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WindowStory {
    /// `retrospective` or `prospective`.
    pub window: &'static str,
    /// First and last month of the services that count, as [`Date::month_index`] counts them.
    pub months: (i32, i32),
    /// Months over which eligibility is judged.
    pub judged: (i32, i32),
    /// The expanded window of step 3.
    pub expanded: Option<(i32, i32)>,
    /// Last day of processing that the list could know (M.A.2.5); none: all claims.
    #[serde(serialize_with = "iso")]
    pub known_through: Option<Date>,
    /// Eligibility over the judged months (M.A.1).
    pub conditions: Vec<Condition>,
    /// Whether its services make the life assignable (M.A.8.2).
    pub assignable: bool,
    /// The step that was compared: 1, 2, 3; none: no ACO had passed what comes before.
    pub step: Option<u8>,
    /// Entities that served the life in the months of the window, the largest sum of the compared step first.
    pub candidates: Vec<Candidate>,
    /// What broke a tie: `primary`, `specialist`, `random`.
    pub tie: Option<&'static str>,
    /// The ACO that the services lead to.
    pub leads_to: Option<String>,
    /// Rows that may be services, as this window sees them.
    pub lines: Vec<WindowLine>,
    /// Step 3, where nobody passes the pre-step in the months of the window.
    pub third: Option<ThirdStory>,
}

impl WindowStory {
    /// Entities of the compared step: those of the expanded window where step 3 is compared.
    pub fn compared(&self) -> &[Candidate] {
        self.third.as_ref().map_or(&self.candidates, |third| &third.candidates)
    }
}

/// The expanded window that step 3 compares (M.A.6.4).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ThirdStory {
    /// First and last month, as [`Date::month_index`] counts them.
    pub months: (i32, i32),
    /// Entities that served the life in these months, the largest sum first; only the sum of step 3 is told.
    pub candidates: Vec<Candidate>,
    /// Rows that may be services in these months.
    pub lines: Vec<WindowLine>,
}

/// Whether a condition of M.A.1 holds, and where it fails.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Condition {
    /// Section of the methodology.
    pub section: &'static str,
    /// What is asked.
    pub what: &'static str,
    /// Whether it holds.
    pub holds: bool,
    /// Months in which it fails, as [`Date::month_index`] counts them.
    pub fails_in: Vec<i32>,
}

/// An entity that competes in a window: an ACO with all its participants, or a practice or facility of its own.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidate {
    /// ACO, TIN or CCN.
    pub entity: String,
    /// `aco`, `practice` or `facility`.
    pub kind: &'static str,
    /// Practices and facilities that billed for it in the window.
    pub billers: Vec<String>,
    /// By step: its sum (cents, or visits); none where it has no service of the step.
    pub sums: [Option<i64>; 3],
    /// Whether one of its services passes the pre-step (M.A.6.1), which looks at the months of the window alone.
    pub passes: bool,
    /// Whether a physician of it served the life in the months that are told: of step 3 those of the expanded window.
    pub physician: bool,
    /// Whether a practitioner of it served the life in the months of the window.
    pub practitioner: bool,
    /// Last service by a primary care physician or practitioner, for ties (M.A.6.6).
    #[serde(serialize_with = "iso")]
    pub last_primary: Option<Date>,
    /// Last service by a listed specialist, for ties.
    #[serde(serialize_with = "iso")]
    pub last_listed: Option<Date>,
    /// Whether it won the comparison.
    pub wins: bool,
}

/// A row of [`LifeStory::rows`] in a window.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WindowLine {
    /// Position in [`LifeStory::rows`].
    pub row: usize,
    /// Position among the candidates of the entity that it counts for.
    pub candidate: Option<usize>,
    /// The steps in whose sums it is.
    pub steps: Vec<u8>,
    /// What it counts as, or why it does not.
    pub verdict: Verdict,
}

/// What a row is in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A primary care service by a primary care physician, or a clinic's.
    Primary,
    /// By a specialist of the list.
    Specialist,
    /// By a nurse practitioner, clinical nurse specialist or physician assistant.
    Practitioner,
    /// By another physician (performance years to 2015).
    Physician,
    /// A primary care service of a practice that is a participant of several ACOs (M.A.6.7).
    SharedBiller,
    /// Processed after the list was made (M.A.2.5).
    ProcessedLater,
    /// Not on the performance year's list of codes, for a service of that day in this window (M.A.5).
    NotListed,
    /// Not by a clinician whose services count (M.A.4).
    OtherClinician,
    /// A code that counts at teaching-amendment hospitals only (M.A.5).
    TeachingOnly,
    /// A code that is not on the list of teaching-amendment hospitals (M.A.7.2).
    NotAtTeaching,
    /// In a nursing facility (M.A.5.1).
    NursingFacility,
    /// During an inpatient stay (M.A.5.2).
    Inpatient,
    /// Not at home (M.A.5).
    NotAtHome,
    /// Prolonged services without their base code (M.A.5.3).
    WithoutBase,
    /// A clinic's claim without a listed service (M.A.7.1).
    ClinicNotListed,
    /// A clinic's claim without a clinician of the ACO (M.A.7.1).
    ClinicNotAttested,
}

impl Verdict {
    /// Whether the row counts for an entity.
    pub fn counts(self) -> bool {
        matches!(self, Verdict::Primary | Verdict::Specialist | Verdict::Practitioner | Verdict::Physician)
    }
}

/// One decision on the way to a place, with its ground.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// What was decided, one sentence.
    pub what: String,
    /// The ACO whose list the life is put on by it.
    pub aco_id: Option<String>,
    /// Section of the methodology.
    pub section: &'static str,
    /// Key of the rule that it follows, where there is one.
    pub rule: Option<&'static str>,
    /// Citation of the law.
    pub citation: &'static str,
}

/// A row of `assignment`, with its words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlaceStory {
    /// The ACO.
    pub aco_id: String,
    /// `claims`, `voluntary` or `both`.
    pub basis: &'static str,
    /// The ACO's method.
    pub window: &'static str,
    /// The step that decided.
    pub step: Option<u8>,
    /// County of the year (M.D.1.2).
    pub county: Option<String>,
    /// The winner's sum; none where visits are counted.
    pub winner_cents: Option<i64>,
    /// The entity with the next sum.
    pub runner_up: Option<String>,
    /// Its sum.
    pub runner_up_cents: Option<i64>,
    /// What broke a tie.
    pub tie: Option<&'static str>,
    /// `all`, `newly` or `continuously`.
    pub cohort: &'static str,
}

#[expect(clippy::ref_option, reason = "the shape that serde asks for")]
fn iso<S: Serializer>(day: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
    match day {
        Some(day) => serializer.collect_str(day),
        None => serializer.serialize_none(),
    }
}
