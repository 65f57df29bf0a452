//! Handles of tasks: awaiting their output, ending them early.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::id::Id;
use super::job::BoxJob;
use super::key::TaskKey;
use super::slot::WakerSlot;
use crate::kernel::{Join, current};

/// Awaits a task's output. Dropping it detaches the task, which goes on.
///
/// A handle is an id: it may be held by futures that must be `Send`, and in another world, or outside of
/// any, it is refused.
pub struct JoinHandle<T> {
    key: TaskKey,
    /// Whether the output was taken, so that nothing is left to give back.
    taken: bool,
    output: PhantomData<fn() -> T>,
}

/// Ends a task early, without awaiting it.
#[derive(Clone, Debug)]
pub struct AbortHandle {
    key: TaskKey,
}

/// Why a task ended without an output.
pub struct JoinError {
    cause: Cause,
    id: Id,
}

enum Cause {
    Aborted,
    Killed,
    Panicked(Box<dyn Any + Send>),
}

impl<T> JoinHandle<T> {
    pub(crate) fn new(key: TaskKey) -> JoinHandle<T> {
        JoinHandle { key, taken: false, output: PhantomData }
    }

    pub(crate) fn key(&self) -> TaskKey {
        self.key
    }

    /// The task's number.
    pub fn id(&self) -> Id {
        Id::of(self.key)
    }

    /// Asks the task to end: at its next turn its future is dropped, and the handle answers a
    /// [`JoinError`] that [`is_cancelled`](JoinError::is_cancelled).
    pub fn abort(&self) {
        self.abort_handle().abort();
    }

    /// A handle that can only abort.
    pub fn abort_handle(&self) -> AbortHandle {
        AbortHandle { key: self.key }
    }

    /// Whether the task has ended.
    pub fn is_finished(&self) -> bool {
        self.abort_handle().is_finished()
    }
}

impl AbortHandle {
    /// The task's number.
    pub fn id(&self) -> Id {
        Id::of(self.key)
    }

    /// See [`JoinHandle::abort`].
    pub fn abort(&self) {
        current::with(|core| core.kernel.abort(self.key));
    }

    /// Whether the task has ended.
    pub fn is_finished(&self) -> bool {
        current::with(|core| core.kernel.has_ended(self.key)).unwrap_or(true)
    }
}

impl<T: 'static> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        assert!(!self.taken, "a JoinHandle was polled after it had answered");
        let mut waker = WakerSlot::of(cx.waker());
        let key = self.key;
        match current::need("a JoinHandle", |core| core.kernel.join(key, &mut waker)) {
            Join::Pending => Poll::Pending,
            ended => {
                self.taken = true;
                Poll::Ready(ending(key, ended))
            }
        }
    }
}

impl<T: 'static> JoinHandle<T> {
    /// The output of a task that is known to have ended.
    pub(crate) fn take(mut self) -> Result<T, JoinError> {
        self.taken = true;
        let (key, mut nobody) = (self.key, WakerSlot::Empty);
        ending(key, current::need("a JoinHandle", |core| core.kernel.join(key, &mut nobody)))
    }
}

fn ending<T: 'static>(key: TaskKey, join: Join) -> Result<T, JoinError> {
    match join {
        Join::Pending => unreachable!("a task that has ended is not waited for"),
        Join::Ended(job) => Ok(output_of(job)),
        Join::Failed(error) => Err(JoinError { id: Id::of(key), ..error }),
    }
}

fn output_of<T: 'static>(mut job: BoxJob) -> T {
    let mut output: Option<T> = None;
    job.as_mut().take_output(&mut output);
    output.expect("an ended task holds its output until the handle takes it")
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        if !self.taken {
            // What is left of an ended task is the user's: it is dropped when nothing is borrowed.
            let left = current::with(|core| core.kernel.detach(self.key));
            drop(left);
        }
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("task", &self.key.slot()).finish()
    }
}

impl JoinError {
    pub(crate) fn aborted() -> JoinError {
        JoinError { cause: Cause::Aborted, id: Id::NOBODY }
    }

    pub(crate) fn killed() -> JoinError {
        JoinError { cause: Cause::Killed, id: Id::NOBODY }
    }

    pub(crate) fn panicked(payload: Box<dyn Any + Send>) -> JoinError {
        JoinError { cause: Cause::Panicked(payload), id: Id::NOBODY }
    }

    /// The number of the task that ended so.
    pub fn id(&self) -> Id {
        self.id
    }

    /// Whether it was aborted, or its process ended under it.
    pub fn is_cancelled(&self) -> bool {
        matches!(self.cause, Cause::Aborted | Cause::Killed)
    }

    /// Whether its process or machine ended under it.
    pub fn is_killed(&self) -> bool {
        matches!(self.cause, Cause::Killed)
    }

    /// Whether it panicked.
    pub fn is_panic(&self) -> bool {
        matches!(self.cause, Cause::Panicked(_))
    }

    /// The panic's payload, or the error back when there is none.
    ///
    /// # Errors
    /// When the task did not panic.
    pub fn try_into_panic(self) -> Result<Box<dyn Any + Send>, JoinError> {
        match self.cause {
            Cause::Panicked(payload) => Ok(payload),
            cause => Err(JoinError { cause, id: self.id }),
        }
    }

    /// The panic's payload.
    ///
    /// # Panics
    /// When the task did not panic.
    pub fn into_panic(self) -> Box<dyn Any + Send> {
        self.try_into_panic().expect("`into_panic` on a task that did not panic")
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.cause {
            Cause::Aborted => "the task was aborted",
            Cause::Killed => "the task's process ended under it",
            Cause::Panicked(_) => "the task panicked",
        })
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JoinError({self})")
    }
}

impl std::error::Error for JoinError {}
