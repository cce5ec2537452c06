//! `docs/src/assignment.md`, made from the rules, the names of the tests that hold them and the planted cases; written
//! anew by `UPDATE_EXPECT=1`. Names that do not exist, and rules that nothing holds, fail.

use crate::held;
use crate::planted::{ASKED, keys};
use crate::rules_of_assignment::{RULES, Rule};
use acoledger_schemas::rules::Rules;
use expect_test::expect_file;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Sections of M.A.
const SECTIONS: [(&str, &str); 8] = [
    ("1", "Who can be assigned"),
    ("2", "Windows and their order"),
    ("3", "Voluntary alignment"),
    ("4", "Clinicians"),
    ("5", "Primary care services"),
    ("6", "The algorithm"),
    ("7", "Facilities"),
    ("8", "Populations that follow"),
];

/// Keys of these families that say how results are shown, not who is assigned.
const NOT_OF_THE_LAW: [&str; 1] = ["assign.margin.shares"];

/// Planted cases by the rule that their answers name.
fn cases_by_rule() -> BTreeMap<String, BTreeSet<String>> {
    let mut cases: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in keys() {
        let numbers = row.rule.split(':').next().unwrap_or_default();
        for number in numbers.split(", ").filter_map(|number| number.strip_prefix("M.A.")) {
            cases.entry(number.to_owned()).or_default().insert(row.case.clone());
        }
    }
    cases
}

fn code(names: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}

fn page() -> String {
    let cases = cases_by_rule();
    let mut page = String::from(
        "# Assignment, rule by rule\n\n\
         Each rule of the methodology's section A in a line, the keys of `acoledger rules` that hold its numbers, the tests that hold it, and\n\
         the planted cases of `acoledger synth` whose answer it decides. Beside these, the worlds with known answers\n\
         (`person_worlds`) and the answer keys of all planted cases (`planted`) go through every rule at once. This page is\n\
         generated; a rule without a test fails the build.\n",
    );
    for (section, title) in SECTIONS {
        write!(page, "\n## M.A.{section} {title}\n").expect("text grows");
        for rule in RULES.iter().filter(|rule| rule.number.split('.').next() == Some(section)) {
            write!(page, "\n**M.A.{}** {}\n\n", rule.number, rule.says).expect("text grows");
            if !rule.keys.is_empty() {
                writeln!(page, "- rule keys: {}", code(rule.keys)).expect("text grows");
            }
            writeln!(page, "- tests: {}", code(rule.tests)).expect("text grows");
            if let Some(cases) = cases.get(rule.number) {
                writeln!(page, "- planted: {}", code(cases)).expect("text grows");
            }
        }
    }
    page += "\n## Planted cases\n\n\
        What the list of planted cases asks for, and where it stands. Cases that hold in some performance years only are planted when\n\
        `synth --years` has one of them, 2016 to 2026.\n\n\
        | asked for | planted | tests | |\n|---|---|---|---|\n";
    for asked in ASKED {
        writeln!(page, "| {} | {} | {} | {} |", asked.what, code(asked.cases), code(asked.tests), asked.note)
            .expect("text grows");
    }
    page += "\n## Where the tests stand\n\n| module | file |\n|---|---|\n";
    let named = RULES.iter().flat_map(|rule| rule.tests).chain(ASKED.iter().flat_map(|asked| asked.tests));
    let modules: BTreeMap<&str, &str> = named
        .chain(&["person_worlds::w1_is_equal", "planted::planted_cases_come_out_as_the_answer_key_says"])
        .map(|test| (test.split("::").next().unwrap_or_default(), held::file_of(test)))
        .collect();
    for (module, file) in modules {
        writeln!(page, "| `{module}` | `{file}` |").expect("text grows");
    }
    page
}

#[test]
fn the_page_is_current() {
    expect_file!["../../../docs/src/assignment.md"].assert_eq(&page());
}

#[test]
fn every_rule_is_held_by_tests_that_exist() {
    let rules = Rules::built_in().expect("the shipped rules are sound");
    let known: BTreeSet<&str> = rules.all().map(|rule| rule.key.as_str()).collect();
    let mut wrong = Vec::new();
    for Rule { number, keys, tests, .. } in RULES {
        if tests.is_empty() {
            wrong.push(format!("M.A.{number}: no test"));
        }
        wrong.extend(tests.iter().filter_map(|test| held::trouble(test)).map(|what| format!("M.A.{number}: {what}")));
        wrong.extend(
            keys.iter().filter(|key| !known.contains(*key)).map(|key| format!("M.A.{number}: no rule `{key}`")),
        );
    }
    let listed: BTreeSet<&str> = RULES.iter().flat_map(|rule| rule.keys).copied().collect();
    let family = |key: &str| key.starts_with("assign.") || key.starts_with("primary_care.");
    let of_assignment = |key: &&str| family(key) && !NOT_OF_THE_LAW.contains(key);
    wrong.extend(
        known
            .iter()
            .copied()
            .filter(of_assignment)
            .filter(|key| !listed.contains(key))
            .map(|key| format!("`{key}`: on no rule")),
    );
    let numbers: BTreeSet<&str> = RULES.iter().map(|rule| rule.number).collect();
    wrong.extend(
        cases_by_rule().into_keys().filter(|n| !numbers.contains(n.as_str())).map(|n| format!("no rule M.A.{n}")),
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The numbers of the methodology, when it is at hand: none is left out.
#[test]
fn the_rules_are_those_of_the_methodology() {
    let root = std::env::var("ACOLEDGER_ORACLES").unwrap_or(format!("{}/../../shared", env!("CARGO_MANIFEST_DIR")));
    let Ok(text) = std::fs::read_to_string(format!("{root}/spec/METHODOLOGY.md")) else {
        println!("oracles absent: the methodology");
        return;
    };
    let from = text.find("## A. Assignment").expect("section A");
    let to = text.find("## B. Expenditures").expect("section B");
    let (mut section, mut numbers) = (String::new(), BTreeSet::new());
    for line in text[from..to].lines() {
        if let Some(rest) = line.strip_prefix("### A.") {
            section = rest.split(' ').next().unwrap_or_default().to_owned();
        } else if let Some(rest) = line.strip_prefix("**A.") {
            numbers.extend(rest.split("**").next().and_then(|text| text.split([' ', '*']).next()).map(str::to_owned));
        } else if let Some((number, _)) = line.split_once(". ")
            && number.parse::<u8>().is_ok()
        {
            numbers.insert(format!("{section}.{number}"));
        }
    }
    let ours: BTreeSet<String> =
        RULES.iter().map(|rule| rule.number.to_owned()).filter(|number| number.contains('.')).collect();
    assert_eq!(ours, numbers);
}
