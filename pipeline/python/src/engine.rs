//! A Python callable as the engine of a run: it has tasks done somewhere and hands back what they returned.

use crate::Raised;
use acoledger::cluster::Engine;
use acoledger_schemas::table::{Problem, Problems};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::PoisonError;

/// `callable(job: bytes, shards: list[int])`, an iterable of `bytes`.
pub(crate) struct Callback {
    pub(crate) callable: Py<PyAny>,
    pub(crate) raised: Raised,
}

impl Engine for Callback {
    fn each(
        &self,
        job: &[u8],
        shards: &[u32],
        take: &mut dyn FnMut(&[u8]) -> Result<(), Problems>,
    ) -> Result<(), Problems> {
        Python::attach(|py| {
            let mut refused = None;
            let done = self.ask(py, job, shards, &mut |answer| match take(answer) {
                Ok(()) => true,
                Err(problems) => {
                    refused = Some(problems);
                    false
                }
            });
            match (done, refused) {
                (Ok(()), None) => Ok(()),
                (_, Some(problems)) => Err(problems),
                (Err(error), None) => {
                    let what = error.to_string();
                    self.raised.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                    Err(Problem {
                        file: "engine".into(),
                        line: 0,
                        column: String::new(),
                        what,
                        value: None,
                        hint: None,
                    }
                    .into())
                }
            }
        })
    }
}

impl Callback {
    /// Hands on answer by answer, as long as they are taken.
    fn ask(&self, py: Python<'_>, job: &[u8], shards: &[u32], take: &mut dyn FnMut(&[u8]) -> bool) -> PyResult<()> {
        let answers = self.callable.bind(py).call1((PyBytes::new(py, job), shards.to_vec()))?;
        for answer in answers.try_iter()? {
            let answer = answer?;
            if !take(answer.cast::<PyBytes>()?.as_bytes()) {
                break;
            }
        }
        Ok(())
    }
}
