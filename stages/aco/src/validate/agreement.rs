//! Agreements that could not be: start, period, track, number, first year and termination against each other.

use super::Checked;
use crate::Finding;
use acoledger_schemas::program::Aco;
use acoledger_schemas::rules::{RuleError, Rules};
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::{AgreementType, Date, Flag, PerformanceYear, Period};
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

/// Days and tracks that agreements could have.
#[derive(Debug)]
pub(crate) struct AgreementRules {
    /// Months and days on which agreement periods started, by year.
    starts: Vec<(Date, Vec<[u32; 2]>)>,
    /// Tracks, by agreement start.
    tracks: Vec<(Date, Vec<String>)>,
    /// The start whose first year is a half-year, by performance year.
    half_year_starts: Vec<(Date, Option<Date>)>,
    /// Tracks that are open, by performance year.
    open: Vec<(Date, BTreeMap<String, IgnoredAny>)>,
    /// First performance year of the program.
    first_year: i32,
}

impl AgreementRules {
    /// Takes the rules once for all ACOs.
    ///
    /// # Errors
    /// A rule whose value has the wrong shape.
    pub(crate) fn load(rules: &Rules) -> Result<AgreementRules, RuleError> {
        let half_year = "settle.half_year.agreement_start";
        let half_years: Vec<(Date, String)> = rules.timeline(half_year)?;
        let half_years = half_years.into_iter().map(|(from, text)| match text.as_str() {
            "none" => Ok((from, None)),
            text => Date::parse_iso(text).map(|day| (from, Some(day))).ok_or_else(|| RuleError {
                key: half_year.into(),
                what: format!("neither a day nor `none`: `{text}`"),
            }),
        });
        let open: Vec<(Date, BTreeMap<String, IgnoredAny>)> = rules.timeline("settle.sharing_rate.maximum")?;
        Ok(AgreementRules {
            starts: rules.timeline("settle.agreement.starts")?,
            tracks: rules.timeline("settle.agreement.tracks")?,
            half_year_starts: half_years.collect::<Result<_, _>>()?,
            first_year: open.first().map_or(i32::MIN, |(from, _)| from.year()),
            open,
        })
    }

    /// Checks one ACO's row.
    ///
    /// # Errors
    /// Everything in it that could not be.
    pub(crate) fn check(&self, aco: &Aco) -> Result<Vec<Finding>, Problems> {
        let mut checked = Checked::new(aco);
        self.start(&mut checked);
        self.period(&mut checked);
        self.track(&mut checked);
        self.number(&mut checked);
        termination(&mut checked);
        checked.finish()
    }

    fn start(&self, checked: &mut Checked<'_>) {
        let Aco { agreement_start: start, performance_year: year, .. } = *checked.aco;
        if year.0 < self.first_year {
            let hint = format!("the first of agreements from 2012 counts as {} (M.D.4.4)", self.first_year);
            let what = format!("lies before the first performance year, {}", self.first_year);
            checked.refuse(("program/aco", "performance_year"), &what, year.to_string(), hint);
        }
        if start.year() > year.0 {
            let what = format!("the agreement starts after performance year {year}");
            let hint = "give the agreement period that was in force in the performance year (M.0.4)";
            checked.refuse(("program/aco", "agreement_start"), &what, start.to_string(), hint.into());
        }
        let (_, month, day) = start.ymd();
        let days = in_force(&self.starts, start).map_or(&[][..], Vec::as_slice);
        if !days.contains(&[month, day]) {
            let days: Vec<String> =
                days.iter().map(|[month, day]| format!("{}-{month:02}-{day:02}", start.year())).collect();
            let days = if days.is_empty() { "none in that year".into() } else { days.join(", ") };
            let hint = format!("agreement periods started on: {days} (rule `settle.agreement.starts`, M.0.4)");
            checked.refuse(
                ("program/aco", "agreement_start"),
                "no agreement period started on",
                start.to_string(),
                hint,
            );
        }
    }

    /// Half-years: in one year only, the second half for agreements that start with it, the first for all others.
    fn period(&self, checked: &mut Checked<'_>) {
        let Aco { agreement_start: start, performance_year: year, period, .. } = *checked.aco;
        let half_year_start = in_force(&self.half_year_starts, first_day(year)).copied().flatten();
        let starts_with_half = half_year_start == Some(start);
        let what = match (period, half_year_start) {
            (Period::Full, _) if starts_with_half => format!("an agreement from {start} has period `h2` in {year}"),
            (Period::H1 | Period::H2, None) => format!("performance year {year} has no half-years"),
            (Period::H1, Some(half)) if start >= half => {
                format!("period `h1` is of agreements that started before {half}, this one starts on {start}")
            }
            (Period::H2, Some(half)) if !starts_with_half => {
                format!("period `h2` is of agreements that start on {half}, this one starts on {start}")
            }
            _ => return,
        };
        let hint = "M.D.4.5 (rule `settle.half_year.agreement_start`)";
        checked.refuse(("program/aco", "period"), &what, period.to_string(), hint.into());
    }

    /// The track under the agreement, and in the year.
    fn track(&self, checked: &mut Checked<'_>) {
        let Aco { agreement_start: start, track, .. } = *checked.aco;
        let Some(tracks) = in_force(&self.tracks, start) else { return };
        if !tracks.iter().any(|code| code == track.code()) {
            let hint = format!("tracks: {} (rule `settle.agreement.tracks`, M.0.4, M.F.2)", tracks.join(", "));
            let what = format!("an agreement from {start} cannot have the track");
            checked.refuse(("program/aco", "track"), &what, track.to_string(), hint);
            return;
        }
        let year = checked.aco.performance_year;
        let Some(open) = in_force(&self.open, first_day(year)) else { return };
        if !open.contains_key(track.code()) {
            let open: Vec<&str> = open.keys().map(String::as_str).collect();
            let hint = format!("tracks: {} (rule `settle.sharing_rate.maximum`, M.F.2)", open.join(", "));
            let what = format!("the track is not open in {year}");
            checked.refuse(("program/aco", "track"), &what, track.to_string(), hint);
        }
    }

    /// Number, type and the flag of a first agreement's first year.
    fn number(&self, checked: &mut Checked<'_>) {
        let Aco { agreement_number: number, agreement_type: kind, performance_year: year, .. } = *checked.aco;
        if kind == AgreementType::Initial && number > 1 {
            let what = format!("agreement period {number} cannot be the first");
            let hint = "`renewal` or `reentering`; or agreement_number 1 (M.D.1.10)";
            checked.refuse(("program/aco", "agreement_type"), &what, kind.to_string(), hint.into());
        }
        if kind != AgreementType::Initial && number == 1 {
            let what = format!("`{kind}` in agreement period 1: taken as a first agreement period, by its number");
            checked.find("D.1.10", what);
        }
        let first = checked.aco.agreement_start.year().max(self.first_year);
        if checked.aco.first_year_complete_reporting == Some(Flag(true)) && (number > 1 || year.0 > first) {
            let what = format!("{year} is not the first performance year of a first agreement period");
            let hint = "0, or blank: complete reporting counts in that year only (M.F.3.1)";
            checked.refuse(("program/aco", "first_year_complete_reporting"), &what, "1".into(), hint.into());
        }
    }
}

/// A termination has a day, a kind when it falls in the year, and does not lie before it (M.F.8).
fn termination(checked: &mut Checked<'_>) {
    let Aco { performance_year: year, terminated_on, termination_kind, .. } = *checked.aco;
    match (terminated_on, termination_kind) {
        (None, Some(kind)) => {
            let hint = "the day on which the termination took effect, or no kind (M.F.8)";
            checked.refuse(
                ("program/aco", "termination_kind"),
                "given without `terminated_on`",
                kind.to_string(),
                hint.into(),
            );
        }
        (Some(on), _) if on.year() < year.0 => {
            let what = format!("lies before performance year {year}");
            let hint = "an agreement that ended before the year is not settled in it (M.F.8)";
            checked.refuse(("program/aco", "terminated_on"), &what, on.to_string(), hint.into());
        }
        (Some(on), None) if on.year() == year.0 => {
            let hint = "`voluntary` or `cms`: M.F.8 asks who terminated";
            checked.refuse(
                ("program/aco", "termination_kind"),
                "not given for the termination on",
                on.to_string(),
                hint.into(),
            );
        }
        _ => {}
    }
}

fn first_day(year: PerformanceYear) -> Date {
    acoledger_schemas::rules::When::from(year).0
}

/// The value of a timeline on a day; `None` before the first.
fn in_force<T>(timeline: &[(Date, T)], day: Date) -> Option<&T> {
    timeline.iter().take_while(|(from, _)| *from <= day).last().map(|(_, value)| value)
}
