//! Faults: what the kernel offers to whoever carries out a plan.
//!
//! A fault is begun, imposes conditions or strikes through machine and process verbs, and ends. What
//! counts is its *effects*: each is counted where somebody could notice the consequence, so a fault that
//! changed nothing is told from one that did. This file knows no plan.

mod condition;
mod registered;

use std::fmt;

pub use condition::{Condition, DiskOp, Target};
pub(crate) use registered::Handler;
pub use registered::{Argument, call, register, registered};

use crate::kernel::current;

/// A fault of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FaultId(u32);

impl FaultId {
    pub(crate) fn of(index: u32) -> FaultId {
        FaultId(index)
    }

    /// The number of the fault, from 0 in order of beginning.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for FaultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fault {}", self.0)
    }
}

/// Begins a fault; `label` is how reports call it, a plan's line for instance.
///
/// # Panics
/// Outside of a simulation, as everything here.
pub fn begin(label: &str) -> FaultId {
    current::need("fault::begin", |core| core.begin_fault(label))
}

/// Ends a fault: its conditions are lifted.
pub fn end(fault: FaultId) {
    current::need("fault::end", |core| core.end_fault(fault));
}

/// How often a fault took effect so far.
pub fn effects(fault: FaultId) -> u64 {
    current::need("fault::effects", |core| core.kernel.faults.effects(fault))
}

/// Counts an effect of a fault that a model carries out itself.
pub fn effect(fault: FaultId) {
    current::need("fault::effect", |core| core.kernel.effect(fault, 0));
}

/// Imposes a condition until the fault ends.
pub fn impose(fault: FaultId, target: Target, condition: Condition) {
    current::need("fault::impose", |core| core.impose(fault, &target, condition));
}

/// Runs `act` so that what its machine and process verbs do counts as effects of `fault`.
pub fn attribute<R>(fault: FaultId, act: impl FnOnce() -> R) -> R {
    let before = current::need("fault::attribute", |core| core.kernel.faults.attributed.replace(fault));
    let answer = act();
    current::need("fault::attribute", |core| core.kernel.faults.attributed = before);
    answer
}

/// Calls `strike` when the point called `name` is hit for the `hit`-th time (from 1) from now on.
///
/// The call is made in the hitting task's own poll, before its next instruction: a strike that kills
/// [`current_process`](crate::machine::current_process) ends it right there.
pub fn on_point(name: &str, hit: u64, strike: impl FnOnce() + 'static) {
    assert!(hit > 0, "hits are counted from 1");
    let strike = Box::new(strike);
    current::need("fault::on_point", |core| core.kernel.points.watch(name, hit, strike));
}
