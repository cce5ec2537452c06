//! Files that tests compare with: `ACOLEDGER_ORACLES`, by default beside the checkout.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// The folder, absent or not.
pub(crate) fn folder() -> PathBuf {
    match std::env::var_os("ACOLEDGER_ORACLES") {
        Some(folder) => folder.into(),
        None => PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
    }
}

/// The text of a file, or `None` with a line that says so.
pub(crate) fn text(path: &str) -> Option<String> {
    let path = folder().join(path);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(_) => {
            println!("oracles absent: {}", path.display());
            None
        }
    }
}

/// The rows of comma-separated text, by column.
pub(crate) fn parse(text: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(|row| row.expect("a row")).collect()
}

/// The rows of a file that is there.
pub(crate) fn rows(path: &str) -> Vec<BTreeMap<String, String>> {
    parse(&text(path).expect("the file is there"))
}
