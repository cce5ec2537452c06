//! A world of the oracle: study, program files, raw claims, expected tables. A test-only reader, so that these tests do not
//! depend on ingest.

use crate::lake::{Lake, Row};
use crate::walk::Rows;
use acoledger_person::{Context, Facts};
use acoledger_schemas::program::Program;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::study::Study;
use acoledger_schemas::table::{Table, read_csv};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

pub(crate) struct World {
    pub(crate) folder: PathBuf,
    pub(crate) program: Program,
    pub(crate) facts: Facts,
    pub(crate) lake: Lake,
}

/// The folder of a world, or `None` with a word about it where the oracles are absent.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let oracles = std::env::var_os("ACOLEDGER_ORACLES")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let folder = oracles.join("data/worlds").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("oracles absent: {}", folder.display());
    None
}

fn program<T: Table>(folder: &Path) -> Option<Vec<T>> {
    let path = folder.join("program").join(T::SPEC.name).with_extension("csv");
    let file = File::open(&path).ok()?;
    Some(read_csv(file, &path.display().to_string()).unwrap_or_else(|problems| panic!("{problems}")))
}

impl World {
    pub(crate) fn read(folder: PathBuf) -> World {
        let text = std::fs::read_to_string(folder.join("study.toml")).expect("a study");
        let study = Study::parse(&text).expect("a sound study");
        let program = Program {
            aco: program(&folder).expect("ACOs"),
            participant: program(&folder),
            participant_ccn: program(&folder),
            aco_provider: program(&folder),
            provider_specialty: program(&folder),
            voluntary_alignment: program(&folder),
            other_initiative: program(&folder),
            risk_score: program(&folder),
            esrd_month: program(&folder),
            lis_adi: program(&folder),
            non_claims_payment: program(&folder),
            claim_reduction: program(&folder),
            eta_hospital: program(&folder),
            eta_fee: program(&folder),
            ..Program::default()
        };
        let mut lake = Lake::default();
        let mut lives = BTreeSet::new();
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(folder.join("raw")).expect("raw").map(|entry| entry.expect("entry").path()).collect();
        files.sort();
        for file in files {
            let stem = file.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
            read_raw(&file, |raw| {
                lives.insert(raw["BENE_ID"].clone());
                match stem.as_str() {
                    stem if stem.starts_with("beneficiary") => enrollment(raw, &mut lake),
                    "carrier" => line("carrier", raw, &mut lake),
                    "dme" => line("dme", raw, &mut lake),
                    _ => facility(raw, &mut lake),
                }
            });
        }
        for bene_id in lives {
            lake.push("bene", None, Row::from([("bene_id", bene_id)]));
        }
        let facts = Facts::of(&study, false).expect("a maturity");
        World { folder, program, facts, lake }
    }

    pub(crate) fn context(&self) -> Context {
        let rules = Rules::built_in().expect("the shipped rules are sound");
        Context::new(&rules, &self.program, &self.facts).unwrap_or_else(|problems| panic!("{problems}"))
    }

    pub(crate) fn expected(&self, name: &str) -> Rows {
        let mut reader =
            csv::Reader::from_path(self.folder.join("expected").join(format!("{name}.csv"))).expect("a table");
        reader.deserialize().map(|row| row.expect("a row")).collect()
    }
}

fn read_raw(path: &Path, mut take: impl FnMut(&BTreeMap<String, String>)) {
    let mut reader = csv::ReaderBuilder::new().delimiter(b'|').from_path(path).expect("a raw file");
    for row in reader.deserialize() {
        take(&row.expect("a row"));
    }
}

/// A date as the worlds write it, ISO.
fn iso(text: &str) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    if let [day, month, year] = text.split('-').collect::<Vec<_>>()[..]
        && let Some(month) = MONTHS.iter().position(|name| *name == month)
    {
        return format!("{year}-{:02}-{day}", month + 1);
    }
    match text.len() {
        8 => format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]),
        _ => text.to_owned(),
    }
}

/// Fills lake columns from raw ones, where the file has them.
fn fill(row: &mut Row, raw: &BTreeMap<String, String>, columns: &[(&'static str, &str)]) {
    for (to, from) in columns {
        if let Some(text) = raw.get(*from) {
            let date = to.ends_with("_date");
            row.insert(to, if date { iso(text) } else { text.clone() });
        }
    }
}

fn enrollment(raw: &BTreeMap<String, String>, lake: &mut Lake) {
    let year: i32 = raw["BENE_ENROLLMT_REF_YR"].parse().expect("a year");
    let months = |name: &str, width: usize, form: &dyn Fn(&str) -> String| -> String {
        (1..=12).map(|month| format!("{:<width$}", form(&raw[&format!("{name}_{month:02}")]))).collect()
    };
    let plain = |text: &str| text.to_owned();
    let dual = |text: &str| if text.len() == 1 { format!("0{text}") } else { text.to_owned() };
    let mut row = Row::from([
        ("county_fips", months("STATE_CNTY_FIPS_CD", 5, &plain)),
        ("status", months("MDCR_STATUS_CODE", 2, &plain)),
        ("buyin", months("MDCR_ENTLMT_BUYIN_IND", 1, &plain)),
        ("plan", months("HMO_IND", 1, &plain)),
        ("dual", months("DUAL_STUS_CD", 2, &dual)),
    ]);
    fill(&mut row, raw, &[("bene_id", "BENE_ID"), ("birth_date", "BENE_BIRTH_DT"), ("death_date", "BENE_DEATH_DT")]);
    lake.push("enrollment", Some(year), row);
}

fn line(table: &'static str, raw: &BTreeMap<String, String>, lake: &mut Lake) {
    let mut row = Row::new();
    let columns = [
        ("bene_id", "BENE_ID"),
        ("claim_id", "CLM_ID"),
        ("line", "LINE_NUM"),
        ("claim_type", "NCH_CLM_TYPE_CD"),
        ("first_date", "LINE_1ST_EXPNS_DT"),
        ("last_date", "LINE_LAST_EXPNS_DT"),
        ("proc_date", "NCH_WKLY_PROC_DT"),
        ("denial", "CARR_CLM_PMT_DNL_CD"),
        ("processing", "LINE_PRCSG_IND_CD"),
        ("hcpcs", "HCPCS_CD"),
        ("specialty", "PRVDR_SPCLTY"),
        ("place", "LINE_PLACE_OF_SRVC_CD"),
        ("tin", "TAX_NUM"),
        ("npi", "PRF_PHYSN_NPI"),
        ("paid_cents", "LINE_NCH_PMT_AMT"),
        ("allowed_cents", "LINE_ALOWD_CHRG_AMT"),
    ];
    fill(&mut row, raw, &columns);
    let year = row["last_date"][..4].parse().expect("a year");
    lake.push(table, Some(year), row);
}

fn facility(raw: &BTreeMap<String, String>, lake: &mut Lake) {
    let mut row = Row::new();
    let columns = [
        ("bene_id", "BENE_ID"),
        ("claim_id", "CLM_ID"),
        ("claim_type", "NCH_CLM_TYPE_CD"),
        ("from_date", "CLM_FROM_DT"),
        ("thru_date", "CLM_THRU_DT"),
        ("proc_date", "NCH_WKLY_PROC_DT"),
        ("admission_date", "CLM_ADMSN_DT"),
        ("discharge_date", "NCH_BENE_DSCHRG_DT"),
        ("ccn", "PRVDR_NUM"),
        ("facility_type", "CLM_FAC_TYPE_CD"),
        ("service_class", "CLM_SRVC_CLSFCTN_TYPE_CD"),
        ("frequency", "CLM_FREQ_CD"),
        ("nonpayment", "CLM_MDCR_NON_PMT_RSN_CD"),
        ("paid_cents", "CLM_PMT_AMT"),
        ("deductible_cents", "NCH_BENE_PTB_DDCTBL_AMT"),
        ("coinsurance_cents", "NCH_BENE_PTB_COINSRNC_AMT"),
        ("ime_operating_cents", "IME_OP_CLM_VAL_AMT"),
        ("ime_capital_cents", "CLM_PPS_CPTL_IME_AMT"),
        ("dsh_operating_cents", "DSH_OP_CLM_VAL_AMT"),
        ("dsh_capital_cents", "CLM_PPS_CPTL_DSPRPRTNT_SHR_AMT"),
        ("uncompensated_cents", "CLM_UNCOMPD_CARE_PMT_AMT"),
        ("attending_npi", "AT_PHYSN_NPI"),
        ("other_npi", "OT_PHYSN_NPI"),
    ];
    fill(&mut row, raw, &columns);
    let numbered = (1..=25).map(|at| format!("ICD_DGNS_CD{at}"));
    let names = std::iter::once("PRNCPAL_DGNS_CD".to_owned()).chain(numbered);
    let diagnoses: Vec<&str> =
        names.filter_map(|name| raw.get(&name)).map(String::as_str).filter(|d| !d.is_empty()).collect();
    row.insert("diagnoses", diagnoses.join(" "));
    let year = row["thru_date"][..4].parse().expect("a year");
    let outpatient = row["claim_type"] == "40";
    lake.push("facility", Some(year), row);
    if outpatient {
        let mut row = Row::new();
        let columns = [
            ("bene_id", "BENE_ID"),
            ("claim_id", "CLM_ID"),
            ("line", "CLM_LINE_NUM"),
            ("center", "REV_CNTR"),
            ("service_date", "REV_CNTR_DT"),
            ("hcpcs", "HCPCS_CD"),
            ("units", "REV_CNTR_UNIT_CNT"),
            ("paid_cents", "REV_CNTR_PMT_AMT_AMT"),
            ("deductible_cents", "REV_CNTR_CASH_DDCTBL_AMT"),
            ("coinsurance_cents", "REV_CNTR_COINSRNC_WGE_ADJSTD_C"),
            ("rendering_npi", "RNDRNG_PHYSN_NPI"),
        ];
        fill(&mut row, raw, &columns);
        lake.push("revenue", Some(year), row);
    }
}
