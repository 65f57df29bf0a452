//! What code may know a task by.

use std::fmt;

use super::key::{GENERATION_MASK, TaskKey};
use crate::kernel::current;
use crate::task::NONE;

/// A task's number: no two tasks of a run that are alive at the same time share one.
///
/// It says nothing of the world, so the same run shows the same numbers, in every process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(u64);

impl Id {
    /// Stands for no task: what a destructor of a dead process is told.
    pub(crate) const NOBODY: Id = Id(u64::MAX);

    pub(crate) fn of(key: TaskKey) -> Id {
        Id(u64::from(key.generation() & GENERATION_MASK) << 32 | u64::from(key.slot()))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The current task's number.
///
/// # Panics
/// Outside of a task.
#[track_caller]
pub fn id() -> Id {
    try_id().expect("task::id was used outside of a task: call it from code that a task runs")
}

/// The current task's number, when there is one.
pub fn try_id() -> Option<Id> {
    current::with(|core| {
        let context = core.kernel.current;
        if context.dead {
            return Some(Id::NOBODY);
        }
        (context.task != NONE).then(|| Id::of(core.kernel.tasks.key(context.task)))
    })
    .flatten()
}
