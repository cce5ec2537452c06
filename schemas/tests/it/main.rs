//! What holds across the repository: every rule is read by code, every key in code is a rule, the map is true.

mod reference;

use acoledger_schemas::{rules::Rules, stages::STAGES};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The text of every Rust source outside `tests/` and of `target/`.
fn sources() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, out: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(folder).expect("the folder is readable").flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() {
                if !matches!(name.as_str(), "target" | "tests" | "data") && !name.starts_with('.') {
                    walk(&path, out);
                }
            } else if name.ends_with(".rs") {
                out.push((path.clone(), std::fs::read_to_string(&path).expect("sources are text")));
            }
        }
    }
    let mut out = Vec::new();
    for folder in ["schemas/src", "stages", "synth", "pipeline/src"] {
        walk(&root().join(folder), &mut out);
    }
    out
}

/// A source without its unit tests, which ask for keys that do not exist.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

#[test]
fn every_rule_is_read_by_code() {
    let rules = Rules::built_in().expect("the shipped rules are sound");
    let sources = sources();
    let unread: Vec<&str> = rules
        .all()
        .map(|rule| rule.key.as_str())
        .filter(|key| !sources.iter().any(|(_, text)| code(text).contains(&format!("\"{key}\""))))
        .collect();
    assert!(unread.is_empty(), "rules that no code reads: {unread:#?}");
}

/// Names that reforms may use for several rules at once (`stages/aco/src/scenario/settings.rs`).
const ALIASES: [&str; 1] = ["risk.cap"];

#[test]
fn every_key_in_code_is_a_rule() {
    let rules = Rules::built_in().expect("the shipped rules are sound");
    let families: Vec<&str> = STAGES.iter().flat_map(|stage| stage.rules.iter().copied()).collect();
    let mut unknown = Vec::new();
    for (path, text) in sources() {
        for literal in code(&text).split('"').skip(1).step_by(2) {
            let looks_like_a_key = literal.split('.').count() > 1
                && literal.split('.').next().is_some_and(|family| families.contains(&family))
                && literal.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_'))
                && !literal.ends_with('.')
                && !literal.ends_with(".toml");
            if looks_like_a_key && !ALIASES.contains(&literal) && rules.rule(literal).is_err() {
                unknown.push(format!("{}: {literal}", path.display()));
            }
        }
    }
    assert!(unknown.is_empty(), "keys in code that are no rules: {unknown:#?}");
}

#[test]
fn every_rule_belongs_to_a_stage_and_its_family() {
    for rule in Rules::built_in().expect("the shipped rules are sound").all() {
        let family = rule.key.split('.').next().unwrap_or_default();
        let reads = STAGES.iter().any(|stage| stage.name == rule.stage);
        assert!(reads || rule.stage == "replay", "{}: no such stage: {}", rule.key, rule.stage);
        let known = STAGES.iter().any(|stage| stage.rules.contains(&family)) || family == "replay";
        assert!(known, "{}: no stage reads the family `{family}`", rule.key);
    }
}

#[test]
fn the_map_names_every_crate_and_stage() {
    let map = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("the map is there");
    let workspace: toml::Table = toml::from_str(&std::fs::read_to_string(root().join("Cargo.toml")).expect("readable"))
        .expect("the workspace manifest is TOML");
    for member in workspace["workspace"]["members"].as_array().expect("members are a list") {
        let folder = member.as_str().expect("members are text");
        assert!(map.contains(&format!("`{folder}/`")), "the map lacks the folder `{folder}/`");
    }
    let list = STAGES.iter().map(|stage| stage.name).collect::<Vec<_>>().join(", ");
    assert!(map.contains(&list), "the map's list of stages is not: {list}");
}
