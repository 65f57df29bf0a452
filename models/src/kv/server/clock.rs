//! The clocks that a replica reads.

use std::time::Duration;

use sim::time::{Instant, SystemTime};

use super::super::consensus::Now;
use super::super::points::LEASE_BY_SKEWED_CLOCK;

/// The monotonic clock, and with a bug planted the wall clock.
pub(super) struct Clock {
    origin: Instant,
    lease_by_wall: bool,
}

impl Clock {
    pub(super) fn new() -> Clock {
        Clock { origin: Instant::now(), lease_by_wall: LEASE_BY_SKEWED_CLOCK.is_planted() }
    }

    pub(super) fn now(&self) -> Now {
        let timer = self.origin.elapsed();
        let wall = || Duration::from_nanos(SystemTime::now().as_nanos());
        Now { timer, lease: if self.lease_by_wall { wall() } else { timer } }
    }

    /// When the monotonic clock reads this.
    pub(super) fn at(&self, reading: Duration) -> Instant {
        self.origin + reading
    }
}
