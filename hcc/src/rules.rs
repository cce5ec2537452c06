//! A model made dense: HCCs as bits, conditions as masks, coefficients as arrays.

use crate::model::{Model, Segment};
use crate::variables::{KINDS, Kind};

/// A condition on a set of HCCs and a person, with its coefficient in a segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interaction {
    /// Place of the name in `Rules::interactions`.
    pub(crate) variable: u8,
    /// Of each group one must be present; unused groups hold everything.
    pub(crate) groups: [u128; 2],
    pub(crate) disabled: bool,
    pub(crate) under_65: bool,
    pub(crate) milli: i32,
}

impl Interaction {
    pub(crate) fn applies(&self, hccs: u128, kind: Kind) -> bool {
        hccs & self.groups[0] != 0
            && hccs & self.groups[1] != 0
            && (!self.disabled || kind.disabled())
            && (!self.under_65 || kind.under_65())
    }
}

/// Demographic terms of a kind of person in a segment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Demographic {
    pub(crate) milli: i32,
    pub(crate) divisor_milli: i32,
    pub(crate) terms: Vec<(String, i32)>,
}

/// A segment's coefficients.
#[derive(Clone, Debug)]
pub(crate) struct SegmentTable {
    /// By kind of person, the place in `Rules::demographic`; `u16::MAX`: no such person in this segment.
    pub(crate) rows: Box<[u16; KINDS]>,
    pub(crate) hccs: Box<[i32; 128]>,
    pub(crate) interactions: Vec<Interaction>,
    pub(crate) counts: Option<[i32; 10]>,
}

/// A model, dense: HCCs are bits, in the order of their numbers.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) model: Model,
    pub(crate) aged_at_64: bool,
    pub(crate) numbers: Vec<u16>,
    pub(crate) labels: Vec<String>,
    pub(crate) parents: u128,
    pub(crate) children: Box<[u128; 128]>,
    /// Categories that count only beside one of others.
    pub(crate) zeroed: Vec<(u8, u128)>,
    pub(crate) interactions: Vec<String>,
    pub(crate) demographic: Vec<Demographic>,
    pub(crate) segments: Vec<(Segment, SegmentTable)>,
}

impl Rules {
    pub(crate) fn segment(&self, segment: Segment) -> Option<&SegmentTable> {
        self.segments.iter().find(|(name, _)| *name == segment).map(|(_, table)| table)
    }

    /// HCCs of a set of categories: what counts only beside others is taken out, then parents drop their children, in order; one that has
    /// itself been dropped drops nothing (HCC.md 6).
    pub(crate) fn hierarchy(&self, present: u128) -> u128 {
        let mut hccs = self.counted(present);
        let mut rest = hccs & self.parents;
        while rest != 0 {
            hccs &= !self.children[rest.trailing_zeros() as usize];
            rest &= rest - 1;
            rest &= hccs;
        }
        hccs
    }

    /// The categories without those that count only beside others and stand without them.
    pub(crate) fn counted(&self, present: u128) -> u128 {
        let without = self.zeroed.iter().filter(|(_, unless)| present & unless == 0).map(|(bit, _)| 1u128 << bit);
        without.fold(present, |left, bit| left & !bit)
    }

    pub(crate) fn numbers_of(&self, bits: u128) -> impl Iterator<Item = u16> + '_ {
        self.numbers.iter().enumerate().filter(move |(bit, _)| bits >> bit & 1 == 1).map(|(_, number)| *number)
    }
}

impl Rules {
    /// The bit of an HCC.
    pub(crate) fn bit(&self, number: u16) -> Option<u8> {
        self.numbers.binary_search(&number).ok().map(|bit| bit as u8)
    }
}
