//! Pages with `console` blocks are run: each in a folder of its own, commands in their order, and what they print to standard
//! output is what the page shows. A line `...` stands for any number of lines. A block whose first words are `toml,file=NAME` (or
//! another language) is written to that file first. `UPDATE_EXPECT=1` rewrites the outputs, elisions kept where they fit.

use super::{Block, blocks, pages, root};
use crate::command::Folder;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

const ELISION: &str = "...";

/// A command of a block and the lines shown below it.
struct Step<'t> {
    command: &'t str,
    shown: Vec<&'t str>,
}

fn steps<'t>(block: &Block<'t>) -> Vec<Step<'t>> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    for &line in &block.lines {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step { command, shown: Vec::new() }),
            (None, Some(step)) => step.shown.push(line),
            (None, None) => panic!("line {}: output before a command", block.line),
        }
    }
    steps
}

/// Whether lines are those shown, an elision standing for any number.
fn fits(shown: &[&str], printed: &[&str]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((&ELISION, rest)) => (0..=printed.len()).any(|at| fits(rest, &printed[at..])),
        Some((first, rest)) => printed.split_first().is_some_and(|(line, after)| line == first && fits(rest, after)),
    }
}

/// What stands before the first digit of a line: by it a line is found again whose numbers changed.
fn label(line: &str) -> &str {
    line.split(|c: char| c.is_ascii_digit()).next().unwrap_or_default()
}

/// What is printed, cut as what was shown is cut.
fn cut_alike<'p>(shown: &[&'p str], printed: &[&'p str]) -> Vec<&'p str> {
    let parts: Vec<&[&str]> = shown.split(|line| *line == ELISION).collect();
    let [first, between @ .., last] = &parts[..] else { return printed.to_vec() };
    let mut at = first.len().min(printed.len());
    let mut lines = printed[..at].to_vec();
    lines.push(ELISION);
    for part in between {
        let Some(start) = part.first() else { continue };
        let named = |line: &&str| !label(start).trim().is_empty() && label(line) == label(start);
        let rest = &printed[at..];
        let found = rest.iter().position(|line| line == start).or_else(|| rest.iter().position(named));
        if let Some(found) = found {
            let from = at + found;
            at = (from + part.len()).min(printed.len());
            lines.extend(&printed[from..at]);
            lines.push(ELISION);
        }
    }
    lines.extend(&printed[printed.len().saturating_sub(last.len()).max(at)..]);
    lines
}

fn run(folder: &Folder, command: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_acoledger"));
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", program.parent().unwrap().display());
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command).current_dir(folder.path()).env("PATH", path).env("COLUMNS", "100");
    let output = shell.env_remove("ACOLEDGER_LOG").output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`{command}`: {}\n{stderr}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a page; the page with what was printed, the page itself where that is what it shows.
fn replayed(text: &str) -> String {
    let folder = Folder::new();
    let mut out = String::new();
    let mut rest: Vec<&str> = text.lines().rev().collect();
    for block in blocks(text) {
        while rest.len() + block.line > text.lines().count() {
            writeln!(out, "{}", rest.pop().unwrap()).unwrap();
        }
        if let Some(name) = block.words.split(',').find_map(|word| word.strip_prefix("file=")) {
            folder.write(name, &(block.lines.join("\n") + "\n"));
        }
        if block.words != "console" {
            continue;
        }
        for step in steps(&block) {
            let printed = run(&folder, step.command);
            let printed: Vec<&str> = printed.lines().map(str::trim_end).collect();
            let lines = if fits(&step.shown, &printed) { step.shown } else { cut_alike(&step.shown, &printed) };
            writeln!(out, "$ {}", step.command).unwrap();
            lines.iter().for_each(|line| writeln!(out, "{line}").unwrap());
        }
        rest.truncate(rest.len() - block.lines.len());
    }
    rest.iter().rev().for_each(|line| writeln!(out, "{line}").unwrap());
    out
}

#[test]
fn pages_show_what_commands_print() {
    let with_commands: Vec<(String, String)> =
        pages().into_iter().filter(|(_, text)| text.contains("\n```console\n")).collect();
    assert!(with_commands.iter().any(|(name, _)| name == "tutorial.md"), "the tutorial is gone");
    for (name, text) in with_commands {
        let path = std::path::absolute(root().join("docs/src").join(&name)).unwrap();
        expect_test::expect_file![path].assert_eq(&replayed(&text));
    }
}

#[test]
fn elisions_stand_for_any_number_of_lines() {
    let printed = ["a 1", "b 2", "c 3", "d 4"];
    assert!(fits(&["a 1", "...", "d 4"], &printed) && fits(&["...", "d 4", "..."], &printed) && fits(&["..."], &[]));
    assert!(!fits(&["a 1", "...", "c 3"], &printed) && !fits(&["a 1"], &printed));
    assert_eq!(cut_alike(&["a 0", "...", "c 9", "..."], &printed), ["a 1", "...", "c 3", "..."]);
    assert_eq!(
        cut_alike(&["a 1", "...", "", "x 0", "..."], &["a 2", "7 x", "", "x 1", "y"]),
        ["a 2", "...", "", "x 1", "..."]
    );
    assert_eq!(cut_alike(&["old"], &printed), printed);
}
