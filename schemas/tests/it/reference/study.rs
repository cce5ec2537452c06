//! The page of the study file. Keys come from the errors of the parser itself, meanings and types from its source, defaults from
//! a study that says as little as it may.

use super::current;
use acoledger_schemas::reference::{MADE, cell, code, row};
use acoledger_schemas::study::Study;

/// What the page says of a table of the file before its keys.
const SECTIONS: [(&str, &str, &str); 5] = [
    ("study", "Question", "What is asked. Must be there."),
    ("input", "Input", "Where the inputs are, and what they are. Must be there; one of `raw` and `rates` too."),
    ("lake", "Lake", "Claims and enrollment, cut into shards."),
    (
        "run",
        "Run",
        "Where results go, and how the work is done. `--out`, `--threads`, `--memory` override; `--shards` the lake's.",
    ),
    (
        "limits",
        "Limits",
        "Beyond these a run ends with exit status 1; beyond one of `quality`, before any life is looked at, with 2.",
    ),
];

const LEAST: &str = "[study]\nname='x'\nperformance_years=[2023]\n[input]\nraw='raw'\nprogram='program'\n";

const SOURCE: &str = include_str!("../../../src/study.rs");

/// Names that an error of the parser offers, in their order.
fn offered(text: &str) -> Vec<String> {
    let error = Study::parse(text).expect_err("the parser refuses what it does not know");
    let expected = error.split("expected ").nth(1).unwrap_or_else(|| panic!("no names offered: {error}"));
    expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The smallest study with a further line in one of its tables.
fn with(table: &str, line: &str) -> String {
    let head = format!("[{table}]\n");
    match LEAST.contains(&head) {
        true => LEAST.replace(&head, &format!("{head}{line}\n")),
        false => format!("{LEAST}{head}{line}\n"),
    }
}

/// Type and meaning of a field, as the source declares it.
fn declared(of: &str, field: &str) -> (String, String) {
    let body = SOURCE.split(&format!("pub struct {of} {{")).nth(1).and_then(|rest| rest.split("\n}").next());
    let body = body.unwrap_or_else(|| panic!("no struct {of}"));
    let mut meaning = String::new();
    for line in body.lines().map(str::trim) {
        if let Some(doc) = line.strip_prefix("/// ") {
            meaning = format!("{meaning} {doc}");
        } else if let Some(kind) = line.strip_prefix(&format!("pub {field}: ")) {
            return (kind.trim_end_matches(',').to_owned(), meaning.trim().to_owned());
        } else if line.starts_with("pub ") {
            meaning.clear();
        }
    }
    panic!("no field {of}.{field}");
}

/// The type in the words of TOML.
fn in_toml(kind: &str, choices: &[String]) -> String {
    let choices: Vec<String> = choices.iter().map(|choice| format!("\"{choice}\"")).collect();
    match kind.strip_prefix("Option<").map_or(kind, |inner| inner.trim_end_matches('>')) {
        "String" => "text".into(),
        "Raw" => "text, or a table of globs by raw table".into(),
        "Vec<i32>" => "list of years".into(),
        "u64" | "u32" | "usize" => "whole number".into(),
        "f64" => "decimal".into(),
        "bool" => "true or false".into(),
        "BTreeMap<String, f64>" => "table of decimals".into(),
        _ => code(&choices.iter().map(String::as_str).collect::<Vec<_>>()),
    }
}

/// Defaults of the keys that have one, as a study file would say them.
fn default_of(study: &Study, key: &str) -> Option<String> {
    let quoted = |text: &str| Some(format!("\"{text}\""));
    match key {
        "study.seed" => Some(study.study.seed.to_string()),
        "input.maturity" => quoted(&study.input.maturity),
        "input.national_from_county" => Some(study.input.national_from_county.to_string()),
        "input.sas_day_numbers" => Some(study.input.sas_day_numbers.to_string()),
        "input.layout" => quoted(&format!("{:?}", study.input.layout).to_lowercase()),
        "input.county_codes" => quoted(&format!("{:?}", study.input.county_codes).to_lowercase()),
        "input.assignment" => quoted(&format!("{:?}", study.input.assignment).to_lowercase()),
        "lake.path" => quoted(&study.lake.path),
        "lake.shards" => Some(study.lake.shards.to_string()),
        "run.out" => quoted(&study.run.out),
        "run.threads" => Some(study.run.threads.to_string()),
        "run.memory" => quoted(&study.run.memory),
        "run.readable_by" => quoted(&format!("{:?}", study.run.readable_by).to_lowercase()),
        "limits.rejected_rows" => Some(study.limits.rejected_rows.to_string()),
        "limits.rejected_cents_share" => Some(study.limits.rejected_cents_share.to_string()),
        _ => None,
    }
}

fn table_of_keys(name: &str, of: &str) -> String {
    let study = Study::parse(LEAST).expect("the smallest study");
    let mut text = String::from("| key | type | default | meaning |\n|---|---|---|---|\n");
    for field in offered(&with(name, "no_such_key = 1")) {
        let (kind, meaning) = declared(of, &field);
        let is_choice = !kind.contains(['<', '6', '2']) && !["String", "Raw", "usize", "bool"].contains(&kind.as_str());
        let choices = if is_choice { offered(&with(name, &format!("{field} = 'no_such'"))) } else { Vec::new() };
        let key = format!("{name}.{field}");
        let required = Study::parse(&LEAST.replace(&format!("\n{field}="), "\nno_such_key=")).is_err()
            && LEAST.contains(&format!("\n{field}="))
            && field != "raw";
        let default = match default_of(&study, &key) {
            Some(value) => format!("`{value}`"),
            None if required => "must be there".into(),
            None => "none".into(),
        };
        row(&mut text, &[&format!("`{field}`"), &in_toml(&kind, &choices), &default, &cell(&meaning)]);
    }
    text
}

#[test]
fn the_study_file() {
    let tables = offered("no_such_key = 1");
    assert_eq!(tables, ["study", "input", "lake", "run", "rules", "limits"]);
    let mut page = format!(
        "{MADE}# The study file\n\nA study is one TOML file: what is asked, of which inputs, with which rules and limits. Paths are relative to \
         the file in which they stand. An unknown key is an error.\n\nThe smallest one:\n\n```toml\n[study]\nname = \"x\"\n\
         performance_years = [2023]\n\n[input]\nraw = \"raw\"\nprogram = \"program\"\n```\n\n\
         - `include = \"common.toml\"` at its head takes another file first; what the study says itself goes before it.\n\
         - `${{NAME}}` in a path is an environment variable, `${{NAME:-text}}` one with something to fall back on.\n\
         - `raw`, `program`, `rates` and `out` may be [URLs of an object store](../object-stores.md).\n"
    );
    for (name, of, intro) in SECTIONS {
        page += &format!("\n## `[{name}]`\n\n{intro}\n\n{}", table_of_keys(name, of));
    }
    page += "\n## `[rules]`\n\nOverrides by [rule key](rules.md): a value for all time, or a list of `{ from, value }`. A key that no rule has, a \
        value of another shape and a number outside the range of the rule's unit are errors.\n\n```toml\n[rules]\n\
        \"settle.msr.low_head_count\" = 0\n\"settle.sequestration\" = [{ from = 2024, value = 0.0 }]\n```\n\n\
        ## `[limits.quality]`\n\nBy [check of the data's quality](../check.md): the share of the rows looked at that may be wrong.\n\n\
        ```toml\n[limits.quality]\nline_dates = 0.001\n```\n";
    for example in page.split("```toml\n").skip(2).filter_map(|rest| rest.split("```").next()) {
        Study::parse(&format!("{LEAST}{example}")).expect("the examples of the page");
    }
    current("study.md", &page);
}
