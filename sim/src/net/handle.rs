//! What all handles of this room have in common: how they reach their world, or fail to.

use std::io::{Error, ErrorKind, Result};
use std::task::{Context, Poll};

use super::Net;
use crate::kernel::{Kernel, current};
use crate::task::WakerSlot;

/// The world that a handle belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Home(u32);

impl Home {
    /// The current world, for what is made in it.
    pub(super) fn of(kernel: &Kernel) -> Home {
        Home(kernel.nonce)
    }

    /// Calls into the handle's world from living code.
    #[inline]
    pub(super) fn call<R>(self, call: impl FnOnce(&mut Net, &mut Kernel) -> Result<R>) -> Result<R> {
        let answer = current::with(|core| {
            if core.kernel.nonce != self.0 {
                return Err(refused(&mut core.kernel));
            }
            if core.kernel.current.dead {
                return Err(dead());
            }
            call(&mut core.net, &mut core.kernel)
        });
        answer.unwrap_or_else(|| Err(outside()))
    }

    /// As [`Home::call`], from a poll: `None` is pending, and so is everything in a process that is no more.
    #[inline]
    pub(super) fn poll<R>(
        self,
        cx: &Context<'_>,
        call: impl FnOnce(&mut Net, &mut Kernel, &mut WakerSlot) -> Result<Option<R>>,
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
            call(&mut core.net, &mut core.kernel, &mut waker)
        });
        match answer.unwrap_or_else(|| Err(outside())) {
            Ok(Some(answer)) => Poll::Ready(Ok(answer)),
            Ok(None) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    /// Calls from a destructor: nothing happens where the world is another, or none, or the process is dead.
    #[inline]
    pub(super) fn drop<R: Default>(self, call: impl FnOnce(&mut Net, &mut Kernel) -> R) -> R {
        let answer = current::with(|core| {
            if core.kernel.nonce != self.0 || core.kernel.current.dead {
                return R::default();
            }
            call(&mut core.net, &mut core.kernel)
        });
        answer.unwrap_or_default()
    }
}

/// The current world, for what is to be made in it.
pub(super) fn here<R>(what: &str, call: impl FnOnce(&mut Net, &mut Kernel) -> Result<R>) -> Result<R> {
    current::need(what, |core| {
        if core.kernel.current.dead {
            return Err(dead());
        }
        call(&mut core.net, &mut core.kernel)
    })
}

#[cold]
fn refused(kernel: &mut Kernel) -> Error {
    kernel
        .warn("a socket of another run was used and refused: handles do not outlive their world".to_string());
    Error::new(ErrorKind::NotConnected, "the socket belongs to another run")
}

#[cold]
fn dead() -> Error {
    Error::new(ErrorKind::NotConnected, "the process is no more")
}

#[cold]
fn outside() -> Error {
    Error::new(ErrorKind::NotConnected, "the socket belongs to a run, and none is running on this thread")
}
