//! Files of a new lake that came out as they were: the earlier ones stand, so that a delivery touches the years and shards of its lives
//! and no others, also for those who copy the lake elsewhere.

use super::report::{IngestReport, LakeFile};
use super::staging::MANIFEST;
use crate::files::{hash_file, read_text};
use crate::trouble::{Io, Outcome};
use acoledger_schemas::limits::MANIFEST_BYTES;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Puts the earlier file in the place of each new one of the same content. Returns how many files are new.
///
/// # Errors
/// Those of the disk.
pub(super) fn keep(lake: &Path, new_lake: &Path, report: &IngestReport) -> Outcome<usize> {
    // An earlier lake that cannot be read is none.
    let earlier = read_text(&lake.join(MANIFEST), MANIFEST_BYTES).ok();
    let earlier: Option<IngestReport> = earlier.and_then(|text| serde_json::from_str(&text).ok());
    let files = earlier.iter().flat_map(|earlier| &earlier.files).map(|of| (of.file.as_str(), of));
    let files: BTreeMap<&str, &LakeFile> = files.collect();
    let mut new = 0;
    for file in &report.files {
        let same = files.get(file.file.as_str()).is_some_and(|of| of.sha256 == file.sha256);
        let (from, to) = (lake.join(&file.file), new_lake.join(&file.file));
        // The name could hide other bytes: what stands must be what the manifest says.
        if same && hash_file(&from).is_ok_and(|hash| hash == file.sha256) {
            let beside = to.with_extension("parquet.same");
            if fs::hard_link(&from, &beside).is_ok() {
                fs::rename(&beside, &to).doing("cannot be given its name", &to)?;
                // Of two names of one file, renaming one to the other does nothing.
                let _ = fs::remove_file(&beside);
                continue;
            }
        }
        new += 1;
    }
    Ok(new)
}
