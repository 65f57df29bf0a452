//! The kernel: the state of one run, and what happens next.
//!
//! [`Kernel`] is what every room stands on: time, the event queue, choice, the trace, tasks and machines.
//! [`Core`] adds the rooms that stand on it. Both are plain data under one checked borrow; code of the user
//! runs only between two borrows, driven by `drive.rs`.

mod clocks;
mod cores;
pub(crate) mod current;
mod drive;
mod faults;
mod lifecycle;
mod panics;
mod points;
mod resources;
mod runnable;
mod semantic;
mod sets;
mod stall;
mod stray;
mod strikes;
mod tasks;
mod timers;

use std::collections::{BTreeMap, VecDeque};
use std::task::Waker;

use crate::choice::{Choices, Stream};
use crate::config::{Config, Payloads, SharedMemory, StepLimit, TimeLimit};
use crate::fault::FaultId;
use crate::fs::Disks;
use crate::latency::Latencies;
use crate::machine::{Host, Program};
use crate::net::Net;
use crate::queue::EventQueue;
use crate::report::Failure;
use crate::schedule::Schedule;
use crate::task::{BoxJob, JoinError, NONCE_MASK, NONE, TaskKey, Tasks, WakerSlot, Why};
use crate::trace::{Kind, Log, NO_MACHINE, Record};
use crate::workload::Scripts;

pub(crate) use drive::{Stop, drive};
pub(crate) use lifecycle::Plate;
pub(crate) use panics::install_hook;
pub(crate) use points::install_listener;
pub(crate) use sets::SetKey;
pub(crate) use tasks::{Join, wake_from_code};
pub(crate) use timers::{TimerKey, TimerPoll};

/// A duration in nanoseconds; what is longer than time is as long as time.
pub(crate) fn nanos(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// What is due at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A core of a machine is free and tasks are ready.
    Run(u32),
    /// A timer fires.
    Timer(u32),
    /// A stopped process's grace is over, or a dead one is to be booted again.
    Process(u32),
    /// A plan strikes.
    Strike(u32),
    /// A datagram arrives.
    Datagram(u32),
    /// Something of a stream arrives.
    Stream(u32),
    /// A disk operation ends.
    Disk(u32),
}

impl Event {
    /// As the queue carries it.
    #[inline]
    fn word(self) -> u64 {
        let (kind, index) = match self {
            Event::Run(index) => (0, index),
            Event::Timer(index) => (1, index),
            Event::Process(index) => (2, index),
            Event::Strike(index) => (3, index),
            Event::Datagram(index) => (4, index),
            Event::Stream(index) => (5, index),
            Event::Disk(index) => (6, index),
        };
        kind << 32 | u64::from(index)
    }

    /// The event of a word that the queue carried.
    #[inline]
    pub(crate) fn of_word(word: u64) -> Event {
        let index = word as u32;
        match word >> 32 {
            0 => Event::Run(index),
            1 => Event::Timer(index),
            2 => Event::Process(index),
            3 => Event::Strike(index),
            4 => Event::Datagram(index),
            5 => Event::Stream(index),
            6 => Event::Disk(index),
            kind => unreachable!("no event has the kind {kind}"),
        }
    }
}

/// In whose name code runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Context {
    pub(crate) machine: u16,
    pub(crate) process: u32,
    /// The task in poll; [`NONE`] between polls.
    pub(crate) task: u32,
    /// Its process is no more: every call is inert.
    pub(crate) dead: bool,
}

/// What the driver is doing for the kernel outside of the borrow, so that a panic is laid at its door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    Nothing,
    Polling,
    Dropping,
    Waking,
    Striking,
}

/// Something of the user's that is no longer wanted, and that is dropped when nothing is borrowed.
pub(crate) enum Litter {
    Job(BoxJob),
    Error(JoinError),
    Waker(WakerSlot),
}

/// The world: the kernel and the rooms on it.
pub(crate) struct Core {
    pub(crate) kernel: Kernel,
    pub(crate) net: Net,
    pub(crate) disks: Disks,
}

pub(crate) struct Kernel {
    /// True time, in nanoseconds since the run began.
    pub(crate) now: u64,
    /// The record in whose course things happen; `u64::MAX` for none.
    pub(crate) cause: u64,
    pub(crate) current: Context,
    /// Machines with ready tasks and a free core at this very time, in order of becoming so.
    runnable: runnable::Runnable,
    pub(crate) queue: EventQueue,
    pub(crate) log: Log,
    pub(crate) choices: Choices,
    pub(crate) scripts: Scripts,
    /// When all trouble is over, where the plan says so.
    pub(crate) calm_at: Option<std::time::Duration>,
    pub(crate) tasks: Tasks,
    pub(crate) hosts: Vec<Host>,
    pub(crate) programs: Vec<Program>,
    timers: timers::Timers,
    sets: sets::Sets,
    pub(crate) schedule: Schedule,
    pub(crate) faults: faults::Faults,
    pub(crate) points: points::Points,
    semantic: semantic::Semantic,
    strikes: strikes::Strikes,
    places: tasks::Places,
    /// Named streams of code under test, by `app/<machine>/<name>`.
    apps: BTreeMap<String, usize>,
    app_streams: Vec<Stream>,

    /// Whether one of the lists below, a failure or the end asks for the driver's hand.
    attention: bool,
    deferred_wakes: VecDeque<Waker>,
    /// What to drop in a living context.
    litter: VecDeque<Litter>,
    /// What to drop in a dead context, with the process it belonged to.
    graves: VecDeque<(Litter, Context)>,
    /// The process whose things the rooms give up just now: what they discard was a dead one's.
    ending: Option<Context>,
    /// Processes whose main task has returned, with the incarnation that it was.
    exits: Vec<(u32, u32)>,
    pub(crate) failure: Option<Failure>,
    /// An aborted task that was chosen: its future is dropped instead of polled.
    cancelling: Option<(TaskKey, BoxJob)>,
    /// Why the driver is to come to rest.
    stop: Option<Stop>,
    /// The run's own task has ended.
    finished: bool,

    /// Ready tasks of the current machine when the current poll began.
    ready_before: usize,
    /// CPU time that the current poll asked for beyond its usual cost.
    extra_cost: u64,
    pub(crate) steps: u64,
    step_limit: u64,
    step_rule: StepLimit,
    time_rule: TimeLimit,
    /// Nothing happens after this time, for now.
    until: u64,
    doing: Doing,
    pub(crate) nonce: u32,
    pub(crate) epoch: u64,
    pub(crate) poll_cost: u64,
    shared_memory: SharedMemory,
    pub(crate) payloads: Payloads,
    pub(crate) main: Option<TaskKey>,
    warnings: Vec<String>,
    pub(crate) latencies: Latencies,
}

impl Core {
    pub(crate) fn new(config: &Config, nonce: u32) -> Core {
        Core { kernel: Kernel::new(config, nonce), net: Net::new(&config.network), disks: Disks::new() }
    }

    /// Something is due: events of a room go to that room.
    #[inline]
    fn dispatch(&mut self, event: Event, seq: u64) {
        match event {
            Event::Run(machine) => self.kernel.core_is_free(machine as u16, seq),
            Event::Timer(index) => self.kernel.timer_is_due(index, seq),
            Event::Process(index) => self.process_is_due(index, seq),
            Event::Strike(index) => self.kernel.strike_is_due(index),
            Event::Datagram(index) => {
                for entry in self.kernel.queue.soon() {
                    if let Event::Datagram(soon) = Event::of_word(entry.what) {
                        std::hint::black_box(self.net.datagrams.warm(soon));
                    }
                }
                self.net.datagram_arrives(&mut self.kernel, index);
            }
            Event::Stream(signal) => self.net.signal_arrives(&mut self.kernel, signal, seq),
            Event::Disk(index) => self.disks.operation_is_due(&mut self.kernel, index, seq),
        }
    }
}

impl Kernel {
    fn new(config: &Config, nonce: u32) -> Kernel {
        let mut choices = Choices::new(config.seed);
        if config.record_choices {
            choices.record();
        }
        choices.edit(&config.edits);
        choices.reseed(&config.reseeds);
        let StepLimit::FailAfter(step_limit) = config.steps;
        Kernel {
            now: 0,
            cause: u64::MAX,
            current: Context { machine: 0, process: 0, task: NONE, dead: false },
            runnable: runnable::Runnable::new(),
            queue: EventQueue::new(),
            log: Log::new(config.tracing),
            choices,
            calm_at: config.calm_at,
            scripts: Scripts::new(config.operations.clone(), config.record_operations, config.sizes.clone()),
            tasks: Tasks::new(nonce),
            hosts: Vec::new(),
            programs: Vec::new(),
            timers: timers::Timers::new(),
            sets: sets::Sets::new(),
            schedule: Schedule::Random,
            faults: faults::Faults::new(),
            points: points::Points::new(&config.quirks),
            semantic: semantic::Semantic::new(),
            strikes: strikes::Strikes::new(),
            places: tasks::Places::new(),
            apps: BTreeMap::new(),
            app_streams: Vec::new(),
            attention: false,
            deferred_wakes: VecDeque::new(),
            litter: VecDeque::new(),
            graves: VecDeque::new(),
            ending: None,
            exits: Vec::new(),
            failure: None,
            cancelling: None,
            stop: None,
            finished: false,
            ready_before: 0,
            extra_cost: 0,
            steps: 0,
            step_limit,
            step_rule: config.steps,
            time_rule: config.time,
            until: 0,
            doing: Doing::Nothing,
            nonce,
            epoch: config.epoch.as_nanos(),
            poll_cost: nanos(config.poll_cost),
            shared_memory: config.shared_memory,
            payloads: config.payloads,
            main: None,
            warnings: Vec::new(),
            latencies: Latencies::default(),
        }
    }

    /// Appends a record of a machine, caused by the record in whose course we are.
    #[inline]
    pub(crate) fn record(&mut self, kind: Kind, flag: u8, machine: u16, a: u32, b: u32) -> u64 {
        let sequence = self.log.sequence();
        // No cause is u64::MAX, which is after every record: its distance comes out as 0.
        let cause = sequence.saturating_sub(self.cause) as u32;
        self.log.push(Record { at: self.now, kind, flag, machine, cause, a, b })
    }

    /// As [`Kernel::record`], for what happens on no machine.
    pub(crate) fn record_world(&mut self, kind: Kind, flag: u8, a: u32, b: u32) -> u64 {
        self.record(kind, flag, NO_MACHINE, a, b)
    }

    /// Something is due at `at`; the answer identifies it.
    #[inline]
    pub(crate) fn schedule(&mut self, at: u64, event: Event) -> u64 {
        self.queue.push(self.now, at.max(self.now), event.word())
    }

    /// Wakes whoever waits in a slot.
    #[inline]
    pub(crate) fn wake(&mut self, slot: &mut WakerSlot, why: Why) {
        match slot.take() {
            WakerSlot::Empty => {}
            WakerSlot::Own(key) if key.nonce() == self.nonce & NONCE_MASK => self.wake_task(key, why),
            // A task of another world had its hand in one of this.
            WakerSlot::Own(key) => stray::report(key.nonce()),
            WakerSlot::Foreign(waker) => {
                self.deferred_wakes.push_back(waker);
                self.attention = true;
            }
            WakerSlot::Member { set, member } => self.member_ended(set, member),
        }
    }

    /// Drops something of the user's when nothing is borrowed.
    #[inline]
    pub(crate) fn discard(&mut self, litter: Option<Litter>) {
        let Some(litter) = litter else { return };
        match self.ending {
            Some(context) => self.bury(litter, context),
            None => self.litter.push_back(litter),
        }
        self.attention = true;
    }

    /// Drops something that belonged to a dead process, in its dead context, when nothing is borrowed.
    #[inline]
    pub(crate) fn bury(&mut self, remains: Litter, context: Context) {
        self.graves.push_back((remains, context));
        self.attention = true;
    }

    /// The run has failed. The first failure stands.
    pub(crate) fn fail(&mut self, property: &str, place: String, message: String) {
        self.attention = true;
        if self.failure.is_some() {
            return;
        }
        let machine = self.hosts.get(self.current.machine as usize).map(|host| host.name.clone());
        let record = self.log.sequence().saturating_sub(1);
        self.failure =
            Some(Failure { property: property.to_string(), place, message, at: self.now, record, machine });
    }

    /// Something that a report should say and that fails nothing.
    pub(crate) fn warn(&mut self, warning: String) {
        if self.warnings.len() < WARNING_COUNT_MAX && !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// A fault took effect.
    pub(crate) fn effect(&mut self, fault: FaultId, detail: u32) {
        self.faults.count(fault, detail);
        self.record(Kind::Effect, 0, self.current.machine, fault.index() as u32, detail);
    }

    pub(crate) fn places(&self) -> Vec<String> {
        self.places.names()
    }

    pub(crate) fn task_places(&mut self) -> Vec<u16> {
        self.tasks.places().map(|place| self.places.number(place)).collect()
    }

    pub(crate) fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    pub(crate) fn semantic_digest(&self) -> crate::trace::Digest {
        self.semantic.digest()
    }
}

const WARNING_COUNT_MAX: usize = 100;
