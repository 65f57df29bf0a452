//! The node: all that the runtime may know of the machine that it runs on.
//!
//! The clock is read at every place that looks at time, entropy is drawn for every id, and each slot is asked
//! for, so that trouble with any of them reaches the runtime where it would in life.

use super::event::Event;
use super::handle::Kind;
use super::invariants::Violation;
use super::time::Time;
use super::view::View;

/// What a step was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The scheduler looked at its timers and polled one task, one finalizer, or nothing.
    Scheduled,
    /// The scheduler looked at its timers and moved regions on; it had no poll left.
    Looked,
    /// Something was asked from outside.
    Asked,
}

/// A machine, as the runtime sees it.
pub trait Node {
    /// Reads the clock. It may go back.
    fn clock(&mut self) -> Time;

    /// Draws a word. It may always be the same.
    fn entropy(&mut self) -> u64;

    /// Whether a slot of this kind may be taken, of so many bytes.
    fn may_allocate(&mut self, kind: Kind, bytes: u64) -> bool;

    /// Something happened.
    fn tell(&mut self, event: &Event);

    /// A poll of this cost was done.
    fn spend(&mut self, _cost: u64) {}

    /// A step is over.
    fn stepped(&mut self, _step: Step, _view: &dyn View) {}

    /// An invariant does not hold.
    ///
    /// # Panics
    /// Unless a node knows better.
    fn violated(&mut self, violation: &Violation) {
        panic!("{violation}");
    }
}
