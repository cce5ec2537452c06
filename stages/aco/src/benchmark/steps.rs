//! Every kind of step of the walk: section, name, unit and place in the law.

use crate::walk::Citation::{All, By};
use crate::walk::{Kind, Suffix};

macro_rules! step {
    ($(#[doc = $doc:literal])+ $constant:ident = $rule:literal, $name:literal $suffix:ident, $label:literal,
     $unit:literal, $citation:expr, $keys:literal) => {
        $(#[doc = $doc])+
        pub const $constant: Kind = Kind {
            rule: $rule, name: $name, suffix: Suffix::$suffix, label: $label, unit: $unit, citation: $citation,
            rule_keys: $keys,
        };
    };
}

step!(
    /// Risk-adjusted regional spending per person year.
    REGIONAL_PER_CAPITA = "D.1.4", "regional_per_capita" Calendar, "Risk-adjusted regional spending per person year", "dollars", By(["42 CFR 425.602(a)", "42 CFR 425.603(b)", "42 CFR 425.603(e)-(f)", "42 CFR 425.601(c)-(d)", "42 CFR 425.654"]), "county.exclude_assigned"
);
step!(
    /// Share of the market: weight of national trends.
    MARKET_SHARE_BY3 = "D.1.7", "market_share" Period, "Share of the market: weight of national trends", "fraction", By(["42 CFR 425.602(a)(5)", "42 CFR 425.603(b)", "42 CFR 425.603(c)", "42 CFR 425.601(a)(5)", "42 CFR 425.652(a)(5)"]), "benchmark.region.county_share_limit"
);
step!(
    /// Share of the market: weight of national growth.
    MARKET_SHARE_PY = "E.1.1", "market_share" Period, "Share of the market: weight of national growth", "fraction", By(["42 CFR 425.602(b)", "42 CFR 425.603(b)", "42 CFR 425.603(d)", "42 CFR 425.601(b)", "42 CFR 425.652(b)"]), "benchmark.region.county_share_limit update.trend"
);
step!(
    /// Ratio of HCC scores to BY3.
    RISK_RATIO = "C.2", "risk_ratio" Period, "Ratio of HCC scores to BY3", "ratio", By(["42 CFR 425.602(a)(3)", "42 CFR 425.603(b)", "42 CFR 425.603(c)", "42 CFR 425.601(a)(3)", "42 CFR 425.659, 425.652(a)(3)"]), ""
);
step!(
    /// National growth to BY3.
    NATIONAL_TREND = "D.1.8", "national_trend" Period, "National growth to BY3", "ratio", By(["42 CFR 425.602(a)(5)", "42 CFR 425.603(b)", "42 CFR 425.603(c)", "42 CFR 425.601(a)(5)", "42 CFR 425.652(a)(5)"]), ""
);
step!(
    /// Regional growth to BY3.
    REGIONAL_TREND = "D.1.8", "regional_trend" Period, "Regional growth to BY3", "ratio", By(["42 CFR 425.602(a)(5)", "42 CFR 425.603(b)", "42 CFR 425.603(c)", "42 CFR 425.601(a)(5)", "42 CFR 425.652(a)(5)"]), ""
);
step!(
    /// Trend to BY3.
    TREND = "D.1.8", "trend_factor" Period, "Trend to BY3", "ratio", By(["42 CFR 425.602(a)(5)", "42 CFR 425.603(b)", "42 CFR 425.603(c)", "42 CFR 425.601(a)(5)", "42 CFR 425.652(a)(5)"]), "benchmark.trend"
);
step!(
    /// Spending per person year, risk-adjusted and trended to BY3.
    TRENDED = "D.1.9", "trended" Period, "Spending per person year, risk-adjusted and trended to BY3", "dollars", By(["42 CFR 425.602(a)", "42 CFR 425.603(b)", "42 CFR 425.603(c)", "42 CFR 425.601(a)", "42 CFR 425.652(a)"]), ""
);
step!(
    /// Benchmark before adjustment.
    BEFORE_ADJUSTMENT = "D.1.10", "benchmark_before_adjustment" None, "Benchmark before adjustment", "dollars", By(["42 CFR 425.602(a)(7)", "42 CFR 425.603(b)", "42 CFR 425.603(c)", "42 CFR 425.601(a)(7), (e)(2)(i)", "42 CFR 425.652(a)(7), (c)(2)"]), "benchmark.year_weights"
);
step!(
    /// Region minus benchmark.
    REGIONAL_DIFFERENCE = "D.2.1", "regional_difference" None, "Region minus benchmark", "dollars", By(["42 CFR 425.602", "42 CFR 425.603(b)", "42 CFR 425.603(c)(9)", "42 CFR 425.601(a)(8), (f)", "42 CFR 425.656"]), ""
);
step!(
    /// Net difference: above 0 is lower spending than the region.
    NET = "D.2.2", "net" None, "Net difference: above 0 is lower spending than the region", "dollars", By(["42 CFR 425.602", "42 CFR 425.603(b)", "42 CFR 425.603(c)(9)", "42 CFR 425.601(a)(8), (f)", "42 CFR 425.656"]), ""
);
step!(
    /// Weight of the regional adjustment.
    REGIONAL_WEIGHT = "D.2.3", "regional_weight" None, "Weight of the regional adjustment", "fraction", By(["42 CFR 425.602", "42 CFR 425.603(b)", "42 CFR 425.603(c)(9)", "42 CFR 425.601(a)(8), (f)", "42 CFR 425.656"]), "benchmark.regional_weight"
);
step!(
    /// Dual share of the person years of BY3.
    DUAL_SHARE = "D.2.5", "dual_share" None, "Dual share of the person years of BY3", "fraction", All("42 CFR 425.656(c)(4)-(5)"), ""
);
step!(
    /// Mean HCC score of BY3, weighted by spending.
    MEAN_HCC = "D.2.5", "H" None, "Mean HCC score of BY3, weighted by spending", "score", All("42 CFR 425.656(c)(4)-(5)"), ""
);
step!(
    /// Offset of negative regional adjustments.
    OFFSET_FACTOR = "D.2.5", "offset_factor" None, "Offset of negative regional adjustments", "fraction", All("42 CFR 425.656(c)(4)-(5)"), ""
);
step!(
    /// Regional adjustment before its limits and the offset.
    REGIONAL_BEFORE_LIMITS = "D.2.4", "regional_adjustment_before_limits" None, "Regional adjustment before limits", "dollars", By(["42 CFR 425.602", "42 CFR 425.603(b)", "42 CFR 425.603(c)(9)", "42 CFR 425.601(a)(8), (f)", "42 CFR 425.656"]), "benchmark.regional_weight"
);
step!(
    /// Limit of a positive regional adjustment.
    REGIONAL_LIMIT_UP = "D.2.4", "regional_limit_up" None, "Limit of a positive regional adjustment", "dollars", By(["42 CFR 425.602", "42 CFR 425.603(b)", "42 CFR 425.603(c)(9)", "42 CFR 425.601(a)(8), (f)", "42 CFR 425.656"]), "benchmark.regional_limit"
);
step!(
    /// Limit of a negative regional adjustment.
    REGIONAL_LIMIT_DOWN = "D.2.4", "regional_limit_down" None, "Limit of a negative regional adjustment", "dollars", By(["42 CFR 425.602", "42 CFR 425.603(b)", "42 CFR 425.603(c)(9)", "42 CFR 425.601(a)(8), (f)", "42 CFR 425.656"]), "benchmark.regional_limit"
);
step!(
    /// Regional adjustment.
    REGIONAL_ADJUSTMENT = "D.2.4", "regional_adjustment" None, "Regional adjustment", "dollars", By(["42 CFR 425.602", "42 CFR 425.603(b)", "42 CFR 425.603(c)(9)", "42 CFR 425.601(a)(8), (f)", "42 CFR 425.656"]), "benchmark.regional_limit"
);
step!(
    /// Regional adjustment, single value.
    REGIONAL_SINGLE = "D.2.6", "regional_adjustment_single" None, "Regional adjustment, single value", "dollars", By(["42 CFR 425.602", "42 CFR 425.603(b)", "42 CFR 425.603(c)(9)", "42 CFR 425.601(a)(8), (f)", "42 CFR 425.656"]), ""
);
step!(
    /// Mean savings per capita of the three years before the agreement.
    PRIOR_AVERAGE = "D.3.1", "prior_savings_average" None, "Mean savings per capita of the three years before the agreement", "dollars", All("42 CFR 425.658"), ""
);
step!(
    /// Proration of prior savings for growth.
    PRORATION = "D.3.3", "proration" None, "Proration of prior savings for growth", "fraction", All("42 CFR 425.658"), ""
);
step!(
    /// National per capita of BY3 at the mix of the ACO.
    NATIONAL_SINGLE = "D.3.4", "national_single" None, "National per capita of BY3 at the mix of the ACO", "dollars", All("42 CFR 425.658, 425.662(b)(1)"), ""
);
step!(
    /// Prior savings adjustment.
    PRIOR_SAVINGS = "D.3.2", "prior_savings_adjustment" None, "Prior savings adjustment", "dollars", All("42 CFR 425.658"), "benchmark.prior_savings.share benchmark.prior_savings.limit"
);
step!(
    /// What the population adjustment is scaled from.
    SCALER = "D.3.5", "scaler" None, "What the population adjustment is scaled from", "dollars", All("42 CFR 425.662"), "benchmark.population.in_force benchmark.population.limit"
);
step!(
    /// Population adjustment.
    POPULATION = "D.3.5", "population_adjustment" None, "Population adjustment", "dollars", All("42 CFR 425.662"), "benchmark.population.least_share"
);
step!(
    /// Shared savings of the first agreement, added back.
    ADD_BACK = "D.4.2", "add_back" None, "Shared savings of the first agreement, added back", "dollars", All("42 CFR 425.603(b)"), ""
);
step!(
    /// Adjustment applied.
    ADJUSTMENT = "D.3.6", "adjustment" None, "Adjustment applied", "dollars", By(["42 CFR 425.602", "42 CFR 425.603(b)", "42 CFR 425.603(c)(9)", "42 CFR 425.601(a)(8)", "42 CFR 425.652(a)(8)"]), ""
);
step!(
    /// Historical benchmark.
    HISTORICAL_BY_TYPE = "D.1.11", "historical_benchmark" None, "Historical benchmark", "dollars", By(["42 CFR 425.602(a)", "42 CFR 425.603(b)", "42 CFR 425.603(c)", "42 CFR 425.601(a)", "42 CFR 425.652(a)"]), ""
);
step!(
    /// Historical benchmark at the mix of BY3.
    HISTORICAL = "D.1.12", "historical_benchmark" None, "Historical benchmark at the mix of BY3", "dollars", By(["42 CFR 425.602(a)", "42 CFR 425.603(b)", "42 CFR 425.603(c)", "42 CFR 425.601(a)", "42 CFR 425.652(a)"]), ""
);
step!(
    /// Newly assigned: ratio of HCC scores.
    RATIO_NEWLY = "C.5", "ratio_newly" None, "Newly assigned: ratio of HCC scores", "ratio", All("42 CFR 425.604(a)(1)-(3), 425.606(a), 425.610(a)(1)"), ""
);
step!(
    /// Continuously assigned: ratio of HCC scores.
    HCC_RATIO_CONTINUOUSLY = "C.5", "hcc_ratio_continuously" None, "Continuously assigned: ratio of HCC scores", "ratio", All("42 CFR 425.604(a)(1)-(3), 425.606(a), 425.610(a)(1)"), ""
);
step!(
    /// Continuously assigned: ratio of demographic scores.
    DEMOGRAPHIC_RATIO_CONTINUOUSLY = "C.5", "demographic_ratio_continuously" None, "Continuously assigned: ratio of demographic scores", "ratio", All("42 CFR 425.604(a)(1)-(3), 425.606(a), 425.610(a)(1)"), ""
);
step!(
    /// Continuously assigned: ratio used.
    RATIO_CONTINUOUSLY = "C.5", "ratio_continuously" None, "Continuously assigned: ratio used", "ratio", All("42 CFR 425.604(a)(1)-(3), 425.606(a), 425.610(a)(1)"), ""
);
step!(
    /// Risk ratio from BY3 to the performance year.
    RISK_RATIO_PY_COHORTS = "C.5", "risk_ratio" Period, "Risk ratio from BY3 to the performance year", "ratio", All("42 CFR 425.604(a)(1)-(3), 425.606(a), 425.610(a)(1)"), ""
);
step!(
    /// Ratio of HCC scores before the cap.
    HCC_RATIO_601 = "C.3", "hcc_ratio" None, "Ratio of HCC scores before the cap", "ratio", All("42 CFR 425.605(a)(1)(i), 425.610(a)(2)(i)"), ""
);
step!(
    /// Risk ratio from BY3 to the performance year.
    RISK_RATIO_PY_601 = "C.3", "risk_ratio" Period, "Risk ratio from BY3 to the performance year", "ratio", All("42 CFR 425.605(a)(1)(i), 425.610(a)(2)(i)"), "risk_cap.by_type risk_cap.form"
);
step!(
    /// Ratio of HCC scores before the cap.
    HCC_RATIO = "C.4.2", "hcc_ratio" None, "Ratio of HCC scores before the cap", "ratio", All("42 CFR 425.605(a)(1)(ii), 425.610(a)(2)(ii)"), ""
);
step!(
    /// Ratio of demographic scores.
    DEMOGRAPHIC_RATIO = "C.4.2", "demographic_ratio" None, "Ratio of demographic scores", "ratio", All("42 CFR 425.605(a)(1)(ii), 425.610(a)(2)(ii)"), ""
);
step!(
    /// Aggregate growth of HCC scores.
    HCC_GROWTH = "C.4.2", "G_hcc" None, "Aggregate growth of HCC scores", "ratio", All("42 CFR 425.605(a)(1)(ii), 425.610(a)(2)(ii)"), ""
);
step!(
    /// Aggregate growth of demographic scores.
    DEMOGRAPHIC_GROWTH = "C.4.2", "G_dem" None, "Aggregate growth of demographic scores", "ratio", All("42 CFR 425.605(a)(1)(ii), 425.610(a)(2)(ii)"), ""
);
step!(
    /// Cap on the growth of HCC scores.
    RISK_CAP = "C.4.3", "risk_cap" None, "Cap on the growth of HCC scores", "ratio", All("42 CFR 425.605(a)(1)(ii), 425.610(a)(2)(ii)"), "risk_cap.aggregate_points"
);
step!(
    /// Weight of the type in aggregate growth.
    RISK_WEIGHT = "C.4.1", "RR_weight" None, "Weight of the type in aggregate growth", "fraction", All("42 CFR 425.605(a)(1)(ii), 425.610(a)(2)(ii)"), ""
);
step!(
    /// Risk ratio from BY3 to the performance year.
    RISK_RATIO_PY = "C.4.4", "risk_ratio" Period, "Risk ratio from BY3 to the performance year", "ratio", All("42 CFR 425.605(a)(1)(ii), 425.610(a)(2)(ii)"), "risk_cap.form"
);
step!(
    /// Historical benchmark, risk-adjusted.
    RISK_ADJUSTED = "E.1", "risk_adjusted_benchmark" None, "Historical benchmark, risk-adjusted", "dollars", By(["42 CFR 425.602(b)", "42 CFR 425.603(b)", "42 CFR 425.603(d)", "42 CFR 425.601(b)", "42 CFR 425.652(b)"]), ""
);
step!(
    /// Growth of the regional HCC score.
    REGIONAL_HCC_GROWTH = "E.3.2", "regional_hcc_growth" None, "Growth of the regional HCC score", "ratio", All("42 CFR 425.655"), ""
);
step!(
    /// Growth of the regional demographic score.
    REGIONAL_DEMOGRAPHIC_GROWTH = "E.3.2", "regional_demographic_growth" None, "Growth of the regional demographic score", "ratio", All("42 CFR 425.655"), ""
);
step!(
    /// Aggregate growth of regional HCC scores.
    REGIONAL_AGGREGATE = "E.3.2", "G" None, "Aggregate growth of regional HCC scores", "ratio", All("42 CFR 425.655"), ""
);
step!(
    /// Aggregate growth of regional demographic scores.
    REGIONAL_AGGREGATE_DEMOGRAPHIC = "E.3.2", "D" None, "Aggregate growth of regional demographic scores", "ratio", All("42 CFR 425.655"), ""
);
step!(
    /// Aggregate share of the market.
    AGGREGATE_MARKET_SHARE = "E.3.3", "MS" None, "Aggregate share of the market", "fraction", All("42 CFR 425.655"), ""
);
step!(
    /// Cap on the growth of regional HCC scores.
    REGIONAL_CAP = "E.3.3", "regional_cap" None, "Cap on the growth of regional HCC scores", "ratio", All("42 CFR 425.655"), "risk_cap.regional_points"
);
step!(
    /// What regional growth is multiplied by.
    REGIONAL_CAP_FACTOR = "E.3.4", "regional_risk_cap_factor" None, "What regional growth is multiplied by", "ratio", All("42 CFR 425.655"), ""
);
step!(
    /// National growth in dollars.
    FLAT_DOLLAR = "E.1", "flat_dollar_growth" None, "National growth in dollars", "dollars", By(["42 CFR 425.602(b)", "42 CFR 425.603(b)", "42 CFR 425.603(d)", "42 CFR 425.601(b)", "42 CFR 425.652(b)"]), ""
);
step!(
    /// National growth from BY3 to the performance year.
    NATIONAL_GROWTH = "E.1", "national_growth" Period, "National growth from BY3 to the performance year", "ratio", By(["42 CFR 425.602(b)", "42 CFR 425.603(b)", "42 CFR 425.603(d)", "42 CFR 425.601(b)", "42 CFR 425.652(b)"]), ""
);
step!(
    /// Regional growth from BY3 to the performance year.
    REGIONAL_GROWTH = "E.1", "regional_growth" None, "Regional growth from BY3 to the performance year", "ratio", By(["42 CFR 425.602(b)", "42 CFR 425.603(b)", "42 CFR 425.603(d)", "42 CFR 425.601(b)", "42 CFR 425.652(b)"]), ""
);
step!(
    /// Regional growth from BY3 to the performance year, times the cap factor.
    REGIONAL_GROWTH_IN_BLEND = "E.1", "regional_growth" Period, "Regional growth from BY3 to the performance year, times the cap factor", "ratio", By(["42 CFR 425.602(b)", "42 CFR 425.603(b)", "42 CFR 425.603(d)", "42 CFR 425.601(b)", "42 CFR 425.652(b)"]), ""
);
step!(
    /// Two-way blend.
    TWO_WAY = "E.1", "two_way_blend" None, "Two-way blend", "ratio", By(["42 CFR 425.602(b)", "42 CFR 425.603(b)", "42 CFR 425.603(d)", "42 CFR 425.601(b)", "42 CFR 425.652(b)"]), ""
);
step!(
    /// Accountable care prospective trend.
    ACPT = "E.4", "acpt" None, "Accountable care prospective trend", "ratio", All("42 CFR 425.660"), "update.acpt.projected_growth update.acpt.limits"
);
step!(
    /// Three-way blend.
    THREE_WAY = "E.1", "three_way_blend" None, "Three-way blend", "ratio", By(["42 CFR 425.602(b)", "42 CFR 425.603(b)", "42 CFR 425.603(d)", "42 CFR 425.601(b)", "42 CFR 425.652(b)"]), "update.blend_weights"
);
step!(
    /// Updated benchmark.
    UPDATED_BY_TYPE = "E.1", "updated_benchmark" None, "Updated benchmark", "dollars", By(["42 CFR 425.602(b)", "42 CFR 425.603(b)", "42 CFR 425.603(d)", "42 CFR 425.601(b)", "42 CFR 425.652(b)"]), ""
);
step!(
    /// Updated benchmark at the mix of the performance year.
    UPDATED = "E.2.1", "updated_benchmark" None, "Updated benchmark at the mix of the performance year", "dollars", By(["42 CFR 425.602(b)", "42 CFR 425.603(b)", "42 CFR 425.603(d)", "42 CFR 425.601(b)", "42 CFR 425.652(b)"]), ""
);
step!(
    /// Spending per person year of the performance year.
    EXPENDITURE = "B.3.6", "per_capita_expenditure" None, "Spending per person year of the performance year", "dollars", All("42 CFR 425.604-425.606, 425.605, 425.610; CMS specifications v11, p. 47"), ""
);
step!(
    /// Person years of the performance year.
    PERSON_YEARS = "E.2.1", "person_years" None, "Person years of the performance year", "person-years", All("42 CFR 425.604-425.606, 425.605, 425.610"), ""
);
step!(
    /// Updated benchmark × person years.
    TOTAL_BENCHMARK = "E.2.1", "total_benchmark" None, "Updated benchmark × person years", "dollars", All("42 CFR 425.604-425.606, 425.605, 425.610"), ""
);
step!(
    /// Expenditures × person years.
    TOTAL_EXPENDITURES = "F.5.2", "total_expenditures" None, "Expenditures × person years", "dollars", All("42 CFR 425.604-425.606, 425.605, 425.610"), ""
);
step!(
    /// Benchmark minus expenditures.
    DIFFERENCE = "F.5.3", "gross_savings" None, "Benchmark minus expenditures", "dollars", All("42 CFR 425.604-425.606, 425.605, 425.610"), ""
);
step!(
    /// Minimum savings rate.
    MSR = "F.1", "msr" None, "Minimum savings rate", "fraction", All("42 CFR 425.604(b), 425.605(b), 425.610(b), 425.110(b)(3)"), "settle.msr.variable settle.msr.choices"
);
step!(
    /// Updated benchmark without the prospective trend.
    TWO_WAY_UPDATED = "E.5.2", "two_way_updated_benchmark" None, "Updated benchmark without the prospective trend", "dollars", All("42 CFR 425.652(b)(5)"), "settle.guardrail"
);
step!(
    /// Rate at which savings or losses are shared.
    FINAL_RATE = "F.5.6", "final_rate" None, "Rate at which savings or losses are shared", "fraction", All("42 CFR 425.604-425.606, 425.605, 425.610"), "settle.sharing_rate.maximum settle.loss_rate"
);
step!(
    /// Payment limit.
    PAYMENT_LIMIT = "F.2", "payment_limit" None, "Payment limit", "dollars", All("42 CFR 425.604-425.606, 425.605, 425.610"), "settle.payment_limit"
);
step!(
    /// Shared savings after sequestration, before the limit.
    SAVINGS_BEFORE_LIMIT = "F.5.7", "shared_savings_before_limit" None, "Shared savings after sequestration, before the limit", "dollars", All("42 CFR 425.604-425.606, 425.605, 425.610"), "settle.sequestration"
);
step!(
    /// Loss limit.
    LOSS_LIMIT = "F.2", "loss_limit" None, "Loss limit", "dollars", All("42 CFR 425.604-425.606, 425.605, 425.610"), "settle.loss_limit.benchmark settle.loss_limit.revenue"
);
step!(
    /// Shared losses before the limit.
    LOSSES_BEFORE_LIMIT = "F.5.8", "shared_losses_before_limit" None, "Shared losses before the limit", "dollars", All("42 CFR 425.604-425.606, 425.605, 425.610"), ""
);
step!(
    /// Share of the year that affected counties were affected.
    SHARE_OF_YEAR = "F.7.2", "M" None, "Share of the year that affected counties were affected", "fraction", All("42 CFR 425.605(f), 425.606(i), 425.610(i)"), ""
);
step!(
    /// Share of assigned beneficiaries in affected counties.
    SHARE_OF_LIVES = "F.7.2", "B" None, "Share of assigned beneficiaries in affected counties", "fraction", All("42 CFR 425.605(f), 425.606(i), 425.610(i)"), ""
);
step!(
    /// Share of losses that is forgiven.
    DISASTER_FACTOR = "F.7.1", "disaster_factor" None, "Share of losses that is forgiven", "fraction", All("42 CFR 425.605(f), 425.606(i), 425.610(i)"), ""
);
step!(
    /// Savings not paid, or losses not owed, because the agreement ended early.
    TERMINATION = "F.8", "termination_impact" None, "Not paid or not owed, since the agreement ended early", "dollars", All("42 CFR 425.221(b)"), "settle.termination.savings_in_force_on settle.termination.voluntary_free_until"
);
step!(
    /// Paid before recoupment, or owed (negative).
    EARNED = "F.5.9", "earned" None, "Paid before recoupment, or owed (negative)", "dollars", All("42 CFR 425.604-425.606, 425.605, 425.610"), ""
);
step!(
    /// Advances taken out of what is paid.
    RECOUPMENT = "F.9.2", "recoupment" None, "Advances taken out of it", "dollars", All("42 CFR 425.630, 425.640"), ""
);
