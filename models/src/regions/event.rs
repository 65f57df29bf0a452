//! Events: every change of the runtime's state, told as it happens.
//!
//! An event has a subject, which is a name, and an object, which is a handle. *Semantic* events say what happened
//! and are equal in every class, profile and schedule; *schedule* events say how it came about. What a semantic
//! event means holds no time, no handle and no id, because these depend on what else goes on. A task is a subject
//! of its own, so that a region's tasks may overtake each other without a difference in meaning; what they come to
//! is in the region's own events.

use super::budget::Budget;
use super::handle::{Handle, Name};
use super::outcome::{CancelKind, Outcome};
use super::status::Status;
use super::time::Time;

/// Whom an event is about, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    /// The region.
    pub region: Option<Name>,
    /// The task in it, where it is about a task.
    pub task: Option<Name>,
}

impl Subject {
    /// The runtime itself: calls whose handle names nothing that is alive.
    pub const RUNTIME: Subject = Subject { region: None, task: None };

    /// The subject in 18 bytes: whether there is a region and its name, the same for the task; little-endian.
    pub fn encode(&self) -> [u8; 18] {
        let mut bytes = [0; 18];
        for (half, name) in bytes.chunks_exact_mut(9).zip([self.region, self.task]) {
            if let Some(Name(name)) = name {
                half[0] = 1;
                half[1..].copy_from_slice(&name.to_le_bytes());
            }
        }
        bytes
    }
}

/// What was asked of the runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs, reason = "the names of the runtime's methods")]
pub enum Operation {
    Open = 1,
    Close = 2,
    Poison = 3,
    Spawn = 4,
    Cancel = 5,
    Wake = 6,
    Reserve = 7,
    Commit = 8,
    Abort = 9,
    SetTimer = 10,
    CancelTimer = 11,
    Finally = 12,
}

/// What happened. The number of each is part of the encoding and never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A region was opened.
    Opened {
        /// The region that it is in.
        parent: Option<Handle>,
        /// The budget that was asked for; what it may use is the meet with its parent's.
        asked: Budget,
    },
    /// It takes no work any more; its tasks are asked to end.
    Closing,
    /// All its children are closing.
    Draining,
    /// No task is alive: finalizers run.
    Finalizing,
    /// It is quiescent and gone.
    Closed {
        /// The worst of its tasks'.
        outcome: Outcome,
    },
    /// It was marked faulty.
    Poisoned,
    /// A finalizer was registered.
    Deferred {
        /// The finalizer.
        name: Name,
    },
    /// A finalizer is over.
    Finalized {
        /// The finalizer.
        name: Name,
        /// How it ended.
        outcome: Outcome,
        /// Whether it was ended because its polls were spent.
        forced: bool,
    },
    /// A task was spawned; the object is the task.
    Spawned {
        /// The region that holds it.
        region: Handle,
        /// Unique in the run.
        id: u64,
        /// The budget that was asked for; what it may use is the meet with its region's.
        asked: Budget,
    },
    /// A task can be polled.
    Ready {
        /// What gets ready by one cause shares a moment.
        moment: u64,
    },
    /// A task (or, where the object is a region, a finalizer of it) is polled.
    Polled,
    /// A task waits for a timer, a wake or a slot.
    Waits,
    /// A task was asked to end, or asked more severely.
    CancelRequested {
        /// Why.
        kind: CancelKind,
    },
    /// A task's deadline was noticed.
    DeadlinePassed {
        /// When it was.
        deadline: Time,
    },
    /// A task makes room for another. It completes at once, cancelled.
    Shed,
    /// A task ended.
    Completed {
        /// How.
        outcome: Outcome,
        /// Whether it had to be ended because its polls of cleanup were spent.
        forced: bool,
    },
    /// An obligation was reserved; the object is the obligation.
    Reserved {
        /// The task that holds it.
        task: Handle,
        /// What it is called.
        name: Name,
    },
    /// It was kept.
    Committed {
        /// What it is called.
        name: Name,
    },
    /// It was given up.
    Aborted {
        /// What it is called.
        name: Name,
    },
    /// Its task ended and it was not resolved: it was given up by the runtime.
    Leaked {
        /// What it is called.
        name: Name,
    },
    /// A timer was set; the object is the timer.
    TimerSet {
        /// The task that it wakes.
        task: Handle,
        /// When.
        deadline: Time,
    },
    /// A timer fired.
    TimerFired {
        /// When it was due.
        deadline: Time,
    },
    /// A timer was cancelled, by its task or with it.
    TimerCancelled,
    /// An operation was refused; the object is the handle that it was asked with, the subject who asked.
    Refused {
        /// What was asked.
        operation: Operation,
        /// The answer.
        status: Status,
        /// The state's hash before; 0 when refusals are not audited.
        before: u64,
        /// The state's hash after.
        after: u64,
    },
}

/// One event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Whom it is about.
    pub subject: Subject,
    /// The thing it happened to.
    pub object: Handle,
    /// What happened.
    pub what: What,
}

impl What {
    /// The number of its kind.
    pub const fn number(&self) -> u8 {
        match self {
            What::Opened { .. } => 1,
            What::Closing => 2,
            What::Draining => 3,
            What::Finalizing => 4,
            What::Closed { .. } => 5,
            What::Poisoned => 6,
            What::Deferred { .. } => 7,
            What::Finalized { .. } => 8,
            What::Spawned { .. } => 16,
            What::Ready { .. } => 17,
            What::Polled => 18,
            What::Waits => 19,
            What::CancelRequested { .. } => 20,
            What::DeadlinePassed { .. } => 21,
            What::Shed => 22,
            What::Completed { .. } => 23,
            What::Reserved { .. } => 32,
            What::Committed { .. } => 33,
            What::Aborted { .. } => 34,
            What::Leaked { .. } => 35,
            What::TimerSet { .. } => 48,
            What::TimerFired { .. } => 49,
            What::TimerCancelled => 50,
            What::Refused { .. } => 64,
        }
    }

    /// Whether it is the same in every class, profile and schedule.
    pub const fn is_semantic(&self) -> bool {
        !matches!(
            self,
            What::Ready { .. }
                | What::Polled
                | What::Waits
                | What::DeadlinePassed { .. }
                | What::TimerSet { .. }
                | What::TimerFired { .. }
                | What::TimerCancelled
        )
    }
}

impl Event {
    /// What a semantic event means: the number of its kind and two values. `None` for schedule events.
    pub fn meaning(&self) -> Option<[u64; 3]> {
        let values = match self.what {
            What::Closed { outcome } => [outcome as u64, 0],
            What::Deferred { name }
            | What::Reserved { name, .. }
            | What::Committed { name }
            | What::Aborted { name }
            | What::Leaked { name } => [name.0, 0],
            What::Finalized { name, outcome, forced } => [name.0, outcome as u64 | u64::from(forced) << 8],
            What::CancelRequested { kind } => [kind as u64, 0],
            What::Completed { outcome, forced } => [outcome as u64, u64::from(forced)],
            What::Refused { operation, status, .. } => [operation as u64, status as u64],
            _ => [0, 0],
        };
        self.what.is_semantic().then(|| [u64::from(self.what.number()), values[0], values[1]])
    }

    /// The event in eight words, for digests: number, subject, object and all that it says, times and ids too.
    pub fn encode(&self) -> [u64; 8] {
        let name = |name: Option<Name>| name.map_or(0, |name| name.0);
        let budget = |asked: Budget| (asked.polls, asked.deadline.0.cast_unsigned(), asked.cost);
        let words = match self.what {
            What::Opened { parent, asked } => {
                let (polls, deadline, cost) = budget(asked);
                [parent.map_or(u64::MAX, Handle::bits), 0, polls, deadline ^ cost.rotate_left(32)]
            }
            What::Spawned { region, id, asked } => {
                let (polls, deadline, cost) = budget(asked);
                [region.bits(), id, polls, deadline ^ cost.rotate_left(32)]
            }
            What::Ready { moment } => [moment, 0, 0, 0],
            What::DeadlinePassed { deadline } | What::TimerFired { deadline } => {
                [deadline.0.cast_unsigned(), 0, 0, 0]
            }
            What::TimerSet { task, deadline } => [task.bits(), deadline.0.cast_unsigned(), 0, 0],
            What::Reserved { task, name } => [task.bits(), name.0, 0, 0],
            What::Refused { operation, status, before, after } => {
                [operation as u64, status as u64, before, after]
            }
            _ => self.meaning().map_or([0; 4], |[_, first, second]| [first, second, 0, 0]),
        };
        let number = u64::from(self.what.number());
        let [a, b, c, d] = words;
        [number, name(self.subject.region), name(self.subject.task), self.object.bits(), a, b, c, d]
    }
}
