//! `acoledger score`: a table of people in, risk scores out.

use super::Exit;
use crate::grid::{Format, thousands};
use crate::score::{Question, score};
use crate::trouble::{self, Outcome};
use acoledger_hcc::{Model, Options};
use clap::Args;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(crate) struct ScoreArgs {
    /// Table of people: CSV, or Parquet where the name ends in .parquet
    #[arg(value_name = "PEOPLE.csv")]
    people: PathBuf,
    /// Model for all rows, in place of the column: v22, v23, v24, v28, esrd_v21, esrd_v24
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// Payment year of the diagnosis map for all rows, in place of the column mapping_year
    #[arg(long, value_name = "Y")]
    year: Option<i32>,
    /// Add why: what each diagnosis gave, what a hierarchy dropped, each term of the sum
    #[arg(long)]
    explain: bool,
    /// Diagnosis maps in the form of data/reference/hcc/hcc_dx.csv, in place of ours for the models and years in it
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    /// Do not apply the ages of the Medicare code editor
    #[arg(long)]
    no_mce_edits: bool,
    /// Count 64-year-olds entitled by age as 65 in every model, not only where its macro does
    #[arg(long)]
    aged_at_64: bool,
    /// How scores are printed
    #[arg(long, default_value = "csv")]
    format: Format,
    /// File for the scores, in place of standard output; Parquet where the name ends in .parquet
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &ScoreArgs) -> Outcome<Exit> {
    let model = args.model.as_deref().map(|name| model_named(&args.people, name)).transpose()?;
    if let Some(out) = &args.out
        && matches!((args.people.canonicalize(), out.canonicalize()), (Ok(people), Ok(out)) if people == out)
    {
        let what = "the scores would take the place of the people";
        return Err(trouble::of_file_with_hint(out, what, "give --out another name").into());
    }
    let counts = score(&Question {
        people: &args.people,
        model,
        payment_year: args.year,
        explain: args.explain,
        map: args.map.as_deref(),
        options: Options { mce_edits: !args.no_mce_edits, aged_at_64: args.aged_at_64 },
        format: args.format,
        out: args.out.as_deref(),
    })?;
    let shown = |number: u64| thousands(&number.to_string());
    tracing::info!(
        "{} people; diagnoses: {} in the person's model, {} of valid form but not in it",
        shown(counts.people),
        shown(counts.mapped),
        shown(counts.unmapped),
    );
    if counts.malformed > 0 {
        tracing::warn!(
            "{} diagnoses are no ICD-10 codes and score nothing; --explain shows which",
            shown(counts.malformed)
        );
    }
    Ok(Exit::Done)
}

/// A model by its name; `people` is what an error names.
///
/// # Errors
/// There is no such model.
pub(crate) fn model_named(people: &Path, name: &str) -> Outcome<Model> {
    Model::named(name).ok_or_else(|| {
        let what = format!("no such model: `{name}`");
        trouble::of_file_with_hint(people, what, "v22, v23, v24, v28, esrd_v21, esrd_v24").into()
    })
}
