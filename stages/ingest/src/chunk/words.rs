//! The dictionary of a column chunk, and places in it as Parquet packs them.

use std::hash::{BuildHasher, RandomState};

/// The distinct values of a column in the order in which they came, written as a plain page.
#[derive(Debug)]
pub(super) struct Words {
    /// Whether a value's length stands before it.
    lengths: bool,
    page: Vec<u8>,
    /// Where each value ends in the page.
    ends: Vec<u32>,
    /// Open addressing: place and 1, 0 where nothing is.
    slots: Vec<u32>,
    /// Not the same in two runs, so that nobody can make values that collide; places do not depend on it.
    seed: u64,
    last: u32,
}

impl Words {
    pub(super) fn new(lengths: bool) -> Words {
        let seed = RandomState::new().hash_one(lengths);
        Words { lengths, page: Vec::new(), ends: Vec::new(), slots: vec![0; 64], seed, last: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn page(&self) -> &[u8] {
        &self.page
    }

    /// Bits of a place.
    pub(super) fn bits(&self) -> u8 {
        (self.len().saturating_sub(1) as u32).checked_ilog2().map_or(0, |bits| bits as u8 + 1)
    }

    /// Bytes of a place.
    pub(super) fn bytes(&self) -> u8 {
        self.bits().div_ceil(8)
    }

    #[inline]
    fn value(&self, place: u32) -> &[u8] {
        let place = place as usize;
        let start = if place == 0 { 0 } else { self.ends[place - 1] as usize };
        &self.page[start + if self.lengths { 4 } else { 0 }..self.ends[place] as usize]
    }

    /// The place of a value, a new one if it is new.
    #[inline]
    pub(super) fn place(&mut self, value: &[u8]) -> u32 {
        if self.len() > 0 && same(self.value(self.last), value) {
            return self.last;
        }
        self.last = self.find(value);
        self.last
    }

    fn find(&mut self, value: &[u8]) -> u32 {
        let mask = self.slots.len() - 1;
        let mut at = hash(value, self.seed) as usize & mask;
        loop {
            match self.slots[at] {
                0 => break,
                taken if same(self.value(taken - 1), value) => return taken - 1,
                _ => at = (at + 1) & mask,
            }
        }
        let place = self.len() as u32;
        if self.lengths {
            self.page.extend_from_slice(&(value.len() as u32).to_le_bytes());
        }
        self.page.extend_from_slice(value);
        self.ends.push(self.page.len() as u32);
        self.slots[at] = place + 1;
        if self.len() * 2 > self.slots.len() {
            self.grow();
        }
        place
    }

    fn grow(&mut self) {
        let mask = self.slots.len() * 4 - 1;
        self.slots = vec![0; mask + 1];
        for place in 0..self.len() as u32 {
            let mut at = hash(self.value(place), self.seed) as usize & mask;
            while self.slots[at] != 0 {
                at = (at + 1) & mask;
            }
            self.slots[at] = place + 1;
        }
    }
}

/// Whether two values are equal. They are short, so that a call that compares any number of bytes would be most of the work.
#[inline]
fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    match (one.first_chunk::<8>(), one.last_chunk::<8>(), other.first_chunk::<8>(), other.last_chunk::<8>()) {
        (Some(a), Some(b), Some(c), Some(d)) if one.len() <= 16 => {
            (u64::from_le_bytes(*a) ^ u64::from_le_bytes(*c)) | (u64::from_le_bytes(*b) ^ u64::from_le_bytes(*d)) == 0
        }
        (None, ..) => one.iter().zip(other).all(|(a, b)| a == b),
        _ => one == other,
    }
}

#[inline]
fn hash(value: &[u8], seed: u64) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let fold = |state: u64, word: u64| {
        let product = u128::from(state ^ word) * u128::from(ODD);
        (product as u64) ^ (product >> 64) as u64
    };
    let (words, rest) = value.as_chunks::<8>();
    let mut state = seed ^ value.len() as u64;
    for word in words {
        state = fold(state, u64::from_le_bytes(*word));
    }
    if rest.is_empty() {
        return state;
    }
    fold(state, rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)))
}

/// Appends numbers of `width` bits: runs once with their length, the rest packed in groups of eight. With `runs` all are runs.
pub(super) fn hybrid(numbers: &[u32], width: u8, runs: bool, out: &mut Vec<u8>) {
    const SHORTEST: usize = 8;
    let (mut waiting, mut at) = (0, 0);
    while at < numbers.len() {
        let same = numbers[at..].iter().position(|number| *number != numbers[at]).unwrap_or(numbers.len() - at);
        let end = at + same;
        // What waits is whole groups of eight, but for the last of a page.
        let lent = if runs { 0 } else { (waiting..at).len().next_multiple_of(8) - (at - waiting) };
        if runs || same >= lent + SHORTEST {
            packed(&numbers[waiting..at + lent], width, out);
            varint(((same - lent) as u64) << 1, out);
            out.extend_from_slice(&numbers[at].to_le_bytes()[..usize::from(width.div_ceil(8))]);
            waiting = end;
        }
        at = end;
    }
    packed(&numbers[waiting..], width, out);
}

/// Appends numbers packed in groups of eight.
fn packed(numbers: &[u32], width: u8, out: &mut Vec<u8>) {
    if numbers.is_empty() {
        return;
    }
    let groups = numbers.len().div_ceil(8);
    varint((groups as u64) << 1 | 1, out);
    let padding = groups * 8 - numbers.len();
    let all = numbers.iter().copied().chain(std::iter::repeat_n(0, padding));
    match width {
        8 => out.extend(all.map(|number| number as u8)),
        16 => all.for_each(|number| out.extend_from_slice(&(number as u16).to_le_bytes())),
        _ => {
            let (mut word, mut bits) = (0u64, 0);
            for number in all {
                word |= u64::from(number) << bits;
                bits += width;
                while bits >= 8 {
                    out.push(word as u8);
                    (word, bits) = (word >> 8, bits - 8);
                }
            }
        }
    }
}

fn varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
