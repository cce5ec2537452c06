//! The documentation holds: pages show what commands print, links lead somewhere, commands and targets that are named exist.

mod links;
mod named;
mod transcript;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Pages of the site by their path below `docs/src`, with their text.
fn pages() -> BTreeMap<String, String> {
    fn walk(top: &Path, folder: &Path, pages: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(top, &path, pages);
            } else if path.extension().is_some_and(|end| end == "md") {
                let name = path.strip_prefix(top).unwrap().display().to_string();
                pages.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    let top = root().join("docs/src");
    let mut pages = BTreeMap::new();
    walk(&top, &top, &mut pages);
    pages
}

/// A fenced block: the words after its fence, its first line's number, its lines.
struct Block<'t> {
    words: &'t str,
    line: usize,
    lines: Vec<&'t str>,
}

/// The fenced blocks of a page.
fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut open: Option<Block<'_>> = None;
    for (at, line) in text.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (Some(_), Some("")) => blocks.extend(open.take()),
            (Some(block), _) => block.lines.push(line),
            (None, Some(words)) => open = Some(Block { words: words.trim(), line: at + 1, lines: Vec::new() }),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block that does not end");
    blocks
}

/// A page without its fenced blocks, line for line.
fn prose(text: &str) -> Vec<&str> {
    let mut inside = false;
    text.lines()
        .map(|line| {
            let fence = line.starts_with("```");
            inside ^= fence;
            if inside || fence { "" } else { line }
        })
        .collect()
}
