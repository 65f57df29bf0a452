//! Free slots, the lowest first.
//!
//! Whatever order slots come back in, they are taken in order of memory: a burst of messages is written
//! from one end to the other, and a few messages stay in the few slots that are warm.

#[derive(Debug, Default)]
pub(crate) struct FreeSlots {
    /// A bit for each slot that is free.
    words: Vec<u64>,
    /// A bit for each word of `words` that is not zero.
    summary: Vec<u64>,
    /// No word of `summary` before this one has a bit.
    first: usize,
}

impl FreeSlots {
    /// Takes the lowest.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<u32> {
        while self.first < self.summary.len() {
            let above = self.summary[self.first];
            if above == 0 {
                self.first += 1;
                continue;
            }
            let index = self.first * 64 + above.trailing_zeros() as usize;
            let word = &mut self.words[index];
            let slot = index * 64 + word.trailing_zeros() as usize;
            *word &= *word - 1;
            if *word == 0 {
                self.summary[self.first] &= above - 1;
            }
            return Some(slot as u32);
        }
        None
    }

    /// Gives one back.
    #[inline]
    pub(crate) fn give(&mut self, slot: u32) {
        let (index, bit) = (slot as usize / 64, slot % 64);
        if index >= self.words.len() {
            self.words.resize(index + 1, 0);
            self.summary.resize(index / 64 + 1, 0);
        }
        debug_assert!(self.words[index] & 1 << bit == 0, "a slot is given back once");
        self.words[index] |= 1 << bit;
        self.summary[index / 64] |= 1 << (index % 64);
        self.first = self.first.min(index / 64);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_an_ordered_set(ops in prop::collection::vec((prop::bool::ANY, 0u32..20_000), 1..500)) {
            let mut free = FreeSlots::default();
            let mut reference = BTreeSet::new();
            for (take, slot) in ops {
                if take {
                    prop_assert_eq!(free.take(), reference.pop_first());
                } else if reference.insert(slot) {
                    free.give(slot);
                }
            }
            while let Some(slot) = free.take() {
                prop_assert_eq!(Some(slot), reference.pop_first());
            }
            prop_assert!(reference.is_empty());
        }
    }
}
