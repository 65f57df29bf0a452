//! Faults: what the kernel offers to whoever carries out a plan.
//!
//! A fault is begun, imposes conditions or strikes through machine and process verbs, and ends. What
//! counts is its *effects*: each is counted where somebody could notice the consequence, so a fault that
//! changed nothing is told from one that did. This file knows no plan.

mod condition;
mod knob;
mod registered;
mod role;
mod strike;

use std::fmt;

pub use condition::{Condition, DiskOp, PointId, Target};
pub use knob::{knob, turn};
pub(crate) use registered::Handler;
pub use registered::{Argument, call, register, registered};
pub use role::{drop_role, roles_of, take_role};
pub use strike::{after, at, calm_at, now, on_point};

use crate::kernel::current;
use crate::task::WakerSlot;

/// A fault of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FaultId(u32);

impl FaultId {
    /// What a dead process is told that it has begun.
    pub(crate) const NOBODYS: FaultId = FaultId(u32::MAX);

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

/// Whether a fault has ended: for models that carry one out over a time.
pub fn is_over(fault: FaultId) -> bool {
    current::need("fault::is_over", |core| core.kernel.faults.is_over(fault))
}

/// Waits until a fault has ended.
pub async fn over(fault: FaultId) {
    std::future::poll_fn(|context| {
        let mut waker = WakerSlot::of(context.waker());
        let over = current::need("fault::over", |core| core.kernel.poll_over(fault, &mut waker));
        if over { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

/// How often a fault took effect so far.
pub fn effects(fault: FaultId) -> u64 {
    current::need("fault::effects", |core| core.kernel.faults.effects(fault))
}

/// Counts an effect of a fault that a model carries out itself.
pub fn effect(fault: FaultId) {
    current::need("fault::effect", |core| {
        if !core.kernel.current.dead {
            core.kernel.effect(fault, 0);
        }
    });
}

/// Imposes a condition until the fault ends.
pub fn impose(fault: FaultId, target: Target, condition: Condition) {
    current::need("fault::impose", |core| core.impose(fault, &target, condition));
}

/// Runs `act` so that what its machine and process verbs do counts as effects of `fault`, and has it for a
/// cause.
pub fn attribute<R>(fault: FaultId, act: impl FnOnce() -> R) -> R {
    let before = current::need("fault::attribute", |core| {
        let dead = core.kernel.current.dead;
        (!dead).then(|| core.kernel.attribute_to(fault))
    });
    let _attributed = before.map(Attributed);
    act()
}

/// Verbs act in a fault's name for the span of this value, also when `act` panics.
struct Attributed((Option<FaultId>, u64));

impl Drop for Attributed {
    fn drop(&mut self) {
        current::with(|core| core.kernel.attribute_back(self.0));
    }
}
