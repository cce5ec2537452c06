//! Partial results as bytes: what comes together from them is what comes together without, and other bytes are refused.

use crate::lake::Lake;
use crate::naive;
use crate::small::Small;
use crate::walk::{Run, Way, looked, run_by, summed, walked};
use acoledger_person::{CellSums, Context, Selection, ShardA, Thresholds};
use acoledger_schemas::program::Program;
use acoledger_schemas::values::Date;
use std::collections::BTreeSet;

/// A study that fills what random worlds leave blank: a list and scores that are given, improper payments, diagnoses.
const FULL: &str = "
    [aco]
    aco_id  agreement_start  assignment_method
    A1      2023-01-01       retrospective
    A2      2023-01-01       prospective
    [participant]
    aco_id  tin
    A1      T1
    A2      T2
    [enrollment]
    bene  year       born        county  sex
    B1    2008-2026  1950-06-15  01001   2
    B2    2008-2026  1950-06-15  01003   1
    B3    2008-2026  1940-06-15  01001   2
    B4    2008-2026  1940-06-15  01001   0     # cannot be scored
    [carrier]
    bene  claim  line  date        tin  paid   allowed  diagnoses
    B1    1      1     2022-03-01  T1   98.00  100.00   E119/I5022
    B1    2      1     2023-03-01  T1   98.00  101.00   I10
    B1    3      1     2023-03-01  T9   49.00  100.00   I10
    B2    4      1     2022-03-01  T2   98.00  100.00   E119
    B2    5      1     2023-03-01  T1   10.00  100.00   I10
    B3    6      1     2022-03-01  T1   98.00  100.00   I5022
    B3    7      1     2023-03-01  T9   98.00  100.00   I10
    [assignment_given]
    calendar_year  aco_id  bene  basis
    2023           A1      B1    claims
    2023           A1      B2    claims
    2023           A2      B3    voluntary
    [risk_score]
    bene  calendar_year  month  score_year  enrollment_type  hcc_score  demographic_score
    B1    2023           -      2023        AGND             0.343      0.343
    B2    2023           -      2023        AGND             1.000      1.000
    [improper_payment]
    calendar_year  tin  ccn  claim_id  line  amount
    2023           T9   -    3         -     40.00
    2023           T9   -    -         -     30.00
";

fn full(source: &str) -> (Context, Program, Lake) {
    let rules = match source {
        "given" => "\"risk.source\" = \"given\"\n\"risk.compare\" = \"yes\"",
        _ => "\"risk.source\" = \"diagnoses\"",
    };
    let small = Small::new(2023, FULL).under(rules);
    (small.context(), small.program, small.lake)
}

/// Studies whose partial results hold all that they can hold.
fn studies() -> impl Iterator<Item = (String, (Context, Program, Lake))> {
    let random = (0..45).map(|number| (format!("world {number}"), naive::study(number)));
    random.chain(["given", "diagnoses"].map(|source| (source.to_owned(), full(source))))
}

/// The tables of cells that have rows.
fn filled(run: &Run) -> Vec<&'static str> {
    let cells = &run.cells;
    macro_rules! filled {
        ($($table:ident),+) => {{
            let tables = [$((stringify!($table), cells.$table.is_empty())),+];
            tables.into_iter().filter(|(_, empty)| !empty).map(|(table, _)| table).collect()
        }};
    }
    filled!(
        population_county,
        assigned_county,
        assigned_assignable,
        aco_heads,
        aco_county_heads,
        risk,
        revenue,
        threshold,
        assignment_stability,
        assignment_margin,
        assignment_comparison,
        improper,
        service_category,
        truncation,
        leakage,
        utilisation_count,
        runout_triangle,
        risk_detail,
        risk_compared
    )
}

#[test]
fn bytes_leave_no_trace() {
    let (mut tables, mut findings) = (BTreeSet::new(), BTreeSet::new());
    for (name, (context, program, lake)) in studies() {
        for shards in [2, 8] {
            let [sent, kept] = [Way::Bytes, Way::Memory].map(|way| run_by(way, &context, &program, &lake, (shards, 7)));
            assert!(sent.cells == kept.cells, "{name}, {shards} shards: cells");
            assert_eq!(sent.thresholds, kept.thresholds, "{name}, {shards} shards");
            assert_eq!(sent.shard.ledger(), kept.shard.ledger(), "{name}, {shards} shards");
            assert_eq!(sent.shard.findings(), kept.shard.findings(), "{name}, {shards} shards");
            assert_eq!(sent.shard.unmet_improper(&context), kept.shard.unmet_improper(&context), "{name}");
            assert!(sent.shard == kept.shard, "{name}, {shards} shards: the rest of pass A");
            tables.extend(filled(&sent));
            findings.extend(sent.shard.findings().into_iter().map(|(finding, _)| finding));
        }
    }
    assert_eq!(tables.len(), 19, "no table is empty everywhere: {tables:?}");
    assert!(findings.len() > 1, "{findings:?}");
}

#[test]
fn equal_sums_are_equal_bytes_whatever_came_first() {
    for (name, (context, program, lake)) in studies().step_by(4) {
        let parts = walked(&context, &program, &lake, 8, 7);
        let merged = |parts: &[&ShardA]| {
            let mut all = ShardA::default();
            parts.iter().for_each(|part| all.merge(part));
            all
        };
        let mut shards: Vec<&ShardA> = parts.iter().map(|(part, _)| part).collect();
        let all = merged(&shards);
        shards.reverse();
        assert_eq!(all.to_bytes(), merged(&shards).to_bytes(), "{name}");
        let some = shards.iter().position(|part| part.lives > 0).expect("lives");
        shards.remove(some);
        assert_ne!(all.to_bytes(), merged(&shards).to_bytes(), "{name}");

        let empty = Selection::new(&context, &all);
        let mut selection = empty.clone();
        parts.iter().for_each(|(_, kept)| selection.merge(&looked(&empty, kept)));
        let thresholds = selection.finish().unwrap_or_else(|problem| panic!("{problem}"));
        let merged = |parts: &[CellSums]| {
            let mut sums = CellSums::default();
            parts.iter().for_each(|part| sums.merge(part.clone()));
            sums.to_bytes()
        };
        let mut sums: Vec<CellSums> = parts.iter().map(|(_, kept)| summed(&context, &thresholds, kept)).collect();
        let bytes = merged(&sums);
        sums.reverse();
        assert_eq!(bytes, merged(&sums), "{name}");
        assert_eq!(bytes, CellSums::from_bytes(&bytes).expect("own bytes").to_bytes(), "{name}");
        let nothing = CellSums::default().to_bytes();
        let some = sums.iter().position(|part| part.to_bytes() != nothing).expect("cells");
        sums.remove(some);
        assert_ne!(bytes, merged(&sums), "{name}");
    }
}

const KINDS: [&str; 5] = ["ShardA", "CellSums", "Targets", "Found", "Thresholds"];

/// Partial results of a study, by kind, and what reads them.
struct Sample<'c> {
    context: &'c Context,
    empty: Selection<'c>,
    bytes: [Vec<u8>; 5],
}

impl<'c> Sample<'c> {
    fn new(context: &'c Context, program: &Program, lake: &Lake) -> Sample<'c> {
        let [(all, kept)] = walked(context, program, lake, 1, 7).try_into().unwrap_or_else(|_| panic!("one shard"));
        let empty = Selection::new(context, &all);
        let found = looked(&empty, &kept);
        let thresholds = found.clone().finish().unwrap_or_else(|problem| panic!("{problem}"));
        let sums = summed(context, &thresholds, &kept);
        let found = found.found_to_bytes();
        let bytes = [all.to_bytes(), sums.to_bytes(), empty.targets_to_bytes(), found, thresholds.to_bytes()];
        Sample { context, empty, bytes }
    }

    /// What is said about bytes where a kind is wanted.
    fn read(&self, kind: usize, bytes: &[u8]) -> Result<(), String> {
        match KINDS[kind] {
            "ShardA" => ShardA::from_bytes(bytes).map(drop),
            "CellSums" => CellSums::from_bytes(bytes).map(drop),
            "Targets" => Selection::from_targets(self.context, bytes).map(drop),
            "Found" => self.empty.clone().merge_bytes(bytes),
            _ => Thresholds::from_bytes(bytes).map(drop),
        }
    }

    /// The same, which is a refusal.
    fn refusal(&self, kind: usize, bytes: &[u8]) -> String {
        self.read(kind, bytes).expect_err("other bytes are refused")
    }
}

#[test]
fn bytes_say_what_they_are() {
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    let (context, program, lake) = full("given");
    let sample = Sample::new(&context, &program, &lake);
    for (kind, name) in KINDS.iter().enumerate() {
        for (other, bytes) in sample.bytes.iter().enumerate() {
            let said = sample.read(kind, bytes);
            let wrong = format!("a partial result ({}) in place of another ({name})", KINDS[other]);
            assert_eq!(said, if kind == other { Ok(()) } else { Err(wrong) });
        }
        let bytes = &sample.bytes[kind];
        for foreign in [&b""[..], b"PAR1", b"{\"acop\": 1}", &bytes[1..]] {
            assert_eq!(sample.refusal(kind, foreign), "not a partial result");
        }
        let longer = [bytes.as_slice(), &[0, 0]].concat();
        assert_eq!(sample.refusal(kind, &longer), format!("a partial result ({name}) has 2 bytes too many"));
        // After four bytes of magic, one of kind and one of length.
        assert_eq!(&bytes[6..][..VERSION.len()], VERSION.as_bytes());
        let mut other = bytes.clone();
        other[6] = b'9';
        let version = format!("9{}", &VERSION[1..]);
        let said = format!("a partial result of version {version}; this is {VERSION}");
        assert_eq!(sample.refusal(kind, &other), said);
        let mut other = bytes.clone();
        other[4] = 77;
        assert_eq!(sample.refusal(kind, &other), format!("a partial result (kind 77) in place of another ({name})"));
    }
}

/// Every length where results are small; of pass A's, whose histograms are long, all near the ends.
#[test]
fn cut_results_are_refused() {
    let (context, program, lake) = full("diagnoses");
    let sample = Sample::new(&context, &program, &lake);
    for (kind, bytes) in sample.bytes.iter().enumerate() {
        let end = bytes.len().saturating_sub(1_500);
        let lengths = (0..bytes.len()).filter(|length| *length < 1_500 || *length >= end || length % 997 == 0);
        for length in lengths {
            let said = sample.refusal(kind, &bytes[..length]);
            let wanted = format!("a partial result ({}) cannot be read: it is cut off", KINDS[kind]);
            assert!(said == wanted || length < 4 && said == "not a partial result", "{length} bytes: {said}");
        }
    }
    assert!(sample.bytes[1..].iter().all(|bytes| bytes.len() < 3_000), "every length of the small ones");
}

/// Bytes of which one has changed are read or refused, and never stop the process.
#[test]
fn changed_results_do_not_panic() {
    let (context, program, lake) = full("given");
    let sample = Sample::new(&context, &program, &lake);
    let (mut read, mut refused) = (0, 0);
    for (kind, bytes) in sample.bytes.iter().enumerate() {
        let end = bytes.len().saturating_sub(1_000);
        for at in (0..bytes.len()).filter(|at| *at < 1_000 || *at >= end) {
            for change in [0x01, 0x80, 0xff] {
                let mut bytes = bytes.clone();
                bytes[at] ^= change;
                match sample.read(kind, &bytes) {
                    Ok(()) => read += 1,
                    Err(_) => refused += 1,
                }
                // A selection of its own that was taken ends in thresholds or in a refusal.
                if KINDS[kind] == "Targets"
                    && let Ok(mut selection) = Selection::from_targets(&context, &bytes)
                {
                    let _ = selection.merge_bytes(&sample.bytes[3]).map(|()| selection.finish());
                }
            }
        }
    }
    assert!(read > 0 && refused > 0, "{read} read, {refused} refused");
}

#[test]
fn words_that_are_none_are_refused() {
    let (context, program, lake) = full("given");
    let sample = Sample::new(&context, &program, &lake);
    let bytes = &sample.bytes[0];
    let word = b"no_designation";
    let at = bytes.windows(word.len()).position(|window| window == word).expect("a reason of the comparison");
    assert_eq!(usize::from(bytes[at - 1]), word.len());
    let with = |text: &str| {
        let length = [(text.len() % 128) as u8 | 0x80, (text.len() / 128) as u8];
        [&bytes[..at - 1], &length, text.as_bytes(), &bytes[at + word.len()..]].concat()
    };
    assert_eq!(sample.read(0, &with(&"x".repeat(200))), Ok(()));
    let said = sample.refusal(0, &with(&"x".repeat(201)));
    assert_eq!(said, "a partial result (ShardA) cannot be read: it holds what no such result holds");
}

#[test]
fn a_selection_of_another_study_is_refused() {
    let (context, program, lake) = full("given");
    let sample = Sample::new(&context, &program, &lake);
    // Targets of one performance year where the study has two.
    let mut wide = Small::new(2023, FULL);
    let mut earlier = wide.program.aco.clone();
    earlier.iter_mut().for_each(|row| {
        (row.performance_year.0, row.agreement_start) = (2022, Date::parse_iso("2022-01-01").expect("a day"))
    });
    wide.program.aco.extend(earlier);
    wide.facts.performance_years = vec![2022, 2023];
    let wide = wide.context();
    let said = Selection::from_targets(&wide, &sample.bytes[2]).err().unwrap_or_default();
    assert!(said.contains("populations where the study has"), "{said}");
    // Without any shard there is nothing to look for.
    let nothing = Selection::new(&context, &ShardA::default()).targets_to_bytes();
    assert!(Selection::from_targets(&wide, &nothing).is_ok());

    // Other amounts of the same populations: the selection stays as it was.
    let other = Small::new(2023, &FULL.replace(" 98.00 ", " 19.00 ")).under("\"risk.source\" = \"diagnoses\"");
    let other_context = other.context();
    let other = Sample::new(&other_context, &other.program, &other.lake);
    let mut selection = sample.empty.clone();
    assert_eq!(selection.merge_bytes(&other.bytes[3]), Err("values that were found with other targets".into()));
    assert_eq!(selection.found_to_bytes(), sample.empty.found_to_bytes());
    selection.merge_bytes(&sample.bytes[3]).expect("own bytes");
    let thresholds = selection.finish().unwrap_or_else(|problem| panic!("{problem}"));
    assert_eq!(thresholds.to_bytes(), sample.bytes[4]);
}
