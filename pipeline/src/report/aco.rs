//! What the page knows of one ACO in one performance year.

use super::read::{ByAco, Key, RunTables};
use super::walk::{Kinds, Line, rounded};
use crate::aco::FindingRow;
use acoledger_aco::expected::Expected;
use acoledger_aco::risk_cap::RiskCap;
use acoledger_aco::spending::{ServiceCategories, Utilisation};
use acoledger_aco::tables::{BenchmarkStep, SavingsLosses};
use acoledger_aco::trend::TrendDecomposition;
use acoledger_schemas::rates::{AcoCountyHeads, AcoYear};
use acoledger_schemas::shown::shown;
use acoledger_schemas::values::Cohort;
use serde::Serialize;

/// An ACO's result and what led to it. Names of fields are short: they stand in the page once for each ACO.
#[derive(Debug, Serialize)]
pub(super) struct Aco {
    /// Number of the year in the page's list of years.
    year: usize,
    id: String,
    name: String,
    track: &'static str,
    two_sided: bool,
    method: String,
    agreement: String,
    start: String,
    period_number: u8,
    rulebook: String,
    revenue: Option<String>,
    assigned: i64,
    person_years: f64,
    msr: f64,
    mlr: Option<f64>,
    historical: i64,
    updated: i64,
    benchmark: i64,
    spending: i64,
    /// Cents, as are `earned`; the rest are dollars.
    gross: i64,
    earned: i64,
    outcome: String,
    final_rate: f64,
    sharing_rate: f64,
    quality: Option<f64>,
    regional: Option<i64>,
    prior: Option<i64>,
    adjustment: String,
    disaster: Option<i64>,
    recouped: Option<i64>,
    imputed: Option<String>,
    /// Terms from the historical benchmark to the difference, per person year and in dollars.
    terms: Vec<(f64, f64)>,
    /// Calendar year, then for each enrollment type spending per person year, person years, HCC and demographic score.
    own: Vec<(i32, Vec<OwnType>)>,
    /// Calendar year of the list, lives by the way they came to it.
    lists: Vec<(i32, [i64; super::lists::WAYS])>,
    /// Whether the cap on the growth of risk scores binds, what it does to benchmark and payment in cents.
    risk_cap: Option<(bool, i64, i64)>,
    /// Calendar year, spending per person year of each category of the page's list.
    services: Vec<(i32, Vec<Option<f64>>)>,
    /// Value of each measure of the page's list in the performance year.
    utilisation: Vec<Option<f64>>,
    /// Dollars of the terms of growth from BY3: ACO, region, nation.
    growth: Vec<(String, [Option<f64>; 3])>,
    /// Counties of the performance year's list and heads there, most first.
    counties: Vec<(String, i64)>,
    /// Section of the methodology, what was found.
    findings: Vec<(String, String)>,
    walk: Vec<Line>,
}

type OwnType = (Option<f64>, Option<f64>, Option<f64>, Option<f64>);

/// Tables of a run by ACO, and what all ACOs of the page share.
pub(super) struct Source<'t> {
    tables: &'t RunTables,
    expected: ByAco<'t, Expected>,
    own: ByAco<'t, AcoYear>,
    trend: ByAco<'t, TrendDecomposition>,
    categories: ByAco<'t, ServiceCategories>,
    utilisation: ByAco<'t, Utilisation>,
    risk_cap: ByAco<'t, RiskCap>,
    county_heads: ByAco<'t, AcoCountyHeads>,
    findings: ByAco<'t, FindingRow>,
    walk: ByAco<'t, BenchmarkStep>,
}

/// Names that values are listed under, in one order for all ACOs of a page.
#[derive(Debug, Default)]
pub(super) struct Lists {
    pub(super) years: Vec<(i32, String)>,
    pub(super) services: Vec<String>,
    pub(super) measures: Vec<String>,
}

impl<'t> Source<'t> {
    pub(super) fn new(tables: &'t RunTables) -> Source<'t> {
        macro_rules! by_aco {
            ($table:ident) => {
                ByAco::new(&tables.$table, |row| Some((row.performance_year, row.period, &row.aco_id)))
            };
        }
        Source {
            tables,
            expected: by_aco!(expected),
            own: ByAco::new(&tables.own, |row| {
                (row.cohort == Cohort::All).then_some((row.performance_year, row.period, &row.aco_id))
            }),
            trend: by_aco!(trend),
            categories: ByAco::new(&tables.categories, |row| {
                Some((row.performance_year, row.period?, row.aco_id.as_ref()?))
            }),
            utilisation: ByAco::new(&tables.utilisation, |row| {
                Some((row.performance_year, row.period?, row.aco_id.as_ref()?))
            }),
            risk_cap: by_aco!(risk_cap),
            county_heads: by_aco!(county_heads),
            findings: by_aco!(findings),
            walk: by_aco!(walk),
        }
    }

    /// Every ACO result of the run in the years of the page, in the order of its table.
    pub(super) fn acos(&self, lists: &Lists, kinds: &mut Kinds) -> Vec<Aco> {
        let year_of = |row: &SavingsLosses| {
            let year = (row.performance_year.0, row.period.code().to_owned());
            lists.years.iter().position(|of| *of == year)
        };
        let rows = self.tables.results.iter();
        rows.filter_map(|row| Some(self.aco(row, year_of(row)?, lists, kinds))).collect()
    }

    fn aco(&self, row: &SavingsLosses, year: usize, lists: &Lists, kinds: &mut Kinds) -> Aco {
        let key: Key<'_> = (row.performance_year, row.period, &row.aco_id);
        let by_lists = self.tables.lists.as_ref();
        Aco {
            year,
            id: row.aco_id.to_string(),
            name: row.aco_name.as_deref().map(|name| shown(name).into_owned()).unwrap_or_default(),
            track: row.current_track.code(),
            two_sided: row.risk_model == "Two-Sided",
            method: row.assign_type.clone(),
            agreement: row.agree_type.clone(),
            start: row.current_start_date.clone(),
            period_number: row.agreement_period_num,
            rulebook: row.rulebook.clone(),
            revenue: row.rev_exp_cat.clone(),
            assigned: row.n_ab,
            person_years: rounded(row.person_years, 2),
            msr: rounded(row.msr, 6),
            mlr: row.mlr.map(|rate| rounded(rate, 6)),
            historical: row.hist_bnchmk,
            updated: row.updated_bnchmk,
            benchmark: row.ab_tot_bnchmk,
            spending: row.ab_tot_exp,
            gross: row.gross_savings_cents.0,
            earned: row.earned_cents.0,
            outcome: row.outcome.clone(),
            final_rate: rounded(row.final_rate, 12),
            sharing_rate: row.final_share_rate,
            quality: row.qual_score,
            regional: row.reg_adj,
            prior: row.prior_sav_adj,
            adjustment: row.final_adj_cat.clone(),
            disaster: row.dis_adj.filter(|dollars| *dollars != 0),
            recouped: row.aip_recoup.filter(|dollars| *dollars != 0),
            imputed: row.imputed.as_deref().map(|text| shown(text).into_owned()),
            terms: self.expected.of(&key).iter().map(|term| (term.per_capita, term.dollars)).collect(),
            own: own(self.own.of(&key), row),
            lists: by_lists.map_or_else(Vec::new, |all| all.of(row.performance_year.0, row.aco_id.as_str())),
            risk_cap: self
                .risk_cap
                .of(&key)
                .first()
                .map(|cap| (cap.binds.0, cap.benchmark_effect_cents.0, cap.earned_effect_cents.0)),
            services: services(self.categories.of(&key), &lists.services),
            utilisation: utilisation(self.utilisation.of(&key), row.performance_year.0, &lists.measures),
            growth: growth(self.trend.of(&key), row.performance_year.0),
            counties: counties(self.county_heads.of(&key), row.performance_year.0),
            findings: self
                .findings
                .of(&key)
                .iter()
                .map(|found| (found.rule.clone(), shown(&found.what).into_owned()))
                .collect(),
            walk: kinds.lines(self.walk.of(&key)),
        }
    }
}

/// First year of the agreement.
fn first_year(row: &SavingsLosses) -> Option<i32> {
    row.current_start_date.rsplit('/').next()?.parse().ok()
}

/// The ACO's own figures of its base years and the performance year.
fn own(rows: &[&AcoYear], result: &SavingsLosses) -> Vec<(i32, Vec<OwnType>)> {
    let start = first_year(result);
    let mut years: Vec<(i32, Vec<OwnType>)> = Vec::new();
    for row in rows {
        let year = row.calendar_year.0;
        let is_base = start.is_none_or(|start| (start - 3..start).contains(&year));
        if !is_base && year != row.performance_year.0 {
            continue;
        }
        let at = years.iter().position(|of| of.0 == year).unwrap_or_else(|| {
            years.push((year, vec![(None, None, None, None); 4]));
            years.len() - 1
        });
        let score = |value: Option<f64>| value.map(|value| rounded(value, 4));
        years[at].1[row.enrollment_type as usize] = (
            row.per_capita.map(|dollars| rounded(dollars, 2)),
            row.person_years.map(|years| rounded(years, 2)),
            score(row.hcc_score),
            score(row.demographic_score),
        );
    }
    years.sort_by_key(|of| of.0);
    years
}

/// Spending by class of service, all enrollment types together, in each of the ACO's years that the table has.
pub(super) fn services(rows: &[&ServiceCategories], names: &[String]) -> Vec<(i32, Vec<Option<f64>>)> {
    let mut years: Vec<(i32, Vec<Option<f64>>)> = Vec::new();
    for row in rows.iter().filter(|row| row.enrollment_type.is_none()) {
        let Some(column) = names.iter().position(|name| *name == row.category) else { continue };
        let at = years.iter().position(|of| of.0 == row.calendar_year.0).unwrap_or_else(|| {
            years.push((row.calendar_year.0, vec![None; names.len()]));
            years.len() - 1
        });
        years[at].1[column] = row.per_capita.map(|dollars| rounded(dollars, 2));
    }
    years.sort_by_key(|of| of.0);
    years
}

/// Measures of the performance year, all enrollment types together.
pub(super) fn utilisation(rows: &[&Utilisation], year: i32, names: &[String]) -> Vec<Option<f64>> {
    let of_year = |row: &&&Utilisation| row.enrollment_type.is_none() && row.calendar_year.0 == year;
    let mut values = Vec::new();
    for row in rows.iter().filter(of_year) {
        if let Some(column) = names.iter().position(|name| *name == row.measure) {
            values.resize(names.len(), None);
            values[column] = row.value.map(|value| rounded(value, 2));
        }
    }
    values
}

/// Terms of growth up to the performance year, all enrollment types together.
fn growth(rows: &[&TrendDecomposition], year: i32) -> Vec<(String, [Option<f64>; 3])> {
    rows.iter()
        .filter(|row| row.enrollment_type.is_none() && row.to_year.0 == year)
        .map(|row| (row.term.clone(), [row.aco_dollars, row.region_dollars, row.nation_dollars]))
        .collect()
}

/// Counties with most heads on the list of the performance year; the rest as one sum under no name.
fn counties(rows: &[&AcoCountyHeads], year: i32) -> Vec<(String, i64)> {
    const MOST: usize = 12;
    let of_year = rows.iter().filter(|row| row.calendar_year.0 == year);
    let mut counties: Vec<(String, i64)> = of_year.map(|row| (row.county.to_string(), row.head_count)).collect();
    counties.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    if counties.len() > MOST {
        let rest = counties.split_off(MOST - 1);
        counties.push((String::new(), rest.iter().map(|(_, heads)| heads).sum()));
    }
    counties
}
