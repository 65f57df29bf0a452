//! The semantic fold: marks by subject, each in its subject's own order, subjects in none.
//!
//! Each mark is hashed with its subject and its number within the subject; the digest is the wrapping
//! 256-bit sum of these hashes. Sums commute, so the interleaving of subjects leaves no trace, and the
//! number within the subject keeps the subject's own order.

use std::collections::BTreeMap;

use points::Value;

use crate::trace::Digest;

pub(super) struct Semantic {
    /// Marks so far, by encoded subject.
    counts: BTreeMap<Vec<u8>, u64>,
    sum: [u64; 4],
    scratch: Vec<u8>,
}

impl Semantic {
    pub(super) fn new() -> Semantic {
        Semantic { counts: BTreeMap::new(), sum: [0; 4], scratch: Vec::new() }
    }

    /// Folds a mark and answers the first 64 bits of its hash.
    pub(super) fn mark(&mut self, name: &str, subject: Value<'_>, values: &[Value<'_>]) -> u64 {
        self.scratch.clear();
        encode(&mut self.scratch, subject);
        let number = match self.counts.get_mut(&self.scratch) {
            Some(count) => {
                *count += 1;
                *count
            }
            None => {
                self.counts.insert(self.scratch.clone(), 1);
                1
            }
        };
        self.scratch.extend_from_slice(&number.to_le_bytes());
        encode(&mut self.scratch, Value::Text(name));
        for &value in values {
            encode(&mut self.scratch, value);
        }
        let hash = blake3::hash(&self.scratch);
        let words = words(hash.as_bytes());
        self.sum = add(self.sum, words);
        words[0]
    }

    pub(super) fn digest(&self) -> Digest {
        let mut bytes = [0; 32];
        for (chunk, word) in bytes.chunks_exact_mut(8).zip(self.sum) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        // Hashed once more, so that no run without marks shows a row of zeros.
        Digest::of(&bytes)
    }
}

/// Kind, length where it varies, content: no two values share an encoding.
fn encode(into: &mut Vec<u8>, value: Value<'_>) {
    let (tag, bytes) = match value {
        Value::Number(number) => {
            into.push(0);
            into.extend_from_slice(&number.to_le_bytes());
            return;
        }
        Value::Text(text) => (1, text.as_bytes()),
        Value::Bytes(bytes) => (2, bytes),
    };
    into.push(tag);
    into.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    into.extend_from_slice(bytes);
}

fn words(bytes: &[u8; 32]) -> [u64; 4] {
    let word = |index: usize| {
        u64::from_le_bytes(bytes[8 * index..8 * index + 8].try_into().expect("eight bytes of thirty-two"))
    };
    [word(0), word(1), word(2), word(3)]
}

/// Addition modulo 2^256.
fn add(left: [u64; 4], right: [u64; 4]) -> [u64; 4] {
    let mut sum = [0; 4];
    let mut carry = false;
    for index in 0..4 {
        let (partial, over) = left[index].overflowing_add(right[index]);
        let (total, over_again) = partial.overflowing_add(u64::from(carry));
        sum[index] = total;
        carry = over || over_again;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn digest(marks: &[(u8, u64)]) -> Digest {
        let mut semantic = Semantic::new();
        for &(subject, value) in marks {
            semantic.mark("m", Value::Number(i128::from(subject)), &[Value::Number(i128::from(value))]);
        }
        semantic.digest()
    }

    proptest! {
        /// Any interleaving of subjects has one digest: a stable sort by subject is one of them.
        #[test]
        fn the_order_between_subjects_is_free(marks in prop::collection::vec((0u8..4, any::<u64>()), 0..40)) {
            let mut by_subject = marks.clone();
            by_subject.sort_by_key(|&(subject, _)| subject);
            prop_assert_eq!(digest(&marks), digest(&by_subject));
        }

        #[test]
        fn the_order_within_a_subject_is_kept(a: u64, b: u64) {
            prop_assume!(a != b);
            prop_assert_ne!(digest(&[(1, a), (1, b)]), digest(&[(1, b), (1, a)]));
        }

        #[test]
        fn addition_is_that_of_256_bits(left: [u64; 4], right: [u64; 4]) {
            let sum = add(left, right);
            let mut carry = 0u128;
            for index in 0..4 {
                let total = u128::from(left[index]) + u128::from(right[index]) + carry;
                prop_assert_eq!(sum[index], total as u64);
                carry = total >> 64;
            }
        }
    }

    #[test]
    fn a_mark_is_told_from_its_neighbors() {
        assert_ne!(digest(&[]), digest(&[(0, 0)]));
        assert_ne!(digest(&[(0, 1)]), digest(&[(1, 0)]));
    }
}
