//! From diagnosis to condition categories: the map of a payment year, with its edits (HCC.md 5).

use crate::code::Icd10;
use crate::person::{Person, Sex};

/// Where the map of a model and payment year comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapStatus {
    /// The year has a map of its own.
    Published,
    /// The union of the maps of these two years, before and after (HCC.md 9).
    Between(i32, i32),
    /// The map of the nearest year: there is none before, or none after.
    Nearest(i32),
}

/// Row of a map: a code has this category from one payment year to another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MapRow {
    pub(crate) code: Icd10,
    pub(crate) category: u8,
    pub(crate) first: i32,
    pub(crate) last: i32,
}

/// An edit: when it fires it replaces all categories of a code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edit {
    pub(crate) code: Icd10,
    /// One of the Medicare code editor; it goes before the others and can be switched off.
    pub(crate) mce: bool,
    pub(crate) sex: Option<Sex>,
    pub(crate) age_at_most: Option<u8>,
    pub(crate) age_at_least: Option<u8>,
    /// The category in place of the code's own; `None`: none at all.
    pub(crate) category: Option<u8>,
}

impl Edit {
    pub(crate) fn fires(&self, person: &Person) -> bool {
        let age = person.edit_age;
        self.sex.is_none_or(|sex| sex == person.sex)
            && (self.age_at_most.is_none() && self.age_at_least.is_none()
                || self.age_at_most.is_some_and(|most| age <= most)
                || self.age_at_least.is_some_and(|least| age >= least))
    }
}

/// Categories that a code can have: published maps have up to three, a union of two of them a fourth at most.
const MOST_CATEGORIES: usize = 4;

/// What stands beside a code.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    code: u64,
    /// Bits of its categories, the first repeated where there are fewer.
    categories: [u8; MOST_CATEGORIES],
    /// Edits of the code: first and number, in `DxMap::edits`.
    first_edit: u16,
    edits: u8,
}

/// The map of one model and payment year: a table with open addresses, since a person's codes are looked up one by one.
#[derive(Clone, Debug)]
pub(crate) struct DxMap {
    slots: Box<[Slot]>,
    shift: u32,
    edits: Vec<Edit>,
}

impl DxMap {
    /// The map of `rows`; `edits` apply to the codes that are in it, mandatory ones and, if asked for, those of the code editor.
    /// The error is a code with more categories than there is room for.
    pub(crate) fn new(rows: impl Iterator<Item = (Icd10, u8)>, edits: &[Edit], mce: bool) -> Result<DxMap, Icd10> {
        let mut rows: Vec<(Icd10, u8)> = rows.collect();
        rows.sort_unstable();
        rows.dedup();
        let bits = (rows.len() * 2).max(2).next_power_of_two().trailing_zeros();
        let slots = vec![Slot::default(); 1 << bits].into_boxed_slice();
        let mut map = DxMap { slots, shift: 64 - bits, edits: Vec::new() };
        for group in rows.chunk_by(|a, b| a.0 == b.0) {
            let code = group[0].0;
            if group.len() > MOST_CATEGORIES {
                return Err(code);
            }
            let mut categories = [group[0].1; MOST_CATEGORIES];
            categories.iter_mut().zip(group).for_each(|(place, (_, category))| *place = *category);
            let from = map.edits.len();
            // The code editor goes first: where both fire the diagnosis does not count at all.
            map.edits.extend(edits.iter().filter(|edit| edit.code == code && edit.mce && mce));
            map.edits.extend(edits.iter().filter(|edit| edit.code == code && !edit.mce));
            let slot = Slot {
                code: code.number(),
                categories,
                first_edit: u16::try_from(from).expect("there are a few hundred edits"),
                edits: u8::try_from(map.edits.len() - from).expect("a code has a handful of edits"),
            };
            let at = map.place(code.number());
            map.slots[at] = slot;
        }
        Ok(map)
    }

    /// Where a code stands, or would.
    fn place(&self, code: u64) -> usize {
        let mut at = (code.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> self.shift) as usize;
        while self.slots[at].code != 0 && self.slots[at].code != code {
            at = (at + 1) & (self.slots.len() - 1);
        }
        at
    }

    /// Categories of a code for a person, as bits. `None`: the model does not know the code.
    pub(crate) fn categories(&self, code: Icd10, person: &Person) -> Option<u128> {
        let slot = &self.slots[self.place(code.number())];
        if slot.code == 0 {
            return None;
        }
        match self.edit_of(slot, person) {
            Some(edit) => Some(edit.category.map_or(0, |category| 1 << category)),
            None => Some(slot.categories.iter().fold(0, |bits, category| bits | 1 << category)),
        }
    }

    fn edit_of(&self, slot: &Slot, person: &Person) -> Option<&Edit> {
        let edits = &self.edits[usize::from(slot.first_edit)..][..usize::from(slot.edits)];
        edits.iter().find(|edit| edit.fires(person))
    }

    /// The edit that replaced a code's categories, for explanations.
    pub(crate) fn edit(&self, code: Icd10, person: &Person) -> Option<&Edit> {
        self.edit_of(&self.slots[self.place(code.number())], person)
    }
}
