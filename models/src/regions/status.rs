//! Status words, and the errors that carry them. [regions 1.8]

use std::fmt;

use super::handle::Handle;
use super::outcome::CancelKind;

/// How an operation or a run of the scheduler ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs, reason = "each word is explained at the error of its name")]
pub enum Status {
    Ok = 0,
    NotFound = 1,
    StaleHandle = 2,
    InvalidArgument = 3,
    RegionNotOpen = 4,
    RegionPoisoned = 5,
    AlreadyResolved = 6,
    ResourceExhausted = 7,
    PollBudgetExhausted = 8,
    Cancelled = 9,
    DeadlineExceeded = 10,
    WouldBlock = 11,
    Leaked = 12,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Why an operation did not do what was asked. Refusals of one operation come in the order of this list:
/// [`NotFound`](Error::NotFound), [`StaleHandle`](Error::StaleHandle), [`RegionPoisoned`](Error::RegionPoisoned),
/// [`RegionNotOpen`](Error::RegionNotOpen), [`InvalidArgument`](Error::InvalidArgument),
/// [`ResourceExhausted`](Error::ResourceExhausted). [regions 1.6; the place of InvalidArgument is ours]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The handle is of another kind, or its slot was never used.
    NotFound(Handle),
    /// What the handle named is gone.
    StaleHandle(Handle),
    /// The region, or one above it, was poisoned: it takes no work.
    RegionPoisoned(Handle),
    /// The region is being closed: it takes no work.
    RegionNotOpen(Handle),
    /// What was asked makes no sense for this handle: a budget of nothing, another task's obligation.
    InvalidArgument(Handle),
    /// The obligation was committed or aborted before.
    AlreadyResolved(Handle),
    /// No slot is free, or memory was refused. Nothing changed; later it may go.
    ResourceExhausted(Handle),
    /// The task was asked to end, for this reason.
    Cancelled(Handle, CancelKind),
    /// The task's deadline is over, which is a request to end.
    DeadlineExceeded(Handle),
    /// No slot is free; the spawner is woken when it has one. [regions 1.5, Backpressure]
    WouldBlock(Handle),
    /// A task ended while it held this obligation, which was aborted.
    Leaked(Handle),
}

impl Error {
    /// The status word.
    pub const fn status(self) -> Status {
        match self {
            Error::NotFound(_) => Status::NotFound,
            Error::StaleHandle(_) => Status::StaleHandle,
            Error::RegionPoisoned(_) => Status::RegionPoisoned,
            Error::RegionNotOpen(_) => Status::RegionNotOpen,
            Error::InvalidArgument(_) => Status::InvalidArgument,
            Error::AlreadyResolved(_) => Status::AlreadyResolved,
            Error::ResourceExhausted(_) => Status::ResourceExhausted,
            Error::Cancelled(..) => Status::Cancelled,
            Error::DeadlineExceeded(_) => Status::DeadlineExceeded,
            Error::WouldBlock(_) => Status::WouldBlock,
            Error::Leaked(_) => Status::Leaked,
        }
    }

    /// What it is about.
    pub const fn handle(self) -> Handle {
        match self {
            Error::NotFound(handle)
            | Error::StaleHandle(handle)
            | Error::RegionPoisoned(handle)
            | Error::RegionNotOpen(handle)
            | Error::InvalidArgument(handle)
            | Error::AlreadyResolved(handle)
            | Error::ResourceExhausted(handle)
            | Error::Cancelled(handle, _)
            | Error::DeadlineExceeded(handle)
            | Error::WouldBlock(handle)
            | Error::Leaked(handle) => handle,
        }
    }

    /// Whether it says that nothing was done. A spawner that waits is remembered, and one that is told to end
    /// has seen the request: these are answers, not refusals.
    pub const fn is_refusal(self) -> bool {
        !matches!(
            self,
            Error::WouldBlock(_) | Error::Cancelled(..) | Error::DeadlineExceeded(_) | Error::Leaked(_)
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let handle = self.handle();
        match self {
            Error::NotFound(_) => write!(f, "NotFound: there never was a {handle}"),
            Error::StaleHandle(_) => write!(f, "StaleHandle: {handle} is gone"),
            Error::RegionPoisoned(_) => write!(f, "RegionPoisoned: {handle} takes no work any more"),
            Error::RegionNotOpen(_) => write!(f, "RegionNotOpen: {handle} is being closed"),
            Error::InvalidArgument(_) => write!(f, "InvalidArgument: this makes no sense for {handle}"),
            Error::AlreadyResolved(_) => write!(f, "AlreadyResolved: {handle} ended before"),
            Error::ResourceExhausted(_) => write!(f, "ResourceExhausted: no room for more in {handle}"),
            Error::Cancelled(_, kind) => write!(f, "Cancelled: {handle} is asked to end ({kind:?})"),
            Error::DeadlineExceeded(_) => write!(f, "DeadlineExceeded: the time of {handle} is over"),
            Error::WouldBlock(_) => write!(f, "WouldBlock: {handle} has no room yet"),
            Error::Leaked(_) => write!(f, "Leaked: {handle} was still held when its task ended"),
        }
    }
}

impl std::error::Error for Error {}
