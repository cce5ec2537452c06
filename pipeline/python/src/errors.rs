//! What stops a command, as a Python exception: the text that the program prints, and its parts.

use acoledger_schemas::table::Problems;
use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

create_exception!(acoledger._native, Error, PyException, "What stopped a command; `problems` has its parts.");

/// A result, or its problems as an exception.
pub(crate) fn or_raise<T>(py: Python<'_>, result: Result<T, Problems>) -> PyResult<T> {
    result.map_err(|problems| of(py, &problems))
}

/// Problems as an exception. Identifiers of lives are not shown: exceptions end up in logs, tickets and mails.
pub(crate) fn of(py: Python<'_>, problems: &Problems) -> PyErr {
    let shown = acoledger::api::shown(problems);
    let mut text = shown.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let hidden = problems.count - shown.len() as u64;
    if hidden > 0 {
        text.push_str(&format!("\nand {hidden} more"));
    }
    let error = Error::new_err(text);
    let parts = shown.iter().map(|problem| {
        let part = PyDict::new(py);
        part.set_item("file", &problem.file)?;
        part.set_item("line", problem.line)?;
        part.set_item("column", &problem.column)?;
        part.set_item("what", &problem.what)?;
        part.set_item("value", &problem.value)?;
        part.set_item("hint", &problem.hint)?;
        Ok(part)
    });
    let parts = parts.collect::<PyResult<Vec<_>>>().and_then(|parts| PyList::new(py, parts));
    match parts.and_then(|parts| error.value(py).setattr("problems", parts)) {
        Ok(()) => error,
        Err(error) => error,
    }
}

/// An exception of a single sentence.
pub(crate) fn raised(what: &str) -> PyErr {
    Error::new_err(what.to_owned())
}
