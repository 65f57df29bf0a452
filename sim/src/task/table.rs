//! The table of tasks: a slab with generations, and for each process the list of its tasks.

use std::collections::BTreeMap;
use std::panic::Location;

use super::Why;
use super::job::BoxJob;
use super::join::JoinError;
use super::key::{GENERATION_MASK, SLOT_COUNT_MAX, TaskKey};
use super::slot::WakerSlot;
use crate::kernel::Litter;

/// No task; the end of a list.
pub(crate) const NONE: u32 = u32::MAX;

/// It is among its machine's ready tasks, or held until its process is resumed.
pub(crate) const QUEUED: u8 = 1;
/// It is being polled.
pub(crate) const RUNNING: u8 = 2;
/// It has ended and its output waits for the handle.
pub(crate) const ENDED: u8 = 4;
/// Nobody holds its handle.
pub(crate) const DETACHED: u8 = 8;
/// It was asked to end at its next turn.
pub(crate) const ABORTED: u8 = 16;
/// A core is still busy with its last poll, so no other core may take it. Only where there are several.
pub(crate) const ON_CORE: u8 = 32;

pub(crate) struct Task {
    pub(crate) job: Option<BoxJob>,
    /// Who awaits the handle.
    pub(crate) joiner: WakerSlot,
    /// Sequence number of the record in whose course it was woken.
    pub(crate) woken_by: u64,
    pub(crate) generation: u32,
    pub(crate) process: u32,
    pub(crate) machine: u16,
    pub(crate) state: u8,
    pub(crate) why: Why,
    /// Neighbors in the list of the process.
    previous: u32,
    next: u32,
    pub(crate) place: &'static Location<'static>,
}

pub(crate) struct Tasks {
    nonce: u32,
    slots: Vec<Task>,
    free: Vec<u32>,
    /// How tasks ended that did not end with an output; rare, so apart.
    errors: BTreeMap<u32, JoinError>,
}

impl Tasks {
    pub(crate) fn new(nonce: u32) -> Tasks {
        Tasks { nonce, slots: Vec::new(), free: Vec::new(), errors: BTreeMap::new() }
    }

    #[inline]
    pub(crate) fn key(&self, index: u32) -> TaskKey {
        TaskKey::new(self.nonce, self.slots[index as usize].generation, index)
    }

    /// The task of a key of this world, while it is the same task.
    #[inline]
    pub(crate) fn get(&mut self, key: TaskKey) -> Option<&mut Task> {
        let task = self.slots.get_mut(key.slot() as usize)?;
        (task.generation == key.generation()).then_some(task)
    }

    #[inline]
    pub(crate) fn at(&mut self, index: u32) -> &mut Task {
        &mut self.slots[index as usize]
    }

    /// Tasks that have not ended.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Task)> {
        let alive =
            |task: &Task| task.state & ENDED == 0 && (task.job.is_some() || task.state & RUNNING != 0);
        self.slots
            .iter()
            .enumerate()
            .map(|(index, task)| (index as u32, task))
            .filter(move |(_, task)| alive(task))
    }

    /// Takes a slot and puts it at the head of its process's list.
    #[inline]
    pub(crate) fn insert(
        &mut self,
        job: BoxJob,
        machine: u16,
        process: u32,
        head: &mut u32,
        place: &'static Location<'static>,
    ) -> u32 {
        let task = Task {
            job: Some(job),
            joiner: WakerSlot::Empty,
            woken_by: u64::MAX,
            generation: 0,
            process,
            machine,
            state: 0,
            why: Why::Spawn,
            previous: NONE,
            next: *head,
            place,
        };
        let index = match self.free.pop() {
            Some(index) => {
                let slot = &mut self.slots[index as usize];
                let generation = slot.generation;
                // The slot holds neither a job nor a foreign waker: nothing of the user's is dropped here.
                debug_assert!(slot.job.is_none());
                *slot = Task { generation, ..task };
                index
            }
            None => {
                assert!(self.slots.len() < SLOT_COUNT_MAX, "more than {SLOT_COUNT_MAX} tasks at once");
                self.slots.push(task);
                (self.slots.len() - 1) as u32
            }
        };
        if *head != NONE {
            self.slots[*head as usize].previous = index;
        }
        *head = index;
        index
    }

    /// Takes a task out of its process's list: it has ended.
    #[inline]
    pub(crate) fn unlink(&mut self, index: u32, head: &mut u32) {
        let (previous, next) = {
            let task = &self.slots[index as usize];
            (task.previous, task.next)
        };
        if previous == NONE {
            *head = next;
        } else {
            self.slots[previous as usize].next = next;
        }
        if next != NONE {
            self.slots[next as usize].previous = previous;
        }
    }

    /// Gives a slot back; keys to it are stale from here on.
    #[inline]
    pub(crate) fn free(&mut self, index: u32) {
        let task = &mut self.slots[index as usize];
        debug_assert!(task.job.is_none() && !task.joiner.is_set());
        task.generation = (task.generation + 1) & GENERATION_MASK;
        task.state = 0;
        self.free.push(index);
    }

    pub(crate) fn set_error(&mut self, index: u32, error: JoinError) {
        self.errors.insert(index, error);
    }

    pub(crate) fn take_error(&mut self, index: u32) -> Option<JoinError> {
        if self.errors.is_empty() { None } else { self.errors.remove(&index) }
    }

    /// All that is left of the user's, when the world ends.
    pub(crate) fn take_all(&mut self) -> Vec<Litter> {
        let errors = std::mem::take(&mut self.errors).into_values().map(Litter::Error);
        let mut all: Vec<Litter> = errors.collect();
        for task in &mut self.slots {
            all.extend(task.job.take().map(Litter::Job));
            if task.joiner.is_set() {
                all.push(Litter::Waker(task.joiner.take()));
            }
        }
        all
    }

    /// Where the last task of each slot was spawned, by slot.
    pub(crate) fn places(&self) -> impl Iterator<Item = &'static Location<'static>> {
        self.slots.iter().map(|task| task.place)
    }

    /// Tasks of a list, newest first.
    pub(crate) fn list(&self, head: u32) -> Vec<u32> {
        let mut list = Vec::new();
        let mut index = head;
        while index != NONE {
            list.push(index);
            index = self.slots[index as usize].next;
        }
        list
    }
}
