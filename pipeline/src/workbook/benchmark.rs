//! The lines of the benchmark block: from base years to the historical benchmark, each a formula over those before it. What
//! follows stands in [`update`](super::update).

use super::block::{BY3, Block, COLUMNS, Figure, Line, PY, Story, TYPES, Unit, WHOLE, YEARS};
use super::update;
use acoledger_aco::benchmark::{Limit, Rulebook};
use acoledger_schemas::rates::AcoYear;

/// What floats may be off by where two amounts are compared, as in the stage itself.
const NOISE: &str = "noise_dollars";

/// The benchmark of one ACO and performance year, line by line.
pub(super) fn block(story: &Story<'_>) -> Block {
    let mut of = Lines { story, block: Block::default() };
    of.weights();
    (0..=BY3).for_each(|year| of.base_year(year));
    of.block.heading("Benchmark of the base years, and its adjustment");
    of.before_adjustment();
    of.regional_adjustment();
    of.other_adjustments();
    of.historical();
    update::lines(&mut of);
    of.block.end_heading();
    of.block
}

/// A block in the making.
pub(super) struct Lines<'l, 's> {
    pub(super) story: &'l Story<'s>,
    pub(super) block: Block,
}

impl Lines<'_, '_> {
    /// A line of the walk: figures of the steps of a name, formulas where `formula` has one; none if no step has the name.
    pub(super) fn walk(&mut self, name: &str, formula: impl Fn(&Lines<'_, '_>, usize) -> Option<String>) {
        let steps: Vec<_> = (0..COLUMNS).map(|column| self.story.step(name, column)).collect();
        let Some(first) = steps.iter().flatten().next() else { return };
        let mut line = Line::new(name, &first.label, Unit::of(&first.unit)).from(&first.rule, &first.citation);
        line.year = first.calendar_year.map(|year| year.0);
        for (column, step) in steps.iter().enumerate() {
            let Some(step) = step else { continue };
            line.figures[column] = Some(Figure::Number(step.value));
            line.formulas[column] = formula(self, column);
        }
        self.block.push(line);
    }

    /// A line of the walk that no formula of the workbook leads to.
    pub(super) fn given(&mut self, name: &str) {
        self.walk(name, |_, _| None);
    }

    /// A number of the law, from a rule.
    pub(super) fn rule(&mut self, code: &str, label: &str, unit: Unit, key: &str, value: Option<f64>) {
        let (Some(value), Some(law)) = (value, &self.story.law) else { return };
        let citation = law.rules.find(key).map_or("", |rule| rule.citation.as_str());
        self.block.push(Line::new(code, label, unit).from(&format!("rule {key}"), citation).figure(WHOLE, value));
    }

    /// A column of the ACO's own figures.
    pub(super) fn own(&mut self, year: usize, line: Line, of: fn(&AcoYear) -> Option<f64>) {
        let mut line = line.of_year(self.story.years[year]).from("table rates/aco_year", "");
        for kind in TYPES {
            line.figures[kind] = self.story.own[year][kind].and_then(of).map(Figure::Number);
        }
        self.block.push(line);
    }

    /// Name of the regional spending of a year, which carries the calendar year.
    pub(super) fn regional(&self, year: usize) -> String {
        format!("regional_per_capita_{}", self.story.years[year])
    }

    /// The code of a score of BY3: for a type empty in BY3 that of the performance year (M.C.6).
    pub(super) fn by3(&self, score: &str, kind: usize) -> String {
        let year = if self.story.own[BY3][kind].is_some() { BY3 } else { PY };
        format!("{{{score}_{}}}", YEARS[year])
    }

    /// A mean over the types, as formula of the whole.
    fn mean_of(&self, column: usize, values: &str, weights: &str) -> Option<String> {
        if column == WHOLE { self.block.mean(values, weights) } else { None }
    }

    fn weights(&mut self) {
        self.block.heading("Weights");
        let weights = self.story.law.as_ref().map(|law| law.benchmark.year_weights);
        for year in 0..=BY3 {
            let label = format!("Weight of benchmark year {}", year + 1);
            let code = format!("weight_{}", YEARS[year]);
            self.rule(&code, &label, Unit::Weight, "benchmark.year_weights", weights.map(|weights| weights[year]));
        }
        self.given("market_share_BY3");
    }

    /// One base year: what it is made of, and what it comes to (M.C.2, M.D.1.4-1.9).
    fn base_year(&mut self, year: usize) {
        let (name, calendar) = (YEARS[year], self.story.years[year]);
        self.block.heading(&format!("Benchmark year {} ({calendar})", year + 1));
        self.person_years(year, &format!("person_years_{name}"), "Person years");
        let per_capita = Line::new(&format!("per_capita_{name}"), "Spending per person year", Unit::Dollars);
        self.own(year, per_capita, |row| row.per_capita);
        self.own(year, Line::new(&format!("hcc_{name}"), "HCC score", Unit::Score), |row| row.hcc_score);
        if self.story.law.as_ref().is_none_or(|law| law.benchmark.rulebook == Rulebook::S652) && year == BY3 {
            let line = Line::new(&format!("demographic_{name}"), "Demographic score", Unit::Score);
            self.own(year, line, |row| row.demographic_score);
        }
        self.national(year);
        let regional = self.regional(year);
        self.given(&regional);
        self.walk(&format!("risk_ratio_{name}"), |of, kind| {
            let own = format!("hcc_{name}");
            (of.block.has(&own, kind)).then(|| format!("{}/{{{own}}}", of.by3("hcc", kind)))
        });
        self.growth_to_by3(year);
        self.walk(&format!("trend_factor_{name}"), |of, kind| {
            let (national, regional) = (format!("national_trend_{name}"), format!("regional_trend_{name}"));
            match (of.block.has(&national, kind), of.block.has(&regional, kind)) {
                (true, false) => Some(format!("{{{national}}}")),
                (false, true) => Some(format!("{{{regional}}}")),
                (true, true) if of.block.has("market_share_BY3", kind) => {
                    Some(format!("{{market_share_BY3}}*{{{national}}}+(1-{{market_share_BY3}})*{{{regional}}}"))
                }
                _ => None,
            }
        });
        self.walk(&format!("trended_{name}"), |_, _| {
            Some(format!("{{per_capita_{name}}}*{{risk_ratio_{name}}}*{{trend_factor_{name}}}"))
        });
    }

    /// Growth to BY3, whose lines stand further below: references go by name, not by place.
    fn growth_to_by3(&mut self, year: usize) {
        let name = YEARS[year];
        let regional = [self.regional(BY3), self.regional(year)];
        self.walk(&format!("national_trend_{name}"), |_, _| {
            Some(format!("{{national_per_capita_BY3}}/{{national_per_capita_{name}}}"))
        });
        self.walk(&format!("regional_trend_{name}"), |_, _| Some(format!("{{{}}}/{{{}}}", regional[0], regional[1])));
    }

    /// Person years of a year, and their sum.
    pub(super) fn person_years(&mut self, year: usize, code: &str, label: &str) {
        let mut line = Line::new(code, label, Unit::PersonYears).of_year(self.story.years[year]);
        line = line.from("table rates/aco_year", "");
        for kind in TYPES {
            line.figures[kind] = self.story.own[year][kind].and_then(|row| row.person_years).map(Figure::Number);
        }
        let all: Vec<f64> = line.figures.iter().flatten().filter_map(Figure::number).collect();
        if !all.is_empty() {
            line = line.figure(WHOLE, all.iter().sum::<f64>()).formula(WHOLE, format!("SUM({{{code}@types}})"));
        }
        self.block.push(line);
    }

    pub(super) fn national(&mut self, year: usize) {
        let code = format!("national_per_capita_{}", YEARS[year]);
        let mut line = Line::new(&code, "National spending per person year", Unit::Dollars);
        line = line.of_year(self.story.years[year]).from("table rates/national", "");
        for kind in TYPES {
            line.figures[kind] = self.story.national[year][kind].map(Figure::Number);
        }
        self.block.push(line);
    }

    /// The mean of the base years that the type has; without any the region or the nation at the ACO's risk (M.D.1.10, M.C.6).
    fn before_adjustment(&mut self) {
        let regional = self.regional(BY3);
        self.walk("benchmark_before_adjustment", |of, kind| {
            let years: Vec<&str> =
                YEARS[..=BY3].iter().copied().filter(|year| of.block.has(&format!("trended_{year}"), kind)).collect();
            if years.is_empty() {
                let area = if of.block.has(&regional, kind) { &regional } else { "national_per_capita_BY3" };
                return Some(format!("{{{area}}}*{}", of.by3("hcc", kind)));
            }
            if !of.block.has("weight_BY1", WHOLE) {
                return None;
            }
            let terms: Vec<String> =
                years.iter().map(|year| format!("{{weight_{year}@ACO}}*{{trended_{year}}}")).collect();
            let sum: Vec<String> = years.iter().map(|year| format!("{{weight_{year}@ACO}}")).collect();
            Some(format!("({})/({})", terms.join("+"), sum.join("+")))
        });
    }

    /// M.D.2.
    fn regional_adjustment(&mut self) {
        let regional = self.regional(BY3);
        self.walk("regional_difference", |of, kind| {
            Some(format!("{{{regional}}}*{}-{{benchmark_before_adjustment}}", of.by3("hcc", kind)))
        });
        self.walk("net", |of, column| of.mean_of(column, "regional_difference", "person_years_BY3"));
        self.given("regional_weight");
        self.offset();
        self.walk("regional_adjustment_before_limits", |_, _| {
            Some("{regional_weight@ACO}*{regional_difference}".into())
        });
        let limits = self.story.law.as_ref().and_then(|law| law.benchmark.regional.as_ref()).map(|rules| rules.limits);
        for (code, label, step, limit) in [
            (
                "limit_up",
                "Limit of a positive regional adjustment, of national spending",
                "regional_limit_up",
                limits.map(|limits| limits.up),
            ),
            (
                "limit_down",
                "Limit of a negative regional adjustment, of national spending",
                "regional_limit_down",
                limits.map(|limits| limits.down),
            ),
        ] {
            let fraction = if let Some(Limit::Of(fraction)) = limit { Some(fraction) } else { None };
            self.rule(code, label, Unit::Fraction, "benchmark.regional_limit", fraction);
            self.walk(step, |of, _| {
                of.block.has(code, WHOLE).then(|| format!("{{{code}@ACO}}*{{national_per_capita_BY3}}"))
            });
        }
        self.walk("regional_adjustment", |of, kind| {
            let raw = "{regional_adjustment_before_limits}";
            let limited = |function: &str, step: &str, sign: &str| {
                if of.block.has(step, kind) { format!("{function}({raw},{sign}{{{step}}})") } else { raw.to_owned() }
            };
            let up = limited("MIN", "regional_limit_up", "");
            let mut down = limited("MAX", "regional_limit_down", "-");
            if of.block.has("offset_factor", WHOLE) {
                down = format!("{down}*(1-{{offset_factor@ACO}})");
            }
            Some(format!("IF({raw}>=0,{up},{down})"))
        });
        self.walk("regional_adjustment_single", |of, column| {
            of.mean_of(column, "regional_adjustment", "person_years_BY3")
        });
    }

    /// What negative regional adjustments shrink by (M.D.2.5).
    fn offset(&mut self) {
        if self.story.value("dual_share", WHOLE).is_none() {
            return;
        }
        if let Some(dual) = self.story.heads[0].and_then(|heads| heads.dual_person_years) {
            let line = Line::new("dual_person_years", "Dual person years of BY3", Unit::PersonYears);
            self.block.push(line.from("table rates/aco_heads", "").figure(WHOLE, dual));
        }
        self.walk("dual_share", |of, _| {
            of.block.has("dual_person_years", WHOLE).then(|| "{dual_person_years}/{person_years_BY3}".into())
        });
        self.walk("H", |_, _| {
            let spending = "{per_capita_BY3@types},{person_years_BY3@types}";
            Some(format!("SUMPRODUCT({{hcc_BY3@types}},{spending})/SUMPRODUCT({spending})"))
        });
        self.walk("offset_factor", |_, _| Some("MIN(1,MAX(0,{dual_share}+{H}-1))".into()));
    }

    /// Prior savings and the population adjustment (M.D.3), and the add-back of 425.603(b) (M.D.4.2).
    fn other_adjustments(&mut self) {
        self.given("add_back");
        self.given("prior_savings_average");
        self.given("proration");
        self.walk("national_single", |of, column| of.mean_of(column, "national_per_capita_BY3", "person_years_BY3"));
        let of_652 = self.story.law.as_ref().and_then(|law| law.benchmark.of_652.clone());
        let of = |read: fn(&acoledger_aco::benchmark::Rules652) -> f64| of_652.as_ref().map(read);
        let label = "Share of prior savings that is given back";
        let (share, limit) = (of(|rules| rules.prior_savings_share), of(|rules| rules.prior_savings_limit));
        self.rule("prior_share", label, Unit::Fraction, "benchmark.prior_savings.share", share);
        let label = "Limit of prior savings, of national spending";
        self.rule("prior_limit", label, Unit::Fraction, "benchmark.prior_savings.limit", limit);
        self.walk("prior_savings_adjustment", |of, _| {
            let known = of.block.has("proration", WHOLE) && of.block.has("prior_share", WHOLE);
            let paid = "{prior_share}*{prior_savings_average}*{proration}";
            let limited = format!("MIN({paid},{{prior_limit}}*{{national_single}})");
            known.then(|| format!("IF({{prior_savings_average}}>{NOISE},{limited},0)"))
        });
        if self.story.value("scaler", WHOLE).is_some() {
            let label = "Limit of the population adjustment, of national spending";
            let (limit, least) = (of(|rules| rules.population_limit), of(|rules| rules.population_least_share));
            self.rule("population_limit", label, Unit::Fraction, "benchmark.population.limit", limit);
            let label = "Least share of beneficiaries with low income or dual status";
            self.rule("population_least", label, Unit::Fraction, "benchmark.population.least_share", least);
            if let Some(share) = self.story.heads[1].and_then(|heads| heads.lis_or_dual_share) {
                let line =
                    Line::new("lis_or_dual_share", "Share with low-income subsidy or dual status", Unit::Fraction);
                self.block.push(line.from("table rates/aco_heads", "").figure(WHOLE, share));
            }
        }
        self.walk("scaler", |of, _| {
            let other = "MAX({regional_adjustment_single},{prior_savings_adjustment},0)";
            of.block
                .has("population_limit", WHOLE)
                .then(|| format!("MAX(0,{{population_limit}}*{{national_single}}-{other})"))
        });
        self.walk("population_adjustment", |of, _| {
            let known = of.block.has("population_least", WHOLE) && of.block.has("lis_or_dual_share", WHOLE);
            let paid = "IF({lis_or_dual_share}>={population_least},{scaler}*{lis_or_dual_share},0)";
            known.then(|| paid.into())
        });
    }

    /// Which adjustment is applied, and the benchmark with it (M.D.3.6, M.D.1.11, M.D.1.12).
    fn historical(&mut self) {
        let has = |of: &Lines<'_, '_>, code: &str| of.block.has(code, WHOLE);
        let (prior, population) = (has(self, "prior_savings_adjustment"), has(self, "population_adjustment"));
        let mut line = Line::new("final_adjustment", "Adjustment that applies: the highest, if above 0", Unit::Text);
        let citation = TYPES.filter_map(|kind| self.story.step("adjustment", kind)).next();
        let citation = citation.map_or("", |step| step.citation.as_str());
        line = line.from("D.3.6", citation).figure(WHOLE, self.story.result.final_adj_cat.as_str());
        if prior {
            let [regional, prior] = ["{regional_adjustment_single}", "{prior_savings_adjustment}"];
            let other = if population { "{population_adjustment}" } else { "0" };
            let (not_above, noise) = (|a: &str, b: &str| format!("{a}-{b}<={NOISE}"), NOISE);
            line = line.formula(
                WHOLE,
                format!(
                    "IF(AND({regional}>{noise},{},{}),\"Regional Adjustment\",IF(AND({prior}>{noise},{}),\
                     \"Prior Savings Adjustment\",IF({other}>{noise},\"Population Adjustment\",\"No Adjustment\")))",
                    not_above(prior, regional),
                    not_above(other, regional),
                    not_above(other, prior)
                ),
            );
        }
        self.block.push(line);
        self.walk("adjustment", |of, _| {
            let choice = |name: &str, amount: &str, other: &str| {
                format!("IF({{final_adjustment@ACO}}=\"{name}\",{{{amount}}},{other})")
            };
            if prior {
                let last = if population {
                    choice("Population Adjustment", "population_adjustment@ACO", "0")
                } else {
                    "0".to_owned()
                };
                let prior = choice("Prior Savings Adjustment", "prior_savings_adjustment@ACO", &last);
                return Some(choice("Regional Adjustment", "regional_adjustment", &prior));
            }
            let one = ["add_back", "regional_adjustment_single"].into_iter().find(|code| has(of, code))?;
            Some(if one == "add_back" { "{add_back@ACO}" } else { "{regional_adjustment}" }.into())
        });
        self.walk("historical_benchmark", |of, column| match column {
            WHOLE => None,
            _ => {
                Some("{benchmark_before_adjustment}+{adjustment}".into()).filter(|_| of.block.has("adjustment", column))
            }
        });
        // The whole's formula needs the types' figures, which the line that was just made holds.
        self.finish_mean("historical_benchmark", "person_years_BY3");
    }

    /// Gives a line the mean of its types as formula of the whole.
    pub(super) fn finish_mean(&mut self, code: &str, weights: &str) {
        let formula = self.block.mean(code, weights);
        if let Some(at) = self.block.place(code)
            && self.block.lines[at].figures[WHOLE].is_some()
        {
            self.block.lines[at].formulas[WHOLE] = formula;
        }
    }
}
