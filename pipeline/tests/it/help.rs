//! Help says what a command reads, writes and costs; the stage commands come from the list of stages.

use crate::command::Folder;
use acoledger_schemas::stages::STAGES;
use expect_test::expect;

#[test]
fn every_command_is_listed_once() {
    let help = Folder::new().run("--help").expect(0).stdout;
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| !line.starts_with("     "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    expect![[r#"
        [
            "run",
            "ingest",
            "enroll",
            "assign",
            "spend",
            "risk",
            "cells",
            "rates",
            "benchmark",
            "settle",
            "replay",
            "explain",
            "check",
            "rules",
            "scenario",
            "marginal",
            "assignment-list",
            "compare",
            "tieout",
            "report",
            "score",
            "synth",
            "runs",
            "diff",
            "completions",
            "man",
            "measure",
            "help",
        ]
    "#]]
    .assert_debug_eq(&commands);
}

#[test]
fn help_says_what_is_read_written_and_what_it_costs() {
    for command in [
        "run",
        "replay",
        "explain",
        "check",
        "rules",
        "scenario",
        "marginal",
        "assignment-list",
        "compare",
        "report",
        "synth",
    ] {
        let help = Folder::new().run(&format!("{command} --help")).expect(0).stdout;
        for words in [["reads", "writes"], ["writes", "prints"], ["takes", "costs"]] {
            let said = words.iter().any(|word| help.to_lowercase().contains(word));
            assert!(said, "{command}: none of {words:?}:\n{help}");
        }
    }
    for stage in STAGES {
        let help = Folder::new().run(&format!("{} --help", stage.name)).expect(0).stdout;
        assert!(help.contains("The stage reads"), "{help}");
    }
}

#[test]
fn pages_fit_a_hundred_columns() {
    let help = Folder::new().run("run --help").expect(0).stdout;
    assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
}

#[test]
fn a_command_that_does_not_exist() {
    expect![[r#"
        exit: 2
        --- stdout
        --- stderr
        error: unrecognized subcommand 'settel'

          tip: a similar subcommand exists: 'settle'

        Usage: acoledger [OPTIONS] <COMMAND>

        For more information, try '--help'.
    "#]]
    .assert_eq(&Folder::new().run("settel").show());
}
