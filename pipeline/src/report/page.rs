//! The page: sums and drawings through templates, the rest as JSON for the page's own script.

use super::Subject;
use super::document::{Document, year_key, year_name};
use super::made::Made;
use super::national::{Group, YearSums, sums};
use super::plots;
use super::shown::{Shown, change, count, millions, money, percent};
use acoledger_aco::scenario::{Difference, differences};
use acoledger_schemas::values::{PerformanceYear, Period};
use base64::Engine;
use minijinja::Environment;
use minijinja::value::{Serde, Value};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Templates by name; those that end in `.html` escape what they are given.
const TEMPLATES: [(&str, &str); 4] = [
    ("page.html", include_str!("page/page.html")),
    ("national.html", include_str!("page/national.html")),
    ("effects.html", include_str!("page/effects.html")),
    ("made.html", include_str!("page/made.html")),
];

const STYLE: &str = include_str!("page/style.css");

/// The script, in its order: later parts use earlier ones.
const SCRIPT: [&str; 9] = [
    include_str!("page/tools.js"),
    include_str!("page/charts.js"),
    include_str!("page/scatter.js"),
    include_str!("page/list.js"),
    include_str!("page/places.js"),
    include_str!("page/ways.js"),
    include_str!("page/tables.js"),
    include_str!("page/aco.js"),
    include_str!("page/main.js"),
];

/// What the templates are given. What is marked `safe` there is ours (style, script), drawn (plots) or escaped (document).
#[derive(Serialize)]
struct Context<'c> {
    made: Made,
    /// The other run's name, where there is one.
    other: Option<&'c str>,
    is_scenario: bool,
    run_name: &'c str,
    years: Vec<YearPart>,
    group_heads: [&'static str; 8],
    has_counties: bool,
    style: &'static str,
    style_hash: String,
    script: String,
    script_hash: String,
    document: String,
}

/// What one performance year shows of the nation.
#[derive(Serialize)]
struct YearPart {
    key: String,
    name: String,
    cards: Vec<Card>,
    tables: Vec<GroupTable>,
    plots: Vec<Drawing>,
    effects: Option<Effects>,
}

/// A figure of the summary.
#[derive(Serialize)]
struct Card {
    label: &'static str,
    value: Shown,
    note: String,
    /// This run's minus the other's.
    change: Option<Shown>,
}

#[derive(Serialize)]
struct GroupTable {
    id: &'static str,
    title: &'static str,
    head: &'static str,
    rows: Vec<GroupRow>,
}

#[derive(Serialize)]
struct GroupRow {
    name: String,
    cells: Vec<Shown>,
    change: Option<Shown>,
}

#[derive(Serialize)]
struct Drawing {
    id: &'static str,
    title: String,
    svg: String,
}

/// Winners and losers of a performance year.
#[derive(Serialize)]
struct Effects {
    winners: usize,
    losers: usize,
    unchanged: usize,
    only_here: usize,
    only_there: usize,
    won: Shown,
    lost: Shown,
}

/// The page of a report, as HTML.
pub(super) fn page(subject: &Subject) -> String {
    let mut environment = Environment::new();
    for (name, template) in TEMPLATES {
        environment.add_template(name, template).expect("the templates are ours, and sound");
    }
    let script = format!("\"use strict\";\n(() => {{\n{}\n}})();\n", SCRIPT.join("\n"));
    let tables = &subject.run;
    let years = tables.years().into_iter().map(|year| year_part(subject, year)).collect::<Vec<_>>();
    let context = Context {
        made: Made::of(subject),
        other: subject.other.as_ref().map(|_| subject.other_label.as_str()),
        is_scenario: subject.scenario.is_some(),
        run_name: &tables.name,
        years,
        group_heads: GROUP_HEADS,
        has_counties: !tables.county.is_empty(),
        style: STYLE,
        style_hash: hash(STYLE),
        script_hash: hash(&script),
        script,
        document: Document::of(subject).json(),
    };
    let template = environment.get_template("page.html").expect("it was added above");
    template.render(Value::from(Serde(&context))).expect("the templates ask for what the context has")
}

/// The hash of an inline script or style, as a security policy names it.
fn hash(text: &str) -> String {
    format!("sha256-{}", base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text.as_bytes())))
}

fn year_part(subject: &Subject, year: (PerformanceYear, Period)) -> YearPart {
    let here = sums(&subject.run.results, year);
    let there = subject.other.as_ref().map(|other| sums(&other.results, year));
    let drawings = plots::of_page(&here, &subject.run.results, year);
    YearPart {
        key: year_key(year),
        name: year_name(year),
        cards: cards(&here.nation, there.as_ref().map(|there| &there.nation)),
        tables: tables(&here, there.as_ref()),
        plots: drawings.into_iter().map(|(id, title, svg)| Drawing { id, title, svg }).collect(),
        effects: subject.other.as_ref().map(|other| effects(&differences(&other.results, &subject.run.results), year)),
    }
}

fn cards(here: &Group, there: Option<&Group>) -> Vec<Card> {
    let net = |of: &Group| of.earned_cents - of.owed_cents;
    let plural = |number: i64| if number == 1 { "ACO" } else { "ACOs" };
    type Read<'r> = &'r dyn Fn(&Group) -> i64;
    let card = |label, note: String, read: Read<'_>, show: fn(i64) -> Shown| Card {
        label,
        value: show(read(here)),
        note,
        change: there.map(|there| read(here) - read(there)).map(|by| change(show(by), by == 0)),
    };
    let rate = here.rate().map_or(String::new(), |_| format!("{} of the benchmark", text_of(percent(here.rate()))));
    vec![
        card("ACOs", format!("{} assigned beneficiaries", text_of(count(here.assigned))), &|of| of.acos, count),
        card("Benchmark", "what spending was expected to be".into(), &|of| of.benchmark * 100, money),
        card("Spending", "Parts A and B, truncated and completed".into(), &|of| of.spending * 100, money),
        card("Benchmark minus spending", rate, &|of| of.gross_cents, money),
        card("Paid to ACOs", format!("{} {}", here.paid, plural(here.paid)), &|of| of.earned_cents, money),
        card("Owed by ACOs", format!("{} {}", here.owe, plural(here.owe)), &|of| of.owed_cents, money),
        card("Paid minus owed", "before advances are recouped".into(), &net, money),
    ]
}

fn text_of(shown: Shown) -> String {
    shown.text().to_owned()
}

/// Headings of a table of groups, after the group's own.
const GROUP_HEADS: [&str; 8] = [
    "ACOs",
    "Assigned",
    "Benchmark, $ million",
    "Spending, $ million",
    "Difference, $ million",
    "Savings rate",
    "Paid, $ million",
    "Owed, $ million",
];

fn tables(here: &YearSums, there: Option<&YearSums>) -> Vec<GroupTable> {
    let rows = |groups: &[Group], others: Option<&[Group]>| -> Vec<GroupRow> {
        let row = |of: &Group| {
            let other = others.map(|others| others.iter().find(|other| other.name == of.name));
            let net = |of: &Group| of.earned_cents - of.owed_cents;
            let by = other.map(|other| net(of) - other.map_or(0, net));
            GroupRow {
                name: of.name.clone(),
                cells: vec![
                    count(of.acos),
                    count(of.assigned),
                    millions(of.benchmark * 100),
                    millions(of.spending * 100),
                    millions(of.gross_cents),
                    percent(of.rate()),
                    millions(of.earned_cents),
                    millions(of.owed_cents),
                ],
                change: by.map(|by| change(money(by), by == 0)),
            }
        };
        groups.iter().chain([&here.nation]).map(row).collect()
    };
    let others = |groups: fn(&YearSums) -> &Vec<Group>| {
        there.map(|there| groups(there).iter().chain([&there.nation]).cloned().collect::<Vec<Group>>())
    };
    let (tracks, sizes) = (others(|of| &of.tracks), others(|of| &of.sizes));
    vec![
        GroupTable { id: "track", title: "By track", head: "Track", rows: rows(&here.tracks, tracks.as_deref()) },
        GroupTable {
            id: "size",
            title: "By size",
            head: "Assigned beneficiaries",
            rows: rows(&here.sizes, sizes.as_deref()),
        },
    ]
}

fn effects(all: &[Difference], (year, period): (PerformanceYear, Period)) -> Effects {
    let rows: Vec<&Difference> =
        all.iter().filter(|row| (row.performance_year, row.period) == (year, period)).collect();
    let number = |effect: &str| rows.iter().filter(|row| row.effect == effect).count();
    let changes = || rows.iter().filter_map(|row| row.earned_difference_cents).map(|cents| cents.0);
    let (won, lost): (i64, i64) =
        (changes().filter(|cents| *cents > 0).sum(), changes().filter(|cents| *cents < 0).sum());
    Effects {
        winners: number("winner"),
        losers: number("loser"),
        unchanged: number("unchanged"),
        only_here: number("joined"),
        only_there: number("left"),
        won: change(money(won), won == 0),
        lost: money(lost),
    }
}
