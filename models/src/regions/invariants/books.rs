//! What the observer knows of each thing.

use super::super::budget::Budget;
use super::super::handle::{Handle, Name};
use super::super::outcome::{CancelKind, Outcome};
use super::super::time::Time;
use super::super::view::RegionState;

#[derive(Clone, Debug)]
pub(super) struct RegionBook {
    pub(super) parent: Option<Handle>,
    pub(super) state: RegionState,
    pub(super) is_poisoned: bool,
    pub(super) allowed: Budget,
    /// Finalizers that are still to run, in the order of registration.
    pub(super) deferred: Vec<Name>,
    /// Polls of the finalizer that runs.
    pub(super) finalizer_polls: u32,
    pub(super) worst: Outcome,
    /// Tasks of it that are alive.
    pub(super) tasks: u32,
    /// Children of it that are not closed.
    pub(super) children: u32,
}

#[derive(Clone, Debug)]
pub(super) struct TaskBook {
    pub(super) region: Handle,
    pub(super) id: u64,
    pub(super) allowed: Budget,
    /// Polls before it was asked to end.
    pub(super) polls: u64,
    pub(super) cancel: Option<CancelKind>,
    /// Polls after it was asked to end.
    pub(super) cleanup_polls: u32,
    /// Its place in the queue.
    pub(super) ready: Option<u64>,
    pub(super) deadline_passed: bool,
    pub(super) shed: bool,
    /// Obligations that it holds.
    pub(super) held: u32,
    /// The step in which it was spawned.
    pub(super) since: u64,
}

#[derive(Clone, Debug)]
pub(super) struct TimerBook {
    pub(super) task: Handle,
    pub(super) deadline: Time,
    pub(super) sequence: u64,
    /// The step in which it was set.
    pub(super) since: u64,
}
