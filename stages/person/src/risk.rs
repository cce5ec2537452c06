//! Risk scores, given or made from diagnoses, summed over the months of a row (M.C.1); what they are made of; both compared.

mod compared;
mod detail;

pub(crate) use compared::Comparison;
pub(crate) use detail::{Detail, Row, models as detail_models};

use crate::context::{Context, Score};
use acoledger_hcc::MonthScore;

/// Years whose models score a calendar year: its own, then each performance year's.
fn models(context: &Context, year: i32) -> impl Iterator<Item = i32> + '_ {
    std::iter::once(year).chain(context.performances.iter().map(|performance| performance.year))
}

/// The score of a month, 0 for January, as given: a row of the month goes before the row of all months.
fn given(scores: &[Score], (year, model, kind): (i32, i32, u8), month: u8) -> Option<&Score> {
    let of = |wanted: u8| {
        let same = |s: &&Score| s.year == year && s.model == model && s.kind == kind && s.month == wanted;
        scores.iter().find(same)
    };
    of(month + 1).or_else(|| of(0))
}

/// Fills `out` with months and thousandths of HCC and demographic scores: of the calendar year's own model, then of each
/// performance year's.
pub(crate) fn add_up(context: &Context, year: i32, kind: u8, months_mask: u16, scores: &[Score], out: &mut [i64]) {
    out.fill(0);
    if out.is_empty() || scores.is_empty() {
        return;
    }
    for (sums, model) in out.chunks_exact_mut(4).zip(models(context, year)) {
        for month in (0..12u8).filter(|month| months_mask >> month & 1 == 1) {
            if let Some(score) = given(scores, (year, model, kind), month) {
                sums[0] += 1;
                sums[1] += score.hcc;
                if let Some(demographic) = score.demographic {
                    sums[2] += 1;
                    sums[3] += demographic;
                }
            }
        }
    }
}

/// Fills `out` likewise from the scores of a calendar year's months, one row for each model.
pub(crate) fn add_made(models: &[[Option<MonthScore>; 12]], months_mask: u16, out: &mut [i64]) {
    out.fill(0);
    for (sums, scores) in out.chunks_exact_mut(4).zip(models) {
        for score in (0..12).filter(|month| months_mask >> month & 1 == 1).filter_map(|month| scores[month]) {
            sums[0] += 1;
            sums[1] += score.hcc_milli;
            sums[2] += 1;
            sums[3] += score.demographic_milli;
        }
    }
}
