//! Risk scores, given or made from diagnoses, summed over the months of a row (M.C.1).

use crate::context::{Context, Score};
use acoledger_hcc::MonthScore;

/// Fills `out` with months and thousandths of HCC and demographic scores: of the calendar year's own model, then of each
/// performance year's.
pub(crate) fn add_up(context: &Context, year: i32, kind: u8, months_mask: u16, scores: &[Score], out: &mut [i64]) {
    out.fill(0);
    if out.is_empty() || scores.is_empty() {
        return;
    }
    let models = std::iter::once(year).chain(context.performances.iter().map(|performance| performance.year));
    for (sums, model) in out.chunks_exact_mut(4).zip(models) {
        for month in (0..12u8).filter(|month| months_mask >> month & 1 == 1) {
            let of = |wanted: u8| {
                let same = |s: &&Score| s.year == year && s.model == model && s.kind == kind && s.month == wanted;
                scores.iter().find(same)
            };
            // A row of the month goes before the row of all months.
            if let Some(score) = of(month + 1).or_else(|| of(0)) {
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
pub(crate) fn add_computed(models: &[[Option<MonthScore>; 12]], months_mask: u16, out: &mut [i64]) {
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
