//! A failing life with everything left out that the failure does not need.

use super::rows::{Life, World};
use super::{kernels, ours, theirs};
use acoledger_schemas::rules::Rules;

fn differs(rules: &Rules, world: &World, life: &Life) -> bool {
    let alone = world.alone(life);
    ours(&alone, life) != theirs(&kernels(rules, &alone), life)
}

/// The same without one thing, or `None` when there is no such thing.
fn without(life: &Life, at: usize) -> Option<Life> {
    let mut at = at;
    let mut less = life.clone();
    macro_rules! try_list {
        ($list:expr) => {
            if at < $list.len() {
                $list.remove(at);
                return Some(less);
            }
            at -= $list.len();
        };
    }
    try_list!(less.lines);
    try_list!(less.claims);
    try_list!(less.designations);
    try_list!(less.elsewhere);
    try_list!(less.esrd);
    try_list!(less.subsidy);
    try_list!(less.payments);
    try_list!(less.years);
    for claim in &mut less.claims {
        try_list!(claim.centers);
    }
    None
}

fn smallest(rules: &Rules, world: &World, life: &Life) -> Life {
    let mut life = life.clone();
    let mut at = 0;
    while let Some(less) = without(&life, at) {
        if differs(rules, world, &less) {
            life = less;
        } else {
            at += 1;
        }
    }
    life
}

/// What differs, as small as it gets.
pub(super) fn report(rules: &Rules, world: &World, life: &Life) -> String {
    let life = if differs(rules, world, life) { smallest(rules, world, life) } else { life.clone() };
    let alone = world.alone(&life);
    let mut text = format!("world {} (performance year {}, {:?})\n", world.seed, world.py, world.complete);
    let mut say = |what: &str, rows: Vec<String>| rows.iter().for_each(|row| text += &format!("{what}: {row}\n"));
    say("aco", world.acos.iter().map(|row| format!("{row:?}")).collect());
    say("participants", vec![format!("{:?}", world.participants)]);
    say("clinic attestations", vec![format!("{:?}", world.providers)]);
    let ccns: Vec<&str> = life.claims.iter().map(|claim| claim.ccn).collect();
    let enrolled = world.enrolled.iter().filter(|row| ccns.contains(&row.ccn));
    say("enrolled", enrolled.map(|row| format!("{row:?}")).collect());
    say("clinicians", if ccns.is_empty() { vec![] } else { vec![format!("{:?}", world.clinicians)] });
    say("replacing", world.replacing.iter().map(|row| format!("{row:?}")).collect());
    say("life", vec![format!("{} born {:?} died {:?}", life.id, life.born, life.died)]);
    let odd = life.years.iter().map(|year| format!("{year:?}"));
    say("year", odd.collect());
    say("line", life.lines.iter().map(|row| format!("{row:?}")).collect());
    say("claim", life.claims.iter().map(|row| format!("{row:?}")).collect());
    say("designation", life.designations.iter().map(|row| format!("{row:?}")).collect());
    say("elsewhere", life.elsewhere.iter().map(|row| format!("{row:?}")).collect());
    say("esrd, subsidy", vec![format!("{:?} {:?}", life.esrd, life.subsidy)]);
    say("payment", life.payments.iter().map(|row| format!("{row:?}")).collect());
    say("loops  ", ours(&alone, &life));
    say("kernels", theirs(&kernels(rules, &alone), &life));
    text
}
