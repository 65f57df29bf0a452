//! The driver: asks the kernel what is next and does the part that is the user's code.
//!
//! One borrow of the world for each poll: handing back the last task and choosing the next are one call.
//! One `catch_unwind` stands around the loop and is entered again after a panic.

use std::any::Any;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context as PollContext, Waker};

use super::{Context, Core, Doing, Event, Kernel, Litter, current};
use crate::config::{StepLimit, TimeLimit};
use crate::queue::TIME_MAX;
use crate::schedule::Schedule;
use crate::task::{ABORTED, BoxJob, Id, JoinError, NONE, QUEUED, RUNNING, TaskKey, waker};
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

/// What the driver is to do outside of the borrow, besides polling.
enum Chore {
    /// Drop an aborted task's future in its own, living context.
    Cancel {
        key: TaskKey,
        job: BoxJob,
    },
    Wake(Waker),
    Drop(Litter),
    Bury(Litter),
    Strike(super::strikes::Strike),
    Stop(Stop),
}

/// A task that comes back from its poll, with whether it has ended.
struct Polled {
    key: TaskKey,
    job: BoxJob,
    ready: bool,
}

/// What is next: a poll, which is nearly always the case, or a chore.
enum Next {
    Poll { key: TaskKey, job: BoxJob },
    Chore,
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
    let mut polled = None;
    let mut pause = false;
    loop {
        let back = polled.take();
        match current::with(|core| core.next(back, pause)) {
            Some(Next::Poll { key, mut job }) => {
                polling.set(Some(key));
                let waker: ManuallyDrop<Waker> = waker(key);
                let mut context = PollContext::from_waker(&waker);
                let poll = if crate::observe::someone_listens() {
                    crate::observe::in_span(|| job.as_mut().poll(&mut context))
                } else {
                    job.as_mut().poll(&mut context)
                };
                pause = single;
                polled = Some(Polled { key, job, ready: poll.is_ready() });
            }
            Some(Next::Chore) => {
                polling.set(None);
                if let Some(stop) = chore() {
                    return stop;
                }
            }
            None => unreachable!("the driver runs in its world"),
        }
    }
}

/// Does what is to be done outside of the borrow besides polling.
#[cold]
#[inline(never)]
fn chore() -> Option<Stop> {
    match current::with(Core::attend).flatten()? {
        Chore::Cancel { key, job } => {
            drop(job);
            current::with(|core| core.cancelled(key));
        }
        Chore::Wake(waker) => waker.wake(),
        Chore::Drop(litter) | Chore::Bury(litter) => match litter {
            Litter::Job(job) => drop(job),
            Litter::Error(error) => drop(error),
            Litter::Waker(waker) => drop(waker),
        },
        Chore::Strike(strike) => strike(),
        Chore::Stop(stop) => return Some(stop),
    }
    None
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
    /// Takes back what was polled and says what is next.
    #[inline]
    fn next(&mut self, polled: Option<Polled>, pause: bool) -> Next {
        if let Some(polled) = polled {
            self.kernel.polled(polled);
        }
        loop {
            if self.kernel.attention {
                return Next::Chore;
            }
            if pause {
                return self.come_to_rest(Stop::Stepped);
            }
            if let Some(machine) = self.kernel.runnable.pop() {
                if let Some(next) = self.kernel.poll_next(machine) {
                    return next;
                }
                continue;
            }
            let next_at = self.kernel.queue.next_at();
            if next_at > self.kernel.until {
                return self.come_to_rest(if next_at == u64::MAX { Stop::Stalled } else { Stop::Reached });
            }
            let entry = self.kernel.queue.pop().expect("an entry was just seen");
            self.kernel.now = entry.at;
            self.kernel.current.task = NONE;
            self.dispatch(Event::of_word(entry.what), entry.seq);
        }
    }

    #[cold]
    fn come_to_rest(&mut self, stop: Stop) -> Next {
        self.kernel.rest();
        self.kernel.stop = Some(stop);
        self.kernel.attention = true;
        Next::Chore
    }

    /// What asks for the driver's hand, in this order: an aborted task, wakes, drops, burials, exits; then
    /// failure or the end; then strikes, so that each finds what the one before it left; then a stop. `None` when nothing does any more.
    fn attend(&mut self) -> Option<Chore> {
        let kernel = &mut self.kernel;
        if let Some((key, job)) = kernel.cancelling.take() {
            kernel.doing = Doing::Dropping;
            return Some(Chore::Cancel { key, job });
        }
        kernel.rest();
        if let Some(waker) = kernel.deferred_wakes.pop_front() {
            kernel.doing = Doing::Waking;
            return Some(Chore::Wake(waker));
        }
        if let Some(litter) = kernel.litter.pop_front() {
            kernel.doing = Doing::Dropping;
            return Some(Chore::Drop(litter));
        }
        if let Some((remains, context)) = kernel.graves.pop_front() {
            kernel.doing = Doing::Dropping;
            kernel.current = context;
            return Some(Chore::Bury(remains));
        }
        if !kernel.exits.is_empty() {
            self.carry_out_exits();
            return self.attend();
        }
        if kernel.failure.is_some() {
            return Some(Chore::Stop(Stop::Failed));
        }
        if kernel.finished {
            return Some(Chore::Stop(Stop::Finished));
        }
        if let Some(strike) = kernel.next_strike() {
            return Some(Chore::Strike(strike));
        }
        kernel.attention = false;
        kernel.stop.take().map(Chore::Stop)
    }

    fn cancelled(&mut self, key: TaskKey) {
        if self.kernel.tasks.get(key).is_some() {
            self.kernel.end_task(key.slot(), None, Some(JoinError::aborted()));
        }
        self.kernel.spend(None);
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

    /// Chooses among a machine's ready tasks, if there are any and a core is free.
    #[inline]
    fn poll_next(&mut self, machine: u16) -> Option<Next> {
        if !self.hosts[machine as usize].on_core.is_empty() {
            self.leave_cores(machine);
        }
        let host = &mut self.hosts[machine as usize];
        let count = host.ready.len();
        if count == 0 || !host.up {
            host.scheduled = false;
            if host.up && host.goes_on_at().is_some() {
                self.schedule_host(machine);
            }
            return None;
        }
        if host.free_at > self.now {
            self.schedule_host(machine);
            return None;
        }
        Some(self.poll_ready(machine))
    }

    /// Chooses among the ready tasks of a machine that has some and a free core.
    #[inline(always)]
    fn poll_ready(&mut self, machine: u16) -> Next {
        let host = &mut self.hosts[machine as usize];
        let count = host.ready.len();
        // No draw where there is no choice.
        let chosen = if count == 1 {
            0
        } else if self.choices.is_explored() {
            self.choose_explored(machine)
        } else {
            self.schedule.choose(count, &mut self.choices, &mut host.sched_stream)
        };
        let host = &mut self.hosts[machine as usize];
        let index = self.schedule.take(&mut host.ready, chosen);
        self.ready_before = host.ready.len();
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
            self.cancelling = Some((key, job));
            self.attention = true;
            return Next::Chore;
        }
        self.doing = Doing::Polling;
        Next::Poll { key, job }
    }

    /// Has the explorer choose, who is shown which tasks are ready.
    #[cold]
    fn choose_explored(&mut self, machine: u16) -> usize {
        if self.schedule == Schedule::Fifo {
            return 0;
        }
        let host = &mut self.hosts[machine as usize];
        let ready: Vec<Id> = host.ready.iter().map(|&task| Id::of(self.tasks.key(task))).collect();
        self.choices.draw_task(&mut host.sched_stream, &ready) as usize
    }

    /// A task comes back from its poll.
    #[inline(always)]
    fn polled(&mut self, Polled { key, job, ready }: Polled) {
        let index = key.slot();
        let mut goes_on = None;
        match self.tasks.get(key) {
            None => {
                // It was killed in mid-poll: what is left of it is dropped where nothing has an effect.
                let context = Context { task: NONE, dead: true, ..self.current };
                self.bury(Litter::Job(job), context);
            }
            Some(_) if ready => self.end_task(index, Some(job), None),
            Some(task) => {
                task.state &= !RUNNING;
                task.job = Some(job);
                goes_on = Some(index);
            }
        }
        self.spend(goes_on);
    }

    /// The machine was busy with a poll, after which its task goes on or not; what is ready is polled when a
    /// core is free.
    #[inline]
    pub(super) fn spend(&mut self, task: Option<u32>) {
        let machine = self.current.machine;
        let host = &mut self.hosts[machine as usize];
        let woken_count = host.ready.len().saturating_sub(self.ready_before);
        if !host.is_plain() || woken_count > 1 || self.extra_cost > 0 {
            return self.spend_with_care(task);
        }
        let free_at = self.now.saturating_add(host.poll_cost);
        host.free_at = free_at;
        if host.ready.is_empty() {
            host.scheduled = false;
            return;
        }
        self.goes_on_at(machine, free_at);
    }

    /// As [`Kernel::spend`], for whatever may be the matter.
    #[inline(never)]
    fn spend_with_care(&mut self, task: Option<u32>) {
        let machine = self.current.machine;
        let host = &mut self.hosts[machine as usize];
        let mut cost = host.poll_cost;
        if self.extra_cost > 0 {
            cost = cost.saturating_add(host.scaled(std::mem::take(&mut self.extra_cost)));
        }
        let until = self.now.saturating_add(cost);
        host.keep_busy(until);
        if host.ready.len() > self.ready_before + 1 && self.schedule == Schedule::Random {
            // The order of wakes within a poll is nobody's choice: some primitives take it from a generator of
            // the process.
            host.ready[self.ready_before..].sort_unstable();
        }
        if !host.slowed.is_empty() {
            self.was_slow(machine);
        }
        if !self.hosts[machine as usize].cores.is_empty()
            && let Some(task) = task
        {
            self.keep_on_core(machine, task, until);
        }
        let host = &mut self.hosts[machine as usize];
        match host.goes_on_at() {
            Some(free_at) if host.up => self.goes_on_at(machine, free_at),
            _ => host.scheduled = false,
        }
    }

    /// The machine that was polled has more to do when its core is free. Where nothing else is due before, time
    /// moves there without a detour over the queue.
    #[inline]
    fn goes_on_at(&mut self, machine: u16, free_at: u64) {
        let is_next = !self.attention && self.runnable.is_empty() && free_at < self.queue.next_at();
        if is_next && free_at <= self.until {
            // A core may have been free all the time.
            self.now = self.now.max(free_at);
            self.runnable.push(machine);
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
        self.until = until.min(self.time_limit());
    }

    /// Whether `until` is the run's own time limit.
    pub(crate) fn until_is_limit(&self) -> bool {
        self.until == self.time_limit()
    }

    fn time_limit(&self) -> u64 {
        let TimeLimit::FailAfter(limit) = self.time_rule;
        u64::try_from(limit.as_nanos()).map_or(TIME_MAX, |limit| limit.min(TIME_MAX))
    }

    pub(crate) fn add_cost(&mut self, nanos: u64) {
        if !self.current.dead {
            self.extra_cost = self.extra_cost.saturating_add(nanos);
        }
    }
}
