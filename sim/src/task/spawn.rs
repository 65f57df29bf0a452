//! Starting tasks.

use std::future::Future;
use std::panic::Location;

use super::job::job;
use super::join::JoinHandle;
use crate::kernel::current;

/// Starts a task in the current process. Unlike tokio's, the future need not be `Send`: a run is one thread.
///
/// In a dead context (destructors of a killed process) nothing is started, and the handle answers that the
/// task was killed.
///
/// # Panics
/// Outside of a simulation.
///
/// ```
/// # tourbillon_sim::World::new(Default::default()).run(|| async {
/// let answer = tourbillon_sim::task::spawn(async { 42 }).await.unwrap();
/// assert_eq!(answer, 42);
/// # }).unwrap();
/// ```
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    spawn_on(future, None, Location::caller())
}

/// The same as [`spawn`]: every task is local.
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    spawn_on(future, None, Location::caller())
}

/// Starts a task in `process`, or in the current one.
pub(crate) fn spawn_on<F>(
    future: F,
    process: Option<u32>,
    place: &'static Location<'static>,
) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let job = job(future);
    let (key, refused) = current::need("spawn", |core| core.kernel.spawn(job, process, place));
    // The refused future is the user's: it is dropped here, where nothing is borrowed.
    drop(refused);
    JoinHandle::new(key)
}
