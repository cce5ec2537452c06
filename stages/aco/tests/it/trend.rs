//! Growth of spending in terms that sum: against plain loops over the rates, on every invented ACO-year.

use crate::rates_cases::{YEARS, cases};
use acoledger_aco::trend::{TERMS, TrendDecomposition, trend_decomposition};
use acoledger_schemas::cells::{AssignedCounty, Cells, PopulationCounty, Threshold};
use acoledger_schemas::program::Program;
use acoledger_schemas::rates::Rates;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::values::*;

fn decompose(rates: &Rates, program: &Program, cells: Option<&Cells>) -> Vec<TrendDecomposition> {
    let rules = Rules::built_in().expect("the shipped rules are sound");
    trend_decomposition(rates, program, &rules, &YEARS, cells).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The rows of one table of terms.
fn blocks(rows: &[TrendDecomposition]) -> Vec<&[TrendDecomposition]> {
    let key = |row: &TrendDecomposition| {
        (row.performance_year, row.period, row.aco_id.clone(), row.from_year, row.to_year, row.enrollment_type)
    };
    rows.chunk_by(|a, b| key(a) == key(b)).collect()
}

#[test]
fn terms_sum_and_factors_multiply() {
    let Some((rates, program)) = cases() else { return };
    let rows = decompose(&rates, &program, None);
    let (mut blocks_seen, mut whole) = (0, 0);
    for block in blocks(&rows) {
        blocks_seen += 1;
        whole += usize::from(block[0].enrollment_type.is_none());
        let terms = TERMS.iter().filter(|term| block[0].enrollment_type.is_none() || **term != "mix").count();
        assert_eq!((block[0].term.as_str(), block.len()), ("from", terms + 2));
        let last = &block[block.len() - 1];
        assert_eq!(last.term, "to");
        type Read = fn(&TrendDecomposition) -> (Option<f64>, Option<f64>);
        let sides: [Read; 3] = [
            |row| (row.aco_dollars, row.aco_factor),
            |row| (row.region_dollars, row.region_factor),
            |row| (row.nation_dollars, row.nation_factor),
        ];
        for side in sides {
            let Some(to) = side(last).0 else { continue };
            let sum: f64 = block[..block.len() - 1].iter().filter_map(|row| side(row).0).sum();
            assert!((sum - to).abs() < 1e-6, "{sum} {to} {block:#?}");
            let product: f64 = block[1..block.len() - 1].iter().filter_map(|row| side(row).1).product();
            let growth = side(last).1.expect("spending above 0");
            assert!((product / growth - 1.0).abs() < 1e-9, "{product} {growth} {block:#?}");
        }
        // Without cells truncation is not known.
        assert!(block.iter().filter(|row| row.term == "truncation").all(|row| row.aco_dollars.is_none()));
    }
    assert!(blocks_seen > 1000 && whole >= 3 * 120, "{blocks_seen} {whole}");
}

#[test]
fn mix_geography_and_risk_are_those_of_plain_loops() {
    let Some((rates, program)) = cases() else { return };
    let rows = decompose(&rates, &program, None);
    let mut compared = [0; 3];
    for row in rows.iter().filter(|row| row.aco_dollars.is_some()) {
        let aco = program.aco.iter().find(|aco| {
            (aco.performance_year, aco.period, &aco.aco_id) == (row.performance_year, row.period, &row.aco_id)
        });
        let aco = aco.expect("an ACO of the program");
        let own = |year: CalendarYear, kind| {
            let mut of = rates.aco_year.iter().filter(|own| {
                (own.performance_year, own.period, &own.aco_id, own.calendar_year, own.enrollment_type, own.cohort)
                    == (row.performance_year, row.period, &row.aco_id, year, kind, Cohort::All)
            });
            of.next().filter(|own| own.person_years.is_some_and(|years| years > 0.0))
        };
        match (row.term.as_str(), row.enrollment_type) {
            ("mix", None) => {
                let mean = |weights: CalendarYear| {
                    let (mut sum, mut all) = (0.0, 0.0);
                    for kind in EnrollmentType::ALL {
                        let Some(weight) = own(weights, kind).and_then(|own| own.person_years) else { continue };
                        // A type that was not there before comes in as it is later.
                        let of = own(row.from_year, kind).or(own(row.to_year, kind)).expect("one of the two");
                        sum += weight * of.per_capita.expect("spending");
                        all += weight;
                    }
                    sum / all
                };
                let by_loops = mean(row.to_year) - mean(row.from_year);
                let ours = row.aco_dollars.expect("known");
                assert!((by_loops - ours).abs() < 2e-4, "{by_loops} {row:#?}");
                compared[0] += 1;
            }
            ("risk", Some(kind)) => {
                let score = |year| own(year, kind).and_then(|own| own.hcc_score).expect("a score");
                let growth = score(row.to_year) / score(row.from_year);
                assert!((growth / row.aco_factor.expect("known") - 1.0).abs() < 1e-12);
                compared[1] += 1;
            }
            ("geography", Some(kind)) => {
                let window = match (aco.agreement_start >= Date::new(2024, 1, 1).expect("a day"), aco.assignment_method)
                {
                    (false, _) => Window::Calendar,
                    (true, AssignmentMethod::Retrospective) => Window::Retrospective,
                    (true, AssignmentMethod::Prospective) => Window::Prospective,
                };
                let level = |weights: CalendarYear| {
                    let (mut sum, mut all) = (0.0, 0.0);
                    for of in rates.aco_county.iter().filter(|of| {
                        (of.performance_year, of.period, &of.aco_id, of.calendar_year, of.enrollment_type)
                            == (row.performance_year, row.period, &row.aco_id, weights, kind)
                    }) {
                        let county = rates.county.iter().find(|county| {
                            (county.performance_year, county.calendar_year, county.window)
                                == (row.performance_year, row.from_year, window)
                                && (&county.county, county.enrollment_type) == (&of.county, kind)
                        });
                        let Some((spent, score)) = county.and_then(|of| of.per_capita.zip(of.hcc_score)) else {
                            continue;
                        };
                        sum += of.person_years * spent / score;
                        all += of.person_years;
                    }
                    sum / all
                };
                let growth = level(row.to_year) / level(row.from_year);
                assert!((growth / row.aco_factor.expect("known") - 1.0).abs() < 1e-9, "{growth} {row:#?}");
                compared[2] += 1;
            }
            _ => {}
        }
    }
    assert!(compared.iter().all(|count| *count > 200), "{compared:?}");
}

#[test]
fn truncation_is_what_it_leaves_of_spending() {
    let Some((rates, mut program)) = cases() else { return };
    let aco = program.aco.iter().find(|aco| aco.performance_year.0 == 2024).expect("an ACO of 2024").clone();
    program.aco.retain(|of| *of == aco);
    let by3 = aco.agreement_start.year() - 1;
    let (kind, county) = (EnrollmentType::Agnd, County::new("01001").expect("a county"));
    let mut cells = Cells::default();
    // In BY3 a tenth of spending is cut, in the performance year a fifth: 120 months of 10 lives, one of them over 1,000.00.
    for (year, below, all) in [(by3, 800_000, 1_000_000), (2024, 700_000, 1_000_000)] {
        let performance_year = aco.performance_year;
        cells.threshold.push(Threshold {
            performance_year,
            calendar_year: CalendarYear(year),
            population: Population::Assignable,
            enrollment_type: kind,
            threshold_cents: Cents(100_000),
        });
        cells.assigned_county.push(AssignedCounty {
            performance_year,
            period: aco.period,
            aco_id: aco.aco_id.clone(),
            calendar_year: CalendarYear(year),
            cohort: Cohort::All,
            county: county.clone(),
            enrollment_type: kind,
            lives: 10,
            months: 120,
            dual_months: 0,
            below_cents: Cents(below),
            months_over: 12,
            months_under: 0,
            spend_cents: Cents(all),
            gross_cents: Cents(all),
        });
        cells.population_county.push(PopulationCounty {
            performance_year,
            calendar_year: CalendarYear(year),
            population: Population::Assignable,
            window: Window::Retrospective,
            county: county.clone(),
            enrollment_type: kind,
            lives: 10,
            months: 120,
            below_cents: Cents(below),
            months_over: 12,
            months_under: 0,
            spend_cents: Cents(all),
        });
    }
    let rows = decompose(&rates, &program, Some(&cells));
    let of = rows.iter().find(|row| {
        row.term == "truncation" && row.enrollment_type == Some(kind) && row.to_year.0 == 2024 && row.from_year.0 == by3
    });
    let of = of.expect("the type is there");
    for factor in [of.aco_factor, of.nation_factor] {
        assert!((factor.expect("known") - 0.8 / 0.9).abs() < 1e-12, "{of:#?}");
    }
}
