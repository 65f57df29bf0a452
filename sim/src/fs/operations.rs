//! Operations under way: who waits for a disk, until when.
//!
//! What an operation does is done by the heart when it is taken in; here it only lasts. An operation whose
//! future is dropped, or whose process is killed, goes on in the operating system and ends unheard.

use crate::disk::Sooner;
use crate::kernel::{Context, Event, Kernel, Litter};
use crate::task::{NONE, TaskKey, WakerSlot, Why};
use crate::trace::Kind;

/// Names an operation; a key of one that is gone is recognized as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OpKey {
    index: u32,
    generation: u32,
}

struct Op {
    generation: u32,
    /// The queue entry that ends it; any other of the same index is stale.
    seq: u64,
    /// The disk's number of it.
    number: u64,
    /// The record of its beginning.
    cause: u64,
    waker: WakerSlot,
    process: u32,
    machine: u16,
    errno: u8,
    state: State,
    /// What the record of its end says.
    file: u32,
    bytes: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Free,
    /// Under way, and somebody may ask for it.
    Wanted,
    /// Under way, and nobody will.
    Unheard,
    Done,
}

/// What the records of an operation say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Note {
    pub(super) number: u64,
    pub(super) cause: u64,
    pub(super) errno: u8,
    pub(super) file: u32,
    pub(super) bytes: u32,
}

#[derive(Default)]
pub(super) struct Operations {
    slots: Vec<Op>,
    free: Vec<u32>,
}

impl Operations {
    /// An operation of the current process lasts until `ends_at`.
    #[inline]
    pub(super) fn begin(&mut self, kernel: &mut Kernel, note: Note, ends_at: u64) -> OpKey {
        let Context { machine, process, .. } = kernel.current;
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                self.slots.push(Op {
                    generation: 0,
                    seq: 0,
                    number: 0,
                    cause: 0,
                    waker: WakerSlot::Empty,
                    process: 0,
                    machine: 0,
                    errno: 0,
                    state: State::Free,
                    file: 0,
                    bytes: 0,
                });
                (self.slots.len() - 1) as u32
            }
        };
        let seq = kernel.schedule(ends_at, Event::Disk(index));
        let op = &mut self.slots[index as usize];
        let Note { number, cause, errno, file, bytes } = note;
        op.number = number;
        (op.seq, op.cause, op.errno, op.file, op.bytes) = (seq, cause, errno, file, bytes);
        (op.process, op.machine, op.state) = (process, machine, State::Wanted);
        OpKey { index, generation: op.generation }
    }

    /// Whether an operation is done; it is gone then. If not, the waker is kept.
    #[inline]
    pub(super) fn poll(&mut self, key: OpKey, waker: &mut WakerSlot) -> bool {
        let op = &mut self.slots[key.index as usize];
        if op.generation != key.generation {
            // Its machine lost the power, so nobody of it asks; or the asker was not of it.
            return true;
        }
        if op.state == State::Done {
            self.end(key.index);
            return true;
        }
        op.waker.swap(waker);
        false
    }

    /// Nobody asks for an operation any more. Its waker is answered, to be dropped when nothing is borrowed.
    pub(super) fn forget(&mut self, key: OpKey) -> WakerSlot {
        let op = &mut self.slots[key.index as usize];
        if op.generation != key.generation {
            return WakerSlot::Empty;
        }
        let waker = op.waker.take();
        match op.state {
            State::Done => self.end(key.index),
            _ => op.state = State::Unheard,
        }
        waker
    }

    #[inline]
    fn end(&mut self, index: u32) {
        let op = &mut self.slots[index as usize];
        op.state = State::Free;
        op.generation = op.generation.wrapping_add(1);
        self.free.push(index);
    }

    /// The time has come: whoever waits is woken.
    #[inline]
    pub(super) fn is_due(&mut self, kernel: &mut Kernel, index: u32, seq: u64) {
        let op = &mut self.slots[index as usize];
        if op.seq != seq || op.state == State::Free {
            return;
        }
        let Op { machine, process, .. } = *op;
        kernel.current = Context { machine, process, task: NONE, dead: false };
        kernel.cause = op.cause;
        kernel.cause = kernel.record(Kind::DiskDone, op.errno, machine, op.file, op.bytes);
        if op.state == State::Unheard {
            self.end(index);
            return;
        }
        op.state = State::Done;
        let mut waker = op.waker.take();
        kernel.wake(&mut waker, Why::Disk);
    }

    /// Operations on a machine's disk end sooner than it seemed.
    pub(super) fn reschedule(&mut self, kernel: &mut Kernel, machine: u16, sooner: &[Sooner]) {
        for (index, op) in (0..).zip(&mut self.slots) {
            let is_under_way = matches!(op.state, State::Wanted | State::Unheard);
            if op.machine == machine
                && is_under_way
                && let Some(sooner) = sooner.iter().find(|sooner| sooner.number == op.number)
            {
                // The entry that would have ended it is stale now.
                op.seq = kernel.schedule(sooner.ends_at, Event::Disk(index));
            }
        }
    }

    /// A process has ended: what it had asked for goes on, and nobody hears of it.
    pub(super) fn process_ended(&mut self, kernel: &mut Kernel, process: u32) {
        for index in 0..self.slots.len() as u32 {
            let op = &mut self.slots[index as usize];
            if op.process != process || op.state == State::Free {
                continue;
            }
            bury(kernel, op);
            match op.state {
                State::Done => self.end(index),
                _ => op.state = State::Unheard,
            }
        }
    }

    /// A machine has lost its power: what was under way does not end.
    pub(super) fn power_lost(&mut self, kernel: &mut Kernel, machine: u16) {
        for index in 0..self.slots.len() as u32 {
            let op = &mut self.slots[index as usize];
            if op.machine == machine && op.state != State::Free {
                bury(kernel, op);
                self.end(index);
            }
        }
    }

    /// The wakers of everybody who waits, at the end of a run.
    pub(super) fn take_wakers(&mut self) -> impl Iterator<Item = WakerSlot> {
        self.slots.iter_mut().map(|op| op.waker.take())
    }

    /// Who waits for a disk: for the report of a stall.
    pub(super) fn waits(&self) -> impl Iterator<Item = TaskKey> {
        self.slots.iter().filter_map(|op| op.waker.key())
    }
}

/// The waker of a process that is no more is dropped where no destructor has an effect.
fn bury(kernel: &mut Kernel, op: &mut Op) {
    if op.waker.is_set() {
        let context = Context { machine: op.machine, process: op.process, task: NONE, dead: true };
        kernel.bury(Litter::Waker(op.waker.take()), context);
    }
}
