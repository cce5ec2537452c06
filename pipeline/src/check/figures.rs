//! Figures out of the tables of a run: shares, means, thresholds, ratios.

use super::limits::{Figure, Figures};
use crate::tables::read_parquet;
use crate::trouble::{Io, Outcome};
use acoledger_schemas::cells::{AcoHeadsCell, AssignedCounty, AssignmentStability, PopulationCounty, Threshold};
use acoledger_schemas::rates::{CountyRate, National};
use acoledger_schemas::values::{CalendarYear, Cents, EnrollmentType, PerformanceYear, Population, Window};
use std::collections::BTreeMap;
use std::path::Path;

type Made = Result<Vec<Figure>, &'static str>;

const NO_RATES: &str = "the run has no rates";
const NO_CELLS: &str = "the run did not start from claims: it has no cells";

/// Figures of a run folder. Those of the assignment itself are counted where its shards are read.
///
/// # Errors
/// Tables that cannot be read.
pub(super) fn of_run(run: &Path) -> Outcome<Figures> {
    let (cells, rates) = (run.join("cells"), run.join("rates"));
    let national = read_parquet::<National>(&rates)?;
    let counties = read_parquet::<CountyRate>(&rates)?;
    let population = read_parquet::<PopulationCounty>(&cells)?;
    let thresholds = read_parquet::<Threshold>(&cells)?.unwrap_or_default();
    let assigned = read_parquet::<AssignedCounty>(&cells)?;
    let heads = read_parquet::<AcoHeadsCell>(&cells)?;
    // A run of an earlier version may lack the table.
    let stability = read_parquet::<AssignmentStability>(&cells)?;
    let national = national.as_deref().filter(|rows| !rows.is_empty()).ok_or(NO_RATES);
    // What was given is another's: only what was made here is compared with what CMS made.
    let made = population.as_deref().ok_or(NO_CELLS);
    let per_capita = made.and(national).map(per_capita);
    Ok(Figures::from([
        ("type_share", national.map(type_share)),
        ("national_per_capita", per_capita.clone()),
        ("national_per_capita_far", per_capita),
        ("threshold_to_mean", national.map(threshold_to_mean)),
        ("dollars_truncated", made.map(|rows| dollars_truncated(rows, &thresholds))),
        ("person_years_per_head", person_years_per_head(assigned.as_deref(), heads.as_deref())),
        ("voluntary_only", heads.as_deref().map(voluntary_only).ok_or(NO_CELLS)),
        ("renormalised_mean", made.and(counties.as_deref().ok_or(NO_RATES)).map(renormalised_mean)),
        ("retention", stability.as_deref().map(retention).ok_or("the run has no cells/assignment_stability")),
        ("spending_growth", growth(run, |kind, year| format!("Per_Capita_Exp_ALL_{kind}_{year}"))?),
        ("score_growth", growth(run, |kind, year| format!("CMS_HCC_RiskScore_{kind}_{year}"))?),
    ]))
}

fn place(performance_year: PerformanceYear, year: CalendarYear) -> String {
    format!("performance year {performance_year}, {year}")
}

fn type_share(national: &[National]) -> Vec<Figure> {
    let mut totals: BTreeMap<_, f64> = BTreeMap::new();
    for row in national {
        *totals.entry((row.performance_year, row.calendar_year)).or_default() += row.person_years.unwrap_or(0.0);
    }
    let share = |row: &National| {
        let total = totals[&(row.performance_year, row.calendar_year)];
        Some(figure(row, row.person_years.filter(|_| total > 0.0)? / total, total))
    };
    national.iter().filter_map(share).collect()
}

fn per_capita(national: &[National]) -> Vec<Figure> {
    national.iter().filter_map(|row| Some(figure(row, row.per_capita?, row.person_years?))).collect()
}

fn threshold_to_mean(national: &[National]) -> Vec<Figure> {
    let ratio = |row: &National| {
        let mean = row.per_capita.filter(|mean| *mean > 0.0)?;
        Some(figure(row, row.truncation_threshold? / mean, row.person_years?))
    };
    national.iter().filter_map(ratio).collect()
}

fn figure(row: &National, value: f64, counted: f64) -> Figure {
    Figure {
        of: row.enrollment_type.code().into(),
        year: row.calendar_year.0,
        place: place(row.performance_year, row.calendar_year),
        value,
        counted,
    }
}

/// Of all types together, in twelfths of cents until the one division.
fn dollars_truncated(population: &[PopulationCounty], thresholds: &[Threshold]) -> Vec<Figure> {
    #[derive(Default)]
    struct Sums {
        spend: i128,
        taken: i128,
        months: i64,
    }
    let limit: BTreeMap<_, Cents> = thresholds
        .iter()
        .map(|row| {
            ((row.performance_year, row.calendar_year, row.population, row.enrollment_type), row.threshold_cents)
        })
        .collect();
    let mut sums: BTreeMap<_, Sums> = BTreeMap::new();
    for row in population.iter().filter(|row| row.window == Window::Retrospective) {
        let key = (row.performance_year, row.calendar_year, row.population, row.enrollment_type);
        let Some(limit) = limit.get(&key) else { continue };
        let of = sums.entry((row.performance_year, row.calendar_year, row.population)).or_default();
        let spend = i128::from(row.spend_cents.0) * 12;
        let kept =
            i128::from(row.below_cents.0) * 12 + i128::from(limit.0) * i128::from(row.months_over - row.months_under);
        of.spend += spend;
        of.taken += spend - kept;
        of.months += row.months;
    }
    let share = |((py, year, population), of): ((PerformanceYear, CalendarYear, Population), Sums)| {
        let place = format!("{}, {}", place(py, year), population.code());
        let value = of.taken as f64 / of.spend as f64;
        Figure { of: String::new(), year: year.0, place, value, counted: of.months as f64 / 12.0 }
    };
    sums.into_iter().filter(|(_, of)| of.spend > 0).map(share).collect()
}

/// Of all ACOs of a performance year together, each in its own years.
fn person_years_per_head(assigned: Option<&[AssignedCounty]>, heads: Option<&[AcoHeadsCell]>) -> Made {
    let (assigned, heads) = (assigned.ok_or(NO_CELLS)?, heads.ok_or(NO_CELLS)?);
    let mut sums: BTreeMap<_, (i64, i64)> = BTreeMap::new();
    for row in assigned {
        sums.entry((row.performance_year, row.calendar_year)).or_default().0 += row.months;
    }
    for row in heads {
        sums.entry((row.performance_year, row.calendar_year)).or_default().1 += row.head_count;
    }
    let ratio = |((py, year), (months, heads)): ((PerformanceYear, CalendarYear), (i64, i64))| Figure {
        of: String::new(),
        year: year.0,
        place: place(py, year),
        value: months as f64 / 12.0 / heads as f64,
        counted: heads as f64,
    };
    Ok(sums.into_iter().filter(|(_, (_, heads))| *heads > 0).map(ratio).collect())
}

fn voluntary_only(heads: &[AcoHeadsCell]) -> Vec<Figure> {
    let share = |row: &AcoHeadsCell| Figure {
        of: String::new(),
        year: row.calendar_year.0,
        place: format!("{} of {}", row.aco_id, place(row.performance_year, row.calendar_year)),
        value: row.voluntary_only as f64 / row.head_count as f64,
        counted: row.head_count as f64,
    };
    heads.iter().filter(|row| row.head_count > 0).map(share).collect()
}

/// Counties of the calendar year, which are the nation: scores of each year's own model were divided by its mean.
fn renormalised_mean(counties: &[CountyRate]) -> Vec<Figure> {
    let mut sums: BTreeMap<_, (f64, f64)> = BTreeMap::new();
    for row in counties.iter().filter(|row| row.window == Window::Calendar) {
        if let (Some(score), Some(years)) = (row.hcc_score, row.person_years) {
            let of = sums.entry((row.performance_year, row.calendar_year, row.enrollment_type)).or_default();
            *of = (of.0 + score * years, of.1 + years);
        }
    }
    let mean = |((py, year, kind), (scores, years)): ((PerformanceYear, CalendarYear, EnrollmentType), (f64, f64))| {
        Figure { of: kind.code().into(), year: year.0, place: place(py, year), value: scores / years, counted: years }
    };
    sums.into_iter().filter(|(_, (_, years))| *years > 0.0).map(mean).collect()
}

/// Of all ACOs' lives on the list a year before, under one performance year's participants. Deaths, plans and other initiatives
/// are out of it: they are no choice of another practice.
fn retention(stability: &[AssignmentStability]) -> Vec<Figure> {
    let mut sums: BTreeMap<_, (i64, i64)> = BTreeMap::new();
    for row in stability.iter().filter(|row| {
        row.aco_id.is_none()
            && row.performance_year == row.from_performance_year
            && row.to_year.0 == row.from_year.0 + 1
    }) {
        let of = sums.entry((row.performance_year, row.to_year)).or_default();
        match row.destination.as_str() {
            "retained" => *of = (of.0 + row.lives, of.1 + row.lives),
            "other_aco" | "none" => of.1 += row.lives,
            _ => {}
        }
    }
    let share = |((py, year), (kept, all)): ((PerformanceYear, CalendarYear), (i64, i64))| Figure {
        of: String::new(),
        year: year.0,
        place: place(py, year),
        value: kept as f64 / all as f64,
        counted: all as f64,
    };
    sums.into_iter().filter(|(_, (_, all))| *all > 0).map(share).collect()
}

/// Performance year over third benchmark year, of each ACO and type, from the results as they are published.
fn growth(run: &Path, column: impl Fn(&str, &str) -> String) -> Outcome<Made> {
    let path = run.join("savings_losses.csv");
    if !path.is_file() {
        return Ok(Err("the run stopped before savings and losses"));
    }
    let mut reader = csv::Reader::from_path(&path).doing("cannot be read", &path)?;
    let mut figures = Vec::new();
    for row in reader.deserialize::<BTreeMap<String, String>>() {
        let row = row.doing("cannot be read", &path)?;
        let number = |name: &str| row.get(name).and_then(|text| text.parse::<f64>().ok());
        let year: i32 = row.get("performance_year").and_then(|text| text.parse().ok()).unwrap_or_default();
        let of_type = [("ESRD", "ESRD"), ("DIS", "DIS"), ("AGDU", "AGED_Dual"), ("AGND", "AGED_NonDual")];
        for (kind, long) in of_type {
            let (now, then) = (number(&column(kind, "PY")), number(&column(kind, "BY3")));
            let counted = number(&format!("N_AB_Year_{long}_PY")).unwrap_or(0.0);
            if let (Some(now), Some(then)) = (now, then.filter(|then| *then > 0.0)) {
                let aco = row.get("ACO_ID").map_or("", String::as_str);
                let place = format!("{aco} of performance year {year}");
                figures.push(Figure { of: kind.into(), year, place, value: now / then, counted });
            }
        }
    }
    Ok(Ok(figures))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use acoledger_schemas::values::County;

    const PY: PerformanceYear = PerformanceYear(2023);
    const YEAR: CalendarYear = CalendarYear(2023);

    #[test]
    fn truncation_takes_what_is_above_the_threshold() {
        let cell = |below: i64, over: i64, spend: i64, months: i64| PopulationCounty {
            performance_year: PY,
            calendar_year: YEAR,
            population: Population::Assignable,
            window: Window::Retrospective,
            county: County::new("01001").unwrap(),
            enrollment_type: EnrollmentType::Agnd,
            lives: 2,
            months,
            below_cents: Cents(below),
            months_over: over,
            months_under: 0,
            spend_cents: Cents(spend),
        };
        let limit = Threshold {
            performance_year: PY,
            calendar_year: YEAR,
            population: Population::Assignable,
            enrollment_type: EnrollmentType::Agnd,
            threshold_cents: Cents(120_000),
        };
        // One life of 12 months at 400.00, one of 6 months that spent 1,600.00 and keeps 600.00: 1,000.00 of 2,000.00.
        let found = dollars_truncated(&[cell(40_000, 6, 200_000, 18)], &[limit]);
        assert_eq!((found[0].value, found[0].counted), (0.5, 1.5));
    }

    #[test]
    fn shares_of_types_are_of_one_year() {
        let row = |kind, year, person_years| National {
            performance_year: PY,
            calendar_year: CalendarYear(year),
            enrollment_type: kind,
            per_capita: None,
            person_years,
            truncation_threshold: None,
            hcc_mean: None,
            demographic_mean: None,
        };
        let rows = [
            row(EnrollmentType::Dis, 2022, Some(10.0)),
            row(EnrollmentType::Agnd, 2022, Some(30.0)),
            row(EnrollmentType::Dis, 2023, Some(5.0)),
            row(EnrollmentType::Agnd, 2023, None),
        ];
        let shares: Vec<f64> = type_share(&rows).iter().map(|figure| figure.value).collect();
        assert_eq!(shares, [0.25, 0.75, 1.0]);
    }

    #[test]
    fn those_who_stay_of_those_who_could() {
        let row = |destination: &str, lives| AssignmentStability {
            performance_year: PY,
            from_performance_year: PY,
            from_year: CalendarYear(2022),
            to_year: YEAR,
            aco_id: None,
            destination: destination.into(),
            lives,
            months: 0,
            spend_cents: Cents(0),
        };
        let rows = [row("retained", 80), row("other_aco", 5), row("none", 15), row("died", 900), row("plan", 50)];
        assert_eq!(retention(&rows)[0].value, 0.8);
        assert_eq!(retention(&rows)[0].counted, 100.0);
    }
}
