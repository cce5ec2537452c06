//! Cells to rates: the panel of the first worked example, the small worlds against a naive loop over their lives, scores.

use crate::oracles;
use acoledger_aco::rates::rates_from_cells;
use acoledger_schemas::cells::*;
use acoledger_schemas::program::{Aco, Program};
use acoledger_schemas::rates::Rates;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::study::Maturity;
use acoledger_schemas::table::{Table, read_csv};
use acoledger_schemas::values::*;
use serde_json::Value;
use std::collections::BTreeMap;

fn table<T: Table>(path: &str) -> Vec<T> {
    let text = oracles::text(path).expect("the file is there");
    read_csv(text.as_bytes(), path).unwrap_or_else(|problems| panic!("{problems}"))
}

fn rates(cells: &Cells, program: &Program, maturity: Maturity) -> Rates {
    let rules = Rules::built_in().expect("the shipped rules are sound");
    rates_from_cells(cells, program, &rules, maturity).unwrap_or_else(|problems| panic!("{problems}"))
}

fn county() -> County {
    County::new("01001").expect("a county")
}

/// The panel as cells: who is above the threshold is decided as the cells decide it, on exact fractions.
fn panel_cells(panel: &[Value], thresholds: &BTreeMap<&str, i64>) -> Cells {
    let cents = |value: &Value| match value {
        Value::String(text) => Cents::parse(text).expect("an amount").0.0,
        _ => 0,
    };
    let mut cells = Cells::default();
    let mut sums: BTreeMap<&str, (i64, i64, i64)> = BTreeMap::new();
    for life in panel {
        for (kind, months) in life[1].as_object().expect("months") {
            let months: i64 = months.as_str().expect("text").parse().expect("a number");
            let claims = life[2].as_array().expect("claims").iter().filter(|claim| claim[0] == kind.as_str());
            let spend: i64 =
                claims.map(|c| cents(&c[2]) - cents(&c[3]) - cents(&c[4]) - cents(&c[5]) + cents(&c[6])).sum();
            let sum = sums.entry(if kind == "AGND" { "AGND" } else { "AGDU" }).or_default();
            sum.0 += months;
            if spend * 12 > thresholds[kind.as_str()] * months { sum.2 += months } else { sum.1 += spend }
        }
    }
    for (kind, (months, below, over)) in sums {
        cells.population_county.push(PopulationCounty {
            performance_year: PerformanceYear(2025),
            calendar_year: CalendarYear(2025),
            population: Population::Assignable,
            window: Window::Retrospective,
            county: county(),
            enrollment_type: kind.parse().expect("a type"),
            lives: 1,
            months,
            below_cents: Cents(below),
            months_over: over,
            months_under: 0,
            spend_cents: Cents(0),
        });
        cells.threshold.push(Threshold {
            performance_year: PerformanceYear(2025),
            calendar_year: CalendarYear(2025),
            population: Population::Assignable,
            enrollment_type: kind.parse().expect("a type"),
            threshold_cents: Cents(thresholds[kind]),
        });
    }
    cells
}

#[test]
fn the_panel_of_the_worked_example() {
    let Some(text) = oracles::text("spec/worked_example.json") else { return };
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let case = &document["cases"][0];
    let thresholds = [("AGND", 16_250_000), ("AGDU", 23_190_000)].into();
    let cells = panel_cells(case["inputs"]["panel"].as_array().expect("a panel"), &thresholds);
    let rates = rates(&cells, &Program::default(), Maturity::ThreeMonths);
    for kind in ["AGND", "AGDU"] {
        let name = format!("panel per capita {kind}");
        let steps = case["steps"].as_array().expect("steps");
        let want = steps.iter().find(|step| step["name"] == name.as_str()).expect("a step")["f64"].as_f64();
        let got = rates.national.iter().find(|row| row.enrollment_type.code() == kind).expect("a row").per_capita;
        assert!((got.expect("spending") - want.expect("a number")).abs() < 1e-9, "{kind}: {got:?} against {want:?}");
    }
}

#[test]
fn worlds_against_a_loop_over_lives() {
    for (world, py) in [("w1", 2023), ("w2", 2024), ("w3", 2025)] {
        let Some(_) = oracles::text(&format!("data/worlds/{world}/program/aco.csv")) else { return };
        let at = |name: &str| format!("data/worlds/{world}/{name}.csv");
        let acos: Vec<Aco> = table(&at("program/aco"));
        let cells = Cells {
            population_county: table(&at("expected/population_county")),
            assigned_county: table(&at("expected/assigned_county")),
            aco_heads: table(&at("expected/aco_heads")),
            revenue: table(&at("expected/revenue")),
            threshold: table(&at("expected/threshold")),
            ..Cells::default()
        };
        let program = Program { aco: acos, ..Program::default() };
        let rates = rates(&cells, &program, Maturity::Mature);
        let naive = naive(world, &program.aco, &cells.threshold);
        assert!(naive.len() > 40, "{world}: only {} ACO-years", naive.len());
        let got: BTreeMap<NaiveKey, (f64, f64)> = rates
            .aco_year
            .iter()
            .map(|row| {
                let key = (row.aco_id.to_string(), row.calendar_year.0, row.enrollment_type);
                (key, (row.person_years.expect("months"), row.per_capita.expect("spending")))
            })
            .collect();
        assert_eq!(got.keys().collect::<Vec<_>>(), naive.keys().collect::<Vec<_>>(), "{world}");
        for (key, (years, spending)) in &naive {
            let (got_years, per_capita) = got[key];
            assert!((got_years - years).abs() < 1e-9, "{world} {key:?}: {got_years} person years against {years}");
            let want = spending / years;
            assert!((per_capita - want).abs() < 1e-6, "{world} {key:?}: {per_capita} against {want}");
        }
        conserved(world, py, &rates);
        println!("{world}: {} ACO-years equal to the loop over lives", naive.len());
    }
}

type NaiveKey = (String, i32, EnrollmentType);

/// Person years and truncated dollars by ACO, year and type, one life after the other.
fn naive(world: &str, acos: &[Aco], thresholds: &[Threshold]) -> BTreeMap<NaiveKey, (f64, f64)> {
    let row = |name: &str| oracles::rows(&format!("data/worlds/{world}/expected/{name}.csv"));
    let assigned: BTreeMap<(String, String), String> = row("assignment")
        .into_iter()
        .map(|row| ((row["bene_id"].clone(), row["calendar_year"].clone()), row["aco_id"].clone()))
        .collect();
    let mut sums = BTreeMap::new();
    for life in row("person_year") {
        let Some(id) = assigned.get(&(life["bene_id"].clone(), life["calendar_year"].clone())) else { continue };
        let year: i32 = life["calendar_year"].parse().expect("a year");
        let Some(aco) = acos.iter().find(|aco| aco.aco_id.as_str() == id) else { continue };
        let start = aco.agreement_start.year();
        if !(start - 3..start).contains(&year) && year != aco.performance_year.0 {
            continue;
        }
        let kind: EnrollmentType = life["enrollment_type"].parse().expect("a type");
        let threshold = thresholds.iter().find(|row| row.calendar_year.0 == year && row.enrollment_type == kind);
        let threshold = threshold.expect("a threshold").threshold_cents.dollars();
        let mask: u16 = life["months_mask"].parse().expect("a mask");
        let years = f64::from(mask.count_ones()) / 12.0;
        let spend: f64 = life["spend_cents"].parse::<f64>().expect("cents") / 100.0;
        let sum: &mut (f64, f64) = sums.entry((id.clone(), year, kind)).or_default();
        sum.0 += years;
        sum.1 += (spend / years).clamp(-threshold, threshold) * years;
    }
    sums
}

/// Person years by county come to those of the ACO, counties' to the nation's.
fn conserved(world: &str, py: i32, rates: &Rates) {
    for row in &rates.aco_year {
        let of_counties: f64 = rates
            .aco_county
            .iter()
            .filter(|c| {
                c.aco_id == row.aco_id
                    && c.calendar_year == row.calendar_year
                    && c.enrollment_type == row.enrollment_type
            })
            .map(|c| c.person_years)
            .sum();
        assert!((of_counties - row.person_years.expect("months")).abs() < 1e-9, "{world} {}", row.aco_id);
    }
    for nation in &rates.national {
        assert_eq!(nation.performance_year.0, py);
        for window in [Window::Calendar, Window::Retrospective] {
            let of_window = rates.county.iter().filter(|county| {
                county.window == window
                    && county.calendar_year == nation.calendar_year
                    && county.enrollment_type == nation.enrollment_type
            });
            let (years, dollars) = of_window.fold((0.0, 0.0), |(years, dollars), county| {
                let own = county.person_years.expect("months");
                (years + own, dollars + own * county.per_capita.expect("spending"))
            });
            if years > 0.0 {
                let (all, per_capita) = nation.person_years.zip(nation.per_capita).expect("a nation");
                assert!((years - all).abs() < 1e-9, "{world}: counties {years}, nation {all}");
                assert!((dollars / years - per_capita).abs() < 1e-6, "{world}: {} {per_capita}", dollars / years);
            }
        }
    }
}

/// A score sum of a population (no ACO) or of an ACO.
fn scored(aco: Option<&Aco>, model: i32, kind: ScoreKind, months: i64, milli: i64) -> RiskCell {
    RiskCell {
        performance_year: PerformanceYear(2024),
        period: aco.map(|aco| aco.period),
        aco_id: aco.map(|aco| aco.aco_id.clone()),
        calendar_year: CalendarYear(2022),
        cohort: aco.map(|_| Cohort::All),
        population: aco.is_none().then_some(Population::Assignable),
        window: aco.is_none().then_some(Window::Retrospective),
        county: county(),
        enrollment_type: EnrollmentType::Agnd,
        model: CalendarYear(model),
        kind,
        score_months: months,
        score_milli_months: milli,
    }
}

/// Two ACOs, one from before 2024 and one from 2024: scores of a benchmark year by its own and by the performance year's
/// model, each divided by the national mean of that model (M.C.1.3, M.C.1.5).
#[test]
fn scores_are_renormalised_within_their_model() {
    let Some((_, cases)) = crate::rates_cases::cases() else { return };
    let of_start = |year: i32| {
        let aco = cases.aco.iter().find(|a| a.agreement_start.year() == year && a.performance_year.0 == 2024);
        aco.expect("an ACO of this start").clone()
    };
    let (older, newer) = (of_start(2023), of_start(2024));
    let mut cells = Cells::default();
    for aco in [None, Some(&older), Some(&newer)] {
        let months = if aco.is_some() { 12 } else { 120 };
        // Own model: nation 1.2, ACOs 1.5. Performance year's model: nation 0.8, ACOs 0.9.
        let (own, of_py) = if aco.is_some() { (1500, 900) } else { (1200, 800) };
        cells.risk.push(scored(aco, 2022, ScoreKind::Hcc, months, months * own));
        cells.risk.push(scored(aco, 2024, ScoreKind::Hcc, months, months * of_py));
        cells.risk.push(scored(aco, 2024, ScoreKind::Demographic, months, months * 1000));
    }
    for aco in [&older, &newer] {
        cells.assigned_county.push(AssignedCounty {
            performance_year: aco.performance_year,
            period: aco.period,
            aco_id: aco.aco_id.clone(),
            calendar_year: CalendarYear(2022),
            cohort: Cohort::All,
            county: county(),
            enrollment_type: EnrollmentType::Agnd,
            lives: 1,
            months: 12,
            dual_months: 3,
            below_cents: Cents(1_200_000),
            months_over: 0,
            months_under: 0,
            spend_cents: Cents(1_200_000),
            gross_cents: Cents(1_200_000),
        });
    }
    let program = Program { aco: vec![older.clone(), newer.clone()], ..Program::default() };
    let rates = rates(&cells, &program, Maturity::Mature);
    let scores: Vec<_> = [&older, &newer]
        .map(|aco| {
            let row = rates.aco_year.iter().find(|row| row.aco_id == aco.aco_id).expect("a row");
            (row.hcc_score, row.demographic_score)
        })
        .into();
    assert_eq!(scores, [(Some(1.25), None), (Some(1.125), Some(1.0))]);
}

#[test]
fn cells_of_an_unlisted_aco_and_missing_thresholds_are_refused() {
    let Some((_, cases)) = crate::rates_cases::cases() else { return };
    let rules = Rules::built_in().expect("the shipped rules are sound");
    let aco = &cases.aco[0];
    let cell = AcoHeadsCell {
        performance_year: aco.performance_year,
        period: aco.period,
        aco_id: AcoId::new("A0000").expect("an id"),
        calendar_year: CalendarYear(2014),
        head_count: 1,
        dual_heads: 0,
        lis_or_dual_heads: 0,
        voluntary_only: 0,
        claims_only: 1,
        both: 0,
    };
    let cells = Cells { aco_heads: vec![cell], ..Cells::default() };
    let refused = rates_from_cells(&cells, &cases, &rules, Maturity::Mature).expect_err("an unlisted ACO");
    assert!(refused.to_string().contains("A0000"), "{refused}");
    let mut cells = panel_cells(
        &[serde_json::json!(["b1", { "AGND": "12" }, [["AGND", "INP", "99.00", 0, 0, 0, "0"]]])],
        &[("AGND", 1), ("AGDU", 1)].into(),
    );
    cells.threshold.clear();
    let refused = rates_from_cells(&cells, &cases, &rules, Maturity::Mature).expect_err("no threshold");
    assert!(refused.to_string().contains("no threshold of AGND lives in 2025"), "{refused}");
}

/// CMS's examples of annualising, truncating and completing (specifications v11, p. 25–27), through cells.
#[test]
fn annualised_truncated_completed_as_cms_prints() {
    let Some(text) = oracles::text("spec/cms_examples.json") else { return };
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let find = |id: &str| document["examples"].as_array().expect("examples").iter().find(|e| e["id"] == id).cloned();
    let (annualise, truncate) = (find("annualise").expect("there"), find("truncate").expect("there"));
    let (complete, weight) = (find("complete").expect("there"), find("weight_by_person_years").expect("there"));
    let dollars = |value: &Value| value.as_f64().expect("a number");
    let months = annualise["inputs"]["months"].as_i64().expect("months");
    let spending = dollars(&annualise["inputs"]["spending"]).to_string();
    let threshold = Cents::from_dollars(dollars(&truncate["inputs"]["threshold"])).expect("an amount").0;
    let large = dollars(&truncate["inputs"]["annualised"][1]).to_string();
    for (months, spending, place) in [(months, spending, 0), (12, large, 1)] {
        let months = serde_json::json!({ "AGDU": months.to_string() });
        let life = serde_json::json!(["b1", months, [["AGDU", "INP", spending, 0, 0, 0, 0]]]);
        let cells = panel_cells(&[life], &[("AGDU", threshold)].into());
        let of = |maturity| rates(&cells, &Program::default(), maturity).national[0].clone();
        let truncated = of(Maturity::Mature).per_capita.expect("spending");
        assert!((truncated - dollars(&truncate["expected"]["truncated"][place])).abs() < 1e-9, "{truncated}");
        let completed = of(Maturity::ThreeMonths).per_capita.expect("spending");
        assert!((completed - dollars(&complete["expected"]["completed"][place])).abs() < 0.005, "{completed}");
        if place == 0 {
            let person_years = of(Maturity::ThreeMonths).person_years.expect("person years");
            assert_eq!(person_years, dollars(&annualise["expected"]["person_years"]));
            assert!((completed - dollars(&weight["inputs"]["completed"])).abs() < 0.005, "{completed}");
            assert!((completed * person_years - dollars(&weight["expected"]["weighted"])).abs() < 0.005, "{completed}");
        }
    }
}
