//! The lines from the historical benchmark to the updated one (M.C.3-C.5, M.E).

use super::benchmark::Lines;
use super::block::{BY3, Figure, Line, PY, TYPES, Unit, WHOLE};
use acoledger_aco::benchmark::RiskForm;

/// What ratios may be off by where two of them are compared, as in the stage itself.
const NOISE: &str = "noise_ratio";

/// Adds the lines of the performance year.
pub(super) fn lines(of: &mut Lines<'_, '_>) {
    let year = of.story.years[PY];
    of.block.heading(&format!("Performance year ({year})"));
    performance_year(of);
    of.block.heading("Risk from benchmark year 3 to the performance year");
    cohorts(of);
    ratios(of);
    of.block.heading("Growth from benchmark year 3 to the performance year");
    regional_cap(of);
    growth(of);
    of.block.heading("Updated benchmark");
    updated(of);
}

/// What the performance year came to: person years, spending, scores.
fn performance_year(of: &mut Lines<'_, '_>) {
    of.person_years(PY, "person_years", "Person years");
    let mut line = Line::new("per_capita_expenditure", "Spending per person year", Unit::Dollars);
    line = line.of_year(of.story.years[PY]);
    for kind in TYPES {
        line.figures[kind] = of.story.own[PY][kind].and_then(|row| row.per_capita).map(Figure::Number);
    }
    if let Some(step) = of.story.step("per_capita_expenditure", WHOLE) {
        line = line.from(&step.rule, &step.citation).figure(WHOLE, step.value);
    }
    of.block.push(line);
    of.finish_mean("per_capita_expenditure", "person_years");
    of.own(PY, Line::new("hcc_PY", "HCC score", Unit::Score), |row| row.hcc_score);
    if of.story.value("demographic_ratio", 0).is_some() || of.block.place("demographic_BY3").is_some() {
        of.own(PY, Line::new("demographic_PY", "Demographic score", Unit::Score), |row| row.demographic_score);
    }
    of.national(PY);
    let regional = of.regional(PY);
    of.given(&regional);
}

/// Agreements before July 2019: newly and continuously assigned apart (M.C.5).
fn cohorts(of: &mut Lines<'_, '_>) {
    let names = [("newly", "Person years, newly assigned"), ("continuously", "Person years, continuously assigned")];
    for (at, (name, label)) in names.into_iter().enumerate() {
        let ratio = format!("ratio_{name}");
        if TYPES.into_iter().all(|kind| of.story.value(&ratio, kind).is_none()) {
            continue;
        }
        let mut line = Line::new(&format!("person_years_{name}"), label, Unit::PersonYears);
        line = line.of_year(of.story.years[PY]).from("table rates/aco_year", "");
        for kind in TYPES {
            line.figures[kind] = of.story.cohorts[at][kind].and_then(|row| row.person_years).map(Figure::Number);
        }
        of.block.push(line);
    }
    of.given("ratio_newly");
    of.given("hcc_ratio_continuously");
    of.given("demographic_ratio_continuously");
    of.walk("ratio_continuously", |of, kind| {
        let both = of.block.has("demographic_ratio_continuously", kind);
        let [hcc, demographic] = ["{hcc_ratio_continuously}", "{demographic_ratio_continuously}"];
        both.then(|| format!("IF({hcc}<1,{hcc},{demographic})"))
    });
}

/// Risk ratios and their cap (M.C.3, M.C.4).
fn ratios(of: &mut Lines<'_, '_>) {
    let by_cohort =
        TYPES.into_iter().any(|kind| of.story.step("risk_ratio_PY", kind).is_some_and(|step| step.rule == "C.5"));
    of.walk("hcc_ratio", |of, kind| Some(format!("{{hcc_PY}}/{}", of.by3("hcc", kind))));
    of.walk("demographic_ratio", |of, kind| Some(format!("{{demographic_PY}}/{}", of.by3("demographic", kind))));
    of.walk("RR_weight", |_, _| {
        let all = "SUMPRODUCT({historical_benchmark@types},{person_years@types})";
        Some(format!("{{historical_benchmark}}*{{person_years}}/{all}"))
    });
    let aggregate = |of: &Lines<'_, '_>, ratio: &str| of.block.mean(ratio, "RR_weight");
    of.walk("G_hcc", |of, _| aggregate(of, "hcc_ratio"));
    of.walk("G_dem", |of, _| aggregate(of, "demographic_ratio"));
    let law = of.story.law.as_ref();
    let form = law.map(|law| law.benchmark.risk_form);
    let points = law.and_then(|law| law.benchmark.of_652.as_ref()).map(|rules| rules.risk_points);
    let by_type = law.and_then(|law| law.benchmark.risk_cap_by_type);
    let label = "Points that the cap lies above demographic growth";
    of.rule("risk_points", label, Unit::Ratio, "risk_cap.aggregate_points", points);
    of.rule("cap_by_type", "Largest ratio of a type", Unit::Ratio, "risk_cap.by_type", by_type);
    of.walk("risk_cap", |of, _| of.block.has("risk_points", WHOLE).then(|| "{G_dem}+{risk_points}".into()));
    of.walk("risk_ratio_PY", |of, kind| {
        if by_cohort {
            return of_cohorts(of, kind);
        }
        let (raw, cap) = ("{hcc_ratio}", if by_type.is_some() { "{cap_by_type@ACO}" } else { "{risk_cap@ACO}" });
        let held = match by_type {
            Some(_) => format!("MIN({raw},{cap})"),
            None => format!("IF({{G_hcc@ACO}}-{cap}>{NOISE},MIN({raw},{cap}),{raw})"),
        };
        Some(match (form?, by_type) {
            (RiskForm::Cap, _) => held,
            (RiskForm::Symmetric, Some(_)) => format!("MAX({held},2-{cap})"),
            (RiskForm::Symmetric, None) => {
                let floor = format!("({cap}-2*{{risk_points@ACO}})");
                format!("IF({floor}-{{G_hcc@ACO}}>{NOISE},MAX({raw},{floor}),{held})")
            }
            (RiskForm::None, _) => raw.into(),
            (RiskForm::Demographic, _) if of.block.has("demographic_PY", kind) => {
                format!("{{demographic_PY}}/{}", of.by3("demographic", kind))
            }
            (RiskForm::Demographic, _) => return None,
        })
    });
}

/// The mean of the cohorts that have a ratio, by person years.
fn of_cohorts(of: &Lines<'_, '_>, kind: usize) -> Option<String> {
    let known: Vec<&str> = ["newly", "continuously"]
        .into_iter()
        .filter(|name| of.block.has(&format!("ratio_{name}"), kind))
        .filter(|name| of.block.has(&format!("person_years_{name}"), kind))
        .collect();
    if known.is_empty() {
        return None;
    }
    let terms: Vec<String> = known.iter().map(|name| format!("{{person_years_{name}}}*{{ratio_{name}}}")).collect();
    let sum: Vec<String> = known.iter().map(|name| format!("{{person_years_{name}}}")).collect();
    Some(format!("({})/({})", terms.join("+"), sum.join("+")))
}

/// The cap on regional risk growth (M.E.3).
fn regional_cap(of: &mut Lines<'_, '_>) {
    of.given("market_share_PY");
    of.given("regional_hcc_growth");
    of.given("regional_demographic_growth");
    of.walk("G", |of, _| of.block.mean("regional_hcc_growth", "RR_weight"));
    of.walk("D", |of, _| of.block.mean("regional_demographic_growth", "RR_weight"));
    of.walk("MS", |of, _| {
        let law = of.story.law.as_ref()?;
        // A reform may set the share of the blend; the cap goes by the market's.
        let of_market = law.benchmark.update_trend == acoledger_aco::benchmark::Trend::Rulebook;
        of_market.then(|| of.block.mean("market_share_PY", "person_years")).flatten()
    });
    let law = of.story.law.as_ref();
    let points = law.and_then(|law| law.benchmark.of_652.as_ref()).map(|rules| rules.regional_risk_points);
    let label = "Points that the regional cap lies above demographic growth";
    of.rule("regional_points", label, Unit::Ratio, "risk_cap.regional_points", points);
    of.walk("regional_cap", |of, _| {
        let base = "({D}+{regional_points})";
        of.block.has("regional_points", WHOLE).then(|| format!("{base}+{{MS}}*MAX(0,{{G}}-{base})"))
    });
    of.walk("regional_risk_cap_factor", |_, _| {
        let own = "{regional_hcc_growth}";
        let beyond = format!("AND({{G@ACO}}-{{regional_cap@ACO}}>{NOISE},{own}>{{regional_cap@ACO}})");
        Some(format!("IF({beyond},{own}/{{regional_cap@ACO}},1)"))
    });
}

/// National and regional growth, and their blends (M.E.1, M.E.4).
fn growth(of: &mut Lines<'_, '_>) {
    of.walk("flat_dollar_growth", |_, _| Some("{national_per_capita_PY}-{national_per_capita_BY3}".into()));
    of.walk("national_growth_PY", |_, _| Some("{national_per_capita_PY}/{national_per_capita_BY3}".into()));
    let [by3, py] = [of.regional(BY3), of.regional(PY)];
    for code in ["regional_growth", "regional_growth_PY"] {
        of.walk(code, |of, kind| {
            let capped = of.block.has("regional_risk_cap_factor", kind);
            let factor = if capped { "*{regional_risk_cap_factor}" } else { "" };
            Some(format!("{{{py}}}/{{{by3}}}{factor}"))
        });
    }
    of.walk("two_way_blend", |_, _| {
        Some("{market_share_PY}*{national_growth_PY}+(1-{market_share_PY})*{regional_growth_PY}".into())
    });
    of.given("acpt");
    let blend = of.story.law.as_ref().and_then(|law| law.benchmark.of_652.as_ref()).map(|rules| rules.blend);
    let (two_way, acpt) = (blend.map(|blend| blend.two_way), blend.map(|blend| blend.acpt));
    of.rule("blend_two_way", "Weight of the two-way blend", Unit::Weight, "update.blend_weights", two_way);
    of.rule("blend_acpt", "Weight of the prospective trend", Unit::Weight, "update.blend_weights", acpt);
    of.walk("three_way_blend", |of, _| {
        let [a, b] = ["{blend_two_way@ACO}", "{blend_acpt@ACO}"];
        let known = of.block.has("blend_two_way", WHOLE);
        known.then(|| format!("({a}*{{two_way_blend}}+{b}*{{acpt}})/({a}+{b})"))
    });
}

/// The updated benchmark by type, at the mix of the performance year, and without the prospective trend (M.E.1, M.E.2, M.E.5.2).
fn updated(of: &mut Lines<'_, '_>) {
    of.walk("risk_adjusted_benchmark", |_, _| Some("{historical_benchmark}*{risk_ratio_PY}".into()));
    of.walk("updated_benchmark", |of, kind| {
        if kind == WHOLE {
            return None;
        }
        if of.block.has("flat_dollar_growth", kind) {
            return Some("{risk_adjusted_benchmark}+{flat_dollar_growth}".into());
        }
        let factors = ["three_way_blend", "two_way_blend", "regional_growth", "national_growth_PY"];
        let factor = factors.into_iter().find(|code| of.block.has(code, kind))?;
        Some(format!("{{risk_adjusted_benchmark}}*{{{factor}}}"))
    });
    of.finish_mean("updated_benchmark", "person_years");
    if let Some(two_way) = of.story.result.two_way_benchmark {
        let types = "{risk_adjusted_benchmark@types},{two_way_blend@types},{person_years@types}";
        let line =
            Line::new("two_way_updated_benchmark", "Updated benchmark without the prospective trend", Unit::Dollars)
                .from("E.5.2", "42 CFR 425.652(b)(5)")
                .figure(WHOLE, two_way)
                .formula(WHOLE, format!("SUMPRODUCT({types})/SUM({{person_years@types}})"));
        of.block.push(line);
    }
}
