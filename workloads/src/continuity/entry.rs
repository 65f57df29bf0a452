//! A line of the log: a task that ended, or a promise that was resolved.

use models::regions::api::{Event, Name, Outcome, What};

/// What a line is about: the task by region and name, and where it is a promise, the promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Done {
    /// The region of the task.
    pub region: Name,
    /// The task.
    pub task: Name,
    /// The promise, where it is about one.
    pub promise: Option<Name>,
}

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// What it is about.
    pub done: Done,
    /// How it ended: an [`Outcome`], or what became of the promise ([`KEPT`], [`GIVEN_UP`], [`LEAKED`]).
    pub outcome: u8,
}

/// The promise was kept.
pub const KEPT: u8 = 16;
/// The promise was given up.
pub const GIVEN_UP: u8 = 17;
/// The promise was forgotten.
pub const LEAKED: u8 = 18;

/// Bytes of a line: three names, each behind whether it is there, and the outcome.
const BYTES: usize = 8 + 8 + 9 + 1;

impl Entry {
    /// The line that an event calls for.
    pub fn of(event: &Event) -> Option<Entry> {
        let (region, task) = (event.subject.region?, event.subject.task?);
        let (promise, outcome) = match event.what {
            What::Completed { outcome, .. } => (None, outcome as u8),
            What::Committed { name } => (Some(name), KEPT),
            What::Aborted { name } => (Some(name), GIVEN_UP),
            What::Leaked { name } => (Some(name), LEAKED),
            _ => return None,
        };
        Some(Entry { done: Done { region, task, promise }, outcome })
    }

    /// The line as bytes.
    pub fn to_bytes(self) -> Vec<u8> {
        let Done { region, task, promise } = self.done;
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.extend_from_slice(&region.0.to_le_bytes());
        bytes.extend_from_slice(&task.0.to_le_bytes());
        bytes.push(u8::from(promise.is_some()));
        bytes.extend_from_slice(&promise.map_or(0, |promise| promise.0).to_le_bytes());
        bytes.push(self.outcome);
        bytes
    }

    /// The line of these bytes; `None` where they are none.
    pub fn read(bytes: &[u8]) -> Option<Entry> {
        let (region, rest) = bytes.split_first_chunk::<8>()?;
        let (task, rest) = rest.split_first_chunk::<8>()?;
        let ([is_promise], rest) = rest.split_first_chunk::<1>()?;
        let (promise, rest) = rest.split_first_chunk::<8>()?;
        let &[outcome] = rest else { return None };
        let (name, promise) = (|bytes| Name(u64::from_le_bytes(bytes)), u64::from_le_bytes(*promise));
        let promise = match (is_promise, promise) {
            (0, 0) => None,
            (1, promise) => Some(Name(promise)),
            _ => return None,
        };
        let known = if promise.is_some() { KEPT..=LEAKED } else { 0..=Outcome::Panicked as u8 };
        let done = Done { region: name(*region), task: name(*task), promise };
        known.contains(&outcome).then_some(Entry { done, outcome })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_line_goes_there_and_back(region: u64, task: u64, promise: Option<u64>, outcome in 0u8..3) {
            let outcome = if promise.is_some() { KEPT + outcome } else { outcome };
            let done = Done { region: Name(region), task: Name(task), promise: promise.map(Name) };
            let entry = Entry { done, outcome };
            prop_assert_eq!(Entry::read(&entry.to_bytes()), Some(entry));
        }

        #[test]
        fn garbage_is_no_line(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Some(entry) = Entry::read(&bytes) {
                prop_assert_eq!(entry.to_bytes(), bytes);
            }
        }
    }
}
