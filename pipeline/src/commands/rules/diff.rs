//! What changes from one year to another: rules whose values in force are not the same, old and new.

use super::{Row, short, since};
use crate::grid::{Format, Grid, Head, Value, wrap};
use acoledger_schemas::rules::Rule;
use acoledger_schemas::values::Date;
use std::collections::BTreeMap;
use std::fmt::Write;

type Values = [(Date, toml::Value)];

/// A rule whose values differ; the old ones are empty for a rule that is new, the new ones for one that has gone.
struct Change<'a> {
    rule: &'a Rule,
    old: &'a Values,
    new: &'a Values,
}

/// The differences of two years, as a page or a table. The rules of the first year plus its rows `new`, by key in place of all that the
/// key had, are the rules of the second.
pub(super) fn text(old: &[Row<'_>], new: &[Row<'_>], years: [i32; 2], format: Format) -> String {
    let changes = changes(old, new);
    match format {
        Format::Table => page(&changes, years),
        format => grid(&changes).render(format),
    }
}

fn changes<'a>(old: &'a [Row<'_>], new: &'a [Row<'_>]) -> Vec<Change<'a>> {
    // A table by track gets a new date when other tracks change; a track's own entry has then not changed.
    let same_entry = |change: &Change<'_>| {
        let cut = old.iter().chain(new).any(|row| row.rule.key == change.rule.key && row.track.is_some());
        matches!((change.old, change.new), ([(_, old)], [(_, new)]) if cut && old == new)
    };
    let mut by_key: BTreeMap<&str, Change<'a>> = BTreeMap::new();
    for row in old {
        by_key.insert(&row.rule.key, Change { rule: row.rule, old: &row.values, new: &[] });
    }
    for row in new {
        by_key.entry(&row.rule.key).or_insert(Change { rule: row.rule, old: &[], new: &[] }).new = &row.values;
    }
    by_key.into_values().filter(|change| change.old != change.new && !same_entry(change)).collect()
}

/// One row for each value, old ones before new ones.
fn grid(changes: &[Change<'_>]) -> Grid {
    let heads = ["key", "side", "value", "unit", "dated_by", "from", "stage", "text", "citation"];
    let mut grid = Grid::new(&heads.map(Head::Left));
    for Change { rule, old, new } in changes {
        for (side, values) in [("old", old), ("new", new)] {
            for (from, value) in *values {
                grid.push(vec![
                    rule.key.as_str().into(),
                    side.into(),
                    Value::Text(value.to_string()),
                    rule.unit.as_str().into(),
                    rule.dated_by.as_str().into(),
                    since(*from).into(),
                    rule.stage.as_str().into(),
                    rule.text.as_str().into(),
                    rule.citation.as_str().into(),
                ]);
            }
        }
    }
    grid
}

fn page(changes: &[Change<'_>], [from, to]: [i32; 2]) -> String {
    let mut out = format!("{} rules change from {from} to {to}\n", changes.len());
    for Change { rule, old, new } in changes {
        let _ = writeln!(out, "\n{}", rule.key);
        for (year, values) in [(from, old), (to, new)] {
            if values.is_empty() {
                let _ = writeln!(out, "  {year}  not in force");
            }
            for (from, value) in *values {
                let _ = writeln!(out, "  {year}  {}  (from {})", short(value), since(*from));
            }
        }
        for line in wrap(&format!("{} Unit: {}; by {}. {}.", rule.text, rule.unit, rule.dated_by, rule.citation), 96) {
            let _ = writeln!(out, "    {line}");
        }
    }
    out
}
