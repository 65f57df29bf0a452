//! The event queue by itself.

use crate::queue::{Entry, EventQueue};

/// The kernel's event queue: what happens next, in order of time, then of scheduling.
pub struct Queue(EventQueue);

/// Time, sequence number, and what the caller made of it.
type Event = (u64, u64, u64);

fn event(entry: &Entry) -> Event {
    (entry.at, entry.seq, entry.what)
}

impl Queue {
    /// A queue without entries.
    #[allow(clippy::new_without_default, reason = "nobody derives one")]
    pub fn new() -> Queue {
        Queue(EventQueue::new())
    }

    /// Adds an entry, at nanosecond `at` and not before `now`, and answers its sequence number.
    pub fn push(&mut self, now: u64, at: u64, what: u64) -> u64 {
        self.0.push(now, at, what)
    }

    /// Takes the next entry.
    pub fn pop(&mut self) -> Option<Event> {
        self.0.pop().as_ref().map(event)
    }

    /// When the next entry is due; `u64::MAX` when there is none.
    pub fn next_at(&self) -> u64 {
        self.0.next_at()
    }

    /// The entries that come next, as far as they are known without a search; the first comes last.
    pub fn soon(&self) -> Vec<Event> {
        self.0.soon().iter().map(event).collect()
    }

    /// How many entries wait.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Forgets every entry whose sequence number is not wanted.
    pub fn retain(&mut self, mut wanted: impl FnMut(u64) -> bool) {
        self.0.retain(|entry| wanted(entry.seq));
    }
}
