//! The generated reference pages of `docs/src/reference/` that need nothing but this crate: tables, raw files, rules, the keys
//! of a study. `UPDATE_EXPECT=1` writes them anew.

mod raw;
mod rules;
mod study;
mod tables;

use std::path::PathBuf;

/// Fails when a page is not what the program would write.
#[track_caller]
fn current(name: &str, page: &str) {
    let path: PathBuf = crate::root().join("docs/src/reference").join(name);
    let path = std::path::absolute(path).expect("the repository has a place");
    expect_test::expect_file![path].assert_eq(page);
}
