//! A life's dollars by calendar year and enrollment type (M.B).

use crate::categories::{CATEGORIES, by_kind};
use crate::context::{Context, kind};
use crate::enroll::Enrollment;
use crate::ledger::{Fate, Ledger};
use crate::life::{Life, LineMonth};
use acoledger_schemas::values::ServiceCategory;

/// Sums of one calendar year and type.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sums {
    /// Spending by class of service.
    pub(crate) by_category: [i64; CATEGORIES],
    pub(crate) gross: i64,
    /// Interim demonstration payments, which count only before 2018.
    pub(crate) interim: i64,
}

impl Sums {
    /// Spending by kind of claim.
    pub(crate) fn by_kind(&self) -> [i64; 8] {
        by_kind(&self.by_category)
    }

    /// All spending, without interim payments.
    pub(crate) fn spend(&self) -> i64 {
        self.by_category.iter().sum()
    }
}

/// What a month of the timeline is for money.
pub(crate) enum Month {
    /// Counts: position of its calendar year, and its type.
    Of(usize, usize),
    NotEligible,
    Episode,
}

/// What a month of an expenditure year is for a life's money.
pub(crate) fn month(context: &Context, enrollment: &Enrollment, month: usize) -> Month {
    let (year, bit) = (month / 12, 1u16 << (month % 12));
    let state = &enrollment.state[year];
    let slot = usize::from(context.slot_of_month[month]);
    if state.eligible & bit == 0 {
        Month::NotEligible
    } else if state.episode & bit != 0 {
        Month::Episode
    } else {
        let kind = state.types.iter().position(|months| months & bit != 0).unwrap_or(3);
        Month::Of(slot, kind)
    }
}

/// Adds a life's payments into `sums` by calendar year and type.
pub(crate) fn add_up(context: &Context, life: &Life, ledger: &mut Ledger, sums: &mut [[Sums; 4]]) {
    for payment in &life.payments {
        match month(context, &life.enrollment, usize::from(payment.month)) {
            Month::Of(slot, of) => {
                let sums = &mut sums[slot][of];
                sums.by_category[payment.category as usize] += payment.spend;
                sums.gross += payment.gross;
                ledger.add(Some(payment.kind), Fate::Counted, payment.paid);
            }
            Month::NotEligible => ledger.add(Some(payment.kind), Fate::NotEligible, payment.paid),
            Month::Episode => ledger.add(Some(payment.kind), Fate::Episode, payment.paid),
        }
    }
    for (at, lines) in (0..context.time.years).flat_map(|year| life.lines_of_year(year)) {
        add_lines(month(context, &life.enrollment, at), lines, ledger, sums);
    }
}

fn add_lines(month: Month, lines: &LineMonth, ledger: &mut Ledger, sums: &mut [[Sums; 4]]) {
    let fate = match month {
        Month::Of(slot, of) => {
            let sums = &mut sums[slot][of];
            for (category, spend) in [ServiceCategory::Physician, ServiceCategory::Ambulance, ServiceCategory::Dme]
                .into_iter()
                .zip(lines.spend)
            {
                sums.by_category[category as usize] += spend;
            }
            sums.gross += lines.gross.iter().sum::<i64>();
            Fate::Counted
        }
        Month::NotEligible => Fate::NotEligible,
        Month::Episode => Fate::Episode,
    };
    for (at, kind) in [kind::CARRIER, kind::DME].into_iter().enumerate() {
        ledger.add_rows(kind, fate, lines.rows[at].into(), lines.paid[at]);
    }
}

/// Adds a life's demonstration payments (M.B.1.4).
pub(crate) fn add_demonstrations(
    context: &Context,
    life: &Life,
    rows: &[crate::context::Payment],
    ledger: &mut Ledger,
    sums: &mut [[Sums; 4]],
) {
    let of = Some(kind::NON_CLAIMS);
    for row in rows {
        ledger.add(of, Fate::Read, row.cents);
        if context.spend.demonstrations_left_out {
            ledger.add(of, Fate::LeftOut, row.cents);
            continue;
        }
        let at = context.time.at(row.year).map(|year| year * 12 + row.month.clamp(0, 11) as usize);
        let Some(at) = at.filter(|at| context.slot_of_month[*at] != u8::MAX) else {
            ledger.add(of, Fate::OtherYear, row.cents);
            continue;
        };
        match month(context, &life.enrollment, at) {
            Month::Of(slot, of_type) => {
                let sums = &mut sums[slot][of_type];
                if row.is_final {
                    sums.by_category[ServiceCategory::NonClaims as usize] += row.cents;
                    sums.gross += row.cents;
                    ledger.add(of, Fate::Counted, row.cents);
                } else {
                    sums.interim += row.cents;
                    ledger.add(of, Fate::Interim, row.cents);
                }
            }
            Month::NotEligible => ledger.add(of, Fate::NotEligible, row.cents),
            Month::Episode => ledger.add(of, Fate::Episode, row.cents),
        }
    }
}

/// Adds a life's payments to participants, outside episodes (M.B.5), by performance year and ACO.
pub(crate) fn add_earnings(context: &Context, life: &Life, revenue: &mut [Vec<i64>]) {
    for earning in &life.earnings {
        let at = usize::from(earning.month);
        if life.enrollment.state[at / 12].episode >> (at % 12) & 1 == 1 {
            continue;
        }
        let performance = usize::from(context.performance_of_month[at]);
        let field = &context.performances[performance].field;
        let member = if earning.facility { &field.ccns } else { &field.tins };
        for aco in member.acos(earning.participant) {
            revenue[performance][aco as usize] += earning.cents;
        }
    }
}
