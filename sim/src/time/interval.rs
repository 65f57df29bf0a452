//! Ticking at a fixed period.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::{Instant, Sleep, sleep_until};

/// A tick that is late by no more than this was not missed, whatever the behavior: tokio's own tolerance.
const TOLERANCE: Duration = Duration::from_millis(5);

/// What an interval does about ticks that nobody awaited in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum MissedTickBehavior {
    /// They come at once, one after another, until the schedule is caught up.
    #[default]
    Burst,
    /// The next tick comes a period after this one.
    Delay,
    /// They are left out; the next tick is the next of the schedule.
    Skip,
}

/// Ticks at a fixed period.
#[derive(Debug)]
pub struct Interval {
    sleep: Sleep,
    period: Duration,
    missed: MissedTickBehavior,
}

/// Ticks now and then every `period`.
///
/// # Panics
/// When the period is zero.
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    interval_at(Instant::now(), period)
}

/// Ticks at `start` and then every `period`.
///
/// # Panics
/// When the period is zero.
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    assert!(period > Duration::ZERO, "an interval needs a period above zero");
    Interval { sleep: sleep_until(start), period, missed: MissedTickBehavior::default() }
}

impl Interval {
    /// Waits for the next tick and answers when it was due.
    pub async fn tick(&mut self) -> Instant {
        poll_fn(|cx| self.poll_tick(cx)).await
    }

    /// Polls for the next tick.
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        ready!(Pin::new(&mut self.sleep).poll(cx));
        let due = self.sleep.deadline();
        let now = Instant::now();
        let missed = now > due.saturating_add(TOLERANCE);
        let next = match self.missed {
            MissedTickBehavior::Delay if missed => now.saturating_add(self.period),
            MissedTickBehavior::Skip if missed => {
                let period = self.period.as_nanos();
                let late = now.duration_since(due).as_nanos();
                let left = u64::try_from(period - late % period).unwrap_or(u64::MAX);
                now.saturating_add(Duration::from_nanos(left))
            }
            MissedTickBehavior::Burst | MissedTickBehavior::Delay | MissedTickBehavior::Skip => {
                due.saturating_add(self.period)
            }
        };
        Pin::new(&mut self.sleep).reset(next);
        Poll::Ready(due)
    }

    /// The next tick comes a period from now.
    pub fn reset(&mut self) {
        self.reset_at(Instant::now().saturating_add(self.period));
    }

    /// The next tick comes now.
    pub fn reset_immediately(&mut self) {
        self.reset_at(Instant::now());
    }

    /// The next tick comes `after` from now, and the others a period after each other.
    pub fn reset_after(&mut self, after: Duration) {
        self.reset_at(Instant::now().saturating_add(after));
    }

    /// The next tick comes at `deadline`.
    pub fn reset_at(&mut self, deadline: Instant) {
        Pin::new(&mut self.sleep).reset(deadline);
    }

    /// The time from tick to tick.
    pub fn period(&self) -> Duration {
        self.period
    }

    /// What it does about ticks that nobody awaited in time.
    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        self.missed
    }

    /// Sets what it does about ticks that nobody awaited in time.
    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        self.missed = behavior;
    }
}
