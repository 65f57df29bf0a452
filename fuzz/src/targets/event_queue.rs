//! The event queue against an ordered map: events come in order of time, then of scheduling.

use std::collections::{BTreeMap, BTreeSet};

use arbitrary::{Arbitrary, Unstructured};
use sim::fuzzing::Queue;

/// The last time there is, as the queue has it: what lies beyond comes then.
const TIME_MAX: u64 = u64::MAX - 1;

#[derive(Clone, Copy, Debug)]
enum Act {
    /// Something is to happen after a delay below 2^bits nanoseconds.
    Push { bits: u8, delay: u64 },
    /// Something is to happen at the edge of a bucket or a turn of a wheel, or beside it.
    PushAtEdge { shift: u8, turns: u16, beside: i8 },
    /// Something is to happen at one of a few times that many share.
    PushShared { time: u8 },
    /// As many things at once as make a bucket full, at one such time or at a few beside it.
    Burst { time: u8, count: u8, beside: u8 },
    /// Something is to happen when something else does.
    PushBeside { nth: u16 },
    /// What is next happens.
    Pop,
    /// Something no longer happens; the kernel leaves such entries where they are.
    Cancel { nth: u16 },
    /// The kernel removes what is cancelled.
    Sweep,
}

impl Act {
    /// One byte says which, with the weights of a run; the next ones say the rest.
    fn read(input: &mut Unstructured<'_>) -> arbitrary::Result<Act> {
        Ok(match u8::arbitrary(input)? % 16 {
            0..3 => Act::Push { bits: u8::arbitrary(input)? % 44, delay: u64::arbitrary(input)? },
            3 => Act::Push { bits: u8::arbitrary(input)? % 65, delay: u64::arbitrary(input)? },
            4 => {
                let (shift, turns, beside) = <(u8, u16, i8)>::arbitrary(input)?;
                Act::PushAtEdge { shift, turns, beside }
            }
            5 => {
                let (time, count, beside) = <(u8, u8, u8)>::arbitrary(input)?;
                Act::Burst { time, count, beside }
            }
            6..8 => Act::PushShared { time: u8::arbitrary(input)? },
            8 => Act::PushBeside { nth: u16::arbitrary(input)? },
            9..14 => Act::Pop,
            14 => Act::Cancel { nth: u16::arbitrary(input)? },
            _ => Act::Sweep,
        })
    }
}

/// The queue, and what it should be: what waits, by time and sequence number.
struct Twins {
    queue: Queue,
    waiting: BTreeMap<(u64, u64), u64>,
    /// Cancelled, and still in the queue.
    cancelled: BTreeSet<(u64, u64)>,
    now: u64,
    pushed: u64,
    /// Nanoseconds between the times that many share.
    apart: u64,
}

/// Plays operations that the bytes say on both. The first byte says how far shared times lie apart.
///
/// # Panics
/// When they differ.
pub fn fuzz_one(bytes: &[u8]) {
    let Some((apart, acts)) = bytes.split_first() else { return };
    let mut twins = Twins {
        queue: Queue::new(),
        waiting: BTreeMap::new(),
        cancelled: BTreeSet::new(),
        now: 0,
        pushed: 0,
        apart: 3 << (apart % 32),
    };
    let mut input = Unstructured::new(acts);
    while !input.is_empty() {
        let Ok(act) = Act::read(&mut input) else { break };
        twins.act(act);
        twins.compare();
    }
    while twins.pop() {}
    assert!(twins.waiting.is_empty(), "{:?} never came", twins.waiting);
}

impl Twins {
    fn act(&mut self, act: Act) {
        match act {
            Act::Push { bits, delay } => {
                let mask = 1u64.checked_shl(bits.into()).map_or(u64::MAX, |bound| bound - 1);
                self.push(self.now.saturating_add(delay & mask));
            }
            Act::PushAtEdge { shift, turns, beside } => {
                let edge = u64::from(turns) << (shift % 48);
                self.push(edge.saturating_add_signed(beside.into()).max(self.now));
            }
            Act::PushShared { time } => self.push(self.shared(time)),
            Act::Burst { time, count, beside } => {
                let at = self.shared(time);
                // Now and then, or a queue would never run empty.
                for nth in 0..if beside < 64 { u64::from(count) } else { 1 } {
                    self.push(at.saturating_add(nth * 7 % (u64::from(beside % 8) + 1)));
                }
            }
            Act::PushBeside { nth } => {
                let at = self.nth(nth).map_or(self.now, |(at, _)| at);
                self.push(at);
            }
            Act::Pop => {
                self.pop();
            }
            Act::Cancel { nth } => {
                if let Some(key) = self.nth(nth) {
                    self.waiting.remove(&key);
                    self.cancelled.insert(key);
                }
            }
            Act::Sweep => {
                let gone: BTreeSet<u64> = self.cancelled.iter().map(|(_, seq)| *seq).collect();
                self.queue.retain(|seq| !gone.contains(&seq));
                self.cancelled.clear();
            }
        }
    }

    /// One of the times that many share, or now when that is past.
    fn shared(&self, time: u8) -> u64 {
        self.now.max(u64::from(time % 16) * self.apart)
    }

    fn push(&mut self, at: u64) {
        // What an entry means differs from its number, so that they cannot be taken for each other.
        let what = self.pushed.wrapping_mul(7) ^ 0x55;
        let seq = self.queue.push(self.now, at, what);
        assert_eq!(seq, self.pushed, "entries are numbered in the order in which they come");
        self.pushed += 1;
        self.waiting.insert((at.min(TIME_MAX), seq), what);
    }

    /// What waits at that place, counted around.
    fn nth(&self, nth: u16) -> Option<(u64, u64)> {
        let count = self.waiting.len();
        (count > 0)
            .then(|| *self.waiting.keys().nth(usize::from(nth) % count).expect("it is below the count"))
    }

    /// Takes the next that was not cancelled; false when there is none.
    fn pop(&mut self) -> bool {
        loop {
            let Some((at, seq, what)) = self.queue.pop() else {
                assert!(self.waiting.is_empty() && self.cancelled.is_empty(), "the queue forgot some");
                return false;
            };
            assert!(at >= self.now, "time goes on: {at} came after {}", self.now);
            self.now = at;
            let first_cancelled = self.cancelled.first().copied();
            let first = self.waiting.first_key_value().map(|(key, what)| (*key, *what));
            if first_cancelled == Some((at, seq)) && first.is_none_or(|(key, _)| (at, seq) < key) {
                self.cancelled.pop_first();
                continue;
            }
            assert_eq!(first, Some(((at, seq), what)), "the queue against an ordered map");
            assert!(first_cancelled.is_none_or(|key| (at, seq) < key), "a cancelled entry was passed over");
            self.waiting.pop_first();
            return true;
        }
    }

    fn compare(&self) {
        assert_eq!(self.queue.count(), self.waiting.len() + self.cancelled.len());
        let soon = self.queue.soon();
        let firsts = self.waiting.keys().take(soon.len().max(1));
        let mut firsts: Vec<_> =
            firsts.chain(self.cancelled.iter().take(soon.len().max(1))).copied().collect();
        firsts.sort_unstable();
        assert_eq!(self.queue.next_at(), firsts.first().map_or(u64::MAX, |(at, _)| *at));
        let soon: Vec<(u64, u64)> = soon.iter().rev().map(|(at, seq, _)| (*at, *seq)).collect();
        assert!(firsts.starts_with(&soon), "what is due soon is what comes next: {soon:?} of {firsts:?}");
    }
}
