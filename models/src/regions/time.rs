//! Time, as the runtime believes it: never earlier than before, whatever its clock says. A pure heart.
//!
//! A clock that goes back is absorbed: from that reading on, the runtime's time goes on from where it stood, at
//! the clock's pace. So a step back delays no deadline, also when it is repeated before each would be due. The
//! price: a reading that goes back only once lets deadlines come early, by no more than it went back.

use std::ops::Sub;
use std::time::Duration;

/// A reading of a node's clock in nanoseconds; it may be before the clock's zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

impl Time {
    /// After every other: no deadline.
    pub const NEVER: Time = Time(i64::MAX);

    /// This much later, or never.
    #[must_use]
    pub fn after(self, delay: Duration) -> Time {
        Time(self.0.saturating_add(i64::try_from(delay.as_nanos()).unwrap_or(i64::MAX)))
    }
}

/// How long it is from the right to the left; zero when it is not later.
impl Sub for Time {
    type Output = Duration;
    fn sub(self, earlier: Time) -> Duration {
        Duration::from_nanos(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// The runtime's time, made of the readings of a clock.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Steady {
    read: Option<Time>,
    /// What all steps back come to, in nanoseconds.
    absorbed_ns: i64,
}

impl Steady {
    /// The time after one more reading.
    pub(super) fn advance(&mut self, read: Time) -> Time {
        if let Some(before) = self.read
            && read < before
        {
            self.absorbed_ns = self.absorbed_ns.saturating_add(before.0.saturating_sub(read.0));
        }
        self.read = Some(read);
        Time(read.0.saturating_add(self.absorbed_ns))
    }

    /// Whether the clock ever went back.
    pub(super) fn went_back(&self) -> bool {
        self.absorbed_ns > 0
    }

    /// The first reading stays the only one: what a clock that stands still would give.
    pub(super) fn frozen_at(&self) -> Option<Time> {
        self.read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_from_where_it_stood_when_the_clock_goes_back() {
        let mut steady = Steady::default();
        let times: Vec<i64> =
            [100, 110, 50, 60, 55, 70].into_iter().map(|read| steady.advance(Time(read)).0).collect();
        assert_eq!(times, [100, 110, 110, 120, 120, 135]);
    }
}
