//! The historical benchmark (M.C.2, M.D.1–M.D.4).

use super::adjust::{self, Adjustment};
use super::rulebook::{Limit, RegionalLimits, RegionalRules, Rules652, Trend};
use super::{BenchmarkRules, Inputs, Note, Regions, Rulebook, Year, known, risk, steps, trend};
use crate::by_type::ByType;
use crate::compare::{DOLLARS, exceeds};
use crate::walk::{WHOLE, Walk, n, of};
use acoledger_schemas::values::EnrollmentType;

/// The historical benchmark and what led to it.
pub(super) struct Historical {
    /// By type, carried into the update (M.D.1.11).
    pub(super) by_type: ByType<Option<f64>>,
    /// At the mix of BY3 (M.D.1.12).
    pub(super) single: f64,
    pub(super) regional_adjustment: Option<f64>,
    pub(super) prior_savings: Option<f64>,
    pub(super) population: Option<f64>,
    pub(super) adjustment: Adjustment,
}

/// Base years to historical benchmark, in the law's order.
pub(super) fn historical(
    inputs: &Inputs,
    rules: &BenchmarkRules,
    regions: &Regions,
    walk: &mut Walk,
    notes: &mut Vec<Note>,
) -> Historical {
    let mut before = ByType::default();
    for kind in inputs.types() {
        before[kind] = Some(before_adjustment(inputs, rules, regions, kind, walk, notes));
    }
    let mut made = Historical {
        by_type: ByType::default(),
        single: 0.0,
        regional_adjustment: None,
        prior_savings: None,
        population: None,
        adjustment: Adjustment::None,
    };
    adjust(inputs, rules, regions, &before, &mut made, walk);
    for (kind, _) in before.present() {
        walk.step(&steps::ADJUSTMENT, of(kind), made.adjustment.of(kind), || made.adjustment.category().into());
    }
    for (kind, before) in before.present() {
        let amount = made.adjustment.of(kind);
        let arithmetic = || format!("{} + {}", n(before), n(amount));
        made.by_type[kind] = Some(walk.step(&steps::HISTORICAL_BY_TYPE, of(kind), before + amount, arithmetic));
    }
    made.single = at_mix_of_by3(inputs, &made.by_type);
    walk.step(&steps::HISTORICAL, WHOLE, made.single, || mean_text(&made.by_type, &inputs.person_years(Year::By3)));
    made
}

/// One value at the ACO's mix of BY3: `Σ share(BY3) × value` (M.D.1.12, M.D.2.6, M.D.3.4).
fn at_mix_of_by3(inputs: &Inputs, values: &ByType<Option<f64>>) -> f64 {
    known(values.mean(&inputs.person_years(Year::By3)))
}

/// `(w × v + …) / Σ w`, written out.
pub(super) fn mean_text(values: &ByType<Option<f64>>, weights: &ByType<Option<f64>>) -> String {
    let both: Vec<_> = values.present().filter_map(|(kind, value)| Some((value, weights[kind]?))).collect();
    let terms: Vec<String> = both.iter().map(|(value, weight)| format!("{} × {}", n(*weight), n(*value))).collect();
    let total: f64 = both.iter().map(|(_, weight)| weight).sum();
    format!("({}) / {}", terms.join(" + "), n(total))
}

/// A type's base years, trended to BY3 and weighted (M.D.1.2–D.1.10).
fn before_adjustment(
    inputs: &Inputs,
    rules: &BenchmarkRules,
    regions: &Regions,
    kind: EnrollmentType,
    walk: &mut Walk,
    notes: &mut Vec<Note>,
) -> f64 {
    regional_steps(inputs, regions, kind, walk);
    let present = Year::BASE.map(|year| inputs.own(year, kind).is_some());
    // Under a reform years may have no weight: what they hold counts as little as what is absent.
    if present.into_iter().zip(rules.year_weights).all(|(present, weight)| !present || weight == 0.0) {
        return absent_from_base_years(inputs, regions, kind, walk, notes);
    }
    let missing: Vec<&str> = Year::BASE.into_iter().zip(present).filter(|(_, is)| !is).map(|(y, _)| y.code()).collect();
    if !missing.is_empty() {
        let stand_in = if present[2] { "" } else { "; scores and counties of the performance year stand for BY3" };
        let what = format!("{kind}: no person years in {}: year weights renormalised{stand_in}", missing.join(", "));
        notes.push(Note { rule: "C.6", what, imputed: true });
    }
    let weight = market_share(inputs, rules, regions, kind, walk);
    let trended = Year::BASE.map(|year| trended(inputs, rules, regions, weight, (kind, year), walk));
    let before = known(trend::before_adjustment(trended, rules.year_weights));
    walk.step(&steps::BEFORE_ADJUSTMENT, of(kind), before, || {
        let years = trended.into_iter().zip(rules.year_weights).filter_map(|(value, weight)| Some((value?, weight)));
        let terms: Vec<String> = years.clone().map(|(value, weight)| format!("{weight} × {}", n(value))).collect();
        format!("({}) / {}", terms.join(" + "), years.map(|(_, weight)| weight).sum::<f64>())
    })
}

fn regional_steps(inputs: &Inputs, regions: &Regions, kind: EnrollmentType, walk: &mut Walk) {
    for year in [Year::By3, Year::By1, Year::By2] {
        regional_step(inputs, regions, kind, year, walk);
    }
}

/// Writes a type's regional spending of a year down (M.D.1.4).
pub(super) fn regional_step(inputs: &Inputs, regions: &Regions, kind: EnrollmentType, year: Year, walk: &mut Walk) {
    let Some(region) = &regions[year as usize][kind] else { return };
    walk.step(&steps::REGIONAL_PER_CAPITA, of(kind).in_year(year), region.per_capita, || {
        if region.counties == 0 {
            return "no county with known figures: the national per capita (M.D.1.5)".into();
        }
        let cells = &inputs.counties[year as usize][kind];
        let weights = super::region::county_weights(cells);
        let mut terms: Vec<_> = cells.iter().zip(weights).filter_map(|(cell, weight)| cell.known.zip(weight)).collect();
        terms.sort_by(|a, b| b.1.total_cmp(&a.1));
        let shown = terms.iter().take(3).map(|(c, w)| format!("{} × {} / {}", n(*w), n(c.per_capita), n(c.hcc)));
        let more = if terms.len() > 3 { format!(" + {} more counties", terms.len() - 3) } else { String::new() };
        format!("{}{more}", shown.collect::<Vec<_>>().join(" + "))
    });
}

/// A type that none of the base years that count has: the region, or without one the nation, at the performance year's risk (M.C.6).
fn absent_from_base_years(
    inputs: &Inputs,
    regions: &Regions,
    kind: EnrollmentType,
    walk: &mut Walk,
    notes: &mut Vec<Note>,
) -> f64 {
    let (area, per_capita) = match &regions[Year::By3 as usize][kind] {
        Some(region) => ("regional", region.per_capita),
        None => ("national", inputs.national(Year::By3, kind)),
    };
    // Of a type empty in BY3 these are the performance year's.
    let hcc = inputs.hcc(Year::By3, kind);
    let risk = if inputs.own(Year::By3, kind).is_none() { "the performance year's" } else { "BY3's" };
    let years = if Year::BASE.into_iter().all(|year| inputs.own(year, kind).is_none()) { "" } else { " that counts" };
    let what = format!("{kind}: no person years in any benchmark year{years}: {area} spending at {risk} risk");
    notes.push(Note { rule: "C.6", what, imputed: true });
    walk.step(&steps::BEFORE_ADJUSTMENT, of(kind), per_capita * hcc, || {
        format!("{area} {} × HCC {} (M.C.6)", n(per_capita), n(hcc))
    })
}

/// The weight of national trends: 1 and 0 in the older rulebooks, else the share of the market in BY3; 0 for a type empty
/// in BY3 (M.D.1.7, M.D.4, M.C.6).
fn market_share(
    inputs: &Inputs,
    rules: &BenchmarkRules,
    regions: &Regions,
    kind: EnrollmentType,
    walk: &mut Walk,
) -> f64 {
    match (rules.trend, rules.rulebook) {
        (Trend::National, _) | (_, Rulebook::S602 | Rulebook::S603b) => 1.0,
        (Trend::Regional, _) | (_, Rulebook::S603c) => 0.0,
        (Trend::Rulebook, Rulebook::S601 | Rulebook::S652) => {
            let assigned = inputs.own(Year::By3, kind).is_some();
            let share = known(regions[Year::By3 as usize][kind].as_ref()).market_share;
            let weight = if assigned { share } else { 0.0 };
            walk.step(&steps::MARKET_SHARE_BY3, of(kind).in_year(Year::By3), weight, || {
                if assigned {
                    "Σ county weight × assigned / assignable person years".into()
                } else {
                    "no assigned person years in BY3 (M.C.6)".into()
                }
            })
        }
    }
}

/// One base year, risk-adjusted and trended to BY3 (M.C.2, M.D.1.8, M.D.1.9); `None` without person years.
fn trended(
    inputs: &Inputs,
    rules: &BenchmarkRules,
    regions: &Regions,
    national_weight: f64,
    (kind, year): (EnrollmentType, Year),
    walk: &mut Walk,
) -> Option<f64> {
    let own = inputs.own(year, kind)?;
    let at = of(kind).in_year(year);
    let (by3, then) = (inputs.hcc(Year::By3, kind), inputs.hcc(year, kind));
    let risk_ratio = risk::within_benchmark(by3, then);
    walk.step(&steps::RISK_RATIO, at, risk_ratio, || format!("{} / {}", n(by3), n(then)));
    let followed = match (rules.trend, rules.rulebook) {
        (Trend::Rulebook, Rulebook::S602 | Rulebook::S603b) => Trend::National,
        (Trend::Rulebook, Rulebook::S603c) => Trend::Regional,
        (chosen, _) => chosen,
    };
    let factor = match followed {
        Trend::National => national_trend(inputs, kind, year, walk),
        Trend::Regional => regional_trend(regions, kind, year, walk),
        Trend::Rulebook => {
            let national = national_trend(inputs, kind, year, walk);
            let regional = regional_trend(regions, kind, year, walk);
            trend::blend(national_weight, national, regional)
        }
    };
    walk.step(&steps::TREND, at, factor, || match followed {
        Trend::National => "national growth".into(),
        Trend::Regional => "regional growth".into(),
        Trend::Rulebook => {
            format!("{} × national + {} × regional growth", n(national_weight), n(1.0 - national_weight))
        }
    });
    let value = trend::trended(own.per_capita, risk_ratio, factor);
    walk.step(&steps::TRENDED, at, value, || format!("{} × {} × {}", n(own.per_capita), n(risk_ratio), n(factor)));
    Some(value)
}

fn national_trend(inputs: &Inputs, kind: EnrollmentType, year: Year, walk: &mut Walk) -> f64 {
    let (by3, then) = (inputs.national(Year::By3, kind), inputs.national(year, kind));
    let arithmetic = || format!("{} / {}", n(by3), n(then));
    walk.step(&steps::NATIONAL_TREND, of(kind).in_year(year), trend::growth(by3, then), arithmetic)
}

fn regional_trend(regions: &Regions, kind: EnrollmentType, year: Year, walk: &mut Walk) -> f64 {
    let of_year = |year: Year| known(regions[year as usize][kind].as_ref()).per_capita;
    let (by3, then) = (of_year(Year::By3), of_year(year));
    let arithmetic = || format!("{} / {}", n(by3), n(then));
    walk.step(&steps::REGIONAL_TREND, of(kind).in_year(year), trend::growth(by3, then), arithmetic)
}

/// The adjustment of the rulebook (M.D.2, M.D.3, M.D.4.2).
fn adjust(
    inputs: &Inputs,
    rules: &BenchmarkRules,
    regions: &Regions,
    before: &ByType<Option<f64>>,
    made: &mut Historical,
    walk: &mut Walk,
) {
    let years_now = Year::BASE.map(|year| inputs.person_years(year).total());
    if rules.rulebook == Rulebook::S603b {
        let amount = adjust::add_back(&inputs.reconciled, years_now);
        walk.step(&steps::ADD_BACK, WHOLE, amount, || {
            let limit = adjust::proration(&inputs.reconciled, years_now);
            format!("mean shared savings per capita of BY1 to BY3 × {}", n(limit))
        });
        made.adjustment = Adjustment::AddBack(amount);
    }
    let Some(regional) = &rules.regional else { return };
    let (by_type, single) = regional_adjustment(inputs, rules, regional, regions, before, walk);
    made.regional_adjustment = Some(single);
    made.adjustment = Adjustment::Regional(by_type);
    let Some(of_652) = &rules.of_652 else { return };
    let national = ByType::of(|kind| before[kind].map(|_| inputs.national(Year::By3, kind)));
    let national = at_mix_of_by3(inputs, &national);
    let prior = prior_savings(inputs, of_652, years_now, national, walk);
    made.prior_savings = Some(prior);
    made.population = of_652.population_in_force.then(|| population(inputs, of_652, national, single, prior, walk));
    made.adjustment = adjust::highest(&by_type, single, prior, made.population);
}

/// The regional adjustment by type and as a single value (M.D.2.1–D.2.7).
fn regional_adjustment(
    inputs: &Inputs,
    rules: &BenchmarkRules,
    regional: &RegionalRules,
    regions: &Regions,
    before: &ByType<Option<f64>>,
    walk: &mut Walk,
) -> (ByType<Option<f64>>, f64) {
    let mut difference = ByType::default();
    for (kind, before) in before.present() {
        let (region, hcc) = (known(regions[Year::By3 as usize][kind]).per_capita, inputs.hcc(Year::By3, kind));
        let arithmetic = || format!("{} × {} − {}", n(region), n(hcc), n(before));
        let value = adjust::regional_difference(region, hcc, before);
        difference[kind] = Some(walk.step(&steps::REGIONAL_DIFFERENCE, of(kind), value, arithmetic));
    }
    let by3 = inputs.person_years(Year::By3);
    let net = at_mix_of_by3(inputs, &difference);
    walk.step(&steps::NET, WHOLE, net, || mean_text(&difference, &by3));
    let time = known(inputs.regional_count);
    let weight = adjust::regional_weight(net, time, &regional.weights);
    walk.step(&steps::REGIONAL_WEIGHT, WHOLE, weight, || {
        format!("time {time}, {} spending than the region", if exceeds(net, 0.0, DOLLARS) { "lower" } else { "higher" })
    });
    let offset = if rules.of_652.is_some() { offset(inputs, walk) } else { 0.0 };
    let mut adjustment = ByType::default();
    for (kind, difference) in difference.present() {
        let national = inputs.national[Year::By3 as usize][kind];
        let product = || format!("{} × {}", n(weight), n(difference));
        let uncapped = walk.step(&steps::REGIONAL_BEFORE_LIMITS, of(kind), weight * difference, product);
        limit_steps(&regional.limits, national, kind, walk);
        let value = adjust::regional_adjustment(uncapped, national, &regional.limits, offset);
        adjustment[kind] = Some(walk.step(&steps::REGIONAL_ADJUSTMENT, of(kind), value, || {
            let shrunk =
                if offset > 0.0 && difference < 0.0 { format!(", × (1 − {})", n(offset)) } else { String::new() };
            let nation = national.map_or(String::new(), |nation| format!(", within limits of {}", n(nation)));
            format!("{}{nation}{shrunk}", n(uncapped))
        }));
    }
    let single = at_mix_of_by3(inputs, &adjustment);
    walk.step(&steps::REGIONAL_SINGLE, WHOLE, single, || mean_text(&adjustment, &by3));
    (adjustment, single)
}

/// Writes the limits of a type's adjustment down, where there are any.
fn limit_steps(limits: &RegionalLimits, national: Option<f64>, kind: EnrollmentType, walk: &mut Walk) {
    for (step, limit) in [(&steps::REGIONAL_LIMIT_UP, limits.up), (&steps::REGIONAL_LIMIT_DOWN, limits.down)] {
        if let (Limit::Of(fraction), Some(national)) = (limit, national) {
            walk.step(step, of(kind), fraction * national, || format!("{fraction} × {}", n(national)));
        }
    }
}

/// The offset factor from dual share and mean score (M.D.2.5).
fn offset(inputs: &Inputs, walk: &mut Walk) -> f64 {
    let by3 = inputs.person_years(Year::By3);
    let (dual, all) = (known(inputs.dual_person_years), by3.total());
    let share = walk.step(&steps::DUAL_SHARE, WHOLE, dual / all, || format!("{} / {}", n(dual), n(all)));
    let spending = ByType::of(|kind| inputs.own(Year::By3, kind).map(|own| own.per_capita * own.person_years));
    let scores = ByType::of(|kind| inputs.own(Year::By3, kind).map(|_| inputs.hcc(Year::By3, kind)));
    // Without any spending there is no mean, and no benchmark: that is refused once it is made.
    let mean = scores.mean(&spending).unwrap_or(f64::NAN);
    walk.step(&steps::MEAN_HCC, WHOLE, mean, || mean_text(&scores, &spending));
    let factor = adjust::offset_factor(share, mean);
    walk.step(&steps::OFFSET_FACTOR, WHOLE, factor, || format!("{} + ({} − 1), within 0 and 1", n(share), n(mean)))
}

/// The prior savings adjustment (M.D.3.1–D.3.4).
fn prior_savings(inputs: &Inputs, rules: &Rules652, years_now: [f64; 3], national: f64, walk: &mut Walk) -> f64 {
    let average = adjust::prior_savings_average(&inputs.reconciled);
    walk.step(&steps::PRIOR_AVERAGE, WHOLE, average, || {
        let years = inputs.reconciled.map(|year| match year {
            None => "not reconciled".into(),
            Some(year) if year.forfeited => "forfeited".into(),
            Some(year) => n(year.per_capita_savings),
        });
        format!("mean of {}", years.join(", "))
    });
    let proration = adjust::proration(&inputs.reconciled, years_now);
    if exceeds(average, 0.0, DOLLARS) {
        walk.step(&steps::PRORATION, WHOLE, proration, || {
            "person years when reconciled / as assigned now, at most 1".into()
        });
    }
    let single = || "national per capita of BY3 by the person years of BY3".to_owned();
    walk.step(&steps::NATIONAL_SINGLE, WHOLE, national, single);
    let (share, limit) = (rules.prior_savings_share, rules.prior_savings_limit * national);
    let value = adjust::prior_savings_adjustment(average, share, proration, limit);
    walk.step(&steps::PRIOR_SAVINGS, WHOLE, value, || {
        format!("{share} × {} × {}, at most {}; 0 without savings", n(average), n(proration), n(limit))
    })
}

/// The population adjustment (M.D.3.5).
fn population(inputs: &Inputs, rules: &Rules652, national: f64, regional: f64, prior: f64, walk: &mut Walk) -> f64 {
    let limit = rules.population_limit * national;
    let scaler = adjust::population_scaler(limit, regional, prior);
    walk.step(&steps::SCALER, WHOLE, scaler, || {
        format!("{} − the larger of {}, {} and 0, at least 0", n(limit), n(regional), n(prior))
    });
    let (share, least) = (known(inputs.lis_or_dual_share), rules.population_least_share);
    let value = adjust::population_adjustment(scaler, share, least);
    walk.step(&steps::POPULATION, WHOLE, value, || format!("{} × {}; 0 below {least}", n(scaler), n(share)))
}
