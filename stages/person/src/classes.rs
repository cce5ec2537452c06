//! Service categories and truncation in pass B: of the nation's lives and of each ACO's (M.B.3.3).

use crate::categories::{CATEGORIES, divide};
use crate::context::Context;
use crate::rows::PersonYears;
use acoledger_schemas::cells::{ServiceCategoryCell, Truncation};
use acoledger_schemas::values::{
    AcoId, CalendarYear, Cents, EnrollmentType, Flag, PerformanceYear, Period, ServiceCategory,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whose classes: performance year, list, ACO (`None`: the nation), type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct ClassKey {
    pub(crate) performance: u8,
    pub(crate) list: u8,
    pub(crate) aco: Option<u16>,
    pub(crate) kind: u8,
}

/// What truncation cuts of some lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Cut {
    lives: i64,
    months: i64,
    over: i64,
    under: i64,
    spend: i64,
    cut: i64,
}

/// Sums of one key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClassSum {
    spend: [i64; CATEGORIES],
    /// Twelfths of cents.
    truncated: [i64; CATEGORIES],
    /// Of those who lived, of those who died in the year.
    cuts: [Cut; 2],
}

impl ClassSum {
    /// A row of `person_year`. `threshold` as in the cells; `interim` payments stand outside claims.
    pub(crate) fn of(rows: &PersonYears, row: usize, interim: i64, threshold: Option<i64>) -> ClassSum {
        let spend = rows.categories(row, interim);
        let months = i64::from(rows.spent.months[row]);
        let all: i64 = spend.iter().sum();
        let annual = i128::from(all) * 12;
        let limit = threshold.map(|cents| i128::from(cents) * i128::from(months));
        let (over, under, truncated) = match limit {
            Some(limit) if annual > limit => (1, 0, divide(limit, &spend)),
            Some(limit) if annual < -limit => (0, 1, divide(-limit, &spend)),
            _ => (0, 0, spend.map(|cents| 12 * cents)),
        };
        let cut = 12 * all - truncated.iter().sum::<i64>();
        let mut sum = ClassSum { spend, truncated, cuts: [Cut::default(); 2] };
        sum.cuts[usize::from(rows.died[row] & 1)] = Cut { lives: 1, months, over, under, spend: all, cut };
        sum
    }

    pub(crate) fn add(&mut self, other: &ClassSum) {
        for at in 0..CATEGORIES {
            self.spend[at] += other.spend[at];
            self.truncated[at] += other.truncated[at];
        }
        for (own, others) in self.cuts.iter_mut().zip(&other.cuts) {
            own.lives += others.lives;
            own.months += others.months;
            own.over += others.over;
            own.under += others.under;
            own.spend += others.spend;
            own.cut += others.cut;
        }
    }
}

/// Whose rows: blank for the nation.
pub(crate) type Whose = (i32, Option<(Period, AcoId)>, i32, EnrollmentType);

/// The key in words, once for each period in which the year is the ACO's own; in none for other years.
pub(crate) fn whose(context: &Context, (at, list): (u8, u8), aco: Option<u16>, kind: usize) -> Vec<Whose> {
    let performance = &context.performances[usize::from(at)];
    let year = performance.field.lists[usize::from(list)].year;
    let enrollment_type = EnrollmentType::ALL[kind];
    let Some(aco) = aco else { return vec![(performance.year, None, year, enrollment_type)] };
    let rows = performance.field.rows.iter().filter(|row| row.aco == u32::from(aco) && row.years.contains(&year));
    let id = AcoId::new(&context.acos[usize::from(aco)]).expect("the identifier was one when it was read");
    rows.map(|row| (performance.year, Some((row.period, id.clone())), year, enrollment_type)).collect()
}

/// The rows of `service_category` and `truncation`, in the order of their keys.
pub(crate) fn rows<'s>(
    context: &Context,
    sums: impl Iterator<Item = (&'s ClassKey, &'s ClassSum)>,
) -> (Vec<ServiceCategoryCell>, Vec<Truncation>) {
    let mut sorted: BTreeMap<Whose, &ClassSum> = BTreeMap::new();
    for (key, sum) in sums {
        for whose in whose(context, (key.performance, key.list), key.aco, usize::from(key.kind)) {
            sorted.insert(whose, sum);
        }
    }
    let (mut classes, mut cuts) = (Vec::new(), Vec::new());
    for ((performance_year, aco, year, enrollment_type), sum) in sorted {
        let (period, aco_id) = aco.unzip();
        let (performance_year, calendar_year) = (PerformanceYear(performance_year), CalendarYear(year));
        for category in ServiceCategory::ALL.iter().copied() {
            classes.push(ServiceCategoryCell {
                performance_year,
                period,
                aco_id: aco_id.clone(),
                calendar_year,
                enrollment_type,
                category,
                spend_cents: Cents(sum.spend[category as usize]),
                truncated_twelfths: sum.truncated[category as usize],
            });
        }
        for (died, cut) in sum.cuts.iter().enumerate().filter(|(_, cut)| cut.lives > 0) {
            cuts.push(Truncation {
                performance_year,
                period,
                aco_id: aco_id.clone(),
                calendar_year,
                enrollment_type,
                died: Flag(died == 1),
                lives: cut.lives,
                months: cut.months,
                lives_over: cut.over,
                lives_under: cut.under,
                spend_cents: Cents(cut.spend),
                cut_twelfths: cut.cut,
            });
        }
    }
    (classes, cuts)
}
