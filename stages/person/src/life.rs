//! One open life: what its rows say, kept in buffers that the next life uses again.

use crate::columns::NO_DAY;
use crate::context::{Context, Designation, Elsewhere, NOBODY, kind};
use crate::counties::Residence;
use crate::diagnoses::{Diagnoses, Insured};
use crate::enroll::Enrollment;
use crate::improper::ImproperPaid;
use crate::ledger::{Fate, Ledger};
use crate::usage::Usage;
use crate::views::{Biller, EnrollView};
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::ServiceCategory;
use std::ops::Range;

/// Lines of a month, added up as they come: what the month is for money is known when all rows have been read. One line of cache.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
pub(crate) struct LineMonth {
    /// M.B.1: carrier, ambulances, DME.
    pub(crate) spend: [i64; 3],
    /// M.B.5.3: carrier, DME.
    pub(crate) gross: [i64; 2],
    /// As read, for the ledger: carrier, DME.
    pub(crate) paid: [i64; 2],
    /// Lines: carrier, DME.
    pub(crate) rows: [u32; 2],
}

/// Lines that participants of the study billed.
#[derive(Clone, Copy)]
pub(crate) struct ParticipantLine {
    pub(crate) month: u16,
    pub(crate) kind: u8,
    pub(crate) participant: u32,
    pub(crate) gross: i64,
}

/// A facility's payment on its way into months.
#[derive(Clone, Copy)]
pub(crate) struct Payment {
    pub(crate) month: u16,
    pub(crate) kind: u8,
    pub(crate) category: ServiceCategory,
    /// Who billed it, among the study's participants, or [`NOBODY`].
    pub(crate) participant: u32,
    /// As read, for the ledger.
    pub(crate) paid: i64,
    /// M.B.5.3: with reductions added back.
    pub(crate) gross: i64,
    /// M.B.1.
    pub(crate) spend: i64,
}

/// A payment as a row has it.
pub(crate) struct Paid {
    pub(crate) kind: u8,
    pub(crate) category: ServiceCategory,
    pub(crate) biller: Biller,
    pub(crate) paid: i64,
    pub(crate) gross: i64,
    pub(crate) spend: i64,
}

/// A payment as a carrier or DME line has it.
pub(crate) struct PaidLine {
    pub(crate) is_dme: bool,
    pub(crate) is_ambulance: bool,
    pub(crate) participant: u32,
    pub(crate) paid: i64,
    pub(crate) gross: i64,
    pub(crate) spend: i64,
}

/// A participant's payment (M.B.5).
#[derive(Clone, Copy)]
pub(crate) struct Earning {
    pub(crate) month: u16,
    pub(crate) facility: bool,
    pub(crate) participant: u32,
    pub(crate) cents: i64,
}

/// Where a service was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A carrier line.
    Line,
    /// A professional line of a Method II critical access hospital.
    Hospital,
    /// A line of a hospital that elected the teaching amendment, in these performance years.
    Teaching(u32),
    /// A whole claim of a health center or clinic.
    Clinic,
}

/// A service that may be primary care.
#[derive(Clone, Copy)]
pub(crate) struct Visit {
    pub(crate) month: u16,
    pub(crate) code: u16,
    pub(crate) specialty: u8,
    pub(crate) place: u8,
    pub(crate) source: Source,
    /// Whether the biller is a facility rather than a practice.
    pub(crate) facility: bool,
    /// Day of processing from which a nursing facility or inpatient stay over it is known, for the codes that ask.
    pub(crate) in_snf: Option<i32>,
    pub(crate) in_hospital: Option<i32>,
    pub(crate) first_day: i32,
    pub(crate) day: i32,
    pub(crate) processed: i32,
    pub(crate) clinician: u32,
    pub(crate) claim: i64,
    pub(crate) biller: Biller,
    pub(crate) allowed: i64,
}

/// A facility stay that excludes services: days, and when it was processed.
#[derive(Clone, Copy)]
pub(crate) struct Stay {
    pub(crate) first_day: i32,
    pub(crate) last_day: i32,
    pub(crate) processed: i32,
}

/// An outpatient claim whose lines are asked for.
pub(crate) struct Claim {
    /// Whether revenue centers alone make it a primary care service.
    pub(crate) centers: bool,
    pub(crate) claim: i64,
    pub(crate) source: Source,
    pub(crate) thru: i32,
    pub(crate) processed: i32,
    pub(crate) biller: Biller,
    /// For critical access hospitals the claim's rendering clinician, then other, then attending.
    pub(crate) clinicians: [u32; 3],
    pub(crate) visit: u32,
}

/// The open life.
pub(crate) struct Life {
    pub(crate) key: u64,
    pub(crate) bene_id: String,
    pub(crate) enrollment: Enrollment,
    pub(crate) payments: Vec<Payment>,
    /// By month of the timeline; only years in `line_years` hold anything.
    pub(crate) line_months: Vec<LineMonth>,
    /// Years of the timeline that have lines, as bits.
    pub(crate) line_years: u32,
    pub(crate) participant_lines: Vec<ParticipantLine>,
    pub(crate) earnings: Vec<Earning>,
    pub(crate) improper: Vec<ImproperPaid>,
    pub(crate) visits: Vec<Visit>,
    pub(crate) diagnoses: Diagnoses,
    /// Codes and clinic centers of clinic claims: (visit, code, performance years whose centers hold it).
    pub(crate) clinic_lines: Vec<(u32, u16, u32)>,
    pub(crate) claims: Vec<Claim>,
    pub(crate) claims_sorted: bool,
    pub(crate) snf_stays: Vec<Stay>,
    pub(crate) hospital_stays: Vec<Stay>,
    /// Months of COVID-19 episodes, first and last.
    pub(crate) episodes: Vec<(i32, i32)>,
    pub(crate) usage: Usage,
    pub(crate) reduced_claim: Option<i64>,
    /// The last claim whose improper payment as a whole has been noted.
    pub(crate) improper_claim: Option<i64>,
    pub(crate) missing_fees: u64,
    pub(crate) without_specialty: u64,
    /// Rows of program files about this life.
    pub(crate) elsewhere: Vec<Elsewhere>,
    pub(crate) designations: Vec<Designation>,
}

impl Life {
    pub(crate) fn new(context: &Context) -> Life {
        Life {
            key: 0,
            bene_id: String::new(),
            enrollment: Enrollment::new(context),
            payments: Vec::new(),
            line_months: vec![LineMonth::default(); context.time.years * 12],
            line_years: 0,
            participant_lines: Vec::new(),
            earnings: Vec::new(),
            improper: Vec::new(),
            visits: Vec::new(),
            diagnoses: Diagnoses::default(),
            clinic_lines: Vec::new(),
            claims: Vec::new(),
            claims_sorted: false,
            snf_stays: Vec::new(),
            hospital_stays: Vec::new(),
            episodes: Vec::new(),
            usage: Usage::default(),
            reduced_claim: None,
            improper_claim: None,
            missing_fees: 0,
            without_specialty: 0,
            elsewhere: Vec::new(),
            designations: Vec::new(),
        }
    }

    pub(crate) fn open(&mut self, key: u64) {
        self.key = key;
        self.bene_id.clear();
        self.enrollment.clear();
        self.payments.clear();
        for year in (0..u32::BITS).filter(|year| self.line_years >> year & 1 == 1) {
            self.line_months[year as usize * 12..][..12].fill(LineMonth::default());
        }
        self.line_years = 0;
        self.participant_lines.clear();
        self.earnings.clear();
        self.improper.clear();
        self.visits.clear();
        self.diagnoses.clear();
        self.clinic_lines.clear();
        self.claims.clear();
        self.claims_sorted = false;
        self.snf_stays.clear();
        self.hospital_stays.clear();
        self.episodes.clear();
        self.usage.clear();
        self.reduced_claim = None;
        self.improper_claim = None;
    }

    /// Takes what program files say of it.
    pub(crate) fn tell(&mut self, designations: &[Designation], elsewhere: &[Elsewhere]) {
        self.designations.clear();
        self.designations.extend_from_slice(designations);
        self.elsewhere.clear();
        self.elsewhere.extend_from_slice(elsewhere);
    }

    pub(crate) fn enroll(
        &mut self,
        context: &Context,
        view: &EnrollView,
        year: Option<i32>,
        rows: Range<usize>,
    ) -> Result<(), Problems> {
        let at = year.and_then(|year| context.time.at(year));
        for row in rows {
            let residence: &Residence = view.residence.at(row);
            let (status, buyin) = (*view.status.at(row), *view.buyin.at(row));
            let Some(at) = at else { continue };
            let months = self.enrollment.take(at, view.birth.at(row), view.death.at(row)).ok_or_else(|| {
                crate::columns::trouble("enrollment", year, "bene_key", "two rows of one life in a year")
            })?;
            months.both = buyin.0;
            months.one = buyin.1;
            months.esrd = status.0;
            months.disabled = status.1;
            months.plan = *view.plan.at(row);
            months.dual = *view.dual.at(row);
            months.insured = view.insured.as_ref().map_or_else(Insured::default, |view| view.at(row));
            months.residence = *residence;
        }
        Ok(())
    }

    /// A line that spending counts, as expenditure and as its biller's revenue.
    #[inline]
    pub(crate) fn pay_line(&mut self, context: &Context, ledger: &mut Ledger, month: Option<u16>, line: &PaidLine) {
        let PaidLine { is_dme, is_ambulance, participant, paid, gross, spend } = *line;
        let kind = if is_dme { kind::DME } else { kind::CARRIER };
        self.earn(context, kind, month, participant, gross);
        let Some(month) = month.filter(|month| context.slot_of_month[usize::from(*month)] != u8::MAX) else {
            return ledger.add(Some(kind), Fate::OtherYear, paid);
        };
        self.line_years |= 1 << (month / 12);
        let sums = &mut self.line_months[usize::from(month)];
        sums.spend[if is_dme { 2 } else { usize::from(is_ambulance) }] += spend;
        sums.gross[usize::from(is_dme)] += gross;
        sums.paid[usize::from(is_dme)] += paid;
        sums.rows[usize::from(is_dme)] += 1;
        if participant != NOBODY {
            self.participant_lines.push(ParticipantLine { month, kind, participant, gross });
        }
    }

    /// Months of a year of the timeline that have lines which spending counts.
    pub(crate) fn lines_of_year(&self, year: usize) -> impl Iterator<Item = (usize, &LineMonth)> {
        let months = if self.line_years >> year & 1 == 1 { 12 } else { 0 };
        (year * 12..).zip(&self.line_months[year * 12..][..months]).filter(|(_, lines)| lines.rows != [0, 0])
    }

    /// A participant's payment in a performance year.
    #[inline]
    fn earn(&mut self, context: &Context, kind: u8, month: Option<u16>, participant: u32, cents: i64) {
        if participant != NOBODY
            && let Some(month) = month
            && context.performance_of_month[usize::from(month)] != u8::MAX
        {
            let facility = !matches!(kind, kind::CARRIER | kind::DME);
            self.earnings.push(Earning { month, facility, participant, cents });
        }
    }

    /// A facility's claim that spending counts, as expenditure and as its biller's revenue.
    #[inline]
    pub(crate) fn pay(&mut self, context: &Context, ledger: &mut Ledger, month: Option<u16>, payment: Paid) {
        let Paid { kind, category, biller, paid, gross, spend } = payment;
        let participant = biller.participant;
        match month {
            Some(month) if context.slot_of_month[usize::from(month)] != u8::MAX => {
                self.payments.push(Payment { month, kind, category, participant, paid, gross, spend });
            }
            _ => ledger.add(Some(kind), Fate::OtherYear, paid),
        }
        self.earn(context, kind, month, participant, gross);
    }

    /// Notes a payment to a provider with improper payments, with what of it was (M.B.4.3).
    #[inline]
    pub(crate) fn note_improper(&mut self, month: Option<u16>, provider: u16, spend: i64, tied: i64) {
        if let Some(month) = month {
            self.improper.push(ImproperPaid { month, provider, spend, tied });
        }
    }

    /// How many stays are known so far.
    pub(crate) fn stays(&self) -> usize {
        self.snf_stays.len() + self.hospital_stays.len()
    }

    /// Marks the visits that fall into stays; all claims of the life have been read.
    pub(crate) fn place_visits(&mut self, context: &Context) {
        if self.snf_stays.is_empty() && self.hospital_stays.is_empty() {
            return;
        }
        for visit in &mut self.visits {
            if visit.source != Source::Clinic && context.names.stay_codes[usize::from(visit.code)] {
                visit.in_snf = overlaps(&self.snf_stays, visit.first_day, visit.day);
                visit.in_hospital = overlaps(&self.hospital_stays, visit.first_day, visit.day);
            } else if visit.source == Source::Clinic {
                visit.in_snf = overlaps(&self.snf_stays, visit.first_day, visit.day);
            }
        }
    }
}

/// Whether a claim was processed after the run-out of its own year: no payment of the year then. A list made later may still
/// know its services (M.A.2.5).
#[inline]
pub(crate) fn late(context: &Context, day: i32, processed: i32) -> bool {
    let law = &context.spend;
    let known_through = match context.time.month(day) {
        Some(month) => law.known_through[usize::from(month / 12)],
        None => law.known_beside[usize::from(day >= context.time.day_of(0))],
    };
    processed != NO_DAY && processed > known_through
}

/// When the first stay was known that shares a day with a service, first and last days included.
fn overlaps(stays: &[Stay], first: i32, last: i32) -> Option<i32> {
    stays.iter().filter(|stay| stay.first_day <= last && stay.last_day >= first).map(|stay| stay.processed).min()
}
