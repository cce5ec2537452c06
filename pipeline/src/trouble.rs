//! What stops a command, said in one way: where from wide to narrow, what, value, hint.

use acoledger_schemas::rules::RuleError;
use acoledger_schemas::table::{Problem, Problems, is_private};
use std::fmt::Display;
use std::path::Path;

/// A result whose error stops the command with exit status 2.
pub type Outcome<T> = Result<T, Problems>;

/// A problem of a whole file.
pub(crate) fn of_file(path: &Path, what: &str, value: impl Display) -> Problem {
    Problem {
        file: path.display().to_string(),
        line: 0,
        column: String::new(),
        what: what.into(),
        value: Some(value.to_string()),
        hint: None,
    }
}

/// A problem of a whole file without a value, with a hint.
pub(crate) fn of_file_with_hint(path: &Path, what: impl Into<String>, hint: impl Into<String>) -> Problem {
    Problem {
        file: path.display().to_string(),
        line: 0,
        column: String::new(),
        what: what.into(),
        value: None,
        hint: Some(hint.into()),
    }
}

/// A key of the study file whose value is not understood.
pub(crate) fn of_study(file: &Path, what: &str) -> Problems {
    of_file_with_hint(file, what, "`acoledger help run` describes the study file").into()
}

/// A rule that is absent, undated or of the wrong shape.
pub(crate) fn of_rule(error: &RuleError) -> Problems {
    error.problem("").into()
}

/// A failure of the machine: disk, permissions.
pub(crate) trait Io<T> {
    /// Names the file and what was being done to it.
    fn doing(self, what: &str, path: &Path) -> Outcome<T>;
}
impl<T, E: Display> Io<T> for Result<T, E> {
    fn doing(self, what: &str, path: &Path) -> Outcome<T> {
        self.map_err(|error| of_file(path, what, error).into())
    }
}

/// Whether a text has the form of a Medicare Beneficiary Identifier, whatever column it came to stand in: digit 1 to 9, letter, letter or
/// digit, digit, letter, letter or digit, digit, letter, letter, digit, digit.
fn is_beneficiary_identifier(text: &str) -> bool {
    let text = text.trim().as_bytes();
    text.len() == 11
        && text.iter().zip(*b"1AX9AX9AA99").all(|(byte, form)| match form {
            b'1' => matches!(byte, b'1'..=b'9'),
            b'9' => byte.is_ascii_digit(),
            b'A' => byte.is_ascii_alphabetic(),
            _ => byte.is_ascii_alphanumeric(),
        })
}

/// The first problems, without what may be an identifier of a life.
pub(crate) fn shown(problems: &Problems) -> Vec<Problem> {
    let mut shown = problems.first.clone();
    for problem in &mut shown {
        let looks_so = problem.value.as_deref().is_some_and(is_beneficiary_identifier);
        if looks_so || is_private(&problem.column) {
            problem.value = None;
        }
    }
    shown
}

/// Prints problems to standard error as the style asks, or as log records where logs are JSON. Identifiers are not shown: errors end up in
/// logs, tickets and mails.
pub(crate) fn print(problems: &Problems, as_json: bool) {
    let shown = shown(problems);
    if as_json {
        for problem in &shown {
            tracing::error!(
                file = problem.file,
                line = problem.line,
                column = problem.column,
                value = problem.value.as_deref().unwrap_or(""),
                hint = problem.hint.as_deref().unwrap_or(""),
                "{}",
                problem.what
            );
        }
        tracing::error!(problems = problems.count, "the command stopped");
        return;
    }
    for problem in &shown {
        eprintln!("error: {problem}");
    }
    let hidden = problems.count - shown.len() as u64;
    if hidden > 0 {
        eprintln!("error: and {hidden} more");
    }
}
