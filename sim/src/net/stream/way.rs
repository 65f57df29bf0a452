//! A way: the bytes from one end to the other, in order, each once.
//!
//! All bytes lie in one ring; four offsets part it:
//!
//! ```text
//!        read ≤ arrived ≤ sent ≤ written
//!   … gone | readable | under way | not sent | room …
//! ```

use std::collections::VecDeque;

use super::super::link::NONE;
use super::ring::Ring;

/// What left at one time and arrives at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    /// The offset after its last byte.
    pub(super) end: u64,
    pub(super) arrives_at: u64,
    /// The record of its sending.
    pub(super) cause: u64,
    /// Nothing comes after it.
    pub(super) last: bool,
    /// It was lost when the one before it arrived nowhere.
    pub(super) void: bool,
}

/// Why nothing is sent just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stuck {
    No,
    /// Something was lost; everything waits until it is sent again.
    Recovering,
    /// The link holds everything back.
    Clogged,
}

/// Whether the writer has finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Finish {
    No,
    Queued,
    Sent,
    Arrived,
}

/// How long a way has been without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Retry {
    pub(super) since: u64,
    pub(super) wait: u64,
}

pub(super) struct Way {
    pub(super) ring: Ring,
    pub(super) read: u64,
    pub(super) arrived: u64,
    pub(super) sent: u64,
    pub(super) written: u64,
    /// Up to where the writer knows that bytes were read. Invariant: at most `read`.
    pub(super) credited: u64,
    /// What the credit under way will tell.
    pub(super) promised: u64,
    /// Invariant: nothing arrives before it, so that bytes keep their order.
    pub(super) arrives_latest: u64,
    /// The record that the latest signal of this side other than a segment comes from.
    pub(super) cause: u64,
    pub(super) link: u32,
    pub(super) stuck: Stuck,
    pub(super) finish: Finish,
    /// The connecting end has its answer and has yet to say so.
    pub(super) greets: bool,
    pub(super) credit_under_way: bool,
    /// Invariant: by time of arrival; one signal in the event queue for each.
    pub(super) segments: VecDeque<Segment>,
    pub(super) retry: Option<Retry>,
    /// The queue's entry of the timer that counts.
    pub(super) retry_seq: u64,
}

/// No timer counts.
pub(super) const NO_TIMER: u64 = u64::MAX;

/// The most that a ring of a connection that is over keeps for the next.
const KEPT_BYTES_MAX: u64 = 64 * 1024;

impl Way {
    pub(super) fn new() -> Way {
        Way {
            ring: Ring::default(),
            read: 0,
            arrived: 0,
            sent: 0,
            written: 0,
            credited: 0,
            promised: 0,
            arrives_latest: 0,
            cause: u64::MAX,
            link: NONE,
            stuck: Stuck::No,
            finish: Finish::No,
            greets: false,
            credit_under_way: false,
            segments: VecDeque::new(),
            retry: None,
            retry_seq: NO_TIMER,
        }
    }

    /// Makes it as new, and keeps its memory.
    pub(super) fn clear(&mut self) {
        debug_assert!(self.segments.is_empty());
        let mut ring = std::mem::take(&mut self.ring);
        if ring.capacity() > KEPT_BYTES_MAX {
            ring = Ring::default();
        }
        let segments = std::mem::take(&mut self.segments);
        *self = Way { ring, segments, ..Way::new() };
    }

    /// Bytes that its reader can have now.
    #[inline]
    pub(super) fn readable(&self) -> u64 {
        self.arrived - self.read
    }

    /// Bytes that wait to be sent.
    #[inline]
    pub(super) fn unsent(&self) -> u64 {
        self.written - self.sent
    }

    /// What was not sent never will be.
    pub(super) fn drop_unsent(&mut self) {
        self.written = self.sent;
        if self.finish == Finish::Queued {
            self.finish = Finish::No;
        }
        self.greets = false;
        self.retry = None;
        self.retry_seq = NO_TIMER;
        if self.stuck != Stuck::Clogged {
            self.stuck = Stuck::No;
        }
    }

    /// What has arrived will not be read.
    pub(super) fn drop_unread(&mut self) {
        self.read = self.arrived;
    }

    /// The front segment went nowhere, and so do those behind it: all their bytes are unsent again.
    pub(super) fn unsend(&mut self) {
        self.sent = self.arrived;
        if self.finish == Finish::Sent {
            self.finish = Finish::Queued;
        }
        for segment in &mut self.segments {
            segment.void = true;
        }
    }

    pub(super) fn check(&self) {
        debug_assert!(self.read <= self.arrived && self.arrived <= self.sent && self.sent <= self.written);
        debug_assert!(self.credited <= self.read);
    }
}
