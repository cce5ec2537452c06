//! Months and money of a life (M.B.1, M.B.2, M.B.4), and what the nation and the ACOs make of them (M.B.3, M.B.5).

use super::care;
use super::law;
use super::lists::{Assigned, assigned, cohort, county, is_assignable, is_expenditure_month, list_years, own_years};
use super::rows::{Claim, Complete, Day, Life, Line, World};
use super::services::{claim_is_denied, line_is_denied};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const TYPES: [&str; 4] = ["ESRD", "DIS", "AGDU", "AGND"];

/// Months and money of one enrollment type in one year.
#[derive(Clone, Debug, Default)]
pub(super) struct TypeYear {
    pub(super) mask: i32,
    pub(super) months: i64,
    pub(super) dual_months: i64,
    pub(super) spend: i64,
    pub(super) gross: i64,
    /// Interim demonstration payments, which count until 2017.
    pub(super) interim: i64,
    /// Spending by class of service.
    pub(super) classes: BTreeMap<&'static str, i64>,
}

/// A payment that counts: its day, with and without what expenditures add and take off.
pub(super) struct Paid {
    pub(super) day: Day,
    pub(super) kind: &'static str,
    class: &'static str,
    spend: i64,
    pub(super) gross: i64,
    pub(super) acos: Vec<&'static str>,
}

pub(super) fn is_late(world: &World, day: Day, processed: Option<Day>) -> bool {
    processed.is_some_and(|processed| match world.complete {
        Complete::Mature => false,
        Complete::ThreeMonths => processed > (day.0 + 1, 3, 31),
        Complete::Through(last) => processed > last,
    })
}

/// paid × q / (1 − q), half-up.
fn withheld(paid: i64, day: Day) -> i64 {
    let q = law::sequestration(day);
    (2 * paid * q + (100 - q)).div_euclid(2 * (100 - q))
}

fn is_maryland(claim: &Claim) -> bool {
    claim.ccn.starts_with("21")
}

/// Catheters of 2023 (M.B.4.2).
pub(super) fn is_suspect(line: &Line) -> bool {
    ["A4352", "A4353"].contains(&line.hcpcs) && [72, 82].contains(&line.claim_type) && line.last.0 == 2023
}

/// A facility claim's spending (M.B.1).
pub(super) fn spend_of_claim(claim: &Claim) -> i64 {
    let removed = claim.claim_type == 60 && !is_maryland(claim);
    let less: i64 = if removed { claim.extras.iter().sum() } else { 0 };
    claim.paid + claim.reduction + withheld(claim.paid, claim.thru) - less
}

pub(super) fn paid(world: &World, life: &Life) -> Vec<Paid> {
    let mut out = Vec::new();
    for line in life.lines_once() {
        if !line_is_denied(line) && !is_suspect(line) && !is_late(world, line.last, line.processed) {
            let gross = line.paid + line.reduction;
            let spend = gross + withheld(line.paid, line.last);
            let (kind, class) = (care::kind(line.claim_type), care::class_of_line(line));
            out.push(Paid { day: line.last, kind, class, spend, gross, acos: world.acos_of_tin(line.tin) });
        }
    }
    for claim in &life.claims {
        if !claim_is_denied(claim) && !is_late(world, claim.thru, claim.processed) {
            let gross = claim.paid + claim.reduction;
            let (kind, class, spend) =
                (care::kind(claim.claim_type), care::class_of_claim(claim), spend_of_claim(claim));
            out.push(Paid { day: claim.thru, kind, class, spend, gross, acos: world.acos_of_ccn(claim.ccn) });
        }
    }
    out
}

/// Whether a month lies in a COVID-19 episode (M.B.4.1).
fn is_in_episode(world: &World, life: &Life, month: (i32, i32)) -> bool {
    life.claims.iter().any(|claim| {
        if claim.claim_type != 60 || claim_is_denied(claim) || is_late(world, claim.thru, claim.processed) {
            return false;
        }
        let Ok(number) = claim.ccn[2..].parse::<i32>() else { return false };
        let in_system = (1..=879).contains(&number);
        if !in_system && !(1300..=1399).contains(&number) {
            return false;
        }
        let discharge = claim.discharge.unwrap_or(claim.thru);
        let diagnosis = if discharge < (2020, 4, 1) { "B9729" } else { "U071" };
        let admitted = claim.admitted.unwrap_or(claim.from);
        let deciding = if in_system && !is_maryland(claim) { discharge } else { admitted };
        let emergency = (2020, 1, 27)..=(2023, 5, 11);
        if !claim.diagnoses.split(' ').any(|one| one == diagnosis) || !emergency.contains(&deciding) {
            return false;
        }
        let count = |(year, month): (i32, i32)| year * 12 + month;
        let (first, last) = (count((admitted.0, admitted.1)), count((discharge.0, discharge.1)) + 1);
        (first..=last).contains(&count(month))
    })
}

/// The type of a month (M.B.2.2).
fn type_of(life: &Life, month: (i32, i32)) -> usize {
    let given = life.esrd.iter().find(|(year, _)| *year == month.0);
    let by_status = ["11", "21", "31"].contains(&life.code(month, |year| &year.status));
    if given.map_or(by_status, |(_, mask)| mask >> (month.1 - 1) & 1 == 1) {
        return 0;
    }
    // 65 on the day before the birthday, and that day's month is aged.
    let (year, first) = (life.born.0 + 65, life.born.2 == 1);
    let aged = match life.born.1 - i32::from(first) {
        0 => (year - 1, 12),
        month => (year, month),
    };
    match month {
        _ if month < aged => 1,
        _ if is_dual(life, month) => 2,
        _ => 3,
    }
}

fn is_dual(life: &Life, month: (i32, i32)) -> bool {
    ["01", "02", "04", "08"].contains(&life.code(month, |year| &year.dual))
}

/// The type of a month, if it carries money.
pub(super) fn type_of_money(world: &World, life: &Life, month: (i32, i32)) -> Option<usize> {
    let counts = is_expenditure_month(life, month) && !is_in_episode(world, life, month);
    counts.then(|| type_of(life, month))
}

/// A year by type; types without months that carry money are left out.
pub(super) fn years(world: &World, life: &Life, year: i32) -> BTreeMap<usize, TypeYear> {
    let mut types: BTreeMap<usize, TypeYear> = BTreeMap::new();
    let all = paid(world, life);
    for number in 1..=12 {
        let month = (year, number);
        if !is_expenditure_month(life, month) || is_in_episode(world, life, month) {
            continue;
        }
        let one = types.entry(type_of(life, month)).or_default();
        one.mask |= 1 << (number - 1);
        one.months += 1;
        one.dual_months += i64::from(is_dual(life, month));
        for paid in all.iter().filter(|paid| (paid.day.0, paid.day.1) == month) {
            one.spend += paid.spend;
            one.gross += paid.gross;
            *one.classes.entry(paid.class).or_default() += paid.spend;
        }
        for payment in life.payments.iter().filter(|payment| (payment.year, payment.month) == month) {
            if payment.is_final {
                one.spend += payment.cents;
                one.gross += payment.cents;
                *one.classes.entry("non_claims").or_default() += payment.cents;
            } else {
                one.interim += payment.cents;
            }
        }
    }
    types
}

/// Rows of the cells, as text by table.
pub(super) fn cells(world: &World) -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut out: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
    for year in list_years(world) {
        let lives: Vec<Seen> = world.lives.iter().map(|life| Seen::new(world, life, year)).collect();
        let limits = thresholds(world, &lives);
        let population = if world.py >= 2017 { "assignable" } else { "ffs" };
        for (of, cents) in &limits {
            let row = format!("{}|{year}|{population}|{}|{cents}", world.py, TYPES[*of]);
            out.entry("threshold").or_default().insert(row);
        }
        let by_window = world
            .acos
            .iter()
            .any(|aco| aco.prospective && aco.start >= (2024, 1, 1) && own_years(world, aco).contains(&year));
        let everybody: fn(&Seen<'_>) -> bool = |_| true;
        let by_year: fn(&Seen<'_>) -> bool = |seen| seen.assignable[0];
        let by_method: fn(&Seen<'_>) -> bool = |seen| seen.assignable[1];
        let mut populations = vec![("assignable", "retrospective", by_year)];
        populations.extend(by_window.then_some(("assignable", "prospective", by_method)));
        populations.extend((world.py < 2017).then_some(("ffs", "retrospective", everybody)));
        for (population, window, is_in) in populations {
            let mut sums = BTreeMap::new();
            for seen in lives.iter().filter(|seen| is_in(seen)) {
                seen.add(&limits, "", &mut sums);
            }
            for ((_, county, of), sum) in sums {
                let key = format!("{}|{year}|{population}|{window}|{county}|{}", world.py, TYPES[of]);
                let row = format!("{key}|{}|{}|{}", sum.lives, sum.months, sum.money());
                out.entry("population_county").or_default().insert(row);
            }
            // What of it is an ACO's own, in a year of its own.
            for aco in
                world.acos.iter().filter(|aco| population == "assignable" && own_years(world, aco).contains(&year))
            {
                let mut sums = BTreeMap::new();
                let is_its = |seen: &&Seen<'_>| seen.place.as_ref().is_some_and(|place| place.aco.id == aco.id);
                for seen in lives.iter().filter(|seen| is_in(seen)).filter(is_its) {
                    seen.add(&limits, "", &mut sums);
                }
                for ((_, county, of), sum) in sums {
                    let key = format!("{}|{}|{year}|{window}|{county}|{}", world.py, aco.id, TYPES[of]);
                    let row = format!("{key}|{}|{}|{}", sum.lives, sum.months, sum.money());
                    out.entry("assigned_assignable").or_default().insert(row);
                }
            }
        }
        acos(world, year, &lives, &limits, &mut out);
        care::cells(world, year, &lives, &limits, &mut out);
    }
    revenue(world, &mut out);
    out
}

/// Cells of the ACOs in a year of their own.
fn acos(
    world: &World,
    year: i32,
    lives: &[Seen<'_>],
    limits: &BTreeMap<usize, i64>,
    out: &mut BTreeMap<&'static str, BTreeSet<String>>,
) {
    for aco in world.acos.iter().filter(|aco| own_years(world, aco).contains(&year)) {
        let key = format!("{}|{}|{}|{year}", world.py, aco.period, aco.id);
        let mut sums = BTreeMap::new();
        let mut heads = [0; 6];
        let mut by_county: BTreeMap<&str, i64> = BTreeMap::new();
        for seen in lives {
            let Some(place) = seen.place.as_ref().filter(|place| place.aco.id == aco.id) else { continue };
            seen.add(limits, cohort(world, seen.life, year, aco), &mut sums);
            let mut months =
                (1..=12).map(|month| (year, month)).filter(|month| is_expenditure_month(seen.life, *month));
            let dual = months.any(|month| is_dual(seen.life, month));
            let poor = seen.life.subsidy.iter().any(|(of, months)| *of == year && *months > 0);
            let of = |basis: &str| place.basis == basis;
            let flags = [true, dual, dual || poor, of("voluntary"), of("claims"), of("both")];
            heads.iter_mut().zip(flags).for_each(|(head, flag)| *head += i64::from(flag));
            *by_county.entry(seen.county).or_default() += 1;
        }
        for ((cohort, county, of), sum) in sums {
            let key = format!("{key}|{cohort}|{county}|{}", TYPES[of]);
            let row = format!("{key}|{}|{}|{}|{}|{}", sum.lives, sum.months, sum.dual_months, sum.money(), sum.gross);
            out.entry("assigned_county").or_default().insert(row);
        }
        if heads[0] > 0 {
            let heads: Vec<String> = heads.iter().map(i64::to_string).collect();
            out.entry("aco_heads").or_default().insert(format!("{key}|{}", heads.join("|")));
        }
        for (county, heads) in by_county {
            out.entry("aco_county_heads").or_default().insert(format!("{key}|{county}|{heads}"));
        }
    }
}

/// A life in a year.
pub(super) struct Seen<'w> {
    pub(super) life: &'w Life,
    county: &'static str,
    pub(super) types: BTreeMap<usize, TypeYear>,
    pub(super) assignable: [bool; 2],
    pub(super) place: Option<Assigned<'w>>,
}

#[derive(Default)]
struct Sum {
    lives: i64,
    months: i64,
    dual_months: i64,
    below: i64,
    over: i64,
    under: i64,
    spend: i64,
    gross: i64,
}

impl Sum {
    fn money(&self) -> String {
        format!("{}|{}|{}|{}", self.below, self.over, self.under, self.spend)
    }
}

type Sums<'k> = BTreeMap<(&'k str, &'static str, usize), Sum>;

impl<'w> Seen<'w> {
    fn new(world: &'w World, life: &'w Life, year: i32) -> Seen<'w> {
        let mut types = years(world, life, year);
        if world.py < 2018 {
            for one in types.values_mut() {
                one.spend += one.interim;
                one.gross += one.interim;
                *one.classes.entry("non_claims").or_default() += one.interim;
            }
        }
        let assignable = [false, true].map(|prospective| is_assignable(world, life, year, prospective));
        let county = Some(county(life, year)).filter(|county| !county.is_empty()).unwrap_or("unknown");
        Seen { life, county, types, assignable, place: assigned(world, life, year) }
    }

    fn add<'k>(&self, limits: &BTreeMap<usize, i64>, cohort: &'k str, sums: &mut Sums<'k>) {
        for (of, one) in &self.types {
            let sum = sums.entry((cohort, self.county, *of)).or_default();
            let limit = limits.get(of).copied().unwrap_or(i64::MAX / 100);
            sum.lives += 1;
            sum.months += one.months;
            sum.dual_months += one.dual_months;
            sum.spend += one.spend;
            sum.gross += one.gross;
            if one.spend * 12 > limit * one.months {
                sum.over += one.months;
            } else if one.spend * 12 < -limit * one.months {
                sum.under += one.months;
            } else {
                sum.below += one.spend;
            }
        }
    }
}

/// 99th percentile of annualised spending by type, nearest rank, half-up to the cent (M.B.3.3).
fn thresholds(world: &World, lives: &[Seen<'_>]) -> BTreeMap<usize, i64> {
    let mut out = BTreeMap::new();
    for of in 0..4 {
        let counts = |seen: &&Seen<'_>| world.py < 2017 || seen.assignable[0];
        let rows = lives.iter().filter(counts).filter_map(|seen| seen.types.get(&of));
        // In twelfths of 27,720 (the least number that 1 to 12 divide), so that no division rounds.
        let mut annual: Vec<(i64, &TypeYear)> = rows.map(|one| (one.spend * 12 * (27_720 / one.months), one)).collect();
        annual.sort_by_key(|(annual, _)| *annual);
        let rank = (annual.len() * 99).div_ceil(100);
        if rank > 0 {
            let one = annual[rank - 1].1;
            out.insert(of, (one.spend * 24 + one.months).div_euclid(2 * one.months));
        }
    }
    out
}

/// What participants were paid in the performance year, over all lives (M.B.5).
fn revenue(world: &World, out: &mut BTreeMap<&'static str, BTreeSet<String>>) {
    for aco in &world.acos {
        let mut sum = 0;
        for life in &world.lives {
            for paid in paid(world, life).iter().filter(|paid| paid.day.0 == world.py && paid.acos.contains(&aco.id)) {
                if !is_in_episode(world, life, (paid.day.0, paid.day.1)) {
                    sum += paid.gross;
                }
            }
        }
        let row = format!("{0}|{1}|{0}|{sum}", world.py, aco.id);
        out.entry("revenue").or_default().insert(row);
    }
}
