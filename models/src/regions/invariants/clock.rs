//! deadlines against what the clock said.

use super::super::handle::Handle;
use super::super::time::Time;
use super::books::TimerBook;
use super::{Judged, Observer, Rule};

/// The readings of a clock, as far as they matter.
#[derive(Clone, Debug, Default)]
pub(super) struct ClockBook {
    last: Option<Time>,
    /// The latest that was ever read.
    latest: Option<Time>,
    /// All steps back together, in nanoseconds.
    back_ns: i64,
    /// The latest at the first reading of this step: what was due by then must fire in it.
    scan: Option<Time>,
}

impl ClockBook {
    fn read(&mut self, time: Time) {
        if let Some(last) = self.last
            && time < last
        {
            self.back_ns = self.back_ns.saturating_add(last.0.saturating_sub(time.0));
        }
        self.last = Some(time);
        self.latest = self.latest.max(Some(time));
        self.scan = self.scan.or(self.latest);
    }

    /// Whether a deadline is early by more than the clock went back.
    fn is_early(&self, deadline: Time) -> bool {
        self.last.is_none_or(|last| last.0.saturating_add(self.back_ns) < deadline.0)
    }
}

impl Observer {
    /// The runtime read its clock.
    pub fn clock_read(&mut self, time: Time) {
        self.clock.read(time);
    }

    pub(super) fn timer_set(&mut self, timer: Handle, task: Handle, deadline: Time) -> Judged {
        self.fresh(timer)?;
        self.timers_set += 1;
        let book = TimerBook { task, deadline, sequence: self.timers_set, since: self.steps };
        self.timers_due.insert((deadline, self.timers_set, timer));
        self.timers.insert(timer, book);
        Rule::ClosedIsEmpty
            .holds(self.tasks.contains_key(&task), || format!("{timer} was set for {task}, which is gone"))
    }

    pub(super) fn timer_fired(&mut self, timer: Handle, deadline: Time) -> Judged {
        let Some(book) = self.timers.remove(&timer) else {
            return Rule::Deadlines.holds(false, || format!("{timer} fired, and was not set"));
        };
        Rule::Deadlines.holds(book.deadline == deadline && !self.clock.is_early(deadline), || {
            format!("{timer} of {:?} fired when the clock read {:?}", book.deadline, self.clock.last)
        })?;
        let place = (book.deadline, book.sequence, timer);
        self.timers_due.remove(&place);
        let passed_over = self.timers_due.first().filter(|first| **first < place);
        Rule::Order.holds(passed_over.is_none(), || format!("{timer} fired before {passed_over:?}"))
    }

    pub(super) fn timer_cancelled(&mut self, timer: Handle) -> Judged {
        let book = self.timers.remove(&timer);
        if let Some(book) = &book {
            self.timers_due.remove(&(book.deadline, book.sequence, timer));
        }
        Rule::Deadlines.holds(book.is_some(), || format!("{timer} was cancelled, and was not set"))
    }

    pub(super) fn deadline_passed(&mut self, task: Handle, deadline: Time) -> Judged {
        let Some(book) = self.tasks.get_mut(&task) else {
            return Rule::Deadlines.holds(false, || format!("the deadline of {task} passed after its end"));
        };
        let twice = std::mem::replace(&mut book.deadline_passed, true);
        let allowed = book.allowed.deadline;
        self.tasks_due.remove(&(allowed, task));
        Rule::Deadlines.holds(!twice, || format!("the deadline of {task} passed twice"))?;
        Rule::Deadlines.holds(allowed == deadline && !self.clock.is_early(deadline), || {
            format!(
                "{task} is over at {allowed:?}; told at {deadline:?}, the clock reads {:?}",
                self.clock.last
            )
        })
    }

    /// At the end of a step of the scheduler: what was due when it looked has fired.
    pub(super) fn judge_lost(&mut self) -> Judged {
        let Some(scan) = self.clock.scan.take() else { return Ok(()) };
        // What was set in this very step need not fire in it.
        let before = |since: u64| since < self.steps;
        let mut timers = self.timers_due.iter().take_while(|due| due.0 <= scan);
        let lost = timers.find(|due| self.timers.get(&due.2).is_some_and(|timer| before(timer.since)));
        Rule::Deadlines
            .holds(lost.is_none(), || format!("the clock read {scan:?}, and yet is set: {lost:?}"))?;
        let mut tasks = self.tasks_due.iter().take_while(|due| due.0 <= scan);
        let late = tasks.find(|due| self.tasks.get(&due.1).is_some_and(|task| before(task.since)));
        Rule::Deadlines
            .holds(late.is_none(), || format!("the clock read {scan:?}, and yet goes on: {late:?}"))
    }

    /// What was asked from outside looked at no timer.
    pub(super) fn forget_scan(&mut self) {
        self.clock.scan = None;
    }
}
