//! The state's hash, for R-10: everything that decides what the runtime does next. The same on every platform.
//!
//! Left out: the latest reading of the clock, which is the node's, and what the node itself holds.

use super::body::Body;
use super::core::Core;
use super::node::Node;

/// FNV-1a over words, each mixed once more: a change of one bit anywhere is seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct StateHash(u64);

impl StateHash {
    pub(super) const fn new() -> StateHash {
        StateHash(0xcbf2_9ce4_8422_2325)
    }

    pub(super) fn word(&mut self, word: u64) {
        let mixed = (self.0 ^ word).wrapping_mul(0x0000_0100_0000_01b3);
        self.0 = (mixed ^ mixed >> 29).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    pub(super) const fn get(self) -> u64 {
        self.0
    }
}

/// Hashes all of it.
pub(super) fn of<N: Node, B: Body<N>>(core: &Core<B>) -> u64 {
    let mut hash = StateHash::new();
    let mut word = |word: u64| hash.word(word);
    core.regions.fold(&mut word);
    for (_, region) in core.regions.iter() {
        word(region.name.0);
        word(region.parent.map_or(u64::MAX, |parent| parent.bits()));
        word(region.state as u64 | u64::from(region.is_poisoned) << 8 | (region.outcome as u64) << 16);
        word(u64::from(region.tasks) | u64::from(region.children) << 32);
        word(u64::from(region.finalizer_polls));
        for part in [region.budget.polls, region.budget.deadline.0.cast_unsigned(), region.budget.cost] {
            word(part);
        }
    }
    core.tasks.fold(&mut word);
    for (_, task) in core.tasks.iter() {
        word(task.id);
        word(task.name.0);
        word(task.region.bits());
        word(task.phase as u64 | (task.slot_turn as u64) << 8 | u64::from(task.cleanup_left) << 16);
        word(task.cancel.map_or(u64::MAX, |kind| kind as u64));
        word(u64::from(task.saw_cancel) | u64::from(task.was_polled) << 1 | u64::from(task.was_woken) << 2);
        for part in [task.budget.polls, task.budget.deadline.0.cast_unsigned(), task.budget.cost] {
            word(part);
        }
        word(task.body.as_ref().map_or(0, Body::state));
    }
    core.obligations.fold(&mut word);
    for (_, obligation) in core.obligations.iter() {
        word(obligation.name.0);
        word(obligation.task.bits());
    }
    core.timers.fold(&mut word);
    for (_, timer) in core.timers.iter() {
        word(timer.task.bits());
        word(timer.deadline.0.cast_unsigned());
        word(timer.sequence);
    }
    for ready in &core.ready {
        word(ready.moment);
        word(ready.task.bits());
    }
    for waiter in &core.slot_waiters {
        word(waiter.bits());
    }
    for finalizer in &core.finalizers {
        word(finalizer.name.0);
        word(finalizer.region.bits());
        word(finalizer.body.as_ref().map_or(0, Body::state));
    }
    word(core.moment);
    word(u64::from(core.task_sequence));
    word(core.obligation_sequence);
    word(core.timer_sequence);
    word(u64::from(core.slots_granted));
    hash.get()
}
