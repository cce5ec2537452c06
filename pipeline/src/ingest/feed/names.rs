//! Names of a feed's files (CCLF Information Packet 38.0, 4.2 and appendix B).
//!
//! `P.A1234.ACO.ZC1Y25.D251110.T1200000`: ACO, file, kind and performance year, day and time of the delivery. `ZCY25` without a
//! file is the zip archive of a delivery. Weekly files have a `W` before the kind, as public readers of them show.

use acoledger_schemas::values::Date;

/// What a file's name says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named {
    /// Its delivery.
    pub(super) delivery: Delivery,
    /// File: `0` to `9`, `A`, `B`; none for the archive of all of them.
    pub(super) file: Option<char>,
    /// Time of the delivery, as the name has it.
    pub(super) time: String,
}

/// One delivery: files of the same ACO, kind, performance year and day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Delivery {
    /// Day.
    pub(super) day: Date,
    /// ACO or entity.
    pub(super) aco: String,
    /// `Y`: regular, `R`: run-out.
    pub(super) kind: char,
    /// Whether it is a weekly one.
    pub(super) weekly: bool,
    /// Performance year for which the data are shared.
    pub(super) year: i32,
}

impl std::fmt::Display for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match (self.weekly, self.kind) {
            (true, _) => "weekly",
            (_, 'R') => "run-out",
            _ => "regular",
        };
        write!(f, "{kind} delivery of {} for {}", self.day, self.year)
    }
}

/// Reads the name of a file, without folders; `None` when it is none of a feed.
pub(super) fn named(name: &str) -> Option<Named> {
    let upper = name.to_ascii_uppercase();
    let upper = upper.strip_suffix(".ZIP").unwrap_or(&upper);
    let parts: Vec<&str> = upper.split('.').collect();
    let [prefix, aco, "ACO", what, day, time] = parts[..] else { return None };
    if !matches!(prefix, "P" | "T") || aco.is_empty() || !aco.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let what = what.strip_prefix("ZC")?;
    // The year is behind the last letter; what is before it is the file, the week mark and the kind.
    let (head, year) = what.split_at_checked(what.len().checked_sub(2)?)?;
    let (head, kind) = head.split_at_checked(head.len().checked_sub(1)?)?;
    let kind = kind.chars().next().filter(|kind| matches!(kind, 'Y' | 'R'))?;
    let (head, weekly) = head.strip_suffix('W').map_or((head, false), |head| (head, true));
    let file = match head.as_bytes() {
        [] => None,
        [file] if matches!(file, b'0'..=b'9' | b'A' | b'B') => Some(char::from(*file)),
        _ => return None,
    };
    let time = time.strip_prefix('T').filter(|time| !time.is_empty() && time.bytes().all(|b| b.is_ascii_digit()))?;
    let delivery = Delivery { day: day_of(day)?, aco: aco.to_owned(), kind, weekly, year: 2000 + digits(year)? as i32 };
    Some(Named { delivery, file, time: time.to_owned() })
}

/// `D251110`.
fn day_of(text: &str) -> Option<Date> {
    let text = text.strip_prefix('D').filter(|text| text.len() == 6 && text.is_ascii())?;
    Date::new(2000 + digits(&text[..2])? as i32, digits(&text[2..4])?, digits(&text[4..])?)
}

fn digits(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// A file of enrollment months.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Enrollment {
    /// Months one by one.
    Months,
    /// Flags of an Assignment List Report of a calendar year, and its day.
    Flags {
        /// Calendar year.
        year: i32,
        /// Day of the report, where the name has one.
        day: Option<Date>,
    },
    /// A list whose flags are of other twelve months than a calendar year.
    Quarterly,
    /// A list without a year in its name.
    WithoutYear,
}

/// Whether a name is of enrollment months: it begins with `enrollment`, or with `assignment_list`, or has `ALR` in a part.
pub(super) fn enrollment(name: &str) -> Option<Enrollment> {
    let upper = name.to_ascii_uppercase();
    if upper.starts_with("ENROLLMENT") {
        return Some(Enrollment::Months);
    }
    let parts: Vec<&str> = upper.split(['.', '_', '-']).collect();
    let list = parts.iter().find(|part| part.ends_with("ALR"));
    if list.is_none() && !upper.starts_with("ASSIGNMENT_LIST") {
        return None;
    }
    let quarter = |part: &&str| part.len() == 2 && part.starts_with('Q') && matches!(part.as_bytes()[1], b'1'..=b'4');
    if list.is_some_and(|list| list.starts_with('Q')) || parts.iter().any(quarter) {
        return Some(Enrollment::Quarterly);
    }
    let year = parts.iter().find_map(|part| match (part.strip_prefix('Y').unwrap_or(part), part.len()) {
        (year, 3) if part.starts_with('Y') => digits(year).map(|year| 2000 + year as i32),
        (year, 4 | 5) if year.len() == 4 => digits(year).map(|year| year as i32),
        _ => None,
    });
    let day = parts.iter().find_map(|part| day_of(part));
    Some(year.map_or(Enrollment::WithoutYear, |year| Enrollment::Flags { year, day }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_say_delivery_and_file() {
        let of = |name: &str| {
            let Named { delivery, file, time } = named(name)?;
            Some(format!("{delivery} | {} | {} | {time}", delivery.aco, file.map_or("all".into(), String::from)))
        };
        let expect = |name: &str, said: &str| assert_eq!(of(name).as_deref(), Some(said), "{name}");
        expect("P.A0000.ACO.ZC1Y25.D251110.T1200000", "regular delivery of 2025-11-10 for 2025 | A0000 | 1 | 1200000");
        expect("P.D0259.ACO.ZCBR21.D220301.T0102030", "run-out delivery of 2022-03-01 for 2021 | D0259 | B | 0102030");
        expect("T.A1.ACO.ZC0WY24.D240115.T1", "weekly delivery of 2024-01-15 for 2024 | A1 | 0 | 1");
        expect("P.A1.ACO.ZCY20.D200102.T1.zip", "regular delivery of 2020-01-02 for 2020 | A1 | all | 1");
        for other in [
            "P.A1.ACO.ZC1Y25.D251310.T1",
            "P.A1.ACO.ZCCY25.D251110.T1",
            "P.A1.ACO.ZC1X25.D251110.T1",
            "P.A1.ACO.ZC1Y25.D251110",
            "readme.txt",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn lists_say_their_year() {
        let flags = |year, day: Option<&str>| Enrollment::Flags { year, day: day.and_then(Date::parse_iso) };
        for (name, expected) in [
            ("enrollment_months.csv", Enrollment::Months),
            ("P.A0000.ACO.AALR.Y25.D260112.T1200000", flags(2025, Some("2026-01-12"))),
            ("P.A0000.ACO.AALR.Y2024.D250112.T1200000.csv", flags(2024, Some("2025-01-12"))),
            ("assignment_list_2023.csv", flags(2023, None)),
            ("assignment_list.csv", Enrollment::WithoutYear),
            ("P.A0000.ACO.QALR.2024Q3.D240901.T1.csv", Enrollment::Quarterly),
        ] {
            assert_eq!(enrollment(name), Some(expected), "{name}");
        }
        assert_eq!(enrollment("beneficiary.csv"), None);
    }

    proptest! {
        #[test]
        fn any_name_is_a_feeds_or_none(name in "[PT]?[.]?[A-Z0-9é.]{0,8}[.]?(ACO)?[.]?(ZC)?[0-9A-Zé]{0,6}[.]?D?[0-9é]{0,7}[.]?T?[0-9]{0,3}|\\PC{0,40}") {
            let _ = (named(&name), enrollment(&name));
        }

        #[test]
        fn any_part_of_a_list_is_its_year_or_none(name in "(ASSIGNMENT_LIST|Q?ALR)([._-][YQD]?[0-9é]{0,6}){0,4}") {
            let _ = enrollment(&name);
        }
    }
}
