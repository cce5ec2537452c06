//! Several ACOs as one, at ACO grain: person years, heads and dollars are summed, spending and scores are means by person
//! years. Exact for sums; regional adjustment counts, quality, track and terms are those of the one that stays, and services
//! that were split between the members stay split.

use super::inputs::refused;
use super::reform::Change;
use acoledger_schemas::program::{Aco, AcoHistory, Program};
use acoledger_schemas::rates::{AcoCounty, AcoCountyHeads, AcoHeads, AcoYear, Rates};
use acoledger_schemas::table::{Dollars, Problems};
use acoledger_schemas::values::{AcoId, Cents, Flag, PerformanceYear};
use std::collections::BTreeMap;

/// Makes one ACO of `members`, in every performance year and period of theirs, or in the `performance_years` of the change alone.
///
/// # Errors
/// Fewer than two members, a member that is no ACO, periods that not all members have, agreements that start on different
/// days: their base years differ; different assignment methods; earlier results where members also stand apart.
pub(super) fn merge(
    change: &Change,
    members: &[String],
    rates: &mut Rates,
    program: &mut Program,
) -> Result<(), Problems> {
    if members.len() < 2 {
        return Err(refused(change, "`merge` needs two ACOs or more", None));
    }
    let into = change.into.as_ref().unwrap_or(&members[0]);
    if !members.contains(into) {
        return Err(refused(change, "`into` is none of the ACOs to merge", Some(into)));
    }
    let into = AcoId::new(into).map_err(|what| refused(change, &what, Some(into)))?;
    let is_member = |aco: &AcoId| members.iter().any(|member| member == aco.as_str());
    let in_year = |year| change.performance_years.as_ref().is_none_or(|years| years.contains(&year));
    let among = |aco: &AcoId, year: PerformanceYear| is_member(aco) && in_year(year.0);
    check(change, members, program, &among)?;
    merge_aco_rows(&mut program.aco, &into, &among);
    macro_rules! of_year {
        () => {
            |row| among(&row.aco_id, row.performance_year)
        };
    }
    fold(&mut rates.aco_year, &into, of_year!(), |row| &mut row.aco_id, year_key, add_year);
    fold(
        &mut rates.aco_county,
        &into,
        of_year!(),
        |row| &mut row.aco_id,
        county_key,
        |sum, row| {
            sum.person_years += row.person_years;
        },
    );
    // Shares of heads need the heads before they are summed.
    fold(&mut rates.aco_heads, &into, of_year!(), |row| &mut row.aco_id, heads_key, add_heads);
    fold(
        &mut rates.aco_county_heads,
        &into,
        of_year!(),
        |row| &mut row.aco_id,
        county_heads_key,
        |sum, row| {
            sum.head_count += row.head_count;
        },
    );
    if let Some(history) = &mut program.aco_history {
        fold(history, &into, |row| is_member(&row.aco_id), |row| &mut row.aco_id, |row| row.calendar_year, add_history);
    }
    Ok(())
}

fn check(
    change: &Change,
    members: &[String],
    program: &Program,
    among: &impl Fn(&AcoId, PerformanceYear) -> bool,
) -> Result<(), Problems> {
    let mut periods: BTreeMap<_, Vec<&Aco>> = BTreeMap::new();
    for aco in program.aco.iter().filter(|aco| among(&aco.aco_id, aco.performance_year)) {
        periods.entry((aco.performance_year, aco.period)).or_default().push(aco);
    }
    if periods.is_empty() {
        return Err(refused(change, "none of the ACOs to merge is there", None));
    }
    for ((year, period), rows) in periods {
        if let Some(absent) =
            members.iter().find(|member| rows.iter().all(|aco| aco.aco_id.as_str() != member.as_str()))
        {
            return Err(refused(change, &format!("no such ACO in {year} {period}"), Some(absent)));
        }
        if rows.iter().any(|aco| aco.agreement_start != rows[0].agreement_start) {
            let what = format!("the agreements in {year} start on different days: their base years differ");
            return Err(refused(change, &what, Some(&members.join(", "))));
        }
        if let Some(other) = rows.iter().find(|aco| aco.assignment_method != rows[0].assignment_method) {
            let methods = [rows[0], *other].map(|aco| format!("{} is {}", aco.aco_id, aco.assignment_method.code()));
            let what = format!("the assignment methods in {year} differ: one ACO has one list");
            return Err(refused(change, &what, Some(&methods.join(", "))));
        }
    }
    let is_member = |aco: &AcoId| members.iter().any(|member| member == aco.as_str());
    let apart = program.aco.iter().find(|aco| is_member(&aco.aco_id) && !among(&aco.aco_id, aco.performance_year));
    let history = program.aco_history.iter().flatten().any(|row| is_member(&row.aco_id));
    if let Some(aco) = apart.filter(|_| history) {
        let what = format!(
            "earlier results (`aco_history`) are those of {} too, where it stays by itself",
            aco.performance_year
        );
        return Err(refused(change, &what, Some(aco.aco_id.as_str())));
    }
    Ok(())
}

/// The row of the one that stays, with revenue and advances summed where all of them are known.
fn merge_aco_rows(acos: &mut Vec<Aco>, into: &AcoId, among: &impl Fn(&AcoId, PerformanceYear) -> bool) {
    let merged = |aco: &Aco| among(&aco.aco_id, aco.performance_year);
    let members: Vec<Aco> = acos.iter().filter(|aco| merged(aco)).cloned().collect();
    acos.retain(|aco| !merged(aco) || aco.aco_id == *into);
    for aco in acos.iter_mut().filter(|aco| aco.aco_id == *into && merged(aco)) {
        let of =
            || members.iter().filter(|row| (row.performance_year, row.period) == (aco.performance_year, aco.period));
        let sum = |read: fn(&Aco) -> Option<Dollars>| {
            of().map(|row| read(row).map(|dollars| dollars.0.0)).sum::<Option<i64>>().map(|cents| Dollars(Cents(cents)))
        };
        let balances: Vec<i64> = of().filter_map(|row| row.advance_balance.map(|dollars| dollars.0.0)).collect();
        aco.participant_revenue = sum(|row| row.participant_revenue);
        aco.advance_balance = (!balances.is_empty()).then(|| Dollars(Cents(balances.iter().sum())));
    }
}

/// Renames the members' rows and adds up those of one key, in the order in which the first of each stands.
fn fold<T, K: Ord>(
    rows: &mut Vec<T>,
    into: &AcoId,
    among: impl Fn(&T) -> bool,
    name: fn(&mut T) -> &mut AcoId,
    key: impl Fn(&T) -> K,
    add: impl Fn(&mut T, &T),
) {
    let mut places: BTreeMap<K, usize> = BTreeMap::new();
    let mut out: Vec<T> = Vec::with_capacity(rows.len());
    for mut row in rows.drain(..) {
        if !among(&row) {
            out.push(row);
            continue;
        }
        *name(&mut row) = into.clone();
        match places.get(&key(&row)) {
            Some(&at) => add(&mut out[at], &row),
            None => {
                places.insert(key(&row), out.len());
                out.push(row);
            }
        }
    }
    *rows = out;
}

fn year_key(row: &AcoYear) -> impl Ord + use<> {
    (row.performance_year, row.period, row.calendar_year, row.cohort.code(), row.enrollment_type.code())
}

fn county_key(row: &AcoCounty) -> impl Ord + use<> {
    (row.performance_year, row.period, row.calendar_year, row.enrollment_type.code(), row.county.as_str().to_owned())
}

fn heads_key(row: &AcoHeads) -> impl Ord + use<> {
    (row.performance_year, row.period, row.calendar_year)
}

fn county_heads_key(row: &AcoCountyHeads) -> impl Ord + use<> {
    (row.performance_year, row.period, row.calendar_year, row.county.as_str().to_owned())
}

/// Mean of two values by weight; unknown where one of them is and has weight.
fn mean(a: Option<f64>, b: Option<f64>, weights: [f64; 2]) -> Option<f64> {
    match weights {
        [_, 0.0] => a,
        [0.0, _] => b,
        [x, y] => a.zip(b).map(|(a, b)| (a * x + b * y) / (x + y)),
    }
}

fn add_year(sum: &mut AcoYear, row: &AcoYear) {
    let weights = [sum.person_years.unwrap_or(0.0), row.person_years.unwrap_or(0.0)];
    sum.per_capita = mean(sum.per_capita, row.per_capita, weights);
    sum.hcc_score = mean(sum.hcc_score, row.hcc_score, weights);
    sum.demographic_score = mean(sum.demographic_score, row.demographic_score, weights);
    sum.person_years = Some(weights[0] + weights[1]);
}

fn add_heads(sum: &mut AcoHeads, row: &AcoHeads) {
    let weights = [sum.head_count, row.head_count].map(|heads| heads.map_or(f64::NAN, |heads| heads as f64));
    sum.lis_or_dual_share =
        mean(sum.lis_or_dual_share, row.lis_or_dual_share, weights).filter(|share| share.is_finite());
    let both = |a: Option<f64>, b: Option<f64>| a.zip(b).map(|(a, b)| a + b);
    let all = |a: Option<i64>, b: Option<i64>| a.zip(b).map(|(a, b)| a + b);
    sum.head_count = all(sum.head_count, row.head_count);
    sum.dual_person_years = both(sum.dual_person_years, row.dual_person_years);
    sum.participant_revenue = both(sum.participant_revenue, row.participant_revenue);
    sum.paid_amounts = both(sum.paid_amounts, row.paid_amounts);
    sum.voluntary_only = all(sum.voluntary_only, row.voluntary_only);
    sum.claims_only = all(sum.claims_only, row.claims_only);
    sum.both = all(sum.both, row.both);
}

fn add_history(sum: &mut AcoHistory, row: &AcoHistory) {
    let weights = [sum.person_years, row.person_years];
    let all_forfeited = sum.forfeited.0 && row.forfeited.0;
    let savings = |of: &AcoHistory| if of.forfeited.0 && !all_forfeited { 0.0 } else { of.per_capita_savings };
    let per_capita = mean(Some(savings(sum)), Some(savings(row)), weights);
    sum.per_capita_savings = per_capita.unwrap_or(0.0);
    sum.shared_savings_per_capita = mean(sum.shared_savings_per_capita, row.shared_savings_per_capita, weights);
    sum.person_years = weights[0] + weights[1];
    // Forfeited savings count as none: only where all members forfeited is that so for all.
    sum.forfeited = Flag(all_forfeited);
}
