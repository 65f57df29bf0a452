//! An agenda: what is due when, in the order (deadline, sequence). A pure heart.
//!
//! A sorted list within fixed memory: at most 1,024 entries, of which the earliest are at the end.

use super::handle::Handle;
use super::time::Time;

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) deadline: Time,
    /// Unique in the agenda; the order of entries of one deadline.
    pub(super) sequence: u64,
    pub(super) handle: Handle,
}

/// What is due when.
#[derive(Clone, Debug)]
pub(super) struct Agenda {
    /// Invariant: sorted by `(deadline, sequence)`, latest first.
    entries: Vec<Due>,
}

impl Agenda {
    pub(super) fn new(capacity: u16) -> Agenda {
        Agenda { entries: Vec::with_capacity(usize::from(capacity) + 1) }
    }

    pub(super) fn set(&mut self, due: Due) {
        let key = (due.deadline, due.sequence);
        let at = self.entries.partition_point(|entry| (entry.deadline, entry.sequence) > key);
        self.entries.insert(at, due);
    }

    pub(super) fn remove(&mut self, handle: Handle) {
        self.entries.retain(|entry| entry.handle != handle);
    }

    pub(super) fn holds(&self, handle: Handle) -> bool {
        self.entries.iter().any(|entry| entry.handle == handle)
    }

    /// When the next is due.
    pub(super) fn next(&self) -> Option<Time> {
        self.entries.last().map(|entry| entry.deadline)
    }

    /// Takes the next that is due.
    pub(super) fn take_due(&mut self, now: Time) -> Option<Due> {
        self.entries.pop_if(|entry| entry.deadline <= now)
    }

    /// With a bug planted: takes the due one that was set first.
    pub(super) fn take_first_set(&mut self, now: Time) -> Option<Due> {
        let due = self.entries.iter().enumerate().filter(|(_, entry)| entry.deadline <= now);
        let (at, _) = due.min_by_key(|(_, entry)| entry.sequence)?;
        Some(self.entries.remove(at))
    }

    /// With a bug planted: takes the next that is due after `passed`.
    pub(super) fn take_due_after(&mut self, passed: Time, now: Time) -> Option<Due> {
        let at = self.entries.iter().rposition(|entry| entry.deadline > passed && entry.deadline <= now)?;
        Some(self.entries.remove(at))
    }

    pub(super) fn reserved(&self) -> usize {
        self.entries.capacity()
    }
}
