//! Sleeping until the machine's monotonic clock says so.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::Instant;
use crate::kernel::{TimerKey, TimerPoll, current};
use crate::task::WakerSlot;

/// Resolves when the monotonic clock of the machine that polls it has reached the deadline.
#[derive(Debug)]
#[must_use = "a sleep does nothing until it is awaited"]
pub struct Sleep {
    deadline: Instant,
    /// The timer that was started by a poll, and the world it belongs to.
    timer: Option<(TimerKey, u32)>,
    elapsed: bool,
}

/// Sleeps for `duration`.
///
/// # Panics
/// Outside of a simulation.
#[inline(always)]
pub fn sleep(duration: Duration) -> Sleep {
    sleep_until(Instant::now().saturating_add(duration))
}

/// Sleeps until `deadline`.
#[inline(always)]
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep { deadline, timer: None, elapsed: false }
}

impl Sleep {
    /// When it will resolve.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether it has resolved.
    pub fn is_elapsed(&self) -> bool {
        self.elapsed
    }

    /// Gives it another deadline and makes it unresolved.
    pub fn reset(mut self: Pin<&mut Self>, deadline: Instant) {
        self.cancel();
        self.deadline = deadline;
        self.elapsed = false;
    }

    fn cancel(&mut self) {
        if let Some((timer, nonce)) = self.timer.take() {
            let left = current::with(|core| {
                let ours = core.kernel.nonce == nonce && !core.kernel.current.dead;
                if ours { core.kernel.cancel_timer(timer) } else { WakerSlot::Empty }
            });
            drop(left);
        }
    }
}

impl Future for Sleep {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.elapsed {
            return Poll::Ready(());
        }
        let mut waker = WakerSlot::of(cx.waker());
        let (timer, deadline) = (self.timer, self.deadline.as_nanos());
        let (polled, nonce) = current::need("sleep", |core| {
            let nonce = core.kernel.nonce;
            let timer = timer.filter(|&(_, of)| of == nonce).map(|(timer, _)| timer);
            (core.kernel.poll_timer(timer, deadline, &mut waker), nonce)
        });
        match polled {
            TimerPoll::Pending(timer) => {
                self.timer = Some((timer, nonce));
                Poll::Pending
            }
            TimerPoll::Elapsed => {
                self.timer = None;
                self.elapsed = true;
                Poll::Ready(())
            }
            TimerPoll::Dead => Poll::Pending,
        }
    }
}

impl Drop for Sleep {
    #[inline]
    fn drop(&mut self) {
        self.cancel();
    }
}
