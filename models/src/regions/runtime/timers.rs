//! Timers and deadlines: each fires once, in the order (deadline, sequence), whatever the clock does.

use std::time::Duration;

use super::{Runtime, Time, What};
use crate::regions::agenda::{Agenda, Due};
use crate::regions::body::Body;
use crate::regions::core::{Core, Timer};
use crate::regions::event::{Operation, Subject};
use crate::regions::handle::{Handle, Kind};
use crate::regions::node::Node;
use crate::regions::outcome::CancelKind;
use crate::regions::points::Bug;
use crate::regions::status::Error;

impl<N: Node, B: Body<N>> Runtime<N, B> {
    /// Sets a timer that wakes a task at a time of the runtime's clock.
    ///
    /// # Errors
    /// `NotFound`, `StaleHandle` of the task; `ResourceExhausted`, which names the task's region.
    pub fn set_timer(&mut self, task: Handle, deadline: Time) -> Result<Handle, Error> {
        self.attempt(Operation::SetTimer, |this| this.set_timer_at(task, deadline))
    }

    /// Sets a timer that wakes a task so much later than now.
    ///
    /// # Errors
    /// As [`set_timer`](Self::set_timer).
    pub fn set_timer_after(&mut self, task: Handle, delay: Duration) -> Result<Handle, Error> {
        let deadline = self.now().after(delay);
        self.set_timer(task, deadline)
    }

    /// Takes a timer back.
    ///
    /// # Errors
    /// `NotFound`; `StaleHandle` when it fired or was taken back before.
    pub fn cancel_timer(&mut self, timer: Handle) -> Result<(), Error> {
        self.attempt(Operation::CancelTimer, |this| {
            this.core.timers.get(timer)?;
            this.release_timer(timer, What::TimerCancelled);
            Ok(())
        })
    }

    /// When the next timer or deadline is due, on the runtime's clock.
    pub fn next_deadline(&self) -> Option<Time> {
        let Core { timers_due, deadlines_due, .. } = &self.core;
        timers_due.next().into_iter().chain(deadlines_due.next()).min()
    }

    fn set_timer_at(&mut self, task: Handle, deadline: Time) -> Result<Handle, Error> {
        let region = self.core.tasks.get(task)?.region;
        if self.core.timers.room() == 0 {
            return Err(Error::ResourceExhausted(region));
        }
        self.ask_memory(Kind::Timer, region, size_of::<Timer>())?;
        self.core.timer_sequence += 1;
        let sequence = self.core.timer_sequence;
        let timer = self.core.timers.insert(Timer { task, deadline, sequence });
        self.core.timers_due.set(Due { deadline, sequence, handle: timer });
        self.core.tasks.get_mut(task)?.timers += 1;
        self.tell_of(timer, What::TimerSet { task, deadline });
        Ok(timer)
    }

    /// Fires what is due, timers first.
    pub(super) fn fire_due(&mut self) {
        let now = self.now();
        while let Some(due) = self.take_due(now) {
            self.fire(due);
        }
        while let Some(due) =
            take_next(&mut self.core.deadlines_due, &self.core.config.quirks, self.core.scanned, now)
        {
            self.pass_deadline(due);
        }
        self.core.scanned = self.core.scanned.max(now);
    }

    fn take_due(&mut self, now: Time) -> Option<Due> {
        if self.has(Bug::TimersBySequence) {
            return self.core.timers_due.take_first_set(now);
        }
        take_next(&mut self.core.timers_due, &self.core.config.quirks, self.core.scanned, now)
    }

    fn fire(&mut self, due: Due) {
        let Ok(&timer) = self.core.timers.get(due.handle) else {
            assert!(self.has(Bug::DeadlineTwice), "only a planted bug leaves a timer behind");
            self.tell(Subject::RUNTIME, due.handle, What::TimerFired { deadline: due.deadline });
            return;
        };
        self.release_timer(due.handle, What::TimerFired { deadline: timer.deadline });
        if self.has(Bug::DeadlineTwice) && self.core.steady.went_back() {
            self.core.timers_due.set(Due { deadline: due.deadline.after(Duration::from_nanos(1)), ..due });
        }
        let moment = self.next_moment();
        self.wake_now(timer.task, moment);
    }

    /// The time of a task is over, noticed by the scheduler or by the task's own checkpoint.
    fn pass_deadline(&mut self, due: Due) {
        self.tell_of(due.handle, What::DeadlinePassed { deadline: due.deadline });
        let moment = self.next_moment();
        self.request_cancel(due.handle, CancelKind::Deadline, moment);
    }

    /// Notices the deadline of the running task, if it is over and nobody did before.
    pub(in crate::regions) fn check_deadline(&mut self, task: Handle) {
        let now = self.now();
        let place = self.core.tasks.get(task).expect("it is running");
        let (deadline, sequence) = (place.budget.deadline, u64::from(place.sequence));
        if deadline <= now && self.core.deadlines_due.holds(task) {
            self.core.deadlines_due.remove(task);
            self.pass_deadline(Due { deadline, sequence, handle: task });
        }
    }

    pub(super) fn drop_timers(&mut self, task: Handle) {
        while self.core.tasks.get(task).expect("a live task").timers > 0 {
            let of_task = self.core.timers.iter().filter(|(_, timer)| timer.task == task);
            let (first, _) =
                of_task.min_by_key(|(_, timer)| timer.sequence).expect("the task counts its timers");
            self.release_timer(first, What::TimerCancelled);
        }
    }

    fn release_timer(&mut self, timer: Handle, what: What) {
        let subject = self.core.subject(timer);
        self.core.timers_due.remove(timer);
        let gone = self.core.timers.remove(timer);
        self.core.tasks.get_mut(gone.task).expect("timers end with their task").timers -= 1;
        self.tell(subject, timer, what);
    }
}

fn take_next(
    agenda: &mut Agenda,
    quirks: &crate::regions::points::Quirks,
    scanned: Time,
    now: Time,
) -> Option<Due> {
    if quirks.has(Bug::DeadlineLost) { agenda.take_due_after(scanned, now) } else { agenda.take_due(now) }
}
