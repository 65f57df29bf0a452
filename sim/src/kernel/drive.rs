//! The driver: asks the kernel what is next and does the part that is the user's code.
//!
//! One borrow of the world for each poll: handing back the last task and choosing the next are one call.
//! One `catch_unwind` stands around the loop and is entered again after a panic.

use std::any::Any;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context as PollContext, Poll, Waker};

use super::{Context, Core, Doing, Kernel, Litter, current};
use crate::config::{StepLimit, TimeLimit};
use crate::task::{ABORTED, BoxJob, JoinError, NONE, QUEUED, RUNNING, TaskKey, waker};
use crate::trace::Kind;

/// Why the driver came to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The run's own task ended.
    Finished,
    /// A property failed.
    Failed,
    /// Nothing is due before the time that was asked for.
    Reached,
    /// Nothing is due at all.
    Stalled,
    /// One step was asked for and made.
    Stepped,
}

/// What the driver is to do outside of the borrow.
enum Action {
    Poll {
        key: TaskKey,
        job: BoxJob,
    },
    /// Drop an aborted task's future in its own, living context.
    Cancel {
        key: TaskKey,
        job: BoxJob,
    },
    Wake(Waker),
    Drop(Litter),
    Bury(BoxJob),
    Strike(super::strikes::Strike),
    Stop(Stop),
}

/// What became of the last action.
enum Done {
    Nothing,
    Polled { key: TaskKey, job: BoxJob, ready: bool },
    Cancelled { key: TaskKey },
}

/// Drives the current world of this thread until it stops; with `single`, for one poll at most.
pub(crate) fn drive(single: bool) -> Stop {
    loop {
        let polling = std::cell::Cell::new(None);
        match catch_unwind(AssertUnwindSafe(|| turn(single, &polling))) {
            Ok(stop) => return stop,
            Err(payload) => after_panic(polling.get(), payload),
        }
    }
}

fn turn(single: bool, polling: &std::cell::Cell<Option<TaskKey>>) -> Stop {
    let mut done = Done::Nothing;
    let mut polls = 0u32;
    loop {
        let finished = std::mem::replace(&mut done, Done::Nothing);
        let pause = single && polls > 0;
        let action = current::with(|core| core.next(finished, pause)).expect("the driver runs in its world");
        match action {
            Action::Poll { key, mut job } => {
                polling.set(Some(key));
                let waker: ManuallyDrop<Waker> = waker(key);
                let ready = if crate::observe::someone_listens() {
                    crate::observe::in_span(|| job.as_mut().poll(&mut PollContext::from_waker(&waker)))
                } else {
                    job.as_mut().poll(&mut PollContext::from_waker(&waker))
                };
                polls = 1;
                done = Done::Polled { key, job, ready: ready == Poll::Ready(()) };
            }
            Action::Cancel { key, job } => {
                polling.set(None);
                drop(job);
                done = Done::Cancelled { key };
            }
            Action::Wake(waker) => {
                polling.set(None);
                waker.wake();
            }
            Action::Drop(litter) => {
                polling.set(None);
                match litter {
                    Litter::Job(job) => drop(job),
                    Litter::Error(error) => drop(error),
                    Litter::Waker(waker) => drop(waker),
                }
            }
            Action::Bury(job) => {
                polling.set(None);
                drop(job);
            }
            Action::Strike(strike) => {
                polling.set(None);
                strike();
            }
            Action::Stop(stop) => return stop,
        }
    }
}

/// A panic was caught: the kernel hears of it, and the payload, whose drop is the user's, may panic again.
fn after_panic(polled: Option<TaskKey>, payload: Box<dyn Any + Send>) {
    let left = current::with(|core| core.panicked(polled, payload)).expect("the driver runs in its world");
    if let Some(left) = left
        && let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(left)))
    {
        // A payload that panics when it is dropped has a payload of its own; this one is leaked, for good.
        std::mem::forget(again);
    }
}

impl Core {
    /// Takes back what was done and says what is next.
    #[inline]
    fn next(&mut self, done: Done, pause: bool) -> Action {
        match done {
            Done::Nothing => {}
            Done::Polled { key, job, ready } => self.kernel.polled(key, job, ready),
            Done::Cancelled { key } => {
                if self.kernel.tasks.get(key).is_some() {
                    self.kernel.end_task(key.slot(), None, Some(JoinError::aborted()));
                }
                self.kernel.spend();
            }
        }
        loop {
            if self.kernel.attention
                && let Some(action) = self.attend()
            {
                return action;
            }
            if pause {
                self.kernel.rest();
                return Action::Stop(Stop::Stepped);
            }
            if let Some(machine) = self.kernel.runnable.pop_front() {
                if let Some(action) = self.kernel.poll_next(machine) {
                    return action;
                }
                continue;
            }
            let next_at = self.kernel.queue.next_at();
            if next_at > self.kernel.until {
                self.kernel.rest();
                if next_at == u64::MAX {
                    return Action::Stop(Stop::Stalled);
                }
                return Action::Stop(Stop::Reached);
            }
            let entry = self.kernel.queue.pop().expect("an entry was just seen");
            self.kernel.now = entry.at;
            self.kernel.current.task = NONE;
            self.dispatch(entry.what, entry.seq);
        }
    }

    /// What asks for the driver's hand, in this order: wakes, drops, burials, exits; then failure or the
    /// end; strikes come last, so that each finds what the one before it left.
    #[cold]
    fn attend(&mut self) -> Option<Action> {
        let kernel = &mut self.kernel;
        kernel.rest();
        if let Some(waker) = kernel.deferred_wakes.pop() {
            kernel.doing = Doing::Waking;
            return Some(Action::Wake(waker));
        }
        if let Some(litter) = kernel.litter.pop() {
            kernel.doing = Doing::Dropping;
            return Some(Action::Drop(litter));
        }
        if let Some((job, context)) = kernel.graves.pop() {
            kernel.doing = Doing::Dropping;
            kernel.current = context;
            return Some(Action::Bury(job));
        }
        if !kernel.exits.is_empty() {
            self.carry_out_exits();
            return self.attend();
        }
        if kernel.failure.is_some() {
            return Some(Action::Stop(Stop::Failed));
        }
        if kernel.finished {
            return Some(Action::Stop(Stop::Finished));
        }
        if let Some(strike) = kernel.next_strike() {
            return Some(Action::Strike(strike));
        }
        kernel.attention = false;
        None
    }
}

impl Kernel {
    /// Nobody's code runs.
    #[inline]
    pub(crate) fn rest(&mut self) {
        self.doing = Doing::Nothing;
        self.current.task = NONE;
        self.current.dead = false;
    }

    /// Chooses among a machine's ready tasks.
    #[inline]
    fn poll_next(&mut self, machine: u16) -> Option<Action> {
        let host = &mut self.hosts[machine as usize];
        let count = host.ready.len();
        if count == 0 || !host.up {
            host.scheduled = false;
            return None;
        }
        if host.free_at() > self.now {
            self.schedule_host(machine);
            return None;
        }
        // No draw where there is no choice.
        let chosen = if count == 1 {
            0
        } else {
            self.schedule.choose(count, &mut self.choices, &mut host.sched_stream)
        };
        let index = self.schedule.take(&mut host.ready, chosen);
        let task = self.tasks.at(index);
        task.state = (task.state & !QUEUED) | RUNNING;
        let (why, process, aborted) = (task.why, task.process, task.state & ABORTED != 0);
        self.cause = task.woken_by;
        let job = task.job.take().expect("a ready task has its future");
        let key = self.tasks.key(index);
        self.cause = self.record(Kind::Poll, why as u8, machine, index, count as u32);
        self.current = Context { machine, process, task: index, dead: false };
        self.steps += 1;
        if self.steps > self.step_limit {
            self.steps_are_spent();
        }
        if aborted {
            self.doing = Doing::Dropping;
            return Some(Action::Cancel { key, job });
        }
        self.doing = Doing::Polling;
        Some(Action::Poll { key, job })
    }

    /// A task comes back from its poll.
    #[inline]
    fn polled(&mut self, key: TaskKey, job: BoxJob, ready: bool) {
        let index = key.slot();
        match self.tasks.get(key) {
            None => {
                // It was killed in mid-poll: what is left of it is dropped where nothing has an effect.
                let context = Context { task: NONE, dead: true, ..self.current };
                self.graves.push((job, context));
                self.attention = true;
            }
            Some(_) if ready => self.end_task(index, Some(job), None),
            Some(task) => {
                task.state &= !RUNNING;
                task.job = Some(job);
            }
        }
        self.spend();
    }

    /// The machine was busy with a poll; what is ready goes on when a core is free.
    #[inline]
    pub(super) fn spend(&mut self) {
        let machine = self.current.machine;
        let host = &mut self.hosts[machine as usize];
        let mut cost = host.poll_cost;
        if self.extra_cost > 0 {
            cost = cost.saturating_add(host.scaled(std::mem::take(&mut self.extra_cost)));
        }
        let core = host.free_core();
        host.cores[core] = self.now.saturating_add(cost);
        if !host.slowed.is_empty() {
            self.was_slow(machine);
        }
        let host = &mut self.hosts[machine as usize];
        if host.ready.is_empty() || !host.up {
            host.scheduled = false;
            return;
        }
        let free_at = host.free_at();
        // Nothing else is due before this core is free: time moves there without a detour over the queue.
        if free_at > self.now
            && free_at <= self.until
            && !self.attention
            && self.runnable.is_empty()
            && self.queue.next_at() > free_at
        {
            self.now = free_at;
            self.runnable.push_back(machine);
        } else {
            self.schedule_host(machine);
        }
    }

    #[cold]
    fn steps_are_spent(&mut self) {
        let StepLimit::FailAfter(limit) = self.step_rule;
        let place = self.tasks.at(self.current.task).place.to_string();
        let message = format!(
            "{limit} polls were made at virtual time {} ns and the run did not end: a task may wake itself for ever \
             (the last one polled was spawned at {place}), or StepLimit is too small",
            self.now
        );
        self.fail("step-limit", place, message);
    }

    /// Time is up: the run has reached the end that its configuration set.
    pub(crate) fn time_is_spent(&mut self) {
        let TimeLimit::FailAfter(limit) = self.time_rule;
        let message = format!(
            "the run did not end within {limit:?} of virtual time: raise TimeLimit if it should take longer"
        );
        self.fail("time-limit", String::new(), message);
    }

    /// Nothing happens after `until` for now; the run's own time limit stays.
    pub(crate) fn set_until(&mut self, until: u64) {
        let TimeLimit::FailAfter(limit) = self.time_rule;
        self.until = until.min(u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Whether `until` is the run's own time limit.
    pub(crate) fn until_is_limit(&self) -> bool {
        let TimeLimit::FailAfter(limit) = self.time_rule;
        self.until == u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX)
    }

    pub(crate) fn add_cost(&mut self, nanos: u64) {
        if !self.current.dead {
            self.extra_cost = self.extra_cost.saturating_add(nanos);
        }
    }
}
