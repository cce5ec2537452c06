//! The command line: commands, options, exit status. Stage commands come from the list of stages.

use crate::commands::{self, Exit};
use crate::grid::Format;
use crate::logs::{self, LogFormat};
use crate::study::{Freshness, Overrides};
use acoledger_schemas::stages::{STAGES, Stage, stage};
use acoledger_schemas::study::ReadableBy;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Replays Medicare ACO reconciliations from claims.
///
/// Raw claims go in; a table of savings and losses per ACO comes out, with every number on the way kept. `run` does all of
/// it, the stage commands stop after a stage, `replay` starts from published results.
///
/// Exit status: 0 done; 1 done, with findings beyond the limits or rows that do not replay; 2 could not run.
#[derive(Debug, Parser)]
#[command(name = "acoledger", version, max_term_width = 100, subcommand_required = true, arg_required_else_help = true)]
struct Cli {
    /// How logs are written to standard error
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a study from its inputs to savings and losses
    ///
    /// Reads the study file, the program files that it names, and raw claims (or rates: `[input] rates`).
    ///
    /// Keys of the study file, paths relative to it: `[study]` name, performance_years, seed; `[input]` raw or rates,
    /// layout (`rif`, or `cclf` with rates beside raw and completeness), program, county_codes, maturity, assignment (`own`, or
    /// `given`: the lists of program file assignment_given
    /// count in place of ours; where the file is there, both are compared); `[lake]` path, shards; `[run]` out, threads, memory, readable_by (`owner`, or `group`);
    /// `[rules]` overrides by rule key; `[limits]` rejected_rows, rejected_cents_share, shared_tins,
    /// quality (by check of `acoledger check`: the share of wrong rows beyond which a run stops). `include` takes another file first;
    /// `${NAME}` in a path is an environment variable.
    ///
    /// raw, program, rates and out may be URLs: `file://`, and in a build with the feature `object-store` `s3://`, `gs://`, `az://`, with
    /// credentials from the environment.
    ///
    /// Writes the lake (`[lake] path`) and the output folder (`[run] out`): savings_losses, benchmark, expected, rates/, cells/,
    /// assignment/, person_year/, assignment_differences/ (where lists are given), rejects, manifest.json, metrics.json. What is
    /// already done for the same inputs, rules and version is skipped. A run that fails leaves the output of an earlier one
    /// as it was.
    ///
    /// Costs time in proportion to the claim lines, most of it in `ingest`; disk for the lake of about a tenth of the
    /// delimited text; memory up to `[run] memory`.
    #[command(display_order = 1)]
    Run(RunArgs),
    /// Re-derive every settlement of a published results file
    ///
    /// Reads one file: CMS's published results of a performance year, or savings_losses.csv of a run. Takes benchmark,
    /// expenditures, quality and track from it, settles, and compares savings and losses.
    ///
    /// Prints how many rows match, by identity; with --format csv every row; with --totals what one or several files sum
    /// to, by year. Writes nothing unless --out or --plot is given.
    /// Takes about a second. Exit status 1 when a row differs without a stated reason.
    #[command(display_order = 20)]
    Replay(commands::replay::ReplayArgs),
    /// Print the benchmark walk of one ACO, or why one life is on the list it is on, as a readable page
    ///
    /// --aco: sections from base years to dollars, enrollment types side by side, citations below; then the way from the historical
    /// benchmark to what was expected, against what was spent. --arithmetic shows how each value was made. Reads the tables of a
    /// finished run; writes nothing; takes under a second.
    ///
    /// --bene with --year: eligibility month by month, the entities that competed with their allowed charges by step, the claim
    /// lines behind them, each decision with its citation. Reads the study's program files and, of its lake, the pages that can
    /// hold the life; needs no run. Notes bytes and seconds in the run's metrics.json.
    #[command(display_order = 21)]
    Explain(commands::explain::ExplainArgs),
    /// Show a run: one page for a browser, a workbook, or its plots
    ///
    /// Reads the tables of a finished run, or of a scenario (the reform beside its baseline). Writes one HTML file that holds
    /// everything and asks nothing of any network: the nation, every ACO from the historical benchmark to the payment, counties
    /// and states, findings, and the rules and inputs that made it. An ACO has an address of its own: report.html#aco/A1234/2024.
    /// With --compare every figure also says how far it is from the other run's.
    ///
    /// Writes report.html into the run folder, or --out; with --xlsx a workbook, with --plots drawings as SVG, each beside its
    /// figures as CSV, in place of it. All of these are as confidential as the run: figures of ACOs and counties as in its tables,
    /// small ones too, and none of single lives. A new run in the folder removes report.html and report.xlsx of the old one.
    ///
    /// Takes a second or two for 500 ACOs; the page then has about 5 kB for each ACO and performance year.
    #[command(display_order = 29)]
    Report(commands::report::ReportArgs),
    /// Compare two runs: who is assigned where, savings and losses, rules
    ///
    /// Reads two run folders (or study files, for their runs; or the baseline/ and reform/ of a scenario): assignment/,
    /// person_year/, savings_losses, manifest.json. Lives are matched by their identifier, ACOs by theirs; runs may differ in
    /// shards.
    ///
    /// Prints what differs; --format json holds all, --format csv the assignments by ACO and step. Writes nothing unless
    /// --out is given: then assignment_comparison, assignment_differences (by life), savings_losses_comparison,
    /// rules_comparison. Takes seconds for each million lives; memory does not grow with them.
    ///
    /// Exit status: 0 the runs are equal, 1 they differ, 2 they could not be compared.
    #[command(display_order = 27)]
    Compare(commands::compare::CompareArgs),
    /// Validate a study, its inputs, lake and run, and say what is wrong where
    ///
    /// Reads the study file, program files, the lake's files and the run's tables; writes nothing; takes seconds. Among the
    /// checks: rows and cents in = used + rejected, for every stage. Exit status 1 when something is wrong.
    #[command(display_order = 22)]
    Check(commands::check::CheckArgs),
    /// List every rule in force in a performance year, with value, unit and citation; or what changes between two years
    ///
    /// Reads nothing but the rules inside the program (and `[rules]` of a study with --study, a rules file with --rules); writes
    /// nothing; takes no time. `--format toml` prints rules as a file that `run --rules` starts from; unchanged, it gives the
    /// same bytes as a run without.
    #[command(display_order = 23)]
    Rules(commands::rules::RulesArgs),
    /// Settle a study under a reform: other rules, other inputs; and what they change, for whom
    ///
    /// Reads the study, and reform files: `title`, `author`; `[rules]` overrides by rule key (a value, or a list of
    /// `{from, value}`; an entry as in "settle.sharing_rate.maximum.EN"); `[[when]]` track, aco, years, rulebook with
    /// `[when.rules]` for some ACOs; `[[input]]` table and column with factor or value, or drop, or merge; `[sweep]` key =
    /// {from, to, step}. Says from which stage on results change before it starts.
    ///
    /// Writes `--out`: baseline/ and reform/ (tables as a run writes them), difference (by ACO), summary (nation, track,
    /// size), sweep, manifest.json.
    ///
    /// Costs, from stage `benchmark` on, under a second for 500 ACOs and for each hundred points of a sweep; a reform of
    /// earlier stages costs a run without its ingest. A study of raw claims is run first, or its run taken over.
    #[command(display_order = 24)]
    Scenario(commands::scenario::ScenarioArgs),
    /// What one percent more of each input does to earned savings, per ACO
    ///
    /// Reads a study and its rates (`[input] rates`, or those of its run). Raises spending, scores by type, national and regional
    /// per capita of the performance year, the prospective trend and the quality score by 1 %, one at a time, and settles
    /// again: one-sided finite differences, thresholds and limits included.
    ///
    /// Prints the table; writes marginal.csv and marginal.parquet into the run folder, or --out. Takes about fourteen settlements of
    /// the study, a second or two.
    #[command(display_order = 25)]
    Marginal(commands::marginal::MarginalArgs),
    /// Compare a run with a published results file, column by column, and say where each ACO first differs
    ///
    /// Reads savings_losses of a run, and CMS's results file of the same performance year (or savings_losses.csv of another run).
    /// Columns are put in the order in which one follows from another, from agreements and lists to dollars, so that the first
    /// that differs is the one to look at.
    ///
    /// Prints counts by column, or with --aco every column of one ACO; writes tieout.csv and tieout.parquet into the run folder,
    /// or --out. Takes under a second.
    ///
    /// Exit status: 0 every number prints as the other, 1 some differ, 2 they could not be compared.
    #[command(display_order = 28)]
    Tieout(commands::tieout::TieoutArgs),
    /// Write an ACO's assigned lives in the columns of CMS's Assignment List Report, table 1-1
    ///
    /// Reads the study, the assignment of its run, and of its lake who the lives are and their enrollment; no claims. Prints the
    /// list, or writes it to --out. It holds beneficiary identifiers, since it is the list.
    ///
    /// What no claims file knows stays blank (names, Part D, HCCs); docs/src/assignment-tables.md says which columns, and what
    /// the others mean. Takes time in proportion to the lives of the lake, not to their claims.
    #[command(display_order = 26)]
    AssignmentList(commands::assignment_list::AssignmentListArgs),
    /// Risk scores of a table of people from their diagnoses, in any CMS-HCC model since 2017
    ///
    /// Reads one table, CSV or Parquet: an identifier in the first column, whatever its name; model, mapping_year (payment year of the
    /// diagnosis map), age (on 1 February of it), sex (F, M), orec, dual_code, dx (ICD-10 codes separated by |), and, where they are
    /// not 0 or none, lti, new_enrollee, snp, esrd_status (none, dialysis, transplant, graft), graft_months; segment, where it is not
    /// to be chosen. Other columns are passed over.
    ///
    /// Prints, or writes to --out: the identifier, segment, raw_score (before normalisation), demographic_score, hccs,
    /// payment_hcc_count, interactions, count_var; with --explain also diagnoses, dropped, terms. Diagnoses that the model does not
    /// know, and text that is no diagnosis, are counted on standard error. A cell that cannot be read stops the command.
    ///
    /// Takes a second or two for a million people; memory does not grow with them (--format csv or Parquet).
    #[command(display_order = 29)]
    Score(commands::score::ScoreArgs),
    /// List the runs of a folder: when, how far, how they ended
    ///
    /// Reads the log of runs, runs.jsonl beside the output folder: one line for each `run` and stage command, appended as it ends, also
    /// when it fails. Prints the last --last; writes nothing; takes no time.
    #[command(display_order = 31)]
    Runs(commands::runs::RunsArgs),
    /// Say where two runs of the log part: version, rules, inputs, first stage, outputs
    ///
    /// Reads the log of runs alone, so that runs whose output is gone can be compared too. `acoledger compare` compares the results of
    /// two runs, life by life. Prints what differs; writes nothing; takes no time.
    ///
    /// Exit status: 0 nothing differs, 1 something does, 2 they could not be compared.
    #[command(display_order = 32)]
    Diff(commands::runs::DiffArgs),
    /// Measure what this machine can do: the limits that a run is held against
    #[command(display_order = 35)]
    Measure(commands::measure::MeasureArgs),
    /// Print the completions of a shell
    ///
    /// As in: acoledger completions bash > ~/.local/share/bash-completion/completions/acoledger
    #[command(display_order = 33)]
    Completions(commands::shell::CompletionsArgs),
    /// Write the manual pages, one for each command
    ///
    /// As in: acoledger man ~/.local/share/man/man1. Writes acoledger.1 and acoledger-COMMAND.1 into the folder.
    #[command(display_order = 34)]
    Man(commands::shell::ManArgs),
    /// Write a synthetic nation: raw files, program files, a study file, an answer key
    ///
    /// Writes --out: raw/, program/, study.toml, answer_key.csv. The same seed gives the same bytes for any number of
    /// threads. Takes about a minute per 50,000 lives; a life has about 110 claim lines a year.
    #[command(display_order = 30)]
    Synth(commands::synth::SynthArgs),
}

/// A study, and what the command line says in place of its file.
#[derive(Debug, Args)]
pub(crate) struct StudyArgs {
    /// Study file (TOML)
    #[arg(value_name = "STUDY.toml")]
    pub(crate) study: PathBuf,
    /// Output folder, in place of `[run] out`
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Threads, in place of `[run] threads`; 0: all
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Bound on memory, in place of `[run] memory`: 4GiB, 512MiB
    #[arg(long, value_name = "SIZE")]
    memory: Option<String>,
    /// Shards of the lake, in place of `[lake] shards`; a power of two
    #[arg(long, value_name = "N")]
    shards: Option<u32>,
    /// Write assignment and person_year as CSV too: for small studies and tools without a Parquet reader
    #[arg(long)]
    csv: bool,
    /// Rules to start from in place of this version's: a file of `rules --format toml`, in which values may be changed
    #[arg(long, value_name = "RULES.toml")]
    rules: Option<PathBuf>,
    /// How results are printed to standard output
    #[arg(long, default_value = "table")]
    pub(crate) format: Format,
}

impl StudyArgs {
    pub(crate) fn overrides(&self) -> Overrides {
        Overrides {
            out: self.out.clone(),
            threads: self.threads,
            memory: self.memory.clone(),
            shards: self.shards,
            csv: self.csv,
            rules: self.rules.clone(),
            freshness: Freshness::Fetch,
        }
    }
}

#[derive(Debug, Args)]
struct RunArgs {
    #[command(flatten)]
    study: StudyArgs,
    /// Print what the study needs (claim months, enrollment years, files) and what is missing; do no work
    #[arg(long)]
    dry_run: bool,
    /// Write the tables for publication too, in the folder public/: nothing that tells of fewer than eleven lives
    #[arg(long, conflicts_with = "dry_run")]
    public: bool,
}

/// Runs the program: parses the command line, does the command, reports what stopped it.
pub fn main() -> ExitCode {
    let matches = command_line().get_matches();
    let _rights = crate::files::readable_by(ReadableBy::Owner);
    let format = matches.get_one::<LogFormat>("log_format").copied().unwrap_or_default();
    logs::start(format);
    crate::parquet_door::keep_quiet();
    let done = match matches.subcommand() {
        Some((name, matches)) if stage(name).is_some() => {
            let args = StudyArgs::from_arg_matches(matches).unwrap_or_else(|error| error.exit());
            commands::run::run(&args, stage(name).expect("just found"), false)
        }
        _ => dispatch(Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()).command),
    };
    match done {
        Ok(Exit::Done) => ExitCode::SUCCESS,
        Ok(Exit::Findings) => ExitCode::from(1),
        Err(problems) => {
            crate::trouble::print(&problems, format == LogFormat::Json);
            ExitCode::from(2)
        }
    }
}

fn dispatch(command: Command) -> crate::trouble::Outcome<Exit> {
    match command {
        Command::Run(args) if args.dry_run => commands::dry_run::run(&args.study),
        Command::Run(args) => commands::run::run(&args.study, STAGES.last().expect("there are stages"), args.public),
        Command::Replay(args) => commands::replay::run(&args),
        Command::Explain(args) => commands::explain::run(&args),
        Command::Compare(args) => commands::compare::run(&args),
        Command::Report(args) => commands::report::run(&args),
        Command::Runs(args) => commands::runs::runs(&args),
        Command::Diff(args) => commands::runs::diff(&args),
        Command::Completions(args) => commands::shell::completions(&args, command_line()),
        Command::Man(args) => commands::shell::man(&args, command_line()),
        Command::Check(args) => commands::check::run(&args),
        Command::Rules(args) => commands::rules::run(&args),
        Command::Scenario(args) => commands::scenario::run(&args),
        Command::Tieout(args) => commands::tieout::run(&args),
        Command::Marginal(args) => commands::marginal::run(&args),
        Command::AssignmentList(args) => commands::assignment_list::run(&args),
        Command::Score(args) => commands::score::run(&args),
        Command::Measure(args) => commands::measure::run(&args),
        Command::Synth(args) => commands::synth::run(&args),
    }
}

/// The whole command line: the commands above, and one for each stage.
pub(crate) fn command_line() -> clap::Command {
    STAGES.iter().enumerate().fold(Cli::command(), |command, (at, stage)| {
        command.subcommand(
            StudyArgs::augment_args(clap::Command::new(stage.name))
                .about(format!("Run a study up to `{}`: {}", stage.name, stage.about))
                .long_about(about(stage))
                .display_order(at + 2),
        )
    })
}

fn about(stage: &Stage) -> String {
    let list = |names: &[&str]| if names.is_empty() { "nothing of its own".to_owned() } else { names.join(", ") };
    let rules = if stage.rules.is_empty() { "none".to_owned() } else { stage.rules.join(", ") };
    format!(
        "Run a study up to `{}`: {}.\n\nThe stage reads {}; writes {}; rules: {}. What is already done for the same \
         inputs, rules and version is skipped.",
        stage.name,
        stage.about,
        list(stage.reads),
        list(stage.writes),
        rules,
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_sound() {
        super::command_line().debug_assert();
    }
}
