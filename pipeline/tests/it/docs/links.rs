//! Links between pages lead somewhere, and every page is in the summary.

use super::{pages, prose, root};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

/// Targets of the links on a line, `[text](target)`; what stands in code is none.
fn targets(line: &str) -> Vec<&str> {
    let mut outside = String::new();
    let mut found = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find("](") {
        let after = &rest[at + 2..];
        outside.push_str(&rest[..at]);
        let end = after.find(')').unwrap_or(after.len());
        // An odd number of backticks before it: inside code.
        if outside.matches('`').count().is_multiple_of(2) {
            found.push(&after[..end]);
        }
        rest = &after[end..];
    }
    found
}

/// A relative path without `.` and `..`; `None` where it leaves the folder it is in.
fn joined(page: &str, target: &str) -> Option<PathBuf> {
    let mut path = Path::new(page).parent()?.to_path_buf();
    for part in Path::new(target).components() {
        match part {
            Component::ParentDir => path.pop().then_some(())?,
            Component::Normal(name) => path.push(name),
            _ => {}
        }
    }
    Some(path)
}

/// Anchors of a page's headings, as mdBook makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    let headings = prose(text).into_iter().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let title = line.trim_start_matches('#').trim();
            let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' '));
            let id: String = kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect();
            let again = times.entry(id.clone()).and_modify(|times| *times += 1).or_insert(0);
            if *again == 0 { id } else { format!("{id}-{again}") }
        })
        .collect()
}

#[test]
fn links_between_pages_lead_somewhere() {
    let pages = pages();
    let mut wrong = Vec::new();
    for (name, text) in &pages {
        for (at, line) in prose(text).into_iter().enumerate() {
            for target in targets(line).into_iter().filter(|target| !target.contains("://")) {
                let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
                let place = if file.is_empty() { Some(PathBuf::from(name)) } else { joined(name, file) };
                let there = place.as_ref().is_some_and(|place| root().join("docs/src").join(place).is_file());
                let page = place.and_then(|place| pages.get(&place.display().to_string()));
                let known = anchor.is_empty() || page.is_some_and(|page| anchors(page).contains(anchor));
                if !there || !known {
                    wrong.push(format!("{name}, line {}: {target}", at + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "links that lead nowhere: {wrong:#?}");
}

#[test]
fn links_of_the_repository_lead_somewhere() {
    let mut wrong = Vec::new();
    for name in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "benches/README.md", "benches/peers/README.md"] {
        let text = std::fs::read_to_string(root().join(name)).unwrap();
        for target in prose(&text).into_iter().flat_map(targets).filter(|target| !target.contains("://")) {
            let file = target.split('#').next().unwrap_or_default();
            let place = joined(name, file);
            if !file.is_empty() && !place.is_some_and(|place| root().join(place).exists()) {
                wrong.push(format!("{name}: {target}"));
            }
        }
    }
    assert!(wrong.is_empty(), "links that lead nowhere: {wrong:#?}");
}

#[test]
fn every_page_is_in_the_summary_once() {
    let pages = pages();
    // A part without a page of its own has a link to nothing.
    let listed = pages["SUMMARY.md"].lines().flat_map(targets).filter(|target| !target.is_empty());
    let listed: Vec<&str> = listed.collect();
    let once: BTreeSet<&str> = listed.iter().copied().collect();
    assert_eq!(once.len(), listed.len(), "a page is listed twice");
    let there: BTreeSet<&str> = pages.keys().map(String::as_str).filter(|name| *name != "SUMMARY.md").collect();
    assert_eq!(once, there);
}

#[test]
fn anchors_are_those_of_mdbook() {
    let text =
        "# A page\n## `cells/aco_heads`\n## The walk of an ACO\n## The walk of an ACO\n```sh\n# no heading\n```\n";
    let expected = ["a-page", "cellsaco_heads", "the-walk-of-an-aco", "the-walk-of-an-aco-1"];
    assert!(anchors(text).iter().map(String::as_str).eq(expected), "{:?}", anchors(text));
    assert_eq!(targets("[a](b.md) and `x](no)` and [c](d.md#e)"), ["b.md", "d.md#e"]);
}
