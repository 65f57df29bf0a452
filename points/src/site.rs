//! The future of a site: a place where a process may end, or others may run first.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::listener::{Strike, hit};
use crate::point::Point;

/// Returned by [`site!`](crate::site); resolves at once unless a plan strikes here.
#[derive(Debug)]
#[must_use = "a site does nothing until it is awaited"]
pub struct Site {
    point: &'static Point,
    yielded: bool,
}

impl Site {
    /// A pass over `point`.
    pub fn new(point: &'static Point) -> Site {
        Site { point, yielded: false }
    }
}

impl Future for Site {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.yielded {
            return Poll::Ready(());
        }
        match hit(self.point) {
            Strike::Pass => Poll::Ready(()),
            Strike::Yield => {
                self.yielded = true;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Strike::Halt => Poll::Pending,
        }
    }
}
