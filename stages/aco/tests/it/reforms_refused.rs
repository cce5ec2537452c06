//! Reforms that would have been settled as something else than what they say: refused, or done right.

use crate::rates_cases::{YEARS, cases};
use crate::scenario::{baseline, pairs, parse, reform, rules, try_reform};
use acoledger_aco::scenario::{Reform, Scenario, Sweep};
use acoledger_aco::{Index, Outcome};
use acoledger_schemas::program::Aco;
use acoledger_schemas::values::{AcoId, PerformanceYear};
use std::collections::BTreeSet;

fn refused(text: &str) -> String {
    try_reform(&[text]).expect_err(text).to_string()
}

/// ACO results that a reform changes.
fn changed<'a>(baseline: &'a Outcome, reform: &'a Outcome) -> Vec<(&'a AcoId, i32)> {
    let differ = pairs(baseline, reform).into_iter().filter(|(a, b)| a.updated_bnchmk != b.updated_bnchmk);
    differ.map(|(row, _)| (&row.aco_id, row.performance_year.0)).collect()
}

#[test]
fn a_region_without_its_aco_has_no_negative_spending() {
    let Some(_) = baseline() else { return };
    let out = reform("[rules]\n'county.exclude_assigned' = true");
    for row in out.benchmark.iter().filter(|row| row.step.starts_with("regional_per_capita")) {
        // A1594 has nearly all of its county's disabled: their rest came out at −330,801 dollars.
        assert!(row.value > 1000.0 && row.value < 500_000.0, "{row:?}");
    }
    assert!(out.savings_losses.iter().all(|row| row.updated_bnchmk > 0));
    let told = out.findings.iter().any(|finding| finding.aco_id.as_str() == "A1594" && finding.rule == "D.1.5");
    assert!(told, "the county without a value is a finding");
}

#[test]
fn a_benchmark_below_zero_is_no_result() {
    let Some(_) = baseline() else { return };
    let error = refused("[[input]]\ntable = 'aco_year'\ncolumn = 'per_capita'\nfactor = 0.0");
    assert!(error.contains("benchmark is not above 0"), "{error}");
}

#[test]
fn prospective_trends_change_for_the_acos_that_meet_the_condition() {
    let Some(baseline) = baseline() else { return };
    let all = reform("[[input]]\ntable = 'acpt'\ncolumn = 'factor'\nfactor = 1.1");
    let by_book = reform("[[input]]\ntable = 'acpt'\ncolumn = 'factor'\nfactor = 1.1\nrulebook = ['425.652']");
    assert!(changed(baseline, &all).len() > 10);
    assert_eq!(all, by_book, "only 425.652 has a prospective trend");
    for track in ["EN", "E"] {
        let some = reform(&format!("[[input]]\ntable = 'acpt'\ncolumn = 'factor'\nfactor = 1.1\ntrack = ['{track}']"));
        let mut expected = changed(baseline, &all);
        let rows = baseline.savings_losses.iter().filter(|row| row.current_track.code() == track);
        let of_track: BTreeSet<_> = rows.map(|row| (&row.aco_id, row.performance_year.0)).collect();
        expected.retain(|key| of_track.contains(key));
        assert_eq!(changed(baseline, &some), expected, "{track}");
    }
}

#[test]
fn conditions_that_mean_nothing_are_refused() {
    for (text, says) in [
        ("drop = true\nyears = [2024]", "`input.years`: `drop` has no such condition"),
        ("drop = true\ntypes = ['ESRD']", "`input.types`: `drop` has no such condition"),
        ("drop = true\ncounty = ['99999']", "`input.county`: `drop` has no such condition"),
        ("merge = ['A1', 'A2']\ntrack = ['E']", "`input.track`: `merge` has no such condition"),
        ("merge = ['A1', 'A2']\nyears = [2024]", "`input.years`: `merge` has no such condition"),
        ("merge = ['A1', 'A2']\naco = ['A1']", "`input.aco`: `merge` has no such condition"),
        ("merge = ['A1', 'A1']", "names an ACO twice: `A1`"),
    ] {
        let error = Reform::parse(&format!("title = 'x'\n[[input]]\n{text}")).expect_err(text);
        assert!(error.contains(says), "{text}: {error}");
    }
}

/// Two ACOs that have one row each, of one performance year and agreement start, and of which something else holds.
fn once(holds: impl Fn(&Aco, &Aco) -> bool) -> (Aco, Aco) {
    let (_, program) = cases().expect("asked only where the oracles are");
    let alone = |aco: &&Aco| program.aco.iter().filter(|row| row.aco_id == aco.aco_id).count() == 1;
    let rows: Vec<&Aco> = program.aco.iter().filter(alone).collect();
    let pairs = rows.iter().flat_map(|a| rows.iter().map(move |b| (*a, *b)));
    let same = |a: &Aco| (a.performance_year, a.period, a.agreement_start);
    let found = pairs.filter(|(a, b)| a.aco_id != b.aco_id && same(a) == same(b)).find(|(a, b)| holds(a, b));
    let (a, b) = found.expect("the cases have two such ACOs");
    (a.clone(), b.clone())
}

#[test]
fn acos_are_merged_in_the_years_asked_for() {
    let Some(_) = baseline() else { return };
    let (a, b) = once(|a, b| a.assignment_method == b.assignment_method && a.track == b.track);
    let merge = format!("[[input]]\nmerge = ['{}', '{}']", a.aco_id, b.aco_id);
    let year = a.performance_year.0;
    assert_eq!(reform(&merge), reform(&format!("{merge}\nperformance_years = [{year}]")));
    let error = refused(&format!("{merge}\nperformance_years = [{}]", year + 1));
    assert!(error.contains("none of the ACOs to merge is there"), "{error}");
    // The two stay by themselves in another year: only the year asked for is one.
    let (mut rates, mut program) = cases().expect("asked only where the oracles are");
    let twin = |aco: &Aco| Aco { performance_year: PerformanceYear(aco.performance_year.0 + 1), ..aco.clone() };
    program.aco.extend([twin(&a), twin(&b)]);
    program.aco_history = None;
    let one = format!("{merge}\nperformance_years = [{year}]");
    let scenario = Scenario::new(&[parse(&one)], &rules()).expect("sound");
    let rows = program.aco.len();
    scenario.change_inputs(&mut rates, &mut program).expect("merges");
    assert_eq!(program.aco.len(), rows - 1);
    let left = |id: &AcoId| program.aco.iter().filter(|aco| aco.aco_id == *id).count();
    assert_eq!((left(&a.aco_id), left(&b.aco_id)), (2, 1));
    assert!(rates.aco_year.iter().all(|row| row.aco_id != b.aco_id || row.performance_year.0 != year));
}

#[test]
fn acos_with_different_methods_have_no_list_in_common() {
    let Some(_) = baseline() else { return };
    let (a, b) = once(|a, b| a.assignment_method != b.assignment_method);
    let error = refused(&format!("[[input]]\nmerge = ['{}', '{}']", a.aco_id, b.aco_id));
    assert!(error.contains("the assignment methods in") && error.contains("is prospective"), "{error}");
}

#[test]
fn conditions_that_nobody_meets_are_refused() {
    let Some(_) = baseline() else { return };
    for (text, says) in [
        ("[[when]]\naco = ['ZZ']\n[when.rules]\n'settle.sequestration' = 0.0", "no such ACO: `ZZ`"),
        ("[[when]]\naco = ['A2303', 'ZZ']\n[when.rules]\n'settle.sequestration' = 0.0", "no such ACO: `ZZ`"),
        (
            "[[when]]\nyears = [1999]\n[when.rules]\n'settle.sequestration' = 0.0",
            "no ACO of the study meets the conditions: `years 1999`",
        ),
        (
            "[[input]]\ntable = 'aco_year'\ncolumn = 'per_capita'\nfactor = 1.1\naco = ['A2303', 'ZZ']",
            "no such ACO: `ZZ`",
        ),
        ("[[input]]\ndrop = true\naco = ['A2303', 'ZZ']", "no such ACO: `ZZ`"),
        (
            "[[input]]\ntable = 'county'\ncolumn = 'per_capita'\nfactor = 1.1\ncounty = ['28049', '99999']",
            "no row of this county: `99999`",
        ),
    ] {
        let error = refused(text);
        assert!(error.contains(says), "{text}: {error}");
    }
}

#[test]
fn what_is_wrong_with_a_rule_is_said_once_under_file_and_key() {
    let Some(_) = baseline() else { return };
    for (text, says) in [
        ("'risk_cap.form' = 'foo'", "reform.toml, rule `risk_cap.form`: unknown variant `foo`"),
        ("'benchmark.year_weights.first' = [1, 2]", "reform.toml, rule `benchmark.year_weights`: invalid length 2"),
        (
            "'benchmark.year_weights.first' = [0, 0, 0]",
            "reform.toml, rule `benchmark.year_weights`: has no weight above 0",
        ),
        ("'benchmark.year_weights.first' = [-1, 1, 1]", "reform.toml, rule `benchmark.year_weights`: entry `first.0`"),
        ("'benchmark.year_weights.first' = [1, nan, 1]", "reform.toml, rule `benchmark.year_weights`: entry `first.1`"),
        ("'settle.sharing_rate.maximum.EN' = 'x'", "reform.toml, rule `settle.sharing_rate.maximum`: "),
        ("'update.blend_weights' = { acpt = 1 }", "reform.toml, rule `update.blend_weights`: missing field `two_way`"),
        (
            "'update.blend_weights' = { acpt = 0, two_way = 0 }",
            "reform.toml, rule `update.blend_weights`: has no weight above 0",
        ),
        (
            "'settle.loss_rate.EN' = { floor = 0.8, ceiling = 0.3 }",
            "reform.toml, rule `settle.loss_rate`: has a floor above its ceiling",
        ),
        ("'settle.msr.variable' = []", "reform.toml, rule `settle.msr.variable`: has no bands"),
        (
            "'settle.msr.variable' = [{ heads = [999, 500], rate = [0.1, 0.09] }]",
            "rule `settle.msr.variable`: has a band that does not lead",
        ),
        (
            "'settle.termination.savings_in_force_on' = [13, 1]",
            "rule `settle.termination.savings_in_force_on`: no such day: [13, 1]",
        ),
        ("'risk.cap' = 'none'", "reform.toml, rule `risk.cap`: expected points such as 0.03"),
        ("'risk.cap' = nan", "reform.toml, rule `risk.cap`: expected a number, 0 to 1"),
        ("'settle.sequestration' = inf", "reform.toml, rule `settle.sequestration`: expected a number, 0 to 1"),
        ("'risk_cap.aggregate_points' = 0.05\n'risk.cap' = 0.0", "is set twice in one table: by `risk"),
        (
            "'settle.msr.fixed' = { B = 0.01 }\n'settle.msr.fixed.B' = 0.02",
            "is set twice in one table: by `settle.msr.fixed",
        ),
        ("'benchmark.trend' = 'regional'", "reform.toml, rule `benchmark.trend`: is `regional`, and 425.602 reads no"),
    ] {
        let read = Reform { file: "reform.toml".into(), ..parse(&format!("[rules]\n{text}")) };
        let (_, program) = cases().expect("asked only where the oracles are");
        let checked = Scenario::new(&[read], &rules()).and_then(|one| one.check_rules(&program, &YEARS));
        let error = checked.expect_err(text);
        assert!(error.to_string().contains(says), "{text}: {error}");
        // 425.602 and 425.603(b) both read no region.
        assert!(error.count <= 2 && !error.to_string().contains("agreement_start"), "{text}: {error}");
    }
}

#[test]
fn years_without_weight_count_as_absent() {
    let Some(baseline) = baseline() else { return };
    for first in ["[1, 0, 0]", "[0, 0, 1]"] {
        let out = reform(&format!("[rules]\n'benchmark.year_weights' = {{ first = {first}, later = {first} }}"));
        assert_eq!(out.savings_losses.len(), baseline.savings_losses.len());
        assert!(out.savings_losses.iter().all(|row| row.updated_bnchmk > 0));
    }
}

#[test]
fn a_guardrail_for_all_changes_nobody_who_has_no_prospective_trend() {
    let Some(baseline) = baseline() else { return };
    let all = reform("[rules]\n'settle.guardrail' = true");
    assert!(pairs(baseline, &all).iter().all(|(a, b)| a.earned_cents == b.earned_cents && a.outcome == b.outcome));
}

#[test]
fn amounts_of_money_are_scaled_to_the_cent() {
    let Some(_) = baseline() else { return };
    let (mut rates, mut program) = cases().expect("asked only where the oracles are");
    let before = program.aco.clone();
    let text = "[[input]]\ntable = 'aco'\ncolumn = 'participant_revenue'\nfactor = 0.3333";
    let scenario = Scenario::new(&[parse(text)], &rules()).expect("sound");
    scenario.change_inputs(&mut rates, &mut program).expect("cents");
    let mut scaled = 0;
    for (before, after) in before.iter().zip(&program.aco) {
        let Some((before, after)) = before.participant_revenue.zip(after.participant_revenue) else { continue };
        assert_eq!(after.0.0, (before.0.0 * 3333 + 5000).div_euclid(10_000));
        scaled += 1;
    }
    assert!(scaled > 0);
}

#[test]
fn sweeps_that_are_a_slip_are_refused() {
    for (text, says) in [
        ("'risk.cap' = { from = 0, to = 1, step = 1e-9 }", "rule `risk.cap`: has too many points: at most 100000"),
        ("'risk.cap' = [0.01, 0.02, 0.01]", "is swept through one value twice: 0.01"),
        ("'risk.cap' = [0.01]\n'risk_cap.by_type' = [1.02]", "is swept twice"),
        ("'settle.msr.low_head_count' = [0, 5000.5]", "rule `settle.msr.low_head_count`: expected a whole number"),
        ("'settle.sequestration' = [0.02, 1.5]", "rule `settle.sequestration`: expected a number, 0 to 1"),
        ("'settle.sequestration' = [0.02, nan]", "rule `settle.sequestration`: expected a number, 0 to 1"),
        ("'risk.cap' = [0.03, 5]", "rule `risk.cap`: expected a number, 0 to 1"),
    ] {
        let error = Scenario::new(&[parse(&format!("[sweep]\n{text}"))], &rules()).expect_err(text).to_string();
        assert!(error.contains(says), "{text}: {error}");
    }
    let both = "[rules]\n'risk.cap' = 0.05\n[sweep]\n'risk.cap' = [0.01, 0.02]";
    let error = Scenario::new(&[parse(both)], &rules()).expect_err("one of them has no effect").to_string();
    assert!(error.contains("is swept, and set by"), "{error}");
    let Some(_) = baseline() else { return };
    let (_, program) = cases().expect("asked only where the oracles are");
    let crossing = parse("[sweep]\n'settle.loss_rate.EN.floor' = [0.4, 0.8]");
    let checked = Scenario::new(&[crossing], &rules()).expect("in range").check_rules(&program, &YEARS);
    let error = checked.expect_err("the ceiling is 0.75").to_string();
    assert!(error.contains("rule `settle.loss_rate`: has a floor above its ceiling"), "{error}");
}

#[test]
fn a_condition_counts_over_a_sweep_as_it_does_over_rules() {
    let Some(_) = baseline() else { return };
    let (rates, program) = cases().expect("asked only where the oracles are");
    let index = Index::new(&rates, &program);
    let key = "'settle.sharing_rate.maximum.EN'";
    let text = format!("[[when]]\nyears = [2024]\n[when.rules]\n{key} = 0.2\n[sweep]\n{key} = [0.1, 0.75]");
    let scenario = Scenario::new(&[parse(&text)], &rules()).expect("sound");
    let sweep = Sweep::new(&scenario, &index, &program, &YEARS).expect("settles");
    let plain = reform(&format!("[rules]\n{key} = 0.1\n[[when]]\nyears = [2024]\n[when.rules]\n{key} = 0.2"));
    let swept = sweep.at(&scenario.point(0)).expect("settles");
    assert!(plain.savings_losses.iter().zip(&swept).all(|(row, swept)| row.earned_cents == swept.earned));
}

#[test]
fn inputs_that_two_reforms_change_are_a_conflict() {
    let Some(_) = baseline() else { return };
    let (_, program) = cases().expect("asked only where the oracles are");
    let conflicts = |texts: [&str; 2]| {
        let scenario = Scenario::new(&texts.map(parse), &rules()).expect("sound");
        scenario.groups(&program, &YEARS).expect("sound").1
    };
    let change = |more: &str| format!("[[input]]\ntable = 'aco_year'\ncolumn = 'per_capita'\n{more}");
    let (half, more) = (change("factor = 0.5"), change("factor = 1.1\ntypes = ['ESRD']"));
    assert_eq!(conflicts([&half, &more]).len(), 1);
    assert!(conflicts([&half, &more])[0].contains("`aco_year.per_capita` is changed by"));
    let others = change("factor = 1.1\ntypes = ['DIS']");
    assert_eq!(conflicts([&more, &others]), Vec::<String>::new(), "different rows");
    let column = "[[input]]\ntable = 'aco'\ncolumn = 'quality_score'\nvalue = 0.9";
    assert_eq!(conflicts([&half, column]), Vec::<String>::new(), "different columns");
}

#[test]
fn earlier_results_are_the_same_in_every_performance_year() {
    let Some(_) = baseline() else { return };
    let (rates, mut program) = cases().expect("asked only where the oracles are");
    let history =
        program.aco_history.as_ref().and_then(|rows| rows.first()).expect("there are earlier results").clone();
    let mut second = program.aco.iter().find(|aco| aco.aco_id == history.aco_id).expect("of an ACO").clone();
    second.performance_year.0 += 1;
    second.track = acoledger_schemas::values::Track::A;
    program.aco.retain(|aco| aco.aco_id != history.aco_id || aco.track != second.track);
    program.aco.push(second);
    let text = "[[input]]\ntable = 'aco_history'\ncolumn = 'per_capita_savings'\nfactor = 2.0\ntrack = ['A']";
    let scenario = Scenario::new(&[parse(text)], &rules()).expect("sound");
    let error = scenario.change_inputs(&mut rates.clone(), &mut program).expect_err("one year of two").to_string();
    assert!(error.contains("in some performance years only"), "{error}");
}
