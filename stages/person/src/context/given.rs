//! CMS's own assignment lists (`assignment_given`): to use in place of ours, or to compare with.

use super::{Faults, Performance};
use acoledger_schemas::keys::bene_key;
use acoledger_schemas::program::AssignmentGiven;
use acoledger_schemas::study::AssignmentSource;
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::Basis;
use std::collections::BTreeMap;

/// A life's place on a list of the file.
#[derive(Clone, Copy)]
pub(crate) struct GivenPlace {
    /// Performance year and list, as positions.
    pub(crate) list: (u8, u8),
    pub(crate) aco: u32,
    pub(crate) basis: Basis,
}

/// Rows of the file with their numbers, 1 for the first after the header, in pieces: one piece holds all rows of a life.
pub type Lists<'l> = Box<dyn Iterator<Item = Result<Vec<(u64, AssignmentGiven)>, Problems>> + 'l>;

/// Why a row counts on no list.
pub(super) enum NoPlace {
    /// It is of no list of the study.
    List,
    /// It has no month.
    Month,
    /// Its ACO is none of the list's.
    Aco,
}

/// Where a row puts its life.
pub(super) fn place(
    row: &AssignmentGiven,
    acos: &[String],
    performances: &[Performance],
) -> Result<GivenPlace, NoPlace> {
    let list = performances.iter().enumerate().find_map(|(at, of)| {
        let same_year = of.year == row.performance_year.0;
        let list = of.field.lists.iter().position(|list| same_year && list.year == row.calendar_year.0)?;
        Some((at as u8, list as u8))
    });
    let list = list.ok_or(NoPlace::List)?;
    if row.months_mask.is_some_and(|months| months.0 == 0) {
        return Err(NoPlace::Month);
    }
    let of_year = &performances[usize::from(list.0)].field.lists[usize::from(list.1)].acos;
    let aco = acos.binary_search_by(|aco| aco.as_str().cmp(row.aco_id.as_str())).ok();
    let aco = aco.filter(|aco| of_year[*aco].is_some()).ok_or(NoPlace::Aco)?;
    Ok(GivenPlace { list, aco: aco as u32, basis: row.basis.unwrap_or(Basis::Claims) })
}

/// What the file says as a whole; the places of lives come with them.
pub(crate) struct Given {
    /// Whether they are used in place of ours, rather than compared with.
    pub(crate) used: bool,
    /// Lives by list and ACO.
    pub(crate) totals: BTreeMap<((u8, u8), u16), i64>,
    pub(super) findings: [(&'static str, u64); 3],
}

const FILE: &str = "assignment_given";

impl Given {
    pub(super) fn new(
        lists: Option<Lists<'_>>,
        source: AssignmentSource,
        acos: &[String],
        performances: &[Performance],
        faults: &mut Faults,
    ) -> Option<Given> {
        let used = source == AssignmentSource::Given;
        let Some(lists) = lists else {
            if used {
                let hint = "give the lists, or leave `[input] assignment` at `own`";
                faults.file(FILE, "", "file is missing: `[input] assignment` is `given`", hint);
            }
            return None;
        };
        let (mut elsewhere, mut monthless, mut without_basis) = (0, 0, 0);
        let mut totals = BTreeMap::new();
        let mut unknown: BTreeMap<(i32, String), (u64, u64)> = BTreeMap::new();
        let mut twice: BTreeMap<(u8, u8), Faults> = BTreeMap::new();
        for piece in lists {
            let rows = match piece {
                Ok(rows) => rows,
                Err(problems) => {
                    faults.problems.extend(problems);
                    return None;
                }
            };
            let mut places = Vec::with_capacity(rows.len());
            for (number, row) in &rows {
                match place(row, acos, performances) {
                    Err(NoPlace::List) => elsewhere += 1,
                    Err(NoPlace::Month) => monthless += 1,
                    Err(NoPlace::Aco) => {
                        let aco = (row.performance_year.0, row.aco_id.to_string());
                        let (count, first) = unknown.entry(aco).or_insert((0, *number));
                        (*count, *first) = (*count + 1, *number.min(first));
                    }
                    Ok(place) => {
                        without_basis += u64::from(row.basis.is_none());
                        *totals.entry((place.list, place.aco as u16)).or_default() += 1;
                        places.push((bene_key(row.bene_id.as_str()), place, *number));
                    }
                }
            }
            one_list_per_life(&mut places, performances, acos, &mut twice);
        }
        for ((year, aco), (count, first)) in unknown {
            let what = format!(
                "not an ACO of performance year {year}: `{aco}`, in {count} rows, the first of them row {first}"
            );
            faults.file(FILE, "aco_id", what, "add it to `aco`, or leave its rows out");
        }
        for of_list in twice.into_values() {
            faults.problems.extend(of_list.problems);
        }
        let given = Given {
            used,
            totals,
            findings: [
                ("assignment_given: rows of no list of the study, left out", elsewhere),
                ("assignment_given: rows without any month, left out", monthless),
                ("assignment_given: rows without a basis, taken as `claims`", without_basis),
            ],
        };
        if used {
            given.has_all_years(acos, performances, faults);
        }
        Some(given)
    }

    /// Whether the file has anything to say about a list.
    pub(crate) fn has(&self, list: (u8, u8)) -> bool {
        self.totals.range((list, 0)..=(list, u16::MAX)).next().is_some()
    }

    /// Without a base year an ACO would have no lives there, which looks like a number and is none.
    fn has_all_years(&self, acos: &[String], performances: &[Performance], faults: &mut Faults) {
        for (at, performance) in performances.iter().enumerate() {
            for (list_at, list) in performance.field.lists.iter().enumerate() {
                let own = |aco: &usize| list.acos[*aco].as_ref().is_some_and(|terms| terms.own != 0);
                for aco in (0..acos.len()).filter(own) {
                    if !self.totals.contains_key(&((at as u8, list_at as u8), aco as u16)) {
                        let (of, year) = (performance.year, list.year);
                        let what = format!("no life of `{}` in {year}, a year of its own in {of}", acos[aco]);
                        faults.file(FILE, "calendar_year", what, "give the lists of all base years too");
                    }
                }
            }
        }
    }
}

/// `places` with the row of the file: it finds a life without naming it. Faults by list: their order is that of lists, then lives.
fn one_list_per_life(
    places: &mut [(u64, GivenPlace, u64)],
    performances: &[Performance],
    acos: &[String],
    faults: &mut BTreeMap<(u8, u8), Faults>,
) {
    places.sort_by_key(|(key, place, row)| (place.list, *key, *row));
    let twice = |pair: &&[(u64, GivenPlace, u64)]| pair[0].0 == pair[1].0 && pair[0].1.list == pair[1].1.list;
    for pair in places.windows(2).filter(twice) {
        let [(_, one, row), (_, other, other_row)] = pair else { continue };
        let performance = &performances[usize::from(one.list.0)];
        let year = performance.field.lists[usize::from(one.list.1)].year;
        let what = format!(
            "a life on two lists of {year} in performance year {}: `{}` in row {row}, `{}` in row {other_row}",
            performance.year, acos[one.aco as usize], acos[other.aco as usize]
        );
        let faults = faults.entry(one.list).or_default();
        faults.file(FILE, "bene_id", what, "a life belongs to one ACO at most: keep one of its rows");
    }
}
