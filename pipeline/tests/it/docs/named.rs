//! Commands, options and make targets that pages name exist.

use super::{blocks, pages, prose, root};
use crate::command::Folder;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::stages::STAGES;
use acoledger_schemas::study::Study;
use std::collections::BTreeMap;

/// Pieces of a page that are code: lines of blocks, and what stands between backticks.
fn code(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for block in blocks(text) {
        // A command may go on after a backslash.
        let lines = block.lines.join("\n").replace("\\\n", " ");
        found.extend(lines.lines().map(str::to_owned));
    }
    for paragraph in prose(text).join("\n").split("\n\n") {
        found.extend(paragraph.split('`').skip(1).step_by(2).map(str::to_owned));
    }
    found
}

/// Words that follow `acoledger ` in code, up to what begins another command.
fn command_lines(code: &str) -> Vec<Vec<&str>> {
    let starts = code
        .match_indices("acoledger ")
        .filter(|(at, _)| !code[..*at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.')));
    starts
        .map(|(at, start)| {
            let line = &code[at + start.len()..];
            line.split_whitespace().take_while(|word| !word.starts_with(['#', '|', '>', '&', ';'])).collect()
        })
        .collect()
}

fn texts() -> BTreeMap<String, String> {
    let mut texts = pages();
    for name in ["README.md", "ARCHITECTURE.md"] {
        texts.insert(format!("/{name}"), std::fs::read_to_string(root().join(name)).unwrap());
    }
    texts
}

#[test]
fn commands_and_options_that_are_named_exist() {
    let folder = Folder::new();
    let mut helps: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (name, text) in texts() {
        for piece in code(&text) {
            for words in command_lines(&piece) {
                let Some((&command, rest)) = words.split_first() else { continue };
                let is_word = command.starts_with(|c: char| c.is_ascii_lowercase())
                    && command.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
                if !is_word || command == "help" {
                    continue;
                }
                seen += 1;
                let help = helps.entry(command.to_owned()).or_insert_with(|| {
                    let below = if command == "measure" { ["decode", "memory"].as_slice() } else { &[] };
                    let lines = below.iter().map(|below| format!("{command} {below} --help"));
                    let done: Vec<_> =
                        [format!("{command} --help")].into_iter().chain(lines).map(|line| folder.run(&line)).collect();
                    done.iter().all(|done| done.exit == 0).then(|| done.into_iter().map(|done| done.stdout).collect())
                });
                let Some(help) = help else {
                    wrong.push(format!("{name}: no command `{command}` in `{piece}`"));
                    continue;
                };
                let options = rest.iter().filter(|word| word.starts_with("--") && word.len() > 2);
                for option in options.map(|word| word.split(['=', ']', ':']).next().unwrap_or(word)) {
                    let said = help.split_whitespace().any(|word| word.trim_end_matches(',') == option);
                    if !said {
                        wrong.push(format!("{name}: no option `{option}` of `{command}` in `{piece}`"));
                    }
                }
            }
        }
    }
    assert!(seen > 100, "{seen}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn make_targets_that_are_named_exist() {
    let makefile = std::fs::read_to_string(root().join("Makefile")).unwrap();
    let mut wrong = Vec::new();
    for (name, text) in texts() {
        for piece in code(&text) {
            let Some(rest) = piece.strip_prefix("make ") else { continue };
            let target = rest.split_whitespace().next().unwrap_or_default();
            if !target.contains('=') && !makefile.contains(&format!("\n{target}:")) {
                wrong.push(format!("{name}: {piece}"));
            }
        }
    }
    assert!(wrong.is_empty(), "no such make target: {wrong:#?}");
}

/// Names that pages give to several rules at once, `family.*`, or to one of a reform's own (`risk.cap`).
const SEVERAL: [&str; 1] = ["risk.cap"];

#[test]
fn rule_keys_that_are_named_exist() {
    let rules = Rules::built_in().unwrap();
    let families: Vec<&str> = STAGES.iter().flat_map(|stage| stage.rules.iter().copied()).chain(["replay"]).collect();
    let mut wrong = Vec::new();
    for (name, text) in texts() {
        for piece in code(&text) {
            let key = piece.trim_matches('"');
            let looks_like_a_key =
                key.split_once('.').is_some_and(|(family, rest)| families.contains(&family) && !rest.is_empty())
                    && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_'))
                    && ![".md", ".rs", ".csv", ".toml", ".json", ".svg", ".xlsx", ".html"]
                        .iter()
                        .any(|end| key.ends_with(end));
            // An entry of a value has the rule's key before it: `settle.sharing_rate.maximum.EN`.
            let known = || rules.all().any(|rule| key == rule.key || key.starts_with(&format!("{}.", rule.key)));
            if looks_like_a_key && !SEVERAL.contains(&key) && !known() {
                wrong.push(format!("{name}: {piece}"));
            }
        }
    }
    assert!(wrong.is_empty(), "no such rule: {wrong:#?}");
}

#[test]
fn blocks_of_toml_parse() {
    let mut studies = 0;
    for (name, text) in pages() {
        for block in blocks(&text).into_iter().filter(|block| block.words.split(',').next() == Some("toml")) {
            let toml = block.lines.join("\n");
            // Pages of rules show a value after each date.
            if name.starts_with("reference/rules") {
                continue;
            }
            let parsed: Result<toml::Table, _> = toml::from_str(&toml);
            assert!(parsed.is_ok(), "{name}, line {}: {parsed:?}", block.line);
            if toml.contains("[study]") && toml.contains("[input]") {
                studies += 1;
                let study = Study::parse(&toml);
                assert!(study.is_ok(), "{name}, line {}: {study:?}", block.line);
            }
        }
    }
    assert!(studies >= 3, "{studies}");
}
