//! A checksum of what a message or a disk operation carries, for the trace: it tells two runs apart, it guards against nobody.

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Folds a place (ports, an offset), length and content into 32 bits; the same on every platform.
#[inline]
pub(crate) fn checksum(place: u32, bytes: &[u8]) -> u32 {
    let head = u64::from(place) << 32 | bytes.len() as u64 & 0xffff_ffff;
    let mut state = mix(head ^ 0x243f_6a88_85a3_08d3, MULTIPLIER);
    let (pairs, rest) = bytes.as_chunks::<16>();
    for pair in pairs {
        state = mix_pair(state, u128::from_le_bytes(*pair));
    }
    if !rest.is_empty() {
        state = mix_pair(state, tail(bytes, rest));
    }
    (state ^ state >> 32) as u32
}

/// `rest`, the end of `bytes`, with zeros behind it. Loaded whole and shifted, because a copy of a few bytes
/// that is read back at once waits for the store.
#[inline]
fn tail(bytes: &[u8], rest: &[u8]) -> u128 {
    let absent = 8 * (16 - rest.len());
    if let Some(last) = bytes.last_chunk::<16>() {
        return u128::from_le_bytes(*last) >> absent;
    }
    let halves =
        |low: u64, high: u64, size: usize| u128::from(low) | u128::from(high) << (8 * (rest.len() - size));
    // The two halves overlap, and where they do they are equal.
    if let (Some(first), Some(last)) = (rest.first_chunk(), rest.last_chunk()) {
        halves(u64::from_le_bytes(*first), u64::from_le_bytes(*last), 8)
    } else if let (Some(first), Some(last)) = (rest.first_chunk(), rest.last_chunk()) {
        halves(u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into(), 4)
    } else {
        rest.iter().rev().fold(0, |value, &byte| value << 8 | u128::from(byte))
    }
}

#[inline]
fn mix_pair(state: u64, pair: u128) -> u64 {
    mix(state ^ pair as u64, MULTIPLIER ^ (pair >> 64) as u64)
}

/// The two halves of a product, one upon the other. A state of zero stays apart by the constant added.
#[inline]
fn mix(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    (product as u64 ^ (product >> 64) as u64).wrapping_add(0x1319_8a2e_0370_7344)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn length_place_and_every_bit_count() {
        let mut seen = BTreeSet::new();
        let mut count = 0;
        for length in 0..40 {
            for place in [0, 1, 1 << 16] {
                let mut bytes = vec![0; length];
                count += 1;
                seen.insert(checksum(place, &bytes));
                for bit in 0..length * 8 {
                    bytes[bit / 8] ^= 1 << (bit % 8);
                    count += 1;
                    seen.insert(checksum(place, &bytes));
                    bytes[bit / 8] ^= 1 << (bit % 8);
                }
            }
        }
        // Of 18,840 values in 2^32 one or two pairs may be equal by chance, no more.
        assert!(count - seen.len() < 3, "{count} {}", seen.len());
    }

    #[test]
    fn the_values_are_pinned() {
        let found = format!("{:08x} {:08x}", checksum(0, b""), checksum(7 << 16 | 9, b"a whirlwind"));
        assert_eq!(found, "bb8ea62c 280b13ba");
    }

    proptest! {
        #[test]
        fn a_tail_has_zeros_behind_it(bytes in prop::collection::vec(any::<u8>(), 1..50)) {
            let (_, rest) = bytes.as_chunks::<16>();
            prop_assume!(!rest.is_empty());
            let mut padded = [0; 16];
            padded[..rest.len()].copy_from_slice(rest);
            prop_assert_eq!(tail(&bytes, rest), u128::from_le_bytes(padded));
        }

        #[test]
        fn any_bytes_have_one(place: u32, bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            prop_assert_eq!(checksum(place, &bytes), checksum(place, &bytes.clone()));
        }
    }
}
