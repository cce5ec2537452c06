//! The person grain of a run: both passes, the second alone, or what an earlier run left of them.

use super::Run;
use super::tables::{copy_rejects, read_cells, write_cells, write_spending};
use crate::cluster::Asking;
use crate::lake::Lake;
use crate::manifest::{Manifest, OutputRecord};
use crate::output::{self, Output};
use crate::person::{self, LakeShards, PassA};
use crate::study::Finding;
use crate::trouble::Outcome;
use acoledger_person::{Context, ShardA};
use acoledger_schemas::cells::{Cells, Threshold};
use acoledger_schemas::rates::Rates;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What an earlier run's person grain is: persons, then cells.
const KEPT: [&str; 5] = [person::TABLES[0], person::TABLES[1], person::TABLES[2], "rejects", "cells"];

impl<'a> Run<'a> {
    /// Enrollment to cells, and cells to rates; both. `None` when the run stops before.
    pub(super) fn person_grain(&mut self, lake: &Lake, output: &Output) -> Outcome<Option<(Rates, Cells)>> {
        let cells = if let Some((folder, earlier, cells)) = self.earlier_until("cells")? {
            self.keep_person_grain(&folder, &earlier, output, &KEPT)?;
            Some(cells)
        } else if let Some((folder, earlier, cells)) = self.earlier_until("risk")?.filter(|_| self.reaches("cells")) {
            // Other rules of the cells alone: persons are what they were, and no claim is read.
            self.keep_person_grain(&folder, &earlier, output, &KEPT[..4])?;
            Some(self.second_pass(lake, cells, output)?)
        } else {
            self.person_passes(lake, output)?
        };
        let Some(cells) = cells.filter(|_| self.reaches("rates")) else { return Ok(None) };
        // What is done by now is not lost to what may fail below.
        self.manifest.until("cells").write(output.folder())?;
        let started = Instant::now();
        let rates = crate::aco::rates_of(&cells, self.loaded)?;
        write_spending(output.folder(), &crate::aco::spending_of(&cells, self.loaded)?)?;
        let rows = (cells.population_county.len() + cells.assigned_county.len()) as u64;
        self.metrics.stage("rates", started, rows);
        Ok(Some((rates, cells)))
    }

    /// An earlier run that did all stages up to this one with the same inputs, rules and version, finished or failed later,
    /// and its cells.
    fn earlier_until(&self, stage: &str) -> Outcome<Option<(PathBuf, Manifest, Cells)>> {
        let Some(wanted) = self.manifest.stage(stage) else { return Ok(None) };
        for folder in output::earlier(&self.loaded.out()).into_iter().chain(self.loaded.beside.clone()) {
            let Some(earlier) = Manifest::read(&folder).unwrap_or_default() else { continue };
            let sharded = person::written(self.has_lists()).iter().all(|table| folder.join(table).is_dir());
            if earlier.stage(stage).is_some_and(|of| of.key == wanted.key)
                && sharded
                && let Some(cells) = read_cells(&folder.join("cells"))?
            {
                return Ok(Some((folder, earlier, cells)));
            }
        }
        Ok(None)
    }

    fn person_passes(&mut self, lake: &Lake, output: &Output) -> Outcome<Option<Cells>> {
        let context = self.context()?;
        let asking = self.asking(&context, lake, output)?;
        let started = Instant::now();
        let a = match &asking {
            Some(asking) => asking.pass_a()?,
            None => person::run_pass_a(&context, &LakeShards { lives: &self.loaded.lives, lake }, output.folder())?,
        };
        self.metrics.stage("enroll, assign, spend, risk", started, a.rows_read);
        self.note_pass_a(&context, &a);
        copy_rejects(lake, output.folder())?;
        if !self.reaches("cells") {
            return Ok(None);
        }
        let started = Instant::now();
        let cells = self.pass_b(&context, asking.as_ref(), lake, &a.all, output)?;
        let absent = cells.assignment_comparison.iter().filter(|row| row.reason.as_deref() == Some("not_in_lake"));
        let count: i64 = absent.map(|row| row.lives).sum();
        if count > 0 {
            let what =
                "assignment_given: lives that the lake does not have (`assignment_comparison`: not_in_lake)".into();
            let count = count.unsigned_abs();
            self.manifest.findings.push(Finding { stage: "persons".into(), what, count, beyond_limits: false });
        }
        self.metrics.stage("cells", started, a.rows_written[1]);
        write_cells(&output.folder().join("cells"), &cells)?;
        Ok(Some(cells))
    }

    /// Cells from the persons of an earlier run. What pass A alone can count does not depend on rules of the cells.
    fn second_pass(&mut self, lake: &Lake, earlier: Cells, output: &Output) -> Outcome<Cells> {
        let context = self.context()?;
        let started = Instant::now();
        let asking = self.asking(&context, lake, output)?;
        let (all, rows) = match &asking {
            Some(asking) => asking.count_again()?,
            None => person::count_again(&context, lake.report.shards, output.folder())?,
        };
        let cells = self.pass_b(&context, asking.as_ref(), lake, &all, output)?;
        let cells = Cells {
            population_county: cells.population_county,
            assigned_county: cells.assigned_county,
            assigned_assignable: cells.assigned_assignable,
            risk: cells.risk,
            threshold: cells.threshold,
            service_category: cells.service_category,
            truncation: cells.truncation,
            ..earlier
        };
        self.metrics.stage("cells", started, rows);
        write_cells(&output.folder().join("cells"), &cells)?;
        Ok(cells)
    }

    /// What the shards are asked through, where they are walked elsewhere.
    fn asking<'r>(&self, context: &'r Context, lake: &Lake, output: &Output) -> Outcome<Option<Asking<'r>>>
    where
        'a: 'r,
    {
        let place = (output.folder(), self.reaches("benchmark"));
        self.cluster.map(|cluster| Asking::new(cluster, context, self.loaded, lake, place)).transpose()
    }

    fn pass_b(
        &self,
        context: &Context,
        asking: Option<&Asking<'_>>,
        lake: &Lake,
        all: &ShardA,
        output: &Output,
    ) -> Outcome<Cells> {
        let thresholds = self.thresholds()?;
        match asking {
            Some(asking) => asking.pass_b(all, thresholds.as_deref()),
            None => person::run_pass_b(context, lake.report.shards, output.folder(), all, thresholds.as_deref()),
        }
    }

    /// Thresholds of the nation, where rates of it stand beside the claims.
    fn thresholds(&self) -> Outcome<Option<Vec<Threshold>>> {
        self.loaded.rates.as_ref().map(|rates| person::thresholds_of(&rates.national)).transpose()
    }

    fn note_pass_a(&mut self, context: &Context, a: &PassA) {
        self.manifest.findings.extend(person::findings(context, &a.all));
        for (table, rows) in person::written(self.has_lists()).iter().zip(a.rows_written) {
            self.manifest.outputs.push(OutputRecord { file: (*table).into(), rows: Some(rows), sha256: None });
        }
        let record = self.manifest.stages.iter_mut().find(|stage| stage.stage == "spend");
        if let Some(record) = record {
            record.accounts = person::accounts(&a.all.ledger());
        }
    }

    fn keep_person_grain(&mut self, folder: &Path, earlier: &Manifest, output: &Output, kept: &[&str]) -> Outcome<()> {
        for name in kept {
            output.keep(folder, name)?;
        }
        for record in &mut self.manifest.stages {
            if let Some(stage) = earlier.stage(&record.stage).filter(|stage| stage.key == record.key) {
                record.accounts = stage.accounts.clone();
                if record.stage != "ingest" {
                    self.metrics.skipped(&record.stage);
                }
            }
        }
        self.manifest.outputs.extend(earlier.outputs.iter().filter(|output| output.sha256.is_none()).cloned());
        // Findings of the person grain stand in the earlier manifest only; those of this run's own reading are there already.
        let new: Vec<Finding> = earlier
            .findings
            .iter()
            .filter(|of| of.stage == "persons" && !self.manifest.findings.contains(of))
            .cloned()
            .collect();
        self.manifest.findings.extend(new);
        Ok(())
    }
}
