//! The internal columns of a `person_year` batch, as pass B reads them.

use crate::categories::CATEGORIES;
use crate::columns::Reader;
use crate::context::Context;
use crate::output::score_columns;
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::ServiceCategory;
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt8Type, UInt32Type, UInt64Type};
use arrow_buffer::ScalarBuffer;

/// Columns of a batch of `person_year`.
pub(crate) struct PersonYears {
    pub(crate) rows: usize,
    pub(crate) year: ScalarBuffer<i64>,
    pub(crate) kind: ScalarBuffer<u8>,
    pub(crate) county: ScalarBuffer<u64>,
    pub(crate) months: ScalarBuffer<u8>,
    pub(crate) dual_months: ScalarBuffer<u8>,
    pub(crate) spend: ScalarBuffer<i64>,
    pub(crate) gross: ScalarBuffer<i64>,
    pub(crate) interim: ScalarBuffer<i64>,
    pub(crate) died: ScalarBuffer<u8>,
    /// By [`CATEGORY_COLUMNS`].
    categories: Vec<ScalarBuffer<i64>>,
    pub(crate) members: Vec<ScalarBuffer<u32>>,
    pub(crate) scores: Vec<ScalarBuffer<i64>>,
}

/// Columns of the classes of service, in their order; physicians are what `carrier_cents` has beside ambulances.
const CATEGORY_COLUMNS: [&str; CATEGORIES] = [
    "inpatient_other_cents",
    "inpatient_long_term_cents",
    "inpatient_rehabilitation_cents",
    "inpatient_psychiatric_cents",
    "snf_cents",
    "outpatient_cents",
    "home_health_cents",
    "hospice_cents",
    "carrier_cents",
    "ambulance_cents",
    "dme_cents",
    "non_claims_cents",
];

/// Names of the columns that [`PersonYears`] holds.
pub(crate) fn names(context: &Context) -> Vec<String> {
    let fixed = [
        "calendar_year",
        "kind",
        "county_key",
        "months",
        "dual_months",
        "spend_cents",
        "gross_cents",
        "interim_cents",
        "died",
    ];
    let mut names: Vec<String> = fixed.iter().chain(&CATEGORY_COLUMNS).map(|name| (*name).to_owned()).collect();
    names.extend(context.performances.iter().map(|performance| format!("member_{}", performance.year)));
    names.extend(score_names(context));
    names
}

fn score_names(context: &Context) -> Vec<String> {
    if !context.has_scores() {
        return Vec::new();
    }
    let years = context.performances.iter().map(|performance| performance.year.to_string());
    std::iter::once("own".to_owned()).chain(years).flat_map(|model| score_columns(&model)).collect()
}

impl PersonYears {
    /// Every histogram that a row belongs to (list, then type), with the row's spending and months there.
    pub(crate) fn places(&self, context: &Context, mut place: impl FnMut(usize, i64, u8)) {
        let mut bits = vec![0u32; self.members.len()];
        for row in 0..self.rows {
            bits.iter_mut().zip(&self.members).for_each(|(bits, column)| *bits = column[row]);
            context.histogram_places(self.year[row] as i32, &bits, |list, interim| {
                let spend = self.spend[row] + if interim { self.interim[row] } else { 0 };
                place(list * 4 + usize::from(self.kind[row] & 3), spend, self.months[row]);
            });
        }
    }

    /// A row's spending by class of service, interim payments among those outside claims.
    pub(crate) fn categories(&self, row: usize, interim: i64) -> [i64; CATEGORIES] {
        let mut cents: [i64; CATEGORIES] = std::array::from_fn(|at| self.categories[at][row]);
        cents[ServiceCategory::Physician as usize] -= cents[ServiceCategory::Ambulance as usize];
        cents[ServiceCategory::NonClaims as usize] += interim;
        cents
    }

    pub(crate) fn new(context: &Context, batch: &RecordBatch) -> Result<PersonYears, Problems> {
        let reader = Reader { table: "person_year", year: None, batch };
        macro_rules! column {
            ($name:expr, $kind:ty) => {{
                let name: &str = $name;
                let array = batch.column_by_name(name).and_then(|array| array.as_primitive_opt::<$kind>());
                array.ok_or_else(|| reader.unfit(name))?.values().clone()
            }};
        }
        let mut members = Vec::new();
        for performance in &context.performances {
            members.push(column!(&format!("member_{}", performance.year), UInt32Type));
        }
        let mut scores = Vec::new();
        for name in score_names(context) {
            scores.push(column!(&name, Int64Type));
        }
        let mut categories = Vec::with_capacity(CATEGORIES);
        for name in CATEGORY_COLUMNS {
            categories.push(column!(name, Int64Type));
        }
        Ok(PersonYears {
            rows: batch.num_rows(),
            year: column!("calendar_year", Int64Type),
            kind: column!("kind", UInt8Type),
            county: column!("county_key", UInt64Type),
            months: column!("months", UInt8Type),
            dual_months: column!("dual_months", UInt8Type),
            spend: column!("spend_cents", Int64Type),
            gross: column!("gross_cents", Int64Type),
            interim: column!("interim_cents", Int64Type),
            died: column!("died", UInt8Type),
            categories,
            members,
            scores,
        })
    }
}
