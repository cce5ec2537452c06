//! `acoledger compare`: what differs between two finished runs.

use super::{Exit, place::run_folder, print};
use crate::compare::{Comparison, RunComparison, SavingsComparison, compare};
use crate::grid::{Format, Grid, Head, Value, wrap};
use crate::trouble::Outcome;
use acoledger_schemas::values::Cents;
use clap::Args;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// ACOs that each list of the page names.
const LONGEST_LIST: usize = 10;

#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// Run folder A, or a study file, for its run
    #[arg(value_name = "RUN_A")]
    a: PathBuf,
    /// Run folder B, or a study file, for its run
    #[arg(value_name = "RUN_B")]
    b: PathBuf,
    /// Folder to write the tables to, as Parquet and CSV
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// How the comparison is printed to standard output
    #[arg(long, default_value = "table")]
    format: Format,
}

pub(crate) fn run(args: &CompareArgs) -> Outcome<Exit> {
    let folders = [run_folder(&args.a)?, run_folder(&args.b)?];
    let found = compare(folders, args.out.as_deref())?;
    print(
        &match args.format {
            Format::Table => page(&found),
            Format::Json => document(&found),
            Format::Csv => match (&found.assignment, &found.savings_losses) {
                (Some(rows), _) => Grid::of_table(rows).render(Format::Csv),
                (None, Some(rows)) => Grid::of_table(rows).render(Format::Csv),
                (None, None) => String::new(),
            },
        },
        args.format,
    )?;
    Ok(if found.is_equal { Exit::Done } else { Exit::Findings })
}

/// Everything that was found.
fn document(found: &Comparison) -> String {
    let run = |side: usize| {
        let manifest = found.manifests[side].as_ref();
        serde_json::json!({
            "folder": found.folders[side].display().to_string(),
            "study": manifest.map(|manifest| &manifest.study),
            "version": manifest.map(|manifest| &manifest.version),
        })
    };
    let document = serde_json::json!({
        "a": run(0),
        "b": run(1),
        "equal": found.is_equal,
        "assignment": found.assignment.as_ref().map(|rows| Grid::of_table(rows).objects()),
        "savings_losses": found.savings_losses.as_ref().map(|rows| Grid::of_table(rows).objects()),
        "rules": Grid::of_table(&found.rules).objects(),
        "notes": found.notes,
    });
    serde_json::to_string_pretty(&document).expect("plain values serialise") + "\n"
}

fn page(found: &Comparison) -> String {
    let mut out = String::new();
    for (name, (folder, manifest)) in ["A", "B"].iter().zip(found.folders.iter().zip(&found.manifests)) {
        let study = manifest.as_ref().map_or(String::new(), |manifest| format!(": {}", manifest.study));
        out.push_str(&format!("{name}  {}{study}\n", folder.display()));
    }
    out.push_str(if found.is_equal { "\nThe runs are equal.\n" } else { "\nThe runs differ.\n" });
    if let Some(rows) = &found.assignment {
        out.push_str(&format!("\nLives on the lists\n{}", indent(&lists(rows))));
        out.push_str(&acos(rows));
    }
    if let Some(rows) = &found.savings_losses {
        out.push_str(&savings(rows));
    }
    if found.rules.is_empty() && found.manifests.iter().all(Option::is_some) {
        out.push_str("\nRules: the same overrides\n");
    } else if !found.rules.is_empty() {
        let mut grid = Grid::new(&[Head::Left("rule"), Head::Left("run"), Head::Left("values")]);
        for rule in &found.rules {
            for (run, values) in [("A", &rule.values_a), ("B", &rule.values_b)] {
                let values = values.as_deref().unwrap_or("the law's");
                grid.push(vec![if run == "A" { rule.key.as_str() } else { "" }.into(), run.into(), values.into()]);
            }
        }
        out.push_str(&format!("\nRules that differ\n{}", indent(&grid.render(Format::Table))));
    }
    for note in &found.notes {
        let text = wrap(&format!("Note: {note}"), 98).join("\n  ");
        out.push_str(&format!("\n{text}\n"));
    }
    out
}

/// Lives of a list by what the two runs make of them.
#[derive(Clone, Copy, Debug, Default)]
struct Lives {
    all: [i64; 2],
    only: [i64; 2],
    moved: i64,
    /// Of the same ACO, by another basis or step.
    otherwise: i64,
    cents: [i64; 2],
}

impl Lives {
    fn add(&mut self, row: &RunComparison, sides: [bool; 2]) {
        let spend = [row.spend_a_cents, row.spend_b_cents];
        for side in [0, 1] {
            if sides[side] {
                self.all[side] += row.lives;
                self.cents[side] += spend[side].map_or(0, |cents| cents.0);
            }
        }
        match row.outcome.as_str() {
            "only_a" => self.only[0] += row.lives,
            "only_b" => self.only[1] += row.lives,
            "moved" => self.moved += row.lives,
            _ if (&row.basis_a, row.step_a) != (&row.basis_b, row.step_b) => self.otherwise += row.lives,
            _ => {}
        }
    }
}

const HEADS: [Head; 8] = [
    Head::Right("in A"),
    Head::Right("in B"),
    Head::Right("only A"),
    Head::Right("only B"),
    Head::Right("moved"),
    Head::Right("other step"),
    Head::Right("spend A $"),
    Head::Right("spend B $"),
];

fn cells(of: &Lives) -> impl Iterator<Item = Value> {
    let numbers = [of.all[0], of.all[1], of.only[0], of.only[1], of.moved, of.otherwise];
    let money = of.cents.map(|cents| dollars(Cents(cents)));
    numbers.into_iter().chain(money).map(Value::Integer)
}

fn lists(rows: &[RunComparison]) -> String {
    let mut lists: BTreeMap<_, Lives> = BTreeMap::new();
    for row in rows {
        let sides = [row.aco_a.is_some(), row.aco_b.is_some()];
        lists.entry((row.performance_year, row.calendar_year)).or_default().add(row, sides);
    }
    let heads: Vec<Head> = [Head::Left("year"), Head::Left("list")].into_iter().chain(HEADS).collect();
    let mut grid = Grid::new(&heads);
    for ((performance_year, calendar_year), of) in lists {
        let years = [performance_year.to_string(), calendar_year.to_string()].map(Value::from);
        grid.push(years.into_iter().chain(cells(&of)).collect());
    }
    grid.render(Format::Table)
}

/// The ACOs whose lists differ most, over all years.
fn acos(rows: &[RunComparison]) -> String {
    let mut acos: BTreeMap<_, Lives> = BTreeMap::new();
    for row in rows {
        let (a, b) = (row.aco_a.as_ref(), row.aco_b.as_ref());
        for aco in a.into_iter().chain(b.filter(|b| Some(*b) != a)) {
            acos.entry(aco).or_default().add(row, [a == Some(aco), b == Some(aco)]);
        }
    }
    let differ = |of: &Lives| of.only[0] + of.only[1] + of.moved + of.otherwise;
    let mut chosen: Vec<_> = acos.into_iter().filter(|(_, of)| differ(of) > 0).collect();
    let count = chosen.len();
    chosen.sort_by_key(|(aco, of)| (-differ(of), *aco));
    if chosen.is_empty() {
        return String::new();
    }
    let heads: Vec<Head> = std::iter::once(Head::Left("ACO")).chain(HEADS).collect();
    let mut grid = Grid::new(&heads);
    for (aco, of) in chosen.iter().take(LONGEST_LIST) {
        grid.push(std::iter::once(Value::from(aco.as_str())).chain(cells(of)).collect());
    }
    let title = format!("ACOs whose lists differ most, over all years ({} of {count})", count.min(LONGEST_LIST));
    format!("\n{title}\n{}", indent(&grid.render(Format::Table)))
}

fn savings(rows: &[SavingsComparison]) -> String {
    let mut differ: Vec<&SavingsComparison> = rows.iter().filter(|row| !row.is_equal()).collect();
    let shown = if differ.len() > LONGEST_LIST { format!("; the {LONGEST_LIST} largest") } else { String::new() };
    let title = format!("\nSavings and losses: {} ACO results, {} differ{shown}\n", rows.len(), differ.len());
    if differ.is_empty() {
        return title;
    }
    let size = |row: &SavingsComparison| row.earned_difference_cents.map_or(i64::MAX, |cents| cents.0.abs());
    differ.sort_by_key(|row| (std::cmp::Reverse(size(row)), row.performance_year, row.period, row.aco_id.clone()));
    let mut grid = Grid::new(&[
        Head::Left("year"),
        Head::Left("ACO"),
        Head::Left("outcome A"),
        Head::Left("outcome B"),
        Head::Right("gross A $"),
        Head::Right("gross B $"),
        Head::Right("earned A $"),
        Head::Right("earned B $"),
        Head::Right("B - A $"),
    ]);
    for row in differ.into_iter().take(LONGEST_LIST) {
        let of = |cents: Option<Cents>| cents.map_or(Value::Blank, |cents| Value::Integer(dollars(cents)));
        let period = if row.period.code() == "full" { String::new() } else { format!(" {}", row.period) };
        grid.push(vec![
            format!("{}{period}", row.performance_year).into(),
            row.aco_id.as_str().into(),
            row.outcome_a.as_deref().unwrap_or("not there").into(),
            row.outcome_b.as_deref().unwrap_or("not there").into(),
            of(row.gross_savings_a_cents),
            of(row.gross_savings_b_cents),
            of(row.earned_a_cents),
            of(row.earned_b_cents),
            of(row.earned_difference_cents),
        ]);
    }
    format!("{title}{}", indent(&grid.render(Format::Table)))
}

/// Whole dollars, half away from zero (M.F.10).
fn dollars(cents: Cents) -> i64 {
    (cents.0.abs() + 50) / 100 * cents.0.signum()
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}
