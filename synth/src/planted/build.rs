//! The small builder of planted people: months by exception, claims one by one, expected values beside them.

use super::sites::Site;
use acoledger_schemas::values::*;

/// A carrier or DME line; each is a claim of its own.
#[derive(Clone, Debug)]
pub(super) struct PlantedLine {
    pub(super) supply: bool,
    pub(super) date: Date,
    pub(super) practice: u32,
    pub(super) clinician: u32,
    pub(super) specialty: &'static str,
    pub(super) code: &'static str,
    pub(super) place: &'static str,
    pub(super) allowed: i64,
    /// Payment before sequestration, cents.
    pub(super) gross: i64,
    pub(super) denial: &'static str,
    pub(super) processing: &'static str,
    /// Whether the row occurs twice.
    pub(super) twice: bool,
    /// Day of processing; `None`: two weeks after the service.
    pub(super) processed: Option<Date>,
    /// Allowed charge of a version of the line that was processed a week earlier; 80 % of it was paid.
    pub(super) earlier: Option<i64>,
}

/// A facility claim with one line.
#[derive(Clone, Debug)]
pub(super) struct PlantedBill {
    pub(super) table: &'static str,
    pub(super) claim_type: &'static str,
    pub(super) facility: u32,
    pub(super) bill: [&'static str; 2],
    pub(super) from: Date,
    pub(super) thru: Date,
    /// Payment before sequestration and without the extras, cents.
    pub(super) gross: i64,
    pub(super) extras: [i64; 5],
    pub(super) nonpayment: &'static str,
    pub(super) diagnosis: &'static str,
    pub(super) attending: u32,
    pub(super) center: &'static str,
    pub(super) code: &'static str,
    pub(super) rendering: u32,
}

/// A planted person.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) birth: Date,
    pub(super) death: Option<Date>,
    pub(super) changes: Vec<(i32, std::ops::RangeInclusive<usize>, Change)>,
    pub(super) lines: Vec<PlantedLine>,
    pub(super) bills: Vec<PlantedBill>,
    pub(super) designations: Vec<(Date, Option<Date>, Site)>,
    pub(super) initiatives: Vec<i32>,
    pub(super) kidney: Vec<(i32, u16)>,
    /// `(nth claim, cents)`: population-based reductions.
    pub(super) reductions: Vec<(i64, i64)>,
    pub(super) answers: Vec<Answer>,
}

/// How months differ from Parts A and B in fee-for-service, non-dual, at home.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    Buyin(u8),
    Plan(u8),
    Dual(&'static str),
    /// A position in [`crate::nation::OUTSIDE`].
    Outside(usize),
    /// A county of the nation.
    County(u32),
    Status(&'static str),
}

/// Who wins.
#[derive(Clone, Debug)]
pub(super) enum Winner {
    Aco(String),
    Tin(String),
    Ccn(String),
    Nobody,
    /// Not the point of the case.
    Open,
}

/// Figures of one enrollment type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Figures {
    pub(super) kind: EnrollmentType,
    pub(super) months: u8,
    pub(super) annualised: i64,
    /// Whether it may lie above the national threshold.
    pub(super) large: bool,
}

/// What a case must come to.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) performance_year: i32,
    pub(super) calendar_year: i32,
    pub(super) eligible: Option<bool>,
    pub(super) step: Option<u8>,
    pub(super) winner: Winner,
    pub(super) figures: Option<Figures>,
    pub(super) rule: &'static str,
    pub(super) basis: Option<Basis>,
    pub(super) tie: Option<&'static str>,
    pub(super) county: Option<String>,
}

/// Allowed charge and payment of a plain planted visit: 100.00 and 80.00.
pub(super) const VISIT: i64 = 10_000;
pub(super) const VISIT_PAID: i64 = 8_000;

pub(super) fn day(year: i32, month: u32, day: u32) -> Date {
    crate::program::date(year, month, day)
}

/// Figures of an aged non-dual life.
pub(super) fn aged(months: u8, annualised: i64) -> Option<Figures> {
    Some(Figures { kind: EnrollmentType::Agnd, months, annualised, large: false })
}

impl Case {
    /// A life aged about 75, at home in the nation's first county.
    pub(super) fn new(name: &'static str) -> Case {
        Case {
            name,
            birth: day(1947, 5, 17),
            death: None,
            changes: Vec::new(),
            lines: Vec::new(),
            bills: Vec::new(),
            designations: Vec::new(),
            initiatives: Vec::new(),
            kidney: Vec::new(),
            reductions: Vec::new(),
            answers: Vec::new(),
        }
    }

    pub(super) fn born(mut self, birth: Date) -> Case {
        self.birth = birth;
        self
    }

    pub(super) fn died(mut self, death: Date) -> Case {
        self.death = Some(death);
        self
    }

    /// Changes months (1 to 12) of a year.
    pub(super) fn months(mut self, year: i32, months: std::ops::RangeInclusive<usize>, change: Change) -> Case {
        self.changes.push((year, months, change));
        self
    }

    pub(super) fn designates(mut self, on: Date, ended: Option<Date>, site: &Site) -> Case {
        self.designations.push((on, ended, site.clone()));
        self
    }

    pub(super) fn elsewhere(mut self, year: i32) -> Case {
        self.initiatives.push(year);
        self
    }

    pub(super) fn kidney(mut self, year: i32, mask: u16) -> Case {
        self.kidney.push((year, mask));
        self
    }

    /// An office visit of an established patient with a physician; payment 80 % of the allowed charge.
    pub(super) fn visit(self, date: Date, site: &Site, allowed: i64) -> Case {
        self.service(date, site.practice, site.physician, "11", "99214", "11", allowed)
    }

    /// The same with a nurse practitioner.
    pub(super) fn practitioner_visit(self, date: Date, site: &Site, allowed: i64) -> Case {
        self.service(date, site.practice, site.practitioner, "50", "99214", "11", allowed)
    }

    /// The same with a cardiologist.
    pub(super) fn specialist_visit(self, date: Date, site: &Site, allowed: i64) -> Case {
        self.service(date, site.practice, site.specialist, "06", "99214", "11", allowed)
    }

    #[expect(clippy::too_many_arguments, reason = "a line is what it is made of")]
    pub(super) fn service(
        self,
        date: Date,
        practice: u32,
        clinician: u32,
        specialty: &'static str,
        code: &'static str,
        place: &'static str,
        allowed: i64,
    ) -> Case {
        self.line(PlantedLine {
            supply: false,
            date,
            practice,
            clinician,
            specialty,
            code,
            place,
            allowed,
            gross: allowed * 8 / 10,
            denial: "1",
            processing: "A",
            twice: false,
            processed: None,
            earlier: None,
        })
    }

    pub(super) fn line(mut self, line: PlantedLine) -> Case {
        self.lines.push(line);
        self
    }

    /// Day of processing of the last line.
    pub(super) fn processed(mut self, date: Date) -> Case {
        self.last_line().processed = Some(date);
        self
    }

    /// Allowed charge of an earlier version of the last line.
    pub(super) fn replaces(mut self, allowed: i64) -> Case {
        self.last_line().earlier = Some(allowed);
        self
    }

    /// The last line occurs twice.
    pub(super) fn twice(mut self) -> Case {
        self.last_line().twice = true;
        self
    }

    fn last_line(&mut self) -> &mut PlantedLine {
        self.lines.last_mut().expect("a line was added before")
    }

    pub(super) fn bill(mut self, bill: PlantedBill) -> Case {
        self.bills.push(bill);
        self
    }

    /// Takes a population-based reduction off the `nth` claim, counted from 1, lines before bills.
    pub(super) fn reduction(mut self, nth: i64, cents: i64) -> Case {
        self.reductions.push((nth, cents));
        self
    }

    /// What the year must come to, for the performance year `year` itself.
    pub(super) fn expect(
        self,
        year: i32,
        eligible: bool,
        step: u8,
        winner: Winner,
        figures: Option<Figures>,
        rule: &'static str,
    ) -> Case {
        self.expect_in(year, year, eligible, step, winner, figures, rule)
    }

    /// What a calendar year must come to under the rules and lists of a performance year.
    #[expect(clippy::too_many_arguments, reason = "an answer is what it says")]
    pub(super) fn expect_in(
        mut self,
        performance_year: i32,
        calendar_year: i32,
        eligible: bool,
        step: u8,
        winner: Winner,
        figures: Option<Figures>,
        rule: &'static str,
    ) -> Case {
        let step = if step == 0 { None } else { Some(step) };
        let basis = match (&winner, step) {
            (Winner::Aco(_), Some(_)) => Some(Basis::Claims),
            (Winner::Aco(_), None) => Some(Basis::Voluntary),
            _ => None,
        };
        let eligible = Some(eligible);
        self.answers.push(Answer {
            performance_year,
            calendar_year,
            eligible,
            step,
            winner,
            figures,
            rule,
            basis,
            tie: None,
            county: None,
        });
        self
    }

    /// Spending of a calendar year, for a case that is not about assignment.
    pub(super) fn spends(
        mut self,
        performance_year: i32,
        calendar_year: i32,
        figures: Figures,
        rule: &'static str,
    ) -> Case {
        self.answers.push(Answer {
            performance_year,
            calendar_year,
            eligible: None,
            step: None,
            winner: Winner::Open,
            figures: Some(figures),
            rule,
            basis: None,
            tie: None,
            county: None,
        });
        self
    }

    /// Designated, and the claims lead there too.
    pub(super) fn both_ways(mut self) -> Case {
        self.last().basis = Some(Basis::Both);
        self
    }

    /// What broke the tie.
    pub(super) fn tie(mut self, broken_by: &'static str) -> Case {
        self.last().tie = Some(broken_by);
        self
    }

    /// The county of the year, FIPS.
    pub(super) fn lives_in(mut self, county: &str) -> Case {
        self.last().county = Some(county.to_owned());
        self
    }

    fn last(&mut self) -> &mut Answer {
        self.answers.last_mut().expect("an answer was stated before")
    }

    pub(super) fn plant(self, cases: &mut Vec<Case>) {
        cases.push(self);
    }
}
