//! What a task may ask while it is polled.

use std::time::Duration;

use super::body::Body;
use super::budget::Budget;
use super::event::{Operation, What};
use super::handle::{Handle, Kind, Name};
use super::node::Node;
use super::outcome::CancelKind;
use super::runtime::Runtime;
use super::status::Error;
use super::time::Time;

/// The runtime, as a task sees it while it is polled. A finalizer has one too: its [`handle`](Self::handle) is its
/// region's, nobody asks it to end, and it holds neither obligations nor timers.
pub struct TaskContext<'a, N: Node, B: Body<N>> {
    runtime: &'a mut Runtime<N, B>,
    owner: Handle,
}

impl<'a, N: Node, B: Body<N>> TaskContext<'a, N, B> {
    pub(super) fn new(runtime: &'a mut Runtime<N, B>, owner: Handle) -> Self {
        TaskContext { runtime, owner }
    }

    /// The task that is polled.
    pub fn handle(&self) -> Handle {
        self.owner
    }

    /// The region that holds it.
    pub fn region(&self) -> Handle {
        self.runtime.region_of(self.owner)
    }

    /// Whether the task was asked to end, and why. Here its deadline is noticed, and here a request is seen: a task
    /// that saw one and ends well counts as cancelled.
    ///
    /// # Errors
    /// `DeadlineExceeded` when the reason is the deadline, else `Cancelled`.
    pub fn checkpoint(&mut self) -> Result<(), Error> {
        match self.owner.kind {
            Kind::Task => self.runtime.checkpoint(self.owner),
            _ => Ok(()),
        }
    }

    /// This poll costs so much, instead of 1.
    pub fn cost(&mut self, cost: u64) {
        self.runtime.declare_cost(cost);
    }

    /// The time as the runtime believes it: one more reading of the clock.
    pub fn now(&mut self) -> Time {
        self.runtime.now()
    }

    /// A word of the node's entropy, for jitter. It may always be the same.
    pub fn entropy(&mut self) -> u64 {
        self.runtime.node_mut().entropy()
    }

    /// The node.
    pub fn node(&mut self) -> &mut N {
        self.runtime.node_mut()
    }

    /// Spawns a task in any region, its own or another. Under backpressure the answer may be `WouldBlock`: then the
    /// task returns [`Poll::Wait`](super::body::Poll::Wait) and tries again when it is polled.
    ///
    /// # Errors
    /// As [`Runtime::spawn`].
    pub fn spawn(&mut self, region: Handle, name: Name, budget: Budget, body: B) -> Result<Handle, Error> {
        let spawner = (self.owner.kind == Kind::Task).then_some(self.owner);
        self.runtime.spawn_for(spawner, region, name, budget, body)
    }

    /// The task promises something.
    ///
    /// # Errors
    /// As [`Runtime::reserve`].
    pub fn reserve(&mut self, name: Name) -> Result<Handle, Error> {
        self.runtime.reserve(self.owner, name)
    }

    /// The promise is kept.
    ///
    /// # Errors
    /// As [`Runtime::commit`]; `InvalidArgument` when another task holds it.
    pub fn commit(&mut self, obligation: Handle) -> Result<(), Error> {
        let owner = Some(self.owner);
        self.runtime.resolve(Operation::Commit, owner, obligation, |name| What::Committed { name })
    }

    /// The promise is given up.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    pub fn abort(&mut self, obligation: Handle) -> Result<(), Error> {
        let owner = Some(self.owner);
        self.runtime.resolve(Operation::Abort, owner, obligation, |name| What::Aborted { name })
    }

    /// Sets a timer that wakes this task so much later; to sleep, the task then waits.
    ///
    /// # Errors
    /// As [`Runtime::set_timer`].
    pub fn set_timer_after(&mut self, delay: Duration) -> Result<Handle, Error> {
        self.runtime.set_timer_after(self.owner, delay)
    }

    /// Sets a timer that wakes this task then.
    ///
    /// # Errors
    /// As [`Runtime::set_timer`].
    pub fn set_timer(&mut self, deadline: Time) -> Result<Handle, Error> {
        self.runtime.set_timer(self.owner, deadline)
    }

    /// Takes a timer back.
    ///
    /// # Errors
    /// As [`Runtime::cancel_timer`].
    pub fn cancel_timer(&mut self, timer: Handle) -> Result<(), Error> {
        self.runtime.cancel_timer(timer)
    }

    /// Whether a timer is still to fire.
    pub fn is_set(&self, timer: Handle) -> bool {
        self.runtime.is_timer_set(timer)
    }

    /// Opens a region, at the top or in another.
    ///
    /// # Errors
    /// As [`Runtime::open`].
    pub fn open(&mut self, parent: Option<Handle>, name: Name, budget: Budget) -> Result<Handle, Error> {
        self.runtime.open(parent, name, budget)
    }

    /// Begins to close a region.
    ///
    /// # Errors
    /// As [`Runtime::close`].
    pub fn close(&mut self, region: Handle) -> Result<(), Error> {
        self.runtime.close(region)
    }

    /// Poisons a region.
    ///
    /// # Errors
    /// As [`Runtime::poison`].
    pub fn poison(&mut self, region: Handle) -> Result<(), Error> {
        self.runtime.poison(region)
    }

    /// Asks a task or a region's tasks to end.
    ///
    /// # Errors
    /// As [`Runtime::cancel`].
    pub fn cancel(&mut self, target: Handle, kind: CancelKind) -> Result<(), Error> {
        self.runtime.cancel(target, kind)
    }

    /// Wakes a task.
    ///
    /// # Errors
    /// As [`Runtime::wake`].
    pub fn wake(&mut self, task: Handle) -> Result<(), Error> {
        self.runtime.wake(task)
    }

    /// Registers what is done when a region's last task has ended.
    ///
    /// # Errors
    /// As [`Runtime::finally`].
    pub fn finally(&mut self, region: Handle, name: Name, body: B) -> Result<(), Error> {
        self.runtime.finally(region, name, body)
    }
}
