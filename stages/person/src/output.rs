//! Rows on their way out: `assignment`, `person_year` and `assignment_differences` as Arrow batches.

use crate::assign::Place;
use crate::categories::CATEGORIES;
use crate::context::Context;
use crate::counties::Counties;
use crate::life::Life;
use crate::pass_a::Sink;
use acoledger_schemas::outputs::{Assignment, AssignmentDifference, PersonYear};
use acoledger_schemas::table::{Problem, Problems, Table, arrow_schema};
use acoledger_schemas::values::ServiceCategory;
use arrow_array::builder::{ArrayBuilder, Int64Builder, StringBuilder, UInt8Builder, UInt32Builder, UInt64Builder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use std::sync::Arc;

/// Rows of a batch.
const BATCH_ROWS: usize = 16 * 1024;

/// Bits of a `member_YYYY` column: the ACO's number plus one, and what else pass B must know of the row.
pub(crate) mod member {
    pub(crate) const ACO: u32 = 0xFFFF;
    /// Assignable by the calendar year.
    pub(crate) const RETROSPECTIVE: u32 = 1 << 16;
    /// Assignable by the prospective window.
    pub(crate) const PROSPECTIVE: u32 = 1 << 17;
    /// Newly assigned, where cohorts are kept apart.
    pub(crate) const NEWLY: u32 = 1 << 18;
    /// Continuously assigned.
    pub(crate) const CONTINUOUSLY: u32 = 1 << 19;
}

/// Classes of service that have a column of their own at the end of `person_year`; the others are kinds of claims.
const OF_WHICH: [ServiceCategory; 5] = [
    ServiceCategory::InpatientLongTerm,
    ServiceCategory::InpatientRehabilitation,
    ServiceCategory::InpatientPsychiatric,
    ServiceCategory::InpatientOther,
    ServiceCategory::Ambulance,
];

/// Name of the column of a life's membership in a performance year ([`member`]).
pub(crate) fn member_column(performance_year: i32) -> String {
    format!("member_{performance_year}")
}

/// Names of the score columns of one model: `own` (the calendar year's) or a performance year.
pub(crate) fn score_columns(model: &str) -> [String; 4] {
    ["hcc_months", "hcc_milli", "demographic_months", "demographic_milli"].map(|what| format!("{what}_{model}"))
}

/// Schema of `assignment`.
pub(crate) fn assignment_schema() -> SchemaRef {
    Arc::new(arrow_schema(&Assignment::SPEC))
}

/// Schema of `assignment_differences`.
pub(crate) fn differences_schema() -> SchemaRef {
    Arc::new(arrow_schema(&AssignmentDifference::SPEC))
}

/// Schema of `person_year`: the table's columns, then those that pass B reads.
pub(crate) fn person_year_schema(performance_years: &[i32], scores: bool) -> SchemaRef {
    let mut fields: Vec<Field> =
        arrow_schema(&PersonYear::SPEC).fields().iter().map(|field| field.as_ref().clone()).collect();
    fields.push(Field::new("kind", DataType::UInt8, false));
    fields.push(Field::new("county_key", DataType::UInt64, false));
    fields.push(Field::new("months", DataType::UInt8, false));
    fields.push(Field::new("dual_months", DataType::UInt8, false));
    fields.push(Field::new("interim_cents", DataType::Int64, false));
    fields.push(Field::new("died", DataType::UInt8, false));
    for year in performance_years {
        fields.push(Field::new(member_column(*year), DataType::UInt32, false));
    }
    if scores {
        let models = std::iter::once("own".to_owned()).chain(performance_years.iter().map(i32::to_string));
        for name in models.flat_map(|model| score_columns(&model)) {
            fields.push(Field::new(name, DataType::Int64, false));
        }
    }
    Arc::new(Schema::new(fields))
}

/// One row of `assignment`.
pub(crate) struct AssignmentRow<'r> {
    pub(crate) performance_year: i32,
    pub(crate) calendar_year: i32,
    pub(crate) bene_id: &'r str,
    pub(crate) aco_id: &'r str,
    pub(crate) basis: &'static str,
    pub(crate) window: &'static str,
    pub(crate) step: Option<i64>,
    pub(crate) county: Option<&'r str>,
    pub(crate) winner_cents: Option<i64>,
    pub(crate) runner_up: Option<&'r str>,
    pub(crate) runner_up_cents: Option<i64>,
    pub(crate) tie: Option<&'static str>,
    pub(crate) cohort: &'static str,
}

impl<'r> AssignmentRow<'r> {
    /// The row of a life's place on a list.
    pub(crate) fn of(
        context: &'r Context,
        counties: &'r Counties,
        (at, list_at): (usize, usize),
        life: &'r Life,
        place: &'r Place,
    ) -> AssignmentRow<'r> {
        let performance = &context.performances[at];
        let list = &performance.field.lists[list_at];
        let prospective = list.acos[place.aco as usize].as_ref().is_some_and(|aco| aco.prospective);
        let comparison = place.comparison.as_ref();
        let runner_up = comparison.and_then(|c| c.runner_up.as_ref());
        let cents = |sum: i64| (!performance.care.visits).then_some(sum);
        AssignmentRow {
            performance_year: performance.year,
            calendar_year: list.year,
            bene_id: &life.bene_id,
            aco_id: &context.acos[place.aco as usize],
            basis: place.basis.code(),
            window: if prospective { "prospective" } else { "retrospective" },
            step: comparison.map(|c| c.step as i64 + 1),
            county: context.time.at(list.year).and_then(|year| counties.text(life.enrollment.county(year))),
            winner_cents: comparison.and_then(|c| cents(c.winner_sum)),
            runner_up: runner_up.map(|(entity, _)| entity.as_str()),
            runner_up_cents: runner_up.and_then(|(_, sum)| cents(*sum)),
            tie: comparison.and_then(|c| c.tie),
            cohort: match place.newly {
                None => "all",
                Some(true) => "newly",
                Some(false) => "continuously",
            },
        }
    }
}

/// One row of `assignment_differences`.
pub(crate) struct DifferenceRow<'r> {
    pub(crate) performance_year: i32,
    pub(crate) calendar_year: i32,
    pub(crate) bene_id: &'r str,
    pub(crate) own_aco_id: Option<&'r str>,
    pub(crate) given_aco_id: Option<&'r str>,
    pub(crate) outcome: &'static str,
    pub(crate) step: Option<i64>,
    pub(crate) reason: &'static str,
}

/// One row of `person_year`.
pub(crate) struct PersonYearRow<'r> {
    pub(crate) bene_id: &'r str,
    pub(crate) calendar_year: i32,
    pub(crate) kind: u8,
    pub(crate) months_mask: u16,
    pub(crate) dual_months: u8,
    pub(crate) county: Option<&'r str>,
    pub(crate) spend_cents: i64,
    pub(crate) gross_cents: i64,
    pub(crate) by_kind: [i64; 8],
    pub(crate) by_category: &'r [i64; CATEGORIES],
    pub(crate) interim_cents: i64,
    /// In the calendar year.
    pub(crate) died: bool,
    pub(crate) members: &'r [u32],
    pub(crate) scores: &'r [i64],
}

#[derive(Default)]
struct AssignmentColumns {
    performance_year: Int64Builder,
    calendar_year: Int64Builder,
    bene_id: StringBuilder,
    aco_id: StringBuilder,
    basis: StringBuilder,
    window: StringBuilder,
    step: Int64Builder,
    county: StringBuilder,
    winner_cents: Int64Builder,
    runner_up: StringBuilder,
    runner_up_cents: Int64Builder,
    tie: StringBuilder,
    cohort: StringBuilder,
}

#[derive(Default)]
struct DifferenceColumns {
    performance_year: Int64Builder,
    calendar_year: Int64Builder,
    bene_id: StringBuilder,
    own_aco_id: StringBuilder,
    given_aco_id: StringBuilder,
    outcome: StringBuilder,
    step: Int64Builder,
    reason: StringBuilder,
}

#[derive(Default)]
struct PersonYearColumns {
    bene_id: StringBuilder,
    calendar_year: Int64Builder,
    enrollment_type: StringBuilder,
    months_mask: Int64Builder,
    county: StringBuilder,
    spend_cents: Int64Builder,
    gross_cents: Int64Builder,
    by_kind: [Int64Builder; 8],
    of_which: [Int64Builder; OF_WHICH.len()],
    kind: UInt8Builder,
    county_key: UInt64Builder,
    months: UInt8Builder,
    dual_months: UInt8Builder,
    interim_cents: Int64Builder,
    died: UInt8Builder,
    members: Vec<UInt32Builder>,
    scores: Vec<Int64Builder>,
}

/// Collects rows and hands them to the sink in batches.
pub(crate) struct Output<'s> {
    sink: &'s mut dyn Sink,
    assignment_schema: SchemaRef,
    person_year_schema: SchemaRef,
    assignment: AssignmentColumns,
    person_year: PersonYearColumns,
    differences: DifferenceColumns,
}

fn failed(table: &str, what: impl std::fmt::Display) -> Problems {
    Problem { file: table.into(), line: 0, column: String::new(), what: what.to_string(), value: None, hint: None }
        .into()
}

impl<'s> Output<'s> {
    pub(crate) fn new(
        sink: &'s mut dyn Sink,
        assignment_schema: SchemaRef,
        person_year_schema: SchemaRef,
        members: usize,
        scores: usize,
    ) -> Output<'s> {
        let mut person_year = PersonYearColumns::default();
        person_year.members.resize_with(members, UInt32Builder::default);
        person_year.scores.resize_with(scores, Int64Builder::default);
        let (assignment, differences) = (AssignmentColumns::default(), DifferenceColumns::default());
        Output { sink, assignment_schema, person_year_schema, assignment, person_year, differences }
    }

    pub(crate) fn assignment(&mut self, row: &AssignmentRow<'_>) -> Result<(), Problems> {
        let columns = &mut self.assignment;
        columns.performance_year.append_value(row.performance_year.into());
        columns.calendar_year.append_value(row.calendar_year.into());
        columns.bene_id.append_value(row.bene_id);
        columns.aco_id.append_value(row.aco_id);
        columns.basis.append_value(row.basis);
        columns.window.append_value(row.window);
        columns.step.append_option(row.step);
        columns.county.append_option(row.county);
        columns.winner_cents.append_option(row.winner_cents);
        columns.runner_up.append_option(row.runner_up);
        columns.runner_up_cents.append_option(row.runner_up_cents);
        columns.tie.append_option(row.tie);
        columns.cohort.append_value(row.cohort);
        if columns.performance_year.len() >= BATCH_ROWS { self.flush_assignment() } else { Ok(()) }
    }

    pub(crate) fn person_year(&mut self, row: &PersonYearRow<'_>) -> Result<(), Problems> {
        let columns = &mut self.person_year;
        columns.bene_id.append_value(row.bene_id);
        columns.calendar_year.append_value(row.calendar_year.into());
        columns.enrollment_type.append_value(["ESRD", "DIS", "AGDU", "AGND"][usize::from(row.kind)]);
        columns.months_mask.append_value(row.months_mask.into());
        columns.county.append_option(row.county);
        columns.spend_cents.append_value(row.spend_cents);
        columns.gross_cents.append_value(row.gross_cents);
        for (column, cents) in columns.by_kind.iter_mut().zip(row.by_kind) {
            column.append_value(cents);
        }
        for (column, category) in columns.of_which.iter_mut().zip(OF_WHICH) {
            column.append_value(row.by_category[category as usize]);
        }
        columns.kind.append_value(row.kind);
        columns.county_key.append_value(row.county.map_or(0, crate::counties::pack));
        columns.months.append_value(row.months_mask.count_ones() as u8);
        columns.dual_months.append_value(row.dual_months);
        columns.interim_cents.append_value(row.interim_cents);
        columns.died.append_value(row.died.into());
        for (column, bits) in columns.members.iter_mut().zip(row.members) {
            column.append_value(*bits);
        }
        for (column, sum) in columns.scores.iter_mut().zip(row.scores) {
            column.append_value(*sum);
        }
        if columns.kind.len() >= BATCH_ROWS { self.flush_person_year() } else { Ok(()) }
    }

    pub(crate) fn difference(&mut self, row: &DifferenceRow<'_>) -> Result<(), Problems> {
        let columns = &mut self.differences;
        columns.performance_year.append_value(row.performance_year.into());
        columns.calendar_year.append_value(row.calendar_year.into());
        columns.bene_id.append_value(row.bene_id);
        columns.own_aco_id.append_option(row.own_aco_id);
        columns.given_aco_id.append_option(row.given_aco_id);
        columns.outcome.append_value(row.outcome);
        columns.step.append_option(row.step);
        columns.reason.append_value(row.reason);
        if columns.performance_year.len() >= BATCH_ROWS { self.flush_differences() } else { Ok(()) }
    }

    /// Hands over what is left.
    pub(crate) fn finish(mut self) -> Result<(), Problems> {
        self.flush_assignment()?;
        self.flush_differences()?;
        self.flush_person_year()
    }

    fn flush_assignment(&mut self) -> Result<(), Problems> {
        let columns = &mut self.assignment;
        if columns.performance_year.is_empty() {
            return Ok(());
        }
        let arrays: Vec<ArrayRef> = vec![
            ArrayBuilder::finish(&mut columns.performance_year),
            ArrayBuilder::finish(&mut columns.calendar_year),
            ArrayBuilder::finish(&mut columns.bene_id),
            ArrayBuilder::finish(&mut columns.aco_id),
            ArrayBuilder::finish(&mut columns.basis),
            ArrayBuilder::finish(&mut columns.window),
            ArrayBuilder::finish(&mut columns.step),
            ArrayBuilder::finish(&mut columns.county),
            ArrayBuilder::finish(&mut columns.winner_cents),
            ArrayBuilder::finish(&mut columns.runner_up),
            ArrayBuilder::finish(&mut columns.runner_up_cents),
            ArrayBuilder::finish(&mut columns.tie),
            ArrayBuilder::finish(&mut columns.cohort),
        ];
        let batch = RecordBatch::try_new(self.assignment_schema.clone(), arrays);
        let batch = batch.map_err(|error| failed("assignment", error))?;
        self.sink.assignment(batch).map_err(|error| failed("assignment", error))
    }

    fn flush_differences(&mut self) -> Result<(), Problems> {
        let columns = &mut self.differences;
        if columns.performance_year.is_empty() {
            return Ok(());
        }
        let arrays: Vec<ArrayRef> = vec![
            ArrayBuilder::finish(&mut columns.performance_year),
            ArrayBuilder::finish(&mut columns.calendar_year),
            ArrayBuilder::finish(&mut columns.bene_id),
            ArrayBuilder::finish(&mut columns.own_aco_id),
            ArrayBuilder::finish(&mut columns.given_aco_id),
            ArrayBuilder::finish(&mut columns.outcome),
            ArrayBuilder::finish(&mut columns.step),
            ArrayBuilder::finish(&mut columns.reason),
        ];
        let batch = RecordBatch::try_new(differences_schema(), arrays);
        let batch = batch.map_err(|error| failed("assignment_differences", error))?;
        self.sink.assignment_differences(batch).map_err(|error| failed("assignment_differences", error))
    }

    fn flush_person_year(&mut self) -> Result<(), Problems> {
        let columns = &mut self.person_year;
        if columns.kind.is_empty() {
            return Ok(());
        }
        let mut arrays: Vec<ArrayRef> = vec![
            ArrayBuilder::finish(&mut columns.bene_id),
            ArrayBuilder::finish(&mut columns.calendar_year),
            ArrayBuilder::finish(&mut columns.enrollment_type),
            ArrayBuilder::finish(&mut columns.months_mask),
            ArrayBuilder::finish(&mut columns.county),
            ArrayBuilder::finish(&mut columns.spend_cents),
            ArrayBuilder::finish(&mut columns.gross_cents),
        ];
        arrays.extend(columns.by_kind.iter_mut().map(ArrayBuilder::finish));
        arrays.extend(columns.of_which.iter_mut().map(ArrayBuilder::finish));
        arrays.push(ArrayBuilder::finish(&mut columns.kind));
        arrays.push(ArrayBuilder::finish(&mut columns.county_key));
        arrays.push(ArrayBuilder::finish(&mut columns.months));
        arrays.push(ArrayBuilder::finish(&mut columns.dual_months));
        arrays.push(ArrayBuilder::finish(&mut columns.interim_cents));
        arrays.push(ArrayBuilder::finish(&mut columns.died));
        arrays.extend(columns.members.iter_mut().map(ArrayBuilder::finish));
        arrays.extend(columns.scores.iter_mut().map(ArrayBuilder::finish));
        let batch = RecordBatch::try_new(self.person_year_schema.clone(), arrays);
        let batch = batch.map_err(|error| failed("person_year", error))?;
        self.sink.person_year(batch).map_err(|error| failed("person_year", error))
    }
}
