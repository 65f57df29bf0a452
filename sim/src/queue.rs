//! The event queue: what happens next, in (time, sequence) order.
//!
//! A ring of buckets of 16 µs with a bitmap over them, so that an idle stretch costs one bit scan and
//! not a walk; a bucket is sorted when time reaches it. What lies beyond the ring waits in a heap. The few
//! entries that come before all others are kept in order beside the ring: a world with little under way has
//! no more than those.
//! A hundred timers and 250,000 messages in flight both cost a few tens of nanoseconds an entry.
//! This file knows nothing of what an entry means.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Nanoseconds of a bucket: 2^14, about 16 µs.
const BUCKET_SHIFT: u32 = 14;
/// Buckets of the ring: 4,096, about 67 ms.
const BUCKET_COUNT: usize = 4096;
/// Entries that may be kept in order before their bucket's time.
const FRONT_COUNT: usize = 8;
/// How many entries [`EventQueue::soon`] shows at once.
const SOON_COUNT: usize = 16;
const BUCKET_MASK: u64 = BUCKET_COUNT as u64 - 1;
/// From this many entries on a bucket is sorted by digits.
const RADIX_COUNT_MIN: usize = 128;
/// Two digits are what the times of one bucket differ in.
const DIGIT_BITS: u32 = BUCKET_SHIFT / 2;
const _: () = assert!(2 * DIGIT_BITS == BUCKET_SHIFT);
const WORD_COUNT: usize = BUCKET_COUNT / 64;
const _: () = assert!(WORD_COUNT == 64, "the summary is one word");

/// The last time there is: one more is never.
pub(crate) const TIME_MAX: u64 = u64::MAX - 1;

/// One thing to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry<T> {
    pub(crate) at: u64,
    /// Position in order of scheduling; breaks ties and identifies the entry.
    pub(crate) seq: u64,
    pub(crate) what: T,
}

impl<T> Entry<T> {
    #[inline]
    fn key(&self) -> (u64, u64) {
        (self.at, self.seq)
    }
}

pub(crate) struct EventQueue<T> {
    /// Invariant: sorted, latest first; each comes before all of `ring` and `far`. It holds every entry before
    /// the end of bucket `cursor`, and at most [`FRONT_COUNT`] of later ones.
    current: Vec<Entry<T>>,
    /// The absolute number of the bucket that time has come to.
    cursor: u64,
    /// Unsorted entries of the buckets after `cursor`, within one turn of the ring.
    ring: Vec<Vec<Entry<T>>>,
    /// The earliest time in each bucket; meaningful where its bit is set.
    ring_min: Vec<u64>,
    occupied: [u64; WORD_COUNT],
    /// One bit for each word of `occupied` that is not zero.
    summary: u64,
    /// Entries at least one turn of the ring after `cursor`.
    far: BinaryHeap<Far<T>>,
    /// Emptied buckets, kept for their capacity.
    spare: Vec<Vec<Entry<T>>>,
    len: usize,
    next_seq: u64,
    /// The earliest time in `ring` and `far`; `u64::MAX` when they are empty.
    rest_at: u64,
}

/// An entry of the heap: the earliest is the greatest.
struct Far<T>(Entry<T>);

impl<T> PartialEq for Far<T> {
    fn eq(&self, other: &Far<T>) -> bool {
        self.0.key() == other.0.key()
    }
}
impl<T> Eq for Far<T> {}
impl<T> PartialOrd for Far<T> {
    fn partial_cmp(&self, other: &Far<T>) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Far<T> {
    fn cmp(&self, other: &Far<T>) -> Ordering {
        other.0.key().cmp(&self.0.key())
    }
}

impl<T: Copy> EventQueue<T> {
    pub(crate) fn new() -> EventQueue<T> {
        EventQueue {
            current: Vec::new(),
            cursor: 0,
            ring: std::iter::repeat_with(Vec::new).take(BUCKET_COUNT).collect(),
            ring_min: vec![0; BUCKET_COUNT],
            occupied: [0; WORD_COUNT],
            summary: 0,
            far: BinaryHeap::new(),
            spare: Vec::new(),
            len: 0,
            next_seq: 0,
            rest_at: u64::MAX,
        }
    }

    /// Entries waiting, cancelled ones included.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Adds an entry and answers its sequence number. `now` is never after `at`; what lies beyond the end of
    /// time comes at its end.
    #[inline]
    pub(crate) fn push(&mut self, now: u64, at: u64, what: T) -> u64 {
        debug_assert!(now <= at, "an event in the past");
        if self.len == 0 {
            self.cursor = now >> BUCKET_SHIFT;
        }
        let seq = self.next_seq;
        self.next_seq += 1;
        self.len += 1;
        let entry = Entry { at: at.min(TIME_MAX), seq, what };
        let is_far_off =
            entry.at >= self.rest_at || self.current.len() >= FRONT_COUNT && entry.at >= self.current[0].at;
        if is_far_off && entry.at >> BUCKET_SHIFT > self.cursor {
            self.put_by(entry);
        } else {
            self.put_in_order(entry);
        }
        seq
    }

    /// Puts an entry among those that are in order.
    #[inline]
    fn put_in_order(&mut self, entry: Entry<T>) {
        // What comes next tends to be near the end: few entries move.
        let mut index = self.current.len();
        while index > 0 && self.current[index - 1].key() < entry.key() {
            index -= 1;
        }
        self.current.insert(index, entry);
        if self.current.len() > FRONT_COUNT && self.current[0].at >> BUCKET_SHIFT > self.cursor {
            self.put_back();
        }
    }

    /// The last of those in order gives way: its bucket's time has not come.
    fn put_back(&mut self) {
        let last = self.current.remove(0);
        let bucket = last.at >> BUCKET_SHIFT;
        let slot = (bucket & BUCKET_MASK) as usize;
        if last.at == self.rest_at && bucket - self.cursor < BUCKET_COUNT as u64 {
            // Others of its time were put into the bucket meanwhile. They come after it.
            self.ring[slot].insert(0, last);
        } else {
            self.put_by(last);
        }
    }

    /// Puts an entry by, until its bucket's time comes.
    #[inline]
    fn put_by(&mut self, entry: Entry<T>) {
        self.rest_at = self.rest_at.min(entry.at);
        let bucket = entry.at >> BUCKET_SHIFT;
        if bucket - self.cursor >= BUCKET_COUNT as u64 {
            self.far.push(Far(entry));
            return;
        }
        let slot = (bucket & BUCKET_MASK) as usize;
        let word = slot / 64;
        let bit = 1 << (slot % 64);
        if self.occupied[word] & bit == 0 {
            self.occupied[word] |= bit;
            self.summary |= 1 << word;
            self.ring_min[slot] = entry.at;
            if self.ring[slot].capacity() == 0
                && let Some(spare) = self.spare.pop()
            {
                self.ring[slot] = spare;
            }
        } else if entry.at < self.ring_min[slot] {
            self.ring_min[slot] = entry.at;
        }
        self.ring[slot].push(entry);
    }

    /// When the next entry is due; `u64::MAX` when there is none. Moves nothing.
    #[inline]
    pub(crate) fn next_at(&self) -> u64 {
        self.current.last().map_or(self.rest_at, |entry| entry.at)
    }

    /// The earliest time that was put by.
    #[inline]
    fn find_rest(&self) -> u64 {
        if self.summary != 0 {
            self.ring_min[self.next_slot()]
        } else {
            self.far.peek().map_or(u64::MAX, |far| far.0.at)
        }
    }

    /// Takes the next entry.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Entry<T>> {
        if self.current.is_empty() && !self.advance() {
            return None;
        }
        self.len -= 1;
        let entry = self.current.pop()?;
        // The bucket itself may hold others that were put by.
        let before = (entry.at >> BUCKET_SHIFT).saturating_sub(1);
        if before > self.cursor {
            self.cursor = before;
            self.bring_near();
        }
        Some(entry)
    }

    /// Every so many entries: what is due soon, as far as it is known without a search; otherwise nothing.
    #[inline]
    pub(crate) fn soon(&self) -> &[Entry<T>] {
        let left = self.current.len();
        if left.is_multiple_of(SOON_COUNT) { &self.current[left.saturating_sub(SOON_COUNT)..] } else { &[] }
    }

    /// The occupied slot that comes first after the cursor. At least one bit is set.
    #[inline]
    fn next_slot(&self) -> usize {
        let start = ((self.cursor + 1) & BUCKET_MASK) as usize;
        let word = start / 64;
        let here = self.occupied[word] & (!0 << (start % 64));
        if here != 0 {
            return word * 64 + here.trailing_zeros() as usize;
        }
        // The words after this one, then around; this word's own lower bits come last.
        let turned = self.summary.rotate_right(word as u32 + 1);
        let next = (word + 1 + turned.trailing_zeros() as usize) % WORD_COUNT;
        next * 64 + self.occupied[next].trailing_zeros() as usize
    }

    /// Moves the cursor to the next bucket that holds something; false when there is none.
    fn advance(&mut self) -> bool {
        debug_assert!(self.current.is_empty());
        if self.summary == 0 {
            let Some(far) = self.far.peek() else { return false };
            self.cursor = (far.0.at >> BUCKET_SHIFT) - 1;
            self.bring_near();
        }
        let slot = self.next_slot();
        let here = self.cursor & BUCKET_MASK;
        self.cursor += (slot as u64).wrapping_sub(here) & BUCKET_MASK;
        let word = slot / 64;
        self.occupied[word] &= !(1 << (slot % 64));
        if self.occupied[word] == 0 {
            self.summary &= !(1 << word);
        }
        let emptied = std::mem::replace(&mut self.current, std::mem::take(&mut self.ring[slot]));
        if emptied.capacity() > 0 {
            self.spare.push(emptied);
        }
        self.sort_current();
        self.bring_near();
        self.rest_at = self.find_rest();
        true
    }

    /// Time has moved: what was beyond the ring may be within it.
    #[inline]
    fn bring_near(&mut self) {
        while let Some(far) = self.far.peek()
            && (far.0.at >> BUCKET_SHIFT) - self.cursor < BUCKET_COUNT as u64
        {
            let far = self.far.pop().expect("it was just seen");
            self.put_by(far.0);
        }
    }

    /// Sorts a bucket that time has reached, latest first.
    #[inline]
    fn sort_current(&mut self) {
        match self.current.len() {
            0 | 1 => {}
            RADIX_COUNT_MIN.. => self.sort_current_by_digits(),
            _ => self.current.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.key())),
        }
    }

    /// Sorts a full bucket by the two digits in which the times of one bucket differ, a fifth of the cost of
    /// comparing. Each pass keeps the order of equals, and equal times stand in order of their sequence:
    /// entries come out of the heap in that order, and before any that was put into the ring directly.
    #[inline(never)]
    fn sort_current_by_digits(&mut self) {
        // The first pass turns the order of equals round, as latest first wants it; the second keeps it.
        let mut scratch = self.spare.pop().unwrap_or_default();
        scratch.clear();
        scratch.extend_from_slice(&self.current);
        distribute(&self.current, &mut scratch, 0, true);
        distribute(&scratch, &mut self.current, DIGIT_BITS, false);
        scratch.clear();
        self.spare.push(scratch);
        debug_assert!(self.current.is_sorted_by(|a, b| a.key() > b.key()));
    }

    /// Forgets every entry that is no longer wanted. The caller does this when cancelled entries have
    /// come to outnumber the others, so that it costs a constant for each.
    pub(crate) fn retain(&mut self, mut wanted: impl FnMut(&Entry<T>) -> bool) {
        self.current.retain(&mut wanted);
        self.far.retain(|far| wanted(&far.0));
        self.len = self.current.len() + self.far.len();
        for slot in 0..BUCKET_COUNT {
            if self.occupied[slot / 64] & (1 << (slot % 64)) == 0 {
                continue;
            }
            let bucket = &mut self.ring[slot];
            bucket.retain(&mut wanted);
            self.len += bucket.len();
            if let Some(earliest) = bucket.iter().map(|entry| entry.at).min() {
                self.ring_min[slot] = earliest;
            } else {
                self.occupied[slot / 64] &= !(1 << (slot % 64));
                if self.occupied[slot / 64] == 0 {
                    self.summary &= !(1 << (slot / 64));
                }
            }
        }
        self.rest_at = self.find_rest();
    }
}

/// One pass: puts every entry of `from` where it belongs by one digit of its time, latest first. Equals keep
/// their order, or with `turned` are put the other way round.
fn distribute<T: Copy>(from: &[Entry<T>], to: &mut [Entry<T>], shift: u32, turned: bool) {
    const DIGIT_COUNT: usize = 1 << DIGIT_BITS;
    let digit = |entry: &Entry<T>| (entry.at >> shift) as usize & (DIGIT_COUNT - 1);
    let mut ends = [0u32; DIGIT_COUNT];
    for entry in from {
        ends[digit(entry)] += 1;
    }
    let mut end = 0;
    for count in ends.iter_mut().rev() {
        end += *count;
        *count = end;
    }
    let mut put = |entry: &Entry<T>| {
        let place = &mut ends[digit(entry)];
        *place -= 1;
        to[*place as usize] = *entry;
    };
    if turned { from.iter().for_each(&mut put) } else { from.iter().rev().for_each(&mut put) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Op {
        Push(u64),
        Pop,
        RetainEven,
    }

    fn op() -> impl Strategy<Value = Op> {
        // Delays of every magnitude: within a bucket, within the ring, beyond it, and exactly on edges.
        let delay = (0u32..40, any::<u64>()).prop_map(|(bits, word)| word & ((1u64 << bits) - 1));
        let edge = (0u64..9000).prop_map(|buckets| buckets << BUCKET_SHIFT);
        prop_oneof![
            4 => delay.prop_map(Op::Push),
            1 => edge.prop_map(Op::Push),
            4 => Just(Op::Pop),
            1 => Just(Op::RetainEven),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]
        #[test]
        fn agrees_with_an_ordered_map(ops in prop::collection::vec(op(), 1..300)) {
            let mut queue = EventQueue::new();
            let mut reference = BTreeMap::new();
            let mut now = 0;
            for op in ops {
                match op {
                    Op::Push(delay) => {
                        let at = now + delay;
                        let seq = queue.push(now, at, delay);
                        reference.insert((at, seq), delay);
                    }
                    Op::Pop => {
                        let expected = reference.pop_first();
                        prop_assert_eq!(
                            queue.next_at(),
                            expected.map_or(u64::MAX, |((at, _), _)| at)
                        );
                        let popped = queue.pop().map(|entry| ((entry.at, entry.seq), entry.what));
                        prop_assert_eq!(popped, expected);
                        now = popped.map_or(now, |((at, _), _)| at);
                    }
                    Op::RetainEven => {
                        queue.retain(|entry| entry.seq % 2 == 0);
                        reference.retain(|(_, seq), _| seq % 2 == 0);
                    }
                }
                prop_assert_eq!(queue.len(), reference.len());
            }
            while let Some(entry) = queue.pop() {
                prop_assert_eq!(Some(((entry.at, entry.seq), entry.what)), reference.pop_first());
            }
            prop_assert!(reference.is_empty());
        }

        /// Few times that many entries share, pushed in any order, so that those in front give way to earlier ones.
        #[test]
        fn shared_times_agree_with_an_ordered_map(
            apart in prop_oneof![1u64..200, 10_000u64..30_000, 50_000_000u64..90_000_000],
            steps in prop::collection::vec((0u64..12, 0usize..4), 1..400),
        ) {
            let mut queue = EventQueue::new();
            let mut reference = BTreeMap::new();
            let mut now = 0;
            for (time, pops) in steps {
                let at = now.max(time * apart);
                reference.insert((at, queue.push(now, at, time)), time);
                // Two pushes for a pop, so that the queue grows.
                for _ in 0..pops / 2 {
                    let popped = queue.pop().map(|entry| ((entry.at, entry.seq), entry.what));
                    prop_assert_eq!(popped, reference.pop_first());
                    now = popped.map_or(now, |((at, _), _)| at.max(now));
                }
                prop_assert_eq!(queue.next_at(), reference.first_key_value().map_or(u64::MAX, |(key, _)| key.0));
                prop_assert_eq!(queue.len(), reference.len());
            }
            while let Some(entry) = queue.pop() {
                prop_assert_eq!(Some(((entry.at, entry.seq), entry.what)), reference.pop_first());
            }
            prop_assert!(reference.is_empty());
        }

        /// Full buckets, with many entries of one time, some of which waited in the heap first.
        #[test]
        fn full_buckets_agree_with_an_ordered_map(
            far in 1_000_000u64..200_000_000,
            times in prop::collection::vec(0u64..60, 100..600),
            step in 1u64..2000,
        ) {
            let mut queue = EventQueue::new();
            let mut reference = BTreeMap::new();
            let mut now = 0;
            for round in 1..4 {
                let begin = round * far * 2;
                for (index, time) in times.iter().enumerate() {
                    if index == times.len() / 2 {
                        // Time comes near: what is pushed from here on goes into the ring directly.
                        reference.insert((begin - 1, queue.push(now, begin - 1, 0)), 0);
                        prop_assert_eq!(queue.pop().map(|entry| entry.at), Some(begin - 1));
                        reference.pop_first();
                        now = begin - 1;
                    }
                    let at = begin + time * step;
                    reference.insert((at, queue.push(now, at, *time)), *time);
                }
                prop_assert_eq!(queue.len(), times.len());
                while let Some(entry) = queue.pop() {
                    prop_assert_eq!(Some(((entry.at, entry.seq), entry.what)), reference.pop_first());
                    now = entry.at;
                }
                prop_assert!(reference.is_empty());
            }
        }
    }
}
