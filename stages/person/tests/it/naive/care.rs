//! What lives cost by class of service, what they use, who bills it, and when it is processed.

use super::law;
use super::lists::own_years;
use super::money::{self, Seen, TYPES, TypeYear};
use super::rows::{Claim, Day, Life, Line, World};
use super::services::{Span, claim_is_denied, line_is_denied, services};
use std::collections::{BTreeMap, BTreeSet};

type Out = BTreeMap<&'static str, BTreeSet<String>>;

/// All classes in their order.
pub(super) const CLASSES: [&str; 12] = [
    "inpatient_other",
    "inpatient_long_term",
    "inpatient_rehabilitation",
    "inpatient_psychiatric",
    "snf",
    "outpatient",
    "home_health",
    "hospice",
    "physician",
    "ambulance",
    "dme",
    "non_claims",
];

pub(super) fn kind(claim_type: i32) -> &'static str {
    match claim_type {
        60 => "inpatient",
        20 | 30 => "snf",
        40 => "outpatient",
        10 => "home_health",
        50 => "hospice",
        71 | 72 => "carrier",
        _ => "dme",
    }
}

pub(super) fn class_of_line(line: &Line) -> &'static str {
    let ambulance = line.hcpcs.len() == 5 && ("A0425"..="A0436").contains(&line.hcpcs);
    match kind(line.claim_type) {
        "carrier" if ambulance => "ambulance",
        "carrier" => "physician",
        other => other,
    }
}

pub(super) fn class_of_claim(claim: &Claim) -> &'static str {
    if claim.claim_type == 60 { hospital(claim.ccn) } else { kind(claim.claim_type) }
}

fn hospital(ccn: &str) -> &'static str {
    let number = ccn[2..].parse::<i32>();
    match (&ccn[2..3], number) {
        ("T" | "R", _) | (_, Ok(3025..=3099)) => "inpatient_rehabilitation",
        ("S" | "M", _) | (_, Ok(4000..=4499)) => "inpatient_psychiatric",
        (_, Ok(2000..=2299)) => "inpatient_long_term",
        _ => "inpatient_other",
    }
}

/// A life's truncated spending by class, in twelfths of a cent, and how it was truncated: 1 from above, -1 from below.
fn truncated(one: &TypeYear, limit: i64) -> (Vec<i64>, i64) {
    let annual = one.spend * 12;
    let (total, way) = match limit * one.months {
        limit if annual > limit => (limit, 1),
        limit if annual < -limit => (-limit, -1),
        _ => (annual, 0),
    };
    let of = |class: &str| one.classes.get(class).copied().unwrap_or(0);
    if one.spend == 0 {
        let mut parts = vec![0; CLASSES.len()];
        parts[CLASSES.iter().position(|class| of(class) != 0).unwrap_or(0)] = total;
        return (if total == 0 { CLASSES.iter().map(|class| 12 * of(class)).collect() } else { parts }, way);
    }
    // total × class ÷ spend: the whole part, then by the rest.
    let exact: Vec<(i128, i128)> = CLASSES
        .iter()
        .map(|class| {
            let (top, bottom) = (i128::from(total) * i128::from(of(class)), i128::from(one.spend));
            let (top, bottom) = if bottom < 0 { (-top, -bottom) } else { (top, bottom) };
            let whole = (top - (top % bottom + bottom) % bottom) / bottom;
            (whole, top - whole * bottom)
        })
        .collect();
    let mut order: Vec<usize> = (0..CLASSES.len()).collect();
    order.sort_by_key(|at| (-exact[*at].1, *at));
    let missing = i128::from(total) - exact.iter().map(|(whole, _)| whole).sum::<i128>();
    let mut parts: Vec<i64> = exact.iter().map(|(whole, _)| *whole as i64).collect();
    order.iter().take(missing as usize).for_each(|at| parts[*at] += 1);
    (parts, way)
}

/// Rows of `service_category`, `truncation`, `utilisation_count` and `leakage` of a year.
pub(super) fn cells(world: &World, year: i32, lives: &[Seen<'_>], limits: &BTreeMap<usize, i64>, out: &mut Out) {
    let nation: Vec<&Seen<'_>> = lives.iter().filter(|seen| seen.assignable[0]).collect();
    of_population(world, year, "|", &nation, limits, out);
    for aco in world.acos.iter().filter(|aco| own_years(world, aco).contains(&year)) {
        let mine: Vec<&Seen<'_>> =
            lives.iter().filter(|seen| seen.place.as_ref().is_some_and(|place| place.aco.id == aco.id)).collect();
        of_population(world, year, &format!("{}|{}", aco.period, aco.id), &mine, limits, out);
        let mut billed: BTreeMap<&str, [i64; 4]> = BTreeMap::new();
        let mut add = |category: &'static str, cents: i64, inside: bool| {
            let sums = billed.entry(category).or_default();
            let inside = i64::from(inside);
            [inside * cents, cents, inside, 1].iter().zip(sums).for_each(|(one, sum)| *sum += one);
        };
        for seen in mine {
            let span = Span::of(world, year, aco.prospective, false);
            for service in services(world, seen.life, span) {
                // To 2018 a clinic's claim is a service by the attestation of its ACO; one of several ACOs has none.
                let counts = !service.clinic || world.py >= 2019 || service.acos.len() == 1;
                let physician =
                    service.primary_care_physician || service.specialist || world.py <= 2015 && service.physician;
                if counts && (physician || service.practitioner) {
                    add("primary_care", service.cents, service.acos.contains(&aco.id));
                }
            }
            for paid in money::paid(world, seen.life).iter().filter(|paid| paid.day.0 == year) {
                if money::type_of_money(world, seen.life, (paid.day.0, paid.day.1)).is_some() {
                    add(paid.kind, paid.gross, paid.acos.contains(&aco.id));
                }
            }
        }
        for (category, [inside, total, inside_services, services]) in billed {
            let row =
                format!("{}|{}|{year}|{category}|{inside}|{total}|{inside_services}|{services}", world.py, aco.id);
            out.entry("leakage").or_default().insert(row);
        }
    }
}

fn of_population(
    world: &World,
    year: i32,
    whose: &str,
    lives: &[&Seen<'_>],
    limits: &BTreeMap<usize, i64>,
    out: &mut Out,
) {
    let mut classes: BTreeMap<(usize, usize), (i64, i64)> = BTreeMap::new();
    let mut cuts: BTreeMap<(usize, bool), [i64; 6]> = BTreeMap::new();
    let mut uses: BTreeMap<(usize, &str), i64> = BTreeMap::new();
    for seen in lives {
        let died = seen.life.died.is_some_and(|day| day.0 == year);
        for (of, one) in &seen.types {
            let (parts, way) = truncated(one, limits.get(of).copied().unwrap_or(i64::MAX / 1000));
            for (at, class) in CLASSES.iter().enumerate() {
                let sum = classes.entry((*of, at)).or_default();
                sum.0 += one.classes.get(class).copied().unwrap_or(0);
                sum.1 += parts[at];
            }
            let cut = one.spend * 12 - parts.iter().sum::<i64>();
            let row = [1, one.months, i64::from(way == 1), i64::from(way == -1), one.spend, cut];
            cuts.entry((*of, died)).or_default().iter_mut().zip(row).for_each(|(sum, one)| *sum += one);
        }
        for (key, count) in used(world, seen.life, year) {
            *uses.entry(key).or_default() += count;
        }
    }
    let key = format!("{}|{whose}|{year}", world.py);
    for ((of, class), (spend, parts)) in classes {
        let row = format!("{key}|{}|{}|{spend}|{parts}", TYPES[of], CLASSES[class]);
        out.entry("service_category").or_default().insert(row);
    }
    for ((of, died), [lives, months, over, under, spend, cut]) in cuts {
        let row = format!("{key}|{}|{}|{lives}|{months}|{over}|{under}|{spend}|{cut}", TYPES[of], i32::from(died));
        out.entry("truncation").or_default().insert(row);
    }
    for ((of, measure), count) in uses.into_iter().filter(|(_, count)| *count != 0) {
        out.entry("utilisation_count").or_default().insert(format!("{key}|{}|{measure}|{count}", TYPES[of]));
    }
}

/// Days since some day.
fn number((year, month, day): Day) -> i64 {
    let before = |month: i32| [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334][month as usize - 1];
    let leaps = |year: i32| i64::from(year / 4 - year / 100 + year / 400);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    i64::from(year) * 365 + leaps(year - 1) + before(month) + i64::from(leap && month > 2) + i64::from(day)
}

/// What a life uses in the months of a year that carry money, by type and measure.
fn used(world: &World, life: &Life, year: i32) -> BTreeMap<(usize, &'static str), i64> {
    let mut all: Vec<((i32, i32), &'static str, i64)> = Vec::new();
    // What counts once: measure, day, facility; the first month in which it is seen.
    let mut once: BTreeMap<(&'static str, Day, &str), (i32, i32)> = BTreeMap::new();
    let mut see = |measure: &'static str, day: Day, facility: &'static str, month: (i32, i32)| {
        let first = once.entry((measure, day, facility)).or_insert(month);
        *first = month.min(*first);
    };
    let image = |code: &str| law::image(code);
    for line in life.lines_once() {
        let counts = line.claim_type < 80 && !line_is_denied(line) && !money::is_late(world, line.last, line.processed);
        if !counts {
            continue;
        }
        let month = (line.last.0, line.last.1);
        if let Some(measure) = image(line.hcpcs) {
            see(measure, line.last, "", month);
        }
        if let Some(measure) = law::visit(line.hcpcs, line.specialty) {
            all.push((month, measure, 1));
        }
    }
    let claims = || {
        let counts = |claim: &&Claim| !claim_is_denied(claim) && !money::is_late(world, claim.thru, claim.processed);
        life.claims.iter().filter(counts)
    };
    for claim in claims().filter(|claim| claim.claim_type == 40) {
        let month = (claim.thru.0, claim.thru.1);
        let health_center = claim.bill == if claim.thru < (2010, 4, 1) { "73" } else { "77" };
        if health_center || claim.bill == "71" {
            all.push((month, "P_FQHC_RHC_Vis", 1));
        }
        for center in &claim.centers {
            let day = center.date.unwrap_or(claim.thru);
            if let Some(measure) = image(center.hcpcs) {
                see(measure, day, "", month);
            }
            if ("0450"..="0459").contains(&center.center) || center.center == "0981" {
                see("P_EDV_Vis_outpatient", day, claim.ccn, month);
            }
        }
    }
    all.extend(once.into_iter().map(|((measure, ..), month)| (month, measure, 1)));
    let mut stays: BTreeMap<(&str, &str, Day), Vec<&Claim>> = BTreeMap::new();
    for claim in claims().filter(|claim| [20, 30, 60].contains(&claim.claim_type)) {
        let measure = match class_of_claim(claim) {
            "inpatient_long_term" => "ADM_L_Trm",
            "inpatient_rehabilitation" => "ADM_Rehab",
            "inpatient_psychiatric" => "ADM_Psych",
            "snf" => "P_SNF_ADM",
            _ => "ADM_S_Trm",
        };
        stays.entry((measure, claim.ccn, claim.admitted.unwrap_or(claim.from))).or_default().push(claim);
    }
    for ((measure, _, admitted), claims) in stays {
        let ended = claims.iter().filter(|claim| claim.status != "30").map(|claim| claim.thru);
        let Some(thru) = ended.max() else { continue };
        let month = (thru.0, thru.1);
        if measure != "P_SNF_ADM" {
            let measure = ["ADM_S_Trm", "ADM_L_Trm", "ADM_Rehab", "ADM_Psych"].into_iter().find(|one| *one == measure);
            all.push((month, measure.expect("one of four"), 1));
            continue;
        }
        all.push((month, "P_SNF_ADM", 1));
        all.push((month, "SNF_days", (number(thru) - number(admitted)).max(1)));
        let spend = claims.iter().map(|claim| money::spend_of_claim(claim)).sum();
        all.push((month, "SNF_cents", spend));
    }
    let mut out = BTreeMap::new();
    for (month, measure, count) in all.into_iter().filter(|(month, ..)| month.0 == year) {
        if let Some(of) = money::type_of_money(world, life, month) {
            *out.entry((of, measure)).or_default() += count;
        }
    }
    out
}

/// Rows of `runout_triangle`: `years` are those of claims that the study needs, `facility_years` those whose facility claims
/// are read.
pub(super) fn triangle(world: &World, years: &BTreeSet<i32>, facility_years: &BTreeSet<i32>) -> BTreeSet<String> {
    let mut sums: BTreeMap<(String, &str, String), (i64, i64)> = BTreeMap::new();
    let mut add = |day: Day, processed: Option<Day>, kind: &'static str, cents: i64| {
        let inside =
            years.first().is_some_and(|first| *first <= day.0) && years.last().is_some_and(|last| day.0 <= *last);
        let lag = processed.filter(|_| inside).map_or(String::new(), |processed| {
            ((processed.0 - day.0) * 12 + processed.1 - day.1).clamp(-1, 48).to_string()
        });
        let month = if inside { format!("{}|{}", day.0, day.1) } else { "|".into() };
        let sum = sums.entry((month, kind, lag)).or_default();
        *sum = (sum.0 + 1, sum.1 + cents);
    };
    for life in &world.lives {
        for line in life.lines_once() {
            if !line_is_denied(line) && !money::is_suspect(line) && years.contains(&line.last.0) {
                add(line.last, line.processed, kind(line.claim_type), line.paid);
            }
        }
        for claim in life.claims.iter().filter(|claim| !claim_is_denied(claim)) {
            if facility_years.contains(&claim.thru.0) {
                add(claim.thru, claim.processed, kind(claim.claim_type), claim.paid);
            }
        }
    }
    sums.into_iter().map(|((month, kind, lag), (rows, cents))| format!("{month}|{kind}|{lag}|{rows}|{cents}")).collect()
}
