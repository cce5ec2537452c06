//! The Claim and Claim Line Feed: a sample of four deliveries against its expected results and a naive reading, the packet's
//! own examples, and deliveries that are not whole.

use super::worlds::oracle;
use super::*;
use acoledger_schemas::cclf::{self, Field};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;

/// A record of a file from the fields that are given; others are blank.
pub(super) fn record(file: char, fields: &[(&str, &str)]) -> String {
    let known = cclf::records().into_iter().find(|record| record.file == file).expect("a file of the feed");
    let cell = |field: &Field| {
        let value = fields.iter().find(|(name, _)| *name == field.name).map_or("", |(_, value)| value);
        let width = field.length;
        assert!(value.len() <= width, "{}: {value}", field.name);
        match field.format.as_bytes() {
            [b'9', ..] => format!("{value:0>width$}"),
            [b'-', ..] if !value.is_empty() => format!(" {value:0>rest$}", rest = width - 1),
            _ => format!("{value:<width$}"),
        }
    };
    for (name, _) in fields {
        assert!(known.fields.iter().any(|field| field.name == *name), "CCLF{file} has no {name}");
    }
    known.fields.iter().map(cell).collect()
}

/// Deliveries in a folder of their own.
struct Deliveries {
    folder: tempfile::TempDir,
}

const DAY: &str = "D250110";
const LIFE: &str = "1EG4TE5MK73";

impl Deliveries {
    /// The files without which there is no feed: one life, enrolled in 2012 and 2024, no claims.
    fn new() -> Deliveries {
        let deliveries = Deliveries { folder: tempfile::tempdir().expect("a folder") };
        fs::create_dir(deliveries.raw()).expect("a folder");
        let life = [
            ("BENE_MBI_ID", LIFE),
            ("BENE_DOB", "1940-05-06"),
            ("BENE_DEATH_DT", "9999-12-31"),
            ("BENE_SEX_CD", "2"),
            ("BENE_FIPS_STATE_CD", "36"),
            ("BENE_FIPS_CNTY_CD", "103"),
            ("BENE_MDCR_STUS_CD", "10"),
            ("BENE_DUAL_STUS_CD", "NA"),
        ];
        deliveries.file('8', &[&life]).file('1', &[]).file('5', &[]);
        let header =
            "BENE_MBI_ID,".to_owned() + &(1..=12).map(|at| format!("EnrollFlag{at}")).collect::<Vec<_>>().join(",");
        deliveries.text("assignment_list_2012.csv", &format!("{header}\n{LIFE},4,4,4,4,4,4,4,4,4,4,4,0\n"));
        deliveries
    }

    fn raw(&self) -> PathBuf {
        self.folder.path().join("raw")
    }

    fn text(&self, name: &str, text: &str) -> &Deliveries {
        fs::write(self.raw().join(name), text).expect("disk");
        self
    }

    /// A file of the delivery of [`DAY`].
    fn file(&self, file: char, records: &[&[(&str, &str)]]) -> &Deliveries {
        self.text(&name(file, DAY), &text(file, records))
    }

    fn try_read(&self) -> Result<IngestReport, String> {
        pool(2)
            .install(|| run(&self.plan(), &Quiet))
            .map_err(|problems| problems.first.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    fn plan(&self) -> IngestPlan {
        IngestPlan { layout: Layout::Cclf, ..plan(&self.raw(), &self.lake()) }
    }

    fn lake(&self) -> PathBuf {
        self.folder.path().join("lake")
    }

    fn read(&self) -> IngestReport {
        self.try_read().expect("a whole delivery")
    }

    fn table(&self, report: &IngestReport, table: &str, columns: &[&str]) -> Vec<String> {
        let mut lines = lines(&batches(&self.lake(), report, table), columns);
        lines.sort();
        lines
    }
}

fn name(file: char, day: &str) -> String {
    format!("P.A1234.ACO.ZC{file}Y24.{day}.T1200000")
}

fn text(file: char, records: &[&[(&str, &str)]]) -> String {
    records.iter().map(|fields| record(file, fields) + "\n").collect()
}

fn found(report: &IngestReport, what: &str) -> u64 {
    report.findings.iter().filter(|note| note.what.contains(what)).map(|note| note.count).sum()
}

/// A Part A claim of the packet's tables 4 and 5.
fn part_a<'a>(
    claim: &'a str,
    from: &'a str,
    thru: &'a str,
    paid: &'a str,
    action: &'a str,
    day: &'a str,
) -> Vec<(&'a str, &'a str)> {
    vec![
        ("CUR_CLM_UNIQ_ID", claim),
        ("PRVDR_OSCAR_NUM", "654321"),
        ("CLM_BLG_PRVDR_OSCAR_NUM", "654321"),
        ("BENE_MBI_ID", LIFE),
        ("CLM_TYPE_CD", "60"),
        ("CLM_FROM_DT", from),
        ("CLM_THRU_DT", thru),
        ("CLM_PMT_AMT", paid),
        ("CLM_ADJSMT_TYPE_CD", action),
        ("CLM_EFCTV_DT", day),
    ]
}

fn part_b<'a>(claim: &'a str, line: &'a str, paid: &'a str, action: &'a str, day: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("CUR_CLM_UNIQ_ID", claim),
        ("CLM_LINE_NUM", line),
        ("BENE_MBI_ID", LIFE),
        ("CLM_TYPE_CD", "71"),
        ("CLM_FROM_DT", "2012-08-01"),
        ("CLM_THRU_DT", "2012-08-01"),
        ("CLM_LINE_FROM_DT", "2012-08-01"),
        ("CLM_LINE_THRU_DT", "2012-08-01"),
        ("CLM_LINE_CVRD_PD_AMT", paid),
        ("CLM_LINE_ALOWD_CHRG_AMT", paid),
        ("CLM_CARR_PMT_DNL_CD", "1"),
        ("CLM_PRCSG_IND_CD", "A"),
        ("CLM_CNTL_NUM", "7"),
        ("CLM_ADJSMT_TYPE_CD", action),
        ("CLM_EFCTV_DT", day),
    ]
}

/// The claims of the packet's tables 4 and 6.
fn packet() -> Deliveries {
    let deliveries = Deliveries::new();
    let (from, thru) = ("2012-07-01", "2012-07-08");
    let claims = [
        part_a("1", from, thru, "200.00", "0", "2012-07-20"),
        part_a("2", from, thru, "0.00", "2", "2012-09-20"),
        part_a("3", from, thru, "200.00", "1", "2012-08-07"),
        part_a("4", from, thru, "210.00", "2", "2012-09-20"),
        part_a("5", from, thru, "0.00", "2", "2012-08-07"),
        part_a("6", from, thru, "0.00", "1", "2012-10-07"),
        part_a("7", "2012-08-20", "2012-08-29", "50.00", "0", "2012-09-20"),
    ];
    let lines = [
        part_b("1", "3", "0.00", "1", "2012-09-02"),
        part_b("1", "1", "380.00", "1", "2012-09-02"),
        part_b("1", "2", "227.00", "1", "2012-09-02"),
        part_b("2", "1", "380.00", "0", "2012-09-02"),
        part_b("2", "2", "227.00", "0", "2012-09-02"),
        part_b("2", "3", "100.00", "0", "2012-09-02"),
        part_b("3", "3", "0.00", "0", "2012-08-15"),
        part_b("3", "1", "380.00", "0", "2012-08-15"),
        part_b("3", "2", "227.00", "0", "2012-08-15"),
    ];
    deliveries.file('1', &claims.iter().map(Vec::as_slice).collect::<Vec<_>>());
    deliveries.file('5', &lines.iter().map(Vec::as_slice).collect::<Vec<_>>());
    deliveries
}

#[test]
fn the_packets_own_examples() {
    let deliveries = packet();
    let report = deliveries.read();
    let part_a = batches(&deliveries.lake(), &report, "facility");
    let part_b = batches(&deliveries.lake(), &report, "carrier");
    assert_eq!(sum(&part_a, "paid_cents"), 26_000, "packet 5.3.2: Part A");
    assert_eq!(sum(&part_b, "paid_cents"), 70_700, "packet 5.3.2: Part B");
    assert_eq!(
        deliveries.table(&report, "facility", &["claim_key"]),
        ["2", "4", "7"],
        "claims 4, 7 and one of 2 and 5"
    );
    assert_eq!(deliveries.table(&report, "carrier", &["claim_key", "line"]), ["2|1", "2|2", "2|3"]);
    assert_eq!(found(&report, "cancels that took away"), 3);
    let cancelled = report.total(|file| file.cancelled);
    assert_eq!((cancelled.rows, cancelled.cents), (4 + 6, 40_000 + 2 * 60_700));
    assert_eq!(
        deliveries.table(&report, "enrollment", &["buyin", "county_fips", "birth_date", "death_date"]),
        [format!("333333333330|{}|1940-05-06|-", "36103".repeat(12))]
    );
}

/// Cancels are told line by line (packet 5.3.1): one that repeats some lines takes these. One that came with the claim of another amount
/// means a claim from before the files, though some of its lines are the same.
#[test]
fn a_cancel_of_some_lines_takes_these_alone() {
    let (first, later) = ("2012-08-15", "2012-09-02");
    let claim =
        |claim, action, day| [part_b(claim, "1", "100.00", action, day), part_b(claim, "2", "20.00", action, day)];
    let paid = |lines: &[Vec<(&str, &str)>]| {
        let deliveries = Deliveries::new();
        deliveries.file('1', &[&part_a("9", "2012-07-01", "2012-07-08", "1.00", "0", first)]);
        deliveries.file('5', &lines.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let report = deliveries.read();
        let cancelled = report.total(|file| file.cancelled);
        (sum(&batches(&deliveries.lake(), &report, "carrier"), "paid_cents"), cancelled.rows, cancelled.cents)
    };
    let [one, two] = claim("1", "0", first);
    let cancel = part_b("2", "2", "20.00", "1", later);
    assert_eq!(paid(&[one.clone(), two.clone(), cancel.clone()]), (10_000, 2, 4_000));
    let replaced = part_b("3", "2", "15.00", "2", later);
    assert_eq!(paid(&[one.clone(), two.clone(), cancel, replaced]), (11_500, 2, 4_000));
    let [whole, of_it] = claim("4", "1", later);
    assert_eq!(paid(&[one, two, whole, of_it]), (0, 4, 24_000));
    let before = [
        part_b("5", "1", "380.00", "1", later),
        part_b("6", "1", "380.00", "0", later),
        part_b("6", "3", "100.00", "0", later),
    ];
    assert_eq!(paid(&before), (48_000, 1, 38_000), "the cancel came with what replaced a claim of 380");
}

#[test]
fn a_claim_that_is_delivered_again_stands_once_as_it_came_last() {
    let deliveries = packet();
    let again = part_a("7", "2012-08-20", "2012-08-29", "55.00", "0", "2012-09-20");
    deliveries.text(&name('1', "D250210"), &text('1', &[&again]));
    let line = part_b("2", "3", "101.00", "0", "2012-09-02");
    deliveries.text(&name('5', "D250210"), &text('5', &[&line]));
    let report = deliveries.read();
    assert_eq!(sum(&batches(&deliveries.lake(), &report, "facility"), "paid_cents"), 26_500);
    assert_eq!(
        sum(&batches(&deliveries.lake(), &report, "carrier"), "paid_cents"),
        70_800,
        "the other lines still stand"
    );
    assert_eq!(found(&report, "replaced"), 2);
    let read = report.total(|file| file.read);
    assert_eq!(read.rows, 1 + 1 + 8 + 10);
}

#[test]
fn diagnoses_and_reductions_join_their_claim() {
    let deliveries = packet();
    let diagnosis = |claim: &'static str, at: &'static str, code: &'static str| {
        vec![("CUR_CLM_UNIQ_ID", claim), ("BENE_MBI_ID", LIFE), ("CLM_VAL_SQNC_NUM", at), ("CLM_DGNS_CD", code)]
    };
    let rows = [diagnosis("7", "02", "E119"), diagnosis("7", "01", "I10"), diagnosis("8", "01", "I10")];
    deliveries.file('4', &rows.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let reduction = |claim: &'static str, sequestration: &'static str| {
        vec![
            ("CUR_CLM_UNIQ_ID", claim),
            ("BENE_MBI_ID", LIFE),
            ("CLM_SQSTRTN_RDCTN_AMT", sequestration),
            ("CLM_PBP_RDCTN_AMT", "10.00"),
        ]
    };
    // One row per condition code: the amounts are those of the claim.
    let rows = [reduction("7", "1.02"), reduction("7", "1.02"), reduction("4", "")];
    deliveries.file('A', &rows.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let mut line = reduction("2", "2.04");
    line.push(("CLM_LINE_NUM", "3"));
    deliveries.file('B', &[&line]);
    let report = deliveries.read();
    let columns = ["claim_key", "diagnoses", "sequestration_cents", "reduction_cents"];
    assert_eq!(deliveries.table(&report, "facility", &columns), ["2||-|-", "4||-|1000", "7|I10 E119|102|1000"]);
    let columns = ["line", "paid_cents", "sequestration_cents", "reduction_cents"];
    assert_eq!(deliveries.table(&report, "carrier", &columns), ["1|38000|-|-", "2|22700|-|-", "3|10000|204|1000"]);
    let rejected = report.total(|file| file.rejected);
    assert_eq!(rejected.rows, 1, "a diagnosis of a claim that is not there");
}

/// A summary that says the truth of the packet's delivery, but for CCLF1, and names CCLF6 if asked to.
fn summary(part_a: u64, dme: u64) -> String {
    let mut text = String::from("File Number  |File Description    |Total Records Count |Record Length\n");
    for (file, title, records, length) in [
        ("CCLF1", "Part A Claims Header File", part_a, 437),
        ("CCLF5", "Part B Physicians File", 9, 388),
        ("CCLF6", "Part B DME File", dme, 247),
        ("CCLF8", "Beneficiary Demographics File", 1, 549),
    ] {
        text += &format!("{file:<7}|{title:<43}|{records:>11}|{length:>5} \n");
    }
    text
}

#[test]
fn a_summary_is_compared_with_what_was_read() {
    let deliveries = packet();
    deliveries.text(&name('0', DAY), &summary(7, 0));
    let report = deliveries.read();
    assert_eq!(found(&report, "deliveries without CCLF0"), 0);
    let before = bytes_of(&deliveries.lake());
    deliveries.text(&name('0', DAY), &summary(8, 0));
    let said = deliveries.try_read().expect_err("a wrong count");
    assert!(said.contains("ZC1Y24.D250110.T1200000: 7 records, where CCLF0 of its delivery says 8"), "{said}");
    deliveries.text(&name('0', DAY), &summary(7, 3));
    let said = deliveries.try_read().expect_err("a missing file");
    assert!(said.contains("CCLF6 is missing, of which CCLF0 says 3 records"), "{said}");
    deliveries.text(&name('0', DAY), &summary(7, 0).replace("  388 ", "  390 "));
    let said = deliveries.try_read().expect_err("another length");
    assert!(said.contains("its records have 388 bytes, where CCLF0 says 390"), "{said}");
    for (wrong, expected) in [
        (
            summary(7, 0).replace("CCLF6  ", "CC LF6 "),
            "line 4, column `File Number`: not a file of a delivery: `CC LF6`",
        ),
        (summary(7, 0).replace("CCLF6", "CCLF5"), "line 4, column `File Number`: the file is named twice"),
        (summary(7, 0).replace("|  388 ", ""), "line 3, column `Record Length`: not a length of records"),
        (summary(7, 0).replace("CCLF5", "CCLF7"), "CCLF0 of its delivery does not name this file"),
    ] {
        deliveries.text(&name('0', DAY), &wrong);
        let said = deliveries.try_read().expect_err(expected);
        assert!(said.contains(expected), "{said}");
    }
    assert_eq!(bytes_of(&deliveries.lake()), before, "the lake is as it was");
}

/// What no code list has is no original claim and no month without enrollment.
#[test]
fn codes_that_do_not_exist_reject_their_row() {
    let deliveries = packet();
    let from = ("2012-07-01", "2012-07-08");
    let odd = [
        part_a("1", from.0, from.1, "200.00", "7", "2012-07-20"),
        part_a("2", from.0, from.1, "200.00", "", "2012-07-20"),
        part_a("3", from.0, from.1, "200.00", "0", "2012-07-20"),
    ];
    deliveries.file('1', &odd.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let report = deliveries.read();
    assert_eq!(deliveries.table(&report, "facility", &["claim_key"]), ["3"]);
    assert_eq!(report.total(|of| of.rejected).cents, 40_000);
    let rejects = fs::read_to_string(deliveries.lake().join("rejects.csv")).expect("some rows are rejected");
    assert_eq!(rejects.matches("CLM_ADJSMT_TYPE_CD,no code of this column").count(), 2, "{rejects}");
    for flag in ["5", "X", "~9"] {
        let flags = fs::read_to_string(deliveries.raw().join("assignment_list_2012.csv")).expect("a list");
        deliveries.text("assignment_list_2012.csv", &flags.replacen(",4,", &format!(",{flag},"), 1));
        let report = deliveries.read();
        assert!(report.total(|of| of.rejected).rows > 2, "{flag}");
        deliveries.text("assignment_list_2012.csv", &flags);
    }
}

#[test]
fn lists_that_disagree_are_told() {
    let deliveries = packet();
    assert_eq!(found(&deliveries.read(), "tell differently"), 0);
    let list = fs::read_to_string(deliveries.raw().join("assignment_list_2012.csv")).expect("a list");
    let other = list.replacen(",4,", ",3,", 1);
    deliveries.text("P.A1234.ACO.AALR.Y12.D130112.T1200000", &other);
    let report = deliveries.read();
    assert_eq!(found(&report, "tell differently"), 1);
    // The dated list is the later one.
    let status = deliveries.table(&report, "enrollment", &["dual"]);
    fs::remove_file(deliveries.raw().join("assignment_list_2012.csv")).expect("disk");
    assert_eq!(deliveries.table(&deliveries.read(), "enrollment", &["dual"]), status);
    deliveries.text("enrollment_months.csv", &format!("CURRENT_BENE_MBI_ID,BENE_MEMBER_MONTH\n{LIFE},2012-12-01\n"));
    assert_eq!(found(&deliveries.read(), "tell differently"), 1, "a month that the list does not have");
}

#[test]
fn a_feed_is_one_acos() {
    let deliveries = packet();
    deliveries.text(&name('8', DAY).replace("A1234", "A9999"), "");
    let said = deliveries.try_read().expect_err("two ACOs");
    assert!(said.contains("files of 2 ACOs: A1234, A9999"), "{said}");
}

#[test]
fn a_cut_record_stops_the_reading_and_names_it() {
    let deliveries = packet();
    let whole = fs::read_to_string(deliveries.raw().join(name('5', DAY))).expect("text");
    deliveries.text(&name('5', DAY), &whole[..whole.len() - 40]);
    let said = deliveries.try_read().expect_err("a cut record");
    assert!(
        said.contains("ZC5Y24.D250110.T1200000, line 9: a record of 349 bytes, where the file's records have 388"),
        "{said}"
    );
    assert!(!deliveries.lake().join("manifest.json").exists());
    deliveries.text(&name('5', DAY), &whole[300..]);
    let said = deliveries.try_read().expect_err("a cut first record");
    assert!(said.contains("line 1: a record of 88 bytes, where a record of CCLF5 has 388"), "{said}");
}

#[test]
fn one_file_of_a_delivery_may_be_there_once() {
    let deliveries = packet();
    let other = name('1', DAY).replace("T1200000", "T1300000");
    deliveries.text(&other, &text('1', &[]));
    let said = deliveries.try_read().expect_err("twice");
    assert!(
        said.contains("T1300000: a second file of the regular delivery of 2025-01-10 for 2024: `raw/P.A1234"),
        "{said}"
    );
    let deliveries = packet();
    deliveries.text("notes.txt", "hello");
    let said = deliveries.try_read().expect_err("unknown");
    assert!(said.contains("raw/notes.txt: the name is none of a feed's"), "{said}");
}

#[test]
fn without_enrollment_months_there_is_no_study() {
    let deliveries = packet();
    fs::remove_file(deliveries.raw().join("assignment_list_2012.csv")).expect("disk");
    let said = deliveries.try_read().expect_err("no months");
    assert!(said.contains("no enrollment months: CCLF8 says who a life is on the day of a delivery"), "{said}");
    deliveries.text("assignment_list.csv", "BENE_MBI_ID,EnrollFlag1\n");
    let said = deliveries.try_read().expect_err("no year");
    assert!(said.contains("an assignment list without a year in its name"), "{said}");
}

/// The deliveries of a folder as one archive, under names that `rename` makes.
fn archive(deliveries: &Deliveries, rename: impl Fn(&str) -> String) {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for path in crate::files::files_below(&deliveries.raw()).expect("a folder") {
        let file_name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if !file_name.contains(".ACO.") {
            continue;
        }
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file(rename(&file_name), options).expect("a name");
        archive.write_all(&fs::read(&path).expect("a file")).expect("memory");
        fs::remove_file(path).expect("disk");
    }
    let bytes = archive.finish().expect("an archive").into_inner();
    fs::write(deliveries.raw().join("P.A1234.ACO.ZCY24.D250110.T1200000.zip"), bytes).expect("disk");
}

#[test]
fn an_archive_makes_the_lake_of_its_files() {
    let deliveries = packet();
    deliveries.text(&name('0', DAY), &summary(7, 0));
    let tables = |report: &IngestReport| -> Vec<(String, String)> {
        report.files.iter().map(|file| (file.file.clone(), file.sha256.clone())).collect()
    };
    let plain = tables(&deliveries.read());
    archive(&deliveries, str::to_owned);
    assert_eq!(tables(&deliveries.read()), plain);
}

#[test]
fn an_archive_with_a_path_in_it_or_a_damaged_one_is_refused() {
    for bad in ["../", "/etc/", "inside/", "C:\\"] {
        let deliveries = packet();
        archive(&deliveries, |name| if name.contains("ZC5") { format!("{bad}{name}") } else { name.to_owned() });
        let said = deliveries.try_read().expect_err("a path");
        assert!(said.contains(".zip: a name in the archive leads to a folder: `"), "{said}");
        assert_eq!(fs::read_dir(deliveries.folder.path()).expect("a folder").count(), 1, "nothing was written: {bad}");
    }
    let deliveries = packet();
    archive(&deliveries, str::to_owned);
    let path = deliveries.raw().join("P.A1234.ACO.ZCY24.D250110.T1200000.zip");
    let mut bytes = fs::read(&path).expect("a file");
    // Inside the bytes of CCLF1, the first file.
    bytes[120] ^= 0x55;
    fs::write(&path, &bytes).expect("disk");
    deliveries.try_read().expect_err("a damaged archive");
}

#[test]
fn an_archive_with_one_name_twice_or_without_a_file_is_refused() {
    let deliveries = packet();
    archive(&deliveries, |name| name.replace("ZC5", "ZC6"));
    let path = deliveries.raw().join("P.A1234.ACO.ZCY24.D250110.T1200000.zip");
    let bytes = fs::read(&path).expect("a file");
    // The writer takes no name twice; the bytes of one are made those of another.
    let (one, other) = (b"ZC6Y24", b"ZC8Y24");
    let places: Vec<usize> = bytes.windows(6).enumerate().filter(|(_, at)| at == one).map(|(at, _)| at).collect();
    let mut twice = bytes.clone();
    places.iter().for_each(|at| twice[*at..at + 6].copy_from_slice(other));
    fs::write(&path, &twice).expect("disk");
    let said = deliveries.try_read().expect_err("one name twice");
    assert!(said.contains("3 entries in the archive, of 2 names"), "{said}");
    fs::write(&path, [&b"PK\x05\x06"[..], &[0; 18]].concat()).expect("disk");
    let said = deliveries.try_read().expect_err("no file");
    assert!(said.contains("an archive without a file"), "{said}");
}

/// The sample's folder beside a lake of our own.
fn sample() -> Option<(PathBuf, Deliveries, IngestReport)> {
    let root = oracle("data/cclf")?;
    let deliveries = Deliveries { folder: tempfile::tempdir().expect("a folder") };
    let plan = IngestPlan { layout: Layout::Cclf, ..plan(&root.join("sample"), &deliveries.lake()) };
    let report = pool(2).install(|| run(&plan, &Quiet)).expect("the sample is whole");
    Some((root, deliveries, report))
}

/// A version of a claim as the naive reading has it.
struct Naive {
    life: String,
    key: String,
    action: String,
    cents: i64,
}

/// Versions of claims in all files, each claim once as its last delivery has it, by claim and line.
fn naive(sample: &Path) -> BTreeMap<(String, String), Naive> {
    let mut current: BTreeMap<String, String> = BTreeMap::new();
    let mut files: Vec<String> = fs::read_dir(sample)
        .expect("a folder")
        .map(|e| e.expect("a file").file_name().to_string_lossy().into_owned())
        .collect();
    files.sort_by_key(|name| name.split('.').nth(4).map(str::to_owned));
    let mut versions = BTreeMap::new();
    for pass in ["9", "156"] {
        for name in &files {
            let Some(file) = name.split("ZC").nth(1).and_then(|rest| rest.chars().next()) else { continue };
            if !pass.contains(file) {
                continue;
            }
            let known = cclf::records().into_iter().find(|record| record.file == file).expect("known");
            for line in fs::read_to_string(sample.join(name)).expect("text").lines() {
                let cell = |name: &str| {
                    let field = known.fields.iter().find(|field| field.name == name);
                    field.map_or("", |field| line[field.start..field.start + field.length].trim()).to_owned()
                };
                if file == '9' {
                    current.insert(cell("PRVS_NUM"), cell("CRNT_NUM"));
                    continue;
                }
                let mut life = cell("BENE_MBI_ID");
                while let Some(next) = current.get(&life).filter(|next| **next != life) {
                    life.clone_from(next);
                }
                let (key, paid) = match file {
                    '1' => {
                        (cell("CLM_BLG_PRVDR_OSCAR_NUM") + &cell("CLM_FROM_DT") + &cell("CLM_THRU_DT"), "CLM_PMT_AMT")
                    }
                    _ => (cell("CLM_CNTL_NUM"), "CLM_LINE_CVRD_PD_AMT"),
                };
                let cents = cell(paid).replace('.', "").parse().expect("an amount");
                let version = Naive { life, key, action: cell("CLM_ADJSMT_TYPE_CD"), cents };
                let claim = cell("CUR_CLM_UNIQ_ID").trim_start_matches('0').to_owned();
                let line = cell("CLM_LINE_NUM").trim_start_matches('0').to_owned();
                versions.insert((claim, line), version);
            }
        }
    }
    versions
}

/// Claims and lines of the lake: life, claim, line, cents, service, codes that deny.
fn standing(deliveries: &Deliveries, report: &IngestReport) -> Vec<Vec<String>> {
    let bene: BTreeMap<String, String> = deliveries
        .table(report, "bene", &["bene_key", "bene_id"])
        .iter()
        .filter_map(|line| line.split_once('|').map(|(key, id)| (key.to_owned(), id.to_owned())))
        .collect();
    let mut rows = Vec::new();
    for (table, columns) in [
        ("facility", ["bene_key", "claim_key", "claim_type", "paid_cents", "drg", "nonpayment", "claim_type"]),
        ("carrier", ["bene_key", "claim_key", "line", "paid_cents", "hcpcs", "denial", "processing"]),
        ("dme", ["bene_key", "claim_key", "line", "paid_cents", "hcpcs", "denial", "processing"]),
    ] {
        for line in deliveries.table(report, table, &columns) {
            let mut row: Vec<String> = line.split('|').map(str::to_owned).collect();
            row[0] = bene[&row[0]].clone();
            if table == "facility" {
                row[2] = String::new();
            }
            let denied = match table {
                "facility" => !row[5].is_empty(),
                _ => row[5] == "0" || !matches!(row[6].as_str(), "A" | "R" | "S"),
            };
            row.truncate(5);
            row.push(if denied { "denied" } else { "stands" }.into());
            rows.push(row);
        }
    }
    rows
}

#[test]
fn the_sample_holds_to_the_cent() {
    let Some((root, deliveries, report)) = sample() else { return };
    let standing = standing(&deliveries, &report);
    let text = fs::read_to_string(root.join("sample_expected.csv")).expect("text");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut expected: BTreeMap<String, Vec<csv::StringRecord>> = BTreeMap::new();
    for row in reader.records() {
        let row = row.expect("a row");
        expected.entry(row[1].to_owned()).or_default().push(row);
    }
    assert_eq!(expected.values().map(Vec::len).sum::<usize>(), 13);
    let cents = |dollars: &str| dollars.replace('.', "").parse::<i64>().expect("dollars");
    for (life, rows) in &expected {
        let claims: Vec<&Vec<String>> = standing.iter().filter(|row| row[0] == *life && row[5] == "stands").collect();
        let mut named = BTreeSet::new();
        for row in rows {
            match &row[2] {
                "NONE" => assert_eq!(claims.len(), 0, "{row:?}"),
                "ELIG" => {}
                "TOTAL" => {
                    let total: i64 = claims.iter().map(|claim| claim[3].parse::<i64>().expect("cents")).sum();
                    assert_eq!(total, cents(&row[5]), "{row:?}");
                    let ids: BTreeSet<&str> = claims.iter().map(|claim| claim[1].as_str()).collect();
                    assert!(ids.contains("1017") && ids.contains("1020") && ids.len() == 3, "{ids:?}");
                    assert!(ids.contains("1015") != ids.contains("1018"), "{ids:?}");
                    continue;
                }
                claim => {
                    let id = claim.trim_start_matches('0');
                    let found = claims.iter().find(|of| of[1] == id && of[2] == row[3]);
                    let found = found.unwrap_or_else(|| panic!("{row:?}"));
                    named.insert((found[1].clone(), found[2].clone()));
                    if &row[5] != "not checked" {
                        assert_eq!(found[3].parse::<i64>(), Ok(cents(&row[5])), "{row:?}");
                    }
                    assert!(row[4].is_empty() || found[4] == row[4], "{row:?}");
                }
            }
        }
        if !named.is_empty() {
            assert_eq!(claims.len(), named.len(), "{life}: no other claim stands");
        }
    }
    let lives = deliveries.table(&report, "bene", &["bene_id"]);
    assert_eq!(lives.len(), 27, "27 people, under one identifier each: {lives:?}");
    let enrolled = deliveries.table(&report, "enrollment", &["bene_key", "buyin", "dual"]);
    assert_eq!(enrolled.len(), 52, "two years of each life, one of lives 20 and 22");
    let keys = deliveries.table(&report, "bene", &["bene_key", "bene_id"]);
    let key = keys.iter().find_map(|row| row.strip_suffix("|9TT0FK0XX22")).expect("life 22");
    let s21b: Vec<&String> = enrolled.iter().filter(|row| row.split('|').next() == Some(key)).collect();
    assert_eq!(s21b.len(), 1);
    assert!(s21b[0].ends_with("|330000000000|0202                    "), "{s21b:?}");
}

#[test]
fn the_sample_sums_to_its_signed_amounts() {
    let Some((root, deliveries, report)) = sample() else { return };
    let mut signed: BTreeMap<(String, String), (i64, bool)> = BTreeMap::new();
    let naive = naive(&root.join("sample"));
    for version in naive.values() {
        let sum = signed.entry((version.life.clone(), version.key.clone())).or_default();
        sum.0 += if version.action == "1" { -version.cents } else { version.cents };
        sum.1 |= version.action == "0";
    }
    let mut standing_cents: BTreeMap<(String, String), i64> = BTreeMap::new();
    for row in standing(&deliveries, &report) {
        let version = &naive[&(row[1].clone(), row[2].clone())];
        assert_eq!((&version.life, version.cents.to_string()), (&row[0], row[3].clone()), "{row:?}");
        assert_ne!(version.action, "1", "a cancel stands: {row:?}");
        *standing_cents.entry((row[0].clone(), version.key.clone())).or_default() += version.cents;
    }
    for (key, (cents, original)) in signed {
        // Without its original the signed sum of a key is no spending (packet 5.3.1): two keys of life 08, one of life 09.
        if original {
            assert_eq!(standing_cents.get(&key).copied().unwrap_or(0), cents, "{key:?}");
        }
    }
    assert_eq!(found(&report, "cancels of claims that are not in the files"), 2);
    let read = report.total(|file| file.read).rows;
    let lines: usize = fs::read_dir(root.join("sample"))
        .expect("a folder")
        .map(|e| fs::read_to_string(e.expect("a file").path()).expect("text").lines().count())
        .sum();
    assert_eq!(read, lines as u64 - 1, "every line but one header");
    assert_eq!(report.total(|file| file.rejected).rows, 0);
}

#[test]
fn identities_of_the_sample_lead_to_one_life() {
    let Some((_, deliveries, report)) = sample() else { return };
    let lives = deliveries.table(&report, "bene", &["bene_id"]);
    assert!(lives.iter().all(|id| !id.starts_with("9TT0FK0XX8")), "old identifiers: {lives:?}");
    assert_eq!(found(&report, "identifiers that lead to themselves"), 4, "one in each delivery");
    assert_eq!(found(&report, "lead to different ones"), 1, "83 led to 84 before it led to 17");
    assert_eq!(found(&report, "identifiers of lives that later ones replaced"), 7);
}

#[test]
fn research_files_that_carry_cancels_go_the_same_way() {
    let folder = tempfile::tempdir().expect("a folder");
    let raw = folder.path().join("raw");
    fs::create_dir(&raw).expect("a folder");
    let rif = RawLayout::rif();
    let carrier = "BENE_ID|CLM_ID|NCH_CLM_TYPE_CD|CLM_FROM_DT|CLM_THRU_DT|NCH_WKLY_PROC_DT|CARR_CLM_PMT_DNL_CD|CLM_DISP_CD|\
                   CARR_CLM_CNTL_NUM|LINE_NUM|LINE_LAST_EXPNS_DT|LINE_PRCSG_IND_CD|HCPCS_CD|PRVDR_SPCLTY|LINE_PLACE_OF_SRVC_CD|\
                   TAX_NUM|LINE_NCH_PMT_AMT|LINE_ALOWD_CHRG_AMT";
    let line = |claim: u32, processed: &str, action: &str, control: &str, number: u32, paid: &str| {
        format!(
            "1|{claim}|71|2024-01-05|2024-01-05|{processed}|1|{action}|{control}|{number}|2024-01-05|A|99213|11|11|1|{paid}|{paid}\n"
        )
    };
    let rows = [
        line(1, "2024-01-19", "01", "K1", 1, "100.00"),
        line(1, "2024-01-19", "01", "K1", 2, "50.00"),
        line(2, "2024-02-02", "03", "K1", 1, "100.00"),
        line(2, "2024-02-02", "03", "K1", 2, "50.00"),
        line(3, "2024-02-02", "01", "K1", 1, "80.00"),
        line(4, "2024-01-19", "01", "K2", 1, "7.00"),
    ];
    for table in &rif.tables {
        let lines =
            rif.columns_of(&table.name).filter(|column| table.name != "enrollment" || column.lake != "county_ssa");
        let names: Vec<String> = lines
            .flat_map(|column| {
                let pattern = &column.names[0];
                acoledger_schemas::raw::RawColumn::spelled(pattern).into_iter().map(|names| names[0].clone())
            })
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        fs::write(raw.join(format!("{}.csv", table.files[0])), names.join("|") + "\n").expect("disk");
    }
    fs::write(raw.join("carrier.csv"), format!("{carrier}\n{}", rows.concat())).expect("disk");
    let plan = plan(&raw, &folder.path().join("lake"));
    let report = pool(1).install(|| run(&plan, &Quiet)).expect("whole");
    let standing = lines(&batches(&plan.lake, &report, "carrier"), &["claim_key", "line", "paid_cents"]);
    assert_eq!(standing, ["3|1|8000", "4|1|700"]);
    let cancelled = report.total(|file| file.cancelled);
    assert_eq!((cancelled.rows, cancelled.cents), (4, 30_000));
}

#[test]
fn threads_and_shards_have_no_say() {
    let deliveries = packet();
    let read = |threads: usize, shards: u32| {
        let plan = IngestPlan { shards, ..deliveries.plan() };
        let report = pool(threads).install(|| run(&plan, &Quiet)).expect("whole");
        let tables = ["bene", "enrollment", "facility", "carrier"];
        let rows = tables.map(|table| {
            let batches = batches(&deliveries.lake(), &report, table);
            lines(&batches, &["bene_key"]).len()
        });
        (rows, report.sources, report.findings, report.normalised)
    };
    assert_eq!(read(1, 1), read(2, 8));
}
