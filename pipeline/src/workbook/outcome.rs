//! The tests of a settlement and the rates that follow: minimum savings rate, guardrail, outcome, quality (M.E.5, M.F.1-M.F.4).

use super::block::{Line, Unit, WHOLE};
use super::gather::start_of;
use super::settlement::Settling;
use acoledger_aco::settle::{FirstYear, LossRate, QualityEra, variable_msr};
use acoledger_schemas::values::Flag;
use std::collections::BTreeMap;

/// Adds what is tested, the rates that quality allows, and how the ACO came out.
pub(super) fn lines(of: &mut Settling<'_, '_>) {
    of.block.heading("Quality, and the rates that it allows");
    quality(of);
    of.block.heading("Test against the minimum savings or loss rate");
    let whole_year =
        |code: &str| if of.share.is_empty() { code.to_owned() } else { format!("({code}/{{period_share}})") };
    let total = whole_year("{total_benchmark}");
    let gross = whole_year("{gross_savings}");
    let share = if of.share.is_empty() { Some(1.0) } else { of.value("period_share") };
    let least = of.value("msr").zip(of.value("total_benchmark")).zip(share);
    let least = least.map(|((rate, total), share)| cents(rate * (total / share)));
    let line = Line::new("least_savings", "Least savings or losses that are shared", Unit::Dollars);
    let line = line.how("rate × benchmark of the whole year, to the cent");
    of.line(line, "F.1.6", least, Some(format!("ROUND({{msr}}*{total},2)")));
    half_rate(of, &gross);
    outcome(of, &gross);
    rates(of);
}

/// The minimum savings rate: by the bands where the ACO has the variable one, else as the agreement or the ACO chose.
pub(super) fn msr(of: &mut Settling<'_, '_>) {
    let result = of.story.result;
    let year = result.performance_year;
    let by_bands = of.story.law.as_ref().and_then(|law| variable_msr(result.n_ab, law.settle.msr_bands()));
    let formula = by_bands.filter(|rate| *rate == result.msr).map(|_| {
        let cell = |name: &str| format!("INDEX(msr_{name}_{year},MATCH({{n_ab}},msr_least_{year},1))");
        let heads = format!("MIN({{n_ab}},{})", cell("most"));
        let (low, high) = (cell("least"), cell("most"));
        let (first, last) = (cell("first"), cell("last"));
        format!("({first}*({high}-{heads})+{last}*({heads}-{low}))/({high}-{low})")
    });
    let how = if formula.is_some() { "by the bands, linear inside" } else { "of the agreement, or chosen" };
    of.step("msr", formula, how);
    let line = Line::new("mlr", "Minimum loss rate", Unit::Fraction).how("the minimum savings rate: two-sided");
    of.line(line, "F.1", result.mlr, Some("{msr}".into()));
}

/// The guardrail on losses: the benchmark that counts (M.E.5).
pub(super) fn guardrail(of: &mut Settling<'_, '_>) {
    let result = of.story.result;
    let mut used = of.value("updated_benchmark");
    let mut formula = "{updated_benchmark}";
    if let Some(Flag(replaced)) = result.guardrail {
        let loss = |benchmark: &str| format!("ROUND(({{per_capita_expenditure}}-{{{benchmark}}})*{{person_years}},2)");
        let (three_way, two_way) = (loss("updated_benchmark"), loss("two_way_updated_benchmark"));
        let least = "ROUND({msr}*{updated_benchmark}*{person_years},2)";
        let test = of
            .has("two_way_updated_benchmark")
            .then(|| format!("IF(AND({three_way}>0,{three_way}>={least},{two_way}<{three_way}),1,0)"));
        let label = "Guardrail: 1 where the two-way benchmark replaces the other";
        let line = Line::new("guardrail", label, Unit::Count).how("losses beyond the rate, and smaller by two-way");
        of.line(line, "E.5", Some(f64::from(u8::from(replaced))), test);
        if replaced {
            used = result.two_way_benchmark;
        }
        if of.has("two_way_updated_benchmark") {
            formula = "IF({guardrail}=1,{two_way_updated_benchmark},{updated_benchmark})";
        }
    }
    let line = Line::new("benchmark_used", "Benchmark that counts, per person year", Unit::Dollars);
    of.line(line, "E.2.1", used, Some(formula.into()));
}

/// How an ACO stands in quality, as its flags say (M.F.3.1).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Standard,
    FirstYear,
    Alternative,
    Nothing,
}

impl Standing {
    fn code(self) -> &'static str {
        match self {
            Standing::Standard => "standard",
            Standing::FirstYear => "first year",
            Standing::Alternative => "alternative",
            Standing::Nothing => "nothing",
        }
    }
}

/// Flags, score, and the sharing and loss rates (M.F.3).
fn quality(of: &mut Settling<'_, '_>) {
    let result = of.story.result;
    let flag = |flag: Option<Flag>| flag.map(|Flag(set)| f64::from(u8::from(set)));
    of.given(Line::new("met_standard", "Quality standard met", Unit::Count), flag(result.met_qps));
    of.given(Line::new("met_alternative", "Only the alternative standard met", Unit::Count), flag(result.met_alt_qps));
    let first_year = Line::new("first_year", "First year of a first agreement, reported completely", Unit::Count);
    of.given(first_year, flag(result.met_first_year));
    let score = result.qual_score.map(|score| score / 100.0);
    of.given(Line::new("quality_score", "Quality score", Unit::Fraction), score);
    let Some(law) = &of.story.law else { return };
    let year = result.performance_year;
    let (era, first) = (law.rules.at("settle.quality.era", year), law.rules.at("settle.quality.first_year", year));
    let (Ok(era), Ok(first)) = (era, first) else { return };
    let loss_rates: BTreeMap<String, LossRate> = law.rules.at("settle.loss_rate", year).unwrap_or_default();
    let loss = loss_rates.get(result.current_track.code()).copied();
    let maximum = law.settle.maximum_sharing_rate(result.current_track);
    let (standing, formula) = standing(of, era, first);
    let line = Line::new("standing", "Standing in quality", Unit::Text).from("F.3.1", &of.citation("F.3"));
    of.block.push(line.figure(WHOLE, standing.code()).formula(WHOLE, formula));
    let line = Line::new("maximum_sharing_rate", "Highest sharing rate of the track", Unit::Fraction);
    of.rule(line, "settle.sharing_rate.maximum", maximum);
    sharing_rate(of, era, standing, maximum.zip(score).map(|(maximum, score)| maximum * score), maximum);
    if let (Some(loss), Some(maximum), Some(_)) = (loss, maximum, result.mlr) {
        loss_rate(of, loss, standing, maximum, score);
    }
}

/// The sharing rate before the half rate (M.F.3.1, M.F.3.2). A score that is rounded where it is published makes no exact rate: then the
/// rate that was used stands as a value.
fn sharing_rate(
    of: &mut Settling<'_, '_>,
    era: QualityEra,
    standing: Standing,
    by_score: Option<f64>,
    maximum: Option<f64>,
) {
    let rate = match (standing, era) {
        (Standing::Nothing, _) => Some(0.0),
        (Standing::FirstYear, _) => maximum,
        (Standing::Standard, QualityEra::Standard | QualityEra::StandardOrAlternative) => maximum,
        (Standing::Standard | Standing::Alternative, _) => by_score,
    };
    let result = of.story.result;
    let half = if result.reduced_ss == Some(Flag(true)) { half_factor(of).unwrap_or(1.0) } else { 1.0 };
    let used = (result.outcome == "savings").then(|| result.final_rate / half);
    let exact = used.is_none_or(|used| rate.is_some_and(|rate| near(rate, used)));
    let of_score = if by_score.is_some() { "{maximum_sharing_rate}*{quality_score}" } else { "0" };
    let standard = if era == QualityEra::Score { of_score } else { "{maximum_sharing_rate}" };
    let formula = format!(
        "IF({{standing}}=\"nothing\",0,IF({{standing}}=\"first year\",{{maximum_sharing_rate}},\
         IF({{standing}}=\"alternative\",{of_score},{standard})))"
    );
    let line = Line::new("sharing_rate", "Sharing rate that quality allows", Unit::Fraction);
    of.line(line, "F.3", if exact { rate } else { used }, exact.then_some(formula));
}

/// The factor of the half rate, where the agreement has one.
fn half_factor(of: &Settling<'_, '_>) -> Option<f64> {
    let law = of.story.law.as_ref()?;
    let factor: f64 = law.rules.at("settle.half_rate.factor", start_of(of.story.result)?).ok()?;
    (factor > 0.0).then_some(factor)
}

/// The loss rate of a two-sided track (M.F.3.3).
fn loss_rate(of: &mut Settling<'_, '_>, loss: LossRate, standing: Standing, maximum: f64, score: Option<f64>) {
    let line = |code: &str, label: &str| Line::new(code, label, Unit::Fraction);
    of.rule(line("loss_rate_least", "Lowest loss rate of the track"), "settle.loss_rate", Some(loss.floor));
    of.rule(line("loss_rate_most", "Highest loss rate of the track"), "settle.loss_rate", Some(loss.ceiling));
    let rate = match standing {
        _ if loss.floor == loss.ceiling => Some(loss.floor),
        Standing::Nothing => Some(loss.ceiling),
        Standing::FirstYear => Some((1.0 - maximum).clamp(loss.floor, loss.ceiling)),
        _ => score.map(|score| (1.0 - maximum * score).clamp(loss.floor, loss.ceiling)),
    };
    let result = of.story.result;
    let used = (result.outcome == "losses").then_some(result.final_rate);
    let exact = used.is_none_or(|used| rate.is_some_and(|rate| near(rate, used)));
    let score = if score.is_some() { "{quality_score}" } else { "1" };
    let within = |rate: String| format!("MAX({{loss_rate_least}},MIN({{loss_rate_most}},{rate}))");
    let formula = format!(
        "IF({{standing}}=\"nothing\",{{loss_rate_most}},IF({{standing}}=\"first year\",{},{}))",
        within("1-{maximum_sharing_rate}".into()),
        within(format!("1-{{maximum_sharing_rate}}*{score}"))
    );
    of.line(
        line("loss_rate", "Loss rate that quality allows"),
        "F.3",
        if exact { rate } else { used },
        exact.then_some(formula),
    );
}

/// The standing and its formula.
fn standing(of: &Settling<'_, '_>, era: QualityEra, first: FirstYear) -> (Standing, String) {
    let result = of.story.result;
    let set = |flag: Option<Flag>| flag == Some(Flag(true));
    let is = |code: &str| if of.has(code) { format!("{{{code}}}=1") } else { "FALSE".to_owned() };
    let alternative_counts = era == QualityEra::StandardOrAlternative;
    let (met, first_year) = (set(result.met_qps), set(result.met_first_year));
    let standing = if first == FirstYear::ScoreOfOne && first_year {
        Standing::FirstYear
    } else if met || (first == FirstYear::MeetsStandard && first_year) {
        Standing::Standard
    } else if alternative_counts && set(result.met_alt_qps) {
        Standing::Alternative
    } else {
        Standing::Nothing
    };
    let alternative = if alternative_counts { is("met_alternative") } else { "FALSE".into() };
    let standard = match first {
        FirstYear::MeetsStandard => format!("OR({},{})", is("met_standard"), is("first_year")),
        FirstYear::ScoreOfOne | FirstYear::None => is("met_standard"),
    };
    let by_standard = format!("IF({standard},\"standard\",IF({alternative},\"alternative\",\"nothing\"))");
    let formula = match first {
        FirstYear::ScoreOfOne => format!("IF({},\"first year\",{by_standard})", is("first_year")),
        FirstYear::MeetsStandard | FirstYear::None => by_standard,
    };
    (standing, formula)
}

/// The half rate of small savings (M.F.4).
fn half_rate(of: &mut Settling<'_, '_>, gross: &str) {
    let result = of.story.result;
    let (Some(law), Some(Flag(reduced))) = (&of.story.law, result.reduced_ss) else { return };
    let year = result.performance_year;
    let factor = half_factor(of);
    let (tracks, heads) = (
        law.rules.at::<Vec<String>>("settle.half_rate.tracks", year),
        law.rules.at::<f64>("settle.half_rate.head_count", year),
    );
    let (Some(factor), Ok(tracks), Ok(heads)) = (factor, tracks, heads) else { return };
    let key = "settle.half_rate.factor";
    of.rule(Line::new("half_factor", "Factor of the half rate for small savings", Unit::Fraction), key, Some(factor));
    let line = Line::new("half_heads", "Least assigned beneficiaries for it", Unit::Count);
    of.rule(line, "settle.half_rate.head_count", Some(heads));
    let citation = of.story.law.as_ref().and_then(|law| law.rules.find("settle.half_rate.tracks"));
    let citation = citation.map_or("", |rule| rule.citation.as_str());
    let line = Line::new("half_tracks", "Tracks and levels that it is open to", Unit::Text);
    let list = format!(" {} ", tracks.join(" "));
    of.block.push(line.from("rule settle.half_rate.tracks", citation).figure(WHOLE, list.as_str()));
    // Where the two-way benchmark turns a loss into a gain there are neither losses nor savings (M.E.5.4).
    let guarded = if of.has("guardrail") { ",{guardrail}<>1" } else { "" };
    let low = if of.has("revenue_category") { "{revenue_category}=\"Low Revenue\"" } else { "FALSE" };
    let formula = format!(
        "IF(AND({gross}>=0,ROUND({gross},2)<{{least_savings}},ROUND({gross},2)>0,{{sharing_rate}}>0,\
         {{n_ab}}>={{half_heads}},ISNUMBER(SEARCH(\" \"&{{track}}&\" \",{{half_tracks}})),{low}{guarded}),1,0)"
    );
    let line = Line::new("reduced", "Half rate for small savings: 1 where it applies", Unit::Count);
    of.line(line, "F.4", Some(f64::from(u8::from(reduced))), of.has("sharing_rate").then_some(formula));
}

/// How the ACO came out (M.F.1.6, M.E.5.4).
fn outcome(of: &mut Settling<'_, '_>, gross: &str) {
    let result = of.story.result;
    let reduced = if of.has("reduced") { "IF({reduced}=1,\"savings\",\"inside\")" } else { "\"inside\"" };
    let losses = format!(
        "IF(ROUND(-{gross},2)>={{least_savings}},IF({{risk_model}}=\"Two-Sided\",\"losses\",\"one_sided_losses\"),\"inside\")"
    );
    let plain = format!("IF({gross}>=0,IF(ROUND({gross},2)>={{least_savings}},\"savings\",{reduced}),{losses})");
    let formula = if of.has("guardrail") {
        format!("IF(AND({{guardrail}}=1,ROUND({gross},2)>=0),\"neither\",{plain})")
    } else {
        plain
    };
    let line = Line::new("outcome", "Outcome", Unit::Text).from("F.1.6", &of.citation("F.1"));
    // Without the rules a half rate cannot be told.
    let known = result.reduced_ss != Some(Flag(true)) || of.has("reduced");
    let mut line = line.how("savings or losses at or beyond the rate").figure(WHOLE, result.outcome.as_str());
    line.formulas[WHOLE] = known.then_some(formula);
    of.block.push(line);
}

/// The rate at which savings or losses are shared (M.F.5.6).
fn rates(of: &mut Settling<'_, '_>) {
    let half = if of.has("reduced") { "*IF({reduced}=1,{half_factor},1)" } else { "" };
    let loss = if of.has("loss_rate") { "{loss_rate}" } else { "0" };
    let known = of.has("sharing_rate") && (of.story.result.outcome != "losses" || of.has("loss_rate"));
    let formula = format!("IF({{outcome}}=\"savings\",{{sharing_rate}}{half},IF({{outcome}}=\"losses\",{loss},0))");
    of.step("final_rate", known.then_some(formula), "sharing or loss rate, by the outcome");
}

/// Whether two rates are the same but for noise.
fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-12
}

/// Dollars to the cent, half away from zero.
pub(super) fn cents(dollars: f64) -> f64 {
    (dollars * 100.0).round() / 100.0
}
