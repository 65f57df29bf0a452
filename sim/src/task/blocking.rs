//! Blocking calls: there is one thread, so they run where they stand and cost virtual CPU time.

use std::future::Future;
use std::time::Duration;

use super::join::JoinHandle;
use super::spawn::spawn_on;

/// What a blocking closure costs its machine unless it says otherwise with [`crate::work`].
const BLOCKING_COST: Duration = Duration::from_micros(50);

/// Runs a closure as a task of its own, inline, at a cost of 50 µs of virtual CPU time.
///
/// The closure must not wait for anything of the simulation: nothing else can run meanwhile.
#[track_caller]
pub fn spawn_blocking<F, T>(work: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + 'static,
    T: 'static,
{
    spawn_on(blocking(work), None, std::panic::Location::caller())
}

/// A blocking closure as a future.
pub(super) async fn blocking<F, T>(work: F) -> T
where
    F: FnOnce() -> T,
{
    crate::work(BLOCKING_COST);
    work()
}

/// Always panics, with a message that says why: a run has one thread, and blocking it would end time.
///
/// It exists so that code ported from other runtimes fails by name and not by a hang.
///
/// # Panics
/// Always.
#[track_caller]
pub fn block_on<F: Future>(future: F) -> F::Output {
    drop(future);
    panic!(
        "block_on inside a simulation: a run is one thread, so waiting here would stop time; await the future instead"
    )
}
