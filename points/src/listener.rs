//! Who hears of a hit: nobody, or the simulation of this process.

use std::sync::OnceLock;

use crate::{Point, Value};

/// What a site does after it was hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strike {
    /// Go on at once.
    Pass,
    /// Let other tasks run first, once.
    Yield,
    /// Never go on: the process that hit it is no more.
    Halt,
}

/// Hears of every hit. Implemented by the kernel; each call may come from any thread, and a listener that
/// has no run on that thread ignores it.
pub trait Listener: Sync {
    /// A site was hit.
    fn site(&self, point: &'static Point) -> Strike;
    /// A condition was judged: `always`, `sometimes`, `reachable` (true), `unreachable` (false).
    fn verdict(&self, point: &'static Point, holds: bool);
    /// A number to raise.
    fn numeric(&self, point: &'static Point, value: u64);
    /// A thing happened to a subject.
    fn mark(&self, point: &'static Point, subject: Value<'_>, values: &[Value<'_>]);
    /// Whether the run plants the bug of this point.
    fn planted(&self, point: &'static Point) -> bool;
}

static LISTENER: OnceLock<&'static dyn Listener> = OnceLock::new();

/// Makes `listener` hear every hit of this process. The first one stays: there is one kernel in a process.
pub fn listen(listener: &'static dyn Listener) {
    let _ = LISTENER.set(listener);
}

/// A site was hit.
#[inline]
pub fn hit(point: &'static Point) -> Strike {
    LISTENER.get().map_or(Strike::Pass, |listener| listener.site(point))
}

/// A condition was judged.
#[inline]
pub fn verdict(point: &'static Point, holds: bool) {
    if let Some(listener) = LISTENER.get() {
        listener.verdict(point, holds);
    }
}

/// A number was reached.
#[inline]
pub fn numeric(point: &'static Point, value: u64) {
    if let Some(listener) = LISTENER.get() {
        listener.numeric(point, value);
    }
}

/// Something happened to a subject.
#[inline]
pub fn mark(point: &'static Point, subject: Value<'_>, values: &[Value<'_>]) {
    if let Some(listener) = LISTENER.get() {
        listener.mark(point, subject, values);
    }
}

/// Whether the run plants this bug.
#[inline]
pub fn planted(point: &'static Point) -> bool {
    LISTENER.get().is_some_and(|listener| listener.planted(point))
}
