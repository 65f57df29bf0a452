//! The event queue: what happens next, in (time, sequence) order.
//!
//! The few entries that come before all others are kept in order: a world with little under way has no more
//! than those. The rest is put by, in two wheels of buckets (of 16 µs within 16 ms, and of 16 ms within 17 s)
//! and, beyond those, in a heap. A bucket is sorted when time reaches it.
//! A hundred timers and 250,000 messages in flight both cost a few tens of nanoseconds an entry.
//! This room knows nothing of what an entry means.

mod sort;
mod wheel;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use wheel::{SLOT_BITS, Wheel};

/// Nanoseconds of a bucket of the inner wheel: 2^14, about 16 µs.
const BUCKET_SHIFT: u32 = 14;
/// Entries that may be kept in order before their bucket's time.
const FRONT_COUNT: usize = 8;
/// How many entries [`EventQueue::soon`] shows at once.
const SOON_COUNT: usize = 16;

/// The last time there is: one more is never.
pub(crate) const TIME_MAX: u64 = u64::MAX - 1;

/// One thing to happen. In order of time, then of scheduling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) at: u64,
    /// Position in order of scheduling; breaks ties and identifies the entry.
    pub(crate) seq: u64,
    /// What the kernel makes of it.
    pub(crate) what: u64,
}

impl Entry {
    /// The bucket of the inner wheel that it belongs to, counted from the beginning of time.
    #[inline]
    fn bucket(&self) -> u64 {
        self.at >> BUCKET_SHIFT
    }

    #[inline]
    fn is_before(&self, other: &Entry) -> bool {
        (self.at, self.seq) < (other.at, other.seq)
    }
}

pub(crate) struct EventQueue {
    /// Invariant: sorted, latest first; each comes before all that is put by. It holds every entry of the
    /// buckets before `open`, and at most [`FRONT_COUNT`] of later ones.
    front: Vec<Entry>,
    /// The first bucket that entries may be put by in.
    open: u64,
    /// The earliest time that is put by; `u64::MAX` when nothing is.
    rest_at: u64,
    len: usize,
    next_seq: u64,
    /// Buckets of the same turn of the inner wheel as `open`.
    inner: Wheel,
    /// Later turns of the inner wheel, in the same turn of the outer wheel as `open`.
    outer: Wheel,
    /// Later turns of the outer wheel.
    far: BinaryHeap<Reverse<Entry>>,
    /// Emptied buckets, kept for their capacity.
    spare: Vec<Vec<Entry>>,
}

impl EventQueue {
    pub(crate) fn new() -> EventQueue {
        EventQueue {
            front: Vec::new(),
            open: 0,
            rest_at: u64::MAX,
            len: 0,
            next_seq: 0,
            inner: Wheel::new(),
            outer: Wheel::new(),
            far: BinaryHeap::new(),
            spare: Vec::new(),
        }
    }

    /// Entries waiting, cancelled ones included.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Adds an entry and answers its sequence number. `now` is never after `at`; what lies beyond the end of
    /// time comes at its end.
    #[inline]
    pub(crate) fn push(&mut self, now: u64, at: u64, what: u64) -> u64 {
        debug_assert!(now <= at, "an event in the past");
        if self.len == 0 {
            self.open = (now >> BUCKET_SHIFT) + 1;
        }
        let at = at.min(TIME_MAX);
        let seq = self.next_seq;
        self.next_seq += 1;
        self.len += 1;
        let is_behind = at >= self.rest_at || self.front.len() >= FRONT_COUNT && at >= self.front[0].at;
        if is_behind && at >> BUCKET_SHIFT >= self.open {
            self.put_by(at, seq, what);
        } else {
            self.put_in_order(Entry { at, seq, what });
        }
        seq
    }

    /// Puts an entry among those that are in order.
    #[inline]
    fn put_in_order(&mut self, entry: Entry) {
        // What comes next tends to be near the end: few entries move.
        let mut index = self.front.len();
        while index > 0 && self.front[index - 1].is_before(&entry) {
            index -= 1;
        }
        self.front.insert(index, entry);
        if self.front.len() > FRONT_COUNT && self.front[0].bucket() >= self.open {
            self.give_way();
        }
    }

    /// The last of those in order is put by.
    fn give_way(&mut self) {
        let last = self.front.remove(0);
        if last.at == self.rest_at {
            // Others of its time were put by meanwhile. They come after it.
            self.put_by_first(last);
        } else {
            self.put_by(last.at, last.seq, last.what);
        }
    }

    /// Puts an entry by, until its bucket's time comes. What it is made of comes one by one, since what was just
    /// written in parts and is read whole stalls the core.
    #[inline]
    fn put_by(&mut self, at: u64, seq: u64, what: u64) {
        self.rest_at = self.rest_at.min(at);
        let entry = Entry { at, seq, what };
        let bucket = entry.bucket();
        let apart = bucket ^ self.open;
        if apart >> SLOT_BITS == 0 {
            self.inner.push(bucket, entry, &mut self.spare);
        } else if apart >> (2 * SLOT_BITS) == 0 {
            self.outer.push(bucket >> SLOT_BITS, entry, &mut self.spare);
        } else {
            self.far.push(Reverse(entry));
        }
    }

    /// As [`EventQueue::put_by`], before the others of its time.
    #[cold]
    fn put_by_first(&mut self, entry: Entry) {
        let bucket = entry.bucket();
        let apart = bucket ^ self.open;
        if apart >> SLOT_BITS == 0 {
            self.inner.push_first(bucket, entry);
        } else if apart >> (2 * SLOT_BITS) == 0 {
            self.outer.push_first(bucket >> SLOT_BITS, entry);
        } else {
            self.far.push(Reverse(entry));
        }
    }

    /// When the next entry is due; `u64::MAX` when there is none. Moves nothing.
    #[inline]
    pub(crate) fn next_at(&self) -> u64 {
        self.front.last().map_or(self.rest_at, |entry| entry.at)
    }

    /// The earliest time that is put by.
    #[inline]
    fn find_rest(&self) -> u64 {
        let near = self.inner.first_at().or_else(|| self.outer.first_at());
        near.unwrap_or_else(|| self.far.peek().map_or(u64::MAX, |far| far.0.at))
    }

    /// Takes the next entry.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Entry> {
        if self.front.is_empty() && !self.advance() {
            return None;
        }
        self.len -= 1;
        let entry = self.front.pop()?;
        // Others of its bucket may be put by.
        if entry.bucket() > self.open {
            self.open_at(entry.bucket());
        }
        Some(entry)
    }

    /// Every so many entries: what is due soon, as far as it is known without a search; otherwise nothing.
    #[inline]
    pub(crate) fn soon(&self) -> &[Entry] {
        let left = self.front.len();
        if left.is_multiple_of(SOON_COUNT) { &self.front[left.saturating_sub(SOON_COUNT)..] } else { &[] }
    }

    /// Takes the next bucket that holds something to the front; false when there is none.
    fn advance(&mut self) -> bool {
        debug_assert!(self.front.is_empty());
        if self.inner.is_empty() {
            let turn = self.open >> SLOT_BITS;
            if let Some(slot) = self.outer.first_slot() {
                self.open_at(Wheel::number(turn, slot) << SLOT_BITS);
            } else if let Some(far) = self.far.peek() {
                self.open_at(far.0.bucket());
            } else {
                return false;
            }
        }
        let slot = self.inner.first_slot().expect("a turn was opened because it holds something");
        let bucket = Wheel::number(self.open, slot);
        let emptied = std::mem::replace(&mut self.front, self.inner.take(slot));
        if emptied.capacity() > 0 {
            self.spare.push(emptied);
        }
        sort::sort(&mut self.front, &mut self.spare);
        self.open_at(bucket + 1);
        self.rest_at = self.find_rest();
        true
    }

    /// Time has come to a bucket: nothing before it is put by.
    #[inline]
    fn open_at(&mut self, bucket: u64) {
        let before = std::mem::replace(&mut self.open, bucket);
        if (before ^ bucket) >> SLOT_BITS != 0 {
            self.turn(before);
        }
    }

    /// A wheel begins another turn: what waited for that goes where it now belongs. What comes out has the order
    /// of scheduling among equal times, and goes before all that is put by from here on.
    fn turn(&mut self, before: u64) {
        debug_assert!(self.inner.is_empty());
        if (before ^ self.open) >> (2 * SLOT_BITS) != 0 {
            debug_assert!(self.outer.is_empty());
            while let Some(Reverse(entry)) = self.far.peek().copied()
                && (entry.bucket() ^ self.open) >> (2 * SLOT_BITS) == 0
            {
                self.far.pop();
                self.put_by(entry.at, entry.seq, entry.what);
            }
        }
        let mut entries = self.outer.take(Wheel::slot(self.open >> SLOT_BITS));
        for entry in entries.drain(..) {
            self.inner.push(entry.bucket(), entry, &mut self.spare);
        }
        if entries.capacity() > 0 {
            self.spare.push(entries);
        }
    }

    /// Forgets every entry that is no longer wanted. The caller does this when cancelled entries have
    /// come to outnumber the others, so that it costs a constant for each.
    pub(crate) fn retain(&mut self, mut wanted: impl FnMut(&Entry) -> bool) {
        self.front.retain(&mut wanted);
        self.far.retain(|far| wanted(&far.0));
        let put_by = self.inner.retain(&mut wanted) + self.outer.retain(&mut wanted);
        self.len = self.front.len() + put_by + self.far.len();
        self.rest_at = self.find_rest();
    }
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
        // Delays of every magnitude: within a bucket, a wheel, the next, beyond both, and exactly on edges.
        let delay = (0u32..40, any::<u64>()).prop_map(|(bits, word)| word & ((1u64 << bits) - 1));
        let edge =
            (0u64..3000, 0u32..=2).prop_map(|(turns, wheel)| turns << (BUCKET_SHIFT + wheel * SLOT_BITS));
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
