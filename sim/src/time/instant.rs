//! A reading of a machine's monotonic clock.

use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::time::Duration;

use crate::kernel::current;

/// What the monotonic clock of a machine read, in nanoseconds. Readings of two machines, or of one machine
/// before and after a power cut, have nothing to do with each other.
///
/// ```
/// # tourbillon_sim::World::new(Default::default()).run(|| async {
/// use std::time::Duration;
/// use tourbillon_sim::time::{Instant, sleep};
/// let before = Instant::now();
/// sleep(Duration::from_millis(5)).await;
/// assert!(before.elapsed() >= Duration::from_millis(5));
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    nanos: u64,
}

impl Instant {
    /// What the current machine's monotonic clock reads.
    ///
    /// # Panics
    /// Outside of a simulation.
    #[inline]
    pub fn now() -> Instant {
        Instant { nanos: current::need("Instant::now", |core| core.kernel.belief()) }
    }

    pub(crate) const fn from_nanos(nanos: u64) -> Instant {
        Instant { nanos }
    }

    /// The reading as nanoseconds since the machine's own zero.
    pub const fn as_nanos(self) -> u64 {
        self.nanos
    }

    /// How long ago `earlier` was; zero when it was not earlier.
    pub fn duration_since(self, earlier: Instant) -> Duration {
        Duration::from_nanos(self.nanos.saturating_sub(earlier.nanos))
    }

    /// How long ago `earlier` was; zero when it was not earlier.
    pub fn saturating_duration_since(self, earlier: Instant) -> Duration {
        self.duration_since(earlier)
    }

    /// How long ago `earlier` was; `None` when it was later.
    pub fn checked_duration_since(self, earlier: Instant) -> Option<Duration> {
        self.nanos.checked_sub(earlier.nanos).map(Duration::from_nanos)
    }

    /// How long ago this was, by the current machine's clock.
    pub fn elapsed(self) -> Duration {
        Instant::now().duration_since(self)
    }

    /// This much later; `None` where no clock goes.
    pub fn checked_add(self, duration: Duration) -> Option<Instant> {
        let nanos = u64::try_from(duration.as_nanos()).ok()?;
        self.nanos.checked_add(nanos).map(Instant::from_nanos)
    }

    /// This much earlier; `None` before the machine's zero.
    pub fn checked_sub(self, duration: Duration) -> Option<Instant> {
        let nanos = u64::try_from(duration.as_nanos()).ok()?;
        self.nanos.checked_sub(nanos).map(Instant::from_nanos)
    }

    /// This much later, or the end of time.
    pub(crate) fn saturating_add(self, duration: Duration) -> Instant {
        self.checked_add(duration).unwrap_or(Instant { nanos: u64::MAX })
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;
    fn add(self, duration: Duration) -> Instant {
        self.checked_add(duration).expect("an instant beyond 584 years of uptime")
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub<Duration> for Instant {
    type Output = Instant;
    fn sub(self, duration: Duration) -> Instant {
        self.checked_sub(duration).expect("an instant before the machine's zero")
    }
}

impl SubAssign<Duration> for Instant {
    fn sub_assign(&mut self, duration: Duration) {
        *self = *self - duration;
    }
}

impl Sub<Instant> for Instant {
    type Output = Duration;
    fn sub(self, earlier: Instant) -> Duration {
        self.duration_since(earlier)
    }
}
