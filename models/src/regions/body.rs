//! Bodies: what a task does when it is polled.

use super::context::TaskContext;
use super::node::Node;
use super::outcome::Outcome;

/// What one poll came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poll {
    /// There is more to do: to be polled again, after those that are ready now.
    Again,
    /// To be polled when a timer of the task fires, when it is woken or when it is asked to end. A task that was
    /// asked to end waits for nothing: each of its polls is one of its cleanup.
    Wait,
    /// It ended. `Ok` of a task that saw a request to end counts as `Cancelled`.
    Done(Outcome),
}

/// A task's body. The arenas hold bodies by value: an enum of a load's own makes the whole runtime free of
/// allocation, and [`Boxed`] takes closures.
pub trait Body<N: Node>: Sized {
    /// One step.
    fn poll(&mut self, task: &mut TaskContext<'_, N, Self>) -> Poll;

    /// A word that stands for the body's state in the state's hash.
    fn state(&self) -> u64 {
        0
    }
}

type Closure<N> = dyn FnMut(&mut TaskContext<'_, N, Boxed<N>>) -> Poll;

/// A closure as a body.
pub struct Boxed<N: Node>(Box<Closure<N>>);

impl<N: Node> Boxed<N> {
    /// A body that polls by calling.
    pub fn new(poll: impl FnMut(&mut TaskContext<'_, N, Boxed<N>>) -> Poll + 'static) -> Boxed<N> {
        Boxed(Box::new(poll))
    }
}

impl<N: Node> Body<N> for Boxed<N> {
    fn poll(&mut self, task: &mut TaskContext<'_, N, Boxed<N>>) -> Poll {
        (self.0)(task)
    }
}
