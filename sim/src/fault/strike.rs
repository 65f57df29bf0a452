//! Strikes: when whoever carries out a plan gets its turn.
//!
//! A strike runs on no machine and in no task, at an exact time or in the midst of the poll that hits a
//! point. It costs nobody time and moves no draw, so that a run with a plan differs from one without only by
//! what the plan does.

use std::time::Duration;

use crate::kernel::current;
use crate::machine::Process;

/// The true time since the run began: what plans count by. Code under test has its machine's clocks.
pub fn now() -> Duration {
    Duration::from_nanos(current::need("fault::now", |core| core.kernel.now))
}

/// When all trouble is over, since the run began, where the run's plan says so.
pub fn calm_at() -> Option<Duration> {
    current::need("fault::calm_at", |core| core.kernel.calm_at)
}

/// Calls `strike` at a time since the run began; now, if that has passed.
pub fn at(at: Duration, strike: impl FnOnce() + 'static) {
    let (at, strike) = (u64::try_from(at.as_nanos()).unwrap_or(u64::MAX), Box::new(strike));
    let refused = current::need("fault::at", |core| core.kernel.strike_at(at, strike));
    drop(refused);
}

/// Calls `strike` after a while.
pub fn after(delay: Duration, strike: impl FnOnce() + 'static) {
    at(now().saturating_add(delay), strike);
}

/// Calls `strike` when the point called `name` is hit for the `hit`-th time (from 1) from now on, with the
/// process that hits it.
///
/// The call is made in the hitting task's own poll, before its next instruction: a strike that kills that
/// process ends it right there.
///
/// # Panics
/// When `hit` is zero, and outside of a simulation.
pub fn on_point(name: &str, hit: u64, strike: impl FnOnce(Process) + 'static) {
    assert!(hit > 0, "hits are counted from 1");
    let strike = Box::new(strike);
    let refused = current::need("fault::on_point", |core| core.kernel.watch_point(name, hit, strike));
    drop(refused);
}
