//! Sweeps: each point is the reform with its values.

use crate::rates_cases::{YEARS, cases};
use crate::scenario::{baseline, parse, rules};
use acoledger_aco::scenario::{Scenario, Sweep, Swept, settle};
use acoledger_aco::tables::SavingsLosses;
use acoledger_aco::{Detail, Index};
use acoledger_schemas::program::Aco;
use acoledger_schemas::values::Date;
use std::collections::BTreeMap;

/// The points of a sweep, each once more as a reform with the values that the sweep runs through; how many points there were.
fn check_sweep(blocks: &str, axes: &[(&str, &[f64])]) -> usize {
    let (mut rates, mut program) = cases().expect("asked only where the oracles are");
    let lines = |value: &dyn Fn(usize) -> String| {
        let of_axis = |(at, (key, _)): (usize, &(&str, &[f64]))| format!("'{key}' = {}\n", value(at));
        axes.iter().enumerate().map(of_axis).collect::<String>()
    };
    let sweep = parse(&format!("{blocks}\n[sweep]\n{}", lines(&|at| format!("{:?}", axes[at].1))));
    let scenario = match Scenario::new(&[sweep], &rules()) {
        Ok(scenario) => scenario,
        // A value outside the range of its rule: a reform with it is refused in the same words.
        Err(refused) => {
            let plain = |at: usize| parse(&format!("[rules]\n{}", lines(&|axis| format!("{:?}", axes[axis].1[at]))));
            let last = axes.iter().map(|(_, values)| values.len()).min().expect("an axis") - 1;
            assert_eq!(Some(refused), Scenario::new(&[plain(last)], &rules()).err(), "{axes:?}");
            return 0;
        }
    };
    scenario.change_inputs(&mut rates, &mut program).expect("sound");
    let index = Index::new(&rates, &program);
    let swept = Sweep::new(&scenario, &index, &program, &YEARS);
    // A sweep that fails at its first point is refused as a whole.
    for at in 0..if swept.is_ok() { scenario.point_count() } else { 1 } {
        let point = scenario.point(at);
        // Values of a sweep stand where `[rules]` stand: what the blocks set for some ACOs counts over them.
        let reforms =
            [parse(&format!("[rules]\n{}", lines(&|axis| format!("{:?}", point.values[axis])))), parse(blocks)];
        let plain = Scenario::new(&reforms, &rules()).and_then(|reform| {
            let (groups, _) = reform.groups(&program, &YEARS)?;
            settle(&index, &groups, Detail::Results)
        });
        let fast = swept.as_ref().map_err(Clone::clone).and_then(|swept| swept.at(&point));
        match (plain, fast) {
            (Ok(plain), Ok(fast)) => {
                assert_eq!(plain.savings_losses.len(), fast.len());
                for (row, swept) in plain.savings_losses.iter().zip(fast) {
                    let same = Swept { aco: swept.aco, ..of_table(row, swept.aco) };
                    assert_eq!(same, swept, "{axes:?} {:?}", point.values);
                }
            }
            (Err(plain), Err(fast)) => assert_eq!(plain, fast, "{axes:?} {:?}", point.values),
            (plain, fast) => panic!("{axes:?} {:?}: {:?} {:?}", point.values, plain.err(), fast.err()),
        }
    }
    scenario.point_count()
}

/// A row of the reform's table as a sweep says it.
fn of_table<'a>(row: &SavingsLosses, aco: &'a Aco) -> Swept<'a> {
    assert_eq!(
        (row.performance_year, &row.aco_id, row.period, row.current_track),
        (aco.performance_year, &aco.aco_id, aco.period, aco.track)
    );
    Swept {
        aco,
        assigned: row.n_ab,
        updated_benchmark: row.updated_bnchmk,
        total_benchmark: row.ab_tot_bnchmk,
        gross_savings: row.gross_savings_cents,
        earned: row.earned_cents,
        outcome: ["savings", "losses", "one_sided_losses", "inside", "neither"]
            .into_iter()
            .find(|code| *code == row.outcome)
            .expect("an outcome"),
    }
}

#[test]
fn a_point_of_a_sweep_is_the_reform_with_its_values() {
    let Some(_) = baseline() else { return };
    let caps: &[f64] = &[0.0, 0.01, 0.03, 0.05];
    assert_eq!(check_sweep("", &[("risk.cap", caps), ("update.blend_weights.acpt", &[1.0, 0.0])]), 8);
    check_sweep(
        "",
        &[("benchmark.regional_weight.lower.0", &[0.35, 0.0]), ("settle.loss_rate.E.floor", &[0.3, 0.2, 0.4])],
    );
    check_sweep("", &[("settle.sharing_rate.maximum.EN", &[0.75, 0.5]), ("settle.sequestration", &[0.0, 0.02])]);
    check_sweep("", &[("benchmark.year_weights.first.2", &[0.6, 0.2, 1.0])]);
    // Reforms that reach what is kept, for all or for some; and inputs that are not those of the study.
    for blocks in [
        "[rules]\n'county.exclude_assigned' = true",
        "[rules]\n'risk_cap.form' = 'symmetric'\n[[when]]\ntrack = ['EN']\n[when.rules]\n'settle.sequestration' = 0.0",
        "[[when]]\ntrack = ['EN']\n[when.rules]\n'settle.half_year_share' = 0.3\n'risk_cap.aggregate_points' = 0.02",
        "[[input]]\ntable = 'aco_year'\ncolumn = 'per_capita'\nfactor = 0.98\nyears = ['PY']",
    ] {
        check_sweep(blocks, &[("risk.cap", caps), ("settle.half_year_share", &[0.5, 0.4])]);
    }
}

/// Every number among the rules of the ACO grain: no list says what a sweep may keep of its first point, so none is left out.
#[test]
fn every_number_that_can_be_swept_sweeps_as_it_reforms() {
    let Some(_) = baseline() else { return };
    let all = rules();
    let mut numbers = BTreeMap::new();
    for rule in all.all().filter(|rule| ["benchmark", "settle"].contains(&rule.stage.as_str())) {
        for (_, value) in &rule.values {
            numbers_of(&rule.key, value, &mut numbers);
        }
    }
    assert!(numbers.len() > 60, "{numbers:?}");
    let mut points = 0;
    for (key, value) in numbers.into_iter().filter(|(_, value)| *value != 0.0) {
        // A rule of counts takes no fraction: then sweep and reform say the same of it.
        points += check_sweep("", &[(&key, &[value, value * 0.5])]);
    }
    assert!(points > 100, "{points}");
}

/// Entries of a rule that are numbers, by name.
fn numbers_of(name: &str, value: &toml::Value, out: &mut BTreeMap<String, f64>) {
    match value {
        toml::Value::Float(number) => drop(out.insert(name.into(), *number)),
        toml::Value::Integer(number) => drop(out.insert(name.into(), *number as f64)),
        toml::Value::Table(table) => {
            table.iter().for_each(|(key, value)| numbers_of(&format!("{name}.{key}"), value, out))
        }
        // The others of a list are read where the first one is.
        toml::Value::Array(list) => list.iter().take(1).for_each(|value| numbers_of(&format!("{name}.0"), value, out)),
        _ => {}
    }
}

/// 425.603(c) reads national spending only where it must: a reform that limits its adjustment by it asks for it.
#[test]
fn a_limit_by_the_nation_asks_for_the_nation() {
    let Some((mut rates, mut program)) = cases() else { return };
    program.aco.retain(|aco| aco.agreement_number > 1 && (2017..2020).contains(&aco.agreement_start.year()));
    program.aco.retain(|aco| aco.agreement_start < Date::new(2019, 7, 1).expect("a day"));
    let years: Vec<i32> =
        YEARS.into_iter().filter(|year| program.aco.iter().any(|aco| aco.performance_year.0 == *year)).collect();
    rates.national.iter_mut().for_each(|row| row.per_capita = None);
    let result = |text: &str| {
        let scenario = Scenario::new(&[parse(text)], &rules())?;
        settle(&Index::new(&rates, &program), &scenario.groups(&program, &years)?.0, Detail::Results)
    };
    assert!(!result("").expect("no nation is read").savings_losses.is_empty());
    let error = result("[rules]\n'benchmark.regional_limit' = { up = 0.05, down = 0.05 }").expect_err("no nation");
    assert!(error.to_string().contains("column `per_capita`"), "{error}");
}
