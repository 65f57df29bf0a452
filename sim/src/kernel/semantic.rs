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

    /// Folds a mark, whose name has that hash, and answers the first 64 bits of the mark's own.
    pub(super) fn mark(&mut self, name: u64, subject: Value<'_>, values: &[Value<'_>]) -> u64 {
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
        varint(&mut self.scratch, u128::from(number));
        self.scratch.extend_from_slice(&name.to_le_bytes());
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

/// Kind, length where it varies, content: none is the beginning of another. Short, because what fits into one
/// block of the hash costs a third of what needs three.
fn encode(into: &mut Vec<u8>, value: Value<'_>) {
    let (tag, bytes) = match value {
        Value::Number(number) => {
            into.push(0);
            // Zigzag: small numbers of either sign are short.
            varint(into, (number << 1 ^ number >> 127) as u128);
            return;
        }
        Value::Text(text) => (1, text.as_bytes()),
        Value::Bytes(bytes) => (2, bytes),
    };
    into.push(tag);
    varint(into, bytes.len() as u128);
    into.extend_from_slice(bytes);
}

/// Seven bits a byte, the lowest first; the eighth says that more follow (LEB128).
fn varint(into: &mut Vec<u8>, mut value: u128) {
    while value >= 0x80 {
        into.push(value as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
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

    #[derive(Clone, Debug, PartialEq)]
    enum Owned {
        Number(i128),
        Text(String),
        Bytes(Vec<u8>),
    }

    impl Owned {
        fn borrowed(&self) -> Value<'_> {
            match self {
                Owned::Number(number) => Value::Number(*number),
                Owned::Text(text) => Value::Text(text),
                Owned::Bytes(bytes) => Value::Bytes(bytes),
            }
        }
    }

    fn value() -> impl Strategy<Value = Owned> {
        prop_oneof![
            any::<i128>().prop_map(Owned::Number),
            (-200i128..200).prop_map(Owned::Number),
            "[ab]{0,3}".prop_map(Owned::Text),
            prop::collection::vec(0u8..3, 0..3).prop_map(Owned::Bytes),
        ]
    }

    fn digest(marks: &[(u8, u64)]) -> Digest {
        let mut semantic = Semantic::new();
        for &(subject, value) in marks {
            semantic.mark(7, Value::Number(i128::from(subject)), &[Value::Number(i128::from(value))]);
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

        /// No two values share an encoding, and none begins another's.
        #[test]
        fn values_are_told_apart(left in value(), right in value()) {
            let (mut one, mut other) = (Vec::new(), Vec::new());
            encode(&mut one, left.borrowed());
            encode(&mut other, right.borrowed());
            prop_assert_eq!(other.starts_with(&one), left == right);
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
