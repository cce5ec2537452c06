//! `acoledger rules`: every rule in force, with value, unit and citation.

mod diff;

use super::{Exit, print};
use crate::grid::{Format, Grid, Head, Value, wrap};
use crate::study::{rules_from, rules_in};
use crate::trouble::Outcome;
use acoledger_schemas::rules::{Rule, Rules};
use acoledger_schemas::table::Problem;
use acoledger_schemas::values::{Date, Track};
use clap::{Args, ValueEnum};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// How rules are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum RulesFormat {
    /// Paragraphs for people
    #[default]
    Table,
    /// One JSON array of objects
    Json,
    /// Comma-separated text with a header
    Csv,
    /// A rules file for `run --rules`: every value of each rule, of all years
    Toml,
}

/// First and last performance year that can be asked for.
pub(crate) const YEARS: (i64, i64) = (2012, 2030);

#[derive(Debug, Args)]
pub(crate) struct RulesArgs {
    /// Performance year; a rule whose value changes within it is listed with each value
    #[arg(long, value_name = "Y", value_parser = clap::value_parser!(i32).range(YEARS.0..=YEARS.1))]
    #[arg(required_unless_present_any = ["diff", "format"], conflicts_with = "diff")]
    year: Option<i32>,
    /// What changes from the first year to the second, old and new
    #[arg(long, num_args = 2, value_names = ["Y1", "Y2"], value_parser = clap::value_parser!(i32).range(YEARS.0..=YEARS.1))]
    diff: Option<Vec<i32>>,
    /// Only what a track reads, tables by track cut to it: T1 T1P T2 T3 A B C D E EN
    #[arg(long, value_name = "T")]
    track: Option<String>,
    /// Apply the overrides of a study file
    #[arg(long, value_name = "STUDY.toml", conflicts_with = "rules")]
    study: Option<PathBuf>,
    /// Start from a rules file
    #[arg(long, value_name = "RULES.toml")]
    rules: Option<PathBuf>,
    /// How rules are printed to standard output
    #[arg(long, default_value = "table")]
    format: RulesFormat,
}

pub(crate) fn run(args: &RulesArgs) -> Outcome<Exit> {
    let rules = match &args.study {
        Some(study) => rules_in(study)?,
        None => rules_from(args.rules.as_deref())?,
    };
    let track = args.track.as_deref().map(parse_track).transpose()?;
    if args.format == RulesFormat::Toml {
        if args.diff.is_some() || track.is_some() {
            return Err(of_option(
                "--format",
                "a rules file holds the rules of all tracks, and no differences",
                "toml",
                "leave out --track and --diff",
            )
            .into());
        }
        print(&dump(&rules, args.year), Format::Json)?;
        return Ok(Exit::Done);
    }
    let format = match args.format {
        RulesFormat::Json => Format::Json,
        RulesFormat::Csv => Format::Csv,
        RulesFormat::Table | RulesFormat::Toml => Format::Table,
    };
    if let Some(&[from, to]) = args.diff.as_deref() {
        print(&diff::text(&rows(&rules, from, track), &rows(&rules, to, track), [from, to], format), format)?;
        return Ok(Exit::Done);
    }
    let Some(year) = args.year else {
        return Err(of_option("--year", "not given", "", "every format but toml is of a year").into());
    };
    let rows = rows(&rules, year, track);
    print(
        &match format {
            Format::Table => page(&rows, year, track),
            format => grid(&rows).render(format),
        },
        format,
    )?;
    Ok(Exit::Done)
}

/// The rules in force in a year as a table: of a study with its overrides, or from a rules file, or those of this version.
///
/// # Errors
/// A file that cannot be read, a track that there is not.
pub(crate) fn table_of(year: i32, track: Option<&str>, study: Option<&Path>, file: Option<&Path>) -> Outcome<Grid> {
    let rules = match study {
        Some(study) => rules_in(study)?,
        None => rules_from(file)?,
    };
    Ok(grid(&rows(&rules, year, track.map(parse_track).transpose()?)))
}

fn of_option(option: &str, what: &str, value: &str, hint: &str) -> Problem {
    let value = (!value.is_empty()).then(|| value.into());
    Problem { file: option.into(), line: 0, column: String::new(), what: what.into(), value, hint: Some(hint.into()) }
}

fn rows(rules: &Rules, year: i32, track: Option<Track>) -> Vec<Row<'_>> {
    rules.all().filter_map(|rule| in_force(rule, year, track)).collect()
}

/// A rule and the values that are in force at some time of the year asked for.
struct Row<'a> {
    rule: &'a Rule,
    values: Vec<(Date, toml::Value)>,
    /// The track whose part of the rule this is; `None`: the rule is the same for all tracks, or all are shown.
    track: Option<Track>,
}

/// The rule with the value at the beginning of the year and those that take effect in it; `None` before its first.
fn in_force(rule: &Rule, year: i32, track: Option<Track>) -> Option<Row<'_>> {
    let mut of_track = None;
    let mut values = Vec::new();
    for (from, value) in rule.in_force(year) {
        match track.map(|track| (track, for_track(value, track))) {
            None | Some((_, ForTrack::All)) => values.push((*from, value.clone())),
            Some((track, ForTrack::Part(part))) => {
                of_track = Some(track);
                let since = unchanged_since(rule, *from, &part, track);
                // Other tracks' parts may change while this one's stands.
                if values.last().is_none_or(|(last, _)| *last != since) {
                    values.push((since, part));
                }
            }
            Some((_, ForTrack::Nothing)) => {}
        }
    }
    (!values.is_empty()).then_some(Row { rule, values, track: of_track })
}

/// The day since which a track's part, in force on `day`, has been what it is.
fn unchanged_since(rule: &Rule, day: Date, part: &toml::Value, track: Track) -> Date {
    let up_to = rule.values.iter().rev().filter(|(from, _)| *from <= day);
    let same = up_to.take_while(|(_, value)| matches!(for_track(value, track), ForTrack::Part(own) if own == *part));
    same.last().map_or(day, |(from, _)| *from)
}

/// What a track reads of a value.
enum ForTrack {
    /// The value, which knows no tracks.
    All,
    /// The track's entry of a table by track, or a list of tracks that names it.
    Part(toml::Value),
    /// Nothing: the table or list leaves the track out.
    Nothing,
}

fn for_track(value: &toml::Value, track: Track) -> ForTrack {
    let is_track = |text: &str| Track::from_code(text).is_some();
    match value {
        toml::Value::Table(table) if !table.is_empty() && table.keys().all(|key| is_track(key)) => {
            table.get(track.code()).map_or(ForTrack::Nothing, |entry| ForTrack::Part(entry.clone()))
        }
        toml::Value::Array(items)
            if !items.is_empty() && items.iter().all(|item| item.as_str().is_some_and(is_track)) =>
        {
            let named = items.iter().any(|item| item.as_str() == Some(track.code()));
            if named { ForTrack::Part(value.clone()) } else { ForTrack::Nothing }
        }
        _ => ForTrack::All,
    }
}

fn parse_track(text: &str) -> Outcome<Track> {
    Track::from_code(text).ok_or_else(|| {
        let codes: Vec<&str> = Track::ALL.iter().map(|track| track.code()).collect();
        of_option("--track", "not a track", text, &format!("one of {}", codes.join(" "))).into()
    })
}

/// A rules file: every rule in force in the year, or all of them, with the values of all years, since a performance year reads
/// rules of its agreement's start and of its base years too.
fn dump(rules: &Rules, year: Option<i32>) -> String {
    let mut out = String::from(
        "# Rules of acoledger, for `acoledger run STUDY.toml --rules FILE` or `[rules]` of a study.\n[rules]\n",
    );
    for rule in rules.all().filter(|rule| year.is_none_or(|year| !rule.in_force(year).is_empty())) {
        let _ = writeln!(out, "\n# {} Unit: {}; by {}. {}", rule.text, rule.unit, rule.dated_by, rule.citation);
        let values: Vec<toml::Value> = rule
            .values
            .iter()
            .map(|(from, value)| {
                let pair = [("from".to_owned(), from.to_string().into()), ("value".to_owned(), value.clone())];
                toml::Value::Table(pair.into_iter().collect())
            })
            .collect();
        let _ = writeln!(out, "{:?} = {}", rule.key, toml::Value::Array(values));
    }
    out
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
        Head::Left("track"),
        Head::Left("text"),
        Head::Left("citation"),
    ]);
    for (rule, track, from, value) in
        rows.iter().flat_map(|row| row.values.iter().map(|(from, value)| (row.rule, row.track, from, value)))
    {
        grid.push(vec![
            rule.key.as_str().into(),
            value.to_string().into(),
            rule.unit.as_str().into(),
            rule.dated_by.as_str().into(),
            since(*from).into(),
            rule.stage.as_str().into(),
            if rule.overridden { "1" } else { "0" }.into(),
            track.map_or(Value::Blank, |track| track.code().into()),
            rule.text.as_str().into(),
            rule.citation.as_str().into(),
        ]);
    }
    grid
}

/// Rules for people: one paragraph each, long tables of values cut.
fn page(rows: &[Row], year: i32, track: Option<Track>) -> String {
    let mut out = format!("{} rules in force in {year}", rows.len());
    if let Some(track) = track {
        let own = rows.iter().filter(|row| row.track.is_some()).count();
        let _ = write!(
            out,
            " for track {track}: {own} by track, marked; the others hold for every track or depend on the agreement"
        );
    }
    out.push('\n');
    for Row { rule, values, track } in rows {
        let mut mark = String::from(if rule.overridden { "  [overridden]" } else { "" });
        if let Some(track) = track {
            let _ = write!(mark, "  [track {track}]");
        }
        out.push('\n');
        for (from, value) in values {
            let shown = short(value);
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

/// A value on one line, long tables cut.
fn short(value: &toml::Value) -> String {
    let value = value.to_string();
    let mut shown: String = value.chars().take(160).collect();
    if shown.len() < value.len() {
        shown.push_str(" … (all of it with --format json)");
    }
    shown
}

/// The day from which a value holds; overrides hold for all time.
fn since(day: Date) -> String {
    if day.year() <= 1 { "always".into() } else { day.to_string() }
}
