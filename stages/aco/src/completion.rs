//! Completion of spending by the run-out of the claims (M.B.3).

use acoledger_schemas::program::Program;
use acoledger_schemas::rules::{RuleError, Rules};
use acoledger_schemas::study::Maturity;
use acoledger_schemas::table::{Problem, Problems};
use serde::Deserialize;

/// Report of `completion_factor` that completes claims with three months of run-out.
const ANNUAL: &str = "annual";
/// Report that completes claims with less.
const PRELIMINARY: &str = "preliminary";

/// Factors by calendar year.
pub(crate) struct Completion<'r> {
    program: &'r Program,
    rules: &'r Rules,
    maturity: Maturity,
}

/// Values of `rates.completion_factor`.
#[derive(Deserialize)]
struct Factors {
    three_months: f64,
    mature: f64,
}

impl<'r> Completion<'r> {
    pub(crate) fn new(program: &'r Program, rules: &'r Rules, maturity: Maturity) -> Completion<'r> {
        Completion { program, rules, maturity }
    }

    /// The factor of a year's claims: nothing to complete when they are mature, else what the program files give, else the
    /// rule's.
    ///
    /// # Errors
    /// Claims with less than three months of run-out and no factor for them; a year before the rule's first.
    pub(crate) fn of(&self, year: i32) -> Result<f64, Problems> {
        let refused = |error: RuleError| problem(year, error.to_string(), None);
        let factors: Factors = self.rules.at("rates.completion_factor", year).map_err(refused)?;
        let mature_after: i32 = self.rules.at("rates.mature_after", year).map_err(refused)?;
        let run_out: i32 = self.rules.at("spend.run_out.months", year).map_err(refused)?;
        let months = match self.maturity {
            Maturity::Mature => return Ok(factors.mature),
            Maturity::ThreeMonths => run_out,
            // Months that were over when the last claims were processed.
            Maturity::Through(day) => acoledger_schemas::values::Date(day.0 + 1).month_index() - (year + 1) * 12,
        };
        if months >= mature_after {
            return Ok(factors.mature);
        }
        let report = if months >= run_out { ANNUAL } else { PRELIMINARY };
        match self.given(year, report) {
            Some(factor) => Ok(factor),
            None if months >= run_out => Ok(factors.three_months),
            None => {
                let what = format!(
                    "claims of {year} are known for {} months after its end: no factor for them",
                    months.max(0)
                );
                let hint =
                    format!("give a row of {year} with report `{report}`, or wait for {run_out} months of run-out");
                Err(problem(year, what, Some(hint)))
            }
        }
    }

    fn given(&self, year: i32, report: &str) -> Option<f64> {
        let mut rows = self.program.completion_factor.iter().flatten();
        rows.find(|row| row.calendar_year.0 == year && row.report == report).map(|row| row.factor)
    }
}

fn problem(year: i32, what: String, hint: Option<String>) -> Problems {
    let hint = hint.or(Some(format!("M.B.3 completes the spending of {year}")));
    Problem { file: "program/completion_factor".into(), line: 0, column: "factor".into(), what, value: None, hint }
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use acoledger_schemas::program::CompletionFactor;
    use acoledger_schemas::values::{CalendarYear, Date};

    fn check(maturity: Maturity, year: i32, expected: Option<f64>) {
        let rules = Rules::built_in().expect("the shipped rules are sound");
        let given = CompletionFactor { calendar_year: CalendarYear(2022), report: ANNUAL.into(), factor: 1.02 };
        let program = Program { completion_factor: Some(vec![given]), ..Program::default() };
        let got = Completion::new(&program, &rules, maturity).of(year).ok();
        assert_eq!(got, expected, "{maturity:?} {year}");
    }

    #[test]
    fn factors_follow_the_run_out() {
        let through = |year, month, day| Maturity::Through(Date::new(year, month, day).expect("a day"));
        check(Maturity::Mature, 2022, Some(1.0));
        check(Maturity::ThreeMonths, 2021, Some(1.013));
        check(Maturity::ThreeMonths, 2022, Some(1.02));
        check(through(2025, 3, 31), 2024, Some(1.013));
        check(through(2025, 3, 31), 2023, Some(1.0)); // 15 months
        check(through(2024, 12, 30), 2023, Some(1.013)); // 11 months and 30 days
        check(through(2024, 12, 31), 2023, Some(1.0));
        check(through(2025, 3, 30), 2024, None);
        check(through(2023, 6, 30), 2022, Some(1.02));
    }
}
