//! Performance years with their windows, and the calendar that they touch (M.A.2).

use super::{Care, Faults, Field, Span};
use crate::needs::MonthSpan;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::values::Date;

/// Bound on the months of a window.
const MOST_MONTHS: i32 = 60;

/// One performance year: its rules, its ACOs, and the calendar years they ask for.
pub(crate) struct Performance {
    pub(crate) year: i32,
    pub(crate) care: Care,
    pub(crate) field: Field,
    /// First and last month of the prospective window, from January of the year.
    prospective: (i32, i32),
    /// Month of the performance year with which the window of its own retrospective list ends.
    closing_month: i32,
    /// Months of services that decide, the window's last month included.
    window_months: i32,
    /// Months of the expanded window; 0: no step 3.
    expanded_months: i32,
    /// Share of lives at or below a threshold, in ten thousandths.
    pub(crate) percentile: u64,
    /// By list: the retrospective and, where an ACO asks for it, the prospective window.
    pub(crate) windows: Vec<[Option<Window>; 2]>,
    /// Whether any ACO professional may be designated, and no service is asked for (M.A.3.2).
    pub(crate) any_designee: bool,
    /// Whether interim demonstration payments count.
    pub(crate) interim: bool,
    /// Whether all fee-for-service lives truncate, rather than the assignable ones.
    pub(crate) truncated_by_ffs: bool,
}

/// One assignment window, in months of the timeline.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) span: Span,
    /// Its twelve months, over which eligibility is judged.
    pub(crate) judged: Span,
    /// Whether it touches the emergency (M.A.5.4).
    pub(crate) touches: bool,
    /// The expanded window, where there is one, and whether that touches the emergency.
    pub(crate) expanded: Option<(Span, bool)>,
}

impl Performance {
    pub(super) fn new(rules: &Rules, year: i32, care: Care, field: Field, faults: &mut Faults) -> Performance {
        let prospective: Vec<i32> = faults.take(rules.at("assign.window.prospective", year));
        let prospective = match prospective.as_slice() {
            [first, last] if last - first == 11 => (*first, *last),
            _ => {
                let what = "expected the first and the last of twelve months: `assign.window.months` has their number";
                faults.rule("assign.window.prospective", what);
                (0, 11)
            }
        };
        let share: f64 = faults.take(rules.at("cells.truncation.percentile", year));
        if !(share > 0.0 && share <= 1.0) {
            faults.rule("cells.truncation.percentile", format!("not a share above 0, to 1: `{share}`"));
        }
        Performance {
            year,
            care,
            field,
            prospective,
            closing_month: months(1, "assign.window.last_month", rules, year, faults),
            window_months: months(1, "assign.window.months", rules, year, faults),
            expanded_months: months(0, "assign.window.expanded", rules, year, faults),
            percentile: faults.ten_thousandths("cells.truncation.percentile", share).max(0) as u64,
            windows: Vec::new(),
            any_designee: faults.choice("assign.voluntary.designees", rules, year, "any", "served"),
            interim: faults.take(rules.at("spend.demonstration.interim", year)),
            truncated_by_ffs: faults.choice("cells.truncation.population", rules, year, "ffs", "assignable"),
        }
    }

    /// The twelve months of the assignment window of a calendar year.
    fn window(&self, year: i32, prospective: bool) -> MonthSpan {
        let (from, to) = match prospective {
            true => self.prospective,
            // A quarterly list of the performance year looks at its most recent twelve months.
            false if year == self.year => (self.closing_month - 12, self.closing_month - 1),
            false => (0, 11),
        };
        MonthSpan { first: year * 12 + from, last: year * 12 + to }
    }

    /// The last months of a window, so many.
    fn last_months(&self, year: i32, prospective: bool, months: i32) -> MonthSpan {
        let window = self.window(year, prospective);
        MonthSpan { first: window.last + 1 - months, ..window }
    }

    /// The months that decide about a calendar year: eligibility, services, the expanded window.
    pub(crate) fn deciding_months(&self, year: i32, prospective: bool) -> MonthSpan {
        let window = self.window(year, prospective);
        let services = self.last_months(year, prospective, self.window_months.max(self.expanded_months));
        MonthSpan { first: window.first.min(services.first), ..window }
    }

    pub(super) fn set_windows(&mut self, time: &Timeline, emergency: Span) {
        let touches = |span: Span| span.first <= emergency.last && emergency.first <= span.last;
        let window = |year: i32, prospective: bool| {
            let span = time.span(self.last_months(year, prospective, self.window_months));
            let wide = self.window_months.max(self.expanded_months);
            let wide = time.span(self.last_months(year, prospective, wide));
            let expanded = (self.expanded_months > 0).then(|| (wide, touches(wide)));
            Window { span, judged: time.span(self.window(year, prospective)), touches: touches(span), expanded }
        };
        self.windows = self
            .field
            .lists
            .iter()
            .map(|list| [Some(window(list.year, false)), list.prospective.then(|| window(list.year, true))])
            .collect();
    }
}

/// A rule's number of months: at most five years, which is how far a lake may reasonably reach back.
fn months(least: i32, key: &str, rules: &Rules, year: i32, faults: &mut Faults) -> i32 {
    let months: i32 = faults.take(rules.at(key, year));
    if !(least..=MOST_MONTHS).contains(&months) {
        faults.rule(key, format!("not a number of months from {least} to {MOST_MONTHS}: `{months}`"));
    }
    months.clamp(least, MOST_MONTHS)
}

/// The calendar years that a study touches, and their days and months.
pub(crate) struct Timeline {
    pub(crate) first_year: i32,
    pub(crate) years: usize,
    first_day: i32,
    /// Days of these years.
    days: usize,
    /// Month of each day, from the first month; claims are processed after the last.
    months: Vec<u16>,
}

impl Timeline {
    pub(super) fn new(first_year: i32, last_year: i32) -> Timeline {
        let first_day = Date::first_of_month(first_year * 12).0;
        let end = Date::first_of_month((last_year + 1) * 12).0;
        let processed = Date::first_of_month((last_year + 5) * 12).0;
        let months = (first_day..processed).map(|day| (Date(day).month_index() - first_year * 12) as u16).collect();
        let (years, days) = ((last_year - first_year + 1) as usize, (end - first_day) as usize);
        Timeline { first_year, years, first_day, days, months }
    }

    /// Month of a day, from the first month of the timeline; `None` outside.
    #[inline]
    pub(crate) fn month(&self, day: i32) -> Option<u16> {
        let at = (i64::from(day) - i64::from(self.first_day)) as usize;
        if at < self.days { self.months.get(at).copied() } else { None }
    }

    /// Month of any day, from the first month of the timeline.
    #[inline]
    pub(crate) fn any_month(&self, day: i32) -> i32 {
        match self.months.get((i64::from(day) - i64::from(self.first_day)) as usize) {
            Some(month) => i32::from(*month),
            None => Date(day).month_index() - self.first_year * 12,
        }
    }

    /// Position of a calendar year.
    pub(crate) fn at(&self, year: i32) -> Option<usize> {
        usize::try_from(year - self.first_year).ok().filter(|at| *at < self.years)
    }

    /// A span of absolute months as one of the timeline.
    pub(crate) fn span(&self, span: MonthSpan) -> Span {
        Span { first: span.first - self.first_year * 12, last: span.last - self.first_year * 12 }
    }

    /// First day of a month of the timeline, which may lie outside it.
    pub(crate) fn day_of(&self, month: i32) -> i32 {
        Date::first_of_month(self.first_year * 12 + month).0
    }
}
