//! Rows of a feed from the rows of a year.

use super::deliveries::{Deliveries, Record};
use super::facilities;
use crate::trouble::Outcome;
use acoledger_schemas::values::Date;
use acoledger_synth::Nation;
use acoledger_synth::tables::{Claims, Enrollment, Lines, NO_DATE, YearTables};
use std::collections::BTreeSet;

/// What a cancelled original was paid beyond what stands.
const CORRECTED_CENTS: i64 = 1000;
/// Days that an original was processed before what replaced it.
const DAYS_BEFORE: i32 = 30;
/// Deliveries before this one carry earlier identifiers of lives that changed theirs.
const CURRENT_FROM: usize = 2;

/// Texts that rows point into.
pub(super) struct Lists {
    codes: Vec<String>,
    pub(super) tins: Vec<String>,
    npis: Vec<String>,
    ccns: Vec<String>,
    counties: Vec<String>,
}

impl Lists {
    pub(super) fn new(nation: &Nation) -> Lists {
        let (tins, npis, ccns, counties) = (nation.tins(), nation.npis(), nation.ccns(), nation.counties());
        Lists { codes: nation.codes().to_vec(), tins, npis, ccns, counties }
    }

    fn code(&self, at: u16) -> &str {
        &self.codes[usize::from(at)]
    }
}

fn listed(words: &[String], at: u32) -> &str {
    words.get(at as usize).map_or("", String::as_str)
}

/// A number without a pattern from one with it.
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let number = (number ^ (number >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    number ^ (number >> 33)
}

/// Whether a life does not share its claims.
pub(super) fn opted_out(bene: u64) -> bool {
    mixed(bene).is_multiple_of(50)
}

/// How often a life's identifier changed: 0, 1 or 2 times.
fn changes(bene: u64) -> usize {
    match mixed(bene) % 40 {
        1 => 2,
        2 | 3 => 1,
        _ => 0,
    }
}

/// The identifier of a life in a delivery.
fn identifier(bene: u64, delivery: usize) -> String {
    match (changes(bene), delivery) {
        (2, 0) => format!("A{bene}"),
        (2, 1) | (1, 0 | 1) => format!("B{bene}"),
        _ => bene.to_string(),
    }
}

/// What a version of a claim is, beside its content.
#[derive(Clone, Copy)]
struct Version {
    claim: u64,
    /// `0` original, `1` cancel, `2` adjustment.
    action: &'static str,
    processed: i32,
    /// What it was paid beyond what stands.
    beyond: i64,
}

/// The versions of a claim, and whether the one that stands comes again in the next delivery.
fn versions(claim: i64, processed: i32, is_part_b: bool, deliveries: &mut Deliveries) -> (Vec<Version>, bool) {
    let standing = Version { claim: claim as u64, action: "0", processed, beyond: 0 };
    let mut own = |action, processed, beyond| Version { claim: deliveries.own_claim(), action, processed, beyond };
    match mixed(claim as u64) % 25 {
        0 => {
            let before = own("0", processed - DAYS_BEFORE, CORRECTED_CENTS);
            let cancel = own("1", processed, CORRECTED_CENTS);
            // Part B has no adjustments: what replaces an original is an original (packet 5.2.2).
            let action = if is_part_b { "0" } else { "2" };
            (vec![before, cancel, Version { action, ..standing }], false)
        }
        1 => (vec![own("0", processed - DAYS_BEFORE, 0), own("1", processed, 0), standing], false),
        2 => (vec![standing], true),
        _ => (vec![standing], false),
    }
}

/// Writes what a year holds of the lives in the feed.
pub(super) fn write(
    year: &YearTables,
    lists: &Lists,
    lives: &BTreeSet<u64>,
    deliveries: &mut Deliveries,
) -> Outcome<()> {
    for at in (0..year.enrollment.bene.len()).filter(|at| lives.contains(&year.enrollment.bene[*at])) {
        list(&year.enrollment, at, lists, deliveries)?;
    }
    for (file, lines) in [('5', &year.carrier), ('6', &year.dme)] {
        let claims: Vec<usize> = (0..lines.bene.len()).collect();
        for rows in claims.chunk_by(|a, b| (lines.bene[*a], lines.claim[*a]) == (lines.bene[*b], lines.claim[*b])) {
            if lives.contains(&lines.bene[rows[0]]) {
                part_b(file, lines, rows, lists, deliveries)?;
            }
        }
    }
    for claims in facilities(year) {
        let lines: Vec<usize> = (0..claims.lines.header.len()).collect();
        for rows in lines.chunk_by(|a, b| claims.lines.header[*a] == claims.lines.header[*b]) {
            let header = claims.lines.header[rows[0]] as usize;
            if lives.contains(&claims.headers.bene[header]) {
                part_a(claims, header, rows, lists, deliveries)?;
            }
        }
    }
    Ok(())
}

fn day(day: i32) -> String {
    if day == NO_DATE { "1000-01-01".into() } else { Date(day).to_string() }
}

fn dollars(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.unsigned_abs() / 100, cents.unsigned_abs() % 100)
}

/// Puts several values into a record.
fn fill(deliveries: &Deliveries, record: &mut Record, values: &[(&str, &str)]) {
    values.iter().for_each(|(name, value)| deliveries.put(record, name, value));
}

/// Writes the records of a version in its delivery, and in the next one where it comes again.
fn deliver(
    version: Version,
    bene: u64,
    again: bool,
    deliveries: &mut Deliveries,
    records: &mut [Record],
) -> Outcome<()> {
    let Some(first) = deliveries.of_day(version.processed) else { return Ok(()) };
    let last = if again { (first + 1).min(deliveries.days.len() - 1) } else { first };
    for at in first..=last {
        let id = identifier(bene, at);
        for record in records.iter_mut() {
            deliveries.put(record, "BENE_MBI_ID", &id);
            deliveries.write(at, record)?;
        }
    }
    Ok(())
}

fn part_b(file: char, t: &Lines, rows: &[usize], lists: &Lists, deliveries: &mut Deliveries) -> Outcome<()> {
    let first = rows[0];
    let (versions, again) = versions(t.claim[first], t.processed[first], true, deliveries);
    let stands = versions.last().map(|version| version.claim);
    for version in versions {
        let mut records = Vec::with_capacity(rows.len());
        for (at, &i) in rows.iter().enumerate() {
            let mut record = deliveries.record(file);
            let beyond = if at == 0 { version.beyond } else { 0 };
            // A claim that was sent twice has a control number of its own each time.
            let control = if version.beyond == 0 && Some(version.claim) != stands { "SENT" } else { "" };
            let values = [
                ("CUR_CLM_UNIQ_ID", version.claim.to_string()),
                ("CLM_LINE_NUM", t.line[i].to_string()),
                ("CLM_TYPE_CD", lists.code(t.claim_type[i]).to_owned()),
                ("CLM_FROM_DT", day(t.from[i])),
                ("CLM_THRU_DT", day(t.thru[i])),
                ("CLM_LINE_FROM_DT", day(t.first[i])),
                ("CLM_LINE_THRU_DT", day(t.last[i])),
                ("CLM_LINE_HCPCS_CD", lists.code(t.hcpcs[i]).to_owned()),
                ("CLM_POS_CD", lists.code(t.place[i]).to_owned()),
                ("CLM_LINE_CVRD_PD_AMT", dollars(t.paid[i] + beyond)),
                ("CLM_LINE_ALOWD_CHRG_AMT", dollars(t.allowed[i])),
                ("CLM_CARR_PMT_DNL_CD", lists.code(t.denial[i]).to_owned()),
                ("CLM_PRCSG_IND_CD", lists.code(t.processing[i]).to_owned()),
                ("CLM_ADJSMT_TYPE_CD", version.action.to_owned()),
                ("CLM_EFCTV_DT", day(version.processed)),
                ("CLM_CNTL_NUM", format!("{control}{}", t.claim[i])),
                ("CLM_DISP_CD", if version.action == "1" { "03" } else { "01" }.to_owned()),
            ];
            values.iter().for_each(|(name, value)| deliveries.put(&mut record, name, value));
            if file == '5' {
                let values = [
                    ("CLM_PRVDR_SPCLTY_CD", lists.code(t.specialty[i])),
                    ("CLM_RNDRG_PRVDR_TAX_NUM", listed(&lists.tins, t.practice[i])),
                    ("CLM_RNDRG_PRVDR_NPI_NUM", listed(&lists.npis, t.clinician[i])),
                    ("CLM_LINE_DGNS_CD", lists.code(t.diagnosis[i])),
                    ("CLM_DGNS_1_CD", lists.code(t.principal[i])),
                    ("CLM_DGNS_2_CD", lists.code(t.second[i])),
                    ("HCPCS_1_MDFR_CD", lists.code(t.modifier[i])),
                    ("HCPCS_5_MDFR_CD", "~"),
                ];
                fill(deliveries, &mut record, &values);
            }
            records.push(record);
        }
        deliver(version, t.bene[first], again, deliveries, &mut records)?;
    }
    Ok(())
}

fn part_a(t: &Claims, h: usize, rows: &[usize], lists: &Lists, deliveries: &mut Deliveries) -> Outcome<()> {
    let header = &t.headers;
    let (versions, again) = versions(header.claim[h], header.processed[h], false, deliveries);
    for version in versions {
        let claim = version.claim.to_string();
        let ccn = listed(&lists.ccns, header.facility[h]);
        let kind = lists.code(header.claim_type[h]);
        let (from, thru) = (day(header.from[h]), day(header.thru[h]));
        let common = [("CUR_CLM_UNIQ_ID", claim.as_str()), ("CLM_TYPE_CD", kind), ("PRVDR_OSCAR_NUM", ccn)];
        let mut record = deliveries.record('1');
        fill(deliveries, &mut record, &common);
        let values = [
            ("CLM_FROM_DT", from.clone()),
            ("CLM_THRU_DT", thru.clone()),
            ("CLM_BLG_PRVDR_OSCAR_NUM", ccn.to_owned()),
            ("CLM_BILL_FAC_TYPE_CD", lists.code(header.facility_type[h]).to_owned()),
            ("CLM_BILL_CLSFCTN_CD", lists.code(header.service_class[h]).to_owned()),
            ("CLM_BILL_FREQ_CD", lists.code(header.frequency[h]).to_owned()),
            ("PRNCPL_DGNS_CD", lists.code(header.diagnoses[h][0]).to_owned()),
            ("CLM_MDCR_NPMT_RSN_CD", lists.code(header.nonpayment[h]).to_owned()),
            ("CLM_PMT_AMT", dollars(header.paid[h] + version.beyond)),
            ("BENE_PTNT_STUS_CD", lists.code(header.status[h]).to_owned()),
            ("CLM_ADJSMT_TYPE_CD", version.action.to_owned()),
            ("CLM_EFCTV_DT", day(version.processed)),
            ("CLM_ATNDG_PRVDR_NPI_NUM", listed(&lists.npis, header.clinicians[h][0]).to_owned()),
            ("CLM_CNTL_NUM", format!("C{claim}")),
        ];
        values.iter().for_each(|(name, value)| deliveries.put(&mut record, name, value));
        if matches!(kind, "60" | "20" | "30") {
            deliveries.put(&mut record, "DGNS_DRG_CD", lists.code(header.drg[h]));
        }
        if kind == "60" {
            const PARTS: [&str; 5] = [
                "CLM_OPRTNL_IME_AMT",
                "CLM_MDCR_IP_PPS_CPTL_IME_AMT",
                "CLM_OPRTNL_DSPRPRTNT_AMT",
                "CLM_MDCR_IP_PPS_DSPRPRTNT_AMT",
                "CLM_HIPPS_UNCOMPD_CARE_AMT",
            ];
            for (name, cents) in PARTS.into_iter().zip(header.extras[h]) {
                deliveries.put(&mut record, name, &dollars(cents));
            }
        }
        if kind == "40" {
            let [_, operating, other] = header.clinicians[h];
            let npis = [("CLM_OPRTG_PRVDR_NPI_NUM", operating), ("CLM_OTHR_PRVDR_NPI_NUM", other)];
            npis.iter().for_each(|(name, npi)| deliveries.put(&mut record, name, listed(&lists.npis, *npi)));
        }
        let mut records = vec![record];
        for &i in rows {
            let mut record = deliveries.record('2');
            fill(deliveries, &mut record, &common);
            let (number, center) = (t.lines.line[i].to_string(), lists.code(t.lines.center[i]));
            let values = [("CLM_LINE_NUM", number.as_str()), ("CLM_LINE_PROD_REV_CTR_CD", center)];
            fill(deliveries, &mut record, &values);
            if kind == "40" {
                let values = [
                    ("CLM_LINE_INSTNL_REV_CTR_DT", day(t.lines.date[i])),
                    ("CLM_LINE_HCPCS_CD", lists.code(t.lines.hcpcs[i]).to_owned()),
                    ("CLM_LINE_SRVC_UNIT_QTY", format!("{}.0000", t.lines.units[i])),
                    ("CLM_LINE_CVRD_PD_AMT", dollars(t.lines.paid[i])),
                ];
                values.iter().for_each(|(name, value)| deliveries.put(&mut record, name, value));
            }
            records.push(record);
        }
        let diagnoses = header.diagnoses[h].iter().enumerate();
        for (at, code) in diagnoses.filter(|(_, code)| !lists.code(**code).is_empty()) {
            let mut record = deliveries.record('4');
            fill(deliveries, &mut record, &common);
            let number = (at + 1).to_string();
            fill(deliveries, &mut record, &[("CLM_VAL_SQNC_NUM", &number), ("CLM_DGNS_CD", lists.code(*code))]);
            records.push(record);
        }
        deliver(version, header.bene[h], again, deliveries, &mut records)?;
    }
    Ok(())
}

/// A life's line of a year's assignment list.
fn list(t: &Enrollment, i: usize, lists: &Lists, deliveries: &mut Deliveries) -> Outcome<()> {
    let flags: Vec<String> = (0..12).map(|month| flag(t, i, month, lists).to_string()).collect();
    if flags.iter().any(|flag| flag != "0") {
        deliveries.list(t.year[i], &format!("{},{}", t.bene[i], flags.join(",")))?;
    }
    Ok(())
}

/// Snapshots and links of the lives in every delivery: a life stands as its last year before the delivery has it.
pub(super) fn snapshots(
    years: &[YearTables],
    lists: &Lists,
    lives: &BTreeSet<u64>,
    deliveries: &mut Deliveries,
) -> Outcome<()> {
    for &bene in lives {
        let rows = years.iter().map(|year| &year.enrollment);
        let rows: Vec<(&Enrollment, usize)> =
            rows.filter_map(|t| t.bene.iter().position(|of| *of == bene).map(|at| (t, at))).collect();
        for at in 0..deliveries.days.len() {
            let (year, month, _) = deliveries.days[at].0.ymd();
            let Some(&(t, i)) = rows.iter().rev().find(|(t, i)| t.year[*i] <= year) else { continue };
            let month = if t.year[i] == year { month as usize - 1 } else { 11 };
            snapshot(t, i, month, at, lists, deliveries)?;
            links(bene, at, deliveries)?;
        }
    }
    Ok(())
}

fn snapshot(
    t: &Enrollment,
    i: usize,
    month: usize,
    at: usize,
    lists: &Lists,
    deliveries: &mut Deliveries,
) -> Outcome<()> {
    let bene = t.bene[i];
    let mut record = deliveries.record('8');
    let county = listed(&lists.counties, t.county[i][month]);
    let dies = if t.death[i] <= deliveries.days[at].0.0 { t.death[i] } else { NO_DATE };
    let values = [
        ("BENE_MBI_ID", identifier(bene, at)),
        ("BENE_DOB", day(t.birth[i])),
        ("BENE_DEATH_DT", if dies == NO_DATE { "9999-12-31".into() } else { day(dies) }),
        ("BENE_SEX_CD", char::from(t.sex[i]).to_string()),
        ("BENE_FIPS_STATE_CD", county.get(..2).unwrap_or("00").to_owned()),
        ("BENE_FIPS_CNTY_CD", county.get(2..5).unwrap_or("000").to_owned()),
        ("BENE_MDCR_STUS_CD", lists.code(t.status[i][month]).to_owned()),
        ("BENE_DUAL_STUS_CD", lists.code(t.dual[i][month]).to_owned()),
        ("BENE_ORGNL_ENTLMT_RSN_CD", char::from(t.original_reason[i]).to_string()),
    ];
    values.iter().for_each(|(name, value)| deliveries.put(&mut record, name, value));
    deliveries.write(at, &record)
}

/// The links of a life in a delivery: each says what the identifier that was current before leads to.
fn links(bene: u64, at: usize, deliveries: &mut Deliveries) -> Outcome<()> {
    let (first, second, now) = (format!("A{bene}"), format!("B{bene}"), bene.to_string());
    let mut links = Vec::new();
    if changes(bene) == 2 && at > 0 {
        links.push((first, second.clone()));
    }
    if changes(bene) > 0 && at >= CURRENT_FROM {
        links.push((second, now.clone()));
    }
    if mixed(bene) % 16 == 5 {
        links.push((now.clone(), now));
    }
    for (previous, current) in links {
        let mut record = deliveries.record('9');
        let values = [
            ("HICN_MBI_XREF_IND", "M"),
            ("CRNT_NUM", current.as_str()),
            ("PRVS_NUM", previous.as_str()),
            ("PRVS_ID_EFCTV_DT", "2018-04-01"),
            ("PRVS_ID_OBSLT_DT", "9999-12-31"),
        ];
        fill(deliveries, &mut record, &values);
        deliveries.write(at, &record)?;
    }
    Ok(())
}

/// `EnrollFlag` of a month: 0 not enrolled, 1 ESRD, 2 disabled, 3 aged dual, 4 aged non-dual (M.B.2).
fn flag(t: &Enrollment, i: usize, month: usize, lists: &Lists) -> u8 {
    let first = Date::first_of_month(t.year[i] * 12 + month as i32).0;
    let alive = t.death[i] == NO_DATE || t.death[i] >= first;
    let both = matches!(t.buyin[i][month], b'3' | b'C');
    let fee_for_service = matches!(t.plan[i][month], 0 | b' ' | b'0' | b'4');
    if !alive || !both || !fee_for_service {
        return 0;
    }
    let (born, _, day) = Date(t.birth[i]).ymd();
    let aged_from = Date(t.birth[i]).month_index() + 65 * 12 - i32::from(day == 1);
    let aged = born > 0 && t.year[i] * 12 + month as i32 >= aged_from;
    match (lists.code(t.status[i][month]), aged, lists.code(t.dual[i][month])) {
        ("11" | "21" | "31", ..) => 1,
        (_, false, _) => 2,
        (_, true, "01" | "02" | "04" | "08") => 3,
        _ => 4,
    }
}
