//! 3,000 people per model scored by independent scorers, and the people on whom they disagree (shared/data/hcc, README there).

use crate::people::{codes, hccs, scorer};
use acoledger_hcc::{Dual, Esrd, Model, Orec, Person, Scorer, Segment, Sex};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The folder of the vectors: `ACOLEDGER_ORACLES`, or `../shared` beside the checkout.
fn folder() -> PathBuf {
    let root = match std::env::var_os("ACOLEDGER_ORACLES") {
        Some(root) => PathBuf::from(root),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
    };
    root.join("data/hcc")
}

struct Row {
    header: csv::StringRecord,
    record: csv::StringRecord,
}

impl Row {
    fn get(&self, column: &str) -> &str {
        let at = self.header.iter().position(|name| name == column);
        &self.record[at.unwrap_or_else(|| panic!("no column {column}"))]
    }

    fn flag(&self, column: &str) -> bool {
        self.get(column) == "1"
    }

    fn person(&self) -> Person {
        let age = self.get("age").parse().unwrap();
        let months = || self.get("graft_months").parse().unwrap();
        Person {
            age,
            edit_age: age,
            sex: if self.get("sex") == "F" { Sex::Female } else { Sex::Male },
            orec: Orec::parse(self.get("orec")).unwrap(),
            dual: Dual::parse(self.get("dual_code")).unwrap(),
            lti: self.flag("lti"),
            new_enrollee: self.flag("new_enrollee"),
            snp: self.flag("snp"),
            esrd: match self.get("esrd_status") {
                "none" => Esrd::None,
                "dialysis" => Esrd::Dialysis,
                "graft" => Esrd::Graft(months()),
                "transplant" => Esrd::Transplant(u8::try_from(months()).unwrap()),
                other => panic!("no such status: {other}"),
            },
        }
    }

    fn scorer(&self) -> &'static Scorer {
        scorer(Model::named(self.get("model")).unwrap(), self.get("mapping_year").parse().unwrap())
    }
}

fn set(text: &str) -> BTreeSet<String> {
    text.split('|').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// What differs between a row and our score; empty: nothing.
fn differences(row: &Row) -> Vec<String> {
    let (scorer, person) = (row.scorer(), row.person());
    let mut found = Vec::new();
    let mut compare = |column: &str, ours: String| {
        let theirs = row.get(column);
        let same = match column {
            "demographic_vars" | "interactions" => set(theirs) == set(&ours),
            _ => theirs == ours,
        };
        if !same {
            found.push(format!("{column}: ours {ours}, theirs {theirs}"));
        }
    };
    let score = match scorer.score(&person, codes(row.get("dx"))) {
        Ok(score) => score,
        Err(error) => return vec![error.to_string()],
    };
    compare("segment", score.segment.name().into());
    compare("raw_score", score.text());
    compare("demographic_score", score.demographic_text());
    compare("hccs", hccs(scorer, &score));
    compare("payment_hcc_count", score.payment_hccs.to_string());
    compare("demographic_vars", scorer.demographic_variables(&score).collect::<Vec<_>>().join("|"));
    compare("interactions", scorer.interactions(&score).collect::<Vec<_>>().join("|"));
    compare("count_var", scorer.count_variable(&score).into());
    // The explanation is the same score, and its terms sum to it; so is the score in the segment that the row names.
    let explained = scorer.explain(score.segment, &person, row.get("dx").split('|')).unwrap();
    if explained.score != score || explained.terms.iter().map(|term| term.milli).sum::<i32>() != score.milli {
        found.push("explain disagrees with score".into());
    }
    let segment = Segment::named(row.get("segment")).unwrap();
    if scorer.score_in(segment, &person, codes(row.get("dx"))) != Ok(score) {
        found.push("the named segment scores otherwise".into());
    }
    found
}

/// Compares a file and prints what was compared; panics where rows differ. Absent files are said to be so.
fn check(family: &str, model: Model) {
    let path = folder().join(format!("{family}_{}.csv", model.name()));
    let Ok(mut reader) = csv::Reader::from_path(&path) else {
        assert!(std::env::var_os("ACOLEDGER_ORACLES").is_none(), "no vectors at {}", path.display());
        println!("skipped: no vectors at {}; set ACOLEDGER_ORACLES", path.display());
        return;
    };
    let header = reader.headers().unwrap().clone();
    let (mut rows, mut wrong) = (0, Vec::new());
    for record in reader.records() {
        let row = Row { header: header.clone(), record: record.unwrap() };
        rows += 1;
        let found = differences(&row);
        if !found.is_empty() {
            wrong.push(format!("{}: {}", row.get("vector_id"), found.join("; ")));
        }
    }
    println!("{family} {}: {rows} rows, {} equal, {} different", model.name(), rows - wrong.len(), wrong.len());
    assert!(rows > 0, "{} is empty", path.display());
    assert!(wrong.is_empty(), "{}", wrong[..wrong.len().min(20)].join("\n"));
}

macro_rules! each_model {
    ($($test:ident $model:ident),+) => {
        $(
            #[test]
            fn $test() {
                check("vectors", Model::$model);
            }
        )+
        mod disagreements {
            use super::{Model, check};
            $(
                #[test]
                fn $test() {
                    check("disagreements", Model::$model);
                }
            )+
        }
    };
}
each_model!(v22 V22, v23 V23, v24 V24, v28 V28, esrd_v21 EsrdV21, esrd_v24 EsrdV24);
