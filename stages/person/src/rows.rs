//! The internal columns of a `person_year` batch, as pass B reads them.

use crate::categories::CATEGORIES;
use crate::columns::Reader;
use crate::context::Context;
use crate::output::{member_column, score_columns};
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::ServiceCategory;
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Int64Type, UInt8Type, UInt32Type, UInt64Type};
use arrow_buffer::ScalarBuffer;

/// What thresholds ask of a batch of `person_year`: whose spending, over how many months.
pub(crate) struct Spent {
    pub(crate) rows: usize,
    pub(crate) year: ScalarBuffer<i64>,
    pub(crate) kind: ScalarBuffer<u8>,
    pub(crate) months: ScalarBuffer<u8>,
    pub(crate) spend: ScalarBuffer<i64>,
    pub(crate) interim: ScalarBuffer<i64>,
    pub(crate) members: Vec<ScalarBuffer<u32>>,
}

/// All internal columns of a batch of `person_year`.
pub(crate) struct PersonYears {
    pub(crate) spent: Spent,
    pub(crate) county: ScalarBuffer<u64>,
    pub(crate) dual_months: ScalarBuffer<u8>,
    pub(crate) gross: ScalarBuffer<i64>,
    pub(crate) died: ScalarBuffer<u8>,
    /// By [`CATEGORY_COLUMNS`].
    categories: Vec<ScalarBuffer<i64>>,
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

/// Names of the columns that [`Spent`] holds.
pub(crate) fn spent_names(context: &Context) -> Vec<String> {
    let fixed = ["calendar_year", "kind", "months", "spend_cents", "interim_cents"];
    fixed.into_iter().map(str::to_owned).chain(context.performances.iter().map(|of| member_column(of.year))).collect()
}

/// Names of the columns that [`PersonYears`] holds.
pub(crate) fn names(context: &Context) -> Vec<String> {
    let mut names = spent_names(context);
    let fixed = ["county_key", "dual_months", "gross_cents", "died"];
    names.extend(fixed.iter().chain(&CATEGORY_COLUMNS).map(|name| (*name).to_owned()));
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

fn column<T: ArrowPrimitiveType>(batch: &RecordBatch, name: &str) -> Result<ScalarBuffer<T::Native>, Problems> {
    let array = batch.column_by_name(name).and_then(|array| array.as_primitive_opt::<T>());
    match array {
        Some(array) => Ok(array.values().clone()),
        None => Err(Reader { table: "person_year", year: None, batch }.unfit(name)),
    }
}

impl Spent {
    pub(crate) fn new(context: &Context, batch: &RecordBatch) -> Result<Spent, Problems> {
        let members = context.performances.iter().map(|of| column::<UInt32Type>(batch, &member_column(of.year)));
        Ok(Spent {
            rows: batch.num_rows(),
            year: column::<Int64Type>(batch, "calendar_year")?,
            kind: column::<UInt8Type>(batch, "kind")?,
            months: column::<UInt8Type>(batch, "months")?,
            spend: column::<Int64Type>(batch, "spend_cents")?,
            interim: column::<Int64Type>(batch, "interim_cents")?,
            members: members.collect::<Result<_, _>>()?,
        })
    }

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
}

impl PersonYears {
    pub(crate) fn new(context: &Context, batch: &RecordBatch) -> Result<PersonYears, Problems> {
        let categories = CATEGORY_COLUMNS.into_iter().map(|name| column::<Int64Type>(batch, name));
        let scores = score_names(context).into_iter().map(|name| column::<Int64Type>(batch, &name));
        Ok(PersonYears {
            spent: Spent::new(context, batch)?,
            county: column::<UInt64Type>(batch, "county_key")?,
            dual_months: column::<UInt8Type>(batch, "dual_months")?,
            gross: column::<Int64Type>(batch, "gross_cents")?,
            died: column::<UInt8Type>(batch, "died")?,
            categories: categories.collect::<Result<_, _>>()?,
            scores: scores.collect::<Result<_, _>>()?,
        })
    }

    /// A row's spending by class of service, interim payments among those outside claims.
    pub(crate) fn categories(&self, row: usize, interim: i64) -> [i64; CATEGORIES] {
        let mut cents: [i64; CATEGORIES] = std::array::from_fn(|at| self.categories[at][row]);
        cents[ServiceCategory::Physician as usize] -= cents[ServiceCategory::Ambulance as usize];
        cents[ServiceCategory::NonClaims as usize] += interim;
        cents
    }
}
