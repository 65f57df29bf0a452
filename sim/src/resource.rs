//! Entropy, allocation and CPU time, as the current machine has them.

use std::fmt;
use std::time::Duration;

use points::Point;

use crate::kernel::current;

/// Fills `bytes` with the current machine's entropy. Under the fault of constant entropy every word is the same.
///
/// # Panics
/// Outside of a simulation.
pub fn entropy(bytes: &mut [u8]) {
    for chunk in bytes.chunks_mut(8) {
        let word = current::need("entropy", |core| core.kernel.draw_entropy());
        chunk.copy_from_slice(&word.to_le_bytes()[..chunk.len()]);
    }
}

/// An allocation site was refused memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllocationRefused {
    /// The site.
    pub point: &'static str,
    /// What was asked for.
    pub bytes: u64,
}

impl fmt::Display for AllocationRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: out of memory: {} bytes were refused", self.point, self.bytes)
    }
}

impl std::error::Error for AllocationRefused {}

/// Asks for `bytes` at an allocation site, which a plan can make fail. It reserves nothing.
///
/// # Errors
/// When the fault of failing allocation strikes here.
///
/// # Panics
/// Outside of a simulation.
pub fn try_reserve(point: &'static Point, bytes: u64) -> Result<(), AllocationRefused> {
    let granted = current::need("try_reserve", |core| core.kernel.may_allocate(point, bytes));
    if granted { Ok(()) } else { Err(AllocationRefused { point: point.name(), bytes }) }
}

/// The current poll takes this much more CPU time, scaled by the speed of its machine.
///
/// # Panics
/// Outside of a simulation.
pub fn work(cost: Duration) {
    let nanos = u64::try_from(cost.as_nanos()).unwrap_or(u64::MAX);
    current::need("work", |core| core.kernel.add_cost(nanos));
}

/// Ends the run: the property called `property` failed. In a dead context it does nothing.
///
/// # Panics
/// Outside of a simulation.
#[track_caller]
pub fn fail(property: &str, message: impl Into<String>) {
    let (place, message) = (std::panic::Location::caller().to_string(), message.into());
    current::need("fail", |core| {
        if !core.kernel.current.dead {
            core.kernel.fail(property, place, message);
        }
    });
}
