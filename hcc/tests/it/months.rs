//! Scores of a life's months: the models of a year, blended.

use crate::people::{codes, person, scorer, tables};
use acoledger_hcc::{
    DemographicScore, Dual, Esrd, Known, Model, MonthScore, Options, Orec, Person, Policy, Population, Sex, YearScorer,
};

fn years(model_year: i32, calendar_year: i32, demographic: DemographicScore) -> YearScorer {
    let policy = Policy::built_in().unwrap();
    YearScorer::new(tables(), &policy, model_year, calendar_year, Options::default(), demographic).unwrap()
}

#[test]
fn each_year_has_its_models() {
    let policy = Policy::built_in().unwrap();
    let shown = |year| {
        let (blend, known) = policy.blend(year, Population::NonEsrd).unwrap();
        let parts: Vec<_> =
            blend.parts().iter().map(|part| (part.model.name(), part.weight_milli, part.factor_milli)).collect();
        (parts, known)
    };
    assert_eq!(shown(2019), (vec![("v22", 750, 1041), ("v23", 250, 1038)], Known::Recalled));
    assert_eq!(shown(2024), (vec![("v24", 670, 1146), ("v28", 330, 1015)], Known::Published));
    assert_eq!(shown(2027), (vec![("v28", 1000, 1000)], Known::Unknown));
    assert!(policy.blend(2016, Population::NonEsrd).is_none());
}

#[test]
fn a_month_of_2024_is_two_models_each_divided_by_its_factor() {
    let woman = person(Sex::Female, 75);
    let raw = |model| scorer(model, 2024).score(&woman, codes("E119|I5022")).unwrap().thousandths();
    let (v24, v28) = (raw(Model::V24), raw(Model::V28));
    let expected = 0.67 * v24 as f64 / 1.146 + 0.33 * v28 as f64 / 1.015;
    let month = years(2024, 2024, DemographicScore::OfSegment).month(&woman, &codes("E119|I5022")).unwrap();
    assert!((month.hcc_milli as f64 - expected).abs() <= 0.5, "{} {expected}", month.hcc_milli);
}

/// The performance year's models, applied to a base year: its people and diagnoses, the later coefficients (HCC.md 8.1).
#[test]
fn a_base_year_takes_the_models_of_the_performance_year() {
    let woman = person(Sex::Female, 75);
    let models = |of: &YearScorer| of.scorers().iter().map(|scorer| scorer.model().name()).collect::<Vec<_>>();
    let own = years(2022, 2022, DemographicScore::OfSegment);
    let later = years(2026, 2022, DemographicScore::OfSegment);
    assert_eq!(models(&own), ["v24", "esrd_v21"]);
    assert_eq!(models(&later), ["v28", "esrd_v24"]);
    let hcc = |of: &YearScorer| of.month(&woman, &codes("E119")).unwrap().hcc_milli;
    assert_ne!(hcc(&own), hcc(&later));
}

#[test]
fn months_change_with_status_and_are_blank_where_there_is_nobody() {
    let woman = person(Sex::Female, 75);
    let mut months = [Some(woman); 12];
    months[3] = Some(Person { dual: Dual::Full, ..woman });
    months[4] = Some(Person { esrd: Esrd::Dialysis, ..woman });
    months[5] = Some(Person { esrd: Esrd::Graft(12), ..woman });
    months[11] = None;
    let year = years(2026, 2026, DemographicScore::OfSegment);
    let scores = year.year(&months, &codes("E119")).unwrap();
    let score = |month: usize| scores[month].unwrap().hcc_milli;
    for month in 0..11 {
        assert_eq!(Some(year.month(&months[month].unwrap(), &codes("E119")).unwrap()), scores[month]);
    }
    assert_eq!((score(0), score(10)), (score(1), score(2)));
    assert!([3, 4, 5].iter().all(|month| score(*month) != score(0)));
    assert_eq!(scores[11], None);
    // A graft's first months are transplant months; here nobody says which.
    months[6] = Some(Person { esrd: Esrd::Graft(2), ..woman });
    assert!(year.year(&months, &[]).is_err());
}

/// The person stage relies on it: no life of any record is without a segment, in any year's models.
#[test]
fn everybody_has_a_segment_in_every_year() {
    let kidneys = [
        Esrd::None,
        Esrd::Dialysis,
        Esrd::Transplant(1),
        Esrd::Transplant(3),
        Esrd::Graft(4),
        Esrd::Graft(10),
        Esrd::Graft(999),
    ];
    let flags = [false, true];
    let mut met = 0u64;
    for year in 2017..=2027 {
        let scorer = years(year, year, DemographicScore::OfSegment);
        for age in 0..=u8::MAX {
            for sex in [Sex::Female, Sex::Male] {
                for orec in [Orec::Aged, Orec::Disabled, Orec::Esrd, Orec::DisabledAndEsrd] {
                    for dual in [Dual::None, Dual::Partial, Dual::Full] {
                        for (lti, new_enrollee) in flags.into_iter().flat_map(|lti| flags.map(|new| (lti, new))) {
                            for esrd in kidneys {
                                let whole = person(sex, age);
                                let whole = Person { orec, dual, lti, new_enrollee, esrd, ..whole };
                                let score = scorer.month(&whole, &[]);
                                assert!(score.is_ok(), "{year} {whole:?}: {score:?}");
                                met += 1;
                            }
                        }
                    }
                }
            }
        }
    }
    assert_eq!(met, 11 * 256 * 2 * 4 * 3 * 4 * 7);
}

#[test]
fn demographic_scores_of_both_kinds() {
    let woman = Person { dual: Dual::Full, ..person(Sex::Female, 70) };
    let demographic = |kind, dx: &str| years(2026, 2026, kind).month(&woman, &codes(dx)).unwrap().demographic_milli;
    // Neither depends on diagnoses.
    for kind in [DemographicScore::OfSegment, DemographicScore::NewEnrollee] {
        assert_eq!(demographic(kind, "E119|I5022"), demographic(kind, ""));
    }
    let enrollee = Person { new_enrollee: true, ..woman };
    let MonthScore { hcc_milli, .. } = years(2026, 2026, DemographicScore::OfSegment).month(&enrollee, &[]).unwrap();
    assert_eq!(demographic(DemographicScore::NewEnrollee, ""), hcc_milli);
    assert_ne!(demographic(DemographicScore::OfSegment, ""), hcc_milli);
}
