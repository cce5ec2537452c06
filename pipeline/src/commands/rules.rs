//! `acoledger rules`: every rule in force, with value, unit and citation.

use super::{Exit, print};
use crate::grid::{Format, Grid, Head, wrap};
use crate::study::rules_in;
use crate::trouble::{self, Outcome};
use acoledger_schemas::rules::{Rule, Rules};
use acoledger_schemas::values::{Date, Track};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct RulesArgs {
    /// Performance year; a rule whose value changes within it is listed with each value
    #[arg(long, value_name = "Y", value_parser = clap::value_parser!(i32).range(2012..=2030))]
    year: i32,
    /// Keep only what a track reads: T1 T1P T2 T3 A B C D E EN
    #[arg(long, value_name = "T")]
    track: Option<String>,
    /// Apply the overrides of a study file
    #[arg(long, value_name = "STUDY.toml")]
    study: Option<PathBuf>,
    /// How rules are printed to standard output
    #[arg(long, default_value = "table")]
    format: Format,
}

pub(crate) fn run(args: &RulesArgs) -> Outcome<Exit> {
    let rules = match &args.study {
        Some(study) => rules_in(study)?,
        None => Rules::built_in().map_err(|error| trouble::of_rule(&error))?,
    };
    let track = args.track.as_deref().map(parse_track).transpose()?;
    let rows: Vec<Row> = rules.all().filter_map(|rule| in_force(rule, args.year, track)).collect();
    print(&match args.format {
        Format::Table => page(&rows, args),
        format => grid(&rows).render(format),
    })?;
    Ok(Exit::Done)
}

/// A rule and the values that are in force at some time of the year asked for.
struct Row<'a> {
    rule: &'a Rule,
    values: Vec<(Date, toml::Value)>,
}

/// The rule with the value at the beginning of the year and those that take effect in it; `None` before its first.
fn in_force(rule: &Rule, year: i32, track: Option<Track>) -> Option<Row<'_>> {
    let first = Date::new(year, 1, 1)?;
    let at = rule.values.partition_point(|(from, _)| *from <= first).saturating_sub(1);
    let values: Vec<_> = rule.values[at..]
        .iter()
        .filter(|(from, _)| from.year() <= year)
        .filter_map(|(from, value)| {
            let value = track.map_or_else(|| Some(value.clone()), |track| for_track(value, track))?;
            Some((*from, value))
        })
        .collect();
    (!values.is_empty()).then_some(Row { rule, values })
}

/// What a track reads of a value: a table keyed by tracks is cut to the track's entry, and drops out without one.
fn for_track(value: &toml::Value, track: Track) -> Option<toml::Value> {
    match value {
        toml::Value::Table(table) if !table.is_empty() && table.keys().all(|key| Track::from_code(key).is_some()) => {
            table.get(track.code()).cloned()
        }
        other => Some(other.clone()),
    }
}

fn parse_track(text: &str) -> Outcome<Track> {
    Track::from_code(text).ok_or_else(|| {
        let codes: Vec<&str> = Track::ALL.iter().map(|track| track.code()).collect();
        acoledger_schemas::table::Problem {
            file: "--track".into(),
            line: 0,
            column: String::new(),
            what: "not a track".into(),
            value: Some(text.into()),
            hint: Some(format!("one of {}", codes.join(" "))),
        }
        .into()
    })
}

fn grid(rows: &[Row]) -> Grid {
    let mut grid = Grid::new(&[
        Head::Left("key"),
        Head::Left("value"),
        Head::Left("unit"),
        Head::Left("dated_by"),
        Head::Left("from"),
        Head::Left("stage"),
        Head::Left("overridden"),
        Head::Left("text"),
        Head::Left("citation"),
    ]);
    for (rule, from, value) in
        rows.iter().flat_map(|row| row.values.iter().map(|(from, value)| (row.rule, from, value)))
    {
        grid.push(vec![
            rule.key.as_str().into(),
            value.to_string().into(),
            rule.unit.as_str().into(),
            rule.dated_by.as_str().into(),
            since(*from).into(),
            rule.stage.as_str().into(),
            if rule.overridden { "1" } else { "0" }.into(),
            rule.text.as_str().into(),
            rule.citation.as_str().into(),
        ]);
    }
    grid
}

/// Rules for people: one paragraph each, long tables of values cut.
fn page(rows: &[Row], args: &RulesArgs) -> String {
    let mut out = format!("{} rules in force in {}\n", rows.len(), args.year);
    for Row { rule, values } in rows {
        let mark = if rule.overridden { "  [overridden]" } else { "" };
        out.push('\n');
        for (from, value) in values {
            let value = value.to_string();
            let mut shown: String = value.chars().take(160).collect();
            if shown.len() < value.len() {
                shown.push_str(" … (all of it with --format json)");
            }
            let since = if values.len() > 1 { format!("  from {}", since(*from)) } else { String::new() };
            out.push_str(&format!("{} = {shown}{since}{mark}\n", rule.key));
        }
        let from = since(values[0].0);
        let about = format!("{} Unit: {}; by {}, from {from}. {}.", rule.text, rule.unit, rule.dated_by, rule.citation);
        for line in wrap(&about, 96) {
            out.push_str(&format!("    {line}\n"));
        }
    }
    out
}

/// The day from which a value holds; overrides hold for all time.
fn since(day: Date) -> String {
    if day.year() <= 1 { "always".into() } else { day.to_string() }
}
