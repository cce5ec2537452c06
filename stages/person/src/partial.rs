//! Partial results as bytes, for engines that walk shards in other processes: what comes back is exactly what went out.
//!
//! Equal results give equal bytes. Bytes say what they are and which version made them; those of another version are refused, since their
//! meaning may have changed with the rules.

use crate::context::Context;
use crate::pass_a::ShardA;
use crate::pass_b::CellSums;
use crate::thresholds::{Selection, Thresholds};
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

/// First bytes of every partial result.
const MAGIC: [u8; 4] = *b"acop";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What bytes hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    ShardA = 1,
    CellSums = 2,
    Targets = 3,
    Found = 4,
    Thresholds = 5,
}

fn pack(kind: Kind, value: &impl Serialize) -> Vec<u8> {
    postcard::to_stdvec(&(MAGIC, kind as u8, VERSION, value)).expect("memory takes every value")
}

fn unpack<T: DeserializeOwned>(kind: Kind, bytes: &[u8]) -> Result<T, String> {
    let wrong = |error: postcard::Error| format!("a partial result ({kind:?}) cannot be read: {error}");
    let ((magic, found, version), rest): (([u8; 4], u8, &str), &[u8]) =
        postcard::take_from_bytes(bytes).map_err(wrong)?;
    if magic != MAGIC || found != kind as u8 {
        return Err(format!("not a partial result ({kind:?})"));
    }
    if version != VERSION {
        return Err(format!("a partial result of version {version}; this is {VERSION}"));
    }
    match postcard::take_from_bytes(rest).map_err(wrong)? {
        (value, []) => Ok(value),
        (_, rest) => Err(format!("a partial result ({kind:?}) has {} bytes too many", rest.len())),
    }
}

impl ShardA {
    /// As bytes, for [`ShardA::from_bytes`].
    pub fn to_bytes(&self) -> Vec<u8> {
        pack(Kind::ShardA, self)
    }

    /// What [`ShardA::to_bytes`] was made of.
    ///
    /// # Errors
    /// Bytes of something else or of another version, cut or too many.
    pub fn from_bytes(bytes: &[u8]) -> Result<ShardA, String> {
        unpack(Kind::ShardA, bytes)
    }
}

impl CellSums {
    /// As bytes, for [`CellSums::from_bytes`].
    pub fn to_bytes(&self) -> Vec<u8> {
        pack(Kind::CellSums, self)
    }

    /// What [`CellSums::to_bytes`] was made of.
    ///
    /// # Errors
    /// As [`ShardA::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<CellSums, String> {
        unpack(Kind::CellSums, bytes)
    }
}

impl<'c> Selection<'c> {
    /// Which bucket of each population to look into, for [`Selection::from_targets`].
    pub fn targets_to_bytes(&self) -> Vec<u8> {
        pack(Kind::Targets, &self.targets)
    }

    /// An empty selection with these targets.
    ///
    /// # Errors
    /// As [`ShardA::from_bytes`]; targets of other populations than the context's.
    pub fn from_targets(context: &'c Context, bytes: &[u8]) -> Result<Selection<'c>, String> {
        let targets: Vec<_> = unpack(Kind::Targets, bytes)?;
        if targets.len() > context.histograms() * 4 {
            return Err(format!("{} populations where the study has {}", targets.len(), context.histograms() * 4));
        }
        Ok(Selection { context, found: vec![Vec::new(); targets.len()], targets })
    }

    /// What was found, for [`Selection::merge_bytes`].
    pub fn found_to_bytes(&self) -> Vec<u8> {
        pack(Kind::Found, &self.found)
    }

    /// Adds what another process found with the same targets.
    ///
    /// # Errors
    /// As [`ShardA::from_bytes`]; what was found with other targets.
    pub fn merge_bytes(&mut self, bytes: &[u8]) -> Result<(), String> {
        let found: Vec<Vec<(i64, u8)>> = unpack(Kind::Found, bytes)?;
        if found.len() != self.found.len() {
            return Err(format!("values of {} populations for {}", found.len(), self.found.len()));
        }
        self.found.iter_mut().zip(found).for_each(|(own, others)| own.extend(others));
        Ok(())
    }
}

impl Thresholds {
    /// As bytes, for [`Thresholds::from_bytes`].
    pub fn to_bytes(&self) -> Vec<u8> {
        pack(Kind::Thresholds, self)
    }

    /// What [`Thresholds::to_bytes`] was made of.
    ///
    /// # Errors
    /// As [`ShardA::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Thresholds, String> {
        unpack(Kind::Thresholds, bytes)
    }
}

/// A map whose order nobody knows, by its keys.
pub(crate) fn by_key<K: Ord + Serialize, V: Serialize, B: BuildHasher, S: Serializer>(
    map: &HashMap<K, V, B>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    map.iter().collect::<BTreeMap<_, _>>().serialize(serializer)
}

/// A text that stands in the program. By this name serde does not look for it in the bytes that it reads.
pub(crate) type Word = &'static str;

/// Words that stand in the program, such as findings: in bytes they are texts.
mod words {
    use std::collections::BTreeSet;
    use std::sync::{Mutex, PoisonError};

    /// Most words that come in, and the longest: all that this program has are fewer and shorter.
    const MOST: usize = 1_000;
    const LONGEST: usize = 300;

    static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

    /// A text for good. Each is kept once; bytes that bring too many are refused.
    pub(super) fn lasting(text: &str) -> Result<&'static str, &'static str> {
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(word) = known.get(text) {
            return Ok(word);
        }
        if known.len() >= MOST || text.len() > LONGEST {
            return Err("texts that are no words of this program");
        }
        let word: &'static str = Box::leak(text.into());
        known.insert(word);
        Ok(word)
    }
}

/// A word of the program as a text.
pub(crate) mod text {
    use super::words::lasting;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(text: &&'static str, serializer: S) -> Result<S::Ok, S::Error> {
        text.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static str, D::Error> {
        lasting(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Counts by words of the program.
pub(crate) mod texts {
    use super::words::lasting;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
    use std::collections::BTreeMap;

    pub(crate) fn serialize<S: Serializer>(
        counts: &BTreeMap<&'static str, u64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        counts.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<&'static str, u64>, D::Error> {
        let counts = BTreeMap::<String, u64>::deserialize(deserializer)?;
        let lasting = |(text, count): (String, u64)| Ok((lasting(&text).map_err(D::Error::custom)?, count));
        counts.into_iter().map(lasting).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pass_b::{Key, Of, Sum};

    fn sums(keys: impl Iterator<Item = u8>) -> CellSums {
        let mut sums = CellSums::default();
        for kind in keys {
            let key = Key { performance: 0, list: 1, of: Of::Aco(7, 0), county: 0x3132_3334, kind };
            sums.sums.insert(key, Sum { lives: i64::from(kind), spend: i64::MIN, ..Sum::default() });
        }
        sums
    }

    #[test]
    fn equal_sums_are_equal_bytes_and_come_back() {
        let (up, down) = (sums(0..4), sums((0..4).rev()));
        assert_eq!(up.to_bytes(), down.to_bytes());
        assert_eq!(CellSums::from_bytes(&up.to_bytes()).expect("own bytes").sums, up.sums);
        assert_ne!(up.to_bytes(), sums(0..3).to_bytes());
    }

    #[test]
    fn other_bytes_are_refused() {
        let bytes = sums(0..2).to_bytes();
        for length in 0..bytes.len() {
            assert!(CellSums::from_bytes(&bytes[..length]).is_err(), "{length} bytes");
        }
        let longer = [bytes.as_slice(), b"x"].concat();
        assert_eq!(
            CellSums::from_bytes(&longer).err().as_deref(),
            Some("a partial result (CellSums) has 1 bytes too many")
        );
        assert_eq!(ShardA::from_bytes(&bytes).err().as_deref(), Some("not a partial result (ShardA)"));
        let other = postcard::to_stdvec(&(MAGIC, Kind::CellSums as u8, "0.0.1", 0_u8)).expect("memory");
        let said = CellSums::from_bytes(&other).err().unwrap_or_default();
        assert!(said.starts_with("a partial result of version 0.0.1"), "{said}");
    }

    #[test]
    fn words_come_back_and_strangers_do_not_stay() {
        assert_eq!(words::lasting("a finding"), Ok("a finding"));
        assert!(words::lasting(&"x".repeat(301)).is_err());
        let mut shard = ShardA::default();
        shard.lives = 3;
        assert_eq!(ShardA::from_bytes(&shard.to_bytes()), Ok(shard));
    }
}
