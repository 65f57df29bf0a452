//! How the handles of this room reach their world, or fail to.

use std::future::poll_fn;
use std::io::{Error, ErrorKind, Result};
use std::task::{Context, Poll};

use super::disks::{Disks, Submitted, Unusable};
use super::operations::OpKey;
use crate::kernel::{Kernel, current};
use crate::task::WakerSlot;

/// The world that a handle belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Home(u32);

impl Home {
    /// The current world, for what is made in it.
    pub(super) fn of(kernel: &Kernel) -> Home {
        Home(kernel.nonce)
    }

    /// Calls into the handle's world from living code.
    #[inline]
    pub(super) fn call<R>(self, call: impl FnOnce(&mut Disks, &mut Kernel) -> Result<R>) -> Result<R> {
        let answer = current::with(|core| {
            if core.kernel.nonce != self.0 {
                return Err(refused(&mut core.kernel));
            }
            if core.kernel.current.dead {
                return Err(dead());
            }
            call(&mut core.disks, &mut core.kernel)
        });
        answer.unwrap_or_else(|| Err(outside()))
    }

    /// As [`Home::call`], from a poll: `None` is pending, and so is everything in a process that is no more.
    #[inline]
    pub(super) fn poll<R>(
        self,
        cx: &Context<'_>,
        call: impl FnOnce(&mut Disks, &mut Kernel, &mut WakerSlot) -> Result<Option<R>>,
    ) -> Poll<Result<R>> {
        // Made before and dropped after the borrow: what it holds may be the user's.
        let mut waker = WakerSlot::of(cx.waker());
        let answer = current::with(|core| {
            if core.kernel.nonce != self.0 {
                return Err(refused(&mut core.kernel));
            }
            if core.kernel.current.dead {
                return Ok(None);
            }
            call(&mut core.disks, &mut core.kernel, &mut waker)
        });
        match answer.unwrap_or_else(|| Err(outside())) {
            Ok(Some(answer)) => Poll::Ready(Ok(answer)),
            Ok(None) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    /// Calls from a destructor: nothing happens where the world is another, or none, or the process is dead.
    #[inline]
    pub(super) fn drop<R: Default>(self, call: impl FnOnce(&mut Disks) -> R) -> R {
        let answer = current::with(|core| {
            if core.kernel.nonce != self.0 || core.kernel.current.dead {
                return R::default();
            }
            call(&mut core.disks)
        });
        answer.unwrap_or_default()
    }

    /// Waits until an operation is done, and answers its result.
    #[inline]
    pub(super) async fn wait<T>(self, submitted: Submitted<T>) -> Result<T> {
        if let Some(op) = submitted.op {
            let mut waiting = Waiting { home: self, op: Some(op) };
            poll_fn(|cx| waiting.poll(cx)).await?;
        }
        submitted.result.map_err(|errno| errno.error())
    }
}

/// Somebody who waits for an operation; dropped, the operation goes on unheard.
struct Waiting {
    home: Home,
    op: Option<OpKey>,
}

impl Waiting {
    #[inline]
    fn poll(&mut self, cx: &Context<'_>) -> Poll<Result<()>> {
        let Some(op) = self.op else { return Poll::Ready(Ok(())) };
        let polled = self.home.poll(cx, |disks, _, waker| Ok(disks.operations.poll(op, waker).then_some(())));
        if polled.is_ready() {
            self.op = None;
        }
        polled
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(op) = self.op {
            let left = self.home.drop(|disks| disks.operations.forget(op));
            drop(left);
        }
    }
}

/// Asks the current world's disk for something and waits for it. A process that is no more waits for ever.
#[inline]
pub(super) async fn ask<T>(
    what: &str,
    submit: impl FnOnce(&mut Disks, &mut Kernel) -> Submitted<T>,
) -> Result<T> {
    let asked = current::need(what, |core| {
        if core.kernel.current.dead {
            return None;
        }
        let submitted = submit(&mut core.disks, &mut core.kernel);
        Some((Home::of(&core.kernel), submitted))
    });
    match asked {
        Some((home, submitted)) => home.wait(submitted).await,
        None => std::future::pending().await,
    }
}

/// Why a file cannot be used, as an error.
#[cold]
pub(super) fn unusable(kernel: &mut Kernel, why: Unusable) -> Error {
    match why {
        Unusable::Closed => {
            Error::new(ErrorKind::NotFound, "the file is closed: the process that had it open is gone")
        }
        Unusable::Elsewhere => {
            let warning = "a file was used on another machine than the one it is on, and refused: \
                           an open file does not travel";
            kernel.warn(warning.to_string());
            Error::new(ErrorKind::NotFound, "the file is open on another machine")
        }
    }
}

#[cold]
fn refused(kernel: &mut Kernel) -> Error {
    kernel.warn("a file of another run was used and refused: handles do not outlive their world".to_string());
    Error::new(ErrorKind::NotFound, "the file belongs to another run")
}

#[cold]
fn dead() -> Error {
    Error::new(ErrorKind::NotFound, "the process is no more")
}

#[cold]
fn outside() -> Error {
    Error::new(ErrorKind::NotFound, "the file belongs to a run, and none is running on this thread")
}
