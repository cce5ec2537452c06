//! The page on the terminal after a run: who saved, who lost, by track, lives, dollars, what was rejected, where the files are.

use crate::grid::{Format, Grid, Head, PAGE, Value, thousands, wrap};
use crate::manifest::Manifest;
use crate::run::RunReport;
use acoledger_aco::tables::SavingsLosses;
use acoledger_schemas::values::{PerformanceYear, Track};
use std::collections::BTreeMap;

/// Rows of the lists of savers and losers.
const LONGEST_LIST: usize = 5;
/// The same where many performance years share the page.
const SHORT_LIST: usize = 2;

/// The page after a whole run.
pub(crate) fn page(report: &RunReport) -> String {
    let manifest = &report.manifest;
    let mut out = headline(report);
    let mut years: Vec<PerformanceYear> = report.savings_losses.iter().map(|row| row.performance_year).collect();
    years.dedup();
    let longest = if years.len() > 2 { SHORT_LIST } else { LONGEST_LIST };
    for year in years {
        let rows: Vec<&SavingsLosses> =
            report.savings_losses.iter().filter(|row| row.performance_year == year).collect();
        out.push_str(&format!("\nPerformance year {year}\n"));
        out.push_str(&indent(&by_track(&rows).render(Format::Table)));
        out.push_str(&extremes("Largest savings", &rows, longest, true));
        out.push_str(&extremes("Largest losses", &rows, longest, false));
    }
    out.push_str(&conservation(manifest));
    out.push_str(&findings(manifest));
    out.push_str(&outputs(report));
    out
}

fn headline(report: &RunReport) -> String {
    let lives: i64 = report.savings_losses.iter().map(|row| row.n_ab).sum();
    let mut years: Vec<i32> = report.savings_losses.iter().map(|row| row.performance_year.0).collect();
    years.dedup();
    let over = if years.len() > 1 { format!(" over {} performance years", years.len()) } else { String::new() };
    let done =
        if report.already_done { "nothing to do: inputs, rules and version are those of the last run" } else { "done" };
    let memory =
        report.metrics.peak_memory_bytes.map(|bytes| format!(", {} MB at most", thousands(&(bytes >> 20).to_string())));
    format!(
        "{}: {done}\n{} ACO results, {} assigned lives{over}; {:.1} s on {} threads{}\n",
        report.manifest.study,
        thousands(&report.savings_losses.len().to_string()),
        thousands(&lives.to_string()),
        report.metrics.stages.iter().map(|stage| stage.seconds).sum::<f64>(),
        report.metrics.threads,
        memory.unwrap_or_default(),
    )
}

#[derive(Default)]
struct Totals {
    acos: usize,
    lives: i64,
    person_years: f64,
    benchmark: i64,
    expenditures: i64,
    earned_cents: i64,
    owed_cents: i64,
}

impl Totals {
    fn add(&mut self, row: &SavingsLosses) {
        self.acos += 1;
        self.lives += row.n_ab;
        self.person_years += row.person_years;
        self.benchmark += row.ab_tot_bnchmk;
        self.expenditures += row.ab_tot_exp;
        self.earned_cents += row.earned_cents.0.max(0);
        self.owed_cents += row.earned_cents.0.min(0);
    }

    fn row(&self, name: &str) -> Vec<Value> {
        vec![
            name.into(),
            self.acos.into(),
            self.lives.into(),
            Value::Decimal(self.person_years, 0),
            Value::Integer(self.benchmark),
            Value::Integer(self.expenditures),
            Value::Integer(dollars(self.earned_cents)),
            Value::Integer(dollars(self.owed_cents)),
        ]
    }
}

fn by_track(rows: &[&SavingsLosses]) -> Grid {
    let mut tracks: BTreeMap<Track, Totals> = BTreeMap::new();
    let mut all = Totals::default();
    for row in rows {
        tracks.entry(row.current_track).or_default().add(row);
        all.add(row);
    }
    let mut grid = Grid::new(&[
        Head::Left("track"),
        Head::Right("ACOs"),
        Head::Right("lives"),
        Head::Right("person years"),
        Head::Right("benchmark $"),
        Head::Right("expenditures $"),
        Head::Right("earned $"),
        Head::Right("owed $"),
    ]);
    for (track, totals) in &tracks {
        grid.push(totals.row(track.code()));
    }
    grid.push(all.row("all"));
    grid
}

/// The ACOs whose spending lies farthest below the benchmark, or above it.
fn extremes(title: &str, rows: &[&SavingsLosses], longest: usize, savers: bool) -> String {
    let sign = if savers { 1 } else { -1 };
    let mut chosen: Vec<&&SavingsLosses> =
        rows.iter().filter(|row| row.gross_savings_cents.0.signum() == sign).collect();
    chosen.sort_by_key(|row| (-sign * row.gross_savings_cents.0, &row.aco_id, row.period));
    if chosen.is_empty() {
        return format!("  {title}: none\n");
    }
    let mut grid = Grid::new(&[
        Head::Left("ACO"),
        Head::Left("track"),
        Head::Right("lives"),
        Head::Right("benchmark - spending $"),
        Head::Right("rate %"),
        Head::Right("MSR %"),
        Head::Right("earned or owed $"),
    ]);
    for row in chosen.into_iter().take(longest) {
        grid.push(vec![
            row.aco_id.as_str().into(),
            row.current_track.code().into(),
            row.n_ab.into(),
            Value::Integer(dollars(row.gross_savings_cents.0)),
            Value::Decimal(row.sav_rate, 2),
            Value::Decimal(row.min_sav_perc, 2),
            Value::Integer(dollars(row.earned_cents.0)),
        ]);
    }
    format!("  {title}\n{}", indent(&grid.render(Format::Table)))
}

/// Rows and dollars in and out of each stage that has them.
pub(crate) fn conservation(manifest: &Manifest) -> String {
    let mut grid = Grid::new(&[
        Head::Left("stage"),
        Head::Left("of"),
        Head::Right("rows in"),
        Head::Right("used"),
        Head::Right("left out"),
        Head::Right("rejected"),
        Head::Right("dollars in"),
        Head::Right("used"),
    ]);
    for (stage, account) in manifest.stages.iter().flat_map(|stage| stage.accounts.iter().map(move |of| (stage, of))) {
        grid.push(vec![
            stage.stage.as_str().into(),
            account.table.as_str().into(),
            account.rows_in.into(),
            account.rows_used.into(),
            account.rows_left_out.into(),
            account.rows_rejected.into(),
            Value::Integer(dollars(account.cents_in)),
            Value::Integer(dollars(account.cents_used)),
        ]);
    }
    if grid.is_empty() { String::new() } else { format!("\nRows and dollars\n{}", indent(&grid.render(Format::Table))) }
}

/// What a reader should know, beyond the limits first.
pub(crate) fn findings(manifest: &Manifest) -> String {
    if manifest.findings.is_empty() {
        return "\nFindings: none\n".into();
    }
    let mut out = String::from("\nFindings\n");
    let mut findings: Vec<_> = manifest.findings.iter().collect();
    findings.sort_by_key(|finding| !finding.beyond_limits);
    for finding in findings.iter().take(12) {
        let limit = if finding.beyond_limits { "BEYOND THE LIMIT: " } else { "" };
        let lines = wrap(&format!("{limit}{}", finding.what), PAGE - 14);
        out.push_str(&format!("{:>10}  {}\n", thousands(&finding.count.to_string()), lines[0]));
        for line in &lines[1..] {
            out.push_str(&format!("{:>10}  {line}\n", ""));
        }
    }
    if findings.len() > 12 {
        out.push_str(&format!("{:>10}  more in manifest.json\n", findings.len() - 12));
    }
    out
}

/// Where the files are.
pub(crate) fn outputs(report: &RunReport) -> String {
    let mut names: Vec<String> = Vec::new();
    for output in &report.manifest.outputs {
        let name = match output.file.split_once('/') {
            Some((folder, _)) => format!("{folder}/"),
            None if output.sha256.is_none() => format!("{}/", output.file),
            None => output.file.clone(),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.extend(["manifest.json".into(), "metrics.json".into()]);
    let mut out = match &report.published {
        Some(url) => format!("\nFiles in {url}\n  (here: {})\n", report.folder.display()),
        None => format!("\nFiles in {}\n", report.folder.display()),
    };
    for line in wrap(&names.join(" "), PAGE - 2) {
        out.push_str(&format!("  {line}\n"));
    }
    out
}

fn dollars(cents: i64) -> i64 {
    // Half away from zero, as everywhere a dollar is printed (M.F.10).
    (cents.abs() + 50) / 100 * cents.signum()
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}
