//! The raw tables: their RIF column names and what stands in them.

use acoledger_synth::Nation;
use acoledger_synth::tables::{Claims, Enrollment, Lines, YearTables};
use std::sync::Arc;

/// A function from a row to what stands in it.
type Read<T, V> = Box<dyn Fn(&T, usize) -> V + Send + Sync>;

/// How a column is filled.
pub(super) enum Fill<T> {
    /// A word of a list; positions outside and the list's blanks are blank.
    Word(Read<T, u32>, Arc<Words>),
    /// One character.
    Letter(Read<T, u8>),
    /// A whole number.
    Whole(Read<T, i64>),
    /// A day, [`acoledger_synth::tables::NO_DATE`] for none.
    Day(Read<T, i32>),
    /// Cents, written as dollars.
    Money(Read<T, i64>),
    /// A beneficiary's number, written as text.
    Person(Read<T, u64>),
}

/// A column of a raw table.
pub(super) struct Column<T> {
    pub(super) name: String,
    pub(super) fill: Fill<T>,
}

/// A list of words that columns point into.
#[derive(Debug)]
pub(super) struct Words(pub(super) Vec<String>);

impl Words {
    /// The word; `None`: blank.
    pub(super) fn get(&self, at: u32) -> Option<&str> {
        self.0.get(at as usize).map(String::as_str).filter(|word| !word.is_empty())
    }
}

/// Something with rows.
pub(super) trait Rows: Sync {
    /// How many.
    fn count(&self) -> usize;
}
impl Rows for Lines {
    fn count(&self) -> usize {
        self.bene.len()
    }
}
impl Rows for Claims {
    fn count(&self) -> usize {
        self.lines.header.len()
    }
}
impl Rows for Enrollment {
    fn count(&self) -> usize {
        self.bene.len()
    }
}

/// The columns of all raw tables.
pub(super) struct Layout {
    pub(super) enrollment: Vec<Column<Enrollment>>,
    pub(super) carrier: Vec<Column<Lines>>,
    pub(super) dme: Vec<Column<Lines>>,
    pub(super) inpatient: Vec<Column<Claims>>,
    pub(super) snf: Vec<Column<Claims>>,
    pub(super) outpatient: Vec<Column<Claims>>,
    pub(super) hha: Vec<Column<Claims>>,
    pub(super) hospice: Vec<Column<Claims>>,
}

/// The lists of a nation.
struct Lists {
    codes: Arc<Words>,
    tins: Arc<Words>,
    npis: Arc<Words>,
    ccns: Arc<Words>,
    counties: Arc<Words>,
}

impl Layout {
    /// The layout of a nation's files.
    pub(super) fn new(nation: &Nation) -> Layout {
        let list = |words: Vec<String>| Arc::new(Words(words));
        let lists = Lists {
            codes: list(nation.codes().to_vec()),
            tins: list(nation.tins()),
            npis: list(nation.npis()),
            ccns: list(nation.ccns()),
            counties: list(nation.counties()),
        };
        let facility = |extra: Vec<Column<Claims>>| {
            let mut columns = header_columns(&lists);
            columns.extend(extra);
            columns.extend(line_columns(&lists));
            columns
        };
        Layout {
            enrollment: enrollment_columns(&lists),
            carrier: lines_columns(&lists, true),
            dme: lines_columns(&lists, false),
            inpatient: facility([stay_columns(&lists), inpatient_columns(&lists)].into_iter().flatten().collect()),
            snf: facility(stay_columns(&lists)),
            outpatient: facility(outpatient_columns(&lists)),
            hha: facility(Vec::new()),
            hospice: facility(Vec::new()),
        }
    }
}

/// Rows of every raw table of a year, by the name that its files begin with.
pub(super) const TABLES: [&str; 8] =
    ["beneficiary", "carrier", "dme", "inpatient", "snf", "outpatient", "hha", "hospice"];

/// Rows that a year holds now, in the order of [`TABLES`].
pub(super) fn counts(year: &YearTables) -> [usize; 8] {
    [
        year.enrollment.count(),
        year.carrier.count(),
        year.dme.count(),
        year.inpatient.count(),
        year.snf.count(),
        year.outpatient.count(),
        year.hha.count(),
        year.hospice.count(),
    ]
}

fn word<T>(name: &str, words: &Arc<Words>, read: impl Fn(&T, usize) -> u32 + Send + Sync + 'static) -> Column<T> {
    Column { name: name.to_owned(), fill: Fill::Word(Box::new(read), words.clone()) }
}
fn letter<T>(name: &str, read: impl Fn(&T, usize) -> u8 + Send + Sync + 'static) -> Column<T> {
    Column { name: name.to_owned(), fill: Fill::Letter(Box::new(read)) }
}
fn whole<T>(name: &str, read: impl Fn(&T, usize) -> i64 + Send + Sync + 'static) -> Column<T> {
    Column { name: name.to_owned(), fill: Fill::Whole(Box::new(read)) }
}
fn day<T>(name: &str, read: impl Fn(&T, usize) -> i32 + Send + Sync + 'static) -> Column<T> {
    Column { name: name.to_owned(), fill: Fill::Day(Box::new(read)) }
}
fn money<T>(name: &str, read: impl Fn(&T, usize) -> i64 + Send + Sync + 'static) -> Column<T> {
    Column { name: name.to_owned(), fill: Fill::Money(Box::new(read)) }
}
fn person<T>(read: impl Fn(&T, usize) -> u64 + Send + Sync + 'static) -> Column<T> {
    Column { name: "BENE_ID".to_owned(), fill: Fill::Person(Box::new(read)) }
}

fn enrollment_columns(lists: &Lists) -> Vec<Column<Enrollment>> {
    let mut columns: Vec<Column<Enrollment>> = vec![
        person(|t: &Enrollment, i| t.bene[i]),
        day("BENE_BIRTH_DT", |t: &Enrollment, i| t.birth[i]),
        letter("SEX_IDENT_CD", |t: &Enrollment, i| t.sex[i]),
        day("BENE_DEATH_DT", |t: &Enrollment, i| t.death[i]),
        whole("BENE_ENROLLMT_REF_YR", |t: &Enrollment, i| i64::from(t.year[i])),
        letter("ENTLMT_RSN_ORIG", |t: &Enrollment, i| t.original_reason[i]),
        letter("ENTLMT_RSN_CURR", |t: &Enrollment, i| t.current_reason[i]),
    ];
    for month in 0..12 {
        let name = format!("STATE_CNTY_FIPS_CD_{:02}", month + 1);
        columns.push(word(&name, &lists.counties, move |t: &Enrollment, i| t.county[i][month]));
    }
    for month in 0..12 {
        let name = format!("MDCR_STATUS_CODE_{:02}", month + 1);
        columns.push(word(&name, &lists.codes, move |t: &Enrollment, i| u32::from(t.status[i][month])));
    }
    for month in 0..12 {
        let name = format!("MDCR_ENTLMT_BUYIN_IND_{:02}", month + 1);
        columns.push(letter(&name, move |t: &Enrollment, i| t.buyin[i][month]));
    }
    for month in 0..12 {
        columns.push(letter(&format!("HMO_IND_{:02}", month + 1), move |t: &Enrollment, i| t.plan[i][month]));
    }
    for month in 0..12 {
        let name = format!("DUAL_STUS_CD_{:02}", month + 1);
        columns.push(word(&name, &lists.codes, move |t: &Enrollment, i| u32::from(t.dual[i][month])));
    }
    columns
}

fn lines_columns(lists: &Lists, carrier: bool) -> Vec<Column<Lines>> {
    let code = |name: &str, read: fn(&Lines, usize) -> u16| word(name, &lists.codes, move |t, i| u32::from(read(t, i)));
    let mut columns = vec![
        person(|t: &Lines, i| t.bene[i]),
        whole("CLM_ID", |t: &Lines, i| t.claim[i]),
        code("NCH_CLM_TYPE_CD", |t, i| t.claim_type[i]),
        day("CLM_FROM_DT", |t: &Lines, i| t.from[i]),
        day("CLM_THRU_DT", |t: &Lines, i| t.thru[i]),
        day("NCH_WKLY_PROC_DT", |t: &Lines, i| t.processed[i]),
        code("CARR_CLM_PMT_DNL_CD", |t, i| t.denial[i]),
        money("CLM_PMT_AMT", |t: &Lines, i| t.claim_paid[i]),
        code("PRNCPAL_DGNS_CD", |t, i| t.principal[i]),
        code("ICD_DGNS_CD1", |t, i| t.principal[i]),
        code("ICD_DGNS_CD2", |t, i| t.second[i]),
        whole("LINE_NUM", |t: &Lines, i| i64::from(t.line[i])),
        word("TAX_NUM", &lists.tins, |t: &Lines, i| t.practice[i]),
        code("PRVDR_SPCLTY", |t, i| t.specialty[i]),
        code("LINE_PLACE_OF_SRVC_CD", |t, i| t.place[i]),
        day("LINE_1ST_EXPNS_DT", |t: &Lines, i| t.first[i]),
        day("LINE_LAST_EXPNS_DT", |t: &Lines, i| t.last[i]),
        code("HCPCS_CD", |t, i| t.hcpcs[i]),
        code("HCPCS_1ST_MDFR_CD", |t, i| t.modifier[i]),
        money("LINE_NCH_PMT_AMT", |t: &Lines, i| t.paid[i]),
        money("LINE_ALOWD_CHRG_AMT", |t: &Lines, i| t.allowed[i]),
        code("LINE_PRCSG_IND_CD", |t, i| t.processing[i]),
    ];
    if carrier {
        columns.insert(12, word("PRF_PHYSN_NPI", &lists.npis, |t: &Lines, i| t.clinician[i]));
        columns.push(code("LINE_ICD_DGNS_CD", |t, i| t.diagnosis[i]));
    }
    columns
}

/// The claim of a line.
fn of(claims: &Claims, line: usize) -> usize {
    claims.lines.header[line] as usize
}

fn header_columns(lists: &Lists) -> Vec<Column<Claims>> {
    let code = |name: &str, read: fn(&Claims, usize) -> u16| {
        word(name, &lists.codes, move |t, i| u32::from(read(t, of(t, i))))
    };
    vec![
        person(|t: &Claims, i| t.headers.bene[of(t, i)]),
        whole("CLM_ID", |t: &Claims, i| t.headers.claim[of(t, i)]),
        code("NCH_CLM_TYPE_CD", |t, h| t.headers.claim_type[h]),
        day("CLM_FROM_DT", |t: &Claims, i| t.headers.from[of(t, i)]),
        day("CLM_THRU_DT", |t: &Claims, i| t.headers.thru[of(t, i)]),
        day("NCH_WKLY_PROC_DT", |t: &Claims, i| t.headers.processed[of(t, i)]),
        word("PRVDR_NUM", &lists.ccns, |t: &Claims, i| t.headers.facility[of(t, i)]),
        code("CLM_FAC_TYPE_CD", |t, h| t.headers.facility_type[h]),
        code("CLM_SRVC_CLSFCTN_TYPE_CD", |t, h| t.headers.service_class[h]),
        code("CLM_FREQ_CD", |t, h| t.headers.frequency[h]),
        code("CLM_MDCR_NON_PMT_RSN_CD", |t, h| t.headers.nonpayment[h]),
        money("CLM_PMT_AMT", |t: &Claims, i| t.headers.paid[of(t, i)]),
        code("PRNCPAL_DGNS_CD", |t, h| t.headers.diagnoses[h][0]),
        code("ICD_DGNS_CD1", |t, h| t.headers.diagnoses[h][0]),
        code("ICD_DGNS_CD2", |t, h| t.headers.diagnoses[h][1]),
        code("ICD_DGNS_CD3", |t, h| t.headers.diagnoses[h][2]),
        code("ICD_DGNS_CD4", |t, h| t.headers.diagnoses[h][3]),
        word("AT_PHYSN_NPI", &lists.npis, |t: &Claims, i| t.headers.clinicians[of(t, i)][0]),
        code("PTNT_DSCHRG_STUS_CD", |t, h| t.headers.status[h]),
    ]
}

fn stay_columns(lists: &Lists) -> Vec<Column<Claims>> {
    vec![
        day("CLM_ADMSN_DT", |t: &Claims, i| t.headers.admission[of(t, i)]),
        day("NCH_BENE_DSCHRG_DT", |t: &Claims, i| t.headers.discharge[of(t, i)]),
        word("CLM_DRG_CD", &lists.codes, |t: &Claims, i| u32::from(t.headers.drg[of(t, i)])),
    ]
}

fn inpatient_columns(_: &Lists) -> Vec<Column<Claims>> {
    const NAMES: [&str; 5] = [
        "IME_OP_CLM_VAL_AMT",
        "CLM_PPS_CPTL_IME_AMT",
        "DSH_OP_CLM_VAL_AMT",
        "CLM_PPS_CPTL_DSPRPRTNT_SHR_AMT",
        "CLM_UNCOMPD_CARE_PMT_AMT",
    ];
    let column = |(at, name): (usize, &str)| money(name, move |t: &Claims, i| t.headers.extras[of(t, i)][at]);
    NAMES.into_iter().enumerate().map(column).collect()
}

fn outpatient_columns(lists: &Lists) -> Vec<Column<Claims>> {
    vec![
        word("OP_PHYSN_NPI", &lists.npis, |t: &Claims, i| t.headers.clinicians[of(t, i)][1]),
        word("OT_PHYSN_NPI", &lists.npis, |t: &Claims, i| t.headers.clinicians[of(t, i)][2]),
        money("NCH_BENE_PTB_DDCTBL_AMT", |t: &Claims, i| t.headers.deductible[of(t, i)]),
        money("NCH_BENE_PTB_COINSRNC_AMT", |t: &Claims, i| t.headers.coinsurance[of(t, i)]),
        whole("REV_CNTR_UNIT_CNT", |t: &Claims, i| i64::from(t.lines.units[i])),
        money("REV_CNTR_CASH_DDCTBL_AMT", |t: &Claims, i| t.lines.deductible[i]),
        money("REV_CNTR_COINSRNC_WGE_ADJSTD_C", |t: &Claims, i| t.lines.coinsurance[i]),
        money("REV_CNTR_PMT_AMT_AMT", |t: &Claims, i| t.lines.paid[i]),
        word("RNDRNG_PHYSN_NPI", &lists.npis, |t: &Claims, i| t.lines.rendering[i]),
        word("HCPCS_CD", &lists.codes, |t: &Claims, i| u32::from(t.lines.hcpcs[i])),
        day("REV_CNTR_DT", |t: &Claims, i| t.lines.date[i]),
    ]
}

fn line_columns(lists: &Lists) -> Vec<Column<Claims>> {
    vec![
        whole("CLM_LINE_NUM", |t: &Claims, i| i64::from(t.lines.line[i])),
        word("REV_CNTR", &lists.codes, |t: &Claims, i| u32::from(t.lines.center[i])),
    ]
}
