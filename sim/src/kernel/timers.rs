//! Timers: deadlines on a machine's monotonic clock, cancellable, gone when they are not wanted.

use super::{Event, Kernel};
use crate::machine::Host;
use crate::task::{WakerSlot, Why};

/// Names a timer; a key of a timer that is gone is recognized as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimerKey {
    index: u32,
    generation: u32,
}

struct Timer {
    /// What the machine's monotonic clock must read.
    deadline: u64,
    /// The queue entry that stands for it; any other of the same index is stale. `NOT_QUEUED` when the
    /// clock stands still or the timer has fired.
    seq: u64,
    waker: WakerSlot,
    /// The record in whose course it was set.
    cause: u64,
    generation: u32,
    process: u32,
    machine: u16,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Free,
    Waiting,
    Fired,
}

const NOT_QUEUED: u64 = u64::MAX;

/// Cancelled entries that may lie in the queue before anybody counts.
const STALE_COUNT_MIN: usize = 1024;

pub(super) struct Timers {
    slots: Vec<Timer>,
    free: Vec<u32>,
    /// Entries of the queue that stand for no timer.
    stale: usize,
}

impl Timers {
    pub(super) fn new() -> Timers {
        Timers { slots: Vec::new(), free: Vec::new(), stale: 0 }
    }
}

/// What a sleeper learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimerPoll {
    Pending(TimerKey),
    Elapsed,
    /// The process is no more: for ever pending, and nothing is held.
    Dead,
}

impl Kernel {
    /// What the current machine's monotonic clock reads.
    #[inline]
    pub(crate) fn belief(&self) -> u64 {
        self.hosts[self.current.machine as usize].clock.monotonic(self.now)
    }

    /// Waits for the current machine's monotonic clock to read `deadline`; `key` is that of an earlier poll.
    #[inline]
    pub(crate) fn poll_timer(
        &mut self,
        key: Option<TimerKey>,
        deadline: u64,
        waker: &mut WakerSlot,
    ) -> TimerPoll {
        if self.current.dead {
            return TimerPoll::Dead;
        }
        if let Some(key) = key {
            let timer = &mut self.timers.slots[key.index as usize];
            if timer.generation == key.generation {
                if timer.state == State::Waiting {
                    timer.waker.swap(waker);
                    return TimerPoll::Pending(key);
                }
                self.free_timer(key.index);
                return TimerPoll::Elapsed;
            }
            // The timer ended with a process that held it before: wait anew.
        }
        if self.belief() >= deadline {
            return TimerPoll::Elapsed;
        }
        TimerPoll::Pending(self.start_timer(deadline, waker))
    }

    #[inline]
    fn start_timer(&mut self, deadline: u64, waker: &mut WakerSlot) -> TimerKey {
        let context = self.current;
        let index = match self.timers.free.pop() {
            Some(index) => index,
            None => {
                self.timers.slots.push(Timer {
                    deadline,
                    seq: NOT_QUEUED,
                    waker: WakerSlot::Empty,
                    cause: u64::MAX,
                    generation: 0,
                    process: 0,
                    machine: 0,
                    state: State::Free,
                });
                (self.timers.slots.len() - 1) as u32
            }
        };
        let at = self.hosts[context.machine as usize].clock.when(self.now, deadline);
        let at = if self.hosts[context.machine as usize].overruns.is_empty() {
            at
        } else {
            at.map(|at| self.overrun(context.machine, at))
        };
        let seq = at.map_or(NOT_QUEUED, |at| self.schedule(at, Event::Timer(index)));
        let timer = &mut self.timers.slots[index as usize];
        timer.deadline = deadline;
        timer.seq = seq;
        timer.waker.swap(waker);
        timer.cause = self.cause;
        timer.process = context.process;
        timer.machine = context.machine;
        timer.state = State::Waiting;
        TimerKey { index, generation: timer.generation }
    }

    /// A timer that is late: the fault, if it strikes, takes effect when the time has come.
    #[cold]
    fn overrun(&mut self, machine: u16, at: u64) -> u64 {
        let host = &mut self.hosts[machine as usize];
        let Host { overruns, clock_stream, .. } = host;
        let mut late = 0u64;
        let mut culprits = Vec::new();
        for &(fault, chance, max) in overruns.iter() {
            let strikes = self.choices.chance(clock_stream, chance);
            let by = self.choices.draw(clock_stream, max.max(1)) + 1;
            if strikes {
                late = by.saturating_add(late);
                culprits.push(fault);
            }
        }
        for fault in culprits {
            self.effect(fault, u32::try_from(late).unwrap_or(u32::MAX));
        }
        at.saturating_add(late)
    }

    #[inline]
    pub(super) fn timer_is_due(&mut self, index: u32, seq: u64) {
        let timer = &mut self.timers.slots[index as usize];
        if timer.seq != seq {
            self.timers.stale = self.timers.stale.saturating_sub(1);
            return;
        }
        timer.seq = NOT_QUEUED;
        timer.state = State::Fired;
        let mut waker = timer.waker.take();
        self.cause = timer.cause;
        self.current = super::Context {
            machine: timer.machine,
            process: timer.process,
            task: crate::task::NONE,
            dead: false,
        };
        self.wake(&mut waker, Why::Timer);
    }

    /// A sleeper is dropped, or starts anew. Its waker is answered, to be dropped by the caller.
    #[inline]
    pub(crate) fn cancel_timer(&mut self, key: TimerKey) -> WakerSlot {
        let timer = &mut self.timers.slots[key.index as usize];
        if timer.generation != key.generation || timer.state == State::Free {
            return WakerSlot::Empty;
        }
        let waker = timer.waker.take();
        self.free_timer(key.index);
        waker
    }

    #[inline]
    fn free_timer(&mut self, index: u32) {
        let timer = &mut self.timers.slots[index as usize];
        debug_assert!(!timer.waker.is_set());
        let queued = timer.seq != NOT_QUEUED;
        timer.seq = NOT_QUEUED;
        timer.generation = timer.generation.wrapping_add(1);
        timer.state = State::Free;
        self.timers.free.push(index);
        if queued {
            self.entry_is_stale();
        }
    }

    /// The queue is swept when entries of cancelled timers outnumber the rest: a constant cost for each.
    #[inline]
    fn entry_is_stale(&mut self) {
        self.timers.stale += 1;
        if self.timers.stale >= STALE_COUNT_MIN && self.timers.stale * 2 > self.queue.len() {
            let slots = &self.timers.slots;
            self.queue.retain(|entry| match Event::of_word(entry.what) {
                Event::Timer(index) => slots[index as usize].seq == entry.seq,
                _ => true,
            });
            self.timers.stale = 0;
        }
    }

    /// The monotonic clock of a machine was changed: what waits for it is due at another time.
    pub(super) fn rekey_timers(&mut self, machine: u16) {
        for index in 0..self.timers.slots.len() {
            let timer = &self.timers.slots[index];
            if timer.state != State::Waiting || timer.machine != machine {
                continue;
            }
            let queued = timer.seq != NOT_QUEUED;
            let at = self.hosts[machine as usize].clock.when(self.now, timer.deadline);
            let event = Event::Timer(index as u32);
            let seq = at.map_or(NOT_QUEUED, |at| self.schedule(at, event));
            self.timers.slots[index].seq = seq;
            if queued {
                self.entry_is_stale();
            }
        }
    }

    /// A process ended: its timers go, without its code having a say.
    pub(super) fn drop_timers_of(&mut self, process: u32) -> Vec<WakerSlot> {
        let mut wakers = Vec::new();
        for index in 0..self.timers.slots.len() {
            let timer = &mut self.timers.slots[index];
            if timer.state != State::Free && timer.process == process {
                wakers.push(timer.waker.take());
                self.free_timer(index as u32);
            }
        }
        wakers
    }

    /// Every waker that a timer holds, when the world ends.
    pub(super) fn take_timer_wakers(&mut self) -> Vec<WakerSlot> {
        self.timers.slots.iter_mut().map(|timer| timer.waker.take()).collect()
    }

    /// Who waits for a timer: for the report of a stall, which needs a clock that stands still.
    pub(super) fn timer_waits(&self) -> impl Iterator<Item = (crate::task::TaskKey, u64)> {
        self.timers
            .slots
            .iter()
            .filter(|timer| timer.state == State::Waiting)
            .filter_map(|timer| Some((timer.waker.key()?, timer.deadline)))
    }
}
