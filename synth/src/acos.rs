//! The ACOs of the nation: agreements, tracks, sizes, and how far each bends its people's spending.

use crate::random::Random;
use acoledger_schemas::values::{AgreementType, AssignmentMethod, MsrChoice, RevenueCategory, TerminationKind, Track};

/// One ACO.
#[derive(Clone, Debug)]
pub(crate) struct AcoPlan {
    /// Identifier.
    pub(crate) id: String,
    /// Year in which its agreement starts.
    pub(crate) start: i32,
    pub(crate) kind: AgreementType,
    /// Track in the first, second, … year of the agreement; the last one stays.
    pub(crate) tracks: &'static [Track],
    pub(crate) method: AssignmentMethod,
    pub(crate) msr: MsrChoice,
    pub(crate) revenue: RevenueCategory,
    /// Share of the ACO lives that it aims at, relative to the others.
    pub(crate) size: f64,
    /// Share of spending that it saves from its agreement's start on; negative: it costs more.
    pub(crate) effect: f64,
    pub(crate) quality: f64,
    pub(crate) met_standard: bool,
    pub(crate) met_alternative: bool,
    pub(crate) advance_balance_dollars: Option<i64>,
    /// Ends its last year on this month's last day.
    pub(crate) terminated: Option<(u32, TerminationKind)>,
    /// Whether a county of its is hit by a disaster.
    pub(crate) disaster: bool,
}

impl AcoPlan {
    /// Track in a performance year.
    pub(crate) fn track(&self, year: i32) -> Track {
        let at = usize::try_from(year - self.start).unwrap_or(0);
        self.tracks[at.min(self.tracks.len() - 1)]
    }
}

/// Of the lives whose home is in an ACO, those that end up on its list: the others have a plan, no visit, or another winner.
const LISTED_OF_HOMES: f64 = 0.78;
/// Assigned lives of a large nation's average ACO, and of those of a nation with little room.
const LIVES_PER_ACO: f64 = 14_000.0;
const LIVES_PER_SMALL_ACO: f64 = 5_600.0;
/// Fewest ACOs: the planted cases compete for three.
const FEWEST: usize = 3;

/// How many ACOs a nation has, of `kinds` planned ones. Sizes stay real: little room means fewer ACOs, much room more than
/// one of a kind. Where not even [`FEWEST`] of real size fit, the nation has each kind once, to show them, however small.
fn count(lives: u32, share: f64, kinds: usize) -> usize {
    let listed = f64::from(lives) * share * LISTED_OF_HOMES;
    let small = (listed / LIVES_PER_SMALL_ACO).round() as usize;
    match small {
        small if small < FEWEST => kinds,
        small if small < kinds => small,
        _ => kinds.max((listed / LIVES_PER_ACO).round() as usize),
    }
}

/// The ACOs of a nation of `lives`, of whose homes `share` lie in an ACO: the planned ones, and further ones of their kinds
/// when there is room.
pub(crate) fn plans(lives: u32, share: f64, years: &[i32], seed: u64) -> Vec<AcoPlan> {
    let mut random = Random::new(seed, 0, 200);
    let first = years[0];
    let second = years.get(1).copied().unwrap_or(first);
    let base = templates(first, second);
    (0..count(lives, share, base.len()))
        .map(|i| {
            let mut plan = base[i % base.len()].clone();
            plan.id = format!("A{}", 5001 + i);
            if is_of_old_tracks(plan.start) {
                before_2020(&mut plan);
            }
            if i >= base.len() {
                vary(&mut plan, &mut random);
            }
            plan
        })
        .collect()
}

/// First year of agreements in BASIC and ENHANCED that the nation has; earlier ones are in tracks 1 to 3.
const NEW_TRACKS_FROM: i32 = 2020;
/// Years of an agreement in tracks 1 to 3.
pub(crate) const OLD_AGREEMENT_YEARS: i32 = 3;
/// The start that was open to later agreements only (METHODOLOGY 0.4).
const LATER_AGREEMENTS_ONLY: i32 = 2019;

/// Whether agreements of this start are in tracks 1 to 3.
pub(crate) fn is_of_old_tracks(start: i32) -> bool {
    start < NEW_TRACKS_FROM
}

/// An agreement of the years before: prospective ACOs are in track 3, retrospective ones with downside risk in track 2.
fn before_2020(plan: &mut AcoPlan) {
    let two_sided = plan.tracks.iter().any(|track| !matches!(track, Track::A | Track::B));
    plan.tracks = match plan.method {
        AssignmentMethod::Prospective => &[Track::T3],
        AssignmentMethod::Retrospective if two_sided => &[Track::T2],
        AssignmentMethod::Retrospective => &[Track::T1],
    };
    if plan.tracks == [Track::T1] {
        plan.msr = MsrChoice::Variable;
    }
    let later = plan.start == LATER_AGREEMENTS_ONLY;
    plan.kind = if later { AgreementType::Renewal } else { AgreementType::Initial };
    plan.advance_balance_dollars = None;
}

/// Another ACO of the same kind: its own size and effect, right-skewed around the mean of recent years.
fn vary(plan: &mut AcoPlan, random: &mut Random) {
    const SHAPE: f64 = 3.0;
    plan.size = random.lognormal(1.0, 0.6).max(0.45);
    plan.effect = 0.042 + 0.029 * (random.gamma(SHAPE) - 1.0) * SHAPE.sqrt();
    plan.quality = (0.82 + 0.09 * random.normal()).clamp(0.3, 1.0);
    plan.met_standard = random.chance(0.9);
    plan.met_alternative = plan.met_standard || random.chance(0.6);
    plan.advance_balance_dollars = None;
    plan.terminated = None;
    plan.disaster = random.chance(0.05);
}

/// The planned ACOs. Sizes make up for what draws lives away: prospective windows see fewer of them.
fn templates(first: i32, second: i32) -> Vec<AcoPlan> {
    use AgreementType::{Initial, Reentering, Renewal};
    use AssignmentMethod::{Prospective, Retrospective};
    use MsrChoice::{Fixed, Variable};
    use RevenueCategory::{High, Low};
    let plain = AcoPlan {
        id: String::new(),
        start: first,
        kind: Initial,
        tracks: &[Track::A, Track::B],
        method: Retrospective,
        msr: Variable,
        revenue: Low,
        size: 1.0,
        effect: 0.07,
        quality: 0.84,
        met_standard: true,
        met_alternative: true,
        advance_balance_dollars: None,
        terminated: None,
        disaster: false,
    };
    vec![
        AcoPlan { size: 0.97, ..plain.clone() },
        AcoPlan {
            tracks: &[Track::C, Track::D],
            method: Prospective,
            msr: Fixed(0.01),
            size: 1.12,
            effect: -0.06,
            quality: 0.61,
            met_standard: false,
            terminated: Some((10, TerminationKind::Voluntary)),
            ..plain.clone()
        },
        AcoPlan {
            kind: Renewal,
            tracks: &[Track::En],
            msr: Fixed(0.0),
            revenue: High,
            size: 0.99,
            effect: 0.09,
            quality: 0.91,
            ..plain.clone()
        },
        AcoPlan {
            kind: Renewal,
            tracks: &[Track::E],
            size: 1.10,
            effect: -0.09,
            quality: 0.72,
            disaster: true,
            revenue: High,
            ..plain.clone()
        },
        AcoPlan {
            start: second,
            tracks: &[Track::A, Track::B],
            size: 1.04,
            effect: 0.1,
            quality: 0.79,
            advance_balance_dollars: Some(412_500),
            ..plain.clone()
        },
        AcoPlan {
            start: second,
            kind: Renewal,
            tracks: &[Track::En],
            method: Prospective,
            msr: Fixed(0.02),
            revenue: High,
            size: 1.10,
            effect: 0.06,
            quality: 0.88,
            ..plain.clone()
        },
        AcoPlan {
            start: second,
            kind: Reentering,
            tracks: &[Track::B, Track::C],
            size: 0.2,
            effect: 0.03,
            quality: 0.35,
            met_standard: false,
            met_alternative: false,
            ..plain
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_stay_real_and_the_number_gives_way() {
        let kinds = templates(2023, 2024).len();
        assert_eq!(count(50_000, 0.95, kinds), kinds, "the demo has every kind above 5,000 lives");
        assert_eq!(count(60_000, 0.39, kinds), 3);
        assert_eq!(count(200_000, 0.39, kinds), kinds);
        assert_eq!(count(1_000_000, 0.39, kinds), 22);
        assert_eq!(count(500, 0.39, kinds), kinds, "too small for any: each kind once");
        for lives in (50_000..2_000_000).step_by(10_000) {
            let each = f64::from(lives) * 0.39 * LISTED_OF_HOMES / count(lives, 0.39, kinds) as f64;
            assert!(each > 4_600.0, "{lives}: {each}");
        }
    }
}
