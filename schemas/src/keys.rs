//! Keys of the person grain: beneficiaries and claims as fixed-width numbers, and the shard a life belongs to.

use siphasher::sip::SipHasher24;
use std::hash::Hasher;

/// Key of [`bene_key`]. Fixed, so that lakes made anywhere agree.
const KEY: (u64, u64) = (0x6163_6f6c_6564_6765, 0x7262_656e_656b_6579);

/// A life's key: a keyed hash of the identifier as the claims carry it. Collisions are checked at ingest.
pub fn bene_key(bene_id: &str) -> u64 {
    let mut hasher = SipHasher24::new_with_keys(KEY.0, KEY.1);
    hasher.write(bene_id.as_bytes());
    hasher.finish()
}

/// The shard of a life: the top bits of its key. `shards` is a power of two.
///
/// Shards concatenate to the same order whatever their number, since rows are sorted by key.
pub fn shard_of(bene_key: u64, shards: u32) -> u32 {
    debug_assert!(shards.is_power_of_two());
    if shards == 1 { 0 } else { (bene_key >> (64 - shards.trailing_zeros())) as u32 }
}

/// A claim's key: the identifier itself where it is a plain whole number, else a hash with bit 62 set.
///
/// The flag says whether the number is the identifier, so that no text need be kept beside it.
pub fn claim_key(claim_id: &str) -> (i64, bool) {
    let digits = claim_id.strip_prefix('-').unwrap_or(claim_id);
    let plain = !digits.is_empty()
        && digits.len() <= 18
        && digits.bytes().all(|b| b.is_ascii_digit())
        && (digits == "0" && claim_id.len() == 1 || !digits.starts_with('0'));
    if plain && let Ok(number) = claim_id.parse::<i64>() {
        return (number, true);
    }
    let mut hasher = SipHasher24::new_with_keys(KEY.1, KEY.0);
    hasher.write(claim_id.as_bytes());
    ((hasher.finish() & (u64::MAX >> 2)) as i64 | 1 << 62, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claim_keys_keep_plain_numbers() {
        assert_eq!(claim_key("880013395"), (880013395, true));
        assert_eq!(claim_key("-10000930037831"), (-10000930037831, true));
        for text in ["0012", "A12", "", "-0", "9999999999999999999"] {
            assert!(!claim_key(text).1, "{text}");
            assert!(claim_key(text).0 >= 1 << 62, "{text}");
        }
    }

    #[test]
    fn shards_nest() {
        for id in ["1", "-10000010254618", "00000001001"] {
            let key = bene_key(id);
            assert_eq!(shard_of(key, 64) / 8, shard_of(key, 8));
            assert_eq!(shard_of(key, 1), 0);
        }
    }
}
