//! The door of lake files: one of a small lake in the place of its own, walked as a run walks them.

use super::copy;
use crate::ingest::{Quiet, doors};
use crate::lake::Lake;
use crate::lives::Lives;
use crate::parquet_door;
use crate::person::{LakeShards, run_pass_a, run_pass_b};
use crate::trouble::{Io, Outcome};
use acoledger_person::{Context, Facts};
use acoledger_schemas::keys::bene_key;
use acoledger_schemas::program::Program;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::study::Study;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// A small lake, and what it is walked with.
pub(super) struct Base {
    folder: PathBuf,
    context: Context,
    lives: Arc<Lives>,
}

impl Base {
    /// Makes the lake of the raw seeds.
    pub(super) fn make(
        base: &Path,
        rules: &Rules,
        (program, lives): (&Program, &Arc<Lives>),
        study: &Study,
    ) -> Outcome<Base> {
        let plan = doors::plan(base, base, "raw");
        crate::ingest::run(&plan, &Quiet)?;
        let facts = Facts::of(study, false).map_err(|what| crate::trouble::of_study(base, &what))?;
        Ok(Base { folder: plan.lake, context: lives.context(rules, program, &facts)?, lives: lives.clone() })
    }

    /// Puts a file in the place of the lake's own with the same columns and walks the lake.
    pub(super) fn knock(&self, case: &Path, input: &Path) -> Outcome<()> {
        let folder = case.join("lake");
        copy(&self.folder, &folder)?;
        let mut lake: Lake = crate::lake::standing(&folder)?;
        let columns = |path: &Path| -> Outcome<Vec<String>> {
            let metadata = parquet_door::metadata(path)?;
            Ok(metadata.schema().fields().iter().map(|field| field.name().clone()).collect())
        };
        let of_input = columns(input).unwrap_or_default();
        let own = |file: &str| columns(&folder.join(file)).is_ok_and(|columns| columns == of_input);
        let files = &mut lake.report.files;
        let Some(at) = files.iter().rposition(|file| own(&file.file)).or((!files.is_empty()).then_some(0)) else {
            return Ok(());
        };
        let place = folder.join(&files[at].file);
        // The manifest must not be what refuses it: it says of the file what the file says of itself.
        if let Ok(metadata) = parquet_door::metadata(input) {
            files[at].rows = metadata.metadata().file_metadata().num_rows().unsigned_abs();
        }
        fs::remove_file(&place).doing("cannot be removed", &place)?;
        fs::copy(input, &place).doing("cannot be copied", &place)?;
        lake.claim_months()?;
        let run = case.join("run");
        let done = run_pass_a(&self.context, &LakeShards { lives: &self.lives, lake: &lake }, &run)
            .and_then(|walked| run_pass_b(&self.context, lake.report.shards, &run, &walked.all, None).map(drop));
        let read = Arc::new(AtomicU64::new(0));
        let streams = lake.life(bene_key("1"), self.context.needs(), &read)?;
        drop(streams);
        done
    }
}
