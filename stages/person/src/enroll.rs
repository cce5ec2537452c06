//! Months of a life by eligibility and enrollment type (M.A.1, M.B.2).

use crate::columns::NO_DAY;
use crate::context::{Context, CountyMonth, Span};
use crate::counties::Residence;
use crate::diagnoses::Insured;
use acoledger_schemas::values::Date;

/// One calendar year of a life, as its record says. Months are bits, January first.
#[derive(Clone, Copy, Default)]
pub(crate) struct YearMonths {
    pub(crate) both: u16,
    pub(crate) one: u16,
    pub(crate) plan: u16,
    pub(crate) dual: u16,
    pub(crate) esrd: u16,
    pub(crate) disabled: u16,
    pub(crate) residence: Residence,
    /// What scores from diagnoses ask for.
    pub(crate) insured: Insured,
}

/// What follows for one calendar year of the timeline.
#[derive(Clone, Copy, Default)]
pub(crate) struct YearState {
    /// Months in which the life is alive on the first day.
    pub(crate) alive: u16,
    /// Alive, in Parts A and B, in no plan (M.B.2.1).
    pub(crate) eligible: u16,
    /// Months inside a COVID-19 episode.
    pub(crate) episode: u16,
    /// Eligible months by enrollment type.
    pub(crate) types: [u16; 4],
    /// Number of the county (M.D.1.2); 0: unknown.
    pub(crate) county: u16,
}

/// What a span of months says to the rules of M.A.1.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Standing {
    /// A month in Parts A and B (A.1.1, first half).
    pub(crate) both: bool,
    /// A month in one part only (A.1.1, second half).
    pub(crate) one: bool,
    /// A month in a plan (A.1.2).
    pub(crate) plan: bool,
    /// Whether the last known residence is inside the program's area (A.1.4).
    pub(crate) inside: bool,
}

/// A life's enrollment over the timeline.
pub(crate) struct Enrollment {
    pub(crate) record: Vec<YearMonths>,
    present: Vec<bool>,
    pub(crate) state: Vec<YearState>,
    birth: i32,
    death: i32,
}

const YEAR: u16 = 0x0FFF;

/// The months of a year from `month` on (may lie before or after it).
fn from_month(month: i32) -> u16 {
    match month {
        ..=0 => YEAR,
        1..=11 => YEAR & (YEAR << month),
        _ => 0,
    }
}

impl Enrollment {
    pub(crate) fn new(context: &Context) -> Enrollment {
        let years = context.time.years;
        Enrollment {
            record: vec![YearMonths::default(); years],
            present: vec![false; years],
            state: vec![YearState::default(); years],
            birth: NO_DAY,
            death: NO_DAY,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.record.fill(YearMonths::default());
        self.present.fill(false);
        self.birth = NO_DAY;
        self.death = NO_DAY;
    }

    /// Opens a year; `None` when it was open already. Later records know better about birth and death.
    pub(crate) fn take(&mut self, at: usize, birth: i32, death: i32) -> Option<&mut YearMonths> {
        if std::mem::replace(&mut self.present[at], true) {
            return None;
        }
        self.birth = if birth == NO_DAY { self.birth } else { birth };
        self.death = if death == NO_DAY { self.death } else { death };
        Some(&mut self.record[at])
    }

    /// Works out the state of every year; episodes are months of the timeline.
    pub(crate) fn settle(&mut self, context: &Context, esrd: &[crate::context::Esrd], episodes: &[(i32, i32)]) {
        for row in esrd {
            if let Some(at) = context.time.at(row.year) {
                self.record[at].esrd = row.months & YEAR;
            }
        }
        let month = |day: i32| Date(day).month_index() - context.time.first_year * 12;
        let dies = if self.death == NO_DAY { i32::MAX } else { month(self.death) };
        let ages = (self.birth != NO_DAY).then(|| {
            let born_on_first = Date(self.birth).ymd().2 == 1;
            month(self.birth) + context.enroll.aged_months - i32::from(born_on_first)
        });
        for at in 0..self.state.len() {
            let record = &self.record[at];
            let first = at as i32 * 12;
            let alive = if dies == i32::MAX { YEAR } else { YEAR & !from_month(dies - first + 1) };
            let eligible = record.both & alive & !record.plan;
            let episode = episodes
                .iter()
                .fold(0, |mask, (from, to)| mask | from_month(from - first) & !from_month(to - first + 1));
            let aged = match ages {
                Some(month) => from_month(month - first),
                None => YEAR & !record.disabled,
            };
            let esrd = eligible & record.esrd;
            let rest = eligible & !esrd;
            let types = [esrd, rest & !aged, rest & aged & record.dual, rest & aged & !record.dual];
            let county = county(context.enroll.county_month, &record.residence, eligible, alive);
            self.state[at] = YearState { alive, eligible, episode, types, county };
        }
    }

    /// Date of birth, or [`NO_DAY`].
    pub(crate) fn birth(&self) -> i32 {
        self.birth
    }

    /// Whether the life was alive when a calendar year began (M.A.1.7).
    pub(crate) fn alive_in(&self, at: usize) -> bool {
        self.state[at].alive & 1 == 1
    }

    /// Rules A.1.1, A.1.2 and A.1.4 over the months of a span.
    pub(crate) fn eligible(&self, span: Span) -> bool {
        let standing = self.standing(span);
        standing.both && !standing.one && !standing.plan && standing.inside
    }

    /// What the months of a span say to the rules of M.A.1, each on its own.
    pub(crate) fn standing(&self, span: Span) -> Standing {
        let mut standing = Standing::default();
        for at in (span.first.max(0) / 12)..=(span.last / 12) {
            let Some(record) = self.record.get(at as usize) else { continue };
            let first = at * 12;
            let window = from_month(span.first - first) & !from_month(span.last - first + 1);
            let months = window & self.state[at as usize].alive;
            standing.one |= record.one & months != 0;
            standing.plan |= record.plan & months != 0;
            standing.both |= record.both & months != 0;
            let known = record.residence.known & months;
            if known != 0 {
                let last = 15 - known.leading_zeros();
                standing.inside = record.residence.inside >> last & 1 == 1;
            }
        }
        standing
    }

    /// Birth and death as the latest record has them, or [`NO_DAY`].
    pub(crate) fn birth_and_death(&self) -> (i32, i32) {
        (self.birth, self.death)
    }

    /// Whether a year of the timeline has a record.
    pub(crate) fn has_record(&self, at: usize) -> bool {
        self.present[at]
    }

    /// County of a calendar year (M.D.1.2).
    pub(crate) fn county(&self, at: usize) -> u16 {
        self.state[at].county
    }

    /// Whether any year of the life has a record.
    pub(crate) fn is_known(&self) -> bool {
        self.present.contains(&true)
    }
}

/// County of a year by the rule in force; failing that, of the last month alive that has one.
fn county(rule: CountyMonth, residence: &Residence, eligible: u16, alive: u16) -> u16 {
    let last = |months: u16| residence.counties[15 - months.leading_zeros() as usize];
    let (eligible, alive) = (eligible & residence.known, alive & residence.known);
    match (rule, eligible, alive) {
        (_, _, 0) => 0,
        (CountyMonth::Last, ..) | (_, 0, _) => last(alive),
        (CountyMonth::LastEligible, ..) => last(eligible),
        (CountyMonth::MostEligible, ..) => {
            let months = || (0..12usize).filter(|month| eligible >> month & 1 == 1);
            let lived_in = |county: u16| months().filter(|month| residence.counties[*month] == county).count();
            // Of equal counts the later month wins: the last of the greatest is taken.
            let most = months().max_by_key(|month| lived_in(residence.counties[*month]));
            most.map_or(0, |month| residence.counties[month])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{county, from_month};
    use crate::context::CountyMonth;
    use crate::counties::Residence;

    #[test]
    fn the_county_of_a_year_by_each_rule() {
        // January to May in county 1, June and July in 2, August unknown, then 3; eligible from January to August.
        let counties = [1, 1, 1, 1, 1, 2, 2, 0, 3, 3, 3, 3];
        let residence = Residence { known: 0xFFF & !(1 << 7), counties, ..Residence::default() };
        let by = |rule, eligible, alive| county(rule, &residence, eligible, alive);
        assert_eq!(by(CountyMonth::LastEligible, 0x0FF, 0xFFF), 2);
        assert_eq!(by(CountyMonth::Last, 0x0FF, 0xFFF), 3);
        assert_eq!(by(CountyMonth::Last, 0x0FF, 0x0FF), 2);
        assert_eq!(by(CountyMonth::MostEligible, 0x0FF, 0xFFF), 1);
        // Two months each: the later.
        assert_eq!(by(CountyMonth::MostEligible, 0b110_0001_1000, 0xFFF), 3);
        assert_eq!(by(CountyMonth::MostEligible, 0b000_0111_1000, 0xFFF), 2);
        // No eligible month with a residence: the last month alive.
        for rule in [CountyMonth::LastEligible, CountyMonth::MostEligible] {
            assert_eq!(by(rule, 1 << 7, 0x0FF), 2);
        }
        assert_eq!(by(CountyMonth::Last, 0, 1 << 7), 0);
    }

    #[test]
    fn masks_of_months() {
        assert_eq!(from_month(-3), 0x0FFF);
        assert_eq!(from_month(0), 0x0FFF);
        assert_eq!(from_month(11), 0x0800);
        assert_eq!(from_month(12), 0);
        assert_eq!(from_month(300), 0);
    }
}
