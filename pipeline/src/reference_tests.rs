//! The generated reference pages that need the whole program: its commands, and the tables of results, some of which no other
//! crate can see. `UPDATE_EXPECT=1` writes them anew.

use crate::aco::FindingRow;
use crate::compare::tables as compared;
use acoledger_aco::{expected, marginal, replay, risk_cap, scenario, spending, tables, trend};
use acoledger_schemas::reference::{self, MADE, cell};
use acoledger_schemas::table::{Table, TableSpec};
use acoledger_synth::AnswerRow;
use clap::{Arg, Command};
use std::fmt::Write;

#[track_caller]
fn current(name: &str, page: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/reference").join(name);
    let path = std::path::absolute(path).expect("the repository has a place");
    expect_test::expect_file![path].assert_eq(page);
}

const IN_COMMON: &str = "All are Parquet and CSV. Blank means unknown, never zero. Rates are fractions unless the unit says otherwise; money in columns \
    named `_cents` is whole cents.";

fn page(title: &str, intro: &str, tables: &[TableSpec]) -> String {
    reference::page(title, intro, tables.iter().map(|spec| (spec.name, *spec)))
}

#[test]
fn results_of_a_run() {
    let intro = format!(
        "What a run writes to its output folder about ACOs. {IN_COMMON} The first columns of `savings_losses` have the names, units and \
         rounding of CMS's results file of 2024; ours follow in lower case.\n\n\
         Beside them: [tables about lives](lives.md), [cells](cells.md), [rates](rates.md); `manifest.json` (version, rules, inputs with \
         their hashes, rows and cents in and out of every stage), `metrics.json` (seconds, rows and memory)."
    );
    let tables = [
        tables::SavingsLosses::SPEC,
        tables::BenchmarkStep::SPEC,
        expected::Expected::SPEC,
        FindingRow::SPEC,
        risk_cap::RiskCap::SPEC,
        spending::RiskDetail::SPEC,
        trend::TrendDecomposition::SPEC,
        spending::ServiceCategories::SPEC,
        spending::Utilisation::SPEC,
        spending::RunOut::SPEC,
    ];
    current("results.md", &page("Results of a run", &intro, &tables));
}

#[test]
fn tables_of_other_commands() {
    let intro = format!(
        "What commands other than `run` write. {IN_COMMON} `scenario`: `difference`, `summary`. `marginal`: `marginal`. `tieout`: `tieout`. \
         `compare`: `assignment_comparison`, `assignment_differences`, `savings_losses_comparison`, `rules_comparison`. `synth`: \
         `answer_key`, as CSV. The columns of a sweep depend on what is swept: [A reform](../reforms.md#a-sweep)."
    );
    let tables = [
        scenario::Difference::SPEC,
        scenario::Summary::SPEC,
        marginal::Marginal::SPEC,
        replay::TieOut::SPEC,
        compared::RunComparison::SPEC,
        compared::RunDifference::SPEC,
        compared::SavingsComparison::SPEC,
        compared::RuleComparison::SPEC,
        AnswerRow::SPEC,
    ];
    current("other-tables.md", &page("Tables of other commands", &intro, &tables));
}

/// A command's section, and those of the commands below it.
fn command_sections(text: &mut String, command: &mut Command, path: &str) {
    write!(text, "\n## `{path}`\n\n").expect("text grows");
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    for paragraph in about.split("\n\n") {
        writeln!(text, "{}\n", cell(paragraph)).expect("text grows");
    }
    let usage = command.render_usage().to_string();
    writeln!(text, "```text\n{}\n```", usage.trim_start_matches("Usage: ").trim()).expect("text grows");
    let shown = |arg: &&Arg| {
        !arg.is_hide_set() && !arg.is_global_set() && !["help", "version"].contains(&arg.get_id().as_str())
    };
    let arguments: Vec<&Arg> = command.get_arguments().filter(shown).collect();
    if !arguments.is_empty() {
        *text += "\n| argument | meaning |\n|---|---|\n";
        for arg in arguments {
            reference::row(text, &[&name_of(arg), &meaning_of(arg)]);
        }
    }
    for below in command.get_subcommands_mut().filter(|below| below.get_name() != "help") {
        let path = format!("{path} {}", below.get_name());
        command_sections(text, below, &path);
    }
}

/// An argument as it is written on a command line.
fn name_of(arg: &Arg) -> String {
    let values = arg.get_value_names().unwrap_or_default().join("> <");
    let value =
        if values.is_empty() || !arg.get_action().takes_values() { String::new() } else { format!("<{values}>") };
    let several = arg.get_num_args().is_some_and(|range| range.max_values() > 1)
        && arg.get_value_names().is_none_or(|n| n.len() < 2);
    let dots = if several { "..." } else { "" };
    match (arg.get_long(), arg.get_short()) {
        (Some(long), short) => {
            let short = short.map(|short| format!("`-{short}`, ")).unwrap_or_default();
            format!("{short}`{}{dots}`", format!("--{long} {value}").trim())
        }
        (None, Some(short)) => format!("`{}{dots}`", format!("-{short} {value}").trim()),
        (None, None) => format!("`{value}{dots}`"),
    }
}

/// What an argument means, the values that it may have and its default.
fn meaning_of(arg: &Arg) -> String {
    let mut meaning = cell(&arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default());
    let possible: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|_| arg.get_action().takes_values())
        .map(|value| {
            let help = value.get_help().map(|help| format!(" ({})", cell(&help.to_string()))).unwrap_or_default();
            format!("`{}`{help}", value.get_name())
        })
        .collect();
    if !possible.is_empty() {
        write!(meaning, ". One of {}", possible.join(", ")).expect("text grows");
    }
    let defaults: Vec<String> =
        arg.get_default_values().iter().map(|value| format!("`{}`", value.to_string_lossy())).collect();
    if !defaults.is_empty() && arg.get_action().takes_values() {
        write!(meaning, ". Default: {}", defaults.join(", ")).expect("text grows");
    }
    if arg.is_required_set() && arg.get_long().is_some() {
        meaning += ". Must be given";
    }
    meaning
}

#[test]
fn commands() {
    let mut command = crate::cli::command_line();
    command.build();
    let mut page = format!(
        "{MADE}# Commands\n\nThe same text as `acoledger help COMMAND`. Results go to standard output, logs to standard error; \
         `--log-format json` before or after any command makes each log line a JSON record. Exit status: 0 done; 1 done, with findings \
         beyond the limits or rows that do not replay; 2 could not run.\n\n| command | |\n|---|---|\n"
    );
    let mut below: Vec<&mut Command> =
        command.get_subcommands_mut().filter(|command| command.get_name() != "help").collect();
    below.sort_by_key(|command| command.get_display_order());
    for command in &below {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let name = command.get_name();
        reference::row(&mut page, &[&format!("[`{name}`](#acoledger-{name})"), &cell(&about)]);
    }
    for command in below {
        let path = format!("acoledger {}", command.get_name());
        command_sections(&mut page, command, &path);
    }
    current("commands.md", &page);
}
