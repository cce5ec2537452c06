//! The story of a life as a page: its months, and for each list the windows, entities, rows and decisions; citations below.

use super::Answer;
use crate::grid::{Format, Grid, Head, PAGE, Value, thousands, wrap};
use crate::lake::span;
use acoledger_person::MonthSpan;
use acoledger_person::explain::{
    Candidate, Condition, LifeStory, ListStory, Role, Verdict, WindowLine, WindowStory, YearOfLife,
};
use acoledger_schemas::values::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Writes the page.
pub(crate) fn page(answer: &Answer) -> String {
    let story = &answer.story;
    let mut out = format!("Life {}\n", story.bene_id);
    let day = |what: &str, day: Option<Date>| day.map(|day| format!("{what} {day}"));
    let days: Vec<String> =
        [day("born", story.birth_date), day("died", story.death_date)].into_iter().flatten().collect();
    if !days.is_empty() {
        let _ = writeln!(out, "{}", days.join(", "));
    }
    months(&mut out, story);
    given(&mut out, story);
    for list in &story.lists {
        list_page(&mut out, story, list);
    }
    citations(&mut out, answer);
    out
}

/// The months of every year that a window of the lists looks at.
fn months(out: &mut String, story: &LifeStory) {
    let mut years = BTreeSet::new();
    for list in &story.lists {
        years.insert(list.calendar_year);
        for window in &list.windows {
            let first = window.judged.0.min(window.months.0).min(window.expanded.map_or(i32::MAX, |months| months.0));
            years.extend(first.div_euclid(12)..=window.months.1.div_euclid(12));
        }
    }
    let mut grid = Grid::new(&["", "JFMAMJJASOND", "enrollment type", "residence"].map(Head::Left));
    let mut seen = BTreeSet::new();
    for year in story.enrollment.iter().filter(|year| years.contains(&year.calendar_year)) {
        let strip: String = year
            .months
            .iter()
            .map(|month| {
                let symbol = if !month.alive {
                    '.'
                } else if month.plan {
                    'P'
                } else if month.parts == "both" {
                    if month.episode { 'c' } else { '+' }
                } else if month.parts == "one" {
                    '1'
                } else {
                    '-'
                };
                seen.insert(symbol);
                symbol
            })
            .collect();
        let kinds = runs(year, |month| month.enrollment_type.map(str::to_owned));
        let places = runs(year, |month| {
            let county = month.county.clone().filter(|_| month.alive)?;
            Some(if month.inside { county } else { format!("{county}, outside the United States") })
        });
        let places = if year.on_record { places } else { "no record of the year".into() };
        grid.push(vec![year.calendar_year.to_string().into(), strip.into(), kinds.into(), places.into()]);
    }
    let legend = [
        ('+', "in Parts A and B, fee-for-service"),
        ('c', "the same, in a COVID-19 episode"),
        ('P', "in a health plan"),
        ('1', "one part only"),
        ('-', "neither part"),
        ('.', "after death"),
    ];
    let legend: Vec<String> = legend
        .iter()
        .filter(|(symbol, _)| seen.contains(symbol))
        .map(|(symbol, what)| format!("{symbol} {what}"))
        .collect();
    let _ = write!(out, "\nMonths (M.A.1, M.B.2)\n{}  {}\n", indent(&grid.render(Format::Table)), legend.join("; "));
}

/// What the months of a year say, as one word where they agree.
fn runs(year: &YearOfLife, of: impl Fn(&acoledger_person::explain::MonthOfLife) -> Option<String>) -> String {
    let mut runs: Vec<(String, i32, i32)> = Vec::new();
    for (month, value) in (year.calendar_year * 12..).zip(year.months.iter().map(of)) {
        let Some(value) = value else { continue };
        match runs.last_mut() {
            Some((last, _, end)) if *last == value => *end = month,
            _ => runs.push((value, month, month)),
        }
    }
    match runs.as_slice() {
        [(only, ..)] => only.clone(),
        _ => {
            let one = |(value, first, last): &(String, i32, i32)| {
                format!("{value} {}", span(MonthSpan { first: *first, last: *last }))
            };
            runs.iter().map(one).collect::<Vec<_>>().join("; ")
        }
    }
}

/// Designations and alignments elsewhere.
fn given(out: &mut String, story: &LifeStory) {
    if !story.designations.is_empty() {
        let mut grid = Grid::new(&["made on", "last day", "practice"].map(Head::Left));
        for row in &story.designations {
            let practice = match (&row.tin, &row.outside_tin) {
                (Some(tin), _) => tin.clone(),
                (None, Some(tin)) => format!("{tin}, a participant of no ACO of the study"),
                (None, None) => "a participant of no ACO of the study".into(),
            };
            grid.push(vec![date(row.designated_on), date(row.ended_on), practice.into()]);
        }
        let _ = write!(out, "\nDesignations (M.A.3)\n{}", indent(&grid.render(Format::Table)));
    }
    if !story.elsewhere.is_empty() {
        let mut grid = Grid::new(&["calendar year", "decided on", "initiative"].map(Head::Left));
        for row in &story.elsewhere {
            grid.push(vec![
                row.calendar_year.to_string().into(),
                date(row.decided_on),
                row.initiative.as_deref().map_or(Value::Blank, Into::into),
            ]);
        }
        let _ = write!(out, "\nOther initiatives (M.A.1.3)\n{}", indent(&grid.render(Format::Table)));
    }
}

fn list_page(out: &mut String, story: &LifeStory, list: &ListStory) {
    let title = format!("Performance year {}, calendar year {}", list.performance_year, list.calendar_year);
    let _ = write!(out, "\n{title}\n{}\n", "=".repeat(title.len()));
    let result = match &list.place {
        None => "on no ACO's list".to_owned(),
        Some(place) => {
            let mut words =
                vec![format!("on the list of {}, {}", place.aco_id, place.window), format!("basis {}", place.basis)];
            words.extend(place.step.map(|step| format!("step {step}")));
            words.extend(place.county.as_ref().map(|county| format!("county {county}")));
            words.extend((place.cohort != "all").then(|| format!("{} assigned", place.cohort)));
            words.join(", ")
        }
    };
    let given = if list.given { "; by the list that is given (`[input] assignment`)" } else { "" };
    wrapped(out, &format!("{result}{given}"), "");
    if list.only_before {
        let _ = writeln!(out, "kept only to tell who is newly assigned the year after: no row of `assignment`");
    }
    for window in &list.windows {
        window_page(out, story, list, window);
    }
    let failing: Vec<String> = list.year.iter().filter(|condition| !condition.holds).map(failure).collect();
    if !failing.is_empty() {
        out.push('\n');
        wrapped(out, &format!("Over the calendar year (M.A.1.6) not eligible: {}", failing.join("; ")), "");
    }
    let _ = writeln!(out, "\nDecisions, in the order of precedence");
    for (at, decision) in list.decisions.iter().enumerate() {
        let lines = wrap(&format!("{} [{}]", decision.what, decision.section), PAGE - 6);
        for (line, text) in lines.iter().enumerate() {
            let number = if line == 0 { format!("{}.", at + 1) } else { String::new() };
            let _ = writeln!(out, "  {number:<3} {text}");
        }
    }
}

fn window_page(out: &mut String, story: &LifeStory, list: &ListStory, window: &WindowStory) {
    let months = |(first, last): (i32, i32)| span(MonthSpan { first, last });
    let title = if window.window == "prospective" { "Prospective" } else { "Retrospective" };
    let mut heading = format!("{title} window: services of {}", months(window.months));
    if let Some(third) = &window.third {
        let _ = write!(heading, ", expanded {}", months(third.months));
    }
    if let Some(day) = window.known_through {
        let _ = write!(heading, ", known through {day}");
    }
    out.push('\n');
    wrapped(out, &heading, "");
    let failing: Vec<String> = window.conditions.iter().filter(|condition| !condition.holds).map(failure).collect();
    let eligible =
        if failing.is_empty() { "eligible".to_owned() } else { format!("not eligible: {}", failing.join("; ")) };
    let judged =
        if window.judged == window.months { String::new() } else { format!(" over {}", months(window.judged)) };
    wrapped(out, &format!("{eligible}{judged}"), "  ");
    let unit = if list.measure == "visits" { "visits" } else { "allowed charges, dollars" };
    let compared = match (window.step, window.tie) {
        (None, _) => "no step is compared".to_owned(),
        (Some(step), None) => format!("step {step} is compared"),
        (Some(step), Some(tie)) => format!("step {step} is compared; equal sums, decided by: {tie}"),
    };
    match &window.third {
        None => {
            candidates(out, list, &window.candidates, false, &format!("{unit}; {compared}"));
            services(out, story, (&window.candidates, &window.lines), window.months);
        }
        Some(third) => {
            let own = format!("{}; {unit}; no ACO meets the pre-step", months(window.months));
            candidates(out, list, &window.candidates, false, &own);
            services(out, story, (&window.candidates, &window.lines), window.months);
            let wide = format!("expanded, {}; {unit}; {compared}", months(third.months));
            candidates(out, list, &third.candidates, true, &wide);
            services(out, story, (&third.candidates, &third.lines), third.months);
        }
    }
}

/// A sentence over as many lines as it takes.
fn wrapped(out: &mut String, text: &str, indent: &str) {
    for line in wrap(text, PAGE - indent.len()) {
        let _ = writeln!(out, "{indent}{line}");
    }
}

fn failure(condition: &Condition) -> String {
    let months = crate::lake::spans(&condition.fails_in);
    let fails = if months.is_empty() { "fails".to_owned() } else { format!("fails in {months}") };
    format!("`{}` {fails} ({})", condition.what, condition.section)
}

/// Entities with their sums, the winner of the compared step marked. `third`: those of step 3, in the expanded window.
fn candidates(out: &mut String, list: &ListStory, candidates: &[Candidate], third: bool, title: &str) {
    if candidates.is_empty() {
        return;
    }
    let steps = if third { 2..3 } else { 0..2 };
    let sums = ["step 1", "step 2", "step 3"].map(Head::Right);
    let mut heads = ["", "entity", "is"].map(Head::Left).to_vec();
    heads.extend(sums.into_iter().skip(steps.start).take(steps.len()));
    heads.push(Head::Left(if third { "physician" } else { "pre-step" }));
    heads.extend(["last primary", "last specialist", "billers"].map(Head::Left));
    let mut grid = Grid::new(&heads);
    for candidate in candidates {
        let is = match candidate.kind {
            "aco" => "ACO",
            "practice" => "practice",
            _ => "facility",
        };
        let mark = if candidate.wins { "*" } else { "" };
        let mut row = vec![mark.into(), candidate.entity.as_str().into(), is.into()];
        row.extend(candidate.sums[steps.clone()].iter().map(|sum| match sum {
            None => Value::Blank,
            Some(visits) if list.measure == "visits" => Value::Integer(*visits),
            Some(cents) => dollars(*cents).into(),
        }));
        row.push(match (third, candidate.kind) {
            (true, _) => if candidate.physician { "served" } else { "none" }.into(),
            (false, "aco") => if candidate.passes { "passes" } else { "fails" }.into(),
            // Whoever is no ACO is not asked.
            (false, _) => Value::Blank,
        });
        row.extend([date(candidate.last_primary), date(candidate.last_listed)]);
        row.push(if candidate.kind == "aco" { candidate.billers.join(", ").into() } else { Value::Blank });
        grid.push(row);
    }
    wrapped(out, &format!("Entities ({title})"), "  ");
    out.push_str(&indent(&grid.render(Format::Table)));
}

/// Rows that may be services, then how many are not looked at, by reason.
fn services(
    out: &mut String,
    story: &LifeStory,
    (candidates, lines): (&[Candidate], &[WindowLine]),
    (first, last): (i32, i32),
) {
    let heads = ["date", "code", "specialty", "place", "biller"].map(Head::Left);
    let mut heads = heads.to_vec();
    heads.extend([
        Head::Right("allowed"),
        Head::Left("source"),
        Head::Left("for"),
        Head::Left("counts as, or why not"),
    ]);
    let mut grid = Grid::new(&heads);
    let mut by_date: Vec<&WindowLine> = lines.iter().collect();
    by_date.sort_by_key(|line| story.rows[line.row].date);
    for line in by_date {
        let row = &story.rows[line.row];
        let entity = line.candidate.map_or("", |at| &candidates[at].entity);
        grid.push(vec![
            date(row.date),
            row.code.as_str().into(),
            row.specialty.as_str().into(),
            row.place.as_str().into(),
            row.biller.as_str().into(),
            row.allowed_cents.map_or(Value::Blank, |cents| dollars(cents).into()),
            row.table.into(),
            entity.into(),
            verdict(line.verdict, &line.steps).into(),
        ]);
    }
    if !grid.is_empty() {
        let _ = write!(out, "  Services\n{}", indent(&grid.render(Format::Table)));
    }
    let mut others: BTreeMap<Role, usize> = BTreeMap::new();
    for row in &story.rows {
        let inside = row.date.is_some_and(|day| (first..=last).contains(&day.month_index()));
        if inside && !matches!(row.role, Role::Service | Role::OfClinicClaim) {
            *others.entry(row.role).or_default() += 1;
        }
    }
    if !others.is_empty() {
        let one = |(role, count): (&Role, &usize)| format!("{count} {}", role_text(*role));
        let text = format!("Other rows: {}", others.iter().map(one).collect::<Vec<_>>().join("; "));
        for line in wrap(&text, PAGE - 2) {
            let _ = writeln!(out, "  {line}");
        }
    }
}

fn role_text(role: Role) -> &'static str {
    match role {
        Role::Service | Role::OfClinicClaim => "services",
        Role::Stay => "stays",
        Role::Denied => "denied (M.B.1)",
        Role::OtherClaimType => "of other claim types (M.B.1)",
        Role::Suspect => "of suspect billing (M.B.4.2)",
        Role::NotListed => "of codes on no list (M.A.5)",
        Role::NotProfessional => "no professional services (M.A.7)",
        Role::OtherYear => "of other years",
    }
}

fn verdict(verdict: Verdict, steps: &[u8]) -> String {
    let what = match verdict {
        Verdict::Primary => "primary care",
        Verdict::Specialist => "specialist",
        Verdict::Practitioner => "practitioner",
        Verdict::Physician => "physician",
        Verdict::SharedBiller => "no: practice of several ACOs (M.A.6.7)",
        Verdict::ProcessedLater => "no: processed later (M.A.2.5)",
        Verdict::NotListed => "no: code not listed here (M.A.5)",
        Verdict::OtherClinician => "no: specialty does not count (M.A.4)",
        Verdict::TeachingOnly => "no: at teaching hospitals only (M.A.5)",
        Verdict::NotAtTeaching => "no: not of teaching hospitals (M.A.7.2)",
        Verdict::NursingFacility => "no: in a nursing facility (M.A.5.1)",
        Verdict::Inpatient => "no: during an inpatient stay (M.A.5.2)",
        Verdict::NotAtHome => "no: not at home (M.A.5)",
        Verdict::WithoutBase => "no: no base code beside it (M.A.5.3)",
        Verdict::ClinicNotListed => "no: no listed service (M.A.7.1)",
        Verdict::ClinicNotAttested => "no: clinician not of the ACO (M.A.7.1)",
    };
    if verdict.counts() && steps.is_empty() { format!("{what}, in no sum") } else { what.to_owned() }
}

/// Sections and rules that the decisions name, with the law.
fn citations(out: &mut String, answer: &Answer) {
    let decisions = answer.story.lists.iter().flat_map(|list| &list.decisions);
    let mut sections: BTreeMap<&str, (&str, BTreeSet<&str>)> = BTreeMap::new();
    for decision in decisions {
        let entry = sections.entry(decision.section).or_insert((decision.citation, BTreeSet::new()));
        entry.1.extend(decision.rule);
    }
    let _ = writeln!(out, "\nCitations");
    for (section, (citation, rules)) in sections {
        let rules: Vec<String> = rules
            .into_iter()
            .filter_map(|key| answer.rules.find(key))
            .map(|rule| format!("rule {} ({})", rule.key, rule.citation))
            .collect();
        let text = std::iter::once(citation.to_owned()).chain(rules).collect::<Vec<_>>().join("; ");
        for (at, line) in wrap(&text, PAGE - 11).iter().enumerate() {
            let _ = writeln!(out, "  {:<8} {line}", if at == 0 { section } else { "" });
        }
    }
}

fn date(day: Option<Date>) -> Value {
    day.map_or(Value::Blank, |day| day.to_string().into())
}

fn dollars(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    thousands(&format!("{sign}{}.{:02}", cents.unsigned_abs() / 100, cents.unsigned_abs() % 100))
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}").trim_end().to_owned() + "\n").collect()
}
