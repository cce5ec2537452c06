//! Reforms on the 120 invented ACO-years: each question that a reform must be able to ask, and that asking nothing changes
//! nothing.

use crate::rates_cases::{YEARS, cases};
use acoledger_aco::scenario::{Reform, Scenario, differences, settle, summaries};
use acoledger_aco::tables::SavingsLosses;
use acoledger_aco::{Detail, Index, Outcome, run};
use acoledger_schemas::rules::Rules;
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::{AcoId, PerformanceYear, Period};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

pub(crate) fn rules() -> Rules {
    Rules::built_in().expect("the shipped rules are sound")
}

pub(crate) fn parse(text: &str) -> Reform {
    Reform::parse(&format!("title = 'a question'\n{text}")).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn baseline() -> Option<&'static Outcome> {
    static BASELINE: LazyLock<Option<Outcome>> = LazyLock::new(|| {
        let (rates, program) = cases()?;
        Some(run(&rates, &program, &rules(), &YEARS).expect("the cases settle"))
    });
    BASELINE.as_ref()
}

pub(crate) fn try_reform(texts: &[&str]) -> Result<Outcome, Problems> {
    let (mut rates, mut program) = cases().expect("asked only where the oracles are");
    let reforms: Vec<Reform> = texts.iter().map(|text| parse(text)).collect();
    let scenario = Scenario::new(&reforms, &rules())?;
    scenario.change_inputs(&mut rates, &mut program)?;
    scenario.check_rules(&program, &YEARS)?;
    scenario.check_conditions(&program, &YEARS)?;
    let (groups, _) = scenario.groups(&program, &YEARS)?;
    settle(&Index::new(&rates, &program), &groups, Detail::Walk)
}

pub(crate) fn reform(text: &str) -> Outcome {
    try_reform(&[text]).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Results by year, ACO and period.
type Results<'a> = BTreeMap<(PerformanceYear, &'a AcoId, Period), &'a SavingsLosses>;

fn results(outcome: &Outcome) -> Results<'_> {
    outcome.savings_losses.iter().map(|row| ((row.performance_year, &row.aco_id, row.period), row)).collect()
}

/// Both results of every ACO that both have.
pub(crate) fn pairs<'a>(a: &'a Outcome, b: &'a Outcome) -> Vec<(&'a SavingsLosses, &'a SavingsLosses)> {
    let b = results(b);
    let both = results(a).into_iter().filter_map(|(key, row)| Some((row, *b.get(&key)?)));
    both.collect()
}

/// The values of a step by year, ACO and type.
fn steps(outcome: &Outcome, step: &str) -> BTreeMap<(PerformanceYear, String, String), f64> {
    let rows = outcome.benchmark.iter().filter(|row| row.step == step);
    rows.map(|row| {
        let kind = row.enrollment_type.map(|kind| kind.code().to_owned()).unwrap_or_default();
        ((row.performance_year, format!("{} {}", row.aco_id, row.period), kind), row.value)
    })
    .collect()
}

fn earned(outcome: &Outcome) -> i64 {
    outcome.savings_losses.iter().map(|row| row.earned_cents.0).sum()
}

#[test]
fn an_empty_reform_changes_nothing() {
    let Some(baseline) = baseline() else { return };
    for text in [
        "",
        "[rules]\n'settle.half_year_share' = 0.5",
        "[[when]]\ntrack = ['EN']\n[when.rules]\n'settle.half_year_share' = 0.5",
    ] {
        assert_eq!(&reform(text), baseline, "{text}");
        let scenario = Scenario::new(&[parse(text)], &rules()).expect("sound");
        assert_eq!(scenario.first_stage().expect("sound"), None, "{text}");
    }
    let rows = differences(&baseline.savings_losses, &reform("").savings_losses);
    assert!(rows.iter().all(|row| row.effect == "unchanged") && rows.len() == baseline.savings_losses.len());
}

#[test]
fn trends_of_the_nation_or_of_the_region_alone() {
    let Some(baseline) = baseline() else { return };
    let national = reform("[rules]\n'benchmark.trend' = 'national'\n'update.trend' = 'national'");
    let regional = reform(
        "[[when]]\nrulebook = ['425.603(c)', '425.601', '425.652']\n[when.rules]\n'benchmark.trend' = 'regional'\n'update.trend' = 'regional'",
    );
    for year in ["BY1", "BY2"] {
        assert_eq!(
            steps(&national, &format!("trend_factor_{year}")),
            steps(&national, &format!("national_trend_{year}"))
        );
        let by_region = steps(&regional, &format!("regional_trend_{year}"));
        let followed = steps(&regional, &format!("trend_factor_{year}"));
        assert!(!by_region.is_empty() && by_region.iter().all(|(key, value)| followed[key] == *value));
    }
    assert!(steps(&national, "market_share_PY").values().all(|weight| *weight == 1.0));
    assert!(steps(&regional, "market_share_PY").values().all(|weight| *weight == 0.0));
    // 425.603(c) follows its region anyway, 425.602 the nation.
    let changed = |reform: &Outcome| {
        let differ = pairs(baseline, reform).into_iter().filter(|(before, after)| before != after);
        differ.map(|(before, _)| before.rulebook.clone()).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    assert_eq!(changed(&national), ["425.601", "425.603(c)", "425.652"]);
    assert_eq!(changed(&regional), ["425.601", "425.652"]);
    let error = try_reform(&["[rules]\n'benchmark.trend' = 'regional'"]).expect_err("425.602 has no region");
    let says = "is `regional`, and 425.602 reads no regional spending";
    assert!(error.to_string().contains(says), "{error}");
}

#[test]
fn the_share_of_the_prospective_trend() {
    let Some(baseline) = baseline() else { return };
    let none = reform("[rules]\n'update.blend_weights.acpt' = 0");
    let rows: Vec<_> = pairs(baseline, &none).into_iter().filter(|(row, _)| row.rulebook == "425.652").collect();
    assert!(!rows.is_empty());
    for (_, row) in rows {
        assert_eq!(row.two_way_benchmark.map(|dollars| dollars.round() as i64), Some(row.updated_bnchmk));
    }
    let all = reform("[rules]\n'update.blend_weights' = { two_way = 0, acpt = 1 }");
    assert_eq!(steps(&all, "three_way_blend"), steps(&all, "acpt"));
}

#[test]
fn caps_and_weights_of_the_adjustments() {
    let Some(baseline) = baseline() else { return };
    for text in [
        "'benchmark.regional_limit' = { up = 0.0, down = 0.0 }",
        "'benchmark.regional_weight' = { lower = [0.0], higher = [0.0] }",
    ] {
        let off = reform(&format!("[rules]\n{text}"));
        assert!(off.savings_losses.iter().all(|row| row.reg_adj.is_none_or(|dollars| dollars == 0)), "{text}");
        assert!(baseline.savings_losses.iter().any(|row| row.reg_adj.is_some_and(|dollars| dollars != 0)));
    }
    let half = reform("[rules]\n'benchmark.prior_savings.share' = 0.25");
    let mut smaller = 0;
    for (before, after) in pairs(baseline, &half) {
        let (before, after) = (before.prior_sav_adj.unwrap_or(0), after.prior_sav_adj.unwrap_or(0));
        assert!(after <= before);
        smaller += usize::from(after < before);
    }
    assert!(smaller > 0);
}

#[test]
fn an_aco_out_of_its_own_region() {
    let Some(baseline) = baseline() else { return };
    let out = reform("[rules]\n'county.exclude_assigned' = true");
    let changed = pairs(baseline, &out).into_iter().filter(|(a, b)| a.updated_bnchmk != b.updated_bnchmk);
    let changed: BTreeSet<&str> = changed.map(|(row, _)| row.rulebook.as_str()).collect();
    assert_eq!(changed.into_iter().collect::<Vec<_>>(), ["425.601", "425.603(c)", "425.652"]);
    assert!(steps(baseline, "market_share_PY") == steps(&out, "market_share_PY"), "shares of the market stay");
}

#[test]
fn the_risk_cap_in_every_form() {
    let Some(baseline) = baseline() else { return };
    let cap = |points: &str| {
        let one = Scenario::new(&[parse(&format!("[sweep]\n'risk.cap' = [{points}]"))], &rules()).expect("sound");
        let (rates, program) = cases().expect("asked only where the oracles are");
        let groups = one.groups_at(&one.point(0), &program, &YEARS).expect("sound");
        settle(&Index::new(&rates, &program), &groups, Detail::Walk).expect("settles")
    };
    let forms = [cap("0"), cap("0.01"), cap("0.03"), cap("0.05"), reform("[rules]\n'risk_cap.form' = 'none'")];
    assert!(forms[2] == *baseline, "three points are the law");
    for both in forms.windows(2) {
        for (lower, higher) in pairs(&both[0], &both[1]) {
            // Under 425.652 a cap that no longer binds in aggregate frees all types.
            assert!(lower.updated_bnchmk <= higher.updated_bnchmk, "{lower:?} {higher:?}");
        }
    }
    let symmetric = reform("[rules]\n'risk_cap.form' = 'symmetric'");
    let raised = pairs(baseline, &symmetric).into_iter().filter(|(a, b)| a.updated_bnchmk < b.updated_bnchmk).count();
    assert!(raised > 0 && pairs(baseline, &symmetric).iter().all(|(a, b)| a.updated_bnchmk <= b.updated_bnchmk));
    let demographic = reform("[[when]]\nrulebook = ['425.652']\n[when.rules]\n'risk_cap.form' = 'demographic'");
    let (ratios, used) = (steps(&demographic, "demographic_ratio"), steps(&demographic, "risk_ratio_PY"));
    assert!(!ratios.is_empty() && ratios.iter().all(|(key, ratio)| used[key] == *ratio), "{ratios:?}");
    // 425.601 reads no demographic scores in law: the reform says what it lacks.
    if let Err(problems) = try_reform(&["[rules]\n'risk_cap.form' = 'demographic'"]) {
        assert!(problems.to_string().contains("column `demographic_score`"), "{problems}");
    }
}

#[test]
fn base_years_that_are_not_renewed() {
    let Some(_) = baseline() else { return };
    let rule = "[rules]\n'benchmark.first_year_before' = 8";
    let error = try_reform(&[rule]).expect_err("there are no rates of those years").to_string();
    assert!(error.contains("no person years in calendar year BY3"), "{error}");
    // The same figures five years earlier: the same benchmarks.
    let (mut rates, mut program) = cases().expect("asked only where the oracles are");
    program.aco.retain(|aco| aco.agreement_start.year() >= 2020 && aco.agreement_start.year() < 2024);
    let years: Vec<i32> =
        YEARS.into_iter().filter(|year| program.aco.iter().any(|aco| aco.performance_year.0 == *year)).collect();
    let before = run(&rates, &program, &rules(), &years).expect("the cases settle");
    macro_rules! earlier {
        ($($table:ident),+) => {$(
            for row in &mut rates.$table {
                if row.calendar_year.0 != row.performance_year.0 {
                    row.calendar_year.0 -= 5;
                }
            }
        )+};
    }
    earlier!(national, county, aco_year, aco_county, aco_heads, aco_county_heads);
    let scenario = Scenario::new(&[parse(rule)], &rules()).expect("sound");
    let (groups, _) = scenario.groups(&program, &years).expect("sound");
    let after = settle(&Index::new(&rates, &program), &groups, Detail::Walk).expect("settles");
    assert!(!before.savings_losses.is_empty());
    assert_eq!(before.savings_losses, after.savings_losses);
}

#[test]
fn rates_of_sharing_and_of_loss() {
    let Some(baseline) = baseline() else { return };
    let none = reform(
        "[rules]\n'settle.sharing_rate.maximum.EN' = 0.0\n'settle.loss_rate.E' = { floor = 0.6, ceiling = 0.6 }",
    );
    for (before, after) in pairs(baseline, &none) {
        match before.current_track.code() {
            "EN" => assert!(after.earned_cents.0 <= 0),
            "E" => assert_eq!(after.final_loss_rate, Some(60.0)),
            _ => assert_eq!(before, after),
        }
    }
    let recent = reform("[rules]\n'settle.sharing_rate.maximum.EN' = [{ from = 2023, value = 0.6 }]");
    for (before, after) in pairs(baseline, &recent) {
        let touched = before.current_track.code() == "EN" && before.performance_year.0 >= 2023;
        assert!(touched || before == after);
    }
    let unsequestered = reform("[rules]\n'settle.sequestration' = 0.0");
    assert!(pairs(baseline, &unsequestered).iter().all(|(a, b)| a.earned_cents.0 <= b.earned_cents.0));
    assert!(earned(&unsequestered) > earned(baseline));
}

#[test]
fn a_flat_minimum_savings_rate_or_none() {
    let Some(_) = baseline() else { return };
    for rate in [0.0, 0.01] {
        let tracks = ["T1", "T1P", "T2", "T3", "A", "B", "C", "D", "E", "EN"].map(|track| format!("{track} = {rate}"));
        let rules = format!("'settle.msr.fixed' = {{ {} }}\n'settle.msr.low_head_count' = 0", tracks.join(", "));
        let flat = reform(&format!("[rules]\n{rules}"));
        assert!(flat.savings_losses.iter().all(|row| row.msr == rate));
        let savings = |row: &&SavingsLosses| row.gross_savings_cents.0 > 0 && row.guardrail.is_none();
        if rate == 0.0 {
            assert!(flat.savings_losses.iter().filter(savings).all(|row| row.outcome == "savings"));
        }
    }
}

#[test]
fn acos_dropped_moved_and_made_one() {
    let Some(baseline) = baseline() else { return };
    let large = reform("[[input]]\ndrop = true\nfewer_than = 10000");
    assert!(large.savings_losses.len() < baseline.savings_losses.len());
    assert!(large.savings_losses.iter().all(|row| row.n_ab >= 10_000));
    let rows = differences(&baseline.savings_losses, &large.savings_losses);
    assert!(rows.iter().all(|row| row.effect == if row.assigned < 10_000 { "left" } else { "unchanged" }));

    let two_sided = reform(
        "[[input]]\ntable = 'aco'\ncolumn = 'track'\nvalue = 'C'\ntrack = ['A', 'B']\n\
         [[input]]\ntable = 'aco'\ncolumn = 'track'\nvalue = 'T2'\ntrack = ['T1']\n\
         [[input]]\ntable = 'aco'\ncolumn = 'participant_revenue'\nvalue = 50000000",
    );
    assert_eq!(two_sided.savings_losses.len(), baseline.savings_losses.len());
    assert!(two_sided.savings_losses.iter().all(|row| row.risk_model == "Two-Sided"));
}

#[test]
fn a_merged_aco_has_the_sums_of_its_members() {
    let Some(baseline) = baseline() else { return };
    let (_, program) = cases().expect("asked only where the oracles are");
    // Two ACOs of one year, one start and no other year.
    let once = |aco: &AcoId| program.aco.iter().filter(|row| row.aco_id == *aco).count() == 1;
    let rows: Vec<_> = program.aco.iter().filter(|row| once(&row.aco_id) && row.performance_year.0 >= 2022).collect();
    let pair = rows.iter().flat_map(|a| rows.iter().map(move |b| (a, b))).find(|(a, b)| {
        a.aco_id != b.aco_id
            && (a.performance_year, a.agreement_start) == (b.performance_year, b.agreement_start)
            && (a.track, a.assignment_method) == (b.track, b.assignment_method)
    });
    let Some((a, b)) = pair else { panic!("the cases have two ACOs with the same start") };
    let merged = reform(&format!("[[input]]\nmerge = ['{}', '{}']", a.aco_id, b.aco_id));
    let of = |outcome: &Outcome, aco: &AcoId| outcome.savings_losses.iter().find(|row| row.aco_id == *aco).cloned();
    let members = [of(baseline, &a.aco_id), of(baseline, &b.aco_id)].map(|row| row.expect("settled"));
    let one = of(&merged, &a.aco_id).expect("settled");
    assert!(of(&merged, &b.aco_id).is_none());
    assert_eq!(one.n_ab, members.iter().map(|row| row.n_ab).sum::<i64>());
    assert!((one.person_years - members.iter().map(|row| row.person_years).sum::<f64>()).abs() < 1e-6);
    let spent: i64 = members.iter().map(|row| row.ab_tot_exp).sum();
    assert!((one.ab_tot_exp - spent).abs() <= 1, "{} {spent}", one.ab_tot_exp);
    let error = try_reform(&[&format!("[[input]]\nmerge = ['{}', 'NOBODY']", a.aco_id)]).expect_err("nobody");
    assert!(error.to_string().contains("no such ACO in"), "{error}");
}

#[test]
fn later_reforms_count_and_conflicts_are_said() {
    let Some(_) = baseline() else { return };
    let first = "[rules]\n'settle.sequestration' = 0.5";
    let second = "[rules]\n'settle.sequestration' = 0.0";
    assert_eq!(try_reform(&[first, second]).expect("settles"), reform(second));
    let (_, program) = cases().expect("asked only where the oracles are");
    let conflicts = |texts: &[&str]| {
        let reforms: Vec<Reform> = texts.iter().map(|text| parse(text)).collect();
        Scenario::new(&reforms, &rules()).and_then(|one| one.groups(&program, &YEARS)).expect("sound").1
    };
    assert_eq!(conflicts(&[first, second]).len(), 1);
    assert_eq!(conflicts(&[first, first]).len(), 0, "the same twice is no conflict");
    assert_eq!(conflicts(&[first, "[rules]\n'settle.half_year_share' = 0.4"]).len(), 0);
    assert_eq!(conflicts(&["[rules]\n'settle.sequestration' = 0.5\n[[when]]\ntrack = ['EN']\n[when.rules]\n'settle.sequestration' = 0.1"]).len(), 0);
}

#[test]
fn what_a_reform_cannot_say() {
    let Some(_) = baseline() else { return };
    for (text, says) in [
        ("[rules]\n'settle.sequestratio' = 0.5", "nearest is `settle.sequestration`"),
        ("[rules]\n'settle.sequestration' = 'much'", "wrong shape"),
        ("[rules]\n'settle.sharing_rate.maximum.F' = 0.5", "no such entry"),
        ("[rules]\n'replay.per_capita_cut' = 1", "no stage of a run reads it"),
        (
            "[[when]]\ntrack = ['EN']\n[when.rules]\n'cells.truncation.percentile' = 0.9",
            "person grain hold for all ACOs",
        ),
        ("[[input]]\ntable = 'aco_year'\ncolumn = 'per_capia'\nfactor = 1.1", "no such column"),
        ("[[input]]\ntable = 'aco_yea'\ncolumn = 'per_capita'\nfactor = 1.1", "no table that a reform can change"),
        (
            "[[input]]\ntable = 'aco_year'\ncolumn = 'per_capita'\nfactor = 1.1\naco = ['NOBODY']",
            "no such ACO: `NOBODY`",
        ),
        ("[[input]]\ntable = 'aco_year'\ncolumn = 'aco_id'\nvalue = 'A1'", "part of the table's key"),
        ("[[input]]\ntable = 'aco'\ncolumn = 'track'\nvalue = 'F'", "expected one of"),
        ("[sweep]\n'settle.sequestration' = {from = 0, to = 1, step = 0}", "`step` does not lead"),
        ("[sweep]\n'cells.truncation.percentile' = [0.9]", "only rules from `benchmark` on can be swept"),
    ] {
        let error = try_reform(&[text]).expect_err(text).to_string();
        assert!(error.contains(says), "{text}: {error}");
    }
    for (text, says) in [
        ("[[when]]\ntrack = ['F']\n[when.rules]\n", "not a track: `F`"),
        ("[[input]]\ndrop = true\nfactor = 2.0", "needs one of"),
        ("[rule]\n", "unknown field `rule`"),
    ] {
        let error = Reform::parse(&format!("title = 'x'\n{text}")).expect_err(text);
        assert!(error.contains(says), "{text}: {error}");
    }
}

/// More spending of the performance year never earns more (M.F): at each of a row of factors, for each ACO.
#[test]
fn earnings_fall_as_spending_rises() {
    let Some(baseline) = baseline() else { return };
    let mut before: Option<Outcome> = None;
    for factor in [0.8, 0.9, 0.95, 0.98, 0.99, 1.0, 1.01, 1.02, 1.05, 1.1, 1.3] {
        let scaled = reform(&format!(
            "[[input]]\ntable = 'aco_year'\ncolumn = 'per_capita'\nfactor = {factor:?}\nyears = ['PY']"
        ));
        if factor == 1.0 {
            assert_eq!(&scaled, baseline);
        }
        if let Some(before) = &before {
            for (less, more) in pairs(before, &scaled) {
                assert!(less.earned_cents >= more.earned_cents, "{factor}: {less:?} {more:?}");
            }
        }
        before = Some(scaled);
    }
}

#[test]
fn sums_by_track_and_size_are_those_of_the_nation() {
    let Some(baseline) = baseline() else { return };
    let rows = differences(&baseline.savings_losses, &reform("[rules]\n'settle.sequestration' = 0.1").savings_losses);
    let sums = summaries(&rows);
    for year in sums.iter().filter(|row| row.group_by == "nation") {
        for by in ["track", "size"] {
            let parts =
                || sums.iter().filter(|row| row.group_by == by && row.performance_year == year.performance_year);
            assert_eq!(parts().map(|row| row.earned_difference_cents.0).sum::<i64>(), year.earned_difference_cents.0);
            assert_eq!(parts().map(|row| row.losers).sum::<i64>(), year.losers);
        }
        assert_eq!(year.won_cents.0 + year.lost_cents.0, year.earned_difference_cents.0);
    }
}
