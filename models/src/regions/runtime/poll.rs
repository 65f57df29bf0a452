//! One poll, and what it comes to. A panic of a body ends that task alone.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::complete::drop_body;
use super::{CLEANUP_POLLS, Runtime, What};
use crate::regions::body::{Body, Poll};
use crate::regions::context::TaskContext;
use crate::regions::handle::Handle;
use crate::regions::node::Node;
use crate::regions::outcome::{CancelKind, Outcome};
use crate::regions::points::Bug;
use crate::regions::view::Phase;

impl<N: Node, B: Body<N>> Runtime<N, B> {
    /// Polls a ready task, and says what that cost.
    pub(super) fn poll_task(&mut self, task: Handle) -> u64 {
        let place = self.core.tasks.get_mut(task).expect("what is ready is alive");
        assert_eq!(place.phase, Phase::Ready);
        place.phase = Phase::Running;
        place.was_polled = true;
        place.was_woken = false;
        let cleans_up = place.cancel.is_some();
        let body = place.body.take().expect("only a running task is without its body");
        self.tell_of(task, What::Polled);
        let (polled, body, cost) = self.poll_body(task, body);
        if let Some(outcome) = self.ending(task, polled) {
            let is_last = self.core.tasks.get(task).is_ok_and(|place| place.cleanup_left == 1);
            let subject = self.core.subject(task);
            self.complete(task, outcome, false);
            if cleans_up && is_last && self.has(Bug::TaskEndedTwice) {
                self.tell(subject, task, What::Completed { outcome, forced: true });
            }
            drop_body(body);
            return cost;
        }
        let place = self.core.tasks.get_mut(task).expect("it runs");
        place.body = Some(body);
        if cleans_up {
            place.cleanup_left = place.cleanup_left.saturating_sub(1);
            if place.cleanup_left == 0 && !self.has(Bug::CleanupUnbounded) {
                self.complete(task, Outcome::Cancelled, true);
                return cost;
            }
        } else {
            place.budget.take(cost);
            if place.budget.is_spent() {
                let moment = self.next_moment();
                self.request_cancel(task, CancelKind::Timeout, moment);
            }
        }
        self.rest(task, polled == Ok(Poll::Wait));
        cost
    }

    /// Polls the finalizer at this place, and says what that cost.
    pub(super) fn poll_finalizer(&mut self, at: usize) -> u64 {
        let finalizer = &mut self.core.finalizers[at];
        let (region, name) = (finalizer.region, finalizer.name);
        let body = finalizer.body.take().expect("only a running finalizer is without its body");
        self.tell_of(region, What::Polled);
        let (polled, body, cost) = self.poll_body(region, body);
        let place = self.core.regions.get_mut(region).expect("it is finalizing");
        place.finalizer_polls += 1;
        let is_spent = place.finalizer_polls >= CLEANUP_POLLS;
        let (outcome, forced) = match polled {
            Ok(Poll::Done(outcome)) => (outcome, false),
            Err(Panicked) => (Outcome::Panicked, false),
            Ok(Poll::Again | Poll::Wait) if is_spent => (Outcome::Cancelled, true),
            Ok(Poll::Again | Poll::Wait) => {
                self.core.finalizers[at].body = Some(body);
                return cost;
            }
        };
        place.finalizer_polls = 0;
        place.outcome = place.outcome.join(outcome);
        self.core.finalizers.remove(at);
        self.tell_of(region, What::Finalized { name, outcome, forced });
        drop_body(body);
        cost
    }

    fn poll_body(&mut self, owner: Handle, mut body: B) -> (Result<Poll, Panicked>, B, u64) {
        self.core.polling = Some(owner);
        self.core.poll_cost = 1;
        let mut context = TaskContext::new(self, owner);
        let polled = catch_unwind(AssertUnwindSafe(|| body.poll(&mut context)));
        self.core.polling = None;
        let cost = self.core.poll_cost;
        self.node.spend(cost);
        (polled.map_err(|_| Panicked), body, cost)
    }

    /// How the task ended, if it did.
    fn ending(&self, task: Handle, polled: Result<Poll, Panicked>) -> Option<Outcome> {
        let saw_cancel = self.core.tasks.get(task).expect("it runs").saw_cancel;
        match polled {
            Ok(Poll::Again | Poll::Wait) => None,
            Ok(Poll::Done(Outcome::Ok)) if saw_cancel => Some(Outcome::Cancelled),
            Ok(Poll::Done(outcome)) => Some(outcome),
            Err(Panicked) if self.has(Bug::PanicIsError) => Some(Outcome::Err),
            Err(Panicked) => Some(Outcome::Panicked),
        }
    }

    /// A polled task goes on later: at its turn, or when it is woken.
    fn rest(&mut self, task: Handle, wants_to_wait: bool) {
        let place = self.core.tasks.get_mut(task).expect("it runs");
        if wants_to_wait && !place.was_woken && place.cancel.is_none() {
            place.phase = Phase::Waiting;
            self.tell_of(task, What::Waits);
        } else {
            let moment = self.next_moment();
            self.make_ready(task, moment);
        }
        let place = self.core.tasks.get(task).expect("it is alive");
        if place.slot_turn == crate::regions::core::SlotTurn::Granted {
            self.give_up_turn(task);
            self.grant_slots();
        }
    }
}

/// A body panicked. What it said is in the panic hook's hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Panicked;
