//! A wheel of buckets: entries of one turn, unsorted, by the slot of their time.
//!
//! One wheel of the hierarchy of Varghese and Lauck, *Hashed and Hierarchical Timing Wheels* (1987). A bitmap
//! over the slots makes an idle stretch cost one bit scan and not a walk. A turn begins where the number of its
//! first bucket divides by the slots: within a turn the order of slots is the order of time, and nothing wraps.

use super::Entry;

/// Slots of a wheel: 2^10, so that the summary of the bitmap is one word.
pub(super) const SLOT_BITS: u32 = 10;
const SLOT_COUNT: usize = 1 << SLOT_BITS;
const SLOT_MASK: u64 = SLOT_COUNT as u64 - 1;
const WORD_COUNT: usize = SLOT_COUNT / 64;

#[derive(Default)]
struct Bucket {
    /// Of equal times the one that was scheduled first stands first.
    entries: Vec<Entry>,
    /// The earliest time in it; meaningful while it holds something.
    first_at: u64,
}

pub(super) struct Wheel {
    buckets: Box<[Bucket]>,
    /// One bit for each bucket that holds something.
    occupied: [u64; WORD_COUNT],
    /// One bit for each word of `occupied` that is not zero.
    summary: u64,
}

impl Wheel {
    pub(super) fn new() -> Wheel {
        Wheel {
            buckets: std::iter::repeat_with(Bucket::default).take(SLOT_COUNT).collect(),
            occupied: [0; WORD_COUNT],
            summary: 0,
        }
    }

    /// The slot of a bucket, by the bucket's number.
    #[inline]
    pub(super) fn slot(number: u64) -> usize {
        (number & SLOT_MASK) as usize
    }

    /// The number of the bucket that has a slot in the same turn as another bucket.
    #[inline]
    pub(super) fn number(other: u64, slot: usize) -> u64 {
        other & !SLOT_MASK | slot as u64
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.summary == 0
    }

    /// Adds an entry to the bucket of this number, after the others of its time.
    #[inline]
    pub(super) fn push(&mut self, number: u64, entry: Entry, spare: &mut Vec<Vec<Entry>>) {
        let slot = Wheel::slot(number);
        let bucket = &mut self.buckets[slot];
        let bit = 1 << (slot % 64);
        if self.occupied[slot / 64] & bit == 0 {
            self.occupied[slot / 64] |= bit;
            self.summary |= 1 << (slot / 64);
            bucket.first_at = entry.at;
            if bucket.entries.capacity() == 0
                && let Some(spare) = spare.pop()
            {
                bucket.entries = spare;
            }
        } else if entry.at < bucket.first_at {
            bucket.first_at = entry.at;
        }
        bucket.entries.push(entry);
    }

    /// Adds an entry to the bucket of this number, which holds its time already, before the others of its time.
    pub(super) fn push_first(&mut self, number: u64, entry: Entry) {
        let bucket = &mut self.buckets[Wheel::slot(number)];
        debug_assert!(bucket.entries.iter().any(|other| other.at == entry.at));
        bucket.entries.insert(0, entry);
    }

    /// The first slot that holds something.
    #[inline]
    pub(super) fn first_slot(&self) -> Option<usize> {
        if self.summary == 0 {
            return None;
        }
        let word = self.summary.trailing_zeros() as usize;
        Some(word * 64 + self.occupied[word].trailing_zeros() as usize)
    }

    /// The earliest time.
    #[inline]
    pub(super) fn first_at(&self) -> Option<u64> {
        self.first_slot().map(|slot| self.buckets[slot].first_at)
    }

    /// Empties a slot.
    #[inline]
    pub(super) fn take(&mut self, slot: usize) -> Vec<Entry> {
        self.vacate(slot);
        std::mem::take(&mut self.buckets[slot].entries)
    }

    #[inline]
    fn vacate(&mut self, slot: usize) {
        self.occupied[slot / 64] &= !(1 << (slot % 64));
        if self.occupied[slot / 64] == 0 {
            self.summary &= !(1 << (slot / 64));
        }
    }

    /// Forgets what is not wanted and answers how many entries are left.
    pub(super) fn retain(&mut self, mut wanted: impl FnMut(&Entry) -> bool) -> usize {
        let mut left = 0;
        for slot in 0..SLOT_COUNT {
            let bucket = &mut self.buckets[slot];
            bucket.entries.retain(&mut wanted);
            left += bucket.entries.len();
            match bucket.entries.iter().map(|entry| entry.at).min() {
                Some(first_at) => bucket.first_at = first_at,
                None => self.vacate(slot),
            }
        }
        left
    }
}
