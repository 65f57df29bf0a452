//! The schedule: which of a machine's ready tasks is polled next.

use crate::choice::{Choices, Stream};

/// A rule for choosing among ready tasks.
///
/// Every choice but first-in-first-out is a draw from the machine's own stream `sched/<machine>`, so a search
/// or a replay answers it like any other draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Schedule {
    /// Any ready task with the same chance. The list of ready tasks is kept in no order, which is what makes
    /// taking one out cheap.
    #[default]
    Random,
    /// As `Random`, but choice 0 is the task that has been ready longest: for searches and shrinking, where
    /// smaller choices should be tamer.
    RandomOrdered,
    /// The task that has been ready longest. No draw is made.
    Fifo,
}

impl Schedule {
    #[inline]
    pub(crate) fn choose(self, count: usize, choices: &mut Choices, stream: &mut Stream) -> usize {
        match self {
            Schedule::Random | Schedule::RandomOrdered => choices.draw(stream, count as u64) as usize,
            Schedule::Fifo => 0,
        }
    }

    #[inline]
    pub(crate) fn take(self, ready: &mut Vec<u32>, chosen: usize) -> u32 {
        match self {
            Schedule::Random => ready.swap_remove(chosen),
            Schedule::RandomOrdered | Schedule::Fifo => ready.remove(chosen),
        }
    }
}
