//! The scheduler: first in, first out, ties by task id; nothing is lost when the polls run out. [regions 1.5]

use super::{Runtime, What};
use crate::regions::body::Body;
use crate::regions::budget::Budget;
use crate::regions::core::Ready;
use crate::regions::event::Operation;
use crate::regions::handle::{Handle, Kind};
use crate::regions::node::{Node, Step};
use crate::regions::points::Bug;
use crate::regions::status::{Error, Status};
use crate::regions::time::Time;
use crate::regions::view::{Phase, RegionState};

/// What one step came to.
enum Stepped {
    Polled {
        cost: u64,
    },
    /// Somebody may be ready, and no poll is left, or none is needed.
    MayNotPoll,
    Idle,
}

impl<N: Node, B: Body<N>> Runtime<N, B> {
    /// Polls until nothing is ready or the budget is spent.
    ///
    /// `Ok`: no task is alive, and every region that was closing is closed. `WouldBlock`: tasks are alive, and all
    /// of them wait. `PollBudgetExhausted`: polls or cost are spent; everything stays as it is, and the next run
    /// goes on. `DeadlineExceeded`: the same for the budget's time.
    pub fn run(&mut self, mut budget: Budget) -> Status {
        loop {
            if budget.deadline != Time::NEVER && self.now() >= budget.deadline {
                return Status::DeadlineExceeded;
            }
            match self.step_within(budget, None) {
                Stepped::Polled { cost } => budget.take(cost),
                Stepped::MayNotPoll => return Status::PollBudgetExhausted,
                Stepped::Idle if self.core.tasks.live() == 0 => return Status::Ok,
                Stepped::Idle => return Status::WouldBlock,
            }
        }
    }

    /// Closes a region and runs until it is closed, or the budget is spent. Other regions' tasks run in their turn.
    /// A region that is gone is drained: `Ok`. A handle that never was is `NotFound`.
    pub fn drain(&mut self, region: Handle, mut budget: Budget) -> Status {
        match self.close(region) {
            Err(Error::StaleHandle(_)) => return Status::Ok,
            Err(error) => return error.status(),
            Ok(()) => {}
        }
        while self.state(region).is_ok() {
            if budget.deadline != Time::NEVER && self.now() >= budget.deadline {
                return Status::DeadlineExceeded;
            }
            match self.step_within(budget, Some(region)) {
                Stepped::Polled { cost } => budget.take(cost),
                _ if self.state(region).is_err() => {}
                Stepped::MayNotPoll => return Status::PollBudgetExhausted,
                // Whoever cleans up is ready, so this is a region that a bug has lost a task of.
                Stepped::Idle => return Status::WouldBlock,
            }
        }
        Status::Ok
    }

    /// One step: fires what is due, moves regions on, polls one finalizer or one task. The cost of the poll, or
    /// `None` when there was nothing to poll.
    pub fn step(&mut self) -> Option<u64> {
        match self.step_within(Budget::UNLIMITED, None) {
            Stepped::Polled { cost } => Some(cost),
            Stepped::MayNotPoll | Stepped::Idle => None,
        }
    }

    /// A step that polls nobody when the budget is spent, or `until` is closed: what became ready stays so.
    fn step_within(&mut self, budget: Budget, until: Option<Handle>) -> Stepped {
        self.fire_due();
        self.settle();
        let is_over = until.is_some_and(|region| self.state(region).is_err());
        if is_over || budget.is_spent() && self.has_work() {
            if !is_over && self.has(Bug::TaskForgotten) {
                self.core.ready.pop_front();
            }
            self.node.stepped(Step::Looked, &self.core);
            return Stepped::MayNotPoll;
        }
        let stepped = self.poll_next().map_or(Stepped::Idle, |cost| Stepped::Polled { cost });
        self.settle();
        self.node.stepped(Step::Scheduled, &self.core);
        stepped
    }

    /// Wakes a task that waits. One that is being polled is polled again; for others it changes nothing.
    ///
    /// # Errors
    /// `NotFound`, `StaleHandle`.
    pub fn wake(&mut self, task: Handle) -> Result<(), Error> {
        self.attempt(Operation::Wake, |this| {
            this.core.tasks.get(task)?;
            let moment = this.next_moment();
            this.wake_now(task, moment);
            Ok(())
        })
    }

    fn has_work(&self) -> bool {
        !self.core.ready.is_empty() || self.next_finalizer().is_some()
    }

    fn poll_next(&mut self) -> Option<u64> {
        if self.has(Bug::RegionMute) {
            return None;
        }
        if let Some(at) = self.next_finalizer() {
            return Some(self.poll_finalizer(at));
        }
        let ready = self.core.ready.pop_front()?;
        Some(self.poll_task(ready.task))
    }

    /// The last registered of those whose region is finalizing.
    fn next_finalizer(&self) -> Option<usize> {
        let mut may_run = self.core.finalizers.iter().map(|finalizer| {
            self.core.regions.get(finalizer.region).is_ok_and(|it| it.state == RegionState::Finalizing)
        });
        if self.has(Bug::FinalizersInOrder) {
            may_run.position(|may| may)
        } else {
            may_run.rposition(|may| may)
        }
    }

    /// A new cause. What gets ready by one cause is in one moment, and in the order of ids within it.
    pub(super) fn next_moment(&mut self) -> u64 {
        self.core.moment += 1;
        self.core.moment
    }

    /// The only writer of `ready`, but for those who take from it.
    pub(super) fn make_ready(&mut self, task: Handle, moment: u64) {
        assert_eq!(task.kind, Kind::Task);
        let place = self.core.tasks.get_mut(task).expect("a live task");
        place.phase = Phase::Ready;
        let id = place.id;
        let by_slot = self.has(Bug::TiesBySlot);
        let after = |other: &Ready| {
            other.moment == moment && if by_slot { other.task.slot > task.slot } else { other.id > id }
        };
        let ready = &mut self.core.ready;
        ready.push_back(Ready { moment, id, task });
        let mut at = ready.len() - 1;
        while at > 0 && after(&ready[at - 1]) {
            ready.swap(at - 1, at);
            at -= 1;
        }
        self.tell_of(task, What::Ready { moment });
    }

    pub(super) fn wake_now(&mut self, task: Handle, moment: u64) {
        let place = self.core.tasks.get_mut(task).expect("a live task");
        match place.phase {
            Phase::Ready => {}
            Phase::Running => place.was_woken = true,
            Phase::Waiting => self.make_ready(task, moment),
        }
    }
}
