//! Sets of tasks: in which order their members end, and who waits for the next. The kernel's part of a `JoinSet`.

use std::collections::VecDeque;

use super::Kernel;
use crate::task::{ENDED, NONCE_MASK, TaskKey, WakerSlot, Why};

/// Names a set; the key of a set that was closed is recognized as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SetKey {
    index: u32,
    generation: u32,
}

pub(super) struct Sets {
    slots: Vec<Set>,
    free: Vec<u32>,
}

struct Set {
    /// Members that have ended and were not asked for, in that order, by their number in the set.
    ended: VecDeque<u32>,
    waker: WakerSlot,
    generation: u32,
}

impl Sets {
    pub(super) fn new() -> Sets {
        Sets { slots: Vec::new(), free: Vec::new() }
    }

    fn get(&mut self, key: SetKey) -> Option<&mut Set> {
        self.slots.get_mut(key.index as usize).filter(|set| set.generation == key.generation)
    }

    /// The task that waits for a member of a set: for the report of a stall.
    pub(super) fn waiting(&self, set: u32) -> Option<TaskKey> {
        self.slots[set as usize].waker.key()
    }

    /// Every waker, when the world ends.
    pub(super) fn take_wakers(&mut self) -> Vec<WakerSlot> {
        self.slots.iter_mut().map(|set| set.waker.take()).collect()
    }
}

impl Kernel {
    pub(crate) fn open_set(&mut self) -> SetKey {
        let index = self.sets.free.pop().unwrap_or_else(|| {
            self.sets.slots.push(Set { ended: VecDeque::new(), waker: WakerSlot::Empty, generation: 0 });
            (self.sets.slots.len() - 1) as u32
        });
        SetKey { index, generation: self.sets.slots[index as usize].generation }
    }

    /// The end of a task goes to a set, under the number that the set has for it.
    pub(crate) fn join_set(&mut self, set: SetKey, member: u32, key: TaskKey) {
        let foreign = key.nonce() != self.nonce & NONCE_MASK;
        match self.tasks.get(key).filter(|_| !foreign) {
            Some(task) if task.state & ENDED == 0 => {
                task.joiner = WakerSlot::Member { set: set.index, member };
            }
            // It was refused, or has ended already.
            _ => self.member_ended(set.index, member),
        }
    }

    pub(super) fn member_ended(&mut self, set: u32, member: u32) {
        let set = &mut self.sets.slots[set as usize];
        set.ended.push_back(member);
        let mut waker = set.waker.take();
        self.wake(&mut waker, Why::Join);
    }

    /// The next member that has ended; if there is none, the waker is kept.
    pub(crate) fn poll_set(&mut self, set: SetKey, waker: &mut WakerSlot) -> Option<u32> {
        if self.current.dead {
            return None;
        }
        let set = self.sets.get(set)?;
        let ended = set.ended.pop_front();
        if ended.is_none() && waker.is_set() {
            set.waker.swap(waker);
        }
        ended
    }

    /// Its members have left it. Its waker is answered, to be dropped by the caller.
    pub(crate) fn close_set(&mut self, key: SetKey) -> WakerSlot {
        let Some(set) = self.sets.get(key) else { return WakerSlot::Empty };
        set.ended.clear();
        set.generation = set.generation.wrapping_add(1);
        let waker = set.waker.take();
        self.sets.free.push(key.index);
        waker
    }
}
