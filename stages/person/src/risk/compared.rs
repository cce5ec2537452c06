//! Scores that were given beside those made from diagnoses (`risk_compared`).

use super::given;
use crate::context::{Context, Score};
use acoledger_hcc::MonthScore;
use acoledger_schemas::cells::RiskCompared;
use acoledger_schemas::values::{CalendarYear, EnrollmentType, ScoreKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Months apart by a tenth or more.
const FAR: i64 = 100;

/// Months of a calendar year, model and type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Months {
    given: i64,
    made: i64,
    both: i64,
    equal: i64,
    far: i64,
    given_milli: i64,
    made_milli: i64,
    apart_milli: i64,
}

/// The sums of a shard, by calendar year, model, type, and whether scores are demographic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Comparison(BTreeMap<(i32, i32, u8, bool), Months>);

impl Comparison {
    pub(crate) fn merge(&mut self, other: &Comparison) {
        for (key, months) in &other.0 {
            let own = self.0.entry(*key).or_default();
            own.given += months.given;
            own.made += months.made;
            own.both += months.both;
            own.equal += months.equal;
            own.far += months.far;
            own.given_milli += months.given_milli;
            own.made_milli += months.made_milli;
            own.apart_milli += months.apart_milli;
        }
    }

    /// Adds the months of a row of `person_year`, model by model.
    pub(crate) fn add(
        &mut self,
        context: &Context,
        (year, kind, months_mask): (i32, u8, u16),
        scores: &[Score],
        made: &[[Option<MonthScore>; 12]],
    ) {
        for (at, (model, made)) in super::models(context, year).zip(made).enumerate() {
            // A performance year's own model stands twice.
            if at > 0 && model == year {
                continue;
            }
            for month in (0..12u8).filter(|month| months_mask >> month & 1 == 1) {
                let given = given(scores, (year, model, kind), month);
                let made = made[usize::from(month)];
                let pairs = [
                    (false, given.map(|score| score.hcc), made.map(|score| score.hcc_milli)),
                    (true, given.and_then(|score| score.demographic), made.map(|score| score.demographic_milli)),
                ];
                for (demographic, given, made) in pairs {
                    if given.is_some() || made.is_some() {
                        self.0.entry((year, model, kind, demographic)).or_default().add(given, made);
                    }
                }
            }
        }
    }

    /// The rows of `risk_compared`, in the order of their keys.
    pub(crate) fn rows(&self) -> Vec<RiskCompared> {
        let row = |((year, model, kind, demographic), months): (&(i32, i32, u8, bool), &Months)| RiskCompared {
            calendar_year: CalendarYear(*year),
            model: CalendarYear(*model),
            enrollment_type: EnrollmentType::ALL[usize::from(*kind)],
            kind: if *demographic { ScoreKind::Demographic } else { ScoreKind::Hcc },
            given_months: months.given,
            made_months: months.made,
            both_months: months.both,
            equal_months: months.equal,
            far_months: months.far,
            given_milli_months: months.given_milli,
            made_milli_months: months.made_milli,
            apart_milli_months: months.apart_milli,
        };
        let mut rows: Vec<RiskCompared> = self.0.iter().map(row).collect();
        rows.sort_by_key(|row| (row.calendar_year, row.model, row.enrollment_type, row.kind));
        rows
    }
}

impl Months {
    fn add(&mut self, given: Option<i64>, made: Option<i64>) {
        self.given += i64::from(given.is_some());
        self.made += i64::from(made.is_some());
        let Some((given, made)) = given.zip(made) else { return };
        let apart = (given - made).abs();
        self.both += 1;
        self.equal += i64::from(apart == 0);
        self.far += i64::from(apart >= FAR);
        self.given_milli += given;
        self.made_milli += made;
        self.apart_milli += apart;
    }
}
