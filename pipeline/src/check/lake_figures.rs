//! Figures out of the lake: payments by month, claims after death, lives without enrollment, what sequestration took.
//!
//! One pass over four columns of the claims. Tallies are integers that add up, whatever the order of shards.

use super::limits::{Figure, Figures};
use crate::ingest::LakeFile;
use crate::lake::Lake;
use crate::parquet_door;
use crate::study::LoadedStudy;
use crate::trouble::{self, Io, Outcome};
use acoledger_schemas::lake::{CARRIER, DME, ENROLLMENT, FACILITY};
use acoledger_schemas::values::Date;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int64Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use parquet::arrow::ProjectionMask;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

/// Claim tables, and the column that decides a claim's month.
const CLAIMS: [(&str, &str); 3] = [(CARRIER.name, "last_date"), (DME.name, "last_date"), (FACILITY.name, "thru_date")];
/// Ten-thousandths that lines may show to be withheld, from the first to the last; what is beyond them is a deductible, another
/// payer, a service without coinsurance.
const WITHHELD: (i64, i64) = (-200, 600);
/// Least allowed cents of a line that shows a share: below, cents are too coarse.
const LEAST_ALLOWED_CENTS: i64 = 5000;
/// A year of fewer needed months has no median month.
const FEWEST_MONTHS: usize = 6;

/// What a shard adds.
#[derive(Default)]
struct Tally {
    /// Paid cents by claim table and month.
    paid: BTreeMap<(usize, i32), i64>,
    /// Enrolled lives by year.
    enrolled: BTreeMap<i32, u64>,
    rows_of_dead: u64,
    rows_after_death: u64,
    lives: u64,
    lives_unmatched: u64,
    /// Lines by period of the rule and ten-thousandth withheld.
    withheld: BTreeMap<(usize, i64), u64>,
}

/// A life as its enrollment has it.
struct Enrolled {
    death: Option<i32>,
    has_claims: bool,
}

/// Figures of the lake that a study stands on.
///
/// # Errors
/// Lake files that cannot be read; a rule that cannot.
pub(super) fn of_lake(loaded: &LoadedStudy, lake: &Lake, part_b_share: f64) -> Outcome<Figures> {
    let rates: Vec<(Date, f64)> =
        loaded.rules.timeline("spend.sequestration.rate").map_err(|error| trouble::of_rule(&error))?;
    let mut shards: BTreeMap<u32, Vec<&LakeFile>> = BTreeMap::new();
    for file in lake.report.files.iter().filter(|file| file.rows > 0) {
        shards.entry(file.shard).or_default().push(file);
    }
    let scan = Scan { folder: &lake.folder, rates: &rates, part_b_share };
    let tallies = shards.into_par_iter().map(|(_, files)| scan.shard(&files)).collect::<Outcome<Vec<Tally>>>()?;
    let tally = tallies.into_iter().fold(Tally::default(), Tally::plus);
    let needs = crate::person::context(loaded, false)?;
    let months = needs.needs().claim_months.iter().flat_map(|span| span.first..=span.last).collect::<Vec<i32>>();
    Ok(Figures::from([
        ("monthly_paid", Ok(tally.monthly_paid(&months))),
        ("claims_after_death", Ok(tally.after_death())),
        ("unmatched_lives", Ok(tally.unmatched())),
        ("sequestration", Ok(tally.sequestration(&rates))),
    ]))
}

struct Scan<'a> {
    folder: &'a Path,
    rates: &'a [(Date, f64)],
    part_b_share: f64,
}

impl Scan<'_> {
    fn shard(&self, files: &[&LakeFile]) -> Outcome<Tally> {
        let mut tally = Tally::default();
        let mut lives: HashMap<u64, Enrolled> = HashMap::new();
        // By year: a later record knows better about a death.
        let mut enrollment: Vec<_> = files.iter().filter(|file| file.table == ENROLLMENT.name).collect();
        enrollment.sort_by_key(|file| file.year);
        for file in enrollment {
            *tally.enrolled.entry(file.year.unwrap_or_default()).or_default() += file.rows;
            self.read(file, &["bene_key", "death_date"], |batch| {
                let (keys, deaths) = (keys(batch), days(batch, "death_date"));
                for row in 0..batch.num_rows() {
                    let life = lives.entry(keys.value(row)).or_insert(Enrolled { death: None, has_claims: false });
                    if deaths.is_valid(row) {
                        life.death = Some(deaths.value(row));
                    }
                }
            })?;
        }
        let mut unmatched = HashSet::new();
        for (table, (name, date)) in CLAIMS.iter().enumerate() {
            for file in files.iter().filter(|file| file.table == *name) {
                let is_carrier = *name == CARRIER.name;
                let mut columns = vec!["bene_key", *date, "paid_cents"];
                columns.extend(is_carrier.then_some("allowed_cents"));
                self.read(file, &columns, |batch| {
                    claims(batch, (table, date), &mut lives, &mut unmatched, &mut tally);
                    if is_carrier {
                        self.withheld(batch, date, &mut tally);
                    }
                })?;
            }
        }
        tally.lives = lives.values().filter(|life| life.has_claims).count() as u64 + unmatched.len() as u64;
        tally.lives_unmatched = unmatched.len() as u64;
        Ok(tally)
    }

    /// What lines show to be withheld: where Part B paid its share of the allowed charge, what is short of it.
    fn withheld(&self, batch: &RecordBatch, date: &str, tally: &mut Tally) {
        let (days, paid, allowed) = (days(batch, date), cents(batch, "paid_cents"), cents(batch, "allowed_cents"));
        for row in 0..batch.num_rows() {
            if allowed.value(row) < LEAST_ALLOWED_CENTS {
                continue;
            }
            let full = allowed.value(row) as f64 * self.part_b_share;
            let share = ((1.0 - paid.value(row) as f64 / full) * 10_000.0).round() as i64;
            if (WITHHELD.0..=WITHHELD.1).contains(&share) {
                let period = self.rates.partition_point(|(from, _)| from.0 <= days.value(row)).saturating_sub(1);
                *tally.withheld.entry((period, share)).or_default() += 1;
            }
        }
    }

    fn read(&self, file: &LakeFile, columns: &[&str], mut each: impl FnMut(&RecordBatch)) -> Outcome<()> {
        const WHAT: &str = "not readable as Parquet";
        let path = self.folder.join(&file.file);
        let builder = parquet_door::builder(&path)?;
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        for batch in parquet_door::batches(builder.with_projection(mask).with_batch_size(8192)).doing(WHAT, &path)? {
            each(&batch.doing(WHAT, &path)?);
        }
        Ok(())
    }
}

fn claims(
    batch: &RecordBatch,
    (table, date): (usize, &str),
    lives: &mut HashMap<u64, Enrolled>,
    unmatched: &mut HashSet<u64>,
    tally: &mut Tally,
) {
    let (keys, days, paid) = (keys(batch), days(batch, date), cents(batch, "paid_cents"));
    let mut row = 0;
    while row < batch.num_rows() {
        // Rows are sorted by life: one look-up for all of its rows.
        let key = keys.value(row);
        let end = (row..batch.num_rows()).find(|at| keys.value(*at) != key).unwrap_or(batch.num_rows());
        let death = match lives.get_mut(&key) {
            Some(life) => {
                life.has_claims = true;
                life.death
            }
            None => {
                unmatched.insert(key);
                None
            }
        };
        for at in row..end {
            *tally.paid.entry((table, Date(days.value(at)).month_index())).or_default() += paid.value(at);
        }
        if let Some(death) = death {
            tally.rows_of_dead += (end - row) as u64;
            tally.rows_after_death += (row..end).filter(|at| days.value(*at) > death).count() as u64;
        }
        row = end;
    }
}

impl Tally {
    fn plus(mut self, other: Tally) -> Tally {
        other.paid.into_iter().for_each(|(key, cents)| *self.paid.entry(key).or_default() += cents);
        other.enrolled.into_iter().for_each(|(key, lives)| *self.enrolled.entry(key).or_default() += lives);
        other.withheld.into_iter().for_each(|(key, lines)| *self.withheld.entry(key).or_default() += lines);
        self.rows_of_dead += other.rows_of_dead;
        self.rows_after_death += other.rows_after_death;
        self.lives += other.lives;
        self.lives_unmatched += other.lives_unmatched;
        self
    }

    /// Of the months that the study needs, each over the median month of its year.
    fn monthly_paid(&self, months: &[i32]) -> Vec<Figure> {
        let mut figures = Vec::new();
        for (table, (name, _)) in CLAIMS.iter().enumerate() {
            for (year, lives) in &self.enrolled {
                let own: Vec<i32> = months.iter().copied().filter(|month| month.div_euclid(12) == *year).collect();
                let paid = |month: &i32| self.paid.get(&(table, *month)).copied().unwrap_or(0);
                let mut sorted: Vec<i64> = own.iter().map(paid).collect();
                sorted.sort_unstable();
                let median = sorted.get(sorted.len() / 2).copied().unwrap_or(0);
                if own.len() < FEWEST_MONTHS || median <= 0 {
                    continue;
                }
                figures.extend(own.iter().map(|month| Figure {
                    of: (*name).to_owned(),
                    year: *year,
                    place: format!("{year}-{:02}", month.rem_euclid(12) + 1),
                    value: paid(month) as f64 / median as f64,
                    counted: *lives as f64,
                }));
            }
        }
        figures
    }

    fn after_death(&self) -> Vec<Figure> {
        share(self.rows_after_death, self.rows_of_dead)
    }

    fn unmatched(&self) -> Vec<Figure> {
        share(self.lives_unmatched, self.lives)
    }

    fn sequestration(&self, rates: &[(Date, f64)]) -> Vec<Figure> {
        let mut figures = Vec::new();
        for (period, (from, rate)) in rates.iter().enumerate() {
            let of_period = || self.withheld.range((period, WITHHELD.0)..=(period, WITHHELD.1));
            let all: u64 = of_period().map(|(_, lines)| lines).sum();
            let mut before = 0;
            let median = of_period().find(|(_, lines)| {
                before += **lines;
                before * 2 >= all
            });
            if let Some(((_, share), _)) = median {
                let median = *share as f64 / 10_000.0;
                figures.push(Figure {
                    of: format!("from {from}"),
                    year: from.year(),
                    place: format!("{median:.4} withheld where the rule says {rate}"),
                    value: median - rate,
                    counted: all as f64,
                });
            }
        }
        figures
    }
}

fn share(part: u64, whole: u64) -> Vec<Figure> {
    let value = part as f64 / whole as f64;
    let place = format!("{part} of {whole}");
    let figure = Figure { of: String::new(), year: 0, place, value, counted: whole as f64 };
    (whole > 0).then_some(figure).into_iter().collect()
}

fn keys(batch: &RecordBatch) -> &arrow_array::UInt64Array {
    column(batch, "bene_key").as_primitive::<UInt64Type>()
}

fn days<'a>(batch: &'a RecordBatch, name: &str) -> &'a arrow_array::Date32Array {
    column(batch, name).as_primitive::<Date32Type>()
}

fn cents<'a>(batch: &'a RecordBatch, name: &str) -> &'a arrow_array::Int64Array {
    column(batch, name).as_primitive::<Int64Type>()
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> &'a dyn Array {
    batch.column_by_name(name).expect("a column of the lake's declaration was projected").as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_that_lacks_claims_stands_out() {
        let first = 2023 * 12;
        let mut tally = Tally { enrolled: BTreeMap::from([(2023, 30_000)]), ..Tally::default() };
        for month in first..first + 12 {
            tally.paid.insert((0, month), if month == first + 4 { 300 } else { 1000 });
        }
        let months: Vec<i32> = (first..first + 12).collect();
        let figures = tally.monthly_paid(&months);
        assert_eq!(figures.len(), 12, "tables without any payment have no months");
        assert_eq!((figures[4].place.as_str(), figures[4].value), ("2023-05", 0.3));
        assert_eq!(figures[5].value, 1.0);
        assert!(tally.monthly_paid(&months[..3]).is_empty(), "three months have no median");
    }

    #[test]
    fn what_lines_show_is_compared_with_the_rule_of_their_period() {
        let rates = [(Date(0), 0.0), (Date(100), 0.02)];
        let withheld = BTreeMap::from([((0, 0), 70), ((0, 200), 30), ((1, 0), 10), ((1, 200), 90)]);
        let tally = Tally { withheld, ..Tally::default() };
        let figures = tally.sequestration(&rates);
        let values: Vec<f64> = figures.iter().map(|figure| figure.value).collect();
        assert_eq!(values, [0.0, 0.0]);
        let other = tally.sequestration(&[(Date(0), 0.0), (Date(100), 0.01)]);
        assert!((other[1].value - 0.01).abs() < 1e-12);
    }
}
