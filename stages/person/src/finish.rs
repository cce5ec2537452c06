//! Sums of all shards into the tables of cells.

use crate::classes::{self, whose};
use crate::context::{Context, Performance};
use crate::output::member;
use crate::pass_a::ShardA;
use crate::pass_b::{CellSums, Key, Of, Sum, county_text};
use crate::thresholds::Thresholds;
use crate::usage::Counts;
use acoledger_schemas::cells::{
    AcoCountyHeadsCell, AcoHeadsCell, AssignedAssignable, AssignedCounty, Cells, Leakage, PopulationCounty, Revenue,
    RiskCell, UtilisationCount,
};
use acoledger_schemas::values::{
    AcoId, CalendarYear, Cents, Cohort, County, EnrollmentType, PerformanceYear, Period, Population, ScoreKind,
    UseMeasure, Window,
};
use std::collections::BTreeMap;

/// An ACO's cell: period, ACO, calendar year, cohort, county, type, under its performance year.
type AcoKey = (usize, Period, u32, i32, Cohort, u64, u8);

impl CellSums {
    /// The cells of the study, each table sorted by its key. `all` are the merged results of pass A.
    pub fn finish(self, context: &Context, all: &ShardA, thresholds: &Thresholds) -> Cells {
        let (service_category, truncation) = classes::rows(context, self.classes.iter());
        // Keys alone are put in order: sums of a nation's counties are many, and stand where they are.
        let mut populations: Vec<Key> = Vec::new();
        let mut assigned: Vec<(AcoKey, Key)> = Vec::new();
        for key in self.sums.keys() {
            match key.of {
                Of::Aco(aco, cohort) => spread(context, key, aco, cohort, &mut assigned),
                Of::AcoAssignable(aco, _) if !is_own_year(context, key, aco) => {}
                _ => populations.push(*key),
            }
        }
        populations.sort_unstable_by_key(|key| (key.performance, key.list, order(key.of), key.county, key.kind));
        assigned.sort_unstable_by_key(|(cell, _)| *cell);
        let mut cells = Cells { threshold: thresholds.rows(context), service_category, truncation, ..Cells::default() };
        for key in &populations {
            let sum = &self.sums[key];
            match key.of {
                Of::AcoAssignable(number, prospective) => {
                    assignable(context, key, (number, prospective), sum, &mut cells)
                }
                _ => population(context, key, sum, &mut cells),
            }
        }
        for same in assigned.chunk_by(|(a, _), (b, _)| a == b) {
            let mut sum = Sum::default();
            same.iter().for_each(|(_, key)| sum.add(&self.sums[key]));
            aco(context, &same[0].0, &sum, &mut cells);
        }
        drop((self.sums, populations, assigned));
        cells.risk.sort_unstable_by(|a, b| risk_key(a).cmp(&risk_key(b)));
        // Made by year, then by ACO; the numbers of ACOs are in the order of their names.
        cells.assigned_assignable.sort_by(|a, b| (a.performance_year, &a.aco_id).cmp(&(b.performance_year, &b.aco_id)));
        heads(context, all, &mut cells);
        revenue(context, all, &mut cells);
        all.tally.rows(context, &mut cells);
        all.improper.rows(context, &mut cells);
        cared(context, all, &mut cells);
        cells.risk_detail = all.detail.rows(context);
        cells.risk_compared = all.compared.rows();
        cells.runout_triangle = all.ledger.triangle.rows(&context.time);
        cells
    }
}

/// Order of populations in a table: `assignable` before `ffs`, `retrospective` before `prospective`; then ACOs.
fn order(of: Of) -> (u8, u16, u8) {
    match of {
        Of::Retrospective => (0, 0, 0),
        Of::Prospective => (1, 0, 0),
        Of::Ffs => (2, 0, 0),
        Of::Aco(aco, cohort) => (3, aco, cohort),
        Of::AcoAssignable(aco, prospective) => (4, aco, prospective.into()),
    }
}

/// Whether the list of a cell is of one of the ACO's own years.
fn is_own_year(context: &Context, key: &Key, aco: u16) -> bool {
    let performance = &context.performances[usize::from(key.performance)];
    let year = performance.field.lists[usize::from(key.list)].year;
    performance.field.rows.iter().any(|row| row.aco == u32::from(aco) && row.years.contains(&year))
}

/// The cells that a key's sums stand in, without scores: of an ACO one for each period whose own year it is.
pub(crate) fn identities(context: &Context, key: &Key) -> Vec<RiskCell> {
    let performance = &context.performances[usize::from(key.performance)];
    let year = performance.field.lists[usize::from(key.list)].year;
    let blank = || risk_cell(performance, year, key.county, EnrollmentType::ALL[usize::from(key.kind)], year);
    let population = |population, window| RiskCell { population: Some(population), window: Some(window), ..blank() };
    match key.of {
        Of::Retrospective => vec![population(Population::Assignable, Window::Retrospective)],
        Of::Prospective => vec![population(Population::Assignable, Window::Prospective)],
        Of::Ffs => vec![population(Population::Ffs, Window::Retrospective)],
        Of::AcoAssignable(aco, prospective) if is_own_year(context, key, aco) => {
            let window = if prospective { Window::Prospective } else { Window::Retrospective };
            let aco_id = Some(aco_id(context, aco.into()));
            vec![RiskCell { aco_id, ..population(Population::Assignable, window) }]
        }
        Of::AcoAssignable(..) => Vec::new(),
        Of::Aco(aco, bits) => {
            let rows = performance.field.rows.iter();
            let own = rows.filter(|row| row.aco == u32::from(aco) && row.years.contains(&year));
            own.map(|row| RiskCell {
                period: Some(row.period),
                aco_id: Some(aco_id(context, aco.into())),
                cohort: Some(cohort(row.cohorts, bits)),
                ..blank()
            })
            .collect()
        }
    }
}

/// The cohort of a life by its bits, where the agreement keeps cohorts apart.
fn cohort(apart: bool, bits: u8) -> Cohort {
    let bits = u32::from(bits) << 18;
    match apart {
        true if bits & member::NEWLY != 0 => Cohort::Newly,
        true if bits & member::CONTINUOUSLY != 0 => Cohort::Continuously,
        _ => Cohort::All,
    }
}

/// The periods in which a year is an ACO's own, and its cohorts there.
fn spread(context: &Context, key: &Key, aco: u16, bits: u8, out: &mut Vec<(AcoKey, Key)>) {
    let at = usize::from(key.performance);
    let performance = &context.performances[at];
    let year = performance.field.lists[usize::from(key.list)].year;
    for row in performance.field.rows.iter().filter(|row| row.aco == u32::from(aco) && row.years.contains(&year)) {
        let cohort = cohort(row.cohorts, bits);
        out.push(((at, row.period, row.aco, year, cohort, key.county, key.kind), *key));
    }
}

fn aco_id(context: &Context, aco: usize) -> AcoId {
    AcoId::new(&context.acos[aco]).expect("the identifier was one when it was read")
}

fn county(packed: u64) -> County {
    County::new(&county_text(packed)).expect("counties of enrollment records are at most five plain characters")
}

fn population(context: &Context, key: &Key, sum: &Sum, cells: &mut Cells) {
    let performance = &context.performances[usize::from(key.performance)];
    let (population, window) = match key.of {
        Of::Ffs => (Population::Ffs, Window::Retrospective),
        Of::Prospective => (Population::Assignable, Window::Prospective),
        _ => (Population::Assignable, Window::Retrospective),
    };
    let year = performance.field.lists[usize::from(key.list)].year;
    let enrollment_type = EnrollmentType::ALL[usize::from(key.kind)];
    cells.population_county.push(PopulationCounty {
        performance_year: PerformanceYear(performance.year),
        calendar_year: CalendarYear(year),
        population,
        window,
        county: county(key.county),
        enrollment_type,
        lives: sum.lives,
        months: sum.months,
        below_cents: Cents(sum.below),
        months_over: sum.over,
        months_under: sum.under,
        spend_cents: Cents(sum.spend),
    });
    let models = [(year, 0), (performance.year, 4)];
    let distinct = if year == performance.year { &models[1..] } else { &models[..] };
    for (model, first) in distinct {
        let blank = RiskCell {
            population: Some(population),
            window: Some(window),
            ..risk_cell(performance, year, key.county, enrollment_type, *model)
        };
        risk(&blank, &sum.scores[*first..*first + 4], cells);
    }
}

/// A cell of `assigned_assignable`.
fn assignable(context: &Context, key: &Key, (number, prospective): (u16, bool), sum: &Sum, cells: &mut Cells) {
    let performance = &context.performances[usize::from(key.performance)];
    let year = performance.field.lists[usize::from(key.list)].year;
    let enrollment_type = EnrollmentType::ALL[usize::from(key.kind)];
    let window = if prospective { Window::Prospective } else { Window::Retrospective };
    let (model, first) = model_of(performance, year, number.into(), None);
    cells.assigned_assignable.push(AssignedAssignable {
        performance_year: PerformanceYear(performance.year),
        aco_id: aco_id(context, usize::from(number)),
        calendar_year: CalendarYear(year),
        window,
        county: county(key.county),
        enrollment_type,
        lives: sum.lives,
        months: sum.months,
        below_cents: Cents(sum.below),
        months_over: sum.over,
        months_under: sum.under,
        spend_cents: Cents(sum.spend),
        model: CalendarYear(model),
        hcc_months: sum.scores[first],
        hcc_milli_months: sum.scores[first + 1],
        demographic_months: sum.scores[first + 2],
        demographic_milli_months: sum.scores[first + 3],
    });
}

/// The model of an ACO's scores of a year, which follows its agreement (M.C.1.5), and the place of its sums.
fn model_of(performance: &Performance, year: i32, number: u32, period: Option<Period>) -> (i32, usize) {
    let mut rows = performance.field.rows.iter().filter(|row| row.aco == number);
    let row = rows.find(|row| period.is_none_or(|period| row.period == period));
    let by_performance = year == performance.year || row.is_some_and(|row| row.model_of_performance_year);
    if by_performance { (performance.year, 4) } else { (year, 0) }
}

fn risk_cell(
    performance: &Performance,
    year: i32,
    packed: u64,
    enrollment_type: EnrollmentType,
    model: i32,
) -> RiskCell {
    RiskCell {
        performance_year: PerformanceYear(performance.year),
        period: None,
        aco_id: None,
        calendar_year: CalendarYear(year),
        cohort: None,
        population: None,
        window: None,
        county: county(packed),
        enrollment_type,
        model: CalendarYear(model),
        kind: ScoreKind::Hcc,
        score_months: 0,
        score_milli_months: 0,
    }
}

/// The key of a row of `risk`; blanks before values.
fn risk_key(row: &RiskCell) -> impl Ord + '_ {
    let aco = (row.period, row.aco_id.as_ref(), row.calendar_year, row.cohort, row.population, row.window);
    (row.performance_year, aco, &row.county, row.enrollment_type, row.model, row.kind)
}

fn risk(blank: &RiskCell, scores: &[i64], cells: &mut Cells) {
    for (kind, sums) in [(ScoreKind::Demographic, &scores[2..4]), (ScoreKind::Hcc, &scores[..2])] {
        if sums[0] > 0 {
            let (score_months, score_milli_months) = (sums[0], sums[1]);
            cells.risk.push(RiskCell { kind, score_months, score_milli_months, ..blank.clone() });
        }
    }
}

fn aco(context: &Context, key: &AcoKey, sum: &Sum, cells: &mut Cells) {
    let (at, period, number, year, cohort, packed, kind) = *key;
    let performance = &context.performances[at];
    let enrollment_type = EnrollmentType::ALL[usize::from(kind)];
    cells.assigned_county.push(AssignedCounty {
        performance_year: PerformanceYear(performance.year),
        period,
        aco_id: aco_id(context, number as usize),
        calendar_year: CalendarYear(year),
        cohort,
        county: county(packed),
        enrollment_type,
        lives: sum.lives,
        months: sum.months,
        dual_months: sum.dual_months,
        below_cents: Cents(sum.below),
        months_over: sum.over,
        months_under: sum.under,
        spend_cents: Cents(sum.spend),
        gross_cents: Cents(sum.gross),
    });
    let (model, first) = model_of(performance, year, number, Some(period));
    let blank = RiskCell {
        period: Some(period),
        aco_id: Some(aco_id(context, number as usize)),
        cohort: Some(cohort),
        ..risk_cell(performance, year, packed, enrollment_type, model)
    };
    risk(&blank, &sum.scores[first..first + 4], cells);
}

/// Rows of `aco` in the order of `period` and ACO, with the years that are their own.
fn own_years(performance: &Performance) -> impl Iterator<Item = (Period, u32, usize, i32)> {
    let mut rows: Vec<_> = performance.field.rows.iter().collect();
    rows.sort_by_key(|row| (row.period, row.aco));
    rows.into_iter().flat_map(|row| {
        let lists = performance.field.lists.iter().enumerate().filter(|(_, list)| row.years.contains(&list.year));
        lists.map(|(at, list)| (row.period, row.aco, at, list.year))
    })
}

fn heads(context: &Context, all: &ShardA, cells: &mut Cells) {
    let by_county: BTreeMap<(u8, u8, u16, u64), i64> =
        all.county_heads.iter().map(|(key, heads)| (*key, *heads)).collect();
    for (at, performance) in context.performances.iter().enumerate() {
        let performance_year = PerformanceYear(performance.year);
        for (period, number, list, year) in own_years(performance) {
            let key = (at as u8, list as u8, number as u16);
            let heads = all.heads.get(&key).copied().unwrap_or_default();
            let calendar_year = CalendarYear(year);
            if heads.all == 0 {
                continue;
            }
            cells.aco_heads.push(AcoHeadsCell {
                performance_year,
                period,
                aco_id: aco_id(context, number as usize),
                calendar_year,
                head_count: heads.all,
                dual_heads: heads.dual,
                lis_or_dual_heads: heads.subsidised_or_dual,
                voluntary_only: heads.voluntary,
                claims_only: heads.claims,
                both: heads.both,
            });
            let counties = by_county.range((key.0, key.1, key.2, 0)..=(key.0, key.1, key.2, u64::MAX));
            for ((.., packed), head_count) in counties {
                cells.aco_county_heads.push(AcoCountyHeadsCell {
                    performance_year,
                    period,
                    aco_id: aco_id(context, number as usize),
                    calendar_year,
                    county: county(*packed),
                    head_count: *head_count,
                });
            }
        }
    }
}

fn revenue(context: &Context, all: &ShardA, cells: &mut Cells) {
    for (performance, sums) in context.performances.iter().zip(&all.revenue) {
        let mut acos: Vec<u32> = performance.field.rows.iter().map(|row| row.aco).collect();
        acos.sort_unstable();
        acos.dedup();
        for number in acos {
            cells.revenue.push(Revenue {
                performance_year: PerformanceYear(performance.year),
                aco_id: aco_id(context, number as usize),
                calendar_year: CalendarYear(performance.year),
                paid_cents: Cents(sums[number as usize]),
            });
        }
    }
}

/// The rows of `leakage` and `utilisation_count`, in the order of their keys.
fn cared(context: &Context, all: &ShardA, cells: &mut Cells) {
    let mut counts = BTreeMap::new();
    let mut take = |list: (u8, u8), aco: Option<u16>, uses: &[Counts; 4]| {
        for (kind, counted) in uses.iter().enumerate() {
            for whose in whose(context, list, aco, kind) {
                for measure in UseMeasure::ALL.iter().copied().filter(|measure| counted[*measure as usize] != 0) {
                    counts.insert((whose.clone(), measure), counted[measure as usize]);
                }
            }
        }
    };
    for ((at, list, aco), cared) in &all.cared {
        let performance = &context.performances[usize::from(*at)];
        let year = performance.field.lists[usize::from(*list)].year;
        cells.leakage.extend(cared.leakage(performance.year, &aco_id(context, usize::from(*aco)), year));
        take((*at, *list), Some(*aco), &cared.uses);
    }
    cells.leakage.sort_by(|a, b| {
        let key = |row: &Leakage| (row.performance_year, row.aco_id.clone(), row.calendar_year);
        key(a).cmp(&key(b)).then_with(|| a.category.cmp(&b.category))
    });
    let lists = context.performances.iter().enumerate();
    let lists =
        lists.flat_map(|(at, performance)| (0..performance.field.lists.len()).map(move |list| (at as u8, list as u8)));
    for (list, uses) in lists.zip(&all.uses) {
        take(list, None, uses);
    }
    for (((performance_year, aco, year, enrollment_type), measure), count) in counts {
        let (period, aco_id) = aco.unzip();
        cells.utilisation_count.push(UtilisationCount {
            performance_year: PerformanceYear(performance_year),
            period,
            aco_id,
            calendar_year: CalendarYear(year),
            enrollment_type,
            measure,
            count,
        });
    }
}
