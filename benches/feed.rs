//! Records of a feed read and packed, beside a bare scan of their lines: `make bench-feed`.
//!
//! The records are those of CCLF5, invented: every field that the lake keeps is filled. One thread, from memory to memory: neither side
//! touches a file. The scan looks for line feeds and sums the lengths between them, which no reader of lines can do without.
//! Both sides count the records, and their counts must be equal. Without `--bench` it runs small and says nothing of time.

use acoledger_ingest::dialect::{FileLayout, Unit};
use acoledger_ingest::extract::{Delivery, Extractor, Reject, Sink};
use acoledger_ingest::fixed::{Records, Spans};
use acoledger_ingest::identity::Identities;
use acoledger_schemas::cclf;
use acoledger_schemas::raw::RawLayout;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Takes what is packed and forgets it.
#[derive(Default)]
struct Forget {
    rows: u64,
    bytes: u64,
    hash: u64,
}

impl Sink for Forget {
    fn row(&mut self, _: Unit, bene_key: u64, row: &[u8]) {
        self.rows += 1;
        self.bytes += row.len() as u64;
        self.hash = self.hash.rotate_left(5) ^ bene_key ^ row.len() as u64;
    }
    fn life(&mut self, _: u64, _: &[u8]) {}
    fn reject(&mut self, reject: Reject<'_>) {
        panic!("{}: {}", reject.column, reject.reason);
    }
}

fn main() {
    let full = std::env::args().any(|argument| argument == "--bench");
    let (records, rounds) = if full { (1_000_000, 3) } else { (1_000, 1) };
    let record = cclf::records().into_iter().find(|record| record.file == '5').expect("a file of the feed");
    let mut text = Vec::with_capacity(records * (record.length() + 1));
    for number in 0..records {
        for field in &record.fields {
            let value = value(&field.name, number);
            let width = field.length;
            let cell =
                if field.format.starts_with('9') { format!("{value:0>width$}") } else { format!("{value:<width$}") };
            text.extend_from_slice(cell.as_bytes());
        }
        text.push(b'\n');
    }
    let layout = RawLayout::cclf();
    let names: Vec<&str> = record.fields.iter().map(|field| field.name.as_str()).collect();
    let file = FileLayout::of(&layout, "carrier", &names).expect("the layout's own fields");
    let spans =
        file.needed.iter().map(|at| (record.fields[*at].start, record.fields[*at].start + record.fields[*at].length));
    let spans = Spans::new(spans.collect());
    let identities = Identities::default();
    let (mut scan_time, mut read_time) = (Duration::MAX, Duration::MAX);
    let mut hash = 0;
    for _ in 0..rounds {
        let started = Instant::now();
        let scanned = scan(black_box(&text));
        scan_time = scan_time.min(started.elapsed());
        let started = Instant::now();
        let mut sink = Forget::default();
        let mut extractor =
            Extractor::new(&file, 0, false).of_delivery(Delivery { day: 20_000, year: None, identities: &identities });
        for record in Records::new(black_box(&text), record.length(), 1) {
            let (row, record) = record.expect("whole records");
            extractor.row(&spans.of(record), row, &mut sink);
        }
        read_time = read_time.min(started.elapsed());
        assert_eq!((scanned.0, scanned.0), (sink.rows, extractor.rows), "the scan counts other records");
        hash = sink.hash;
    }
    println!("{records} records of CCLF5, {} bytes each, hash {hash:016x}", record.length() + 1);
    if full {
        let speed = |time: Duration| text.len() as f64 / time.as_secs_f64() / 1e9;
        println!("  line scan {:.2} GB/s, reading {:.2} GB/s, one thread", speed(scan_time), speed(read_time));
    }
}

/// Lines and the bytes between their ends.
fn scan(text: &[u8]) -> (u64, u64) {
    text.split_inclusive(|byte| *byte == b'\n')
        .fold((0, 0), |(lines, bytes), line| (lines + 1, bytes + line.len() as u64))
}

/// What stands in a field of a record.
fn value(field: &str, number: usize) -> String {
    match field {
        "CUR_CLM_UNIQ_ID" => (100_000 + number / 3).to_string(),
        "CLM_LINE_NUM" => (number % 3 + 1).to_string(),
        "BENE_MBI_ID" => format!("1EG{:07}", number / 300),
        "CLM_TYPE_CD" => "71".into(),
        "CLM_LINE_CVRD_PD_AMT" => format!("{:011}.{:02}", number % 400, number % 100),
        "CLM_LINE_ALOWD_CHRG_AMT" => format!(" {:013}.{:02}", number % 500, number % 100),
        "CLM_LINE_SRVC_UNIT_QTY" => "000000000000000001.0000".into(),
        "CLM_PRVDR_SPCLTY_CD" | "CLM_POS_CD" => "11".into(),
        "CLM_LINE_HCPCS_CD" => "99213".into(),
        "CLM_RNDRG_PRVDR_TAX_NUM" => format!("{:09}", number % 9000),
        "CLM_RNDRG_PRVDR_NPI_NUM" => format!("1{:09}", number % 9000),
        "CLM_CARR_PMT_DNL_CD" => "1".into(),
        "CLM_PRCSG_IND_CD" => "A".into(),
        "CLM_ADJSMT_TYPE_CD" => "0".into(),
        "CLM_CNTL_NUM" => format!("{number:015}"),
        "CLM_LINE_DGNS_CD" | "CLM_DGNS_1_CD" => "I10".into(),
        "CLM_DGNS_2_CD" => "E119".into(),
        "HCPCS_5_MDFR_CD" => "~".into(),
        name if name.ends_with("_DT") => format!("2024-{:02}-{:02}", number % 12 + 1, number % 28 + 1),
        _ => String::new(),
    }
}
