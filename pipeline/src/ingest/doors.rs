//! The doors of raw files, for those who throw bytes at them: one file among others that are as they should be.

use super::find::Found;
use super::{IngestPlan, Quiet, look, run};
use crate::trouble::{Io, Outcome};
use acoledger_schemas::cclf;
use acoledger_schemas::raw::RawLayout;
use acoledger_schemas::study::{Globs, Layout, Raw};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Memory that an ingest of a few rows may take.
const MEMORY_BYTES: u64 = 64 << 20;

/// A plan that reads the folder `raw` below `base` into a lake below `out`.
pub(crate) fn plan(base: &Path, out: &Path, raw: &str) -> IngestPlan {
    IngestPlan {
        raw: Raw::Folder(raw.to_owned()),
        layout: Layout::Rif,
        base: base.to_owned(),
        lake: out.join("lake"),
        shards: 1,
        memory_bytes: MEMORY_BYTES,
        years: None,
        sas_day_numbers: false,
    }
}

/// A research file in the place of the table whose header it has.
pub(crate) fn research(base: &Path, case: &Path, input: &Path) -> Outcome<()> {
    let layout = RawLayout::rif();
    let found = |table: usize| Found { table, name: "input".into(), path: input.to_owned() };
    let own = (0..layout.tables.len()).find(|table| look::at(found(*table), &layout).is_ok());
    let own = own.unwrap_or_else(|| layout.tables.iter().position(|table| table.name == "carrier").unwrap_or(0));
    let place = |at: usize| match at == own {
        true => input.display().to_string(),
        false => base.join("raw").join(format!("{}.csv", layout.tables[at].files[0])).display().to_string(),
    };
    let globs: BTreeMap<String, Globs> =
        layout.tables.iter().enumerate().map(|(at, table)| (table.name.clone(), Globs::One(place(at)))).collect();
    run(&IngestPlan { raw: Raw::Globs(globs), sas_day_numbers: true, ..plan(base, case, "") }, &Quiet).map(drop)
}

/// A feed's delivery of no records, so that others may stand beside it.
pub(crate) fn base_feed(folder: &Path) -> Outcome<()> {
    for file in ['1', '5', '8'] {
        let path = folder.join(format!("P.A0000.ACO.ZC{file}Y23.D230110.T1200000"));
        fs::write(&path, "").doing("cannot be written", &path)?;
    }
    Ok(())
}

/// A file of a feed beside a delivery of no records.
pub(crate) fn feed(base: &Path, case: &Path, door: &str, bytes: &[u8]) -> Outcome<()> {
    let folder = case.join("cclf");
    fs::create_dir_all(&folder).doing("cannot be created", &folder)?;
    base_feed(&folder)?;
    let months = base.join("cclf/enrollment_months.csv");
    fs::copy(&months, folder.join("enrollment_months.csv")).doing("cannot be copied", &months)?;
    let name = match door {
        "zip" => "P.A0000.ACO.ZCY23.D230510.T1200000.zip".to_owned(),
        "months" => "enrollment_months.csv".to_owned(),
        "list" => "assignment_list_2023.csv".to_owned(),
        _ => format!("P.A0000.ACO.ZC{}Y23.D230510.T1200000", record_of(bytes)),
    };
    let path = folder.join(name);
    fs::write(&path, bytes).doing("cannot be written", &path)?;
    run(&IngestPlan { layout: Layout::Cclf, ..plan(case, case, "cclf") }, &Quiet).map(drop)
}

/// The file whose records are as long as the first line; the summary where none is.
fn record_of(bytes: &[u8]) -> char {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let length = line.strip_suffix(b"\r").unwrap_or(line).len();
    cclf::records().iter().find(|record| record.length() == length).map_or(cclf::SUMMARY, |record| record.file)
}
