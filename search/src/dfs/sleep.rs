//! Sleep sets: which tasks need not go on, because a schedule in which they do was made already.
//!
//! When the search returns to a choice, the tasks that it has let go on there fall asleep: whatever follows another
//! task was also seen behind them, unless something happens that their next poll has to do with. So a sleeper wakes
//! at the first poll that conflicts with the one it would make; and a run in which a sleeper goes on repeats another.

use sim::task;

use super::accesses::Poll;

/// Tasks that sleep, each with the poll that it would make.
#[derive(Clone, Debug, Default)]
pub(super) struct Sleepers(Vec<Poll>);

impl Sleepers {
    pub(super) fn has(&self, task: task::Id) -> bool {
        self.0.iter().any(|sleeper| sleeper.task == task)
    }

    /// More tasks fall asleep.
    pub(super) fn add(&mut self, polls: &[Poll]) {
        self.0.extend_from_slice(polls);
    }

    /// A poll was made; those it has to do with wake. Answers whether a sleeper made it.
    pub(super) fn pass(&mut self, poll: &Poll) -> bool {
        let slept = self.has(poll.task);
        self.0.retain(|sleeper| !sleeper.conflicts(poll));
        slept
    }
}
