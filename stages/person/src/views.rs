//! The columns of each lake table, with codes already turned into what the kernels work with.

use crate::categories;
use crate::columns::{Codes, Days, Reader};
use crate::context::{Context, NOBODY, PARTS, Scoring, Visited, mark, within};
use crate::counties::{Counties, Residence};
use crate::diagnoses::{self, Insured};
use crate::lines::Line;
use acoledger_hcc::{Icd10, Orec, Sex};
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::ServiceCategory;
use arrow_array::Array;
use arrow_array::StringArray;
use arrow_array::cast::AsArray;
use arrow_buffer::ScalarBuffer;

/// No clinician on the record.
pub(crate) const NO_CLINICIAN: u32 = u32::MAX;
/// A clinician of whom program files say nothing.
pub(crate) const UNKNOWN_CLINICIAN: u32 = u32::MAX - 1;

/// A practice or facility on a record.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Biller {
    /// Identifier, sixteen bytes: sorts as the text does.
    pub(crate) text: u128,
    /// Position among the study's participants, or [`NOBODY`].
    pub(crate) participant: u32,
    /// Number among the providers with improper payments (M.B.4.3); 0: none of them.
    pub(crate) improper: u16,
}

/// A practice on a line, in eight bytes: every line is looked up, and its text asked for by services alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Practice {
    /// As [`Biller::participant`].
    pub(crate) participant: u32,
    /// As [`Biller::improper`].
    pub(crate) improper: u16,
}

/// What a facility's number says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facility {
    pub(crate) biller: Biller,
    /// Performance years for which it elected the teaching amendment, as bits.
    pub(crate) eta: u32,
    pub(crate) acute: Acute,
    /// Whether inpatient payments stay whole (Maryland).
    pub(crate) whole: bool,
    /// Class of its inpatient claims.
    pub(crate) category: ServiceCategory,
}

/// Kind of acute hospital, for COVID-19 episodes (M.B.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Acute {
    /// Not an acute hospital.
    No,
    /// Under prospective payment.
    Prospective,
    /// Another acute hospital.
    Other,
}

/// What a service code says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Service {
    /// Position among the codes that rules name; 0: none of them.
    pub(crate) code: u16,
    /// Bits of [`mark`].
    pub(crate) marks: u8,
    /// Years of the timeline in which its billing is suspect, as bits.
    pub(crate) suspect: u32,
    /// Years of the timeline in which it admits its claim's diagnoses to risk scores, as bits.
    pub(crate) admits: u32,
}

/// What a specialty says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Specialty {
    /// Position among the specialties that rules of assignment name; 0: none of them.
    pub(crate) number: u8,
    pub(crate) visited: Visited,
}

/// What a revenue center says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Center {
    /// Whether it carries professional services of a critical access hospital.
    pub(crate) professional: bool,
    /// Performance years for which it makes a clinic's service, as bits.
    pub(crate) clinics: u32,
    /// Whether it shows an emergency visit.
    pub(crate) emergency: bool,
}

pub(crate) struct BeneView {
    pub(crate) ids: StringArray,
}

pub(crate) struct EnrollView {
    pub(crate) birth: Days,
    pub(crate) death: Days,
    /// Months of ESRD and of disabled status.
    pub(crate) status: Codes<(u16, u16)>,
    /// Months with both parts and with one.
    pub(crate) buyin: Codes<(u16, u16)>,
    pub(crate) plan: Codes<u16>,
    pub(crate) dual: Codes<u16>,
    pub(crate) residence: Codes<Residence>,
    pub(crate) insured: Option<InsuredView>,
}

/// What of enrollment only scores from diagnoses ask for.
pub(crate) struct InsuredView {
    sex: Codes<Option<Sex>>,
    orec: Codes<Option<Orec>>,
    part_b: Codes<u16>,
    benefits: Codes<(u16, u16)>,
}

pub(crate) struct FacilityView {
    pub(crate) claim: ScalarBuffer<i64>,
    pub(crate) claim_type: ScalarBuffer<i32>,
    pub(crate) from: Days,
    pub(crate) thru: Days,
    pub(crate) processed: Days,
    pub(crate) admission: Days,
    pub(crate) discharge: Days,
    pub(crate) ccn: Codes<Facility>,
    /// First byte of the code, and whether it denies outpatient and home health claims.
    pub(crate) facility_type: Codes<(u8, bool)>,
    pub(crate) service_class: Codes<u8>,
    pub(crate) unpaid: Codes<bool>,
    /// Whether the patient has left.
    pub(crate) ended: Codes<bool>,
    pub(crate) paid: ScalarBuffer<i64>,
    pub(crate) deductible: ScalarBuffer<i64>,
    pub(crate) coinsurance: ScalarBuffer<i64>,
    /// Parts of inpatient payments that are no expenditures.
    pub(crate) additions: Vec<ScalarBuffer<i64>>,
    pub(crate) carried: Carried,
    pub(crate) attending: Codes<u32>,
    pub(crate) other: Codes<u32>,
    pub(crate) rendering: Codes<u32>,
    /// Which entries of the COVID-19 diagnosis rule the claim carries, as bits.
    pub(crate) covid: Codes<u8>,
    /// Diagnoses that a model knows, where scores are made from them.
    pub(crate) diagnoses: Option<Codes<Box<[Icd10]>>>,
}

pub(crate) struct RevenueView {
    pub(crate) claim: ScalarBuffer<i64>,
    pub(crate) date: Days,
    pub(crate) center: Codes<Center>,
    pub(crate) service: Codes<Service>,
    pub(crate) paid: ScalarBuffer<i64>,
    pub(crate) deductible: ScalarBuffer<i64>,
    pub(crate) coinsurance: ScalarBuffer<i64>,
    pub(crate) rendering: Codes<u32>,
}

/// What only carrier lines have, and DME lines lack.
pub(crate) struct Professional {
    pub(crate) first_date: Days,
    pub(crate) specialty: Codes<Specialty>,
    pub(crate) place: Codes<u8>,
    pub(crate) allowed: ScalarBuffer<i64>,
    pub(crate) diagnoses: Option<Codes<Box<[Icd10]>>>,
}

pub(crate) struct LineView {
    pub(crate) claim: ScalarBuffer<i64>,
    pub(crate) line: ScalarBuffer<i32>,
    pub(crate) claim_type: ScalarBuffer<i32>,
    pub(crate) last_date: Days,
    pub(crate) processed: Days,
    pub(crate) denied: Codes<bool>,
    pub(crate) accepted: Codes<bool>,
    pub(crate) service: Codes<Service>,
    /// What follows for each row from the row alone, in the order of rows.
    pub(crate) lines: Vec<Line>,
    pub(crate) tin: Codes<Practice>,
    /// The same column: identifiers, sixteen bytes.
    pub(crate) tin_text: Codes<u128>,
    pub(crate) paid: ScalarBuffer<i64>,
    pub(crate) carried: Carried,
    pub(crate) professional: Option<Professional>,
}

/// What records say was taken off their payment (CCLFA, CCLFB).
pub(crate) struct Carried {
    sequestration: Option<ScalarBuffer<i64>>,
    reduction: Option<ScalarBuffer<i64>>,
}

impl Carried {
    fn new(reader: &Reader<'_>) -> Result<Carried, Problems> {
        let (sequestration, reduction) = (reader.carried("sequestration_cents")?, reader.carried("reduction_cents")?);
        Ok(Carried { sequestration, reduction })
    }

    /// Sequestration of a row, where the record carries it: then it takes the place of a computed one (M.B.1.3).
    #[inline]
    pub(crate) fn sequestration(&self, row: usize) -> Option<i64> {
        self.sequestration.as_ref().map(|cents| cents[row]).filter(|cents| *cents != 0)
    }

    /// Population-based reduction of a row.
    #[inline]
    pub(crate) fn reduction(&self, row: usize) -> i64 {
        self.reduction.as_ref().map_or(0, |cents| cents[row])
    }
}

/// The columns of one batch, boxed: one stands for each stream.
pub(crate) enum View {
    Bene(BeneView),
    Enroll(Box<EnrollView>),
    Facility(Box<FacilityView>),
    Revenue(Box<RevenueView>),
    Lines(Box<LineView>),
}

impl LineView {
    /// The practice of a row with its identifier.
    pub(crate) fn biller(&self, row: usize) -> Biller {
        let Practice { participant, improper } = *self.tin.at(row);
        Biller { text: *self.tin_text.at(row), participant, improper }
    }
}

impl BeneView {
    pub(crate) fn new(reader: &Reader<'_>) -> Result<BeneView, Problems> {
        let ids = reader.batch.column_by_name("bene_id").and_then(|column| column.as_string_opt::<i32>());
        match ids {
            Some(ids) if ids.null_count() == 0 => Ok(BeneView { ids: ids.clone() }),
            _ => Err(crate::columns::trouble(reader.table, reader.year, "bene_id", "expected text without nulls")),
        }
    }
}

/// Months whose code, `width` characters each, is one of `codes`.
fn months(text: &str, width: usize, codes: &[String]) -> u16 {
    text.as_bytes().chunks(width).take(12).enumerate().fold(0, |mask, (month, code)| {
        let code = code.trim_ascii();
        mask | u16::from(codes.iter().any(|known| known.as_bytes() == code)) << month
    })
}

impl EnrollView {
    pub(crate) fn new(
        reader: &Reader<'_>,
        kept: Option<EnrollView>,
        context: &Context,
        counties: &mut Counties,
    ) -> Result<EnrollView, Problems> {
        let law = &context.enroll;
        let (status, buyin, plan, dual, residence) = match kept {
            Some(v) => (Some(v.status), Some(v.buyin), Some(v.plan), Some(v.dual), Some(v.residence)),
            None => (None, None, None, None, None),
        };
        Ok(EnrollView {
            birth: reader.days("birth_date")?,
            death: reader.days("death_date")?,
            status: reader.codes("status", status, |t| Ok((months(t, 2, &law.esrd), months(t, 2, &law.disabled))))?,
            buyin: reader.codes("buyin", buyin, |t| Ok((months(t, 1, &law.both), months(t, 1, &law.one))))?,
            plan: reader.codes("plan", plan, |t| Ok(months(t, 1, &law.plan)))?,
            dual: reader.codes("dual", dual, |t| Ok(months(t, 2, &law.dual)))?,
            residence: reader.codes(law.county_column, residence, |text| counties.residence(text, &law.residence))?,
            insured: context.scoring.as_ref().map(|scoring| InsuredView::new(reader, scoring)).transpose()?,
        })
    }
}

impl InsuredView {
    fn new(reader: &Reader<'_>, scoring: &Scoring) -> Result<InsuredView, Problems> {
        let sex = |text: &str| match text.trim() {
            "1" => Some(Sex::Male),
            "2" => Some(Sex::Female),
            _ => None,
        };
        Ok(InsuredView {
            sex: reader.codes("sex", None, |text| Ok(sex(text)))?,
            orec: reader.codes("original_reason", None, |text| Ok(Orec::parse(text.trim())))?,
            part_b: reader.codes("buyin", None, |text| Ok(months(text, 1, &scoring.part_b)))?,
            benefits: reader.codes("dual", None, |text| Ok(diagnoses::benefits(text)))?,
        })
    }

    pub(crate) fn at(&self, row: usize) -> Insured {
        let (full, partial) = *self.benefits.at(row);
        Insured { sex: *self.sex.at(row), orec: *self.orec.at(row), part_b: *self.part_b.at(row), full, partial }
    }
}

/// An identifier of at most sixteen bytes as a number that sorts as the text does.
pub(crate) fn pack(text: &str) -> Result<u128, String> {
    let bytes = text.trim().as_bytes();
    if bytes.len() > 16 {
        return Err("identifier of more than 16 characters".into());
    }
    let mut all = [0u8; 16];
    all[..bytes.len()].copy_from_slice(bytes);
    Ok(u128::from_be_bytes(all))
}

/// The text of a packed identifier.
pub(crate) fn unpack(packed: u128) -> String {
    let bytes = packed.to_be_bytes();
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

fn facility(text: &str, context: &Context) -> Result<Facility, String> {
    let law = &context.spend;
    let whole = law.whole_inpatient.iter().any(|prefix| text.starts_with(prefix.as_str()));
    let last =
        text.len().checked_sub(4).and_then(|at| text.get(at..)).filter(|t| t.bytes().all(|b| b.is_ascii_digit()));
    let within = |ranges: &[(String, String)]| {
        last.is_some_and(|last| ranges.iter().any(|(from, to)| from.as_str() <= last && last <= to.as_str()))
    };
    let acute = match (within(&law.covid_prospective), within(&law.covid_other)) {
        (true, _) if !whole => Acute::Prospective,
        (true, _) | (_, true) => Acute::Other,
        _ => Acute::No,
    };
    let eta = context.performances.iter().enumerate();
    let eta = eta.fold(0, |bits, (at, performance)| bits | u32::from(performance.field.eta.contains(text)) << at);
    let participant = context.entities.ccns.get(text).copied().unwrap_or(NOBODY);
    Ok(Facility {
        biller: Biller { text: pack(text)?, participant, improper: context.improper.of_ccn(text) },
        eta,
        acute,
        whole,
        category: categories::of_hospital(text, &law.hospitals),
    })
}

fn clinician(text: &str, context: &Context) -> u32 {
    if text.trim().is_empty() {
        NO_CLINICIAN
    } else {
        context.clinicians.by_npi.get(text).copied().unwrap_or(UNKNOWN_CLINICIAN)
    }
}

fn service(text: &str, context: &Context) -> Service {
    let years = context.spend.suspect.iter().enumerate();
    let suspect = years.fold(0, |bits, (at, year)| bits | u32::from(year.codes.iter().any(|c| c == text)) << at);
    let ambulance = if within(&context.spend.ambulance, text) { mark::AMBULANCE } else { 0 };
    let admits = context.scoring.as_ref().map_or(0, |scoring| scoring.admits(text));
    Service { code: context.names.code(text), marks: context.uses.marks(text) | ambulance, suspect, admits }
}

/// Which entries of the COVID-19 diagnosis rule a claim's diagnoses hold.
fn covid(text: &str, context: &Context) -> u8 {
    let mut bits = 0;
    for diagnosis in text.split_ascii_whitespace() {
        let plain = || diagnosis.bytes().filter(|b| *b != b'.');
        for (at, (_, codes)) in context.spend.covid_diagnoses.iter().enumerate().take(8) {
            bits |= u8::from(codes.iter().any(|code| code.bytes().eq(plain()))) << at;
        }
    }
    bits
}

impl FacilityView {
    pub(crate) fn new(reader: &Reader<'_>, context: &Context, kept: Option<FacilityView>) -> Result<Self, Problems> {
        let law = &context.spend;
        let npi = |text: &str| Ok(clinician(text, context));
        let (mut ccn, mut attending, mut other, mut rendering, mut covid_kept) = (None, None, None, None, None);
        let mut diagnoses_kept = None;
        if let Some(v) = kept {
            diagnoses_kept = v.diagnoses;
            (ccn, attending, other, rendering, covid_kept) =
                (Some(v.ccn), Some(v.attending), Some(v.other), Some(v.rendering), Some(v.covid));
        }
        let denies = |t: &str| law.denied_facility_types.iter().any(|code| code == t);
        Ok(FacilityView {
            claim: reader.longs("claim_key")?,
            claim_type: reader.ints("claim_type")?,
            from: reader.days("from_date")?,
            thru: reader.days("thru_date")?,
            processed: reader.days("proc_date")?,
            admission: reader.days("admission_date")?,
            discharge: reader.days("discharge_date")?,
            ccn: reader.codes("ccn", ccn, |text| facility(text, context))?,
            facility_type: reader.codes("facility_type", None, |t| Ok((first_byte(t), denies(t))))?,
            service_class: reader.codes("service_class", None, |t| Ok(first_byte(t)))?,
            unpaid: reader.codes("nonpayment", None, |text| Ok(!text.trim().is_empty()))?,
            ended: reader.codes("discharge_status", None, |t| Ok(!context.uses.open.iter().any(|code| code == t)))?,
            paid: reader.longs("paid_cents")?,
            deductible: reader.longs("deductible_cents")?,
            coinsurance: reader.longs("coinsurance_cents")?,
            additions: additions(reader, law.removed)?,
            carried: Carried::new(reader)?,
            attending: reader.codes("attending_npi", attending, npi)?,
            other: reader.codes("other_npi", other, npi)?,
            rendering: reader.codes("rendering_npi", rendering, npi)?,
            covid: reader.codes("diagnoses", covid_kept, |text| Ok(covid(text, context)))?,
            diagnoses: claim_diagnoses(reader, context, diagnoses_kept)?,
        })
    }
}

/// Diagnoses of claims, each distinct text looked at once.
fn claim_diagnoses(
    reader: &Reader<'_>,
    context: &Context,
    kept: Option<Codes<Box<[Icd10]>>>,
) -> Result<Option<Codes<Box<[Icd10]>>>, Problems> {
    let look = |scoring: &Scoring| reader.codes("diagnoses", kept, |text| Ok(scoring.diagnoses(text)));
    context.scoring.as_ref().map(look).transpose()
}

/// Columns of the parts of inpatient payments that are taken off.
fn additions(reader: &Reader<'_>, removed: [bool; PARTS.len()]) -> Result<Vec<ScalarBuffer<i64>>, Problems> {
    let columns =
        ["ime_operating_cents", "ime_capital_cents", "dsh_operating_cents", "dsh_capital_cents", "uncompensated_cents"];
    columns.into_iter().zip(removed).filter(|(_, removed)| *removed).map(|(column, _)| reader.longs(column)).collect()
}

fn first_byte(text: &str) -> u8 {
    text.trim().bytes().next().unwrap_or(0)
}

impl RevenueView {
    pub(crate) fn new(reader: &Reader<'_>, context: &Context, kept: Option<RevenueView>) -> Result<Self, Problems> {
        let (center, service_kept, rendering) = match kept {
            Some(v) => (Some(v.center), Some(v.service), Some(v.rendering)),
            None => (None, None, None),
        };
        let centers = |text: &str| {
            let professional = context.cah_centers.iter().any(|prefix| text.starts_with(prefix.as_str()));
            let years = context.performances.iter().enumerate();
            let clinics = years.fold(0, |bits, (at, p)| {
                bits | u32::from(p.care.clinic_centers.iter().any(|center| center == text)) << at
            });
            Ok(Center { professional, clinics, emergency: context.uses.is_emergency(text) })
        };
        Ok(RevenueView {
            claim: reader.longs("claim_key")?,
            date: reader.days("service_date")?,
            center: reader.codes("center", center, centers)?,
            service: reader.codes("hcpcs", service_kept, |text| Ok(service(text, context)))?,
            paid: reader.longs("paid_cents")?,
            deductible: reader.longs("deductible_cents")?,
            coinsurance: reader.longs("coinsurance_cents")?,
            rendering: reader.codes("rendering_npi", rendering, |text| Ok(clinician(text, context)))?,
        })
    }
}

impl LineView {
    pub(crate) fn new(
        reader: &Reader<'_>,
        context: &Context,
        kept: Option<LineView>,
        professional: bool,
    ) -> Result<LineView, Problems> {
        let law = &context.spend;
        let (mut codes, mut tins, mut texts, mut before) = (None, None, None, None);
        let mut lines = Vec::new();
        if let Some(v) = kept {
            (codes, tins, texts, before) = (Some(v.service), Some(v.tin), Some(v.tin_text), v.professional);
            lines = v.lines;
        }
        let tin = |text: &str| {
            let participant = context.entities.tins.get(text).copied().unwrap_or(NOBODY);
            Ok(Practice { participant, improper: context.improper.of_tin(text) })
        };
        let professional = if professional {
            let (specialty, place, diagnoses) =
                before.map_or((None, None, None), |v| (Some(v.specialty), Some(v.place), v.diagnoses));
            Some(Professional {
                first_date: reader.days("first_date")?,
                specialty: reader.codes("specialty", specialty, |text| {
                    Ok(Specialty { number: context.names.specialty(text), visited: context.uses.visited(text) })
                })?,
                place: reader.codes("place", place, |text| Ok(context.names.place(text)))?,
                allowed: reader.longs("allowed_cents")?,
                diagnoses: claim_diagnoses(reader, context, diagnoses)?,
            })
        } else {
            None
        };
        let mut view = LineView {
            lines: Vec::new(),
            claim: reader.longs("claim_key")?,
            line: reader.ints("line")?,
            claim_type: reader.ints("claim_type")?,
            last_date: reader.days("last_date")?,
            processed: reader.days("proc_date")?,
            denied: reader.codes("denial", None, |text| Ok(law.denied_carrier.iter().any(|code| code == text)))?,
            accepted: reader.codes("processing", None, |t| Ok(law.accepted_processing.iter().any(|code| code == t)))?,
            service: reader.codes("hcpcs", codes, |text| Ok(service(text, context)))?,
            tin: reader.codes("tin", tins, tin)?,
            tin_text: reader.codes("tin", texts, pack)?,
            paid: reader.longs("paid_cents")?,
            carried: Carried::new(reader)?,
            professional,
        };
        view.look(context, &mut lines);
        view.lines = lines;
        Ok(view)
    }
}
