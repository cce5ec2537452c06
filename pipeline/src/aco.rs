//! Where the program meets the ACO grain.

use crate::study::{Finding, LoadedStudy};
use crate::trouble::{self, Outcome};
use acoledger_schemas::cells::Cells;
use acoledger_schemas::rates::Rates;
use std::collections::BTreeMap;

/// Cells divided once.
///
/// # Errors
/// Inputs that a rule in force needs and that are absent.
pub(crate) fn rates_of(_cells: &Cells, loaded: &LoadedStudy) -> Outcome<Rates> {
    Err(trouble::of_file_with_hint(
        &loaded.file,
        "rates from cells are not part of this build",
        "start from `[input] rates`",
    )
    .into())
}

/// Findings of the ACO grain, equal ones counted together under the first ACO that has them.
pub(crate) fn findings(found: &[acoledger_aco::Finding]) -> Vec<Finding> {
    let mut counted: BTreeMap<(&str, &str), (u64, String)> = BTreeMap::new();
    for finding in found {
        let first = || (0, format!("{} {} {}", finding.performance_year, finding.period, finding.aco_id));
        counted.entry((finding.rule, &finding.what)).or_insert_with(first).0 += 1;
    }
    let text = |((rule, what), (count, first)): ((&str, &str), (u64, String))| Finding {
        stage: "settle".into(),
        what: if count == 1 {
            format!("{first}: {what} ({rule})")
        } else {
            format!("{what} ({rule}), first at {first}")
        },
        count,
        beyond_limits: false,
    };
    counted.into_iter().map(text).collect()
}
