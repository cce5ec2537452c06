//! A page for each rule file: every rule with text, unit, citation, and all its values by date.

use super::current;
use acoledger_schemas::reference::{MADE, cell, row};
use acoledger_schemas::rules::{Rule, Rules};
use std::fmt::Write;

/// Rule files, in the order of the stages, with the titles of their pages.
const PAGES: [(&str, &str); 10] = [
    ("assign.toml", "Assignment"),
    ("primary_care.toml", "Primary care services"),
    ("expenditure.toml", "Expenditures"),
    ("utilisation.toml", "Utilisation"),
    ("population.toml", "Enrollment, cells and rates"),
    ("risk.toml", "Risk scores"),
    ("benchmark.toml", "Benchmark"),
    ("update.toml", "Update of the benchmark"),
    ("settle.toml", "Settlement"),
    ("replay.toml", "Replay of published results"),
];

/// Values of more characters stand below the table.
const SHORT: usize = 160;

fn page_of(file: &str) -> String {
    format!("rules-{}.md", file.trim_end_matches(".toml").replace('_', "-"))
}

fn rule_section(rule: &Rule) -> String {
    let mut text = format!("\n## `{}`\n\n{}\n\n", rule.key, cell(&rule.text));
    let dated = if rule.dated_by == "always" { String::new() } else { format!(", dated by {}", rule.dated_by) };
    writeln!(text, "Unit: {}{dated}. Read by: {}. {}\n", rule.unit, rule.stage, citation(&rule.citation))
        .expect("text grows");
    let shown: Vec<(String, String)> =
        rule.values.iter().map(|(from, value)| (from.to_string(), value.to_string())).collect();
    if shown.iter().all(|(_, value)| value.chars().count() <= SHORT) {
        text += "| from | value |\n|---|---|\n";
        for (from, value) in shown {
            row(&mut text, &[&from, &format!("`{}`", value.replace('|', "\\|"))]);
        }
    } else {
        text += "```toml\n";
        for ((from, _), (_, value)) in shown.iter().zip(&rule.values) {
            writeln!(text, "# from {from}\n{}", laid_out(value)).expect("text grows");
        }
        text += "```\n";
    }
    text
}

fn citation(text: &str) -> String {
    format!("Citation: {}.", cell(text).trim_end_matches('.'))
}

/// A long value over several lines: the items of a list, the entries of a table, folded at 120 columns.
fn laid_out(value: &toml::Value) -> String {
    let fold = |items: Vec<String>| {
        let mut lines = vec![String::from(" ")];
        for item in items {
            let last = lines.last_mut().expect("there is always a line");
            if last.len() + item.len() + 2 > 120 && last.trim() != "" {
                lines.push(format!("  {item},"));
            } else {
                write!(last, " {item},").expect("text grows");
            }
        }
        lines.join("\n")
    };
    match value {
        toml::Value::Array(items) => format!("[\n{}\n]", fold(items.iter().map(ToString::to_string).collect())),
        toml::Value::Table(entries) => {
            format!("{{\n{}\n}}", fold(entries.iter().map(|(key, value)| format!("{key} = {value}")).collect()))
        }
        other => other.to_string(),
    }
}

#[test]
fn a_page_for_each_rule_file() {
    let rules = Rules::built_in().expect("the shipped rules are sound");
    for (file, title) in PAGES {
        let of_file: Vec<&Rule> = rules.all().filter(|rule| rule.file == file).collect();
        let mut page = format!(
            "{MADE}# Rules: {title}\n\nFrom `schemas/rules/{file}`, {} rules. A value holds from its day until the next one. M numbers are \
             sections of the [method](../method.md).\n",
            of_file.len()
        );
        for rule in of_file {
            page += &rule_section(rule);
        }
        current(&page_of(file), &page);
    }
    assert!(rules.all().all(|rule| PAGES.iter().any(|(file, _)| *file == rule.file)), "a rule file without a page");
}

#[test]
fn a_page_of_all_keys() {
    let rules = Rules::built_in().expect("the shipped rules are sound");
    let mut page = format!(
        "{MADE}# Rules\n\nEvery policy number is a rule with a key. This page lists the {} keys by family; the page of a family has each \
         rule's unit, citation and all values by date. `acoledger rules --year 2024` prints what is in force in a year; a study's `[rules]` \
         and a [reform](../reforms.md) override by key.\n",
        rules.all().count()
    );
    for (file, title) in PAGES {
        writeln!(page, "\n## [{title}]({})\n\n| key | unit | what it says |\n|---|---|---|", page_of(file))
            .expect("text grows");
        for rule in rules.all().filter(|rule| rule.file == file) {
            let anchor = rule.key.replace('.', "");
            let key = format!("[`{}`]({}#{anchor})", rule.key, page_of(file));
            row(&mut page, &[&key, &rule.unit, &cell(&rule.text)]);
        }
    }
    current("rules.md", &page);
}
