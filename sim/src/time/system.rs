//! A reading of a machine's wall clock.

use std::ops::{Add, Sub};
use std::time::Duration;

use crate::kernel::current;

/// What the wall clock of a machine read, in nanoseconds since 1970-01-01 UTC. It may go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SystemTime {
    nanos: u64,
}

impl SystemTime {
    /// 1970-01-01 00:00:00 UTC.
    pub const UNIX_EPOCH: SystemTime = SystemTime { nanos: 0 };

    /// What the current machine's wall clock reads.
    ///
    /// # Panics
    /// Outside of a simulation.
    pub fn now() -> SystemTime {
        SystemTime { nanos: current::need("SystemTime::now", |core| core.kernel.wall()) }
    }

    /// A time of day as nanoseconds since 1970.
    pub const fn from_nanos(nanos: u64) -> SystemTime {
        SystemTime { nanos }
    }

    /// Nanoseconds since 1970.
    pub const fn as_nanos(self) -> u64 {
        self.nanos
    }

    /// Milliseconds since 1970, rounded down.
    pub const fn as_millis(self) -> u64 {
        self.nanos / 1_000_000
    }

    /// How long before this `earlier` was.
    ///
    /// # Errors
    /// When `earlier` was later: the error is by how much.
    pub fn duration_since(self, earlier: SystemTime) -> Result<Duration, Duration> {
        match self.nanos.checked_sub(earlier.nanos) {
            Some(nanos) => Ok(Duration::from_nanos(nanos)),
            None => Err(Duration::from_nanos(earlier.nanos - self.nanos)),
        }
    }
}

impl Add<Duration> for SystemTime {
    type Output = SystemTime;
    fn add(self, duration: Duration) -> SystemTime {
        let nanos = u64::try_from(duration.as_nanos()).ok().and_then(|nanos| self.nanos.checked_add(nanos));
        SystemTime { nanos: nanos.expect("a time of day after the year 2554") }
    }
}

impl Sub<Duration> for SystemTime {
    type Output = SystemTime;
    fn sub(self, duration: Duration) -> SystemTime {
        let nanos = u64::try_from(duration.as_nanos()).ok().and_then(|nanos| self.nanos.checked_sub(nanos));
        SystemTime { nanos: nanos.expect("a time of day before 1970") }
    }
}
