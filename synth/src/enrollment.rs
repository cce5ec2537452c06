//! Enrollment rows of a life, as the enrollment files show them.

use crate::Nation;
use crate::people::{DUAL_CODES, Life, LifeYear, Month, aged_from};
use crate::tables::{Code, EnrollmentRow, NO_DATE, NONE, YearTables};

impl Nation {
    /// Writes a row for each year in which the life is known.
    pub(crate) fn enrollment(&self, life: &Life, tables: &mut [YearTables]) {
        for year in &life.years {
            if year.months.iter().all(|month| *month == Month::Out) {
                continue;
            }
            let row = self.enrollment_row(life, year);
            tables[(year.year - self.first_year) as usize].enrollment.push(row);
        }
    }

    fn enrollment_row(&self, life: &Life, year: &LifeYear) -> EnrollmentRow {
        let death = life.death.map_or(NO_DATE, |death| death.0);
        let died_by = |month: usize| death != NO_DATE && self.month_start(year.year, month) > death;
        let entitled = |month: usize| year.months[month] != Month::Out;
        let reason = |kidney: bool, disabled: bool| match (disabled, kidney) {
            (false, false) => b'0',
            (true, false) => b'1',
            (false, true) => b'2',
            (true, true) => b'3',
        };
        let under = |month: usize| year.year * 12 + (month as i32) < aged_from(life.birth);
        let last = (0..12).rev().find(|&month| entitled(month)).unwrap_or(0);
        EnrollmentRow {
            bene: self.bene(life.index),
            birth: life.birth.0,
            death: if death != NO_DATE && self.year_of(death) == Some(year.year) { death } else { NO_DATE },
            sex: b'0' + life.sex,
            year: year.year,
            original_reason: reason(false, life.disabled_origin),
            current_reason: reason(year.esrd_entitled[last], under(last)),
            county: std::array::from_fn(|month| if died_by(month) { NONE } else { self.county_at(year.county[month]) }),
            status: std::array::from_fn(|month| match () {
                () if died_by(month) => 0,
                () if !entitled(month) => self.statuses[0],
                () => self.statuses[status(under(month), year.esrd_entitled[month])],
            }),
            buyin: std::array::from_fn(|month| match year.months[month] {
                Month::Out => b'0',
                Month::PartA => b'1',
                _ if DUAL_CODES[usize::from(year.dual[month])] != "NA" => b'C',
                _ => b'3',
            }),
            plan: std::array::from_fn(|month| match year.months[month] {
                Month::Plan => b'C',
                _ => b'0',
            }),
            dual: std::array::from_fn(|month| self.dual_code(year, month, died_by(month))),
        }
    }

    fn dual_code(&self, year: &LifeYear, month: usize, dead: bool) -> Code {
        if dead { 0 } else { self.duals[usize::from(year.dual[month])] }
    }
}

/// Codes of [`Nation::statuses`]: not enrolled, aged, aged with kidney failure, disabled, disabled with kidney failure.
pub(crate) const STATUS_CODES: [&str; 5] = ["00", "10", "11", "20", "21"];

fn status(disabled: bool, kidney: bool) -> usize {
    match (disabled, kidney) {
        (false, false) => 1,
        (false, true) => 2,
        (true, false) => 3,
        (true, true) => 4,
    }
}
