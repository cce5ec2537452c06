//! The walk as a page: one table per section, enrollment types side by side, the ACO as a whole on the right, the section of
//! the methodology at the end of each line and its citation below the table.

use super::Story;
use super::section::Section;
use crate::grid::{PAGE, thousands, wrap};
use acoledger_aco::tables::{BenchmarkStep, SavingsLosses};
use acoledger_schemas::rates::AcoYear;
use acoledger_schemas::values::{Cohort, EnrollmentType};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Width of an enrollment type's column, of the ACO's, and of the rule at the end.
const TYPE: usize = 11;
const WHOLE: usize = 17;
const RULE: usize = 8;

/// One line of a table: a value, or one for each type, of one kind and year.
struct Line {
    label: String,
    year: Option<i32>,
    unit: String,
    rule: String,
    citation: String,
    cells: Vec<(Option<EnrollmentType>, f64, String)>,
}

pub(super) fn page(stories: &[Story<'_>], arithmetic: bool) -> String {
    let mut out = String::new();
    for story in stories {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&heading(&story.steps[0], story.result));
        for section in Section::ALL {
            let steps: Vec<&BenchmarkStep> = story.steps.iter().filter(|step| Section::of(step) == section).collect();
            let mut lines = lines(&steps);
            match section {
                Section::Base => lines.splice(0..0, own_lines_of_base(story)).for_each(drop),
                Section::Spending => lines.splice(0..0, own_lines_of_year(story)).for_each(drop),
                _ => {}
            }
            if !lines.is_empty() {
                let _ = writeln!(out, "\n{}", section.title());
                table(&mut out, &lines, story, arithmetic);
            }
        }
        out.push_str(&expected(story));
        if let Some(result) = story.result {
            out.push_str(&ending(result));
        }
    }
    out
}

/// Steps of one kind together, in the order in which kinds first came, then by year.
fn lines(steps: &[&BenchmarkStep]) -> Vec<Line> {
    let mut kinds: Vec<(&str, &str)> = Vec::new();
    let mut lines: BTreeMap<(usize, Option<i32>), Line> = BTreeMap::new();
    for step in steps {
        let kind = (step.rule.as_str(), step.label.as_str());
        let at = kinds.iter().position(|known| *known == kind).unwrap_or_else(|| {
            kinds.push(kind);
            kinds.len() - 1
        });
        let year = step.calendar_year.map(|year| year.0);
        let line = lines.entry((at, year)).or_insert_with(|| Line {
            label: step.label.clone(),
            year,
            unit: step.unit.clone(),
            rule: step.rule.clone(),
            citation: step.citation.clone(),
            cells: Vec::new(),
        });
        line.cells.push((step.enrollment_type, step.value, step.inputs.clone()));
    }
    lines.into_values().collect()
}

/// What the walk starts from: the ACO's own figures of the base years.
fn own_lines_of_base(story: &Story<'_>) -> Vec<Line> {
    let year = story.steps[0].performance_year.0;
    own(story, |row| row.calendar_year.0 < year)
}

fn own_lines_of_year(story: &Story<'_>) -> Vec<Line> {
    let year = story.steps[0].performance_year.0;
    own(story, |row| row.calendar_year.0 == year)
}

fn own(story: &Story<'_>, wanted: impl Fn(&AcoYear) -> bool) -> Vec<Line> {
    let base = story.result.and_then(|result| result.current_start_date.rsplit('/').next()?.parse::<i32>().ok());
    let of_walk = |row: &AcoYear| {
        let year = row.calendar_year.0;
        year == row.performance_year.0 || base.is_none_or(|start| (start - 3..start).contains(&year))
    };
    type Pick = fn(&AcoYear) -> Option<f64>;
    let kinds: [(&str, &str, &str, Pick); 3] = [
        ("Person years", "person-years", "B.2", |row| row.person_years),
        ("Spending per person year", "dollars", "B.3.5", |row| row.per_capita),
        ("HCC score", "score", "C.1", |row| row.hcc_score),
    ];
    let rows: Vec<&&AcoYear> =
        story.own.iter().filter(|row| row.cohort == Cohort::All && of_walk(row) && wanted(row)).collect();
    let mut lines: BTreeMap<(usize, i32), Line> = BTreeMap::new();
    for (at, (label, unit, rule, pick)) in kinds.into_iter().enumerate() {
        for row in rows.iter().filter(|row| row.person_years.is_some_and(|years| years > 0.0)) {
            let Some(value) = pick(row) else { continue };
            let line = lines.entry((at, row.calendar_year.0)).or_insert_with(|| Line {
                label: label.into(),
                year: Some(row.calendar_year.0),
                unit: unit.into(),
                rule: rule.into(),
                citation: "given: rates/aco_year".into(),
                cells: Vec::new(),
            });
            line.cells.push((Some(row.enrollment_type), value, String::new()));
        }
    }
    lines.into_values().collect()
}

fn table(out: &mut String, lines: &[Line], story: &Story<'_>, arithmetic: bool) {
    let types: Vec<EnrollmentType> = EnrollmentType::ALL
        .into_iter()
        .filter(|kind| lines.iter().any(|line| line.cells.iter().any(|cell| cell.0 == Some(*kind))))
        .collect();
    let whole = lines.iter().any(|line| line.cells.iter().any(|cell| cell.0.is_none()));
    let whole_width = if whole { WHOLE } else { 0 };
    let label = PAGE - types.len() * TYPE - whole_width - RULE;
    if !types.is_empty() {
        let heads: String = types.iter().map(|kind| format!("{:>TYPE$}", kind.code())).collect();
        let aco = if whole { format!("{:>WHOLE$}", "ACO") } else { String::new() };
        let _ = writeln!(out, "{:label$}{heads}{aco}", "");
    }
    for (at, line) in lines.iter().enumerate() {
        let kin = |other: &Line| (&other.label, &other.rule) == (&line.label, &line.rule);
        let in_group = lines.iter().filter(|other| kin(other)).count() > 1;
        if in_group && !lines[..at].iter().any(kin) {
            let _ = writeln!(out, "{}", line.label);
        }
        let name = match (in_group, line.year) {
            (true, Some(year)) => format!("  {}", year_name(year, story)),
            (false, Some(year)) => format!("{}, {}", line.label, year_name(year, story)),
            _ => line.label.clone(),
        };
        let mut name = wrap_keeping_indent(&name, label - 1);
        let last = name.pop().unwrap_or_default();
        name.iter().for_each(|part| {
            let _ = writeln!(out, "{part}");
        });
        let cell = |kind: Option<EnrollmentType>, width: usize| {
            let found = line.cells.iter().find(|cell| cell.0 == kind);
            format!("{:>width$}", found.map_or(String::new(), |cell| amount(cell.1, &line.unit)))
        };
        let cells: String = types.iter().map(|kind| cell(Some(*kind), TYPE)).collect();
        let aco = if whole { cell(None, WHOLE) } else { String::new() };
        let _ = writeln!(out, "{last:label$}{cells}{aco}  {}", line.rule);
        for (kind, _, how) in line.cells.iter().filter(|cell| arithmetic && !cell.2.is_empty()) {
            let of = kind.map_or("ACO", EnrollmentType::code);
            for (i, text) in wrap(how, PAGE - 13).iter().enumerate() {
                let _ =
                    writeln!(out, "      {:<5}{} {text}", if i == 0 { of } else { "" }, if i == 0 { "=" } else { " " });
            }
        }
    }
    citations(out, lines);
}

/// The label on as many lines as it needs; an indented one keeps its indent.
fn wrap_keeping_indent(text: &str, width: usize) -> Vec<String> {
    let indent = &text[..text.len() - text.trim_start().len()];
    let lines = wrap(text, width.saturating_sub(indent.len() + 2));
    lines.into_iter().enumerate().map(|(i, line)| format!("{indent}{}{line}", if i > 0 { "  " } else { "" })).collect()
}

/// Where each line stands in the law, once for each section of the methodology.
fn citations(out: &mut String, lines: &[Line]) {
    let mut of_rule: Vec<(&str, &str)> = Vec::new();
    for line in lines {
        let pair = (line.rule.as_str(), line.citation.as_str());
        if !of_rule.contains(&pair) {
            of_rule.push(pair);
        }
    }
    let mut of_citation: Vec<(&str, Vec<&str>)> = Vec::new();
    for (rule, citation) in of_rule {
        match of_citation.iter_mut().find(|known| known.0 == citation) {
            Some((_, rules)) => rules.push(rule),
            None => of_citation.push((citation, vec![rule])),
        }
    }
    for (citation, rules) in of_citation {
        for (i, text) in wrap(&format!("{}: {citation}", rules.join(", ")), PAGE - 4).iter().enumerate() {
            let _ = writeln!(out, "{}{text}", if i == 0 { "  " } else { "    " });
        }
    }
}

/// `2021 (BY1)`.
fn year_name(year: i32, story: &Story<'_>) -> String {
    if year == story.steps[0].performance_year.0 {
        return format!("{year} (PY)");
    }
    let start = story.result.and_then(|result| result.current_start_date.rsplit('/').next()?.parse::<i32>().ok());
    match start.map(|start| year - start + 4) {
        Some(nth @ 1..=3) => format!("{year} (BY{nth})"),
        _ => year.to_string(),
    }
}

fn heading(step: &BenchmarkStep, result: Option<&SavingsLosses>) -> String {
    let mut out = format!("{}, performance year {}", step.aco_id, step.performance_year);
    if step.period.code() != "full" {
        let _ = write!(out, ", {}", step.period);
    }
    if let Some(result) = result {
        let name = result.aco_name.as_deref().map(|name| format!(" ({name})")).unwrap_or_default();
        let _ = write!(
            out,
            "{name}\ntrack {}, agreement from {}, {}, rulebook {}, {} assigned beneficiaries",
            result.current_track,
            result.current_start_date,
            result.assign_type.to_lowercase(),
            result.rulebook,
            thousands(&result.n_ab.to_string()),
        );
    }
    out + "\n"
}

fn amount(value: f64, unit: &str) -> String {
    match unit {
        "dollars" => thousands(&format!("{:.2}", value + 0.0)),
        "flag" | "lives" | "count" | "months" => thousands(&format!("{value:.0}")),
        "person-years" => thousands(&format!("{value:.2}")),
        _ => thousands(&format!("{value:.6}")),
    }
}

/// A term of the actual-to-expected walk for readers.
pub(super) fn term_label(term: &str) -> &'static str {
    match term {
        "historical_benchmark" => "Historical benchmark, at the mix of BY3",
        "risk" => "+ risk: scores from BY3 to the performance year",
        "national_trend" => "+ national trend, with its weight",
        "regional_trend" => "+ regional trend, with its weight",
        "acpt" => "+ prospective trend (ACPT), with its weight",
        "mix" => "+ mix: enrollment types of the performance year",
        "guardrail" => "+ guardrail: the two-way benchmark",
        "expected" => "= expected: updated benchmark",
        "actual" => "actual: spending of the performance year",
        "difference" => "expected minus actual",
        _ => "",
    }
}

/// From the historical benchmark to the expected, against the actual; terms that are nothing in this rulebook left out.
fn expected(story: &Story<'_>) -> String {
    if story.expected.is_empty() {
        return String::new();
    }
    let mut out =
        format!("\nFrom the historical benchmark to the expected\n{:54}{:>18}{:>22}\n", "", "per capita", "dollars");
    for row in &story.expected {
        let nothing = row.per_capita == 0.0 && row.dollars == 0.0 && matches!(row.term.as_str(), "acpt" | "guardrail");
        if !nothing {
            let (per_capita, dollars) =
                (thousands(&format!("{:.4}", row.per_capita)), thousands(&format!("{:.2}", row.dollars)));
            let _ = writeln!(out, "{:54}{per_capita:>18}{dollars:>22}", term_label(&row.term));
        }
    }
    out
}

fn ending(result: &SavingsLosses) -> String {
    let dollars = |number: i64| thousands(&number.to_string());
    format!(
        "\nbenchmark $ {} - expenditures $ {} = $ {} ({:.2} %, MSR {:.2} %): {}\nearned (owed when negative) $ {}\n",
        dollars(result.ab_tot_bnchmk),
        dollars(result.ab_tot_exp),
        dollars(result.bnchmk_min_exp),
        result.sav_rate,
        result.min_sav_perc,
        result.outcome.replace('_', " "),
        dollars(result.earn_save_loss),
    )
}
