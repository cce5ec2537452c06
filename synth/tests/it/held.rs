//! Tests by name: `module::test`, found in the sources.

use std::collections::BTreeMap;
use std::path::Path;

/// Where the modules of tests stand, from the repository's root.
const MODULES: [(&str, &str); 17] = [
    ("assignment", "stages/person/tests/it/assignment.rs"),
    ("bad_input", "pipeline/tests/it/bad_input.rs"),
    ("codes", "stages/person/src/context/faults.rs"),
    ("delivery", "pipeline/src/ingest/tests/delivery.rs"),
    ("derived", "stages/person/tests/it/derived.rs"),
    ("enroll", "stages/person/src/enroll.rs"),
    ("person_worlds", "stages/person/tests/it/worlds.rs"),
    ("planted", "pipeline/tests/it/synth.rs"),
    ("properties", "stages/person/tests/it/properties.rs"),
    ("rates_cases", "stages/aco/tests/it/rates_cases.rs"),
    ("reforms", "stages/person/tests/it/reforms.rs"),
    ("region", "stages/aco/src/benchmark/region.rs"),
    ("boundaries", "stages/aco/tests/it/boundaries.rs"),
    ("seldom", "stages/person/tests/it/seldom.rs"),
    ("settle", "stages/aco/tests/it/settle.rs"),
    ("spend", "stages/person/tests/it/spend.rs"),
    ("by_type", "stages/aco/src/by_type.rs"),
];

/// What is wrong with a name; `None`: its module has a test of that name.
pub(crate) fn trouble(name: &str) -> Option<String> {
    let Some((module, test)) = name.split_once("::") else { return Some(format!("not `module::test`: `{name}`")) };
    let Some(file) = BTreeMap::from(MODULES).get(module).copied() else {
        return Some(format!("no such module of tests: `{module}`"));
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    let Ok(text) = std::fs::read_to_string(&path) else { return Some(format!("cannot be read: `{file}`")) };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let at = lines.iter().position(|line| line.starts_with(&format!("fn {test}(")));
    // The attribute stands above, perhaps with others between.
    let marked = |at: usize| {
        lines[..at].iter().rev().take_while(|line| line.starts_with('#')).any(|line| line.starts_with("#[test]"))
    };
    match at {
        Some(at) if marked(at) => None,
        _ => Some(format!("no such test in `{file}`: `{test}`")),
    }
}

/// The file of a test that exists.
pub(crate) fn file_of(name: &str) -> &'static str {
    let module = name.split("::").next().unwrap_or_default();
    BTreeMap::from(MODULES).get(module).copied().unwrap_or_default()
}

#[test]
fn names_are_found_or_refused() {
    assert_eq!(trouble("assignment::ties_go_to_the_latest_visit"), None);
    for wrong in ["assignment::no_such_test", "nowhere::at_all", "assignment", "seldom::begun"] {
        assert!(trouble(wrong).is_some(), "{wrong}");
    }
}
