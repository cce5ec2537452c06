//! What an ACO's spending growth is made of, beside its region's and the nation's: terms that sum.
//!
//! From one year to the next, spending per person year moves in this order:
//!
//! | term | what changes |
//! |---|---|
//! | `mix` | the shares of the enrollment types, at the spending of the earlier year (of all types together only) |
//! | `geography` | the counties of residence: the region's risk-adjusted spending of the earlier year at the later weights (M.D.1.3) over that at the earlier ones |
//! | `risk` | the HCC score, relative to the nation (M.C.1.3) |
//! | `truncation` | the part of untruncated spending that truncation leaves (M.B.3.3) |
//! | `residual` | what is left: prices, use, care |
//!
//! Within a type each term multiplies; over the types the running figures are weighted by the later year's person years, and a
//! term is the difference of two of them. A type without person years in the earlier year comes in by the mix. A term whose
//! figures are not known (truncation where a study begins from rates, a region of unknown counties) is blank, and
//! its part stays in the residual. The region is the ACO's counties by its person years, at its mix; the nation has a mix of its
//! own and no geography; its risk is the growth of the mean raw score, where one model made both years' scores.

use crate::benchmark::{BenchmarkRules, Rulebook};
use crate::by_type::ByType;
use crate::gather::{Gather, GatherRules};
use crate::{Index, rule_refused};
use acoledger_schemas::cells::Cells;
use acoledger_schemas::program::{Aco, Program};
use acoledger_schemas::rates::{CountyRate, Rates};
use acoledger_schemas::rules::Rules;
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::*;
use std::collections::HashMap;

acoledger_schemas::table! {
    /// Growth of spending per person year from one of an ACO's years to its next, term by term: the ACO, its region, the nation.
    TrendDecomposition = "trend_decomposition",
    key [performance_year, period, aco_id, from_year, to_year, enrollment_type, term] {
        /// Performance year.
        performance_year: PerformanceYear ["year"],
        /// `full`, or `h1`, `h2` for the half-years of 2019.
        period: Period ["code"],
        /// ACO.
        aco_id: AcoId ["id"],
        /// Earlier year: BY1, BY2 or BY3.
        from_year: CalendarYear ["year"],
        /// Later year: BY2, BY3 or the performance year.
        to_year: CalendarYear ["year"],
        /// Enrollment type; blank: all.
        enrollment_type: Option<EnrollmentType> ["code"],
        /// `from`; `mix`, `geography`, `risk`, `truncation`, `residual`: with it they sum to `to`.
        term: String ["code"],
        /// The ACO's spending per person year, truncated and completed, to 1/10,000: of `from` and `to` the figure, else what the
        /// term adds.
        aco_dollars: Option<f64> ["dollars"],
        /// The ACO's figure after the term over that before it.
        aco_factor: Option<f64> ["ratio"],
        /// The same of the ACO's region.
        region_dollars: Option<f64> ["dollars"],
        /// The same of the ACO's region.
        region_factor: Option<f64> ["ratio"],
        /// The same of the nation.
        nation_dollars: Option<f64> ["dollars"],
        /// The same of the nation.
        nation_factor: Option<f64> ["ratio"],
    }
}

/// Terms in their order, between `from` and `to`.
pub const TERMS: [&str; 5] = ["mix", "geography", "risk", "truncation", "residual"];
const GEOGRAPHY: usize = 0;
const RISK: usize = 1;
const TRUNCATION: usize = 2;

/// Units of a dollar to which figures are rounded.
const UNITS: f64 = 10_000.0;

/// Decomposes the growth of every ACO of the performance years. `cells` give what truncation took; without them it is not known.
///
/// # Errors
/// An agreement without rulebook.
pub fn trend_decomposition(
    rates: &Rates,
    program: &Program,
    rules: &Rules,
    performance_years: &[i32],
    cells: Option<&Cells>,
) -> Result<Vec<TrendDecomposition>, Problems> {
    let index = Index::new(rates, program);
    let kept = cells.map(|cells| Kept::new(cells, rules)).unwrap_or_default();
    let mut problems = Problems::default();
    let mut acos: Vec<&Aco> =
        program.aco.iter().filter(|aco| performance_years.contains(&aco.performance_year.0)).collect();
    acos.sort_by_key(|aco| (aco.performance_year, &aco.aco_id, aco.period));
    let mut rows = Vec::new();
    for aco in acos {
        match BenchmarkRules::load(rules, aco.agreement_start, aco.agreement_number, aco.performance_year) {
            Ok(rules) => Growth::new(&index, aco, &rules, &kept).rows(&mut rows),
            Err(error) => problems.push(rule_refused(aco, &error)),
        }
    }
    problems.or(rows)
}

/// Sums of spending: truncated in twelfths of a cent, and untruncated in cents.
type Pair = (i128, i128);

/// Performance year, period and ACO, calendar year and type.
type OwnKey<'c> = (PerformanceYear, Period, &'c str, i32, EnrollmentType);

/// What truncation leaves of spending.
#[derive(Default)]
struct Kept<'c> {
    own: HashMap<OwnKey<'c>, Pair>,
    county: HashMap<(PerformanceYear, i32, Window, &'c str, EnrollmentType), Pair>,
    nation: HashMap<(PerformanceYear, i32, EnrollmentType), Pair>,
}

impl<'c> Kept<'c> {
    fn new(cells: &'c Cells, rules: &Rules) -> Kept<'c> {
        let mut kept = Kept::default();
        let population = |py: PerformanceYear| -> Option<Population> {
            Population::from_code(&rules.at::<String>("cells.truncation.population", py.0).ok()?)
        };
        let mut limits = HashMap::new();
        for row in cells.threshold.iter().filter(|row| population(row.performance_year) == Some(row.population)) {
            limits.insert((row.performance_year, row.calendar_year.0, row.enrollment_type), row.threshold_cents.0);
        }
        // Twelfths: 12 × below + threshold × (over − under). Without a threshold nothing was truncated.
        let twelfths = |key: &(PerformanceYear, i32, EnrollmentType), below: Cents, months: i64| {
            12 * i128::from(below.0) + i128::from(limits.get(key).copied().unwrap_or(0)) * i128::from(months)
        };
        let add = |pair: &mut Pair, truncated: i128, all: Cents| {
            pair.0 += truncated;
            pair.1 += i128::from(all.0);
        };
        for cell in &cells.assigned_county {
            let key = (cell.performance_year, cell.calendar_year.0, cell.enrollment_type);
            let truncated = twelfths(&key, cell.below_cents, cell.months_over - cell.months_under);
            let own = (cell.performance_year, cell.period, cell.aco_id.as_str(), key.1, key.2);
            // Where the whole stands beside its cohorts, both parts of the ratio are there twice.
            add(kept.own.entry(own).or_default(), truncated, cell.spend_cents);
        }
        for cell in &cells.population_county {
            let key = (cell.performance_year, cell.calendar_year.0, cell.enrollment_type);
            let truncated = twelfths(&key, cell.below_cents, cell.months_over - cell.months_under);
            if cell.population == Population::Assignable {
                let county = (key.0, key.1, cell.window, cell.county.as_str(), key.2);
                add(kept.county.entry(county).or_default(), truncated, cell.spend_cents);
            }
            if cell.window == Window::Retrospective && population(key.0) == Some(cell.population) {
                add(kept.nation.entry(key).or_default(), truncated, cell.spend_cents);
            }
        }
        kept
    }
}

/// The part that is left, where it says something.
fn share((twelfths, cents): Pair) -> Option<f64> {
    (twelfths > 0 && cents > 0).then(|| twelfths as f64 / (12.0 * cents as f64))
}

/// One side of a type's growth: from, to, and the factors of geography, risk and truncation that are known.
#[derive(Clone, Copy, Default)]
struct Side {
    from: Option<f64>,
    to: Option<f64>,
    factors: [Option<f64>; 3],
}

/// The growth of one ACO.
struct Growth<'g, 'r> {
    index: &'g Index<'r>,
    aco: &'g Aco,
    kept: &'g Kept<'g>,
    years: [i32; 4],
    window: Window,
    /// Whether one model made the scores of all years.
    one_model: bool,
}

impl<'g, 'r> Growth<'g, 'r> {
    fn new(index: &'g Index<'r>, aco: &'g Aco, rules: &BenchmarkRules, kept: &'g Kept<'g>) -> Growth<'g, 'r> {
        let gather = Gather::new(index, aco, GatherRules::from(rules));
        let one_model = rules.rulebook == Rulebook::S652;
        Growth { index, aco, kept, years: gather.years, window: gather.window(), one_model }
    }

    fn key(&self) -> (PerformanceYear, Period, &'g str) {
        (self.aco.performance_year, self.aco.period, self.aco.aco_id.as_str())
    }

    fn rows(&self, rows: &mut Vec<TrendDecomposition>) {
        for pair in self.years.windows(2) {
            let years = (pair[0], pair[1]);
            let own_years = |year| ByType::of(|kind| self.own(year, kind).and_then(|own| own.1));
            let nation_years = |year| {
                let rows = self.index.national(self.aco.performance_year, year);
                ByType::of(|kind| rows[kind].and_then(|row| row.person_years))
            };
            let (own, nation) = ([years.0, years.1].map(own_years), [years.0, years.1].map(nation_years));
            let sides = [
                (ByType::of(|kind| self.aco_side(years, kind)), own),
                (ByType::of(|kind| self.region_side(years, kind)), own),
                (ByType::of(|kind| self.nation_side(years, kind)), nation),
            ];
            let all = sides.each_ref().map(|(by_type, person_years)| over_types(by_type, person_years));
            self.push(rows, years, None, all);
            for kind in EnrollmentType::ALL {
                let of = sides.each_ref().map(|(by_type, _)| running(by_type[kind]));
                self.push(rows, years, Some(kind), of);
            }
        }
    }

    /// Per capita spending, person years and score of the ACO.
    fn own(&self, year: i32, kind: EnrollmentType) -> Option<(Option<f64>, Option<f64>, Option<f64>)> {
        let row = self.index.own(self.key(), year, Cohort::All)[kind]?;
        row.person_years.filter(|years| *years > 0.0)?;
        Some((row.per_capita, row.person_years, row.hcc_score))
    }

    fn aco_side(&self, (from, to): (i32, i32), kind: EnrollmentType) -> Side {
        let (before, after) = (self.own(from, kind), self.own(to, kind));
        let score = |own: Option<(_, _, Option<f64>)>| own.and_then(|own| own.2);
        let (py, period, aco) = self.key();
        let kept = |year| self.kept.own.get(&(py, period, aco, year, kind)).copied().and_then(share);
        let adjusted = |row: &CountyRate| Some(row.per_capita? / row.hcc_score.filter(|score| *score > 0.0)?);
        Side {
            from: before.and_then(|own| own.0),
            to: after.and_then(|own| own.0),
            factors: [
                ratio(self.level(to, from, kind, adjusted), self.level(from, from, kind, adjusted)),
                ratio(score(after), score(before)),
                ratio(kept(to), kept(from)),
            ],
        }
    }

    fn region_side(&self, (from, to): (i32, i32), kind: EnrollmentType) -> Side {
        let spending = |row: &CountyRate| row.per_capita;
        let score = |row: &CountyRate| row.hcc_score;
        let untruncated = |year: i32| {
            move |row: &CountyRate| {
                let key = (self.aco.performance_year, year, population_window(self.window), row.county.as_str(), kind);
                Some(row.per_capita? / self.kept.county.get(&key).copied().and_then(share)?)
            }
        };
        let kept =
            |year| ratio(self.level(year, year, kind, spending), self.level(year, year, kind, untruncated(year)));
        Side {
            from: self.level(from, from, kind, spending),
            to: self.level(to, to, kind, spending),
            factors: [
                ratio(self.level(to, from, kind, spending), self.level(from, from, kind, spending)),
                ratio(self.level(to, to, kind, score), self.level(to, from, kind, score)),
                ratio(kept(to), kept(from)),
            ],
        }
    }

    fn nation_side(&self, (from, to): (i32, i32), kind: EnrollmentType) -> Side {
        let py = self.aco.performance_year;
        let row = |year| self.index.national(py, year)[kind];
        let spending = |year| row(year).and_then(|row| row.per_capita);
        let mean = |year| row(year).and_then(|row| row.hcc_mean).filter(|_| self.one_model);
        let kept = |year| self.kept.nation.get(&(py, year, kind)).copied().and_then(share);
        let factors = [None, ratio(mean(to), mean(from)), ratio(kept(to), kept(from))];
        Side { from: spending(from), to: spending(to), factors }
    }

    /// A figure of the counties of one year, by the ACO's person years of another, over the counties that have it; `None` where
    /// none has.
    fn level(
        &self,
        weights: i32,
        figures: i32,
        kind: EnrollmentType,
        figure: impl Fn(&CountyRate) -> Option<f64>,
    ) -> Option<f64> {
        let (mut sum, mut of) = (0.0, 0.0);
        for &(county, own) in self.index.own_counties(self.key(), weights, kind) {
            let row = self.index.county(self.aco.performance_year, figures, self.window, county, kind);
            if let Some(value) = row.and_then(&figure) {
                sum += own.person_years * value;
                of += own.person_years;
            }
        }
        (of > 0.0).then(|| sum / of)
    }

    fn push(
        &self,
        rows: &mut Vec<TrendDecomposition>,
        (from, to): (i32, i32),
        kind: Option<EnrollmentType>,
        sides: [Option<Running>; 3],
    ) {
        if sides[0].is_none() {
            return;
        }
        let terms = std::iter::once("from").chain(TERMS).chain(["to"]);
        for (at, term) in terms.enumerate().filter(|(_, term)| kind.is_none() || *term != "mix") {
            let of = |side: &Option<Running>| side.as_ref().and_then(|side| side.term(at));
            let [aco, region, nation] = sides.each_ref().map(of);
            let (dollars, factor) =
                (|of: Option<Term>| of.map(|of| of.dollars), |of: Option<Term>| of.and_then(|of| of.factor));
            rows.push(TrendDecomposition {
                performance_year: self.aco.performance_year,
                period: self.aco.period,
                aco_id: self.aco.aco_id.clone(),
                from_year: CalendarYear(from),
                to_year: CalendarYear(to),
                enrollment_type: kind,
                term: term.into(),
                aco_dollars: dollars(aco),
                aco_factor: factor(aco),
                region_dollars: dollars(region),
                region_factor: factor(region),
                nation_dollars: dollars(nation),
                nation_factor: factor(nation),
            });
        }
    }
}

/// The window of the population by which a county's rates are made (M.A.8.4).
pub(crate) fn population_window(window: Window) -> Window {
    if window == Window::Calendar { Window::Retrospective } else { window }
}

fn ratio(above: Option<f64>, below: Option<f64>) -> Option<f64> {
    let (above, below) = above.zip(below)?;
    (above > 0.0 && below > 0.0).then(|| above / below)
}

/// Figures on the way: before any term, after `mix`, `geography`, `risk`, `truncation`, and at the end.
#[derive(Clone, Copy)]
struct Running {
    figures: [f64; 6],
    known: [bool; 3],
}

/// One row of a side.
#[derive(Clone, Copy)]
struct Term {
    dollars: f64,
    factor: Option<f64>,
}

impl Running {
    /// Row `at` of `from`, the terms, `to`; `None` where the term is not known.
    fn term(&self, at: usize) -> Option<Term> {
        let rounded = |figure: f64| (figure * UNITS).round();
        let last = TERMS.len() + 1;
        if at == 0 || at == last {
            let figure = self.figures[if at == 0 { 0 } else { 5 }];
            let factor = (at == last && self.figures[0] > 0.0).then(|| figure / self.figures[0]);
            return Some(Term { dollars: rounded(figure) / UNITS, factor });
        }
        if (2..5).contains(&at) && !self.known[at - 2] {
            return None;
        }
        let (before, after) = (self.figures[at - 1], self.figures[at]);
        let dollars = (rounded(after) - rounded(before)) / UNITS + 0.0;
        Some(Term { dollars, factor: (before > 0.0).then(|| after / before) })
    }
}

/// The way of one type: no mix.
fn running(side: Side) -> Option<Running> {
    let (from, to) = side.from.zip(side.to)?;
    let mut figures = [from; 6];
    for at in [GEOGRAPHY, RISK, TRUNCATION] {
        figures[at + 2] = figures[at + 1] * side.factors[at].unwrap_or(1.0);
    }
    figures[5] = to;
    Some(Running { figures, known: side.factors.map(|factor| factor.is_some()) })
}

/// The way of all types: the mix first, then each term at the later year's person years. A type without the earlier year comes in
/// at its later figure by the mix.
fn over_types(sides: &ByType<Side>, [before, after]: &[ByType<Option<f64>>; 2]) -> Option<Running> {
    let by_type = ByType::of(|kind| {
        let side = sides[kind];
        let known = running(side);
        known.or_else(|| side.to.map(|to| Running { figures: [to; 6], known: [false; 3] }))
    });
    let at = |place: usize, weights: &ByType<Option<f64>>| {
        ByType::of(|kind| by_type[kind].map(|of| of.figures[place])).mean(weights)
    };
    let mut figures = [0.0; 6];
    figures[0] = ByType::of(|kind| sides[kind].from).mean(before)?;
    for (place, figure) in figures.iter_mut().enumerate().skip(1) {
        *figure = at(place, after)?;
    }
    let of_after = EnrollmentType::ALL.into_iter().filter(|kind| after[*kind].is_some());
    let mut known = [false; 3];
    for of in of_after.filter_map(|kind| by_type[kind]) {
        known.iter_mut().zip(of.known).for_each(|(known, of)| *known |= of);
    }
    Some(Running { figures, known })
}
