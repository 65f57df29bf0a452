//! Bytes, durations and the fold that proves they were worked through: pure functions, no simulator.

use std::time::Duration;

pub(crate) const PAYLOAD_BYTES: usize = 32;

/// How much was done, and a digest of what.
///
/// Within one task words are folded in order; tasks are joined by a wrapping sum, in any order. So the same
/// work gives the same tally under any schedule, and [`crate::Case::tally`] can say beforehand which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Yields, tasks, sleeps, round trips or messages: what the nanoseconds are divided by.
    pub operations: u64,
    /// The fold of every word that the operations carried.
    pub digest: u64,
}

impl Tally {
    /// Counts one operation that carried `word`.
    pub fn count(&mut self, word: u64) {
        self.operations += 1;
        self.digest = mix(self.digest ^ word);
    }

    /// Adds what another task did.
    pub fn join(&mut self, other: Tally) {
        self.operations += other.operations;
        self.digest = self.digest.wrapping_add(other.digest);
    }

    /// Counts one operation whose place among the others is not determined.
    pub(crate) fn count_unordered(&mut self, word: u64) {
        self.join(Tally { operations: 1, digest: mix(word) });
    }
}

/// How long task `task` sleeps the `step`-th time: 10 to 110 microseconds, to the nanosecond.
pub(crate) fn sleep_duration(task: u64, step: u64) -> Duration {
    Duration::from_nanos(10_000 + mix(mix(task + 1) ^ step) % 100_001)
}

/// Thirty-two bytes that say who, to whom and when, and whose last word is a check over the others.
pub(crate) fn payload(words: [u64; 3]) -> [u8; PAYLOAD_BYTES] {
    let mut bytes = [0; PAYLOAD_BYTES];
    for (slot, word) in bytes.chunks_exact_mut(8).zip([words[0], words[1], words[2], check(words)]) {
        slot.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

/// The words of a payload; a payload that did not arrive as it left ends the bench.
pub(crate) fn words(payload: &[u8]) -> [u64; 3] {
    words_checked(payload).expect("every payload arrives as it left")
}

fn words_checked(payload: &[u8]) -> Option<[u64; 3]> {
    let (slots, []) = payload.as_chunks::<8>() else { return None };
    let [first, second, third, sum] = slots else { return None };
    let words = [first, second, third].map(|slot| u64::from_le_bytes(*slot));
    (u64::from_le_bytes(*sum) == check(words)).then_some(words)
}

/// One word that depends on all of them.
pub(crate) fn check(words: [u64; 3]) -> u64 {
    mix(mix(words[0] ^ 0x5eed) ^ words[1].rotate_left(20)) ^ words[2].rotate_left(40)
}

/// A bijection of 64 bits, about a nanosecond.
fn mix(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word ^ (word >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_that_was_changed_is_seen() {
        let bytes = payload([1, 2, 3]);
        assert_eq!(words_checked(&bytes), Some([1, 2, 3]));
        assert_eq!(words_checked(&bytes[..31]), None);
        for index in 0..PAYLOAD_BYTES {
            let mut changed = bytes;
            changed[index] ^= 4;
            assert_eq!(words_checked(&changed), None, "byte {index}");
        }
    }

    #[test]
    fn durations_fill_their_range() {
        let all: Vec<_> =
            (0..100).flat_map(|task| (0..1000).map(move |step| sleep_duration(task, step))).collect();
        let shortest = all.iter().min().expect("not empty");
        let longest = all.iter().max().expect("not empty");
        assert!((10_000..10_100).contains(&shortest.as_nanos()), "{shortest:?}");
        assert!((109_900..=110_000).contains(&longest.as_nanos()), "{longest:?}");
    }
}
