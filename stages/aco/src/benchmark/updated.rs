//! The updated benchmark (M.C.3–C.5, M.E.1–E.4).

use super::historical::{Historical, mean_text, regional_step};
use super::rulebook::{AcptLimits, RiskForm, Rules652, Trend};
use super::{BenchmarkRules, Inputs, Note, Regions, Rulebook, Year, known, risk, steps, trend, update};
use crate::by_type::ByType;
use crate::compare::{RATIOS, exceeds};
use crate::walk::{Kind, WHOLE, Walk, n, of};
use acoledger_schemas::values::EnrollmentType;

/// The updated benchmark and what goes with it.
pub(super) struct Updated {
    pub(super) single: f64,
    pub(super) two_way: Option<f64>,
    pub(super) expenditures: f64,
    pub(super) risk_weights: Option<ByType<Option<f64>>>,
}

/// What both updates are made of, by type.
#[derive(Default)]
struct Parts {
    updated: ByType<Option<f64>>,
    two_way: Option<ByType<Option<f64>>>,
    risk_weights: Option<ByType<Option<f64>>>,
}

/// Historical benchmark to updated benchmark, in the law's order.
pub(super) fn updated(
    inputs: &Inputs,
    rules: &BenchmarkRules,
    regions: &Regions,
    historical: &Historical,
    walk: &mut Walk,
    notes: &mut Vec<Note>,
) -> Updated {
    let parts = match rules.rulebook {
        Rulebook::S602 | Rulebook::S603b | Rulebook::S603c => legacy(inputs, rules, regions, historical, walk),
        Rulebook::S601 => of_601(inputs, rules, regions, historical, walk),
        Rulebook::S652 => of_652(inputs, rules, regions, historical, walk, notes),
    };
    let person_years = inputs.person_years(Year::Py);
    let at_mix = |values: &ByType<Option<f64>>| known(values.mean(&person_years));
    let single = at_mix(&parts.updated);
    walk.step(&steps::UPDATED, WHOLE, single, || mean_text(&parts.updated, &person_years));
    let spending = ByType::of(|kind| inputs.own(Year::Py, kind).map(|own| own.per_capita));
    let expenditures = at_mix(&spending);
    walk.step(&steps::EXPENDITURE, WHOLE, expenditures, || mean_text(&spending, &person_years));
    let two_way = parts.two_way.as_ref().map(at_mix);
    Updated { single, two_way, expenditures, risk_weights: parts.risk_weights }
}

/// Before July 2019: risk by cohort, then flat dollars or regional growth (M.C.5, M.E.1).
fn legacy(
    inputs: &Inputs,
    rules: &BenchmarkRules,
    regions: &Regions,
    historical: &Historical,
    walk: &mut Walk,
) -> Parts {
    let cohorts = known(inputs.cohorts.as_ref());
    let mut adjusted = ByType::default();
    let mut growth = ByType::default();
    for kind in inputs.types_in_py() {
        let pair = |years: &[ByType<Option<_>>; 2]| [years[0][kind], years[1][kind]];
        let ratios = risk::by_cohort(pair(&cohorts.newly), pair(&cohorts.continuously));
        cohort_steps(&ratios, kind, walk);
        adjusted[kind] = Some((known(historical.by_type[kind]), ratios.applied));
        growth[kind] = Some(if rules.rulebook == Rulebook::S603c && rules.update_trend == Trend::National {
            let share = Some(1.0);
            market_share_py(regions, kind, share, walk);
            national_growth(inputs, kind, walk)
        } else if rules.rulebook == Rulebook::S603c {
            regional_step(inputs, regions, kind, Year::Py, walk);
            regional_growth(regions, kind, (&steps::REGIONAL_GROWTH, 1.0), walk)
        } else {
            let (by3, py) = (inputs.national(Year::By3, kind), inputs.national(Year::Py, kind));
            walk.step(&steps::FLAT_DOLLAR, of(kind), py - by3, || format!("{} − {}", n(py), n(by3)))
        });
    }
    let mut parts = Parts::default();
    for kind in inputs.types_in_py() {
        let ((benchmark, ratio), growth) = (known(adjusted[kind]), known(growth[kind]));
        risk_adjusted_step(kind, benchmark, ratio, walk);
        let (value, sign) = if rules.rulebook == Rulebook::S603c {
            (update::by_factor(benchmark, ratio, growth), "×")
        } else {
            (update::flat_dollar(benchmark, ratio, growth), "+")
        };
        let arithmetic = || format!("{} × {} {sign} {}", n(benchmark), n(ratio), n(growth));
        parts.updated[kind] = Some(walk.step(&steps::UPDATED_BY_TYPE, of(kind), value, arithmetic));
    }
    parts
}

fn cohort_steps(ratios: &risk::CohortRatios, kind: EnrollmentType, walk: &mut Walk) {
    let scores = || "performance year / BY3".to_owned();
    for (step, value) in [
        (&steps::RATIO_NEWLY, ratios.newly),
        (&steps::HCC_RATIO_CONTINUOUSLY, ratios.continuously_hcc),
        (&steps::DEMOGRAPHIC_RATIO_CONTINUOUSLY, ratios.continuously_demographic),
    ] {
        if let Some(value) = value {
            walk.step(step, of(kind), value, scores);
        }
    }
    if let Some(value) = ratios.continuously {
        let choice = || "the HCC ratio when scores fell, else the demographic ratio".to_owned();
        walk.step(&steps::RATIO_CONTINUOUSLY, of(kind), value, choice);
    }
    walk.step(&steps::RISK_RATIO_PY_COHORTS, of(kind).in_year(Year::Py), ratios.applied, || {
        "mean of the cohorts by person years of the performance year; 1 without either".into()
    });
}

fn risk_adjusted_step(kind: EnrollmentType, benchmark: f64, ratio: f64, walk: &mut Walk) {
    walk.step(&steps::RISK_ADJUSTED, of(kind), benchmark * ratio, || format!("{} × {}", n(benchmark), n(ratio)));
}

/// Regional growth to the performance year, times a cap factor (M.E.1, M.E.3.5).
fn regional_growth(
    regions: &Regions,
    kind: EnrollmentType,
    (step, cap_factor): (&'static Kind, f64),
    walk: &mut Walk,
) -> f64 {
    let of_year = |year: Year| known(regions[year as usize][kind].as_ref()).per_capita;
    let (by3, py) = (of_year(Year::By3), of_year(Year::Py));
    walk.step(step, of(kind).in_year(Year::Py), trend::growth(py, by3) * cap_factor, || {
        let factor = if cap_factor == 1.0 { String::new() } else { format!(" × {}", n(cap_factor)) };
        format!("{} / {}{factor}", n(py), n(by3))
    })
}

/// 425.601: ratios capped by type, two-way blend (M.C.3, M.E.1).
fn of_601(
    inputs: &Inputs,
    rules: &BenchmarkRules,
    regions: &Regions,
    historical: &Historical,
    walk: &mut Walk,
) -> Parts {
    let cap = known(rules.risk_cap_by_type);
    let share = share_of_law(rules.update_trend);
    let mut ratios = ByType::default();
    for kind in inputs.types_in_py() {
        let (by3, py) = (inputs.hcc(Year::By3, kind), inputs.hcc(Year::Py, kind));
        let raw = walk.step(&steps::HCC_RATIO_601, of(kind), py / by3, || format!("{} / {}", n(py), n(by3)));
        let (ratio, how) = match rules.risk_form {
            RiskForm::Cap => (risk::capped_by_type(raw, cap), format!(", at most {cap}")),
            RiskForm::Symmetric => {
                (risk::within_by_type(raw, cap), format!(", at most {cap}, at least {}", n(2.0 - cap)))
            }
            RiskForm::None => (raw, ", uncapped".to_owned()),
            RiskForm::Demographic => (demographic_ratio(inputs, kind), " is not used: demographic scores".to_owned()),
        };
        let arithmetic = || format!("{}{how}", n(raw));
        ratios[kind] = Some(walk.step(&steps::RISK_RATIO_PY_601, of(kind).in_year(Year::Py), ratio, arithmetic));
        regional_step(inputs, regions, kind, Year::Py, walk);
        market_share_py(regions, kind, share, walk);
    }
    let two_way = two_way(inputs, regions, share, &ByType::default(), walk);
    let updated = update_by(&ratios, historical, &two_way, walk);
    Parts { updated, ..Parts::default() }
}

/// The weight of national growth that a reform sets; `None`: the share of the market, as in law.
fn share_of_law(trend: Trend) -> Option<f64> {
    match trend {
        Trend::Rulebook => None,
        Trend::National => Some(1.0),
        Trend::Regional => Some(0.0),
    }
}

/// Share of the market in the performance year (M.E.1.1), or what a reform sets in its place.
fn market_share_py(regions: &Regions, kind: EnrollmentType, set: Option<f64>, walk: &mut Walk) -> f64 {
    let share = set.unwrap_or_else(|| known(regions[Year::Py as usize][kind].as_ref()).market_share);
    walk.step(&steps::MARKET_SHARE_PY, of(kind).in_year(Year::Py), share, || match set {
        None => "Σ county weight × assigned / assignable person years".to_owned(),
        Some(_) => "set by rule `update.trend`".to_owned(),
    })
}

fn national_growth(inputs: &Inputs, kind: EnrollmentType, walk: &mut Walk) -> f64 {
    let (by3, py) = (inputs.national(Year::By3, kind), inputs.national(Year::Py, kind));
    let arithmetic = || format!("{} / {}", n(py), n(by3));
    walk.step(&steps::NATIONAL_GROWTH, of(kind).in_year(Year::Py), trend::growth(py, by3), arithmetic)
}

/// Ratio of demographic scores from BY3 to the performance year.
fn demographic_ratio(inputs: &Inputs, kind: EnrollmentType) -> f64 {
    inputs.demographic(Year::Py, kind) / inputs.demographic(Year::By3, kind)
}

/// `TW = W' × national + (1 − W') × regional growth`, regional growth times the cap factor (M.E.1, M.E.3.5).
fn two_way(
    inputs: &Inputs,
    regions: &Regions,
    set: Option<f64>,
    cap_factors: &ByType<Option<f64>>,
    walk: &mut Walk,
) -> ByType<Option<f64>> {
    let mut blends = ByType::default();
    for kind in inputs.types_in_py() {
        let share = set.unwrap_or_else(|| known(regions[Year::Py as usize][kind].as_ref()).market_share);
        let national = national_growth(inputs, kind, walk);
        let factor = cap_factors[kind].unwrap_or(1.0);
        let regional = regional_growth(regions, kind, (&steps::REGIONAL_GROWTH_IN_BLEND, factor), walk);
        let blend = trend::blend(share, national, regional);
        blends[kind] = Some(walk.step(&steps::TWO_WAY, of(kind), blend, || {
            format!("{} × {} + {} × {}", n(share), n(national), n(1.0 - share), n(regional))
        }));
    }
    blends
}

/// `HB × rr × factor` for every type (M.E.1).
fn update_by(
    ratios: &ByType<Option<f64>>,
    historical: &Historical,
    factors: &ByType<Option<f64>>,
    walk: &mut Walk,
) -> ByType<Option<f64>> {
    let mut updated = ByType::default();
    for (kind, ratio) in ratios.present() {
        let (benchmark, factor) = (known(historical.by_type[kind]), known(factors[kind]));
        risk_adjusted_step(kind, benchmark, ratio, walk);
        let value = update::by_factor(benchmark, ratio, factor);
        let arithmetic = || format!("{} × {} × {}", n(benchmark), n(ratio), n(factor));
        updated[kind] = Some(walk.step(&steps::UPDATED_BY_TYPE, of(kind), value, arithmetic));
    }
    updated
}

/// 425.652: ratios capped in aggregate, regional growth capped, three-way blend (M.C.4, M.E.1, M.E.3, M.E.4).
fn of_652(
    inputs: &Inputs,
    rules: &BenchmarkRules,
    regions: &Regions,
    historical: &Historical,
    walk: &mut Walk,
    notes: &mut Vec<Note>,
) -> Parts {
    let (form, share) = (rules.risk_form, share_of_law(rules.update_trend));
    let rules = known(rules.of_652.as_ref());
    let weights = risk::weights(&historical.by_type, &inputs.person_years(Year::Py));
    let (aggregate, raw) = aggregate_risk(inputs, &weights, walk);
    let cap = risk_cap(inputs, rules, &weights, walk);
    let mut ratios = ByType::default();
    for (kind, ratio) in raw.present() {
        // The cap lies as many points above demographic growth as its mirror image lies below.
        let floor = cap - 2.0 * rules.risk_points;
        let applied = match form {
            RiskForm::Cap => risk::capped_in_aggregate(ratio, aggregate, cap),
            RiskForm::Symmetric => risk::within_in_aggregate(ratio, aggregate, [floor, cap]),
            RiskForm::None => ratio,
            RiskForm::Demographic => demographic_ratio(inputs, kind),
        };
        ratios[kind] = Some(walk.step(&steps::RISK_RATIO_PY, of(kind).in_year(Year::Py), applied, || match form {
            RiskForm::Cap => {
                let held = if exceeds(aggregate, cap, RATIOS) { "exceeds" } else { "does not exceed" };
                format!("{}, cap {}: the aggregate {held} it", n(ratio), n(cap))
            }
            RiskForm::Symmetric => format!("{}, between {} and {} in aggregate", n(ratio), n(floor), n(cap)),
            RiskForm::None => format!("{}, uncapped", n(ratio)),
            RiskForm::Demographic => format!("{} is not used: demographic scores", n(ratio)),
        }));
        regional_step(inputs, regions, kind, Year::Py, walk);
        market_share_py(regions, kind, share, walk);
    }
    let cap_factors = regional_cap_factors(inputs, rules, regions, &weights, walk);
    let two_way = two_way(inputs, regions, share, &cap_factors, walk);
    let mut three_way = ByType::default();
    for (kind, two_way) in two_way.present() {
        let acpt = acpt(inputs, rules, historical, kind, walk, notes);
        let (a, b) = (rules.blend.two_way, rules.blend.acpt);
        let arithmetic = || format!("({a} × {} + {b} × {}) / {}", n(two_way), n(acpt), a + b);
        let value = update::three_way(two_way, acpt, a, b);
        three_way[kind] = Some(walk.step(&steps::THREE_WAY, of(kind), value, arithmetic));
    }
    let updated = update_by(&ratios, historical, &three_way, walk);
    let without = ByType::of(|kind| {
        let (ratio, factor) = ratios[kind].zip(two_way[kind])?;
        Some(update::by_factor(known(historical.by_type[kind]), ratio, factor))
    });
    let total = weights.total();
    let shares = ByType::of(|kind| weights[kind].map(|weight| weight / total));
    Parts { updated, two_way: Some(without), risk_weights: Some(shares) }
}

/// Ratios of a score from BY3 to the performance year.
fn score_ratios(inputs: &Inputs, score: fn(&Inputs, Year, EnrollmentType) -> f64) -> ByType<Option<f64>> {
    ByType::of(|kind| {
        inputs.own(Year::Py, kind).map(|_| score(inputs, Year::Py, kind) / score(inputs, Year::By3, kind))
    })
}

/// Aggregate growth of HCC scores, and the ratios that it is made of (M.C.4.2).
fn aggregate_risk(inputs: &Inputs, weights: &ByType<Option<f64>>, walk: &mut Walk) -> (f64, ByType<Option<f64>>) {
    let ratios = score_ratios(inputs, Inputs::hcc);
    for (kind, value) in ratios.present() {
        walk.step(&steps::HCC_RATIO, of(kind), value, || "performance year / BY3".into());
    }
    let aggregate = risk::aggregate_growth(&ratios, weights);
    walk.step(&steps::HCC_GROWTH, WHOLE, aggregate, || mean_text(&ratios, weights));
    (aggregate, ratios)
}

/// The cap on the growth of HCC scores: that of demographic scores plus points (M.C.4.3).
fn risk_cap(inputs: &Inputs, rules: &Rules652, weights: &ByType<Option<f64>>, walk: &mut Walk) -> f64 {
    let ratios = score_ratios(inputs, Inputs::demographic);
    for (kind, value) in ratios.present() {
        walk.step(&steps::DEMOGRAPHIC_RATIO, of(kind), value, || "performance year / BY3".into());
    }
    let aggregate = risk::aggregate_growth(&ratios, weights);
    walk.step(&steps::DEMOGRAPHIC_GROWTH, WHOLE, aggregate, || mean_text(&ratios, weights));
    let points = rules.risk_points;
    let cap = walk.step(&steps::RISK_CAP, WHOLE, aggregate + points, || format!("{} + {points}", n(aggregate)));
    let total = weights.total();
    for (kind, weight) in weights.present() {
        walk.step(&steps::RISK_WEIGHT, of(kind), weight / total, || format!("{} / {}", n(weight), n(total)));
    }
    cap
}

/// Factors of regional growth under the regional risk cap (M.E.3).
fn regional_cap_factors(
    inputs: &Inputs,
    rules: &Rules652,
    regions: &Regions,
    weights: &ByType<Option<f64>>,
    walk: &mut Walk,
) -> ByType<Option<f64>> {
    let of_year = |year: Year, kind| known(regions[year as usize][kind].as_ref());
    let (mut hcc, mut demographic) = (ByType::default(), ByType::default());
    for kind in inputs.types_in_py() {
        let (by3, py) = (of_year(Year::By3, kind), of_year(Year::Py, kind));
        let arithmetic = || format!("{} / {}", n(py.hcc), n(by3.hcc));
        hcc[kind] = Some(walk.step(&steps::REGIONAL_HCC_GROWTH, of(kind), trend::growth(py.hcc, by3.hcc), arithmetic));
    }
    for kind in inputs.types_in_py() {
        let [by3, py] = [Year::By3, Year::Py].map(|year| known(of_year(year, kind).demographic));
        let arithmetic = || format!("{} / {}", n(py), n(by3));
        let value = trend::growth(py, by3);
        demographic[kind] = Some(walk.step(&steps::REGIONAL_DEMOGRAPHIC_GROWTH, of(kind), value, arithmetic));
    }
    let growth = risk::aggregate_growth(&hcc, weights);
    walk.step(&steps::REGIONAL_AGGREGATE, WHOLE, growth, || mean_text(&hcc, weights));
    let of_demographic = risk::aggregate_growth(&demographic, weights);
    walk.step(&steps::REGIONAL_AGGREGATE_DEMOGRAPHIC, WHOLE, of_demographic, || mean_text(&demographic, weights));
    let person_years = inputs.person_years(Year::Py);
    let shares = ByType::of(|kind| inputs.own(Year::Py, kind).map(|_| of_year(Year::Py, kind).market_share));
    let share = known(shares.mean(&person_years));
    walk.step(&steps::AGGREGATE_MARKET_SHARE, WHOLE, share, || mean_text(&shares, &person_years));
    let points = rules.regional_risk_points;
    let cap = update::regional_cap(of_demographic, points, share, growth);
    walk.step(&steps::REGIONAL_CAP, WHOLE, cap, || {
        let base = of_demographic + points;
        format!("{} + {points} + {} × max(0, {} − {})", n(of_demographic), n(share), n(growth), n(base))
    });
    let mut factors = ByType::default();
    for (kind, type_growth) in hcc.present() {
        let factor = update::regional_cap_factor(type_growth, growth, cap);
        let arithmetic = || format!("{} / {} where both exceed the cap, else 1", n(type_growth), n(cap));
        factors[kind] = Some(walk.step(&steps::REGIONAL_CAP_FACTOR, of(kind), factor, arithmetic));
    }
    factors
}

/// The prospective trend: as given, else derived where the rules allow it (M.E.4).
fn acpt(
    inputs: &Inputs,
    rules: &Rules652,
    historical: &Historical,
    kind: EnrollmentType,
    walk: &mut Walk,
    notes: &mut Vec<Note>,
) -> f64 {
    if let Some(given) = inputs.acpt[kind] {
        return limited_acpt(inputs, rules, kind, (given, "as given".into()), walk);
    }
    let growth = known(rules.projected_growth.of(kind));
    let [_, _, by3, py] = inputs.calendar_years;
    let (benchmark, hcc) = (known(historical.by_type[kind]), inputs.hcc(Year::By3, kind));
    let national = inputs.national(Year::By3, kind);
    let what = format!("{kind}: prospective trend derived from projected growth of {growth}");
    notes.push(Note { rule: "E.4.3", what, imputed: true });
    let value = update::derived_acpt(benchmark, hcc, national, growth, py - by3);
    let how =
        format!("({b} + {} × {} × ((1 + {growth})^{} − 1)) / {b}", n(hcc), n(national), py - by3, b = n(benchmark));
    limited_acpt(inputs, rules, kind, (value, how), walk)
}

/// The prospective trend within limits around national growth, where a study sets any (M.E.4.6).
fn limited_acpt(
    inputs: &Inputs,
    rules: &Rules652,
    kind: EnrollmentType,
    (value, how): (f64, String),
    walk: &mut Walk,
) -> f64 {
    let AcptLimits { below, above } = rules.acpt_limits;
    if below.is_none() && above.is_none() {
        return walk.step(&steps::ACPT, of(kind), value, || how);
    }
    let national = trend::growth(inputs.national(Year::Py, kind), inputs.national(Year::By3, kind));
    let applied = update::limited_acpt(value, national, below, above);
    walk.step(&steps::ACPT, of(kind), applied, || {
        let end = |word: &str, points: Option<f64>| points.map_or(String::new(), |points| format!("{word} {points}"));
        let (least, most) = (end(", at least less", below), end(", at most plus", above));
        format!("{how}: {}; national growth {}{least}{most}", n(value), n(national))
    })
}
