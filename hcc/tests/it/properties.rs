//! What holds for everybody.

use crate::people::{person, scorer};
use acoledger_hcc::{Dual, Icd10, Model, Orec, Parsed, Person, Sex};
use proptest::prelude::*;
use std::sync::LazyLock;

/// Codes of the maps of 2026, by model.
static CODES: LazyLock<Vec<(Model, Icd10)>> = LazyLock::new(|| {
    let text = include_str!("../../../data/reference/hcc/hcc_dx.csv");
    let rows = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    rows.filter(|row| row[3] <= "2026" && row[4] >= "2026")
        .map(|row| match Icd10::parse(row[1].as_bytes()) {
            Parsed::Code(code) => (Model::named(row[0]).unwrap(), code),
            other => panic!("{other:?}"),
        })
        .collect()
});

const MODELS: [Model; 3] = [Model::V22, Model::V24, Model::V28];

/// A model of the community, somebody it scores, and codes it knows.
fn cases() -> impl Strategy<Value = (Model, Person, Vec<Icd10>)> {
    let who = (0..100u8, any::<bool>(), 0..4usize, 0..3usize, any::<bool>(), any::<bool>());
    (0..MODELS.len(), who, prop::collection::vec(any::<prop::sample::Index>(), 0..14)).prop_map(
        |(model, who, picks)| {
            let model = MODELS[model];
            let known: Vec<Icd10> = CODES.iter().filter(|(of, _)| *of == model).map(|(_, code)| *code).collect();
            let (age, female, orec, dual, lti, new_enrollee) = who;
            let person = Person {
                orec: [Orec::Aged, Orec::Disabled, Orec::Esrd, Orec::DisabledAndEsrd][orec],
                dual: [Dual::None, Dual::Partial, Dual::Full][dual],
                lti,
                new_enrollee,
                ..person(if female { Sex::Female } else { Sex::Male }, age)
            };
            (model, person, picks.iter().map(|pick| known[pick.index(known.len())]).collect())
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_and_duplicates_do_not_matter((model, person, codes) in cases(), turn in 0..14usize) {
        let scorer = scorer(model, 2026);
        let score = scorer.score(&person, codes.iter().copied()).unwrap();
        let mut other = codes.clone();
        other.rotate_left(turn.min(codes.len()));
        other.reverse();
        other.extend(codes.iter().copied());
        let again = scorer.score(&person, other).unwrap();
        prop_assert_eq!((score.text(), scorer.hccs(&score).collect::<Vec<_>>()), (again.text(), scorer.hccs(&again).collect()));
    }

    #[test]
    fn every_code_is_mapped_or_counted((model, person, codes) in cases(), others in "[A-Z][0-9][0-9A-Z]{1,5}") {
        let scorer = scorer(model, 2026);
        let Parsed::Code(other) = Icd10::parse(others.as_bytes()) else { panic!("{others} is of valid form") };
        let known = CODES.contains(&(model, other));
        let score = scorer.score(&person, codes.iter().copied().chain([other])).unwrap();
        prop_assert_eq!(usize::from(score.mapped), codes.len() + usize::from(known));
        prop_assert_eq!(usize::from(score.unmapped), usize::from(!known));
    }

    /// The one rule that may lower a score: a hierarchy takes out an HCC, and with it the interactions and the count it stood in.
    #[test]
    fn a_further_diagnosis_lowers_a_community_score_by_a_hierarchy_alone((model, person, codes) in cases()) {
        let person = Person { lti: false, new_enrollee: false, ..person };
        let scorer = scorer(model, 2026);
        let before = scorer.score(&person, codes.iter().skip(1).copied()).unwrap();
        let fields: Vec<String> = codes.iter().map(Icd10::to_string).collect();
        let after = scorer.explain(before.segment, &person, fields.iter().map(String::as_str)).unwrap();
        let dropped: Vec<u16> = after.dropped.iter().map(|(_, child)| *child).collect();
        let lost = scorer.hccs(&before).filter(|hcc| dropped.contains(hcc)).count();
        if lost == 0 {
            prop_assert!(after.score.milli >= before.milli, "{}: {:?}", model.name(), after);
        }
    }

    #[test]
    fn explanations_sum_to_the_score((model, person, codes) in cases()) {
        let scorer = scorer(model, 2026);
        let score = scorer.score(&person, codes.iter().copied()).unwrap();
        let fields: Vec<String> = codes.iter().map(Icd10::to_string).collect();
        let explained = scorer.explain(score.segment, &person, fields.iter().map(String::as_str)).unwrap();
        prop_assert_eq!(explained.score, score);
        prop_assert_eq!(explained.terms.iter().map(|term| term.milli).sum::<i32>(), score.milli);
    }
}
