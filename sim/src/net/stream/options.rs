//! What can be asked of a stream besides reading and writing.

use std::io::{Error, Result};

use super::super::Net;
use super::super::waiters::Waiter;
use super::StreamKey;
use super::end::{End, EndState};
use super::way::Finish;

impl Net {
    fn own_end(&mut self, key: StreamKey) -> Result<&mut End> {
        self.streams.get(key).map(|connection| &mut connection.ends[usize::from(key.side)])
    }

    /// Whether a read, or a write, would not wait.
    pub(crate) fn stream_ready(
        &mut self,
        key: StreamKey,
        reading: bool,
        waiter: Option<Waiter<'_>>,
    ) -> Result<Option<()>> {
        let side = usize::from(key.side);
        let send_buffer = self.streams.send_buffer;
        let connection = self.streams.get(key)?;
        let (inward, outward) = (&connection.ways[1 - side], &connection.ways[side]);
        let ready = match connection.ends[side].state {
            EndState::Connecting | EndState::Answered => false,
            EndState::Broken | EndState::Closed | EndState::Gone => true,
            EndState::Open if reading => inward.readable() > 0 || inward.finish == Finish::Arrived,
            EndState::Open => outward.unsent() < send_buffer || outward.finish != Finish::No,
        };
        if ready {
            return Ok(Some(()));
        }
        if let Some((ticket, waker)) = waiter {
            let end = &mut connection.ends[side];
            let waiters = if reading { &mut end.readers } else { &mut end.writers };
            waiters.park(ticket, waker);
        }
        Ok(None)
    }

    pub(crate) fn take_stream_error(&mut self, key: StreamKey) -> Result<Option<Error>> {
        let end = self.own_end(key)?;
        let (read, write) = (end.read_error.take(), end.write_error.take());
        Ok(read.or(write).map(Error::from))
    }

    pub(crate) fn nodelay(&mut self, key: StreamKey) -> Result<bool> {
        self.own_end(key).map(|end| end.nodelay)
    }

    pub(crate) fn set_nodelay(&mut self, key: StreamKey, nodelay: bool) -> Result<()> {
        self.own_end(key).map(|end| end.nodelay = nodelay)
    }

    pub(crate) fn set_resets_on_drop(&mut self, key: StreamKey, resets: bool) -> Result<()> {
        self.own_end(key).map(|end| end.resets_on_drop = resets)
    }
}
