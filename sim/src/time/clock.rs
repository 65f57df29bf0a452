//! A machine's clocks: what it believes the time to be, as a function of the true time. A pure heart.
//!
//! The monotonic clock is piecewise linear, so that "when will it read X" has an exact answer: timers
//! follow it. The wall clock is an offset from the true time plus the troubles imposed on it; nothing
//! waits for it.

use crate::fault::FaultId;

/// Parts in a million of a clock that goes right.
const RATE_TRUE_PPM: u64 = 1_000_000;

/// What is wrong with a wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WallTrouble {
    /// Off by so many nanoseconds.
    Skew { by: i64 },
    /// Faster or slower by parts in a million.
    Drift { ppm: i32 },
    /// Off by `by` in every second period.
    Strobe { by: i64, period: u64 },
    /// Stands still.
    Freeze,
    /// Off by `by` more at each read.
    Creep { by: i64, reads: u64 },
}

#[derive(Clone, Debug)]
struct Imposed {
    fault: FaultId,
    since: u64,
    trouble: WallTrouble,
}

#[derive(Clone, Debug)]
pub(crate) struct Clock {
    /// The monotonic clock read `mono_belief` at `mono_true` and runs at `mono_rate_ppm` since.
    mono_true: u64,
    mono_belief: u64,
    mono_rate_ppm: u64,
    /// What a true wall clock reads at true time zero, in nanoseconds since 1970.
    epoch: u64,
    troubles: Vec<Imposed>,
}

impl Clock {
    /// A clock that goes right: `belief` on the monotonic clock at true time `now`.
    pub(crate) fn new(now: u64, belief: u64, epoch: u64) -> Clock {
        Clock {
            mono_true: now,
            mono_belief: belief,
            mono_rate_ppm: RATE_TRUE_PPM,
            epoch,
            troubles: Vec::new(),
        }
    }

    /// What the monotonic clock reads at true time `now`.
    #[inline]
    pub(crate) fn monotonic(&self, now: u64) -> u64 {
        let passed = now - self.mono_true;
        if self.mono_rate_ppm == RATE_TRUE_PPM {
            self.mono_belief.saturating_add(passed)
        } else {
            self.mono_belief.saturating_add(scale(passed, self.mono_rate_ppm))
        }
    }

    /// The first true time, not before `now`, at which the monotonic clock reads at least `belief`;
    /// `None` while it stands still before that.
    #[inline]
    pub(crate) fn when(&self, now: u64, belief: u64) -> Option<u64> {
        let ahead = belief.saturating_sub(self.mono_belief);
        if self.mono_rate_ppm == RATE_TRUE_PPM {
            return Some(self.mono_true.saturating_add(ahead).max(now));
        }
        if self.monotonic(now) >= belief {
            return Some(now);
        }
        if self.mono_rate_ppm == 0 {
            return None;
        }
        let wait = (u128::from(ahead) * u128::from(RATE_TRUE_PPM)).div_ceil(u128::from(self.mono_rate_ppm));
        Some(self.mono_true.saturating_add(u64::try_from(wait).unwrap_or(u64::MAX)).max(now))
    }

    /// From `now` on the monotonic clock runs at `ppm` parts in a million; 0 stops it.
    pub(crate) fn set_monotonic_rate(&mut self, now: u64, ppm: u64) {
        self.mono_belief = self.monotonic(now);
        self.mono_true = now;
        self.mono_rate_ppm = ppm;
    }

    /// The monotonic clock goes back by `by`, to zero at the least.
    pub(crate) fn step_monotonic_back(&mut self, now: u64, by: u64) {
        self.mono_belief = self.monotonic(now).saturating_sub(by);
        self.mono_true = now;
    }

    /// Power came on: the monotonic clock reads `belief` and goes as fast as before, for it is the same quartz;
    /// the wall clock is kept by its battery.
    pub(crate) fn restart_monotonic(&mut self, now: u64, belief: u64) {
        self.mono_true = now;
        self.mono_belief = belief;
    }

    /// What the wall clock reads at true time `now`, and the fault that made the last difference to it. A look
    /// that does not `count` is no read to the clock.
    pub(crate) fn wall(&mut self, now: u64, count: bool) -> (u64, Option<FaultId>) {
        if self.troubles.is_empty() {
            return (self.epoch.saturating_add(now), None);
        }
        let mut reads = i128::from(self.epoch) + i128::from(now);
        let mut culprit = None;
        for imposed in &mut self.troubles {
            let passed = now - imposed.since;
            let difference = match &mut imposed.trouble {
                WallTrouble::Skew { by } => i128::from(*by),
                WallTrouble::Drift { ppm } => {
                    i128::from(passed) * i128::from(*ppm) / i128::from(RATE_TRUE_PPM)
                }
                WallTrouble::Strobe { by, period } if passed / *period % 2 == 1 => i128::from(*by),
                WallTrouble::Strobe { .. } => 0,
                WallTrouble::Freeze => -i128::from(passed),
                WallTrouble::Creep { by, reads } => {
                    *reads += u64::from(count);
                    i128::from(*by) * i128::from(*reads)
                }
            };
            reads += difference;
            if difference != 0 {
                culprit = Some(imposed.fault);
            }
        }
        (u64::try_from(reads.max(0)).unwrap_or(u64::MAX), culprit)
    }

    pub(crate) fn impose(&mut self, now: u64, fault: FaultId, trouble: WallTrouble) {
        self.troubles.push(Imposed { fault, since: now, trouble });
    }

    /// The wall clock is set right again, as by a time server.
    pub(crate) fn lift(&mut self, fault: FaultId) {
        self.troubles.retain(|imposed| imposed.fault != fault);
    }
}

fn scale(nanos: u64, ppm: u64) -> u64 {
    let scaled = u128::from(nanos) * u128::from(ppm) / u128::from(RATE_TRUE_PPM);
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// `when` is the exact inverse of `monotonic`: not yet a nanosecond before, and there at that time.
        #[test]
        fn when_is_the_first_time_that_reads_so(
            start in 0u64..1 << 40, ppm in 1u64..5_000_000, now in 0u64..1 << 40, ahead in 0u64..1 << 40,
        ) {
            let mut clock = Clock::new(0, start, 0);
            clock.set_monotonic_rate(now / 2, ppm);
            let belief = clock.monotonic(now) + ahead;
            let at = clock.when(now, belief).expect("the clock runs");
            prop_assert!(at >= now);
            prop_assert!(clock.monotonic(at) >= belief);
            prop_assert!(at == now || clock.monotonic(at - 1) < belief);
        }
    }

    #[test]
    fn a_stopped_clock_reaches_nothing_new() {
        let mut clock = Clock::new(0, 100, 0);
        clock.set_monotonic_rate(50, 0);
        assert_eq!(clock.monotonic(1000), 150);
        assert_eq!(clock.when(60, 151), None);
        assert_eq!(clock.when(60, 150), Some(60));
    }

    #[test]
    fn a_step_back_delays_what_is_due() {
        let mut clock = Clock::new(0, 100, 0);
        clock.step_monotonic_back(50, 30);
        assert_eq!(clock.monotonic(50), 120);
        assert_eq!(clock.when(50, 160), Some(90));
    }

    #[test]
    fn wall_troubles_add_up_name_their_fault_and_go_away() {
        let mut clock = Clock::new(0, 0, 1_000_000);
        let (skew, drift) = (FaultId::of(1), FaultId::of(2));
        clock.impose(10, skew, WallTrouble::Skew { by: -500 });
        assert_eq!(clock.wall(20, true), (999_520, Some(skew)));
        clock.impose(20, drift, WallTrouble::Drift { ppm: 500_000 });
        assert_eq!(clock.wall(40, true), (999_550, Some(drift)));
        clock.lift(skew);
        clock.lift(drift);
        assert_eq!(clock.wall(40, true), (1_000_040, None));
        clock.impose(100, skew, WallTrouble::Freeze);
        assert_eq!(clock.wall(300, true), (1_000_100, Some(skew)));
        clock.lift(skew);
        clock.impose(0, skew, WallTrouble::Strobe { by: 7, period: 10 });
        assert_eq!(
            [clock.wall(5, true).0, clock.wall(15, true).0, clock.wall(25, true).0],
            [1_000_005, 1_000_022, 1_000_025]
        );
        clock.lift(skew);
        clock.impose(0, skew, WallTrouble::Creep { by: -5, reads: 0 });
        assert_eq!([clock.wall(50, true).0, clock.wall(50, true).0], [1_000_045, 1_000_040]);
    }
}
