//! Knobs: numbers of a system that a plan may turn to an extreme, such as a limit, a batch or a cache.

use super::FaultId;
use crate::kernel::current;

/// The value of the knob called `name`: `usual`, unless a fault has turned it. To be asked each time that the
/// number is used.
///
/// # Panics
/// Outside of a simulation.
pub fn knob(name: &str, usual: u64) -> u64 {
    current::need("knob", |core| core.kernel.knob(name, usual))
}

/// Turns a knob until the fault ends.
pub fn turn(fault: FaultId, name: &str, value: u64) {
    current::need("fault::turn", |core| core.kernel.turn(fault, name, value));
}
