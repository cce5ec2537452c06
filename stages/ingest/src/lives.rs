//! Identifiers of lives on their way to the lake: said once or a few times, not on every row.

use crate::extract::LONGEST_BENE_ID;
use crate::record::{HEAD, Head, Kind, NO_DAY, push_text};

/// Remembers the lives that a worker has met lately, so that most rows need not say who they belong to again.
#[derive(Debug)]
pub struct LifeCache {
    slots: Vec<(u64, u8, [u8; LONGEST_BENE_ID])>,
}
impl Default for LifeCache {
    fn default() -> Self {
        LifeCache { slots: vec![(0, 0, [0; LONGEST_BENE_ID]); 1 << 14] }
    }
}
impl LifeCache {
    /// Whether the life is new here. Texts are compared, so that two lives with one key both count as new.
    pub fn is_new(&mut self, bene_key: u64, bene_id: &[u8]) -> bool {
        let at = bene_key as usize % self.slots.len();
        let (key, length, text) = &mut self.slots[at];
        if *key == bene_key && &text[..usize::from(*length)] == bene_id {
            return false;
        }
        *key = bene_key;
        *length = bene_id.len() as u8;
        text[..bene_id.len()].copy_from_slice(bene_id);
        true
    }
}

/// A packed row that says a life's identifier.
pub fn life(bene_key: u64, bene_id: &[u8]) -> Vec<u8> {
    let mut row = vec![0; HEAD];
    push_text(&mut row, bene_id);
    let head = Head {
        kind: Kind::Full,
        flags: 0,
        table: 0,
        bene_key,
        claim_key: 0,
        line: 0,
        proc_date: NO_DAY,
        file: 0,
        row: 0,
        cents: 0,
    };
    head.write(&mut row);
    row
}
