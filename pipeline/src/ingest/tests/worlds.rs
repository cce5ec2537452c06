//! Real and invented deliveries read whole, against a naive reading of the same files.

use super::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// A folder of test data that may be absent.
pub(super) fn oracle(path: &str) -> Option<PathBuf> {
    let root = std::env::var("ACOLEDGER_ORACLES").map(PathBuf::from);
    let root = root.unwrap_or_else(|_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"));
    let folder = root.join(path);
    if !folder.is_dir() {
        eprintln!("oracles absent: {}", folder.display());
        return None;
    }
    Some(folder)
}

/// What a naive reading finds: rows by raw table, and what the lake must hold.
#[derive(Debug, Default, PartialEq, Eq)]
struct Naive {
    rows: BTreeMap<String, u64>,
    lives: BTreeSet<String>,
    lines: BTreeMap<String, (usize, i64, i64)>,
    claims: (usize, i64),
    revenue: (usize, i64),
}

fn cents(text: &str) -> i64 {
    let dollars: f64 = text.parse().expect("an amount");
    (dollars * 100.0).round() as i64
}

fn naive(raw: &Path) -> Naive {
    let mut naive = Naive::default();
    let (mut lines, mut claims, mut revenue) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for path in crate::files::files_below(raw).expect("a folder") {
        let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let table = if stem.starts_with("beneficiary_20") { "enrollment".to_owned() } else { stem };
        if ["beneficiary_history", "pde", "export_summary"].contains(&table.as_str()) {
            continue;
        }
        let text = fs::read_to_string(&path).expect("text");
        let mut reader =
            csv::ReaderBuilder::new().delimiter(b'|').from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let header = reader.headers().expect("a header").clone();
        for record in reader.records() {
            let record = record.expect("a row");
            let cell = |name: &str| header.iter().position(|h| h == name).map_or("", |at| record.get(at).unwrap_or(""));
            *naive.rows.entry(table.clone()).or_default() += 1;
            naive.lives.insert(cell("BENE_ID").to_owned());
            let claim = (cell("BENE_ID").to_owned(), cell("CLM_ID").to_owned());
            match table.as_str() {
                "enrollment" => {}
                "carrier" | "dme" => {
                    let money = (cents(cell("LINE_NCH_PMT_AMT")), cents(cell("LINE_ALOWD_CHRG_AMT")));
                    lines.insert((table.clone(), claim, cell("LINE_NUM").to_owned()), money);
                }
                _ => {
                    claims.insert(claim.clone(), cents(cell("CLM_PMT_AMT")));
                    if table == "outpatient" {
                        revenue.insert((claim, cell("CLM_LINE_NUM").to_owned()), cents(cell("REV_CNTR_PMT_AMT_AMT")));
                    }
                }
            }
        }
    }
    for ((table, _, _), (paid, allowed)) in lines {
        let sums = naive.lines.entry(table).or_default();
        *sums = (sums.0 + 1, sums.1 + paid, sums.2 + allowed);
    }
    naive.claims = (claims.len(), claims.values().sum());
    naive.revenue = (revenue.len(), revenue.values().sum());
    naive
}

/// The same from the lake.
fn from_lake(lake: &Path, report: &IngestReport) -> Naive {
    let mut found = Naive::default();
    for source in &report.sources {
        *found.rows.entry(source.table.clone()).or_default() += source.read.rows;
    }
    found.lives = lines(&batches(lake, report, "bene"), &["bene_id"]).into_iter().collect();
    for table in ["carrier", "dme"] {
        let all = batches(lake, report, table);
        found.lines.insert(table.into(), (rows(&all), sum(&all, "paid_cents"), sum(&all, "allowed_cents")));
    }
    let (facility, revenue) = (batches(lake, report, "facility"), batches(lake, report, "revenue"));
    found.claims = (rows(&facility), sum(&facility, "paid_cents"));
    found.revenue = (rows(&revenue), sum(&revenue, "paid_cents"));
    found
}

fn check(folder: &str) -> Option<(IngestReport, tempfile::TempDir)> {
    let raw = oracle(folder)?;
    let out = tempfile::tempdir().expect("disk");
    let report = run(&plan(&raw, out.path()), &Quiet).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(from_lake(out.path(), &report), naive(&raw), "{folder}");
    assert_eq!(report.total(|of| of.rejected), Tally::default(), "{folder}");
    Some((report, out))
}

/// Rows that the README of the worlds states.
fn stated(world: &str) -> BTreeMap<String, u64> {
    let text =
        fs::read_to_string(oracle(&format!("data/worlds/{world}")).expect("there").join("README.md")).expect("text");
    let (_, list) = text.split_once("Rows: ").expect("a list of rows");
    let list = list.split('\n').next().expect("a line").trim_end_matches('.');
    let number = |text: &str| text.replace(',', "").parse().expect("a number");
    list.split(", ")
        .map(|of| of.rsplit_once(' ').expect("two words"))
        .map(|(name, count)| (name.into(), number(count)))
        .collect()
}

#[test]
fn worlds_are_read_whole() {
    for world in ["w1", "w2", "w3"] {
        let Some((report, _)) = check(&format!("data/worlds/{world}/raw")) else { return };
        let rows: BTreeMap<String, u64> = report.sources.iter().fold(BTreeMap::new(), |mut rows, source| {
            *rows.entry(source.table.clone()).or_default() += source.read.rows;
            rows
        });
        assert_eq!(rows, stated(world), "{world}");
        assert!(report.normalised["month_na_is_blank"] > 0);
    }
}

#[test]
fn the_cms_sample_is_read_whole() {
    let Some((report, out)) = check("data/rif/cms_synthetic_sample") else { return };
    assert_eq!((report.lives, report.sources.len(), report.ignored.len()), (3, 18, 3));
    let enrollment = batches(out.path(), &report, "enrollment");
    let columns = ["birth_date", "county_fips", "county_ssa", "status", "buyin", "plan", "dual"];
    let first = lines(&enrollment, &columns);
    let expected = format!(
        "1942-01-17|{}|{}|{}|{}|{}|{}",
        "25017".repeat(12),
        "22090".repeat(12),
        "10".repeat(12),
        "C".repeat(12),
        " ".repeat(12),
        "04".repeat(12)
    );
    assert!(first.contains(&expected), "{first:#?}");
    assert_eq!(report.normalised["byte_order_mark"], 11);
}

#[test]
fn headers_of_the_public_synthetic_set_are_understood() {
    use acoledger_ingest::dialect::{FileLayout, FileShape};
    let Some(folder) = oracle("data/rif") else { return };
    let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut reader = csv::Reader::from_path(folder.join("public_synthetic_rif_columns.csv")).expect("a file");
    for record in reader.records().map(|record| record.expect("a row")) {
        headers.entry(record[0].trim_end_matches(".csv").to_owned()).or_default().push(record[2].to_owned());
    }
    let layout = RawLayout::rif();
    let mut lacking = Vec::new();
    for table in &layout.tables {
        let name = if table.name == "enrollment" { "beneficiary" } else { &table.name };
        let header: Vec<&str> = headers[name].iter().map(String::as_str).collect();
        let file = FileLayout::of(&layout, &table.name, &header).expect("nothing required is missing");
        assert!(matches!(file.shape, FileShape::Lines | FileShape::Year));
        lacking.extend(file.not_available.iter().map(|column| format!("{}.{column}", table.name)));
    }
    let expected = [
        "carrier.control_number",
        "dme.control_number",
        "dme.line_diagnosis",
        "outpatient.control_number",
        "outpatient.original_control_number",
        "inpatient.control_number",
        "inpatient.original_control_number",
        "snf.control_number",
        "snf.original_control_number",
        "hha.control_number",
        "hha.original_control_number",
        "hospice.control_number",
        "hospice.original_control_number",
    ];
    assert_eq!(lacking, expected);
}
