//! Errors that other implementations made, one test each, under the identifiers of HCC.md 11; and the anchors of HCC.md 10.

use crate::people::{codes, hccs, person, scorer, tables};
use acoledger_hcc::Sex::{Female, Male};
use acoledger_hcc::{Blend, Dual, Esrd, Model, Orec, Part, Person, age_on_february_first};

/// Scores somebody with the map of a year: the score, the HCCs.
fn scored(model: Model, year: i32, person: Person, dx: &str) -> (String, String) {
    let scorer = scorer(model, year);
    let score = scorer.score(&person, codes(dx)).unwrap();
    (score.text(), hccs(scorer, &score))
}

/// The score of somebody with the map of 2026.
fn score(model: Model, person: Person, dx: &str) -> String {
    scored(model, 2026, person, dx).0
}

fn disabled(person: Person) -> Person {
    Person { orec: Orec::Disabled, ..person }
}

fn new(person: Person) -> Person {
    Person { new_enrollee: true, ..person }
}

fn lti(person: Person) -> Person {
    Person { lti: true, ..person }
}

fn full_dual(person: Person) -> Person {
    Person { dual: Dual::Full, ..person }
}

fn dialysis(person: Person) -> Person {
    Person { esrd: Esrd::Dialysis, ..person }
}

fn graft(months: u16, person: Person) -> Person {
    Person { esrd: Esrd::Graft(months), ..person }
}

#[test]
fn e1_no_interaction_is_lost_to_its_name() {
    assert_eq!(score(Model::V22, person(Female, 75), "A3681|E0821"), "1.243");
    assert_eq!(score(Model::V24, lti(person(Female, 75)), "K91850|L89004"), "2.741");
    assert_eq!(score(Model::V24, lti(person(Female, 75)), "A481|L89004"), "2.496");
}

#[test]
fn e2_new_enrollees_have_hccs_that_are_not_scored() {
    assert_eq!(scored(Model::V28, 2026, new(person(Female, 67)), "E119|I5022"), ("0.557".into(), "38|226".into()));
}

#[test]
fn e3_originally_disabled_is_orec_1_alone() {
    let with = |orec, person| Person { orec, ..person };
    assert_eq!(score(Model::V24, with(Orec::Disabled, person(Female, 70)), "E119"), "0.741");
    assert_eq!(score(Model::V24, with(Orec::DisabledAndEsrd, person(Female, 70)), "E119"), "0.491");
    let enrollee = new(person(Male, 67));
    assert_eq!(score(Model::V28, with(Orec::Disabled, enrollee), ""), "1.155");
    assert_eq!(score(Model::V28, with(Orec::DisabledAndEsrd, enrollee), ""), "0.617");
    assert_eq!(score(Model::V28, with(Orec::Esrd, enrollee), ""), "0.617");
}

#[test]
fn e4_new_enrollees_of_65_to_69_have_cells_of_single_years() {
    let enrollee = Person { orec: Orec::Esrd, ..new(person(Male, 67)) };
    let scorer = scorer(Model::V28, 2026);
    let scored = scorer.score(&enrollee, []).unwrap();
    assert_eq!(scored.text(), "0.617");
    assert_eq!(scorer.demographic_variables(&scored).collect::<Vec<_>>(), ["NMCAID_NORIGDIS_NEM67"]);
}

#[test]
fn e5_new_enrollees_of_64_entitled_by_age_count_as_65() {
    assert_eq!(score(Model::V28, new(person(Female, 64)), ""), "0.532");
    assert_eq!(score(Model::V28, new(disabled(person(Female, 64))), ""), "1.212");
}

#[test]
fn e6_v24_raises_64_to_65_and_v28_does_not() {
    let scorer24 = scorer(Model::V24, 2026);
    let scored = scorer24.score(&person(Male, 64), codes("E119")).unwrap();
    assert_eq!((scored.segment.name(), scored.text().as_str()), ("CNA", "0.413"));
    let v28 = scorer(Model::V28, 2026).score(&person(Male, 64), codes("E119")).unwrap();
    assert_eq!(v28.segment.name(), "CND");
    // The switch for all models.
    let options = acoledger_hcc::Options { aged_at_64: true, ..Default::default() };
    let raised = tables().scorer(Model::V28, 2026, options).unwrap();
    assert_eq!(raised.score(&person(Male, 64), codes("E119")).unwrap().segment.name(), "CNA");
}

#[test]
fn e7_hcc_223_counts_beside_other_heart_failure_only() {
    let man = person(Male, 75);
    assert_eq!(scored(Model::V28, 2026, man, "T82512A"), ("0.502".into(), "".into()));
    assert_eq!(scored(Model::V28, 2026, man, "T82512A|A3681"), ("0.691".into(), "227".into()));
    assert_eq!(scored(Model::V28, 2026, man, "T82512A|I0981"), ("3.007".into(), "223".into()));
}

#[test]
fn e8_an_interaction_is_one_however_many_make_it() {
    let scorer = scorer(Model::V28, 2026);
    let scored = scorer.score(&person(Male, 75), codes("I5023|I0981|E0821")).unwrap();
    assert_eq!((scored.text().as_str(), hccs(scorer, &scored).as_str()), ("1.140", "37|224"));
    assert_eq!(scorer.interactions(&scored).collect::<Vec<_>>(), ["DIABETES_HF_V28"]);
}

/// A code that has this category and no other in the map of 2026, and no edit.
fn code_of(model: Model, category: u16) -> String {
    let table = |text: &'static str| text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    let maps = table(include_str!("../../../data/reference/hcc/hcc_dx.csv"));
    let rows: Vec<_> = maps.filter(|row| row[0] == model.name() && row[3] <= "2026" && row[4] >= "2026").collect();
    let edits: Vec<_> = table(include_str!("../../../data/reference/hcc/hcc_edit.csv")).collect();
    let alone = |code: &str| rows.iter().filter(|row| row[1] == code).count() == 1;
    let plain = |code: &str| !edits.iter().any(|edit| edit[0] == model.name() && edit[1] == code);
    let found = rows.iter().find(|row| row[2] == category.to_string() && alone(row[1]) && plain(row[1]));
    found.unwrap_or_else(|| panic!("a code of category {category} in {}", model.name()))[1].to_owned()
}

fn of_hccs(model: Model, list: &[u16]) -> (String, String) {
    let dx: Vec<String> = list.iter().map(|hcc| code_of(model, *hcc)).collect();
    scored(model, 2026, person(Male, 75), &dx.join("|"))
}

#[test]
fn e9_hierarchies_that_wrap_in_their_source_are_whole() {
    assert_eq!(of_hccs(Model::V28, &[191, 180, 181, 192, 253, 254]), ("1.357".into(), "191".into()));
    assert_eq!(of_hccs(Model::V28, &[192, 180, 181, 182, 253, 254]), ("0.816".into(), "192".into()));
    assert_eq!(of_hccs(Model::V28, &[221, 222, 223, 224, 227]), ("1.555".into(), "221".into()));
}

#[test]
fn e10_injuries_drop_coma_and_the_lesser() {
    assert_eq!(of_hccs(Model::V28, &[397, 398, 399, 202]), ("0.701".into(), "397".into()));
    assert_eq!(of_hccs(Model::V28, &[398, 399, 202]), ("0.701".into(), "398".into()));
    assert_eq!(of_hccs(Model::V24, &[166, 80, 167]), ("0.959".into(), "166".into()));
}

#[test]
fn e11_a_parent_that_is_absent_or_dropped_drops_nothing() {
    let woman = person(Female, 70);
    assert_eq!(scored(Model::V28, 2026, woman, "T8640|E035"), ("1.314".into(), "62|202".into()));
    assert_eq!(scored(Model::V28, 2026, woman, "T8640|I8500|E035"), ("1.314".into(), "62|202".into()));
    assert_eq!(scored(Model::V28, 2026, woman, "I8500|E035"), ("1.357".into(), "63".into()));
    let explained = scorer(Model::V28, 2026);
    let explained = explained.explain(acoledger_hcc::Segment::Cna, &woman, ["T8640", "I8500", "E035"]).unwrap();
    assert_eq!(explained.dropped, [(62, 63)]);
}

#[test]
fn e12_malformed_and_unknown_codes_neither_stop_nor_score() {
    let dx = "E119|E1165|e11.9|I10|XXX|";
    assert_eq!(scored(Model::V28, 2026, person(Female, 72), dx), ("0.561".into(), "38".into()));
}

#[test]
fn e13_each_year_has_its_map() {
    assert_eq!(scored(Model::V28, 2025, person(Female, 72), "G35A"), ("0.395".into(), "".into()));
    assert_eq!(scored(Model::V28, 2026, person(Female, 72), "g35.a"), ("1.042".into(), "198".into()));
}

#[test]
fn e14_each_model_has_its_edits() {
    let woman = disabled(person(Female, 60));
    assert_eq!(scored(Model::V28, 2026, woman, "D66"), ("1.076".into(), "112".into()));
    assert_eq!(scored(Model::V24, 2026, woman, "D66"), ("0.740".into(), "48".into()));
    assert_eq!(scored(Model::V24, 2026, disabled(person(Male, 60)), "D66").1, "46");
    assert_eq!(score(Model::V24, disabled(person(Male, 60)), "D66"), "3.896");
    let boy = disabled(person(Male, 17));
    assert_eq!(scored(Model::V28, 2026, boy, "J449"), ("0.106".into(), "".into()));
    assert_eq!(scored(Model::V24, 2026, boy, "J449"), ("0.393".into(), "112".into()));
    assert_eq!(scored(Model::V28, 2026, disabled(person(Female, 49)), "C50911"), ("0.706".into(), "22".into()));
    assert_eq!(scored(Model::V28, 2026, disabled(person(Female, 50)), "C50911"), ("0.573".into(), "23".into()));
    assert_eq!(scored(Model::V24, 2026, disabled(person(Male, 25)), "F3481").1, "");
}

#[test]
fn e15_an_edit_replaces_all_categories_of_a_code() {
    assert_eq!(scored(Model::V28, 2026, disabled(person(Male, 14)), "I70231"), ("0.106".into(), "".into()));
}

#[test]
fn e16_the_code_editor_ends_below_15() {
    assert_eq!(scored(Model::V28, 2026, disabled(person(Male, 14)), "C9150"), ("0.106".into(), "".into()));
    assert_eq!(scored(Model::V28, 2026, disabled(person(Male, 15)), "C9150"), ("2.095".into(), "19".into()));
    let options = acoledger_hcc::Options { mce_edits: false, ..Default::default() };
    let without = tables().scorer(Model::V28, 2026, options).unwrap();
    assert_eq!(without.score(&disabled(person(Male, 14)), codes("C9150")).unwrap().text(), "2.095");
}

#[test]
fn e17_esrd_v21_has_one_community_graft_segment() {
    assert_eq!(score(Model::EsrdV21, graft(6, person(Female, 70)), "E119"), "3.006");
}

#[test]
fn e18_new_enrollees_with_a_graft_are_divided() {
    assert_eq!(score(Model::EsrdV24, graft(6, new(full_dual(person(Female, 67)))), ""), "3.979006");
}

#[test]
fn e19_new_enrollees_on_dialysis_have_cells_of_their_own() {
    assert_eq!(score(Model::EsrdV24, dialysis(new(person(Female, 87))), ""), "0.963");
    assert_eq!(score(Model::EsrdV24, dialysis(new(disabled(person(Female, 50)))), ""), "0.938");
}

#[test]
fn e20_institutional_graft_terms_stay_with_grafts() {
    assert_eq!(score(Model::EsrdV24, dialysis(lti(person(Female, 70))), ""), "0.644");
}

#[test]
fn e21_esrd_v21_has_medicaid_in_institutions() {
    assert_eq!(score(Model::EsrdV21, graft(12, lti(full_dual(person(Female, 70)))), ""), "2.315");
}

#[test]
fn e22_transplant_months_are_constants() {
    let month = |model, month| score(model, Person { esrd: Esrd::Transplant(month), ..person(Female, 50) }, "I5022");
    assert_eq!([1, 2, 3].map(|at| month(Model::EsrdV24, at)), ["5.985", "0.941", "0.941"]);
    assert_eq!(month(Model::EsrdV21, 1), "6.030");
}

#[test]
fn e23_status_comes_from_enrollment_not_from_orec() {
    assert_eq!(score(Model::EsrdV24, dialysis(person(Female, 70)), ""), "0.624");
}

#[test]
fn e24_kidney_categories_do_not_count_in_esrd_models() {
    let dx = [code_of(Model::EsrdV21, 134), code_of(Model::EsrdV21, 136)].join("|");
    let woman = dialysis(Person { orec: Orec::Esrd, ..person(Female, 50) });
    assert_eq!(scored(Model::EsrdV21, 2026, woman, &dx), ("0.522".into(), "136".into()));
}

#[test]
fn e25_originally_esrd_lowers_and_begins_at_65() {
    let with = |age| score(Model::EsrdV21, dialysis(Person { orec: Orec::Esrd, ..person(Male, age) }), "");
    assert_eq!(with(72), "0.562"); // 0.611 - 0.049
    assert_eq!(with(64), score(Model::EsrdV21, dialysis(disabled(person(Male, 64))), ""));
}

#[test]
fn e26_snp_new_enrollees_have_a_table_of_their_own() {
    let plain = new(person(Female, 70));
    let snp = Person { snp: true, ..plain };
    let scorer = scorer(Model::V28, 2026);
    let (plain, snp) = (scorer.score(&plain, []).unwrap(), scorer.score(&snp, []).unwrap());
    assert_ne!(plain.text(), snp.text());
    assert_eq!((plain.segment.name(), snp.segment.name()), ("NE", "SNPNE"));
    assert_eq!([plain, snp].map(|score| scorer.demographic_variables(&score).count()), [1, 1]);
}

#[test]
fn e27_counts_come_after_hierarchies_and_where_the_model_has_them() {
    let dx: Vec<String> = [18, 85, 111, 138].iter().map(|hcc| code_of(Model::V24, *hcc)).collect();
    let v24 = scorer(Model::V24, 2026);
    let counted = v24.score(&person(Female, 75), codes(&dx.join("|"))).unwrap();
    assert_eq!((counted.text().as_str(), v24.count_variable(&counted)), ("1.926", "D4"));
    let institutional = v24.score(&lti(person(Female, 75)), codes(&dx.join("|"))).unwrap();
    assert_eq!((v24.count_variable(&institutional), institutional.payment_hccs), ("", 4));
    let v28 = scorer(Model::V28, 2026);
    let five = v28.score(&person(Female, 75), codes("E0821|I0981|B4481|N1830|I442")).unwrap();
    assert_eq!((five.text().as_str(), v28.count_variable(&five)), ("2.229", "D5"));
    let four = v28.score(&person(Female, 75), codes("E0821|I0981|B4481|N1830")).unwrap();
    assert_eq!((four.text().as_str(), v28.count_variable(&four)), ("1.803", "D4"));
}

#[test]
fn e28_disabled_terms_belong_to_institutions_and_the_young() {
    let scorer = scorer(Model::V28, 2026);
    let terms = |person: Person| {
        let score = scorer.score(&person, codes("C770|I0981")).unwrap();
        (score.text(), scorer.interactions(&score).filter(|name| name.starts_with("DISABLED_")).count())
    };
    assert_eq!(terms(lti(disabled(person(Male, 60)))), ("3.099".into(), 2));
    assert_eq!(terms(disabled(person(Male, 60))).1, 0);
    assert_eq!(terms(lti(disabled(person(Male, 66)))).1, 0);
}

#[test]
fn e29_ltimcaid_is_for_institutions_and_for_partial_benefits_too() {
    let man = full_dual(person(Male, 80));
    assert_eq!(score(Model::V28, lti(man), ""), "1.368"); // 1.238 + 0.130
    assert_eq!(score(Model::V28, lti(Person { dual: Dual::Partial, ..man }), ""), "1.368");
    let community = scorer(Model::V28, 2026).score(&man, codes("E119")).unwrap();
    assert_eq!((community.segment.name(), community.text().as_str()), ("CFA", "0.975"));
}

#[test]
fn e30_the_proposal_for_2027_was_not_adopted() {
    let v28 = scorer(Model::V28, 2027);
    let explained = v28.explain(acoledger_hcc::Segment::Cna, &person(Female, 70), [code_of(Model::V28, 17).as_str()]);
    let explained = explained.unwrap();
    assert_eq!(explained.terms.iter().find(|term| term.variable == "HCC17").unwrap().milli, 4209);
}

#[test]
fn e31_age_is_that_of_1_february() {
    let age = |year, month, day| age_on_february_first(2026, year, month, day);
    assert_eq!([age(1961, 2, 1), age(1961, 2, 2), age(1960, 2, 29), age(2027, 1, 1)], [65, 64, 65, 0]);
    assert_eq!([age(1960, 12, 31), age(1961, 1, 31), age(1925, 6, 15)], [65, 65, 100]);
}

/// The blend of 2024: weights and factors of HCC.md 8.2.
fn blend_2024() -> Blend {
    Blend::new(vec![
        Part { model: Model::V24, weight_milli: 670, factor_milli: 1146 },
        Part { model: Model::V28, weight_milli: 330, factor_milli: 1015 },
    ])
    .unwrap()
}

#[test]
fn e32_each_model_is_normalised_before_the_weights() {
    // 0.67 x 2.000 / 1.146 + 0.33 x 1.000 / 1.015 = 1.494402...
    assert_eq!(blend_2024().score_milli(&[2000, 1000]), 1494);
    // One factor for both, afterwards: (0.67 x 2.000 + 0.33 x 1.000) / 1.1 is another number.
    let once =
        |factor| Blend::new(blend_2024().parts().iter().map(|part| Part { factor_milli: factor, ..*part }).collect());
    assert_ne!(once(1100).unwrap().score_milli(&[2000, 1000]), 1494);
    assert!(Blend::new(vec![Part { model: Model::V24, weight_milli: 670, factor_milli: 1146 }]).is_err());
}

#[test]
fn e33_nothing_is_taken_off_for_coding_patterns() {
    let whole = Blend::new(vec![Part { model: Model::V28, weight_milli: 1000, factor_milli: 1000 }]).unwrap();
    assert_eq!(whole.score_milli(&[1368]), 1368);
}

#[test]
fn e34_months_after_a_transplant_are_scored_by_the_graft_segment() {
    let months_12 = graft(12, person(Female, 70));
    assert_eq!(scorer(Model::EsrdV24, 2026).segment(&months_12).unwrap().name(), "GNPA");
    assert!(scorer(Model::V28, 2026).segment(&months_12).is_err());
}

#[test]
fn anchors_of_esrd_v24() {
    let esrd = |person, dx: &str| score(Model::EsrdV24, person, dx);
    assert_eq!(esrd(graft(6, full_dual(person(Female, 67))), "D66"), "3.247"); // 0.402 + 0.240 + 2.605
    let partial = Person { dual: Dual::Partial, ..person(Male, 70) };
    assert_eq!(esrd(graft(12, lti(partial)), ""), "3.287"); // 1.265 + 0.905 + 0.162 + 0.955
    assert_eq!(esrd(dialysis(new(person(Female, 40))), ""), "0.747");
}
