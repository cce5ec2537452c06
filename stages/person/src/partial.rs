//! Partial results as bytes, for engines that walk shards in other processes: what comes back is exactly what went out.
//!
//! Equal results give equal bytes. Bytes say what they are and which version made them; those of another version are
//! refused, since their meaning may have changed with the rules. Nothing that bytes say makes a read panic, or take memory
//! that their length does not bear out; that sums belong to the same study is for the engine to see to.

use crate::context::Context;
use crate::pass_a::ShardA;
use crate::pass_b::CellSums;
use crate::thresholds::{Selection, Target, Thresholds};
use serde::Serialize;
use serde::de::DeserializeOwned;

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

const KINDS: [Kind; 5] = [Kind::ShardA, Kind::CellSums, Kind::Targets, Kind::Found, Kind::Thresholds];

fn pack(kind: Kind, value: &impl Serialize) -> Vec<u8> {
    postcard::to_stdvec(&(MAGIC, kind as u8, VERSION, value)).expect("memory takes every value")
}

fn unpack<T: DeserializeOwned>(kind: Kind, bytes: &[u8]) -> Result<T, String> {
    let wrong = |error: postcard::Error| {
        let what = match error {
            postcard::Error::DeserializeUnexpectedEnd => "it is cut off".to_owned(),
            // What serde and the words say for themselves is lost on the way.
            postcard::Error::SerdeDeCustom => "it holds what no such result holds".to_owned(),
            error => error.to_string(),
        };
        format!("a partial result ({kind:?}) cannot be read: {what}")
    };
    let rest = bytes.strip_prefix(&MAGIC).ok_or("not a partial result")?;
    let ((number, version), rest): ((u8, &str), &[u8]) = postcard::take_from_bytes(rest).map_err(wrong)?;
    if version != VERSION {
        return Err(format!("a partial result of version {version}; this is {VERSION}"));
    }
    if number != kind as u8 {
        let found = KINDS.iter().find(|kind| **kind as u8 == number);
        let found = found.map_or_else(|| format!("kind {number}"), |found| format!("{found:?}"));
        return Err(format!("a partial result ({found}) in place of another ({kind:?})"));
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
    /// As [`ShardA::from_bytes`]; targets of other populations than the context's, or that no histogram has.
    pub fn from_targets(context: &'c Context, bytes: &[u8]) -> Result<Selection<'c>, String> {
        let targets: Vec<Option<Target>> = unpack(Kind::Targets, bytes)?;
        // Without any shard there is none.
        if !targets.is_empty() && targets.len() != context.histograms() * 4 {
            return Err(format!("{} populations where the study has {}", targets.len(), context.histograms() * 4));
        }
        if !targets.iter().flatten().all(Target::is_sound) {
            return Err("targets that no histogram has".into());
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
    /// As [`ShardA::from_bytes`]; what was found with other targets. The selection is then as it was.
    pub fn merge_bytes(&mut self, bytes: &[u8]) -> Result<(), String> {
        let found: Vec<Vec<(i64, u8)>> = unpack(Kind::Found, bytes)?;
        if found.len() != self.found.len() {
            return Err(format!("values of {} populations for {}", found.len(), self.found.len()));
        }
        let sought = |(target, found): (&Option<Target>, &Vec<(i64, u8)>)| {
            found.iter().all(|(spend, months)| {
                (1..=12).contains(months) && target.as_ref().is_some_and(|target| target.holds(*spend, *months))
            })
        };
        if !self.targets.iter().zip(&found).all(sought) {
            return Err("values that were found with other targets".into());
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

/// A text that stands in the program. By this name serde does not look for it in the bytes that it reads.
pub(crate) type Word = &'static str;

/// Words that stand in the program, such as findings: in bytes they are texts.
mod words {
    use super::Word;
    use std::collections::BTreeSet;
    use std::sync::{Mutex, PoisonError};

    /// Most words that come in, and the longest: all that this program has are fewer and shorter.
    pub(super) const MOST: usize = 1_000;
    pub(super) const LONGEST: usize = 200;

    static KNOWN: Mutex<Words> = Mutex::new(Words(BTreeSet::new()));

    /// Texts that came in and stay.
    pub(super) struct Words(pub(super) BTreeSet<Word>);

    impl Words {
        /// A text for good. Each is kept once; too many and too long ones are refused.
        pub(super) fn lasting(&mut self, text: &str) -> Result<Word, &'static str> {
            if let Some(word) = self.0.get(text) {
                return Ok(word);
            }
            if self.0.len() >= MOST || text.len() > LONGEST {
                return Err("texts that are no words of this program");
            }
            let word: Word = Box::leak(text.into());
            self.0.insert(word);
            Ok(word)
        }
    }

    /// The same among the words of the process.
    pub(super) fn lasting(text: &str) -> Result<Word, &'static str> {
        KNOWN.lock().unwrap_or_else(PoisonError::into_inner).lasting(text)
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
        let (up, mut down) = (sums(0..200), sums((0..200).rev()));
        // A map of another size is in another order.
        down.sums.reserve(100_000);
        assert!(!up.sums.keys().eq(down.sums.keys()));
        assert_eq!(up.to_bytes(), down.to_bytes());
        assert_eq!(CellSums::from_bytes(&up.to_bytes()).expect("own bytes").sums, up.sums);
        assert_ne!(up.to_bytes(), sums(0..199).to_bytes());
    }

    /// Numbers of elements that are not there are told, and no memory is taken for them.
    #[test]
    fn lengths_are_not_believed() {
        let most = [&[0xff; 9][..], &[0x01]].concat();
        for kind in [Kind::CellSums, Kind::Targets, Kind::Found, Kind::Thresholds] {
            // The empty value is lengths of 0 alone.
            let header = pack(kind, &());
            let bytes = [header.as_slice(), &most].concat();
            let said = match kind {
                Kind::CellSums => unpack::<CellSums>(kind, &bytes).err(),
                Kind::Targets => unpack::<Vec<Option<Target>>>(kind, &bytes).err(),
                Kind::Found => unpack::<Vec<Vec<(i64, u8)>>>(kind, &bytes).err(),
                _ => unpack::<Thresholds>(kind, &bytes).err(),
            };
            assert_eq!(said, Some(format!("a partial result ({kind:?}) cannot be read: it is cut off")));
        }
    }

    #[test]
    fn small_results_are_refused_at_every_length_but_their_own() {
        let mut shard = ShardA::default();
        shard.county_heads.insert((0, 1, 2, 300), -1);
        let (shard, sums) = (shard.to_bytes(), sums(0..2).to_bytes());
        for length in 0..shard.len() {
            assert!(ShardA::from_bytes(&shard[..length]).is_err(), "{length} bytes");
        }
        for length in 0..sums.len() {
            assert!(CellSums::from_bytes(&sums[..length]).is_err(), "{length} bytes");
        }
        assert!(ShardA::from_bytes(&shard).is_ok() && CellSums::from_bytes(&sums).is_ok());
    }

    #[test]
    fn words_stay_once_and_not_without_end() {
        let mut words = words::Words(Default::default());
        let first = words.lasting("a finding").expect("the first");
        assert_eq!(first, "a finding");
        assert!(std::ptr::eq(first, words.lasting(&["a ", "finding"].concat()).expect("the same")));
        assert!(words.lasting(&"x".repeat(words::LONGEST)).is_ok());
        assert!(words.lasting(&"x".repeat(words::LONGEST + 1)).is_err());
        for number in 2..words::MOST {
            assert!(words.lasting(&number.to_string()).is_ok(), "{number}");
        }
        assert!(words.lasting("one more").is_err());
        assert_eq!((words.lasting("a finding"), words.0.len()), (Ok("a finding"), words::MOST));
    }
}
