//! The lines of the settlement block (M.F.5): benchmark against spending, the tests, rates, payments, and what is published.
//!
//! A line that the run has no step for, since its branch was not taken, stands with the figure that the same arithmetic gives:
//! so a reader may change a cell and see the ACO come out otherwise.

use super::block::{Block, Line, Story, Unit, WHOLE};
use super::{gather, outcome, payment};

/// The settlement of one ACO and performance year, line by line.
pub(super) fn block(story: &Story<'_>) -> Block {
    let mut of = Settling { story, block: Block::default(), share: "" };
    of.facts();
    of.totals();
    outcome::lines(&mut of);
    payment::lines(&mut of);
    of.published();
    of.block.end_heading();
    of.block
}

/// A block in the making.
pub(super) struct Settling<'l, 's> {
    pub(super) story: &'l Story<'s>,
    pub(super) block: Block,
    /// What a formula is multiplied by that scales a whole year's dollars: nothing, or the share of a half-year.
    pub(super) share: &'static str,
}

impl Settling<'_, '_> {
    /// A step of the walk, with a formula where there is one.
    pub(super) fn step(&mut self, name: &str, formula: Option<String>, how: &str) {
        let Some(step) = self.story.step(name, WHOLE) else { return };
        let line = Line::new(name, &step.label, Unit::of(&step.unit)).from(&step.rule, &step.citation).how(how);
        let mut line = line.figure(WHOLE, step.value);
        line.formulas[WHOLE] = formula;
        self.block.push(line);
    }

    /// A line of our own under a section of the law that a step cites.
    pub(super) fn line(&mut self, line: Line, section: &str, figure: Option<f64>, formula: Option<String>) {
        let Some(figure) = figure else { return };
        let citation = self.citation(section);
        let mut line = line.from(section, &citation).figure(WHOLE, figure);
        line.formulas[WHOLE] = formula;
        self.block.push(line);
    }

    /// Where a section stands in the law: as the rule says that decides it, else as the steps of the walk do.
    pub(super) fn citation(&self, section: &str) -> String {
        let key = match section {
            "E.5" => "settle.guardrail",
            "F.3" | "F.3.1" => "settle.quality.era",
            "F.4" => "settle.half_rate.factor",
            _ => "",
        };
        let rule = self.story.law.as_ref().and_then(|law| law.rules.find(key));
        let step = |wanted: &dyn Fn(&str) -> bool| self.story.steps.iter().find(|step| wanted(&step.rule));
        let family = section.rsplit_once('.').map_or(section, |(family, _)| family);
        let section = if section == "F.10" { "F.5.9" } else { section };
        let near = || step(&|rule| rule == section).or_else(|| step(&|rule| rule.starts_with(family)));
        rule.map_or_else(|| near().map_or_else(String::new, |step| step.citation.clone()), |rule| rule.citation.clone())
    }

    /// A number of the law, from a rule.
    pub(super) fn rule(&mut self, line: Line, key: &str, value: Option<f64>) {
        let (Some(value), Some(law)) = (value, &self.story.law) else { return };
        let citation = law.rules.find(key).map_or("", |rule| rule.citation.as_str());
        self.block.push(line.from(&format!("rule {key}"), citation).figure(WHOLE, value));
    }

    /// A figure of the results, as text or number, that nothing leads to.
    pub(super) fn given(&mut self, line: Line, figure: Option<impl Into<super::block::Figure>>) {
        if let Some(figure) = figure {
            self.block.push(line.from("table savings_losses", "").figure(WHOLE, figure));
        }
    }

    /// Whether a line is there.
    pub(super) fn has(&self, code: &str) -> bool {
        self.block.has(code, WHOLE)
    }

    /// A line's figure.
    pub(super) fn value(&self, code: &str) -> Option<f64> {
        self.block.figure(code, WHOLE)
    }

    /// Who the ACO is.
    fn facts(&mut self) {
        self.block.heading("The ACO");
        let result = self.story.result;
        let text = |code: &str, label: &str| Line::new(code, label, Unit::Text);
        self.given(text("aco_name", "Name"), result.aco_name.as_deref());
        let agreement = format!("{}, number {}", result.agree_type, result.agreement_period_num);
        self.given(text("agreement", "Agreement period"), Some(agreement.as_str()));
        self.given(text("agreement_start", "First day of the agreement"), Some(result.current_start_date.as_str()));
        self.given(text("track", "Track or level"), Some(result.current_track.code()));
        self.given(text("risk_model", "Risk model"), Some(result.risk_model.as_str()));
        self.given(text("assignment", "Assignment method"), Some(result.assign_type.as_str()));
        let rulebook = format!("42 CFR {}", result.rulebook);
        self.given(text("rulebook", "Rulebook of the benchmark"), Some(rulebook.as_str()));
        self.given(text("revenue_category", "Revenue category"), result.rev_exp_cat.as_deref());
        let heads = Line::new("n_ab", "Assigned beneficiaries", Unit::Count);
        self.given(heads, Some(result.n_ab as f64));
        self.given(text("imputed", "Imputed, and by which rule"), result.imputed.as_deref());
    }

    /// Per capita amounts × person years, and their difference (M.F.5.2, M.F.5.3).
    fn totals(&mut self) {
        self.block.heading("Benchmark against spending");
        let of_benchmark = |code: &str| Some(format!("{{benchmark:{code}@ACO}}"));
        let is_half = gather::is_half(self.story.result);
        if is_half {
            let line =
                Line::new("period_share", "Share of the year's dollars that the half-year carries", Unit::Fraction);
            self.rule(line, "settle.half_year_share", self.story.period_share());
            self.share = "*{period_share}";
        }
        // A half-year whose share is not known cannot be scaled by formula.
        let known = !is_half || self.has("period_share");
        self.step("updated_benchmark", of_benchmark("updated_benchmark"), "from the benchmark, per person year");
        let two_way = self.story.result.two_way_benchmark;
        let label = "Updated benchmark without the prospective trend";
        let line =
            Line::new("two_way_updated_benchmark", label, Unit::Dollars).how("from the benchmark, for the guardrail");
        self.line(line, "E.5.2", two_way, of_benchmark("two_way_updated_benchmark"));
        self.step("per_capita_expenditure", of_benchmark("per_capita_expenditure"), "from the benchmark");
        self.step("person_years", of_benchmark("person_years"), "from the benchmark");
        outcome::msr(self);
        outcome::guardrail(self);
        let share = self.share;
        let formula = |text: String| known.then_some(text);
        let total = formula(format!("{{benchmark_used}}*{{person_years}}{share}"));
        self.step("total_benchmark", total, "benchmark that counts × person years");
        let total = formula(format!("{{per_capita_expenditure}}*{{person_years}}{share}"));
        self.step("total_expenditures", total, "spending × person years");
        let difference = Some("{total_benchmark}-{total_expenditures}".into());
        self.step("gross_savings", difference, "benchmark − expenditures");
        let rate = self.value("gross_savings").zip(self.value("total_benchmark")).map(|(a, b)| a / b);
        let line = Line::new("savings_rate", "Savings rate: difference of the benchmark", Unit::Fraction);
        let line = line.how("difference ÷ total benchmark");
        self.line(line, "F.5.3", rate, Some("{gross_savings}/{total_benchmark}".into()));
    }

    /// What the results publish, rounded there and nowhere before (M.F.10).
    fn published(&mut self) {
        self.block.heading("As published (M.F.10), columns of CMS's results file");
        let of = self.story.result;
        for (code, label, figure, line) in [
            (
                "HistBnchmk",
                "Historical benchmark, per person year",
                of.hist_bnchmk,
                "benchmark:historical_benchmark@ACO",
            ),
            ("UpdatedBnchmk", "Updated benchmark, per person year", of.updated_bnchmk, "benchmark_used"),
            ("ABtotBnchmk", "Total benchmark", of.ab_tot_bnchmk, "total_benchmark"),
            ("ABtotExp", "Total expenditures", of.ab_tot_exp, "total_expenditures"),
            ("BnchmkMinExp", "Benchmark minus expenditures", of.bnchmk_min_exp, "gross_savings"),
        ] {
            self.column(code, label, (Unit::WholeDollars, figure as f64), Some(format!("ROUND({{{line}}},0)")));
        }
        let percent = |line: &str| Some(format!("ROUND({{{line}}}*100,2)"));
        self.column("Sav_rate", "Savings rate, percent", (Unit::Percent, of.sav_rate), percent("savings_rate"));
        self.column("MinSavPerc", "Minimum savings rate, percent", (Unit::Percent, of.min_sav_perc), percent("msr"));
        let generated = self.generated();
        let figure = (Unit::WholeDollars, of.gen_save_loss as f64);
        self.column("GenSaveLoss", "Generated savings or losses", figure, generated);
        let figure = (Unit::WholeDollars, of.earn_save_loss as f64);
        self.column("EarnSaveLoss", "Earned savings, or losses owed", figure, Some("ROUND({earned},0)".into()));
    }

    /// A published column.
    fn column(&mut self, code: &str, label: &str, (unit, figure): (Unit, f64), formula: Option<String>) {
        let line = Line::new(code, label, unit).from(&format!("{code} of savings_losses"), "");
        let mut line = line.figure(WHOLE, figure);
        line.formulas[WHOLE] = formula;
        self.block.push(line);
    }

    /// The formula of generated savings or losses; none without the rule that says whether losses of one-sided ACOs are shown.
    fn generated(&self) -> Option<String> {
        let result = self.story.result;
        let law = self.story.law.as_ref();
        let shown: Option<bool> =
            law.and_then(|law| law.rules.at("settle.generated.one_sided_losses", result.performance_year).ok());
        let mut codes = String::from("{outcome}=\"savings\",{outcome}=\"losses\"");
        if shown == Some(true) {
            codes.push_str(",{outcome}=\"one_sided_losses\"");
        }
        let known = shown.is_some() || result.outcome != "one_sided_losses";
        known.then(|| format!("ROUND(IF(OR({codes}),{{gross_savings}},0),0)"))
    }
}
