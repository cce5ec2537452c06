//! People of tests, and what they score.

use acoledger_hcc::{Dual, Esrd, Icd10, Model, Options, Orec, Parsed, Person, Score, Scorer, Sex, Tables};
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables::built_in().unwrap());

pub(crate) fn tables() -> &'static Tables {
    &TABLES
}

/// The scorer of a model and payment year; made once.
pub(crate) fn scorer(model: Model, year: i32) -> &'static Scorer {
    static MADE: LazyLock<Mutex<HashMap<(Model, i32), &'static Scorer>>> = LazyLock::new(Mutex::default);
    let mut made = MADE.lock().unwrap();
    made.entry((model, year))
        .or_insert_with(|| Box::leak(Box::new(TABLES.scorer(model, year, Options::default()).unwrap())))
}

/// Codes of a field separated by `|`; what is no code is left out.
pub(crate) fn codes(field: &str) -> Vec<Icd10> {
    let code = |text: &str| match Icd10::parse(text.as_bytes()) {
        Parsed::Code(code) => Some(code),
        _ => None,
    };
    field.split('|').filter_map(code).collect()
}

/// A woman or man of an age, entitled by age, without Medicaid, in the community.
pub(crate) fn person(sex: Sex, age: u8) -> Person {
    Person {
        age,
        edit_age: age,
        sex,
        orec: Orec::Aged,
        dual: Dual::None,
        lti: false,
        new_enrollee: false,
        snp: false,
        esrd: Esrd::None,
    }
}

/// The HCCs of a score, as the oracle writes them.
pub(crate) fn hccs(scorer: &Scorer, score: &Score) -> String {
    scorer.hccs(score).map(|hcc| hcc.to_string()).collect::<Vec<_>>().join("|")
}
