//! Maps that every life is counted in: small keys, no order until the end.

use serde::{Serialize, Serializer};
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

/// A map by [`Mix`]. Its order is nobody's: whoever makes rows of it sorts them.
pub(crate) type QuickMap<K, V> = HashMap<K, V, BuildHasherDefault<Mix>>;

/// A quick hash for keys that nobody chooses with ill will.
#[derive(Default)]
pub(crate) struct Mix(u64);

impl Hasher for Mix {
    /// A product mixes upwards; tables look at the lowest bits.
    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }
    fn write_u8(&mut self, number: u8) {
        self.write_u64(number.into());
    }
    fn write_u16(&mut self, number: u16) {
        self.write_u64(number.into());
    }
    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
    fn write_isize(&mut self, number: isize) {
        self.write_u64(number as u64);
    }
}

/// A map in the order of its keys, for equal bytes.
pub(crate) fn by_key<K: Ord + Serialize, V: Serialize, S: Serializer>(
    map: &QuickMap<K, V>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    map.iter().collect::<BTreeMap<_, _>>().serialize(serializer)
}
