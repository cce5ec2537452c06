//! Payments to providers with improper payments, by population and ACO cell (M.B.4.3). What is taken off follows at the ACO grain, from
//! sums: nothing here depends on thresholds, so pass A counts it.

use crate::context::Context;
use crate::finish::identities;
use crate::life::Life;
use crate::pass_b::{Key, places};
use crate::spend::{Month, month};
use acoledger_schemas::cells::{Cells, ImproperCell};
use acoledger_schemas::values::{Ccn, Cents, Tin};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A payment to such a provider.
#[derive(Clone, Copy)]
pub(crate) struct ImproperPaid {
    pub(crate) month: u16,
    /// Position of the provider plus one.
    pub(crate) provider: u16,
    /// M.B.1.
    pub(crate) spend: i64,
    /// What of it was improper, tied to the claim.
    pub(crate) tied: i64,
}

/// Sums of a shard, merged in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ImproperSums {
    /// Paid and tied, by cell and provider.
    cells: BTreeMap<(Key, u16), [i64; 2]>,
    /// Paid, by provider and calendar year, of all fee-for-service lives.
    all: BTreeMap<(u16, i32), i64>,
    /// Tied to claims that were met, whether their months carry money or not, in cents.
    met: i64,
}

impl ImproperSums {
    pub(crate) fn merge(&mut self, other: &ImproperSums) {
        for (key, sums) in &other.cells {
            let own = self.cells.entry(*key).or_default();
            own.iter_mut().zip(sums).for_each(|(own, sum)| *own += sum);
        }
        for (key, sum) in &other.all {
            *self.all.entry(*key).or_default() += sum;
        }
        self.met += other.met;
    }

    /// Adds a life's payments; `members` as in `person_year`, by calendar year and performance year; `county` packed, by year of
    /// the timeline.
    pub(crate) fn add(&mut self, context: &Context, life: &Life, members: &[Vec<u32>], county: impl Fn(usize) -> u64) {
        for paid in &life.improper {
            self.met += paid.tied;
            let Month::Of(slot, kind) = month(context, &life.enrollment, usize::from(paid.month)) else { continue };
            let year = context.calendar_years[slot];
            *self.all.entry((paid.provider, year)).or_default() += paid.spend;
            let county = county(usize::from(paid.month) / 12);
            for (at, performance) in context.performances.iter().enumerate() {
                let lists = &performance.field.lists;
                let Ok(list) = lists.binary_search_by_key(&year, |list| list.year) else { continue };
                if lists[list].only_before {
                    continue;
                }
                places(performance, list, members[slot][at], |of| {
                    let key = Key { performance: at as u8, list: list as u8, of, county, kind: kind as u8 };
                    let sums = self.cells.entry((key, paid.provider)).or_default();
                    sums[0] += paid.spend;
                    sums[1] += paid.tied;
                });
            }
        }
    }

    /// Amounts of the file, of the study's years, that nothing was found for: providers' years without a payment to spread an amount
    /// by, and dollars tied to claims that are not there or do not count.
    pub(crate) fn unmet(&self, context: &Context) -> [(&'static str, u64); 2] {
        let improper = &context.improper;
        let of_study = |year: &i32| context.calendar_years.contains(year);
        let unpaid = improper.providers.iter().zip(1u16..).map(|(provider, number)| {
            let years = provider.untied.keys().filter(|year| of_study(year));
            years.filter(|year| !self.all.contains_key(&(number, **year))).count() as u64
        });
        let tied: i64 = improper.tied_cents.iter().filter(|(year, _)| of_study(year)).map(|(_, cents)| cents).sum();
        [
            ("improper_payment: years of providers without a payment to spread their amount by", unpaid.sum()),
            (
                "improper_payment: dollars tied to claims that are not in the lake or do not count",
                (tied - self.met).max(0).unsigned_abs() / 100,
            ),
        ]
    }

    /// The rows of `improper`.
    pub(crate) fn rows(&self, context: &Context, cells: &mut Cells) {
        let mut rows: Vec<ImproperCell> = Vec::new();
        for ((key, number), [paid, tied]) in &self.cells {
            let provider = &context.improper.providers[usize::from(*number) - 1];
            rows.extend(identities(context, key).into_iter().map(|of| ImproperCell {
                performance_year: of.performance_year,
                period: of.period,
                aco_id: of.aco_id,
                calendar_year: of.calendar_year,
                cohort: of.cohort,
                population: of.population,
                window: of.window,
                county: of.county,
                enrollment_type: of.enrollment_type,
                tin: provider.tin.as_ref().and_then(|id| Tin::new(id).ok()),
                ccn: provider.ccn.as_ref().and_then(|id| Ccn::new(id).ok()),
                paid_cents: Cents(*paid),
                tied_cents: Cents(*tied),
                provider_paid_cents: Cents(self.all[&(*number, of.calendar_year.0)]),
                untied_cents: Cents(provider.untied.get(&of.calendar_year.0).copied().unwrap_or(0)),
            }));
        }
        rows.sort_by(|a, b| identity(a).cmp(&identity(b)));
        // Cohorts of an ACO without any are one cell.
        rows.dedup_by(|next, kept| {
            let same = identity(next) == identity(kept);
            if same {
                kept.paid_cents.0 += next.paid_cents.0;
                kept.tied_cents.0 += next.tied_cents.0;
            }
            same
        });
        cells.improper = rows;
    }
}

/// The key of a row; blanks before values.
fn identity(row: &ImproperCell) -> impl Ord + '_ {
    let aco = (row.period, row.aco_id.as_ref(), row.calendar_year, row.cohort, row.population, row.window);
    (row.performance_year, aco, &row.county, row.enrollment_type, row.tin.as_ref(), row.ccn.as_ref())
}
