//! Drawings of the nation, for the page and for papers: each with the figures that it shows.

mod bars;
mod canvas;
mod rates;
mod tiles;

use super::Subject;
use super::document::{year_key, year_name};
use super::national::{YearSums, sums};
use super::places::Places;
use acoledger_aco::tables::SavingsLosses;
use acoledger_schemas::values::{PerformanceYear, Period};

/// A drawing as a file, and its figures as another.
pub(super) struct Plot {
    /// Name of both files without its ending.
    pub(super) name: String,
    pub(super) svg: String,
    pub(super) csv: String,
}

/// Every plot of a report, year by year.
pub(super) fn all(subject: &Subject) -> Vec<Plot> {
    let results = &subject.run.results;
    let mut plots = Vec::new();
    for year in subject.run.years() {
        let sums = sums(results, year);
        let of_year: Vec<&SavingsLosses> =
            results.iter().filter(|row| (row.performance_year, row.period) == year).collect();
        let title = |what: &str| format!("{what}, performance year {}", year_name(year));
        let mut plot = |name: &str, svg: String, csv: String| {
            plots.push(Plot { name: format!("{name}_{}", year_key(year)), svg, csv });
        };
        let bins = rates::bins(&of_year);
        plot("savings_rates", rates::histogram(&bins, Some(&title("ACOs by savings rate"))), rates::bins_csv(&bins));
        let heading = title("Savings rate and size of each ACO");
        plot("savings_rates_by_size", rates::scatter(&of_year, &heading), rates::scatter_csv(&of_year));
        for (name, groups, what) in
            [("paid_owed_by_track", &sums.tracks, "track"), ("paid_owed_by_size", &sums.sizes, "size")]
        {
            let heading = title(&format!("Paid to ACOs and owed by them, by {what}"));
            plot(name, bars::groups(groups, Some(&heading)), bars::csv(groups, &sums.nation));
        }
        let places = Places::of(&subject.run, year, subject.county_codes);
        let states = places.states();
        if !states.is_empty() {
            let heading = title("Spending per person year of assignable beneficiaries, by state");
            plot("spending_by_state", tiles::states(&states, &heading), tiles::csv(&states));
        }
    }
    plots
}

/// What stands in the page: name, title, drawing. The page itself says the title.
pub(super) fn of_page(
    sums: &YearSums,
    results: &[SavingsLosses],
    year: (PerformanceYear, Period),
) -> Vec<(&'static str, String, String)> {
    let of_year: Vec<&SavingsLosses> =
        results.iter().filter(|row| (row.performance_year, row.period) == year).collect();
    let bins = rates::bins(&of_year);
    vec![
        ("rates", "ACOs by savings rate".into(), rates::histogram(&bins, None)),
        ("track", "Paid to ACOs and owed by them, by track".into(), bars::groups(&sums.tracks, None)),
        ("size", "Paid to ACOs and owed by them, by size".into(), bars::groups(&sums.sizes, None)),
    ]
}
