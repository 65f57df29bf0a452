//! The runtime: a pure heart, driven by calls, told of the world by its [`Node`] alone.
//!
//! What can be asked of it is in the rooms below: regions, admission, cancellation, obligations, timers and the
//! scheduler. Every call goes through `attempt`, so that a refusal is told, with the state's hash before and after.

mod admission;
mod cancel;
mod complete;
mod lifecycle;
mod obligations;
mod poll;
mod schedule;
mod timers;

use super::body::Body;
use super::core::Core;
use super::event::{Event, Operation, Subject, What};
use super::handle::{Handle, Kind};
use super::hash;
use super::node::{Node, Step};
use super::outcome::CancelKind;
use super::points::Bug;
use super::profile::Config;
use super::status::Error;
use super::time::Time;
use super::view::View;

/// Polls that a task has after it was asked to end; then it is ended. (ours) [regions 1.3]
pub const CLEANUP_POLLS: u32 = 8;

/// A structured-concurrency runtime: regions own tasks, tasks hold obligations, nothing outlives its region.
///
/// ```
/// use tourbillon_models::regions::api::{Boxed, Budget, Config, Name, Outcome, Poll, Runtime, Script, Status};
///
/// let mut runtime = Runtime::new(Config::default(), Script::default());
/// let region = runtime.open(None, Name::of("pump"), Budget::UNLIMITED).unwrap();
/// let stroke = Boxed::new(|_task| Poll::Done(Outcome::Ok));
/// runtime.spawn(region, Name::of("stroke"), Budget::UNLIMITED, stroke).unwrap();
/// assert_eq!(runtime.run(Budget::polls(10)), Status::Ok);
/// assert_eq!(runtime.drain(region, Budget::UNLIMITED), Status::Ok);
/// ```
pub struct Runtime<N: Node, B: Body<N>> {
    node: N,
    core: Core<B>,
}

impl<N: Node, B: Body<N>> Runtime<N, B> {
    /// A runtime with nothing in it. All the memory that it will ever need is taken here.
    pub fn new(config: Config, node: N) -> Runtime<N, B> {
        Runtime { node, core: Core::new(config) }
    }

    /// How it was set up.
    pub fn config(&self) -> &Config {
        &self.core.config
    }

    /// Its machine.
    pub fn node(&self) -> &N {
        &self.node
    }

    /// Its machine, for faults to be injected and cleared.
    pub fn node_mut(&mut self) -> &mut N {
        &mut self.node
    }

    /// What it shows of its state.
    pub fn view(&self) -> &dyn View
    where
        B: 'static,
    {
        &self.core
    }

    /// How many things of a kind are alive.
    pub fn live(&self, kind: Kind) -> u16 {
        self.core.live(kind)
    }

    /// Everything that decides what it does next, in one word, the same on every platform.
    pub fn state_hash(&self) -> u64 {
        hash::of::<N, B>(&self.core)
    }

    /// Places that memory is held for. It never changes.
    pub fn reserved(&self) -> usize {
        self.core.reserved()
    }

    /// Reads the clock: the time as the runtime believes it, which never goes back.
    pub fn now(&mut self) -> Time {
        let before = self.core.steady.frozen_at();
        let read = self.node.clock();
        if self.core.config.quirks.has(Bug::RegionFrozen)
            && let Some(first) = before
        {
            return first;
        }
        let now = self.core.steady.advance(read);
        if self.core.config.quirks.has(Bug::DeadlineLost) { read } else { now }
    }

    /// How many obligations were still held when their task ended.
    pub fn leak_count(&self) -> u64 {
        self.core.leak_count
    }

    /// The leak check of a run.
    ///
    /// # Errors
    /// [`Error::Leaked`] with the first obligation that leaked.
    pub fn check_leaks(&self) -> Result<(), Error> {
        self.core.first_leak.map_or(Ok(()), |first| Err(Error::Leaked(first)))
    }

    fn tell(&mut self, subject: Subject, object: Handle, what: What) {
        self.node.tell(&Event { subject, object, what });
    }

    /// Tells of something that is alive.
    fn tell_of(&mut self, object: Handle, what: What) {
        self.tell(self.core.subject(object), object, what);
    }

    fn has(&self, bug: Bug) -> bool {
        self.core.config.quirks.has(bug)
    }

    fn audited_hash(&self) -> u64 {
        if self.core.config.audit { self.state_hash() } else { 0 }
    }

    /// Carries out what was asked; a refusal is told. What is asked from within a poll is no step of its own.
    fn attempt<T>(
        &mut self,
        operation: Operation,
        act: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let before = self.audited_hash();
        let result = act(self);
        if let Err(error) = result
            && error.is_refusal()
        {
            let (object, status) = (error.handle(), error.status());
            // It is the asker's story: what the handle names may be gone.
            let subject = self.core.subject(self.core.polling.unwrap_or(object));
            let after = self.audited_hash();
            self.tell(subject, object, What::Refused { operation, status, before, after });
        }
        if self.core.polling.is_none() {
            self.node.stepped(Step::Asked, &self.core);
        }
        result
    }

    /// A slot of this kind, if the arena has one and the node grants it.
    fn ask_memory(&mut self, kind: Kind, asker: Handle, bytes: usize) -> Result<(), Error> {
        if self.node.may_allocate(kind, bytes as u64) { Ok(()) } else { Err(Error::ResourceExhausted(asker)) }
    }

    /// A number that no other has, whatever entropy says: the draw is above, the sequence below.
    fn unique_id(&mut self) -> (u64, u32) {
        let draw = self.node.entropy();
        self.core.task_sequence += 1;
        let sequence = self.core.task_sequence;
        if self.has(Bug::IdsFromEntropyAlone) {
            return (draw, sequence);
        }
        (draw & 0xffff_ffff_0000_0000 | u64::from(sequence), sequence)
    }

    /// The region of what is being polled: a task's, or the finalizer's own.
    pub(super) fn region_of(&self, owner: Handle) -> Handle {
        self.core.tasks.get(owner).map_or(owner, |task| task.region)
    }

    pub(super) fn declare_cost(&mut self, cost: u64) {
        self.core.poll_cost = cost;
    }

    pub(super) fn is_timer_set(&self, timer: Handle) -> bool {
        self.core.timers.get(timer).is_ok()
    }

    /// Tells the running task whether it was asked to end.
    pub(super) fn checkpoint(&mut self, task: Handle) -> Result<(), Error> {
        self.check_deadline(task);
        let place = self.core.tasks.get_mut(task).expect("it is running");
        let Some(kind) = place.cancel else { return Ok(()) };
        place.saw_cancel = true;
        Err(if kind == CancelKind::Deadline {
            Error::DeadlineExceeded(task)
        } else {
            Error::Cancelled(task, kind)
        })
    }
}
