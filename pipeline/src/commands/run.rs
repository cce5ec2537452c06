//! `acoledger run` and the stage commands: the same run, up to a stage.

use super::{Exit, print};
use crate::cli::StudyArgs;
use crate::cluster::Cluster;
use crate::grid::{Format, Grid, Head};
use crate::manifest::Manifest;
use crate::run::{RunReport, run_study_on};
use crate::run_log::Logged;
use crate::study::LoadedStudy;
use crate::summary;
use crate::trouble::Outcome;
use acoledger_aco::tables::SavingsLosses;
use acoledger_schemas::stages::Stage;
use acoledger_schemas::table::{Cell, Table, write_csv};

pub(crate) fn run(args: &StudyArgs, until: &Stage, public: bool) -> Outcome<Exit> {
    let mut loaded = LoadedStudy::load(&args.study, &args.overrides())?;
    loaded.public = public;
    let report = logged_run(&loaded, until, None)?;
    print(
        &match (until.name, args.format) {
            ("settle", Format::Table) => summary::page(&report),
            ("settle", Format::Csv) => csv_text(&report.savings_losses),
            ("settle", Format::Json) => json_text(&report.savings_losses),
            (_, Format::Table) => stage_page(&report),
            (_, format) => accounts(&report.manifest).render(format),
        },
        args.format,
    )?;
    Ok(if report.beyond_limits() { Exit::Findings } else { Exit::Done })
}

/// Runs a study and notes the run in the log beside its output folder.
///
/// # Errors
/// What stops the run.
pub(crate) fn logged_run(loaded: &LoadedStudy, until: &Stage, cluster: Option<&Cluster<'_>>) -> Outcome<RunReport> {
    let _rights = crate::files::readable_by(loaded.study.run.readable_by);
    let logged = Logged::start(loaded, until);
    let outcome = run_study_on(loaded, until, cluster);
    let exit = outcome.as_ref().map_or(2, |report| report.beyond_limits().into());
    // A log that cannot be written is no reason to lose a result, nor to hide what stopped the run.
    if let Err(problems) = logged.end(&outcome, exit) {
        tracing::warn!("the run is not in the log: {problems}");
    }
    outcome
}

fn csv_text<T: Table>(rows: &[T]) -> String {
    let mut text = Vec::new();
    write_csv(rows, &mut text).expect("memory takes every row");
    String::from_utf8(text).expect("text in, text out")
}

/// Rows as a JSON array of objects, unknown cells `null`.
fn json_text(rows: &[SavingsLosses]) -> String {
    let value = |cell: Cell<'_>| match cell {
        Cell::Blank => serde_json::Value::Null,
        Cell::Text(text) => text.into_owned().into(),
        Cell::Integer(number) => number.into(),
        Cell::Decimal(number) => number.into(),
        Cell::Date(date) => date.to_string().into(),
    };
    let columns = SavingsLosses::SPEC.columns;
    let object = |row: &SavingsLosses| {
        columns.iter().enumerate().map(|(i, column)| (column.name.to_owned(), value(row.cell(i)))).collect()
    };
    let rows: Vec<serde_json::Value> = rows.iter().map(|row| serde_json::Value::Object(object(row))).collect();
    serde_json::to_string_pretty(&rows).expect("plain values serialise") + "\n"
}

/// What stages took in and what became of it.
pub(crate) fn accounts(manifest: &Manifest) -> Grid {
    let mut grid = Grid::new(&[
        Head::Left("stage"),
        Head::Left("table"),
        Head::Right("rows_in"),
        Head::Right("rows_used"),
        Head::Right("rows_left_out"),
        Head::Right("rows_rejected"),
        Head::Right("cents_in"),
        Head::Right("cents_used"),
        Head::Right("cents_left_out"),
        Head::Right("cents_rejected"),
    ]);
    for (stage, account) in manifest.stages.iter().flat_map(|stage| stage.accounts.iter().map(move |of| (stage, of))) {
        grid.push(vec![
            stage.stage.as_str().into(),
            account.table.as_str().into(),
            account.rows_in.into(),
            account.rows_used.into(),
            account.rows_left_out.into(),
            account.rows_rejected.into(),
            account.cents_in.into(),
            account.cents_used.into(),
            account.cents_left_out.into(),
            account.cents_rejected.into(),
        ]);
    }
    grid
}

/// A page for a run that stops before savings and losses.
fn stage_page(report: &RunReport) -> String {
    let last = report.manifest.stages.last().map_or("", |stage| stage.stage.as_str());
    let mut out =
        format!("{} up to {last}{}\n", report.manifest.study, if report.already_done { ": already done" } else { "" });
    out.push_str(&summary::conservation(&report.manifest));
    out.push_str(&summary::findings(&report.manifest));
    if last != "ingest" {
        out.push_str(&summary::outputs(report));
    }
    out
}
