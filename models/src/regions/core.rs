//! The state of a runtime: arenas, queues and counters. Nothing here decides anything.

use std::collections::VecDeque;

use super::agenda::Agenda;
use super::arena::Arena;
use super::budget::Budget;
use super::event::Subject;
use super::handle::{Handle, Kind, Name};
use super::outcome::{CancelKind, Outcome};
use super::points::Bug;
use super::profile::Config;
use super::time::{Steady, Time};
use super::view::{Phase, RegionState, RegionView, TaskView, View};

pub(super) struct Region {
    pub(super) name: Name,
    pub(super) parent: Option<Handle>,
    pub(super) state: RegionState,
    pub(super) is_poisoned: bool,
    /// What its tasks may use: the meet with its parent's.
    pub(super) budget: Budget,
    /// Live tasks.
    pub(super) tasks: u32,
    /// Children that are not closed.
    pub(super) children: u32,
    pub(super) outcome: Outcome,
    /// Polls of the finalizer that runs.
    pub(super) finalizer_polls: u32,
}

/// Where a task stands among the spawners that wait for a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum SlotTurn {
    None = 0,
    Queued = 1,
    /// A free slot is kept for it until the end of its next poll.
    Granted = 2,
}

pub(super) struct Task<B> {
    pub(super) name: Name,
    /// Unique: entropy above, a sequence number below.
    pub(super) id: u64,
    pub(super) sequence: u32,
    pub(super) region: Handle,
    pub(super) phase: Phase,
    /// Taken out while it is polled.
    pub(super) body: Option<B>,
    pub(super) budget: Budget,
    pub(super) cancel: Option<CancelKind>,
    /// Whether a checkpoint told it of the request.
    pub(super) saw_cancel: bool,
    pub(super) cleanup_left: u32,
    pub(super) was_polled: bool,
    /// Woken while it was being polled.
    pub(super) was_woken: bool,
    pub(super) slot_turn: SlotTurn,
    pub(super) obligations: u32,
    pub(super) timers: u32,
}

#[derive(Clone, Copy)]
pub(super) struct Obligation {
    pub(super) name: Name,
    pub(super) task: Handle,
    pub(super) sequence: u64,
}

#[derive(Clone, Copy)]
pub(super) struct Timer {
    pub(super) task: Handle,
    pub(super) deadline: Time,
    pub(super) sequence: u64,
}

pub(super) struct Finalizer<B> {
    pub(super) name: Name,
    pub(super) region: Handle,
    /// Taken out while it is polled.
    pub(super) body: Option<B>,
}

/// A place in the ready queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ready {
    pub(super) moment: u64,
    pub(super) id: u64,
    pub(super) task: Handle,
}

pub(super) struct Core<B> {
    pub(super) config: Config,
    pub(super) regions: Arena<Region>,
    pub(super) tasks: Arena<Task<B>>,
    pub(super) obligations: Arena<Obligation>,
    pub(super) timers: Arena<Timer>,
    /// When timers are due.
    pub(super) timers_due: Agenda,
    /// When tasks are over.
    pub(super) deadlines_due: Agenda,
    /// Invariant: sorted by `(moment, id)`; each task whose phase is Ready once, and no other.
    pub(super) ready: VecDeque<Ready>,
    /// Spawners that wait for a slot, first come first.
    pub(super) slot_waiters: VecDeque<Handle>,
    /// Free task slots that are kept for spawners whose turn it is.
    pub(super) slots_granted: u16,
    /// In the order of their registration.
    pub(super) finalizers: Vec<Finalizer<B>>,
    pub(super) steady: Steady,
    /// The latest reading at which timers were looked at; for a planted bug.
    pub(super) scanned: Time,
    /// How many causes made tasks ready.
    pub(super) moment: u64,
    pub(super) task_sequence: u32,
    pub(super) timer_sequence: u64,
    pub(super) obligation_sequence: u64,
    pub(super) leak_count: u64,
    pub(super) first_leak: Option<Handle>,
    /// The task, or the region of the finalizer, that is being polled: what is asked meanwhile is asked by it, and
    /// is no step of its own.
    pub(super) polling: Option<Handle>,
    /// What the running poll costs.
    pub(super) poll_cost: u64,
}

impl<B> Core<B> {
    pub(super) fn new(config: Config) -> Core<B> {
        let capacity = config.class.capacity();
        let keeps = config.quirks.has(Bug::GenerationKept);
        let tasks = usize::from(capacity.tasks);
        Core {
            config,
            regions: Arena::new(Kind::Region, capacity.regions, keeps),
            tasks: Arena::new(Kind::Task, capacity.tasks, keeps),
            obligations: Arena::new(Kind::Obligation, capacity.obligations, keeps),
            timers: Arena::new(Kind::Timer, capacity.timers, keeps),
            timers_due: Agenda::new(capacity.timers),
            deadlines_due: Agenda::new(capacity.tasks),
            ready: VecDeque::with_capacity(tasks + 1),
            slot_waiters: VecDeque::with_capacity(tasks),
            slots_granted: 0,
            finalizers: Vec::with_capacity(tasks),
            steady: Steady::default(),
            scanned: Time(i64::MIN),
            moment: 0,
            task_sequence: 0,
            timer_sequence: 0,
            obligation_sequence: 0,
            leak_count: 0,
            first_leak: None,
            polling: None,
            poll_cost: 1,
        }
    }

    /// Whom an event about this thing names.
    pub(super) fn subject(&self, handle: Handle) -> Subject {
        let of_region = |region| match self.regions.get(region) {
            Ok(region) => Subject { region: Some(region.name), task: None },
            Err(_) => Subject::RUNTIME,
        };
        let of_task = |task| match self.tasks.get(task) {
            Ok(task) => Subject { task: Some(task.name), ..of_region(task.region) },
            Err(_) => Subject::RUNTIME,
        };
        match handle.kind {
            Kind::Region => of_region(handle),
            Kind::Task => of_task(handle),
            Kind::Obligation => {
                self.obligations.get(handle).map_or(Subject::RUNTIME, |obligation| of_task(obligation.task))
            }
            Kind::Timer => self.timers.get(handle).map_or(Subject::RUNTIME, |timer| of_task(timer.task)),
        }
    }

    /// Whether a region is another or below it.
    pub(super) fn is_within(&self, region: Handle, ancestor: Handle) -> bool {
        let mut at = Some(region);
        while let Some(handle) = at {
            if handle == ancestor {
                return true;
            }
            at = self.regions.get(handle).ok().and_then(|region| region.parent);
        }
        false
    }

    /// Whether a region or one above it was poisoned.
    pub(super) fn is_poisoned(&self, region: Handle) -> bool {
        let mut at = Some(region);
        while let Some(region) = at.and_then(|handle| self.regions.get(handle).ok()) {
            if region.is_poisoned {
                return true;
            }
            at = region.parent;
        }
        false
    }

    /// Places that memory is held for, in all arenas and queues. It does not change after the runtime was made.
    pub(super) fn reserved(&self) -> usize {
        self.regions.reserved()
            + self.tasks.reserved()
            + self.obligations.reserved()
            + self.timers.reserved()
            + self.timers_due.reserved()
            + self.deadlines_due.reserved()
            + self.ready.capacity()
            + self.slot_waiters.capacity()
            + self.finalizers.capacity()
    }
}

impl<B> View for Core<B> {
    fn live(&self, kind: Kind) -> u16 {
        match kind {
            Kind::Region => self.regions.live(),
            Kind::Task => self.tasks.live(),
            Kind::Obligation => self.obligations.live(),
            Kind::Timer => self.timers.live(),
        }
    }

    fn each_region(&self, see: &mut dyn FnMut(RegionView)) {
        for (handle, region) in self.regions.iter() {
            let Region { parent, state, is_poisoned, tasks, children, .. } = *region;
            see(RegionView { handle, parent, state, is_poisoned, tasks, children });
        }
    }

    fn each_task(&self, see: &mut dyn FnMut(TaskView)) {
        for (handle, task) in self.tasks.iter() {
            see(TaskView { handle, region: task.region, phase: task.phase, cancel: task.cancel });
        }
    }

    fn each_obligation(&self, see: &mut dyn FnMut(Handle, Handle)) {
        for (handle, obligation) in self.obligations.iter() {
            see(handle, obligation.task);
        }
    }

    fn each_timer(&self, see: &mut dyn FnMut(Handle)) {
        for (handle, _) in self.timers.iter() {
            see(handle);
        }
    }
}
